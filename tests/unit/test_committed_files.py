"""What git tells of a commit, and what a repository's configuration must not make it do."""

from __future__ import annotations

import os
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


@pytest.mark.parametrize(("form", "version"), [("sha1", 2), ("sha1", 4), ("sha256", 2)])
@pytest.mark.parametrize("below", ["", "sub"])
def test_files_that_git_knows_to_be_unchanged_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, version: int, below: str
) -> None:
    names = ["same.py", "edited.py", "touched.py", "same size.py", "staged.py", "crlf.py"]
    top = write_tree(tmp_path / "work", {f"{folder}{name}": "a = 1\n" for folder in ("", "sub/") for name in names})
    git(top, "init", "-q", f"--object-format={form}")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    for file in top.rglob("*.py"):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    git(top, "update-index", "--refresh", f"--index-version={version}")
    folder = top / below
    (folder / "edited.py").write_text("a = 1\nb = 2\n")
    (folder / "touched.py").write_text("a = 1\n")
    (folder / "same size.py").write_text("a = 9\n")
    os.utime(folder / "same size.py", (1_700_000_000, 1_700_000_000))  # a tool that keeps the times of files
    (folder / "crlf.py").write_bytes(b"a = 1\r\n")
    (folder / "staged.py").write_text("a = 3\n")
    git(top, "add", str(folder / "staged.py"))
    (folder / "new.py").write_text("n = 1\n")
    read: list[str] = []
    read_bytes = Path.read_bytes

    def recorded(file: Path) -> bytes:
        read.append(file.name)
        return read_bytes(file)

    commit = Commit.of(folder, "HEAD")
    monkeypatch.setattr(Path, "read_bytes", recorded)
    changed = commit.differing([*names, "new.py", "gone.py"])
    assert set(changed) == {"edited.py", "same size.py", "staged.py", "new.py", "gone.py"}
    if sys.platform != "win32":  # where the times in git's index are less exact than the file system's
        assert "same.py" not in read
    monkeypatch.setattr("glossator.workspace.gitstate.Repository.staged", lambda _: {})
    assert commit.differing([*names, "new.py", "gone.py"]) == changed
