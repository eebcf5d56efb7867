"""Notices when the product opens the file of a database that SQLite has open in the same process.

On POSIX, closing any descriptor of a file releases all locks that the process has on it, those of SQLite included:
what is committed from then on may be lost (https://sqlite.org/howtocorrupt.html, "POSIX advisory locks"). SQLite's own
opening is no audit event, so what is noticed here was opened by other means.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_PRODUCT = str(Path(__file__).resolve().parents[1] / "server" / "glossator")
_LIBRARY = str(Path(os.__file__).parent)
_DESCRIPTORS = Path("/proc/self/fd")
_DATABASE_FILES = (".sqlite", ".sqlite-wal", ".sqlite-shm")


def refuse_to_open_them() -> None:
    """Have the product's attempts fail in this process from now on; only Linux tells what is open."""
    if _DESCRIPTORS.is_dir():
        sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not isinstance(arguments[0], str | bytes | os.PathLike):
        return
    path = os.fsdecode(arguments[0])
    if path.endswith(_DATABASE_FILES) and _is_for_the_product() and _is_open(path) and not _makes_a_file(arguments[2]):
        raise AssertionError(f"{path} is opened while SQLite has it open in this process")


def _makes_a_file(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & os.O_EXCL)


def _is_for_the_product() -> bool:
    """Whether the nearest caller outside of the standard library is the product's code, and not a test."""
    frame = sys._getframe(2)
    while frame is not None and (
        frame.f_code.co_filename.startswith((_LIBRARY, "<")) and "site-packages" not in frame.f_code.co_filename
    ):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(_PRODUCT)


def _is_open(path: str) -> bool:
    try:
        status = Path(path).stat()
    except OSError:
        return False
    for descriptor in _DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile, or that of this listing
            if os.path.samestat(descriptor.stat(), status):
                return True
    return False
