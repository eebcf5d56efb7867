"""What Kotlin's library gives the lambdas that are handed to it: as data.

Scope functions (`let`, `apply`) hand on what they are called on, the functions of collections give elements, a few
others nothing at all.
"""

from __future__ import annotations

from typing import Final

from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, RECEIVER
from glossator.retrieval.resolution.values import BUILT_IN_VALUE, INSTANCE_MARK, NOTHING_KNOWN, Value, Values, external

SCOPE_OWNER: Final = "kotlin"
"""The name before that of a scope function, whose type argument is what it is called on."""
_GIVES_ARGUMENT: Final = frozenset(("also", "let", "takeIf", "takeUnless", "use"))
_GIVES_RECEIVER: Final = frozenset((":with", "apply", "run"))
BARE_SCOPE: Final = frozenset(("also", "apply", "let", "run", "takeIf", "takeUnless"))
"""Scope functions that without a receiver are called on `this`."""
OWN_FUNCTIONS: Final = {
    "apply": frozenset(("BiFunction", "BinaryOperator", "Function", "Plugin", "UnaryOperator")),
    "run": frozenset(("FutureTask", "Runnable", "Task", "Test", "TestCase", "Thread", "TimerTask")),
}
"""Types of libraries that have a function of the name of a scope function themselves."""
SCOPE_FUNCTIONS: Final = _GIVES_ARGUMENT | _GIVES_RECEIVER
_GIVES_BACK: Final = frozenset(("also", "apply", "takeIf", "takeUnless"))

_ELEMENT_WORDS: Final = """
all any associate associateBy associateWith count distinctBy dropLastWhile dropWhile filter filterNot filterTo find
findLast first firstNotNullOf firstNotNullOfOrNull firstOrNull flatMap forEach groupBy indexOfFirst indexOfLast
joinToString last lastOrNull map mapNotNull maxBy maxByOrNull maxOf maxOfOrNull minBy minByOrNull minOf minOfOrNull none
onEach partition removeAll removeIf retainAll single singleOrNull sortBy sortByDescending sortedBy sortedByDescending
sumBy sumOf takeLastWhile takeWhile
"""
_ELEMENT: Final = frozenset(_ELEMENT_WORDS.split())
"""Functions of collections whose lambda gets an element."""
_NUMBERED: Final = frozenset(
    ("filterIndexed", "flatMapIndexed", "fold", "forEachIndexed", "mapIndexed", "mapIndexedNotNull", "onEachIndexed")
)
"""Those whose lambda gets something else before the element."""
_COMPARING: Final = frozenset(("maxWith", "minWith", "reduce", "sortWith", "sortedWith"))
"""Those whose lambda gets two elements."""
_OF_VALUES: Final = {"filterKeys": 0, "filterValues": 1}
"""Functions of maps whose lambda gets a key or a value."""
_MAP_WORDS: Final = """
ConcurrentHashMap ConcurrentMap EnumMap HashMap LinkedHashMap Map MutableMap NavigableMap SortedMap TreeMap
"""
_MAPS: Final = frozenset(_MAP_WORDS.split())
MAP_ENTRY: Final = "Entry"
_OF_ENTRIES: Final = _ELEMENT - {"removeAll", "removeIf", "retainAll"} | {"mapKeys", "mapValues"}
_RECEIVERS: Final = {
    "buildString": "StringBuilder",
    "coroutineScope": "CoroutineScope",
    "runBlocking": "CoroutineScope",
    "runTest": "TestScope",
    "supervisorScope": "CoroutineScope",
}
"""Functions of the library by name, and the types of their lambdas' receivers."""
_WITHOUT: Final = frozenset(("assertFailsWith", "assertThrows", "lazy", "run", "synchronized", "thread"))
"""Functions of the library that call their lambda with nothing."""
BARE: Final = frozenset(_RECEIVERS) | _WITHOUT | {"repeat"}
"""Functions of the library that are called without a receiver."""
SCANTY: Final = frozenset(("CoroutineScope", "TestScope"))
"""Types of the library that have hardly a member that another name could be mistaken for."""
PROPERTIES: Final = {"StringBuilder": frozenset(("indices", "lastIndex", "length"))}
"""All properties of types of the library; what they have of functions is more."""


def lambda_of(*parameters: Values) -> Values:
    """A type of functions with some parameters."""
    return (external(FUNCTION, (NOTHING_KNOWN, *parameters)),)


def scope_function(name: str, called_on: Values) -> Values:
    """A scope function of what it is called on."""
    return (external(f"{SCOPE_OWNER}.{name}", (called_on,)),)


def taken(function: Value, elements: dict[str, int]) -> Values:
    """What a function of the library takes as its lambda; empty if nothing says."""
    owner, _, last = function.name.rpartition(".")
    arguments = function.arguments
    if owner == SCOPE_OWNER and arguments and last in SCOPE_FUNCTIONS:
        receiver = last in _GIVES_RECEIVER
        return lambda_of((external(RECEIVER, arguments),) if receiver else arguments[0])
    if not arguments:
        return _of_bare(last) if not owner or owner.islower() else ()
    kind = owner.rpartition(".")[2].removesuffix(INSTANCE_MARK)
    if kind in _MAPS and len(arguments) == 2:
        if last in _OF_VALUES:
            return lambda_of(arguments[_OF_VALUES[last]])
        return lambda_of((external(MAP_ENTRY, arguments),)) if last in _OF_ENTRIES else ()
    if kind not in elements or len(arguments) != 1:
        return ()
    if last in _ELEMENT:
        return lambda_of(arguments[0])
    if last in _NUMBERED:
        return lambda_of(NOTHING_KNOWN, arguments[0])
    return lambda_of(arguments[0], arguments[0]) if last in _COMPARING and last != "reduce" else ()


def _of_bare(name: str) -> Values:
    if name in _WITHOUT:
        return lambda_of()
    if name in _RECEIVERS:
        return lambda_of((external(RECEIVER, ((external(_RECEIVERS[name]),),)),))
    return lambda_of((BUILT_IN_VALUE,)) if name == "repeat" else ()


def result_of(function: Value) -> Values:
    """What a call of a scope function gives; empty if the lambda decides, or it is none."""
    owner, _, last = function.name.rpartition(".")
    if owner == SCOPE_OWNER and last in _GIVES_BACK and function.arguments:
        return function.arguments[0]
    if last in ("filterIndexed", "filterNot", "onEachIndexed", "sortedByDescending", "sortedWith", "takeWhile"):
        return (external(LIST, function.arguments),) if len(function.arguments) == 1 else ()
    return ()


def entry_member(value: Value, name: str) -> Values:
    """The key or the value of a map's entry; empty for anything else."""
    if value.name == MAP_ENTRY and len(value.arguments) == 2 and name in ("key", "value"):
        return value.arguments[name == "value"]
    return ()
