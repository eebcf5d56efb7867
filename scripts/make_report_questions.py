"""Make texts like problem reports from histories: `make_report_questions.py OUT NAME=GIT_DIRECTORY...`.

Reports with a known fix are few. From a history comes what is nearest to them: the message of a commit that fixes
something, and what stands for the reporter's snippet, the code of the test that the commit adds. It is asked of a tree
from before the fix, and the answer are the definitions that held the changed lines. So of each repository one older
revision is taken, and the fixes since, as far as that revision has the definitions that they changed.

Two sorts of texts are made: a test's code below a message of any length, and messages of at least 35 words alone. Of
those that name what was changed so many are left out that no more than `MOST_NAMED` do, as reports seldom name it.
Writes OUT/repos.json, OUT/questions.jsonl and the older revision of each repository below OUT/checkouts, for
`fit_reports.py --commits OUT`.

Take repositories that the embedder was not trained on, and that no benchmark of reports holds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.index.parsing import parse
from glossator.retrieval.kinds import PROSE_LANGUAGES, is_test
from make_symbol_questions import (
    MOST_LINES,
    MOST_SYMBOLS,
    git,
    names_target,
    unpack,
    whole_query_of,
    without_trailers,
    write_questions,
)

COMMITS = 4_500
"""Newest commits that texts are made of, or `SHARE` of a history if that is less: the tree is that before them."""
SHARE = 0.6
MOST_QUESTIONS = 45
"""Of each sort and repository."""
MOST_NAMED = 0.37
"""Share of the texts that name what was changed: that of the reports of SWE-bench Lite that were looked at."""
LEAST_WORDS = 30
MOST_FILES = 3
SNIPPET_LINES = 45

_FIX = re.compile(
    r"\b(fix\w*|bugs?|broken|crash\w*|errors?|wrong\w*|incorrect\w*|raise[sd]?|fail(?:s|ed|ure|ing)?|exception|traceback"
    r"|regression|unexpected\w*|invalid|missing|hang\w*|leak\w*|instead of)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"^\W*(?:\w+[(:][^:]*:?\s*)?(add|implement|support|allow|introduce|new|refactor|remove|drop|move|rename|improve|speed"
    r"|optimi[sz]e|use|update|upgrade|simplify|deprecate|make|convert|switch|port|enable|ENH|MAINT|DOC|TST|CI|BLD|REF|PERF"
    r"|STY)\b",
    re.IGNORECASE,
)
"""Subjects of commits that fix nothing."""
_DULL = re.compile(
    r"\b(typo|docs?|ci|lint|flake|test|tests|doctest|changelog|version|merge|revert|backport|build)\b", re.IGNORECASE
)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+", re.MULTILINE)
_TEST_FRAME = re.compile(r"\s*(def test|async def test|class Test|@|#|\"\"\"|''')")
_NO_DEFINITION = frozenset(["block", "section", "key", "module", "namespace"])


class History:
    """A repository's fixes since an older revision."""

    def __init__(self, name: str, directory: Path) -> None:
        self._name = name
        self._directory = directory
        count = int(git(directory, "rev-list", "--no-merges", "--count", "HEAD"))
        self._commits = min(COMMITS, int(count * SHARE))
        newest = ["--no-merges", f"--skip={self._commits}", "-n1", "--format=%H", "HEAD"]
        self.revision = git(directory, "log", *newest).strip()
        self._known: dict[str, set[str]] = {}

    def questions(self) -> list[dict[str, Any]]:
        """The texts of both sorts."""
        sorts: list[list[dict[str, Any]]] = [[], []]
        log = ["--no-merges", "--numstat", f"-n{self._commits}", "--format=%x01%H%x00%B%x02", "HEAD"]
        for row in git(self._directory, "log", *log).split("\x01")[1:]:
            about, _, numbers = row.partition("\x02")
            commit, _, message = about.strip().partition("\x00")
            subject = message.split("\n", 1)[0]
            if not _FIX.search(message) or _CHANGE.match(subject) or _DULL.search(subject):
                continue
            changes = [line.split("\t") for line in numbers.splitlines() if line.count("\t") == 2]
            paths = [path for added, _, path in changes if added != "-" and _is_code(path)]
            sources = [path for path in paths if not is_test(path)]
            lines = sum(int(added) + int(removed) for added, removed, path in changes if path in sources)
            if not 1 <= len(sources) <= MOST_FILES or lines > MOST_LINES:
                continue
            targets: list[dict[str, str]] | None = None
            for sort, query in enumerate((self._with_test(commit, message, paths), whole_query_of(message))):
                if len(query.split()) < LEAST_WORDS or len(sorts[sort]) >= MOST_QUESTIONS * 2:
                    continue
                if targets is None:
                    targets = self._changed(commit, sources)
                if 1 <= len(targets) <= MOST_SYMBOLS:
                    sorts[sort].append({"repo": self._name, "query": query, "targets": targets})
        chosen = [one for found in sorts for one in _with_few_names(found)[:MOST_QUESTIONS]]
        return [{"id": f"{self._name}/{number}", **one} for number, one in enumerate(chosen)]

    def _with_test(self, commit: str, message: str, paths: list[str]) -> str:
        """A message with the code that the first test adds; "" if there is none."""
        test = next((path for path in paths if is_test(path)), None)
        if test is None:
            return ""
        diff = git(self._directory, "show", "--format=", "--unified=0", commit, "--", test)
        added = [line[1:] for line in diff.split("\n") if line.startswith("+") and not line.startswith("+++")]
        code = [line for line in added if line.strip() and not _TEST_FRAME.match(line)][:SNIPPET_LINES]
        if len(code) < 2:
            return ""
        snippet = textwrap.dedent("\n".join(code))
        return f"{without_trailers(message)}\n\n```{language_of(test)}\n{snippet}\n```"

    def _changed(self, commit: str, paths: list[str]) -> list[dict[str, str]]:
        """The definitions that held what a commit changed (for an insertion, the line before it); [] if the older
        revision lacks one."""
        found: dict[tuple[str, str], None] = {}
        for path in paths:
            entries = [one for one in parse(path, self._text(f"{commit}^:{path}")).entries if one.part == 0]
            diff = git(self._directory, "show", "--format=", "--unified=0", commit, "--", path)
            for start, count in _HUNK.findall(diff):
                for line in range(int(start), int(start) + max(int(count or 1), 1)):
                    around = [one for one in entries if one.start_line <= line <= one.end_line and one.kind != "block"]
                    if around:
                        inner = min(around, key=lambda one: one.end_line - one.start_line)
                        if inner.kind not in _NO_DEFINITION:
                            found.setdefault((path, inner.qualified_name))
        if any(name not in self._names_in(path) for path, name in found):
            return []
        return [{"path": path, "name": name} for path, name in found]

    def _names_in(self, path: str) -> set[str]:
        """The qualified names that a file of the older revision defines."""
        if path not in self._known:
            self._known[path] = {
                one.qualified_name for one in parse(path, self._text(f"{self.revision}:{path}")).entries
            }
        return self._known[path]

    def _text(self, blob: str) -> str:
        """A file's text; "" if there is none."""
        try:
            return git(self._directory, "show", blob)
        except subprocess.CalledProcessError:
            return ""


def _is_code(path: str) -> bool:
    language = language_of(path)
    return LANGUAGES[language].grammar is not None and language not in PROSE_LANGUAGES and "=>" not in path


def _with_few_names(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those texts first that don't name what was changed, then as many others as `MOST_NAMED` allows."""
    named = [one for one in found if names_target(one["query"], one["targets"])]
    others = [one for one in found if one not in named]
    return [*others, *named[: round(max(len(others), 2) * MOST_NAMED / (1 - MOST_NAMED))]]


def _made(argument: str, out: Path) -> tuple[str, str, list[dict[str, Any]]]:
    """What `write_questions` writes of one repository, whose tree is unpacked."""
    name, _, directory = argument.partition("=")
    history = History(name, Path(directory))
    unpack(Path(directory), history.revision, ".", out / "checkouts" / name)
    questions = history.questions()
    print(f"{name}: {len(questions)}", file=sys.stderr, flush=True)
    return name, ".", questions


def main() -> None:
    """Parse arguments, write files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("repositories", nargs="+", help="NAME=GIT_DIRECTORY")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    write_questions(options.out, (_made(argument, options.out) for argument in options.repositories))


if __name__ == "__main__":
    main()
