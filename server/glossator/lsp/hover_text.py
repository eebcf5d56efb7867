"""The text of a hover. It never waits for a model."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from glossator.answers.use_wording import possible_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lsprotocol import types

    from glossator.lsp.symbol_at import Counts, Described
    from glossator.retrieval.use_records import UseCount

HOVER_DOC = 300
"""Characters of a doc comment shown in a hover: the language's own server shows all of it, and ours should be short."""
HOVER_EXPLANATION = 500
"""Characters of an explanation shown in a hover; "Explain" shows the rest."""


def _plain(text: str) -> str:
    """Text from a source file, escaped for Markdown: it cannot produce links, images or HTML."""
    for character in "\\`*_{}[]<>#|!":
        text = text.replace(character, "\\" + character)
    return text


def _harmless(markdown: str) -> str:
    """A model's Markdown without links, images and HTML, since an editor trusts the command links of our hovers.

    A zero-width character inserted into each disables it without changing what is seen, in code too.
    """
    return re.sub(r"\](?=[(\[:])", "]\u200b", re.sub(r"<(?=[A-Za-z/!?])", "<\u200b", markdown))


def _beginning(text: str, most: int) -> str:
    """The first paragraphs of a text, up to `most` characters; of a longer first one, only its first words."""
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


def uses_text(uses: UseCount) -> str:
    """How often a symbol is used, and how many more places mention its name; "" if nothing is known for certain.

    That it is used nowhere is only said if no place mentions the name.
    """
    if not uses.resolved and (uses.possible or not uses.precise):
        return possible_words(uses.possible).replace(" more", "", 1) if uses.possible else ""
    more = "+" if uses.more else ""
    counted = f"{uses.resolved:,}{more} use" + ("" if uses.resolved == 1 and not more else "s")
    return f"{counted}, {possible_words(uses.possible)}" if uses.possible else counted


def counts_text(counts: Counts | None) -> str:
    """How often the symbol is used, and how many symbols it uses; "" if that is unknown."""
    if counts is None:
        return ""
    parts = [uses_text(counts.uses)]
    if counts.callees:  # of none, some that are only possible were not counted
        parts.append("uses 1 symbol" if counts.callees == 1 else f"uses {counts.callees:,} symbols")
    return "".join(f" · {part}" for part in parts if part)


def markdown_text(described: Described, explanation: str | None, target: str, links: Sequence[str]) -> str:
    """A hover in Markdown. Its only links are to `target`, the URI of the file, and `links`, at the end."""
    entry = described.entry
    parts = [_fenced(entry.signature or entry.qualified_name, entry.language if entry.language != "text" else "")]
    if entry.doc:
        parts.append(_plain(_beginning(entry.doc, HOVER_DOC)).replace("\n", "  \n"))
    if explanation:
        parts.append(_harmless(_beginning(explanation, HOVER_EXPLANATION)))
    where = f"[{_plain(entry.path)}:{entry.name_line}]({target}#L{entry.name_line})"
    parts.append(f"{entry.kind} in {where}{counts_text(described.counts())}")
    if links:
        parts.append(" · ".join(links))
    return "\n\n".join(parts)


def plain_text(described: Described, explanation: str | None) -> str:
    """A hover for a client that does not support Markdown."""
    entry = described.entry
    parts = [entry.signature or entry.qualified_name]
    if entry.doc:
        parts.append(_beginning(entry.doc, HOVER_DOC))
    if explanation:
        parts.append(_beginning(explanation, HOVER_EXPLANATION))
    parts.append(f"{entry.kind} in {entry.path}:{entry.name_line}{counts_text(described.counts())}")
    return "\n\n".join(parts)


def command_link(title: str, command: str, uri: str, position: types.Position) -> str:
    """A link that runs one of the client's commands at a position."""
    argument = quote(json.dumps([{"uri": uri, "position": {"line": position.line, "character": position.character}}]))
    return f"[{title}](command:{command}?{argument})"
