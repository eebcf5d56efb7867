"""A thing that happens, and those who want to hear of it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Notification:
    """Calls its subscribers when it is sent, in the sender's thread: they must be quick. Safe for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: dict[object, Callable[[], object]] = {}

    def subscribe(self, subscriber: Callable[[], object]) -> Callable[[], None]:
        """Have `subscriber` called from now on; returns what ends that."""
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
