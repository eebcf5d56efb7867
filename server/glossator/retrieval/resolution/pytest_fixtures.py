"""What pytest gives a test or a fixture: it looks for the fixture that a parameter names, and calls it.

A fixture is looked for in the class of the test and those above it, in its file, and in the `conftest.py` of each
folder around it, the nearest first. One that stands anywhere else may be a plugin's, so it is only possible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import fixture_name
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Spot, Values

_LOCAL_PLUGIN: Final = "conftest.py"
_YIELDING: Final = frozenset(("AsyncGenerator", "AsyncIterable", "AsyncIterator", "Generator", "Iterable", "Iterator"))
"""Annotations of functions that yield what the test is given."""


def fixtures_named(world: World, place: Spot, name: str) -> Values:
    """The fixture that a function at a place is given under a name; empty if the index has none."""
    view = world.view(place.path)
    if view is None:
        return ()
    around = list(view.chain(place.owner))
    asking = {(place.path, number) for number in around}
    """A fixture may have the name of the one that it changes."""
    for members in _visible(world, place, name, around):
        found = tuple(one for one in members if one.key not in asking and _is_fixture(world, one, name))
        if found:
            return found
    elsewhere: Values = ()
    for path in world.likeliest(name):
        other = world.view(path)
        numbers = other.children(-1, name) if other is not None else ()
        symbols = (Value("symbol", path, number) for number in numbers)
        elsewhere += tuple(one for one in symbols if one.key not in asking and _is_fixture(world, one, name))
    return (*elsewhere, UNKNOWN_VALUE) if elsewhere else ()


def fixture_value(world: World, place: Spot, name: str) -> Values:
    """What a function at a place is given under a name."""
    found: dict[Value, None] = {}
    for fixture in fixtures_named(world, place, name):
        given = world.called(world.held((fixture,))) if fixture.kind == "symbol" else (fixture,)
        for one in given:
            yields = one.kind == "external" and one.arguments and one.name.rpartition(".")[2] in _YIELDING
            found.update(dict.fromkeys(one.arguments[0] if yields else (one,)))
    return tuple(found) or NOTHING_KNOWN


def _visible(world: World, place: Spot, name: str, around: list[int]) -> Iterator[Values]:
    """What has a name in the places where pytest looks for a fixture, one place after the other."""
    view = world.view(place.path)
    for number in around:
        if view is not None and view.symbol(number).kind in CONTAINER_KINDS:
            yield world.member(Value("class", place.path, number), name, place) + _so_called(view, number, name)
    yield _of_module(world, place.path, name)
    folder = place.path
    while folder:
        folder = folder.rpartition("/")[0]
        path = f"{folder}/{_LOCAL_PLUGIN}" if folder else _LOCAL_PLUGIN
        if path != place.path and path in world.paths():
            yield _of_module(world, path, name)


def _of_module(world: World, path: str, name: str) -> Values:
    """What may be the fixture of a name that a file has."""
    view = world.view(path)
    return world.module_member(path, name, "python") + (_so_called(view, -1, name) if view is not None else ())


def _so_called(view: FileView, parent: int, name: str) -> Values:
    """The functions directly inside a symbol (-1: at the top of the file) whose decorator gives them a name."""
    found = (index for index, one in enumerate(view.facts.symbols) if one.labels == name and one.parent == parent)
    return tuple(Value("symbol", view.path, index) for index in found)


def _is_fixture(world: World, value: Value, name: str) -> bool:
    view = world.view(value.path) if value.kind == "symbol" else None
    return view is not None and fixture_name(view.symbol(value.number)) == name
