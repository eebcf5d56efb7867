"""Answers to questions about what a type implements or extends, and what a member overrides, made from the index.

Where supertypes are declared, they are read; an interface of Go is compared method by method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.answers.cited_places import CitedPlaces
from glossator.answers.told_answers import ToldAnswer
from glossator.answers.use_wording import USES_NOTE, lower_first, number_of
from glossator.errors import StoreCorruptError, SymbolNotFoundError
from glossator.index.languages import share_names
from glossator.project.targets import FoundSymbol, find_symbols, found_in_root
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS
from glossator.retrieval.supertypes import NamedSupertype, SupertypeFinder
from glossator.retrieval.type_questions import parse_type_question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.answers.evidence import Question
    from glossator.project.session import Session
    from glossator.retrieval.go_interfaces import GoComparison
    from glossator.retrieval.type_questions import TypeQuestion
    from glossator.retrieval.use_records import NamedSymbol

LISTED_SUPERTYPES: Final = 30
"""Supertypes that are listed, of one type."""
TYPES_TOLD: Final = 5
"""Types of one name that are told about."""
MEMBERS_LISTED: Final = 15
"""Members of one interface that are listed."""


def type_answer_in(session: Session, question: Question) -> ToldAnswer | None:
    """The answer to a question about what a type implements or a member overrides; None if it is another question, or
    about no symbol of the index.

    Raises:
        StoreError: an index cannot be opened.
    """
    asked = parse_type_question(question.text)
    if asked is None:
        return None
    try:
        found = _asked(session, asked, question)
        if not found:
            return None
        others = _named(session, asked.other, asked.other_path) if asked.other else []
        if asked.other and not others and not asked.other[:1].isupper() and "." not in asked.other:
            return None  # "does it implement caching?"
        return _Writer(session).answer(asked, found[:TYPES_TOLD], others)
    except StoreCorruptError:
        return None  # searching finds the damage too, and has it repaired


def _named(session: Session, name: str, path: str) -> list[FoundSymbol]:
    """The types of a name, or else the members."""
    try:
        found = find_symbols(session, name.lstrip("*&"), path)
    except SymbolNotFoundError:
        return []
    types = [one for one in found if one.symbol.kind in TYPE_KINDS and one.symbol.definitions]
    return types or [one for one in found if one.symbol.kind in FUNCTION_KINDS and one.symbol.definitions]


def _asked(session: Session, asked: TypeQuestion, question: Question) -> list[FoundSymbol]:
    """What is asked about: by its name, or the type that the question is asked at."""
    if asked.name:
        return _named(session, asked.name, asked.path)
    focus = question.focus
    if focus is None:
        return []
    return found_in_root(session, focus.root, lambda finder: finder.type_around(focus.path, focus.start_line))


class _Writer:
    def __init__(self, session: Session) -> None:
        self._cited = CitedPlaces(session.roots)
        self._at: FoundSymbol

    def answer(self, asked: TypeQuestion, found: Sequence[FoundSymbol], others: Sequence[FoundSymbol]) -> ToldAnswer:
        parts: list[str] = []
        for item in found:
            self._at = item
            if parts:
                parts.append("---")
            if not asked.other:
                parts += self._supertypes(item.symbol)
                continue
            here = [one.symbol for one in others if one.root is item.root and one.symbol.kind in TYPE_KINDS]
            fitting = [one for one in here if share_names(one.language, item.symbol.language)]
            parts += self._does(item.symbol, asked.other, fitting[:TYPES_TOLD])
        text = "\n\n".join([*(part for part in parts if part), USES_NOTE]) + "\n"
        return ToldAnswer(text, self._cited.evidence)

    # All supertypes

    def _supertypes(self, symbol: NamedSymbol) -> list[str]:
        finder = SupertypeFinder(self._at.finder)
        subject = self._subject(symbol)
        if symbol.kind not in TYPE_KINDS:
            above = self._at.finder.overridden(symbol)
            if not above:
                return [f"{subject} overrides no member of the index."]
            return [f"{subject} overrides {number_of(len(above), 'member')}:", self._list(above)]
        named = finder.named(symbol)
        direct = [one for one in named if one.direct]
        indirect = [one for one in named if not one.direct]
        compared = finder.go_interfaces(symbol)
        parts: list[str] = []
        if direct:
            verb = "embeds" if symbol.language == "go" else "extends or implements"
            parts += [f"{subject} {verb} {number_of(len(direct), 'type')}:", self._bases(direct)]
        if indirect:
            parts += ["**Through these**", self._bases(indirect)]
        if symbol.language != "go" or symbol.kind == "interface":
            return parts or [f"{subject} names no supertype."]
        certain = [one for one in compared if one.verdict]
        parts += self._implemented(subject if not parts else "It", certain)
        if maybe := [one for one in compared if one.verdict is None]:
            parts += ["**It has all methods that are known of**", "\n".join(map(self._open_interface, maybe))]
        return [*parts, "Interfaces outside the index (`error`, `io.Reader`) are not compared."]

    def _implemented(self, subject: str, certain: Sequence[GoComparison]) -> list[str]:
        if not certain:
            return [f"{subject} implements no interface of the index for certain."]
        lines = []
        for one in certain[:LISTED_SUPERTYPES]:
            symbol = self._at.finder.whole(one.interface)
            pointer = f", only as a pointer (`*{self._at.symbol.name}`)" if one.pointer else ""
            count = number_of(len(one.methods), "method")
            lines.append(
                f"- `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`) {self._cite(symbol)}, {count}{pointer}"
            )
        return [f"{subject} implements {number_of(len(certain), 'interface')}:", "\n".join(lines) + _more(certain)]

    def _open_interface(self, one: GoComparison) -> str:
        symbol = self._at.finder.whole(one.interface)
        outside = ", ".join(f"`{name}`" for name in one.outside)
        return (
            f"- `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`) {self._cite(symbol)}, which embeds {outside}"
        )

    def _bases(self, bases: Sequence[NamedSupertype]) -> str:
        lines = []
        for one in bases[:LISTED_SUPERTYPES]:
            if one.symbol is None:
                lines.append(f"- `{one.name}`, which is not in the index")
            else:
                symbol = one.symbol
                place = f"(`{symbol.path}:{symbol.line}`) {self._cite(symbol)}"
                lines.append(f"- {symbol.kind} `{symbol.qualified_name}` {place}")
        return "\n".join(lines) + _more(bases)

    # One of them

    def _does(self, symbol: NamedSymbol, written: str, others: Sequence[NamedSymbol]) -> list[str]:
        finder = SupertypeFinder(self._at.finder)
        subject = self._subject(symbol)
        name = written.replace("`", "").lstrip("*&")
        if symbol.kind not in TYPE_KINDS:
            return [f"{subject} is no type."]
        if not others:
            return [self._outside(symbol, subject, name, finder)]
        parts: list[str] = []
        for other in others:
            if parts:
                parts.append("---")
            if symbol.language == "go" and other.language == "go" and other.kind == "interface":
                parts += self._compared(subject, finder.compared(symbol, other), other)
            else:
                parts += self._declared(symbol, subject, other, finder)
        return parts

    def _outside(self, symbol: NamedSymbol, subject: str, name: str, finder: SupertypeFinder) -> str:
        named = finder.named(symbol)
        last = name.replace("::", ".").rpartition(".")[2]
        for one in named:
            if one.symbol is None and one.name.replace("::", ".").rpartition(".")[2] == last:
                how = "" if one.direct else ", through another supertype"
                return (
                    f"Yes: {lower_first(subject)} names `{one.name}`, which is not in the index, as a supertype{how}."
                )
        text = f"`{name}` is not in the index, so whether {lower_first(subject)} implements it cannot be told"
        told = ", ".join(f"`{one.name}`" for one in named if one.direct)
        return f"{text}. It names {told}." if told else f"{text}."

    def _declared(self, symbol: NamedSymbol, subject: str, other: NamedSymbol, finder: SupertypeFinder) -> list[str]:
        target = f"{other.kind} `{other.qualified_name}` (`{other.path}:{other.line}`) {self._cite(other)}"
        named = finder.named(symbol)
        way = finder.way(symbol, other)
        if way:
            through = "".join(f" through `{one.qualified_name}`" for one in way[:-1][:1])
            parts = [f"Yes: {lower_first(subject)} extends or implements {target}{through}."]
            members = finder.implementing(symbol, other)
            return [
                *parts,
                *([f"It has {number_of(len(members), 'member')} of it:", self._list(members)] if members else []),
            ]
        if missing := finder.missing_members(symbol, other):
            lacking = ", ".join(f"`{one}`" for one in missing[:MEMBERS_LISTED])
            return [f"No: {lower_first(subject)} does not name {target}, and has no {lacking}."]
        if self._at.finder.is_structural(other):
            types = "Whether their types fit is not compared."
            return [f"{subject} does not name {target}, but has members of all its names. {types}"]
        unknown = [one.name for one in named if one.unknown]
        if unknown:
            told = ", ".join(f"`{one}`" for one in unknown)
            return [f"{subject} does not name {target}; but what {told} extends is not known."]
        return [f"No: {lower_first(subject)} does not extend or implement {target}."]

    def _compared(self, subject: str, one: GoComparison, other: NamedSymbol) -> list[str]:
        target = f"interface `{other.qualified_name}` (`{other.path}:{other.line}`) {self._cite(other)}"
        finder = self._at.finder
        parts: list[str] = []
        if one.verdict:
            pointer = (
                f", as a pointer (`*{self._at.symbol.name}`): some of its methods have a pointer receiver"
                if one.pointer
                else ""
            )
            parts.append(f"Yes: {lower_first(subject)} implements {target}{pointer}.")
        elif one.verdict is False:
            parts.append(f"No: {lower_first(subject)} does not implement {target}.")
        else:
            parts.append(f"{subject}: whether it implements {target} cannot be told.")
        if one.unread:
            parts.append("The interface lists types, or a signature cannot be read.")
        if one.outside:
            parts.append(f"The interface embeds {_names(one.outside)}, whose methods are not in the index.")
        if one.missing and one.embeds:
            parts.append(f"The type embeds {_names(one.embeds)}, which may have what is missing.")
        for words, group in (
            ("Missing", one.missing),
            (
                "Only a type of the interface's own package can have them: their names begin with a small letter",
                one.hidden,
            ),
        ):
            if group:
                parts += [f"**{words}**", self._list([finder.whole(method) for method in group])]
        if one.differing:
            lines = [self._difference(finder.whole(required), finder.whole(own)) for required, own in one.differing]
            parts += ["**With another signature**", "\n".join(lines)]
        if one.methods:
            parts += [
                "**Methods of the interface that it has**",
                self._list([finder.whole(own) for own in one.methods]),
            ]
        return parts

    def _difference(self, required: NamedSymbol, own: NamedSymbol) -> str:
        asked, given = (self._at.finder.line(one.path, one.line).strip().rstrip("{ ") for one in (required, own))
        return (
            f"- `{own.qualified_name}` (`{own.path}:{own.line}`) {self._cite(own)}: `{given}`, where "
            f"`{required.path}:{required.line}` {self._cite(required)} asks for `{asked}`"
        )

    # What is cited

    def _list(self, symbols: Sequence[NamedSymbol]) -> str:
        lines = [
            f"- `{one.qualified_name}` (`{one.path}:{one.line}`) {self._cite(one)}" for one in symbols[:MEMBERS_LISTED]
        ]
        more = len(symbols) - MEMBERS_LISTED
        return "\n".join(lines) + (f"\n- and {more} more" if more > 0 else "")

    def _subject(self, symbol: NamedSymbol) -> str:
        kind = symbol.kind.replace("_", " ").capitalize()
        return f"{kind} `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`) {self._cite(symbol)}"

    def _cite(self, symbol: NamedSymbol) -> str:
        return self._cited.cite_symbol(self._at.root.path, self._at.finder, symbol, "symbol", "what is asked about")


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _more(items: Sequence[object]) -> str:
    return f"\n- and {len(items) - LISTED_SUPERTYPES} more" if len(items) > LISTED_SUPERTYPES else ""
