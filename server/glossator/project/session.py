"""What the command line and the language server both call: the roots of a session, their indexes, and searches.

A `Root` is one folder with its index; a `Session` is all that a user has open, with what the roots share: the worker
pool, the embedder and the model. Answers are made in `answering.py`. Neither LSP nor arguments are known here.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.errors import (
    ModelNotFoundError,
    StoreCorruptError,
    StoreError,
    SymbolNotFoundError,
    UsageError,
    WorkspaceError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glossator.index.embedding import Embedder
    from glossator.index.indexer import Indexer, IndexReport, Progress
    from glossator.index.pool import WorkerPool
    from glossator.index.records import FileUpdate, Filter, StoredEntry
    from glossator.index.store import Store
    from glossator.retrieval.graph import Graph
    from glossator.retrieval.search import Hit, Searcher
    from glossator.settings import Settings

OVERVIEW_NAMES = 30
OVERVIEW_README = 400
"""Characters of a README's first paragraph that the model is told."""

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
                from glossator.index.embedding import StaticEmbedder

                self._embedder = StaticEmbedder()
            return self._embedder

    def reconfigure(self, settings: Settings) -> None:
        """Take over settings that do not touch the index."""
        self.settings = settings

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
        self._manifest = Path()
        """The manifest's file, once the store was opened."""
        self._writable = False
        self._indexer: Indexer | None = None
        self._searcher: Searcher | None = None
        self._searching = threading.Lock()
        self._graph_of: tuple[Store, Mapping[str, FileUpdate], Graph] | None = None
        """The graph of that store and those buffers: making one takes as long as there are entries in open buffers."""
        self.overlay: Callable[[], Mapping[str, FileUpdate]] = dict
        self.buffer_texts: Callable[[], Mapping[str, str]] = dict
        self.on_vanished: Callable[[], object] = lambda: None
        """Called when somebody is found to have removed the index while it was open: it is to be made anew."""

    @property
    def folder(self) -> Path:
        """Where the index is kept."""
        from glossator.index.store import Store

        return Store.folder_for(self._shared.settings.index_dir, self.path, self._shared.embedder.id)

    def _open(self, *, write: bool) -> Store:
        from glossator.index.store import Store

        embedder, folder = self._shared.embedder, self.folder
        self._manifest = folder / "manifest.sqlite"
        return Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=write)

    def _vanished(self) -> bool:
        """Whether somebody has removed the index that is open; it is let go then."""
        if self._store is None or self._manifest.exists():
            return False
        _log.warning("the index of %s is gone, and is made anew", self.path)
        self._drop_store()
        self._writable = False
        self.on_vanished()
        return True

    def writer(self) -> Store:
        """The store, open for writing. A damaged index is set aside and a new one begun.

        Raises:
            StoreLockedError: another process writes it.
            StoreError: it cannot be opened.
        """
        from glossator.index.store import Store

        with self._opening:
            if self._store is not None and self._writable and not self._vanished():
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
            if self._store is None or self._vanished():
                if not (self.folder / "manifest.sqlite").exists():
                    return None
                self._store, self._writable = self._open(write=False), False
            return self._store

    def _drop_store(self) -> None:
        if self._searcher is not None:
            self._searcher.close()
            self._searcher = None
        self._indexer = None
        self._graph_of = None
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

        return Indexer(self.path, self._shared.settings, store, self._shared.pool)

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
        *,
        all_cores: bool = False,
    ) -> IndexReport:
        """Bring the index up to date with the disk; `all_cores`: spare none for a first index that somebody waits for.

        Raises:
            StoreLockedError: another process is at it.
            CancelledByUser: what was done until then is kept.
            WorkspaceError, StoreError, EmbeddingError: see there.
        """
        _folder(self.path)
        from glossator.index.folders import remove_superseded
        from glossator.index.manifest import SCHEMA_VERSION

        report = self.indexer().run(progress, cancelled, all_cores=all_cores)
        remove_superseded(self.folder, SCHEMA_VERSION)
        return report

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

    @contextlib.contextmanager
    def searching(self) -> Iterator[None]:
        """Held while the searcher is used: it serves one search at a time."""
        with self._searching:
            yield

    def search(self, query: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """The best places of this root; unsaved buffers count. Empty while there is no index.

        Raises:
            UsageError: the query holds nothing to search for.
        """
        try:
            return self._search(query, limit, where)
        except StoreCorruptError as error:
            # A damage that only reading found: the store has marked it, and the next run of the index mends it.
            if not self._writable:
                raise
            _log.warning("%s; it is mended now", error)
            self.index()
            return self._search(query, limit, where)

    def _search(self, query: str, limit: int, where: Filter | None) -> list[Hit]:
        searcher = self.searcher()
        if searcher is None:
            return []
        with self.searching():
            return searcher.search(query, limit, where, self.overlay())

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, or the block there; an unsaved buffer counts before its file."""
        graph = self._graph()
        return graph.entry_at(path, line) if graph is not None else None

    def named(self, name: str) -> list[StoredEntry]:
        """Definitions of a name, the best first."""
        graph = self._graph()
        return graph.named(name) if graph is not None else []

    def nearest_named(self, name: str, path: str) -> list[StoredEntry]:
        """Some definitions of exactly that bare name, those nearest to a file; quick however many there are."""
        graph = self._graph()
        return graph.nearest_named(name, path) if graph is not None else []

    def entries_in(self, path: str) -> list[StoredEntry]:
        """All entries of a file, in order."""
        graph = self._graph()
        return graph.entries_in(path) if graph is not None else []

    def names_like(self, pattern: str, limit: int) -> list[StoredEntry]:
        """Definitions whose name matches fuzzily, the best first."""
        store = self.store()
        return store.names_like(pattern, limit) if store is not None else []

    def reference_count(self, name: str) -> int:
        """How many entries refer to a name."""
        store = self.store()
        return store.reference_count(name) if store is not None else 0

    def callee_count(self, entry: StoredEntry) -> int:
        """How many of the names that an entry refers to are defined in this root."""
        graph = self._graph()
        return graph.callee_count(entry) if graph is not None else 0

    def text(self, path: str) -> str | None:
        """A file's text as it is on screen, else on disk; None if there is none."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self.buffer_texts())(path)

    def _graph(self) -> Graph | None:
        from glossator.retrieval.graph import Graph

        store, overlay = self.store(), self.overlay()
        known = self._graph_of
        if known is not None and known[0] is store and known[1] is overlay:
            return known[2]
        if store is None:
            return None
        graph = Graph(store, overlay)
        self._graph_of = store, overlay, graph
        return graph

    @staticmethod
    def unknown_entry(path: str, start_line: int, end_line: int) -> StoredEntry:
        """Stands for lines that the index does not know (a file that is not indexed, or just made)."""
        from glossator.index.records import StoredEntry

        return StoredEntry(-1, path, "text", "block", "", "", "", "", None, 0, start_line, end_line, start_line, 0, 0)

    def attach(self, overlay: Callable[[], Mapping[str, FileUpdate]], texts: Callable[[], Mapping[str, str]]) -> None:
        """Lay unsaved buffers over the index: what is in them, parsed and as text."""
        self.overlay = overlay
        self.buffer_texts = texts

    def overview(self) -> str:
        """What the project is, in a few lines: its name, its folders, how its README begins."""
        names = sorted(
            item.name + ("/" if item.is_dir() else "")
            for item in self.path.iterdir()
            if not item.name.startswith((".", "__")) and not item.is_symlink()
        )
        shown = " ".join(names[:OVERVIEW_NAMES]) + (" ..." if len(names) > OVERVIEW_NAMES else "")
        lines = [f"{self.path.name}: {shown}"]
        readme = next((name for name in names if name.lower().startswith("readme")), None)
        if readme is not None and not readme.endswith("/"):
            with contextlib.suppress(OSError), (self.path / readme).open(encoding="utf-8", errors="replace") as file:
                head = file.read(OVERVIEW_README * 4)
                prose = [
                    block for block in head.split("\n\n") if block.strip() and block.lstrip()[0] not in "#<[!=|-`*"
                ]
                if prose:
                    lines.append(" ".join(prose[0].split())[:OVERVIEW_README])
        return "\n".join(lines)

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

    def reconfigure(self, settings: Settings) -> None:
        """Take over settings that do not touch the index."""
        self.settings = settings
        self.shared.reconfigure(settings)

    def add(self, path: Path) -> Root:
        """Open one more folder.

        Raises:
            WorkspaceError: it is missing, or no folder.
        """
        root = Root(path, self.shared)
        self.roots.append(root)
        return root

    def remove(self, root: Root) -> None:
        """Take a folder out; it is closed by whoever uses it."""
        if root in self.roots:
            self.roots.remove(root)

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
        from glossator.retrieval.query import parse_query

        parse_query(query)
        hits = [hit for root in self.roots for hit in root.search(query, limit, where)]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def find(self, target: str) -> tuple[Root, StoredEntry]:
        """The symbol that FILE:LINE or a (qualified) name means.

        Raises:
            UsageError: it is empty.
            SymbolNotFoundError: there is none.
        """
        if not target.strip():
            raise UsageError("the name is empty: give FILE:LINE or the name of a symbol")
        path, _, line = target.rpartition(":")
        if path and line.isdigit():
            return self._find_place(path, int(line), target)
        found = [(root, entry) for root in self.roots for entry in root.named(target.strip())]
        if not found:
            raise SymbolNotFoundError(
                f"no symbol is named {target!r}: `glossator search {target!r}` finds similar ones"
            )
        return found[0]

    def _find_place(self, path: str, line: int, target: str) -> tuple[Root, StoredEntry]:
        for root in self.roots:
            given = Path(path)
            for candidate in (given if given.is_absolute() else None, root.path / given, Path.cwd() / given):
                if candidate is None or not candidate.resolve().is_relative_to(root.path):
                    continue
                relative = candidate.resolve().relative_to(root.path).as_posix()
                if (entry := root.entry_at(relative, line)) is not None:
                    return root, entry
        raise SymbolNotFoundError(f"nothing is indexed at {target}: see `glossator status --skipped`")

    def status(self) -> dict[str, Any]:
        """What the index of the only root holds, and which model would answer."""
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
        return {
            "root": str(root.path),
            "index": {**index, "folder": str(root.folder)},
            "model": self.model_status(),
        }

    def model_status(self) -> dict[str, str]:
        """Which model would answer: its name and path, or the reason why there is none."""
        from glossator.model.installed import model_path

        if self.settings.endpoint:
            return {"name": self.settings.endpoint_model, "path": self.settings.endpoint, "reason": ""}
        try:
            path = model_path(self.settings)
        except ModelNotFoundError as error:
            return {"name": "", "path": "", "reason": str(error)}
        return {"name": path.stem, "path": str(path), "reason": ""}

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
