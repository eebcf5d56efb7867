"""The byte stream: private copies of stdin and stdout, threads that read and write them, and message framing.

A slow or dead client never blocks the event loop, and only protocol messages can reach stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import re
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

READ_SIZE = 1 << 16
"""Bytes read from stdin at once."""
MAX_MESSAGE = 1 << 28
"""Maximum bytes of a message; a longer one is treated as a broken stream and ends the connection."""
MAX_UNSENT = 1 << 28
"""Maximum bytes queued for a client that does not read; with more, the connection is closed."""

_CONTENT_LENGTH = re.compile(rb"content-length:\s*(\d+)\s*", re.IGNORECASE)


class QueueWriter:
    """Writes messages from a separate thread, so that a client that does not read never blocks the event loop.

    At most `limit` bytes are queued; with more, the connection is treated as broken.
    """

    def __init__(self, descriptor: int, on_broken: Callable[[], None], *, limit: int = MAX_UNSENT) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._limit = limit
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._unsent = 0
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="lsp-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self._give_up()
                return
            with self._lock:
                self._unsent -= len(data)

    def _give_up(self) -> None:
        with self._lock:
            if self._broken:
                return
            self._broken = True
        self._on_broken()

    def write(self, data: bytes) -> None:
        """Queue a whole message."""
        with self._lock:
            if self._broken:
                return
            self._unsent += len(data)
            too_much = self._unsent > self._limit
        if too_much:
            _log.error("the client has not read %d bytes: closing the connection", self._unsent)
            self._give_up()
        else:
            self._queue.put(data)

    def close(self) -> None:
        """Write what is queued (for at most a second), then stop."""
        self._queue.put(None)
        self._thread.join(1.0)


def private_stdio() -> tuple[int, int]:
    """Descriptors for the protocol only. Redirects fd 1 to stderr, so no print or C library can corrupt the stream."""
    sys.stdout.flush()
    incoming, outgoing = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(incoming, os.O_BINARY)
        msvcrt.setmode(outgoing, os.O_BINARY)
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
    return incoming, outgoing


def feed_from(descriptor: int, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
    """Start a thread that feeds the input of a descriptor to an asyncio stream."""

    def run() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            while True:
                try:
                    data = os.read(descriptor, READ_SIZE)
                except OSError:
                    data = b""
                if not data:
                    loop.call_soon_threadsafe(reader.feed_eof)
                    return
                loop.call_soon_threadsafe(reader.feed_data, data)

    threading.Thread(target=run, name="lsp-reader", daemon=True).start()


async def read_messages(reader: asyncio.StreamReader, handle: Callable[[bytes], None], ended: asyncio.Event) -> None:
    """Pass the body of each message to `handle`, until the stream or the session ends."""
    stop = asyncio.ensure_future(ended.wait())
    try:
        while not ended.is_set():
            body = asyncio.ensure_future(_read_body(reader))
            await asyncio.wait({body, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not body.done():
                body.cancel()
                return
            data = body.result()
            if data is None:
                return
            handle(data)
    finally:
        stop.cancel()


async def _read_body(reader: asyncio.StreamReader) -> bytes | None:
    """The body of the next message; None at the end of the stream, or if the stream is broken."""
    length: int | None = None
    try:
        while True:
            header = await reader.readline()
            if not header:
                return None
            if match := _CONTENT_LENGTH.fullmatch(header):
                length = int(match.group(1))
            elif not header.strip() and length is not None:
                break
        if length > MAX_MESSAGE:
            _log.error("a message of %d bytes: the stream is treated as broken", length)
            return None
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
        _log.info("the connection ended within a message: %s", error)
        return None
