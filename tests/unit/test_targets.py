"""What `explain` is given, in every form that people paste, and what it means in a real index."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.errors import SymbolNotFoundError, UsageError
from glossator.index.records import WHOLE_FILE
from glossator.project import targets
from glossator.project.session import Session
from glossator.settings import Settings
from tests.conftest import PROJECT, write_tree

FILES = {
    **PROJECT,
    "app/[id]/page.tsx": "export function Page(): string {\n  return 'page';\n}\n",
    "src/pool.rs": "pub struct Pool<T> {\n    items: Vec<T>,\n}\n\nimpl<T> Pool<T> {\n    pub fn take(&self) {}\n}\n",
    "src/queue.go": "package queue\n\ntype Queue struct{}\n\nfunc (q *Queue) Push(x int) int {\n\treturn x\n}\n",
    "src/node.cpp": "struct Node {\n  int depth();\n};\n\nint Node::depth() {\n  return 1;\n}\n",
    "src/Table.m": "@implementation Table\n- (void)reload {\n  [self draw];\n}\n@end\n",
    "src/valid.rb": "class Order\n  def valid?\n    true\n  end\nend\n",
    "one/same.py": "def first():\n    return 1\n",
    "two/same.py": "def second():\n    return 2\n",
    "lib/app.min.js": "function minified(){return 1}" + "var a=1;" * 2000 + "\n",
    "empty.py": "",
    "Makefile": "all:\n\techo all\n",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = write_tree(tmp_path_factory.mktemp("targets") / "project", FILES)
    opened = Session([root], Settings(index_dir=tmp_path_factory.mktemp("indexes")))
    opened.root.index()
    yield opened
    opened.close()


def found(session: Session, target: str) -> str:
    _, entry = targets.find(session, target)
    return entry.qualified_name or f"{entry.path}:{entry.start_line}"


@pytest.mark.parametrize(
    "target",
    [
        "shop/cart.py:14",
        "shop/cart.py:14:9",
        "shop/cart.py:14:9:",
        "shop/cart.py:14:",
        "shop/cart.py:14-15",
        "shop/cart.py:14:1-15:20",
        "shop/cart.py:14:9-12",
        "shop/cart.py#L14",
        "shop/cart.py#L14-L15",
        "shop/cart.py#L14-15",
        "shop/cart.py#L14C5-L15C9",
        "shop/cart.py(14,9)",
        "shop/cart.py(14)",
        "shop/cart.py:(14,9)-(15,3)",
        "shop/cart.py line 14",
        "shop/cart.py, line 14",
        'File "shop/cart.py", line 14, in add_article',
        "line 14 of shop/cart.py",
        "lines 14-15 of shop/cart.py",
        "./shop/cart.py:14",
        "shop\\cart.py:14",
        "cart.py:14",
        "`shop/cart.py:14`",
        "  shop/cart.py:14 ",
        "Cart.add_article",
        "Cart.add_article()",
        "Cart.add_article(name, quantity(1), price)",
        "Cart::add_article",
        "Cart#add_article",
        "Cart->add_article",
        "shop.cart.Cart.add_article",
        "add_article",
        "add_article()",
        "self.add_article()",
        "def add_article(self, name: str)",
        "`Cart.add_article`",
        "shop/cart.py::Cart::add_article",
        "shop/cart.py:Cart.add_article",
        "shop/cart.py#Cart.add_article",
    ],
)
def test_a_method_by_place_and_by_name(session: Session, target: str) -> None:
    assert found(session, target) == "Cart.add_article"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("app/[id]/page.tsx:2", "Page"),
        ("Pool::take", "Pool.take"),
        ("Pool::<u8>::take()", "Pool.take"),
        ("Pool<T>.take", "Pool.take"),
        ("(*Queue).Push", "Queue.Push"),
        ("func Push", "Queue.Push"),
        ("Node::depth", "Node.depth"),
        ("-[Table reload]", "Table.reload"),
        ("Order#valid?", "Order.valid?"),
        ("valid?()", "Order.valid?"),
        ("new Cart()", "Cart"),
        ("class Cart", "Cart"),
        ("BasketView.prototype.render", "BasketView.render"),
        ("README.md#Taxes", "Shop > Taxes"),
        ("shop/cart.py:9-23", "Cart"),
        ("shop/cart.py:6-30", "Cart"),
        ("shop/money.py:17", "Money.times"),
        ("shop/money.py:18", "add_tax"),
        ("shop/money.py:5", "Money"),
        ("one/same.py:1", "first"),
    ],
)
def test_other_languages_and_ranges(session: Session, target: str, name: str) -> None:
    assert found(session, target) == name


@pytest.mark.parametrize(
    "target", ["shop/money.py", "money.py", "./shop/money.py", "shop\\money.py", '"shop/money.py"']
)
def test_a_file(session: Session, target: str) -> None:
    _, entry = targets.find(session, target)
    assert (entry.id, entry.path, entry.start_line, entry.end_line) == (WHOLE_FILE, "shop/money.py", 1, 21)
    assert entry.doc.startswith("Amounts of money")
    snapshot = session.root.open()
    assert snapshot is not None
    assert [member.name for member in snapshot.graph.members(entry)] == ["Money", "add_tax"]


def test_an_absolute_path_and_a_uri(session: Session) -> None:
    path = session.root.path / "shop/cart.py"
    assert found(session, f"{path}:14") == "Cart.add_article"
    assert found(session, f"{path.as_uri()}#L14") == "Cart.add_article"
    assert found(session, f"{(session.root.path / 'app/[id]/page.tsx').as_uri()}:2") == "Page"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            "add_articel",
            "did you mean `Cart.add_article` (shop/cart.py:12)? If not, try `glossator search add_articel`",
        ),
        ("Card.total", "`Cart.total`"),
        ("Cart.totals()", "`Cart.total`"),
        ("Basket", "`BasketView`"),
        ("zzz qqq", "try `glossator search 'zzz qqq'`"),
        ("shop/card.py:3", "there is no file shop/card.py; did you mean shop/cart.py?"),
        ("card.py", "there is no file card.py; did you mean shop/cart.py?"),
        ("other/money.py", "did you mean shop/money.py?"),
        ("same.py", "did you mean one/same.py or two/same.py?"),
        ("no/such/thing", "there is no file no/such/thing"),
        ("shop/cart.py:500", "shop/cart.py has 23 lines, so there is no line 500"),
        ("shop/cart.py:0", "there is no line 0"),
        ("shop/cart.py::nothing", "shop/cart.py defines no 'nothing'"),
        ("tests", "is a folder"),
        ("shop/", "is a folder"),
        ("empty.py:1", "empty.py is empty"),
        ("build/ignored.py:1", "an ignore rule"),
    ],
)
def test_what_is_not_there_is_told_with_what_is_near(session: Session, target: str, says: str) -> None:
    with pytest.raises(SymbolNotFoundError) as raised:
        targets.find(session, target)
    assert says in str(raised.value)
    assert "--skipped" not in str(raised.value)


@pytest.mark.parametrize(("target", "reason"), [(".env:1", "may hold secrets"), ("lib/app.min.js", "minified")])
def test_a_skipped_file_is_told_with_its_reason(session: Session, target: str, reason: str) -> None:
    with pytest.raises(SymbolNotFoundError) as raised:
        targets.find(session, target)
    assert reason in str(raised.value)
    assert "`glossator status --skipped`" in str(raised.value)


def test_a_file_elsewhere(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.py"
    file.write_text("x = 1\n", "utf-8")
    with pytest.raises(SymbolNotFoundError, match="--root"):
        targets.find(session, f"{file}:1")


@pytest.mark.parametrize("target", ["", "  ", "``", "''"])
def test_an_empty_target_is_wrong_usage(session: Session, target: str) -> None:
    with pytest.raises(UsageError):
        targets.find(session, target)


@pytest.mark.parametrize(
    "target",
    ["\0", ":", "::", "#", "/", "~", "~nobody/x.py", "a" * 10_000, "(((", "x(" * 500, "file:", "L1", "-1", "\udcff"],
)
def test_anything_is_found_or_refused(session: Session, target: str) -> None:
    with contextlib.suppress(SymbolNotFoundError, UsageError):
        assert targets.find(session, target)
