"""The way back to earlier contents: nothing is parsed, and the index equals one that is made new."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from glossator.index import earlier, indexer
from glossator.index.earlier import FILE_NAME, EarlierContents
from glossator.index.embedding import StaticEmbedder
from glossator.index.folders import size_of
from glossator.index.store import KEEP_FROM
from glossator.index.vectors import VectorCache, cache_path
from glossator.project.session import Session
from glossator.settings import Settings
from tests.soak.contents import contents_of, differences
from tests.soak.histories import made_text

FILES = 3 * KEEP_FROM


class Project:
    """A folder with an index, as a server keeps them."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir(exist_ok=True)
        self.settings = Settings(index_dir=folder / "index", workers=1)
        self.session = Session([self.root], self.settings)
        self.indexer = self.session.root.indexer()
        self.store = self.session.root.writer()
        self.pool = self.session.shared.pool

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")

    @property
    def cache(self) -> Path:
        return self.session.root.folder / FILE_NAME


@contextmanager
def opened(folder: Path) -> Iterator[Project]:
    project = Project(folder)
    try:
        yield project
    finally:
        project.session.close()


def tree(seed: int) -> dict[str, str]:
    """Files of several languages, some of which another seed gives the same, others contents or names of their own."""
    same, own = random.Random("the same"), random.Random(seed)
    files = {}
    for number in range(FILES):
        suffix = same.choice((".py", ".ts", ".go", ".md"))
        name = f"part{number % 5}/file{number}{suffix}" if number % 4 else f"other{seed}/file{number}{suffix}"
        text = made_text(same, suffix, "part1")
        files[name] = text if number % 3 == 0 else made_text(own, suffix, "part1")
    files["part0/ünusual näme.py"] = f'def größe{seed}(x):\n    """Wie groß, {seed}? 🙂"""\n    return x\n'
    return files


def switch(project: Project, files: dict[str, str]) -> Counter[str]:
    """Make the tree contain these files and index it; returns how many files came to what."""
    for path in [path for path in project.root.rglob("*") if path.is_file()]:
        name = path.relative_to(project.root).as_posix()
        if files.get(name) != path.read_text("utf-8"):
            path.unlink()
    for name, text in files.items():
        if not (project.root / name).exists():
            project.write(name, text)
    outcomes: Counter[str] = Counter()
    submit = project.pool.submit

    def noting(batch: Any, deliver: Any, **options: Any) -> Any:
        def note(results: Any) -> None:
            # A file that was written a moment before it was indexed is read again the next time, as it is anywhere.
            outcomes.update(result.outcome for result in results if result.outcome != "unchanged")
            deliver(results)

        return submit(batch, note, **options)

    project.pool.submit = noting  # type: ignore[method-assign]
    try:
        project.indexer.run()
    finally:
        project.pool.submit = submit  # type: ignore[method-assign]
    return outcomes


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with opened(tmp_path) as made:
        switch(made, tree(1))
        switch(made, tree(2))
        yield made


def assert_as_fresh(project: Project, tmp_path: Path) -> None:
    """The index equals one that is made of the tree as it is."""
    other = tmp_path / "fresh"
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir()
    with opened(other) as fresh:
        shutil.copytree(project.root, fresh.root, dirs_exist_ok=True)
        fresh.indexer.run()
        expected = contents_of(fresh.settings.index_dir, fresh.root)
    project.store.maintain()
    assert differences(contents_of(project.settings.index_dir, project.root), expected) == []


def test_the_way_back_and_forth_parses_nothing(project: Project, tmp_path: Path) -> None:
    assert switch(project, tree(1)).keys() == {"earlier"}
    assert_as_fresh(project, tmp_path)
    assert switch(project, tree(2)).keys() == {"earlier"}
    assert_as_fresh(project, tmp_path)
    log = project.cache.with_name(f"{FILE_NAME}-wal")
    assert not log.exists() or not log.stat().st_size, "what was used is noted in it"
    assert switch(project, tree(3))["indexed"]
    assert_as_fresh(project, tmp_path)


def test_what_a_change_removes_is_kept_in_however_many_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine commits few files at a time."""
    monkeypatch.setattr(indexer, "COMMIT_ENTRIES", 0)
    with opened(tmp_path) as project:
        switch(project, tree(1))
        switch(project, tree(2))
        assert switch(project, tree(1)).keys() == {"earlier"}


def test_another_process_goes_back(project: Project, tmp_path: Path) -> None:
    project.session.close()
    with opened(tmp_path) as again:
        assert switch(again, tree(1)).keys() == {"earlier"}
        assert_as_fresh(again, tmp_path)


@pytest.mark.parametrize("how", ["noise", "truncated", "other tables"])
def test_a_damaged_cache_costs_time_only(project: Project, tmp_path: Path, how: str) -> None:
    project.store._earlier.close()
    path = project.cache
    data = bytearray(path.read_bytes())
    chance = random.Random(3)
    if how == "noise":
        for _ in range(200):
            data[chance.randrange(4096, len(data))] = chance.randrange(256)
    path.unlink()
    if how != "other tables":
        path.write_bytes(data[: len(data) // 3] if how == "truncated" else data)
    else:
        connection = sqlite3.connect(path)
        connection.executescript("CREATE TABLE something (x); PRAGMA user_version = 99")
        connection.close()
    assert switch(project, tree(1))["indexed"]
    assert_as_fresh(project, tmp_path)


def test_contents_without_their_vectors_are_parsed(project: Project, tmp_path: Path) -> None:
    embedder = StaticEmbedder()
    vectors = VectorCache(cache_path(project.settings.index_dir, embedder.id), embedder.dimensions)
    assert vectors.clear()
    vectors.close()
    outcomes = switch(project, tree(1))
    assert outcomes["earlier"]
    assert outcomes["indexed"]
    assert_as_fresh(project, tmp_path)


def test_nothing_is_kept_of_files_that_must_not_be_indexed(project: Project) -> None:
    names = [name for name in tree(1) if name.startswith("part") and name.endswith(".py")]
    assert any(project.store.earlier_hashes(name) for name in names)
    project.write(".glossatorignore", "*.py\n")
    project.indexer.run()
    assert not any(project.store.earlier_hashes(name) for name in names)
    (project.root / ".glossatorignore").unlink()
    project.indexer.run()
    for name in names:  # one is skipped for what it contains
        (project.root / name).write_bytes(b"\0\1\2" * 99)
    project.indexer.run()
    assert not any(project.store.earlier_hashes(name) for name in names)


def test_few_changed_files_are_not_kept(project: Project) -> None:
    kept = project.cache.stat().st_mtime_ns
    for number in range(KEEP_FROM - 1):
        project.write(f"part{number % 5}/few{number}.py", "def one():\n    return 1\n")
    project.indexer.run()
    for number in range(KEEP_FROM - 1):
        (project.root / f"part{number % 5}/few{number}.py").unlink()
    project.indexer.run()
    assert not any(project.store.earlier_hashes(f"part{number % 5}/few{number}.py") for number in range(KEEP_FROM))
    assert project.cache.stat().st_mtime_ns == kept


def test_the_cache_is_bounded_and_keeps_what_was_used_last(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "LEAST_BYTES", 0)
    monkeypatch.setattr(earlier, "SHARE", 0.05)
    for seed in range(3, 9):
        switch(project, tree(seed))
        project.store.maintain()
    size = project.cache.stat().st_size
    connection = sqlite3.connect(project.cache)
    (kept,) = connection.execute("SELECT total(length(data)) FROM contents").fetchone()
    assert connection.execute("SELECT total(bytes) FROM sizes").fetchone() == (kept,)
    assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
    connection.close()
    assert 0 < kept < 0.06 * (size_of(project.cache.parent) - size)
    assert switch(project, tree(2))["indexed"], "this was used long ago"
    assert switch(project, tree(8))["earlier"], "this was used last"
    assert_as_fresh(project, tmp_path)


def test_little_is_kept_beside_a_small_index(tmp_path: Path) -> None:
    kept = EarlierContents(tmp_path)
    kept.put([((f"{number}.py", b"hash"), bytes(100_000)) for number in range(6)])
    kept.trim()
    assert 100_000 < size_of(tmp_path) - tmp_path.joinpath(f"{FILE_NAME}-shm").stat().st_size < 300_000
    assert kept.hashes_of("5.py")
    assert not kept.hashes_of("0.py")
    kept.close()


def test_a_full_disk_takes_the_space_of_the_cache(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from glossator.errors import StoreFullError
    from glossator.index.manifest import Manifest

    assert project.cache.exists()

    def full(*_: object, **__: object) -> None:
        raise StoreFullError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "replace", full)
        with pytest.raises(StoreFullError):
            switch(project, tree(1))
    assert not project.cache.exists()
    assert switch(project, tree(1))["indexed"]
