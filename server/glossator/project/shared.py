"""The objects that the roots of a session share: settings, the worker pool, the embedder."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.index.embedding import Embedder
    from glossator.index.pool import WorkerPool
    from glossator.settings import Settings


class Shared:
    """The objects that the roots of a session share, created on first use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._making = threading.Lock()
        self._pool: WorkerPool | None = None
        self._embedder: Embedder | None = None

    @property
    def pool(self) -> WorkerPool:
        """The parse workers."""
        with self._making:
            if self._pool is None:
                from glossator.index.pool import WorkerPool

                self._pool = WorkerPool(self.settings)
            return self._pool

    @property
    def embedder(self) -> Embedder:
        """The embedder for queries (workers embed documents)."""
        with self._making:
            if self._embedder is None:
                from glossator.index.embedding import StaticEmbedder

                self._embedder = StaticEmbedder()
            return self._embedder

    def reconfigure(self, settings: Settings) -> None:
        """Apply settings that do not affect any index."""
        self.settings = settings

    def close(self) -> None:
        """End the worker processes."""
        with self._making:
            if self._pool is not None:
                self._pool.close()
                self._pool = None
