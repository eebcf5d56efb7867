"""The nodes of a syntax tree as the modules beside `parsing` see them, none of which imports tree-sitter."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, Protocol

from glossator.index.conditionals import has_conditional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DESCEND_BYTES: Final = 1200
"""Nodes smaller than this are not searched for places to cut."""


class SyntaxNode(Protocol):
    """A node; bytes are offsets into the text that the grammar read."""

    @property
    def type(self) -> str:
        """Its kind in the grammar."""

    @property
    def start_byte(self) -> int:
        """Its first byte."""

    @property
    def end_byte(self) -> int:
        """One past its last byte."""

    @property
    def byte_range(self) -> tuple[int, int]:
        """Both."""

    @property
    def parent(self) -> SyntaxNode | None:
        """What it is a child of."""

    @property
    def children(self) -> Sequence[SyntaxNode]:
        """All its children, in order."""

    @property
    def named_children(self) -> Sequence[SyntaxNode]:
        """Those that are more than a sign or a keyword."""

    @property
    def child_count(self) -> int:
        """How many children it has."""

    @property
    def named_child_count(self) -> int:
        """How many of them are named."""

    @property
    def has_error(self) -> bool:
        """Whether it is or contains an error."""

    @property
    def is_error(self) -> bool:
        """Whether it is one: what fits nowhere."""

    @property
    def is_missing(self) -> bool:
        """Whether it stands for something that the text lacks."""

    @property
    def is_extra(self) -> bool:
        """Whether it may stand anywhere, like a comment."""

    def child_by_field_name(self, name: str, /) -> SyntaxNode | None:
        """Its first child in a field."""

    def children_by_field_name(self, name: str, /) -> Sequence[SyntaxNode]:
        """All of them."""


def borders_in(root: SyntaxNode) -> Callable[[object, list[tuple[int, int]]], list[int]]:
    """The function by which the chunker asks where statements start."""

    def borders(node: object, ranges: list[tuple[int, int]]) -> list[int]:
        found: list[int] = []
        ends = [end for _, end in ranges]
        pending: list[SyntaxNode] = [root if node is None else node]  # type: ignore[list-item]
        while pending:
            for child in pending.pop().named_children:
                start, end = child.byte_range
                index = bisect_right(ends, start)
                if index == len(ends):
                    break
                if ranges[index][0] >= end:
                    continue
                if start >= ranges[index][0]:
                    found.append(start)
                if end - start > DESCEND_BYTES:
                    pending.append(child)
        found.sort()
        return found

    return borders


def argument_count(arguments: SyntaxNode, data: bytes) -> int:
    """The number of arguments in a list, in which comments may stand; -1 if one of them is any number (C++, Kotlin), or
    only handed over in some builds (`#if`)."""
    if arguments.type == "call_suffix":
        return _kotlin_argument_count(arguments, data)
    start, end = arguments.byte_range
    count = arguments.named_child_count
    if count and data.find(b"#", start, end) >= 0 and has_conditional(data[start:end]):
        return -1
    expands = count and data.find(b"...", start, end) >= 0
    if expands and any(one.type == "parameter_pack_expansion" for one in arguments.named_children):
        return -1
    if count and data.find(b"/", start, end) >= 0:
        return sum(not one.is_extra for one in arguments.named_children)
    return count


def _kotlin_argument_count(suffix: SyntaxNode, data: bytes) -> int:
    """The number of arguments behind a name: those in parentheses, and a lambda behind them."""
    count = 0
    for part in suffix.named_children:
        if part.type == "value_arguments":
            listed = [one for one in part.named_children if one.type == "value_argument"]
            if any(data[one.start_byte : one.start_byte + 1] == b"*" for one in listed):
                return -1
            count += len(listed)
        elif part.type == "annotated_lambda":
            count += 1
    return count
