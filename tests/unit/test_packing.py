"""The packer: one budget for chosen lines, symbols and hits; what is too long is cut to what fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.answers.evidence import Place, Question, estimated_cost
from glossator.answers.gathering import gather_for_question
from glossator.answers.packing import excerpt_order
from glossator.answers.prompts import cost_by, evidence_part
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.answers.evidence import Cost, Evidence, Material
    from glossator.answers.root_view import RootView

LONG = "big/machine.py"
LINES = [f"        self.step_{i} = self.start * {i} + offset_{i}" for i in range(4400)]
LINES[3000] = "        self.refund(card)  # the card was refused"
LINES[100] = "        raise RefusedCard(card)"
MINIFIED = "var a=1;" + "".join(f"function f{i}(b){{return b*{i}}}" for i in range(4000)) + "refund(card);"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    long = "class Machine:\n    def run(self, card):\n" + "\n".join(LINES) + "\n"
    files = {**FILES, LONG: long, "big/notes.txt": "\n".join(f"note {i}" for i in range(3000)) + "\n"}
    with make_project(tmp_path_factory.mktemp("packing"), files) as made:
        yield made


@pytest.fixture(scope="module")
def minified(project: Project) -> RootView:
    """The project with a file of one very long line, which only an open buffer makes known."""
    return project.view({"big/one.js": MINIFIED})


def by_words(text: str) -> int:
    """A tokenizer: one token for each word and each sign."""
    return sum(len(word) // 6 + 1 for word in text.split()) + text.count("\n")


def by_bytes(text: str) -> int:
    """The costliest tokenizer there is."""
    return len(text.encode())


COSTS: dict[str, Cost] = {"estimated": estimated_cost, "words": cost_by(by_words), "bytes": cost_by(by_bytes)}


def gather(
    project: Project, text: str, budget: int, cost: Cost = estimated_cost, **places: Place | tuple[Place, ...]
) -> Material:
    return gather_for_question([project.view()], Question(text, **places), budget, cost)  # type: ignore[arg-type]


def place(project: Project, path: str, start: int, end: int) -> Place:
    return Place(project.root, path, start, end)


def total(evidence: tuple[Evidence, ...], cost: Cost) -> int:
    return sum(cost(item) for item in evidence)


BUDGETS = [0, 10, 60, 500, 2500]
QUESTION = "when is a refused card refunded"


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("budget", BUDGETS)
def test_no_selection_and_no_pins_exceed_the_budget(
    project: Project, minified: RootView, budget: int, cost: str
) -> None:
    counted = COSTS[cost]
    selection = place(project, LONG, 1, 4402)
    pins = (
        place(project, "big/one.js", 1, 1),
        place(project, "big/notes.txt", 1, 3000),
        *(place(project, "big/notes.txt", i * 10 + 1, i * 10 + 9) for i in range(80)),
        place(project, "server/session.py", 1, 40),
    )
    for focus, pinned in ((selection, ()), (None, pins), (selection, pins), (place(project, LONG, 2, 2), pins)):
        material = gather_for_question([minified], Question(QUESTION, focus=focus, pinned=pinned), budget, counted)
        assert total(material.evidence, counted) <= budget
        if budget >= 500 and cost != "bytes":
            assert material.evidence
        if budget == 0:
            assert not material.evidence


def test_a_selection_that_is_too_long_keeps_its_beginning_and_what_the_question_names(project: Project) -> None:
    material = gather(project, QUESTION, 1200, focus=place(project, LONG, 1, 4402))
    selected = material.evidence[0]
    assert (selected.role, selected.form) == ("selected", "excerpt")
    assert (selected.start_line, selected.end_line) == (1, 4402)
    lines = selected.text.split("\n")
    assert lines[:2] == ["class Machine:", "    def run(self, card):"]
    assert LINES[3000] in selected.text
    assert LINES[100] in selected.text
    assert "        ..." in lines
    assert lines[-1] == "..."
    assert selected.source.count("\n") == 4401
    assert "of its 4,402 lines fit" in selected.why
    assert [note.partition(":")[0] for note in material.notes] == [f"`{LONG}"]
    shown = {line for line in lines if line.strip() != "..."}
    assert shown <= {"class Machine:", "    def run(self, card):", *LINES}
    assert " (excerpt)" in evidence_part(selected)


def test_what_is_chosen_leaves_room_for_what_is_found(project: Project) -> None:
    material = gather(project, "how is the configuration file read", 2000, focus=place(project, LONG, 1, 4402))
    assert "parse_config" in [name for item in material.evidence for name in item.names]


def test_small_selections_and_pins_are_shown_whole(project: Project) -> None:
    pins = (place(project, "server/errors.py", 1, 2), place(project, "server/app.py", 5, 9))
    material = gather(project, QUESTION, 3000, pinned=pins, focus=place(project, "server/session.py", 16, 20))
    first = material.evidence[:3]
    assert [item.role for item in first] == ["pinned", "pinned", "selected"]
    assert [item.why for item in first] == ["pinned", "pinned", "selected"]
    assert all(item.form == "source" for item in first)
    assert first[1].text.startswith("def main(arguments):")
    assert not material.notes


def test_many_pins_share_the_room(project: Project) -> None:
    pins = tuple(place(project, "big/notes.txt", i * 100 + 1, i * 100 + 90) for i in range(10))
    small = place(project, "server/errors.py", 1, 2)
    material = gather(project, QUESTION, 2000, pinned=(*pins, small))
    pinned = [item for item in material.evidence if item.role == "pinned"]
    assert len(pinned) == 11
    assert pinned[-1].form == "source", "what needs less than its share is whole"
    sizes = [item.tokens for item in pinned[:-1]]
    assert max(sizes) - min(sizes) < 20


def test_what_finds_no_room_is_told(project: Project) -> None:
    pins = tuple(place(project, "big/notes.txt", i * 20 + 1, i * 20 + 9) for i in range(80))
    material = gather(project, QUESTION, 600, pinned=pins)
    used = len([item for item in material.evidence if item.role == "pinned"])
    assert 0 < used < 77
    (note,) = [note for note in material.notes if note.startswith("There was no room")]
    assert f"`big/notes.txt:{used * 20 + 1}-{used * 20 + 9}` (pinned)" in note
    assert f"and {80 - used - 3} more places" in note
    assert any("selected" in note for note in gather(project, QUESTION, 5, focus=place(project, LONG, 1, 9)).notes)


def test_lines_that_are_gone_are_told(project: Project) -> None:
    material = gather(
        project, QUESTION, 600, pinned=(place(project, "gone.py", 3, 4), place(project, LONG, 9000, 9001))
    )
    assert [note.split("`")[1] for note in material.notes[:2]] == ["gone.py:3", f"{LONG}:9000"]
    assert not [item for item in material.evidence if item.role == "pinned"]


def test_a_line_that_is_too_long_is_cut_where_the_question_s_words_are(project: Project, minified: RootView) -> None:
    question = Question("where is the card refunded", pinned=(place(project, "big/one.js", 1, 1),))
    material = gather_for_question([minified], question, 400)
    (pinned,) = [item for item in material.evidence if item.role == "pinned"]
    assert "refund(card)" in pinned.text
    assert pinned.text.endswith(" ...")
    assert "only part of a line fits" in pinned.why
    assert material.notes == ("`big/one.js:1` is too long: only part of a line fits.",)


def test_what_is_removed_makes_room_for_others(project: Project) -> None:
    question = "session of a user"
    first = gather(project, question, 300).evidence
    removed = tuple(Place(item.root, item.path, item.start_line, item.end_line) for item in first)
    second = gather(project, question, 300, removed=removed).evidence
    assert second
    for item in second:
        assert not any(one.overlaps(item.file, item.start_line, item.end_line) for one in removed)


def test_what_is_pinned_is_not_shown_again(project: Project) -> None:
    pin = place(project, "server/config.py", 6, 20)
    material = gather(project, "how is the configuration file read", 3000, pinned=(pin,))
    assert material.evidence[0].role == "pinned"
    shown = [item for item in material.evidence if item.path == "server/config.py" and "parse_config" in item.names]
    assert len(shown) == 1


def test_what_is_much_too_long_is_not_counted(project: Project) -> None:
    longest = 0

    def count(text: str) -> int:
        nonlocal longest
        longest = max(longest, len(text))
        return by_words(text)

    gather(project, QUESTION, 500, cost_by(count), focus=place(project, LONG, 1, 4402))
    assert longest < 500 * 20


@settings(deadline=None)
@given(st.lists(st.sampled_from(["", "alpha", "beta gamma", "delta"]), max_size=40))
def test_the_order_of_an_excerpt_has_each_line_once(lines: list[str]) -> None:
    order = excerpt_order(lines, {"beta", "delta"})
    assert sorted(order) == list(range(len(lines)))
    assert order[:5] == list(range(min(5, len(lines))))
