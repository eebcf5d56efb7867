"""What is told of uses: symbols, places, callers, what a change reaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from glossator.index.facts import MENTION_KINDS, STUB
from glossator.retrieval.resolution.rules_table import rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.facts import Mention
    from glossator.index.records import StoredEntry
    from glossator.retrieval.resolution.values import DefinedSymbol, Grade, Resolution, Use

OVERRIDE: Final = "override"
"""The kind of a place that overrides or implements a symbol."""
USE_KINDS: Final[tuple[str, ...]] = (*MENTION_KINDS, OVERRIDE)
CALLING: Final = frozenset(("call", "decorator", "template"))
"""Kinds of mentions by which one symbol runs another."""
DEPENDING: Final = frozenset(USE_KINDS) - {"import", "export"}
"""Kinds of mentions by which a symbol depends on another; an import alone uses nothing."""
MOST_NAMESAKES: Final = 50
"""Definitions of one name that are told apart."""
CODE_CHARACTERS: Final = 200
"""Characters of a line of code that are shown."""


@dataclass(frozen=True, slots=True)
class NamedSymbol:
    """A definition that can be used: declarations of the same thing are one symbol.

    Attributes:
        path: its file.
        kind: an `EntryKind`.
        line: the line of its name (1-based).
        start_line, end_line: its lines (1-based, inclusive).
        column: first byte of the name in its line, from 0.
        inherited_by: the qualified name of the class that was asked for this member, which it inherits; "" for others.
        definitions: what resolution calls it, the definition before declarations; empty for what has no uses by name (a
            section of a document, a key of a configuration).
    """

    path: str
    kind: str
    name: str
    qualified_name: str
    language: str
    line: int
    start_line: int
    end_line: int
    column: int = 0
    inherited_by: str = field(default="", compare=False)
    definitions: tuple[DefinedSymbol, ...] = field(default=(), compare=False, repr=False)


class PlaceReader(Protocol):
    """What a place asks for what it does not know itself."""

    def line(self, path: str, line: int) -> str:
        """A line of a file (1-based), without its end; "" if it is gone."""

    def symbol_around(self, use: Use) -> NamedSymbol | None:
        """The innermost definition around a use."""

    def in_test(self, path: str, owner: DefinedSymbol | None) -> bool:
        """Whether a place is in a test."""


class UsePlace:
    """A place that mentions a symbol. Its line is read when it is first asked for.

    Attributes:
        path: the file.
        line: 1-based.
        name: the name as it stands there, which may be an alias.
        kind: one of `USE_KINDS`.
        grade: "resolved" or "possible".
    """

    __slots__ = ("_reader", "_use", "grade", "kind", "line", "name", "path")

    def __init__(self, use: Use, reader: PlaceReader) -> None:
        self._use = use
        self._reader = reader
        self.path = use.path
        self.line = use.line
        self.name = use.name
        self.kind = use.kind
        self.grade: Grade = use.grade

    def __repr__(self) -> str:
        return f"UsePlace({self.path}:{self.line}, {self.kind}, {self.grade})"

    @property
    def text(self) -> str:
        """The line, without its end."""
        return self._reader.line(self.path, self.line)

    @property
    def column(self) -> int:
        """The first character of the name in its line, from 0."""
        text, place = self.text, self._use.column
        column = place if text.isascii() else len(text.encode()[:place].decode(errors="ignore"))
        if text[column : column + len(self.name)] != self.name:  # the file has changed since it was indexed
            return max(text.find(self.name), 0)
        return column

    @property
    def start(self) -> tuple[int, int]:
        """The line (1-based) and the first byte of the name in it, from 0, as they were indexed."""
        return self.line, self._use.column

    @property
    def owner(self) -> NamedSymbol | None:
        """The innermost definition around the place; None at the top of a file."""
        return self._reader.symbol_around(self._use)

    @property
    def test(self) -> bool:
        """Whether it is in a test."""
        return self._reader.in_test(self.path, self._use.owner)

    @property
    def code(self) -> str:
        """The line without indentation, cut at `CODE_CHARACTERS`."""
        code = self.text.strip()
        return code if len(code) <= CODE_CHARACTERS else code[: CODE_CHARACTERS - 1] + "…"

    @property
    def resolved(self) -> bool:
        """Whether it certainly refers to the symbol."""
        return self.grade == "resolved"


@dataclass(frozen=True, slots=True)
class SymbolUses:
    """The uses of one symbol.

    Attributes:
        places: by path, line and column.
        unread: files that were not looked at: they mention the name and are too many, or may, and are uncollected.
        precise: whether the language's names are resolved precisely, so that "not used" may be said; False if there are
            places, of which nothing is to be denied.
        uncollected: those of `unread` whose uses of names are still being collected, after a first index.
    """

    symbol: NamedSymbol
    places: tuple[UsePlace, ...]
    unread: int = 0
    precise: bool = False
    uncollected: int = 0

    @property
    def resolved(self) -> tuple[UsePlace, ...]:
        """The places that certainly refer to it."""
        return tuple(place for place in self.places if place.resolved)

    @property
    def possible(self) -> tuple[UsePlace, ...]:
        """The places that may refer to it."""
        return tuple(place for place in self.places if not place.resolved)

    @property
    def unused(self) -> bool:
        """Whether it can be said that nothing uses it."""
        return self.precise and not self.places and not self.unread


@dataclass(frozen=True, slots=True)
class UseCount:
    """How many places mention a symbol.

    Attributes:
        resolved: places that certainly refer to it.
        possible: places that may.
        more: whether there are files that were not looked at.
        precise: see `SymbolUses`.
    """

    resolved: int
    possible: int
    more: bool = False
    precise: bool = True


@dataclass(frozen=True, slots=True)
class Caller:
    """A symbol that calls another one, found by walking from a symbol to its callers and on to theirs.

    Attributes:
        symbol: what calls; the file as a whole for code outside all definitions.
        depth: 1 for what calls the symbol itself.
        calls: what it calls: the symbol, or a caller that is one level nearer.
        places: path and line of each call.
    """

    symbol: NamedSymbol
    depth: int
    calls: NamedSymbol
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UsedSymbol:
    """A symbol that another one uses.

    Attributes:
        symbol: what is used.
        places: where, in order.
        grade: "resolved" or "possible".
    """

    symbol: NamedSymbol
    places: tuple[UsePlace, ...]
    grade: Grade

    @property
    def kinds(self) -> tuple[str, ...]:
        """How it is used, as `USE_KINDS`."""
        return tuple(dict.fromkeys(place.kind for place in self.places))

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines where it is used (1-based, in the file of what uses it)."""
        return tuple(dict.fromkeys(place.line for place in self.places))


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of a symbol would reach.

    Attributes:
        overriding: the symbols that override or implement it.
        dependents: what uses it, and what uses that, to `IMPACT_DEPTH` levels.
        tests: the tests among them.
        complete: whether the walk ended before `MOST_WALKED`.
    """

    overriding: tuple[NamedSymbol, ...]
    dependents: tuple[Caller, ...]
    tests: tuple[NamedSymbol, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name at a place refers to: the symbols, and how sure that is; `UseFinder.may_mean` tells about others."""

    grade: Grade
    symbols: tuple[NamedSymbol, ...] = ()
    mention: tuple[Resolution, Mention] | None = None


def symbol_of_definitions(group: Sequence[DefinedSymbol]) -> NamedSymbol:
    """The symbol of definitions of the same thing: placed where it is defined, not where it is only declared."""
    ordered = sorted(
        group, key=lambda one: (rules_of(one.language).is_declaration_file(one.path), one.symbol.flags & STUB)
    )
    first = ordered[0]
    symbol = first.symbol
    return NamedSymbol(
        first.path,
        symbol.kind,
        symbol.name,
        first.qualified_name,
        first.language,
        symbol.line,
        symbol.start,
        symbol.end,
        symbol.column,
        definitions=tuple(ordered),
    )


def symbol_of_entry(entry: StoredEntry) -> NamedSymbol:
    """The symbol of an entry, of whose uses nothing is known."""
    return NamedSymbol(
        entry.path,
        entry.kind,
        entry.name,
        entry.qualified_name or entry.name,
        entry.language,
        entry.name_line,
        entry.start_line,
        entry.end_line,
    )
