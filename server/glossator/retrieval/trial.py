"""How far an embedding model can be trusted: a trial on the user's own code, kept beside its vectors."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """How well an embedding model found definitions by their docs: mean reciprocal ranks among all of `pairs`."""

    model: float
    static: float
    """The static embedder's, on the same pairs."""
    pairs: int

    @property
    def trust(self) -> float:
        """How much the model counts: 1 where it does as well as the static embedder, 0 from half as well down, 2 from
        half as well again up. The one that `STRENGTH` was chosen with did as well."""
        worst = max(self.static / 2, 1e-6)
        return min(max((self.model - worst) / worst, 0.0), 2.0)


def reciprocal_rank(questions: NDArray[np.float32], answers: NDArray[np.float32]) -> float:
    """Mean reciprocal rank of each question's own answer, the one in the same row, among all."""
    import numpy as np

    products = questions @ answers.T
    own = products.diagonal()[:, None]
    # Of equals half stand before: a model that gives all the same vector must not come out well.
    ranks = 1 + (products > own).sum(1) + ((products == own).sum(1) - 1) / 2
    return float(np.mean(1 / ranks))


def first_sentence(doc: str) -> str:
    """The first sentence of a doc's first paragraph, at most 200 characters, white space folded."""
    paragraph = " ".join(doc.strip().split("\n\n", 1)[0].split())
    return re.split(r"(?<=[.!?])\s", paragraph, maxsplit=1)[0][:200]


def _trial_path(cache: Path) -> Path:
    return cache.with_suffix(".json")


def read_trial(cache: Path) -> Trial | None:
    """The trial that is kept beside a cache of vectors; None if there is none."""
    try:
        kept = json.loads(_trial_path(cache).read_text("utf-8"))
        return Trial(float(kept["model"]), float(kept["static"]), int(kept["pairs"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_trial(cache: Path, trial: Trial) -> None:
    """Keep a trial beside a cache of vectors; if that fails it is held again the next time."""
    try:
        _trial_path(cache).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _trial_path(cache).write_text(json.dumps(asdict(trial)), "utf-8")
    except OSError as error:
        _log.warning("cannot keep the trial of the embedding model: %s", error)
