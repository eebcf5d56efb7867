"""Deletes indexes that nobody has open: of one folder, which may be gone, or all, with the caches that they share.

What was learned from a folder (`adaptations.py`) is deleted with its index.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import StoreError
from glossator.index.folders import is_root_folder, remove_indexes, size_of
from glossator.project.adaptations import Adaptations, is_adaptations_folder

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.settings import Settings

CACHES = ("vectors-*.sqlite*", "explanations.sqlite*")
"""Files beside the indexes, which all share; the vectors and explanations in them do not tell whose they are."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A folder or file that was deleted, and how many bytes it had."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted, and what could not be: its path and why."""

    removed: tuple[Removed, ...]
    kept: tuple[tuple[Path, str], ...]


def forget_folder(settings: Settings, folder: Path) -> Forgotten:
    """Delete a folder's indexes, of all formats and embedding models. The folder itself need not exist any more."""
    from glossator.index.store import Store

    index = Store.folder_for(settings.index_dir, folder.expanduser(), _embedder_id())
    return _joined(_forget([index]), forget_adaptations(settings, folder))


def forget_all(settings: Settings) -> Forgotten:
    """Delete all indexes and, if no other process writes one of them, the caches that they share."""
    from glossator.index.store import Store

    name = Store.folder_for(settings.index_dir, settings.index_dir, _embedder_id()).name
    found = sorted(settings.index_dir.iterdir()) if settings.index_dir.is_dir() else []
    forgotten = _forget([home / name for home in found if is_root_folder(home)])
    forgotten = _joined(forgotten, _delete_folders(_adaptation_folders(settings)))
    if forgotten.kept:
        return forgotten
    removed, kept = list(forgotten.removed), []
    for path in sorted(path for pattern in CACHES for path in settings.index_dir.glob(pattern)):
        try:
            size = path.stat().st_size
            path.unlink()
            removed.append(Removed(path, size))
        except FileNotFoundError:  # SQLite removes what belongs to a database when it is closed
            continue
        except OSError as error:
            kept.append((path, error.strerror or str(error)))
    return Forgotten(tuple(removed), tuple(kept))


def forget_adaptations(settings: Settings, folder: Path) -> Forgotten:
    """Delete all that was learned from a folder, which need not exist any more."""
    return _delete_folders([Adaptations(settings, folder).folder])


def _adaptation_folders(settings: Settings) -> list[Path]:
    """The folders of all projects' adaptations."""
    home = settings.adaptations_dir
    return [path for path in sorted(home.iterdir()) if is_adaptations_folder(path)] if home.is_dir() else []


def _delete_folders(folders: list[Path]) -> Forgotten:
    removed, kept = [], []
    for folder in folders:
        if folder.is_dir():
            size = size_of(folder)
            try:
                shutil.rmtree(folder)
                removed.append(Removed(folder, size))
            except OSError as error:
                kept.append((folder, error.strerror or str(error)))
    return Forgotten(tuple(removed), tuple(kept))


def _joined(one: Forgotten, other: Forgotten) -> Forgotten:
    return Forgotten(one.removed + other.removed, one.kept + other.kept)


def _embedder_id() -> str:
    from glossator.index.embedding import StaticEmbedder

    return StaticEmbedder().id


def _forget(indexes: list[Path]) -> Forgotten:
    removed, kept = [], []
    for index in indexes:
        home = index.parent
        if not home.is_dir():
            continue
        size = size_of(home)
        try:
            remove_indexes(index)
        except StoreError as error:
            kept.append((home, str(error)))
            continue
        if home.is_dir():
            rest = ", ".join(sorted(path.name for path in home.iterdir()))
            kept.append((home, f"another process uses {rest}, or another program has put it there"))
        else:
            removed.append(Removed(home, size))
    return Forgotten(tuple(removed), tuple(kept))
