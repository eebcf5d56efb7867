"""What a project's commits say and which definitions they changed: data to learn from, and to judge by.

The commits are split by time. Those of the newest tenth judge, and nothing is learned from them, nor from the state of
the project that they led to: what is learned from code is read as it was before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import AdaptationError, WorkspaceError
from glossator.retrieval.kinds import is_test
from glossator.workspace.commit_records import TRAILER
from glossator.workspace.decoding import decode
from glossator.workspace.git_process import LOG_OPTIONS, READ_OPTIONS, run_git
from glossator.workspace.gitstate import Repository
from glossator.workspace.patches import Hunk, hunks_and_headers, path_after

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glossator.index.entries import Entry

COMMITS_LOOKED_AT = 4000
"""Newest commits that are looked at, merges left out."""
JUDGING_SHARE = 0.1
"""Share of the commits, the newest, that judge."""
FILES_LIMIT = 6
"""A commit that changes more files is about no definition in particular."""
CHANGED_LIMIT = 10
"""A commit that changes more definitions is not used: a reformatting, a move, a new subsystem."""
QUERY_CHARS = 240
"""Characters of a question."""
_AT_ONCE = 100
"""Commits, or files, that git is asked about in one call."""
_MOST_LOOKED_AT = 40
"""Definitions in one changed range that are told apart; a range with more is a new file."""

NOT_DEFINITIONS = frozenset(("block", "section", "key", "rule", "element", "resource"))
"""Kinds of entries that no commit is said to change."""

_RAW = re.compile(rb":\d+ (100\d+) [0-9a-f]+ ([0-9a-f]+) [AM]\d*\t(.*)")
ISSUE_MARKS = re.compile(r"\(?#\d+\)?|\b(?:GH|PR)-?\d+\b|\[[^\]]*\]", re.IGNORECASE)
CONVENTIONAL_PREFIX = re.compile(
    r"^(?:feat|fix|refactor|perf|chore|docs?|test|build|ci|style|revert|improvement)(?:\([^)]*\))?!?:\s*", re.IGNORECASE
)
_NOISE = re.compile(
    r"\b(?:merge[ds]?|bump(?:ed|s)?|releas(?:e|ed|ing)|version|changelog|typos?|lint(?:er|ing)?|format(?:ting|ted)?|readme"
    r"|revert(?:ed|s)?|upgrade[ds]?|whitespaces?|docs?|dependenc(?:y|ies)|copyright|licen[cs]e|warnings?|clean ?up"
    r"|translations?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit, and the files that it added or modified.

    Attributes:
        name: its hash.
        time: when it was committed, in seconds since 1970.
        subject: what its subject says, without numbers of issues and conventional prefixes.
        paragraph: the first paragraph below, "" if there is none or it is not prose.
        files: (path relative to the root, hash of its content after the commit).
    """

    name: str
    time: int
    subject: str
    paragraph: str
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CommitHistory:
    """A project's commits, split by time.

    Attributes:
        learning, judging: the commits whose messages say something, newest first.
        count: how many commits were looked at.
        base: the newest commit of the main line that is not newer than the split: the project before those that judge.
    """

    learning: tuple[PastCommit, ...]
    judging: tuple[PastCommit, ...]
    count: int
    base: str


@dataclass(frozen=True, slots=True)
class ChangedDefinition:
    """A definition that a commit changed, as it was after it."""

    path: str
    entry: Entry


class ProjectHistory:
    """Reads a project's commits through git, which runs nothing that the repository names."""

    def __init__(self, root: Path) -> None:
        """Find the repository.

        Raises:
            AdaptationError: the folder is in none, or it has no commits.
        """
        repository = Repository.around(root)
        if repository is None:
            raise AdaptationError(
                f"{root} is not in a git repository, and without commits there is nothing to judge by"
            )
        self._root = root
        self._top = repository.top
        inside = root.relative_to(repository.top).as_posix()
        self._below = "" if inside == "." else f"{inside}/"
        head = self._git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], check=False).strip()
        if not head:
            raise AdaptationError(f"{root} has no commits yet, and without commits there is nothing to judge by")
        self.head = head.decode("ascii", "replace")

    def read(self, indexed: Collection[str]) -> CommitHistory:
        """The newest commits that changed a few of the indexed files and say something.

        Raises:
            AdaptationError: git fails.
        """
        listed = self._git(
            [
                *("log", *LOG_OPTIONS, "--no-merges", f"--max-count={COMMITS_LOOKED_AT}"),
                *("--raw", "-r", "--no-abbrev", "--no-renames"),
                *("--format=%x00%H%x00%ct%x00%B%x00", self.head, "--"),
                *((self._below,) if self._below else ()),
            ]
        )
        records = listed.split(b"\0")[1:]
        commits: list[PastCommit] = []
        times: list[int] = []
        for at in range(0, len(records) - 3, 4):
            name, time, message, rest = records[at : at + 4]
            times.append(int(time))
            subject, paragraph = said_by(message.decode("utf-8", "replace"))
            files = [
                (path.removeprefix(self._below), match[2].decode("ascii"))
                for line in rest.split(b"\n")
                if (match := _RAW.fullmatch(line)) and (path := match[3].decode("utf-8", "replace"))
            ]
            known = tuple((path, blob) for path, blob in files if path in indexed and not is_test(path))
            if subject and len(files) <= 2 * FILES_LIMIT and 1 <= len(known) <= FILES_LIMIT:
                commits.append(PastCommit(name.decode("ascii", "replace"), int(time), subject, paragraph, known))
        times.sort(reverse=True)
        split = times[int(JUDGING_SHARE * len(times))] if times else 0
        base = self._git(["rev-list", "-1", "--first-parent", f"--before={split}", self.head]).strip()
        return CommitHistory(
            tuple(commit for commit in commits if commit.time <= split),
            tuple(commit for commit in commits if commit.time > split),
            len(times),
            base.decode("ascii", "replace") or self.head,
        )

    def tree(self, commit: str) -> dict[str, str]:
        """The files of a commit below the root: path -> hash of the content."""
        listed = self._git(
            ["ls-tree", "-r", "-z", "--full-tree", commit, *(("--", self._below) if self._below else ())]
        )
        found = {}
        for line in listed.split(b"\0"):
            about, _, path = line.partition(b"\t")
            mode, _, blob = about.decode("ascii", "replace").partition(" blob ")
            if blob and mode.startswith("100"):
                found[path.decode("utf-8", "replace").removeprefix(self._below)] = blob
        return found

    def texts(self, blobs: Iterable[tuple[str, str]], most_bytes: int) -> Iterator[tuple[str, str, str]]:
        """(path, blob, text) of contents that are text and not larger than `most_bytes`, in order."""
        asked = list(blobs)
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            data = self._git(["cat-file", "--batch"], "".join(f"{blob}\n" for _, blob in some).encode())
            at = 0
            for path, blob in some:
                end = data.find(b"\n", at)
                header = data[at:end].split()
                if len(header) != 3 or not header[2].isdigit():  # a partial clone lacks it
                    at = end + 1
                    continue
                size = int(header[2])
                content = data[end + 1 : end + 1 + size]
                at = end + size + 2
                decoded = decode(content) if size <= most_bytes else None
                if decoded is not None:
                    yield path, blob, decoded[0]

    def changed(
        self,
        commits: Sequence[PastCommit],
        parse: Callable[[Iterable[tuple[str, str]]], Iterator[Sequence[Entry]]],
        most_bytes: int,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Iterator[tuple[PastCommit, list[ChangedDefinition]]]:
        """The definitions that commits changed: those that hold the changed lines, and none inside them does.

        Args:
            commits: which; those that change no definition, or too many, are left out of the result.
            parse: entries of texts (path, text), in order.
            most_bytes: larger files are left out.
            progress: told how many commits are done.
        """
        for start in range(0, len(commits), _AT_ONCE):
            some = commits[start : start + _AT_ONCE]
            lines = self._changed_lines(some)
            wanted = {
                blob: path for commit in some for path, blob in commit.files if path in lines.get(commit.name, {})
            }
            read = list(self.texts([(path, blob) for blob, path in wanted.items()], most_bytes))
            parsed = parse((path, text) for path, _, text in read)
            entries = {blob: found for (_, blob, _), found in zip(read, parsed, strict=True)}
            for commit in some:
                touched = [
                    ChangedDefinition(path, entry)
                    for path, blob in commit.files
                    for entry in holding(entries.get(blob, ()), lines.get(commit.name, {}).get(path, ()))
                ]
                if 1 <= len(touched) <= CHANGED_LIMIT:
                    yield commit, touched
            progress(start + len(some))

    def _changed_lines(self, commits: Sequence[PastCommit]) -> Mapping[str, Mapping[str, list[tuple[int, int]]]]:
        """Commit -> path -> ranges of lines as they are after the commit; see `holding` for a removal."""
        known = {commit.name for commit in commits}
        found: dict[str, dict[str, list[tuple[int, int]]]] = {}
        of_commit: dict[str, list[tuple[int, int]]] = {}
        ranges: list[tuple[int, int]] = []
        for part in hunks_and_headers(self._patches(commits)):
            if isinstance(part, Hunk):
                last = part.start + part.count - 1
                ranges.append((part.start, last) if part.count else (part.start + 1, part.start))
            elif path := path_after(part):
                ranges = of_commit.setdefault(path.removeprefix(self._below), [])
            elif (name := part.decode("ascii", "replace")) in known:
                of_commit = found.setdefault(name, {})
        return found

    def _patches(self, commits: Sequence[PastCommit]) -> bytes:
        """What commits changed, as git prints it; nothing of a commit that a partial clone lacks a file of."""
        arguments = [
            *("diff-tree", "--stdin", "--root", "-r", "-p", "-U0", "--no-renames", "--no-color", "--no-ext-diff"),
            *("--no-textconv", "--src-prefix=a/", "--dst-prefix=b/", "--diff-filter=AM"),
        ]
        try:
            return self._git(arguments, "".join(f"{commit.name}\n" for commit in commits).encode())
        except AdaptationError:
            half = len(commits) // 2
            return self._patches(commits[:half]) + self._patches(commits[half:]) if half else b""

    def _git(self, arguments: Sequence[str], given: bytes = b"", *, check: bool = True) -> bytes:
        try:
            done = run_git(self._root, [*READ_OPTIONS, *arguments], given, folder=self._top)
        except WorkspaceError as error:
            raise AdaptationError(str(error)) from error
        if check and done.returncode:
            told = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise AdaptationError(
                f"git cannot read the history of {self._root}: {told[0][:200] if told else 'it failed'}"
            )
        return done.stdout


def said_by(message: str) -> tuple[str, str]:
    """What a commit's message says in its subject and first paragraph; ("", "") if the subject says too little."""
    parts = [part for part in re.split(r"\n\s*\n", message.strip()) if part.strip()]
    subject = (
        CONVENTIONAL_PREFIX.sub("", ISSUE_MARKS.sub(" ", " ".join(parts[0].split())).strip()).strip() if parts else ""
    )
    if len(re.findall(r"[^\W\d_]{3,}", subject)) < 3 or _NOISE.search(subject):
        return "", ""
    for part in parts[1:2]:
        lines = [line.strip() for line in part.splitlines()]
        prose = not any(TRAILER.match(line) or line.startswith(("*", "-", ">", "    ")) for line in lines)
        if prose and len(re.findall(r"[^\W\d_]{3,}", part)) >= 6:
            return clipped(subject), clipped(ISSUE_MARKS.sub(" ", " ".join(lines)))
    return clipped(subject), ""


def clipped(text: str) -> str:
    """At most `QUERY_CHARS` of a text, cut at a word."""
    return text if len(text) <= QUERY_CHARS else text[:QUERY_CHARS].rsplit(" ", 1)[0]


def holding(entries: Sequence[Entry], ranges: Iterable[tuple[int, int]]) -> list[Entry]:
    """The innermost definitions that hold lines of these ranges, each once, in order.

    A range (n + 1, n) is the place between two lines.
    """
    whole = [entry for entry in entries if entry.part == 0 and entry.kind not in NOT_DEFINITIONS]
    found: dict[int, Entry] = {}
    for first, last in ranges:
        inside = [entry for entry in whole if entry.start_line <= last and first <= entry.end_line]
        if last < first:
            inside = sorted(inside, key=lambda one: one.end_line - one.start_line)[:1]
        if len(inside) <= 1 or len(inside) > _MOST_LOOKED_AT:
            found.update((entry.start_byte, entry) for entry in inside)
            continue
        for entry in inside:
            own = set(range(max(first, entry.start_line), min(last, entry.end_line) + 1))
            for one in inside:
                if _is_inside(one, entry):
                    own.difference_update(range(one.start_line, one.end_line + 1))
            if own:
                found[entry.start_byte] = entry
    return [found[at] for at in sorted(found)]


def _is_inside(one: Entry, other: Entry) -> bool:
    lines, around = (one.start_line, one.end_line), (other.start_line, other.end_line)
    return lines != around and around[0] <= lines[0] and lines[1] <= around[1]
