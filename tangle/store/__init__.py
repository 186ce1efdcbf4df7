"""The only place that reads and writes files: pages, generated files, figures, locks, the cache."""

from __future__ import annotations

from tangle.store.assets import ASSET_FOLDER, asset_names, remove_asset, write_asset
from tangle.store.atomic_replace import create, is_being_written, replace
from tangle.store.cache import Cache
from tangle.store.copies import sync_copies
from tangle.store.editors import unsaved_in
from tangle.store.errors import (
    Changed,
    ForeignFile,
    InUse,
    Locked,
    NotReadable,
    NotWritable,
    Outside,
    Unfinished,
)
from tangle.store.exchange import recover
from tangle.store.file_system import FileSystem, file_system, newest_page
from tangle.store.file_watcher import Changes
from tangle.store.files import DISK, Disk, Files
from tangle.store.graph import (
    PAGE_LIMIT,
    Stamp,
    digest_file,
    file_stamps,
    find_graph,
    graph_files,
    graphs_below,
    is_graph,
    is_page,
    other_files,
    page_files,
    pages_take_more,
    read_bytes,
)
from tangle.store.installed import Installed
from tangle.store.json_records import Records
from tangle.store.locks import held_lock, lock
from tangle.store.logseq_database import DatabaseInUse, database_rows
from tangle.store.module_files import ModuleFiles
from tangle.store.other_environments import Environment, environments_beside
from tangle.store.private_file import NotPrivate, is_private, write_private
from tangle.store.python_folders import environment_around
from tangle.store.site_folder import SITE_LIST, SiteChanges, SiteFolder
from tangle.store.stamps import edit_stamp, folder_identity, library_stamp
from tangle.store.state_folder import (
    ADDRESS,
    BUILDS,
    CACHE,
    CACHES,
    CHECKPOINTS,
    EXPORTS,
    GENERATED,
    HISTORY,
    NOTEBOOKS,
    NOTES,
    OPENING,
    OUTCOMES,
    PENDING,
    RECORD,
    TOKEN,
    make_folder,
)
from tangle.store.symlink_guard import check_links, leads_out, resolve_links
from tangle.store.system import accelerators
from tangle.store.tree import (
    MARK,
    TreeChanges,
    generated_folders,
    is_generated_file,
    plan_tree,
    write_tree,
)
from tangle.store.user_files import (
    check_writable,
    copy_into,
    move_file,
    remove_file,
    write_file,
)
from tangle.store.user_folders import user_folder
from tangle.store.user_key import user_key, user_key_fault

__all__ = [
    "ADDRESS",
    "ASSET_FOLDER",
    "BUILDS",
    "CACHE",
    "CACHES",
    "CHECKPOINTS",
    "DISK",
    "EXPORTS",
    "GENERATED",
    "HISTORY",
    "MARK",
    "NOTEBOOKS",
    "NOTES",
    "OPENING",
    "OUTCOMES",
    "PAGE_LIMIT",
    "PENDING",
    "RECORD",
    "SITE_LIST",
    "TOKEN",
    "Cache",
    "Changed",
    "Changes",
    "DatabaseInUse",
    "Disk",
    "Environment",
    "FileSystem",
    "Files",
    "ForeignFile",
    "InUse",
    "Installed",
    "Locked",
    "ModuleFiles",
    "NotPrivate",
    "NotReadable",
    "NotWritable",
    "Outside",
    "Records",
    "SiteChanges",
    "SiteFolder",
    "Stamp",
    "TreeChanges",
    "Unfinished",
    "accelerators",
    "asset_names",
    "check_links",
    "check_writable",
    "copy_into",
    "create",
    "database_rows",
    "digest_file",
    "edit_stamp",
    "environment_around",
    "environments_beside",
    "file_stamps",
    "file_system",
    "find_graph",
    "folder_identity",
    "generated_folders",
    "graph_files",
    "graphs_below",
    "held_lock",
    "is_being_written",
    "is_generated_file",
    "is_graph",
    "is_page",
    "is_private",
    "leads_out",
    "library_stamp",
    "lock",
    "make_folder",
    "move_file",
    "newest_page",
    "other_files",
    "page_files",
    "pages_take_more",
    "plan_tree",
    "read_bytes",
    "recover",
    "remove_asset",
    "remove_file",
    "replace",
    "resolve_links",
    "sync_copies",
    "unsaved_in",
    "user_folder",
    "user_key",
    "user_key_fault",
    "write_asset",
    "write_file",
    "write_private",
    "write_tree",
]
