"""Comments, texts and conditionals in a list of parameters say nothing about how many arguments it takes."""

from __future__ import annotations

import pytest

from glossator.index.argument_types import bare_parameters, parameter_counts
from glossator.index.expressions import split_outside
from tests.unit.resolution.resolution_samples import Sample

CALLED = {
    "Cart.cs": ('class Cart { void Add(PARAMETERS) {}\nvoid Run() { Add("a", 2); } }', "string a", "int b"),
    "Cart.java": ('class Cart { void Add(PARAMETERS) {}\nvoid Run() { Add("a", 2); } }', "String a", "int b"),
    "Cart.kt": ('class Cart { fun Add(PARAMETERS) {}\nfun Run() { Add("a", 2) } }', "a: String", "b: Int"),
    "cart.cpp": (
        'struct Cart { void Add(PARAMETERS) {}\nvoid Run() { Add("a", 2); } };',
        "const char *a",
        "int b",
    ),
}


@pytest.mark.parametrize("path", CALLED)
@pytest.mark.parametrize(
    "listed",
    [
        "FIRST /* one, two */, SECOND",
        "FIRST, // it isn't so, or is it (\n SECOND",
        "/** The first, and more. */ FIRST, /** The second, too. */ SECOND",
    ],
)
def test_a_comment_is_no_parameter(path: str, listed: str) -> None:
    assert _meant(path, listed) == f"{path}:Cart.Add"


@pytest.mark.parametrize("path", ["Cart.cs", "Cart.kt", "cart.cpp"])
@pytest.mark.parametrize("default", ['","', '"(, "', '"\\", "', "'\\''", "','", "'<'", "7 > 8", '"" /* a, b */'])
def test_a_default_is_no_parameter(path: str, default: str) -> None:
    kind = {"Cart.cs": "object c", "Cart.kt": "c: Any", "cart.cpp": "Any c"}[path]
    assert _meant(path, f"FIRST, SECOND, {kind} = {default}, {kind}2 = {default}") == f"{path}:Cart.Add"


@pytest.mark.parametrize("path", ["Cart.cs", "cart.cpp"])
def test_a_shift_is_no_bracket(path: str) -> None:
    assert _meant(path, "FIRST, SECOND = 1 << 2, int c = 1 << 3, int d = 64 >> 2") == f"{path}:Cart.Add"


def test_parameters_for_some_builds_deny_no_call() -> None:
    sample = Sample(
        {
            "Map.cs": """
                class Map {
                    public void Find(
                #if SPANS
                        ReadOnlySpan<char> context,
                #else
                        string context,
                #endif
                        out int level, out string name) { level = 1; name = ""; }
                    public void Take(int a, int b) {}
                }
                class User {
                    void Go(Map map) {
                        map.Find("a", out var level, out var name);
                        map.Take(
                #if SPANS
                            1,
                #else
                            2,
                #endif
                            3);
                    }
                }
            """
        }
    )
    assert sample.at("Map.cs", 'map.Find("a", out var level, out var name);', "Find") == "Map.cs:Map.Find"
    assert sample.at("Map.cs", "map.Take(", "Take") == "Map.cs:Map.Take"


def test_a_comment_hides_no_parameter_of_a_constructor() -> None:
    sample = Sample(
        {
            "Op.kt": """
                open class Base(val left: String)
                class Op(
                    /** The left side, as it is. */
                    left: String
                ) : Base(left)
            """
        }
    )
    assert sample.uses("left") == []


@pytest.mark.parametrize(
    ("text", "bare", "counts"),
    [
        ("(int a, int b)", "(int a, int b)", (2, 2)),
        ("(int a /* x, y */, int b)", "(int a  , int b)", (2, 2)),
        ("(int a, // don't, do\n int b)", "(int a,  \n int b)", (2, 2)),
        ("(char q = '\\'', string s = \"a\\\",b\")", "(char q = '', string s = \"\")", (0, 2)),
        ('(string p = @"C:\\", int b)', '(string p = "", int b)', (1, 2)),
        ('(const char *s = R"-(a,")b)-", int c)', '(const char *s = "", int c)', (1, 2)),
        ('(string a = """x, "y" """, int b)', '(string a = "", int b)', (1, 2)),
        ("(int a = 1'000'000, int b = 2)", "(int a = 1'000'000, int b = 2)", (0, 2)),
        ("(int a = 8 / 2, int b)", "(int a = 8 / 2, int b)", (1, 2)),
        ("(int a /* never closed", "(int a  ", (1, 1)),
    ],
)
def test_parameters_without_comments_and_texts(text: str, bare: str, counts: tuple[int, int]) -> None:
    assert bare_parameters(text) == bare
    assert parameter_counts(bare) == counts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b", ["a", " b"]),
        ("Map<K, List<V>> a, (b, c), [d, e], {f, g}", ["Map<K, List<V>> a", " (b, c)", " [d, e]", " {f, g}"]),
        ("std::map <K, V> a, b", ["std::map <K, V> a", " b"]),
        ("a = 1 << 2, b = x < y, c = z <= w, d = p > q", ["a = 1 << 2", " b = x < y", " c = z <= w", " d = p > q"]),
        ("f: (A<B>) -> C, g: D => E, h", ["f: (A<B>) -> C", " g: D => E", " h"]),
        ("a(x > y, z), b", ["a(x > y, z)", " b"]),
        ("a), b], c", ["a)", " b]", " c"]),
        ("(a < b, c), d", ["(a < b, c)", " d"]),
        ("(a <b, c), d", ["(a <b, c)", " d"]),
        ("", [""]),
    ],
)
def test_parts_between_separators(text: str, parts: list[str]) -> None:
    assert split_outside(text, ",") == parts


def _meant(path: str, listed: str) -> str:
    """What the call of a function with these parameters means."""
    source, first, second = CALLED[path]
    sample = Sample({path: source.replace("PARAMETERS", listed.replace("FIRST", first).replace("SECOND", second))})
    return sample.at(path, source.split("\n")[1], "Add")
