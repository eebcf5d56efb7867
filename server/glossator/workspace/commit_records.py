"""Runs git's log, and reads the commits that it prints.

git is told to run no external diff, no text conversion and no check of signatures, whatever the repository's
configuration names. What a commit says is data: its text is returned without control characters, and nothing is made of
it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.errors import WorkspaceError
from glossator.workspace.decoding import decode
from glossator.workspace.git_process import LOG_OPTIONS, READ_OPTIONS, run_git
from glossator.workspace.gitstate import Repository, why_no_repository
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_SUBJECT = 200
LONGEST_PARAGRAPH = 700
"""Characters of a commit's subject and of its first paragraph that are kept."""

_LOG = (
    *(*READ_OPTIONS, "--literal-pathspecs", "log", "--stdin", *LOG_OPTIONS),
    "--format=%x00%H%x00%aI%x00%an%x00%B%x1f%x00",
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
TRAILER = re.compile(r"[A-Z][\w-]*(?:-by|-on|-to|-id)?: ?\S")


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
class HistorySite:
    """Where git is run: a repository, and the folder of the workspace, in which no program is run.

    Attributes:
        inside: what is asked about, relative to the repository's top folder, with "/"; "" for that folder itself.
    """

    workspace: Path
    repository: Repository
    inside: str = ""

    @classmethod
    def of(cls, folder: Path, path: str = "") -> HistorySite:
        """The innermost repository around a file or folder.

        Raises:
            WorkspaceError: it is in none.
        """
        place = folder / path if path else folder
        around = place if place.is_dir() else place.parent
        repository = Repository.around(around)
        if repository is None:
            raise WorkspaceError(f"{why_no_repository(around, path or folder)}, so no commits are known")
        inside = place.relative_to(repository.top).as_posix()
        return cls(folder, repository, "" if inside == "." else inside)

    @property
    def below(self) -> str:
        """What the paths of all that is asked about begin with, relative to the repository's top folder."""
        return f"{self.inside}/" if self.inside else ""

    @property
    def top(self) -> Path:
        """The repository's top folder."""
        return self.repository.top

    def git(self, arguments: Sequence[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command of git there.

        Raises:
            WorkspaceError: git is missing, or does not end.
        """
        return run_git(self.workspace, arguments, given, folder=self.top)

    def head(self) -> str:
        """The commit that is checked out.

        Raises:
            WorkspaceError: there is none, or git is missing or fails.
        """
        found = self.git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
        head = found.stdout.decode("ascii", "replace").strip()
        if found.returncode or not head:
            told = git_reason(found.stderr)
            raise WorkspaceError(f"git cannot read {self.top}: {told}" if told else f"{self.top} has no commits yet")
        return head

    def text(self, commit: str, path: str, most_bytes: int | None = None) -> str | None:
        """A file's text in a commit, its secrets masked; None if it is not there, is too large, or is no text.

        Args:
            path: relative to the repository's top folder.

        Raises:
            WorkspaceError: git is missing, or does not end.
        """
        if most_bytes is not None:
            sized = self.git(["cat-file", "-s", f"{commit}:{path}"])
            if sized.returncode or int(sized.stdout or b"0") > most_bytes:
                return None
        found = self.git(["cat-file", "blob", f"{commit}:{path}"])
        decoded = decode(found.stdout) if found.returncode == 0 else None
        return without_secrets(decoded[0], path) if decoded is not None else None

    def log(
        self, head: str, options: Sequence[str], paths: Sequence[str], most: int, *, after: str = ""
    ) -> list[bytes]:
        """The records of git's log for the newest `most` commits before and with one; see `commit_of_record`.

        Args:
            options: of `git log`.
            paths: pathspecs.
            after: a commit: what it contains is left out.

        Raises:
            WorkspaceError: git is missing or fails.
        """
        excluded = (*oldest_commits(self, head, most), *((after,) if after else ()))
        revisions = "".join(f"{one}\n" for one in (head, *(f"^{end}" for end in excluded))).encode()
        found = self.git([*_LOG, *options, *(("--", *paths) if paths else ())], revisions)
        if found.returncode:
            raise WorkspaceError(
                f"git cannot read the history of {self.inside or self.top}: {git_reason(found.stderr)}"
            )
        return (b"\n" + found.stdout).split(b"\n\0")[1:]


@lru_cache(maxsize=64)
def oldest_commits(site: HistorySite, head: str, most: int) -> tuple[str, ...]:
    """The commits just before the newest `most`: where the log ends."""
    found = site.git(["rev-list", "--boundary", f"--max-count={most}", head])
    return tuple(line[1:] for line in found.stdout.decode("ascii", "replace").split() if line.startswith("-"))


def git_reason(stderr: bytes) -> str:
    """The first line of what git says about an error."""
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return _plain(lines[0])[:200].removeprefix("fatal: ") if lines else ""


def commit_of_record(record: bytes) -> tuple[LoggedCommit, bytes]:
    """A commit of `HistorySite.log` without what it changed, and what git printed of that."""
    name, date, author, message, rest = record.split(b"\0", 4)
    subject, paragraph = _message(without_secrets(message.decode("utf-8", "replace").rstrip("\x1f\n")))
    found = LoggedCommit(
        name.decode("ascii", "replace"),
        date.decode("ascii", "replace"),
        _plain(author.decode("utf-8", "replace")),
        subject,
        paragraph,
    )
    return found, rest


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
