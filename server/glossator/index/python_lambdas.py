"""Python's lambdas and where they stand: that tells what their parameters are; and which functions take some."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import closing, split_outside
from glossator.index.facts import EXPRESSION_CHARS, UNKNOWN
from glossator.index.unnamed_functions import Handed, HandedPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.index.syntax_nodes import SyntaxNode

MAY_TAKE_CALLABLES: Final = re.compile(rb"Callable(?<=\bCallable)\s*\[")
_AT_A_PLACE: Final = "_"
"""At the end of a number that stands for a label."""
_COMMENT: Final = re.compile(r"#[^\n]*")
MAX_NAME: Final = 12
"""Longer names are none of functions of the language that take lambdas."""
_NAMES_ONLY: Final = "*"
"""Before the parameters that are given by their names only."""
_KEYED: Final = frozenset((b"max", b"min", b"sorted"))
"""Functions whose `key` is called with the elements of their only argument."""
_MAPPING: Final = frozenset((b"filter", b"map"))
"""Functions whose first argument is called with the elements of the second one."""
_CALLABLE: Final = re.compile(r"\bCallable\[")


def python_lambda_places(function: SyntaxNode, data: bytes) -> Iterator[Handed]:
    """The parameters of a lambda, if its place tells what they are."""
    listed = function.child_by_field_name("parameters")
    if listed is None or function.parent is None:
        return
    start, parameters = function.start_byte, listed.named_children
    if (iterated := _iterated(function, data)) is not None:
        if len(parameters) == 1 and parameters[0].type == "identifier":
            yield HandedPlace("value", iterated.byte_range, "[]").bind(parameters[0], start)
        return
    place = _place(function, data)
    for number, parameter in enumerate(parameters if place is not None else ()):
        if parameter.type == "identifier" and place is not None:
            yield place.inside(f"(:{number})").bind(parameter, start)


def _place(value: SyntaxNode, data: bytes) -> HandedPlace | None:
    """What leads to the type that a lambda is to have; None if nothing does."""
    around = value.parent
    if around is None:
        return None
    if around.type == "argument_list":
        before = [one for one in _arguments(around) if one.end_byte <= value.start_byte]
        if any(one.type != "keyword_argument" and one.type.endswith("splat") for one in before):
            return None
        return _called(around, f"{len(before)}{_AT_A_PLACE}")
    if around.type == "keyword_argument" and around.parent is not None:
        return _called(around.parent, _text(around.named_children[0], data))
    if around.type in ("parenthesized_expression", "conditional_expression"):
        return _place(around, data)
    if around.type == "return_statement":
        return HandedPlace("result", (0, 0))
    if (written := around.child_by_field_name("type")) is not None:
        return HandedPlace("type", written.byte_range)
    left = around.child_by_field_name("left") if around.type == "assignment" else None
    return HandedPlace("value", left.byte_range) if left is not None and left.type == "attribute" else None


def _called(listed: SyntaxNode, label: str) -> HandedPlace | None:
    called = listed.parent.child_by_field_name("function") if listed.parent is not None else None
    return HandedPlace("value", called.byte_range, f"(1:{label})") if called is not None else None


def _iterated(function: SyntaxNode, data: bytes) -> SyntaxNode | None:
    """What a function of the language calls a lambda with the elements of: `sorted(jobs, key=lambda job: ...)`."""
    around = function.parent
    listed = around.parent if around is not None and around.type == "keyword_argument" else around
    call = listed.parent if listed is not None and listed.type == "argument_list" else None
    called = call.child_by_field_name("function") if call is not None else None
    if around is None or listed is None or called is None:
        return None
    placed = [one for one in _arguments(listed) if one.type != "keyword_argument"]
    name = data[called.start_byte : called.end_byte] if called.end_byte - called.start_byte < MAX_NAME else b""
    if around.type != "keyword_argument":
        return placed[1] if name in _MAPPING and len(placed) == 2 and not _is_splat(placed[1]) else None
    if _text(around.named_children[0], data) != "key":
        return None
    if called.type == "attribute" and not placed and data.endswith(b".sort", called.start_byte, called.end_byte):
        return called.named_children[0]
    return placed[0] if name in _KEYED and len(placed) == 1 and not _is_splat(placed[0]) else None


def _is_splat(node: SyntaxNode) -> bool:
    return node.type.endswith("splat")


def _arguments(listed: SyntaxNode) -> Sequence[SyntaxNode]:
    return [one for one in listed.named_children if not one.is_extra]


def _text(node: SyntaxNode, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def callable_types(head: str) -> tuple[str, ...]:
    """The parameters of a function with the types of those that are callables, as in "key:Callable[[Job],bool]", "?"
    for others that have a place, without `self`; those that are given by name only follow a star. Empty if none is one.

    Args:
        head: what follows the function's name.
    """
    start = head.find("(")
    end = closing(_COMMENT.sub("", head), start) if start >= 0 else -1
    if end < 0:
        return ()
    types: list[str] = []
    for part in split_outside(_COMMENT.sub("", head)[start + 1 : end - 1], ","):
        name, _, kind = part.strip().partition(":")
        if name.startswith("*"):
            if _NAMES_ONLY not in types and not name.startswith("**"):
                types.append(_NAMES_ONLY)
            continue
        if not name or name == "/" or (not types and name in ("self", "cls")):
            continue
        made = "".join(split_outside(kind, "=")[0].split()).strip("\"'")
        if _CALLABLE.search(made) and len(made) < EXPRESSION_CHARS:
            types.append(f"{name.strip()}:{made}")
        elif _NAMES_ONLY not in types:
            types.append(UNKNOWN)
    return tuple(types) if any(":" in one for one in types) else ()


def callable_under(types: Sequence[str], label: str) -> str:
    """The type of a parameter by its name or place, as `callable_types` has them; "" if it is not known."""
    if label.removesuffix(_AT_A_PLACE).isdigit():
        number = int(label.removesuffix(_AT_A_PLACE))
        placed = list(types[: types.index(_NAMES_ONLY)] if _NAMES_ONLY in types else types)
        return placed[number].partition(":")[2] if number < len(placed) else ""
    return next((one.partition(":")[2] for one in types if one.partition(":")[0] == label), "")
