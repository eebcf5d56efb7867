"""What the roots of a session share: settings, the worker processes, the embedder."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.index.embedding import Embedder
    from glossator.index.pool import WorkerPool
    from glossator.settings import Settings


class Shared:
    """What the roots of a session have in common. Each part is created when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._making = threading.Lock()
        self._pool: WorkerPool | None = None
        self._embedder: Embedder | None = None

    @property
    def pool(self) -> WorkerPool:
        """The parser processes."""
        with self._making:
            if self._pool is None:
                from glossator.index.pool import WorkerPool

                self._pool = WorkerPool(self.settings)
            return self._pool

    @property
    def embedder(self) -> Embedder:
        """What embeds queries (workers embed documents)."""
        with self._making:
            if self._embedder is None:
                from glossator.index.embedding import StaticEmbedder

                self._embedder = StaticEmbedder()
            return self._embedder

    def reconfigure(self, settings: Settings) -> None:
        """Take over settings that no index depends on."""
        self.settings = settings

    def close(self) -> None:
        """End the worker processes."""
        with self._making:
            if self._pool is not None:
                self._pool.close()
                self._pool = None
