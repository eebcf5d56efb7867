"""One file's facts, arranged for looking names up: its symbols by enclosing symbol and name, its imports by name."""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION, MENTION_KINDS, last_part, unpacked_lambdas
from glossator.retrieval.resolution.values import DefinedSymbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glossator.index.facts import Facts, Import, Mention, Symbol

CONTAINER_KINDS: Final = frozenset(
    (
        "class",
        "struct",
        "interface",
        "trait",
        "protocol",
        "enum",
        "union",
        "type",
        "object",
        "module",
        "namespace",
        "component",
        "package",
        "message",
        "service",
        "table",
        "block",
    )
)
"""Kinds of symbols that have members."""
_NAME: Final = attrgetter("name")
_NAMES: Final = re.compile(r"[^\W\d]\w*")
_DECORATOR: Final = MENTION_KINDS.index("decorator")
_ENDS: Final = ("?", "!")
CALLABLE_KINDS: Final = frozenset(("function", "method", "constructor", "macro", "test", "rpc"))


class FileView:
    """A file's facts with tables by name. Any thread may use it: a table is complete before it is kept.

    Attributes:
        path: the file.
        facts: its facts.
        lambdas: those of its facts.
        stars: imports of all names of a module.
        inner_imports: whether there are imports inside functions or types.
    """

    __slots__ = (
        "_aliases",
        "_by_name",
        "_classes",
        "_definitions",
        "_imports",
        "_lambdas",
        "_marks",
        "_name_places",
        "_names",
        "_of_type",
        "_qualified",
        "_subtypes",
        "facts",
        "inner_imports",
        "lambdas",
        "path",
        "stars",
    )  # fmt: skip

    def __init__(self, path: str, facts: Facts) -> None:
        self.path = path
        self.facts = facts
        self.lambdas = unpacked_lambdas(facts.lambdas)
        self.stars: list[Import] = []
        self._imports: dict[str, list[Import]] = {}
        self.inner_imports = False
        for item in facts.imports:
            if item.name == "*":
                self.stars.append(item)
            else:
                # `import a.b` binds `a`.
                name = item.name if "." not in item.name else item.name.partition(".")[0]
                self._imports.setdefault(name, []).append(item)
            if item.owner >= 0 and item.module:
                self.inner_imports = True
        self._qualified: dict[int, str] = {}
        self._definitions: dict[int, DefinedSymbol] = {}
        self._classes: dict[int, int] = {}
        # Most questions need only some of these tables.
        self._names: frozenset[str] | None = None
        self._by_name: dict[str, list[int]] | None = None
        self._of_type: dict[str, list[int]] | None = None
        self._subtypes: dict[str, list[int]] | None = None
        self._aliases: dict[str, list[Import]] | None = None
        self._marks: dict[int, list[tuple[Mention, str]]] | None = None
        self._name_places: dict[int, list[tuple[int, int]]] | None = None
        self._lambdas: tuple[list[tuple[int, int]], list[int]] | None = None

    def named(self, name: str) -> list[int]:
        """The symbols of a name, wherever they stand in the file."""
        if (table := self._by_name) is None:
            # Most files that are asked do not define the name.
            if self._names is None:
                self._names = frozenset(map(_NAME, self.facts.symbols))
            if name not in self._names:
                return []
            table = {}
            for index, symbol in enumerate(self.facts.symbols):
                if (found := table.get(symbol.name)) is None:
                    table[symbol.name] = [index]
                else:
                    found.append(index)
            self._by_name = table
        return table.get(name, [])

    def children(self, parent: int, name: str) -> list[int]:
        """The symbols of a name directly inside a symbol (-1: at the top of the file), without tests, whose names are
        texts."""
        symbols = self.facts.symbols
        return [
            index for index in self.named(name) if symbols[index].parent == parent and symbols[index].kind != "test"
        ]

    def type_around(self, index: int) -> str:
        """The type to which a symbol belongs as its qualifier says; "" for a test, whose qualifier is that of what it
        tests."""
        symbol = self.facts.symbols[index]
        return symbol.scope if symbol.kind != "test" else ""

    def outside_function(self, owner: int, text: str) -> int:
        """The class around a method, if all names in a text mean the same there; else the method. Methods without
        type parameters, imports and definitions of their own add nothing."""
        symbol = self.symbol(owner) if owner >= 0 else None
        if symbol is None or symbol.kind not in CALLABLE_KINDS or symbol.generics or symbol.scope or symbol.parent < 0:
            return owner
        around = self.symbol(symbol.parent)
        if around.kind not in CONTAINER_KINDS or around.flags & EXTENSION or self.inner_imports:
            return owner
        if around.labels and not set(_NAMES.findall(around.labels)).isdisjoint(_NAMES.findall(text)):
            return owner  # a parameter of the class's constructor, which methods do not see
        following = self.facts.symbols[owner + 1 : owner + 2]
        has_inner = bool(following) and following[0].parent == owner
        if has_inner and any(self.children(owner, name) for name in _NAMES.findall(text)):
            return owner
        return symbol.parent

    def members(self, parent: int) -> Iterator[int]:
        """All symbols directly inside a symbol."""
        return (index for index, symbol in enumerate(self.facts.symbols) if symbol.parent == parent)

    def outside_members(self, type_name: str) -> list[int]:
        """Symbols that are written outside a type but belong to it: those whose scope is the type's name, and its
        extensions."""
        if (table := self._of_type) is None:
            table = {}
            for index, symbol in enumerate(self.facts.symbols):
                if (scope := self.type_around(index)) or symbol.flags & EXTENSION:
                    table.setdefault(last_part(scope or symbol.name), []).append(index)
            self._of_type = table
        return table.get(type_name, [])

    def subtypes(self, type_name: str) -> list[int]:
        """The types one of whose supertypes is written with this bare name."""
        if (table := self._subtypes) is None:
            table = {}
            for index, symbol in enumerate(self.facts.symbols):
                for base in symbol.bases:
                    table.setdefault(last_part(base), []).append(index)
            self._subtypes = table
        return table.get(type_name, [])

    def aliases(self, name: str) -> list[Import]:
        """The imports that give what is called so elsewhere another name here."""
        if (table := self._aliases) is None:
            table = {}
            for item in self.facts.imports:
                # Where imports name no module apart, the last part of the path is what is imported.
                own = last_part(item.member or item.module)
                if own and item.name not in (own, item.member, "", "*"):
                    table.setdefault(own, []).append(item)
            self._aliases = table
        return table.get(name, [])

    def decorators(self, index: int, names: Iterable[str] | None = None) -> list[str]:
        """The names of the decorators, annotations or attributes of a symbol; with `names`, those of these."""
        symbol = self.facts.symbols[index]
        owners = {index, symbol.parent}
        if names is None:
            marks = [mark for owner in owners for mark in self._decorators().get(owner, ())]
        else:
            marks = [
                (mention, name)
                for name in names
                for mention in self.facts.mentions_of(name)
                if mention.kind == _DECORATOR and mention.owner in owners
            ]
        if not marks:
            return []
        place = symbol.line, symbol.column
        # They stand between the last name before the symbol's that belongs to what encloses it, and its own name.
        around = self.symbol(symbol.parent) if symbol.parent >= 0 else None
        before = (around.line, around.column) if around is not None else (0, 0)
        beside = self._places().get(symbol.parent, [])
        at = bisect_left(beside, place)
        if before >= place:
            before = 0, 0
        if at:
            before = max(before, beside[at - 1])
        return [name for mention, name in marks if before < (mention.line, mention.column) < place]

    def _decorators(self) -> dict[int, list[tuple[Mention, str]]]:
        """The mentions of decorators and their names, by the symbol that they are in."""
        if (table := self._marks) is None:
            table = {}
            for name, mentions in self.facts.all_mentions():
                for mention in mentions:
                    if mention.kind == _DECORATOR:
                        table.setdefault(mention.owner, []).append((mention, name))
            self._marks = table
        return table

    def _places(self) -> dict[int, list[tuple[int, int]]]:
        """Line and column of the names of the symbols directly inside a symbol, in order."""
        if (table := self._name_places) is None:
            table = {}
            for symbol in self.facts.symbols:
                table.setdefault(symbol.parent, []).append((symbol.line, symbol.column))
            for places in table.values():
                places.sort()
            self._name_places = table
        return table

    def lambda_at(self, line: int, column: int) -> int:
        """The innermost lambda that contains a place; -1 for none."""
        if not self.lambdas:
            return -1
        starts, around = self._lambda_places()
        number = bisect_left(starts, (line, column)) - 1
        while number >= 0:
            one = self.lambdas[number]
            if (line, column) < (one.end_line, one.end_column):
                return number
            number = around[number]
        return -1

    def lambda_around(self, number: int) -> int:
        """The lambda around a lambda; -1 for none."""
        return self._lambda_places()[1][number]

    def _lambda_places(self) -> tuple[list[tuple[int, int]], list[int]]:
        """Where lambdas begin, and which one is around each."""
        if (table := self._lambdas) is None:
            starts: list[tuple[int, int]] = []
            around: list[int] = []
            opened: list[int] = []
            for number, one in enumerate(self.lambdas):
                place = one.line, one.column
                while opened and place >= (
                    (last := self.lambdas[opened[-1]]).end_line,
                    last.end_column,
                ):
                    opened.pop()
                starts.append(place)
                around.append(opened[-1] if opened else -1)
                opened.append(number)
            table = self._lambdas = (starts, around)
        return table

    def imports_of(self, name: str, owner: int = -1) -> list[Import]:
        """The imports that bind a name inside a symbol (-1: at the top of the file)."""
        found = self._imports.get(name)
        return [item for item in found if item.owner == owner] if found else []

    def symbol(self, index: int) -> Symbol:
        """The symbol of an index."""
        return self.facts.symbols[index]

    def chain(self, owner: int) -> Iterator[int]:
        """A symbol and those around it, the innermost first."""
        symbols = self.facts.symbols
        while owner >= 0:
            yield owner
            parent = symbols[owner].parent
            owner = parent if parent < owner else -1

    def within(self, index: int) -> set[int]:
        """A symbol and all that are inside it."""
        inside = {index}
        symbols = self.facts.symbols
        for number in range(index + 1, len(symbols)):
            if symbols[number].parent in inside:
                inside.add(number)
        return inside

    def enclosing_container(self, owner: int) -> int:
        """The innermost class or other container that is the symbol or encloses it; -1 if there is none."""
        symbols = self.facts.symbols
        for index in self.chain(owner):
            if symbols[index].kind in CONTAINER_KINDS or symbols[index].flags & EXTENSION:
                return index
        return -1

    def class_around(self, owner: int) -> int:
        """The innermost symbol around a place that says what `$` is there: a class, an extension, or what is written
        with its class's name before its own; -1 if there is none."""
        if (known := self._classes.get(owner)) is None:
            symbols = self.facts.symbols
            known = -1
            for index in self.chain(owner):
                symbol = symbols[index]
                if self.type_around(index) or symbol.flags & EXTENSION or symbol.kind in CONTAINER_KINDS:
                    known = index
                    break
            self._classes[owner] = known
        return known

    def qualified_name(self, index: int) -> str:
        """The names of the enclosing symbols and its own, joined with "."."""
        if (known := self._qualified.get(index)) is None:
            parts: list[str] = []
            for around in self.chain(index):
                symbol = self.facts.symbols[around]
                parts.append(last_part(symbol.name) if symbol.flags & EXTENSION else symbol.name)
                if symbol.scope:
                    parts.append(symbol.scope.replace("::", ".").replace("\\", "."))
            known = self._qualified[index] = ".".join(reversed(parts))
        return known

    def definition(self, index: int) -> DefinedSymbol:
        """The symbol as a definition."""
        if (known := self._definitions.get(index)) is None:
            symbol = self.facts.symbols[index]
            known = DefinedSymbol(self.path, index, symbol, self.qualified_name(index), self.facts.language)
            self._definitions[index] = known
        return known


def bare_name(symbol: Symbol) -> str:
    """The name by which a symbol is mentioned: without the qualifiers and arguments of a type that it extends. Ruby's
    `empty?` and `save!` keep their ends."""
    name = last_part(symbol.name)
    return symbol.name if symbol.name[-1:] in _ENDS and symbol.name[:-1] == name else name
