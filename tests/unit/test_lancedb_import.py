"""LanceDB is imported without the client of its servers, which is still there for who asks for it."""

from __future__ import annotations

import subprocess
import sys

CLIENT = "lance_namespace_urllib3_client"


def run(code: str) -> None:
    """In a fresh interpreter."""
    subprocess.run([sys.executable, "-c", f"import sys\nfrom glossator.index import table\n{code}"], check=True)


def test_the_client_is_not_imported() -> None:
    run(f"table.load(); import lancedb; assert lancedb.connect_async; assert '{CLIENT}.api_client' not in sys.modules")


def test_the_client_is_imported_when_it_is_used() -> None:
    run(f"table.load(); from {CLIENT} import ApiClient, ListTablesRequest; assert ApiClient().configuration")
    run(f"table.load(); import {CLIENT} as client; assert client.models.ListTablesRequest is client.ListTablesRequest")
    run(f"table.load(); import {CLIENT} as client; assert not hasattr(client, 'nothing'); assert client.TableApi")


def test_a_client_that_is_imported_already_stays() -> None:
    run(f"import {CLIENT} as client; table.load(); assert sys.modules['{CLIENT}'] is client; assert client.TableApi")


def test_without_a_client_lancedb_is_imported_as_it_is() -> None:
    run("table._defer('no_such_package'); assert 'no_such_package' not in sys.modules; table.load()")
