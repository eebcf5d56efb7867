"""The adaptations that were made for a project: where they are kept, which are in use, and how a change is undone.

They are kept in the user's data folder, readable only by the user, in a folder named by the project's real path:

    <adaptations_dir>/<name of the root>-<hash of its path>/
        state.json            which adaptation of each kind is in use, and what was in use before
        <name>/adaptation.json   what it is, what it was made from, and how it was measured
        <name>/...            its files, which belong to who made it
        <name>.<pid>.part/    one that is being made
        model-training/, model-data/    what a stopped training of a model continues from, and its examples
        model-forecast/       where the first steps of a training are measured
        run/                  how far the run is that adapts to the project now, see `adaptation_runs`

Nothing in a workspace can name one: a project's adaptations are found by its path alone. This module does not know how
adaptations are made, nor what their files are.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import logging
import os
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glossator.errors import AdaptationError
from glossator.index.folders import root_folder_name, size_of
from glossator.late_patterns import late
from glossator.private_files import FILE_MODE, make_private_folder, replace_private_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from glossator.settings import Settings

ADAPTATION_KINDS = ("retriever", "model")
"""What can be adapted: the search (word vectors and weights), and the language model."""
KEPT_PER_KIND = 5
"""Adaptations of a kind that are kept beside the one in use; older ones are removed when one is added."""
REMEMBERED_CHANGES = 20
"""Changes that can be undone."""

MODEL_RUN_FOLDER = "model-training"
"""What a stopped training of a model needs to go on, and the last report."""
MODEL_FORECAST_FOLDER = "model-forecast"
"""Where a forecast trains: beside a stopped training, which it leaves as it is."""
MODEL_DATA_FOLDER = "model-data"
"""The data set that was made for a model."""
RUN_FOLDER = "run"
"""How far a run is, and how the last one ended."""

_RECORD = "adaptation.json"
_STATE = "state.json"
_FORMAT = 1
_NAME = re.compile(r"(?:retriever|model)-\d+")
_PART = late(r".+\.(\d+)\.part")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What was learned from a project.

    Attributes:
        name: "retriever-1", "model-2": the kind and a number.
        kind: one of `ADAPTATION_KINDS`.
        made: when, in ISO 8601, UTC.
        base: what it adapts: an embedder's id, or a model's name; it is of no use without it.
        summary: one line on what was measured.
        details: everything else that was recorded.
        folder: the folder of its files.
    """

    name: str
    kind: str
    made: str
    base: str
    summary: str
    folder: Path
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _State:
    """The contents of `state.json`: names by kind, and (kind, name before) of each change; "": none."""

    in_use: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, str]] = field(default_factory=list)


class Adaptations:
    """The adaptations of one project. The project's folder need no longer exist."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self.root = root
        self.folder = settings.adaptations_dir / root_folder_name(root.expanduser())

    # Reading

    def listed(self) -> tuple[Adaptation, ...]:
        """All that are complete, oldest first."""
        if not self.folder.is_dir():
            return ()
        names = [path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        found = [_read(self.folder / name) for name in sorted(names, key=lambda name: (name[0], _number(name)))]
        return tuple(one for one in found if one is not None)

    def in_use(self, kind: str) -> Adaptation | None:
        """The one of this kind that is in use; None if there is none, or its files are gone."""
        name = self._state().in_use.get(kind, "")
        return _read(self.folder / name) if _NAME.fullmatch(name) else None

    def names_in_use(self) -> frozenset[str]:
        """The names of what is in use, of all kinds."""
        return frozenset(one.name for kind in ADAPTATION_KINDS if (one := self.in_use(kind)) is not None)

    def named(self, name: str) -> Adaptation:
        """The adaptation of that name.

        Raises:
            AdaptationError: there is none.
        """
        found = self.listed()
        for one in found:
            if one.name == name:
                return one
        known = f"there are {', '.join(one.name for one in found)}" if found else "there are none"
        raise AdaptationError(f"no adaptation of {self.root} is called {name!r}; {known}")

    def undoable(self) -> tuple[str, ...]:
        """The kinds of which undoing the last change would put something else to use."""
        state = self._state()
        before = dict(state.changes)  # of each kind the last change
        return tuple(kind for kind in ADAPTATION_KINDS if before.get(kind, "") != state.in_use.get(kind, ""))

    def stamp(self) -> object:
        """Equal until another adaptation is in use. One `stat`, so it can be asked for at any time."""
        try:
            status = (self.folder / _STATE).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    # Changing

    @contextlib.contextmanager
    def staging(self, kind: str) -> Iterator[Path]:
        """A folder to make an adaptation in. What is not handed to `add` is removed at the end.

        Raises:
            AdaptationError: it cannot be written.
        """
        with self.writing():
            make_private_folder(self.folder, certainly_ours=True)
            self._sweep()
            staged = self.folder / f"{kind}.{os.getpid()}.part"
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir(mode=0o700)
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)
            with contextlib.suppress(OSError):  # there is something else in it
                self.folder.rmdir()

    def add(self, kind: str, staged: Path, *, base: str, summary: str, details: Mapping[str, Any]) -> Adaptation:
        """Keep what was made in a `staging` folder, and use it from now on.

        Raises:
            AdaptationError: it cannot be written; then nothing has changed.
        """
        with self.writing(), self._locked():
            taken = [path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
            number = max((_number(other) for other in taken if other.startswith(kind)), default=0) + 1
            name = f"{kind}-{number}"
            made = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            record = {"format": _FORMAT, "kind": kind, "made": made, "base": base, "summary": summary, **details}
            replace_private_file(staged / _RECORD, json.dumps(record, indent=1, ensure_ascii=False))
            home = self.folder / name
            try:
                staged.rename(home)
            except PermissionError:  # Windows: this process or a worker has its files open
                copy = staged.with_name(f"{name}.{os.getpid()}.part")
                shutil.copytree(staged, copy)
                copy.rename(home)
            self._change(kind, name)
        added = _read(home)
        assert added is not None
        return added

    def use(self, name: str) -> Adaptation:
        """Use an adaptation from now on, in place of the one of its kind that is in use.

        Raises:
            AdaptationError: there is none of that name, or the choice cannot be written.
        """
        chosen = self.named(name)
        with self.writing(), self._locked():
            self._change(chosen.kind, name)
        return chosen

    def undo(self, kind: str | None = None) -> tuple[str, Adaptation | None]:
        """Go back to what was in use before the last change (of this kind); (kind, what is in use now).

        Raises:
            AdaptationError: nothing was changed, or it cannot be written.
        """
        self._last_change(self._state(), kind)
        with self.writing(), self._locked():
            state = self._state()
            changed, before = state.changes.pop(self._last_change(state, kind))
            state.in_use[changed] = before if before and _read(self.folder / before) is not None else ""
            self._write(state)
        return changed, self.in_use(changed)

    def remove(self, name: str) -> int:
        """Delete an adaptation; if it is in use, the unadapted is used from now on. Returns the bytes that it had.

        Raises:
            AdaptationError: there is none of that name, or it cannot be deleted.
        """
        chosen = self.named(name)
        size = size_of(chosen.folder)
        with self.writing(), self._locked():
            state = self._state()
            if state.in_use.get(chosen.kind) == name:
                state.in_use[chosen.kind] = ""
            state.changes = [(kind, before) for kind, before in state.changes if before != name]
            self._write(state)
            (chosen.folder / _RECORD).unlink()  # first: without it, the rest counts for nothing
            shutil.rmtree(chosen.folder)
        return size

    def surplus(self, kind: str) -> tuple[Adaptation, ...]:
        """Those of a kind that are more than are kept, oldest first."""
        used = self._state().in_use.get(kind, "")
        rest = [one for one in self.listed() if one.kind == kind and one.name != used]
        return tuple(rest[: max(0, len(rest) - KEPT_PER_KIND)])

    # Files

    def _change(self, kind: str, name: str) -> None:
        state = self._state()
        before = state.in_use.get(kind, "")
        if before != name:
            state.in_use[kind] = name
            state.changes = [*state.changes, (kind, before)][-REMEMBERED_CHANGES:]
            self._write(state)

    def _last_change(self, state: _State, kind: str | None) -> int:
        """Where in a state's changes the last one (of this kind) is; raises AdaptationError if there is none."""
        for at in reversed(range(len(state.changes))):
            if kind in (None, state.changes[at][0]):
                return at
        what = f"no {kind} adaptation" if kind else "no adaptation"
        raise AdaptationError(f"there is nothing to undo: {what} was ever in use for {self.root}")

    def _state(self) -> _State:
        try:
            data = json.loads((self.folder / _STATE).read_text("utf-8"))
            in_use = {str(kind): str(name) for kind, name in data["in_use"].items()}
            return _State(in_use, [(str(kind), str(before)) for kind, before in data["changes"]])
        except FileNotFoundError:
            return _State()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("cannot read which adaptations of %s are in use: %s", self.root, error)
            return _State()

    def _write(self, state: _State) -> None:
        data = {"format": _FORMAT, "root": str(self.root), "in_use": state.in_use, "changes": state.changes}
        replace_private_file(self.folder / _STATE, json.dumps(data, indent=1, ensure_ascii=False))

    def _sweep(self) -> None:
        """Remove what processes that have ended since were making."""
        import psutil

        for path in self.folder.iterdir():
            match = _PART.fullmatch(path.name)
            if match is not None and not psutil.pid_exists(int(match[1])):
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time, of whatever process. The system releases the lock when a process ends."""
        from filelock import FileLock, Timeout

        make_private_folder(self.folder, certainly_ours=True)
        try:
            with FileLock(self.folder / "lock", timeout=10, mode=FILE_MODE):
                yield
        except Timeout:
            raise AdaptationError(f"another process is changing the adaptations of {self.root}: try again") from None

    def writing(self) -> contextlib.AbstractContextManager[None]:
        """See `told_in_one_line`."""
        return told_in_one_line(self.folder)


@contextlib.contextmanager
def told_in_one_line(folder: Path) -> Iterator[None]:
    """Tell in one line what goes wrong with the files in a folder that are written inside.

    Raises:
        AdaptationError: it went wrong.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise AdaptationError(f"the disk is full: nothing was changed in {folder}") from error
        raise AdaptationError(f"cannot write {folder}: {error.strerror or error}") from error


def is_adaptations_folder(path: Path) -> bool:
    """Whether this is the folder of a project's adaptations: named as `Adaptations` names it, and one that it wrote."""
    if re.fullmatch(r".+-[0-9a-f]{16}", path.name) is None or path.is_symlink() or not path.is_dir():
        return False
    return any(
        _NAME.fullmatch(inside.name)
        or inside.name in (_STATE, MODEL_RUN_FOLDER, MODEL_FORECAST_FOLDER, MODEL_DATA_FOLDER, RUN_FOLDER)
        for inside in path.iterdir()
    )


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _read(folder: Path) -> Adaptation | None:
    """The adaptation in a folder; None if it has no readable record."""
    try:
        data = json.loads((folder / _RECORD).read_text("utf-8"))
        if data["format"] != _FORMAT or data["kind"] not in ADAPTATION_KINDS:
            return None
        known = {name: str(data[name]) for name in ("kind", "made", "base", "summary")}
        rest = {name: value for name, value in data.items() if name not in {*known, "format"}}
        return Adaptation(folder.name, folder=folder, details=rest, **known)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _log.warning("cannot read the adaptation in %s: %s", folder, error)
        return None
