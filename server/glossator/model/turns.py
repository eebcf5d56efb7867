"""Takes turns between the requests for one model."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """A lock with two queues: interactive requests in order, then background ones."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: tuple[deque[asyncio.Future[None]], deque[asyncio.Future[None]]] = (deque(), deque())
        self.wanted = asyncio.Event()
        """Set while an interactive request is waiting: a running background one should stop."""

    @property
    def busy(self) -> bool:
        """Whether a request has the turn."""
        return self._busy

    async def acquire(self, *, background: bool) -> None:
        """Wait for the turn; call `release` afterwards."""
        if not self._busy:
            self._busy = True
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._waiting[1 if background else 0]
        queue.append(future)
        if not background:
            self.wanted.set()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.release()
            elif future in queue:
                queue.remove(future)
                self._update_wanted()
            raise

    def release(self) -> None:
        """Pass the turn to the next request."""
        for queue in self._waiting:
            while queue:
                future = queue.popleft()
                if not future.done():
                    self._update_wanted()
                    future.set_result(None)
                    return
        self._update_wanted()
        self._busy = False

    def _update_wanted(self) -> None:
        if self._waiting[0]:
            self.wanted.set()
        else:
            self.wanted.clear()
