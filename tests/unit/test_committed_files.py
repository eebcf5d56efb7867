"""What git tells of a commit, and what a repository's configuration must not make it do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from glossator.errors import UsageError, WorkspaceError
from glossator.workspace.committed_files import Commit
from tests.conftest import write_tree


def git(folder: Path, *arguments: str) -> str:
    made = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return made.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = write_tree(tmp_path / "work", {"a.py": "a = 1\n", "sub/b.py": "b = 2\n"})
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_files_of_a_commit_are_read_below_the_folder(repository: Path) -> None:
    (repository / "a.py").write_text("a = 3\n")
    commit = Commit.of(repository, "HEAD")
    assert set(commit.blobs) == {"a.py", "sub/b.py"}
    assert commit.contents(["sub/b.py", "a.py", "none.py"]) == {"sub/b.py": b"b = 2\n", "a.py": b"a = 1\n"}
    inner = Commit.of(repository / "sub", "HEAD")
    assert inner.contents(list(inner.blobs)) == {"b.py": b"b = 2\n"}


@pytest.mark.parametrize("base", ["no-such-branch", "--output=x", "--all", "HEAD:a.py"])
def test_a_base_that_is_no_commit_is_refused(repository: Path, base: str) -> None:
    with pytest.raises(UsageError, match="git knows no commit"):
        Commit.of(repository, base)
    assert not (repository / "x").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
@pytest.mark.parametrize("lazily_fetched", [False, True])
def test_programs_that_a_repository_names_are_not_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lazily_fetched: bool
) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
    program.chmod(0o755)
    write_tree(repository, {".gitattributes": "* filter=own diff=own\n"})
    for name in ("core.fsmonitor", "core.sshCommand", "core.pager", "filter.own.smudge", "diff.own.textconv"):
        git(repository, "config", name, str(program))
    git(repository, "config", "core.repositoryformatversion", "1")
    for name, value in {
        "extensions.partialClone": "origin",
        "remote.origin.url": "ssh://host.invalid/x",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(program),
        "protocol.allow": "always",
        "protocol.ssh.allow": "always",
    }.items():
        git(repository, "config", name, value)
    blob = git(repository, "rev-parse", "HEAD:a.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    if lazily_fetched:  # as versions of git do that do not know the variable
        run = subprocess.run

        def without_variable(*arguments: object, env: dict[str, str], **options: object) -> object:
            env.pop("GIT_NO_LAZY_FETCH")
            return run(*arguments, env=env, **options)  # type: ignore[call-overload]

        monkeypatch.setattr("glossator.workspace.git_process.subprocess.run", without_variable)
    commit = Commit.of(repository, "HEAD")
    assert commit.contents(["sub/b.py"]) == {"sub/b.py": b"b = 2\n"}
    with pytest.raises(WorkspaceError, match=r"git cannot read a\.py"):
        commit.contents(["a.py"])
    assert not ran.exists()


def test_a_git_inside_the_workspace_is_not_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = repository / ("git.cmd" if sys.platform == "win32" else "git")
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(WorkspaceError, match="git was not found"):
        Commit.of(repository, "HEAD")
    assert not (repository / "ran").exists()
