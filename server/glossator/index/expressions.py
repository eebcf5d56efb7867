"""Source text of a receiver, a value or a type to an expression as `facts` defines it.

The text is read token by token without a grammar: what matters is the chain of names, calls and indexes; the contents
of brackets are skipped. Anything that is no such chain is unknown.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from glossator.index.facts import BUILT_IN, CLASS, EXPRESSION_CHARS, INSTANCE, SUPER, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Naming = Callable[[str], str]

SELF_WORDS: Final = {
    "self": INSTANCE,
    "this": INSTANCE,
    "cls": CLASS,
    "mcs": CLASS,
    "Self": CLASS,
    "static": CLASS,
    "super": SUPER,
    "parent": SUPER,
    "base": SUPER,
    "it": UNKNOWN,
}
"""Words that stand for the current object, its class or a nameless parameter; `Language`s say which are theirs."""

PAIRS: Final = ".:pairs"
"""A step: pairs of a number and an element."""
KEPT_TYPES: Final = 1 << 14
"""Types whose expressions are kept in memory: most annotations repeat."""
KEPT_CHARS: Final = 200
"""Longer types are rare, and not kept."""
MAX_TEXT: Final = 1000
"""Longer texts are not read: they are whole functions or data."""
_TEXTS = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_TYPE_LIST = re.compile(r"(?<=\w)<[\w\s,.?<>\[\]&]*>")
"""A type's arguments."""
ALTERNATIVES: Final = 4
"""An expression of more alternatives than this is unknown."""

_HEAD = re.compile(r"[@$]{0,2}[^\W\d]\w*(?![\"'])|[@$]{1,2}\w+")
_PREFIX = re.compile(r"(?:(?:await|new|not null|move|mut|const|yield from|try[?!]?|delete)\b\s*|[&*^](?!\s*[&*])\s*)+")
MADE_GENERIC: Final = re.compile(r"new\s+(([A-Z]\w*)\s*<[\w\s,.:?\[\]<>]*[A-Z][\w\s,.:?\[\]<>]{0,80}>)\s*(?=\()")
"""An object of a generic type with its arguments: `new Map<string, Session>()`."""
_LITERAL = re.compile(r"[\"'`\d\[{#]|[bBrRuUfF]{1,2}[\"']|(?:true|false|True|False|TRUE|FALSE)\b|-\s*\d|:\w")
_NOTHING = re.compile(r"(?:None|null|nil|undefined|nullptr|NULL|Nil)\b")
_NOTHING_ONLY = re.compile(r"(?:None|null|nil|undefined|nullptr|NULL|Nil)$")
_STEP = re.compile(r"\s*(?:\?\.|!\.|&\.|!!\.|\.|->|::)\s*([@$#]?[^\W\d]\w*|<)?")
_GENERIC = re.compile(r"\s*(?:::)?<[\w\s,.:<>\[\]&*?|'\"]{0,200}>(?=\s*[({:.])")
_CLASS_VALUE = re.compile(r"([\\\w.]+)::class")
"""A class as a value: `Session::class`."""
_GIVEN_TYPE = re.compile(r"(\w+)\s*(?:::)?\s*<")
"""A call with a type as its argument: `make_shared<Session>(...)`, `parse::<Port>()`."""
_TURBOFISH = re.compile(r"\s*::<[\w\s,.:<>\[\]&*?'()-]{1,200}>$")
_NOT_NULL = re.compile(r"(?:!!|!(?![=.])|\?(?![.:?\w\s]))")
_QUALIFIED_TYPE = re.compile(r"<([\w:&]+(?:<[\w:&,\s']*>)?)(?:\s+as\s+[\w:<>&,\s']+)?>(?=::|$)")
"""Rust's `<File as Source>`, before a member."""
_BRANCH = re.compile(r"(?:if|match)\b")
_LEAVES = re.compile(r"(?:return|break|continue|throw|panic!|unreachable!|todo!|unimplemented!|bail!)(?![\w.])")
"""How a branch begins that has no value."""
_OR = re.compile(r"\s*(?:\|\||\?\?|\?:|\bor\b)\s*")
_AS = re.compile(r"\s*\bas[?!]?\s+")
_ASSERTION = re.compile(r"\s*\.\(([^()]*)\)")
_CHOICE = re.compile(r"\s\?\s")
_MARKS = re.compile(r"[(\[{\"'`]|\s:\s")
_AWAITED = re.compile(r"\s*\.await\b")
_MODULE = re.compile(r"(?:require|import)\(\s*([\"'])([^\"'()<>|\s]+)\1\s*\)")
"""A module as a value: `require("./x")`, `import("./x")`; JavaScript's types are written so too."""
_FUNCTION_WORDS: Final = frozenset({"async", "class", "fn", "func", "function", "lambda", "typeof"})
"""Words that begin the definition of a function or class."""
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_COMPOSITE = re.compile(
    r"(?:make\()?((?:\[[\w.]*\](?=[\w*\[(])|\*|map\[[\w.*]+\]|(?:<-)?chan(?:<-)?\s+)+(?!struct\b|func\b)[\w.]+)\s*[{(,)]"
)
"""Go's values of composite types: `[]Item{...}`, `map[string]*Item{...}`, `make(chan Item, 1)`."""
_UNSAFE = re.compile(r"unsafe\s*\{")
"""A block of Rust that has a value."""
_FUNCTION = re.compile(r"func\s*\(")
_COMPARES: Final = re.compile(r"(?<=\s)<\s|<[<=]|(?<=<)<")
"""An angle bracket that is none."""
_BRACKETS = re.compile(r"[()\[\]{}\"'`]")
_ARGUMENT = re.compile(r"[,(\[{\"'`]")
_OUTER_BAR = re.compile(r"<[^<>]*(?:<[^<>]*(?:<[^<>]*>[^<>]*)*>[^<>]*)*>|\|")
"""A bar, or a type, whose bars separate no alternatives."""
_BLANKS = re.compile(r"\s+")
_TYPE_OF = re.compile(r"\b(typeof|keyof)\s+")
_TYPE_JUNK = re.compile(r"^(?::|->|=>)|\breadonly\s+|[\s\"'`]+")
_TYPE_WORDS = re.compile(
    r"\b(?:struct|class|enum|union|const|volatile|typename|unsigned|signed|register|static)\s+(?=[\w:*&])|"
    r"\b(?:any|some)\s+(?=[A-Z_])"
)
"""Words before a type's name that are no part of it; before that of a protocol in Swift `any` and `some`."""
_WILDCARD = re.compile(r"\?\s*(?:extends|super)\s+")
"""What stands before the bound of a type's unknown argument: `List<? extends Node>`."""
_LIFETIMES = re.compile(r"'[a-z_]\w*\b(?!')\s*\+?|\b(?:mut|dyn|impl)\s+|\bfor\s*<[^<>]*>\s*")
"""What Rust's types have besides names: lifetimes and words."""
_TYPE_NAME = re.compile(r"[^\W\d]\w*")


class Calls(NamedTuple):
    """How a language's calls are read.

    Attributes:
        known: functions whose results follow from their arguments, and how (`Language.calls`).
        counted: whether calls are written with the number of their arguments, which tells overloads apart.
        blocks: whether braces after a name hold a function that is handed over: `find { it.ready }`.
    """

    known: Mapping[str, str]
    counted: bool = False
    blocks: bool = False


NO_CALLS: Final = Calls({})


_TUPLE_NAMES: Final = re.compile(r"(?<=[(,])\s*([\w.<>?\[\]]+)\s+\w+(?=\s*[,)])")
"""What C#'s tuples call their items: `(Door front, Door back)`."""
_SIGNATURE: Final = re.compile(r"[:*&]|->|=>|\bfn\b|\bfunc\b|\bfunction\b|\bstruct\b|\bconst\b|\bunsigned\b")
"""What only types of functions and those of other languages have."""


def type_expression(text: str) -> str:
    """`<Type>` from an annotation as written, `<A>|<B>` from a union; "?" if it is empty or too long.

    `typeof x` (the type of a value) is `<typeof.x>`. Unions inside brackets are written with a slash, `<list[A/B]>`,
    since "|" separates whole expressions.
    """
    return _known_type(text) if len(text) <= KEPT_CHARS else _type_expression(text)


def _type_expression(text: str) -> str:
    if "'" in text or " " in text:
        text = _WILDCARD.sub("", text)
        text = _TYPE_WORDS.sub("", _TYPE_OF.sub(r"\1.", _LIFETIMES.sub("", text)))
        if "(" in text and _SIGNATURE.search(text) is None:
            text = _TUPLE_NAMES.sub(r"\1", text)
    bare = _TYPE_JUNK.sub("", text)
    if not bare or len(bare) > EXPRESSION_CHARS or not _TYPE_NAME.search(bare):
        return UNKNOWN
    if "|" not in bare:
        return f"<{bare}>"
    # The result of a function may be a union.
    parts = [bare] if len(split_outside(bare.replace("=>", "\0"), "\0")) > 1 else split_outside(bare, "|")
    given = [part for part in parts if part and not _NOTHING_ONLY.fullmatch(part)]
    return joined([f"<{part.replace('|', '/')}>" for part in given])


_known_type: Final = lru_cache(maxsize=KEPT_TYPES)(_type_expression)


def joined(alternatives: list[str]) -> str:
    """One of several expressions; unknown if one of them is, or if they are many."""
    distinct = list(dict.fromkeys(part for one in alternatives for part in one.split("|") if part))
    if not distinct:
        return UNKNOWN
    if UNKNOWN in distinct or len(distinct) > ALTERNATIVES:
        return UNKNOWN
    made = "|".join(distinct)
    return made if len(made) <= EXPRESSION_CHARS else UNKNOWN


@cache
def _telling(separator: str) -> re.Pattern[str]:
    """What is looked at where a text is split."""
    return re.compile(rf"[<>()\[\]{{}}]|{re.escape(separator)}")


def split_outside(text: str, separator: str) -> list[str]:
    """The parts of a text between separators (single characters) that stand outside brackets of all kinds.

    An angle bracket is none where it compares or shifts (`a < b`, `1 << 2`) or is part of an arrow.
    """
    if separator not in text:
        return [text]
    parts: list[str] = []
    opened: list[str] = []
    start = 0
    for found in _telling(separator).finditer(text):
        char, at = found[0], found.start()
        if char in _OPENING:
            opened.append(_OPENING[char])
        elif char in ")]}":
            if char in opened:
                while opened.pop() != char:
                    pass
        elif char == "<":
            if not _COMPARES.match(text, at):
                opened.append(">")
        elif char == ">":
            if opened and opened[-1] == ">" and text[at - 1 : at] not in ("-", "="):
                opened.pop()
        elif not opened:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return parts


def closing(text: str, at: int) -> int:
    """The place after the bracket that closes the one at `at`; -1 if none does."""
    depth: list[str] = []
    place = at
    while (found := _BRACKETS.search(text, place)) is not None:
        char = found[0]
        place = found.end()
        if char in _OPENING:
            depth.append(_OPENING[char])
        elif char in ")]}":
            if not depth or depth.pop() != char:
                return -1
            if not depth:
                return place
        else:
            end = place
            while (end := text.find(char, end)) > 0 and text[end - 1] == "\\":
                end += 1
            if end < 0:
                return -1
            place = end + 1
    return -1


def expression(text: str, name: Callable[[str], str], calls: Calls = NO_CALLS) -> str:
    """The expression of a source text.

    Args:
        text: the source of a receiver or value.
        name: gives the expression of a single name: itself, or what a local variable was bound to.
        calls: how calls are read.
    """
    if len(text) > MAX_TEXT:
        return UNKNOWN
    made = _alternatives(text.strip(), name, calls, 0)
    return made if len(made) <= EXPRESSION_CHARS else UNKNOWN


def _alternatives(text: str, name: Naming, calls: Calls, depth: int) -> str:
    if "?" in text and (choice := _CHOICE.search(text)) and (parts := _choices(text, choice.start())):
        return (
            joined([_alternatives(part.strip(), name, calls, depth + 1) for part in parts]) if depth <= 3 else UNKNOWN
        )
    if text[:1] in "im" and text[-1:] == "}" and _BRANCH.match(text):
        branches = _branches(text)
        if not branches or depth > 3:
            return UNKNOWN
        values = [_alternatives(part, name, calls, depth + 1) for part in branches]
        # All have one type: `None` says nothing of it.
        return joined([one for one in values if one != BUILT_IN] or values)
    made, at = _chain(text, 0, name, calls, depth)
    found = [made]
    while at < len(text):
        again = _OR.match(text, at)
        if again is None:
            if text.startswith(" if ", at) and (other := text.rfind(" else ", at)) > 0:
                at = other + len(" else ")
            else:
                return UNKNOWN
        else:
            at = again.end()
        made, at = _chain(text, at, name, calls, depth)
        found.append(made)
    # `None or x`, and a fallback to a built-in value, say nothing about members.
    known = [one for one in found if one]
    return joined(known) if known else BUILT_IN


def _branches(text: str) -> list[str]:
    """The values of `if a { b } else { c }`, or of `match a { b => c }`; none if they cannot be told."""
    found: list[str] = []
    while True:
        block = _block(text)
        if block is None:
            return []
        start, end = block
        inside = text[start + 1 : end - 1].strip()
        if ";" in inside or ("\n" in inside.strip() and not text.startswith("match")):
            return []
        if text.startswith("match"):
            for arm in split_outside(inside, ","):
                pattern, arrow, value = arm.partition("=>")
                if arm.strip() and (not arrow or "{" in value or ("(" in pattern and ")" not in pattern)):
                    return []
                found.append(value.strip())
            return [one for one in found if one and not _LEAVES.match(one)] if not text[end:].strip() else []
        found.append(inside)
        rest = text[end:].lstrip()
        if not rest.startswith("else"):
            return []
        rest = rest[len("else") :].lstrip()
        if rest.startswith("if"):
            text = rest
            continue
        last = closing(rest, 0) if rest[:1] == "{" else -1
        if last < 0 or rest[last:].strip() or ";" in rest or "\n" in rest[1 : last - 1].strip():
            return []
        found.append(rest[1 : last - 1].strip())
        return [one for one in found if one and not _LEAVES.match(one)]


def _block(text: str) -> tuple[int, int] | None:
    """Where the first braces outside other brackets begin and end."""
    place = 0
    while (found := _BRACKETS.search(text, place)) is not None:
        if found[0] == "{":
            end = closing(text, found.start())
            return (found.start(), end) if end > 0 else None
        place = closing(text, found.start()) if found[0] in "([" else text.find(found[0], found.end()) + 1
        if place <= 0:
            return None
    return None


def _choices(text: str, at: int) -> list[str]:
    """The two values of `condition ? a : b`; none if the question mark or the colon stands inside brackets."""
    place, end = 0, -1
    while end < 0:
        found = _MARKS.search(text, place)
        if found is None:
            return []
        start, place = found.span()
        if found[0] in "([{\"'`":
            # `closing` finds the end of a bracket, not that of a string.
            place = closing(text, start) if found[0] in "([{" else text.find(found[0], start + 1) + 1
            if place <= 0 or start < at < place:
                return []
        elif start > at:
            end = start
    return [text[at:end].strip()[1:], text[end:].strip()[1:]]


def _chain(text: str, at: int, name: Naming, calls: Calls, depth: int) -> tuple[str, int]:
    """The expression of a chain of names, calls and indexes, and where it ends; ("", end) for a null value."""
    while at < len(text) and text[at].isspace():
        at += 1
    if text.startswith("new", at) and (generic := MADE_GENERIC.match(text, at)) and name(generic[2]) == generic[2]:
        end = closing(text, generic.end())
        if end > 0 and (body := len(text) - len(text[end:].lstrip())) < len(text) and text[body] == "{":
            end = closing(text, body)  # a class without a name
        return _steps(text, end, type_expression(generic[1]), name, calls, depth) if end > 0 else (UNKNOWN, len(text))
    if prefix := _PREFIX.match(text, at):
        at = prefix.end()
    made = UNKNOWN
    if at >= len(text) or depth > 3:
        return UNKNOWN, len(text)
    # Most patterns are tried only where their first letter stands: this is called for each value.
    char = text[at]
    if char in "Nnu" and (nothing := _NOTHING.match(text, at)):
        return "", nothing.end()
    if char == "<" and text.startswith("<-", at):
        # What is received from a channel.
        made, at = _chain(text, at + 2, name, calls, depth + 1)
        return made if made in ("", UNKNOWN) else grown(made, "[]"), at
    if char == "<" and (qualified := _QUALIFIED_TYPE.match(text, at)):
        made, _ = _chain(qualified[1], 0, name, calls, depth + 1)
        return _steps(text, qualified.end(), made, name, calls, depth)
    if (char in "[*" or text.startswith(("map[", "make(", "chan "), at)) and (composite := _COMPOSITE.match(text, at)):
        end = closing(text, text.index("(", at) if text.startswith("make(", at) else composite.end() - 1)
        if end <= 0:
            return UNKNOWN, len(text)
        return _steps(text, end, type_expression(composite[1]), name, calls, depth)
    if char == "f" and (function := _FUNCTION.match(text, at)) and (end := closing(text, function.end() - 1)) > 0:
        body = text.find("{", end)
        result = text[end:body].strip() if body > 0 else ""
        return (type_expression(f"func(){result}") if result else BUILT_IN), len(text)
    if char == "u" and (block := _UNSAFE.match(text, at)):
        end = closing(text, block.end() - 1)
        inside = text[block.end() : end - 1].strip()
        if end < 0 or ";" in inside:
            return UNKNOWN, len(text)
        return _steps(text, end, _alternatives(inside, name, calls, depth + 1), name, calls, depth)
    if char == "(":
        end = closing(text, at)
        if end < 0:
            return UNKNOWN, len(text)
        inside = text[at + 1 : end - 1]
        rest = text[end:].lstrip()
        if (rest[:1].isalpha() or rest[:1] in ("_", "(", "$")) and _is_type(inside) and not _AS.match(text, end):
            # A cast: `(Session) value`.
            return type_expression(inside), len(text)
        made = (
            BUILT_IN
            if "," in inside and "(" not in inside and _is_tuple(inside)
            else _alternatives(inside.strip(), name, calls, depth + 1)
        )
        at = end
    elif _LITERAL.match(text, at):
        made = BUILT_IN
        if char in "[{":
            end = closing(text, at)
        elif char in "\"'`" or (text[at + 1 : at + 2] in ("'", '"')):
            start = at if char in "\"'`" else at + 1
            quote = text[start : start + 3] if text[start : start + 3] in ('"""', "'''") else text[start]
            end = text.find(quote, start + len(quote))
            while end > 0 and text[end - 1] == "\\":
                end = text.find(quote, end + 1)
            end = end + len(quote) if end >= 0 else -1
        else:
            found = re.compile(r"-?\s*[:#]?[\w.]+").match(text, at)
            end = found.end() if found else -1
        if end < 0:
            return UNKNOWN, len(text)
        at = end
    elif char in "ir" and (module := _MODULE.match(text, at)):
        made, at = f"<import({module[2]})>", module.end()
    elif (head := _HEAD.match(text, at)) and head[0] in _FUNCTION_WORDS:
        return UNKNOWN, len(text)
    elif head:
        made = name(head[0])
        at = head.end()
    elif text.startswith("::", at) and (head := _HEAD.match(text, at + 2)):
        made = head[0]
        at = head.end()
    else:
        return UNKNOWN, len(text)
    return _steps(text, at, made, name, calls, depth)


def _steps(text: str, at: int, made: str, name: Naming, calls: Calls, depth: int) -> tuple[str, int]:
    """Follow the members, calls and indexes after the head of a chain."""
    while at < len(text):
        char = text[at]
        bracket = char in "(["
        step = None if bracket else _STEP.match(text, at)
        member = step[1] if step else None
        if not bracket and (char != "." or member in (None, "<", "await")):
            if generic := (_GENERIC.match(text, at) or _TURBOFISH.match(text, at)):
                if calls.known and (given := _type_argument(text, at, generic.end(), calls)) is not None:
                    made, at = given
                    continue
                at = generic.end()
                continue
            if awaited := _AWAITED.match(text, at):
                at = awaited.end()
                continue
            if assertion := _ASSERTION.match(text, at):
                made, at = type_expression(assertion[1]), assertion.end()
                continue
        if step and member and member != "<":
            if made != UNKNOWN and member != "prototype":
                # A prototype has the members of its class's instances. In PHP a static one has its name: `self::$pool`.
                made = grown(made, "." + (member.removeprefix("$") if "::" in step[0] else member))
            at = step.end()
            continue
        if not bracket and (cast := _AS.match(text, at)):
            return type_expression(text[cast.end() :]), len(text)
        if bracket:
            end = closing(text, at)
            if end < 0:
                return UNKNOWN, len(text)
            if char == "(" and made in calls.known:
                made = _given(calls.known[made], text[at + 1 : end - 1], name, calls, depth)
            elif made not in (UNKNOWN, SUPER):
                counted = char == "(" and calls.counted
                made = grown(made, call_step(text[at + 1 : end - 1]) if counted else "()" if char == "(" else "[]")
            at = end
        elif char == "{" or (char == " " and text[at + 1 : at + 2] == "{"):
            # A composite value (`Session{...}`), or a call with a block (`find { it.ready }`).
            end = closing(text, text.index("{", at))
            if end < 0:
                return UNKNOWN, len(text)
            if calls.blocks:
                made = grown(made, "()") if made != UNKNOWN and text[at - 1] != ")" else made
            elif not made.endswith((")", "]")) and made != UNKNOWN:
                made = f"<{made}>" if "|" not in made and "<" not in made else UNKNOWN
            at = end
        elif not_null := _NOT_NULL.match(text, at):
            at = not_null.end()
        else:
            break
    return made, at


def _is_tuple(inside: str) -> bool:
    """Whether commas in parentheses separate values, and not only the arguments of a type (`(x as Map<K, V>).size`)."""
    return " as " not in inside or len(split_outside(inside, ",")) > 1


def _type_argument(text: str, at: int, end: int, calls: Calls) -> tuple[str, int] | None:
    """What a call gives that takes a type as its argument, and where it ends; None if it is no such call.

    Args:
        at: where the types begin.
        end: where they end.
    """
    start = at
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    written = _GIVEN_TYPE.match(text, start)
    if written is None or written.end() > end or calls.known.get(written[1]) != "argument":
        return None
    rest = text[end:]
    bare = rest.lstrip()
    after = closing(text, end + len(rest) - len(bare)) if bare[:1] == "(" else end
    first = split_outside(text[written.end() : end - 1], ",")[0]
    return (type_expression(first), after) if after > 0 else None


def _given(how: str, inside: str, name: Naming, calls: Calls, depth: int) -> str:
    """What a call gives whose result follows from its first argument."""
    first, _, others = _first_argument(inside)
    if not first or first.startswith("*"):
        return UNKNOWN
    if how == "type":
        return type_expression(first)
    if how == "class":
        return type_expression(named[1]) if (named := _CLASS_VALUE.fullmatch(first)) is not None else UNKNOWN
    if how == "element" and others and "=" not in others.partition(",")[0]:
        return UNKNOWN  # one of several arguments
    made = _alternatives(first, name, calls, depth + 1)
    if made in (UNKNOWN, BUILT_IN) or how == "same":
        return made
    return grown(made, "[]" if how == "element" else PAIRS)


def _first_argument(inside: str) -> tuple[str, str, str]:
    """The first of some arguments, a comma, and the others."""
    place = 0
    while (found := _ARGUMENT.search(inside, place)) is not None:
        if found[0] == ",":
            return inside[: found.start()].strip(), ",", inside[found.end() :]
        place = closing(inside, found.start()) if found[0] in "([{" else inside.find(found[0], found.end()) + 1
        if place <= 0:
            return "", "", ""
    return inside.strip(), "", ""


def call_step(inside: str) -> str:
    """The step of a call in a language where the number of arguments counts, from what its parentheses hold."""
    if not inside or inside.isspace():
        return "(0)"
    if "," not in inside:
        return "(1)"
    bare = _TYPE_LIST.sub("<>", _TEXTS.sub('""', inside))
    depth, count = 0, 1
    for char in bare:
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and depth == 0:
            count += 1
    return f"({count})"


def grown(made: str, suffix: str) -> str:
    """An expression with a step appended, to each of its alternatives; unknown if it gets too long."""
    if "|" in made:
        if "<" in made:
            made = _OUTER_BAR.sub(lambda found: found[0] if found[0] != "|" else suffix + "|", made)
        else:
            made = made.replace("|", suffix + "|")
    return made + suffix if len(made) + len(suffix) <= EXPRESSION_CHARS else UNKNOWN


def _is_type(text: str) -> bool:
    return ".." not in text and bool(re.fullmatch(r"\s*[A-Z_][\w.<>\[\]*&?\s,:]*", text))
