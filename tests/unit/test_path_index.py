"""Paths are found by their last parts, however the index of them came about."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from glossator.index import path_index
from glossator.index.path_index import PathIndex

PATHS = [
    "src/requests/adapters.py",
    "src/requests/adapters.pyi",
    "tests/requests/adapters.py",
    "adapters.py",
    "net/http/server.go",
    "vendor/x/net/http/server.go",
    "net/http/pprof/pprof.go",
    "Makefile",
    "web/index.d.ts",
]


def test_files_and_folders_by_their_last_parts() -> None:
    index = PathIndex(PATHS)
    assert index.ending("requests/adapters.py") == ["src/requests/adapters.py", "tests/requests/adapters.py"]
    assert index.ending("adapters.py")[0] == "adapters.py"
    assert index.ending("quests/adapters.py") == []
    assert index.stemmed("src/requests/adapters") == ["src/requests/adapters.py", "src/requests/adapters.pyi"]
    assert index.stemmed("Makefile") == ["Makefile"]
    assert index.stemmed("index.d") == ["web/index.d.ts"]
    assert index.folders("net/http") == ["net/http", "vendor/x/net/http"]
    assert index.folders("vendor") == ["vendor"], "a folder that contains only folders"
    assert index.folders("") == [""]
    assert index.files_in("net/http") == ["net/http/server.go"]
    assert index.files_in("") == ["Makefile", "adapters.py"]
    assert index.files_in("vendor") == []
    assert "adapters.py" in index
    assert "http/server.go" not in index
    assert sorted(index) == sorted(PATHS)


PARTS = st.text(alphabet="ab.", min_size=1, max_size=3)
TREES = st.lists(st.lists(PARTS, min_size=1, max_size=4).map("/".join), max_size=40)


@given(first=TREES, later=TREES, over=TREES, wanted=st.lists(PARTS, min_size=1, max_size=3).map("/".join))
def test_any_index_finds_what_a_scan_finds(first: list[str], later: list[str], over: list[str], wanted: str) -> None:
    base = PathIndex(first)
    base.ending(wanted), base.stemmed(wanted), base.folders(wanted)  # so that what is kept has to be extended
    base.extend(later)
    index = PathIndex(over, base)
    paths = {*first, *later, *over}
    folders = {path[:at] for path in paths for at, char in enumerate(path) if char == "/"}
    if paths:
        folders.add("")

    def ends(path: str) -> bool:
        return path == wanted or path.endswith(f"/{wanted}")

    def stem(path: str) -> str:
        folder, slash, name = path.rpartition("/")
        return f"{folder}{slash}{name.rpartition('.')[0] or name}"

    assert set(index) == paths
    assert len(index) == len(paths)
    assert sorted(index.ending(wanted)) == sorted(filter(ends, paths))
    assert sorted(index.stemmed(wanted)) == sorted(path for path in paths if ends(stem(path)))
    assert sorted(index.folders(wanted)) == sorted(filter(ends, folders))
    assert index.files_in(wanted) == sorted(path for path in paths if path.rpartition("/")[0] == wanted)


def test_many_files_of_one_name() -> None:
    folders = [f"{first}/{second}" for first in string.ascii_lowercase for second in string.ascii_lowercase]
    assert len(folders) > path_index.FEW
    index = PathIndex(f"{folder}/__init__.py" for folder in folders)
    assert index.ending("b/__init__.py") == [f"{first}/b/__init__.py" for first in string.ascii_lowercase]
    assert index.stemmed("x/b/__init__") == ["x/b/__init__.py"]
    assert len(index.ending("__init__.py")) == len(folders)
