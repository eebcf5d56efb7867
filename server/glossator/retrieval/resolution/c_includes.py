"""Which headers a file in C or C++ includes, and which structures of a source file its headers declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import TAG
from glossator.retrieval.resolution.values import UNKNOWN_VALUE, Value

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Values

INCLUDED: Final = 200
"""So many headers are looked at to tell which of several definitions a file sees."""


def included_by(world: World, view: FileView) -> set[str]:
    """A file and the headers that it includes, directly or not."""
    remembered = ("included", view.path)
    if isinstance(known := world.memory.get(remembered), set):
        return known
    seen = {view.path}
    pending = [view]
    while pending and len(seen) < INCLUDED:
        current = pending.pop()
        for item in current.facts.imports:
            if item.name:
                continue
            paths = world.paths().ending(item.module)
            folder = current.path.rpartition("/")[0]
            beside = f"{folder}/{item.module}" if folder else item.module
            for path in [beside] if beside in paths else paths[:2]:
                other = world.view(path) if path not in seen else None
                if other is not None:
                    seen.add(path)
                    pending.append(other)
    world.memory[remembered] = seen
    return seen


def hidden_tags(world: World, path: str, name: str) -> Values:
    """The structures of a tag in files that include a header, which declares them without their members (`typedef
    struct pool_s pool;`). Never more than possible."""
    found: Values = ()
    for other in world.likeliest(name):
        view = world.view(other)
        if view is not None and other != path and path in included_by(world, view):
            tags = (index for index in view.children(-1, name) if view.symbol(index).flags & TAG)
            found += tuple(Value("symbol", other, index) for index in tags)
    return (*found, UNKNOWN_VALUE) if found else ()
