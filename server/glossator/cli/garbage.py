"""How often Python looks for garbage in cycles: rarely in commands that end soon, as usual in all others.

What such a command imports and loads is not garbage. With Python's usual threshold of 700 new objects, looking for
some takes a tenth of the time of a first search.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
COLLECTION_OBJECTS = 100_000
"""New objects after which a short command looks for garbage: some 10 MB."""
SHORT_COMMANDS = frozenset(("search", "uses", "explain", "history", "status"))


def collect_rarely() -> None:
    """Until `collect_as_usual` is called."""
    gc.set_threshold(COLLECTION_OBJECTS, *_USUAL[1:])


def collect_as_usual() -> None:
    """As Python does by default."""
    gc.set_threshold(*_USUAL)
