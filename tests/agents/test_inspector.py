"""The server as the MCP inspector's command line sees it: another implementation of the protocol, from npm."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.agents.agents import command_of
from tests.pictures import draw_terminal

ROOT = Path(__file__).resolve().parents[2]
VERSION = "2.12.0"
FOLDER = ROOT / ".cache" / "inspector"
"""Where the inspector is installed, once."""
COLUMNS = 112


@pytest.fixture(scope="module")
def inspector() -> Path:
    """The inspector's program; without npm, skip, or fail in continuous integration."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        message = "Node.js with npm not found (Debian, Ubuntu: apt-get install nodejs npm)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    installed = FOLDER / "installed"  # written last: an installation may be interrupted
    FOLDER.parent.mkdir(exist_ok=True)
    with FileLock(FOLDER.with_suffix(".lock")):
        if not installed.is_file() or installed.read_text("utf-8") != VERSION:
            shutil.rmtree(FOLDER, ignore_errors=True)
            FOLDER.mkdir()
            (FOLDER / "package.json").write_text('{"private": true}', "utf-8")
            options = ["--ignore-scripts", "--save-exact", "--no-audit", "--no-fund", "--loglevel=error"]
            wanted = f"@modelcontextprotocol/inspector@{VERSION}"
            subprocess.run([npm, "install", *options, wanted], cwd=FOLDER, check=True, timeout=600)
            installed.write_text(VERSION, "utf-8")
    return FOLDER / "node_modules" / ".bin" / ("mcp-inspector.cmd" if os.name == "nt" else "mcp-inspector")


def inspected(inspector: Path, project: Path, tmp_path: Path, *options: str) -> Any:
    """What one request is answered with."""
    command = [str(inspector), "--cli", *command_of(tmp_path / "indexes", "--root", str(project)), *options]
    environment = {**os.environ, "MCP_CATALOG_PATH": str(tmp_path / "catalog.json")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_the_inspector_lists_the_tools(inspector: Path, project: Path, tmp_path: Path) -> None:
    tools = inspected(inspector, project, tmp_path, "--method", "tools/list")["tools"]
    assert len(tools) == 9
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)
    assert all(tool["outputSchema"]["type"] == "object" for tool in tools)


def test_the_inspector_calls_a_tool(inspector: Path, project: Path, tmp_path: Path) -> None:
    call = ["--method", "tools/call", "--tool-name", "trace", "--tool-arg", "symbol=add_tax"]
    result = inspected(inspector, project, tmp_path, *call)
    assert [use["line"] for use in result["structuredContent"]["symbols"][0]["uses"]] == [3, 23]


def test_an_agent_reads_text_that_fits_a_terminal(inspector: Path, project: Path, tmp_path: Path) -> None:
    calls = (
        ("search_code", {"query": "how is the tax added to the total?", "limit": "2"}),
        ("trace", {"symbol": "add_tax", "direction": "callers", "depth": "3"}),
    )
    shown = []
    for tool, arguments in calls:
        options = [part for name, value in arguments.items() for part in ("--tool-arg", f"{name}={value}")]
        result = inspected(inspector, project, tmp_path, "--method", "tools/call", "--tool-name", tool, *options)
        typed = " ".join(f"{name}={shlex.quote(value)}" for name, value in arguments.items())
        text = result["content"][0]["text"]
        assert max(map(len, text.splitlines())) <= COLUMNS
        shown += [f"\x1b[1;32m> {tool} {typed}\x1b[0m", *text.rstrip().splitlines(), ""]
    assert any("Cart.total" in line for line in shown)
    draw_terminal("agent", "\n".join(shown[:-1]), COLUMNS)


def test_the_inspector_reads_a_resource(inspector: Path, project: Path, tmp_path: Path) -> None:
    read = ["--method", "resources/read", "--uri", "glossator://overview"]
    assert "Sells tea." in inspected(inspector, project, tmp_path, *read)["contents"][0]["text"]
