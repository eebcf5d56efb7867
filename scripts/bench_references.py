"""Measure resolved uses against language servers: `scripts/bench references --repository DIR... [--language NAME]`.

For a sample of definitions, the places that Glossator states as uses (resolved) and those that it counts as possible
are compared with what language servers find: all mentions, calls, and the definitions that a function calls. Only files
of one language family are compared; the definitions themselves, comments, strings, and what the preprocessor leaves out
count on neither side. A definition on which an oracle fails (an error, no answer in time, or an answer without the
definition itself) is not compared with that oracle, and not at all if none is left. Where two oracles answered, a place
is wrong only if neither has it, and missed only if both have it. A resolved place that no oracle lists is asked about
in the other direction, what does this name mean, before it counts as wrong; so is one that oracles list and Glossator
does not state, before it counts as missed.

Servers are looked for in --oracles and on PATH; what is lacking is named, with how to get it, and the others are
measured. Their answers are kept in --cache, so that a repeated run asks them nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.project.session import Session
from glossator.retrieval.kinds import is_test
from glossator.settings import load_settings
from language_servers import KINDS, DocumentSymbol, Kind
from reference_answers import Answerer, Found, Resolved
from reference_oracles import Asked, Lines, NoAnswerError, Oracles, first_of, in_macro, word
from reference_report import figures_of, table
from reference_scoring import Place, Verdict, choose, compare, kind_of_mention, merged, thinned

if TYPE_CHECKING:
    from glossator.project.snapshot import Snapshot

FAMILIES = {
    "python": frozenset({"python"}),
    "javascript": frozenset({"javascript", "jsx", "typescript", "tsx"}),
    "go": frozenset({"go"}),
    "c": frozenset({"c", "cpp"}),
    "rust": frozenset({"rust"}),
    "java": frozenset({"java"}),
    "php": frozenset({"php"}),
}
"""Languages that are measured together, since their files refer to each other."""
STRATA = {
    "function": "function", "method": "method", "class": "type", "interface": "type", "enum": "type", "struct": "type",
    "variable": "value", "constant": "value", "field": "value", "property": "value", "member": "value",
}  # fmt: skip
SHARES = {"function": 0.3, "method": 0.35, "type": 0.15, "value": 0.2}
MOST_FILES = 400
"""Files whose definitions may be drawn; of a larger code base an arbitrary part."""
MOST_ASKED = 400
"""Places of a definition that only servers list, and about which they are asked in the other direction."""
MOST_MENTIONS = 4
"""Mentions of a name in one line that are looked up."""
MOST_CALLS = 30
"""Called names of one function that are looked up."""
GOALS = "goals: precision .97, recall of resolved and possible .95, of resolved .80"
_CALL = re.compile(r"(?<![\w$.])?([A-Za-z_$][\w$]*)\s*(?:\(|::<[^>\n]*>\(|<[\w\s,.<>\[\]?]*>\()")
_OVERLOADED = re.compile(r"(\s*)(?:export\s+|default\s+|declare\s+|async\s+)*(?:def|function)\s+([A-Za-z_$][\w$]*)")
_ACCESSOR = re.compile(r"(?:get|set|is)(\w+)")
_SELF = re.compile(r"(?:this|self|Self|super|static|parent|cls)\b")
_GENERATED = re.compile(r"(?:^|/)(?:dist|build|out|vendor|third_party|deno)/|\.min\.")
_STUBS = (".pyi", ".d.ts", ".d.mts", ".d.cts")
_EMBEDDED = re.compile(r"\s*\*?(?:\w+\.)?\w+(?:\[[^\]]*\])?\s*(?:`[^`]*`)?\s*")
_NO_CALLS = frozenset({
    "if", "for", "while", "switch", "catch", "return", "function", "def", "class", "new", "match", "with", "except",
    "elif", "not",
    "in", "and", "or", "is", "assert", "del", "sizeof", "typeof", "alignof", "decltype", "await", "yield",
    "super", "this", "self", "fn", "func", "lambda", "raise", "throw", "else", "do", "try", "isset", "empty", "unset",
    "array", "list", "exit", "die", "defined", "static_assert", "noexcept", "require", "import",
})  # fmt: skip
"""Words before a parenthesis that call nothing of the code base."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition that is asked about; the column counts UTF-16 units."""

    path: str
    line: int
    column: int
    end: int
    name: str
    kind: str

    def includes(self, path: str, line: int) -> bool:
        """Whether a line belongs to it: what is defined there is itself, a parameter, or local."""
        return path == self.path and self.line <= line <= self.end


@dataclass(slots=True)
class Compared:
    """One definition's results."""

    definition: Definition
    known: bool
    milliseconds: float
    uses: Verdict
    callees: Verdict | None


class Measurement:
    """One code base and one language family."""

    def __init__(
        self, repository: Path, snapshot: Snapshot, family: str, oracles: Oracles, kinds: Sequence[Kind]
    ) -> None:
        self.family = family
        self.repository = repository
        self._oracles = oracles
        self._kinds = kinds
        records = snapshot.store.files().items()
        self.files = {
            path: record.language
            for path, record in sorted(records)
            if not record.skipped and record.language in FAMILIES[family]
        }
        self._lines: dict[str, Lines] = {}
        self._defined: dict[str, dict[int, DocumentSymbol]] = {}
        self.left_out: Counter[str] = Counter()

    def lines(self, path: str) -> Lines:
        if path not in self._lines:
            self._lines[path] = Lines.read(self.repository / path, self.files.get(path, ""))
        return self._lines[path]

    def symbols(self, path: str) -> list[DocumentSymbol]:
        """Definitions in a file, as the first oracle that can say sees them."""
        for kind in self._kinds:
            try:
                return self._oracles.symbols(kind, path)
            except NoAnswerError:
                continue
        return []

    def defined_at(self, path: str, line: int) -> DocumentSymbol | None:
        """The definition whose name is at a line, but none that an import makes."""
        if path not in self.files:
            return None
        if path not in self._defined:
            lines = self.lines(path).text
            self._defined[path] = {
                symbol.line: symbol
                for symbol in reversed(self.symbols(path))
                if symbol.line <= len(lines) and kind_of_mention(lines[symbol.line - 1], _bare(symbol.name)) != "import"
            }
        return self._defined[path].get(line)

    def sample(self, count: int, seed: int) -> list[Definition]:
        """Definitions outside tests, generated code and files of declarations, stratified by kind."""
        generator = random.Random(seed)
        paths = [path for path in self.files if not (is_test(path) or _GENERATED.search(path) or path.endswith(_STUBS))]
        paths = sorted(generator.sample(paths, min(MOST_FILES, len(paths))))
        pools: dict[str, list[tuple[str, object]]] = {name: [] for name in SHARES}
        for path in paths:
            for definition in self._definitions_in(path):
                pools[STRATA[definition.kind]].append((definition.name, definition))
        common: Counter[str] = Counter()
        for path in self.files:
            for line in self.lines(path).code:
                common.update(re.findall(r"[A-Za-z_$][\w$]*", line))
        draw = [generator.random() for pool in pools.values() for _ in pool]
        return [item for item in choose(pools, SHARES, count, common, draw) if isinstance(item, Definition)]

    def _definitions_in(self, path: str) -> Iterator[Definition]:
        for symbol in self.symbols(path):
            name = _bare(symbol.name)
            if symbol.local or symbol.kind not in STRATA or not re.fullmatch(r"[A-Za-z_$][\w$]*", name):
                continue
            if name.startswith("__") or name in {"_", "constructor", "init", "main"} or name == symbol.container:
                continue
            lines = self.lines(path)
            if symbol.line > len(lines.text) or not lines.at(symbol.line, symbol.column).startswith(name):
                continue
            line = lines.text[symbol.line - 1]
            overload = self._implementation(path, symbol.line) != symbol.line
            if overload or kind_of_mention(line, name) == "import":
                continue
            yield Definition(path, symbol.line, symbol.column, symbol.end, name, symbol.kind)

    def compare(self, definition: Definition, ours: Answerer) -> Compared | None:
        """Compare one definition; None if every oracle failed on it."""
        if self.family == "php":
            # A property is named without the dollar sign wherever it is used.
            definition = replace(definition, name=definition.name.lstrip("$"))
        text = self.lines(definition.path).code[definition.line - 1]
        if self.family == "go" and definition.kind == "field" and _EMBEDDED.fullmatch(text):
            # A server answers for the type, not for the field.
            self.left_out["embedded fields"] += 1
            return None
        if definition.name == "operator":
            # `operator<<` is called without its name.
            self.left_out["operators"] += 1
            return None
        oracles: list[frozenset[Place]] = []
        written: dict[Place, list[int]] = {}
        left_out: set[Place] = {(definition.path, definition.line)}
        for kind in self._kinds:
            try:
                found = self._oracles.references(kind, (definition.path, definition.line, definition.column))
            except NoAnswerError:
                self.left_out[f"{kind.name}: error or no answer"] += 1
                continue
            found = [place for place in found if not self._is_self(*place) and not self._is_accessor(place, definition)]
            places = {(path, line) for path, line, _ in found}
            for path, line, column in found:
                written.setdefault((path, line), []).append(column)
            if (definition.path, definition.line) not in places and kind.name != "jdtls":
                self.left_out[f"{kind.name}: nothing"] += 1
                continue
            oracles.append(frozenset(places))
        if not oracles:
            self.left_out["definitions not compared"] += 1
            return None
        started = time.perf_counter()
        found_uses = ours.uses(definition.path, definition.line, definition.name, definition.column)
        milliseconds = 1000 * (time.perf_counter() - started)
        resolved = {(item.path, item.line): item for item in found_uses or () if item.resolved}
        possible = {(item.path, item.line) for item in found_uses or () if not item.resolved}
        every = {*resolved, *possible, *(place for places in oracles for place in places)}
        left_out |= {place for place in every if self._is_left_out(place, definition.name)}
        union = frozenset().union(*oracles)
        meaning = {}
        for place, item in resolved.items():
            if place not in union and place not in left_out:
                meaning[place] = self._meaning(item, definition, union)
        left_out |= {place for place, outcome in meaning.items() if outcome == "undecided"}
        # Servers list uses of related definitions too: of a method that implements an interface's, those of the latter.
        _, agreed = merged(oracles)
        for place in thinned(agreed - left_out, MOST_ASKED):
            if place not in resolved and self._means_another(place, written[place], definition):
                left_out.add(place)
        kinds = {
            place: kind_of_mention(self.lines(place[0]).text[place[1] - 1], definition.name)
            for place in every - left_out
        }
        verdict = compare(resolved, possible, oracles, left_out=frozenset(left_out), meaning=meaning, kinds=kinds)
        callees = None
        if definition.kind in {"function", "method"}:
            callees = self._compare_callees(definition, ours)
        return Compared(definition, found_uses is not None, milliseconds, verdict, callees)

    def _is_self(self, path: str, line: int, column: int) -> bool:
        """Whether a place says `this` or the like, which servers count as a use of the class."""
        if path not in self.files or not 0 < line <= len(self.lines(path).text):
            return False
        return bool(_SELF.match(self.lines(path).at(line, column)))

    def _is_accessor(self, place: Asked, definition: Definition) -> bool:
        """Whether a getter or setter is called at a place, whose calls Java's server counts as uses of the field."""
        path, line, column = place
        if self.family != "java" or path not in self.files or not 0 < line <= len(self.lines(path).text):
            return False
        found = _ACCESSOR.match(self.lines(path).at(line, column))
        return found is not None and found[1].lower() == definition.name.lower()

    def _means_another(self, place: Place, columns: Sequence[int], definition: Definition) -> bool:
        """Whether a server lists a place as a use, and says that the name there means another definition."""
        mention = Found(*place, definition.name, "", resolved=False)
        lines = self.lines(place[0])
        if any(lines.at(place[1], column).lstrip("$#").startswith(definition.name) for column in columns):
            return self._meaning(mention, definition, frozenset()) == "refuted"
        # Under another name, which an import may have given it.
        return self._meaning_at(mention, columns[0], definition, frozenset()) == "refuted"

    def _is_left_out(self, place: Place, name: str) -> bool:
        path, line = place
        if path not in self.files or not 0 < line <= len(self.lines(path).text):
            return True
        lines = self.lines(path)
        named = word(name).search(lines.code[line - 1]) is not None
        if not named and (self.family == "java" or word(name).search(lines.text[line - 1])):
            # Java's server lists the calls of a field's getters and setters too.
            return True
        declared = _OVERLOADED.match(lines.code[line - 1])
        if declared is not None and declared[2] == name and not word(name).search(lines.code[line - 1], declared.end()):
            return True
        symbol = self.defined_at(path, line)
        return symbol is not None and _bare(symbol.name) == name

    def _meaning(self, item: Found, definition: Definition, union: frozenset[Place]) -> str:
        """What the oracles say that the name at a place means: "undecided" where they cannot know, as in parts that
        the preprocessor leaves out. Of several mentions in a line one that means the definition is enough."""
        columns = self.lines(item.path).columns(item.line, item.name)
        outcomes = {self._meaning_at(item, column, definition, union) for column in columns[:MOST_MENTIONS]}
        ranked = ("right", "undecided", "unconfirmed", "refuted")
        return next((outcome for outcome in ranked if outcome in outcomes), "unconfirmed")

    def _meaning_at(self, item: Found, column: int, definition: Definition, union: frozenset[Place]) -> str:
        """The same of the mention at one column."""
        lines = self.lines(item.path)
        outcome = "unconfirmed"
        for kind in self._kinds:
            try:
                targets, inactive = self._oracles.definition(kind, (item.path, item.line, column))
            except NoAnswerError:
                continue
            if inactive:
                return "undecided"
            if item.name != definition.name and targets and all(self._is_macro_rule(*target) for target in targets):
                # Of what a macro by example stands for Rust's server says nothing where the macro is used.
                return "undecided"
            for path, line, _ in targets:
                if self._canonical(path, line) == self._canonical(definition.path, definition.line):
                    return "right"
                if path.endswith(_STUBS) and word(item.name).search(self.lines(path).code[line - 1]):
                    # It looks no further than the declaration: whose that is, it does not say.
                    return "undecided"
                symbol = self.defined_at(path, line)
                if (path, line) in union and symbol is not None and _bare(symbol.name) == definition.name:
                    return "right"
            elsewhere = {(path, line) for path, line, _ in targets} - {(item.path, item.line)}
            if elsewhere and not all(self._is_import(place, item) for place in elsewhere):
                outcome = "refuted"
        if outcome == "unconfirmed" and self.family == "c" and in_macro(lines.text, item.line):
            # clangd reads what a macro stands for only where the macro is used, and lists that place instead.
            return "undecided"
        return outcome

    def _is_import(self, place: Place, item: Found) -> bool:
        """Whether the file of a mention imports its name at a place: where that leads, the server does not know."""
        path, line = place
        return path == item.path and kind_of_mention(self.lines(path).text[line - 1], item.name) == "import"

    def _is_macro_rule(self, path: str, line: int, _: int) -> bool:
        """Whether a macro by example is defined at a place."""
        return self.family == "rust" and path in self.files and "macro_rules!" in self.lines(path).code[line - 1]

    def _canonical(self, path: str, line: int) -> Place:
        """A constructor counts as its class, an overload as the function that implements it, a doc comment or an
        attribute as what follows."""
        if self.family == "php" and path in self.files:
            code = self.lines(path).code
            while 0 < line < len(code) and (not code[line - 1].strip() or code[line - 1].lstrip().startswith("#[")):
                line += 1
        line = self._implementation(path, line)
        symbol = self.defined_at(path, line)
        if (
            symbol is not None
            and symbol.container_line
            and (
                symbol.kind == "constructor"
                or _bare(symbol.name) in {"__init__", "__new__", "constructor", symbol.container}
            )
        ):
            return path, symbol.container_line
        return path, line

    def _implementation(self, path: str, line: int) -> int:
        """The line of the function of which an overload is at a line; the same line otherwise."""
        if path not in self.files or self.family not in {"python", "javascript"}:
            return line
        lines = self.lines(path).code
        found = _OVERLOADED.match(lines[line - 1]) if 0 < line <= len(lines) else None
        if found is None:
            return line
        indent, name = len(found[1]), found[2]
        for number in range(line + 1, len(lines) + 1):
            text = lines[number - 1]
            if text.strip() and len(text) - len(text.lstrip()) < indent:
                break
            other = _OVERLOADED.match(text)
            if other is not None and (len(other[1]), other[2]) == (indent, name):
                line = number
        return line

    def _compare_callees(self, definition: Definition, ours: Answerer) -> Verdict | None:
        """Compare the definitions that a function calls; a place is a target with the line of the call."""
        lines = self.lines(definition.path)
        wanted: list[tuple[int, str, Asked]] = []
        seen: set[tuple[int, str]] = set()
        for line in range(definition.line, min(definition.end, len(lines.code)) + 1):
            for found in _CALL.finditer(lines.code[line - 1]):
                name = found[1]
                if name in _NO_CALLS or (line, name) in seen or (line == definition.line and name == definition.name):
                    continue
                seen.add((line, name))
                column = lines.utf16(line, found.start(1))
                wanted.append((line, name, (definition.path, line, column)))
        wanted = wanted[:MOST_CALLS]
        answers: list[dict[tuple[int, str], set[Place]]] = []
        known: set[tuple[int, str]] = set()
        for kind in self._kinds:
            row: dict[tuple[int, str], set[Place]] = {}
            for line, name, asked in wanted:
                try:
                    targets, _ = self._oracles.definition(kind, asked)
                except NoAnswerError:
                    continue
                if targets:
                    known.add((line, name))
                row[line, name] = {
                    self._target(path, target, name)
                    for path, target, _ in targets
                    if path in self.files and not definition.includes(path, target)
                }
            if row or not wanted:
                answers.append(row)
        if not answers or not wanted:
            return None
        reached: dict[tuple[int, str], tuple[list[list[Place]], list[list[Place]]]] = {}
        for callee in ours.callees(definition.path, definition.line, definition.name):
            places = [item for item in callee.targets if item[0] in self.files]
            if places and not any(definition.includes(path, line) for path, line in places):
                grades = reached.setdefault((callee.line, callee.name), ([], []))
                grades[not callee.resolved].append([self._target(path, line, callee.name) for path, line in places])
        stated: list[set[Place]] = [set(), set()]
        right: list[set[Place]] = [set() for _ in answers]
        meaning: dict[Place, str] = {}
        for line, name, _ in wanted:
            call = (line, name)
            # A server may give several places for one definition, such as where it is exported: any of them will do.
            every = set().union(*(row.get(call, set()) for row in answers))
            agreed = set.intersection(*(row.get(call, set()) for row in answers)) or every
            for row, targets in zip(answers, right, strict=True):
                if row.get(call):
                    targets.add((_joined(min(agreed)), line))
            for grade, found_here in enumerate(reached.get(call, ())):
                for targets_of_one in found_here:
                    # Nor does it matter which of its overloads a symbol is told with.
                    is_right = not every.isdisjoint(targets_of_one)
                    place = (_joined(min(agreed) if is_right else targets_of_one[0]), line)
                    stated[grade].add(place)
                    if call in known:
                        meaning[place] = "refuted"
        kinds = dict.fromkeys(set().union(*stated, *right), "call")
        return compare(stated[0], stated[1], [frozenset(row) for row in right], meaning=meaning, kinds=kinds)

    def _target(self, path: str, line: int, name: str) -> Place:
        if self.family == "c":
            # A function's declaration in a header and its definition are one.
            return name, 0
        return self._canonical(path, line)


def _bare(name: str) -> str:
    """A name without what servers add to it: parameters, type parameters, a receiver, a namespace."""
    return re.split(r"[.:]+", re.split(r"[(<]", name.lstrip("(*").replace(").", "."))[0])[-1].strip()


def _joined(target: Place) -> str:
    return f"{target[0]}:{target[1]}" if target[1] else target[0]


def measure(measurement: Measurement, ours: Answerer, count: int, seed: int) -> tuple[dict[str, Any], list[Compared]]:
    """All figures of one code base and language family."""
    results: list[Compared] = []
    sample = measurement.sample(count, seed)
    for number, definition in enumerate(sample):
        compared = measurement.compare(definition, ours)
        if compared is not None:
            results.append(compared)
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {len(sample)}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    figures = figures_of(results)
    return {"definitions": len(sample), **figures, "left_out": dict(measurement.left_out)}, results


def worst(measurement: Measurement, results: Sequence[Compared], most: int) -> Iterator[str]:
    """The wrong, the missed and the possible places as lines of Markdown, those of the definitions with most of them
    first."""

    def text(place: Place) -> str:
        if place[0] not in measurement.files:
            return ""
        return f"`{measurement.lines(place[0]).text[place[1] - 1].strip()[:110]}`"

    def faults(item: Compared) -> int:
        verdicts = [item.uses, *([item.callees] if item.callees else [])]
        return sum(len(verdict.wrong) * 3 + len(verdict.missed) + len(verdict.unsure) // 4 for verdict in verdicts)

    yield f"## {measurement.repository.name}: {measurement.family}\n"
    for item in sorted(results, key=faults, reverse=True)[:most]:
        if not faults(item):
            break
        place = item.definition
        unknown = "" if item.known else " (Glossator does not know this definition)"
        yield f"### {place.kind} `{place.name}` {place.path}:{place.line}{unknown}\n"
        for place_, why in item.uses.wrong[:8]:
            yield f"- wrong ({why}): {place_[0]}:{place_[1]} {text(place_)}"
        for place_ in item.uses.missed[:8]:
            yield f"- missed: {place_[0]}:{place_[1]} {text(place_)}"
        for place_ in item.uses.unsure[:8]:
            yield f"- possible only: {place_[0]}:{place_[1]} {text(place_)}"
        if item.callees:
            for place_, why in item.callees.wrong[:6]:
                yield f"- wrong callee ({why}): line {place_[1]} -> {place_[0]}"
            for place_ in item.callees.missed[:6]:
                yield f"- missed callee: line {place_[1]} -> {place_[0]}"
        yield ""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, action="append", required=True, help="a folder; may be repeated")
    parser.add_argument("--language", choices=FAMILIES, help="only this one (default: each with 20 files or more)")
    parser.add_argument("--definitions", type=int, default=60, help="of each code base")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--oracles", type=Path, help="folder with the language servers' programs")
    parser.add_argument("--cache", type=Path, help="folder that keeps the language servers' answers")
    parser.add_argument("--index-dir", type=Path, help="keeps the indexes (default: a temporary folder)")
    parser.add_argument("--cached", action="store_true", help="start no language server: use only what is kept")
    parser.add_argument(
        "--worst", type=Path, metavar="FILE", help="write the wrong, missed and possible places to a file"
    )
    parser.add_argument("--most-worst", type=int, default=15, metavar="N", help="definitions listed of a code base")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.oracles:
        os.environ["PATH"] = f"{options.oracles.resolve()}{os.pathsep}{os.environ['PATH']}"
    report: dict[str, Any] = {"repositories": [], "languages": {}, "lacking": {}}
    every: dict[str, list[Compared]] = {}
    listed: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        for repository in options.repository:
            settings = replace(load_settings(), index_dir=options.index_dir or Path(temporary))
            session = Session([repository], settings)
            try:
                session.root.index()
                snapshot = session.root.open()
                assert snapshot is not None
                languages = Counter(record.language for record in snapshot.store.files().values() if not record.skipped)
                for family, names in FAMILIES.items():
                    if options.language != family and (options.language or sum(languages[name] for name in names) < 20):
                        continue
                    kinds = first_of(KINDS, names)
                    lacking = [kind for kind in KINDS if kind.languages & names and kind not in kinds]
                    report["lacking"] |= {kind.name: kind.get for kind in lacking}
                    if not kinds:
                        continue
                    files = {path: record.language for path, record in snapshot.store.files().items()}
                    cache = options.cache or Path(temporary)
                    oracles = Oracles(repository.resolve(), files, cache.resolve(), asks=not options.cached)
                    try:
                        measurement = Measurement(repository.resolve(), snapshot, family, oracles, kinds)
                        ours = Resolved(snapshot)
                        figures, results = measure(measurement, ours, options.definitions, options.seed)
                        listed += worst(measurement, results, options.most_worst)
                    finally:
                        oracles.close()
                    figures = {
                        "repository": repository.name, "language": family, "oracles": [kind.name for kind in kinds],
                        **figures,
                    }  # fmt: skip
                    report["repositories"].append(figures)
                    every.setdefault(family, []).extend(results)
                    if not options.json:
                        title = f"{repository.name} ({family}; {', '.join(figures['oracles'])})"
                        print("\n".join(table(title, figures)), flush=True)
            finally:
                session.close()
    report["languages"] = {family: figures_of(results) for family, results in every.items()}
    if options.worst:
        options.worst.parent.mkdir(parents=True, exist_ok=True)
        options.worst.write_text("\n".join(["# Wrong and missed places\n", *listed]), "utf-8")
    if options.json:
        print(json.dumps(report))
        return 0
    for family, figures in report["languages"].items():
        if sum(row["language"] == family for row in report["repositories"]) > 1:
            print("\n".join(table(f"all of {family}", figures)))
    for name, get in report["lacking"].items():
        print(f"not found: {name} (to get it: {get})")
    if len(options.repository) and not report["repositories"]:
        print("nothing was measured: no language server for the languages here", file=sys.stderr)
        return 1
    print(GOALS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
