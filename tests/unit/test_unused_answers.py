"""Answers to questions about what nothing uses."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers import unused_answers
from glossator.answers.answerer import Answerer
from glossator.answers.evidence import Place, Question
from glossator.answers.unused_answers import LISTED_UNUSED, unused_answer_in
from glossator.errors import CancelledByUser
from glossator.index.records import Filter
from glossator.mcp_server import unused_tool
from glossator.mcp_server.code_tools import CallScope
from glossator.mcp_server.projects import Project
from glossator.project.session import Session
from glossator.project.targets import OpenedRoots
from glossator.project.unused_code import FoundUnused, UnusedScope, unused_code
from glossator.project.updates import RootUpdates
from glossator.settings import Settings
from tests.conftest import write_tree

TREE = {
    "src/pool.py": "import os\n\n\ndef _spare():\n    return 1\n\n\ndef open_it():\n    return 2\n\n\nclass Pool:\n"
    "    def close(self):\n        return 1\n\n    def drain(self):\n        return 2\n\n\nPool().close()\n",
    "src/net/send.py": "def send():\n    return 1\n\n\ndef main():\n    return 1\n",
    "tests/test_pool.py": "def test_it():\n    return helper\n\n\ndef left_over():\n    return 1\n",
    "data.sql": "CREATE FUNCTION total() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql;\n",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("unused-answers")
    session = Session([write_tree(folder / "shop", TREE)], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def ask(session: Session, text: str, focus: tuple[str, int] | None = None, where: Filter | None = None) -> str:
    at = Place(session.root.path, focus[0], focus[1], focus[1]) if focus is not None else None
    told = unused_answer_in(session, Question(text, focus=at, where=where))
    assert told is not None
    return told.text(range(1, 100))


def test_a_whole_project(session: Session) -> None:
    answer = ask(session, "Which functions are never used?")
    assert answer.startswith("There are 5 functions that nothing in the indexed code uses, of 7 examined.\n")
    assert (
        "**Private: only their own file or type can name them** (1)\n\n- function `_spare` (`src/pool.py:4`) [1]"
        in answer
    )
    assert (
        "**Public: nothing here uses them, but other projects can** (3)\n\n- function `send` (`src/net/send.py:1`) [2]"
        in answer
    )
    assert "- method `Pool.drain` (`src/pool.py:16`) [4]" in answer
    assert "**In tests, examples and benchmarks** (1)\n\n- function `left_over` (`tests/test_pool.py:5`) [5]" in answer
    assert "Not listed, although no code names them: 1 is a test; 1 is where a program begins." in answer
    assert "1 file is in a language in which uses cannot be denied." in answer
    assert "Not known here: uses in other projects" in answer


def test_what_is_listed_is_cited(session: Session) -> None:
    told = unused_answer_in(session, Question("what is unused in src/pool.py?"))
    assert told is not None
    assert [(item.path, item.start_line, item.names[0]) for item in told.evidence] == [
        ("src/pool.py", 4, "_spare"),
        ("src/pool.py", 8, "open_it"),
        ("src/pool.py", 16, "Pool.drain"),
    ]
    ((folder, unused),) = told.unused
    assert folder == session.root.path
    assert [one.symbol.line for one in unused.symbols] == [4, 8, 16]


@pytest.mark.parametrize(
    ("question", "focus", "first"),
    [
        (
            "what is unused in src/net?",
            None,
            "There is 1 definition in `src/net` that nothing",
        ),
        ("unused methods of class Pool", None, "There is 1 method in class `Pool` (`src/pool.py:12`) that nothing"),
        ("unused private functions", None, "There is 1 private function that nothing in the indexed code uses"),
        ("which classes are unused?", None, "No unused classes were found, of 1 examined: each is used, or may be."),
        ("unused constants in src", None, "There are no constants in `src` of which the index could tell"),
        ("what is unused in this file?", ("src/net/send.py", 1), "There is 1 definition in `src/net/send.py` that"),
        (
            "what is unused in this class?",
            ("src/pool.py", 14),
            "There is 1 definition in class `Pool` (`src/pool",
        ),
        ("what is unused in this folder?", ("src/net/send.py", 1), "There is 1 definition in `src/net` that"),
        ("what is unused in this file?", None, "Which file is meant? Name it"),
        ("unused functions in src/nothing.py", None, "No file, folder or type is named `src/nothing.py`"),
        ("which imports are unused?", None, "Whether imports are used is not looked for: the index tells which"),
    ],
)
def test_a_part_of_it(session: Session, question: str, focus: tuple[str, int] | None, first: str) -> None:
    assert ask(session, question, focus).startswith(first)


def test_a_scope_restricts_the_files(session: Session) -> None:
    answer = ask(session, "what is unused?", where=Filter(include=("tests/**",)))
    assert answer.startswith("There is 1 definition that nothing in the indexed code uses, of 1 examined.")


def test_other_questions_are_left(session: Session) -> None:
    assert unused_answer_in(session, Question("is Pool.drain unused?")) is None


def test_nobody_waits(session: Session) -> None:
    with pytest.raises(CancelledByUser):
        unused_answer_in(session, Question("which functions are never used?"), lambda: True)


def test_it_is_asked_without_a_model(session: Session) -> None:
    async def answered() -> str:
        async with Answerer(session) as answerer:
            answer = await answerer.ask(Question("Find dead code in src"))
            assert answer.finish_reason == "evidence"
            assert [one.symbol.name for one in answer.unused[0][1].symbols] == ["_spare", "send", "open_it", "drain"]
            return answer.answer

    assert "- function `_spare` (`src/pool.py:4`) [1]" in asyncio.run(answered())


def test_many_are_counted_and_some_shown(tmp_path: Path) -> None:
    lines = "\n\n\n".join(f"def _f{number}():\n    return 1" for number in range(60))
    root = write_tree(tmp_path / "many", {"a.py": f"{lines}\n", "b.py": lines.replace("_f", "g")})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        answer = ask(session, "unused functions?")
        assert answer.startswith("There are 120 functions that nothing in the indexed code uses")
        assert "(60)\n\n- function `_f0` (`a.py:1`) [1]" in answer
        assert f"- and {60 - LISTED_UNUSED} more" in answer
        assert "(60)\n\n- function `g0` (`b.py:1`) [41]" in answer
        assert "- and 57 more" in answer
    finally:
        session.close()


def test_a_command_takes_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "\n\n\n".join(f"def _f{number}():\n    return 1" for number in range(60))
    root = write_tree(tmp_path / "many", {"a.py": f"{source}\n"})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()

    def asked(*, once: bool) -> str:
        told = unused_answer_in(session, Question("unused functions?", once=once))
        assert told is not None
        return told.text(range(1, 100))

    try:
        monkeypatch.setattr(unused_answers, "UNUSED_SECONDS", 0.0)
        cut = asked(once=False)
        assert cut.startswith("Whether functions are used could not be told in the time for one question.\n")
        assert (
            "Not examined, since the time for one question was over: the definitions in 1 file. Asked again, the "
            "search goes on from there; asked about a folder or file, it gets through." in cut
        )
        answer = asked(once=True)
        assert answer.startswith("There are 60 functions that nothing in the indexed code uses, of 60 examined.\n")
    finally:
        session.close()


def test_agents_are_told_how_much_was_not_examined(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(roots: OpenedRoots, scope: UnusedScope, *, kinds: Collection[str]) -> list[FoundUnused]:
        found = unused_code(roots, scope, kinds=kinds)
        return [replace(one, unused=replace(one.unused, left=2, unreached=3)) for one in found]

    monkeypatch.setattr(unused_tool, "unused_code", cut)
    updates = RootUpdates(session.root, watch=False, on_change=lambda: None)
    try:
        found = unused_tool.find_unused(CallScope([Project(updates, "")]))
    finally:
        updates.close()
    assert (found.not_examined, found.files_not_reached) == (2, 3)
    assert any("over: 2 definitions and the definitions in 3 files." in note for note in found.notes)
