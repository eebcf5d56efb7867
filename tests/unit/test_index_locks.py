"""The lock of an index that is removed."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from glossator.errors import StoreLockedError
from glossator.index.folders import acquire, make_private, remove_index, remove_indexes

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_of_a_lock_is_not_removed_while_the_next_writer_holds_it(tmp_path: Path) -> None:
    """A third process would make another file, and both would write."""
    folder = tmp_path / "indexes/project-1/v1-static-1"
    make_private(folder)
    done = threading.Event()
    held, lost = [0], [0]

    def hold() -> None:
        while not done.is_set():
            with contextlib.suppress(StoreLockedError):
                lock = acquire(folder)
                time.sleep(0.0005)
                held[0] += 1
                lost[0] += not folder.with_name(f"{folder.name}.lock").exists()
                lock.release()

    writer = threading.Thread(target=hold)
    writer.start()
    removed = 0
    until = time.monotonic() + 300
    while (removed < 50 or held[0] < 50) and time.monotonic() < until:
        with contextlib.suppress(StoreLockedError):
            remove_index(folder)
            removed += 1
    done.set()
    writer.join()
    assert removed >= 50
    assert held[0] >= 50
    assert lost[0] == 0


def test_what_is_left_beside_removed_indexes_goes_too(tmp_path: Path) -> None:
    folder = tmp_path / "indexes/project-1/v2-static-1"
    for name in ("v1-static-1", "v2-static-1"):
        make_private(folder.with_name(name))
    for name in ("v0-static-1.lock", "v0-static-1.writer", "v0-static-1.team"):
        folder.with_name(name).write_text("")
    other = acquire(folder.with_name("v3-static-1"))
    try:
        remove_indexes(folder)
        assert {path.name for path in folder.parent.iterdir()} == {"v3-static-1.lock", "v3-static-1.writer"}
    finally:
        other.release()
    remove_indexes(folder)
    assert not folder.parent.exists()
