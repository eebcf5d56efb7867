"""Names in Python: which definition each mention means, in small trees whose answers are known."""

from __future__ import annotations

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
