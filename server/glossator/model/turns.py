"""Whose turn it is to use a model."""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """Lets one request at a time use the model: interactive ones in order, background ones when none of those waits."""

    def __init__(self) -> None:
        self._busy = False
        self._waiting: tuple[deque[asyncio.Future[None]], deque[asyncio.Future[None]]] = (deque(), deque())
        self.wanted = asyncio.Event()
        """Set while an interactive request waits: a background one that is running should end."""

    async def take(self, *, background: bool) -> None:
        """Wait for the turn; `give` must follow."""
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
                self.give()
            elif future in queue:
                queue.remove(future)
                self._update()
            raise

    def give(self) -> None:
        """Hand the turn to the next."""
        for queue in self._waiting:
            while queue:
                future = queue.popleft()
                if not future.done():
                    self._update()
                    future.set_result(None)
                    return
        self._update()
        self._busy = False

    def _update(self) -> None:
        if self._waiting[0]:
            self.wanted.set()
        else:
            self.wanted.clear()
