"""Kotlin: what differs from Java, above all its lambdas, which may have a receiver.

What `it`, `this` and a bare name mean in a lambda follows from what the lambda is handed to: `door.apply { open() }`.
The innermost lambda decides; where it has no receiver, or one without such a member, the one around it does, and at
last the class.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from glossator.index.facts import ABSTRACT, INSTANCE, last_part
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.handed_functions import parameters_of, receiver_of
from glossator.retrieval.resolution.kotlin_library import (
    BARE,
    BARE_SCOPE,
    PROPERTIES,
    SCANTY,
    SCOPE_FUNCTIONS,
    entry_member,
    result_of,
    scope_function,
    taken,
)
from glossator.retrieval.resolution.package_rules import JvmRules
from glossator.retrieval.resolution.receivers import HEAD
from glossator.retrieval.resolution.rules import namespace_seen_from, symbol_of
from glossator.retrieval.resolution.type_texts import FUNCTION
from glossator.retrieval.resolution.values import (
    INSTANCE_MARK,
    NOTHING_KNOWN,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    external,
)

if TYPE_CHECKING:
    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key

MOST_OTHER_NAMES: Final = 30
"""Of more files that define a name these are searched for extensions of a type under another name."""
_FINAL: Final = frozenset(
    ("Array", "Boolean", "Byte", "Char", "Class", "Double", "Float", "Int", "KClass", "Long", "Short", "String")
)
"""Types of the library that no class extends."""
_HANDED_TO: Final = re.compile(r"(\w+)\(\d*:-?\d+\)$")
"""The function that a lambda is handed to, in what it has to be."""
_BUILDING: Final = ("buildSrc", "build-logic")
"""Folders of what Gradle's scripts of a project are compiled after."""
_WITH: Final = ".:with("
_IN_LAMBDA: Final = re.compile(r"@(it|this)(\d+)")


class _Signature(NamedTuple):
    """What a lambda is called with: its receiver, empty if it has none, and its parameters."""

    receiver: Values
    parameters: tuple[Values, ...]


class KotlinRules(JvmRules):
    """Kotlin. Classes are shared with Java."""

    own_constructor = True
    receives_bare = True
    inner_extensions = True
    extended_given_first = False

    def bare(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """By the scopes; unknown if it is a parameter of the class around, which only what initializes it sees, or an
        extension of a type and nothing around is of that."""
        if _is_parameter(view, place.owner, name):
            return NOTHING_KNOWN
        found = super().bare(world, view, place, name)
        extending = (one for one in found if one.kind == "symbol" and _is_extension(world, one))
        doubtful = any(not self._is_receiver(world, view, place, one) for one in extending)
        return (*found, UNKNOWN_VALUE) if doubtful and UNKNOWN_VALUE not in found else found

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of an interface, or a class without instances, and a function of its name the function is called:
        `Channel(1)`. Of another class either may be."""
        found = super().meant(kind, found, world)
        if kind != "call" or not any(map(world.is_function, found)):
            return found
        found = tuple(one for one in found if one.kind != "symbol" or not _is_abstract(symbol_of(world, one)))
        classes = any(one.kind == "symbol" and symbol_of(world, one).kind == "class" for one in found)
        return (*found, UNKNOWN_VALUE) if classes else found

    def _is_receiver(self, world: World, view: FileView, place: Spot, value: Value) -> bool:
        """Whether an extension may extend what a class or an extension around a place is."""
        symbol = symbol_of(world, value)
        name = last_part(self.read_type(symbol.scope).name)
        if name == "Any" or any(one.partition(":")[0] == name for one in symbol.generics):
            return True
        extended = world.enclosing_class(value.path, value.number)
        for around in view.chain(place.owner):
            own = view.symbol(around)
            receiver = last_part(self.read_type(own.scope).name) if own.scope else ""
            if receiver == name or receiver in {one.partition(":")[0] for one in own.generics}:
                return True
            if not own.scope and own.kind not in CONTAINER_KINDS:
                continue
            home = world.enclosing_class(view.path, around)
            if home is None or not home.path:
                continue
            above = world.ancestors(home.key)
            if extended is not None and extended.path and extended.key in above.classes:
                return True
            if name not in _FINAL and (above.open or above.externals):
                return True  # its supertypes are not all known
        return False

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The file's outermost definitions and imports; a type that is imported hides one of its name."""
        imported = self.imported_as(world, view, name, -1)
        if any(one.kind == "symbol" and symbol_of(world, one).kind in CONTAINER_KINDS for one in imported):
            return imported
        return super().in_file(world, view, place, name)

    def type_space(self, world: World, receiver: str, place: Spot) -> Values:
        """What stands before the name of a type: a package, if a function has its name."""
        found = super().type_space(world, receiver, place)
        if found and all(map(world.is_function, found)):
            return (Value("module", namespace_seen_from(receiver, place.path)),)
        return found

    def is_shared(self, world: World, view: FileView, value: Value) -> bool:
        """As in other languages, but for what is private to its file; of files without a package a script sees only
        those that it is compiled with, or after, since they are of the build itself."""
        if value.kind == "symbol" and world.is_hidden(value, view.path):
            return False
        if _is_script(view) and not view.facts.package:
            home = _module_of(value.path)
            return home.rpartition("/")[2] in _BUILDING or (home != "" and home == _module_of(view.path))
        return super().is_shared(world, view, value)

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What other files of the package declare. Another module of the project may have the package, too, which the
        file need not see: what its own module has is meant before the same of another one, and what it imports with all
        of a package or class may be meant as well."""
        found = super().in_siblings(world, view, place, name)
        own = _module_of(view.path)
        if not found:
            return found
        if mine := [symbol_of(world, one) for one in found if one.kind == "symbol" and _module_of(one.path) == own]:
            others = [one for one in found if one.kind == "symbol" and _module_of(one.path) != own]
            alike = [one for one in others if any(_are_declared_alike(symbol_of(world, one), other) for other in mine)]
            kept = tuple(one for one in found if one not in alike)
            overloads = any(max(symbol_of(world, one).parameters) > 0 for one in alike)
            return (*kept, UNKNOWN_VALUE) if overloads else kept
        imported = tuple(one for one in self.in_stars(world, view, place, name) if one.kind == "symbol")
        return (*found, *imported, UNKNOWN_VALUE) if imported else found

    def extended_by_other_name(self, world: World, key: Key, bare: str, name: str) -> Values:
        """Functions and properties that extend a type under another name of it: `typealias Raw = Node<String>`."""
        found: Values = ()
        for path in world.files_defining(name)[:MOST_OTHER_NAMES]:
            view = world.view(path)
            if view is None or view.facts.language != "kotlin":
                continue
            for index in view.named(name):
                written = last_part(self.read_type(view.symbol(index).scope).name) if view.symbol(index).scope else ""
                if written in ("", bare) or not self._is_alias(world, written):
                    continue
                extended = world.enclosing_class(path, index)
                if extended is not None and extended.key == key:
                    found += (Value("symbol", path, index),)
        return found

    def _is_alias(self, world: World, name: str) -> bool:
        """Whether some file has a name for a type that is called so."""
        key = ("kotlin alias", name)
        if not isinstance(known := world.memory.get(key), bool):
            views = (world.view(path) for path in world.files_defining(name)[:MOST_OTHER_NAMES])
            known = world.memory[key] = any(
                view.symbol(index).kind == "type" for view in views if view is not None for index in view.named(name)
            )
        return known

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Functions of the library that take lambdas; else as in Java."""
        if name in BARE:
            return (external(name),)
        return super().elsewhere(world, view, place, name)

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a library's value; a scope function is one of any."""
        if name in SCOPE_FUNCTIONS and value.name != FUNCTION:
            return scope_function(name, (value,))
        return entry_member(value, name) or super().external_member(world, value, name)

    def external_call(self, world: World, value: Value) -> Values:
        """What a library's function gives."""
        return result_of(value) or super().external_call(world, value)

    def taken_by_library(self, world: World, function: Value, count: int, number: int) -> Values:
        """What a call of a library's function takes."""
        last = number in (-1, count - 1)
        return (taken(function, self.elements) if last else ()) or super().taken_by_library(
            world, function, count, max(number, 0) if count == 1 else number
        )

    def marked(self, world: World, place: Spot, head: str) -> Values:
        """What `it` or `this` is in a lambda: `@it3`, `@this3`."""
        found = _IN_LAMBDA.fullmatch(head)
        view = world.view(place.path)
        if found is None or view is None:
            return NOTHING_KNOWN
        number = int(found[2])
        while 0 <= number < len(view.lambdas):
            signature = _signature(world, view, place, number)
            if found[1] == "this":
                if signature is None:
                    return NOTHING_KNOWN
                if signature.receiver:
                    return signature.receiver
            elif not view.lambdas[number].named:
                if signature is None:
                    return NOTHING_KNOWN
                if len(signature.parameters) == 1:
                    return signature.parameters[0]
            number = view.lambda_around(number)
        return world.evaluate(INSTANCE, place) if found[1] == "this" else NOTHING_KNOWN

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """What a build script declares, which a command line names: `val all by tasks.registering {`."""
        script = view.path.endswith(".gradle.kts") and view.symbol(number).parent < 0
        return script or super().may_be_used_unseen(world, view, number)

    def of_receivers(self, world: World, place: Spot, name: str, number: int, *, called: bool) -> Values:
        """What a bare name means in a lambda as a member of a receiver; empty if no receiver is known to have it;
        unknown if one may have it.

        Args:
            number: the lambda.
            called: whether the name is called.
        """
        view = world.view(place.path)
        while view is not None and 0 <= number < len(view.lambdas):
            if _class_inside(view, place.owner, number):
                return ()
            signature = _signature(world, view, place, number)
            if signature is None and _may_be_received(world, view, number, name, called=called):
                return NOTHING_KNOWN
            for receiver in signature.receiver if signature is not None else ():
                if receiver.kind == "external" and _may_have(receiver, name, called=called):
                    return NOTHING_KNOWN if receiver.name != "%" else ()
                if receiver.kind not in ("instance", "class"):
                    continue
                found = world.member(receiver, name, place)
                if meant := tuple(one for one in found if _is_meant(world, one, called=called)):
                    alone = signature is not None and len(signature.receiver) == 1
                    return meant if alone else (*meant, UNKNOWN_VALUE)
                if any(one.kind == "unknown" for one in found):
                    return NOTHING_KNOWN
            number = view.lambda_around(number)
        return ()


def _module_of(path: str) -> str:
    """The folder of the module that a file belongs to, as Gradle and Maven lay it out."""
    return path.partition("/src/")[0] if "/src/" in path else ""


def _is_script(view: FileView) -> bool:
    """Whether a file is run as a script, as those of builds with Gradle are."""
    return view.path.endswith(".kts")


def _are_declared_alike(one: Symbol, other: Symbol) -> bool:
    """Whether a module may not have both of two outermost definitions of a name: they are no overloads, unless by the
    types of their parameters."""
    return (one.kind, one.scope, one.parameters) == (other.kind, other.scope, other.parameters)


def _is_abstract(symbol: Symbol) -> bool:
    """Whether a type has no instances of its own."""
    return symbol.kind == "interface" or bool(symbol.flags & ABSTRACT)


def _may_have(receiver: Value, name: str, *, called: bool) -> bool:
    """Whether a value of the library may have a member of a name."""
    kind = receiver.name.rpartition(".")[2].removesuffix(INSTANCE_MARK)
    return kind not in SCANTY and (called or kind not in PROPERTIES or name in PROPERTIES[kind])


def _may_be_received(world: World, view: FileView, number: int, name: str, *, called: bool) -> bool:
    """Whether a function of the index that is called like what a lambda is handed to gives it a receiver with a member
    of a name: what `test` is in `flow.test { awaitItem() }`, if nothing is known of `flow`."""
    taken_by = view.lambdas[number].taken
    handed_to = _HANDED_TO.search(view.facts.receivers[taken_by]) if taken_by >= 0 else None
    if handed_to is None:
        return False
    for receiver in _receivers_given_by(world, handed_to[1]):
        found = world.member(receiver, name, Spot(view.path))
        if any(_is_meant(world, one, called=called) for one in found):
            return True
    return False


def _receivers_given_by(world: World, name: str) -> Values:
    """The receivers that functions of a name give to the lambdas that they take, as far as these are of the index."""
    key = ("kotlin receivers", name)
    known = world.memory.get(key)
    if isinstance(known, tuple):
        return known
    found: dict[Value, None] = {}
    for path in world.files_defining(name)[:MOST_OTHER_NAMES]:
        view = world.view(path)
        for index in view.named(name) if view is not None and view.facts.language == "kotlin" else ():
            assert view is not None
            for written in view.symbol(index).types if view.symbol(index).kind in CALLABLE_KINDS else ():
                if ".(" in written:
                    for function in world.evaluate(f"<{written}>", Spot(path, index)):
                        found.update(dict.fromkeys(receiver_of(function) if function.kind == "external" else ()))
    made = tuple(one for one in found if one.kind == "instance")
    world.memory[key] = made
    return made


def _is_meant(world: World, value: Value, *, called: bool) -> bool:
    """Whether a member may be meant by a name that is called, or is not."""
    view = world.view(value.path) if value.kind == "symbol" else None
    if view is None:
        return False
    symbol = view.symbol(value.number)
    if symbol.kind in CALLABLE_KINDS:
        return called
    return not called or "->" in symbol.type or symbol.kind in CONTAINER_KINDS


def _class_inside(view: FileView, owner: int, number: int) -> bool:
    """Whether a class around a place stands inside a lambda."""
    around = view.enclosing_container(owner)
    one = view.lambdas[number]
    return around >= 0 and view.symbol(around).start >= one.line and view.symbol(around).end <= one.end_line


def _signature(world: World, view: FileView, place: Spot, number: int) -> _Signature | None:
    """What a lambda is called with; None if that is not known."""
    one = view.lambdas[number]
    if one.taken < 0:
        return None
    found: list[_Signature] = []
    for value in _taken(world, view, place, number):
        made = _called_with(world, value)
        if made is None:
            return None
        if made not in found:
            found.append(made)
    return found[0] if len(found) == 1 else None


def _taken(world: World, view: FileView, place: Spot, number: int) -> Values:
    """What a lambda has to be, where a bare name may mean a member of the receiver of the lambda around it."""
    made = view.facts.receivers[view.lambdas[number].taken]
    if _WITH in made and any(one.kind == "symbol" for one in world.named("with", place)):
        return NOTHING_KNOWN  # one of the project's own
    around = view.lambda_around(number)
    head = HEAD.match(made)
    if head is None:
        return world.evaluate(made, place)
    if head[0] in BARE_SCOPE and made == f"{head[0]}(1:-1)":
        if any(one.kind == "symbol" for one in world.named(head[0], place)):
            return world.evaluate(made, place)
        this = world.evaluate(f"@this{around}" if around >= 0 else INSTANCE, place)
        return taken(scope_function(head[0], this)[0], {})
    if around < 0:
        return world.evaluate(made, place)
    called = made[head.end() : head.end() + 1] == "("
    found = world.rules(place.path).of_receivers(world, place, head[0], around, called=called)
    if any(one.kind == "symbol" for one in found):
        return world.evaluate(f"@this{around}.{made}", place) if len(found) == 1 else NOTHING_KNOWN
    return world.evaluate(made, place)


def _called_with(world: World, value: Value) -> _Signature | None:
    if value.kind == "external" and value.name == FUNCTION:
        return _Signature(receiver_of(value), parameters_of(value))
    functions = world.rules(value.path).functions_of(world, value) if value.kind == "instance" else ()
    if len(functions) != 1 or functions[0].kind != "function":
        return None
    symbol = _symbol(world, functions[0])
    if symbol is None or symbol.parameters[0] != symbol.parameters[1] or symbol.parameters[1] < 0:
        return None
    if symbol.parameters[1] != len(symbol.types) and symbol.parameters[1]:
        return _Signature((), (NOTHING_KNOWN,) * symbol.parameters[1])
    rules, place = world.rules(functions[0].path), Spot(functions[0].path, functions[0].number, functions[0].this)
    return _Signature(
        (),
        tuple(
            rules.bound_parameter(world, functions[0], one) or world.evaluate(f"<{one}>", place) for one in symbol.types
        ),
    )


def _symbol(world: World, function: Value) -> Symbol | None:
    view = world.view(function.path)
    return view.symbol(function.number) if view is not None else None


def _is_parameter(view: FileView, owner: int, name: str) -> bool:
    """Whether a name is that of a parameter of the class around a place, in what makes an instance: the supertypes, the
    values of properties, `init`."""
    for around in view.chain(owner):
        symbol = view.symbol(around)
        if symbol.kind in CONTAINER_KINDS:
            return name in symbol.labels[1:-1].split(",")
        if symbol.kind in CALLABLE_KINDS and symbol.name != "init":
            return False
    return False


def _is_extension(world: World, value: Value) -> bool:
    """Whether a symbol of Kotlin stands outside the type that it extends."""
    symbol = symbol_of(world, value)
    return bool(symbol.scope) and symbol.parent < 0
