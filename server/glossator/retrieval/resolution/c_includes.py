"""Which headers a file in C or C++ includes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World

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
