"""Answers as documents of the editor, with a client that checks every message against the protocol, over real stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pytest_lsp import LanguageClient, make_test_lsp_client

from glossator.lsp import message_conversion, protocol
from glossator.lsp.answer_documents import MOST_KEPT, AnswerDocuments
from glossator.lsp.command_names import command_arguments
from tests.lsp.client import WAIT, Client
from tests.lsp.test_features import at

SHOWING = {"workspace": {"textDocumentContent": {}}, "window": {"showDocument": {"support": True}}}


class ShownDocuments(list[types.ShowDocumentParams]):
    """What the client was asked to open, and a way to wait for the next."""

    def __init__(self) -> None:
        super().__init__()
        self._news: asyncio.Queue[types.ShowDocumentParams] = asyncio.Queue()

    def append(self, params: types.ShowDocumentParams) -> None:
        super().append(params)
        self._news.put_nowait(params)

    async def next(self) -> types.ShowDocumentParams:
        return await asyncio.wait_for(self._news.get(), WAIT)


async def next_shown(client: LanguageClient) -> types.ShowDocumentParams:
    assert isinstance(client.shown_documents, ShownDocuments)
    return await client.shown_documents.next()


@pytest.fixture
async def editor(tmp_path: Path, project: Path) -> AsyncIterator[LanguageClient]:
    """A client that shows documents whose text the server has."""
    client = make_test_lsp_client()
    message_conversion.register(client.protocol._converter)
    ready = asyncio.Event()
    client.shown_documents = ShownDocuments()

    @client.feature(protocol.STATUS_CHANGED)  # type: ignore[untyped-decorator]
    def status_changed(params: Any) -> None:
        index = params.index  # a plain object: pygls does not know the type of this notification
        if index.state == "ready" and index.files:
            ready.set()

    await client.start_io(sys.executable, "-m", "glossator", "serve", "--index-dir", str(tmp_path / "indexes"))
    client.started = await client.initialize_session(  # type: ignore[attr-defined]
        types.InitializeParams(
            capabilities=types.ClientCapabilities(
                workspace=types.WorkspaceClientCapabilities(
                    text_document_content=types.TextDocumentContentClientCapabilities()
                ),
                window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(support=True)),
            ),
            workspace_folders=[types.WorkspaceFolder(project.as_uri(), "project")],
        )
    )
    await asyncio.wait_for(ready.wait(), WAIT)
    yield client
    await client.shutdown_session()
    await client.stop()  # type: ignore[no-untyped-call]


async def test_a_code_action_opens_the_explanation(editor: LanguageClient, project: Path) -> None:
    workspace = editor.started.capabilities.workspace  # type: ignore[attr-defined]
    assert tuple(workspace.text_document_content.schemes) == ("glossator-answer",)
    path = project / "shop/money.py"
    position = types.Position(**at(path.read_text(), "add_tax"))
    actions = await editor.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(path.as_uri()),
            types.Range(position, position),
            types.CodeActionContext([]),
        )
    )
    assert actions is not None
    action = next(one for one in actions if isinstance(one, types.CodeAction) and one.title == "Explain this symbol")
    command = (await editor.code_action_resolve_async(action)).command
    assert command is not None
    result = await editor.workspace_execute_command_async(
        types.ExecuteCommandParams(command.command, arguments=command.arguments)
    )
    assert isinstance(result, dict)
    assert "add_tax" in result["answer"]
    shown = await next_shown(editor)
    assert shown.uri.startswith("glossator-answer:/")
    assert unquote(shown.uri).endswith("/Explanation of add_tax.md")
    content = await editor.workspace_text_document_content_async(types.TextDocumentContentParams(shown.uri))
    assert content.text.startswith("# Explanation of add_tax\n")
    line = path.read_text()[: path.read_text().index("def add_tax")].count("\n") + 1
    assert f"({path.as_uri()}#L{line})" in content.text
    assert f"[shop/money.py:{line}" in content.text
    # An editor tells the server of every document that it opens, of this one too.
    document = types.TextDocumentItem(shown.uri, types.LanguageKind.Markdown, 1, content.text)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(document))
    hover = await editor.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(shown.uri), types.Position(0, 3))
    )
    assert hover is None


async def test_a_question_of_any_form_is_a_document(editor: LanguageClient, project: Path) -> None:
    path = project / "shop/money.py"
    argument = command_arguments(path.as_uri(), types.Position(**at(path.read_text(), "add_tax")))[0]
    uris = set()
    for question in ("How is 100% of a/b\\c added?\nAnd why?", "Was macht ‹add_tax›? 税 " + "x" * 200, "?? add_tax !!"):
        await editor.workspace_execute_command_async(
            types.ExecuteCommandParams("glossator.ask", arguments=[{**argument, "question": question}])
        )
        shown = await next_shown(editor)
        content = await editor.workspace_text_document_content_async(types.TextDocumentContentParams(shown.uri))
        assert content.text.startswith(f"# {' '.join(question.split())}\n")
        assert unquote(shown.uri).count("/") == 2
        uris.add(shown.uri)
    assert len(uris) == 3


async def test_an_unknown_document_is_an_error(editor: LanguageClient) -> None:
    for uri in ("glossator-answer:/99/Gone.md", "file:///etc/passwd", ""):
        with pytest.raises(JsonRpcException, match="no longer kept"):
            await editor.workspace_text_document_content_async(types.TextDocumentContentParams(uri))


@pytest.mark.parametrize(
    ("capabilities", "options"),
    [
        ({}, None),
        ({"workspace": SHOWING["workspace"]}, None),
        ({"window": SHOWING["window"]}, None),
        ({**SHOWING, "window": {"showDocument": {"support": False}}}, None),
        (SHOWING, {"clientCommands": True}),
    ],
)
async def test_nothing_is_opened_where_the_client_shows_answers_otherwise(
    client: Client, project: Path, capabilities: dict[str, object], options: dict[str, object] | None
) -> None:
    started = await client.initialize(project, capabilities=capabilities, options=options)
    announced = (started["capabilities"]["workspace"] or {}).get("textDocumentContent")
    assert (announced is not None) == ("workspace" in capabilities)
    await client.ready()
    path = project / "shop/money.py"
    place = {"uri": path.as_uri(), "position": at(path.read_text(), "add_tax")}
    result = await client.request("workspace/executeCommand", {"command": "glossator.explain", "arguments": [place]})
    assert "add_tax" in result["answer"]
    assert not [one for one in client.requests if one["method"] == "window/showDocument"]


class Recorder:
    """What the documents ask of an editor that shows them."""

    shows_answer_documents = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def spawn(self, asked: tuple[str, str]) -> None:
        self.asked.append(asked)

    def show_document(self, uri: str) -> tuple[str, str]:
        return ("show", uri)

    def refresh_document(self, uri: str) -> tuple[str, str]:
        return ("refresh", uri)


def _answer(text: str) -> protocol.AskResult:
    return protocol.AskResult(
        answer=text,
        citations=(),
        evidence=(),
        model="m",
        finish_reason="stop",
        conversation_id="c",
        usage=protocol.Usage(),
    )


def test_what_the_index_says_is_shown_before_the_model_answers() -> None:
    recorder = Recorder()
    documents = AnswerDocuments(recorder, lambda uri: uri)  # type: ignore[arg-type]
    document = documents.begin("Why?")
    assert document is not None
    document.found((), "from the index")
    assert "The model is at work" in documents.text(document.uri)
    document.done(_answer("from the model"))
    document.done(_answer("from the model"))
    assert recorder.asked == [("show", document.uri), ("refresh", document.uri)]
    assert documents.text(document.uri) == "# Why?\n\nfrom the model\n"


def test_an_answer_that_ends_early_leaves_what_the_index_says() -> None:
    recorder = Recorder()
    documents = AnswerDocuments(recorder, lambda uri: uri)  # type: ignore[arg-type]
    document, silent = documents.begin("Why?"), documents.begin("How?")
    assert document is not None
    assert silent is not None
    document.found((), "from the index")
    document.ended_early()
    silent.ended_early()
    assert "did not finish" in documents.text(document.uri)
    assert "from the index" in documents.text(document.uri)
    assert recorder.asked == [("show", document.uri), ("refresh", document.uri)]


def test_the_oldest_answers_are_dropped() -> None:
    documents = AnswerDocuments(Recorder(), lambda uri: uri)  # type: ignore[arg-type]
    opened = [documents.begin(f"Question {number}") for number in range(MOST_KEPT + 1)]
    for document in opened:
        assert document is not None
        document.done(_answer("yes"))
    kept = [document for document in opened if document is not None and document.uri in documents._texts]
    assert kept == opened[1:]
