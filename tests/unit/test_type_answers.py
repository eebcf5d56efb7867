"""Questions about what a type implements or extends, and the answers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pytest

from glossator.answers.evidence import Place, Question
from glossator.answers.told_questions import told_answer_in
from glossator.answers.type_answers import type_answer_in
from glossator.project.session import Session
from glossator.retrieval.type_questions import TypeQuestion, parse_type_question
from glossator.settings import Settings
from tests.conftest import write_tree
from tests.unit.test_go_interfaces import STORES

TREE = {
    **{path: textwrap.dedent(text).lstrip("\n") for path, text in STORES.items()},
    "py/a.py": "from typing import Protocol\nimport lib\n\nclass Base:\n    def run(self): ...\n"
    "    def stop(self): ...\n\n"
    "class Mid(Base, lib.Thing):\n    def run(self): ...\n\nclass Leaf(Mid):\n    def stop(self): ...\n\n"
    "class Priced(Protocol):\n    def price(self) -> int: ...\n\nclass Ware:\n    def price(self) -> int: ...\n\n"
    "class Free:\n    pass\n",
    "java/A.java": "package a;\ninterface Door { void open(String key); }\n"
    "abstract class Wall implements Door, Runnable {}\n"
    "class Hatch extends Wall { public void open(String key) {} }\nclass Lone {}\n",
    "rust/src/lib.rs": "pub trait Lock { fn shut(&self); }\npub struct Bolt;\n"
    "impl Lock for Bolt { fn shut(&self) {} }\nimpl std::fmt::Debug for Bolt {}\n",
    "ts/a.ts": "export interface Shape { area(): number; name: string }\n"
    "export class Box implements Shape {\n  area() { return 1 }\n  name = 'a'\n}\n"
    "export class Loose {\n  area() { return 1 }\n  name = 'b'\n}\nexport class Odd {\n  area() { return 1 }\n}\n",
    "swift/a.swift": "protocol Valve { func turn() }\nstruct Tap {}\nextension Tap: Valve { func turn() {} }\n",
    "rb/a.rb": "module Walk\n  def walk\n  end\nend\nclass Animal\nend\nclass Dog < Animal\n  include Walk\nend\n",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("types")
    session = Session([write_tree(folder / "project", TREE)], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def ask(session: Session, text: str, focus: tuple[str, int] | None = None) -> str:
    at = Place(session.root.path, focus[0], focus[1], focus[1]) if focus is not None else None
    told = type_answer_in(session, Question(text, focus=at))
    assert told is not None
    return told.text(range(1, 100))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Which interfaces does type Disk implement?", TypeQuestion("Disk")),
        ("what does Cart implement and extend?", TypeQuestion("Cart")),
        ("what are the base classes of Cart?", TypeQuestion("Cart")),
        ("superclasses of Cart", TypeQuestion("Cart")),
        ("which interfaces are implemented by Disk?", TypeQuestion("Disk")),
        ("what does this class extend?", TypeQuestion("")),
        ("which method does Cart.total override?", TypeQuestion("Cart.total")),
        ("does the type Disk satisfy the interface store.Store?", TypeQuestion("Disk", other="store.Store")),
        ("is Cart a subclass of Base?", TypeQuestion("Cart", other="Base")),
        ("is Store implemented by Disk?", TypeQuestion("Disk", other="Store")),
        ("why doesn't Disk implement Store?", TypeQuestion("Disk", other="Store")),
    ],
)
def test_what_asks_for_supertypes(text: str, expected: TypeQuestion) -> None:
    assert parse_type_question(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "does anything implement Store?",
        "who implements Store?",
        "which types implement Store?",
        "which classes extend Cart?",
        "where is Store implemented?",
        "how does Cart implement totals?",
        "what is the base of this?",
    ],
)
def test_what_does_not(text: str) -> None:
    assert parse_type_question(text) is None


def test_the_interfaces_of_a_type_in_go(session: Session) -> None:
    answer = ask(session, "Which interfaces does Disk implement?")
    assert answer.startswith("Struct `Disk` (`disk/disk.go:8`) [1] implements 2 interfaces:\n\n")
    assert "- `Getter` (`store/store.go:5`) [2], 1 method, only as a pointer (`*Disk`)\n" in answer
    assert "- `Store` (`store/store.go:10`) [3], 3 methods, only as a pointer (`*Disk`)\n" in answer
    assert "Sealed" not in answer
    answer = ask(session, "Which interfaces does Cached implement?")
    assert "embeds 1 type:\n\n- struct `Disk` (`disk/disk.go:8`) [2]" in answer
    assert "- `Store` (`store/store.go:10`) [4], 3 methods\n" in answer, "it embeds a pointer"
    assert "implements 1 interface" in ask(session, "which interfaces does Half implement?")


def test_whether_a_type_in_go_implements_an_interface(session: Session) -> None:
    answer = ask(session, "does Disk implement Store?")
    assert answer.startswith("Yes: struct `Disk` (`disk/disk.go:8`) [1] implements interface `Store`")
    for method in (
        "`Disk.Put` (`disk/disk.go:11`)",
        "`Disk.Each` (`disk/disk.go:14`)",
        "`Disk.Get` (`disk/disk.go:10`)",
    ):
        assert f"- {method} [" in answer
    answer = ask(session, "why does Half not implement Store?")
    assert answer.startswith("No: struct `Half`")
    assert "**Missing**\n\n- `Store.Put` (`store/store.go:12`) [3]\n- `Store.Each` (`store/store.go:13`) [4]" in answer
    answer = ask(session, "does Other implement Store?")
    assert answer.startswith("No: ")
    assert "`func (o Other) Put(key store.Key, value []byte) error { return nil }`, where `store/store.go:12`" in answer
    assert "asks for `Put(string, []byte) error`" in answer
    answer = ask(session, "does Disk implement Sealed?")
    assert answer.startswith("No: ")
    assert "**Only a type of the interface's own package can have them" in answer


def test_what_cannot_be_told_in_go(session: Session) -> None:
    answer = ask(session, "does Half implement Closer?")
    assert "The interface embeds `io.Closer`, whose methods are not in the index." in answer
    assert "whether it implements interface `Number`" in ask(session, "does Disk implement Number?")
    assert "`io.Reader` is not in the index, so whether" in ask(session, "does Disk implement io.Reader?")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what does Leaf extend?", "extends or implements 1 type:\n\n- class `Mid` (`py/a.py:8`) [2]"),
        (
            "what does Leaf extend?",
            "**Through these**\n\n- class `Base` (`py/a.py:4`) [3]\n- `lib.Thing`, which is not in",
        ),
        ("what does Free extend?", "Class `Free` (`py/a.py:20`) [1] names no supertype."),
        ("what does Mid.run override?", "overrides 1 member:\n\n- `Base.run` (`py/a.py:5`) [2]"),
        ("what does Base.run override?", "Method `Base.run` (`py/a.py:5`) [1] overrides no member of the index."),
        (
            "which interfaces does Hatch implement?",
            "- interface `Door` (`java/A.java:2`) [3]\n- `Runnable`, which is not",
        ),
        (
            "which traits does Bolt implement?",
            "- trait `Lock` (`rust/src/lib.rs:1`) [2]\n- `std::fmt::Debug`, which is",
        ),
        ("which protocols does Tap conform to?", "- protocol `Valve` (`swift/a.swift:1`) [2]"),
        ("what does Dog inherit from?", "- class `Animal` (`rb/a.rb:5`) [2]\n- module `Walk` (`rb/a.rb:1`) [3]"),
    ],
)
def test_declared_supertypes(session: Session, question: str, expected: str) -> None:
    assert expected in ask(session, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "does Leaf extend Base?",
            "Yes: class `Leaf` (`py/a.py:11`) [1] extends or implements class `Base` (`py/a.py:4`)",
        ),
        ("does Leaf extend Base?", "through `Mid`.\n\nIt has 1 member of it:\n\n- `Leaf.stop` (`py/a.py:12`) [3]"),
        ("does Leaf extend Thing?", "names `lib.Thing`, which is not in the index, as a supertype, through another"),
        ("does Base extend Leaf?", "No: class `Base` (`py/a.py:4`) [1] does not extend or implement class `Leaf`"),
        ("does Free implement Priced?", "No: class `Free` (`py/a.py:20`) [1] does not name class `Priced`"),
        (
            "does Ware implement Priced?",
            "does not name class `Priced` (`py/a.py:14`) [2], but has members of all its names",
        ),
        ("does Odd implement Shape?", "and has no `name`."),
        ("does Box implement Shape?", "It has 2 members of it:\n\n- `Box.area` (`ts/a.ts:3`)"),
        ("does Lone implement Door?", "No: class `Lone` (`java/A.java:5`) [1] does not extend or implement interface"),
        ("does Lone implement Comparable?", "`Comparable` is not in the index, so whether class `Lone`"),
    ],
)
def test_whether_a_type_names_another(session: Session, question: str, expected: str) -> None:
    assert expected in ask(session, question)


def test_the_type_that_is_asked_at(session: Session) -> None:
    assert "class `Mid`" in ask(session, "what does this class extend?", ("py/a.py", 12))


def test_other_questions_are_left(session: Session) -> None:
    for text in ("what does nothing_like_it extend?", "does Leaf implement caching?", "who implements Store?"):
        assert type_answer_in(session, Question(text)) is None


def test_it_is_among_what_facts_answer(session: Session) -> None:
    told = told_answer_in(session, Question("what does Leaf extend?"), lambda: False)
    assert told is not None
    assert "class `Mid`" in told.marked
