"""The small project, indexed once, and the command line on a terminal in front of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import PROJECT, write_tree

if os.name == "nt":
    collect_ignore_glob = ["test_*.py"]  # there are no pseudo-terminals
else:
    from tests.terminal.emulator import Terminal

GLOSSATOR = (sys.executable, "-m", "glossator")


@dataclass(frozen=True)
class Indexed:
    """A project with an index, and the variables that lead to it and to a user's folders of its own."""

    root: Path
    environment: dict[str, str]


def user_folders(home: Path) -> dict[str, str]:
    """Variables that give a user folders below `home`."""
    names = {"CONFIG": "config", "CACHE": "cache", "DATA": "data", "STATE": "state"}
    return {f"XDG_{name}_HOME": str(home / folder) for name, folder in names.items()} | {"HOME": str(home)}


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """The small project. Nothing may be written to it."""
    folder = tmp_path_factory.mktemp("terminal")
    root = write_tree(folder / "project", PROJECT)
    environment = user_folders(folder / "home")
    subprocess.run([*GLOSSATOR, "index"], cwd=root, env={**os.environ, **environment}, check=True, capture_output=True)
    return Indexed(root, environment)


@pytest.fixture
def on_terminal(indexed: Indexed) -> Iterator[Callable[..., Terminal]]:
    """Starts a command on a terminal: `glossator` with these arguments, in the small project, or another program."""
    started: list[Terminal] = []

    def start(
        *arguments: str | Path,
        columns: int = 100,
        environment: dict[str, str] | None = None,
        program: tuple[str | Path, ...] = GLOSSATOR,
        cwd: Path | None = None,
    ) -> Terminal:
        terminal = Terminal(
            [*program, *arguments],
            columns=columns,
            environment={**indexed.environment, **(environment or {})},
            cwd=cwd or indexed.root,
        )
        started.append(terminal)
        return terminal

    yield start
    for terminal in started:
        terminal.close()
