"""The shape of an expression's source text: the name with which it begins, and what follows.

Most receivers and values are chains that begin with a name; only the name depends on the place.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import MADE_GENERIC, call_step, expression
from glossator.index.facts import (
    UNKNOWN,
)

if TYPE_CHECKING:
    from glossator.index.expressions import Calls


MAX_TEMPLATES: Final = 20_000
"""So many receivers and values are remembered from file to file, per language: some megabytes."""
COMPOUND: Final = "*"
_PLACEHOLDER: Final = "\0"
_CALLED: Final = re.compile(r"\s*([\w.:]+)\(")
_GIVEN_TYPE: Final = re.compile(r"(\w+)\s*(?:::)?\s*<")
_NO_NAMES: Final = frozenset(
    {"None", "null", "nil", "undefined", "nullptr", "NULL", "Nil", "true", "false", "True", "False"}
)
_BRACKETED: Final = re.compile(r"\([^()\[\]{}\"'`]*\)|\[[^()\[\]{}\"'`]*\]")
"""Brackets that hold neither brackets nor strings."""
_CHAIN: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\(\)|\[\])*")
_COUNTED_CHAIN: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\(\d*\)|\[\])*")


@lru_cache(maxsize=128)
def templates_of(language: str) -> dict[bytes, tuple[str, str]]:
    """What `template` has given for a language's source texts: files have many in common."""
    del language  # the cache tells languages apart
    return {}


def template(raw: bytes, calls: Calls) -> tuple[str, str]:
    """The name with which an expression begins, and what follows it.

    ("", expression) if it does not depend on a name; (COMPOUND, source) if it depends on several.
    """
    text = raw.decode("utf-8", "replace")
    if "\\" in text and (dotted := text.replace("\\", ".").strip(".")).replace(".", "").isidentifier():
        # PHP's namespaces.
        text = dotted
        raw = text.encode()
    if calls.known and (called := _CALLED.match(text)) and called[1].replace("::", ".") in calls.known:
        return COMPOUND, text
    if calls.known and "<" in text and any(one in calls.known for one in _GIVEN_TYPE.findall(text)):
        return COMPOUND, text
    if "new" in text and "<" in text and MADE_GENERIC.search(text) is not None:
        return COMPOUND, text
    if raw.isascii() and (flat := _flattened(text, counted=calls.counted)):
        head, dot, rest = flat.partition(".")
        call = head.find("(")
        index = head.find("[")
        cut = min(place for place in (call, index, len(head)) if place >= 0)
        if head[:cut] not in _NO_NAMES:
            return head[:cut], head[cut:] + dot + rest
    names: list[str] = []

    def noted(name: str) -> str:
        names.append(name)
        return _PLACEHOLDER

    made = expression(text, noted, calls._replace(known={}))
    if not names or made == UNKNOWN:
        return "", made
    if len(names) == 1 and made.startswith(_PLACEHOLDER) and "|" not in made:
        return names[0], made.removeprefix(_PLACEHOLDER)
    return COMPOUND, text


def _flattened(text: str, *, counted: bool) -> str:
    """A chain of names, calls and indexes in the common spelling, without what its brackets hold; "" for others."""
    if "(" in text or "[" in text:
        if "'" in text or '"' in text:
            return ""
        if counted and "<" in text:
            return ""
        text = _BRACKETED.sub(_counted if counted else _emptied, text)
        if not counted and (text.count("(") > text.count("()") or text.count("[") > text.count("[]")):
            text = _BRACKETED.sub(_emptied, text)
    return text if (_COUNTED_CHAIN if counted else _CHAIN).fullmatch(text) else ""


def _counted(brackets: re.Match[str]) -> str:
    return call_step(brackets[0][1:-1]) if brackets[0][0] == "(" else "[]"


def _emptied(brackets: re.Match[str]) -> str:
    return "()" if brackets[0][0] == "(" else "[]"
