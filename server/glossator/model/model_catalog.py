"""The chat models that are known to work: what they are, where they are, what they need. Facts: data/models.json.

It is a list to choose from, not a limit: any GGUF file can be added (`installed`), and any repository's file pulled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from glossator.errors import ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.model.speed import Machine, Speed

_HEADROOM = 0.85
"""Part of a machine's memory that a recommended model may need at most of: the rest is the editor's and the system's.
A machine sold with 8 GB reports as little as 7.2."""


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One model of the catalogue.

    Attributes:
        name: short name, as given to `glossator models pull`.
        repo: repository on the hub; `file` in it; `revision`: commit that is pinned, "" for the newest.
        bytes: exact size, 0 where only the approximate `size` is known.
        sha256: of the file, in hex; "" where it is the hub's to tell.
        terms: whether the licence has terms of its own that a user must read.
        parameters: weights; `active`: those used for each token, 0 if that is all of them.
        memory: bytes needed in all with a context of 8,192 tokens.
        thinks: whether it reasons before it answers.
    """

    name: str
    title: str
    repo: str
    file: str
    license: str
    memory: int
    context: int
    parameters: int
    revision: str = ""
    bytes: int = 0
    size: int = 0
    sha256: str = ""
    terms: bool = False
    active: int = 0
    thinks: bool = False
    notes: str = ""

    @property
    def page(self) -> str:
        """Where to read about the model and its licence."""
        return f"https://huggingface.co/{self.repo}"

    def fits(self, available: int) -> bool:
        """Whether it runs in so many bytes."""
        return self.memory <= available

    def speed(self, machine: Machine) -> Speed:
        """How fast it would be there, estimated."""
        share = self.active / self.parameters if self.active else 1.0
        return machine.speed(weights=self.parameters * share, bytes_per_token=self.size * share, needed=self.memory)


def _data() -> dict[str, Any]:
    text = resources.files("glossator").joinpath("data", "models.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _entry(facts: dict[str, Any]) -> CatalogEntry:
    for field in ("memory", "parameters", "active"):
        if field in facts:
            facts[field] = int(facts[field])
    facts.setdefault("size", facts.get("bytes", 0))
    return CatalogEntry(**facts)


def entries() -> tuple[CatalogEntry, ...]:
    """The catalogue, smallest model first."""
    return tuple(sorted(map(_entry, _data()["chat"]), key=lambda entry: entry.memory))


def find_entry(name: str) -> CatalogEntry:
    """The entry of that name, or of that file name.

    Raises:
        ModelNotFoundError: there is none.
    """
    wanted = name.lower()
    known = entries()
    for entry in known:
        if wanted in (entry.name, entry.file.lower(), entry.file.lower().removesuffix(".gguf")):
            return entry
    raise ModelNotFoundError(f"no model {name!r} in the catalogue; it has {', '.join(entry.name for entry in known)}")


def by_file(file: str) -> CatalogEntry | None:
    """The entry whose file is called so."""
    return next((entry for entry in entries() if entry.file.lower() == file.lower()), None)


def recommended(machine: Machine, speed: Callable[[CatalogEntry], Speed] | None = None) -> CatalogEntry | None:
    """The model to begin with on a machine: the best of those that fit its memory and are fast enough there.

    None if no model of the catalogue is both: then the index alone gives the better answers. `speed` says how fast one
    is, where more is known than the machine tells.
    """
    defaults = _data()["defaults"]
    names = [name for size, name in defaults["chat"] if machine.memory >= size * _HEADROOM]
    names += [name for size, name in defaults["chat_gpu"] if machine.gpu_memory >= size * _HEADROOM]
    speed = speed or (lambda entry: entry.speed(machine))
    candidates = [entry for name in names if speed(entry := find_entry(name)).bearable]
    return max(candidates, key=lambda entry: entry.memory, default=None)


def alternatives() -> list[tuple[str, int]]:
    """(name, bytes needed) of all models, for telling what would fit instead."""
    return [(entry.name, entry.memory) for entry in entries()]
