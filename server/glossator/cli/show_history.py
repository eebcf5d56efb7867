"""`glossator history`: the commits that touched a symbol, lines, a file or a folder; as text or JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from glossator.answers.history_wording import history_data, log_notes, touched
from glossator.cli import terminal
from glossator.project.histories import history_places, log_of

if TYPE_CHECKING:
    import argparse

    from glossator.project.histories import HistoryPlace
    from glossator.project.session import Session
    from glossator.workspace.commit_log import CommitLog

COMMIT_INDENT = 4
"""Columns by which what a commit says is indented."""


def show_history(session: Session, arguments: argparse.Namespace) -> int:
    """Show the commits that touched a target; the index is up to date. Returns the exit status.

    Raises:
        SymbolNotFoundError: there is no such symbol or file; the message suggests similar names.
        WorkspaceError: histories are turned off; the folder is in no git repository, or git is missing or fails.
    """
    started = time.perf_counter()
    most = session.settings.history_commits
    places = history_places(session, arguments.target)
    shown: list[dict[str, Any]] = []
    for number, place in enumerate(places):
        log = log_of(place, session.settings, arguments.limit)
        if arguments.json:
            shown.append(history_data(place, log, most))
            continue
        if number:
            terminal.show()
        _show_log(place, log, most)
    if arguments.json:
        seconds = round(time.perf_counter() - started, 6)
        terminal.show_json({"target": arguments.target, "histories": shown, "seconds": seconds})
    return 0


def _show_log(place: HistoryPlace, log: CommitLog, most: int) -> None:
    terminal.show(
        f"{place.kind} {place.name} in {place.where}" if place.name else f"{place.kind} {place.where}", hang=4
    )
    for commit in log.commits:
        terminal.show(f"{commit.short_name}  {commit.day}  {commit.author}  {commit.subject}", hang=COMMIT_INDENT)
        if commit.paragraph:
            terminal.show(f"{'':{COMMIT_INDENT}}{commit.paragraph}", hang=COMMIT_INDENT)
        terminal.show(f"{'':{COMMIT_INDENT}}{touched(commit)}", hang=COMMIT_INDENT)
    for note in log_notes(log, most):
        terminal.show(note, hang=COMMIT_INDENT)
