"""A coding agent: the SDK's own client, and the server as a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp import Client, StdioServerParameters, stdio_client

SERVER = Path(__file__).with_name("patient_server.py")


def command_of(indexes: Path, *options: str) -> list[str]:
    """The command line of a server."""
    return [sys.executable, "-P", str(SERVER), "mcp", "--index-dir", str(indexes), *options]


@asynccontextmanager
async def agent(
    indexes: Path,
    folder: Path,
    *options: str,
    roots: Callable[[], Sequence[Path]] | None = None,
    mode: str = "legacy",
    environment: dict[str, str] | None = None,
) -> AsyncIterator[Client]:
    """A client of a fresh server that was started in a folder; with `roots`, the client names its folders."""

    async def listed(context: Any) -> types.ListRootsResult:
        assert roots is not None
        return types.ListRootsResult(roots=[types.Root(uri=path.as_uri()) for path in roots()])

    program, *arguments = command_of(indexes, *options)
    server = StdioServerParameters(
        command=program, args=arguments, cwd=str(folder), env={**os.environ, **(environment or {})}
    )
    callbacks: dict[str, Any] = {"list_roots_callback": listed} if roots is not None else {}
    async with Client(stdio_client(server), mode=mode, **callbacks) as client:
        yield client


async def data_of(client: Client, tool: str, **arguments: Any) -> Any:
    """The structured result of a call that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def text_of(client: Client, tool: str, **arguments: Any) -> str:
    """What a model reads of the result of a call that must succeed."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return said(result)


async def error_of(client: Client, tool: str, **arguments: Any) -> str:
    """What a call that must fail is answered with."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.content
    return said(result)


def said(result: types.CallToolResult) -> str:
    """The text of a result."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text
