"""`#if` branches that share a brace or a statement: what encloses them is found, and what each branch defines."""

from __future__ import annotations

import time

import pytest

from glossator.index.conditionals import Conditionals
from glossator.index.parsing import parse
from tests.unit.parsing_checks import check_entries, table

SHAPES: dict[str, tuple[str, str, str]] = {
    "alternative signatures of a method": (
        "Cart.cs",
        """\
public class Cart
{
#if NET8_0
    public void Save(int a) {
#else
    public void Save() {
#endif
        Run();
    }
    public int After() => 1;
}
""",
        """
        1-11 class Cart
        4-9 method Cart.Save
        10-10 method Cart.After
        """,
    ),
    "alternative signatures without the brace": (
        "a.c",
        """\
#if A
int f(int a)
#elif defined(B)
int f(long a)
#else
int f(void)
#endif
{
    return 1;
}
int g(void) { return 2; }
""",
        """
        2-10 function f
        11-11 function g
        """,
    ),
    "alternative names": (
        "a.c",
        """\
#ifdef A
int first(int a) {
#else
int second(void) {
#endif
    return 1;
}
int g(void) { return 2; }
""",
        """
        2-7 function first
        4-4 function second
        8-8 function g
        """,
    ),
    "a whole definition beside half of one": (
        "a.cpp",
        """\
struct S {
#if A
  void helper() { a(); }
  void f(int a) {
#else
  void other() { b(); }
  void f() {
#endif
    c();
  }
  int last;
};
""",
        """
        1-12 struct S
        3-3 method S.helper
        4-10 method S.f
        6-6 method S.other
        """,
    ),
    "two classes that share their members": (
        "a.cpp",
        """\
namespace n {
#if A
class X : public B {
#else
class X {
#endif
 public:
  void m() { a(); }
};
}
""",
        """
        1-10 namespace n
        3-9 class n.X
        8-8 method n.X.m
        """,
    ),
    "a list of base classes": (
        "a.hpp",
        """\
class Foo
#if A
  : public Bar
#else
  : public Baz
#endif
{
  void m() {}
  void n() {}
};
""",
        """
        1-10 class Foo
        8-8 method Foo.m
        9-9 method Foo.n
        """,
    ),
    "a list of base types": (
        "a.cs",
        """\
public sealed class Cart : Base
#if NET
    , IAsyncDisposable
#endif
{
    public void M() { }
}
""",
        """
        1-7 class Cart
        6-6 method Cart.M
        """,
    ),
    "around else": (
        "a.c",
        """\
void f(int a)
{
    if (a) {
        b();
    }
#ifdef X
    else {
        c();
    }
#endif
}
void g(void)
{
}
""",
        """
        1-11 function f
        12-14 function g
        """,
    ),
    "alternative conditions": (
        "a.c",
        """\
void f(int a)
{
#ifdef X
    if (a) {
#else
    while (a) {
#endif
        b();
    }
}
void g(void)
{
}
""",
        """
        1-10 function f
        11-13 function g
        """,
    ),
    "an opening and a closing brace under one condition": (
        "a.c",
        """\
void f(int a)
{
#ifndef X
    if (a)
    {
#else
    h();
#endif
        b();
#if !defined(X) /* closes */
    }
#endif
}
void g(void)
{
}
""",
        """
        1-13 function f
        14-16 function g
        """,
    ),
    "alternative closing braces": (
        "a.cpp",
        """\
namespace a {
class X {
  void m() {}
#ifdef Z
};
}
#else
  void n() {}
};
}
#endif
void g() {}
""",
        """
        1-11 namespace a
        2-9 class a.X
        3-3 method a.X.m
        8-8 method a.X.n
        12-12 function g
        """,
    ),
    "nested": (
        "a.c",
        """\
#ifdef A
# ifdef B
int f(int a) {
# else
int f(long a) {
# endif
#else
int f(void) {
#endif
    a();
}
int g(void) { return 2; }
""",
        """
        3-11 function f
        12-12 function g
        """,
    ),
    "linkage, with the brace closed at the end of the file": (
        "a.h",
        """\
#ifndef A_H
#define A_H
#ifdef __cplusplus
extern "C" {
#endif
int f(int a,
#if X
      int b);
#else
      char b);
#endif
int g(void);
#ifdef __cplusplus
}
#endif
#endif
""",
        """
        6-11 function f
        12-12 function g
        """,
    ),
    "alternative bodies": (
        "a.c",
        """\
void f(int x)
#if X
{
    a();
}
#else
{
    b();
}
#endif
void g(void) {}
""",
        """
        1-10 function f
        11-11 function g
        """,
    ),
    "a branch that is never compiled": (
        "a.c",
        """\
#if 0
int old(int a) {
#else
int f(void) {
#endif
    a();
}
int g(void) { return 2; }
""",
        """
        4-7 function f
        8-8 function g
        """,
    ),
    "arguments": (
        "a.cpp",
        """\
int f() {
  return call(1,
#if A
    2,
#else
    3,
#endif
    4);
}
int g() { return 2; }
""",
        """
        1-9 function f
        10-10 function g
        """,
    ),
    "an initialiser": (
        "a.cs",
        """\
class A
{
    int[] all = {
        1,
#if X
        2,
#else
        3,
#endif
        4 };
    void M()
    {
    }
}
""",
        """
        1-14 class A
        3-10 field A.all
        11-13 method A.M
        """,
    ),
    "Objective-C": (
        "a.m",
        """\
@implementation Foo
#if TARGET_OS_IPHONE
- (void)run:(UIView *)view {
#else
- (void)run:(NSView *)view {
#endif
    [self go];
}
- (void)after {
}
@end
""",
        """
        1-11 class Foo
        3-8 method Foo.run
        9-10 method Foo.after
        """,
    ),
    "GLSL": (
        "a.frag",
        """\
#ifdef A
vec4 shade(vec3 a) {
#else
vec4 shade(vec2 a) {
#endif
  return base();
}
void main() { shade(x); }
""",
        """
        2-7 function shade
        8-8 function main
        """,
    ),
    "continued directives, comments, strings and characters with braces": (
        "a.c",
        """\
#if defined(A) && \\
    B /* { */
int f(int a) { // }
#else // {
int f(void) {
#endif
    const char *s = "}"; char c = '}';
#define OPEN {
}
int g(void) { return 2; }
""",
        """
        3-9 function f
        10-10 function g
        """,
    ),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_shapes(name: str, newline: str) -> None:
    path, text, expected = SHAPES[name]
    text = text.replace("\n", newline)
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert [f"{first}-{last} {kind} {name}" for kind, name, first, last in table(parsed)] == [
        row.strip() for row in expected.strip().split("\n")
    ]
    text = "\ufeff" + text
    check_entries(text, parse(path, text))


def _entry(path: str, text: str, qualified_name: str) -> tuple[str, str, tuple[str, ...], str]:
    entry = next(entry for entry in parse(path, text).entries if entry.qualified_name == qualified_name)
    return entry.signature, entry.text, entry.references, entry.doc


def test_a_definition_has_the_signature_of_its_first_branch_and_the_text_of_all() -> None:
    path, text, _ = SHAPES["alternative signatures of a method"]
    signature, whole, references, _ = _entry(path, text, "Cart.Save")
    assert signature == "public void Save(int a)"
    assert "public void Save() {" in whole
    assert references == ("Run",)
    path, text, _ = SHAPES["linkage, with the brace closed at the end of the file"]
    signature, whole, _, _ = _entry(path, text, "f")
    assert signature == "int f(int a, int b)"
    assert "char b);" in whole
    path, text, _ = SHAPES["a list of base classes"]
    signature, _, references, _ = _entry(path, text, "Foo")
    assert signature == "class Foo : public Bar"
    assert references == ("Bar", "Baz")


def test_what_every_branch_refers_to_counts() -> None:
    path, text, _ = SHAPES["alternative bodies"]
    assert _entry(path, text, "f")[2] == ("a", "b")
    path, text, _ = SHAPES["a whole definition beside half of one"]
    assert _entry(path, text, "S.other")[2] == ("b",)


def test_branches_that_are_complete_are_left_to_the_grammar() -> None:
    text = b"#if A\nint f(int a) { return a; }\n#else\nint f(void);\n#endif\nint g(\n"
    assert not list(Conditionals(text, [(0, len(text))]))
    text = b"#ifndef A_H\n#define A_H\nstruct a { int b; };\n#ifdef X\nint x;\n#endif\nMACRO(x)\n#endif\n"
    assert not list(Conditionals(text, [(0, len(text))]))


def test_only_conditionals_where_the_grammar_failed_are_taken_out() -> None:
    text = b"int f(\n#if A\nint a\n#endif\n);\nint g(\n#if A\nint a\n#endif\n);\n"
    (reading,) = Conditionals(text, [(0, 30)])
    assert reading.groups == ((7, 25),)
    assert len(reading.data) == len(text)
    assert reading.data.count(b"\n") == text.count(b"\n")
    assert reading.data.count(b"#if A") == 1


@pytest.mark.parametrize(
    "text",
    [
        "#if A\n" * 5_000,
        "#endif\n" * 5_000,
        "int f(\n#if A\n" * 3_000,
        "void f() {\n" + "#if A\nif (a) {\n#else\nif (b) {\n#endif\n" * 2_000,
        "void f(\n#if A\n{\n#elif B\n{\n" + "#elif C\n{\n" * 3_000 + "#endif\n}\n",
        "int f(\n#if A\n" + "/*" * 50_000,
        "int f(\n#if A\n" + "'" * 50_000 + "\n#endif\n" + '"' * 50_001,
        "int f(\n#if A" + "\\\n" * 30_000 + "\n{\n#endif\n",
        "#if A\n{\n#else\n" * 2_000 + "#endif\n" * 2_000,
    ],
)
@pytest.mark.parametrize("path", ["a.c", "a.cs", "a.cpp"])
def test_conditionals_without_end(path: str, text: str) -> None:
    begun = time.process_time()
    parsed = parse(path, text)
    assert time.process_time() - begun < 15
    check_entries(text, parsed)
