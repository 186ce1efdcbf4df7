"""The imports by which names are usually meant: the table that supplied imports come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_PLACEHOLDERS: Final = """
    self cls this df data model obj item value result config args kwargs foo bar baz name path text
    key val tmp temp arr lst user client app db conn cursor session response request url img image
"""
PLACEHOLDERS: Final = frozenset(_PLACEHOLDERS.split())
"""Names that stand for whatever the reader has: never taken from a package."""

_WORDS: Final = """
    abc array ast binascii calendar chunk cmd code codecs copy crypt dis email enum errno filecmp
    formatter graphlib html http imp inspect io keyword locale lzma mailbox message mmap nis nntplib
    numbers operator optparse parser pdb pipes platform plistlib posix profile pty pwd queue quopri
    resource runpy sched secrets select selectors shelve signal site spwd ssl stat statistics
    string stringprep struct symbol symtable sysconfig syslog tabnanny telnetlib test this time
    timeit token tokenize trace tty turtle types typing uu venv warnings wave wsgiref xml zipapp
"""
WORDS: Final = frozenset(_WORDS.split())
"""Modules of the standard library whose names are words: meant only where an attribute says so."""

_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "np": ("import numpy as np",),
    "pd": ("import pandas as pd",),
    "plt": ("import matplotlib.pyplot as plt",),
    "mpl": ("import matplotlib as mpl",),
    "sns": ("import seaborn as sns",),
    "nn": ("from torch import nn",),
    "tf": ("import tensorflow as tf",),
    "nx": ("import networkx as nx",),
    "sk": ("import sklearn as sk",),
    "xr": ("import xarray as xr",),
    "pl": ("import polars as pl",),
    "px": ("import plotly.express as px",),
    "go": ("import plotly.graph_objects as go",),
    "pio": ("import plotly.io as pio",),
    "alt": ("import altair as alt",),
    "jnp": ("import jax.numpy as jnp",),
    "cp": ("import cupy as cp",),
    "gpd": ("import geopandas as gpd",),
    "dd": ("import dask.dataframe as dd",),
    "xgb": ("import xgboost as xgb",),
    "lgb": ("import lightgbm as lgb",),
    "smf": ("import statsmodels.formula.api as smf",),
    "ET": ("import xml.etree.ElementTree as ET",),
}
"""Names that are meant wherever they are used."""

_BY_ATTRIBUTE: Final[Mapping[str, tuple[str, ...]]] = {
    "F": ("import torch.nn.functional as F",),
    "T": ("import torchvision.transforms as T",),
    "data": ("from torch.utils import data",),
    "transforms": ("from torchvision import transforms",),
    "optim": ("from torch import optim",),
    "Image": ("from PIL import Image",),
    "ImageDraw": ("from PIL import ImageDraw",),
    "sm": ("import statsmodels.api as sm",),
    "sp": ("import sympy as sp", "import scipy as sp"),
    "dt": ("import datetime as dt",),
    "mp": ("import multiprocessing as mp",),
}
"""Names that are meant only where the module has every attribute that is used."""

_BARE: Final[Mapping[str, tuple[str, ...]]] = {
    "datetime": ("from datetime import datetime",),
    "glob": ("from glob import glob",),
    "pprint": ("from pprint import pprint",),
    "tqdm": ("from tqdm import tqdm",),
    "deepcopy": ("from copy import deepcopy",),
}
"""Names that are called, or used as a type, where the module has another meaning."""

_FROM: Final[Mapping[str, str]] = {
    "typing": """
        Any AnyStr BinaryIO Callable ClassVar Dict Final FrozenSet Generator Generic IO Iterable
        Iterator List Literal Mapping NamedTuple NoReturn Optional Protocol Sequence Set TextIO
        Tuple Type TypedDict TypeVar Union
    """,
    "collections": "ChainMap Counter OrderedDict defaultdict deque namedtuple",
    "pathlib": "Path PosixPath PurePath PurePosixPath",
    "dataclasses": "dataclass asdict astuple",
    "functools": "cached_property lru_cache partial reduce singledispatch total_ordering wraps",
    "itertools": """
        accumulate combinations combinations_with_replacement dropwhile islice permutations starmap
        takewhile zip_longest
    """,
    "contextlib": "contextmanager suppress",
    "abc": "ABC abstractmethod",
    "enum": "Enum IntEnum",
    "datetime": "timedelta",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "io": "BytesIO StringIO",
    "concurrent.futures": "ProcessPoolExecutor ThreadPoolExecutor",
    "bs4": "BeautifulSoup",
    "pandas": "DataFrame",
    "torch.utils.data": "DataLoader TensorDataset",
    "sklearn.model_selection": "GridSearchCV cross_val_score train_test_split",
    "sklearn.linear_model": "LinearRegression LogisticRegression",
    "sklearn.preprocessing": "StandardScaler",
    "sklearn.cluster": "KMeans",
    "sklearn.decomposition": "PCA",
    "sklearn.ensemble": "RandomForestClassifier RandomForestRegressor",
}
"""Names that are taken from a module, as every text writes them."""

COMPANY: Final[Mapping[str, tuple[str, str]]] = {
    "field": ("dataclass", "from dataclasses import field"),
    "auto": ("Enum", "from enum import auto"),
}
"""Names that are meant only beside another."""

_LINES: Final[Mapping[str, str]] = {
    name: f"from {module} import {name}"
    for module, names in _FROM.items()
    for name in names.split()
}


def usual_lines(name: str, *, attributes: bool) -> Iterator[tuple[str, bool]]:
    """The import lines by which a name may be meant, the usual one first.

    Args:
        name: that nothing defines.
        attributes: whether attributes of it are used.

    Yields:
        A line, and whether the module must have every attribute that is used.
    """
    if name in _LINES:
        yield _LINES[name], False
    yield from ((line, False) for line in _ALIASES.get(name, ()))
    if attributes:
        yield from ((line, True) for line in _BY_ATTRIBUTE.get(name, ()))
    else:
        yield from ((line, False) for line in _BARE.get(name, ()))
