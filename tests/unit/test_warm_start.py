"""What is read of an index when an unchanged project is opened again."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glossator.errors import StoreError
from glossator.index.database import path_in
from glossator.index.manifest import Manifest
from glossator.index.records import FileColumns, FileRecord
from glossator.index.store import Store
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.settings import Settings
from glossator.workspace import inotify
from glossator.workspace.files import Found, Rules, Skipped
from glossator.workspace.sources import InotifySource
from tests.unit.indexing_faults import settled_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WAIT = 120.0


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """An indexed folder of two files and one that is skipped, settled long ago."""
    folder = settled_folder(tmp_path)
    with closing(opened(folder)) as session:
        session.root.index()
    return folder


def opened(code: Path) -> Session:
    return Session([code], Settings(index_dir=code.parent / "indexes", workers=1))


def test_records_of_all_files_are_read_only_by_a_run_that_finds_a_difference(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str] | None] = []
    files = Manifest.files

    def noted(manifest: Manifest, paths: Iterable[str] | None = None) -> dict[str, FileRecord]:
        asked = None if paths is None else sorted(paths)
        read.append(asked)
        return files(manifest, asked)

    monkeypatch.setattr(Manifest, "files", noted)
    with closing(opened(code)) as session:
        root = session.root
        report = root.index(maintain=False)
        assert (report.files, report.embedded, [one.path for one in report.skipped]) == (2, 0, [".env"])
        root.indexer().maintain()
        assert not read
        (code / "cart.py").write_text("def grand_total():\n    return 1\n", "utf-8")
        assert root.indexer().update([code / "cart.py"]) == {"cart.py"}
        assert read == [["cart.py"], []]
        (code / "till.go").unlink()
        (code / "new.py").write_text("def added():\n    return 2\n", "utf-8")
        assert root.index(maintain=False).files == 2
        assert read[2:] == [None]
        assert root.search("grand_total", 1)[0].path == "cart.py"
        assert root.search("added", 1)[0].path == "new.py"
        assert set(files(root.writer()._manifest)) == {"cart.py", "new.py", ".env"}


def test_files_inside_a_folder(code: Path) -> None:
    with closing(opened(code)) as session:
        manifest = session.root.writer()._manifest
        paths = ["a", "a/b.py", "a/\udc80.py", "a/c/", "a-b.py", "a.py", "a0.py", "ab/c.py", "\udc80/a.py", "Aé/ü.py"]
        with manifest.transaction() as connection:
            connection.execute("DELETE FROM files")
            for path in paths:
                connection.execute("INSERT INTO files (path, language) VALUES (?, 1)", (path_in(path),))
        assert sorted(manifest.files_inside("a")) == ["a/b.py", "a/c/", "a/\udc80.py"]
        assert manifest.files_inside("a")["a/b.py"] == manifest.files(["a/b.py"])["a/b.py"]
        assert list(manifest.files_inside("\udc80")) == ["\udc80/a.py"]
        assert list(manifest.files_inside("Aé")) == ["Aé/ü.py"]
        assert list(manifest.files_inside("a/c")) == ["a/c/"]
        assert manifest.files_inside("b") == {}
        assert sorted(manifest.files_inside("")) == sorted(paths)


def test_the_first_change_after_one_that_failed_repairs_the_index(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repaired: list[Store] = []
    repair = Store.repair

    def noted(store: Store) -> None:
        repaired.append(store)
        repair(store)

    def fail(*_: object, **_options: object) -> None:
        raise StoreError("the disk is gone")

    with closing(opened(code)) as session:
        indexer = session.root.indexer()
        monkeypatch.setattr(Store, "repair", noted)
        for number in range(2):
            (code / "cart.py").write_text(f"def total_{number}():\n    return 1\n", "utf-8")
            indexer.update([code / "cart.py"])
        assert len(repaired) == 1
        with monkeypatch.context() as patch:
            patch.setattr(Manifest, "replace", fail)
            (code / "cart.py").write_text("def total():\n    return 1\n", "utf-8")
            with pytest.raises(StoreError, match="disk is gone"):
                indexer.update([code / "cart.py"])
        assert len(repaired) == 1
        for _ in range(2):
            indexer.update([code / "cart.py"])
            assert len(repaired) == 2
        assert session.root.search("total", 1)[0].name == "total"


def test_an_unchanged_run_repairs_what_is_missing(code: Path) -> None:
    with closing(opened(code)) as session:
        manifest = session.root.writer()._manifest
        revision = next(one for one, count in manifest.revisions(["cart.py"]).items() if count)
        manifest.forget_contents([revision])
        assert session.root.index(maintain=False).files == 2
        assert manifest.files()["cart.py"].size > 0


def test_a_search_uses_what_the_comparison_has_read(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(opened(code)) as session:
        root = session.root
        snapshot = root.open()
        assert snapshot is not None
        store, manifest = snapshot.store, snapshot.store._manifest
        expected = store.summaries()
        assert "cart.py" in [one.path for one in expected]
        assert store.stats() == {
            path: (record.size, record.mtime_ns, record.ctime_ns, record.skipped)
            for path, record in manifest.files().items()
        }
        with monkeypatch.context() as patch:
            patch.delattr(Manifest, "file_columns")
            assert store.summaries() == expected
            assert store._live() == manifest.with_entries()
        assert store._columns == (-1, None), "no memory is kept"
        store.stats()
        with closing(opened(code)) as other:
            (code / "more.py").write_text("def more():\n    return 3\n", "utf-8")
            other.root.index()
        assert "more.py" in [one.path for one in store.summaries()], "another process has committed meanwhile"


def test_columns_of_all_files(code: Path) -> None:
    with closing(opened(code)) as session:
        manifest = session.root.writer()._manifest
        with manifest.transaction() as connection:
            odd = "lone \udc80".encode("utf-8", "surrogatepass")
            connection.execute("UPDATE files SET path = ? WHERE path = 'till.go'", (odd,))
        columns = manifest.file_columns()
        assert sorted(columns.paths) == [".env", "cart.py", "lone \udc80"]
        assert list(columns.revisions) == sorted(columns.revisions)
        assert [one.path for one in columns.summaries()] == [
            path for path, count in zip(columns.paths, columns.entries, strict=True) if count
        ]
        with manifest.transaction() as connection:
            connection.execute("DELETE FROM files")
        assert manifest.file_columns() == FileColumns(*[()] * 9)
        assert session.root.writer().summaries() == []


@pytest.mark.skipif(not inotify.AVAILABLE, reason="inotify is Linux's")
@pytest.mark.parametrize("scanned", [False, True])
def test_each_folder_is_watched_before_it_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scanned: bool
) -> None:
    for name in ("src/inner", "env", "node_modules/a", "out"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / ".gitignore").write_text("out\n")
    add = InotifySource._add

    def added(source: InotifySource, folder: str) -> bool:
        done = add(source, folder)
        if folder == f"{tmp_path}/src":  # somebody makes a folder at this very moment
            (tmp_path / "src/new/deep").mkdir(parents=True)
            (tmp_path / "src/new/deep/new.py").touch()
        return done

    monkeypatch.setattr(InotifySource, "_add", added)
    found: list[Found | Skipped] | None = [] if scanned else None
    source = InotifySource(Rules(tmp_path.resolve(), Settings()), found)
    try:
        watched = {
            Path(one).relative_to(tmp_path).as_posix() for one in source._inotify.folders() if tmp_path.name in one
        }
        assert watched == {".", "src", "src/inner", "src/new", "src/new/deep", "env"}
        if found is not None:
            assert found == list(Rules(tmp_path.resolve(), Settings()).scan())
            assert "src/new/deep/new.py" in [one.path for one in found]
    finally:
        source.close()


@pytest.mark.skipif(not inotify.AVAILABLE, reason="inotify is Linux's")
def test_a_server_walks_through_its_folders_once_when_it_starts(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code / "inner").mkdir()
    walks: list[str] = []
    scan, folders = Rules.scan, Rules.folders

    def noted_scan(
        rules: Rules, under: str = "", before_listing: Callable[[str], None] | None = None
    ) -> Iterator[Found | Skipped]:
        walks.append("scan")
        return scan(rules, under, before_listing)

    def noted_folders(
        rules: Rules, under: str = "", before_listing: Callable[[str], None] | None = None
    ) -> Iterator[str]:
        walks.append("folders")
        return folders(rules, under, before_listing)

    monkeypatch.setattr(Rules, "scan", noted_scan)
    monkeypatch.setattr(Rules, "folders", noted_folders)
    told = threading.Event()

    def wait_for(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < until
            told.wait(0.05)
            told.clear()

    with closing(opened(code)) as session:
        updates = RootUpdates(session.root, watch=True, on_change=told.set)
        try:
            wait_for(lambda: updates.state().state == "ready")
            assert walks == ["scan"]
            (code / "inner/late.py").write_text("def late_arrival():\n    return 1\n", "utf-8")
            wait_for(lambda: "inner/late.py" in [hit.path for hit in session.root.search("late_arrival", 3)])
            assert "inner/late.py" in session.root.writer().files()
        finally:
            updates.close()
