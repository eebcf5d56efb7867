"""How many threads compute: all that the model may use, fewer while other programs need their cores.

llama.cpp's threads wait for each other after every operation, so one that shares its core with another program slows
down all of them. Qwen2.5 Coder 0.5B on two cores, one of which another program keeps busy, read 123 tokens/s and wrote
15 with two threads, 158 and 45 with one (without the other program: 310 and 58 with two).
"""

from __future__ import annotations

CHECK_SECONDS = 0.1
"""Computing time after which it is decided again: long enough for the clock of the processor time."""
MISSING_CORES = 0.4
"""Cores of which the threads got less than they could have used: another program is running on them."""
ALL_THREADS_SECONDS = 3.0
"""After so long with fewer threads, all of them are tried again; twice as long after each attempt in vain."""


class ThreadShare:
    """Decides on the number of threads from the processor time that the current ones get."""

    def __init__(self, most: int) -> None:
        self.begin(most)

    def begin(self, most: int) -> None:
        """A request begins that may use `most` threads."""
        self.now = most
        self._most = most
        self._retry = ALL_THREADS_SECONDS
        self._wall = self._used = self._reduced = 0.0
        self._total_wall = self._total_used = 0.0

    @property
    def share(self) -> float:
        """Part of the processor time of all its threads that the request got so far, 0 to 1."""
        if self._total_wall < CHECK_SECONDS:
            return 1.0
        return min(self._total_used / (self._total_wall * self._most), 1.0)

    def observe(self, wall: float, used: float) -> int:
        """The number of threads to continue with.

        Args:
            wall: seconds that a computation took.
            used: seconds of processor time that the threads got meanwhile.
        """
        self._wall += wall
        self._used += used
        self._total_wall += wall
        self._total_used += used
        if self._wall < CHECK_SECONDS:
            return self.now
        cores = self._used / self._wall
        if cores < self.now - MISSING_CORES and self.now > 1:
            if self._reduced:
                self._retry *= 2
            self.now = max(int(cores + 0.2), 1)
            self._reduced = 0.0
        elif self.now < self._most:
            self._reduced += self._wall
            if self._reduced >= self._retry:
                self.now = self._most
        self._wall = self._used = 0.0
        return self.now
