"""Incremental indexing: finds changed files, has workers parse and embed them, and commits the results.

Files on disk are compared with the store by stat, then by content; only entries with new text are embedded. Files are
committed in batches, so an interrupted run continues where it stopped. This module never opens a source file and does
not know queries; it runs in any thread and handles no signals.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import CancelledByUser, GlossatorError
from glossator.index.batches import in_batches, next_delivery
from glossator.index.comparison import UNSETTLED, also_kept, is_unchanged
from glossator.index.language_detection import language_named, language_of
from glossator.index.languages import TEXT
from glossator.index.late_facts import collect_late_facts
from glossator.index.parse_worker import (
    Batch,
    FileResult,
    FileTask,
    settled,
    skipped_update,
)
from glossator.workspace.files import LINK, Found, Rules, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from glossator.index.entries import Aim
    from glossator.index.entries import Skipped as SkippedFile
    from glossator.index.pool import Delivery, Job, WorkerPool
    from glossator.index.records import FileRecord, FileUpdate
    from glossator.index.store import Store
    from glossator.settings import Settings

BATCH_BYTES = 192 * 1024
"""Source bytes in one batch: about 0.1 s of a worker's time, for which an edit may have to wait during a run."""
BATCH_FILES = 64
"""Files in one batch: this many small ones take about as long."""
FEW_FILES = 16
"""An update of at most this many files is processed before all other work, each file by any free worker."""
AHEAD_BYTES = 6 * 1024 * 1024
"""Source bytes submitted to workers whose results are not collected yet: enough to keep workers busy during a commit,
and a bound on memory (results are about twice the source)."""
LATER_BYTES = 4 * 1024 * 1024
"""Source bytes from which on a first index is worth making without facts at first, about 100,000 lines: to read files
twice takes more work in all, which does not pay for what is a matter of seconds."""
COMMIT_ENTRIES = 4000
COMMIT_SECONDS = 1.5
"""A run commits when it has so many entries or so much time has passed: each commit costs ~50 ms whatever its size,
and what is not committed is done again after a crash."""
PROGRESS_SECONDS = 0.1
"""Time between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a run; `stage` is "downloading" (a team's index), "scanning", "indexing", "finishing", or
    "collecting" (the facts that tell the uses of names).

    Bytes are counted while a team's index is downloaded, files afterwards; a total of 0 is not known yet.
    """

    stage: str
    files_done: int = 0
    files_total: int = 0
    lines: int = 0
    lines_per_second: float = 0.0
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The contents of the index after a run, and what the run did.

    `files`, `symbols`, `lines` and `skipped` are counted from the store. This run computed the vectors of `embedded`
    symbols and reused those of `reused` ones.
    """

    files: int
    symbols: int
    embedded: int
    reused: int
    skipped: tuple[SkippedFile, ...]
    seconds: float
    lines: int


@dataclass(slots=True)
class _Changes:
    """The changes that a run or an update has found."""

    tasks: list[FileTask] = field(default_factory=list)
    updates: list[FileUpdate] = field(default_factory=list)
    """Updates that need no reading: files that are skipped by a rule."""
    deleted: list[str] = field(default_factory=list)


def _ignore_progress(_: Progress) -> None:
    """The default when no progress is reported."""


def _never() -> bool:
    return False


class Indexer:
    """Keeps the index of one root up to date.

    `run` and `update` may be called from different threads: commits are made one at a time, and a run does not
    overwrite what `update` has read later.
    """

    def __init__(
        self, root: Path, settings: Settings, store: Store, pool: WorkerPool, embedder: Path | None = None
    ) -> None:
        """`embedder` is the folder of the static embedder that is adapted to the root; None for the bundled one."""
        self._root = root
        self._embedder = str(embedder or "")
        self._settings = settings
        self._store = store
        self._pool = pool
        self._running = threading.Lock()
        self._collecting = threading.Lock()
        self._committing = threading.Lock()
        self._overtaken: set[str] = set()
        """Paths that `update` has processed since the current run began."""
        self._is_repaired = False
        """Whether table and manifest were found, or made, to agree, and no commit has failed since."""

    def run(
        self,
        progress: Callable[[Progress], None] = _ignore_progress,
        cancelled: Callable[[], bool] = _never,
        *,
        all_cores: bool = False,
        maintain: bool = True,
        facts_later: bool = False,
        scanned: Iterable[Found | Skipped] | None = None,
        differing: Iterable[Found | Skipped] | None = None,
    ) -> IndexReport:
        """Bring the whole index up to date.

        `progress` and `cancelled` are called in the calling thread, several times a second. With `all_cores`, which is
        for a command, a first index uses every core, and a later run starts a worker only if a file has changed;
        otherwise it starts one in any case, for the changes to come. Without `maintain`, compacting and repairing the
        store is left to the caller; a first index is always finished here. With `facts_later`, collecting the facts
        that files are without is left to the caller, and those of a large first index are left out. `scanned` is what
        a scan has just found, if there was one and no `update` since; `differing` is one that has begun, of which it is
        known that it differs from the index.

        Raises:
            WorkspaceError: the root does not exist, is not a folder or cannot be read.
            CancelledByUser: `cancelled` returned true; what was done until then is committed.
            StoreError: the store cannot be read or written.
            EmbeddingError: the embedder cannot be used.
        """
        with self._running:
            started = time.perf_counter()
            progress(Progress("scanning"))
            if differing is not None:
                found = iter(differing)
            else:
                found = iter(Rules(self._root, self._settings).scan() if scanned is None else scanned)
            with self._committing:
                self._overtaken.clear()
                stats = self._store.stats() if differing is None else None
                manifest = {} if stats else self._store.files()
                self._is_repaired = True
            first = not manifest and not stats
            with self._pool.all_cores() if all_cores and first else nullcontext():
                if first or not all_cores:
                    self._pool.start(self._pool.count if first else 1)
                changes = _Changes()
                taken: list[Found | Skipped] = []
                if not stats or not is_unchanged(also_kept(_until(found, cancelled), taken), stats):
                    if stats:
                        with self._committing:
                            manifest = self._store.files()
                    both = _until(chain(taken, found), cancelled)
                    changes = _compare(both, manifest, self._store.earlier_hashes, self._pool.start)
                large = first and sum(task.size for task in changes.tasks) >= LATER_BYTES
                aim: Aim = "entries" if facts_later and large else "all"
                work = _Work(changes, manifest, self._commit_of_run, self._store.earlier, progress, cancelled)
                work.do(self._pool, self._batches(changes.tasks, BATCH_FILES, aim))
            if work.changed and (maintain or first):
                progress(work.progress("finishing"))
            if maintain or (work.changed and first):
                self._store.maintain()  # without changes too: readers may have found damage
            if not facts_later:
                self.collect_facts(progress, cancelled)
            status = self._store.status()
            return IndexReport(
                files=status.files,
                symbols=status.symbols,
                embedded=work.embedded,
                reused=max(0, status.symbols - work.embedded),
                skipped=status.skipped,
                seconds=time.perf_counter() - started,
                lines=status.lines,
            )

    def update(
        self,
        paths: Iterable[Path],
        progress: Callable[[Progress], None] = _ignore_progress,
        cancelled: Callable[[], bool] = _never,
    ) -> frozenset[str]:
        """Index these files and folders again, which may be new, changed or deleted.

        Returns the paths, relative to the root, of the files whose entries changed. If ignore files have changed, call
        `run` instead.

        Raises:
            WorkspaceError, CancelledByUser, StoreError, EmbeddingError: see `run`.
        """
        rules = Rules(self._root, self._settings)
        with self._committing:
            self._put_in_order()
            wanted = {path for path in (self._relative(path, rules.root) for path in paths) if path is not None}
            known = self._store.files_at(wanted)
            for folder in wanted - known.keys():
                known |= self._store.files_inside(folder)
            found: dict[str, Found | Skipped] = {}
            for path in sorted(wanted):
                if path and (item := rules.look(path)) is not None:  # a link to a folder is one, too
                    found[item.path] = item
                elif (rules.root / path).is_dir():
                    found.update((item.path, item) for item in rules.scan(path))
            if not wanted <= known.keys() & found.keys():
                # What came or went may be what a link leads to.
                for path in [path for path, reason in self._store.skipped() if LINK in reason]:
                    if path not in found and (item := rules.look(path)) is not None:
                        found[path] = item
            known |= self._store.files_at(found.keys() - known.keys())
            self._overtaken |= known.keys() | found.keys()
        changes = _compare(found.values(), known, self._store.earlier_hashes, certain=wanted)
        few = len(changes.tasks) <= FEW_FILES
        work = _Work(changes, known, self._commit, self._store.earlier, progress, cancelled)
        work.do(self._pool, self._batches(changes.tasks, 1 if few else BATCH_FILES), interactive=few)
        return frozenset(work.changed)

    def collect_facts(
        self, progress: Callable[[Progress], None] = _ignore_progress, cancelled: Callable[[], bool] = _never
    ) -> None:
        """Collect the facts that were left out (see `late_facts`). Updates can run meanwhile; a second call returns.

        Raises:
            CancelledByUser, StoreError, EmbeddingError: see `run`.
        """

        def show(done: int, total: int) -> None:
            progress(Progress("collecting", done, total))

        if self._collecting.acquire(blocking=False):
            try:
                collect_late_facts(self._root, self._settings, self._store, self._pool, show, cancelled)
            finally:
                self._collecting.release()

    def maintain(self) -> None:
        """Compact the store if that is due. Call it now and then; updates can run meanwhile."""
        self._store.maintain()

    def _relative(self, path: Path, root: Path) -> str | None:
        """`path` relative to the root, "" for the root itself; None if it is not in it."""
        for base in (self._root, root):
            try:
                relative = path.relative_to(base) if path.is_absolute() else path
            except ValueError:
                continue
            return "" if relative == Path() else relative.as_posix()
        return None

    def _put_in_order(self) -> None:
        """Make table and manifest agree if they may not; callers hold `_committing`."""
        if not self._is_repaired:
            self._store.repair()
            self._is_repaired = True

    def _commit_of_run(self, changes: _Commit) -> frozenset[str]:
        """Commit what a run found, except for paths that an update has processed since."""
        with self._committing:
            late = self._overtaken
            return self._write(
                _Commit(
                    [update for update in changes.updates if update.record.path not in late],
                    [path for path in changes.deleted if path not in late],
                    [record for record in changes.touched if record.path not in late],
                    changes.among,
                )
            )

    def _commit(self, changes: _Commit) -> frozenset[str]:
        with self._committing:
            return self._write(changes)

    def _write(self, changes: _Commit) -> frozenset[str]:
        """Commit; returns the paths whose entries changed. Callers hold `_committing`."""
        self._put_in_order()
        self._is_repaired = False  # unless the commit succeeds
        if changes.updates or changes.deleted:
            # A file that is on disk, but not in the index any more, must not be: nothing of it is kept.
            excluded = [path for path in changes.deleted if os.path.lexists(self._root / path)]
            self._store.commit(changes.updates, changes.deleted, excluded=excluded, among=changes.among)
        if changes.touched:
            self._store.touch(changes.touched)
        self._is_repaired = True
        return frozenset(changes.deleted).union(update.record.path for update in changes.updates)

    def _batches(self, tasks: Iterable[FileTask], most: int, aim: Aim = "all") -> Iterator[Batch]:
        """The tasks in batches of at most `most` files."""
        root, max_file_bytes = os.path.realpath(self._root), self._settings.max_file_bytes
        for batch in in_batches(tasks, most, BATCH_BYTES):
            yield Batch(root, max_file_bytes, batch, self._embedder, aim)


def submit_buffer(
    pool: WorkerPool,
    root: Path,
    settings: Settings,
    path: str,
    text: str,
    language_id: str = "",
    embedder: Path | None = None,
) -> Future[FileUpdate]:
    """Have a buffer's text parsed and embedded, before all work on files. Cancelling removes it if it is still queued.

    For a text that cannot be indexed, the update has no entries and gives the reason (`record.skipped`). The future may
    raise an EmbeddingError or another GlossatorError.

    Args:
        pool: the workers.
        root: the folder that `path` is relative to.
        settings: how large a text may be.
        path: the buffer's file, with "/"; it need not exist.
        text: the buffer's text.
        language_id: the editor's name of the language, used if the path does not determine it.
        embedder: see `Indexer`.

    Raises:
        GlossatorError: the pool is closed.
    """
    future: Future[FileUpdate] = Future()

    def deliver(results: Delivery) -> None:
        if not future.set_running_or_notify_cancel():
            return
        if isinstance(results, GlossatorError):
            future.set_exception(results)
        else:
            future.set_result(_completed(results[0], 0)[0])  # a buffer has no time of its own

    language = language_named(language_id) if language_of(path) == TEXT.name else None
    task = FileTask(path, text=text, language=language)
    batch = Batch(os.path.realpath(root), settings.max_file_bytes, (task,), str(embedder or ""))
    job = pool.submit(batch, deliver, interactive=True)

    def forget(done: Future[FileUpdate]) -> None:
        if done.cancelled():
            pool.cancel([job])

    future.add_done_callback(forget)
    return future


def _with_stat(record: FileRecord, result: FileResult) -> FileRecord:
    return replace(record, size=result.size, mtime_ns=result.mtime_ns, ctime_ns=result.ctime_ns)


def _completed(result: FileResult, asked_ns: int) -> tuple[FileUpdate, int]:
    """The update from a result, and how many symbols were embedded for it.

    `asked_ns` is a time before the file was read, in nanoseconds since 1970.
    """
    if result.update is None:
        times = settled(result.mtime_ns, asked_ns), result.ctime_ns
        return skipped_update(result.path, result.size, times, result.reason), 0
    return result.update, result.embedded


@dataclass(frozen=True, slots=True)
class _Commit:
    """The contents of one commit."""

    updates: list[FileUpdate]
    deleted: list[str]
    touched: list[FileRecord]
    among: int
    """How many files have changed or are gone in all, most of which other commits may have."""


class _Work:
    """One run or update in progress: submits tasks, collects results, commits them."""

    def __init__(
        self,
        changes: _Changes,
        manifest: Mapping[str, FileRecord],
        commit: Callable[[_Commit], frozenset[str]],
        earlier: Callable[[Sequence[tuple[str, bytes]]], Mapping[str, FileUpdate]],
        progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._manifest = manifest
        self._commit_now = commit
        self._earlier = earlier
        self._progress = progress
        self._cancelled = cancelled
        self._tasks = {task.path: task for task in changes.tasks}
        self._updates, self._deleted = changes.updates, changes.deleted
        self._touched: list[FileRecord] = []
        self._entries = 0
        self._began_ns = time.time_ns()
        self._started = self._reported = self._committed = time.perf_counter()
        self._files_done = 0
        self._files_total = len(changes.tasks)
        looked_at = (manifest.get(task.path) for task in changes.tasks)
        changed = sum(known is not None and known.mtime_ns != UNSETTLED for known in looked_at)
        self._among = changed + len(changes.deleted)
        self._lines = 0
        self.embedded = 0
        self.changed: set[str] = set()

    def do(self, pool: WorkerPool, batches: Iterator[Batch], *, interactive: bool = False) -> None:
        """Process all batches; raises CancelledByUser when cancelled."""
        results: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        jobs: list[Job] = []
        batch: Batch
        ahead = 0
        most = max(AHEAD_BYTES, 4 * pool.count * BATCH_BYTES) if self._tasks else 0
        try:
            while self._tasks:
                while ahead < most and (fresh := next(batches, None)) is not None:
                    batch = fresh
                    ahead += sum(task.size for task in batch.tasks)
                    jobs.append(pool.submit(batch, results.put, interactive=interactive))
                delivery = next_delivery(results)
                for result in delivery:
                    if result.outcome != "earlier":
                        ahead -= self._take(result)
                if known := [result for result in delivery if result.outcome == "earlier"]:
                    done, unknown = self._take_earlier(known)
                    ahead -= done
                    if unknown:
                        jobs.append(pool.submit(replace(batch, tasks=unknown), results.put, interactive=interactive))
                if self._cancelled():
                    self._commit()
                    raise CancelledByUser("interrupted; progress is saved")
                self._report()
                if self._entries >= COMMIT_ENTRIES or time.perf_counter() - self._committed > COMMIT_SECONDS:
                    self._commit()
            self._commit()
        finally:
            pool.cancel(jobs if self._tasks else [])

    def _take(self, result: FileResult) -> int:
        """Add a file's result to the next commit; returns its size."""
        task = self._tasks.pop(result.path)
        known = self._manifest.get(result.path)
        self._files_done += 1
        if result.outcome == "vanished":
            if known is not None:
                self._deleted.append(result.path)
            return task.size
        if result.outcome == "unchanged" and known is not None:
            now = _with_stat(known, result)
            if now != known:
                self._touched.append(now)
            self._lines += known.lines
            return task.size
        if result.outcome == "failed":
            result = replace(result, size=task.size, mtime_ns=task.mtime_ns, ctime_ns=task.ctime_ns)
        update, embedded = _completed(result, self._began_ns)
        if known is not None and known.skipped and known.skipped == update.record.skipped:
            self._touched.append(update.record)
            return task.size
        self._updates.append(update)
        self._entries += len(update.entries)
        self.embedded += embedded
        self._lines += update.record.lines
        return task.size

    def _take_earlier(self, results: Sequence[FileResult]) -> tuple[int, tuple[FileTask, ...]]:
        """Add files whose contents are known from before to the next commit, as `_take` does.

        Returns their size, and those that have to be parsed because their contents are not known any more.
        """
        found = self._earlier([(result.path, result.content_hash) for result in results])
        done, unknown = 0, []
        for result in results:
            update = found.get(result.path)
            if update is None:
                unknown.append(replace(self._tasks[result.path], earlier_hashes=()))
                continue
            record = _with_stat(update.record, result)
            done += self._take(replace(result, outcome="indexed", update=replace(update, record=record)))
        return done, tuple(unknown)

    def _commit(self) -> None:
        if self._updates or self._deleted or self._touched:
            self.changed |= self._commit_now(_Commit(self._updates, self._deleted, self._touched, self._among))
            self._updates, self._deleted, self._touched, self._entries = [], [], [], 0
        self._committed = time.perf_counter()

    def _report(self) -> None:
        now = time.perf_counter()
        if now - self._reported >= PROGRESS_SECONDS:
            self._reported = now
            self._progress(self.progress("indexing"))

    def progress(self, stage: str) -> Progress:
        """The progress so far."""
        elapsed = time.perf_counter() - self._started
        return Progress(stage, self._files_done, self._files_total, self._lines, self._lines / elapsed)


def _until(items: Iterator[Found | Skipped], cancelled: Callable[[], bool]) -> Iterator[Found | Skipped]:
    """The items; raises CancelledByUser when cancelled."""
    for index, item in enumerate(items):
        if index % 256 == 0 and cancelled():
            raise CancelledByUser("interrupted; progress is saved")
        yield item


def _compare(
    found: Iterable[Found | Skipped],
    manifest: Mapping[str, FileRecord],
    earlier: Callable[[str], tuple[bytes, ...]],
    begin: Callable[[], None] = lambda: None,
    *,
    certain: Container[str] = (),
) -> _Changes:
    """The differences between the files found and those in the manifest; `begin` is called at the first file to read.

    `earlier` gives the content hashes that are known of a path from before.

    A worker process needs a tenth of a second to start, which goes on while the rest is looked at. `certain` are files
    that something has happened to: they are read even if size and times are as before.
    """
    changes = _Changes()
    seen: set[str] = set()
    for item in found:
        seen.add(item.path)
        known = manifest.get(item.path)
        if isinstance(item, Skipped):
            if known is None or known.skipped != item.reason or known.mtime_ns != UNSETTLED:
                # Skipped by a rule, not for its content: read as soon as no rule skips it.
                changes.updates.append(skipped_update(item.path, 0, (UNSETTLED, 0), item.reason))
        elif known is None or (known.size, known.mtime_ns, known.ctime_ns) != item[1:] or item.path in certain:
            if not changes.tasks:
                begin()
            content_hash = b"" if known is None else known.content_hash
            changes.tasks.append(FileTask(item.path, content_hash, *item[1:], earlier_hashes=earlier(item.path)))
    changes.deleted.extend(path for path in manifest if path not in seen)
    return changes
