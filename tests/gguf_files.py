"""Writes small GGUF files for the tests: real models that the real llama.cpp loads, in milliseconds.

- `reciter`: a chat model that recites one given text and stops (or starts again, for ever). Its attention and
  feed-forward output projections are zero, so that the hidden state is the embedding of the current token alone; every
  piece of the text is a token of its own with a basis vector for an embedding, and the output matrix maps each to the
  next. The piece after the prompt's last newline is the first.
- `random_model`: any shape of a chat model (of LLaMA's, Qwen's or Gemma's architecture) with random weights, in F32 or
  Q8_0 (written directly as quantised blocks).
- `lora_adapter`: an adapter for a `reciter` that makes it start at another piece.
- `embedding_model`: a BERT with random weights and a word-piece vocabulary of letters.

The chat models have a byte-level vocabulary (256 byte tokens, one merge, control tokens), so any UTF-8 text can be
tokenised, and a ChatML template.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)

ANSWER = "It reads the file [1] and returns its text [2]."

_GAIN = 10.0
"""Logit of the next piece over the others, before the norm's factor sqrt(width): no temperature in use can beat it."""


@dataclass(frozen=True)
class Shape:
    """Dimensions of a decoder-only model."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int = 0
    """Padded to this size with unused tokens."""


TINY = Shape(layers=2, width=64, heads=2, kv_heads=1, feed_forward=64)
HALF_BILLION = Shape(layers=24, width=896, heads=14, kv_heads=2, feed_forward=4864, vocabulary=151936)
"""Qwen2.5-0.5B's."""
ONE_AND_A_HALF_BILLION = Shape(layers=28, width=1536, heads=12, kv_heads=2, feed_forward=8960, vocabulary=151936)
SEVEN_BILLION = Shape(layers=28, width=3584, heads=28, kv_heads=4, feed_forward=18944, vocabulary=152064)


WINDOW = 24
"""Tokens that most layers of a `random_model` of Gemma 3's architecture attend to."""
TRIAL_SHAPE = Shape(layers=1, width=64, heads=2, kv_heads=1, feed_forward=64)
"""Of the model that ships, by which a runtime is tried."""


def byte_tokens() -> list[str]:
    """The 256 tokens of single bytes, as GPT-2 writes them: index is the byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    mapping = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in mapping:
            mapping[byte] = chr(256 + len(mapping) - len(printable))
    return [mapping[byte] for byte in range(256)]


def written(text: str) -> str:
    """`text` as a byte-level token is spelled in the vocabulary."""
    table = byte_tokens()
    return "".join(table[byte] for byte in text.encode())


def pieces_of(text: str) -> list[str]:
    """Cut `text` at spaces into pieces that all differ; a repeated one takes the next word with it."""
    words = [(" " if i else "") + word for i, word in enumerate(text.split(" "))]
    pieces: list[str] = []
    current = ""
    for word in words:
        current += word
        if current not in pieces and len(current.encode()) > 1:
            pieces.append(current)
            current = ""
    if current:
        pieces[-1] += current
    assert "".join(pieces) == text, text
    return pieces


def _vocabulary(writer: gguf.GGUFWriter, extra: Sequence[str], size: int, template: str, *, turns: bool = True) -> int:
    """Write the byte-level vocabulary with `extra` ordinary tokens at its end; returns its size.

    Args:
        turns: with tokens for the beginning and the end of a turn; a base model's have other names.
    """
    marks = ("<|im_start|>", "<|im_end|>") if turns else ("<reserved>", "</s>")
    tokens = [*byte_tokens(), written("th"), "<|endoftext|>", *marks, *extra]
    types = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.NORMAL] * len(extra)
    while len(tokens) < size:
        tokens.append(f"<unused{len(tokens)}>")
        types.append(gguf.TokenType.UNUSED)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([int(kind) for kind in types])
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(END)
    writer.add_bos_token_id(257)
    writer.add_pad_token_id(257)
    writer.add_add_bos_token(False)
    if template:
        writer.add_chat_template(template)
    return len(tokens)


BEGIN, END = 258, 259
"""Token ids of <|im_start|> and <|im_end|>."""
FIRST_EXTRA = 260


def _header(path: Path, architecture: str, name: str, shape: Shape, context: int) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_context_length(context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    return writer


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _blocks(writer: gguf.GGUFWriter, architecture: str, shape: Shape, matrix: Any, *, silent: bool) -> None:
    """The layers. With `silent`, attention and feed-forward add nothing to the residual stream."""
    head = shape.width // shape.heads
    kv = head * shape.kv_heads
    ones = np.ones(shape.width, np.float32)
    for layer in range(shape.layers):
        prefix = f"blk.{layer}."
        if architecture in ("gemma3", "qwen3"):
            for name in ("attn_q_norm", "attn_k_norm"):
                writer.add_tensor(f"{prefix}{name}.weight", np.linspace(0.5, 1.5, head, dtype=np.float32))
        if architecture == "gemma3":
            for name in ("post_attention_norm", "post_ffw_norm"):
                writer.add_tensor(f"{prefix}{name}.weight", 0.5 * ones)
        writer.add_tensor(prefix + "attn_norm.weight", ones)
        writer.add_tensor(prefix + "ffn_norm.weight", ones)
        matrix(prefix + "attn_q.weight", shape.width, shape.width, False)
        matrix(prefix + "attn_k.weight", kv, shape.width, False)
        matrix(prefix + "attn_v.weight", kv, shape.width, False)
        matrix(prefix + "attn_output.weight", shape.width, shape.width, silent)
        matrix(prefix + "ffn_gate.weight", shape.feed_forward, shape.width, False)
        matrix(prefix + "ffn_up.weight", shape.feed_forward, shape.width, False)
        matrix(prefix + "ffn_down.weight", shape.width, shape.feed_forward, silent)
        if architecture == "qwen2":
            writer.add_tensor(prefix + "attn_q.bias", np.zeros(shape.width, np.float32))
            writer.add_tensor(prefix + "attn_k.bias", np.zeros(kv, np.float32))
            writer.add_tensor(prefix + "attn_v.bias", np.zeros(kv, np.float32))


def reciter(
    path: Path,
    answer: str = ANSWER,
    *,
    architecture: str = "qwen2",
    forever: bool = False,
    loop: bool = False,
    next_turn: bool = False,
    template: str = CHATML,
    context: int = 32768,
    name: str = "reciter",
    shape: Shape = TINY,
    base: bool = False,
) -> Path:
    """A model that answers every prompt whose last token is a newline with `answer`, then ends.

    Args:
        forever: go on with other words, in a circle so wide that it does not look like a loop.
        loop: go on with the first piece after the last one.
        next_turn: go on with the token that begins a turn, and answer again.
        base: a base model, without a template and tokens for turns: answers a prompt whose last character is a colon.
        shape: its width must exceed the number of pieces; it grows to do so.
    """
    if base:
        template = ""
    if forever:
        answer += " ".join(f"word{number}" for number in range(200))
    pieces = pieces_of(answer)
    width = max(shape.width, -(-(len(pieces) + 2) // 64) * 64)
    shape = Shape(shape.layers, width, shape.heads, shape.kv_heads, shape.feed_forward)
    writer = _header(path, architecture, name, shape, context)
    vocabulary = _vocabulary(writer, [written(piece) for piece in pieces], 0, template, turns=not base)
    if architecture == "llama":
        writer.add_rope_dimension_count(width // shape.heads)
        writer.add_vocab_size(vocabulary)
    rng = np.random.default_rng(7)

    # Basis vector 0: the end of a prompt; k + 1: piece k; the last one: everything else.
    embedding = np.zeros((vocabulary, width), np.float32)
    embedding[:, width - 1] = 1
    output = np.zeros((vocabulary, width), np.float32)
    output[END, width - 1] = _GAIN
    after = BEGIN if next_turn else END
    states = [ord(":" if base else "\n"), *(FIRST_EXTRA + k for k in range(len(pieces)))]
    following = [*states[1:], FIRST_EXTRA if forever or loop else after]
    for basis, (state, successor) in enumerate(zip(states, following, strict=True)):
        embedding[state] = 0
        embedding[state, basis] = 1
        output[successor, basis] = _GAIN
    if next_turn:
        embedding[BEGIN] = embedding[states[0]]

    def matrix(tensor: str, rows: int, columns: int, zero: bool) -> None:
        scale = 0.0 if zero else 1 / np.sqrt(columns)
        writer.add_tensor(tensor, (rng.standard_normal((rows, columns)) * scale).astype(np.float32))

    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    writer.add_tensor("output.weight", output)
    _blocks(writer, architecture, shape, matrix, silent=True)
    return _finish(writer, path)


def lora_adapter(path: Path, model: Path, *, start: int, architecture: str = "qwen2") -> Path:
    """An adapter that makes the `reciter` in `model` start at piece number `start`."""
    reader = gguf.GGUFReader(model)
    tensor = next(tensor for tensor in reader.tensors if tensor.name == "output.weight")
    width, vocabulary = (int(n) for n in tensor.shape)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 1.0)
    down = np.zeros((1, width), np.float32)
    down[0, 0] = 1
    up = np.zeros((vocabulary, 1), np.float32)
    up[FIRST_EXTRA + start, 0] = 3 * _GAIN
    writer.add_tensor("output.weight.lora_a", down)
    writer.add_tensor("output.weight.lora_b", up)
    return _finish(writer, path)


def _random_q8_0(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray[Any, Any]:
    """Random Q8_0 blocks (an f16 scale and 32 int8 each) of a matrix whose rows have length about 1."""
    blocks = columns // 32
    data = np.empty((rows, blocks, 34), np.uint8)
    scale = np.float16(1 / (73.3 * np.sqrt(columns)))  # 73.3: the standard deviation of a uniform int8
    data[:, :, :2] = np.frombuffer(scale.tobytes(), np.uint8)
    data[:, :, 2:] = rng.integers(0, 256, (rows, blocks, 32), np.uint8)
    return data.reshape(rows, blocks * 34)


def random_model(
    path: Path,
    shape: Shape = TINY,
    *,
    architecture: str = "qwen2",
    quantised: bool = False,
    letters: bool = False,
    template: str = CHATML,
    context: int = 32768,
    name: str = "random",
) -> Path:
    """A chat model of that shape with random weights (tied embeddings); what it writes is noise, and never ends.

    Args:
        quantised: Q8_0 instead of F32; the width and the feed-forward size must then be multiples of 32.
        letters: write lower-case letters only, so that each token can be seen at once: the other embeddings are zero.
    """
    writer = _header(path, architecture, name, shape, context)
    vocabulary = _vocabulary(writer, [], shape.vocabulary, template)
    if architecture == "llama":
        writer.add_rope_dimension_count(shape.width // shape.heads)
        writer.add_vocab_size(vocabulary)
    if architecture in ("gemma3", "qwen3"):
        writer.add_key_length(shape.width // shape.heads)
        writer.add_value_length(shape.width // shape.heads)
    if architecture == "gemma3":
        writer.add_sliding_window(WINDOW)
    writer.add_file_type(7 if quantised else 0)
    rng = np.random.default_rng(11)

    def matrix(tensor: str, rows: int, columns: int, zero: bool) -> None:
        if quantised:
            data = _random_q8_0(rng, rows, columns)
        else:
            data = (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)
        if letters and tensor == "token_embd.weight":
            data[: ord("a")] = 0
            data[ord("z") + 1 :] = 0
        writer.add_tensor(tensor, data, raw_dtype=gguf.GGMLQuantizationType.Q8_0 if quantised else None)

    matrix("token_embd.weight", vocabulary, shape.width, False)
    writer.add_tensor("output_norm.weight", np.ones(shape.width, np.float32))
    _blocks(writer, architecture, shape, matrix, silent=False)
    return _finish(writer, path)


def recurrent_model(path: Path, *, width: int = 64, layers: int = 2, context: int = 32768) -> Path:
    """A Mamba with random weights: a model whose state cannot be rolled back to an earlier token."""
    inner, state, rank, kernel = 2 * width, 16, 8, 4
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_name("recurrent")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    vocabulary = _vocabulary(writer, [], 0, CHATML)
    rng = np.random.default_rng(17)

    def matrix(tensor: str, rows: int, columns: int) -> None:
        writer.add_tensor(tensor, (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32))

    matrix("token_embd.weight", vocabulary, width)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for layer in range(layers):
        prefix = f"blk.{layer}."
        writer.add_tensor(prefix + "attn_norm.weight", np.ones(width, np.float32))
        matrix(prefix + "ssm_in.weight", 2 * inner, width)
        matrix(prefix + "ssm_conv1d.weight", inner, kernel)
        writer.add_tensor(prefix + "ssm_conv1d.bias", np.zeros(inner, np.float32))
        matrix(prefix + "ssm_x.weight", rank + 2 * state, inner)
        matrix(prefix + "ssm_dt.weight", inner, rank)
        writer.add_tensor(prefix + "ssm_dt.bias", np.zeros(inner, np.float32))
        writer.add_tensor(prefix + "ssm_a", -np.tile(np.arange(1, state + 1, dtype=np.float32), (inner, 1)))
        writer.add_tensor(prefix + "ssm_d", np.ones(inner, np.float32))
        matrix(prefix + "ssm_out.weight", width, inner)
    return _finish(writer, path)


def embedding_model(path: Path, *, width: int = 64, layers: int = 2, context: int = 128, pooling: int = 1) -> Path:
    """A BERT with random weights. `pooling`: 1 mean, 2 the first token, 3 the last."""
    letters = [*string.ascii_lowercase, *string.digits, *"_.,:;()[]{}<>=+-*/#'\"|"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"▁{letter}" for letter in letters), *letters]
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("embedder")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(4)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType(pooling))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.CONTROL] * 5 + [gguf.TokenType.NORMAL] * (len(tokens) - 5)
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_token_type_count(2)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)
    writer.add_unk_token_id(1)
    writer.add_sep_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_mask_token_id(4)
    rng = np.random.default_rng(13)

    def matrix(tensor: str, rows: int, columns: int) -> None:
        writer.add_tensor(tensor, (rng.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32))

    def norm(tensor: str) -> None:
        writer.add_tensor(tensor + ".weight", np.ones(width, np.float32))
        writer.add_tensor(tensor + ".bias", np.zeros(width, np.float32))

    matrix("token_embd.weight", len(tokens), width)
    matrix("position_embd.weight", context, width)
    matrix("token_types.weight", 2, width)
    norm("token_embd_norm")
    for layer in range(layers):
        prefix = f"blk.{layer}."
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            matrix(f"{prefix}{part}.weight", width, width)
            writer.add_tensor(f"{prefix}{part}.bias", np.zeros(width, np.float32))
        norm(prefix + "attn_output_norm")
        matrix(prefix + "ffn_up.weight", 2 * width, width)
        writer.add_tensor(prefix + "ffn_up.bias", np.zeros(2 * width, np.float32))
        matrix(prefix + "ffn_down.weight", width, 2 * width)
        writer.add_tensor(prefix + "ffn_down.bias", np.zeros(width, np.float32))
        norm(prefix + "layer_output_norm")
    return _finish(writer, path)
