"""What speed to expect of each model on this machine: measured where it has run, otherwise estimated.

Where at least one installed model has been measured, the estimates of the others are corrected by how far off its own
estimate was.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError
from glossator.model import memory, model_catalog
from glossator.model.header import read_header
from glossator.model.installed import Models
from glossator.model.measured_speed import MeasuredSpeeds, fingerprint, machine_key
from glossator.model.speed import file_speed, this_machine

if TYPE_CHECKING:
    from glossator.model.model_catalog import CatalogEntry
    from glossator.model.runtime import Runtime
    from glossator.model.speed import Speed
    from glossator.settings import Settings

LARGEST_CORRECTION = 4.0
"""Factor by which a measured speed may correct the estimates of other models."""


class Expectations:
    """The expected speeds of models on this machine.

    Attributes:
        machine: what the estimates are based on.
    """

    def __init__(self, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._speeds = MeasuredSpeeds()
        self._key = machine_key(settings, runtime.version, runtime.features, runtime.devices)
        _, total = memory.physical_memory()
        self.machine = this_machine(settings, memory=total, devices=runtime.devices, features=runtime.features)
        self._measured: dict[str, Speed] = {}
        """The measured speeds of installed models, by file name."""
        readings: list[float] = []
        writings: list[float] = []
        for model in Models.of(settings).all():
            path = Path(model.path)
            measured = self._measured_speed(path) if model.present else None
            estimated = self._estimated_speed(path) if measured is not None else None
            if measured is not None and estimated is not None:
                self._measured[path.name.lower()] = measured
                readings.append(measured.reading / estimated.reading)
                writings.append(measured.writing / estimated.writing)
        if readings:
            self.machine = replace(
                self.machine,
                operations=self.machine.operations * _correction(readings),
                bandwidth=self.machine.bandwidth * _correction(writings),
                gpu_operations=self.machine.gpu_operations * _correction(readings),
                gpu_bandwidth=self.machine.gpu_bandwidth * _correction(writings),
            )

    def of_file(self, path: Path) -> Speed | None:
        """The speed of a model file; None if it cannot be used."""
        return self._measured_speed(path) or self._estimated_speed(path)

    def of_entry(self, entry: CatalogEntry) -> Speed:
        """The speed of a model of the catalogue."""
        return self._measured.get(entry.file.lower()) or entry.speed(self.machine)

    def recommended(self) -> CatalogEntry | None:
        """See `model_catalog.recommended`."""
        return model_catalog.recommended(self.machine, self.of_entry)

    def _measured_speed(self, path: Path) -> Speed | None:
        try:
            return self._speeds.get(fingerprint(path), self._key)
        except (OSError, GlossatorError):
            return None

    def _estimated_speed(self, path: Path) -> Speed | None:
        try:
            header = read_header(path)
            needed = memory.needed_bytes(header, memory.context_of(header, self._settings), self._settings)
        except GlossatorError:
            return None
        return file_speed(self.machine, header, needed)


def _correction(ratios: list[float]) -> float:
    return min(max(statistics.median(ratios), 1 / LARGEST_CORRECTION), LARGEST_CORRECTION)


def measure_speed(settings: Settings, path: Path) -> Speed | None:
    """The speed of a model on this machine, which is loaded and measured unless that was done before.

    Takes a few seconds. None if the model cannot run here. Not for use on an event loop's thread.
    """
    from glossator.model.client import ModelClient

    async def loaded() -> Speed | None:
        model = ModelClient(settings, path=path)
        try:
            await model.load()
            return model.speed
        finally:
            await model.close()

    try:
        return asyncio.run(loaded())
    except GlossatorError:
        return None
