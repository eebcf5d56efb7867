"""`glossator models`: list, pull, add, use, remove, verify, at the command line."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.errors import DownloadError
from glossator.model import model_catalog
from glossator.model.installed import Models, resolve_model
from glossator.model.memory import physical_memory, readable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from glossator.model.installed import InstalledModel
    from glossator.settings import Settings


def run_command(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the `models` commands; returns the exit status.

    Raises:
        GlossatorError: as the command line shows it.
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


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def overview(settings: Settings) -> dict[str, Any]:
    """What `models list` shows: this machine, the installed models, the catalogue."""
    from glossator.model.runtime import probe

    models = Models.of(settings)
    available, total = physical_memory()
    runtime = probe()
    gpu = max((device.total for device in runtime.devices), default=0)
    best = {role: model_catalog.recommended(role, memory=total, gpu_memory=gpu) for role in ("chat", "embedding")}
    installed = models.all()
    chosen = models.chosen()
    in_use = {model.name for role in ("chat", "embedding") if (model := models.current(role)) is not None}
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
        "installed": [
            {
                **asdict(model),
                "present": model.present,
                "in_use": model.name in in_use,
                "chosen": model.name in chosen.values(),
            }
            for model in installed
        ],
        "catalogue": [
            {
                **asdict(entry),
                "page": entry.page,
                "fits": entry.fits(max(total, gpu)),
                "fits_now": entry.fits(max(available, gpu)),
                "recommended": best[entry.role] is not None and best[entry.role] == entry,
                "installed": (entry.repo, entry.file) in have,
            }
            for entry in model_catalog.entries()
        ],
    }


def _list(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del models
    data = overview(settings)
    if arguments.json:
        _print_json(data)
        return 0
    machine = data["machine"]
    print(f"This machine: {readable(machine['memory'])} of memory, {readable(machine['available'])} free", end="")
    for device in machine["devices"]:
        print(f"; {device['description']} with {readable(device['total'])}", end="")
    print()
    if machine["problem"]:
        print(f"No model can run yet: {machine['problem']}")
    print(f"\nInstalled (in {machine['folder']})" if data["installed"] else "\nNo model is installed.")
    for model in data["installed"]:
        state = "in use" if model["in_use"] else "" if model["present"] else "its file is gone"
        print(f"  {model['name']:24} {readable(model['bytes']):>8}  {model['role']:9}  {model['source']:10}  {state}")
    if settings.model or settings.endpoint:
        choice = resolve_model(settings)
        print(f"  The settings name: {choice.name if choice else settings.model}")
    for role, title in (
        ("chat", "Models that answer"),
        ("embedding", "Models that search (the built-in one needs none)"),
    ):
        print(f"\n{title}: name, download, memory, licence")
        for entry in data["catalogue"]:
            if entry["role"] != role:
                continue
            marks = [
                "installed" if entry["installed"] else "",
                "recommended here" if entry["recommended"] else "",
                "" if entry["fits"] else "too large for this machine",
                "" if not entry["fits"] or entry["fits_now"] else "too large for what is free now",
                entry["notes"],
            ]
            print(
                f"  {entry['name']:24} {readable(entry['size']):>8} {readable(entry['memory']):>8}  "
                f"{entry['license']:30} {'; '.join(filter(None, marks))}".rstrip()
            )
    print("\nFetch one with: glossator models pull NAME (or OWNER/REPOSITORY/FILE.gguf)")
    return 0


class _Bar:
    """Progress on a terminal's stderr; in a log, a line for each tenth."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1.0
        self._tenth = -1
        self._started = time.monotonic()
        self._first = -1

    def show(self, phase: str, done: int, total: int) -> None:
        part = done / total if total else 0.0
        now = time.monotonic()
        if self._first < 0:
            self._first = done
        if sys.stderr.isatty():
            if now - self._shown < 0.1 and done < total:
                return
            self._shown = now
            rate = (done - self._first) / max(now - self._started, 0.001)
            filled = int(part * 30)
            bar = "█" * filled + "·" * (30 - filled)
            speed = f"  {readable(rate)}/s" if phase == "download" else ""
            text = f"\r{phase:9}{bar} {part:4.0%}  {readable(done)} of {readable(total)}{speed}"
            print(f"{text:100}", end="" if done < total else "\n", file=sys.stderr, flush=True)
        elif int(part * 10) != self._tenth:
            self._tenth = int(part * 10)
            print(f"{self._what}: {phase} {part:.0%}", file=sys.stderr, flush=True)


def _pull(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    from glossator.model import download

    del settings
    remote = download.target(arguments.name)
    size = f", {readable(remote.bytes)}" if remote.bytes else ""
    licence = remote.license or "not known here"
    print(f"{remote.name}: {remote.repo}/{remote.file}{size}", file=sys.stderr)
    print(f"Licence: {licence}. Its text: {remote.page}", file=sys.stderr)
    if remote.terms and not arguments.yes:
        _accept()
    bar = _Bar(remote.name)
    model = download.pull(models, remote, progress=lambda step: bar.show(step.phase, step.done, step.total))
    first = models.current(model.role)
    if first is not None and first.name == model.name and model.role == "chat":
        models.use(model.name)
    in_use = models.chosen().get(model.role) == model.name
    if arguments.json:
        _print_json({**asdict(model), "in_use": in_use})
    else:
        print(f"installed {model.name} in {model.path}")
        print("it is in use" if in_use else f"use it with: {_how_to_use(model)}")
    return 0


def _how_to_use(model: InstalledModel) -> str:
    return f"glossator models use {model.name}"


def _accept() -> None:
    """Ask for agreement to a licence with terms of its own; raises DownloadError without it."""
    if not sys.stdin.isatty():
        raise DownloadError("this licence has terms of its own: read them, then repeat the command with --yes")
    print("This licence has terms of its own. Do you accept them? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DownloadError("the licence was not accepted")


def _add(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    model = models.add(Path(arguments.path), name=arguments.name or "", copy=getattr(arguments, "copy", False))
    if arguments.json:
        _print_json(asdict(model))
    else:
        print(f"added {model.name} ({model.role}, {readable(model.bytes)}), which stays at {model.path}")
        if models.current(model.role) != model:
            print(f"use it with: {_how_to_use(model)}")
    return 0


def _use(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    model = models.use(arguments.name)
    if arguments.json:
        _print_json(asdict(model))
        return 0
    print(f"{model.name} answers from now on" if model.role == "chat" else f"{model.name} is in use")
    if model.role == "chat" and (settings.model or settings.endpoint):
        print("note: the setting 'model' or 'endpoint' names another one, and goes before this choice", file=sys.stderr)
    return 0


def _remove(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    model, deleted = models.remove(arguments.name)
    if arguments.json:
        _print_json({**asdict(model), "deleted": deleted})
    else:
        print(f"{model.name} was deleted" if deleted else f"{model.name} was forgotten; its file stays at {model.path}")
    return 0


def _verify(arguments: argparse.Namespace, settings: Settings, models: Models) -> int:
    del settings
    bar = _Bar(arguments.name)
    good, detail = models.verify(arguments.name, lambda done, total: bar.show("verify", done, total))
    if arguments.json:
        _print_json({"name": arguments.name, "ok": good, "detail": detail})
    else:
        print(f"{'ok' if good else 'FAIL'}  {arguments.name}: {detail}")
    return 0 if good else 1
