"""What gets into logs: levels by the client's trace, and never any source text below the trace "verbose"."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from glossator import logfiles
from glossator.lsp import logs
from tests.lsp.client import Client
from tests.lsp.test_lifecycle import END


async def test_the_trace_says_what_the_client_is_told(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    logger = logging.getLogger("glossator.test")
    logging.getLogger("glossator").setLevel(logging.DEBUG)

    async def told(trace: str) -> set[str]:
        client.notify("$/setTrace", {"value": trace})
        await client.request("glossator/status", {})
        for level in ("debug", "info", "warning"):
            getattr(logger, level)("%s with trace %s", level, trace)
        logger.error("the end of %s", trace)
        messages = lambda: [  # noqa: E731
            m["params"]["message"] for m in client.notifications if m["method"] == "window/logMessage"
        ]
        await client.wait_for(lambda: f"the end of {trace}" in messages())
        return {message.split()[0] for message in messages() if message.endswith(f"with trace {trace}")}

    assert await told("off") == {"warning"}
    assert await told("messages") == {"warning", "info"}
    assert await told("verbose") == {"warning", "info", "debug"}
    assert await told("off") == {"warning"}


def test_the_file_rotates_and_follows_verbose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfiles, "log_path", lambda: tmp_path / "logs/server.log")
    monkeypatch.setattr(logfiles, "MAX_BYTES", 2000)
    root = logging.getLogger("glossator")
    before = root.handlers[:], root.level, logging.raiseExceptions
    try:
        logs.set_up("info")
        logger = logging.getLogger("glossator.test")
        for number in range(200):
            logger.info("line %d", number)
        logger.debug("unseen")
        logs.set_trace(types.TraceValue.Verbose)
        logger.debug("seen")
        logs.set_trace(types.TraceValue.Off)
        logger.debug("unseen")
    finally:
        for handler in set(root.handlers) - set(before[0]):
            root.removeHandler(handler)
            logging.getLogger("pygls").removeHandler(handler)
            handler.close()
        root.setLevel(before[1])
        logging.raiseExceptions = before[2]
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["server.log", *(f"server.log.{number}" for number in range(1, logfiles.FILES + 1))]
    assert all(path.stat().st_size <= 2000 for path in (tmp_path / "logs").iterdir())
    text = (tmp_path / "logs/server.log").read_text()
    assert "seen" in text
    assert "unseen" not in text


def test_each_process_has_a_file_and_old_ones_are_removed(tmp_path: Path) -> None:
    assert logfiles.log_path().name == f"server-{os.getpid()}.log"
    ended = 10_000_000  # past the largest process id
    for number in range(ended, ended + logfiles.PROCESSES + 3):
        for name in (f"server-{number}.log", f"server-{number}.log.1"):
            (tmp_path / name).write_text("x")
            os.utime(tmp_path / name, (number, number))
    own = tmp_path / f"server-{os.getpid()}.log"
    own.write_text("x")
    os.utime(own, (1, 1))
    (tmp_path / "other.log").write_text("x")
    logfiles.remove_old(tmp_path)
    kept = {path.name for path in tmp_path.iterdir()}
    latest = range(ended + 3, ended + logfiles.PROCESSES + 3)
    wanted = {f"server-{number}.log{end}" for number in latest for end in ("", ".1")}
    assert kept == {own.name, "other.log", *wanted}
    logfiles.remove_old(tmp_path / "absent")


def test_what_pygls_logs_is_stripped_of_messages() -> None:
    def filtered(name: str, *arguments: object) -> str:
        record = logging.LogRecord(name, logging.ERROR, "", 1, "Failed to handle %s: %s", arguments, None)
        assert logs.WithoutMessages().filter(record)
        return record.getMessage()

    params = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier("file:///a"), text="SECRETMARKER")
    assert filtered("pygls.protocol", "didSave", params) == "Failed to handle didSave: <DidSaveTextDocumentParams>"
    assert "SECRET" not in filtered("pygls.protocol", 7, "SECRETMARKER" * 20)
    assert filtered("glossator.project.updates", "x", ["kept"]) == "Failed to handle x: ['kept']"


async def test_a_handler_that_fails_logs_no_document(tmp_path: Path, project: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sys; from glossator.lsp import open_documents\n"
        "def broken(self, *arguments, **options): raise RuntimeError('broken')\n"
        "open_documents.OpenDocuments.changed = broken\n"
        "from glossator.cli.main import run; sys.exit(run(sys.argv[1:]))",
        "serve",
        "--index-dir",
        str(tmp_path / "indexes"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Client(process.stdout, process.stdin.write)
    await client.initialize(project)
    await client.ready()
    client.open(project / "shop/new.py", "SECRETMARKER = 1\n" * 50)
    assert await client.request("glossator/status", {})
    await client.request("shutdown")
    client.notify("exit")
    assert await asyncio.wait_for(process.wait(), END) == 0
    text = "".join(path.read_text("utf-8") for path in tmp_path.rglob("server-*.log*"))
    if os.name == "posix" and sys.platform != "darwin":  # elsewhere the log is not where a variable says
        assert "RuntimeError: broken" in text
    assert "SECRETMARKER" not in text
    assert "SECRETMARKER" not in str([m for m in client.notifications if m["method"] != "$/progress"])
