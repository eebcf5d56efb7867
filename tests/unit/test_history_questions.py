"""Questions about history are recognised as what they ask; other questions are left alone."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from glossator.retrieval.history_questions import HistoryQuestion, parse_history_question
from glossator.retrieval.use_questions import parse_use_question


def named(aspect: str, name: str, phrase: str = "", path: str = "") -> HistoryQuestion:
    return HistoryQuestion(aspect, name, path, phrase or name)  # type: ignore[arg-type]


def here(aspect: str, scope: str) -> HistoryQuestion:
    return HistoryQuestion(aspect, scope=scope)  # type: ignore[arg-type]


ASKED: dict[str, HistoryQuestion] = {
    "Why is this so?": here("why", "symbol"),
    "why is this code like this": here("why", "lines"),
    "why is Client.retry so": named("why", "Client.retry"),
    "Why is MAX_RETRIES like this?": named("why", "MAX_RETRIES"),
    "why was MAX_RETRIES changed to 5?": named("why", "MAX_RETRIES"),
    "Explain why add_tax was changed": named("why", "add_tax"),
    "why did we change `retry`?": named("why", "retry", "`retry`"),
    "how come add_tax is like this?": named("why", "add_tax"),
    "Why is the retry logic written this way?": HistoryQuestion("why", phrase="the retry logic"),
    "what was the reason for the last change to add_tax?": named("why", "add_tax"),
    "When was Client.retry changed, and why?": named("when", "Client.retry"),
    "when was the function retry last changed and by whom?": named("when", "retry", "the function retry"),
    "when did Client.retry change?": named("when", "Client.retry"),
    "when was the last change to src/pool.py": named("when", "src/pool.py"),
    "When was retry() added?": named("added", "retry()"),
    "when was Client.drain removed?": named("removed", "Client.drain"),
    "Why did we remove Client.drain, and when?": named("removed", "Client.drain"),
    "who deleted src/old_pool.py": named("removed", "src/old_pool.py"),
    "which commit dropped `drain_all`?": named("removed", "drain_all", "`drain_all`"),
    "where did OldPool go?": named("removed", "OldPool"),
    "what became of the class OldPool": named("removed", "OldPool", "the class OldPool"),
    "Wann und warum wurde drain_all entfernt?": named("removed", "drain_all"),
    "Pourquoi drain_all a-t-il été supprimé ?": named("removed", "drain_all"),
    "¿Cuándo se eliminó drain_all?": named("removed", "drain_all"),
    "how old is parse_config?": named("added", "parse_config"),
    "which commit introduced MAX_RETRIES?": named("added", "MAX_RETRIES"),
    "since when do we have parse_config": named("added", "parse_config"),
    "who wrote this?": here("who", "symbol"),
    "who changed MAX_RETRIES in src/pool.py last week": named(
        "who", "MAX_RETRIES", "MAX_RETRIES in src/pool.py", "src/pool.py"
    ),
    "git blame src/pool.py:17": named("who", "src/pool.py:17"),
    "who has worked on this file?": here("who", "file"),
    "what changed in src/net lately?": named("changes", "src/net"),
    "What changed lately in src/net?": named("changes", "src/net"),
    "what has changed recently in src/net": named("changes", "src/net"),
    "which commits touched Client.retry?": named("changes", "Client.retry"),
    "what’s the history of Client.retry": named("changes", "Client.retry"),
    "how has this file changed over time?": here("changes", "file"),
    "the last 5 commits to src/pool.py": named("changes", "src/pool.py"),
    "who/what changed around here lately": here("lately", "folder"),
    "What changed around here recently?": here("lately", "folder"),
    "who changed what around here lately?": here("lately", "folder"),
    "what's new here?": here("lately", "file"),
    "what has changed in the last two weeks": here("lately", "project"),
    "what changed lately": here("lately", "project"),
    "recent commits": here("lately", "project"),
    "Warum ist add_tax so?": named("why", "add_tax"),
    "Wann wurde add_tax zuletzt geändert und warum?": named("when", "add_tax"),
    "Wer hat diese Datei geschrieben?": here("who", "file"),
    "Was hat sich hier kürzlich geändert?": here("lately", "file"),
    "Pourquoi add_tax a-t-il été modifié ?": named("why", "add_tax"),
    "Quand add_tax a-t-elle été modifiée pour la dernière fois ?": named("when", "add_tax"),
    "Qui a écrit add_tax ?": named("who", "add_tax"),
    "¿Cuándo se cambió add_tax y por qué?": named("when", "add_tax"),
    "¿Quién escribió add_tax?": named("who", "add_tax"),
    "¿Qué ha cambiado aquí últimamente?": here("lately", "file"),
}

OTHERS = (
    "why is the server slow",
    "why is the cache so large",
    "why does the parser call flush twice?",
    "why is this so slow?",
    "where is timeout set",
    "who calls retry",
    "who sets timeout?",
    "what would break if retry changed",
    "what happens when a file is changed",
    "when is the cache updated",
    "when is retry called?",
    "how does the retry logic work",
    "how is history stored",
    "how are commits read?",
    "what is the log for",
    "what changed",
    "what is new in version 2",
    "who writes to the log",
    "",
    "why is this so?\nfoo",
    "why was " + "x" * 400 + " changed?",
)


@pytest.mark.parametrize("text", ASKED)
def test_questions_about_history(text: str) -> None:
    asked = parse_history_question(text)
    assert asked is not None
    assert replace(asked, window=None) == ASKED[text]
    assert parse_use_question(text) is None


NOW = datetime.datetime(2026, 3, 31, 15, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
"""A Tuesday."""
WINDOWS: dict[str, tuple[str, str, str]] = {
    "what changed in src/net in the last two weeks?": ("2026-03-17 15:30", "", ""),
    "who changed Client.retry within the past 3 months": ("2025-12-31 15:30", "", ""),
    "what changed in the last month": ("2026-02-28 15:30", "", ""),
    "what changed over the past year?": ("2025-03-31 15:30", "", ""),
    "what changed here last week?": ("2026-03-23 00:00", "2026-03-30 00:00", ""),
    "who worked on this file last month": ("2026-02-01 00:00", "2026-03-01 00:00", ""),
    "what changed last year": ("2025-01-01 00:00", "2026-01-01 00:00", ""),
    "what did we change this week?": ("2026-03-30 00:00", "", ""),
    "what changed around here today": ("2026-03-31 00:00", "", ""),
    "what changed yesterday?": ("2026-03-30 00:00", "2026-03-31 00:00", ""),
    "what has changed since yesterday": ("2026-03-30 00:00", "", ""),
    "what changed in src/net since Friday?": ("2026-03-27 00:00", "", ""),
    "why was Client.retry changed since 2025-12-24?": ("2025-12-24 00:00", "", ""),
    "which commits touched src/net since 2024": ("2024-01-01 00:00", "", ""),
    "what changed in src/net since v1.2?": ("", "", "v1.2"),
    "what has changed since version 2.0.1": ("", "", "2.0.1"),
    "who changed src/pool.py since commit 1a2b3c4d5e": ("", "", "1a2b3c4d5e"),
    "what changed since the tag release/7": ("", "", "release/7"),
    "the history of Client.retry since v2": ("", "", "v2"),
    "Was hat sich in src/net in den letzten drei Tagen geändert?": ("2026-03-28 15:30", "", ""),
    "Wer hat src/pool.py letzte Woche geändert?": ("2026-03-23 00:00", "2026-03-30 00:00", ""),
    "Was wurde hier seit v1.2 geändert?": ("", "", "v1.2"),
    "Qui a modifié src/pool.py la semaine dernière ?": ("2026-03-23 00:00", "2026-03-30 00:00", ""),
    "Qu'est-ce qui a changé dans src/net depuis hier ?": ("2026-03-30 00:00", "", ""),
    "¿Quién modificó src/pool.py el mes pasado?": ("2026-02-01 00:00", "2026-03-01 00:00", ""),
    "qué cambió en src/net desde v1.2": ("", "", "v1.2"),
}


@pytest.mark.parametrize("text", WINDOWS)
def test_times_are_understood(text: str) -> None:
    asked = parse_history_question(text, NOW)
    assert asked is not None
    assert asked.window is not None
    since, until, after = WINDOWS[text]
    times = [f"{time:%Y-%m-%d %H:%M}" if time else "" for time in (asked.window.since, asked.window.until)]
    assert (*times, asked.window.after) == (since, until, after)
    assert all(time is None or time.utcoffset() == NOW.utcoffset() for time in (asked.window.since, asked.window.until))


@pytest.mark.parametrize(
    "text",
    [
        "what changed lately?",
        "what changed in the last few days",
        "who wrote this?",
        "when was today() changed?",
        "Was hat sich hier geändert?",
        "when was Client.last_week changed",
        "what is the history of `since v1.2`",
    ],
)
def test_what_names_no_time_is_not_limited(text: str) -> None:
    asked = parse_history_question(text, NOW)
    assert asked is None or asked.window is None


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions(text: str) -> None:
    assert parse_history_question(text) is None
