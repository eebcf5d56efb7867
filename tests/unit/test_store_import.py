"""LanceDB is imported without what nothing here uses, and with it if it cannot be otherwise."""

from __future__ import annotations

import subprocess
import sys

LEFT_OUT = """
import sys
from glossator.index import table

finders = list(sys.meta_path)
table.load()
import lancedb

assert lancedb.connect_async
assert sys.meta_path == finders
assert not [name for name in sys.modules if name.startswith("lance_namespace")]
import lance_namespace

assert issubclass(lance_namespace.ListTablesRequest, object)
assert lance_namespace.__file__
"""

NEEDED = """
import sys
from glossator.index import table


def refuse(self, module):
    raise ImportError(module.__name__)


table._Absent.exec_module = refuse
table.load()
import lancedb

assert lancedb.connect_async
assert "lance_namespace" in sys.modules
"""


def test_a_client_for_servers_is_left_out() -> None:
    subprocess.run([sys.executable, "-c", LEFT_OUT], check=True)


def test_what_cannot_be_left_out_is_imported() -> None:
    subprocess.run([sys.executable, "-c", NEEDED], check=True)
