"""`glossator runtime` against a package index on loopback whose wheels stand for builds that work, and that don't.

A made wheel hands on the real runtime of this environment, or breaks as real ones do; it is installed into an
environment of its own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import os
import shlex
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from glossator.cli.arguments import parse_arguments
from glossator.model.runtime_install import cmake_arguments, installation_problem, split_requirements
from glossator.model.runtime_trial import KNOWN_ANSWER
from glossator.model.runtime_wheels import RUNTIME_DEVICES, RUNTIME_VERSION, RuntimeBuild, WheelIndex, builds_for
from tests.gguf_files import TRIAL_SHAPE, reciter
from tests.hub_server import Hub
from tests.terminal.emulator import Terminal

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.llama

FILE = f"llama_cpp_python-{RUNTIME_VERSION}-py3-none-any.whl"
WORKS = ""
MISSING_LIBRARY = "raise OSError('libcudart.so.12: cannot open shared object file: No such file or directory')\n"
CRASHES_AT_ONCE = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
CRASHES_LATER = "import os\nllama_cpp.llama_decode = lambda *arguments: os.abort()\n"


def wheel(trouble: str) -> bytes:
    """A build of llama-cpp-python: the one that is installed here, with some trouble added."""
    found = importlib.util.find_spec("llama_cpp")
    assert found is not None
    assert found.origin is not None
    real = Path(found.origin).parent
    code = f"__path__ = [{str(real)!r}]\nfrom . import llama_cpp\n__version__ = {RUNTIME_VERSION!r}\n{trouble}"
    info = f"llama_cpp_python-{RUNTIME_VERSION}.dist-info"
    files = {
        "llama_cpp/__init__.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: {RUNTIME_VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


@dataclass
class Index(Hub):
    """A package index for each build."""

    files: dict[str, bytes] = field(default_factory=dict)

    def publish(self, folder: str, data: bytes, *, digest: str = "", name: str = FILE) -> None:
        self.files[f"/{folder}/{name}"] = data
        digest = digest or hashlib.sha256(data).hexdigest()
        other = f"llama_cpp_python-0.3.1-py3-none-any.whl#sha256={'0' * 64}"
        links = [f'<a href="../{other}">old</a>', f'<a href="/{folder}/{name}#sha256={digest}">{name}</a>']
        self.files[f"/whl/{folder}/llama-cpp-python/"] = f"<html><body>{''.join(links)}</body></html>".encode()


@dataclass
class Machine:
    """An environment without a runtime of its own, and what stands for the accelerators of a machine."""

    folder: Path
    python: Path
    tools: Path
    index: Index
    base: str

    def gpu(self, cuda: str) -> None:
        tool = self.tools / "nvidia-smi"
        listing = f"| NVIDIA-SMI 550.54  Driver Version: 550.54  CUDA Version: {cuda} |"
        tool.write_text(f'#!/bin/sh\ncase "$1" in --query*) echo "NVIDIA RTX 4070";; *) echo "{listing}";; esac\n')
        tool.chmod(0o755)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}",
            "GLOSSATOR_RUNTIME_INDEX": f"{self.base}/whl",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            # No other index: what is needed must be here already.
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        }

    def command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "glossator", "runtime", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )

    def installed(self) -> dict[str, Any]:
        """What `runtime status` says."""
        done = self.run("status", "--json")
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    @property
    def own(self) -> bool:
        """Whether the environment has a runtime of its own."""
        return bool(list(self.folder.glob("venv/**/llama_cpp/__init__.py")))


@pytest.fixture
def machine(tmp_path: Path) -> Any:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (site,) = venv.glob("lib/python*/site-packages") if os.name != "nt" else [venv / "Lib/site-packages"]
    borrowed = [path for path in sys.path if path and Path(path).is_dir() and not path.startswith(sys.base_prefix)]
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    with Index() as index:
        yield Machine(tmp_path, python, tools, index, index.url)


def test_the_best_build_that_there_is_is_taken(machine: Machine) -> None:
    machine.gpu("12.4")
    for folder in ("cu125", "cu123", "cu121", "cpu"):
        machine.index.publish(folder, wheel(WORKS))
    done = machine.run("install", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    # Not what is newer than the driver; what is older than the best is not even looked for.
    assert (told["build"], told["installed"], told["source"]) == ("CUDA 12.3", True, "wheel")
    assert [one["build"] for one in told["left"]] == ["CUDA 12.4"]
    assert machine.own
    status = machine.installed()
    assert status["works"]
    assert status["record"]["build"] == "CUDA 12.3"
    # On a machine that has the loader of Vulkan, the GPU is one for that, too.
    assert status["accelerators"][0] == {"kind": "cuda", "name": "NVIDIA RTX 4070", "version": "12.4"}
    assert {one["kind"] for one in status["accelerators"][1:]} <= {"vulkan"}
    assert not list((machine.folder / "cache/glossator/runtime").glob("*"))


@pytest.mark.parametrize("trouble", [MISSING_LIBRARY, CRASHES_AT_ONCE, CRASHES_LATER])
def test_a_build_that_does_not_work_is_left_for_the_next(machine: Machine, trouble: str) -> None:
    machine.gpu("12.4")
    machine.index.publish("cu124", wheel(trouble))
    machine.index.publish("cpu", wheel(WORKS))
    done = machine.run("install", "--yes")
    assert done.returncode == 0, done.stderr
    assert "The build for CUDA 12.4 is left: " in done.stderr
    assert "(the CPU); it works on CPU" in done.stdout
    if trouble == MISSING_LIBRARY:
        assert "libcudart.so.12: cannot open" in done.stderr


def test_a_build_that_works_is_not_replaced_by_one_that_does_not(machine: Machine) -> None:
    machine.index.publish("cpu", wheel(WORKS))
    assert machine.run("install", "--yes").returncode == 0
    machine.index.publish("vulkan", wheel(CRASHES_LATER))
    done = machine.run("install", "--yes", "--device", "vulkan", "--from", "wheel")
    assert done.returncode == 1
    assert "no ready build works here: Vulkan: " in done.stderr
    assert machine.installed()["record"]["build"] == "the CPU"


def test_a_wrong_checksum_ends_it(machine: Machine) -> None:
    machine.gpu("12.4")
    machine.index.publish("cu124", wheel(WORKS), digest="1" * 64)
    machine.index.publish("cpu", wheel(WORKS))
    done = machine.run("install", "--yes")
    assert done.returncode == 1
    assert f"instead of {'1' * 64}: it was removed, and nothing was installed" in done.stderr
    assert len(done.stderr.strip().splitlines()[-1].split("glossator: ")) == 2
    assert not machine.own
    assert not list((machine.folder / "cache/glossator/runtime").glob("*.part"))


def test_a_download_that_breaks_off_is_resumed(machine: Machine) -> None:
    data = wheel(WORKS)
    machine.index.publish("cpu", data)
    machine.index.break_after = len(data) // 2
    done = machine.run("install", "--yes", "--from", "wheel")
    assert done.returncode == 1
    assert "broke off" in done.stderr
    machine.index.break_after = 0
    assert machine.run("install", "--yes").returncode == 0
    assert [where for _, path, where in machine.index.requests if path.endswith(".whl")][-1].startswith("bytes=")


def test_without_a_build_or_a_compiler_the_rest_still_works(machine: Machine) -> None:
    done = machine.run("install", "--yes")
    assert done.returncode == 1
    assert "The build for the CPU is left: there is none for this Python and system" in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("glossator: the runtime was not installed, and everything but the model works without it: ")
    assert "check the network connection" in last


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage", "a C++ compiler and CMake"),
        ("  Could NOT find Vulkan (missing: Vulkan_LIBRARY glslc)", "development kit"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("error: externally-managed-environment", "virtual environment"),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'",
            "cannot be written",
        ),
        ("ERROR: something else", "the installation failed: ERROR: something else"),
    ],
)
def test_why_an_installation_failed(printed: str, told: str) -> None:
    assert told in installation_problem(["Collecting llama-cpp-python", printed, "note: the end"])


def test_only_the_library_is_built_with_what_the_user_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_NATIVE=OFF '-DCMAKE_CXX_FLAGS=-O2 -g'")
    images, only, *own, device = shlex.split(cmake_arguments("vulkan"))
    assert images == "-DLLAVA_BUILD=OFF"
    assert "LLAMA_BUILD_COMMON OFF" in Path(only.removeprefix("-DCMAKE_PROJECT_llama.cpp_INCLUDE=")).read_text("utf-8")
    assert (own, device) == (["-DGGML_NATIVE=OFF", "-DCMAKE_CXX_FLAGS=-O2 -g"], "-DGGML_VULKAN=on")


def test_without_a_network_it_says_so(machine: Machine) -> None:
    machine.base = "http://127.0.0.1:9"
    done = machine.run("install", "--yes", "--from", "wheel")
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr


def test_the_network_is_used_only_if_the_user_agrees(machine: Machine) -> None:
    machine.index.publish("cpu", wheel(WORKS))
    done = machine.run("install")
    assert done.returncode == 1
    assert "run the command with --yes to agree" in done.stderr
    for answer, status in (("n", 1), ("y", 0)):
        with Terminal(machine.command("install"), environment=machine.environment()) as shown:
            shown.wait_for("Go on? [y/N]")
            assert machine.index.requests == []
            shown.type(f"{answer}\n")
            assert shown.wait() == status
    assert machine.own


def test_what_somebody_else_installs_later_is_not_taken_for_it(machine: Machine) -> None:
    machine.index.publish("cpu", wheel(WORKS))
    assert machine.run("install", "--yes").returncode == 0
    assert machine.installed()["record"] is not None
    (listed,) = machine.folder.glob("venv/**/llama_cpp_python-*.dist-info/RECORD")
    listed.write_text(listed.read_text("utf-8") + "llama_cpp/other.py,,\n", "utf-8")
    assert machine.installed()["record"] is None


def test_a_dry_run_changes_nothing(machine: Machine) -> None:
    machine.index.publish("cpu", wheel(WORKS))
    done = machine.run("install", "--dry-run", "--yes", "--json")
    told = json.loads(done.stdout)
    assert (told["build"], told["installed"]) == ("the CPU", False)
    assert told["url"] == f"{machine.base}/cpu/{FILE}"
    assert not machine.own
    assert not any(path.endswith(".whl") for _, path, _ in machine.index.requests)


def test_the_files_of_other_systems_are_no_choice(machine: Machine) -> None:
    other = FILE.replace("py3-none-any", "py3-none-win_arm64" if sys.platform != "win32" else "py3-none-linux_x86_64")
    machine.index.publish("cpu", wheel(WORKS), name=other)
    done = machine.run("install", "--yes", "--from", "wheel")
    assert done.returncode == 1
    assert "there is none for this Python and system" in done.stderr


def test_a_release_tells_the_checksum_that_the_index_lacks() -> None:
    build = RuntimeBuild("cpu", "cpu", "the CPU")
    page = "/whl/cpu/llama-cpp-python/"
    released = f"https://forge.example/owner/project/releases/download/v{RUNTIME_VERSION}/{FILE}"
    with Index() as index:
        index.files[page] = f'<a href="{released}">x</a>'.encode()
        with (
            WheelIndex(f"{index.url}/whl", releases=index.url) as wheels,
            pytest.raises(Exception, match="has no checksum"),
        ):
            wheels.find(build)
        assets = [{"name": FILE, "digest": f"sha256:{'a' * 64}", "size": 7}]
        told = json.dumps({"assets": assets}).encode()
        index.files[f"/repos/owner/project/releases/tags/v{RUNTIME_VERSION}"] = told
        with WheelIndex(f"{index.url}/whl", releases=index.url) as wheels:
            found = wheels.find(build)
    assert found is not None
    assert (found.url, found.sha256, found.size) == (released, "a" * 64, 7)


def test_a_device_that_is_asked_for_is_not_replaced() -> None:
    assert [one.folder for one in builds_for((), "vulkan")] == ["vulkan"]
    assert builds_for((), "cuda")[0].folder == "cu132"
    assert [one.folder for one in builds_for(())] == ["cpu"]


def test_what_the_command_offers_is_what_there_is() -> None:
    chosen = [parse_arguments(["runtime", "install", "--device", one]).device for one in RUNTIME_DEVICES]
    assert chosen == list(RUNTIME_DEVICES)


def test_what_is_shipped_for_it_is_what_the_scripts_make(tmp_path: Path) -> None:
    data = ROOT / "server" / "glossator" / "data"
    spec = importlib.util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    environment = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(environment)
    shipped = (data / "runtime_requirements.txt").read_text("utf-8")
    assert shipped == environment.added_by_runtime(), "run scripts/lock"
    assert [one.partition("==")[0] for one in split_requirements(shipped)] == [
        "diskcache",
        "jinja2",
        "llama-cpp-python",
        "markupsafe",
    ]
    made = reciter(tmp_path / "trial.gguf", KNOWN_ANSWER, name="trial", context=512, shape=TRIAL_SHAPE)
    assert made.read_bytes() == (data / "trial.gguf").read_bytes(), "run scripts/make_trial_model"
