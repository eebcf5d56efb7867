"""Answers to questions about the history of code ("why is X so", "when was X changed"), made of its commits at once.

Nothing is concluded: what commits say is quoted, with who said it and when, and each is cited with lines that it left.
That nothing is known, or not all, is said. What a commit's message says is data: it is escaped, so that no mark in it
looks like one of the answer's own.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glossator.answers.evidence import Evidence, Question, estimated_tokens
from glossator.answers.gathering import gather_in
from glossator.answers.history_wording import (
    counted_lines,
    escaped_markdown,
    log_notes,
    named_commit,
    touched,
    window_told,
)
from glossator.answers.packing import unindexed_entry
from glossator.answers.removed_answers import nothing_removed, removed_parts
from glossator.answers.root_view import RootView
from glossator.answers.told_answers import ToldAnswer, citation_mark
from glossator.answers.use_answers import WRITTEN_AS_CODE
from glossator.errors import StoreCorruptError, SymbolNotFoundError, UsageError, WorkspaceError
from glossator.project.histories import (
    HISTORY_OFF,
    HistoryPlace,
    history_places,
    lines_place,
    log_of,
    path_place,
    symbol_place,
)
from glossator.project.targets import near_symbols
from glossator.retrieval.history_questions import parse_history_question
from glossator.workspace.commit_log import lines_left
from glossator.workspace.gitstate import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.index.records import StoredEntry
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.retrieval.history_questions import HistoryQuestion
    from glossator.workspace.commit_log import CommitLog
    from glossator.workspace.commit_records import LoggedCommit

HISTORY_NOTE = "*Read from the commits in git, without a language model; the words are those of the commits.*"
LISTED_COMMITS = 10
"""Commits listed of a place."""
TRACED_COMMITS = 200
"""Commits that are followed back to the one in which a place came to be, if that is asked."""
LISTED_PLACES = 3
"""Definitions of one name whose commits are listed; the others are only named."""
CITED_HISTORY_LINES = 20
"""Lines that are cited of what is asked about, and of what a commit left."""
NEARNESS_TOKENS = 500
"""Budget of the search for what a phrase is about: only the best match counts."""


def history_answer_in(session: Session, question: Question) -> ToldAnswer | None:
    """The answer to a question about history; None if it is another question, or if no commits can be read.

    Raises:
        StoreError: an index cannot be opened.
    """
    asked = parse_history_question(question.text)
    if asked is None or not session.settings.history_commits:
        return None
    try:
        places, closest = _asked_places(session, asked, question)
        if places:
            return _HistoryWriter(session).answer(asked, places, closest)
        parts = removed_parts(session, asked) if _may_be_gone(asked) else []
        if not parts and asked.aspect == "removed" and _may_be_gone(asked):
            parts = [nothing_removed(session, asked)]
        return ToldAnswer("\n\n".join([*parts, HISTORY_NOTE]) + "\n", ()) if parts else None
    except (StoreCorruptError, WorkspaceError, SymbolNotFoundError, UsageError):
        return None  # searching repairs damage, and `history_note` tells what else is missing


def history_note(session: Session, text: str) -> str:
    """Why a question about history is not answered with commits, in a sentence; "" if it is no such question.

    Raises:
        StoreError: an index cannot be opened.
    """
    asked = parse_history_question(text)
    if asked is None:
        return ""
    if not session.settings.history_commits:
        return _sentence(HISTORY_OFF)
    try:
        places = history_places(session, asked.name) if asked.name else [path_place(root, "") for root in session.roots]
        log_of(places[0], session.settings, 1, asked.window)
    except SymbolNotFoundError:
        if not WRITTEN_AS_CODE.search(asked.name):
            return ""
        near = near_symbols(session, asked.name)
        return f"No symbol is named `{asked.name.replace('`', '')}`" + (f"; similar: {near}." if near else ".")
    except (WorkspaceError, UsageError) as error:
        return _sentence(str(error))
    return ""


def _may_be_gone(asked: HistoryQuestion) -> bool:
    """Whether a question names code, so that it is looked for in what commits removed if it is not there now."""
    if asked.aspect == "removed":
        return bool(asked.name)
    return bool(asked.path) or WRITTEN_AS_CODE.search(asked.phrase) is not None


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _asked_places(session: Session, asked: HistoryQuestion, question: Question) -> tuple[list[HistoryPlace], bool]:
    """What a question is about, and whether that is only the closest match for what it says."""
    if asked.scope:
        return _here(session, asked, question), False
    if asked.name:
        name = f"{asked.path}::{asked.name}" if asked.path else asked.name
        try:
            return history_places(session, name), False
        except SymbolNotFoundError:
            if asked.aspect == "removed" or _may_be_gone(asked):
                return [], False
    material = gather_in(session, Question(asked.phrase, where=question.where), NEARNESS_TOKENS)
    entry, folder = material.subject, material.subject_root
    root = next((root for root in session.roots if root.path == folder), None)
    if entry is None or root is None or material.is_far:
        return [], False
    return [_entry_place(root, entry)], True


def _entry_place(root: Root, entry: StoredEntry) -> HistoryPlace:
    now = RootView.of(root).located(entry) or entry
    if not now.qualified_name:
        return lines_place(root, now.path, now.start_line, now.end_line)
    kind = now.kind.replace("_", " ")
    return HistoryPlace(root, now.path, now.start_line, now.end_line, kind, now.qualified_name)


def _here(session: Session, asked: HistoryQuestion, question: Question) -> list[HistoryPlace]:
    """What "this" or "here" is where a question was asked; without such a place, "here" is everything."""
    focus = question.focus
    root = next((root for root in session.roots if focus is not None and root.path == focus.root), None)
    if asked.scope == "project" or focus is None or root is None:
        if asked.scope in ("symbol", "lines"):
            return []
        return [path_place(root, "") for root in session.roots]
    if asked.scope == "folder":
        return [path_place(root, focus.path.rpartition("/")[0])]
    if asked.scope == "file":
        return [path_place(root, focus.path)]
    if asked.scope == "lines" or focus.end_line > focus.start_line:
        return [lines_place(root, focus.path, focus.start_line, focus.end_line)]
    snapshot = root.open()
    symbol = snapshot.use_finder().symbol_at(focus.path, focus.start_line) if snapshot is not None else None
    if symbol is None:
        return [lines_place(root, focus.path, focus.start_line, focus.end_line)]
    return [symbol_place(root, symbol)]


class _HistoryWriter:
    """Writes one answer: collects the evidence that it cites."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._most = session.settings.history_commits
        self._evidence: list[Evidence] = []

    def answer(self, asked: HistoryQuestion, places: Sequence[HistoryPlace], closest: bool) -> ToldAnswer:
        parts = []
        if closest:
            parts.append(f"Nothing is named “{escaped_markdown(asked.phrase)}”; this is the closest match.")
        for number, place in enumerate(places[:LISTED_PLACES]):
            if number:
                parts.append("---")
            limit = TRACED_COMMITS if asked.aspect == "added" else LISTED_COMMITS
            log = log_of(place, self._session.settings, limit, asked.window)
            parts += self._history(asked, place, log)
        if len(places) > LISTED_PLACES:
            rest = places[LISTED_PLACES:]
            named = ", ".join(f"`{one.name or one.where}` (`{one.where}`)" for one in rest[:LISTED_COMMITS])
            more = f" and {len(rest) - LISTED_COMMITS} more" if len(rest) > LISTED_COMMITS else ""
            parts.append(f"There are {len(rest)} more definitions of the name: {named}{more}.")
        return ToldAnswer("\n\n".join([*filter(None, parts), HISTORY_NOTE]) + "\n", tuple(self._evidence))

    def _history(self, asked: HistoryQuestion, place: HistoryPlace, log: CommitLog) -> list[str]:
        subject = self._subject(place)
        notes = " ".join(log_notes(log, self._most))
        if not log.commits and asked.window is not None:
            newest = log_of(place, self._session.settings, 1).commits
            last = f" The newest commit that touched it is by {named_commit(newest[0])}." if newest else ""
            return [f"{subject}: no commit is known that touched it {window_told(asked.window)}.{last}"]
        if not log.commits:
            return [f"{subject}: no commit is known that touched it.", notes.replace("No commit touched it yet.", "")]
        left = self._left(place) if place.kind != "folder" else {}
        listed = log.commits[-LISTED_COMMITS:]
        items = [self._commit(place, commit, left.get(commit.name, ())) for commit in listed]
        return [self._head(asked, subject, log), "\n".join(items), notes]

    def _head(self, asked: HistoryQuestion, subject: str, log: CommitLog) -> str:
        aspect = asked.aspect
        newest, oldest = log.commits[0], log.commits[-1]
        count = f"{len(log.commits)} {'commit' if len(log.commits) == 1 else 'commits'}"
        least = "at least " if log.more or log.bounded or log.shallow else ""
        order = ", the newest first:" if len(log.commits) > 1 else ":"
        if aspect == "added":
            came = (
                f"It came to be here with {named_commit(oldest)}."
                if log.is_whole
                else f"The oldest commit known here, {named_commit(oldest)}, need not be the first."
            )
            if len(log.commits) > LISTED_COMMITS:
                order = "; the oldest of them, the newest first:"
            return f"{subject}. {came} In all, {least}{count} touched it{order}"
        if aspect == "who":
            authors = Counter(commit.author for commit in log.commits).most_common()
            told = ", ".join(f"{escaped_markdown(name) or 'unnamed'} ({number})" for name, number in authors)
            if asked.window is not None:
                return f"{subject} was touched by {least}{count} {window_told(asked.window)}. Their authors: {told}."
            return f"{subject} was last changed by {named_commit(newest)}. Authors of the {count} listed: {told}."
        if asked.window is not None:
            return f"{subject} was touched by {least}{count} {window_told(asked.window)}{order}"
        if aspect == "removed":
            return f"{subject} is in the code today. {least.capitalize()}{count} touched it{order}"
        if aspect == "why":
            says = "What they say" if len(log.commits) > 1 else "What it says"
            return f"{subject} was touched by {least}{count}. {says} is all that is known here of the reasons{order}"
        return f"{subject} was last changed by {named_commit(newest)}; {least}{count} touched it{order}"

    def _subject(self, place: HistoryPlace) -> str:
        if place.kind == "folder":
            return f"The folder `{place.path}`" if place.path else f"The project `{place.root.path.name}`"
        if place.kind == "file":
            return f"The file `{place.path}` {self._cite(place, place.start_line, place.end_line, None)}"
        cited = self._cite(place, place.start_line, place.end_line, None)
        if place.name:
            return f"{place.kind.capitalize()} `{place.name}` (`{place.path}:{place.start_line}`) {cited}"
        return f"What is in `{place.where}` {cited}"

    def _left(self, place: HistoryPlace) -> Mapping[str, Sequence[tuple[int, int]]]:
        lines = RootView.of(place.root).lines(place.path)
        first, last = place.start_line, place.end_line
        return lines_left(place.root.path, place.path, lines, first, last, most=self._most)

    def _commit(self, place: HistoryPlace, commit: LoggedCommit, left: Sequence[tuple[int, int]]) -> str:
        at = place
        first, last = left[0] if left else (place.start_line, place.end_line)
        if place.kind == "folder":
            path = self._present(place.root, commit.files)
            if not path:
                return self._told(commit, "", left)
            at = path_place(place.root, path)
            first, last = at.start_line, at.end_line
        return self._told(commit, self._cite(at, first, last, commit), left)

    def _told(self, commit: LoggedCommit, cited: str, left: Sequence[tuple[int, int]]) -> str:
        now = f"; today {counted_lines(left)}" if left else ""
        author, subject = escaped_markdown(commit.author), escaped_markdown(commit.subject)
        told = f"- `{commit.short_name}` {commit.day}, {author}: **{subject}** {cited}".rstrip()
        place = f"  ({escaped_markdown(touched(commit))}{now})"
        return "\n".join([told, *([f"  {escaped_markdown(commit.paragraph)}"] if commit.paragraph else []), place])

    def _present(self, root: Root, files: Sequence[str]) -> str:
        """The first file of a commit that is still in the root, relative to it; "" if there is none."""
        repository = Repository.around(root.path)
        if repository is None:
            return ""
        for file in files:
            path = repository.top / file
            relative = path.relative_to(root.path).as_posix() if path.is_relative_to(root.path) else ""
            if relative and root.text(relative) is not None:
                return relative
        return ""

    def _cite(self, place: HistoryPlace, first: int, last: int, commit: LoggedCommit | None) -> str:
        root = place.root.path
        view = RootView.of(place.root)
        last = min(last, first + CITED_HISTORY_LINES - 1)
        source = "\n".join(view.lines(place.path)[first - 1 : last])
        names = (place.name,) if place.name else ()
        entry = view.entry_at(place.path, first) if names else None
        if entry is None or entry.qualified_name != place.name:
            entry = unindexed_entry(place.path, first, last)
        why = f"commit {commit.short_name}, {commit.day}: {commit.subject}" if commit else "what is asked about"
        self._evidence.append(
            Evidence(
                number=len(self._evidence) + 1,
                root=root,
                path=place.path,
                start_line=first,
                end_line=last,
                names=names,
                kind=place.kind if names else "block",
                why=why,
                text=source,
                tokens=estimated_tokens(source),
                role="symbol",
                form="source",
                source=source,
                entry=entry,
                commit=commit,
            )
        )
        return citation_mark(len(self._evidence))
