"""What is known, without other files, of the types of a function's parameters and of the arguments of a call.

Both tell overloads apart that take as many arguments. Arguments are written one after the other, each as an expression
(see `facts`) or as one of the marks below.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import split_outside
from glossator.index.facts import BUILT_IN, EXPRESSION_CHARS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

BETWEEN: Final = ";"
"""Between the arguments of a call."""
NULL: Final = "null"
_NULLS: Final = frozenset((NULL, "nullptr", "NULL"))
LAMBDA: Final = "=>"
"""A function without a name, or a reference to a method."""
VARIADIC: Final = "..."
"""At the end of a parameter's type: any number of arguments."""
MAX_LIST: Final = 400
"""Longer lists of arguments are not read."""

_OPENING: Final = "([{"
_CLOSING: Final = ")]}"
_SIMPLE: Final = re.compile(r"[^()\[\]{}\"']*")
_PLAIN: Final = re.compile(r"[^()\[\]{}\"',]+")
_STRING: Final = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_NUMBER: Final = re.compile(
    r"-?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(\.[\d_]*)?(?:[eE][-+]?\d+)?|(\.\d+))([lLfFdDmM])?"
)
_TRUTH_VALUES: Final = {"true": "<boolean>", "false": "<boolean>"}
_SUFFIXES: Final = {"l": "<long>", "f": "<float>", "d": "<double>", "m": "<decimal>"}
_OPERATOR: Final = re.compile(r"\s(==|!=|<=|>=|<|>|&&|\|\||instanceof|is|\+|-|\*|/|%|&|\||\^|<<|>>|>>>|\?)\s")
_TRUTHS: Final = ("&&", "||", "==", "!=", "<=", ">=", "<", ">", "instanceof", "is")
"""Operators that give a truth, those that bind least first."""
_CAST: Final = re.compile(r"\((byte|short|int|long|float|double|char|boolean|bool)\)\s*[\w.(]")
_CLASS: Final = re.compile(r"[\w.]+(?:\[\])*\.class|typeof\([\w.<>,]+\)")
_CHOICE: Final = re.compile(r"[^?]*\s\?\s([^?:]*\S)\s:\s([^?:]*)")
_TYPED: Final = re.compile(r"(?<=\w)<[\w\s,.?<>\[\]&]*>")
_MADE_ARRAY: Final = re.compile(r"new\s+([\w.]+)(?:<[^>]*>)?\s*((?:\[[^\[\]]*\])+)")
_OF_BOX: Final = {
    "Byte": "<byte>",
    "Double": "<double>",
    "Float": "<float>",
    "Integer": "<int>",
    "Long": "<long>",
    "Short": "<short>",
}
_LIMIT: Final = re.compile(rf"({'|'.join(_OF_BOX)})\.[A-Z][A-Za-z_]+")
"""A constant of a number's class."""
_ALWAYS: Final = (
    (re.compile(r"\.(?:toString|ToString)\(\d*\)$|^(?:String|string)\.\w+\(\d*\)$"), "<String>"),
    (re.compile(r"\.(?:hashCode|GetHashCode|length|size|indexOf|lastIndexOf|compareTo)\(\d*\)$"), "<int>"),
    (re.compile(r"\.(?:equals|Equals|isEmpty|contains|startsWith|endsWith)\(\d*\)$"), "<boolean>"),
    (re.compile(r"\.getClass\(\d*\)$"), "<Class>"),
    (re.compile(r"^Integer\.(?:parseInt|max|min|compare|signum)\(\d*\)$"), "<int>"),
    (re.compile(r"^Long\.(?:parseLong|max|min)\(\d*\)$"), "<long>"),
    (re.compile(r"^Double\.parseDouble\(\d*\)$"), "<double>"),
    *((re.compile(rf"^{box}\.valueOf\(\d*\)$"), f"<{box}>") for box in (*_OF_BOX, "Boolean", "Character")),
)
"""Methods whose results have one type, whatever they are called on."""
_NO_CODE: Final = re.compile(
    r"""/\*.*?(?:\*/|$)|//[^\n]*|\"{3}.*?\"{3}|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"|@"(?:[^"]|"")*\""""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\[^\n']{1,9}|\\')'""",
    re.DOTALL,
)
"""Comments, texts and characters of C++, C#, Java and Kotlin."""
_MAY_HOLD_NO_CODE: Final = re.compile(r"[\"'/]")
_ANNOTATION: Final = re.compile(r"@[\w.]+(?![\w.])(?:\s*\([^()]*\))?\s*(?=[^\s=])|^\s*(?:\[[^\[\]]*\]\s*)+")
_MODIFIERS: Final = re.compile(r"^(?:(?:final|in|out|ref|this|params|readonly|scoped|vararg|noinline|crossinline)\s+)+")
_TYPE_PARAMETER: Final = re.compile(r"(?:(?:in|out|reified)\s+)*(\w+)(?:\s+extends\s+(.+)|\s*:\s*(.+))?$", re.DOTALL)
_TEMPLATE_WORD: Final = re.compile(r"^(?:typename|class)\b\s*(?:\.\.\.)?\s*|\s*=[^=>].*$")
"""What a template's parameter has besides its name: `typename T = int`."""
_VALUE_PARAMETER: Final = re.compile(r"[\w:]+(?:\s+[\w:]+)*\s+(\w+)(?:\s*=.*)?", re.DOTALL)
"""A template's parameter that is no type: `size_t Size = 8`."""
_WILDCARD: Final = re.compile(r"\?\s*(?:extends|super)\s+")
"""What stands before the bound of a type's unknown argument: `List<? extends Node>`."""
_NAME: Final = re.compile(r"\s*@?\b\w+\s*((?:\[\s*\])*)$")


def parts_of(text: str) -> list[str]:
    """The parts of a list between commas that stand outside brackets and strings."""
    if _SIMPLE.fullmatch(text):
        return [part for part in text.split(",") if part.strip()]
    parts: list[str] = []
    depth = start = at = 0
    while at < len(text):
        if plain := _PLAIN.match(text, at):
            at = plain.end()
            continue
        char = text[at]
        if char in "\"'":
            literal = _STRING.match(text, at)
            at = literal.end() if literal else at + 1
            continue
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth -= 1
        elif depth == 0:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def arguments_of(text: str, count: int, expression: Callable[[int, int], str], *, arrows: bool = True) -> str:
    """The arguments of a call, each as an expression; "" if nothing is known of any.

    Args:
        text: the list without its parentheses.
        count: the number of arguments, as the grammar counts them.
        expression: gives the expression of a part of the text, from its first to its last character.
        arrows: whether arrows and colons make functions without a name; in C++ they lead to members.
    """
    if len(text) > MAX_LIST:
        return ""
    parts = parts_of(text)
    if len(parts) != count and "<" in text:
        # Commas between a type's arguments.
        parts, masked, at = [], parts_of(_TYPED.sub(lambda found: found[0].replace(",", "_"), text)), 0
        for part in masked:
            at = text.index(part[:1], at) if not parts else at + 1
            parts.append(text[at : at + len(part)])
            at += len(part)
    if len(parts) != count:
        return ""
    made: list[str] = []
    at = 0
    for part in parts:
        start = text.index(part, at)
        at = start + len(part)
        bare = part.strip()
        start += part.index(bare)
        made.append(_argument(bare, start, expression, arrows=arrows))
    if all(one == UNKNOWN for one in made):
        return ""
    joined = BETWEEN.join(made)
    return joined if len(joined) <= EXPRESSION_CHARS else ""


def _argument(text: str, start: int, expression: Callable[[int, int], str], *, arrows: bool) -> str:
    if text.isidentifier():  # most are
        made = NULL if text in _NULLS else _TRUTH_VALUES.get(text) or expression(start, start + len(text))
        return UNKNOWN if made == BUILT_IN or BETWEEN in made else made
    first = text[0]
    if first in "\"'" and (literal := _STRING.match(text)):
        if literal.end() == len(text):
            return "<String>" if first == '"' else "<char>"
        if first == '"' and text[literal.end() :].lstrip()[:1] == "+":
            return "<String>"
    if number := _NUMBER.fullmatch(text):
        suffix = number[3] or ""
        return _SUFFIXES.get(suffix.lower(), "<double>" if number[1] or number[2] else "<int>")
    if not arrows:
        if first == "[":
            return LAMBDA
        if first == "&":
            return UNKNOWN  # a pointer, which expressions do not tell from what it points to
    elif "->" in text or "=>" in text or "::" in text:
        return LAMBDA if _outside(text, ("->", "=>", "::")) else UNKNOWN
    if cast := _CAST.match(text):
        return f"<{cast[1]}>"
    if _CLASS.fullmatch(text):
        return "<Class>"
    if array := _MADE_ARRAY.match(text):
        return f"<{array[1]}{'[]' * array[2].count('[')}>"
    operators = [found[1] for found in _OPERATOR.finditer(text)] if " " in text else []
    if operators:
        if (choice := _CHOICE.fullmatch(text)) is not None and _outside(text, (" ? ",)):
            either = [
                _argument(choice[number], start + choice.start(number), expression, arrows=arrows) for number in (1, 2)
            ]
            kinds = {one for one in either if one != NULL}
            return kinds.pop() if len(kinds) == 1 else UNKNOWN
        return _compound(text, operators)
    if first == "!":
        return "<boolean>"
    made = expression(start, start + len(text))
    if made.startswith(BUILT_IN):
        # What is called on a text.
        made = f"<String>{made[1:]}" if first == '"' and made != BUILT_IN else UNKNOWN
    if BETWEEN in made:
        return UNKNOWN
    if limit := _LIMIT.fullmatch(made):
        return _OF_BOX[limit[1]]
    for always, kind in _ALWAYS:
        if always.search(made):
            return kind
    return made


def _compound(text: str, operators: list[str]) -> str:
    """What operators give: a truth, or a text that something is appended to."""
    if "?" in operators:
        return UNKNOWN
    loosest = next((one for one in _TRUTHS if one in operators), "")
    if loosest and _outside(text, (f" {loosest} ",)):
        return "<boolean>"
    plus = "+" in operators and _outside(text, (" + ",))
    return "<String>" if plus and '"' in _emptied(text) else UNKNOWN


def _emptied(text: str) -> str:
    """A text without what stands in its brackets."""
    kept: list[str] = []
    depth = 0
    for char in text:
        depth -= char in _CLOSING
        if depth == 0:
            kept.append(char)
        depth += char in _OPENING
    return "".join(kept)


def _outside(text: str, marks: tuple[str, ...]) -> bool:
    """Whether one of some marks stands outside all brackets and strings."""
    bare = _emptied(_STRING.sub('""', text))
    return any(mark in bare for mark in marks)


def parameter_types(text: str) -> tuple[str, ...]:
    """The types of a list of parameters, with its parentheses, as written: before the names, or after them and a colon.

    "?" for those that the list does not say.
    """
    types: list[str] = []
    for part in _parameters(text.strip()[1:-1]):
        bare = _MODIFIERS.sub("", _ANNOTATION.sub("", part).strip()).strip()
        variadic = VARIADIC in bare or part.lstrip().startswith(("params ", "vararg "))
        bare = bare.partition("=")[0].strip().replace(VARIADIC, " ")
        name, colon, after = bare.partition(":")
        if colon and name.strip().isidentifier():
            made = after
        elif (found := _NAME.search(bare)) is not None and found.start() > 0:
            made = bare[: found.start()] + found[1]
        else:
            made = UNKNOWN
        if part.lstrip().startswith("params "):
            made = made.strip().removesuffix("[]")
        types.append("".join(_WILDCARD.sub("", made).split()) + (VARIADIC if variadic else ""))
    return tuple(types)


def type_parameters(text: str) -> tuple[str, ...]:
    """The parameters of a generic type or function from their list, with its brackets: each name, and its bound after a
    colon, if it has one (`T extends Node`, `T : Node`)."""
    made: list[str] = []
    for part in _parameters(text.strip()[1:-1]):
        if part.lstrip().startswith(("'", "const ")):  # Rust's lifetimes and numbers
            continue
        found = _TYPE_PARAMETER.match(_TEMPLATE_WORD.sub("", _ANNOTATION.sub("", part).strip()))
        if found is None:
            found = _VALUE_PARAMETER.fullmatch(part.strip())
            if found is None:
                return ()
            made.append(found[1])
            continue
        bound = "".join((found[2] or found[3] or "").partition("&")[0].split())
        made.append(f"{found[1]}:{bound}" if bound else found[1])
    return tuple(made)


def bare_parameters(text: str) -> str:
    """A list of parameters without comments, and with nothing in the texts and characters that are defaults: commas and
    brackets in these separate and hold no parameters."""
    return _NO_CODE.sub(_without_content, text) if _MAY_HOLD_NO_CODE.search(text) else text


def _without_content(found: re.Match[str]) -> str:
    return " " if found[0][0] == "/" else found[0][-1] * 2


def parameter_counts(text: str) -> tuple[int, int]:
    """How many arguments a list of parameters, with its parentheses, takes at least and at most (255: any number)."""
    given = [part for part in _parameters(text.strip()[1:-1]) if part.strip() != "void"]
    if any(VARIADIC in part or part.lstrip().startswith(("vararg ", "params ")) for part in given):
        return 0, 255
    return sum("=" not in part for part in given), len(given)


def _parameters(inside: str) -> list[str]:
    """The parameters of a list, in whose types commas stand in angle brackets."""
    return [part for part in split_outside(inside, ",") if part.strip()]
