"""All settings, typed, with their defaults, and where each may come from.

Settings come from, later wins: the defaults here, the user's settings file (`config.toml` in the user's configuration
folder), environment variables `GLOSSATOR_<NAME>`, the editor's or the command line's own options. A workspace may only
*narrow* (`NARROWING`): ignore more, index less. Whatever could run or reach something is never read from a workspace.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import platformdirs

from glossator.errors import SettingsError

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one process. Sizes are in bytes, times in seconds, unless a name says otherwise."""

    # Indexing
    index_dir: Path = field(default_factory=lambda: Path(platformdirs.user_cache_dir("glossator", appauthor=False)))
    """Folder that holds all indexes and the cache of vectors."""
    max_file_bytes: int = 2 * MIB
    """Larger files are skipped."""
    exclude: tuple[str, ...] = ()
    """More patterns to ignore, in gitignore's syntax."""
    workers: int = 0
    """Parser processes; 0: all cores but one (the command line spares none for a first index)."""
    file_timeout: float = 20.0
    """A file that keeps a worker longer than this is set aside."""

    # Model
    model: str = ""
    """Path of a GGUF chat model, or the name of an installed one; "" for the one chosen by `glossator models use`."""
    models_dir: Path = field(
        default_factory=lambda: Path(platformdirs.user_data_dir("glossator", appauthor=False)) / "models"
    )
    """Folder for the models that are downloaded, and the list of those that were added."""
    context_tokens: int = 8192
    """Context window asked for; 0: what the model was trained with."""
    max_answer_tokens: int = 1024
    batch_tokens: int = 512
    threads: int = 0
    """Threads of the model; 0: all physical cores but one."""
    gpu_layers: int = -1
    """Layers offloaded to a GPU; -1: as many as fit; 0: none."""
    flash_attention: bool = True
    kv_cache_type: str = "f16"
    """"f16", "q8_0" or "q4_0"."""
    seed: int = 0
    temperature: float = 0.2
    top_p: float = 0.95
    lora: tuple[str, ...] = ()
    """Paths of LoRA adapters, each with an optional scale: "path" or "path=0.5"."""
    idle_unload: float = 900.0
    """The model is unloaded after this many idle seconds; 0: never."""
    endpoint: str = ""
    """URL of an OpenAI-compatible server to use in place of the local model."""
    endpoint_model: str = ""
    endpoint_key: str = ""


NARROWING = frozenset({"exclude", "max_file_bytes"})
"""The settings that a workspace may give: each can only make the index smaller."""


def config_path() -> Path:
    """The user's settings file."""
    return Path(platformdirs.user_config_dir("glossator", appauthor=False)) / "config.toml"


def _convert(name: str, value: object, wanted: Any) -> object:
    """Convert `value` to the type `wanted`; raises SettingsError naming the setting."""
    try:
        if get_origin(wanted) is tuple:
            items = value.split(os.pathsep) if isinstance(value, str) else value
            if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
                raise TypeError
            return tuple(item for item in items if item)
        if wanted is bool:
            if isinstance(value, str):
                return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[value.lower()]
            if not isinstance(value, bool):
                raise TypeError
            return value
        if wanted is Path:
            return Path(str(value)).expanduser()
        if wanted in (int, float):
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise TypeError
            return wanted(value)
        if not isinstance(value, str):
            raise TypeError
        return value
    except (TypeError, ValueError, KeyError):
        kind = "a list of texts" if get_args(wanted) else getattr(wanted, "__name__", str(wanted))
        raise SettingsError(f"setting {name!r} must be {kind}, not {value!r}") from None


def updated(settings: Settings, values: dict[str, object]) -> Settings:
    """`settings` with `values` laid over them, names and types checked.

    Raises:
        SettingsError: an unknown name, or a value of the wrong type.
    """
    hints = get_type_hints(Settings)
    known = {f.name for f in fields(Settings)}
    for name in values:
        if name not in known:
            raise SettingsError(f"unknown setting {name!r}; known are {', '.join(sorted(known))}")
    converted: dict[str, Any] = {name: _convert(name, value, hints[name]) for name, value in values.items()}
    return replace(settings, **converted)


def load_settings(overrides: dict[str, object] | None = None) -> Settings:
    """The settings of this user and process.

    Raises:
        SettingsError: the settings file cannot be read, or a value cannot be used.
    """
    settings = Settings()
    path = config_path()
    if path.is_file():
        try:
            settings = updated(settings, tomllib.loads(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"cannot read {path}: {error}") from error
    prefix = "GLOSSATOR_"
    known = {f.name for f in fields(Settings)}
    environment: dict[str, object] = {
        name[len(prefix) :].lower(): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and name[len(prefix) :].lower() in known
    }
    settings = updated(settings, environment)
    return updated(settings, overrides or {})
