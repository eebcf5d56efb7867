"""When an index is compacted, and how large it stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from glossator.index.store import Filter
from glossator.index.upkeep import PENDING_ROWS, upkeep_due
from tests.unit.store_samples import entry, facts, open_store, unit, update, with_facts

FILES = 40
ENTRIES = 20


@pytest.mark.parametrize(
    ("mapped", "rows", "pending", "dead", "due"),
    [
        (False, 400, 400, 0, ""),
        (False, 400, 900, 400, "rebuild"),  # more than a quarter is gone
        (False, 900, 1100, 200, ""),  # what is gone is no row that a search reads
        (False, 1200, 1200, 0, "rebuild"),  # too many without mapped files
        (True, 1200, 300, 300, ""),
        (True, 1200, 400, 400, "rebuild"),
        (True, 100_000, 1900, 25_000, ""),
        (True, 100_000, 2100, 2100, "rebuild"),
    ],
)
def test_what_is_due(mapped: bool, rows: int, pending: int, dead: int, due: str) -> None:
    state = {"rows": rows, "pending": pending, "dead": dead, "fragments": 1, "indexed_below": int(mapped), "bytes": 1}
    assert upkeep_due(state, full=False, size=lambda: 1) == due


def test_a_small_index_stays_less_than_twice_as_large_as_a_fresh_one(tmp_path: Path) -> None:
    def changed(number: int, revision: int) -> object:
        names = [f"file{number}entry{place}turn{revision}" for place in range(ENTRIES)]
        entries = [entry(name, 10 * place, doc="What it does.") for place, name in enumerate(names)]
        known = facts(*names, mentions={f"mention{number}turn{revision}by{one}": [one] for one in range(60)})
        return with_facts(update(f"d/f{number}.py", *entries, terms="word " * 20, revision=revision), known)

    newest = dict.fromkeys(range(FILES), 0)
    sizes = []
    with open_store(tmp_path / "cache" / "root-1" / "v1-sample") as store:
        store.commit([changed(number, 0) for number in newest])
        store.maintain()
        for turn in range(1, 80):
            few = [(turn * 10 + place) % FILES for place in range(10)]
            newest.update(dict.fromkeys(few, turn))
            store.commit([changed(number, turn) for number in few])
            store.maintain()
            sizes.append(store.status().size_bytes)
        assert FILES * ENTRIES < PENDING_ROWS
        assert not list(tmp_path.glob("cache/root-1/*/nearest/*")), "a fresh one has no mapped files"
        assert len(store.text_search(["word"], 9999, Filter())) == FILES * ENTRIES
        assert len(store.vector_search(unit("x"), 9999, Filter())) == FILES * ENTRIES
    with open_store(tmp_path / "cache" / "root-2" / "v1-sample") as other:
        other.commit([changed(number, turn) for number, turn in newest.items()])
        other.maintain()
        fresh = other.status().size_bytes
    assert max(sizes) < 2 * fresh, (fresh, sizes)
