"""Weights that turn features into an order, and the words that say why.

The weights are fitted by `scripts/fit_ranking` on questions over repositories that are named in docs/benchmarks.md, and
kept in `data/ranking.json` with the scores that they reached. A weight belongs to a feature as it is (not
standardised).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from glossator.retrieval.features import FILE_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

ENTRY_FEATURES = ("text", "dense", "name", "exact", "type", "block", "window", "top")
"""Features by which an entry is chosen within its file; see `search.entry_features`."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What `data/ranking.json` holds.

    Attributes:
        file: weight of each of `FILE_FEATURES` (0 for those that it doesn't name).
        entry: weight of each of `ENTRY_FEATURES`.
        repeat: how much further entries of a file lose against its best one.
    """

    file: Mapping[str, float]
    entry: Mapping[str, float]
    repeat: float

    def file_scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of files, given their features, shape (files, len(FILE_FEATURES))."""
        import numpy as np

        vector = np.array([self.file.get(name, 0.0) for name in FILE_FEATURES], np.float32)
        scores: NDArray[np.float32] = features @ vector
        return scores

    def entry_scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of entries within their files, given their features, shape (entries, len(ENTRY_FEATURES))."""
        import numpy as np

        vector = np.array([self.entry.get(name, 0.0) for name in ENTRY_FEATURES], np.float32)
        scores: NDArray[np.float32] = features @ vector
        return scores


@cache
def default_weights() -> Weights:
    """The weights that come with the package."""
    data = json.loads(files("glossator").joinpath("data/ranking.json").read_text("utf-8"))
    return Weights(file=data["file"], entry=data["entry"], repeat=float(data["repeat"]))
