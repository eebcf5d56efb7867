"""In which order members are looked for in a class and its supertypes."""

from __future__ import annotations

from collections import Counter, deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION, last_part
from glossator.retrieval.resolution.values import NOTHING_KNOWN, Hierarchy, Spot, Value

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key, Values

MAX_CLASSES: Final = 100
"""Classes of a hierarchy that are looked at."""


def direct_supertypes(world: World, key: Key) -> Values:
    """What a class names as its supertypes, or has without naming them: classes, external values, unknown."""
    view = world.view(key[0])
    if view is None:
        return NOTHING_KNOWN
    symbol, rules = view.symbol(key[1]), world.rules(key[0])
    written = [(base, Spot(key[0], symbol.parent)) for base in symbol.bases]
    for index in view.outside_members(last_part(symbol.name)):
        beside = view.symbol(index)
        if beside.flags & EXTENSION:
            written += [(base, Spot(key[0], beside.parent)) for base in beside.bases]
    found: dict[Value, None] = {}
    for base, place in written:
        found.update(dict.fromkeys(rules.base_value(world, base, place)))
    found.update(dict.fromkeys(rules.more_bases(world, key)))
    found.pop(Value("class", *key), None)
    return tuple(found)


def merged(world: World, key: Key) -> Hierarchy:
    """The hierarchy of a class, from those of its direct supertypes."""
    direct = direct_supertypes(world, key)
    sequences: list[list[Key]] = []
    externals: list[Value] = []
    is_open = False
    for base in direct:
        if base.kind == "class":
            above = world.ancestors(base.key)
            sequences.append([one for one in above.classes if one != key])
            externals.extend(above.externals)
            is_open = is_open or above.open
        elif base.kind == "external":
            externals.append(base)
        else:
            is_open = True
    sequences.append([base.key for base in direct if base.kind == "class" and base.key != key])
    return Hierarchy(tuple(_linearised(key, sequences)), tuple(dict.fromkeys(externals)), is_open)


def _linearised(key: Key, sequences: list[list[Key]]) -> list[Key]:
    """A class and those above it in the order of C3, or where that fails, depth first.

    Args:
        sequences: the orders of its supertypes, and that of the supertypes themselves.
    """
    order = [key]
    taken: set[Key] = set()
    left = [deque(sequence) for sequence in sequences if sequence]
    # How many of the orders have a class behind their first one.
    behind = Counter(item for one in left for item in islice(one, 1, None))
    while left and len(order) < MAX_CLASSES:
        head = next((one[0] for one in left if not behind[one[0]]), left[0][0])
        order.append(head)
        taken.add(head)
        behind[head] = 0
        for one in left:
            if one[0] != head:
                continue
            while one and one[0] in taken:
                one.popleft()
            if one:
                behind[one[0]] -= 1
        left = [one for one in left if one]
    return order
