"""Namespaces of C++ that a macro opens: `#define APP_BEGIN_NAMESPACE namespace app {`.

No grammar sees them: what stands in such a file seems to be in the global namespace. And what the enums in a class
leave to it, and what a class takes from another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from glossator.index.facts import NESTED
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.rules import namespace_seen_from, own_symbols, symbols
from glossator.retrieval.resolution.values import NOTHING_KNOWN, Spot, Value

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Values

_OPENING: Final = re.compile(r"(?=.*NAMESPACE)(?=.*(?:BEGIN|OPEN|ENTER|START))[A-Z][A-Z0-9_]*")
"""How such macros are named."""
_NAMESPACE: Final = re.compile(r"(?!v\d)[a-z][a-z0-9_]*")
"""A namespace's name that is no macro of its own, and none of a version, which is an inline namespace."""


def macros_opening(world: World, namespace: str) -> frozenset[str]:
    """The macros that open a namespace: those that are named like such, and mention its name before all others."""
    if not _NAMESPACE.fullmatch(namespace):
        return frozenset()
    key = ("macros that open", namespace)
    known = cast("frozenset[str] | None", world.memory.get(key))
    if known is None:
        views = [view for path in world.likeliest_mentioning(namespace) if (view := world.view(path)) is not None]
        known = world.memory[key] = frozenset(
            view.symbol(mention.owner).name
            for view in views
            for mention in view.facts.mentions_of(namespace)
            if _opens(view, mention.owner, namespace)
        )
    return known


def _opens(view: FileView, number: int, namespace: str) -> bool:
    symbol = view.symbol(number) if number >= 0 else None
    if symbol is None or symbol.kind != "macro" or not _OPENING.fullmatch(symbol.name):
        return False
    inside = [
        (mention.line, mention.column, name)
        for name, mentions in view.facts.all_mentions()
        for mention in mentions
        if mention.owner == number
    ]
    return min(inside)[2] == namespace


def is_inside(view: FileView, macros: frozenset[str]) -> bool:
    """Whether a file uses one of the macros outside its definitions."""
    return any(
        mention.owner < 0 and mention.receiver < 0 for name in macros for mention in view.facts.mentions_of(name)
    )


def in_unread_class(world: World, value: Value, path: str) -> bool:
    """Whether what a name means to a file may be in a class or a namespace that the grammar does not read: an indented
    function or variable with nothing around it, in another file with errors; in the file itself a function without a
    result, which may be a constructor."""
    view = world.view(value.path) if value.kind == "symbol" else None
    if view is None or not view.facts.damaged:
        return False
    symbol = view.symbol(value.number)
    constructor = symbol.kind == "function" and not symbol.type
    return bool(symbol.flags & NESTED) and (value.path != path or constructor)


def named_in_unread(world: World, view: FileView, owner: int, name: str) -> Values:
    """What a name may mean that nothing has: a namespace that macros open; in a member of a class that is not found
    (of a library, or after an error), or outside of functions beside an error, what a class has."""
    if macros_opening(world, name):
        return (Value("module", namespace_seen_from(name, view.path)),)
    if view.facts.damaged and (owner < 0 or view.symbol(owner).kind == "namespace"):
        return NOTHING_KNOWN
    for around in view.chain(owner):
        home = world.enclosing_class(view.path, around) if view.symbol(around).scope else None
        if home is not None and home.kind == "unknown":
            return NOTHING_KNOWN
    return ()


def held_by_enums(world: World, value: Value, name: str) -> Values:
    """What the enums in a class hold under a name: `Tree::kMoved` is a member of `Tree::Action`."""
    for key in world.ancestors(value.key).classes:
        if (view := world.view(key[0])) is not None:
            enums = (one for one in view.members(key[1]) if view.symbol(one).kind == "enum")
            if found := symbols(view, [one for enum in enums for one in view.children(enum, name)]):
                return found
    return ()


def taken_from_class(world: World, view: FileView, holder: str, name: str, owner: int) -> Values:
    """What `using Base::run;` in a class takes from another one."""
    if not holder or owner < 0 or view.symbol(owner).kind not in CONTAINER_KINDS:
        return ()
    place = Spot(view.path, view.symbol(owner).parent)
    classes = tuple(
        one for one in world.evaluate(holder, place) if one.kind == "class" and one.key != (view.path, owner)
    )
    return own_symbols(tuple(one for key in classes for one in world.member(key, name, place)))
