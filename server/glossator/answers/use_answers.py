"""Answers to questions about uses ("who calls X", "what would break if X changes"), made from the index at once.

Such an answer needs no model, and nothing in it is guessed: what is stated was resolved, what only has a fitting name
is counted apart, and "nothing uses it" is said only if nothing possible is left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.answers.cited_places import CitedPlaces
from glossator.answers.told_answers import ToldAnswer
from glossator.answers.use_wording import (
    ASPECT_KINDS,
    ASPECT_WORDS,
    NO_CALLEE,
    NOT_NAMED,
    USES_NOTE,
    by_kind,
    counted_places,
    described_symbol,
    lower_first,
    not_searched_words,
    number_of,
    possible_words,
    uncollected_words,
)
from glossator.errors import StoreCorruptError, SymbolNotFoundError
from glossator.project.targets import FoundSymbol, find_symbols, found_in_root, near_symbols
from glossator.retrieval.buffers import allowing
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS
from glossator.retrieval.use_questions import parse_use_question
from glossator.retrieval.use_records import CALLING, MOST_NAMESAKES, OVERRIDE, SymbolUses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.answers.evidence import EvidenceRole, Question
    from glossator.index.records import Filter
    from glossator.project.session import Session
    from glossator.retrieval.use_questions import UseAspect, UseQuestion
    from glossator.retrieval.use_records import Caller, NamedSymbol, UsedSymbol, UsePlace
    from glossator.retrieval.uses import UseFinder

WRITTEN_AS_CODE = re.compile(r"[a-z0-9][A-Z]|_|\w(?:\.|::|->|#)\w|\(")
"""A name that can hardly be a word of a language."""

LISTED_USES = 30
"""Resolved places listed of a symbol."""
POSSIBLE_LISTED = 8
"""Possible places listed of a symbol."""
NAMESAKES = 5
"""Symbols of one name whose uses are listed; the others are only named."""
LISTED_SYMBOLS = 20
"""Callees, dependents and overriding symbols listed."""


def use_answer_in(session: Session, question: Question) -> ToldAnswer | None:
    """The answer to a question about uses; None if it is another question, or about no symbol of the index.

    Raises:
        StoreError: an index cannot be opened.
    """
    asked = parse_use_question(question.text)
    if asked is None:
        return None
    try:
        found = _asked_symbols(session, asked, question)
        return _Writer(session, question.where).answer(asked, found) if found else None
    except StoreCorruptError:
        return None  # searching finds the damage too, and has it repaired


def unknown_symbol(session: Session, text: str) -> str:
    """A sentence about the name in a question about uses, if it is written as code and no symbol is so called; else "".

    Raises:
        StoreError: an index cannot be opened.
    """
    asked = parse_use_question(text)
    if asked is None or not WRITTEN_AS_CODE.search(asked.name):
        return ""
    try:
        find_symbols(session, asked.name, asked.path)
    except SymbolNotFoundError:
        near = near_symbols(session, asked.name)
        return f"No symbol is named `{asked.name.replace('`', '')}`" + (f"; similar: {near}." if near else ".")
    return ""


def _asked_symbols(session: Session, asked: UseQuestion, question: Question) -> list[FoundSymbol]:
    """The symbols that a question is about: those of its name, or the one that it was asked at."""
    if asked.name:
        try:
            found = find_symbols(session, asked.name, asked.path)
        except SymbolNotFoundError:
            return []
        # A group of tests may have the name of the class that it is about: `describe Shop::Door do`.
        return [one for one in found if one.symbol.kind != "test"] or found
    focus = question.focus
    if focus is None:
        return []
    return found_in_root(session, focus.root, lambda finder: finder.symbol_at(focus.path, focus.start_line))


class _Writer:
    """Writes one answer: collects the evidence that it cites, each place once."""

    def __init__(self, session: Session, where: Filter | None) -> None:
        self._cited = CitedPlaces(session.roots)
        self._allowed = allowing(where) if where is not None else lambda _path, _language, _kind: True
        self._root: Path
        self._finder: UseFinder

    def answer(self, asked: UseQuestion, found: Sequence[FoundSymbol]) -> ToldAnswer:
        parts: list[str] = []
        uses: list[tuple[Path, SymbolUses]] = []
        for item in found[:NAMESAKES]:
            self._root, self._finder, symbol = item.root.path, item.finder, item.symbol
            if parts:
                parts.append("---")
            if asked.aspect == "callees":
                parts += self._callees(symbol)
                continue
            told = self._restricted(self._finder.uses(symbol))
            uses.append((self._root, told))
            parts += self._impact(symbol, told) if asked.aspect == "impact" else self._uses(asked.aspect, told)
        if len(found) > NAMESAKES:
            rest = [item.symbol for item in found[NAMESAKES:]]
            others = [f"`{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`)" for symbol in rest]
            listed = ", ".join(others[:LISTED_SYMBOLS])
            least = "at least " if len(found) >= MOST_NAMESAKES else ""
            parts.append(f"There are {least}{len(others)} more definitions of the name: {listed}{_more(others)}.")
        text = "\n\n".join([*(part for part in parts if part), USES_NOTE]) + "\n"
        return ToldAnswer(text, self._cited.evidence, tuple(uses))

    def _restricted(self, uses: SymbolUses) -> SymbolUses:
        places = tuple(place for place in uses.places if self._allowed(place.path, uses.symbol.language, ""))
        same = len(places) == len(uses.places)
        return SymbolUses(uses.symbol, places, uses.unread, uses.precise and same, uses.uncollected)

    # What is said

    def _uses(self, aspect: UseAspect, uses: SymbolUses) -> list[str]:
        kinds = ASPECT_KINDS.get(aspect)
        resolved, possible = uses.resolved, uses.possible
        others: Sequence[UsePlace] = ()
        if kinds is not None:
            asked = [place for place in resolved if place.kind in kinds]
            others = [place for place in possible if place.kind not in kinds]
            possible = tuple(place for place in possible if place.kind in kinds)
        elif aspect == "tests":
            asked = [place for place in resolved if place.test]
            possible = tuple(place for place in possible if place.test)
        else:
            asked = list(resolved)
        chosen = set(map(id, asked))
        rest = [place for place in resolved if id(place) not in chosen]
        count = sum(len(places) for places in by_kind(asked).values())
        words = ASPECT_WORDS.get(aspect, "used")
        parts = [self._verdict(aspect, uses, words, count, bool(possible))]
        groups = by_kind(asked)
        if len(groups) == 1 and (kinds is not None or aspect == "tests"):
            parts.append(self._list(next(iter(groups.values())), LISTED_USES))
        else:
            left = LISTED_USES
            for group, places in groups.items():
                parts.append(f"**{group.capitalize()}** in {counted_places(len(places))}:")
                parts.append(self._list(places, max(left, 3)))
                left -= len(places)
        is_answered = bool(asked)
        if aspect in ("overrides", "subclasses"):
            verdict, below = self._below(uses.symbol, asked)
            parts = [verdict or parts[0], *parts[1:], *below]
            is_answered = is_answered or bool(verdict)
        if rest:
            told = ", ".join(f"{group} in {counted_places(len(places))}" for group, places in by_kind(rest).items())
            parts.append(f"It is also {told}." if is_answered else f"But it is {told}.")
        return [*parts, *self._possible(possible, uses, others)]

    def _below(self, symbol: NamedSymbol, asked: Sequence[UsePlace]) -> tuple[str, list[str]]:
        """What implements or inherits from a symbol without being at one of the places that are told already: the
        answer in one sentence if there is no such place, else "", and the list."""
        listed = {(place.path, place.line) for place in asked}
        more = [one for one in self._finder.overriding(symbol) if (one.path, one.line) not in listed]
        direct = {place.owner.qualified_name for place in asked if place.owner is not None}
        more = [one for one in more if one.qualified_name not in direct]
        verdict, words = "", "Indirectly inherited by"
        if self._finder.is_structural(symbol):
            words = "Implemented or inherited by"
            if more and not asked:
                what = "type" if symbol.kind in TYPE_KINDS else "member"
                verdict = (
                    f"{self._subject(symbol)} is implemented by {len(more)} {what}{'' if len(more) == 1 else 's'}."
                )
        unseen = self._finder.may_be_implemented_unseen(symbol)
        return verdict, [self._related(words, more), *([NOT_NAMED] if unseen else [])]

    def _verdict(self, aspect: UseAspect, uses: SymbolUses, words: str, count: int, possible: bool) -> str:
        """The answer in one sentence.

        What is used in another way than is asked about may be used in that way, too, without its name: a function that
        is handed over is called, a variable whose address is taken is set. Only of what nothing uses it is denied.
        """
        subject = self._subject(uses.symbol)
        holds = uses.symbol.kind not in FUNCTION_KINDS | TYPE_KINDS
        apart = ", its definition not counted" if aspect == "writes" and holds else ""
        if count:
            sentence = f"{subject} is {words} in {counted_places(count)}{apart}"
            return f"Yes: {sentence[0].lower() + sentence[1:]}." if aspect == "any" else f"{sentence}."
        if possible:
            return f"{subject}: no place is certain to be one where it is {words}."
        if aspect in ("any", "uses") and uses.unused:
            return f"{'No: nothing' if aspect == 'any' else 'Nothing'} in the indexed code uses {lower_first(subject)}."
        if aspect in ("overrides", "subclasses") and uses.unused:
            return f"{subject}: nothing in the indexed code names it as a base or overrides it."
        if uses.unused and not apart:
            return f"{subject} is not {words} anywhere in the indexed code."
        return f"{subject}: no place was found where it is {words}{apart}."

    def _possible(self, places: Sequence[UsePlace], uses: SymbolUses, others: Sequence[UsePlace] = ()) -> list[str]:
        """What is said of places that may mean the symbol, those of another kind than was asked for apart."""
        parts: list[str] = []
        lines = list({(place.path, place.line): place for place in places}.values())
        if lines:
            parts += [f"{possible_words(len(lines), listed=True)}:", self._list(lines, POSSIBLE_LISTED)]
        known = {(place.path, place.line) for place in (*lines, *uses.resolved)}
        apart = {(place.path, place.line): place for place in others if (place.path, place.line) not in known}
        if apart:
            parts += [f"{possible_words(len(apart))} in another way:", self._list([*apart.values()], POSSIBLE_LISTED)]
        if words := not_searched_words(uses):
            parts.append(f"{words}.")
        return [*parts, uncollected_words(uses.uncollected)]

    def _callees(self, symbol: NamedSymbol) -> list[str]:
        callees = self._finder.callees(symbol)
        resolved = [used for used in callees if used.grade == "resolved"]
        subject = self._subject(symbol)
        possible = len(callees) - len(resolved)
        rest = f"It may also use {number_of(possible, 'more symbol')} with a fitting name." if possible else ""
        left = uncollected_words(self._finder.uncollected)
        if not resolved and left:
            return [f"{subject}: {NO_CALLEE}.", rest, left]
        if not resolved and possible:
            return [f"{subject}: no symbol is certain to be one that it calls or reads.", rest]
        if not resolved:
            read = self._finder.is_read_whole(symbol)
            return [f"{subject} calls and reads no other symbol of the index." if read else f"{subject}: {NO_CALLEE}."]
        calls = [used for used in resolved if CALLING.intersection(used.kinds)]
        others = [used for used in resolved if used not in calls]
        parts = [f"{subject} uses {number_of(len(resolved), 'symbol')} of the index."]
        for words, group in (("It calls", calls), ("It also uses" if calls else "It uses", others)):
            if group:
                lines = [self._callee(symbol, used) for used in group[:LISTED_SYMBOLS]]
                parts += [f"**{words}**", "\n".join(lines) + _more_lines(group, LISTED_SYMBOLS)]
        return [*parts, rest, left]

    def _callee(self, symbol: NamedSymbol, used: UsedSymbol) -> str:
        other, at = used.symbol, used.lines[0]
        cited = self._cite_symbol(other, "callee", f"`{symbol.name}` uses it")
        lines = self._finder.lines(symbol.path)
        code = _code(lines[at - 1].strip()) if 0 < at <= len(lines) else ""
        return (
            f"- {described_symbol(other).replace(' ', ' `', 1)}` (`{other.path}:{other.line}`) {cited}, line {at}{code}"
        )

    def _impact(self, symbol: NamedSymbol, uses: SymbolUses) -> list[str]:
        impact = self._finder.impact(symbol)
        resolved = [place for place in uses.resolved if place.kind != OVERRIDE]
        count = sum(len(places) for places in by_kind(resolved).values())
        subject = self._subject(symbol)
        if not count and not impact.overriding:
            parts = [self._verdict("uses", uses, "used", 0, bool(uses.possible))]
        elif not count:
            parts = [f"{subject}: no place is certain to use it."]
        else:
            verb = "uses" if count == 1 else "use"
            parts = [f"A change of {lower_first(subject)} reaches {counted_places(count)} that {verb} it."]
        left = LISTED_USES
        for words, places in by_kind(resolved).items():
            parts += [f"**{words.capitalize()}** in {counted_places(len(places))}:", self._list(places, max(left, 3))]
            left -= len(places)
        parts.append(self._related("Overridden, implemented or inherited by", impact.overriding))
        further = [caller for caller in impact.dependents if caller.depth > 1]
        if further:
            parts += ["**Through them**, indirectly:", self._dependents(further)]
        if impact.tests:
            parts.append(self._related("Tests to run", impact.tests))
        elif resolved or impact.overriding:
            parts.append("No test is known to reach it.")
        return [*parts, *self._possible(uses.possible, uses)]

    def _dependents(self, callers: Sequence[Caller]) -> str:
        lines = []
        for caller in callers[:LISTED_SYMBOLS]:
            cited = self._cite_symbol(caller.symbol, "caller", f"uses `{caller.calls.name}`")
            name = f"`{caller.symbol.qualified_name}` " if caller.symbol.language else ""
            place = f"`{caller.symbol.path}:{caller.places[0][1] if not name else caller.symbol.line}`"
            lines.append(f"- {name}({place}) {cited} by `{caller.calls.qualified_name}`")
        return "\n".join(lines) + _more_lines(callers, LISTED_SYMBOLS)

    def _related(self, words: str, symbols: Sequence[NamedSymbol]) -> str:
        if not symbols:
            return ""
        lines = [
            f"- `{one.qualified_name}` (`{one.path}:{one.line}`) {self._cite_symbol(one, 'caller', words.lower())}"
            for one in symbols[:LISTED_SYMBOLS]
        ]
        return f"**{words}**\n\n" + "\n".join(lines) + _more_lines(symbols, LISTED_SYMBOLS)

    def _subject(self, symbol: NamedSymbol) -> str:
        """The symbol, its place and its citation: what a sentence begins with."""
        kind = symbol.kind.replace("_", " ").capitalize()
        cited = self._cite_symbol(symbol, "symbol", "what is asked about")
        heir = f", inherited by `{symbol.inherited_by}`," if symbol.inherited_by else ""
        return f"{kind} `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`) {cited}{heir}"

    def _list(self, places: Sequence[UsePlace], most: int) -> str:
        lines = []
        for place in places[:most]:
            inside = f" in `{place.owner.qualified_name}`" if place.owner is not None else ""
            lines.append(f"- `{place.path}:{place.line}` {self._cite(place)}{inside}{_code(place.code)}")
        return "\n".join(lines) + _more_lines(places, most)

    # What is cited

    def _cite(self, place: UsePlace) -> str:
        owner = place.owner
        names = (owner.qualified_name,) if owner is not None else ()
        why = f"`{place.name}` is {_words_of(place)} here" if place.resolved else f"mentions `{place.name}`"
        role: EvidenceRole = "test" if place.test else "caller"
        lines = place.path, place.line, place.line
        return self._cited.cite(self._root, self._finder, lines, names, owner.kind if owner else "block", why, role)

    def _cite_symbol(self, symbol: NamedSymbol, role: EvidenceRole, why: str) -> str:
        return self._cited.cite_symbol(self._root, self._finder, symbol, role, why)


def _words_of(place: UsePlace) -> str:
    return next(iter(by_kind([place])))


def _code(code: str) -> str:
    """Code behind a colon, as Markdown; "" for none."""
    if not code:
        return ""
    ticks = "``" if "`" in code else "`"
    pad = " " if "`" in code else ""
    return f": {ticks}{pad}{code}{pad}{ticks}"


def _more(items: Sequence[object]) -> str:
    return f" and {len(items) - LISTED_SYMBOLS} more" if len(items) > LISTED_SYMBOLS else ""


def _more_lines(items: Sequence[object], most: int) -> str:
    return f"\n- and {len(items) - most:,} more" if len(items) > most else ""
