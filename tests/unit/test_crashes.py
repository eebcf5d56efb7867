"""Processes are killed at random moments of what they do to an index: the short form of `scripts/crash_trials`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from glossator.index.store import Store
from tests.soak.contents import read_contents

if sys.platform == "win32":
    pytest.skip("a fork server starts the processes that are killed", allow_module_level=True)

from tests.crashing import WORK, Trials, open_store, trials

FILES = 30
TRIALS = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    with trials(tmp_path_factory.mktemp("trials"), 20261129, files=FILES) as made:
        yield made


@pytest.mark.parametrize("kind", WORK)
def test_nothing_is_lost_or_wrong_after_a_kill(made: Trials, kind: str) -> None:
    for _ in range(TRIALS):
        made.run(kind)
    assert made.tally.failures == []
    assert made.tally.trials[kind] == TRIALS


def test_the_comparison_sees_a_lost_row_and_a_wrong_count(made: Trials) -> None:
    made._prepare("commits")
    made._update()
    with closing(open_store(made.root, made.index_dir, write=True)) as store:
        assert isinstance(store, Store)
        table = store._current()
        assert table is not None
        folder = store._folder
        assert read_contents(folder).faults == []
        table.delete(f"id = {store.entries_in('p1/m1.py')[0].id}")
    assert "1 entries have no row in the table" in read_contents(folder).faults
