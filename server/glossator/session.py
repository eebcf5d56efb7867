"""What the command line and the language server both call: the roots of a session, their indexes, and searches.

A `Root` is one folder with its index; a `Session` is all that a user has open, with what the roots share: the worker
pool, the embedder and the model. Answers are made in `answering.py`. Neither LSP nor arguments are known here.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from typing import TYPE_CHECKING, Any

from glossator.errors import StoreCorruptError, StoreError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glossator.index.embedding import Embedder
    from glossator.index.indexer import Indexer, IndexReport, Progress
    from glossator.index.pool import WorkerPool
    from glossator.index.store import Filter, Store
    from glossator.retrieval.search import Hit, Searcher
    from glossator.settings import Settings

_log = logging.getLogger(__name__)


class Shared:
    """What the roots of a session have in common; each part is made when it is first needed."""

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
        """What makes vectors of queries (workers make those of documents)."""
        with self._making:
            if self._embedder is None:
                from glossator.index.embedding import open_embedder

                self._embedder = open_embedder(self.settings)
            return self._embedder

    def close(self) -> None:
        """End the worker processes."""
        with self._making:
            if self._pool is not None:
                self._pool.close()
                self._pool = None


class Root:
    """One folder and its index.

    The index is opened for writing when it is first updated, and stays so: this process is then its one writer. While
    another process is, it is only read.
    """

    def __init__(self, path: Path, shared: Shared) -> None:
        """Name a folder.

        Raises:
            WorkspaceError: it is missing, or no folder.
        """
        self.path = _folder(path)
        self._shared = shared
        self._opening = threading.RLock()
        self._store: Store | None = None
        self._writable = False
        self._indexer: Indexer | None = None
        self._searcher: Searcher | None = None

    @property
    def folder(self) -> Path:
        """Where the index is kept."""
        from glossator.index.store import Store

        return Store.folder_for(self._shared.settings.index_dir, self.path, self._shared.embedder.id)

    def _open(self, *, write: bool) -> Store:
        from glossator.index.store import Store

        embedder = self._shared.embedder
        return Store.open(self.folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=write)

    def writer(self) -> Store:
        """The store, open for writing. A damaged index is set aside and a new one begun.

        Raises:
            StoreLockedError: another process writes it.
            StoreError: it cannot be opened.
        """
        from glossator.index.store import Store

        with self._opening:
            if self._store is not None and self._writable:
                return self._store
            try:
                store = self._open(write=True)
            except StoreCorruptError as error:
                aside = Store.replace_corrupt(self.folder)
                _log.warning("%s; it was set aside as %s and is built anew", error, aside)
                store = self._open(write=True)
            self._drop_store()
            self._store, self._writable = store, True
            return store

    def store(self) -> Store | None:
        """The store, for reading; None if there is no index yet.

        Raises:
            StoreError: it cannot be opened.
        """
        with self._opening:
            if self._store is None:
                if not (self.folder / "catalogue.sqlite").exists():
                    return None
                self._store, self._writable = self._open(write=False), False
            return self._store

    def _drop_store(self) -> None:
        self._searcher = None
        self._indexer = None
        if self._store is not None:
            self._store.close()
            self._store = None

    def indexer(self) -> Indexer:
        """What updates the index.

        Raises:
            StoreLockedError, StoreError: see `writer`.
        """
        with self._opening:
            store = self.writer()
            if self._indexer is None:
                self._indexer = self._make_indexer(store)
            return self._indexer

    def buffer_indexer(self) -> Indexer:
        """What has buffers parsed: needs no lock, and must not be used to update the index.

        Raises:
            StoreError: the index cannot be opened, or there is none yet.
        """
        with self._opening:
            if self._indexer is not None:
                return self._indexer
            store = self.store() or self.writer()
            return self._make_indexer(store)

    def _make_indexer(self, store: Store) -> Indexer:
        from glossator.index.indexer import Indexer

        return Indexer(self.path, self._shared.settings, store, self._shared.pool, self._shared.embedder)

    @property
    def settings(self) -> Settings:
        """The session's settings."""
        return self._shared.settings

    @property
    def is_writer(self) -> bool:
        """Whether this process is the index's one writer."""
        return self._writable

    def index(
        self,
        progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> IndexReport:
        """Bring the index up to date with the disk.

        Raises:
            StoreLockedError: another process is at it.
            CancelledByUser: what was done until then is kept.
            WorkspaceError, StoreError, EmbeddingError: see there.
        """
        _folder(self.path)
        report = self.indexer().run(progress, cancelled)
        self._remove_outdated()
        return report

    def _remove_outdated(self) -> None:
        """Remove indexes of this root that older versions or other embedders made: this one is whole now."""
        from glossator.index.catalogue import SCHEMA_VERSION

        here = self.folder
        for sibling in here.parent.iterdir():
            version = sibling.name[1:].partition("-")[0]
            if sibling == here or not sibling.name.startswith("v") or not version.isdigit():
                continue
            if int(version) <= SCHEMA_VERSION and "corrupt" not in sibling.name:
                shutil.rmtree(sibling, ignore_errors=True)

    def searcher(self) -> Searcher | None:
        """What searches the index; None if there is no index yet."""
        from glossator.retrieval.search import Searcher

        with self._opening:
            store = self.store()
            if store is None:
                return None
            if self._searcher is None:
                self._searcher = Searcher(store, self._shared.embedder)
            return self._searcher

    def close(self) -> None:
        """Release the index."""
        with self._opening:
            self._drop_store()


class Session:
    """Everything that is open. Methods may be called from any thread."""

    def __init__(self, roots: Sequence[Path], settings: Settings) -> None:
        """Open folders; their indexes are opened when they are needed.

        Raises:
            WorkspaceError: a root is missing, or no folder.
        """
        self.settings = settings
        self.shared = Shared(settings)
        self.roots = [Root(path, self.shared) for path in roots]

    @property
    def root(self) -> Root:
        """The only root (the command line has one)."""
        (root,) = self.roots
        return root

    def search(self, query: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """The best places for a query, best first, over all roots.

        Raises:
            UsageError: the query is empty.
        """
        from glossator.index.store import Filter
        from glossator.retrieval.query import parse_query

        parse_query(query)
        hits: list[Hit] = []
        for root in self.roots:
            searcher = root.searcher()
            if searcher is not None:
                hits += searcher.search(query, limit, where or Filter())
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def status(self) -> dict[str, Any]:
        """What the index of the only root holds, and which model would answer."""
        from glossator.model.installed import resolve_model

        root = self.root
        try:
            store = root.store()
        except StoreError as error:
            index: dict[str, Any] = {"state": "failed", "message": str(error)}
        else:
            index = {"state": "absent"} if store is None else {"state": "ready"}
            if store is not None:
                status = store.status()
                index |= {
                    "files": status.files,
                    "symbols": status.symbols,
                    "entries": status.entries,
                    "lines": status.lines,
                    "size_bytes": status.size_bytes,
                    "embedder": self.shared.embedder.id,
                    "skipped": [{"path": item.path, "reason": item.reason} for item in status.skipped],
                }
        model = resolve_model(self.settings)
        return {
            "root": str(root.path),
            "index": {**index, "folder": str(root.folder)},
            "model": {"name": model.name if model else "", "path": str(model.path) if model else ""},
        }

    def close(self) -> None:
        """Release everything and end all processes."""
        for root in self.roots:
            with contextlib.suppress(StoreError):
                root.close()
        self.shared.close()


def _folder(path: Path) -> Path:
    """The real path of a folder; raises WorkspaceError if it is none."""
    try:
        real = path.expanduser().resolve()
        if not real.exists():
            raise WorkspaceError(f"the folder {path} does not exist")
        if not real.is_dir():
            raise WorkspaceError(f"{path} is not a folder: give the folder that the code is in")
    except OSError as error:
        raise WorkspaceError(f"cannot read {path}: {error.strerror or error}") from error
    return real
