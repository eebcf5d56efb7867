"""Which models are on this machine, and which of them is in use.

The list is a JSON file in the models' folder. A model is "pulled" (downloaded by us), "copied" (added as a copy) or
"registered" (a file that stays where the user has it, and which is never deleted). The choice of `models use` is kept
with the user's settings, where no workspace can reach it.

A damaged list stops nothing: what can be read of it is used, `Models.problem` says what is wrong and how to repair it,
and the file is kept beside the next list that is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from glossator import settings as settings_module
from glossator.errors import DownloadError, ModelError, ModelInvalidError, ModelNotFoundError
from glossator.model import model_catalog
from glossator.model.header import read_header, split_files
from glossator.private_files import FILE_MODE, make_private_file, make_private_folder, replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glossator.settings import Settings

ModelSource = Literal["pulled", "copied", "registered"]

_BLOCK_BYTES = 4 * 1024 * 1024
_NUMBERS = frozenset({"bytes"})
"""The fields of `InstalledModel` that are not strings."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model on this machine.

    Attributes:
        path: absolute.
        source: how it came here, which decides whether its file may be deleted.
        role: "chat"; lists of earlier versions also hold models of other roles, which are not used.
        sha256: of the file, in hex; "" where it is not known.
    """

    name: str
    path: str
    source: ModelSource
    bytes: int
    role: str = "chat"
    sha256: str = ""
    repo: str = ""
    revision: str = ""
    license: str = ""

    @property
    def present(self) -> bool:
        """Whether its file is still there."""
        try:
            return Path(self.path).is_file()
        except (OSError, ValueError):
            return False


class Models:
    """The installed models of one user."""

    def __init__(self, folder: Path, choice: Path) -> None:
        """Nothing is created yet.

        Args:
            folder: where models and their list are kept.
            choice: file that names the model in use.
        """
        self.folder = folder
        self._choice = choice

    @classmethod
    def of(cls, settings: Settings) -> Models:
        """Those that the settings point at."""
        return cls(settings.models_dir, settings_module.config_path().with_name("models-in-use.json"))

    @property
    def list_path(self) -> Path:
        """The file that lists the models."""
        return self.folder / "models.json"

    # Reading

    def all(self) -> list[InstalledModel]:
        """Every model, in order of name; of a damaged list, those that can be read (see `problem`)."""
        return self._read_list()[0]

    @property
    def problem(self) -> str:
        """What is wrong with the list or the choice, and how to repair it, in one line; "" if nothing is."""
        _, damage = self._read_list()
        if damage:
            return (
                f"the list of models {self.list_path} is damaged ({damage}); add the models again with:"
                " glossator models add FILE (this writes a new list and keeps the damaged one beside it)"
            )
        _, damage = _read_object(self._choice)
        if damage:
            return (
                f"the choice of the model {self._choice} is damaged ({damage}); choose again with:"
                " glossator models use NAME"
            )
        return ""

    def _read_list(self) -> tuple[list[InstalledModel], str]:
        """The models that can be read, and what is wrong with the list ("" if nothing is)."""
        data, damage = _read_object(self.list_path)
        if data is None:
            return [], damage
        items = data.get("models")
        if not isinstance(items, list):
            return [], "it holds no list of models"
        models = [model for item in items if (model := _parsed(item)) is not None]
        if len(models) < len(items):
            damage = f"{len(items) - len(models)} of its {len(items)} entries cannot be read"
        return sorted(models, key=lambda model: model.name), damage

    def get(self, name: str) -> InstalledModel:
        """The model of that name.

        Raises:
            ModelNotFoundError: there is none.
        """
        models = self.all()
        for model in models:
            if name.lower() in (model.name.lower(), Path(model.path).name.lower()):
                return model
        have = ", ".join(model.name for model in models) or "none"
        hint = self.problem or "see: glossator models list"
        raise ModelNotFoundError(f"no installed model {name!r} (installed: {have}); {hint}")

    # Writing

    def _write_list(self, models: list[InstalledModel]) -> None:
        if self._read_list()[1]:
            _keep_damaged(self.list_path)
        _write_object(self.list_path, {"version": 1, "models": [asdict(model) for model in models]})

    def _lock(self) -> Any:
        from filelock import FileLock

        make_private_folder(self.folder)
        return FileLock(self.folder / "models.lock", timeout=30, mode=FILE_MODE)

    def record(self, model: InstalledModel) -> None:
        """Put a model on the list, in place of one with its name."""
        with self._lock():
            self._write_list([other for other in self.all() if other.name != model.name] + [model])

    def add(
        self,
        path: Path,
        *,
        name: str = "",
        copy: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> InstalledModel:
        """Put a GGUF file that is on this machine already on the list.

        Args:
            name: default: the file's name without ".gguf".
            copy: copy it into the models' folder; otherwise it stays where it is.
            progress: called with bytes copied and bytes in all.

        Raises:
            ModelNotFoundError, ModelInvalidError: no such file, or not a chat model.
            DownloadError: no room for the copy.
        """
        path = path.expanduser().absolute()
        header = read_header(path)
        header.require_chat_model()
        source: ModelSource = "registered"
        if copy:
            source = "copied"
            make_private_folder(self.folder)
            require_room(self.folder, header.file_bytes)
            done = 0
            for part in split_files(path):
                target = self.folder / part.name
                if target.exists() and target.samefile(part):
                    continue
                partial = target.with_name(target.name + ".part")
                make_private_file(partial)
                with part.open("rb") as reader, partial.open("wb") as writer:
                    while block := reader.read(_BLOCK_BYTES):
                        writer.write(block)
                        done += len(block)
                        if progress is not None:
                            progress(done, header.file_bytes)
                partial.replace(target)
            path = self.folder / path.name
        model = InstalledModel(
            name=name or path.name.removesuffix(".gguf"),
            path=str(path),
            source=source,
            bytes=header.file_bytes,
            license=header.license,
        )
        self.record(model)
        return model

    def remove(self, name: str) -> tuple[InstalledModel, bool]:
        """Take a model off the list; its files are deleted if they are ours. Returns it, and whether they were.

        Raises:
            ModelNotFoundError: there is none of that name.
        """
        with self._lock():
            model = self.get(name)
            others = [other for other in self.all() if other.name != model.name]
            path = Path(model.path)
            ours = (
                model.source != "registered"
                and path.is_relative_to(self.folder)
                and not any(other.path == model.path for other in others)
            )
            self._write_list(others)
            if ours and path.exists():
                try:
                    files = split_files(path)
                except ModelInvalidError:
                    files = [path]
                for file in files:
                    file.unlink(missing_ok=True)
        if self.chosen() == model.name:
            self._choose("")
        return model, ours

    def verify(self, name: str, progress: Callable[[int, int], None] | None = None) -> tuple[bool, str]:
        """Read a model's file from end to end: (whether it is whole, what was found).

        Raises:
            ModelNotFoundError: there is none of that name.
        """
        model = self.get(name)
        try:
            header = read_header(Path(model.path))
        except ModelError as error:
            return False, str(error)
        if header.file_bytes != model.bytes:
            return False, f"{model.path} has {header.file_bytes} bytes instead of {model.bytes}"
        entry = model_catalog.by_file(Path(model.path).name)
        expected = model.sha256 or (entry.sha256 if entry is not None and model.source == "pulled" else "")
        found = sha256_of(Path(model.path), progress)
        if not expected:
            self.record(replace(model, sha256=found))
            return True, f"its checksum was not known and is noted now: {found}"
        if found != expected:
            return False, f"its SHA-256 is {found}, it should be {expected}: the file is damaged or another one"
        return True, f"SHA-256 {found}"

    # Which one is in use

    def chosen(self) -> str:
        """Name of the model that `use` chose; "" if none is."""
        name = (_read_object(self._choice)[0] or {}).get("chat")
        return name if isinstance(name, str) else ""

    def _choose(self, name: str) -> None:
        data, damage = _read_object(self._choice)
        if damage:
            _keep_damaged(self._choice)
        _write_object(self._choice, {**(data or {}), "chat": name})

    def use(self, name: str) -> InstalledModel:
        """Make an installed model the one that answers.

        Raises:
            ModelNotFoundError: there is none of that name, or its file is gone.
            ModelInvalidError: it is not a chat model.
        """
        model = self.get(name)
        if not model.present:
            raise ModelNotFoundError(f"the file of {model.name} is gone: {model.path}")
        if model.role != "chat":
            raise ModelInvalidError(f"{model.name} is not a chat model: it cannot write answers")
        self._choose(model.name)
        return model

    def current(self) -> InstalledModel | None:
        """The model in use: the chosen one, else the only one installed; None without any."""
        name = self.chosen()
        models = [model for model in self.all() if model.role == "chat"]
        for model in models:
            if model.name == name:
                return model
        present = [model for model in models if model.present]
        return present[0] if len(present) == 1 else None


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """The chat model that is to answer. `path` is None for a remote endpoint's."""

    name: str
    path: Path | None


def resolve_model(settings: Settings) -> ModelChoice | None:
    """What would answer by these settings; None if nothing would.

    Raises:
        ModelNotFoundError: the settings name a model that is not there.
    """
    if settings.endpoint:
        return ModelChoice(settings.endpoint_model or settings.endpoint, None)
    models, named = Models.of(settings), settings.model
    if named:
        path = Path(named).expanduser()
        if path.is_file():
            return ModelChoice(path.name.removesuffix(".gguf"), path.absolute())
        if path.suffix == ".gguf" and len(path.parts) > 1:
            raise ModelNotFoundError(f"no model file at {path}")
        model: InstalledModel | None = models.get(named)
    else:
        model = models.current()
    if model is None:
        return None
    if not model.present:
        raise ModelNotFoundError(f"the file of the model {model.name} is gone: {model.path}")
    return ModelChoice(model.name, Path(model.path))


def model_path(settings: Settings) -> Path:
    """The chat model's file that the settings name.

    Raises:
        ModelNotFoundError: there is none, with the way to get one.
    """
    choice = resolve_model(settings)
    if choice is not None and choice.path is not None:
        return choice.path
    models = Models.of(settings)
    if problem := models.problem:
        raise ModelNotFoundError(problem)
    have = [model.name for model in models.all() if model.role == "chat"]
    if have:
        raise ModelNotFoundError(f"no model is chosen; choose one with: glossator models use {have[0]}")
    raise ModelNotFoundError("no model is installed; see what fits this machine with: glossator models list")


def require_room(folder: Path, size: int) -> None:
    """Check that `size` bytes can be written in a folder, with some left over.

    Raises:
        DownloadError: they cannot.
    """
    from glossator.model.memory import readable

    free = shutil.disk_usage(folder).free
    needed = size + 64 * 1024 * 1024
    if free < needed:
        raise DownloadError(
            f"{readable(needed)} are needed in {folder} and {readable(free)} are free;"
            " make room, or set models_dir to another disk"
        )


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def sha256_of(path: Path, progress: Callable[[int, int], None] | None = None) -> str:
    """SHA-256 of a file in hex; of a split model, of its first part. `progress`: bytes read, bytes in all."""
    digest = hashlib.sha256()
    size, done = path.stat().st_size, 0
    for block in _blocks(path):
        digest.update(block)
        done += len(block)
        if progress is not None:
            progress(done, size)
    return digest.hexdigest()


def _parsed(item: object) -> InstalledModel | None:
    """An entry of the list; None if it cannot be read."""
    if not isinstance(item, dict) or item.get("source") not in get_args(ModelSource):
        return None
    values = {field.name: item[field.name] for field in fields(InstalledModel) if field.name in item}
    if not all(type(value) is (int if name in _NUMBERS else str) for name, value in values.items()):
        return None
    if not values.get("name") or not values.get("path") or "bytes" not in values:
        return None
    return InstalledModel(**values)


def _read_object(path: Path) -> tuple[dict[str, Any] | None, str]:
    """The JSON object in a file and what is wrong with it; (None, "") if there is no file."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, f"it cannot be read: {error.strerror or error}"
    except (ValueError, RecursionError):
        return None, "it is not JSON"
    return (data, "") if isinstance(data, dict) else (None, "it is not a JSON object")


def _keep_damaged(path: Path) -> None:
    """Move a damaged file aside, under a name that is not taken."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(target)


def _write_object(path: Path, data: dict[str, Any]) -> None:
    """Replace a small file as a whole, or leave the old one. Only the user can read it."""
    make_private_folder(path.parent)
    replace_private_file(path, json.dumps(data, indent=1))
