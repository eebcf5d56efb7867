"""How often a process looks for garbage depends on the command that it runs."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from glossator.cli import garbage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("command", "objects"),
    [("search", garbage.COLLECTION_OBJECTS), ("serve", garbage.SERVER_OBJECTS), ("mcp", garbage.SERVER_OBJECTS)],
)
def test_commands_that_end_soon_and_servers_look_rarely(command: str, objects: int) -> None:
    garbage.collect_rarely()
    garbage.collect_for(command)
    assert gc.get_threshold()[0] == objects


def test_others_look_as_python_does() -> None:
    before = gc.get_threshold()
    garbage.collect_rarely()
    garbage.collect_for("index")
    assert gc.get_threshold() == before


@pytest.mark.parametrize(
    ("command", "objects"), [("status", garbage.COLLECTION_OBJECTS), ("index", gc.get_threshold()[0])]
)
def test_the_command_line_chooses(tmp_path: Path, command: str, objects: int) -> None:
    code = "import gc, sys; from glossator.__main__ import main; sys.exit = print; main(); print(gc.get_threshold()[0])"
    arguments = (command, "--root", str(tmp_path), "--index-dir", str(tmp_path / "indexes"))
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == str(objects), done
