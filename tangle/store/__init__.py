"""The only place that reads and writes files: pages, generated files, figures, locks, the cache."""

from __future__ import annotations

from tangle.store.assets import ASSET_FOLDER, asset_names, remove_asset, write_asset
from tangle.store.cache import Cache
from tangle.store.errors import (
    Changed,
    ForeignFile,
    Locked,
    NotReadable,
    NotWritable,
    Outside,
)
from tangle.store.files import DISK, Disk, Files
from tangle.store.graph import PAGE_LIMIT, digest_file, find_graph, page_files, read_bytes
from tangle.store.locks import LOCK_FOLDER, lock
from tangle.store.replacing import create, replace
from tangle.store.tree import MARK, TreeChanges, plan_tree, write_tree

__all__ = [
    "ASSET_FOLDER",
    "DISK",
    "LOCK_FOLDER",
    "MARK",
    "PAGE_LIMIT",
    "Cache",
    "Changed",
    "Disk",
    "Files",
    "ForeignFile",
    "Locked",
    "NotReadable",
    "NotWritable",
    "Outside",
    "TreeChanges",
    "asset_names",
    "create",
    "digest_file",
    "find_graph",
    "lock",
    "page_files",
    "plan_tree",
    "read_bytes",
    "remove_asset",
    "replace",
    "write_asset",
    "write_tree",
]
