"""Reads types as the source writes them (`<Type>` in expressions, supertypes) into a small tree, whatever the
language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from glossator.index.expressions import split_outside

if TYPE_CHECKING:
    from collections.abc import Iterator

UNION: Final = "|"
LIST: Final = "[]"
"""`X[]`, `[]X`, `[X]`: its argument is the element."""
TUPLE: Final = "()"
FUNCTION: Final = "=>"
"""A function type: its arguments are the result, and what each parameter takes, as far as that is written."""
REST: Final = "..."
"""What a parameter takes that stands for any number of arguments, in a function type: its argument is each of them."""
OPTIONAL: Final = "?="
"""What a parameter takes that may be left out, in a function type: its argument is that."""


class TypeText(NamedTuple):
    """A type: its name as written, dotted or not, or one of the constants above, and its arguments."""

    name: str
    arguments: tuple[TypeText, ...] = ()


RECEIVER: Final = "this"
"""What a function has as its receiver, in a function type (`Door.() -> Unit`): its argument is that."""

BUILT: Final = frozenset((LIST, TUPLE, FUNCTION, REST, OPTIONAL, RECEIVER))
"""What is no type by itself, only made of others, which stand for one each."""


NO_TYPE: Final = TypeText("?")

_WORDS = re.compile(
    r"^(?:(?:readonly|const|mut|dyn|impl|in|out|inout|unique|struct|class|enum|union|typename|volatile|final|final|var|val"
    r"|ref|async|some|any|abstract|unsigned|signed|static|inline|extern|borrowing|consuming|sending|nullable|nonnull"
    r"|global|asserts|keyof|infer)\s+|'\w+\s+|@\w+\s+|'static\s+)+"
)
_NAME = re.compile(r"\\?[^\W\d][\w.:\\$#]*")
_PARAMETER_NAME = re.compile(r"(?:\.\.\.)?\s*(?:([\w$]+)\??|\{.*\}|\[.*\]):(?!:)")
_CALLED = re.compile(r"(?:\w+::)*(?:Fn|FnMut|FnOnce|fn)\(")
"""How Rust's types of functions begin, which may have no arrow."""
_RECEIVER = re.compile(r"(?:suspend(?=[A-Z(]))?(\w[\w.<>,*?]*|\(.+\))\.")
_MARKS = "*&?!^ "
_CLOSING: Final = {"<": ">", "[": "]", "(": ")", "{": "}"}


@lru_cache(maxsize=16_384)
def read_type(text: str) -> TypeText:
    """The tree of a type; `NO_TYPE` for what cannot be read."""
    return _read(text.strip(), 0)


def _read(text: str, depth: int) -> TypeText:
    text = text.strip()
    if depth > 8 or not text:
        return NO_TYPE
    if text.startswith(REST):  # what ends a tuple: `[A, ...B[]]`
        each = _read(text.removeprefix(REST), depth + 1)
        return TypeText(REST, each.arguments if each.name == LIST and each.arguments else (each,))
    for mark in ("|", "/", "&"):  # inside brackets, facts write unions with a slash
        if mark in text[1:]:
            parts = [part for part in split_outside(text, mark) if part.strip()]
            if len(parts) > 1:
                return TypeText(UNION, tuple(_read(part, depth + 1) for part in parts))
    text = text.strip(_MARKS)
    text = _WORDS.sub("", text).strip(_MARKS)
    if not text:
        return NO_TYPE
    for arrow in ("=>", "->"):
        at = _outside(text, arrow)
        if at > 0:
            result = _read(text[at + 2 :], depth + 1)
            return TypeText(FUNCTION, (result, *_parameters(text[:at], depth + 1)))
    if _CALLED.match(text) is not None:
        return TypeText(FUNCTION, (NO_TYPE, *_parameters(text, depth + 1)))
    if text[0] == "(":
        end = _closing(text, 0)
        inside = text[1 : end - 1]
        rest = text[end:].strip(_MARKS)
        parts = [part for part in split_outside(inside, ",") if part.strip()]
        made = (
            _read(inside, depth + 1)
            if len(parts) == 1
            else TypeText(TUPLE, tuple(_read(part, depth + 1) for part in parts))
        )
        return TypeText(LIST, (made,)) if rest.startswith("[") else made
    if text[0] == "[":
        end = _closing(text, 0)
        inside, rest = text[1 : end - 1], text[end:].strip()
        if rest:
            # Go's `[]X` and `[4]X`.
            return TypeText(LIST, (_read(rest, depth + 1),))
        parts = [part for part in split_outside(inside.partition(";")[0], ",") if part.strip()]
        if len(parts) > 1:
            return TypeText(TUPLE, tuple(_read(part, depth + 1) for part in parts))
        pair = split_outside(inside, ":")
        if len(pair) == 2:
            # Swift's dictionaries.
            return TypeText("Dictionary", tuple(_read(part, depth + 1) for part in pair))
        return TypeText(LIST, (_read(inside.partition(";")[0], depth + 1),))
    found = _NAME.match(text)
    if found is None:
        return NO_TYPE
    name = found[0].rstrip(":.")
    at = found.end()
    arguments: tuple[TypeText, ...] = ()
    while at < len(text):
        if text[at] in "<[":
            end = _closing(text, at)
            parts = [part for part in split_outside(text[at + 1 : end - 1], ",") if part.strip()]
            if text[at] == "[" and (not parts or parts[0].strip().isdigit()):
                return TypeText(LIST, (TypeText(name, arguments),))
            if name == "map" and text[at] == "[" and text[end:].strip():
                # Go's `map[K]V`.
                return TypeText("map", (_read(parts[0], depth + 1), _read(text[end:], depth + 1)))
            if arguments and text[at] == "[":
                return TypeText(LIST, (TypeText(name, arguments),))
            arguments = tuple(_read(part, depth + 1) for part in parts)
            at = end
        elif text[at] in _MARKS:
            at += 1
        elif text.startswith(("::", "."), at) and (more := _NAME.match(text, at + (2 if text[at] == ":" else 1))):
            # `Outer<T>.Inner`: the arguments of the outer type say nothing about the inner one's members.
            name, arguments, at = f"{name}.{more[0]}", (), more.end()
        else:
            break
    return TypeText(name, arguments)


def _parameters(text: str, depth: int) -> Iterator[TypeText]:
    """What the parameters before the arrow of a function type take: `(a:A,...rest:B[])`, `(A,B)`, `Fn(&A)`,
    `Door.(A)`."""
    at = text.find("(")
    if at < 0:
        return
    if text.endswith(")") and (receiver := _RECEIVER.fullmatch(text[: text.rfind(".(") + 1])):
        at = receiver.end()
        yield TypeText(RECEIVER, (_read(receiver[1], depth),))
    for part in split_outside(text[at + 1 : _closing(text, at) - 1], ","):
        variadic = part.startswith(REST)
        named = _PARAMETER_NAME.match(part)
        kind = part[named.end() :] if named is not None else part.removeprefix(REST)
        if not kind.strip() or (named is not None and named[1] == "this"):
            continue
        made = _read(kind, depth)
        if variadic:
            made = TypeText(REST, (made.arguments if made.name == LIST else None) or (made,))
        elif (named is not None and named[0].endswith("?:")) or (len(kind) > 1 and kind.endswith("?")):
            made = TypeText(OPTIONAL, (made,))
        yield made


def _outside(text: str, arrow: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        if depth == 0 and text.startswith(arrow, at):
            return at
        if char in "<([{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[at - 1 : at] not in ("-", "=")):
            depth -= 1
    return -1


def _closing(text: str, at: int) -> int:
    depth = 0
    for place in range(at, len(text)):
        char = text[place]
        if char in "<([{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[place - 1 : place] not in ("-", "=")):
            depth -= 1
            if depth == 0:
                return place + 1
    return len(text)
