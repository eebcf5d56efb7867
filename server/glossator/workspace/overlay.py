"""The texts of unsaved editor buffers, which take precedence over what is on disk.

A small table in memory, safe for use by several threads; nobody waits in it. It knows nothing of the disk, of LSP or of
symbols. Its keys are whatever its caller names documents by (paths relative to a root, or URIs).
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, replace

MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""Memory for all texts: a hundred buffers of the largest size that is indexed at all (2 MiB)."""


@dataclass(frozen=True, slots=True)
class Buffer:
    """What one document looks like on screen.

    Attributes:
        key: the document.
        version: the editor's number of this state.
        text: its text; None if it is too large to be kept (the document is then not to be answered from at all, since
            what is on disk is not what is on screen).
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
        """An empty overlay; limits in bytes of memory. Past the total, the texts that were untouched longest go."""
        self._max_buffer_bytes = max_buffer_bytes
        self._max_total_bytes = max_total_bytes
        self._lock = threading.Lock()
        self._revision = 0
        self._total = 0
        self._buffers: dict[str, Buffer] = {}  # in the order of their revisions
        self._sizes: dict[str, int] = {}  # of the texts that are kept

    def put(self, key: str, version: int, text: str) -> bool:
        """Open or change a buffer; False if a newer version is known, which stays."""
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
        """Forget a buffer: the disk counts again, and the next may begin with any version. False if none is open."""
        with self._lock:
            if key not in self._buffers:
                return False
            self._drop(key)
            self._revision += 1
            return True

    def get(self, key: str) -> Buffer | None:
        """The buffer as it is now; None if the document is not open."""
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
        """Remove a buffer from the table and from the sum."""
        self._buffers.pop(key, None)
        self._total -= self._sizes.pop(key, 0)

    def _shrink(self) -> None:
        """Drop the texts that were not touched for longest until the rest fits."""
        for key, buffer in self._buffers.items():
            if self._total <= self._max_total_bytes:
                return
            if buffer.text is not None:
                self._total -= self._sizes.pop(key)
                self._buffers[key] = replace(buffer, text=None)
