"""What a team's repositories are called, and what is said where the extra is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from glossator.errors import TeamError
from glossator.team.repository_names import name_of_url, names_of_clone, read_sources
from glossator.team.signatures import Signer
from tests.team.conftest import git


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


def test_a_key_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(TeamError, match="pip install"):
        Signer.create(tmp_path / "team.pem")
    assert not (tmp_path / "team.pem").exists()
