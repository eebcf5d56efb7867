"""Base models that an adapter can be trained for: their shape and weights, read from a GGUF file with numpy.

Weights are asked for by the names that transformers gives them. What llama.cpp's conversion does to LLaMA's query and
key projections (it interleaves the halves of each head) is undone here, and done again to an adapter's rows. PyTorch is
not known here.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from glossator.errors import ModelInvalidError, ModelRuntimeError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    WeightArray = NDArray[np.float32]

TRANSFORMERS_TYPES = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma3": "gemma3_text"}
"""Architecture of a GGUF file -> transformers' `model_type`. LLaMA's covers Mistral, SmolLM2 and Falcon 3, too."""
SHIFTED_NORMS = frozenset({"gemma3"})
"""Architectures whose norms' weights are 1 more in a GGUF file (convert_hf_to_gguf's `norm_shift`)."""
LOCAL_LAYERS = 6
"""Every so many layers of a model with a sliding window, one attends to all; as llama.cpp has it for Gemma 3."""
INTERLEAVED = frozenset({"llama"})
"""Architectures whose query and key rows are in another order in a GGUF file (convert_hf_to_gguf's `permute`)."""
TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The matrices of a layer that are adapted: all of them, as QLoRA's authors found to be needed."""


def gguf_package() -> Any:
    """The `gguf` package.

    Raises:
        ModelRuntimeError: it is not installed.
    """
    try:
        return importlib.import_module("gguf")
    except ImportError as error:
        raise ModelRuntimeError(
            f"{error.name} is missing: install what adapting a model needs with `pip install 'glossator[adapt]'`"
        ) from None


@dataclass(frozen=True, slots=True)
class BaseShape:
    """The dimensions of a decoder-only model, as its file tells them.

    Attributes:
        architecture: as the GGUF file names it, a key of `TRANSFORMERS_TYPES`.
        layers: number of transformer blocks.
        width: of the hidden states.
        feed_forward: width inside a feed-forward network.
        heads, kv_heads: attention heads for queries, and for keys and values.
        head_size: dimensions of one head.
        vocabulary: tokens.
        context: most tokens that the model was trained with.
        rope_base: base of the frequencies of rotary positions.
        window: tokens that most layers attend to (`LOCAL_LAYERS`); 0 if all layers attend to all.
        window_rope_base: `rope_base` of these layers.
        epsilon: of RMS normalisation.
    """

    architecture: str
    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    context: int
    rope_base: float
    epsilon: float
    tied: bool
    """Whether the output matrix is the embedding."""
    attention_bias: bool
    window: int = 0
    window_rope_base: float = 10_000.0

    def config(self) -> dict[str, Any]:
        """The arguments of transformers' configuration of this model."""
        found: dict[str, Any] = {
            "vocab_size": self.vocabulary,
            "hidden_size": self.width,
            "intermediate_size": self.feed_forward,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "max_position_embeddings": self.context,
            "rms_norm_eps": self.epsilon,
            "rope_parameters": {"rope_type": "default", "rope_theta": self.rope_base},
            "tie_word_embeddings": self.tied,
            "use_cache": False,
        }
        if self.architecture == "gemma3":
            kinds = {"full_attention": self.rope_base, "sliding_attention": self.window_rope_base}
            found |= {
                "rope_parameters": {kind: {"rope_type": "default", "rope_theta": base} for kind, base in kinds.items()},
                "query_pre_attn_scalar": self.head_size,
                "sliding_window": self.window or None,
                "layer_types": [
                    "sliding_attention" if self.window and (layer + 1) % LOCAL_LAYERS else "full_attention"
                    for layer in range(self.layers)
                ],
            }
        if self.architecture != "qwen2":
            found |= {"head_dim": self.head_size, "attention_bias": self.attention_bias}
        return found

    @property
    def linear_parameters(self) -> int:
        """How many weights the matrices of all layers have."""
        attention = self.width * self.head_size * (2 * self.heads + 2 * self.kv_heads)
        return self.layers * (attention + 3 * self.width * self.feed_forward)

    @property
    def parameters(self) -> int:
        """How many weights the model has, without norms and biases, which are few."""
        return self.linear_parameters + self.vocabulary * self.width * (1 if self.tied else 2)

    def adapter_parameters(self, rank: int) -> int:
        """How many weights an adapter of that rank has for all `TARGETS`."""
        q, kv = self.heads * self.head_size, self.kv_heads * self.head_size
        sizes = [(self.width, q), (self.width, kv), (self.width, kv), (q, self.width)]
        sizes += [(self.width, self.feed_forward)] * 2 + [(self.feed_forward, self.width)]
        return self.layers * rank * sum(one + other for one, other in sizes)


class BaseWeights:
    """A GGUF file's weights, dequantised one at a time. The file stays mapped as long as this lives."""

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            ModelInvalidError: it is no GGUF file, or a model of a kind that no adapter can be trained for.
            ModelRuntimeError: the `gguf` package is missing.
        """
        self.path = path
        self._gguf = gguf_package()
        try:
            self._reader = self._gguf.GGUFReader(path)
        except (ValueError, OSError, IndexError, KeyError) as error:
            raise ModelInvalidError(f"{path} is not a usable GGUF file: {error}") from error
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.shape = self._shape()

    def _field(self, name: str, default: Any = None) -> Any:
        field = self._reader.fields.get(name)
        return default if field is None else field.contents()

    def _shape(self) -> BaseShape:
        architecture = str(self._field("general.architecture", ""))
        name = self._field("general.name", self.path.stem)

        def refuse(reason: str) -> ModelInvalidError:
            known = ", ".join(sorted(TRANSFORMERS_TYPES))
            return ModelInvalidError(f"no adapter can be trained for {name}: {reason} (architectures: {known})")

        if self._field("general.type") == "adapter":
            raise refuse("it is an adapter itself")
        if architecture not in TRANSFORMERS_TYPES:
            raise refuse(f"its architecture is {architecture or 'unknown'}")

        def value(key: str, default: Any = None) -> Any:
            return self._field(f"{architecture}.{key}", default)

        if value("expert_count", 0):
            raise refuse("it is a mixture of experts")
        if value("attention.sliding_window_pattern") is not None or value("final_logit_softcapping"):
            raise refuse("its layers differ from those of the models that are known")
        if value("rope.scaling.type", "none") not in ("none", "default"):
            raise refuse(f"its positions are scaled ({value('rope.scaling.type')})")
        if int(self._field("split.count", 1) or 1) > 1:
            raise refuse("its file is split; join the parts with llama.cpp's llama-gguf-split --merge")
        try:
            width, heads = int(value("embedding_length")), int(value("attention.head_count"))
            kv_heads = int(value("attention.head_count_kv", heads))
            shape = BaseShape(
                architecture=architecture,
                layers=int(value("block_count")),
                width=width,
                feed_forward=int(value("feed_forward_length")),
                heads=heads,
                kv_heads=kv_heads,
                head_size=int(value("attention.key_length", width // heads)),
                vocabulary=int(self._tensors["token_embd.weight"].shape[1]),
                context=int(value("context_length")),
                rope_base=float(value("rope.freq_base", 10_000.0)),
                epsilon=float(value("attention.layer_norm_rms_epsilon")),
                tied="output.weight" not in self._tensors,
                attention_bias="blk.0.attn_q.bias" in self._tensors,
                window=int(value("attention.sliding_window", 0)) if architecture == "gemma3" else 0,
                window_rope_base=float(value("rope.freq_base_swa", 10_000.0)),
            )
        except (TypeError, KeyError, ValueError) as error:
            raise refuse(f"its header lacks a dimension ({error})") from error
        if int(value("rope.dimension_count", shape.head_size)) != shape.head_size:
            raise refuse("only a part of each head has positions")
        return shape

    @property
    def name(self) -> str:
        """What the model calls itself."""
        return str(self._field("general.name", self.path.stem))

    @cached_property
    def _names(self) -> Any:
        architectures = {text: number for number, text in self._gguf.MODEL_ARCH_NAMES.items()}
        return self._gguf.get_tensor_name_map(architectures[self.shape.architecture], self.shape.layers)

    def gguf_name(self, name: str) -> str:
        """The name in the file of what transformers calls `name`, with ".weight" or ".bias".

        Raises:
            ModelInvalidError: there is no such tensor in models of this architecture.
        """
        found: str | None = self._names.get_name(name, try_suffixes=(".weight", ".bias"))
        if found is None:
            raise ModelInvalidError(f"{self.path.name} has no counterpart of {name}")
        return found

    def tensor(self, name: str) -> WeightArray:
        """A tensor in float32 by its name in transformers, its rows in transformers' order.

        Raises:
            ModelInvalidError: the file lacks it, or it is of a type that cannot be dequantised.
        """
        values = self._read(self.gguf_name(name))
        if self.shape.architecture in SHIFTED_NORMS and name.endswith("norm.weight"):
            return values - 1
        return rows_as_in_transformers(values, name, self.shape)

    def size_of(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor by its name in transformers: rows, columns.

        Raises:
            ModelInvalidError: the file lacks it.
        """
        tensor = self._tensors.get(self.gguf_name(name))
        if tensor is None:
            raise ModelInvalidError(f"{self.path.name} has no tensor for {name}")
        return tuple(int(size) for size in reversed(tensor.shape))

    def _read(self, name: str) -> WeightArray:
        import numpy as np

        tensor = self._tensors.get(name)
        if tensor is None:
            raise ModelInvalidError(f"{self.path.name} has no tensor {name}")
        try:
            values = self._gguf.dequantize(tensor.data, tensor.tensor_type)
        except NotImplementedError as error:
            raise ModelInvalidError(f"{self.path.name}: {tensor.tensor_type.name} cannot be dequantised") from error
        return np.asarray(values, np.float32).reshape([int(size) for size in reversed(tensor.shape)])

    def rope_factors(self) -> WeightArray | None:
        """What the frequencies of positions are divided by (LLaMA 3's scaling); None where they are as they are."""
        return self._read("rope_freqs.weight") if "rope_freqs.weight" in self._tensors else None


def _heads(name: str, shape: BaseShape) -> int:
    """In how many heads the rows of a tensor are reordered; 0 for none."""
    if shape.architecture not in INTERLEAVED:
        return 0
    if ".q_proj." in name:
        return shape.heads
    return shape.kv_heads if ".k_proj." in name else 0


def rows_as_in_transformers(values: WeightArray, name: str, shape: BaseShape) -> WeightArray:
    """Rows of a GGUF tensor in the order that transformers has them in; `name` is the tensor's there."""
    heads = _heads(name, shape)
    if not heads:
        return values
    halves = values.reshape(heads, values.shape[0] // heads // 2, 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def rows_as_in_gguf(values: WeightArray, name: str, shape: BaseShape) -> WeightArray:
    """The inverse of `rows_as_in_transformers`."""
    heads = _heads(name, shape)
    if not heads:
        return values
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)
