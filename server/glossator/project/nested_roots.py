"""Which roots of a session lie inside others.

Each root has an index of its own, so that folders can be opened and closed in any order, and the command line finds
complete indexes. What would be there twice is left to the innermost root: searches and counts of the outer one leave
out the folders of those inside. Its graph of names does not: callers are callers, whichever folder they are opened in.
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
        buffers: what is open in it.
    """

    path: str
    buffers: OpenBuffers


def path_inside(folder: Path, outer: Path) -> str | None:
    """Where `folder` is in `outer`, both real paths: "" if they are the same, None if it is outside.

    On a file system that ignores case, one folder has several real paths: those are recognised by asking the system.
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
