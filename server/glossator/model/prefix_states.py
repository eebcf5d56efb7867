"""What a model has evaluated of the beginning that all prompts share, kept in files for the next process.

Reading 300 tokens takes a 1.5B model on two cores about 3 seconds; restoring their state means reading a file of some
megabytes. A file holds the tokens and llama.cpp's state after them. It is only as good as its key, which names the
model's content and all that the state depends on; a file that is damaged, of another key or unused for a month is
deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from typing import TYPE_CHECKING

from glossator.private_files import FILE_MODE, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAX_STATE_FILES = 12
MAX_STATE_BYTES = 256 * 1024 * 1024
"""Of all files together; the state of 300 tokens of a 1.5B model has 9 MB."""
MAX_STATE_AGE = 30 * 86_400
"""Seconds after its last use at which a file is deleted."""

_FORMAT = 1
_SUFFIX = ".state"
_LONGEST_HEAD = 1024 * 1024


class PrefixStates:
    """The files of one folder that belong to one model. Used by one thread; other processes may use the folder too."""

    def __init__(self, folder: Path, key: str) -> None:
        """Nothing is read or created yet.

        Args:
            key: stands for the model and all that its state depends on.
        """
        self._folder = folder
        self._key = key
        self._files: dict[tuple[int, ...], Path] = {}

    def open(self) -> None:
        """Find the files of this model, and delete those that are too old or too many."""
        self._files.clear()
        found = self._dated()
        total = 0
        for count, (used, size, path) in enumerate(found):
            total += size
            if count >= MAX_STATE_FILES or total > MAX_STATE_BYTES or time.time() - used > MAX_STATE_AGE:
                _delete(path)
            elif path.name.startswith(f"{self._key}-"):
                tokens = self._tokens(path)
                if tokens is None:
                    _delete(path)
                else:
                    self._files[tokens] = path

    def prefixes(self) -> list[tuple[int, ...]]:
        """The token sequences whose state is kept."""
        return list(self._files)

    def read(self, tokens: tuple[int, ...]) -> bytes | None:
        """The state after these tokens; None if the file is gone or damaged."""
        path = self._files.get(tokens)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                head = json.loads(file.readline(_LONGEST_HEAD))
                state = file.read()
            os.utime(path)
        except (OSError, ValueError):
            state, head = b"", {}
        if not state or not isinstance(head, dict) or head.get("digest") != _digest(state):
            self.forget(tokens)
            return None
        return state

    def write(self, tokens: Sequence[int], state: bytes) -> None:
        """Keep the state after these tokens; what the disk refuses is not kept."""
        key = tuple(tokens)
        name = f"{self._key}-{hashlib.blake2b(json.dumps(key).encode(), digest_size=8).hexdigest()}{_SUFFIX}"
        path = self._folder / name
        partial = path.with_name(f"{name}.{os.getpid()}.part")
        head = json.dumps({"format": _FORMAT, "key": self._key, "digest": _digest(state), "tokens": key})
        try:
            make_private_folder(self._folder)
            partial.unlink(missing_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, FILE_MODE), "wb") as file:
                file.write(head.encode() + b"\n" + state)
            partial.replace(path)
        except OSError:
            _delete(partial)
            return
        self._files[key] = path
        self.open()

    def forget(self, tokens: tuple[int, ...]) -> None:
        """Delete the file of these tokens: llama.cpp cannot use it."""
        if path := self._files.pop(tokens, None):
            _delete(path)

    def _dated(self) -> list[tuple[float, int, Path]]:
        """(time of the last use, bytes, path) of all files, those used last first."""
        found: list[tuple[float, int, Path]] = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):
                    status = path.stat()
                    if path.suffix == _SUFFIX:
                        found.append((status.st_mtime, status.st_size, path))
                    elif path.suffix == ".part" and time.time() - status.st_mtime > 3600:
                        _delete(path)  # of a process that was killed
        return sorted(found, key=lambda item: item[0], reverse=True)

    def _tokens(self, path: Path) -> tuple[int, ...] | None:
        try:
            with path.open("rb") as file:
                head = json.loads(file.readline(_LONGEST_HEAD))
            if head["format"] == _FORMAT and head["key"] == self._key:
                return tuple(int(token) for token in head["tokens"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return None


_BINARY = getattr(os, "O_BINARY", 0)


def _digest(state: bytes) -> str:
    return hashlib.blake2b(state, digest_size=16).hexdigest()


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
