"""Which accelerators a machine has, by what its system and its drivers' tools say."""

from __future__ import annotations

import ctypes.util
import sys
from pathlib import Path

import pytest

from glossator.model.accelerators import Accelerator, find_accelerators
from glossator.model.runtime_wheels import builds_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="how Linux tells of its devices")

INTEL, AMD, NVIDIA = "0x8086", "0x1002", "0x10de"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a machine without devices, and no tool on the PATH but those in its `bin`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    drivers(monkeypatch, vulkan=False)
    return tmp_path


def drivers(monkeypatch: pytest.MonkeyPatch, *, vulkan: bool) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: f"lib{name}.so.1" if vulkan else None)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def card(root: Path, maker: str) -> None:
    write(root / "sys/class/drm/card0/device/vendor", f"{maker}\n")


def nvidia_smi(root: Path, script: str) -> None:
    tool = root / "bin/nvidia-smi"
    write(tool, f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)


def rocm(root: Path, version: str, target: int) -> None:
    write(root / "sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 8\ngfx_target_version 0\n")
    write(root / "sys/class/kfd/kfd/topology/nodes/1/properties", f"simd_count 96\ngfx_target_version {target}\n")
    write(root / "opt/rocm/.info/version", f"{version}\n")


def folders(root: Path) -> list[str]:
    """The indexes that are looked at, in order."""
    return [build.folder for build in builds_for(find_accelerators(root))]


def test_a_machine_without_any(machine: Path) -> None:
    assert find_accelerators(machine) == ()
    assert folders(machine) == ["cpu"]


@pytest.mark.parametrize("word", ["CUDA Version", "CUDA UMD Version"])
def test_what_nvidia_s_driver_supports(machine: Path, word: str) -> None:
    nvidia_smi(machine, f'case "$1" in --query*) echo "RTX 4070"; echo "RTX 4070";; *) echo "| {word}: 12.2 |";; esac')
    assert find_accelerators(machine) == (Accelerator("cuda", "RTX 4070", (12, 2)),)
    assert folders(machine) == ["cu122", "cu121", "cu118", "cpu"]


def test_a_driver_whose_tool_fails_or_is_absent(machine: Path) -> None:
    nvidia_smi(machine, "echo 'NVIDIA-SMI has failed because it could not communicate with the driver'; exit 9")
    assert find_accelerators(machine) == ()
    (machine / "bin/nvidia-smi").unlink()
    write(machine / "proc/driver/nvidia/version", "NVRM version: 550\n")
    assert find_accelerators(machine) == (Accelerator("cuda", "NVIDIA GPU"),)
    assert folders(machine)[0] == "cu132"


def test_rocm_needs_a_gpu_that_it_supports(machine: Path) -> None:
    rocm(machine, "7.2.1-43", 0)
    assert find_accelerators(machine) == ()
    rocm(machine, "7.2.1-43", 110001)
    assert find_accelerators(machine) == (Accelerator("rocm", "AMD GPU", (7, 2)),)
    assert folders(machine) == ["rocm72", "cpu"]
    rocm(machine, "6.4.0", 110001)
    assert folders(machine) == ["cpu"]


@pytest.mark.parametrize(("maker", "found"), [(AMD, ["vulkan", "cpu"]), (NVIDIA, ["vulkan", "cpu"]), (INTEL, ["cpu"])])
def test_vulkan_is_for_discrete_gpus(
    machine: Path, monkeypatch: pytest.MonkeyPatch, maker: str, found: list[str]
) -> None:
    card(machine, maker)
    assert folders(machine) == ["cpu"]
    drivers(monkeypatch, vulkan=True)
    assert folders(machine) == found


def test_the_faster_interface_comes_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drivers(monkeypatch, vulkan=True)
    card(machine, AMD)
    rocm(machine, "7.2.0", 110001)
    assert folders(machine) == ["rocm72", "vulkan", "cpu"]


def test_what_cannot_be_read_is_not_there(machine: Path) -> None:
    rocm(machine, "7.2.0", 110001)
    (machine / "opt/rocm/.info/version").write_bytes(b"\xff\xfe")
    write(machine / "sys/class/drm/card0/device/vendor", "")
    assert find_accelerators(machine) == ()


def test_a_mac_has_metal(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert folders(machine) == ["metal", "cpu"]
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert folders(machine) == ["cpu"]
