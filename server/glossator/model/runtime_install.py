"""Installs llama.cpp's runtime into this Python environment: a ready wheel if one works here, else a build from source.

A wheel is downloaded, compared with its checksum, and tried in a folder of its own before anything is changed, so that
a build that does not work here never replaces one that does. All goes through pip (or uv, where an environment has no
pip); what is installed beside llama-cpp-python is pinned by `data/runtime_requirements.txt`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import httpx2 as httpx
import platformdirs

from glossator.errors import CancelledByUser, DownloadError, ModelRuntimeError, WrongChecksumError
from glossator.model.installed import require_room, sha256_of
from glossator.model.runtime_trial import try_runtime
from glossator.model.runtime_wheels import PROJECT, RUNTIME_VERSION
from glossator.private_files import make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.model.runtime_trial import TrialOutcome
    from glossator.model.runtime_wheels import RuntimeDevice, RuntimeWheel

InstallPhase = Literal["download", "try", "install", "build"]

CMAKE_OPTIONS: Final[dict[str, str]] = {
    "cuda": "-DGGML_CUDA=on",
    "rocm": "-DGGML_HIP=on",
    "metal": "-DGGML_METAL=on",
    "vulkan": "-DGGML_VULKAN=on",
}
"""What makes llama.cpp's build include a backend (its docs/build.md)."""
_BUILD_STEP: Final = re.compile(r"\[(\d+)/(\d+)\]")
"""Ninja's progress."""
_ROOM_FOR_BUILD: Final = 2 * 1024**3
"""Bytes of sources and object files: a build for the CPU takes 0.4 GB, one for CUDA several times as much."""
_COMPILER: Final = re.compile(
    r"CMAKE_(?:C|CXX)_COMPILER|CMAKE_MAKE_PROGRAM is not set|nmake|Microsoft Visual C\+\+|CUDA[ _]?Toolkit|"
    r"Could NOT find (?:CUDA|Vulkan|HIP)",
    re.IGNORECASE,
)
_NETWORK: Final = re.compile(
    r"Retrying \(Retry|ConnectionError|ProxyError|SSLError|ReadTimeout|name resolution|unreachable|"
    r"\(from versions: none\)",
    re.IGNORECASE,
)
_KEPT_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class InstallProgress:
    """How far an installation is: bytes of a download, or files that are compiled; `total` is 0 while it is unknown."""

    phase: InstallPhase
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class RuntimeRecord:
    """What this program installed into the environment.

    Attributes:
        version: of llama-cpp-python.
        device: what it computes on.
        build: for people ("CUDA 12.4").
        source: "wheel", or "source" for one that was compiled here.
        url: where the wheel came from; "" for a build from source.
        sha256: of the wheel.
        files: what tells its files from those of another installation (see `_installed_files`).
    """

    version: str
    device: str
    build: str
    source: Literal["wheel", "source"]
    url: str = ""
    sha256: str = ""
    files: str = ""


def recorded_runtime() -> RuntimeRecord | None:
    """What was installed here by this program, and is still there; None if nothing is, or it is not known."""
    try:
        record = RuntimeRecord(**json.loads(_record_path().read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.files == _installed_files() else None


def _installed_files() -> str:
    """SHA-256 of the list of files that are installed as llama-cpp-python, with their checksums; "" if none are."""
    importlib.invalidate_caches()
    try:
        listed = importlib.metadata.distribution(PROJECT).read_text("RECORD")
    except importlib.metadata.PackageNotFoundError:
        return ""
    return hashlib.sha256((listed or "").encode()).hexdigest()


def _record_path() -> Path:
    return Path(sys.prefix) / "glossator-runtime.json"


class RuntimeInstaller:
    """Downloads, tries and installs. Blocks: not for use on an event loop's thread."""

    def __init__(
        self,
        *,
        folder: Path | None = None,
        progress: Callable[[InstallProgress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Prepare nothing yet.

        Args:
            folder: for what is downloaded; default: the user's cache.
            progress: called from this thread, often.
            cancelled: asked regularly; True stops what is going on, and leaves the environment as it was.
        """
        self._folder = folder or Path(platformdirs.user_cache_dir("glossator", appauthor=False)) / "runtime"
        self._progress = progress
        self._cancelled = cancelled

    def install_wheel(self, wheel: RuntimeWheel) -> TrialOutcome:
        """Install a wheel if it works on this machine; else nothing is changed.

        Returns:
            How its trial ended; with a `problem`, it was not installed.

        Raises:
            DownloadError: it could not be fetched, or is not what it should be.
            ModelRuntimeError: it could not be installed.
            CancelledByUser: `cancelled` said so.
        """
        try:
            make_private_folder(self._folder)
            path = self._fetched(wheel)
            self._install_companions()
            build = wheel.build
            record = RuntimeRecord(RUNTIME_VERSION, build.device, build.label, "wheel", wheel.url, wheel.sha256)
            outcome = self._installed(path, record)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ModelRuntimeError(f"cannot write to {self._folder}: {error.strerror or error}") from error
        return outcome

    def build(self, device: RuntimeDevice) -> TrialOutcome:
        """Compile the runtime for a device, which takes some minutes, and install it.

        Raises:
            ModelRuntimeError: it could not be built; the message says what is missing.
            CancelledByUser: `cancelled` said so.
        """
        room, free = Path(tempfile.gettempdir()), shutil.disk_usage(tempfile.gettempdir()).free
        if free < _ROOM_FOR_BUILD:
            wanted = f"{_ROOM_FOR_BUILD / 1e9:.0f} GB"
            raise ModelRuntimeError(f"a build needs {wanted} in {room}, and {free / 1e9:.1f} GB are free")
        if importlib.util.find_spec("pip") is None:
            raise ModelRuntimeError(f"a build needs pip; add it with: {sys.executable} -m ensurepip")
        environment = {"CMAKE_ARGS": cmake_arguments(device)}
        try:
            make_private_folder(self._folder)
            self._install_companions()
            self._progress(InstallProgress("build"))
            with (
                _pins(lambda name: name == PROJECT) as pins,
                tempfile.TemporaryDirectory(dir=self._folder, prefix="built-", ignore_cleanup_errors=True) as built,
            ):
                self._pip(
                    *("wheel", "--verbose", "--no-deps", "--no-cache-dir", "--no-binary", PROJECT),
                    *("--require-hashes", "-r", str(pins), "--wheel-dir", built),
                    environment=environment,
                )
                record = RuntimeRecord(RUNTIME_VERSION, device, "built here", "source")
                return self._installed(next(Path(built).glob("*.whl")), record)
        except OSError as error:
            raise ModelRuntimeError(f"cannot write to {self._folder}: {error.strerror or error}") from error

    def _installed(self, path: Path, record: RuntimeRecord) -> TrialOutcome:
        """Install a wheel that is here, if it works; returns how its trial ended."""
        outcome = self._tried(path)
        if not outcome.problem:
            self._progress(InstallProgress("install"))
            self._pip("install", "--no-deps", _again(), "--no-index", str(path))
            # It only says where the runtime came from: without it all works the same.
            with contextlib.suppress(OSError):
                known = replace(record, files=_installed_files())
                _record_path().write_text(json.dumps(asdict(known), indent=2) + "\n", "utf-8")
        return outcome

    def _fetched(self, wheel: RuntimeWheel) -> Path:
        """The wheel's file, verified. A part that an earlier attempt fetched is used."""
        path = self._folder / wheel.file
        partial = self._folder / f"{wheel.file}.{wheel.sha256[:12]}.part"
        if not (path.is_file() and sha256_of(path) == wheel.sha256):
            self._download(wheel, partial)
            found = sha256_of(partial)
            if found != wheel.sha256:
                partial.unlink()
                raise WrongChecksumError(
                    f"{wheel.url} has the SHA-256 {found} instead of {wheel.sha256}: it was removed, and nothing was"
                    " installed"
                )
            partial.replace(path)
        return path

    def _download(self, wheel: RuntimeWheel, partial: Path) -> None:
        make_private_file(partial)
        with partial.open("ab") as file:
            arrived = file.tell()
            headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={arrived}-"} if arrived else {})}
            try:
                with httpx.stream("GET", wheel.url, headers=headers, follow_redirects=True, timeout=30.0) as answer:
                    if answer.status_code == 416:  # all of it is here
                        return
                    if answer.status_code not in (200, 206):
                        raise DownloadError(f"{wheel.url} answers with status {answer.status_code}; try again later")
                    if answer.status_code == 200:
                        file.seek(0)
                        file.truncate()
                    rest = int(answer.headers.get("Content-Length") or 0)
                    total = file.tell() + rest if rest else wheel.size
                    require_room(self._folder, 4 * rest)  # the wheel, the trial's copy, what is installed
                    for block in answer.iter_bytes():
                        if self._cancelled():
                            raise CancelledByUser("the download was stopped; what has arrived is kept")
                        file.write(block)
                        self._progress(InstallProgress("download", file.tell(), total))
            except httpx.HTTPError as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                raise DownloadError(
                    f"the download of {wheel.url} broke off ({reason}); the same command goes on from there"
                ) from error

    def _tried(self, path: Path) -> TrialOutcome:
        """How the wheel works from a folder of its own."""
        self._progress(InstallProgress("try"))
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="trial-", ignore_cleanup_errors=True) as folder:
            self._pip("install", "--no-deps", "--no-index", "--target", folder, str(path))
            return try_runtime(Path(folder))

    def _install_companions(self) -> None:
        """Install what llama-cpp-python imports; nothing to do where it is here already."""
        with _pins(lambda name: name != PROJECT) as pins:
            self._pip("install", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(pins))

    def _pip(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Run pip or what stands in for it.

        Raises:
            ModelRuntimeError: it failed; the message says why.
            CancelledByUser: `cancelled` said so.
        """
        command = _installer(arguments)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUTF8": "1", **(environment or {})},
                cwd=self._folder if self._folder.is_dir() else None,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise ModelRuntimeError(f"cannot start {command[0]}: {error.strerror or error}") from error
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.2):
                if self._cancelled():
                    _end(process)
                    return

        watcher = threading.Thread(target=watch, name="runtime installation", daemon=True)
        watcher.start()
        lines: list[str] = []
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines = [*lines[-_KEPT_LINES:], line.rstrip()]
                if step := _BUILD_STEP.search(line):
                    self._progress(InstallProgress("build", int(step[1]), int(step[2])))
            status = process.wait()
        except BaseException:
            _end(process)
            raise
        finally:
            over.set()
            watcher.join()
        if self._cancelled():
            raise CancelledByUser("the installation was stopped")
        if status != 0:
            raise ModelRuntimeError(installation_problem(lines))


def _end(process: subprocess.Popen[str]) -> None:
    """End pip and the compilers that it has started."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    process.kill()
    process.wait()


def _installer(arguments: Sequence[str]) -> list[str]:
    """The command that has pip, or uv where there is none, do something to this environment.

    Raises:
        ModelRuntimeError: there is neither.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "pip", *arguments, "--python", sys.executable]
    raise ModelRuntimeError(
        f"{sys.executable} has no pip to install packages with; add it with: {sys.executable} -m ensurepip"
    )


def cmake_arguments(device: RuntimeDevice) -> str:
    """CMAKE_ARGS for a build: what the user and the device ask for, and llama.cpp's library alone.

    What understands images, and what llama.cpp's own programs share, would take as long as the library does.
    """
    only = resources.files("glossator").joinpath("data", "library_alone.cmake")
    alone = ("-DLLAVA_BUILD=OFF", shlex.quote(f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={Path(str(only)).as_posix()}"))
    return " ".join(filter(None, (*alone, os.environ.get("CMAKE_ARGS"), CMAKE_OPTIONS.get(device))))


def _again() -> str:
    """The option by which a package that is installed is replaced."""
    return "--force-reinstall" if importlib.util.find_spec("pip") is not None else "--reinstall"


@contextlib.contextmanager
def _pins(chosen: Callable[[str], bool]) -> Iterator[Path]:
    """A requirements file of those packages of the runtime that are chosen by name: pinned, with checksums."""
    text = resources.files("glossator").joinpath("data", "runtime_requirements.txt").read_text("utf-8")
    kept = [block for block in split_requirements(text) if chosen(block.partition("==")[0])]
    with tempfile.TemporaryDirectory(prefix="glossator-") as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text("\n".join(kept) + "\n", "utf-8")
        yield path


def split_requirements(text: str) -> list[str]:
    """The requirements in a file, each with the lines of its checksums."""
    return [block.rstrip() for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE) if block.strip()]


def installation_problem(lines: Sequence[str]) -> str:
    """Why an installation failed, and what can be done, from what pip printed."""
    text = "\n".join(lines)
    if "externally-managed-environment" in text:
        return f"{sys.executable} is managed by the system; install Glossator into a virtual environment"
    if re.search(r"no space left|errno 28\b|winerror 112\b|disk quota", text, re.IGNORECASE):
        return "the disk is full: free some space and try again"
    if _COMPILER.search(text):
        return (
            "it is built from source, and what that needs is missing: a C++ compiler and CMake, for a GPU also its"
            " development kit (docs/models.md)"
        )
    if _NETWORK.search(text):
        return "the packages could not be downloaded; check the network connection"
    if "Permission denied" in text or "Access is denied" in text:
        return (
            f"{sys.prefix} cannot be written, or what is there is in use: close the editors that use it, or install"
            " Glossator into a virtual environment of your own"
        )
    errors = [line for line in lines if re.match(r"\s*(ERROR|error)\b", line)] or list(lines[-1:])
    return f"the installation failed: {errors[-1].strip()}" if errors else "the installation failed"
