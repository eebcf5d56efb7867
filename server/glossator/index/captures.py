"""What the queries capture in a tree, and how the captures of several views of a file become one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glossator.index.nesting import FUNCTIONS, TYPES, Definition
from glossator.index.syntax_damage import range_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.conditionals import Reading
    from glossator.index.unnamed_functions import Handed


BESIDE: Final = FUNCTIONS | TYPES
"""Kinds that stay entries of their own where a branch holds them beside the beginning of something else."""
_ENDIF: Final = re.compile(rb"(?:[\s;]|#[ \t]*endif\b[^\n]*)+")


@dataclass(slots=True)
class Captures:
    """What a query captures in a tree; bytes are offsets into the file.

    `messages` are those of `references` that Objective-C sends, at the first part of the selector. `found` is keyed
    by the first byte of the name, or -1 less that of the node where there is no name; `ranks` has the number of the
    pattern that each definition's kind is from; `wrappers` has starts by ends; `bindings`, `mentions`,
    `arguments` and `handed` are as in `mentions.facts_of`.
    """

    found: dict[int, Definition] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    references: list[tuple[int, str]] = field(default_factory=list)
    messages: list[tuple[int, str]] = field(default_factory=list)
    leading: list[tuple[int, int]] = field(default_factory=list)
    docs: dict[int, int] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    ignored: list[tuple[int, int]] = field(default_factory=list)
    wrappers: dict[int, int] = field(default_factory=dict)
    bindings: list[dict[str, list[tuple[int, int]]]] = field(default_factory=list)
    mentions: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    arguments: dict[int, int] = field(default_factory=dict)
    handed: list[Handed] = field(default_factory=list)


def merge(captures: Captures, other: Captures, before: Sequence[Reading], text: bytes) -> None:
    """Add what another view shows of the branches that those before it hide.

    A definition that begins in such a branch and ends beyond it is a second beginning of what the first view knows:
    of the same name, it makes that begin earlier; else it is an entry of its own that ends with its branch.

    Args:
        before: the readings of conditionals in the views before it.
        text: what the grammar read in this one.
    """
    groups = before[0].groups

    def hidden(offset: int) -> tuple[int, int] | None:
        ranges = [range_of(reading.hidden, offset) for reading in before]
        return ranges[0] if all(ranges) else None

    for start, name in other.references:
        if hidden(start):
            captures.references.append((start, name))
    captures.messages.extend(item for item in other.messages if hidden(item[0]))
    captures.leading.extend(item for item in other.leading if hidden(item[0]))
    captures.docs.update(item for item in other.docs.items() if hidden(item[0]))
    captures.ignored.extend(item for item in other.ignored if hidden(item[0]))
    captures.imports.update(other.imports)
    for role, spans in other.mentions.items():
        captures.mentions.setdefault(role, []).extend(span for span in spans if hidden(span[0]))
    captures.arguments.update(item for item in other.arguments.items() if hidden(item[0]))
    captures.handed.extend(item for item in other.handed if hidden(item.name[0]))
    captures.bindings.extend(
        match for match in other.bindings if any(hidden(span[0]) for spans in match.values() for span in spans)
    )
    spanning: dict[int, list[Definition]] = {}
    for item in captures.found.values():
        group = range_of(groups, max(item.name_at, item.start))
        if group is not None and item.end > group[1]:
            spanning.setdefault(group[0], []).append(item)
    for key, item in other.found.items():
        at = max(item.name_at, item.start)
        branch = hidden(at)
        if branch is None:
            known = captures.found.get(key)
            group = range_of(groups, item.end - 1)
            if known is not None and group is not None and group == range_of(groups, known.end - 1):
                # It ends in several branches.
                known.end = max(known.end, item.end)
            continue
        group = range_of(groups, at)
        around = spanning.get(group[0], ()) if group is not None else ()
        if group is not None and not (branch[0] <= item.start and item.end <= branch[1]):
            twin = next((known for known in around if known.name == item.name), None)
            if twin is not None:
                if item.start < twin.start:
                    twin.start, twin.name_at, twin.body = item.start, item.name_at, item.body
                continue
            if not item.name:
                continue
            item.start, item.end = max(item.start, branch[0]), min(item.end, branch[1])
            item.end = item.start + len(text[item.start : item.end].rstrip())
            if not item.start <= item.body < item.end:
                item.body = -1
            item.shared = group[0]
        elif item.kind in BESIDE and any(known.start < item.start for known in around):
            # It stands in the text of another one, beside which it belongs.
            item.shared = group[0] if group else -1
        captures.found[key] = item
        captures.ranks[key] = other.ranks[key]


def close_groups(definitions: list[Definition], groups: Sequence[tuple[int, int]], data: bytes) -> None:
    """Let what begins before a conditional and is the last thing to end in it reach to its `#endif`."""
    for item in definitions:
        group = range_of(groups, item.end - 1)
        if group is not None and item.start < group[0] and _ENDIF.fullmatch(data, item.end, group[1]):
            item.end = group[1]
