"""Nothing listens unasked: neither the servers nor any process that they start."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import psutil
import pytest

from tests.lsp.client import WAIT, start_server


def listening(pid: int) -> list[str]:
    """What a process and those below it listen on."""
    main = psutil.Process(pid)
    return [
        f"{process.name()} {connection.laddr}"
        for process in (main, *main.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    ]


def test_a_listening_socket_would_be_seen() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert listening(os.getpid())


async def test_the_language_server_and_its_workers_listen_nowhere(tmp_path: Path, project: Path) -> None:
    process, client = await start_server("--index-dir", str(tmp_path / "indexes"))
    await client.initialize(project)
    await client.ready()
    await client.request("glossator/ask", {"question": "How is the tax added?"})
    assert listening(process.pid) == []
    assert psutil.Process(process.pid).children(recursive=True), "a worker runs"
    await client.request("shutdown")
    client.notify("exit")
    await asyncio.wait_for(process.wait(), WAIT)


@pytest.mark.parametrize("command", [["mcp"]])
async def test_the_server_for_agents_listens_nowhere(tmp_path: Path, project: Path, command: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "glossator", *command, "--index-dir", str(tmp_path / "indexes")),
        *("--root", str(project)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(
        b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
        b'"clientInfo":{"name":"t","version":"1"}}}\n'
    )
    await asyncio.wait_for(process.stdout.readline(), WAIT)
    assert listening(process.pid) == []
    process.stdin.close()
    await asyncio.wait_for(process.wait(), WAIT)
