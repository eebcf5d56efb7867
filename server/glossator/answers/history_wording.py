"""How the commits of a history are put into words, for answers, the command line and agents."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.project.histories import HistoryPlace
    from glossator.workspace.commit_log import CommitLog, CommitWindow
    from glossator.workspace.commit_records import LoggedCommit

SHOWN_RANGES = 6
"""Ranges of lines, and files, that are shown of a commit; data have all."""

_SPECIAL = re.compile(r"([\\`*\[\]<>~|])|(?<!\w)(_)|(_)(?!\w)")


def touched(commit: LoggedCommit) -> str:
    """Which lines or files a commit touched, as they were then: "a.py: lines 3-5, 9; 2 lines removed"."""
    if not commit.path:
        return _some(commit.files) or "no files"
    removed = f"{commit.removed:,} {'line' if commit.removed == 1 else 'lines'} removed" if commit.removed else ""
    told = [counted_lines(commit.lines)] if commit.lines else []
    told += [removed] if removed else []
    return f"{commit.path}: {'; '.join(told) or 'no lines'}"


def counted_lines(lines: Sequence[tuple[int, int]]) -> str:
    """Ranges of lines in words: "line 3", "lines 3-5, 9"."""
    ranges = [f"{first}-{last}" if last > first else f"{first}" for first, last in lines]
    return ("line " if len(ranges) == 1 and "-" not in ranges[0] else "lines ") + _some(ranges)


def _some(items: Sequence[str]) -> str:
    more = f" and {len(items) - SHOWN_RANGES} more" if len(items) > SHOWN_RANGES else ""
    return ", ".join(items[:SHOWN_RANGES]) + more


def log_notes(log: CommitLog, most: int) -> list[str]:
    """What is missing from a history, in sentences.

    Args:
        most: how many of the newest commits were looked at (the setting history_commits).
    """
    notes = []
    if log.uncommitted:
        differ = "1 line differs" if log.uncommitted == 1 else f"{log.uncommitted:,} lines differ"
        notes.append(f"{differ} from the last commit, or {'is' if log.uncommitted == 1 else 'are'} not in it.")
    if not log.commits:
        known = "among the commits looked at" if log.bounded or log.shallow else "yet"
        notes.append(f"No commit touched it {known}.")
    if log.more:
        notes.append("There are older commits.")
    if log.bounded:
        notes.append(f"Only the last {most:,} commits were looked at.")
    if log.shallow:
        notes.append("The clone is shallow: older commits are not known here.")
    return notes


def window_told(window: CommitWindow) -> str:
    """The time that was asked about, with its dates: "since 2026-11-23 (“this week”)"."""
    asked = f"“{escaped_markdown(window.told)}”"
    if window.after:
        return f"since `{window.after.replace('`', '')}`"
    if window.since is None:
        return f"({asked})"
    if window.until is not None:
        last = window.until - datetime.timedelta(microseconds=1)
        return f"from {window.since:%Y-%m-%d} to {last:%Y-%m-%d} ({asked})"
    exact = "%Y-%m-%d" if (window.since.hour, window.since.minute) == (0, 0) else "%Y-%m-%d %H:%M"
    return f"since {window.since.strftime(exact)} ({asked})"


def commit_data(commit: LoggedCommit) -> dict[str, Any]:
    """A commit as JSON values."""
    place: dict[str, Any] = {"files": list(commit.files)}
    if commit.path:
        lines = [{"start_line": first, "end_line": last} for first, last in commit.lines]
        place = {"path": commit.path, "lines": lines, "removed": commit.removed}
    return {
        "commit": commit.name,
        "date": commit.date,
        "author": commit.author,
        "subject": commit.subject,
        "paragraph": commit.paragraph,
        **place,
    }


def history_data(place: HistoryPlace, log: CommitLog, most: int) -> dict[str, Any]:
    """A history as JSON values."""
    lines = {"start_line": place.start_line, "end_line": place.end_line} if place.start_line else {}
    return {
        "path": place.path or ".",
        **lines,
        "kind": place.kind,
        "qualified_name": place.name,
        "commits": [commit_data(commit) for commit in log.commits],
        "complete": log.is_whole,
        "uncommitted_lines": log.uncommitted,
        "notes": log_notes(log, most),
    }


def named_commit(commit: LoggedCommit) -> str:
    """Who made a commit, when, and its hash."""
    return f"{escaped_markdown(commit.author) or 'an unnamed author'} on {commit.day} (`{commit.short_name}`)"


def escaped_markdown(text: str) -> str:
    """Text in one line that Markdown shows as it is: no mark in it is taken for formatting, a link or a citation."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
