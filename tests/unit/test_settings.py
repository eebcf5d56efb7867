"""Settings: every value from every source is checked, and what is refused is told with what is allowed."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import get_type_hints

import pytest

from glossator.errors import SettingsError
from glossator.lsp.configuration import read
from glossator.lsp.message_conversion import camel
from glossator.settings import Settings, config_path, load_settings, nearest_name, setting_names, updated

WRONG = [
    ("workers", -3, "from 0 to 1,024"),
    ("workers", 5000, "from 0 to 1,024"),
    ("workers", 2.5, "a whole number"),
    ("workers", "many", "a whole number"),
    ("workers", True, "a whole number"),
    ("workers", None, "a whole number"),
    ("kv_cache_type", "q9", '"f16", "q8_0", "q4_0"'),
    ("kv_cache_type", "", '"f16", "q8_0", "q4_0"'),
    ("kv_cache_type", 8, '"f16", "q8_0", "q4_0"'),
    ("max_file_bytes", 0, "from 1 to"),
    ("max_file_bytes", 10**30, "from 1 to"),
    ("file_timeout", 0, "from 0.1 to 3,600"),
    ("file_timeout", float("nan"), "a number"),
    ("context_tokens", -1, "from 0 to"),
    ("max_answer_tokens", 0, "from 1 to"),
    ("batch_tokens", 0, "from 1 to"),
    ("threads", -1, "from 0 to 1,024"),
    ("gpu_layers", -2, "from -1 to"),
    ("flash_attention", "maybe", "true or false"),
    ("flash_attention", 1, "true or false"),
    ("seed", 2**32, "from -1 to"),
    ("temperature", -0.1, "from 0 to 5"),
    ("temperature", float("inf"), "a number"),
    ("temperature", 10**400, "a number"),
    ("top_p", 1.5, "from 0 to 1"),
    ("idle_unload", -1, "from 0 to"),
    ("endpoint", "localhost:8080", "http://localhost:8080/v1"),
    ("endpoint", "ftp://host/", "http://localhost:8080/v1"),
    ("endpoint", "http://user:pass@host/", "http://localhost:8080/v1"),
    ("team", "s3://[bucket/prefix", "s3://bucket/prefix"),
    ("team", "s3://user:pass@bucket/prefix", "s3://bucket/prefix"),
    ("team", "bucket", "s3://bucket/prefix"),
    ("endpoint_model", 5, "a string"),
    ("model", "a\nb", "a string"),
    ("model", ["a"], "a string"),
    ("models_dir", "", "the path of a folder"),
    ("index_dir", 7, "the path of a folder"),
    ("index_dir", "a\0b", "the path of a folder"),
    ("index_dir", "~nobody-of-that-name/x", "the path of a folder"),
    ("exclude", 5, "a list of strings"),
    ("exclude", [5], "a list of strings"),
    ("lora", {"a": 1}, "a list of strings"),
]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_wrong_value_is_refused(name: str, value: object, allowed: str) -> None:
    if os.name == "nt" and "~" in str(value):
        pytest.skip("every name has a home there")
    with pytest.raises(SettingsError) as raised:
        updated(Settings(), {name: value})
    message = str(raised.value)
    assert repr(name) in message
    assert allowed in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("workers", "4", 4),
        ("workers", 4.0, 4),
        ("temperature", 1, 1.0),
        ("temperature", "0.7", 0.7),
        ("seed", -1, -1),
        ("gpu_layers", -1, -1),
        ("flash_attention", "OFF", False),
        ("kv_cache_type", "q8_0", "q8_0"),
        ("exclude", f"a{os.pathsep}b{os.pathsep}", ("a", "b")),
        ("exclude", ["a", ""], ("a",)),
        ("endpoint", "", ""),
        ("endpoint", "https://[::1]:1/v1", "https://[::1]:1/v1"),
        ("models_dir", "~/models", Path("~/models").expanduser()),
    ],
)
def test_a_right_value_is_taken(name: str, value: object, expected: object) -> None:
    assert getattr(updated(Settings(), {name: value}), name) == expected


def test_the_defaults_are_allowed_and_every_number_has_limits() -> None:
    defaults = Settings()
    assert updated(defaults, {name: getattr(defaults, name) for name in setting_names()}) == defaults
    hints = get_type_hints(Settings)
    for item in fields(Settings):
        if hints[item.name] in (int, float):
            with pytest.raises(SettingsError, match=f"'{item.name}' must be .* from .* to "):
                updated(defaults, {item.name: -1e9})
            with pytest.raises(SettingsError, match=f"'{item.name}' must be .* from .* to "):
                updated(defaults, {item.name: 1e18})


def test_a_key_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="endpoint_key") as raised:
        updated(Settings(), {"endpoint_key": "secret key"})
    assert "secret" not in str(raised.value)
    assert updated(Settings(), {"endpoint_key": "sk-1_2.3"}).endpoint_key == "sk-1_2.3"


def test_a_long_value_is_shortened() -> None:
    with pytest.raises(SettingsError) as raised:
        updated(Settings(), {"kv_cache_type": "x" * 10_000})
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("worker", "workers"),
        ("kv-cache-type", "kv_cache_type"),
        ("kvCacheType", "kv_cache_type"),
        ("temprature", "temperature"),
        ("Endpoint", "endpoint"),
        ("gpu_layer", "gpu_layers"),
    ],
)
def test_the_nearest_name_is_told(name: str, near: str) -> None:
    assert nearest_name(name) == near
    with pytest.raises(SettingsError, match=f"unknown setting '{name}'; did you mean '{near}'"):
        updated(Settings(), {name: 1})


def test_a_name_that_is_like_no_other() -> None:
    with pytest.raises(SettingsError, match=r"known settings are .*workers"):
        updated(Settings(), {"xyz": 1})


def write_config(text: str | bytes) -> Path:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_source_says_where_the_value_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_config("workers = -3\n")
    with pytest.raises(SettingsError, match=r"setting 'workers' must be .*, not -3") as raised:
        load_settings()
    assert str(path) in str(raised.value)
    path.write_text("wrokers = 3\n")
    with pytest.raises(SettingsError, match="did you mean 'workers'"):
        load_settings()
    path.unlink()
    monkeypatch.setenv("GLOSSATOR_KV_CACHE_TYPE", "q9")
    with pytest.raises(SettingsError, match=r"GLOSSATOR_KV_CACHE_TYPE: setting 'kv_cache_type'.*not 'q9'"):
        load_settings()
    monkeypatch.delenv("GLOSSATOR_KV_CACHE_TYPE")
    monkeypatch.setenv("GLOSSATOR_WROKERS", "3")
    with pytest.raises(SettingsError, match="GLOSSATOR_WROKERS: unknown setting 'wrokers'; did you mean 'workers'"):
        load_settings()
    monkeypatch.delenv("GLOSSATOR_WROKERS")
    monkeypatch.setenv("GLOSSATOR_SOMETHING_ELSE", "3")
    with pytest.raises(SettingsError, match=r"setting 'max_answer_tokens' must be .* from 1 to .*, not 0"):
        load_settings({"max_answer_tokens": 0})
    configuration = read(
        Settings(), {camel("kv_cache_type"): "q9", camel("workers"): -3, "temprature": 1, "threads": 2}
    )
    assert configuration.settings == Settings(threads=2)
    assert ["'q9'" in configuration.problems[0], "-3" in configuration.problems[1]] == [True, True]
    assert "did you mean glossator.temperature?" in configuration.problems[2]


def test_later_sources_win(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings() == Settings()
    write_config("\ufeffworkers = 1\nthreads = 1\nseed = 1\n")
    monkeypatch.setenv("GLOSSATOR_THREADS", "2")
    monkeypatch.setenv("GLOSSATOR_SEED", "2")
    assert load_settings({"seed": 3}) == replace(Settings(), workers=1, threads=2, seed=3)


@pytest.mark.parametrize("content", [b"workers = ", b"\xff\xfe", b"a" + b"[" * 5000, b"x = " + b"[" * 50_000])
def test_a_settings_file_that_cannot_be_read(content: bytes) -> None:
    path = write_config(content)
    with pytest.raises(SettingsError, match="cannot read") as raised:
        load_settings()
    assert str(path) in str(raised.value)


def test_a_folder_in_place_of_the_settings_file() -> None:
    config_path().mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"config\.toml"):
        load_settings()
