"""The states of prefixes in files: found again, checked, bounded, private."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from glossator.model import prefix_states
from glossator.model.prefix_states import PrefixStates

TOKENS = (1, 2, 3)


def opened(folder: Path, key: str = "model") -> PrefixStates:
    states = PrefixStates(folder, key)
    states.open()
    return states


def test_a_state_is_found_by_another_process_of_the_same_model(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    opened(folder).write(TOKENS, b"state\n\0")
    again = opened(folder)
    assert again.prefixes() == [TOKENS]
    assert again.read(TOKENS) == b"state\n\0"
    assert again.read((1, 2)) is None
    assert opened(folder, "other").prefixes() == []
    if os.name == "posix":
        [file] = folder.iterdir()
        assert (folder.stat().st_mode | file.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\n", b'{"tokens": 1}\nstate', b"[]\nstate"])
def test_a_damaged_file_is_deleted(tmp_path: Path, damage: bytes) -> None:
    states = opened(tmp_path)
    states.write(TOKENS, b"state")
    [file] = tmp_path.iterdir()
    file.write_bytes(damage)
    assert states.read(TOKENS) is None
    assert not file.exists()
    file.write_bytes(damage)
    assert opened(tmp_path).prefixes() == []
    assert not file.exists()


def test_a_state_that_does_not_match_its_digest_is_not_used(tmp_path: Path) -> None:
    states = opened(tmp_path)
    states.write(TOKENS, b"state")
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert states.read(TOKENS) is None
    assert states.prefixes() == []


def test_old_and_surplus_files_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = opened(tmp_path)
    for number in range(4):
        states.write((number,), b"s" * 100)
        file = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(file, (0, time.time() - 100 + number))
    old = next(tmp_path.iterdir())
    os.utime(old, (0, time.time() - prefix_states.MAX_STATE_AGE - 10))
    assert len(opened(tmp_path).prefixes()) == 3
    assert not old.exists()
    monkeypatch.setattr(prefix_states, "MAX_STATE_FILES", 2)
    assert len(opened(tmp_path, "other").prefixes()) == 0, "those of other models count as well"
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(prefix_states, "MAX_STATE_BYTES", 300)
    assert len(opened(tmp_path).prefixes()) == 1


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    states = opened(tmp_path / "file")
    states.write(TOKENS, b"state")
    assert states.prefixes() == []
