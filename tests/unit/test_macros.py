"""Macros, selectors and quoted names: what they define, what they are called, and where they are used."""

from __future__ import annotations

import pytest

from glossator.index.parsing import parse

DEFINITIONS = [
    # Macros that define a function, a variable, a test.
    ("a.c", "SYSCALL_DEFINE2(kill, pid_t, pid, int, sig)\n{\n\treturn 0;\n}\n", [("function", "kill", 1, 4)]),
    ("a.c", "static DEFINE_MUTEX(big_lock);\n", [("variable", "big_lock", 1, 1)]),
    ("a.c", "PG_FUNCTION_INFO_V1(my_fn);\n", [("function", "my_fn", 1, 1)]),
    ("a.c", "DEFINE_PER_CPU(int, counter);\n", [("variable", "counter", 1, 1)]),
    ("a.cpp", 'TEST_CASE("adds items", "[cart]") {\n  f();\n}\n', [("test", "adds items", 1, 3)]),
    (
        "a.cpp",
        'SCENARIO("empty") {\n  GIVEN("a cart") {\n    f();\n  }\n}\n',
        [("test", "empty", 1, 5), ("test", "empty.a cart", 2, 4)],
    ),
    ("a.cpp", "TEST_F(CartTest, Adds) {\n  f();\n}\n", [("test", "CartTest.Adds", 1, 3)]),
    ("a.cpp", "TYPED_TEST(Cart, Adds) {\n}\n", [("test", "Cart.Adds", 1, 2)]),
    ("a.cpp", "BOOST_AUTO_TEST_CASE(adds) {\n  f();\n}\n", [("test", "adds", 1, 3)]),
    # What is no definition.
    ("a.c", "EXPORT_SYMBOL(f);\n", []),
    ("a.c", "int f(void)\n{\n\tFOR_EACH(item, list) {\n\t\tg(item);\n\t}\n\treturn 0;\n}\n", [("function", "f", 1, 7)]),
    # Macros around names.
    (
        "a.cpp",
        "class API_EXPORT ALIGNED(16) Reader : public Base {\n public:\n  int read() { return 1; }\n};\n",
        [("class", "Reader", 1, 4), ("method", "Reader.read", 3, 3)],
    ),
    (
        "a.cpp",
        'class EXPORT OLD(\n    "in (a) text") Reader\n    : public Base {\n  int read();\n};\n',
        [("class", "Reader", 1, 5), ("method", "Reader.read", 4, 4)],
    ),
    ("a.c", "int API_CALL run(int x) { return x; }\n", [("function", "run", 1, 1)]),
    ("a.cpp", "MYLIB_API void FASTCALL run(int a) {\n}\n", [("function", "run", 1, 2)]),
    ("a.c", "int f(a, b)\n  int a;\n  char *b;\n{\n  return a;\n}\n", [("function", "f", 1, 6)]),
    # Namespaces.
    (
        "a.cpp",
        "namespace a::b::inline v1 {\nint z() { return 2; }\n}\n",
        [("namespace", "a.b.v1", 1, 3), ("function", "a.b.v1.z", 2, 2)],
    ),
    # Selectors.
    (
        "a.m",
        (
            "@implementation Foo\n- (void)tableView:(id)t didSelectRowAtIndexPath:(id)p {\n}\n- (void)go {\n}\n"
            "- (void)setName:(id)n {\n}\n@end\n"
        ),
        [
            ("class", "Foo", 1, 8),
            ("method", "Foo.tableView:didSelectRowAtIndexPath:", 2, 3),
            ("method", "Foo.go", 4, 5),
            ("method", "Foo.setName", 6, 7),
        ],
    ),
    (
        "a.m",
        "@protocol P\n- (id)a:(id)x b:(id)y c:(id)z;\n@end\n",
        [("protocol", "P", 1, 3), ("method", "P.a:b:c:", 2, 2)],
    ),
    # Names in backticks.
    ("a.kt", "class T {\n  fun `adds items`() {}\n}\n", [("class", "T", 1, 3), ("method", "T.adds items", 2, 2)]),
]


@pytest.mark.parametrize(("path", "text", "expected"), DEFINITIONS)
def test_definitions(path: str, text: str, expected: list[tuple[str, str, int, int]]) -> None:
    found = [
        (entry.kind, entry.qualified_name, entry.start_line, entry.end_line)
        for entry in parse(path, text).entries
        if entry.part == 0 and entry.kind != "block"
    ]
    assert found == expected


REFERENCES = [
    ("a.m", "#import <x.h>\nvoid f(void) { [a insert:b at:[c index:d in:e]]; }", {"insert:at:", "index:in:"}),
    ("a.m", "#import <x.h>\nvoid f(void) { [a go]; [a setName:b]; }", {"go", "setName"}),
    ("a.m", "#import <x.h>\nvoid f(void) { g(@selector(insert:at:)); g(@selector(go)); g(@selector(setName:)); }",
     {"insert:at:", "go", "setName"}),
    ("a.kt", "fun f() { a shouldBe b; 1 to 2 }", {"shouldBe", "to"}),
    ("a.kt", "fun f() { `adds items`() }", {"adds items"}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), REFERENCES)
def test_references(path: str, text: str, expected: set[str]) -> None:
    (entry,) = (one for one in parse(path, text).entries if one.name == "f")
    assert expected <= set(entry.references)
    assert not any(name.startswith(("`", "@")) for name in entry.references)
