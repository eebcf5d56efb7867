"""The texts of a workspace's files, as they are on disk: read safely, decoded, with their secrets masked."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.workspace import screening
from glossator.workspace.decoding import decode
from glossator.workspace.files import Skipped, is_reparse, printable, stat_of, stays_inside
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.settings import Settings

LEFT_OUT_BYTES = 16 * 1024 * 1024
"""Bytes of the largest file that is looked at without being indexed; SQLite's in one file, for example, has 9 MB."""
_ATTEMPTS = 3
"""Attempts to read a file that keeps changing."""


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a file.

    Attributes:
        text: the decoded content, without a byte order mark, with its original line endings; secrets are masked.
        encoding: the name of the codec that decoded it.
        content_hash: BLAKE2b of the bytes on disk, 16 bytes.
        size: in bytes.
        mtime_ns: the file's modification time, and `ctime_ns`: see `Found`.
    """

    text: str
    encoding: str
    content_hash: bytes
    size: int
    mtime_ns: int
    ctime_ns: int


def content_hash(data: bytes) -> bytes:
    """The hash of a file's content: BLAKE2b, 16 bytes."""
    return blake2b(data, digest_size=16).digest()


def read_text(
    root: Path, path: str, settings: Settings, *, masked: bool = True, plain: set[str] | None = None
) -> Text | Skipped | None:
    """The text of the file at `path` below `root`; Skipped if it is not indexed; None if it is gone.

    Bytes and status are consistent: a file that changes while it is read is read again. Without `masked`, the text has
    the secrets that are in the file, and only lines and columns of it may be told. In `plain` is noted which folders
    are no links, for many files that are read one after the other.
    """
    real = root if plain is not None and str(root) in plain else Path(os.path.realpath(root))
    if plain is not None:
        plain.add(str(real))
    limit = screening.size_limit(path.rpartition("/")[2], settings.max_file_bytes)
    found = _read(real, path, limit, plain)
    if found is None or isinstance(found, Skipped):
        return found
    data, status = found
    decoded = decode(data)
    if decoded is None:
        return Skipped(printable(path), "binary")
    text, encoding = decoded
    reason = screening.file_by_text(path.rpartition("/")[2], text)
    if reason is not None:
        return Skipped(printable(path), reason)
    text = without_secrets(text, path) if masked else text
    return Text(text, encoding, content_hash(data), len(data), status.st_mtime_ns, status.st_ctime_ns)


def left_out_reader(root: Path) -> Callable[[str], bytes | None]:
    """Reads files below `root` that are not indexed although they may be code.

    It gives their bytes, with their secrets; b"" of a file that is gone; None of what cannot be read, or is larger than
    `LEFT_OUT_BYTES`.

    Hundreds are read one after the other: whether a folder is a link is looked up once.
    """
    real = Path(os.path.realpath(root))
    plain: set[str] = set()

    def read(path: str) -> bytes | None:
        found = _read(real, path, LEFT_OUT_BYTES, plain)
        if found is None or isinstance(found, Skipped):
            return b"" if found is None else None
        return found[0]

    return read


def _read(
    root: Path, path: str, max_bytes: int, plain: set[str] | None = None
) -> tuple[bytes, os.stat_result] | Skipped | None:
    """The bytes and the status of a file, consistent; why it is not read; None if it is gone.

    `root` is a real path; in `plain` is noted which folders are, too.
    """
    if not stays_inside(path):
        return Skipped(printable(path), "its path leads out of the workspace")
    full = root / path
    try:
        for attempt in range(_ATTEMPTS):
            last = attempt == _ATTEMPTS - 1
            result = _read_once(full, max_bytes, plain if plain is not None else set())
            if isinstance(result, str):
                return Skipped(printable(path), result)
            data, status, steady = result
            if steady or last:
                break
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        return Skipped(printable(path), f"{screening.UNREADABLE}{getattr(error, 'strerror', None) or error}")
    return (data, status) if steady else Skipped(printable(path), screening.CHANGING)


def _read_once(full: Path, max_bytes: int, plain: set[str]) -> tuple[bytes, os.stat_result, bool] | str:
    """(bytes, status, whether the file stayed the same meanwhile), or why it is not read."""
    before = os.lstat(full)
    if is_reparse(before):
        return "a symbolic link"
    if not stat.S_ISREG(before.st_mode):
        return "not a regular file"
    folder = str(full.parent)
    if folder not in plain:
        if os.path.realpath(folder) != folder:
            return "a symbolic link that leads elsewhere is in its path"
        plain.add(folder)
    # O_NONBLOCK and O_NOFOLLOW: what was a file a moment ago may be a pipe or a link now.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(full, flags)
    with os.fdopen(descriptor, "rb") as file:
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode):
            return "not a regular file"
        data = file.read(max_bytes + 1)
        after = os.fstat(descriptor)
    if len(data) > max_bytes:
        return screening.too_large(max_bytes)
    return data, after, stat_of(opened) == stat_of(after) and len(data) == after.st_size
