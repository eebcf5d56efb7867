"""Functions without a name, and where they stand: that tells what their parameters are.

`app.get("/", (c) => ...)` hands a function over, so that `c` is what the second argument of `app.get` is called with.
Each parameter without a type of its own gets an expression (see `facts`): what the function is handed to, and the steps
from there. Whether that leads anywhere is found out when a question is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.nested_spans import Range
    from glossator.index.syntax_nodes import SyntaxNode

Origin = Literal["value", "type", "result"]


class Handed(NamedTuple):
    """A parameter of a function without a name, or what a pattern in its place takes out of it.

    Attributes:
        name: where the name stands that is bound.
        function: first byte of the function.
        origin: what `source` is: a value; a type; or nothing, where the function is a result of the one around it.
        source: what the function is handed to, or what its type is written as.
        steps: what leads from there to the parameter.
        picked: where the name of the member stands that a pattern takes out; None for a whole parameter.
        whole: whether this is the function itself, whose parameter or receiver need no name (Kotlin): `name` is all of
            it, and `source` is empty where nothing tells what it is handed to.
        named: whether a whole function names its parameters.
    """

    name: Range
    function: int
    origin: Origin
    source: Range
    steps: str
    picked: Range | None = None
    whole: bool = False
    named: bool = False


class HandedPlace(NamedTuple):
    """Where a value stands: what leads to the type that it is to have."""

    origin: Origin
    source: Range
    steps: str = ""

    def inside(self, step: str) -> HandedPlace:
        """What a step leads to from there."""
        return self._replace(steps=self.steps + step)

    def bind(self, name: SyntaxNode, function: int, picked: SyntaxNode | None = None) -> Handed:
        """A parameter that is what the place leads to; the arguments as in `Handed`."""
        span = picked.byte_range if picked is not None else None
        return Handed(name.byte_range, function, self.origin, self.source, self.steps, span)


_MOST_AROUND: Final = 6
"""So many objects, lists and parentheses may stand around a function."""
_NAMES: Final = frozenset(("identifier", "implicit_parameter", "shorthand_property_identifier_pattern"))
_AROUND: Final = frozenset(
    (
        "conditional_expression",
        "jsx_expression",
        "parenthesized_expression",
        "reference_expression",
        "ternary_expression",
    )
)
"""What has the type that the value in it is to have."""
_BOXING: Final = (b"Box::new", b"Rc::new", b"Arc::new")
_CAST: Final = frozenset(("as_expression", "satisfies_expression"))


def handed_parameters(function: SyntaxNode, data: bytes) -> Iterator[Handed]:
    """The parameters of a function without a name in a file, if its place tells what they are."""
    listed = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if listed is None or not (listed.named_child_count or listed.type in _NAMES):
        return
    place = _place(function, data, 0)
    if place is not None and listed.type == "closure_parameters":
        yield from _closure_parameters(listed, function.start_byte, place)
    elif place is not None:
        yield from _parameters(listed, function.start_byte, place, data)


def _place(value: SyntaxNode, data: bytes, depth: int) -> HandedPlace | None:
    """What leads to the type that a value is to have; None if nothing does."""
    around = value.parent
    if around is None or depth > _MOST_AROUND:
        return None
    kind = around.type
    if kind in ("arguments", "argument_list"):
        boxed = around.parent if _is_boxed(around, data) else None
        return _argument(value, around) if boxed is None else _place(boxed, data, depth + 1)
    if kind in _AROUND or (kind == "argument" and around.named_child_count == 1):
        return _place(around, data, depth + 1)
    if kind == "array":
        return _inside(around, data, depth, "[]")
    if kind in ("pair", "object"):
        key = value.child_by_field_name("name") if kind == "object" else around.child_by_field_name("key")
        holder = around if kind == "object" else around.parent
        if key is None or holder is None or key.type != "property_identifier":
            return None
        return _inside(holder, data, depth, f".{_text(key, data)}")
    if kind in ("return_statement", "arrow_function"):
        return HandedPlace("result", (0, 0))
    if kind == "assignment_expression":
        left = around.child_by_field_name("left")
        return (
            HandedPlace("value", left.byte_range) if left is not None and left.start_byte < value.start_byte else None
        )
    if kind == "jsx_attribute":
        return _attribute(around, data)
    if kind == "field_initializer":
        return _field(around, data)
    written = around.named_children[-1] if kind in _CAST else around.child_by_field_name("type")
    if written is None and kind == "variable_declarator" and around.parent is not None:
        written = around.parent.child_by_field_name("type")
    return HandedPlace("type", written.byte_range) if written is not None else None


def _inside(holder: SyntaxNode, data: bytes, depth: int, step: str) -> HandedPlace | None:
    place = _place(holder, data, depth + 1)
    return place.inside(step) if place is not None else None


def _argument(value: SyntaxNode, given: SyntaxNode) -> HandedPlace | None:
    """The place of an argument of a call."""
    call = given.parent
    called = None
    for role in ("function", "constructor", "name", "type"):
        if call is not None and called is None:
            called = call.child_by_field_name(role)
    if call is None or called is None:
        return None
    if called.type == "generic_type":
        called = called.named_children[0]
    arguments = _without_comments(given)
    starts = [one.start_byte for one in arguments]
    if value.start_byte not in starts or any(one.type == "spread_element" for one in arguments):
        return None  # how many a list of them stands for is not known
    start = call.start_byte if call.type == "method_invocation" else called.start_byte
    return HandedPlace("value", (start, called.end_byte), f"({len(arguments)}:{starts.index(value.start_byte)})")


def _is_boxed(given: SyntaxNode, data: bytes) -> bool:
    """Whether arguments are those of a function that gives its argument back: Rust's `Box::new(...)`."""
    return data.endswith(_BOXING, max(0, given.start_byte - 8), given.start_byte)


def _field(initializer: SyntaxNode, data: bytes) -> HandedPlace | None:
    """The place of what a field of a structure in Rust is given."""
    name = initializer.child_by_field_name("field")
    made = initializer.parent.parent if initializer.parent is not None else None
    kind = made.child_by_field_name("name") if made is not None else None
    return (
        HandedPlace("type", kind.byte_range, f".{_text(name, data)}") if name is not None and kind is not None else None
    )


def _closure_parameters(listed: SyntaxNode, start: int, place: HandedPlace) -> Iterator[Handed]:
    """The parameters without a type of a closure in Rust, some of which may have no name."""
    number = 0
    for part in listed.children:
        bound = part
        if part.type in ("mut_pattern", "ref_pattern", "reference_pattern"):
            bound = part.named_children[-1]
        if part.type == ",":
            number += 1
        elif bound.type == "identifier":
            yield place.inside(f"(:{number})").bind(bound, start)
        elif bound.type == "tuple_pattern":
            yield from _items(bound, start, place.inside(f"(:{number})"))


def _attribute(attribute: SyntaxNode, data: bytes) -> HandedPlace | None:
    """The place of what markup gives a component, which takes its attributes as one argument."""
    name = attribute.named_children[0]
    component = attribute.parent.child_by_field_name("name") if attribute.parent is not None else None
    if component is None or name.type != "property_identifier" or not _text(component, data)[:1].isupper():
        return None
    return HandedPlace("value", component.byte_range, f"(1:0).{_text(name, data)}")


def _parameters(listed: SyntaxNode, start: int, place: HandedPlace, data: bytes) -> Iterator[Handed]:
    parameters = [listed] if listed.type in _NAMES else _without_comments(listed)
    for number, parameter in enumerate(parameters):
        inside = place.inside(f"(:{number})")
        bound: SyntaxNode | None = parameter
        if parameter.type in ("required_parameter", "optional_parameter"):
            if parameter.child_by_field_name("type") or parameter.child_by_field_name("value"):
                continue
            bound = parameter.child_by_field_name("pattern")
        elif parameter.type == "parameter":
            bound = parameter.child_by_field_name("name") if parameter.named_child_count == 1 else None
        if bound is None or bound.type == "this":
            return  # it is no parameter, but counts as one
        if bound.type in _NAMES:
            yield inside.bind(bound, start)
        elif bound.type == "array_pattern":
            yield from _items(bound, start, inside)
        elif bound.type == "object_pattern":
            yield from _members(bound, start, inside, data)


def _items(pattern: SyntaxNode, start: int, place: HandedPlace) -> Iterator[Handed]:
    """The names that a pattern takes out of a tuple."""
    number = 0
    for part in pattern.children:
        if part.type == ",":
            number += 1
        elif part.type == "identifier":
            yield place.inside(f"[{number}]").bind(part, start)


def _members(pattern: SyntaxNode, start: int, place: HandedPlace, data: bytes) -> Iterator[Handed]:
    """The names that a pattern takes out of an object."""
    for part in pattern.named_children:
        key: SyntaxNode | None = part
        name: SyntaxNode | None = part
        if part.type == "object_assignment_pattern":
            key = name = part.child_by_field_name("left")
        elif part.type == "pair_pattern":
            key, name = part.child_by_field_name("key"), part.child_by_field_name("value")
        if key is not None and name is not None and name.type in _NAMES:
            yield place.inside(f".{_text(key, data)}").bind(name, start, key)


def _without_comments(node: SyntaxNode) -> list[SyntaxNode]:
    return [child for child in node.named_children if not child.is_extra]


def _text(node: SyntaxNode, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")
