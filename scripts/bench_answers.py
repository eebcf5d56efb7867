"""Measure answers: `bench_answers.py --repositories FOLDER [--evidence-only | --check]`.

The folder holds the checkouts by name; `answer_questions.py` describes the questions. Prints tables in Markdown, and
the figures as JSON on the last line.

`--evidence-only` needs no model: it prints which share of the known facts, and of the symbols that state them, is in
the evidence at several budgets, beside whole symbols packed in the order of the search.

`--check` verifies the questions against the code.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import textwrap
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

from answer_questions import (
    QUESTIONS,
    REPOSITORIES,
    AskedRepository,
    KnownQuestion,
    faults,
    faults_in,
    load_questions,
    load_repositories,
)
from glossator.answers.evidence import Question, estimated_tokens
from glossator.answers.gathering import gather_in
from glossator.answers.root_view import RootView
from glossator.errors import UsageError
from glossator.project.session import Session
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

BUDGETS = (400, 700, 1200, 2500)
SEARCHED = 14
"""Hits that whole symbols are packed from: as many as the program gathers from."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of evidence as a model would see it, and where it is from."""

    path: str
    names: tuple[str, ...]
    start_line: int
    end_line: int
    text: str

    @property
    def part(self) -> str:
        """Its heading and its text."""
        return f"{self.path} {', '.join(self.names[:1])}\n{self.text}"


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def table(title: str, columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print a table in Markdown."""
    print(f"\n| {title} | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, values in rows:
        print(f"| {name} | " + " | ".join(values) + " |")


def share(value: float) -> str:
    """A share as it is printed."""
    return f"{value:.3f}"


def gathered(session: Session, text: str, budget: int) -> list[Shown]:
    """The program's own evidence."""
    pieces = gather_in(session, Question(text), budget).evidence
    return [Shown(piece.path, piece.names, piece.start_line, piece.end_line, piece.text) for piece in pieces]


def whole_symbols(session: Session, text: str, budget: int) -> list[Shown]:
    """The best hits, whole, in the order of the search; what does not fit any more is left out."""
    return list(_whole(session, text, budget))


def _whole(session: Session, text: str, budget: int) -> Iterator[Shown]:
    view = RootView.of(session.root)
    assert view.snapshot is not None, "it has just been indexed"
    for hit in view.snapshot.search(text, SEARCHED, by_symbol=True):
        lines = view.lines(hit.path)[hit.entry.start_line - 1 : hit.entry.end_line]
        body = textwrap.dedent("\n".join(lines))
        shown = Shown(hit.path, (hit.qualified_name,), hit.entry.start_line, hit.entry.end_line, body)
        cost = estimated_tokens(shown.part)
        if cost <= budget:
            budget -= cost
            yield shown


def is_shown(symbol: tuple[str, str], evidence: Sequence[Shown]) -> bool:
    """Whether a symbol is among the evidence."""
    path, name = symbol
    return any(one.path == path and name in one.names for one in evidence)


def session_of(folder: Path, index_dir: Path, model: str = "") -> Session:
    """A session over a checkout, its index up to date."""
    session = Session([folder], replace(Settings(), index_dir=index_dir, model=model, temperature=0.0))
    session.root.index()
    return session


def evidence_only(
    chosen: Sequence[tuple[AskedRepository, list[KnownQuestion]]], options: argparse.Namespace
) -> dict[str, object]:
    """Score the evidence; prints tables, returns the figures."""
    ways: dict[str, Callable[[Session, str, int], list[Shown]]] = {"evidence": gathered, "whole symbols": whole_symbols}
    facts: dict[tuple[str, int], list[tuple[KnownQuestion, float]]] = defaultdict(list)
    symbols: dict[tuple[str, int], list[float]] = defaultdict(list)
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    sizes: dict[tuple[str, int], list[float]] = defaultdict(list)
    missing: list[str] = []
    for repository, questions in chosen:
        session = session_of(repository.folder(options.repositories), options.index_dir)
        for question in questions:
            if not question.answerable:
                continue
            for way, found_by in ways.items():
                for budget in options.budgets:
                    started = time.perf_counter()
                    try:
                        evidence = found_by(session, question.text, budget)
                    except UsageError:
                        evidence = []
                    seconds[way, budget].append(time.perf_counter() - started)
                    text = "\n".join(one.part for one in evidence)
                    facts[way, budget].append((question, question.facts_in(text)))
                    symbols[way, budget].append(mean(is_shown(symbol, evidence) for symbol in question.symbols))
                    sizes[way, budget].append(sum(estimated_tokens(one.part) for one in evidence))
                    if options.misses and way == "evidence" and question.facts_in(text) < 1:
                        names = ", ".join(f"{one.path} {', '.join(one.names[:1])}" for one in evidence)
                        lacking = question.missing_in(text)
                        missing.append(f"- {question.id} at {budget:,}: {lacking} of “{question.text}”; shown: {names}")
        session.close()
        shares = [value for question, value in facts["evidence", options.budgets[0]] if question in questions]
        print(f"{repository.name:24} {mean(shares):.3f} at {options.budgets[0]}", file=sys.stderr)
    columns = [f"{budget:,} tokens" for budget in options.budgets]

    def row(values: Callable[[str, int], float], way: str, shown: Callable[[float], str] = share) -> list[str]:
        return [shown(values(way, budget)) for budget in options.budgets]

    rows = [(f"facts, {way}", row(lambda w, b: mean(v for _, v in facts[w, b]), way)) for way in ways]
    rows += [
        (f"all facts of the question, {way}", row(lambda w, b: mean(v == 1 for _, v in facts[w, b]), way))
        for way in ways
    ]
    rows += [(f"symbols, {way}", row(lambda w, b: mean(symbols[w, b]), way)) for way in ways]
    rows += [(f"tokens taken, {way}", row(lambda w, b: mean(sizes[w, b]), way, lambda v: f"{v:,.0f}")) for way in ways]
    rows += [("ms, evidence", row(lambda w, b: mean(seconds[w, b]) * 1e3, "evidence", lambda v: f"{v:,.0f}"))]
    table("share in the evidence", columns, rows)
    for title, of in (("facts by kind", _kind), ("facts by repository", _repository)):
        scored = facts["evidence", options.budgets[0]]
        groups = sorted({of(question) for question, _ in scored})
        table(
            title,
            [*columns, "questions"],
            [
                (
                    group,
                    [
                        *(
                            share(mean(v for q, v in facts["evidence", budget] if of(q) == group))
                            for budget in options.budgets
                        ),
                        str(sum(of(q) == group for q, _ in scored)),
                    ],
                )
                for group in groups
            ],
        )
    if missing:
        print("\nFacts that are missing:\n", *missing, sep="\n")
    return {
        f"{way} {budget}": {
            "facts": round(mean(v for _, v in facts[way, budget]), 4),
            "symbols": round(mean(symbols[way, budget]), 4),
        }
        for way in ways
        for budget in options.budgets
    }


def _kind(question: KnownQuestion) -> str:
    return question.kind


def _repository(question: KnownQuestion) -> str:
    return question.repository


def check(chosen: Sequence[tuple[AskedRepository, list[KnownQuestion]]], options: argparse.Namespace) -> list[str]:
    """What is wrong with the questions."""
    found = list(faults([question for _, questions in chosen for question in questions]))
    for repository, questions in chosen:
        session = session_of(repository.folder(options.repositories), options.index_dir)
        found += faults_in(RootView.of(session.root), questions)
        session.close()
    return found


def selected(options: argparse.Namespace) -> list[tuple[AskedRepository, list[KnownQuestion]]]:
    """The repositories that are checked out and asked about, with their questions."""
    questions = load_questions(options.questions)
    only = {name for name in options.only.split(",") if name}
    chosen: list[tuple[AskedRepository, list[KnownQuestion]]] = []
    for repository in load_repositories(options.repositories_file):
        asked = questions.get(repository.name, [])
        if not asked or (only and repository.name not in only) or options.split not in ("", repository.split):
            continue
        if not repository.folder(options.repositories).is_dir():
            print(
                f"{repository.name} is left out: there is no {repository.folder(options.repositories)}. To get it:"
                f" git clone https://github.com/{repository.github} {options.repositories / repository.name}"
                f" && git -C {options.repositories / repository.name} checkout {repository.revision}",
                file=sys.stderr,
            )
            continue
        chosen.append((repository, asked))
    return chosen


def main() -> int:
    """Parse arguments, print tables, and figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True, help="folder with the checkouts by name")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--repositories-file", type=Path, default=REPOSITORIES, help="what the checkouts are")
    parser.add_argument("--index-dir", type=Path, help="where indexes are kept (default: .index in --repositories)")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    parser.add_argument("--split", choices=("tune", "report"), default="", help="only these repositories")
    parser.add_argument("--evidence-only", action="store_true", help="score the evidence, without a model")
    parser.add_argument("--budgets", type=int, nargs="+", default=list(BUDGETS), help="tokens of evidence")
    parser.add_argument("--misses", action="store_true", help="list the facts that are missing")
    parser.add_argument("--check", action="store_true", help="verify the questions against the code")
    options = parser.parse_args()
    options.index_dir = options.index_dir or options.repositories / ".index"
    chosen = selected(options)
    if not chosen:
        parser.error(f"no repository that questions are about is in {options.repositories}")
    if options.check:
        found = check(chosen, options)
        print(*found, f"{sum(len(asked) for _, asked in chosen)} questions, {len(found)} faults", sep="\n")
        return 1 if found else 0
    count = sum(question.answerable for _, asked in chosen for question in asked)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{count} questions with known facts, {len(chosen)} repositories; {machine}")
    print(f"\n{json.dumps(evidence_only(chosen, options))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
