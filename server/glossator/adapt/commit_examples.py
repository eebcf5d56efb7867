"""Examples from a project's commits: a change as evidence, and its subject line as the answer.

Only files that are indexed are shown, so nothing that was screened comes back through the history.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.adapt.examples import Example, ExamplePiece, LeftOut
from glossator.answers import prompts
from glossator.errors import WorkspaceError
from glossator.workspace.git_process import LOG_OPTIONS, READ_OPTIONS, run_git
from glossator.workspace.gitstate import Repository

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

COMMIT_QUESTION = "Summarise this change in one line, as the project words its commits."
COMMITS_READ = 1_500
"""Newest commits that are looked at."""
FILES_SHOWN = 2
"""Files of a change that are shown; changes of more files than twice as many are left out."""
CHANGED_LINES_SHOWN = 30
"""Lines of a file's change that are shown."""
LEAST_SUBJECT_WORDS, MOST_SUBJECT_WORDS = 3, 20

_LOG = (*READ_OPTIONS, "log", *LOG_OPTIONS, "--no-merges", "--no-renames", "--relative")
_TIMES = ("--format=%x00%at", "--name-only")
_PATCHES = ("--format=%x00%H%x00%at%x00%s%x00", "--patch", "--unified=2")
_DULL = re.compile(
    r"(?i)^(?:merge|revert|bump|release|version|wip\b|fixup!|squash!|v?\d+\.\d+|initial commit)"
    r"|^update (?:readme|changelog)|\[(?:bot|automated)\]|^\W*(?:chore|build)\(deps"
)
_ISSUE = re.compile(r"\s*[(\[]?(?:#|gh-|[A-Z]{2,8}-)\d+[)\]]?\s*$")
_FILE = re.compile(r"^diff --git ", re.MULTILINE)
_TARGET = re.compile(r'^\+\+\+ "?b/(.+?)"?\t?$', re.MULTILINE)


def head_commit(folder: Path) -> str:
    """The hash of the commit that is checked out; "" without git, or without commits."""
    try:
        if Repository.around(folder) is None:
            return ""
        found = run_git(folder, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
    except WorkspaceError:
        return ""
    return found.stdout.decode("ascii", "replace").strip() if not found.returncode else ""


def commit_times(folder: Path) -> dict[str, int]:
    """When each file was committed last, in seconds since 1970; empty without git."""
    times: dict[str, int] = {}
    for record in _records(folder, _TIMES):
        head, _, names = record.partition("\n")
        for name in names.split("\n"):
            if name.strip() and head.strip().isdigit():
                times.setdefault(name.strip(), int(head))
    return times


def _records(folder: Path, options: tuple[str, ...]) -> list[str]:
    if not head_commit(folder):
        return []
    try:
        found = run_git(folder, [*_LOG, f"--max-count={COMMITS_READ}", *options, "--", "."])
    except WorkspaceError:
        return []
    if found.returncode:
        return []
    return found.stdout.decode("utf-8", "replace").split("\0")[1:]


def commit_examples(folder: Path, indexed: Collection[str]) -> Iterator[Example | LeftOut]:
    """An example of each commit that tells something; `indexed`: the files that may be shown."""
    parts = _records(folder, _PATCHES)
    for at in range(0, len(parts) - 3, 4):
        name, time, subject, patch = parts[at : at + 4]
        subject = _ISSUE.sub("", subject.strip())
        short = name.strip()[:10]
        if _DULL.search(subject) or not LEAST_SUBJECT_WORDS <= len(subject.split()) <= MOST_SUBJECT_WORDS:
            yield LeftOut("commit", "", short, "its subject says too little, or too much for one line")
            continue
        files = _FILE.split(patch)[1:]
        pieces = [piece for file in files if (piece := _piece(file, indexed)) is not None]
        if not pieces or len(files) > 2 * FILES_SHOWN:
            why = "it changes nothing that is indexed" if not pieces else f"it changes {len(files)} files"
            yield LeftOut("commit", "", short, why)
            continue
        yield Example(
            "commit",
            prompts.ask_question(COMMIT_QUESTION),
            tuple(pieces[:FILES_SHOWN]),
            subject if subject[-1] in ".!?" else f"{subject}.",
            "the subject of the commit",
            pieces[0].path,
            short,
            int(time) if time.strip().isdigit() else 0,
        )


def _piece(patch: str, indexed: Collection[str]) -> ExamplePiece | None:
    target = _TARGET.search(patch)
    if target is None or target[1] not in indexed:
        return None
    start = patch.find("\n@@")
    if start < 0:
        return None
    lines = [re.sub(r"^(@@ [^@]* @@).*", r"\1", line) for line in patch[start + 1 :].rstrip("\n").split("\n")]
    shown = [line[:160] for line in lines[:CHANGED_LINES_SHOWN]]
    return ExamplePiece(target[1], "change", "", 1, len(shown), "\n".join(shown), tuple([0] * len(shown)))
