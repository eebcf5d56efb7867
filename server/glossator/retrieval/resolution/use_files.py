"""Which of the files that note a name are searched for the uses of a definition, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.facts import last_part
from glossator.index.path_index import folders_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.retrieval.resolution.hierarchies import Hierarchies
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol, Key


def of_family(hierarchies: Hierarchies, home: Key | None, files: list[str]) -> list[str]:
    """The files that may name a constructor: those in which its class, or one below it, is noted."""
    if home is None:
        return files
    below, complete = hierarchies.descendants(home)
    if not complete:
        return files
    noting: set[str] = set()
    for key in (home, *below):
        if (one := hierarchies.world.definition(key)) is not None:
            noting.update(hierarchies.world.files_noting(last_part(one.name)))
    return [path for path in files if path in noting]


def likeliest_first(world: World, definition: DefinedSymbol, home: Key | None, files: Sequence[str]) -> list[str]:
    """The files in which a definition's class, or its module, is noted, then those nearest to it."""
    hints: set[str] = set()
    around = world.definition(home) if home else None
    stem = definition.path.rpartition("/")[2].partition(".")[0]
    for hint in (last_part(around.name) if around else "", stem):
        if hint:
            hints.update(world.files_noting(hint))
    apart: dict[str, int] = {}

    def rank(path: str) -> tuple[bool, int]:
        folder = path.rpartition("/")[0]
        if (distance := apart.get(folder)) is None:
            distance = apart[folder] = folders_apart(path, definition.path)
        return path not in hints, distance

    return sorted(files, key=rank)
