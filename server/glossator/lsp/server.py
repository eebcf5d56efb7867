"""Set-up: creates the parts of one client's server, and registers the handler of each message."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from glossator import __version__
from glossator.lsp import adapt_messages, logs, message_conversion, protocol
from glossator.lsp.adapt_runs import AdaptRuns
from glossator.lsp.answer_documents import SCHEME, AnswerDocuments
from glossator.lsp.answer_stream import RunningAnswers
from glossator.lsp.backend import Backend
from glossator.lsp.client_progress import ClientProgress
from glossator.lsp.command_names import CLIENT_COMMANDS
from glossator.lsp.context import Context
from glossator.lsp.editor import Editor
from glossator.lsp.explain_ahead import ExplainAhead
from glossator.lsp.handlers import (
    adapt_project,
    answer_text,
    ask,
    call_hierarchy,
    chat_with_model,
    code_actions,
    code_lenses,
    document_symbols,
    document_sync,
    execute_command,
    explain,
    file_events,
    find_uses,
    forget,
    hover,
    prepare,
    reindex,
    search_code,
    status,
    workspace_changes,
    workspace_symbols,
)
from glossator.lsp.open_documents import OpenDocuments
from glossator.lsp.pygls_adapter import Protocol
from glossator.lsp.status_report import StatusReporter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cattrs import Converter

    from glossator.model.chat import ModelStatus
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

PARENT_SECONDS = 1.0
"""Seconds between two checks whether the client's process is alive."""
WATCHER_ID = "glossator-files"

_EVERYTHING = types.FileOperationRegistrationOptions(
    filters=[types.FileOperationFilter(types.FileOperationPattern(glob="**/*"), scheme="file")]
)

HANDLERS: Mapping[str, tuple[Callable[..., Any], Any]] = {
    protocol.ASK: (ask.ask, None),
    protocol.EXPLAIN: (explain.explain, None),
    protocol.SEARCH: (search_code.search, None),
    protocol.USES: (find_uses.uses, None),
    protocol.STATUS: (status.status, None),
    protocol.REINDEX: (reindex.reindex, None),
    protocol.PREPARE: (prepare.prepare, None),
    protocol.REBUILD: (forget.rebuild, None),
    protocol.FORGET: (forget.forget, None),
    protocol.CHAT: (chat_with_model.chat, None),
    adapt_messages.ADAPT: (adapt_project.adapt, None),
    adapt_messages.ADAPT_START: (adapt_project.adapt_start, None),
    adapt_messages.ADAPT_STOP: (adapt_project.adapt_stop, None),
    adapt_messages.ADAPT_CHOOSE: (adapt_project.adapt_choose, None),
    adapt_messages.ADAPT_EXAMPLES: (adapt_project.adapt_examples, None),
    adapt_messages.ADAPT_REPORT: (adapt_project.adapt_report, None),
    types.TEXT_DOCUMENT_HOVER: (hover.hover, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        code_actions.code_actions,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Empty], resolve_provider=True),
    ),
    types.CODE_ACTION_RESOLVE: (code_actions.resolve_code_action, None),
    types.TEXT_DOCUMENT_CODE_LENS: (code_lenses.code_lenses, types.CodeLensOptions(resolve_provider=True)),
    types.CODE_LENS_RESOLVE: (code_lenses.resolve_code_lens, None),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (document_symbols.document_symbols, None),
    types.TEXT_DOCUMENT_REFERENCES: (find_uses.find_references, None),
    types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY: (call_hierarchy.prepare_call_hierarchy, None),
    types.CALL_HIERARCHY_INCOMING_CALLS: (call_hierarchy.incoming_calls, None),
    types.CALL_HIERARCHY_OUTGOING_CALLS: (call_hierarchy.outgoing_calls, None),
    types.WORKSPACE_SYMBOL: (workspace_symbols.workspace_symbols, None),
    types.WORKSPACE_TEXT_DOCUMENT_CONTENT: (answer_text.answer_text, None),
    types.TEXT_DOCUMENT_DID_OPEN: (document_sync.document_opened, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (document_sync.document_changed, None),
    types.TEXT_DOCUMENT_DID_SAVE: (document_sync.document_saved, None),
    types.TEXT_DOCUMENT_DID_CLOSE: (document_sync.document_closed, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (file_events.watched_files_changed, None),
    types.WORKSPACE_DID_CREATE_FILES: (file_events.files_created, _EVERYTHING),
    types.WORKSPACE_DID_RENAME_FILES: (file_events.files_renamed, _EVERYTHING),
    types.WORKSPACE_DID_DELETE_FILES: (file_events.files_deleted, _EVERYTHING),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (workspace_changes.workspace_folders_changed, None),
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: (workspace_changes.configuration_changed, None),
}
"""Method -> its handler, which takes a `Context` and the params, and its options in the reply to `initialize`."""


def _converter() -> Converter:
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    message_conversion.register(converter)
    return converter


class Server(LanguageServer):
    """One client's server: its parts, its start and its end."""

    protocol: Protocol

    def __init__(self, settings: Settings) -> None:
        """`settings` are the user's; the client's override them."""
        super().__init__(
            "glossator",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=_converter,
        )
        editor = Editor(self)
        backend = Backend(
            settings,
            folder_uris=editor.folder_uris,
            on_change=lambda: editor.call_soon(self.context.status.changed),
            on_progress=lambda uri, name, progress: editor.call_soon(
                lambda: self._client_progress.indexing(uri, name, progress)
            ),
            on_model=self._model_changed,
            on_problem=editor.warn,
        )
        answers = RunningAnswers(editor)
        self._client_progress = ClientProgress(editor)
        self.context = Context(
            editor=editor,
            backend=backend,
            documents=OpenDocuments(editor, lambda: backend.folders),
            status=StatusReporter(editor, backend),
            answers=answers,
            answer_documents=AnswerDocuments(editor, backend.shown_path),
            ahead=ExplainAhead(editor, backend, lambda: len(answers) > 0),
            adapt_runs=AdaptRuns(editor),
        )
        self._client_log = logs.ClientHandler(editor.log)
        self.protocol.document_schemes = (SCHEME,)
        self.protocol.on_exit = editor.ended.set
        self._register()

    def _register(self) -> None:
        for method, (handler, options) in HANDLERS.items():
            self.feature(method, options)(self._bound(handler))
        for name, handler in execute_command.COMMAND_HANDLERS.items():
            self.command(name)(self._bound(handler))
        # pygls sets attributes on what it registers, which bound methods do not allow: hence the lambdas.
        self.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)(
            lambda params: workspace_changes.progress_cancelled(self.context, self._client_progress, params)
        )
        self.feature(types.INITIALIZE)(lambda params: self._initialize(params))  # noqa: PLW0108
        self.feature(types.INITIALIZED)(lambda _: self._initialized())
        self.feature(types.SHUTDOWN)(lambda _: self._shutdown())
        self.feature(types.SET_TRACE)(lambda params: logs.set_trace(params.value))

    def _bound(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """A handler as pygls needs it: taking only the params, and still a coroutine function if it is one."""
        if inspect.iscoroutinefunction(handler):

            async def run(*params: Any) -> Any:
                return await handler(self.context, *params)

            run.__name__ = handler.__name__
            return run

        def call(*params: Any) -> Any:
            return handler(self.context, *params)

        call.__name__ = handler.__name__
        return call

    # Start and end

    def _initialize(self, params: types.InitializeParams) -> None:
        backend = self.context.backend
        backend.initial_options = params.initialization_options
        backend.configure(None)
        self.protocol.references = backend.configuration.options.references
        if backend.configuration.options.client_commands:
            self.protocol.unlisted_commands = CLIENT_COMMANDS
        logging.getLogger("glossator").addHandler(self._client_log)
        if params.trace is not None:
            logs.set_trace(params.trace)

    def _initialized(self) -> None:
        editor = self.context.editor
        editor.started()
        editor.spawn(self._start())

    async def _start(self) -> None:
        """Get the settings, set up file watching, open the folders."""
        context = self.context
        await workspace_changes.apply_configuration(context, None)
        watch = not await self._register_watchers()
        context.backend.start(watch=watch)
        context.documents.reparse_all()
        context.status.changed()
        if context.editor.process_id is not None:
            context.editor.spawn(self._watch_parent(context.editor.process_id))

    async def _register_watchers(self) -> bool:
        """Ask the client to watch files; returns whether it does."""
        workspace = self.context.editor.capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched is None or not watched.dynamic_registration:
            return False
        options = types.DidChangeWatchedFilesRegistrationOptions(
            watchers=[
                types.FileSystemWatcher(glob_pattern="**/*"),
                types.FileSystemWatcher(glob_pattern="**/.git/{HEAD,index,packed-refs,info/exclude}"),
            ]
        )
        return await self.context.editor.register_capability(
            types.Registration(id=WATCHER_ID, method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options)
        )

    async def _watch_parent(self, process_id: int) -> None:
        """End when the client's process is gone, even if another process holds our pipes open."""
        import psutil

        while psutil.pid_exists(process_id):
            await asyncio.sleep(PARENT_SECONDS)
        _log.info("the client's process %d is gone", process_id)
        self.context.editor.ended.set()

    def _shutdown(self) -> None:
        self.context.editor.cancel_tasks()

    async def close(self) -> None:
        """Cancel running work, end all child processes, close the indexes."""
        logging.getLogger("glossator").removeHandler(self._client_log)
        self.context.documents.close()
        self.context.status.close()
        await asyncio.gather(*self.context.editor.cancel_tasks(), return_exceptions=True)
        await self.context.backend.close()

    # Callbacks

    def _model_changed(self, status: ModelStatus) -> None:
        """Called on the event loop."""
        context = self.context
        context.status.model = status
        context.answers.model_changed(status)
        self._client_progress.loading(status, shown=context.answers.have_progress)
        context.editor.call_soon(context.status.changed)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log a handler's error instead of showing it (the client gets an error reply anyway)."""
        name, text = getattr(source, "__name__", "error"), " ".join(str(error).split())[:200]
        _log.error("%s: %s", name, text, exc_info=None if isinstance(error, JsonRpcException) else error)
