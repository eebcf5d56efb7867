"""A large first index can be searched before its facts are collected: what is said meanwhile, and what comes of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Question
from glossator.answers.use_answers import use_answer_in
from glossator.answers.use_wording import uncollected_words
from glossator.errors import CancelledByUser
from glossator.index import indexer as indexing
from glossator.index import late_facts
from glossator.index.parsing import parse
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.retrieval.graph import Graph
from glossator.retrieval.resolution.source import IndexedFacts
from glossator.retrieval.uses import UseFinder
from glossator.settings import Settings
from tests.unit.indexing_faults import Bench, bench, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glossator.retrieval.use_records import SymbolUses

CALLED = "def price(item):\n    return item.cost\n"
UNUSED = "def forgotten(item):\n    return item\n"
CALLING = "from shop.prices import price\n\n\ndef total(items):\n    return sum(price(item) for item in items)\n"
COMPONENT = """<script setup lang="ts">
import { ref } from "vue";
const open = ref(false);
function toggle() { open.value = !open.value; }
</script>
<template><button @click="toggle">{{ open }}</button></template>
"""
NOTEBOOK = """{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null,
 "source": ["from shop import price\\n", "def shown(item):\\n", "    return price(item)\\n"]}],
 "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
"""
TEXTS = {
    "a.py": CALLED + CALLING,
    "a.ts": 'import { a } from "./b";\nexport class C extends a.B { run(x: Item) { return this.go(x.cost); } }\n',
    "A.java": "package p;\nimport q.B;\nclass A extends B { int run(B b) { return b.go(1, this); } }\n",
    "a.rs": "use crate::b::Go;\nimpl Go for A { fn run(&self) -> u32 { helper!(self.go(1)); self.x } }\n",
    "a.c": '#include "b.h"\n#define GO(x) go(x)\nint run(struct b *p)\n{\n#ifdef X\n\treturn GO(p->x);\n#endif\n}\n',
    "a.rb": "class A < B\n  attr_reader :x\n  def run\n    x.each { |y| go(y) }\n  end\nend\n",
    "a.hs": "module A where\nrun :: Int -> Int\nrun x = go x\n",
    "a.sql": "CREATE TABLE a (b int);\nSELECT b FROM a;\n",
    "A.vue": COMPONENT,
    "a.ipynb": NOTEBOOK,
    "package.json": '{"scripts": {"run": "node a.js"}, "main": "a.js"}\n',
    "go.mod": "module example.com/a\n",
    "a.md": "# Title\n\nSome words.\n",
    "broken.py": "def a(:\n  x = = b(\n",
}


DENIAL = re.compile(r"nothing|no other|not called|no test", re.IGNORECASE)


@pytest.mark.parametrize("path", TEXTS)
def test_entries_and_facts_apart_are_those_of_both_together(path: str) -> None:
    whole, entries, facts = (parse(path, TEXTS[path], aim=aim) for aim in ("all", "entries", "facts"))
    assert whole.collected
    assert (entries.language, entries.entries, entries.imports) == (whole.language, whole.entries, whole.imports)
    assert (entries.has_errors, entries.lines) == (whole.has_errors, whole.lines)
    found = entries if entries.collected else facts
    assert (found.facts, found.noted) == (whole.facts, whole.noted)
    if not entries.collected:
        assert not entries.facts


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(indexing, "LATER_BYTES", 0)
    with bench(tmp_path) as made:
        made.write("shop/__init__.py", "")
        made.write("shop/prices.py", CALLED)
        made.write("shop/cart.py", CALLING)
        made.write("shop/old.py", UNUSED)
        made.write("notes.md", "# Notes\n\nSome words.\n")
        yield made


def finder(project: Bench) -> UseFinder:
    def read(path: str) -> str | None:
        full = project.root / path
        return full.read_text("utf-8") if full.is_file() else None

    project.store.refresh()
    return UseFinder(IndexedFacts(project.store.facts), Graph(project.store), read)


def uses(project: Bench, name: str) -> SymbolUses:
    found = finder(project)
    return found.uses(found.symbols(name)[0])


def calls(project: Bench, name: str) -> list[tuple[str, int, str]]:
    return [(place.path, place.line, place.grade) for place in uses(project, name).places if place.kind == "call"]


def test_a_small_first_index_is_whole_at_once(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "LATER_BYTES", 1 << 20)
    project.indexer.run(facts_later=True)
    assert project.store.status().uncollected == 0
    assert calls(project, "price") == [("shop/cart.py", 5, "resolved")]


def test_nothing_is_denied_until_all_facts_are_collected(project: Bench) -> None:
    project.indexer.run(facts_later=True)
    assert project.names("shop/prices.py") == ["price"], "it can be searched"
    assert project.store.status().uncollected == 3, "an empty file and notes have no facts"
    for name in ("price", "forgotten"):
        told = uses(project, name)
        assert (told.places, told.uncollected, told.unread, told.unused) == ((), 3, 3, False)
    project.indexer.collect_facts()
    assert project.store.status().uncollected == 0
    assert calls(project, "price") == [("shop/cart.py", 5, "resolved")]
    told = uses(project, "forgotten")
    assert (told.uncollected, told.unread, told.unused) == (0, 0, True)
    assert uncollected_words(told.uncollected) == ""


@pytest.mark.parametrize("fault", ["crash", "raise"])
def test_what_a_file_may_use_whose_facts_cannot_be_collected_is_not_denied(project: Bench, fault: str) -> None:
    project.write("shop/bad.py", f"# LATE FAULT {fault}\nfrom shop.old import forgotten\n\nforgotten(1)\n")
    project.indexer.run(facts_later=True)
    project.indexer.collect_facts()
    assert project.store.status().uncollected == 0
    told = uses(project, "forgotten")
    assert [(place.path, place.line, place.grade) for place in told.places] == [("shop/bad.py", 2, "possible")]
    assert not told.unused
    assert calls(project, "price") == [("shop/cart.py", 5, "resolved")], "the others are collected"


def test_the_facts_are_those_of_one_reading(project: Bench, tmp_path: Path) -> None:
    for path, text in TEXTS.items():
        project.write(f"more/{path}", text)
    project.indexer.run(facts_later=True)
    assert project.store.status().uncollected > 10
    project.indexer.collect_facts()
    with bench(tmp_path / "other") as other:
        for path in project.store.files():
            other.write(path, (project.root / path).read_text("utf-8"))
        other.indexer.run()
        for path in other.store.files():
            assert project.store.facts.facts(path) == other.store.facts.facts(path), path
        for name in ("price", "go", "run", "toggle", "cost"):
            assert project.store.facts.noting(name) == other.store.facts.noting(name), name


def test_the_next_run_collects_what_an_interrupted_one_left(
    project: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_facts, "LATE_BATCH_FILES", 1)  # it is stopped after the first file at the latest
    project.indexer.run(facts_later=True)
    with pytest.raises(CancelledByUser):
        project.indexer.collect_facts(cancelled=lambda: True)
    project.close()
    with bench(tmp_path) as again:
        assert 0 < again.store.status().uncollected <= 3
        stages: list[str] = []
        report = again.indexer.run(lambda progress: stages.append(progress.stage))
        assert report.embedded == 0, "nothing is embedded again"
        assert stages[-1] == "collecting"
        assert again.store.status().uncollected == 0
        assert calls(again, "price") == [("shop/cart.py", 5, "resolved")]


def test_what_is_collected_while_files_change(project: Bench) -> None:
    project.indexer.run(facts_later=True)
    project.write("shop/cart.py", CALLING.replace("total", "sum_of"))
    (project.root / "shop/old.py").unlink()
    project.indexer.collect_facts()
    assert project.store.status().uncollected == 2, "these are left to the update that reads the change"
    assert uses(project, "price").uncollected == 2
    project.indexer.update([project.root / "shop/cart.py", project.root / "shop/old.py"])
    assert project.store.status().uncollected == 0
    assert calls(project, "price") == [("shop/cart.py", 5, "resolved")]


def test_a_file_replaced_meanwhile_keeps_its_new_facts(project: Bench) -> None:
    project.indexer.run(facts_later=True)
    waiting = project.store.to_collect()
    project.write("shop/cart.py", "from shop.prices import price\n\nprice(1)\n")
    project.indexer.update([project.root / "shop/cart.py"])
    project.store.collect([(revision, b"old", b"") for revision, path, _, _ in waiting if path == "shop/cart.py"])
    project.indexer.collect_facts()
    assert calls(project, "price") == [("shop/cart.py", 3, "resolved")]


def test_contents_without_facts_are_not_kept_for_a_way_back(project: Bench) -> None:
    project.indexer.run(facts_later=True)
    project.write("shop/cart.py", "total = None\n")
    project.indexer.update([project.root / "shop/cart.py"])
    project.write("shop/cart.py", CALLING)
    project.indexer.update([project.root / "shop/cart.py"])
    project.indexer.collect_facts()
    assert calls(project, "price") == [("shop/cart.py", 5, "resolved")]


def test_of_a_file_on_which_the_parser_fails_only_words_are_noted(
    project: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = project.root.parent / "crashed"
    project.write("shop/bad.py", f"# FAULT once {marker}\ndef bad():\n    return 1\n")
    marker.touch()
    project.indexer.run(facts_later=True)
    assert project.names("shop/bad.py") == ["bad"]
    marker.unlink()
    project.close()
    with bench(project.root.parent, file_timeout=1.0) as again:
        again.indexer.collect_facts()
        assert again.store.status().uncollected == 0
        assert again.names("shop/bad.py") == ["bad"], "it can be searched all the same"
        facts = again.store.facts.facts("shop/bad.py")
        assert facts is not None
        assert facts.damaged
        assert not facts.symbols
        assert {"bad", "return"} <= set(facts.names)
        assert not uses(again, "bad").unused, "nor is it denied what it defines"


def test_a_reader_sees_facts_that_come_later(project: Bench) -> None:
    project.indexer.run(facts_later=True)
    with project.open_store(write=False) as reader:
        known = IndexedFacts(reader.facts)
        assert known.facts("shop/cart.py") is None
        assert known.uncollected() == 3
        project.indexer.collect_facts()
        known = IndexedFacts(reader.facts)
        assert known.facts("shop/cart.py") is not None
        assert known.uncollected() == 0
        assert known.noting("price") == ["shop/cart.py", "shop/prices.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="workers are killed with a signal")
def test_workers_that_are_killed_lose_nothing(project: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        project.write(f"many/m{number}.py", CALLING.replace("total", f"total{number}"))
    monkeypatch.setattr(late_facts, "LATE_BATCH_FILES", 2)
    monkeypatch.setattr(late_facts, "LATE_COMMIT_SECONDS", 0.0)
    project.indexer.run(facts_later=True)
    killed: list[int] = []

    def kill(progress: indexing.Progress) -> None:
        if len(killed) < 3 and progress.files_done > 8 * len(killed):
            for pid in project.pool.pids:
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    project.indexer.collect_facts(kill)
    assert killed
    assert project.store.status().uncollected == 0
    assert len(calls(project, "price")) == 41


def test_an_open_root_is_ready_before_its_uses_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "LATER_BYTES", 0)
    root = tmp_path / "root"
    (root / "shop").mkdir(parents=True)
    (root / "shop/prices.py").write_text(CALLED, "utf-8")
    (root / "shop/cart.py").write_text(CALLING, "utf-8")
    go = threading.Event()
    real = late_facts.collect_late_facts

    def collect(*arguments: object) -> None:
        assert go.wait(600)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(indexing, "collect_late_facts", collect)
    session = Session([root], Settings(index_dir=tmp_path / "index", workers=1))
    live = RootUpdates(session.root, watch=False, on_change=lambda: None)
    try:
        wait_for(lambda: live.state().state == "ready")
        wait_for(lambda: live.state().uncollected == 2)
        assert session.root.search("price of an item", 3)
        for question in ("who calls price?", "what does total call?", "what would break if price changes?"):
            told = use_answer_in(session, Question(question))
            assert told is not None
            assert "2 files are still being collected" in told.marked
            assert not DENIAL.search(told.marked)
        for command in ("search", "uses"):  # another process's: this one is the writer
            made = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "glossator",
                    command,
                    "price",
                    "--root",
                    root,
                    "--index-dir",
                    tmp_path / "index",
                ],
                check=True,
                capture_output=True,
                encoding="utf-8",
            )
            assert "glossator: the uses in 2 files are still being collected" in made.stderr
        go.set()
        wait_for(lambda: live.state().uncollected == 0)
        snapshot = session.root.open()
        assert snapshot is not None
        found = snapshot.use_finder()
        assert [place.path for place in found.uses(found.symbols("price")[0]).resolved][-1] == "shop/cart.py"
    finally:
        go.set()
        live.close()
        session.close()
