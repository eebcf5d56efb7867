"""The Model Context Protocol of a team's server: the same questions as over HTTP, as tools.

It has no sessions: every request stands for itself and carries its token, so that any replica can answer it. A tool
sees only what the token opens.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from glossator import __version__
from glossator.errors import GlossatorError
from glossator.mcp_server.tool_arguments import argument_schema
from glossator.mcp_server.tool_protocol import answered_call, failed_call, listed_tool, unknown_tool
from glossator.team_server.team_tools import TEAM_INSTRUCTIONS, TEAM_TOOLS, reply_data, reply_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mcp.server.context import ServerRequestContext

    from glossator.team_server.access_tokens import AccessToken
    from glossator.team_server.team_tools import Reply, TeamTool

    Ask = Callable[[TeamTool, AccessToken, Any], Awaitable[Reply]]

_log = logging.getLogger(__name__)

ACCESS_KEY = "glossator.access"
"""Where a request's scope has what is kept of its token."""


class TeamProtocol:
    """The tools of a team's server."""

    def __init__(self, ask: Ask, most_body_bytes: int) -> None:
        """`ask` answers a question; it may wait."""
        self._ask = ask
        self._tools = {tool.name: tool for tool in TEAM_TOOLS}
        self._server: Server[Any] = Server(
            "glossator-team",
            version=__version__,
            title="Glossator for a team",
            instructions=TEAM_INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
        )
        self.requests = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=most_body_bytes
        )

    async def _list_tools(
        self, context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        del context, params
        return types.ListToolsResult(
            tools=[
                listed_tool(tool.name, tool.title, tool.description, argument_schema(tool.arguments))
                for tool in TEAM_TOOLS
            ]
        )

    async def _call_tool(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = self._tools.get(params.name)
        if tool is None:
            return unknown_tool(params.name, [*self._tools])
        try:
            access: AccessToken = context.request.scope[ACCESS_KEY]  # type: ignore[union-attr]
            reply = await self._ask(tool, access, tool.read(params.arguments or {}))
        except (GlossatorError, TimeoutError) as error:
            return failed_call(str(error))
        except Exception as error:
            _log.exception("%s failed", tool.name)
            return failed_call(f"{tool.name} failed because of an internal error ({type(error).__name__})")
        return answered_call(reply_text(reply), reply_data(reply))
