"""The cache of vectors: it helps when it can, and never gets in the way."""

from __future__ import annotations

import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glossator.index import vectors
from glossator.index.vectors import VectorCache, cache_path

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSIONS = 32


def some(count: int, seed: int = 0) -> dict[bytes, NDArray[np.float16]]:
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(count, DIMENSIONS)).astype(np.float16)
    return {random.bytes(16): row for row in matrix}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return cache_path(tmp_path / "cache", "model/with: odd name")


def test_what_is_put_is_got(path: Path) -> None:
    kept = some(25_000)
    cache = VectorCache(path, DIMENSIONS)
    cache.put(kept)
    cache.put(kept)
    cache.close()
    found = VectorCache(path, DIMENSIONS).get([b"unknown", *kept])
    assert found.keys() == kept.keys()
    assert all((found[key] == kept[key]).all() for key in kept)
    assert VectorCache(path, DIMENSIONS + 1).get(list(kept)) == {}
    assert VectorCache(path, DIMENSIONS).get([]) == {}


@pytest.mark.parametrize("damage", ["garbage", "header", "other version", "folder", "other table"])
def test_damage_is_forgotten_or_done_without(path: Path, damage: str) -> None:
    cache = VectorCache(path, DIMENSIONS)
    cache.put(some(1000))
    cache.close()
    if damage == "garbage":
        path.write_bytes(b"garbage" * 10_000)
    elif damage == "header":
        path.write_bytes(b"x" * 200 + path.read_bytes()[200:])
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 9" if damage == "other version" else "DROP TABLE vectors")
        connection.close()
    cache = VectorCache(path, DIMENSIONS)
    kept = some(10, seed=1)
    for _ in range(2):
        cache.get(list(kept))
        cache.put(kept)
    cache.trim()
    found = cache.get(list(kept))
    assert len(found) == (0 if damage in ("other version", "folder") else 10)
    cache.close()


def test_least_recently_used_go_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = VectorCache(path, DIMENSIONS, limit=160_000)
    old, used, new = some(600, 1), some(600, 2), some(600, 3)
    monkeypatch.setattr(vectors, "_generation", lambda: 1)
    cache.put(old | used)
    monkeypatch.setattr(vectors, "_generation", lambda: 2)
    assert len(cache.get(list(used))) == 600
    cache.put(new)
    for _ in range(2):
        cache.trim()
        assert cache.get(list(old)) == {}
        assert 0 < len(cache.get(list(used))) < 600
        assert len(cache.get(list(new))) == 600
    assert path.stat().st_size < 300_000
    cache.close()


def put_many(path: Path, seed: int) -> None:
    cache = VectorCache(path, DIMENSIONS)
    for part in range(20):
        cache.put(some(50, seed * 100 + part))
    cache.close()


def test_several_processes_and_threads_write(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=put_many, args=(path, seed)) for seed in range(2)]
    for process in processes:
        process.start()
    cache = VectorCache(path, DIMENSIONS)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda seed: cache.put(some(50, seed)), range(1000, 1030)))
    for process in processes:
        process.join()
        assert process.exitcode == 0
    expected = [seed * 100 + part for seed in range(2) for part in range(20)]
    assert len(cache.get([key for seed in [*expected, *range(1000, 1030)] for key in some(50, seed)])) == 70 * 50
    cache.close()
