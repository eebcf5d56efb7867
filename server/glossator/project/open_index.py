"""An open index: its store and searcher, which stay usable as long as they have readers."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.index.store import Store
    from glossator.project.retriever_choice import Retriever
    from glossator.retrieval.search import Searcher

_log = logging.getLogger(__name__)


class OpenIndex:
    """An open index, shared by its owner and any number of readers.

    The owner calls `retire` when the index has been replaced or is no longer needed. The store is closed then or, if it
    has readers, when the last one has been garbage collected.
    """

    def __init__(self, store: Store, retriever: Retriever, manifest: Path, *, writable: bool) -> None:
        """If the file `manifest` does not exist, the index has been deleted."""
        self.store = store
        self.writable = writable
        self.retriever = retriever
        self._manifest = manifest
        self._searcher: Searcher | None = None
        self._making_searcher = threading.Lock()
        # Not a number under a lock: a finalizer may run in this thread while it holds the lock.
        self._readers: set[object] = set()
        self._retired = False
        self._last_used = time.monotonic()
        self._is_released = False
        self._closing = threading.Lock()

    @property
    def exists(self) -> bool:
        """Whether the index is still on disk."""
        return self._manifest.exists()

    @property
    def searcher(self) -> Searcher:
        """The index's searcher, created on first use."""
        from glossator.retrieval.search import Searcher

        with self._making_searcher:
            if self._searcher is None:
                self._searcher = Searcher(self.store, self.retriever.embedder, weights=self.retriever.weights)
            return self._searcher

    def use(self, retriever: Retriever) -> None:
        """Rank with the weights of another retriever, which has the same embedder."""
        from glossator.retrieval.ranking import default_weights

        with self._making_searcher:
            self.retriever = retriever
            if self._searcher is not None:
                self._searcher.weights = retriever.weights or default_weights()

    def note_use(self) -> None:
        """A question is asked: what it needs stays in memory for some time."""
        self._last_used = time.monotonic()
        self._is_released = False

    def release_memory(self, seconds: float) -> bool:
        """Give memory back if nobody has asked anything for so long; whether it was given back now."""
        if self._is_released or time.monotonic() - self._last_used < seconds:
            return False
        self._is_released = True
        self.store.release_memory()
        if self._searcher is not None:
            self._searcher.release_memory()
        return True

    def keep_open_for(self, reader: object) -> None:
        """Do not close the store before `reader` has been garbage collected."""
        token = object()
        self._readers.add(token)
        weakref.finalize(reader, self._release, token).atexit = False

    def retire(self) -> None:
        """Stop writing now, and close the store as soon as it has no readers."""
        self._retired = True
        if self._readers:
            self.store.stop_writing()
        if not self._readers:
            self._close()

    def _release(self, token: object) -> None:
        """Called when a reader is garbage collected, in any thread; another thread closes, which may take long."""
        self._readers.discard(token)
        if self._retired and not self._readers:
            threading.Thread(target=self._close, name="glossator-close-index").start()

    def _close(self) -> None:
        if not self._closing.acquire(blocking=False):  # closed already, or by another thread
            return
        try:
            if self._searcher is not None:
                self._searcher.close()
            self.store.close()
        except GlossatorError as error:
            _log.warning("closing an index: %s", error)
