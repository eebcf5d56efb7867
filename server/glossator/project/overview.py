"""A short description of a project for a model's prompt."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LISTED = 30
"""Maximum number of files and folders to list."""
README_CHARACTERS = 400
"""Maximum number of characters to quote from the README's first paragraph."""


def overview_of(folder: Path) -> str:
    """The folder's name, its files and folders, and the beginning of its README."""
    names = sorted(
        item.name + ("/" if item.is_dir() else "")
        for item in folder.iterdir()
        if not item.name.startswith((".", "__")) and not item.is_symlink()
    )
    shown = " ".join(names[:LISTED]) + (" ..." if len(names) > LISTED else "")
    lines = [f"{folder.name}: {shown}"]
    readme = next((name for name in names if name.lower().startswith("readme")), None)
    if readme is not None and not readme.endswith("/"):
        with contextlib.suppress(OSError), (folder / readme).open(encoding="utf-8", errors="replace") as file:
            head = file.read(README_CHARACTERS * 4)
            prose = [block for block in head.split("\n\n") if block.strip() and block.lstrip()[0] not in "#<[!=|-`*"]
            if prose:
                lines.append(" ".join(prose[0].split())[:README_CHARACTERS])
    return "\n".join(lines)
