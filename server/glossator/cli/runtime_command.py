"""`glossator runtime`: status and install."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.errors import DownloadError, ModelRuntimeError, WrongChecksumError
from glossator.model.accelerators import find_accelerators
from glossator.model.memory import readable
from glossator.model.runtime_install import RuntimeInstaller, recorded_runtime
from glossator.model.runtime_trial import try_runtime
from glossator.model.runtime_wheels import PROJECT, RUNTIME_VERSION, WheelIndex, builds_for

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from glossator.model.accelerators import Accelerator
    from glossator.model.runtime_install import InstallProgress
    from glossator.model.runtime_trial import TrialOutcome
    from glossator.model.runtime_wheels import RuntimeDevice, RuntimeWheel
    from glossator.settings import Settings


def run_runtime(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the `runtime` actions; returns the exit status.

    Raises:
        GlossatorError: the action failed.
    """
    return _status(arguments) if arguments.action == "status" else _Installation(arguments, settings).run()


def _status(arguments: argparse.Namespace) -> int:
    outcome, record, accelerators = try_runtime(), recorded_runtime(), find_accelerators()
    best = builds_for(accelerators)[0]
    installed = bool(outcome.version)
    if arguments.json:
        terminal.show_json(
            {
                "installed": installed,
                **_facts(outcome),
                "record": asdict(record) if record is not None else None,
                "accelerators": [_shown(one) for one in accelerators],
                "suited": {"device": best.device, "label": best.label},
            },
            indent=2,
        )
        return 0
    if outcome.problem and not installed:
        terminal.show(f"No runtime works here: {outcome.problem}")
    elif outcome.problem:
        terminal.show(f"llama-cpp-python {outcome.version} is installed, but {outcome.problem}")
    else:
        made = f", a build for {record.build}" if record is not None and record.source == "wheel" else ""
        terminal.show(f"llama-cpp-python {outcome.version}{made} works on {outcome.device}")
    for one in accelerators:
        version = f", {one.kind.upper()} {_dotted(one.version)}" if one.version != (0, 0) else ""
        terminal.show(f"  accelerator: {one.name}{version} ({one.kind})", hang=2)
    if not accelerators:
        terminal.show("  accelerator: none found, so the CPU does the work", hang=2)
    if outcome.problem or (best.device != "cpu" and not outcome.devices):
        terminal.show(f"A build for {best.label} suits this machine; install it with: glossator runtime install")
    return 0


def _facts(outcome: TrialOutcome) -> dict[str, Any]:
    return {
        "version": outcome.version,
        "works": not outcome.problem,
        "problem": outcome.problem,
        "device": outcome.device,
        "devices": list(outcome.devices),
    }


def _shown(accelerator: Accelerator) -> dict[str, Any]:
    version = _dotted(accelerator.version) if accelerator.version != (0, 0) else ""
    return {"kind": accelerator.kind, "name": accelerator.name, "version": version}


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


class _Installation:
    """One `runtime install`: what was tried, and why it was left."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings) -> None:
        self._arguments = arguments
        self._settings = settings
        self._left: list[dict[str, str]] = []
        self._agreed = bool(arguments.yes)
        device: RuntimeDevice | None = None if arguments.device == "auto" else arguments.device
        self._device = device
        self._builds = builds_for(find_accelerators(), device)

    def run(self) -> int:
        """Install the first build that works; returns the exit status."""
        if self._arguments.source != "source" and (done := self._ready_build()) is not None:
            return done
        if self._arguments.source == "wheel":
            raise ModelRuntimeError(f"no ready build works here: {self._reasons()}; compile it with: --from source")
        return self._from_source()

    def _ready_build(self) -> int | None:
        """Install the best of the ready builds that works; None if none does."""
        self._agree_to_look()
        with WheelIndex(self._settings.runtime_index) as index:
            for build in self._builds:
                try:
                    wheel = index.find(build)
                except ModelRuntimeError as error:
                    self._leave(build.label, str(error))
                    continue
                except DownloadError as error:
                    self._leave(build.label, str(error))
                    return None
                if wheel is None:
                    self._leave(build.label, "there is none for this Python and system")
                elif (done := self._wheel(wheel)) is not None:
                    return done
        return None

    def _agree_to_look(self) -> None:
        """Ask before the network is used for the first time."""
        wanted = self._builds[0].label
        self._agree(
            f"Glossator looks for a build of {PROJECT} {RUNTIME_VERSION} for {wanted} at"
            f" {self._settings.runtime_index}, and downloads it."
        )

    def _agree(self, what: str) -> None:
        terminal.note(what)
        if self._agreed:
            return
        if sys.stdin is None or not terminal.is_terminal(sys.stdin):
            raise DownloadError("this uses the network: run the command with --yes to agree")
        terminal.prompt("Go on? [y/N]")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise DownloadError("nothing was downloaded")
        self._agreed = True

    def _leave(self, label: str, problem: str) -> None:
        self._left.append({"build": label, "problem": problem})
        terminal.note(f"The build for {label} is left: {problem}")

    def _reasons(self) -> str:
        return "; ".join(f"{one['build']}: {one['problem']}" for one in self._left)

    def _wheel(self, wheel: RuntimeWheel) -> int | None:
        """Install a wheel; None if it does not work here."""
        size = f", {readable(wheel.size)}" if wheel.size else ""
        terminal.note(f"{wheel.build.label}: {wheel.url}{size}, SHA-256 {wheel.sha256}")
        if self._arguments.dry_run:
            return self._report("would install", wheel.build.label, {"url": wheel.url, "sha256": wheel.sha256})
        try:
            outcome = self._run(lambda installer: installer.install_wheel(wheel))
        except WrongChecksumError:
            raise  # somebody may have replaced it: nothing else from there is trusted
        except (DownloadError, ModelRuntimeError) as error:
            self._leave(wheel.build.label, str(error))
            return None
        if outcome.problem:
            self._leave(wheel.build.label, outcome.problem)
            return None
        facts = {"url": wheel.url, "sha256": wheel.sha256, "source": "wheel", **_facts(outcome)}
        return self._report("installed", wheel.build.label, facts)

    def _from_source(self) -> int:
        device = self._device or self._builds[0].device
        label = next((one.label for one in self._builds if one.device == device), device)
        self._agree(
            f"No ready build is used: {PROJECT} {RUNTIME_VERSION} is compiled for {label}, which takes minutes."
        )
        if self._arguments.dry_run:
            return self._report("would compile for", label, {"source": "source"})
        try:
            outcome = self._run(lambda installer: installer.build(device))
        except ModelRuntimeError as error:
            if self._device is not None or device == "cpu":
                raise ModelRuntimeError(self._failed(str(error))) from error
            self._leave(f"{label}, compiled here", str(error))
            device, label = "cpu", "the CPU"
            try:
                outcome = self._run(lambda installer: installer.build("cpu"))
            except ModelRuntimeError as again:
                raise ModelRuntimeError(self._failed(str(again))) from again
        if outcome.problem:
            raise ModelRuntimeError(self._failed(f"what was compiled does not work: {outcome.problem}"))
        return self._report("compiled and installed", label, {"source": "source", **_facts(outcome)})

    def _failed(self, problem: str) -> str:
        return f"the runtime was not installed, and everything but the model works without it: {problem}"

    def _run(self, work: Callable[[RuntimeInstaller], TrialOutcome]) -> TrialOutcome:
        with terminal.ProgressBar(lines_on_pipe=True) as bar:

            def show(step: InstallProgress) -> None:
                names = {
                    "download": "Downloading the runtime",
                    "try": "Trying the runtime",
                    "install": "Installing the runtime",
                    "build": "Compiling the runtime",
                }
                if step.phase == "download":
                    counted = f"{readable(step.done)} of {readable(step.total)}" if step.total else readable(step.done)
                else:
                    counted = f"{step.done} of {step.total} files" if step.total else ""
                bar.update(names[step.phase], step.done, step.total, counted)

            return work(RuntimeInstaller(progress=show))

    def _report(self, what: str, label: str, facts: dict[str, Any]) -> int:
        if self._arguments.json:
            shown = {"build": label, "installed": not what.startswith("would"), **facts, "left": self._left}
            terminal.show_json(shown, indent=2)
            return 0
        works = f"; it works on {facts['device']}" if facts.get("device") else ""
        terminal.show(f"{what} {PROJECT} {RUNTIME_VERSION} ({label}){works}")
        if facts.get("device"):
            terminal.show("choose a model with: glossator models list")
        return 0
