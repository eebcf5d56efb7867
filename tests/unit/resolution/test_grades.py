"""Which grade wins, and what stays out: several grades of one callee, definitions' own places, stars of libraries."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample


def test_the_better_of_two_grades_counts() -> None:
    sample = Sample(
        {
            "pool.py": """
                class Pool:
                    def take(self): ...
                def first(given, pool: Pool):
                    given.take()
                    pool.take()
                def last(given, pool: Pool):
                    pool.take()
                    given.take()
                def unsure(given):
                    given.take()
            """
        }
    )
    for name in ("first", "last"):
        assert "Pool.take" in sample.callees(name), name
        assert "Pool.take" not in sample.callees(name, grade="possible"), name
    assert sample.callees("unsure", grade="possible") == ["Pool.take"]


def test_the_places_of_a_definition_are_no_uses_of_it() -> None:
    sample = Sample(
        {
            "pool.h": "int take(int n);\n",
            "pool.c": '#include "pool.h"\nint take(int n) { return n ? take(n - 1) : 0; }\n',
            "Pool.java": "class Pool { Pool() {} Pool next() { return new Pool(); } }\n",
            "pool.ts": "export function take(n: string): void;\nexport function take(n: any) {}\ntake('a');\n",
        }
    )
    assert [
        (use.path, use.line, use.kind) for use in sample.resolver.uses(sample.definition("take", "pool.c")).uses
    ] == [("pool.c", 2, "call")]
    uses = sample.resolver.uses(sample.definition("Pool", "Pool.java")).uses
    assert [(use.kind, use.column) for use in uses] == [("type", 23), ("call", 48)]
    assert [use.line for use in sample.resolver.uses(sample.definition("take", "pool.ts")).uses] == [3]


def test_overloads_of_one_name_share_their_uses() -> None:
    sample = Sample(
        {
            "a.py": """
                from typing import overload
                @overload
                def load(name: str) -> str: ...
                @overload
                def load(name: bytes) -> bytes: ...
                def load(name): return name
            """,
            "b.py": "from a import load\nload('x')\n",
        }
    )
    for definition in sample.resolver.definitions("load", "a.py"):
        found = sample.resolver.uses(definition)
        assert [(use.path, use.kind) for use in found.resolved] == [("b.py", "import"), ("b.py", "call")]


def test_a_star_of_a_library_may_bring_any_name() -> None:
    sample = Sample(
        {
            "helpers.py": "def clean(text): ...\nclass Box:\n    def open(self): ...\n",
            "main.py": "from somewhere import *\nclean('x')\n",
            "own.py": "from helpers import *\nfrom somewhere import *\nclean('x')\n",
        }
    )
    assert sample.at("main.py", "clean('x')", "clean") != "helpers.py:clean"
    assert sample.at("own.py", "clean('x')", "clean") == "helpers.py:clean"


def test_an_alias_counts_only_where_it_is_resolved() -> None:
    sample = Sample(
        {
            "pool.py": "class Pool:\n    def take(self): ...\n",
            "user.py": "from pool import Pool as Shared\nShared().take()\n",
            "other.py": "def run(given):\n    given.Shared()\n    Shared = given\n    Shared.take()\n",
        }
    )
    found = sample.resolver.uses(sample.definition("Pool")).uses
    assert [(use.path, use.name, use.grade) for use in found] == [
        ("user.py", "Pool", "resolved"),
        ("user.py", "Shared", "resolved"),
    ]


@pytest.mark.parametrize(
    ("path", "defined", "using", "used", "names"),
    [
        (
            "zig",
            "pub fn helper() void {}\npub const Gate = struct { pub fn open(self: *Gate) void { _ = self; } };\n",
            "b.zig",
            'const a = @import("a.zig");\ntest "t" { a.helper(); var g = a.Gate{}; g.open(); }\n',
            ("helper", "open", "Gate"),
        ),
        (
            "pm",
            "package A;\nsub helper { 1 }\nsub new { bless {} }\n1;\n",
            "b.pl",
            "use A;\nmy $f = \\&A::helper;\nA->new;\n",
            ("helper", "new"),
        ),
        (
            "hs",
            "module A where\ndata Gate = Open | Closed\nhelper x = x\n",
            "b.hs",
            "module B where\nimport A\ng Open = helper 1\n",
            ("helper",),
        ),
        (
            "ex",
            "defmodule Shop.Cart do\n  def total(x), do: x\nend\n",
            "b.ex",
            "defmodule Web do\n  alias Shop.Cart\n  def run(l), do: l |> Cart.total()\nend\n",
            ("total", "Shop.Cart"),
        ),
        (
            "m",
            (
                "@implementation Gate\n- (void)open:(int)x fast:(BOOL)f {}\n+ (id)make { return nil; }\n"
                "- (void)tap {}\n@end\n"
            ),
            "b.m",
            "#import <A.h>\nint main() { Gate *g = [Gate make]; [g open:1 fast:YES]; SEL s = @selector(tap); }\n",
            ("open:fast:", "make", "tap"),
        ),
    ],
)
def test_in_languages_without_rules_what_fits_is_possible(
    path: str, defined: str, using: str, used: str, names: tuple[str, ...]
) -> None:
    sample = Sample({f"a.{path}": defined, using: used})
    for name in names:
        assert sample.uses(name, grade="possible"), name


@pytest.mark.parametrize(
    ("path", "first", "second", "branch", "call"),
    [
        ("a.py", "x = A()", "x = B()", "if late: x = B()", "x.go()"),
        ("a.ts", "let x = new A();", "x = new B();", "if (late) { x = new B(); }", "x.go();"),
        ("a.js", "var x = new A();", "x = new B();", "late && (x = new B());", "x.go();"),
        ("a.rb", "x = A.new", "x = B.new", "x = B.new if late", "x.go"),
        ("a.php", "$x = new A();", "$x = new B();", "if ($late) $x = new B();", "$x->go();"),
    ],
)
def test_a_branch_of_one_line_leaves_the_value_before(
    path: str, first: str, second: str, branch: str, call: str
) -> None:
    around = {
        "a.py": "class A:\n    def go(self): ...\nclass B:\n    def go(self): ...\ndef run(late):\n{}",
        "a.rb": "class A\n  def go\n  end\nend\nclass B\n  def go\n  end\nend\ndef run(late)\n{}end\n",
        "a.php": "<?php\nclass A { function go() {} }\nclass B { function go() {} }\nfunction run($late) {\n{}}\n",
    }
    whole = around.get(path, "class A { go() {} }\nclass B { go() {} }\nfunction run(late) {\n{}}\n")
    for line, meant in ((branch, [f"{path}:A.go", f"{path}:B.go"]), (second, [f"{path}:B.go"])):
        body = "".join(f"    {one}\n" for one in (first, line, call))
        assert Sample({path: _filled(whole, body)}).at(path, call, "go").split() == meant


def _filled(whole: str, body: str) -> str:
    """A text with a body in place of the last braces that hold nothing."""
    before, _, after = whole.rpartition("{}")
    return before + body + after


@pytest.mark.parametrize(
    ("path", "text", "line", "name"),
    [
        (
            "a.rs",
            (
                "struct Shop;\nimpl Shop { fn take(&self) {} }\nstruct Town { shop: Option<Shop> }\n"
                "impl Town {\n    fn run(&self) {\n        {};\n    }\n}\n"
            ),
            "self.shop.take()",
            "take",
        ),
        (
            "a.cpp",
            "struct Shop { void reset(); };\nvoid run(std::unique_ptr<Shop> shop) {\n    {};\n}\n",
            "shop.reset()",
            "reset",
        ),
        (
            "a.py",
            "class Shop:\n    def cancel(self): ...\ndef run(shop: Future[Shop]):\n    {};\n",
            "shop.cancel()",
            "cancel",
        ),
        (
            "a.cs",
            "class Shop { public void Wait() {} }\nclass Town { Task<Shop> shop; void Run() {\n    {};\n} }\n",
            "shop.Wait()",
            "Wait",
        ),
    ],
)
def test_members_of_what_wraps_a_value_are_not_said_to_be_the_values(
    path: str, text: str, line: str, name: str
) -> None:
    assert Sample({path: _filled(text, line).replace(";;", ";")}).at(path, f"{line};", name) == "possible"
    wrapped = {"Option<Shop>": "Shop", "std::unique_ptr<Shop>": "Shop", "Future[Shop]": "Shop", "Task<Shop>": "Shop"}
    for long, short in wrapped.items():
        text = text.replace(long, short)
    assert Sample({path: _filled(text, line)}).at(path, f"{line};", name) == f"{path}:Shop.{name}"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.kt", "fun size(x: Int) = x\nfun run() {\n  val size = size(1)\n  println(size)\n}\n"),
        ("a.go", "package a\n\nfunc size() int { return 1 }\n\nfunc run() {\n\tsize := size()\n\t_ = size\n}\n"),
        ("a.rs", "fn size() -> i32 { 1 }\nfn run() {\n    let size = size();\n    dbg!(size);\n}\n"),
        ("a.swift", "func size(_ x: Int) -> Int { x }\nfunc run() {\n  let size = size(1)\n  print(size)\n}\n"),
    ],
)
def test_a_variables_value_is_not_the_variable(path: str, text: str) -> None:
    assert len(Sample({path: text}).uses("size")) == 1
