"""Features and weights of ranking."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glossator.data_files import data_text
from glossator.index.embedding import StaticEmbedder
from glossator.index.records import FileSummary
from glossator.index.text_segments import StoredTerms, Texts, make_segment
from glossator.retrieval.corpus import STATIC_NAMES, Corpus, FileFacts, core_folders, file_facts
from glossator.retrieval.file_stems import FileStems
from glossator.retrieval.ranking import ENTRY_FEATURES, default_weights
from glossator.retrieval.ranking_features import FILE_FEATURES
from glossator.retrieval.spelling import distance
from glossator.retrieval.word_matches import AGREEING, HEAD_TERMS, HEAD_USUAL, agreement, beginnings
from tests.unit.store_samples import entry, open_store, update

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def test_the_weights_that_come_with_the_package_name_known_features() -> None:
    weights = default_weights()
    assert set(weights.file) <= set(FILE_FEATURES)
    assert set(weights.entry) <= set(ENTRY_FEATURES)
    assert weights.repeat > 0


def test_what_speaks_for_and_against_a_file() -> None:
    weights = default_weights().file
    assert all(weights[name] < 0 for name in ("test", "example", "prose"))
    assert all(weights[name] > 0 for name in ("text_best", "dense_best", "stem_first", "stem_equal"))


def test_scores_are_weighted_sums() -> None:
    weights = default_weights()
    row = np.zeros((1, len(FILE_FEATURES)), np.float32)
    row[0, FILE_FEATURES.index("text_best")] = 2.0
    assert weights.file_scores(row)[0] == pytest.approx(2 * weights.file["text_best"])


@pytest.mark.parametrize(
    ("path", "flags"),
    [
        ("src/parser.py", set()),
        ("tests/test_parser.py", {"test"}),
        ("src/parser.test.ts", {"test"}),
        ("pkg/parser_test.go", {"test"}),
        ("src/test/java/ParserTest.java", {"test"}),
        ("lib/latest.py", set()),
        ("src/contest.py", set()),
        ("src/attestation.rs", set()),
        ("examples/basic.rs", {"example"}),
        ("docs/guide.py", {"example"}),
        ("lib/compat.py", {"compat"}),
        ("src/deprecated/old_api.py", {"compat"}),
    ],
)
def test_paths_are_told_apart(path: str, flags: set[str]) -> None:
    facts = file_facts(FileSummary(1, path, "python", 10, b""))
    found = {name for name, value in zip(STATIC_NAMES, facts.static, strict=True) if value == 1.0}
    assert found & {"test", "example", "compat"} == flags


def test_files_are_found_by_every_term_of_their_names() -> None:
    words = data_text("embedder/vocabulary.txt").split()
    names = [f"src/{one}_{two.title()}.test.py" for one, two in zip(words[::9], words[1::9], strict=False)]
    names += [
        "a/HTTPServer.ts",
        ".eslintrc.js",
        "Größe.java",
        "ΣΑΣ_wörter.py",
        "x.py",
        "i.c",
        "b/queries.sql",
        "Makefile",
    ]
    files = {revision: file_facts(FileSummary(revision, path, "", 1)) for revision, path in enumerate(names)}
    stems = FileStems(files)
    wanted: dict[str, dict[int, int]] = {}
    for revision, facts in files.items():
        for term in facts.stem_terms:
            wanted.setdefault(term, {})[revision] = len(facts.stem_terms)
    assert {term: with_term(stems, term) for term in wanted} == wanted
    for term in (*list(wanted)[::150], "queri", "ts", "x"):  # the first term of many, or the only one
        assert with_term(FileStems(files), term) == wanted.get(term, {}), term
    assert with_term(stems, "") == with_term(stems, "nothingiscalledso") == {}
    gone = names.index("b/queries.sql")
    del files[gone]
    for revision, path in ((len(names), "c/queries.sql"), (len(names) + 1, "c/query-parsers.sql")):
        files[revision] = file_facts(FileSummary(revision, path, "", 1))
    stems.change([len(names), len(names) + 1], 1)
    del wanted["queri"][gone]
    assert with_term(stems, "queri") == wanted["queri"] | {len(names): 1, len(names) + 1: 2}


def with_term(stems: FileStems, term: str) -> dict[int, int]:
    """Revision -> number of terms, of the files with a term in their names."""
    found = stems.with_term(term)
    return dict(zip(found.revisions.tolist(), found.sizes.tolist(), strict=True))


def test_weights_of_the_terms_in_a_name_are_added_up() -> None:
    paths = ["a/index_store.py", "b/store.ts", "index_of_stores.go", "other.c"]
    files = {revision: file_facts(FileSummary(revision, path, "", 1)) for revision, path in enumerate(paths)}
    stems = FileStems(files)
    found = stems.shares({"stor": 0.25, "index": 0.5, "absent": 4.0})
    assert found.revisions.tolist() == [0, 1, 2]
    assert found.shares.tolist() == [0.75, 0.25, 0.75]
    assert found.sizes.tolist() == [2, 1, 3]
    assert found.of([3, 2, 0, 99, 1]) == [0.0, 0.75, 0.75, 0.0, 0.25]
    with_buffers = found.before([(-1, 2.0, 4), (-2, 1.0, 3)])
    assert with_buffers.revisions.tolist() == [-2, -1, 0, 1, 2]
    assert with_buffers.of([-1, -2, 1]) == [2.0, 1.0, 0.25]
    assert with_buffers.sizes.tolist() == [3, 4, 2, 1, 3]
    assert stems.shares({}).of([1]) == [0.0]
    assert found.before([]).shares.tolist() == found.shares.tolist()


def test_names_that_are_looked_up_together_are_found_once_they_are_there(tmp_path: Path) -> None:
    asked = ["alpha", "Beta", "gamma", "x.delta"]
    with open_store(tmp_path / "cache" / "root-1" / "v1-sample") as store:
        corpus = Corpus(StaticEmbedder())
        for name in ("alpha", "beta", "gamma"):
            store.commit([update(f"{name}.py", entry(name))])
            corpus.refresh(store)
            corpus.look_up(store, asked)
            found = [[one.name for one in corpus.definitions(store, each, 9, any_case=True)] for each in asked]
            assert found == [[one.name for one in store.named(each, 9)] for each in asked]
            first = [[one.name for one in corpus.first_named(store, each, 9)] for each in asked]
            assert first == [[one.name for one in store.nearest_named(each, "", 9)] for each in asked]
        assert found[:3] == [["alpha"], ["beta"], ["gamma"]]


def test_agreement_counts_each_word_once_and_words_that_stand_together() -> None:
    rarity = {"retry": 1.0, "fail": 2.0, "request": 1.0}
    terms = {
        1: "retry fail request client",
        2: "fail the request then retry retry retry",
        3: "retri requests failing",
        4: "",
    }
    found = agreement(["retry", "fail", "request"], rarity, terms)
    assert found[1] == (1.0, 1.0)
    assert found[2] == (1.0, 0.0)
    assert found[3] == found[4] == (0.0, 0.0)
    assert agreement([], {}, terms)[1] == (0.0, 0.0)


def by_the_definition(stems: Sequence[str], rarity: Mapping[str, float], text: str) -> tuple[float, float]:
    """What `agreement` says of an entry with these terms."""
    looked, own = stems[:AGREEING], text.split()
    met = {stem for stem in looked if stem in own}
    beside = [(left, right) for left, right in pairwise(looked) if (left, right) in set(pairwise(own)) and len(met) > 1]
    weights = [rarity[left] + rarity[right] for left, right in pairwise(looked)]
    return (
        sum(rarity[stem] for stem in met) / (sum(rarity[stem] for stem in looked) or 1.0),
        sum(rarity[left] + rarity[right] for left, right in beside) / (sum(weights) or 1.0),
    )


@pytest.mark.parametrize("count", [1, 2, 4, 20, 40])
def test_agreement_is_the_same_however_terms_are_kept(count: int) -> None:
    made = random.Random(count)
    vocabulary = [f"word{number}" for number in range(30)]
    words = made.choices(vocabulary, k=count)  # some are repeated, also beside themselves
    rarity = {word: 1.0 + place / 10 for place, word in enumerate(vocabulary)}
    texts = [" ".join(made.choices([*vocabulary, "other"], k=made.choice((0, 2, 30, 200)))) for _ in range(60)]
    expected = {number: pytest.approx(by_the_definition(words, rarity, text)) for number, text in enumerate(texts)}
    none = np.zeros(30, np.int16)
    segments = [make_segment(Texts(np.arange(30), none, none, texts[start : start + 30])) for start in (0, 30)]
    stored = {number: StoredTerms(segments[number // 30], number % 30) for number in range(60)}
    as_text = dict(enumerate(texts))
    assert agreement(words, rarity, as_text) == expected
    assert agreement(words, rarity, stored) == expected
    assert agreement(words, rarity, {n: stored[n] if n % 3 else texts[n] for n in range(60)}) == expected
    assert agreement(words, rarity, {}) == {}


def test_a_folder_of_compatibility_code_is_the_core_if_it_holds_much_of_the_code() -> None:
    def facts(*paths: str) -> list[FileFacts]:
        return [file_facts(FileSummary(number, path, "python", 10)) for number, path in enumerate(paths)]

    inside = [f"src/compat/m{number}.py" for number in range(3)]
    assert core_folders(facts(*inside, *(f"src/n{number}.py" for number in range(7)))) == (("src/compat/",), 0)
    assert core_folders(facts(*inside, *(f"src/n{number}.py" for number in range(8)))) == ((), 0)
    assert core_folders(facts(*inside, *(f"tests/test_n{number}.py" for number in range(50)))) == (("src/compat/",), 0)
    assert core_folders(facts("src/a.py", "src/b.py")) == core_folders([]) == ((), 0)
    folders, lasts = core_folders(facts(*inside, *(f"src/n{number}.py" for number in range(600))))
    assert folders == ()
    assert lasts > 0
    changed = facts(
        *inside,
        *(f"src/compat/more{number}.py" for number in range(lasts // 2)),
        *(f"src/n{number}.py" for number in range(600 - (lasts - lasts // 2))),
    )
    assert core_folders(changed)[0] == ()


def test_the_beginnings_of_files_are_scored_by_bm25() -> None:
    rarity = {"parse": 3.0, "file": 1.0}
    usual = " ".join(["parse", "parse", "file", *["other"] * (HEAD_USUAL - 3)])
    late = " ".join([*["other"] * HEAD_TERMS, "parse"])
    scores = beginnings([usual, "file", late, ""], ["parse", "file", "absent"], {**rarity, "absent": 5.0})
    short = 1.2 * (0.4 + 0.6 / HEAD_USUAL)
    best = 3.0 * 2 * 2.2 / 3.2 + 1.0 * 2.2 / 2.2
    assert scores.tolist() == pytest.approx([1.0, 2.2 / (1 + short) / best, 0.0, 0.0])
    none = np.zeros(4, np.int16)
    segment = make_segment(Texts(np.arange(4), none, none, [usual, "file", late, ""]))
    stored = [StoredTerms(segment, row) for row in range(4)]
    assert beginnings(stored, ["parse", "file"], rarity).tolist() == scores.tolist()
    assert beginnings([], ["parse"], rarity).tolist() == []
    assert beginnings(["file"], [], {}).tolist() == [0.0]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("config", "config", 0),
        ("cofnig", "config", 1),
        ("confg", "config", 1),
        ("konfig", "config", 1),
        ("abc", "xyz", 3),
        ("", "ab", 2),
    ],
)
def test_distance(a: str, b: str, expected: int) -> None:
    assert distance(a, b, 2) == expected
    assert distance(b, a, 2) == expected


def test_a_version_is_outdated_as_long_as_a_newer_one_is_there(tmp_path: Path) -> None:
    corpus = Corpus(StaticEmbedder())
    with open_store(tmp_path / "cache" / "root-1" / "v1-sample") as store:
        store.commit([update("src/v3/a.py", entry("a")), update("src/v4/a.py", entry("b"))])
        corpus.refresh(store)
        assert corpus.is_outdated("src/v3/a.py")
        store.commit([update("src/v4/a.py", entry("c"), revision=1)])
        corpus.refresh(store)
        assert corpus.is_outdated("src/v3/a.py")
        store.commit([], deleted=["src/v4/a.py"])
        corpus.refresh(store)
        assert not corpus.is_outdated("src/v3/a.py")
