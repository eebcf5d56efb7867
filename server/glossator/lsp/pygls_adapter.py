"""Glossator's changes to pygls. Only this module uses pygls's private interface.

- `Protocol`: invalid params, requests before `initialize` and after `shutdown`, and malformed JSON get an error reply
  (pygls drops them); the exit status follows the specification; a command is cancelled with its request.
- `Document`: pygls splits lines like `str.splitlines`, so that a form feed or U+2028 shifts every later edit. Ours
  splits lines as LSP does, and applies an edit in time proportional to the lines that it touches.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.workspace import TextDocument, Workspace

from glossator.errors import GlossatorError
from glossator.lsp.message_table import REQUESTS
from glossator.lsp.positions import encoding_name, lines_with_ends, to_index

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future

_log = logging.getLogger(__name__)


class Document(TextDocument):
    """An open document, kept as lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[str] | None = None

    @property
    def encoding(self) -> str:
        """The negotiated position encoding."""
        return encoding_name(self.position_codec.encoding)

    @property
    def lines(self) -> list[str]:
        """The lines with their line endings; there is always at least one. Do not modify."""
        if self._kept is None:
            self._kept = lines_with_ends(super().source)
        return self._kept

    @property
    def source(self) -> str:
        """The whole text."""
        if self._source is None and self._kept is not None:
            self._source = "".join(self._kept)
        return super().source

    def _place(self, position: types.Position) -> tuple[int, int]:
        """Line and code point of a position, clamped to the document."""
        lines = self.lines
        if position.line >= len(lines):
            return len(lines) - 1, len(lines[-1])
        line = max(position.line, 0)
        return line, to_index(lines[line], position.character, self.encoding)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        lines = self.lines
        start, start_index = self._place(change.range.start)
        end, end_index = self._place(change.range.end)
        if (end, end_index) < (start, start_index):
            (start, start_index), (end, end_index) = (end, end_index), (start, start_index)
        # Include the neighbours on both sides: an edit may join "\r" and "\n" into one line ending, or separate them.
        first = max(start - 1, 0)
        head = lines[start - 1] if start > 0 else ""
        tail = lines[end + 1] if end + 1 < len(lines) else None
        middle = head + lines[start][:start_index] + change.text + lines[end][end_index:] + (tail or "")
        replaced = lines_with_ends(middle)
        stop = end + (1 if tail is None else 2)
        if stop < len(lines) and replaced[-1] == "":
            replaced.pop()
        lines[first:stop] = replaced
        self._source = None

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        self._source = change.text
        self._kept = None

    def index_at(self, position: types.Position) -> tuple[int, int]:
        """1-based line and 0-based code point within it."""
        line, index = self._place(position)
        return line + 1, index

    def word_at(self, position: types.Position) -> str:
        """The identifier at (or just before) a position; "" if there is none."""
        line, index = self._place(position)
        text = self.lines[line]
        for match in re.finditer(r"\w+", text):
            if match.start() <= index <= match.end():
                return match.group()
        return ""


class Documents(Workspace):
    """pygls' workspace with our documents."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )


class RequestFailed(JsonRpcException):
    """A failure that the user can fix; its message is shown unchanged."""

    CODE = -32803
    MESSAGE = "Request failed"


class _Rejected:
    """Placeholder for a message that was answered with an error while it was parsed."""


REJECTED = _Rejected()


class Protocol(LanguageServerProtocol):
    """pygls' protocol, made to follow the LSP specification."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._initialized = False
        self.exit_code: int | None = None
        self.unlisted_commands: frozenset[str] = frozenset()
        """Commands that can be executed but are not listed, since the client implements commands of these names."""
        self.references = True
        """Whether the capabilities of finding references and of the call hierarchy are announced."""
        self.document_schemes: tuple[str, ...] = ()
        """Schemes of the documents whose text this server has (`workspace/textDocumentContent`)."""
        self.on_exit: Callable[[], None] = lambda: None

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override] # theirs is an lru_cache
        """The class of a whole message; for custom methods, one of ours."""
        return REQUESTS.get(method) or super().get_message_type(method)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Like pygls', but a request with invalid params is answered, so that the client does not wait forever."""
        if "jsonrpc" not in data:
            return data
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            cause = error.__cause__
            if "method" in data and "id" in data:
                self.reply_error(
                    data["id"],
                    types.ErrorCodes.InvalidParams,
                    f"invalid params of {data['method']}: {_explain(cause or error)}",
                )
            else:
                _log.warning("dropped a malformed %s: %s", data.get("method", "response"), _explain(cause or error))
            return REJECTED

    def handle_message(self, message: Any) -> None:
        """Dispatch a message if LSP allows it in the current state."""
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
                self.reply_error(request_id, types.ErrorCodes.ServerNotInitialized, f"{method} came before initialize")
            return
        if self._shutdown:
            if request_id is not None:
                self.reply_error(request_id, types.ErrorCodes.InvalidRequest, f"{method} came after shutdown")
            return
        if method == types.INITIALIZE:
            if self._initialized:
                self.reply_error(request_id, types.ErrorCodes.InvalidRequest, "initialize may be sent only once")
                return
            self._initialized = True
        super().handle_message(message)

    def _known(self, message: Any) -> bool:
        """Whether pygls can dispatch a message."""
        return hasattr(message, "jsonrpc")

    def plain(self, value: Any) -> Any:
        """One of our values as plain JSON types, as it is sent."""
        return self._converter.unstructure(value)

    def send_progress(self, token: int | str, value: Any) -> None:
        """Send a `$/progress` whose value is one of our classes, which lsprotocol would not convert."""
        self.notify(types.PROGRESS, types.ProgressParams(token=token, value=self.plain(value)))

    def reply_error(self, request_id: Any, code: int, message: str) -> None:
        """Answer a request with an error."""
        self._send_response(request_id, error=types.ResponseError(code=int(code), message=message))

    def _execute_handler(self, msg_id: Any, handler: Any, callback: Any, args: Any = None, kwargs: Any = None) -> None:
        """Like pygls', but the futures of notifications are removed when done; otherwise they would accumulate."""
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        is_request = getattr(callback, "func", None) == self._send_handler_result
        future = self._request_futures.get(msg_id)
        if future is not None and not is_request:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _send_handler_result(self, future: Future[Any], *, msg_id: Any) -> None:
        """Reply to a request; one of our errors becomes RequestFailed with its message."""
        if not future.cancelled() and isinstance(error := future.exception(), GlossatorError):
            self._request_futures.pop(msg_id, None)
            self.reply_error(msg_id, RequestFailed.CODE, str(error))
            return
        super()._send_handler_result(future, msg_id=msg_id)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        """Like pygls', but with our documents in its workspace before any handler runs."""
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
        sent_workspace, announced = params.capabilities.workspace, result.capabilities.workspace
        if sent_workspace is not None and sent_workspace.text_document_content is not None and announced is not None:
            # pygls does not announce this one.
            announced.text_document_content = types.TextDocumentContentOptions(schemes=self.document_schemes)
        if not self.references:
            result.capabilities.references_provider = None
            result.capabilities.call_hierarchy_provider = None
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
        """Like pygls', but edits of a document that is not open are dropped, instead of showing the user an error."""
        if unquote(params.text_document.uri) not in self.workspace.text_documents:
            _log.warning("didChange of a document that is not open: %s", params.text_document.uri)
            return
        yield from super().lsp_text_document__did_change(params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]
        """Run a command as part of the request, so that cancelling the request cancels it (pygls would not)."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"unknown command {params.command!r}")
        result = handler(*(params.arguments or ()))
        return await result if inspect.isawaitable(result) else result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override] # theirs is a generator that calls sys.exit
        """End the connection; the exit status is 0 only after a shutdown."""
        self.exit_code = 0 if self._shutdown else 1
        self.on_exit()


def _explain(error: BaseException) -> str:
    """A one-line description of what is wrong with a message."""
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


def dispatch(body: bytes, protocol: Protocol) -> None:
    """Handle the body of one message, whatever it contains."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        protocol.reply_error(None, types.ErrorCodes.ParseError, f"not JSON: {error}")
        return
    if not isinstance(message, dict) or "jsonrpc" not in message:
        protocol.reply_error(None, types.ErrorCodes.InvalidRequest, "not a JSON-RPC 2.0 message")
        return
    try:
        protocol.handle_message(protocol.structure_message(message))
    except Exception:
        # The loop must go on to the next message, whatever fails in this one.
        _log.exception("a message could not be handled")
