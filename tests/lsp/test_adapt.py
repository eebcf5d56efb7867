"""Adapting to a project from an editor: what is shown, runs that outlive the server, stopping, what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from glossator.adapt.training_run import missing_packages
from glossator.lsp.adapt_runs import is_made_by
from glossator.project.adaptation_runs import read_run, recorded_run
from glossator.project.adaptations import Adaptations
from glossator.settings import load_settings
from tests import gguf_files
from tests.lsp.client import WAIT, Client, ResponseError, start_server
from tests.made_history import SPOKEN, WRITTEN, made_repository
from tests.unit.test_model_data import project as documented_project

pytestmark = pytest.mark.usefixtures("_own_folders")


def kept_of(root: Path) -> Adaptations:
    return Adaptations(load_settings(), root)


def test_a_launcher_s_child_is_taken_for_what_was_started() -> None:
    inner = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdin is not None
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        assert is_made_by(pid, launcher.pid)
        assert is_made_by(launcher.pid, launcher.pid)
        assert not is_made_by(os.getpid(), launcher.pid)
        launcher.stdin.close()
    assert not is_made_by(pid, launcher.pid)


async def refused(request: Any) -> str:
    with pytest.raises(ResponseError) as caught:
        await request
    assert caught.value.code == -32803, caught.value
    return caught.value.message


async def run_that(client: Client, wanted: Any) -> dict[str, Any]:
    """Wait until the client is told of a run for which something holds."""

    def look() -> Any:
        changed = client.last("glossator/adaptChanged")
        run = changed["run"] if changed else None
        return run if run is not None and wanted(run) else None

    found: dict[str, Any] = await client.wait_for(look)
    return found


def over(work: str) -> Any:
    return lambda run: run["work"] == work and run["state"] != "running"


@pytest.fixture
async def opened(client: Client, project: Path) -> Client:
    await client.initialize(project)
    await client.ready()
    return client


async def test_a_project_that_nothing_was_learned_from(opened: Client, project: Path) -> None:
    found = await opened.request("glossator/adapt", {})
    assert found["root"] == project.as_uri()
    assert (found["run"], found["items"], found["undoable"], found["data"], found["blocked"]) == (
        None,
        [],
        [],
        None,
        "",
    )
    assert 0 < found["retriever"]["seconds"] < found["retriever"]["mostSeconds"]
    assert found["missing"] == missing_packages()
    assert ("glossator[adapt]" in found["install"]) == bool(found["missing"])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("adaptStart", {"work": "polish"}),
        ("adaptStart", {}),
        ("adaptStart", {"work": "model", "minutes": 0}),
        ("adaptStart", {"work": "model", "minutes": "long"}),
        ("adaptChoose", {"action": "use"}),
        ("adaptChoose", {"action": "burn", "name": "model-1"}),
        ("adaptExamples", {"limit": 0}),
        ("adaptExamples", {"offset": -1}),
        ("adapt", {"root": 7}),
    ],
)
async def test_wrong_parameters_are_told(opened: Client, method: str, params: dict[str, Any]) -> None:
    with pytest.raises(ResponseError) as caught:
        await opened.request(f"glossator/{method}", params)
    assert caught.value.code == -32602


async def test_what_cannot_be_done_is_told_in_one_line(opened: Client, project: Path) -> None:
    request = opened.request
    assert "not an open workspace folder" in await refused(request("glossator/adapt", {"root": "file:///other"}))
    assert "nothing to undo" in await refused(request("glossator/adaptChoose", {"action": "undo", "kind": "model"}))
    for action in ("use", "remove"):
        assert "there are none" in await refused(
            request("glossator/adaptChoose", {"action": action, "name": "retriever-1"})
        )
    assert "cannot be read" in await refused(request("glossator/adaptExamples", {}))
    assert "no report" in await refused(request("glossator/adaptReport", {}))
    assert await request("glossator/adaptStop", {}) is None
    unknown = {"work": "forecast", "base": "/no/such/model.gguf"}
    assert "no installed model is called" in await refused(request("glossator/adaptStart", unknown))


async def test_what_fails_in_the_run_is_told_by_its_record(opened: Client) -> None:
    """This project is no git repository."""
    await opened.request("glossator/adapt", {})
    await opened.request("glossator/adaptStart", {"work": "retriever"})
    run = await run_that(opened, over("retriever"))
    assert run["state"] == "failed"
    assert "git repository" in run["message"]
    assert (await opened.request("glossator/adapt", {}))["run"]["message"] == run["message"]
    await opened.request("glossator/adaptStart", {"work": "data"})
    run = await run_that(opened, over("data"))
    assert run["state"] == "failed"
    assert "too few" in run["message"]


async def test_nothing_is_done_in_a_workspace_that_is_not_trusted(client: Client, project: Path) -> None:
    await client.initialize(project, options={"trusted": False})
    await client.ready()
    for method, params in (
        *(("adapt", {}), ("adaptStart", {"work": "retriever"}), ("adaptStop", {}), ("adaptExamples", {})),
        *(("adaptChoose", {"action": "undo"}), ("adaptReport", {})),
    ):
        assert "not trusted" in await refused(client.request(f"glossator/{method}", params))
    assert read_run(kept_of(project).folder) is None


async def test_bases_that_no_adapter_fits_are_refused_by_name(opened: Client, tmp_path: Path) -> None:
    models = {
        "llama": gguf_files.random_model(
            tmp_path / "fits.gguf", gguf_files.Shape(2, 64, 4, 2, 96), architecture="llama"
        ),
        "mamba": gguf_files.recurrent_model(tmp_path / "recurrent.gguf"),
    }
    for path in models.values():
        subprocess.run(
            [sys.executable, "-m", "glossator", "models", "add", path], check=True, capture_output=True, cwd=tmp_path
        )
    found = {base["name"]: base for base in (await opened.request("glossator/adapt", {}))["bases"]}
    assert len(found) == 2
    fits = next(base for base in found.values() if not base["refused"])
    other = next(base for base in found.values() if base["refused"])
    assert fits["memoryBytes"] > 0
    assert "mamba" in other["refused"]
    message = await refused(opened.request("glossator/adaptStart", {"work": "model", "base": other["name"]}))
    assert other["name"] in message
    assert "mamba" in message
    message = await refused(opened.request("glossator/adaptStart", {"work": "model", "base": fits["name"]}))
    assert ("glossator[adapt]" in message) if missing_packages() else ("make the data set first" in message)


async def test_another_process_may_adapt_to_it(opened: Client, project: Path) -> None:
    """One run at a time, whoever started it; its progress is shown, and it can be stopped."""
    folder = kept_of(project).folder
    await opened.request("glossator/adapt", {})
    with recorded_run(folder, "model", base="small", minutes=5) as record:
        record.update(stage="Training")
        record.trained(3, 10, 1.5, validation=1.25, seconds_left=70.0)
        record.update(stage="Judging")
        run = await run_that(opened, lambda run: run["stage"] == "Judging")
        assert (run["step"], run["steps"], run["loss"], run["validation"], run["base"]) == (3, 10, 1.5, 1.25, "small")
        assert run["losses"] == [{"step": 3, "loss": 1.5}]
        assert "another process is adapting a model" in await refused(
            opened.request("glossator/adaptStart", {"work": "retriever"})
        )
        done = subprocess.run(
            [sys.executable, "-m", "glossator", "adapt", "data", "--root", project], capture_output=True, text=True
        )
        assert done.returncode == 1
        assert f"(process {os.getpid()}, since" in done.stderr
        assert done.stderr.count("\n") == 1


async def test_examples_are_made_looked_at_and_edited(client: Client, tmp_path: Path) -> None:
    root = documented_project(tmp_path / "documented")
    (root / "LICENSE.md").write_text("# Licence\n\nDo with it what you like.\n", "utf-8")
    await client.initialize(root)
    await client.ready()
    await client.request("glossator/adapt", {})
    await client.request("glossator/adaptStart", {"work": "data"})
    run = await run_that(client, over("data"))
    assert run["state"] == "done", run
    data = (await client.request("glossator/adapt", {}))["data"]
    assert data["problem"] == ""
    assert data["leftOut"] >= sum(reason["count"] for reason in data["reasons"]) > 0
    of_kind = {(count["part"], count["kind"]): count["count"] for count in data["counts"]}
    page = await client.request(
        "glossator/adaptExamples", {"part": "train", "kind": "explain", "offset": 1, "limit": 2}
    )
    assert page["total"] == of_kind["train", "explain"]
    assert len(page["examples"]) == 2
    lines = Path(data["examplesFile"]).read_text("utf-8").splitlines()
    for example in page["examples"]:
        row = json.loads(lines[example["line"] - 1])
        assert (row["question"], row["answer"], row["reason"]) == (
            *(example["question"], example["answer"], example["reason"]),
        )
        assert example["evidence"]
    # A line is deleted, then one is damaged: both are noticed without being asked for.
    before = client.last("glossator/adaptChanged")["changes"]
    Path(data["examplesFile"]).write_text("\n".join(lines[1:]) + "\n", "utf-8")
    await client.wait_for(lambda: client.last("glossator/adaptChanged")["changes"] > before)
    edited = (await client.request("glossator/adapt", {}))["data"]
    assert sum(count["count"] for count in edited["counts"]) == len(lines) - 1
    Path(data["examplesFile"]).write_text("\n".join([*lines[:4], "{oops", *lines[5:]]) + "\n", "utf-8")
    damaged = (await client.request("glossator/adapt", {}))["data"]
    assert "line 5 of examples.jsonl" in damaged["problem"]
    Path(data["examplesFile"]).write_text("\n".join(lines[:3]) + "\n", "utf-8")
    assert "too few" in (await client.request("glossator/adapt", {}))["data"]["problem"]


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that something can be learned from."""
    return made_repository(tmp_path_factory.mktemp("telling") / "telling", commits=420)


async def served(root: Path) -> tuple[asyncio.subprocess.Process, Client]:
    """A real server for a project, whose page is open."""
    process, client = await start_server()
    await client.initialize(root)
    await client.ready()
    await client.request("glossator/adapt", {})
    return process, client


async def ended(process: asyncio.subprocess.Process, client: Client) -> None:
    await client.request("shutdown")
    client.notify("exit")
    await asyncio.wait_for(process.wait(), WAIT)


async def test_a_retriever_is_adapted_while_servers_come_and_go(telling: Path) -> None:
    process, client = await served(telling)
    await client.request("glossator/adaptStart", {"work": "retriever"})
    await run_that(client, lambda run: run["stage"] not in ("", "Starting"))
    run = read_run(kept_of(telling).folder)
    assert run is not None
    working = psutil.Process(run.pid)
    working.suspend()  # so that it is under way for as long as this needs
    await ended(process, client)
    run = read_run(kept_of(telling).folder)
    assert run is not None
    assert run.is_running, "it goes on without the server"
    working.resume()
    process, client = await served(telling)
    found = await client.request("glossator/adapt", {})
    assert found["run"]["work"] == "retriever"
    shown = await run_that(client, over("retriever"))
    assert (shown["state"], shown["name"], shown["reported"]) == ("done", "retriever-1", True)
    found = await client.request("glossator/adapt", {})
    (item,) = found["items"]
    assert (item["name"], item["kind"], item["inUse"], item["unusable"]) == ("retriever-1", "retriever", True, "")
    commits = item["figures"][0]
    assert commits["after"] > commits["before"]
    assert commits["low"] > 0
    report = await client.request("glossator/adaptReport", {})
    assert report == await client.request("glossator/adaptReport", {"name": "retriever-1"})
    assert report["figures"] == item["figures"]
    assert report["reasons"] == []
    best = report["answers"][0]
    assert any(word in best["question"] for word in SPOKEN)
    assert any(word in best["reference"] for word in WRITTEN)
    assert best["after"].startswith("rank ")
    assert best["before"] != best["after"]
    # Search follows at once; so does it when the change is undone, made again, and removed.
    changes = found["changes"]
    for action, in_use, undoable in (("undo", [False], []), ("use", [True], ["retriever"]), ("remove", [], [])):
        await client.request("glossator/adaptChoose", {"action": action, "name": "retriever-1", "kind": "retriever"})
        found = await client.request("glossator/adapt", {})
        assert [one["inUse"] for one in found["items"]] == in_use
        assert found["undoable"] == undoable
        assert found["changes"] > changes
        changes = found["changes"]
    await ended(process, client)


async def test_a_run_is_stopped_within_a_second(telling: Path) -> None:
    process, client = await served(telling)
    before = await client.request("glossator/adapt", {})
    await client.request("glossator/adaptStart", {"work": "retriever"})
    await run_that(client, lambda run: run["state"] == "running" and run["stage"] not in ("", "Starting"))
    run = read_run(kept_of(telling).folder)
    assert run is not None
    working = psutil.Process(run.pid)
    await client.request("glossator/adaptStop", {})
    assert not working.is_running() or working.status() == psutil.STATUS_ZOMBIE
    shown = await run_that(client, over("retriever"))
    assert (shown["state"], shown["message"]) == ("stopped", "stopped; nothing was changed")
    after = await client.request("glossator/adapt", {})
    assert after["items"] == before["items"]
    await ended(process, client)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGSTOP and kill -9")
async def test_a_run_that_hangs_is_stopped_and_one_that_is_killed_is_told(telling: Path) -> None:
    process, client = await served(telling)
    await client.request("glossator/adaptStart", {"work": "retriever"})
    await run_that(client, lambda run: run["state"] == "running" and run["stage"] not in ("", "Starting"))
    run = read_run(kept_of(telling).folder)
    assert run is not None
    os.kill(run.pid, signal.SIGSTOP)
    await client.request("glossator/adaptStop", {})
    assert (await run_that(client, over("retriever")))["state"] == "stopped"
    await client.request("glossator/adaptStart", {"work": "retriever"})
    await run_that(client, lambda run: run["state"] == "running" and run["stage"] not in ("", "Starting"))
    run = read_run(kept_of(telling).folder)
    assert run is not None
    os.kill(run.pid, signal.SIGKILL)
    shown = await run_that(client, over("retriever"))
    assert shown["state"] == "interrupted"
    assert not shown["resumable"], "a retriever is adapted from the beginning"
    await ended(process, client)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
async def test_what_only_prepares_ends_with_the_server(telling: Path) -> None:
    process, client = await served(telling)
    await client.request("glossator/adaptStart", {"work": "data"})
    run = read_run(kept_of(telling).folder)
    assert run is not None
    os.kill(run.pid, signal.SIGSTOP)  # so that it is under way for as long as this needs
    process.kill()
    await process.wait()
    left = psutil.Process(run.pid)
    left.resume()
    await asyncio.to_thread(left.wait, WAIT)
    now = read_run(kept_of(telling).folder)
    assert now is not None
    assert now.state == "stopped"
