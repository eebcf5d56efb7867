"""How fast a model would be on this machine, estimated before it is downloaded.

Two rates matter. Before the first word the model *reads* the prompt, which is arithmetic: two operations for each
weight and token. Then it *writes*, which is memory traffic: every weight is read once for each token. So

    tokens read per second    = operations per second / (2 x weights used per token)
    tokens written per second = bytes read per second / bytes of the weights used per token

The constants say what llama.cpp reaches with 4-bit weights on a machine that does nothing else. Measured speeds of four
models are in docs/models.md; the estimates are within a factor of two of them: enough to tell ten seconds from a
minute, no more. Once a model has run here, its measured speed replaces the estimate (`measured_speed`).
"""

from __future__ import annotations

import math
import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.power import usable_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.model.header import ModelHeader
    from glossator.model.memory import Device
    from glossator.settings import Settings

PROMPT_TOKENS = 700
"""Tokens of a typical question with its evidence."""
MAX_READING_SECONDS = 10.0
"""A model that takes longer to read such a prompt is not recommended: nobody waits for it."""
LEAST_EVIDENCE_TOKENS = 500
"""Two or three good excerpts with their headings. With 200 tokens a 0.5B model found hardly any fact, and half of the
facts are in the first 400; so the slowest model reads as much."""
ENOUGH_EVIDENCE_TOKENS = 900
"""Excerpts that hold what most questions need. A model that is fast enough for more reads more, but not as much as it
could: half of the gain (the geometric mean) goes into a shorter wait."""
WORDS_PER_TOKEN = 0.75
"""Of English prose, by the vocabularies of current models."""

_OPERATIONS_PER_CYCLE = {"AVX512": 60.0, "AVX2": 20.0, "NEON": 24.0, "": 6.0}
"""Useful operations of one core per clock cycle, by the widest instructions that llama.cpp can use. Only AVX-512 was
measured; the others are rough estimates."""
_BLOCK = 256
_ODD_WIDTH = 0.5
"""Part of that speed which a model reaches whose width is no multiple of the blocks of 4-bit weights: it has other ones
in their place."""
_DEFAULT_HERTZ = 2.5e9
_BYTES_PER_THREAD = 16e9
"""Bytes of weights that one thread can take in per second."""
_MEMORY_BANDWIDTH = 40e9
"""Bytes per second for all threads together: two channels of DDR4."""
_UNIFIED_GPU = (1.5e12, 50e9)
"""Operations and bytes per second of a GPU that shares the main memory: a rough, unmeasured estimate for the smallest
Apple silicon."""
_DISCRETE_GPU = (8e12, 200e9)
"""The same for a discrete GPU: a rough, unmeasured estimate for a small recent one."""
_UNIFIED_SHARE = 0.7
"""Part of the main memory that macOS lets its GPU use."""


def thread_count(settings: Settings) -> int:
    """Threads for the model: the setting, or all physical cores that this process may use.

    The process has a low priority, and uses fewer threads while other programs need its cores (`thread_share`).
    """
    if settings.threads > 0:
        return settings.threads
    import psutil

    usable = usable_cores()
    physical = psutil.cpu_count(logical=False) or usable
    return max(min(physical, usable), 1)


def evidence_tokens(reading: float, patience: float, least: int = LEAST_EVIDENCE_TOKENS) -> int:
    """Tokens of evidence that a model should read before its first word.

    Args:
        reading: tokens of a prompt that it reads per second.
        patience: seconds that a user waits for the first word.
        least: tokens to read however slow it is.
    """
    in_time = max(reading * patience, least)
    return int(min(in_time, math.sqrt(in_time * ENOUGH_EVIDENCE_TOKENS)))


@dataclass(frozen=True, slots=True)
class Speed:
    """What to expect of a model.

    Attributes:
        reading: tokens of a prompt per second.
        writing: tokens of an answer per second.
        measured: whether the model has run on this machine; otherwise the speed is estimated.
    """

    reading: float
    writing: float
    measured: bool = False

    @property
    def reading_seconds(self) -> float:
        """For a typical prompt of `PROMPT_TOKENS`."""
        return PROMPT_TOKENS / self.reading

    def first_word_seconds(self, patience: float) -> float:
        """From a question to the first word of its answer, with the model in memory and so much patience."""
        return evidence_tokens(self.reading, patience) / self.reading + 1 / self.writing

    @property
    def words_per_second(self) -> float:
        """Of the answer."""
        return self.writing * WORDS_PER_TOKEN

    @property
    def bearable(self) -> bool:
        """Whether somebody would wait for it."""
        return self.reading_seconds <= MAX_READING_SECONDS

    def described(self, patience: float) -> str:
        """What a user is to expect."""
        first, words = two_digits(self.first_word_seconds(patience)), two_digits(self.words_per_second)
        return f"about {first} s to the first word, {words} words/s"


def two_digits(value: float) -> str:
    """A positive number as text with two significant digits: an estimate has no more."""
    return f"{value:.1f}" if value < 10 else f"{float(f'{value:.2g}'):.0f}"


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides how fast models run here.

    Attributes:
        operations, bandwidth: of the processor, per second, with the threads that a model may use.
        gpu_memory: bytes of the largest accelerator that the runtime can use; 0 without one.
        gpu_operations, gpu_bandwidth: of that accelerator, per second.
    """

    memory: int
    operations: float
    bandwidth: float
    gpu_memory: int = 0
    gpu_operations: float = 0.0
    gpu_bandwidth: float = 0.0

    def speed(self, *, weights: float, bytes_per_token: float, needed: int) -> Speed:
        """The speed of a model.

        Args:
            weights: used for each token of a prompt.
            bytes_per_token: size of the weights that are used for each token of an answer.
            needed: bytes of memory that the whole model takes.
        """
        on_gpu = 0 < needed <= self.gpu_memory
        operations = self.gpu_operations if on_gpu else self.operations
        bandwidth = self.gpu_bandwidth if on_gpu else self.bandwidth
        return Speed(operations / (2 * max(weights, 1)), bandwidth / max(bytes_per_token, 1))


def file_speed(machine: Machine, header: ModelHeader, needed: int) -> Speed:
    """The speed of a model file. `needed`: bytes of memory that the whole model takes."""
    efficiency = _ODD_WIDTH if header.width % _BLOCK else 1.0
    return machine.speed(
        weights=header.block_parameters * header.active_share / efficiency,
        bytes_per_token=header.bytes_per_token * header.active_share,
        needed=needed,
    )


def this_machine(settings: Settings, *, memory: int, devices: Sequence[Device] = (), features: str = "") -> Machine:
    """This machine, as models see it.

    Args:
        memory: bytes of main memory in all.
        devices: accelerators that the runtime can use.
        features: what llama.cpp says of the processor ("AVX2 = 1 | ..."); "" if it is not installed.
    """
    threads = thread_count(settings)
    operations = threads * _hertz() * _OPERATIONS_PER_CYCLE[_instructions(features)]
    bandwidth = min(threads * _BYTES_PER_THREAD, _MEMORY_BANDWIDTH)
    if settings.gpu_layers == 0:
        return Machine(memory, operations, bandwidth)
    if devices:
        largest = max(devices, key=lambda device: device.total)
        unified = largest.name.startswith(("Metal", "MTL"))
        return Machine(memory, operations, bandwidth, largest.total, *(_UNIFIED_GPU if unified else _DISCRETE_GPU))
    if sys.platform == "darwin" and platform.machine() == "arm64" and not features:
        # The runtime is not installed yet; where it is, it finds the GPU.
        return Machine(memory, operations, bandwidth, int(memory * _UNIFIED_SHARE), *_UNIFIED_GPU)
    return Machine(memory, operations, bandwidth)


def _instructions(features: str) -> str:
    """The widest instructions that llama.cpp can use here, as a key of `_OPERATIONS_PER_CYCLE`."""
    if not features:
        return "NEON" if platform.machine().lower() in ("arm64", "aarch64") else "AVX2"
    present = set(re.findall(r"\b(\w+) = 1\b", features))
    return next((name for name in ("AVX512", "AVX2", "NEON") if name in present), "")


def _hertz() -> float:
    """The processor's clock."""
    import psutil

    try:
        frequency = psutil.cpu_freq()
    except (OSError, RuntimeError):  # platforms without such a clock
        return _DEFAULT_HERTZ
    megahertz = max(frequency.max or 0.0, frequency.current or 0.0) if frequency is not None else 0.0
    return megahertz * 1e6 if megahertz >= 500 else _DEFAULT_HERTZ
