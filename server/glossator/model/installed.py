"""Which models are on this machine, and which of them is in use.

The list is a JSON file in the models' folder. A model is "pulled" (downloaded by us), "copied" (added as a copy) or
"registered" (a file that stays where the user has it, and which is never deleted). The choice of `models use` is kept
with the user's settings, where no workspace can reach it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from glossator import settings as settings_module
from glossator.errors import DownloadError, ModelError, ModelInvalidError, ModelNotFoundError
from glossator.model import model_catalog
from glossator.model.header import read_header, split_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glossator.model.model_catalog import ModelRole
    from glossator.settings import Settings

ModelSource = Literal["pulled", "copied", "registered"]

_CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model on this machine. `path` is absolute; `sha256` is "" where it is not known."""

    name: str
    path: str
    role: ModelRole
    source: ModelSource
    bytes: int
    sha256: str = ""
    repo: str = ""
    revision: str = ""
    license: str = ""

    @property
    def present(self) -> bool:
        """Whether its file is still there."""
        return Path(self.path).is_file()


class Models:
    """The installed models of one user."""

    def __init__(self, folder: Path, choice: Path) -> None:
        """Nothing is created yet.

        Args:
            folder: where models and their list are kept.
            choice: file that names the models in use.
        """
        self.folder = folder
        self._choice = choice

    @classmethod
    def of(cls, settings: Settings) -> Models:
        """Those that the settings point at."""
        return cls(settings.models_dir, settings_module.config_path().with_name("models-in-use.json"))

    @property
    def _list(self) -> Path:
        return self.folder / "models.json"

    def all(self) -> list[InstalledModel]:
        """Every model, in order of name.

        Raises:
            ModelError: the list is damaged.
        """
        known = {field.name for field in fields(InstalledModel)}
        models: list[InstalledModel] = []
        for item in _read(self._list).get("models", []):
            if not isinstance(item, dict) or item.get("source") not in get_args(ModelSource):
                raise ModelError(f"{self._list} is damaged; remove it and add the models again")
            models.append(InstalledModel(**{key: value for key, value in item.items() if key in known}))
        return sorted(models, key=lambda model: model.name)

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
        raise ModelNotFoundError(f"no installed model {name!r} (installed: {have}); see: glossator models list")

    def _write(self, models: list[InstalledModel]) -> None:
        _write(self._list, {"version": 1, "models": [asdict(model) for model in models]})

    def _lock(self) -> Any:
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / "models.lock", timeout=30)

    def record(self, model: InstalledModel) -> None:
        """Put a model on the list, in place of one with its name."""
        with self._lock():
            self._write([other for other in self.all() if other.name != model.name] + [model])

    def add(
        self,
        path: Path,
        *,
        name: str = "",
        copy: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> InstalledModel:
        """Take a GGUF file that is here already.

        Args:
            name: default: the file's name without ".gguf".
            copy: copy it into the models' folder; otherwise it stays where it is.
            progress: called with bytes copied and bytes in all.

        Raises:
            ModelNotFoundError, ModelInvalidError: no such file, or not a usable one.
            DownloadError: no room for the copy.
        """
        path = path.expanduser().absolute()
        header = read_header(path)
        role: ModelRole = "embedding" if header.is_embedder else "chat"
        source: ModelSource = "registered"
        if copy:
            source = "copied"
            self.folder.mkdir(parents=True, exist_ok=True)
            require_room(self.folder, header.file_bytes)
            done = 0
            for part in split_files(path):
                target = self.folder / part.name
                if target.exists() and target.samefile(part):
                    continue
                partial = target.with_name(target.name + ".part")
                with part.open("rb") as reader, partial.open("wb") as writer:
                    while block := reader.read(_CHUNK):
                        writer.write(block)
                        done += len(block)
                        if progress is not None:
                            progress(done, header.file_bytes)
                partial.replace(target)
            path = self.folder / path.name
        model = InstalledModel(
            name=name or path.name.removesuffix(".gguf"),
            path=str(path),
            role=role,
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
            self._write(others)
            if ours and path.exists():
                try:
                    files = split_files(path)
                except ModelInvalidError:
                    files = [path]
                for file in files:
                    file.unlink(missing_ok=True)
        for role, chosen in self.chosen().items():
            if chosen == model.name:
                self._choose(role, "")
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

    def chosen(self) -> dict[ModelRole, str]:
        """Names of the models in use, by role."""
        data = _read(self._choice)
        roles: tuple[ModelRole, ...] = ("chat", "embedding")
        return {role: str(data[role]) for role in roles if data.get(role)}

    def _choose(self, role: ModelRole, name: str) -> None:
        _write(self._choice, {**_read(self._choice), role: name})

    def use(self, name: str) -> InstalledModel:
        """Make an installed model the one in use for its role.

        Raises:
            ModelNotFoundError: there is none of that name, or its file is gone.
        """
        model = self.get(name)
        if not model.present:
            raise ModelNotFoundError(f"the file of {model.name} is gone: {model.path}")
        self._choose(model.role, model.name)
        return model

    def current(self, role: ModelRole = "chat") -> InstalledModel | None:
        """The model in use: the chosen one, else the only one installed; None without any."""
        name = self.chosen().get(role)
        models = [model for model in self.all() if model.role == role]
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
    found = _named(Models.of(settings), settings.model, "chat")
    return ModelChoice(*found) if found is not None else None


def _named(models: Models, named: str, role: ModelRole) -> tuple[str, Path] | None:
    """Name and file of the model that a setting names by path or name, else of the one in use for the role."""
    if named:
        path = Path(named).expanduser()
        if path.is_file():
            return path.name.removesuffix(".gguf"), path.absolute()
        if path.suffix == ".gguf" and len(path.parts) > 1:
            raise ModelNotFoundError(f"no model file at {path}")
        model: InstalledModel | None = models.get(named)
    else:
        model = models.current(role)
    if model is None:
        return None
    if not model.present:
        raise ModelNotFoundError(f"the file of the model {model.name} is gone: {model.path}")
    return model.name, Path(model.path)


def model_path(settings: Settings) -> Path:
    """The chat model's file that the settings name.

    Raises:
        ModelNotFoundError: there is none, with the way to get one.
    """
    choice = resolve_model(settings)
    if choice is not None and choice.path is not None:
        return choice.path
    have = [model.name for model in Models.of(settings).all() if model.role == "chat"]
    if have:
        raise ModelNotFoundError(f"no model is chosen; choose one with: glossator models use {have[0]}")
    raise ModelNotFoundError("no model is installed; see what fits this machine with: glossator models list")


def require_room(folder: Path, size: int) -> None:
    """See that `size` bytes can be written in a folder, and some are left.

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
        while block := file.read(_CHUNK):
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


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}; remove it and choose or add the models again") from error
    return data if isinstance(data, dict) else {}


def _write(path: Path, data: dict[str, Any]) -> None:
    """Replace a small file as a whole, or leave the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(json.dumps(data, indent=1), "utf-8")
    partial.replace(path)
