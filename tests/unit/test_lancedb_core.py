"""A process that only reads uses LanceDB's compiled module, and finds what the package's documented interface finds."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from glossator.errors import StoreCorruptError, StoreError
from glossator.index import table
from glossator.index.store import Filter, Store
from tests.unit.store_samples import DIMENSIONS, EMBEDDER, entry, open_store, unit, update

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FILTERS = (
    Filter(),
    Filter(include=("a/**",)),
    Filter(kinds=("function",)),
    Filter(languages=("python",), exclude=("a/**",)),
    Filter(kinds=("class",)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an index with files of which some wait outside the text index, and one that has been replaced."""
    folder = tmp_path / "cache" / "root-1" / "v1-sample"
    with open_store(folder) as store:
        store.commit(
            [
                update(f"{'ab'[n % 2]}/f{n}.py", *(entry(f"n{n}x{k}", 10 * k) for k in range(8)), terms="common")
                for n in range(30)
            ]
        )
        store.maintain(full=True)
        store.commit([update("a/later.py", entry("later"), entry("common", 10), terms="common rare")])
        store.commit([update("a/f0.py", entry("replaced"), terms="common", revision=1)])
    return folder


def found(folder: Path) -> tuple[list[Any], list[dict[int, float]]]:
    """What a reader finds, in every way that it can look; and the nearest vectors.

    The products of these depend, in their last digits, on where in memory numpy finds the vectors.
    """
    with Store.open(folder, embedder_id=EMBEDDER, dimensions=DIMENSIONS, write=False) as store:
        store.refresh()
        results: list[Any] = []
        nearest: list[dict[int, float]] = []
        for where in FILTERS:
            queries = (["common"], ["rare", "common"], ["n3x1", "n4x2", "later"], ["nothing"], ['quoted " word'])
            # All of them, sorted: LanceDB returns equal scores in any order.
            for words in queries:
                hits = sorted(store.text_search(words, 1000, where))
                results.append(
                    [(number, score, terms.segment.texts([terms.row]).terms) for number, score, terms in hits]
                )
            nearest.append(dict(store.vector_search(unit("later"), 20, where)))
        ids = [hit[0] for hit in results[0]]
        vectors = {number: vector.tolist() for number, vector in store.vectors(ids).items()}
        return [*results, vectors], nearest


def test_both_ways_find_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert table.core() is not None, "LanceDB was updated: look at what changed, then change CORE_VERSION"
    direct, nearest = found(folder)
    assert direct[0]
    assert nearest[0]
    monkeypatch.setattr(table, "CORE_VERSION", "0.0.0")
    assert table.core() is None
    documented, also_nearest = found(folder)
    assert documented == direct
    for one, other in zip(nearest, also_nearest, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


def test_another_version_can_write_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CORE_VERSION", "0.0.0")
    with open_store(tmp_path / "cache" / "root-1" / "v1-sample") as store:
        store.commit([update("x.py", entry("alpha"))])
        store.maintain(full=True)
        assert len(store.text_search(["alpha"], 5, Filter())) == 1


def run(code: str, *arguments: str) -> None:
    """In a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)


READ = f"""
import sys
from pathlib import Path
import glossator.index.table as table
from glossator.index.store import Filter, Store
store = Store.open(Path(sys.argv[1]), embedder_id={EMBEDDER!r}, dimensions={DIMENSIONS}, write=False)
assert len(store.text_search(["common"], 5, Filter())) == 5
"""


def test_reading_does_not_import_the_package(folder: Path) -> None:
    """Nor Arrow's functions, which take a tenth of a command's first search: some rows' vectors wait in the table."""
    run(
        READ
        + "import numpy as np\n"
        + "query = np.ones(store._lance.dimensions, np.float32)\n"
        + "assert store.vector_search(query, 5, Filter())\n"
        + "assert 'lancedb._lancedb' in sys.modules\n"
        + "assert not {'lancedb', 'pyarrow.compute'} & set(sys.modules)",
        str(folder),
    )


def test_what_is_in_the_files_is_searched_without_the_table(folder: Path) -> None:
    """Neither LanceDB nor what its results need is imported: it would be a fifth of a command's first search."""
    with Store.open(folder, embedder_id=EMBEDDER, dimensions=DIMENSIONS, write=True) as store:
        store.maintain(full=True)
    run(
        READ
        + "import numpy as np\n"
        + "query = np.ones(store._lance.dimensions, np.float32)\n"
        + "assert store.vector_search(query, 5, Filter())\n"
        + "assert not {'lancedb._lancedb', 'lancedb', 'pyarrow', 'asyncio'} & set(sys.modules)",
        str(folder),
    )


def test_the_package_can_be_imported_afterwards(folder: Path) -> None:
    """The compiled module is the same then: classes of one would not fit the other."""
    run(
        READ
        + "before = sys.modules['lancedb._lancedb']\n"
        + "table.load()\n"
        + "import lancedb, lancedb.db\n"
        + "from lancedb import _lancedb\n"
        + "assert _lancedb is before and lancedb.connect_async\n"
        + "store._table.count()\n"
        + "assert len(store.text_search(['common'], 5, Filter())) == 5\n",
        str(folder),
    )


def test_the_package_may_have_been_imported_before() -> None:
    run(
        "from glossator.index import table; table.load(); import sys, lancedb\n"
        "assert table.core() is sys.modules['lancedb._lancedb']"
    )


def test_many_threads_import_it_at_once() -> None:
    run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from glossator.index import table\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    waiting = [pool.submit(work) for work in (table.core, table.load) * 4]\n"
        "assert len({one.result() for one in waiting}) == 2\n"
    )


@pytest.mark.parametrize("damaged", ["_versions/*.manifest", "_indices/*/*"])
def test_damage_is_reported_alike(folder: Path, monkeypatch: pytest.MonkeyPatch, damaged: str) -> None:
    for path in (folder / "lance").glob(f"*.lance/{damaged}"):
        path.write_bytes(b"damaged")
    reports: list[Sequence[type]] = []
    for version in (table.CORE_VERSION, "0.0.0"):
        monkeypatch.setattr(table, "CORE_VERSION", version)
        with Store.open(folder, embedder_id=EMBEDDER, dimensions=DIMENSIONS, write=False) as store:
            try:
                store.text_search(["common"], 5, Filter())
                reports.append([])
            except Exception as error:
                reports.append([type(error)])
    assert reports[0] == reports[1] != []


def test_closing_while_something_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lance = table.Lance(tmp_path, DIMENSIONS)
    closing = threading.Thread(target=lance.close)
    start = asyncio.run_coroutine_threadsafe

    def start_after_a_close(coroutine: Any, loop: asyncio.AbstractEventLoop) -> Any:
        if not closing.ident:
            closing.start()
            closing.join(0.2)  # it may have to wait for this
        return start(coroutine, loop)

    monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", start_after_a_close)
    with pytest.raises(StoreError, match="closed") as caught:
        lance.run(lambda: asyncio.sleep(60))
    assert not isinstance(caught.value, StoreCorruptError)
    closing.join(300)
    assert not closing.is_alive()
