"""The commits that removed lines with a name, or a file: where code went that is not there now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.workspace.commit_records import HistorySite, commit_of_record
from glossator.workspace.git_process import READ_OPTIONS
from glossator.workspace.patches import Hunk, hunks_and_headers, listed_path, path_before

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glossator.workspace.commit_records import LoggedCommit

FIRST_COMMITS = 500
"""Commits that are searched first: what is asked about was often removed lately, and git has to read each change."""
LARGEST_REMOVED_FILE = 2 * 1024 * 1024
"""Bytes of the largest file whose former content is read."""
MOST_REMOVALS = 10
"""Commits, and files of one commit, that are looked at."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A file in which a commit removed lines with a name, or that it deleted.

    Attributes:
        path: the file before the commit, relative to the workspace's folder, with "/".
        lines: the removed lines that have the name, numbered as the file was before the commit; () for a deleted file.
        before: the file's text before the commit; "" if it is too large, or no text, and for a deleted file.
        after: its text after the commit; "" if there is none.
    """

    commit: LoggedCommit
    path: str
    lines: tuple[int, ...] = ()
    before: str = ""
    after: str = ""


def removals(folder: Path, name: str, *, most: int) -> Iterator[tuple[Removal, ...]]:
    """What each commit removed that left fewer places with a name than there were, newest first.

    Args:
        folder: a folder of the workspace; files outside it are left out.
        name: a word.
        most: how many of the newest commits are looked at.

    Raises:
        WorkspaceError: the folder is in no git repository, or git is missing or fails.
    """
    site = HistorySite.of(folder)
    seen: set[str] = set()
    head, few = site.head(), min(FIRST_COMMITS, most)
    # Whole words take git ten times as long, but `drain` that became `drain_all` is found by them only.
    for some, whole in dict.fromkeys(((few, False), (few, True), (most, False))):
        for commit, places in _removed_lines(site, head, name, some, whole=whole):
            if commit.name not in seen:
                seen.add(commit.name)
                yield tuple(_removal(site, commit, path, lines) for path, lines in places)


@lru_cache(maxsize=16)
def _removed_lines(
    site: HistorySite, head: str, name: str, most: int, *, whole: bool
) -> tuple[tuple[LoggedCommit, tuple[tuple[str, tuple[int, ...]], ...]], ...]:
    """The commits that left fewer places with a name: each with the files, and the lines with the name that it removed
    from these."""
    edge = "[^[:alnum:]_]"
    asked = (f"-S(^|{edge}){name}($|{edge})", "--pickaxe-regex") if whole else (f"-S{name}",)
    options = (*asked, "--patch", "--unified=0", "--no-renames", f"--max-count={MOST_REMOVALS}")
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    found = []
    for record in site.log(head, options, (site.inside,) if site.inside else (), most):
        commit, patch = commit_of_record(record)
        removed = []
        for path, old, new in _changed_lines(patch):
            lines = [number for number, line in old if word.search(line.decode("utf-8", "replace"))]
            if path.startswith(site.below) and len(lines) > sum(
                1 for _, line in new if word.search(line.decode("utf-8", "replace"))
            ):
                removed.append((path, tuple(lines)))
        if removed:
            found.append((commit, tuple(removed[:MOST_REMOVALS])))
    return tuple(found)


def deletions(folder: Path, path: str, *, most: int) -> tuple[Removal, ...]:
    """The commits that deleted a file, or a file of that name in any folder, newest first; merges are not followed.

    Raises:
        WorkspaceError: the folder is in no git repository, or git is missing or fails.
    """
    site = HistorySite.of(folder)
    paths = (f"{site.below}{path}",) if "/" in path else (site.inside,) if site.inside else ()
    options = ("--diff-filter=D", "--name-only", "--no-renames")
    found: list[Removal] = []
    for record in site.log(site.head(), options, paths, most):
        commit, listed = commit_of_record(record)
        for line in filter(None, listed.split(b"\n")):
            deleted = listed_path(line)
            inside = deleted.removeprefix(site.below) if deleted.startswith(site.below) else ""
            if (inside if "/" in path else inside.rpartition("/")[2]) == path:
                found.append(Removal(commit, inside))
        if len(found) >= MOST_REMOVALS:
            break
    return tuple(found[:MOST_REMOVALS])


def moved_to(folder: Path, removal: Removal) -> str:
    """Where a deleted file went, relative to the folder, if git takes it for renamed in the same commit; else "".

    Raises:
        WorkspaceError: git is missing or fails.
    """
    site = HistorySite.of(folder)
    options = ("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status", "--no-commit-id")
    listed = site.git([*READ_OPTIONS, *options, removal.commit.name]).stdout.decode("utf-8", "replace").split("\0")
    for old, new in zip(listed[1::3], listed[2::3], strict=False):
        if old == site.below + removal.path:
            return new.removeprefix(site.below)
    return ""


@lru_cache(maxsize=64)
def _removal(site: HistorySite, commit: LoggedCommit, path: str, lines: tuple[int, ...]) -> Removal:
    before, after = (site.text(one, path, LARGEST_REMOVED_FILE) or "" for one in (f"{commit.name}^", commit.name))
    return Removal(commit, path.removeprefix(site.below), lines, before, after)


def _changed_lines(patch: bytes) -> Iterator[tuple[str, list[tuple[int, bytes]], list[tuple[int, bytes]]]]:
    """(path before, removed lines, added lines) of each file of a patch; lines with their numbers."""
    path = ""
    removed: list[tuple[int, bytes]] = []
    added: list[tuple[int, bytes]] = []
    for part in hunks_and_headers(patch):
        if isinstance(part, Hunk):
            removed += part.removed
            added += part.added
        elif part.startswith(b"diff --git "):
            if path:
                yield path, removed, added
            path, removed, added = "", [], []
        else:
            path = path_before(part) or path
    if path:
        yield path, removed, added
