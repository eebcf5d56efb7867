"""An event with subscribers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Notification:
    """Calls its subscribers in the sender's thread, so they must be quick. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], object]] = {}

    def subscribe(self, subscriber: Callable[[], object]) -> Callable[[], None]:
        """Call `subscriber` on every `send` from now on; returns a function that ends this."""
        token = object()
        with self._lock:
            self._subscribers[token] = subscriber

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers.pop(token, None)

        return unsubscribe

    def send(self) -> None:
        """Call the subscribers."""
        with self._lock:
            subscribers = list(self._subscribers.values())
        for subscriber in subscribers:
            subscriber()
