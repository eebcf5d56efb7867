"""In which order members are looked for in a class and its supertypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.values import Hierarchy

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key, Value, Values

MAX_CLASSES: Final = 100
"""Classes of a hierarchy that are looked at."""


def merged(world: World, key: Key, bases: Values) -> Hierarchy:
    """The hierarchy of a class from its direct supertypes."""
    sequences: list[list[Key]] = []
    externals: list[Value] = []
    is_open = False
    for base in bases:
        if base.kind == "class":
            above = world.ancestors(base.key)
            sequences.append([one for one in above.classes if one != key])
            externals.extend(above.externals)
            is_open = is_open or above.open
        elif base.kind == "external":
            externals.append(base)
        else:
            is_open = True
    sequences.append([base.key for base in bases if base.kind == "class" and base.key != key])
    return Hierarchy(tuple(_linearised(key, sequences)), tuple(dict.fromkeys(externals)), is_open)


def _linearised(key: Key, sequences: list[list[Key]]) -> list[Key]:
    """A class and those above it in the order of C3, or where that fails, depth first.

    Args:
        sequences: the orders of its supertypes, and that of the supertypes themselves.
    """
    order = [key]
    sequences = [sequence for sequence in sequences if sequence]
    while sequences and len(order) < MAX_CLASSES:
        head = next(
            (one[0] for one in sequences if not any(one[0] in other[1:] for other in sequences)), sequences[0][0]
        )
        order.append(head)
        sequences = [rest for one in sequences if (rest := [item for item in one if item != head])]
    return order
