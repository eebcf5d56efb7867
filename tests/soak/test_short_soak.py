"""The short form of `scripts/soak`: every action once, in a made repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from glossator.index import full_text
from tests.soak.contents import differences, read_contents
from tests.soak.developer import Developer
from tests.soak.histories import git, line_of_commits, made_history
from tests.soak.player import Soak, Window


def test_a_made_history_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    trees = []
    for number, seed in enumerate((5, 5, 6)):
        root = made_history(tmp_path / str(number), seed=seed, files=20, commits=4)
        trees.append([git(root, "rev-parse", f"{commit}^{{tree}}") for commit in line_of_commits(root)])
    assert trees[0] == trees[1] != trees[2]


async def test_after_every_step_the_index_equals_a_fresh_one(tmp_path: Path) -> None:
    root = made_history(tmp_path / "project", seed=4, files=60, commits=24)
    soak = Soak(root, tmp_path, seed=4, built_files=300, say=print)
    report = await soak.run(minutes=10, steps=len(Developer(root, 4, Window(), built_files=0).actions()))
    assert report.problems == []
    assert report.stops > 25
    # Handles and watches do not pile up: with time there are some more threads and their files, no more than these.
    first, last = report.uses[0], report.uses[-1]
    assert last.handles < first.handles + 40
    assert last.watches <= first.watches + 10
    assert last.processes <= first.processes + 1


async def test_the_comparison_notices_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, a comparison that sees nothing would be taken for an index that is right."""
    root = made_history(tmp_path / "project", seed=8, files=20, commits=2)
    soak = Soak(root, tmp_path, seed=8, built_files=0, say=print)
    expected = soak._expected()
    indexed = soak._session.root
    assert differences(read_contents(indexed.folder), expected) == []
    changed, gone = sorted(path for path in expected.files if path.endswith((".py", ".ts", ".go")))[:2]
    (root / changed).write_text("def otherwise():\n    return 1\n", "utf-8")
    (root / gone).unlink()
    (root / "late.py").write_text("def late():\n    return 1\n", "utf-8")
    now = soak._expected()
    found = differences(expected, now)
    (told,) = (problem for problem in found if problem.startswith(f"{changed}: outdated"))
    assert "content" in told
    assert "facts" in told
    assert f"{gone}: should be gone" in found
    assert "late.py: missing" in found
    manifest = soak._session.root.writer()._manifest
    for damage, named in (
        ("UPDATE refs SET entry = entry + 1000000 WHERE rowid_is_here", "references"),
        ("DELETE FROM noted", "outdated (noted names)"),
    ):
        with manifest.transaction() as connection:
            statement = damage.replace("WHERE rowid_is_here", "WHERE name = (SELECT min(name) FROM refs)")
            connection.execute(statement)
            connection.execute("DELETE FROM unnoted" if "noted" in damage else "SELECT 1")
        assert any(named in problem for problem in differences(read_contents(soak._session.root.folder), now))
    real_count = full_text._Part.count
    monkeypatch.setattr(full_text._Part, "count", lambda part, start, end: real_count(part, start, end) + 1)
    assert any("terms are miscounted" in fault for fault in read_contents(soak._session.root.folder).faults)
    soak._session.close()


@pytest.mark.parametrize("action", ["stash", "sparse", "rename"])
def test_an_action_leaves_a_clean_tree(tmp_path: Path, action: str) -> None:
    root = made_history(tmp_path / "project", seed=9, files=20, commits=4)
    developer = Developer(root, 9, Window(), built_files=0)
    head = git(root, "rev-parse", "HEAD")
    for _ in developer.actions()[action][1]():
        pass
    assert git(root, "status", "--porcelain") == ""
    assert git(root, "rev-parse", "HEAD") == head
