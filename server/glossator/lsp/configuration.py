"""The client's settings: `initializationOptions` and the section "glossator", checked individually.

Their names are in camelCase. An invalid value is reported once and replaced by its default; other values still apply.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from glossator.errors import SettingsError
from glossator.lsp.message_conversion import camel
from glossator.settings import Settings, updated

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTION = "glossator"


USER_ONLY = frozenset(("adaptations_dir", "team", "team_keys", "team_cache_bytes", "team_server", "team_token"))
"""Settings that no client can set, only `config.toml` and variables: many clients read settings from the workspace, and
a workspace must not choose what becomes part of an answer, or where an index is downloaded from."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options that exist only in the language server."""

    hover: bool = True
    """Show hovers."""
    code_lens: bool = False
    """Show callers and "explain" above definitions."""
    references: bool = True
    """Answer "find references" and the call hierarchy; false where another server for the language does."""
    explain_ahead: bool = False
    """Explain the symbols of the open file while the machine is idle and not on battery."""
    trusted: bool = True
    """False: the workspace is not trusted; no model runs, no commits are read, answers come from the index alone."""
    client_commands: bool = False
    """The client implements the commands of code actions and links: the server executes but does not list them."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """The client's configuration: options of the server, settings of the engine, and problems found in them."""

    options: Options = field(default_factory=Options)
    settings: Settings = field(default_factory=Settings)
    problems: tuple[str, ...] = ()


_OPTIONS = {camel(item.name): item.name for item in fields(Options)}
_SETTINGS = {camel(item.name): item.name for item in fields(Settings) if item.name not in USER_ONLY}


def read(base: Settings, *sources: object) -> Configuration:
    """Override the user's settings with sources (objects with camelCase names; later ones take precedence)."""
    problems: list[str] = []
    merged: dict[str, object] = {}
    for source in sources:
        if source is None:
            continue
        if not isinstance(source, dict):
            problems.append(f"settings must be an object, not {type(source).__name__}; it is ignored")
            continue
        trusted = merged.get("trusted")
        merged.update((name, value) for name, value in source.items() if value is not None)
        if trusted is False:
            merged["trusted"] = False  # settings of a workspace must not be able to make it trusted
    options = _options(merged, problems)
    settings = base
    for name, value in merged.items():
        if name in ("indexDir", "modelsDir") and value == "":
            continue  # how an editor's settings say "the default"; as a path it would be the current folder
        if name in _SETTINGS:
            try:
                settings = updated(settings, {_SETTINGS[name]: value})
            except SettingsError as error:
                problems.append(f"{error}; the default is used")
        elif name not in _OPTIONS:
            near = difflib.get_close_matches(name, [*_SETTINGS, *_OPTIONS], n=1, cutoff=0.7)
            hint = f" (did you mean {SECTION}.{near[0]}?)" if near else ""
            problems.append(f"unknown setting {SECTION}.{name}{hint}; it is ignored")
    if not options.trusted:
        settings = replace(settings, history_commits=0)
    return Configuration(options, settings, tuple(problems))


def _options(merged: Mapping[str, object], problems: list[str]) -> Options:
    values: dict[str, bool] = {}
    for wire, name in _OPTIONS.items():
        if wire in merged:
            if isinstance(value := merged[wire], bool):
                values[name] = value
            else:
                problems.append(f"setting {wire!r} must be true or false, not {value!r}; the default is used")
    return Options(**values)
