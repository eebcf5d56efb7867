"""A second pair of eyes: pytest-lsp's client, which checks every message against the protocol, over real stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

from glossator.lsp import message_conversion, protocol
from tests.lsp.client import WAIT
from tests.lsp.test_features import at


@pytest.fixture
async def editor(tmp_path: Path, project: Path) -> AsyncIterator[LanguageClient]:
    client = make_test_lsp_client()
    message_conversion.register(client.protocol._converter)
    ready = asyncio.Event()

    @client.feature(protocol.STATUS_CHANGED)
    def status_changed(params: Any) -> None:
        index = params.index  # a plain object: pygls does not know the type of this notification
        if index.state == "ready" and index.files:
            ready.set()

    await client.start_io(sys.executable, "-m", "glossator", "serve", "--index-dir", str(tmp_path / "indexes"))
    await client.initialize_session(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            workspace_folders=[types.WorkspaceFolder(project.as_uri(), "project")],
        )
    )
    await asyncio.wait_for(ready.wait(), WAIT)
    yield client
    await client.shutdown_session()
    await client.stop()


async def test_hover_and_ask(editor: LanguageClient, project: Path) -> None:
    path = project / "shop/money.py"
    position = types.Position(**at(path.read_text(), "add_tax"))
    document = types.TextDocumentIdentifier(path.as_uri())
    hover = await editor.text_document_hover_async(types.HoverParams(document, position))
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert "rounded half up" in hover.contents.value
    symbols = await editor.text_document_document_symbol_async(types.DocumentSymbolParams(document))
    assert symbols is not None
    assert [symbol.name for symbol in symbols] == ["Money", "add_tax"]
    actions = await editor.text_document_code_action_async(
        types.CodeActionParams(document, types.Range(position, position), types.CodeActionContext([]))
    )
    assert actions is not None
    assert len(actions) == 3
    answer = await editor.protocol.send_request_async(
        protocol.ASK, protocol.AskParams(question="How is the tax added?", text_document=document, position=position)
    )
    assert answer.finishReason == "evidence"
    assert "add_tax" in answer.answer
