"""The facts of a file from what two queries capture in its tree: scopes, bindings, mentions of names.

`queries/mentions/<language>.scm` is run for all its captures at once; these say where names are mentioned, and how:

- `@read @value @type @call @base @decorator @write @template @name @import @export`: a bare name in that role; where a
  name has several, the last one in this list counts. `@name` is a string or symbol that is taken for a name.
- `@member`, `@member.value`, `@member.call`, ...: the same of a name that follows a receiver, which is `@of`: it ends
  right before the member, with only dots, colons, arrows and blanks between.
- `@required`: a name that is imported though it looks like a member: `const { open } = require("./shop")`.
- `@quoted`: the text of a type that is written in quotes.
- `@token`: a name in a macro's arguments, which the grammar does not read: what stands around it tells its role.
- `@arguments`: the argument list that follows the name of a call, captured where functions may be overloaded.
- `@reference`: a name that counts as a reference of its entry though its role is none of those that do.
- `@returned`: a member without its type that a function returns, in Swift.
- `@tag`: a type that is a tag (C's `struct block`). `@macro.body`: what a macro of C's family stands for, whose names
  no grammar reads; `@macro.parameter`: the name of a macro's parameter.
- `@qualifier`: a name before `::`, where only types and namespaces count. `@own`: a name that no local variable can
  stand for, since it is a member (what a constructor in C++ initializes).
- `@handed`: a function without a name, or a method of an object: where it stands may tell what its parameters are (see
  `unnamed_functions`). `@lambda`, `@lambda.named` and `@closure` are the same in Kotlin, Python and Swift (see
  `function_places`). `@signature`: a signature of what is called itself, in an interface.
- `@unnamed`: the body of a class without a name, where `this` is none of the class around it. `@unnamed.bare`: one
  whose members are called without `this`, as are those of the class around it.
- `@reflected`: the name of a class that is handed over, for its members to be found at run time.
- `@made`: an expression for a name that is put together at run time (see `made_names`).
- `@skip`: a name that is no mention (the name of a keyword argument, a label). `@none`: one that is none unless another
  pattern says so.
- `@implicit.error` and the like: a scope in which the language binds a name itself.
- `@scope`: a node in which the names that are bound inside stay. `@scope.block`: one that is no function.
  `@scope.this`: one of the scopes that has a `this` of its own. `@local`: a name bound in the innermost scope (outside
  all scopes it is a variable of the file, inside a type a field). `@local.outer`: bound in the scope around the
  innermost; `@local.hoisted`: in the innermost function; `@local.parameter`: in the innermost scope even directly
  inside a type (a type's parameter). `@global` and `@nonlocal`: a name that belongs to the file or
  to a scope around in spite of an assignment in this one.

`queries/seldom/<language>.scm` has patterns of the same kind that can match only where a word stands that they name
(`ownKeys`): they are run only in files that contain one of these words.

What `queries/bindings/<language>.scm` captures is described in `file_bindings`. The classes build on one another:
`FileSymbols`, `FileScopes`, `FileImports`, `FileBindings`, `SymbolTypes`, and here the mentions. All work on ranges of
bytes: the cost per name matters, since a file has more names than lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from glossator.index.argument_types import arguments_of
from glossator.index.doc_types import DocTypes, doc_types
from glossator.index.expressions import split_outside
from glossator.index.facts import (
    GLOBAL,
    INSTANCE,
    MACRO_ARGUMENT,
    MENTION_KINDS,
    SCOPE,
    TAGGED,
    UNKNOWN,
    UNNAMED,
    Facts,
    Import,
    Lambda,
    make_facts,
    packed_lambdas,
)
from glossator.index.file_bindings import MENTION_BYTES
from glossator.index.file_symbols import ANY_NUMBER
from glossator.index.macro_bodies import names_in_body
from glossator.index.made_names import made_name, members_of, pasted_names
from glossator.index.nested_spans import innermost, segments
from glossator.index.php_doc_types import php_doc_types
from glossator.index.source_chains import chain_start, closed_parenthesis, qualified_from
from glossator.index.swift_labels import MOST_CALL_BYTES, call_labels
from glossator.index.symbol_types import SymbolTypes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.index.facts import PackedMention
    from glossator.index.languages import Language
    from glossator.index.nested_spans import Matched, Range
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText
    from glossator.index.unnamed_functions import Handed


ROLES: Final = ("read", "value", "type", "call", "base", "decorator", "write", "template", "name", "import", "export")
MEMBER: Final = 16
"""Added to the kind of a mention that follows a receiver."""
MAX_MENTIONS: Final = 200_000
"""A file of more mentions is data; its facts are left out."""
_UNREAD_KINDS: Final = {"csharp": "type", "sql": "read"}
"""The kinds of mentions that no query reads, by language: in C# types that are extended."""
_FLAT_TYPES: Final = frozenset(("kotlin", "swift"))
"""Languages in whose grammar the names of a qualified type stand beside each other: what is before one is one name."""
_KINDS: Final = {kind: number for number, kind in enumerate(MENTION_KINDS)}
_NONE: Final = -1
_OF_MEMBERS: Final = frozenset(_KINDS[kind] for kind in ("call", "read", "value", "write"))
"""The kinds of mentions that may be of a member."""
_ROLE_KINDS: Final = tuple(
    [("read", _KINDS["read"]), ("none", _NONE)]
    + [(role, _KINDS[role]) for role in ROLES[1:]]
    + [("member", _KINDS["attribute"] + MEMBER)]
    + [(f"member.{role}", _KINDS[role] + MEMBER) for role in ROLES]
    + [("required", _KINDS["import"])]
)
_CALL: Final = _KINDS["call"]
_VALUE: Final = _KINDS["value"]
TOKEN_BYTES: Final = 300
"""So much before a name in a macro's arguments is looked at for its receiver."""
_QUOTED_NAME: Final = re.compile(rb"(?<![\w.])((?:[A-Za-z_]\w*\.)*)(?!(?:None|True|False|Literal)\b)([A-Za-z_]\w*)")
"""A name in a type in quotes, and what stands before it."""
RETURN_BYTES: Final = 80
"""So much before a returned member is looked at for the word that returns it."""
_RUST_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "as async await box break const continue crate dyn else enum extern false fn for if impl in let loop match mod"
        " move mut pub ref return self Self static struct super trait true type union unsafe use where while yield",
    )
)
"""Words of Rust, which the grammar takes for names in a macro's arguments."""
_ATTRIBUTE: Final = _KINDS["attribute"]
_STRIPPED: Final = b"\"'`: \t\r\n"
_BEFORE_MEMBER: Final = b" \t\r\n.?!:->&$\\"
_TYPE_ARGUMENTS: Final = re.compile(rb"\s*(?:<[\w\s,.?<>\[\]@&]*>)?\s*(?=\()")
"""What may stand between a call's name and its arguments."""
_TYPES: Final = frozenset((_KINDS["base"], _KINDS["type"]))
_PARAMETERS: Final = re.compile(rb"\s*<((?:[^<>;{}]|<(?:[^<>;{}]|<[^<>;{}]*>)*>)*)>")
"""The arguments of a type."""
_PATH: Final = re.compile(rb"([a-z_]\w*)((?:::\w+)*)")
"""A path that begins with the name of a module or namespace, in Rust and C++."""
_GLOBAL: Final = re.compile(rb"(?:^|[^\w>)\]])::\s?$")
"""What stands before a name of the global namespace in C++."""


def facts_of(
    language: Language,
    source: SourceText,
    found: Sequence[Definition],
    captures: Matched,
    matches: Sequence[Matched],
    references: Sequence[tuple[int, str]],
    messages: Sequence[tuple[int, str]],
    arguments: Mapping[int, int],
    handed: Sequence[Handed],
    unread: Sequence[tuple[int, str]],
) -> Facts:
    """The facts of a file.

    Args:
        found: the definitions in the file, in any order.
        captures: what the mentions query captures: ranges of bytes by capture.
        matches: what the bindings query matches.
        references: (first byte, name) of mentions in markup and other text that no query reads.
        messages: (first byte, name) of the methods that messages name by their whole selectors.
        arguments: first byte of an argument list -> its number of arguments, where that is certain.
        handed: the parameters of functions without a name.
        unread: (first byte, word) of words that are no names in a damaged tree, and may mean anything.
    """
    if language.prototypes:
        # `const x = require("./x")` defines nothing.
        imported = {
            span[0]
            for match in matches
            if "module" in match and "exported" not in match
            for role in ("alias", "import.name")
            for span in match.get(role, ())
        }
        found = [item for item in found if item.name_at not in imported]
    extraction = _Extraction(language, source, found, handed)
    return extraction.run(captures, matches, references, messages, arguments, unread)


class _Extraction(SymbolTypes):
    """The extraction of one file's facts."""

    def __init__(
        self, language: Language, source: SourceText, found: Sequence[Definition], handed: Sequence[Handed]
    ) -> None:
        super().__init__(language, source, found)
        self._handed = handed

    def run(
        self,
        captures: Matched,
        matches: Sequence[Matched],
        references: Sequence[tuple[int, str]],
        messages: Sequence[tuple[int, str]],
        arguments: Mapping[int, int],
        unread: Sequence[tuple[int, str]],
    ) -> Facts:
        """All facts; see `facts_of`."""
        self._add_scopes(captures.get("scope", ()), captures.get("scope.block", ()))
        self._this_spans = sorted(captures.get("scope.this", ()), key=lambda span: (span[0], -span[1]))
        self._this_cuts, self._this_at = segments(self._this_spans)
        unnamed = [*captures.get("unnamed", ()), *captures.get("unnamed.bare", ())]
        self._unnamed_classes = sorted(unnamed, key=lambda span: (span[0], -span[1]))
        self._unnamed_cuts, self._unnamed_at = segments(self._unnamed_classes)
        package = ""
        imports: list[Import] = []
        plain: list[Matched] = []
        given: set[int] = set()
        """First bytes of names that imports bind."""
        for match in matches:
            if "module" in match:
                made = self._import(match)
                if made not in imports[-1:]:  # a special pattern may match what a general one does
                    imports.append(made)
                    if made.exported and self._language.prototypes:
                        continue
                    self._imported.add(made.name)
                    if self._scopes and (inside := self._hoisted(self._scope(match["module"][0][0]))) >= 0:
                        self._inner_imports.setdefault(made.name, set()).add(inside)
                    given.update(span[0] for role in ("alias", "import.name") for span in match.get(role, ()))
            elif "tree" in match:
                imports.extend(self._import_tree(match))
            elif "passed" in match:
                imports.append(self._export(match))
            elif "package" in match:
                package = self._package(package, match["package"][0])
            else:
                plain.append(match)
        self._bind_names(captures, plain, given)
        documented: list[DocTypes] = list(doc_types(self._data)) if self._language.doc_types else []
        if self._language.name == "php":
            documented = list(php_doc_types(self._data))
        for found in documented:
            self._type_by_doc(found)
        self._describe_symbols(plain)
        self._key_handed()
        self._describe_closures()
        if self._typed_scopes:
            self._describe_parameters({start for start, _ in captures.get("signature", ())})
        for found in documented:
            if found.variable:
                self._type_variable_by_doc(found)
        mentions = self._mentions(captures, arguments)
        receiving = self._lambdas if self._language.receiving_lambdas else ()
        lambdas = [self._described(one) for one in receiving]
        self._mention_bound(mentions)
        for index in self._made_by_functions:
            self._symbols[index].kind, self._symbols[index].type = "class", ""
        # What stands where no query reads: markup of components, statements of SQL, what was taken off.
        kind = _KINDS[_UNREAD_KINDS.get(self._language.name, "template" if self._language.scripts else "call")]
        for at, name in references:
            line, column = self._place(at)
            # Of a chain of members in markup, only the first name is the file's.
            receiver = -1
            if self._language.scripts and self._data[at - 1 : at] == b".":
                receiver = self._receivers.setdefault(UNKNOWN, len(self._receivers))
            mentions.setdefault(name, []).append((kind, self._owner(at), line, column, receiver, -1))
        for at, name in messages:
            line, column = self._place(at)
            receiver = self._receivers.setdefault(UNKNOWN, len(self._receivers))
            mentions.setdefault(name, []).append((_CALL, self._owner(at), line, column, receiver, -1))
        for at, name in unread:
            if at not in self._at_name:
                line, column = self._place(at)
                mentions.setdefault(name, []).append((_KINDS["name"], self._owner(at), line, column, -1, -1))
        if sum(map(len, mentions.values())) > MAX_MENTIONS:
            mentions = {}
        facts = make_facts(self._language.name, package, self._symbols, imports, list(self._receivers), mentions)
        facts.lambdas = packed_lambdas(lambdas)
        return facts

    def _described(self, handed: Handed) -> Lambda:
        """A lambda with what it has to be."""
        made = self._source_of(handed)
        known = made != UNKNOWN and "|" not in made
        taken = self._receivers.setdefault(made, len(self._receivers)) if known else -1
        start, end = handed.name
        return Lambda(*self._place(start), *self._place(end), taken, handed.named)

    def _mentions(self, captures: Matched, arguments: Mapping[int, int]) -> dict[str, list[PackedMention]]:
        kinds = self._kinds_of_mentions(captures)
        of_ends: dict[int, int] = {}
        for start, end in captures.get("of", ()):
            if start < of_ends.get(end, end):
                of_ends[end] = start
        spans = sorted(kinds)
        scopes = self._scopes_of([start for start, _ in spans])
        holders, imported = [(scope.names, scope.parent) for scope in self._scopes], self._inner_imports
        data, at_name, texts, receivers = self._data, self._at_name, self._texts, self._receivers
        keyed, self_words, bound, fixed = self._keyed, self._self_words, self._bound, self._fixed
        names: list[str] = []
        starts: list[int] = []
        rest: list[tuple[int, int]] = []
        """Kind and receiver."""
        bare_calls, calls_apart = self._language.bare_calls, self._language.calls_apart
        uncalled = self._language.uncalled
        late, flat = self._late, self._language.name in _FLAT_TYPES
        macros, labelled = self._language.macros, self._language.labelled
        paths = macros or self._language.self_modules
        tags = {start for start, _ in captures.get("tag", ())} if self._language.tags else ()
        own = {start for role in ("own", "required") for start, _ in captures.get(role, ())}
        apart = bool(captures.get("unnamed.bare"))
        special = {start for role in ("qualifier", "token") for start, _ in captures.get(role, ())}
        for span, scope in zip(spans, scopes, strict=True):
            start, end = span
            raw = data[start:end]
            name = texts.get(raw)
            if name is None:
                if end - start > MENTION_BYTES:
                    continue
                name = raw.strip(_STRIPPED).decode("utf-8", "replace")
                if "::" in name or ("." in name and name[:1].isupper()):
                    name = name.replace("::", ".").rpartition(".")[2]  # one node in Perl and Elixir
                if labelled and name[:1] == "$" and name[1:2].isalpha():
                    name = name[1:]  # what a property's wrapper offers in Swift: `$count`
                texts[raw] = name
            kind = kinds[span]
            if kind == _NONE:
                continue
            receiver = -1
            if bare_calls and raw[:1] == b"@":
                receiver = receivers.setdefault(INSTANCE, len(receivers))
            elif kind >= MEMBER:
                kind -= MEMBER
                if not keyed or (made := keyed.get(start, "")) == "":
                    left = start - 1
                    first = of_ends.get(left)
                    if first is None and data[left - 1 : start] == b"::":
                        left -= 1
                        first = of_ends.get(left)
                    if first is None:
                        before = data[max(0, start - 80) : start]
                        left = start - len(before) + len(before.rstrip(_BEFORE_MEMBER))
                        first = of_ends.get(left)
                    if first is None:
                        outermost = macros or bare_calls
                        made = GLOBAL if outermost and _GLOBAL.search(data, max(0, start - 4), start) else UNKNOWN
                    else:
                        if data[first - 2 : first] == b"::":
                            # In C++, qualified names nest to the right.
                            first = qualified_from(data, first)
                        if macros and data[left - 1 : left] == b">" and (opened := data.find(b"<", first, left)) > 0:
                            left = opened  # `Pool<Item>::` is looked up as `Pool::`
                        while (
                            flat and data[first - 1 : first] == b"." and (outer := of_ends.get(first - 1)) is not None
                        ):
                            first = outer
                        made = (paths and self._path(first, left)) or fixed.get(data[first:left]) or ""
                        made = made or self._expression((first, left))
                receiver = receivers.setdefault(made, len(receivers))
            elif labelled and data[start - 1 : start] == b"." and data[start - 2 : start - 1] != b".":
                receiver = receivers.setdefault(UNKNOWN, len(receivers))  # in Swift a member, whatever the grammar says
            elif scope >= 0 and name in bound and not (kind == _CALL and calls_apart) and start not in own:
                found, around = holders[scope]
                while (
                    (local := found.get(name)) is None
                    or (late and start < local[0].at and start != local[0].name_at)
                    or (macros and (start < local[0].name_at or start in tags))
                ):
                    local = None
                    if around < 0:
                        break
                    found, around = holders[around]
                if local is not None and not (name in imported and self._is_imported(name, scope)):
                    made = local[0].made
                    if kind != _CALL or made not in uncalled:  # else a function of the name is meant
                        if made[:1] != "#" or not made[1:].isdigit() or local[0].text is not None:
                            continue
                        receiver = receivers.setdefault("=" + made, len(receivers))
            if (
                receiver < 0
                and apart
                and kind in _OF_MEMBERS
                and name[:1].islower()
                and self._is_in_unnamed_class(start)
            ):
                receiver = receivers.setdefault(UNNAMED, len(receivers))
            if macros and receiver < 0 and data[start - 3 : start] == b">::":
                # A member of a template, in code whose errors hide that from the grammar.
                receiver = receivers.setdefault(UNKNOWN, len(receivers))
            if receiver < 0 and start in special:
                receiver = receivers.setdefault(SCOPE if macros else MACRO_ARGUMENT, len(receivers))
            if start in tags:
                receiver = receivers.setdefault(TAGGED, len(receivers))
            if start not in at_name and name and (receiver >= 0 or name not in self_words):
                names.append(name)
                starts.append(start)
                rest.append((kind, receiver))
        bare = len(names)
        if "made" in captures:
            for start, end in captures["made"]:
                if made := made_name(data[start : min(end, start + MENTION_BYTES)]):
                    names.append(made)
                    starts.append(start)
                    rest.append((_KINDS["name"], -1))
        for span in captures.get("reflected", ()):
            if not self._is_inside(span):
                names.append(members_of(self._text(span)))
                starts.append(span[0])
                rest.append((_KINDS["name"], -1))
        if "macro.body" in captures:
            self._add_macro_bodies(captures, names, starts, rest)
        if len(names) > bare:
            order = sorted(range(len(starts)), key=starts.__getitem__)
            names, starts = [names[index] for index in order], [starts[index] for index in order]
            rest = [rest[index] for index in order]
        return self._placed(names, starts, rest, arguments)

    def _path(self, start: int, end: int) -> str:
        """The path before `::` that begins with the name of a local variable, which is no module: `it::equal`."""
        if self._data[end : end + 2] != b"::" or (path := _PATH.fullmatch(self._data[start:end])) is None:
            return ""
        head = path[1].decode()
        if head not in self._bound or head in self._self_words:
            return ""
        return head + path[2].decode().replace("::", ".")

    def _is_inside(self, span: Range) -> bool:
        """Whether a class's name stands in the class itself, as in `LoggerFactory.getLogger(Kind.class)`."""
        name, owner = self._text(span), self._owner(span[0])
        while owner >= 0:
            if self._symbols[owner].name == name:
                return True
            owner = self._symbols[owner].parent
        return False

    def _add_macro_bodies(
        self, captures: Matched, names: list[str], starts: list[int], rest: list[tuple[int, int]]
    ) -> None:
        """Add the mentions in what macros stand for to those of the file."""
        parameters: dict[int, list[str]] = {}
        for span in captures.get("macro.parameter", ()):
            parameters.setdefault(self._owner(span[0]), []).append(self._text(span))
        receivers = self._receivers
        # Sorted, since the order of captures varies from run to run, and the numbers of receivers follow from it.
        for start, end in sorted(captures["macro.body"]):
            owner = self._owner(start)
            if owner < 0 or self._symbols[owner].kind != "macro":
                continue
            own = parameters.get(owner, ())
            for found in names_in_body(self._data[start:end], own):
                if len(found.name) > MENTION_BYTES:
                    continue
                made = TAGGED if found.tag and self._language.tags else found.receiver
                names.append(found.name)
                starts.append(start + found.at)
                rest.append((_KINDS[found.kind], receivers.setdefault(made, len(receivers)) if made else -1))
            for at, pasted in pasted_names(self._data[start:end], tuple(name.encode() for name in own)):
                names.append(pasted)
                starts.append(start + at)
                rest.append((_KINDS["name"], -1))

    def _kinds_of_mentions(self, captures: Matched) -> dict[Range, int]:
        """The kind of each mention, by its range."""
        kinds: dict[Range, int] = {}
        for role, kind in _ROLE_KINDS:
            spans = captures.get(role)
            if spans:
                kinds.update(dict.fromkeys(spans, kind))
        for role in ("skip", "global", "nonlocal"):
            for span in captures.get(role, ()):
                kinds.pop(span, None)
        if self._language.name == "go":
            # What is given to `_` is thrown away. (A query would compare the text of each name with it.)
            for span in [span for span in kinds if span[1] - span[0] == 1 and self._data.startswith(b"_", span[0])]:
                del kinds[span]
        if required := frozenset(captures.get("required", ())):
            self._picked = [match for match in self._picked if match["picked"][0] not in required]
        for match in self._picked:
            span = match["picked"][0]
            if span in kinds and self._language.labelled:
                self._picked_kinds[span] = kinds[span] % MEMBER
            kinds.pop(span, None)
        self._key_returned(captures.get("returned", ()))
        for start, end in captures.get("quoted", ()):
            for found in _QUOTED_NAME.finditer(self._data, start, min(end, start + MENTION_BYTES)):
                place = found.span(2)
                if place[0] > start and self._data[place[0] - 1] in b"\"'":
                    continue  # a text in it: `Literal['a']`
                kinds[place] = _KINDS["type"] + (MEMBER if found[1] else 0)
                if found[1]:
                    self._keyed[place[0]] = self._expression((found.start(1), found.end(1) - 1))
        for span in captures.get("token", ()):
            if self._text(span) in _RUST_WORDS:
                kinds.pop(span, None)
            else:
                kinds[span], made = self._role_of_token(span)
                if made:
                    self._keyed[span[0]] = made
        return kinds

    def _key_returned(self, members: Sequence[Range]) -> None:
        """Note what the function gives in which a member without its type is returned (Swift)."""
        for start, _ in members:
            owner = self._owner(start)
            before = self._data[max(0, start - RETURN_BYTES) : start - 1].rstrip()
            if owner >= 0 and self._lambda(start) < 0 and before.endswith(b"return"):
                self._keyed[start] = self._symbols[owner].type or UNKNOWN

    def _placed(
        self, names: list[str], starts: list[int], rest: list[tuple[int, int]], arguments: Mapping[int, int]
    ) -> dict[str, list[PackedMention]]:
        """Mentions by name.

        Args:
            starts: first bytes.
            rest: kinds and receivers.
        """
        mentions: dict[str, list[PackedMention]] = {}
        if not names:
            return mentions
        places = np.array(starts, np.int64)
        line_starts = np.array(self._line_starts, np.int64)
        lines = np.searchsorted(line_starts[: max(self._lines, 1)], places, "right")
        columns = (places - line_starts[lines - 1]).tolist()
        owners = innermost(self._cuts, self._owners, places)
        overloads, macros = self._language.overloads, self._language.macros
        labelled = self._language.labelled
        # What these have is not in the index, or not known.
        elsewhere = {self._receivers.get(UNKNOWN), self._receivers.get("std")} if macros else ()
        count = given = -1
        for name, start, (kind, receiver), owner, line, column in zip(
            names, starts, rest, owners, lines.tolist(), columns, strict=True
        ):
            if labelled:
                given = self._given_labels(start + len(name.encode())) if kind == _CALL else -1
            elif arguments or overloads:
                count = given = -1
                if kind == _CALL:
                    at = start + len(name.encode())
                    count = arguments.get(at, -1)
                    if count < 0 and self._language.blocks and self._data[at : at + 2] == b" {":
                        count = arguments.get(at + 1, -1)
                    if count < 0 and (typed := _TYPE_ARGUMENTS.match(self._data, at)) is not None:
                        at = typed.end()
                        count = arguments.get(at, -1)
                    if count > 0 and overloads and not (macros and (receiver in elsewhere or name.isupper())):
                        given = self._given_arguments(at, count)
                elif kind in _TYPES and self._language.name == "csharp":
                    typed = _PARAMETERS.match(self._data, start + len(name.encode()))
                    count = len(split_outside(typed[1].decode("utf-8", "replace"), ",")) if typed is not None else 0
                elif kind == _VALUE and not macros and self._data[start - 2 : start] == b"::":
                    count = ANY_NUMBER  # a reference to a method: `Session::close`
            found: PackedMention = (kind, owner, line, column, receiver, count)
            if given >= 0:
                found = (kind, owner, line, column, receiver, count, given)
            known = mentions.get(name)
            if known is None:
                mentions[name] = [found]
            else:
                known.append(found)
        return mentions

    def _given_arguments(self, at: int, count: int) -> int:
        """The index of the expressions of a call's arguments, whose list begins at a byte; -1 if nothing is known."""
        end = closed_parenthesis(self._data, at)
        if end < 0:
            return -1
        start = at + 1
        raw = self._data[start : end - 1]
        if not raw.isascii():
            return -1
        made = arguments_of(
            raw.decode(),
            count,
            lambda first, last: self._expression((start + first, start + last)),
            arrows=not self._language.macros,
        )
        return self._receivers.setdefault(made, len(self._receivers)) if made else -1

    def _given_labels(self, at: int) -> int:
        """The index of the labels of a call's arguments, which follow the name before a byte; -1 if unknown."""
        made = call_labels(self._text((at, at + MOST_CALL_BYTES)))
        return self._receivers.setdefault(made, len(self._receivers)) if made else -1

    def _role_of_token(self, span: Range) -> tuple[int, str]:
        """The kind of a mention among a macro's arguments, and the expression of its receiver, "" if it has none."""
        start, end = span
        after = self._data[end : end + 8].lstrip()
        call = after[:1] == b"(" or (after[:1] == b"!" and after[1:2] != b"=") or after[:3] == b"::<"
        before = self._data[max(0, start - TOKEN_BYTES) : start]
        bare = before.rstrip()
        if not bare.endswith((b".", b"::")) or bare.endswith(b".."):
            return _CALL if call else _KINDS["value"], ""
        kind = (_CALL if call else _ATTRIBUTE) + MEMBER
        last = len(bare.rstrip(b".:").rstrip())
        first = chain_start(bare, last)
        offset = start - len(before)
        made = ""
        if first >= 0:
            at, to = offset + first, offset + last
            made = self._path(at, to) or self._expression((at, to))
        if first > 0 and bare[first - 1 : first] == b"$" and not bare.startswith(b"crate", first):
            made = UNKNOWN  # a macro's parameter
        return kind, made or UNKNOWN
