"""What a team's repositories are called and how they are fetched, and what is said where the extra is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from glossator.errors import TeamError
from glossator.team.checkouts import check_out
from glossator.team.repository_names import name_of_url, names_of_clone, read_sources
from glossator.team.signatures import Signer
from tests.team.teams import git


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@github.com:org/app.git", "github.com/org/app"),
        ("https://user@GitHub.com/org/app/", "github.com/org/app"),
        ("ssh://git@host:2222/org/app.git", "host/org/app"),
        ("file:///srv/app.git", ""),
        ("/srv/app.git", ""),
        ("C:\\src\\app", ""),
        ("https://[host/org/app", ""),
        ("ssh://git@[::1/org/app", ""),
    ],
)
def test_a_url_gives_one_name(url: str, name: str) -> None:
    assert name_of_url(url) == name


def test_a_malformed_remote_does_not_keep_a_clone_from_its_other_names(tmp_path: Path) -> None:
    git(tmp_path, "init")
    git(tmp_path, "remote", "add", "origin", "https://[host/org/app.git")
    git(tmp_path, "remote", "add", "other", "https://host/org/app.git")
    assert names_of_clone(tmp_path) == ["app", "host/org/app", tmp_path.name]


def test_a_list_with_a_malformed_url_is_read(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("https://[host/org/app.git\n", "utf-8")
    assert [source.name for source in read_sources(tmp_path / "list.txt")] == ["app"]


def test_a_builder_logs_in_as_its_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Continuous integration hands credentials and addresses over in variables; another repository's do not count."""
    source = tmp_path / "host" / "app"
    source.mkdir(parents=True)
    git(source, "init")
    (source / "a.py").write_text("def a(): ...\n", "utf-8")
    git(source, "add", ".")
    git(source, "commit", "-m", "a")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{(tmp_path / 'host').as_uri()}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://code.invalid/")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    found = check_out("https://code.invalid/app", "HEAD", tmp_path / "tree")
    assert (found.folder / "a.py").read_text("utf-8") == "def a(): ...\n"


def test_a_key_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(TeamError, match="pip install"):
        Signer.create(tmp_path / "team.pem")
    assert not (tmp_path / "team.pem").exists()
