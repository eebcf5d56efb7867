"""`glossator uses`: where a symbol is used, what calls it, what it uses; as text or JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from glossator.answers.use_wording import (
    NO_CALLEE,
    by_kind,
    counted_places,
    described_symbol,
    not_searched_words,
    possible_words,
    uncollected_note,
)
from glossator.cli import terminal
from glossator.errors import UsageError
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.retrieval.use_records import CALLING, MOST_NAMESAKES, USE_KINDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

    from glossator.project.session import Session
    from glossator.retrieval.use_records import Caller, NamedSymbol, SymbolUses, UsedSymbol, UsePlace
    from glossator.retrieval.uses import UseFinder

PLACE_INDENT = 4
"""Columns by which places are indented."""
PLACE_HANG = 8
"""Columns by which the rest of a long line is indented."""


def kinds_of(given: Sequence[str]) -> frozenset[str] | None:
    """The kinds that `--kind` names, separated with commas or given repeatedly; None for all.

    Raises:
        UsageError: there is no such kind.
    """
    kinds = [kind.strip() for item in given for kind in item.split(",") if kind.strip()]
    for kind in kinds:
        if kind not in USE_KINDS:
            raise UsageError(f"unknown kind of use {kind!r}; the kinds are {', '.join(USE_KINDS)}")
    return frozenset(kinds) if kinds else None


def show_uses(session: Session, arguments: argparse.Namespace) -> int:
    """Show the uses of a symbol; the index is up to date. Returns the exit status.

    Raises:
        UsageError: a kind does not exist.
        SymbolNotFoundError: there is no such symbol; the message suggests similar names.
    """
    from glossator.project import targets

    kinds = kinds_of(arguments.kind)
    started = time.perf_counter()
    found = targets.find_symbols(session, arguments.name, arguments.path or "")
    shown: list[dict[str, Any]] = []
    for number, item in enumerate(found):
        finder, symbol = item.finder, item.symbol
        uses = finder.uses(symbol, kinds)
        callers = finder.callers(symbol, arguments.depth, kinds or CALLING) if arguments.depth > 1 else None
        callees = finder.callees(symbol) if arguments.callees else None
        overriding, overridden = finder.overriding(symbol), finder.overridden(symbol)
        if arguments.json:
            shown.append(_as_json(uses, callers, callees, overriding, overridden))
            continue
        if number:
            terminal.show()
        _show_symbol(symbol, overridden)
        if note := uncollected_note(finder.uncollected):
            terminal.note(f"glossator: {note}")
        if callees is not None:
            _show_callees(finder, symbol, callees, arguments.limit)
        else:
            _show_places(uses, kinds, arguments.limit)
        if callers is not None:
            _show_callers(symbol, *callers, arguments.depth)
    if len(found) >= MOST_NAMESAKES:
        terminal.note(f"glossator: no more than {MOST_NAMESAKES} definitions of a name are shown; --path FILE chooses")
    if arguments.json:
        seconds = round(time.perf_counter() - started, 6)
        terminal.show_json({"name": arguments.name, "symbols": shown, "seconds": seconds})
    return 0


def _show_symbol(symbol: NamedSymbol, overridden: Sequence[NamedSymbol]) -> None:
    terminal.show(f"{described_symbol(symbol)} in {symbol.path}:{symbol.line}", hang=PLACE_INDENT)
    if symbol.inherited_by:
        terminal.show(f"  inherited by {symbol.inherited_by}", hang=PLACE_INDENT)
    verb = "inherits from" if symbol.kind in TYPE_KINDS else "overrides"
    for other in overridden:
        terminal.show(f"  {verb} {other.qualified_name} in {other.path}:{other.line}", hang=PLACE_INDENT)


def _show_places(uses: SymbolUses, kinds: Collection[str] | None, limit: int) -> None:
    left = limit
    for words, places in by_kind(uses.resolved).items():
        terminal.show(f"{words} in {counted_places(len(places))}")
        _show_some(places, left)
        left = max(0, left - len(places))
    possible = [place for places in by_kind(uses.possible).values() for place in places]
    if possible:
        possible.sort(key=lambda place: (place.path, place.line))
        terminal.show(possible_words(len(possible)))
        _show_some(possible, left)
    if words := not_searched_words(uses):
        terminal.show(words)
    if not uses.places:
        terminal.show(_none_found(uses, kinds))


def _none_found(uses: SymbolUses, kinds: Collection[str] | None) -> str:
    if uses.unused:
        return "nothing in the indexed code uses it"
    return f"no use of the kind {', '.join(sorted(kinds))} was found" if kinds else "no use was found"


def _show_some(places: Sequence[UsePlace], limit: int) -> None:
    for place in places[:limit]:
        terminal.show(f"{'':{PLACE_INDENT}}{place.path}:{place.line}  {place.code}".rstrip(), hang=PLACE_HANG)
    if len(places) > limit:
        terminal.show(
            f"{'':{PLACE_INDENT}}... and {len(places) - limit:,} more (--limit N lists more)", hang=PLACE_HANG
        )


def _show_callees(finder: UseFinder, symbol: NamedSymbol, callees: Sequence[UsedSymbol], limit: int) -> None:
    lines = finder.lines(symbol.path)
    resolved = [used for used in callees if used.grade == "resolved"]
    possible = len(callees) - len(resolved)
    terminal.show(f"uses {len(resolved):,} symbol{'' if len(resolved) == 1 else 's'}" if resolved else NO_CALLEE)
    for used in resolved[:limit]:
        other = used.symbol
        terminal.show(f"{'':{PLACE_INDENT}}{described_symbol(other)} in {other.path}:{other.line}", hang=PLACE_HANG)
        at = used.lines[0]
        code = lines[at - 1].strip() if at <= len(lines) else ""
        terminal.show(f"{'':{PLACE_HANG}}{symbol.path}:{at}  {code}".rstrip(), hang=PLACE_HANG + PLACE_INDENT)
    if len(resolved) > limit:
        terminal.show(
            f"{'':{PLACE_INDENT}}... and {len(resolved) - limit:,} more (--limit N lists more)", hang=PLACE_HANG
        )
    if possible:
        terminal.show(f"{possible:,} more may be used: their names fit")


def _show_callers(symbol: NamedSymbol, callers: Sequence[Caller], complete: bool, depth: int) -> None:
    """The callers as a tree: below each symbol what calls it."""
    terminal.show(f"callers, to a depth of {depth}" if callers else "nothing is known to call it")
    below: dict[tuple[str, int], list[Caller]] = {}
    for caller in callers:
        below.setdefault((caller.calls.path, caller.calls.line), []).append(caller)

    def show(called: NamedSymbol, level: int) -> None:
        for caller in below.get((called.path, called.line), ()):
            if caller.depth != level:
                continue
            lines = ", ".join(str(line) for _, line in caller.places[:5])
            what = caller.symbol
            place = f"{what.path}:{lines}" if what.qualified_name == what.path else f"{what.path}:{what.line}"
            name = "" if what.qualified_name == what.path else f"{what.qualified_name}  "
            indent = PLACE_INDENT * min(level, 6)
            terminal.show(f"{'':{indent}}{name}{place}", hang=indent + PLACE_INDENT)
            show(what, level + 1)

    show(symbol, 1)
    if not complete:
        terminal.show("there are more: the walk ended here")


def _as_json(
    uses: SymbolUses,
    callers: tuple[Sequence[Caller], bool] | None,
    callees: Sequence[UsedSymbol] | None,
    overriding: Sequence[NamedSymbol],
    overridden: Sequence[NamedSymbol],
) -> dict[str, Any]:
    found: dict[str, Any] = {
        **symbol_json(uses.symbol),
        "end_line": uses.symbol.end_line,
        **({"inherited_by": uses.symbol.inherited_by} if uses.symbol.inherited_by else {}),
        "uses": [
            {
                "path": place.path,
                "line": place.line,
                "column": place.column + 1,
                "kind": place.kind,
                "grade": place.grade,
                "symbol": place.owner.qualified_name if place.owner is not None else "",
                "test": place.test,
                "code": place.code,
            }
            for place in uses.places
        ],
        "unread_files": uses.unread,
        "unused": uses.unused,
        "overridden_by": [symbol_json(other) for other in overriding],
        "overrides": [symbol_json(other) for other in overridden],
    }
    if callers is not None:
        found["callers"] = [
            {
                **symbol_json(caller.symbol),
                "depth": caller.depth,
                "calls": caller.calls.qualified_name,
                "places": [{"path": path, "line": line} for path, line in caller.places],
            }
            for caller in callers[0]
        ]
        found["callers_complete"] = callers[1]
    if callees is not None:
        found["callees"] = [
            {**symbol_json(used.symbol), "kinds": list(used.kinds), "grade": used.grade, "lines": list(used.lines)}
            for used in callees
        ]
    return found


def symbol_json(symbol: NamedSymbol) -> dict[str, Any]:
    """A symbol as `--json` gives it."""
    return {
        "path": symbol.path,
        "line": symbol.line,
        "kind": symbol.kind,
        "name": symbol.name,
        "qualified_name": symbol.qualified_name,
    }
