"""The benchmark of answers: its questions are well formed, and its scores count what they say."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from answer_questions import KINDS, faults, load_questions, load_repositories, searchable, states  # noqa: E402
from glossator.answers.answer_scores import (  # noqa: E402
    Cited,
    cites,
    declines,
    score_citations,
    sentence_names,
    sentences_of,
)

ANSWER = """\
**Method `Cache.get`** in `cache.py:3` [1]: Returns what is kept.

```python
def get(self, key): raise KeyError(key)
```

`Cache.get` compares `item.expires` with the clock. Old items are removed by drop_item() [1][2]. It calls `Cache.purge`.

## More

- `Cache.put` (`cache.py:9`) [2]: keeps an item for `DEFAULT_TTL` seconds.

*Made from the index alone, without a language model.*
"""
VAGUE = """\
The library handles this in a dedicated function. It checks the value first and then, depending on the settings, returns
a result or raises an error. If nothing is given, a default is used, and the configuration can be changed by an option.
See the implementation for details; it is called from several places, and there are tests for it.
"""
CITED = {
    1: Cited("cache.py", 3, 7, ("Cache.get",), "def get(self, key):\n    item.expires < now and drop_item(key)"),
    2: Cited("cache.py", 9, 12, ("Cache.put",), "def put(self, key, value): ..."),
}


def test_the_questions_are_well_formed() -> None:
    """Ids, kinds, patterns, and no question that states its own facts."""
    questions = [question for asked in load_questions().values() for question in asked]
    assert list(faults(questions)) == []


def test_there_are_questions_of_all_kinds_about_every_repository() -> None:
    """As many as the documentation says, in several languages, on both sides of the split."""
    questions, repositories = load_questions(), load_repositories()
    assert set(questions) == {repository.name for repository in repositories}
    assert len(repositories) >= 15
    assert len({repository.language for repository in repositories}) >= 8
    assert {repository.split for repository in repositories} == {"tune", "report"}
    assert all(re.fullmatch(r"[0-9a-f]{40}", repository.revision) for repository in repositories)
    kinds = Counter(question.kind for asked in questions.values() for question in asked)
    assert set(kinds) == KINDS
    assert kinds["unanswerable"] >= 10
    assert sum(kinds.values()) - kinds["unanswerable"] >= 150


def test_right_answers_in_other_words_state_all_facts() -> None:
    """Answers that were written to be right, not to match the patterns."""
    questions = {question.id: question for asked in load_questions().values() for question in asked}
    answers = json.loads(Path(__file__).with_name("right_answers.json").read_text("utf-8"))
    missing = {
        name: lacking for name, answer in answers.items() if (lacking := questions[name].missing_in(searchable(answer)))
    }
    assert missing == {}


def test_a_vague_answer_states_hardly_any() -> None:
    """What fits every question answers none."""
    questions = [one for asked in load_questions().values() for one in asked if one.answerable]
    stated = {question.id: question.facts_in(VAGUE) for question in questions}
    assert [name for name, share in stated.items() if share > 0.5] == []
    assert sum(stated.values()) / len(stated) < 0.1


def test_markup_and_citations_do_not_hide_a_fact() -> None:
    """A pattern of several words is found although an answer has backticks and numbers between them."""
    assert states(searchable("It exits with **status** `1` [2] at once."), r"exits with status 1 at")


def test_sentences_are_those_of_the_prose() -> None:
    """Neither code blocks nor headings nor the closing note; a citation after the full stop belongs to its sentence."""
    assert sentences_of(ANSWER) == [
        "**Method `Cache.get`** in `cache.py:3` [1]: Returns what is kept.",
        "`Cache.get` compares `item.expires` with the clock.",
        "Old items are removed by drop_item() [1][2].",
        "It calls `Cache.purge`.",
        "- `Cache.put` (`cache.py:9`) [2]: keeps an item for `DEFAULT_TTL` seconds.",
    ]
    assert sentences_of("Nothing is kept after that. [3] The rest is dropped.")[0] == "Nothing is kept after that. [3]"


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("`Store.commit()` calls `flush`.", ["commit", "flush"]),
        ("It is set by max_age and readAll, not by words like HTTP or example.", ["max_age", "readAll"]),
        ("`std::vector<int>` and `a b` are no names.", []),
        ("See `cache.py` and run().", ["run"]),
        ("In Ruby `empty?` is a name, and so is `Rack::ETag`.", ["empty", "ETag"]),
    ],
)
def test_names_are_what_looks_like_code(sentence: str, names: list[str]) -> None:
    """The last part of each; file names are none."""
    assert sentence_names(sentence, {"cache.py"}) == names


def test_citations_are_scored_by_the_lines_that_they_cite() -> None:
    """Only sourced sentences count for precision; a name is unknown if the repository has it nowhere."""
    scores = score_citations(ANSWER, CITED, {"Cache", "get", "put", "item", "expires", "drop_item"}, "", {"cache.py"})
    assert (scores.sentences, scores.sourced) == (5, 3)
    assert (scores.named, scores.held) == (4, 3)
    assert scores.unknown == ("purge", "DEFAULT_TTL")
    asked = score_citations(ANSWER, CITED, {"get", "put", "expires", "drop_item"}, "What is DEFAULT_TTL?", {"cache.py"})
    assert asked.unknown == ("purge",)


def test_a_citation_of_a_symbol_names_it_or_lies_within_it() -> None:
    """A citation of a whole class is none of one of its methods."""
    spans = [(3, 7)]
    assert cites(CITED[1], "cache.py", "Cache.get", [])
    assert cites(Cited("cache.py", 4, 5, (), ""), "cache.py", "Cache.get", spans)
    assert not cites(Cited("cache.py", 1, 90, ("Cache",), ""), "cache.py", "Cache.get", spans)
    assert not cites(Cited("other.py", 4, 5, ("Cache.get",), ""), "cache.py", "Cache.get", spans)


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("The code does not contain any telemetry.", True),
        ("There is no information about caching in the evidence.", True),
        ("The provided evidence doesn't say which server is used.", True),
        ("I cannot determine this from the excerpts.", True),
        ("Nothing in the index matches.", True),
        ("Caching is not mentioned in the evidence.", True),
        ("`NoArgs` returns an error if any arguments are given.", False),
        ("The function does not return a value when the flag is not set.", False),
        ("The text 'No such command' is raised when a command cannot be found.", False),
        ("It retries at once. Then it waits. The evidence does not say how long.", False),
    ],
)
def test_an_answer_declines_where_it_begins_by_saying_so(answer: str, refused: bool) -> None:
    """What a later sentence leaves open is no refusal."""
    assert declines(answer) is refused
