"""The values that parsing produces: the contents of a file.

An *entry* is a piece of a file that can be found: a definition, a window of a long definition, a section of a
document, or the lines between definitions. Lines are 1-based and inclusive, counted at \\n, \\r\\n and \\r only; bytes
are offsets into the file's text encoded as UTF-8 (not into the file on disk, whose encoding may differ).

This module does not know tree-sitter, LanceDB or LSP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import msgspec

from glossator.workspace.files import Skipped as Skipped

EntryKind = Literal[
    "function",
    "method",
    "constructor",
    "class",
    "component",
    "struct",
    "interface",
    "trait",
    "protocol",
    "enum",
    "enum_member",
    "union",
    "type",
    "module",
    "namespace",
    "package",
    "constant",
    "variable",
    "field",
    "property",
    "macro",
    "object",
    "test",
    "table",
    "view",
    "query",
    "message",
    "service",
    "rpc",
    "resource",
    "section",
    "key",
    "rule",
    "element",
    "block",
]
"""`block` is code between definitions, or a piece of a text file without structure."""

ENTRY_KINDS: frozenset[str] = frozenset(get_args(EntryKind))

Aim = Literal["all", "entries", "facts"]
"""What a file is parsed for: its entries are what is searched, its facts tell what uses what."""

CHUNKER_VERSION = 1
"""Part of every vector's key: raise it when the text that is embedded for the same source changes."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One findable piece of a file. (A frozen dataclass would take ten times as long to make, twice per entry.)

    `part` is 0 for a whole definition, and 1, 2, ... for the windows into which a long definition is also split (they
    repeat its name and qualified name; their ranges are inside its range). A class or another container is one entry
    whose `text` is its outline (header, doc, member signatures); its members are separate entries.

    Attributes:
        kind: what it is.
        name: the bare name ("" for a block).
        qualified_name: the name within the file, joined with "." in any language ("Session.close",
            "impl.Parser.next" is "Parser.next"); headings of a document joined with " > "; "" for a block.
        signature: the declaration on one line, without its body, at most 400 characters.
        doc: docstring or leading comment, without comment marks, at most 2,000 characters.
        parent: index of the enclosing entry in `ParsedFile.entries`, or None.
        part: see above.
        start_line: first line, doc comment and decorators included (1-based).
        end_line: last line (inclusive).
        name_line: the line of the name.
        start_byte: first byte of the range in the file's UTF-8 text.
        end_byte: one past its last byte.
        references: names that the range itself calls or refers to, in order of first use, each once, at most 200,
            not those of member entries.
        text: what is embedded and searched: the source of the range (for a container its outline), unindented,
            at most about 4,000 characters.
        stub: whether it only declares what is defined elsewhere: an overload's signature, a prototype, a method of an
            interface.
    """

    kind: EntryKind
    name: str
    qualified_name: str
    signature: str
    doc: str
    parent: int | None
    part: int
    start_line: int
    end_line: int
    name_line: int
    start_byte: int
    end_byte: int
    references: tuple[str, ...]
    text: str
    stub: bool = False


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What one file contains.

    Attributes:
        language: the language's name as in `languages.LANGUAGES` ("text" if none matches).
        entries: in order of `start_byte`, an enclosing entry before those inside it.
        imports: names of modules, packages or files that the file imports, as written, each once.
        has_errors: whether the grammar could not parse all of it.
        facts: what the resolution of names needs to know of it, encoded (see `facts.py`); b"" for nothing.
        noted: the hashes of the names in its facts (`facts.stored_facts`).
        collected: whether it has all facts; False if they were left out, and are to be collected later.
    """

    language: str
    entries: tuple[Entry, ...]
    imports: tuple[str, ...]
    has_errors: bool
    lines: int
    facts: bytes = b""
    noted: bytes = b""
    collected: bool = True
