"""Names in Python: which definition each mention means, in small trees whose answers are known."""

from __future__ import annotations

import json

import pytest

from tests.unit.resolution.resolution_samples import Sample


def test_a_library_queue_is_no_use_of_a_method_of_the_same_name() -> None:
    sample = Sample(
        {
            "src/net/response.py": """
                class BytesQueueBuffer:
                    def get(self, n):
                        return n

                class Response:
                    def __init__(self):
                        self.buffer = BytesQueueBuffer()

                    def read(self):
                        return self.buffer.get(1)
                """,
            "src/net/pool.py": """
                import queue

                class Pool:
                    def __init__(self):
                        self.queue = queue.Queue()

                    def take(self, other):
                        other.get()
                        return self.queue.get()
                """,
        }
    )
    assert sample.uses("BytesQueueBuffer.get") == ["src/net/response.py: return self.buffer.get(1)"]
    assert sample.uses("BytesQueueBuffer.get", grade="possible") == ["src/net/pool.py: other.get()"]


def test_functions_that_are_handed_over_and_constants_that_are_read_are_used() -> None:
    sample = Sample(
        {
            "pkg/__init__.py": "",
            "pkg/handlers.py": """
                LIMIT = 10

                def on_open(event):
                    return event

                def register(add):
                    add("open", on_open)
                """,
            "pkg/main.py": """
                from . import handlers
                from .handlers import on_open as opened

                TABLE = {"open": opened}

                def most():
                    return handlers.LIMIT
                """,
        }
    )
    assert sample.uses("on_open") == ['pkg/handlers.py: add("open", on_open)', 'pkg/main.py: TABLE = {"open": opened}']
    assert sample.uses("LIMIT") == ["pkg/main.py: return handlers.LIMIT"]
    assert sample.at("pkg/main.py", "return handlers.LIMIT", "LIMIT") == "pkg/handlers.py:LIMIT"


def test_re_exports_are_followed() -> None:
    sample = Sample(
        {
            "src/lib/__init__.py": "from .api import get\nfrom .models import *\n",
            "src/lib/api.py": "def get(url):\n    return url\n",
            "src/lib/models.py": "__all__ = ['Model']\n\nclass Model:\n    def save(self):\n        pass\n",
            "tests/test_it.py": """
                import lib
                from lib import Model

                def test_get():
                    lib.get("x")
                    Model().save()
                """,
        }
    )
    assert sample.uses("api.get") == ['tests/test_it.py: lib.get("x")']
    assert sample.uses("Model.save") == ["tests/test_it.py: Model().save()"]
    assert "tests/test_it.py: Model().save()" in sample.uses("Model")


def test_a_circle_of_imports_ends() -> None:
    sample = Sample(
        {
            "a.py": "from b import *\nfrom b import x\n\ndef f():\n    return x()\n",
            "b.py": "from a import *\nfrom a import x\n",
        }
    )
    assert sample.at("a.py", "return x()", "x") in ("possible", "excluded")


def test_locals_hide_what_is_outside() -> None:
    sample = Sample(
        {
            "app.py": """
                def name():
                    return 1

                def other(name):
                    return name()

                def third():
                    name = str
                    return name()

                def fourth():
                    return name()
                """,
        }
    )
    assert sample.uses("name") == ["app.py: return name()"]
    assert [use.line for use in sample.resolver.uses(sample.definition("name")).uses] == [12]


def test_members_through_hierarchies_over_files() -> None:
    sample = Sample(
        {
            "base.py": """
                class Base:
                    def close(self):
                        self.flush()

                    def flush(self):
                        pass
                """,
            "sub.py": """
                from base import Base

                class Sub(Base):
                    def flush(self):
                        super().flush()

                    def run(self):
                        self.close()

                def use(sub: Sub, base: "Base | None"):
                    sub.flush()
                    sub.close()
                    base.flush()
                """,
        }
    )
    assert sample.uses("Base.flush") == [
        "base.py: self.flush()",
        "sub.py: def flush(self):",
        "sub.py: super().flush()",
        "sub.py: base.flush()",
    ]
    assert sample.uses("Sub.flush") == ["sub.py: sub.flush()"]
    assert sample.uses("Sub.flush", grade="possible") == ["base.py: self.flush()", "sub.py: base.flush()"]
    assert sample.uses("close") == ["sub.py: self.close()", "sub.py: sub.close()"]


def test_submodules_packages_and_namespaces() -> None:
    sample = Sample(
        {
            "src/acme/__init__.py": "",
            "src/acme/net/__init__.py": "from . import tools\nfrom .client import Client as Client\n",
            "src/acme/net/client.py": "class Client:\n    def send(self):\n        pass\n",
            "src/acme/net/tools.py": "def trim(text):\n    return text\n",
            "plain/space/deep.py": "def dig():\n    return 1\n",
            "tests/test_net.py": """
                import acme.net.tools
                import acme.net.client as c
                from acme import net
                from plain.space import deep
                import plain.space.deep as also

                acme.net.tools.trim("a")
                c.Client().send()
                net.tools.trim("b")
                net.Client
                deep.dig()
                also.dig()
                """,
        }
    )
    assert sample.uses("trim") == [
        'tests/test_net.py: acme.net.tools.trim("a")',
        'tests/test_net.py: net.tools.trim("b")',
    ]
    assert sample.uses("Client") == ["tests/test_net.py: c.Client().send()", "tests/test_net.py: net.Client"]
    assert sample.uses("Client.send") == ["tests/test_net.py: c.Client().send()"]
    assert sample.uses("dig") == ["tests/test_net.py: deep.dig()", "tests/test_net.py: also.dig()"]


def test_relative_imports_of_parents() -> None:
    sample = Sample(
        {
            "pkg/__init__.py": "VERSION = '1'\n",
            "pkg/util.py": "def helper():\n    pass\n",
            "pkg/sub/__init__.py": "",
            "pkg/sub/mod.py": """
                from .. import VERSION, util
                from ..util import helper
                from . import other

                def run():
                    helper()
                    util.helper()
                    other.thing()
                    return VERSION
                """,
            "pkg/sub/other.py": "def thing():\n    pass\n",
            "elsewhere/util.py": "def helper():\n    pass\n",
        }
    )
    assert sample.at("pkg/sub/mod.py", "helper()", "helper") == "pkg/util.py:helper"
    assert sample.at("pkg/sub/mod.py", "util.helper()", "helper") == "pkg/util.py:helper"
    assert sample.at("pkg/sub/mod.py", "other.thing()", "thing") == "pkg/sub/other.py:thing"
    assert sample.at("pkg/sub/mod.py", "return VERSION", "VERSION") == "pkg/__init__.py:VERSION"
    assert sample.uses("helper", "elsewhere/util.py") == []


def test_conditional_and_type_checking_imports() -> None:
    sample = Sample(
        {
            "pkg/__init__.py": "",
            "pkg/fast.py": "def dumps(x):\n    return x\n",
            "pkg/slow.py": "def dumps(x):\n    return x\n",
            "pkg/shape.py": "class Shape:\n    def area(self):\n        return 0\n",
            "pkg/user.py": """
                from __future__ import annotations
                from typing import TYPE_CHECKING

                try:
                    from .fast import dumps
                except ImportError:
                    from .slow import dumps

                if TYPE_CHECKING:
                    from .shape import Shape

                def draw(shape: Shape, more: "list[Shape]"):
                    shape.area()
                    for one in more:
                        one.area()
                    return dumps(1)
                """,
        }
    )
    assert sample.at("pkg/user.py", "return dumps(1)", "dumps") == "pkg/fast.py:dumps pkg/slow.py:dumps"
    assert sample.uses("Shape.area") == ["pkg/user.py: shape.area()", "pkg/user.py: one.area()"]


TYPES = {
    "pkg/__init__.py": "",
    "pkg/box.py": """
        from __future__ import annotations
        from typing import Iterator, Self

        class Box:
            size: int = 0

            def __init__(self, lid: Lid | None = None):
                self.lid = lid
                self.own = Lid()

            def open(self) -> Lid:
                return Lid()

            def chain(self) -> Self:
                return self

            def again(self):
                return self

            @property
            def top(self) -> Lid:
                return self.own

            @classmethod
            def make(cls):
                return cls()

            @classmethod
            def typed(cls) -> "Box":
                return cls()

            def __getitem__(self, key) -> Lid:
                return self.own

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

        class Lid:
            def lift(self):
                pass

        def boxes() -> Iterator[Box]:
            yield Box()
        """,
}


def receivers(body: str) -> Sample:
    return Sample({**TYPES, "pkg/main.py": body})


def test_receivers_whose_class_is_known() -> None:
    sample = receivers("""
        import contextlib
        from typing import Optional, Type, Union, cast
        from .box import Box, Lid, boxes

        def a(box: Box): box.open().lift()
        def b(box: Optional[Box]): box.lid.lift()
        def c(box: Union[Box, str]): box.own.lift()
        def d(kind: Type[Box]): kind().top.lift()
        def e(all: dict[str, Box]): all["a"].own.lift()
        def g(all: dict[str, Box]): all.get("x").chain().own.lift()
        def h(): Box.make().own.lift()
        def i(): Box.typed().again().own.lift()
        def j():
            with Box() as box: box.own.lift()
        def k():
            for box in boxes(): box.own.lift()
        def m(box: "Box" = None):
            lid = box[0]
            lid.lift()
        async def n(box: Box):
            (await box.open()).lift()
        def p(box: type[Box]): box.make().own.lift()
        def f(all: dict[str, Box]):
            for name, box in all.items(): box.own.lift()
        def q(pairs: list[tuple[str, Box]]):
            for name, box in pairs: box.own.lift()
        def r(x):
            if isinstance(x, Box): x.own.lift()
        def t(x):
            if isinstance(x, (Box, Lid)) and x.own.lift():
                x.own.lift()
        def u(x, y):
            if not isinstance(x, Box):
                return
            x.own.lift()
            assert isinstance(y, Lid)
            y.lift()
        def v(pair: tuple[Box, str]):
            box, name = pair
            box.own.lift()
        def x(many: list[Box], other):
            for number, box in enumerate(many): box.own.lift()
            for box in sorted(many, key=len): box.own.lift()
            next(iter(many)).own.lift()
            for n, b in enumerate(list(many)): b.own.lift()
            max(many, key=len).own.lift()
            box = cast("Box", other)
            box.own.lift()
            list(reversed(many))[0].own.lift()
        def y(box: Box | None):
            if box: box.own.lift()
        def w(box: dict[str, Box] | None):
            box["x"].own.lift()
        BOX = Box()
        BOX.own.lift()
        def s():
            return [box.own.lift() for box in boxes()]
        """)
    found = sample.resolver.uses(sample.definition("lift")).uses
    lines = {use.line: use.grade for use in found}
    text = sample.texts["pkg/main.py"].splitlines()
    wanted = {number for number, line in enumerate(text, 1) if "lift" in line}
    missing = [text[number - 1] for number in sorted(wanted) if lines.get(number) != "resolved"]
    assert not missing


def test_enums_dataclasses_and_class_attributes() -> None:
    sample = Sample(
        {
            "model.py": """
                import enum
                from dataclasses import dataclass, field

                class Color(enum.Enum):
                    RED = 1
                    BLUE = 2

                    def hex(self):
                        return self.value

                @dataclass
                class Point:
                    color: Color
                    x: int = 0
                    near: "list[Point]" = field(default_factory=list)

                class Config:
                    default = Point(Color.RED)

                    def color(self):
                        return self.default.color.hex()
                """,
            "use.py": """
                from model import Color, Point, Config

                def run(p: Point):
                    p.color.hex()
                    p.x = 3
                    Color.BLUE.hex()
                    for other in p.near:
                        print(other.x)
                    Config.default.color.hex()
                    Config().default.x
                """,
        }
    )
    assert sample.uses("hex") == [
        "model.py: return self.default.color.hex()",
        "use.py: p.color.hex()",
        "use.py: Color.BLUE.hex()",
        "use.py: Config.default.color.hex()",
    ]
    assert sample.uses("Point.x") == ["use.py: p.x = 3", "use.py: print(other.x)", "use.py: Config().default.x"]
    assert sample.uses("RED") == ["model.py: default = Point(Color.RED)"]


def test_what_leads_out_of_the_index_is_excluded() -> None:
    sample = Sample(
        {
            "mine.py": """
                class Store:
                    def get(self, key): pass
                    def join(self): pass
                    def load(self): pass

                def loads(text): pass
                def run(): pass
                """,
            "other.py": """
                import json
                import os.path
                import subprocess
                from threading import Thread
                from elsewhere import *

                def go(thread: Thread, unknown):
                    json.loads("1")
                    os.path.join("a", "b")
                    "x".join([])
                    thread.join()
                    subprocess.run([])
                    {}.get(1)
                    Thread().join()
                    unknown.load()
                    mystery()
                    print()
                """,
        }
    )
    assert sample.uses("loads", grade="possible") == []
    assert sample.uses("Store.join", grade="possible") == []
    assert sample.uses("run", grade="possible") == []
    assert sample.uses("Store.get", grade="possible") == []
    assert sample.uses("Store.load", grade="possible") == ["other.py: unknown.load()"]
    assert sample.at("other.py", "mystery()", "mystery") == "possible"
    assert sample.at("other.py", "print()", "print") == "excluded"


def test_names_in_strings_and_getattr_are_possible() -> None:
    sample = Sample(
        {
            "a.py": """
                __all__ = ["shown"]

                def shown(): pass

                class Thing:
                    def act(self): pass

                def call(thing):
                    return getattr(thing, "act")()
                """,
        }
    )
    assert sample.uses("Thing.act", grade="possible") == ['a.py: return getattr(thing, "act")()']
    assert sample.kinds("shown") == ["export"]


def test_monkeypatching_is_a_write() -> None:
    sample = Sample(
        {
            "lib.py": "def fetch(): pass\n\nclass Client:\n    def send(self): pass\n",
            "test_lib.py": "import lib\n\nlib.fetch = None\nlib.Client.send = None\n",
        }
    )
    assert sample.kinds("fetch") == ["write"]
    assert sample.kinds("send") == ["write"]


def test_nested_functions_and_names_of_classes_are_kept_apart() -> None:
    sample = Sample(
        {
            "a.py": """
                def outer():
                    def inner():
                        return 1
                    return inner()

                def other():
                    def inner():
                        return 2
                    return inner

                class Inner:
                    def inner(self):
                        return inner

                def inner():
                    pass
                """,
        }
    )
    assert sample.at("a.py", "return inner()", "inner") == "a.py:outer.inner"
    found = [one for one in sample.resolver.definitions("inner") if one.qualified_name == "inner"]
    assert [use.line for use in sample.resolver.uses(found[0]).resolved] == [13]


def test_calls_of_a_class_call_its_constructor() -> None:
    sample = Sample(
        {
            "a.py": """
                class Base:
                    def __init__(self): pass

                class Sub(Base):
                    pass

                class Own(Base):
                    def __init__(self):
                        super().__init__()

                Base()
                Sub()
                Own()
                """,
        }
    )
    assert sample.uses("Base.__init__") == [
        "a.py: def __init__(self):",
        "a.py: super().__init__()",
        "a.py: Base()",
        "a.py: Sub()",
    ]


def test_callees_and_aliases() -> None:
    sample = Sample(
        {
            "lib.py": "def work(): pass\n\nclass Tool:\n    def use(self): pass\n",
            "main.py": """
                from functools import partial
                from lib import work as do_work, Tool

                def main(tool: Tool, unknown):
                    do_work()
                    tool.use()
                    unknown.use()
                    return partial(do_work)

                again = do_work
                """,
        }
    )
    assert sample.callees("main") == ["Tool", "work", "Tool.use"]
    assert sample.uses("work") == ["main.py: do_work()", "main.py: return partial(do_work)", "main.py: again = do_work"]


def test_mixins_see_what_a_class_beside_them_has() -> None:
    sample = Sample(
        {
            "a.py": """
                class Mixin:
                    def run(self):
                        self.prepare()

                class Base:
                    def prepare(self): pass

                class Both(Mixin, Base):
                    pass

                class Unrelated:
                    def prepare(self): pass
                """,
        }
    )
    assert sample.uses("Base.prepare", grade="possible") == ["a.py: self.prepare()"]
    assert sample.uses("Unrelated.prepare", grade="possible") == []


def test_decorators_that_make_something_else_of_a_function() -> None:
    sample = Sample(
        {
            "cli.py": """
                from typing import Callable, TypeVar, overload
                import functools

                F = TypeVar("F", bound=Callable)

                class Group:
                    def command(self, name=None):
                        def decorator(f):
                            return f
                        return decorator

                @overload
                def group(name: str) -> Callable[[F], Group]: ...
                @overload
                def group(name: None = None) -> Callable[[F], Group]: ...
                def group(name=None):
                    pass

                def same(f: F) -> F:
                    return f
                """,
            "app.py": """
                import external
                from cli import group, same

                @group()
                def main(): pass

                @main.command("a")
                def first(): pass

                @same
                def second(): pass

                @external.task
                def third(): pass

                second()
                third.command()
                first()
                """,
        }
    )
    assert sample.uses("command") == ['app.py: @main.command("a")']
    assert sample.uses("command", grade="possible") == ["app.py: third.command()"]
    assert sample.uses("second") == ["app.py: second()"]
    assert sample.uses("first") == ["app.py: first()"]


def test_what_attributes_of_libraries_hold_is_not_known() -> None:
    sample = Sample(
        {
            "users.py": """
                class User:
                    def logout(self): pass
                    def get(self): pass

                def run(): pass
                """,
            "views.py": """
                import importlib
                import unittest.mock
                from web import Request, View, session

                class Page(View):
                    def post(self):
                        self.request.user.logout()

                def view(request: Request):
                    request.user.logout()
                    request.get()
                    importlib.import_module("users").run()
                    unittest.mock.Mock().get()
                    session.get()
                """,
        }
    )
    assert sample.uses("logout", grade="possible") == [
        "views.py: self.request.user.logout()",
        "views.py: request.user.logout()",
    ]
    assert sample.uses("User.get", grade="possible") == ["views.py: unittest.mock.Mock().get()"]
    assert sample.uses("run", grade="possible") == ['views.py: importlib.import_module("users").run()']


def test_modules_that_import_all_of_each_other() -> None:
    sample = Sample(
        {
            "a.py": "from b import *\nfrom c import *\n",
            "b.py": "from a import *\n\ndef use():\n    return deep()\n",
            "c.py": "__all__ = ['deep', '_hidden']\n\ndef deep(): pass\ndef _hidden(): pass\n",
            "d.py": "from a import *\nfrom b import *\n\ndeep()\n_hidden()\n",
        }
    )
    assert sample.at("d.py", "deep()", "deep") == "c.py:deep"
    assert sample.at("b.py", "return deep()", "deep") == "c.py:deep"


def test_dynamic_members_and_the_class_of_an_instance() -> None:
    sample = Sample(
        {
            "a.py": """
                class Proxy:
                    def __getattr__(self, name): pass

                class Real:
                    def act(self): pass

                    @classmethod
                    def make(cls): return cls()

                    def again(self):
                        self.__class__.make().act()

                def go(proxy: Proxy, real: Real):
                    proxy.act()
                    real.__class__.make()
                """,
        }
    )
    assert sample.uses("act") == ["a.py: self.__class__.make().act()"]
    assert sample.uses("act", grade="possible") == ["a.py: proxy.act()"]
    assert sample.uses("make") == ["a.py: self.__class__.make().act()", "a.py: real.__class__.make()"]


def test_cells_of_notebooks_share_their_names() -> None:
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Load the data\n"]},
        {
            "cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [],
            "source": ["from lib import load\n", "%matplotlib inline\n", "def début(): return load('é')"],
        },
        {
            "cell_type": "code", "execution_count": 2, "metadata": {}, "outputs": [],
            "source": ["def outer():\n", "    def inner(): pass\n", "    inner()\n", "data = début(); load(data)"],
        },
    ]  # fmt: skip
    notebook = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    sample = Sample({"lib.py": "def load(x): pass\n", "explore.ipynb": text})
    lines = sample.texts["explore.ipynb"].splitlines()
    for name, count in (("load", 3), ("début", 1), ("inner", 1)):
        uses = sample.resolver.uses(sample.definition(name)).resolved
        assert len(uses) == count
        for use in uses:
            assert lines[use.line - 1].encode()[use.column :].startswith(name.encode())


def test_definitions_are_found_by_qualified_names() -> None:
    sample = Sample(
        {
            "src/web/sessions.py": """
                class Session:
                    def get(self): pass

                    class Inner:
                        def get(self): pass
                """,
            "src/web/api.py": "def get(): pass\n",
        }
    )

    def named(name: str, path: str | None = None) -> list[str]:
        return [one.qualified_name for one in sample.resolver.definitions(name, path)]

    assert named("get") == ["get", "Session.get", "Session.Inner.get"]
    assert named("Session.get") == ["Session.get"]
    assert named("Session::get") == ["Session.get"]
    assert named("sessions.Session.get") == ["Session.get"]
    assert named("api.get") == ["get"]
    assert named("get", "src/web/api.py") == ["get"]
    assert named("Nothing.get") == []
    at = sample.resolver.definition_on("src/web/sessions.py", 5, "get")
    assert at is not None
    assert at.qualified_name == "Session.Inner.get"


def test_what_overrides_and_what_is_overridden() -> None:
    sample = Sample(
        {
            "base.py": "class Base:\n    def run(self): pass\n\nclass Other:\n    def run(self): pass\n",
            "middle.py": "from base import Base as Root\n\nclass Middle(Root):\n    pass\n",
            "leaf.py": """
                import middle
                from base import Other

                class Leaf(middle.Middle, Other):
                    def run(self): pass
                """,
        }
    )
    base, leaf = sample.definition("Base.run"), sample.definition("Leaf.run")
    assert [one.qualified_name for one in sample.resolver.overrides(base)] == ["Leaf.run"]
    assert [one.qualified_name for one in sample.resolver.supers(leaf)] == ["Base.run", "Other.run"]
    below = sample.resolver.overrides(sample.definition("Base"))
    assert [one.qualified_name for one in below] == ["Middle", "Leaf"]
    above = sample.resolver.supers(sample.definition("Leaf"))
    assert [one.qualified_name for one in above] == ["Middle", "Base", "Other"]


def test_a_name_in_too_many_files_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.retrieval.resolution.use_search.MAX_FILES", 3)
    files = {f"other/m{number}.py": "def go(x):\n    x.act()\n" for number in range(5)}
    sample = Sample(
        {
            **files,
            "app/thing.py": "class Thing:\n    def act(self): pass\n",
            "app/user.py": "from app.thing import Thing\n\nThing().act()\n",
        }
    )
    uses = sample.resolver.uses(sample.definition("act"))
    assert uses.unread == 4
    assert [use.path for use in uses.resolved] == ["app/user.py"]


def test_of_many_files_those_that_name_the_class_are_searched_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.retrieval.resolution.use_search.MAX_FILES", 3)
    near = {f"app/m{number}.py": "def go(x):\n    x.act()\n" for number in range(5)}
    sample = Sample(
        {
            **near,
            "app/thing.py": "class Thing:\n    def act(self): pass\n",
            "far/away/user.py": "from app.thing import Thing\n\nThing().act()\n",
        }
    )
    uses = sample.resolver.uses(sample.definition("act"))
    assert [use.path for use in uses.resolved] == ["far/away/user.py"]


def test_constructors_of_other_classes_do_not_count_as_files_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.retrieval.resolution.use_search.MAX_FILES", 3)
    other = "class A:\n    pass\n\nclass B(A):\n    def __init__(self):\n        super().__init__()\n"
    sample = Sample(
        {
            **{f"other/m{number}.py": other for number in range(5)},
            "thing.py": "class Thing:\n    def __init__(self): pass\n",
            "user.py": "from thing import Thing\n\nThing()\n",
        }
    )
    uses = sample.resolver.uses(sample.definition("__init__", "thing.py"))
    assert uses.unread == 0
    assert [use.path for use in uses.resolved] == ["user.py"]


def test_conditions_do_not_reach_beyond_their_branch() -> None:
    sample = Sample(
        {
            "a.py": """
                class A:
                    def act(self): pass

                class B:
                    def act(self): pass

                def go(x):
                    if isinstance(x, A):
                        x.act()
                    elif isinstance(x, B):
                        x.act()
                    else:
                        x.act()
                    x.act()

                def again(x: A):
                    if isinstance(x, B):
                        return
                    x.act()
                """,
        }
    )
    uses = sample.resolver.uses(sample.definition("A.act"))
    assert [(use.line, use.grade) for use in uses.uses] == [
        (9, "resolved"),
        (13, "possible"),
        (14, "possible"),
        (19, "resolved"),
    ]


def test_a_parameter_that_is_called_like_its_type() -> None:
    sample = Sample({"a.py": "class schema:\n    def act(self): pass\n\ndef go(schema: schema):\n    schema.act()\n"})
    assert sample.uses("act") == ["a.py: schema.act()"]


def test_a_declared_type_says_more_than_an_assignment() -> None:
    sample = Sample(
        {
            "a.py": """
                class Map:
                    def find(self): pass

                class WeakMap(Map):
                    def find(self): pass

                class Session:
                    items: Map

                    def __init__(self):
                        self.items = WeakMap()
                        self.other: Map = WeakMap()

                    def go(self):
                        self.items.find()
                        self.other.find()
                """,
        }
    )
    calls = ["a.py: self.items.find()", "a.py: self.other.find()"]
    assert sample.uses("Map.find") == ["a.py: def find(self): pass", *calls]
    assert sample.uses("WeakMap.find", grade="possible") == calls


def test_a_module_that_is_called_like_a_library_or_its_package() -> None:
    sample = Sample(
        {
            "acme/__init__.py": "def start(): pass\n",
            "acme/bin/__init__.py": "",
            "acme/bin/acme.py": "def main(): pass\n",
            "acme/bin/shell.py": "import acme\n\nacme.start()\n",
            "acme/backends/__init__.py": "",
            "acme/backends/redis.py": "import redis\n\nclass Client:\n    def connect(self): pass\n\nredis.Client()\n",
            "tests/fixtures/yaml/__init__.py": "def load(): pass\n",
            "acme/conf.py": "import yaml\n\nyaml.load()\n",
            "scripts/helpers.py": "def assist(): pass\n",
            "scripts/run.py": "import helpers\nfrom helpers import assist\n\nhelpers.assist()\nassist()\n",
        }
    )
    assert sample.uses("start") == ["acme/bin/shell.py: acme.start()"]
    assert sample.uses("Client") == []
    assert sample.uses("load") == []
    assert sample.uses("assist") == ["scripts/run.py: helpers.assist()", "scripts/run.py: assist()"]


def test_names_of_modules_in_imports_are_no_uses_of_functions() -> None:
    sample = Sample(
        {
            "celery/__init__.py": "",
            "celery/app.py": "def celery(): pass\n",
            "celery/main.py": "from celery.app import celery\nfrom celery.app import (\n    celery as other,\n)\n",
            "celery/more.py": "from celery import app\nfrom celery.app import celery\n",
        }
    )
    uses = sample.resolver.uses(sample.definition("celery")).resolved
    assert [(use.path, use.line) for use in uses if use.path == "celery/more.py"] == [("celery/more.py", 2)]
    assert ("celery/main.py", 3) in [(use.path, use.line) for use in uses]


def test_types_in_quotes_are_mentions() -> None:
    sample = Sample(
        {
            "shop.py": "class Cart: ...\n",
            "page.py": """
                import shop
                from shop import Cart
                def show(cart: "Cart", carts: "list[Cart | None]", last: dict[str, "shop.Cart"]) -> "Cart":
                    return cart
                kind: "Literal['Cart']"
            """,
        }
    )
    assert sample.kinds("Cart") == ["import", "type", "type", "type", "type"]


def test_a_root_that_is_a_package_itself() -> None:
    sample = Sample(
        {
            "__init__.py": "from .core import Engine\n",
            "core.py": """
                class Engine:
                    def run(self): ...
                def helper(): ...
            """,
            "sub/tool.py": """
                import numpy
                import shop.core
                from shop import Engine as Motor
                from shop.core import helper
                def go():
                    helper()
                    shop.core.helper()
                    Motor().run()
                    numpy.helper()
            """,
        }
    )
    # The root's own name is not known, so `shop` may be it or a library: neither stated nor denied.
    assert sample.uses("helper", grade="possible") == ["sub/tool.py: helper()", "sub/tool.py: shop.core.helper()"]
    assert sample.uses("Engine.run", grade="possible") == ["sub/tool.py: Motor().run()"]
    assert sample.at("sub/tool.py", "helper()", "helper") == "possible"


def test_what_python_itself_looks_up_in_a_module() -> None:
    sample = Sample({"shop.py": "def __getattr__(name): ...\n__version__ = '1'\ndef plain(): ...\n"})
    unseen = [sample.resolver.unseen_use(sample.definition(name)) for name in ("__getattr__", "__version__", "plain")]
    assert [bool(how) for how in unseen] == [True, True, False]


def test_an_exception_of_several_types() -> None:
    sample = Sample(
        {
            "a.py": """
                class First(Exception):
                    def detail(self): ...
                class Second(Exception): ...
                try: ...
                except (First, Second) as error:
                    error.detail()
            """
        }
    )
    assert sample.at("a.py", "error.detail()", "detail") == "a.py:First.detail"


def test_a_decorator_of_the_name_of_what_it_decorates() -> None:
    sample = Sample(
        {
            "hooks.py": "def check(f): return f\ndef post(**kw): ...\n",
            "a.py": """
                from hooks import check, post
                class A:
                    @check
                    def check(self): ...
                    @post(many=True)
                    def post(self): ...
                    @property
                    def size(self): return 1
                    @size.setter
                    def size(self, value): ...
            """,
        }
    )
    assert sample.at("a.py", "@check", "check") == "hooks.py:check"
    assert sample.at("a.py", "@post(many=True)", "post") == "hooks.py:post"
    assert sample.uses("check", "hooks.py") == ["a.py: @check"]
    assert "A.size" in sample.at("a.py", "@size.setter", "size")


def test_fields_that_arguments_give_values_to() -> None:
    sample = Sample({
        "frames.py": """
            from dataclasses import dataclass
            from typing import NamedTuple
            from library import Model

            @dataclass
            class Frame:
                name: str
                line: int = 0

            class Inner(Frame):
                depth: int = 1

            class Pair(NamedTuple):
                name: str

            class Row(Model):
                name = "x"

            class Plain:
                name: str = ""
                def __init__(self, name):
                    self.name = name
        """,
        "main.py": """
            import frames
            from frames import Frame, Inner, Pair, Plain, Row

            def make(x, Frame2=None):
                frame = Frame(name=x, line=2)
                inner = frames.Inner(name=x, depth=3)
                pair = Pair(name=x)
                row = Row(name=x)
                plain = Plain(name=x)
                other = Unknown(name=x)
                call(name=x)
        """,
    })  # fmt: skip
    assert sample.uses("Frame.name") == [
        "main.py: frame = Frame(name=x, line=2)", "main.py: inner = frames.Inner(name=x, depth=3)",
    ]  # fmt: skip
    assert sample.uses("Frame.name", grade="possible") == []
    assert sample.uses("Frame.line") == ["main.py: frame = Frame(name=x, line=2)"]
    assert sample.uses("Inner.depth") == ["main.py: inner = frames.Inner(name=x, depth=3)"]
    assert sample.uses("Pair.name") == ["main.py: pair = Pair(name=x)"]
    assert sample.uses("Row.name") == []
    assert sample.uses("Row.name", grade="possible") == ["main.py: row = Row(name=x)"]
    assert "main.py: plain = Plain(name=x)" not in sample.uses("Plain.name")


def test_what_is_none_at_first_may_hold_anything_later() -> None:
    files = {
        "lexer.py": """
            class Lexer:
                _made = None
                _set_elsewhere = None

                def __init__(self):
                    self.reader = None

                @classmethod
                def default(cls):
                    if cls._made is None:
                        cls._made = cls()
                    return cls._made

                def tokens(self):
                    return self.reader.lines()

            class Reader:
                def lines(self):
                    return []

            def run():
                Lexer._set_elsewhere.lines()
                return Lexer.default().tokens()
        """
    }
    sample = Sample(files)
    assert sample.at("lexer.py", "return Lexer.default().tokens()", "tokens") == "lexer.py:Lexer.tokens"
    assert sample.uses("lines", None, "possible") == [
        "lexer.py: return self.reader.lines()",
        "lexer.py: Lexer._set_elsewhere.lines()",
    ]


def test_what_replaces_an_imported_name_is_what_other_files_import() -> None:
    files = {
        "pkg/__init__.py": """
            from ._parts import Lexer, Reader, Writer
            from ._parts import Parser as Parser
            from .old import deprecate

            Lexer = deprecate(Lexer)
            Writer = Writer
            try:
                from fast import Reader
            except ImportError:
                Reader = None
        """,
        "pkg/_parts.py": "class Lexer: ...\nclass Reader: ...\nclass Writer: ...\nclass Parser: ...\n",
        "pkg/old.py": "def deprecate(one):\n    return wrap(one)\n",
        "run.py": "from pkg import Lexer, Reader, Writer, Parser\nLexer()\nReader()\nWriter()\nParser()\n",
    }
    sample = Sample(files)
    assert sample.at("run.py", "Lexer()", "Lexer") == "pkg/__init__.py:Lexer"
    assert sample.uses("Lexer", "pkg/_parts.py") == ["pkg/__init__.py: Lexer = deprecate(Lexer)"]
    assert "pkg/_parts.py:Reader" in sample.at("run.py", "Reader()", "Reader")
    assert "pkg/_parts.py:Writer" in sample.at("run.py", "Writer()", "Writer")
    assert sample.at("run.py", "Parser()", "Parser") == "pkg/_parts.py:Parser"
