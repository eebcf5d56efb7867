"""How often a process looks for garbage depends on the command that it runs; questions leave none in cycles."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Question
from glossator.answers.gathering import gather_in
from glossator.answers.told_questions import told_answer_in
from glossator.cli import garbage
from glossator.errors import CancelledByUser
from glossator.project.session import Session
from glossator.settings import Settings
from tests.conftest import write_tree
from tests.unit.test_uses import FILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("command", "objects"),
    [
        ("search", garbage.COLLECTION_OBJECTS),
        ("serve", garbage.SERVER_THRESHOLDS[0]),
        ("mcp", garbage.SERVER_THRESHOLDS[0]),
    ],
)
def test_commands_that_end_soon_and_servers_look_rarely(command: str, objects: int) -> None:
    garbage.collect_rarely()
    garbage.collect_for(command)
    assert gc.get_threshold()[0] == objects


def test_others_look_as_python_does() -> None:
    before = gc.get_threshold()
    garbage.collect_rarely()
    garbage.collect_for("index")
    assert gc.get_threshold() == before


@pytest.mark.parametrize(
    ("command", "objects"), [("status", garbage.COLLECTION_OBJECTS), ("index", gc.get_threshold()[0])]
)
def test_the_command_line_chooses(tmp_path: Path, command: str, objects: int) -> None:
    code = "import gc, sys; from glossator.__main__ import main; sys.exit = print; main(); print(gc.get_threshold()[0])"
    arguments = (command, "--root", str(tmp_path), "--index-dir", str(tmp_path / "indexes"))
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == str(objects), done


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("garbage")
    session = Session([write_tree(folder / "bank", FILES)], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def _uses(session: Session) -> None:
    snapshot = session.root.open()
    assert snapshot is not None
    finder = snapshot.use_finder()
    for symbol in finder.symbols("serve"):
        assert finder.uses(symbol).places
        finder.callers(symbol, 3)
        finder.callees(symbol)


def _cancelled_uses(session: Session) -> None:
    snapshot = session.root.open()
    assert snapshot is not None
    finder = snapshot.use_finder()
    (symbol,) = finder.symbols("serve")
    finder.stop_when(lambda: True)
    with pytest.raises(CancelledByUser):
        finder.uses(symbol)


def _tell(question: str) -> Callable[[Session], None]:
    def tell(session: Session) -> None:
        assert told_answer_in(session, Question(question), lambda: False) is not None

    return tell


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(_uses, id="uses"),
        pytest.param(_cancelled_uses, id="cancelled uses"),
        pytest.param(lambda session: session.search("pay in", 10), id="search"),
        pytest.param(lambda session: gather_in(session, Question("how is money paid in?"), 3000), id="how"),
        pytest.param(_tell("who calls serve?"), id="who calls"),
        pytest.param(_tell("is unused_helper used anywhere?"), id="denial"),
        pytest.param(_tell("what does Account extend?"), id="supertypes"),
        pytest.param(_tell("which functions are never used?"), id="unused"),
        pytest.param(_tell("what breaks if I change Account?"), id="reach"),
    ],
)
def test_a_question_leaves_no_cycle(session: Session, ask: Callable[[Session], None]) -> None:
    ask(session)
    gc.collect()
    gc.disable()
    try:
        ask(session)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith("glossator.")}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not left
