"""Types in JavaScript's doc comments (JSDoc): `@param {Session} session`, `@returns {Session}`, `@type {Session}`.

What they are written above is told from the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT: Final = re.compile(rb"/\*\*(?!/)")
_TAG: Final = re.compile(rb"@(param|arg|argument|returns?|type)\s*\{")
_NAME: Final = re.compile(rb"\s*\[?\s*([A-Za-z_$][\w$]*)(?![\w$.\[])")
_BEFORE: Final = re.compile(rb"\s*(?:(?:export|default)\s+)*")
_VARIABLE: Final = re.compile(rb"(?:(?:const|let|var)\s+|(this\.))?(#?[A-Za-z_$][\w$]*)\s*[=;\n]")
_MARKS: Final = b" \t\r\n*?!="
TYPE_BYTES: Final = 200
"""Longer types are descriptions of objects."""
COMMENT_BYTES: Final = 20_000


@dataclass(frozen=True, slots=True)
class DocTypes:
    """What one comment says.

    Attributes:
        at: first byte of what it is written above, behind words like `export`.
        parameters: types by name.
        result: type of the function's result, "" if it is not given.
        variable: type of the variable or field, "" if it is not given.
        name: of the variable or field.
        name_at: first byte of that name.
        field: whether it is assigned to a member of `this`.
    """

    at: int
    parameters: dict[str, str]
    result: str = ""
    variable: str = ""
    name: str = ""
    name_at: int = -1
    field: bool = False


def doc_comments(data: bytes) -> Iterator[tuple[int, int]]:
    """Where what is in each doc comment begins and ends, in order; very long ones are left out."""
    place = 0
    while (opening := _COMMENT.search(data, place)) is not None:
        end = data.find(b"*/", opening.end())
        if end < 0:
            return
        place = end + 2
        if end - opening.end() <= COMMENT_BYTES:
            yield opening.end(), end


def doc_types(data: bytes) -> Iterator[DocTypes]:
    """The types in a file's doc comments, in order."""
    for start, end in doc_comments(data):
        if data.find(b"{", start, end) < 0:
            continue
        place = end + 2
        parameters: dict[str, str] = {}
        result = variable = ""
        for tag in _TAG.finditer(data, start, end):
            close = _closing(data, tag.end(), min(end, tag.end() + TYPE_BYTES))
            if close < 0:
                continue
            # Other marks than those of the type: optional, nullable, variadic, the stars of the comment's lines.
            text = data[tag.end() : close].strip(_MARKS).removeprefix(b"...").decode("utf-8", "replace")
            if tag[1] in (b"param", b"arg", b"argument"):
                if name := _NAME.match(data, close + 1, end):
                    parameters[name[1].decode()] = text
            elif tag[1] == b"type":
                variable = text
            else:
                result = text
        if not (parameters or result or variable):
            continue
        before = _BEFORE.match(data, place)
        at = before.end() if before else place
        named = _VARIABLE.match(data, at) if variable else None
        if named is not None:
            yield DocTypes(at, {}, "", variable, named[2].decode(), named.start(2), field=named[1] is not None)
        elif parameters or result:
            yield DocTypes(at, parameters, result)


def _closing(data: bytes, at: int, limit: int) -> int:
    """The place of the brace that closes one that stands before `at`; -1 if none does."""
    depth = 1
    for place in range(at, limit):
        byte = data[place]
        if byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if not depth:
                return place
    return -1
