"""The labels of Swift's arguments and parameters, which tell functions of one name apart.

Those of a function are written as "(to,at?,_...,then)": "_" stands for a parameter without a label, a final "?" for one
that may be left out, "..." for any number of arguments. Those of a call are written as "(to,_)", with a final "{" if a
brace follows, which may be that of a closure.
"""

from __future__ import annotations

import re
from typing import Final

from glossator.index.expressions import closing, split_outside
from glossator.index.facts import EXPRESSION_CHARS

MOST_CALL_BYTES: Final = 1500
"""So much of a call's arguments is read."""
_TEXTS: Final = re.compile(r'"""|"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
"""Texts and comments; three quotation marks begin a text that is not read."""
_MARKED: Final = re.compile(r"[\"/]")
"""What texts and comments begin with."""
_LABEL: Final = re.compile(r"\s*(`?)(\w+)\1\s*:(?!:)")
_PARAMETER: Final = re.compile(r"\s*(?:@\w+(?:\([^()]*\))?\s+)*`?(\w+)`?(?:\s+`?\w+`?)?\s*:(?!:)(.*)", re.DOTALL)
_GENERIC: Final = re.compile(r"\s*<[^(){}]*>")
_TYPES: Final = re.compile(r"\w<[\w\s.?!\[\]:]+,[^()]*?>")
"""Arguments of a type, whose commas separate no arguments of the call."""
_BRACE: Final = re.compile(r"[ \t]*\{")
_OPENING: Final = "([{"


def parameter_labels(head: str) -> str:
    """The labels of a function's parameters; "" if they cannot be told.

    Args:
        head: what follows the function's name.
    """
    generic = _GENERIC.match(head) if "<" in head[:2] else None
    rest = head[generic.end() :] if generic else head
    start = len(rest) - len(rest.lstrip().lstrip("?!"))
    end = closing(rest, start) if rest[start : start + 1] == "(" else -1
    if end < 0:
        return ""
    text = rest[start + 1 : end - 1]
    found: list[str] = []
    for part in split_outside(_TEXTS.sub(_blank, text) if _MARKED.search(text) else text, ","):
        if not part.strip():
            continue
        if (named := _PARAMETER.match(part)) is None:
            return ""
        kind = named[2].partition("=")
        mark = "?" if kind[1] else "..." if kind[0].rstrip().endswith("...") else ""
        found.append(named[1] + mark)
    made = f"({','.join(found)})"
    return made if len(made) < EXPRESSION_CHARS else ""


def call_labels(text: str) -> str:
    """The labels of a call's arguments; "" if they cannot be told.

    Args:
        text: what follows the name that is called, long enough for all arguments.
    """
    if text[:1] == "<" and (generic := _GENERIC.match(text)):
        text = text[generic.end() :]
    if text[:1] != "(":
        return "(){" if _BRACE.match(text) else ""
    end = text.find(")") + 1
    given = text[1 : end - 1]
    if not end or _MARKED.search(given) or "(" in given or "[" in given or "{" in given:
        end = closing(text, 0)
        given = text[1 : end - 1]
        if end < 0 or '"""' in given:
            return ""
        given = _TEXTS.sub(_blank, given)
    if "<" in given and _TYPES.search(given):
        return ""
    found = [named[2] if (named := _LABEL.match(part)) else "_" for part in _parts(given)]
    made = f"({','.join(found)})" + ("{" if _BRACE.match(text, end) else "")
    return made if len(made) < EXPRESSION_CHARS else ""


def _parts(text: str) -> list[str]:
    """The arguments in a list: signs of comparison are no brackets."""
    if "(" not in text and "[" not in text and "{" not in text:
        return text.split(",") if text.strip() else []
    found: list[str] = []
    depth = start = 0
    for at, char in enumerate(text):
        if char in _OPENING:
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and not depth:
            found.append(text[start:at])
            start = at + 1
    last = text[start:]
    return [*found, last] if last.strip() else found


def _blank(found: re.Match[str]) -> str:
    return '""' if found[0][0] == '"' else " "
