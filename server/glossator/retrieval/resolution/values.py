"""The values that the resolution of names works with: definitions, what expressions stand for, and what is found out.

A *value* is what an expression may stand for. Evaluation gives a tuple of them: several are alternatives. An empty
tuple means that nothing of that name exists where it was looked for; `UNKNOWN_VALUE` among them that there may be more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

    from glossator.index.facts import Symbol

Key = tuple[str, int]
"""A symbol: the path of its file, and its index in the file's `Facts.symbols`."""

Grade = Literal["resolved", "possible", "excluded"]
"""How sure it is that a mention means a definition. Resolved: scopes, imports, hierarchy or the receiver's class lead
to it. Possible: the name fits, and nothing decides. Excluded: it leads elsewhere."""

Reach = Literal["", "enum members", "extensions", "members", "all"]
"""Which definitions besides its targets a mention may mean, of those that have its name: none, members of enums,
members that types outside the index get, members of classes, or any."""


@dataclass(frozen=True, slots=True)
class DefinedSymbol:
    """A symbol of a file. Definitions of the same place are equal."""

    path: str
    index: int
    symbol: Symbol = field(compare=False, repr=False)
    qualified_name: str = field(compare=False)
    language: str = field(compare=False, repr=False)

    @property
    def key(self) -> Key:
        """The symbol."""
        return self.path, self.index

    @property
    def name(self) -> str:
        """The bare name."""
        return self.symbol.name


class Value(NamedTuple):
    """What an expression may stand for.

    Attributes:
        kind: `symbol`: a definition as such, before it is asked what it holds (`Evaluator.held` tells); `module`: a
            file, folder or namespace; `class`: a type itself; `instance`: a value of a type; `function`: a function
            or method; `external`: something of a library or of the language itself; `missed`: a member that the class
            does not have, so that only a class below it (or beside it) can; `unknown`.
        path: the file of the symbol; of a module its file, its folder (with a final "/") or its namespace.
        number: the symbol's index in its file.
        name: of an external value its dotted name, as far as known ("queue.Queue", "queue.Queue().get"), "%" for the
            language itself; of a member `ADDED` if it is called on its first argument; of a missed member "$" if it was
            asked of `$`; of an unknown value "module" if it may well be a module.
        arguments: type arguments, each a tuple of alternatives: `list[Session]` has one, an instance of Session.
        this: for members: the class through which it was reached, whose instance `$` is.
    """

    kind: Literal["symbol", "module", "class", "instance", "function", "external", "missed", "unknown"]
    path: str = ""
    number: int = -1
    name: str = ""
    arguments: tuple[tuple[Value, ...], ...] = ()
    this: Key | None = None

    @property
    def key(self) -> Key:
        """The symbol."""
        return self.path, self.number


Values = tuple[Value, ...]

MAX_VALUES: Final = 8
"""Alternatives of a value; with more it is unknown."""
INSTANCE_MARK: Final = "()"
"""At the end of the name of something external: an instance of it."""
ADDED: Final = "(1)"
"""The `name` of a member of a type that is a static function elsewhere, called on its first argument."""
UNKNOWN_VALUE: Final = Value("unknown")
UNKNOWN_MODULE: Final = Value("unknown", name="module")
"""Any definition of the name: what has it is made while running, or by a macro, or is a module that was not found."""
NOTHING_KNOWN: Final[Values] = (UNKNOWN_VALUE,)
BUILT_IN_VALUE: Final = Value("external", name="%")


def bounded_values(found: Collection[Value]) -> Values:
    """Alternatives, each once; unknown if they are too many."""
    return tuple(found) if len(found) <= MAX_VALUES else NOTHING_KNOWN


def external(name: str, arguments: tuple[Values, ...] = ()) -> Value:
    """Something of a library, by its dotted name."""
    return Value("external", name=name, arguments=arguments)


class Spot(NamedTuple):
    """Where an expression stands: its file, the innermost symbol around it, and the class of `$` if it is not the one
    that encloses the place (a method that is reached through a subclass). Questions make and compare many."""

    path: str
    owner: int = -1
    this: Key | None = None


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A class and its supertypes, in the order in which members are looked for.

    Attributes:
        classes: the class first.
        externals: supertypes outside the index.
        open: whether a supertype is unknown.
    """

    classes: tuple[Key, ...]
    externals: Values
    open: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a mention means.

    Attributes:
        grade: "resolved" if it certainly means one of the targets; "possible" if it may mean one of them or what
            `reach` and `below` say; "excluded" if it means no definition of the index.
        targets: the definitions that were found.
        reach: which other definitions of the name it may mean.
        below: classes that were asked for the member and lack it, or whose method may be overridden: classes below them
            may have it.
        exact: whether overriding members are out of question: a call through a class's name or `super`.
    """

    grade: Grade
    targets: tuple[DefinedSymbol, ...] = ()
    reach: Reach = ""
    below: tuple[Value, ...] = ()
    exact: bool = False


EXCLUDED: Final = Resolution("excluded")


class Use(msgspec.Struct, frozen=True):
    """A place that mentions a definition.

    Attributes:
        path: the file.
        line: 1-based.
        column: first byte of the name in its line, from 0.
        kind: a `MentionKind`, or "override" for a definition that overrides or implements it.
        grade: "resolved" or "possible".
        owner: the innermost definition around the place; None at the top of a file.
        name: the name as it stands there: the definition's own, or an alias.
    """

    path: str
    line: int
    column: int
    kind: str
    grade: Grade
    owner: DefinedSymbol | None
    name: str


@dataclass(frozen=True, slots=True)
class Uses:
    """The uses of a definition, by path, line and column.

    Attributes:
        definition: what is used.
        uses: resolved and possible ones.
        unread: how many files that mention the name were not examined, because they are too many.
    """

    definition: DefinedSymbol
    uses: tuple[Use, ...]
    unread: int = 0

    @property
    def resolved(self) -> list[Use]:
        """The certain ones."""
        return [use for use in self.uses if use.grade == "resolved"]

    @property
    def possible(self) -> list[Use]:
        """Those whose name fits, where nothing decides."""
        return [use for use in self.uses if use.grade == "possible"]


@dataclass(frozen=True, slots=True)
class Callee:
    """What a definition refers to.

    Attributes:
        target: the definition that is referred to.
        grade: "resolved" or "possible".
        uses: the places inside the referring definition, in order.
    """

    target: DefinedSymbol
    grade: Grade
    uses: tuple[Use, ...]
