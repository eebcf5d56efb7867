"""From how far a definition can be seen: only in its file, in its project, or from other projects, too.

It is told by names, flags of the facts and the words before a name; what cannot be told counts as public.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from glossator.index.facts import EXPORTED, LOCAL, PRIVATE
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.retrieval.resolution.file_view import FileView

Visibility = Literal["file", "project", "public"]
"""From where a definition can be named: its own file or type; the files of its project; those of others, too."""

_SCRIPTS: Final = frozenset(("javascript", "typescript", "tsx", "jsx", "vue", "svelte", "astro"))
_C_FAMILY: Final = frozenset(("c", "cpp", "objc"))
_ORDER: Final[tuple[Visibility, ...]] = ("file", "project", "public")
_HEADER: Final = re.compile(r"\.(?:h|hh|hpp|hxx|inl|ipp)$")
_SECTION: Final = re.compile(r"^\s*(public|protected|private)\s*:")
_RUBY_SECTION: Final = re.compile(r"^\s*(private|protected|public)\s*(?:#.*)?$")
_PACKAGED_PRIVATELY: Final = re.compile(r"(?:^|/)_\w+(?:/|\.py$)")

_WORDS: Final[dict[str, tuple[tuple[re.Pattern[str], Visibility], ...]]] = {
    "java": (
        (re.compile(r"\bprivate\b"), "file"),
        (re.compile(r"\b(?:public|protected)\b"), "public"),
    ),
    "csharp": (
        (re.compile(r"\bprivate\b(?! protected)"), "file"),
        (re.compile(r"\b(?:public|protected)\b"), "public"),
        (re.compile(r"\binternal\b"), "project"),
    ),
    "kotlin": (
        (re.compile(r"\bprivate\b"), "file"),
        (re.compile(r"\binternal\b"), "project"),
    ),
    "swift": (
        (re.compile(r"\b(?:file)?private\b(?!\()"), "file"),
        (re.compile(r"\b(?:public|open)\b"), "public"),
    ),
    "rust": (
        (re.compile(r"\bpub\s*\("), "project"),
        (re.compile(r"\bpub\b"), "public"),
    ),
    "php": ((re.compile(r"\bprivate\b"), "file"),),
}
"""Words before a name, by language; the first that stands there decides."""
_UNSAID: Final[dict[str, Visibility]] = {"java": "project", "csharp": "file", "swift": "project", "rust": "file"}
"""What a definition is before whose name none of these words stands; "public" in other languages."""
_AS_THEIR_TYPE: Final = frozenset(("interface", "trait", "protocol", "enum"))
"""Kinds of types whose members are as visible as they are."""


def visibility(view: FileView, index: int, lines: Sequence[str]) -> Visibility:
    """From how far a symbol can be seen; no farther than from where what is around it is.

    Args:
        view: its file.
        index: its number there.
        lines: those of the file.
    """
    found = [_own_visibility(view, one, lines) for one in view.chain(index)]
    return min(found, key=_ORDER.index)


def _own_visibility(view: FileView, index: int, lines: Sequence[str]) -> Visibility:
    """From how far a symbol can be seen, whatever is around it."""
    symbol, language = view.symbol(index), view.facts.language
    around = view.symbol(symbol.parent) if symbol.parent >= 0 else None
    if symbol.flags & (LOCAL | PRIVATE) or (around is not None and around.kind in FUNCTION_KINDS):
        return "file"
    if language == "python":
        if symbol.name.startswith("_"):
            return "file"
        return "project" if _PACKAGED_PRIVATELY.search(view.path) else "public"
    if language == "go":
        inside = view.facts.package == "main" or "internal" in view.path.split("/")[:-1]
        hidden = symbol.scope[:1].islower() or not symbol.name[:1].isupper()
        return "project" if inside or hidden else "public"
    if around is not None and around.kind in _AS_THEIR_TYPE and language != "php":
        return "public"
    line = lines[symbol.line - 1] if symbol.line <= len(lines) else ""
    before = line.encode()[: symbol.column].decode(errors="ignore")
    if language in _SCRIPTS:
        return _in_script(view, index, before)
    if language in _C_FAMILY:
        return _in_c(view, index, before, lines)
    if language == "ruby":
        is_method = around is not None and symbol.kind in FUNCTION_KINDS
        above = lines[around.line - 1 : symbol.line - 1] if around is not None and is_method else ()
        sections = [found[1] for line in above if (found := _RUBY_SECTION.match(line))]
        return "file" if sections[-1:] == ["private"] else "public"
    for words, told in _WORDS.get(language, ()):
        if words.search(before):
            return told
    if language == "csharp" and around is None:
        return "project"
    return _UNSAID.get(language, "public")


def _in_script(view: FileView, index: int, before: str) -> Visibility:
    symbol = view.symbol(index)
    if symbol.parent >= 0 or symbol.scope:
        hidden = symbol.name.startswith(("#", "_")) or re.search(r"\bprivate\b", before)
        return "file" if hidden else "public"
    if symbol.flags & EXPORTED:
        return "public"
    is_module = bool(view.facts.imports) or any(one.flags & EXPORTED for one in view.facts.symbols)
    return "file" if is_module else "project"


def _in_c(view: FileView, index: int, before: str, lines: Sequence[str]) -> Visibility:
    symbol = view.symbol(index)
    around = view.symbol(symbol.parent) if symbol.parent >= 0 else None
    if around is not None and around.kind in TYPE_KINDS - {"namespace", "module"}:
        sections = (found[1] for line in lines[around.line : symbol.line] if (found := _SECTION.match(line)))
        section = ([*sections] or ["private" if around.kind == "class" else "public"])[-1]
        return "file" if section == "private" else "public"
    if re.search(r"\bstatic\b", before) or (around is not None and not around.name):
        return "project" if _HEADER.search(view.path) else "file"
    return "public"
