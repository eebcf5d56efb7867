"""The nearest vectors are those of an exhaustive search, whatever was committed, filtered or damaged."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glossator.errors import StoreFullError
from glossator.index import nearest, packed_components
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.nearest import Columns, Nearest, Scope
from glossator.index.packed_components import PACKED
from glossator.index.store import Filter, Store
from glossator.index.upkeep import upkeep_due
from tests.unit.store_samples import entry, open_store, unit, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSIONS = 64
PER_FILE = 20
ALL = Filter()


def columns(files: Sequence[int], seed: int = 0) -> Columns:
    """Entries of these revisions, whose vectors differ more in some directions than in others."""
    random = np.random.default_rng(seed)
    count = len(files) * PER_FILE
    spread = np.linspace(2.0, 0.1, DIMENSIONS)
    vectors = random.normal(size=(count, DIMENSIONS)) * spread
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.concatenate([np.arange(PER_FILE) + (number << ORDINAL_BITS) for number in files])
    languages = np.repeat([number % 3 for number in files], PER_FILE).astype(np.int16)
    return Columns(ids, languages, (ids % 4).astype(np.int16), vectors.astype(np.float16))


class Index:
    """What `Nearest` asks of a store."""

    def __init__(self, folder: Path, columns: Columns) -> None:
        self.folder = folder
        self.changes = 1
        self.rows = columns
        self.reads: list[list[int]] = []
        self.nearest = Nearest(lambda _: folder, lambda: (self.changes, 1), self.revisions, self.read)

    def revisions(self) -> dict[int, int]:
        found, counts = np.unique(self.rows.ids >> ORDINAL_BITS, return_counts=True)
        return dict(zip(found.tolist(), counts.tolist(), strict=True))

    def read(self, revisions: list[int]) -> Columns:
        self.reads.append(revisions)
        return self.rows.take(np.isin(self.rows.ids >> ORDINAL_BITS, revisions))

    def replace(self, gone: Sequence[int], new: Columns) -> None:
        kept = self.rows.take(~np.isin(self.rows.ids >> ORDINAL_BITS, gone))
        joined = (np.concatenate(both) for both in zip(as_tuple(kept), as_tuple(new), strict=True))
        self.rows = Columns(*joined)
        self.changes += 1

    def exhaustive(self, vector: NDArray[np.float32], limit: int, inside: NDArray[np.bool_] | None = None) -> set[int]:
        rows = self.rows if inside is None else self.rows.take(inside)
        order = np.argsort(-(rows.vectors.astype(np.float32) @ vector))[:limit]
        return set(rows.ids[order].tolist())

    def recall(self, scope: Scope | None = None, limit: int = 50) -> float:
        shares = []
        for number in range(20):
            vector = columns([1], seed=100 + number).vectors[0].astype(np.float32)
            inside = None if scope is None else self.rows.inside(scope)
            found = self.nearest.search(vector, limit, scope or Scope())
            assert found is not None
            assert [product for _, product in found] == sorted((product for _, product in found), reverse=True)
            expected = self.exhaustive(vector, limit, inside)
            shares.append(len(expected & {number for number, _ in found}) / max(1, len(expected)))
        return float(np.mean(shares))


def as_tuple(rows: Columns) -> tuple[NDArray[np.generic], ...]:
    return rows.ids, rows.languages, rows.kinds, rows.vectors


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(nearest, "MIN_RESCORED", 250)
    made = Index(tmp_path / "nearest" / "1", columns(range(1, 201)))
    halves = (np.arange(len(made.rows.ids)) < 1000, np.arange(len(made.rows.ids)) >= 1000)
    nearest.write(made.folder, map(made.rows.take, halves), len(made.rows.ids), DIMENSIONS)
    return made


def test_the_files_hold_what_was_given(index: Index) -> None:
    assert nearest.is_whole(index.folder)
    assert np.load(index.folder / "leading.npy").shape[1] < DIMENSIONS
    assert (np.load(index.folder / "vectors.npy") == index.rows.vectors).all()
    assert index.recall() > 0.99
    assert index.reads == []
    vector = index.rows.vectors[77].astype(np.float32)
    found = index.nearest.search(vector, 1, Scope())
    assert found == [(int(index.rows.ids[77]), pytest.approx(float(vector @ vector), abs=1e-3))]


@pytest.mark.parametrize("sampled", [packed_components.SAMPLED, 400], ids=["all", "a sample"])
def test_the_order_in_which_files_were_indexed_does_not_show(
    sampled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_components, "SAMPLED", sampled)
    rows = columns(range(1, 101))
    copies = rows.take(np.arange(0, 400))
    rows = Columns(
        *(np.concatenate(both) for both in zip(as_tuple(rows), as_tuple(copies), strict=True))  # copies are as near
    )
    rows = Columns(np.arange(len(rows.ids)) + (1 << ORDINAL_BITS), rows.languages, rows.kinds, rows.vectors)
    found = []
    for name in ("one", "other"):
        folder = tmp_path / name
        nearest.write(folder, [rows], len(rows.ids), DIMENSIONS)
        index = Index(folder, rows)
        queries = np.random.default_rng(7).normal(size=(20, DIMENSIONS)).astype(np.float32)
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
        found.append([index.nearest.search(query, 60, Scope(), with_equals=True) for query in queries])
        rows = rows.take(np.random.default_rng(8).permutation(len(rows.ids)))
    assert found[0] == found[1]


def test_what_is_committed_later_is_found_and_what_is_gone_is_not(index: Index) -> None:
    index.replace(range(1, 41), columns(range(301, 331), seed=5))
    assert index.recall() > 0.99
    assert index.reads == [list(range(301, 331))]
    index.replace([301, 150], columns([400], seed=6))
    assert index.recall() > 0.99
    assert index.reads[1:] == [[400]]
    found = index.nearest.search(np.ones(DIMENSIONS, np.float32), 9999, Scope())
    assert found is not None
    assert {number for number, _ in found} == set(index.rows.ids.tolist())


@pytest.mark.parametrize(
    "scope",
    [
        Scope(languages=np.array([1], np.int16)),
        Scope(kinds=np.array([0, 3], np.int16)),
        Scope(files=np.array([5, 6, 310])),
        Scope(np.array([0, 2], np.int16), np.array([2], np.int16), np.arange(100)),
        Scope(files=np.array([9999])),
    ],
)
def test_a_scope_applies_before_the_search(index: Index, scope: Scope) -> None:
    index.replace([5, 7], columns([310], seed=3))
    found = index.nearest.search(np.ones(DIMENSIONS, np.float32), 9999, scope)
    assert found is not None
    assert {number for number, _ in found} == set(index.rows.ids[index.rows.inside(scope)].tolist())
    if found:
        assert index.recall(scope) > 0.99


def test_of_a_small_scope_only_its_entries_are_read(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    widened = nearest._widened

    def counted(halves: NDArray[np.float16]) -> NDArray[np.float32]:
        read.append(len(halves))
        return widened(halves)

    monkeypatch.setattr(nearest, "_widened", counted)
    monkeypatch.setattr(nearest, "leading_products", None)
    scope = Scope(files=np.array([5, 6]))
    inside = int(np.count_nonzero(index.rows.inside(scope)))
    found = index.nearest.search(np.ones(DIMENSIONS, np.float32), 9999, scope)
    assert found is not None
    assert sum(read) == inside == len(found)


def test_two_cores_find_what_one_finds(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    vector = index.rows.vectors[7].astype(np.float32)
    found = index.nearest.search(vector, 50, Scope())
    asked: list[None] = []
    second_core = packed_components._second_core

    def counted() -> ThreadPoolExecutor:
        asked.append(None)
        return second_core()

    monkeypatch.setattr(packed_components, "_second_core", counted)
    monkeypatch.setattr(packed_components, "SHARED_ROWS", 2)
    monkeypatch.setattr(packed_components, "usable_cores", lambda: 2)
    assert index.nearest.search(vector, 50, Scope()) == found
    assert asked
    monkeypatch.setattr(packed_components, "usable_cores", lambda: 1)
    asked.clear()
    assert index.nearest.search(vector, 50, Scope()) == found
    assert not asked


def test_too_many_changes_are_left_to_others(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MAX_RECENT", 100)
    index.replace([], columns(range(500, 510)))
    assert index.nearest.search(np.ones(DIMENSIONS, np.float32), 5, Scope()) is None
    index.replace(range(500, 506), columns([600]))
    assert index.recall() > 0.99


def test_many_small_commits_become_few_parts(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SMALL_PART", 3 * PER_FILE)
    monkeypatch.setattr(nearest, "SMALL_PARTS", 4)
    vector = np.ones(DIMENSIONS, np.float32)
    index.replace([], columns(range(1000, 1003), seed=5))
    assert index.nearest.search(vector, 10, Scope()) is not None
    for number in range(1003, 1043):
        index.replace([number - 2] if number % 5 == 0 else [], columns([number], seed=number))
        index.reads.clear()
        assert index.nearest.search(vector, 10, Scope()) is not None
        assert index.reads == [[number]]
        state = index.nearest._state
        assert state is not None
        assert len(state.recent) <= 4 + 44 // 3
    ids = np.concatenate([part.ids for part in state.recent])
    assert sorted(ids.tolist()) == index.rows.ids[index.rows.ids >= 1000 << ORDINAL_BITS].tolist()
    assert index.recall() > 0.99
    assert index.recall(Scope(np.array([1], np.int16), files=np.arange(990, 1030))) > 0.99
    before = state.recent[0]
    index.replace([1042], columns([1050]))
    assert index.nearest.search(vector, 10, Scope()) is not None
    assert index.nearest._state is not None
    assert index.nearest._state.recent[0] is before, "a commit does not copy what it does not change"


@pytest.mark.parametrize("rows", [50_000, 700_000, 5_000_000])
def test_what_waits_for_maintenance_is_searched_in_memory(rows: int) -> None:
    state = {"rows": rows, "pending": nearest.MAX_RECENT, "dead": 0, "fragments": 1, "indexed_below": 1, "bytes": 1}
    assert upkeep_due(state, full=False, size=lambda: 1) == "rebuild"


@pytest.mark.parametrize(
    "how",
    ["missing", "garbage", "truncated", "empty", "of another shape", "of another type", "a number", "half a header"],
)
@pytest.mark.parametrize("name", ["leading", "vectors", "ids", "axes"])
def test_damaged_files_are_not_used(index: Index, how: str, name: str) -> None:
    path = index.folder / f"{name}.npy"
    if how == "missing":
        path.unlink()
    elif how == "garbage":
        path.write_bytes(b"garbage" * 1000)
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "half a header":
        data = path.read_bytes()
        cut = data.index(b"(")
        path.write_bytes(data[: cut + 1] + bytes(127 - cut - 1) + data[127:])
    elif how == "of another type":
        np.save(path, np.load(path).astype(np.complex64))
    else:
        np.save(path, np.zeros((3, 3) if how == "of another shape" else (), np.load(path).dtype))
    assert not nearest.is_whole(index.folder)
    assert index.nearest.search(np.ones(DIMENSIONS, np.float32), 5, Scope()) is not None
    assert index.reads == [list(range(1, 201))]
    assert not index.folder.exists()  # for the next maintenance to write them again


def test_files_that_cannot_be_opened_now_are_kept(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more_handles(*_: object, **__: object) -> object:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(np, "load", no_more_handles)
        assert index.nearest.search(np.ones(DIMENSIONS, np.float32), 5, Scope()) is not None
    assert index.reads
    assert nearest.is_whole(index.folder)


@pytest.mark.parametrize("name", ["ids", "languages", "kinds", "axes"])
def test_one_changed_number_is_noticed_where_it_makes_searches_wrong(index: Index, name: str) -> None:
    numbers = np.load(index.folder / f"{name}.npy")
    numbers.flat[numbers.size // 2] += 1
    np.save(index.folder / f"{name}.npy", numbers)
    assert not nearest.is_whole(index.folder)
    assert index.recall() > 0.99


@pytest.mark.parametrize("number", [np.nan, np.inf, 60_000.0])
def test_an_absurd_number_in_the_vectors_is_noticed_by_a_search(index: Index, number: float) -> None:
    vectors = np.load(index.folder / "vectors.npy")
    vectors[7] = number
    np.save(index.folder / "vectors.npy", vectors)
    assert nearest.is_whole(index.folder)
    assert index.nearest.search(index.rows.vectors[7].astype(np.float32), 5, Scope()) is None  # by other means, then
    assert not index.folder.exists()
    assert index.recall() > 0.99


@pytest.mark.parametrize("damage", ["noise", "whole numbers", "not a number", "infinite", "one huge number"])
@pytest.mark.parametrize("excluded", ["none", "by a scope", "as deleted"])
def test_leading_components_of_another_vector_are_noticed_by_a_search(index: Index, damage: str, excluded: str) -> None:
    leading = np.load(index.folder / "leading.npy")
    generator = np.random.default_rng(2)
    if damage == "noise":
        part = leading[100:140]
        part[:] = generator.integers(0, 256, part.nbytes).astype(np.uint8).view(np.float64).reshape(part.shape)
    elif damage == "whole numbers":
        leading[100:140] = generator.integers(-(2**50), 2**50, leading[100:140].shape)
    elif damage == "one huge number":
        leading[100, 3] = 1e60
    else:
        leading[100, 3] = np.nan if damage == "not a number" else -np.inf
    np.save(index.folder / "leading.npy", leading)
    assert nearest.is_whole(index.folder)
    if excluded == "as deleted":
        index.replace([150], columns([400], seed=6))
    scope = Scope(files=np.arange(1, 190)) if excluded == "by a scope" else Scope()
    assert index.nearest.search(np.ones(DIMENSIONS, np.float32), 5, scope) is None
    assert not index.folder.exists()
    assert index.recall(scope) > 0.99


def test_sums_of_products_are_exact_and_never_too_large() -> None:
    axes = np.eye(DIMENSIONS, dtype=np.float32)[:, :48]
    generator = np.random.default_rng(4)
    rows = np.concatenate([np.eye(DIMENSIONS), np.ones((1, DIMENSIONS)), generator.normal(size=(700, DIMENSIONS))])
    rows[100] = 0.0
    alike = np.concatenate([np.tile(row, (PACKED, 1)) for row in np.concatenate([rows[:70], -rows[:70]])])
    for vectors in (rows, rows / np.linalg.norm(rows[:, :48], axis=1, keepdims=True).clip(0.1), alike, rows[:1]):
        packed = np.concatenate(list(packed_components.packed_components(vectors.astype(np.float16), axes)))
        assert len(packed) == packed_components.packed_rows(len(vectors))
        whole = packed_components.whole_components(vectors.astype(np.float16), axes)
        for query in np.concatenate([rows[:150], rows[:150] * 1e-20, rows[:150] * 1e20]):
            expected = whole @ packed_components.whole_components(query[None], axes, lengthen=True)[0]
            assert np.abs(expected).max() <= packed_components.LARGEST_SUM
            found = packed_components.leading_products(packed, axes, query, len(vectors))
            assert np.array_equal(found, expected)
    same = packed_components.whole_components(rows[:48], axes)
    assert (np.einsum("ij,ij->i", same, same) > 0.7 * packed_components.LARGEST_SUM).all()


def test_vectors_of_any_length_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MIN_RESCORED", 100)
    rows = columns(range(1, 101))
    lengths = np.random.default_rng(5).choice([0.0, 0.5, 1.0, 1.2], (len(rows.ids), 1))
    rows = Columns(rows.ids, rows.languages, rows.kinds, (rows.vectors * lengths).astype(np.float16))
    nearest.write(tmp_path / "1", [rows], len(rows.ids), DIMENSIONS)
    index = Index(tmp_path / "1", rows)
    assert index.recall(limit=20) > 0.97
    none = np.zeros(DIMENSIONS, np.float32)
    found = index.nearest.search(none, 5, Scope())
    assert found is not None
    assert [product for _, product in found] == [0.0] * 5
    assert nearest.is_whole(index.folder)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 255, 256, 257, 700])
def test_any_number_of_entries_can_be_searched(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROTATED_ROWS", "MULTIPLIED_ROWS"):
        monkeypatch.setattr(packed_components, name, 16)
    rows = columns(range(1, 40)).take(np.arange(count))
    nearest.write(tmp_path / "1", [rows], count, DIMENSIONS)
    assert len(np.load(tmp_path / "1" / "leading.npy")) == -(-count // PACKED)
    for rescored in (nearest.MIN_RESCORED, 1):  # of few, all are scored with all components
        monkeypatch.setattr(nearest, "MIN_RESCORED", rescored)
        index = Index(tmp_path / "1", rows)
        for row in {0, count // 2, count - 1}:
            vector = rows.vectors[row].astype(np.float32)
            found = index.nearest.search(vector, 1, Scope())
            assert found == [(int(rows.ids[row]), pytest.approx(float(vector @ vector), abs=1e-6))]
        assert index.recall(limit=1) >= 0.8
        assert index.reads == []


def test_files_of_an_earlier_version_are_written_again(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "root-1" / "v2-sample" / "nearest"
    store.commit([update(f"f{n}.py", entry(f"n{n}")) for n in range(50)])
    store.maintain(full=True)
    (generation,) = folder.iterdir()
    dimensions = np.load(generation / "vectors.npy").shape[1]
    np.save(generation / "leading.npy", np.zeros((50, 16), np.float32))
    np.save(generation / "trailing.npy", np.zeros((50, dimensions - 16), np.float16))
    np.save(generation / "axes.npy", np.eye(dimensions, dtype=np.float32))
    (generation / "vectors.npy").unlink()
    store.release_memory()
    assert hits(store, "n7") == ["n7"]
    store.maintain()
    (generation,) = folder.iterdir()
    assert nearest.is_whole(generation)
    assert not (generation / "trailing.npy").exists()
    assert hits(store, "n7") == ["n7"]


@pytest.mark.parametrize("order", ["random", "ascending", "descending", "many equal", "few included", "not in sample"])
@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 1000, 40_001])
def test_the_largest_products_are_found(count: int, order: str) -> None:
    generator = np.random.default_rng(count)
    products = generator.normal(scale=600, size=count).astype(np.int16)
    if order in ("ascending", "descending"):
        products = np.ascontiguousarray(np.sort(products)[:: 1 if order == "ascending" else -1])
    elif order == "many equal":
        products //= 300
    elif order == "few included":
        products[generator.random(count) < 0.95] = packed_components.LEFT_OUT
    elif order == "not in sample":
        products[:: nearest.BOUND_STEP] = packed_components.LEFT_OUT + 1
    included = int(np.count_nonzero(products > packed_components.LEFT_OUT))
    for many in {1, 5, count // 64 + 1, count // 3 + 1, max(1, count - 1), count, count + 5}:
        found = nearest._largest(products, many)
        assert len(np.unique(found)) == len(found)
        assert min(many, included) <= len(found) <= 2 * many
        assert (products[found] > packed_components.LEFT_OUT).all()
        assert np.array_equal(np.sort(products[found])[-many:], np.sort(products)[count - min(many, included) :])
        if len(found) > many:
            assert len(found) == np.count_nonzero(products >= np.sort(products)[-many])


def test_few_of_many_products_are_ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    partition = np.partition

    def counted(numbers: NDArray[np.int16], place: int) -> NDArray[np.int16]:
        lengths.append(len(numbers))
        return partition(numbers, place)

    monkeypatch.setattr(np, "partition", counted)
    products = np.random.default_rng(1).normal(scale=600, size=100_000).astype(np.int16)
    nearest._largest(products, 2000)
    assert 0 < sum(lengths) < 15_000


def test_half_numbers_are_the_same_in_single_precision() -> None:
    halves = np.arange(1 << 16).astype(np.uint16).view(np.float16)
    widened = nearest._widened(halves)
    finite = np.isfinite(halves)
    assert (widened[finite] == halves[finite].astype(np.float32)).all()
    assert (np.signbit(widened) == np.signbit(halves)).all()
    assert (np.abs(widened[~finite]) >= 65_536).all()


def test_rows_that_were_not_counted_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="number of rows"):
        nearest.write(tmp_path / "1", [columns([1])], PER_FILE + 1, DIMENSIONS)
    assert not (tmp_path / "1").exists()


# In a store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache" / "root-1" / "v2-sample") as opened:
        yield opened


def hits(store: Store, name: str, limit: int = 1, where: Filter = ALL) -> list[str]:
    found = store.vector_search(unit(name), limit, where)
    return [item.name for item in store.entries([number for number, _ in found])]


def test_a_store_keeps_the_files_of_its_generation(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cache" / "root-1" / "v2-sample" / "nearest"
    store.commit([update(f"f{n}.py", entry(f"n{n}")) for n in range(50)])
    assert hits(store, "n7") == ["n7"]
    assert not folder.exists()
    caplog.set_level("INFO")
    for generation in (2, 3):
        store.commit([update("f7.py", entry("n7"), revision=generation)])
        store.maintain(full=True)
        assert [path.name for path in folder.iterdir()] == [str(generation)]
        caplog.clear()
        assert hits(store, "n7") == ["n7"]
        assert [record for record in caplog.records if record.name.startswith("glossator.index")] == []
    (folder / "3" / "leading.npy").unlink()
    assert hits(store, "n8") == ["n8"]
    store.maintain()
    assert [path.name for path in folder.iterdir()] == ["4"]
    assert hits(store, "n8") == ["n8"]


def test_many_changes_are_searched_by_the_table(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MAX_RECENT", 10)
    store.commit([update(f"f{n}.py", entry(f"n{n}"), language="go" if n % 2 else "c") for n in range(20)])
    assert hits(store, "n7") == ["n7"]
    assert "n7" not in hits(store, "n7", 10, Filter(languages=("c",)))
    assert hits(store, "n7", 10, Filter(include=("f7.py",), languages=("go",))) == ["n7"]


def test_a_full_disk_leaves_the_index_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([update(f"f{n}.py", entry(f"n{n}")) for n in range(5)])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nearest, "write", full)
    with pytest.raises(StoreFullError):
        store.maintain(full=True)
    monkeypatch.undo()
    assert hits(store, "n3") == ["n3"]
    store.maintain(full=True)
    assert hits(store, "n3") == ["n3"]
