"""Watching real folders: what is delivered, when, and what happens when the system does not play along."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import WorkspaceError
from glossator.settings import Settings
from glossator.workspace import inotify, watching
from glossator.workspace.changes import ChangeCollector, Changes, FileEvent
from glossator.workspace.inotify import Inotify
from glossator.workspace.sources import InotifySource
from glossator.workspace.watching import Watcher
from tests.unit.test_files import without_privileges

PATIENCE = 240.0
"""Seconds after which a test gives up."""
CALM = 5.0
"""Seconds without a change that end a batch, longer than a busy machine interrupts a test that makes changes."""
MODES = ["inotify", "native", "polling"]


class Received:
    """What a watcher delivered."""

    def __init__(self) -> None:
        self.batches: list[Changes] = []
        self._arrived = threading.Condition()
        self.on_arrival: Callable[[Changes], None] = lambda _: None

    def __call__(self, changes: Changes) -> None:
        try:
            self.on_arrival(changes)
        finally:
            with self._arrived:
                self.batches.append(changes)
                self._arrived.notify_all()

    def wait(self, done: Callable[[], bool]) -> None:
        with self._arrived:
            assert self._arrived.wait_for(done, PATIENCE), self.batches

    def wait_for(self, *paths: str) -> None:
        """Until all these paths were told, themselves or by a folder above or a rescan."""
        self.wait(lambda: all(self.tells(path) for path in paths))

    def tells(self, path: str) -> bool:
        return any(
            changes.rescan
            or path in changes.paths
            or any(path == folder or path.startswith(folder + "/") for folder in changes.folders)
            for changes in self.batches
        )

    def forget(self) -> None:
        with self._arrived:
            self.batches.clear()

    @property
    def paths(self) -> set[str]:
        return {path for changes in self.batches for path in changes.paths + changes.folders}


def wait_until(condition: Callable[[], bool]) -> None:
    """For what has no notification."""
    pause = threading.Event()
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.005)


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def watch(received: Received) -> Iterator[Callable[..., Watcher]]:
    started: list[Watcher] = []

    def start(root: Path, **options: Any) -> Watcher:
        watcher = Watcher(root, Settings(), received, **{"quiet": 0.03, "poll_interval": 0.05, **options})
        watcher.start()
        started.append(watcher)
        return watcher

    yield start
    for watcher in started:
        watcher.stop()


def write(root: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments], cwd=folder, check=True, capture_output=True
    )


def repository(root: Path) -> Path:
    """Two branches: trunk has a.py, other has 200 files more."""
    root.mkdir(exist_ok=True)
    git(root, "init", "-q", "-b", "trunk")
    write(root, "a.py")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    git(root, "checkout", "-q", "-b", "other")
    write(root, *(f"sub{number % 7}/f{number}.py" for number in range(200)))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "second")
    git(root, "checkout", "-q", "trunk")
    return root


# What is delivered


@pytest.mark.parametrize("mode", MODES)
def test_files(tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str) -> None:
    write(tmp_path, "changed.py", "deleted.py", "old.py", "replaced.py")
    watcher = watch(tmp_path, mode=mode)
    assert watcher.status().mode == mode
    assert watcher.status().reason == ""
    write(tmp_path, "new.py", "changed.py", text="longer\n")
    (tmp_path / "deleted.py").unlink()
    (tmp_path / "old.py").rename(tmp_path / "renamed.py")
    write(tmp_path, "temporary~", text="saved in two steps")
    (tmp_path / "temporary~").replace(tmp_path / "replaced.py")
    names = {"new.py", "changed.py", "deleted.py", "old.py", "renamed.py", "replaced.py"}
    received.wait_for(*names)
    assert received.paths - {"temporary~"} == names
    assert not any(changes.rescan or changes.folders for changes in received.batches)


@pytest.mark.parametrize("mode", MODES)
def test_folders(tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str) -> None:
    write(tmp_path, "old/a.py", "old/inner/b.py", "doomed/c.py", "doomed/inner/d.py")
    watch(tmp_path, mode=mode)
    write(tmp_path, "new/er/e.py")
    received.wait_for("new/er/e.py")
    received.forget()
    write(tmp_path, "new/er/later.py")
    received.wait_for("new/er/later.py")
    received.forget()
    (tmp_path / "old").rename(tmp_path / "moved")
    received.wait_for("old/a.py", "old/inner/b.py", "moved/a.py", "moved/inner/b.py")
    received.forget()
    write(tmp_path, "moved/inner/b.py", text="longer\n")
    received.wait_for("moved/inner/b.py")
    assert not received.tells("old/inner/b.py"), "watches know the new name"
    shutil.rmtree(tmp_path / "doomed")
    received.wait_for("doomed/c.py", "doomed/inner/d.py")


@pytest.mark.parametrize("mode", MODES)
def test_names_with_anything_in_them(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    watch(tmp_path, mode=mode)
    names = ["new\nline.py", "it's.py", "é.py", " .py", "a" * 250 + ".py", os.fsdecode(b"caf\xe9.py")]
    write(tmp_path, *names)
    received.wait_for(*names[:-1])
    if mode != "polling":  # there a name that cannot be indexed is told as it is listed
        received.wait_for(names[-1])


@pytest.mark.parametrize("mode", MODES)
def test_what_is_ignored_is_not_told(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    write(tmp_path, ".gitignore", text="*.log\n/out/\n")
    write(tmp_path, "node_modules/a/b/c.js", "out/deep/x.py", "env/pyvenv.cfg", "env/lib/a.py", "src/a.py")
    watcher = watch(tmp_path, mode=mode)
    write(tmp_path, "node_modules/a/b/c.js", "out/deep/x.py", "out/new/y.py", "env/lib/a.py", "a.log", text="changed\n")
    shutil.rmtree(tmp_path / "node_modules/a")
    write(tmp_path, "src/a.py", text="changed\n")
    received.wait_for("src/a.py")
    assert received.paths == {"src/a.py"}
    if mode == "inotify":
        assert watcher.status().folders <= 5, "root, src, env (not below), and the folders of git's own ignore files"


def test_a_deep_tree_that_appears_bit_by_bit(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    watch(tmp_path)
    folders = [f"p{one}/q{two}/r{three}" for one in range(5) for two in range(5) for three in range(4)]
    for folder in folders:
        write(tmp_path, f"{folder}/a.py")
    received.wait_for(*(f"{folder}/a.py" for folder in folders))
    received.forget()
    for folder in folders:
        write(tmp_path, f"{folder}/a.py", text="changed\n")
    received.wait_for(*(f"{folder}/a.py" for folder in folders))
    assert not any(changes.rescan for changes in received.batches)


# Batches


def test_many_writes_are_one_batch(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    watch(tmp_path, quiet=CALM, longest=PATIENCE)
    for number in range(300):
        write(tmp_path, f"f{number % 10}.py", text="x" * number)
    received.wait_for("f0.py")
    assert received.batches == [Changes(paths=tuple(f"f{number}.py" for number in range(10)))]


def test_a_batch_does_not_wait_for_ever(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    watch(tmp_path, quiet=PATIENCE, longest=0.1)
    deadline = time.monotonic() + PATIENCE
    while not received.batches:
        write(tmp_path, "busy.py", text=str(time.monotonic()))
        assert time.monotonic() < deadline
    assert received.paths == {"busy.py"}


def test_a_batch_of_too_many_paths_asks_for_a_scan(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.workspace.changes.MAX_PATHS", 20)
    watch(tmp_path, quiet=CALM)
    write(tmp_path, *(f"f{number}.py" for number in range(30)))
    received.wait(lambda: bool(received.batches))
    assert received.batches == [Changes(rescan="more than 20 files changed")]


def test_what_lies_in_a_told_folder_is_not_told_again(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received
) -> None:
    watch(tmp_path, quiet=CALM)
    write(tmp_path, "new/a.py", "new/inner/b.py")
    write(tmp_path, "new/a.py", "other.py", text="changed\n")
    received.wait_for("new/a.py", "other.py")
    assert received.batches == [Changes(paths=("other.py",), folders=("new",))]


# Rules


@pytest.mark.parametrize("mode", MODES)
def test_a_changed_ignore_file_asks_for_a_scan(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    write(tmp_path, ".gitignore", text="out/\n")
    write(tmp_path, "out/a.py", "src/a.py")
    watch(tmp_path, mode=mode)
    write(tmp_path, ".gitignore", text="src/ # not out\nsrc/\n")
    received.wait(lambda: any(changes.rescan == "ignore rules changed" for changes in received.batches))
    received.forget()
    write(tmp_path, "src/a.py", "out/a.py", text="changed\n")
    received.wait_for("out/a.py")
    assert received.paths == {"out/a.py"}


@pytest.mark.parametrize("mode", MODES)
def test_ignore_files_outside_the_root_count_too(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    top = repository(tmp_path / "top")
    write(top, "sub/a.log", "sub/a.py")
    watch(top / "sub", mode=mode)
    for changed in (top / ".gitignore", top / ".git/info/exclude"):
        changed.write_text(f"*.{changed.name}\n")
        received.wait(lambda: any(changes.rescan == "ignore rules changed" for changes in received.batches))
        received.forget()


def test_an_ignore_file_outside_that_changes_while_a_start_scans_is_told(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path / "root")
    write(root, "inner/a.log")
    exclude = root / ".git/info/exclude"
    add = InotifySource._add

    def added(source: InotifySource, folder: str) -> bool:
        if folder.endswith("/inner") and "*.log" not in exclude.read_text():
            exclude.write_text("*.log\n")
        return add(source, folder)

    monkeypatch.setattr(InotifySource, "_add", added)
    watch(root, mode="inotify")
    received.wait(lambda: any(changes.rescan == "ignore rules changed" for changes in received.batches))


@pytest.mark.parametrize("mode", MODES)
def test_the_repository_around_the_root_goes(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    top = repository(tmp_path / "top")
    write(top, "sub/deep/a.py")
    watch(top / "sub", mode=mode)
    shutil.rmtree(top / ".git")
    write(top, "sub/.gitignore", text="*.log\n")
    received.wait(lambda: any(changes.rescan for changes in received.batches))
    received.forget()
    write(top, "sub/deep/a.py", "sub/b.py", text="changed\n")
    received.wait_for("deep/a.py", "b.py")


def test_a_folder_that_becomes_an_environment_is_not_watched_any_more(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received
) -> None:
    write(tmp_path, "env/lib/a.py", "b.py")
    watch(tmp_path)
    write(tmp_path, "env/pyvenv.cfg")
    received.wait(lambda: any(changes.rescan for changes in received.batches))
    received.forget()
    write(tmp_path, "env/lib/a.py", "b.py", text="changed\n")
    received.wait_for("b.py")
    assert received.paths == {"b.py"}


# The same from every source: what an editor reports is worth as much as what the system tells


def git_exclude(root: Path) -> list[Path]:
    (root / ".git/info/exclude").write_text("a.log\n")
    return [root / ".git/info/exclude"]


def nested_exclude(root: Path) -> list[Path]:
    write(root, "own/.git/info/exclude", text="b.log\n")
    return []  # editors do not watch there


def users_excludes(root: Path) -> list[Path]:
    (root.parent / "excludes").write_text("a.log\n")
    return []  # an editor watches the workspace only


def written(name: str, text: str = "a.log\n") -> Callable[[Path], list[Path]]:
    def change(root: Path) -> list[Path]:
        write(root, name, text=text)
        return [root / name]

    return change


def removed(name: str) -> Callable[[Path], list[Path]]:
    def change(root: Path) -> list[Path]:
        (root / name).unlink()
        return [root / name]

    return change


def initialised(root: Path) -> list[Path]:
    git(root / "inner", "init", "-q")
    return [root / "inner/.git", root / "inner/.git/HEAD"]


def switched(root: Path) -> list[Path]:
    git(root, "checkout", "-q", "other")
    return [root / "sub0", root / "sub1", root / ".git/HEAD", root / ".git/index"]


SAME = {
    ".gitignore": (written(".gitignore"), "a.log"),
    ".gitignore below": (written("inner/.gitignore", "b.log\n"), "inner/b.log"),
    ".gitignore goes": (removed("ignoring/.gitignore"), "ignoring/c.log"),
    "a .gitignore that ignores itself": (written("inner/.gitignore", "*\n"), "inner/b.log"),
    "a .gitignore that ignores itself, at the top": (written(".gitignore", "*\n"), "a.log"),
    "a .gitignore that ignores itself goes": (removed("whole/.gitignore"), "whole/d.log"),
    ".glossatorignore": (written(".glossatorignore"), "a.log"),
    ".git/info/exclude": (git_exclude, "a.log"),
    "the exclude file of a repository inside": (nested_exclude, "own/b.log"),
    "core.excludesFile": (users_excludes, "a.log"),
    "pyvenv.cfg": (written("inner/pyvenv.cfg", ""), "inner/b.log"),
    "pyvenv.cfg goes": (removed("env/pyvenv.cfg"), "env/lib.py"),
    "CACHEDIR.TAG": (written("inner/CACHEDIR.TAG", ""), "inner/b.log"),
    "CACHEDIR.TAG goes": (removed("cached/CACHEDIR.TAG"), "cached/lib.py"),
    "a repository comes": (initialised, "inner/b.log"),
    "a branch is checked out": (switched, "sub3/f3.py"),
    "a linked worktree goes": (removed("tree/.git"), "tree/a.py"),
    "a file": (written("inner/new.py"), "inner/new.py"),
}


ANYWHERE = (".gitignore", "a branch is checked out", "a file")
"""Cases that are tried with `.git` in the root's own path, too."""


@pytest.mark.parametrize("mode", [*MODES, "client"])
@pytest.mark.parametrize(
    ("case", "place"),
    [*((case, "root") for case in SAME), *((case, top + "/root") for case in ANYWHERE for top in ("a.git", ".git"))],
)
def test_every_source_tells_the_same(
    tmp_path: Path,
    watch: Callable[..., Watcher],
    received: Received,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    mode: str,
    place: str,
) -> None:
    change, affected = SAME[case]
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\texcludesFile = {(tmp_path / place).parent / 'excludes'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    root = repository(tmp_path / place)
    write(root, "a.log", "inner/b.log", "env/pyvenv.cfg", "env/lib.py", "cached/CACHEDIR.TAG", "cached/lib.py")
    write(root, "ignoring/c.log")
    write(root, "whole/d.log", "own/b.log")
    git(root / "own", "init", "-q")
    write(root, "whole/.gitignore", text="*\n")
    write(root, "ignoring/.gitignore", text="*.log\n")
    git(root, "worktree", "add", "-q", "--detach", "tree", "trunk")
    watcher = watch(root, mode=mode)
    assert watcher.status().mode == mode
    paths = change(root)
    if mode == "client":
        watcher.report(paths)
    received.wait_for(affected)


def test_a_watcher_may_be_stopped_while_it_starts(
    tmp_path: Path, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(tmp_path, Settings(), received, mode="client")
    start = threading.Thread.start

    def stopped_first(thread: threading.Thread) -> None:
        watcher.stop()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stopped_first)
    watcher.start()
    monkeypatch.undo()
    watcher.stop()
    assert watcher.status().mode == "stopped"


def test_reports_count_beside_the_systems_events(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received
) -> None:
    watcher = watch(tmp_path)
    watcher.report([tmp_path / "unseen.py", tmp_path.parent / "elsewhere.py"])
    received.wait_for("unseen.py")
    assert received.paths == {"unseen.py"}


def test_what_an_editor_reports_of_ignored_files_is_dropped(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received
) -> None:
    root = repository(tmp_path / "root")
    write(root, ".gitignore", text="out/\n")
    write(root, "out/a.py", "node_modules/b/c.js", ".git/objects/xy", "seen.py")
    watcher = watch(root, mode="client")
    watcher.report(root / name for name in ("out/a.py", "node_modules/b/c.js", ".git/objects/xy", ".git/index"))
    watcher.report([root / "seen.py"])
    received.wait_for("seen.py")
    assert received.batches == [Changes(paths=("seen.py",))]


# Git


@pytest.mark.parametrize("mode", ["inotify", "native"])
def test_a_branch_switch_is_one_batch(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    root = repository(tmp_path / "root")
    watch(root, mode=mode, quiet=CALM)
    git(root, "checkout", "-q", "other")
    received.wait(lambda: bool(received.batches))
    write(root, "sub3/f3.py", text="edited\n")
    received.wait(lambda: len(received.batches) >= 2)
    # On a busy machine git may take its time between the last file and HEAD: then the second batch says so.
    late = "git checked out another commit"
    assert received.batches[0] in (Changes(rescan=late), Changes(folders=tuple(f"sub{number}" for number in range(7))))
    assert received.batches[1] in (Changes(rescan=late), Changes(paths=("sub3/f3.py",)))


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_delivered_while_git_holds_the_index(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    root = repository(tmp_path / "root")
    lock = root / ".git/index.lock"
    held: list[bool] = []
    received.on_arrival = lambda _: held.append(lock.exists())
    watcher = watch(root, mode=mode, longest=0.05)
    lock.touch()
    write(root, "a.py", "b.py", text="changed\n")
    wait_until(lambda: watcher.status().pending == 2)
    write(root, "c.py", text="later\n")
    wait_until(lambda: watcher.status().pending == 3)
    assert received.batches == []
    lock.unlink()
    received.wait_for("a.py", "b.py", "c.py")
    assert received.batches == [Changes(paths=("a.py", "b.py", "c.py"))]
    assert held == [False]


def test_a_lock_that_a_crash_left_behind_does_not_block_for_ever(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.workspace.changes.GIT_LONGEST", 0.2)
    root = repository(tmp_path / "root")
    (root / ".git/index.lock").touch()
    watch(root)
    write(root, "a.py", text="changed\n")
    received.wait_for("a.py")


def test_a_commit_alone_tells_nothing(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    root = repository(tmp_path / "root")
    write(root, "a.py", text="changed\n")
    watch(root)
    git(root, "commit", "-q", "-a", "-m", "third")
    git(root, "gc", "-q")
    write(root, "b.py")
    received.wait_for("b.py")
    assert all(changes.paths in ((), ("b.py",)) and not changes.folders for changes in received.batches)


def test_a_switch_in_a_worktree(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    main = repository(tmp_path / "main")
    git(main, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"), "trunk")
    watch(tmp_path / "tree", quiet=CALM)
    git(tmp_path / "tree", "checkout", "-q", "other")
    received.wait(lambda: bool(received.batches))
    write(tmp_path / "tree", "sub3/f3.py", text="edited\n")
    received.wait(lambda: len(received.batches) >= 2)
    received.batches.pop()
    assert received.tells("sub6/f6.py")


@pytest.mark.parametrize("mode", ["inotify", "native"])
def test_a_repository_that_appears_inside(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, mode: str
) -> None:
    write(tmp_path, ".gitignore", text="*.log\n")
    write(tmp_path, "inner/a.log", "inner/a.py")
    git(tmp_path, "init", "-q", "made")
    watch(tmp_path, mode=mode)
    (tmp_path / "inner/.git").mkdir()
    received.wait(lambda: any(changes.rescan for changes in received.batches))
    received.forget()
    for name in ("config", "refs", "objects", "HEAD"):  # as git makes one, slowly
        (tmp_path / "made/.git" / name).rename(tmp_path / "inner/.git" / name)
    received.wait(lambda: any(changes.rescan for changes in received.batches))
    received.forget()
    write(tmp_path, "inner/a.log", text="changed\n")
    received.wait(lambda: "inner/a.log" in received.paths)
    held: list[bool] = []
    lock = tmp_path / "inner/.git/index.lock"
    # What else was written before may be delivered once more.
    received.on_arrival = lambda changes: held.append(lock.exists()) if "inner/a.py" in changes.paths else None
    lock.touch()
    write(tmp_path, "inner/a.py", text="changed\n")
    threading.Timer(0.3, lock.unlink).start()
    received.wait(lambda: "inner/a.py" in received.paths)
    assert not any(held)


# When the system does not play along


def test_too_many_instances(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not with real ones: they are counted for a user, and the tests that run beside this one need some.
    def refuse(self: Inotify) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(Inotify, "__init__", refuse)
    watcher = watch(tmp_path)
    assert watcher.status().mode == "polling"
    assert "max_user_instances" in watcher.status().reason
    assert "every 0.05 s" in watcher.status().reason
    write(tmp_path, "a.py")
    received.wait_for("a.py")


def limit_watches(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    real = Inotify.add

    def add(self: Inotify, folder: str) -> None:
        if len(self) >= limit and folder not in self:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        real(self, folder)

    monkeypatch.setattr(Inotify, "add", add)


def test_too_many_folders_at_the_start(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_watches(monkeypatch, 10)
    write(tmp_path, *(f"d{number}/a.py" for number in range(20)))
    watcher = watch(tmp_path)
    assert watcher.status().mode == "polling"
    assert "max_user_watches" in watcher.status().reason
    write(tmp_path, "d19/a.py", text="changed\n")
    received.wait_for("d19/a.py")
    assert set(received.batches) == {Changes(paths=("d19/a.py",))}  # one that is read while it is written comes twice


def test_too_many_folders_later(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_watches(monkeypatch, 10)
    watcher = watch(tmp_path)
    assert watcher.status().mode == "inotify"
    write(tmp_path, *(f"d{number}/a.py" for number in range(20)))
    received.wait(lambda: any(changes.rescan == "file events were lost" for changes in received.batches))
    assert watcher.status().mode == "polling"
    received.forget()
    write(tmp_path, "d19/a.py", text="changed\n")
    received.wait_for("d19/a.py")


def test_the_kernels_queue_overflows(tmp_path: Path, watch: Callable[..., Watcher], received: Received) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    blocked, go_on = threading.Event(), threading.Event()

    def block(changes: Changes) -> None:
        blocked.set()
        go_on.wait(PATIENCE)

    received.on_arrival = block
    watch(tmp_path)
    write(tmp_path, "first.py")
    assert blocked.wait(PATIENCE)
    (tmp_path / "a").touch()
    for _ in range(limit // 4 + 10):  # each renaming makes two events, all different from the one before
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "b").rename(tmp_path / "a")
    write(tmp_path, "lost/b.py")
    go_on.set()
    received.wait(lambda: any(changes.rescan == "file events were lost" for changes in received.batches))
    received.forget()
    write(tmp_path, "lost/b.py", text="changed\n")
    received.wait_for("lost/b.py")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["deleted", "moved"])
def test_a_root_that_goes_and_comes_back(
    tmp_path: Path,
    watch: Callable[..., Watcher],
    received: Received,
    mode: str,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "_ROOT_CHECK", 0.05)
    root = tmp_path / "root"
    write(root, "a.py")
    watcher = watch(root, mode=mode)
    if how == "deleted":
        shutil.rmtree(root)
    else:
        root.rename(tmp_path / "elsewhere")
    wait_until(lambda: watcher.status().mode == "waiting")
    assert "is gone" in watcher.status().reason
    received.forget()
    write(tmp_path / "back", "a.py", "inner/b.py")
    (tmp_path / "back").rename(root)
    received.wait(lambda: any(changes.rescan == "the workspace folder came back" for changes in received.batches))
    assert watcher.status().mode == mode
    assert watcher.status().reason == ""
    received.forget()
    write(root, "inner/b.py", text="changed\n")
    received.wait_for("inner/b.py")


def test_a_root_that_never_was(tmp_path: Path, received: Received) -> None:
    with pytest.raises(WorkspaceError, match="does not exist"):
        Watcher(tmp_path / "nowhere", Settings(), received).start()


def test_a_folder_that_may_not_be_read(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "closed/a.py", "b.py")
    real = Inotify.add

    def add(self: Inotify, folder: str) -> None:
        if folder.endswith("/closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
        real(self, folder)

    monkeypatch.setattr(Inotify, "add", add)
    watcher = watch(tmp_path)
    assert watcher.status().mode == "inotify"
    write(tmp_path, "b.py", text="changed\n")
    received.wait_for("b.py")


def test_inotify_reports_what_the_kernel_refuses(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    instance = Inotify()
    try:
        for path, number in ((tmp_path / "nowhere", errno.ENOENT), (Path(__file__), errno.ENOTDIR)):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what counts
                instance.add(str(path))
            assert caught.value.errno == number
        with without_privileges(), pytest.raises(PermissionError):
            instance.add("/proc/1/fd")
        assert len(instance) == 0
    finally:
        instance.close()
        instance.close()
        instance.wake()


def test_a_receiver_that_fails_is_told_of_the_next_batch(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(changes: Changes) -> None:
        raise RuntimeError("a defect")

    received.on_arrival = fail
    watch(tmp_path)
    with caplog.at_level(logging.ERROR):
        write(tmp_path, "a.py")
        received.wait_for("a.py")
        write(tmp_path, "b.py")
        received.wait_for("b.py")
    wait_until(lambda: any("a defect" in (record.exc_text or "") for record in caplog.records))


# Starting and stopping


def test_a_defect_in_reading_an_event_is_logged_and_followed_by_a_scan(
    tmp_path: Path,
    watch: Callable[..., Watcher],
    received: Received,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    add = ChangeCollector.add

    def fail(collector: ChangeCollector, event: FileEvent) -> None:
        monkeypatch.setattr(ChangeCollector, "add", add)
        raise ValueError("a defect")

    monkeypatch.setattr(ChangeCollector, "add", fail)
    watcher = watch(tmp_path)
    write(tmp_path, "a.py")
    received.wait(lambda: any(changes.rescan for changes in received.batches))
    assert "a defect" in caplog.text
    received.forget()
    write(tmp_path, "b.py")
    received.wait_for("b.py")
    assert watcher.status().mode != "stopped"


@pytest.mark.parametrize("mode", MODES)
def test_stopping_leaves_nothing_behind(tmp_path: Path, received: Received, mode: str) -> None:
    write(tmp_path, "a/b/c.py")

    def cycle() -> None:
        watcher = Watcher(tmp_path, Settings(), received, mode=mode, poll_interval=60)  # type: ignore[arg-type]
        watcher.start()
        stoppers = [threading.Thread(target=watcher.stop) for _ in range(3)]
        for stopper in stoppers:
            stopper.start()
        for stopper in stoppers:
            stopper.join(PATIENCE)
        watcher.stop()
        assert watcher.status().mode == "stopped"

    cycle()  # watchdog keeps one shared inotify instance
    descriptors, threads = len(os.listdir("/proc/self/fd")), set(threading.enumerate())  # noqa: PTH208 - a count
    for _ in range(5):
        cycle()
    # What tests before this one have left may end meanwhile.
    assert set(threading.enumerate()) <= threads
    assert len(os.listdir("/proc/self/fd")) <= descriptors  # noqa: PTH208 - a count


def test_a_watcher_may_be_stopped_by_its_receiver_and_before_it_starts(tmp_path: Path, received: Received) -> None:
    watcher = Watcher(tmp_path, Settings(), received, quiet=0.01)
    watcher.stop()
    assert watcher.status().mode == "stopped"
    watcher = Watcher(tmp_path, Settings(), received, quiet=0.01)
    received.on_arrival = lambda _: watcher.stop()
    watcher.start()
    write(tmp_path, "a.py")
    wait_until(lambda: watcher.status().mode == "stopped")
    assert received.paths == {"a.py"}


def test_an_idle_watcher_does_nothing(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[float | None] = []
    real = Inotify.read

    def read(self: Inotify, timeout: float | None) -> list[inotify.Event]:
        timeouts.append(timeout)
        return real(self, timeout)

    monkeypatch.setattr(Inotify, "read", read)
    watch(tmp_path)
    write(tmp_path, "a.py")
    received.wait_for("a.py")
    wait_until(lambda: len(timeouts) > 1 and timeouts[-1] is None)
    assert len(timeouts) < 12, "one wait for each event at most, then one without end"


def test_nothing_is_missed_between_start_and_the_first_event(
    tmp_path: Path, watch: Callable[..., Watcher], received: Received
) -> None:
    watch(tmp_path, mode="polling", poll_interval=0.05)
    write(tmp_path, "at once.py")
    received.wait_for("at once.py")
