"""The store: what is committed is found, by every way of looking for it."""

from __future__ import annotations

import asyncio
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import msgspec
import numpy as np
import pytest

from glossator.errors import StoreError, StoreLockedError
from glossator.index import store_reading
from glossator.index.globs import literal_glob
from glossator.index.manifest import ORDINAL_BITS, SCHEMA_VERSION, Manifest
from glossator.index.store import Filter, Store
from glossator.index.table import Table
from glossator.index.vectors import VectorCache, cache_path
from tests.unit.store_samples import DIMENSIONS, EMBEDDER, entry, open_store, unit, update

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path

    from glossator.index.table import Lance

ALL = Filter()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "root-1" / "v1-sample"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with open_store(folder) as opened:
        yield opened


def names(store: Store, found: Sequence[tuple[int, float] | tuple[int, float, str]]) -> list[str]:
    return [item.name for item in store.entries([hit[0] for hit in found])]


def test_commit_is_found_by_text_vector_and_name(store: Store) -> None:
    store.commit([update("a/x.py", entry("alpha", references=("beta", "gamma")), entry("beta", 10), terms="shared")])
    assert names(store, store.text_search(["alpha"], 5, ALL)) == ["alpha"]
    assert set(names(store, store.text_search(["shared"], 5, ALL))) == {"alpha", "beta"}
    [(number, score), *_] = store.vector_search(unit("beta"), 5, ALL)
    assert store.entries([number])[0].name == "beta"
    assert score == pytest.approx(1.0, abs=1e-3)
    assert [item.name for item in store.named("alpha")] == ["alpha"]
    assert store.reference_counts(["gamma"])["gamma"] == 1
    assert store.reference_counts(["beta", "unknown"]) == {"beta": 1, "unknown": 0}
    assert store.references_of(store.named("alpha")[0].id) == ("beta", "gamma")
    assert store.document_frequencies(["shared", "alpha", "none"]) == {"shared": 2, "alpha": 1, "none": 0}
    assert store.vectors([number])[number] == pytest.approx(unit("beta"), abs=1e-3)


def test_frequencies_are_kept_until_a_commit_and_not_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_reading, "KEPT_FREQUENCIES", 10)
    store.commit([update("x.py", entry("alpha"), terms="shared")])
    assert store.document_frequencies(["shared", "none"]) == {"shared": 1, "none": 0}
    assert store._frequencies[1] == {"shared": 1, "none": 0}
    store.commit([update("y.py", entry("beta"), terms="shared none")])
    assert store.document_frequencies(["shared", "none"]) == {"shared": 2, "none": 1}
    for number in range(30):
        assert store.document_frequencies([f"t{number}", "shared"]) == {f"t{number}": 0, "shared": 2}
        assert len(store._frequencies[1]) <= 12


def test_entries_come_in_the_order_of_their_ids_in_the_question(store: Store) -> None:
    store.commit([update("x.py", *(entry(f"n{number}", number + 1) for number in range(9)))])
    first = store.named("n0")[0].id
    asked = [first + number for number in (7, 2, 5, 2)]
    assert [one.name for one in store.entries([asked[0], 999 << ORDINAL_BITS, *asked[1:]])] == ["n7", "n2", "n5", "n2"]


def test_references_to_some_definitions_are_those_to_all_rare_ones_that_are_among_them(store: Store) -> None:
    using = entry("using", references=("rare", "twice", "common", "unknown", "elsewhere"))
    store.commit([update("a.py", using, entry("rare", 5), entry("twice", 6), entry("common", 7))])
    store.commit([update("b.py", entry("twice", references=("rare",)), entry("common", 5), entry("elsewhere", 6))])
    store.commit([update("c.py", entry("common"), entry("alone", 5))])
    ids = {(one.path, one.name): one.id for path in ("a.py", "b.py", "c.py") for one in store.entries_in(path)}
    everything = store.rare_homes(ids.values())
    wanted = [ids["a.py", "rare"], ids["b.py", "twice"], ids["c.py", "common"]]
    found = store.references_among(ids.values(), wanted)
    assert found == {
        ids["a.py", "using"]: {ids["a.py", "rare"], ids["b.py", "twice"]},
        ids["b.py", "twice"]: {ids["a.py", "rare"]},
    }
    assert found == {number: homes & set(wanted) for number, homes in everything.items() if homes & set(wanted)}
    assert store.references_among(ids.values(), wanted[2:]) == store.references_among(ids.values(), []) == {}
    told = store.references_of_all([*ids.values(), 999 << ORDINAL_BITS])
    assert {number: names for number, names in told.items() if names} == {
        ids["a.py", "using"]: ("rare", "twice", "common", "unknown", "elsewhere"),
        ids["b.py", "twice"]: ("rare",),
    }


def test_replacing_and_deleting(store: Store) -> None:
    store.commit([update("x.py", entry("old", references=("beta",))), update("y.py", entry("other"))])
    store.commit([update("x.py", entry("new", references=("gamma",)), revision=1)], deleted=["y.py", "unknown.py"])
    assert list(store.files()) == ["x.py"]
    assert store.text_search(["old"], 5, ALL) == []
    assert store.text_search(["other"], 5, ALL) == []
    assert names(store, store.text_search(["new"], 5, ALL)) == ["new"]
    assert store.named("old") == []
    assert store.reference_counts(["beta"])["beta"] == 0
    assert store.reference_counts(["gamma"])["gamma"] == 1
    assert store.document_frequencies(["old", "new"]) == {"old": 0, "new": 1}
    assert store.status().entries == 1


def test_large_commits_are_counted_by_maintain(store: Store) -> None:
    files = [update(f"f{n}.py", *(entry(f"n{n}x{k}", references=("common",)) for k in range(20))) for n in range(40)]
    store.commit([replace(item, terms=tuple(f"{text} twice twice" for text in item.terms)) for item in files])
    store.commit([], deleted=["f0.py"])
    store.maintain()
    assert store.document_frequencies(["twice", "n0x1", "n1x1"]) == {"twice": 780, "n0x1": 0, "n1x1": 1}
    assert store.reference_counts(["common"])["common"] == 780
    store.commit([], deleted=["f1.py"])
    assert store.document_frequencies(["twice", "n1x1"]) == {"twice": 760, "n1x1": 0}
    assert store.reference_counts(["common"])["common"] == 760


def test_compacting_keeps_names_whose_uses_are_not_counted_yet(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([update("a.py", entry("a"))])
    large = [update(f"f{n}.py", *(entry(f"n{n}x{k}", references=("common",)) for k in range(20))) for n in range(40)]
    compact = Manifest.compact

    def compact_after_a_commit(manifest: Manifest, *, full: bool = False) -> None:
        store.commit(large)
        compact(manifest, full=full)

    monkeypatch.setattr(Manifest, "compact", compact_after_a_commit)
    store.maintain(full=True)
    monkeypatch.undo()
    store.commit([update("b.py", entry("b", references=("later",)))])
    store.maintain()
    assert store.reference_counts(["common", "later"]) == {"common": 800, "later": 1}


def test_rows_added_after_the_indexes_are_found_at_once(store: Store) -> None:
    store.commit([update(f"f{n}.py", *(entry(f"n{n}x{k}") for k in range(30)), terms="old") for n in range(40)])
    store.maintain(full=True)
    store.commit([update("new.py", entry("newcomer"), terms="fresh"), update("f1.py", entry("changed"), terms="old")])
    assert names(store, store.text_search(["fresh"], 5, ALL)) == ["newcomer"]
    assert names(store, store.text_search(["newcomer"], 5, ALL)) == ["newcomer"]
    assert names(store, store.vector_search(unit("changed"), 1, ALL)) == ["changed"]
    assert store.text_search(["n1x3"], 5, ALL) == []
    [found] = store.entries([store.text_search(["n2x3"], 1, ALL)[0][0]])
    assert (found.name, found.path) == ("n2x3", "f2.py")


def test_manifest_keeps_what_it_is_told(store: Store) -> None:
    plain = update("x.py", entry("a"), language="rust")
    record = replace(plain.record, imports=("os", 'a "quoted" one'), has_errors=True)
    skipped = update("big.bin")
    skipped = replace(skipped, record=replace(skipped.record, skipped="larger than 2 MiB", lines=0))
    store.commit([replace(plain, record=record), skipped])
    assert store.files() == {"x.py": record, "big.bin": skipped.record}
    status = store.status()
    assert (status.files, status.entries, status.symbols, status.lines) == (1, 1, 1, 10)
    assert [(item.path, item.reason) for item in status.skipped] == [("big.bin", "larger than 2 MiB")]
    assert status.size_bytes > 10_000
    store.touch([replace(record, size=7, mtime_ns=8, ctime_ns=9, content_hash=b"ignored")])
    assert store.files()["x.py"] == replace(record, size=7, mtime_ns=8, ctime_ns=9)


def test_files_without_entries_need_no_table(store: Store) -> None:
    store.commit([update("empty.py")])
    store.maintain(full=True)
    assert store.text_search(["a"], 5, ALL) == store.vector_search(unit("a"), 5, ALL) == []
    assert store.vectors([1]) == {}
    assert store.entries([1]) == store.entries_in("empty.py") == store.entries_in("none.py") == []
    assert store.entry_at("empty.py", 1) is None
    store.commit([], deleted=["empty.py"])
    assert store.files() == {}


def test_places(store: Store) -> None:
    outer = entry("Outer", 1, kind="class", lines=30)
    inner = entry("inner", 5, kind="method", qualified_name="Outer.inner", parent=0, lines=10)
    window = msgspec.structs.replace(inner, part=1, start_line=5, end_line=9, references=("deep",))
    block = entry("", 31, kind="block", qualified_name="", lines=3)
    store.commit([update("x.py", outer, inner, window, block)])
    found = store.entries_in("x.py")
    assert [item.part for item in found] == [0, 0, 1, 0]
    assert found[1].parent == found[0].id
    for line, name in {1: "Outer", 5: "inner", 14: "inner", 15: "Outer", 32: ""}.items():
        at = store.entry_at("x.py", line)
        assert at is not None
        assert at.name == name
        assert at.part == 0
    assert store.entry_at("x.py", 99) is None
    # What only a window mentions is the definition's.
    assert store.references_of(found[1].id) == ("deep",)


def test_filters_apply_before_the_search(store: Store) -> None:
    crowd = [update(f"crowd/deep/c{n}.py", *(entry(f"c{n}x{k}") for k in range(30)), terms="word") for n in range(20)]
    lone = update('lone/it\'s "odd" [x].go', entry("lone", kind="struct"), language="go", terms="word " + "pad " * 50)
    store.commit([*crowd, lone])
    for where in (
        Filter(include=("lone",)),
        Filter(include=("lone/**",)),
        Filter(include=("*.go",)),
        Filter(exclude=("crowd",)),
        Filter(exclude=("c*.py",)),
        Filter(languages=("Go",)),
        Filter(kinds=("struct",)),
        Filter(include=("*.{go,rs}",), kinds=("struct", "enum"), languages=("go", "python")),
    ):
        for _ in range(2):
            assert names(store, store.text_search(["word"], 3, where)) == ["lone"], where
            assert names(store, store.vector_search(unit("c1x1"), 3, where)) == ["lone"], where
        store.maintain(full=True)
    for where in (
        Filter(include=("nowhere/**",)),
        Filter(languages=("cobol",)),
        Filter(kinds=("union",)),
        Filter(include=("lone",), exclude=("*.go",)),
    ):
        assert store.text_search(["word"], 3, where) == store.vector_search(unit("c1x1"), 3, where) == []
    assert len(store.text_search(["word"], 700, Filter(include=("**",)))) == 601
    scattered = Filter(include=tuple(f"c{n}.py" for n in range(0, 20, 2)))
    assert len(store.text_search(["word"], 700, scattered)) == 300
    most = Filter(exclude=tuple(f"c{n}.py" for n in range(0, 20, 2)))
    assert len(store.vector_search(unit("q"), 700, most)) == 301
    named = Filter(include=("/crowd/deep/c3.py", "/crowd/deep/c1.py"))
    assert len(store.text_search(["word"], 700, named)) == len(store.vector_search(unit("q"), 700, named)) == 60


def test_files_that_are_given_are_not_looked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([update("a/b [x].py", entry("one")), update("a/c.py", entry("two")), update("d.py", entry("three"))])
    scopes = [("/a/c.py", literal_glob("a/b [x].py")), ("/d.py",), ("/a",), ("/a", "/d.py"), ("/a/c.py", "/nowhere.py")]
    expected = [{"one", "two"}, {"three"}, {"one", "two"}, {"one", "two", "three"}, {"two"}]
    for include, wanted in zip(scopes, expected, strict=True):
        found = store.vector_search(unit("one"), 9, Filter(include=include))
        assert set(names(store, found)) == wanted, include
    store.commit([update("d.py", entry("four"))])
    monkeypatch.setattr(store_reading, "matcher", None)
    revisions = {one.path: one.revision for one in store.summaries()}
    for paths, wanted in (("a/b [x].py", "a/c.py"), {"one", "two"}), (("d.py",), {"four"}):
        where = Filter(include=("/nowhere",), files=tuple(revisions[path] for path in paths))
        assert set(names(store, store.vector_search(unit("one"), 9, where))) == wanted


def test_named(store: Store) -> None:
    store.commit(
        [
            update(
                "pkg/net/sessions.py",
                entry("Session", kind="class"),
                entry("close", 10, kind="method", qualified_name="Session.close", parent=0),
                entry("close", 10, kind="method", qualified_name="Session.close", parent=0, part=1),
            ),
            update("pkg/net/__init__.py", entry("Close"), entry("open_all", 20)),
            update("docs.md", entry("How to close", kind="section", qualified_name="Guide > How to close")),
        ]
    )

    def places(name: str) -> list[tuple[str, str]]:
        return [(item.path, item.qualified_name) for item in store.named(name)]

    method = ("pkg/net/sessions.py", "Session.close")
    assert places("close") == [method, ("pkg/net/__init__.py", "Close")]
    assert set(places("CLOSE")) == {method, ("pkg/net/__init__.py", "Close")}
    for name in (
        "Session.close",
        "Session::close",
        "session.CLOSE",
        "sessions.Session.close",
        "pkg.net.sessions.Session.close",
    ):
        assert places(name) == [method], name
    assert places("net.open_all") == [("pkg/net/__init__.py", "open_all")]
    assert places("other.open_all") == []
    assert places("How to close") == [("docs.md", "Guide > How to close")]
    assert places("") == places("  ") == places(".") == places("nothing") == []
    assert len(store.named("close", limit=1)) == 1
    assert [one.name for one in store.named("close", any_case=False)] == ["close"]
    assert {one.name for one in store.named("CLOSE", any_case=False)} == {"close", "Close"}
    assert [one.name for one in store.named("session.CLOSE", any_case=False)] == ["close"]


def test_names_like_ranks_by_likeness(store: Store) -> None:
    wanted = ["getSym", "getsym", "getSymbolCount", "GetSymmetry", "forgetSymbol", "gentleEasySym", "get_sym", "target"]
    store.commit([update("x.py", *(entry(name, 10 * line) for line, name in enumerate(reversed(wanted))))])

    def found(pattern: str) -> list[str]:
        return [item.name for item in store.names_like(pattern)]

    assert found("getSym") == [
        "getSym",
        "getsym",
        "getSymbolCount",
        "GetSymmetry",
        "get_sym",
        "forgetSymbol",
        "gentleEasySym",
    ]
    assert found("gsc") == ["getSymbolCount"]
    assert found("100%") == found("") == found("%") == found("_x_") == []
    assert found("get_") == ["get_sym"]
    assert [item.name for item in store.names_like("get", limit=2)] == ["getSym", "getsym"]


def test_names_like_with_scope(store: Store) -> None:
    store.commit(
        [
            update(
                "x.py",
                entry("close", qualified_name="Session.close"),
                entry("close", 20, qualified_name="File.close"),
            )
        ]
    )
    assert [item.qualified_name for item in store.names_like("sess.clo")] == ["Session.close"]
    assert len(store.names_like("clo")) == 2


STRANGE = [
    "it's.py",
    'say "hi".py',
    "new\nline.py",
    "tab\tand;semi--.py",
    "日本語/ファイル.py",
    "emoji 🙂.py",
    "%_like*[x]{y}.py",
    "lone-\udce9-surrogate.py",
    "x" * 250 + ".py",
    "back\\slash.py",
]


def test_strange_paths_and_names(store: Store, folder: Path) -> None:
    store.commit([update(path, entry(f"n{n}'\"\n%🙂")) for n, path in enumerate(STRANGE)])
    store.commit([update(path, entry(f"m{n}'\"\n%🙂"), revision=1) for n, path in enumerate(STRANGE)])
    assert set(store.files()) == set(STRANGE)
    for n, path in enumerate(STRANGE):
        [found] = store.entries_in(path)
        assert (found.name, found.path) == (f"m{n}'\"\n%🙂", path)
        assert [item.path for item in store.named(f"m{n}'\"\n%🙂")] == [path]
        assert [item.path for item in store.names_like(f"m{n}'")] == [path]
    store.commit([], deleted=STRANGE)
    assert store.files() == {}
    assert store.status().entries == 0


def test_lone_surrogates_in_texts_do_no_harm(store: Store) -> None:
    odd = entry("a\ud800b", doc="x\udfff", signature="\ud801", references=("c\ud802",))
    store.commit([update("x.py", odd, terms="y\ud803")])
    [found] = store.entries_in("x.py")
    assert found.name == "a?b"
    assert [item.id for item in store.named("a\ud800b")] == [found.id]
    assert store.reference_counts(["c\ud802"])["c\ud802"] == 1


@pytest.mark.parametrize(
    "terms",
    [[], [""], ["  "], ["(a OR b) AND -c"], ['"quoted', "it's"], ["x*", "y~2", "a:b", "^1"], ["w" * 100_000], ["\0"]],
)
def test_operators_and_odd_terms_are_only_terms(store: Store, terms: list[str]) -> None:
    store.commit([update("x.py", entry("alpha"))])
    assert store.text_search(terms, 5, ALL) == []


def test_many_terms_are_cut_to_the_rarest(store: Store) -> None:
    store.commit(
        [update("x.py", *(entry(f"n{k}", 10 * k) for k in range(100)), terms=" ".join(f"w{k}" for k in range(500)))]
    )
    terms = [*(f"w{k}" for k in range(500)), *(f"unknown{k}" for k in range(100_000)), "n7"]
    assert names(store, store.text_search(terms, 1, ALL)) == ["n7"]


def test_limits(store: Store) -> None:
    store.commit([update("x.py", entry("alpha"))])
    assert store.text_search(["alpha"], 0, ALL) == store.vector_search(unit("alpha"), 0, ALL) == []
    assert len(store.vector_search(unit("alpha"), 1000, ALL)) == 1
    assert len(store.vector_search(np.zeros(DIMENSIONS, np.float32), 5, ALL)) == 1


def test_one_writer_and_readers(store: Store, folder: Path) -> None:
    with pytest.raises(StoreLockedError, match=rf"process {os.getpid()} on "):
        open_store(folder)
    store.commit([update("x.py", entry("alpha"))])
    with open_store(folder, write=False) as reader:
        assert len(reader.text_search(["alpha"], 5, ALL)) == 1
        store.commit([update("y.py", entry("beta"))])
        reader.refresh()
        assert len(reader.text_search(["beta"], 5, ALL)) == 1
        store.maintain(full=True)
        # The table that the reader has open is gone, which it notices by itself.
        assert len(reader.text_search(["alpha"], 5, ALL)) == 1
        store.commit([update("z.py", entry("gamma"))])
        reader.refresh()
        assert len(reader.vector_search(unit("gamma"), 9, ALL)) == 3
        for write in (lambda: reader.commit([update("w.py")]), reader.maintain, lambda: reader.touch([])):
            with pytest.raises(StoreError, match="for reading only"):
                write()
    store.close()
    open_store(folder).close()


def test_no_index_yet_and_another_embedder(folder: Path) -> None:
    with pytest.raises(StoreError, match="no index"):
        open_store(folder, write=False)
    open_store(folder).close()
    for embedder, dimensions in ((EMBEDDER, 8), ("other", DIMENSIONS)):
        with pytest.raises(StoreError, match="was made with"):
            Store.open(folder, embedder_id=embedder, dimensions=dimensions, write=True)
    open_store(folder).close()


def test_closed_store_says_so(folder: Path) -> None:
    store = open_store(folder)
    store.commit([update("x.py", entry("alpha"))])
    store.close()
    store.close()
    for use in (lambda: store.text_search(["alpha"], 1, ALL), lambda: store.named("alpha"), store.files):
        with pytest.raises(StoreError, match="closed"):
            use()


def test_searches_in_threads_while_committing(store: Store) -> None:
    store.commit([update(f"f{n}.py", *(entry(f"n{n}x{k}") for k in range(20)), terms="word") for n in range(20)])

    def search(turn: int) -> int:
        found = store.text_search(["word"], 10, ALL)
        return len(found) + len(store.vector_search(unit(f"n{turn}x1"), 10, ALL)) + len(store.named(f"n{turn}x1"))

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search, turn % 20) for turn in range(60)]
        for turn in range(15):
            store.commit([update(f"more{turn}.py", entry(f"more{turn}"), terms="word")])
            if turn % 5 == 4:
                store.maintain(full=True)
        assert [future.result() for future in searches] == [21] * 60
    assert len(store.text_search(["word"], 999, ALL)) == 415


def test_commits_while_the_table_is_written_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([update(f"f{n}.py", entry(f"n{n}"), terms="word") for n in range(30)])
    from glossator.index.table import Table

    index = Table.index

    def commit_meanwhile(table: Table) -> None:
        index(table)
        store.commit(
            [update("f1.py", entry("changed"), terms="word"), update("new.py", entry("new"))], deleted=["f2.py"]
        )
        store.commit([update("new.py", entry("newer"), terms="word")])

    monkeypatch.setattr(Table, "index", commit_meanwhile)
    store.maintain(full=True)
    found = names(store, store.text_search(["word"], 99, ALL))
    assert sorted(found) == sorted(["changed", "newer", *(f"n{n}" for n in range(30) if n not in (1, 2))])
    assert len(store.vector_search(unit("x"), 99, ALL)) == len(found)
    assert store.files()["f1.py"].size != -1


def test_vectors_are_known_to_other_roots(tmp_path: Path) -> None:
    one = update("x.py", entry("alpha"))
    with open_store(tmp_path / "root-1" / "v1") as first:
        first.commit([one])
    known = VectorCache(cache_path(tmp_path, EMBEDDER), DIMENSIONS).get([*one.keys, b"unknown"])
    assert list(known) == list(one.keys)
    assert known[one.keys[0]] == pytest.approx(one.vectors[0])


def test_folder_is_private_and_named_after_root_format_and_embedder(tmp_path: Path) -> None:
    folder = Store.folder_for(tmp_path / "cache", tmp_path / "My Project", "static/1")
    assert folder.parent.name.startswith("My_Project")
    assert folder.name.startswith(f"v{SCHEMA_VERSION}-static_1")
    assert folder == Store.folder_for(tmp_path / "cache", tmp_path / "x" / ".." / "My Project", "static/1")
    assert folder != Store.folder_for(tmp_path / "cache", tmp_path / "My Project", "static_1")
    assert folder.parent != Store.folder_for(tmp_path / "cache", tmp_path / "Other" / "My Project", "static/1").parent
    with open_store(folder) as store:
        store.commit([update("x.py", entry("a"))])
    if os.name == "posix":
        for made in (tmp_path / "cache", folder.parent, folder):
            assert stat.S_IMODE(made.stat().st_mode) == 0o700
        for cache in (tmp_path / "cache").glob("vectors-*"):
            assert stat.S_IMODE(cache.stat().st_mode) == 0o600


def test_after_a_commit_of_its_own_a_process_does_not_read_all_files(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit([update("x.py", entry("alpha")), update("y.py", entry("beta"), entry("gamma", 10))])
    known = store._live()
    assert sorted(known.values()) == [1, 2]
    with monkeypatch.context() as patch:
        patch.delattr(Manifest, "with_entries")
        store.commit([update("x.py", entry("delta")), update("empty.py")], ["y.py"])
        revisions = store._live()
        gone, fresh = store.summaries_since(known)
        assert (sorted(gone), fresh) == (sorted(known), store.summaries())
    assert revisions == store._manifest.with_entries()
    assert sorted(known.values()) == [1, 2], "who has asked before goes on with that state"
    assert [one.path for one in store.summaries()] == ["x.py"]
    store.commit([update("z.py", entry("epsilon"))])  # two commits, the first of which nobody asked about
    store.commit([], ["x.py"])
    assert store._live() == store._manifest.with_entries()
    gone, fresh = store.summaries_since(revisions)
    assert (gone, [one.path for one in fresh]) == (list(revisions), ["z.py"])


def test_after_a_commit_of_an_eighth_of_the_files_only_these_are_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.index.store_reading.FEW_SUMMARIES", 0)
    store.commit([update(f"f{number}.py", entry(f"n{number}")) for number in range(40)])
    known = [one.revision for one in store.summaries()]
    with monkeypatch.context() as patch:
        patch.delattr(Manifest, "file_columns")
        store.commit([update(f"f{number}.py", entry(f"m{number}")) for number in range(4)])
        gone, fresh = store.summaries_since(known)
        assert len(gone) == 4
        assert [one.path for one in fresh] == [f"f{number}.py" for number in range(4)]
    store.commit([update(f"f{number}.py", entry(f"k{number}")) for number in range(20)])
    gone, fresh = store.summaries_since(known)
    assert len(gone) == 20
    assert fresh == [one for one in store.summaries() if one.revision not in known]


def test_what_is_skipped_is_read_again_after_changes_of_such_files_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = update("large.py")
    large = replace(large, record=replace(large.record, skipped="larger than 2 MiB", lines=0))
    store.commit([update("x.py", entry("alpha"))])
    assert store.skipped() == []
    store.commit([large])
    assert store.skipped() == [("large.py", "larger than 2 MiB")]
    with monkeypatch.context() as patch:
        patch.delattr(Manifest, "skipped")
        store.commit([update("x.py", entry("beta")), update("y.py")])
        assert [one.path for one in store.status().skipped] == ["large.py"]
    store.commit([update("z.py")])  # two commits, the first of which nobody asked about
    store.commit([update("large.py", entry("gamma"))])
    assert store.skipped() == []
    store.commit([large])
    store.commit([update("z.py", entry("delta"))])
    assert store.skipped() == [("large.py", "larger than 2 MiB")]
    store.commit([], ["large.py"])
    assert store.skipped() == []


def test_summaries_and_terms_by_prefix(store: Store) -> None:
    store.commit([update("x.py", entry("alpha"), entry("alphabet", 10)), update("empty.py")])
    [summary] = store.summaries()
    revisions = [summary.revision]
    assert revisions == [store.named("alpha")[0].id >> 20]
    assert (summary.path, summary.language, summary.lines) == ("x.py", "python", 20)
    assert len(store.centroids(revisions)[summary.revision]) == 2 * DIMENSIONS
    assert store.summaries_since(revisions) == ([], [])
    assert store.summaries_since([]) == ([], [summary])
    assert store.terms_from("alph") == {"alpha", "alphabet"}
    before = store.changes()
    store.commit([update("y.py", entry("beta"))])
    assert store.changes() > before
    assert store.entry_count() == 3


def test_a_search_sees_what_its_process_commits_meanwhile(store: Store) -> None:
    store.commit([update("x.py", entry("alpha"))])
    with store.as_of_now():
        assert names(store, store.text_search(["alpha"], 5, ALL)) == ["alpha"]
        store.commit([update("y.py", entry("beta"))])
        assert names(store, store.text_search(["beta"], 5, ALL)) == ["beta"]
        assert names(store, store.vector_search(unit("beta"), 1, ALL)) == ["beta"]
        assert store.document_frequencies(["beta"]) == {"beta": 1}


def test_a_search_does_not_ask_again_and_again_what_others_have_committed(
    folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit([update("x.py", entry("alpha"))])
    with open_store(folder, write=False) as reader:
        assert reader.document_frequencies(["beta"]) == {"beta": 0}
        assert reader.vector_search(unit("beta"), 1, ALL)
        with reader.as_of_now(), monkeypatch.context() as patched:
            patched.setattr(Manifest, "position", lambda _: pytest.fail("the index is asked for its position"))
            assert names(reader, reader.text_search(["alpha"], 5, ALL)) == ["alpha"]
            assert reader.vector_search(unit("alpha"), 1, ALL)
            changes = reader.changes()
        store.commit([update("y.py", entry("beta"))])
        assert reader.changes() > changes
        assert reader.document_frequencies(["beta"]) == {"beta": 1}
        assert names(reader, reader.vector_search(unit("beta"), 1, ALL)) == ["beta"]


def test_names_that_nothing_has_are_told_from_those_that_something_has(store: Store) -> None:
    store.commit([update("x.py", entry("Straße"), entry("run", 10), entry("a block", 20, kind="block"))])
    asked = ["Straße", "STRASSE", "Run", "walk", "x.run", "x.walk", "", "\ud800"]
    assert store.unnamed(asked) == {"walk", "", "\ud800"}
    assert store.unnamed([]) == set()


@pytest.mark.parametrize("maintained", [False, True])
def test_the_terms_of_the_first_entry_of_a_file(store: Store, maintained: bool) -> None:
    files = [update(f"{name}.py", entry(name), entry("other", 10), terms=f"t{name}") for name in "abcdefg"]
    store.commit([*files[::-1], update("empty.py")])
    if maintained:
        store.maintain(full=True)
    store.commit([update("a.py", entry("z"), revision=1)])
    revisions = {one.path: one.revision for one in store.summaries()}
    found = store.first_terms([*revisions.values(), 999, 10**6])
    terms = {number: one.segment.texts([one.row]).terms[0] for number, one in found.items()}
    expected = {revisions[f"{name}.py"]: f"{name} t{name}" for name in "bcdefg"}
    assert terms == {**expected, revisions["a.py"]: "z"}
    assert store.first_terms([]) == {}


@pytest.mark.parametrize("count", [3, 300])
def test_names_are_known_again_after_memory_was_given_back(store: Store, count: int) -> None:
    store.commit([update("a.py", entry("alpha", references=("beta",)), *(entry(f"n{n}", n) for n in range(count)))])
    store.release_memory()
    assert not store._manifest._names
    store.commit([update("b.py", entry("beta"), *(entry(f"n{n}", n) for n in range(count + 1)))])
    assert [one.path for one in store.named("n1")] == ["a.py", "b.py"]
    assert [one.path for one in store.named(f"n{count}")] == ["b.py"]
    assert store.reference_counts(["beta"]) == {"beta": 1}


def test_a_failed_index_of_a_column_waits_for_the_others() -> None:
    ended: list[str] = []

    class Handle:
        async def create_index(self, column: str, config: object) -> None:
            if column == "file":
                raise OSError("no space left")
            await asyncio.sleep(0)
            ended.append(column)

    class Running:
        def run(self, start: Callable[[], Coroutine[Any, Any, None]]) -> None:
            asyncio.run(start())

    with pytest.raises(OSError, match="no space left"):
        Table(cast("Lance", Running()), 1, handle=Handle()).index()
    assert sorted(ended) == ["id", "kind", "language"]
