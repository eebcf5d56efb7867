"""Evidence: gathered within a budget, read as it is now, merged, numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.answers.evidence import Material, Question, estimated_tokens
from glossator.answers.gathering import explain_symbol, gather_for_question
from glossator.answers.index_answer import best_lines
from glossator.errors import UsageError
from glossator.retrieval.graph import Graph
from glossator.workspace.reading import split_lines
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glossator.answers.evidence import Evidence
    from glossator.answers.root_view import RootView


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path, FILES) as made:
        yield made


@pytest.fixture
def view(project: Project) -> RootView:
    return project.view()


def ask(view: RootView, question: str, budget: int) -> Material:
    return gather_for_question([view], Question(question), budget)


def check(material: Material, view: RootView, budget: int) -> None:
    """What holds for any evidence."""
    assert [piece.number for piece in material.evidence] == list(range(1, len(material.evidence) + 1))
    assert sum(piece.tokens for piece in material.evidence) <= budget
    for piece in material.evidence:
        lines = view.lines(piece.path)
        assert 1 <= piece.start_line <= piece.end_line <= len(lines)
        assert piece.source == "\n".join(lines[piece.start_line - 1 : piece.end_line])
        shown = piece.text.split("\n")
        numbers = piece.line_numbers or tuple(range(piece.start_line, piece.end_line + 1))
        assert (piece.form == "excerpt") == bool(piece.line_numbers)
        assert len(numbers) == len(shown)
        for number, line in zip(numbers, shown, strict=True):  # never cut within a line, and the numbers are true
            assert line.strip() == (lines[number - 1].strip() if number else "...")
    places = [(piece.path, piece.start_line, piece.end_line) for piece in material.evidence if piece.form == "source"]
    for i, (path, start, end) in enumerate(places):
        for other, first, last in places[i + 1 :]:
            assert path != other or end < first or last < start


@pytest.mark.parametrize("budget", [0, 20, 60, 150, 400, 1000, 8000])
@pytest.mark.parametrize("question", ["how is the configuration file read", "SessionStore", "session of a user"])
def test_evidence_for_a_question(view: RootView, question: str, budget: int) -> None:
    material = ask(view, question, budget)
    check(material, view, budget)
    assert bool(material.evidence) == (budget >= 60) or budget == 20


@pytest.mark.parametrize("budget", [0, 60, 400, 8000])
@pytest.mark.parametrize("name", ["parse_config", "SessionStore", "SessionStore.close", "HttpClient.send"])
def test_evidence_for_a_symbol(project: Project, view: RootView, name: str, budget: int) -> None:
    material = explain_symbol(view, project.store.named(name)[0], budget)
    check(material, view, budget)


def test_whole_symbols_come_first_and_say_why(view: RootView) -> None:
    material = ask(view, "how is the configuration file read", 2000)
    first = material.evidence[0]
    assert first.qualified_name == "parse_config"
    assert first.text.startswith("def parse_config(path):")
    assert first.text.endswith("return sections")
    assert "configuration" in first.why
    assert material.subject is not None
    assert material.subject.name == "parse_config"


def test_methods_lose_their_indentation_and_keep_their_source(project: Project, view: RootView) -> None:
    entry = project.store.named("SessionStore.close")[0]
    first = explain_symbol(view, entry, 1000).evidence[0]
    assert first.text.startswith("def close(self, token):\n    ")
    assert first.source.startswith("    def close")


def test_the_tokens_are_counted_by_the_caller(view: RootView) -> None:
    counted: list[str] = []

    def cost(piece: Evidence) -> int:
        counted.append(piece.text)
        return len(piece.text.split())

    material = gather_for_question([view], Question("session"), 300, cost)
    assert counted
    check(material, view, 300)


def test_a_symbol_s_callers_callees_and_tests(project: Project, view: RootView) -> None:
    material = explain_symbol(view, project.store.named("parse_config")[0], 4000)
    roles = {(piece.role, piece.qualified_name) for piece in material.evidence}
    assert ("symbol", "parse_config") in roles
    assert ("caller", "main") in roles
    assert ("callee", "ConfigError") in roles
    assert ("test", "test_parse_config_reads_values") in roles
    assert material.relations is not None
    assert [entry.name for entry in material.relations.siblings] == ["default_config"]


def test_a_class_that_does_not_fit_is_shown_by_its_members_declarations(tmp_path: Path) -> None:
    methods = "\n".join(f"    def step_{i}(self):\n        return {i} + self.start * {i}\n" for i in range(60))
    with make_project(tmp_path, {"big.py": f'class Machine:\n    """Does steps."""\n\n{methods}'}) as project:
        entry = project.store.named("Machine")[0]
        piece = explain_symbol(project.view(), entry, 600).evidence[0]
        assert piece.form == "excerpt"
        assert piece.text.startswith('class Machine:\n    """Does steps."""')
        assert "def step_0(self)" in piece.text
        assert "..." in piece.text
        assert piece.start_line == entry.start_line


def test_a_function_that_does_not_fit_is_excerpted_where_it_matches(tmp_path: Path) -> None:
    lines = [f"    step_{i} = prepare({i})" for i in range(300)]
    lines[220] = "    refund(step_219)  # the card was refused"
    with make_project(tmp_path, {"pay.py": "def charge(card):\n" + "\n".join(lines) + "\n"}) as project:
        material = ask(project.view(), "refund a refused card", 500)
        assert "refund(step_219)" in material.evidence[0].text
        assert sum(piece.tokens for piece in material.evidence) <= 500


def test_moved_text_is_found_again_by_its_name(project: Project, view: RootView) -> None:
    path = project.root / "server/config.py"
    path.write_text("# A licence.\n" * 30 + FILES["server/config.py"], "utf-8")
    material = ask(view, "parse_config", 2000)
    first = material.evidence[0]
    assert first.text.startswith("def parse_config(path):")
    assert first.start_line == 36


def test_text_that_is_gone_is_no_evidence(project: Project, view: RootView) -> None:
    (project.root / "server/config.py").write_text("# nothing left\n", "utf-8")
    (project.root / "web/src/httpClient.ts").unlink()
    material = ask(view, "parse_config HttpClient", 4000)
    assert not {"server/config.py", "web/src/httpClient.ts"} & {piece.path for piece in material.evidence}


def test_text_comes_from_unsaved_buffers(project: Project, view: RootView) -> None:
    text = "def read_settings(path):\n    '''Read the configuration file.'''\n    return load_all(path)\n"
    view = project.view({"server/config.py": text})
    material = ask(view, "how is the configuration file read", 2000)
    assert material.evidence[0].text == text.rstrip("\n")
    graph = view.snapshot.graph if view.snapshot else None
    assert graph is not None
    entry = graph.named("read_settings")[0]
    assert explain_symbol(view, entry, 2000).evidence[0].text == text.rstrip("\n")
    assert not graph.named("parse_config")


def test_nothing_to_ask_is_refused(view: RootView) -> None:
    with pytest.raises(UsageError):
        ask(view, " ", 100)


def test_lines_end_at_line_ends_only() -> None:
    assert split_lines("a\r\nb\rc\nd\x0ce\u2028f\n") == ["a", "b", "c", "d\x0ce\u2028f"]
    assert split_lines("") == []
    assert split_lines("a\n\nb") == ["a", "", "b"]


def test_estimated_tokens_grow_with_the_text() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("x" * 35) == 10


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["", "alpha", "beta gamma", "delta"]), min_size=1, max_size=40),
    st.integers(1, 50),
    st.data(),
)
def test_best_lines_are_as_many_as_asked_and_inside(lines: list[str], size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    first, last = best_lines(
        lines, start, end, size, lambda texts: [text.count("beta") + text.count("delta") for text in texts]
    )
    assert start <= first <= last <= end
    assert last - first + 1 == min(size, end - start + 1)


def test_of_namesakes_the_likelier_comes_first(tmp_path: Path) -> None:
    code = "class Shape:\n    pass\n"
    paths = ("tests/shape.py", "src/v3/shape.py", "src/v4/shape.py", "v3/only.py")
    project = make_project(tmp_path, dict.fromkeys(paths, code))
    graph = Graph(project.store, {})
    assert [entry.path for entry in graph.named("Shape")] == [
        "src/v4/shape.py",
        "v3/only.py",
        "src/v3/shape.py",
        "tests/shape.py",
    ]
    project.store.close()


def test_languages_that_cannot_call_each_other_are_not_related(tmp_path: Path) -> None:
    files = {
        "a.java": "class Foo {\n  void go() {\n    start();\n  }\n}\n",
        "a.swift": "func start() {\n  work()\n}\n",
        "a.py": "def work():\n    return 1\n",
        "test_a.rb": "def test_it\n  work()\nend\n",
        "b.kt": "fun begin() {\n  Foo()\n}\n",
        "c.rs": "fn run() {\n    native_sum();\n}\n",
        "c.c": "int native_sum(void) {\n  return 1;\n}\n",
        "d.jl": "function native_sum()\n  1\nend\n",
    }
    project = make_project(tmp_path, files)
    with project.store:
        snapshot = project.view().snapshot
        assert snapshot is not None

        def related(path: str) -> tuple[list[str], list[str], list[str]]:
            entry = next(entry for entry in project.store.entries_in(path) if entry.kind != "block")
            found = snapshot.relations(entry)
            callers, callees = found.callers or found.likely_callers, found.callees or found.likely_callees
            names = [[entry.name for entry in group] for group in (callers, callees, found.tests)]
            return names[0], names[1], names[2]

        assert related("a.swift") == ([], [], [])
        assert related("a.py") == ([], [], [])
        assert related("a.java") == (["begin"], [], [])
        # Rust calls what it has declared itself, be it defined in C.
        assert related("c.c") == ([], [], [])
        assert related("c.rs") == ([], [], [])
        assert related("d.jl") == ([], [], [])


def test_tests_beside_other_code_are_told_apart_from_what_calls(tmp_path: Path) -> None:
    code = "pub fn too_large() -> u8 {\n    413\n}\n\npub fn limit() -> u8 {\n    too_large()\n}\n\n"
    test = "#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn status() {\n"
    body = "        let found = too_large();\n        let other = 413;\n        assert_eq!(found, other);\n    }\n}\n"
    project = make_project(tmp_path, {"src/reject.rs": code + test + body})
    with project.store:
        snapshot = project.view().snapshot
        assert snapshot is not None
        (entry,) = (entry for entry in project.store.entries_in("src/reject.rs") if entry.name == "too_large")
        found = snapshot.relations(entry)
        assert found.places == 1
        assert [one.name for one in found.callers] == ["limit"]
        assert [one.name for one in found.tests] == ["status"]


def test_private_names_of_javascript_are_found_as_written(tmp_path: Path) -> None:
    files = {
        "a.js": "class A {\n  #p() {\n    return 1;\n  }\n  q() {\n    return this.#p();\n  }\n}\n",
        "b.py": "def p():\n    return 1\n\n\nclass A:\n    def q(self):\n        return p()\n",
    }
    project = make_project(tmp_path, files)
    with project.store:
        graph = Graph(project.store)
        for written in ("#p", "A.#p", "A#p"):
            assert graph.named(written)[0].path == "a.js", written
        assert graph.named("p")[0].path == "b.py"
        assert graph.named("A#q")
