"""Opening the database by any path, and closing it while other threads read it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from glossator.errors import StoreError
from glossator.index.database import Database, sqlite_uri


@pytest.mark.parametrize("_", range(5))
def test_readers_survive_a_close(tmp_path: Path, _: int) -> None:
    """SQLite crashes the whole process where a connection is closed that another thread is reading with."""
    database = Database(tmp_path / "some.sqlite", write=True)
    with database.transaction() as connection:
        connection.execute("CREATE TABLE numbers (number)")
        connection.executemany("INSERT INTO numbers VALUES (?)", [(number,) for number in range(20_000)])
    reading = threading.Barrier(5)
    errors: list[StoreError] = []

    def read() -> None:
        try:
            reading.wait(120)
            while True:
                with database.reading() as connection:
                    list(connection.execute("SELECT number FROM numbers ORDER BY number DESC"))
        except StoreError as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    reading.wait(120)
    database.close()
    for reader in readers:
        reader.join(120)
    assert len(errors) == 4
    with pytest.raises(StoreError, match="closed"), database.reading():
        pass


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what is open")
def test_what_cannot_be_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as caught:
        Database(path, write=False)
    assert caught.value.__traceback__ is not None, "which holds the connection"
    opened = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert str(path) not in opened


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/home/a/b.sqlite"), "file:///home/a/b.sqlite"),
        (PurePosixPath("/a b/50%/#1?x=y&z/ä"), "file:///a%20b/50%25/%231%3Fx%3Dy%26z/%C3%A4"),
        (PurePosixPath("//two/slashes"), "file:////two/slashes"),
        (PurePosixPath("/back\\slash:colon\nline"), "file:///back%5Cslash:colon%0Aline"),
        (PureWindowsPath(r"C:\Users\a b\x.sqlite"), "file:///C:/Users/a%20b/x.sqlite"),
        (PureWindowsPath(r"\\server\share\a#b\x.sqlite"), "file:////server/share/a%23b/x.sqlite"),
        (PureWindowsPath(r"\\?\C:\long\x.sqlite"), "file:///C:/long/x.sqlite"),
        (PureWindowsPath(r"\\?\UNC\server\share\x.sqlite"), "file:////server/share/x.sqlite"),
    ],
    ids=str,
)
def test_the_uri_of_a_path(path: PurePath, uri: str) -> None:
    assert sqlite_uri(path) == uri


ODD_NAMES = [
    "a b",
    "50%41",
    "#1",
    "?mode=memory",
    "a&b=c;d",
    "ä€😀",
    "'\"",
    "a:b",
    "back\\slash",
    "new\nline",
    "\x1b[31m",
    "file:",
]


@pytest.mark.skipif(os.name == "nt", reason="such names cannot exist on Windows")
@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_folder_holds_a_database(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    Database(folder / "some.sqlite", write=True).close()
    assert [path.name for path in folder.iterdir()] == ["some.sqlite"]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are Unicode")
def test_a_folder_whose_name_is_no_unicode_holds_a_database(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    folder.mkdir()
    Database(folder / "some.sqlite", write=True).close()
    assert (folder / "some.sqlite").is_file()


def test_memory_is_given_back_while_others_read_and_write(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.sqlite", write=True)
    with database.transaction() as connection:
        connection.execute("CREATE TABLE numbers (number)")
    done = threading.Event()
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while not done.is_set():
                with database.reading() as connection:
                    assert connection.execute("SELECT count(*) FROM numbers").fetchone()[0] >= 0
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(200):
        with database.transaction() as connection:
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        database.release_memory()
    done.set()
    for reader in readers:
        reader.join(30)
    assert not errors
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM numbers").fetchone()[0] == 200
    database.close()
    database.release_memory()  # does nothing


@pytest.mark.parametrize("rows", [5000, 400])
def test_a_file_that_is_mostly_free_becomes_smaller(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "some.sqlite"
    database = Database(path, write=True)
    database._main.execute("PRAGMA journal_mode = WAL")
    with database.transaction() as connection:
        connection.execute("CREATE TABLE texts (text)")
        connection.executemany("INSERT INTO texts VALUES (?)", [("x" * 1000,) for _ in range(rows)])
    database.checkpoint()
    large = path.stat().st_size
    with database.reading() as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM texts").fetchone()[0] == rows
        with database.transaction() as connection:
            connection.execute("DELETE FROM texts WHERE rowid > ?", (rows // 50,))
        database.give_back_pages()
        assert reader.execute("SELECT count(*) FROM texts").fetchone()[0] == rows  # what it sees stays
        reader.execute("ROLLBACK")
    database.checkpoint()
    assert path.stat().st_size < large / 10
    with database.reading() as reader:
        assert reader.execute("SELECT count(*), min(length(text)) FROM texts").fetchone() == (rows // 50, 1000)
    before = path.stat().st_mtime_ns
    database.give_back_pages()  # nothing is free any more
    database.checkpoint()
    assert path.stat().st_mtime_ns == before
    database.close()
