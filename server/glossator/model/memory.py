"""How much memory a model needs, how much there is, and what fits: computed before anything is loaded.

Formulas follow what llama.cpp allocates: the weights, the key-value cache, and the compute buffers, which are dominated
by the logits of one micro-batch and, without flash attention, by its attention matrix.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import ModelTooLargeError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.model.header import ModelHeader
    from glossator.settings import Settings

KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q4_0": 18 / 32}
"""Bytes of one cached float, by `Settings.kv_cache_type`; the blocks of Q8_0 and Q4_0 hold 32."""

_MIB = 1024 * 1024
_RESERVE = 192 * _MIB
"""The child's interpreter and llama.cpp's own structures (measured: 95 MB), doubled for safety."""
_GPU_RESERVE = 512 * _MIB
"""Left free on a GPU: the driver's context and what the desktop takes while the model runs."""
_SMALLEST_CONTEXT = 2048
CPU_MICRO_BATCH = 256
"""Tokens that a CPU evaluates at once, at most. Two cores read 1,024 tokens with Qwen2.5 Coder 0.5B at 270 tokens/s in
micro-batches of 64, 287 at 128, 311 at 256 and at 512 (which needs 150 MB more for the logits)."""
_LEAST_MICRO_BATCH = 32
_CANCEL_SECONDS = 0.15
"""Within which a cancel must be seen. llama.cpp looks for one between two operations of a graph, the longest of which
is a feed-forward matrix times the micro-batch: measured with 512 tokens 42 ms (0.5B) and 61 ms (1.5B)."""
_MICRO_BATCH_SECONDS = 1.5
"""That a micro-batch may take: between two of them progress is reported, and the number of threads is adapted."""


@dataclass(frozen=True, slots=True)
class Device:
    """An accelerator that the runtime can use. Sizes in bytes."""

    name: str
    description: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """How a model is to be loaded.

    Attributes:
        context_tokens: size of the context window.
        micro_batch: tokens to evaluate at once.
        gpu_layers: layers to offload; layers + 1 stands for all of them and the output.
        bytes_needed: on all devices together.
        state_bytes: budget for saved prefixes.
    """

    context_tokens: int
    micro_batch: int
    gpu_layers: int
    bytes_needed: int
    state_bytes: int


def physical_memory() -> tuple[int, int]:
    """Bytes of main memory, (available, total), within the limit of a container (cgroup v2)."""
    import psutil

    memory = psutil.virtual_memory()
    available, total = int(memory.available), int(memory.total)
    if sys.platform == "linux":
        group = Path("/sys/fs/cgroup")
        try:
            limit = (group / "memory.max").read_text().strip()
            if limit != "max":
                used = int((group / "memory.current").read_text())
                cache = next(
                    (int(line.split()[1]) for line in (group / "memory.stat").read_text().splitlines()
                     if line.startswith("inactive_file ")), 0
                )  # fmt: skip
                total = min(total, int(limit))
                available = min(available, max(int(limit) - used + cache, 0))
        except (OSError, ValueError):
            pass  # not cgroup v2: the machine's own figures apply
    return available, total


def kv_bytes(header: ModelHeader, context: int, kv_cache_type: str) -> int:
    """Bytes of the key-value cache for `context` tokens.

    Raises:
        SettingsError: no such cache type.
    """
    if kv_cache_type not in KV_BYTES:
        raise SettingsError(f"setting 'kv_cache_type' must be one of {', '.join(KV_BYTES)}, not {kv_cache_type!r}")
    return int(header.layers * context * header.kv_width * KV_BYTES[kv_cache_type])


def compute_bytes(header: ModelHeader, context: int, batch: int, *, flash_attention: bool) -> int:
    """Bytes of llama.cpp's compute buffers for micro-batches of `batch` tokens."""
    batch = min(batch, context)
    logits = 4 * batch * header.vocabulary
    activations = 4 * batch * (8 * header.width + 2 * header.feed_forward)
    attention = 0 if flash_attention else 4 * batch * context * header.heads
    return logits + activations + attention


def quick_micro_batch(header: ModelHeader, most: int, reading: float) -> int:
    """Tokens that a CPU can evaluate at once and still notice a cancel in time; a power of two, or `most`.

    Args:
        most: that memory allows.
        reading: tokens of a prompt that the model reads per second.
    """
    used = max(header.block_parameters * header.active_share, 1.0)
    longest = max(header.width * header.feed_forward / used, 1 / (16 * max(header.layers, 1)))
    fitting = min(_CANCEL_SECONDS * reading / longest, _MICRO_BATCH_SECONDS * reading, most)
    size = _LEAST_MICRO_BATCH
    while size * 2 <= fitting:
        size *= 2
    return min(size, most)


def micro_batch(settings: Settings, *, gpu: bool) -> int:
    """Tokens to evaluate at once, at most; on a GPU the whole batch."""
    return max(settings.batch_tokens if gpu else min(settings.batch_tokens, CPU_MICRO_BATCH), 1)


def needed_bytes(header: ModelHeader, context: int, settings: Settings, *, gpu: bool = False) -> int:
    """Total bytes that the model needs with a context of `context` tokens."""
    batch = micro_batch(settings, gpu=gpu)
    return (
        header.tensor_bytes
        + kv_bytes(header, context, settings.kv_cache_type)
        + compute_bytes(header, context, batch, flash_attention=settings.flash_attention)
        + _RESERVE
    )


def context_of(header: ModelHeader, settings: Settings) -> int:
    """The context window to use: the setting, but at most what the model was trained with."""
    trained = header.context_length or settings.context_tokens or 4096
    return min(settings.context_tokens, trained) if settings.context_tokens > 0 else trained


def readable(size: float) -> str:
    """A size for people: "350 MB", "5.4 GB" (powers of ten, as disks and catalogues have it)."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.{0 if size >= 1e7 else 1}f} MB"


def _gpu_layers(header: ModelHeader, context: int, settings: Settings, devices: Sequence[Device]) -> int:
    """Layers that fit on the devices, each with its weights and its share of the cache."""
    wanted = settings.gpu_layers if settings.gpu_layers >= 0 else header.layers + 1
    if not devices or wanted == 0:
        return 0
    free = sum(max(device.free - _GPU_RESERVE, 0) for device in devices)
    free -= compute_bytes(header, context, settings.batch_tokens, flash_attention=settings.flash_attention)
    # The output matrix (and the embedding table, which stays in main memory) count as weights of one more layer.
    output = min(header.vocabulary * header.width, header.tensor_bytes // 4)
    layer = (header.tensor_bytes - output) // max(header.layers, 1)
    layer += kv_bytes(header, context, settings.kv_cache_type) // max(header.layers, 1)
    if free >= layer * header.layers + output:
        fitting = header.layers + 1
    else:
        fitting = max(min(free // max(layer, 1), header.layers), 0)
    return min(wanted, fitting)


def plan(
    header: ModelHeader,
    settings: Settings,
    *,
    available: int,
    devices: Sequence[Device] = (),
    alternatives: Sequence[tuple[str, int]] = (),
    reading: float | None = None,
) -> LoadPlan:
    """Decide how to load a model, or refuse it.

    Args:
        available: bytes of main memory that are free.
        devices: accelerators that the runtime can use.
        alternatives: (name, bytes needed) of other models, to name one that would fit.
        reading: tokens of a prompt that the model reads here per second, if that is known.

    Raises:
        ModelTooLargeError: it fits neither as asked for nor, with its weights partly on a GPU, into what is left.
        SettingsError: a setting that cannot be used.
    """
    context = context_of(header, settings)
    layers = _gpu_layers(header, context, settings, devices)
    need = needed_bytes(header, context, settings, gpu=layers > 0)
    if layers > header.layers:
        in_memory = _RESERVE
    else:
        moved = header.tensor_bytes + kv_bytes(header, context, settings.kv_cache_type)
        in_memory = need - moved * layers // max(header.layers + 1, 1)
    if in_memory <= available:
        spare = max(available - in_memory, 0)
        batch = min(micro_batch(settings, gpu=layers > 0), context)
        if not layers and reading is not None:
            batch = quick_micro_batch(header, batch, reading)
        return LoadPlan(context, batch, layers, need, min(512 * _MIB, spare // 8))

    message = (
        f"{header.name} needs {readable(in_memory)} of memory with a context of {context} tokens, and"
        f" {readable(available)} is free."
    )
    smaller = context // 2
    while smaller >= _SMALLEST_CONTEXT:
        if needed_bytes(header, smaller, settings) <= available:
            raise ModelTooLargeError(f"{message} It would fit with the setting context_tokens = {smaller}.")
        smaller //= 2
    fitting = [(size, name) for name, size in alternatives if size <= available and name != header.name]
    if fitting:
        size, name = max(fitting)
        raise ModelTooLargeError(f"{message} {name} would fit ({readable(size)}).")
    raise ModelTooLargeError(f"{message} Close other programs, or use a smaller model.")
