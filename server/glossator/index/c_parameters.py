"""The types of the parameters of C++'s functions, in a form in which a prototype's and its definition's are equal, and
overloads differ."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from glossator.index.argument_types import VARIADIC
from glossator.index.expressions import split_outside
from glossator.index.facts import UNKNOWN

MOST_CHARS: Final = 2000
"""Longer lists of parameters are not read."""

_COMMENT: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_DEFAULT: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)+'")
_ATTRIBUTE: Final = re.compile(r"\[\[.*?\]\]|\b(?:__attribute__|alignas|__declspec)\s*\(\(?[^()]*\)?\)")
_QUALIFIERS: Final = re.compile(
    r"\b(?:const|volatile|struct|class|enum|union|typename|register|mutable|constexpr|restrict|__restrict|this)\b"
)
_CONST: Final = re.compile(r"\bconst\b")
_BUILT: Final = frozenset(("unsigned", "signed", "long", "short", "int", "char", "double", "float", "bool", "void"))
"""Words of the types of the language itself, of which several may stand together."""
_SCOPES: Final = re.compile(r"(?:\b\w+)?\s*::\s*")
_PLAIN: Final = re.compile(
    r"\s*(const\s+)?(?:\w+::)*((?!const\b|struct\b|enum\b|class\b|union\b|unsigned\b|signed\b|long\b|short\b|volatile\b"
    r"|this\b|typename\b|register\b)\w+)(?:\s*([*&])\s*|\s+)(?!const\b)\w+\s*"
)
_WORD: Final = re.compile(r"\w+")
_FUNCTION: Final = re.compile(r"\(\s*(?:\w+\s*::\s*)*[*&^]\s*\w*\s*\)\s*\(")
_ARRAY: Final = re.compile(r"\s*\[[^\[\]]*\]\s*$")


@lru_cache(maxsize=8192)
def c_parameter_types(text: str) -> tuple[str, ...]:
    """The types of a list of parameters, with its parentheses; "?" for those that cannot be told.

    Namespaces, `const`, and references that only read (`const T&`) are left out: `T&` is one that may write. A pointer
    is `T*`, a final "..." any number of arguments.
    """
    inside = text.strip()[1:-1]
    if len(inside) > MOST_CHARS:
        return ()
    if "/" in inside:
        inside = _COMMENT.sub(" ", inside)
    if '"' in inside or "'" in inside:
        inside = _DEFAULT.sub("0", inside)
    parts = [part for part in split_outside(inside, ",") if part.strip()]
    return tuple(_parameter(part) for part in parts if part.strip() != "void")


def _parameter(text: str) -> str:
    if plain := _PLAIN.fullmatch(text):  # most are
        return plain[2] + ("" if plain[1] and plain[3] == "&" else plain[3] or "")
    if "[[" in text or "(" in text:
        text = _ATTRIBUTE.sub("", text)
    text = text.partition("=")[0].strip()
    if text == VARIADIC:
        return "?" + VARIADIC
    if _FUNCTION.search(text):
        return UNKNOWN
    variadic = VARIADIC if VARIADIC in text else ""
    text = text.replace(VARIADIC, " ")
    reads = _CONST.search(text.partition("<")[0]) is not None
    text = _QUALIFIERS.sub(" ", text).strip()
    pointer = 0
    while (array := _ARRAY.search(text)) is not None:
        text, pointer = text[: array.start()], pointer + 1
    name, marks = _without_name(text)
    if not name:
        return UNKNOWN
    marks += "*" * pointer
    if reads and marks == "&":
        marks = ""
    return f"{name}{marks}{variadic}"


def _without_name(text: str) -> tuple[str, str]:
    """A type without the parameter's name and the namespaces around it, and the marks of pointers and references."""
    head, arguments, rest = _split_arguments(text)
    words = _WORD.findall(_SCOPES.sub("", head))
    marks = "".join(char for char in head + rest if char in "*&")
    if not words:
        return "", ""
    built = [word for word in words if word in _BUILT]
    if built:
        return _built(built), marks
    # Without template arguments, a second word is the parameter's name.
    return words[0] + "".join(_SCOPES.sub("", _QUALIFIERS.sub("", arguments)).split()), marks


def _split_arguments(text: str) -> tuple[str, str, str]:
    """What stands before the arguments of a template, these, and what follows; of nested types the last one's."""
    start = text.find("<")
    if start < 0:
        return text, "", ""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "<") - (text[at] == ">")
        if not depth:
            rest = text[at + 1 :]
            inner = re.match(r"\s*::\s*", rest)
            return _split_arguments(rest[inner.end() :]) if inner else (text[:start], text[start : at + 1], rest)
    return text[:start], text[start:], ""


def _built(words: list[str]) -> str:
    """One name for each of the language's own types: `long` for `long int`."""
    kept = [word for word in words if word not in ("signed", "int")]
    return " ".join(sorted(kept, reverse=True)).replace(" ", "") or "int"
