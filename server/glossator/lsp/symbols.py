"""Symbols as LSP shows them: hovers, outlines, kinds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.records import StoredEntry
    from glossator.project.root import Root

HOVER_DOC = 300
"""Characters of a doc comment that a hover shows: other servers' hovers show it all, and ours should not cover them."""
HOVER_EXPLANATION = 500
"""Characters of an explanation that a hover shows; "Explain" shows the rest."""

_KINDS: dict[str, types.SymbolKind] = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "constructor": types.SymbolKind.Constructor,
    "class": types.SymbolKind.Class,
    "component": types.SymbolKind.Class,
    "struct": types.SymbolKind.Struct,
    "interface": types.SymbolKind.Interface,
    "trait": types.SymbolKind.Interface,
    "protocol": types.SymbolKind.Interface,
    "enum": types.SymbolKind.Enum,
    "enum_member": types.SymbolKind.EnumMember,
    "union": types.SymbolKind.Struct,
    "type": types.SymbolKind.TypeParameter,
    "module": types.SymbolKind.Module,
    "namespace": types.SymbolKind.Namespace,
    "package": types.SymbolKind.Package,
    "constant": types.SymbolKind.Constant,
    "variable": types.SymbolKind.Variable,
    "field": types.SymbolKind.Field,
    "property": types.SymbolKind.Property,
    "macro": types.SymbolKind.Function,
    "object": types.SymbolKind.Object,
    "test": types.SymbolKind.Function,
    "section": types.SymbolKind.String,
    "key": types.SymbolKind.Key,
    "message": types.SymbolKind.Struct,
    "service": types.SymbolKind.Interface,
    "rpc": types.SymbolKind.Method,
    "table": types.SymbolKind.Struct,
}


def symbol_kind(kind: str) -> types.SymbolKind:
    """LSP's nearest kind."""
    return _KINDS.get(kind, types.SymbolKind.Object)


@dataclass(frozen=True, slots=True)
class Described:
    """A symbol, and what a hover says of it."""

    entry: StoredEntry
    uses: int
    """Entries that refer to its name."""
    callees: int
    """Names that it refers to which are defined in the index."""


def describe(root: Root, path: str, line: int, word: str) -> Described | None:
    """The symbol that a word at a line means: the definition of that name there, else the nearest of that name.

    Without a word (or for one that names nothing) it is the definition that the line is in.
    """
    inside = root.entry_at(path, line)
    entry = None
    if word:
        entry = inside if inside is not None and inside.name == word else None
        if entry is None:
            found = [other for other in root.nearest_named(word, path) if other.kind != "block"]
            entry = min(found, key=lambda other: _distance(other, path, line), default=None)
    else:
        entry = inside if inside is not None and inside.kind != "block" else None
    if entry is None:
        return None
    return Described(entry, root.reference_count(entry.name), root.callee_count(entry))


def _distance(entry: StoredEntry, path: str, line: int) -> tuple[int, int, bool, int]:
    """How far a definition is from a use: in the same file, by folders apart, what only declares it last, by lines."""
    if entry.path == path:
        return 0, 0, entry.stub, abs(entry.name_line - line)
    one, other = entry.path.split("/")[:-1], path.split("/")[:-1]
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return 1, len(one) + len(other) - 2 * shared, entry.stub, entry.id


def _plain(text: str) -> str:
    """Text from a source file, harmless in Markdown: no links, images, HTML or command links come out of it."""
    for character in "\\`*_{}[]<>#|!":
        text = text.replace(character, "\\" + character)
    return text


def _harmless(markdown: str) -> str:
    """Markdown that a model wrote, without links, images and HTML: an editor trusts the command links of our hovers.

    A character without width in the middle of each leaves what is seen as it was, in code too.
    """
    return re.sub(r"\](?=[(\[:])", "]\u200b", re.sub(r"<(?=[A-Za-z/!?])", "<\u200b", markdown))


def _beginning(text: str, most: int) -> str:
    """The first paragraphs of a text, or as many words of the first as may be shown."""
    text = text.strip()
    if len(text) <= most:
        return text
    end = text.rfind("\n\n", 0, most)
    return text[:end] if end > 0 else text[:most].rsplit(None, 1)[0] + " ..."


def _fenced(code: str, language: str) -> str:
    ticks = "```"
    while ticks in code:
        ticks += "`"
    return f"{ticks}{language}\n{code}\n{ticks}"


def hover_text(
    described: Described,
    explanation: str | None,
    uri: str,
    position: types.Position,
    links: Sequence[tuple[str, str]],
    target: str,
) -> str:
    """A hover's Markdown. Links are commands of ours and places of the index, never anything from the source."""
    entry = described.entry
    parts = [_fenced(entry.signature or entry.qualified_name, entry.language if entry.language != "text" else "")]
    if entry.doc:
        parts.append(_plain(_beginning(entry.doc, HOVER_DOC)).replace("\n", "  \n"))
    if explanation:
        parts.append(_harmless(_beginning(explanation, HOVER_EXPLANATION)))
    uses = "1 use" if described.uses == 1 else f"{described.uses:,} uses"
    calls = "uses 1 symbol" if described.callees == 1 else f"uses {described.callees:,} symbols"
    where = f"[{_plain(entry.path)}:{entry.name_line}]({target}#L{entry.name_line})"
    parts.append(f"{entry.kind} in {where} · {uses} · {calls}")
    argument = quote(json.dumps([{"uri": uri, "position": {"line": position.line, "character": position.character}}]))
    parts.append(" · ".join(f"[{title}](command:{command}?{argument})" for title, command in links))
    return "\n\n".join(parts)


def document_symbols(root: Root, path: str, ranges: Callable[[int, int], types.Range]) -> list[types.DocumentSymbol]:
    """The outline of a file."""
    entries = [entry for entry in root.entries_in(path) if entry.part == 0 and entry.name and entry.kind != "block"]
    made = {
        entry.id: types.DocumentSymbol(
            name=entry.name,
            detail=entry.signature[:120],
            kind=symbol_kind(entry.kind),
            range=ranges(entry.start_line, entry.end_line),
            selection_range=ranges(entry.name_line, entry.name_line),
            children=[],
        )
        for entry in entries
    }
    children: dict[int | None, list[types.DocumentSymbol]] = {}
    for entry in entries:
        parent = entry.parent if entry.parent in made else None
        children.setdefault(parent, []).append(made[entry.id])
    for number, symbol in made.items():
        symbol.children = children.get(number, [])
    return children.get(None, [])
