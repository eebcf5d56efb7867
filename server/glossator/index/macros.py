"""Macros of C's family that stand where its grammars know of none.

`class API_EXPORT ALIGNED(16) Reader : public Base {`, `DWORD WINAPI run(void)`, `int deflate OF((int level));`, a line
`DECLARE_CLASS(Reader)` without a semicolon: to a grammar these are broken declarations, and they may cost it the class
or the namespace around. Where a tree has errors, `misread` finds what looks so nearby; with blanks in its place, the
grammar reads what the compiler sees. `always_misread` finds what is misread without an error, and parameters declared
as C had them before prototypes (`f(a) int a; {`), which the grammars do not know everywhere.

Others define something, which `definition_of` tells from how they are called: `TEST_CASE("name") {`.

Nothing here parses: what is a macro is told from its spelling and from where it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.macro_bodies import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.index.entries import EntryKind

_WORD: Final = (
    r"(?:_*[A-Z][A-Z0-9_]{2,}|__(?!attribute|declspec|asm|extension|int\d|typeof|based|except|finally|try)[a-z]\w+)\b"
)
_ARGUMENTS: Final = r"\((?:[^()]|\((?:[^()]|\([^()]{0,80}\)){0,120}\)){0,300}\)"
"""Limited, since one that is never closed would be searched for its end from every macro on."""
_MACRO: Final = rf"{_WORD}(?:[ \t]*{_ARGUMENTS})?"
_GIVEN: Final = r"\((?:[^()\n\"]|\"(?:[^\"\\\n]|\\.)*\"|\n[ \t]*(?=\"|\))|\([^()\n]*\)){0,300}\)"
"""The arguments of a macro in one line, and texts in lines of their own."""
_ATTRIBUTE: Final = (
    rf"(?:(?:{_WORD}|[A-Z][A-Z0-9_]\b)(?:[ \t]*{_GIVEN})?|\[\[[^\[\]\n]*\]\]"
    r"|(?:alignas|__declspec|__attribute__[ \t]*\()[ \t]*\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)\)?)"
)


_TYPE: Final = (
    r"(?:(?:const|struct|unsigned|signed|enum|union|long|short|int|char|void|bool|float|double|string|u?int\d+|\w+_t)\b"
    r"[^,()]*|[A-Za-z_][\w:]*(?:::|[<*& ])[^,()]*)"
)
"""What is a type, not a name, as the first of several arguments."""
_DEFINES_VARIABLE: Final = r"(?:[A-Z0-9]+_)*(?:DEFINE|DECLARE|DEF|DECL|LIST_HEAD)(?:_\w+)?|ABSL_(?:RETIRED_)?FLAG"


def _bytes(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.MULTILINE)


# One pattern per word, since a pattern that begins with a literal is found many times as fast.
_ATTRIBUTES: Final = tuple(
    _bytes(
        rf"{word}(?<!\w{word})((?:\s+{_ATTRIBUTE})+)"
        r"(?=\s+[A-Za-z_]\w*(?:::\w+)*(?:<[^<>;{}]*>)?\s*(?:final\s*)?(?:\{|:(?!:)))"
    )
    for word in ("class", "struct", "union", "enum")
)
"""`class EXPORT Name {`: the first group stands for attributes."""

_PATTERNS: Final = (
    *_ATTRIBUTES,
    # The same with a macro in lower case.
    _bytes(
        r"\b(?:class|struct)\s+(?!final\b)([A-Za-z_]\w*)"
        r"(?=\s+(?!final\b)[A-Za-z_]\w*\s*(?:final\s*)?(?::\s*(?:public|private|protected|virtual)\b|\{))"
    ),
    # Before a declaration: `EXPORT int f(`.
    _bytes(rf"^[ \t]*({_MACRO})(?=\s+(?:\[\[|~|(?:struct|class|enum|union)\s|\w[\w:<>,]*[\s*&]+[A-Za-z_~]\w*))"),
    # Before a constructor: `EXPORT Reader::Reader(`.
    _bytes(rf"^[ \t]*({_MACRO})(?=\s+(?:\w+::)*([A-Za-z_]\w*)(?:<[^<>;(){{}}]*>)?::~?\2[ \t]*\()"),
    # After `static`, `extern "C"` and the like.
    _bytes(
        r"\b(?:static|extern|inline|const|virtual|explicit|constexpr|friend|typedef|\"C\")[ \t]+"
        rf"({_MACRO})(?=\s+(?:struct|class|enum|union|\w[\w:<>,]*)[\s*&]+[A-Za-z_~]\w*)"
    ),
    _bytes(rf"\(\s*({_WORD})(?=\s*\*\s*\w+\s*(?:\[[^\[\]]*\]\s*)?\)\s*\()"),
    # After the parameters: `int f(int a) UNUSED;`
    _bytes(
        r"\)[ \t]*(?:\r?\n[ \t]+)?(?!\w*(?:TEST|BENCHMARK|SCENARIO)\w*[ \t]*\()"
        rf"((?:(?:const|noexcept|override|final)\s+)*{_MACRO}(?:\s+{_MACRO})*)(?=\s*(?:[;{{]|=\s*0|:\s*\w+\())"
    ),
)
_LINE: Final = _bytes(
    rf"\n[ \t]*({_MACRO})[ \t]*(?:/[/*][^\n]*)?(?=\r?\n\s*"
    r"(?:\w+\s+(?!\s)[^=\s]|[#}\[~/]|\w+:|\w+\s*[;<]|[A-Z_][A-Z0-9_]+[ \t]*(?:\(|\r?$)))"
)
"""A line of its own, without a semicolon; between declarations, if `_AFTER_DECLARATION` stands before it."""
_AFTER_DECLARATION: Final = re.compile(rb"(?:\A|[;{}:)>/\"\w])\s*$")
_BETWEEN: Final = _bytes(rf"\s((?:{_MACRO}\s+)*{_MACRO})(?=[\s*&]+[A-Za-z_~][\w:~]*\s*\()")
"""Between a type and a name, if `_AFTER_TYPE` stands before it: `int CALL f(`, `Reader* CALL f(`."""
_AFTER_TYPE: Final = re.compile(
    rb"(?:\b(?!(?:static|extern|inline|const|volatile|register|virtual|explicit|friend|typedef|return|else|case|new|"
    rb"struct|union|enum|class|constexpr|goto|delete|throw|define)\b)\w+|[*&>])\s*$"
)
_FIRST_MACRO: Final = _bytes(rf"{_MACRO}\s*")
BEFORE: Final = 80
"""Bytes before a macro in which what it stands behind is looked for."""
_NAMESPACE: Final = re.compile(rb"namespace\b")
_BEFORE_NAMESPACE: Final = re.compile(
    rb"(?:\A|\n)[ \t]*([A-Z][A-Z0-9_]*_(?:BEGIN|END|OPEN|CLOSE|NAMESPACE)\w*)[ \t]*\r?\n\s*(?:inline\s+)?$"
)
"""A macro that opens one namespace, on the line before another: what follows would be read as a function's body."""
_TYPE_ARGUMENTS: Final = tuple(
    _bytes(rf"{words}[ \t]*\(\s*({_TYPE},)(?=\s*[A-Za-z_]\w*\s*[,)])")
    for words in (r"DE(?:FINE|CLARE|F|CL)(?:_\w+)?", r"ABSL_\w*FLAG")
)
"""`DEFINE_PER_CPU(int, counter);`: to the grammar, no call has a type among its arguments."""
_LINE_BEFORE: Final = re.compile(rb"[ \t]*(?:(?:static|extern)[ \t]+)?[A-Z0-9_]*")
_TEST_TYPES: Final = _bytes(r"^[ \t]*\w*TEMPLATE\w*TEST_CASE\w*\((?:\s*\w+\s*,)?\s*\"[^\"\n]*\"([^;{}]*)\)(?=\s*\{)")
"""The types for which a test is instantiated."""
_PROTOTYPE: Final = _bytes(
    rf"\b[A-Za-z_]\w*[ \t]*\b([A-Z_][A-Za-z_]*[ \t]*\()({_ARGUMENTS})\s*(\))(?=\s*(?:{_MACRO}\s*)?;)"
)
"""`int deflate OF((int level));`"""
_CALLED: Final = re.compile(rb"[\s*&]+[A-Za-z_]\w*\s*\(")
_LAST_WORD: Final = re.compile(rb"\w+$")
_NO_TYPE: Final = re.compile(
    rb"(?:^|[;{}>)\n:\"/]|\b(?:static|extern|inline|const|virtual|explicit|constexpr|friend))\s*$"
)
"""What stands before a declaration, or before its type."""
_BEGINS: Final = re.compile(rb"(?:^|[^\w\s*&]|\b(?:static|extern|inline|const|virtual|constexpr|else|do))\s*$")
_NAME: Final = re.compile(rb"\b[A-Za-z_]\w*")

_OLD_BODY: Final = re.compile(rb"\n\{(?:(?<=[;/ \t]\n\{)|(?<=[;/ \t]\r\n\{))")
"""A body below what may be a declaration of a parameter; what it begins with is quick to find."""
_OLD_PARAMETERS: Final = _bytes(
    r"^(?:[\w \t*]*[\s*])?[A-Za-z_]\w*[ \t]*\([ \t]*\w+(?:\s*,\s*\w+)*\s*\)\s*"
    r"((?:(?:[A-Za-z_][^\n;{}=#\"']*;|/\*[^\n]*?\*/)\s*)+)(?=^\{)"
)
_TYPE_DEFINED: Final = re.compile(rb"\b(?:return|typedef|extern|static)\b")

_CONVERSION: Final = _bytes(r"^[ \t]*((?:inline|constexpr)\b)(?=[ \t]+[\w:<>, ]+::operator[ \t]+[A-Za-z_])")
"""A word before a conversion outside its class, which reads like a type's: `inline Cell::operator bool() const {`."""
_GUARDED: Final = _bytes(
    rf"[\w>\]]\s+(\w*(?:GUARDED_(?:BY|VAR)|ACQUIRED_(?:BEFORE|AFTER))\b\s*(?:{_ARGUMENTS})?)(?=\s*[;={{,])"
)
"""What guards a variable (Clang's thread safety analysis), which reads like a function: `int n GUARDED_BY(mutex);`."""
_GIVEN_NAME: Final = re.compile(rb"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|/\*[\s\S]*?\*/|//[^\n]*|\b([A-Za-z_]\w*)")
"""A name in a macro's arguments, in the first group; or a text or a comment."""
_FOLLOWING: Final = _bytes(rf"^[ \t]*({_WORD})(?=[ \t]*(?:\(|$))")
_DEFINE: Final = re.compile(rb"#[ \t]*define\b(?:[^\n\\]|\\\r?\n|\\.)*")
_INNER_COMMENT: Final = re.compile(rb"/\*[^\n]*?\*/(?=[ \t]*[^\s/])")
"""A comment in what a macro stands for, with which that ends for the grammar."""

NEAR: Final = 2
"""Lines above and below an error in which its cause is looked for."""
MAX_ERRORS: Final = 10_000
"""A file with more is not worth the time."""


def misread(data: bytes, errors: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, disjoint ranges near errors that the grammar is not to read.

    Args:
        data: the text that the grammar has read.
        errors: where it failed, in any order.
    """
    if len(errors) > MAX_ERRORS:
        return []
    found: list[tuple[int, int]] = []
    for start, end in _windows(data, errors):
        for pattern in _PATTERNS:
            found.extend(match.span(1) for match in pattern.finditer(data, start, end))
        found.extend(
            match.span(1)
            for match in _LINE.finditer(data, start, end)
            if _AFTER_DECLARATION.search(data, max(0, match.start() - BEFORE), match.start())
        )
        for match in _BETWEEN.finditer(data, start, end):
            first = match.start(1)
            if not _AFTER_TYPE.search(data, max(0, first - BEFORE), first):
                # Then the first of several is the type.
                macro = _FIRST_MACRO.match(data, first, match.end(1))
                first = macro.end() if macro is not None else match.end(1)
            if first < match.end(1):
                found.append((first, match.end(1)))
        for match in _PROTOTYPE.finditer(data, start, end):
            found.extend((match.span(1), match.span(3)))
    found.sort()
    kept: list[tuple[int, int]] = []
    for start, end in found:
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return _without_types(data, kept)


def _without_types(data: bytes, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges, less the last word of those that would leave a function without a type: `static DWORD CALL f(`."""
    kept: list[tuple[int, int]] = []
    begun = -1
    for index, (start, end) in enumerate(ranges):
        if index == 0 or data[ranges[index - 1][1] : start].strip():
            begun = start
        is_last = index + 1 == len(ranges) or data[end : ranges[index + 1][0]].strip()
        if (
            is_last
            and _CALLED.match(data, end)
            and (word := _LAST_WORD.search(data, start, end)) is not None
            and _NO_TYPE.search(data, max(0, begun - 40), begun)
        ):
            end = word.start()
        if start < end:
            kept.append((start, end))
    return kept


def always_misread(data: bytes) -> list[tuple[int, int]]:
    """Ranges that the grammar is not to read, whether it fails or not: what it makes of them is no error, but wrong."""
    found = [match.span(1) for pattern in _ATTRIBUTES for match in pattern.finditer(data)]
    for word in _NAMESPACE.finditer(data):
        before = _BEFORE_NAMESPACE.search(data, max(0, word.start() - BEFORE), word.start())
        if before is not None:
            found.append(before.span(1))
    found.extend(
        match.span(1)
        for pattern in _TYPE_ARGUMENTS
        for match in pattern.finditer(data)
        if _LINE_BEFORE.fullmatch(data, data.rfind(b"\n", 0, match.start()) + 1, match.start())
    )
    if b"::operator" in data:
        found.extend(match.span(1) for match in _CONVERSION.finditer(data))
    if b"GUARDED_" in data or b"ACQUIRED_" in data:
        found.extend(match.span(1) for match in _GUARDED.finditer(data))
    for line in _DEFINE.finditer(data):
        if b"/*" in line[0]:
            found.extend(match.span() for match in _INNER_COMMENT.finditer(data, *line.span()))
    if b"TEMPLATE" in data and b"TEST_CASE" in data:
        found.extend(match.span(1) for match in _TEST_TYPES.finditer(data))
    if _OLD_BODY.search(data):
        found.extend(match.span(1) for match in _OLD_PARAMETERS.finditer(data) if not _TYPE_DEFINED.search(match[1]))
    return found


def may_begin(data: bytes, macro: int) -> bool:
    """Whether a declaration may begin with the macro at an offset, so that no name stands before it."""
    before = data[max(0, macro - 60) : macro].rpartition(b"\n")[2]
    return _BEGINS.search(before) is not None


def names_in(data: bytes, ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """First byte and name of the macros that stand in some ranges, and of what stands in their arguments."""
    for start, end in ranges:
        name = _NAME.search(data, start, end)
        if name is None or not name[0].isupper():
            continue
        yield name.start(), name[0]
        # Others may follow, each on a line of its own.
        for other in _FOLLOWING.finditer(data, name.end(), end):
            yield other.start(1), other[1]
        for other in _GIVEN_NAME.finditer(data, name.end(), end) if b"(" in data[name.end() : end] else ():
            if other[1] and other[1] not in WORDS:
                yield other.start(1), other[1]


def _windows(data: bytes, errors: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The lines around errors, as disjoint ranges that begin and end with lines."""
    begun: tuple[int, int] | None = None
    for error_start, error_end in sorted(errors):
        start, end = error_start, error_end
        for _ in range(NEAR + 1):
            start = max(0, data.rfind(b"\n", 0, start))
            end = data.find(b"\n", end + 1)
            if end < 0:
                end = len(data)
        if begun is not None and start <= begun[1]:
            begun = begun[0], max(begun[1], end)
            continue
        if begun is not None:
            yield begun
        begun = start, end
    if begun is not None:
        yield begun


# What macros define, from how they are called.
_TEST: Final = re.compile(
    r"(?:[A-Z0-9]+_)*[A-Z]?TEST(?:_[A-Z0-9]+)*|(?:Parameterized)?Test|Theory|SCENARIO(?:_[A-Z]+)*"
    r"|(?:[A-Z0-9]+_)*BENCHMARK(?:_[A-Z]+)*|TEMPLATE(?:_[A-Z]+)*_TEST_CASE(?:_[A-Z]+)*"
)
_NESTED_TEST: Final = re.compile(
    r"(?:DYNAMIC_)?SECTION|SUBCASE|(?:AND_)?(?:GIVEN|WHEN|THEN)|BENCHMARK(?:_ADVANCED)?|SCENARIO|TEST_CASE(?:_[A-Z]+)*"
)
"""Those that stand inside functions; there, other words in capitals before a brace are loops and conditions."""
_PAIR: Final = re.compile(r".*TEST(?:_[FPUI])?(?:_[FP])?\d?|(?:Parameterized)?Test|Theory|BENCHMARK(?:_[A-Z]+)*_F")
"""Tests that are named by a suite and a name."""
_DEFINER: Final = re.compile(r"_*[A-Z][A-Z0-9]+(?:_\w+)*")
_VARIABLE: Final = re.compile(_DEFINES_VARIABLE)
_FUNCTION: Final = re.compile(r"PG_FUNCTION_INFO_V\d+")
_STRING: Final = re.compile(rb"\"((?:[^\"\\\n]|\\.)+)\"")
_FIRST: Final = re.compile(rb"\(\s*(?:[A-Za-z_]\w*::)*([A-Za-z_]\w*)\s*(?=[,)]|$)")
_TYPED: Final = re.compile(rf"\(\s*{_TYPE},\s*([A-Za-z_]\w*)\s*(?=[,)])".encode())
"""`DEFINE_PER_CPU(int, counter)`: the first argument is a type."""
_LAST: Final = re.compile(rb"[(,]\s*((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)\s*\)$")
_SECOND: Final = re.compile(rb"\s*,\s*([A-Za-z_]\w*)\s*(?=[,)])")


def definition_of(
    macro: str, arguments: bytes, *, body: bool, outside: bool, called: bool
) -> tuple[EntryKind, str, int] | None:
    """What a macro defines when it is called so: kind, name, and where in the arguments the name begins.

    Args:
        macro: its name.
        arguments: with their parentheses.
        body: whether a block follows.
        outside: whether it is called outside of functions and types.
        called: whether parameters follow the arguments: `METHOD(int, name)(int a) {`, where the name stands last.
    """
    kind: EntryKind
    if body and (_TEST.fullmatch(macro) or (_NESTED_TEST.fullmatch(macro) and not outside)):
        kind = "test"
    elif not outside:
        return None
    elif body and _DEFINER.fullmatch(macro):
        kind = "function"
    elif not body and _VARIABLE.fullmatch(macro):
        kind = "variable"
    elif not body and _FUNCTION.fullmatch(macro):
        kind = "function"
    else:
        return None
    if kind == "test":
        string = _STRING.search(arguments)
        if string is not None:
            return kind, string[1].decode("utf-8", "replace"), string.start(1)
    last = _LAST.search(arguments) if called and kind == "function" else None
    if last is not None:
        return kind, last[1].decode(), last.start(1)
    first = _TYPED.match(arguments) or _FIRST.match(arguments)
    if first is None:
        return None
    name, at = first[1].decode(), first.start(1)
    if kind == "test" and _PAIR.fullmatch(macro):
        second = _SECOND.match(arguments, first.end())
        if second is not None:
            return kind, f"{name}.{second[1].decode()}", second.start(1)
    return kind, name, at
