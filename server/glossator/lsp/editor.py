"""The connected editor, as the rest of `lsp/` uses it: its capabilities, its documents, messages to it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glossator.lsp.positions import encoding_name
from glossator.lsp.pygls_adapter import Document, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pygls.lsp.server import LanguageServer
    from pygls.progress import Progress

_log = logging.getLogger(__name__)


class Editor:
    """One editor. Used on the event loop unless documented otherwise."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.ended = asyncio.Event()
        """Set when the connection is over."""

    @property
    def protocol(self) -> Protocol:
        """The JSON-RPC connection."""
        protocol = self._server.protocol
        assert isinstance(protocol, Protocol)
        return protocol

    # Properties of the editor

    @property
    def capabilities(self) -> types.ClientCapabilities:
        """The editor's capabilities."""
        return self._server.client_capabilities

    @property
    def process_id(self) -> int | None:
        """The id of the editor's process, if it sent one."""
        return self._server.process_id

    @property
    def encoding(self) -> str:
        """The negotiated position encoding: "utf-8", "utf-16" or "utf-32"."""
        return encoding_name(self._server.workspace.position_encoding)

    def folder_uris(self) -> list[str]:
        """URIs of the workspace folders that are currently open in the editor."""
        workspace = self._server.workspace
        folders = [folder.uri for folder in workspace.folders.values()]
        return folders or ([workspace.root_uri] if workspace.root_uri else [])

    # Its documents

    def document(self, uri: str) -> Document:
        """An open document, or one made from the file on disk."""
        document = self._server.workspace.get_text_document(uri)
        assert isinstance(document, Document)
        return document

    def word_at(self, uri: str, position: types.Position) -> str:
        """The identifier at a position; "" if there is none, or the file cannot be read."""
        try:
            return self.document(uri).word_at(position)
        except OSError:
            return ""

    def open_documents(self) -> tuple[Document, ...]:
        """All documents that are open in the editor."""
        documents = tuple(self._server.workspace.text_documents.values())
        return tuple(document for document in documents if isinstance(document, Document))

    def is_open(self, uri: str) -> bool:
        """Whether a document is open in the editor."""
        return any(document.uri == uri for document in self.open_documents())

    # Messages to it

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.protocol.notify(method, params)

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        params = types.ShowMessageParams(types.MessageType.Warning, f"Glossator: {message}")
        self._server.window_show_message(params)

    def inform(self, message: str) -> None:
        """Show something to the user that is no trouble."""
        params = types.ShowMessageParams(types.MessageType.Info, f"Glossator: {message}")
        self._server.window_show_message(params)

    @property
    def shows_answer_documents(self) -> bool:
        """Whether the editor opens documents when asked, and gets the text of ours from this server."""
        window, workspace = self.capabilities.window, self.capabilities.workspace
        opens = window is not None and window.show_document is not None and window.show_document.support
        return bool(opens and workspace is not None and workspace.text_document_content is not None)

    async def show_document(self, uri: str) -> None:
        """Ask the editor to open a document; a refusal is logged."""
        try:
            result = await self._server.window_show_document_async(types.ShowDocumentParams(uri, take_focus=True))
        except Exception as error:  # whatever the editor, or the connection, answers
            _log.warning("the client did not open %s: %s", uri, error)
            return
        if result is None or not result.success:
            _log.warning("the client did not open %s", uri)

    async def refresh_document(self, uri: str) -> None:
        """Tell the editor that the text of one of our documents has changed."""
        try:
            await self._server.workspace_text_document_content_refresh_async(
                types.TextDocumentContentRefreshParams(uri)
            )
        except Exception as error:  # whatever the editor, or the connection, answers
            _log.warning("the client did not refresh %s: %s", uri, error)

    def log(self, params: types.LogMessageParams) -> None:
        """Add a line to the editor's log; may be called from any thread."""
        self.call_soon(lambda: self._server.window_log_message(params))

    async def pull_configuration(self, section: str, default: object) -> object:
        """The editor's settings in a section; `default` if it does not support this request, None if it fails."""
        workspace = self.capabilities.workspace
        if workspace is None or not workspace.configuration:
            return default
        params = types.ConfigurationParams(items=[types.ConfigurationItem(section=section)])
        try:
            return (await self._server.workspace_configuration_async(params))[0]
        except Exception as error:  # whatever the editor, or the connection, answers
            _log.warning("the client did not send its settings: %s", error)
            return None

    async def register_capability(self, registration: types.Registration) -> bool:
        """Register a capability with the editor; returns whether it was accepted."""
        params = types.RegistrationParams(registrations=[registration])
        try:
            await self._server.client_register_capability_async(params)
        except Exception as error:  # whatever the editor, or the connection, answers
            _log.warning("the client refused to register %s: %s", registration.method, error)
            return False
        return True

    @property
    def progress(self) -> Progress:
        """Work-done progress shown by the editor."""
        return self._server.work_done_progress

    # Background work

    def started(self) -> None:
        """Note the running event loop."""
        self._loop = asyncio.get_running_loop()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine in the background; failures are logged, and it is cancelled when the connection ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a background task failed", exc_info=error)

    def cancel_tasks(self) -> tuple[asyncio.Task[Any], ...]:
        """Cancel all background tasks; returns them to be awaited."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        return tasks

    def call_soon(self, call: Callable[[], None]) -> None:
        """Schedule a call on the event loop; from any thread, and ignored after the loop has ended."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(call)
            except RuntimeError:
                _log.debug("the event loop has ended")
