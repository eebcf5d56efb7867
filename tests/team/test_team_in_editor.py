"""What an editor shows of a team: the download that an index starts from, and hits in the team's other repositories."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.client import Client, ResponseError, start_server
from tests.team.teams import Team, clone, git


@asynccontextmanager
async def editor(root: Path, folder: Path, environment: dict[str, str]) -> AsyncIterator[Client]:
    """A client of a real server that has opened a folder."""
    env = {**os.environ, **environment, "GLOSSATOR_INDEX_DIR": str(folder)}
    process, client = await start_server(env=env)
    try:
        await client.initialize(root, capabilities={"window": {"workDoneProgress": True}})
        yield client
        await client.request("shutdown")
        client.notify("exit")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def shown(client: Client) -> list[dict[str, Any]]:
    """What was shown as progress."""
    made = [one for one in client.requests if one["method"] == "window/workDoneProgress/create"]
    return [value for one in made for value in client.progress(one["params"]["token"])]


async def test_the_download_is_shown_with_its_size_and_then_where_the_index_is_from(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    plain_team.quickly(sources["shop"])
    copy = clone(sources["shop"], tmp_path / "copy")
    async with editor(copy, tmp_path / "editor", plain_team.environment()) as client:
        await client.wait_for(
            lambda: any("downloading the team's index: " in value.get("message", "") for value in shown(client))
        )
        status = await client.ready()
        assert status["team"] is True
        (root,) = status["roots"]
        commit = git(sources["shop"], "rev-parse", "HEAD")
        assert root["download"] is None
        assert root["team"] == {"mounted": True, "repository": "shop", "commit": commit, "reason": ""}
    async with editor(copy, tmp_path / "alone", {}) as client:
        status = await client.ready()
        assert (status["team"], status["roots"][0]["team"]) == (False, None)


async def test_hits_in_other_repositories_have_their_commit_and_no_file(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("shop", "ledger", "web"):
        plain_team.quickly(sources[name])
    copy = clone(sources["shop"], tmp_path / "copy")
    async with editor(copy, tmp_path / "editor", plain_team.environment()) as client:
        await client.ready()
        params = {"query": "sum the amounts of all entries", "team": True, "workDoneToken": "w"}
        found = await client.request("glossator/search", params)
        assert found["problems"] == []
        assert {hit["repository"] for hit in found["team"]} == {"ledger", "web"}  # not the one that is open
        best = found["team"][0]
        assert (best["repository"], best["path"], best["name"]) == ("ledger", "ledger/ledger.go", "Balance")
        assert best["commit"] == git(sources["ledger"], "rev-parse", "HEAD")
        assert best["startLine"] <= 7 <= best["endLine"]
        assert all(hit["uri"].startswith(copy.as_uri()) for hit in found["hits"])
        messages = [value.get("message") for value in client.progress("w")]
        assert "searching the team's repositories: 2 of 2" in messages
        for pack in (tmp_path / "storage").rglob("packs/*"):
            pack.unlink()
        again = await client.request("glossator/search", params)  # what was downloaded is kept
        assert again["team"] == found["team"]
        plain = await client.request("glossator/search", {"query": "sum the amounts"})
        assert (plain["team"], plain["problems"]) == ([], [])


async def test_what_cannot_be_searched_is_said(plain_team: Team, sources: dict[str, Path], tmp_path: Path) -> None:
    for name in ("ledger", "web"):
        plain_team.quickly(sources[name])
    copy = clone(sources["shop"], tmp_path / "copy")
    for pack in (tmp_path / "storage" / "repositories").glob("ledger-*/packs/*"):
        pack.unlink()
    params = {"query": "Basket", "team": True}
    async with editor(copy, tmp_path / "editor", plain_team.environment()) as client:
        await client.ready()
        found = await client.request("glossator/search", params)
        assert {hit["repository"] for hit in found["team"]} == {"web"}
        (problem,) = found["problems"]
        assert "failed at" in problem
    async with editor(copy, tmp_path / "alone", {}) as client:
        await client.ready()
        with pytest.raises(ResponseError, match="no team is set"):
            await client.request("glossator/search", params)
