"""A database that is open here stays whole while other processes open and close it.

The last process that closes a database in WAL mode deletes its log. It takes itself for the last one if the others hold
no locks, and what they write from then on is lost.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glossator import private_files
from glossator.answers.explanation_cache import ExplanationCache
from glossator.index.vectors import VectorCache
from tests.unit.store_samples import entry, open_store, update

READER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute(f"SELECT count(*) FROM {sys.argv[2]}").fetchone()[0])
connection.close()
"""


def counted_elsewhere(path: Path, table: str) -> int:
    """Have another process open the database, count a table's rows, and close it."""
    command = [sys.executable, "-c", READER, str(path), table]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("reader_first", [True, False])
def test_an_index_that_is_read_and_written_here(tmp_path: Path, *, reader_first: bool) -> None:
    folder = tmp_path / "cache" / "root-1" / "v1-sample"
    with open_store(folder) as store:
        store.commit([update("a.py", entry("first"))])
    reader = open_store(folder, write=False) if reader_first else None
    writer = open_store(folder)
    reader = reader or open_store(folder, write=False)
    manifest = folder / "manifest.sqlite"
    for number in range(3):
        writer.commit([update(f"b{number}.py", entry(f"more{number}"))])
        assert counted_elsewhere(manifest, "files") == number + 2
        assert manifest.with_name("manifest.sqlite-wal").exists()
    assert sorted(reader.files()) == ["a.py", "b0.py", "b1.py", "b2.py"]
    reader.close()
    writer.close()
    with open_store(folder, write=False) as store:
        assert sorted(store.files()) == ["a.py", "b0.py", "b1.py", "b2.py"]


def test_a_cache_of_vectors_that_two_roots_share(tmp_path: Path) -> None:
    path = tmp_path / "vectors-x.sqlite"
    one, other = VectorCache(path, 4), VectorCache(path, 4)
    for number in range(4):
        cache = (one, other)[number % 2]
        cache.put({bytes([number]): np.ones(4, np.float16)})
        assert counted_elsewhere(path, "vectors") == number + 1
    assert one.known([bytes([number]) for number in range(4)]) == {bytes([number]) for number in range(4)}
    other.close()
    one.close()


def test_a_cache_of_explanations_that_two_sessions_share(tmp_path: Path) -> None:
    path = tmp_path / "explanations.sqlite"
    one, other = ExplanationCache(path), ExplanationCache(path)
    for number in range(4):
        (one, other)[number % 2].put(bytes([number]), f"text {number}")
        assert counted_elsewhere(path, "explanation") == number + 1
    assert [other.get(bytes([number])) for number in range(4)] == [f"text {number}" for number in range(4)]
    other.close()
    one.close()


@pytest.mark.parametrize("way", ["open", "os.open", "copy"])
def test_no_other_code_of_ours_opens_a_database_that_is_open(tmp_path: Path, way: str) -> None:
    """Held by each test that runs the product in its own process (`tests/open_databases.py`)."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux tells what is open")
    path = tmp_path / "some.sqlite"
    ways = {"open": "path.open('rb').close()", "os.open": "os.close(os.open(path, os.O_RDONLY))"}
    code = compile(ways.get(way, "shutil.copyfile(path, f'{path}2')"), private_files.__file__, "exec")
    names = {"path": path, "os": os, "shutil": shutil}
    path.touch()
    exec(code, names)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE numbers (number)")
    with pytest.raises(AssertionError, match=r"some\.sqlite is opened"):
        exec(code, names)
    private_files.make_private_file(path)
    connection.close()
    exec(code, names)


def test_the_check_itself_notices_a_lost_lock(tmp_path: Path) -> None:
    """Opening and closing a database's file by other means is what must not happen."""
    if sys.platform == "win32":
        pytest.skip("locks belong to handles there")
    path = tmp_path / "some.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE numbers (number)")
    path.open("rb").close()
    counted_elsewhere(path, "numbers")
    notices_itself = sqlite3.sqlite_version_info >= (3, 51)  # since then SQLite notices lost locks, too
    assert path.with_name("some.sqlite-wal").exists() == notices_itself
    connection.close()
