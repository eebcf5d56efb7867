"""Languages whose files declare the package or namespace that they belong to: Java, Kotlin, PHP, Swift, and C#'s base.

A class is found by its package and its name, wherever its file is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from glossator.index.facts import INSTANCE, NESTED, SUPER, Import
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.generics import bound, bound_of, bound_type, library_supertypes
from glossator.retrieval.resolution.kotlin_library import OWN_FUNCTIONS, SCOPE_FUNCTIONS, scope_function
from glossator.retrieval.resolution.library_functions import given_by_type, only_abstract, taken_by_function
from glossator.retrieval.resolution.overloads import may_share_member
from glossator.retrieval.resolution.rules import SEEN_FROM, LanguageRules, namespace_seen_from, symbols
from glossator.retrieval.resolution.type_texts import LIST
from glossator.retrieval.resolution.values import (
    INSTANCE_MARK,
    NOTHING_KNOWN,
    UNKNOWN_MODULE,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    external,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.type_texts import TypeText

ROOTS: Final = frozenset(
    {
        "android",
        "androidx",
        "com",
        "dev",
        "edu",
        "gov",
        "io",
        "jakarta",
        "java",
        "javax",
        "kotlin",
        "kotlinx",
        "me",
        "net",
    }
    | {"org", "scala", "System", "Microsoft"}
)
"""Names with which fully qualified names begin, beside the first part of the file's own package."""

_COLLECTIONS: Final = (
    *(
        "ArrayDeque",
        "ArrayList",
        "BlockingQueue",
        "Collection",
        "ConcurrentLinkedQueue",
        "CopyOnWriteArrayList",
        "Deque",
    ),
    *("Flow", "Flux", "HashSet", "IAsyncEnumerable", "ICollection", "IEnumerable", "IList", "IReadOnlyCollection"),
    *("IReadOnlyList", "ISet", "Iterable", "Iterator", "LinkedHashSet", "LinkedList", "List", "MutableCollection"),
    *("MutableIterable", "MutableList", "MutableSet", "Queue", "Sequence", "Set", "SortedSet", "Stack", "Stream"),
    *("TreeSet", "Vector", "Array", "Optional", "Stream", LIST),
)
_KEPT: Final = frozenset(
    {
        *(
            "stream",
            "parallelStream",
            "filter",
            "sorted",
            "distinct",
            "limit",
            "skip",
            "peek",
            "iterator",
            "listIterator",
        ),
        *(
            "subList",
            "asSequence",
            "toList",
            "toSet",
            "toMutableList",
            "reversed",
            "sortedBy",
            "take",
            "drop",
            "filterNot",
        ),
        *("filterNotNull", "Where", "OrderBy", "OrderByDescending", "Skip", "Take", "Distinct", "ToList", "ToArray"),
        *(
            "Append",
            "AsReadOnly",
            "Concat",
            "DefaultIfEmpty",
            "Except",
            "Intersect",
            "Prepend",
            "SkipLast",
            "SkipWhile",
        ),
        *("TakeLast", "TakeWhile", "ThenBy", "ThenByDescending", "ToHashSet", "ToListAsync", "Union", "FindAll"),
        *(
            "AsEnumerable",
            "Reverse",
            "or",
            "onEach",
            "boxed",
            "unordered",
            "plus",
            "minus",
            "distinctBy",
            "also",
            "apply",
        ),
    }
)
"""Functions of collections whose result has the same elements."""
_LAST: Final = frozenset(
    {
        *("get", "next", "orElse", "orElseGet", "orElseThrow", "remove", "poll", "element", "pop", "take", "getFirst"),
        *("getLast", "removeFirst", "removeLast", "pollFirst", "pollLast", "peekFirst", "peekLast", "getOrDefault"),
        *("computeIfAbsent", "computeIfPresent", "getValue", "put", "previous", "first", "last", "firstOrNull"),
        *("lastOrNull", "single", "singleOrNull", "find", "getOrNull", "getOrElse", "getOrPut", "random", "elementAt"),
        *("First", "FirstOrDefault", "Last", "LastOrDefault", "Single", "SingleOrDefault", "Dequeue", "Pop", "Peek"),
        *(
            "Find",
            "FindLast",
            "FirstAsync",
            "FirstOrDefaultAsync",
            "MaxBy",
            "MinBy",
            "SingleAsync",
            "SingleOrDefaultAsync",
        ),
        *("ElementAt", "join", "await", "set"),
    }
)
"""Functions of collections, optionals, maps and futures that give an element; of maps a value."""
_GIVES_TEXT: Final = frozenset(
    {
        *("concat", "format", "indent", "intern", "join", "repeat", "replace", "replaceAll", "replaceFirst", "strip"),
        *("stripIndent", "stripLeading", "stripTrailing", "substring", "toLowerCase", "toUpperCase", "trim", "valueOf"),
        *("Concat", "Format", "Insert", "Join", "PadLeft", "PadRight", "Remove", "Replace", "Substring", "ToLower"),
        *("ToLowerInvariant", "ToUpper", "ToUpperInvariant", "Trim", "TrimEnd", "TrimStart"),
    }
)
"""Functions of texts that give another text."""


class PackageRules(LanguageRules):
    """What Java, Kotlin and C# share.

    Attributes:
        enclosing_packages: whether what outer packages declare is visible without an import (C#).
        type_parameters: whether types have parameters, which are named like types.
    """

    implicit_self = True
    overloads = True
    counts_arguments = True
    elements: ClassVar[dict[str, int]] = dict.fromkeys(_COLLECTIONS, 0)
    enclosing_packages: ClassVar[bool] = False
    type_parameters: ClassVar[bool] = True
    sorts_apart = True
    generic_types = True

    def members_by_bare_name(self, world: World, value: Value, name: str, place: Spot) -> Values:
        """As in other languages. Most names of types are those of no member, which is known without the supertypes."""
        if name[:1].isupper() and world.is_of_no_member(name, world.language(place.path)):
            return ()
        return super().members_by_bare_name(world, value, name, place)

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What other files of the package declare."""
        package = view.facts.package
        while True:
            found = world.packaged(package, name, view.path)
            if found := tuple(one for one in found if one.path == view.path or self.is_shared(world, view, one)):
                return (*found, UNKNOWN_VALUE) if self._are_doubtful(world, view, found) else found
            if not package or not self.enclosing_packages:
                return ()
            package = package.rpartition(".")[0]

    def _are_doubtful(self, world: World, view: FileView, found: Values) -> bool:
        """Whether a function or variable of another file may be a member of a class there that the grammar does not
        read."""
        for one in found:
            other = world.view(one.path) if one.kind == "symbol" and one.path != view.path else None
            if other is not None and other.facts.damaged:
                symbol = other.symbol(one.number)
                if symbol.flags & NESTED or symbol.kind == "variable":
                    return True
        return False

    def is_shared(self, world: World, view: FileView, value: Value) -> bool:
        """Whether a file sees what another one of its package declares: scripts keep theirs to themselves."""
        return not value.path.endswith(".kts")

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What imports of whole packages bring in."""
        doubtful: Values = ()
        for item in view.stars:
            for module in world.import_target(view.path, item):
                if module.kind == "external":
                    continue
                # They bring in no packages that are inside these.
                found = tuple(
                    one
                    for one in world.member(module, name, place)
                    if one.kind not in ("module", "missed") and one != UNKNOWN_MODULE
                )
                if (
                    module.kind in ("class", "symbol")
                    and name[:1].isupper()
                    and all(one.kind != "symbol" for one in found)
                ):
                    continue  # hardly a type inside a library's supertype
                if found and found != NOTHING_KNOWN:
                    return found
                doubtful = doubtful or found
        return doubtful

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The first part of a fully qualified name; inside a class without a name perhaps what it inherits."""
        if name in ROOTS or name == view.facts.package.partition(".")[0]:
            return (Value("module", namespace_seen_from(name, view.path)),)
        for around in view.chain(place.owner) if not name[:1].isupper() else ():
            parent = view.symbol(around).parent
            if view.symbol(around).kind == "method" and parent >= 0 and view.symbol(parent).kind not in CONTAINER_KINDS:
                return NOTHING_KNOWN
        package = Value("module", namespace_seen_from(name, view.path)) if world.paths().folders(name) else None
        found = () if package is None else (package,)
        # In Kotlin a receiver that is not known may have a member of the name.
        return (*found, UNKNOWN_MODULE) if view.facts.language == "kotlin" and name[:1].islower() else found

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """No field is a type, whatever its name, and no function, if there is a type of its name."""
        if kind not in ("type", "base"):
            return found
        if not all(map(world.is_function, found)):
            found = tuple(one for one in found if not world.is_function(one))
        return self.without_fields(found, world)

    def without_fields(self, found: Values, world: World) -> Values:
        """What is no field or variable; unknown if nothing is left."""
        fitting = tuple(
            one
            for one in found
            if one.kind != "symbol"
            or (view := world.view(one.path)) is None
            or view.symbol(one.number).kind not in ("constant", "enum_member", "field", "property", "variable")
        )
        return fitting or (NOTHING_KNOWN if found else ())

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A class by its full name, a member of one, or a package."""
        if item.name == "*":
            # Of a class (Java's static imports, C#'s) or a package, beside which there may be a function of its name.
            found = self._qualified(world, view.path, item.module)
            return tuple(one for one in found if not world.is_function(one)) or (
                Value("module", namespace_seen_from(item.module, view.path)),
            )
        full = f"{item.module}.{item.member}" if item.member else item.module
        found = self._qualified(world, view.path, full)
        if not found and item.name and not item.member and item.name != item.module.rpartition(".")[2]:
            return (Value("module", namespace_seen_from(item.module, view.path)),)
        return found or (external(full),)

    def _qualified(self, world: World, near: str, full: str) -> Values:
        """What a full name leads to: in the longest package that declares its beginning."""
        parts = full.split(".")
        for size in range(len(parts) - 1, -1, -1):
            found = world.packaged(".".join(parts[:size]), parts[size], near)
            for part in parts[size + 1 :]:
                holders = (one for one in world.held(found) if one.kind != "function")
                found = tuple(one for holder in holders for one in world.member(holder, part, Spot(near)))
            if found:
                return found
        return ()

    def module_member(self, world: World, module: str, name: str) -> Values:
        """A class or function of a package, or a package inside it."""
        package, _, near = module.partition(SEEN_FROM)
        if found := world.packaged(package, name, near):
            return found
        inner = f"{package}.{name}" if package else name
        return (Value("module", namespace_seen_from(inner, near)),) if name[:1].islower() or package in ROOTS else ()

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a library's value, which keeps the type arguments."""
        if name in _KEPT and value.arguments:
            return (external(f"{value.name}.{name}", value.arguments[:1]),)
        return super().external_member(world, value, name)

    def external_call(self, world: World, value: Value) -> Values:
        """What a library's function gives: of collections and the like, an element."""
        holder, _, last = value.name.rpartition(".")
        if last in _GIVES_TEXT and holder.rpartition(".")[2] in ("String", "string"):
            return (external("String"),)
        if value.arguments and holder:
            if last in _LAST:
                return value.arguments[-1]
            if last in _KEPT:
                return (external(LIST, value.arguments[:1]),)
            if last in ("keySet", "getKey"):
                return (external(LIST, value.arguments[:1]),) if last == "keySet" else value.arguments[0]
            if last in ("values", "Values"):
                return (external(LIST, value.arguments[-1:]),)
        return super().external_call(world, value)

    def result(self, world: World, function: Value, result: Values) -> Values:
        """What a call of a function gives: where its type names parameters of its class, with their arguments."""
        return bound_type(world, self, function) or result

    def taken_by_library(self, world: World, function: Value, count: int, number: int) -> Values:
        """What a call of a library's function takes: functions that get elements."""
        return taken_by_function(self, function, number)

    def given_by_library(self, world: World, kind: Value, number: int) -> Values | None:
        """What an instance of a library's type of functions is called with as one of its arguments."""
        return given_by_type(kind, number)

    def functions_of(self, world: World, value: Value) -> Values:
        """The only method of an interface that has no body."""
        return only_abstract(world, value)

    def bound_parameter(self, world: World, function: Value, written: str) -> Values:
        """What a parameter takes whose type names parameters of its class, with their arguments."""
        kind = self.read_type(written)
        if found := bound(world, self, function, kind):
            return found
        return NOTHING_KNOWN if bound_of(world, kind.name, Spot(function.path, function.number)) is not None else ()

    def held(self, world: World, view: FileView, value: Value) -> Values:
        """What a field holds whose type names parameters of its class."""
        return bound_type(world, self, value)

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of a type: of a parameter's bound, if it is one."""
        if not kind.arguments and self.generic_types and (bound := bound_of(world, kind.name, place)) is not None:
            return bound
        return super().type_value(world, kind, place)

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """The class that a supertype as written leads to; collections need no import."""
        found = super().base_value(world, base, place)
        if found == NOTHING_KNOWN and (name := self.read_type(base).name) in self.elements:
            return (external(name),)
        return found

    def library_supertypes(self, world: World, value: Value) -> Values:
        """The supertypes of an instance that lead out of the index, with their type arguments as far as known."""
        return library_supertypes(world, self, value.key, value.arguments)

    def may_be_related(self, receiver: str, supertypes: Collection[str], member: str) -> bool:
        """Whether a call of a member on a library's type may reach a class that overrides it."""
        return any(may_share_member(receiver, one, member) for one in supertypes)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a generic library's type that the class extends."""
        hierarchy = world.ancestors(value.key)
        if hierarchy.open or not hierarchy.externals or value.kind != "instance" or value.name == SUPER:
            return ()
        outside = [one for one in self.library_supertypes(world, value) if one.arguments]
        if not outside:
            return ()
        missed = Value("missed", *value.key, name="$" if value.this is not None else "")
        return (*(external(f"{one.name}{INSTANCE_MARK}.{name}", one.arguments) for one in outside[:2]), missed)

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type; one that neither the package nor an import has is a library's, or a type parameter."""
        if self.type_parameters and _PARAMETER.fullmatch(name):
            return NOTHING_KNOWN
        if all(one.kind == "module" for one in world.evaluate(name.replace("\\", ".").strip("."), place)):
            return (external(name, tuple(world.type_value(part, place) for part in arguments)),)
        return super().named_type(world, name, arguments, place)

    def is_exported(self, world: World, value: Value) -> bool:
        """Everything is, as far as the syntax of one file tells."""
        return True


_PARAMETER: Final = re.compile(r"[A-Z][A-Z0-9]?|T[A-Z]\w*")
"""How type parameters are usually named."""


class JvmRules(PackageRules):
    """Java and Kotlin, which share packages."""

    languages = frozenset(("java", "kotlin"))
    statics_override = False
    hides_private = True
    marks_references = True
    extensions = True
    extended_given_first = True
    extending_languages = frozenset(("kotlin",))  # `fun Session.close()`, of a class of Java, too
    extends_libraries = True
    bare_enum_members = True
    implicit_members = frozenset(
        (
            *(
                "toString",
                "equals",
                "hashCode",
                "compareTo",
                "finalize",
                "clone",
                "iterator",
                "hasNext",
                "next",
                "close",
            ),
            *(
                "plus",
                "minus",
                "times",
                "div",
                "rem",
                "unaryPlus",
                "unaryMinus",
                "not",
                "inc",
                "dec",
                "rangeTo",
                "contains",
            ),
            *("get", "set", "invoke", "getValue", "setValue", "provideDelegate", "plusAssign", "minusAssign"),
        )
    )
    unwrapped: ClassVar[dict[str, int]] = {}
    call_members = ("invoke",)
    opaque = frozenset(("Object", "Any", "T", "E", "K", "V", "R"))

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a companion object that has a name of its own; else as in other languages."""
        view = world.view(value.path)
        if view is not None and view.facts.language == "kotlin":
            for index in view.members(value.number):
                if view.symbol(index).kind == "object" and (found := view.children(index, name)):
                    return symbols(view, found)
        if name in SCOPE_FUNCTIONS and value.name != SUPER:
            hierarchy = world.ancestors(value.key)
            above = {one.name.rpartition(".")[2] for one in hierarchy.externals}
            if name not in OWN_FUNCTIONS or not (above & OWN_FUNCTIONS[name] or (hierarchy.open and name == "run")):
                # The project may have a function of the name for any type: `fun <T> T.use(...)`.
                return (*scope_function(name, (value,)), Value("missed", *value.key))
        return super().class_member(world, value, name)

    def function_member(self, world: World, value: Value, name: str) -> Values:
        """No function is a value: what stands before the name is something else that is called like it."""
        return NOTHING_KNOWN

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """In Java no field is called: `new URL(text)` means the type, beside a constant of its name."""
        if kind == "call" and all(world.language(one.path) == "java" for one in found if one.kind == "symbol"):
            return self.without_fields(found, world)
        return super().meant(kind, found, world)

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Elements of an annotation: `@Name("x")` gives one a value without its name, and tools read them;
        constructors, which an enum's constants, classes below and other constructors call without their name, and
        libraries that make instances of a class; members of an enum, which `values()` and `valueOf` give."""
        symbol = view.symbol(number)
        if symbol.kind in ("constructor", "enum_member"):
            return True
        if symbol.kind == "method" and symbol.parent >= 0 and view.facts.language == "java":
            # Only they have no list of parameters.
            element = view.symbol(symbol.parent).kind == "interface" and symbol.parameters[1] < 0
            return element or super().may_be_used_unseen(world, view, number)
        return super().may_be_used_unseen(world, view, number)


class PhpRules(PackageRules):
    """PHP. Functions and constants that a namespace does not have are global ones."""

    languages = frozenset(("php",))
    traits_mixed_in = True
    type_parameters = False
    fields_apart = True
    members_called = True
    dollar_names = True
    constructors = frozenset(("__construct",))
    call_members = ("__invoke",)
    opaque = frozenset(("mixed", "object", "callable", "iterable", "array"))

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What other files of the namespace declare, or the global namespace; their variables are their own."""
        if name.startswith("$"):
            return ()
        if found := super().in_siblings(world, view, place, name):
            return found
        return world.packaged("", name, view.path) if view.facts.package else ()

    def in_scopes(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Functions inside functions: members are always reached through `$this`, `self` or a class."""
        for around in view.chain(place.owner):
            if view.symbol(around).kind not in CONTAINER_KINDS and (found := view.children(around, name)):
                return symbols(view, found)
        return ()

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A class, function or constant by its full name."""
        module = item.module.replace("\\", ".").strip(".")
        return super().imported(world, view, Import(item.name, module, item.member))

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The first part of a qualified name: of one below the file's namespace, or of a full one."""
        if not name[:1].isupper():
            return ()
        below = f"{view.facts.package}.{name}" if view.facts.package else ""
        possible = [below] if below and self._is_namespace(world, below) else [below, name] if below else [name]
        return tuple(Value("module", namespace_seen_from(one, view.path)) for one in possible)

    def _is_namespace(self, world: World, namespace: str) -> bool:
        """Whether a folder that is named like a namespace's last part has files that declare it, or one below."""
        key = ("php namespace", namespace)
        if not isinstance(known := world.memory.get(key), bool):
            files = (
                path
                for folder in world.paths().folders(namespace.rpartition(".")[2])[:20]
                for path in list(world.paths().files_in(folder))[:5]
            )
            packages = (one.facts.package for path in files if (one := world.view(path)) is not None)
            known = world.memory[key] = any(one == namespace or one.startswith(f"{namespace}.") for one in packages)
        return known

    def module_member(self, world: World, module: str, name: str) -> Values:
        """A class or function of a namespace, or a namespace inside it."""
        package, _, near = module.partition(SEEN_FROM)
        return world.packaged(package, name, near) or (Value("module", namespace_seen_from(f"{package}.{name}", near)),)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """What the namespace has that is called like a class: `\\Mockery\\Exception` beside a class `Mockery`."""
        view = world.view(value.path) if value.kind == "class" else None
        if view is not None:
            package, own = view.facts.package, view.symbol(value.number).name
            namespace = f"{package}.{own}" if package else own
            if found := world.packaged(namespace, name, value.path):
                return found
            if self._is_namespace(world, below := f"{namespace}.{name}"):
                return (Value("module", namespace_seen_from(below, value.path)),)
        return super().class_member(world, value, name)

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type: `self` and `static` are the class around a place, `\\Shop\\Pool` is a full name."""
        if name in ("self", "static"):
            return world.evaluate(INSTANCE, place)
        if name[:1] == "\\":
            full = name[1:].replace("\\", ".")
            found = world.held(self._qualified(world, place.path, full))
            made = tuple(Value("instance", one.path, one.number) for one in found if one.kind == "class")
            return made or (external(full),)
        return super().named_type(world, name, arguments, place)

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Methods whose names begin with two underscores are the language's, which also makes the members of an enum
        from values (`Suit::from("h")`)."""
        symbol = view.symbol(number)
        return (
            symbol.name.startswith("__")
            or symbol.kind == "enum_member"
            or super().may_be_used_unseen(world, view, number)
        )

    def import_parts(self, module: str) -> Iterable[str]:
        """The names in a namespace's path."""
        return (part for part in module.split("\\") if part)
