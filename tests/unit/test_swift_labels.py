"""Labels of Swift's parameters and arguments, as they are read from source text."""

import pytest

from glossator.index.swift_labels import call_labels, parameter_labels
from glossator.retrieval.resolution.labels import alike, fits


@pytest.mark.parametrize(
    ("head", "labels"),
    [
        ("() -> Int {", "()"),
        ("(_ a: Int, to b: String = \"x, y\") {", "(_,to?)"),
        ("<T: Node>(values: T..., then: (Int, Int) -> Void) where T: A {", "(values...,then)"),
        ("?(rawValue: [String: Int]) {", "(rawValue)"),
        ("(@escaping run: @escaping () -> Void, `in`: Int)", "(run,in)"),
        (": Int { 1 }", ""),
        ("(a: Int", ""),
    ],
)  # fmt: skip
def test_labels_of_parameters(head: str, labels: str) -> None:
    assert parameter_labels(head) == labels


@pytest.mark.parametrize(
    ("call", "labels"),
    [
        ("()", "()"),
        ("(1, to: x ? a : b)", "(_,to)"),
        ('("a, b(", at: ["k": 1, "l": 2])', "(_,at)"),
        ("(a < b, c > d)", "(_,_)"),
        ("<Int>(of: f(1, 2)) { $0 }", "(of){"),
        (" { $0 }", "(){"),
        ("(Pair<Int, Int>(), 1)", ""),
        ('("""\nx, y\n""", 1)', ""),
        ("[1]", ""),
        ("(1,\n  to: 2) // (", "(_,to)"),
    ],
)
def test_labels_of_arguments(call: str, labels: str) -> None:
    assert call_labels(call) == labels


@pytest.mark.parametrize(
    ("labels", "given", "fitting"),
    [
        ("(_,to?)", "(_)", True),
        ("(_,to?)", "(_,to)", True),
        ("(_,to)", "(_)", False),
        ("(_,to)", "(_){", True),
        ("()", "(){", True),
        ("(_...,to)", "(_,_,_,to)", True),
        ("(_...,to)", "(to)", True),
        ("(values...)", "(values,_)", True),
        ("(a?,b?)", "(b,a)", False),
        ("", "(b,a)", True),
        ("(a)", "", True),
    ],
)
def test_which_calls_fit(labels: str, given: str, fitting: bool) -> None:
    assert fits(labels, given) is fitting


def test_which_functions_may_override_each_other() -> None:
    assert alike("(_,to?)", "(_,to)")
    assert alike("", "(_,to)")
    assert not alike("(to)", "(_)")


def test_many_ways_to_leave_parameters_out_take_no_time() -> None:
    optional = ",".join(["_?"] * 40)
    given = ",".join(["_"] * 20)
    assert fits(f"({optional})", f"({given})")
    assert not fits(f"({optional})", f"({given},to)")
