"""What the resolution of names needs to know of a file: its symbols, its imports, and every mention of a name.

Whoever changes what facts say, or their fields, raises `manifest.SCHEMA_VERSION`, so that files are read again.

Facts are taken from the syntax tree when a file is parsed, and stored as one compressed blob per file. They say nothing
about other files: `retrieval.resolution` joins the facts of several files when a question is asked, so that a change in
one file requires no other to be parsed again.

*Expressions* describe the value of a receiver or variable as a short text, in which local variables have been replaced
by what they are bound to:

    name            what the file's outermost scope, its imports or its built-ins call so
    #12             the symbol with index 12 of the same file (a function inside a function, which has no global name)
    =#12            as the receiver of a bare name: the name itself stands for that symbol
    =struct         as the receiver of a bare name: it is a tag (see `TAGGED`)
    =scope          as the receiver of a bare name: it stands before `::` (see `SCOPE`)
    =token          as the receiver of a bare name: it stands in a macro's arguments (see `MACRO_ARGUMENT`)
    =global         as the receiver of a bare name: it is one of the global namespace (see `GLOBAL`)
    =global.E       E, whose first name is one of the global namespace (Ruby)
    =of E           as the receiver of an argument's name: it stands in a call of E (see `GIVEN`)
    $               the instance whose method this is (`self`, `this`); `$cls` its class; `$super` its superclass's view
    <Type>          an instance of a type, the type as the source writes it, without blanks: `<list[Session]>`
    E.name          an attribute or member of E (also `::`, `->`, `?.`)
    E.:pairs        pairs of a number and an element of E
    E()             the result of calling E; an instance, if E is a class (`new E(...)` is `E()` too)
    E(2)            the same with two arguments, where their number is known, which tells overloads apart
    E(2:1)          what a call of E with two arguments takes as the second one
    E(2:-1)         what it takes as its last parameter
    E(:0)           what a function, E, is called with as the first argument
    E.:with         a call of Kotlin's `with(E)`
    @it3            what `it` is in the lambda with index 3 of the same file (see `Lambda`)
    @this3          what `this` is there
    @@name          what pytest gives a parameter of that name
    E[]             an element of E, by index or iteration
    E[1]            the item of a tuple E with that index
    E|F             one of several
    %               a value of the language itself (a literal, a comprehension, an arithmetic result)
    ?               unknown

Awaiting, dereferencing and asserting that something is not null leave an expression as it is.
"""

from __future__ import annotations

import re
import struct
import zlib
from array import array
from functools import lru_cache, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MentionKind = Literal[
    "call",
    "type",
    "base",
    "decorator",
    "import",
    "export",
    "value",
    "read",
    "write",
    "attribute",
    "name",
    "template",
]
"""How a name is mentioned: called or instantiated; as a type; as a supertype; as a decorator or annotation; in an
import; in a re-export; handed over (an argument, an assigned or returned value, an element of a table); otherwise
read; assigned to; read as a member; as a string, a symbol or a parameter of a test that is taken for a name; in a
template's markup."""

MENTION_KINDS: Final[tuple[str, ...]] = get_args(MentionKind)

EXPRESSION_CHARS: Final = 120
"""Longer expressions are unknown."""

WHOLE: Final = "exports"
"""The name under which a file exports what its import as a whole gives (`module.exports = ...`)."""

UNKNOWN: Final = "?"
BUILT_IN: Final = "%"
INSTANCE: Final = "$"
CLASS: Final = "$cls"
SUPER: Final = "$super"

TAGGED: Final = "=struct"
"""The receiver of a bare name in C that is the tag of a structure, union or enumeration: `struct block`."""
GLOBAL: Final = "=global"
"""The receiver of a bare name in C++ that is one of the global namespace: `::close`."""
UNNAMED: Final = "=unnamed"
"""The receiver of a bare name in a class without a name, which may be a member of a supertype of that."""
SCOPE: Final = "=scope"
"""The receiver of a bare name in C++ that stands before `::`, where only types and namespaces count: `Pool::size`."""
MACRO_ARGUMENT: Final = "=token"
"""The receiver of a bare name in a macro's arguments in Rust, of which the macro may make anything: a method's name."""
GIVEN: Final = "=of "
"""What the receiver of an argument's name in Python begins with, before the expression of what is called: the name is
that of a field, if a class is called that takes its fields. In Rust that of a name in `Filter<Extract = ()>`."""
FIXTURE: Final = "=fixture"
"""The receiver of a parameter's name in Python for which pytest looks for a fixture."""
FIXTURE_MARK: Final = "@@"
"""What the expression begins with of what pytest gives a parameter: its name follows."""
EXTENDS_FIRST: Final = "this"
"""The `labels` of a method in C# that is called as a member of its first parameter's type, too."""
IN_EXTENSION: Final = "block"
"""The `labels` of a member of a block in C# that extends a type; to what type is not known."""

# Flags of symbols.
STATIC: Final = 1
"""A member of the class rather than of its instances."""
PROPERTY: Final = 2
"""A function that is read like an attribute: its type is that of the attribute."""
LOCAL: Final = 4
"""Defined inside a function: invisible to other files."""
INFERRED: Final = 8
"""A field or function that no declaration names, only an assignment to it (`self.x = ...`)."""
STUB: Final = 16
"""Only declares what is defined elsewhere (see `Entry.stub`)."""
EXPORTED: Final = 32
"""Marked as visible to other files, in languages where a file hides what it does not export."""
EXTENSION: Final = 64
"""A container that adds members to a type defined elsewhere (`impl Foo`, `extension Foo`, a reopened class): `name` is
the type's, as an expression."""
TAG: Final = 128
"""The tag of a structure, union or enumeration in C, which has a name apart from those of types, variables and
functions."""

SPECIAL: Final = 256
"""A version of a template for certain arguments: `struct hash<Session>` in C++."""
NESTED: Final = 512
"""In Ruby defined in a block of its own, which may be a class's body: `define_class("User") { attr_reader :name }`. In
other languages a function that is indented though nothing is around it, maybe in a class that no grammar reads; in C's
family a variable too, maybe in a function."""
ABSTRACT: Final = 1024
"""In Kotlin an abstract or sealed class, which has no instances of its own: a call of its name calls a function."""
PRIVATE: Final = 2048
"""In Java a member that only its own outermost class sees, and that no class inherits."""


class Symbol(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """A definition. Unlike entries, these include the smallest: fields, enum members, constants.

    Attributes:
        name: bare name; for an extension the type it extends, as written.
        kind: an `EntryKind`.
        parent: index of the enclosing symbol in `Facts.symbols`, -1 at the top of the file.
        start, end: first and last line (1-based, inclusive) of the definition itself.
        line: line of the name.
        column: first byte of the name in its line, from 0.
        scope: the qualifier written before the name (`Session` in Go's `func (s *Session) Get`, `a::B` in C++).
        type: expression of a variable's or field's value, of a function's result, of what an alias stands for; ""
            if unknown.
        bases: supertypes as written, in order; for Rust's `impl Trait for Type` the trait.
        flags: see the constants above.
        parameters: how many arguments a function takes at least and at most; (-1, -1) if unknown, 255 for any number.
        decorators: expressions of what is applied to the definition before its name is bound, the outermost first.
        types: of a function that may be overloaded, or that may take functions, the types of its parameters as written,
            without blanks ("?" for those that are not, or tell nothing); a final "..." stands for any number of
            arguments. Of an interface whose instances are called themselves how they are called, each as a type.
        generics: the parameters of a generic type or function, each with its bound, if it has one: "T", "T:Node".
        labels: the labels of the parameters of a function in Swift (see `swift_labels`); of a class in Kotlin the names
            of those of its constructor that are no fields, "(size,name)"; in C# `EXTENDS_FIRST` or
            `IN_EXTENSION`; of a fixture in Python the name that its decorator gives it; "" if unknown.
    """

    name: str
    kind: str
    parent: int
    start: int
    end: int
    line: int
    column: int
    scope: str = ""
    type: str = ""
    bases: tuple[str, ...] = ()
    flags: int = 0
    parameters: tuple[int, int] = (-1, -1)
    decorators: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    generics: tuple[str, ...] = ()
    labels: str = ""


class Import(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One name that a file imports.

    Attributes:
        name: the name that it is given here; "" if it binds none (C's include), "*" for all names of the module.
        module: the module, package, namespace or file as written, without quotes.
        member: what is imported from the module; "" for the module itself.
        line: where (1-based).
        owner: index of the symbol inside which the import stands, -1 at the top of the file.
        exported: whether the file passes it on (a re-export, `pub use`).
    """

    name: str
    module: str
    member: str = ""
    line: int = 0
    owner: int = -1
    exported: bool = False


class Mention(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One mention of a name that is not bound by a local variable or parameter.

    Attributes:
        kind: index in `MENTION_KINDS`.
        owner: index of the innermost symbol that contains it, -1 outside all.
        line: 1-based.
        column: first byte in the line, from 0.
        receiver: index in `Facts.receivers` of what stands before a member's name; -1 for a bare name.
        arguments: how many arguments a call has; -1 if it is no call or not known. Of a value that is a reference to a
            method (`Session::close`) 255, where functions may be overloaded. Of a type in C#, how many it has.
        given: index in `Facts.receivers` of the arguments (see `argument_types`), where functions may be overloaded; -1
            if nothing is known of them.
    """

    kind: int
    owner: int
    line: int
    column: int
    receiver: int = -1
    arguments: int = -1
    given: int = -1


PackedMention = tuple[int, int, int, int, int, int] | tuple[int, int, int, int, int, int, int]
"""The fields of a `Mention`, which are encoded alike; without the last one where nothing is known of arguments."""


class Lambda(NamedTuple):
    """A function without a name in a language where such functions may have a receiver, whose members are reached in it
    by their bare names (Kotlin).

    Attributes:
        line, column: where it begins (1-based; first byte in the line, from 0).
        end_line, end_column: one past its last byte.
        taken: index in `Facts.receivers` of what it has to be; -1 if that is not known.
        named: whether its parameters have names, so that `it` is none of them.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    taken: int
    named: bool


class Facts(msgspec.Struct, array_like=True, gc=False):
    """The facts of one file.

    Attributes:
        language: a name in `LANGUAGES`.
        package: the package or namespace that the file declares, "" if none.
        symbols: in order of their starts.
        imports: in order.
        receivers: the expressions of receivers, and those of arguments, each once.
        mentioned: the names that are mentioned, sorted, each between two NULs. As one text they take a fifth of the
            memory, and as good as no time to decode.
        places: the mentions of each name, encoded, one after the other: most questions need those of one name only.
        ends: where the mentions of each name end in `places`, as numbers of four bytes, little-endian.
        damaged: whether the grammar could not read all of the file, so that what the facts say may be incomplete.
        lambdas: in order of their beginnings, as `packed_lambdas` writes them.
    """

    language: str
    package: str
    symbols: list[Symbol]
    imports: list[Import]
    receivers: list[str]
    mentioned: str
    places: bytes
    ends: bytes
    damaged: bool = False
    lambdas: list[int] = []

    @property
    def names(self) -> list[str]:
        """The names that are mentioned, sorted."""
        return self.mentioned.split(_BETWEEN)[1:-1]

    def mentions_of(self, name: str) -> list[Mention]:
        """The mentions of a name, in order of their places."""
        at = self.mentioned.find(f"{_BETWEEN}{name}{_BETWEEN}")
        if at < 0:
            return []
        number = self.mentioned.count(_BETWEEN, 0, at)
        (end,) = _END.unpack_from(self.ends, number * _END.size)
        start = _END.unpack_from(self.ends, (number - 1) * _END.size)[0] if number else 0
        return _PLACES.decode(self.places[start:end])

    def all_mentions(self) -> Iterable[tuple[str, list[Mention]]]:
        """Each name with its mentions."""
        start = 0
        for name, (end,) in zip(self.names, _END.iter_unpack(self.ends), strict=True):
            yield name, _PLACES.decode(self.places[start:end])
            start = end

    def receiver(self, mention: Mention) -> str:
        """The expression before a mention; "" for a bare name."""
        return self.receivers[mention.receiver] if mention.receiver >= 0 else ""

    def given(self, mention: Mention) -> str:
        """The arguments of a call, as `argument_types` writes them; "" if nothing is known of them."""
        return self.receivers[mention.given] if mention.given >= 0 else ""


def packed_lambdas(lambdas: Iterable[Lambda]) -> list[int]:
    """Lambdas in few bytes: five numbers each, most of them small, since they are differences."""
    packed: list[int] = []
    line = taken = 0
    for one in lambdas:
        last = 2 * (one.taken - taken) + one.named
        packed += (one.line - line, one.column, one.end_line - one.line, one.end_column, last)
        line, taken = one.line, one.taken
    return packed


def unpacked_lambdas(packed: list[int]) -> list[Lambda]:
    """The lambdas that `packed_lambdas` has written."""
    made: list[Lambda] = []
    line = taken = 0
    for at in range(0, len(packed), 5):
        further, column, lines, end_column, last = packed[at : at + 5]
        line, taken = line + further, taken + (last >> 1)
        made.append(Lambda(line, column, line + lines, end_column, taken, bool(last & 1)))
    return made


_ENCODER: Final = msgspec.msgpack.Encoder()
_FACTS: Final = msgspec.msgpack.Decoder(Facts)
_BETWEEN: Final = "\0"
_END: Final = struct.Struct("<I")
_PLACES: Final = msgspec.msgpack.Decoder(list[Mention])
_NUMBERED: Final = re.compile(r"#(\d+)")
_LEVEL: Final = 1
"""zlib's quickest: a tenth larger than its best, in a quarter of the time."""


def make_facts(
    language: str,
    package: str,
    symbols: list[Symbol],
    imports: list[Import],
    receivers: list[str],
    mentions: Mapping[str, list[PackedMention]],
) -> Facts:
    """Facts from a file's mentions by name."""
    names = sorted(name for name in mentions if _BETWEEN not in name)
    places = [_ENCODER.encode(mentions[name]) for name in names]
    ends = b"".join(map(_END.pack, accumulate(map(len, places))))
    mentioned = _BETWEEN.join(("", *names, "")) if names else ""
    return Facts(language, package, symbols, imports, receivers, mentioned, b"".join(places), ends)


def joined_facts(language: str, parts: Iterable[tuple[Facts, Callable[[int, int], tuple[int, int]]]]) -> Facts:
    """The facts of a file that consists of several pieces, which share their outermost names.

    Args:
        language: of the file.
        parts: the facts of each piece, and a function that gives the line and column in the file of those in the piece.
    """
    symbols: list[Symbol] = []
    imports: list[Import] = []
    receivers: dict[str, int] = {}
    mentions: dict[str, list[PackedMention]] = {}
    damaged = False
    for facts, place in parts:
        first = len(symbols)
        damaged = damaged or facts.damaged

        moved = partial(_renumbered, first)
        for symbol in facts.symbols:
            line, column = place(symbol.line, symbol.column)
            symbols.append(
                msgspec.structs.replace(
                    symbol,
                    parent=symbol.parent + first if symbol.parent >= 0 else -1,
                    start=place(symbol.start, 0)[0],
                    end=place(symbol.end, 0)[0],
                    line=line,
                    column=column,
                    type=moved(symbol.type),
                    decorators=tuple(map(moved, symbol.decorators)),
                )
            )
        for item in facts.imports:
            owner = item.owner + first if item.owner >= 0 else -1
            imports.append(msgspec.structs.replace(item, line=place(item.line, 0)[0], owner=owner))
        numbers = [receivers.setdefault(moved(one), len(receivers)) for one in facts.receivers]
        for name, found in facts.all_mentions():
            kept = mentions.setdefault(name, [])
            for mention in found:
                line, column = place(mention.line, mention.column)
                owner = mention.owner + first if mention.owner >= 0 else -1
                receiver = numbers[mention.receiver] if mention.receiver >= 0 else -1
                packed = (mention.kind, owner, line, column, receiver, mention.arguments)
                kept.append(packed if mention.given < 0 else (*packed, numbers[mention.given]))
    joined = make_facts(language, "", symbols, imports, list(receivers), mentions)
    joined.damaged = damaged
    return joined


def _renumbered(first: int, expression: str) -> str:
    """An expression whose symbols have moved up."""
    return _NUMBERED.sub(lambda match: f"#{int(match[1]) + first}", expression) if "#" in expression else expression


def encode_facts(facts: Facts) -> bytes:
    """Facts as they are stored; b"" for those that say nothing."""
    if not facts.symbols and not facts.imports and not facts.mentioned and not facts.package:
        return b""
    return zlib.compress(_ENCODER.encode(facts), _LEVEL)


def decode_facts(stored: bytes) -> Facts | None:
    """Stored facts; None if there are none, or they are damaged."""
    if not stored:
        return None
    try:
        return _FACTS.decode(zlib.decompress(stored))
    except (zlib.error, msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=65_536)
def name_hash(name: str) -> int:
    """The number under which the index notes that a file defines or mentions a name (32 bits; others may share it)."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def noted(facts: Facts) -> set[str]:
    """All names that a file defines, imports or mentions, the `module_note`s of what it imports as a whole; and that it
    defines them, in its package, as members of which types, and what its types inherit from (`definition_note`,
    `member_note`, `subtype_note`)."""
    names = {*facts.names, *_defined(facts)}
    bases = {last_part(base) for symbol in facts.symbols for base in symbol.bases}
    for item in facts.imports:
        names.add(item.member)
        names.add(item.name)
        if item.exported and facts.language == "csharp":
            names.add(GLOBAL_USING)
        if item.member in ("", "default") and "/" in item.module:
            names.add(module_note(item.module))
        if item.name in bases:
            # A type may inherit from what is called otherwise where it is defined.
            bases.add(last_part(item.member or item.module))
    names.update(subtype_note(name) for name in bases if name)
    names -= {"", "*", definition_note("")}
    return names


def _defined(facts: Facts) -> Iterator[str]:
    """What is noted of a file's symbols."""
    extended: dict[int, str] = {}
    for index, symbol in enumerate(facts.symbols):
        name = symbol.name
        yield name
        yield definition_note(name)
        if facts.package and symbol.parent < 0:
            yield definition_note(f"{facts.package}.{name}")
        if symbol.parent in extended:
            yield member_note(extended[symbol.parent], name)
        if symbol.scope or symbol.flags & EXTENSION:
            bare = last_part(symbol.scope or name)
            if not symbol.scope:
                extended[index] = bare
            yield member_note(bare, name)
        if symbol.kind == "namespace":
            yield from symbol.scope.split("::")
            yield from map(definition_note, (*symbol.scope.split("::"), last_part(name)))


GLOBAL_USING: Final = "global using"
"""What is noted of a file in C# whose imports hold for all files of its project."""


def definition_note(name: str) -> str:
    """What is noted of a file that defines a name: many more mention it."""
    return f"\0{name}"


def member_note(type_name: str, name: str) -> str:
    """What is noted of a file that defines a member of a type, whose bare name is given, outside of it."""
    return f"\0{type_name}/{name}"


def subtype_note(name: str) -> str:
    """What is noted of a file with a type one of whose supertypes has this bare name."""
    return f"\0<{name}"


def module_note(path: str) -> str:
    """What is noted of a file that imports all of a module, or its default, under a name of its own choice."""
    return "/" + path.rstrip("/").rpartition("/")[2].partition(".")[0]


def module_notes(path: str) -> frozenset[str]:
    """What is noted of a script that imports a file: by its name, or by that of its folder if it is its `index`."""
    folder, _, file = path.rpartition("/")
    return frozenset((module_note(file), *((module_note(folder),) if file.startswith("index.") else ())))


def stored_facts(facts: Facts) -> tuple[bytes, bytes]:
    """Facts as they are stored, and their `noted_names` as `array("I")` packs them."""
    encoded = encode_facts(facts)
    return encoded, array("I", noted_names(facts)).tobytes() if encoded else b""


def noted_names(facts: Facts) -> list[int]:
    """The hashes of the names that are `noted`, sorted, each once."""
    return sorted(set(map(name_hash, noted(facts))))


def is_fixture(decorator: str) -> bool:
    """Whether a decorator makes a fixture of a function, which pytest calls for those that name it."""
    return last_part(decorator.partition("(")[0]) in ("fixture", "yield_fixture")


def fixture_name(symbol: Symbol) -> str:
    """The name by which pytest knows a fixture, which may be another one than the function's; "" if it is none."""
    return (symbol.labels or symbol.name) if any(map(is_fixture, symbol.decorators)) else ""


def last_part(name: str) -> str:
    """The bare name at the end of a type or scope as written: `Bar` of `foo::Bar<T>`, `pkg.Bar[T]` or `*Bar`."""
    if name.isidentifier():
        return name
    bare = name
    for bracket in "<[(":
        bare = bare.partition(bracket)[0]
    return bare.strip("*&?! ").replace("::", ".").replace("\\", ".").rpartition(".")[2]
