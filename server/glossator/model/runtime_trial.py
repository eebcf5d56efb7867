"""Tries a llama.cpp runtime for real, in processes of its own: `python -m glossator.model.runtime_trial`.

A build may be made for other instructions than this CPU's, or for a library that is not here: it then cannot be loaded,
crashes at its first token, or computes nonsense. So a tiny model whose answer is known is loaded and asked. The last
line on stdout is the outcome, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from glossator.errors import GlossatorError
from glossator.model.chat import ChatMessage, Delta
from glossator.model.child import INSTALL_RUNTIME, child_environment
from glossator.model.factory import open_model
from glossator.model.runtime import probe
from glossator.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

TRIAL_SECONDS: Final = 180.0
"""For loading the libraries and one answer: a GPU's first start compiles its programs for up to a minute."""
KNOWN_ANSWER: Final = "The runtime works."
"""What the model of the trial always says; `scripts/make_trial_model` wrote it into its weights."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        version: of llama-cpp-python.
        devices: accelerators that it sees, by their names.
        device: where the answer was computed.
        problem: what is wrong; "" if nothing is.
    """

    version: str = ""
    devices: tuple[str, ...] = ()
    device: str = ""
    problem: str = ""


def try_runtime(folder: Path | None = None, seconds: float = TRIAL_SECONDS) -> TrialOutcome:
    """Try the runtime that is installed, or the one that lies in a folder, in another process."""
    environment = child_environment(*([folder] if folder is not None else []))
    command = [sys.executable, "-P", "-m", "glossator.model.runtime_trial"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            process_group=None if sys.platform == "win32" else 0,  # Ctrl-C in a terminal must not look like its failure
        )
    except subprocess.TimeoutExpired:
        return TrialOutcome(problem=f"it gave no answer within {seconds:.0f} s")
    except OSError as error:
        return TrialOutcome(problem=f"cannot start Python: {error}")
    try:
        told: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
        return TrialOutcome(**{**told, "devices": tuple(told["devices"])})
    except (IndexError, ValueError, KeyError, TypeError):
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return TrialOutcome(problem=f"its trial ended with status {done.returncode}" + "".join(f": {x}" for x in last))


def _outcome() -> TrialOutcome:
    runtime = probe()
    if runtime.problem:
        return TrialOutcome(problem=runtime.problem.removesuffix(f"; {INSTALL_RUNTIME}"))
    devices = tuple(device.description for device in runtime.devices)
    with resources.as_file(resources.files("glossator.data") / "trial.gguf") as path:
        settings = Settings(model=str(path), context_tokens=256, threads=1)
        try:
            device, answer = asyncio.run(_answer(settings))
        except GlossatorError as error:
            return TrialOutcome(runtime.version, devices, problem=str(error))
    problem = "" if answer.strip() == KNOWN_ANSWER else f"it computes wrong results ({answer.strip()[:60]!r})"
    return TrialOutcome(runtime.version, devices, device, problem)


async def _answer(settings: Settings) -> tuple[str, str]:
    """Where the model computes, and what it says."""
    model = open_model(settings)
    try:
        status = await model.load()
        parts = [
            event.text
            async for event in model.chat(
                [ChatMessage("user", "Does it work?")], max_tokens=16, temperature=0.0, timeout=TRIAL_SECONDS
            )
            if isinstance(event, Delta)
        ]
        return status.device.partition(",")[0], "".join(parts)
    finally:
        await model.close()


if __name__ == "__main__":
    outcome = _outcome()
    sys.stdout.write(
        json.dumps(
            {
                "version": outcome.version,
                "devices": outcome.devices,
                "device": outcome.device,
                "problem": outcome.problem,
            }
        )
        + "\n"
    )
