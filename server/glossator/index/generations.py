"""Folders of files that are derived from a table, one for each generation of it."""

from __future__ import annotations

import contextlib
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from glossator.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def new_generation(folder: Path) -> Iterator[Path]:
    """A private folder to write the files of a generation into: `folder` has all of them afterwards.

    If the block raises, nothing is left of them, and `folder` is as it was.

    Raises:
        OSError: the folder cannot be made or renamed.
    """
    fresh = folder.with_name(f"{folder.name}.new")
    remove_generation(fresh)
    make_private_folder(fresh)
    try:
        yield fresh
    except BaseException:
        remove_generation(fresh)
        raise
    remove_generation(folder)
    fresh.rename(folder)


def remove_generation(folder: Path) -> None:
    """Remove the files of a generation; those that a reader holds open (Windows) are left for the next call."""
    shutil.rmtree(folder, ignore_errors=True)


DISCARDED = "discarded"
"""The file that says that the files of a generation are damaged where they cannot be removed."""


def discard_generation(folder: Path) -> None:
    """Remove the damaged files of a generation, or say there that they are not to be used."""
    remove_generation(folder)
    if folder.exists():
        with contextlib.suppress(OSError):
            (folder / DISCARDED).touch()


def is_there(folder: Path) -> bool:
    """Whether the files of a generation are there and may be used."""
    return folder.exists() and not (folder / DISCARDED).exists()


def generations_in(folder: Path) -> list[Path]:
    """The folders of all generations, unfinished ones included."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
