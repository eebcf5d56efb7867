"""The command line's contract, as a user's script sees it: real processes, real index, no model."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from glossator.index.folders import acquire
from tests.conftest import Ran, write_tree

Cli = Callable[..., Ran]


def test_index_reports_what_it_did(glossator: Cli, project: Path) -> None:
    first = glossator("index", "--root", project, "--json")
    assert first.status == 0, first.err
    report = first.json
    assert set(report) == {"files", "symbols", "embedded", "reused", "skipped", "seconds", "lines"}
    assert report["files"] == 7 + 1  # .gitignore is a text file too
    assert report["embedded"] > 0
    assert {item["path"] for item in report["skipped"]} == {".env"}
    assert all(item["reason"] for item in report["skipped"])

    second = glossator("index", "--root", project, "--json").json
    assert second["embedded"] == 0
    assert (second["files"], second["symbols"], second["lines"]) == (
        report["files"],
        report["symbols"],
        report["lines"],
    )


def test_only_what_changed_is_embedded_again(glossator: Cli, project: Path) -> None:
    glossator("index", "--root", project)
    money = project / "shop/money.py"
    money.write_text(money.read_text("utf-8").replace("rounded half up", "rounded half to even"), "utf-8")
    (project / "web/basket.ts").rename(project / "web/corner.ts")
    report = glossator("index", "--root", project, "--json").json
    assert report["embedded"] == 1


def test_search_sees_changes_at_once(glossator: Cli, project: Path) -> None:
    glossator("index", "--root", project)
    (project / "shop/refund.py").write_text('def refund_customer():\n    """Give the money back."""\n', "utf-8")
    (project / "shop/checkout.py").unlink()
    assert glossator("search", "--root", project, "--json", "refund_customer").json["hits"][0]["path"] == (
        "shop/refund.py"
    )
    gone = glossator("search", "--root", project, "--json", "place_order").json["hits"]
    assert all(hit["path"] != "shop/checkout.py" for hit in gone)


def test_special_characters_in_globs_are_escaped(glossator: Cli, project: Path) -> None:
    write_tree(
        project,
        {
            "app/[id]/page.tsx": "export function cartPage() {}\n",
            "app/i/page.tsx": "export function cartOther() {}\n",
            "[id]/top.ts": "export function cartTop() {}\n",
            "odd,{name}.ts": "export function cartOdd() {}\n",
        },
    )

    def paths(*filters: str) -> set[str]:
        return {hit["path"] for hit in glossator("search", "--root", project, "--json", *filters, "cart").json["hits"]}

    assert paths("--include", r"\[id\]/**") == {"[id]/top.ts"}
    assert paths("--include", r"app/\[id\]/**") == {"app/[id]/page.tsx"}
    assert paths("--include", "app/[[]id[]]/**") == {"app/[id]/page.tsx"}
    assert paths("--include", "app/[id]/**") == {"app/i/page.tsx"}
    assert paths("--include", r"odd\,\{name\}.ts") == {"odd,{name}.ts"}
    assert not paths("--exclude", r"\[id\]/**") & {"[id]/top.ts"}


def test_uses_see_what_has_just_changed(glossator: Cli, project: Path) -> None:
    assert "no use" not in glossator("uses", "--root", project, "place_order").out
    (project / "shop/main.py").write_text("from shop.checkout import place_order\n\nplace_order()\n", "utf-8")
    assert "shop/main.py:3  place_order()" in glossator("uses", "--root", project, "place_order").out


def test_status_lists_what_was_skipped(glossator: Cli, project: Path) -> None:
    before = glossator("status", "--root", project, "--json").json
    assert before["index"]["state"] == "absent"
    glossator("index", "--root", project)
    status = glossator("status", "--root", project, "--json").json
    assert status["index"]["files"] == 8
    assert [item["path"] for item in status["index"]["skipped"]] == [".env"]
    assert ".env" in glossator("status", "--root", project, "--skipped").out


def test_forgetting_leaves_no_trace_of_a_folder_even_when_it_is_gone(glossator: Cli, project: Path) -> None:
    other = write_tree(project.parent / "other", {"a.py": "def a(): pass\n"})
    for root in (project, other):
        glossator("index", "--root", root)
    folders = {
        root: Path(glossator("status", "--root", root, "--json").json["index"]["folder"]) for root in (project, other)
    }
    old = folders[project].with_name("v1-static-0-old")
    old.mkdir()
    (old / "manifest.sqlite").write_bytes(b"x")
    shutil.rmtree(project)
    ran = glossator("forget", "--root", project, "--json")
    assert ran.status == 0, ran.err
    removed, *_ = ran.json["removed"]
    assert removed["what"] == "index"
    assert removed["path"] == str(folders[project].parent)
    assert removed["size_bytes"] > 0
    assert ran.json["kept"] == []
    assert not folders[project].parent.exists()
    assert folders[other].is_dir()
    assert glossator("forget", "--root", project, "--json").json == {"removed": [], "kept": []}


def test_forgetting_all_keeps_what_is_written_or_somebody_elses(glossator: Cli, project: Path) -> None:
    other = write_tree(project.parent / "other", {"a.py": "def a(): pass\n"})
    for root in (project, other):
        glossator("index", "--root", root)
    folders = [Path(glossator("status", "--root", root, "--json").json["index"]["folder"]) for root in (project, other)]
    indexes = folders[0].parent.parent
    foreign = write_tree(indexes, {"photos-0123456789abcdef/cat.jpg": "x", "notes.sqlite": "x", "models/a.gguf": "x"})
    lock = acquire(folders[1])
    try:
        ran = glossator("forget", "--all", "--json")
    finally:
        lock.release()
    assert ran.status == 1
    assert [Path(one["path"]) for one in ran.json["removed"]] == [folders[0].parent]
    (kept,) = ran.json["kept"]
    assert Path(kept["path"]) == folders[1].parent
    assert "is writing the index" in kept["reason"]
    assert list(indexes.glob("vectors-*.sqlite"))
    done = glossator("forget", "--all")
    assert done.status == 0, done.err
    assert {path.relative_to(foreign).as_posix() for path in indexes.rglob("*") if path.is_file()} == {
        "photos-0123456789abcdef/cat.jpg",
        "notes.sqlite",
        "models/a.gguf",
    }


def test_empty_root(glossator: Cli, tmp_path: Path) -> None:
    root = tmp_path / "empty"
    root.mkdir()
    assert glossator("index", "--root", root, "--json").json["files"] == 0
    ran = glossator("search", "--root", root, "--json", "anything")
    assert (ran.status, ran.json["hits"]) == (0, [])
    assert glossator("ask", "--root", root, "--json", "anything?").status == 0


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_interrupted_and_killed_runs_carry_on(glossator: Cli, tmp_path: Path) -> None:
    root = tmp_path / "big"
    root.mkdir()
    for number in range(600):
        body = "\n".join(f"def function_{number}_{i}(argument):\n    return argument + {i}\n" for i in range(20))
        (root / f"module_{number:03}.py").write_text(body, "utf-8")
    command = [
        sys.executable,
        "-m",
        "glossator",
        "index",
        "--index-dir",
        str(tmp_path / "indexes"),
        "--root",
        str(root),
    ]
    for kill in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 300
        # Wait until something is on disk, so that there is something to carry on from.
        while not list((tmp_path / "indexes").rglob("manifest.sqlite*")) and process.poll() is None:
            assert time.monotonic() < deadline
        process.send_signal(kill)
        _, err = process.communicate(timeout=300)
        assert "Traceback" not in err
    report = glossator("index", "--root", root, "--json")
    assert report.status == 0, report.err
    assert report.json["files"] == 600
    hits = glossator("search", "--root", root, "--json", "function_599_19").json["hits"]
    assert hits[0]["path"] == "module_599.py"


def test_two_processes_at_once(glossator: Cli, project: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glossator", "index", "--json", "--index-dir", str(tmp_path / "indexes")]
    running = [
        subprocess.Popen([*command, "--root", str(project)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=300), process.returncode) for process in running]
    assert 0 in [status for _, status in ended]
    for (_, err), status in ended:
        assert status == 0 or (status == 1 and "is writing the index" in err), err
    assert glossator("search", "--root", project, "--json", "add_tax").json["hits"]


def test_help_and_version(glossator: Cli) -> None:
    assert "explain" in glossator("--help").out
    assert re.fullmatch(r"glossator \d+\.\d+\.\d+\n", glossator("--version").out)
