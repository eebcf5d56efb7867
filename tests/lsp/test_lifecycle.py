"""A server process from start to end, over real stdio, and whatever a client may do to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.lsp.client import WAIT, Client, ResponseError, start_server

Started = tuple[asyncio.subprocess.Process, Client]
END = 240.0
"""Seconds after which a server whose client is gone counts as left behind; on an idle machine it ends within 5."""


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Started]:
    process, client = await start_server("--index-dir", str(tmp_path / "indexes"))
    yield process, client
    if process.returncode is None:
        process.kill()
    await process.wait()


def family(process: asyncio.subprocess.Process) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


async def gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still live after the time that they have to end in."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, END)
    return alive


async def test_shutdown_then_exit_ends_with_status_0(started: Started, project: Path) -> None:
    process, client = started
    result = await client.initialize(project)
    assert result["serverInfo"]["name"] == "glossator"
    assert result["capabilities"]["hoverProvider"]
    await client.ready()
    processes = family(process)
    assert await client.request("shutdown") is None
    with pytest.raises(ResponseError, match="-32600"):
        await client.request("glossator/status", {})
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 0
    assert not await gone(processes)


async def test_exit_without_shutdown_ends_with_status_1(started: Started, project: Path) -> None:
    process, client = started
    await client.initialize(project)
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 1


async def test_exit_before_initialize_ends_with_status_1(started: Started) -> None:
    process, client = started
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 1


async def test_requests_before_initialize_are_refused(started: Started, project: Path) -> None:
    _, client = started
    with pytest.raises(ResponseError, match="-32002"):
        await client.request("glossator/status", {})
    client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///x"}})
    await client.initialize(project)
    with pytest.raises(ResponseError, match="only once"):
        await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})


async def test_shutdown_with_work_in_flight(started: Started, project: Path) -> None:
    process, client = started
    await client.initialize(project)
    await client.ready()
    futures = [client.start("glossator/ask", {"question": f"What is number {n}?"})[1] for n in range(5)]
    assert await client.request("shutdown") is None
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 0
    done = await asyncio.gather(*futures, return_exceptions=True)
    assert all(isinstance(result, dict | ResponseError | ConnectionError) for result in done)


@pytest.mark.parametrize("how", ["closed pipes", "killed"])
async def test_a_client_that_dies_takes_the_server_along(tmp_path: Path, project: Path, how: str) -> None:
    """The client is a process of its own here, so that it can really die."""
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from tests.lsp.client import start_server\n"
        "async def main():\n"
        "    import os\n"
        "    process, client = await start_server('--index-dir', sys.argv[1])\n"
        "    await client.initialize(Path(sys.argv[2]), process_id=os.getpid())\n"
        "    await client.ready()\n"
        "    print(process.pid, flush=True)\n"
        "    if sys.argv[3] == 'killed':\n"
        "        await asyncio.Event().wait()\n"
        "    process.stdin.close()\n"
        "    await process.wait()\n"
        "asyncio.run(main())\n"
    )
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        str(tmp_path / "indexes"),
        str(project),
        how,
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert client.stdout is not None
    server = psutil.Process(int(await asyncio.wait_for(client.stdout.readline(), WAIT)))
    with contextlib.suppress(psutil.NoSuchProcess):
        processes = [server, *server.children(recursive=True)]
        if how == "killed":
            client.kill()
        assert not await gone(processes)
    await client.wait()


async def test_stdout_carries_protocol_alone(tmp_path: Path, project: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from glossator.answers import gathering; real = gathering.gather_for_question\n"
        "def noisy(*a, **k):\n"
        "    import os; print('noise'); os.write(1, b'more noise'); return real(*a, **k)\n"
        "gathering.gather_for_question = noisy\n"
        "from glossator.cli.main import run; sys.exit(run(sys.argv[1:]))",
        "serve",
        "--index-dir",
        str(tmp_path / "indexes"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Client(process.stdout, process.stdin.write)
    await client.initialize(project)
    await client.ready()
    assert (await client.request("glossator/ask", {"question": "How is the tax added?"}))["answer"]
    await client.request("shutdown")
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 0
    assert process.stderr is not None
    assert b"noise" in await process.stderr.read()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["utf-8", "utf-16"], "utf-8"), (["utf-16"], "utf-16"), (["utf-32", "utf-16"], "utf-32"), (None, "utf-16")],
)
async def test_position_encoding_is_negotiated(
    client: Client, project: Path, offered: list[str] | None, chosen: str
) -> None:
    path = project / "shop/emoji.py"
    path.write_text('def greet():\n    return "😀é" + wave()\n\n\ndef wave():\n    """Wave a hand."""\n', "utf-8")
    general = {"general": {"positionEncodings": offered}} if offered else {}
    result = await client.initialize(project, capabilities=general)
    assert result["capabilities"]["positionEncoding"] == chosen
    await client.ready()
    before = '    return "😀é" + w'
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[chosen]
    character = len(before.encode(chosen + ("-le" if width > 1 else ""))) // width
    hover = await client.request(
        "textDocument/hover",
        {"textDocument": {"uri": path.as_uri()}, "position": {"line": 1, "character": character}},
    )
    assert "Wave a hand" in hover["contents"]["value"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("glossator/ask", {}),
        ("glossator/ask", {"question": None}),
        ("glossator/ask", 7),
        ("glossator/explain", {"textDocument": {"uri": "file:///a"}}),
        ("glossator/explain", {"textDocument": 3, "position": {"line": "x", "character": 0}}),
        ("glossator/search", {"query": ["a"], "limit": "many"}),
        ("textDocument/hover", {"textDocument": {}, "position": None}),
        ("textDocument/hover", {}),
    ],
)
async def test_invalid_params_are_answered(client: Client, project: Path, method: str, params: object) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError) as caught:
        await client.request(method, params)
    assert caught.value.code == -32602, caught.value
    assert method in caught.value.message


async def test_garbage_is_answered_and_survived(client: Client, project: Path) -> None:
    await client.initialize(project)
    for body in (b"{nonsense", b"[]", b'{"id": 1}', b"\xff\xfe", b"[" * 50_000):
        client.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    client.send_raw(b"X-Header: 1\r\ncontent-length: 2\r\nContent-Type: x\r\n\r\n{}")
    with pytest.raises(ResponseError, match="-32601"):
        await client.request("no/suchMethod", {})
    client.notify("no/suchNotification", {})
    client.notify("textDocument/didChange", {"textDocument": {"uri": "file:///never", "version": 1}})
    client.replace("file:///never/opened.py", "x", 3)
    assert await client.request("glossator/status", {})


async def test_empty_and_impossible_questions(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    with pytest.raises(ResponseError, match="empty") as caught:
        await client.request("glossator/ask", {"question": "  "})
    assert caught.value.code == -32803
    with pytest.raises(ResponseError, match="limit"):
        await client.request("glossator/search", {"query": "x", "limit": 0})


async def test_five_hundred_cancels(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    futures = []
    for number in range(500):
        request_id, future = client.start("glossator/ask", {"question": f"How is tax number {number} added?"})
        futures.append(future)
        client.cancel(request_id)
    done = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), WAIT)
    assert all(isinstance(result, dict) or result.code == -32800 for result in done)
    assert sum(isinstance(result, ResponseError) for result in done) > 400
    client.cancel(999_999)
    assert await client.request("glossator/status", {})
    assert not client.server.protocol._request_futures  # type: ignore[attr-defined]


async def test_a_thousand_quick_edits(client: Client, project: Path) -> None:
    """Random edits, with form feeds, astral characters and all line ends, against a plain string."""
    await client.initialize(project)
    await client.ready()
    path = project / "shop/edited.py"
    text = "def start():\n    pass\n"
    uri = client.open(path, text)
    generator = random.Random(1)
    for version in range(2, 1002):
        start, end = sorted(generator.randrange(len(text) + 1) for _ in range(2))
        end = min(end, start + 3)
        if any(text[o - 1 : o + 1] == "\r\n" for o in (start, end) if o):
            continue
        new = "".join(generator.choice(["a", "\n", "\r\n", "\r", "\f", "\u2028", "😀", "é", "\x85"]) for _ in range(3))
        client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": lsp(text, start), "end": lsp(text, end)}, "text": new}],
            },
        )
        text = text[:start] + new + text[end:]
    client.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": 2000},
            "contentChanges": [
                {
                    "range": {"start": lsp(text, len(text)), "end": lsp(text, len(text))},
                    "text": "\ndef at_the_end(): pass\n",
                }
            ],
        },
    )
    hits = (await client.request("glossator/search", {"query": "at_the_end"}))["hits"]
    found = next(hit for hit in hits if hit["name"] == "at_the_end")
    assert found["range"]["start"]["line"] == len(re.findall(r"\r\n|\n|\r", text)) + 1


def lsp(text: str, offset: int) -> dict[str, int]:
    """The UTF-16 position of an offset."""
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text) if match.end() <= offset)]
    return {"line": len(starts) - 1, "character": len(text[starts[-1] : offset].encode("utf-16-le")) // 2}


async def test_a_document_of_ten_megabytes(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    text = "x = 1  # a line of some length, so that there are not too many of them in all\n" * 130_000
    uri = client.open(project / "shop/huge.py", text)
    for version in range(2, 202):
        place = {"line": version * 500, "character": 0}
        client.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": place, "end": place}, "text": "y"}],
            },
        )
    hover = {"textDocument": {"uri": (project / "shop/money.py").as_uri()}, "position": {"line": 18, "character": 6}}
    assert await client.request("textDocument/hover", hover)
    assert (await client.request("glossator/search", {"query": "add_tax"}))["hits"]


async def test_logs_hold_no_source_text(tmp_path: Path, project: Path) -> None:
    (project / "shop/marked.py").write_text("def secret_marker_function():\n    return 'SECRETMARKER'\n")
    state = tmp_path / "state"
    env = {**os.environ, "XDG_STATE_HOME": str(state), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    process, client = await start_server("--index-dir", str(tmp_path / "indexes"), env=env)
    await client.initialize(project)
    await client.ready()
    client.notify("$/setTrace", {"value": "messages"})
    client.open(project / "shop/marked.py")
    await client.request("glossator/ask", {"question": "What does secret_marker_function return?"})
    await client.request("shutdown")
    client.notify("exit")
    await asyncio.wait_for(process.wait(), END)
    logs = [path for path in tmp_path.rglob("*.log") if path.is_file()]
    assert logs
    assert all("SECRETMARKER" not in path.read_text("utf-8") for path in logs)
    assert "SECRETMARKER" not in json.dumps([m for m in client.notifications if m["method"] == "window/logMessage"])


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
async def test_a_killed_parser_is_not_noticed(started: Started, project: Path) -> None:
    process, client = started
    await client.initialize(project)
    await client.ready()
    for worker in family(process)[1:]:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.send_signal(signal.SIGKILL)
    uri = client.open(project / "shop/money.py")
    text = (project / "shop/money.py").read_text() + "\n\ndef after_the_kill():\n    pass\n"
    client.replace(uri, text, 2)
    for _ in range(60):  # a search waits two seconds for a buffer: a busy machine may start a parser later
        hits = (await client.request("glossator/search", {"query": "after_the_kill"}))["hits"]
        if hits[0]["name"] == "after_the_kill":
            break
    else:
        pytest.fail("the buffer is not parsed")


async def test_two_servers_share_one_index(started: Started, project: Path, tmp_path: Path) -> None:
    first, client = started
    await client.initialize(project)
    await client.ready()
    second, other = await start_server("--index-dir", str(tmp_path / "indexes"))
    await other.initialize(project)
    await other.ready()
    (project / "shop/refund.py").write_text("def refund_customer():\n    return 1\n")
    await client.wait_for(
        lambda: any(root["files"] > 8 for root in (client.last("glossator/statusChanged") or {"roots": []})["roots"])
    )
    hits = (await other.request("glossator/search", {"query": "refund_customer"}))["hits"]
    assert any(hit["name"] == "refund_customer" for hit in hits)
    first.kill()
    await first.wait()
    (project / "shop/late.py").write_text("def late_arrival():\n    return 2\n")
    await other.wait_for(lambda: any(root["files"] > 9 for root in other.last("glossator/statusChanged")["roots"]))
    hits = (await other.request("glossator/search", {"query": "late_arrival"}))["hits"]
    assert any(hit["name"] == "late_arrival" for hit in hits)
    await other.request("shutdown")
    other.notify("exit")
    assert await asyncio.wait_for(second.wait(), END) == 0
