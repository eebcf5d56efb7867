"""Code that is not there now, and commits of a time: what is said, and that nothing is said that git does not show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Question
from glossator.answers.history_answers import history_answer_in, history_note
from glossator.project.session import Session
from glossator.settings import Settings
from tests.unit.test_commit_log import commit
from tests.unit.test_committed_files import git

if TYPE_CHECKING:
    from collections.abc import Iterator

POOL = """class Pool:
    def take(self):
        return self.free.pop()

    def drain_all(self):
        while self.free:
            self.take()
"""
WITHOUT = POOL[: POOL.index("\n    def drain_all")]
TALK = "# Pool\n\nCall `drain_all` at the end.\n"
MOVED = "function sumUp(items) {\n  return items.reduce((a, b) => a + b, 0);\n}\n"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Commits on the first days of some months of 2025."""
    folder = tmp_path_factory.mktemp("removed")
    root = folder / "work"
    root.mkdir()
    git(root, "init", "-q")
    with pytest.MonkeyPatch.context() as patch:

        def on(day: str, files: dict[str, str], message: str) -> None:
            patch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00+00:00")
            patch.setenv("GIT_AUTHOR_DATE", f"{day}T12:00:00+00:00")
            commit(root, files, message)

        on(
            "2025-01-01",
            {"net/pool.py": POOL, "docs/pool.md": TALK, "web/sum.js": MOVED, "web/old.js": "old()\n"},
            "A pool",
        )
        git(root, "tag", "v1.0")
        on("2025-03-01", {"net/pool.py": POOL.replace("pop()", "pop(0)")}, "pool: the oldest first")
        on(
            "2025-04-01",
            {"net/pool.py": WITHOUT.replace("pop()", "pop(0)"), "docs/pool.md": "# Pool\n"},
            "pool: no [1] drain\n\nNobody **called** it.",
        )
        git(root, "tag", "v2.0")
        git(root, "rm", "-q", "web/old.js")
        git(root, "mv", "web/sum.js", "web/total.js")
        on("2025-05-01", {}, "web: tidied")
        on("2025-06-01", {"web/total.js": MOVED.replace("sumUp", "total")}, "web: a better name")
        on("2025-07-01", {"web/total.js": MOVED.replace("sumUp", "totalOf")}, "web: what of")
    session = Session([root], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def told(session: Session, text: str) -> str:
    answer = history_answer_in(session, Question(text))
    assert answer is not None
    return answer.text([item.number for item in answer.evidence])


def subjects(session: Session, text: str) -> list[str]:
    return re.findall(r"^- `\w+` [\d-]+, A: \*\*(.*?)\*\*", told(session, text), re.MULTILINE)


@pytest.mark.parametrize(
    "question",
    [
        "When was Pool.drain_all removed?",
        "why did we delete `drain_all`?",
        "who changed drain_all?",
        "why was drain_all() changed?",
    ],
)
def test_a_removed_definition(session: Session, question: str) -> None:
    answer = told(session, question)
    assert re.match(
        r"`drain_all` was removed by A on 2025-04-01 \(`\w{10}`\): \*\*pool: no \\\[1\\\] drain\*\*", answer
    )
    assert r"Nobody \*\*called\*\* it." in answer
    assert "What it removed: method `Pool.drain_all` in `net/pool.py`, lines 5-7 (" in answer


def test_a_renamed_definition_is_one_that_is_gone(session: Session) -> None:
    assert "**web: what of**" in told(session, "when was the function `total` removed?"), "totalOf has the name in it"
    assert "**web: a better name**" in told(session, "what became of sumUp?")
    assert "function `sumUp` in `web/total.js`, lines 1-3" in told(session, "what became of sumUp?")


def test_removed_files(session: Session) -> None:
    assert told(session, "when was web/old.js deleted?").startswith(
        "The file `web/old.js` was deleted by A on 2025-05-01"
    )
    assert told(session, "who removed old.js").startswith("The file `web/old.js` was deleted by A on 2025-05-01")
    moved = told(session, "where did web/sum.js go?")
    assert moved.startswith("The file `web/sum.js` was renamed to `web/total.js` by A on 2025-05-01")


def test_what_was_never_removed(session: Session) -> None:
    assert "`Pool.take` (`net/pool.py:2`)" in told(session, "when was Pool.take removed?")
    assert "is in the code today" in told(session, "when was Pool.take removed?")
    nothing = told(session, "when was neverThere removed?")
    assert nothing.startswith("No definition named `neverThere` is in the index, and none of the last 5,000 commits")
    assert history_answer_in(session, Question("when was Pool.tak changed?")) is None


def test_lines_with_a_name_that_was_no_definition(session: Session) -> None:
    answer = told(session, "when was old removed?")
    assert answer.startswith(
        "No commit is known that removed a definition of `old`, but these removed lines with the name:"
    )
    assert "(`web/old.js`, line 1, as the file was before it)" in answer


def test_only_commits_of_the_time(session: Session) -> None:
    assert subjects(session, "what changed in net since 2025-03-15?") == [r"pool: no \[1\] drain"]
    assert subjects(session, "what changed in net since v1.0?") == [r"pool: no \[1\] drain", "pool: the oldest first"]
    assert subjects(session, "why was Pool.take changed since v1.0?") == ["pool: the oldest first"]
    assert subjects(session, "which commits touched net/pool.py since v1.0?") == [
        r"pool: no \[1\] drain",
        "pool: the oldest first",
    ]
    assert "Their authors: A (2)." in told(session, "who changed net/pool.py since v1.0")
    assert "since 2025-03-15 (“since 2025-03-15”)" in told(session, "what changed in net since 2025-03-15?")


def test_a_time_without_commits(session: Session) -> None:
    answer = told(session, "why was Pool.take changed since v2.0?")
    assert (
        "no commit is known that touched it since `v2.0`. The newest commit that touched it is by A on 2025-03-01"
        in answer
    )
    assert "no commit is known that touched it since" in told(session, "what changed in net this week?")
    assert history_answer_in(session, Question("what changed in net since v9.9?")) is None
    assert history_note(session, "what changed in net since v9.9?") == (
        "Git knows no tag, branch or commit that is named v9.9."
    )


def test_lines_of_a_time_that_ended(session: Session) -> None:
    """What came later is left out, and what the lines were then is still followed."""
    from datetime import UTC, datetime

    from glossator.workspace.commit_log import CommitWindow, commits_of_lines, commits_of_path

    root = session.root.path
    lines = (root / "net/pool.py").read_text("utf-8").splitlines()
    window = CommitWindow("then", datetime(2024, 12, 31, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))
    log = commits_of_lines(root, "net/pool.py", lines, 2, 3, most=100, limit=10, window=window)
    assert [one.subject for one in log.commits] == ["A pool"]
    log = commits_of_path(root, "net/pool.py", most=100, limit=10, window=window)
    assert [one.subject for one in log.commits] == ["A pool"]


def test_a_revision_that_looks_like_an_option_reaches_git_as_a_name(session: Session, tmp_path: Path) -> None:
    history_answer_in(session, Question(f"what changed in net since the tag --output={tmp_path}/x"))
    assert not (tmp_path / "x").exists()
