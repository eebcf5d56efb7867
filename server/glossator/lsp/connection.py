"""How messages come in and go out, and the order in which LSP allows them.

Mends what pygls leaves open: invalid params, requests before `initialize` and after `shutdown`, and malformed JSON are
answered instead of dropped; documents are our own (see positions.py); the exit status is the protocol's; a slow or dead
client never blocks the event loop; and nothing but protocol can reach stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import logging
import os
import queue
import re
import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method

from glossator.errors import GlossatorError
from glossator.lsp.positions import Documents
from glossator.lsp.protocol import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future

_log = logging.getLogger(__name__)

READ_SIZE = 1 << 16
"""Bytes read from stdin at once."""
MAX_MESSAGE = 1 << 28
"""Bytes. A longer message is taken for garbage, and ends the connection."""

_CONTENT_LENGTH = re.compile(rb"content-length:\s*(\d+)\s*", re.IGNORECASE)


class RequestFailed(JsonRpcException):
    """A failure that the user can do something about; its message is shown as it is."""

    CODE = -32803
    MESSAGE = "Request failed"


class _Rejected:
    """Stands for a message that was answered with an error while it was being read."""


REJECTED = _Rejected()


class Protocol(LanguageServerProtocol):
    """LSP by the book."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._initialized = False
        self.exit_code: int | None = None
        self.unlisted_commands: frozenset[str] = frozenset()
        """Commands that can be executed but are not offered, since the client has commands of these names itself."""
        self.on_exit: Callable[[], None] = lambda: None

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override] # theirs is an lru_cache
        """The class of a whole message: ours for our own methods."""
        return REQUESTS.get(method) or super().get_message_type(method)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Like pygls', but a request with invalid params is answered, so that the client does not wait for ever."""
        if "jsonrpc" not in data:
            return data
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            cause = error.__cause__
            if "method" in data and "id" in data:
                self._reply_error(
                    data["id"],
                    types.ErrorCodes.InvalidParams,
                    f"invalid params of {data['method']}: {_explain(cause or error)}",
                )
            else:
                _log.warning("dropped a malformed %s: %s", data.get("method", "response"), _explain(cause or error))
            return REJECTED

    def handle_message(self, message: Any) -> None:
        """Dispatch a message, if LSP allows it now."""
        if isinstance(message, _Rejected):
            return
        method = getattr(message, "method", None)
        request_id = getattr(message, "id", None)
        if method is None or method == types.EXIT:
            if self._known(message):
                super().handle_message(message)
            return
        if not self._initialized and method != types.INITIALIZE:
            if request_id is not None:
                self._reply_error(request_id, types.ErrorCodes.ServerNotInitialized, f"{method} came before initialize")
            return
        if self._shutdown:
            if request_id is not None:
                self._reply_error(request_id, types.ErrorCodes.InvalidRequest, f"{method} came after shutdown")
            return
        if method == types.INITIALIZE:
            if self._initialized:
                self._reply_error(request_id, types.ErrorCodes.InvalidRequest, "initialize may be sent only once")
                return
            self._initialized = True
        super().handle_message(message)

    def _known(self, message: Any) -> bool:
        """Whether a message is something that pygls can dispatch at all."""
        return hasattr(message, "jsonrpc")

    def _reply_error(self, request_id: Any, code: int, message: str) -> None:
        self._send_response(request_id, error=types.ResponseError(code=int(code), message=message))

    def _execute_handler(self, msg_id: Any, handler: Any, callback: Any, args: Any = None, kwargs: Any = None) -> None:
        """pygls' own, but the futures of notifications are forgotten once they are done: they would pile up."""
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        is_request = getattr(callback, "func", None) == self._send_handler_result
        future = self._request_futures.get(msg_id)
        if future is not None and not is_request:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _send_handler_result(self, future: Future[Any], *, msg_id: Any) -> None:
        """Reply to a request; an error of ours becomes RequestFailed with its one line."""
        if not future.cancelled() and isinstance(error := future.exception(), GlossatorError):
            self._request_futures.pop(msg_id, None)
            self._reply_error(msg_id, RequestFailed.CODE, str(error))
            return
        super()._send_handler_result(future, msg_id=msg_id)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """pygls' own, with documents of ours in its workspace before any handler sees it."""
        steps = super().lsp_initialize(params)
        sent = None
        result: types.InitializeResult
        while True:
            try:
                step = steps.send(sent)
            except StopIteration as stop:
                result = stop.value
                break
            self._use_own_documents(params)
            sent = yield step
        if not isinstance(self._workspace, Documents):
            self._use_own_documents(params)
        provider = result.capabilities.execute_command_provider
        if provider is not None:
            provider.commands = [name for name in provider.commands if name not in self.unlisted_commands]
        return result

    def _use_own_documents(self, params: types.InitializeParams) -> None:
        old = self.workspace
        self._workspace = Documents(
            old.root_uri,
            types.TextDocumentSyncKind.Incremental,
            params.workspace_folders or [],
            ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities),
        )

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Generator[Any, Any, None]:
        """Edits of a document that was never opened are dropped rather than ending in an error shown to the user."""
        if unquote(params.text_document.uri) not in self.workspace.text_documents:
            _log.warning("didChange of a document that is not open: %s", params.text_document.uri)
            return
        yield from super().lsp_text_document__did_change(params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Run a command as part of the request, so that cancelling the request cancels it (pygls' would run on)."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"unknown command {params.command!r}")
        result = handler(*(params.arguments or ()))
        return await result if inspect.isawaitable(result) else result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override] # theirs is a generator that calls sys.exit
        """Ends the connection; the status is 0 only after a shutdown."""
        self.exit_code = 0 if self._shutdown else 1
        self.on_exit()


def _explain(error: BaseException) -> str:
    """What is wrong with a message, in one line."""
    reasons: list[str] = []

    def walk(current: BaseException) -> None:
        if isinstance(current, BaseExceptionGroup):
            for inner in current.exceptions:
                walk(inner)
        elif isinstance(current, KeyError):
            reasons.append(f"{current.args[0]!r} is missing")
        else:
            reasons.append(str(current) or type(current).__name__)

    walk(error)
    return "; ".join(dict.fromkeys(reasons))[:500]


class QueueWriter:
    """Writes messages from a thread of its own, so that a client which does not read never blocks the event loop."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lsp-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self._on_broken()
                return

    def write(self, data: bytes) -> None:
        """Queue a whole message."""
        self._queue.put(data)

    def close(self) -> None:
        """Write what is queued (a second at most), then end."""
        self._queue.put(None)
        self._thread.join(1.0)


def private_stdio() -> tuple[int, int]:
    """Descriptors for protocol alone; from now on fd 1 is stderr, so no print or C library can spoil the stream."""
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
    """Start a thread that feeds what comes in on a descriptor to an asyncio stream."""

    def run() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
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


async def read_messages(reader: asyncio.StreamReader, protocol: Protocol, ended: asyncio.Event) -> None:
    """Read and dispatch messages until the stream or the session ends."""
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
            _dispatch(data, protocol)
    finally:
        stop.cancel()


async def _read_body(reader: asyncio.StreamReader) -> bytes | None:
    """The body of the next message; None at the end of the stream, or where it makes no sense any more."""
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
            _log.error("a message of %d bytes: the stream is taken for broken", length)
            return None
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
        _log.info("the connection ended within a message: %s", error)
        return None


def _dispatch(body: bytes, protocol: Protocol) -> None:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        protocol._reply_error(None, types.ErrorCodes.ParseError, f"not JSON: {error}")  # noqa: SLF001
        return
    if not isinstance(message, dict) or "jsonrpc" not in message:
        protocol._reply_error(None, types.ErrorCodes.InvalidRequest, "not a JSON-RPC 2.0 message")  # noqa: SLF001
        return
    try:
        protocol.handle_message(protocol.structure_message(message))
    except Exception:
        # Whatever one message does, the next one must be read: this is the loop's last resort, and it is logged.
        _log.exception("a message could not be handled")
