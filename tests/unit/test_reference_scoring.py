"""How the benchmark of uses scores them, on sets made by hand."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from reference_oracles import Lines
from reference_scoring import MOST_PLACES, Verdict, by_kind, choose, compare, kind_of_mention, total


def places(*lines: int, path: str = "a.py") -> frozenset[tuple[str, int]]:
    return frozenset((path, line) for line in lines)


def test_one_oracle() -> None:
    verdict = compare(places(1, 2, 9), places(3), [places(1, 2, 3, 4)])
    counts = total([verdict])
    assert (counts.right, counts.unconfirmed, counts.wanted) == (2, 1, 4)
    assert counts.precision == round(2 / 3, 4)
    assert counts.recall == 0.5
    assert counts.recall_possible == 0.75
    assert verdict.wrong == [(("a.py", 9), "unconfirmed")]
    assert verdict.missed == [("a.py", 4)]


def test_two_oracles_are_wrong_together_or_not_at_all() -> None:
    verdict = compare(places(1, 2, 3), (), [places(1, 2, 5), places(2, 3, 5, 6)])
    counts = total([verdict])
    assert counts.precision == 1.0
    assert counts.wanted == 2
    assert verdict.missed == [("a.py", 5)]


def test_places_that_count_on_neither_side() -> None:
    verdict = compare(places(1, 2), places(3), [places(1, 2, 3, 4)], left_out=places(1, 3, 4))
    counts = total([verdict])
    assert (counts.right, counts.wanted, counts.stated_possible) == (1, 1, 0)
    assert not verdict.wrong
    assert not verdict.missed


def test_the_meaning_of_a_name_decides_about_unlisted_places() -> None:
    meaning = {("a.py", 7): "right", ("a.py", 8): "refuted"}
    counts = total([compare(places(7, 8, 9), (), [places()], meaning=meaning)])
    assert (counts.right, counts.refuted, counts.unconfirmed) == (1, 1, 1)
    assert counts.precision == round(1 / 3, 4)
    assert counts.unrefuted == 0.5
    assert counts.recall is None


def test_a_place_of_both_grades_is_resolved() -> None:
    counts = total([compare(places(1), places(1, 2), [places(1, 2)])])
    assert (counts.resolved, counts.possible, counts.stated_possible) == (1, 1, 1)


def test_sums_by_kind() -> None:
    kinds = {("a.py", 1): "call", ("a.py", 2): "import", ("a.py", 3): "import"}
    verdict = compare(places(1, 2), (), [places(1, 2, 3)], kinds=kinds)
    sums = by_kind([verdict, verdict, Verdict()])
    assert list(sums) == ["import", "call"]
    assert (sums["import"].wanted, sums["import"].resolved, sums["call"].right) == (4, 2, 2)
    assert total([verdict], frozenset({"call"})).wanted == 1


def test_a_name_used_everywhere_counts_a_limited_number_of_times() -> None:
    every = places(*range(1, 1001))
    counts = total([compare(every, (), [every])])
    assert counts.right == counts.wanted == counts.resolved == MOST_PLACES


def test_no_oracle_and_nothing_found() -> None:
    counts = total([compare((), (), [])])
    assert counts.precision is None
    assert counts.recall_possible is None
    assert counts.figures()["wanted"] == 0


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("from a import get, put", "import"),
        ("import { get } from './a'", "import"),
        ("const { get } = require('./a')", "import"),
        ("export { get } from './a'", "import"),
        ('#include "get.h"', "import"),
        ("    x = get(1)", "call"),
        ("let x = get::<u8>(1);", "call"),
        ("var x = new get<String, Integer>();", "call"),
        ("get!(a, b)", "call"),
        ("@get", "decorator"),
        ("@app.get('/')", "decorator"),
        ("class Other(get):", "base"),
        ("class Other extends get {", "base"),
        ("self.get = 3", "write"),
        ("get += 1", "write"),
        ("get := 1", "write"),
        ("if x.get == 3:", "attribute"),
        ("x->get", "attribute"),
        ("callbacks = [get]", "other"),
        ("forget(getter)", "other"),
    ],
)
def test_kinds_of_mentions(line: str, kind: str) -> None:
    assert kind_of_mention(line, "get") == kind


def test_a_sample_has_all_kinds_and_the_commonest_names() -> None:
    pools = {
        "function": [(f"f{number}", f"function {number}") for number in range(100)],
        "type": [("T", "type T"), ("U", "type U")],
    }
    draw = [(number * 37 % 101) / 101 for number in range(102)]
    common = Counter({"f77": 500, "f78": 400})
    chosen = choose(pools, {"function": 0.5, "type": 0.5}, 10, common, draw)
    assert len(chosen) == len(set(chosen)) == 10
    assert {"function 77", "function 78", "type T", "type U"} <= set(chosen)
    assert chosen == choose(pools, {"function": 0.5, "type": 0.5}, 10, common, draw)
    assert len(choose(pools, {"function": 0.5, "type": 0.5}, 1000, common, draw)) == 102


def test_comments_and_strings_are_no_code(tmp_path: Path) -> None:
    python = tmp_path / "a.py"
    python.write_text('''x = "get"  # get\ny = """\nget\n"""\nz = f"{get()}"\n𝒂 = get\n''', "utf-8")
    lines = Lines.read(python, "python")
    assert [lines.column(number, "get") for number in range(1, 8)] == [None, None, None, None, 7, 5, None]
    rust = tmp_path / "a.rs"
    rust.write_text("fn f<'a>(x: &'a str) { get('\"'); } // get\n/* get\nget */ let s = \"get\";\n", "utf-8")
    lines = Lines.read(rust, "rust")
    assert lines.column(1, "get") == 23
    assert lines.column(2, "get") is None
    assert lines.column(3, "get") is None
