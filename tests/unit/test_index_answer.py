"""The answer without a model."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Material, Question
from glossator.answers.gathering import explain_symbol, gather_for_question
from glossator.answers.index_answer import NOTE, best_lines, evidence_answer
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with make_project(tmp_path_factory.mktemp("evidence"), FILES) as made:
        yield made


def ask(project: Project, question: str) -> tuple[str, Material]:
    material = gather_for_question([project.view()], Question(question), 3000)
    return evidence_answer(material), material


def explain(project: Project, name: str) -> tuple[str, Material]:
    entry = project.store.named(name)[0]
    material = explain_symbol(project.view(), entry, 3000)
    return evidence_answer(material), material


def check(answer: str, material: Material) -> None:
    """Every citation exists, code blocks are closed, the origin is told."""
    assert NOTE in answer
    prose = re.sub(r"```.*?```", "", answer, flags=re.DOTALL)
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", prose)}
    assert cited
    assert cited <= {piece.number for piece in material.evidence}
    assert answer.count("\n```") % 2 == 0
    assert "\n\n\n" not in answer
    assert not re.search(r"^- \(", answer, re.MULTILINE), "a place without a name stands alone"


@pytest.mark.parametrize(
    "question", ["how is the configuration file read", "session timeout", "RetryPolicy", "README.md"]
)
def test_any_answer_is_sound(project: Project, question: str) -> None:
    check(*ask(project, question))


def test_an_answer_leads_with_what_the_best_symbol_does(project: Project) -> None:
    answer, _ = ask(project, "how is the configuration file read")
    lead = answer.split("\n")[0]
    assert lead == (
        "**Function `parse_config`** in `server/config.py:6` [1]: Read the configuration file and return its sections."
    )
    assert "```python\ndef parse_config(path)\n```" in answer
    assert 'key, found, value = line.partition("=")' in answer
    assert "`main`" in answer
    assert "test_parse_config_reads_values" in answer


def test_an_explanation_tells_use_and_members(project: Project) -> None:
    answer, material = explain(project, "SessionStore")
    check(answer, material)
    assert answer.startswith("**Class `SessionStore`** in `server/session.py:8` [1]: Keeps the sessions of users")
    assert "**Members:** `__init__`, `create`, `user_of`, `close`." in answer
    assert "Used in 1 place, in `main`" in answer


def test_an_explanation_of_a_method_names_its_class(project: Project) -> None:
    answer, material = explain(project, "SessionStore.user_of")
    check(answer, material)
    assert "It belongs to class `SessionStore`" in answer
    assert "It uses `SessionExpired`" in answer or "`SessionExpired`" in answer
    assert "raise SessionExpired(token)" in answer


def test_code_that_holds_fences_stays_inside_its_own(tmp_path: Path) -> None:
    source = 'def render(text):\n    """Make a fence."""\n    return "```" + text + "```"\n'
    with make_project(tmp_path, {"fence.py": source}) as project:
        answer, _ = ask(project, "render")
        assert '````python\nreturn "```" + text + "```"\n````' in answer


def test_a_signature_is_shown_once(tmp_path: Path) -> None:
    body = "\n".join(f"    step_{number}(request)" for number in range(5))
    long = ", ".join(f"argument_number_{number}: str" for number in range(30))
    text = (
        "def follow(\n    request: Request,\n    limit: int = 3,\n) -> Response:\n\n"
        f"{body}\n    return request\n\n\ndef wide({long}) -> None:\n    pass\n"
    )
    with make_project(tmp_path, {"a.py": text}) as project:
        answer, _ = ask(project, "follow")
        assert "def follow(request: Request, limit: int = 3) -> Response" in answer
        assert "limit: int = 3,\n" not in answer
        assert "`a.py:6-11` [1]:\n\n```python\nstep_0(request)\n" in answer
        wide, _ = ask(project, "wide")
        assert "argument_number_9: str" in wide
        assert "…\n```" in wide


ONE_LINERS = {
    "arrow.ts": ("load", "export const load = () => fetch(url)\n  .then(parse)\n  .catch(report);"),
    "component.tsx": ("List", "export const List = ({ rows }) => (<ul>\n  {rows.map(row)}\n</ul>);"),
    "curried.js": ("add", "const add = (a) => (b) => a + b;"),
    "object.js": ("options", "const options = {\n  depth: 2,\n  name: 'x',\n};"),
    "short.js": ("half", "function half(x) { return x / 2; }"),
    "wrapped.js": ("join", "function join(left,\n              right) { return left + right; }"),
    "one.py": ("double", "def double(x): return 2 * x"),
    "lambda.py": ("triple", "triple = lambda x: (\n    3 * x\n)"),
    "wrapped.py": ("area", "def area(width: int,\n         height: int) -> int: return (\n    width * height)"),
    "table.py": ("CODES", "CODES = {\n    'ok': 200,\n    'gone': 410,\n}"),
    "endless.rb": ("square", "def square(x) = x * x"),
    "line.rb": ("cube", "def cube(x); x * x * x; end"),
    "Fetch.kt": ("load", "fun load(url: String): Reply = client.get(url)\n    .body()\n    .decode()"),
    "Fetch.scala": ("load", "def load(url: String): Reply = client.get(url)\n  .body"),
    "Money.cs": ("Total", "class A\n{\n    public int Total(int x) => Sum(x)\n        + Rest(x);\n}"),
    "line.rs": ("inc", "pub fn inc(x: u32) -> u32 { x + 1 }"),
    "line.go": ("Inc", "package a\n\nfunc Inc(x int) int { return x + 1 }"),
    "line.c": ("inc", "static int inc(int x) { return x + 1; }"),
    "Equation.hs": ("twice", "twice f x = f\n  (f x)"),
    "let.ml": ("twice", "let twice f x = f\n  (f x)"),
    "line.ex": ("twice", "defmodule A do\n  def twice(x), do: x * 2\nend"),
    "Line.swift": ("half", "func half(_ x: Int) -> Int { x / 2 }"),
    "line.dart": ("half", "num half(num x) => x /\n    2;"),
    "line.php": ("half", "<?php\nfunction half($x) { return $x / 2; }"),
    "line.lua": ("half", "function half(x) return x / 2 end"),
    "Line.java": ("half", "class A {\n    int half(int x) { return x / 2; }\n}"),
    "line.sh": ("greet", "greet() { echo hello; }"),
    "line.jl": ("half", "half(x) = x / 2"),
    "Line.fs": ("half", "let half x = x /\n              2"),
    "line.clj": ("half", "(defn half [x] (/ x 2))"),
}


@pytest.mark.parametrize("path", ONE_LINERS)
def test_a_body_that_begins_on_its_declarations_line_is_shown_whole_and_once(path: str, tmp_path: Path) -> None:
    name, text = ONE_LINERS[path]
    with make_project(tmp_path, {path: text + "\n"}) as project:
        entry = project.store.named(name)[0]
        source = "\n".join(text.split("\n")[entry.name_line - 1 : entry.end_line])
        for answer, _ in (explain(project, name), ask(project, name)):
            shown = "".join(re.findall(r"```\w*\n(.*?)\n```", answer, flags=re.DOTALL))
            assert "".join(shown.split()) == "".join(source.split())


def test_a_long_body_that_begins_on_its_declarations_line_loses_nothing(tmp_path: Path) -> None:
    steps = "".join(f"  .then(step{number})\n" for number in range(20))
    text = f"export const work = (job) => start(job)\n{steps}  .finally(stop);\n"
    with make_project(tmp_path, {"a.ts": text}) as project:
        answer, _ = explain(project, "work")
        assert "```typescript\nexport const work = (job)\n```" in answer
        assert "```typescript\nstart(job)\n  .then(step0)\n" in answer


def test_without_evidence_it_says_so(tmp_path: Path) -> None:
    with make_project(tmp_path, {}) as project:
        answer, material = ask(project, "anything")
        assert not material.evidence
        assert answer.startswith("Nothing in the index matches.")
        assert NOTE in answer


@pytest.mark.parametrize(
    "question",
    [
        "which kernel of the graphics card sorts the payrolls of the employees",
        "how are holographic invoices printed on the moon",
    ],
)
def test_what_the_code_does_not_tell_is_said_plainly(project: Project, question: str) -> None:
    material = gather_for_question([project.view()], Question(question), 3000)
    assert material.is_far
    assert evidence_answer(material).startswith("The code found does not seem to say.")


@pytest.mark.parametrize("question", ["how is the configuration file read", "parse_config", "session of a user"])
def test_what_the_code_tells_is_not_doubted(project: Project, question: str) -> None:
    assert not gather_for_question([project.view()], Question(question), 3000).is_far


def test_several_places_are_shown_with_their_lines(project: Project) -> None:
    material = gather_for_question([project.view()], Question("how does a request get retried"), 3000)
    answer = evidence_answer(material)
    before = answer.partition("**See also**")[0]
    assert before.count("```") >= 6
    cited = [piece.qualified_name for piece in material.evidence if f"[{piece.number}]" in before]
    assert len(cited) >= 2


def test_a_manual_does_not_fill_the_evidence(tmp_path: Path) -> None:
    manual = "\n".join(f"## Rotating the key {n}\n\nHow the key is rotated, part {n}.\n" for n in range(9))
    code = 'def rotate_key(key):\n    """@param key: what to rotate"""\n    return key[::-1]\n'
    with make_project(tmp_path, {"docs/manual.md": f"# Manual\n\n{manual}", "keys.py": code}) as project:
        answer, material = ask(project, "how is the key rotated")
        places = [piece.path for piece in material.evidence]
        assert "keys.py" in places
        assert 1 <= places.count("docs/manual.md") <= 2
        assert "@param" not in answer.split("```")[0]


RUST_DOC = """\
/// Sends a parcel.
///
/// ```
/// fn main() {
///     send(1);
/// }
/// ```
pub fn send(parcel: u32) -> bool
{
    let label = print_label(parcel);
    hand_over(label)
}
"""
PYTHON_DOC = '''\
def send(parcel):
    """Send a parcel.

    It may be lost.
    """
    label = print_label(parcel)
    return hand_over(label)
'''


@pytest.mark.parametrize(("path", "code"), [("parcel.rs", RUST_DOC), ("parcel.py", PYTHON_DOC)])
def test_a_body_begins_behind_its_documentation_wherever_that_stands(tmp_path: Path, path: str, code: str) -> None:
    with make_project(tmp_path, {path: code}) as project:
        for answer in (explain(project, "send")[0], ask(project, "how is a parcel sent with a label")[0]):
            blocks = "\n".join(re.findall(r"```\w*\n(.*?)\n```", answer, flags=re.DOTALL))
            assert "print_label(parcel)" in blocks
            assert "hand_over(label)" in blocks
            assert "may be lost" not in blocks


LINES = ["    if ready:", "        start()", "        warm_up()", "    stop()", "    report()", "    leave()"]


def test_a_definition_whose_piece_lacks_its_first_line_is_shown_once(project: Project) -> None:
    material = gather_for_question([project.view()], Question("how is the configuration file read"), 3000)
    own = next(piece for piece in material.evidence if piece.entry.qualified_name == "parse_config")
    lines = own.source.split("\n")[1:]
    later = replace(own, start_line=own.start_line + 1, source="\n".join(lines), text="\n".join(lines), line_numbers=())
    evidence = tuple(later if piece is own else piece for piece in material.evidence)
    answer = evidence_answer(replace(material, evidence=evidence))
    assert answer.startswith(f"**Function `parse_config`** in `{own.path}:{own.entry.start_line}` [{own.number}]")
    assert answer.count("**Function `parse_config`**") == 1


def test_the_best_lines_do_not_begin_with_the_end_of_a_block() -> None:
    first, last = best_lines(LINES, 1, len(LINES), 3, lambda texts: [text.count("warm_up") for text in texts])
    assert (first, last) == (1, 3)
    first, last = best_lines(LINES, 1, len(LINES), 3, lambda texts: [text.count("report") for text in texts])
    assert (first, last) == (4, 6)


def test_the_best_lines_do_not_begin_with_the_end_of_a_declaration() -> None:
    lines = ["def pool(", "    size: int,", ") -> Pool:", "    check(size)", "    made = Pool(size)", "    made.open()"]
    lines += ["    watch(made)", "    return made"]
    first, _ = best_lines(lines, 1, len(lines), 3, lambda texts: [text.count("Pool(size)") for text in texts])
    assert first == 4


def test_where_every_place_ends_a_block_the_best_is_taken() -> None:
    lines = ["        a()", "    b()", "c()"]
    assert best_lines(lines, 1, 3, 2, lambda texts: [float(len(texts) > 1)] * len(texts)) == (1, 2)


TOLD = {
    "shop/base.py": '''class Command:
    """What the shop can do."""

    def run(self, order):
        """Do it."""
        return self.check(order)

    def check(self, order):
        return order
''',
    "shop/sell.py": """from shop.base import Command


class Sell(Command):
    # First of all.
    @logged
    @timed
    def check(self, order):
        return order > 1


def used_in_tests_only():
    return 1


def mentioned_once():
    return 2


def started(order):
    return order
""",
    "shop/main.py": "from shop.sell import started\n\nprint(1)\nprint(\n    started(2)\n)\n",
    "shop/settings.py": 'COMMANDS = {"shop.sell.Sell": 100}\n',
    "shop/later.py": "def go(it):\n    it.mentioned_once\n",
    "tests/test_sell.py": """from shop.sell import Sell, used_in_tests_only


def made(order):
    return Sell().check(order)


def test_made():
    assert used_in_tests_only() and made(2)
""",
    "consts.go": "package main\n\nconst (\n\tsmallest = 1\n\tlargest  = 2\n)\n",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with make_project(tmp_path_factory.mktemp("told"), TOLD) as made:
        yield made


def test_what_overrides_is_no_use(told: Project) -> None:
    answer, material = explain(told, "Command.check")
    check(answer, material)
    assert "Used in 1 place, in `Command.run`" in answer
    assert "It is overridden or implemented by `Sell.check`" in answer
    answer, _ = explain(told, "Sell.check")
    assert "It overrides or implements `Command.check`" in answer


def test_a_place_is_the_line_of_the_name(told: Project) -> None:
    answer, _ = explain(told, "Sell.check")
    assert answer.startswith("**Method `Sell.check`** in `shop/sell.py:8` [1]")
    answer, _ = explain(told, "Command.check")
    assert "`Sell.check` (`shop/sell.py:8`)" in answer


def test_a_use_outside_of_definitions_is_in_the_lines_around_it(told: Project) -> None:
    answer, _ = explain(told, "started")
    assert "Used in 1 place, in `shop/main.py:1-6`" in answer


def test_a_use_in_a_test_is_called_no_more_than_that(told: Project) -> None:
    answer, _ = explain(told, "used_in_tests_only")
    assert "In tests, it is used by `test_made`" in answer
    assert "Used in" not in answer
    answer, _ = explain(told, "made")  # stands in a test itself
    assert "Used in 1 place, in `test_made`" in answer
    assert "In tests" not in answer


def test_what_only_tests_name_in_code_is_looked_for_in_text(told: Project) -> None:
    answer, _ = explain(told, "Sell")
    assert "In tests, it is used by " in answer
    assert "1 more place mentions the name" in answer
    assert "may mean it or not" not in answer  # the tests certainly do


def test_no_block_without_a_name_is_said_to_hold_something(told: Project) -> None:
    answer, material = explain(told, "smallest")
    check(answer, material)
    assert "It belongs to" not in answer


def test_a_piece_that_ends_within_a_symbol_is_not_cited_for_it(told: Project) -> None:
    _, material = explain(told, "Command.check")
    user = told.store.named("Command.run")[0]
    lead = material.evidence[0]
    for end, cited in ((user.start_line, ""), (user.end_line, " [9]")):
        piece = replace(lead, number=9, path=user.path, start_line=1, end_line=end)
        answer = evidence_answer(replace(material, evidence=(lead, piece)))
        assert f"Used in 1 place, in `Command.run`{cited}." in answer
