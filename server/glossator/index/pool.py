"""Worker processes: started when there is work, monitored, replaced when they die, ended when idle.

Each worker (`worker_process.py`) has a supervising thread in this process; one more thread watches the deadlines. If a
worker dies, its batch is retried file by file; a file that kills a worker again, or takes longer than
`Settings.file_timeout`, is skipped with a reason. A worker that has processed much is replaced: parsers and allocators
do not return all memory.

`parse_worker.py` defines the contents of batches and how they are processed.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError
from glossator.index.parse_worker import Batch, FileResult, Preparation
from glossator.index.worker_process import WorkerProcess
from glossator.power import on_battery, usable_cores
from glossator.workspace.screening import CRASHED, SLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.settings import Settings

    Delivery = Sequence[FileResult] | GlossatorError
    Deliver = Callable[[Delivery], None]

START_TIMEOUT = 60.0
"""Seconds that a worker may take to start: usually 0.3, but several with a cold disk and a virus scanner."""
IDLE_TIMEOUT = 60.0
"""Seconds without work after which a worker ends; the last one stays, so that an edit never waits for a start."""
GROWN_BYTES = 4 * 1024**2
"""The last worker is also replaced if it has read so much and is then idle for `IDLE_TIMEOUT`: it keeps memory that a
fresh one does not need."""
BATTERY_SECONDS = 30.0
"""Seconds for which it is remembered whether the machine runs on battery."""
END_TIMEOUT = 1.0
"""Seconds that a worker has to exit when the pool closes, before it is killed."""

WORKER = "from glossator.index.parse_worker import main; main()"
"""The program of a worker. Not `-m`, which would make its messages' classes those of `__main__`."""

_log = logging.getLogger(__name__)


def worker_count(settings: Settings, *, on_battery: bool = False) -> int:
    """How many workers these settings ask for: at least one; on battery half as many, unless their number is set."""
    if settings.workers > 0:
        return settings.workers
    return max(1, (usable_cores() - 1) // (2 if on_battery else 1))


@dataclass(eq=False, slots=True)
class Job:
    """A batch on its way through the pool."""

    batch: Batch
    deliver: Deliver
    interactive: bool = False
    later: bool = False
    """Whether it waits until there is nothing else to do."""
    alone: bool = False
    """Whether it is a single file, retried because a worker died on its batch."""
    whole: Job | None = None
    """The job that it was a part of before a worker died on that."""
    is_dropped: bool = False
    at: int | None = None
    """Index of the file being processed; None before the first and after the last."""
    delivered: set[int] = field(default_factory=set)

    @property
    def cancelled(self) -> bool:
        """Whether its results are not wanted any more."""
        return self.is_dropped or (self.whole is not None and self.whole.cancelled)

    @property
    def size(self) -> int:
        """Source bytes."""
        return sum(task.size if task.text is None else len(task.text) for task in self.batch.tasks)


class WorkerPool:
    """Distributes batches to workers and delivers results as they arrive.

    Up to `count` workers are started as work queues up. If a worker cannot be started, all queued batches get an error;
    the next `submit` tries again.

    Safe to use from several threads and for several roots. Results are delivered from the pool's threads, one call at
    a time per batch: `deliver` must be quick, such as a queue's `put`. Every file of a batch that is not cancelled is
    delivered exactly once. If no worker can be started or the pool is closed, an error is delivered, nothing after it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        command: Sequence[str] | None = None,
        idle_timeout: float = IDLE_TIMEOUT,
        battery: Callable[[], bool] = on_battery,
    ) -> None:
        self._settings = settings
        self._command = tuple(command or (sys.executable, "-P", "-c", WORKER))
        self._idle_timeout = idle_timeout
        self._changed = threading.Condition()
        self._queues: tuple[deque[Job], deque[Job], deque[Job]] = (deque(), deque(), deque())
        """Interactive jobs, most jobs, and those that wait."""
        self._threads: set[threading.Thread] = set()
        self._processes: set[WorkerProcess] = set()
        self._idle = 0
        self._lent = 0
        self._watchdog: threading.Thread | None = None
        self._closed = False
        self._battery = battery
        self._power: tuple[float, bool] | None = None
        self._expected = Preparation(())

    @property
    def count(self) -> int:
        """The maximum number of workers."""
        if self._settings.workers > 0:
            return self._settings.workers
        on_battery = self._on_battery()
        return usable_cores() if self._lent and not on_battery else worker_count(self._settings, on_battery=on_battery)

    def _on_battery(self) -> bool:
        now = time.monotonic()
        if self._power is None or now - self._power[0] > BATTERY_SECONDS:
            self._power = now, self._battery()
        return self._power[1]

    @contextmanager
    def all_cores(self) -> Iterator[None]:
        """Inside this context, use all cores, unless on battery, or the settings fix the number of workers.

        For a first index: a user waits for it and nothing can be answered before, and then workers have low priority.
        """
        with self._changed:
            self._lent += 1
        try:
            yield
        finally:
            with self._changed:
                self._lent -= 1
                self._changed.notify_all()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the running workers."""
        with self._changed:
            return tuple(process.pid for process in self._processes)

    @property
    def started(self) -> bool:
        """Whether there is a worker, or one is being started."""
        with self._changed:
            return bool(self._threads)

    def start(self, count: int = 1) -> None:
        """Start up to `count` workers ahead of the work, without waiting for them."""
        with self._changed:
            if not self._closed:
                for _ in range(min(count, self.count) - len(self._threads)):
                    self._add_supervisor()

    def expect(self, languages: Sequence[str]) -> None:
        """Have a worker prepare for changed files in these languages, whenever it is idle; see `Preparation`.

        So do those that take its place later. On battery, nothing is done that may not be needed.
        """
        with self._changed:
            known = self._expected.languages
            self._expected = Preparation((*known, *(one for one in languages if one not in known)))
            self._changed.notify_all()

    def submit(self, batch: Batch, deliver: Deliver, *, interactive: bool = False, later: bool = False) -> Job:
        """Queue a batch; interactive batches precede all others, and those for `later` follow them.

        Raises:
            GlossatorError: the pool is closed.
        """
        job = Job(batch, deliver, interactive, later)
        with self._changed:
            if self._closed:
                raise GlossatorError("the worker pool is closed")
            self._enqueue([job])
        return job

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Drop jobs: no more of their results are delivered."""
        with self._changed:
            for job in jobs:
                job.is_dropped = True
            for queue in self._queues:
                kept = [job for job in queue if not job.cancelled]
                queue.clear()
                queue.extend(kept)

    def close(self) -> None:
        """End all workers. Batches that are still queued or in progress get an error."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            waiting = [job for queue in self._queues for job in queue]
            for queue in self._queues:
                queue.clear()
            threads = tuple(self._threads)
            for process in self._processes:
                if process.deadline is not None:
                    process.kill()
            self._changed.notify_all()
        for job in waiting:
            _deliver(job, GlossatorError("the worker pool was closed"))
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(START_TIMEOUT)

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # The queue. Callers hold self._changed.

    def _enqueue(self, jobs: Sequence[Job], *, first: bool = False) -> None:
        for job in reversed(jobs) if first else jobs:
            queue = self._queue_of(job)
            if first:
                queue.appendleft(job)
            else:
                queue.append(job)
        waiting = sum(map(len, self._queues))
        for _ in range(min(waiting - self._idle, self.count - len(self._threads))):
            self._add_supervisor()
        self._changed.notify_all()

    def _queue_of(self, job: Job) -> deque[Job]:
        return self._queues[0 if job.interactive else 2 if job.later else 1]

    def _next(self) -> Job | None:
        for queue in self._queues:
            while queue:
                job = queue.popleft()
                if not job.cancelled:
                    return job
        return None

    def _add_supervisor(self) -> None:
        thread = threading.Thread(target=self._supervise, name="glossator-worker", daemon=True)
        self._threads.add(thread)
        if self._watchdog is None:
            self._watchdog = threading.Thread(target=self._watch, name="glossator-watchdog", daemon=True)
            self._watchdog.start()
        thread.start()

    # One thread per worker

    def _supervise(self) -> None:
        process: WorkerProcess | None = None
        try:
            process = self._spawn()
            while (job := self._take(process)) is not None:
                if process is None:
                    process = self._spawn(job)
                if not self._work(process, job):
                    process = None
                elif process.is_worn:
                    self._end(process)
                    process = None
                    process = self._spawn()  # at once: the next edit should not wait for it
        except GlossatorError as error:
            self._give_up(error)
        finally:
            if process is not None:
                self._end(process)

    def _take(self, process: WorkerProcess | None) -> Job | None:
        """The next job; None when this worker should end, whose process is given."""
        woken = True
        with self._changed:
            while True:
                if self._closed:
                    self._threads.discard(threading.current_thread())
                    return None
                job = self._next()
                if job is not None:
                    return job
                if process is not None and not self._on_battery():
                    process.prepare(self._expected)
                if woken and len(self._threads) <= self.count:
                    self._idle += 1
                    try:
                        woken = self._changed.wait(self._idle_timeout)
                    finally:
                        self._idle -= 1
                elif len(self._threads) > 1 or (process is not None and process.read_bytes >= GROWN_BYTES):
                    self._threads.discard(threading.current_thread())
                    if not self._threads:
                        self._add_supervisor()  # a fresh one, at once: the next edit should not wait for it
                    return None
                else:
                    woken = True

    def _spawn(self, job: Job | None = None) -> WorkerProcess:
        """Start a process and wait until it is ready.

        Raises:
            GlossatorError: it could not be started; `job`, which waits for it, is queued again.
        """
        try:
            process = WorkerProcess(self._command, self._settings)
        except OSError as error:
            self._put_back(job)
            raise GlossatorError(f"cannot start a parser process: {error}") from error
        with self._changed:
            self._processes.add(process)
            self._set_deadline(process, START_TIMEOUT)
        message = process.receive()
        self._set_deadline(process, None)
        if message is not None and message.kind == "ready":
            return process
        tail = self._end(process)
        self._put_back(job)
        if message is not None and message.error is not None:
            raise message.error
        with self._changed:
            if self._closed:
                raise GlossatorError("the worker pool was closed")
        reason = tail.splitlines()[-1] if tail else "it ended without a message"
        raise GlossatorError(f"the parser process does not start: {reason}")

    def _put_back(self, job: Job | None) -> None:
        if job is not None:
            with self._changed:
                self._queue_of(job).appendleft(job)
                self._changed.notify_all()  # another worker may be idle, and take it

    def _end(self, process: WorkerProcess) -> str:
        with self._changed:
            self._processes.discard(process)
        return process.close(END_TIMEOUT)

    def _work(self, process: WorkerProcess, job: Job) -> bool:
        """Have the process do the job and those that follow until it is idle; False if it died."""
        held = deque([job])
        try:
            return self._converse(process, held)
        except Exception as error:
            # A defect, or an embedder that fails: whoever waits for the jobs must hear of it.
            self._end(process)
            if not isinstance(error, GlossatorError):
                _log.exception("a worker's supervisor failed")
                error = GlossatorError(f"the worker pool failed: {error!r}")
            for waiting in held:
                _deliver(waiting, error)
            return False

    def _converse(self, process: WorkerProcess, held: deque[Job]) -> bool:
        self._set_deadline(process, self._settings.file_timeout + START_TIMEOUT)
        process.give(held[0].batch, held[0].size)
        while held:
            job = held[0]
            message = process.receive()
            if message is None:
                self._end(process)
                self._recover(held, stalled=process.stalled)
                return False
            if message.kind == "file":
                job.at = message.index
                self._set_deadline(process, self._settings.file_timeout)
            elif message.kind == "finishing":
                job.at = None
                self._set_deadline(process, self._settings.file_timeout)
                # The next batch is already in the pipe, so that the worker need not wait for this thread.
                with self._changed:
                    ahead = None if self._closed or process.is_worn else self._next()
                if ahead is not None:
                    held.append(ahead)
                    process.give(ahead.batch, ahead.size)
            elif message.kind == "results":
                job.delivered.update(range(message.index, message.index + len(message.results)))
                _deliver(job, message.results)
            elif message.error is not None:
                raise message.error
            else:
                held.popleft()
                self._set_deadline(process, self._settings.file_timeout if held else None)
        return True

    def _recover(self, held: deque[Job], *, stalled: bool) -> None:
        """Queue again what a dead worker left unfinished, and skip the file that killed it, if it is known."""
        job = held.popleft()
        # Nothing may be missing: a worker can end, or stall, after it has delivered everything.
        missing = [index for index in range(len(job.batch.tasks)) if index not in job.delivered]
        at = job.at if job.at in missing else None
        culprit: int | None = None
        reason = CRASHED
        if stalled and at is not None:
            culprit = at
        elif job.alone and missing:
            culprit = missing[0]
        if stalled:
            reason = f"{SLOW}{self._settings.file_timeout:g} s"
        again: list[Job] = []
        if culprit is not None:
            path = job.batch.tasks[culprit].path
            _log.warning("skipped %s: %s", path, reason)
            _deliver(job, (FileResult(path, "failed", reason=reason),))
            missing.remove(culprit)
            if missing:
                again.append(_part(job, missing, alone=job.alone))
        else:
            again.extend(_part(job, [index], alone=True) for index in missing)
        pending = [job for job in (*again, *held) if not job.cancelled]
        with self._changed:
            closed = self._closed
            if not closed:
                self._enqueue(pending, first=True)
        if closed:
            for job in pending:
                _deliver(job, GlossatorError("the worker pool was closed"))

    def _give_up(self, error: GlossatorError) -> None:
        """End this thread, whose worker cannot be started; the last thread delivers the error to all queued batches."""
        with self._changed:
            # A pool that is closed before its workers are up is no trouble.
            _log.log(logging.DEBUG if self._closed else logging.WARNING, "%s", error)
            self._threads.discard(threading.current_thread())
            if self._threads:
                return
            waiting = [job for queue in self._queues for job in queue]
            for queue in self._queues:
                queue.clear()
        for job in waiting:
            _deliver(job, error)

    # The watchdog

    def _set_deadline(self, process: WorkerProcess, seconds: float | None) -> None:
        """The process must send a message within this many seconds; None: no deadline."""
        process.allowed = seconds or 0.0
        process.deadline = None if seconds is None else time.monotonic() + seconds

    def _watch(self) -> None:
        """Kill the workers that miss their deadlines; sleeps while all are idle."""
        pause = max(0.05, min(1.0, self._settings.file_timeout / 2))
        with self._changed:
            expected = time.monotonic()
            while not self._closed:
                now = time.monotonic()
                for process in self._processes:
                    process.check(now, max(0.0, now - expected))
                idle = self._idle == len(self._threads) and not any(self._queues)
                expected = time.monotonic() + pause
                self._changed.wait(None if idle else pause)
                if idle:
                    expected = time.monotonic()


def _part(job: Job, indexes: Sequence[int], *, alone: bool) -> Job:
    """A job for some of a job's files."""
    tasks = tuple(job.batch.tasks[index] for index in indexes)
    return Job(replace(job.batch, tasks=tasks), job.deliver, job.interactive, job.later, alone=alone, whole=job)


def _deliver(job: Job, results: Delivery) -> None:
    if not job.cancelled:
        job.deliver(results)
