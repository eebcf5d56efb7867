"""What the server does for an editor: in process, with a real index and real worker processes, without a model."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.lsp.client import WAIT, Client, ResponseError


def at(text: str, word: str, offset: int = 1) -> dict[str, int]:
    """The LSP position of the first occurrence of a word in an ASCII text."""
    before = text[: text.index(word) + offset]
    return {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}


async def test_hover_says_what_a_symbol_is_at_definition_and_use(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    money, cart = project / "shop/money.py", project / "shop/cart.py"
    uri = client.open(money)
    hover = await client.request(
        "textDocument/hover",
        {"textDocument": {"uri": uri}, "position": at(money.read_text(), "add_tax")},
    )
    text = hover["contents"]["value"]
    assert "def add_tax(net: Money, rate: float) -> Money" in text
    assert "rounded half up" in text
    assert "1 use" in text or "2 uses" in text
    assert "command:" not in text
    use = await client.request(
        "textDocument/hover",
        {
            "textDocument": {"uri": cart.as_uri()},
            "position": at(cart.read_text(), "add_tax(net, tax_rate)"),
        },
    )
    assert "money.py" in use["contents"]["value"]
    nothing = await client.request(
        "textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
    )
    assert nothing is None


async def test_hover_knows_names_of_several_words(client: Client, project: Path) -> None:
    source, specification = project / "Table.m", project / "CartTest.kt"
    source.write_text(
        "@implementation Table\n"
        "- (void)tableView:(View *)view didSelectRow:(Row *)row {\n    [self show:row];\n}\n"
        "- (void)touch {\n    [self tableView:nil didSelectRow:nil];\n}\n@end\n"
    )
    specification.write_text("fun `adds items`() {\n    add(1)\n}\n\nfun all() {\n    `adds items`()\n}\n")
    await client.initialize(project)
    await client.ready()
    for path, word, offset, signature in (
        (source, "didSelectRow:(Row", 1, "- (void)tableView:(View *)view didSelectRow:(Row *)row"),
        (source, "tableView:nil", 1, "- (void)tableView:(View *)view didSelectRow:(Row *)row"),
        (source, "didSelectRow:nil", 1, "- (void)tableView:(View *)view didSelectRow:(Row *)row"),
        (specification, "items`()\n}", 1, "fun `adds items`()"),
    ):
        hover = await client.request(
            "textDocument/hover",
            {"textDocument": {"uri": path.as_uri()}, "position": at(path.read_text(), word, offset)},
        )
        assert signature in hover["contents"]["value"]


async def test_unsaved_text_is_what_is_answered_from(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    path = project / "shop/money.py"
    uri = client.open(path)
    text = (
        path.read_text()
        + '\n\ndef frobnicate_gizmos(count: int) -> int:\n    """Polish every gizmo."""\n    return count\n'
    )
    client.replace(uri, text, 2)
    found = await client.request("glossator/search", {"query": "frobnicate_gizmos"})
    assert found["hits"][0]["qualifiedName"] == "frobnicate_gizmos"
    assert found["hits"][0]["range"]["start"]["line"] == text[: text.index("def frobnicate")].count("\n")
    answer = await client.request("glossator/ask", {"question": "What polishes every gizmo?"})
    assert "frobnicate_gizmos" in answer["answer"]
    assert answer["finishReason"] == "evidence"
    hover = await client.request(
        "textDocument/hover", {"textDocument": {"uri": uri}, "position": at(text, "frobnicate_gizmos")}
    )
    assert "Polish every gizmo" in hover["contents"]["value"]
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    gone = await client.request("glossator/search", {"query": "frobnicate_gizmos"})
    assert all(hit["qualifiedName"] != "frobnicate_gizmos" for hit in gone["hits"])


async def test_ask_streams_evidence_then_text(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    result = await client.request(
        "glossator/ask", {"question": "How is the tax added?", "partialResultToken": "t", "workDoneToken": "w"}
    )
    values = client.progress("t")
    assert values[0]["kind"] == "evidence"
    assert values[0]["evidence"] == result["evidence"]
    assert "".join(value["text"] for value in values[1:]) == result["answer"]
    assert next(value["kind"] for value in client.progress("w")) == "begin"
    assert [value["kind"] for value in client.progress("w")][-1] == "end"
    assert any("add_tax" in citation["qualifiedName"] for citation in result["citations"])


async def test_ask_about_a_place_with_pins_and_removals(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    cart = project / "shop/cart.py"
    params = {
        "question": "What does this return?",
        "textDocument": {"uri": cart.as_uri()},
        "position": at(cart.read_text(), "def total", 5),
    }
    first = await client.request("glossator/ask", params)
    assert first["evidence"][0]["qualifiedName"].startswith("Cart.total")
    basket = (project / "web/basket.ts").as_uri()
    lines = {"start": {"line": 8, "character": 0}, "end": {"line": 10, "character": 1}}
    tests = [item for item in first["evidence"] if "test_cart" in item["uri"]]
    second = await client.request(
        "glossator/ask",
        {
            **params,
            "pinned": [{"uri": basket, "range": lines}],
            "removed": [{"uri": item["uri"], "range": item["range"]} for item in tests],
        },
    )
    assert second["evidence"][0]["uri"] == basket
    assert all("test_cart" not in item["uri"] for item in second["evidence"])


async def test_explain_names_callers(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    cart = project / "shop/cart.py"
    result = await client.request(
        "glossator/explain",
        {"textDocument": {"uri": cart.as_uri()}, "position": at(cart.read_text(), "total(self", 2)},
    )
    assert "place_order" in result["answer"]
    assert any("checkout.py" in item["uri"] for item in result["evidence"])
    with pytest.raises(ResponseError, match="there is no symbol here"):
        await client.request(
            "glossator/explain",
            {"textDocument": {"uri": (project / "none.py").as_uri()}, "position": {"line": 0, "character": 0}},
        )


async def test_code_actions_are_resolved_to_commands(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    uri = (project / "shop/money.py").as_uri()
    position = at((project / "shop/money.py").read_text(), "add_tax")
    actions = await client.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": uri},
            "range": {"start": position, "end": position},
            "context": {"diagnostics": []},
        },
    )
    assert [action["title"] for action in actions] == [
        "Explain this symbol",
        "Ask about this symbol",
        "Find similar code",
    ]
    assert all("command" not in action for action in actions)
    fixes = await client.request(
        "textDocument/codeAction",
        {
            "textDocument": {"uri": uri},
            "range": {"start": position, "end": position},
            "context": {"diagnostics": [], "only": ["quickfix"]},
        },
    )
    assert fixes == []
    resolved = await client.request("codeAction/resolve", actions[0])
    result = await client.request("workspace/executeCommand", resolved["command"])
    assert "add_tax" in result["answer"]
    similar = await client.request(
        "workspace/executeCommand",
        {"command": "glossator.findSimilar", "arguments": [{"uri": uri, "position": position}]},
    )
    assert similar["hits"]
    with pytest.raises(ResponseError):
        await client.request("workspace/executeCommand", {"command": "glossator.explain", "arguments": [7]})


async def test_symbols_of_documents_and_workspace(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    outline = await client.request(
        "textDocument/documentSymbol", {"textDocument": {"uri": (project / "shop/cart.py").as_uri()}}
    )
    cart = next(symbol for symbol in outline if symbol["name"] == "Cart")
    assert {child["name"] for child in cart["children"]} >= {"add_article", "total"}
    found = await client.request("workspace/symbol", {"query": "plord"})
    assert any(symbol["name"] == "place_order" for symbol in found)


async def test_code_lens_only_when_wanted(client: Client, project: Path) -> None:
    await client.initialize(project, options={"codeLens": True})
    await client.ready()
    uri = (project / "shop/money.py").as_uri()
    lenses = await client.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    assert lenses
    resolved = [await client.request("codeLens/resolve", lens) for lens in lenses]
    assert any("uses · explain" in lens["command"]["title"] for lens in resolved)


async def test_changes_on_disk_are_noticed(client: Client, project: Path) -> None:
    await client.initialize(project)
    before = await client.ready()
    assert before["roots"][0]["watching"]
    (project / "shop/refund.py").write_text("def refund_customer():\n    return 1\n")

    async def found() -> bool:
        hits = (await client.request("glossator/search", {"query": "refund_customer"}))["hits"]
        return any(hit["name"] == "refund_customer" for hit in hits)

    await client.wait_for(lambda: client.last("glossator/statusChanged")["index"]["files"] > before["index"]["files"])
    assert await found()


async def test_changes_that_the_client_reports(client: Client, project: Path) -> None:
    await client.initialize(
        project, capabilities={"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    )
    before = await client.ready()
    assert before["roots"][0]["watching"] == "client"
    (registration,) = [r for r in client.requests if r["method"] == "client/registerCapability"]
    assert registration["params"]["registrations"][0]["method"] == "workspace/didChangeWatchedFiles"
    (project / "shop/money.py").unlink()
    client.notify(
        "workspace/didChangeWatchedFiles",
        {"changes": [{"uri": (project / "shop/money.py").as_uri(), "type": 3}]},
    )
    await client.wait_for(lambda: client.last("glossator/statusChanged")["index"]["files"] < before["index"]["files"])
    hits = (await client.request("glossator/search", {"query": "add_tax"}))["hits"]
    assert all(not hit["uri"].endswith("money.py") for hit in hits)


async def test_folders_come_and_go(client: Client, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "zoo.py").write_text("def feed_giraffe():\n    return 'leaves'\n")
    await client.initialize(project)
    first = await client.ready()
    folder = {"uri": other.as_uri(), "name": "other"}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    await client.wait_for(
        lambda: (
            len(client.last("glossator/statusChanged")["roots"]) == 2
            and client.last("glossator/statusChanged")["index"]["files"] > first["index"]["files"]
        )
    )
    hits = (await client.request("glossator/search", {"query": "feed giraffe"}))["hits"]
    assert hits[0]["uri"] == (other / "zoo.py").as_uri()
    client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
    await client.wait_for(lambda: len(client.last("glossator/statusChanged")["roots"]) == 1)
    hits = (await client.request("glossator/search", {"query": "feed giraffe"}))["hits"]
    assert all("zoo.py" not in hit["uri"] for hit in hits)


async def test_reindex_is_done_when_it_answers(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    assert await client.request("glossator/reindex", {"root": project.as_uri()}) is None
    with pytest.raises(ResponseError, match="not an open workspace folder"):
        await client.request("glossator/reindex", {"root": "file:///nowhere"})


async def test_status_names_what_was_skipped(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    status = await client.request("glossator/status", {})
    assert [item["uri"].rsplit("/", 1)[1] for item in status["roots"][0]["skipped"]] == [".env"]
    assert status["model"]["state"] == "none"
    assert status["model"]["reason"]


async def test_bad_settings_are_told_once_and_good_ones_count(client: Client, project: Path) -> None:
    client.settings = {"maxFileBytes": "many", "hover": False, "nonsense": 1}
    await client.initialize(project, capabilities={"workspace": {"configuration": True}})
    await client.ready()
    told = [m["params"]["message"] for m in client.notifications if m["method"] == "window/showMessage"]
    assert sorted("max_file_bytes" in text or "nonsense" in text for text in told) == [True, True]
    position = at((project / "shop/money.py").read_text(), "add_tax")
    hover = {"textDocument": {"uri": (project / "shop/money.py").as_uri()}, "position": position}
    assert await client.request("textDocument/hover", hover) is None
    client.settings = {"exclude": ["web/"]}
    files = client.last("glossator/statusChanged")["index"]["files"]
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.wait_for(lambda: 0 < client.last("glossator/statusChanged")["index"]["files"] < files)
    assert await client.request("textDocument/hover", hover) is not None


async def test_indexing_shows_progress_that_can_be_cancelled(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(300):
        (root / f"m{number}.py").write_text("".join(f"def f_{number}_{i}():\n    return {i}\n\n" for i in range(30)))
    await client.initialize(root, capabilities={"window": {"workDoneProgress": True}})
    created = await client.wait_for(
        lambda: [r for r in client.requests if r["method"] == "window/workDoneProgress/create"]
    )
    token = created[0]["params"]["token"]
    await client.wait_for(lambda: client.progress(token))
    client.notify("window/workDoneProgress/cancel", {"token": token})
    await client.wait_for(lambda: client.progress(token)[-1]["kind"] == "end")
    values = client.progress(token)
    assert values[0]["kind"] == "begin"
    assert all(0 <= value["percentage"] <= 100 for value in values if "percentage" in value)
    await asyncio.wait_for(client.request("glossator/reindex", {}), WAIT)
    status = await client.request("glossator/status", {})
    assert status["index"]["files"] == 300


async def test_untrusted_workspaces_get_no_model(client: Client, project: Path) -> None:
    await client.initialize(project, options={"trusted": False, "model": "/no/such/model.gguf"})
    await client.ready()
    answer = await client.request("glossator/ask", {"question": "How is the tax added?"})
    assert answer["finishReason"] == "evidence"
    status = await client.request("glossator/status", {})
    assert "not trusted" in status["model"]["reason"]


async def test_history_is_cited_with_commits(client: Client, project: Path) -> None:
    identity = ["-c", "user.name=Ann", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "tax: rounded up"]):
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)
    await client.initialize(project)
    await client.ready()
    lines = (project / "shop/money.py").read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if "def add_tax" in line)
    place = {
        "textDocument": {"uri": (project / "shop/money.py").as_uri()},
        "position": {"line": at, "character": 5},
    }
    answer = await client.request("glossator/ask", {"question": "Why is this so?", **place})
    assert "`add_tax`" in answer["answer"]
    assert "Ann: **tax: rounded up** [2]" in answer["answer"]
    symbol, commit = answer["citations"]
    assert symbol["commit"] == ""
    assert len(commit["commit"]) == 40
    assert commit["range"]["start"]["line"] <= at <= commit["range"]["end"]["line"]
    assert answer["evidence"][1]["why"].endswith(": tax: rounded up")
    around = await client.request("glossator/ask", {"question": "what changed around here lately?", **place})
    assert "The folder `shop` was last changed by Ann" in around["answer"]


async def test_untrusted_workspaces_read_no_commits(client: Client, project: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    await client.initialize(project, options={"trusted": False, "historyCommits": 100})
    await client.ready()
    answer = await client.request("glossator/ask", {"question": "When was add_tax changed?"})
    assert "the workspace is not trusted" in answer["answer"]
    assert not any(citation["commit"] for citation in answer["citations"])


async def test_commands_that_the_client_has_itself_are_not_offered(client: Client, project: Path) -> None:
    result = await client.initialize(project, options={"clientCommands": True})
    assert result["capabilities"]["executeCommandProvider"]["commands"] == ["glossator.reindex"]
    await client.ready()
    position = at((project / "shop/money.py").read_text(), "add_tax")
    arguments = [{"uri": (project / "shop/money.py").as_uri(), "position": position}]
    assert await client.request(
        "workspace/executeCommand", {"command": "glossator.findSimilar", "arguments": arguments}
    )
