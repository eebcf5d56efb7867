"""From repositories to bases to the indexes of those who open a clone: the command line, Ray, and real git."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("ray", reason="the extra `team` is not installed")

from glossator.adapt.word_vectors import WordTable
from glossator.errors import CancelledByUser, StoreLockedError
from glossator.index.embedding import BUNDLED, StaticEmbedder
from glossator.index.store import Store
from glossator.project.adapted_data import adapted_version
from glossator.project.retriever_choice import Retriever
from glossator.project.root import Root
from glossator.project.session import Session
from glossator.settings import Settings
from glossator.team.bases import Format
from glossator.team.publishing import publish, upload
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from glossator.team.team_search import COPIES_FOLDER, search_team, trim_copies
from tests.soak.contents import contents_of, differences
from tests.team.conftest import index_folder
from tests.team.object_server import BUCKET, FaultyProxy, ObjectServer
from tests.team.teams import REPORT, Cli, Team, clone, committed, git

QUERIES = ("sum the amounts of all entries", "add_article", "basket for a web shop", "Cart.total", "cents rounding")


def searched(index_dir: Path, root: Path) -> list[list[tuple[str, int, str]]]:
    """What queries find."""
    session = Session([root], Settings(index_dir=index_dir))
    try:
        return [[(hit.path, hit.start_line, hit.name) for hit in session.search(query, 5)] for query in QUERIES]
    finally:
        session.close()


def test_a_mounted_index_equals_a_local_one(team: Team, sources: dict[str, Path], tmp_path: Path) -> None:
    built = team.build(*(str(path) for path in sources.values()))
    assert {one["name"]: one["status"] for one in built.json["repositories"]} == dict.fromkeys(sources, "built")
    for name, source in sources.items():
        copy = clone(source, tmp_path / "clones" / name)
        # A developer's own changes: one file changed, one added, one removed.
        first = sorted(path for path in copy.rglob("*") if path.is_file() and ".git" not in path.parts)
        first[-1].write_text(first[-1].read_text("utf-8") + "\n\n# more\n", "utf-8")
        (copy / "added.py").write_text("def brand_new() -> int:\n    return 1\n", "utf-8")
        first[0].unlink()
        mounted = team.cli(
            "index", "--root", copy, "--index-dir", tmp_path / "client", "--json", env=team.environment()
        )
        assert mounted.status == 0, mounted.err
        status = team.cli("status", "--root", copy, "--index-dir", tmp_path / "client", "--json").json
        assert status["team"]["mounted"], status["team"]
        assert status["team"]["commit"] == git(source, "rev-parse", "HEAD")
        assert mounted.json["embedded"] < mounted.json["symbols"]
        local = team.cli("index", "--root", copy, "--index-dir", tmp_path / "local", "--json")
        expected = contents_of(tmp_path / "local", copy)
        assert "entries by term" in expected.totals
        assert differences(contents_of(tmp_path / "client", copy), expected, tolerance=0) == []
        found = [searched(tmp_path / where, copy) for where in ("client", "local")]
        assert found[0] == found[1]
        assert local.json["symbols"] == mounted.json["symbols"]


def test_a_clone_is_not_read_again(plain_team: Team, sources: dict[str, Path], tmp_path: Path) -> None:
    """What git knows to be as in the base keeps its record; the index is usable before anything is parsed."""
    from glossator.team.mounting import adopt_times, mount_base

    plain_team.quickly(sources["shop"])
    copy = clone(sources["shop"], tmp_path / "copy")
    for path in copy.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            os.utime(path, (1_600_000_000, 1_600_000_000))
    git(copy, "update-index", "--refresh")
    embedder = StaticEmbedder()
    settings = plain_team.settings()
    folder = Store.folder_for(settings.index_dir, copy, embedder.id)
    note = mount_base(copy, folder, settings, (embedder.id, embedder.dimensions))
    assert note is not None
    assert note.mounted, note.reason
    with Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True) as store:
        records = store.files()
        assert {record.mtime_ns for record in records.values() if not record.skipped} == {1_600_000_000 * 10**9}
        assert adopt_times(copy, store) == 0
    assert not folder.with_name(folder.name + ".mounting").exists()


@pytest.mark.parametrize("name", ["shop", "ledger", "web"])
def test_a_file_of_a_base_that_is_renamed_or_copied_is_not_embedded_again(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path, name: str
) -> None:
    """Neither where a clone is opened nor where the next base is built."""
    plain_team.quickly(sources[name])
    copy = clone(sources[name], tmp_path / "copy")
    session = Session([copy], plain_team.settings())
    try:
        assert session.root.index().embedded == 0
        assert session.status()["team"]["mounted"]
        code = [path for path in copy.rglob("*.*") if path.suffix in (".py", ".go", ".ts") and path.read_text("utf-8")]
        for path in code:
            (copy / "copies").mkdir(exist_ok=True)
            shutil.copy(path, copy / "copies" / f"copied_{path.name}")
            path.rename(path.with_name(f"renamed_{path.name}"))
        report = session.root.index()
        assert report.symbols > 0
        assert report.embedded == 0
    finally:
        session.close()
    for path in code:
        git(
            sources[name],
            "mv",
            str(path.relative_to(copy)),
            str(path.with_name(f"moved_{path.name}").relative_to(copy)),
        )
    git(sources[name], "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "moved")
    built = plain_team.quickly(sources[name], work="another machine")
    assert built.status == "built"
    assert built.started_from not in ("", "local")
    assert built.embedded == 0


def test_nobody_takes_the_folder_while_a_base_is_mounted(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while it is downloaded nor while it is opened: whoever tries is told that the index is being written."""
    from glossator.team import mounting

    plain_team.quickly(sources["shop"])
    copy = clone(sources["shop"], tmp_path / "copy")
    embedder = StaticEmbedder()
    folder = Store.folder_for(plain_team.settings().index_dir, copy, embedder.id)
    refused = []

    def intrude(when: str) -> None:
        with pytest.raises(StoreLockedError):
            Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True)
        refused.append(when)

    adopt = mounting.adopt_times

    def adopted(root: Path, store: Store) -> int:
        intrude("opened")
        return adopt(root, store)

    monkeypatch.setattr(mounting, "adopt_times", adopted)
    identity = (embedder.id, embedder.dimensions)
    note = mounting.mount_base(copy, folder, plain_team.settings(), identity, lambda *_: intrude("downloading"))
    assert note is not None
    assert note.mounted, note.reason
    assert set(refused) == {"downloading", "opened"}
    assert mounting.mount_base(copy, folder, plain_team.settings(), identity) is None
    Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True).close()


def test_a_base_is_not_taken_for_the_index_of_an_adapted_retriever(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    """A base has the vectors of the shipped embedder; an index with others is made here, from nothing."""
    plain_team.quickly(sources["shop"])
    copy = clone(sources["shop"], tmp_path / "copy")
    learned = tmp_path / "learned"
    learned.mkdir()
    WordTable.read(BUNDLED).write(learned, adapted_version("1", copy), {"base": StaticEmbedder().id})
    session = Session([copy], plain_team.settings())
    root = Root(copy, session.shared, Retriever(StaticEmbedder(learned), learned))
    try:
        report = root.index()
        assert report.embedded
        assert not list(root.folder.parent.glob("*.team"))
        session.root.index()
        assert session.status()["team"]["mounted"]
    finally:
        root.close()
        session.close()


def test_an_index_that_was_begun_while_the_storage_failed_starts_from_the_team_s_later(
    team: Team, faulty: FaultyProxy, sources: dict[str, Path], tmp_path: Path
) -> None:
    """As long as it is not finished: then there is nothing to gain."""
    team.quickly(sources["shop"])
    copies = [clone(sources["shop"], tmp_path / name) for name in ("begun", "finished")]

    def index(root: Path, *, stop: bool = False) -> dict[str, Any]:
        session = Session([root], team.settings())
        stages: list[str] = []
        try:
            session.root.open()  # as an editor does
            with pytest.raises(CancelledByUser) if stop else nullcontext():
                session.root.index(
                    lambda progress: stages.append(progress.stage), lambda: stop and "scanning" in stages
                )
            return dict(session.status()["team"])
        finally:
            session.close()

    faulty.fault = "500"
    for root, stop in zip(copies, (True, False), strict=True):
        note = index(root, stop=stop)
        assert (note["mounted"], "failed at" in note["reason"]) == (False, True)
        assert (folder_of_index(team, root) / "manifest.sqlite").exists()
    faulty.fault = ""
    begun, finished = map(index, copies)
    assert (begun["mounted"], begun["reason"], finished["mounted"]) == (True, "", False)
    expected = contents_of(tmp_path / "client", copies[1])
    assert differences(contents_of(tmp_path / "client", copies[0]), expected, tolerance=0) == []


def folder_of_index(team: Team, root: Path) -> Path:
    """The folder of a clone's index."""
    return Store.folder_for(team.settings().index_dir, root, StaticEmbedder().id)


def test_the_nearest_commit_is_taken_and_later_ones_build_on_it(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    source = sources["shop"]
    added = [{f"shop/extra{number}.py": f"def extra{number}() -> None:\n    pass\n"} for number in range(3)]
    commits = [git(source, "rev-parse", "HEAD"), *(committed(source, files) for files in added)]
    assert plain_team.quickly(source, commits[0]).status == "built"
    assert plain_team.quickly(source, commits[0]).status == "unchanged"
    later = plain_team.quickly(source, commits[2])
    assert (later.started_from, later.embedded) == ("local", 2)
    elsewhere = plain_team.quickly(source, commits[3], work="another machine")
    assert (elsewhere.started_from, elsewhere.embedded) == (commits[2], 1)
    copy = clone(source, tmp_path / "copy", commits[1])
    ran = plain_team.cli("index", "--root", copy, "--index-dir", tmp_path / "c", "--json", env=plain_team.environment())
    assert ran.status == 0, ran.err
    team = plain_team.cli("status", "--root", copy, "--index-dir", tmp_path / "c", "--json").json["team"]
    assert team["commit"] in (commits[0], commits[2])  # each is one commit away
    listed = plain_team.cli("team", "list", "--json", env=plain_team.environment()).json
    assert [base["commit"] for base in listed["repositories"][0]["bases"]] == [commits[0], commits[2], commits[3]]
    assert plain_team.cli("team", "verify", "--json", env=plain_team.environment()).json["problems"] == []


def test_a_poisoned_repository_costs_only_itself(plain_team: Team, sources: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "sources" / "broken"
    shutil.copytree(sources["shop"], broken)
    for path in (broken / ".git" / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"nonsense")
    ran = plain_team.build(
        str(broken), str(sources["ledger"]), str(tmp_path / "nowhere"), f"{sources['web']} no-branch"
    )
    assert ran.status == 1
    found = {one["name"]: (one["status"], bool(one["message"])) for one in ran.json["repositories"]}
    assert found == {
        "broken": ("failed", True),
        "ledger": ("built", False),
        "nowhere": ("failed", True),
        "web": ("failed", True),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_killed_workers_and_builders(plain_team: Team, sources: dict[str, Path], tmp_path: Path) -> None:
    """A repository whose process is killed each time is named; after the builder is killed, a new one completes."""
    plain_team.list.write_text("".join(f"{path}\n" for path in sources.values()), "utf-8")
    command = [sys.executable, "-m", "glossator", "team", "build", "--repos", str(plain_team.list)]
    command += ["--to", plain_team.url, "--key", str(tmp_path / "builder.pem"), "--work", str(tmp_path / "work")]
    command += ["--workers", "1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as builder:
        killed = 0
        while killed < 2:
            killed += kill_a_task(builder.pid)
        output, _ = builder.communicate(timeout=300)
    outcomes = {one["name"]: one for one in json.loads(output)["repositories"]}
    failed = [name for name, one in outcomes.items() if one["status"] == "failed"]
    assert len(failed) <= 1
    assert all("lost" in outcomes[name]["message"] for name in failed)
    assert builder.returncode == (1 if failed else 0)

    committed(sources["ledger"], {"ledger/more.go": "package ledger\n\nfunc More() int { return 1 }\n"})
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as builder:
        while not kill_a_task(builder.pid, only_find=True):
            pass
        builder.send_signal(signal.SIGKILL)
    final = plain_team.build(*(str(path) for path in sources.values()))
    assert final.status == 0, final.out
    verified = plain_team.cli("team", "verify", "--json", env=plain_team.environment()).json
    assert verified["problems"] == []
    assert verified["repositories"] == 3


def kill_a_task(builder: int, *, only_find: bool = False) -> int:
    """Kill a process that runs a task; returns how many."""
    try:
        children = psutil.Process(builder).children(recursive=True)
    except psutil.NoSuchProcess:
        raise AssertionError("the builder ended before a task could be killed") from None
    for child in children:
        try:
            name = " ".join(child.cmdline())
        except psutil.Error:
            continue
        if name.startswith("ray::_run"):
            if not only_find:
                child.kill()
                child.wait(120)
            return 1
    return 0


@pytest.mark.parametrize("what", ["key", "format", "missing", "gone", "no keys", "folder"])
def test_what_cannot_be_used_is_ignored_and_said(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path, what: str
) -> None:
    plain_team.quickly(sources["ledger"])
    copy = clone(sources["ledger"], tmp_path / "copy")
    environment = plain_team.environment()
    if what == "key":
        environment["GLOSSATOR_TEAM_KEYS"] = Signer.create(tmp_path / "other.pem").public_key
    elif what == "no keys":
        del environment["GLOSSATOR_TEAM_KEYS"]
    elif what == "folder":
        copy /= "ledger"
    elif what == "missing":
        copy = clone(sources["shop"], tmp_path / "shop")
    elif what == "gone":
        for pack in (tmp_path / "storage").rglob("packs/*"):
            pack.unlink()
    else:
        shutil.rmtree(tmp_path / "storage")
        publish_of_another_format(plain_team, copy)
    ran = plain_team.cli("index", "--root", copy, "--index-dir", tmp_path / "client", "--json", env=environment)
    assert ran.status == 0, ran.err
    assert ran.json["embedded"] > 0
    shown = plain_team.cli("status", "--root", copy, "--index-dir", tmp_path / "client", env=environment)
    reason = {
        "key": "not in the setting team_keys",
        "no keys": "team_keys is empty",
        "missing": "no index of shop",
        "folder": f"open {tmp_path / 'copy'} to start from the team's",
        "gone": "failed at",
        "format": "has the format v0-older",
    }[what]
    assert reason in " ".join(shown.out.split())


def publish_of_another_format(team: Team, copy: Path) -> None:
    storage = Storage(team.url)
    base, _ = upload(
        storage,
        "ledger",
        index_folder(team.tmp_path / "older", "older"),
        commit=git(copy, "rev-parse", "HEAD"),
        committed=1,
        format_=Format(0, "older", 16),
        counts=(1, 1, 1),
    )
    publish(storage, base, team.signer, ())


def test_other_repositories_are_searched_as_far_as_they_may_be_read(
    tmp_path: Path, glossator: Cli, s3_server: ObjectServer, s3_url: str, sources: dict[str, Path]
) -> None:
    team = Team(tmp_path, glossator, f"s3://{BUCKET}")  # the guest's rights are at the top
    for name, source in (("shop", "shop"), ("open", "ledger"), ("closed", "web")):
        team.quickly(sources[source], name=name)
    copy = clone(sources["shop"], tmp_path / "shop")

    def found(user: str, query: str) -> set[str]:
        environment = team.environment() | s3_server.environment(user)
        ran = glossator("search", "--team", query, "--root", copy, "--json", env=environment)
        assert ran.status == 0, ran.err
        return {f"{hit.get('repository', '')}:{hit['path']}" for hit in ran.json["hits"]}

    balance, basket = "sum the amounts of all entries in Balance", "Basket"
    assert "open:ledger/ledger.go" in found("guest", balance)
    assert "closed:src/basket.ts" in found("reader", basket)
    assert not any(one.startswith("closed") for one in found("guest", basket))
    assert not any(one.startswith("shop") for one in found("reader", "add an article to the cart"))
    kept = tmp_path / "indexes"
    assert {path.name for path in kept.glob("team-*")} == {"team-blocks", "team-indexes"}
    forgotten = glossator("forget", "--all", "--json")
    assert {item["what"] for item in forgotten.json["removed"]} >= {"index", "team's index"}
    assert not list(kept.rglob("*.team")) + list(kept.glob("team-*"))


def test_a_report_is_taken_apart_as_in_a_local_search(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    plain_team.quickly(sources["shop"])
    hits, trouble = search_team(plain_team.settings(), StaticEmbedder(), [sources["ledger"]], REPORT, 5)
    assert trouble == []
    assert hits[0].hit.why.startswith("in the trace")
    session = Session([sources["shop"]], Settings(index_dir=tmp_path / "local"))
    try:
        session.root.index()
        local = session.search(REPORT, 5)
    finally:
        session.close()
    assert [(one.hit.path, one.hit.start_line, one.hit.why) for one in hits] == [
        (hit.path, hit.start_line, hit.why) for hit in local
    ]


def test_a_copy_that_another_process_searches_is_not_removed(
    plain_team: Team, sources: dict[str, Path], tmp_path: Path
) -> None:
    for name in ("ledger", "web"):
        plain_team.quickly(sources[name])
    settings = plain_team.settings()
    copies = settings.index_dir / COPIES_FOLDER
    embedder = StaticEmbedder()

    def search(limit: int) -> set[str]:
        bounded = plain_team.settings(team_cache_bytes=limit)
        hits, trouble = search_team(bounded, embedder, [sources["shop"]], "sum the amounts of all entries", 5)
        assert trouble == []
        return {hit.repository for hit in hits}

    def kept() -> dict[Path, int]:
        return {path: path.stat().st_size for path in copies.rglob("*") if path.is_file() and path.suffix != ".lock"}

    assert "ledger" in search(2**30)
    whole = kept()
    first, second = sorted(path for path in copies.iterdir() if path.is_dir())
    holding = (
        "import sys\nfrom pathlib import Path\nfrom glossator.team.team_search import copy_in_use\n"
        "with copy_in_use(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holding, str(first)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        trim_copies(copies, 0)
        assert kept() == {path: size for path, size in whole.items() if first in path.parents}
        assert not second.exists()
        other.communicate("")
    assert "ledger" in search(0)
    assert kept() == {}
