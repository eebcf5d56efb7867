"""Which embedder and which ranking weights search a project: those that were adapted to it, or those that are shipped.

An adapted retriever is a folder with the files of a `StaticEmbedder`, or with fitted weights (`ranking.json`), or with
both. It is of use only as long as the shipped embedder is the one that it was made from.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from glossator.index.embedding import Embedder
    from glossator.project.adaptations import Adaptation, Adaptations
    from glossator.retrieval.ranking import Weights

WEIGHTS_FILE = "ranking.json"
"""Fitted weights in an adaptation's folder: {"file": {name: weight}, "entry": {...}, "repeat": number}."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retriever:
    """What a project is searched with.

    Attributes:
        embedder: for documents and queries.
        folder: the folder of an adapted embedder's files; None for the shipped one.
        weights: of ranking; None for the shipped ones.
        name: the adaptation's name; "" for none.
    """

    embedder: Embedder
    folder: Path | None = None
    weights: Weights | None = None
    name: str = ""


def chosen_retriever(adaptations: Adaptations, shipped: Embedder) -> Retriever:
    """The retriever in use for a project; the shipped one if none was adapted, or the adapted one cannot be used."""
    chosen = adaptations.in_use("retriever")
    if chosen is None:
        return Retriever(shipped)
    if reason := unusable(chosen, shipped):
        _log.warning("%s of %s is not used: %s", chosen.name, adaptations.root, reason)
        return Retriever(shipped)
    try:
        return read_retriever(chosen.folder, chosen.name, shipped)
    except EmbeddingError as error:
        _log.warning("%s of %s is not used: %s", chosen.name, adaptations.root, error)
        return Retriever(shipped)


def unusable(adaptation: Adaptation, shipped: Embedder) -> str:
    """Why a retriever cannot be used with the shipped embedder; "" if it can."""
    if adaptation.base == shipped.id:
        return ""
    return "it was made from another version of Glossator's embedder; run `glossator adapt retriever` again"


def read_retriever(folder: Path, name: str, shipped: Embedder) -> Retriever:
    """The adapted retriever in a folder, which may have weights alone, for the shipped embedder.

    Raises:
        EmbeddingError: its files are missing or damaged.
    """
    from glossator.index.embedding import StaticEmbedder

    vectors = folder if (folder / "model.json").exists() else None
    embedder = StaticEmbedder(vectors) if vectors is not None else shipped
    try:
        weights = read_weights((folder / WEIGHTS_FILE).read_text("utf-8"))
    except FileNotFoundError:
        weights = None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmbeddingError(f"cannot read {folder / WEIGHTS_FILE}: {error}") from error
    return Retriever(embedder, vectors, weights, name)


def read_weights(text: str) -> Weights:
    """Weights of ranking, from JSON.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: they are not what they should be.
    """
    from glossator.retrieval.ranking import Weights

    data = json.loads(text)
    tables = [{str(name): float(weight) for name, weight in data[key].items()} for key in ("file", "entry")]
    repeat = float(data["repeat"])
    if not all(map(math.isfinite, (repeat, *tables[0].values(), *tables[1].values()))):
        raise ValueError("a weight is not a number")
    return Weights(file=tables[0], entry=tables[1], repeat=repeat)


def embedder_ids(adaptations: Iterable[Adaptation], shipped: Embedder) -> set[str]:
    """The ids of the adapted embedders that can be used with the shipped one, whose indexes are to be kept."""
    usable = (one for one in adaptations if not unusable(one, shipped))
    return {str(one.details["embedder"]) for one in usable if "embedder" in one.details}
