"""Checks of everything about models that can be wrong on a user's machine, each with a way to fix it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError, ModelError, ModelTooLargeError
from glossator.model import memory, model_catalog
from glossator.model.chat import ChatMessage, Done
from glossator.model.expectations import Expectations
from glossator.model.factory import open_model
from glossator.model.header import read_header
from glossator.model.installed import Models, resolve_model
from glossator.model.memory import readable
from glossator.model.runtime import probe

if TYPE_CHECKING:
    from glossator.model.chat import ModelStatus
    from glossator.model.installed import ModelChoice
    from glossator.model.runtime import Runtime
    from glossator.settings import Settings

ANSWER_SECONDS = 180.0
"""For loading the model and one token: a 20 GB file from a slow disk takes two minutes."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. `cure` says what to do; "" where nothing need be done.

    What is not `ok` is a failure, or only a warning where everything that the user has chosen works all the same.
    """

    name: str
    ok: bool
    detail: str
    cure: str = ""
    warning: bool = False

    @property
    def failed(self) -> bool:
        """Whether something does not work."""
        return not self.ok and not self.warning


def check_models(settings: Settings) -> list[Check]:
    """All checks about models, each after those it depends on. Blocks: not for use on an event loop's thread."""
    if settings.endpoint:
        return [_endpoint(settings)]
    runtime = probe()
    choice, check = _chosen(settings, runtime)
    # Without a model the index answers, and needs nothing of all this.
    unused = choice is None and check.warning
    first = (_runtime(runtime), _accelerator(settings, runtime), _folder(settings))
    checks = [replace(item, warning=True) if unused else item for item in first]
    if problem := Models.of(settings).problem:
        what, _, cure = problem.partition("; ")
        checks.append(Check("installed models", False, what, cure))
    checks.append(check)
    if choice is not None and choice.path is not None and check.ok:
        fits = _fits(settings, choice.path, runtime)
        answers = [_answers(settings)] if fits.ok and not runtime.problem else []
        checks += [fits, _speed(settings, choice.path, runtime), *answers]  # its first answer has measured the speed
    return checks


def _runtime(runtime: Runtime) -> Check:
    if runtime.problem:
        what, _, cure = runtime.problem.partition("; ")
        return Check("llama.cpp runtime", False, what, cure or "glossator runtime install")
    uses = ", ".join(re.findall(r"(\w+) = 1\b", runtime.features)) or runtime.features.rstrip(" |")
    return Check("llama.cpp runtime", True, f"llama-cpp-python {runtime.version}; {uses}")


def nvidia_card() -> bool:
    """Whether this machine has an NVIDIA GPU with a driver."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def _accelerator(settings: Settings, runtime: Runtime) -> Check:
    name = "accelerator"
    if runtime.devices:
        listed = "; ".join(
            f"{device.name} ({device.description}), {readable(device.free)} of {readable(device.total)} free"
            for device in runtime.devices
        )
        if settings.gpu_layers == 0:
            return Check(name, False, f"{listed}, but the setting gpu_layers is 0", "remove that setting", warning=True)
        return Check(name, True, listed)
    metal = sys.platform == "darwin" and os.uname().machine == "arm64"
    if runtime.problem or not (nvidia_card() or metal):
        return Check(name, True, "none found: the CPU does the work")
    what = "this Mac's GPU" if metal else "an NVIDIA GPU is here"
    if runtime.gpu_build:
        return Check(name, False, f"{what}, but llama.cpp does not see it", "update the GPU's driver", warning=True)
    return Check(
        name,
        False,
        f"{what}, but this build of llama-cpp-python runs on the CPU alone",
        "install a build for the GPU: glossator runtime install",
        warning=True,
    )


def _folder(settings: Settings) -> Check:
    folder = settings.models_dir
    name = "models folder"
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(existing, os.W_OK):
        return Check(name, False, f"{folder} cannot be written", "set models_dir to a folder of your own")
    free = shutil.disk_usage(existing).free
    smallest = min(entry.size for entry in model_catalog.entries())
    if free < smallest:
        return Check(
            name,
            False,
            f"{folder}: {readable(free)} free",
            "free some space, or set models_dir to a folder on another disk",
        )
    return Check(name, True, f"{folder}: {readable(free)} free")


def _chosen(settings: Settings, runtime: Runtime) -> tuple[ModelChoice | None, Check]:
    name = "chat model"
    best = Expectations(settings, runtime).recommended()
    get = f"glossator models pull {best.name}" if best is not None else "glossator models list"
    try:
        choice = resolve_model(settings)
    except ModelError as error:
        return None, Check(name, False, str(error), get)
    if choice is None:
        several = [model.name for model in Models.of(settings).all() if model.role == "chat"]
        if several:
            detail = f"none is chosen ({', '.join(several)} can be used): answers come from the index alone"
            return None, Check(name, False, detail, f"glossator models use {several[0]}", warning=True)
        return None, Check(name, False, "none is installed: answers come from the index alone", get, warning=True)
    if choice.path is None:
        return choice, Check(name, True, choice.name)
    try:
        header = read_header(choice.path)
        header.require_chat_model()
    except ModelError as error:
        return choice, Check(name, False, str(error), f"remove it and download it again: {get}")
    size = f"{readable(header.file_bytes)}, {header.architecture} {header.file_type}"
    note = "" if header.chat_template else "; it has no chat template: an instruct model would answer better"
    if header.recurrent:
        note += "; its cache cannot be rolled back, so an edited conversation is read again from the start"
    return choice, Check(name, True, f"{choice.name}: {size}, trained for {header.context_length} tokens{note}")


def _fits(settings: Settings, path: Path, runtime: Runtime) -> Check:
    name = "memory"
    available, total = memory.physical_memory()
    try:
        plan = memory.plan(
            read_header(path),
            settings,
            available=available,
            devices=runtime.devices,
            alternatives=model_catalog.alternatives(),
        )
    except ModelTooLargeError as error:
        return Check(name, False, str(error), "follow that advice, or choose another model: glossator models list")
    except GlossatorError as error:
        return Check(name, False, str(error), "correct the setting")
    return Check(
        name,
        True,
        f"{readable(plan.bytes_needed)} needed with {plan.context_tokens} tokens of context, "
        f"{readable(available)} of {readable(total)} free",
    )


def _speed(settings: Settings, path: Path, runtime: Runtime) -> Check:
    """Whether anybody would wait for this model; a warning, since it works all the same."""
    name = "expected speed"
    expectations = Expectations(settings, runtime)
    speed = expectations.of_file(path)
    if speed is None:
        return Check(name, False, f"{path} cannot be read", "correct the setting", warning=True)
    detail = f"{speed.described(settings.patience)} ({'measured' if speed.measured else 'estimated'})"
    if speed.bearable:
        return Check(name, True, detail)
    best = expectations.recommended()
    cure = (
        f"a faster model for this machine: glossator models pull {best.name}"
        if best is not None
        else ("no model of the catalogue is fast enough here: the index alone answers at once")
    )
    return Check(name, False, detail, cure, warning=True)


def _answers(settings: Settings) -> Check:
    """Load the model and make a few tokens: what counts in the end."""
    name = "an answer"

    async def one() -> tuple[ModelStatus, Done | None]:
        model = open_model(settings)
        done = None
        try:
            status = await model.load()
            async for event in model.chat([ChatMessage("user", "Say yes.")], max_tokens=4, timeout=ANSWER_SECONDS):
                done = event if isinstance(event, Done) else done
            return status, done
        finally:
            await model.close()

    try:
        status, done = asyncio.run(one())
    except GlossatorError as error:
        return Check(name, False, str(error), "see the log of `glossator serve --log-level debug`")
    speed = done.usage.tokens_per_second if done is not None else None
    rate = f", {speed:.0f} tokens/s" if speed else ""
    if status.note:
        return Check(name, True, f"works on {status.device}{rate}; {status.note}")
    return Check(name, True, f"works on {status.device}{rate}")


def _endpoint(settings: Settings) -> Check:
    name = "endpoint"

    async def ask() -> ModelStatus:
        model = open_model(settings)
        try:
            return await model.load()
        finally:
            await model.close()

    try:
        status = asyncio.run(ask())
    except GlossatorError as error:
        return Check(name, False, str(error), "start the server, or correct the settings endpoint and endpoint_key")
    note = f"; {status.note}" if status.note else ""
    return Check(name, True, f"{settings.endpoint} responds with {status.name}{note}")
