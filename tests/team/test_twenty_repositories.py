"""What twenty repositories give by a team's index equals what local indexes of the same trees give.

The repositories are installed packages of other projects: real code, and at hand wherever the tests run.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the extra `team` is not installed")

from glossator.project.session import Session
from glossator.settings import Settings
from tests.soak.contents import contents_of, differences
from tests.team.teams import Team, clone, committed

PACKAGES = (
    "attr", "cattrs", "charset_normalizer", "filelock", "h11", "hypothesis", "iniconfig", "msgspec", "packaging",
    "platformdirs", "pluggy", "pygls", "pyte", "pytest_asyncio", "pytest_lsp", "rich", "tomlkit", "truststore",
    "watchdog", "yaml",
)  # fmt: skip
"""Packages that the project and its tests depend on."""
MOST_BYTES = 40_000
"""Of a file; larger ones are left out to save time."""
QUERIES = (
    "where is the configuration read",
    "retry after an error",
    "convert a value to text",
    "get",
    "close",
    "raise ValueError for a wrong argument",
)


@pytest.fixture
def repositories(tmp_path: Path) -> dict[str, Path]:
    """The packages, each committed to a repository of its own."""
    found = {}
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{package} is not installed"
        assert spec.origin is not None
        files = {
            path.name: path.read_text("utf-8")
            for path in sorted(Path(spec.origin).parent.glob("*.py"))
            if path.stat().st_size <= MOST_BYTES
        }
        found[package] = tmp_path / "sources" / package
        committed(found[package], files)
    return found


def hits(settings: Settings, root: Path, *, mounted: bool) -> list[list[tuple[str, int, str]]]:
    """What the queries find in a folder that is indexed now, from the team's index or without one."""
    session = Session([root], settings)
    try:
        session.root.index()
        assert session.status().get("team", {}).get("mounted", False) is mounted
        return [[(hit.path, hit.start_line, hit.name) for hit in session.search(query, 10)] for query in QUERIES]
    finally:
        session.close()


def test_twenty_repositories_give_what_local_indexes_give(
    plain_team: Team, repositories: dict[str, Path], tmp_path: Path
) -> None:
    built = plain_team.build(*(str(path) for path in repositories.values()))
    assert {one["name"]: one["status"] for one in built.json["repositories"]} == dict.fromkeys(PACKAGES, "built")
    for name, source in repositories.items():
        copy = clone(source, tmp_path / "clones" / name)
        (copy / "added.py").write_text("def added_by_a_developer() -> int:\n    return 1\n", "utf-8")
        by_team = hits(plain_team.settings(), copy, mounted=True)
        by_itself = hits(Settings(index_dir=tmp_path / "local"), copy, mounted=False)
        assert by_team == by_itself, name
        assert any(by_itself), name
        mounted, local = contents_of(tmp_path / "client", copy), contents_of(tmp_path / "local", copy)
        assert differences(mounted, local, tolerance=0) == [], name
        shutil.rmtree(copy)
