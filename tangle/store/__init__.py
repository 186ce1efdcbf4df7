"""The only place that reads and writes files: pages, generated files, figures, locks, the cache."""

from __future__ import annotations

from tangle.store.assets import ASSET_FOLDER, asset_names, remove_asset, write_asset
from tangle.store.cache import Cache
from tangle.store.changes import Changes
from tangle.store.environment import (
    accelerators,
    check_writable,
    edit_stamp,
    folder_identity,
    library_stamp,
    make_folder,
    scratch_tree,
    write_file,
)
from tangle.store.errors import (
    Changed,
    ForeignFile,
    Locked,
    NotReadable,
    NotWritable,
    Outside,
    Unfinished,
)
from tangle.store.files import DISK, Disk, Files
from tangle.store.graph import (
    PAGE_LIMIT,
    digest_file,
    find_graph,
    is_page,
    page_files,
    pages_take_more,
    read_bytes,
)
from tangle.store.installed import Installed
from tangle.store.links import check_links
from tangle.store.locks import LOCK_FOLDER, lock
from tangle.store.records import Records
from tangle.store.replacing import create, replace
from tangle.store.swapping import recover
from tangle.store.tree import MARK, TreeChanges, plan_tree, write_tree
from tangle.store.user_key import user_key

__all__ = [
    "ASSET_FOLDER",
    "DISK",
    "LOCK_FOLDER",
    "MARK",
    "PAGE_LIMIT",
    "Cache",
    "Changed",
    "Changes",
    "Disk",
    "Files",
    "ForeignFile",
    "Installed",
    "Locked",
    "NotReadable",
    "NotWritable",
    "Outside",
    "Records",
    "TreeChanges",
    "Unfinished",
    "accelerators",
    "asset_names",
    "check_links",
    "check_writable",
    "create",
    "digest_file",
    "edit_stamp",
    "find_graph",
    "folder_identity",
    "is_page",
    "library_stamp",
    "lock",
    "make_folder",
    "page_files",
    "pages_take_more",
    "plan_tree",
    "read_bytes",
    "recover",
    "remove_asset",
    "replace",
    "scratch_tree",
    "user_key",
    "write_asset",
    "write_file",
    "write_tree",
]
