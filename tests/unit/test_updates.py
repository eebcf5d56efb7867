"""Keeping a root current while it is open, called directly: runs, reported changes, buffers, cancelling, closing."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import StoreFullError
from glossator.index.database import note_damage
from glossator.index.full_text import open_segments
from glossator.index.indexer import IndexReport, Progress
from glossator.index.nearest import is_whole
from glossator.index.store import Store
from glossator.index.terms import stem
from glossator.project.session import Session
from glossator.project.snapshot import Snapshot
from glossator.project.updates import RootUpdates
from glossator.retrieval.ranking import default_weights
from glossator.settings import load_settings

WAIT = 120.0


class Open:
    """The updates of a session's only root, and a way to wait for what they become."""

    def __init__(self, session: Session) -> None:
        self.news = threading.Condition()
        self.progress: list[Progress | None] = []
        self.updates = RootUpdates(session.root, watch=False, on_change=self._changed, on_progress=self._progressed)

    def _changed(self) -> None:
        with self.news:
            self.news.notify_all()

    def _progressed(self, progress: Progress | None) -> None:
        self.progress.append(progress)

    def wait_for(self, what: Callable[[], object]) -> None:
        with self.news:
            # A state may change without a call: the condition is looked at again now and then.
            for _ in range(int(WAIT * 20)):
                if what():
                    return
                self.news.wait(0.05)
        raise AssertionError(self.updates.state())


@pytest.fixture
def session(tmp_path: Path, project: Path) -> Iterator[Session]:
    session = Session([project], replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    yield session
    session.close()


@pytest.fixture
def opened(session: Session) -> Iterator[Open]:
    opened = Open(session)
    yield opened
    opened.updates.close()


def names(opened: Open, query: str) -> set[str]:
    return {hit.name for hit in opened.updates.root.search(query, 20)}


def test_a_root_is_indexed_when_it_is_opened(opened: Open) -> None:
    assert opened.updates.state().state == "indexing"
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    state = opened.updates.state()
    assert state.files > 0
    assert state.symbols > 0
    assert state.pending == 0
    assert state.watching == "client"
    assert opened.progress[-1] is None
    assert "add_tax" in names(opened, "gross amount")


def test_what_a_search_needs_is_loaded_ahead_of_the_first(opened: Open) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    snapshot = opened.updates.root.snapshot()
    assert snapshot is not None
    opened.wait_for(lambda: snapshot.searcher.corpus.files)


def test_workers_prepare_for_the_languages_of_most_files(opened: Open) -> None:
    pool = opened.updates.root._shared.pool
    opened.wait_for(lambda: "python" in pool._expected.languages)


def test_a_warm_up_that_fails_is_not_a_failed_root(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[object] = []

    def fail(*_: object, **__: object) -> None:
        failed.append(None)
        raise RuntimeError("an injected fault")

    monkeypatch.setattr(Snapshot, "search", fail)
    opened = Open(session)
    try:
        opened.wait_for(lambda: failed)
        opened.updates.rescan().result(WAIT)  # made by the same thread, after the failure
        assert opened.updates.state().state == "ready"
        assert len(failed) == 1
    finally:
        opened.updates.close()


def test_reported_changes_are_indexed(opened: Open, project: Path) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    files = opened.updates.state().files
    (project / "shop/late.py").write_text("def arrived_late():\n    return 1\n")
    opened.updates.changed([project / "shop/late.py"])
    opened.wait_for(lambda: "arrived_late" in names(opened, "arrived late"))
    opened.wait_for(lambda: opened.updates.state().files == files + 1)
    (project / "shop/late.py").unlink()
    opened.updates.changed([project / "shop/late.py"])
    opened.wait_for(lambda: "arrived_late" not in names(opened, "arrived late"))


def test_a_rescan_finds_what_nobody_reported(opened: Open, project: Path) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    (project / "shop/silent.py").write_text("def came_silently():\n    return 1\n")
    opened.updates.rescan().result(WAIT)
    assert "came_silently" in names(opened, "came silently")


def test_a_buffer_stands_in_front_of_its_file_until_it_is_dropped(opened: Open) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    opened.updates.set_buffer("shop/cart.py", 1, "def only_on_screen():\n    return 1\n")
    opened.updates.parse_buffer("shop/cart.py").result(WAIT)
    snapshot = opened.updates.root.snapshot()
    assert snapshot is not None
    assert [entry.name for entry in snapshot.entries_in("shop/cart.py") if entry.name] == ["only_on_screen"]
    opened.updates.drop_buffer("shop/cart.py")
    snapshot = opened.updates.root.snapshot()
    assert snapshot is not None
    assert "Cart" in [entry.name for entry in snapshot.entries_in("shop/cart.py")]


def test_a_run_that_is_cancelled_keeps_its_progress_and_is_continued(session: Session, project: Path) -> None:
    for number in range(300):
        (project / f"shop/many{number}.py").write_text(f"def many_{number}():\n    return {number}\n")
    opened = Open(session)
    try:
        opened.wait_for(lambda: any(opened.progress))
        opened.updates.cancel_run()
        opened.wait_for(lambda: opened.updates.state().state == "ready")
        opened.updates.rescan().result(WAIT)
        assert opened.updates.state().files >= 300
        assert "many_299" in names(opened, "many_299")
    finally:
        opened.updates.close()


def test_a_run_can_be_cancelled_as_soon_as_it_is_taken_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    start = RootUpdates._update
    cancelled = False

    def cancel_first(self: RootUpdates, *, rescan: bool, changed: set[Path]) -> float | None:
        nonlocal cancelled
        if not cancelled:
            cancelled = True
            self.cancel_run()
        return start(self, rescan=rescan, changed=changed)

    monkeypatch.setattr(RootUpdates, "_update", cancel_first)
    opened = Open(session)
    try:
        opened.wait_for(lambda: "was cancelled" in opened.updates.state().message)
        opened.updates.rescan().result(WAIT)
        assert opened.updates.state().state == "ready"
        assert opened.updates.state().message == ""
    finally:
        opened.updates.close()


def test_a_folder_that_is_gone_is_said_to_be_and_waited_for(session: Session, project: Path) -> None:
    opened = Open(session)
    try:
        opened.wait_for(lambda: opened.updates.state().state == "ready")
        moved = project.with_name("moved")
        project.rename(moved)
        opened.updates.rescan()
        opened.wait_for(lambda: opened.updates.state().state == "failed")
        assert "does not exist" in opened.updates.state().message
        moved.rename(project)
        opened.updates.rescan().result(WAIT)
        opened.wait_for(lambda: opened.updates.state().state == "ready")
    finally:
        opened.updates.close()


def test_nothing_is_promised_after_closing(opened: Open) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    opened.updates.close()
    assert opened.updates.rescan().cancelled()


def test_a_count_that_comes_late_does_not_open_a_closed_index(opened: Open) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    opened.updates.close()
    opened.updates._count()
    assert opened.updates.root.snapshot() is None


def test_updates_do_not_wait_while_the_store_is_compacted(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    entered, release = threading.Event(), threading.Event()
    real = Store.maintain

    def slow(store: Store, *, full: bool = False) -> None:
        entered.set()
        assert release.wait(WAIT)
        real(store, full=full)

    monkeypatch.setattr(Store, "maintain", slow)
    try:
        opened.updates.rescan().result(WAIT)
        assert entered.wait(WAIT)
        for number in range(3):
            path = project / f"shop/late{number}.py"
            path.write_text(f"def late_arrival_{number}():\n    return {number}\n", "utf-8")
            opened.updates.changed([path])
            opened.wait_for(lambda: f"late_arrival_{number}" in names(opened, f"late_arrival_{number}"))  # noqa: B023
    finally:
        release.set()


def test_the_store_is_compacted_while_changes_keep_coming(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    monkeypatch.setattr("glossator.project.updates.MAINTAIN_BUSY_SECONDS", 0.0)
    compacted = threading.Semaphore(0)
    real = Store.maintain
    monkeypatch.setattr(
        Store, "maintain", lambda store, *, full=False: (real(store, full=full), compacted.release())[0]
    )
    for number in range(3):
        path = project / "shop/money.py"
        path.write_text(f"def change_{number}():\n    return {number}\n", "utf-8")
        opened.updates.changed([path])
        opened.wait_for(lambda: f"change_{number}" in names(opened, f"change_{number}"))  # noqa: B023
    assert compacted.acquire(timeout=WAIT)


def test_what_failed_is_indexed_with_the_next_change(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    real = Store.commit

    def full(*_: object) -> None:
        raise StoreFullError("the disk is full")

    monkeypatch.setattr(Store, "commit", full)
    (project / "shop/first.py").write_text("def first_change():\n    return 1\n", "utf-8")
    opened.updates.changed([project / "shop/first.py"])
    opened.wait_for(lambda: opened.updates.state().state == "failed")
    monkeypatch.setattr(Store, "commit", real)
    (project / "shop/second.py").write_text("def second_change():\n    return 1\n", "utf-8")
    opened.updates.changed([project / "shop/second.py"])
    opened.wait_for(lambda: "second_change" in names(opened, "second_change"))
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    assert "first_change" in names(opened, "first_change")


def test_a_store_that_cannot_be_compacted_is_said_and_tried_again(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.updates.rescan().result(WAIT)
    for thread in threading.enumerate():  # the next attempt is to be the one that fails
        if thread.name == "glossator-maintenance":
            thread.join(WAIT)
    before = opened.updates.state().updates
    monkeypatch.setattr("glossator.project.updates.RETRY_SECONDS", 0.1)
    real, failed = Store.maintain, threading.Event()

    def once(store: Store, *, full: bool = False) -> None:
        if not failed.is_set():
            failed.set()
            raise StoreFullError("the disk is full")
        real(store, full=full)

    monkeypatch.setattr(Store, "maintain", once)
    opened.updates.rescan().result(WAIT)
    seen: list[str] = []
    opened.wait_for(lambda: seen.append(opened.updates.state().state) or failed.is_set())
    opened.wait_for(lambda: opened.updates.state().state == "ready" and opened.updates.state().updates > before + 1)
    (project / "shop/late.py").write_text("def late_arrival():\n    return 1\n", "utf-8")
    opened.updates.changed([project / "shop/late.py"])
    opened.wait_for(lambda: "late_arrival" in names(opened, "late_arrival"))


@pytest.mark.parametrize("mended", [True, False])
def test_a_rescan_that_was_asked_for_meanwhile_tries_again_what_failed(
    opened: Open, monkeypatch: pytest.MonkeyPatch, *, mended: bool
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    updates = opened.updates
    real_index, real_maintain = updates.root.index, Store.maintain
    entered, proceed, tried = threading.Event(), threading.Event(), threading.Semaphore(0)
    full = [True]

    def index(*arguments: Any, **named: Any) -> IndexReport:
        entered.set()
        assert proceed.wait(WAIT)
        return real_index(*arguments, **named)

    def maintain(store: Store, *, full_disk: list[bool] = full, **named: Any) -> None:
        if full_disk[0]:
            raise StoreFullError("the disk is full")
        real_maintain(store, **named)
        tried.release()

    monkeypatch.setattr("glossator.project.updates.MAINTAIN_SECONDS", 3600.0)
    monkeypatch.setattr(updates.root, "index", index)
    first = updates.rescan()
    assert entered.wait(WAIT)
    monkeypatch.setattr(Store, "maintain", maintain)
    updates._compact()  # fails while the index is compared with the disk
    assert updates._maintenance_error is not None
    second = updates.rescan()
    full[0] = not mended
    proceed.set()
    first.result(WAIT)
    second.result(WAIT)
    if mended:
        assert tried.acquire(timeout=WAIT)
        assert updates.state().state == "ready"
    else:
        opened.wait_for(lambda: (updates.state().state, updates.state().message) == ("failed", "the disk is full"))


def test_a_change_that_comes_as_compacting_fails_is_indexed_at_once(
    opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    monkeypatch.setattr("glossator.project.updates.RETRY_SECONDS", 2 * WAIT)
    (project / "shop/late.py").write_text("def late_arrival():\n    return 1\n", "utf-8")
    with opened.updates._wake:  # both are there when the updates' thread looks
        opened.updates._maintenance_error = StoreFullError("the disk is full")
        opened.updates._changed.add(project / "shop/late.py")
        opened.updates._wake.notify()
    opened.wait_for(lambda: "late_arrival" in names(opened, "late_arrival"))
    opened.wait_for(lambda: opened.updates.state().state == "ready")


def test_an_idle_root_gives_memory_back(opened: Open, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    root = opened.updates.root
    snapshot = root.snapshot()
    assert snapshot is not None
    store = snapshot.store

    def used() -> bool:
        finder = snapshot.use_finder()
        entry = snapshot.named("add_tax")[0]
        symbol = finder.symbol_at(entry.path, entry.name_line, entry.name)
        return bool(finder.uses(symbol).places) and "add_tax" in names(opened, "gross amount")

    assert used()
    assert store.facts._decoded
    assert store._frequencies[1]
    for name in ("MAINTAIN_SECONDS", "RELEASE_SECONDS"):
        monkeypatch.setattr(f"glossator.project.updates.{name}", 0.05)
    (project / "shop/late.py").write_text("def late_arrival():\n    return 1\n", "utf-8")
    opened.updates.changed([project / "shop/late.py"])  # the updates' thread sleeps for the new times from now on
    opened.wait_for(lambda: not store.facts._decoded and store._nearest._state is None)
    opened.wait_for(lambda: not store._manifest._idle)
    assert not store._frequencies[1]
    opened.wait_for(lambda: not snapshot.searcher.corpus._paths and not stem.cache_info().currsize)
    assert default_weights.cache_info().currsize, "what is read once stays"
    assert used()  # all comes back


@pytest.mark.parametrize("what", ["vectors", "vectors are gone", "terms", "rows"])
def test_an_idle_root_repairs_damage_that_a_search_found(
    opened: Open, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready" and opened.updates._is_compacted)
    root = opened.updates.root
    store = root.writer()
    store.maintain(full=True)
    folder, texts = store._derived_folders(int(store._manifest.get("table")))
    assert is_whole(folder)
    assert open_segments(texts)
    for name in ("MAINTAIN_SECONDS", "RELEASE_SECONDS"):
        monkeypatch.setattr(f"glossator.project.updates.{name}", 0.05)
    opened.updates.rescan().result(WAIT)  # the updates' thread sleeps for the new times from now on
    # The damage is to be found by a search, not by the maintenance that follows a scan.
    opened.wait_for(lambda: opened.updates._maintenance is not None and not opened.updates._maintenance.is_alive())
    store.release_memory()
    damaged = folder / "leading.npy" if what == "vectors" else texts / "0.segment"
    if what in ("vectors", "terms"):
        damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    elif what == "vectors are gone":
        shutil.rmtree(folder)
    else:
        note_damage(store._folder, "a search found it")

    def is_repaired() -> bool:
        # A small table that is made again is searched without these files.
        is_written = what == "rows" or store._has_derived(int(store._manifest.get("table")))
        return not store.is_damaged() and is_written and "add_tax" in names(opened, "gross amount")

    names(opened, "gross amount")
    opened.wait_for(is_repaired)


def test_a_reader_counts_only_what_was_committed(
    opened: Open, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened.wait_for(lambda: opened.updates.state().state == "ready")
    monkeypatch.setattr("glossator.project.updates.TAKE_OVER_SECONDS", 0.05)
    other = Session([session.root.path], session.settings)
    turns, counted = threading.Semaphore(0), threading.Semaphore(0)
    try:
        reader = Open(other)
        real_due, real_count = reader.updates._is_counted, reader.updates._count
        monkeypatch.setattr(reader.updates, "_is_counted", lambda: (turns.release(), real_due())[1])
        monkeypatch.setattr(reader.updates, "_count", lambda: (counted.release(), real_count())[1])
        reader.wait_for(lambda: "another process" in reader.updates.state().message)
        for _ in range(5):
            assert turns.acquire(timeout=WAIT)
        seen = counted._value
        for _ in range(5):
            assert turns.acquire(timeout=WAIT)
        assert counted._value == seen
        (session.root.path / "shop/late.py").write_text("def late_arrival():\n    return 1\n", "utf-8")
        files = opened.updates.state().files
        opened.updates.changed([session.root.path / "shop/late.py"])
        reader.wait_for(lambda: reader.updates.state().files == files + 1)
        reader.updates.close()
    finally:
        other.close()
