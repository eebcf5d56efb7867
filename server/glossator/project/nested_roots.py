"""Roots of a session inside other roots.

Each root has its own index, so that folders can be opened and closed in any order, and the command line finds complete
indexes. Files in several roots belong to the innermost one: searches and counts of an outer root leave out nested
roots. Its name graph includes them, since callers count in whichever folder they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.project.open_buffers import OpenBuffers


@dataclass(frozen=True, slots=True)
class NestedRoot:
    """A root inside another one.

    Attributes:
        path: its folder relative to the outer root, with "/".
        buffers: its open buffers.
    """

    path: str
    buffers: OpenBuffers


def path_inside(folder: Path, outer: Path) -> str | None:
    """The path of `folder` relative to `outer`, both real paths: "" if they are the same, None if it is outside.

    On a file system that ignores case, a folder has several real paths; the system is asked whether they are the same.
    """
    if folder.is_relative_to(outer):
        relative = folder.relative_to(outer).as_posix()
        return "" if relative == "." else relative
    for depth, parent in enumerate((folder, *folder.parents)):
        try:
            if parent.name.casefold() == outer.name.casefold() and parent.samefile(outer):
                return "/".join(folder.parts[len(folder.parts) - depth :])
        except OSError:
            continue
    return None
