"""What a retriever is adapted with: commits, pairs, word vectors, weights, and the gate's arithmetic."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from glossator.adapt.commit_changes import ChangedDefinition, PastCommit, ProjectHistory, holding, said_by
from glossator.adapt.project_pairs import MOST_USES, ProjectPair, limited, pairs_of_code, sentences, short_forms
from glossator.adapt.ranker_fit import (
    BOUND,
    FIXED,
    PENALTIES,
    RankedCase,
    chosen_weights,
    cross_validated_gains,
    fitted_weights,
    reciprocal_ranks_of,
)
from glossator.adapt.retriever_gate import FEWEST_JUDGES, GeneralSet, name_questions, ranks_compared, verdict
from glossator.adapt.vector_mix import best_mix
from glossator.adapt.word_vectors import LEAST_OCCURRENCES, AdaptRecipe, CountedPairs, CountedTexts, WordTable, trained
from glossator.index.embedding import BUNDLED, FIELDS, StaticEmbedder
from glossator.index.parsing import parse
from glossator.retrieval.ranking import ENTRY_FEATURES, default_weights
from glossator.retrieval.ranking_features import FILE_FEATURES
from tests.made_history import SPOKEN, WRITTEN, made_repository


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("fix(parser): Keep comments that nobody reads (#123)\n\nSigned-off-by: A", "Keep comments that nobody reads"),
        ("[core] Handle empty input of the reader", "Handle empty input of the reader"),
        ("Merge branch 'main' into topic", ""),
        ("Bump version to 1.2.3 of everything", ""),
        ("wip", ""),
        ("", ""),
    ],
)
def test_a_subject_is_what_it_says(message: str, said: str) -> None:
    assert said_by(message)[0] == said


def test_a_paragraph_counts_if_it_is_prose() -> None:
    assert said_by("Keep all the comments\n\nThey were lost\nwhen two of them stood one after another.")[1] == (
        "They were lost when two of them stood one after another."
    )
    assert said_by("Keep all the comments\n\n* one change of many here\n* and another change there")[1] == ""


SOURCE = '''class Account:
    """An account."""

    def open_acct(self, acct):
        """Opens the account for a customer who waits."""
        self.state = acct
        return acct


    def close_acct(self, acct):
        self.state = None
        return acct
'''


def test_a_change_is_of_the_innermost_definition() -> None:
    entries = parse("a.py", SOURCE).entries

    def held(*ranges: tuple[int, int]) -> list[str]:
        return [entry.qualified_name for entry in holding(entries, ranges)]

    assert held((6, 6)) == ["Account.open_acct"]
    assert held((2, 2)) == ["Account"]
    assert held((6, 11)) == ["Account", "Account.open_acct", "Account.close_acct"]
    assert held((12, 11)) == ["Account.close_acct"]  # lines were removed between these two
    assert held((8, 8)) == ["Account"]
    assert held((100, 100)) == []


def test_pairs_hide_what_is_asked_for() -> None:
    files = {
        "bank.py": parse("bank.py", SOURCE).entries,
        "tests/test_bank.py": parse(
            "tests/test_bank.py", "def test_close_acct_twice_is_refused():\n    assert close() is None\n    return 1\n"
        ).entries,
    }
    pairs = {pair.kind: pair for pair in pairs_of_code(files)}
    assert pairs["doc"].query == "Opens the account for a customer who waits."
    assert "customer" not in pairs["doc"].text
    assert pairs["name"].query in ("open acct", "close acct")
    assert "_acct(" not in pairs["name"].text
    assert pairs["test"].query == "close acct twice is refused"
    assert pairs["test"].name == "Account.close_acct"


def test_short_forms_stand_for_longer_words() -> None:
    text = "".join(
        f"def f{n}(acct, buf, idx):\n    '''Gives the account a buffer at an index.'''\n\n" for n in range(8)
    )
    found = short_forms(
        entry
        for n in range(8)
        for entry in parse("a.py", f"def use_acct_buf_{n}():\n    '''The account and its buffer.'''\n    f()\n").entries
    )
    assert (found["acct"], found["buf"]) == ("account", "buffer")
    assert short_forms(parse("a.py", text).entries).keys().isdisjoint({"gives", "the"})


def test_sentences_end_before_directives() -> None:
    assert sentences("Reads it. Then\nwrites it.\n\n@param x the thing") == [
        "Reads it.",
        "Then\nwrites it.".replace("\n", " "),
    ]


def test_commits_are_split_by_time(tmp_path: Path) -> None:
    root = made_repository(tmp_path / "made", commits=60)
    history = ProjectHistory(root)
    indexed = [f"src/{word}.py" for word in WRITTEN]
    commits = history.read(indexed)
    assert commits.count == 60
    assert len(commits.judging) == 6
    assert min(one.time for one in commits.judging) > max(one.time for one in commits.learning)
    parsed = history.changed(commits.judging, lambda texts: (parse(*text).entries for text in texts), 2**20)
    for commit, changed in parsed:
        assert len(changed) == 1
        assert commit.subject.endswith(f"after {changed[0].entry.name.split('_')[0]}")
    assert history.tree(commits.base).keys() >= set(indexed)
    assert commits.base != history.head


def small_table() -> WordTable:
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
    rows = np.random.default_rng(0).normal(size=(len(words), 8)).astype(np.float32)
    return WordTable(words, rows, dict.fromkeys(FIELDS, 1.0))


def test_training_teaches_which_words_belong_together() -> None:
    table = small_table()
    couples = [(table.words[at], table.words[at + 8]) for at in range(8)]
    pairs = [
        ProjectPair("commit", asked, f"{number} {asked}", "", "", "", f"{found} {found} {found}")
        for number in range(20)
        for asked, found in couples
    ]
    pairs = [ProjectPair(p.kind, p.query, p.thing, "", "", "", f"{p.text} wordq wordr words wordt") for p in pairs]
    before = table.rows.copy()
    learned = trained(table, CountedPairs.of(pairs, table.vocabulary), AdaptRecipe(rate=0.05, epochs=30, batch=64))
    assert (table.rows == before).all(), "the given table stays"

    def right(one: WordTable) -> int:
        queries = one.queries(CountedTexts([asked for asked, _ in couples], one.vocabulary))
        documents = one.queries(CountedTexts([found for _, found in couples], one.vocabulary))
        return int(((queries @ documents.T).argmax(1) == np.arange(8)).sum())

    assert right(learned) == 8 > right(table)
    assert np.allclose(table.moved(learned, 0.5).rows, (table.rows + learned.rows) / 2, atol=1e-6)


def test_a_table_is_written_as_the_embedder_reads_it(tmp_path: Path) -> None:
    table = WordTable.read(BUNDLED).extended(["def frobnicator_run(): ..." for _ in range(10)])
    assert "frobnicator" in table.words
    table.write(tmp_path, "2.abcd", {"base": "static-base"})
    read, shipped = StaticEmbedder(tmp_path), StaticEmbedder()
    assert read.id.startswith("static-2.abcd-")
    assert read.id != shipped.id
    texts = ["read the frobnicator", "parse the header of a packet"]
    ours, theirs = read.embed_texts(texts), shipped.embed_texts(texts)
    assert (ours * theirs).sum(1).min() > 0.99, "a new word means what its pieces meant"


def test_how_far_rows_move_is_chosen_on_commits_and_limited_by_the_general_set() -> None:
    """The made commits speak of things by other words than the code; a table that knows which belong together helps."""
    code = {
        f"{word}.py": parse(f"{word}.py", f"def {word}():\n    return {word} + {word}\n").entries for word in WRITTEN
    }
    changes = [
        (PastCommit("c", 0, said, "", ()), [ChangedDefinition(f"{word}.py", code[f"{word}.py"][0])])
        for said, word in zip(SPOKEN, WRITTEN, strict=True)
    ]
    table = WordTable.read(BUNDLED).extended([*SPOKEN, *WRITTEN] * LEAST_OCCURRENCES)
    at = {word: number for number, word in enumerate(table.words)}
    rows = table.rows.copy()
    for said, word in zip(SPOKEN, WRITTEN, strict=True):
        rows[at[said]] = table.rows[at[word]]
    knows = WordTable(table.words, rows, table.weights)
    assert best_mix(table, knows, code, changes) >= 0.5
    assert best_mix(table, table, code, changes) == 0.0, "no better"
    assert best_mix(table, knows, code, changes[: FEWEST_JUDGES - 1]) == 1.0, "too few to choose"
    noise = np.random.default_rng(0).normal(0, 20, rows.shape).astype(np.float32)
    used = {word for texts in (SPOKEN, WRITTEN, ("def", "return")) for word in texts}
    noise[[at[word] for word in used if word in at]] = 0
    forgets = WordTable(table.words, rows + noise, table.weights)
    assert best_mix(table, forgets, code, changes) == 0.0, "other code is found worse"


def test_common_questions_and_too_many_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def pair(kind: str, query: str, number: int) -> ProjectPair:
        return ProjectPair(kind, query, str(number), "", "", "", "text")

    common = [pair("doc", "Returns the value", number) for number in range(MOST_USES + 1)]
    rare = [pair("doc", f"Returns value {number % 4}", number) for number in range(4 * MOST_USES)]
    commits = [pair("commit", "Same message again", number) for number in range(2 * MOST_USES)]
    assert limited([*common, *rare, *commits]) == [*rare, *commits]
    monkeypatch.setattr("glossator.adapt.project_pairs.MOST_PAIRS", 12)
    assert Counter(one.kind for one in limited([*rare, *commits])) == {"doc": 8, "commit": 4}


def cases(feature: str, count: int) -> list[RankedCase]:
    """Questions whose answers have more of one feature than their rivals."""
    names = [*FILE_FEATURES, *ENTRY_FEATURES]
    random = np.random.default_rng(1)
    made = []
    for _ in range(count):
        rows = random.random((10, len(names)))
        made.append(RankedCase(rows, rows[:, names.index(feature)] == rows[:, names.index(feature)].max()))
    return made


def test_weights_move_within_bounds() -> None:
    start = default_weights()
    fitted = fitted_weights(cases("dense_best", 200), start, PENALTIES[0])
    assert start.file["dense_best"] < fitted.file["dense_best"] <= (1 + BOUND) * start.file["dense_best"] + 1e-9
    for name, weight in (*start.file.items(), *start.entry.items()):
        now = fitted.file.get(name, fitted.entry.get(name))
        assert now is not None
        assert abs(now - weight) <= BOUND * abs(weight) + 1e-9
        assert name not in FIXED or now == weight
    assert fitted_weights(cases("dense_best", 5), start, PENALTIES[0]) == start, "too few"


def test_weights_stay_unless_they_rank_the_newest_commits_better() -> None:
    """What older commits have in common is of use only if newer ones have it too."""
    start = default_weights()
    older, alike = cases("centroid_gap", 60), cases("centroid_gap", 30)
    unlike = []  # what the shipped weights rank best is wanted
    for case in alike:
        rivals = [RankedCase(case.features, np.arange(len(case.wanted)) == at) for at in range(len(case.wanted))]
        unlike += [one for one in rivals if reciprocal_ranks_of([one], start) == 1]
    fitted = fitted_weights([*alike, *older], start, PENALTIES[0])
    gains = cross_validated_gains([*alike, *older], start, PENALTIES[0])
    assert len(gains) == 90
    assert gains.mean() > gains.std(ddof=1) / len(gains) ** 0.5
    assert chosen_weights(alike, older, alike, start) == fitted
    assert chosen_weights(alike, older, [], start) == fitted, "there may be no names"
    assert chosen_weights(unlike, older, alike, start) == start
    assert chosen_weights(alike[:5], older, alike, start) == start, "too few to choose"


def test_weights_stay_if_their_gain_may_be_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    start, older, alike = default_weights(), cases("centroid_gap", 60), cases("centroid_gap", 30)
    assert chosen_weights(alike, older, [], start) != start
    monkeypatch.setattr("glossator.adapt.ranker_fit.STANDARD_ERRORS", 100.0)
    assert chosen_weights(alike, older, [], start) == start


def test_weights_stay_if_names_are_found_worse_with_them() -> None:
    start, older, alike = default_weights(), cases("centroid_gap", 60), cases("centroid_gap", 30)
    fitted = fitted_weights([*alike, *older], start, PENALTIES[0])
    worse = [
        case
        for feature in (*FILE_FEATURES, *ENTRY_FEATURES)
        for case in cases(feature, 60)
        if reciprocal_ranks_of([case], fitted) < reciprocal_ranks_of([case], start)
    ]
    assert len(worse) >= FEWEST_JUDGES
    assert chosen_weights(alike, older, worse, start) == start
    assert chosen_weights(alike, older, worse[:5], start) == fitted, "too few names to choose"


def test_the_gate_wants_more_than_noise() -> None:
    random = np.random.default_rng(2)
    before = random.random(200)
    same = ranks_compared(before, before)
    assert same.gain == 0
    better = ranks_compared(before, np.minimum(1, before + 0.05))
    noise = ranks_compared(before, before + random.normal(0, 0.3, 200) * 0.5 + 0.005)
    worse = ranks_compared(before, before - 0.01)
    assert verdict(better, same, same) == ""
    assert verdict(better, None, same) == ""
    assert verdict(same, same, same).startswith("no better on the newest commits")
    assert noise.low < 0
    assert verdict(noise, same, same).startswith("no better on the newest commits")
    assert verdict(better, worse, same).startswith("worse at finding names")
    assert verdict(better, same, worse).startswith("worse on the general set")


def test_the_general_set_limits_and_judges_with_different_questions() -> None:
    choosing, judging = GeneralSet("choosing"), GeneralSet("judging")
    assert min(len(choosing), len(judging)) > 800
    for part in (choosing, judging):
        assert 0.3 < part.reciprocal_ranks(WordTable.read(BUNDLED)).mean() < 0.95


def test_names_are_asked_for_if_one_definition_has_them() -> None:
    defined = [("a.py", "A.read_all", "read_all"), ("b.py", "readAll", "readAll"), ("b.py", "write_one", "write_one")]
    (question,) = name_questions(defined, 10)
    assert question.query == "write one"
    assert question.wanted == {("b.py", "write_one")}


@pytest.mark.parametrize(("count", "most"), [(0, 10), (1, 10), (9, 10), (11, 10), (25, 10), (400, 150)])
def test_names_that_choose_do_not_judge(count: int, most: int) -> None:
    defined = [
        ("a.py", f"read_{number}_part", f"read_{chr(97 + number % 26)}{number // 26}x_part") for number in range(count)
    ]
    judging = {question.query for question in name_questions(defined, most)}
    choosing = {question.query for question in name_questions(defined, most, "choosing")}
    assert not judging & choosing
    assert max(len(judging), len(choosing)) <= most
    assert bool(judging) == bool(count)
    assert bool(choosing) == (count > most)
