"""Where indexes can be kept, and which are removed once another replaces them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glossator.errors import StoreError
from glossator.index.folders import FORGOTTEN, acquire, check_path, remove_superseded


def index(parent: Path, name: str, age: float = 0.0) -> Path:
    folder = parent / name
    folder.mkdir(parents=True)
    file = folder / "manifest.sqlite"
    file.write_bytes(b"x")
    old = file.stat().st_mtime - age
    os.utime(file, (old, old))
    return folder


@pytest.mark.parametrize("name", ["a b#%41?é", "a&b=c;d'\"", "db://x", "s3:", "\u00a0", "\u202e", "\x85", "😀"])
def test_odd_names_hold_an_index(tmp_path: Path, name: str) -> None:
    check_path(tmp_path / name / "root-1234" / "v1")


@pytest.mark.parametrize("name", ["new\nline", "\x1b[31m", "\x7f", "\udcff"])
def test_names_that_the_table_cannot_use_are_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError, match="index_dir") as refused:
        check_path(tmp_path / name / "root-1234" / "v1")
    assert str(refused.value).isprintable()


def test_only_what_is_superseded_goes(tmp_path: Path) -> None:
    current = index(tmp_path, "v3-static-2-abc")
    kept = [
        index(tmp_path, "v4-static-2-abc"),  # of a newer version
        index(tmp_path, "v3-gguf-1234"),  # another model's, still in use now and then
        index(tmp_path, "v3-static-2-abc.damaged"),
        index(tmp_path, "something-else"),
    ]
    gone = [
        index(tmp_path, "v2-static-2-abc"),
        index(tmp_path, "v3-static-1-xyz"),
        index(tmp_path, "v3-gguf-5678", age=FORGOTTEN + 60),
    ]
    held = index(tmp_path, "v1-static-0-old")
    lock = acquire(held)
    try:
        assert sorted(remove_superseded(current, 3)) == sorted(gone)
    finally:
        lock.release()
    assert all(folder.exists() for folder in (current, held, *kept))
    assert not any(folder.exists() for folder in gone)
    assert remove_superseded(current, 3) == [held]
