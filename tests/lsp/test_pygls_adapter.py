"""Each thing that is changed in pygls, by what a client sees of it: a new pygls must pass these."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from glossator.lsp.pygls_adapter import Document, Documents, Protocol
from tests.lsp.client import WAIT, Client, ResponseError


def protocol_of(client: Client) -> Protocol:
    protocol = client.server.protocol  # type: ignore[attr-defined]
    assert isinstance(protocol, Protocol)
    return protocol


async def test_documents_are_ours_and_keep_lsp_s_lines(client: Client, project: Path) -> None:
    await client.initialize(project)
    path = project / "shop/odd.py"
    text = "a = 1\x0cb = 2\u2028c = 3\nd = 4\n"
    uri = client.open(path, text)
    edit = {"range": {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 1}}, "text": "e"}
    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [edit]})
    await client.request("glossator/status", {})
    workspace = client.server.workspace  # type: ignore[attr-defined]
    document = workspace.get_text_document(uri)
    assert isinstance(workspace, Documents)
    assert isinstance(document, Document)
    assert document.source == "a = 1\x0cb = 2\u2028c = 3\ne = 4\n"


async def test_a_request_with_invalid_params_is_answered(client: Client, project: Path) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match=r"invalid params of glossator/ask: .*question") as caught:
        await client.request("glossator/ask", {"question": 7})
    assert caught.value.code == -32602


@pytest.mark.parametrize("params", [{"textDocument": 7}, [], None])
async def test_a_notification_with_invalid_params_is_dropped(client: Client, project: Path, params: Any) -> None:
    await client.initialize(project)
    client.notify("textDocument/didOpen", params)
    assert await client.request("glossator/status", {})


async def test_initialize_may_be_sent_once(client: Client, project: Path) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match="only once"):
        await client.initialize(project)


async def test_nothing_is_answered_after_shutdown(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.request("shutdown")
    with pytest.raises(ResponseError, match="after shutdown") as caught:
        await client.request("glossator/status", {})
    assert caught.value.code == -32600


async def test_futures_of_notifications_are_released(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    uri = client.open(project / "shop/cart.py")
    for version in range(2, 202):
        client.replace(uri, f"x = {version}\n", version)
    await client.request("glossator/status", {})
    async with asyncio.timeout(WAIT):
        while len(protocol_of(client)._request_futures) > 5:
            await asyncio.sleep(0.01)


async def test_our_errors_are_one_line_and_others_are_not_told(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match="is not an open workspace folder") as caught:
        await client.request("glossator/reindex", {"root": "file:///nowhere"})
    assert caught.value.code == -32803

    def broken() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(client.server.context.status, "current", broken)  # type: ignore[attr-defined]
    with pytest.raises(ResponseError) as caught:
        await client.request("glossator/status", {})
    assert caught.value.code == -32603


async def test_a_command_is_cancelled_with_its_request(client: Client, project: Path) -> None:
    await client.initialize(project)
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def slow(*_: object) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    protocol_of(client).fm.commands["glossator.reindex"] = slow
    number, reply = client.start("workspace/executeCommand", {"command": "glossator.reindex"})
    await asyncio.wait_for(began.wait(), WAIT)
    client.cancel(number)
    await asyncio.wait_for(cancelled.wait(), WAIT)
    with pytest.raises(ResponseError):
        await reply


async def test_an_unknown_command_is_an_invalid_param(client: Client, project: Path) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match="unknown command") as caught:
        await client.request("workspace/executeCommand", {"command": "glossator.nothing"})
    assert caught.value.code == -32602


async def test_a_change_of_a_document_that_is_not_open_is_dropped(client: Client, project: Path) -> None:
    await client.initialize(project)
    client.replace((project / "shop/cart.py").as_uri(), "x = 1\n", 2)
    assert await client.request("glossator/status", {})
    assert client.last("window/showMessage") is None


async def test_commands_of_the_client_s_own_are_not_offered(client: Client, project: Path) -> None:
    result = await client.initialize(project, options={"clientCommands": True})
    assert result["capabilities"]["executeCommandProvider"]["commands"] == ["glossator.reindex"]


async def test_progress_values_are_plain_json(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    await client.request("glossator/ask", {"question": "how is tax added?", "partialResultToken": "t"})
    values = client.progress("t")
    assert values[0]["kind"] == "evidence"
    assert values[0]["evidence"][0]["qualifiedName"]
