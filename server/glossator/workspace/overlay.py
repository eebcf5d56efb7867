"""The texts of unsaved editor buffers, which take precedence over the files on disk.

A small table in memory, safe to use from several threads and never blocking. It does not know the disk, LSP or symbols.
Its keys are the caller's names of documents (paths relative to a root, or URIs).
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, replace

MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""Memory for all texts, in bytes: a hundred buffers of the largest size that is indexed (2 MiB)."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """The state of one document on screen.

    Attributes:
        key: the document.
        version: the editor's number of this state.
        text: its text; None if it is too large to be kept (the document must not be used for answers then, since the
            file on disk differs from the screen).
        revision: the overlay's number of this state, higher than that of every earlier state of any document.
    """

    key: str
    version: int
    text: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class OverlayState:
    """All buffers at one moment.

    Attributes:
        revision: the number of the last change.
        buffers: the open buffers, in the order of their revisions.
    """

    revision: int
    buffers: tuple[Buffer, ...]


class Overlay:
    """The open buffers."""

    def __init__(self, *, max_buffer_bytes: int, max_total_bytes: int = MAX_TOTAL_BYTES) -> None:
        """Start empty. Limits are in bytes; above the total, the least recently changed texts are dropped."""
        self._max_buffer_bytes = max_buffer_bytes
        self._max_total_bytes = max_total_bytes
        self._lock = threading.Lock()
        self._revision = 0
        self._total = 0
        self._buffers: dict[str, Buffer] = {}  # in the order of their revisions
        self._sizes: dict[str, int] = {}  # of the texts that are kept

    def put(self, key: str, version: int, text: str) -> bool:
        """Open or change a buffer; False if a newer version is known, which is kept."""
        size = sys.getsizeof(text)
        with self._lock:
            known = self._buffers.get(key)
            if known is not None and known.version > version:
                return False
            self._drop(key)
            self._revision += 1
            kept = size <= self._max_buffer_bytes
            self._buffers[key] = Buffer(key, version, text if kept else None, self._revision)
            if kept:
                self._sizes[key] = size
                self._total += size
                self._shrink()
            return True

    def close(self, key: str) -> bool:
        """Remove a buffer; the file on disk is used again, and versions start over. False if it was not open."""
        with self._lock:
            if key not in self._buffers:
                return False
            self._drop(key)
            self._revision += 1
            return True

    def get(self, key: str) -> Buffer | None:
        """The current state of the buffer; None if the document is not open."""
        with self._lock:
            return self._buffers.get(key)

    @property
    def revision(self) -> int:
        """The number of the last change."""
        with self._lock:
            return self._revision

    def state(self) -> OverlayState:
        """All open buffers, with the number of the last change."""
        with self._lock:
            return OverlayState(self._revision, tuple(self._buffers.values()))

    def _drop(self, key: str) -> None:
        """Remove a buffer from the table, and its size from the total."""
        self._buffers.pop(key, None)
        self._total -= self._sizes.pop(key, 0)

    def _shrink(self) -> None:
        """Drop the least recently changed texts until the rest fits."""
        for key, buffer in self._buffers.items():
            if self._total <= self._max_total_bytes:
                return
            if buffer.text is not None:
                self._total -= self._sizes.pop(key)
                self._buffers[key] = replace(buffer, text=None)
