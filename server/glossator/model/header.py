"""Reads the header of a GGUF file without llama.cpp: enough to refuse a broken or oversized model early.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The sizes of tensor types are those of ggml.h.
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glossator.errors import ModelInvalidError, ModelNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

_TYPE_SIZES = {
    # ggml type: (weights in a block, bytes of a block)
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip

FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 25: "IQ4_NL", 30: "IQ4_XS",
    32: "BF16", 38: "MXFP4",
}  # fmt: skip
"""llama.h's llama_ftype, the common ones."""

_EMBEDDERS = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert",
                        "neo-bert", "eurobert", "gemma-embedding", "t5encoder"})  # fmt: skip
_RECURRENT = re.compile(r"mamba|rwkv|^lfm2|falcon-h1|granitehybrid|nemotron_h|jamba|plamo2|qwen3next|qwen35|kimi")

_BYTES_PER_WEIGHT = 0.6
"""Of 4-bit weights (Q4_K_M), to estimate the number of weights from the size of several files."""

_SPLIT = re.compile(r"^(?P<stem>.*)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")


@dataclass(frozen=True, slots=True)
class ModelHeader:
    """Facts about a model file.

    Attributes:
        file_bytes: size on disk, of all parts if the model is split over several files.
        tensor_bytes: size of the weights.
        block_parameters: weights of the transformer blocks, which are used for each token of a prompt; of a split
            model, whose first file lists only a part of them, an estimate.
        bytes_per_token: size of the weights that are read for each token of an answer.
        layers: number of transformer blocks.
        kv_width: floats that one layer's key and value take for one token (the largest layer's).
        context_length: tokens that the model was trained for.
        pooling: of an embedding model: 1 mean, 2 first token, 3 last token; None of a chat model.
        recurrent: whether the model keeps a state that cannot be rolled back to an earlier token.
        active_share: part of the weights, 0 to 1, that is used for each token: less than 1 in a mixture of experts.
        rope_scaling: how positions beyond those of the first training are told apart; "none" if they are not scaled.
    """

    path: Path
    file_bytes: int
    tensor_bytes: int
    architecture: str
    name: str
    file_type: str
    parameters: int
    block_parameters: int
    bytes_per_token: int
    layers: int
    width: int
    heads: int
    kv_width: int
    feed_forward: int
    vocabulary: int
    context_length: int
    tokenizer: str
    chat_template: str
    pooling: int | None
    recurrent: bool
    license: str
    active_share: float = 1.0
    rope_scaling: str = "none"

    @property
    def is_embedder(self) -> bool:
        """Whether the model turns text into vectors instead of writing text."""
        return self.architecture in _EMBEDDERS or self.pooling is not None

    def require_chat_model(self) -> None:
        """Raise a ModelInvalidError if the model cannot write answers."""
        if self.is_embedder and not self.chat_template:
            raise ModelInvalidError(f"{self.path} is an embedding model: it cannot write answers")


class _Reader:
    """A cursor over the bytes of a header; every read is checked against the end."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self.data = data
        self.path = path
        self.at = 0

    def take(self, fmt: str) -> Any:
        size = struct.calcsize("<" + fmt)
        self.need(size)
        value = struct.unpack_from("<" + fmt, self.data, self.at)[0]
        self.at += size
        return value

    def need(self, size: int) -> None:
        if self.at + size > len(self.data):
            raise ModelInvalidError(f"{self.path} ends within its header: it is truncated or not a GGUF file")

    def string(self) -> str:
        length = self.take("Q")
        self.need(length)
        text = self.data[self.at : self.at + length].decode("utf-8", "replace")
        self.at += length
        return text

    def value(self, kind: int) -> Any:
        """A scalar or a string; for an array its items if they are few numbers, else a range of its length."""
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            if kind not in _SCALARS:
                raise ModelInvalidError(f"{self.path} contains a value of an unknown type, {kind}: the file is damaged")
            return self.take(_SCALARS[kind])
        item, count = self.take("I"), self.take("Q")
        if item == _STRING:
            if count > len(self.data):
                raise ModelInvalidError(f"{self.path} declares {count} strings in its header: the file is damaged")
            unpack, at, end = struct.Struct("<Q").unpack_from, self.at, len(self.data)
            for _ in range(count):
                if at + 8 > end:
                    break
                at += 8 + unpack(self.data, at)[0]
            self.at = min(at, end)
            if at > end:
                self.need(1)
            return range(count)
        if item not in _SCALARS:
            raise ModelInvalidError(f"{self.path} contains an array of an unknown type, {item}: the file is damaged")
        size = struct.calcsize("<" + _SCALARS[item]) * count
        self.need(size)
        start, self.at = self.at, self.at + size
        return struct.unpack_from(f"<{count}{_SCALARS[item]}", self.data, start) if count <= 4096 else range(count)


def _largest(value: Any) -> int:
    """The value, or the largest if there is one for each layer."""
    if isinstance(value, tuple):
        return max((int(item) for item in value), default=0)
    return int(value) if isinstance(value, int | float) else 0


@dataclass(frozen=True, slots=True)
class _Weights:
    """The tensors of a file. `table`, `output`: (weights, bytes) of the embedding table and of the output matrix."""

    total_bytes: int
    parameters: int
    table: tuple[int, int]
    output: tuple[int, int]


def _tensors(reader: _Reader, count: int, alignment: int) -> _Weights:
    """What the file's tensors hold; raises if the file is too short for them."""
    spans: list[tuple[int, int, str]] = []
    sizes: dict[str, tuple[int, int]] = {}
    parameters = 0
    for _ in range(count):
        name = reader.string()
        dimensions = reader.take("I")
        if dimensions > 8:
            raise ModelInvalidError(f"{reader.path} has a tensor of {dimensions} dimensions: the file is damaged")
        elements = 1
        for _ in range(dimensions):
            elements *= reader.take("Q")
        kind, offset = reader.take("I"), reader.take("Q")
        block, size = _TYPE_SIZES.get(kind, (1, 0))
        spans.append((offset, elements // block * size, name))
        sizes[name] = (elements, elements // block * size)
        parameters += elements
    base = -(-reader.at // alignment) * alignment
    for offset, size, name in spans:
        missing = base + offset + size - len(reader.data)
        if missing > 0:
            raise ModelInvalidError(
                f"{reader.path} is at least {missing} bytes too short (its tensor {name!r} is cut off):"
                " the download is incomplete or the file is damaged"
            )
    table, output = sizes.get("token_embd.weight", (0, 0)), sizes.get("output.weight", (0, 0))
    return _Weights(len(reader.data) - base, parameters, table, output)


def split_files(path: Path) -> list[Path]:
    """All files of a model: `path` alone, or every part if it is the first of a split model.

    Raises:
        ModelInvalidError: a part is missing, or `path` is not the first one.
    """
    match = _SPLIT.match(path.name)
    if not match:
        return [path]
    if int(match["number"]) != 1:
        raise ModelInvalidError(f"{path} is part {int(match['number'])} of a split model; name its first part")
    count = int(match["count"])
    found = [path.with_name(f"{match['stem']}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1)]
    for part in found:
        if not part.is_file():
            raise ModelInvalidError(f"{part} is missing: the model has {count} parts")
    return found


def read_header(path: Path) -> ModelHeader:
    """Read and check the header of a GGUF file.

    Raises:
        ModelNotFoundError: no such file.
        ModelInvalidError: not a GGUF file, damaged, or shorter than its header says.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"no model file at {path}")
    files = split_files(path)
    try:
        size = path.stat().st_size
        if size < 24:
            raise ModelInvalidError(f"{path} is not a GGUF file: it has {size} bytes")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reader = _Reader(data, path)
            metadata, weights = _read(reader)
        file_bytes = sum(part.stat().st_size for part in files)
    except OSError as error:
        raise ModelInvalidError(f"cannot read {path}: {error.strerror or error}") from error
    tensor_bytes = weights.total_bytes if len(files) == 1 else file_bytes
    # The embedding table is looked up, unless it serves as the output matrix too.
    looked_up = weights.table[1] if weights.output[0] else 0
    architecture = str(metadata.get("general.architecture", ""))
    if not architecture:
        raise ModelInvalidError(f"{path} does not name its architecture: it is not a language model")
    if metadata.get("general.type") == "adapter":
        raise ModelInvalidError(f"{path} is an adapter (LoRA), not a model: give it in the setting 'lora'")

    def number(key: str, default: int = 0) -> int:
        return _largest(metadata.get(f"{architecture}.{key}", default))

    width, heads = number("embedding_length"), max(number("attention.head_count", 1), 1)
    kv_heads = number("attention.head_count_kv", heads) or heads
    head = width // heads
    kv_width = kv_heads * (number("attention.key_length", head) + number("attention.value_length", head))
    experts = number("expert_count")
    template = metadata.get("tokenizer.chat_template", "")
    pooling = metadata.get(f"{architecture}.pooling_type")
    return ModelHeader(
        path=path,
        file_bytes=file_bytes,
        tensor_bytes=tensor_bytes,
        architecture=architecture,
        name=str(metadata.get("general.name", "")) or path.stem,
        file_type=FILE_TYPES.get(_largest(metadata.get("general.file_type", -1)), "unknown"),
        parameters=weights.parameters,
        block_parameters=(
            weights.parameters - weights.table[0] - weights.output[0]
            if len(files) == 1
            else int(tensor_bytes / _BYTES_PER_WEIGHT)
        ),
        bytes_per_token=tensor_bytes - looked_up,
        layers=number("block_count"),
        width=width,
        heads=heads,
        kv_width=kv_width,
        feed_forward=number("feed_forward_length"),
        vocabulary=len(metadata.get("tokenizer.ggml.tokens", ())),
        context_length=number("context_length"),
        tokenizer=str(metadata.get("tokenizer.ggml.model", "")),
        chat_template=template if isinstance(template, str) else "",
        pooling=int(pooling) if isinstance(pooling, int) and pooling in (1, 2, 3) else None,
        recurrent=bool(_RECURRENT.search(architecture)) or f"{architecture}.ssm.state_size" in metadata,
        license=str(metadata.get("general.license", "")),
        active_share=active / experts if 0 < (active := number("expert_used_count")) < experts else 1.0,
        rope_scaling=str(metadata.get(f"{architecture}.rope.scaling.type", "none")),
    )


def _read(reader: _Reader) -> tuple[dict[str, Any], _Weights]:
    if reader.data[:4] != b"GGUF":
        raise ModelInvalidError(f"{reader.path} is not a GGUF file")
    reader.at = 4
    version = reader.take("I")
    if version not in (2, 3):
        raise ModelInvalidError(f"{reader.path} is GGUF version {version}; versions 2 and 3 can be used")
    tensors, pairs = reader.take("Q"), reader.take("Q")
    if tensors > 1_000_000 or pairs > 1_000_000:
        raise ModelInvalidError(
            f"{reader.path} declares {tensors} tensors and {pairs} metadata entries: the file is damaged"
        )
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = reader.string()
        metadata[key] = reader.value(reader.take("I"))
    alignment = _largest(metadata.get("general.alignment", 32)) or 32
    if not tensors and metadata.get("split.count", 0) in (0, 1):
        raise ModelInvalidError(f"{reader.path} contains no weights")
    return metadata, _tensors(reader, tensors, alignment)
