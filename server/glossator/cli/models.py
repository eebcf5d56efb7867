"""`glossator models`: list, pull, add, use, remove and verify."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.errors import DownloadError
from glossator.model import model_catalog
from glossator.model.installed import Models
from glossator.model.memory import physical_memory, readable
from glossator.model.speed import two_digits

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from glossator.model.installed import InstalledModel
    from glossator.model.speed import Speed
    from glossator.settings import Settings


def run_action(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the `models` actions; returns the exit status.

    Raises:
        GlossatorError: the action failed.
    """
    models = Models.of(settings)
    actions: dict[str, Callable[[argparse.Namespace, Settings, Models], int]] = {
        "list": _list,
        "pull": _pull,
        "add": _add,
        "use": _use,
        "remove": _remove,
        "verify": _verify,
    }
    return actions[arguments.action](arguments, settings, models)


def _show_json(value: Any) -> None:
    terminal.show_json(value, indent=2)


def overview(settings: Settings) -> dict[str, Any]:
    """What `models list --json` prints: this machine, the installed models, the catalogue.

    Sizes are in bytes; speeds are estimates, unless "measured" is true.
    """
    from glossator.model.expectations import Expectations
    from glossator.model.runtime import probe

    models = Models.of(settings)
    available, total = physical_memory()
    runtime = probe()
    expectations = Expectations(settings, runtime)
    machine, best = expectations.machine, expectations.recommended()
    installed, current, chosen = models.all(), models.current(), models.chosen()
    have = {(model.repo, Path(model.path).name) for model in installed}
    return {
        "machine": {
            "memory": total,
            "available": available,
            "runtime": runtime.version,
            "problem": runtime.problem,
            "gpu_build": runtime.gpu_build,
            "devices": [asdict(device) for device in runtime.devices],
            "folder": str(models.folder),
        },
        "problem": models.problem,
        "installed": [
            {
                **asdict(model),
                "present": model.present,
                "in_use": model == current,
                "chosen": model.name == chosen,
                **_speed_facts(expectations.of_file(Path(model.path)), settings.patience),
            }
            for model in installed
        ],
        "catalogue": [
            {
                **asdict(entry),
                "role": "chat",
                "page": entry.page,
                "fits": entry.fits(max(total, machine.gpu_memory)),
                "fits_now": entry.fits(max(available, machine.gpu_memory)),
                "recommended": entry == best,
                "installed": (entry.repo, entry.file) in have,
                **_speed_facts(expectations.of_entry(entry), settings.patience),
            }
            for entry in model_catalog.entries()
        ],
    }


def _speed_facts(speed: Speed | None, patience: float) -> dict[str, Any]:
    return {
        "estimated_first_word_seconds": round(speed.first_word_seconds(patience), 2) if speed is not None else None,
        "estimated_words_per_second": round(speed.words_per_second, 2) if speed is not None else None,
        "measured": speed.measured if speed is not None else False,
        "fast_enough": speed.bearable if speed is not None else None,
    }


def _speed_cells(facts: dict[str, Any]) -> list[str]:
    """How long the first word is expected to take, and how fast the others follow; "" where that is unknown."""
    first, words = facts["estimated_first_word_seconds"], facts["estimated_words_per_second"]
    about = "" if facts["measured"] else "~"
    return ["", ""] if first is None else [f"{about}{two_digits(first)} s", f"{about}{two_digits(words)}"]


def _list(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del models
    data = overview(settings)
    if arguments.json:
        _show_json(data)
        return 0
    machine = data["machine"]
    parts = [f"{readable(machine['memory'])} of memory, {readable(machine['available'])} free"]
    parts += [f"{device['description']} with {readable(device['total'])}" for device in machine["devices"]]
    terminal.show(f"This machine: {'; '.join(parts)}")
    if machine["problem"]:
        terminal.show(f"No local model can run yet: {machine['problem']}")
    if data["problem"]:
        terminal.show(f"Warning: {data['problem']}")
    terminal.show()
    if data["installed"]:
        terminal.show(f"Installed (in {machine['folder']}):")
        rows = []
        for model in data["installed"]:
            state = "in use" if model["in_use"] else "" if model["present"] else "its file is missing"
            if model["role"] != "chat":
                state = "an embedding model, which cannot write answers"
            cells = [model["name"], readable(model["bytes"]), *_speed_cells(model)]
            rows.append([*cells, ", ".join(filter(None, (model["source"], state)))])
        terminal.show_table(["name", "size", "first word", "words/s", ""], rows)
    else:
        terminal.show("No model is installed.")
    if settings.model or settings.endpoint:
        terminal.show(f"  The settings choose {settings.endpoint or settings.model}.", hang=2)
    terminal.show()
    terminal.show("Available (~: estimated):")
    rows = []
    for entry in data["catalogue"]:
        remarks = [
            entry["license"],
            "installed" if entry["installed"] else "",
            "recommended for this machine" if entry["recommended"] else "",
            "" if entry["fits"] else "too large for this machine",
            "too slow for this machine" if entry["fits"] and not entry["fast_enough"] else "",
            "" if not entry["fits"] or entry["fits_now"] else "too large for the memory that is free now",
            entry["notes"],
        ]
        sizes = [readable(entry["size"]), readable(entry["memory"])]
        rows.append([entry["name"], *sizes, *_speed_cells(entry), "; ".join(filter(None, remarks))])
    terminal.show_table(["name", "download", "memory", "first word", "words/s", "licence"], rows)
    terminal.show()
    if not any(entry["recommended"] for entry in data["catalogue"]):
        terminal.show("None of these is fast enough here; answers from the index alone take no time.")
    terminal.show("Download one with `glossator models pull NAME`, or any with `... pull OWNER/REPOSITORY/FILE.gguf`.")
    return 0


class _Meter:
    """Progress of a download or a check, in bytes."""

    def __init__(self, bar: terminal.ProgressBar, name: str) -> None:
        self._bar = bar
        self._name = name
        self._started = time.monotonic()
        self._first = -1

    def show(self, phase: str, done: int, total: int) -> None:
        """Show how much is done; `phase` is "download" or "verify"."""
        if self._first < 0:
            self._first = done
        rate = (done - self._first) / max(time.monotonic() - self._started, 0.001)
        what = "Verifying" if phase == "verify" else "Downloading"
        counted = f"{readable(done)} of {readable(total)}" if total else readable(done)
        self._bar.update(f"{what} {self._name}", done, total, counted, f"{readable(rate)}/s")


def _pull(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    from glossator.model import download

    del settings
    remote = download.target(arguments.name)
    size = f", {readable(remote.bytes)}" if remote.bytes else ""
    terminal.note(f"{remote.name}: {remote.repo}/{remote.file}{size}")
    terminal.note(f"Licence: {remote.license or 'unknown'}; read it at {remote.page}")
    if remote.terms and not arguments.yes:
        _accept()
    with terminal.ProgressBar(lines_on_pipe=True) as bar:
        meter = _Meter(bar, remote.name)
        model = download.pull(models, remote, progress=lambda step: meter.show(step.phase, step.done, step.total))
    if models.current() == model:
        models.use(model.name)
    in_use = models.chosen() == model.name
    if arguments.json:
        _show_json({**asdict(model), "in_use": in_use})
    else:
        terminal.show(f"installed {model.name} in {model.path}")
        terminal.show("it is in use" if in_use else f"use it with: {_how_to_use(model)}")
    return 0


def _how_to_use(model: InstalledModel) -> str:
    return f"glossator models use {model.name}"


def _accept() -> None:
    """Ask for agreement to a licence with terms of its own; raises DownloadError without it."""
    if sys.stdin is None or not terminal.is_terminal(sys.stdin):
        raise DownloadError("this licence has terms that you must accept: read them, then run the command with --yes")
    terminal.prompt("This licence has terms of its own. Do you accept them? [y/N] ")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DownloadError("the licence was not accepted, so nothing was downloaded")


def _add(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    model = models.add(Path(arguments.path), name=arguments.name or "")
    if arguments.json:
        _show_json(asdict(model))
        return 0
    terminal.show(f"added {model.name} ({readable(model.bytes)}); its file stays at {model.path}")
    if models.current() != model:
        terminal.show(f"use it with: {_how_to_use(model)}")
    return 0


def _use(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    from glossator.model.expectations import measure_speed

    model = models.use(arguments.name)
    speed = measure_speed(settings, Path(model.path))
    if arguments.json:
        _show_json({**asdict(model), **_speed_facts(speed, settings.patience)})
        return 0
    terminal.show(f"{model.name} answers from now on")
    if speed is not None:
        terminal.show(f"  on this machine: {speed.described(settings.patience)}")
        if not speed.bearable:
            terminal.note("note: that is slow; see what suits this machine with: glossator models list")
    if settings.model or settings.endpoint:
        terminal.note("note: the setting 'model' or 'endpoint' chooses another model, and takes precedence")
    return 0


def _remove(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    model, deleted = models.remove(arguments.name)
    if arguments.json:
        _show_json({**asdict(model), "deleted": deleted})
    elif deleted:
        terminal.show(f"{model.name} was deleted")
    else:
        terminal.show(f"{model.name} was removed from the list; its file stays at {model.path}")
    return 0


def _verify(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    with terminal.ProgressBar(lines_on_pipe=True) as bar:
        meter = _Meter(bar, arguments.name)
        good, detail = models.verify(arguments.name, lambda done, total: meter.show("verify", done, total))
    if arguments.json:
        _show_json({"name": arguments.name, "ok": good, "detail": detail})
    else:
        terminal.show(f"{'ok' if good else 'FAIL'}  {arguments.name}: {detail}", hang=4)
    return 0 if good else 1
