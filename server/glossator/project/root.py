"""One folder and its index: opening, writing and indexing it. Reading goes through snapshots."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from glossator.errors import StoreCorruptError, StoreLockedError, WorkspaceError
from glossator.project.notification import Notification
from glossator.project.open_buffers import OpenBuffers
from glossator.project.open_index import OpenIndex
from glossator.project.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from glossator.index.indexer import Indexer, IndexReport, Progress
    from glossator.index.records import FileUpdate, Filter
    from glossator.index.store import Store
    from glossator.project.nested_roots import NestedRoot
    from glossator.project.shared import Shared
    from glossator.retrieval.search import Hit
    from glossator.settings import Settings

_log = logging.getLogger(__name__)


class Root:
    """One folder and its index.

    The index is opened for writing when it is first updated, and stays so: this process is then its only writer. While
    another process is, it is only read.

    What is open is published as one reference, which `snapshot` reads: no reader ever waits for an index that is being
    opened, repaired or written.
    """

    def __init__(self, path: Path, shared: Shared) -> None:
        """Name a folder; nothing is opened yet.

        Raises:
            WorkspaceError: it does not exist, or is not a folder.
        """
        self.path = real_folder(path)
        self._shared = shared
        self._opening = threading.RLock()
        """Held while the index is opened, which may take long: a writer first repairs what a crash has left."""
        self._publishing = threading.Lock()
        """Guards the next two, and is never held for longer than it takes to read or set them."""
        self._open: OpenIndex | None = None
        self._latest: Snapshot | None = None
        self._indexer: tuple[OpenIndex, Indexer] | None = None
        self._reported_missing: OpenIndex | None = None
        self.buffers = OpenBuffers(self._submit, max_buffer_bytes=4 * self.settings.max_file_bytes)
        self._nested: tuple[NestedRoot, ...] = ()
        self._merged: tuple[tuple[object, ...], Mapping[str, FileUpdate], Mapping[str, str]] = ((), {}, {})
        self.nested_changed = Notification()
        """Sent when other roots inside this one were opened or closed: what counts as this root's is another."""
        self.index_deleted = Notification()
        """Sent when somebody is found to have deleted the index while it was open: it has to be built again."""

    @property
    def folder(self) -> Path:
        """Where the index is kept."""
        from glossator.index.store import Store

        return Store.folder_for(self._shared.settings.index_dir, self.path, self._shared.embedder.id)

    @property
    def settings(self) -> Settings:
        """The session's settings."""
        return self._shared.settings

    @property
    def is_writer(self) -> bool:
        """Whether this process is the index's only writer."""
        index = self._open
        return index is not None and index.writable

    # Reading

    def snapshot(self) -> Snapshot | None:
        """The root as it is now; None while there is no index. Never waits: at most it looks whether a file exists."""
        nested = self._nested
        overlay, texts = self._buffers_with(nested)
        paths = tuple(other.path for other in nested)
        with self._publishing:
            index, latest = self._open, self._latest
            if index is None:
                return None
            current = latest is not None and latest.overlay is overlay and latest.texts is texts
            if latest is None or not current or latest.nested != paths or latest.settings is not self.settings:
                latest = self._latest = Snapshot(self.path, self.settings, index, overlay, texts, paths)
        if not index.exists:
            self._report_missing(index)
            return None
        return latest

    def set_nested(self, nested: Sequence[NestedRoot]) -> None:
        """Tell which other roots lie inside this one."""
        if tuple(nested) != self._nested:
            self._nested = tuple(nested)
            self.nested_changed.send()

    def _buffers_with(self, nested: tuple[NestedRoot, ...]) -> tuple[Mapping[str, FileUpdate], Mapping[str, str]]:
        """The buffers of this root and of those inside it, parsed and as texts; the same objects until they change."""
        if not nested:
            return self.buffers.overlay(), self.buffers.texts()
        owners = [("", self.buffers), *((f"{other.path}/", other.buffers) for other in nested)]
        parts = [(start, buffers.overlay(), buffers.texts()) for start, buffers in owners]
        known, overlay, texts = self._merged
        now = tuple(part for _, *two in parts for part in two)
        if len(now) != len(known) or any(one is not other for one, other in zip(now, known, strict=True)):
            overlay = {start + path: update for start, updates, _ in parts for path, update in updates.items()}
            texts = {start + path: text for start, _, held in parts for path, text in held.items()}
            self._merged = now, overlay, texts
        return overlay, texts

    def _report_missing(self, index: OpenIndex) -> None:
        """Say once that this index was deleted."""
        if self._reported_missing is not index:
            self._reported_missing = index
            _log.warning("the index of %s was deleted, and will be built again", self.path)
            self.index_deleted.send()

    def open(self) -> Snapshot | None:
        """Open the index for reading, unless it is open already; None if there is none. This may take a moment.

        Raises:
            StoreError: it cannot be opened.
        """
        with self._opening:
            snapshot = self.snapshot()
            if snapshot is None and (self.folder / "manifest.sqlite").exists():
                self._publish(self._opened(write=False))
                snapshot = self.snapshot()
            return snapshot

    def search(self, query: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """The best places of this root; unsaved buffers count. Empty while there is no index.

        Raises:
            UsageError: the query has nothing to search for.
        """
        snapshot = self.open()
        if snapshot is None:
            return []
        try:
            return snapshot.search(query, limit, where)
        except StoreCorruptError as error:
            # Damage that only reading has found: the store has marked it, and the next run of the index repairs it.
            if not self.is_writer:
                raise
            _log.warning("%s; repairing it now", error)
            self.index()
            snapshot = self.snapshot()
            return snapshot.search(query, limit, where) if snapshot is not None else []

    # Writing

    def writer(self) -> Store:
        """The store, open for writing. A damaged index is set aside and a new one begun.

        Raises:
            StoreLockedError: another process writes it.
            StoreError: it cannot be opened.
        """
        return self._writable().store

    def _writable(self) -> OpenIndex:
        from glossator.index.store import Store

        with self._opening:
            index = self._open
            if index is not None and index.writable:
                if index.exists:
                    return index
                self._report_missing(index)
                self._publish(None)
            try:
                index = self._opened(write=True)
            except StoreCorruptError as error:
                aside = Store.replace_corrupt(self.folder)
                _log.warning("%s; it was set aside as %s and is being rebuilt", error, aside)
                index = self._opened(write=True)
            self._publish(index)
            return index

    def _opened(self, *, write: bool) -> OpenIndex:
        from glossator.index.store import Store

        embedder, folder = self._shared.embedder, self.folder
        store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=write)
        return OpenIndex(store, embedder, folder / "manifest.sqlite", writable=write)

    def _publish(self, index: OpenIndex | None) -> None:
        """Let snapshots read this index from now on; the one before is closed when its last reader is done."""
        with self._publishing:
            before, self._open = self._open, index
            self._latest = None
        if before is not None:
            before.retire()

    def indexer(self) -> Indexer:
        """What updates the index.

        Raises:
            StoreLockedError, StoreError: see `writer`.
        """
        from glossator.index.indexer import Indexer

        with self._opening:
            index = self._writable()
            if self._indexer is None or self._indexer[0] is not index:
                self._indexer = index, Indexer(self.path, self.settings, index.store, self._shared.pool)
            return self._indexer[1]

    def _submit(self, path: str, text: str, language_id: str) -> Future[FileUpdate]:
        """Have a buffer parsed: needs no index, so it waits for none."""
        from glossator.index.indexer import submit_buffer

        return submit_buffer(self._shared.pool, self.path, self.settings, path, text, language_id)

    def index(
        self,
        progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        all_cores: bool = False,
    ) -> IndexReport:
        """Bring the index up to date with the disk; `all_cores`: use every core for a first index somebody waits for.

        Raises:
            StoreLockedError: another process is doing it; what it commits can be read.
            CancelledByUser: what was done until then is kept.
            WorkspaceError, StoreError, EmbeddingError: see there.
        """
        from glossator.index.folders import remove_superseded
        from glossator.index.manifest import SCHEMA_VERSION

        real_folder(self.path)
        try:
            indexer = self.indexer()
        except StoreLockedError:
            self.open()
            raise
        report = indexer.run(progress, cancelled, all_cores=all_cores)
        remove_superseded(self.folder, SCHEMA_VERSION)
        return report

    def close(self) -> None:
        """Release the index; whoever still reads it can go on."""
        self.buffers.close()
        with self._opening:
            self._indexer = None
            self._publish(None)

    def text(self, path: str) -> str | None:
        """A file's text as it is on screen, else on disk; None if there is none. Works without an index."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self.buffer_texts())(path)

    def overlay(self) -> Mapping[str, FileUpdate]:
        """See `Snapshot.overlay`."""
        return self.buffers.overlay()

    def buffer_texts(self) -> Mapping[str, str]:
        """See `Snapshot.texts`."""
        return self.buffers.texts()

    def overview(self) -> str:
        """See `overview_of`."""
        from glossator.project.overview import overview_of

        return overview_of(self.path)


def real_folder(path: Path) -> Path:
    """The real path of a folder.

    Raises:
        WorkspaceError: it does not exist, is not a folder, or cannot be read.
    """
    try:
        real = path.expanduser().resolve()
        if not real.exists():
            raise WorkspaceError(f"the folder {path} does not exist")
        if not real.is_dir():
            raise WorkspaceError(f"{path} is not a folder: give the folder that the code is in")
    except OSError as error:
        raise WorkspaceError(f"cannot read {path}: {error.strerror or error}") from error
    return real
