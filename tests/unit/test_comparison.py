"""An index that has what is on disk is read as it is, without a writer's lock; any other is updated first."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.index import folders
from glossator.index.comparison import UNSETTLED, is_unchanged
from glossator.index.database import DAMAGE_MARK
from glossator.project.session import Session
from glossator.retrieval import kinds
from glossator.settings import Settings
from glossator.workspace.files import Found, Skipped
from tests.unit.indexing_faults import settled_folder


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder of two files and one that is skipped, settled long ago."""
    return settled_folder(tmp_path)


def opened(code: Path, tmp_path: Path) -> Session:
    return Session([code], Settings(index_dir=tmp_path / "indexes", workers=1))


def test_an_unchanged_index_is_read_although_another_process_writes_it(code: Path, tmp_path: Path) -> None:
    with closing(opened(code, tmp_path)) as session:
        assert session.root.outdated() is not None  # there is none
        session.root.index(all_cores=True, differing=session.root.outdated())
        folder = session.root.folder
    lock = folders.acquire(folder)
    try:
        with closing(opened(code, tmp_path)) as session:
            assert session.root.outdated() is None
            assert not session.root.is_writer
            assert session.root.search("total", 1)[0].path == "cart.py"
    finally:
        lock.release()


@pytest.mark.parametrize("change", ["edit", "touch", "new", "delete", "rule", "new skipped", "setting"])
def test_each_change_is_noticed_and_indexed_once(code: Path, tmp_path: Path, change: str) -> None:
    with closing(opened(code, tmp_path)) as session:
        session.root.index()
    settings = Settings(index_dir=tmp_path / "indexes", workers=1)
    if change == "edit":
        (code / "cart.py").write_text("def grand_total():\n    return 1\n", "utf-8")
    elif change == "touch":
        os.utime(code / "cart.py", (1_600_000_500, 1_600_000_500))
    elif change == "new":
        (code / "new.py").write_text("x = 1\n", "utf-8")
    elif change == "delete":
        (code / "till.go").unlink()
    elif change == "rule":
        (code / ".glossatorignore").write_text("*.go\n", "utf-8")
    elif change == "new skipped":
        (code / "key.pem").write_text("x\n", "utf-8")
    else:
        settings = Settings(index_dir=tmp_path / "indexes", workers=1, exclude=("*.go",))
    with closing(Session([code], settings)) as session:
        found = session.root.outdated()
        assert found is not None
        report = session.root.index(all_cores=True, differing=found)
        paths = set(session.root.writer().files())
        expected = {"cart.py", "till.go", ".env"}
        expected |= {"new.py"} if change == "new" else {"key.pem"} if change == "new skipped" else set()
        expected -= {"till.go"} if change in ("delete", "rule", "setting") else set()
        assert paths - {".glossatorignore"} == expected
        assert report.files == len([path for path in paths if path not in (".env", "key.pem")])


def test_damage_that_a_reader_finds_is_repaired(code: Path, tmp_path: Path) -> None:
    with closing(opened(code, tmp_path)) as session:
        session.root.index()
        folder = session.root.folder
    (folder / DAMAGE_MARK).touch()
    with closing(opened(code, tmp_path)) as session:
        assert session.root.outdated() is not None
        session.root.index(all_cores=True)
        assert session.root.search("total", 1)[0].path == "cart.py"
    assert not (folder / DAMAGE_MARK).exists()


def test_a_file_that_a_rule_skips_is_compared_by_its_reason() -> None:
    known = {"a.py": (3, 5, 6, ""), ".env": (0, UNSETTLED, 0, "may hold secrets")}
    found = [Found("a.py", 3, 5, 6), Skipped(".env", "may hold secrets")]
    assert is_unchanged(found, known)
    assert not is_unchanged(found[:1], known)
    assert not is_unchanged([found[0], Skipped(".env", "binary")], known)
    assert not is_unchanged([Found("a.py", 3, 6, 6), found[1]], known)
    assert not is_unchanged([Found("a.py", 3, 5, 7), found[1]], known)


_PARTS = st.sampled_from(
    [
        "test",
        "tests",
        "x_test",
        "test_x",
        "conftest.py",
        "mock",
        "testFoo.ts",
        "FooTests.java",
        "e2e",
        "docs",
        "examples",
        "bench.rs",
        "foo_bench.rs",
        "compat",
        "legacy.py",
        "mini",
        "mini.x",
        "x-old",
        ".old",
        "old",
        "unstable",
        "a",
        "b.py",
        "src",
        ".test.ts",
        "-spec",
        "v3",
        "MINI",
        "Test",
    ]
)


@given(st.lists(_PARTS, min_size=1, max_size=4), st.sampled_from(["", "/"]))
def test_what_a_path_tells_is_what_its_folder_and_its_name_tell(parts: list[str], start: str) -> None:
    path = start + "/".join(parts)
    assert kinds.is_test(path) == bool(kinds._TEST.search(path))
    assert kinds.is_example(path) == bool(kinds._EXAMPLE.search(path))
    assert kinds.is_compat(path) == bool(kinds._COMPAT.search(path))
