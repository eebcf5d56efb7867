"""A server in this process, spoken to over two streams on one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.lsp.server import Server
from glossator.lsp.serving import serve_connection
from glossator.settings import load_settings
from tests.lsp.client import WAIT, Client


class StreamEnd:
    """What the server writes to: the client's stream."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def write(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def close(self) -> None:
        self._reader.feed_eof()


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client of a fresh server whose indexes are below the test's folder."""
    # A busy machine may need longer to parse a buffer than a request waits for it.
    monkeypatch.setattr("glossator.lsp.open_documents.FLUSH_SECONDS", WAIT)
    settings = replace(load_settings(), index_dir=tmp_path / "indexes")
    to_server, to_client = asyncio.StreamReader(), asyncio.StreamReader()
    server = Server(settings)
    serving = asyncio.ensure_future(serve_connection(server, to_server, StreamEnd(to_client)))
    client = Client(to_client, to_server.feed_data)
    client.server = server  # type: ignore[attr-defined] # for tests that look inside
    yield client
    to_server.feed_eof()
    await asyncio.wait_for(serving, WAIT)
    to_client.feed_eof()
