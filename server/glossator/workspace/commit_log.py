"""The commits that touched lines of a file, a file, or a folder, as git's log tells them.

Results are kept by the commit that is checked out: a question that is asked again costs little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.errors import WorkspaceError
from glossator.workspace.commit_records import HistorySite, commit_of_record, oldest_commits
from glossator.workspace.git_process import READ_OPTIONS
from glossator.workspace.gitstate import read_regular
from glossator.workspace.line_differences import line_differences
from glossator.workspace.notebooks import displayed
from glossator.workspace.patches import Hunk, hunks_and_headers, listed_path, path_after
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.workspace.commit_records import LoggedCommit

MOST_FILES_LISTED = 50
"""Files of a commit that are listed where a folder is asked about."""

_BLAME = (
    *(*READ_OPTIONS, "-c", "blame.ignoreRevsFile="),
    *("--literal-pathspecs", "blame", "--porcelain", "--no-textconv", "--no-progress"),
)
_BLAMED = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$")
MOST_ENDS = 500
"""Commits just before the newest ones that can be named in a command."""


@dataclass(frozen=True, slots=True)
class CommitLog:
    """The commits that touched a place, newest first.

    Attributes:
        more: whether there are further, older ones that were not asked for.
        uncommitted: lines of the place that differ from the last commit, or are not in it.
        bounded: whether older commits were left out because of the limit on how many are looked at.
        shallow: whether the clone lacks older commits.
    """

    commits: tuple[LoggedCommit, ...]
    more: bool = False
    uncommitted: int = 0
    bounded: bool = False
    shallow: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the oldest commit listed is the one in which the place came to be."""
        return not (self.more or self.bounded or self.shallow)


@dataclass(frozen=True, slots=True)
class CommitWindow:
    """The time that commits are asked about.

    Attributes:
        told: how it was asked for: "last week", "since v1.2".
        since, until: when it begins and ends, with an offset; None: open. git compares the time of the commit, which is
            later than the author's where a commit was rewritten.
        after: a tag, branch or commit: what it contains is left out.
    """

    told: str
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    after: str = ""


def commits_of_lines(
    folder: Path,
    path: str,
    lines: Sequence[str],
    first: int,
    last: int,
    *,
    most: int,
    limit: int,
    window: CommitWindow | None = None,
) -> CommitLog:
    """The commits that touched lines of a file, renames of the file followed.

    Args:
        folder: a folder of the workspace.
        path: the file, relative to it, with "/".
        lines: the file's lines as they are now, saved or not.
        first, last: the lines that are asked about (1-based, inclusive).
        most: how many of the newest commits are looked at.
        limit: how many commits are returned.
        window: only commits of this time.

    Raises:
        WorkspaceError: the file is in no git repository, git is missing or fails, or the window begins after something
            that git does not know.
    """
    site = HistorySite.of(folder, path)
    head, inside = site.head(), site.inside
    asked = _Asked(most, limit, *_limits(site, window))
    committed = _committed_lines(site, head, inside)
    if committed is None:
        return CommitLog((), uncommitted=last - first + 1)
    if "\n".join(committed) != displayed(
        path, "\n".join(committed)
    ):  # a notebook whose lines are not those of its file
        return commits_of_path(folder, path, most=most, limit=limit, window=window)
    start, end, uncommitted = _aligned(lines, committed, first, last)
    if not start:
        return CommitLog((), uncommitted=uncommitted)
    log = _log(site, head, ("--patch", f"-L{start},{end}:{inside}"), inside, asked)
    return CommitLog(log.commits, log.more, uncommitted, log.bounded, log.shallow)


def commits_of_path(folder: Path, path: str, *, most: int, limit: int, window: CommitWindow | None = None) -> CommitLog:
    """The commits that touched a file, renames followed, or anything below a folder ("" for the folder itself).

    Raises:
        WorkspaceError: the place is in no git repository, git is missing or fails, or the window begins after something
            that git does not know.
    """
    site = HistorySite.of(folder, path)
    head, inside = site.head(), site.inside
    asked = _Asked(most, limit, *_limits(site, window))
    if (folder / path).is_dir():
        what = ("--name-only", "--no-renames", *(("--", inside) if inside else ()))
        return _log(site, head, what, "", asked)
    return _log(site, head, ("--follow", "--patch", "--unified=0", "--", inside), inside, asked)


def lines_left(
    folder: Path, path: str, lines: Sequence[str], first: int, last: int, *, most: int
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Which of these lines are still as a commit left them: hash -> ranges of lines as they are now.

    Lines that are not committed, and those whose last commit is older than the newest `most`, are in none.

    Raises:
        WorkspaceError: the file is in no git repository, or git is missing or fails.
    """
    site = HistorySite.of(folder, path)
    head, inside = site.head(), site.inside
    committed = _committed_lines(site, head, inside)
    if committed is None:
        return {}
    now, then = [line.rstrip() for line in lines], [line.rstrip() for line in committed]
    moved = {at + 1: at + 1 for at in range(first - 1, min(last, len(now)))}
    if now != then:
        moved = {
            from_ + at + 1: start + at + 1
            for tag, start, end, from_, _ in line_differences(now, then)
            for at in range(end - start if tag == "equal" else 0)
            if first <= start + at + 1 <= last
        }
    if not moved:
        return {}
    found: dict[str, list[int]] = {}
    for line, commit in _blamed(site, head, inside, min(moved), max(moved), most):
        if line in moved:
            found.setdefault(commit, []).append(moved[line])
    return {commit: _ranges(sorted(numbers)) for commit, numbers in found.items()}


@lru_cache(maxsize=64)
def _blamed(site: HistorySite, head: str, path: str, first: int, last: int, most: int) -> tuple[tuple[int, str], ...]:
    """(line, commit that wrote it) of the committed version of a file."""
    ends = tuple(f"^{end}" for end in oldest_commits(site, head, most))
    if len(ends) > MOST_ENDS:
        return ()
    arguments = [*_BLAME, f"-L{first},{last}", head, *ends, "--", path]
    found = site.git(arguments)
    headers = (_BLAMED.match(line) for line in found.stdout.split(b"\n")) if found.returncode == 0 else ()
    return tuple((int(header[2]), header[1].decode("ascii")) for header in headers if header is not None)


def _committed_lines(site: HistorySite, head: str, path: str) -> list[str] | None:
    """A file's lines in a commit; None if it is not there, or is no text."""
    text = site.text(head, path)
    return split_lines(text) if text is not None else None


def _aligned(now: Sequence[str], then: Sequence[str], first: int, last: int) -> tuple[int, int, int]:
    """Where lines of a text were in its committed version, and how many of them differ; (0, 0, n) if none was there."""
    wanted = [line.rstrip() for line in now]
    committed = [line.rstrip() for line in then]
    last = min(last, len(wanted))
    if wanted == committed:
        return first, last, 0
    places: list[int] = []
    same = 0
    for tag, start, end, from_, to in line_differences(wanted, committed):
        low, high = max(start, first - 1), min(end, last)
        if low >= high:
            continue
        if tag == "equal":
            places += [from_ + low - start + 1, from_ + high - start]
            same += high - low
        elif tag == "replace" and from_ < to:
            places += [min(from_ + low - start, to - 1) + 1, min(from_ + high - start, to)]
    if not places:
        return 0, 0, last - first + 1
    return min(places), max(places), last - first + 1 - same


@dataclass(frozen=True, slots=True)
class _Asked:
    """How far back a log goes, and how many commits of it are returned; the times as options of git's."""

    most: int
    limit: int
    times: tuple[str, ...] = ()
    after: str = ""


def _limits(site: HistorySite, window: CommitWindow | None) -> tuple[tuple[str, ...], str]:
    """A window as options of git's log, and the commit that it begins after; "" if none is named."""
    if window is None:
        return (), ""
    times = [f"--since={window.since.isoformat()}"] if window.since is not None else []
    times += [f"--until={window.until.isoformat()}"] if window.until is not None else []
    if not window.after:
        return tuple(times), ""
    # `v1.2` is a tag before it is anything else, and nothing that begins like an option reaches git.
    for name in (f"refs/tags/{window.after}", window.after):
        found = site.git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"])
        if found.returncode == 0 and (commit := found.stdout.decode("ascii", "replace").split()):
            return tuple(times), commit[-1]
    raise WorkspaceError(f"git knows no tag, branch or commit that is named {window.after}")


def _log(site: HistorySite, head: str, what: tuple[str, ...], path: str, asked: _Asked) -> CommitLog:
    shallow = (read_regular(site.repository.common_dir / "shallow", 16 * 1024 * 1024) or b"").decode("ascii", "replace")
    return _logged(site, head, what, path, asked, frozenset(shallow.split()))


@lru_cache(maxsize=256)
def _logged(
    site: HistorySite, head: str, what: tuple[str, ...], path: str, asked: _Asked, grafted: frozenset[str]
) -> CommitLog:
    limit = asked.limit
    options = what[: what.index("--")] if "--" in what else what
    counted = (f"--max-count={limit + 1}", *asked.times, *options)
    records = site.log(head, counted, what[len(options) + 1 :], asked.most, after=asked.after)
    ends = oldest_commits(site, head, asked.most)
    commits = [_commit(record, path) for record in records]
    # Where a shallow clone ends, a commit seems to add all that is there: nothing is known of what it changed.
    known = [commit for commit in commits if commit.name not in grafted]
    more = len(known) > limit
    return CommitLog(tuple(known[:limit]), more, 0, bool(ends) and not more, bool(grafted) and not more)


def _commit(record: bytes, path: str) -> LoggedCommit:
    commit, rest = commit_of_record(record)
    if path:
        there, lines, removed = _changed(rest)
        return replace(commit, path=there or path, lines=lines, removed=removed)
    files = tuple(listed_path(line) for line in rest.split(b"\n") if line.strip())
    return replace(commit, files=files[:MOST_FILES_LISTED])


def _changed(patch: bytes) -> tuple[str, tuple[tuple[int, int], ...], int]:
    """(path, lines added or changed, number of lines removed) of a patch of one file."""
    path = ""
    added: list[int] = []
    removed = 0
    for part in hunks_and_headers(patch):
        if isinstance(part, Hunk):
            added += (number for number, _ in part.added)
            removed += len(part.removed)
        else:
            path = path_after(part) or path
    return path, _ranges(added), removed


def _ranges(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Ascending numbers as ranges."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)
