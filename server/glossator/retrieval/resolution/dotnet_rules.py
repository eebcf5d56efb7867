"""C#: namespaces that files and projects open, partial classes, extension methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from glossator.index.facts import EXTENDS_FIRST, GLOBAL_USING, IN_EXTENSION, STATIC, last_part
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.package_rules import ROOTS, PackageRules
from glossator.retrieval.resolution.rules import SEEN_FROM, namespace_seen_from, own_symbols, symbol_of
from glossator.retrieval.resolution.values import (
    ADDED,
    NOTHING_KNOWN,
    UNKNOWN_MODULE,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
)

if TYPE_CHECKING:
    from glossator.index.facts import Import, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.type_texts import TypeText
    from glossator.retrieval.resolution.values import DefinedSymbol, Key

_TYPE_KINDS: Final = frozenset(("base", "decorator", "type"))
"""Kinds of mentions where only types stand."""


class DotnetRules(PackageRules):
    """C#."""

    languages = frozenset(("csharp",))
    statics_override = False
    decorator_ending = "Attribute"
    members_follow = True
    enclosing_packages = True
    implicit_members = frozenset(("ToString", "Equals", "GetHashCode", "Dispose", "GetEnumerator", "Deconstruct"))
    parts_elsewhere = True
    unwrapped: ClassVar[dict[str, int]] = {"Task": 0, "ValueTask": 0, "Nullable": 0}
    wrapper_members = frozenset(
        ("ContinueWith", "GetValueOrDefault", "HasValue", "IsCompleted", "Result", "Status", "Value", "Wait")
    )
    opaque = frozenset(("object", "dynamic", "T", "var"))

    def bare(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """By the scopes; beside a property that has the name of its type, the type, if the index has it."""
        found = super().bare(world, view, place, name)
        if not name[:1].isupper() or not any(_is_named_like_its_type(world, one) for one in found):
            return found
        around = view.enclosing_container(place.owner)
        while around >= 0:
            outside = view.symbol(around).parent
            others = super().bare(world, view, Spot(place.path, outside), name)
            if types := tuple(one for one in own_symbols(others) if _is_type(symbol_of(world, one))):
                unknown = (UNKNOWN_VALUE,) if UNKNOWN_VALUE in others else ()
                return (*found, *(one for one in types if one not in found), *unknown)
            around = view.enclosing_container(outside) if outside >= 0 else -1
        return found

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What the file declares or imports; beside a type those of its name with other numbers of parameters that
        other files of the namespace have."""
        found = super().in_file(world, view, place, name)
        if not any(_is_type(symbol_of(world, one)) for one in own_symbols(found)):
            return found
        others = tuple(one for one in self.in_siblings(world, view, place, name) if one.path != view.path)
        return _first_parts(world, (*found, *others), view.path) if others else found

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What other files of the namespace declare; of a partial class its first part."""
        return _first_parts(world, super().in_siblings(world, view, place, name), view.path)

    def is_shared(self, world: World, view: FileView, value: Value) -> bool:
        """Types are; the variables and functions of a program's own statements are not."""
        return symbol_of(world, value).kind in CONTAINER_KINDS

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What the namespaces have that the file opens, or its project (`global using`)."""
        found = super().in_stars(world, view, place, name)
        if own_symbols(found):
            return found
        for path, item in self._global_usings(world, view.path):
            if item.name not in ("*", name):
                continue
            for target in world.import_target(path, item):
                held = (target,) if item.name == name else world.member(target, name, Spot(path))
                if target.kind != "external" and (own := own_symbols(held)):
                    return _first_parts(world, own, view.path)
        return found

    def _global_usings(self, world: World, path: str) -> list[tuple[str, Import]]:
        """The imports of other files that hold for a file: of those in the folders around it."""
        key = ("global usings",)
        known = world.memory.get(key)
        if not isinstance(known, list):
            known = world.memory[key] = [
                (other, item)
                for other in world.files_noting(GLOBAL_USING)
                if (view := world.view(other)) is not None and view.facts.language in self.languages
                for item in view.facts.imports
                if item.exported
            ]
        return [(other, item) for other, item in known if path.startswith(_project_folder(other))]

    def external_call(self, world: World, value: Value) -> Values:
        """Functions have names like classes: what those of collections give that keep no elements (`Select`) is not
        known."""
        found = super().external_call(world, value)
        holder, _, last = value.name.rpartition(".")
        if found != (value,) or not value.arguments or not holder or last in self.elements or last in self.unwrapped:
            return found
        return NOTHING_KNOWN

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Constructors are called without the name of their class, too (`Pool shared = new();`); members of an enum are
        made from numbers and names; the properties of a type without methods are set by what reads it from a table, a
        form or a text; what the index has of the language's own namespace the compiler looks for; and a class of
        extensions is not named where they are called."""
        symbol = view.symbol(number)
        if symbol.kind in ("constructor", "enum_member") or f"{view.facts.package}.".startswith("System."):
            return True
        if symbol.kind == "property" and symbol.parent >= 0:
            beside = (view.symbol(one).kind for one in view.members(symbol.parent))
            return "method" not in beside or super().may_be_used_unseen(world, view, number)
        if symbol.kind == "class":
            methods = [one for one in map(view.symbol, view.members(number)) if one.kind == "method"]
            if methods and all(one.flags & STATIC for one in methods) and any(one.types for one in methods):
                return True
        return super().may_be_used_unseen(world, view, number)

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A class by its full name, a member of one, or a namespace; for `using static` and a name of its own also by
        its name from a namespace around the file's code."""
        found = super().imported(world, view, item)
        outer = view.facts.package if not own_symbols(found) else ""
        while outer:
            inner = self._qualified(world, view.path, f"{outer}.{item.module}")
            if any(_is_type(symbol_of(world, one)) for one in own_symbols(inner)):
                return _first_parts(world, inner, view.path)
            outer = outer.rpartition(".")[0]
        return _first_parts(world, found, view.path)

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """The class that a supertype as written leads to: of those of its name the one with as many parameters."""
        found = super().base_value(world, base, place)
        count = len(self.read_type(base).arguments)
        fitting = {one for one in found if one.kind == "class" and len(symbol_of(world, one).generics) == count}
        return tuple(one for one in found if one.kind != "class" or one in fitting) if fitting else found

    def module_member(self, world: World, module: str, name: str) -> Values:
        """A class of a namespace, or a namespace inside it. The namespace may be named from one around it."""
        package, _, near = module.partition(SEEN_FROM)
        view = world.view(near)
        outer = view.facts.package if view is not None else ""
        while True:
            if found := world.packaged(f"{outer}.{package}" if outer else package, name, near):
                return _first_parts(world, found, near)
            if not outer:
                # A file may declare several namespaces, of which one is known.
                several = package.partition(".")[0] not in ROOTS and self._is_type(world, name)
                inner = Value("module", namespace_seen_from(f"{package}.{name}", near))
                return (inner, UNKNOWN_MODULE) if several else (inner,)
            outer = outer.rpartition(".")[0]

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type: of those of its name the one with as many parameters."""
        found = super().named_type(world, name, arguments, place)
        made = {one for one in found if one.kind == "instance"}
        fitting = {one for one in made if len(symbol_of(world, one).generics) == len(arguments)}
        return tuple(one for one in found if one not in made or one in fitting) if fitting else found

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The first part of a namespace. A type of the name may be meant all the same: projects open namespaces in
        their settings, too."""
        if not name[:1].isupper():
            return ()
        namespace = Value("module", namespace_seen_from(name, view.path))
        return (namespace, UNKNOWN_MODULE) if self._is_type(world, name) else (namespace,)

    def called_elsewhere(self, world: World, place: Spot, name: str) -> Values:
        """What a called name may mean that no scope has: a static method of a type that the project's settings open, or
        what an unknown supertype has."""
        view = world.view(place.path)
        if view is not None and (self._is_opened(world, name) or self._is_open(world, view, place)):
            return NOTHING_KNOWN
        return ()

    def _is_open(self, world: World, view: FileView, place: Spot) -> bool:
        """Whether a class around a place has a supertype of which nothing is known."""
        around = (one for one in view.chain(place.owner) if view.symbol(one).kind in CONTAINER_KINDS)
        return any(world.ancestors((view.path, one)).open for one in around)

    def _is_opened(self, world: World, name: str) -> bool:
        """Whether some class of the index has a static method of a name."""
        key = ("dotnet static", name)
        if not isinstance(known := world.memory.get(key), bool):
            views = (world.view(path) for path in world.likeliest(name))
            known = world.memory[key] = any(
                view.symbol(index).kind == "method" and view.symbol(index).flags & STATIC
                for view in views
                if view is not None and view.facts.language in self.languages
                for index in view.named(name)
            )
        return known

    def _is_type(self, world: World, name: str) -> bool:
        """Whether some namespace of the index has a type of a name."""
        key = ("dotnet type", name)
        if not isinstance(known := world.memory.get(key), bool):
            views = (world.view(path) for path in world.likeliest(name))
            known = world.memory[key] = any(
                view.symbol(index).kind in CONTAINER_KINDS
                for view in views
                if view is not None and view.facts.language in self.languages
                for index in view.children(-1, name)
            )
        return known

    def meant_of(self, kind: str, world: World, values: Values, name: str, members: Values) -> Values:
        """A member of `Result` is none of `Result<T>`, which would have its arguments."""
        types = [one for one in values if one.kind == "class"]
        plain = [one for one in types if not symbol_of(world, one).generics]
        if not plain or len(plain) == len(types) or len(types) < len(values):
            return members
        return tuple(found for one in plain for found in world.member(one, name, Spot(one.path)))

    def of_parameters(self, world: World, found: Values, count: int) -> Values:
        """Of `Result` and `Result<T>` those that have so many parameters."""
        fitting = {one for one in own_symbols(found) if len(symbol_of(world, one).generics) == count}
        return tuple(one for one in found if one.kind != "symbol" or one in fitting) if fitting else found

    def more_bases(self, world: World, key: Key) -> Values:
        """The other parts of a partial class."""
        view = world.view(key[0])
        if view is None:
            return ()
        symbol = view.symbol(key[1])
        if symbol.kind not in ("class", "struct", "interface") or symbol.parent >= 0:
            return ()
        parts = world.packaged(view.facts.package, symbol.name, key[0])
        parts = tuple(one for one in parts if len(symbol_of(world, one).generics) == len(symbol.generics))
        parts = tuple(one for one in parts if not _are_of_two_projects(world, one.path, view.path))
        return tuple(Value("class", one.path, one.number) for one in parts if one.key != key)

    def are_apart(self, world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Two projects may each have a class of one full name: these are no parts of one. Nor are classes that have
        other numbers of parameters, or their members."""
        return _are_of_two_projects(world, one.path, other.path) or _have_other_parameters(world, one, other)

    def same_thing(self, one: Symbol, other: Symbol) -> bool:
        """Parts of a partial class."""
        kinds = one.kind == other.kind and one.kind in ("class", "struct", "interface")
        return kinds and one.name == other.name and len(one.generics) == len(other.generics)

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """As in other languages; types with other numbers of parameters are two."""
        types = one.kind in CONTAINER_KINDS and other.kind in CONTAINER_KINDS
        return super().one_with(one, other) and not (types and len(one.generics) != len(other.generics))

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of `Result` and `Result<T>` the first, where a member of it follows; elsewhere how many arguments the type
        has is not known. A property that has the name of its type is meant where a value stands; before a member
        either may be: `Color.Red`."""
        found = super().meant(kind, found, world)
        if kind not in _TYPE_KINDS and any(_is_named_like_its_type(world, one) for one in found):
            values = tuple(one for one in found if one.kind != "symbol" or not _is_type(symbol_of(world, one)))
            return (*found, UNKNOWN_VALUE) if kind == "read" else values
        numbers = {len(symbol_of(world, one).generics) for one in own_symbols(found)}
        if len(numbers) < 2 or kind == "value":
            return found
        if kind == "read" and 0 in numbers:
            return tuple(one for one in found if one.kind != "symbol" or not symbol_of(world, one).generics)
        return (*found, UNKNOWN_VALUE)

    def is_twofold(self, world: World, name: str) -> bool:
        """Whether some property of the index has the name of its type, and this name."""
        if not name[:1].isupper():
            return False
        key = ("dotnet twofold", name)
        if not isinstance(known := world.memory.get(key), bool):
            files = world.likeliest(name)
            views = (world.view(path) for path in files)
            known = world.memory[key] = len(files) < len(world.files_defining(name)) or any(
                _is_named_like_its_type(world, Value("symbol", view.path, index))
                for view in views
                if view is not None and view.facts.language in self.languages
                for index in view.named(name)
            )
        return known

    def before_member(self, world: World, found: Values, member: str | None) -> Values:
        """Of a property and the type whose name it has the property, unless a member of the type itself may follow."""
        if not any(_is_named_like_its_type(world, one) for one in found):
            return found
        types = tuple(one for one in own_symbols(found) if _is_type(symbol_of(world, one)))
        if member is None:
            return tuple(one for one in own_symbols(found) if one not in types) or found
        for key in (one.key for one in types):
            members = [symbol_of(world, one) for one in own_symbols(world.own_members(key, member))]
            if any(one.kind in CALLABLE_KINDS and not one.flags & STATIC for one in members):
                return tuple(one for one in own_symbols(found) if one not in types)
            if any(one.kind == "enum_member" or one.kind in (*CONTAINER_KINDS, *CALLABLE_KINDS) for one in members):
                return types
        return found

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """What extension methods of the index add to a type; unknown if a block adds to one whose head is not read."""
        added = self._extensions(world, name)
        if not added or value.kind != "instance" or any(symbol_of(world, one).labels != EXTENDS_FIRST for one in added):
            return NOTHING_KNOWN if added else super().class_member(world, value, name)
        hierarchy = world.ancestors(value.key)
        above = {last_part(one.name) for one in hierarchy.externals} | {"object"}
        found: list[Value] = []
        doubtful = hierarchy.open
        for one in added:
            symbol = symbol_of(world, one)
            kind = self.read_type(symbol.types[0] if symbol.types else "")
            extended = world.type_value(kind, Spot(one.path, one.number))
            if (
                last_part(kind.name) in above
                or kind.name in {part.partition(":")[0] for part in symbol.generics}
                or any(part.kind == "instance" and part.key in hierarchy.classes for part in extended)
            ):
                found.append(one)
            else:
                doubtful = doubtful or UNKNOWN_VALUE in extended
        homes = {(one.path, symbol_of(world, one).parent) for one in found}
        # Which class's is meant depends on what the file opens.
        unknown = (UNKNOWN_VALUE,) if doubtful or len(homes) > 1 else ()
        meant = (*(one._replace(name=ADDED) for one in found), *unknown)
        return meant or super().class_member(world, value, name)

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a library's value, or an extension method."""
        found = super().external_member(world, value, name)
        return (*found, UNKNOWN_VALUE) if self._extensions(world, name) else found

    def _extensions(self, world: World, name: str) -> Values:
        """The members of a name that extend types."""
        key = ("extensions", name)
        if (known := world.memory.get(key)) is None:
            known = world.memory[key] = tuple(
                Value("symbol", path, index)
                for path in world.files_defining(name)
                if (view := world.view(path)) is not None and view.facts.language in self.languages
                for index in view.named(name)
                if view.symbol(index).labels in (EXTENDS_FIRST, IN_EXTENSION)
            )
        return cast("Values", known)


def _is_named_like_its_type(world: World, value: Value) -> bool:
    """Whether a value is a field or property whose name is that of its type."""
    if value.kind != "symbol":
        return False
    symbol = symbol_of(world, value)
    return symbol.kind in ("field", "property") and symbol.type.strip("<>?").rpartition(".")[2] == symbol.name


def _is_type(symbol: Symbol) -> bool:
    """Whether a symbol is a type or a delegate."""
    return symbol.kind in CONTAINER_KINDS or symbol.kind == "type"


def _project_folder(path: str) -> str:
    """The folder for which a file's `global using` holds, with a final slash; "" for the root."""
    folder = path.rpartition("/")[0]
    if folder.rpartition("/")[2] in ("Global", "Globals", "Properties", "Usings"):
        folder = folder.rpartition("/")[0]
    return f"{folder}/" if folder else ""


def _first_parts(world: World, found: Values, near: str) -> Values:
    """Of the parts of a partial class the first one; of types of one name those with each number of parameters.

    Of classes that several projects have, each its own, that of the project of the file `near`; if it has none, any may
    be meant, since nothing is known of which projects use which.
    """
    kept: dict[tuple[int, str | None], Value] = {}
    for value in found:
        number = len(symbol_of(world, value).generics) if value.kind == "symbol" else -1
        kept.setdefault((number, _project_of(world, value.path) if number >= 0 else None), value)
    own = _project_of(world, near)
    chosen: list[Value] = []
    for number in dict.fromkeys(number for number, _ in kept):
        alike = {project: value for (other, project), value in kept.items() if other == number}
        if own in alike or len(alike) < 2:
            chosen.append(alike[own] if own in alike else next(iter(alike.values())))
        else:
            chosen += (*alike.values(), UNKNOWN_VALUE)
    return tuple(chosen)


def _have_other_parameters(world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
    """Whether two definitions of one qualified name stand in types that have different numbers of parameters."""
    views = world.view(one.path), world.view(other.path)
    around = one.symbol.parent, other.symbol.parent
    while views[0] is not None and views[1] is not None and around[0] >= 0 and around[1] >= 0:
        types = views[0].symbol(around[0]), views[1].symbol(around[1])
        if len(types[0].generics) != len(types[1].generics):
            return True
        around = types[0].parent, types[1].parent
    return False


def _are_of_two_projects(world: World, path: str, other: str) -> bool:
    """Whether two files belong to two projects, as far as is known: what no folder's project has, several may."""
    projects = {_project_of(world, path), _project_of(world, other)}
    return len(projects) == 2 and None not in projects


def _project_of(world: World, path: str) -> str | None:
    """The folder of the project that a file belongs to: the nearest around it that has a project's file. None if there
    is none."""
    folder = path.rpartition("/")[0]
    key = ("dotnet project", folder)
    if key not in world.memory:
        if any(file.endswith((".csproj", ".vbproj", ".fsproj")) for file in world.paths().files_in(folder)):
            world.memory[key] = folder
        else:
            world.memory[key] = _project_of(world, folder) if folder else None
    project = world.memory[key]
    return project if isinstance(project, str) else None
