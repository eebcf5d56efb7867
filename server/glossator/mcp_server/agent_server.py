"""Serves one client of the Model Context Protocol over stdio: its folders become projects, its calls become answers.

Tools run in threads, so that the connection stays responsive; a call that the client cancels is abandoned. Errors that
a model can understand are results; everything else is logged, and named in one line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError, NoBackChannelError
from pydantic import ValidationError

from glossator import __version__, logfiles
from glossator.answers.answerer import Listener
from glossator.answers.evidence import Question
from glossator.errors import GlossatorError, SymbolNotFoundError, WorkspaceError
from glossator.mcp_server.answer_fitting import fitted_answer
from glossator.mcp_server.code_tools import CallScope, checked, paths_of
from glossator.mcp_server.projects import Projects, check_is_project, folder_of_uri
from glossator.mcp_server.tool_arguments import wrong_arguments
from glossator.mcp_server.tool_protocol import answered_call, failed_call, listed_tool, unknown_tool
from glossator.mcp_server.tool_results import as_data, as_text
from glossator.mcp_server.tool_table import AGENT_INSTRUCTIONS, TOOLS, AskArguments, CodeTool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.server.context import ServerRequestContext

    from glossator.mcp_server.projects import Report
    from glossator.mcp_server.tool_results import Answered, ToolResult
    from glossator.settings import Settings

STATUS_URI = "glossator://status"
OVERVIEW_URI = "glossator://overview"
USE_TOOLS = frozenset(("trace", "impact_of_changes"))
"""Tools that are of no use before it is known what uses what."""
ROOTS_SECONDS = 10.0
"""Seconds that a client may take to name its folders; then the current folder is used."""
CLOSING_SECONDS = 4.0
"""Seconds for closing everything; then the process exits in any case (children notice this and end too)."""

_ROOTS_KEY = "roots"
_COMMAND = re.compile(r"`glossator search [^`]*`")
"""What errors about unknown names advise people at a terminal to do."""
_log = logging.getLogger(__name__)


class AgentServer:
    """The tools and resources of one client."""

    def __init__(self, settings: Settings, folders: Sequence[Path]) -> None:
        """`folders` are those that were given when the server was started; empty: the client names them."""
        self.projects = Projects(settings)
        self._given = tuple(folders)
        self._named: tuple[Path, ...] | None = None
        self._opening = asyncio.Lock()
        self._tools = {tool.name: tool for tool in TOOLS}
        self.protocol: Server[Any] = Server(
            "glossator",
            version=__version__,
            title="Glossator",
            instructions=AGENT_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_read_resource=self._read_resource,
        )
        self.protocol.add_notification_handler(
            "notifications/roots/list_changed", types.NotificationParams, self._roots_changed
        )

    # Folders

    async def _roots_changed(self, context: ServerRequestContext[Any], params: types.NotificationParams) -> None:
        del context, params
        self._named = None

    async def _folders(
        self, context: ServerRequestContext[Any], answered: types.InputResponses | None
    ) -> types.InputRequiredResult | tuple[Path, ...]:
        """The folders to work in, or a request to the client to name them."""
        if self._given:
            return self._given
        capabilities = context.session.client_capabilities
        if self._named is None and capabilities is not None and capabilities.roots is not None:
            if answered is not None and isinstance(response := answered.get(_ROOTS_KEY), types.ListRootsResult):
                self._named = _folders_of(response)
            else:
                try:
                    with _without_deprecation_warnings():
                        listed = await asyncio.wait_for(context.session.list_roots(), ROOTS_SECONDS)
                    self._named = _folders_of(listed)
                except NoBackChannelError:  # since 2026-07-28 a server asks by its result
                    if answered is None:
                        return types.InputRequiredResult(input_requests={_ROOTS_KEY: types.ListRootsRequest()})
                except (MCPError, TimeoutError) as error:
                    _log.warning("the client did not name its folders: %s", error)
        folders = self._named or (Path.cwd(),)
        for folder in folders:
            check_is_project(folder)
        return folders

    async def _open(
        self, context: ServerRequestContext[Any], answered: types.InputResponses | None
    ) -> types.InputRequiredResult | None:
        """Open the folders that the client works in, and close others."""
        async with self._opening:
            folders = await self._folders(context, answered)
            if isinstance(folders, types.InputRequiredResult):
                return folders
            closing = self.projects.open(folders)
            await asyncio.gather(*(asyncio.to_thread(one.close) for one in closing))
            return None

    # Tools

    async def _list_tools(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        del context, params
        return types.ListToolsResult(
            tools=[
                listed_tool(tool.name, tool.title, tool.description, tool.input_schema(), tool.output_schema())
                for tool in TOOLS
            ]
        )

    async def _call_tool(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        tool = self._tools.get(params.name)
        if tool is None:
            return unknown_tool(params.name, [*self._tools])
        try:
            arguments = tool.arguments.model_validate(params.arguments or {})
        except ValidationError as error:
            return failed_call(wrong_arguments(tool.arguments, error))
        try:
            asked = await self._open(context, params.input_responses)
            if asked is not None:
                return asked
            result = await self._answered(tool, arguments, context)
        except GlossatorError as error:
            return failed_call(_COMMAND.sub("`search_code`", str(error)))
        except MCPError:
            raise
        except Exception as error:
            _log.exception("%s failed", tool.name)
            return failed_call(
                f"{tool.name} failed because of an internal error ({type(error).__name__}); the details are in "
                f"{logfiles.log_path('mcp')}"
            )
        return answered_call(as_text(result), as_data(result))

    async def _answered(self, tool: CodeTool, arguments: Any, context: ServerRequestContext[Any]) -> ToolResult:
        report = _reporting(context)
        projects = self.projects.chosen(getattr(arguments, "project", ""))
        notes = await self.projects.settled(projects, report, uses=tool.name in USE_TOOLS)
        scope = CallScope(projects)
        if isinstance(arguments, AskArguments):
            result: ToolResult = await self._ask(arguments, report)
        else:
            try:
                result = await asyncio.to_thread(tool.called, scope, arguments)
            except SymbolNotFoundError:
                # It may have been written a moment ago.
                await self.projects.rescan(projects)
                result = await asyncio.to_thread(tool.called, scope, arguments)
            if scope.stale.files:
                # Files have changed since they were indexed: have them indexed now, and look again.
                await self.projects.rescan(projects)
                scope = CallScope(projects)
                result = await asyncio.to_thread(tool.called, scope, arguments)
                if scope.stale.files:
                    paths = ", ".join(sorted({path for _, path in scope.stale.files})[:5])
                    notes.append(f"left out, because the file has changed since it was indexed: {paths}")
        result.notes = [*result.notes, *notes]
        return result

    async def _ask(self, arguments: AskArguments, report: Report) -> Answered:
        question = checked(arguments.question, "question")
        steps = 0

        def stage(text: str) -> None:
            nonlocal steps
            steps += 1
            task = asyncio.ensure_future(report(steps, steps + 1, text))
            running.add(task)
            task.add_done_callback(running.discard)

        running: set[asyncio.Future[None]] = set()
        answer = await self.projects.answerer.ask(
            Question(question), Listener(stage=stage), use_model=arguments.use_model
        )
        names = {project.root.path: project.name for project in self.projects.all()}
        return fitted_answer(answer, names, arguments.max_tokens)

    # Resources

    async def _list_resources(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        del context, params
        return types.ListResourcesResult(
            resources=[
                types.Resource(
                    uri=STATUS_URI,
                    name="status",
                    title="Index status",
                    description="What is indexed, how current it is, what was skipped and why, and the local model.",
                    mime_type="application/json",
                ),
                types.Resource(
                    uri=OVERVIEW_URI,
                    name="overview",
                    title="Project overview",
                    description="The projects' folders, languages and sizes, and the beginning of each README.",
                    mime_type="text/plain",
                ),
            ]
        )

    async def _read_resource(
        self, context: ServerRequestContext[Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult | types.InputRequiredResult:
        uri = str(params.uri)
        if uri not in (STATUS_URI, OVERVIEW_URI):
            raise MCPError(
                code=types.INVALID_PARAMS,
                message=f"there is no resource {uri}; there are {STATUS_URI} and {OVERVIEW_URI}",
            )
        try:
            asked = await self._open(context, params.input_responses)
            if asked is not None:
                return asked
            if uri == STATUS_URI:
                text, kind = json.dumps(await asyncio.to_thread(self._status), indent=1), "application/json"
            else:
                notes = await self.projects.settled(self.projects.chosen(), _reporting(context))
                text, kind = await asyncio.to_thread(self._overview, notes), "text/plain"
        except GlossatorError as error:
            raise MCPError(code=types.INTERNAL_ERROR, message=str(error)) from error
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=uri, mime_type=kind, text=text)])

    def _status(self) -> dict[str, Any]:
        told = []
        for project in self.projects.all():
            state = project.updates.state()
            told.append(
                {
                    "folder": str(project.root.path),
                    "project": project.name or project.root.path.name,
                    "state": state.state,
                    "files": state.files,
                    "symbols": state.symbols,
                    "pending": state.pending,
                    "uncollected": state.uncollected,
                    "writer": project.root.is_writer,
                    "message": state.message,
                    "skipped": [{"path": item.path, "reason": item.reason} for item in state.skipped[:100]],
                    "skipped_files": len(state.skipped),
                }
            )
        return {
            "version": __version__,
            "projects": told,
            "failures": self.projects.failures(),
            "model": self.projects.session.model_status(),
        }

    def _overview(self, notes: Sequence[str]) -> str:
        parts = []
        for project in self.projects.chosen():
            snapshot = project.root.open()
            lines = [project.root.overview()]
            if snapshot is not None:
                status = snapshot.status()
                languages: dict[str, int] = {}
                for summary in snapshot.store.summaries():
                    languages[summary.language] = languages.get(summary.language, 0) + summary.lines
                shares = sorted(languages.items(), key=lambda item: -item[1])[:8]
                lines.append(f"{len(paths_of(snapshot)):,} files, {status.lines:,} lines, {status.symbols:,} symbols")
                lines.append("lines by language: " + ", ".join(f"{name} {count:,}" for name, count in shares))
            parts.append("\n".join(lines))
        return "\n\n".join([*parts, *(f"note: {note}" for note in notes)])


def _reporting(context: ServerRequestContext[Any]) -> Report:
    """What tells a client how far its request is."""

    async def report(done: float, total: float, message: str) -> None:
        await context.session.report_progress(done, total, message)

    return report


def _folders_of(listed: types.ListRootsResult) -> tuple[Path, ...]:
    folders = (folder_of_uri(str(root.uri)) for root in listed.roots)
    return tuple(dict.fromkeys(folder for folder in folders if folder is not None))


@contextlib.contextmanager
def _without_deprecation_warnings() -> Any:
    """Roots are deprecated since 2026-07-28, and all that earlier clients have."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        yield


def serve_agents(settings: Settings, folders: Sequence[Path], log_level: str) -> None:
    """Serve one client over stdio; does not return: the process ends with its client.

    Raises:
        WorkspaceError: a given folder does not exist.
    """
    _log_to_file(log_level)
    for folder in folders:
        if not folder.is_dir():
            raise WorkspaceError(f"the folder {folder} does not exist")
    try:
        asyncio.run(_serve_then_leave(settings, [folder.resolve() for folder in folders]))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _log_to_file(level: str) -> None:
    """stdout belongs to the protocol, and clients show stderr as errors."""
    logging.raiseExceptions = False
    path = logfiles.log_path("mcp")
    try:
        handler: logging.Handler = logfiles.PrivateRotatingFileHandler(path)
        logfiles.remove_old(path.parent, "mcp")
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(level.upper())
    for name in ("glossator", "mcp"):
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).propagate = False
    logging.getLogger("glossator").setLevel(level.upper())
    logging.getLogger("mcp").setLevel(logging.WARNING)


async def _serve_then_leave(settings: Settings, folders: Sequence[Path]) -> None:
    """Serve, then exit from within the event loop: a regular exit would wait for all threads.

    Blocked threads must not keep the process alive; children end when our pipes close.
    """
    status = 0
    agent = AgentServer(settings, folders)
    try:
        async with stdio_server() as (incoming, outgoing):
            await agent.protocol.run(incoming, outgoing, agent.protocol.create_initialization_options())
    except (OSError, ValueError) as error:  # the client is gone
        _log.info("the connection ended: %s", error)
        status = 1
    except BaseExceptionGroup as group:
        _log.error("the connection failed", exc_info=group)
        status = 1
    finally:
        try:
            await asyncio.wait_for(agent.projects.close(), CLOSING_SECONDS)
        except (TimeoutError, GlossatorError) as error:
            _log.error("while closing: %s", error)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)
