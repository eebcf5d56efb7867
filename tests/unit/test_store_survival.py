"""What the store survives: kills at any point, damaged and missing files, a full disk, newer versions, many updates."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glossator.errors import StoreCorruptError, StoreError, StoreFullError, StoreTooNewError
from glossator.index.manifest import ORDINAL_BITS, Manifest
from glossator.index.store import Filter, Store
from glossator.index.table import Table
from glossator.index.upkeep import FOLD_FRAGMENTS
from tests.unit.store_samples import entry, facts, open_store, unit, update, with_facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

ALL = Filter()
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "server")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "root-1" / "v1-sample"


def state(number: int, revision: int) -> Any:
    """A file of three entries, all of whose names say which revision they are of."""
    entries = [entry(f"n{number}r{revision}e{place}", 10 * place, references=(f"used{place}",)) for place in range(3)]
    known = facts(*(item.name for item in entries), mentions={"everywhere": [1], f"used{number}": [revision + 1]})
    return with_facts(update(f"d/f{number}.py", *entries, terms="word", revision=revision), known)


def check_whole(store: Store) -> dict[str, int]:
    """Assert that all parts of the store tell the same, but for files that wait to be indexed again.

    Gives the revision that each file is in.
    """
    store.maintain()
    revisions = {}
    waiting = {path for path, record in store.files().items() if record.size == -1}
    ids: set[int] = set()
    references: Counter[str] = Counter()
    for path in store.files():
        entries = store.entries_in(path)
        seen = {item.name.split("r")[1].split("e")[0] for item in entries}
        assert len(entries) == 3, path
        assert len(seen) == 1, path
        revisions[path] = int(seen.pop())
        known = store.facts.facts(path)
        assert known is not None
        assert [symbol.name for symbol in known.symbols] == [item.name for item in entries]
        assert store.facts.noting(entries[0].name) == [path]
        for item in entries:
            references.update(store.references_of(item.id))
        if path not in waiting:
            ids.update(item.id for item in entries)
    assert store.facts.noting("everywhere") == sorted(revisions)
    table = store._current()
    rows = table.rows_where("id >= 0", "terms") if table is not None else None
    found = rows["id"].to_pylist() if rows is not None else []
    assert len(found) == len(set(found))
    assert ids <= set(found)
    assert {number >> ORDINAL_BITS for number in found} <= {one.revision for one in store.summaries()}
    assert store.reference_counts(list(references)) == references
    assert {hit[0] for hit in store.text_search(["word"], 9999, ALL)} == set(found)
    assert len(store.vector_search(unit("x"), 9999, ALL)) == len(found)
    if not waiting:
        terms = Counter(term for text in (rows["terms"].to_pylist() if rows else ()) for term in set(text.split()))
        assert store.document_frequencies(list(terms)) == terms
    return revisions


WRITER = """
import sys
from pathlib import Path
from tests.unit.store_samples import open_store
from tests.unit.test_store_survival import state
store = open_store(Path(sys.argv[1]))
first = int(sys.argv[2])
print("open", flush=True)
for turn in range(first, first + 1000):
    store.commit([state(turn % 40, turn), state((turn + 1) % 40, turn)])
    print(turn, flush=True)
    if turn % 7 == 0:
        store.maintain(full=turn % 14 == 0)
"""


def test_kill_while_writing(folder: Path) -> None:
    chance = random.Random(7)
    turn = 0
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(turn)],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        for _ in range(chance.randrange(8, 30)):
            turn = int(process.stdout.readline())
        # Somewhere in the middle of what follows the acknowledgement.
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.random() * 0.04)
        process.kill()
        rest = process.stdout.read().split("\n")
        turn = max(turn, *(int(line) for line in rest[:-1] if line), turn)
        process.wait()
        with open_store(folder) as store:
            revisions = check_whole(store)
        assert revisions[f"d/f{turn % 40}.py"] >= turn
        assert revisions[f"d/f{(turn + 1) % 40}.py"] >= turn
        turn += 1


class Killed(BaseException):
    """Stands for the end of the process at that point."""


STEPS: list[tuple[type, str, bool]] = [
    (Table, "add", False),
    (Table, "add", True),
    (Manifest, "replace", False),
    (Manifest, "replace", True),
    (Table, "delete", False),
    (Table, "delete", True),
]


@pytest.mark.parametrize(("owner", "step", "after"), STEPS)
def test_end_at_each_step_of_a_commit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: type, step: str, after: bool
) -> None:
    store = open_store(folder)
    store.commit([state(number, 0) for number in range(5)])
    original = getattr(owner, step)
    ended = False

    def end(*arguments: Any, **named: Any) -> Any:
        nonlocal ended
        if after and not ended:
            original(*arguments, **named)
        # Once ended, nothing else is done either, such as tidying up.
        ended = True
        raise Killed

    monkeypatch.setattr(owner, step, end)
    if step != "delete":
        monkeypatch.setattr(Table, "delete", end)
    with pytest.raises(Killed):
        store.commit([state(1, 1), state(2, 1)])
    store.close()
    monkeypatch.undo()
    with open_store(folder) as store:
        revisions = check_whole(store)
        committed = int(step == "delete" or (step == "replace" and after))
        assert revisions == {f"d/f{number}.py": committed * (number in (1, 2)) for number in range(5)}
        assert all(record.size != -1 for record in store.files().values())
        store.commit([state(1, 2)])
        assert check_whole(store)["d/f1.py"] == 2


@pytest.mark.parametrize("step", ["copy", "index", "delete"])
def test_end_while_the_table_is_written_anew(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    store = open_store(folder)
    store.commit([state(number, 0) for number in range(5)])
    original = getattr(Table, step)

    def end(*arguments: Any) -> None:
        original(*arguments)
        raise Killed

    monkeypatch.setattr(Table, step, end)
    if step == "delete":
        # A commit in between gives the change-over something to delete.
        index = Table.index

        def commit_meanwhile(table: Table) -> None:
            index(table)
            monkeypatch.setattr(Table, "delete", original)
            store.commit([state(3, 1)])
            monkeypatch.setattr(Table, "delete", end)

        monkeypatch.setattr(Table, "index", commit_meanwhile)
    monkeypatch.setattr("glossator.index.table.Lance.sweep", lambda *_: None)
    with pytest.raises(Killed):
        store.maintain(full=True)
    store.close()
    monkeypatch.undo()
    with open_store(folder) as store:
        assert check_whole(store)["d/f3.py"] == int(step == "delete")
        store.maintain(full=True)
        check_whole(store)
        assert len(list((folder / "lance").iterdir())) == 1


def spoil(path: Path, how: str) -> None:
    """Damage a file or folder."""
    if how == "missing":
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    elif path.is_dir():
        for part in path.rglob("*"):
            if part.is_file():
                spoil(part, how)
    elif how == "garbage":
        path.write_bytes(random.Random(1).randbytes(max(200, path.stat().st_size)))
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    else:
        path.write_bytes(b"")


@pytest.mark.parametrize("how", ["missing", "garbage", "truncated", "empty"])
@pytest.mark.parametrize("part", ["lance", "lance/entries-1.lance/data", "lance/entries-1.lance/_versions"])
def test_damaged_search_data_are_made_anew(folder: Path, part: str, how: str) -> None:
    with open_store(folder) as store:
        store.commit([state(number, 0) for number in range(5)])
    spoil(folder / part, how)
    with open_store(folder) as store:
        # Damage that can only be seen by reading is met by the first search, and noted.
        with contextlib.suppress(StoreCorruptError):
            store.text_search(["word"], 5, ALL)
        records = store.files()
        assert all(record.size == -1 and record.content_hash == b"" for record in records.values())
        assert len(records) == 5
        # Names are still known; the indexer then finds that all files have to be read again.
        assert store.named("n1r0e1")
        store.commit([state(number, 1) for number in range(5)])
        assert set(check_whole(store).values()) == {1}
    with open_store(folder) as store:
        assert set(check_whole(store).values()) == {1}
        assert all(record.size != -1 for record in store.files().values())


@pytest.mark.parametrize("full", [False, True])
def test_damage_that_compacting_meets_is_repaired(folder: Path, full: bool) -> None:
    with open_store(folder) as store:
        for number in range(FOLD_FRAGMENTS + 1):
            store.commit([state(number, 0)])
        spoil(folder / "lance/entries-1.lance/data", "truncated")
        with pytest.raises(StoreCorruptError):
            store.maintain(full=full)
        assert store.is_damaged()
        assert all(record.size == -1 for record in store.files().values())
        store.commit([state(number, 1) for number in range(FOLD_FRAGMENTS + 1)])
        assert set(check_whole(store).values()) == {1}


def test_what_cannot_be_opened_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(folder) as store:
        store.commit([state(1, 0)])
    before = set(threading.enumerate())

    def fail(store: Store) -> None:
        store.refresh()
        raise StoreFullError("there is no space")

    monkeypatch.setattr(Store, "_reconcile", fail)
    with pytest.raises(StoreFullError):
        open_store(folder)
    monkeypatch.undo()
    assert set(threading.enumerate()) <= before
    with open_store(folder) as store:
        check_whole(store)


def test_missing_rows_are_found(folder: Path) -> None:
    with open_store(folder) as store:
        store.commit([state(number, 0) for number in range(5)])
        store._current().delete(f"id = {store.named('n2r0e1')[0].id}")  # type: ignore[union-attr]
    with open_store(folder) as store:
        assert [path for path, record in store.files().items() if record.size == -1] == ["d/f2.py"]
        store.commit([state(2, 1)])
        assert check_whole(store)["d/f2.py"] == 1


@pytest.mark.parametrize("how", ["garbage", "header", "truncated", "empty"])
def test_damaged_catalogue_is_kept_aside(folder: Path, how: str) -> None:
    with open_store(folder) as store:
        store.commit([state(number, 0) for number in range(300)])
        store.maintain(full=True)
    path = folder / "manifest.sqlite"
    if how == "header":
        path.write_bytes(b"x" * 100 + path.read_bytes()[100:])
    else:
        spoil(path, how)
    if how == "empty":
        # That is a new database: the search data are then what nobody knows any more.
        with open_store(folder) as store:
            assert store.files() == {}
            assert store.text_search(["word"], 5, ALL) == []
        return
    with pytest.raises(StoreCorruptError, match="index the folder again"), open_store(folder) as store:
        store.entries([number << ORDINAL_BITS for number in range(300)])
    # Whoever opens it next is told so at once, however little of it is damaged.
    with pytest.raises(StoreCorruptError):
        open_store(folder)
    aside = Store.replace_corrupt(folder)
    assert aside is not None
    assert (aside / "manifest.sqlite").exists()
    with open_store(folder) as store:
        assert store.files() == {}
        store.commit([state(1, 0)])
        with pytest.raises(StoreError, match="is writing"):
            Store.replace_corrupt(folder)
    second = Store.replace_corrupt(folder)
    assert second == aside
    assert Store.replace_corrupt(folder) is None


def test_damaged_middle_of_the_catalogue_is_noticed(folder: Path) -> None:
    with open_store(folder) as store:
        store.commit([state(number, 0) for number in range(300)])
        store.maintain(full=True)
    path = folder / "manifest.sqlite"
    data = bytearray(path.read_bytes())
    for page in range(4096 * 5, len(data), 4096):
        data[page : page + 200] = b"\xff" * 200
    path.write_bytes(data)
    reader = open_store(folder, write=False)
    with pytest.raises(StoreCorruptError):
        reader.entries([number << ORDINAL_BITS for number in range(300)])
    reader.close()
    with pytest.raises(StoreCorruptError):
        open_store(folder)


def test_newer_version_is_left_alone(folder: Path) -> None:
    with open_store(folder) as store:
        store.commit([state(1, 0)])
    connection = sqlite3.connect(folder / "manifest.sqlite")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    for write in (True, False):
        with pytest.raises(StoreTooNewError, match="update Glossator"):
            open_store(folder, write=write)
    connection = sqlite3.connect(folder / "manifest.sqlite")
    assert connection.execute("SELECT count(*) FROM files").fetchone() == (1,)
    connection.close()


def full_catalogue(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = store._manifest._main.execute("PRAGMA page_count").fetchone()[0]
    store._manifest._main.execute(f"PRAGMA max_page_count = {pages + 1}")


def full_table(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async def add(_: object) -> None:
        raise OSError("lance error: LanceError(IO): No space left on device (os error 28)")

    monkeypatch.setattr(Table, "append", lambda table, _: table._lance.run(lambda: add(table)))


@pytest.mark.parametrize("fill", [full_catalogue, full_table])
def test_full_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fill: Callable[[Store, pytest.MonkeyPatch], None]
) -> None:
    with open_store(folder) as store:
        store.commit([state(number, 0) for number in range(5)])
        fill(store, monkeypatch)
        with pytest.raises(StoreFullError, match="free some space"):
            store.commit([state(number, 1) for number in range(200)])
        monkeypatch.undo()
        assert set(store.files()) == {f"d/f{number}.py" for number in range(5)}
    with open_store(folder) as store:
        assert set(check_whole(store).values()) == {0}
        store.commit([state(number, 1) for number in range(200)])
        assert set(check_whole(store).values()) == {1}


SMALL_FILES = """
import resource, sys
from pathlib import Path
from glossator.errors import StoreFullError
from tests.unit.store_samples import open_store
from tests.unit.test_store_survival import state
store = open_store(Path(sys.argv[1]))
store.commit([state(number, 0) for number in range(5)])
# No file may grow beyond this: writes end as on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    for turn in range(100):
        store.commit([state(number, turn + 1) for number in range(100 * turn, 100 * turn + 100)])
        print(turn, flush=True)
except StoreFullError:
    print("full", flush=True)
"""

if sys.platform != "win32":

    @pytest.mark.parametrize("limit", [20_000, 400_000])
    def test_files_that_cannot_grow(folder: Path, limit: int) -> None:
        command = [sys.executable, "-c", SMALL_FILES, str(folder), str(limit)]
        output = subprocess.run(
            command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=True
        ).stdout.split()
        assert output[-1] == "full"
        with open_store(folder) as store:
            revisions = check_whole(store)
        for turn in map(int, output[:-1]):
            assert all(revisions[f"d/f{number}.py"] == turn + 1 for number in range(100 * turn, 100 * turn + 100))


def read_on(folder: Path, pipe: Connection) -> None:
    """A reader in another process: searches until it is told to end, then tells how often, or what went wrong."""
    searches = 0
    try:
        with open_store(folder, write=False) as store:
            pipe.send("ready")
            while not pipe.poll():
                store.refresh()
                found = store.text_search(["word"], 50, ALL)
                assert len(found) == 50
                assert len(store.vector_search(unit("x"), 50, ALL)) == 50
                # Of files that were replaced since, the entries are not known any more.
                assert all(item.path.startswith("d/f") for item in store.entries([hit[0] for hit in found]))
                searches += 1
            store.refresh()
            found = store.text_search(["word"], 9999, ALL)
            assert len(store.entries([hit[0] for hit in found])) == len(found) == FILES * 40
        pipe.send(searches)
    except BaseException:
        pipe.send(traceback.format_exc())


FILES = 50
TURNS = 100


def large(number: int, revision: int) -> Any:
    """A file of forty entries, the first of which has another name in each revision."""
    names = (f"n{number}e{place or 1000 + revision}" for place in range(40))
    entries = [entry(name, 10 * place, doc="What it does, in a few words.") for place, name in enumerate(names)]
    return update(f"d/f{number}.py", *entries, terms="word " + "as in any file " * 10, revision=revision)


def test_hundreds_of_updates_leave_the_size_as_it_was(folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with open_store(folder) as store:
        store.commit([large(number, 0) for number in range(FILES)])
        store.maintain()
        fresh = store.status().size_bytes
        sizes: list[int] = []
        reader = context.Process(target=read_on, args=(folder, theirs), daemon=True)
        reader.start()
        assert ours.recv() == "ready"
        for turn in range(3 * TURNS):
            store.commit([large(turn % FILES, turn + 1)])
            store.maintain()
            sizes.append(store.status().size_bytes)
        ours.send("end")
        searches = ours.recv()
        reader.join()
        assert isinstance(searches, int), searches
        assert searches > 0
        assert sizes[-1] <= 1.5 * fresh, (fresh, sizes)
        # Also while a table is written anew beside the old one, there is never much more.
        assert max(sizes) <= 2 * fresh
        # Nor does it grow slowly: every hundred updates write the table again several times.
        first, *later = (max(sizes[start : start + TURNS]) for start in range(0, len(sizes), TURNS))
        assert max(later) <= 1.05 * first, (fresh, sizes)
        assert len(store.text_search(["word"], 9999, ALL)) == len(store.vector_search(unit("x"), 9999, ALL)) == 2000
        assert store.document_frequencies(["word"]) == {"word": 2000}
