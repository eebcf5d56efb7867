"""Problem reports and questions about repositories at many revisions: their trees, indexes, targets and scores.

Shared by `bench_retrieval.py` and `fit_reports.py`. Two files:

- reports: {"id", "github", "revision", "query", "targets"}, the whole text of a report, and what its fix changed: a
  target is {"path", "lines"}, lines of the file before the fix (1-based)
- questions about a repository: {"id", "github", "revision", "question", "files"}, the files that the reference answer
  names; those without files are skipped

Every revision gets a tree and an index of its own. An index is made from a copy of the previous revision's, so that
only files that differ are parsed.

File@k: all target files are among the first k different files. Function@k: all definitions that hold target lines are
among the first k definitions. (Both as SWE-bench Lite's localisation is reported by others.)
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glossator.index.store import Store
from glossator.project.session import Session
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glossator.index.records import StoredEntry


@dataclass(frozen=True, slots=True)
class Report:
    """A text and the places that it is about."""

    id: str
    github: str
    revision: str
    query: str
    targets: tuple[tuple[str, tuple[int, ...]], ...]
    """(path, lines); no lines if the whole file is meant."""

    @property
    def paths(self) -> list[str]:
        """The target files."""
        return list(dict.fromkeys(path for path, _ in self.targets))


def load_reports(file: Path) -> list[Report]:
    """Reports, or questions about repositories."""
    found = []
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        if "targets" in row:
            targets = tuple((one["path"], tuple(one["lines"])) for one in row["targets"])
        else:
            targets = tuple((path, ()) for path in row["files"])
        if targets:
            found.append(
                Report(row["id"], row["github"], row["revision"], row.get("query") or row["question"], targets)
            )
    return found


def _git(mirror: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "--git-dir", str(mirror), *arguments], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    return done.stdout.strip()


def _mirror(mirrors: Path, github: str) -> Path:
    """The git directory of a repository: "OWNER+NAME", "OWNER+NAME/repo" or "NAME/.git" under `mirrors`."""
    name = github.replace("/", "+")
    for folder in (mirrors / name / "repo", mirrors / name, mirrors / github.rpartition("/")[2] / ".git"):
        if (folder / "HEAD").is_file():
            return folder
    raise FileNotFoundError(f"there is no git directory of {github} in {mirrors}")


def _tree(mirror: Path, revision: str, folder: Path) -> Path:
    """The work tree of a revision, written if it is not there; without files whose contents the mirror lacks."""
    if folder.is_dir():
        return folder
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    listed = [line.split("\t", 1) for line in _git(mirror, "ls-tree", "-r", "-z", revision).split("\0") if line]
    blobs = [(path, about.split()[2]) for about, path in listed if about.startswith("100")]
    with subprocess.Popen(
        ["git", "--git-dir", str(mirror), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for path, blob in blobs:
            process.stdin.write(f"{blob}\n".encode())
            process.stdin.flush()
            about = process.stdout.readline().split()
            if len(about) == 3:
                file = partial / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(process.stdout.read(int(about[2])))
                process.stdout.read(1)
        process.stdin.close()
    partial.rename(folder)
    return folder


def sessions(
    reports: Sequence[Report], mirrors: Path, work: Path, only: Sequence[str] = ()
) -> Iterator[tuple[str, list[Report], Session]]:
    """(github, reports, session) for each revision, its index up to date; the session is closed afterwards.

    Args:
        reports: all reports.
        mirrors: folder with the repositories' git directories.
        work: folder for trees and indexes.
        only: names of repositories ("owner/name"); all if empty.
    """
    by_github: dict[str, dict[str, list[Report]]] = defaultdict(lambda: defaultdict(list))
    for one in reports:
        by_github[one.github][one.revision].append(one)
    settings = replace(Settings(), index_dir=work / "indexes")
    for github, revisions in by_github.items():
        if only and github not in only:
            continue
        mirror = _mirror(mirrors, github)
        when = {revision: int(_git(mirror, "log", "-1", "--format=%ct", revision)) for revision in revisions}
        before: Path | None = None
        for revision in sorted(revisions, key=lambda one: when[one]):
            name = _git(mirror, "rev-parse", "--short=10", revision)
            folder = work / "trees" / f"{github.replace('/', '+')}" / name
            session = Session([_tree(mirror, revision, folder)], settings)
            root = session.root
            index = Store.folder_for(settings.index_dir, root.path, session.shared.embedder.id)
            if before is not None and not index.is_dir():
                shutil.copytree(before, index, ignore=shutil.ignore_patterns("lock", "*-shm", "*-wal"))
            root.index()
            before = index
            try:
                yield github, revisions[revision], session
            finally:
                session.close()


def functions(session: Session, report: Report) -> set[tuple[str, str]]:
    """(path, qualified name) of the definitions that hold target lines."""
    snapshot = session.root.open()
    assert snapshot is not None
    wanted: set[tuple[str, str]] = set()
    for path, lines in report.targets:
        entries = snapshot.searcher.store.entries_in(path)
        for line in lines:
            if (entry := definition_at(entries, line)) is not None:
                wanted.add((path, entry.qualified_name))
    return wanted


def definition_at(entries: Sequence[StoredEntry], line: int) -> StoredEntry | None:
    """The smallest definition, windows and blocks excluded, that holds a line."""
    holding = [
        one for one in entries if one.part == 0 and one.kind != "block" and one.start_line <= line <= one.end_line
    ]
    return min(holding, key=lambda one: one.end_line - one.start_line, default=None)


def all_among(wanted: Sequence[object], found: Sequence[object], k: int) -> float:
    """1 if all that is wanted is among the first k different ones, else 0."""
    first = set(list(dict.fromkeys(found))[:k])
    return float(all(one in first for one in wanted))
