"""Source text to entries: `parse(path, text)`. The only importer of tree_sitter.

A language's query runs once over the tree; everything else is done with byte offsets by `chunking`. Nothing here
reads a file, and nothing is recursive: trees may be as deep as a file is long.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from tree_sitter import Parser, Query, QueryCursor, QueryError
from tree_sitter_language_pack import get_language

from glossator.index import sql
from glossator.index.captures import Captures, close_groups, merge
from glossator.index.chunking import Chunker
from glossator.index.components import read_component
from glossator.index.conditionals import Conditionals, Reading, words_never_shown
from glossator.index.documents import parse_document
from glossator.index.entries import ParsedFile
from glossator.index.facts import make_facts, stored_facts
from glossator.index.found_definitions import (
    NAME_CHARS,
    REFERENCE_BYTES,
    add_definition,
    add_trailing_docs,
    distinct,
    joined_clauses,
    outside_ignored,
    reference_name,
    selector_used,
)
from glossator.index.function_places import FUNCTION_PLACES
from glossator.index.language_detection import language_of_text
from glossator.index.languages import LANGUAGES, LEADING_KINDS, TEXT
from glossator.index.macro_definitions import add_by_macros
from glossator.index.macros import always_misread, misread, names_in
from glossator.index.masking import masked, only
from glossator.index.mentions import facts_of
from glossator.index.nesting import Definition
from glossator.index.notebook_parsing import parse_notebook
from glossator.index.query_files import facts_source, mention_patterns, patterns, query_source, required_words
from glossator.index.script_packages import is_script_settings, script_settings
from glossator.index.syntax_damage import (
    damaged_ranges,
    errors_of,
    is_rubble,
    joined_ranges,
    pieces_around,
    unread_words,
)
from glossator.index.syntax_nodes import argument_count, borders_in
from glossator.index.texts import SourceText, blanked
from glossator.workspace.notebook_names import is_notebook
from glossator.workspace.notebooks import read_notebook
from glossator.workspace.screening import pointed_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import tree_sitter

    from glossator.index.components import Component
    from glossator.index.entries import Aim
    from glossator.index.languages import Language
    from glossator.index.query_files import Pattern

REFERENCES: Final = (
    *("call", "type", "base", "decorator", "template", "reference"),
    *("member.call", "member.type", "member.base", "member.decorator"),
)
"""The mentions that count as references of an entry."""
PROTOTYPED: Final = frozenset(
    {
        "c", "cpp", "csharp", "glsl", "go", "haskell", "hlsl", "java", "kotlin", "objc", "ocaml", "ocaml_interface",
        "php", "rust", "scala", "solidity", "svelte", "swift", "tsx", "typescript", "vue", "astro",
    }
)  # fmt: skip
"""Languages whose functions without a body are declared here and defined elsewhere (or by whoever implements them)."""
LAST_LINE_ENDS: Final = frozenset({"perl"})
"""Languages whose grammar needs an end of the last line: without one, it looks for the end of a comment for ever."""
ROUNDS: Final = 2
"""How often a file with errors is read again: what is mended may show more."""

MAX_DEPTH: Final = 1000
"""Patterns start no deeper than this in the tree. Every node is compared with all patterns that are under way around
it, so a chain of 30,000 calls would take half a minute without a limit; code is not nested that deep."""


_NAME_NODE: Final = re.compile(
    r"(?:^|_)(?:identifier|constant|atom|symbol|word|variable|name|id|var)$|^(?:IDENTIFIER|type_constructor)$"
)
"""Kinds of nodes that hold names, in the grammars whose languages have no query for mentions."""
_MORE_NAME_NODES: Final = {
    "elixir": frozenset(("alias",)),
    "haskell": frozenset(("constructor", "operator")),
    "perl": frozenset(("bareword", "function", "method", "package", "varname")),
}
"""The same by language, where another grammar's node of that kind holds more than a name."""


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
        mentions: None if those that are needed are among the parts.
        seldom: further patterns for mentions: each costs something wherever it may match, before its predicate is
            looked at, so they are run only in files that contain one of some words.
        mentions_of_its_own: whether the mentions query was written for the language; its references are taken from it.
    """

    grammar: tree_sitter.Language
    whole: _Patterns
    parts: _Patterns
    mentions: Query | None
    seldom: tuple[Query, tuple[bytes, ...]] | None
    mentions_of_its_own: bool


@lru_cache(maxsize=256)
def _reader(name: str, aim: Aim = "all") -> _Reader | None:
    """The reader of a language, made once per process; None for a language that is read without a grammar.

    One whose aim is entries finds no bindings, and of mentions only those that are references.
    """
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
    if aim == "entries":
        # One query costs less than two: most of the time goes into walking through the tree. Not so if all mentions are
        # needed, which are many: matches take longer than bare captures.
        found = [one for one in found if not one.for_facts] + mention_patterns(mentions or "", REFERENCES)
    whole = Parser(grammar).parse(b"").root_node.type
    seldom = facts_source(language, "seldom") if aim != "entries" else None
    return _Reader(
        grammar,
        _compiled(language, grammar, [one for one in found if one.starts_with(whole)], 0),
        _compiled(language, grammar, [one for one in found if not one.starts_with(whole)], MAX_DEPTH),
        None if aim == "entries" else _query(language, grammar, mentions or _any_name(language.name, grammar)),
        (_query(language, grammar, seldom), required_words(seldom)) if seldom is not None else None,
        mentions is not None,
    )


def _any_name(language: str, grammar: tree_sitter.Language) -> str:
    """A query for the mentions of a language that has none of its own: all names, as members of something unknown."""
    kinds = {
        kind
        for number in range(grammar.node_kind_count)
        if grammar.node_kind_is_named(number)
        and grammar.node_kind_is_visible(number)
        and (kind := grammar.node_kind_for_id(number))
        and (_NAME_NODE.search(kind) or kind in _MORE_NAME_NODES.get(language, ()))
    }
    return "\n".join(f"({kind}) @member" for kind in sorted(kinds))


def _compiled(language: Language, grammar: tree_sitter.Language, found: list[Pattern], depth: int) -> _Patterns:
    return _Patterns(_query(language, grammar, "\n".join(one.text for one in found)), depth, found)


def _query(language: Language, grammar: tree_sitter.Language, source: str) -> Query:
    try:
        return Query(grammar, source)
    except QueryError as error:
        raise ValueError(f"query of {language.name}: {error}") from error


def parse(path: str, text: str, language: str | None = None, aim: Aim = "all") -> ParsedFile:
    """What a file contains: entries, imports, facts, whether it has syntax errors.

    Args:
        path: tells the language where `language` is None; not read.
        text: the file's text, with or without a byte order mark, whatever its line ends.
        language: a name in `LANGUAGES`; an unknown one is read as plain text.
        aim: what is needed. Entries alone, or facts alone, take less time; the result is the same as if all was needed,
            but for what is left out.
    """
    if language is None:
        language = language_of_text(path, text)
    if language not in LANGUAGES:
        language = TEXT.name
    source = SourceText(text)
    if not text.strip("\ufeff \t\r\n\f\v"):
        return ParsedFile(language, (), (), False, source.lines)
    if is_notebook(path) and (notebook := read_notebook(source.data.decode("utf-8", "surrogatepass"))):
        return parse_notebook(notebook, source, partial(parse, aim=aim))
    if pointed_to(text):
        language = TEXT.name
    reader = _reader(language, _reader_aim(aim))
    if reader is None:
        facts, noted = _module_facts(path, text)
        return ParsedFile(language, parse_document(language, source), (), False, source.lines, facts, noted)
    return _parse_tree(language, source, reader, path, aim)


def _reader_aim(aim: Aim) -> Aim:
    """The aim of the reader for what is needed: facts need all that is captured."""
    return "entries" if aim == "entries" else "all"


_GO_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


def _module_facts(path: str, text: str) -> tuple[bytes, bytes]:
    """What go.mod says: the path of its module."""
    if not path.endswith("go.mod") or (found := _GO_MODULE.search(text)) is None:
        return b"", b""
    return stored_facts(make_facts(TEXT.name, found[1], [], [], [], {}))


_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""Half of a character, as only an editor's buffer may hold: what `Source` makes of it is no UTF-8."""


def _parse_tree(language: str, source: SourceText, reader: _Reader, path: str, aim: Aim) -> ParsedFile:
    data = source.data
    component = read_component(language, data, path) if LANGUAGES[language].scripts else None
    if component is not None and component.jsx:
        reader = _reader("tsx", _reader_aim(aim)) or reader
    readable, unread = _readable(language, source, component)
    tree = Parser(reader.grammar).parse(readable)
    root = tree.root_node
    views = [_View(tree, readable)]
    if root.has_error and LANGUAGES[language].conditionals:
        views = _views(Parser(reader.grammar), views[0], source, macros=LANGUAGES[language].macros)
        root = views[0].tree.root_node
    if is_rubble(root):
        return ParsedFile(language, parse_document(TEXT.name, source), (), True, source.lines)
    captures = _capture(language, reader, root, data)
    for index, view in enumerate(views[1:], 1):
        before = [other.reading for other in views[:index] if other.reading]
        merge(captures, _capture(language, reader, view.tree.root_node, data), before, view.text)
    found, references = captures.found, captures.references
    unread += ((start, name.decode()) for start, name in names_in(data, views[0].macros))
    if language == "sql":
        if root.has_error:
            found.clear()
        found.update((item.name_at, item) for item in sql.definitions(data))
        unread += sql.references(data)
    references.extend(unread)
    if component is not None:
        references.extend(_used_by_markup(component, {item.name for item in found.values()}))
    definitions = distinct(found, captures.ignored)
    if component is not None and component.name:
        definitions.append(_component(component, source))
    if views[0].reading is not None:
        close_groups(definitions, views[0].reading.groups, data)
    if LANGUAGES[language].capitals:
        for item in definitions:
            if item.kind == "variable" and item.name.isupper():
                item.kind = "constant"
    if LANGUAGES[language].clauses:
        definitions = joined_clauses(definitions, data)
    if language in PROTOTYPED:
        for item in definitions:
            if item.body < 0 and item.shared < 0 and item.kind in ("function", "method"):
                item.stub = True
    if LANGUAGES[language].trailing_docs:
        add_trailing_docs(definitions, captures.leading, source)
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
    elif aim == "entries":
        facts, noted = b"", b""
    else:
        facts, noted = _facts(LANGUAGES[language], source, views, captures, definitions, component, unread)
    if aim == "facts":
        return ParsedFile(language, (), (), root.has_error, source.lines, facts, noted)
    chunker = Chunker(
        source,
        references=[reference for reference in references if reference[0] not in found],
        leading=captures.leading,
        borders=borders_in(root),
        constructors=LANGUAGES[language].constructors,
        file_doc=file_doc,
        unread=views[0].reading.changed if views[0].reading else (),
    )
    captures.imports.pop("", None)
    return ParsedFile(
        language,
        chunker.entries(definitions),
        tuple(captures.imports),
        root.has_error,
        source.lines,
        facts,
        noted,
        collected=aim != "entries" or settings is not None,
    )


def _facts(
    language: Language,
    source: SourceText,
    views: list[_View],
    captures: Captures,
    definitions: list[Definition],
    component: Component | None,
    unread: list[tuple[int, str]],
) -> tuple[bytes, bytes]:
    """The file's facts, as `stored_facts` gives them.

    Args:
        unread: (first byte, name) of what is referred to where no grammar reads it.
    """
    references = list(_used_by_markup(component, {item.name for item in definitions})) if component else []
    references.extend(unread)
    items = definitions if language.clauses else outside_ignored(captures.found, captures.ignored)
    if component is not None and component.name:
        # It contains nothing: the symbols of its scripts are variables and functions, not its members.
        at = max(component.name_at, 0)
        items = [*items, Definition("component", component.name, "", at, at, component.name_at, -1)]
    root = views[0].tree.root_node
    facts = facts_of(
        language,
        source,
        items,
        captures.mentions,
        captures.bindings,
        references,
        captures.messages,
        captures.arguments,
        captures.handed,
        unread_words(root, views[0].text) + words_never_shown(source.data, [view.reading for view in views]),
    )
    facts.damaged = root.has_error
    return stored_facts(facts)


def _readable(language: str, source: SourceText, component: Component | None) -> tuple[bytes, list[tuple[int, str]]]:
    """What the grammar is to read, as many bytes as the file has, and a line end more where the grammar needs one; and
    the names that it does not see (see `masked`)."""
    data = source.data
    readable, names = masked(LANGUAGES[language], data) if component is None else (only(data, component.scripts), [])
    if b"\xed" in readable:  # queries compare texts, for which they decode them
        readable = _SURROGATE.sub(b"???", readable)
    if LANGUAGES[language].macros:
        readable = _blanked_out(readable, always_misread(readable))
    if language in LAST_LINE_ENDS and not readable.endswith(b"\n"):
        readable += b"\n"
    # Line ends, unlike blanks, mean nothing to any grammar at the start of a file.
    return (b"\n\n\n" + readable[3:] if source.has_mark else readable), names


def _capture(language: str, reader: _Reader, root: tree_sitter.Node, data: bytes) -> Captures:
    """Run a language's query over a tree."""
    captured = Captures()
    found, ranks, references, wrappers = captured.found, captured.ranks, captured.references, captured.wrappers
    builtins = LANGUAGES[language].builtins
    names: dict[bytes, str] = {}
    for pattern, captures in (*_matches(reader.whole, root), *_matches(reader.parts, root)):
        if pattern.for_facts:
            captured.bindings.append(
                {role: [node.byte_range for node in nodes] for role, nodes in captures.items() if role[0] != "_"}
            )
            continue
        for role in pattern.mentions:
            if nodes := captures.get(role):
                captured.mentions.setdefault(role, []).extend([node.byte_range for node in nodes])
        for role, kind in pattern.roles:
            nodes = captures.get(role)
            if not nodes:
                continue
            if kind is not None:
                add_definition(found, ranks, pattern.rank, kind, nodes[0], captures, data)
            elif role == "reference":
                for node in nodes:
                    start, end = node.byte_range
                    raw = data[start:end]
                    name = names.get(raw)
                    if name is None:
                        name = names[raw] = reference_name(raw, node, builtins)
                    if name:
                        references.append((start, name))
            elif role == "message":
                for node in nodes:
                    if (name := selector_used(node, data)) and name not in builtins:
                        references.append((node.start_byte, name))
                        captured.messages.append(((node.child_by_field_name("method") or node).start_byte, name))
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
    if reader.mentions is not None:
        _add_mentions(captured, reader.mentions, root, data)
    if reader.seldom is not None and any(word in data for word in reader.seldom[1]):
        _add_mentions(captured, reader.seldom[0], root, data)
    if reader.mentions_of_its_own:
        _add_references(captured, data, builtins)
    if LANGUAGES[language].macros:
        add_by_macros(captured, root, data)
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


def _add_mentions(captured: Captures, mentions: Query, root: tree_sitter.Node, data: bytes) -> None:
    """Note where names are mentioned."""
    cursor = QueryCursor(mentions)
    cursor.set_max_start_depth(MAX_DEPTH)
    for role, nodes in cursor.captures(root).items():
        if role == "arguments":
            captured.arguments = {node.start_byte: argument_count(node, data) for node in nodes}
        elif role in FUNCTION_PLACES:
            captured.handed = [found for node in nodes for found in FUNCTION_PLACES[role](node, data)]
        elif role[:1] != "_":
            spans = [node.byte_range for node in nodes]
            known = captured.mentions.get(role)
            captured.mentions[role] = spans if known is None else list(dict.fromkeys(known + spans))


def _add_references(captured: Captures, data: bytes, builtins: frozenset[str]) -> None:
    """Note which mentions of names are references."""
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
    cost, errors = errors_of(plain.tree.root_node)
    damaged: list[tuple[int, int]] = []
    for number in range(ROUNDS):
        found = misread(best.text, errors) if macros else []
        if number and not found:
            break
        damaged = joined_ranges([*damaged, *damaged_ranges(best.tree.root_node)])
        view = _reread(parser, plain, best, [*best.macros, *found], damaged, source)
        left, errors = errors_of(view.tree.root_node)
        if left >= cost and found and best is plain:
            # What looks like a macro is none; that may be so of conditionals all the same.
            view = _reread(parser, plain, best, [], damaged, source)
            left, errors = errors_of(view.tree.root_node)
        if left >= cost:
            break
        best, cost = view, left
        if not cost:
            break
    if best.reading is None:
        return [best]
    views = [best]
    pieces = pieces_around(best.tree.root_node, best.reading.groups)
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


def raw_parse(language: str, data: bytes) -> None:
    """Parse and throw the tree away: what `parse` is measured against."""
    grammar = LANGUAGES[language].grammar
    if grammar:
        Parser(get_language(grammar)).parse(data)  # type: ignore[arg-type]
