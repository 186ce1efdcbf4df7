"""Keys of Ed25519 that sign results for others, and the user's own, which is kept in private.

The file is `tangle/cache-key` in the user's state folder: `$XDG_STATE_HOME`, else `~/.local/state`.
"""

from __future__ import annotations

import base64
import binascii
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from msgspec import Struct

from tangle.errors import Refused
from tangle.store.errors import refusing
from tangle.store.private_file import NotPrivate, is_private, write_private
from tangle.store.remote.object_store import MissingPackage
from tangle.store.user_folders import user_folder

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_FILE: Final = "cache-key"
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class NoKeyFolder(Refused):
    """This user has no folder for a key."""

    def __init__(self) -> None:
        """Say what to set."""
        super().__init__("this user has no home folder for a key; set XDG_STATE_HOME to a folder")


class DamagedKey(Refused):
    """The file of the user's key holds something else."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        super().__init__(f"{path}: this is no key; remove it, and make one: tangle cache key")


class KeyPair(Struct, frozen=True, kw_only=True):
    """A key that signs.

    Attributes:
        public: the text by which others know it.
        private: its secret.
    """

    public: str
    private: str


def public_bytes(public: str) -> bytes:
    """Return the bytes of a public key.

    Raises:
        ValueError: the text is no key.
    """
    return _bytes(public)


def public_text(data: bytes) -> str:
    """Return the text of a public key."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def is_public_key(text: str) -> bool:
    """Whether a text is a public key."""
    try:
        return len(_bytes(text)) == KEY_BYTES
    except ValueError:
        return False


def key_path() -> Path:
    """Return the path of this user's key.

    Raises:
        NoKeyFolder: the user has no home.
    """
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        raise NoKeyFolder
    return folder / _FILE


def own_key() -> KeyPair | None:
    """Return this user's key; None if there is none.

    Raises:
        NotPrivate: other users can read it.
        DamagedKey: the file holds something else.
        NoKeyFolder: the user has no home.
    """
    path = key_path()
    try:
        text = path.read_text(encoding="ascii", errors="replace") if is_private(path) else None
    except OSError:
        return None
    if text is None:
        if path.is_symlink() or path.exists():
            raise NotPrivate(path)
        return None
    lines = text.split()
    if len(lines) != 2 or not all(map(is_public_key, lines)):
        raise DamagedKey(path)
    return KeyPair(public=lines[0], private=lines[1])


def make_key() -> KeyPair:
    """Make a key for this user, and keep it.

    Raises:
        MissingPackage: the package `cryptography` is not installed.
        NotWritable: it cannot be kept.
        NotPrivate, NoKeyFolder: as for `own_key`.
    """
    _check_package()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = Ed25519PrivateKey.generate()
    pair = KeyPair(
        public=public_text(made.public_key().public_bytes_raw()),
        private=public_text(made.private_bytes_raw()),
    )
    path = key_path()
    with refusing(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, f"{pair.public}\n{pair.private}\n")
    return pair


def sign(pair: KeyPair, data: bytes) -> bytes:
    """Return the signature of bytes.

    Raises:
        MissingPackage: the package `cryptography` is not installed.
    """
    _check_package()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(_bytes(pair.private)).sign(data)


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature of bytes was made with the private half of a key.

    Args:
        public: the public half, its bytes.
        signature: to check.
        data: what it should be the signature of.

    Raises:
        MissingPackage: the package `cryptography` is not installed.
    """
    _check_package()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    if not _TEXT.fullmatch(text):
        raise ValueError(f"{text!r} is no key")
    try:
        return base64.urlsafe_b64decode(text + "=")
    except binascii.Error as error:
        raise ValueError(f"{text!r} is no key") from error


def _check_package() -> None:
    if find_spec("cryptography") is None:
        raise MissingPackage("a shared cache", "pip install 'logseq-tangle[cache]'")
