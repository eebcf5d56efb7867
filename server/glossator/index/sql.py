"""Definitions in SQL scripts of any dialect: tables, views, routines, types, recognised by how statements begin.

The grammar parses standard SQL and PostgreSQL. On the extensions of T-SQL, PL/SQL, MySQL, DB2 and others it mostly
fails, so definitions are found here instead, by words at the beginning of lines and by where statements end. This
module works on bytes, not trees.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from glossator.index.nesting import Definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.entries import EntryKind

_PART: Final = rb"(?:\"[^\"\n]+\"|`[^`\n]+`|\[[^\]\n]+\]|[#@]{0,2}[^\W\d][\w$#@]*)"
_NAME: Final = _PART + rb"(?:\s*\.\s*" + _PART + rb")*"
_FLAGS: Final = re.IGNORECASE | re.MULTILINE

_HEAD: Final = re.compile(
    rb"^[ \t]*(?:create|alter(?=\s+(?:proc|function|view|trigger|package)))\s+(?:or\s+(?:replace|alter)\s+)?"
    rb"(?:(?:global|local|temp|temporary|unlogged|materialized|recursive|force|no\s+force|editionable|noneditionable|"
    rb"unique|clustered|nonclustered|columnstore|fulltext|spatial|bitmap|external|foreign|virtual|transient|constraint|"
    rb"aggregate|definer\s*=\s*\S+|algorithm\s*=\s*\w+|sql\s+security\s+\w+)\s+)*"
    rb"(table|view|function|procedure|proc|trigger|event|type\s+body|type|domain|schema|index|package\s+body|package|"
    rb"macro|policy|rule)\s+"
    rb"(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?!on\b|authorization\b)(" + _NAME + rb")",
    _FLAGS,
)
_PACKAGED: Final = re.compile(
    rb"^[ \t]*(?:(?:member|static|constructor)\s+)?(?:procedure|function)\s+(" + _PART + rb")", _FLAGS
)
_REFERENCE: Final = re.compile(
    rb"\b(?:from|join|into|update|references|exec|execute|call|perform)\s+(?:function\s+|procedure\s+)?(?:only\s+)?("
    + _NAME
    + rb")(?!\s*=)",
    re.IGNORECASE,
)
_NO_NAMES: Final = frozenset({"select", "set", "lateral", "unnest", "as", "immediate", "values", "stdin", "function"})
_LAST_PART: Final = re.compile(_PART + rb"$")
_TOKEN: Final = re.compile(
    rb"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\1\$|\Z)|\"[^\"\n]*\"|\[[^\]\n]*\]|`[^`\n]*`|"
    rb"[^\W\d]\w*|[();]|\n[ \t]*\r?\n",
    re.DOTALL,
)
_BATCH: Final = re.compile(rb"^[ \t]*go[ \t]*;?[ \t]*\r?$", _FLAGS)
_SLASH: Final = re.compile(rb"^/[ \t]*\r?$", re.MULTILINE)
_DELIMITER: Final = re.compile(rb"^[ \t]*delimiter[ \t]+(\S+)", _FLAGS)

_KINDS: Final[dict[str, EntryKind]] = {
    "table": "table",
    "view": "view",
    "function": "function",
    "procedure": "function",
    "proc": "function",
    "macro": "function",
    "trigger": "function",
    "event": "function",
    "type": "type",
    "domain": "type",
    "schema": "namespace",
    "index": "key",
    "package": "package",
    "policy": "rule",
    "rule": "rule",
}
_STARTERS: Final = frozenset(
    b"alter analyze begin call comment commit create declare delete drop exec execute go grant if insert merge print"
    b" raiserror revoke select set truncate update use vacuum".split()
)
"""Words that begin the next statement if no semicolon ends the previous one."""
_NO_BLOCK: Final = frozenset(b"tran transaction work distributed".split())
_OPENING: Final = frozenset({b"begin", b"case"})
_NO_END: Final = frozenset(b"if loop while repeat for".split())
SCAN_BYTES: Final = 200_000
"""Maximum bytes in which the end of a statement is searched."""


def definitions(data: bytes) -> list[Definition]:
    """The definitions of a script in UTF-8, in order, without those inside a routine."""
    found: list[Definition] = []
    boundaries = _boundaries(data)
    end = 0
    heads = list(_HEAD.finditer(data))
    for index, head in enumerate(heads):
        if head.start() < end:
            continue
        what = head[1].decode().lower().split()[0]
        kind = _KINDS[what]
        start = head.end() - len(head[0].lstrip())
        routine = kind in ("function", "package") or (kind == "type" and b"body" in head[1].lower())
        at = bisect_left(boundaries, head.end())
        limit = boundaries[at] if at < len(boundaries) else len(data)
        if not routine and index + 1 < len(heads):
            limit = min(limit, heads[index + 1].start())
        end, body = _extent(data, head.end(), min(limit, start + SCAN_BYTES), routine, bool(boundaries))
        name, scope, name_at = _named(head[2].decode("utf-8", "replace"), head.start(2))
        found.append(Definition(kind, name, scope, start, end, name_at, body))
        if kind == "package" or what == "type":
            found.extend(_packaged(data, head.end(), end))
    return found


def references(data: bytes) -> Iterator[tuple[int, str]]:
    """(First byte, name) of every table, view or routine that a statement names."""
    for match in _REFERENCE.finditer(data):
        name, _, at = _named(match[1].decode("utf-8", "replace"), match.start(1))
        if name.lower() not in _NO_NAMES:
            yield at, name


def _named(text: str, at: int) -> tuple[str, str, int]:
    """The last part of a name without quotes, its qualifier, and where the last part begins."""
    last = _LAST_PART.search(text.encode())
    begin = last.start() if last else 0
    encoded = text.encode()
    scope = encoded[:begin].decode("utf-8", "replace").rstrip(" .\t\r\n")
    name = encoded[begin:].decode("utf-8", "replace")
    return name.strip('"`[]'), re.sub(r'["`\[\]\s]', "", scope), at + begin


def _boundaries(data: bytes) -> list[int]:
    """Where a batch or routine ends explicitly: at `GO`, `/`, or the delimiter that the script sets."""
    chosen = _DELIMITER.search(data)
    if chosen:
        mark = re.compile(re.escape(chosen[1]) + rb"[ \t]*\r?$|" + _DELIMITER.pattern, _FLAGS)
        return [match.start() for match in mark.finditer(data)]
    batches = [match.start() for match in _BATCH.finditer(data)]
    return batches or [match.start() for match in _SLASH.finditer(data)]


def _extent(data: bytes, position: int, limit: int, routine: bool, bounded: bool) -> tuple[int, int]:
    """The end of the statement whose name ends at `position`, and the start of its body (-1 if it has none)."""
    depth = blocks = 0
    body = -1
    closed = quoted = False
    previous = b""
    for token in _TOKEN.finditer(data, position, limit):
        text = token[0]
        first = text[:1]
        if first == b"(":
            if body < 0 and not routine:
                body = token.start()
            depth += 1
        elif first == b")":
            depth -= 1
            closed = closed or depth <= 0
        elif first == b";":
            if depth <= 0 and blocks <= 0 and not (routine and bounded and not quoted):
                return token.end(), body
        elif first == b"\n":
            if closed and depth <= 0 and not routine:
                return token.start(), body
        elif first == b"$" and routine:
            quoted = True
            body = token.start() if body < 0 else body
        elif text.isalnum():
            word = text.lower()
            if word in (b"as", b"is", b"begin") and depth <= 0 and body < 0:
                body = token.start()
            if routine:
                if previous == b"begin" and word in _NO_BLOCK:
                    blocks -= 1
                elif word in (_NO_END if previous == b"end" else _OPENING):
                    blocks += 1
                elif word == b"end":
                    blocks -= 1
            elif closed and depth <= 0 and word in _STARTERS and _starts_line(data, token.start()):
                return token.start(), body
            previous = word
    return limit, body


def _starts_line(data: bytes, position: int) -> bool:
    return not data[data.rfind(b"\n", 0, position) + 1 : position].strip()


def _packaged(data: bytes, start: int, end: int) -> list[Definition]:
    """The routines of a package, each up to the next or to the package's END."""
    heads = list(_PACKAGED.finditer(data, start, end))
    found = []
    for index, head in enumerate(heads):
        if index + 1 < len(heads):
            stop = heads[index + 1].start()
        else:
            stop = max(data.rfind(b"\nend", head.end(), end), data.rfind(b"\nEND", head.end(), end), head.end())
        begin = head.end() - len(head[0].lstrip())
        stop = begin + len(data[begin:stop].rstrip())
        name, scope, name_at = _named(head[1].decode("utf-8", "replace"), head.start(1))
        _, body = _extent(data, head.end(), stop, True, True)
        found.append(Definition("function", name, scope, begin, stop, name_at, body))
    return found
