"""The full text finds what an exhaustive BM25 finds, whatever was committed, filtered or damaged."""

from __future__ import annotations

import errno
import math
import random
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glossator.errors import StoreFullError
from glossator.index import full_text, generations, text_segments
from glossator.index.full_text import ANY_SIZE, EQUALS_KEPT, QUERY_TERMS, open_segments, write_segments
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.store import Filter, Store
from glossator.index.table import Table
from glossator.index.text_segments import (
    DamagedSegmentError,
    Texts,
    Words,
    make_segment,
    open_segment,
    write_segment,
)
from tests.unit.store_samples import entry, open_store, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ALL = Filter()
WORDS = [f"w{number}" for number in range(40)]
FILES = 60


def texts(terms: Sequence[str], first: int = 1) -> Texts:
    """Entries with these terms, three to a file."""
    ids = np.array([((first + row // 3) << ORDINAL_BITS) + row % 3 for row in range(len(terms))], np.int64)
    return Texts(ids, (ids % 2).astype(np.int16), (ids % 4).astype(np.int16), list(terms))


def sentences(count: int, seed: int) -> list[str]:
    """Made-up terms: some words are frequent, some entries are long, some empty."""
    made = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(WORDS))]
    return [" ".join(made.choices(WORDS, weights, k=made.choice((0, 3, 9, 30)))) for _ in range(count)]


def bm25(documents: dict[int, str], words: Sequence[str]) -> dict[int, float]:
    """The score of every entry that contains a word, by the formula."""
    counted = {number: Counter(text.split()) for number, text in documents.items()}
    average = sum(counts.total() for counts in counted.values()) / len(counted)
    scores: dict[int, float] = {}
    for word in words:
        having = sum(1 for counts in counted.values() if counts[word])
        rarity = math.log((len(counted) - having + 0.5) / (having + 0.5) + 1)
        for number, counts in counted.items():
            if counts[word]:
                norm = 1.2 * (0.25 + 0.75 * counts.total() / average)
                scores[number] = scores.get(number, 0) + rarity * 2.2 * counts[word] / (counts[word] + norm)
    return scores


def test_a_segment_is_the_same_in_a_file(tmp_path: Path) -> None:
    made = make_segment(texts(["größe 名 größe", "", "\ud800 größer", "a"]))
    write_segment(tmp_path / "0.segment", made)
    opened = open_segment(tmp_path / "0.segment")
    for segment in (made, opened):
        assert segment.texts().terms == ["größe 名 größe", "", "\ud800 größer", "a"]
        assert segment.texts([3, 0]).terms == ["a", "größe 名 größe"]
        assert segment.texts([3, 0]).ids.tolist() == segment.ids[[3, 0]].tolist()
        assert segment.lengths.tolist() == [3, 0, 2, 1]
        for word, rows, counts in (("größe", [0], [2]), ("größer", [2], [1]), ("\ud800", [2], [1]), ("名", [0], [1])):
            ((start, end),) = segment.postings(Words.of([word]))
            assert segment.rows[start:end].tolist() == rows
            assert segment.counts[start:end].tolist() == counts
        assert segment.postings(Words.of(["gr", "zz", "", "größesten"])) == [(0, 0)] * 4
        assert list(segment.beginning_with("grö".encode(), ANY_SIZE)) == ["größe".encode(), "größer".encode()]
        assert list(segment.beginning_with(b"zz", ANY_SIZE)) == []
        assert len(list(segment.beginning_with(b"", ANY_SIZE))) == 5
        assert list(segment.beginning_with(b"gr", range(8))) == ["größe".encode()]


def test_segments_may_be_empty(tmp_path: Path) -> None:
    write_segment(tmp_path / "0.segment", make_segment(texts(["", ""])))
    opened = open_segment(tmp_path / "0.segment")
    assert opened.postings(Words.of(["a"])) == [(0, 0)]
    assert opened.texts().terms == ["", ""]


def test_many_words_are_sorted() -> None:
    words = [f"{chr(97 + number % 26)}{number * 7919 % 1000}" for number in range(1000)]
    segment = make_segment(texts([" ".join(words)]))
    assert [word.decode() for word in segment.beginning_with(b"", ANY_SIZE)] == sorted(words)


def test_words_with_the_same_beginning_are_told_apart() -> None:
    words = ["internationale", "internationalise", "internat", "international", "interna"]
    segment = make_segment(texts(words))
    places = segment.postings(Words.of([*words, "internationali", "internationalisee", "intern"]))
    assert [segment.rows[start:end].tolist() for start, end in places] == [[0], [1], [2], [3], [4], [], [], []]


def test_a_word_that_is_repeated_very_often_counts_as_often_as_is_kept() -> None:
    segment = make_segment(texts(["a " * 300]))
    ((start, end),) = segment.postings(Words.of(["a"]))
    assert segment.counts[start:end].tolist() == [text_segments.MOST_COUNTED]
    assert segment.lengths.tolist() == [300]


@pytest.mark.parametrize("best", [1, 20, 200])
def test_scores_that_may_be_among_the_best_are_right(monkeypatch: pytest.MonkeyPatch, best: int) -> None:
    monkeypatch.setattr(text_segments, "FEW_POSTINGS", 1)
    monkeypatch.setattr(text_segments, "SEARCHED_SHARE", 0)
    segment = make_segment(texts(sentences(3000, seed=5)))
    norms = 0.3 + segment.lengths.astype(np.float32) / 10
    asked = Words.of([*WORDS[:3], *WORDS[20:26], "nowhere"])
    parts = segment.postings(asked)
    order = sorted(range(len(parts)), key=lambda word: parts[word][1] - parts[word][0])
    parts, weights = (
        [parts[word] for word in order],
        [20 / (1 + parts[word][1] - parts[word][0]) ** 0.5 for word in order],
    )
    whole = segment.score(parts, weights, norms)
    least = float(np.sort(whole)[-best])
    found = segment.score(parts, weights, norms, least)
    among = whole >= np.float32(least)
    assert (found[among] == whole[among]).all()
    assert (found[~among] < np.float32(least)).all()
    assert best > 20 or (found < whole).any()  # not all postings were counted


class Written:
    """Entries of revisions 1, 2, ..., so many of each, and what is asked for when they are written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: int = 12, each: int = 3) -> None:
        monkeypatch.setattr(full_text, "SEGMENT_ROWS", rows)
        self.read: list[list[int]] = []
        self.each = each

    def write(self, folder: Path, revisions: Sequence[int], earlier: Path | None = None) -> list[list[int]]:
        """The revisions in each segment."""

        def read(wanted: list[int]) -> Iterator[Texts]:
            self.read.append(wanted)
            all_texts = full_text._joined([self._texts(revision) for revision in wanted])
            for start in range(0, len(all_texts.ids), 5):
                yield all_texts.slice(start, start + 5)

        counts = dict.fromkeys(revisions, self.each)
        write_segments(folder, earlier or folder.with_name("none"), counts, lambda: len(counts) * self.each, read)
        segments = open_segments(folder)
        ids = [number for segment in segments for number in segment.ids.tolist()]
        live = [number for number in ids if number >> ORDINAL_BITS in counts]
        assert sorted(live) == [(one << ORDINAL_BITS) + n for one in sorted(revisions) for n in range(self.each)]
        return [np.unique(segment.ids >> ORDINAL_BITS).tolist() for segment in segments]

    def _texts(self, revision: int) -> Texts:
        ids = np.arange(self.each, dtype=np.int64) + (revision << ORDINAL_BITS)
        zeros = np.zeros(self.each, np.int16)
        return Texts(ids, zeros, zeros, [f"a r{revision}"] * self.each)


def test_entries_are_shared_out_to_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = Written(monkeypatch)
    assert written.write(tmp_path / "1", [4, 1, 3, 2, 9, 8, 7, 6, 11]) == [[1, 2, 3, 4], [6, 7, 8, 9], [11]]
    assert [len(segment.ids) for segment in open_segments(tmp_path / "1")] == [12, 12, 3]
    (tmp_path / "1" / "1.segment").unlink()
    with pytest.raises(DamagedSegmentError):
        open_segments(tmp_path / "1")
    with pytest.raises(DamagedSegmentError):
        open_segments(tmp_path / "2")


def test_a_file_is_in_one_segment_if_it_fits_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Written(monkeypatch, 8).write(tmp_path / "1", [1, 2, 3, 4, 5]) == [[1, 2], [3, 4], [5]]
    assert Written(monkeypatch, 8, each=20).write(tmp_path / "2", [1, 2]) == [[1], [1], [1], [2], [2], [2]]
    monkeypatch.setattr(full_text, "SEGMENT_LETTERS", 30)
    assert Written(monkeypatch, 99, each=2).write(tmp_path / "3", [1, 2, 3, 4, 5, 6]) == [[1, 2, 3, 4], [5, 6]]


@pytest.mark.parametrize("links", [True, False])
def test_files_that_mostly_last_are_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    written = Written(monkeypatch)
    if not links:
        monkeypatch.setattr("os.link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))
    written.write(tmp_path / "1", range(1, 11))
    # Of the first segment one file is gone, of the second two; the last one was not full.
    now = written.write(tmp_path / "2", [1, 3, 4, 7, 8, 9, 10, 12, 13], tmp_path / "1")
    assert now == [[1, 2, 3, 4], [7, 8, 9, 10], [12, 13]]
    assert written.read[1] == [7, 8, 9, 10, 12, 13]
    same = (tmp_path / "1" / "0.segment").samefile(tmp_path / "2" / "0.segment")
    assert same == links
    (tmp_path / "2" / "0.segment").write_bytes(b"")
    assert written.write(tmp_path / "3", [1, 7], tmp_path / "2") == [[1, 7]]


@pytest.mark.parametrize("each", [1, 2, 3, 5, 7, 30])
def test_nothing_is_lost_however_often_files_are_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    written, made = Written(monkeypatch, 8, each), random.Random(each)
    revisions = list(range(1, 20))
    written.write(tmp_path / "1", revisions)
    for generation in range(2, 12):
        revisions = [one for one in revisions if made.random() > 0.07]
        revisions += range(20 * generation, 20 * generation + made.randrange(4))
        written.write(tmp_path / str(generation), revisions, tmp_path / str(generation - 1))


def test_files_that_have_other_entries_than_the_table_are_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Written(monkeypatch)
    written.write(tmp_path / "1", range(1, 5))
    counts = dict.fromkeys(range(1, 5), 3)
    left = [written._texts(revision) for revision in (1, 2, 3)]  # the rows of one file are missing in the table
    write_segments(tmp_path / "2", tmp_path / "1", counts, lambda: 9, lambda _: left)
    (segment,) = open_segments(tmp_path / "2")
    assert len(segment.ids) == 9


@pytest.mark.parametrize("last", [3, 4])
def test_nothing_is_read_if_all_files_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
    written = Written(monkeypatch)
    written.write(tmp_path / "1", range(1, 5))
    assert written.write(tmp_path / "2", range(1, last + 1), tmp_path / "1") == [[1, 2, 3, 4]]
    assert len(written.read) == 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "cache" / "root-1" / "v2-sample") as opened:
        opened.commit(
            [update(f"f{n}.py", entry(f"n{n}"), entry(f"m{n}", 10), terms=f"common t{n}") for n in range(FILES)]
        )
        opened.maintain(full=True)
        yield opened


def found(store: Store, *words: str, where: Filter = ALL) -> dict[int, float]:
    hits = store.text_search(words, 4 * FILES, where)
    assert hits == sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    return {number: score for number, score, _ in hits}


def stored(store: Store) -> dict[int, str]:
    """Id -> terms of all entries, from the table."""
    table = store._current()
    assert table is not None
    table.refresh()
    rows = table.rows_where("id >= 0", "terms")
    return dict(zip(rows["id"].to_pylist(), rows["terms"].to_pylist(), strict=True))


@pytest.mark.parametrize("rows", [7, 65_536])
def test_scores_are_those_of_the_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(full_text, "SEGMENT_ROWS", rows)
    made = random.Random(3)
    with open_store(tmp_path / "cache" / "root-1" / "v2-sample") as store:
        for turn in range(12):
            for number, terms in enumerate(sentences(4, seed=turn)):
                path = f"f{made.randrange(20)}.py"
                store.commit([update(path, entry("a"), entry("b", 20), terms=terms, revision=10 * turn + number)])
            if turn % 4 == 2:
                store.commit([], [f"f{made.randrange(20)}.py"])
            if turn % 5 == 3:
                store.maintain(full=True)
            documents = stored(store)
            for _ in range(4):
                words = made.sample([*WORDS, "nowhere"], 5)
                assert found(store, *words) == pytest.approx(bm25(documents, words), rel=1e-5)
                counts = Counter(word for text in documents.values() for word in set(text.split()))
                assert store.document_frequencies(words) == {word: counts[word] for word in words}
            assert store.terms_from("w1") >= {word for word in counts if word.startswith("w1")}
            every = store.document_frequencies(store.terms_from(""))
            assert {word: count for word, count in every.items() if count} == counts


def test_the_table_is_not_read_for_what_is_in_the_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("the table is read")

    monkeypatch.setattr(Table, "texts_of", refused)
    assert len(found(store, "common")) == 2 * FILES
    assert len(found(store, "t7")) == 2


def test_a_search_opens_no_table(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(store._folder, embedder_id="sample-1", dimensions=16, write=False) as reader:
        monkeypatch.setattr(reader._lance, "open", lambda *_: pytest.fail("the table is opened"))
        reader.refresh()
        assert len(found(reader, "t7")) == 2
        assert reader.vector_search(np.ones(16, np.float32), 3, ALL)


def test_filters(store: Store) -> None:
    store.commit([update("a/late.go", entry("late", kind="class"), language="go", terms="common")])
    (late,) = found(store, "late")
    assert found(store, "common", where=Filter(languages=("go",))).keys() == {late}
    assert found(store, "common", where=Filter(kinds=("class",))).keys() == {late}
    assert found(store, "common", where=Filter(include=("a/**",))).keys() == {late}
    assert len(found(store, "common", where=Filter(exclude=("a/**",)))) == 2 * FILES
    assert found(store, "common", where=Filter(languages=("c",))) == {}
    # Scores do not depend on the filter.
    assert found(store, "common", where=Filter(languages=("go",)))[late] == found(store, "common")[late]


def test_equal_hits_are_found_all(store: Store) -> None:
    hits = store.text_search(["common"], 20, ALL, with_equals=True)
    assert len(hits) == 2 * FILES
    assert len({score for _, score, _ in hits}) == 1
    assert hits[:20] == store.text_search(["common"], 20, ALL)
    assert len(store.text_search(["common"], 3, ALL, with_equals=True)) == 3 * EQUALS_KEPT


def test_only_the_rarest_terms_of_a_long_query_are_searched(store: Store) -> None:
    words = ["common", *(f"t{number}" for number in range(QUERY_TERMS))]
    assert len(found(store, *words)) == 2 * QUERY_TERMS
    assert len(found(store, *words[:QUERY_TERMS])) == 2 * FILES


def test_later_commits_are_found(store: Store) -> None:
    for revision in range(1, 40):
        store.commit([update("f3.py", entry("n3"), terms=f"common fresh{revision}", revision=revision)])
        store.commit([update(f"g{revision}.py", entry("g"), terms="common")])
        assert len(found(store, f"fresh{revision}")) == 1
        assert found(store, f"fresh{revision - 1}") == {}
        assert len(found(store, "common")) == 2 * FILES - 1 + revision
    state = store._full_text._current()
    assert len(state.parts) - state.mapped <= full_text.SMALL_SEGMENTS + 1
    before = found(store, "common")
    store._fold()
    store.refresh()
    assert found(store, "common") == before


def test_what_was_read_is_not_read_again_when_the_files_are_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.commit([update("late.py", entry("late"), terms="common")])
    assert len(found(store, "late")) == 1
    store.maintain(full=True)
    monkeypatch.setattr(Table, "texts_of", lambda *_: pytest.fail("the table is read"))
    assert len(found(store, "late")) == 1
    assert len(found(store, "common")) == 2 * FILES + 1


def test_the_files_are_those_of_the_generation(store: Store) -> None:
    folder = store._texts_folder(2).parent
    assert [path.name for path in folder.iterdir()] == ["2"]
    store.commit([update("later.py", entry("later"), terms="common")])
    store.maintain(full=True)
    assert [path.name for path in folder.iterdir()] == ["3"]
    assert len(found(store, "common")) == 2 * FILES + 1


def test_a_reader_whose_files_a_writer_replaces_opens_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(store._folder, embedder_id="sample-1", dimensions=16, write=False) as reader:
        real = full_text.open_segments
        opened: list[str] = []

        def late(folder: Path) -> object:
            opened.append(folder.name)
            if len(opened) == 1:
                store.commit([update("later.py", entry("later"), terms="common")])
                store.maintain(full=True)
            return real(folder)

        monkeypatch.setattr(full_text, "open_segments", late)
        monkeypatch.setattr(reader._full_text, "_read", lambda _: pytest.fail("the table is read"))
        assert len(found(reader, "common")) == 2 * FILES + 1
        assert opened[0] == "2"
        assert opened[-1] == "3"


@pytest.mark.parametrize("how", ["missing", "truncated", "empty", "noise", "zeros", "longer numbers"])
def test_damaged_files_are_noticed_and_written_again(store: Store, how: str) -> None:
    expected = found(store, "common")
    store.release_memory()
    path = store._texts_folder(2) / "0.segment"
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        noise = np.random.default_rng(5).bytes(len(content))
        fresh = {
            "truncated": content[:-5],
            "empty": b"",
            "noise": noise,
            "zeros": bytes(len(content)),
            "longer numbers": content[:8] + b"\x7f" * 40 + content[48:],
        }
        path.write_bytes(fresh[how])
    assert found(store, "common") == expected
    assert store.is_damaged()
    store.maintain()
    assert open_segments(store._texts_folder(3))
    assert found(store, "common") == expected


def test_damaged_files_that_cannot_be_removed_are_not_used(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = found(store, "common")
    store.release_memory()
    path = store._texts_folder(2) / "0.segment"
    segment = open_segment(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(segment.counts.tobytes(), bytes(len(segment.counts))))
    monkeypatch.setattr(generations, "remove_generation", lambda _: None)
    for _ in range(2):
        assert found(store, "common") == expected
    assert path.exists()
    assert store._full_text._current().mapped == 0
    assert store.is_damaged()
    assert not store._has_derived(2)
    with pytest.raises(DamagedSegmentError):
        open_segments(path.parent)
    monkeypatch.undo()
    store.maintain()
    assert found(store, "common") == expected
    assert store._full_text._current().mapped == 1


def test_every_byte_of_a_file_is_guarded(tmp_path: Path) -> None:
    path = tmp_path / "0.segment"
    terms = ["alpha beta beta", "beta gamma", "", "delta"]
    write_segment(path, make_segment(texts(terms)))
    content = path.read_bytes()
    words = Words.of(["alpha", "beta", "gamma", "delta"])
    wrong = []
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            segment = open_segment(path)
            postings = segment.postings(words)
            rows = [(segment.rows[start:end].tolist(), segment.counts[start:end].tolist()) for start, end in postings]
            right = rows == [([0], [1]), ([0, 1], [2, 1]), ([1], [1]), ([3], [1])]
            if not right or segment.texts().terms != terms:
                wrong.append(at)
        except DamagedSegmentError:
            continue
    assert wrong == []


def test_used_files_are_searched_without_what_is_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_text, "SEGMENT_ROWS", 40)
    for turn in range(1, 4):
        store.commit([update(f"f{n}.py", entry(f"n{n}"), terms=f"common u{turn}", revision=turn) for n in range(turn)])
        store.maintain(full=True)
        state = store._full_text._current()
        assert state.parts[0].dead is not None or turn == 1
        assert len(found(store, f"u{turn}")) == turn
        documents = stored(store)
        assert found(store, "common", "t50") == pytest.approx(bm25(documents, ["common", "t50"]), rel=1e-5)


def test_a_full_disk_leaves_the_index_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.commit([update("late.py", entry("late"), terms="common")])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(full_text, "write_segment", full)
    with pytest.raises(StoreFullError):
        store.maintain(full=True)
    monkeypatch.undo()
    assert len(found(store, "common")) == 2 * FILES + 1
    assert [path.name for path in store._texts_folder(2).parent.iterdir()] == ["2"]
    store.maintain(full=True)
    assert len(found(store, "common")) == 2 * FILES + 1


def test_files_that_cannot_be_opened_now_are_kept_and_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = found(store, "common")
    store.release_memory()

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(np, "memmap", refused)
    assert found(store, "common") == expected
    assert store._full_text._current().mapped == 0
    monkeypatch.undo()
    assert open_segments(store._texts_folder(2))
    assert found(store, "common") == expected
    state = store._full_text._current()
    assert (state.mapped, len(state.parts)) == (1, 1)


def test_a_reader_goes_on_with_the_next_table_though_the_old_one_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(store._folder, embedder_id="sample-1", dimensions=16, write=False) as reader:
        reader.refresh()
        store.commit([update("g1.py", entry("g"), terms="common")])
        assert len(found(reader, "common")) == 2 * FILES + 1  # it reads the table
        monkeypatch.setattr(store, "_sweep", lambda _: None)  # as after a kill, or where open files cannot be removed
        store.maintain(full=True)
        store.commit([update("g2.py", entry("g"), terms="common")])
        reader.refresh()
        assert len(found(reader, "common")) == 2 * FILES + 2
        assert len(reader.vector_search(np.ones(16, np.float32), 999, ALL)) == 2 * FILES + 2


def test_a_writer_removes_what_one_that_was_killed_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(store, "_sweep", lambda _: None)
        store.commit([update("g1.py", entry("g"), terms="common")])
        store.maintain(full=True)
    folder = store._folder
    store.close()
    with open_store(folder) as again:
        assert [path.name for path in again._texts_folder(3).parent.iterdir()] == ["3"]
        assert len(found(again, "common")) == 2 * FILES + 1


def test_many_files_are_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.index.table.FILES_NAMED", 5)
    with open_store(tmp_path / "cache" / "root-1" / "v2-sample") as store:
        store.commit([update(f"f{n}.py", entry(f"n{n}"), terms="common") for n in range(20)])
        store.commit([update(f"f{n}.py", entry(f"n{n}"), terms="common", revision=1) for n in range(0, 20, 3)])
        assert len(found(store, "common")) == 20
        assert len(store._full_text._current().parts) == 1
