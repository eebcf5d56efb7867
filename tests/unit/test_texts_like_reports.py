"""Texts like problem reports that are made of a history (`scripts/make_report_questions.py`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from glossator.retrieval.reports import read_report  # noqa: E402
from make_report_questions import History  # noqa: E402

WRONG = '''def spans(text, width):
    """Where lines begin."""
    return list(range(0, len(text), width))


def wrapped(text, width):
    return [text[at : at + width] for at in spans(text, width)]
'''
TEST = """def test_lines():
    assert wrapped("abcdef", 2) == ["ab", "cd", "ef"]
"""
MESSAGE = """A text without words gives an error instead of one empty line

Somebody who prints a page of blank lines is told that the width must be a number, since nothing is between the
margins. Widths of zero come from windows that are closed while something is being printed in them.

Fixes #12
Signed-off-by: A <a@example.org>
"""


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def test_a_fix_is_asked_of_the_tree_before_it_with_the_code_of_its_test(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, "The program", lines=WRONG, test_lines=TEST)
    commit(tmp_path, "Something else")
    before = git(tmp_path, "rev-parse", "HEAD").strip()
    right = WRONG.replace("range(0, len(text), width)", "range(0, len(text) or 1, width or 1)")
    commit(tmp_path, MESSAGE, lines=right, test_lines=f'{TEST}    assert wrapped("", 0) == [""]\n    assert True\n')
    commit(tmp_path, "Add wrapping of errors by default", lines=f"{right}\n\nERRORS = []\n")
    commit(tmp_path, "Say more")
    history = History("sample", tmp_path / ".git")
    assert history.revision == before
    with_test, message = history.questions()
    assert with_test["targets"] == message["targets"] == [{"path": "lines.py", "name": "spans"}]
    assert "Signed-off" not in message["query"]
    assert "#12" not in message["query"]
    assert with_test["query"].startswith(message["query"])
    report = read_report(with_test["query"])
    assert report is not None
    assert 'wrapped("", 0)' in report.code
