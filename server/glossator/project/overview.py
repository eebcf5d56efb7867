"""A short description of a project for a model's prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.workspace.gitstate import read_regular
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    from pathlib import Path

LISTED = 30
"""Maximum number of files and folders to list."""
README_CHARACTERS = 400
"""Maximum number of characters to quote from the README's first paragraph."""

README_BYTES = 4 * 1024 * 1024
"""A larger README, or one that is no regular file (reading a pipe would never end), is not quoted."""


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
        data = read_regular(folder / readme, README_BYTES)
        if data is not None:
            head = without_secrets(data.decode("utf-8", "replace")[: README_CHARACTERS * 4])
            prose = [block for block in head.split("\n\n") if block.strip() and block.lstrip()[0] not in "#<[!=|-`*"]
            if prose:
                lines.append(" ".join(prose[0].split())[:README_CHARACTERS])
    return "\n".join(lines)
