"""Which adapter a project's answers are written with: the one in use for it, if it is for the model that answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.errors import ModelError
from glossator.project.adaptations import Adaptations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.project.adaptations import Adaptation
    from glossator.settings import Settings

ADAPTER_FILE = "adapter.gguf"

_log = logging.getLogger(__name__)


def adapted_settings(settings: Settings, roots: Sequence[Path]) -> Settings:
    """The settings with the adapter of the project among the setting `lora`.

    Nothing is added where several projects are open at once, since what one says must not colour answers about another;
    where a server answers; and where the adapter is for another model than the one in use.
    """
    if len(roots) != 1 or settings.endpoint:
        return settings
    adaptation = Adaptations(settings, roots[0]).in_use("model")
    if adaptation is None or not is_for_model_in_use(adaptation, settings):
        return settings
    path = _whole_file(adaptation)
    return settings if path is None else replace(settings, lora=(*settings.lora, str(path)))


def adapter_in_use(kept: Adaptations, model: Path) -> Path | None:
    """The adapter's file with which a model (a GGUF file) answers about a project; None if it answers without one."""
    adaptation = kept.in_use("model")
    return _whole_file(adaptation) if adaptation is not None and _is_for(adaptation, model) else None


def is_for_model_in_use(adaptation: Adaptation, settings: Settings) -> bool:
    """Whether an adaptation was made for the model that answers by these settings."""
    from glossator.model.installed import model_path

    try:
        return _is_for(adaptation, model_path(settings))
    except ModelError:
        return False


def _is_for(adaptation: Adaptation, model: Path) -> bool:
    try:
        status = model.stat()
        return _fingerprint(model, status.st_size, status.st_mtime_ns) == adaptation.details.get("base_fingerprint")
    except (ModelError, OSError):
        return False


def _whole_file(adaptation: Adaptation) -> Path | None:
    """An adapter's file, if it is as it was written; otherwise the log says why it is not used."""
    path = adaptation.folder / ADAPTER_FILE
    if (problem := _problem(path, adaptation)) is not None:
        _log.warning("the adapter %s is not used: %s", path, problem)
        return None
    return path


def _problem(path: Path, adaptation: Adaptation) -> str | None:
    """Why an adapter's file cannot be used; None if it is as it was written. A model does not load with another one."""
    try:
        status = path.stat()
        recorded = adaptation.details.get("adapter_sha256")
        if recorded and _sha256(path, status.st_size, status.st_mtime_ns) != recorded:
            return "it is damaged"
    except OSError as error:
        return error.strerror or str(error)
    return None


@lru_cache(maxsize=8)
def _sha256(path: Path, size: int, modified: int) -> str:
    """The file's hash, remembered as long as the file stays the same."""
    from glossator.model.installed import sha256_of

    del size, modified
    return sha256_of(path)


@lru_cache(maxsize=8)
def _fingerprint(path: Path, size: int, modified: int) -> str:
    """`fingerprint`, remembered as long as the file stays the same."""
    from glossator.model.measured_speed import fingerprint

    del size, modified
    return fingerprint(path)
