"""How fast models have been on this machine: measured when a model is first loaded, corrected by every answer.

The figures are kept in a small file, by the model's content and by what of the machine and the settings decides on its
speed. The file is a cache: if it is damaged or cannot be written, speeds are measured again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from glossator.model.header import split_files
from glossator.model.speed import Speed, thread_count
from glossator.private_files import make_private_folder, replace_private_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.model.memory import Device
    from glossator.settings import Settings

LEAST_READ = 64
"""Tokens of a prompt below which the time to read them says little about the speed."""
LEAST_WRITTEN = 8
UNDISTURBED = 0.85
"""Part of the processor time from which other programs are taken not to have disturbed an answer."""
NEW_SHARE = 0.3
"""Weight of a new figure in the average: one slow answer on a busy machine changes little, five change it."""
MAX_KEPT = 64
"""Models and machines whose speed is kept; those measured first are forgotten first."""

_SAMPLES = 64
_SAMPLE_BYTES = 4096

_log = logging.getLogger("glossator.model")


def model_cache_folder() -> Path:
    """The folder for what is known of models and can be found out again."""
    return Path(platformdirs.user_cache_dir("glossator", appauthor=False)) / "models"


def fingerprint(path: Path) -> str:
    """Stands for the content of a model's files: their sizes, and a few hundred kilobytes from all over them.

    Raises:
        OSError: a file cannot be read.
        ModelInvalidError: a part of a split model is missing.
    """
    digest = hashlib.blake2b(digest_size=12)
    for part in split_files(path):
        size = part.stat().st_size
        digest.update(str(size).encode())
        with part.open("rb") as file:
            for number in range(_SAMPLES):
                file.seek(size * number // _SAMPLES)
                digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def machine_key(settings: Settings, runtime: str, features: str, devices: Sequence[Device]) -> str:
    """Stands for all but the model that decides on the speed.

    Args:
        runtime: version of llama-cpp-python.
        features: what llama.cpp says of the processor.
        devices: accelerators that the runtime can use.
    """
    facts = [
        platform.machine(),
        _processor(),
        str(os.cpu_count()),
        str(thread_count(settings)),
        runtime,
        features,
        *(f"{device.name} {device.description} {device.total}" for device in devices),
        *(str(value) for value in (settings.gpu_layers, settings.flash_attention, settings.kv_cache_type)),
    ]
    return hashlib.blake2b("\0".join(facts).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _processor() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        if match := re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE):
            return match[1]
    return platform.processor()


class MeasuredSpeeds:
    """The speeds in a file. Processes that write at the same time may lose one of two corrections, nothing else."""

    def __init__(self, path: Path | None = None) -> None:
        """Nothing is read or created yet; `path` defaults to a file in the user's cache folder."""
        self._path = path if path is not None else model_cache_folder() / "speeds.json"

    def get(self, model: str, machine: str) -> Speed | None:
        """The speed of a model (its fingerprint) on a machine (its key); None if it was never measured."""
        return _speed(self._read().get(f"{model} {machine}"))

    def put(self, model: str, machine: str, speed: Speed) -> None:
        """Keep a speed; if the file cannot be written, it is measured again the next time."""
        speeds = self._read()
        speeds.pop(f"{model} {machine}", None)
        speeds[f"{model} {machine}"] = {"reading": round(speed.reading, 2), "writing": round(speed.writing, 2)}
        kept = dict(list(speeds.items())[-MAX_KEPT:])
        try:
            make_private_folder(self._path.parent)
            replace_private_file(self._path, json.dumps({"version": 1, "speeds": kept}, indent=1))
        except OSError as error:
            _log.info("the measured speed of the model cannot be kept: %s", error)

    def _read(self) -> dict[str, Any]:
        try:
            data = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        speeds = data.get("speeds") if isinstance(data, dict) else None
        return speeds if isinstance(speeds, dict) else {}


def _speed(value: object) -> Speed | None:
    if not isinstance(value, dict):
        return None
    reading, writing = value.get("reading"), value.get("writing")
    if not all(isinstance(rate, int | float) and math.isfinite(rate) and rate > 0 for rate in (reading, writing)):
        return None
    return Speed(float(reading or 0), float(writing or 0), measured=True)


def corrected_speed(speed: Speed, *, reading: float | None = None, writing: float | None = None) -> Speed:
    """A speed after an answer that was read or written at these rates (tokens per second)."""

    def average(old: float, new: float | None) -> float:
        return old if not new else (1 - NEW_SHARE) * old + NEW_SHARE * new

    return Speed(average(speed.reading, reading), average(speed.writing, writing), measured=True)
