"""What several tests share: a small project to index, and the command line as a user runs it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.open_databases import refuse_to_open_them

refuse_to_open_them()

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = {
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/cart.py": '''"""The shopping cart."""

from shop.money import Money, add_tax


class Cart:
    """Holds the articles that a customer wants to buy."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, int, Money]] = []

    def add_article(self, name: str, quantity: int, price: Money) -> None:
        """Put an article into the cart; a quantity below one is refused."""
        if quantity < 1:
            raise ValueError("quantity must be at least 1")
        self.lines.append((name, quantity, price))

    def total(self, tax_rate: float) -> Money:
        """Sum of all lines, tax included."""
        net = Money(0)
        for _, quantity, price in self.lines:
            net = net.plus(price.times(quantity))
        return add_tax(net, tax_rate)
''',
    "shop/money.py": '''"""Amounts of money."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Money:
    """An amount in cents, so that nothing is lost to rounding."""

    cents: int

    def plus(self, other: "Money") -> "Money":
        return Money(self.cents + other.cents)

    def times(self, factor: int) -> "Money":
        return Money(self.cents * factor)


def add_tax(net: Money, rate: float) -> Money:
    """The gross amount: net plus tax, rounded half up to a cent."""
    return Money(int(net.cents * (1 + rate) + 0.5))
''',
    "shop/checkout.py": '''"""From a cart to an order."""

from shop.cart import Cart


def place_order(cart: Cart, customer: str) -> dict[str, object]:
    """Turn a cart into an order and clear it.

    Raises:
        LookupError: the cart is empty.
    """
    if not cart.lines:
        raise LookupError("the cart is empty")
    order = {"customer": customer, "total": cart.total(0.19).cents}
    cart.lines.clear()
    return order
''',
    "tests/test_cart.py": """from shop.cart import Cart
from shop.money import Money


def test_total_includes_tax():
    cart = Cart()
    cart.add_article("tea", 2, Money(500))
    assert cart.total(0.19) == Money(1190)
""",
    "web/basket.ts": """/** Shows the basket in the page's corner. */
export class BasketView {
  constructor(private readonly root: HTMLElement) {}

  /** Draws the number of articles. */
  render(count: number): void {
    this.root.textContent = formatCount(count);
  }
}

export function formatCount(count: number): string {
  return count === 1 ? "1 article" : `${count} articles`;
}
""",
    "README.md": "# Shop\n\nSells tea.\n\n## Taxes\n\nThe tax rate is 19 percent.\n",
    ".gitignore": "build/\n",
    "build/ignored.py": "def never_indexed(): ...\n",
    ".env": "SECRET=1\n",
}
"""Path -> text of a small project in two languages."""


def write_tree(root: Path, files: dict[str, str]) -> Path:
    """Write files below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="")
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh copy of the small project."""
    return write_tree(tmp_path / "project", PROJECT)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What is started in the process of the tests sets up logging, and the next test is to find it as it was."""
    loggers = [logging.getLogger(name) for name in ("glossator", "mcp", "pygls", "uvicorn")]
    before = [(logger.level, logger.propagate, logger.handlers[:]) for logger in loggers]
    raised = logging.raiseExceptions
    yield
    logging.raiseExceptions = raised
    for logger, (level, propagate, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees or touches the user's own settings, models or indexes."""
    home = tmp_path_factory.mktemp("user")
    for name, folder in (
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("LOCALAPPDATA", "local"),
        ("APPDATA", "roaming"),
    ):
        monkeypatch.setenv(name, str(home / folder))
    for name in list(os.environ):
        if name.startswith("GLOSSATOR_"):
            monkeypatch.delenv(name)


@dataclass(frozen=True)
class Ran:
    """How a run of the command line ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as one JSON value; it must hold nothing else."""
        return json.loads(self.out)


def command_line(indexes: Path) -> Callable[..., Ran]:
    """Runs the command line as a process of its own, with the indexes in a folder."""

    def run(*arguments: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        command = [sys.executable, "-m", "glossator", *map(str, arguments)]
        if arguments and arguments[0] in {"index", "search", "ask", "explain", "status", "doctor", "forget"}:
            command[4:4] = ["--index-dir", str(indexes)]
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace"))

    return run


@pytest.fixture
def glossator(tmp_path: Path) -> Callable[..., Ran]:
    """Runs the command line as a process of its own, with the index below the test's folder."""
    return command_line(tmp_path / "indexes")
