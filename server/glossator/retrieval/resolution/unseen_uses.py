"""What is used although no place in the index names it: tests, entry points, what decorators or libraries call."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Final, Literal

from glossator.index.facts import EXPORTED, EXTENSION, MENTION_KINDS, last_part
from glossator.index.languages import share_names
from glossator.index.made_names import ANY, members_of, patterns_of
from glossator.retrieval.resolution.conventions import (
    SUBTYPE_HOOKS,
    SUBTYPE_LISTS,
    is_found_by_name,
    is_setting,
    is_test_name,
)
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS, bare_name
from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol, Key

UnseenUse = Literal[
    "", "convention", "damage", "decorator", "entry point", "language", "made name", "supertype", "test", "text"
]
"""How something is used, or may be, that no place names: found by its name; unknown, for syntax errors; registered by
what decorates it; where a program begins; by the language's own rules; by a name that is put together at run time; by
a supertype outside the index, or what looks for the subtypes of one; as a test; by its name in a text (which
`unseen_use` does not look at). "": not at all."""

ENTRY_POINTS: Final = frozenset(("main", "Main", "init", "wmain", "WinMain", "DllMain"))
"""Names of functions that the language's runtime or the operating system calls."""
TEST_DECORATORS: Final = ("test", "Test", "rstest", "ParameterizedTest", "TestMethod", "TestCase", "Fact", "Theory")
"""Decorators, annotations and attributes of tests."""
PLAIN_DECORATORS: Final = frozenset(
    (
        *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "asynccontextmanager"),
        *("dataclass", "deleter", "final", "getter", "lru_cache", "no_type_check", "overload", "override", "property"),
        *("runtime_checkable", "setter", "staticmethod", "total_ordering", "unique", "wraps", "deprecated"),
        *("Deprecated", "FunctionalInterface", "SafeVarargs", "SuppressWarnings", "Suppress"),
        *("JvmField", "JvmOverloads", "JvmStatic", "NonNull", "NotNull", "Nullable", "ReturnTypeWillChange"),
        *("DebuggerStepThrough", "Flags", "MethodImpl", "Obsolete", "Pure"),
        *("allow", "cfg", "cold", "derive", "doc", "expect", "inline", "must_use", "non_exhaustive", "repr", "warn"),
        *("available", "discardableResult", "inlinable", "MainActor", "objc"),
    )
)
"""Decorators, annotations and attributes by which nothing uses what they stand before."""

_PLAIN_WORDS: Final = """
object ABC Protocol Generic Enum IntEnum StrEnum Flag IntFlag NamedTuple TypedDict bytes dict float int list set str
tuple Mapping Sequence Iterator Iterable Object Comparable Comparator Serializable Cloneable Closeable AutoCloseable
Record Runnable Callable Consumer Function Predicate Supplier Thread IComparable IDisposable IEnumerable IEquatable
EventArgs Attribute Array Map Set EventEmitter Struct ArrayAccess Countable IteratorAggregate JsonSerializable
Stringable CaseIterable Codable Decodable Encodable Equatable Hashable Identifiable Sendable
"""
PLAIN_SUPERTYPES: Final = frozenset(_PLAIN_WORDS.split())
"""Supertypes of libraries whose subtypes nothing looks for; nor does anything look for errors and exceptions."""
_ERROR_ENDINGS: Final = ("Error", "Exception", "Warning")
NO_REFLECTION: Final = frozenset(("c", "cpp", "go", "rust"))
"""Languages whose programs do not look for the subtypes of a type."""

FIELD_DECORATORS: Final = frozenset(("dataclass", "dataclass_transform", "attrs", "define", "frozen", "attr"))
"""Decorators that make a constructor which gives fields their values by position."""
_ACCESSOR: Final = re.compile(r"^(?:get|set|is)(?=[A-Z])")
UNTYPED: Final = frozenset(("javascript", "jsx", "python", "ruby"))
"""Languages in which nothing says what a function that gets a class, or a variable, makes of it."""
LOOSELY_TYPED: Final = frozenset(("typescript", "tsx", "vue", "svelte", "astro"))
"""Languages in which much has a type that nothing tells: globals, what is declared for them, modules that are built."""
_VALUE: Final = MENTION_KINDS.index("value")
_WRITE: Final = MENTION_KINDS.index("write")

MAX_NOTING_FILES: Final = 100
"""So many files that note a name are asked whether they have syntax errors; of more, one may well have."""


def is_test_definition(world: World, definition: DefinedSymbol) -> bool:
    """Whether a definition is a test: by its kind, or by what it is decorated with (`#[test]`, `@Test`)."""
    view = world.view(definition.path)
    marked = view is not None and bool(view.decorators(definition.index, TEST_DECORATORS))
    return definition.symbol.kind == "test" or marked


def unseen_use(world: World, definition: DefinedSymbol, home: Key | None) -> UnseenUse:
    """How a definition may be used without being named in the index: a program begins there, what it is decorated with
    may keep it, a library that declares a supertype may look for it or, if it is a member, call it, the language looks
    members up by names made at run time, or it or what would use it stands in a file with syntax errors. "" if nothing
    can use it so.

    Args:
        home: the class whose member it is.
    """
    view = world.view(definition.path)
    if view is None or view.facts.damaged:
        return "damage"
    bare = bare_name(definition.symbol)
    # What asks no other file comes first: most definitions that nothing names are tests.
    if how := _told_by_itself(world, view, definition, bare, home):
        return how
    symbol = definition.symbol
    if world.rules(definition.path).may_be_used_unseen(world, view, definition.index):
        return "language"
    if _is_used_without_name(world, view, definition, home):
        return "language"
    if symbol.kind in CONTAINER_KINDS and (how := _unseen_use_of_type(world, view, definition)):
        return how
    extended = home
    if home is None and symbol.scope and symbol.parent >= 0 and view.symbol(symbol.parent).kind in CONTAINER_KINDS:
        # An extension inside a class, which may override a library's: Kotlin's `override fun Info.describe()`.
        extended = (definition.path, symbol.parent)
    member = extended is not None and extended != definition.key
    if extended is not None and member and (how := _unseen_use_of_member(world, view, definition, extended)):
        return how
    if _in_damaged_file(world, bare):
        return "damage"
    return "made name" if _may_be_made(world, view, bare, home) else ""


def _told_by_itself(world: World, view: FileView, definition: DefinedSymbol, bare: str, home: Key | None) -> UnseenUse:
    """How a definition may be used, as far as its own name, kind and decorators tell."""
    symbol = definition.symbol
    if is_test_name(bare, definition.language) or is_test_definition(world, definition):
        return "test"
    if is_found_by_name(bare, definition.language, member=home is not None or symbol.parent >= 0):
        return "convention"
    if symbol.parent < 0 and is_setting(definition.path, symbol.kind):
        return "convention"
    if symbol.name in ENTRY_POINTS and symbol.kind in CALLABLE_KINDS:
        return "entry point"
    is_registered = any(name not in PLAIN_DECORATORS for name in view.decorators(definition.index))
    return "decorator" if is_registered else ""


def _unseen_use_of_type(world: World, view: FileView, definition: DefinedSymbol) -> UnseenUse:
    """How a type may be used by what looks for types."""
    inside = (name for inner in view.within(definition.index) for name in view.decorators(inner))
    if any(name not in PLAIN_DECORATORS for name in inside):
        return "decorator"  # a class of tests or benchmarks, which a runner finds
    if _may_be_looked_for(world, definition):
        return "supertype"
    if any(_has_tests(world, key) for key in world.ancestors(definition.key).classes):
        return "test"  # a runner finds its tests, those that it inherits too
    is_begun = any(view.symbol(one).name == "Main" for one in view.members(definition.index))
    return "entry point" if is_begun else ""  # where a program of C# or the like begins


def _unseen_use_of_member(world: World, view: FileView, definition: DefinedSymbol, home: Key) -> UnseenUse:
    """How a member may be used by what uses its class."""
    above = world.ancestors(home)
    if definition.name.startswith(("_", "#")) and not definition.name.startswith("__"):
        # A supertype that is not known may call it, even of the index; a library's too, if only the name is private.
        overrides = definition.name[0] == "_" and _calls_back({last_part(one.name) for one in above.externals})
        return "supertype" if above.open or overrides else ""
    around = world.view(home[0])
    if around is not None and any(name not in PLAIN_DECORATORS for name in around.decorators(home[1])):
        return "decorator"
    if above.externals or above.open or _implements_others(world, view, definition.symbol.parent):
        return "supertype"
    return ""


def _has_tests(world: World, key: Key) -> bool:
    """Whether a class has members that a test runner finds."""
    view = world.view(key[0])
    return view is not None and any(
        view.symbol(one).kind == "test"
        or is_test_name(bare_name(view.symbol(one)), view.facts.language)
        or view.decorators(one, TEST_DECORATORS)
        for one in view.members(key[1])
    )


def _implements_others(world: World, view: FileView, parent: int) -> bool:
    """Whether an extension of a type, maybe in another file than that, names a supertype outside the index: Rust's
    `impl Debug for Gate`."""
    if parent < 0 or not view.symbol(parent).flags & EXTENSION:
        return False
    place = Spot(view.path, view.symbol(parent).parent)
    found = (one for base in view.symbol(parent).bases for one in world.rules(view.path).base_value(world, base, place))
    return any(one.kind != "class" for one in found)


def _is_used_without_name(world: World, view: FileView, definition: DefinedSymbol, home: Key | None) -> bool:
    """Whether the language itself has a way to use a definition without its name, beside those of its rules.

    It is a namespace, whose members are used; a member of what has no name itself and may override something (an
    anonymous class, `def it.go`); a field that a constructor is made for (`Point(1, 2)`); a reader that an assignment
    calls, too (`cart.sum += 1`); Java's `getSum`, which Kotlin calls as `cart.sum`; what a library exports too, in
    whose place a bundler may put the file; a variable that C declares in several files.
    """
    symbol = definition.symbol
    if symbol.kind == "namespace":
        return True
    if symbol.flags & EXTENSION and symbol.kind in CONTAINER_KINDS:
        return True  # it adds to a type of a library, whose uses are not its own
    if symbol.kind == "method" and not symbol.scope and not symbol.flags & EXTENSION:
        parent = view.symbol(symbol.parent) if symbol.parent >= 0 else None
        if parent is None or not (parent.kind in CONTAINER_KINDS or parent.flags & EXTENSION):
            return True
        if home is None and parent.flags & EXTENSION and parent.bases:
            return True  # it implements something for a type of a library, or for every type: `impl<T> Show for T`
    around = view.symbol(symbol.parent) if symbol.parent >= 0 else None
    if symbol.kind in ("field", "property") and around is not None and around.kind in CALLABLE_KINDS:
        return definition.language in ("java", "kotlin", "php")  # of a class without a name
    if symbol.kind in ("field", "property") and home is not None and (owner := world.view(home[0])) is not None:
        return any(name in FIELD_DECORATORS for name in owner.decorators(home[1]))
    if symbol.flags & EXPORTED and symbol.parent < 0 and _is_imported_from_library(world, view, definition.name):
        return True
    if definition.language in ("c", "cpp", "objc") and symbol.kind in ("variable", "constant"):
        return _is_declared_elsewhere(world, definition)
    if definition.language == "java" and (name := _as_property(definition.name)):
        return _is_named_in_kotlin(world, name)
    if world.rules(definition.path).setter_ending and symbol.kind == "method":
        return any(_is_written(world, path, definition.name) for path in world.files_noting(definition.name))
    return False


def _is_imported_from_library(world: World, view: FileView, name: str) -> bool:
    """Whether a file imports something of a name from a module that the index does not have."""
    for path in world.files_noting(name):
        other = world.view(path)
        if other is None or path == view.path or not share_names(other.facts.language, view.facts.language):
            continue
        for item in other.facts.imports:
            if item.member == name and not item.module.startswith("."):
                found = world.import_target(path, item)
                if not found or any(one.kind in ("external", "unknown") for one in found):
                    return True
    return False


def _is_declared_elsewhere(world: World, definition: DefinedSymbol) -> bool:
    """Whether another file has a variable of the name, which a linker may take for this one (`extern int size;`)."""
    name = definition.name
    others = (world.view(path) for path in world.likeliest(name) if path != definition.path)
    kinds = (view.symbol(index).kind for view in others if view is not None for index in view.named(name))
    return any(kind in ("variable", "constant") for kind in kinds)


def _as_property(method: str) -> str:
    """What Kotlin calls a getter or setter of Java; "" for other methods."""
    name = _ACCESSOR.sub("", method)
    capitals = len(name) - len(name.lstrip(string.ascii_uppercase))
    # `getURL` is `url`, `getURLPath` is `urlPath`.
    initial = capitals if capitals == len(name) else max(capitals - 1, 1)
    return name[:initial].lower() + name[initial:] if name != method else ""


def _is_named_in_kotlin(world: World, name: str) -> bool:
    views = (world.view(path) for path in world.files_noting(name))
    return any(view is not None and view.facts.language == "kotlin" for view in views)


def _is_written(world: World, path: str, name: str) -> bool:
    view = world.view(path)
    return view is not None and any(one.kind == _WRITE and one.receiver >= 0 for one in view.facts.mentions_of(name))


def _may_be_looked_for(world: World, definition: DefinedSymbol) -> bool:
    """Whether a library may look for all subtypes of a type of its own, and so find a class: a migration, a spider."""
    if definition.language in NO_REFLECTION:
        return False
    hierarchy = world.ancestors(definition.key)
    above = [one for key in hierarchy.classes if key != definition.key and (one := world.definition(key)) is not None]
    if any(_is_searched_for(world, one) for one in above):
        return True
    names = {last_part(one.name) for one in hierarchy.externals}
    if hierarchy.open:
        known = {key: view for key in hierarchy.classes if (view := world.view(key[0])) is not None}
        written = {last_part(base) for key, view in known.items() for base in view.symbol(key[1]).bases}
        names |= written - {view.symbol(key[1]).name for key, view in known.items()}
    return _calls_back(names)


def _calls_back(supertypes: set[str]) -> bool:
    """Whether one of the supertypes of a library, by their names, may be one whose subtypes the library uses."""
    return any(name not in PLAIN_SUPERTYPES and not name.endswith(_ERROR_ENDINGS) for name in supertypes)


def _is_searched_for(world: World, above: DefinedSymbol) -> bool:
    """Whether the index's own code may look for all subtypes of a type: it hands over the type, or the type hears of
    each (Ruby's `inherited`), or is asked for them."""
    name = last_part(above.name)
    if world.files_noting_any([members_of(name)]):
        return True
    if any(world.own_members(above.key, hook) for hook in SUBTYPE_HOOKS.get(above.language, ())):
        return True
    asking = set(world.files_noting_any(SUBTYPE_LISTS.get(above.language, ())))
    return bool(asking) and not asking.isdisjoint({above.path, *world.files_noting(name)})


def _may_be_made(world: World, view: FileView, name: str, home: Key | None) -> bool:
    """Whether a place makes names at run time of which this may be one: anywhere such that begin or end like it, in its
    own file or one of a class above it any; or hands over its class."""
    noted = patterns_of(name)
    if home is not None and (around := world.view(home[0])) is not None:
        named = last_part(around.symbol(home[1]).name)
        noted.append(members_of(named))
        if view.facts.language in UNTYPED and _is_handed_over(world, named, view):
            return True
    for path in world.files_noting_any(noted):
        other = world.view(path)
        if other is not None and share_names(other.facts.language, view.facts.language):
            return True
    if home is None and view.facts.language in UNTYPED and _is_module_handed_over(world, view):
        return True
    above = {key[0] for key in world.ancestors(home).classes} if home is not None else set()
    views = (world.view(path) for path in {view.path, *above})
    return any(one is not None and bool(one.facts.mentions_of(ANY)) for one in views)


def _is_module_handed_over(world: World, view: FileView) -> bool:
    """Whether a module is a value somewhere: whoever gets it may call any of its functions."""
    folder, _, file = view.path.rpartition("/")
    stem = file.partition(".")[0]
    name = folder.rpartition("/")[2] if stem in ("__init__", "index") else stem
    for path in world.files_noting(name):
        other = world.view(path)
        if other is None or not any(mention.kind == _VALUE for mention in other.facts.mentions_of(name)):
            continue
        imported = (item for item in other.facts.imports if item.name == name)
        targets = (one for item in imported for one in world.import_target(path, item))
        if any(one.kind == "module" and one.path == view.path for one in targets):
            return True
    return False


def _is_handed_over(world: World, name: str, view: FileView) -> bool:
    """Whether a class is a value somewhere: whoever gets it may call any member of an instance."""
    views = (world.view(path) for path in world.files_noting(name))
    return any(
        one is not None
        and share_names(one.facts.language, view.facts.language)
        and any(mention.kind == _VALUE for mention in one.facts.mentions_of(name))
        for one in views
    )


def _in_damaged_file(world: World, name: str) -> bool:
    """Whether a file that notes a name has, or may have, syntax errors: what uses the name there may have been read as
    something else."""
    noting = world.files_noting(name)
    if len(noting) > MAX_NOTING_FILES:
        return True
    views = (world.view(path) for path in noting)
    return any(view is not None and view.facts.damaged for view in views)
