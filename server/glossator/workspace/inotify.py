"""A thin wrapper around Linux's inotify: folders in, events out.

watchdog's inotify observer cannot exclude folders from a recursive watch, and ignores folders that it could not watch
because the system's limit was reached; both matter in a workspace. `sources.py` decides what to watch.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

# From <sys/inotify.h>; part of the kernel's stable interface.
IN_MODIFY = 0x2
IN_ATTRIB = 0x4
IN_CLOSE_WRITE = 0x8
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
IN_UNMOUNT = 0x2000
IN_Q_OVERFLOW = 0x4000
IN_IGNORED = 0x8000
IN_ONLYDIR = 0x1000000
IN_DONT_FOLLOW = 0x2000000
IN_EXCL_UNLINK = 0x4000000
IN_ISDIR = 0x40000000
_IN_NONBLOCK = 0x800
_IN_CLOEXEC = 0x80000

_WATCHED = (
    IN_MODIFY
    | IN_ATTRIB
    | IN_CLOSE_WRITE
    | IN_MOVED_FROM
    | IN_MOVED_TO
    | IN_CREATE
    | IN_DELETE
    | IN_DELETE_SELF
    | IN_MOVE_SELF
    | IN_ONLYDIR
    | IN_DONT_FOLLOW
    | IN_EXCL_UNLINK
)
_HEADER = struct.Struct("iIII")
_BUFFER_BYTES = 256 * 1024

AVAILABLE = sys.platform.startswith("linux")


@dataclass(frozen=True, slots=True)
class Event:
    """An event for `name` in a folder passed to `Inotify.add`, or for the folder itself (`name` is "").

    `folder` is None if events were lost (IN_Q_OVERFLOW).
    """

    folder: str | None
    name: str
    mask: int


class Inotify:
    """One inotify instance. All methods but `wake` belong to one thread."""

    def __init__(self) -> None:
        """Open it.

        Raises:
            OSError: EMFILE or ENFILE, if too many are open; ENOSYS where there is no inotify.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._add_watch, self._rm_watch, init = libc.inotify_add_watch, libc.inotify_rm_watch, libc.inotify_init1
        except AttributeError:
            raise OSError(errno.ENOSYS, "this system has no inotify") from None
        self._add_watch.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32)
        descriptor = init(_IN_NONBLOCK | _IN_CLOEXEC)
        if descriptor < 0:
            raise _last_error()
        self._descriptor = descriptor
        self._folders: dict[int, str] = {}
        self._watches: dict[str, int] = {}
        try:
            self._wake_read, self._wake_write = os.pipe()
        except OSError:
            os.close(descriptor)
            raise
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._lock = threading.Lock()
        self._closed = False
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._wake_read, select.POLLIN)

    def __len__(self) -> int:
        return len(self._watches)

    def __contains__(self, folder: str) -> bool:
        return folder in self._watches

    def folders(self) -> list[str]:
        """The watched folders."""
        return list(self._watches)

    def add(self, folder: str) -> None:
        """Watch `folder`, without its subfolders; does nothing if it is watched already.

        Raises:
            OSError: ENOSPC if the user's limit of watches is reached; ENOENT, ENOTDIR, EACCES as for any folder.
        """
        watch = self._add_watch(self._descriptor, os.fsencode(folder), _WATCHED)
        if watch < 0:
            raise _last_error(folder)
        self._forget(self._watches.get(folder))
        before = self._folders.get(watch)
        if before is not None:  # the folder was moved here, and is known under its old name
            self._watches.pop(before, None)
        self._folders[watch] = folder
        self._watches[folder] = watch

    def remove(self, folder: str) -> None:
        """Stop watching `folder`; does nothing if it is not watched."""
        watch = self._watches.get(folder)
        if watch is not None:
            self._forget(watch)
            self._rm_watch(self._descriptor, watch)

    def remove_tree(self, folder: str) -> None:
        """Stop watching `folder` and everything below it."""
        below = folder + "/"
        for watched in [watched for watched in self._watches if watched == folder or watched.startswith(below)]:
            self.remove(watched)

    def read(self, timeout: float | None) -> list[Event]:
        """The pending events; waits for the first, for `wake`, or for `timeout` seconds (None: no limit)."""
        self._poll.poll(None if timeout is None else max(0, int(timeout * 1000) + 1))
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        try:
            buffer = os.read(self._descriptor, _BUFFER_BYTES)
        except BlockingIOError:
            return []
        events: list[Event] = []
        position = 0
        while position < len(buffer):
            watch, mask, _, length = _HEADER.unpack_from(buffer, position)
            start = position + _HEADER.size
            position = start + length
            folder = self._folders.get(watch)
            if mask & IN_IGNORED:
                self._forget(watch)
            elif mask & IN_Q_OVERFLOW or folder is not None:
                events.append(Event(folder, os.fsdecode(buffer[start:position].rstrip(b"\0")), mask))
        return events

    def wake(self) -> None:
        """Make a `read` that waits in another thread return."""
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._wake_write, b"!")

    def close(self) -> None:
        """Close it; the kernel removes all watches."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for descriptor in (self._descriptor, self._wake_read, self._wake_write):
                os.close(descriptor)
        self._folders.clear()
        self._watches.clear()

    def _forget(self, watch: int | None) -> None:
        if watch is not None:
            folder = self._folders.pop(watch, None)
            if folder is not None and self._watches.get(folder) == watch:
                del self._watches[folder]


def _last_error(path: str | None = None) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)


def watch_limit() -> str:
    """The user's limit of watches, for a message; "" if it is unknown."""
    try:
        return Path("/proc/sys/fs/inotify/max_user_watches").read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
