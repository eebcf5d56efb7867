"""All settings, typed, with their defaults, what each may be, and where each may come from.

Settings come from, later wins: the defaults here, the user's settings file (`config.toml` in the user's configuration
folder), environment variables `GLOSSATOR_<NAME>`, the editor's or the command line's own options. A workspace may only
narrow what is indexed; whatever could run or reach something is never read from a workspace.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints
from urllib.parse import urlsplit

import platformdirs

from glossator.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

MIB = 1024 * 1024
ENVIRONMENT_PREFIX = "GLOSSATOR_"


def endpoint_url(url: str) -> SplitResult:
    """The parts of an endpoint's URL.

    Raises:
        ValueError: it is not an http or https URL of a host, or holds credentials or a query.
    """
    parts = urlsplit(url.strip())
    port = parts.port  # raises if it is not a number
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[^\s\x00-\x1f]+", parts.hostname or "") or port == 0:
        raise ValueError("not an http or https URL")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("the URL must not contain credentials or a query")
    return parts


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine for certain: "localhost" or a literal loopback address.

    Any other name may resolve to anything, even one that begins with "127.".
    """
    if host == "localhost":
        return True
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a setting may be, beyond its type."""

    allowed: str
    """Completes "must be ..."."""
    holds: Callable[[Any], bool]
    secret: bool = False
    """Its value must not be shown."""


def _number(default: float, minimum: float, maximum: float) -> Any:
    kind = "a whole number" if isinstance(default, int) else "a number"
    span = " to ".join(f"{limit:,}".removesuffix(".0") for limit in (minimum, maximum))
    rule = _Rule(f"{kind} from {span}", lambda value: minimum <= value <= maximum)
    return field(default=default, metadata={"rule": rule})


def _choice(default: str, *others: str) -> Any:
    choices = (default, *others)
    rule = _Rule("one of " + ", ".join(f'"{choice}"' for choice in choices), lambda value: value in choices)
    return field(default=default, metadata={"rule": rule})


def _checked(default: str, allowed: str, holds: Callable[[str], bool], *, secret: bool = False) -> Any:
    return field(default=default, metadata={"rule": _Rule(allowed, holds, secret)})


def _is_endpoint(value: str) -> bool:
    try:
        return not value or bool(endpoint_url(value))
    except ValueError:
        return False


def _is_index(value: str) -> bool:
    try:
        return bool(endpoint_url(value))
    except ValueError:
        return False


def _is_team(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:  # such as brackets without an IPv6 address
        return False
    if value and (parts.username is not None or parts.password is not None or parts.query or parts.fragment):
        return False
    return not value or (bool(parts.scheme) and bool(parts.netloc or parts.path.strip("/")))


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one process. Sizes are in bytes, times in seconds, unless a name says otherwise.

    The constructor takes any values; `updated` checks what comes from a user.
    """

    # Indexing
    index_dir: Path = field(default_factory=lambda: Path(platformdirs.user_cache_dir("glossator", appauthor=False)))
    """Folder that holds all indexes and the cache of vectors."""
    max_file_bytes: int = _number(2 * MIB, 1, 2**40)
    """Larger files are skipped."""
    exclude: tuple[str, ...] = ()
    """More patterns to ignore, in gitignore's syntax."""
    include: tuple[str, ...] = ()
    """Paths to index although git ignores them, or they are vendored; see `workspace.included`."""
    workers: int = _number(0, 0, 1024)
    """Parser processes; 0: all cores but one (the command line spares none for a first index)."""
    file_timeout: float = _number(20.0, 0.1, 3600.0)
    """A file that keeps a worker longer than this is set aside."""
    history_commits: int = _number(5000, 0, 1_000_000)
    """How many of the newest commits are looked at for the history of code; 0: none, and git's log is never read."""

    # Team
    team: str = _checked("", 'empty or a URL like "s3://bucket/prefix" or "file:///folder"', _is_team)
    """URL of the storage that holds the team's index; "" for none, and then nothing is downloaded."""
    team_keys: tuple[str, ...] = ()
    """Public keys ("ed25519-...") of those who build it: what is signed with another key is ignored."""
    team_cache_bytes: int = _number(2 * 1024 * MIB, 0, 2**50)
    """How much of it may be kept on disk, beside the indexes of the opened folders."""
    team_server: str = _checked("", 'empty or a URL like "https://code.example.org"', _is_endpoint)
    """URL of a team's server (`glossator team serve`) for `glossator search --server`; "" for none."""
    team_token: str = _checked(
        "",
        "printable ASCII characters without spaces",
        lambda value: value.isascii() and value.isprintable() and " " not in value,
        secret=True,
    )
    """Sent to that server as a bearer token, and to no other."""

    # Model
    model: str = ""
    """Path of a GGUF chat model, or the name of an installed one; "" for the one chosen by `glossator models use`."""
    models_dir: Path = field(
        default_factory=lambda: Path(platformdirs.user_data_dir("glossator", appauthor=False)) / "models"
    )
    """Folder for the models that are downloaded, and the list of those that were added."""
    adaptations_dir: Path = field(
        default_factory=lambda: Path(platformdirs.user_data_dir("glossator", appauthor=False)) / "adaptations"
    )
    """Folder for what `glossator adapt` has learned, one folder in it for each project. No client can set it: what a
    workspace's settings name must not become part of an answer."""
    runtime_index: str = _checked(
        "https://abetlen.github.io/llama-cpp-python/whl", 'a URL like "https://host/whl"', _is_index
    )
    """URL under which `glossator runtime install` finds the package indexes of llama-cpp-python's builds."""
    context_tokens: int = _number(8192, 0, 2**24)
    """Context window asked for; 0: what the model was trained with."""
    max_answer_tokens: int = _number(1024, 1, 2**20)
    patience: float = _number(5.0, 0.5, 3600.0)
    """Seconds that a user waits for the first word of an answer: a slower model is shown less evidence."""
    batch_tokens: int = _number(512, 1, 2**16)
    """Tokens of a prompt that are handed to llama.cpp at once."""
    threads: int = _number(0, 0, 1024)
    """Threads of the model; 0: all physical cores but one."""
    gpu_layers: int = _number(-1, -1, 10_000)
    """Layers offloaded to a GPU; -1: as many as fit; 0: none."""
    flash_attention: bool = True
    kv_cache_type: str = _choice("f16", "q8_0", "q4_0")
    """Type of the numbers in the key-value cache."""
    seed: int = _number(0, -1, 2**32 - 1)
    """Of sampling; -1: another one for each answer."""
    temperature: float = _number(0.2, 0.0, 5.0)
    top_p: float = _number(0.95, 0.0, 1.0)
    lora: tuple[str, ...] = ()
    """Paths of LoRA adapters, each with an optional scale: "path" or "path=0.5"."""
    idle_unload: float = _number(900.0, 0.0, 31_536_000.0)
    """The model is unloaded after this many idle seconds; 0: never."""
    endpoint: str = _checked("", 'empty or a URL like "http://localhost:8080/v1"', _is_endpoint)
    """URL of an OpenAI-compatible server to use in place of the local model."""
    endpoint_model: str = ""
    """Name of the model to ask for there; "": the first that the server lists."""
    endpoint_key: str = _checked(
        "",
        "printable ASCII characters without spaces",
        lambda value: value.isascii() and value.isprintable() and " " not in value,
        secret=True,
    )
    """Sent to the endpoint's host as a bearer token, and to no other."""


def config_path() -> Path:
    """The user's settings file."""
    return Path(platformdirs.user_config_dir("glossator", appauthor=False)) / "config.toml"


_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    Path: "the path of a folder",
}


def _converted(value: object, wanted: Any) -> object:
    """`value` as the type `wanted`; raises ValueError if it cannot be."""
    if get_origin(wanted) is tuple:
        items = value.split(os.pathsep) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise ValueError
        return tuple(text for item in items if (text := _plain(item)))
    if wanted is bool:
        truth = _TRUTH.get(value.strip().lower()) if isinstance(value, str) else value
        if not isinstance(truth, bool):
            raise ValueError
        return truth
    if wanted is Path:
        text = str(value) if isinstance(value, Path) else _plain(value)
        if not text.strip():
            raise ValueError
        try:
            return Path(text).expanduser()
        except RuntimeError:
            raise ValueError from None  # "~name" of a user that does not exist
    if wanted in (int, float):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        if wanted is int and not isinstance(value, float):
            return int(value)
        number = float(value)
        if not math.isfinite(number) or (wanted is int and not number.is_integer()):
            raise ValueError
        return wanted(number)
    return _plain(value)


def _plain(value: object) -> str:
    """A string without control characters; raises ValueError for anything else."""
    if not isinstance(value, str) or any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError
    return value


def setting_names() -> tuple[str, ...]:
    """The names of all settings."""
    return tuple(item.name for item in fields(Settings))


def nearest_name(name: str) -> str:
    """The setting whose name is most like `name`; "" if none is."""
    import difflib

    found = difflib.get_close_matches(name.lower().replace("-", "_"), setting_names(), n=1, cutoff=0.7)
    return found[0] if found else ""


def updated(settings: Settings, values: dict[str, object]) -> Settings:
    """`settings` with `values` laid over them; names, types and ranges are checked.

    Raises:
        SettingsError: an unknown name, or a value that is not allowed; the message names both, and what is allowed.
    """
    hints = get_type_hints(Settings)
    rules: dict[str, _Rule | None] = {item.name: item.metadata.get("rule") for item in fields(Settings)}
    converted: dict[str, Any] = {}
    for name, value in values.items():
        if name not in rules:
            near = nearest_name(name)
            hint = f"did you mean {near!r}?" if near else f"known settings are {', '.join(sorted(rules))}"
            raise SettingsError(f"unknown setting {name!r}; {hint}")
        rule = rules[name]
        try:
            converted[name] = _converted(value, hints[name])
            if rule is not None and not rule.holds(converted[name]):
                raise ValueError
        except (ValueError, OverflowError):
            allowed = rule.allowed if rule is not None else _KINDS.get(hints[name], "a list of strings")
            shown = "" if rule is not None and rule.secret else f", not {_shortened(value)}"
            raise SettingsError(f"setting {name!r} must be {allowed}{shown}") from None
    return replace(settings, **converted)


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _from_file(settings: Settings, path: Path) -> Settings:
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return settings
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    import tomllib

    try:
        return updated(settings, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unreadable(path, error) from error
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def _unreadable(path: Path, error: Exception) -> SettingsError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return SettingsError(f"cannot read {path}: {reason}")


def _from_environment(settings: Settings) -> Settings:
    known = setting_names()
    for variable, value in sorted(os.environ.items()):
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if not variable.startswith(ENVIRONMENT_PREFIX) or (name not in known and not nearest_name(name)):
            continue  # a variable that resembles no setting belongs to something else
        try:
            settings = updated(settings, {name: value})
        except SettingsError as error:
            raise SettingsError(f"environment variable {variable}: {error}") from None
    return settings


def load_settings(overrides: dict[str, object] | None = None) -> Settings:
    """The settings of this user and process.

    Args:
        overrides: what the command line gives.

    Raises:
        SettingsError: the settings file cannot be read, or a value cannot be used; the message says where it stands.
    """
    settings = _from_environment(_from_file(Settings(), config_path()))
    return updated(settings, overrides or {})
