"""Runs of `glossator adapt` that this server starts, and all runs that its client follows.

A run is a process of its own. One that adapts something goes on when this server ends, and the next server finds it by
its record; one that only prepares (examples, a forecast) ends with this server.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from glossator.errors import AdaptationError
from glossator.lsp import adapt_messages as messages
from glossator.private_files import make_private_folder
from glossator.project.adaptation_runs import OUTPUT_FILE, read_run
from glossator.project.adaptations import MODEL_DATA_FOLDER, RUN_FOLDER, told_in_one_line
from glossator.settings import ENVIRONMENT_PREFIX, load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.lsp.editor import Editor
    from glossator.project.adaptations import Adaptations
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

FOLLOW_SECONDS = 0.4
"""Seconds between two looks at what is followed: a few calls of `stat`, and one file that is read if it has changed."""
BEGIN_SECONDS = 30.0
"""Seconds that a process may take to begin its run."""
_NOT_HANDED_ON = frozenset({"endpoint", "endpoint_key", "endpoint_model", "lora", "team", "team_keys"})
"""Settings that adapting does not use, or that a process reads from the user's own."""


@dataclass(slots=True)
class _Known:
    """What was last seen of a project."""

    kept: Adaptations
    followed: bool = False
    changes: int = 0
    facts: object = None
    """Equal as long as nothing but the progress of a run has changed."""
    record: object = None
    """Equal as long as the run's record has not changed."""


class AdaptRuns:
    """What one client starts and follows. Used by the event loop."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._known: dict[str, _Known] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._looking: asyncio.Task[None] | None = None

    # Following

    async def look(self, uri: str, kept: Adaptations, *, follow: bool) -> int:
        """Begin or end to follow a project; returns the number of its changes until now."""
        known = self._known.setdefault(uri, _Known(kept))
        known.kept = kept
        known.followed = follow
        await self._refresh(uri, known, tell=False)
        if follow and (self._looking is None or self._looking.done()):
            self._looking = self._editor.spawn(self._look_on())
        return known.changes

    async def _look_on(self) -> None:
        while any(known.followed for known in self._known.values()) or self._children:
            await asyncio.sleep(FOLLOW_SECONDS)
            self._children = [child for child in self._children if child.poll() is None]
            for uri, known in tuple(self._known.items()):
                if known.followed:
                    await self._refresh(uri, known, tell=True)

    async def _refresh(self, uri: str, known: _Known, *, tell: bool) -> None:
        from glossator.adapt.examples import EXAMPLES_FILE

        run = await asyncio.to_thread(read_run, known.kept.folder)
        of_run = (run.work, run.started, run.pid, run.state) if run is not None else None
        facts = (of_run, known.kept.stamp(), _stamp(known.kept.folder / MODEL_DATA_FOLDER / EXAMPLES_FILE))
        news = facts != known.facts
        if news:
            known.facts = facts
            known.changes += 1
        record = (facts, run)
        if tell and record != known.record:
            from glossator.lsp.adapt_view import run_of

            shown = run_of(known.kept.folder, run) if run is not None else None
            changed = messages.AdaptChanged(root=uri, changes=known.changes, run=shown)
            self._editor.notify(messages.ADAPT_CHANGED, changed)
        known.record = record

    # Starting

    async def start(self, settings: Settings, kept: Adaptations, params: messages.AdaptStartParams) -> None:
        """Start a run, and wait until it has begun.

        Raises:
            AdaptationError: it could not begin, with the reason.
        """
        home = kept.folder / RUN_FOLDER
        command = [sys.executable, "-P", "-m", "glossator", "adapt", *_arguments(kept, params)]
        with told_in_one_line(home):
            make_private_folder(home, certainly_ours=True)
            child = await asyncio.to_thread(_spawn, command, home, settings)
        self._children.append(child)
        until = asyncio.get_running_loop().time() + BEGIN_SECONDS
        while True:
            run = await asyncio.to_thread(read_run, kept.folder)
            if run is not None and await asyncio.to_thread(is_made_by, run.pid, child.pid):
                break
            if child.poll() is not None:
                raise AdaptationError(_last_line(home / OUTPUT_FILE) or f"it ended with status {child.returncode}")
            if asyncio.get_running_loop().time() > until:
                child.kill()
                raise AdaptationError("the run did not begin in time: try again")
            await asyncio.sleep(0.05)
        if self._looking is None or self._looking.done():
            self._looking = self._editor.spawn(self._look_on())


def is_made_by(pid: int, started: int) -> bool:
    """Whether a process is the one that was started, or its child: in a virtual environment on Windows, `python.exe`
    only starts the interpreter."""
    import psutil

    if pid == started:
        return True
    try:
        return bool(psutil.Process(pid).ppid() == started)
    except psutil.Error:
        return False


def _stamp(path: Path) -> object:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _arguments(kept: Adaptations, params: messages.AdaptStartParams) -> list[str]:
    """What `glossator adapt` is started with."""
    root = ["--root", str(kept.root)]
    ends_with_this = ["--until-exit-of", str(os.getpid())]
    if params.work == "retriever":
        return ["retriever", *root]
    if params.work == "data":
        return ["data", *root, *ends_with_this]
    model = ["model", *root, "--base", params.base or "", "--data", str(kept.folder / MODEL_DATA_FOLDER)]
    if params.minutes is not None:
        model += ["--minutes", repr(params.minutes)]
    return [*model, "--forecast", *ends_with_this] if params.work == "forecast" else model


def _spawn(command: list[str], home: Path, settings: Settings) -> subprocess.Popen[bytes]:
    """Start a process that does not end with this one, nor with its terminal; what it prints goes into a file."""
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with (home / OUTPUT_FILE).open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=home,
            env={**os.environ, **_variables(settings), "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=flags,
            start_new_session=os.name == "posix",
        )


def _variables(settings: Settings) -> dict[str, str]:
    """The environment variables with which another process gets the settings of this one."""
    own = load_settings()
    found = {}
    for item in fields(settings):
        value = getattr(settings, item.name)
        if item.name in _NOT_HANDED_ON or value == getattr(own, item.name):
            continue
        if isinstance(value, tuple):
            value = os.pathsep.join(one for one in value if os.pathsep not in one)
        found[f"{ENVIRONMENT_PREFIX}{item.name.upper()}"] = str(value)
    return found


def _last_line(path: Path) -> str:
    """The last line that a process has printed, without the program's name."""
    try:
        lines = path.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return lines[-1].removeprefix("glossator: ") if lines else ""
