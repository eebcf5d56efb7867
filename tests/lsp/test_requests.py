"""What requests say at their edges: bad params, places without a symbol, clients of other abilities, odd folders."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import WAIT, Client, ResponseError
from tests.lsp.test_features import at

INVALID_PARAMS = -32602


@pytest.mark.parametrize("limit", [0, -1, 201, 10**9])
async def test_a_limit_out_of_range_is_an_invalid_param(client: Client, project: Path, limit: int) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match="between 1 and 200") as caught:
        await client.request("glossator/search", {"query": "tax", "limit": limit})
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("glossator/search", {"query": "tax", "scope": {"include": "shop/**"}}),
        ("glossator/search", {"query": "tax", "scope": {"exclude": ["a", 1]}}),
        ("glossator/search", {"query": "tax", "scope": {"languages": {"python": True}}}),
        ("glossator/ask", {"question": "tax?", "scope": {"include": "text"}}),
        ("glossator/search", {"query": None}),
    ],
)
async def test_lists_and_strings_are_checked(client: Client, project: Path, method: str, params: Any) -> None:
    await client.initialize(project)
    with pytest.raises(ResponseError, match="expected a") as caught:
        await client.request(method, params)
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize("word", ["price.times", "self.lines:", "for _", "quantity < 1", "raise ", "return add"])
async def test_explain_means_the_enclosing_definition_where_nothing_is_named(
    client: Client, project: Path, word: str
) -> None:
    await client.initialize(project)
    await client.ready()
    cart = project / "shop/cart.py"
    result = await client.request(
        "glossator/explain", {"textDocument": {"uri": cart.as_uri()}, "position": at(cart.read_text(), word)}
    )
    assert "`Cart." in result["answer"].splitlines()[0]


async def test_explain_on_a_decorator_means_what_it_decorates(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    money = project / "shop/money.py"
    result = await client.request(
        "glossator/explain",
        {"textDocument": {"uri": money.as_uri()}, "position": at(money.read_text(), "@dataclass", 4)},
    )
    assert "`Money`" in result["answer"].splitlines()[0]


async def test_explain_outside_of_any_definition_says_so(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    with pytest.raises(ResponseError, match="there is no symbol here"):
        await client.request(
            "glossator/explain",
            {"textDocument": {"uri": (project / "nowhere.py").as_uri()}, "position": {"line": 0, "character": 0}},
        )


async def test_status_is_not_ready_before_the_folders_are_open(client: Client, project: Path) -> None:
    await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert (await client.request("glossator/status", {}))["index"]["state"] == "indexing"
    client.notify("initialized", {})
    await client.wait_for(lambda: (client.last("glossator/statusChanged") or {}).get("index", {}).get("state"))
    await client.request("shutdown")


@pytest.mark.parametrize(
    ("formats", "options", "kind", "links"),
    [
        (["plaintext"], {}, "plaintext", False),
        (["plaintext"], {"clientCommands": True}, "plaintext", False),
        (["markdown", "plaintext"], {}, "markdown", False),
        (["markdown"], {"clientCommands": True}, "markdown", True),
        (None, {}, "markdown", False),
    ],
)
async def test_a_hover_is_what_the_client_can_show(
    client: Client, project: Path, formats: list[str] | None, options: Any, kind: str, links: bool
) -> None:
    hover: dict[str, Any] = {} if formats is None else {"contentFormat": formats}
    await client.initialize(project, capabilities={"textDocument": {"hover": hover}}, options=options)
    await client.ready()
    money = project / "shop/money.py"
    found = await client.request(
        "textDocument/hover",
        {"textDocument": {"uri": client.open(money)}, "position": at(money.read_text(), "add_tax")},
    )
    contents = found["contents"]
    assert contents["kind"] == kind
    assert ("command:" in contents["value"]) is links
    assert ("```" in contents["value"]) is (kind == "markdown")
    assert "def add_tax(net: Money, rate: float) -> Money" in contents["value"]


async def test_a_hover_counts_the_uses_that_are_on_screen(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    money, cart = project / "shop/money.py", project / "shop/cart.py"
    place = {"textDocument": {"uri": client.open(money)}, "position": at(money.read_text(), "add_tax")}

    async def uses() -> str:
        text = (await client.request("textDocument/hover", place))["contents"]["value"]
        return str(text).rsplit("·", 2)[-2].strip()

    before = await uses()
    uri = client.open(cart)
    client.replace(uri, cart.read_text().replace("return add_tax(net, tax_rate)", "return net"), 2)
    await client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}})  # waits for the parse
    assert before == "1 use"
    assert await uses() == "0 uses"


async def test_one_folder_under_two_uris_is_indexed_once(client: Client, project: Path) -> None:
    await client.request(
        "initialize",
        {
            "processId": None,
            "rootUri": None,
            "capabilities": {},
            "workspaceFolders": [
                {"uri": project.as_uri(), "name": "one"},
                {"uri": project.as_uri() + "/", "name": "two"},
            ],
        },
    )
    client.notify("initialized", {})
    status = await client.ready()
    assert len(status["roots"]) == 1
    hits = (await client.request("glossator/search", {"query": "add tax"}))["hits"]
    places = [(hit["uri"], hit["range"]["start"]["line"]) for hit in hits]
    assert len(places) == len({str(place) for place in places})
    change = {"event": {"added": [], "removed": [{"uri": project.as_uri(), "name": "one"}]}}
    client.notify("workspace/didChangeWorkspaceFolders", change)
    assert (await client.request("glossator/search", {"query": "add tax"}))["hits"]
    change = {"event": {"added": [], "removed": [{"uri": project.as_uri() + "/", "name": "two"}]}}
    client.notify("workspace/didChangeWorkspaceFolders", change)
    assert not (await client.request("glossator/search", {"query": "add tax"}))["hits"]


@pytest.mark.parametrize("form", ["file://localhost{path}", "FILE://{path}"])
async def test_other_spellings_of_a_file_uri(client: Client, project: Path, form: str) -> None:
    await client.initialize(project)
    await client.ready()
    money = project / "shop/money.py"
    uri = form.format(path=money.as_posix())
    document = {"uri": uri, "languageId": "python", "version": 1, "text": money.read_text()}
    client.notify("textDocument/didOpen", {"textDocument": document})
    hover = await client.request(
        "textDocument/hover", {"textDocument": {"uri": uri}, "position": at(money.read_text(), "add_tax")}
    )
    assert "def add_tax" in hover["contents"]["value"]


@pytest.mark.parametrize("uri", ["file:///w/a%00b.py", "file:///C:/w/a.py", "untitled:Untitled-1", "file:", "nonsense"])
async def test_a_uri_that_names_no_file_here_is_no_error(client: Client, project: Path, uri: str) -> None:
    await client.initialize(project)
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "def a():\n    pass\n"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 5}}
    assert await client.request("textDocument/hover", place) is None
    assert await client.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}}) == []
    client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    async with asyncio.timeout(WAIT):
        assert await client.request("glossator/status", {})


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
async def test_a_folder_inside_another_is_found_once(client: Client, project: Path) -> None:
    (project.parent / "link").symlink_to(project, target_is_directory=True)
    await client.initialize(project, project / "shop", project.parent / "link")
    await client.ready()
    hits = (await client.request("glossator/search", {"query": "add tax", "limit": 50}))["hits"]
    places = [(hit["uri"], hit["range"]["start"]["line"], hit["name"]) for hit in hits]
    assert places
    assert len(places) == len({str(place) for place in places})


@pytest.mark.parametrize(
    ("method", "field", "value"),
    [
        ("glossator/search", "limit", 1.5),
        ("glossator/search", "limit", True),
        ("glossator/search", "limit", "3"),
        ("glossator/ask", "workDoneToken", []),
        ("glossator/ask", "partialResultToken", {"a": 1}),
        ("glossator/ask", "conversationId", 7),
        ("glossator/explain", "workDoneToken", {}),
        ("glossator/explain", "partialResultToken", 1.5),
        ("glossator/reindex", "root", ["file:///w"]),
    ],
)
async def test_numbers_and_tokens_are_checked(
    client: Client, project: Path, method: str, field: str, value: Any
) -> None:
    await client.initialize(project)
    uri = {"uri": (project / "shop/money.py").as_uri()}
    params = {"query": "tax", "question": "tax?", "textDocument": uri, "position": {"line": 0, "character": 0}}
    with pytest.raises(ResponseError, match=f"{field}: expected a") as caught:
        await client.request(method, {**params, field: value})
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
async def test_a_document_open_under_two_uris_counts_until_both_are_closed(client: Client, project: Path) -> None:
    (project.parent / "link").symlink_to(project, target_is_directory=True)
    await client.initialize(project)
    await client.ready()

    async def found(name: str) -> bool:
        hits = (await client.request("glossator/search", {"query": name}))["hits"]
        return any(hit["name"] == name for hit in hits)

    linked = client.open(project.parent / "link/shop/money.py", "def seen_through_link(): pass\n", version=9)
    real = client.open(project / "shop/money.py", "def seen_directly(): pass\n", version=3)
    client.notify("textDocument/didClose", {"textDocument": {"uri": linked}})
    assert await found("seen_directly")
    client.notify("textDocument/didClose", {"textDocument": {"uri": real}})
    assert not await found("seen_directly")
    assert await found("add_tax")


@pytest.mark.parametrize("path", [".env", "config/.env.production", "id_rsa", ".ssh/config", "shop/credentials.json"])
async def test_secrets_that_are_open_are_not_found(client: Client, project: Path, path: str) -> None:
    await client.initialize(project)
    await client.ready()
    uri = (project / path).as_uri()
    document = {"uri": uri, "languageId": "plaintext", "version": 1, "text": "PAYMENT_KEY=zebrafish\n"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    hits = (await client.request("glossator/search", {"query": "PAYMENT_KEY zebrafish"}))["hits"]
    assert uri not in [hit["uri"] for hit in hits]
    answer = await client.request("glossator/ask", {"question": "what is PAYMENT_KEY?"})
    assert "zebrafish" not in str(answer)
