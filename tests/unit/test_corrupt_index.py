"""Every file of an index is damaged in turn: that is told clearly, repaired by the next update, and harms no answer."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from glossator.errors import StoreCorruptError, StoreError
from glossator.index import nearest
from glossator.index.database import note_damage
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.settings import Settings
from tests.crashing import write_tree
from tests.soak.contents import Contents, differences, read_contents

FILES = 40
SQLITE_PAGE = 4096
"""Bytes of a page of a database."""
QUERY = "work_7_0_2"
TOLD = ("is damaged", "cannot use the index", "index the folder first")


@dataclass
class Whole:
    """An index that is as it should be, and a copy of it."""

    session: Session
    index_dir: Path
    copy: Path
    contents: Contents

    def restore(self) -> None:
        self.session.root.close()
        shutil.rmtree(self.index_dir)
        shutil.copytree(self.copy, self.index_dir)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "tree").mkdir()
    write_tree(folder / "tree", dict.fromkeys(range(FILES), 0))
    session = Session([folder / "tree"], Settings(index_dir=folder / "indexes"))
    session.root.index()
    session.root.writer().maintain(full=True)
    session.root.close()
    shutil.copytree(folder / "indexes", folder / "copy")
    yield Whole(session, folder / "indexes", folder / "copy", read_contents(session.root.folder))
    session.close()


def damaged(data: bytes, how: str, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    if data.startswith(b"SQLite format") and how != "truncated":
        at -= at % SQLITE_PAGE  # where a page begins: SQLite does not notice what has changed inside a row
    if how == "truncated":
        return data[:at]
    if how == "zeros":
        return data[:at] + bytes(len(data[at : at + 4096])) + data[at + 4096 :]
    if how == "noise":
        return data[:at] + chance.randbytes(len(data[at : at + 64])) + data[at + 64 :]
    return b""


def search(whole: Whole) -> set[tuple[str, int]]:
    """The places that have exactly that name."""
    return {(hit.path, hit.start_line) for hit in whole.session.search(QUERY, 5) if hit.name == QUERY}


@pytest.mark.parametrize("how", ["truncated", "zeros", "noise", "empty"])
def test_each_file_of_the_index(whole: Whole, how: str) -> None:
    whole.restore()
    expected = search(whole)
    assert expected
    whole.session.root.close()
    names = [path.relative_to(whole.copy) for path in sorted(whole.copy.rglob("*")) if path.is_file()]
    kinds = {
        name.name if name.suffix != ".lance" else f"{name.parent.parent.name}/{name.name[-20:]}": name for name in names
    }
    chance = random.Random(how)
    tried = 0
    for name in kinds.values():
        data = (whole.copy / name).read_bytes()
        if not data or name.suffix in {".lock", ".writer"}:
            continue
        changed = damaged(data, how, chance)
        if changed == data:
            continue
        tried += 1
        whole.restore()
        (whole.index_dir / name).write_bytes(changed)
        where = f"{name}, {how}"
        try:
            found = search(whole)
        except StoreError as error:  # nobody has repaired it yet; it says what to do
            problem = "" if any(words in str(error) for words in TOLD) else str(error)
        else:
            problem = "" if found <= expected else f"found {found}"
        assert not problem, f"{where}: {problem}"
        for _ in range(3):
            whole.session.root.close()
            try:
                whole.session.root.index()
                assert search(whole) == expected, where
                contents = read_contents(whole.session.root.folder)
            except StoreCorruptError:  # nothing had met the damage before: the next update repairs it
                continue
            except sqlite3.DatabaseError as error:  # nobody but this comparison has read that page
                note_damage(whole.session.root.folder, error)
                continue
            break
        else:
            pytest.fail(f"{where}: it is not repaired")
        left = [fault for fault in differences(contents, whole.contents) if not is_rank(fault)]
        assert not left, f"{where}: {left}"
    assert tried > 12


CUT_OFF = """
import os, sys
from pathlib import Path
from glossator.project.session import Session
from glossator.settings import Settings
tree, index_dir, name, query = sys.argv[1:]
session = Session([Path(tree)], Settings(index_dir=Path(index_dir)))
for again in range(2):
    found = sorted((hit.path, hit.start_line) for hit in session.search(query, 5) if hit.name == query)
    print(found)
    for path in Path(index_dir).rglob(name):
        os.truncate(path, 0)
session.close()
"""
"""Searches before and after a file is cut off that is mapped."""


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is mapped cannot be cut off")
@pytest.mark.parametrize("name", ["ids.npy", "vectors.npy", "*.segment"])
def test_a_file_that_is_cut_off_while_it_is_mapped_ends_no_process(whole: Whole, name: str) -> None:
    whole.restore()
    assert list(whole.index_dir.rglob(name))
    arguments = (str(whole.session.root.path), str(whole.index_dir), name, QUERY)
    done = subprocess.run([sys.executable, "-c", CUT_OFF, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done
    before, after = done.stdout.splitlines()
    assert before == after != "[]"
    whole.session.root.index()
    assert all(nearest.is_whole(folder) for folder in whole.index_dir.rglob("nearest/*"))
    assert search(whole)


@pytest.mark.parametrize("name", ["ids.npy", "leading.npy", "sums.json", ""])
@pytest.mark.parametrize("by", ["an index command", "a server"])
def test_mapped_vectors_are_repaired_though_no_file_has_changed(whole: Whole, name: str, by: str) -> None:
    whole.restore()
    (generation,) = whole.index_dir.rglob("nearest/*")
    if name:
        (generation / name).write_bytes(b"")
    else:
        shutil.rmtree(generation)
    assert search(whole)
    whole.session.root.close()

    def repaired() -> bool:
        return any(nearest.is_whole(folder) for folder in whole.index_dir.rglob("nearest/*"))

    assert not repaired()
    if by == "a server":
        compacted = threading.Event()
        updates = RootUpdates(
            whole.session.root, watch=False, on_change=lambda: compacted.set() if repaired() else None
        )
        try:
            assert compacted.wait(300)
        finally:
            updates.close()
    else:
        report = whole.session.root.index()
        assert report.embedded == 0
    assert repaired()
    assert search(whole)


def is_rank(fault: str) -> bool:
    """Whether only the ranking differs: LanceDB's formats do not notice every changed number."""
    return "vectors differ" in fault or "does not find it" in fault or "do not find it" in fault
