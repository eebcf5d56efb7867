"""Closing the database while other threads read it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from glossator.errors import StoreError
from glossator.index.database import Database


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
            reading.wait(10)
            while True:
                with database.reading() as connection:
                    list(connection.execute("SELECT number FROM numbers ORDER BY number DESC"))
        except StoreError as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    reading.wait(10)
    database.close()
    for reader in readers:
        reader.join(10)
    assert len(errors) == 4
    with pytest.raises(StoreError, match="closed"), database.reading():
        pass
