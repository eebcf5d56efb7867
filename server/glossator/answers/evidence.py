"""The one type of evidence, from what retrieval found to what an answer cites, and what a question gathers of it.

Evidence is plain data: it names its root by its folder, and holds no reference to an index.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glossator.index.records import Filter, StoredEntry
    from glossator.retrieval.query import Query
    from glossator.retrieval.relations import Relations
    from glossator.workspace.commit_records import LoggedCommit

EvidenceRole = Literal["pinned", "selected", "symbol", "caller", "callee", "test", "sibling", "match"]
"""What a piece is to the question: chosen by the user, the symbol in question, related to it, or found by searching."""
EvidenceForm = Literal["source", "excerpt", "unfolded"]
"""What the text of a piece is: its lines, some of them with "..." between, or the source that is written in its lines
(in a notebook, where a line of the file may hold many lines of source)."""

CHARACTERS_PER_TOKEN = 3.5
"""What a token of source code comes to, where no model counts (3.2 to 3.9 for today's vocabularies)."""
HEADING_TOKENS = 12
"""What the fence and the heading of a piece cost in a prompt, where no model counts."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file (1-based, inclusive)."""

    root: Path
    """The workspace folder that `path` is relative to."""
    path: str
    start_line: int
    end_line: int

    def overlaps(self, file: Path, start_line: int, end_line: int) -> bool:
        """Whether it has a line in common with these lines of a file."""
        return start_line <= self.end_line and self.start_line <= end_line and file == self.root / self.path


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where to look."""

    text: str
    where: Filter | None = None
    focus: Place | None = None
    """The symbol (one line) or selection (several) that it is about."""
    pinned: tuple[Place, ...] = ()
    """Lines that must be among the evidence."""
    removed: tuple[Place, ...] = ()
    """Lines that must not be."""
    conversation_id: str | None = None
    once: bool = False
    """Whether it is a command's: nothing is kept for the next question, so that this one takes its time."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of the code base that an answer is made from.

    Attributes:
        number: what it is cited by: 1, 2, ... in order of importance, unique within a conversation; 0: not numbered.
        root: the workspace folder that `path` is in.
        start_line, end_line: the lines that it was taken from (1-based, inclusive).
        names: the qualified names of the symbols in it, the most important first; empty for unnamed lines.
        why: how it came here, in words for the user.
        text: what a model sees: the lines without common indentation, or some of them.
        tokens: what it costs in a prompt, its heading included.
        relevance: how well it matches the question, 1 for the best match; 1 for what was not searched for.
        source: the lines start_line to end_line, joined with newlines.
        commit: the commit that it is cited for; None for code that is cited as it is.
        line_numbers: for each line of `text` its line in the file, 0 for a mark of what is left out; empty where the
            text is all lines from start_line on, or is not made of lines of the file.
        entry: the index's entry; of merged pieces that of the most important.
    """

    number: int
    root: Path
    path: str
    start_line: int
    end_line: int
    names: tuple[str, ...]
    kind: str
    why: str
    text: str
    tokens: int
    role: EvidenceRole
    form: EvidenceForm
    source: str
    entry: StoredEntry
    relevance: float = 1.0
    line_numbers: tuple[int, ...] = ()
    commit: LoggedCommit | None = None

    @property
    def qualified_name(self) -> str:
        """The symbol that it is named after; "" for unnamed lines."""
        return self.entry.qualified_name or next(iter(self.names), "")

    @property
    def file(self) -> Path:
        """The file, which may be in several roots."""
        return self.root / self.path

    @property
    def identity(self) -> tuple[Path, str, int, int, str, str]:
        """What makes two pieces the same to a conversation."""
        commit = self.commit.name if self.commit is not None else ""
        return self.root, self.path, self.start_line, self.end_line, self.text, commit

    def overlaps(self, other: Evidence) -> bool:
        """Whether it was taken from some of the same lines."""
        return Place(other.root, other.path, other.start_line, other.end_line).overlaps(
            self.file, self.start_line, self.end_line
        )


@dataclass(frozen=True, slots=True)
class Material:
    """All that an answer is made from.

    Attributes:
        evidence: numbered from 1, the most important first.
        query: the question, taken apart; None where a symbol is explained.
        subject: the symbol to explain, or the best symbol for the question; None if nothing was found.
        subject_root: the folder of the root that the subject is in.
        relations: the callers, callees, ... of the subject.
        explains: whether it is about the subject itself, rather than about what a question finds.
        notes: sentences that tell the user what was left out, and why.
        is_far: whether nothing that was found is near to the question: the code hardly answers it.
        worth: tells what texts are worth to the question; None where a symbol is explained.
    """

    evidence: tuple[Evidence, ...] = ()
    query: Query | None = None
    subject: StoredEntry | None = None
    subject_root: Path | None = None
    relations: Relations | None = field(default=None, repr=False)
    explains: bool = False
    notes: tuple[str, ...] = ()
    is_far: bool = False
    worth: Worth | None = field(default=None, repr=False, compare=False)


def estimated_tokens(text: str) -> int:
    """Tokens of a text, for when no model can count them."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def estimated_cost(item: Evidence) -> int:
    """What a piece costs in a prompt, for when no model can count it."""
    return estimated_tokens(item.text) + HEADING_TOKENS


if TYPE_CHECKING:
    Cost = Callable[[Evidence], int]
    Worth = Callable[[Sequence[str]], Sequence[float]]
