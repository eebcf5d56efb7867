"""The models that are known to work: what they are, where they are, what they need. The facts are in data/models.json.

It is a list to choose from, not a limit: any GGUF file can be added (`installed`), and any repository's file pulled.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from glossator.errors import ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

ModelRole = Literal["chat", "embedding"]

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
        parameters: weights; `active`: those used for each token.
        memory: bytes needed in all with a context of 8,192 tokens (chat) or one batch (embedding).
        thinks: whether it reasons before it answers.
        pooling, query_prefix, document_prefix, dimensions: of embedding models.
    """

    name: str
    role: ModelRole
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
    dimensions: int = 0
    pooling: str = ""
    query_prefix: str = ""
    document_prefix: str = ""

    @property
    def page(self) -> str:
        """Where to read about the model and its licence."""
        return f"https://huggingface.co/{self.repo}"

    def fits(self, available: int) -> bool:
        """Whether it runs in so many bytes."""
        return self.memory <= available


def _data() -> dict[str, Any]:
    text = resources.files("glossator").joinpath("data", "models.json").read_text("utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


def _entry(role: ModelRole, facts: dict[str, Any]) -> CatalogEntry:
    for field in ("memory", "parameters", "active"):
        if field in facts:
            facts[field] = int(facts[field])
    facts.setdefault("size", facts.get("bytes", 0))
    return CatalogEntry(role=role, **facts)


def entries(role: ModelRole | None = None) -> tuple[CatalogEntry, ...]:
    """The catalogue, smallest model of each role first."""
    data = _data()
    roles: Sequence[ModelRole] = (role,) if role else ("chat", "embedding")
    found = [_entry(each, facts) for each in roles for facts in data[each]]
    return tuple(sorted(found, key=lambda entry: (entry.role, entry.memory)))


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


def recommended(role: ModelRole, *, memory: int, gpu_memory: int = 0) -> CatalogEntry | None:
    """The model to begin with on a machine with so many bytes of memory; None if all are too large.

    Args:
        memory: main memory in all, bytes.
        gpu_memory: memory of the largest accelerator that the runtime can use, bytes.
    """
    defaults = _data()["defaults"]
    names = [name for size, name in defaults[role] if memory >= size * _HEADROOM]
    if role == "chat":
        on_gpu = [name for size, name in defaults["chat_gpu"] if gpu_memory >= size * _HEADROOM]
        names += on_gpu
    if not names and role == "chat" and memory >= 2_000_000_000:
        names = ["qwen2.5-coder-0.5b"]
    candidates = [find_entry(name) for name in names]
    return max(candidates, key=lambda entry: entry.memory, default=None)


def alternatives(embedding: bool) -> list[tuple[str, int]]:
    """(name, bytes needed) of all models of a role, for telling what would fit instead."""
    return [(entry.name, entry.memory) for entry in entries("embedding" if embedding else "chat")]
