"""Overloads, prototypes and interfaces' methods give way to what defines them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Question
from glossator.answers.gathering import explain_symbol, gather_for_question
from glossator.answers.index_answer import evidence_answer
from glossator.index.parsing import parse
from glossator.retrieval.graph import Graph
from glossator.retrieval.search import Searcher
from tests.unit.parsing_checks import check_entries
from tests.unit.retrieval_samples import make_project

if TYPE_CHECKING:
    from pathlib import Path

STUBS = [
    (
        "a.py",
        "@overload\ndef f(x: int) -> int: ...\n@overload\ndef f(x: str) -> str: ...\ndef f(x):\n    return x\n",
        2,
    ),
    ("a.py", "@typing.overload\n@cached\ndef f(x: int) -> int:\n    pass\n\ndef f(x):\n    return x\n", 1),
    ("a.py", "class A:\n    @t.overload\n    def f(self): ...\n    def f(self, x=1):\n        return x\n", 1),
    ("a.pyi", 'def f(x: int) -> int: ...\ndef g() -> str:\n    """Doc."""\n    ...\n', 2),
    ("a.py", "class A(Protocol):\n    def f(self) -> int: ...\n    def g(self) -> int:\n        return 1\n", 1),
    ("a.py", "class A:\n    @abc.abstractmethod\n    def f(self):\n        raise NotImplementedError\n", 1),
    ("a.ts", "function f(a: string): void;\nfunction f(a: number): void;\nfunction f(a: any) {\n  go(a);\n}\n", 2),
    ("a.ts", "export default function f(a: string): void;\nexport default function f(a: any) {\n  go(a);\n}\n", 1),
    ("a.ts", "class A {\n  f(a: string): void;\n  f(a: any) {\n    go(a);\n  }\n}\n", 1),
    ("a.ts", "abstract class A {\n  abstract f(): void;\n}\ninterface B {\n  g(): void;\n}\n", 2),
    ("a.d.ts", "declare function f(a: string): void;\n", 1),
    ("a.vue", '<script lang="ts">\nfunction f(a: string): void;\nfunction f(a: any) {\n  go(a);\n}\n</script>\n', 1),
    ("a.h", "int f(int a);\n", 1),
    ("a.hpp", "class A {\n public:\n  int f(int a);\n  virtual int g() = 0;\n  int h() { return 1; }\n};\n", 2),
    ("A.java", "interface A {\n    int f();\n    default int g() {\n        return 1;\n    }\n}\n", 1),
    ("A.cs", "interface A\n{\n    int F();\n}\n", 1),
    ("a.go", "package a\n\ntype A interface {\n\tF() int\n}\n", 1),
    ("a.rs", "trait A {\n    fn f(&self);\n    fn g(&self) {\n        self.f()\n    }\n}\n", 1),
    ("a.kt", "interface A {\n    fun f(): Int\n    fun g() = 1\n}\n", 1),
    ("a.swift", "protocol A {\n    func f() -> Int\n}\n", 1),
    ("a.php", "<?php\ninterface A {\n    public function f(): int;\n}\n", 1),
    ("a.scala", "trait A {\n  def f: Int\n  def g: Int = 1\n}\n", 1),
    ("a.ex", "defmodule A do\n  def f(x), do: x\nend\n", 0),
    ("a.rb", "class A\n  def f = 1\nend\n", 0),
    ("a.js", "const f = (a) => a;\n", 0),
]


@pytest.mark.parametrize(("path", "text", "count"), STUBS)
def test_what_only_declares(path: str, text: str, count: int) -> None:
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert sum(entry.stub for entry in parsed.entries) == count, parsed.entries


PAIRS = {
    "python": {
        "a.py": "from typing import overload\n\n\n@overload\ndef convert(x: int) -> int: ...\n@overload\n"
        'def convert(x: str) -> str: ...\ndef convert(x):\n    """Turns it over."""\n    return x[::-1]\n',
        "a.pyi": "def convert(x: int) -> int: ...\n",
    },
    "typescript": {
        "a.ts": "/** Turns it over. */\nexport function convert(x: string): string;\n"
        "export function convert(x: number): number;\nexport function convert(x: any): any {\n  return turn(x);\n}\n",
        "types.d.ts": "export declare function convert(x: number): number;\n",
    },
    "method": {
        "a.ts": "class Box {\n  /** Turns it over. */\n  convert(x: string): string;\n  convert(x: number): number;\n"
        "  convert(x: any): any {\n    return turn(x);\n  }\n}\n",
    },
    "c": {
        "a.h": "/* Turns it over. */\nint convert(int x);\n",
        "z.c": '#include "a.h"\n\nint convert(int x)\n{\n    return -x;\n}\n',
    },
    "cpp": {
        "a.hpp": "class Box {\n public:\n  int convert(int x);\n};\n",
        "z.cpp": '#include "a.hpp"\n\nint Box::convert(int x) {\n  return -x;\n}\n',
    },
    "objc": {
        "A.h": "@interface Box : NSObject\n- (int)convert:(int)x;\n@end\n",
        "Z.m": "@implementation Box\n- (int)convert:(int)x {\n    return -x;\n}\n@end\n",
    },
}


@pytest.mark.parametrize("kind", PAIRS)
def test_the_definition_leads(kind: str, tmp_path: Path) -> None:
    project = make_project(tmp_path, PAIRS[kind])
    with project.store, Searcher(project.store, project.embedder) as searcher:
        name = next(entry.name for path in PAIRS[kind] for entry in project.store.entries_in(path) if entry.stub)
        assert name.startswith("convert")
        best = Graph(project.store).named(name)[0]
        assert not best.stub
        assert not project.store.named(name)[0].stub
        for question in (name, f"what does {name} do?", "where is it converted"):
            hit = searcher.search(question, by_symbol=True)[0]
            assert (hit.path, hit.start_line) == (best.path, best.start_line), question
        explained = evidence_answer(explain_symbol(project.view(), best, 3000))
        answered = evidence_answer(gather_for_question([project.view()], Question(f"what does {name} do?"), 3000))
        for answer in (explained, answered):
            assert "return" in answer
            assert answer.split("`")[3] == f"{best.path}:{best.start_line}"
        stub = next(entry for path in PAIRS[kind] for entry in project.store.entries_in(path) if entry.stub)
        at = project.store.entry_at(stub.path, stub.name_line)
        assert at is not None
        assert (at.stub, at.name_line) == (True, stub.name_line), "at its own place a declaration is what is meant"


def test_overloads_are_shown_as_signatures_once(tmp_path: Path) -> None:
    project = make_project(tmp_path, PAIRS["typescript"])
    with project:
        entry = Graph(project.store).named("convert")[0]
        answer = evidence_answer(explain_symbol(project.view(), entry, 3000))
        assert "Turns it over." in answer.split("\n")[0]
        assert answer.count("convert(x: string): string") == 1
        assert answer.count("convert(x: number): number") == 1
        assert "shared with" not in answer


def test_overloads_are_one_member(tmp_path: Path) -> None:
    project = make_project(tmp_path, PAIRS["method"])
    with project:
        entry = project.store.named("Box")[0]
        answer = evidence_answer(explain_symbol(project.view(), entry, 3000))
        assert "**Members:** `convert`." in answer


@pytest.mark.parametrize(
    ("path", "source", "stubs"),
    [
        ("a.php", "<?php\n$a = fn($x) => $x;\n$b = function ($x) {\n  return $x;\n};\n", []),
        ("a.hs", "module A where\na <+> b = a\nf x = x\n", []),
        ("b.hs", "class K a where\n  k :: a -> a\n  k x = x\n  z = 1\n  a <-> b = a\n  m :: a\n", ["m"]),
        ("c.hs", "instance K Int where\n  k = id\n  a <-> b = b\n", []),
    ],
)
def test_what_has_code_is_no_declaration(path: str, source: str, stubs: list[str]) -> None:
    entries = [entry for entry in parse(path, source).entries if entry.kind in ("function", "method")]
    assert len(entries) >= 2
    assert [entry.name for entry in entries if entry.stub] == stubs


@pytest.mark.parametrize(
    ("path", "source", "signature"),
    [
        ("a.java", "class Foo {\n  Runnable r = () -> get(); void f() { }\n}\n", "void f()"),
        ("b.java", 'class Foo {\n  @Named("a; b") void f() { }\n}\n', "void f()"),
        ("c.java", "class Foo {\n  static { go(); } static void f() { }\n}\n", "static void f()"),
        ("a.js", "if (a) { b(); } function f() { return 1; }\n", "function f()"),
        ("a.go", "package a; func f() { g() }\n", "func f()"),
        ("a.py", "import os; f = lambda: os.getcwd()\n", "f = lambda: os.getcwd()"),
        ("a.rs", "use a::b; fn f() { g() }\n", "fn f()"),
        ("a.ts", "export const f = () => 1;\n", "export const f = ()"),
        ("a.c", "EXPORT int f(void) { return 1; }\n", "EXPORT int f(void)"),
    ],
)
def test_statements_before_a_definition_on_its_line_are_no_part_of_its_signature(
    path: str, source: str, signature: str
) -> None:
    assert [entry.signature for entry in parse(path, source).entries if entry.name == "f"] == [signature]
