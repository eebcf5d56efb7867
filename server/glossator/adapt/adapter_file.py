"""Adapters as GGUF files: written for llama.cpp from trained matrices, and read far enough to know what they are for.

The format is that of llama.cpp's convert_lora_to_gguf: `<tensor>.lora_a` has the shape (rank, columns) and
`<tensor>.lora_b` (rows, rank) of the tensor that they change, and what they add is scaled by alpha / rank. Keys that
begin with `glossator.` say which model the adapter belongs to and what it was trained on.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glossator.adapt.base_models import gguf_package, rows_as_in_gguf
from glossator.errors import ModelError, ModelInvalidError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glossator.adapt.base_models import BaseWeights, WeightArray


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What an adapter's file says of itself.

    Attributes:
        base: the name of the model that it was trained for.
        base_sha256: of that model's GGUF file, in hexadecimal.
        base_fingerprint: `measured_speed.fingerprint` of that file, which is quick to compare.
        provenance: what it was trained on: the project, its commit, the number of examples of each kind, a digest.
    """

    architecture: str
    base: str
    base_sha256: str
    base_fingerprint: str
    rank: int
    alpha: float
    provenance: Mapping[str, Any]


def write_adapter(
    path: Path, base: BaseWeights, matrices: Mapping[str, tuple[WeightArray, WeightArray]], facts: AdapterFacts
) -> None:
    """Write an adapter as a whole, or leave what was there.

    Args:
        matrices: name of a weight in transformers ("model.layers.0.self_attn.q_proj.weight") -> A of the shape
            (rank, columns) and B of the shape (rows, rank), rows as in transformers.

    Raises:
        ModelInvalidError: a matrix does not fit the base.
        ModelError: the file cannot be written.
    """
    gguf = gguf_package()
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    writer = gguf.GGUFWriter(partial, base.shape.architecture)
    writer.add_type("adapter")
    writer.add_name(path.stem)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", facts.alpha)
    writer.add_string("glossator.base.name", facts.base)
    writer.add_string("glossator.base.sha256", facts.base_sha256)
    writer.add_string("glossator.base.fingerprint", facts.base_fingerprint)
    writer.add_uint32("glossator.lora.rank", facts.rank)
    writer.add_string("glossator.provenance", json.dumps(facts.provenance, ensure_ascii=False, sort_keys=True))
    for name, (down, up) in sorted(matrices.items()):
        target = base.gguf_name(name)
        rows, columns = base.size_of(name)
        if down.shape != (facts.rank, columns) or up.shape != (rows, facts.rank):
            raise ModelInvalidError(f"the adapter's matrices for {name} do not fit a matrix of {rows} x {columns}")
        writer.add_tensor(f"{target}.lora_a", down.astype("float32"))
        writer.add_tensor(f"{target}.lora_b", rows_as_in_gguf(up.astype("float32"), name, base.shape))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.chmod(0o600)
        partial.replace(path)
    except OSError as error:
        raise ModelError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            writer.close()
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def read_adapter(path: Path) -> AdapterFacts:
    """What an adapter says of itself.

    Raises:
        ModelInvalidError: it is no adapter that this program wrote.
    """
    try:
        reader = gguf_package().GGUFReader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
        if fields.get("general.type") != "adapter":
            raise ModelInvalidError(f"{path} is a model, not an adapter")
        return AdapterFacts(
            str(fields["general.architecture"]),
            str(fields["glossator.base.name"]),
            str(fields["glossator.base.sha256"]),
            str(fields["glossator.base.fingerprint"]),
            int(fields["glossator.lora.rank"]),
            float(fields["adapter.lora.alpha"]),
            json.loads(fields["glossator.provenance"]),
        )
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise ModelInvalidError(f"{path} is not an adapter of Glossator's: {error}") from error
