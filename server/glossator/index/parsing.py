"""Source text to entries: `parse(path, text)`. The only importer of tree_sitter.

A language's query runs once over the tree; everything else is done with byte offsets by `chunking`. Nothing here
reads a file, and nothing is recursive: trees may be as deep as a file is long.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tree_sitter import Parser, Query, QueryCursor, QueryError
from tree_sitter_language_pack import get_language

from glossator.index import sql
from glossator.index.chunking import Chunker
from glossator.index.components import read_component
from glossator.index.conditionals import Conditionals, Reading
from glossator.index.documents import parse_document
from glossator.index.entries import ParsedFile
from glossator.index.facts import make_facts, stored_facts
from glossator.index.languages import LANGUAGES, LEADING_KINDS, TEXT, language_of
from glossator.index.macros import always_misread, definition_of, may_begin, misread, names_in
from glossator.index.masking import masked, only
from glossator.index.mentions import facts_of
from glossator.index.nesting import FUNCTIONS, TYPES, Definition
from glossator.index.notebook_parsing import parse_notebook
from glossator.index.query_files import facts_source, patterns, query_source
from glossator.index.script_packages import is_script_settings, script_settings
from glossator.index.texts import SourceText, blanked
from glossator.workspace.notebooks import is_notebook, read_notebook
from glossator.workspace.screening import pointed_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import tree_sitter

    from glossator.index.components import Component
    from glossator.index.entries import EntryKind
    from glossator.index.languages import Language
    from glossator.index.query_files import Pattern

    _Call = tuple[tree_sitter.Node, tree_sitter.Node]  # a macro's name, and its arguments with their parentheses

__all__ = ["language_of", "parse", "raw_parse"]

NAME_CHARS: Final = 200
REFERENCE_BYTES: Final = 80
"""Longer "names" are expressions that a broken tree takes for one."""
REFERENCES: Final = (
    *("call", "type", "base", "decorator", "template", "reference"),
    *("member.call", "member.type", "member.base", "member.decorator"),
)
"""The mentions that count as references of an entry."""
CLAUSED: Final = frozenset({"function", "method", "constant", "macro"})
"""Kinds that may be defined in several clauses."""
DOTTED: Final = frozenset({"module", "namespace", "package", "protocol"})
"""Kinds whose name may be written with what it lies in (`defmodule Shop.Accounts`)."""
PROTOTYPED: Final = frozenset(
    {
        "c", "cpp", "csharp", "glsl", "go", "haskell", "hlsl", "java", "kotlin", "objc", "ocaml", "ocaml_interface",
        "php", "rust", "scala", "solidity", "svelte", "swift", "tsx", "typescript", "vue", "astro",
    }
)  # fmt: skip
"""Languages whose functions without a body are declared here and defined elsewhere (or by whoever implements them)."""
BESIDE: Final = FUNCTIONS | TYPES
"""Kinds that stay entries of their own where a branch holds them beside the beginning of something else."""
SMALL_BYTES: Final = 200
"""An error up to this long is an error as a whole; in longer ones, the pieces that fit nowhere are."""
ROUNDS: Final = 2
"""How often a file with errors is read again: what is mended may show more."""
DESCEND_BYTES: Final = 1200
"""Nodes smaller than this are not searched for places to cut."""

MAX_DEPTH: Final = 1000
"""Patterns start no deeper than this in the tree. Every node is compared with all patterns that are under way around
it, so a chain of 30,000 calls would take half a minute without a limit; code is not nested that deep."""
FRAGMENTS: Final = 20_000
"""A syntax error of more pieces than this is not searched, since that takes quadratic time: it is no code."""

SEMICOLON: Final = 0x3B
AROUND_TESTS: Final = frozenset(
    {
        "do_statement",
        "else_clause",
        "for_range_loop",
        "for_statement",
        "if_statement",
        "try_statement",
        "while_statement",
    }
)
"""What a test inside a test may stand in."""
CONTAINERS: Final = frozenset(
    {
        "compilation_unit",
        "declaration_list",
        "linkage_specification",
        "namespace_declaration",
        "namespace_definition",
        "preproc_else",
        "preproc_elif",
        "preproc_if",
        "preproc_ifdef",
        "translation_unit",
    }
)
"""Nodes of C's family that hold definitions: damage in one of these leaves the others."""

_ENDIF: Final = re.compile(rb"(?:[\s;]|#[ \t]*endif\b[^\n]*)+")
_QUALIFIED: Final = re.compile(r"^(.*)::\s*(~?\w[^:]*|operator.*)$")
_PARAMETERS: Final = re.compile(rb"\s*\(")
_ONE_NAME: Final = re.compile(rb"\(\s*([A-Za-z_]\w*)\s*\)")
_INLINE: Final = re.compile(r"\binline\s+")
_NAME_NODE: Final = re.compile(r"(?:^|_)(?:identifier|constant|atom|symbol|word|variable|name|id|var)$")
"""Kinds of nodes that hold names, in the grammars whose languages have no query for mentions."""
_QUOTES: Final = ('"', "'", "`")
_OBJC: Final = re.compile(
    r"^[ \t]*(?:@(?:interface|implementation|protocol|class|import|end)\b|#[ \t]*import\b)", re.MULTILINE
)
_C: Final = re.compile(r"^[ \t]*(?:#[ \t]*\w+|//|/\*)", re.MULTILINE)
_CPP_HEADER = re.compile(
    r"^[ \t]*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)"
    r"|\bstd::|\bconstexpr\b|\bnoexcept\b",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Patterns compiled into a query, and how deep in the tree they may start."""

    query: Query
    depth: int
    patterns: Sequence[Pattern]


@dataclass(frozen=True, slots=True)
class _Reader:
    """A grammar and its queries, compiled.

    Attributes:
        whole: the patterns whose outermost node is that of the whole file. One such pattern is under way all through
            the file, and compared with each node; run on their own, only what they describe is looked at.
        parts: all others.
        mentions_of_its_own: whether the mentions query was written for the language; its references are taken from it.
    """

    grammar: tree_sitter.Language
    whole: _Patterns
    parts: _Patterns
    mentions: Query
    mentions_of_its_own: bool


@lru_cache(maxsize=128)
def _reader(name: str) -> _Reader | None:
    """The reader of a language, made once per process; None for a language that is read without a grammar."""
    language = LANGUAGES[name]
    source = query_source(language) if language.grammar else None
    if source is None:
        return None
    grammar = get_language(language.grammar)  # type: ignore[arg-type]
    leading = [kind for kind in sorted(LEADING_KINDS) if grammar.id_for_node_kind(kind, True) is not None]
    if language.leading:
        source += "".join(f"\n({kind}) @leading" for kind in leading)
    mentions = facts_source(language, "mentions")
    found = patterns(language, source, mentioned=mentions is not None)
    whole = Parser(grammar).parse(b"").root_node.type
    return _Reader(
        grammar,
        _compiled(language, grammar, [one for one in found if one.starts_with(whole)], 0),
        # One query costs less than two: most of the time goes into walking through the tree.
        _compiled(language, grammar, [one for one in found if not one.starts_with(whole)], MAX_DEPTH),
        _query(language, grammar, mentions or _any_name(grammar)),
        mentions is not None,
    )


def _any_name(grammar: tree_sitter.Language) -> str:
    """A query for the mentions of a language that has none of its own: all names, as members of something unknown."""
    kinds = {
        kind
        for number in range(grammar.node_kind_count)
        if grammar.node_kind_is_named(number)
        and grammar.node_kind_is_visible(number)
        and (kind := grammar.node_kind_for_id(number))
        and _NAME_NODE.search(kind)
    }
    return "\n".join(f"({kind}) @member" for kind in sorted(kinds))


def _compiled(language: Language, grammar: tree_sitter.Language, found: list[Pattern], depth: int) -> _Patterns:
    return _Patterns(_query(language, grammar, "\n".join(one.text for one in found)), depth, found)


def _query(language: Language, grammar: tree_sitter.Language, source: str) -> Query:
    try:
        return Query(grammar, source)
    except QueryError as error:
        raise ValueError(f"query of {language.name}: {error}") from error


def parse(path: str, text: str, language: str | None = None) -> ParsedFile:
    """What a file contains: entries, imports, whether it has syntax errors.

    Args:
        path: tells the language where `language` is None; not read.
        text: the file's text, with or without a byte order mark, whatever its line ends.
        language: a name in `LANGUAGES`; an unknown one is read as plain text.
    """
    if language is None:
        language = language_of(path, text[: text.find("\n") if "\n" in text[:500] else 500])
        if language == "c" and path.lower().endswith(".h"):
            if _OBJC.search(text):
                language = "objc"
            elif _CPP_HEADER.search(text):
                language = "cpp"
        elif language == "objc" and not _OBJC.search(text) and not _C.search(text):
            # MATLAB's files end in ".m" too.
            language = TEXT.name
    if language not in LANGUAGES:
        language = TEXT.name
    source = SourceText(text)
    if not text.strip("\ufeff \t\r\n\f\v"):
        return ParsedFile(language, (), (), False, source.lines)
    if is_notebook(path) and (notebook := read_notebook(source.data.decode("utf-8", "surrogatepass"))):
        return parse_notebook(notebook, source, parse)
    if pointed_to(text):
        language = TEXT.name
    reader = _reader(language)
    if reader is None:
        facts, noted = _module_facts(path, text)
        return ParsedFile(language, parse_document(language, source), (), False, source.lines, facts, noted)
    return _parse_tree(language, source, reader, path)


_GO_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


def _module_facts(path: str, text: str) -> tuple[bytes, bytes]:
    """What go.mod says: the path of its module."""
    if not path.endswith("go.mod") or (found := _GO_MODULE.search(text)) is None:
        return b"", b""
    return stored_facts(make_facts(TEXT.name, found[1], [], [], [], {}))


_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""Half of a character, as only an editor's buffer may hold: what `Source` makes of it is no UTF-8."""


def _parse_tree(language: str, source: SourceText, reader: _Reader, path: str) -> ParsedFile:
    data = source.data
    component = read_component(language, data, path) if LANGUAGES[language].scripts else None
    if component is not None and component.jsx:
        reader = _reader("tsx") or reader
    readable = _readable(language, source, component)
    tree = Parser(reader.grammar).parse(readable)
    root = tree.root_node
    views = [_View(tree, readable)]
    if root.has_error and LANGUAGES[language].conditionals:
        views = _views(Parser(reader.grammar), views[0], source, macros=LANGUAGES[language].macros)
        root = views[0].tree.root_node
    if _is_rubble(root):
        return ParsedFile(language, parse_document(TEXT.name, source), (), True, source.lines)
    captures = _capture(language, reader, root, data)
    for index, view in enumerate(views[1:], 1):
        _merge(captures, _capture(language, reader, view.tree.root_node, data), views, index)
    found, references = captures.found, captures.references
    references.extend((start, name.decode()) for start, name in names_in(data, views[0].macros))
    if language == "sql":
        if root.has_error:
            found.clear()
        found.update((item.name_at, item) for item in sql.definitions(data))
        references.extend(sql.references(data))
    if component is not None:
        references.extend(_used_by_markup(component, {item.name for item in found.values()}))
    definitions = _distinct(found, captures.ignored)
    if component is not None and component.name:
        definitions.append(_component(component, source))
    if views[0].reading is not None:
        _close_groups(definitions, views[0].reading.groups, data)
    if LANGUAGES[language].capitals:
        for item in definitions:
            if item.kind == "variable" and item.name.isupper():
                item.kind = "constant"
    if LANGUAGES[language].clauses:
        definitions = _joined(definitions, data)
    if language in PROTOTYPED:
        for item in definitions:
            if item.body < 0 and item.shared < 0 and item.kind in ("function", "method"):
                item.stub = True
    if LANGUAGES[language].trailing_docs:
        _add_trailing_docs(definitions, captures.leading, source)
    file_doc = None
    docs = captures.docs
    if docs:
        for definition in definitions:
            end = docs.pop(definition.body, 0)
            if end and definition.doc is None:
                definition.doc = (definition.body, end)
        if docs:
            start = min(docs)
            file_doc = (start, docs[start])
    settings = script_settings(path, source.data.decode("utf-8", "replace")) if is_script_settings(path) else None
    if settings is not None:
        facts, noted = stored_facts(settings)
    else:
        facts, noted = _facts(LANGUAGES[language], source, views, captures, definitions, component)
    chunker = Chunker(
        source,
        references=[reference for reference in references if reference[0] not in found],
        leading=captures.leading,
        borders=_borders_in(root),
        constructors=LANGUAGES[language].constructors,
        file_doc=file_doc,
        unread=views[0].reading.changed if views[0].reading else (),
    )
    captures.imports.pop("", None)
    return ParsedFile(
        language, chunker.entries(definitions), tuple(captures.imports), root.has_error, source.lines, facts, noted
    )


def _facts(
    language: Language,
    source: SourceText,
    views: list[_View],
    captures: _Captures,
    definitions: list[Definition],
    component: Component | None,
) -> tuple[bytes, bytes]:
    """The file's facts, as `stored_facts` gives them."""
    references = list(_used_by_markup(component, {item.name for item in definitions})) if component else []
    references.extend((start, name.decode()) for start, name in names_in(source.data, views[0].macros))
    if language.name == "sql":
        references.extend(sql.references(source.data))
    items = definitions if language.clauses else _outside(captures.found, captures.ignored)
    if component is not None and component.name:
        # It contains nothing: the symbols of its scripts are variables and functions, not its members.
        at = max(component.name_at, 0)
        items = [*items, Definition("component", component.name, "", at, at, component.name_at, -1)]
    return stored_facts(
        facts_of(language, source, items, captures.mentions, captures.bindings, references, captures.arguments)
    )


def _readable(language: str, source: SourceText, component: Component | None) -> bytes:
    """What the grammar is to read: as many bytes as the file has."""
    data = source.data
    readable = masked(LANGUAGES[language], data) if component is None else only(data, component.scripts)
    if b"\xed" in readable:  # queries compare texts, for which they decode them
        readable = _SURROGATE.sub(b"???", readable)
    if LANGUAGES[language].macros:
        readable = _blanked_out(readable, always_misread(readable))
    # Line ends, unlike blanks, mean nothing to any grammar at the start of a file.
    return b"\n\n\n" + readable[3:] if source.has_mark else readable


@dataclass(slots=True)
class _Captures:
    """What a query captures in a tree; bytes are offsets into the file.

    `found` is keyed by the first byte of the name, or -1 less that of the node where there is no name; `ranks` has
    the number of the pattern that each definition's kind is from; `wrappers` has starts by ends; `bindings`, `mentions`
    and `arguments` are as in `mentions.facts_of`.
    """

    found: dict[int, Definition] = field(default_factory=dict)
    ranks: dict[int, int] = field(default_factory=dict)
    references: list[tuple[int, str]] = field(default_factory=list)
    leading: list[tuple[int, int]] = field(default_factory=list)
    docs: dict[int, int] = field(default_factory=dict)
    imports: dict[str, None] = field(default_factory=dict)
    ignored: list[tuple[int, int]] = field(default_factory=list)
    wrappers: dict[int, int] = field(default_factory=dict)
    bindings: list[dict[str, list[tuple[int, int]]]] = field(default_factory=list)
    mentions: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    arguments: dict[int, int] = field(default_factory=dict)


def _capture(language: str, reader: _Reader, root: tree_sitter.Node, data: bytes) -> _Captures:
    """Run a language's query over a tree."""
    captured = _Captures()
    found, ranks, references, wrappers = captured.found, captured.ranks, captured.references, captured.wrappers
    builtins = LANGUAGES[language].builtins
    names: dict[bytes, str] = {}
    for pattern, captures in (*_matches(reader.whole, root), *_matches(reader.parts, root)):
        if pattern.for_facts:
            captured.bindings.append(
                {role: [node.byte_range for node in nodes] for role, nodes in captures.items() if role[0] != "_"}
            )
            continue
        for role, kind in pattern.roles:
            nodes = captures.get(role)
            if not nodes:
                continue
            if kind is not None:
                _add_definition(found, ranks, pattern.rank, kind, nodes[0], captures, data)
            elif role == "reference":
                for node in nodes:
                    start, end = node.byte_range
                    raw = data[start:end]
                    name = names.get(raw)
                    if name is None:
                        name = names[raw] = _reference_name(raw, node, builtins)
                    if name:
                        references.append((start, name))
            elif role == "message":
                for node in nodes:
                    if (name := _selector_used(node, data)) and name not in builtins:
                        references.append((node.start_byte, name))
            elif role == "leading":
                captured.leading.append(nodes[0].byte_range)
            elif role == "doc":
                if len(captures) == 1:
                    for node in nodes:
                        captured.docs[node.start_byte] = node.end_byte
            elif role == "import":
                # Several nodes of one match are the parts of one name (Scala's `a.b.c`).
                name = " ".join(data[nodes[0].start_byte : nodes[-1].end_byte].decode("utf-8", "replace").split())
                captured.imports[name.strip("\"'`<>();, ")[:NAME_CHARS]] = None
            elif role == "wrapper":
                start, end = nodes[0].byte_range
                bare = start + len(data[start:end].rstrip(b"; \t\r\n"))
                wrappers[end] = min(start, wrappers.get(end, start))
                wrappers[bare] = min(start, wrappers.get(bare, start))
            else:
                captured.ignored.extend(node.byte_range for node in nodes)
    _add_mentions(captured, reader, root, data, builtins)
    if LANGUAGES[language].macros:
        _add_by_macros(captured, root, data)
    for item in found.values():
        if item.end in wrappers:
            item.start = min(item.start, wrappers[item.end])
    return captured


def _matches(
    compiled: _Patterns, root: tree_sitter.Node
) -> Iterator[tuple[Pattern, dict[str, list[tree_sitter.Node]]]]:
    """What patterns match in a tree: which one, and the nodes by capture."""
    cursor = QueryCursor(compiled.query)
    cursor.set_max_start_depth(compiled.depth)
    for number, captures in cursor.matches(root):
        pattern = compiled.patterns[number]
        if not pattern.kinds or all(captures[role][0].type in kinds for role, kinds in pattern.kinds):
            yield pattern, captures


def _add_mentions(
    captured: _Captures, reader: _Reader, root: tree_sitter.Node, data: bytes, builtins: frozenset[str]
) -> None:
    """Note where names are mentioned, and which of these mentions are references."""
    cursor = QueryCursor(reader.mentions)
    cursor.set_max_start_depth(MAX_DEPTH)
    for role, nodes in cursor.captures(root).items():
        if role == "arguments":
            captured.arguments = {node.start_byte: node.named_child_count for node in nodes}
        elif role[:1] != "_":
            captured.mentions[role] = [node.byte_range for node in nodes]
    if not reader.mentions_of_its_own:
        return
    names: dict[bytes, str] = {}
    for role in REFERENCES:
        for start, end in captured.mentions.get(role, ()):
            raw = data[start:end]
            name = names.get(raw)
            if name is None:
                name = raw.strip(b"`").decode("utf-8", "replace") if len(raw) <= REFERENCE_BYTES else ""
                name = names[raw] = "" if name in builtins else name
            if name:
                captured.references.append((start, name))


@dataclass(frozen=True, slots=True)
class _View:
    """A tree of a file, and the text that the grammar read: the file's, with blanks for what it cannot read.

    Attributes:
        macros: what is blanked that would be misread.
        reading: the reading of conditionals, None if all are left to the grammar.
        others: further readings of them.
    """

    tree: tree_sitter.Tree
    text: bytes
    macros: tuple[tuple[int, int], ...] = ()
    reading: Reading | None = None
    others: Iterator[Reading] | None = None


def _views(parser: Parser, plain: _View, source: SourceText, *, macros: bool) -> list[_View]:
    """Views of a file that has errors: the one with the fewest, then pieces of others that show what it hides.

    What is blanked are macros near errors, and conditionals whose branches share something with what is around them.
    """
    best = plain
    cost, errors = _errors(plain.tree.root_node)
    damaged: list[tuple[int, int]] = []
    for number in range(ROUNDS):
        found = misread(best.text, errors) if macros else []
        if number and not found:
            break
        damaged = _joined_ranges([*damaged, *_damaged(best.tree.root_node)])
        view = _reread(parser, plain, best, [*best.macros, *found], damaged, source)
        left, errors = _errors(view.tree.root_node)
        if left >= cost and found and best is plain:
            # What looks like a macro is none; that may be so of conditionals all the same.
            view = _reread(parser, plain, best, [], damaged, source)
            left, errors = _errors(view.tree.root_node)
        if left >= cost:
            break
        best, cost = view, left
        if not cost:
            break
    if best.reading is None:
        return [best]
    views = [best]
    pieces = _pieces(best.tree.root_node, best.reading.groups)
    for other in best.others or ():
        # Only what stands around the hidden branches is parsed again.
        text = bytearray(b" " * len(plain.text))
        for start, end in pieces:
            text[start:end] = other.data[start:end]
        views.append(_View(parser.parse(bytes(text)), other.data, best.macros, other))
    return views


def _reread(
    parser: Parser,
    plain: _View,
    known: _View,
    macros: list[tuple[int, int]],
    damaged: list[tuple[int, int]],
    source: SourceText,
) -> _View:
    """The view without some macros and the conditionals near damage; `known` again if that is what it shows.

    Args:
        known: a view whose tree is a good start.
    """
    macros.sort()
    text = _blanked_out(plain.text, macros)
    others = iter(Conditionals(text, damaged))
    reading = next(others, None)
    if reading is not None:
        text = reading.data
    if text == known.text:
        return known
    old = known.tree.copy()
    before = {*known.macros, *(known.reading.changed if known.reading else ())}
    for start, end in sorted(before ^ {*macros, *(reading.changed if reading else ())}):
        # Where a line ends with a return alone the points are wrong, but nobody asks for those.
        place, stop = source.point_at(start), source.point_at(end)
        old.edit(start, end, end, place, stop, stop)
    return _View(parser.parse(text, old), text, tuple(macros), reading, others)


def _blanked_out(text: bytes, ranges: Sequence[tuple[int, int]]) -> bytes:
    """A text with blanks in some ranges of it."""
    if not ranges:
        return text
    changed = bytearray(text)
    for start, end in ranges:
        changed[start:end] = blanked(text[start:end])
    return bytes(changed)


def _damaged(root: tree_sitter.Node) -> list[tuple[int, int]]:
    """Where a tree has errors: sorted, disjoint ranges from the end of what is sound into what is sound again."""
    if root.is_error:
        return [root.byte_range]
    found: list[tuple[int, int]] = []
    pending = [root]
    while pending:
        node = pending.pop()
        end = node.start_byte
        children = node.children
        for index, child in enumerate(children):
            if child.has_error or child.is_missing:
                following = children[index + 1].start_byte + 1 if index + 1 < len(children) else node.end_byte + 1
                if child.type in CONTAINERS and not child.is_error:
                    found.append((end, child.start_byte))
                    found.append((child.end_byte, following))
                    pending.append(child)
                else:
                    found.append((end, following))
            end = child.end_byte
    return _joined_ranges(found)


def _pieces(root: tree_sitter.Node, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The smallest definitions and statements outside functions and types that hold some sorted, disjoint ranges."""
    found: list[tuple[int, int]] = list(ranges)
    pending = [(root, ranges)]
    while pending:
        node, inside = pending.pop()
        for child in node.children:
            start, end = child.byte_range
            touched = _touched(inside, start, end)
            if not touched:
                continue
            if child.type in CONTAINERS and start <= touched[0][0] and touched[-1][1] <= end:
                pending.append((child, touched))
            else:
                found.append((start, end))
    return _joined_ranges(found)


def _joined_ranges(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges sorted, those that overlap or touch made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _errors(root: tree_sitter.Node) -> tuple[int, list[tuple[int, int]]]:
    """How many pieces of a tree fit nowhere, missing ones included, and where they are."""
    cost = 0
    places: list[tuple[int, int]] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.is_missing:
            cost += 1
            places.append(node.byte_range)
            continue
        count = node.child_count
        if node.is_error:
            cost += 1 + count
            if node.end_byte - node.start_byte <= SMALL_BYTES:
                places.append(node.byte_range)
            elif count <= FRAGMENTS:
                places.extend(child.byte_range for child in node.children if child.child_count == 0)
        if count <= FRAGMENTS:
            pending.extend(child for child in node.children if child.has_error or child.is_missing)
    return cost, places


def _touched(ranges: Sequence[tuple[int, int]], start: int, end: int) -> Sequence[tuple[int, int]]:
    """Those of some sorted, disjoint ranges that overlap another one."""
    first = max(0, bisect_right(ranges, (start, 1 << 62)) - 1)
    if first < len(ranges) and ranges[first][1] <= start:
        first += 1
    return ranges[first : bisect_right(ranges, (end - 1, 1 << 62))]


def _range_of(ranges: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    """The one of some sorted, disjoint ranges that holds a byte."""
    index = bisect_right(ranges, (offset, 1 << 62)) - 1
    return ranges[index] if index >= 0 and offset < ranges[index][1] else None


def _merge(captures: _Captures, other: _Captures, views: list[_View], index: int) -> None:
    """Add what another view shows of the branches that those before it hide.

    A definition that begins in such a branch and ends beyond it is a second beginning of what the first view knows:
    of the same name, it makes that begin earlier; else it is an entry of its own that ends with its branch.
    """
    before = [view.reading for view in views[:index] if view.reading]
    groups = before[0].groups

    def hidden(offset: int) -> tuple[int, int] | None:
        ranges = [_range_of(reading.hidden, offset) for reading in before]
        return ranges[0] if all(ranges) else None

    for start, name in other.references:
        if hidden(start):
            captures.references.append((start, name))
    captures.leading.extend(item for item in other.leading if hidden(item[0]))
    captures.docs.update(item for item in other.docs.items() if hidden(item[0]))
    captures.ignored.extend(item for item in other.ignored if hidden(item[0]))
    captures.imports.update(other.imports)
    for role, spans in other.mentions.items():
        captures.mentions.setdefault(role, []).extend(span for span in spans if hidden(span[0]))
    captures.arguments.update(item for item in other.arguments.items() if hidden(item[0]))
    captures.bindings.extend(
        match for match in other.bindings if any(hidden(span[0]) for spans in match.values() for span in spans)
    )
    spanning: dict[int, list[Definition]] = {}
    for item in captures.found.values():
        group = _range_of(groups, max(item.name_at, item.start))
        if group is not None and item.end > group[1]:
            spanning.setdefault(group[0], []).append(item)
    for key, item in other.found.items():
        at = max(item.name_at, item.start)
        branch = hidden(at)
        if branch is None:
            known = captures.found.get(key)
            group = _range_of(groups, item.end - 1)
            if known is not None and group is not None and group == _range_of(groups, known.end - 1):
                # It ends in several branches.
                known.end = max(known.end, item.end)
            continue
        group = _range_of(groups, at)
        around = spanning.get(group[0], ()) if group is not None else ()
        if group is not None and not (branch[0] <= item.start and item.end <= branch[1]):
            twin = next((known for known in around if known.name == item.name), None)
            if twin is not None:
                if item.start < twin.start:
                    twin.start, twin.name_at, twin.body = item.start, item.name_at, item.body
                continue
            if not item.name:
                continue
            item.start, item.end = max(item.start, branch[0]), min(item.end, branch[1])
            item.end = item.start + len(views[index].text[item.start : item.end].rstrip())
            if not item.start <= item.body < item.end:
                item.body = -1
            item.shared = group[0]
        elif item.kind in BESIDE and any(known.start < item.start for known in around):
            # It stands in the text of another one, beside which it belongs.
            item.shared = group[0] if group else -1
        captures.found[key] = item
        captures.ranks[key] = other.ranks[key]


def _close_groups(definitions: list[Definition], groups: Sequence[tuple[int, int]], data: bytes) -> None:
    """Let what begins before a conditional and is the last thing to end in it reach to its `#endif`."""
    for item in definitions:
        group = _range_of(groups, item.end - 1)
        if group is not None and item.start < group[0] and _ENDIF.fullmatch(data, item.end, group[1]):
            item.end = group[1]


def _used_by_markup(component: Component, defined: set[str]) -> Iterator[tuple[int, str]]:
    """The references of a component's markup, but for the names that the markup itself gives."""
    for at, name in component.references:
        if name not in component.locals or name in defined:
            yield at, name


def _component(component: Component, source: SourceText) -> Definition:
    """A component as a definition, which holds all that its file defines."""
    start, end = source.strip(0, len(source.data))
    made = Definition("component", component.name, "", start, end, component.name_at, -1, component.doc)
    made.signature = f"<{component.name}>"
    return made


def _reference_name(raw: bytes, node: tree_sitter.Node, builtins: frozenset[str]) -> str:
    """The name that a reference notes, "" for none."""
    if len(raw) > REFERENCE_BYTES:
        return ""
    name = raw.decode("utf-8", "replace")
    if name[:1] == "`":
        # Kotlin's names of several words are noted as their definitions are.
        name = name.strip("`")
        return "" if name in builtins else name
    # Modules may be named by one node (`Shop.Accounts`); in R, points are part of names.
    if "." in name and node.type != "identifier":
        name = name.rpartition(".")[2]
    if "::" in name:
        name = name.rpartition("::")[2]
    return "" if name in builtins else name


def _selector_defined(node: tree_sitter.Node, data: bytes) -> str:
    """What an Objective-C method of several arguments is called, "" for others: their names are one word."""
    parts: list[bytes] = []
    part = b""
    for child in node.named_children:
        if child.type == "identifier":
            part = data[child.start_byte : child.end_byte]
        elif child.type == "method_parameter":
            parts.append(part)
            part = b""
    return b"".join(part + b":" for part in parts).decode("utf-8", "replace") if len(parts) > 1 else ""


def _selector_used(node: tree_sitter.Node, data: bytes) -> str:
    """The method that an Objective-C message or `@selector` names, as `_selector_defined` gives it."""
    if node.type == "selector_expression":
        text = data[node.start_byte : node.end_byte].partition(b"(")[2].rpartition(b")")[0]
        name = b"".join(text.split())
        if name.count(b":") == 1:
            name = name.rstrip(b":")
    else:
        parts = [data[part.start_byte : part.end_byte] for part in node.children_by_field_name("method")]
        name = parts[0] if len(parts) == 1 else b"".join(part + b":" for part in parts)
    return name[:NAME_CHARS].decode("utf-8", "replace")


def _is_rubble(root: tree_sitter.Node) -> bool:
    """Whether the grammar made nothing of the file but a heap of fragments."""
    if not root.has_error:
        return False
    if root.is_error and root.child_count > FRAGMENTS:
        return True
    return root.child_count < FRAGMENTS and any(
        child.is_error and child.child_count > FRAGMENTS for child in root.children
    )


def _add_definition(
    found: dict[int, Definition],
    ranks: dict[int, int],
    pattern: int,
    kind: EntryKind,
    node: tree_sitter.Node,
    captures: dict[str, list[tree_sitter.Node]],
    data: bytes,
) -> None:
    """Note a definition, or merge it with what another pattern captured of it."""
    start, end = node.byte_range
    names = captures.get("name")
    scopes = captures.get("scope") or captures.get("receiver")
    bodies = captures.get("body")
    body_node = bodies[0] if bodies else node.child_by_field_name("body")
    body = -1
    if body_node is not None:
        # Some grammars (Dart's) have the body beside the definition's node.
        body, end = body_node.start_byte, max(end, body_node.end_byte)
    if data[end - 1 : end].isspace():
        # Preprocessor lines count their line end, indented blocks (Scala's) what follows up to the next line's text.
        end = start + len(data[start:end].rstrip())
    name_at, name_end = names[0].byte_range if names else (start, start)
    key = name_at if names else -1 - start
    known = found.get(key)
    if known is None:
        name = data[name_at:name_end].decode("utf-8", "replace")
        if not name.isidentifier():
            name = " ".join(name.split())
            if name[:1] in _QUOTES or name[:2] == '@"':
                name = name.strip("@\"'`")
            if kind == "test":
                # ScalaTest's `"A stack" should "be empty" in`
                name = name.replace('"', "")
            name = name[:NAME_CHARS]
            if names and names[0].type in ("simple_symbol", "atom"):
                name = name.lstrip(":")
        if "selector" in captures:
            name = _selector_defined(node, data)[:NAME_CHARS] or name
        scope = data[scopes[0].start_byte : scopes[0].end_byte].decode("utf-8", "replace") if scopes else ""
        if kind == "namespace" and "inline" in name:
            name = _INLINE.sub("", name)  # `namespace a::inline v1` is a::v1 to whoever uses it
        if "::" in name and (parts := _QUALIFIED.match(name)):
            scope, name = (f"{scope}::{parts[1]}" if scope else parts[1]), parts[2]
        if kind in DOTTED and "." in name and not scope and all(map(str.isidentifier, name.split("."))):
            scope, _, name = name.rpartition(".")
        doc = captures.get("doc")
        found[key] = Definition(
            kind, name, scope, start, end, name_at if names else -1, body, doc[0].byte_range if doc else None, node
        )
        found[key].stub = "stub" in captures
        ranks[key] = pattern
        return
    known.stub = known.stub or "stub" in captures
    if start < known.start or end > known.end:
        known.start, known.end, known.node = min(start, known.start), max(end, known.end), node
    if known.body < 0:
        known.body = body
    if scopes and not known.scope:
        known.scope = data[scopes[0].start_byte : scopes[0].end_byte].decode("utf-8", "replace")
    if known.doc is None and "doc" in captures:
        known.doc = captures["doc"][0].byte_range
    if pattern > ranks[key]:
        known.kind = kind
        ranks[key] = pattern


def _add_by_macros(captured: _Captures, root: tree_sitter.Node, data: bytes) -> None:
    """Note what macros define by their calls.

    Queries could tell, but for each node of the tree they would compare what may stand right below a few of them.
    """
    pending = [(root, True)]
    while pending:
        container, outside = pending.pop()
        before: tuple[tree_sitter.Node, _Call] | None = None
        """The statement before, if it is a call that nothing ends."""
        for child in container.named_children:
            kind = child.type
            if kind == "comment":
                continue
            called, before = before, None
            block: tree_sitter.Node | None = None
            if kind == "compound_statement":
                block = child
                if not outside:
                    pending.append((child, False))
            elif kind == "expression_statement":
                call = _called(child)
                if call is not None and data[child.end_byte - 1] != SEMICOLON:
                    before = child, call
                elif call is not None and outside:
                    _add_by_macro(captured, child, call, None, outside, data)
            elif kind == "function_definition":
                call = _declared(child)
                block = child.child_by_field_name("body")
                called = (child, call) if call is not None else None
            elif kind == "declaration" and outside:
                call = _declared(child)
                if call is not None:
                    _add_by_macro(captured, child, call, None, outside, data)
            elif kind in CONTAINERS or (child.is_error and child.child_count <= FRAGMENTS):
                pending.append((child, outside))
            elif not outside and kind in AROUND_TESTS:
                pending.append((child, False))
            if called is not None and block is not None and block.type == "compound_statement":
                statement, call = called
                added = _add_by_macro(captured, statement, call, block, outside, data)
                if outside and added == "test" and b'"' in data[call[1].start_byte : call[1].end_byte]:
                    pending.append((block, False))


def _called(statement: tree_sitter.Node) -> _Call | None:
    """The call that a statement is; of `a(b)(c)` and `a(b)->c(d)`, that of `a`."""
    call = statement.named_children[0] if statement.named_child_count else None
    function: tree_sitter.Node | None = None
    while call is not None and call.type == "call_expression":
        function = call.child_by_field_name("function")
        if function is None or function.type == "identifier":
            break
        call = function.child_by_field_name("argument") if function.type == "field_expression" else function
    arguments = call.child_by_field_name("arguments") if call is not None else None
    return (function, arguments) if function is not None and arguments is not None else None


def _declared(node: tree_sitter.Node) -> _Call | None:
    """The call of a macro that reads like a declaration: `TEST(Cart, Adds) {`, `static DEFINE_MUTEX(lock);`."""
    declarator = node.child_by_field_name("declarator")
    kind = node.child_by_field_name("type")
    if declarator is None:
        return None
    if declarator.type == "parenthesized_declarator":
        return (kind, declarator) if kind is not None and kind.type == "type_identifier" else None
    if kind is not None or declarator.type != "function_declarator":
        return None
    inner = declarator.child_by_field_name("declarator")
    if inner is not None and inner.type == "function_declarator":
        declarator, inner = inner, inner.child_by_field_name("declarator")
    arguments = declarator.child_by_field_name("parameters")
    return (inner, arguments) if inner is not None and inner.type == "identifier" and arguments is not None else None


def _add_by_macro(
    captured: _Captures,
    node: tree_sitter.Node,
    call: _Call,
    body: tree_sitter.Node | None,
    outside: bool,
    data: bytes,
) -> EntryKind | None:
    """Note what a macro defines, if it does; the kind of that."""
    macro, arguments = call
    if not may_begin(data, macro.start_byte):
        return None
    name_of_macro = data[macro.start_byte : macro.end_byte].decode("utf-8", "replace")
    found = definition_of(
        name_of_macro,
        data[arguments.start_byte : arguments.end_byte],
        body=body is not None,
        outside=outside,
        called=_PARAMETERS.match(data, arguments.end_byte) is not None,
    )
    at = macro.start_byte
    kind: EntryKind
    if found is not None:
        kind, name, offset = found
        at = arguments.start_byte + offset
        captured.found.pop(macro.start_byte, None)
    elif body is not None and outside and node.type != "function_definition" and not name_of_macro.isupper():
        # C before prototypes: no type, and the parameters' types, if any, stand behind them.
        kind, name = "function", name_of_macro
    else:
        named = _ONE_NAME.fullmatch(data, arguments.start_byte, arguments.end_byte)
        if named is not None and body is None:
            # `BENCHMARK(sort_all);`, `EXPORT_SYMBOL(parse);`
            captured.references.append((named.start(1), named[1].decode()))
        return None
    known = captured.found.get(at)
    if known is not None and known.body >= 0:
        return kind
    end = node.end_byte if body is None else body.end_byte
    scope, _, name = name.rpartition("::") if kind != "test" else ("", "", name)
    made = Definition(
        kind, name[:NAME_CHARS], scope, node.start_byte, end, at, -1 if body is None else body.start_byte, None, node
    )
    made.stub = kind == "variable" and "DECL" in name_of_macro
    captured.found[at] = made
    captured.ranks[at] = 0
    return kind


def _distinct(found: dict[int, Definition], ignored: list[tuple[int, int]]) -> list[Definition]:
    """The definitions outside ignored nodes, one per range (`int a, b` is one), each with a name or a container."""
    by_range: dict[tuple[int, int], Definition] = {}
    for item in _outside(found, ignored):
        if item.kind == "test":
            by_range[item.start, item.end] = item
        else:
            by_range.setdefault((item.start, item.end), item)
    return list(by_range.values())


def _outside(found: dict[int, Definition], ignored: list[tuple[int, int]]) -> list[Definition]:
    """The definitions outside ignored nodes that have a name or are a container."""
    ignored.sort()
    kept: list[Definition] = []
    for item in found.values():
        if not item.name and item.kind != "block":
            continue
        if ignored:
            index = bisect_right(ignored, (item.start, 1 << 62)) - 1
            if index >= 0 and ignored[index][1] >= item.end:
                continue
        kept.append(item)
    return kept


def _joined(definitions: list[Definition], data: bytes) -> list[Definition]:
    """The definitions, with a function's signature and clauses that follow one another made one."""
    definitions.sort(key=lambda item: (item.start, -item.end))
    kept: list[Definition] = []
    open_: list[Definition] = []
    for item in definitions:
        last = None
        while open_ and open_[-1].end <= item.start:
            last = open_.pop()
        if last is not None and last.name == item.name and last.kind in CLAUSED and item.kind in CLAUSED:
            between = data[last.end : item.start].split(b"\n")
            if all(line.strip().startswith((b"--", b"#", b"{-", b"%")) for line in between if line.strip()):
                last.end = item.end
                last.kind = item.kind
                if last.body < 0:
                    last.body = item.start
                open_.append(last)
                continue
        kept.append(item)
        open_.append(item)
    return kept


def _add_trailing_docs(definitions: list[Definition], comments: list[tuple[int, int]], source: SourceText) -> None:
    """Give definitions the doc comment on the line below, unless it stands right above another definition."""
    line_at = source.line_at
    starts = {line_at(item.start) for item in definitions}
    docs = {line_at(start): (start, end) for start, end in comments if source.data.startswith(b"(**", start)}
    for item in definitions:
        doc = docs.get(line_at(item.end - 1) + 1)
        if doc is not None and item.end <= doc[0] and line_at(doc[1] - 1) + 1 not in starts:
            item.doc = item.doc or doc
            item.end = doc[1]
            if item.body < 0:
                item.body = doc[0]


def _borders_in(root: tree_sitter.Node) -> Callable[[object, list[tuple[int, int]]], list[int]]:
    """The function by which the chunker asks where statements start."""

    def borders(node: object, ranges: list[tuple[int, int]]) -> list[int]:
        found: list[int] = []
        ends = [end for _, end in ranges]
        pending: list[tree_sitter.Node] = [root if node is None else node]  # type: ignore[list-item]
        while pending:
            for child in pending.pop().named_children:
                start, end = child.byte_range
                index = bisect_right(ends, start)
                if index == len(ends):
                    break
                if ranges[index][0] >= end:
                    continue
                if start >= ranges[index][0]:
                    found.append(start)
                if end - start > DESCEND_BYTES:
                    pending.append(child)
        found.sort()
        return found

    return borders


def raw_parse(language: str, data: bytes) -> None:
    """Parse and throw the tree away: what `parse` is measured against."""
    grammar = LANGUAGES[language].grammar
    if grammar:
        Parser(get_language(grammar)).parse(data)  # type: ignore[arg-type]
