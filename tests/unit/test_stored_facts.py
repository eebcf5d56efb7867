"""The facts in a store are those of the newest state of each file, by path and by name, whatever happened before."""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

import pytest

from glossator.errors import StoreError
from glossator.index import fact_tables, store
from glossator.index.facts import decode_facts, encode_facts, make_facts, name_hash
from glossator.index.manifest import SCHEMA_VERSION
from glossator.retrieval.resolution.source import IndexedFacts
from tests.unit.indexing_faults import bench, functions
from tests.unit.store_samples import entry, facts, open_store, update, with_facts

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.index.facts import PackedMention
    from glossator.index.records import FileUpdate
    from glossator.index.store import Store

TWINS = ("plumless", "buckeroo")
"""Two names with the same hash."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "root-1" / "v1-sample"


def state(path: str, *names: str, defined: str = "", revision: int = 0) -> FileUpdate:
    """A file that mentions these names."""
    known = facts(*([defined] if defined else []), mentions={name: [revision + 1] for name in names})
    return with_facts(update(path, entry("only"), revision=revision), known)


def lines_of(known: IndexedFacts | Store, path: str, name: str) -> list[int]:
    found = known.facts(path) if isinstance(known, IndexedFacts) else known.facts.facts(path)
    return [mention.line for mention in found.mentions_of(name)] if found is not None else []


def rows(folder: Path, table: str) -> int:
    connection = sqlite3.connect(folder / "manifest.sqlite")
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()


def test_a_new_state_replaces_the_old_one(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state("a.py", "get", "old"), state("b.py", "get")])
        assert stored.facts.noting("get") == ["a.py", "b.py"]
        assert lines_of(stored, "a.py", "get") == [1]
        stored.commit([state("a.py", "get", "new", revision=6)])
        assert stored.facts.noting("get") == ["a.py", "b.py"]
        assert stored.facts.noting("old") == []
        assert stored.facts.noting("new") == ["a.py"]
        assert lines_of(stored, "a.py", "get") == [7]
        stored.commit([], ["b.py"])
        assert stored.facts.noting("get") == ["a.py"]
        assert stored.facts.facts("b.py") is None
        assert "b.py" not in stored.facts.paths()


def test_definitions_and_imports_are_noted_too(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([with_facts(update("a.py", entry("f")), facts("f", imports=["Session"]))])
        assert stored.facts.noting("f") == ["a.py"]
        assert stored.facts.noting("Session") == ["a.py"]


def test_a_file_without_entries_or_facts_is_a_path_all_the_same(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([update("package/__init__.py"), state("package/a.py", "x")])
        assert stored.facts.paths().ending("package/__init__.py") == ["package/__init__.py"]
        assert stored.facts.facts("package/__init__.py") is None
        assert stored.facts.facts("missing.py") is None
        stored.commit([state("package/__init__.py", "x")])
        assert stored.facts.noting("x") == ["package/__init__.py", "package/a.py"]
        assert stored.facts.facts("package/__init__.py") is not None


def test_another_process_sees_each_commit(folder: Path) -> None:
    with open_store(folder) as writer:
        writer.commit([state("a.py", "get")])
        with open_store(folder, write=False) as reader:
            assert reader.facts.noting("get") == ["a.py"]
            assert lines_of(reader, "a.py", "get") == [1]
            writer.commit([state("a.py", "get", revision=3), state("b.py", "get")])
            assert lines_of(IndexedFacts(reader.facts), "a.py", "get") == [4]
            assert reader.facts.noting("get") == ["a.py", "b.py"]
            writer.commit([state("c.py", "post")], ["a.py"])
            # Without a look at the newest commit, what is gone may be kept, and what is new is found all the same.
            old = reader.facts.facts("a.py", fresh=False)
            assert old is None or [mention.line for mention in old.mentions_of("get")] == [4]
            assert reader.facts.facts("c.py", fresh=False) is not None
            assert reader.facts.facts("a.py") is None
            assert sorted(reader.facts.paths()) == ["b.py", "c.py"]


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_commits(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(fact_tables, "STALE_REVISIONS", 3)
    monkeypatch.setattr(fact_tables, "NOTED_AT_ONCE", 5)
    monkeypatch.setattr("glossator.index.manifest.NOTE_AT", 4)
    monkeypatch.setattr(store, "DERIVE_LATER", 8)
    chance = random.Random(seed)
    names = [f"name{number}" for number in range(40)]
    expected: dict[str, tuple[int, set[str]]] = {}
    with open_store(folder) as stored, open_store(folder, write=False) as reader:
        for turn in range(60):
            changed = chance.sample(range(30), chance.choice([0, 1, 1, 2, 12]))
            updates = []
            for number in changed:
                used = set(chance.sample(names, chance.randrange(6)))
                expected[f"d{number % 4}/f{number}.py"] = (turn, used)
                updates.append(state(f"d{number % 4}/f{number}.py", *used, defined=f"own{number}", revision=turn))
            gone = chance.sample(sorted(expected), min(len(expected), chance.choice([0, 0, 1, 4])))
            gone = [path for path in gone if path not in {item.record.path for item in updates}]
            for path in gone:
                del expected[path]
            stored.commit(updates, gone)
            if chance.random() < 0.4:
                stored.maintain(full=chance.random() < 0.4)
            for known in (stored, reader):
                for name in chance.sample(names, 5):
                    paths = sorted(path for path, (_, used) in expected.items() if name in used)
                    assert known.facts.noting(name) == paths, (turn, name)
                    for path in paths:
                        assert lines_of(known, path, name) == [expected[path][0] + 1]
                assert sorted(known.facts.paths()) == sorted(expected)
                many = known.facts.facts_of_many([*expected, "missing.py"])
                assert many.keys() == expected.keys()
        stored.maintain(full=True)
        for number in range(30):
            path = f"d{number % 4}/f{number}.py"
            assert stored.facts.noting(f"own{number}") == ([path] if path in expected else [])


def test_names_of_removed_states_disappear(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_tables, "STALE_REVISIONS", 0)
    monkeypatch.setattr("glossator.index.manifest.NOTE_AT", 1)
    with open_store(folder) as stored:
        for turn in range(5):
            stored.commit([state("a.py", *(f"turn{turn}name{number}" for number in range(20)), revision=turn)])
            stored.maintain()
        assert rows(folder, "noted") == 100
        stored.maintain(full=True)
        assert rows(folder, "noted") == 20
        assert rows(folder, "facts") == 1
        assert stored.facts.noting("turn4name7") == ["a.py"]


def test_names_of_some_hundred_removed_files_disappear(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state(f"f{number}.py", f"name{number}") for number in range(300)])
        stored.maintain(full=True)
        many = rows(folder, "noted")
        stored.commit([], [f"f{number}.py" for number in range(1, 300)])
        stored.maintain(full=True)
        assert rows(folder, "noted") <= many / 50
        assert stored.facts.noting("name0") == ["f0.py"]


def test_one_changed_file_is_one_row(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state(f"f{number}.py", "shared") for number in range(600)])
        stored.maintain()
        before = rows(folder, "noted"), rows(folder, "unnoted")
        assert before == (1, 0)
        stored.commit([state("f7.py", "shared", *(f"fresh{number}" for number in range(50)), revision=1)])
        stored.maintain()
        assert (rows(folder, "noted"), rows(folder, "unnoted")) == (1, 1)
        assert len(stored.facts.noting("shared")) == 600


def test_distant_revisions_of_one_name(folder: Path) -> None:
    """The differences between revisions take one, two or four bytes."""
    with open_store(folder) as stored:
        stored._manifest.next_file = 5
        for turn, distance in enumerate((1, 255, 256, 70_000, 3, 2**32 + 9)):
            stored.commit([state(f"f{turn}.py", "shared", f"only{turn}")])
            stored._manifest.next_file += distance
            if turn in (2, 3, 5):
                with stored._manifest.transaction() as connection:
                    fact_tables.note_names(connection)
        assert stored.facts.noting("shared") == [f"f{turn}.py" for turn in range(6)]
        assert stored.facts.noting("only3") == ["f3.py"]


def test_names_with_the_same_hash(folder: Path) -> None:
    assert name_hash(TWINS[0]) == name_hash(TWINS[1])
    with open_store(folder) as stored:
        stored.commit([state("a.py", TWINS[0]), state("b.py", TWINS[1]), state("c.py", *TWINS)])
        for name, path in zip(TWINS, ("a.py", "b.py"), strict=True):
            assert {path, "c.py"} <= set(stored.facts.noting(name))
            assert [p for p in stored.facts.noting(name) if lines_of(stored, p, name)] == [path, "c.py"]


def test_buffers_replace_their_files(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state("a.py", "get"), state("b.py", "get", "put")])
        skipped = update("b.py", revision=1)
        known = IndexedFacts(
            stored.facts, {"a.py": state("a.py", "post", revision=8), "new/c.py": state("c.py", "get"), "b.py": skipped}
        )
        assert known.noting("get") == ["new/c.py"]
        assert known.noting("post") == ["a.py"]
        assert known.noting("put") == []
        assert lines_of(known, "a.py", "post") == [9]
        assert lines_of(known, "a.py", "get") == []
        assert known.facts("b.py") is None
        assert known.paths().ending("new/c.py") == ["new/c.py"]
        assert sorted(known.paths()) == ["a.py", "b.py", "new/c.py"]
        assert sorted(stored.facts.paths()) == ["a.py", "b.py"]
        known.prefetch(["a.py", "b.py", "missing.py"])
        assert IndexedFacts(stored.facts).noting("get") == ["a.py", "b.py"]


def test_languages_are_those_of_the_files_there_are_and_of_buffers(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state("a.py", "get"), update("b.kt", language="kotlin")])
        python, kotlin, ruby = (frozenset((name,)) for name in ("python", "kotlin", "ruby"))
        assert [IndexedFacts(stored.facts).may_have_any(one) for one in (python, kotlin, ruby)] == [True, True, False]
        buffers = {"c.rb": update("c.rb", language="ruby")}
        assert IndexedFacts(stored.facts, buffers).may_have_any(ruby)
        stored.commit([], ["b.kt"])
        assert [IndexedFacts(stored.facts).may_have_any(one) for one in (python, kotlin)] == [True, False]


@pytest.mark.parametrize("data", [b"", b"damaged", b"x" * 9000, None])
def test_damaged_facts_are_none(folder: Path, data: bytes | None) -> None:
    with open_store(folder) as stored:
        stored.commit([state("a.py", "get"), state("b.py", "get")])
    connection = sqlite3.connect(folder / "manifest.sqlite")
    if data is None:
        data = connection.execute("SELECT data FROM facts LIMIT 1").fetchone()[0][:-5]
    connection.execute("UPDATE facts SET data = ? WHERE file = (SELECT min(file) FROM facts)", (data,))
    connection.execute("UPDATE unnoted SET names = x'0102030405' WHERE file = (SELECT min(file) FROM unnoted)")
    connection.commit()
    connection.close()
    with open_store(folder) as stored:
        assert stored.facts.facts("a.py") is None
        assert stored.facts.facts("b.py") is not None
        assert stored.facts.noting("get") == ["b.py"]
        stored.commit([state("a.py", "get", revision=1)])
        assert stored.facts.noting("get") == ["a.py", "b.py"]
        assert lines_of(stored, "a.py", "get") == [2]


@pytest.mark.parametrize("others", [b"", b"\x04\x01\x02", b"\x09abc", b"\x01"])
def test_damaged_notes(folder: Path, others: bytes) -> None:
    with open_store(folder) as stored:
        stored.commit([state(f"f{number}.py", "get") for number in range(600)])
        stored.maintain()
    connection = sqlite3.connect(folder / "manifest.sqlite")
    connection.execute("UPDATE noted SET others = ?", (others,))
    connection.commit()
    connection.close()
    with open_store(folder) as stored:
        assert stored.facts.noting("get") == ["f0.py"]


@pytest.mark.parametrize("position", range(3))
def test_no_bytes_make_decoding_fail(position: int) -> None:
    import zlib

    chance = random.Random(position)
    raw = zlib.decompress(state("a.py", "gét", defined="ünd").facts)
    for _ in range(3000):
        damaged = bytearray(raw)
        for _ in range(chance.randint(1, 3)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        decode_facts(zlib.compress(bytes(damaged)))


def test_little_is_kept_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fact_tables, "DECODED_BYTES", 5_000)
    with open_store(folder) as stored:
        stored.commit([state(f"f{number}.py", "get", revision=number) for number in range(100)])
        for _ in range(2):
            for number in range(100):
                assert lines_of(stored, f"f{number}.py", "get") == [number + 1]
        assert 1 <= len(stored.facts._decoded) < 50
        assert sum(kept.size for kept in stored.facts._decoded.values()) == stored.facts._decoded_bytes <= 5_000


def test_an_older_format_is_not_read(folder: Path) -> None:
    with open_store(folder) as stored:
        stored.commit([state("a.py", "get")])
    connection = sqlite3.connect(folder / "manifest.sqlite")
    connection.execute("DROP TABLE facts")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="older format"):
        open_store(folder)


def test_files_and_buffers_of_a_root(tmp_path: Path) -> None:
    from glossator.index.indexer import submit_buffer

    with bench(tmp_path) as project:
        project.write("a.py", functions("first", "second"))
        project.write("notes.txt", "nothing\n")
        project.indexer.run()
        assert project.store.facts.noting("second") == ["a.py"]
        assert project.store.facts.facts("notes.txt") is None
        text = "from a import second\n\n\ndef third():\n    return second()\n"
        buffer = submit_buffer(project.pool, project.root, project.settings, "b.py", text).result()
        known = IndexedFacts(project.store.facts, {"b.py": buffer})
        assert known.noting("second") == ["a.py", "b.py"]
        found = known.facts("b.py")
        assert found is not None
        assert [mention.line for mention in found.mentions_of("second")] == [1, 5]
        project.write("a.py", functions("first"))
        project.indexer.run()
        assert project.store.facts.noting("second") == []
        (project.root / "a.py").unlink()
        project.indexer.run()
        assert project.store.facts.noting("first") == []
        assert "a.py" not in project.store.facts.paths()


def test_mentions_are_found_by_name_among_many_and_odd_ones() -> None:
    names = ["a", "ab", "b", "a b", "é", "z" * 300, *(f"name{number}" for number in range(300))]
    mentions: dict[str, list[PackedMention]] = {
        name: [(0, -1, line, 1, -1, -1) for line in range(1, number + 2)] for number, name in enumerate(names)
    }
    known = decode_facts(encode_facts(make_facts("python", "", [], [], [], {**mentions, "no\0name": mentions["a"]})))
    assert known is not None
    assert known.names == sorted(names)
    assert {name: len(found) for name, found in known.all_mentions()} == {name: len(mentions[name]) for name in names}
    for name in names:
        assert [one.line for one in known.mentions_of(name)] == list(range(1, len(mentions[name]) + 1))
    assert [known.mentions_of(name) for name in ("c", "", "am", "name")] == [[], [], [], []]
    assert make_facts("python", "", [], [], [], {}).names == []
