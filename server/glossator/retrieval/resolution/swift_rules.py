"""Swift: the files of a module see each other's names, types are extended anywhere, labels tell arguments apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from glossator.index.facts import EXTENSION, last_part
from glossator.index.swift_closures import TRAILING
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS
from glossator.retrieval.resolution.handed_functions import called_functions
from glossator.retrieval.resolution.package_rules import PackageRules
from glossator.retrieval.resolution.rules import SEEN_FROM, namespace_seen_from, own_symbols, symbol_of, symbols
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST
from glossator.retrieval.resolution.values import (
    NOTHING_KNOWN,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    bounded_values,
    external,
)

if TYPE_CHECKING:
    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World

_ONE_ELEMENT: Final = frozenset(
    (
        *("allSatisfy", "compactMap", "contains", "drop", "filter", "first", "firstIndex", "flatMap", "forEach"),
        *("last", "lastIndex", "map", "partition", "prefix", "removeAll"),
    )
)
"""Functions of collections whose closure gets an element."""
_TWO_ELEMENTS: Final = frozenset(("max", "min", "sort", "sorted"))
_OF_OPTIONALS: Final = frozenset(("flatMap", "map"))
_WRAPPED: Final = "%wrapped"
"""What may be nothing, whose closures get what it is: its type argument."""
_SINGLE_WORDS: Final = """
AnyObject CaseIterable Codable Comparable CustomDebugStringConvertible CustomStringConvertible Decodable Encodable
Equatable Error Hashable Identifiable Int LocalizedError NSObject RawRepresentable Sendable String UIView
UIViewController View
"""
_SINGLE: Final = frozenset(_SINGLE_WORDS.split())
"""Types of libraries of which no instance has elements."""

_MODULE_FOLDERS: Final = frozenset(("Source", "Sources", "Tests"))
_PACKAGE: Final = re.compile(r"Package(?:@swift-[\d.]+)?\.swift")

MOST_EXTENDING: Final = 60
"""If more files have a class's name, they are not searched for its extensions."""


class SwiftRules(PackageRules):
    """Swift."""

    languages = frozenset(("swift",))
    unknown_modules = languages
    extensions = True
    counts_arguments = False
    labelled = True
    extends_libraries = True
    constructors = frozenset(("init",))
    implicit_members = frozenset(("init", "deinit", "description", "hash", "encode", "subscript", "callAsFunction"))
    opaque = frozenset(("Any", "AnyObject"))
    elements: ClassVar[dict[str, int]] = {**PackageRules.elements, "ArraySlice": 0, "ContiguousArray": 0}

    def is_shared(self, world: World, view: FileView, value: Value) -> bool:
        """Whether a file is of the module of another one, as far as that tells: a program's is the folder of its
        `main.swift`, and the description of a package is none."""
        folder, _, file = value.path.rpartition("/")
        return file != "Package.swift" and (file != "main.swift" or not folder or view.path.startswith(f"{folder}/"))

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of a protocol and a macro of its name the macro is applied: `@Pathable enum Route {}`."""
        found = super().meant(kind, found, world)
        macros = tuple(one for one in own_symbols(found) if symbol_of(world, one).kind == "macro")
        return macros if kind == "decorator" and macros else found

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """Functions of the same labels are one, if the same of their parameters may be left out."""
        return super().one_with(one, other) and one.labels == other.labels

    def nearest(self, world: World, path: str, found: Values) -> Values:
        """Of properties of one name that several files give a type, the file's own: at least one of them is private. Of
        functions their types may decide. Types of one name are those of several modules."""
        own = tuple(one for one in own_symbols(found) if not symbol_of(world, one).flags & EXTENSION)
        if len({one.path for one in own}) < 2:
            return found
        here = tuple(one for one in own if one.path == path)
        if not here or any(map(world.is_function, here)):
            return (*found, UNKNOWN_VALUE)
        return (*(one for one in found if one not in own), *here)

    def added_to_library(self, world: World, view: FileView, extension: int, name: str) -> Values:
        """Those of the file, or else of others; unknown too if which one is meant depends on types."""
        written = view.symbol(extension).name
        bare = last_part(written)
        others = (world.view(path) for path in world.likeliest_adding(bare, name) if path != view.path)
        for views in ([view], [one for one in others if one is not None]):
            found = tuple(
                one
                for other in views
                for index in other.outside_members(bare)
                if other.symbol(index).name == written
                for one in symbols(other, other.children(index, name))
            )
            if found:
                functions = sum(map(world.is_function, found))
                return found if len(found) in (1, functions) else (*found, UNKNOWN_VALUE)
        return ()

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """A module of the package, which is called like its folder: `Sources/Web`; else nothing, it is a library's."""
        folders = (folder.split("/") for folder in world.paths().folders(name))
        is_module = any(len(parts) > 1 and parts[-2] in _MODULE_FOLDERS for parts in folders)
        return (Value("module", namespace_seen_from(name, view.path)),) if is_module else ()

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What the files in a module's folder declare."""
        folder, _, near = module.partition(SEEN_FROM)
        found = world.packaged("", name, near)
        return tuple(one for one in found if f"/{folder}/" in f"/{one.path}") or NOTHING_KNOWN

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Operators, wherever they are declared, and what the description of a package declares."""
        symbol = view.symbol(number)
        if symbol.parent < 0 and _PACKAGE.fullmatch(view.path.rpartition("/")[2]):
            return True
        is_operator = symbol.kind in CALLABLE_KINDS and not (symbol.name[:1].isalpha() or symbol.name[:1] in "_$`")
        return is_operator or super().may_be_used_unseen(world, view, number)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """What only an optional has of which the value is inside; else as in other languages."""
        if name in _OF_OPTIONALS and value.kind == "instance" and _is_single(world, value):
            return (external(f"{_WRAPPED}.{name}", ((value,),)),)
        return super().class_member(world, value, name)

    def taken_under(self, world: World, values: Values, label: str) -> Values:
        """What a call takes as a closure."""
        found: dict[Value, None] = {}
        for value in values:
            for function in called_functions(world, value):
                found.update(dict.fromkeys(self._taken(world, function, label)))
        return bounded_values(found) or NOTHING_KNOWN

    def _taken(self, world: World, function: Value, label: str) -> Values:
        """What a function takes under a label; empty if it has none such."""
        if function.kind == "external":
            return self._taken_by_library(function)
        view = world.view(function.path) if function.kind == "function" else None
        types = view.symbol(function.number).types if view is not None else ()
        if not types:
            return NOTHING_KNOWN
        fitting = types if label == TRAILING else tuple(one for one in types if one.partition(":")[0] == label)
        if len(fitting) != 1:
            return NOTHING_KNOWN if fitting else ()
        written = fitting[0].partition(":")[2]
        place = Spot(function.path, function.number, function.this)
        return self.bound_parameter(world, function, written) or world.evaluate(f"<{written}>", place)

    def _taken_by_library(self, function: Value) -> Values:
        owner, _, last = function.name.rpartition(".")
        kind, arguments = owner.rpartition(".")[2].removesuffix("()"), function.arguments
        given: tuple[Values, ...] = ()
        if owner == _WRAPPED:
            given = arguments
        elif kind == "Dictionary" and len(arguments) == 2:
            if last in ("compactMapValues", "mapValues"):
                given = arguments[1:]
            elif last in _ONE_ELEMENT:
                # One parameter would be the pair.
                given = (NOTHING_KNOWN, arguments[1])
        elif (kind in self.elements or kind == LIST) and len(arguments) == 1:
            given = arguments if last in _ONE_ELEMENT else arguments * 2 if last in _TWO_ELEMENTS else ()
            if last == "reduce":
                given = (NOTHING_KNOWN, arguments[0])
        return (external(FUNCTION, (NOTHING_KNOWN, *given)),) if given else NOTHING_KNOWN


def _is_single(world: World, value: Value) -> bool:
    """Whether an instance has no elements, as far as the heads of its class, its extensions and those above it say."""
    known: set[str] = set()
    bases: set[str] = set()
    for key in world.ancestors(value.key).classes:
        view = world.view(key[0])
        if view is None:
            return False
        symbol = view.symbol(key[1])
        name = last_part(symbol.name)
        known.add(name)
        bases.update(symbol.bases)
        noting = world.files_noting(name)
        if len(noting) > MOST_EXTENDING:
            return False
        for other in map(world.view, noting):
            for index in other.outside_members(name) if other is not None else ():
                assert other is not None
                bases.update(other.symbol(index).bases)
    return {last_part(base) for base in bases} <= known | _SINGLE
