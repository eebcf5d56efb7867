"""Where a tree is damaged, what was not read there, and ranges of bytes that are sorted and disjoint."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.syntax_nodes import SyntaxNode


SMALL_BYTES: Final = 200
"""An error up to this long is an error as a whole; in longer ones, the pieces that fit nowhere are."""
FRAGMENTS: Final = 20_000
"""A syntax error of more pieces than this is not searched, since that takes quadratic time: it is no code."""
MAX_UNREAD: Final = 20_000
"""So many words are taken from what a damaged tree has no names for."""
_WORD: Final = re.compile(rb"\b[A-Za-z_]\w{2,60}\b")
CONTAINERS: Final = frozenset(
    {
        "compilation_unit",
        "declaration_list",
        "linkage_specification",
        "namespace_declaration",
        "namespace_definition",
        "preproc_else",
        "preproc_elif",
        "preproc_if",
        "preproc_ifdef",
        "translation_unit",
    }
)
"""Nodes of C's family that hold definitions: damage in one of these leaves the others."""


def is_rubble(root: SyntaxNode) -> bool:
    """Whether the grammar made nothing of the file but a heap of fragments."""
    if not root.has_error:
        return False
    if root.is_error and root.child_count > FRAGMENTS:
        return True
    return root.child_count < FRAGMENTS and any(
        child.is_error and child.child_count > FRAGMENTS for child in root.children
    )


def errors_of(root: SyntaxNode) -> tuple[int, list[tuple[int, int]]]:
    """How many pieces of a tree fit nowhere, missing ones included, and where they are."""
    cost = 0
    places: list[tuple[int, int]] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing:
            cost += 1
            places.append(node.byte_range)
            continue
        count = node.child_count
        if node.is_error:
            cost += 1 + count
            if node.end_byte - node.start_byte <= SMALL_BYTES:
                places.append(node.byte_range)
            elif count <= FRAGMENTS:
                places.extend(child.byte_range for child in node.children if child.child_count == 0)
        if count <= FRAGMENTS:
            pending.extend(child for child in node.children if child.has_error or child.is_missing)
    return cost, places


def damaged_ranges(root: SyntaxNode) -> list[tuple[int, int]]:
    """Where a tree has errors: sorted, disjoint ranges from the end of what is sound into what is sound again."""
    if root.is_error:
        return [root.byte_range]
    found: list[tuple[int, int]] = []
    pending = [root]
    while pending:
        node = pending.pop()
        end = node.start_byte
        children = node.children
        for index, child in enumerate(children):
            if child.has_error or child.is_missing:
                following = children[index + 1].start_byte + 1 if index + 1 < len(children) else node.end_byte + 1
                if child.type in CONTAINERS and not child.is_error:
                    found.append((end, child.start_byte))
                    found.append((child.end_byte, following))
                    pending.append(child)
                else:
                    found.append((end, following))
            end = child.end_byte
    return joined_ranges(found)


def unread_words(root: SyntaxNode, data: bytes) -> list[tuple[int, str]]:
    """The words, each with its first byte, that a damaged tree has no names for: in text inside errors that no node
    covers, and in strings of several lines there, which may be code between two quotes that do not belong together."""
    return [
        (match.start(), match[0].decode())
        for start, end in _unread_ranges(root, data)
        for match in _WORD.finditer(data, start, end)
    ][:MAX_UNREAD]


def _unread_ranges(root: SyntaxNode, data: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    pending = [root] if root.has_error else []
    while pending:
        node = pending.pop()
        if node.child_count > FRAGMENTS:
            continue
        children = node.children
        if node.is_error:
            end = node.start_byte
            for child in children:
                found.append((end, child.start_byte))
                if "string" in child.type and b"\n" in data[child.start_byte : child.end_byte]:
                    found.append(child.byte_range)
                end = max(end, child.end_byte)
            found.append((end, node.end_byte))
        pending.extend(child for child in children if child.has_error)
    return joined_ranges([(start, end) for start, end in found if start < end])


def pieces_around(root: SyntaxNode, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The smallest definitions and statements outside functions and types that hold some sorted, disjoint ranges."""
    found: list[tuple[int, int]] = list(ranges)
    pending = [(root, ranges)]
    while pending:
        node, inside = pending.pop()
        for child in node.children:
            start, end = child.byte_range
            touched = overlapping(inside, start, end)
            if not touched:
                continue
            if child.type in CONTAINERS and start <= touched[0][0] and touched[-1][1] <= end:
                pending.append((child, touched))
            else:
                found.append((start, end))
    return joined_ranges(found)


def joined_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges sorted, those that overlap or touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def overlapping(ranges: Sequence[tuple[int, int]], start: int, end: int) -> Sequence[tuple[int, int]]:
    """Those of some sorted, disjoint ranges that overlap another one."""
    first = max(0, bisect_right(ranges, (start, 1 << 62)) - 1)
    if first < len(ranges) and ranges[first][1] <= start:
        first += 1
    return ranges[first : bisect_right(ranges, (end - 1, 1 << 62))]


def range_of(ranges: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    """The one of some sorted, disjoint ranges that holds a byte."""
    index = bisect_right(ranges, (offset, 1 << 62)) - 1
    return ranges[index] if index >= 0 and offset < ranges[index][1] else None
