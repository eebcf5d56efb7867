"""Patches are read by the numbers in their headers: what stands in a hunk may look like anything."""

from __future__ import annotations

import pytest

from glossator.workspace.patches import Hunk, hunks_and_headers, listed_path, path_after, path_before

PATCH = b"""diff --git a/a.sql b/a.sql
--- a/a.sql
+++ b/a.sql
@@ -3,2 +3 @@ select
--- a/other.sql
-@@ -1 +1 @@
+++ b/other.sql
@@ -9,0 +9,2 @@
+one
+two
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-
"""


def test_lines_of_a_hunk_are_no_headers() -> None:
    parts = [*hunks_and_headers(PATCH)]
    assert [part for part in parts if isinstance(part, Hunk)] == [
        Hunk(3, 1, [(3, b"-- a/other.sql"), (4, b"@@ -1 +1 @@")], [(3, b"++ b/other.sql")]),
        Hunk(9, 2, [], [(9, b"one"), (10, b"two")]),
        Hunk(0, 0, [(1, b"")], []),
    ]
    headers = [part for part in parts if isinstance(part, bytes)]
    assert [*filter(None, map(path_before, headers))] == ["a.sql", "gone.txt"]
    assert [*filter(None, map(path_after, headers))] == ["a.sql"]


def test_context_is_counted() -> None:
    patch = b"@@ -10,4 +20,4 @@\n same\n-old\n+new\n\n last\n@@ -30 +40 @@\n-a\n+b"
    first, second = hunks_and_headers(patch)
    assert first == Hunk(20, 4, [(11, b"old")], [(21, b"new")])
    assert second == Hunk(40, 1, [(30, b"a")], [(40, b"b")])


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (b"a.py", "a.py"),
        (b"two words.py\t", "two words.py"),
        (rb'"a\"b\tc\\d.py"', 'a"b\tc\\d.py'),
        (rb'"caf\303\251.py"', "café.py"),
    ],
)
def test_paths_are_unquoted(written: bytes, path: str) -> None:
    assert listed_path(written) == path
    quoted = written.replace(b'"', b'"b/', 1) if written.startswith(b'"') else b"b/" + written
    assert path_after(b"+++ " + quoted) == path
