"""How long a question about names may take.

A name may stand in tens of thousands of files. A question about it is answered from the likeliest ones, until its time
is over; the rest are counted. What counts is the processor time of the thread, so that an answer does not depend on
what else a machine does.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from glossator.errors import CancelledByUser

if TYPE_CHECKING:
    from collections.abc import Callable


class OutOfTimeError(Exception):
    """The time of a question is over."""


class Patience:
    """The time that is left for a question, or a part of it. For one thread."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Wait so many seconds of processor time, from now on; `cancelled` tells whether nobody waits any longer."""
        self._end = time.thread_time() + seconds
        # A thread uses no more processor time than passes on the clock, which is far cheaper to ask.
        self._ask_at = time.perf_counter() + seconds
        self._cancelled = cancelled

    def check(self) -> None:
        """Go on, if there is time.

        Raises:
            OutOfTimeError: there is none left.
            CancelledByUser: nobody waits for the answer.
        """
        if self._cancelled is not None and self._cancelled():
            raise CancelledByUser("cancelled")
        if time.perf_counter() < self._ask_at:
            return
        left = self._end - time.thread_time()
        if left <= 0:
            raise OutOfTimeError
        self._ask_at = time.perf_counter() + left


class Allowance:
    """The time for several questions that are asked one after the other, such as those about all symbols of a name."""

    def __init__(self, each: float, total: float) -> None:
        """Give each question `each` seconds, and all together `total`; then each a twentieth of `each`."""
        self._each = each
        self._left = total

    def next(self) -> float:
        """The seconds for one more question."""
        return min(self._each, max(self._left, self._each / 20))

    def take(self, seconds: float) -> None:
        """Note that a question took so long."""
        self._left -= seconds
