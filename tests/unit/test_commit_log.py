"""Which commits git tells of lines, files and folders, and what a repository's configuration must not make it do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from glossator.errors import WorkspaceError
from glossator.workspace import gitstate
from glossator.workspace.commit_log import CommitLog, commits_of_lines, commits_of_path, lines_left
from glossator.workspace.committed_files import Commit
from tests.conftest import write_tree
from tests.unit.test_committed_files import git

FIRST = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"


def commit(folder: Path, files: dict[str, str], message: str, *more: str) -> str:
    """Write files and commit everything; returns the commit's hash."""
    write_tree(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message, *more)
    return git(folder, "rev-parse", "HEAD")


def lines_log(folder: Path, path: str, first: int, last: int, *, most: int = 100, limit: int = 10) -> CommitLog:
    """The log of lines of a file as it is on disk."""
    lines = (folder / path).read_text("utf-8").splitlines()
    return commits_of_lines(folder, path, lines, first, last, most=most, limit=limit)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A file whose two functions were changed by different commits, and renamed between them."""
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, {"a b.py": FIRST, "other.py": "x = 1\n"}, "start", "-m", "Both functions\nare new.")
    commit(folder, {"a b.py": FIRST.replace("return 2", "return 22")}, "two: larger")
    git(folder, "mv", "a b.py", "c.py")
    commit(folder, {}, "rename")
    commit(
        folder,
        {"c.py": '"""Doc."""\n\n' + FIRST.replace("return 2", "return 22").replace("return 1", "return 11")},
        "one: larger\n\nSigned-off-by: A <a@example.org>\n\nBecause 1 was too small,\nand 2 is taken.",
    )
    return folder


def test_lines_are_followed_through_renames(repository: Path) -> None:
    log = lines_log(repository, "c.py", 7, 8)
    assert [one.subject for one in log.commits] == ["two: larger", "start"]
    newest, first = log.commits
    assert (newest.path, newest.lines, newest.removed) == ("a b.py", ((6, 6),), 1)
    assert (first.lines, first.paragraph, first.author) == (((5, 6),), "Both functions are new.", "A")
    assert log.is_whole
    (newest, *_) = lines_log(repository, "c.py", 3, 4).commits
    assert (newest.subject, newest.lines) == ("one: larger", ((4, 4),))
    assert newest.paragraph == "Because 1 was too small, and 2 is taken."
    assert newest.date[:4].isdigit()
    assert newest.name.startswith(newest.short_name)


def test_unsaved_and_uncommitted_lines_are_counted(repository: Path) -> None:
    lines = ["# new", *(repository / "c.py").read_text().splitlines()]
    lines[5:5] = ["    # why"]
    log = commits_of_lines(repository, "c.py", lines, 4, 6, most=100, limit=10)
    assert [one.subject for one in log.commits] == ["one: larger", "start"]
    assert log.uncommitted == 1
    assert commits_of_lines(repository, "c.py", lines, 1, 1, most=100, limit=10) == CommitLog((), uncommitted=1)
    (repository / "new.py").write_text("y = 1\n")
    assert lines_log(repository, "new.py", 1, 1) == CommitLog((), uncommitted=1)


def test_lines_are_found_again_among_many_that_are_alike(repository: Path) -> None:
    text = "".join(f"def f{number}():\n    return {number}\n\n\n" for number in range(4000))
    commit(repository, {"big.py": text}, "big")
    commit(repository, {"big.py": text.replace("return 2000\n", "return -2000\n")}, "2000: negative")
    lines = ["# first", *(repository / "big.py").read_text().splitlines(), "# last"]
    log = commits_of_lines(repository, "big.py", lines, 8002, 8003, most=100, limit=10)
    assert log.commits[-1].subject == "big"
    assert log.uncommitted == 2  # so much lies between the differences that it counts as replaced
    near = lines[1:-1]
    near[7990:7990] = ["# new"]
    log = commits_of_lines(repository, "big.py", near, 8002, 8003, most=100, limit=10)
    assert ([one.subject for one in log.commits], log.uncommitted) == (["2000: negative", "big"], 0)
    left = lines_left(repository, "big.py", near, 8002, 8003, most=100)
    assert left == {log.commits[0].name: ((8003, 8003),), log.commits[1].name: ((8002, 8002),)}


def test_files_and_folders(repository: Path) -> None:
    log = commits_of_path(repository, "c.py", most=100, limit=10)
    assert [one.subject for one in log.commits] == ["one: larger", "rename", "two: larger", "start"]
    assert [one.path for one in log.commits] == ["c.py", "c.py", "a b.py", "a b.py"]
    assert log.commits[0].lines == ((1, 2), (4, 4))
    whole = commits_of_path(repository, "", most=100, limit=2)
    assert [one.files for one in whole.commits] == [("c.py",), ("a b.py", "c.py")]
    assert whole.more
    commit(repository, {"sub/d.py": "d = 1\n"}, "sub")
    assert [one.subject for one in commits_of_path(repository, "sub", most=100, limit=9).commits] == ["sub"]
    inner = lines_log(repository / "sub", "d.py", 1, 1)
    assert [one.path for one in inner.commits] == ["sub/d.py"]


def test_a_log_is_bounded_and_says_so(repository: Path) -> None:
    log = lines_log(repository, "c.py", 7, 8, most=3)
    assert [one.subject for one in log.commits] == ["two: larger"]
    assert log.bounded
    assert not log.is_whole
    assert lines_log(repository, "c.py", 7, 8, limit=1).more


def test_the_end_of_a_shallow_clone_is_no_change(repository: Path, tmp_path: Path) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "2", repository.as_uri(), str(shallow))
    log = lines_log(shallow, "c.py", 7, 8)
    assert log == CommitLog((), shallow=True)
    assert [one.subject for one in lines_log(shallow, "c.py", 3, 4).commits] == ["one: larger"]


def test_text_of_commits_is_plain_data(repository: Path) -> None:
    text = "s\x1b[31mubject \u202e[1]\n\n+++ b/x\n@@ -1 +1 @@\n" + "long " * 400
    commit(repository, {"other.py": "-- a\n++ b\n@@ -1 +1 @@\n\0x\n"}, text)
    commit(repository, {"other.py": "-- a\n++ c\n@@ -1 +1 @@\ny\n"}, "next")
    newest, odd, first = commits_of_path(repository, "other.py", most=100, limit=10).commits
    assert (newest.subject, first.subject) == ("next", "start")
    assert odd.subject == "s [31mubject [1]"
    assert odd.paragraph.startswith("+++ b/x @@ -1 +1 @@ long")
    assert odd.paragraph.endswith("...")
    assert odd.path == "other.py"
    assert next(one.subject for one in lines_log(repository, "other.py", 2, 3).commits) == "next"


@pytest.mark.parametrize("name", ["ümlaut.py", "tab\there.py", 'quo"te.py', "-L1,2:x.py", ":(glob)x.py", "a:b.py"])
@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be written there")
def test_odd_names_of_files(repository: Path, name: str) -> None:
    commit(repository, {name: "a = 1\nb = 2\n"}, "odd")
    commit(repository, {name: "a = 1\nb = 3\n"}, "odder")
    (newest, _) = lines_log(repository, name, 2, 2).commits
    assert (newest.subject, newest.path, newest.lines) == ("odder", name, ((2, 2),))
    assert [one.path for one in commits_of_path(repository, name, most=9, limit=9).commits] == [name, name]
    assert commits_of_path(repository, "", most=9, limit=1).commits[0].files == (name,)


def test_merges_lead_to_the_commits_that_were_merged(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "side")
    commit(repository, {"other.py": "x = 2\n"}, "side: two")
    git(repository, "checkout", "-q", "-")
    commit(repository, {"c.py": "c = 1\n"}, "main: rewritten")
    git(repository, "merge", "-q", "--no-edit", "side")
    assert [one.subject for one in lines_log(repository, "other.py", 1, 1).commits] == ["side: two", "start"]


def test_nothing_is_known_without_commits(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "plain", {"a.py": "a = 1\n"})
    with pytest.raises(WorkspaceError, match="is in no git repository, so no commits are known"):
        lines_log(folder, "a.py", 1, 1)
    git(folder, "init", "-q")
    with pytest.raises(WorkspaceError, match="has no commits yet"):
        lines_log(folder, "a.py", 1, 1)


def test_a_repository_that_cannot_be_read_is_not_said_to_be_none(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gitstate, "read_regular", lambda *_: None)  # as if no file could be opened any more
    said = re.escape(f"{repository / '.git'} cannot be read, or is no git repository, so ")
    with pytest.raises(WorkspaceError, match=f"{said}no commits are known"):
        lines_log(repository, "other.py", 1, 1)
    with pytest.raises(WorkspaceError, match=f"{said}nothing is known of its changes"):
        Commit.of(repository, "HEAD")


@pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")
def test_programs_that_a_repository_names_are_not_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{ran}'\ncat \"$1\" 2>/dev/null\n")
    program.chmod(0o755)
    attributes = {".gitattributes": "* diff=own filter=own\n", "c.py": "d = 1\n"}
    commit(repository, attributes, "attributes")
    commit(repository, {"c.py": "d = 2\n"}, "changed")
    tree, parent = git(repository, "rev-parse", "HEAD^{tree}", "HEAD").split()
    signed = (
        f"tree {tree}\nparent {parent}\nauthor A <a@example.org> 1700000000 +0000\n"
        "committer A <a@example.org> 1700000000 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n"
        " -----END PGP SIGNATURE-----\n\nsigned\n"
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repository,
        input=signed,
        capture_output=True,
        text=True,
        check=True,
    )
    git(repository, "update-ref", "HEAD", made.stdout.strip())
    for name in ("core.fsmonitor", "core.pager", "gpg.program", "diff.external", "core.sshCommand"):
        git(repository, "config", name, str(program))
    for name in ("diff.own.textconv", "diff.own.command", "filter.own.smudge", "filter.own.clean"):
        git(repository, "config", name, str(program))
    for name, value in {"log.showSignature": "true", "color.ui": "always", "diff.noprefix": "true"}.items():
        git(repository, "config", name, value)
    ran.unlink(missing_ok=True)
    assert next(one.subject for one in lines_log(repository, "c.py", 1, 1).commits) == "changed"
    assert commits_of_path(repository, "c.py", most=9, limit=9).commits[0].subject == "changed"
    assert commits_of_path(repository, "", most=9, limit=9).commits[0].subject == "signed"
    assert not ran.exists()


def test_a_git_inside_the_workspace_is_not_run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = repository.parent
    program = outer / ("git.cmd" if sys.platform == "win32" else "git")
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(outer))
    with pytest.raises(WorkspaceError, match="git was not found"):
        commits_of_path(outer, "work/c.py", most=9, limit=9)
    assert not (repository / "ran").exists()
