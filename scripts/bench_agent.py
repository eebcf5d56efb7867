"""Measure what an agent must read: `bench_agent.py --repositories FOLDER`.

For each question with known symbols (`answer_questions.py` describes them), two fixed procedures read until all of
these symbols are in view. Neither knows which symbols are wanted; the tokens of all they have read by then are counted
(3.5 characters each). A symbol is in view when its first `SEEN_LINES` lines have been read, or, of a larger class or
other container, its outline.

The tools: `search_code` with the question as it is. Then `get_symbol` for each hit, best first, that was not shown
whole. Then `search_code` once more with a larger budget, and the hits that are new. Then `outline` of each file that
was hit. If a symbol is still missing, the procedure of grep follows, and its tokens are added. Results are counted as
data (JSON), which take more than the text.

grep: each content word of the question is looked for, case ignored, in all indexed files; the first `GREP_LINES` lines
that match a word are read, as an agent's tool prints them. Then the files are read whole, `READ_LINES` lines each, in
the order of how many different words they have, those with more matching lines first. "files only" counts the files
that are read, and nothing for grep's own output.

Prints a table in Markdown for each split, and the figures as JSON on the last line.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from answer_questions import KnownQuestion, entries_of, load_questions, load_repositories
from glossator.answers.evidence import estimated_tokens
from glossator.answers.root_view import RootView
from glossator.errors import GlossatorError
from glossator.index.records import StoredEntry
from glossator.mcp_server import code_tools
from glossator.mcp_server.code_tools import CallScope, paths_of
from glossator.mcp_server.tool_results import CodeHit, tokens_of
from glossator.project.session import Session
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.settings import Settings

SEEN_LINES = 60
GREP_LINES = 50
READ_LINES = 2000
BUDGETS = (2_000, 5_000, 10_000, 20_000)
FIRST, SECOND = {"limit": 8, "max_tokens": 2000}, {"limit": 14, "max_tokens": 4000}
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """the and for are was were what when where which who why how does did has have had can could should would will
        may might must not but that this these those there then than with without from into onto over under its they
        them their you your out off all any some one two first last each every other another same such only just even
        still between before after while until through during against about above below again once here more most also
        been being get gets got give gives given make makes made use uses used using let lets say says said see seen
        happen happens""",
    )
)


@dataclass(slots=True)
class Reading:
    """What has been read: lines by file, containers by place, and tokens."""

    wanted: list[StoredEntry]
    tokens: int = 0
    lines: dict[str, set[int]] = field(default_factory=dict)
    outlined: set[tuple[str, int]] = field(default_factory=set)

    def add(self, path: str, first: int, last: int) -> None:
        """Lines were read."""
        self.lines.setdefault(path, set()).update(range(first, last + 1))

    def is_seen(self, entry: StoredEntry) -> bool:
        """Whether a symbol is in view."""
        last = min(entry.end_line, entry.name_line + SEEN_LINES - 1)
        if set(range(entry.name_line, last + 1)) <= self.lines.get(entry.path, set()):
            return True
        return entry.kind in TYPE_KINDS and (entry.path, entry.name_line) in self.outlined

    @property
    def is_done(self) -> bool:
        """Whether all symbols are in view."""
        return all(self.is_seen(entry) for entry in self.wanted)


def with_tools(scope: CallScope, question: str, wanted: list[StoredEntry]) -> Reading:
    """Read with the tools."""
    reading = Reading(wanted)
    asked: set[tuple[str, int]] = set()
    files: dict[str, None] = {}
    for options in (FIRST, SECOND):
        try:
            found = code_tools.search_code(scope, question, **options)  # type: ignore[arg-type]
        except GlossatorError:
            break
        reading.tokens += tokens_of(found)
        for hit in found.hits:
            files[hit.path] = None
            _read_hit(reading, hit)
        for hit in found.hits:
            if reading.is_done:
                return reading
            if (hit.path, hit.start_line) not in asked and not _is_whole(hit):
                asked.add((hit.path, hit.start_line))
                _read_symbol(scope, reading, hit)
    for path in files:
        if reading.is_done:
            break
        outlined = code_tools.outline(scope, path)
        reading.tokens += tokens_of(outlined)
        for one in outlined.files:
            reading.outlined.update((one.path, member.line) for member in one.definitions)
    return reading


def _is_whole(hit: CodeHit) -> bool:
    return bool(hit.code) and not re.search(r"\(line \d+:\)$", hit.code, re.MULTILINE)


def _read_hit(reading: Reading, hit: CodeHit) -> None:
    if _is_whole(hit):
        reading.add(hit.path, hit.start_line, min(hit.end_line, hit.start_line + hit.code.count("\n")))


def _read_symbol(scope: CallScope, reading: Reading, hit: CodeHit) -> None:
    place = f"{hit.path}:{hit.start_line}"
    try:
        found = code_tools.get_symbol(scope, place)
    except GlossatorError:
        return
    reading.tokens += tokens_of(found)
    for symbol in found.symbols:
        if symbol.code:
            reading.add(symbol.path, symbol.start_line, symbol.start_line + symbol.code.count("\n"))
        if symbol.members:
            reading.outlined.add((symbol.path, symbol.name_line))


def with_grep(view: RootView, question: str, reading: Reading) -> int:
    """Read with grep, until all is in view or all files have been read; returns the tokens of the files alone."""
    assert view.snapshot is not None
    words = list(dict.fromkeys(word.lower() for word in re.findall(r"[^\W\d_][\w'-]+", question)))
    words = [word for word in words if len(word) > 2 and word not in STOP_WORDS]
    texts = {path: view.lines(path) for path in sorted(paths_of(view.snapshot))}
    matched: dict[str, dict[str, int]] = {}
    for word in words:
        printed: list[str] = []
        for path, lines in texts.items():
            hits = [(number, line) for number, line in enumerate(lines, 1) if word in line.lower()]
            if hits:
                matched.setdefault(path, {})[word] = len(hits)
                printed += [f"{path}:{number}:{line}" for number, line in hits]
        reading.tokens += estimated_tokens("\n".join(printed[:GREP_LINES]))
    order = sorted(matched, key=lambda path: (-len(matched[path]), -sum(matched[path].values()), path))
    files = 0
    for path in [*order, *(path for path in texts if path not in matched)]:
        if reading.is_done:
            break
        lines = texts[path][:READ_LINES]
        cost = estimated_tokens("\n".join(f"{number}\t{line}" for number, line in enumerate(lines, 1)))
        reading.tokens += cost
        files += cost
        reading.add(path, 1, len(texts[path]))
    return files


def measured(scope: CallScope, view: RootView, question: KnownQuestion) -> dict[str, Any] | None:
    """The tokens of both procedures; None if the index does not have the symbols."""
    entries = [entry for path, name in question.symbols for entry in entries_of(view, path, name)[:1]]
    if not entries:
        return None
    tools = with_tools(scope, question.text, entries)
    alone = tools.is_done
    if not alone:
        with_grep(view, question.text, tools)
    grep = Reading(entries)
    files = with_grep(view, question.text, grep)
    return {"id": question.id, "tools": tools.tokens, "alone": alone, "grep": grep.tokens, "files": files}


def shown(title: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Print the table of a split; returns its figures."""
    heads = " | ".join(f"≤ {budget:,}" for budget in BUDGETS)
    print(f"\n{title}: {len(rows)} questions\n\n| | median | mean | {heads} |")
    print("|---" * (3 + len(BUDGETS)) + "|")
    figures: dict[str, Any] = {"questions": len(rows)}
    for name, key in (("tools", "tools"), ("grep and files", "grep"), ("files only", "files")):
        tokens = [row[key] for row in rows]
        within = [sum(one <= budget for one in tokens) / len(tokens) for budget in BUDGETS]
        figures[key] = {"median": statistics.median(tokens), "mean": statistics.mean(tokens), "within": within}
        shares = " | ".join(f"{one:.0%}" for one in within)
        print(f"| {name} | {statistics.median(tokens):,.0f} | {statistics.mean(tokens):,.0f} | {shares} |")
    figures["alone"] = sum(row["alone"] for row in rows) / len(rows)
    print(f"\nThe tools sufficed for {figures['alone']:.0%} of the questions.")
    return figures


def main() -> None:
    """Parse arguments, measure, print tables, and figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True, help="folder with the checkouts by name")
    parser.add_argument("--index-dir", type=Path, help="where indexes are kept (default: .index in --repositories)")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    parser.add_argument("--worst", type=int, default=0, help="list the questions that took the most tokens")
    options = parser.parse_args()
    settings = Settings(index_dir=options.index_dir or options.repositories / ".index")
    questions = load_questions()
    only = {name for name in options.only.split(",") if name}
    rows: dict[str, list[dict[str, Any]]] = {"tune": [], "report": []}
    for repository in load_repositories():
        folder = repository.folder(options.repositories)
        if not folder.is_dir() or (only and repository.name not in only):
            continue
        with closing(Session([folder], settings)) as session:
            session.root.index(all_cores=True)
            view = RootView.of(session.root)
            scope = CallScope([SimpleNamespace(root=session.root, name="")])  # type: ignore[list-item]
            for question in questions[repository.name]:
                if question.answerable and (row := measured(scope, view, question)) is not None:
                    rows[repository.split].append(row)
    figures = {split: shown(split, found) for split, found in rows.items() if found}
    for row in sorted((row for found in rows.values() for row in found), key=lambda row: -row["tools"])[
        : options.worst
    ]:
        print(row)
    print(f"\n{json.dumps(figures)}")


if __name__ == "__main__":
    main()
