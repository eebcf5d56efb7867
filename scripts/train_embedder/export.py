"""Writes a model into the files that `glossator.index.embedding` reads."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.embedding import FIELDS, MODEL_FORMAT, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Rows as int8 and a scale each, such that int8 times scale is the row, to within half a scale."""
    scales = np.maximum(np.abs(rows).max(1) / 127, 1e-7).astype(np.float16)
    return np.clip(np.rint(rows / scales.astype(np.float32)[:, None]), -127, 127).astype(np.int8), scales


def write(
    folder: Path,
    words: Sequence[str],
    rows: NDArray[np.float32],
    fields: Mapping[str, float],
    version: str,
    pairs: Mapping[str, int],
) -> None:
    """Write the model's files into `folder`; the same arguments give the same bytes.

    Args:
        folder: made if it is not there.
        words: the vocabulary, most frequent first.
        rows: shape (len(words), dimensions).
        fields: the weight of each of `FIELDS`.
        version: the model's, shown in its id.
        pairs: how many of each kind it was trained on, for the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    small, scales = quantise(rows)
    np.save(folder / "rows.npy", small)
    np.save(folder / "scales.npy", scales)
    (folder / "vocabulary.txt").write_bytes("".join(f"{word}\n" for word in words).encode())
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("rows.npy", "scales.npy", "vocabulary.txt")
    }
    model = {
        "format": MODEL_FORMAT,
        "version": version,
        "dimensions": int(rows.shape[1]),
        "fields": {name: round(float(fields[name]), 4) for name in FIELDS},
        "pairs": dict(pairs),
        "sha256": digests,
    }
    (folder / "model.json").write_bytes((json.dumps(model, indent=2) + "\n").encode())


def read(folder: Path) -> tuple[Vocabulary, NDArray[np.float32], dict[str, float]]:
    """(vocabulary, rows, weights of fields) of a model that `write` wrote."""
    model = json.loads((folder / "model.json").read_bytes())
    rows = np.load(folder / "rows.npy").astype(np.float32) * np.load(folder / "scales.npy").astype(np.float32)[:, None]
    vocabulary = Vocabulary((folder / "vocabulary.txt").read_text("utf-8").splitlines())
    return vocabulary, rows, model["fields"]
