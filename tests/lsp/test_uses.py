"""Uses in the language server: the custom request, references, the call hierarchy, hovers; with unsaved buffers."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from glossator.errors import CancelledByUser
from glossator.index import indexer, late_facts
from glossator.lsp import protocol
from glossator.lsp.handlers import find_uses
from tests.lsp.client import WAIT, Client, ResponseError
from tests.lsp.test_features import at

if TYPE_CHECKING:
    from collections.abc import Callable

WIDE = """from shop.money import Money, add_tax


def gross(net: Money) -> Money:
    label = "😀"; return add_tax(net, 0.2)
"""


def place(uri: str, position: dict[str, int]) -> dict[str, Any]:
    return {"textDocument": {"uri": uri}, "position": position}


def shown(locations: list[dict[str, Any]]) -> set[tuple[str, int, int, int]]:
    """File, line, first and last character of ranges in one line."""
    found = set()
    for location in locations:
        start, end = location["range"]["start"], location["range"]["end"]
        assert start["line"] == end["line"]
        found.add((location["uri"].rpartition("/")[2], start["line"], start["character"], end["character"]))
    return found


async def test_uses_of_the_symbol_at_a_position(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    money = project / "shop/money.py"
    result = await client.request("glossator/uses", place(money.as_uri(), at(money.read_text(), "add_tax")))
    (symbol,) = result["symbols"]
    assert symbol["symbol"]["qualifiedName"] == "add_tax"
    assert shown([symbol["symbol"]]) == {("money.py", 18, 4, 11)}
    assert shown(symbol["uses"]) == {("cart.py", 2, 30, 37), ("cart.py", 22, 15, 22)}
    call = next(use for use in symbol["uses"] if use["kind"] == "call")
    assert (call["symbol"], call["grade"], call["code"], call["test"]) == (
        "Cart.total",
        "resolved",
        "return add_tax(net, tax_rate)",
        False,
    )
    assert not symbol["unused"]


async def test_uses_of_a_name_by_kind_with_callers(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    result = await client.request("glossator/uses", {"name": "add_tax", "kinds": ["call"], "depth": 2})
    (symbol,) = result["symbols"]
    assert {use["kind"] for use in symbol["uses"]} == {"call"}
    callers = {(one["symbol"]["qualifiedName"], one["depth"], one["calls"]) for one in symbol["callers"]}
    assert callers == {
        ("Cart.total", 1, "add_tax"),
        ("place_order", 2, "Cart.total"),
        ("test_total_includes_tax", 2, "Cart.total"),
    }


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"name": "add_taxes"}, "did you mean `add_tax`"),
        ({"name": "add_tax", "kinds": ["calls"]}, "unknown kind 'calls'"),
        ({"name": "add_tax", "depth": 99}, "depth must be between 0 and 10"),
        ({}, "must be given"),
        ({"name": " "}, "the target is empty"),
    ],
)
async def test_bad_requests_for_uses(client: Client, project: Path, params: dict[str, Any], message: str) -> None:
    await client.initialize(project)
    await client.ready()
    with pytest.raises(ResponseError, match=message):
        await client.request("glossator/uses", params)


async def test_uses_of_the_definition_around_a_position(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    cart = project / "shop/cart.py"
    call = place(cart.as_uri(), at(cart.read_text(), "return add_tax", 8))
    (named,) = (await client.request("glossator/uses", call))["symbols"]
    (around,) = (await client.request("glossator/uses", {**call, "enclosing": True}))["symbols"]
    assert (named["symbol"]["name"], around["symbol"]["qualifiedName"]) == ("add_tax", "Cart.total")
    assert {use["symbol"] for use in around["uses"]} == {"place_order", "test_total_includes_tax"}
    top = place(cart.as_uri(), {"line": 0, "character": 0})
    with pytest.raises(ResponseError, match="no symbol here"):
        await client.request("glossator/uses", {**top, "enclosing": True})
    with pytest.raises(ResponseError, match="enclosing: expected true or false"):
        await client.request("glossator/uses", {**call, "enclosing": "yes"})


async def test_references_are_exact_and_know_unsaved_text(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    uri = (project / "shop/gross.py").as_uri()
    client.open(project / "shop/gross.py", WIDE)
    params = place(uri, {"line": 4, "character": 27})
    found = await client.request("textDocument/references", {**params, "context": {"includeDeclaration": False}})
    expected = {("cart.py", 2, 30, 37), ("cart.py", 22, 15, 22), ("gross.py", 0, 30, 37), ("gross.py", 4, 25, 32)}
    assert shown(found) == expected
    line = WIDE.splitlines()[4].encode("utf-16-le")
    assert line[2 * 25 : 2 * 32].decode("utf-16-le") == "add_tax"
    declared = await client.request("textDocument/references", {**params, "context": {"includeDeclaration": True}})
    assert shown(declared) == expected | {("money.py", 18, 4, 11)}
    client.replace(uri, WIDE.replace("add_tax(net, 0.2)", "net"), 2)
    fewer = await client.request(
        "textDocument/references",
        {**place(uri, {"line": 0, "character": 31}), "context": {"includeDeclaration": False}},
    )
    assert ("gross.py", 4, 25, 32) not in shown(fewer)


async def test_call_hierarchy(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    cart = project / "shop/cart.py"
    (item,) = await client.request(
        "textDocument/prepareCallHierarchy", place(cart.as_uri(), at(cart.read_text(), "def total", 5))
    )
    assert (item["name"], item["detail"]) == ("total", "Cart")
    assert item["selectionRange"]["start"] == {"line": 17, "character": 8}
    incoming = await client.request("callHierarchy/incomingCalls", {"item": item})
    assert {call["from"]["name"]: len(call["fromRanges"]) for call in incoming} == {
        "place_order": 1,
        "test_total_includes_tax": 1,
    }
    outgoing = await client.request("callHierarchy/outgoingCalls", {"item": item})
    assert {"add_tax", "Money"} <= {call["to"]["name"] for call in outgoing}
    ranges = next(call["fromRanges"] for call in outgoing if call["to"]["name"] == "add_tax")
    assert [(span["start"]["line"], span["start"]["character"]) for span in ranges] == [(22, 15)]
    (caller,) = [call["from"] for call in incoming if call["from"]["name"] == "place_order"]
    assert await client.request("callHierarchy/incomingCalls", {"item": caller}) == []


async def test_what_may_be_missing_is_said_while_uses_are_collected(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    real = late_facts.collect_late_facts

    def collect(*arguments: Any) -> None:
        assert go.wait(WAIT)
        real(*arguments)

    monkeypatch.setattr(indexer, "LATER_BYTES", 0)
    monkeypatch.setattr(indexer, "collect_late_facts", collect)
    (project / "shop/shelf.py").write_text("from elsewhere import Lamp as Lamp, Shade\n\n__all__ = ['Lamp']\n", "utf-8")
    money = project / "shop/money.py"
    there = place(money.as_uri(), at(money.read_text("utf-8"), "def add_tax", 5))

    def said() -> list[str]:
        shown = [one["params"] for one in client.notifications if one["method"] == "window/showMessage"]
        assert all(one["type"] == 3 for one in shown), "nothing is wrong"
        return [one["message"] for one in shown]

    try:
        await client.initialize(project)
        await client.ready()
        left = (await client.request("glossator/search", {"query": "Lamp"}))["uncollectedFiles"]
        assert left > 1
        words = f"Glossator: the uses in {left} files are still being collected: there may be more"
        await client.request("textDocument/references", {**there, "context": {"includeDeclaration": False}})
        assert said() == [words]
        (item,) = await client.request("textDocument/prepareCallHierarchy", there)
        assert said() == [words, words]
        await client.request("callHierarchy/incomingCalls", {"item": item})
        assert len(said()) == 2, "once for a hierarchy, not for each of its symbols"
    finally:
        go.set()

    async def is_collected() -> bool:
        return not (await client.request("glossator/status", {}))["roots"][0]["uncollectedFiles"]

    await client.until(is_collected)
    result = await client.request("glossator/search", {"query": "Lamp"})
    assert result["uncollectedFiles"] == 0
    assert result["hits"][0]["uri"].endswith("shelf.py")
    (item,) = await client.request("textDocument/prepareCallHierarchy", there)
    assert await client.request("callHierarchy/incomingCalls", {"item": item})
    assert await client.request("textDocument/references", {**there, "context": {"includeDeclaration": False}})
    assert len(said()) == 2, "nothing is missing any more"


async def test_references_can_be_turned_off(client: Client, project: Path) -> None:
    result = await client.initialize(project, options={"references": False})
    assert "referencesProvider" not in result["capabilities"]
    assert "callHierarchyProvider" not in result["capabilities"]


async def test_references_are_announced(client: Client, project: Path) -> None:
    result = await client.initialize(project)
    assert result["capabilities"]["referencesProvider"]
    assert result["capabilities"]["callHierarchyProvider"]


async def test_questions_about_uses_carry_the_places(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    answer = await client.request("glossator/ask", {"question": "who calls add_tax?", "partialResultToken": "t"})
    assert answer["finishReason"] == "evidence"
    assert [use["kind"] for use in answer["uses"][0]["uses"]] == ["import", "call"]
    assert "".join(value["text"] for value in client.progress("t")[1:]) == answer["answer"]
    cart = project / "shop/cart.py"
    here = place(cart.as_uri(), at(cart.read_text(), "def total", 5))
    about = await client.request("glossator/ask", {"question": "who calls this?", **here})
    assert about["uses"][0]["symbol"]["qualifiedName"] == "Cart.total"
    other = await client.request("glossator/ask", {"question": "How is the tax added?"})
    assert other["uses"] == []


async def test_hovers_follow_resolved_names(client: Client, project: Path) -> None:
    (project / "shop/other.py").write_text(
        "import queue\n\n\nclass Other:\n    def total(self, x):\n        return x\n\n\n"
        "def use(total, other: Other):\n    total()\n    other.total(1)\n    queue.total(2)\n"
    )
    await client.initialize(project)
    await client.ready()
    other = project / "shop/other.py"
    text = other.read_text()
    named = await client.request("textDocument/hover", place(other.as_uri(), at(text, "other.total(1)", 7)))
    assert "method in [shop/other.py:5]" in named["contents"]["value"].replace("\\", "")
    assert "1 use" in named["contents"]["value"]
    local = await client.request("textDocument/hover", place(other.as_uri(), at(text, "    total()", 5)))
    assert local is None, "a parameter is no symbol"
    library = await client.request("textDocument/hover", place(other.as_uri(), at(text, "queue.total(2)", 7)))
    assert library is None, "a member of a library is not ours"


async def test_a_cancelled_request_stops_looking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun, ended = threading.Event(), threading.Event()

    class Endless:
        """Finds no end, unless nobody waits for it."""

        def stop_when(self, cancelled: Callable[[], bool]) -> None:
            self.cancelled = cancelled

        def uses(self, *_: object) -> None:
            begun.set()
            while not self.cancelled():
                time.sleep(0.01)
            ended.set()
            raise CancelledByUser("cancelled")

    async def parsed() -> None:
        pass

    found = SimpleNamespace(root=SimpleNamespace(path=tmp_path), finder=Endless(), symbol=None)
    monkeypatch.setattr(find_uses, "find_symbols", lambda *_: [found])
    context: Any = SimpleNamespace(
        documents=SimpleNamespace(parsed=parsed),
        editor=SimpleNamespace(encoding="utf-16"),
        backend=SimpleNamespace(session=None),
    )
    request = asyncio.ensure_future(find_uses.uses(context, protocol.UsesParams(name="run")))
    assert await asyncio.to_thread(begun.wait, WAIT)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert await asyncio.to_thread(ended.wait, WAIT)
