"""The store: what is committed is found, by every way of looking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glossator.index.store import Filter, Store
from tests.unit.store_samples import entry, open_store, unit, update

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = Filter()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "root-1" / "v1-sample"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with open_store(folder) as opened:
        yield opened


def names(store: Store, found: list[tuple[int, float]]) -> list[str]:
    return [item.name for item in store.entries([number for number, _ in found])]


def test_commit_is_found_by_text_vector_and_name(store: Store) -> None:
    store.commit([update("a/x.py", entry("alpha", references=("beta", "gamma")), entry("beta", 10), terms="shared")])
    assert names(store, store.text_search(["alpha"], 5, ALL)) == ["alpha"]
    assert set(names(store, store.text_search(["shared"], 5, ALL))) == {"alpha", "beta"}
    [(number, score), *_] = store.vector_search(unit("beta"), 5, ALL)
    assert store.entries([number])[0].name == "beta"
    assert score == pytest.approx(1.0, abs=1e-3)
    assert [item.name for item in store.named("alpha")] == ["alpha"]
    assert [item.name for item in store.referring_to("beta")] == ["alpha"]
    assert store.reference_count("gamma") == 1
    assert store.references_of(store.named("alpha")[0].id) == ("beta", "gamma")
    assert store.document_frequencies(["shared", "alpha", "none"]) == {"shared": 2, "alpha": 1, "none": 0}
    assert store.terms([number]) == {number: "beta shared"}
    assert store.vectors([number])[number] == pytest.approx(unit("beta"), abs=1e-3)


def test_replacing_and_deleting(store: Store) -> None:
    store.commit([update("x.py", entry("old", references=("beta",))), update("y.py", entry("other"))])
    store.commit([update("x.py", entry("new", references=("gamma",)), revision=1)], deleted=["y.py", "unknown.py"])
    assert list(store.files()) == ["x.py"]
    assert store.text_search(["old"], 5, ALL) == []
    assert store.text_search(["other"], 5, ALL) == []
    assert names(store, store.text_search(["new"], 5, ALL)) == ["new"]
    assert store.named("old") == []
    assert store.reference_count("beta") == 0
    assert store.reference_count("gamma") == 1
    assert store.document_frequencies(["old", "new"]) == {"old": 0, "new": 1}
    assert store.status().entries == 1
