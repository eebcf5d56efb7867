"""Measure answers: `bench_answers.py --repositories FOLDER [--model PATH... | --evidence-only | --check]`.

The folder holds the checkouts by name; `answer_questions.py` describes the questions. Prints tables in Markdown, and
the figures as JSON on the last line.

Without `--evidence-only` the questions are put as `glossator ask` puts them, once without a model, and once to each
model. `--baselines` also shows each model the five best chunks and nothing else, and whole symbols of 3,000 tokens.

`--evidence-only` needs no model: it prints which share of the known facts, and of the symbols that state them, is in
the evidence at several budgets, beside whole symbols packed in the order of the search.

`--check` verifies the questions against the code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import sys
import textwrap
import time
from collections import defaultdict
from contextlib import aclosing, closing, suppress
from dataclasses import asdict, dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

from answer_questions import (
    QUESTIONS,
    REPOSITORIES,
    AskedRepository,
    KnownQuestion,
    entries_of,
    faults,
    faults_in,
    load_questions,
    load_repositories,
    searchable,
)
from answer_report import Outcome, Waits, failed, mean, report, share, show, table
from glossator.answers.answer_scores import Cited, cites, declines, score_citations, words_of
from glossator.answers.answerer import Answerer, Listener
from glossator.answers.evidence import Question, estimated_tokens
from glossator.answers.gathering import gather_in
from glossator.answers.root_view import RootView
from glossator.errors import ModelError, UsageError
from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.model.chat import ChatMessage, Delta, Done
from glossator.project.session import Session
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.answers.evidence import Evidence

BUDGETS = (400, 700, 1200, 2500)
SEARCHED = 14
"""Hits that whole symbols are packed from."""
CHUNKS = 5
"""Hits that the plain baseline is shown, and nothing else."""
WHOLE_TOKENS = 3000
"""Budget of the baseline that is shown whole symbols."""
BASELINE_ANSWER_TOKENS = 300
FOLLOW_UP = "Who calls it, and what happens if that fails?"
CHUNKS_PROMPT = "Use the following pieces of a code base to answer the question.\n\n{evidence}Question: {question}"
WHOLE_PROMPT = (
    "Answer the question about a code base from the numbered evidence alone. End every sentence with the numbers of the"
    " evidence it rests on, like [1].\n\n{evidence}Question: {question}"
)


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


def session_of(folder: Path, index_dir: Path) -> Session:
    """A session over a checkout, its index up to date; it only reads, so that other runs can use the index too."""
    settings = replace(Settings(), index_dir=index_dir, temperature=0.0)
    with closing(Session([folder], settings)) as writing:
        writing.root.index()
    return Session([folder], settings)


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
    for title, of in (("facts by kind", attrgetter("kind")), ("facts by repository", attrgetter("repository"))):
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


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as it came, before it is scored; `said` is the text without what the index says beside a model."""

    text: str
    said: str
    cited: dict[int, Cited]
    evidence: str
    shown: float
    first: float
    whole: float
    read: int
    written: int
    weak: bool = False
    conversation_id: str = ""


class Asked:
    """A repository whose questions are put: its session, and what its code is."""

    def __init__(self, repository: AskedRepository, options: argparse.Namespace) -> None:
        self.repository = repository
        self.session = session_of(repository.folder(options.repositories), options.index_dir)
        self.view = RootView.of(self.session.root)
        self.words: set[str] = set()
        self.files: set[str] = set()
        for file in sorted(repository.folder(options.repositories).rglob("*")):
            if file.is_file():
                self.files.add(file.name)
                if LANGUAGES[language_of(file.name)].grammar or file.suffix in (".md", ".txt", ".rst", ".toml", ".cfg"):
                    self.words.update(words_of(file.read_text("utf-8", "replace")))
        self.words.update(self.files)

    def cited(self, path: str, start: int, end: int, names: tuple[str, ...]) -> Cited:
        """A citation with the text of its lines."""
        return Cited(path, start, end, names, "\n".join(self.view.lines(path)[start - 1 : end]))

    def scored(self, way: str, question: KnownQuestion, other: KnownQuestion, written: Written) -> Outcome:
        """The scores of an answer; `other` is a question whose facts it should not state."""
        text = searchable(written.text)
        numbers = [one for number, one in written.cited.items() if f"[{number}]" in written.said]
        right = any(
            cites(one, path, name, [(e.start_line, e.end_line) for e in entries_of(self.view, path, name)])
            for one in numbers
            for path, name in question.symbols
        )
        return Outcome(
            way=way,
            question=question,
            answer=written.text,
            facts=question.facts_in(text) if question.answerable else 0.0,
            chance=other.facts_in(text),
            evidence_facts=question.facts_in(written.evidence) if question.answerable else 0.0,
            right=right,
            citations=score_citations(written.said, written.cited, self.words, question.text, self.files),
            declined=declines(written.text),
            model_facts=question.facts_in(searchable(written.said)) if question.answerable else 0.0,
            weak=written.weak,
            shown=written.shown,
            first=written.first,
            whole=written.whole,
            read=written.read,
            written=written.written,
        )


class Clock:
    """When the first word of an answer came."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first = 0.0
        self.shown = 0.0

    def found(self, *_: object) -> None:
        """Called with what was found."""
        self.shown = self.shown or self.now

    def word(self, text: str) -> None:
        """Called with more of the answer."""
        if not self.first and text.strip():
            self.first = time.perf_counter() - self.started

    @property
    def now(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self.started


async def ask(
    answerer: Answerer, asked: Asked, text: str, *, use_model: bool = True, conversation_id: str | None = None
) -> Written:
    """Put a question as the command line and the editor do."""
    clock = Clock()
    read_by_model: list[Evidence] = []
    answer = await answerer.ask(
        Question(text, conversation_id=conversation_id),
        Listener(delta=clock.word, found=clock.found, evidence=read_by_model.extend),
        use_model=use_model,
    )
    whole = clock.now
    cited = {one.number: asked.cited(one.path, one.start_line, one.end_line, one.names) for one in answer.citations}
    evidence = "\n".join(
        Shown(one.path, one.names, one.start_line, one.end_line, one.text).part for one in read_by_model
    )
    start, end = answer.from_index or (0, 0)
    usage = {name: int(value or 0) for name, value in answer.usage.items()}
    read = usage.get("prompt_tokens", 0) - usage.get("reused_tokens", 0)
    return Written(
        text=answer.answer,
        said=answer.answer[:start] + answer.answer[end:],
        cited=cited,
        evidence=evidence,
        shown=clock.shown or clock.first or whole,
        first=clock.first or whole,
        whole=whole,
        read=read,
        written=usage.get("completion_tokens", 0),
        weak=answer.is_weak,
        conversation_id=answer.conversation_id,
    )


async def ask_baseline(answerer: Answerer, asked: Asked, text: str, prompt: str) -> Written:
    """Put a question with the chunks or the whole symbols that a search finds in one prompt, and nothing else."""
    clock = Clock()
    if prompt == WHOLE_PROMPT:
        shown = whole_symbols(asked.session, text, WHOLE_TOKENS)
    else:
        shown = [
            Shown(
                hit.path,
                (hit.qualified_name,),
                hit.start_line,
                hit.end_line,
                "\n".join(asked.view.lines(hit.path)[hit.start_line - 1 : hit.end_line]),
            )
            for hit in asked.session.search(text, CHUNKS)
        ]
    evidence = "".join(f"[{number}] {one.part}\n\n" for number, one in enumerate(shown, 1))
    model = answerer.model_access.model()
    assert model is not None, "baselines are only run with a model"
    words: list[str] = []
    done: Done | None = None
    message = ChatMessage("user", prompt.format(evidence=evidence, question=text))
    async with aclosing(model.chat([message], max_tokens=BASELINE_ANSWER_TOKENS)) as events:
        async for event in events:
            if isinstance(event, Delta):
                clock.word(event.text)
                words.append(event.text)
            elif isinstance(event, Done):
                done = event
    whole = clock.now
    cited = {
        number: asked.cited(one.path, one.start_line, one.end_line, one.names) for number, one in enumerate(shown, 1)
    }
    usage = done.usage if done is not None else None
    read = usage.prompt_tokens - usage.reused_tokens if usage is not None else 0
    written = usage.completion_tokens if usage is not None else 0
    text = "".join(words)
    first = clock.first or whole
    return Written(text, text, cited, evidence, first, first, whole, read, written)


async def answers(
    chosen: Sequence[tuple[AskedRepository, list[KnownQuestion]]], options: argparse.Namespace
) -> tuple[list[Outcome], dict[str, Waits]]:
    """All answers, and how long else was waited, by way: one way after the other, so that a model's cache serves it.

    SIGTERM ends it after the question that is being answered.
    """
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    outcomes: list[Outcome] = []
    waits: dict[str, Waits] = defaultdict(Waits)
    sampled = sample(chosen, options.limit, options.seed)
    others = {
        question.id: next(other for other in (*asked[at + 1 :], *asked) if other.answerable and other is not question)
        for _, asked in chosen
        for at, question in enumerate(asked)
    }
    places = [(Asked(repository, options), questions) for repository, questions in sampled]
    for model in ["", *options.model]:
        name = Path(model).stem or "no model"
        settings = replace(
            Settings(), index_dir=options.index_dir, model=model, temperature=0.0, patience=options.patience
        )
        for place, _ in places:
            place.session.reconfigure(settings)
        async with Answerer(places[0][0].session) as answerer:
            prompts = {name: ""}
            if model and options.baselines:
                prompts |= {f"{name}, {CHUNKS} chunks": CHUNKS_PROMPT, f"{name}, whole symbols": WHOLE_PROMPT}
            for way, prompt in prompts.items():
                began = time.monotonic()

                def is_over(began: float = began) -> bool:
                    return bool(stopping) or 0 < options.minutes * 60 < time.monotonic() - began

                for place, questions in places:
                    answerer.use(place.session)
                    await answerer.reconfigure(settings)
                    with suppress(UsageError):
                        place.session.search("index", 1)  # what is read once, is read before anything is timed
                    if model and not prompt and not is_over():
                        clock = Clock()
                        await answerer.prepare(place.session.root.path)
                        waits[way].ready.append(clock.now)
                    for at, question in enumerate(questions):
                        if is_over():
                            break
                        try:
                            if prompt:
                                written = await ask_baseline(answerer, place, question.text, prompt)
                            else:
                                written = await ask(answerer, place, question.text, use_model=bool(model))
                        except (ModelError, UsageError) as error:
                            if stopping:  # the signal may have reached the model's process too
                                break
                            outcomes.append(failed(way, question, str(error)))
                            continue
                        outcome = place.scored(way, question, others[question.id], written)
                        outcomes.append(outcome)
                        if options.show:
                            show(outcome)
                        if model and not prompt and at == 0:
                            with suppress(ModelError):
                                more = await ask(answerer, place, FOLLOW_UP, conversation_id=written.conversation_id)
                                waits[way].follow_ups.append(more.first)
                    device = f" ({answerer.model_access.opened.status.device})" if answerer.model_access.opened else ""
                    print(f"{way}: {place.repository.name}{device}", file=sys.stderr)
    for place, _ in places:
        place.session.close()
    return outcomes, waits


def sample(
    chosen: Sequence[tuple[AskedRepository, list[KnownQuestion]]], limit: int, seed: int
) -> list[tuple[AskedRepository, list[KnownQuestion]]]:
    """As many questions, drawn at random but always the same for a seed; all if `limit` is 0."""
    every = [question.id for _, questions in chosen for question in questions]
    drawn = set(random.Random(seed).sample(every, limit) if 0 < limit < len(every) else every)
    picked = [(repository, [one for one in questions if one.id in drawn]) for repository, questions in chosen]
    return [(repository, questions) for repository, questions in picked if questions]


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
    parser.add_argument("--model", nargs="+", default=[], help="paths of models, or names of installed ones")
    parser.add_argument("--baselines", action="store_true", help="the models from chunks and whole symbols too")
    parser.add_argument("--limit", type=int, default=0, help="questions drawn at random (default: all)")
    parser.add_argument("--minutes", type=float, default=0, help="how long each may answer (default: no limit)")
    parser.add_argument("--seed", type=int, default=0, help="of the drawing")
    parser.add_argument("--patience", type=float, default=Settings().patience, help="as the setting, in seconds")
    parser.add_argument("--show", action="store_true", help="print each answer")
    parser.add_argument("--out", type=Path, help="file to write all answers and scores to, one JSON object a line")
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
    known = sum(question.answerable for _, asked in chosen for question in asked)
    every = sum(len(asked) for _, asked in chosen)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"{platform.machine()}, {os.cpu_count()} cores{load}, Python {platform.python_version()}"
    print(f"{known} questions with known facts and {every - known} without, {len(chosen)} repositories; {machine}")
    if options.evidence_only:
        print(f"\n{json.dumps(evidence_only(chosen, options))}")
        return 0
    if 0 < options.limit < every:
        print(f"{options.limit} of them, drawn with seed {options.seed}")
    outcomes, waits = asyncio.run(answers(chosen, options))
    if not outcomes:
        parser.error("there was no time for a single question")
    if options.out:
        lines = [json.dumps(asdict(one)) for one in outcomes]
        options.out.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    print(f"\n{json.dumps(report(outcomes, waits))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
