"""Measure a team's server under load: requests per second and how long they take, with one replica and with two.

    scripts/bench team-server REPOSITORY...            folders of git repositories
    scripts/bench team-server --seconds 10 ...         how long each load lasts

The repositories are built into a storage, a temporary folder. Each replica is `glossator team serve` as a process of
its own. A client sends its next request when the last was answered; the clients are spread over the replicas. Three
kinds of requests are sent: searches in all repositories, searches in the first one, and the latter as an agent's calls
over MCP. One JSON object is printed. The clients run in this process, on the same machine, and take some of its time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench_team import QUERIES, name_of, percentiles
from glossator.settings import Settings
from glossator.team.building import BuildTask, build_base
from glossator.team.publishing import publish
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from glossator.team_server.access_tokens import add_token

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = (1, 8, 32)
START_SECONDS = 300.0


def build(sources: list[Path], folder: Path, url: str, signer: Signer) -> dict[str, Any]:
    """Build and publish bases; returns their size."""
    lines = symbols = 0
    for source in sources:
        task = BuildTask(name_of(source), str(source), "HEAD", url, str(folder / "work"), (signer.public_key,))
        outcome = build_base(task, Settings(index_dir=folder / "builder"))
        if outcome.base is None:
            raise SystemExit(f"{source}: {outcome.message}")
        publish(Storage(url), outcome.base, signer, (signer.public_key,))
        lines, symbols = lines + outcome.lines, symbols + outcome.symbols
    return {"repositories": len(sources), "lines": lines, "symbols": symbols}


@contextmanager
def replica(folder: Path, url: str, tokens: Path, key: str) -> Iterator[tuple[int, int]]:
    """A running server: its port and its process's number."""
    command = [sys.executable, "-P", "-m", "glossator", "team", "serve", "--team", url, "--tokens", str(tokens)]
    command += ["--port", "0", "--json", "--index-dir", str(folder), "--log-level", "error"]
    command += ["--requests-per-token", "64"]
    env = {**os.environ, "GLOSSATOR_TEAM_KEYS": key}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as process:
        try:
            assert process.stdout is not None
            port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
            yield port, process.pid
        finally:
            process.terminate()


def request(path: str, token: str, body: object) -> bytes:
    """A request as it is sent."""
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    lines += ["Content-Type: application/json", "Accept: application/json, text/event-stream"]
    lines += ["MCP-Protocol-Version: 2025-11-25"] if path == "/mcp" else []
    return "\r\n".join([*lines, f"Content-Length: {len(content)}", "", ""]).encode() + content


def requests(kind: str, token: str, repository: str) -> list[bytes]:
    """The requests of a load, one for each query."""
    made = []
    for query in QUERIES:
        question: dict[str, Any] = {"query": query}
        if kind != "all repositories":
            question["repositories"] = [repository]
        if kind == "MCP":
            call = {"name": "search_code", "arguments": question}
            made.append(request("/mcp", token, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}))
        else:
            made.append(request("/v1/search", token, question))
    return made


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: bytes) -> bytes:
    """The body of the answer to a request, which must be a success."""
    writer.write(content)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 200") or b'"isError":true' in body:
        raise SystemExit(f"{head.decode()}{body[:500].decode()}")
    return body


async def load(ports: list[int], contents: list[bytes], clients: int, seconds: float) -> dict[str, Any]:
    """What so many clients measure."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports[number % len(ports)])
        for content in itertools.islice(itertools.cycle(contents), number, None):
            started = time.perf_counter()
            if started > end:
                break
            await asked(reader, writer, content)
            times.append(1000 * (time.perf_counter() - started))
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    lasted = time.perf_counter() - started
    cuts = percentiles(times) if len(times) > 1 else {"p50": times[0], "p95": times[0]}
    return {"requests": len(times), "per_second": round(len(times) / lasted, 1), **cuts}


async def wait_until_ready(port: int) -> None:
    """Wait until a server has read the storage."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        if answer.startswith(b"HTTP/1.1 200"):
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the server did not become ready")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0, metavar="N", help="for each load (default: 5)")
    arguments = parser.parse_args()
    sources = [path.resolve() for path in arguments.repositories]
    with tempfile.TemporaryDirectory(prefix="glossator-bench-") as scratch:
        folder = Path(scratch)
        url = (folder / "storage").as_uri()
        signer = Signer.create(folder / "team.pem")
        result = build(sources, folder, url, signer)
        tokens = folder / "tokens.json"
        token = add_token(tokens, "bench", ["*"])
        loads: list[dict[str, Any]] = []
        equal, memory, ready = [], [], []
        for replicas in (1, 2):
            with ExitStack() as stack:
                started = time.perf_counter()
                running = [
                    stack.enter_context(replica(folder / "indexes", url, tokens, signer.public_key))
                    for _ in range(replicas)
                ]
                ports = [port for port, _ in running]
                for port in ports:
                    asyncio.run(wait_until_ready(port))
                ready.append(round(time.perf_counter() - started, 1))
                for kind in ("all repositories", "one repository", "MCP"):
                    contents = requests(kind, token, name_of(sources[0]))
                    answers = [asyncio.run(each(port, contents)) for port in ports]
                    if kind != "MCP":
                        equal += [answers[0] == other for other in answers[1:]]
                    for clients in CLIENTS:
                        found = asyncio.run(load(ports, contents, clients, arguments.seconds))
                        loads.append({"replicas": replicas, "kind": kind, "clients": clients, **found})
                memory += [psutil.Process(process).memory_info().rss for _, process in running]
    result |= {
        "ready_seconds": ready,
        "equal_answers": f"{sum(equal)} of {len(equal)}",
        "memory_megabytes": round(statistics.median(memory) / 1e6),
        "loads": loads,
    }
    print(json.dumps(result, indent=1))


async def each(port: int, contents: list[bytes]) -> list[bytes]:
    """The answers of one server to each request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = [await asked(reader, writer, content) for content in contents]
    writer.close()
    return found


if __name__ == "__main__":
    main()
