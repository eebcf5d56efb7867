"""The steps of training an adapter: which examples each has, in which order, its learning rate, and the precision that
the processor is quick with; without PyTorch."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Tokens = tuple[list[int], list[int]]
"""The tokens of a prompt, and those of its answer."""

WARM_UP_SHARE = 0.06
"""Part of the steps in which the learning rate rises."""


def packed(examples: Sequence[Tokens], order: Sequence[int], shared: int, room: int) -> list[list[int]]:
    """Examples in steps: as many of them as fit into `room` tokens behind the beginning that they share."""
    steps: list[list[int]] = []
    used = room + 1
    for number in order:
        size = sum(map(len, examples[number])) - shared
        if used + size > room:
            steps.append([])
            used = shared
        steps[-1].append(number)
        used += size
    return steps


def common_beginning(examples: Sequence[Tokens]) -> int:
    """How many tokens all prompts begin with."""
    first = examples[0][0]
    shared = min(len(prompt) for prompt, _ in examples) - 1
    for prompt, _ in examples[1:]:
        while first[:shared] != prompt[:shared]:
            shared = next(at for at in range(shared) if first[at] != prompt[at])
    return max(shared, 0)


def scheduled(examples: Sequence[Tokens], shared: int, room: int, epochs: int, seed: int) -> list[list[int]]:
    """The examples of each step, the same in every process: those of an epoch in an order of its own."""
    found: list[list[int]] = []
    for epoch in range(epochs):
        order = list(range(len(examples)))
        random.Random(f"{seed} {epoch}").shuffle(order)  # noqa: S311 - not for secrets
        found += packed(examples, order, shared, room)
    return found


def learning_rate(step: int, steps: int, highest: float) -> float:
    """The learning rate of a step: it rises for a short while, then falls along a cosine."""
    rising = max(1, int(steps * WARM_UP_SHARE))
    if step < rising:
        return highest * (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    return highest * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies numbers of 16 bits as such. Linux tells; elsewhere it is taken to be unable.

    With SmolLM2-135M on two cores that can, a step took 7.6 s of processor time and 1.9 GB of memory,
    with 32 bits 8.9 s and 2.7 GB.
    """
    information = Path("/proc/cpuinfo")
    flags = information.read_text("utf-8", "replace") if information.is_file() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags
