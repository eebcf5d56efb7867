"""How often Python looks for garbage in cycles: rarely in commands that end soon, less often than usual in servers.

What a short command imports and loads is not garbage. With Python's usual threshold of 700 new objects, looking for
some takes a tenth of the time of a first search. In a server that keeps what names mean, looking through all of it
takes 100 ms, which happens in the middle of every tenth question about a common name.
"""

from __future__ import annotations

import gc

_USUAL = gc.get_threshold()
COLLECTION_OBJECTS = 100_000
"""New objects after which a short command looks for garbage: some 10 MB."""
SERVER_OBJECTS = 20_000
"""The same for a server: with as many, questions about uses take a tenth less time than with 700, and hardly longer
than with 100,000."""
SHORT_COMMANDS = frozenset(("search", "uses", "explain", "history", "status"))
SERVERS = frozenset(("serve", "mcp"))


def collect_rarely() -> None:
    """Until `collect_for` is called."""
    gc.set_threshold(COLLECTION_OBJECTS, *_USUAL[1:])


def collect_for(command: str) -> None:
    """As it suits a command."""
    if command in SERVERS:
        gc.set_threshold(SERVER_OBJECTS, *_USUAL[1:])
    elif command not in SHORT_COMMANDS:
        gc.set_threshold(*_USUAL)
