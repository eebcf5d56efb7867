"""Storages of each kind do what the format relies on, and say what failed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from glossator.errors import TeamAccessError, TeamError
from glossator.team.storage import Storage, is_storage_url
from tests.team.conftest import BUCKET
from tests.team.object_server import FaultyProxy, ObjectServer


def test_objects_are_written_read_and_listed(url: str) -> None:
    storage = Storage(url)
    assert storage.get("a/b") is None
    storage.put("a/b", b"0123456789")
    storage.put("a/c/d", b"")
    assert storage.get("a/b") == b"0123456789"
    assert storage.get_ranges("a/b", [(0, 2), (8, 2), (3, 1)]) == [b"01", b"89", b"3"]
    assert [(item.path, item.size) for item in storage.objects("a")] == [("a/b", 10), ("a/c/d", 0)]
    assert storage.folders("a") == ["c"]
    storage.delete(["a/b", "a/b", "never/there"])
    assert [item.path for item in storage.objects("a")] == ["a/c/d"]
    assert storage.objects("nothing") == []


def test_an_object_is_created_by_one_of_many(url: str) -> None:
    storage = Storage(url)
    with ThreadPoolExecutor(8) as pool:
        for round_ in range(2):
            path = f"heads/{round_}"
            won = [
                number
                for number, created in enumerate(
                    pool.map(lambda number, path=path: storage.create(path, b"%d" % number), range(8))
                )
                if created
            ]
            assert len(won) == 1
            assert storage.get(path) == b"%d" % won[0]


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_a_failing_storage_is_an_error(faulty: FaultyProxy, s3_url: str, fault: str) -> None:
    storage = Storage(s3_url)
    storage.put("a", b"x" * 100_000)
    faulty.fault = fault
    with pytest.raises(TeamError, match="failed at"):
        storage.get("a")
    assert faulty.faults
    faulty.fault = ""
    assert storage.get("a") == b"x" * 100_000


def test_rights_are_the_storage_s(s3_server: ObjectServer, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Storage(f"s3://{BUCKET}")
    whole.put("repositories/open-1/a", b"open")
    whole.put("repositories/closed-1/a", b"closed")
    for name, value in s3_server.environment("guest").items():
        monkeypatch.setenv(name, value)
    guest = Storage(f"s3://{BUCKET}")
    assert guest.get("repositories/open-1/a") == b"open"
    with pytest.raises(TeamAccessError):
        guest.get("repositories/closed-1/a")
    with pytest.raises(TeamAccessError):
        guest.put("repositories/open-1/a", b"changed")


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("s3://bucket/prefix", True),
        ("gs://bucket", True),
        ("az://container/prefix", True),
        ("file:///folder", True),
        ("file://host/folder", False),
        ("file:///", False),
        ("https://host/bucket", False),
        ("s3://", False),
        ("s3://key:secret@bucket", False),
        ("s3://bucket?token=x", False),
        ("bucket", False),
    ],
)
def test_urls(url: str, fits: bool) -> None:
    assert is_storage_url(url) is fits


def test_a_connection_that_is_not_encrypted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://storage.example.org")
    with pytest.raises(TeamError, match="not be encrypted"):
        Storage("s3://bucket")


def test_a_folder_with_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a b#ü%41"
    Storage(folder.as_uri()).put("x/y", b"1")
    assert (folder / "x" / "y").read_bytes() == b"1"


def test_a_profile_of_aws_is_used_where_boto3_is_installed(
    s3_server: ObjectServer, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its keys are looked up anew for each storage: another profile is another user."""
    pytest.importorskip("boto3")
    profiles = []
    for user in ("builder", "guest"):
        keys = s3_server.environment(user)
        profiles.append(
            f"[{user}]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
        )
    (tmp_path / "credentials").write_text("\n".join(profiles), "utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_PROFILE", "builder")
    path = f"{s3_url.rpartition('/')[2]}/a"
    Storage(f"s3://{BUCKET}").put(path, b"1")
    monkeypatch.setenv("AWS_PROFILE", "guest")
    with pytest.raises(TeamAccessError):
        Storage(f"s3://{BUCKET}").put(path, b"2")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(TeamError, match="nobody"):
        Storage(f"s3://{BUCKET}").get(path)
