"""A BERT as it comes from its makers, converted, does in llama.cpp what its formulas say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glossator.model.header import read_header
from glossator.settings import Settings
from glossator.upgrading import EmbeddingService

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from minilm_gguf import convert  # noqa: E402

WIDTH, LAYERS, HEADS, CONTEXT = 64, 2, 4, 64
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "read", "write", "a", "file", "##s", "list"]
CONFIG = {
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": 2 * WIDTH,
    "max_position_embeddings": CONTEXT, "layer_norm_eps": 1e-12, "type_vocab_size": 2,
}  # fmt: skip


def weights() -> dict[str, Any]:
    """Random weights under their makers' names."""
    rng = np.random.default_rng(5)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (CONTEXT, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.weight": (WIDTH, WIDTH),
    }
    for layer in range(LAYERS):
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes[f"encoder.layer.{layer}.{part}.weight"] = (WIDTH, WIDTH)
            shapes[f"encoder.layer.{layer}.{part}.bias"] = (WIDTH,)
        shapes[f"encoder.layer.{layer}.intermediate.dense.weight"] = (2 * WIDTH, WIDTH)
        shapes[f"encoder.layer.{layer}.intermediate.dense.bias"] = (2 * WIDTH,)
        shapes[f"encoder.layer.{layer}.output.dense.weight"] = (WIDTH, 2 * WIDTH)
        shapes[f"encoder.layer.{layer}.output.dense.bias"] = (WIDTH,)
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"encoder.layer.{layer}.{norm}.weight"] = (WIDTH,)
            shapes[f"encoder.layer.{layer}.{norm}.bias"] = (WIDTH,)
    return {
        name: (rng.standard_normal(shape) / np.sqrt(shape[-1]) + ("Norm.weight" in name)).astype(np.float32)
        for name, shape in shapes.items()
    }


def write(folder: Path, tensors: dict[str, Any]) -> None:
    """A model's folder as its makers publish it."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), len(data) + tensor.nbytes]}
        data += tensor.tobytes()
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    (folder / "config.json").write_text(json.dumps(CONFIG), "utf-8")


def norm(rows: Any, tensors: dict[str, Any], name: str) -> Any:
    centred = rows - rows.mean(1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(1, keepdims=True) + CONFIG["layer_norm_eps"])
    return scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def expected(tokens: list[str], tensors: dict[str, Any]) -> Any:
    """The mean of a BERT's last layer, of length 1, by its formulas (Devlin et al., 2019)."""
    from math import erf

    def dense(rows: Any, name: str) -> Any:
        return rows @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    numbers = [WORDS.index(token) for token in tokens]
    rows = tensors["embeddings.word_embeddings.weight"][numbers]
    rows = rows + tensors["embeddings.position_embeddings.weight"][: len(numbers)]
    rows = norm(rows + tensors["embeddings.token_type_embeddings.weight"][0], tensors, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        query, key, value = (
            dense(rows, f"{at}attention.self.{part}").reshape(len(rows), HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / np.sqrt(WIDTH // HEADS))
        mixed = (scores / scores.sum(2, keepdims=True)) @ value
        attended = dense(mixed.transpose(1, 0, 2).reshape(len(rows), WIDTH), f"{at}attention.output.dense")
        rows = norm(rows + attended, tensors, f"{at}attention.output.LayerNorm")
        inner = dense(rows, f"{at}intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(erf)(inner / np.sqrt(2)))
        rows = norm(rows + dense(inner, f"{at}output.dense"), tensors, f"{at}output.LayerNorm")
    mean = rows.mean(0)
    return mean / np.linalg.norm(mean)


@pytest.mark.llama
def test_it_does_what_it_did(tmp_path: Path) -> None:
    tensors = weights()
    write(tmp_path, tensors)
    convert(tmp_path, tmp_path / "tiny.gguf")
    header = read_header(tmp_path / "tiny.gguf")
    assert header.is_embedder
    assert header.width == WIDTH
    service = EmbeddingService(Settings(threads=1), tmp_path / "tiny.gguf")
    try:
        found = service.embed(["read a file", "list files", "write"])
    finally:
        service.close()
    for vector, tokens in zip(found, (["read", "a", "file"], ["list", "file", "##s"], ["write"]), strict=True):
        assert vector @ expected(["[CLS]", *tokens, "[SEP]"], tensors) > 0.999
