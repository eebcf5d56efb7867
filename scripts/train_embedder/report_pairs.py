"""Pairs of the kind `report`: what a commit says in full, and the definition that it changed as it was before.

A problem report describes what is wrong with code that still has the fault. The nearest to it that a history holds is a
commit's message of some length before the old text of what the commit changed.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from glossator.index.language_detection import language_of
from glossator.index.parsing import parse
from train_embedder.pairs import CODE, TEXT_CHARS, Pair, is_skipped, is_test_path, subject, without_marks
from train_embedder.sources import Blob, changes, contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMITS = 3000
"""How many of a repository's newest commits are looked at."""
MESSAGE_CHARS = 1500
BODY_WORDS = 12
"""Words of three letters or more that a message has below its subject, at least."""
DIFF_CHARS = 40_000
MOST_FILES = 3
MOST_LINES = 120
"""What a commit may change at most: files of code that are no tests, and lines in them."""
SOURCE_BYTES = 120_000
"""Of the changed file, at most."""

_TRAILER = re.compile(
    r"^\s*(?:[A-Z][\w-]+: |Co-authored|Signed-off|Closes?:? |Fix(?:es)?:? #?\d|Resolves|Refs?:? |PiperOrigin"
    r"|Differential|Reviewed|Test Plan|Summary:|\(cherry|https?://\S+$)",
    re.IGNORECASE,
)
_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
_OUTER = frozenset(["block", "section", "key", "module", "namespace"])
"""Kinds of entries that are no definitions."""


def whole_message(message: str) -> str:
    """A commit's message without trailers and numbers of issues; "" if it says too little."""
    first = subject(message)
    body = [line for line in message.split("\n")[1:] if not _TRAILER.match(line)]
    text = without_marks("\n".join(body))
    if not first or len(re.findall(r"[A-Za-z]{3,}", text)) < BODY_WORDS:
        return ""
    query = f"{first}\n{text}"
    return query if len(query) <= MESSAGE_CHARS else query[:MESSAGE_CHARS].rsplit(" ", 1)[0]


def old_lines(diff: str) -> dict[str, tuple[str, Counter[int]]]:
    """Path -> (name of the old blob, how much each of its lines was changed) for files of code that are no tests.

    An insertion counts for the line before it.
    """
    changed: dict[str, tuple[str, Counter[int]]] = {}
    for file in f"\n{diff}".split("\ndiff --git ")[1:]:
        source = re.search(r"^--- a/(.*)$", file, re.MULTILINE)
        blobs = re.search(r"^index ([0-9a-f]+)\.\.", file, re.MULTILINE)
        if source is None or blobs is None or set(blobs.group(1)) == {"0"}:
            continue
        path = source.group(1)
        if language_of(path) not in CODE or is_skipped(path) or is_test_path(path):
            continue
        lines: Counter[int] = Counter()
        at = 0
        for line in file.split("\n"):
            hunk = _HUNK.match(line)
            if hunk:
                at = int(hunk.group(1))
            elif at and line.startswith("-"):
                lines[at] += 1
                at += 1
            elif at and line.startswith("+"):
                lines[max(at - 1, 1)] += 1
            elif at and (not line or line.startswith(" ")):
                at += 1
        if lines:
            changed[path] = (blobs.group(1), lines)
    return changed


def changed_definition(path: str, source: str, lines: Counter[int], query: str) -> Iterator[Pair]:
    """The pair of a message and the smallest definition around most of the changed lines."""
    parsed = parse(path, source)
    definitions = [entry for entry in parsed.entries if entry.kind not in _OUTER]
    changed: Counter[int] = Counter()
    for line, count in lines.items():
        around = [at for at, one in enumerate(definitions) if one.start_line <= line <= one.end_line]
        if around:
            changed[min(around, key=lambda at: definitions[at].end_line - definitions[at].start_line)] += count
    for at, _ in changed.most_common(1):
        entry = definitions[at]
        text = entry.text[:TEXT_CHARS]
        name, line = entry.qualified_name, entry.start_line
        yield Pair("report", parsed.language, path, line, query, name, entry.signature, entry.doc, text)


def report_pairs(folder: Path, commit: str, limit: int) -> Iterator[Pair]:
    """The pairs of the newest `limit` commits of a repository whose messages are long enough."""
    asked: list[tuple[str, str, str, Counter[int]]] = []
    for message, diff in changes(folder, commit, COMMITS):
        query = whole_message(message) if len(diff) <= DIFF_CHARS else ""
        changed = old_lines(diff) if query else {}
        if 1 <= len(changed) <= MOST_FILES and sum(lines.total() for _, lines in changed.values()) <= MOST_LINES:
            path, (blob, lines) = max(changed.items(), key=lambda item: item[1][1].total())
            asked.append((query, path, blob, lines))
            if len(asked) == limit:
                break
    old = contents(folder, [Blob(path, blob, 0) for _, path, blob, _ in asked])
    data_of = {blob.object: data for blob, data in old}
    for query, path, name, lines in asked:
        data = data_of.get(name, b"")
        if 0 < len(data) <= SOURCE_BYTES:
            try:
                yield from changed_definition(path, data.decode("utf-8"), lines, query)
            except UnicodeDecodeError:
                continue
