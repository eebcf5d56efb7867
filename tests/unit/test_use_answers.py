"""Answers to questions about uses: complete, cited, and no stronger than what is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Place, Question
from glossator.answers.told_answers import ToldAnswer
from glossator.answers.use_answers import unknown_symbol, use_answer_in
from glossator.errors import SymbolNotFoundError
from glossator.index.records import Filter
from glossator.project.session import Session
from glossator.project.targets import find_symbols
from glossator.settings import Settings
from tests.conftest import write_tree
from tests.unit.test_uses import FILES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("use_answers")
    root = write_tree(folder / "bank", FILES)
    session = Session([root], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def ask(session: Session, text: str, **more: object) -> tuple[str, ToldAnswer]:
    told = use_answer_in(session, Question(text, **more))  # type: ignore[arg-type]
    assert told is not None
    answer = told.text([item.number for item in told.evidence])
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", re.sub(r"`[^`]*`", "", answer))}
    assert cited == {item.number for item in told.evidence}
    for item in told.evidence:
        lines = (session.root.path / item.path).read_text("utf-8").splitlines()
        assert item.source == "\n".join(lines[item.start_line - 1 : item.end_line])
    assert "\0" not in answer
    assert "\n\n\n" not in answer
    return answer, told


def test_who_calls(session: Session) -> None:
    answer, told = ask(session, "who calls serve?")
    assert answer.startswith(
        "Function `serve` (`bank/desk.py:4`) [1] is called in 2 places.\n\n- `bank/desk.py:19` [2]"
    )
    assert 'in `day`: `serve("a").close()`' in answer
    assert "It is also used as a value in 1 place, imported in 1 place." in answer
    ((folder, uses),) = told.uses
    assert folder == session.root.path
    assert uses.symbol.name == "serve"


def test_possible_places_are_told_apart(session: Session) -> None:
    answer, _ = ask(session, "where is Account.pay_in called?")
    certain, _, possible = answer.partition("1 more place mentions the name")
    assert "`bank/desk.py:6`" in certain
    assert "something.pay_in(3)" not in certain
    assert "something.pay_in(3)" in possible


def test_denials_are_said_only_when_nothing_is_left(session: Session) -> None:
    answer, _ = ask(session, "is unused_helper used anywhere?")
    assert answer.startswith("No: nothing in the indexed code uses function `unused_helper`")
    answer, _ = ask(session, "is File.close used anywhere?")
    assert "No: nothing" in answer
    answer, _ = ask(session, "is serve used?")
    assert answer.startswith("Yes: function `serve`")
    answer, _ = ask(session, "where is serve assigned to?")
    assert answer.startswith("Function `serve` (`bank/desk.py:4`) [1]: no place was found where it is assigned to.")
    assert "But it is called in 2 places" in answer
    answer, _ = ask(session, "who calls unused_helper?")
    assert answer.startswith("Function `unused_helper` (`bank/files.py:6`) [1] is not called anywhere in")


def test_an_aspect_that_only_possible_places_have(session: Session) -> None:
    told, _ = ask(session, "who calls Savings.pay_in?")
    assert "no place is certain to be one where it is called" in told
    assert "something.pay_in(3)" in told


def test_what_does_it_call(session: Session) -> None:
    answer, _ = ask(session, "what does serve call?")
    assert "**It calls**" in answer
    assert re.search(r"- class `Account` \(`bank/account.py:6`\) \[\d+\], line 4: `def serve", answer)
    assert "constant `LIMIT`" in answer.partition("**It also uses**")[2]


def test_impact(session: Session) -> None:
    answer, _ = ask(session, "What would break if Account.pay_in changes?")
    assert "reaches 3 places that use it" in answer
    assert re.search(r"\*\*Overridden, implemented or inherited by\*\*\n\n- `Savings.pay_in`", answer)
    assert re.search(r"\*\*Through them\*\*, indirectly:\n\n(- .*\n)*- `day`", answer)
    assert re.search(r"\*\*Tests to run\*\*\n\n- `test_serve`", answer)


def test_several_definitions(session: Session) -> None:
    answer, told = ask(session, "who calls close?")
    assert [uses.symbol.qualified_name for _, uses in told.uses] == ["Account.close", "File.close"]
    assert answer.count("---") == 1
    answer, told = ask(session, "who calls close in bank/files.py?")
    assert [uses.symbol.qualified_name for _, uses in told.uses] == ["File.close"]


def test_this_is_the_symbol_that_a_question_is_asked_at(session: Session) -> None:
    focus = Place(session.root.path, "bank/account.py", 31, 31)
    answer, _ = ask(session, "who calls this?", focus=focus)
    assert answer.startswith("Function `check`")
    assert use_answer_in(session, Question("who calls this?")) is None


def test_a_scope_restricts_the_places(session: Session) -> None:
    answer, _ = ask(session, "who calls serve?", where=Filter(include=("tests/**",)))
    assert "is called in 1 place" in answer


@pytest.mark.parametrize("text", ["who calls nothing_like_it?", "how is money paid in?", "serve"])
def test_other_questions_are_left_to_the_search(session: Session, text: str) -> None:
    assert use_answer_in(session, Question(text)) is None


def test_an_unknown_symbol_is_told(session: Session) -> None:
    told = unknown_symbol(session, "who calls unused_helpr?")
    assert told == "No symbol is named `unused_helpr`; similar: `unused_helper` (bank/files.py:6)."
    assert unknown_symbol(session, "who calls serve?") == ""
    assert unknown_symbol(session, "who uses OAuth?") == ""
    assert unknown_symbol(session, "how is money paid in?") == ""


def test_what_inherits(session: Session) -> None:
    answer, _ = ask(session, "who inherits from Account?")
    assert "is inherited from in 1 place.\n\n- `bank/account.py:23`" in answer
    assert answer.count("Savings") == 2, "once, with its line"
    answer, _ = ask(session, "who implements File?")
    assert "nothing in the indexed code names it as a base or overrides it" in answer
    assert "need not name it" not in answer


def test_what_implements_a_type_without_naming_it_is_found_or_said_not_to_be(tmp_path: Path) -> None:
    files = {
        "store/store.go": "package store\n\ntype Store interface {\n\tPut(key string) error\n}\n\n"
        "type Memory struct{}\n\nfunc (m *Memory) Put(key string) error { return nil }\n\n"
        "type Closer interface {\n\tio.Closer\n\tShut()\n}\n\nvar one Store = &Memory{}\n",
        "shop/kinds.py": "from typing import Protocol\n\n\nclass Priced(Protocol):\n    def price(self) -> int: ...\n",
    }
    root = write_tree(tmp_path / "stores", files)
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    try:
        session.root.index()
        answer, _ = ask(session, "who implements Store?")
        assert "Interface `Store` (`store/store.go:3`) [1] is implemented by 1 type.\n\n" in answer
        assert "**Implemented or inherited by**\n\n- `Memory` (`store/store.go:7`) [2]" in answer
        assert "It is also named as a type in 1 place." in answer
        answer, _ = ask(session, "who implements Store.Put?")
        assert "is implemented by 1 member.\n\n" in answer
        assert "- `Memory.Put` (`store/store.go:9`) [2]" in answer
        for name in ("Closer", "Closer.Shut", "Priced", "Priced.price"):
            answer, _ = ask(session, f"who implements {name}?")
            assert "What implements it need not name it, and is found here only where it does." in answer, name
        for question in ("who calls Store.Put?", "who implements Store?"):
            assert "need not name it" not in ask(session, question)[0]
    finally:
        session.close()


def test_possible_places_of_another_kind_are_told(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "app",
        {
            "user.rb": "class User < Record\n  validate :listed\n\n  def listed\n    @found = 1\n  end\nend\n",
            "views/show.html.erb": "<p><%= @found %></p>\n",
        },
    )
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        answer, _ = ask(session, "who calls User.listed?")
        assert "1 more place mentions the name in another way:\n\n- `user.rb:2`" in answer
        answer, _ = ask(session, "where is User.@found read?")
        assert "`views/show.html.erb:1`" in answer
    finally:
        session.close()


def test_a_column_is_about_the_name_there(tmp_path: Path) -> None:
    text = "from lib import load\n\n\ndef go(it):\n    return load(it.size)\n"
    root = write_tree(tmp_path / "app", {"a.py": text})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        assert find_symbols(session, "a.py:4:5")[0].symbol.name == "go"
        assert find_symbols(session, "a.py:5:5")[0].symbol.name == "go"  # at a keyword, what is around it
        with pytest.raises(SymbolNotFoundError, match=r"a\.py:5:12 refers to is not in the index"):
            find_symbols(session, "a.py:5:12")
        with pytest.raises(SymbolNotFoundError, match=r"a\.py:5:20 refers to is not known"):
            find_symbols(session, "a.py:5:20")
        with pytest.raises(SymbolNotFoundError, match=r"there is no file gone\.py"):
            find_symbols(session, "gone.py:2")
    finally:
        session.close()


def test_what_overrides_is_not_counted_as_using(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "app",
        {
            "base.py": "class Base:\n    def go(self): ...\n    def run(self): self.go()\n    def lie(self): ...\n",
            "below.py": "from base import Base\nclass Below(Base):\n    def go(self): ...\n    def lie(self): ...\n",
            "tasks.py": "def bake(): ...\nCOOK = bake\n",
            "settings.py": 'TASKS = ["tasks.bake"]\n',
        },
    )
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        answer, _ = ask(session, "what would break if Base.go changes?")
        assert answer.startswith("A change of method `Base.go` (`base.py:2`) [1] reaches 1 place that uses it.")
        assert "`Below.go` (`below.py:3`)" in answer
        answer, _ = ask(session, "what would break if Base.lie changes?")
        assert answer.startswith("Method `Base.lie` (`base.py:4`) [1]: no place is certain to use it.")
        assert "`Below.lie` (`below.py:4`)" in answer
    finally:
        session.close()


def test_what_is_used_in_another_way_is_not_denied(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path / "app",
        {
            "a.go": "package a\ntype Box struct {\n\tSize int\n\tLone int\n}\nfunc put(at *int) { *at = 1 }\n"
            "func fill(box *Box) { put(&box.Size) }\n",
            "b.ts": "function handle() {}\nexport const table = [handle];\nexport class Cart {\n  private sum = 1;\n"
            "  add() { this.sum += 1; }\n}\n",
        },
    )
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        answer, _ = ask(session, "who calls handle?")
        assert answer.startswith("Function `handle` (`b.ts:1`) [1]: no place was found where it is called.")
        assert "But it is used as a value in 1 place." in answer
        answer, _ = ask(session, "where is Box.Size set?")
        assert "no place was found where it is assigned to, its definition not counted." in answer
        answer, _ = ask(session, "where is Box.Lone set?")
        assert "no place was found where it is assigned to, its definition not counted." in answer
        answer, _ = ask(session, "where is Cart.sum set?")
        assert answer.startswith(
            "Field `Cart.sum` (`b.ts:4`) [1] is assigned to in 1 place, its definition not counted."
        )
    finally:
        session.close()


def test_what_a_file_with_errors_uses_is_not_denied(tmp_path: Path) -> None:
    source = "def helper(): ...\ndef whole(): return 1\n"
    till = "class Till:\n    rate = helper()\n"
    root = write_tree(
        tmp_path / "app", {"a.py": source + till, "b.py": f"{source}def torn(): return (1\nx = = 2 )) (\n"}
    )
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        answer, _ = ask(session, "what does whole in a.py call?")
        assert "calls and reads no other symbol of the index." in answer
        answer, _ = ask(session, "what does Till.rate call?")
        assert "no symbol is known that it calls or reads." in answer
        answer, _ = ask(session, "what does whole in b.py call?")
        assert "no symbol is known that it calls or reads." in answer
    finally:
        session.close()


def test_of_very_many_definitions_not_all_are_counted(tmp_path: Path) -> None:
    files = {f"m{number}.py": "def made():\n    return 1\n" for number in range(60)}
    session = Session([write_tree(tmp_path / "app", files)], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        assert "There are at least 45 more definitions of the name" in ask(session, "who calls made?")[0]
    finally:
        session.close()


def test_a_group_of_tests_that_is_called_like_a_class_is_no_namesake_of_it(tmp_path: Path) -> None:
    files = {
        "lib/door.rb": "module Shop\n  class Door\n  end\n  class Gate < Door\n  end\nend\n",
        "spec/door_spec.rb": "describe Shop::Door do\n  it('opens') { Shop::Door.new }\n  it('closes') { 1 }\nend\n",
    }
    session = Session([write_tree(tmp_path / "shop", files)], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    answer, told = ask(session, "Which classes inherit from Shop::Door?")
    session.close()
    assert [uses.symbol.kind for _, uses in told.uses] == ["class"]
    assert "no place was found" not in answer
