"""What the libraries of Java, Kotlin and C# give the functions without a name that are handed to them: as data.

The functions of collections, streams, optionals and futures give elements; types of functions (`Consumer<T>`,
`Func<T, R>`) are called with what their arguments say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import STUB
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS
from glossator.retrieval.resolution.type_texts import FUNCTION
from glossator.retrieval.resolution.values import INSTANCE_MARK, NOTHING_KNOWN, Value, Values, external

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import LanguageRules, World

_ONE_ELEMENT: Final = """
allMatch anyMatch dropWhile filter flatMap forEach forEachOrdered ifPresent ifPresentOrElse map mapToDouble mapToInt
mapToLong mapToObj noneMatch peek removeIf takeWhile thenAccept thenApply thenCompose
All Any Count Exists Find FindAll First FirstOrDefault ForEach GroupBy Last LastOrDefault Max MaxBy Min MinBy OrderBy
OrderByDescending RemoveAll Select SelectMany Single SingleOrDefault SkipWhile Sum TakeWhile ToDictionary Where
"""
_GIVEN: Final = {
    **dict.fromkeys(_ONE_ELEMENT.split(), (0,)),
    **dict.fromkeys(("max", "min", "sort", "sorted"), (0, 0)),
    "whenComplete": (0,),
}
"""Functions by name, and which type argument of the collection they give the function that is handed to them."""
_GIVEN_BY_LISTS: Final = frozenset(_GIVEN) - {"thenAccept", "thenApply", "thenCompose", "whenComplete"}
_FUTURES: Final = frozenset(("CompletableFuture", "CompletionStage"))
_OF_MAPS: Final = {
    "computeIfAbsent": (0,),
    "computeIfPresent": (0, 1),
    "compute": (0, 1),
    "forEach": (0, 1),
    "merge": (1, 1),
    "replaceAll": (0, 1),
}
"""The same of collections with two type arguments."""
_MAP_WORDS: Final = """
ConcurrentHashMap ConcurrentMap EnumMap HashMap LinkedHashMap Map MutableMap NavigableMap SortedMap TreeMap WeakHashMap
"""
_MAPS: Final = frozenset(_MAP_WORDS.split())
_SECOND: Final = frozenset(("compute", "computeIfAbsent", "computeIfPresent"))
"""Functions that take a key before the function; `merge` takes two arguments before it."""
_TYPES: Final[dict[str, tuple[int | None, ...]]] = {
    **dict.fromkeys(("Consumer", "Function", "Predicate", "UnaryOperator"), (0,)),
    **dict.fromkeys(("DoubleFunction", "IntFunction", "LongFunction", "Callable", "Runnable", "Supplier"), ()),
    **dict.fromkeys(("ToDoubleFunction", "ToIntFunction", "ToLongFunction", "Converter"), (0,)),
    **dict.fromkeys(("BiConsumer", "BiFunction", "BiPredicate", "ToIntBiFunction"), (0, 1)),
    **dict.fromkeys(("BinaryOperator", "Comparator", "Comparison"), (0, 0)),
    **dict.fromkeys(("Action", "Func"), tuple(range(16))),
    "EventHandler": (None, 0),
}
"""Types of functions, and which of their arguments a function is called with."""


def given_by_type(kind: Value, number: int) -> Values:
    """What an instance of a library's type of functions is called with as one of its arguments."""
    arguments = _TYPES.get(kind.name.rpartition(".")[2].removesuffix(INSTANCE_MARK), ())
    place = arguments[number] if number < len(arguments) else None
    return kind.arguments[place] if place is not None and place < len(kind.arguments) else NOTHING_KNOWN


def taken_by_function(rules: LanguageRules, function: Value, number: int) -> Values:
    """What a library's function takes as one of its arguments, if that is a function: the type of it."""
    owner, _, last = function.name.rpartition(".")
    arguments = function.arguments
    kind = owner.rpartition(".")[2].removesuffix(INSTANCE_MARK)
    if not arguments or not owner:
        return NOTHING_KNOWN
    if kind in _MAPS or len(arguments) > 1:
        given = _OF_MAPS.get(last, ()) if kind in _MAPS and len(arguments) == 2 else ()
        wanted = 2 if last == "merge" else int(last in _SECOND)
        made = tuple(arguments[place] for place in given) if number == wanted else ()
    else:
        holds = kind in rules.elements or (kind in _FUTURES and last not in _GIVEN_BY_LISTS)
        made = tuple(arguments[place] for place in _GIVEN.get(last, ())) if holds and number == 0 else ()
    return (external(FUNCTION, (NOTHING_KNOWN, *made)),) if made else NOTHING_KNOWN


def only_abstract(world: World, value: Value) -> Values:
    """The only method without a body that an interface of the index and those above it have: what a function without a
    name stands for. Else a library's type of functions that it extends; empty if it is none."""
    home = world.view(value.path)
    if home is not None and home.symbol(value.number).kind == "type" and home.symbol(value.number).types:
        # A delegate.
        return (Value("function", *value.key, arguments=value.arguments, this=value.this or value.key),)
    hierarchy = world.ancestors(value.key)
    found: dict[str, Value] = {}
    defined: set[str] = set()
    for key in hierarchy.classes:
        view = world.view(key[0])
        if view is None or view.symbol(key[1]).kind != "interface":
            return ()
        for number in view.members(key[1]):
            symbol = view.symbol(number)
            if symbol.kind not in CALLABLE_KINDS or symbol.name in _OF_OBJECT:
                continue
            name = f"{symbol.name}/{symbol.parameters[1]}"
            if not symbol.flags & STUB:
                defined.add(name)
            elif name not in defined:
                made = Value("function", key[0], number, arguments=value.arguments, this=value.this or value.key)
                found.setdefault(name, made)
    if hierarchy.open:
        return NOTHING_KNOWN
    if hierarchy.externals:
        libraries = world.rules(value.path).library_supertypes(world, value)
        known = tuple(one for one in libraries if one.name.rpartition(".")[2] in _TYPES)
        return known if not found and len(libraries) == len(known) == 1 else NOTHING_KNOWN
    return tuple(found.values()) if len(found) == 1 else ()


_OF_OBJECT: Final = frozenset(("equals", "hashCode", "toString"))
