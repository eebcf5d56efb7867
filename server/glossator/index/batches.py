"""Files in batches for the workers, and what the workers deliver, for runs that read many files."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING, Final

from glossator.errors import GlossatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glossator.index.parse_worker import FileResult, FileTask
    from glossator.index.pool import Delivery

POLL_SECONDS: Final = 0.1
"""Seconds until a cancellation is noticed while workers are busy."""


def in_batches(tasks: Iterable[FileTask], most_files: int, most_bytes: int) -> Iterator[tuple[FileTask, ...]]:
    """The tasks, in order, in batches of so many files and source bytes at most; a larger file is one by itself."""
    batch: list[FileTask] = []
    size = 0
    for task in tasks:
        if batch and (len(batch) == most_files or size + task.size > most_bytes):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(task)
        size += task.size
    if batch:
        yield tuple(batch)


def next_delivery(results: queue.SimpleQueue[Delivery]) -> Sequence[FileResult]:
    """The results of the next batch that is done; none if that takes longer than `POLL_SECONDS`.

    Raises:
        GlossatorError: the batch could not be processed.
    """
    try:
        delivery = results.get(timeout=POLL_SECONDS)
    except queue.Empty:
        return ()
    if isinstance(delivery, GlossatorError):
        raise delivery
    return delivery
