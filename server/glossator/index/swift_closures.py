"""Swift's closures: where they stand, which tells what `$0` and their parameters are; and which functions take some."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import closing, split_outside
from glossator.index.facts import EXPRESSION_CHARS
from glossator.index.unnamed_functions import Handed, HandedPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.syntax_nodes import SyntaxNode

TRAILING: Final = "*"
"""In place of a label: a closure after the parentheses of a call."""
UNLABELLED: Final = "_"
MAY_TAKE_LABELLED: Final = re.compile(rb"\([^{]*:[^{]*->")
_ATTRIBUTE: Final = re.compile(r"@\w+(?:\([^()]*\))?\s*|\b(?:any|inout|some)\s+|//[^\n]*")
_PARAMETER: Final = re.compile(r"\s*(\w+|`\w+`)(?:\s+(?:\w+|`\w+`))?\s*:(?!:)\s*")
_LABEL: Final = re.compile(r"(?:\w+\s+)?\w+\s*:\s*")
_GENERIC: Final = re.compile(r"\w+")
_NAME: Final = re.compile(r"(?<![\w.])[A-Z]\w*")


def closure_places(function: SyntaxNode, data: bytes) -> Iterator[Handed]:
    """A closure and its parameters without a type, with what leads to what they are."""
    place = _place(function, data)
    kind = function.child_by_field_name("type")
    start = function.start_byte
    if kind is None:
        origin, source, steps = place or HandedPlace("value", (0, 0))
        yield Handed(function.byte_range, start, origin, source, steps, whole=True)
    else:
        yield Handed(function.byte_range, start, "value", (0, 0), "", whole=True, named=True)
    if kind is None or place is None or not kind.named_child_count:
        return
    for number, parameter in enumerate(kind.named_children[0].named_children):
        if parameter.type == "lambda_parameter" and parameter.named_child_count == 1:
            yield place.inside(f"(:{number})").bind(parameter.named_children[0], start)


def _place(value: SyntaxNode, data: bytes) -> HandedPlace | None:
    """What leads to the type that a closure is to have; None if nothing does."""
    around = value.parent
    kind = around.type if around is not None else ""
    if around is None:
        return None
    if kind in ("call_suffix", "constructor_suffix"):
        return _trailing(value, around, data)
    if kind == "value_argument":
        listed = around.parent
        suffix = listed.parent if listed is not None else None
        name = around.child_by_field_name("name")
        label = name.named_children[0] if name is not None and name.named_child_count else None
        return _called(suffix, label, data) if suffix is not None else None
    if kind == "property_declaration":
        written = next((one for one in around.named_children if one.type == "type_annotation"), None)
        return HandedPlace("type", written.byte_range) if written is not None else None
    if kind == "assignment":
        target = around.child_by_field_name("target")
        return HandedPlace("value", target.byte_range) if target is not None else None
    return HandedPlace("result", (0, 0)) if kind == "control_transfer_statement" else None


def _trailing(value: SyntaxNode, suffix: SyntaxNode, data: bytes) -> HandedPlace | None:
    """The place of a closure after the parentheses of a call; before those after the first one the label stands."""
    before = [one for one in suffix.named_children if one.end_byte <= value.start_byte]
    labelled = bool(before) and before[-1].type == "simple_identifier"
    return _called(suffix, before[-1] if labelled else None, data, TRAILING)


def _called(suffix: SyntaxNode, label: SyntaxNode | None, data: bytes, without: str = UNLABELLED) -> HandedPlace | None:
    """The place of what a call is given under a label.

    Args:
        without: what stands for the label if it has none.
    """
    call = suffix.parent
    if call is None or call.type not in ("call_expression", "constructor_expression"):
        return None
    called = call.named_children[0]
    if called.type == "user_type":  # `Pool<Job>(run: { ... })`
        called = called.named_children[0]
    name = data[label.start_byte : label.end_byte].decode("utf-8", "replace") if label is not None else without
    return HandedPlace("value", called.byte_range, f"(1:{name})")


def closure_labels(head: str) -> tuple[str, ...]:
    """The parameters of a function that are functions, each with its label, as in "run:(Job)->?"; empty if none is.

    Args:
        head: what follows the function's name.
    """
    start = head.find("(")
    end = closing(head, start) if start >= 0 else -1
    if end < 0 or "->" not in head[start:end]:
        return ()
    hidden = set(_GENERIC.findall(head[:start]))
    found: list[str] = []
    for part in split_outside(_ATTRIBUTE.sub("", head[start + 1 : end - 1]), ","):
        named = _PARAMETER.match(part)
        made = _function(part[named.end() :], hidden) if named is not None and "->" in part else ""
        if named is not None and made:
            found.append(f"{named[1]}:{made}")
    return tuple(found)


def _function(kind: str, hidden: set[str]) -> str:
    """A type of functions without its result and labels; "" for any other."""
    text = split_outside(kind, "=")[0].strip()
    while text.startswith("(") and closing(text, 0) in (len(text), len(text.rstrip("?!"))):
        text = text.rstrip("?!")[1:-1].strip()
    end = closing(text, 0) if text.startswith("(") else -1
    if end < 0 or "->" not in text[end:]:
        return ""
    taken = ("".join(_LABEL.sub("", part.strip(), count=1).split()) for part in split_outside(text[1 : end - 1], ","))
    made = ",".join("?" if hidden.intersection(_NAME.findall(one)) else one for one in taken)
    return f"({made})->?" if len(made) < EXPRESSION_CHARS else ""
