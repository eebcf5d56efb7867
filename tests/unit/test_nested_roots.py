"""Roots inside other roots, and folders that are opened twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.project.nested_roots import path_inside
from glossator.project.root import Root
from glossator.project.session import Session
from glossator.project.snapshot import Snapshot
from glossator.project.updates import RootUpdates
from glossator.settings import load_settings
from tests.conftest import write_tree
from tests.unit.retrieval_samples import use_count

WAIT = 120.0

FILES = {
    "app.py": "from pkg.engine import ignite\n\n\ndef launch():\n    return ignite(1)\n",
    "pkg/engine.py": "def ignite(spark):\n    return spark\n",
    "pkg/core/valve.py": "def open_valve():\n    return 1\n",
    "pkg [2]/engine.py": "def ignite_second():\n    return 2\n",
    "pkgs/engine.py": "def ignite_third():\n    return 3\n",
}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def make(*folders: Path) -> Session:
        session = Session(folders, replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
        sessions.append(session)
        for root in session.roots:
            root.index()
        return session

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "w", FILES)


def read(root: Root) -> Snapshot:
    snapshot = root.snapshot()
    assert snapshot is not None
    return snapshot


def test_a_folder_that_is_opened_twice_is_one_root(opened: Callable[..., Session], work: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(work)
    (tmp_path / "w/loop").symlink_to(work)
    session = opened(work, Path(f"{work}/"), work / "pkg/..", tmp_path / "link", work / "loop")
    assert [root.path for root in session.roots] == [work.resolve()]
    assert session.add(tmp_path / "link") is session.roots[0]


def test_where_a_folder_is_in_another(tmp_path: Path, work: Path) -> None:
    assert path_inside(work, work) == ""
    assert path_inside(work / "pkg/core", work) == "pkg/core"
    assert path_inside(work, work / "pkg") is None
    assert path_inside(work / "pkgs", work / "pkg") is None
    # Another spelling of the same folder, as on a file system that ignores case.
    (tmp_path / "W").symlink_to(work)
    assert path_inside(tmp_path / "W", work) == ""
    assert path_inside(tmp_path / "W/pkg/core", work) == "pkg/core"


@pytest.mark.parametrize("inner", ["pkg", "pkg [2]", "pkg/core"])
@pytest.mark.parametrize("outer_first", [True, False])
def test_each_file_is_found_and_counted_once(
    opened: Callable[..., Session], work: Path, inner: str, outer_first: bool
) -> None:
    folders = (work, work / inner) if outer_first else (work / inner, work)
    session = opened(*folders)
    outer = next(root for root in session.roots if root.path == work.resolve())
    for query in ("ignite spark", "open_valve", "ignite_second", "engine.py"):
        hits = [(root.path / hit.path, hit.start_line) for root in session.roots for hit in root.search(query, 20)]
        assert hits
        assert len(hits) == len(set(hits))
    names = [(root.path / entry.path) for root in session.roots for entry in read(root).names_like("ignite", 20)]
    assert sorted(names) == sorted(work.resolve() / path for path in FILES if path.endswith("engine.py"))
    assert sum(read(root).status().files for root in session.roots) == len(FILES)
    # The outer root's own graph is whole.
    assert read(outer).named("open_valve")[0].path == "pkg/core/valve.py"
    assert use_count(read(outer), "ignite") >= 1
    session.remove(next(root for root in session.roots if root is not outer))
    assert read(outer).status().files == len(FILES)
    assert {hit.path for hit in outer.search("ignite", 20)} >= {path for path in FILES if path.endswith("engine.py")}


def test_roots_in_roots_in_roots(opened: Callable[..., Session], work: Path) -> None:
    session = opened(work, work / "pkg/core", work / "pkg")
    assert [read(root).status().files for root in session.roots] == [3, 1, 1]
    assert [read(root).nested for root in session.roots] == [("pkg/core", "pkg"), (), ("core",)]


def test_the_outer_root_can_go(opened: Callable[..., Session], work: Path) -> None:
    session = opened(work, work / "pkg")
    outer, inner = session.roots
    session.remove(outer)
    outer.close()
    assert session.roots == [inner]
    assert [hit.path for hit in inner.search("ignite", 5) if hit.name == "ignite"] == ["engine.py"]


def test_buffers_of_an_inner_root_count_in_the_outer_ones_graph(opened: Callable[..., Session], work: Path) -> None:
    session = opened(work, work / "pkg")
    outer, inner = session.roots
    text = FILES["pkg/engine.py"] + "\n\ndef again():\n    return ignite(2)\n"
    before = use_count(read(outer), "ignite")
    inner.buffers.put("engine.py", 1, text)
    inner.buffers.parse("engine.py").result(WAIT)
    assert use_count(read(outer), "ignite") == before + 1
    assert read(outer).text("pkg/engine.py") == outer.text("pkg/engine.py") == text
    assert read(outer) is read(outer)
    assert [hit.path for hit in outer.search("again", 5) if hit.name == "again"] == []
    assert [hit.path for hit in inner.search("again", 5) if hit.name == "again"] == ["engine.py"]
    inner.buffers.drop("engine.py")
    assert use_count(read(outer), "ignite") == before


def test_a_buffer_that_was_open_before_its_folder_belongs_to_the_inner_root(
    opened: Callable[..., Session], work: Path
) -> None:
    session = opened(work)
    outer = session.root
    text = "def rewritten():\n    return 1\n"
    for path in ("pkg/engine.py", "pkgs/engine.py"):
        outer.buffers.put(path, 1, text)
        outer.buffers.parse(path).result(WAIT)
    inner = session.add(work / "pkg")
    assert set(read(outer).texts) == {"pkgs/engine.py"}
    assert read(outer).text("pkg/engine.py") == FILES["pkg/engine.py"]
    session.remove(inner)
    assert set(read(outer).overlay) == {"pkgs/engine.py"}


def test_counts_follow_the_folders_that_are_open(opened: Callable[..., Session], work: Path) -> None:
    session = opened(work)
    live = RootUpdates(session.root, watch=False, on_change=lambda: None)
    try:
        live.rescan().result(WAIT)
        assert live.state().files == len(FILES)
        inner = session.add(work / "pkg")
        live.rescan().result(WAIT)
        assert live.state().files == len(FILES) - 2
        session.remove(inner)
        live.rescan().result(WAIT)
        assert live.state().files == len(FILES)
    finally:
        live.close()
