"""What traits of Rust give types beside their own members: those that are implemented for a type in another file, and
those that are implemented for all types, or all that have another trait: `impl<T: Door> Knock for T`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from glossator.index.facts import EXTENSION, last_part, subtype_note
from glossator.retrieval.resolution.generics import parameter_names
from glossator.retrieval.resolution.values import UNKNOWN_VALUE, Spot, Value, Values

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key

_MOST_FILES: Final = 60
"""Of more files that define a member's name, or name a trait as what is implemented, these are looked at."""


def given_by_traits(world: World, value: Value, name: str) -> Values:
    """The members of a name that a type of the index, or an instance of one, has from traits that are implemented for
    it outside its file; unknown too if that depends on what is not known.

    Args:
        value: a class or an instance that has no such member itself, nor from the supertypes that its file names.
    """
    found: dict[Value, bool] = {}
    for member, path, number in _implemented(world, name):
        applies = _applies(world, value.key, path, number)
        if applies is not False:
            one = member._replace(this=value.this or value.key)
            found[one] = found.get(one, False) or applies is True
    certain = tuple(one for one, applies in found.items() if applies)
    return certain or ((*found, UNKNOWN_VALUE) if found else ())


def associated_type(world: World, traits: Values, name: str) -> Values:
    """The associated type of a name that traits have; none of libraries' traits, whose types have other homes."""
    found = (world.member(one, name, Spot("")) for one in traits if one.kind in ("class", "unknown"))
    return tuple(one for values in found for one in values if one.kind in ("symbol", "unknown"))


def _implemented(world: World, name: str) -> list[tuple[Value, str, int]]:
    """The members of a name that traits declare, each with the file and number of an implementation of the trait."""
    key = ("rust traits", name)
    if (known := world.memory.get(key)) is not None:
        return cast("list[tuple[Value, str, int]]", known)
    found: list[tuple[Value, str, int]] = []
    for path in world.files_defining(name)[:_MOST_FILES]:
        view = world.view(path) if path.endswith(".rs") else None
        for member in view.named(name) if view is not None else ():
            assert view is not None
            parent = view.symbol(member).parent
            if parent >= 0 and view.symbol(parent).kind == "trait":
                places = _implementations(world, (path, parent))
                found += [(Value("symbol", path, member), *place) for place in places]
    world.memory[key] = found
    return found


def _implementations(world: World, trait: Key) -> list[Key]:
    """The implementations of a trait, wherever they are."""
    view = world.view(trait[0])
    assert view is not None
    name = last_part(view.symbol(trait[1]).name)
    found: list[Key] = []
    for path in world.files_noting(subtype_note(name))[:_MOST_FILES]:
        other = world.view(path) if path.endswith(".rs") else None
        for number in other.subtypes(name) if other is not None else ():
            assert other is not None
            symbol = other.symbol(number)
            written = [base for base in symbol.bases if last_part(base) == name]
            if symbol.flags & EXTENSION and any(
                one.kind == "class" and one.key == trait
                for base in written
                for one in world.rules(path).base_value(world, base, Spot(path, symbol.parent))
            ):
                found.append((path, number))
    return found


def _applies(world: World, key: Key, path: str, number: int) -> bool | None:
    """Whether an implementation is one for a type of the index; None if that is not known."""
    view = world.view(path)
    assert view is not None
    symbol = view.symbol(number)
    if symbol.name not in parameter_names(symbol):
        home = world.enclosing_class(path, number)
        return home is not None and home.kind == "class" and home.key == key
    above = world.ancestors(key)
    bounds = next(one.partition(":")[2] for one in symbol.generics if one.partition(":")[0] == symbol.name)
    known = False
    for bound in bounds.split("+"):
        for one in world.rules(path).base_value(world, bound, Spot(path, symbol.parent)) if bound.strip() else ():
            if one.kind != "class":
                continue  # what libraries give, or a macro derives
            if one.key not in above.classes:
                return None if above.open or _is_for_all(world, one.key) else False
            known = True
    return True if known else None


def _is_for_all(world: World, trait: Key) -> bool:
    """Whether a trait is implemented for all types that have another trait."""
    views = ((view, number) for path, number in _implementations(world, trait) if (view := world.view(path)))
    return any(view.symbol(number).name in parameter_names(view.symbol(number)) for view, number in views)
