"""The commits that touched lines of a file, a file, or a folder, as git's log tells them.

git reads its own objects; it is told to run no external diff, no text conversion and no check of signatures, whatever
the repository's configuration names. What a commit says is data: its text is returned without control characters, and
nothing is made of it. Results are kept by the commit that is checked out: a question that is asked again costs little.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.errors import WorkspaceError
from glossator.workspace.decoding import decode
from glossator.workspace.git_process import LOG_OPTIONS, READ_OPTIONS, run_git
from glossator.workspace.gitstate import Repository, read_regular
from glossator.workspace.notebooks import displayed
from glossator.workspace.reading import split_lines
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_SUBJECT = 200
LONGEST_PARAGRAPH = 700
"""Characters of a commit's subject and of its first paragraph that are kept."""
MOST_FILES_LISTED = 50
"""Files of a commit that are listed where a folder is asked about."""
MOST_ALIGNED_LINES = 5_000
"""Lines between the first and the last difference from the committed file that are compared; more count as replaced."""

_LOG = (
    *(*READ_OPTIONS, "--literal-pathspecs", "log", "--stdin", *LOG_OPTIONS),
    "--format=%x00%H%x00%aI%x00%an%x00%B%x1f%x00",
)
_BLAME = (
    *(*READ_OPTIONS, "-c", "blame.ignoreRevsFile="),
    *("--literal-pathspecs", "blame", "--porcelain", "--no-textconv", "--no-progress"),
)
_BLAMED = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?$")
MOST_ENDS = 500
"""Commits just before the newest ones that can be named in a command."""
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
TRAILER = re.compile(r"[A-Z][\w-]*(?:-by|-on|-to|-id)?: ?\S")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit, and what it did to what was asked about.

    Attributes:
        name: its full hash.
        date: when its author wrote it, in ISO 8601 with the author's offset.
        author: the author's name.
        subject: the first line of its message.
        paragraph: the first paragraph after the subject, its lines joined; "" if there is none.
        path: the file's path in this commit, relative to the repository's top; "" where a folder was asked about.
        lines: the lines that it added or changed (1-based, inclusive), as the file was in this commit.
        removed: how many lines it removed or replaced.
        files: the files that it changed, where a folder was asked about, relative to the repository's top folder.
    """

    name: str
    date: str
    author: str
    subject: str
    paragraph: str
    path: str = ""
    lines: tuple[tuple[int, int], ...] = ()
    removed: int = 0
    files: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """The beginning of its hash, as git shows it."""
        return self.name[:10]

    @property
    def day(self) -> str:
        """The date without the time."""
        return self.date[:10]


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


def commits_of_lines(
    folder: Path, path: str, lines: Sequence[str], first: int, last: int, *, most: int, limit: int
) -> CommitLog:
    """The commits that touched lines of a file, renames of the file followed.

    Args:
        folder: a folder of the workspace.
        path: the file, relative to it, with "/".
        lines: the file's lines as they are now, saved or not.
        first, last: the lines that are asked about (1-based, inclusive).
        most: how many of the newest commits are looked at.
        limit: how many commits are returned.

    Raises:
        WorkspaceError: the file is in no git repository, or git is missing or fails.
    """
    site, inside = _site(folder, path)
    head = _head(site)
    committed = _committed_lines(site, head, inside)
    if committed is None:
        return CommitLog((), uncommitted=last - first + 1)
    if "\n".join(committed) != displayed(
        path, "\n".join(committed)
    ):  # a notebook whose lines are not those of its file
        return commits_of_path(folder, path, most=most, limit=limit)
    start, end, uncommitted = _aligned(lines, committed, first, last)
    if not start:
        return CommitLog((), uncommitted=uncommitted)
    log = _log(site, head, ("--patch", f"-L{start},{end}:{inside}"), inside, most, limit)
    return CommitLog(log.commits, log.more, uncommitted, log.bounded, log.shallow)


def commits_of_path(folder: Path, path: str, *, most: int, limit: int) -> CommitLog:
    """The commits that touched a file, renames followed, or anything below a folder ("" for the folder itself).

    Raises:
        WorkspaceError: the place is in no git repository, or git is missing or fails.
    """
    site, inside = _site(folder, path)
    head = _head(site)
    if (folder / path).is_dir():
        what = ("--name-only", "--no-renames", *(("--", inside) if inside else ()))
        return _log(site, head, what, "", most, limit)
    return _log(site, head, ("--follow", "--patch", "--unified=0", "--", inside), inside, most, limit)


@dataclass(frozen=True, slots=True)
class _Site:
    """Where git is run: a repository, and the folder of the workspace, in which no program is run."""

    workspace: Path
    repository: Repository

    @property
    def top(self) -> Path:
        return self.repository.top

    def git(self, arguments: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return run_git(self.workspace, arguments, given, folder=self.top)


def lines_left(
    folder: Path, path: str, lines: Sequence[str], first: int, last: int, *, most: int
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Which of these lines are still as a commit left them: hash -> ranges of lines as they are now.

    Lines that are not committed, and those whose last commit is older than the newest `most`, are in none.

    Raises:
        WorkspaceError: the file is in no git repository, or git is missing or fails.
    """
    site, inside = _site(folder, path)
    head = _head(site)
    committed = _committed_lines(site, head, inside)
    if committed is None:
        return {}
    now, then = [line.rstrip() for line in lines], [line.rstrip() for line in committed]
    moved = {at + 1: at + 1 for at in range(first - 1, min(last, len(now)))}
    if now != then:
        moved = {
            from_ + at + 1: start + at + 1
            for tag, start, end, from_, _ in _differences(now, then)
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
def _blamed(site: _Site, head: str, path: str, first: int, last: int, most: int) -> tuple[tuple[int, str], ...]:
    """(line, commit that wrote it) of the committed version of a file."""
    ends = tuple(f"^{end}" for end in _oldest(site, head, most))
    if len(ends) > MOST_ENDS:
        return ()
    arguments = [*_BLAME, f"-L{first},{last}", head, *ends, "--", path]
    found = site.git(arguments)
    headers = (_BLAMED.match(line) for line in found.stdout.split(b"\n")) if found.returncode == 0 else ()
    return tuple((int(header[2]), header[1].decode("ascii")) for header in headers if header is not None)


def _site(folder: Path, path: str) -> tuple[_Site, str]:
    """The innermost repository around a file or folder, and the path in it."""
    place = folder / path if path else folder
    repository = Repository.around(place if place.is_dir() else place.parent)
    if repository is None:
        raise WorkspaceError(f"{path or folder} is in no git repository, so no commits are known")
    inside = place.relative_to(repository.top).as_posix()
    return _Site(folder, repository), "" if inside == "." else inside


def _head(site: _Site) -> str:
    """The commit that is checked out."""
    found = site.git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
    head = found.stdout.decode("ascii", "replace").strip()
    if found.returncode or not head:
        told = _reason(found.stderr)
        raise WorkspaceError(f"git cannot read {site.top}: {told}" if told else f"{site.top} has no commits yet")
    return head


def _reason(stderr: bytes) -> str:
    """The first line of what git says about an error."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return _plain(lines[0])[:200].removeprefix("fatal: ") if lines else ""


def _committed_lines(site: _Site, head: str, path: str) -> list[str] | None:
    """A file's lines in a commit; None if it is not there, or is no text."""
    found = site.git(["cat-file", "blob", f"{head}:{path}"])
    decoded = decode(found.stdout) if found.returncode == 0 else None
    return split_lines(without_secrets(decoded[0], path)) if decoded is not None else None


def _differences(now: Sequence[str], then: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """How one text becomes another, as difflib's opcodes; what both begin and end with is not compared again."""
    shorter = min(len(now), len(then))
    head = next((at for at in range(shorter) if now[at] != then[at]), shorter)
    tail = next((at for at in range(shorter - head) if now[-1 - at] != then[-1 - at]), shorter - head)
    end, to = len(now) - tail, len(then) - tail
    found: list[tuple[str, int, int, int, int]] = [("equal", 0, head, 0, head)]
    if max(end, to) - head > MOST_ALIGNED_LINES:
        found.append(("replace", head, end, head, to))
    else:
        opcodes = difflib.SequenceMatcher(None, now[head:end], then[head:to], autojunk=False).get_opcodes()
        found += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in opcodes]
    return [*found, ("equal", end, len(now), to, len(then))]


def _aligned(now: Sequence[str], then: Sequence[str], first: int, last: int) -> tuple[int, int, int]:
    """Where lines of a text were in its committed version, and how many of them differ; (0, 0, n) if none was there."""
    wanted = [line.rstrip() for line in now]
    committed = [line.rstrip() for line in then]
    last = min(last, len(wanted))
    if wanted == committed:
        return first, last, 0
    places: list[int] = []
    same = 0
    for tag, start, end, from_, to in _differences(wanted, committed):
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


@lru_cache(maxsize=64)
def _oldest(site: _Site, head: str, most: int) -> tuple[str, ...]:
    """The commits just before the newest `most`: where the log ends."""
    found = site.git(["rev-list", "--boundary", f"--max-count={most}", head])
    return tuple(line[1:] for line in found.stdout.decode("ascii", "replace").split() if line.startswith("-"))


def _log(site: _Site, head: str, what: tuple[str, ...], path: str, most: int, limit: int) -> CommitLog:
    shallow = (read_regular(site.repository.common_dir / "shallow", 16 * 1024 * 1024) or b"").decode("ascii", "replace")
    return _logged(site, head, what, path, most, limit, frozenset(shallow.split()))


@lru_cache(maxsize=256)
def _logged(
    site: _Site,
    head: str,
    what: tuple[str, ...],
    path: str,
    most: int,
    limit: int,
    grafted: frozenset[str],
) -> CommitLog:
    ends = _oldest(site, head, most)
    revisions = "".join(f"{one}\n" for one in (head, *(f"^{end}" for end in ends))).encode()
    options = what[: what.index("--")] if "--" in what else what
    paths = what[len(options) :]
    found = site.git([*_LOG, f"--max-count={limit + 1}", *options, *paths], revisions)
    if found.returncode:
        raise WorkspaceError(f"git cannot read the history of {path or site.top}: {_reason(found.stderr)}")
    records = (b"\n" + found.stdout).split(b"\n\0")[1:]
    commits = [_commit(record, path) for record in records]
    # Where a shallow clone ends, a commit seems to add all that is there: nothing is known of what it changed.
    known = [commit for commit in commits if commit.name not in grafted]
    more = len(known) > limit
    return CommitLog(tuple(known[:limit]), more, 0, bool(ends) and not more, bool(grafted) and not more)


def _commit(record: bytes, path: str) -> LoggedCommit:
    name, date, author, message, rest = record.split(b"\0", 4)
    subject, paragraph = _message(without_secrets(message.decode("utf-8", "replace").rstrip("\x1f\n")))
    there, lines, removed = _changed(rest) if path else ("", (), 0)
    files = () if path else tuple(_path(line) for line in rest.split(b"\n") if line.strip())
    return LoggedCommit(
        name.decode("ascii", "replace"),
        date.decode("ascii", "replace"),
        _plain(author.decode("utf-8", "replace")),
        subject,
        paragraph,
        there or path,
        lines,
        removed,
        files[:MOST_FILES_LISTED],
    )


def _message(text: str) -> tuple[str, str]:
    """The subject of a message, and the first paragraph after it that does not consist of trailers."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    if not paragraphs:
        return "(no message)", ""
    subject, *rest = paragraphs
    for paragraph in rest:
        lines = [line.strip() for line in paragraph.splitlines() if line.strip()]
        if not all(TRAILER.match(line) for line in lines):
            return _shortened(subject, LONGEST_SUBJECT), _shortened(paragraph, LONGEST_PARAGRAPH)
    return _shortened(subject, LONGEST_SUBJECT), ""


def _shortened(text: str, most: int) -> str:
    joined = " ".join(_plain(text).split())
    return joined if len(joined) <= most else joined[: most - 3].rstrip() + "..."


def _plain(text: str) -> str:
    """Text without control characters and marks that change the direction of writing."""
    return _CONTROL.sub(" ", text)


def _changed(patch: bytes) -> tuple[str, tuple[tuple[int, int], ...], int]:
    """(path, lines added or changed, number of lines removed) of a patch of one file."""
    path = ""
    added: list[int] = []
    removed = old = new = at = 0
    for line in patch.split(b"\n"):
        if old > 0 or new > 0:  # inside a hunk, whose lines are counted: they may look like anything
            mark = line[:1]
            if mark == b"+":
                added.append(at)
            if mark == b"-":
                removed += 1
            if mark != b"\\":
                old -= mark != b"+"
                new -= mark != b"-"
                at += mark != b"-"
        elif (hunk := _HUNK.match(line)) is not None:
            old, new = int(hunk[1] or 1), int(hunk[3] or 1)
            at = int(hunk[2])
        elif line.startswith((b"+++ b/", b'+++ "b/', b"rename to ")):
            path = _path(line.removeprefix(b"+++ ").removeprefix(b"rename to ")).removeprefix("b/")
    return path, _ranges(added), removed


def _path(written: bytes) -> str:
    """A path as git writes it: quoted if it has special characters."""
    written = written.removesuffix(b"\t")
    if written.startswith(b'"') and written.endswith(b'"'):
        named = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
        written = _ESCAPE.sub(
            lambda found: bytes([int(found[1], 8) & 255]) if len(found[1]) == 3 else named.get(found[1], found[1]),
            written[1:-1],
        )
    return written.decode("utf-8", "replace")


def _ranges(numbers: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Ascending numbers as ranges."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)
