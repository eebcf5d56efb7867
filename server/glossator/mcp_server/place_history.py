"""The tool `history`: the commits that touched a symbol, lines, a file or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.history_wording import log_notes
from glossator.mcp_server.code_tools import MOST_DEFINITIONS, CallScope, checked
from glossator.mcp_server.tool_results import CommitItem, Histories, PlaceHistory, count_fitting, tokens_of
from glossator.project.histories import history_places, log_of

if TYPE_CHECKING:
    from glossator.workspace.commit_records import LoggedCommit

MOST_COMMITS = 100
"""Commits of one place that are returned at most."""


def history(scope: CallScope, symbol: str, limit: int = 10, max_tokens: int = 2000) -> Histories:
    """The newest commits that touched what a name or a place stands for.

    Raises:
        SymbolNotFoundError: there is no such symbol or file; the message tells the nearest names.
        WorkspaceError: histories are turned off; the folder is in no git repository, or git is missing or fails.
    """
    found = history_places(scope, checked(symbol, "symbol"))
    notes = []
    if len(found) > MOST_DEFINITIONS:
        more = len(found) - MOST_DEFINITIONS
        notes.append(f"{more} more definitions have this name: give FILE:LINE or a qualified name")
    shown: list[PlaceHistory] = []
    left = max_tokens
    chosen = found[:MOST_DEFINITIONS]
    for at, place in enumerate(chosen):
        settings = place.root.settings
        log = log_of(place, settings, limit)
        item = PlaceHistory(
            place.path or ".", place.start_line, place.end_line, place.kind, place.name, scope.name_of(place.root)
        )
        item.complete, item.notes = log.is_whole, log_notes(log, settings.history_commits)
        commits = [_item(commit) for commit in log.commits]
        kept = count_fitting(commits, left // (len(chosen) - at) - tokens_of(item)) if commits else 0
        item.commits = commits[:kept]
        if kept < len(commits):
            item.complete = False
            item.notes.append(f"{len(commits) - kept} more commits are left out: raise max_tokens")
        left -= tokens_of(item)
        shown.append(item)
    return Histories(shown, notes)


def _item(commit: LoggedCommit) -> CommitItem:
    lines = [f"{first}-{last}" if last > first else f"{first}" for first, last in commit.lines]
    return CommitItem(
        commit.name,
        commit.date,
        commit.author,
        commit.subject,
        commit.paragraph,
        commit.path,
        lines,
        commit.removed,
        list(commit.files),
    )
