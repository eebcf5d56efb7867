"""A run of training as the parent sees it: its plan, its folder, what it needs, and the child that does it.

The folder keeps what a run that was stopped or killed needs to go on. `lora_training` is the child; it is not imported
here, since it loads PyTorch.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import shutil
import subprocess
import sys
import threading
import zipfile
import zlib
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from glossator.adapt.training_steps import multiplies_bfloat16
from glossator.errors import (
    DAMAGED_ARRAY,
    AdaptationError,
    CancelledByUser,
    ModelRuntimeError,
    ModelTooLargeError,
)
from glossator.model.memory import physical_memory, readable
from glossator.private_files import make_private_folder, replace_private_file
from glossator.project.adaptation_runs import RunForecast
from glossator.project.adaptations import told_in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glossator.adapt.base_models import BaseShape, WeightArray

PLAN_FILE, TOKENS_FILE, STATE_FILE, RESULT_FILE = "run.json", "tokens.jsonl", "checkpoint.pt", "adapter.npz"
NEEDED_PACKAGES = ("torch", "transformers", "peft", "gguf")

RUNTIME_BYTES = 700 * 10**6
"""What PyTorch and transformers take before a model is loaded."""
ACTIVATION_FLOATS = 34
"""Numbers of 4 bytes that a layer keeps for each token until the backward pass, in widths of the model (half of the
feed-forward's included)."""
MEMORY_SHARE = 0.75
"""Part of the free memory that training may take, unless told otherwise."""
STOP_SECONDS = 120.0
"""How long the child may take to finish its step and write a checkpoint, once it was asked to stop."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What a run is to do; the child reads it as JSON.

    Attributes:
        base: the GGUF file.
        weights: a folder with the same model's weights as safetensors; "" to dequantise the GGUF file's.
        key: stands for base, data and hyperparameters: only a run with the same key can be resumed.
        rank, alpha: of the adapter; what it adds is scaled by alpha / rank.
        step_tokens: tokens of a step, the beginning that all prompts share included.
        epochs: how often each example is seen at most.
        steps: 0 for as many as fit into `minutes`, decided once their speed has been measured.
        evaluations: how often the validation part is looked at.
        threads: of the processor.
        memory_limit: bytes that the process may take.
        device: "auto", "cpu" or "cuda".
        precision: of the frozen weights: "auto", "float32" or "bfloat16".
        four_bits: whether they are quantised to 4 bits on a GPU (QLoRA).
        recompute: compute activations again in the backward pass, to spare memory.
        forecast_only: stop after the forecast.
    """

    base: str
    key: str
    weights: str = ""
    rank: int = 16
    alpha: float = 32.0
    learning_rate: float = 2e-4
    epochs: int = 3
    step_tokens: int = 1200
    steps: int = 0
    evaluations: int = 6
    minutes: float = 60.0
    seed: int = 0
    threads: int = 1
    memory_limit: int = 0
    device: str = "auto"
    precision: str = "auto"
    four_bits: bool = False
    recompute: bool = False
    checkpoint_seconds: float = 60.0
    forecast_only: bool = False


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far training is. `validation`: the last loss on the part that is watched; None without one."""

    step: int
    steps: int
    loss: float
    validation: float | None
    seconds_left: float
    memory_bytes: int
    tokens_per_second: float


def missing_packages() -> list[str]:
    """Those of `NEEDED_PACKAGES` that are not installed; nothing is loaded."""
    importlib.invalidate_caches()  # one may have been installed while this process runs
    return [name for name in NEEDED_PACKAGES if find_spec(name) is None]


def require_packages(install: str = "pip install 'glossator[adapt]'") -> None:
    """Check that what training needs is installed, without loading it; `install` is the command that installs it.

    Raises:
        ModelRuntimeError: it is not.
    """
    if missing := missing_packages():
        raise ModelRuntimeError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: install what adapting a model needs"
            f" with `{install}`"
        )


def estimated_memory(shape: BaseShape, plan: TrainingPlan, *, half: bool) -> int:
    """Bytes that training is expected to take; `half`: whether the frozen weights have 16 bits."""
    weights = shape.parameters * (2 if half else 4)
    adapter = shape.adapter_parameters(plan.rank) * 16  # weights, gradients and Adam's two moments
    layers = math.isqrt(shape.layers) + 1 if plan.recompute else shape.layers
    kept = ACTIVATION_FLOATS * (shape.width + shape.feed_forward / 4) * 4 * plan.step_tokens * layers / 2
    logits = 3 * 4 * shape.vocabulary * plan.step_tokens // 3
    return int(RUNTIME_BYTES + weights + adapter + kept + logits)


def keeps_half(plan: TrainingPlan) -> bool:
    """Whether the frozen weights will have 16 bits in the memory of this machine."""
    return plan.precision == "bfloat16" or (plan.precision == "auto" and multiplies_bfloat16())


def fitted(shape: BaseShape, plan: TrainingPlan) -> TrainingPlan:
    """The plan with a limit of memory, and with activations computed twice where they would not fit otherwise.

    Raises:
        ModelTooLargeError: the base cannot be trained in the memory that there is.
    """
    from dataclasses import replace

    free, _ = physical_memory()
    limit = plan.memory_limit or int(free * MEMORY_SHARE)
    plan = replace(plan, memory_limit=limit)
    half = keeps_half(plan)
    if estimated_memory(shape, plan, half=half) <= limit:
        return plan
    plan = replace(plan, recompute=True)
    needed = estimated_memory(shape, plan, half=half)
    if needed > limit:
        raise ModelTooLargeError(
            f"training would take about {readable(needed)}, and {readable(limit)} may be used: choose a smaller base,"
            " or allow more with --memory"
        )
    return plan


class TrainingRun:
    """A folder in which an adapter is trained. One process at a time uses it."""

    def __init__(self, folder: Path, plan: TrainingPlan) -> None:
        self.folder = folder
        self.plan = plan

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process, and make it if it is missing.

        Raises:
            AdaptationError: another process trains in it, or it cannot be written.
        """
        from filelock import FileLock, Timeout

        with told_in_one_line(self.folder):
            make_private_folder(self.folder, certainly_ours=True)
        try:
            with FileLock(self.folder / "lock", timeout=0):
                yield
        except Timeout:
            raise AdaptationError("another process is adapting a model to this project: wait, or stop it") from None

    @property
    def can_resume(self) -> bool:
        """Whether the folder has a run with the same key that was stopped."""
        try:
            known = json.loads((self.folder / PLAN_FILE).read_text("utf-8"))["key"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return bool(known == self.plan.key) and (self.folder / STATE_FILE).is_file()

    def prepare(self, examples: Sequence[tuple[str, list[int], list[int]]], adapter_bytes: int) -> None:
        """Write what the child reads; a run with another key is removed first.

        Args:
            examples: (part, tokens of the prompt, tokens of the answer).
            adapter_bytes: what an adapter takes as 32-bit numbers.

        Raises:
            AdaptationError: there is no room for it, or it cannot be written.
        """
        resumes = self.can_resume
        with told_in_one_line(self.folder):
            if not resumes:
                self.clear()
            needed = 5 * adapter_bytes + 64 * 1024 * 1024
            free = shutil.disk_usage(self.folder).free
            if free < needed:
                raise AdaptationError(
                    f"the disk is full: checkpoints need {readable(needed)} in {self.folder}, {readable(free)} are free"
                )
            lines = "".join(
                json.dumps({"part": part, "prompt": prompt, "answer": answer}) + "\n"
                for part, prompt, answer in examples
            )
            replace_private_file(self.folder / TOKENS_FILE, lines)
            replace_private_file(self.folder / PLAN_FILE, json.dumps(asdict(self.plan)))

    def clear(self) -> None:
        """Remove what runs have left, except reports."""
        for path in self.folder.iterdir():
            if path.name in (PLAN_FILE, TOKENS_FILE, STATE_FILE, RESULT_FILE) or path.name.endswith(".part"):
                with contextlib.suppress(OSError):
                    path.unlink()

    def train(
        self,
        *,
        forecast: Callable[[RunForecast], None] = lambda _: None,
        progress: Callable[[TrainingProgress], None] = lambda _: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> Mapping[str, Any]:
        """Train, in a process of its own; returns what it said at its end ("done", or "forecast" if that is all).

        Raises:
            CancelledByUser: it was stopped; a checkpoint was written.
            AdaptationError: it failed, with the reason.
        """
        last: dict[str, Any] = {}
        problem = ""
        command = [
            sys.executable,
            "-P",  # the working directory, a project's folder, must not be able to shadow a package
            *("-m", "glossator.adapt.lora_training", str(self.folder)),
        ]
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
        environment = {**os.environ, "OMP_NUM_THREADS": str(self.plan.threads), "PYTHONUNBUFFERED": "1"}
        with (self.folder / "training.log").open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                creationflags=flags,
                start_new_session=os.name == "posix",
            )
        assert child.stdin is not None
        assert child.stdout is not None
        finished = threading.Event()
        watcher = threading.Thread(target=_stop_when, args=(child, is_stopped, finished), daemon=True)
        watcher.start()
        try:
            for line in child.stdout:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                match message.pop("event", ""):
                    case "forecast":
                        last = message
                        forecast(RunForecast(message["seconds"], message["steps"], message["memory_bytes"]))
                    case "step":
                        progress(TrainingProgress(**message))
                    case "done":
                        last = message
                    case "error":
                        problem = str(message["message"])
        except BaseException:
            with contextlib.suppress(OSError):
                child.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(STOP_SECONDS)
            raise
        finally:
            finished.set()
            if child.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_SECONDS)
                if child.poll() is None:
                    child.kill()
            child.wait()
            watcher.join()
            child.stdout.close()
            with contextlib.suppress(OSError):
                child.stdin.close()
        if problem:
            raise AdaptationError(problem)
        if child.returncode:
            how = f"exit status {child.returncode}" if child.returncode > 0 else f"signal {-child.returncode}"
            raise AdaptationError(
                f"training ended with {how}; the same command continues from the last checkpoint"
                f" (details: {self.folder / 'training.log'})"
            )
        if is_stopped():
            raise CancelledByUser("stopped; the same command continues from here")
        return last

    def matrices(self) -> dict[str, tuple[WeightArray, WeightArray]]:
        """What was trained: name of a weight in transformers -> its two matrices.

        Raises:
            AdaptationError: there is no result that can be read.
        """
        import numpy as np

        found: dict[str, dict[str, WeightArray]] = {}
        try:
            with np.load(self.folder / RESULT_FILE, allow_pickle=False) as arrays:
                for name in arrays.files:
                    target, _, part = name.rpartition(".lora_")
                    found.setdefault(f"{target}.weight", {})[part] = arrays[name]
            return {name: (parts["A"], parts["B"]) for name, parts in found.items()}
        except (OSError, KeyError, zipfile.BadZipFile, zlib.error, *DAMAGED_ARRAY) as error:
            raise AdaptationError(f"the trained adapter in {self.folder} cannot be read: {error}") from error


def _stop_when(child: subprocess.Popen[bytes], is_stopped: Callable[[], bool], finished: threading.Event) -> None:
    """Ask the child to stop, by closing its stdin, as soon as somebody asked for it."""
    while not finished.wait(0.2):
        if is_stopped():
            with contextlib.suppress(OSError):
                assert child.stdin is not None
                child.stdin.close()
            return
