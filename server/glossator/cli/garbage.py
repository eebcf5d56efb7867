"""How often Python looks for garbage in cycles: rarely in commands that end soon, less often than usual in servers.

What a short command imports and loads is not garbage. With Python's usual threshold of 700 new objects, looking for
some takes a tenth of the time of a first search. A server that keeps what names mean in a large project has so many
objects that looking through all of them stops it for half a second. Its questions leave no cycles behind
(`tests/unit/test_garbage.py`), so it does this when it is idle (`project.idle_memory`); in between it looks at young
objects alone.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
COLLECTION_OBJECTS = 100_000
"""New objects after which a short command looks for garbage: some 10 MB."""
SERVER_THRESHOLDS = 5_000, 4, 1_000
"""The same for a server, and after how many such looks it goes through older objects, and after how many of these
through all. Questions about common names take a tenth less time than with Python's 700 and 10. With 20,000 objects and
10 such looks the longest pause was 0.2 s, with these 0.06 s, and the sum of them the same."""
SHORT_COMMANDS = frozenset(("search", "uses", "explain", "history", "status"))
SERVERS = frozenset(("serve", "mcp"))


def collect_rarely() -> None:
    """Until `collect_for` is called."""
    gc.set_threshold(COLLECTION_OBJECTS, *_USUAL[1:])


def collect_for(command: str) -> None:
    """As it suits a command."""
    if command in SERVERS:
        gc.set_threshold(*SERVER_THRESHOLDS)
    elif command not in SHORT_COMMANDS:
        gc.set_threshold(*_USUAL)
