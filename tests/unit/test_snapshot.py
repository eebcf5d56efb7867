"""Snapshots of a root: what they show, that taking one never waits, and that their store stays open."""

from __future__ import annotations

import gc
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.errors import StoreLockedError
from glossator.index.folders import acquire
from glossator.index.store import Store
from glossator.project.root import Root
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.settings import load_settings
from tests.conftest import write_tree
from tests.unit.retrieval_samples import use_count

WAIT = 120.0


@pytest.fixture
def session(tmp_path: Path, project: Path) -> Iterator[Session]:
    session = Session([project], replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    yield session
    session.close()


class Blocked:
    """Holds up every opening for writing at the repair that comes first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.release = threading.Event(), threading.Event()
        real = Store._reconcile

        def slow(store: Store) -> None:
            self.entered.set()
            assert self.release.wait(WAIT)
            real(store)

        monkeypatch.setattr(Store, "_reconcile", slow)


def test_there_is_none_before_there_is_an_index(session: Session) -> None:
    assert session.root.snapshot() is None
    assert session.root.open() is None


def test_it_reads_files_names_and_places(session: Session, project: Path) -> None:
    session.root.index()
    snapshot = session.root.snapshot()
    assert snapshot is not None
    assert snapshot.path == project.resolve()
    assert snapshot.search("gross amount", 5)[0].name == "add_tax"
    assert "place_order" in [entry.name for entry in snapshot.entries_in("shop/checkout.py")]
    assert snapshot.named("Cart.total")[0].path == "shop/cart.py"
    found = snapshot.entry_at("shop/money.py", 20)
    assert found is not None
    assert found.name == "add_tax"
    assert "half up" in (snapshot.text("shop/money.py") or "")
    assert snapshot.text("absent.py") is None
    assert session.root.snapshot() is snapshot, "taking one costs nothing while nothing has changed"


def test_taking_one_does_not_wait_for_an_index_that_is_being_opened(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.root.index()
    session.root.close()
    blocked = Blocked(monkeypatch)
    live = RootUpdates(session.root, watch=False, on_change=lambda: None)
    try:
        assert blocked.entered.wait(WAIT)
        snapshot = session.root.snapshot()
        assert snapshot is not None
        assert use_count(snapshot, "add_tax") == 1
        assert not session.root.is_writer
        blocked.release.set()
        live.rescan().result(WAIT)
        assert session.root.is_writer
        assert use_count(snapshot, "add_tax") == 1, "its store is open, although another one is read from now on"
    finally:
        blocked.release.set()
        live.close()


def test_taking_one_does_not_wait_for_a_first_index(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = Blocked(monkeypatch)
    live = RootUpdates(session.root, watch=False, on_change=lambda: None)
    try:
        assert blocked.entered.wait(WAIT)
        assert session.root.snapshot() is None
    finally:
        blocked.release.set()
        live.close()


def test_its_store_stays_open_until_nobody_reads_it(
    session: Session, project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # what is logged is kept, and must not keep the snapshot
    closed = threading.Event()
    real = Store.close

    session.root.index()
    snapshot = session.root.snapshot()
    assert snapshot is not None
    read = id(snapshot.store)

    def close(store: Store) -> None:
        real(store)
        if id(store) == read:  # others may be left over by other tests
            closed.set()

    monkeypatch.setattr(Store, "close", close)
    session.root.close()
    assert session.root.snapshot() is None
    assert snapshot.search("gross amount", 5)
    assert snapshot.named("Cart")
    assert not closed.is_set()
    other = Session([project], session.settings)
    other.root.index()  # the right to write was given up at once
    other.close()
    closed.clear()
    del snapshot
    end = time.monotonic() + WAIT
    while not closed.wait(0.05):  # a thread that has searched for it may hold it for a moment longer
        gc.collect()
        assert time.monotonic() < end


def test_an_index_that_another_process_begins_is_said_to_be_written(session: Session) -> None:
    lock = acquire(session.root.folder)
    session.root.folder.mkdir(exist_ok=True)
    (session.root.folder / "manifest.sqlite").touch()  # made, but still without tables
    try:
        with pytest.raises(StoreLockedError, match="is writing the index"):
            session.root.index()
    finally:
        lock.release()
    assert session.root.index().files


def test_a_deleted_index_is_noticed_and_built_again(session: Session) -> None:
    root = session.root
    live = RootUpdates(root, watch=False, on_change=lambda: None)
    try:
        live.rescan().result(WAIT)
        held = root.snapshot()
        assert held is not None
        for thread in threading.enumerate():  # what compacts the store would write into the folder meanwhile
            if thread.name == "glossator-maintenance":
                thread.join(WAIT)
        shutil.rmtree(root.folder)
        assert root.snapshot() is None
        live.rescan().result(WAIT)
        again = root.snapshot()
        assert again is not None
        assert again.store is not held.store
        assert again.named("add_tax")
    finally:
        live.close()


def test_uses_are_counted_in_buffers_as_in_files(session: Session) -> None:
    root = session.root
    live = RootUpdates(root, watch=False, on_change=lambda: None)

    def count(name: str) -> int:
        return use_count(root.snapshot(), name)

    try:
        live.rescan().result(WAIT)
        cart = (root.path / "shop/cart.py").read_text("utf-8")
        assert count("add_tax") == 1
        for version, (text, uses) in enumerate(
            [
                (cart, 1),
                (cart.replace("add_tax(net, tax_rate)", "net").replace(", add_tax", ""), 0),
                (cart + "\n\ndef twice(net: Money) -> Money:\n    return add_tax(add_tax(net, 1), 1)\n", 2),
            ]
        ):
            live.set_buffer("shop/cart.py", version, text)
            live.parse_buffer("shop/cart.py").result(WAIT)
            assert count("add_tax") == uses
        live.drop_buffer("shop/cart.py")
        assert count("add_tax") == 1
    finally:
        live.close()


def test_all_of_a_long_function_counts_in_a_buffer_too(session: Session) -> None:
    root: Root = session.root
    body = "".join(f"    step_{number}(value)\n" for number in range(400))
    helper = "def rare_helper(value):\n    pass\n\n\n"
    text = f"{helper}def long_one(value):\n{body}    rare_helper(value)\n    rare_helper(value)\n"
    write_tree(root.path, {"long.py": text})
    live = RootUpdates(root, watch=False, on_change=lambda: None)
    try:
        live.rescan().result(WAIT)
        stored = root.snapshot()
        assert use_count(stored, "rare_helper") == 2
        live.set_buffer("long.py", 1, text + "\n")
        live.parse_buffer("long.py").result(WAIT)
        buffered = root.snapshot()
        assert buffered is not stored
        assert use_count(buffered, "rare_helper") == 2
    finally:
        live.close()
