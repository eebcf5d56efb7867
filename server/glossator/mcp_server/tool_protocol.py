"""What servers of the Model Context Protocol share: how a reading tool is listed, and how a call is answered."""

from __future__ import annotations

from typing import Any

import mcp_types as types

_HINTS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)


def listed_tool(
    name: str, title: str, description: str, arguments: dict[str, Any], result: dict[str, Any] | None = None
) -> types.Tool:
    """A tool as it is listed; `arguments` and `result` are JSON Schemas."""
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=arguments,
        output_schema=result,
        annotations=_HINTS,
    )


def answered_call(text: str, data: Any) -> types.CallToolResult:
    """A result, as text and as JSON values."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=data)


def failed_call(message: str) -> types.CallToolResult:
    """An error that a model can understand."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=message)], is_error=True)


def unknown_tool(name: str, known: list[str]) -> types.CallToolResult:
    """The answer to a call of a tool that does not exist."""
    return failed_call(f"there is no tool {name[:80]!r}; the tools are {', '.join(known)}")
