"""Tests of `late_patterns`: expressions that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from glossator.late_patterns import late


def test_an_expression_is_compiled_once_and_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    original = re.compile

    def noting(pattern: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(pattern)
        return original(pattern, flags)

    monkeypatch.setattr(re, "compile", noting)
    words = late(r"[a-z]+", re.IGNORECASE)
    assert not compiled
    assert words.findall("Two words") == ["Two", "words"]
    assert words.sub("x", "Two words") == "x x"
    assert compiled == ["[a-z]+"]


def test_bytes_have_expressions_too() -> None:
    assert late(rb"[0-9]+").findall(b"1 and 22") == [b"1", b"22"]


def test_a_wrong_expression_is_an_error_where_it_is_used() -> None:
    wrong = late("(")
    with pytest.raises(re.error):
        wrong.search("text")
