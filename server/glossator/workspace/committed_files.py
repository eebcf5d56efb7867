"""What git has committed: the files of a commit, and their contents.

git itself reads its objects, through commands that neither look at the working tree nor run what a repository's
configuration names: no filters, hooks, monitors or external programs. Nothing is fetched from elsewhere.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import UsageError, WorkspaceError
from glossator.workspace.git_process import run_git
from glossator.workspace.gitstate import Repository, why_no_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from glossator.workspace.gitstate import StagedFile

_REGULAR = ("100644", "100755")
"""Modes of files, as `git ls-tree` prints them; links and submodules have others."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the repository that a folder is in.

    Attributes:
        folder: the folder, an absolute path; the paths of files are relative to it, with "/".
        name: the commit's full hash.
        blobs: path -> hash of the content, for regular files below the folder.
    """

    folder: Path
    name: str
    blobs: dict[str, str]

    @classmethod
    def of(cls, folder: Path, base: str) -> Commit:
        """The commit where the current branch left `base`: a branch, tag or commit. "HEAD" is the current commit.

        Raises:
            UsageError: there is no such commit.
            WorkspaceError: the folder is in no git repository, or git is missing or fails.
        """
        if Repository.around(folder) is None:
            raise WorkspaceError(f"{why_no_repository(folder)}, so nothing is known of its changes")
        found = run_git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}"])
        name = found.stdout.decode("ascii", "replace").strip()
        if found.returncode or not name:
            raise UsageError(f"git knows no commit {base!r}: give a branch, a tag or a commit")
        left = run_git(folder, ["merge-base", name, "HEAD"])
        if left.returncode == 0:
            name = left.stdout.decode("ascii", "replace").strip()
        listed = run_git(folder, ["ls-tree", "-r", "-z", name])
        if listed.returncode:
            raise WorkspaceError(f"git cannot read the commit {name}: {listed.stderr.decode('utf-8', 'replace')[:200]}")
        blobs: dict[str, str] = {}
        for line in listed.stdout.split(b"\0"):
            about, _, path = line.partition(b"\t")
            mode, _, blob = about.decode("ascii", "replace").partition(" blob ")
            if blob and mode in _REGULAR:
                blobs[os.fsdecode(path)] = blob
        return cls(folder, name, blobs)

    def differing(self, paths: Iterable[str]) -> list[str]:
        """Those of some files of the working tree whose content is not the commit's, line ends aside.

        A file that git's index knows to be unchanged is not read: of a large project, hardly any are.
        """
        repository = Repository.around(self.folder)
        staged = repository.staged() if repository is not None else {}
        start = "" if repository is None else self.folder.relative_to(repository.top).as_posix() + "/"
        start = "" if start == "./" else start
        return [path for path in paths if _differs(self.folder / path, self.blobs.get(path), staged.get(start + path))]

    def contents(self, paths: Sequence[str]) -> dict[str, bytes]:
        """The contents of files of the commit.

        Raises:
            WorkspaceError: git fails.
        """
        known = [path for path in paths if path in self.blobs]
        if not known:
            return {}
        asked = "".join(f"{self.blobs[path]}\n" for path in known).encode()
        done = run_git(self.folder, ["cat-file", "--batch"], asked)
        found: dict[str, bytes] = {}
        at = 0
        for path in known:
            end = done.stdout.find(b"\n", at)
            header = done.stdout[at:end].split()
            if end < 0 or len(header) != 3:
                raise WorkspaceError(f"git cannot read {path} of the commit {self.name}")
            size = int(header[2])
            found[path] = done.stdout[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found


def _differs(file: Path, blob: str | None, staged: StagedFile | None) -> bool:
    """Whether a file's content is not that of a blob, line ends aside."""
    if blob is None:
        return True
    try:
        if staged is not None and staged.blob == blob:
            status = file.stat()
            times = (status.st_mtime_ns, status.st_ctime_ns)
            if status.st_size & 0xFFFFFFFF == staged.size and times == (staged.mtime_ns, staged.ctime_ns):
                return False
        content = file.read_bytes()
    except OSError:
        return False
    return blob not in (_blob_hash(content, blob), _blob_hash(content.replace(b"\r\n", b"\n"), blob))


def _blob_hash(content: bytes, like: str) -> str:
    """The name that git gives to a content, in the repository's hash function."""
    made = hashlib.sha256 if len(like) == 64 else hashlib.sha1  # the identity of a git object, not a secret
    return made(b"blob %d\0" % len(content) + content).hexdigest()
