"""Deletes what is kept of a folder, which may be gone, or of all: indexes and what is beside them.

Beside an index, these hold something of the code: what was learned from it (`adaptations.py`); the cache of vectors,
which does not tell whose they are; explanations that a model wrote; the states of models that have read a project's
overview; and log files, which name paths. Models, settings and the llama.cpp runtime hold nothing of it, and stay.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from glossator import logfiles
from glossator.errors import StoreError
from glossator.index.folders import is_root_folder, remove_indexes, size_of
from glossator.project.adaptation_runs import busy_message, read_run
from glossator.project.adaptations import Adaptations, is_adaptations_folder
from glossator.project.adapted_data import remove_adapted_data

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from glossator.settings import Settings

TEAM_FOLDERS = ("team-blocks", "team-indexes", "team-build", "team-served")
"""In the folder of indexes: what was downloaded of a team's index, what its builder keeps, and what servers keep."""

What = Literal["index", "team's index", "adaptation", "vectors", "explanations", "model state", "log"]


@dataclass(frozen=True, slots=True)
class Removed:
    """What was deleted, where it was, and how many bytes smaller that has become."""

    path: Path
    size_bytes: int
    what: What


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted, and what could not be: its path and why."""

    removed: tuple[Removed, ...]
    kept: tuple[tuple[Path, str], ...]

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(self.removed + other.removed, self.kept + other.kept)


def forget_folder(settings: Settings, folder: Path) -> Forgotten:
    """Delete all that is kept of a folder: indexes of all formats and embedding models, and what is beside them.

    The folder itself need no longer exist. What belongs to all folders together is deleted for all of them: it is
    made again as it is needed.
    """
    from glossator.index.store import Store

    folder = folder.expanduser()
    forgotten = _forget_indexes([Store.folder_for(settings.index_dir, folder, _embedder_id())])
    if forgotten.kept:
        return forgotten
    shared = _forget_shared(settings) if forgotten.removed else Forgotten((), ())
    return forgotten + shared + _forget_named(settings, folder)


def forget_beside(settings: Settings, folder: Path) -> Forgotten:
    """Delete what is kept of a folder beside its index, and what was learned from it, after the index."""
    return _forget_shared(settings) + _forget_named(settings, folder)


def _forget_shared(settings: Settings) -> Forgotten:
    """Delete what does not tell whose it is. Other processes use the cache of vectors, so it is emptied."""
    from glossator.index.vectors import VectorCache

    removed: list[Removed] = []
    for path in _files(settings.index_dir, "vectors-*.sqlite"):
        before = path.stat().st_size
        cache = VectorCache(path, 0)
        if cache.clear():
            removed.append(Removed(path, max(0, before - _size(path)), "vectors"))
        cache.close()
    blocks = _forget_folders("team's index", [settings.index_dir / TEAM_FOLDERS[0]])
    return Forgotten(tuple(removed), ()) + _unlink("model state", _states()) + blocks


def _forget_named(settings: Settings, folder: Path) -> Forgotten:
    """Delete what was learned from the folder, explanations of what is in it, and logs that name it."""
    from glossator.answers.explanation_cache import ExplanationCache
    from glossator.answers.explanations import EXPLANATIONS_FILE, root_mark

    removed: list[Removed] = []
    path = settings.index_dir / EXPLANATIONS_FILE
    if path.is_file():
        before = path.stat().st_size
        explanations = ExplanationCache(path)
        if explanations.forget(root_mark(os.path.realpath(folder))):
            removed.append(Removed(path, max(0, before - _size(path)), "explanations"))
        explanations.close()
    logs = logfiles.logs_naming(os.path.realpath(folder))
    learned = _forget_learned(settings, folder)
    return learned + Forgotten(tuple(removed), ()) + _forget_logs(logs)


def _forget_learned(settings: Settings, folder: Path) -> Forgotten:
    """Delete what was learned from the folder, unless a process is learning from it."""
    home = Adaptations(settings, folder).folder
    forgotten = _forget_adaptations(home)
    if not forgotten.kept:
        remove_adapted_data(settings, folder, ())
    return forgotten


def _forget_adaptations(home: Path) -> Forgotten:
    """Delete the folder of a project's adaptations, unless a process is adapting to the project."""
    run = read_run(home)
    if run is not None and run.is_running:
        return Forgotten((), ((home, busy_message(run)),))
    return _forget_folders("adaptation", [home])


def forget_all(settings: Settings) -> Forgotten:
    """Delete all indexes and, if no other process writes one of them, all that is kept beside them."""
    from glossator.answers.explanations import EXPLANATIONS_FILE
    from glossator.index.store import Store

    name = Store.folder_for(settings.index_dir, settings.index_dir, _embedder_id()).name
    forgotten = _forget_indexes([home / name for home in _entries(settings.index_dir) if is_root_folder(home)])
    if forgotten.kept:
        return forgotten
    for home in filter(is_adaptations_folder, _entries(settings.adaptations_dir)):
        forgotten += _forget_adaptations(home)
    return (
        forgotten
        + _forget_folders("team's index", [settings.index_dir / name for name in TEAM_FOLDERS])
        + _unlink("vectors", _files(settings.index_dir, "vectors-*.sqlite*"))
        + _unlink("explanations", _files(settings.index_dir, f"{EXPLANATIONS_FILE}*"))
        + _unlink("model state", _states())
        + _forget_logs(logfiles.logs_naming(""))
    )


def _embedder_id() -> str:
    from glossator.index.embedding import StaticEmbedder

    return StaticEmbedder().id


def _states() -> list[Path]:
    from glossator.model.measured_speed import model_cache_folder

    return _files(model_cache_folder(), "*.state") + _files(model_cache_folder(), "*.state.*.part")


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _unlink(what: What, paths: Iterable[Path]) -> Forgotten:
    removed, kept = [], []
    for path in paths:
        try:
            size = path.stat().st_size
            path.unlink()
            removed.append(Removed(path, size, what))
        except FileNotFoundError:  # SQLite removes what belongs to a database when it is closed
            continue
        except OSError as error:
            kept.append((path, error.strerror or str(error)))
    return Forgotten(tuple(removed), tuple(kept))


def _forget_folders(what: What, folders: Iterable[Path]) -> Forgotten:
    removed, kept = [], []
    for folder in folders:
        if folder.is_dir():
            size = size_of(folder)
            try:
                shutil.rmtree(folder)
                removed.append(Removed(folder, size, what))
            except OSError as error:
                kept.append((folder, error.strerror or str(error)))
    return Forgotten(tuple(removed), tuple(kept))


def _forget_logs(logs: Iterable[logfiles.Log]) -> Forgotten:
    """Delete logs, except those of running processes."""
    logs = list(logs)
    running = [(log.path, f"process {log.process} is writing it") for log in logs if log.is_running]
    return _unlink("log", [log.path for log in logs if not log.is_running]) + Forgotten((), tuple(running))


def _forget_indexes(indexes: list[Path]) -> Forgotten:
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
            removed.append(Removed(home, size, "index"))
    return Forgotten(tuple(removed), tuple(kept))
