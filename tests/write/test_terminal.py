"""Columns of a terminal: East Asian characters take two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tangle.write.terminal import shown


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("进度 10%\r进度 20%\n", "进度 20%"),
        ("abcdef\r进\n", "进cdef"),
        ("进度\rab\n", "ab度"),
        ("进度\ra\n", "a 度"),
        ("进度\r x\n", " x度"),
        ("进度条完成\r完\n", "完度条完成"),
        ("100%|██████| 完成\r完成\n", "完成|██████| 完成"),
        ("进度abc\r\x1b[2Kx\n", "x"),
        ("进度\ra\x1b[K\n", "a"),
        ("进\b\bab\n", "ab"),
        ("进\bx\n", " x"),
        ("ｆｕｌｌ\rx\n", "x ｕｌｌ"),
        ("🎉🎉\rab\n", "ab🎉"),
        ("ｶﾅ\rx\n", "xﾅ"),
        ("进\n\x1b[A度\n", "度"),
    ],
)
def test_a_line_that_is_overwritten(written: str, stands: str) -> None:
    assert shown(written) == stands


@given(st.text(st.sampled_from("ab 进度ｆ🎉"), max_size=12))
def test_what_is_written_again_stands_as_it_did(text: str) -> None:
    assert shown(f"{text}\r{text}") == shown(text)
