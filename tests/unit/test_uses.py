"""Uses of symbols: by kind and grade, their callers and callees, and what a change reaches."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glossator.errors import CancelledByUser
from glossator.lsp.hover_text import counts_text, uses_text
from glossator.lsp.symbol_at import Counts
from glossator.retrieval.resolution.patience import OutOfTimeError
from tests.unit.retrieval_samples import Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glossator.retrieval.use_records import NamedSymbol, UsePlace
    from glossator.retrieval.uses import UseFinder

FILES = {
    "bank/account.py": '''"""Accounts."""

LIMIT = 100


class Account:
    """Money of one owner."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.balance = 0

    def pay_in(self, amount: int) -> None:
        """Add money."""
        check(amount)
        self.balance += amount

    def close(self) -> None:
        """End it."""
        self.pay_in(-self.balance)


class Savings(Account):
    """An account with interest."""

    def pay_in(self, amount: int) -> None:
        super().pay_in(amount + 1)


def check(amount: int) -> None:
    """Refuse what is too much."""
    if amount > LIMIT:
        check(amount - LIMIT)
''',
    "bank/desk.py": """from bank.account import LIMIT as MOST, Account, check as verify


def serve(name: str) -> Account:
    account = Account(name)
    account.pay_in(MOST)
    return account


def greet(something):
    something.pay_in(3)
    names = "Zoë"; verify(4)


HANDLERS = {"serve": serve}


def day():
    serve("a").close()
    night()


def night():
    day()
""",
    "bank/files.py": """class File:
    def close(self):
        pass


def unused_helper():
    pass
""",
    "tests/test_desk.py": """from bank.desk import serve


def test_serve():
    assert serve("x").balance == 100
""",
    "page.rkt": "; no language that is known\n(define (check x) x)\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with make_project(tmp_path_factory.mktemp("uses"), FILES) as made:
        yield made


def finder_of(project: Project, buffers: dict[str, str] | None = None) -> UseFinder:
    snapshot = project.view(buffers).snapshot
    assert snapshot is not None
    return snapshot.use_finder()


def symbol(finder: UseFinder, name: str, path: str | None = None) -> NamedSymbol:
    (found,) = finder.symbols(name, path)
    return found


def shown(places: tuple[UsePlace, ...]) -> list[tuple[str, int, str, str]]:
    return [(place.path.rpartition("/")[2], place.line, place.kind, place.grade) for place in places]


def test_places_have_kinds_grades_owners_and_code(project: Project) -> None:
    finder = finder_of(project)
    uses = finder.uses(symbol(finder, "Account.pay_in"))
    assert shown(uses.places) == [
        ("account.py", 20, "call", "resolved"),
        ("account.py", 26, "override", "resolved"),
        ("account.py", 27, "call", "resolved"),
        ("desk.py", 6, "call", "resolved"),
        ("desk.py", 11, "call", "possible"),
    ]
    call = uses.places[3]
    assert call.owner is not None
    assert (call.code, call.owner.qualified_name, call.column, call.test) == (
        "account.pay_in(MOST)",
        "serve",
        12,
        False,
    )
    assert not uses.unused


def test_columns_are_characters_and_aliases_count(project: Project) -> None:
    finder = finder_of(project)
    uses = finder.uses(symbol(finder, "check"))
    call = next(place for place in uses.places if place.path == "bank/desk.py" and place.kind == "call")
    assert (call.line, call.column, call.name) == (12, 19, "verify")
    assert call.text[call.column :].startswith("verify(4)")


def test_kinds_restrict(project: Project) -> None:
    finder = finder_of(project)
    assert shown(finder.uses(symbol(finder, "serve"), {"value"}).places) == [("desk.py", 15, "value", "resolved")]


def test_several_definitions_of_a_name_are_told_apart(project: Project) -> None:
    finder = finder_of(project)
    found = finder.symbols("close")
    assert {one.qualified_name for one in found} == {"Account.close", "File.close"}
    by_name = {one.qualified_name: finder.uses(one) for one in found}
    assert shown(by_name["Account.close"].resolved) == [("desk.py", 19, "call", "resolved")]
    assert not by_name["File.close"].places
    assert symbol(finder, "close", "bank/files.py").qualified_name == "File.close"


def test_what_nothing_uses_can_be_said(project: Project) -> None:
    finder = finder_of(project)
    assert finder.uses(symbol(finder, "unused_helper")).unused
    assert not finder.uses(symbol(finder, "check")).unused


def test_symbols_at_places(project: Project) -> None:
    finder = finder_of(project)
    at = finder.symbol_at("bank/account.py", 15)
    assert at is not None
    assert at.qualified_name == "Account.pay_in"
    assert finder.symbol_at("bank/desk.py", 2) is None
    (meant,) = finder.meant_at("bank/desk.py", 6, 14).symbols
    assert meant.qualified_name == "Account.pay_in"
    (defined,) = finder.meant_at("bank/account.py", 30, 6).symbols
    assert defined.name == "check"
    assert finder.meant_at("bank/desk.py", 11, 16).grade == "possible"
    assert finder.meant_at("bank/desk.py", 11, 6).grade == "excluded", "a parameter"


def test_callers_of_callers_each_once_and_cycles_end(project: Project) -> None:
    finder = finder_of(project)
    callers, complete = finder.callers(symbol(finder, "serve"), 9)
    assert complete
    assert [(one.symbol.qualified_name, one.depth, one.calls.name) for one in callers] == [
        ("day", 1, "serve"),
        ("test_serve", 1, "serve"),
        ("night", 2, "day"),
    ]
    assert len(finder.callers(symbol(finder, "serve"), 1)[0]) == 2


def test_code_outside_definitions_is_a_caller(project: Project) -> None:
    finder = finder_of(project, {"bank/run.py": "from bank.desk import day\n\nday()\n"})
    callers, _ = finder.callers(symbol(finder, "day"), 2)
    assert ("bank/run.py", (("bank/run.py", 3),)) in [(one.symbol.qualified_name, one.places) for one in callers]


def test_callees(project: Project) -> None:
    finder = finder_of(project)
    used = {one.symbol.qualified_name: one for one in finder.callees(symbol(finder, "serve"))}
    assert used["Account"].lines == (4, 5)
    assert set(used["Account"].kinds) == {"type", "call"}
    assert {"Account", "Account.pay_in", "LIMIT"} <= {name for name, one in used.items() if one.grade == "resolved"}
    assert "serve" not in used


def test_overriding_and_overridden(project: Project) -> None:
    finder = finder_of(project)
    assert [one.qualified_name for one in finder.overriding(symbol(finder, "Account.pay_in"))] == ["Savings.pay_in"]
    assert [one.qualified_name for one in finder.overridden(symbol(finder, "Savings.pay_in"))] == ["Account.pay_in"]


def test_impact(project: Project) -> None:
    finder = finder_of(project)
    impact = finder.impact(symbol(finder, "Account.pay_in"))
    assert [one.qualified_name for one in impact.overriding] == ["Savings.pay_in"]
    assert {"serve", "Account.close"} <= {one.symbol.qualified_name for one in impact.dependents if one.depth == 1}
    assert {"day", "test_serve"} <= {one.symbol.qualified_name for one in impact.dependents if one.depth == 2}
    assert [one.qualified_name for one in impact.tests] == ["test_serve"]


def test_unsaved_buffers_count(project: Project) -> None:
    text = FILES["bank/files.py"] + "\n\ndef more():\n    unused_helper()\n"
    finder = finder_of(project, {"bank/files.py": text})
    uses = finder.uses(symbol(finder, "unused_helper"))
    assert [(place.line, place.code) for place in uses.places] == [(11, "unused_helper()")]
    assert finder_of(project).uses(symbol(finder_of(project), "unused_helper")).unused


def test_counts_look_at_a_bounded_number_of_files(project: Project) -> None:
    finder = finder_of(project)
    whole = finder.count(symbol(finder, "Account.pay_in"), 100)
    assert (whole.resolved, whole.possible, whole.more) == (4, 1, False)
    assert finder.count(symbol(finder, "Account.pay_in"), 1).more


def test_a_language_without_rules_of_its_own_has_possible_places_only(tmp_path: Path) -> None:
    script = "build() {\n  make all\n}\n\nrelease() {\n  build\n  tag\n}\n"
    with make_project(tmp_path, {"deploy.sh": script}) as project:
        finder = finder_of(project)
        uses = finder.uses(symbol(finder, "build"))
        assert [(place.line, place.resolved, place.owner and place.owner.name) for place in uses.places] == [
            (6, False, "release")
        ]
        assert not finder.uses(symbol(finder, "release")).unused


def test_an_overload_belongs_to_the_function_of_its_file(tmp_path: Path) -> None:
    overloaded = """from typing import overload


@overload
def group(name: str) -> str: ...
def group(name):
    return name
"""
    other = "def group():\n    return 1\n\n\nprint(group())\n"
    user = "from shop import group\n\nprint(group(2))\n"
    with make_project(tmp_path, {"shop.py": overloaded, "other.py": other, "user.py": user}) as project:
        finder = finder_of(project)
        uses = finder.uses(symbol(finder, "group", "shop.py"))
        assert [(place.path, place.line) for place in uses.resolved] == [("user.py", 1), ("user.py", 3)]
        at_the_other = finder.symbol_at("other.py", 1, "group")
        assert at_the_other is not None
        assert [(place.path, place.line) for place in finder.uses(at_the_other).resolved] == [("other.py", 5)]


def test_a_constructor_named_after_its_class_is_no_symbol_of_its_own(tmp_path: Path) -> None:
    shop = (
        "class Article {\n  Article(int cents) {\n  }\n}\n\n"
        "class Other {\n  Article make() {\n    return new Article(3);\n  }\n}\n"
    )
    with make_project(tmp_path, {"Shop.java": shop}) as project:
        finder = finder_of(project)
        (found,) = finder.symbols("Article")
        assert found.kind == "class"
        assert "call" in {place.kind for place in finder.uses(found).places}
        assert [one.kind for one in finder.symbols("Article.Article")] == ["constructor"]


def test_subclasses_are_no_second_use_of_a_class(project: Project) -> None:
    finder = finder_of(project)
    account = symbol(finder, "Account")
    kinds = [place.kind for place in finder.uses(account).places]
    assert kinds.count("base") == 1
    assert "override" not in kinds
    assert [one.name for one in finder.overriding(account)] == ["Savings"]


def test_what_configuration_names_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "app/cli.py": "def start_app():\n    pass\n\n\ndef stop_app():\n    pass\n",
        "pyproject.toml": '[project.scripts]\napp = "app.cli:start_app"\n',
        "README.md": "Call `stop_app` to end it.\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        uses = finder.uses(symbol(finder, "start_app"))
        assert shown(uses.places) == [("pyproject.toml", 2, "name", "possible")]
        assert not uses.unused
        assert finder.uses(symbol(finder, "stop_app")).unused


def test_what_strings_of_code_name_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "tasks.py": "def bake():\n    pass\n\n\ndef brew():\n    pass\n\n\ndef stew():\n    pass\n",
        "settings.py": "ROUTES = {'kitchen.tasks.bake': 3}\nraise Error('you can not brew without any water')\n",
        "Job.java": "class Job {\n  private void mix() {}\n  private void rest() {}\n"
        '  Object go() throws Exception { return Job.class.getDeclaredMethod("mix").invoke(this); }\n}\n',
        "hooks.php": "<?php\nfunction on_boot() {}\nfunction on_halt() {}\nadd_action('boot', 'on_boot');\n",
        "page.js": "export function press() {}\nexport function pull() {}\n"
        "const page = { template: '<a (click)=\"press()\">go</a>' };\n",
        "call.go": "package call\n\n//export onCall\nfunc onCall() {}\n\nfunc onHang() {}\n",
        "point.py": "class Point(Record):\n    left: int\n    top: int\n",
        "plot.py": "draw(make(left=1))\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        for name, path in (
            ("bake", "settings.py"),
            ("mix", "Job.java"),
            ("on_boot", "hooks.php"),
            ("press", "page.js"),
            ("onCall", "call.go"),
            ("Point.left", "plot.py"),
        ):
            uses = finder.uses(symbol(finder, name))
            assert [(place.path, place.kind, place.grade) for place in uses.places] == [(path, "name", "possible")]
            assert not uses.unused
            assert finder.count(symbol(finder, name), 30).possible == 1, name
        for name in ("brew", "stew", "rest", "on_halt", "pull", "onHang"):
            assert finder.uses(symbol(finder, name)).unused, name


def test_many_files_are_searched_for_text_with_buffers_and_no_more_than_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "tasks.py": "def bake():\n    pass\n\n\ndef brew():\n    pass\n\n\ndef stew():\n    pass\n",
        "settings.py": "ROUTE = 'tasks.bake'\n",
        "more.py": "ROUTE = ''\n",
    }
    monkeypatch.setattr("glossator.retrieval.text_places.FEW_TEXT_FILES", 0)
    with make_project(tmp_path, files) as project:
        finder = finder_of(project, {"more.py": "ROUTE = 'tasks.brew'\n"})
        for name, path in (("bake", "settings.py"), ("brew", "more.py")):
            uses = finder.uses(symbol(finder, name))
            assert [(place.path, place.grade) for place in uses.places] == [(path, "possible")]
            assert not uses.unused
        assert finder.uses(symbol(finder, "stew")).unused
        # With as many entries as are looked at, there may be more that were not.
        monkeypatch.setattr("glossator.retrieval.text_places.MOST_TEXTS", 1)
        assert not finder_of(project).uses(symbol(finder, "stew")).unused


def test_parts_of_a_class_in_several_files_are_one_symbol(tmp_path: Path) -> None:
    files = {
        "A.cs": "namespace Shop;\npublic partial class Item { }\n",
        "B.cs": "namespace Shop;\npublic partial class Item { public void Log() { } }\n",
        "C.cs": "namespace Shop;\nclass Main { void Run() { new Item().Log(); } }\n",
        "lib/cart.rb": "class Cart\n  def add; end\nend\n",
        "lib/more.rb": "class Cart\n  def drop; end\nend\n",
        "main.rb": "Cart.new.drop\n",
    }
    with make_project(tmp_path, files) as project:
        finder = project.view().snapshot.use_finder()
        for name, user in (("Item", "C.cs"), ("Cart", "main.rb")):
            [symbol] = finder.symbols(name)
            assert len(symbol.definitions) == 2
            assert [place.path for place in finder.uses(symbol).places] == [user]
            assert (finder.overridden(symbol), finder.overriding(symbol)) == ((), ())


def test_a_constructor_outside_its_class_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "box.hpp": "class Box {\npublic:\n    explicit Box(int size);\n    ~Box();\n};\n",
        "box.cpp": '#include "box.hpp"\nBox::Box(int size) {}\nBox::~Box() {}\n',
        "main.cpp": '#include "box.hpp"\nint main() { Box box(2); }\n',
    }
    with make_project(tmp_path, files) as project:
        finder = project.view().snapshot.use_finder()
        for line in (2, 3):
            symbol = finder.symbol_at("box.cpp", line)
            assert symbol is not None
            assert not finder.uses(symbol).unused


UNSEEN = {
    "web.py": (
        "class Page:\n    def __repr__(self): return ''\n    def plain(self): pass\n\n"
        "@app.route('/x')\ndef index(): pass\n\n@functools.lru_cache(None)\ndef slow(): pass\n"
    ),
    "Web.java": (
        "class Web {\n@Bean Object made() { return null; }\n@Deprecated void old() {}\n"
        "public String toString() { return null; }\n}\n"
    ),
    "web.cs": "class Site {\n[HttpGet] public int Index() { return 1; }\n[Obsolete] public void Gone() {}\n}\n",
    "web.go": (
        'package web\n\ntype Tree struct{}\n\nfunc (t Tree) String() string { return "" }\n\n'
        "func (t Tree) hidden() {}\n\nfunc main() {}\n"
    ),
    "web.rb": "class Shelf\n  def each; end\n  def sweep; end\nend\n",
    "web.php": "<?php\nclass Card {\n  function __get($n) {}\n  function dust() {}\n}\n",
    "web.cpp": "struct Vec { int x; };\nVec operator+(Vec a, Vec b) { return a; }\nint lone() { return 1; }\n",
    "web.rs": "#[no_mangle]\npub fn entry() {}\n\n#[inline]\npub fn quick() {}\n",
}


@pytest.mark.parametrize(
    ("path", "line", "unused"),
    [
        ("web.py", 2, False), ("web.py", 3, True), ("web.py", 6, False), ("web.py", 9, True),
        ("Web.java", 2, False), ("Web.java", 3, True), ("Web.java", 4, False),
        ("web.cs", 2, False), ("web.cs", 3, True),
        ("web.go", 5, False), ("web.go", 7, True), ("web.go", 9, False),
        ("web.rb", 2, False), ("web.php", 3, False), ("web.php", 4, True),
        ("web.cpp", 2, False), ("web.cpp", 3, True),
        ("web.rs", 2, False), ("web.rs", 5, True),
    ],
)  # fmt: skip
def test_what_the_language_or_a_framework_may_call_is_not_said_to_be_unused(
    unseen: Project, path: str, line: int, unused: bool
) -> None:
    finder = finder_of(unseen)
    symbol = finder.symbol_at(path, line)
    assert symbol is not None
    assert not finder.uses(symbol).places
    assert finder.uses(symbol).unused is unused
    assert finder.count(symbol, 30).precise is unused


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with make_project(tmp_path_factory.mktemp("unseen"), UNSEEN) as made:
        yield made


def test_imports_are_not_counted(project: Project) -> None:
    finder = finder_of(project)
    counted = finder.count(symbol(finder, "LIMIT"), 100)
    assert "import" in {place.kind for place in finder.uses(symbol(finder, "LIMIT")).places}
    assert (counted.resolved, counted.possible) == (3, 0)


def test_tests_among_other_code_are_tests(tmp_path: Path) -> None:
    files = {
        "src/lib.rs": (
            "pub fn total() -> u32 { 1 }\n\n#[test]\nfn totals() {\n    total();\n}\n\nfn run() {\n    total();\n}\n"
        )
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        total = symbol(finder, "total")
        assert [(place.line, place.test) for place in finder.uses(total).places] == [(5, True), (9, False)]
        assert [one.name for one in finder.impact(total).tests] == ["totals"]


def test_members_in_another_part_of_a_type_are_no_callees_of_it(tmp_path: Path) -> None:
    till = (
        "pub struct Till;\n\nimpl Till {\n    fn pay(&self) {\n        self.count();\n        note();\n    }\n\n"
        "    fn count(&self) {}\n}\n\nfn note() {}\n"
    )
    with make_project(tmp_path, {"src/lib.rs": till}) as project:
        finder = finder_of(project)
        assert finder.count_callees(symbol(finder, "Till"), 30) == 1
        assert finder.count_callees(symbol(finder, "pay"), 30) == 2


def test_files_that_were_not_read_may_use_a_symbol(project: Project) -> None:
    finder = finder_of(project)
    uses = finder.uses(symbol(finder, "unused_helper"))
    assert uses.unused
    assert not replace(uses, unread=1).unused


def test_nothing_is_denied_when_the_time_is_over(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.retrieval.uses.SECONDS", -1.0)
    monkeypatch.setattr("glossator.retrieval.uses.COUNTING_SECONDS", -1.0)
    monkeypatch.setattr("glossator.retrieval.uses.WALK_SECONDS", -1.0)
    finder = finder_of(project)
    named = symbol(finder, "unused_helper")
    uses = finder_of(project).uses(named)
    assert (uses.places, uses.unused) == ((), False)
    assert uses.unread >= 1
    assert finder_of(project).count(named, 100).more
    assert finder_of(project).callers(symbol(finder, "serve"), 3) == ((), False)
    assert not finder_of(project).impact(symbol(finder, "serve")).complete
    monkeypatch.setattr("glossator.retrieval.uses.SECONDS", 1.0)
    assert finder_of(project).uses(named).unused

    def endless(*_: object) -> bool:
        raise OutOfTimeError

    monkeypatch.setattr("glossator.retrieval.resolution.resolver.Resolver.unseen_use", endless)
    assert not finder_of(project).uses(named).unused


def test_a_question_that_nobody_waits_for_ends(project: Project) -> None:
    finder = finder_of(project)
    named = symbol(finder, "serve")
    finder.stop_when(lambda: True)
    with pytest.raises(CancelledByUser):
        finder.uses(named)
    with pytest.raises(CancelledByUser):
        finder.callers(named, 3)


def test_a_walk_over_callers_is_bounded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.retrieval.uses.MOST_WALKED", 1)
    finder = finder_of(project)
    callers, complete = finder.callers(symbol(finder, "serve"), 9)
    assert len(callers) == 1
    assert not complete


def test_what_creates_a_class_does_not_run_what_its_body_ran(tmp_path: Path) -> None:
    files = {
        "a.py": "def setting(): return 1\n\n\nclass Form:\n    size = setting()\n\n\ndef show():\n    return Form()\n"
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        callers, _ = finder.callers(symbol(finder, "setting"), 3)
        assert "show" not in {one.symbol.name for one in callers}
        dependents = finder.impact(symbol(finder, "setting")).dependents
        assert len(dependents) >= len(callers) > 0


def test_declarations_of_a_module_stand_for_what_it_passes_on(tmp_path: Path) -> None:
    kit = "class Kit:\n    def open(self) -> None: ...\n"
    files = {
        "lib/__init__.py": "from ._make import build, Kit as Kit\n",
        "lib/__init__.pyi": f"def build(name: str) -> object: ...\n\ndef parse() -> None: ...\n\n{kit}",
        "lib/_make.py": f"def build(name):\n    return name\n\n\n{kit.replace('...', 'return None')}",
        "lib/other.py": "def parse():\n    return 2\n",
        "use.py": "import lib\n\nlib.build('a')\nlib.Kit().open()\n",
        "js/index.js": "export { run } from './run.js'\n",
        "js/index.d.ts": "export declare function run(): void\n",
        "js/run.js": "export function run() {}\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        for name in ("build", "Kit.open", "run"):
            assert len(finder.symbols(name)) == 1, name
        # The same name alone doesn't make them one.
        assert {one.path for one in finder.symbols("parse")} == {"lib/__init__.pyi", "lib/other.py"}
        declared = finder.symbol_at("lib/__init__.pyi", 1)
        assert declared is not None
        assert declared.path == "lib/_make.py"
        assert [place.path for place in finder.uses(declared).places if place.kind == "call"] == ["use.py"]
        assert not finder.uses(symbol(finder, "Kit.open")).unused


@pytest.mark.parametrize(
    ("files", "asked", "declared", "heir", "places"),
    [
        (
            {
                "base.py": "class Container:\n    def add_argument(self, name):\n        pass\n",
                "parser.py": "from base import Container\n\n\nclass Parser(Container):\n    pass\n\n\n"
                "class Strict(Parser):\n    pass\n",
                "main.py": "from parser import Strict\n\n\ndef run():\n    Strict().add_argument('x')\n",
            },
            "Strict.add_argument",
            "Container.add_argument",
            "Strict",
            [("main.py", 5)],
        ),
        (
            {
                "a/Base.java": "package a;\n\npublic class Base {\n    public void open() {}\n}\n",
                "a/Door.java": "package a;\n\npublic class Door extends Base {\n}\n",
                "a/Main.java": "package a;\n\nclass Main {\n    void go(Door door) {\n        door.open();\n    }\n}\n",
            },
            "Door#open",
            "Base.open",
            "Door",
            [("a/Main.java", 5)],
        ),
        (
            {
                "shapes.ts": "export class Shape {\n  area() { return 1; }\n}\nexport class Square extends Shape {}\n",
                "main.ts": "import { Square } from './shapes';\n\nexport const size = new Square().area();\n",
            },
            "Square.area",
            "Shape.area",
            "Square",
            [("main.ts", 3)],
        ),
    ],
)  # fmt: skip
def test_a_member_is_found_by_the_name_of_a_class_that_inherits_it(
    tmp_path: Path, files: dict[str, str], asked: str, declared: str, heir: str, places: list[tuple[str, int]]
) -> None:
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        found = symbol(finder, asked)
        assert (found.qualified_name, found.inherited_by) == (declared, heir)
        assert symbol(finder, declared).inherited_by == ""
        assert [(place.path, place.line) for place in finder.uses(found).resolved] == places
        assert finder.symbols(asked + "_not") == []


def test_few_files_of_configuration_are_read_without_loading_lancedb(tmp_path: Path) -> None:
    files = {
        "app.py": "def entry():\n    pass\n\n\ndef lonely():\n    pass\n",
        "pyproject.toml": '[project.scripts]\nrun = "app:entry"\n# entrywise is another word\n',
        "docs/notes.md": "entry and lonely are only told about here\n",
    }
    script = """
import sys
from pathlib import Path
from glossator.project.session import Session
from glossator.settings import load_settings

session = Session([Path(sys.argv[1])], load_settings({"index_dir": Path(sys.argv[2])}))
session.root.index()
"""
    asked = """
finder = session.root.open().use_finder()
for name in ("entry", "lonely"):
    uses = finder.uses(finder.symbols(name)[0])
    print([(place.path, place.line, place.grade, place.text) for place in uses.places], uses.unused)
print("lancedb" in sys.modules)
"""
    root, index = tmp_path / "root", tmp_path / "indexes"
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    subprocess.run([sys.executable, "-c", script, str(root), str(index)], check=True)
    run = subprocess.run(
        [sys.executable, "-c", script.replace("session.root.index()\n", "") + asked, str(root), str(index)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert run.stdout.splitlines() == [
        "[('pyproject.toml', 2, 'possible', 'run = \"app:entry\"')] False",
        "[] True",
        "False",
    ]


def test_what_a_class_without_a_name_overrides_is_not_called_unused(tmp_path: Path) -> None:
    source = (
        "enum class Part {\n    HOST {\n        override fun url() = 1\n        fun lone() = 2\n    };\n"
        "    abstract fun url(): Int\n}\n"
    )
    with make_project(tmp_path, {"a.kt": source}) as project:
        finder = finder_of(project)
        assert not finder.uses(symbol(finder, "Part.HOST.url")).unused
        assert finder.uses(symbol(finder, "lone")).unused


def test_what_only_tests_use_is_looked_for_in_text(tmp_path: Path) -> None:
    files = {
        "app/depth.py": "class Depth:\n    pass\n",
        "app/settings.py": 'MIDDLEWARES = {"app.depth.Depth": 900}\n',
        "tests/test_depth.py": "from app.depth import Depth\n\n\ndef test_it():\n    Depth()\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        places = finder.uses(symbol(finder, "Depth")).possible
        assert [(place.path, place.line) for place in places] == [("app/settings.py", 1)]


def test_overloads_are_one_callee(tmp_path: Path) -> None:
    source = (
        "from typing import overload\n@overload\ndef made(a: int) -> int: ...\n"
        "@overload\ndef made(a: str) -> str: ...\ndef made(a): return a\n\ndef run(): return made(1)\n"
    )
    with make_project(tmp_path, {"a.py": source}) as project:
        finder = finder_of(project)
        callees = finder.callees(symbol(finder, "run"))
        assert [(used.symbol.name, used.symbol.line) for used in callees] == [("made", 6)]


def test_code_of_a_notebook_is_no_text(tmp_path: Path) -> None:
    code = {"cell_type": "code", "source": ["from defs import made\n", "made(1)"], "metadata": {}, "outputs": []}
    book = {"cells": [code], "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    source = "def made(a): return a\n"
    files = {"defs.py": source, "old/defs.py": source, "note.ipynb": json.dumps(book, indent=1)}
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        first, other = finder.symbols("made")
        assert [place.kind for place in finder.uses(first).resolved] == ["import", "call"]
        assert finder.uses(other).unused


def test_a_count_denies_nothing_that_is_possible(tmp_path: Path) -> None:
    files = {
        "app/depth.py": "class Depth:\n    pass\n\n\nclass Bare:\n    pass\n\n\ndef go(it):\n    it.run()\n",
        "app/__init__.py": "from app.depth import Depth\n",
        "app/settings.py": 'MIDDLEWARES = {"app.depth.Depth": 900}\n',
        "app/job.py": "class Job:\n    def run(self):\n        pass\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        assert uses_text(finder.count(symbol(finder, "Bare"), 30)) == "0 uses"
        assert uses_text(finder.count(symbol(finder, "Depth"), 30)) == "1 place mentions the name"
        assert uses_text(finder.count(symbol(finder, "Job.run"), 30)) == "1 place mentions the name"
        assert counts_text(Counts(finder.count(symbol(finder, "go"), 30), 0)) == " · 0 uses"


def test_what_a_constructor_is_given_by_position_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "a.kt": "class Till(\n  private val shop: Int,\n) {\n  val lone = 1\n}\n",
        "R.java": "record R(int rate) {}\nclass Plain { int bare; }\n",
        "r.cs": "record Pair(int First);\nclass Single { int Only; }\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        denied = {name: finder.uses(symbol(finder, name)).unused for name in ("shop", "rate", "First")}
        assert denied == dict.fromkeys(denied, False)
        assert all(finder.uses(symbol(finder, name)).unused for name in ("lone", "bare", "Only"))


def test_what_comments_name_to_checkers_and_test_runners_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "a.js": "/** @param {import('./b').Shop} x */\nfunction f(x) {}\n// a Lone thing\nclass Lone {}\n",
        "b.js": "export class Shop {}\n",
        "c.php": "<?php\nclass B {\n  /** @var Zed[] */\n  private $z;\n}\nclass Zed {}\n/** a Bar */\nclass Bar {}\n",
        "d.py": "class Cart: ...\nrows = []  # type: list[Cart]\ndef made():\n    '''\n    >>> made()\n    '''\n",
        "e.rs": "/// let x = docs();\npub fn docs() {}\n/// Says what solo is, and why.\npub fn solo() {}\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        for name in ("Shop", "Zed", "Cart", "made", "docs"):
            assert [place.grade for place in finder.uses(symbol(finder, name)).places] == ["possible"], name
        assert all(finder.uses(symbol(finder, name)).unused for name in ("Lone", "Bar", "solo"))


def test_a_function_that_a_class_only_befriends_is_not_called_unused(tmp_path: Path) -> None:
    source = "struct Shop {\n  friend bool same(Shop a, Shop b) { return true; }\n  void lone() {}\n};\n"
    files = {"a.cpp": f"{source}bool run(Shop shop) {{ return same(shop, shop); }}\n"}
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        assert not finder.uses(symbol(finder, "same")).unused
        assert finder.uses(symbol(finder, "lone")).unused


def test_what_is_added_to_a_library_is_not_called_unused(tmp_path: Path) -> None:
    added = "declare module 'vue' {\n  interface Shop {\n    price: number;\n  }\n}\n"
    files = {"a.ts": f"import 'vue';\n{added}namespace own {{\n  interface Lone {{\n    bare: number;\n  }}\n}}\n"}
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        assert not any(finder.uses(symbol(finder, name)).unused for name in ("Shop", "price", "vue"))
        assert all(finder.uses(symbol(finder, name)).unused for name in ("Lone", "bare"))


def test_what_stands_for_a_declaration_on_one_platform_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "apple/Zone.kt": "package clock\ninternal expect fun path(): String\nval zone = open(path())\n",
        "device/Zone.kt": 'package clock\ninternal actual fun path(): String = "/a"\nfun lone(): String = "/b"\n',
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        assert not finder.uses(finder.symbols("path", "device/Zone.kt")[0]).unused
        assert finder.uses(symbol(finder, "lone")).unused


def test_what_stands_in_a_macro_around_items_is_not_called_unused(tmp_path: Path) -> None:
    files = {
        "tests/quick.rs": "quickcheck_limit! {\n    fn insert(a: u8) -> bool {\n        true\n    }\n}\n\n"
        "fn lone() {}\n",
        "src/lib.rs": "cfg_rt! {\n    fn unread() {}\n}\n",
    }
    with make_project(tmp_path, files) as project:
        finder = finder_of(project)
        assert not finder.uses(symbol(finder, "insert")).unused
        assert finder.uses(symbol(finder, "lone")).unused
        assert finder.uses(symbol(finder, "unread")).unused
