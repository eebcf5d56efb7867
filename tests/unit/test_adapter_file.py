"""Adapters for llama.cpp: what is written changes a model exactly as merged weights would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from glossator.adapt.adapter_file import AdapterFacts, read_adapter, write_adapter
from glossator.adapt.base_models import LOCAL_LAYERS, TARGETS, BaseWeights, rows_as_in_gguf, rows_as_in_transformers
from glossator.errors import ModelInvalidError
from glossator.model.chat import ChatMessage
from glossator.model.client import ModelClient
from glossator.settings import Settings
from tests import gguf_files

SHAPE = gguf_files.Shape(layers=2, width=64, heads=4, kv_heads=2, feed_forward=96)
RANK, ALPHA = 4, 8.0
PLACES = {name: "self_attn" if name[0] in "qkvo" else "mlp" for name in TARGETS}


def matrices(base: BaseWeights) -> dict[str, tuple[Any, Any]]:
    """Random matrices for all targets, large enough to change what a model says."""
    rng = np.random.default_rng(5)
    found = {}
    for layer in range(base.shape.layers):
        for target, place in PLACES.items():
            name = f"model.layers.{layer}.{place}.{target}.weight"
            rows, columns = base.size_of(name)
            down = rng.standard_normal((RANK, columns)).astype(np.float32) / np.sqrt(columns)
            found[name] = (down, rng.standard_normal((rows, RANK)).astype(np.float32) * 0.3)
    return found


def merged(base: BaseWeights, path: Path, changes: dict[str, tuple[Any, Any]]) -> Path:
    """The base with what the matrices add in its own weights: what an adapter has to be equal to."""
    reader = gguf.GGUFReader(base.path)
    added = {base.gguf_name(name): (name, ALPHA / RANK * up @ down) for name, (down, up) in changes.items()}
    writer = gguf.GGUFWriter(path, base.shape.architecture)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            kind = field.types[0]
            inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, inner)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape([int(n) for n in reversed(tensor.shape)])
        if tensor.name in added:
            name, more = added[tensor.name]
            as_trained = rows_as_in_transformers(values, name, base.shape) + more
            values = rows_as_in_gguf(as_trained, name, base.shape)
        writer.add_tensor(tensor.name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def facts(base: BaseWeights) -> AdapterFacts:
    return AdapterFacts(base.shape.architecture, base.name, "ab" * 32, "cd" * 12, RANK, ALPHA, {"examples": 3})


@pytest.mark.llama
@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3", "gemma3"])
async def test_an_adapter_is_equal_to_merged_weights(tmp_path: Path, architecture: str) -> None:
    shape = replace(SHAPE, layers=LOCAL_LAYERS) if architecture == "gemma3" else SHAPE
    model = gguf_files.random_model(tmp_path / "base.gguf", shape, architecture=architecture, context=512)
    base = BaseWeights(model)
    changes = matrices(base)
    write_adapter(tmp_path / "adapter.gguf", base, changes, facts(base))
    whole = merged(base, tmp_path / "merged.gguf", changes)
    settings = Settings(context_tokens=512, kv_cache_type="f16")
    dialogue = ([ChatMessage("user", "What does `read` return, and what if there is no file?")], "It returns text [1].")
    async with ModelClient(settings, path=model) as client:
        [(prompt, answer)] = await client.encode([dialogue])
        plain = np.array(await client.score(prompt, answer))
        await client.set_lora([str(tmp_path / "adapter.gguf")])  # without loading the model again
        adapted = np.array(await client.score(prompt, answer))
        await client.set_lora([])
        again = np.array(await client.score(prompt, answer))
    async with ModelClient(settings, path=whole) as client:
        wanted = np.array(await client.score(prompt, answer))
    assert np.allclose(plain, again, atol=1e-5)
    assert np.abs(plain - adapted).max() > 0.1  # it does change something
    assert np.allclose(adapted, wanted, atol=0.01)


@pytest.mark.llama
async def test_scores_are_those_of_a_distribution(tmp_path: Path) -> None:
    """The chances of all tokens at a place add up to one, and the reciter is sure of its text."""
    gguf_files.reciter(tmp_path / "reciter.gguf", "One two three.")
    async with ModelClient(Settings(context_tokens=512), path=tmp_path / "reciter.gguf") as client:
        [(prompt, answer)] = await client.encode([([ChatMessage("user", "Hi")], "One two three.")])
        assert answer[-1] == gguf_files.END
        some = await client.score(prompt, [gguf_files.FIRST_EXTRA])
        chances = [np.exp(-(await client.score(prompt, [token]))[0]) for token in range(gguf_files.FIRST_EXTRA + 3)]
    assert some[0] < 0.01
    assert sum(chances) == pytest.approx(1, abs=1e-3)


def test_rows_go_back_and_forth(tmp_path: Path) -> None:
    base = BaseWeights(gguf_files.random_model(tmp_path / "base.gguf", SHAPE, architecture="llama"))
    for name in ("model.layers.0.self_attn.q_proj.weight", "model.layers.1.self_attn.k_proj.weight"):
        values = base.tensor(name)
        assert np.array_equal(
            rows_as_in_transformers(rows_as_in_gguf(values, name, base.shape), name, base.shape), values
        )
        assert not np.array_equal(rows_as_in_gguf(values, name, base.shape), values)


def test_an_adapter_says_what_it_is_for(tmp_path: Path) -> None:
    base = BaseWeights(gguf_files.random_model(tmp_path / "base.gguf", SHAPE))
    write_adapter(tmp_path / "adapter.gguf", base, matrices(base), facts(base))
    assert read_adapter(tmp_path / "adapter.gguf") == facts(base)
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    with pytest.raises(ModelInvalidError, match="a model, not an adapter"):
        read_adapter(base.path)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelInvalidError, match="not an adapter"):
        read_adapter(tmp_path / "broken.gguf")


def test_matrices_of_another_base_are_refused(tmp_path: Path) -> None:
    base = BaseWeights(gguf_files.random_model(tmp_path / "base.gguf", SHAPE))
    wider = gguf_files.Shape(layers=2, width=128, heads=4, kv_heads=2, feed_forward=96)
    other = BaseWeights(gguf_files.random_model(tmp_path / "other.gguf", wider))
    with pytest.raises(ModelInvalidError, match="do not fit"):
        write_adapter(tmp_path / "adapter.gguf", base, matrices(other), facts(base))
    assert not (tmp_path / "adapter.gguf").exists()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (gguf_files.recurrent_model, "its architecture is mamba"),
        (gguf_files.embedding_model, "its architecture is bert"),
        *(
            (partial(gguf_files.random_model, shape=SHAPE, architecture=name), f"its architecture is {name}")
            for name in ("falcon", "falcon-h1", "gemma", "gemma2", "gemma3n", "phi3", "qwen3moe")
        ),
    ],
)
def test_other_bases_are_refused_by_name(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    with pytest.raises(ModelInvalidError, match=f"no adapter can be trained for .*{reason}"):
        BaseWeights(make(tmp_path / "model.gguf"))


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"not a model" * 100)
    with pytest.raises(ModelInvalidError, match="not a usable GGUF file"):
        BaseWeights(tmp_path / "model.gguf")
