"""The commits that removed lines with a name, or a file: where code went that is not there now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.workspace.commit_records import HistorySite, commit_of_record, patch_path
from glossator.workspace.decoding import decode
from glossator.workspace.git_process import READ_OPTIONS
from glossator.workspace.secret_texts import without_secrets

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
        before: the file's text before the commit; "" if it is too large, or no text.
        after: its text after the commit; "" if there is none.
    """

    commit: LoggedCommit
    path: str
    lines: tuple[int, ...]
    before: str
    after: str


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
        for found in _removed_lines(site, head, name, some, whole=whole):
            if found[0].commit.name not in seen:
                seen.add(found[0].commit.name)
                yield found


@lru_cache(maxsize=16)
def _removed_lines(
    site: HistorySite, head: str, name: str, most: int, *, whole: bool
) -> tuple[tuple[Removal, ...], ...]:
    edge = "[^[:alnum:]_]"
    asked = (f"-S(^|{edge}){name}($|{edge})", "--pickaxe-regex") if whole else (f"-S{name}",)
    options = (*asked, "--patch", "--unified=0", "--no-renames", f"--max-count={MOST_REMOVALS}")
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    found = []
    for record in site.log(head, options, (site.inside,) if site.inside else (), most):
        commit, patch = commit_of_record(record)
        removed = []
        for path, old, new in _changed_lines(patch):
            lines = [number for number, line in old if word.search(line)]
            if lines and len(lines) > sum(1 for _, line in new if word.search(line)):
                removed.append(_removal(site, commit, path, tuple(lines)))
        if kept := tuple(one for one in removed[:MOST_REMOVALS] if one is not None):
            found.append(kept)
    return tuple(found)


def deletions(folder: Path, path: str, *, most: int) -> tuple[Removal, ...]:
    """The commits that deleted a file, or a file of that name in any folder, newest first; merges are not followed.

    Raises:
        WorkspaceError: the folder is in no git repository, or git is missing or fails.
    """
    site = HistorySite.of(folder)
    below = f"{site.inside}/" if site.inside else ""
    paths = (f"{below}{path}",) if "/" in path else (site.inside,) if site.inside else ()
    options = ("--diff-filter=D", "--name-only", "--no-renames")
    found: list[Removal] = []
    for record in site.log(site.head(), options, paths, most):
        commit, listed = commit_of_record(record)
        for line in filter(None, listed.split(b"\n")):
            deleted = patch_path(line)
            if (deleted == below + path) if "/" in path else (deleted.rpartition("/")[2] == path):
                found += filter(None, [_removal(site, commit, deleted, ())])
        if len(found) >= MOST_REMOVALS:
            break
    return tuple(found[:MOST_REMOVALS])


def moved_to(folder: Path, removal: Removal) -> str:
    """Where a deleted file went, relative to the folder, if git takes it for renamed in the same commit; else "".

    Raises:
        WorkspaceError: git is missing or fails.
    """
    site = HistorySite.of(folder)
    below = f"{site.inside}/" if site.inside else ""
    options = ("diff-tree", "-r", "-z", "--find-renames", "--diff-filter=R", "--name-status", "--no-commit-id")
    listed = site.git([*READ_OPTIONS, *options, removal.commit.name]).stdout.decode("utf-8", "replace").split("\0")
    for old, new in zip(listed[1::3], listed[2::3], strict=False):
        if old == below + removal.path:
            return new.removeprefix(below)
    return ""


def _removal(site: HistorySite, commit: LoggedCommit, path: str, lines: tuple[int, ...]) -> Removal | None:
    below = f"{site.inside}/" if site.inside else ""
    if not path.startswith(below):
        return None
    before = _text(site, f"{commit.name}^", path)
    return Removal(commit, path.removeprefix(below), lines, before, _text(site, commit.name, path))


def _text(site: HistorySite, commit: str, path: str) -> str:
    """A file's text in a commit, its secrets masked; "" if there is none."""
    sized = site.git(["cat-file", "-s", f"{commit}:{path}"])
    if sized.returncode or int(sized.stdout or b"0") > LARGEST_REMOVED_FILE:
        return ""
    found = site.git(["cat-file", "blob", f"{commit}:{path}"])
    decoded = decode(found.stdout) if found.returncode == 0 else None
    return without_secrets(decoded[0], path) if decoded is not None else ""


_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def _changed_lines(patch: bytes) -> Iterator[tuple[str, list[tuple[int, str]], list[tuple[int, str]]]]:
    """(path before, removed lines, added lines) of each file of a patch without context; lines with their numbers."""
    path = ""
    old: list[tuple[int, str]] = []
    new: list[tuple[int, str]] = []
    left = [0, 0]
    at = [0, 0]
    for line in patch.split(b"\n"):
        if left[0] > 0 or left[1] > 0:  # inside a hunk, whose lines are counted: they may look like anything
            side = 0 if line[:1] == b"-" else 1
            if line[:1] in (b"-", b"+"):
                (old, new)[side].append((at[side], line[1:].decode("utf-8", "replace")))
                left[side] -= 1
                at[side] += 1
        elif line.startswith(b"diff --git "):
            if path:
                yield path, old, new
            path, old, new = "", [], []
        elif line.startswith((b"--- a/", b'--- "a/')):
            path = patch_path(line.removeprefix(b"--- ")).removeprefix("a/")
        elif (hunk := _HUNK.match(line)) is not None:
            at = [int(hunk[1]), int(hunk[3])]
            left = [int(hunk[2] or 1), int(hunk[4] or 1)]
    if path:
        yield path, old, new
