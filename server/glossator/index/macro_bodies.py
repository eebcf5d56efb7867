"""The names in what a macro of C's family stands for, which no grammar reads.

`#define NEXT() (have-- ? *next++ : refill(state->file))` mentions `have`, `next`, `refill`, `state` and `file`. Only
what stands around a name tells its role. What a parameter stands for is known where the macro is used, not here: a
member of it has an unknown receiver.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from glossator.index.facts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from glossator.index.facts import MentionKind

MAX_BODY: Final = 10_000
"""Bytes of a macro's body; a longer one is a table."""
_TOKEN: Final = re.compile(
    rb"(?P<name>[A-Za-z_]\w*)|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|/\*.*?\*/|//[^\n]*|\\\r?\n|\s+)"
    rb"|(?P<number>\.?\d[\w.]*)|(?P<sign>->|::|##|[^\s\w])",
    re.DOTALL,
)
_RECORDS: Final = frozenset((b"struct", b"union", b"enum", b"class"))
_NO_TYPES: Final = frozenset((b"return", b"else", b"goto", b"case", b"new", b"delete", b"throw", b"sizeof", b"do"))
_TYPES: Final = frozenset(
    b"auto bool char const double float int long short signed unsigned void volatile wchar_t".split()
)
WORDS: Final = (
    _RECORDS
    | _NO_TYPES
    | _TYPES
    | frozenset(
        b"alignas alignof asm break const_cast constexpr continue decltype default defined dynamic_cast explicit export"
        b" extern false for friend if inline namespace noexcept nullptr operator private protected public register"
        b" reinterpret_cast restrict static static_assert static_cast switch template this true try catch typedef"
        b" typeid typename typeof using virtual while __VA_ARGS__ __VA_OPT__ __FILE__ __LINE__ __func__ __FUNCTION__"
        b" __attribute__ __extension__ __inline __inline__ __typeof__ __restrict NULL".split()
    )
)
_LINKS: Final = frozenset((b".", b"->", b"::"))


class BodyName(NamedTuple):
    """A name in a macro's body.

    Attributes:
        at: first byte in the body.
        name: the name.
        kind: what the name is mentioned as.
        receiver: expression of what stands before a member's name, "" for a bare name.
        tag: whether it is the tag of a structure, union or enumeration.
    """

    at: int
    name: str
    kind: MentionKind
    receiver: str
    tag: bool


def names_in_body(body: bytes, parameters: Collection[str]) -> Iterator[BodyName]:
    """The names in a macro's body that mention something, without parameters and variables of the body itself."""
    tokens = [
        (found.start(), found[0], found.lastgroup)
        for found in _TOKEN.finditer(body[:MAX_BODY])
        if found.lastgroup != "text"
    ]
    tokens += [(len(body), b"", "")] * 2
    own = {name.encode() for name in parameters}
    for index in range(1, len(tokens) - 2):
        at, name, kind = tokens[index]
        if kind == "name" and tokens[index + 1][1] in (b"=", b";") and tokens[index + 2][1] != b"=":
            before = index - 1
            while before > 0 and tokens[before][1] in (b"*", b"&"):
                before -= 1
            word = tokens[before]
            if (word[2] == "name" and word[1] not in _NO_TYPES) and not _is_member(tokens, before):
                own.add(name)  # `int c = ...;`
    for index in range(len(tokens) - 2):
        at, name, kind = tokens[index]
        if kind != "name" or name in WORDS:
            continue
        left = tokens[index - 1][1] if index else b""
        after = tokens[index + 1][1]
        if b"##" in (left, after) or left == b"#":
            continue  # a part of a name, or a text
        called = after == b"("
        if left in _LINKS:
            receiver = _receiver(tokens, index - 1, own)
            yield BodyName(at, name.decode(), "call" if called else "attribute", receiver, tag=False)
        elif name not in own:
            tag = left in _RECORDS
            yield BodyName(at, name.decode(), "type" if tag else "call" if called else "read", "", tag=tag)


def _is_member(tokens: list[tuple[int, bytes, str | None]], index: int) -> bool:
    return index > 0 and tokens[index - 1][1] in (b".", b"->")


def _receiver(tokens: list[tuple[int, bytes, str | None]], link: int, own: Collection[bytes]) -> str:
    """The expression before a link: names joined by links; anything else is unknown."""
    parts: list[str] = []
    index = link
    while index > 0 and tokens[index][1] in _LINKS:
        _, name, kind = tokens[index - 1]
        if kind != "name" or name in WORDS:
            return UNKNOWN
        parts.insert(0, name.decode())
        index -= 2
    if not parts or parts[0].encode() in own:
        return UNKNOWN
    return ".".join(parts)
