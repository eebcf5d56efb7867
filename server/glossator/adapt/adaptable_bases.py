"""Which of the installed models an adapter can be trained for here, and what that is expected to take in memory.

Only headers are read, so that this can be asked at any time; a run looks more closely before it trains.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.adapt.base_models import TRANSFORMERS_TYPES, BaseShape
from glossator.adapt.training_run import TrainingPlan, estimated_memory, fitted
from glossator.errors import GlossatorError, ModelError
from glossator.model.header import read_header, split_files
from glossator.model.installed import Models, model_path
from glossator.workspace.files import is_same_place

if TYPE_CHECKING:
    from glossator.model.header import ModelHeader
    from glossator.settings import Settings


@dataclass(frozen=True, slots=True)
class AdaptableBase:
    """A model that may be adapted.

    Attributes:
        name: as `glossator adapt model --base` takes it.
        refused: why no adapter can be trained for it here; "" if one can.
        memory_bytes: what training is expected to take; 0 if it is refused.
        in_use: whether it is the model that answers.
    """

    name: str
    path: Path
    size_bytes: int
    refused: str
    memory_bytes: int
    in_use: bool


def adaptable_bases(settings: Settings) -> list[AdaptableBase]:
    """The installed models, and the one in use if it is not among them, in order of name."""
    try:
        used: Path | None = model_path(settings)
    except (ModelError, OSError):
        used = None
    named = {
        Path(model.path): model.name for model in Models.of(settings).all() if model.role == "chat" and model.present
    }
    if used is not None and used.is_file() and not any(is_same_place(used, path) for path in named):
        named[used] = str(used)
    return [
        _judged(name, path, in_use=used is not None and is_same_place(used, path))
        for path, name in sorted(named.items(), key=lambda item: item[1].lower())
    ]


def _judged(name: str, path: Path, *, in_use: bool) -> AdaptableBase:
    try:
        header = read_header(path)
        refused, memory = _refusal(header), 0
        if not refused:
            shape = _shape(header)
            plan = fitted(shape, TrainingPlan(base=str(path), key=""))
            memory = estimated_memory(shape, plan, half=True)
        return AdaptableBase(name, path, header.file_bytes, refused, memory, in_use)
    except GlossatorError as error:
        size = path.stat().st_size if path.is_file() else 0
        return AdaptableBase(name, path, size, str(error), 0, in_use)


def _refusal(header: ModelHeader) -> str:
    if header.is_embedder:
        return "it is an embedding model, which writes no answers"
    if header.architecture not in TRANSFORMERS_TYPES:
        known = ", ".join(sorted(TRANSFORMERS_TYPES))
        return f"its architecture is {header.architecture}; adapters can be trained for {known}"
    if header.active_share < 1:
        return "it is a mixture of experts"
    if header.rope_scaling not in ("none", "default"):
        return f"its positions are scaled ({header.rope_scaling})"
    if len(split_files(header.path)) > 1:
        return "its file is split; join the parts with llama.cpp's llama-gguf-split --merge"
    return ""


def _shape(header: ModelHeader) -> BaseShape:
    """The dimensions, as far as they decide on memory: heads are taken to divide the width."""
    head = max(header.width // max(header.heads, 1), 1)
    shape = BaseShape(
        architecture=header.architecture,
        layers=header.layers,
        width=header.width,
        feed_forward=header.feed_forward,
        heads=header.heads,
        kv_heads=max(header.kv_width // (2 * head), 1),
        head_size=head,
        vocabulary=header.vocabulary,
        context=header.context_length,
        rope_base=0.0,
        epsilon=0.0,
        tied=True,
        attention_bias=False,
    )
    if header.parameters > shape.parameters + header.vocabulary * header.width // 2:
        from dataclasses import replace

        return replace(shape, tied=False)
    return shape
