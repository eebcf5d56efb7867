"""Five servers have one project open, and the one that writes its index is killed: another takes over."""

from __future__ import annotations

import multiprocessing
import re
import signal
import sys
from pathlib import Path

import pytest

from glossator.index.store import Store
from tests.unit.indexing_faults import wait_for

if sys.platform == "win32":
    pytest.skip("the processes are forked and killed", allow_module_level=True)

import os

from tests.crashing import PRELOADED, WORK, open_store, write_tree
from tests.soak.contents import differences, read_contents

PROCESSES = 5
KILLS = 3


def writer_of(index_dir: Path) -> int:
    """The process that holds the index; 0 if none has said so."""
    for path in index_dir.glob("*/*.writer"):
        found = re.match(r"process (\d+)", path.read_text("utf-8"))
        if found:
            return int(found[1])
    return 0


def indexed(root: Path, index_dir: Path) -> set[str]:
    from glossator.errors import StoreError

    try:
        with open_store(root, index_dir, write=False) as store:
            assert isinstance(store, Store)
            return {path for path, record in store.files().items() if record.size != -1}
    except StoreError:
        return set()


def test_another_process_takes_over(tmp_path: Path) -> None:
    root, index_dir = tmp_path / "tree", tmp_path / "indexes"
    root.mkdir()
    write_tree(root, dict.fromkeys(range(10), 0))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    processes = {}
    for _ in range(PROCESSES):
        process = context.Process(target=WORK["server"], args=(str(root), str(index_dir)))
        process.start()
        processes[process.pid] = process
    try:
        wait_for(lambda: len(indexed(root, index_dir)) == 10)
        for turn in range(1, KILLS + 1):
            wait_for(lambda: writer_of(index_dir) in processes)
            writer = writer_of(index_dir)
            os.kill(writer, signal.SIGKILL)
            processes.pop(writer).join()
            (root / f"after{turn}.py").write_text(f"def after_kill_{turn}(): pass\n", "utf-8")
            wait_for(lambda turn=turn: f"after{turn}.py" in indexed(root, index_dir))
            assert writer_of(index_dir) in processes
    finally:
        for process in processes.values():
            process.kill()
            process.join()
    with open_store(root, index_dir, write=True) as store:
        folder = store._folder
    fresh = tmp_path / "fresh"
    from glossator.project.session import Session
    from glossator.settings import Settings

    session = Session([root], Settings(index_dir=fresh))
    session.root.index()
    expected = read_contents(session.root.folder)
    session.close()
    assert differences(read_contents(folder), expected) == []
