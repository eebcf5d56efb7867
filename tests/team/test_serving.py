"""A team's server: real processes, real HTTP, the MCP SDK's own client."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from glossator.errors import TeamError, UsageError
from glossator.index.embedding import StaticEmbedder
from glossator.settings import Settings
from glossator.team.signatures import Signer
from glossator.team_server.access_tokens import AccessTokens, read_tokens, revoke_token
from glossator.team_server.base_queries import BaseQueries, Deadline
from glossator.team_server.likely_repositories import defining
from glossator.team_server.replica import ReplicaOptions, serve_team
from glossator.team_server.served_bases import ServedBases
from tests.conftest import PROJECT, Ran
from tests.team import teams
from tests.team.conftest import IS_INSTALLED
from tests.team.replicas import PublishedTeam, Replica, names, replica, serve_command
from tests.team.teams import REPORT, committed

Cli = Callable[..., Ran]

GO = {
    "ledger/ledger.go": teams.GO["ledger/ledger.go"]
    + "\nfunc Report(entries []Entry) int { return Balance(entries) }\n"
}
WEB = {
    "src/basket.ts": "/** Sums the amounts in the basket. */\nexport class Basket {\n  private items: string[] = [];\n"
    "  add(item: string): void {\n    this.items.push(item);\n  }\n}\n",
}
QUERIES = ("sum the amounts of all entries", "add_article", "Basket", "tax rounding cents", "Cart.total")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> PublishedTeam:
    """Three repositories with their bases, and tokens."""
    if not IS_INSTALLED:
        pytest.skip("the extra `team` is not installed")
    folder = tmp_path_factory.mktemp("team")
    made = PublishedTeam(folder)
    for name, files in (("org/shop", PROJECT), ("org/ledger", GO), ("other/web", WEB)):
        source = folder / "sources" / name
        committed(source, files)
        made.publish(name, source)
    return made


@pytest.fixture(scope="module")
def limited(team: PublishedTeam) -> str:
    """A token that opens one of them."""
    return team.token("limited", "org/sh*")


@pytest.fixture(scope="module")
def nothing(team: PublishedTeam) -> str:
    """A token that opens none of them."""
    return team.token("nothing", "nobody/*")


@pytest.fixture(scope="module")
def served(
    team: PublishedTeam, limited: str, nothing: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replica]:
    """A server that several tests ask."""
    with replica(team, tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def own_team(tmp_path: Path) -> PublishedTeam:
    """A team with one repository, for tests that change its storage."""
    made = PublishedTeam(tmp_path / "team")
    committed(tmp_path / "ledger", GO)
    made.publish("org/ledger", tmp_path / "ledger")
    return made


def found(client: httpx.Client, query: str = QUERIES[0], **more: Any) -> Any:
    answer = client.post("/v1/search", json={"query": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_first(client: httpx.Client, name: str) -> bool:
    """Whether a search for a name finds it first."""
    return bool(found(client, name)["hits"][0]["name"] == name)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    return str(error["message"])


# What is answered


def test_questions_over_http(team: PublishedTeam, served: Replica) -> None:
    before = team.objects()
    with served.client(team.everything) as client:
        hits = found(client)["hits"]
        assert names(hits) == {"org/shop", "org/ledger", "other/web"}
        assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
        first = next(hit for hit in hits if hit["repository"] == "org/ledger")
        assert (first["path"], first["name"]) == ("ledger/ledger.go", "Balance")
        assert (first["start_line"], first["end_line"]) == (6, 13)
        assert "Balance(entries []Entry) int" in first["signature"]
        assert "sums the amounts" in first["doc"]
        only = found(client, repositories=["org/shop"], kinds=["method"], include=["shop/**"], limit=3)
        assert names(only["hits"]) == {"org/shop"}
        assert only["searched"] == 1
        assert {hit["kind"] for hit in only["hits"]} == {"method"}
        listed = client.get("/v1/repositories").json()
        assert [one["name"] for one in listed["repositories"]] == ["org/ledger", "org/shop", "other/web"]
        assert all(len(one["commit"]) == 40 and one["symbols"] for one in listed["repositories"])
        symbols = client.post("/v1/symbol", json={"symbol": "Cart.total"}).json()["symbols"]
        assert [(one["repository"], one["path"], one["kind"]) for one in symbols] == [
            ("org/shop", "shop/cart.py", "method")
        ]
        assert (
            client.post("/v1/symbol", json={"symbol": "ledger/ledger.go:9"}).json()["symbols"][0]["name"] == "Balance"
        )
        uses = client.post("/v1/uses", json={"symbol": "add_tax"}).json()["definitions"]
        places = {(use["path"], use["kind"], use["inside"]) for one in uses for use in one["uses"]}
        assert ("shop/cart.py", "call", "Cart.total") in places
        outline = client.post("/v1/outline", json={"repository": "other/web", "path": "src/basket.ts"}).json()
        assert [one["qualified_name"] for one in outline["definitions"]] == ["Basket", "Basket.add"]
        folder = client.post("/v1/outline", json={"repository": "org/shop", "limit": 2}).json()
        assert len(folder["definitions"]) == 2
        assert folder["more"] > 0
        similar = client.post("/v1/similar", json={"repository": "org/ledger", "symbol": "Balance"}).json()["hits"]
        assert similar
        assert ("org/ledger", "Balance") not in {(hit["repository"], hit["name"]) for hit in similar}
        trace = (
            'Traceback (most recent call last):\n  File "shop/checkout.py", line 13, in place_order\nLookupError: empty'
        )
        assert found(client, trace)["hits"][0]["path"] == "shop/checkout.py"
        assert found(client, REPORT)["hits"][0]["why"].startswith("in the trace")
    assert team.objects() == before


async def test_an_agent_asks_over_http(team: PublishedTeam, served: Replica) -> None:
    for mode in ("legacy", "auto"):
        async with agent(served, team.everything, mode) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == {
                "search_code", "get_symbol", "find_uses", "outline", "find_similar", "list_repositories",
            }  # fmt: skip
            assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
            result = await client.call_tool("search_code", {"query": QUERIES[0], "repositories": ["org/ledger"]})
            assert not result.is_error
            assert "org/ledger@" in text(result)
            assert "ledger/ledger.go:6-13 function Balance" in text(result)
            assert result.structured_content is not None
            assert result.structured_content["hits"][0]["name"] == "Balance"
            uses = await client.call_tool("find_uses", {"symbol": "Balance"})
            assert "ledger/ledger.go:15 call in Report" in text(uses)
            outline = await client.call_tool("outline", {"repository": "org/shop", "path": "shop/cart.py"})
            assert "def total" in text(outline)
            for name, arguments, why in (
                ("search_code", {"query": "x", "limit": 0}, "limit"),
                ("search_code", {"query": "x", "deep": True}, "deep is no argument here"),
                ("get_symbol", {"symbol": "NoSuchThing"}, "no symbol is named"),
                ("nothing_such", {}, "there is no tool"),
            ):
                failed = await client.call_tool(name, arguments)
                assert failed.is_error
                assert why in text(failed)


def agent(served: Replica, token: str, mode: str = "legacy") -> Client:
    headers = {"Authorization": f"Bearer {token}"}
    http = httpx.AsyncClient(headers=headers, timeout=300, trust_env=False)
    return Client(streamable_http_client(f"{served.url}/mcp", http_client=http), mode=mode)


def text(result: Any) -> str:
    return "".join(item.text for item in result.content)


async def test_a_token_opens_nothing_but_its_repositories(served: Replica, limited: str, nothing: str) -> None:
    with served.client(limited) as client:
        for query in QUERIES:
            answer = found(client, query)
            assert names(answer["hits"]) <= {"org/shop"}
            assert answer["searched"] == 1
            assert not answer["problems"]
        listed = client.get("/v1/repositories").text
        assert "org/shop" in listed
        assert "ledger" not in listed + client.get("/ready").text
        assert "web" not in listed
        for path, body in (
            ("search", {"query": "sum", "repositories": ["org/ledger"]}),
            ("uses", {"symbol": "Balance", "repositories": ["org/ledger"]}),
            ("outline", {"repository": "org/ledger"}),
            ("similar", {"repository": "org/ledger", "symbol": "Balance"}),
        ):
            there = refused(client.post(f"/v1/{path}", json=body), 403, "forbidden")
            absent = json.loads(json.dumps(body).replace("org/ledger", "org/absent"))
            not_there = refused(client.post(f"/v1/{path}", json=absent), 403, "forbidden")
            assert there.replace("org/ledger", "X") == not_there.replace("org/absent", "X")
        unknown = refused(client.post("/v1/symbol", json={"symbol": "Balance"}), 404, "not_found")
        assert unknown == refused(client.post("/v1/symbol", json={"symbol": "Balancf"}), 404, "not_found").replace(
            "Balancf", "Balance"
        )
        assert refused(client.post("/v1/search", json={"query": "x", "repositories": ["org/shed"]}), 400, "invalid")
    async with agent(served, limited) as asking:
        assert "org/shop" in text(await asking.call_tool("list_repositories", {}))
        for tool, arguments in (
            ("list_repositories", {}),
            ("search_code", {"query": QUERIES[0]}),
            ("get_symbol", {"symbol": "Balance"}),
        ):
            said = text(await asking.call_tool(tool, arguments))
            assert "ledger" not in said
            assert "other/web" not in said
    with served.client(nothing) as client:
        assert found(client) == {"hits": [], "searched": 0, "left_out": 0, "problems": []}
        assert client.get("/v1/repositories").json() == {"repositories": [], "problems": []}


def test_of_many_repositories_the_likeliest_are_searched(team: PublishedTeam, limited: str, tmp_path: Path) -> None:
    embedder = StaticEmbedder()
    bases = ServedBases(
        team.url,
        (team.signer.public_key,),
        embedder,
        tmp_path / "cache",
        most_bytes=2**30,
        most_open=1,
        refresh_seconds=1,
    )
    bases.refresh()
    queries = BaseQueries(bases, embedder, most_searched=1)
    tokens = AccessTokens(team.tokens)
    everything, one = tokens.holder(team.everything), tokens.holder(limited)
    assert everything is not None
    assert one is not None
    for query, name in (("balance of ledger entries", "org/ledger"), ("basket", "other/web"), ("add_tax", "org/shop")):
        reply = queries.search(everything, Deadline(60), query)
        assert {hit.repository for hit in reply.hits} == {name}
        assert (reply.searched, reply.left_out) == (1, 2)
    reply = queries.search(one, Deadline(60), "balance of ledger entries")
    assert (reply.searched, reply.left_out) == (1, 0)
    both = ["org/ledger", "other/web"]
    reply = queries.search(everything, Deadline(60), "basket", repositories=both)
    assert (reply.searched, reply.left_out) == (2, 0)
    profiles = {base.repository: base.profile for base in bases.served() if base.profile is not None}
    for name, symbols in (
        ("org/shop", ("Cart.total", "Money", "add_article()", "shop.cart.Cart", "place_order", "formatCount")),
        ("org/ledger", ("Balance", "Entry", "ledger.Balance")),
        ("other/web", ("Basket#add", "Basket::add", "add", "items")),
    ):
        for symbol in symbols:
            assert name in defining(profiles, symbol), symbol
    assert list(defining(profiles, "place_order")) == ["org/shop"]
    with pytest.raises(TimeoutError):
        queries.search(everything, Deadline(-1), "basket")
    bases.close()


# What is refused


def test_who_is_not_answered(team: PublishedTeam, served: Replica) -> None:
    body = {"query": "x"}
    bad = ("", "glossator_wrong", team.everything[:-1], team.everything + "x", "x" * 5000)
    for token in bad:
        with served.client(token) as client:
            answer = client.post("/v1/search", json=body)
            assert "token" in refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert client.post("/mcp", json={}).status_code == 401
            assert client.get("/v1/anything").status_code == 401
    with served.client() as client:
        basic = client.post("/v1/search", json=body, headers={"Authorization": f"Basic {team.everything}"})
        assert basic.status_code == 401
        twice = [("Authorization", f"Bearer {team.everything}")] * 2
        assert client.post("/v1/search", json=body, headers=twice).status_code == 401
        assert client.get("/health").json() == {"status": "ok"}
        assert client.get("/ready").json()["ready"] is True
    with served.client(team.everything) as client:
        for wrong in (
            {"Host": "evil.example"},
            {"Host": "127.0.0.1.evil.example:80"},
            {"Host": "["},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://["},
        ):
            assert refused(client.post("/v1/search", json=body, headers=wrong), 403, "forbidden")
            assert client.post("/mcp", json=body, headers=wrong).status_code == 403
        for headers in ({"Host": "LOCALHOST"}, {"Host": "[::1]:80"}, {"Origin": "http://localhost:3000"}):
            assert client.post("/v1/search", json=body, headers=headers).status_code == 200
        assert refused(client.get("/v1/unknown?secret=1"), 404, "not_found")
        assert refused(client.get("/v1/search"), 405, "method_not_allowed")
        assert refused(client.get("/mcp"), 405, "method_not_allowed")
        assert refused(client.delete("/mcp"), 405, "method_not_allowed")
        assert refused(client.put("/health"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff", b"[]", b"null", b'"x"', b"{}", b'{"query": ""}', b'{"query": 5}', b'{"query": "   "}',
        b'{"query": "x", "limit": 1e9}', b'{"query": "x", "kinds": ["nonsense"]}', b'{"query": "x", "languages": "go"}',
        b'{"query": "x", "more": 1}', b"[" * 100_000, json.dumps({"query": "x" * 30_000}).encode(),
        json.dumps({"query": "x", "repositories": ["a"] * 1_000}).encode(),
    ],
)  # fmt: skip
def test_questions_that_make_no_sense(team: PublishedTeam, served: Replica, body: bytes) -> None:
    with served.client(team.everything) as client:
        message = refused(client.post("/v1/search", content=body), 400, "invalid")
        assert "\n" not in message
        assert found(client)["hits"]


@pytest.mark.parametrize("query", ["\u0000", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "' OR 1=1 --",
                                   "a" * 19_000, "!!!", "名前", "x\n" * 5_000])  # fmt: skip
def test_odd_queries(team: PublishedTeam, served: Replica, query: str) -> None:
    with served.client(team.everything) as client:
        assert client.post("/v1/search", json={"query": query}).status_code in (200, 400)
        for glob in ("[", "**/[!", "{a,b", "\\", "../**", "/etc/*"):
            assert client.post("/v1/search", json={"query": "Basket", "include": [glob]}).status_code in (200, 400)
        for symbol in (query, "../../etc/passwd:1", "/etc/passwd", "a:999999999", "a:99999999999999999999", "%s%n"):
            assert client.post("/v1/uses", json={"symbol": symbol}).status_code in (400, 404)
            answer = client.post("/v1/outline", json={"repository": "org/shop", "path": symbol})
            assert answer.status_code in (200, 404)
        assert found(client)["hits"]


def test_bodies_that_are_too_large_or_do_not_come(team: PublishedTeam, served: Replica) -> None:
    with served.client(team.everything) as client:
        large = client.post("/v1/search", content=b" " * 1_100_000)
        refused(large, 413, "too_large")

        def parts() -> Iterator[bytes]:
            for _ in range(40):
                yield b" " * 65_536

        refused(client.post("/mcp", content=parts()), 413, "too_large")
        with suppress(httpx.TransportError):  # it need not read the rest
            assert client.post("/v1/search", content=b" " * 20_000_000).status_code == 413
        with suppress(httpx.TransportError):
            assert client.get("/health", headers={"X-Long": "x" * 1_000_000}).status_code in (400, 431)
        assert found(client)["hits"]


def test_the_log_has_neither_queries_nor_tokens(team: PublishedTeam, served: Replica) -> None:
    with served.client(team.everything) as client:
        found(client, "quite_particular_query")
        client.get("/v1/quite_particular_path?quite_particular_parameter=1")
        client.get("/v1/quite_particular_path", headers={"Authorization": "Bearer quite_particular_token"})
    served.wait(lambda: "POST /v1/search 200" in served.said())
    log = served.said()
    assert "quite_particular" not in log
    assert team.everything not in log
    assert " everything" in log


def test_more_requests_than_there_may_be_are_refused(
    team: PublishedTeam, limited: str, nothing: str, tmp_path: Path
) -> None:
    with replica(team, tmp_path, "--requests", "2", "--requests-per-token", "1") as running:
        with holding(running, team.everything), running.client(team.everything) as client:
            running.wait(lambda: client.post("/v1/search", json={"query": "x"}).status_code == 429)
            answer = client.post("/v1/search", json={"query": "x"})
            assert "this token" in refused(answer, 429, "busy")
            assert answer.headers["retry-after"] == "1"
            with running.client(limited) as other:
                assert found(other)["searched"] == 1
            with holding(running, limited), running.client(nothing) as third:
                running.wait(lambda: third.post("/v1/search", json={"query": "x"}).status_code == 429)
                assert client.get("/health").status_code == 200
        with running.client(team.everything) as client:
            running.wait(lambda: client.post("/v1/search", json={"query": "x"}).status_code == 200)


class holding:  # noqa: N801 - a context
    """A request whose body has only begun."""

    def __init__(self, running: Replica, token: str) -> None:
        self._address = ("127.0.0.1", int(running.url.rpartition(":")[2]))
        self._token = token
        self._body = json.dumps({"query": "Balance"}).encode()

    def __enter__(self) -> holding:
        self.connection = socket.create_connection(self._address, 60)
        head = f"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
        self.connection.sendall(f"{head}Content-Length: {len(self._body)}\r\n\r\n".encode() + self._body[:5])
        return self

    def finish(self) -> bytes:
        """Send the rest; returns the whole answer."""
        self.connection.sendall(self._body[5:])
        parts = []
        while part := self.connection.recv(65_536):
            parts.append(part)
        return b"".join(parts)

    def __exit__(self, *_: object) -> None:
        self.connection.close()


# Tokens


def test_tokens_are_made_and_revoked_while_a_server_runs(team: PublishedTeam, served: Replica, glossator: Cli) -> None:
    file = team.tokens
    made = glossator("team", "tokens", "--tokens", file, "--new", "ada", "--repository", "org/*", "--json")
    assert made.status == 0, made.err
    token = made.json["token"]
    assert token not in file.read_text("utf-8")
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    listed = glossator("team", "tokens", "--tokens", file, "--json").json["tokens"]
    assert {"name": "ada", "repositories": ["org/*"], "expires": None}.items() <= listed[-1].items()
    again = glossator("team", "tokens", "--tokens", file, "--new", "ada", "--repository", "*")
    assert again.status == 2
    with served.client(token) as client:

        def status() -> int:
            return client.post("/v1/search", json={"query": "x"}).status_code

        served.wait(lambda: status() == 200)
        assert names(found(client)["hits"]) == {"org/shop", "org/ledger"}
        assert glossator("team", "tokens", "--tokens", file, "--revoke", "ada").status == 0
        served.wait(lambda: status() == 401)
    assert glossator("team", "tokens", "--tokens", file, "--revoke", "ada").status == 2


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_tokens_that_others_can_read_do_not_count(own_team: PublishedTeam, tmp_path: Path) -> None:
    with replica(own_team, tmp_path / "indexes") as running, running.client(own_team.everything) as client:
        assert found(client)["hits"]
        own_team.tokens.chmod(0o644)
        running.wait(lambda: client.post("/v1/search", json={"query": "x"}).status_code == 503)
        state = running.ready()
        assert (state["ready"], state["tokens"]) == (False, "unreadable")
        own_team.tokens.chmod(0o600)
        running.wait(lambda: client.post("/v1/search", json={"query": "x"}).status_code == 200)
        own_team.tokens.write_text("{", "utf-8")
        running.wait(lambda: client.post("/v1/search", json={"query": "x"}).status_code == 503)


def test_the_file_of_tokens(tmp_path: Path) -> None:
    made = PublishedTeam(tmp_path / "team")
    revoke_token(made.tokens, "everything")
    with pytest.raises(TeamError, match="has no token"):
        AccessTokens(made.tokens)
    first = made.token("first", "a/*", "b")
    last = made.token("last", "*", lifetime=0.5)
    tokens = AccessTokens(made.tokens)
    holder = tokens.holder(first)
    assert holder is not None
    assert [holder.may_read(name) for name in ("a/x", "a/x/y", "b", "ab", "c", "b/x", "A/x")] == [True] * 3 + [
        False
    ] * 4
    assert tokens.holder(last) is None  # half a second is none, in whole seconds
    for name, patterns in (("", ["*"]), ("x y", ["*"]), ("x", []), ("x", [" "]), ("first", ["*"])):
        with pytest.raises(UsageError):
            made.token(name, *patterns)
    revoke_token(made.tokens, "first")
    assert [one.name for one in read_tokens(made.tokens)] == ["last"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: made.token(f"t{number}", "*"), range(16)))
    assert len(read_tokens(made.tokens)) == 17


# Bases that change


def test_a_new_base_is_served_while_requests_run(own_team: PublishedTeam, tmp_path: Path) -> None:
    stop = threading.Event()
    with replica(own_team, tmp_path / "indexes") as running:

        def ask() -> list[str]:
            commits = []
            with running.client(own_team.everything) as client:
                stopped = False
                while not stopped:
                    stopped = stop.is_set()  # and once more, after the last base is served
                    answer = found(client, "Balance")
                    assert answer["hits"]
                    assert not answer["problems"]
                    commits.append(answer["hits"][0]["commit"])
            return commits

        with ThreadPoolExecutor(4) as pool:
            asking = [pool.submit(ask) for _ in range(4)]
            try:
                for number in range(3):
                    committed(tmp_path / "ledger", {"more.go": f"package ledger\n\nfunc More{number}() {{}}\n"})
                    commit = own_team.publish("org/ledger", tmp_path / "ledger")
                    with running.client(own_team.everything) as client:
                        running.wait(partial(is_first, client, f"More{number}"))
            finally:
                stop.set()
            seen = [one for future in asking for one in future.result()]
        assert commit in seen
        assert len(set(seen)) >= 2
        kept = tmp_path / "indexes" / "team-served" / "1" / "bases"
        running.wait(lambda: len(list(kept.iterdir())) == 1)
        assert running.ready()["all_current"] is True


@pytest.mark.parametrize("what", ["key", "pack", "base", "head"])
def test_what_is_not_signed_is_never_served(own_team: PublishedTeam, tmp_path: Path, what: str) -> None:
    storage = tmp_path / "team" / "storage"
    before = set(storage.rglob("*"))
    with replica(own_team, tmp_path / "indexes") as running, running.client(own_team.everything) as client:
        old = found(client)["hits"][0]["commit"]
        paused = psutil.Process(running.process.pid)
        paused.suspend()  # so that it does not see what is published before that is changed
        committed(tmp_path / "ledger", {"ledger/evil.go": "package ledger\n\nfunc Evil() {}\n"})
        stranger = Signer.create(tmp_path / "stranger.pem")
        own_team.publish("org/ledger", tmp_path / "ledger", signer=stranger if what == "key" else None)
        kinds = {"pack": "packs", "base": "bases", "head": "heads"}
        for path in set(storage.rglob("*")) - before:
            if path.is_file() and path.parent.name == kinds.get(what):
                content = bytearray(path.read_bytes())
                content[-10] ^= 1
                path.chmod(0o600)
                path.write_bytes(content)
        paused.resume()
        running.wait(lambda: running.ready()["all_current"] is False)
        for query in ("Evil", QUERIES[0]):
            answer = found(client, query)
            assert {hit["commit"] for hit in answer["hits"]} == {old}
            assert "Evil" not in {hit["name"] for hit in answer["hits"]}
        assert running.ready()["ready"] is True
        assert "ignored" in running.said()
    with replica(own_team, tmp_path / "fresh") as running, running.client(own_team.everything) as client:
        assert found(client, "Evil")["hits"] == []


def test_a_storage_that_fails_after_the_start(own_team: PublishedTeam, tmp_path: Path) -> None:
    storage, away = tmp_path / "team" / "storage", tmp_path / "away"
    with replica(own_team, tmp_path / "indexes") as running, running.client(own_team.everything) as client:
        storage.rename(away)
        running.wait(lambda: running.ready()["storage"] == "failing")
        state = running.ready()
        assert state["ready"] is True
        assert state["failing_since"] > 0
        assert found(client)["hits"][0]["name"] == "Balance"
        storage.mkdir()  # such as a folder that is not mounted
        refreshed = state["refreshed"]
        running.wait(lambda: "empty" in running.said())
        assert found(client)["hits"][0]["name"] == "Balance"
        storage.rmdir()
        away.rename(storage)
        running.wait(lambda: running.ready()["storage"] == "ok" and running.ready()["refreshed"] > refreshed)


def test_a_storage_that_is_not_there_at_the_start(own_team: PublishedTeam, tmp_path: Path) -> None:
    storage, away = tmp_path / "team" / "storage", tmp_path / "away"
    storage.rename(away)
    with replica(own_team, tmp_path / "indexes", is_ready=False) as running:
        running.wait(lambda: running.ready()["storage"] == "failing")
        with running.client(own_team.everything) as client:
            assert client.get("/ready").status_code == 503
            assert refused(client.post("/v1/search", json={"query": "x"}), 503, "unavailable")
            assert not storage.exists()
            away.rename(storage)
            running.wait(lambda: client.get("/ready").status_code == 200)
            assert found(client)["hits"]


def test_a_repository_that_is_gone_is_not_served(own_team: PublishedTeam, tmp_path: Path) -> None:
    committed(tmp_path / "web", WEB)
    own_team.publish("other/web", tmp_path / "web")
    with replica(own_team, tmp_path / "indexes") as running, running.client(own_team.everything) as client:
        assert names(found(client)["hits"]) == {"org/ledger", "other/web"}
        (folder,) = (tmp_path / "team" / "storage" / "repositories").glob("other_web-*")
        shutil.rmtree(folder)
        running.wait(lambda: names(found(client)["hits"]) == {"org/ledger"})
        assert [one["name"] for one in client.get("/v1/repositories").json()["repositories"]] == ["org/ledger"]


def test_a_damaged_copy_is_replaced(own_team: PublishedTeam, tmp_path: Path) -> None:
    with replica(own_team, tmp_path / "indexes", "--open", "1") as running:
        with running.client(own_team.everything) as client:
            assert found(client)["hits"]
        running.process.kill()
        running.process.wait()
    (manifest,) = (tmp_path / "indexes").rglob("manifest.sqlite")
    manifest.write_bytes(b"damaged" * 5_000)
    with replica(own_team, tmp_path / "indexes") as running, running.client(own_team.everything) as client:
        assert found(client)["hits"][0]["name"] == "Balance"


def test_what_does_not_fit_is_said(own_team: PublishedTeam, tmp_path: Path) -> None:
    bases = ServedBases(
        own_team.url,
        (own_team.signer.public_key,),
        StaticEmbedder(),
        tmp_path / "small",
        most_bytes=1_000,
        most_open=1,
        refresh_seconds=1,
    )
    bases.refresh()
    assert bases.served() == []
    ((name, why),) = bases.state.problems
    assert name == "org/ledger"
    assert "--cache-gigabytes" in why
    assert not list((tmp_path / "small").rglob("*.sqlite"))


# Processes


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_server_continues_with_what_it_has(own_team: PublishedTeam, tmp_path: Path) -> None:
    indexes = tmp_path / "indexes"
    with replica(own_team, indexes) as one, replica(own_team, indexes) as other:
        assert sorted(path.name for path in (indexes / "team-served").iterdir() if path.is_dir()) == ["1", "2"]
        with one.client(own_team.everything) as client, other.client(own_team.everything) as second:
            for query in QUERIES:
                assert found(client, query) == found(second, query)
            one.process.send_signal(signal.SIGKILL)
            one.process.wait()
            assert found(second)["hits"]
        for pack in (tmp_path / "team" / "storage").rglob("packs/*"):
            pack.chmod(0o600)
            pack.write_bytes(b"")
        with replica(own_team, indexes) as again, again.client(own_team.everything) as client:
            assert found(client)["hits"][0]["name"] == "Balance"
            assert "team-served/1/" in "".join(path.as_posix() for path in indexes.rglob("manifest.sqlite"))


@pytest.mark.skipif(sys.platform == "win32", reason="ends by signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_that_run_are_answered_before_the_end(
    own_team: PublishedTeam, tmp_path: Path, number: signal.Signals
) -> None:
    with replica(own_team, tmp_path / "indexes") as running:
        with holding(running, own_team.everything) as request:
            with running.client(own_team.everything) as client:
                assert found(client)["hits"]
            running.process.send_signal(number)

            def refuses() -> bool:
                try:
                    running.ready()
                except httpx.HTTPError:
                    return True
                return False

            end = time.monotonic() + 300
            while not refuses():
                assert time.monotonic() < end
            answer = request.finish()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"Balance"' in answer
        assert running.process.wait(300) == 0
        assert "Traceback" not in running.said()


def test_a_server_that_cannot_be_started_says_why(own_team: PublishedTeam, tmp_path: Path, glossator: Cli) -> None:
    settings = Settings(index_dir=tmp_path, team=own_team.url, team_keys=(own_team.signer.public_key,))
    public = tmp_path / "public.json"
    shutil.copy(own_team.tokens, public)
    public.chmod(0o644)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wrong: list[tuple[type[Exception], str, dict[str, Any]]] = [
            (UsageError, "without TLS", {"host": "0.0.0.0"}),
            (UsageError, "without TLS", {"host": "192.0.2.1"}),
            (UsageError, "without TLS", {"host": "::"}),
            (UsageError, "without TLS", {"host": "code.example.org"}),
            (UsageError, "--name", {"host": "0.0.0.0", "behind_proxy": True}),
            (TeamError, "cannot listen", {"host": "192.0.2.1", "behind_proxy": True}),
            (TeamError, "cannot use the certificate", {"certificate": own_team.tokens}),
            (UsageError, "--tls-certificate", {"key": own_team.tokens}),
            (TeamError, "there is no file", {"tokens": tmp_path / "none.json"}),
            (TeamError, "cannot listen", {"port": taken.getsockname()[1]}),
            (UsageError, "not a port", {"port": 99_999}),
        ]
        if os.name == "posix":
            wrong.append((TeamError, "by others", {"tokens": public}))
        for kind, why, options in wrong:
            with pytest.raises(kind, match=why):
                serve_team(settings, ReplicaOptions(**{"tokens": own_team.tokens, "port": 0, **options}), print)
        with pytest.raises(UsageError, match="team_keys"):
            serve_team(replace(settings, team_keys=()), ReplicaOptions(tokens=own_team.tokens, port=0), print)
    ran = glossator(*serve_command(own_team, tmp_path, "--host", "0.0.0.0")[4:])
    assert (ran.status, len(ran.err.splitlines())) == (2, 1)


# The connection, and the command line


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_the_connection_is_encrypted(own_team: PublishedTeam, tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    options = ["--host", "0.0.0.0", "--name", "localhost", "--tls-certificate", str(certificate[0])]
    with replica(own_team, tmp_path / "indexes", *options, "--tls-key", str(certificate[1]), is_ready=False) as running:
        running.url = running.url.replace("0.0.0.0", "localhost")
        context = ssl.create_default_context(cafile=str(certificate[0]))
        headers = {"Authorization": f"Bearer {own_team.everything}"}
        with httpx.Client(
            base_url=running.url, headers=headers, verify=context, trust_env=False, timeout=300
        ) as client:
            running.wait(lambda: client.get("/ready").status_code == 200)
            assert found(client)["hits"]
            other = client.post("/v1/search", json={"query": "x"}, headers={"Host": "127.0.0.1"})
            assert other.status_code == 403


def test_the_command_line_searches_at_a_server(
    team: PublishedTeam, served: Replica, tmp_path: Path, glossator: Cli
) -> None:
    def search(*arguments: str, **environment: str) -> Ran:
        return glossator("search", *arguments, cwd=tmp_path, env=environment)

    ran = search("--server", served.url, QUERIES[0], "--json", GLOSSATOR_TEAM_TOKEN=team.everything)
    assert ran.status == 0, ran.err
    with served.client(team.everything) as client:
        assert ran.json["hits"] == found(client)["hits"]
    assert not list((tmp_path / "indexes").rglob("manifest.sqlite"))
    shown = search(
        "--server", "Balance", "-k", "1", GLOSSATOR_TEAM_TOKEN=team.everything, GLOSSATOR_TEAM_SERVER=served.url
    )
    assert shown.out.startswith("org/ledger ")
    assert "function Balance" in shown.out
    wrong = search("--server", served.url, "x", GLOSSATOR_TEAM_TOKEN="glossator_wrong")
    assert (wrong.status, "401" in wrong.err) == (1, True)
    assert "glossator_wrong" not in wrong.err
    for arguments, token, why in (
        (["--server", "http://code.example.org", "x"], "t", "not be encrypted"),
        (["--server", "ftp://code.example.org", "x"], "t", "not the URL"),
        (["--server", served.url, "x"], "", "GLOSSATOR_TEAM_TOKEN"),
        (["--server", "x"], "t", "--server URL"),
        (["--server", served.url, "--kind", "nonsense", "x"], team.everything, "unknown kind"),
    ):
        ran = search(*arguments, GLOSSATOR_TEAM_TOKEN=token)
        assert ran.status == 2, ran.err
        assert why in ran.err
    gone = search("--server", "http://127.0.0.1:9", "x", GLOSSATOR_TEAM_TOKEN="t")
    assert (gone.status, "cannot be reached" in gone.err) == (1, True)
