"""Facts are extracted from any text: large, deep, broken or malicious; and they stay in proportion to it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from glossator.errors import CancelledByUser
from glossator.index import parsing
from glossator.index.facts import EXPRESSION_CHARS, Facts, decode_facts, name_hash
from glossator.index.parsing import parse
from glossator.index.query_files import split
from tests.unit.indexing_faults import bench, functions

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.index.indexer import Progress

SAMPLES = {
    "c": "struct pool { int size; };\nint take(struct pool *p) { return grow(p->size); }\n",
    "cpp": "class Pool : public Base {\n int take(Pool *p) { return p->grow(size, Base::limit()); }\n};\n",
    "csharp": "class Pool : Base {\n int Take(Pool p) { var q = p; return q.Grow(Size); }\n}\n",
    "go": "package shop\n\ntype Pool struct{ size int }\n\nfunc (p *Pool) Take(q Pool) int { return q.grow(p.size) }\n",
    "java": "class Pool extends Base {\n int take(Pool p) { Pool q = p; return q.grow(size); }\n}\n",
    "javascript": 'import { grow } from "./grow.js";\n'
    "class Pool extends Base { take(p) { return grow(p.size, this.size); } }\n",
    "kotlin": "class Pool(val size: Int) : Base() {\n fun take(p: Pool): Int { return p.grow(size) }\n}\n",
    "php": "<?php\nclass Pool extends Base {\n function take(Pool $p) { return $p->grow($this->size); }\n}\n",
    "python": "from shop import grow\n\n\n"
    "class Pool(Base):\n    def take(self, p):\n        return grow(p.size, self.size)\n",
    "ruby": "class Pool < Base\n  def take(pool)\n    pool.grow(pool.size, :limit)\n  end\nend\n",
    "rust": "use shop::grow;\nstruct Pool { size: u32 }\n"
    "impl Pool { fn take(&self, p: Pool) -> u32 { grow(p.size, self.size) } }\n",
    "swift": "class Pool: Base {\n func take(p: Pool) -> Int { return p.grow(size) }\n}\n",
    "typescript": (
        'import { grow } from "./grow";\n'
        "class Pool extends Base { take(p: Pool): number { return grow(p.size, this.size); } }\n"
    ),
}
"""In each language, a class or the like that mentions `grow` and `size`."""

CALLS = {
    "c": "int f(void) { g(a.b); return h; }\n",
    "go": "func f() { g(a.b) }\n",
    "java": "class C { void f() { g(a.b); } }\n",
    "javascript": "function f() { g(a.b); }\n",
    "python": "def f(): g(a.b)\n",
    "ruby": "def f; g(a.b); end\n",
    "rust": "fn f() { g(a.b); }\n",
    "typescript": "function f(): void { g(a.b); }\n",
}
NESTED = {
    "c": ("f(", "x", ")"),
    "cpp": ("void f() { [] { ", "x();", " }(); }"),
    "go": ("func() { ", "x()", " }()"),
    "java": ("class C { ", "int x = y();", " }"),
    "javascript": ("function f(a) { return ", "a.b()", " }"),
    "php": ("<?php f(", "x()", ")"),
    "python": ("[a for a in ", "b.c()", "]"),
    "ruby": ("f { |a| ", "a.b", " }"),
    "rust": ("fn f() { ", "g();", " }"),
    "typescript": ("(a: A) => (", "a.b()", ")"),
}


def known_facts(language: str, text: str) -> Facts:
    """The facts of a text, which are checked to be whole."""
    parsed = parse("sample", text, language)
    found = decode_facts(parsed.facts)
    assert found is not None
    noted = memoryview(parsed.noted).cast("I").tolist()
    assert noted == sorted(set(noted))
    assert {name_hash(name) for name in found.names} <= set(noted)
    lines = len(text.split("\n"))
    for symbol in found.symbols:
        assert 1 <= symbol.start <= symbol.line <= symbol.end <= lines or symbol.start <= symbol.end <= lines
        assert -1 <= symbol.parent < len(found.symbols)
        assert len(symbol.type) <= EXPRESSION_CHARS
    assert all(len(receiver) <= EXPRESSION_CHARS + 1 for receiver in found.receivers)
    for _, mentions in found.all_mentions():
        assert all(1 <= mention.line <= lines and mention.column >= 0 for mention in mentions)
        assert all(-1 <= mention.receiver < len(found.receivers) for mention in mentions)
        assert all(-1 <= mention.owner < len(found.symbols) for mention in mentions)
    return found


@pytest.mark.parametrize("language", SAMPLES)
def test_the_samples_are_read(language: str) -> None:
    found = known_facts(language, SAMPLES[language])
    assert {"grow" if language != "csharp" else "Grow", "size" if language != "csharp" else "Size"} <= set(found.names)
    assert [symbol.name for symbol in found.symbols if symbol.name.lower() == "pool"]


@pytest.mark.parametrize("language", CALLS)
def test_many_lines(language: str) -> None:
    lines = 30_000 if language in ("javascript", "python") else 10_000
    found = known_facts(language, CALLS[language] * lines)
    assert len(found.mentions_of("g")) in (lines, 0)  # a file of very many mentions is data
    assert len(found.symbols) >= lines


@pytest.mark.parametrize("language", NESTED)
def test_ten_thousand_levels(language: str) -> None:
    begin, inside, end = NESTED[language]
    parsed = parse("sample", begin * 10_000 + inside + end * 10_000 + "\n", language)
    assert parsed.facts == b"" or decode_facts(parsed.facts) is not None
    assert len(parsed.facts) < 2_000_000


@pytest.mark.parametrize("language", SAMPLES)
def test_broken_syntax(language: str) -> None:
    chance = random.Random(language)
    sample = SAMPLES[language] * 3
    for _ in range(40):
        text = list(sample[: chance.randrange(20, len(sample))])
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(6)] = chance.choice(
                ["", "{", "}", ")", "((", '"', "'", "/*", "\\", ":", "\0"]
            )
        parsed = parse("sample", "".join(text), language)
        assert parsed.facts == b"" or known_facts(language, "".join(text))


@pytest.mark.parametrize("language", SAMPLES)
def test_halves_of_characters(language: str) -> None:
    chance = random.Random(language)
    for half in ("\ud800", "\udfff", "\ud83d\ude00"):
        for _ in range(10):
            at = chance.randrange(len(SAMPLES[language]))
            text = SAMPLES[language][:at] + half + SAMPLES[language][at:]
            parsed = parse("sample", text, language)
            assert parsed.facts == b"" or decode_facts(parsed.facts) is not None


HOSTILE = {
    "a name": "x" * 500_000 + "()",
    "many names": " ".join(f"name{number}()\n" for number in range(60_000)),
    "a chain": "a" + ".b()" * 20_000,
    "chains": "".join(f"a{'.b' * (number % 400)}()\n" for number in range(1_000)),
    "assignments": "".join(f"v{number} = v{number - 1}.a or v{number - 2}.b\n" for number in range(2, 5_000)),
    "doubling": "def f():\n"
    + "".join(f"    v{n + 1} = v{n}.a or v{n}.b\n" for n in range(2_000))
    + "    return v2000.c\n",
    "mentions of one name": "f(x)\n" * 150_000,
    "branches": "def f(a):\n"
    + "".join(f"    if a:\n        v = a.b{n}\n" for n in range(3_000))
    + "    v.c()\n" * 3_000,
    "imports": "".join(f"from m{number} import n{number}\n" for number in range(5_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_facts_stay_in_proportion_to_the_text(name: str) -> None:
    text = HOSTILE[name]
    parsed = parse("sample.py", text)
    assert len(parsed.facts) < 2 * len(text)
    assert len(parsed.noted) < len(text)
    assert parsed.facts == b"" or known_facts("python", text)


def test_facts_of_a_run_that_was_cancelled_are_kept_and_the_others_follow(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    large = "\n\n" + functions(*(f"f{number}" for number in range(2_000)))
    with bench(tmp_path) as project:
        project.write("a.py", functions("alpha") + "\n\nalpha()\n" + large)
        project.write("zz.py", f"# FAULT hold {gate}\ndef last():\n    alpha()\n{large}")
        seen: list[Progress] = []

        def cancelled() -> bool:
            return gate.exists() and bool(seen) and seen[-1].files_done >= 1

        with pytest.raises(CancelledByUser):
            project.indexer.run(seen.append, cancelled)
        assert project.store.facts.noting("alpha") == ["a.py"]
        gate.with_name("gate.go").touch()
        project.indexer.run()
        assert project.store.facts.noting("alpha") == ["a.py", "zz.py"]
        found = project.store.facts.facts("zz.py")
        assert found is not None
        assert [mention.line for mention in found.mentions_of("alpha")] == [3]


def test_patterns_of_a_query_are_told_apart() -> None:
    source = """
    ; (a comment) @x
    (a (b) @c) @d
    ((e) @f (#eq? @f "(") (#any-of? @f "\\")" "]"))
    [ "x" (g) ] @h
    "y" @i
    (j)* @k
    """
    assert [" ".join(text.split()) for text in split(source)] == [
        "(a (b) @c) @d",
        '((e) @f (#eq? @f "(") (#any-of? @f "\\")" "]"))',
        '[ "x" (g) ] @h',
        '"y" @i',
        "(j)* @k",
    ]


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_the_order_in_which_names_are_captured_does_not_matter(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLES[language]
    if language in ("c", "cpp"):
        macros = (f"#define M{number}(p) take(p->next->f{number}, first.x{number})\n" for number in range(6))
        text = "".join(macros) + text
    before = parse("sample", text, language)
    original = parsing.facts_of

    def reversed_captures(of: Any, source: Any, found: Any, captures: Any, *others: Any) -> Facts:
        return original(of, source, found, {role: spans[::-1] for role, spans in captures.items()}, *others)

    monkeypatch.setattr(parsing, "facts_of", reversed_captures)
    assert before.facts
    assert parse("sample", text, language).facts == before.facts
