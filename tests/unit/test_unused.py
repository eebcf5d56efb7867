"""What nothing uses, in many languages: what is listed, from how far it can be seen; what is not listed, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from glossator.errors import CancelledByUser
from glossator.project.session import Session
from glossator.project.unused_code import scope_named, unused_code
from glossator.retrieval import unused
from glossator.retrieval.resolution.file_view import FileView
from glossator.retrieval.resolution.patience import Patience
from glossator.retrieval.resolution.values import DefinedSymbol
from glossator.retrieval.unused import UNUSED_KINDS, Unused, UnusedSearch, UnusedVerdict, unused_in
from glossator.retrieval.uses import UseFinder
from glossator.settings import Settings
from tests.conftest import write_tree

TREE = {
    "pyproject.toml": '[project.scripts]\nshop = "py.shop:from_entry_point"\n',
    "py/shop.py": """
import json


def from_entry_point():
    return _used()


def _used():
    return 1


def _private():
    return 2


def public():
    return Basket(), TOTAL


def registered_later():
    return 3


@app.route("/")
def routed():
    return 4


def main():
    return public()


def __getattr__(name):
    return name


def hook(value):
    return value


def load(text, hook=hook):
    return json.loads(text, object_hook=hook)


TOTAL = 1
_LIMIT = 2


class Basket:
    def _hidden(self):
        return 1

    def shown(self):
        return 2

    def __len__(self):
        return 0

    def visit_Name(self):
        return 3

    def _apply_operator_Sum(self):
        return 5

    def walk(self, kind, other):
        dispatch(self, '_apply_operator', other)
        return getattr(self, 'visit_' + kind)

    def tabled(self):
        return HANDLERS['registered_later']


class Lonely:
    SIZE = 3

    def alone(self):
        return 1
""",
    "py/plugins.py": "def on_start():\n    return 1\n\n\ndef on_end():\n    return 2\n",
    "py/manager.py": "from py import plugins\n\nregister(plugins)\n",
    "py/page.py": 'PAGE = """\n<p>\n{{ basket.in_template }}\n</p>\n"""\nprint(PAGE)\n\n\n'
    "class Page:\n    def in_template(self):\n        return 1\n\n    def in_no_template(self):\n        return 2\n",
    "py/doubles.py": "import lib\n\n\ndef go(client: lib.Client):\n    client.send_all()\n\n\n"
    "class Fake:\n    def send_all(self):\n        return 1\n\n    def send_none(self):\n        return 1\n\n\n"
    "Fake()\n",
    "tests/test_shop.py": "def test_it():\n    assert True\n\n\ndef helper_of_none():\n    return 1\n",
    "go/main.go": "package main\n\nfunc main() { Start() }\n\nfunc Start() {}\n\nfunc unusedHere() {}\n\nvar _ = 1\n",
    "go/lib/lib.go": "package lib\n\ntype Sealed interface {\n\terror\n\tseal()\n}\n\ntype Bolt struct{}\n\n"
    "func (b Bolt) seal() {}\n"
    "func (b Bolt) loose() {}\nfunc Exported() Sealed { return nil }\nfunc Benchmark2(b int) {}\n",
    "go/lib/a_linux.go": "package lib\n\nconst page = 1\n\nfunc size() int { return page }\nfunc init() { size() }\n",
    "go/lib/a_windows.go": "package lib\n\nconst page = 2\n",
    "ts/a.ts": "import { b } from './b'\n\nexport function seen() { return b }\nfunction hidden() { return 1 }\n"
    "export class Panel {\n  private secret() { return 1 }\n  open() { return 2 }\n  render() { return 3 }\n}\n",
    "ts/b.ts": "export const b = 1\nexport const c = 2\n",
    "web/package.json": '{"dependencies": {"built": "1"}}',
    "web/use.ts": "import { tools } from 'built'\n\ntools.setUp()\nwindow.app.showAll()\n",
    "web/made.ts": "export function setUp() { return 1 }\nexport function setDown() { return 2 }\n"
    "export class App {\n  showAll() { return 1 }\n  showNone() { return 2 }\n}\nnew App()\n",
    "web/style.ts": "export interface Style { dash: number }\n"
    "export function draw(style: Style) { return new Line(style) }\nclass Line {\n  dash = 1\n"
    "  constructor(style: Style) { Object.assign(this, style) }\n  paint() { return this.dash }\n}\n"
    "draw(JSON.parse('')).paint()\n"
    "declare namespace JSX { interface IntrinsicElements { abbr: Style } }\n",
    "site/parts.tsx": "export function Chart() { return 1 }\nexport function Lone() { return 2 }\n",
    "site/guide.mdx": "import { Chart } from './parts'\n\n# Chart\n\nLone is not shown here.\n\n<Chart />\n",
    "java/A.java": "package shop;\npublic class A {\n  private int spare;\n  private void secret() {}\n"
    "  void inPackage() {}\n  public void open() {}\n  @Override public String toString() { return new Inner().x(); }\n"
    "  static class Inner { String x() { return one(new A()); } }\n  static String one(A a) { return null; }\n}\n"
    "class Base { void step() {} }\nclass Sub extends Base { void step() {} static Sub made = new Sub(); }\n"
    "class User { static Object it = Sub.made == null ? User.it : null; }\n",
    "rust/src/lib.rs": "pub fn open() {}\nfn closed() {}\npub(crate) fn inside() {}\n#[test]\nfn checks() {}\n"
    "struct Gate;\nimpl Drop for Gate {\n  fn drop(&mut self) {}\n}\npub fn gate() -> Gate { Gate }\n",
    "cs/A.cs": "namespace Shop {\n  public class A {\n    void Secret() {}\n    public void Open() {}\n"
    "    internal void Inside() {}\n    static void Main() { new A(); }\n  }\n}\n",
    "kt/a.kt": "package a\n\nprivate fun secret() = 1\ninternal fun inside() = 2\nfun open() = 3\n",
    "swift/A.swift": "private func secret() {}\nfunc inside() {}\npublic func open() {}\n",
    "php/a.php": "<?php\nclass Till {\n  private function secret() {}\n  public function open() {}\n"
    "  public function __get($name) {}\n}\nnew Till();\n",
    "rb/a.rb": "class Till\n  def open_it\n    1\n  end\n\n  private\n\n  def secret\n    2\n  end\nend\nTill.new\n"
    "class Stall\n  private\n\n  def hidden\n    1\n  end\n\n  class Inside\n  end\nend\nStall.new\n",
    "c/a.c": '#include "a.h"\n\nstatic int secret(void) { return 1; }\nint shown(void) { return 2; }\n'
    "typedef struct pool { int size; } pool;\nint take(pool *p) { return p->size; }\n"
    "int PyInit_a(void) { return 0; }\n",
    "c/a.h": "int shown(void);\nint take(struct other *);\n",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("unused")
    root = write_tree(folder / "project", TREE)
    session = Session([root], Settings(index_dir=folder / "cache", workers=1))
    session.root.index()
    yield session
    session.close()


def listed(session: Session, where: str, kinds: tuple[str, ...] = ()) -> dict[str, str]:
    """What is listed in a place: the qualified names and from how far each is seen."""
    scope = scope_named(session, where)
    assert scope is not None, where
    (found,) = unused_code(session, scope, kinds=kinds)
    assert not found.unused.left
    return {one.symbol.qualified_name: "test" if one.test else one.visibility for one in found.unused.symbols}


def test_python(session: Session) -> None:
    assert listed(session, "py/shop.py") == {
        "_private": "file",
        "_LIMIT": "file",
        "Basket._hidden": "file",
        "load": "public",
        "Lonely": "public",
        "Basket.shown": "public",
        "Basket.walk": "public",
        "Basket.tabled": "public",
    }


@pytest.mark.parametrize(
    "name",
    [
        "from_entry_point",  # in configuration
        "registered_later",  # in a string
        "routed",  # by its decorator
        "main",
        "__getattr__",
        "hook",  # the value of a parameter of its name
        "Basket.visit_Name",  # by a name that is put together
        "Basket._apply_operator_Sum",  # by one whose beginning is handed over
        "Basket.__len__",
    ],
)
def test_what_may_be_used_is_not_listed(session: Session, name: str) -> None:
    assert name not in listed(session, "py/shop.py")


def test_it_is_counted_by_how_it_may_be_used(session: Session) -> None:
    scope = scope_named(session, "py/shop.py")
    assert scope is not None
    (found,) = unused_code(session, scope)
    assert found.unused.apart["decorator"] == 1
    assert found.unused.apart["made name"] == 2
    assert found.unused.apart["convention"] == 2
    assert found.unused.apart["text"] == 3  # the entry point, the string, the parameter's value
    scope = scope_named(session, "tests")
    assert scope is not None
    (found,) = unused_code(session, scope)
    assert found.unused.apart["test"] == 1


def test_members_are_counted_with_their_type(session: Session) -> None:
    scope = scope_named(session, "py/shop.py")
    assert scope is not None
    (found,) = unused_code(session, scope)
    members = {one.symbol.name: one.members for one in found.unused.symbols}
    assert members["Lonely"] == 2
    assert members["_private"] == 0


def test_a_module_that_is_handed_over(session: Session) -> None:
    assert listed(session, "py/plugins.py") == {}


def test_a_template_in_a_text_of_many_lines(session: Session) -> None:
    assert listed(session, "py/page.py", ("method",)) == {"Page.in_no_template": "public"}


def test_a_double_of_something_outside_the_index(session: Session) -> None:
    assert listed(session, "py/doubles.py", ("method",)) == {"Fake.send_none": "public"}


def test_tests_come_apart(session: Session) -> None:
    assert listed(session, "tests") == {"helper_of_none": "test"}


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (
            "go",
            {"unusedHere": "project", "Bolt.loose": "project", "Exported": "public"},
        ),
        ("ts", {"hidden": "file", "seen": "public", "Panel": "public", "c": "public"}),
        ("web", {"setDown": "public", "App.showNone": "public"}),
        ("site", {"Lone": "public"}),
        ("java", {"A.spare": "file", "A.secret": "file", "A.inPackage": "project", "A.open": "public"}),
        ("rust", {"closed": "file", "inside": "project", "open": "public", "gate": "public"}),
        ("cs", {"A.Secret": "file", "A.Inside": "project", "A.Open": "public"}),
        ("kt", {"secret": "file", "inside": "project", "open": "public"}),
        ("swift", {"secret": "file", "inside": "project", "open": "public"}),
        ("php", {"Till.secret": "file", "Till.open": "public"}),
        (
            "rb",
            {
                "Till.secret": "file",
                "Till.open_it": "public",
                "Stall.hidden": "file",
                "Stall.Inside": "public",
            },
        ),
        ("c", {"secret": "file", "shown": "public", "take": "public"}),
    ],
)
def test_other_languages(session: Session, folder: str, expected: dict[str, str]) -> None:
    assert listed(session, folder) == expected


def test_a_type(session: Session) -> None:
    assert listed(session, "Basket") == {
        "Basket._hidden": "file",
        "Basket.shown": "public",
        "Basket.walk": "public",
        "Basket.tabled": "public",
    }
    assert listed(session, "Lonely") == {"Lonely.SIZE": "public", "Lonely.alone": "public"}


def test_files_and_folders_of_a_name(session: Session) -> None:
    assert listed(session, "shop") == listed(session, "py/shop.py")
    assert scope_named(session, "nothing_so_called") is None


def test_the_private_come_first_and_tests_last(session: Session) -> None:
    scope = scope_named(session, "")
    assert scope is not None
    (found,) = unused_code(session, scope)
    ranks = [3 if one.test else ("file", "project", "public").index(one.visibility) for one in found.unused.symbols]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0
    assert ranks[-1] == 3


def test_every_one_listed_is_denied_by_itself(session: Session) -> None:
    snapshot = session.root.open()
    assert snapshot is not None
    finder = snapshot.use_finder()
    found = unused_in(finder, finder.source.paths())
    assert len(found.symbols) > 30
    assert all(finder.uses(one.symbol).unused for one in found.symbols)


def test_what_is_denied_by_itself_may_be_listed(session: Session) -> None:
    snapshot = session.root.open()
    assert snapshot is not None
    finder = snapshot.use_finder()
    search = UnusedSearch(finder, finder.source.paths())
    differ, denied = [], 0
    for path in finder.source.paths():
        view = finder.world.view(path)
        for index in range(len(view.facts.symbols) if view is not None else 0):
            definition = finder.world.definition((path, index))
            assert definition is not None
            symbol = finder.whole(definition)
            if symbol.kind not in UNUSED_KINDS or symbol.definitions[0].key != definition.key:
                continue
            counted = finder.count(symbol, 100)
            one_by_one = finder.uses(symbol).unused, counted.precise and not (counted.resolved or counted.possible)
            denied += any(one_by_one)
            if any(one_by_one) and search._verdict(definition, 1) == "used":
                differ.append((path, definition.qualified_name, one_by_one))
    assert not differ
    assert denied > 30


def test_it_ends_when_nobody_waits(session: Session) -> None:
    snapshot = session.root.open()
    assert snapshot is not None
    finder = snapshot.use_finder()
    finder.stop_when(lambda: True)
    with pytest.raises(CancelledByUser):
        unused_in(finder, finder.source.paths())


def interrupted_search(finder: UseFinder, name: str) -> UnusedSearch:
    """A search that has no more time as soon as it comes to a definition."""

    class Interrupted(UnusedSearch):
        def _verdict(self, definition: DefinedSymbol, named: int) -> UnusedVerdict:
            if definition.name == name:
                finder.world.patience = Patience(-1.0)
            return super()._verdict(definition, named)

    return Interrupted(finder, finder.source.paths())


def test_what_time_leaves_is_counted_and_gone_on_with(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "many", {f"m{number}.py": f"def f{number}():\n    return 1\n" for number in range(20)})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        snapshot = session.root.open()
        assert snapshot is not None
        finder = snapshot.use_finder()
        first = interrupted_search(finder, "f12").run(60)  # by path: m0, m1, m10, m11, m12
        assert (first.examined, first.left, len(first.symbols)) == (4, 16, 4)
        asked: list[str] = []

        class Continued(UnusedSearch):
            """Notes what it has to find out."""

            def _verdict(self, definition: DefinedSymbol, named: int) -> UnusedVerdict:
                asked.append(definition.name)
                return super()._verdict(definition, named)

        again = Continued(snapshot.use_finder(), finder.source.paths()).run(60)
        assert (again.examined, again.left, len(again.symbols)) == (20, 0, 20)
        assert len(asked) == 16
    finally:
        session.close()


def test_a_large_code_base_is_gone_through_in_groups_of_files(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> Unused:
        snapshot = session.root.open()
        assert snapshot is not None
        finder = snapshot.use_finder()
        return unused_in(finder, finder.source.paths(), seconds=60)

    whole = found()
    monkeypatch.setattr(unused, "ORDERED_FILES", 2)
    monkeypatch.setattr(unused, "_GROUP", 2)
    assert found() == whole
    examined: list[str] = []

    def noted(search: UnusedSearch, definition: DefinedSymbol, named: int) -> UnusedVerdict:
        examined.append(definition.name)
        raise AssertionError

    monkeypatch.setattr(UnusedSearch, "_verdict", noted)
    assert found() == whole  # what is known is not found out again
    assert not examined


def test_files_that_were_not_reached_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unused, "ORDERED_FILES", 2)
    monkeypatch.setattr(unused, "_GROUP", 2)
    root = write_tree(tmp_path / "many", {f"m{number}.py": f"def f{number}():\n    return 1\n" for number in range(6)})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        snapshot = session.root.open()
        assert snapshot is not None
        finder = snapshot.use_finder()
        first = interrupted_search(finder, "f3").run(60)
        assert (first.examined, first.left, first.unreached, first.cut) == (3, 1, 2, True)
        last = UnusedSearch(snapshot.use_finder(), finder.source.paths()).run(60)
        assert (last.examined, last.left, last.unreached, last.cut) == (6, 0, 0, False)
    finally:
        session.close()


def test_counting_mentions_goes_on_where_the_time_was_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unused, "_FETCHED_AT_ONCE", 2)
    root = write_tree(tmp_path / "many", {f"m{number}.py": f"def f{number}():\n    return 1\n" for number in range(6)})
    session = Session([root], Settings(index_dir=tmp_path / "cache", workers=1))
    session.root.index()
    try:
        snapshot = session.root.open()
        assert snapshot is not None
        seen: list[str] = []

        class Interrupted(UnusedSearch):
            """Has no more time at the fourth file."""

            def _views(self, paths: list[str]) -> Iterable[FileView]:
                for view in super()._views(paths):
                    seen.append(view.path)
                    if len(seen) == 4:
                        self._finder.world.patience = Patience(-1.0)
                    self._finder.world.check_time()
                    yield view

        paths = snapshot.use_finder().source.paths()
        first = Interrupted(snapshot.use_finder(), paths).run(60)
        assert (first.examined, first.unreached, first.cut) == (0, 6, True)
        assert len(Interrupted(snapshot.use_finder(), paths).run(60).symbols) == 6
        assert seen[:6] == ["m0.py", "m1.py", "m2.py", "m3.py", "m2.py", "m3.py"], (
            "a group of files is counted as a whole"
        )
    finally:
        session.close()
