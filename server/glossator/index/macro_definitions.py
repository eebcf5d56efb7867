"""What the macros of C and its family define by their calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.found_definitions import NAME_CHARS
from glossator.index.macros import definition_of, may_begin
from glossator.index.nesting import Definition
from glossator.index.syntax_damage import CONTAINERS, FRAGMENTS

if TYPE_CHECKING:
    from glossator.index.captures import Captures
    from glossator.index.entries import EntryKind
    from glossator.index.syntax_nodes import SyntaxNode

    _Call = tuple[SyntaxNode, SyntaxNode]  # a macro's name, and its arguments with their parentheses

_SEMICOLON: Final = 0x3B
AROUND_TESTS: Final = frozenset(
    {
        "do_statement",
        "else_clause",
        "for_range_loop",
        "for_statement",
        "if_statement",
        "try_statement",
        "while_statement",
    }
)
"""What a test inside a test may stand in."""
_PARAMETERS: Final = re.compile(rb"\s*\(")
_ONE_NAME: Final = re.compile(rb"\(\s*([A-Za-z_]\w*)\s*\)")


def add_by_macros(captured: Captures, root: SyntaxNode, data: bytes) -> None:
    """Note what macros define by their calls.

    Queries could tell, but for each node of the tree they would compare what may stand right below a few of them.
    """
    pending = [(root, True)]
    while pending:
        container, outside = pending.pop()
        before: tuple[SyntaxNode, _Call] | None = None
        """The statement before, if it is a call that nothing ends."""
        for child in container.named_children:
            kind = child.type
            if kind == "comment":
                continue
            called, before = before, None
            block: SyntaxNode | None = None
            if kind == "compound_statement":
                block = child
                if not outside:
                    pending.append((child, False))
            elif kind == "expression_statement":
                call = _called(child)
                if call is not None and data[child.end_byte - 1] != _SEMICOLON:
                    before = child, call
                elif call is not None and outside:
                    _add_by_macro(captured, child, call, None, outside, data)
            elif kind == "function_definition":
                call = _declared(child)
                block = child.child_by_field_name("body")
                called = (child, call) if call is not None else None
            elif kind == "declaration" and outside:
                call = _declared(child)
                if call is not None:
                    _add_by_macro(captured, child, call, None, outside, data)
            elif kind in CONTAINERS or (child.is_error and child.child_count <= FRAGMENTS):
                pending.append((child, outside))
            elif not outside and kind in AROUND_TESTS:
                pending.append((child, False))
            if called is not None and block is not None and block.type == "compound_statement":
                statement, call = called
                added = _add_by_macro(captured, statement, call, block, outside, data)
                if outside and added == "test" and b'"' in data[call[1].start_byte : call[1].end_byte]:
                    pending.append((block, False))


def _called(statement: SyntaxNode) -> _Call | None:
    """The call that a statement is; of `a(b)(c)` and `a(b)->c(d)`, that of `a`."""
    call = statement.named_children[0] if statement.named_child_count else None
    function: SyntaxNode | None = None
    while call is not None and call.type == "call_expression":
        function = call.child_by_field_name("function")
        if function is None or function.type == "identifier":
            break
        call = function.child_by_field_name("argument") if function.type == "field_expression" else function
    arguments = call.child_by_field_name("arguments") if call is not None else None
    return (function, arguments) if function is not None and arguments is not None else None


def _declared(node: SyntaxNode) -> _Call | None:
    """The call of a macro that reads like a declaration: `TEST(Cart, Adds) {`, `static DEFINE_MUTEX(lock);`."""
    declarator = node.child_by_field_name("declarator")
    kind = node.child_by_field_name("type")
    if declarator is None:
        return None
    if declarator.type == "parenthesized_declarator":
        return (kind, declarator) if kind is not None and kind.type == "type_identifier" else None
    if kind is not None or declarator.type != "function_declarator":
        return None
    inner = declarator.child_by_field_name("declarator")
    if inner is not None and inner.type == "function_declarator":
        declarator, inner = inner, inner.child_by_field_name("declarator")
    arguments = declarator.child_by_field_name("parameters")
    return (inner, arguments) if inner is not None and inner.type == "identifier" and arguments is not None else None


def _add_by_macro(
    captured: Captures,
    node: SyntaxNode,
    call: _Call,
    body: SyntaxNode | None,
    outside: bool,
    data: bytes,
) -> EntryKind | None:
    """Note what a macro defines, if it does; the kind of that."""
    macro, arguments = call
    if not may_begin(data, macro.start_byte):
        return None
    name_of_macro = data[macro.start_byte : macro.end_byte].decode("utf-8", "replace")
    found = definition_of(
        name_of_macro,
        data[arguments.start_byte : arguments.end_byte],
        body=body is not None,
        outside=outside,
        called=_PARAMETERS.match(data, arguments.end_byte) is not None,
    )
    at = macro.start_byte
    kind: EntryKind
    if found is not None:
        kind, name, offset = found
        at = arguments.start_byte + offset
        captured.found.pop(macro.start_byte, None)
    elif body is not None and outside and node.type != "function_definition" and not name_of_macro.isupper():
        # C before prototypes: no type, and the parameters' types, if any, stand behind them.
        kind, name = "function", name_of_macro
    else:
        named = _ONE_NAME.fullmatch(data, arguments.start_byte, arguments.end_byte)
        if named is not None and body is None:
            # `BENCHMARK(sort_all);`, `EXPORT_SYMBOL(parse);`
            captured.references.append((named.start(1), named[1].decode()))
        return None
    known = captured.found.get(at)
    if known is not None and known.body >= 0:
        return kind
    end = node.end_byte if body is None else body.end_byte
    scope, _, name = name.rpartition("::") if kind != "test" else ("", "", name)
    made = Definition(
        kind, name[:NAME_CHARS], scope, node.start_byte, end, at, -1 if body is None else body.start_byte, None, node
    )
    made.stub = kind == "variable" and "DECL" in name_of_macro
    captured.found[at] = made
    captured.ranks[at] = 0
    return kind
