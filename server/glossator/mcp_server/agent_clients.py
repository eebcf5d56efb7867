"""The coding agents that can be told to start the server: where each keeps its configuration, and what it has to say.

A change touches only Glossator's own entry. The file as it was is kept beside it until the entry is removed again.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from glossator.errors import GlossatorError, UsageError
from glossator.mcp_server.jsonc_editing import parse_jsonc, with_member, without_member
from glossator.private_files import FILE_MODE, replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRY_NAME = "glossator"
"""The server's name in every configuration."""
BACKUP_SUFFIX = ".before-glossator"

AGENTS_TEXT = """\
## Finding code

The MCP server `glossator` has an index of this repository that is always current.

- To find code by what it does, by an error message or by a name, call `search_code` before grep; its results have the \
relevant lines, so read a file only if they are not enough.
- To read one definition, call `get_symbol`; to see what is in a long file or a folder, call `outline`.
- Before you change or remove a symbol, call `trace` (direction "uses" or "callers"): names are resolved, so the \
list is complete where grep finds too much or too little.
- Before you write a helper, call `find_similar` or `search_code`: it may exist.
- After editing, call `impact_of_changes` and run the tests that it names.
- For exact text (a version, a log line, a file name), grep is right.
"""
"""What a project's AGENTS.md can tell agents about the tools."""


@dataclass(frozen=True, slots=True)
class AgentClient:
    """A coding agent.

    Attributes:
        id: what it is called on the command line.
        name: what its users call it.
        file: its configuration file.
        keys: the objects or tables on the way to the entry, for the file's current content.
        entry: the entry, for the command that starts the server.
    """

    id: str
    name: str
    file: Callable[[], Path]
    keys: Callable[[Any], tuple[str, ...]]
    entry: Callable[[list[str]], dict[str, Any]]

    @property
    def is_present(self) -> bool:
        """Whether its configuration, or the folder for it, is there."""
        path = self.file()
        return path.exists() or (path.parent != Path.home() and path.parent.is_dir())


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """A change of a client's configuration: the text before and after it.

    Attributes:
        path: the file, links followed.
        before: its text; None if there is no such file.
        after: the new text; None if the file is to be removed.
        has_entry: whether the entry was there before.
    """

    client: AgentClient
    path: Path
    before: str | None
    after: str | None
    has_entry: bool

    @property
    def is_needed(self) -> bool:
        """Whether it changes anything."""
        return self.before != self.after


def _command_entry(command: list[str]) -> dict[str, Any]:
    return {"command": command[0], "args": command[1:]}


def _stdio_entry(command: list[str]) -> dict[str, Any]:
    return {"type": "stdio", **_command_entry(command)}


def _opencode_entry(command: list[str]) -> dict[str, Any]:
    return {"type": "local", "command": command, "enabled": True}


def _opencode_keys(content: Any) -> tuple[str, ...]:
    """Since its second version the servers have an object of their own; the first form is still read."""
    servers = content.get("mcp", {}).get("servers") if isinstance(content.get("mcp"), dict) else None
    named = isinstance(servers, dict) and "command" not in servers
    return ("mcp", "servers") if named else ("mcp",)


def _application_data(name: str, *rest: str) -> Path:
    """A file in the folder where the system keeps an application's settings."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = _config_home()
    return base.joinpath(name, *rest)


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _zed_settings() -> Path:
    if sys.platform == "win32":
        return _application_data("Zed", "settings.json")
    base = Path.home() / ".config" if sys.platform == "darwin" else _config_home()
    return base / "zed" / "settings.json"


def _opencode_config() -> Path:
    folder = _config_home() / "opencode"
    commented = folder / "opencode.jsonc"
    return commented if commented.exists() else folder / "opencode.json"


def _claude_config() -> Path:
    folder = os.environ.get("CLAUDE_CONFIG_DIR")
    return Path(folder) / ".claude.json" if folder else Path.home() / ".claude.json"


CLIENTS: tuple[AgentClient, ...] = (
    AgentClient("claude-code", "Claude Code", _claude_config, lambda _: ("mcpServers",), _stdio_entry),
    AgentClient(
        "codex",
        "Codex",
        lambda: Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex") / "config.toml",
        lambda _: ("mcp_servers",),
        _command_entry,
    ),
    AgentClient(
        "cursor", "Cursor", lambda: Path.home() / ".cursor" / "mcp.json", lambda _: ("mcpServers",), _command_entry
    ),
    AgentClient(
        "vscode",
        "VS Code",
        lambda: _application_data("Code", "User", "mcp.json"),
        lambda _: ("servers",),
        _stdio_entry,
    ),
    AgentClient("zed", "Zed", _zed_settings, lambda _: ("context_servers",), _command_entry),
    AgentClient(
        "gemini",
        "Gemini CLI",
        lambda: Path.home() / ".gemini" / "settings.json",
        lambda _: ("mcpServers",),
        _command_entry,
    ),
    AgentClient(
        "windsurf",
        "Windsurf",
        lambda: Path.home() / ".codeium" / "windsurf" / "mcp_config.json",
        lambda _: ("mcpServers",),
        _command_entry,
    ),
    AgentClient("opencode", "opencode", _opencode_config, _opencode_keys, _opencode_entry),
)


def clients_named(names: Sequence[str]) -> list[AgentClient]:
    """The clients of these names; without names, those that are set up on this machine.

    Raises:
        UsageError: a name is unknown, or no client was found.
    """
    known = {client.id: client for client in CLIENTS}
    for name in names:
        if name not in known:
            raise UsageError(f"unknown client {name!r}; the clients are {', '.join(known)}")
    found = [known[name] for name in dict.fromkeys(names)] or [client for client in CLIENTS if client.is_present]
    if not found:
        raise UsageError(f"no coding agent was found on this machine; name one: {', '.join(known)}")
    return found


def server_command() -> list[str]:
    """The command that starts the server, independent of PATH and the current folder.

    Clients start it in a project's folder, from which Python must not import (`-P`).
    """
    name = "glossator.exe" if os.name == "nt" else "glossator"
    program = Path(sys.executable).parent / name
    return [str(program), "mcp"] if program.exists() else [sys.executable, "-P", "-m", "glossator", "mcp"]


def planned_install(client: AgentClient, command: list[str]) -> ConfigChange:
    """The change that has a client start the server.

    Raises:
        GlossatorError: its configuration cannot be read or changed; another entry has Glossator's name.
    """
    path, before = _read(client)
    content = _content(client, path, before or "")
    keys = client.keys(content)
    entry = _entry_in(content, keys)
    if entry is not None and not _is_ours(entry):
        raise GlossatorError(
            f"{path} has an entry {'.'.join((*keys, ENTRY_NAME))} that does not start Glossator: rename or remove it"
        )
    wanted = client.entry(command)
    if isinstance(entry, dict):
        wanted = {**entry, **wanted}  # what the user added to the entry stays
    after = before if entry == wanted else _changed(client, path, before or "", keys, wanted)
    return ConfigChange(client, path, before, after, entry is not None)


def planned_removal(client: AgentClient) -> ConfigChange:
    """The change that undoes an installation: if nothing else has changed since, the file is as it was before.

    Raises:
        GlossatorError: the configuration cannot be read or changed.
    """
    path, before = _read(client)
    content = _content(client, path, before or "")
    keys = client.keys(content)
    entry = _entry_in(content, keys)
    if before is None or entry is None or not _is_ours(entry):
        return ConfigChange(client, path, before, before, has_entry=False)
    after: str | None = _changed(client, path, before, keys, None)
    backup = backup_of(path)
    if backup.exists():
        original = _text_of(backup)
        if _without_empty(_content(client, backup, original), keys) == _without_empty(
            _content(client, path, after or ""), keys
        ):
            after = original
    elif _without_empty(_content(client, path, after or ""), keys) == {}:
        after = None  # the file was made by the installation
    return ConfigChange(client, path, before, after, has_entry=True)


def apply_change(change: ConfigChange) -> None:
    """Write a change, at once and whole; the file that an installation changes is kept beside it.

    Raises:
        GlossatorError: the file cannot be written, or was changed meanwhile.
    """
    path, backup = change.path, backup_of(change.path)
    try:
        now = _text_of(path) if path.exists() else None
        if now != change.before:
            raise GlossatorError(f"{path} was changed meanwhile: try again")
        if change.after is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else FILE_MODE
            if change.before is not None and not change.has_entry:
                replace_private_file(backup, change.before, mode)
            replace_private_file(path, change.after, mode)
        if change.has_entry and (change.after is None or ENTRY_NAME not in change.after):
            backup.unlink(missing_ok=True)
    except OSError as error:
        raise GlossatorError(f"cannot write {path}: {error.strerror or error}") from error


def backup_of(path: Path) -> Path:
    """Where the file as it was is kept."""
    return path.with_name(path.name + BACKUP_SUFFIX)


def _read(client: AgentClient) -> tuple[Path, str | None]:
    path = client.file()
    try:
        path = path.resolve()
        return path, _text_of(path) if path.exists() else None
    except (OSError, UnicodeDecodeError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise GlossatorError(f"cannot read {path}: {reason}") from error


def _text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def _content(client: AgentClient, path: Path, text: str) -> Any:
    """What a configuration says.

    Raises:
        GlossatorError: it is not well-formed, or no object.
    """
    try:
        content = tomlkit.parse(text).unwrap() if client.file().suffix == ".toml" else parse_jsonc(text)
    except (UsageError, TOMLKitError) as error:
        raise GlossatorError(f"{path}: {error}; it was not changed") from error
    if not isinstance(content, dict):
        raise GlossatorError(f"{path} is no JSON object; it was not changed")
    return content


def _entry_in(content: Any, keys: Sequence[str]) -> Any:
    for key in (*keys, ENTRY_NAME):
        if not isinstance(content, dict):
            return None
        content = content.get(key)
    return content


def _is_ours(entry: Any) -> bool:
    """Whether an entry starts this program."""
    if not isinstance(entry, dict):
        return False
    command = entry.get("command")
    words = [*(command if isinstance(command, list) else [command]), *(entry.get("args") or [])]
    said = [str(word) for word in words]
    return "mcp" in said[1:] and any("glossator" in word.lower() for word in said)


def _changed(client: AgentClient, path: Path, text: str, keys: tuple[str, ...], entry: dict[str, Any] | None) -> str:
    """The text with the entry set or (None) removed."""
    try:
        if client.file().suffix != ".toml":
            at = (*keys, ENTRY_NAME)
            return without_member(text, at) if entry is None else with_member(text, at, entry)
        return _changed_toml(text, keys, entry)
    except (UsageError, TOMLKitError) as error:
        raise GlossatorError(f"{path}: {error}; it was not changed") from error


def _changed_toml(text: str, keys: tuple[str, ...], entry: dict[str, Any] | None) -> str:
    document = tomlkit.parse(text)
    meant = document.unwrap()
    table: Any = document
    inner = meant
    for key in keys:
        if key not in table:
            table.add(key, tomlkit.table(is_super_table=True))
        table = table[key]
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{key} is no table")
    if entry is None:
        del table[ENTRY_NAME]
        del inner[ENTRY_NAME]
    else:
        if ENTRY_NAME in table:
            for name, value in entry.items():
                table[ENTRY_NAME][name] = value
        else:
            own = tomlkit.table()
            for name, value in entry.items():
                own.add(name, value)
            table.add(ENTRY_NAME, own)
        inner[ENTRY_NAME] = entry
    changed = tomlkit.dumps(document)
    if _without_empty(tomlkit.parse(changed).unwrap(), keys) != _without_empty(meant, keys):
        raise UsageError("the file is written in a way that cannot be changed safely: add the entry by hand")
    return changed


def _without_empty(content: Any, keys: Sequence[str]) -> Any:
    """The content without the objects on the way to the entry, where these are empty."""
    if not keys or not isinstance(content, dict):
        return content
    inner = _without_empty(content.get(keys[0]), keys[1:])
    return {key: inner if key == keys[0] else value for key, value in content.items() if key != keys[0] or inner}
