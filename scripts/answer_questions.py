"""Questions whose answers are known, and the check that the code says what they are expected to.

Used by `bench_answers.py`. Two files beside this one hold them:

- `answer_repositories.json`: a list of {"name", "language", "github", "revision", "root", "split"}. `root` is the only
  folder of the checkout that is indexed. Choices are made on repositories with the split "tune"; those with "report"
  are only reported on.
- `answer_questions.jsonl`: {"id", "repository", "kind", "question", "symbols", "facts"}. A symbol is {"path", "name"}:
  a path relative to `root` and a qualified name as the index spells it. A fact is a regular expression; an answer
  states it where the pattern is found in the answer's text, whatever the case. Questions of the kind "unanswerable"
  have neither symbols nor facts: the code does not tell.

A pattern has to be found in the lines of one of the question's symbols, so that evidence can be scored with it too, and
must not be found in the question, so that repeating the question earns nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.answers.root_view import RootView
    from glossator.index.records import StoredEntry

QUESTIONS = Path(__file__).with_name("answer_questions.jsonl")
REPOSITORIES = Path(__file__).with_name("answer_repositories.json")
UNANSWERABLE = "unanswerable"
KINDS = frozenset({"how", "why", "where", "what-if", "who-uses", "error", UNANSWERABLE})
FEWEST_FACTS, MOST_FACTS = 2, 4

_NUMBERS = re.compile(r"[ \t]*\[\d+\](?:\[\d+\])*")
_MARKUP = re.compile(r"`+|\*\*+")


@dataclass(frozen=True, slots=True)
class AskedRepository:
    """A repository that questions are about."""

    name: str
    language: str
    github: str
    revision: str
    root: str
    split: str

    def folder(self, checkouts: Path) -> Path:
        """The folder that is indexed, in a folder of checkouts by name."""
        return Path(os.path.normpath(checkouts / self.name / self.root))


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question, the symbols that answer it as (path, qualified name), and the facts of a right answer."""

    id: str
    repository: str
    kind: str
    text: str
    symbols: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]

    @property
    def answerable(self) -> bool:
        """Whether the code tells."""
        return self.kind != UNANSWERABLE

    def facts_in(self, text: str) -> float:
        """The share of the facts that a text states: 0 to 1."""
        return sum(states(text, fact) for fact in self.facts) / len(self.facts)

    def missing_in(self, text: str) -> list[str]:
        """The facts that a text does not state."""
        return [fact for fact in self.facts if not states(text, fact)]


def load_repositories(file: Path = REPOSITORIES) -> list[AskedRepository]:
    """All repositories, whether they are checked out or not."""
    return [AskedRepository(**row) for row in json.loads(file.read_text("utf-8"))]


def load_questions(file: Path = QUESTIONS) -> dict[str, list[KnownQuestion]]:
    """The questions by repository."""
    questions: dict[str, list[KnownQuestion]] = defaultdict(list)
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        symbols = tuple((symbol["path"], symbol["name"]) for symbol in row["symbols"])
        question = KnownQuestion(
            row["id"], row["repository"], row["kind"], row["question"], symbols, tuple(row["facts"])
        )
        questions[question.repository].append(question)
    return questions


def states(text: str, fact: str) -> bool:
    """Whether a text states a fact."""
    return re.search(fact, text, re.IGNORECASE) is not None


def searchable(answer: str) -> str:
    """An answer's text, and once more without what Markdown and citations put between its words."""
    return f"{answer}\n{_MARKUP.sub('', _NUMBERS.sub('', answer))}"


def faults(questions: Sequence[KnownQuestion]) -> Iterator[str]:
    """What is wrong with questions, as far as it shows without the code."""
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            yield f"{question.id}: the id is taken"
        seen.add(question.id)
        if question.kind not in KINDS:
            yield f"{question.id}: unknown kind {question.kind!r}"
        if not question.answerable:
            if question.symbols or question.facts:
                yield f"{question.id}: what cannot be answered has neither symbols nor facts"
            continue
        if not question.symbols or not FEWEST_FACTS <= len(question.facts) <= MOST_FACTS:
            yield f"{question.id}: {len(question.symbols)} symbols and {len(question.facts)} facts"
        for fact in question.facts:
            try:
                re.compile(fact)
            except re.error as error:
                yield f"{question.id}: /{fact}/ is no regular expression: {error}"
                continue
            if states(question.text, fact):
                yield f"{question.id}: the question itself states /{fact}/"


def faults_in(view: RootView, questions: Sequence[KnownQuestion]) -> Iterator[str]:
    """What is wrong with the questions about a repository, against its code."""
    for question in questions:
        texts: list[str] = []
        for path, name in question.symbols:
            found = entries_of(view, path, name)
            if not found:
                yield f"{question.id}: no {name} in {path}"
            texts += ["\n".join(view.lines(path)[entry.start_line - 1 : entry.end_line]) for entry in found]
        for fact in question.facts:
            if not any(states(text, fact) for text in texts):
                yield f"{question.id}: no line of its symbols states /{fact}/"


def entries_of(view: RootView, path: str, name: str) -> list[StoredEntry]:
    """The entries of a symbol: several where it is overloaded, or kept in parts."""
    if view.snapshot is None:
        return []
    return [entry for entry in view.snapshot.entries_in(path) if entry.qualified_name == name]
