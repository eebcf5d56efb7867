"""Folders and files that only the user can read: indexes quote source code, logs and explanations quote questions.

On POSIX folders get mode 0700 and files 0600, whatever the umask. On Windows the user's profile, where everything is
kept by default, is private already.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path

import platformdirs

from glossator.late_patterns import late

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077
_MADE_HERE = late(
    r".+-[0-9a-f]{16}|team-(blocks|indexes|build|served)|(vectors|explanations)[^/]*\.sqlite[^/]*|\.probe"
)
"""Names of what is put into an index folder."""


def restrict_process() -> None:
    """Make all that this process and its children create private: libraries create files by themselves."""
    if os.name == "posix":
        os.umask(_OTHERS)


def make_private_folder(folder: Path, *, certainly_ours: bool = False) -> None:
    """Create a folder, and those above it that are missing, for the user alone.

    One that exists already is made private, with everything in it, if it is ours: if it belongs to the user, and is the
    application's own (`certainly_ours`, or where the system keeps such folders) or holds nothing but what is put there
    by this program. Folders that the user shares with other programs are left as they are.

    Raises:
        OSError: it cannot be created.
    """
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=FOLDER_MODE, exist_ok=True)
    if os.name == "posix" and not missing and (certainly_ours or _is_ours(folder)):
        with contextlib.suppress(OSError):
            _make_private(folder)


def make_private_file(path: Path) -> None:
    """Create a file for the user alone, or make one private that exists; its folder must exist.

    A file that exists is not opened: it may be a database that is in use in this process, and closing any descriptor of
    a file releases all locks that the process has on it (https://sqlite.org/howtocorrupt.html, "POSIX advisory locks").

    Raises:
        OSError: it cannot be created.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
    if os.name == "posix":
        with contextlib.suppress(OSError):  # another user's
            _restrict(path, path.stat())


def replace_private_file(path: Path, contents: str | bytes | memoryview, mode: int = FILE_MODE) -> None:
    """Replace a small file as a whole, or leave the old one; only the user can read it. Its folder must exist.

    Args:
        contents: text is written as UTF-8.
        mode: other permissions, for a file that another program has made.

    Raises:
        OSError: it cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(contents.encode("utf-8") if isinstance(contents, str) else contents)
        if mode != FILE_MODE:
            partial.chmod(mode)
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def _is_ours(folder: Path) -> bool:
    """Whether nobody else has a use for the folder."""
    own = [
        Path(name("glossator", appauthor=False))
        for name in (
            platformdirs.user_cache_dir,
            platformdirs.user_config_dir,
            platformdirs.user_data_dir,
            platformdirs.user_log_dir,
        )
    ]
    if folder in own or folder.parent in own:
        return True
    try:
        return all(_MADE_HERE.fullmatch(entry.name) for entry in folder.iterdir())
    except OSError:
        return False


def _make_private(folder: Path) -> None:
    status = folder.stat()
    if status.st_uid != os.geteuid() or not status.st_mode & _OTHERS:
        return
    folder.chmod(FOLDER_MODE)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            with contextlib.suppress(OSError):  # somebody else's, or just removed
                path = os.path.join(parent, name)  # noqa: PTH118 - only joins
                _restrict(path, os.lstat(path))


def _restrict(path: Path | str, status: os.stat_result) -> None:
    """Take the permissions of others away."""
    if status.st_mode & _OTHERS and not stat.S_ISLNK(status.st_mode):
        os.chmod(path, stat.S_IMODE(status.st_mode) & ~_OTHERS)  # noqa: PTH101 - a text, not a Path
