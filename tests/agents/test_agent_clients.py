"""`glossator mcp install`: each client's own file is changed where it must be, kept, and as before when undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.errors import UsageError
from glossator.mcp_server.agent_clients import AGENTS_TEXT, BACKUP_SUFFIX, CLIENTS
from glossator.mcp_server.jsonc_editing import parse_jsonc, with_member, without_member
from glossator.mcp_server.tool_table import TOOLS

COMMENTED = """\
// My settings, see the manual.
{
    "theme": "dark", // not light
    /* servers */
    "mcpServers": {
        "other": {"command": "other", "args": ["--x"]}, // mine
    },
    "url": "http://example.org/a//b",
}
"""


def ran(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of a user with this home folder."""
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("CODEX_HOME", "CLAUDE_CONFIG_DIR")},
        "HOME": str(home),
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData" / "Roaming"),
        "XDG_CONFIG_HOME": str(home / ".config"),
    }
    return subprocess.run(
        [sys.executable, "-m", "glossator", "mcp", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("APPDATA", str(folder / "AppData" / "Roaming"))
    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return folder


def read(path: Path) -> object:
    text = path.read_text("utf-8")
    return tomllib.loads(text) if path.suffix == ".toml" else parse_jsonc(text)


def entry_in(content: object, keys: tuple[str, ...]) -> dict[str, object]:
    for key in (*keys, "glossator"):
        assert isinstance(content, dict)
        content = content[key]
    assert isinstance(content, dict)
    return content


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.id)
def test_a_new_file_is_made_and_removed(home: Path, client: object) -> None:
    path = client.file()  # type: ignore[attr-defined]
    name = client.id  # type: ignore[attr-defined]
    assert ran(home, "install", name, "--yes").returncode == 0
    entry = entry_in(read(path), client.keys({}))  # type: ignore[attr-defined]
    command = entry["command"]
    words = [*command] if isinstance(command, list) else [str(command), *entry["args"]]  # type: ignore[misc]
    assert words[-1] == "mcp"
    assert Path(words[0]).is_absolute()
    again = ran(home, "install", name, "--yes")
    assert again.returncode == 0
    assert "set up already" in again.stdout
    assert ran(home, "uninstall", name, "--yes").returncode == 0
    assert not path.exists()


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.id != "codex"], ids=lambda client: client.id)
def test_comments_and_other_entries_stay(home: Path, client: object) -> None:
    path = client.file()  # type: ignore[attr-defined]
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = client.keys({})  # type: ignore[attr-defined]
    text = COMMENTED.replace("mcpServers", keys[0])
    path.write_text(text, "utf-8", newline="")
    path.chmod(0o600)
    done = ran(home, "install", client.id, "--yes")  # type: ignore[attr-defined]
    assert done.returncode == 0, done.stderr
    changed = path.read_text("utf-8")
    for line in text.splitlines():
        assert line in changed
    assert entry_in(parse_jsonc(changed), keys)
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.with_name(path.name + BACKUP_SUFFIX).read_text("utf-8") == text
    assert ran(home, "uninstall", client.id, "--yes").returncode == 0  # type: ignore[attr-defined]
    assert path.read_text("utf-8") == text
    assert not path.with_name(path.name + BACKUP_SUFFIX).exists()


def test_toml_keeps_comments_and_tables(home: Path) -> None:
    path = home / ".codex" / "config.toml"
    path.parent.mkdir()
    text = '# mine\nmodel = "x"  # the best\n\n[mcp_servers.other]\ncommand = "other" # keep\n\n[tui]\ntheme = "dark"\n'
    path.write_text(text, "utf-8")
    assert ran(home, "install", "codex", "--yes").returncode == 0
    changed = path.read_text("utf-8")
    assert set(text.splitlines()) <= set(changed.splitlines())
    content = tomllib.loads(changed)
    assert content["mcp_servers"]["glossator"]["args"][-1] == "mcp"
    assert content["mcp_servers"]["other"] == {"command": "other"}
    assert content["tui"] == {"theme": "dark"}
    path.write_text(changed + "# later\n", "utf-8")
    assert ran(home, "uninstall", "codex", "--yes").returncode == 0
    assert "glossator" not in path.read_text("utf-8")


def test_what_was_changed_since_stays_when_it_is_undone(home: Path) -> None:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"other": {"command": "x"}}}', "utf-8")
    assert ran(home, "install", "cursor", "--yes").returncode == 0
    content = json.loads(path.read_text("utf-8"))
    content["mcpServers"]["later"] = {"command": "y"}
    path.write_text(json.dumps(content), "utf-8")
    assert ran(home, "uninstall", "cursor", "--yes").returncode == 0
    assert json.loads(path.read_text("utf-8")) == {"mcpServers": {"other": {"command": "x"}, "later": {"command": "y"}}}


def test_an_entry_of_something_else_is_not_touched(home: Path) -> None:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    text = '{"mcpServers": {"glossator": {"command": "npx", "args": ["dictionary"]}}}'
    path.write_text(text, "utf-8")
    done = ran(home, "install", "cursor", "--yes")
    assert done.returncode == 1
    assert "does not start Glossator" in done.stderr
    assert ran(home, "uninstall", "cursor", "--yes").returncode == 0
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"mcpServers": []}', '{"a": 1, "a": 2}', "{'a': 1}", '{"mcpServers": {"x": }}', "\x00"]
)
def test_a_file_that_cannot_be_changed_stays(home: Path, text: str) -> None:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    done = ran(home, "install", "cursor", "--yes")
    assert done.returncode == 1
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_text("utf-8") == text
    assert [one.name for one in path.parent.iterdir()] == ["mcp.json"]


def test_nothing_happens_without_being_asked_for(home: Path) -> None:
    (home / ".cursor").mkdir()
    (home / ".codex").mkdir()
    shown = ran(home, "install", "--dry-run")
    assert shown.returncode == 0
    assert str(Path(".cursor") / "mcp.json") in shown.stdout
    assert str(Path(".codex") / "config.toml") in shown.stdout
    assert "Windsurf" not in shown.stdout
    asked = ran(home, "install")
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert not (home / ".cursor" / "mcp.json").exists()
    assert "unknown client 'emacs'" in ran(home, "install", "emacs").stderr


def test_nothing_is_found(home: Path) -> None:
    done = ran(home, "install", "--yes")
    assert done.returncode == 2
    assert "no coding agent was found" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_followed(home: Path) -> None:
    real = home / "dotfiles" / "mcp.json"
    real.parent.mkdir()
    real.write_text("{}\n", "utf-8")
    (home / ".cursor").mkdir()
    (home / ".cursor" / "mcp.json").symlink_to(real)
    assert ran(home, "install", "cursor", "--yes").returncode == 0
    assert (home / ".cursor" / "mcp.json").is_symlink()
    assert "glossator" in real.read_text("utf-8")


def test_opencode_s_newer_form_is_kept(home: Path) -> None:
    path = home / ".config" / "opencode" / "opencode.jsonc"
    path.parent.mkdir(parents=True)
    path.write_text('{\n  "mcp": {\n    "servers": {},\n  },\n}\n', "utf-8")
    assert ran(home, "install", "opencode", "--yes").returncode == 0
    assert entry_in(read(path), ("mcp", "servers"))["type"] == "local"


def test_the_text_for_agents_names_tools_that_exist(home: Path) -> None:
    printed = ran(home, "instructions")
    assert printed.returncode == 0
    named = {tool.name for tool in TOOLS if f"`{tool.name}`" in AGENTS_TEXT}
    assert {"search_code", "get_symbol", "outline", "trace", "find_similar", "impact_of_changes"} <= named
    assert "search_code" in printed.stdout


# JSON with comments


SPACE = st.sampled_from(["", " ", "\n", "\n  ", " // c\n", ' /* { " */ ', "\r\n\t"])
NAMES = st.text(alphabet='abé "\\/{},:', max_size=4)


@st.composite
def documents(draw: st.DrawFn, depth: int = 0) -> str:
    """An object, written in any way that is allowed."""
    names = draw(st.lists(NAMES, unique=True, max_size=3))
    parts = []
    for name in names:
        if depth < 2 and draw(st.booleans()):
            value = draw(documents(depth + 1))
        else:
            value = draw(st.sampled_from(["1", "-2.5e3", "true", "null", '"x // y"', '[1, {"a": 2},]', "[]"]))
        parts.append(f"{draw(SPACE)}{json.dumps(name)}{draw(SPACE)}:{draw(SPACE)}{value}{draw(SPACE)}")
    comma = "," if parts and draw(st.booleans()) else ""
    return "{" + ",".join(parts) + comma + draw(SPACE) + "}"


@given(documents(), st.lists(NAMES, min_size=1, max_size=3), st.sampled_from([1, {"command": "x", "args": ["y"]}]))
def test_setting_and_removing_changes_nothing_else(text: str, path: list[str], value: object) -> None:
    before = parse_jsonc(text)
    try:
        changed = with_member(text, tuple(path), value)
    except UsageError:  # something on the way is no object
        return
    inner = parse_jsonc(changed)
    for name in path:
        inner = inner[name]
    assert inner == value
    back = parse_jsonc(without_member(changed, tuple(path)))
    held = before
    for name in path[:-1]:
        held = held.get(name, {})
    if path[-1] not in held and all(isinstance(one, dict) for one in (held,)):
        for name in reversed(range(1, len(path))):
            outer = back
            for key in path[: name - 1]:
                outer = outer[key]
            known = before
            for key in path[:name]:
                known = known.get(key) if isinstance(known, dict) else None
            if known is None and outer.get(path[name - 1]) == {}:
                del outer[path[name - 1]]
        assert back == before
