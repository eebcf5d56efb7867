"""The language server: its life, its settings, its workspace folders, and what it tells the client unasked.

What a request means is in `requests.py` and `features.py`; how messages travel in `connection.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from glossator import __version__
from glossator.answers.answerer import Answerer
from glossator.errors import GlossatorError
from glossator.lsp import features, logs, protocol, requests
from glossator.lsp.ahead import Ahead
from glossator.lsp.configuration import SECTION, Configuration, read
from glossator.lsp.connection import Protocol
from glossator.lsp.positions import Document
from glossator.lsp.status import status_of
from glossator.lsp.workspaces import Workspaces, to_path
from glossator.project.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cattrs import Converter

    from glossator.index.indexer import Progress
    from glossator.lsp.answers import Work
    from glossator.model.chat import ModelStatus
    from glossator.project.live import LiveRoot
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

STATUS_SECONDS = 0.25
"""Least time between two `glossator/statusChanged`."""
BUFFER_SECONDS = 0.15
"""Quiet time after a keystroke before the buffer is parsed."""
PARENT_SECONDS = 1.0
"""How often the server looks whether the client's process still lives."""
FLUSH_SECONDS = 2.0
"""Longest that a question waits for the buffers to be parsed."""
WATCHER_ID = "glossator-files"
MODEL = "model"
"""Stands for the model among the folders whose progress is shown."""
INDEXING = ("index_dir", "max_file_bytes", "exclude", "workers", "file_timeout")
"""Settings that an index, or the processes that make it, depend on."""


def _converter() -> Converter:
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    protocol.register(converter)
    return converter


class Server(LanguageServer):
    """One client's server. Everything here runs on the event loop, unless it says otherwise."""

    protocol: Protocol

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            "glossator",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=_converter,
        )
        self.base = settings
        self.configuration = Configuration(settings=settings)
        self.session = self._make_session(settings)
        self.answerer = Answerer(self.session, on_model=self._model_changed)
        self.workspaces = self._make_workspaces(watch=True)
        self.ended = asyncio.Event()
        self.model_status: ModelStatus | None = None
        self._initial_options: object = None
        self._reported: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._status_timer: asyncio.TimerHandle | None = None
        self._last_status: protocol.StatusResult | None = None
        self._buffer_timers: dict[str, asyncio.TimerHandle] = {}
        self._parsing: dict[str, asyncio.Task[Any]] = {}
        self._progress_tokens: dict[str, str] = {}
        self._applying = asyncio.Lock()
        self._started = False
        """The client's folders are open; until then they are not opened one by one."""
        self._client_log = logs.ClientHandler(lambda params: self._from_thread(lambda: self.window_log_message(params)))
        self.works: set[Work] = set()
        """Answers that are being made."""
        self.ahead = Ahead(self)
        self.skipped: WeakKeyDictionary[LiveRoot, tuple[object, tuple[protocol.SkippedFile, ...]]] = WeakKeyDictionary()
        """What statuses say of a root's skipped files, and what that was made from."""
        self.protocol.on_exit = self.ended.set
        requests.register(self)
        features.register(self)
        self._register_lifecycle()

    # Life

    def _register_lifecycle(self) -> None:
        @self.feature(types.INITIALIZE)
        def initialize(params: types.InitializeParams) -> None:
            self._initial_options = params.initialization_options
            self._configure(None)
            if self.configuration.options.client_commands:
                self.protocol.unlisted_commands = features.CLIENT_COMMANDS
            logging.getLogger("glossator").addHandler(self._client_log)
            if params.trace is not None:
                logs.set_trace(params.trace)

        @self.feature(types.INITIALIZED)
        def initialized(_: types.InitializedParams) -> None:
            self._loop = asyncio.get_running_loop()
            self.spawn(self._start())

        @self.feature(types.SHUTDOWN)
        def shutdown(_: None) -> None:
            for task in tuple(self._tasks):
                task.cancel()

        @self.feature(types.SET_TRACE)
        def set_trace(params: types.SetTraceParams) -> None:
            logs.set_trace(params.value)

        @self.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
        def configuration_changed(params: types.DidChangeConfigurationParams) -> None:
            pushed = params.settings
            section = pushed.get(SECTION) if isinstance(pushed, dict) else None
            self.spawn(self._reconfigure(section))

        @self.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
        def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
            for folder in params.event.removed:
                if (live := self.workspaces.remove(folder.uri)) is not None:
                    self.spawn(asyncio.to_thread(live.close))
            if self._started:  # else all of the client's folders are opened soon
                for folder in params.event.added:
                    self.workspaces.add(folder.uri)
                self._overlay_open_documents()
            self.status_changed()

        @self.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
        def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
            self._files_changed([change.uri for change in params.changes])

        everything = types.FileOperationRegistrationOptions(
            filters=[types.FileOperationFilter(types.FileOperationPattern(glob="**/*"), scheme="file")]
        )

        @self.feature(types.WORKSPACE_DID_RENAME_FILES, everything)
        def files_renamed(params: types.RenameFilesParams) -> None:
            self._files_changed([uri for file in params.files for uri in (file.old_uri, file.new_uri)])

        @self.feature(types.WORKSPACE_DID_DELETE_FILES, everything)
        def files_deleted(params: types.DeleteFilesParams) -> None:
            self._files_changed([file.uri for file in params.files])

        @self.feature(types.WORKSPACE_DID_CREATE_FILES, everything)
        def files_created(params: types.CreateFilesParams) -> None:
            self._files_changed([file.uri for file in params.files])

        @self.feature(types.TEXT_DOCUMENT_DID_OPEN)
        def opened(params: types.DidOpenTextDocumentParams) -> None:
            self._buffer_changed(params.text_document.uri, now=True)
            self.ahead.touched(params.text_document.uri)

        @self.feature(types.TEXT_DOCUMENT_DID_CHANGE)
        def changed(params: types.DidChangeTextDocumentParams) -> None:
            self._buffer_changed(params.text_document.uri)
            self.ahead.touched(params.text_document.uri)

        @self.feature(types.TEXT_DOCUMENT_DID_SAVE)
        def saved(params: types.DidSaveTextDocumentParams) -> None:
            self._files_changed([params.text_document.uri])

        @self.feature(types.TEXT_DOCUMENT_DID_CLOSE)
        def closed(params: types.DidCloseTextDocumentParams) -> None:
            self._buffer_closed(params.text_document.uri)

        @self.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
        def progress_cancelled(params: types.WorkDoneProgressCancelParams) -> None:
            if params.token == self._progress_tokens.get(MODEL):
                for work in tuple(self.works):
                    work.cancel()
            for uri, live in self.workspaces:
                if params.token == self._progress_tokens.get(uri):
                    live.cancel_run()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """An error of a handler goes into the log (the client gets its reply anyway), not into a pop-up."""
        name, text = getattr(source, "__name__", "error"), " ".join(str(error).split())[:200]
        _log.error("%s: %s", name, text, exc_info=None if isinstance(error, JsonRpcException) else error)

    def document(self, uri: str) -> Document:
        """An open document, or the file on disk as one."""
        document = self.workspace.get_text_document(uri)
        assert isinstance(document, Document)
        return document

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something in the background; its failure is logged, and it is cancelled with the server."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a background task failed", exc_info=error)

    def _from_thread(self, call: Callable[[], None]) -> None:
        """Have the event loop call something soon; from any thread, also after the loop has ended."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(call)

    async def _start(self) -> None:
        """After `initialized`: settings, watchers, folders."""
        await self._pull_configuration()
        watch = not await self._register_watchers()
        self.workspaces = self._make_workspaces(watch=watch)
        self._started = True
        self._open_folders()
        self.status_changed()
        if self.process_id is not None:
            self.spawn(self._watch_parent(self.process_id))

    async def _watch_parent(self, process_id: int) -> None:
        """End when the client's process is gone, even if somebody else holds our pipes open."""
        import psutil

        while psutil.pid_exists(process_id):
            await asyncio.sleep(PARENT_SECONDS)
        _log.info("the client's process %d is gone", process_id)
        self.ended.set()

    async def close(self) -> None:
        """Cancel what is under way, end all children, release the indexes."""
        logging.getLogger("glossator").removeHandler(self._client_log)
        for timer in self._buffer_timers.values():
            timer.cancel()
        if self._status_timer is not None:
            self._status_timer.cancel()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        closing = [asyncio.to_thread(live.close) for _, live in self.workspaces]
        for failure in await asyncio.gather(self.answerer.close(), *closing, return_exceptions=True):
            if isinstance(failure, Exception):
                _log.error("while closing: %s", failure)
        await asyncio.to_thread(self.session.close)

    # Settings

    def _configure(self, section: object) -> None:
        """Take over settings; what cannot be used is told once."""
        self.configuration = read(self.base, self._initial_options, section)
        for problem in self.configuration.problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self._tell(problem)

    def _tell(self, problem: str) -> None:
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"Glossator: {problem}"))

    async def _pull_configuration(self) -> None:
        capabilities = self.client_capabilities.workspace
        section: object = None
        if capabilities is not None and capabilities.configuration:
            params = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
            try:
                section = (await self.workspace_configuration_async(params))[0]
            except Exception as error:
                _log.warning("the client did not tell its settings: %s", error)
        await self._apply(section)

    async def _reconfigure(self, pushed: object) -> None:
        capabilities = self.client_capabilities.workspace
        if capabilities is not None and capabilities.configuration:
            await self._pull_configuration()
        else:
            await self._apply(pushed)

    async def _apply(self, section: object) -> None:
        """Let changed settings take effect: the model is told, the index is opened anew if it must be."""
        async with self._applying:
            self._configure(section)
            old, new = self.session.settings, self.configuration.settings
            if any(getattr(old, name) != getattr(new, name) for name in INDEXING):
                await self._reopen(new)
            elif new != old:
                self.session.reconfigure(new)
                self.spawn(self._reconfigure_model(new))
        self.status_changed()

    async def _reconfigure_model(self, settings: Settings) -> None:
        """Have the model take over settings, which may have to wait for the answer that is being written."""
        try:
            await self.answerer.reconfigure(settings)
        except GlossatorError as error:
            self._tell(str(error))
        self.status_changed()

    async def _reopen(self, settings: Settings) -> None:
        """Open all folders anew, since how they are indexed has changed."""
        started, self._started = self._started, False
        session, workspaces = self.session, self.workspaces
        self.session = self._make_session(settings)
        self.workspaces = self._make_workspaces(watch=workspaces.watch)
        self.answerer.use(self.session)
        self.spawn(self._reconfigure_model(settings))
        await asyncio.gather(*(asyncio.to_thread(live.close) for _, live in workspaces))
        await asyncio.to_thread(session.close)
        if started:
            self._started = True
            self._open_folders()

    def _open_folders(self) -> None:
        """Open the folders that the client has now."""
        folders = [folder.uri for folder in self.workspace.folders.values()]
        for uri in folders or ([self.workspace.root_uri] if self.workspace.root_uri else []):
            self.workspaces.add(uri)
        self._overlay_open_documents()

    # Files

    def _make_session(self, settings: Settings) -> Session:
        return Session([], settings)

    def _make_workspaces(self, *, watch: bool) -> Workspaces:
        return Workspaces(
            self.session,
            watch=watch,
            on_change=lambda: self._from_thread(self.status_changed),
            on_progress=lambda uri, name, progress: self._from_thread(lambda: self._show_progress(uri, name, progress)),
        )

    async def _register_watchers(self) -> bool:
        """Ask the client to watch files; whether it does."""
        workspace = self.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched is None or not watched.dynamic_registration:
            return False
        options = types.DidChangeWatchedFilesRegistrationOptions(
            watchers=[
                types.FileSystemWatcher(glob_pattern="**/*"),
                types.FileSystemWatcher(glob_pattern="**/.git/{HEAD,index,packed-refs}"),
            ]
        )
        registration = types.Registration(
            id=WATCHER_ID, method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options
        )
        try:
            await self.client_register_capability_async(types.RegistrationParams(registrations=[registration]))
        except Exception as error:
            _log.warning("the client does not watch files: %s", error)
            return False
        return True

    def _files_changed(self, uris: list[str]) -> None:
        for uri in uris:
            located = self.workspaces.locate(uri)
            path = to_path(uri)
            if located is None or path is None:
                continue
            live, _ = located
            if path.name in (".gitignore", ".glossatorignore"):
                live.rescan()
            else:
                live.changed([path])
        self.status_changed()

    # Buffers

    def _overlay_open_documents(self) -> None:
        for document in tuple(self.workspace.text_documents.values()):
            self._buffer_changed(document.uri, now=True)

    def _buffer_changed(self, uri: str, *, now: bool = False) -> None:
        located = self.workspaces.locate(uri)
        if located is None:
            return
        if uri in self._buffer_timers:
            self._buffer_timers.pop(uri).cancel()
        delay = 0.0 if now else BUFFER_SECONDS
        self._buffer_timers[uri] = asyncio.get_running_loop().call_later(delay, self._parse_buffer, uri)

    def _parse_buffer(self, uri: str) -> None:
        """Hand the buffer to a worker as it is now."""
        self._buffer_timers.pop(uri, None)
        located = self.workspaces.locate(uri)
        if located is None or unquote(uri) not in self.workspace.text_documents:
            return
        live, path = located
        document = self.document(uri)
        live.set_buffer(path, document.version or 0, document.source)

        async def parse() -> None:
            await asyncio.wrap_future(await asyncio.to_thread(live.parse_buffer, path))

        self._parsing[uri] = self.spawn(parse())

    async def buffers_parsed(self) -> None:
        """Have all buffers parsed as they are now; waits for it, but not for ever (a parse is milliseconds)."""
        for uri, timer in tuple(self._buffer_timers.items()):
            timer.cancel()
            self._parse_buffer(uri)
        self._parsing = {uri: task for uri, task in self._parsing.items() if not task.done()}
        if self._parsing:
            await asyncio.wait(self._parsing.values(), timeout=FLUSH_SECONDS)

    def _buffer_closed(self, uri: str) -> None:
        if uri in self._buffer_timers:
            self._buffer_timers.pop(uri).cancel()
        located = self.workspaces.locate(uri)
        if located is not None:
            live, path = located
            live.drop_buffer(path)
            live.changed([live.root.path / path])

    # What the client is told

    def _model_changed(self, status: ModelStatus) -> None:
        self.model_status = status
        for work in self.works:
            work.model(status)
        self._show_loading(status)
        self._from_thread(self.status_changed)

    def status_changed(self) -> None:
        """Tell the client soon, once for many changes."""
        if self._status_timer is None and not self.ended.is_set():
            self._status_timer = asyncio.get_running_loop().call_later(STATUS_SECONDS, self._send_status)

    def _send_status(self) -> None:
        self._status_timer = None
        status = status_of(self)
        if status != self._last_status:
            self._last_status = status
            self.protocol.notify(protocol.STATUS_CHANGED, status)

    def _show_progress(self, uri: str, name: str, progress: Progress | None) -> None:
        """Indexing as a progress of the client's, with a real percentage and a cancel button."""
        if progress is None:
            self._end_progress(uri)
        elif progress.stage != "scanning" and progress.files_total:
            percentage = min(100 * progress.files_done // progress.files_total, 100)
            message = f"{progress.files_done:,} of {progress.files_total:,} files"
            self._report_progress(uri, f"Indexing {name}", message, percentage)

    def _show_loading(self, status: ModelStatus) -> None:
        """Loading the model, too, where no request shows it on a progress of its own."""
        if status.state == "loading" and status.progress is not None and not any(work.shown for work in self.works):
            percentage = int(100 * status.progress)
            self._report_progress(MODEL, "Loading the model", status.name, percentage)
        else:
            self._end_progress(MODEL)

    def _report_progress(self, key: str, title: str, message: str, percentage: int) -> None:
        """Begin a progress of ours, or go on with it."""
        window = self.client_capabilities.window
        if self.ended.is_set() or not (window and window.work_done_progress):
            return
        token = self._progress_tokens.get(key)
        if token is None:
            token = f"glossator-{uuid.uuid4().hex[:12]}"
            self._progress_tokens[key] = token
            self.spawn(self._begin_progress(key, token, title, message, percentage))
        elif token in self.work_done_progress.tokens:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
            self.work_done_progress.report(token, report)

    async def _begin_progress(self, key: str, token: str, title: str, message: str, percentage: int) -> None:
        await self.work_done_progress.create_async(token)
        begin = types.WorkDoneProgressBegin(title=title, message=message, percentage=percentage, cancellable=True)
        self.work_done_progress.begin(token, begin)
        if self._progress_tokens.get(key) != token:  # it ended while the client was asked
            self._close_progress(token)

    def _end_progress(self, key: str) -> None:
        token = self._progress_tokens.pop(key, None)
        if token is not None and token in self.work_done_progress.tokens:
            self._close_progress(token)

    def _close_progress(self, token: str) -> None:
        self.work_done_progress.end(token, types.WorkDoneProgressEnd())
        self.work_done_progress.tokens.pop(token, None)
