"""`glossator adapt retriever` as a user runs it, in made repositories: kept, undone, removed, refused, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.settings import Settings
from tests.made_history import SPOKEN, WRITTEN, made_repository
from tests.terminal.conftest import GLOSSATOR, user_folders


@dataclass(frozen=True)
class User:
    """A user with folders of their own, and two repositories; only the messages of the first say what is changed."""

    home: Path
    telling: Path
    other: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **user_folders(self.home)}

    @property
    def settings(self) -> Settings:
        folders = (self.home / "cache" / "glossator", self.home / "data" / "glossator" / "adaptations")
        return Settings(index_dir=folders[0], adaptations_dir=folders[1])

    def run(self, *arguments: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
        where = root or self.telling
        return subprocess.run(
            [*GLOSSATOR, *arguments], cwd=where, env=self.environment, capture_output=True, text=True, check=False
        )

    def json(self, *arguments: str, root: Path | None = None) -> Any:
        done = self.run(*arguments, "--json", root=root)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    folder = tmp_path_factory.mktemp("adapt")
    telling = made_repository(folder / "telling", commits=420)
    return User(folder / "home", telling, made_repository(folder / "other", commits=420, telling=False))


def hits(user: User, query: str) -> list[str]:
    return [hit["qualified_name"] for hit in user.json("search", query)["hits"]]


def found_by_spoken_words(user: User) -> float:
    """The mean reciprocal rank of the first function of the part that a question names by its spoken word."""
    total = 0.0
    for part, (spoken, written) in enumerate(zip(SPOKEN, WRITTEN, strict=True)):
        if part % 3 == 0:
            names = hits(user, f"{spoken} loses updates")
            total += next((1 / rank for rank, name in enumerate(names, 1) if written in name), 0.0)
    return total / len(range(0, len(SPOKEN), 3))


def adapted_data(user: User) -> list[str]:
    """The indexes and vectors of adapted embedders."""
    cache = user.settings.index_dir
    found = [*cache.glob("telling-*/v*-static-*.*-*"), *cache.glob("vectors-static-*.*-*.sqlite")]
    return [path.name for path in found if path.suffix not in (".lock", ".writer")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_a_run_that_is_killed_changes_nothing(user: User) -> None:
    user.run("index")
    before = hits(user, f"why is the {SPOKEN[3]} slow")
    command = [*GLOSSATOR, "adapt", "retriever"]
    running = subprocess.Popen(
        command, cwd=user.telling, env=user.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    assert any("Indexing with" in line for line in running.stderr)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert user.json("adapt", "list") == {"adaptations": []}
    assert hits(user, f"why is the {SPOKEN[3]} slow") == before


@pytest.fixture(scope="module")
def adapted(user: User) -> dict[str, Any]:
    """What the adaptation of the telling repository reported."""
    report: dict[str, Any] = user.json("adapt", "retriever")
    return report


def test_what_is_better_is_kept_and_used(user: User, adapted: dict[str, Any]) -> None:
    assert adapted["name"] == "retriever-1", adapted
    assert adapted["commits"]["low"] > 0
    assert adapted["general"]["gain"] > -0.005
    assert user.json("status")["index"]["adapted"] == "retriever-1"
    assert not list(user.settings.adaptations_dir.rglob("*.part"))
    (listed,) = user.json("adapt", "list")["adaptations"]
    assert listed["in_use"]
    assert listed["details"]["commits"] == adapted["commits"]
    assert "retriever-1" in user.run("adapt", "list").stdout
    after = found_by_spoken_words(user)
    user.run("adapt", "undo")
    before = found_by_spoken_words(user)
    user.run("adapt", "use", "retriever-1")
    assert after >= before + 0.2


def test_another_project_is_left_alone(user: User, adapted: dict[str, Any]) -> None:
    assert adapted["name"]
    user.run("index", root=user.other)
    assert user.json("status", root=user.other)["index"]["adapted"] == ""


def test_going_back_and_forth_embeds_nothing(user: User, adapted: dict[str, Any]) -> None:
    assert adapted["name"]
    now = hits(user, f"the {SPOKEN[5]} blocks others")
    assert user.json("adapt", "undo") == {"kind": "retriever", "in_use": None}
    assert user.json("index")["embedded"] == 0
    assert user.json("status")["index"]["adapted"] == ""
    assert user.json("adapt", "use", "retriever-1") == {"kind": "retriever", "in_use": "retriever-1"}
    assert user.json("index")["embedded"] == 0
    assert hits(user, f"the {SPOKEN[5]} blocks others") == now


def test_a_running_server_goes_along(user: User, adapted: dict[str, Any]) -> None:
    assert adapted["name"]
    session = Session([user.telling], user.settings)
    root = session.root
    updater = RootUpdates(root, watch=False, on_change=lambda: None)
    try:
        updater.rescan().result(60)
        first = root.snapshot()
        assert first is not None
        assert root.retriever.name == "retriever-1"
        user.json("adapt", "undo")
        assert root.snapshot() is not None  # a request notices it, and is answered meanwhile
        updater.rescan().result(60)
        second = root.snapshot()
        assert second is not None
        assert second.searcher.embedder.id == session.shared.embedder.id != first.searcher.embedder.id
        assert root.is_writer
        user.json("adapt", "use", "retriever-1")
        updater.rescan().result(60)
        third = root.snapshot()
        assert third is not None
        assert third.searcher.embedder.id == first.searcher.embedder.id
    finally:
        updater.close()
        session.close()


def test_later_runs_are_compared_with_the_one_in_use(user: User, adapted: dict[str, Any]) -> None:
    kept = [adapted]
    for _ in range(5):
        before = user.json("adapt", "list")
        report = user.json("adapt", "retriever")
        assert report["commits"]["before"] == pytest.approx(kept[-1]["commits"]["after"], abs=0.001)
        if not report["name"]:
            break
        assert report["commits"]["low"] > 0
        kept.append(report)
    assert not report["name"], "what was learned before cannot be learned again and again"
    assert report["reason"].startswith("no better on the newest commits")
    assert user.json("adapt", "list") == before
    # A later run trains the same vectors from the same commits: what it has of its own may be weights alone.
    embedders = {one["details"]["embedder"] for one in before["adaptations"] if one["details"]["mix"] > 0}
    assert len(adapted_data(user)) == 2 * len(embedders), "an index and the vectors of each embedder that was kept"
    for later in reversed(kept[1:]):
        user.json("adapt", "remove", later["name"])
    user.json("adapt", "use", "retriever-1")
    assert len(adapted_data(user)) == 2


def test_what_says_nothing_about_the_code_is_refused(user: User) -> None:
    done = user.run("adapt", "retriever", root=user.other)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Nothing was changed")
    assert done.stdout.count("\n") == 1
    assert user.json("adapt", "list", root=user.other) == {"adaptations": []}


def test_removing_it_removes_its_data(user: User, adapted: dict[str, Any]) -> None:
    assert adapted["name"]
    assert adapted_data(user)
    assert user.json("adapt", "remove", "retriever-1")["removed"] == "retriever-1"
    assert adapted_data(user) == []
    assert user.json("index")["embedded"] == 0
    assert user.json("status")["index"]["adapted"] == ""
    assert user.run("adapt", "use", "retriever-1").returncode == 1


@pytest.fixture(params=["no repository", "no commits", "few commits", "little text"])
def poor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that nothing can be learned from, and what is said about it."""
    root = tmp_path / "poor"
    if request.param == "no repository":
        root.mkdir()
        (root / "a.py").write_text("def f():\n    return 1\n")
        yield root, "is not in a git repository"
    elif request.param == "no commits":
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        yield root, "has no commits yet"
    elif request.param == "few commits":
        yield made_repository(root, commits=40), "too few commits"
    else:
        subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
        stream = "".join(
            f"commit refs/heads/main\ncommitter A <a@example.org> {1_600_000_000 + at} +0000\ndata 2\nx\n"
            f"M 100644 inline a.txt\ndata {len(str(at))}\n{at}\n"
            for at in range(300)
        )
        subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=stream.encode(), check=True)
        subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard"], check=True)
        yield root, "too few commits to judge by"


def test_bad_input_is_told_in_one_line(user: User, poor: tuple[Path, str]) -> None:
    root, told = poor
    done = user.run("adapt", "retriever", "--json", root=root)
    assert done.returncode == 1
    assert told in done.stderr
    assert done.stderr.startswith("glossator: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert user.json("adapt", "list", root=root) == {"adaptations": []}


def test_what_was_made_for_another_embedder_is_not_used(user: User, tmp_path: Path) -> None:
    from glossator.project.adaptations import Adaptations

    root = made_repository(tmp_path / "old", commits=2)
    kept = Adaptations(user.settings, root)
    with kept.staging("retriever") as staged:
        kept.add("retriever", staged, base="static-0-000000000000", summary="", details={})
    assert user.json("index", root=root)["files"] == len(WRITTEN)
    assert user.json("status", root=root)["index"]["adapted"] == ""
    done = user.run("adapt", "use", "retriever-1", root=root)
    assert done.returncode == 1
    assert "another version" in done.stderr


def test_a_workspace_cannot_choose_an_adaptation() -> None:
    from glossator.lsp.configuration import read

    configuration = read(Settings(), {"adaptationsDir": "./evil"})
    assert configuration.settings == Settings()
    assert "unknown setting glossator.adaptationsDir" in configuration.problems[0]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_interrupting_it_on_a_terminal_changes_nothing(user: User) -> None:
    from tests.terminal.emulator import Terminal

    before = user.json("adapt", "list")
    environment = user_folders(user.home)
    with Terminal([*GLOSSATOR, "adapt", "retriever"], columns=100, environment=environment, cwd=user.telling) as shown:
        shown.wait_for("Reading commits")
        shown.type("\x03")
        assert shown.wait() == 130, shown.text
        assert "interrupted" in shown.text
    assert user.json("adapt", "list") == before
