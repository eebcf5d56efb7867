"""The types of parameters in TypeScript, as far as they may say what a function without a name is called with.

Kept are types of functions, and names that may stand for one or for an object with some. What the parameters of generic
functions and types stand for is decided by each call: their names are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.argument_types import VARIADIC
from glossator.index.expressions import MAX_TEXT, closing, split_outside
from glossator.index.facts import EXPRESSION_CHARS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

_LIBRARY: Final = (
    "Array|ArrayBuffer|Awaited|BigInt|Blob|Boolean|Buffer|Date|Error|FormData|Headers|Iterable|Map|Number|Object|Promise"
    "|ReadonlyArray|RegExp|Set|String|Symbol|URL|URLSearchParams|Uint8Array|WeakMap|WeakSet"
)
MAY_TAKE_FUNCTIONS: Final = re.compile(rf"=>|(?<![\w$.])(?!(?:{_LIBRARY})\b)[A-Z]\w*")
"""A type that is a function's, or whose name may stand for one or for an object with functions."""
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`')
_COMMENT: Final = re.compile(r"//[^\n]*|/\*[\s\S]*?\*/")
_BEFORE: Final = re.compile(
    r"\s*(?:@[\w.]+(?:\([^()]*\))?\s*|(?:public|private|protected|readonly|override|declare)\s+)*(\.\.\.)?\s*"
)
_NAME: Final = re.compile(r"[\w$]+\s*\??\s*")
_GENERIC: Final = re.compile(r"<[^<>]*(?<!=)>")
"""The arguments of a type that hold no others."""
_BRACKETED: Final = re.compile(r"<[^<>()\[\]{}]*>|\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}")
_PARAMETER: Final = re.compile(r"\s*(?:(?:const|in|out)\s+)*([\w$]+)(?:\s+extends\s+([^=]+))?")
_PLAIN: Final = re.compile(r"(?:bigint|boolean|number|string|symbol|null|undefined|void|\"\"|\[\]|[|()])+")
PLAIN: Final = "string"
"""How types of the language that hold no functions are written, all alike."""
_WORD: Final = re.compile(r"(?<![\w$.])[A-Za-z_$][\w$]*+(?!\??:)")
_MASKED: Final = re.compile(r"&\?(?![\w$])|(?<![\w$>)\]])\?&")
"""A part of a type of which nothing is known, beside another."""
_NOTHING: Final = re.compile(r"<[?,]+>")
"""Arguments of which nothing is known."""
MOST_LIST_BYTES: Final = 4000
"""Longer lists of parameters are not read."""
TYPE_CHARS: Final = 60
"""From longer types the arguments are left out."""


def opened_list(text: str) -> tuple[str, str, str] | None:
    """The type parameters of a function, without their brackets, its parameters, and what follows.

    Args:
        text: begins with the function, and may end before it does.

    Returns:
        None if the text has no list of parameters, or not all of it.
    """
    at = next((place for place, char in enumerate(text) if char in "(<"), -1)
    generics = ""
    if at >= 0 and text[at] == "<":
        end = closed_angle(text, at)
        generics, at = text[at + 1 : end - 1], text.find("(", end) if end > 0 else -1
    end = closing(text, at) if at >= 0 else -1
    return (generics, text[at + 1 : end - 1], text[end:]) if end > 0 else None


def closed_angle(text: str, at: int) -> int:
    """The place after the angle bracket that closes the one at `at`; -1 if none does."""
    depth = 0
    for place in range(at, len(text)):
        char = text[place]
        depth += (char in "<([{") - (char in ")]}" or (char == ">" and text[place - 1] != "="))
        if depth == 0:
            return place + 1
    return -1


def type_parameters_of(generics: str) -> dict[str, str]:
    """What the names of type parameters stand for in the types of parameters, from their list without brackets: a plain
    type of the language if they are bound to one, else nothing that is known."""
    bare = _STRING.sub('""', _COMMENT.sub("", generics))
    found: dict[str, str] = {}
    for part in split_outside(bare, ","):
        if (named := _PARAMETER.match(part)) is not None:
            found[named[1]] = PLAIN if named[2] and _PLAIN.fullmatch(named[2].strip()) else UNKNOWN
    return found


def script_parameter_types(listed: str, generics: Mapping[str, str]) -> tuple[str, ...]:
    """The types of a list of parameters, without its parentheses; empty if none may tell anything.

    Args:
        generics: the type parameters that are visible, as `type_parameters_of` gives them.
    """
    bare = _STRING.sub('""', _COMMENT.sub("", listed))
    types: list[str] = []
    for part in split_outside(bare, ","):
        if not part.strip():
            continue
        before = _BEFORE.match(part)
        at = before.end() if before is not None else 0
        variadic = before is not None and before[1] is not None
        named = _NAME.match(part, at)
        at = named.end() if named is not None else closing(part, at)
        if named is not None and named[0].strip() == "this":
            continue
        kind = _declared(part[at:]) if at > 0 else ""
        left_out = "?" if (named is not None and named[0].rstrip().endswith("?")) or "=" in _bare(part[at:]) else ""
        types.append(written_type(kind, generics) + (VARIADIC if variadic else left_out))
    telling = any(one.removesuffix(VARIADIC).strip("?") not in ("", PLAIN) for one in types)
    return tuple(types) if telling else ()


def call_signature(types: tuple[str, ...], rest: str, generics: Mapping[str, str]) -> tuple[str, ...]:
    """The type of what an interface says can be called, written as that of a function, if it tells anything.

    Args:
        types: those of its parameters.
        rest: what follows its parameters.
    """
    if not types:
        return ()
    listed = ",".join(f"...{one.removesuffix(VARIADIC)}" if one.endswith(VARIADIC) else one for one in types)
    result = written_type(rest.strip().removeprefix(":"), generics)
    made = f"({listed})=>{result}"
    return (made if len(made) <= EXPRESSION_CHARS else f"({listed})=>?",) if len(listed) <= MAX_TEXT else ()


def listed_names(listed: str) -> list[str]:
    """The names of a list of parameters, without its parentheses; "" for patterns."""
    bare = _STRING.sub('""', _COMMENT.sub("", listed))
    found = (_NAME.match(part.strip()) for part in split_outside(bare, ",") if part.strip())
    return [name[0].strip() if name is not None else "" for name in found]


def _bare(text: str) -> str:
    """What follows a parameter's name without what stands in brackets, and without arrows."""
    before = ""
    text = text.replace("=>", "")
    while before != text:
        before, text = text, _BRACKETED.sub("", text)
    return text


def _declared(text: str) -> str:
    """The type at the beginning of what follows a parameter's name."""
    text = text.lstrip().removeprefix("?").lstrip()
    if not text.startswith(":"):
        return ""
    depth = 0
    for place, char in enumerate(text):
        depth += (char in "<([{") - (char in ")]}" or (char == ">" and text[place - 1] != "="))
        if char == "=" and depth == 0 and text[place + 1 : place + 2] != ">":
            return text[1:place]
    return text[1:]


def written_type(text: str, generics: Mapping[str, str]) -> str:
    """A type as facts keep it, without blanks; unknown if it cannot be a function's."""
    made = "".join(text.replace("readonly ", "").split())
    if generics:
        made = _WORD.sub(lambda found: generics.get(found[0], found[0]), made)
    if _PLAIN.fullmatch(made):
        return PLAIN
    if not made or MAY_TAKE_FUNCTIONS.search(made) is None:
        return UNKNOWN
    if generics:
        made = _NOTHING.sub("", _MASKED.sub("", made))
    if len(made) > TYPE_CHARS:
        before = ""
        while before != made:
            before, made = made, _GENERIC.sub("", made)
    return made if len(made) <= EXPRESSION_CHARS and MAY_TAKE_FUNCTIONS.search(made) is not None else UNKNOWN
