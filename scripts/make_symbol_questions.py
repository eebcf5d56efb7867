"""Make symbol-level questions from histories: `make_symbol_questions.py OUT NAME=GIT_DIRECTORY[:FOLDER]...`.

A question is a commit's subject and the first paragraph of its body; its answer are the definitions that the commit
changed, as far as the newest revision still has them. Merges, mass changes, changes of form and of documents alone are
left out. With `--whole` a question is the whole message of at least 35 words, which comes closest to a problem report;
of those that name what they changed two of three are left out, as reports seldom name it.
Writes OUT/repos.json, OUT/questions.jsonl and the newest revision of each repository below OUT/checkouts.

Take repositories that neither the embedder nor the ranking was fitted on.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.index.parsing import parse
from glossator.retrieval.kinds import is_test

COMMITS = 1500
"""Newest commits looked at."""
MOST_FILES = 5
MOST_LINES = 120
MOST_SYMBOLS = 3
MOST_QUESTIONS = 30
WHOLE_WORDS = 35
WHOLE_COMMITS = 3000
WHOLE_QUESTIONS = 20
"""The same for whole messages: words of the shortest, commits looked at, questions of a repository."""

_DULL = re.compile(
    r"\b(bump|release|version|changelog|typo|format(ting)?|lint|merge|revert|deps?|dependenc|readme|copyright|licen[cs]e"
    r"|clippy|rubocop|eslint|prettier|black|isort|whitespace|indent|comments?|docs?|document|javadoc|test|ci|travis|spelling"
    r"|wip|cleanup|clean up|style)\w*",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^\s*(?:\[[^\]]*\]\s*|(?:\w+(?:\([^)]*\))?!?:\s+))+")
_ISSUE = re.compile(r"\s*\(?(?:#|gh-|GH-)\d+\)?|\bfix(?:es|ed)?\s+#\d+|https?://\S+", re.IGNORECASE)
_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


def git(directory: Path, *arguments: str) -> str:
    """What git says."""
    command = ["git", f"--git-dir={directory}", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def query_of(message: str) -> str:
    """The question that a commit's message asks; "" if it asks none."""
    subject, _, body = message.strip().partition("\n")
    if _DULL.search(subject):
        return ""
    subject = _ISSUE.sub("", _PREFIX.sub("", subject)).strip(" .")
    paragraph = re.split(r"\n\s*\n", body.strip(), maxsplit=1)[0] if body.strip() else ""
    if re.match(r"[\w-]+: |\* |- |Co-authored|Signed-off|Closes|Fixes|Resolves", paragraph):
        paragraph = ""
    paragraph = _ISSUE.sub("", " ".join(paragraph.split()))[:300]
    return f"{subject}. {paragraph}".strip(" .") if len(subject.split()) >= 4 else ""


_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]+: |Co-authored|Signed-off|Closes?:? |Fixes:? #?\d|Resolves|Refs?:? |PiperOrigin|Differential"
    r"|Reviewed|Test Plan|Summary:|\(cherry)",
    re.IGNORECASE,
)


def whole_query_of(message: str) -> str:
    """A commit's whole message without trailers and issue numbers; "" if it is too short or dull."""
    query = without_trailers(message)
    long = len(query.split()) >= WHOLE_WORDS and "\n" in query
    return query if long and not _DULL.search(query.split("\n", 1)[0]) else ""


def without_trailers(message: str) -> str:
    """A commit's message without trailers, issue numbers and addresses."""
    return _ISSUE.sub("", "\n".join(line for line in message.split("\n") if not _TRAILER.match(line))).strip()


def names_target(query: str, targets: list[dict[str, str]]) -> bool:
    """Whether a query contains the bare name of a target."""
    return any(re.search(rf"\b{re.escape(one['name'].split('.')[-1])}\b", query) for one in targets)


def changed_lines(directory: Path, commit: str) -> dict[str, list[int]]:
    """Path -> lines of the new text that a commit changed; {} if it is a mass change."""
    listed = git(directory, "show", "--format=", "--numstat", commit).splitlines()
    rows = [line.split("\t") for line in listed if line.count("\t") == 2]
    if not rows or len(rows) > MOST_FILES + 3 or any(row[0] == "-" for row in rows):
        return {}
    paths = [
        row[2] for row in rows if LANGUAGES[language_of(row[2])].grammar and not is_test(row[2]) and "=>" not in row[2]
    ]
    if (
        not 1 <= len(paths) <= MOST_FILES
        or sum(int(row[0]) + int(row[1]) for row in rows if row[2] in paths) > MOST_LINES
    ):
        return {}
    changed: dict[str, list[int]] = {}
    for path in paths:
        diff = git(directory, "show", "--format=", "--unified=0", commit, "--", path)
        for start, count in _HUNK.findall(diff):
            first, length = int(start), int(count or 1)
            changed.setdefault(path, []).extend(range(first, first + max(length, 1)))
    return changed


def changed_symbols(directory: Path, commit: str, checkout: Path, folder: str) -> list[dict[str, str]]:
    """The definitions that a commit changed and that the checkout still has."""
    targets: dict[tuple[str, str], None] = {}
    for path, lines in changed_lines(directory, commit).items():
        now = checkout / path
        if not now.is_file() or (folder != "." and not path.startswith(folder + "/")):
            continue
        entries = [e for e in parse(path, git(directory, "show", f"{commit}:{path}")).entries if e.part == 0]
        still = {e.qualified_name for e in parse(path, now.read_text("utf-8", "replace")).entries}
        for line in lines:
            around = [e for e in entries if e.start_line <= line <= e.end_line]
            if not around:
                continue
            inner = min(around, key=lambda e: (e.end_line - e.start_line, e.kind == "block"))
            if inner.kind not in ("block", "section", "key", "module", "namespace") and inner.qualified_name in still:
                targets.setdefault((path, inner.qualified_name))
    return [{"path": path, "name": name} for path, name in targets]


def _plain(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    """Files and folders, no links."""
    return tarfile.data_filter(member, folder) if member.isfile() or member.isdir() else None


def unpack(directory: Path, revision: str, folder: str, checkout: Path) -> None:
    """Write a folder of a revision to a checkout, unless that is there."""
    if checkout.is_dir():
        return
    checkout.mkdir(parents=True)
    archive = subprocess.Popen(
        ["git", f"--git-dir={directory}", "archive", revision, "--", folder], stdout=subprocess.PIPE
    )
    assert archive.stdout is not None
    with tarfile.open(fileobj=archive.stdout, mode="r|") as tar:
        tar.extractall(checkout, filter=_plain)
    archive.wait()


def make(name: str, directory: Path, folder: str, out: Path, *, whole: bool = False) -> list[dict[str, Any]]:
    """The questions of one repository, of whole messages if `whole`; unpacks its newest revision."""
    checkout = out / "checkouts" / name
    unpack(directory, "HEAD", folder, checkout)
    questions: list[dict[str, Any]] = []
    named = 0
    log = git(
        directory, "log", "--no-merges", f"-n{WHOLE_COMMITS if whole else COMMITS}", "--format=%H%x00%B%x01", "HEAD"
    )
    for row in log.split("\x01"):
        commit, _, message = row.strip().partition("\x00")
        query = (whole_query_of if whole else query_of)(message) if message else ""
        if not query or any(query == one["query"] for one in questions):
            continue
        targets = changed_symbols(directory, commit, checkout, folder)
        if 1 <= len(targets) <= MOST_SYMBOLS:
            if whole and names_target(query, targets):
                named += 1
                if named % 3:
                    continue
            questions.append({"id": f"{name}/{len(questions)}", "repo": name, "query": query, "targets": targets})
            if len(questions) == (WHOLE_QUESTIONS if whole else MOST_QUESTIONS):
                break
    print(f"{name}: {len(questions)}", file=sys.stderr, flush=True)
    return questions


def write_questions(out: Path, found: Iterable[tuple[str, str, list[dict[str, Any]]]]) -> None:
    """Write the questions of repositories as a set: (name, folder that is indexed, questions), as they are found."""
    repositories = []
    with (out / "questions.jsonl").open("w", encoding="utf-8") as file:
        for name, root, questions in found:
            repositories.append({"name": name, "language": "", "root": root})
            file.writelines(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
            file.flush()
    (out / "repos.json").write_text(json.dumps(repositories, indent=1) + "\n", "utf-8")


def main() -> None:
    """Parse arguments, write files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("repositories", nargs="+", help="NAME=GIT_DIRECTORY[:FOLDER]")
    parser.add_argument("--whole", action="store_true", help="whole messages, to fit the ranking of problem reports on")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    parts = (argument.partition("=")[::2] for argument in options.repositories)
    split = ((name, *rest.partition(":")[::2]) for name, rest in parts)
    write_questions(
        options.out,
        (
            (name, folder or ".", make(name, Path(directory), folder or ".", options.out, whole=options.whole))
            for name, directory, folder in split
        ),
    )


if __name__ == "__main__":
    main()
