"""What nobody expected, in any command: one line for the person, and the traceback in a private log file."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.emulator import Terminal
from tests.terminal.test_screens import KINDS, check, without_breaks

OnTerminal = Callable[..., Terminal]

FAULTS = {
    "command": (
        "from glossator.cli import commands\n"
        "def broken(arguments): raise RuntimeError('first line\\nsecond \\x1b]0;title\\x07 line')\n"
        "commands.COMMANDS.update(dict.fromkeys(commands.COMMANDS, broken))\n"
    ),
    "engine": (
        "from glossator.project import root\n"
        "def broken(self, *arguments, **options): raise KeyError('first line')\n"
        "root.Root.index = root.Root.open = broken\n"
    ),
}
"""Code that breaks something."""

RUN = "\nimport sys\nfrom glossator.__main__ import main\nmain()\n"

COMMANDS = {
    "index": "command",
    "search cart": "engine",
    "ask why?": "engine",
    "explain Cart": "engine",
    "status": "engine",
    "forget": "command",
    "serve": "command",
    "models list": "command",
    "runtime status": "command",
    "doctor": "engine",
}


def logged(state: Path) -> str:
    """The only log file below a user's state folder, which nobody else can read."""
    (path,) = state.rglob("cli-*.log")
    for part, mode in ((path, 0o600), (path.parent, 0o700)):
        assert stat.S_IMODE(part.stat().st_mode) == mode
    return path.read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_one_line_that_names_the_log(on_terminal: OnTerminal, tmp_path: Path, command: str) -> None:
    program = (sys.executable, "-c", FAULTS[COMMANDS[command]] + RUN)
    shown = on_terminal(*command.split(), program=program, environment={"XDG_STATE_HOME": str(tmp_path)})
    text = without_breaks(check(shown, KINDS["wide"], status=1))
    name = command if command.startswith(("models", "runtime")) else command.split()[0]
    assert text.startswith(f"glossator: `glossator {name}` failed because of an internal error (")
    assert "first line" in text
    path = re.search(r"the details are in (.+\.log)$", text)
    assert path is not None
    if sys.platform == "linux":
        assert Path(path[1].replace(" ", "")).is_relative_to(tmp_path)
        log = logged(tmp_path)
        assert "Traceback (most recent call last)" in log
        assert "in broken" in log
    assert b"\x1b]" not in shown.raw


@pytest.mark.parametrize("status", [0o700, 0o500])
def test_without_a_log_it_is_still_one_line(tmp_path: Path, status: int) -> None:
    state = tmp_path / "state"
    if status == 0o700:
        state.write_text("a file where the folder should be", "utf-8")
    else:
        state.mkdir(mode=status)
    ran = subprocess.run(
        [sys.executable, "-c", FAULTS["command"] + RUN, "status"],
        env={**os.environ, "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert ran.out == "" if hasattr(ran, "out") else ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert "internal error (RuntimeError: first line second" in ran.stderr


def test_nothing_else_writes_to_the_terminal(on_terminal: OnTerminal, tmp_path: Path) -> None:
    """Warnings of libraries, errors of threads, of clean-up and of tasks go to the log."""
    code = (
        "import asyncio, logging, threading, warnings\n"
        "from glossator.cli import commands\n"
        "class Careless:\n"
        "    def __del__(self): raise ValueError('while cleaning up')\n"
        "async def forgotten(): raise ValueError('in a task')\n"
        "async def tasks():\n"
        "    task = asyncio.create_task(forgotten())\n"
        "    await asyncio.sleep(0)\n"
        "def noisy(arguments):\n"
        "    warnings.warn('a library warns')\n"
        "    logging.getLogger('some.library').error('a library logs')\n"
        "    thread = threading.Thread(target=lambda: 1 / 0)\n"
        "    thread.start()\n"
        "    thread.join()\n"
        "    Careless()\n"
        "    asyncio.run(tasks())\n"
        "    return 0\n"
        "commands.COMMANDS['status'] = noisy\n"
    )
    shown = on_terminal(
        "status", program=(sys.executable, "-c", code + RUN), environment={"XDG_STATE_HOME": str(tmp_path)}
    )
    assert check(shown, KINDS["wide"]) == ""
    if sys.platform == "linux":
        log = logged(tmp_path)
        for said in ("a library warns", "a library logs", "ZeroDivisionError", "while cleaning up", "in a task"):
            assert said in log


def test_a_broken_installation_is_told_in_one_line(on_terminal: OnTerminal) -> None:
    code = "import sys\nsys.modules['glossator.cli.arguments'] = None\n"
    shown = on_terminal("status", program=(sys.executable, "-c", code + RUN))
    assert shown.wait() == 1
    text = shown.text.replace("\n", "")
    assert text.startswith("glossator: this installation is incomplete (")
    assert text.endswith("reinstall Glossator")


def test_a_command_that_works_leaves_no_log(on_terminal: OnTerminal, tmp_path: Path) -> None:
    shown = on_terminal("search", "cart", environment={"XDG_STATE_HOME": str(tmp_path)})
    check(shown, KINDS["wide"])
    assert [path.read_text("utf-8") for path in tmp_path.rglob("*.log")] == []
