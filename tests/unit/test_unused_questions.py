"""Which sentences ask what nothing uses, and what they ask about."""

from __future__ import annotations

import pytest

from glossator.retrieval.unused_questions import kinds_named, parse_unused_question


@pytest.mark.parametrize(
    ("text", "words", "where", "this"),
    [
        ("Which functions are never used?", "functions", "", ""),
        ("which function is never called", "function", "", ""),
        ("What is unused in this file?", "", "", "file"),
        ("dead code in this folder", "", "", "folder"),
        ("which methods of this class are unused?", "methods", "", "class"),
        ("What is unused in src/foo/bar.py?", "", "src/foo/bar.py", ""),
        ("what is unused in class `Session`?", "", "Session", ""),
        ("what isn't used in src/a.py?", "", "src/a.py", ""),
        ("Find dead code in folder src/net", "", "src/net", ""),
        ("Is there any dead code?", "", "", ""),
        ("in src/net, which functions are unused?", "functions", "src/net", ""),
        ("unused functions in the auth module", "functions", "auth", ""),
        ("list unused classes and constants", "classes and constants", "", ""),
        ("does Session have unused methods?", "methods", "Session", ""),
        ("which functions have no callers?", "functions", "", ""),
        ("functions without callers in src/a", "functions", "src/a", ""),
        ("list all functions that nothing calls", "functions", "", ""),
        ("Which functions aren't called anywhere in the codebase?", "functions", "", ""),
        ("which functions in this project are not used by anything?", "functions", "", ""),
        ("is anything in foo.py unused?", "", "foo.py", ""),
        ("are there functions that are never called?", "functions", "", ""),
        ("what can I safely delete?", "", "", ""),
        ("how many methods are unused?", "methods", "", ""),
        ("Please give me a list of unused functions", "functions", "", ""),
    ],
)
def test_what_asks_for_unused_code(text: str, words: str, where: str, this: str) -> None:
    asked = parse_unused_question(text)
    assert asked is not None
    assert (asked.words, asked.where, asked.this, asked.other) == (words, where, this, "")


def test_kinds_and_how_far_they_are_seen() -> None:
    asked = parse_unused_question("show me all unused private methods of class Foo")
    assert asked is not None
    assert asked.kinds == {"method", "rpc"}
    assert (asked.seen, asked.where) == ("file", "Foo")
    asked = parse_unused_question("which public functions are no longer used?")
    assert asked is not None
    assert asked.seen == "public"
    assert "function" in asked.kinds
    assert kinds_named("constant") >= {"constant"}
    assert not kinds_named("code")


@pytest.mark.parametrize("what", ["imports", "parameters", "local variables"])
def test_what_the_index_does_not_tell_about(what: str) -> None:
    asked = parse_unused_question(f"which {what} are unused in src/a.py?")
    assert asked is not None
    assert asked.other == what


@pytest.mark.parametrize(
    "text",
    [
        "is Session.close unused?",
        "is Session dead code?",
        "which functions use Session?",
        "what is unused_helper?",
        "which functions are called by main?",
        "which functions are used in a.py?",
        "what calls never_used?",
        "how are unused connections closed?",
        "how does the dead letter queue work?",
        "is there any dead letter queue?",
        "what can I configure?",
        "which functions are never\nused?",
        "",
    ],
)
def test_what_does_not(text: str) -> None:
    assert parse_unused_question(text) is None
