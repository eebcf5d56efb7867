"""Kotlin's lambdas, and where they stand: that tells what `it`, `this` and their parameters are.

`door.apply { open() }`: what a bare name in a lambda means depends on whether the lambda has a receiver, which only
what takes it says, maybe in another file. So each lambda is a fact of its own (see `facts.Lambda`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.argument_types import VARIADIC
from glossator.index.expressions import split_outside
from glossator.index.facts import EXPRESSION_CHARS, UNKNOWN
from glossator.index.unnamed_functions import Handed, HandedPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.index.syntax_nodes import SyntaxNode

_TYPES: Final = frozenset(("function_type", "nullable_type", "parenthesized_type", "user_type"))
_LAST: Final = ":-1)"
"""The end of a step: a lambda after the parentheses of a call is always the last parameter."""
_BEFORE_PARAMETER: Final = re.compile(r"(?:@[\w.:]+(?:\([^()]*\))?\s*|(?:[a-z]+)\s+)*(\w+|`[^`]+`)\s*:\s*(?!:)")
_BEFORE_TYPE: Final = re.compile(r"@[\w.]+(?:\([^()]*\))?\s*|\bsuspend\b\s*|/\*.*?\*/", re.DOTALL)
_LINE_COMMENT: Final = re.compile(r"//[^\n]*")
_ARROW: Final = "->"
_VARIADIC: Final = re.compile(r"(?:^|\s)vararg\s")

_PLAIN: Final = re.compile(r"\s*(?:@[\w:]+(?:\([^()]*\))?\s+|(?:vararg|noinline|crossinline)\s+)*`?(\w+)`?\s*:")
"""A parameter of a constructor without `val` or `var`."""


def lambda_places(function: SyntaxNode, data: bytes) -> Iterator[Handed]:
    """A lambda and its parameters without a type, with what leads to what they are."""
    place = _place(function, data)
    first = function.named_children[0] if function.named_child_count else None
    listed = first if first is not None and first.type == "lambda_parameters" else None
    start = function.start_byte
    origin, source, steps = place or HandedPlace("value", (0, 0))
    yield Handed(function.byte_range, start, origin, source, steps, whole=True, named=listed is not None)
    if listed is None or place is None:
        return
    for number, parameter in enumerate(one for one in listed.named_children if not one.is_extra):
        inside = place.inside(f"(:{number})")
        if parameter.type == "variable_declaration" and parameter.named_child_count == 1:
            yield inside.bind(parameter.named_children[0], start)
        elif parameter.type == "multi_variable_declaration":
            for item, part in enumerate(parameter.named_children):
                if part.named_child_count == 1:
                    yield inside.inside(f"[{item}]").bind(part.named_children[0], start)


def _place(value: SyntaxNode, data: bytes) -> HandedPlace | None:
    """What leads to the type that a lambda is to have; None if nothing does."""
    around = value.parent
    if around is not None and around.type == "prefix_expression":  # a label
        value, around = around, around.parent
    if around is None:
        return None
    kind = around.type
    if kind == "annotated_lambda":
        return _trailing(around.parent, data)
    if kind == "value_argument":
        return _argument(around)
    if kind == "property_declaration":
        declared = next((one for one in around.named_children if one.type == "variable_declaration"), None)
        return _declared(declared.named_children if declared is not None else ())
    if kind == "class_parameter":
        return _declared(around.named_children)
    if kind == "function_value_parameters":
        before = [one for one in around.named_children if one.end_byte <= value.start_byte and one.type == "parameter"]
        return _declared(before[-1].named_children) if before else None
    if kind == "assignment":
        return HandedPlace("value", around.named_children[0].byte_range)
    returned = kind == "jump_expression" and data.startswith(b"return ", around.start_byte)
    if returned or (kind == "function_body" and data.startswith(b"=", around.start_byte)):
        return HandedPlace("result", (0, 0))
    return None


def _declared(parts: Sequence[SyntaxNode]) -> HandedPlace | None:
    written = next((one for one in parts if one.type in _TYPES), None)
    return HandedPlace("type", written.byte_range) if written is not None else None


def _trailing(suffix: SyntaxNode | None, data: bytes) -> HandedPlace | None:
    """The place of a lambda after the parentheses of a call, if it has any."""
    call = suffix.parent if suffix is not None else None
    if call is None or suffix is None or call.type != "call_expression":
        return None
    called = call.named_children[0]
    listed = next((one for one in suffix.named_children if one.type == "value_arguments"), None)
    given = _arguments(listed) if listed is not None else []
    if called.type == "simple_identifier" and len(given) == 1 and _is(called, b"with", data):
        return HandedPlace("value", given[0].named_children[-1].byte_range, f".:with(1{_LAST}")
    return HandedPlace("value", called.byte_range, f"({len(given) + 1}{_LAST}")


def _argument(value: SyntaxNode) -> HandedPlace | None:
    """The place of a lambda among the arguments of a call; None if it, or one before it, has a name."""
    listed = value.parent
    suffix = listed.parent if listed is not None else None
    call = suffix.parent if suffix is not None else None
    if listed is None or suffix is None or call is None or call.type != "call_expression":
        return None
    arguments = _arguments(listed)
    number = next((at for at, one in enumerate(arguments) if one.start_byte == value.start_byte), -1)
    if number < 0 or any(one.named_child_count != 1 or one.child_count != 1 for one in arguments[: number + 1]):
        return None
    count = len(arguments) + any(one.type == "annotated_lambda" for one in suffix.named_children)
    return HandedPlace("value", call.named_children[0].byte_range, f"({count}:{number})")


def _arguments(listed: SyntaxNode) -> list[SyntaxNode]:
    return [one for one in listed.named_children if one.type == "value_argument"]


def _is(node: SyntaxNode, word: bytes, data: bytes) -> bool:
    return node.end_byte - node.start_byte == len(word) and data.startswith(word, node.start_byte)


def kotlin_parameter_types(text: str, *, every: bool = False) -> tuple[str, ...]:
    """The types of a list of parameters that may be functions, as `facts.Symbol.types` has them; empty if none is.

    Args:
        text: the list, maybe with words before its parentheses.
        every: whether all types tell something.
    """
    if _ARROW not in text and not every:
        return ()
    types: list[str] = []
    for part in split_outside(_listed(text), ","):
        if not part.strip():
            continue
        named = _BEFORE_PARAMETER.match(part.strip())
        kind = split_outside(part.strip()[named.end() :], "=")[0] if named is not None else ""
        made = "".join(_BEFORE_TYPE.sub("", kind).split())
        known = made and len(made) <= EXPRESSION_CHARS and (every or _ARROW in made)
        types.append((made if known else UNKNOWN) + (VARIADIC if _VARIADIC.search(part) else ""))
    return tuple(types) if any(one.removesuffix(VARIADIC) != UNKNOWN for one in types) else ()


def plain_parameters(text: str) -> list[str]:
    """The names of those parameters of a class's constructor that are no fields.

    Args:
        text: the list, maybe with words before its parentheses.
    """
    found = (_PLAIN.match(part) for part in split_outside(_listed(text), ","))
    return [one[1] for one in found if one is not None]


def _listed(text: str) -> str:
    """What stands between the parentheses of a list of parameters."""
    return _LINE_COMMENT.sub("", text[1:-1]) if text[:1] == "(" else _of_constructor(text)


def _of_constructor(text: str) -> str:
    """The parameters of a class's constructor, before which words and annotations may stand."""
    _, word, rest = _LINE_COMMENT.sub("", text).rpartition("constructor(")
    return rest[:-1] if word else ""
