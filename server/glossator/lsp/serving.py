"""Serves one client, over stdio or a loopback port, from its first message to the end of the process."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from glossator import __version__
from glossator.errors import GlossatorError
from glossator.lsp import logs
from glossator.lsp.connection import QueueWriter, feed_from, private_stdio, read_messages
from glossator.lsp.pygls_adapter import dispatch
from glossator.lsp.server import Server

if TYPE_CHECKING:
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

CLOSE_SECONDS = 4.0
"""Seconds for closing everything; then the process exits in any case (children notice this and end too)."""
SWITCH_SECONDS = 0.0005
"""Seconds after which a thread must release the interpreter to others (`sys.setswitchinterval`)."""


async def serve_connection(server: Server, reader: asyncio.StreamReader, writer: Any) -> int:
    """Serve one client until it sends `exit` or disconnects; returns the exit status."""
    server.protocol.set_writer(writer)
    ended = server.context.editor.ended
    try:
        await read_messages(reader, lambda body: dispatch(body, server.protocol), ended)
    finally:
        ended.set()
        try:
            await asyncio.wait_for(server.close(), CLOSE_SECONDS)
        except TimeoutError:
            _log.error("closing did not finish in time")
        except GlossatorError as error:
            _log.error("while closing: %s", error)
    # A client that disconnects without "exit" is a failure.
    return server.protocol.exit_code if server.protocol.exit_code is not None else 1


async def _serve_stdio(settings: Settings) -> int:
    incoming, outgoing = private_stdio()
    loop = asyncio.get_running_loop()
    server = Server(settings)
    reader = asyncio.StreamReader()
    feed_from(incoming, reader, loop)

    def broken() -> None:
        loop.call_soon_threadsafe(server.context.editor.ended.set)

    writer = QueueWriter(outgoing, broken)
    try:
        return await serve_connection(server, reader, writer)
    finally:
        writer.close()


async def _serve_tcp(settings: Settings, port: int) -> int:
    """Serve the first client that connects to a loopback port; the port is printed on stderr."""
    result: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listener.close()
        try:
            status = await serve_connection(Server(settings), reader, _StreamWriter(writer))
        except Exception as error:
            if not result.done():
                result.set_exception(error)
        else:
            if not result.done():
                result.set_result(status)
        finally:
            writer.close()

    listener = await asyncio.start_server(connected, "127.0.0.1", port)
    address = listener.sockets[0].getsockname()
    sys.stderr.write(f"glossator: listening on {address[0]}:{address[1]}\n")
    sys.stderr.flush()
    return await result


class _StreamWriter:
    """Lets pygls write to an asyncio stream without awaiting."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def write(self, data: bytes) -> None:
        """Queue a whole message."""
        if not self._writer.is_closing():
            self._writer.write(data)

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


def serve(settings: Settings, *, tcp_port: int | None, log_level: str) -> int:
    """Run the language server; returns the process's exit status."""
    logs.set_up(log_level)
    # A hover acquires the interpreter about twenty times; with Python's default of 5 ms, a busy thread would slow it.
    sys.setswitchinterval(SWITCH_SECONDS)
    _log.info("glossator %s, process %d, Python %s", __version__, os.getpid(), sys.version.split()[0])
    try:
        asyncio.run(_serve_then_leave(settings, tcp_port))
    except asyncio.CancelledError:
        # asyncio forgets that it was Ctrl-C when the signal arrives while its own handler is being installed.
        raise KeyboardInterrupt from None
    except OSError as error:
        if tcp_port is None:
            raise
        raise GlossatorError(f"cannot listen on port {tcp_port}: {error.strerror or error}") from error
    raise AssertionError  # the process has ended


async def _serve_then_leave(settings: Settings, tcp_port: int | None) -> None:
    """Serve, then exit from within the event loop: a regular exit would wait for all threads of its pool.

    Blocked threads must not keep the process alive; children end when our pipes close.
    """
    status = await (_serve_stdio(settings) if tcp_port is None else _serve_tcp(settings, tcp_port))
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)
