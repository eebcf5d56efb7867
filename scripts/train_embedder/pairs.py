"""Pairs to learn from: what somebody would ask, and the code that answers it.

Six kinds, each made of what programmers wrote themselves:

- `doc`: the first sentence or two of a doc comment -> the definition without them
- `detail`: the next sentence -> the definition without it
- `name`: a name in parts -> the definition with the name masked, without its doc comment
- `commit`: a commit's subject -> the lines that it changed, with what is around them
- `section`: a heading of a document -> the text below it
- `report`: a commit's whole message -> the definition that it changed, as it was before (`report_pairs.py`)

A pair's document has the fields of an `Entry`, so that the weights of fields can be learned.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from glossator.adapt.commit_changes import CONVENTIONAL_PREFIX, ISSUE_MARKS, clipped
from glossator.adapt.project_pairs import SENTENCE_END, squeezed
from glossator.index.embedding import parts
from glossator.index.language_detection import language_of
from glossator.index.parsing import parse
from train_embedder.sources import Blob, blobs, changes, contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from glossator.index.entries import Entry

KINDS = ("doc", "detail", "name", "commit", "section", "report")

LIMITS = {"doc": 7000, "detail": 4000, "name": 5000, "commit": 800, "section": 300, "report": 120}
"""Most pairs of a kind from one repository, so that the large ones do not outweigh the rest."""
SOURCE_BYTES = 14_000_000
"""How much of a repository is parsed."""
COMMITS = 2000
"""How many of a repository's newest commits are looked at."""
TEXT_CHARS = 3000

CODE = frozenset(
    [
        "bash",
        "c",
        "cpp",
        "csharp",
        "dart",
        "elixir",
        "go",
        "haskell",
        "java",
        "javascript",
        "jsx",
        "julia",
        "kotlin",
        "lua",
        "ocaml",
        "php",
        "python",
        "r",
        "ruby",
        "rust",
        "scala",
        "swift",
        "tsx",
        "typescript",
        "zig",
    ]
)

_SKIPPED = re.compile(
    r"(^|/)(vendor|third[_-]?party|node_modules|deps|extern(al)?|dist|build|generated|fixtures?|testdata|snapshots?"
    r"|__snapshots__|locales?|i18n|\.yarn|contrib/libs|migrations)(/|$)|\.min\.|_pb2?\.|\.pb\.|generated|bundle\.js",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testing|testsuite|benchmarks?|bench)(/|$)|(_test|\.test|_spec|\.spec|Tests?)\.\w+$"
    r"|(^|/)test_"
)
_BAD_QUERY = re.compile(
    r"copyright|licen[sc]e|eslint|todo|fixme|noqa|@ts-|@internal|inheritdoc|swiftlint|rubocop:|pylint|nolint"
    r"|clang-format|generated|see also|deprecated\.?$|\{@inherit|=====|-----|autogen|#pragma|istanbul|prettier-ignore",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:summary|remarks|para|returns?|c|b|i|p|code|pre|tt|em|strong|li|ul|ol|br|see|a)\b"
    r"[^>]*?(?:cref=\"(?:\w:)?([^\"]*)\")?[^>]*>"
)
_LINK = re.compile(r"\{@\w+\s+([^}]*)\}")
_BRIEF = re.compile(r"[@\\](?:brief|summary|desc(?:ription)?)\s+(.*)")
_DIRECTIVE = re.compile(
    r"([@\\]\w+|:\w+|- parameter|- returns|#+ \w|Args:|Arguments:|Returns?:|Raises:|Parameters|Example|>>>|\.\. "
    r"|```|<param|~~~|::|\$ )",
    re.IGNORECASE,
)
_COMMENT_LINE = re.compile(
    r"\s*(?:///?|//!|/\*|\*|#(?!\s*(?:define|include|if|endif|else|undef|pragma)\b)"
    r"|--|;;|%|\{-|@doc\b)"
)
_NOISE_SUBJECT = re.compile(
    r"merge|bump|release|version|changelog|typo|lint|format|readme|revert|upgrade|whitespace|docs?\b|depend|copyright"
    r"|clippy|warnings?|cleanup|clean up|rubocop|translat",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the fields of the document that answers it.

    `line` is where a definition begins; 0 for a commit. Pairs of one path and line are about the same thing.
    """

    kind: str
    language: str
    path: str
    line: int
    query: str
    name: str
    signature: str
    doc: str
    text: str


def sentences(doc: str) -> tuple[list[str], str]:
    """The sentences of a doc comment's prose, and what follows from its first directive (`@param`, `Args:`) on."""
    doc = _LINK.sub(r"\1", _TAG.sub(lambda found: f" {found.group(1) or ''} ", doc))
    lines = doc.split("\n")
    paragraphs: list[list[str]] = [[]]
    end = len(lines)
    for index, line in enumerate(lines):
        line = line.strip().lstrip("*!/|").strip()
        brief = _BRIEF.match(line)
        if brief:
            line = brief.group(1)
        elif _DIRECTIVE.match(line):
            end = index
            break
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    found = [part.strip() for lines_ in paragraphs for part in SENTENCE_END.split(" ".join(" ".join(lines_).split()))]
    return [sentence for sentence in found if sentence], "\n".join(lines[end:])


def is_query(text: str) -> bool:
    """Whether a sentence of a comment says enough about the code, in words."""
    found = re.findall(r"[A-Za-z][A-Za-z'-]+", text)
    return (
        len(found) >= 3
        and 14 <= len(text) <= 400
        and sum(map(len, found)) / len(text) > 0.6
        and not _BAD_QUERY.search(text)
        and not re.search(r"[{};]\s*$", text)
    )


def without_doc(entry: Entry) -> str:
    """An entry's source without its doc comment."""
    said = {squeezed(line) for line in entry.doc.split("\n")}
    kept = []
    for number, line in enumerate(entry.text.split("\n"), entry.start_line):
        if number < entry.name_line and _COMMENT_LINE.match(line):
            continue
        content = squeezed(re.sub(r"@(?:module|type)?doc\b", "", line))
        if content and content in said:
            continue
        kept.append(line)
    return "\n".join(kept).strip("\n")


def definition_pairs(entry: Entry, language: str, path: str, *, test: bool) -> Iterator[Pair]:
    """The pairs that one definition gives."""
    code = without_doc(entry)
    if len(code) < 40 or entry.part or entry.kind == "block":
        return
    code = code[:TEXT_CHARS]
    said, tail = sentences(entry.doc) if entry.doc else ([], "")
    flat = squeezed(code)
    line = entry.start_line

    def told(kind: str, first: int, last: int) -> Iterator[Pair]:
        query = " ".join(said[first:last])
        rest = " ".join(said[:first] + said[last:])
        key = squeezed(query)[:60]
        if is_query(query) and key not in flat and key not in squeezed(rest):
            doc = f"{rest}\n{tail}".strip()
            text = f"{doc}\n{code}"[:TEXT_CHARS]
            yield Pair(kind, language, path, line, clipped(query), entry.qualified_name, entry.signature, doc, text)

    if said:
        first = 2 if len(said) > 1 and len(said[0]) < 40 else 1
        yield from told("doc", 0, first)
        if len(said) > first:
            yield from told("detail", first, first + 1)
    spoken = parts(entry.name)
    if not test and len(spoken) >= 2 and len(" ".join(spoken)) > 6 and code.count("\n") >= 3:
        name = re.compile(rf"(?<!\w){re.escape(entry.name)}(?!\w)")
        owner = entry.qualified_name.removesuffix(entry.name)
        yield Pair(
            "name",
            language,
            path,
            line,
            " ".join(spoken),
            owner,
            name.sub("_", entry.signature),
            "",
            name.sub("_", code),
        )


def section_pair(entry: Entry, path: str) -> Iterator[Pair]:
    """The pair that a section of a document gives."""
    heading = re.sub(r"[`*_#\[\]]", " ", entry.name).strip()
    body = entry.text.split("\n", 1)[-1]
    if not entry.part and len(re.findall(r"[A-Za-z]{3,}", heading)) >= 2 and len(body) > 200:
        above = entry.qualified_name.removesuffix(entry.name).strip(" >")
        yield Pair("section", "markdown", path, entry.start_line, clipped(heading), above, "", "", body[:TEXT_CHARS])


def is_skipped(path: str) -> bool:
    """Whether a file is generated, vendored, or data of tests."""
    return bool(_SKIPPED.search(path))


def is_test_path(path: str) -> bool:
    """Whether a file holds tests."""
    return bool(_TEST.search(path))


def without_marks(text: str) -> str:
    """A commit's message without numbers of issues and tags in brackets."""
    return ISSUE_MARKS.sub("", text).strip()


def subject(message: str) -> str:
    """A commit's subject without numbers of issues and conventional prefixes; "" if it says too little."""
    text = message.split("\n", 1)[0]
    text = CONVENTIONAL_PREFIX.sub("", without_marks(text)).strip()
    return "" if len(re.findall(r"[A-Za-z]{3,}", text)) < 3 or _NOISE_SUBJECT.search(text) else text


def commit_pair(message: str, diff: str) -> Iterator[Pair]:
    """The pair that a commit gives: of the one to three files of code that it changed, the one that changed most."""
    query = subject(message)
    if not query or len(diff) > 60_000:
        return
    found: list[tuple[int, Pair]] = []
    for file in diff.split("\ndiff --git ")[:14]:
        target = re.search(r"^\+\+\+ b/(.*)$", file, re.MULTILINE)
        path = target.group(1) if target else ""
        language = language_of(path) if path else ""
        if language not in CODE or _SKIPPED.search(path) or _TEST.search(path):
            continue
        heads = re.findall(r"^@@ [^@]*@@(.*)$", file, re.MULTILINE)
        hunks = re.split(r"^@@ [^@]*@@.*$", file, flags=re.MULTILINE)[1:]
        text = "\n".join(line[1:] for hunk in hunks[:6] for line in hunk.split("\n") if line[:1] in ("+", " ") and line)
        if len(text) > 80:
            pair = Pair(
                "commit", language, path, 0, clipped(query), "", "\n".join(heads[:3]).strip(), "", text[:TEXT_CHARS]
            )
            found.append((len(text), pair))
    if 1 <= len(found) <= 3:
        yield max(found, key=lambda item: item[0])[1]


def _order(blob: Blob) -> tuple[bool, str]:
    """Tests last, the others in an order that is random yet always the same."""
    return bool(_TEST.search(blob.path)), hashlib.md5(blob.path.encode(), usedforsecurity=False).hexdigest()


def source_pairs(folder: Path, commit: str) -> Iterator[Pair]:
    """The pairs of the files at a commit."""
    wanted = []
    for blob in blobs(folder, commit):
        language = language_of(blob.path)
        if (
            200 < blob.size < 300_000
            and not _SKIPPED.search(blob.path)
            and (language in CODE or language == "markdown")
        ):
            wanted.append(blob)
    seen: set[int] = set()
    read = 0
    for blob, data in contents(folder, sorted(wanted, key=_order)):
        read += blob.size
        if read > SOURCE_BYTES:
            break
        start = data[:600].lower()
        if b"generated" in start and b"do not edit" in start:
            continue
        try:
            parsed = parse(blob.path, data.decode("utf-8"))
        except UnicodeDecodeError:
            continue
        test = bool(_TEST.search(blob.path))
        for entry in parsed.entries:
            if entry.kind == "section":
                yield from section_pair(entry, blob.path)
            elif parsed.language in CODE:
                key = hash(squeezed(entry.text))
                if key not in seen:
                    seen.add(key)
                    yield from definition_pairs(entry, parsed.language, blob.path, test=test)


def limited(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The first pairs of each kind, as many as `LIMITS` says."""
    counts: Counter[str] = Counter()
    for pair in pairs:
        counts[pair.kind] += 1
        if counts[pair.kind] <= LIMITS[pair.kind]:
            yield pair
        elif all(counts[kind] >= LIMITS[kind] for kind in ("doc", "detail", "name")) or pair.kind == "commit":
            return


def repository_pairs(folder: Path, commit: str) -> list[Pair]:
    """All pairs of a repository."""
    found = list(limited(source_pairs(folder, commit)))
    found += limited(pair for message, diff in changes(folder, commit, COMMITS) for pair in commit_pair(message, diff))
    return found


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Write pairs as JSON, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{json.dumps(asdict(pair), ensure_ascii=False)}\n" for pair in pairs)
    temporary.replace(path)


def read_pairs(path: Path) -> Iterator[Pair]:
    """Read what `write_pairs` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield Pair(**json.loads(line))
