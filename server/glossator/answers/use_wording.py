"""How uses are put into words, in answers, hovers and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.retrieval.use_records import OVERRIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glossator.retrieval.use_questions import UseAspect
    from glossator.retrieval.use_records import NamedSymbol, SymbolUses, UsePlace

KIND_WORDS: Final[Mapping[str, str]] = {
    "call": "called",
    "template": "used in a template",
    "decorator": "applied as a decorator",
    "value": "used as a value",
    "write": "assigned to",
    "read": "read",
    "attribute": "read",
    "type": "named as a type",
    "base": "inherited from",
    OVERRIDE: "overridden or implemented",
    "name": "named in a string, symbol or parameter",
    "export": "re-exported",
    "import": "imported",
}
"""What a kind of use is called, in the order of lists; kinds with the same words are listed together."""

ASPECT_KINDS: Final[Mapping[UseAspect, frozenset[str]]] = {
    "calls": frozenset(("call", "decorator", "template")),
    "writes": frozenset(("write",)),
    "reads": frozenset(("read", "attribute", "value")),
    "imports": frozenset(("import", "export")),
    "overrides": frozenset((OVERRIDE, "base")),
    "subclasses": frozenset(("base",)),
}
"""The kinds that a question about one aspect asks for; a question about another aspect asks for all."""

ASPECT_WORDS: Final[Mapping[UseAspect, str]] = {
    "calls": "called",
    "writes": "assigned to",
    "reads": "read",
    "imports": "imported",
    "overrides": "overridden, implemented or inherited from",
    "subclasses": "inherited from",
    "tests": "used in tests",
}

USES_NOTE: Final = "*Read from the index, without a language model.*"
NOT_NAMED: Final = "What implements it need not name it, and is found here only where it does."
NO_CALLEE: Final = "no symbol is known that it calls or reads"


def counted_places(number: int) -> str:
    """A number of places: "1 place", "1,200 places"."""
    return "1 place" if number == 1 else f"{number:,} places"


def number_of(number: int, thing: str) -> str:
    """A number of things: "1 symbol", "2,000 symbols"."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def lower_first(text: str) -> str:
    """What begins a sentence, as it stands inside of one."""
    return text[:1].lower() + text[1:]


def possible_words(number: int, *, listed: bool = False) -> str:
    """How many places only mention a name: "12 more places mention the name"."""
    verb = "mentions" if number == 1 else "mention"
    more = "1 more place" if number == 1 else f"{number:,} more places"
    return f"{more} {verb} the name" + ("; what they refer to is not known" if listed and number > 1 else "")


def not_searched_words(uses: SymbolUses) -> str:
    """What is said of files that were not searched for uses because they are too many; "" if there are none."""
    files = uses.unread - uses.uncollected
    if files <= 0:
        return ""
    return (
        f"{files:,} more files mention the name and were not looked at"
        if files > 1
        else "1 more file was not looked at"
    )


def uncollected_words(files: int) -> str:
    """What is said of uses while those in some files are still being collected; "" if there are no such files."""
    if not files:
        return ""
    return f"The uses in {files:,} file{'' if files == 1 else 's'} are still being collected: there may be more."


def uncollected_note(files: int) -> str:
    """`uncollected_words` as a note, which follows a name and a colon; "" if there are no such files."""
    words = uncollected_words(files)
    return words[:1].lower() + words[1:].rstrip(".")


def by_kind(places: Iterable[UsePlace]) -> dict[str, list[UsePlace]]:
    """Places by the words for their kinds, in the order of `KIND_WORDS`; within a kind by file and line.

    Several mentions in one line are one place.
    """
    groups: dict[str, dict[tuple[str, int], UsePlace]] = {words: {} for words in KIND_WORDS.values()}
    for place in places:
        groups[KIND_WORDS[place.kind]].setdefault((place.path, place.line), place)
    return {words: list(group.values()) for words, group in groups.items() if group}


def described_symbol(symbol: NamedSymbol) -> str:
    """What a symbol is: "method Cart.total"."""
    return f"{symbol.kind.replace('_', ' ')} {symbol.qualified_name}"
