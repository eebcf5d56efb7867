"""Bringing an index up to date: what is read, what is embedded, what is kept, with real worker processes."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.errors import CancelledByUser, StoreLockedError, WorkspaceError
from glossator.index import parse_worker
from glossator.index.comparison import UNSETTLED
from glossator.index.indexer import Indexer, IndexReport, Progress, submit_buffer
from glossator.index.records import FileUpdate
from glossator.settings import load_settings
from tests.unit.indexing_faults import Bench, age, bench, functions, wait_for

LARGE = '"""' + "so that a file is a batch of its own\n" * 6_000 + '"""\n'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as made:
        made.write("a.py", functions("alpha", "beta"))
        made.write("sub/b.py", functions("gamma"))
        made.write("notes.md", "# Notes\n\nSome words.\n")
        yield made


def counts(report: IndexReport) -> tuple[int, int, int]:
    return report.files, report.embedded, report.reused


def test_a_first_run_indexes_everything(project: Bench) -> None:
    report = project.indexer.run()
    assert counts(report) == (3, 4, 0)
    assert report.symbols == 4
    assert report.lines == sum(len(path.read_text("utf-8").splitlines()) for path in project.root.rglob("*.*"))
    assert report.skipped == ()
    assert report.seconds > 0
    assert project.names("a.py") == ["alpha", "beta"]


def test_a_second_run_reads_nothing(project: Bench) -> None:
    project.indexer.run()
    project.pool.close()  # nothing is asked of it
    assert counts(project.indexer.run()) == (3, 0, 4)


def test_a_command_starts_a_worker_only_for_a_changed_file(project: Bench, tmp_path: Path) -> None:
    project.indexer.run()
    project.close()
    with bench(tmp_path) as again:
        assert counts(again.indexer.run(all_cores=True)) == (3, 0, 4)
        assert not again.pool.started
        again.indexer.run()
        assert again.pool.started, "one is ready for the changes to come"
    with bench(tmp_path) as again:
        again.write("sub/b.py", functions("delta"))
        assert again.indexer.run(all_cores=True).embedded == 1
        assert again.names("sub/b.py") == ["delta"]


def _touch(project: Bench) -> None:
    age(project.root / "a.py")


def _rename(project: Bench) -> None:
    (project.root / "a.py").rename(project.root / "sub" / "renamed.py")


def _move_folder(project: Bench) -> None:
    (project.root / "sub").rename(project.root / "other")


def _reorder(project: Bench) -> None:
    project.write("a.py", functions("beta", "alpha"))


def _reformat(project: Bench) -> None:
    project.write("a.py", functions("alpha", "beta").replace("\n\n\n", "\n\n\n\n\n"))


def _copy(project: Bench) -> None:
    shutil.copy2(project.root / "a.py", project.root / "copy.py")


@pytest.mark.parametrize("change", [_touch, _rename, _move_folder, _reorder, _reformat, _copy])
def test_what_says_the_same_is_not_embedded_again(project: Bench, change: Callable[[Bench], None]) -> None:
    project.indexer.run()
    change(project)
    report = project.indexer.run()
    assert report.embedded == 0
    assert report.reused == report.symbols
    listed = {path.relative_to(project.root).as_posix() for path in project.root.rglob("*.*")}
    assert set(project.store.files()) == listed
    assert all(project.names(path) for path in listed if path.endswith(".py"))


def test_a_touched_file_is_looked_at_once(project: Bench) -> None:
    project.indexer.run()
    path = project.root / "a.py"
    age(path)
    project.indexer.run()
    assert project.store.files()["a.py"].mtime_ns == path.stat().st_mtime_ns


def test_only_the_function_that_changed_is_embedded(project: Bench) -> None:
    project.indexer.run()
    project.write("a.py", functions("alpha") + "\n\n" + functions("beta", body="return 2"))
    assert counts(project.indexer.run()) == (3, 1, 3)


def test_a_branch_switched_and_back_is_not_embedded_again(project: Bench) -> None:
    project.indexer.run()
    before = {path: path.read_text("utf-8") for path in project.root.rglob("*.py")}
    project.write("a.py", functions("delta"))
    (project.root / "sub" / "b.py").unlink()
    assert project.indexer.run().embedded == 1
    assert project.names("sub/b.py") == []
    for path, text in before.items():
        project.write(path.relative_to(project.root).as_posix(), text)
    assert counts(project.indexer.run()) == (3, 0, 4)
    assert project.names("a.py") == ["alpha", "beta"]


def test_a_second_clone_is_not_embedded_again(project: Bench, tmp_path: Path) -> None:
    project.indexer.run()
    other = tmp_path / "clone"
    other.mkdir()
    shutil.copytree(project.root, other / "root")
    with bench(other, index_dir=project.settings.index_dir) as clone:
        assert clone.folder != project.folder
        assert counts(clone.indexer.run()) == (3, 0, 4)


def test_deleted_files_go(project: Bench) -> None:
    project.indexer.run()
    (project.root / "a.py").unlink()
    assert counts(project.indexer.run()) == (2, 0, 2)
    assert project.store.named("alpha") == []


def test_a_change_within_the_grain_of_the_clock_is_seen(project: Bench) -> None:
    path = project.root / "a.py"
    written = time.time_ns() + 60 * 10**9  # however slow the machine is, the file is read before it counts as settled
    path.write_text(functions("first"), "utf-8")
    os.utime(path, ns=(written, written))
    project.indexer.run()
    assert project.names("a.py") == ["first"]
    path.write_text(functions("other"), "utf-8")
    os.utime(path, ns=(written, written))
    project.indexer.run()
    assert project.names("a.py") == ["other"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no time of changes that programs cannot set")
@pytest.mark.parametrize("replaced", [True, False], ids=["another file", "the same file"])
def test_a_change_that_keeps_size_and_time_is_seen_without_an_event(project: Bench, replaced: bool) -> None:
    path = project.root / "a.py"
    path.write_text(functions("first"), "utf-8")
    age(path)
    project.indexer.run()
    before = path.stat()
    written = project.root / "new" if replaced else path
    written.write_text(functions("other"), "utf-8")
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
    written.replace(path)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert after.st_ctime_ns != before.st_ctime_ns
    project.indexer.run()
    assert project.names("a.py") == ["other"]


def test_a_file_that_is_read_slowly_counts_as_read_when_reading_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text(functions("first"), "utf-8")
    written = path.stat().st_mtime_ns
    seconds = itertools.count()
    monkeypatch.setattr(parse_worker.time, "time_ns", lambda: written + (1 + 60 * next(seconds)) * 10**9)
    worker = parse_worker._FileIndexer(load_settings())
    results: list[parse_worker.FileResult] = []
    for size in (100_000, 1):  # the file is read, and left out
        batch = parse_worker.Batch(str(tmp_path), size, (parse_worker.FileTask("a.py", size=9, mtime_ns=written),))
        worker.process(batch, lambda message, _=False: results.extend(message.results))
        seconds = itertools.count()
    read, left_out = results
    assert read.mtime_ns == UNSETTLED
    assert left_out.update is not None
    assert left_out.update.record.mtime_ns == UNSETTLED


def test_skipped_files_are_told_and_not_read_again(project: Bench) -> None:
    project.write(".env", "PASSWORD=1\n")
    binary = project.write("data.txt", "")
    binary.write_bytes(bytes(range(256)) * 4)
    age(binary)
    project.write("big.txt", "word " * 1000)
    project.indexer = Indexer(project.root, _with(project, max_file_bytes=2000), project.store, project.pool)
    report = project.indexer.run()
    reasons = project.skipped()
    assert reasons.keys() == {".env", "data.txt", "big.txt"}
    assert "secrets" in reasons[".env"]
    assert "binary" in reasons["data.txt"]
    assert "larger" in reasons["big.txt"]
    assert {item.path for item in report.skipped} == reasons.keys()
    project.pool.close()
    project.indexer.run()
    assert project.skipped() == reasons


def _with(project: Bench, **values: object) -> object:
    from glossator.settings import updated

    return updated(project.settings, values)


def test_settings_take_effect_on_the_next_run(project: Bench) -> None:
    project.write("long.py", functions(*(f"f{number}" for number in range(100))))
    assert project.indexer.run().files == 4

    def run(**values: object) -> IndexReport:
        return Indexer(project.root, _with(project, **values), project.store, project.pool).run()

    report = run(max_file_bytes=500)
    assert (report.files, [item.path for item in report.skipped]) == (3, ["long.py"])
    report = run()
    assert (report.files, report.embedded, report.skipped) == (4, 0, ())
    report = run(exclude=("sub",))
    assert (report.files, report.skipped) == (3, ())
    assert run().files == 4


def test_ignore_files_take_effect_on_the_next_run(project: Bench) -> None:
    project.indexer.run()
    project.write(".glossatorignore", "a.py\n")
    project.indexer.run()
    assert "a.py" not in project.store.files()
    (project.root / ".glossatorignore").unlink()
    assert project.indexer.run().embedded == 0
    assert "a.py" in project.store.files()


def test_an_empty_root_is_an_empty_index(tmp_path: Path) -> None:
    with bench(tmp_path) as project:
        assert counts(project.indexer.run()) == (0, 0, 0)


def test_a_root_that_became_empty_empties_the_index(project: Bench) -> None:
    project.indexer.run()
    for path in project.root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert counts(project.indexer.run()) == (0, 0, 0)


def test_a_root_that_is_no_folder_is_an_error(project: Bench, tmp_path: Path) -> None:
    project.indexer.run()
    missing = Indexer(tmp_path / "missing", project.settings, project.store, project.pool)
    with pytest.raises(WorkspaceError, match="does not exist"):
        missing.run()
    file = tmp_path / "huge.py"
    file.write_text("x = 1\n" * 1_000_000, "utf-8")
    with pytest.raises(WorkspaceError, match="is not a folder"):
        Indexer(file, project.settings, project.store, project.pool).run()
    assert project.store.status().files == 3


def test_a_second_process_is_told_that_the_index_is_being_written(project: Bench) -> None:
    with pytest.raises(StoreLockedError, match="index"):
        project.open_store()


def test_files_with_odd_names(project: Bench) -> None:
    names = ["it's.py", 'say "hi".py', "x" * 240 + ".py", "größe.py", "a b.py", "%41.py", "semi;colon.py"]
    for name in names:
        project.write(name, functions(f"f{len(name)}"))
    report = project.indexer.run()
    assert report.files == 3 + len(names)
    for name in names:
        assert project.names(name) == [f"f{len(name)}"]
        (project.root / name).unlink()
    assert project.indexer.run().files == 3


def test_a_file_that_crashes_the_parser_is_tried_again_when_it_changes(project: Bench) -> None:
    project.write("bad.py", "# FAULT crash\n" + functions("bad"))
    report = project.indexer.run()
    assert report.files == 3
    assert project.skipped() == {"bad.py": "the parser crashed on it"}
    project.pool.close()  # not tried again while it stays as it is
    assert project.indexer.run().files == 3
    with bench(project.root.parent / "again") as again:
        again.store.close()
        again.indexer = Indexer(project.root, project.settings, project.store, again.pool)
        project.write("bad.py", functions("good"))
        report = again.indexer.run()
        assert (report.files, report.skipped) == (4, ())
        again.store = project.open_store(write=False)


def test_a_file_that_vanishes_before_it_is_read_is_a_deleted_one(project: Bench, tmp_path: Path) -> None:
    project.indexer.run()
    gate = tmp_path / "gate"
    project.write("aa.py", f"# FAULT hold {gate}\n" + LARGE)
    project.write("sub/b.py", functions("changed"))
    project.write("zz.py", functions("zeta"))
    runner = threading.Thread(target=project.indexer.run)
    runner.start()
    wait_for(gate.exists)
    (project.root / "sub" / "b.py").unlink()
    (project.root / "zz.py").unlink()
    gate.with_name("gate.go").touch()
    runner.join(30)
    assert set(project.store.files()) == {"a.py", "aa.py", "notes.md"}


def test_files_that_change_while_they_are_indexed(project: Bench) -> None:
    paths = [project.write(f"many/f{number}.py", functions(f"first_{number}")) for number in range(60)]
    end = threading.Event()

    def rewrite() -> None:
        for turn in itertools.count():
            for number, path in enumerate(paths):
                if end.is_set():
                    return
                path.write_text(functions(f"turn{turn}_{number}"), "utf-8")

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(3):
            assert project.indexer.run().files == 63
    finally:
        end.set()
        writer.join()
    project.indexer.run()
    for path in paths:
        (wanted,) = re.findall(r"def (\w+)", path.read_text("utf-8"))
        assert project.names(path.relative_to(project.root).as_posix()) == [wanted]


def test_cancelling_keeps_what_is_done_and_the_next_run_carries_on(project: Bench, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    project.write("zz.py", f"# FAULT hold {gate}\n" + LARGE)
    project.write("a.py", functions("alpha", "beta") + LARGE)
    seen: list[Progress] = []

    def cancelled() -> bool:
        # The last file is being parsed, so the others' results are there or on their way.
        return gate.exists() and bool(seen) and seen[-1].files_done >= 3

    with pytest.raises(CancelledByUser):
        project.indexer.run(seen.append, cancelled)
    assert set(project.store.files()) == {"a.py", "notes.md", "sub/b.py"}
    gate.with_name("gate.go").touch()
    report = project.indexer.run()
    assert counts(report) == (4, 0, 4)


def test_progress_is_told(project: Bench) -> None:
    for number in range(40):
        project.write(f"many/f{number}.py", functions(*(f"f{number}_{i}" for i in range(200))))
    seen: list[Progress] = []
    report = project.indexer.run(seen.append)
    assert seen[0].stage == "scanning"
    assert seen[-1].stage == "finishing"
    assert (seen[-1].files_done, seen[-1].files_total) == (43, 43)
    assert seen[-1].lines == report.lines
    done = [progress.files_done for progress in seen]
    assert done == sorted(done)
    assert all(progress.lines_per_second > 0 for progress in seen if progress.lines)


# Changes as they happen


def test_updates_of_single_files(project: Bench) -> None:
    project.indexer.run()
    path = project.write("a.py", functions("alpha", "new"))
    assert project.indexer.update([path]) == {"a.py"}
    assert project.names("a.py") == ["alpha", "new"]
    created = project.write("sub/deep/c.py", functions("created"))
    assert project.indexer.update([created]) == {"sub/deep/c.py"}
    path.unlink()
    assert project.indexer.update([path]) == {"a.py"}
    assert project.store.files().keys() == {"notes.md", "sub/b.py", "sub/deep/c.py"}
    assert project.indexer.update([created, path]) == frozenset()
    assert project.indexer.update([project.root.parent / "elsewhere.py"]) == frozenset()
    assert counts(project.indexer.run()) == (3, 0, 3)


@pytest.mark.skipif(os.name == "nt", reason="links need privileges")
def test_a_folder_that_becomes_a_link_is_told_as_one(project: Bench) -> None:
    project.indexer.run()
    outside = project.root.parent / "outside"
    (project.root / "sub").rename(outside)
    (project.root / "sub").symlink_to(outside)
    project.indexer.update([project.root / "sub"])
    assert project.skipped() == {"sub": "a symbolic link that leads out of the workspace"}
    assert "sub/b.py" not in project.store.files()
    (project.root / "sub").unlink()
    outside.rename(project.root / "sub")
    assert project.indexer.update([project.root / "sub"]) >= {"sub/b.py"}
    assert project.skipped() == {}


def test_updates_of_folders(project: Bench) -> None:
    project.indexer.run()
    shutil.copytree(project.root / "sub", project.root / "new" / "sub")
    assert project.indexer.update([project.root / "new"]) == {"new/sub/b.py"}
    (project.root / "new").rename(project.root / "moved")
    changed = project.indexer.update([project.root / "new", project.root / "moved"])
    assert changed == {"new/sub/b.py", "moved/sub/b.py"}
    shutil.rmtree(project.root / "moved")
    shutil.rmtree(project.root / "sub")
    project.write("sub", "")  # a folder that becomes a file
    assert project.indexer.update([project.root / "moved", project.root / "sub"]) >= {"moved/sub/b.py", "sub/b.py"}
    assert {path for path in project.store.files() if path.endswith(".py")} == {"a.py"}
    project.write("a.py", functions("everything"))
    assert project.indexer.update([project.root]) == {"a.py"}


def test_an_update_of_many_files(project: Bench) -> None:
    project.indexer.run()
    paths = [project.write(f"many/f{number}.py", functions(f"f{number}")) for number in range(100)]
    seen: list[Progress] = []
    assert len(project.indexer.update(paths, seen.append)) == 100
    assert project.store.status().files == 103
    shutil.rmtree(project.root / "many")
    assert len(project.indexer.update(paths)) == 100
    with pytest.raises(CancelledByUser):
        project.indexer.update([project.write("late.py", functions("late"))], cancelled=lambda: True)


def test_an_ignored_file_is_not_taken_in_by_an_update(project: Bench) -> None:
    project.write(".glossatorignore", "*.log.py\nsecret/\n")
    project.indexer.run()
    paths = [project.write("x.log.py", functions("x")), project.write("secret/y.py", functions("y"))]
    assert project.indexer.update([*paths, project.root / "secret"]) == frozenset()


def test_a_run_does_not_overwrite_what_an_update_has_read_since(tmp_path: Path) -> None:
    with bench(tmp_path, workers=2) as project:
        gate = tmp_path / "gate"
        held = project.write("a.py", f"# FAULT hold {gate}\n" + functions("old"))
        runner = threading.Thread(target=project.indexer.run)
        runner.start()
        wait_for(gate.exists)
        project.write("a.py", functions("new"))
        assert project.indexer.update([held]) == {"a.py"}
        gate.with_name("gate.go").touch()
        runner.join(30)
        assert project.names("a.py") == ["new"]
        assert project.indexer.run().symbols == 1


def submit(project: Bench, path: str, text: str, language_id: str = "") -> Future[FileUpdate]:
    return submit_buffer(project.pool, project.root, project.settings, path, text, language_id)


@pytest.mark.parametrize(
    ("path", "language_id", "language"),
    [
        ("tool", "python", "python"),
        ("tool", "shellscript", "bash"),
        ("bin/run", "typescriptreact", "tsx"),
        ("Rules", "starlark-of-some-editor", "text"),
        ("tool", "plaintext", "text"),
        ("tool", "", "text"),
        ("odd.unheard-of", "ruby", "ruby"),
        ("a.py", "javascript", "python"),
    ],
)
def test_a_buffer_whose_name_does_not_tell_its_language_is_in_the_editors(
    project: Bench, path: str, language_id: str, language: str
) -> None:
    assert submit(project, path, "x = 1\n", language_id).result(60).record.language == language


def test_buffers_are_parsed_without_touching_the_store(project: Bench) -> None:
    project.indexer.run()
    update = submit(project, "a.py", functions("alpha", "unsaved")).result(60)
    assert [entry.name for entry in update.entries if entry.kind == "function"] == ["alpha", "unsaved"]
    assert update.entries[0].text.startswith("def alpha")
    assert update.vectors.shape == (len(update.entries), 16)
    assert project.names("a.py") == ["alpha", "beta"]


def test_a_buffer_that_cannot_be_parsed_says_why(tmp_path: Path) -> None:
    with bench(tmp_path, max_file_bytes=1000) as project:
        for text, reason in (
            ("# FAULT crash\n", "crashed"),
            ("x = 1\n" * 1000, "large"),
            ("# FAULT raise\n", "failed"),
        ):
            update = submit(project, "a.py", text).result(60)
            assert reason in update.record.skipped
            assert update.entries == ()


def test_a_buffer_that_waits_can_be_forgotten(project: Bench, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = submit(project, "a.py", f"# FAULT hold {gate}\n")
    wait_for(gate.exists)
    second = submit(project, "a.py", functions("older"))
    assert second.cancel()
    third = submit(project, "a.py", functions("newest"))
    gate.with_name("gate.go").touch()
    assert [entry.name for entry in third.result(30).entries if entry.kind == "function"] == ["newest"]
    assert first.result(30).record.path == "a.py"


def test_a_change_that_keeps_size_and_time_is_seen_when_it_is_reported(project: Bench) -> None:
    path = project.root / "a.py"
    project.indexer.run()
    before = path.stat()
    text = path.read_text("utf-8").replace("alpha", "alphb")
    partial = path.with_name("a.py.new")
    partial.write_text(text, "utf-8")
    os.utime(partial, ns=(before.st_atime_ns, before.st_mtime_ns))
    partial.replace(path)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    known = project.store.files()["a.py"]
    project.store.touch([replace(known, ctime_ns=path.stat().st_ctime_ns)])  # as where no such time is kept
    project.indexer.run()
    assert project.names("a.py") == ["alpha", "beta"], "nothing tells of it"
    assert project.indexer.update([path]) == {"a.py"}
    assert project.names("a.py") == ["alphb", "beta"]
    changes = project.store.changes()
    assert project.indexer.update([path]) == frozenset()  # read, and found to be as it was
    assert project.store.changes() == changes


@pytest.mark.skipif(os.name == "nt", reason="links need privileges")
def test_a_link_is_told_as_what_it_is_when_its_target_comes_and_goes(project: Bench) -> None:
    (project.root / "link.py").symlink_to("sub/b.py")
    (project.root / "other.py").symlink_to("later.py")
    project.indexer.run()
    to_b = {"link.py": "a symbolic link to sub/b.py", "other.py": "a broken symbolic link"}
    assert project.skipped() == to_b
    shutil.rmtree(project.root / "sub")
    project.write("later.py", functions("delta"))
    project.indexer.update([project.root / "sub", project.root / "later.py"])
    assert project.skipped() == {"link.py": "a broken symbolic link", "other.py": "a symbolic link to later.py"}
    project.write("sub/b.py", functions("gamma"))
    (project.root / "later.py").unlink()
    project.indexer.update([project.root / "sub/b.py", project.root / "later.py"])
    assert project.skipped() == to_b
