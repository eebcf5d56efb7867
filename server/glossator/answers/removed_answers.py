"""Answers to questions about code that is not there now: the commit that removed it, in that commit's own words.

A commit is said to have removed a definition only if the file before it, parsed as any file is, has the definition and
the file after it has not. What cannot be shown in this way is not concluded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.answers.history_wording import counted_lines, escaped_markdown, named_commit
from glossator.errors import GlossatorError
from glossator.workspace.removed_code import deletions, moved_to, removals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.retrieval.history_questions import HistoryQuestion
    from glossator.workspace.removed_code import Removal

LISTED_REMOVALS = 3
"""Commits that are listed where none of them removed a definition."""

_PATH = re.compile(r"[\w@.+~$-]+(?:/[\w@.+~$-]+)*")
_FILE_NAME = re.compile(r"[\w@+~$-][\w@.+~$-]*\.[A-Za-z][A-Za-z0-9+]{0,7}")


def removed_parts(session: Session, asked: HistoryQuestion) -> list[str]:
    """What is known of something that a question names and that is not in the code today; [] if that is nothing.

    Raises:
        WorkspaceError: a folder is in no git repository, or git is missing or fails.
    """
    name = asked.name.strip("`'\"").removesuffix("()")
    most = session.settings.history_commits
    if _PATH.fullmatch(name) and ("/" in name or _FILE_NAME.fullmatch(name)):
        for root in session.roots:
            if found := deletions(root.path, name.removeprefix("./"), most=most):
                return _deleted(root, found)
    words = re.findall(r"\w+", name)
    if not words:
        return []
    mentions: list[Removal] = []
    for root in session.roots:
        for some in removals(root.path, words[-1], most=most):
            if told := _removed_definition(root, some, words):
                return told
            mentions += some
    if mentions and asked.aspect == "removed":
        return _removed_mentions(name, mentions)
    return []


def nothing_removed(session: Session, asked: HistoryQuestion) -> str:
    """That no commit is known to have removed something."""
    return (
        f"No definition named `{asked.name.replace('`', '')}` is in the index, and none of the last "
        f"{session.settings.history_commits:,} commits is known to have removed one."
    )


def _deleted(root: Root, found: Sequence[Removal]) -> list[str]:
    parts = []
    for removal in found[:LISTED_REMOVALS]:
        path = removal.path
        there = " There is a file of that path again today." if (root.path / path).is_file() else ""
        if to := moved_to(root.path, removal):
            parts.append(f"The file `{path}` was renamed to `{to}` by {_told(removal)}{there}")
        else:
            parts.append(f"The file `{path}` was deleted by {_told(removal)}{there}")
    return parts


def _removed_definition(root: Root, removed: Sequence[Removal], words: Sequence[str]) -> list[str]:
    """The definitions of a name that a commit removed and that it put nowhere else."""
    gone: list[tuple[Removal, str, str, int, int]] = []
    for removal in removed:
        try:
            before = root.parsed(removal.path, removal.before).entries if removal.before else ()
            after = root.parsed(removal.path, removal.after).entries if removal.after else ()
        except GlossatorError:  # what cannot be parsed shows nothing
            continue
        kept = {entry.qualified_name for entry in after}
        for entry in before:
            named = re.findall(r"\w+", entry.qualified_name)
            if named[-len(words) :] == list(words) and entry.qualified_name not in kept and entry.part == 0:
                kind = entry.kind.replace("_", " ")
                gone.append((removal, kind, entry.qualified_name, entry.start_line, entry.end_line))
    if not gone:
        return []
    places = "; ".join(
        f"{kind} `{name}` in `{removal.path}`, {counted_lines([(first, last)])}"
        for removal, kind, name, first, last in gone
    )
    where = "lines are those of the file before it" if len(gone) == 1 else "lines are those of the files before it"
    return [f"`{words[-1]}` was removed by {_told(gone[0][0])}", f"What it removed: {places} ({where})."]


def _removed_mentions(name: str, removed: Sequence[Removal]) -> list[str]:
    name = name.replace("`", "")
    parts = [f"No commit is known that removed a definition of `{name}`, but these removed lines with the name:"]
    seen: dict[str, list[Removal]] = {}
    for removal in removed:
        seen.setdefault(removal.commit.name, []).append(removal)
    for some in list(seen.values())[:LISTED_REMOVALS]:
        places = "; ".join(
            f"`{one.path}`, {counted_lines([(line, line) for line in one.lines])}" for one in some[:LISTED_REMOVALS]
        )
        parts.append(f"- {_told(some[0])} ({places}, as the file was before it)")
    return parts


def _told(removal: Removal) -> str:
    commit = removal.commit
    paragraph = f" {escaped_markdown(commit.paragraph)}" if commit.paragraph else ""
    return f"{named_commit(commit)}: **{escaped_markdown(commit.subject)}**{paragraph}"
