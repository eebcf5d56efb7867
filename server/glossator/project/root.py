"""One folder and its index: opening, writing and indexing it. Reading goes through snapshots."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections import Counter
from typing import TYPE_CHECKING

from glossator.errors import StoreCorruptError, StoreError, StoreLockedError, WorkspaceError
from glossator.project.adaptations import Adaptations
from glossator.project.idle_memory import trim_memory
from glossator.project.notification import Notification
from glossator.project.open_buffers import OpenBuffers
from glossator.project.open_index import OpenIndex
from glossator.project.retriever_choice import chosen_retriever, embedder_ids
from glossator.project.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from glossator.index.indexer import Indexer, IndexReport, Progress
    from glossator.index.records import FileUpdate, Filter
    from glossator.index.store import Store
    from glossator.project.nested_roots import NestedRoot
    from glossator.project.retriever_choice import Retriever
    from glossator.project.shared import Shared
    from glossator.retrieval.search import Hit
    from glossator.settings import Settings
    from glossator.workspace.files import Found, Skipped

EXPECTED_SHARE = 0.01
"""Workers prepare for the languages of more than this share of the files: seldom ones would take memory for nothing."""

_log = logging.getLogger(__name__)


class Root:
    """One folder and its index.

    The index is opened for writing at the first update and stays open: this process is then its only writer. While
    another process is the writer, the index is opened for reading.

    The open index is published as one reference, which `snapshot` reads: readers never wait while an index is opened,
    repaired or written.
    """

    def __init__(self, path: Path, shared: Shared, retriever: Retriever | None = None) -> None:
        """Choose the folder; the index is not opened yet.

        Args:
            path: the folder.
            shared: what the session's roots share.
            retriever: what to search it with, whatever is in use for it (`retriever_choice.py`).

        Raises:
            WorkspaceError: it does not exist, or is not a folder.
        """
        self.path = real_folder(path)
        self._shared = shared
        self.adaptations = Adaptations(shared.settings, self.path)
        self._fixed = retriever
        self._choosing = threading.Lock()
        """Guards the next attribute."""
        self._chosen: tuple[object, Retriever] | None = None
        self._reported_stamp = self.adaptations.stamp()
        self._opening = threading.RLock()
        """Held while the index is opened, which may take long: a writer first repairs the index after a crash."""
        self._publishing = threading.Lock()
        """Guards the next two attributes; held only to read or set them."""
        self._open: OpenIndex | None = None
        self._latest: Snapshot | None = None
        self._indexer: tuple[OpenIndex, Indexer] | None = None
        self._reported_missing: OpenIndex | None = None
        self._may_write = False
        """Whether the index is only open for reading since there was nothing to write."""
        self.buffers = OpenBuffers(self._submit, max_buffer_bytes=4 * self.settings.max_file_bytes)
        self._nested: tuple[NestedRoot, ...] = ()
        self._merged: tuple[tuple[object, ...], Mapping[str, FileUpdate], Mapping[str, str]] = ((), {}, {})
        self.nested_changed = Notification()
        """Sent when roots inside this one were opened or closed, which changes the files that belong to this one."""
        self.index_deleted = Notification()
        """Sent when the index was deleted while it was open, so that it has to be built again."""
        self.retriever_changed = Notification()
        """Sent when another retriever was put to use while the index was open: the next update opens its index."""

    @property
    def retriever(self) -> Retriever:
        """What the root is searched with as soon as its index is next opened."""
        if self._fixed is not None:
            return self._fixed
        with self._choosing:
            stamp = self.adaptations.stamp()
            if self._chosen is None or self._chosen[0] != stamp:
                self._chosen = stamp, chosen_retriever(self.adaptations, self._shared.embedder)
            return self._chosen[1]

    @property
    def folder(self) -> Path:
        """The index's folder."""
        from glossator.index.store import Store

        return Store.folder_for(self._shared.settings.index_dir, self.path, self.retriever.embedder.id)

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
        """The current state of the root; None if there is no index. Never waits while an index is opened or written."""
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
        self._notice_retriever()
        return latest

    def _notice_retriever(self) -> None:
        """Report once that other adaptations are in use now."""
        stamp = self.adaptations.stamp()
        if stamp != self._reported_stamp and self._fixed is None:
            self._reported_stamp = stamp
            self.retriever_changed.send()

    def set_nested(self, nested: Sequence[NestedRoot]) -> None:
        """Set the roots that are inside this one."""
        if tuple(nested) != self._nested:
            self._nested = tuple(nested)
            for other in nested:
                self.buffers.drop_below(other.path)
            self.nested_changed.send()

    def _buffers_with(self, nested: tuple[NestedRoot, ...]) -> tuple[Mapping[str, FileUpdate], Mapping[str, str]]:
        """Parsed contents and texts of the buffers of this root and nested ones; the same objects until a change."""
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
        """Report once that this index was deleted."""
        if self._reported_missing is not index:
            self._reported_missing = index
            _log.warning("the index of %s was deleted, and will be built again", self.path)
            self.index_deleted.send()

    def open(self) -> Snapshot | None:
        """Open the index for reading, unless it is open; None if there is none. May take some time.

        Raises:
            StoreError: it cannot be opened.
        """
        if (snapshot := self.snapshot()) is not None and self._is_current(self._open):
            return snapshot  # without waiting for a writer that is being opened
        with self._opening:
            snapshot = self.snapshot()
            if (snapshot is None or not self._is_current(self._open)) and (self.folder / "manifest.sqlite").exists():
                self._publish(self._opened(write=False))
                snapshot = self.snapshot()
            return snapshot

    def _is_current(self, index: OpenIndex | None) -> bool:
        """Whether an index is that of the retriever that is in use now; of new weights alone it is told here."""
        retriever = self.retriever
        if index is None or index.retriever.embedder.id != retriever.embedder.id:
            return False
        if index.retriever is not retriever:
            index.use(retriever)
        return True

    def search(self, query: str, limit: int, where: Filter | None = None) -> list[Hit]:
        """The best matches in this root, unsaved buffers included; empty if there is no index.

        Raises:
            UsageError: the query has nothing to search for.
        """
        snapshot = self.open()
        if snapshot is None:
            return []
        try:
            return snapshot.search(query, limit, where)
        except StoreCorruptError as error:
            # Damage found while reading: the store has marked it, and the next indexing run repairs it.
            if not self.is_writer and not self._may_write:
                raise
            _log.warning("%s; repairing it now", error)
            self.index()
            snapshot = self.snapshot()
            return snapshot.search(query, limit, where) if snapshot is not None else []

    # Writing

    def writer(self) -> Store:
        """The store, open for writing. A damaged index is moved aside and replaced by a new one.

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
                if index.exists and self._is_current(index):
                    return index
                if index.exists:  # it can be read until that of another retriever is open
                    index = self._opened(write=True)
                    self._publish(index)
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

        retriever = self.retriever
        embedder = retriever.embedder
        folder = Store.folder_for(self._shared.settings.index_dir, self.path, embedder.id)
        store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=write)
        return OpenIndex(store, retriever, folder / "manifest.sqlite", writable=write)

    def _publish(self, index: OpenIndex | None) -> None:
        """Have new snapshots read this index; the previous one is closed when its last reader is done."""
        with self._publishing:
            before, self._open = self._open, index
            self._latest = None
        if before is not None:
            before.retire()
            if index is not None and before.retriever.embedder.id != index.retriever.embedder.id:
                self.buffers.parse_all()

    def indexer(self) -> Indexer:
        """The object that updates the index.

        Raises:
            StoreLockedError, StoreError: see `writer`.
        """
        from glossator.index.indexer import Indexer

        with self._opening:
            index = self._writable()
            if self._indexer is None or self._indexer[0] is not index:
                self._indexer = (
                    index,
                    Indexer(self.path, self.settings, index.store, self._shared.pool, index.retriever.folder),
                )
            return self._indexer[1]

    def is_updated_by(self, indexer: Indexer | None) -> bool:
        """Whether it is what updates the index now."""
        current = self._indexer
        return current is not None and current[1] is indexer

    def _submit(self, path: str, text: str, language_id: str) -> Future[FileUpdate]:
        """Have a buffer parsed; this does not need the index, so it never waits for it."""
        from glossator.index.indexer import submit_buffer

        folder = self.retriever.folder
        return submit_buffer(self._shared.pool, self.path, self.settings, path, text, language_id, folder)

    def parsed(self, path: str, text: str) -> FileUpdate:
        """What a text would be indexed as, if a file had it; nothing is stored. Waits for a worker process.

        Raises:
            GlossatorError: the workers are closed, or the embedder cannot be used.
        """
        return self._submit(path, text, "").result()

    def outdated(self) -> Iterable[Found | Skipped] | None:
        """None if the index has what is on disk, and nothing is to be repaired or finished in it; else what a scan
        finds, for `index`.

        This takes no lock and starts no process: an index that is current is opened for reading only, and becomes that
        of a writer when it is needed.

        Raises:
            WorkspaceError: the folder is gone or cannot be read.
        """
        from glossator.index.comparison import also_kept, is_unchanged
        from glossator.workspace.files import Rules

        scan = Rules(self.path, self.settings).scan()
        if self.settings.team:  # what there is may have to make room for the team's
            return scan
        taken: list[Found | Skipped] = []
        try:
            snapshot = self.open()
            store = snapshot.store if snapshot is not None else None
            if store is not None and store.is_in_order() and is_unchanged(also_kept(scan, taken), store.stats()):
                self._may_write = True
                return None
        except StoreError as error:
            _log.info("the index is not read before it is updated: %s", error)
        return itertools.chain(taken, scan)

    def index(
        self,
        progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        all_cores: bool = False,
        maintain: bool = True,
        facts_later: bool = False,
        scanned: Iterable[Found | Skipped] | None = None,
        differing: Iterable[Found | Skipped] | None = None,
    ) -> IndexReport:
        """Bring the index up to date with the disk; for the last five arguments, see `Indexer.run`.

        Raises:
            StoreLockedError: another process is updating it; its commits can be read.
            CancelledByUser: cancelled; what was done until then is kept.
            WorkspaceError: the folder is gone or cannot be read.
            StoreError: the index cannot be read or written.
            EmbeddingError: the embedder cannot be used.
        """
        from glossator.index.folders import remove_superseded
        from glossator.index.manifest import SCHEMA_VERSION

        real_folder(self.path)
        try:
            self._mount(progress, cancelled)
            indexer = self.indexer()
        except StoreLockedError:
            # The other process may not have written anything yet.
            with contextlib.suppress(StoreError):
                self.open()
            raise
        report = indexer.run(
            progress,
            cancelled,
            all_cores=all_cores,
            maintain=maintain,
            facts_later=facts_later,
            scanned=scanned,
            differing=differing,
        )
        if self.settings.team:
            from glossator.team.mounting import note_finished

            note_finished(self.folder)
        keep = {self._shared.embedder.id, *embedder_ids(self.adaptations.listed(), self._shared.embedder)}
        remove_superseded(self.folder, SCHEMA_VERSION, keep)
        return report

    def expect_changes(self) -> None:
        """Have the workers prepare for changes of files in the languages that most files are in.

        Call it after a search, which reads what files there are.
        """
        snapshot = self.snapshot()
        files = snapshot.searcher.corpus.files.values() if snapshot is not None else ()
        counts = Counter(file.language for file in files)
        least = EXPECTED_SHARE * counts.total()
        self._shared.pool.expect([name for name, count in counts.most_common() if count > least])

    def release_memory(self, seconds: float) -> None:
        """Give back what the index keeps in memory, if nobody has asked anything for so long."""
        index = self._open
        if index is not None and index.release_memory(seconds):
            trim_memory()

    def is_damaged(self) -> bool:
        """Whether damage was found in the index that its writer has not repaired yet; looking for it costs little."""
        index = self._open
        return index is not None and index.store.is_damaged()

    def _mount(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> None:
        """If there is no index yet, start from the team's, if the user has set one.

        The team's has the shipped embedder's vectors: the index of an adapted retriever is made here.

        Raises:
            StoreLockedError: another process does so.
            CancelledByUser: cancelled.
        """
        embedder = self._shared.embedder
        if not self.settings.team or self.retriever.embedder.id != embedder.id:
            return
        from glossator.index.indexer import Progress
        from glossator.team.mounting import may_be_mounted, mount_base

        if self._open is not None:
            if self.is_writer or not may_be_mounted(self.folder):
                return
            with self._opening:  # an index that was begun is read, and will be replaced
                self._publish(None)

        def show(done: int, total: int) -> None:
            progress(Progress("downloading", bytes_done=done, bytes_total=total))

        mount_base(self.path, self.folder, self.settings, (embedder.id, embedder.dimensions), show, cancelled)

    def close(self) -> None:
        """Close the index; existing snapshots can still be read."""
        self.buffers.close()
        with self._opening:
            self._indexer = None
            self._publish(None)

    def text(self, path: str) -> str | None:
        """The text of a file's buffer, or else of the file; None if there is neither. Works without an index."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self._buffers_with(self._nested)[1])(path)

    def unmasked_text(self, path: str) -> str | None:
        """The same with the secrets in it, which takes less time to read: only lines and columns of it may be told."""
        from glossator.workspace.reading import disk_reader

        return disk_reader(self.path, self.settings, self._buffers_with(self._nested)[1], masked=False)(path)

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
