"""Finds out what the installed llama.cpp runtime can do, by starting a child for a moment."""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass

from glossator.errors import ModelError, ModelRuntimeError
from glossator.model.child import INSTALL_RUNTIME, Child
from glossator.model.memory import Device


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a child reports about the runtime.

    Attributes:
        version: of llama-cpp-python.
        gpu_build: whether it was built for any accelerator.
        devices: accelerators that it sees.
        features: what of the CPU it uses, in llama.cpp's words.
        problem: why it cannot be used; "" if it can.
    """

    version: str = ""
    gpu_build: bool = False
    devices: tuple[Device, ...] = ()
    features: str = ""
    problem: str = ""


def probe(seconds: float = 30.0) -> Runtime:
    """Start a child, ask it, stop it. Takes about half a second."""
    if importlib.util.find_spec("llama_cpp") is None:
        return Runtime(problem=f"llama-cpp-python is not installed; {INSTALL_RUNTIME}")
    try:
        return asyncio.run(_probe(seconds))
    except ModelError as error:
        return Runtime(problem=str(error))


async def _probe(seconds: float) -> Runtime:
    child = await Child.start()
    try:
        await child.wait_until_started(seconds)
        hello = child.greeting
        return Runtime(
            version=hello["runtime"],
            gpu_build=hello["gpuOffload"],
            devices=tuple(Device(**device) for device in hello["devices"]),
            features=hello["system"],
        )
    except KeyError as error:
        raise ModelRuntimeError(f"the model's process does not report its {error}") from error
    finally:
        await child.stop()
