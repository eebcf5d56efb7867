"""Finds the accelerators of this machine for which llama.cpp has a backend, without loading any of their libraries."""

from __future__ import annotations

import ctypes.util
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

AcceleratorKind = Literal["cuda", "rocm", "metal", "vulkan"]

_QUESTION_SECONDS: Final = 15.0
"""For nvidia-smi to answer: a driver that wakes a sleeping GPU takes some seconds."""
_CUDA_VERSION: Final = re.compile(r"CUDA(?: UMD)? Version\s*:\s*(\d+)\.(\d+)")
_NVIDIA: Final = "0x10de"
_AMD: Final = "0x1002"


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A way to compute that is faster than the CPU.

    Attributes:
        kind: llama.cpp's backend for it.
        name: what its owner calls it ("NVIDIA GeForce RTX 4070").
        version: the newest version of the interface that its driver supports, as (major, minor); (0, 0) if unknown.
    """

    kind: AcceleratorKind
    name: str
    version: tuple[int, int] = (0, 0)


def find_accelerators(root: Path = Path("/")) -> tuple[Accelerator, ...]:
    """The accelerators of this machine, the fastest interface first; takes up to `_QUESTION_SECONDS`.

    Args:
        root: where Linux's /sys, /proc and /opt are; another folder in tests.
    """
    found: list[Accelerator] = []
    if sys.platform == "darwin":
        return (Accelerator("metal", "this Mac's GPU"),) if platform.machine() == "arm64" else ()
    nvidia = _cuda(root)
    if nvidia is not None:
        found.append(nvidia)
    if sys.platform == "linux" and (version := _rocm_version(root)) is not None:
        found.append(Accelerator("rocm", "AMD GPU", version))
    # Of Vulkan's devices only those of a maker of discrete GPUs are worth it without being asked for: on a GPU that
    # shares the CPU's memory a model is seldom faster, and a driver in software is slower.
    makers = _gpu_makers(root)
    if _has_vulkan() and (nvidia is not None or makers & {_NVIDIA, _AMD}):
        name = nvidia.name if nvidia is not None else "NVIDIA GPU" if _NVIDIA in makers else "AMD GPU"
        found.append(Accelerator("vulkan", name))
    return tuple(found)


def _cuda(root: Path) -> Accelerator | None:
    """What NVIDIA's driver says of itself; None without one."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        here = (root / "proc/driver/nvidia/version").exists()
        return Accelerator("cuda", "NVIDIA GPU") if here else None
    report = _output([tool])
    if report is None:
        return None
    names = (_output([tool, "--query-gpu=name", "--format=csv,noheader"]) or "").splitlines()
    version = _CUDA_VERSION.search(report)
    name = names[0].strip() if names else ""
    return Accelerator("cuda", name or "NVIDIA GPU", (int(version[1]), int(version[2])) if version else (0, 0))


def _output(command: list[str]) -> str | None:
    """What a command prints; None if it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_QUESTION_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _rocm_version(root: Path) -> tuple[int, int] | None:
    """The version of ROCm that is installed beside a GPU that it supports; None without either."""
    try:
        targets = list((root / "sys/class/kfd/kfd/topology/nodes").glob("*/properties"))
        # A CPU's node has the target 0.
        gpu = any(re.search(r"^gfx_target_version [1-9]", one.read_text("ascii"), re.MULTILINE) for one in targets)
        text = (root / "opt/rocm/.info/version").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None
    version = re.match(r"(\d+)\.(\d+)", text)
    return (int(version[1]), int(version[2])) if gpu and version else None


def _has_vulkan() -> bool:
    """Whether Vulkan's loader, which every driver brings, is installed."""
    return ctypes.util.find_library("vulkan-1" if sys.platform == "win32" else "vulkan") is not None


def _gpu_makers(root: Path) -> set[str]:
    """PCI vendors of the graphics cards, as Linux writes them."""
    found: set[str] = set()
    for path in (root / "sys/class/drm").glob("card*/device/vendor"):
        try:
            found.add(path.read_text("ascii").strip())
        except (OSError, UnicodeDecodeError):
            continue
    return found
