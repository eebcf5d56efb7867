"""Fetching models, from a server on loopback: broken transfers, wrong files, full disks."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from glossator.errors import CancelledByUser, DownloadError, ModelNotFoundError
from glossator.model import download
from glossator.model.download import DownloadProgress, Remote, pull, target
from glossator.model.installed import Models, resolve_model
from glossator.settings import Settings
from tests import gguf_files
from tests.hub_server import COMMIT, Hub

PATH = "/owner/Tiny-GGUF/resolve/main/tiny.gguf"
REMOTE = Remote("tiny", "owner/Tiny-GGUF", "tiny.gguf", "", "MIT", False, 0, "")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return gguf_files.reciter(tmp_path_factory.mktemp("remote") / "tiny.gguf").read_bytes()


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models", tmp_path / "config" / "in-use.json")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test need not wait between attempts."""
    monkeypatch.setattr(download.Hub.__init__, "__defaults__", (0.0,))


def parts(models: Models) -> list[Path]:
    return list(models.folder.rglob("*.part"))


def test_a_model_is_fetched_checked_and_listed(content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[DownloadProgress] = []
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        model = pull(models, REMOTE, progress=steps.append)
        assert Path(model.path).read_bytes() == content
        assert model.sha256 == hashlib.sha256(content).hexdigest()
        assert (model.name, model.role, model.source, model.revision) == ("tiny", "chat", "pulled", COMMIT)
        assert models.all() == [model]
        assert parts(models) == []
        assert [step.phase for step in steps[:1] + steps[-1:]] == ["download", "verify"]
        assert {(step.done, step.total) for step in steps} >= {(0, len(content)), (len(content), len(content))}
        assert models.verify("tiny") == (True, f"SHA-256 {model.sha256}")
        fetched = len(hub.requests)
        assert pull(models, REMOTE) == model
        assert [method for method, _, _ in hub.requests[fetched:]] == ["HEAD"]


def test_a_broken_transfer_goes_on_by_itself(
    content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch, patience: None
) -> None:
    with Hub({PATH: content}, break_after=len(content) // 3 + 1) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        model = pull(models, REMOTE)
        assert Path(model.path).read_bytes() == content
        ranges = [span for method, _, span in hub.requests if method == "GET"]
        assert ranges[0] == ""
        assert len(ranges) == 3
        assert all(span.startswith("bytes=") for span in ranges[1:])


def test_a_download_that_was_broken_off_goes_on_where_it_ended(
    content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch, patience: None
) -> None:
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        digest = hashlib.sha256(content).hexdigest()
        folder = models.folder / "owner--Tiny-GGUF"
        folder.mkdir(parents=True)
        (folder / f"tiny.gguf.{digest[:12]}.part").write_bytes(content[:100_000])
        model = pull(models, REMOTE)
        assert Path(model.path).read_bytes() == content
        assert [span for method, _, span in hub.requests if method == "GET"] == ["bytes=100000-"]


def test_a_server_that_dies_for_good(
    content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch, patience: None
) -> None:
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        seen: list[int] = []

        def die(step: DownloadProgress) -> None:
            seen.append(step.done)
            if step.phase == "download" and not step.done:
                hub.break_after = 1000
                hub.server.shutdown()
                hub.server.socket.close()

        with pytest.raises(DownloadError, match="goes on from there"):
            pull(models, REMOTE, progress=die)
    assert models.all() == []


def test_a_user_can_stop_it_and_go_on_later(content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(CancelledByUser, match="is kept"):
            pull(models, REMOTE, cancelled=lambda: True)
        assert len(parts(models)) == 1
        assert Path(pull(models, REMOTE).path).read_bytes() == content
        assert parts(models) == []


@pytest.mark.parametrize("etag_is_sha256", [True, False])
def test_a_file_with_another_checksum_is_not_kept(
    content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch, etag_is_sha256: bool
) -> None:
    wrong = content[:-1] + bytes([content[-1] ^ 1])
    expected = replace(REMOTE, sha256=hashlib.sha256(content).hexdigest())
    with Hub({PATH: wrong}, etag_is_sha256=etag_is_sha256) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(DownloadError, match="SHA-256"):
            pull(models, expected)
        assert not any(path.suffix in (".gguf", ".part") for path in models.folder.rglob("*"))
        assert models.all() == []
        hub.files[PATH] = content
        assert pull(models, expected).sha256 == expected.sha256


def test_what_is_no_model_is_not_kept(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub({PATH: b"<html>Please log in to your hotel's network</html>"}, etag_is_sha256=False) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(DownloadError, match="not a model"):
            pull(models, REMOTE)
    assert models.all() == []


def test_a_disk_without_room_is_noticed_first(content: bytes, models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(models.folder.anchor)
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
        with pytest.raises(DownloadError, match=r"1\.0 MB are free"):
            pull(models, REMOTE)
        assert [method for method, _, _ in hub.requests] == ["HEAD"]


class Refusal(NamedTuple):
    status: int
    code: str
    message: str


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(404, "EntryNotFound", "has no owner/Tiny-GGUF/tiny.gguf"),
        Refusal(404, "RepoNotFound", "has no owner/Tiny-GGUF/tiny.gguf"),
        Refusal(404, "RevisionNotFound", "has no owner/Tiny-GGUF/tiny.gguf at v1"),
        Refusal(403, "GatedRepo", "HF_TOKEN"),
        Refusal(500, "", "status 500"),
    ],
)
def test_refusals_are_told(models: Models, monkeypatch: pytest.MonkeyPatch, refusal: Refusal) -> None:
    with Hub({}, status=refusal.status, error_code=refusal.code) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(DownloadError, match=refusal.message):
            pull(models, replace(REMOTE, revision="v1" if "v1" in refusal.message else ""))


def test_without_a_network(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub({}) as hub:
        url = hub.url
    monkeypatch.setenv("HF_ENDPOINT", url)
    with pytest.raises(DownloadError, match="glossator models add"):
        pull(models, REMOTE)


def test_offline_mode_is_respected(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with Hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        with pytest.raises(DownloadError, match="HF_HUB_OFFLINE"):
            pull(models, REMOTE)
        assert hub.requests == []


def test_two_at_once(models: Models) -> None:
    from filelock import FileLock

    folder = models.folder / "owner--Tiny-GGUF"
    folder.mkdir(parents=True)
    with FileLock(f"{folder / 'tiny.gguf'}.lock"), pytest.raises(DownloadError, match="another process"):
        pull(models, REMOTE)


def test_targets() -> None:
    entry = target("qwen2.5-coder-1.5b")
    assert entry.repo == "bartowski/Qwen2.5-Coder-1.5B-Instruct-GGUF"
    assert entry.revision
    assert len(entry.sha256) == 64
    assert target("Qwen2.5-Coder-1.5B-Instruct-Q4_K_M.gguf") == entry
    other = target("someone/Some-GGUF/some-q4.gguf@abc123")
    assert (other.repo, other.file, other.revision, other.name) == (
        "someone/Some-GGUF",
        "some-q4.gguf",
        "abc123",
        "some-q4",
    )
    assert other.terms
    assert target("someone/Some-GGUF:sub/some.gguf").file == "sub/some.gguf"
    with pytest.raises(ModelNotFoundError, match="catalogue"):
        target("no-such-model")


def test_the_commands(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from glossator.cli.main import run

    monkeypatch.setenv("GLOSSATOR_MODELS_DIR", str(tmp_path / "models"))
    settings = Settings(models_dir=tmp_path / "models")
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(content)
    with Hub({PATH: content}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setattr("sys.stdin.isatty", lambda: False)
        assert run(["models", "pull", "owner/Tiny-GGUF/tiny.gguf"]) == 1
        assert "--yes" in capsys.readouterr().err
        assert run(["models", "pull", "owner/Tiny-GGUF/tiny.gguf", "--yes", "--json"]) == 0
        out = capsys.readouterr()
        assert json.loads(out.out)["in_use"] is True
        assert "Licence" in out.err
    choice = resolve_model(settings)
    assert choice is not None
    assert choice.name == "tiny"
    assert run(["models", "add", str(mine)]) == 0
    assert run(["models", "use", "mine"]) == 0
    assert resolve_model(settings) != choice
    assert run(["models", "verify", "tiny"]) == 0
    capsys.readouterr()
    assert run(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(model["name"], model["in_use"]) for model in listed["installed"]] == [("mine", True), ("tiny", False)]
    assert sum(entry["recommended"] for entry in listed["catalogue"]) <= 1
    assert run(["models", "list"]) == 0
    assert "in use" in capsys.readouterr().out
    assert run(["models", "remove", "mine"]) == 0
    assert mine.exists()
    assert run(["models", "remove", "tiny"]) == 0
    assert not list((tmp_path / "models").rglob("*.gguf"))
    assert run(["models", "use", "tiny"]) == 1
    assert "installed: none" in capsys.readouterr().err


def test_nothing_of_the_library_is_imported_before() -> None:
    assert "huggingface_hub" not in vars(download)
