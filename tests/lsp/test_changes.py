"""What changes under the server: files, folders, branches, settings, the workspace itself, and how often."""

from __future__ import annotations

import asyncio
import errno
import gc
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from glossator.index.folders import acquire
from glossator.index.store import Store
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from tests.lsp.client import WAIT, Client, ResponseError
from tests.lsp.test_features import at

WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}, "configuration": True}}
"""Capabilities of a client that watches files itself."""


def status(client: Client) -> Any:
    return client.last("glossator/statusChanged")


def reported(client: Client, *paths: Path) -> None:
    """Let the client tell of changed files."""
    changes = [{"uri": path.as_uri(), "type": 2 if path.exists() else 3} for path in paths]
    client.notify("workspace/didChangeWatchedFiles", {"changes": changes})


async def names(client: Client, query: str) -> set[str]:
    hits = (await client.request("glossator/search", {"query": query}))["hits"]
    return {hit["uri"].rsplit("/", 2)[-2] + "/" + hit["uri"].rsplit("/", 1)[-1] for hit in hits}


async def finds(client: Client, path: str, query: str) -> set[str]:
    """Wait until a search finds a file; returns all that it found then."""
    found: set[str] = set()

    async def is_found() -> bool:
        nonlocal found
        found = await names(client, query)
        return path in found

    await client.until(is_found)
    return found


async def test_a_change_that_leaves_the_counts_is_told(client: Client, project: Path) -> None:
    await client.initialize(project, capabilities=WATCHES)
    before = (await client.ready())["roots"][0]
    assert before["updates"] >= 1
    money = project / "shop/money.py"
    money.write_text(money.read_text().replace("rate", "part"))
    reported(client, money)
    await client.wait_for(lambda: status(client)["roots"][0]["updates"] > before["updates"])
    assert status(client)["roots"][0]["symbols"] == before["symbols"]


async def test_an_index_is_forgotten_and_built_again(client: Client, project: Path) -> None:
    await client.initialize(project)
    before = (await client.ready())["roots"][0]
    folder = Path(before["indexFolder"])
    assert folder.is_dir()
    assert before["sizeBytes"] > 0
    assert before["lines"] > 20
    assert before["skippedFiles"] == len(before["skipped"])
    (folder / "left").write_text("x")
    assert await client.request("glossator/rebuild", {"root": project.as_uri()}) is None
    assert not (folder / "left").exists()
    await client.request("glossator/reindex", {})  # done when it is built
    assert "shop/money.py" in await names(client, "add_tax")
    assert await client.request("glossator/forget", {}) is None
    assert not folder.parent.exists()
    await client.wait_for(lambda: status(client)["roots"] == [])
    assert await names(client, "add_tax") == set()
    with pytest.raises(ResponseError, match="not an open workspace folder"):
        await client.request("glossator/forget", {"root": project.as_uri()})
    change = {"event": {"added": [{"uri": project.as_uri(), "name": "shop"}], "removed": []}}
    client.notify("workspace/didChangeWorkspaceFolders", change)
    await client.wait_for(lambda: status(client)["index"]["files"] == before["files"])


def fail_to_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next root that is closed is closed, and then fails."""
    close = RootUpdates.close

    def fail(updates: RootUpdates) -> None:
        monkeypatch.setattr(RootUpdates, "close", close)
        close(updates)
        raise OSError(errno.EIO, "the disk fails")

    monkeypatch.setattr(RootUpdates, "close", fail)


async def test_folders_are_opened_again_though_closing_them_fails(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.initialize(project, capabilities={"workspace": {"configuration": True}})
    files = (await client.ready())["index"]["files"]
    fail_to_close(monkeypatch)
    client.settings = {"exclude": ["web/"]}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.wait_for(lambda: 0 < status(client)["index"]["files"] < files)
    fail_to_close(monkeypatch)
    with pytest.raises(ResponseError):
        await client.request("glossator/rebuild", {})
    await client.ready()
    assert status(client)["roots"] != []


async def test_an_index_that_another_process_writes_is_kept(client: Client, project: Path) -> None:
    await client.initialize(project)
    folder = Path((await client.ready())["roots"][0]["indexFolder"])
    root = client.server.context.backend.session.root  # type: ignore[attr-defined]
    root.close()  # whoever else is the writer now
    lock = acquire(folder)
    try:
        with pytest.raises(ResponseError, match="is writing the index"):
            await client.request("glossator/forget", {})
        assert folder.is_dir()
    finally:
        lock.release()
    assert status(client)["roots"] != []


async def test_folders_are_renamed_and_deleted(client: Client, project: Path) -> None:
    operations = {"didRename": True, "didDelete": True, "didCreate": True}
    result = await client.initialize(
        project, capabilities={"workspace": {**WATCHES["workspace"], "fileOperations": operations}}
    )
    told = result["capabilities"]["workspace"]["fileOperations"]
    assert {name for name, value in told.items() if value} == set(operations)
    before = (await client.ready())["index"]["files"]
    (project / "shop").rename(project / "store")
    files = [{"oldUri": (project / "shop").as_uri(), "newUri": (project / "store").as_uri()}]
    client.notify("workspace/didRenameFiles", {"files": files})
    assert "shop/money.py" not in await finds(client, "store/money.py", "add_tax")
    assert status(client)["index"]["files"] == before
    shutil.rmtree(project / "store")
    client.notify("workspace/didDeleteFiles", {"files": [{"uri": (project / "store").as_uri()}]})
    await client.wait_for(lambda: status(client)["index"]["files"] < before)
    assert "store/money.py" not in await names(client, "add_tax")


async def test_an_index_that_somebody_removes_is_made_anew(client: Client, project: Path, tmp_path: Path) -> None:
    await client.initialize(project, capabilities=WATCHES)
    before = (await client.ready())["index"]["files"]
    for number in range(3):
        shutil.rmtree(tmp_path / "indexes", ignore_errors=True)  # something may just be written there
        new = project / f"shop/new{number}.py"
        new.write_text(f"def newcomer_{number}():\n    return {number}\n")
        reported(client, new)
        found: list[set[str] | BaseException] = []
        async with asyncio.timeout(WAIT):
            # Side by side, so that some of them open the index anew; those that were under way then may fail.
            while not found or not all(isinstance(one, set) and f"shop/new{number}.py" in one for one in found):
                searches = [names(client, f"newcomer_{number}") for _ in range(4)]
                found = await asyncio.gather(*searches, return_exceptions=True)
        expected = {"state": "ready", "files": before + number + 1}
        await client.wait_for(lambda expected=expected: expected.items() <= status(client)["index"].items())
        await client.request("glossator/reindex", {})
    assert list((tmp_path / "indexes").rglob("manifest.sqlite"))


async def test_a_branch_switch_that_the_client_reports_is_one_batch(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments],
            cwd=project, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "one")
    git("checkout", "-b", "other")
    for number in range(30):
        (project / f"shop/extra{number}.py").write_text(f"def extra_{number}():\n    return {number}\n")
    git("add", ".")
    git("commit", "-m", "two")
    git("checkout", "main")
    await client.initialize(project, capabilities=WATCHES)
    before = (await client.ready())["index"]["files"]
    ((_, live),) = client.server.context.backend.folders  # type: ignore[attr-defined]
    runs: list[str] = []
    real = live._do
    monkeypatch.setattr(live, "_do", lambda *, rescan, changed: runs.append("all" if rescan else "some")
                        or real(rescan=rescan, changed=changed))  # fmt: skip
    lock = project / ".git/index.lock"
    lock.touch()  # git is at it: whatever is reported meanwhile waits
    (project / "shop/extra0.py").write_text("def extra_0():\n    return 0\n")
    reported(client, lock, project / "shop/extra0.py")
    await asyncio.sleep(0)
    lock.unlink()
    (project / "shop/extra0.py").unlink()
    git("checkout", "other")
    for number in range(30):
        reported(client, project / f"shop/extra{number}.py")
    reported(client, project / ".git/HEAD", project / ".git/index")
    await client.wait_for(lambda: status(client)["index"]["files"] == before + 30)
    assert runs.count("all") == 1
    # What touches git's files without checking anything out compares nothing.
    reported(client, project / ".git/index")
    (project / "shop/extra1.py").write_text("def changed_again():\n    return 1\n")
    reported(client, project / "shop/extra1.py")
    await finds(client, "shop/extra1.py", "changed_again")
    assert runs.count("all") == 1


async def test_a_root_that_vanishes_and_comes_back(client: Client, project: Path, tmp_path: Path) -> None:
    await client.initialize(project)
    before = (await client.ready())["index"]["files"]
    project.rename(tmp_path / "elsewhere")

    async def is_gone() -> bool:
        return "gone" in (await client.request("glossator/status", {}))["roots"][0]["watching"]

    await client.until(is_gone)
    assert "shop/money.py" in await names(client, "add_tax")  # what is known of it can still be found
    (tmp_path / "elsewhere/shop/late.py").write_text("def late_arrival():\n    return 2\n")
    (tmp_path / "elsewhere").rename(project)
    await client.wait_for(lambda: status(client)["index"]["files"] == before + 1)
    assert "shop/late.py" in await names(client, "late_arrival")


@pytest.mark.skipif(sys.platform != "linux", reason="inotify")
async def test_polling_is_said_with_its_reason(client: Client, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("glossator.workspace.watching.InotifySource", full)
    monkeypatch.setattr("glossator.workspace.watching.POLL_INTERVAL", 0.2)
    await client.initialize(project)
    before = (await client.ready())["index"]["files"]
    watching = (await client.request("glossator/status", {}))["roots"][0]["watching"]
    assert watching.startswith("polling: the system's limit of watched folders is reached (fs.inotify.max_user_watches")
    (project / "shop/late.py").write_text("def late_arrival():\n    return 2\n")
    await client.wait_for(lambda: status(client)["index"]["files"] == before + 1)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A folder that takes a moment to index."""
    root = tmp_path / "large"
    root.mkdir()
    for number in range(250):
        (root / f"m{number}.py").write_text("".join(f"def f_{number}_{i}():\n    return {i}\n\n" for i in range(30)))
    return root


async def test_a_folder_is_removed_while_it_is_indexed(client: Client, project: Path, large: Path) -> None:
    await client.initialize(project, large)
    await client.wait_for(lambda: len((status(client) or {"roots": []})["roots"]) == 2)
    folder = {"uri": large.as_uri(), "name": "large"}
    client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
    await client.wait_for(lambda: len(status(client)["roots"]) == 1)
    await client.ready()
    assert "shop/money.py" in await names(client, "add_tax")
    client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    await client.wait_for(
        lambda: status(client)["index"]["state"] == "ready" and status(client)["index"]["files"] > 250
    )


async def test_settings_change_while_the_index_is_made(client: Client, large: Path) -> None:
    client.settings = {"workers": 1}
    await client.initialize(large, capabilities={"workspace": {"configuration": True}})
    await client.wait_for(lambda: status(client) and status(client)["index"]["state"] == "indexing")
    for number in (1, 2, 3):  # faster than they can take effect
        client.settings = {"workers": 1, "exclude": [f"m{number}*.py"]}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
    gone = sum(path.name.startswith("m3") for path in large.iterdir())
    await client.wait_for(
        lambda: status(client)["index"]["state"] == "ready" and status(client)["index"]["files"] == 250 - gone
    )


async def test_ten_thousand_edits_leave_nothing_behind(client: Client, project: Path) -> None:
    await client.initialize(project, options={"workers": 1})
    await client.ready()
    path = project / "shop/money.py"
    uri = client.open(path)
    end = {"line": 5, "character": 0}

    async def edits(count: int, version: int) -> None:
        for number in range(count):
            change = {"range": {"start": end, "end": {**end, "character": 1}}, "text": "#x"[number % 2]}
            client.notify(
                "textDocument/didChange",
                {"textDocument": {"uri": uri, "version": version + number}, "contentChanges": [change]},
            )
            if number % 500 == 499:
                await client.request("glossator/search", {"query": "add_tax"})
                client.notifications.clear()
        gc.collect()

    await edits(1000, 10)
    first = len(gc.get_objects())
    await edits(10_000, 2000)
    assert len(gc.get_objects()) - first < 5000
    assert not client.server.protocol._request_futures  # type: ignore[attr-defined]


async def test_a_storm_of_saves(client: Client, project: Path) -> None:
    await client.initialize(project, capabilities=WATCHES)
    await client.ready()
    path = project / "shop/money.py"
    uri = client.open(path)
    for _ in range(2000):
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
    (project / "shop/refund.py").write_text("def refund_customer():\n    return 1\n")
    reported(client, project / "shop/refund.py")
    await finds(client, "shop/refund.py", "refund_customer")


async def test_a_hover_follows_the_import_of_one_of_many_of_a_name(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "many"
    for number in range(60):
        folder = root / f"p{number}"
        folder.mkdir(parents=True)
        (folder / "a.py").write_text(f'def handle():\n    """Number {number}."""\n')
        (folder / "b.py").write_text("from .a import handle\n\n\ndef use():\n    return handle()\n")
    await client.initialize(root)
    await client.wait_for(lambda: status(client) and status(client)["index"]["files"] == 120)
    for number in (0, 31, 59):
        path = root / f"p{number}/b.py"
        hover = await client.request(
            "textDocument/hover",
            {"textDocument": {"uri": path.as_uri()}, "position": at(path.read_text(), "handle()")},
        )
        assert f"Number {number}\\." in hover["contents"]["value"] or f"Number {number}." in hover["contents"]["value"]


async def test_a_hover_does_not_wait_for_the_index_to_be_opened(
    client: Client, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = client.server.context.backend.session.settings  # type: ignore[attr-defined]
    session = Session([project], settings)
    await asyncio.to_thread(session.root.index)
    await asyncio.to_thread(session.close)
    entered, release = threading.Event(), threading.Event()
    real = Store._reconcile

    def slow(store: Store) -> None:
        entered.set()
        assert release.wait(WAIT)
        real(store)

    monkeypatch.setattr(Store, "_reconcile", slow)
    await client.initialize(project)
    try:
        assert await asyncio.to_thread(entered.wait, WAIT)
        money = project / "shop/money.py"
        place = {"textDocument": {"uri": client.open(money)}, "position": at(money.read_text(), "add_tax")}
        assert "def add_tax" in (await client.request("textDocument/hover", place))["contents"]["value"]
        assert "shop/money.py" in await names(client, "add_tax")
        assert await client.request("textDocument/documentSymbol", {"textDocument": place["textDocument"]})
        answer = await client.request("glossator/explain", place)
        assert "add_tax" in answer["answer"]
    finally:
        release.set()
    await client.ready()


async def test_folders_inside_each_other_and_opened_twice(client: Client, project: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(project)
    inner = {"uri": (project / "shop").as_uri(), "name": "shop"}
    again = [{"uri": project.as_uri() + "/", "name": "again"}, {"uri": (tmp_path / "link").as_uri(), "name": "link"}]
    outer = {"uri": project.as_uri(), "name": "project"}

    def folders(added: list[dict[str, str]], removed: list[dict[str, str]]) -> None:
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})

    async def found(query: str) -> list[str]:
        hits = (await client.request("glossator/search", {"query": query}))["hits"]
        return [f"{hit['uri']}#{hit['range']['start']['line']}" for hit in hits]

    await client.initialize(project, capabilities=WATCHES)
    files = (await client.ready())["index"]["files"]
    folders([inner, *again], [])
    await client.wait_for(
        lambda: (
            len(status(client)["roots"]) == 2
            and status(client)["index"]["state"] == "ready"
            and status(client)["roots"][1]["files"] == 4
            and status(client)["index"]["files"] == files
        )
    )
    for query in ("add_tax", "the shopping cart", "money.py"):
        hits = await found(query)
        assert hits
        assert len(hits) == len(set(hits))
    # What changes in the inner folder is known in both.
    late = project / "shop/late.py"
    late.write_text("def late_arrival():\n    return 2\n")
    reported(client, late)
    await client.wait_for(lambda: status(client)["index"]["files"] == files + 1)
    folders([], [inner])
    await client.wait_for(lambda: len(status(client)["roots"]) == 1 and status(client)["index"]["files"] == files + 1)
    assert (await found("late_arrival")).count(f"{late.as_uri()}#0") == 1
    folders([inner], [])
    await client.wait_for(lambda: len(status(client)["roots"]) == 2)
    folders([], [outer, *again])
    await client.wait_for(
        lambda: (
            [root["uri"] for root in status(client)["roots"]] == [inner["uri"]]
            and status(client)["index"]["state"] == "ready"
            and status(client)["index"]["files"] == 5
        )
    )
    assert (await found("late_arrival")).count(f"{late.as_uri()}#0") == 1


async def test_a_file_without_an_extension_is_in_the_editors_language(client: Client, project: Path) -> None:
    tool = project / "tool"
    tool.write_text("def run_the_tool():\n    return 1\n")
    await client.initialize(project)
    await client.ready()
    place = {"textDocument": {"uri": tool.as_uri()}}
    assert await client.request("textDocument/documentSymbol", place) == []
    client.open(tool)  # as Python
    symbols = await client.request("textDocument/documentSymbol", place)
    assert [symbol["name"] for symbol in symbols] == ["run_the_tool"]
    client.notify("textDocument/didClose", place)
    assert await client.request("textDocument/documentSymbol", place) == []
