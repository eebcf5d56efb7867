"""What a question is answered from: one search per root, one state of each, and what the question is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers.evidence import Material, Place, Question
from glossator.answers.gathering import gather_for_question, gather_for_symbol, gather_in
from glossator.answers.index_answer import evidence_answer
from glossator.answers.root_view import RootView
from glossator.errors import StoreCorruptError, SymbolNotFoundError, UsageError
from glossator.project.session import Session
from glossator.project.snapshot import Snapshot
from glossator.retrieval.search import Searcher
from glossator.settings import load_settings
from tests.conftest import PROJECT, write_tree
from tests.unit.retrieval_samples import FILES, make_project

HOUSEKEEPING = {
    ".gitignore": "*.pyc\nbuild/\n.venv\nsessions/\nconfig.local\n",
    ".github/workflows/ci.yml": "name: ci\non: push\njobs:\n  test:\n    steps:\n      - run: make\n",
    "pyproject.toml": '[project]\nname = "server"\nversion = "1"\n\n[tool.server]\nsession = 3600\n',
    "package-lock.json": '{"name": "web", "lockfileVersion": 3, "requests": {"": {"name": "web"}}}\n',
    "LICENSE": "MIT License\n\nPermission is granted to deal in the software, its configuration and its sessions.\n",
}
CLIENT = '''class Client:
    """Talks to a server."""

    def _get_conn(self, timeout=None):
        """Take a connection from the pool, or open a new one."""
        conn = self.pool.get(timeout)
        return conn or self._new_conn()

    def _new_conn(self):
        return Connection()


def encode_form(fields):
    """Encode the fields of a form as the body of a request."""
    return "&".join(f"{key}={value}" for key, value in fields.items())
'''


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    server = write_tree(tmp_path / "server", FILES)
    shop = write_tree(tmp_path / "shop", PROJECT)
    session = Session([server, shop], replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    for root in session.roots:
        root.index()
    yield session
    session.close()


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each index was searched."""
    counted: Counter[str] = Counter()
    real = Searcher.search

    def search(searcher: Searcher, *arguments: object, **options: object) -> object:
        counted[str(id(searcher))] += 1
        return real(searcher, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Searcher, "search", search)
    return counted


@pytest.mark.parametrize("focused", [False, True])
def test_a_question_searches_each_root_once(session: Session, searches: Counter[str], focused: bool) -> None:
    server = session.roots[0].path
    focus = Place(server, "server/config.py", 8, 8) if focused else None
    pinned = (Place(server, "server/errors.py", 1, 2),)
    gather_in(session, Question("how is a session of a cart total", focus=focus, pinned=pinned), 3000)
    assert sorted(searches.values()) == [1, 1]


def test_a_symbol_needs_no_search(session: Session, searches: Counter[str]) -> None:
    root = session.roots[0]
    snapshot = root.open()
    assert snapshot is not None
    material = gather_for_symbol(root, snapshot.named("parse_config")[0], 3000)
    assert material.evidence[0].role == "symbol"
    assert material.explains
    assert not searches


def test_the_roots_of_a_session_are_ranked_together(session: Session) -> None:
    material = gather_in(session, Question("how is tax added to the total of the cart"), 3000)
    assert material.evidence[0].root == session.roots[1].path
    assert material.subject_root == session.roots[1].path
    both = gather_in(session, Question("how is the configuration file read and the tax added"), 6000)
    assert {item.root for item in both.evidence} == {root.path for root in session.roots}
    assert [item.number for item in both.evidence] == list(range(1, len(both.evidence) + 1))
    assert sum(item.tokens for item in both.evidence) <= 6000


def test_files_of_the_same_name_in_two_roots_are_told_apart(tmp_path: Path) -> None:
    texts = ("def ignite():\n    '''Start the engine.'''\n", "def lights():\n    '''Start the lamps.'''\n")
    folders = [write_tree(tmp_path / name, {"main.py": text}) for name, text in zip("ab", texts, strict=True)]
    session = Session(folders, replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    for root in session.roots:
        root.index()
    material = gather_in(session, Question("how to start the lamps"), 3000)
    assert evidence_answer(material).startswith("**Function `lights`** in `main.py:1` [1]: Start the lamps.")
    assert material.evidence[0].file == folders[1].resolve() / "main.py"
    session.close()


def test_a_root_without_an_index_can_still_be_pinned(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "new", {"a.py": "def f():\n    return 1\n"})
    session = Session([folder], replace(load_settings(), index_dir=tmp_path / "indexes", workers=1))
    root = session.root
    material = gather_in(session, Question("what is it", pinned=(Place(root.path, "a.py", 1, 2),)), 300)
    assert [item.text for item in material.evidence] == ["def f():\n    return 1"]
    entry = make_project(tmp_path, {"b.py": "x = 1\n"}).store.entries_in("b.py")[0]
    with pytest.raises(SymbolNotFoundError):
        gather_for_symbol(root, entry, 300)
    session.close()


def test_a_question_reads_one_state(tmp_path: Path) -> None:
    """A file that changes while a question is gathered for is not read a second time."""
    with make_project(tmp_path, dict(FILES)) as project:
        reads: Counter[str] = Counter()
        snapshot = project.view().snapshot
        assert snapshot is not None

        def read(path: str) -> str | None:
            reads[path] += 1
            return snapshot.text(path)

        view = RootView(project.root, read, snapshot)
        pinned = (Place(project.root, "server/config.py", 1, 3), Place(project.root, "server/session.py", 1, 3))
        focus = Place(project.root, "server/config.py", 8, 8)
        gather_for_question([view], Question("how are sessions configured", focus=focus, pinned=pinned), 3000)
        assert reads
        assert set(reads.values()) == {1}


def test_damage_that_only_reading_finds_is_repaired(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = Snapshot.search, 0

    def damaged(snapshot: Snapshot, *arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise StoreCorruptError("a damaged page")
        return real(snapshot, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Snapshot, "search", damaged)
    material = gather_in(session, Question("how is the configuration file read"), 3000)
    assert material.evidence[0].qualified_name == "parse_config"


def test_a_question_of_signs_is_refused(session: Session) -> None:
    with pytest.raises(UsageError):
        gather_in(session, Question("?!"), 300)


def asked_at(tmp_path: Path, question: str, line: int, last: int | None = None) -> Material:
    with make_project(tmp_path, {"client.py": CLIENT, "server/config.py": FILES["server/config.py"]}) as project:
        focus = Place(project.root, "client.py", line, last or line)
        return gather_for_question([project.view()], Question(question, focus=focus), 3000)


@pytest.mark.parametrize("question", ["how are form bodies encoded?", "Where is the configuration file read?"])
def test_a_question_about_something_else_is_answered(tmp_path: Path, question: str) -> None:
    """The cursor is in one symbol, and the question is about another one."""
    material = asked_at(tmp_path, question, 5)
    assert not material.explains
    wanted = "encode_form" if "form bodies" in question else "parse_config"
    assert material.subject is not None
    assert material.subject.name == wanted
    assert evidence_answer(material).startswith(f"**Function `{wanted}`**")
    assert "Client._get_conn" in {item.qualified_name for item in material.evidence}


@pytest.mark.parametrize(
    "question",
    [
        "what does this do?",
        "who calls it?",
        "how does it wait for a connection of the pool",
        "what is the timeout of the pool for",
        "explain `_get_conn`",
        "Was macht diese Funktion?",
    ],
)
def test_a_question_about_the_symbol_at_the_cursor_explains_it(tmp_path: Path, question: str) -> None:
    material = asked_at(tmp_path, question, 5)
    assert material.explains
    assert evidence_answer(material).startswith("**Method `Client._get_conn`** in `client.py:4` [1]")


def test_a_question_about_a_selection_explains_what_it_is_in(tmp_path: Path) -> None:
    material = asked_at(tmp_path, "what happens here?", 6, 7)
    assert material.evidence[0].role == "selected"
    assert material.explains
    assert evidence_answer(material).startswith("**Method `Client._get_conn`**")


def see_also(material: Material) -> str:
    return evidence_answer(material).partition("**See also**")[2]


@pytest.mark.parametrize(
    "question",
    ["how is the configuration file read", "which token does a new session get", "how does a request get retried"],
)
def test_further_places_are_related(tmp_path: Path, question: str) -> None:
    with make_project(tmp_path, FILES | HOUSEKEEPING) as project:
        material = gather_for_question([project.view()], Question(question), 3000)
        assert not {item.path for item in material.evidence} & HOUSEKEEPING.keys()
        listed = see_also(material)
        assert listed.count("\n- ") <= 6
        assert "default_config" not in listed
        assert "[2]" in evidence_answer(material)  # with its lines or in the list


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("which version is in pyproject.toml", "pyproject.toml"),
        ("what does the license permit", "LICENSE"),
        ("which requests does the package lock hold", "package-lock.json"),
        ("what does gitignore hold", ".gitignore"),
        ("which steps does the ci workflow run", ".github/workflows/ci.yml"),
    ],
)
def test_configuration_is_found_when_asked_for(tmp_path: Path, question: str, path: str) -> None:
    with make_project(tmp_path, FILES | HOUSEKEEPING) as project:
        material = gather_for_question([project.view()], Question(question), 3000)
        assert path in {item.path for item in material.evidence}
