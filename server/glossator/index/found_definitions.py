"""What the queries for definitions have found: definitions, each from all patterns that match it, and references."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from glossator.index.nesting import Definition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.index.entries import EntryKind
    from glossator.index.syntax_nodes import SyntaxNode
    from glossator.index.texts import SourceText


NAME_CHARS: Final = 200
REFERENCE_BYTES: Final = 80
"""Longer "names" are expressions that a broken tree takes for one."""
CLAUSED: Final = frozenset({"function", "method", "constant", "macro"})
"""Kinds that may be defined in several clauses."""
DOTTED: Final = frozenset({"module", "namespace", "package", "protocol"})
"""Kinds whose name may be written with what it lies in (`defmodule Shop.Accounts`)."""
_QUALIFIED: Final = re.compile(r"^(.*)::\s*(~?\w[^:]*|operator.*)$")
_INLINE: Final = re.compile(r"\binline\s+")
_BEFORE_SCOPE: Final = re.compile(rb"(?:[A-Z_][A-Z0-9_]*\s+)+(?=\w)")
"""Macros between a function's type and its name, of which the grammar makes them a part: `void INLINE Gate::open()`."""
_INITIALIZING: Final = re.compile(rb"\)\s*(?:(?:const|noexcept)\s*)?:(?!:)(?:[^;{}]*,)?\s*\Z")
"""What stands before the name of a field that a constructor of C++ initializes: `: first(a), second(b) {`. After a
macro the grammar takes some for functions."""
_MOST_INITIALIZING: Final = 2_000
_OF_CONSTRUCTORS: Final = frozenset({"declaration", "field_declaration", "function_definition"})
_QUOTES: Final = ('"', "'", "`")


def add_definition(
    found: dict[int, Definition],
    ranks: dict[int, int],
    pattern: int,
    kind: EntryKind,
    node: SyntaxNode,
    captures: Mapping[str, Sequence[SyntaxNode]],
    data: bytes,
) -> None:
    """Note a definition, or merge it with what another pattern captured of it."""
    start, end = node.byte_range
    names = captures.get("name")
    scopes = captures.get("scope") or captures.get("receiver")
    bodies = captures.get("body")
    body_node = bodies[0] if bodies else node.child_by_field_name("body")
    body = -1
    if body_node is not None:
        # Some grammars (Dart's) have the body beside the definition's node.
        body, end = body_node.start_byte, max(end, body_node.end_byte)
    if data[end - 1 : end].isspace():
        # Preprocessor lines count their line end, indented blocks (Scala's) what follows up to the next line's text.
        end = start + len(data[start:end].rstrip())
    name_at, name_end = names[0].byte_range if names else (start, start)
    if names and node.type in _OF_CONSTRUCTORS and data[max(0, name_at - 80) : name_at].rstrip()[-1:] in (b",", b":"):
        if _INITIALIZING.search(data, max(0, name_at - _MOST_INITIALIZING), name_at):
            return
    elif names and b"::" in data[name_at:name_end] and (before := _BEFORE_SCOPE.match(data, name_at, name_end)):
        name_at = before.end()
    key = name_at if names else -1 - start
    known = found.get(key)
    if known is None:
        name = data[name_at:name_end].decode("utf-8", "replace")
        if not name.isidentifier():
            name = " ".join(name.split())
            if name[:1] in _QUOTES or name[:2] == '@"':
                name = name.strip("@\"'`")
            if kind == "test":
                # ScalaTest's `"A stack" should "be empty" in`
                name = name.replace('"', "")
            name = name[:NAME_CHARS]
            if names and names[0].type in ("simple_symbol", "atom"):
                name = name.lstrip(":")
        if "selector" in captures:
            name = _selector_defined(node, data)[:NAME_CHARS] or name
        scope = data[scopes[0].start_byte : scopes[0].end_byte].decode("utf-8", "replace") if scopes else ""
        if kind == "namespace" and "inline" in name:
            name = _INLINE.sub("", name)  # `namespace a::inline v1` is a::v1 to whoever uses it
        if "::" in name and (parts := _QUALIFIED.match(name)):
            scope, name = (f"{scope}::{parts[1]}" if scope else parts[1]), parts[2]
        if kind in DOTTED and "." in name and not scope and all(map(str.isidentifier, name.split("."))):
            scope, _, name = name.rpartition(".")
        doc = captures.get("doc")
        found[key] = Definition(
            kind, name, scope, start, end, name_at if names else -1, body, doc[0].byte_range if doc else None, node
        )
        found[key].stub = "stub" in captures
        ranks[key] = pattern
        return
    known.stub = known.stub or "stub" in captures
    if start < known.start or end > known.end:
        known.start, known.end, known.node = min(start, known.start), max(end, known.end), node
    if known.body < 0:
        known.body = body
    if scopes and not known.scope:
        known.scope = data[scopes[0].start_byte : scopes[0].end_byte].decode("utf-8", "replace")
    if known.doc is None and "doc" in captures:
        known.doc = captures["doc"][0].byte_range
    if pattern > ranks[key]:
        known.kind = kind
        ranks[key] = pattern


def _selector_defined(node: SyntaxNode, data: bytes) -> str:
    """What an Objective-C method of several arguments is called, "" for others: their names are one word."""
    parts: list[bytes] = []
    part = b""
    for child in node.named_children:
        if child.type == "identifier":
            part = data[child.start_byte : child.end_byte]
        elif child.type == "method_parameter":
            parts.append(part)
            part = b""
    return b"".join(part + b":" for part in parts).decode("utf-8", "replace") if len(parts) > 1 else ""


def selector_used(node: SyntaxNode, data: bytes) -> str:
    """The method that an Objective-C message or `@selector` names, as `_selector_defined` gives it."""
    if node.type == "selector_expression":
        text = data[node.start_byte : node.end_byte].partition(b"(")[2].rpartition(b")")[0]
        name = b"".join(text.split())
        if name.count(b":") == 1:
            name = name.rstrip(b":")
    else:
        parts = [data[part.start_byte : part.end_byte] for part in node.children_by_field_name("method")]
        name = parts[0] if len(parts) == 1 else b"".join(part + b":" for part in parts)
    return name[:NAME_CHARS].decode("utf-8", "replace")


def reference_name(raw: bytes, node: SyntaxNode, builtins: frozenset[str]) -> str:
    """The name that a reference notes, "" for none."""
    if len(raw) > REFERENCE_BYTES:
        return ""
    name = raw.decode("utf-8", "replace")
    if name[:1] == "`":
        # Kotlin's names of several words are noted as their definitions are.
        name = name.strip("`")
        return "" if name in builtins else name
    # Modules may be named by one node (`Shop.Accounts`); in R, points are part of names.
    if "." in name and node.type != "identifier":
        name = name.rpartition(".")[2]
    if "::" in name:
        name = name.rpartition("::")[2]
    return "" if name in builtins else name


def distinct(found: dict[int, Definition], ignored: list[tuple[int, int]]) -> list[Definition]:
    """The definitions outside ignored nodes, one per range (`int a, b` is one), each with a name or a container."""
    by_range: dict[tuple[int, int], Definition] = {}
    for item in outside_ignored(found, ignored):
        if item.kind == "test":
            by_range[item.start, item.end] = item
        else:
            by_range.setdefault((item.start, item.end), item)
    return list(by_range.values())


def outside_ignored(found: dict[int, Definition], ignored: list[tuple[int, int]]) -> list[Definition]:
    """The definitions outside ignored nodes that have a name or are a container."""
    ignored.sort()
    kept: list[Definition] = []
    for item in found.values():
        if not item.name and item.kind != "block":
            continue
        if ignored:
            index = bisect_right(ignored, (item.start, 1 << 62)) - 1
            if index >= 0 and ignored[index][1] >= item.end:
                continue
        kept.append(item)
    return kept


def joined_clauses(definitions: list[Definition], data: bytes) -> list[Definition]:
    """The definitions, with a function's signature and clauses that follow one another made one."""
    definitions.sort(key=lambda item: (item.start, -item.end))
    kept: list[Definition] = []
    open_: list[Definition] = []
    for item in definitions:
        last = None
        while open_ and open_[-1].end <= item.start:
            last = open_.pop()
        if last is not None and last.name == item.name and last.kind in CLAUSED and item.kind in CLAUSED:
            between = data[last.end : item.start].split(b"\n")
            if all(line.strip().startswith((b"--", b"#", b"{-", b"%")) for line in between if line.strip()):
                last.end = item.end
                last.kind = item.kind
                if last.body < 0:
                    last.body = item.start
                open_.append(last)
                continue
        kept.append(item)
        open_.append(item)
    return kept


def add_trailing_docs(definitions: list[Definition], comments: list[tuple[int, int]], source: SourceText) -> None:
    """Give definitions the doc comment on the line below, unless it stands right above another definition."""
    line_at = source.line_at
    starts = {line_at(item.start) for item in definitions}
    docs = {line_at(start): (start, end) for start, end in comments if source.data.startswith(b"(**", start)}
    for item in definitions:
        doc = docs.get(line_at(item.end - 1) + 1)
        if doc is not None and item.end <= doc[0] and line_at(doc[1] - 1) + 1 not in starts:
            item.doc = item.doc or doc
            item.end = doc[1]
            if item.body < 0:
                item.body = doc[0]
