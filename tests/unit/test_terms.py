"""Search terms: identifiers whole and in parts, stems, paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.index import terms
from glossator.index.terms import MAX_TERM, analyze, folded, path_terms, split_identifier, stem, stem_of


@pytest.mark.parametrize(
    ("identifier", "parts"),
    [
        ("parseHTTPResponse2", ["parse", "http", "response", "2"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("SCREAMING_CASE", ["screaming", "case"]),
        ("__init__", ["init"]),
        ("größeSetzen", ["größe", "setzen"]),
        ("x", ["x"]),
        ("IOError", ["io", "error"]),
    ],
)
def test_split_identifier(identifier: str, parts: list[str]) -> None:
    assert split_identifier(identifier) == parts


def test_terms_are_parts_and_the_whole() -> None:
    assert analyze("HttpClient.send(url)") == ["http", stem("client"), stem("httpclient"), "send", "url"]


@pytest.mark.parametrize(
    "family",
    [
        ("parser", "parsing", "parses", "parsed", "parse"),
        ("serializer", "serialization", "serialize", "serializing"),
        ("retry", "retries"),
        ("running", "run", "runs"),
        ("connection", "connections", "connect", "connected"),
    ],
)
def test_a_family_of_words_has_one_stem(family: tuple[str, ...]) -> None:
    assert len({stem(word) for word in family}) == 1


def test_joined_and_split_spellings_meet() -> None:
    assert folded("file_name") == folded("fileName") == folded("FILENAME")
    assert set(analyze("fileName")) & set(analyze("filename"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b/parser.test.ts", "parser"),
        (".eslintrc.js", "eslintrc"),
        ("Makefile", "Makefile"),
        ("x/.gitignore", "gitignore"),
    ],
)
def test_stem_of(path: str, expected: str) -> None:
    assert stem_of(path) == expected


def test_path_terms_hold_the_stem_twice_and_three_folders() -> None:
    terms = path_terms("one/two/three/four/retryPolicy.ts")
    assert terms.count("retri") == 2
    assert "two" in terms
    assert "one" not in terms


def test_long_terms_are_dropped() -> None:
    assert analyze("a" * (MAX_TERM + 1)) == []


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_white_space(text: str) -> None:
    for term in analyze(text):
        assert term
        assert len(term) <= MAX_TERM
        assert term.split() == [term]


def test_no_more_words_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [f"word{number}Part" for number in range(50)]
    before = [analyze(word) for word in words]
    terms.JOINED.clear()
    monkeypatch.setattr(terms, "KEPT_WORDS", 7)
    for word, found in zip(words * 2, before * 2, strict=True):
        assert analyze(word) == found
        assert len(terms.JOINED) <= 7
