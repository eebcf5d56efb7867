"""Bytes in and out: a client that does not read, one that breaks off, messages in pieces."""

from __future__ import annotations

import asyncio
import os
import threading

from glossator.lsp.connection import QueueWriter, read_messages
from tests.lsp.client import WAIT


def test_what_is_queued_is_written_in_order() -> None:
    reader, descriptor = os.pipe()
    writer = QueueWriter(descriptor, lambda: None)
    for number in range(100):
        writer.write(b"%d;" % number)
    writer.close()
    os.close(descriptor)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b"".join(b"%d;" % number for number in range(100))


def test_a_client_that_does_not_read_is_given_up_at_the_limit() -> None:
    reader, descriptor = os.pipe()
    broken = threading.Event()
    writer = QueueWriter(descriptor, broken.set, limit=1 << 20)
    try:
        for _ in range(64):
            writer.write(b"x" * (1 << 16))
        assert broken.is_set()
        writer.write(b"y")  # nothing more is kept
    finally:
        os.close(reader)
        writer.close()
        os.close(descriptor)


def test_a_client_that_is_gone_is_noticed_once() -> None:
    reader, descriptor = os.pipe()
    os.close(reader)
    calls: list[int] = []
    gone = threading.Event()

    def broken() -> None:
        calls.append(1)
        gone.set()

    writer = QueueWriter(descriptor, broken)
    writer.write(b"a")
    assert gone.wait(WAIT)
    writer.write(b"b")
    writer.close()
    os.close(descriptor)
    assert calls == [1]


async def read_all(*pieces: bytes) -> list[bytes]:
    stream, bodies = asyncio.StreamReader(), []
    for piece in pieces:
        stream.feed_data(piece)
    stream.feed_eof()
    await read_messages(stream, bodies.append, asyncio.Event())
    return bodies


async def test_messages_come_in_pieces_and_with_other_headers() -> None:
    message = b"Content-Type: application/x\r\ncontent-length: 2\r\n\r\n{}"
    assert await read_all(message[:10], message[10:], message) == [b"{}", b"{}"]


async def test_a_message_that_ends_too_early_or_is_too_long_ends_the_connection() -> None:
    assert await read_all(b"Content-Length: 2\r\n\r\n{}", b"Content-Length: 5\r\n\r\n{}") == [b"{}"]
    assert await read_all(b"Content-Length: 99999999999\r\n\r\n{}") == []
