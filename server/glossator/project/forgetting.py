"""Deletes indexes that nobody has open: of one folder, which may be gone, or all, with the caches that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import StoreError
from glossator.index.folders import is_root_folder, remove_indexes, size_of

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

    return _forget([Store.folder_for(settings.index_dir, folder.expanduser(), _embedder_id())])


def forget_all(settings: Settings) -> Forgotten:
    """Delete all indexes and, if no other process writes one of them, the caches that they share."""
    from glossator.index.store import Store

    name = Store.folder_for(settings.index_dir, settings.index_dir, _embedder_id()).name
    found = sorted(settings.index_dir.iterdir()) if settings.index_dir.is_dir() else []
    forgotten = _forget([home / name for home in found if is_root_folder(home)])
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
