"""Every command, run with an umask that hides nothing, leaves nothing that others can read."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests import gguf_files
from tests.lsp.client import WAIT, Client

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")

PROGRAM = """
import os, runpy, sys
os.umask(0)
runpy.run_module("glossator", None, "__main__")
"""
COMMAND = (sys.executable, "-c", PROGRAM)


def readable_by_others(*folders: Path) -> list[str]:
    found = []
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            status = path.lstat()
            if not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o077:
                found.append(f"{path} {stat.S_IMODE(status.st_mode):o}")
    return found


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where the program keeps things; not there yet."""
    kinds = ("CACHE", "CONFIG", "DATA", "STATE")
    for kind in kinds:
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "user" / kind))
    return [tmp_path / "user" / kind for kind in kinds]


@pytest.mark.parametrize("there_before", [False, True])
def test_commands(project: Path, folders: list[Path], tmp_path: Path, there_before: bool) -> None:
    cache = folders[0] / "glossator"
    if there_before:  # as an earlier version may have left it
        cache.mkdir(mode=0o755, parents=True)
        folders[0].chmod(0o700)
        (cache / "explanations.sqlite").touch(mode=0o644)
    model = gguf_files.reciter(tmp_path / "tiny.gguf", "nothing")
    for command in (
        ("doctor",),
        ("index",),
        ("search", "cart"),
        ("ask", "--no-model", "how is tax added?"),
        ("explain", "--no-model", "add_tax"),
        ("explain", "--no-model", "shop/cart.py:5"),
        ("status", "--skipped"),
        ("models", "list"),
        ("models", "add", str(model)),
        ("models", "use", "tiny"),
        ("models", "remove", "tiny"),
        ("search", "cart", "--limit", "0"),
        ("search", "cart", "--index-dir", str(project / "README.md" / "impossible")),
    ):
        done = subprocess.run(
            [*COMMAND, *command], cwd=project, capture_output=True, timeout=300, stdin=subprocess.DEVNULL
        )
        assert b"Traceback" not in done.stderr, done.stderr
        assert readable_by_others(*(folder for folder in folders if folder.exists())) == [], command
    assert (cache / "explanations.sqlite").exists() or not there_before


async def test_the_language_server(project: Path, folders: list[Path]) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=project
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Client(process.stdout, process.stdin.write)
    await client.initialize(project)
    await client.ready()
    uri = client.open(project / "shop/money.py")
    place = {"textDocument": {"uri": uri}, "position": {"line": 18, "character": 5}}
    await client.request("glossator/explain", place)
    await client.request("textDocument/hover", place)
    await client.request("glossator/ask", {"question": "how is tax added?"})
    await client.request("shutdown")
    client.notify("exit")
    await asyncio.wait_for(process.wait(), WAIT)
    assert not readable_by_others(*(folder for folder in folders if folder.exists()))
