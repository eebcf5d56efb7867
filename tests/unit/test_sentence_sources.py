"""The sources of sentences: found in the lines of the evidence, and put where a sentence ends."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.answers.sentence_sources import SentenceSources, code_names, is_invented, narrowed
from glossator.answers.sourced_stream import SourcedAnswer, SourcedStream
from tests.unit.evidence_samples import piece

if TYPE_CHECKING:
    from glossator.answers.evidence import Evidence

GET = """\
def get(self, key):
    entry = self._entries.get(key)
    if entry is None:
        raise KeyError(key)
    if entry.expires < self._clock():
        self._log.debug("entry is stale")
        return None
    return entry.value"""
PUT = """\
public void put(String key, Object value, int seconds) {
    this.entries.put(key, new Entry(value, clock.now() + seconds * 1000));
}"""
MANY = "def shut():\n" + "\n".join(f"    part_{i}.close_{i}(timeout={i * 111})" for i in range(1, 60))
EVIDENCE = {
    1: piece("get", GET, number=1, lines=(10, 17), source=GET),
    2: piece("put", PUT, number=2, lines=(30, 32), source=PUT),
    3: piece("shut", MANY, number=3, lines=(100, 159), source=MANY),
}


def written(
    text: str, size: int = 7, evidence: dict[int, Evidence] | None = None, *, knows: str = "", all_known: bool = False
) -> SourcedAnswer:
    def is_unknown(name: str) -> bool:
        return not all_known and name not in knows.split()

    evidence = EVIDENCE if evidence is None else evidence
    stream = SourcedStream(evidence, lambda item: item, "", is_unknown, ("An entry expires after a while: `Any.put`.",))
    shown = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.finish()
    result = stream.result()
    assert result.text == shown
    return result


@pytest.mark.parametrize(
    ("sentence", "places"),
    [
        ("It raises `KeyError` where there is no entry.", {(1, 13)}),
        ("`KeyError` is raised for a missing key.", {(1, 13)}),
        ("A debug message says that the entry is stale.", {(1, 15)}),
        ("The seconds are multiplied by 1000.", {(2, 31)}),
        ("`put` makes a new `Entry` of the value.", {(2, 31)}),
        ("`part_40` is closed with a timeout of 4440.", {(3, 140)}),
        ("`part_7` and `part_50` are closed.", {(3, 107), (3, 150)}),
    ],
)
def test_a_sentence_rests_on_the_lines_that_say_the_same(sentence: str, places: set[tuple[int, int]]) -> None:
    support = SentenceSources(EVIDENCE).find(sentence)
    for number, line in places:
        assert any(one.number == number and one.start_line <= line <= one.end_line for one in support.sources)
    assert all(one.end_line - one.start_line < 10 for one in support.sources)
    assert not support.names


@pytest.mark.parametrize(
    "sentence",
    ["Bananas are yellow.", "`Frobnicator` makes things happen.", "It is 7.", "This can be improved in many ways."],
)
def test_what_nothing_supports_has_no_source(sentence: str) -> None:
    assert not SentenceSources(EVIDENCE).find(sentence, cited=[2]).sources


def test_names_that_are_nowhere_in_the_evidence_are_told() -> None:
    find = SentenceSources(EVIDENCE, "what about `Asked`?").find
    assert find("`Cache.fetchAll` calls `entries.put` and NotHereEither, as `Asked`.").names == (
        "Cache.fetchAll",
        "NotHereEither",
    )
    assert find("It says `no such thing at all` and [`x y`].").names == ()


def test_names_that_the_index_knows_are_not_invented() -> None:
    assert is_invented("Cache.fetch_all", lambda terms: "fetchall" not in terms)
    assert not is_invented("Cache.fetch_all()", lambda _: True)
    assert not is_invented("300", lambda _: False)


def test_code_is_told_from_words() -> None:
    text = "The `a b` of HTTPServer calls parse_all(), Cache.get and end(), not I or Then."
    assert code_names(text) == ["a b", "HTTPServer", "parse_all", "Cache.get", "end"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "`get` raises `KeyError` [2] if there is no entry. [2] Bananas.",
            "`get` raises `KeyError` if there is no entry [1]. Bananas.",
        ),
        (
            "- `KeyError` is raised by `get`\n- `put` takes `seconds` [1]\n",
            "- `KeyError` is raised by `get` [1]\n- `put` takes `seconds` [2]\n",
        ),
        (
            "# About `KeyError` here\n\nSee `put` and `seconds` below:\n",
            "# About `KeyError` here\n\nSee `put` and `seconds` below:\n",
        ),
        ("```py\nraise KeyError(1). x [1]\n```\n", "```py\nraise KeyError(1). x [1]\n```\n"),
        (
            "A `KeyError`, e.g. by `get`, costs 3.5 [1], or more!",
            "A `KeyError`, e.g. by `get`, costs 3.5, or more [1]!",
        ),
        ("No entry: `get` raises `KeyError`", "No entry: `get` raises `KeyError` [1]"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_numbers_stand_where_a_sentence_ends(text: str, shown: str, size: int) -> None:
    assert written(text, size).text == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`get` raises `KeyError` and calls `evict_all` then.", "`get` raises `KeyError` and calls … [1]."),
        ("`evict_all` is called by it. `put` takes `seconds`.", "`put` takes `seconds` [2]."),
        ("`put` takes `seconds`. The `Evictor` does it. Bananas grow.", "`put` takes `seconds` [2]. Bananas grow."),
        ("- `put` takes it.\n- The evict_all() one.\n- No `KeyError`.", "- `put` takes it [2].\n- No `KeyError`."),
        ("`put` takes `seconds` in JavaScript or `None`.", "`put` takes `seconds` in JavaScript or `None` [2][1]."),
        ("`put` takes `seconds`. An entry expires after a while: `Cache.put` [2].", "`put` takes `seconds` [2]."),
        ("An entry expires where `put` says.", "An entry expires where `put` says [2]."),
        ("`evict_all`", ""),
        ("`known_one` calls `put` with `seconds`.", "`known_one` calls `put` with `seconds` [2]."),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_nothing_is_said_of_names_that_occur_nowhere(text: str, shown: str, size: int) -> None:
    result = written(text, size, knows="known_one")
    assert result.text == shown
    for one in result.sources:
        assert result.text[one.start : one.end].strip()[-1] in ".…"


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_an_answer_ends_after_so_many_sentences(size: int) -> None:
    text = (
        "`put` takes `seconds`. Bananas are yellow.\n\nIt raises `KeyError`, too. And `put` again.\n\n```\nput\n```\n"
    )
    stream = SourcedStream(EVIDENCE, lambda item: item, most_sentences=3)
    shown = ""
    for at in range(0, len(text), size):
        shown += stream.feed(text[at : at + size])
    shown += stream.finish()
    assert shown == "`put` takes `seconds` [2]. Bananas are yellow.\n\nIt raises `KeyError`, too [1]."
    assert stream.is_full
    assert stream.result().text == shown


def test_citations_point_to_lines() -> None:
    result = written("It raises `KeyError` where there is no entry. `part_3` is closed. `part_50` is closed, too.")
    places = {one.number: (one.start_line, one.end_line) for one in result.citations}
    assert places[1][0] >= 11
    assert places[1][1] == 13
    start, end = places[3]
    assert start == end in (103, 150)
    cited = {one.number: one for one in result.citations}
    assert cited[1].source.split("\n")[-1].strip() == "raise KeyError(key)"
    assert [[source.number for source in one.sources] for one in result.sources] == [[1], [3], [3]]


def test_lines_that_have_moved_are_cited_where_they_are_now() -> None:
    def verify(item: Evidence) -> Evidence | None:
        return None if item.number == 2 else replace(item, start_line=item.start_line + 5, end_line=item.end_line + 5)

    stream = SourcedStream(EVIDENCE, verify)
    shown = stream.feed("It raises `KeyError` where there is no entry. `put` takes `seconds`.") + stream.finish()
    result = stream.result()
    assert shown == "It raises `KeyError` where there is no entry [1]. `put` takes `seconds`."
    (citation,) = result.citations
    assert citation.end_line == 18
    assert citation.source.endswith("raise KeyError(key)")


def test_a_notebook_s_cell_is_cited_whole() -> None:
    item = replace(piece("cell", "def work():\n    step()", number=1, lines=(1, 1), source="{...}"), form="unfolded")
    assert narrowed(item, 1, 1) == item
    assert written("`work` calls `step`.", evidence={1: item}).citations == (item,)


ALPHABET = st.text(alphabet="ab `[](),.:-\n#|127 KeyError put é🙂!?", max_size=80)


@given(text=ALPHABET, size=st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_the_result_does_not_depend_on_how_the_text_arrives(text: str, size: int) -> None:
    assert written(text, size) == written(text, len(text) + 1)


@given(text=ALPHABET)
@settings(max_examples=300, deadline=None)
def test_nothing_but_numbers_and_white_space_is_changed(text: str) -> None:
    def bare(shown: str) -> str:
        return re.sub(r"\[\d+\]|[\s:]", "", shown)

    from glossator.answers.citations import CitationStream

    stream = CitationStream(EVIDENCE)
    passed = stream.feed(text) + stream.finish()
    assert bare(written(text, all_known=True).text) == bare(passed)


@given(text=ALPHABET, size=st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_only_what_may_read_reads(text: str, size: int) -> None:
    read: list[int] = []

    def verify(item: Evidence) -> Evidence | None:
        read.append(item.number)
        return item

    stream = SourcedStream(EVIDENCE, verify)
    for part in (text[at : at + size] for at in range(0, len(text), size)):
        may, before = stream.may_read(part), len(read)
        stream.feed(part)
        assert may or len(read) == before
