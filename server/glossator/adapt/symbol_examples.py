"""Examples from the symbols of a project: from docs, comments and bodies, and questions that evidence does not answer.

A doc becomes an answer as far as the code itself shows what it says: sentences without a source in the evidence are
left out, for a model that is taught to say more than it was shown learns to invent. What the answer was made from is
cut out of the evidence, so that there is something to learn but copying.
"""

from __future__ import annotations

import random
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.adapt.examples import Example, ExamplePiece, LeftOut
from glossator.answers import prompts
from glossator.answers.declaration_lines import find_declaration
from glossator.answers.passages import doc_lines
from glossator.answers.sentence_sources import SentenceSources
from glossator.index.directives import without_directives
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.adapt.examples import ExampleKind
    from glossator.index.records import StoredEntry
    from glossator.project.snapshot import Snapshot

LEAST_DOC_WORDS = 4
DOC_SENTENCES = 4
"""Of an answer, as the prompt asks for."""
LINES_SHOWN = 40
"""Of a piece of evidence: longer ones make training slow and teach nothing more."""
LEAST_LINES_SHOWN = 3
BESIDE_LINES = 12
"""Lines of a piece that has nothing to do with the question."""
COMPLETED_LINES = (8, 36)
"""Length of functions whose rest is asked for."""
EXPLAINED_KINDS = frozenset(
    "function method constructor class struct interface trait protocol enum macro component test".split()  # noqa: SIM905
)

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(\[*])")
_FIELD = re.compile(
    r"(?im)^\s*(?::?(?:param|parameters?|arg|args|arguments|returns?|return type|raises|throws|yields?|examples?|"
    r"attributes|notes?|see also|references|todo|fixme|since|version|deprecated|author)\b\s*[^\n]{0,30}:|@\w+|>>>"
    r"|```|\.\. )"
)
_MARKUP = re.compile(r":\w+:`~?([^`]+)`|\{@\w+\s+([^}]+)\}|<[/\w][^<>]{0,60}>|``")
_COMMENT_LINE = re.compile(r"\s*(?:#(?!!|\[|include|define|if|el|end|pragma)|//[/!]?|--(?!>))\s?(.*)")
_RETURNS = re.compile(r"(?i)^(?:returns?|gets?|gives?|yields?|computes?|calculates?)\b")
_TELLS = re.compile(r"(?i)^(?:whether|true if|checks?|tests?|determines?|returns? (?:whether|true))\b")


@dataclass(frozen=True, slots=True)
class _Told:
    """A doc as an answer: its sentences with the numbers of their sources."""

    text: str
    sentences: int
    kept: int


def symbol_examples(
    snapshot: Snapshot, paths: Sequence[str], times: dict[str, int], seed: int
) -> Iterator[Example | LeftOut]:
    """All examples that the symbols of these files give, and what gave none.

    Args:
        times: when each file was committed last, in seconds since 1970.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    beside: list[ExamplePiece] = []
    """Pieces of other places, to stand beside what a question is about."""
    for path in paths:
        text = snapshot.text(path)
        if text is None:
            continue
        lines = split_lines(text)
        entries = [entry for entry in snapshot.entries_in(path) if entry.part == 0 and entry.end_line <= len(lines)]
        maker = _Maker(path, lines, times.get(path, 0), chance, beside)
        for entry in entries:
            if entry.kind in EXPLAINED_KINDS and not entry.stub:
                yield from maker.of_code(entry)
            elif entry.kind == "section":
                yield from maker.of_section(entry)


class _Maker:
    """Makes the examples of one file."""

    def __init__(
        self, path: str, lines: Sequence[str], time: int, chance: random.Random, beside: list[ExamplePiece]
    ) -> None:
        self.path = path
        self.lines = lines
        self.time = time
        self.chance = chance
        self.beside = beside

    def left(self, kind: ExampleKind, entry: StoredEntry, reason: str) -> LeftOut:
        return LeftOut(kind, self.path, entry.qualified_name, reason)

    def piece(self, entry: StoredEntry, numbers: Sequence[int]) -> ExamplePiece:
        """Lines of a symbol, without common indentation."""
        text = textwrap.dedent("\n".join(self.lines[at - 1] for at in numbers))
        return ExamplePiece(self.path, entry.kind, entry.qualified_name, numbers[0], numbers[-1], text, tuple(numbers))

    def example(
        self,
        kind: ExampleKind,
        question: str,
        pieces: Sequence[ExamplePiece],
        answer: str,
        entry: StoredEntry,
        why: str,
    ) -> Example:
        return Example(kind, question, tuple(pieces), answer, why, self.path, entry.qualified_name, self.time)

    def surrounded(self, piece: ExamplePiece, most: int = 2) -> list[ExamplePiece]:
        """A piece among others that are not about it, at a random place."""
        others = [one for one in self.beside if one.name != piece.name and one.path != piece.path]
        found = [piece, *self.chance.sample(others, min(len(others), self.chance.randint(0, most)))]
        self.chance.shuffle(found)
        return found

    def of_code(self, entry: StoredEntry) -> Iterator[Example | LeftOut]:
        """The examples of a definition."""
        every = list(range(entry.start_line, entry.end_line + 1))
        declared = find_declaration(entry, self.lines[entry.start_line - 1 : entry.end_line], entry.start_line)
        span = (declared.first, declared.last) if declared is not None else (entry.name_line, entry.name_line)
        doc = doc_lines(entry, self.lines, entry.start_line, entry.end_line, span)
        body = _without_marks([at for at in every if at not in doc], self.lines)
        if entry.kind in ("function", "method", "constructor") and len(body) >= LEAST_LINES_SHOWN:
            yield from self.of_comments(entry, body)
            if COMPLETED_LINES[0] <= len(body) <= COMPLETED_LINES[1]:
                yield from self.of_body(entry, body, span[1])
        shown = body[:LINES_SHOWN]
        if len(body) < LEAST_LINES_SHOWN:
            if entry.doc:
                yield self.left("explain", entry, "shorter than three lines")
            return
        if entry.doc:
            yield from self.of_doc(entry, shown)
        self.beside.append(self.piece(entry, body[:BESIDE_LINES]))
        if len(self.beside) > 60:
            self.beside.pop(self.chance.randrange(len(self.beside)))

    def of_doc(self, entry: StoredEntry, numbers: Sequence[int]) -> Iterator[Example | LeftOut]:
        """The doc of a definition as the answer to a question, and as its explanation."""
        sentences = doc_sentences(entry.doc)
        if sum(len(one.split()) for one in sentences) < LEAST_DOC_WORDS:
            yield self.left("explain", entry, "its doc is shorter than four words, or only a licence or a directive")
            return
        own = self.piece(entry, numbers)
        pieces = self.surrounded(own)
        question = prompts.explain_question(entry.qualified_name, entry.kind)
        told = _told(sentences, pieces, question)
        if told is None:
            yield self.left("explain", entry, "its doc says what the code does not show")
            return
        why = f"its doc; {told.kept} of {told.sentences} sentences have a source in the code"
        yield self.example("explain", question, pieces, told.text, entry, why)
        pieces = self.surrounded(own)
        question = prompts.ask_question(_doc_question(entry, sentences[0]))
        told = _told(sentences[:2], pieces, question)
        if told is not None:
            yield self.example("question", question, pieces, told.text, entry, f"the beginning of its doc; {why}")
        if self.chance.random() < 0.2:
            others = [one for one in self.beside if one.path != self.path and entry.name not in one.text]
            if len(others) >= 2:
                pieces = self.chance.sample(others, 2)
                yield self.example("absent", question, pieces, self.absence(entry, pieces), entry, "about other code")

    def absence(self, entry: StoredEntry, pieces: Sequence[ExamplePiece]) -> str:
        """The answer to a question that the evidence does not answer."""
        shown = " and ".join(f"`{one.name}`" for one in pieces if one.name) or "other code"
        name = entry.qualified_name
        return self.chance.choice(
            (
                f"The excerpts do not show `{name}`. They show {shown}; its definition is missing.",
                f"The excerpts do not say: they contain {shown}, and the code of `{name}` is missing.",
                f"The excerpts do not answer this. `{name}` is not among them, only {shown}.",
            )
        )

    def of_comments(self, entry: StoredEntry, body: Sequence[int]) -> Iterator[Example | LeftOut]:
        """The first comment in a body that explains the line after it."""
        at = 1
        while at < len(body):
            first = at
            said: list[str] = []
            while at < len(body) and (found := _COMMENT_LINE.fullmatch(self.lines[body[at] - 1])) is not None:
                said.append(found[1].strip())
                at += 1
            if not said:
                at += 1
                continue
            text = without_directives("\n".join(said))
            code = self.lines[body[at] - 1].strip() if at < len(body) else ""
            if len(text.split()) < 6 or not 4 <= len(code) <= 90 or "`" in code:
                continue
            rest = [*body[:first], *body[at:]]
            begin = max(0, min(first - 4, len(rest) - LINES_SHOWN))
            pieces = self.surrounded(self.piece(entry, rest[begin : begin + LINES_SHOWN]), 1)
            question = prompts.ask_question(f"In `{entry.qualified_name}`, what is `{code}` for?")
            told = _told(doc_sentences(text), pieces, question)
            if told is None:
                yield self.left(
                    "question", entry, f"its comment on line {body[first]} says what the code does not show"
                )
                return
            yield self.example("question", question, pieces, told.text, entry, f"the comment on line {body[first]}")
            return

    def of_body(self, entry: StoredEntry, body: Sequence[int], declared: int) -> Iterator[Example]:
        """The rest of a function."""
        if self.chance.random() > 0.35:
            return
        least = sum(at <= declared for at in body) + 1
        cut = max(least, int(len(body) * self.chance.uniform(0.35, 0.6)))
        rest = [self.lines[at - 1] for at in body[cut:]]
        if len(rest) < 3:
            return
        beginning = self.piece(entry, body[:cut])
        indent = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
        code = "\n".join(line[indent:] for line in rest).rstrip()
        question = prompts.ask_question(
            f"The excerpt has the first {cut} lines of `{entry.qualified_name}`. Write the rest of it, as code only."
        )
        yield self.example("completion", question, [beginning], f"```\n{code}\n```", entry, "the rest of its body")

    def of_section(self, entry: StoredEntry) -> Iterator[Example | LeftOut]:
        """A section of a document, asked for by its heading."""
        numbers = list(range(entry.start_line, min(entry.end_line, entry.start_line + LINES_SHOWN) + 1))
        text = "\n".join(self.lines[at - 1] for at in numbers[1:])
        blocks = [block for block in text.split("\n\n") if block.strip()]
        prose = [block for block in blocks if block.lstrip()[0] not in "#|-*>`<!=~+.:[0123456789"]
        sentences = doc_sentences(prose[0]) if prose else []
        if sum(len(one.split()) for one in sentences) < 2 * LEAST_DOC_WORDS or len(entry.name.split()) > 12:
            return
        pieces = self.surrounded(self.piece(entry, numbers))
        question = prompts.ask_question(f"What does the documentation say about “{entry.name}”?")
        told = _told(sentences[:3], pieces, question)
        if told is not None:
            yield self.example("question", question, pieces, told.text, entry, "the beginning of the section")


def doc_sentences(doc: str) -> list[str]:
    """The sentences of a doc's prose, before its lists of parameters and examples; without markup."""
    prose = without_directives(doc)
    if (field := _FIELD.search(prose)) is not None:
        prose = prose[: field.start()]
    prose = _MARKUP.sub(lambda found: f"`{found[1] or found[2]}`" if found[1] or found[2] else "", prose)
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", prose):
        flat = " ".join(paragraph.split())
        if flat and (flat[0].isalnum() or flat[0] in "`\"'("):
            found += [one.strip() for one in _SENTENCE.split(flat) if len(one.split()) > 1]
    return [one if one[-1] in ".!?" else f"{one.rstrip(':;,')}." for one in found[:DOC_SENTENCES]]


def _told(sentences: Sequence[str], pieces: Sequence[ExamplePiece], question: str) -> _Told | None:
    """The sentences that have a source in the evidence, with its numbers; None if the first has none."""
    sources = SentenceSources({number: one.evidence(number) for number, one in enumerate(pieces, 1)}, question)
    kept: list[str] = []
    for place, sentence in enumerate(sentences):
        support = sources.find(sentence)
        numbers = sorted({source.number for source in support.sources})
        if numbers:
            end = sentence[-1]
            kept.append(f"{sentence[:-1]} {''.join(f'[{number}]' for number in numbers)}{end}")
        elif not place:
            return None
    return _Told(" ".join(kept), len(sentences), len(kept)) if kept else None


def _doc_question(entry: StoredEntry, sentence: str) -> str:
    if _TELLS.match(sentence):
        return f"What does `{entry.qualified_name}` check?"
    if entry.kind in ("function", "method") and _RETURNS.match(sentence):
        return f"What does `{entry.qualified_name}` return?"
    if entry.kind in ("function", "method", "constructor", "macro", "test"):
        return f"What does `{entry.qualified_name}` do?"
    return f"What is `{entry.qualified_name}` for?"


def _without_marks(numbers: Sequence[int], lines: Sequence[str]) -> list[int]:
    """Line numbers without blank lines at the ends, and without what is left of a comment that was cut out."""
    bare = re.compile(r"\s*(?:\"\"\"|'''|/\*\*?|\*/|\*|///?|#)?\s*")
    found = list(numbers)
    while found and bare.fullmatch(lines[found[0] - 1]):
        found.pop(0)
    while found and not lines[found[-1] - 1].strip():
        found.pop()
    return [at for at in found if not re.fullmatch(r"\s*(?:\"\"\"|'''|/\*\*?|\*/|\*)\s*", lines[at - 1])]
