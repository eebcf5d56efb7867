"""The examples that a model is adapted with: a prompt as `answers.prompts` builds it, and the answer to learn.

An example is kept as a line of JSON that people can read: what it was made from and why, the evidence, the question,
the answer, and the part that it belongs to.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from glossator.answers import prompts
from glossator.answers.evidence import Evidence
from glossator.answers.packing import unindexed_entry
from glossator.errors import WorkspaceError
from glossator.private_files import replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glossator.model.chat import ChatMessage

RowT = TypeVar("RowT")

ExampleKind = Literal["question", "explain", "commit", "completion", "absent", "general"]
"""`question`: a question that a doc or a comment answers. `explain`: a symbol, explained by its doc. `commit`:
a change and its subject line. `completion`: the rest of a function. `absent`: a question that the evidence does not
answer. `general`: not from the project; shows what would be forgotten."""
EXAMPLE_KINDS: tuple[ExampleKind, ...] = get_args(ExampleKind)

ExamplePart = Literal["train", "validation", "held-out"]


@dataclass(frozen=True, slots=True)
class ExamplePiece:
    """A piece of evidence of an example: lines of a file, some of which may be left out.

    Attributes:
        line_numbers: for each line of `text` its line in the file; empty where these are all lines from the first on.
    """

    path: str
    kind: str
    name: str
    start_line: int
    end_line: int
    text: str
    line_numbers: tuple[int, ...] = ()

    def evidence(self, number: int) -> Evidence:
        """The piece as the prompt and the checks of citations take it."""
        return Evidence(
            number=number,
            root=Path(),
            path=self.path,
            start_line=self.start_line,
            end_line=self.end_line,
            names=(self.name,) if self.name else (),
            kind=self.kind,
            why="",
            text=self.text,
            tokens=0,
            role="match",
            form="source",
            source=self.text,
            entry=unindexed_entry(self.path, self.start_line, self.end_line),
            line_numbers=self.line_numbers,
        )


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and its answer.

    Attributes:
        question: as it stands in the prompt (`prompts.ask_question`, `prompts.explain_question`).
        reason: what the answer was made from, in words.
        path, name: the file and the symbol that it is about; of a commit its hash as `name`.
        time: when that was committed last, in seconds since 1970; 0 if it is not known.
        held_by: why it is held out: "time", "folder" or "file"; "" if it is not.
    """

    kind: ExampleKind
    question: str
    evidence: tuple[ExamplePiece, ...]
    answer: str
    reason: str
    path: str
    name: str
    time: int = 0
    part: ExamplePart = "train"
    held_by: str = ""
    id: str = field(default="")

    def __post_init__(self) -> None:
        if not self.id:
            texts = (self.kind, self.question, *(piece.text for piece in self.evidence), self.answer, self.path)
            digest = hashlib.blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8)
            object.__setattr__(self, "id", digest.hexdigest())

    def pieces(self) -> list[Evidence]:
        """The evidence, numbered from 1."""
        return [piece.evidence(number) for number, piece in enumerate(self.evidence, 1)]

    def messages(self, overview: str) -> tuple[ChatMessage, ...]:
        """The prompt, as `answers` would send it."""
        return prompts.build(self.question, self.pieces(), overview=overview).messages

    def text(self) -> str:
        """All that is in it, to look for secrets and duplicates."""
        return "\n".join([self.question, *(piece.text for piece in self.evidence), self.answer])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What no example was made from, and why."""

    kind: str
    path: str
    name: str
    reason: str


def left_out_reasons(left_out: Iterable[LeftOut]) -> Counter[str]:
    """How often each kind was left out for each reason: "explain: its doc is ..." """
    return Counter(f"{one.kind}: {one.reason.split('`')[0].strip()}" for one in left_out)


@dataclass(frozen=True, slots=True)
class DataSet:
    """The examples of a project.

    Attributes:
        overview: what prompts about the project say of it.
        commit: the commit that was checked out; "" without git.
    """

    root: str
    overview: str
    commit: str
    examples: tuple[Example, ...]
    left_out: tuple[LeftOut, ...]

    def of_part(self, part: ExamplePart) -> list[Example]:
        """The examples of a part."""
        return [one for one in self.examples if one.part == part]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many examples each part has of each kind."""
        parts: tuple[ExamplePart, ...] = get_args(ExamplePart)
        found = {part: dict.fromkeys(EXAMPLE_KINDS, 0) for part in parts}
        for one in self.examples:
            found[one.part][one.kind] += 1
        return {part: {kind: count for kind, count in kinds.items() if count} for part, kinds in found.items()}

    @property
    def digest(self) -> str:
        """Stands for the examples and their parts."""
        lines = sorted(f"{one.id} {one.part}" for one in self.examples)
        return hashlib.sha256("\n".join([self.overview, *lines]).encode("utf-8", "surrogatepass")).hexdigest()


EXAMPLES_FILE, LEFT_OUT_FILE, FACTS_FILE = "examples.jsonl", "left_out.jsonl", "data.json"


def write_data_set(folder: Path, data: DataSet) -> None:
    """Write a data set into a folder that exists.

    Raises:
        OSError: it cannot be written.
    """
    _write_lines(folder / EXAMPLES_FILE, map(asdict, data.examples))
    _write_lines(folder / LEFT_OUT_FILE, map(asdict, data.left_out))
    facts = {"root": data.root, "commit": data.commit, "overview": data.overview, "digest": data.digest}
    _write_lines(folder / FACTS_FILE, [facts | {"counts": data.counts(), "left_out": len(data.left_out)}])


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    replace_private_file(path, text.encode("utf-8", "surrogatepass"))


def example_of(row: dict[str, Any]) -> Example:
    """An example from its line of JSON.

    Raises:
        KeyError, TypeError, ValueError: the line does not describe one.
    """
    pieces = tuple(ExamplePiece(**{**one, "line_numbers": tuple(one["line_numbers"])}) for one in row["evidence"])
    if row["kind"] not in EXAMPLE_KINDS:
        raise ValueError(f"unknown kind {row['kind']!r}")
    if row.get("part", "train") not in get_args(ExamplePart):
        raise ValueError(f"unknown part {row['part']!r}")
    for name in ("question", "answer"):
        if not isinstance(row[name], str) or not row[name].strip():
            raise ValueError(f"an example has no {name}")
    return Example(**{**row, "evidence": pieces})


def read_data_set(folder: Path) -> DataSet:
    """A data set that `write_data_set` wrote, lines deleted or edited by hand included.

    Raises:
        WorkspaceError: it is not there, or a line cannot be read.
    """
    try:
        facts = json.loads((folder / FACTS_FILE).read_text("utf-8"))
        examples = _read_rows(folder / EXAMPLES_FILE, lambda row: example_of({**row, "id": ""}))
        left = _read_rows(folder / LEFT_OUT_FILE, lambda row: LeftOut(**row))
        return DataSet(str(facts["root"]), str(facts["overview"]), str(facts["commit"]), examples, left)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"the data set in {folder} cannot be read: {error}") from error


def _read_rows(path: Path, made: Callable[[dict[str, Any]], RowT]) -> tuple[RowT, ...]:
    """What the lines of a file describe; a line that describes nothing is told by its number."""
    found = []
    for number, line in enumerate(path.read_text("utf-8", "surrogatepass").split("\n"), 1):
        if line.strip():
            try:
                found.append(made(json.loads(line)))
            except KeyError as error:
                raise ValueError(f"line {number} of {path.name}: {error} is missing") from error
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"line {number} of {path.name}: {error}") from error
    return tuple(found)
