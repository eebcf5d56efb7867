"""`glossator forget` removes every trace of a folder and says so: compared with all that was written below the home."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from glossator.answers.explanation_cache import ExplanationCache
from glossator.answers.explanations import Explanations, KeptExplanation
from glossator.model.measured_speed import model_cache_folder
from tests.conftest import PROJECT, Ran, write_tree

MARK = "quokka"
"""Occurs in the names and texts of the folder that is forgotten, and nowhere else."""
MARKED = {
    f"{MARK}_farm.py": f'def feed_{MARK}(name):\n    """Feeds the {MARK} before noon."""\n    return {MARK}_of(name)\n'
}
Cli = Callable[..., Ran]


def files_below(home: Path) -> set[Path]:
    return {path for path in home.rglob("*") if path.is_file()}


def traces(home: Path) -> list[Path]:
    """What tells of the folder by its name or its contents."""
    return [
        path
        for path in files_below(home)
        if MARK in str(path.relative_to(home)).lower() or MARK.encode() in path.read_bytes().lower()
    ]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, in which two folders are indexed with the default places, and asked about."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    write_tree(tmp_path / f"{MARK}-project", MARKED)
    write_tree(tmp_path / "other", PROJECT)
    return home


def run(*arguments: str | Path) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "glossator", *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def leave_traces(tmp_path: Path, home: Path) -> None:
    """Do with both folders what leaves something: index, search, ask, explain, fail and write logs."""
    for name in (f"{MARK}-project", "other"):
        folder = tmp_path / name
        for command in (["index"], ["search", "feed"], ["ask", "--no-model", "How is it fed?"]):
            assert run(command[0], "--root", folder, *command[1:]).status == 0
        kept = Explanations(indexes(home))
        kept.keep(name.encode(), KeptExplanation(f"What {name} does [1].", (0,)), folder)
        kept.close()
        log = home / "xdg_state_home/glossator/log/server-999999999.log" if os.name == "posix" else None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.with_name(f"server-99999999{len(name)}.log").write_text(f"indexing {folder}\n", "utf-8")
    states = model_cache_folder()
    states.mkdir(parents=True, exist_ok=True)
    (states / "0123-4567.state").write_text(f"the project: {MARK}-project", "utf-8")


def indexes(home: Path) -> Path:
    from glossator.settings import load_settings

    return load_settings().index_dir


@pytest.mark.parametrize("gone", [False, True])
def test_a_folder(tmp_path: Path, home: Path, gone: bool) -> None:
    leave_traces(tmp_path, home)
    assert traces(home), "there is something to forget"
    before = files_below(home)
    folder = tmp_path / f"{MARK}-project"
    if gone:
        folder.rename(tmp_path / "renamed")
    done = run("forget", "--root", folder, "--json")
    assert done.status == 0, done.out + done.err
    assert traces(home) == []
    removed = done.json["removed"]
    assert {item["what"] for item in removed} >= {"index", "vectors", "explanations", "model state"}
    if os.name == "posix":
        assert "log" in {item["what"] for item in removed}
    gone_files = before - files_below(home)
    told = [Path(item["path"]) for item in removed]
    for path in gone_files:
        assert any(path.is_relative_to(item) for item in told) or path.name.endswith(("-wal", "-shm")), path
    # The other folder's index, explanations and logs are as they were.
    assert run("search", "--root", tmp_path / "other", "--json", "add_tax").json["hits"]
    cache = ExplanationCache(indexes(home) / "explanations.sqlite")
    assert cache.get(b"other") is not None
    cache.close()
    again = run("forget", "--root", folder)
    assert again.status == 0
    assert "has no index" in again.out


def test_everything(tmp_path: Path, home: Path) -> None:
    leave_traces(tmp_path, home)
    (home / "xdg_config_home/glossator").mkdir(parents=True, exist_ok=True)
    setting = home / "xdg_config_home/glossator/config.toml"
    setting.write_text("threads = 2\n", "utf-8")
    before = files_below(home)
    done = run("forget", "--all", "--json")
    assert done.status == 0, done.out + done.err
    left = files_below(home)
    assert left == {setting}, "nothing stays but the settings"
    told = [Path(item["path"]) for item in done.json["removed"]]
    for path in before - left:
        assert any(path.is_relative_to(item) for item in told) or path.name.endswith(("-wal", "-shm")), path


def test_explanations_of_an_earlier_version_are_not_known_to_be_of_another_folder(tmp_path: Path) -> None:
    path = tmp_path / "explanations.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE explanation (key BLOB PRIMARY KEY, text TEXT NOT NULL)")
        database.execute("INSERT INTO explanation VALUES (x'01', 'an old one')")
    cache = ExplanationCache(path)
    cache.put(b"new", "text", b"root")
    assert cache.get(b"\x01") == "an old one"
    assert cache.forget(b"another root") == 1
    assert (cache.get(b"\x01"), cache.get(b"new")) == (None, "text")
    cache.close()
    assert b"an old one" not in path.read_bytes()


def test_what_is_being_learned_from_is_kept_and_told(
    glossator: Callable[..., Ran], project: Path, tmp_path: Path
) -> None:
    from glossator.project.adaptation_runs import recorded_run
    from glossator.project.adaptations import Adaptations
    from glossator.settings import load_settings

    glossator("index", "--root", project)
    folder = Adaptations(load_settings(), project).folder
    with recorded_run(folder, "model"):
        done = glossator("forget", "--root", project, "--json")
        assert done.status == 1
        assert folder.is_dir()
        assert any("is adapting a model to this project" in one["reason"] for one in done.json["kept"]), done.json
    assert glossator("forget", "--root", project, "--json").status == 0
    assert not folder.exists()
