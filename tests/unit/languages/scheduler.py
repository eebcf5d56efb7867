# Copyright the authors. Licensed under MIT.
"""Run jobs at fixed times.

The scheduler keeps jobs in a heap.
"""

from __future__ import annotations

import heapq
import time as clock
from collections.abc import Callable

from . import errors

MAX_JOBS = 100
default_delay: float = 0.5
type JobName = str


class SchedulerError(errors.BaseError):
    """Something could not be scheduled."""


# A job is what the scheduler
# keeps in its heap.
@dataclass(order=True)
class Job:
    at: float
    action: Callable[[], None]

    @property
    def overdue(self) -> bool:
        """Whether its time has passed."""
        return self.at < clock.monotonic()


class Scheduler:
    '''Runs jobs.

    Not thread-safe.
    '''

    limit = MAX_JOBS

    def __init__(self, *, limit: int = MAX_JOBS) -> None:
        self._heap: list[Job] = []
        self.limit = limit

    def add(
        self,
        job: Job,  # what to run
        delay: float = default_delay,
    ) -> None:
        if len(self._heap) >= self.limit:
            raise SchedulerError("full")
        heapq.heappush(self._heap, job)

    async def run(self) -> int:
        def next_job() -> Job | None:
            return heapq.heappop(self._heap) if self._heap else None

        done = 0
        while (job := next_job()) is not None:
            try:
                job.action()
            except (ValueError, errors.JobError) as error:
                report(error)
            done += 1
        return done

    class Config:
        """Options."""

        verbose = False


square = lambda x: x * x


def report(error: Exception) -> None: print(error)


if __name__ == "__main__":
    Scheduler().run()
