"""Chooses among overloads by the types of the arguments, as far as these are known: Java, C#.

A function is out of question if an argument certainly has another type than its parameter. Of several that are left,
one is meant if it takes each argument at least as exactly as every other; if that cannot be told, all may be meant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from glossator.index.argument_types import BETWEEN, LAMBDA, NULL, VARIADIC
from glossator.index.expressions import split_outside
from glossator.retrieval.resolution.receivers import chains
from glossator.retrieval.resolution.type_texts import LIST
from glossator.retrieval.resolution.values import Spot, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.type_texts import TypeText
    from glossator.retrieval.resolution.values import Key

PRIMITIVES: Final = {
    "boolean": ("boolean",),
    "char": ("char", "int", "long", "float", "double"),
    "byte": ("byte", "short", "int", "long", "float", "double"),
    "short": ("short", "int", "long", "float", "double"),
    "int": ("int", "long", "float", "double"),
    "long": ("long", "float", "double"),
    "float": ("float", "double"),
    "double": ("double",),
    "decimal": ("decimal",),
}
"""The primitive types that a value of each may be handed over as, the nearest first (Java Language Specification,
5.1.2)."""
_BOXES: Final = {
    "Boolean": "boolean",
    "Character": "char",
    "Byte": "byte",
    "Short": "short",
    "Integer": "int",
    "Long": "long",
    "Float": "float",
    "Double": "double",
}
_ALIASES: Final = {"string": "String", "bool": "boolean", "object": "Object", "Any": "Object"}
_OF_BOXES: Final = frozenset(("Comparable", "Serializable", "Object", "IComparable", "Constable"))
_NO_NUMBERS: Final = frozenset(("boolean", "char"))
_NO_FUNCTIONS: Final = frozenset(
    ("String", "Class", "CharSequence", "Number", "List", "Map", "Set", "Collection", "Type", "Locale", "File", "URL")
)
"""Types of libraries that no lambda has."""
_FINAL: Final = frozenset(("String", "Class", *_BOXES, "StringBuilder", "Locale", "URL", "URI", "UUID"))
"""Classes of libraries that have no subclasses."""
_LIBRARY: Final = """
String: CharSequence Comparable Serializable Constable IComparable IEnumerable
Class: Type GenericDeclaration AnnotatedElement Serializable
Type:
ParameterizedType GenericArrayType WildcardType TypeVariable: Type
Field Method Constructor: AnnotatedElement Member AccessibleObject
Iterable Iterator Appendable CharSequence Comparable Closeable Runnable Callable Readable AutoCloseable Enumeration:
Collection: Iterable
List Set Queue SequencedCollection: Collection Iterable
Deque: Queue Collection Iterable
SortedSet NavigableSet: Set Collection Iterable
ArrayList Vector AbstractList CopyOnWriteArrayList: List Collection Iterable
LinkedList: List Deque Queue Collection Iterable
ArrayDeque: Deque Queue Collection Iterable
HashSet AbstractSet EnumSet: Set Collection Iterable
LinkedHashSet: HashSet Set Collection Iterable
TreeSet: NavigableSet SortedSet Set Collection Iterable
Map Dictionary:
SortedMap NavigableMap ConcurrentMap: Map
HashMap AbstractMap EnumMap IdentityHashMap WeakHashMap Hashtable: Map
LinkedHashMap: HashMap Map
TreeMap: NavigableMap SortedMap Map
ConcurrentHashMap: ConcurrentMap Map
Properties: Hashtable Map
Reader: Readable Closeable AutoCloseable
StringReader BufferedReader CharArrayReader InputStreamReader: Reader Readable Closeable AutoCloseable
FileReader: InputStreamReader Reader Readable Closeable AutoCloseable
Writer: Appendable Closeable Flushable AutoCloseable
StringWriter PrintWriter OutputStreamWriter BufferedWriter: Writer Appendable Closeable Flushable AutoCloseable
FileWriter: OutputStreamWriter Writer Appendable Closeable Flushable AutoCloseable
InputStream: Closeable AutoCloseable
ByteArrayInputStream FileInputStream FilterInputStream ObjectInputStream: InputStream Closeable AutoCloseable
BufferedInputStream DataInputStream GZIPInputStream: FilterInputStream InputStream Closeable AutoCloseable
OutputStream: Closeable Flushable AutoCloseable
ByteArrayOutputStream FileOutputStream FilterOutputStream: OutputStream Closeable Flushable AutoCloseable
PrintStream BufferedOutputStream: FilterOutputStream OutputStream Appendable Closeable Flushable AutoCloseable
StringBuilder StringBuffer: CharSequence Appendable Serializable Comparable
BigDecimal BigInteger AtomicInteger AtomicLong: Number Comparable Serializable
Number: Serializable
Boolean Character: Comparable Serializable
Byte Short Integer Long Float Double: Number Comparable Serializable
File Path URI: Comparable Iterable Serializable
URL Locale Charset UUID Date Calendar TimeZone Currency Pattern: Serializable Comparable
Optional Thread Random Scanner Matcher:
Throwable: Serializable
Exception Error: Throwable Serializable
RuntimeException IOException: Exception Throwable Serializable
"""
"""Common types of Java's library with all of their supertypes that may be parameters' types, the nearest first."""
_SUPERTYPES: Final = {
    name: tuple(above.split())
    for line in _LIBRARY.strip().splitlines()
    for names, _, above in (line.partition(":"),)
    for name in names.split()
}
_SMALL: Final = {
    "AutoCloseable": ("close",),
    "Callable": ("call",),
    "Cloneable": (),
    "Closeable": ("close",),
    "Comparable": ("compareTo",),
    "ICloneable": ("Clone",),
    "IComparable": ("CompareTo",),
    "IDisposable": ("Dispose",),
    "IEquatable": ("Equals",),
    "Iterable": ("iterator", "forEach", "spliterator"),
    "Runnable": ("run",),
    "Serializable": (),
}
"""Interfaces of libraries with all of their members."""
_KNOWN: Final = frozenset(_SUPERTYPES).union(*_SUPERTYPES.values())
MOST: Final = 16
"""Of more overloads none is chosen."""


class ArgumentKind(NamedTuple):
    """What is known of a type.

    Attributes:
        sort: `primitive`, `class` (of the index), `outside` (of a library), `array`, `top` (takes any object), `null`,
            `lambda`, `unknown`.
        name: of a primitive, or of a type of a library its last part.
        key: of a class of the index.
    """

    sort: str
    name: str = ""
    key: Key | None = None


UNKNOWN_KIND: Final = ArgumentKind("unknown")

# How well a parameter takes an argument.
IMPOSSIBLE: Final = -1
UNSURE: Final = 0
TAKES_ANY: Final = 1
BOXED: Final = 2
CONVERTED: Final = 4
"""Greater by as much as the conversion is nearer."""
SAME_TYPE: Final = 100


def may_share_member(one: str, other: str, member: str) -> bool:
    """Whether two types of libraries may have a member in common: through a supertype of both, or because it is not
    known what is above them."""
    if one == other:
        return True
    if any(member not in _SMALL.get(name, (member,)) for name in (one, other)):
        return False
    if one not in _SUPERTYPES or other not in _SUPERTYPES:
        return True
    shared = {one, *_SUPERTYPES[one]} & {other, *_SUPERTYPES[other]}
    return any(member in _SMALL.get(name, (member,)) for name in shared)


def chosen(world: World, place: Spot, given: str, candidates: Sequence[tuple[Value, Symbol]]) -> list[Value]:
    """Those of some functions that a call may mean: one if the arguments' types decide.

    Args:
        place: where the call stands.
        given: its arguments, as `argument_types` writes them.
        candidates: functions that take so many arguments, with their symbols.
    """
    values = [value for value, _ in candidates]
    if not given or len(candidates) > MOST or any(not symbol.types for _, symbol in candidates):
        return values
    arguments = split_outside(given, BETWEEN)
    expanded = [expanded_types(symbol.types, len(arguments)) for _, symbol in candidates]
    scores: list[list[int]] = [[] for _ in candidates]
    kinds: list[list[ArgumentKind]] = [[] for _ in candidates]
    for index, argument in enumerate(arguments):
        written = {types[index] for types in expanded}
        same = len(written) == 1 and len({value.path for value in values}) == 1
        kind = UNKNOWN_KIND if same else argument_kind(world, argument, place)
        for number, (value, _) in enumerate(candidates):
            if same:
                scores[number].append(SAME_TYPE)
                kinds[number].append(UNKNOWN_KIND)
                continue
            parameter = type_kind(world, expanded[number][index], Spot(value.path, value.number))
            kinds[number].append(parameter)
            scores[number].append(fit(world, kind, parameter))
    alive = [number for number in range(len(values)) if IMPOSSIBLE not in scores[number]]
    # Those of a variable number are only considered if no other fits.
    fixed = [number for number in alive if not candidates[number][1].types[-1].endswith(VARIADIC)]
    if fixed and len(fixed) < len(alive) and all(UNSURE not in scores[number] for number in fixed):
        alive = fixed
    best = best_of(alive, lambda one, other: _is_better(world, scores[one], kinds[one], scores[other], kinds[other]))
    return [values[number] for number in best] or values


def cannot_take(world: World, place: Spot, given: str, value: Value, symbol: Symbol) -> bool:
    """Whether an argument of a call certainly has another type than a function takes."""
    arguments = split_outside(given, BETWEEN)
    types = expanded_types(symbol.types, len(arguments))
    return bool(symbol.types) and any(
        fit(world, argument_kind(world, argument, place), type_kind(world, written, Spot(value.path, value.number)))
        == IMPOSSIBLE
        for argument, written in zip(arguments, types, strict=True)
    )


def best_of(numbers: Sequence[int], is_better: Callable[[int, int], bool]) -> Sequence[int]:
    """Of some functions, by number, the one that is better than every other one; all if there is none."""
    for number in numbers:
        if all(other == number or is_better(number, other) for other in numbers):
            return (number,)
    return numbers


def expanded_types(types: tuple[str, ...], count: int) -> list[str]:
    """The type of the parameter for each of a number of arguments."""
    made = [one.removesuffix(VARIADIC) for one in types[:count]]
    if types and types[-1].endswith(VARIADIC):
        made += [types[-1].removesuffix(VARIADIC)] * (count - len(made))
    return made + ["?"] * (count - len(made))


def _is_better(
    world: World, scores: list[int], kinds: list[ArgumentKind], others: list[int], other_kinds: list[ArgumentKind]
) -> bool:
    """Whether one function takes each argument at least as exactly as another one, and some more exactly."""
    better = False
    for mine, my_kind, its, its_kind in zip(scores, kinds, others, other_kinds, strict=True):
        if mine == its == SAME_TYPE or (my_kind == its_kind and my_kind.sort != "unknown"):
            continue
        if mine == SAME_TYPE:
            better = True
        elif UNSURE in (mine, its) and its != IMPOSSIBLE:
            return False
        elif its_kind.sort in ("top", "unknown") and my_kind.sort not in ("top", "unknown"):
            better = True
        elif my_kind.sort == its_kind.sort == "class" and its_kind.key is not None and my_kind.key is not None:
            if its_kind.key not in world.ancestors(my_kind.key).classes:
                return False
            better = True
        elif mine > its:
            better = True
        else:
            return False
    return better


def argument_kind(world: World, argument: str, place: Spot) -> ArgumentKind:
    """What is known of an argument's type."""
    if argument == NULL:
        return ArgumentKind("null")
    if argument == LAMBDA:
        return ArgumentKind("lambda")
    if argument == "?":
        return UNKNOWN_KIND
    if argument[0] == "<" and len(found := chains(argument)) == 1 and not found[0].steps:
        return type_kind(world, found[0].head[1:-1], place)
    values = world.evaluate(argument, place)
    if len({(one.kind, one.key, one.name) for one in values}) != 1:
        return UNKNOWN_KIND
    value = values[0]
    if value.kind == "instance":
        return ArgumentKind("class", key=value.key)
    if value.kind == "external":
        return _outside(value.name)
    return UNKNOWN_KIND


def _outside(name: str) -> ArgumentKind:
    last = name.rpartition(".")[2]
    if name == LIST:
        return ArgumentKind("array")
    # Names in capitals are constants, whose types are not known.
    if not last[:1].isupper() or (len(last) > 1 and last.isupper() and last not in _FINAL):
        return UNKNOWN_KIND
    return ArgumentKind("outside", last)


def type_kind(world: World, text: str, place: Spot) -> ArgumentKind:
    """What is known of a type as it is written at a place."""
    view = world.view(place.path)
    if view is None or text in ("", "?"):
        return UNKNOWN_KIND
    place = Spot(place.path, view.outside_function(place.owner, text), place.this)
    key = ("kind of type", text, place)
    known = cast("ArgumentKind | None", world.memory.get(key))
    if known is None:
        known = world.memory[key] = _read_kind(world, text, place)
    return known


def _read_kind(world: World, text: str, place: Spot) -> ArgumentKind:
    kind: TypeText = world.rules(place.path).read_type(text)
    name = kind.name.rpartition(".")[2]
    name = _ALIASES.get(name, name)
    if kind.name == LIST:
        return ArgumentKind("array", _array(kind))
    if name in PRIMITIVES:
        return ArgumentKind("primitive", name)
    if name == "Object":
        return ArgumentKind("top")
    values = world.type_value(kind, place)
    if len(values) != 1:
        return UNKNOWN_KIND
    value = values[0]
    if value.kind == "instance":
        return ArgumentKind("class", key=value.key)
    return ArgumentKind("outside", name) if value.kind == "external" else UNKNOWN_KIND


def _array(kind: TypeText) -> str:
    """How an array's type is told from others: by its element, and its dimensions."""
    return f"{_array(kind.arguments[0])}[]" if kind.name == LIST and kind.arguments else kind.name


def fit(world: World, argument: ArgumentKind, parameter: ArgumentKind) -> int:
    """How well a parameter takes an argument: one of the constants above."""
    if argument.sort == "unknown":
        return UNSURE
    if parameter.sort == "unknown":  # a type's parameter
        return TAKES_ANY
    if parameter.sort == "top":
        return TAKES_ANY
    if argument.sort == "null":
        return IMPOSSIBLE if parameter.sort == "primitive" else CONVERTED
    if argument.sort == "lambda":
        no = parameter.sort in ("primitive", "array") or parameter.name in _NO_FUNCTIONS
        return IMPOSSIBLE if no or not _may_be_functional(world, parameter) else UNSURE
    if argument.sort == "primitive":
        return _fit_primitive(argument.name, parameter)
    if parameter.sort == "primitive":
        box = _BOXES.get(argument.name) if argument.sort == "outside" else None
        if box is None:
            return IMPOSSIBLE
        return BOXED if parameter.name in PRIMITIVES[box] else IMPOSSIBLE
    if argument.sort == "array" or parameter.sort == "array":
        if argument.sort == parameter.sort:
            primitive = argument.name.rstrip("[]") in PRIMITIVES or parameter.name.rstrip("[]") in PRIMITIVES
            return SAME_TYPE if argument.name == parameter.name else IMPOSSIBLE if primitive else UNSURE
        return IMPOSSIBLE if argument.sort != "top" and parameter.name not in _OF_BOXES else UNSURE
    if argument.sort == "top":
        return IMPOSSIBLE
    if argument.sort == "class":
        return _fit_class(world, argument, parameter)
    if parameter.sort == "class":
        return IMPOSSIBLE
    if argument.name == parameter.name:
        return SAME_TYPE
    above = _SUPERTYPES.get(argument.name)
    if above is None:
        return IMPOSSIBLE if parameter.name in _FINAL else UNSURE
    if parameter.name in above:
        return CONVERTED + len(above) - above.index(parameter.name)
    return IMPOSSIBLE if parameter.name in _KNOWN or argument.name in _FINAL else UNSURE


def _fit_primitive(name: str, parameter: ArgumentKind) -> int:
    if parameter.sort == "primitive":
        wider = PRIMITIVES[name]
        if parameter.name not in wider:
            return IMPOSSIBLE
        return SAME_TYPE if parameter.name == name else CONVERTED + len(wider) - wider.index(parameter.name)
    if parameter.sort != "outside":
        return IMPOSSIBLE
    if _BOXES.get(parameter.name) == name or parameter.name in _OF_BOXES:
        return BOXED + (parameter.name in _BOXES)
    return BOXED if parameter.name == "Number" and name not in _NO_NUMBERS else IMPOSSIBLE


def _fit_class(world: World, argument: ArgumentKind, parameter: ArgumentKind) -> int:
    assert argument.key is not None
    if argument.key == parameter.key:
        return SAME_TYPE
    hierarchy = world.ancestors(argument.key)
    if parameter.key in hierarchy.classes:
        return SAME_TYPE - 1 - hierarchy.classes.index(parameter.key)
    if hierarchy.open:
        return IMPOSSIBLE if parameter.name in _FINAL else UNSURE
    if parameter.sort == "class" or parameter.name in _FINAL:
        return IMPOSSIBLE
    outside = {one.name.rpartition(".")[2] for one in hierarchy.externals}
    if parameter.name in outside or any(parameter.name in _SUPERTYPES.get(name, ()) for name in outside):
        return CONVERTED
    # Of other supertypes it is not known what is above them.
    return IMPOSSIBLE if outside <= _KNOWN and (parameter.name in _KNOWN or not outside) else UNSURE


def _may_be_functional(world: World, parameter: ArgumentKind) -> bool:
    """Whether a function without a name may be an instance of a type: of a class of the index only if it is an
    interface."""
    one = world.view(parameter.key[0]) if parameter.key is not None else None
    if one is None or parameter.key is None:
        return True
    return one.symbol(parameter.key[1]).kind in ("interface", "type")
