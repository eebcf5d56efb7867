"""The tool `find_unused`: the definitions that nothing in the index uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.unused_answers import NOT_KNOWN, apart_words, not_examined_words, waiting_words
from glossator.errors import SymbolNotFoundError, UsageError
from glossator.mcp_server.tool_results import UnusedDefinition, UnusedDefinitions, count_fitting, tokens_of
from glossator.project.unused_code import scope_named, unused_code
from glossator.retrieval.unused_questions import kinds_named

if TYPE_CHECKING:
    from glossator.mcp_server.code_tools import CallScope


def find_unused(scope: CallScope, path: str = "", kind: str = "", max_tokens: int = 2000) -> UnusedDefinitions:
    """The definitions in a file, folder or type that nothing in the index uses, the most certain first.

    Raises:
        SymbolNotFoundError: there is no such file, folder or type.
        UsageError: there is no such kind.
    """
    where = scope_named(scope, path)
    if where is None:
        raise SymbolNotFoundError(f"{path!r} is no file, folder or type: `outline` lists files")
    kinds = kinds_named(kind)
    if kind and not kinds:
        raise UsageError(f"unknown kind {kind!r}; kinds are function, method, class, type, constant, variable, field")
    found = unused_code(scope, where, kinds=kinds)
    every = [told.unused for told in found]
    if waiting := waiting_words(every):
        return UnusedDefinitions([], notes=[waiting])
    items = [
        UnusedDefinition(
            one.symbol.path,
            one.symbol.line,
            one.symbol.end_line,
            one.symbol.kind,
            one.symbol.qualified_name,
            scope.name_of(told.root),
            one.visibility,
            one.test,
            one.members,
        )
        for told in found
        for one in told.unused.symbols
    ]
    notes = [words for words in (apart_words(every), not_examined_words(every), NOT_KNOWN) if words]
    result = UnusedDefinitions(
        [],
        sum(one.examined for one in every),
        sum(one.left for one in every),
        sum(one.unreached for one in every),
        notes=notes,
    )
    kept = count_fitting(items, max_tokens - tokens_of(result)) if items else 0
    result.symbols, result.more = items[:kept], len(items) - kept
    return result
