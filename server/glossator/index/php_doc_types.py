"""Types in PHP's doc comments: `@return Session`, `@var Session|null`, `@param Session $session`.

Only those that name classes count; what a template stands for and the shapes of arrays are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.doc_types import DocTypes, doc_comments

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_TAG: Final = re.compile(rb"@(?:(return|var)[ \t]+(\S+)|param[ \t]+(\S+)[ \t]+(?:\.\.\.)?(\$\w+))")
_FUNCTION: Final = re.compile(rb"(?:(?:abstract|final|public|protected|private|static)\s+)*function\b")
_FIELD: Final = re.compile(rb"(?:(?:public|protected|private|static|readonly|var)\s+)+\$(\w+)")
_BLANKS: Final = re.compile(rb"\s*")
_PART: Final = re.compile(r"\??(\$this|\\?[A-Za-z_]\w*(?:\\\w+)*)((?:\[\])?)")
_PLACEHOLDER: Final = re.compile(rb"@(?:\w+-)?(?:template(?:-\w+)?|import-type|type)[ \t]+(\w+)")
"""What gives a name to a type that is no class."""
_NO_CLASSES: Final = frozenset(
    (
        *("bool", "boolean", "double", "false", "float", "int", "integer", "never", "null", "number", "numeric"),
        *("real", "scalar", "string", "true", "void"),
    )
)
_OWN: Final = frozenset(("self", "static"))


def php_doc_types(data: bytes) -> Iterator[DocTypes]:
    """The types in a file's doc comments above functions and fields, in order."""
    placeholders = frozenset(found.decode() for found in _PLACEHOLDER.findall(data))
    for start, end in doc_comments(data):
        at = _blanks_end(data, end + 2)
        function = _FUNCTION.match(data, at)
        field = _FIELD.match(data, at) if function is None else None
        if function is None and field is None:
            continue
        parameters: dict[str, str] = {}
        given = {b"return": "", b"var": ""}
        for tag in _TAG.finditer(data, start, end):
            kind = _classes((tag[2] or tag[3]).decode("utf-8", "replace"), placeholders)
            if kind and tag[1]:
                given[tag[1]] = given[tag[1]] or kind
            elif kind:
                parameters[tag[4].decode()] = kind
        if field is not None and given[b"var"]:
            yield DocTypes(at, {}, "", given[b"var"], field[1].decode(), field.start(1), field=True)
        elif function is not None and (parameters or given[b"return"]):
            yield DocTypes(at, parameters, given[b"return"])


def _blanks_end(data: bytes, at: int) -> int:
    found = _BLANKS.match(data, at)
    return found.end() if found is not None else at


def _classes(text: str, placeholders: Collection[str]) -> str:
    """The classes that a type names, "" if it may be something else."""
    kept: list[str] = []
    for part in text.split("|"):
        found = _PART.fullmatch(part)
        if found is None:
            return ""
        name = "static" if found[1] == "$this" else found[1]
        if name.lower() in _NO_CLASSES:
            continue
        if name in placeholders or len(name) == 1 or not (name in _OWN or name.rpartition("\\")[2][:1].isupper()):
            return ""
        kept.append(name + found[2])
    return "|".join(kept)
