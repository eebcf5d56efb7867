"""The second tier of vectors in the language server, by a real llama.cpp process on a small generated model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import gguf_files
from tests.lsp.client import Client
from tests.lsp.test_model import begin, change

pytestmark = pytest.mark.llama


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gguf_files.embedding_model(tmp_path_factory.mktemp("models") / "embedder.gguf", context=512)


def upgrades(client: Client) -> dict[str, Any]:
    """What the last status said of the second tier."""
    found: dict[str, Any] | None = client.last("glossator/statusChanged")["upgrades"]
    return found or {"model": "", "upgraded": 0, "planned": 0, "state": "", "reason": ""}


async def test_symbols_are_upgraded_in_the_background(client: Client, project: Path, model: Path) -> None:
    await begin(client, project, Path(), embeddingModel=str(model), upgradeShare=1.0)
    await client.wait_for(lambda: upgrades(client)["upgraded"] == upgrades(client)["planned"] > 3)
    assert (upgrades(client)["model"], upgrades(client)["reason"]) == ("embedder", "")
    before = upgrades(client)["planned"]
    (project / "shop" / "new.py").write_text("def brand_new_thing():\n    return 1\n", "utf-8")
    client.notify(
        "workspace/didChangeWatchedFiles",
        {"changes": [{"uri": (project / "shop" / "new.py").as_uri(), "type": 1}]},
    )
    await client.wait_for(lambda: upgrades(client)["upgraded"] == upgrades(client)["planned"] == before + 1)
    found = await client.request("glossator/search", {"query": "brand new thing"})
    assert found["hits"][0]["name"] == "brand_new_thing"
    await change(client, embeddingModel="none")
    await client.wait_for(lambda: client.last("glossator/statusChanged")["upgrades"] is None)


async def test_a_model_that_is_killed_is_started_again(client: Client, project: Path, model: Path) -> None:
    await begin(client, project, Path(), embeddingModel=str(model), upgradeShare=0.0)
    assert (await client.request("glossator/search", {"query": "tax"}))["hits"]
    service = client.server.session.shared.upgrades._service  # type: ignore[attr-defined]
    await client.wait_for(lambda: service._client is not None and service._client.pid is not None)
    import psutil

    psutil.Process(service._client.pid).kill()
    assert (await client.request("glossator/search", {"query": "another question about tax"}))["hits"]


async def test_an_untrusted_workspace_gets_no_model(client: Client, project: Path, model: Path) -> None:
    await begin(client, project, Path(), embeddingModel=str(model), upgradeShare=1.0, trusted=False)
    assert (await client.request("glossator/search", {"query": "tax"}))["hits"]
    assert client.last("glossator/statusChanged")["upgrades"] is None
    assert client.server.session.shared.upgrades.tier is None  # type: ignore[attr-defined]
