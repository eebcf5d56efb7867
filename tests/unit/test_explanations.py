"""Explanations that are kept: found by what they were made from, given up when that changes, safe when damaged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers import explanation_cache
from glossator.answers.explanation_cache import ExplanationCache
from glossator.answers.explanations import Explanations, KeptExplanation
from glossator.index import cache_file
from glossator.index.records import StoredEntry
from glossator.project.root import Root
from glossator.project.session import Session
from glossator.settings import load_settings
from tests.conftest import write_tree
from tests.unit.evidence_samples import piece

EVIDENCE = [piece("a"), piece("b", "return 2")]


@pytest.fixture
def explanations(tmp_path: Path) -> Iterator[Explanations]:
    kept = Explanations(tmp_path)
    yield kept
    kept.close()


def test_an_explanation_is_found_by_what_it_was_made_from(explanations: Explanations, tmp_path: Path) -> None:
    key = explanations.key("model", "Explain a", EVIDENCE)
    assert explanations.get(key, EVIDENCE) is None
    explanations.keep(key, KeptExplanation("It returns [1].", (1, 0)), tmp_path)
    assert explanations.get(key, EVIDENCE) == KeptExplanation("It returns [1].", (1, 0))
    others = [
        explanations.key("another", "Explain a", EVIDENCE),
        explanations.key("model", "Explain b", EVIDENCE),
        explanations.key("model", "Explain a", EVIDENCE[:1]),
        explanations.key("model", "Explain a", [piece("a", "return 3"), EVIDENCE[1]]),
    ]
    assert len({key, *others}) == 5
    assert all(explanations.get(other, EVIDENCE) is None for other in others)


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"text": "x"}', '{"text": "x", "shown": [7]}', '{"shown": [0]}'])
def test_what_does_not_fit_the_evidence_is_ignored(explanations: Explanations, kept: str) -> None:
    key = explanations.key("model", "Explain a", EVIDENCE)
    explanations._cache.put(key, kept)
    assert explanations.get(key, EVIDENCE) is None


@pytest.fixture
def function(tmp_path: Path) -> Iterator[tuple[Root, StoredEntry]]:
    folder = write_tree(tmp_path / "w", {"a.py": "def f():\n    return 1\n\n\ndef g():\n    return f()\n"})
    session = Session([folder], replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    session.root.index()
    snapshot = session.root.open()
    assert snapshot is not None
    yield session.root, snapshot.named("f")[0]
    session.close()


def test_a_hover_shows_it_as_long_as_the_symbol_s_text_is_the_same(
    explanations: Explanations, function: tuple[Root, StoredEntry]
) -> None:
    root, entry = function
    assert explanations.of_symbol(lambda: "model", root, entry) is None
    explanations.keep_for_symbol("model", root, entry, "It returns one [1][2]. Used by `g` [3].")
    assert explanations.of_symbol(lambda: "model", root, entry) == "It returns one. Used by `g`."
    assert explanations.of_symbol(lambda: "another", root, entry) is None
    path = root.path / "a.py"
    path.write_text(path.read_text("utf-8").replace("return f()", "return 2"), "utf-8")
    assert explanations.of_symbol(lambda: "model", root, entry) is not None, "another symbol has changed"
    path.write_text(path.read_text("utf-8").replace("return 1", "return 3"), "utf-8")
    assert explanations.of_symbol(lambda: "model", root, entry) is None


def test_of_a_symbol_that_was_never_explained_nothing_is_read(
    explanations: Explanations, function: tuple[Root, StoredEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unexpected(*_: object) -> None:
        raise AssertionError("a hover must not read the file")

    monkeypatch.setattr(Root, "text", unexpected)
    assert explanations.of_symbol(lambda: "model", *function) is None


def test_the_oldest_texts_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanation_cache, "MAX_EXPLANATIONS", 2)
    cache = ExplanationCache(tmp_path / "e.sqlite")
    for text in ("1", "2", "3"):
        cache.put(text.encode(), text)
    assert [cache.get(key) for key in (b"1", b"2", b"3")] == [None, "2", "3"]
    cache.close()


def test_a_file_that_cannot_be_made_private_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError("it belongs to somebody else")

    path = tmp_path / "e.sqlite"
    path.touch()
    monkeypatch.setattr(cache_file, "make_private_file", refuse)
    cache = ExplanationCache(path)
    assert cache.get(b"key") is None
    cache.put(b"key", "text")
    cache.close()


def test_a_damaged_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    path.write_bytes(b"no database " * 1000)
    cache = ExplanationCache(path)
    assert cache.get(b"key") is None
    cache.put(b"key", "text")
    assert cache.get(b"key") == "text"
    cache.close()
    again = ExplanationCache(path)
    assert again.get(b"key") == "text"
    again.close()
