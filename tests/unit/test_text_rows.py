"""What a full-text search finds is the same whether rows' terms are read from mapped files or from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from glossator.index import text_rows
from glossator.index.store import Filter, Store
from glossator.index.table import Table
from glossator.index.text_rows import RowTexts
from tests.unit.store_samples import entry, open_store, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FILES = 60


def batch(addresses: Sequence[int], terms: Sequence[str]) -> RowTexts:
    numbers = np.array(addresses, np.int64)
    return RowTexts(numbers, numbers * 3 + 1, terms)


def test_rows_are_found_by_their_addresses(tmp_path: Path) -> None:
    fragment = 1 << 32
    rows = {
        7: "seven",
        8: "",
        9: "größe 名",
        12: "twelve",
        fragment: "a b",
        fragment + 1: "c",
        3 * fragment + 5: "last",
    }
    order = [fragment, fragment + 1, 7, 8, 9, 12, 3 * fragment + 5]
    parts = [order[:1], [], order[1:4], order[4:]]
    text_rows.write_rows(tmp_path / "1", [batch(part, [rows[address] for address in part]) for part in parts])
    opened = text_rows.open_rows(tmp_path / "1")
    assert opened is not None
    others = [0, 6, 10, 13, fragment - 1, fragment + 2, 3 * fragment + 4, 3 * fragment + 6]
    assert opened.read([*others, *rows]) == {address: (address * 3 + 1, terms) for address, terms in rows.items()}
    assert opened.read([]) == {}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache" / "root-1" / "v2-sample") as opened:
        opened.commit(
            [update(f"f{n}.py", entry(f"n{n}"), entry(f"m{n}", 10), terms=f"common t{n}") for n in range(FILES)]
        )
        opened.maintain(full=True)
        yield opened


def found(store: Store, *words: str) -> dict[int, tuple[float, str]]:
    store.refresh()
    hits = store.text_search(words, 4 * FILES, Filter())
    assert len({number for number, _, _ in hits}) == len(hits)
    return {number: (score, terms) for number, score, terms in hits}


def from_the_table(store: Store, *words: str) -> dict[int, tuple[float, str]]:
    """What `found` finds if there are no files."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "_rows_of", lambda _: None)
        return found(store, *words)


def test_terms_are_read_from_the_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = from_the_table(store, "common")
    assert len(expected) == 2 * FILES

    def refused(*_: object) -> None:
        raise AssertionError("columns are read from the table")

    monkeypatch.setattr(Table, "search_text", refused)
    monkeypatch.setattr(Table, "rows_at", refused)
    assert found(store, "common") == expected
    assert set(found(store, "t7")) < set(expected)


def test_equal_hits_are_found_all(store: Store) -> None:
    (last,) = {score for score, _ in found(store, "common").values()}
    hits = store.text_search(["common"], 20, Filter(), with_equals=True)
    assert len(hits) == 2 * FILES
    assert {score for _, score, _ in hits} == {last}


def test_rows_that_came_later_are_read_from_the_table(store: Store) -> None:
    for revision in range(1, 4):
        store.commit([update("f3.py", entry("n3"), terms=f"common fresh{revision}", revision=revision)])
        store.commit([update(f"g{revision}.py", entry("g"), terms="common")])
        assert found(store, "common", f"fresh{revision}") == from_the_table(store, "common", f"fresh{revision}")
    hits = found(store, "common")
    assert len(hits) == 2 * FILES - 1 + 3
    store._fold()
    store.refresh()
    assert found(store, "common").keys() == hits.keys()
    assert found(store, "common") == from_the_table(store, "common")


def test_the_files_are_those_of_the_generation(store: Store) -> None:
    folder = store._texts_folder(2).parent
    assert [path.name for path in folder.iterdir()] == ["2"]
    store.commit([update("later.py", entry("later"), terms="common")])
    store.maintain(full=True)
    assert [path.name for path in folder.iterdir()] == ["3"]
    assert len(found(store, "common")) == 2 * FILES + 1


@pytest.mark.parametrize("how", ["missing", "truncated", "empty", "noise", "zeros"])
@pytest.mark.parametrize("name", ["runs", "ids", "ends", "sums", "terms"])
def test_damaged_files_are_noticed_and_written_again(store: Store, how: str, name: str) -> None:
    expected = from_the_table(store, "common")
    store.release_memory()
    path = store._texts_folder(2) / name
    size = path.stat().st_size
    if how == "missing":
        path.unlink()
    else:
        noise = np.random.default_rng(5).bytes(size)
        fresh = {"truncated": path.read_bytes()[:-5], "empty": b"", "noise": noise, "zeros": bytes(size)}
        path.write_bytes(fresh[how])
    assert found(store, "common") == expected
    assert store.is_damaged() or text_rows.open_rows(path.parent) is None
    store.maintain()
    assert store._texts_folder(3).is_dir()
    assert text_rows.open_rows(store._texts_folder(3)) is not None
    assert {terms for _, terms in found(store, "common").values()} == {terms for _, terms in expected.values()}
