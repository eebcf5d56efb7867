"""Commands that code actions, hovers and lenses run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glossator.errors import UsageError

if TYPE_CHECKING:
    from lsprotocol import types

EXPLAIN_COMMAND = "glossator.explain"
ASK_COMMAND = "glossator.ask"
SIMILAR_COMMAND = "glossator.findSimilar"
REINDEX_COMMAND = "glossator.reindex"

SYMBOL_ACTIONS = (
    ("Explain this symbol", EXPLAIN_COMMAND),
    ("Ask about this symbol", ASK_COMMAND),
    ("Find similar code", SIMILAR_COMMAND),
)
"""Titles and commands of the actions on a symbol."""

CLIENT_COMMANDS = frozenset({EXPLAIN_COMMAND, ASK_COMMAND, SIMILAR_COMMAND})
"""Commands that a client may implement (`initializationOptions.clientCommands`), to show answers in its own way."""


def command_arguments(uri: str, position: types.Position) -> list[Any]:
    """The arguments of such a command."""
    return [{"uri": uri, "position": {"line": position.line, "character": position.character}}]


def position_argument(argument: object) -> tuple[str, int, int]:
    """URI, line and character (as LSP counts them) of a command's argument.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(argument, dict):
        place = argument.get("position")
        if isinstance(argument.get("uri"), str) and isinstance(place, dict):
            try:
                return argument["uri"], int(place["line"]), int(place["character"])
            except (KeyError, TypeError, ValueError):
                pass
    raise UsageError('the argument must be {"uri": ..., "position": {"line": ..., "character": ...}}')
