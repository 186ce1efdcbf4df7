"""One Chromium and one written site for all tests of the site in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser, Tab, browsing
from tests.weave.sample import write_site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """A wide window, in the light scheme; nothing that happens in it may be an error."""
    with chromium.tab() as tab:
        yield tab
        assert tab.errors == []


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("site"))
