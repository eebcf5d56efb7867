"""Control characters of a repository, of arguments and of models never reach the terminal as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import gguf_files
from tests.terminal.conftest import GLOSSATOR, Indexed, user_folders
from tests.terminal.emulator import Terminal

OnTerminal = Callable[..., Terminal]

TITLE = "\x1b]0;owned\x07"
EVIL = f"{TITLE}\x1b[2J\x9b31m\x7f\x08\u202e\u2066\x85"
FILES = {
    "evil.py": f'def launch():\n    """Starts it {EVIL} all."""\n\tprint("{EVIL}")\n    return 1\n',
    f"na{TITLE}me\x1b[2J.py": "def other():\n    return launch()\n",
    "new\nline.py": "def third():\n    return launch()\n",
    "fake.py:1\n/etc/passwd": "launch the missiles\n",
    f"se{TITLE}cret/.env": "SECRET=1\n",
    "\x9bcsi.md": f"# Launch {TITLE}\n\nHow it is launched {EVIL}.\n",
}

ALLOWED = re.compile(rb"\x1b\[[0-9;]*m|\r\x1b\[2?K|\x1b\[[0-9]*[ABCDGK]|\x1b\[\?25[lh]")
"""Sequences of our own: colours, and what a progress bar needs."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Indexed:
    """A project of such names and texts. The first command that needs its index makes it; nothing else is written."""
    folder = tmp_path_factory.mktemp("hostile")
    root = folder / f"ro{TITLE}ot"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
    with (root / os.fsdecode(b"latin\xe9\x1b[2J.py")).open("w") as file:
        file.write("def fourth():\n    return launch()\n")
    return Indexed(root, user_folders(folder / "home"))


def assert_harmless(shown: Terminal) -> None:
    raw = ALLOWED.sub(b"", shown.raw)
    assert b"\x1b" not in raw, shown.text
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "")
    odd = re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", text)
    assert not odd, text


@pytest.mark.parametrize(
    "command",
    [
        ["index"],
        ["search", "launch"],
        ["search", "missiles"],
        ["ask", "How is it launched?"],
        ["explain", "launch"],
        ["uses", "launch"],
        ["uses", f"na{TITLE}me\x1b[2J.py:1"],
        ["explain", "evil.py"],
        ["explain", f"na{TITLE}me\x1b[2J.py:1"],
        ["explain", f"gone{TITLE}"],
        ["explain", f"gone{TITLE}.py:3"],
        ["explain", f"se{TITLE}cret/.env"],
        ["explain", "new\nline.py"],
        ["status", "--skipped"],
        ["doctor"],
        ["search", "--kind", f"odd{TITLE}", "x"],
        ["search", "--root", f"no{TITLE}where", "x"],
        ["search", "--queries", f"no{TITLE}file", "--json"],
        ["search", f"--no{TITLE}option", "x"],
        [f"com{TITLE}mand"],
        ["search", "--limit", f"{TITLE}", "x"],
        ["ask", "--model", f"no{TITLE}model", "x"],
        ["models", "use", f"no{TITLE}model"],
        ["models", "add", f"no{TITLE}model.gguf"],
        ["models", "pull", f"no{TITLE}model"],
    ],
    ids=lambda command: " ".join(command).encode("ascii", "ignore").decode().replace("\x1b", "").replace("\x07", ""),
)
def test_no_command_passes_them_on(
    on_terminal: OnTerminal, hostile: Indexed, tmp_path: Path, command: list[str]
) -> None:
    indexes = command[0] in ("index", "ask")
    environment = user_folders(tmp_path / "home") if indexes else hostile.environment
    shown = on_terminal(*command, cwd=hostile.root, environment=environment)
    assert shown.wait() in (0, 1, 2)
    assert "Traceback" not in shown.text
    assert shown.text
    assert_harmless(shown)


def test_a_name_with_a_line_end_stays_on_one_line(on_terminal: OnTerminal, hostile: Indexed) -> None:
    place: dict[str, Any] = {"cwd": hostile.root, "environment": hostile.environment}
    shown = on_terminal("search", "third", **place)
    shown.wait()
    assert "new\\nline.py:1-2  function third" in shown.text
    shown = on_terminal("explain", "third", **place)
    shown.wait()
    assert "`new\\nline.py:1`" in shown.text
    assert "[1] new\\nline.py:1-2  third" in shown.text
    shown = on_terminal("search", "missiles", **place)
    shown.wait()
    assert not any(line.startswith("/etc/passwd") for line in shown.text.splitlines())


def test_installed_models(on_terminal: OnTerminal, tmp_path: Path) -> None:
    environment = user_folders(tmp_path / "home")
    file = gguf_files.reciter(tmp_path / f"mo{TITLE}del.gguf", "Some words.")
    name = file.stem
    for command in (["add", file], ["list"], ["verify", name], ["use", name], ["remove", name]):
        shown = on_terminal("models", *command, environment=environment)
        shown.wait()
        assert "mo\\x1b]0;owned\\x07del" in shown.text.replace("\n", "")
        assert_harmless(shown)


@pytest.mark.llama
def test_an_answer_of_a_model(on_terminal: OnTerminal, tmp_path: Path) -> None:
    model = gguf_files.reciter(tmp_path / "evil.gguf", f"It says {TITLE} here, and `code \x1b[2J` too.")
    shown = on_terminal("ask", "--model", model, "How is the tax added?")
    assert shown.wait() == 0
    assert_harmless(shown)
    assert "It says" in shown.text


def test_json_is_exact_and_harmless(on_terminal: OnTerminal, hostile: Indexed) -> None:
    ran = subprocess.run(
        [*GLOSSATOR, "search", "--json", "-k", "20", "launch"],
        cwd=hostile.root,
        env={**os.environ, **hostile.environment},
        capture_output=True,
        check=True,
    )
    paths = {hit["path"] for hit in json.loads(ran.stdout)["hits"]}
    assert {"evil.py", f"na{TITLE}me\x1b[2J.py", "new\nline.py", "\x9bcsi.md"} <= paths
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", ran.stdout.decode())
    shown = on_terminal("explain", "--json", "launch", cwd=hostile.root, environment=hostile.environment)
    assert shown.wait() == 0
    assert_harmless(shown)
    ran = subprocess.run(
        [*GLOSSATOR, "explain", "--json", "launch"],
        cwd=hostile.root,
        env={**os.environ, **hostile.environment},
        capture_output=True,
        check=True,
    )
    assert EVIL in json.loads(ran.stdout)["answer"]


def test_a_pipe_is_harmless_too(hostile: Indexed, tmp_path: Path) -> None:
    """What is piped often ends on a terminal: `| less -r`, `| head`."""
    ran = subprocess.run(
        [*GLOSSATOR, "explain", "launch"],
        cwd=hostile.root,
        env={**os.environ, **user_folders(tmp_path / "home")},
        capture_output=True,
        check=True,
    )
    assert b"\x1b" not in ran.stdout
    assert b"\\x1b]0;owned\\x07" in ran.stdout


def test_tabs_stay(tmp_path: Path) -> None:
    code = "package a\n\nfunc Tabbed() int {\n\tif true {\n\t\treturn 1\n\t}\n\treturn 2\n}\n"
    (tmp_path / "tabs.go").write_text(code, "utf-8")
    ran = subprocess.run(
        [*GLOSSATOR, "explain", "Tabbed"],
        cwd=tmp_path,
        env={**os.environ, **user_folders(tmp_path / "home")},
        capture_output=True,
        check=True,
    )
    assert b"\treturn 1" in ran.stdout
    assert b"\\t" not in ran.stdout
