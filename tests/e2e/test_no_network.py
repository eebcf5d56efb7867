"""Nothing reaches for the network unless the user asked for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GUARD = """
import os, socket

def refuse(self, address, *rest):
    if self.family != getattr(socket, "AF_UNIX", None):
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{os.getpid()} {address}\\n")
        raise OSError("the network is blocked by this test")
    return real(self, address, *rest)

real = socket.socket.connect
socket.socket.connect = refuse
socket.socket.connect_ex = refuse
socket.getaddrinfo = lambda *a, **k: refuse(socket.socket(), a)
"""
"""Imported by every Python process of the test, worker processes included: attempts are refused and written down."""


def commands(project: Path, indexes: Path) -> list[list[str]]:
    place = ["--root", str(project), "--index-dir", str(indexes)]
    return [
        ["index", *place, "--json"],
        ["search", *place, "--json", "add_tax"],
        ["ask", *place, "--json", "How is the tax added?"],
        ["explain", *place, "--json", "Cart.total"],
        ["status", *place, "--json"],
        ["models", "list", "--json"],
        ["runtime", "status", "--json"],
        ["uses", *place, "--json", "add_tax"],
        ["--version"],
    ]


def test_python_opens_no_connection(project: Path, tmp_path: Path) -> None:
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(GUARD, "utf-8")
    log = tmp_path / "network.log"
    env = {**os.environ, "PYTHONPATH": str(guard), "NETWORK_LOG": str(log)}
    probe = subprocess.run(
        [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 9))"],
        env=env,
        capture_output=True,
        text=True,
    )
    assert "blocked by this test" in probe.stderr
    log.unlink()
    for command in commands(project, tmp_path / "indexes"):
        done = subprocess.run([sys.executable, "-m", "glossator", *command], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert not log.exists(), log.read_text("utf-8")


def has_own_network() -> bool:
    return shutil.which("unshare") is not None and (
        subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0
    )


@pytest.mark.skipif(not has_own_network(), reason="needs Linux's network namespaces, to cut native code off too")
def test_everything_works_without_any_network(project: Path, tmp_path: Path) -> None:
    for command in commands(project, tmp_path / "indexes"):
        done = subprocess.run(
            ["unshare", "-rn", sys.executable, "-m", "glossator", *command], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        if command[0] == "search":
            assert json.loads(done.stdout)["hits"]
