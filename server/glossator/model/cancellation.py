"""Cancelling what the model's process computes: between tokens, and within the evaluation of a batch."""

from __future__ import annotations

import ctypes
import sys
import threading


class Cancellation:
    """Which request is being cancelled, seen by Python between tokens and by llama.cpp between graph nodes.

    llama.cpp asks an abort callback before each of the ~700 nodes of a graph. A callback in Python would take the
    interpreter's lock each time (1 to 2 % of a token's time), so the callback is the C library's `strlen` over a
    two-byte buffer: 0 (false, go on) while the first byte is 0, and 1 (true, stop) once it is not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = 0
        self._pending: set[int] = set()
        self.buffer = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
        self.callback_address = ctypes.cast(library.strlen, ctypes.c_void_p).value

    def begin(self, request: int) -> None:
        """The main thread starts a request."""
        with self._lock:
            self._current = request
            self.buffer[0] = b"\1" if request in self._pending else b"\0"
            self._pending = {pending for pending in self._pending if pending > request}

    def cancel(self, request: int) -> None:
        """Cancel a request, whether it is running, waiting or finished."""
        with self._lock:
            if request == self._current:
                self.buffer[0] = b"\1"
            elif request > self._current:
                self._pending.add(request)

    def end(self) -> None:
        """The request is finished."""
        with self._lock:
            self.buffer[0] = b"\0"

    def __bool__(self) -> bool:
        return self.buffer[0] != b"\0"
