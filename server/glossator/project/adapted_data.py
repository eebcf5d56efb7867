"""The data of adapted embedders: their indexes and cached vectors, which belong to one root alone."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from glossator.errors import StoreError
from glossator.index.folders import remove_index, root_folder_name
from glossator.index.vectors import file_name

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from glossator.settings import Settings


def adapted_version(version: str, root: Path) -> str:
    """The version of an embedder that is adapted to a root: it tells which vectors belong to the root alone."""
    return f"{version}.{root_folder_name(root)[-8:]}"


def remove_adapted_data(settings: Settings, root: Path, keep: Collection[str]) -> None:
    """Delete the indexes and cached vectors of embedders adapted to a root, except those that are kept (ids) and those
    that another process writes."""
    home = settings.index_dir / root_folder_name(root)
    mark = adapted_version("", root)
    kept = {file_name(identity) for identity in keep}
    for path in [*home.glob("v*-static-*"), *settings.index_dir.glob("vectors-static-*.sqlite*")]:
        match = re.fullmatch(r"(?:v\d+|vectors)-(static-.*?)(?:\.sqlite(?:-\w+)?)?", path.name)
        if match is None or f"{mark}-" not in match[1] or match[1] in kept:
            continue
        if path.is_dir():
            with contextlib.suppress(StoreError):
                remove_index(path)
        elif path.suffix not in (".lock", ".writer"):
            with contextlib.suppress(OSError):  # Windows: another process has it open
                path.unlink()
