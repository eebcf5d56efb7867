"""The folders of indexes: their names, permissions, write locks, sizes and removal."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from glossator.errors import StoreError, StoreLockedError
from glossator.index.database import full_error
from glossator.index.vectors import file_name
from glossator.late_patterns import late
from glossator.private_files import FILE_MODE, make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Collection

FORGOTTEN = 30 * 24 * 3600.0
"""Seconds after its last write until an index of another embedding model is removed."""
_ASIDE = ".damaged"
_DIGEST_BYTES = 8
_INDEX = late(r"v(\d+)-(.+)")
"""Name of an index's folder: the format, and the embedding model."""


def root_folder_name(root: Path) -> str:
    """What a root's folders are called where the data of many roots are kept: its name, and a hash of its real path."""
    real = os.path.realpath(root)
    digest = hashlib.blake2b(os.fsencode(os.path.normcase(real)), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{file_name(Path(real).name or 'root')}-{digest}"


def folder_for(index_dir: Path, root: Path, identity: str) -> Path:
    """The folder of a root's index: a folder for the root, with a subfolder for this identity."""
    return index_dir / root_folder_name(root) / file_name(identity)


def is_root_folder(path: Path) -> bool:
    """Whether this is the folder of a root's indexes: named as `folder_for` names it, with at least one index in it."""
    if not re.fullmatch(rf".+-[0-9a-f]{{{2 * _DIGEST_BYTES}}}", path.name) or not path.is_dir() or path.is_symlink():
        return False
    try:
        return any(_INDEX.fullmatch(inside.name) for inside in path.iterdir())
    except OSError:
        return False


def move_aside(folder: Path) -> Path | None:
    """Move a damaged index's folder aside, replacing an earlier one; None if there is no such folder."""
    if not folder.exists():
        return None
    aside = folder.with_name(folder.name + _ASIDE)
    if aside.exists():
        shutil.rmtree(aside)
    folder.rename(aside)
    return aside


def check_path(folder: Path) -> None:
    """Check that a folder can contain an index: LanceDB rejects paths with control characters or invalid Unicode.

    Raises:
        StoreError: it cannot.
    """
    if re.search("[\x00-\x1f\x7f\ud800-\udfff]", str(folder)):
        shown = ascii(str(folder.parent.parent))
        raise StoreError(
            f"no index can be stored in {shown}, because of characters in its name: choose another index_dir"
        )


def make_private(folder: Path) -> None:
    """Create an index's folder and its missing parents, accessible only to their owner.

    Raises:
        StoreError: this is not possible.
    """
    try:
        make_private_folder(folder, certainly_ours=True)
    except OSError as error:
        raise system_error(folder, error) from error


def system_error(folder: Path, error: OSError) -> StoreError:
    """The StoreError for a system error in the folder."""
    if error.errno == errno.ENOSPC:
        return full_error(folder)
    return StoreError(f"cannot write the index in {folder}: {error}")


def acquire(folder: Path) -> Any:
    """Take the writer's lock, which is next to the folder. The system releases it when the process ends.

    Raises:
        StoreLockedError: another process has it.
    """
    from filelock import FileLock, Timeout

    holder = folder.with_name(folder.name + ".writer")
    try:
        make_private_folder(folder.parent.parent)
        make_private_folder(folder.parent, certainly_ours=True)
        lock = FileLock(folder.with_name(folder.name + ".lock"), timeout=0, mode=FILE_MODE, thread_local=False)
        lock.acquire()
    except Timeout:
        try:
            who = holder.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            who = "another process"
        raise StoreLockedError(f"{who} is writing the index in {folder}: wait for it, or stop it") from None
    except OSError as error:
        raise system_error(folder, error) from error
    with contextlib.suppress(OSError):
        make_private_file(holder)
        holder.write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
    return lock


def size_of(folder: Path) -> int:
    """Bytes of all files below the folder."""
    total = 0
    stack = [folder]
    while stack:
        # A writer may remove files and folders meanwhile.
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as found:
            for item in found:
                if item.is_dir(follow_symlinks=False):
                    stack.append(Path(item.path))
                else:
                    with contextlib.suppress(OSError):
                        total += item.stat(follow_symlinks=False).st_size
    return total


_BESIDE: Final = (".writer", ".team", ".lock")
"""Endings of the files beside an index's folder."""


def _last_written(folder: Path) -> float:
    """When a file directly in the folder was last written; 0 if there is none."""
    last = 0.0
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):  # a writer has just removed it
                last = max(last, path.stat().st_mtime)
    return last


def remove_indexes(folder: Path) -> None:
    """Remove a root's index, and those of other formats and embedding models beside it.

    Raises:
        StoreLockedError: another process writes `folder`.
        StoreError: it cannot be removed.
    """
    if not folder.parent.is_dir():
        return
    lock = acquire(folder)
    try:
        if folder.exists():
            shutil.rmtree(folder)
        _remove_beside(lock, folder)
    except OSError as error:
        raise StoreError(f"cannot remove the index in {folder}: {error.strerror or error}") from error
    finally:
        lock.release()
    others = {path for path in folder.parent.iterdir() if path.is_dir()}
    others.update(path.with_suffix("") for ending in _BESIDE for path in folder.parent.glob(f"*{ending}"))
    for other in others:
        with contextlib.suppress(StoreError):  # another process writes it, in another format
            remove_index(other)
    with contextlib.suppress(OSError):  # something else is in it
        folder.parent.rmdir()


def remove_superseded(folder: Path, schema: int, keep: Collection[str] = ()) -> list[Path]:
    """Remove the indexes that `folder`, which is complete now, supersedes; returns the removed folders.

    These are the root's indexes of older formats and earlier static embedders, and those of other embedding models that
    were not written for `FORGOTTEN` seconds. Indexes of newer formats are kept, and so are those being written, and
    those in this format of the embedders in `keep` (ids).
    """
    kept = {file_name(f"v{schema}-{identity}") for identity in keep}
    removed = []
    for sibling in folder.parent.iterdir():
        match = _INDEX.fullmatch(sibling.name)
        if match is None or sibling == folder or not sibling.is_dir() or _ASIDE in sibling.name:
            continue
        if sibling.name in kept:
            continue
        if int(match[1]) > schema:
            continue
        both_static = match[2].startswith("static-") and folder.name.partition("-")[2].startswith("static-")
        age = time.time() - _last_written(sibling)
        if int(match[1]) == schema and not both_static and age < FORGOTTEN:
            continue
        with contextlib.suppress(StoreError):
            remove_index(sibling)
            removed.append(sibling)
    return removed


def remove_index(folder: Path) -> None:
    """Remove one index, which may be gone, and leave those beside it.

    Raises:
        StoreError: another process writes it.
    """
    lock = acquire(folder)
    try:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_beside(lock, folder)
    finally:
        lock.release()


def _remove_beside(lock: Any, folder: Path) -> None:
    """Remove the files beside the folder of an index that is gone, that of its lock included, and release the lock.

    The lock's file goes while the lock is held: who has opened it, and gets the lock next, notices that it is gone and
    makes another. If it went afterwards, one process could hold a lock on the old file and one on a new file. Windows
    does not remove a file that is open: there it goes afterwards, unless another process has opened it.
    """
    if sys.platform == "win32":
        lock.release()
    for ending in _BESIDE:
        with contextlib.suppress(OSError):
            folder.with_name(folder.name + ending).unlink()
