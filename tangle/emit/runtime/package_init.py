"""The notes as a program: `from PACKAGE import MODULE`."""

import contextlib
import importlib
import os
import pathlib
import random


def enter(folder, seed, modules):
    """Do what `tangle run` does before a section: work in the page's folder, seed every generator.

    Args:
        folder: the page's folder, relative to the one that holds this package; None leaves the
            working directory as it is, and so does a folder that is not there.
        seed: seed of `random`, and of NumPy and torch where the section uses them.
        modules: which of `numpy` and `torch` the section uses.
    """
    if folder is not None:
        page = (pathlib.Path(__file__).resolve().parents[1] / folder).resolve()
        if page.is_dir():
            os.chdir(page)
    random.seed(seed)
    if "numpy" in modules:
        importlib.import_module("numpy").random.seed(seed)
    if "torch" in modules:
        importlib.import_module("torch").manual_seed(seed)


@contextlib.contextmanager
def raises(name):
    """Run code that must fail with an exception of that name, or of a class below it."""
    try:
        yield
    except BaseException as error:
        names = {cls.__name__ for cls in type(error).__mro__}
        if name.rpartition(".")[2] not in names:
            raise
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError(f"this code was to fail with {name}, and did not")


def display(*objects, **_):
    """Show objects as IPython's function of that name does where there is only text."""
    for shown in objects:
        print(repr(shown))


def get_ipython():
    """None: outside a notebook there is no IPython."""
    return None
