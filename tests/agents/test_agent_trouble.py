"""Clients and folders that misbehave: a clear error, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.agents.agents import agent, command_of, data_of, error_of, text_of
from tests.conftest import PROJECT, write_tree

WAIT = 300


def initialized(process: subprocess.Popen[bytes]) -> None:
    """Greet a server by hand."""
    send(
        process,
        {
            "id": 0,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "test", "version": "1"},
            },
        },
    )
    received(process, 0)
    send(process, {"method": "notifications/initialized"})


def send(process: subprocess.Popen[bytes], message: dict[str, object]) -> None:
    """Send a message by hand."""
    assert process.stdin is not None
    process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    process.stdin.flush()


def received(process: subprocess.Popen[bytes], number: int) -> dict[str, object]:
    """The reply to a request; every line must be a message."""
    assert process.stdout is not None
    for line in process.stdout:
        message: dict[str, object] = json.loads(line)
        if message.get("id") == number:
            return message
    raise AssertionError("the server has ended")


def started(project: Path, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A server without the SDK's client."""
    return subprocess.Popen(
        command_of(tmp_path / "indexes"),
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def call(number: int, tool: str, **arguments: object) -> dict[str, object]:
    """A request to call a tool."""
    return {"id": number, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def many_files(folder: Path) -> Path:
    """A project that takes a moment to index."""
    return write_tree(
        folder, {f"module{number}.py": f"def handler_{number}():\n    return {number}\n" for number in range(400)}
    )


async def test_unknown_names_are_answered_with_the_nearest(project: Path, tmp_path: Path) -> None:
    async with agent(tmp_path / "indexes", project) as client:
        for tool in ("get_symbol", "trace", "find_similar"):
            message = await error_of(client, tool, symbol="Cart.totl")
            assert "no symbol is named 'Cart.totl'" in message
            assert "`Cart.total` (shop/cart.py:18)" in message
            assert "glossator search" not in message
        assert "shop/cart.py" in await error_of(client, "outline", path="shop/crt.py")
        assert "no line 999" in await error_of(client, "get_symbol", symbol="shop/cart.py:999")


async def test_wrong_arguments_are_named(project: Path, tmp_path: Path) -> None:
    async with agent(tmp_path / "indexes", project) as client:
        assert "is empty" in await error_of(client, "search_code", query="  ")
        assert "query: field required" in await error_of(client, "search_code")
        assert "the arguments are" in await error_of(client, "search_code", query="cart", paths="shop")
        assert "limit" in await error_of(client, "search_code", query="cart", limit=0)
        assert "direction" in await error_of(client, "trace", symbol="Cart", direction="sideways")
        assert "the tools are" in await error_of(client, "grep", pattern="x")
        assert "no git repository" in await error_of(client, "impact_of_changes")
        assert "no git repository" in await error_of(client, "history", symbol="Cart")
        for odd in ("\0", "../../etc/passwd", "/etc/passwd", "\u202e", "%s" * 50, "a" * 5000):
            await error_of(client, "get_symbol", symbol=odd)
        assert await data_of(client, "search_code", query="cart")


async def test_a_query_of_a_megabyte_is_refused(project: Path, tmp_path: Path) -> None:
    async with agent(tmp_path / "indexes", project) as client:
        assert "1,048,576 characters" in await error_of(client, "search_code", query="x" * 2**20)
        assert "characters" in await error_of(client, "ask", question="why " * 2**18)
        assert await data_of(client, "search_code", query="cart")


async def test_a_folder_that_vanishes_and_comes_back(project: Path, tmp_path: Path) -> None:
    other = write_tree(tmp_path / "other", {"boat.py": "def row_boat():\n    return 'splash'\n"})
    roots = [project, other]
    async with agent(tmp_path / "indexes", tmp_path, roots=lambda: roots) as client:
        assert await data_of(client, "search_code", query="cart")
        shutil.move(project, tmp_path / "away")
        found = await data_of(client, "search_code", query="row a boat")
        assert found["hits"][0]["path"] == "boat.py"
        assert any("is gone" in note or "does not exist" in note for note in found["notes"])
        assert "gone" in await error_of(client, "search_code", query="cart", project="project")
        shutil.move(tmp_path / "away", project)
        found = await data_of(client, "search_code", query="total of the cart", project="project")
        assert "shop/cart.py" in {hit["path"] for hit in found["hits"]}


async def test_a_folder_that_never_existed(tmp_path: Path) -> None:
    async with agent(tmp_path / "indexes", tmp_path, roots=lambda: [tmp_path / "nowhere"]) as client:
        assert "does not exist" in await error_of(client, "search_code", query="cart")


async def test_a_home_folder_is_not_indexed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "USERPROFILE": str(home)}
    async with agent(tmp_path / "indexes", home, environment=environment) as client:
        assert "no project folder" in await error_of(client, "search_code", query="cart")
    async with agent(tmp_path / "indexes", tmp_path, environment=environment, roots=lambda: [home]) as client:
        assert "no project folder" in await error_of(client, "search_code", query="cart")


async def test_two_clients_on_one_project(project: Path, tmp_path: Path) -> None:
    indexes = tmp_path / "indexes"
    async with agent(indexes, project) as first:
        assert await data_of(first, "search_code", query="cart")
        async with agent(indexes, project) as second:
            one, other = await asyncio.gather(
                text_of(first, "trace", symbol="add_tax"), text_of(second, "trace", symbol="add_tax")
            )
            assert one == other
        (project / "shop/late.py").write_text("def arrive_late():\n    return 1\n", "utf-8")
        assert "shop/late.py" in await text_of(first, "get_symbol", symbol="arrive_late")
    assert len([path for path in indexes.iterdir() if path.is_dir()]) == 1


def test_the_index_is_the_one_of_the_command_line(project: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glossator"]
    options = ["--index-dir", str(tmp_path / "indexes"), "--root", str(project), "--json"]
    subprocess.run([*command, "index", *options], check=True, capture_output=True, timeout=WAIT)
    folders = sorted((tmp_path / "indexes").rglob("manifest.sqlite"))
    process = started(project, tmp_path)
    try:
        initialized(process)
        send(process, call(1, "search_code", query="cart"))
        assert "shop/cart.py" in json.dumps(received(process, 1))
        searched = subprocess.run([*command, "search", *options, "cart"], capture_output=True, timeout=WAIT, text=True)
        assert searched.returncode == 0
        assert json.loads(searched.stdout)["hits"]
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(WAIT)
    assert sorted((tmp_path / "indexes").rglob("manifest.sqlite")) == folders


def test_a_client_that_leaves_in_the_middle_of_a_call(tmp_path: Path) -> None:
    project = many_files(tmp_path / "many")
    process = started(project, tmp_path)
    initialized(process)
    send(process, call(1, "search_code", query="handler"))
    children = psutil.Process(process.pid)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    process.wait(WAIT)
    assert not children.is_running() or children.status() == psutil.STATUS_ZOMBIE
    again = started(project, tmp_path)
    initialized(again)
    send(again, call(2, "get_symbol", symbol="handler_399"))
    assert "module399.py" in json.dumps(received(again, 2))
    again.stdin.close()  # type: ignore[union-attr]
    again.wait(WAIT)


@pytest.mark.parametrize("moment", ["at once", "after an answer"])
def test_a_server_that_is_killed_loses_nothing(tmp_path: Path, moment: str) -> None:
    project = many_files(tmp_path / "many")
    process = started(project, tmp_path)
    initialized(process)
    send(process, call(1, "search_code", query="handler"))
    if moment == "after an answer":
        received(process, 1)
    process.kill()
    process.wait(WAIT)
    again = started(project, tmp_path)
    initialized(again)
    send(again, call(2, "get_symbol", symbol="handler_399"))
    assert "module399.py" in json.dumps(received(again, 2))
    again.stdin.close()  # type: ignore[union-attr]
    again.wait(WAIT)


def test_a_cancelled_call_leaves_the_server_alive(tmp_path: Path) -> None:
    project = many_files(tmp_path / "many")
    process = started(project, tmp_path)
    initialized(process)
    send(process, call(1, "search_code", query="handler"))
    send(process, {"method": "notifications/cancelled", "params": {"requestId": 1, "reason": "enough"}})
    send(process, call(2, "get_symbol", symbol="handler_7"))
    assert "module7.py" in json.dumps(received(process, 2))
    process.stdin.close()  # type: ignore[union-attr]
    process.wait(WAIT)


def test_lines_that_are_no_messages_do_not_end_the_connection(project: Path, tmp_path: Path) -> None:
    process = started(project, tmp_path)
    initialized(process)
    assert process.stdin is not None
    process.stdin.write(b'not json\n{"jsonrpc": "2.0"}\n\xff\xfe\n[]\n')
    send(process, call(1, "search_code", query="cart"))
    assert "shop/cart.py" in json.dumps(received(process, 1))
    process.stdin.close()
    process.wait(WAIT)
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()


def test_a_given_folder_that_does_not_exist(tmp_path: Path) -> None:
    command = [*command_of(tmp_path / "indexes"), "--root", str(tmp_path / "nowhere")]
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=WAIT)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("nowhere does not exist")
    assert done.stdout == ""


def test_the_project_is_as_it_was(tmp_path: Path) -> None:
    project = write_tree(tmp_path / "project", PROJECT)
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    process = started(project, tmp_path)
    initialized(process)
    send(process, call(1, "ask", question="How is the tax added?", use_model=False))
    received(process, 1)
    process.stdin.close()  # type: ignore[union-attr]
    process.wait(WAIT)
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before
