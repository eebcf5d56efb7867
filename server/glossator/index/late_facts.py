"""Collects the facts of files that were indexed without them.

A large project's first index is made of definitions alone, so that it can be searched sooner; what tells the uses of
names follows here, when workers have nothing else to do. Each file is read once more. What is collected is committed
now and then, so that an interrupted collection goes on where it stopped; a file that has changed in the meantime is
left to the update that reads it anyway.
"""

from __future__ import annotations

import os
import queue
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glossator.errors import CancelledByUser
from glossator.index.batches import in_batches, next_delivery
from glossator.index.parse_worker import Batch, FileTask
from glossator.index.word_facts import word_facts
from glossator.workspace.file_texts import Text, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.index.pool import Delivery, Job, WorkerPool
    from glossator.index.store import Store
    from glossator.settings import Settings

LATE_BATCH_BYTES: Final = 96 * 1024
"""Source bytes in one batch: about 0.05 s of a worker's time, for which other work may have to wait."""
LATE_BATCH_FILES: Final = 32
LATE_COMMIT_SECONDS: Final = 2.0
"""Time between two commits: each makes those who ask about uses look at the index again."""


def collect_late_facts(
    root: Path,
    settings: Settings,
    store: Store,
    pool: WorkerPool,
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Collect the facts that a store's files are without.

    Args:
        progress: called with the numbers of files that are done and of all, several times a second.

    Raises:
        CancelledByUser: `cancelled` returned true; what was collected until then is committed.
        StoreError: the store cannot be read or written.
        EmbeddingError: the workers cannot be started.
    """
    files = {
        path: (revision, FileTask(path, digest, max(size, 0))) for revision, path, digest, size in store.to_collect()
    }
    if not files:
        return
    total = len(files)
    real = os.path.realpath(root)
    batches = in_batches([task for _, task in files.values()], LATE_BATCH_FILES, LATE_BATCH_BYTES)
    results: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
    jobs: list[Job] = []
    found: list[tuple[int, bytes, bytes]] = []
    ahead = 0
    committed = time.perf_counter()
    try:
        while files:
            while ahead < 3 * pool.count * LATE_BATCH_FILES and (tasks := next(batches, None)) is not None:
                ahead += len(tasks)
                batch = Batch(real, settings.max_file_bytes, tasks, aim="facts")
                jobs.append(pool.submit(batch, results.put, later=True))
            for result in next_delivery(results):
                revision, task = files.pop(result.path)
                ahead -= 1
                if result.outcome == "facts":
                    found.append((revision, result.facts, result.noted))
                elif result.outcome == "failed":
                    found.append((revision, *_facts_of_failed(Path(real), task, settings)))
            stopped = cancelled()
            if found and (stopped or not files or time.perf_counter() - committed > LATE_COMMIT_SECONDS):
                store.collect(found)
                found, committed = [], time.perf_counter()
            if stopped:
                raise CancelledByUser("interrupted; progress is saved")
            progress(total - len(files), total)
    finally:
        pool.cancel(jobs if files else [])


def _facts_of_failed(root: Path, task: FileTask, settings: Settings) -> tuple[bytes, bytes]:
    """The facts of a file that crashed or stalled its worker, though its entries could be read: which words stand in
    it. Nothing if its content is not the indexed one: an update will read it."""
    found = read_text(root, task.path, settings)
    if isinstance(found, Text) and found.content_hash == task.known_hash:
        return word_facts(task.path, found.text)
    return b"", b""
