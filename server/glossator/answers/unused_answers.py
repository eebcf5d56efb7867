"""Answers to questions about what nothing uses ("which functions are never used?"), made from the index at once.

What is listed is what the index can deny every use of; what may be used without being named is counted apart, by the
way in which it may be.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glossator.answers.cited_places import CitedPlaces
from glossator.answers.told_answers import ToldAnswer
from glossator.answers.use_wording import USES_NOTE
from glossator.errors import StoreCorruptError
from glossator.project.unused_code import FoundUnused, UnusedScope, path_scope, scope_named, type_scope, unused_code
from glossator.retrieval.unused import UNUSED_SECONDS, UNUSED_SECONDS_ONCE
from glossator.retrieval.unused_questions import parse_unused_question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glossator.answers.evidence import Question
    from glossator.project.session import Session
    from glossator.retrieval.resolution.unseen_uses import UnseenUse
    from glossator.retrieval.unused import Unused, UnusedSymbol
    from glossator.retrieval.unused_questions import UnusedQuestion
    from glossator.retrieval.visibility import Visibility

LISTED_UNUSED: Final = 40
"""Definitions listed in an answer."""
FEWEST_LISTED: Final = 3
"""And of each group at least."""

_GROUPS: Final[Mapping[Visibility | None, str]] = {
    "file": "Private: only their own file or type can name them",
    "project": "Visible inside this project only",
    "public": "Public: nothing here uses them, but other projects can",
    None: "In tests, examples and benchmarks",
}
APART_WORDS: Final[Mapping[UnseenUse, tuple[str, str]]] = {
    "test": ("is a test", "are tests"),
    "convention": (
        "has a name by which a tool or the language finds it",
        "have names by which a tool or the language finds them",
    ),
    "entry point": ("is where a program begins", "are where programs begin"),
    "decorator": ("has a decorator that may register it", "have decorators that may register them"),
    "supertype": (
        "overrides something, or has a supertype outside the index that may call it",
        "override something, or have a supertype outside the index that may call them",
    ),
    "made name": (
        "may be found by a name that is put together at run time",
        "may be found by names that are put together at run time",
    ),
    "language": ("may be used by the language or a macro", "may be used by the language or macros"),
    "text": ("is named in strings, configuration or markup", "are named in strings, configuration or markup"),
    "damage": (
        "stands, or is named, in a file with syntax errors",
        "stand, or are named, in files with syntax errors",
    ),
}
"""What is said of definitions that no place names and that may be used nevertheless: of one, and of several."""
NOT_KNOWN: Final = (
    "Not known here: uses in other projects, by reflection, by frameworks that find code by its place, and in "
    "vendored code. Assigning to something again counts as using it, and so does a use in unused code."
)


def unused_answer_in(
    session: Session, question: Question, cancelled: Callable[[], bool] = lambda: False
) -> ToldAnswer | None:
    """The answer to a question about what nothing uses; None if it is another question, or nothing is indexed.

    Raises:
        StoreError: an index cannot be opened.
        CancelledByUser: `cancelled` says that nobody waits for the answer.
    """
    asked = parse_unused_question(question.text)
    if asked is None:
        return None
    if asked.other:
        return ToldAnswer(f"{_not_looked_for(asked.other)}\n\n{USES_NOTE}\n", ())
    try:
        scope = _scope(session, asked, question)
        if isinstance(scope, str):
            return ToldAnswer(f"{scope}\n\n{USES_NOTE}\n", ())
        seconds = UNUSED_SECONDS_ONCE if question.once else UNUSED_SECONDS
        found = unused_code(
            session, scope, kinds=asked.kinds, where=question.where, seconds=seconds, cancelled=cancelled
        )
    except StoreCorruptError:
        return None  # searching finds the damage too, and has it repaired
    if asked.seen:
        found = [replace(told, unused=told.unused.seen_from(asked.seen)) for told in found]
    return _answer(session, asked, scope, found, once=question.once) if found else None


def _not_looked_for(other: str) -> str:
    things = other if other.endswith("s") else f"{other}s"
    return (
        f"Whether {things} are used is not looked for: the index tells which definitions (functions, methods, types, "
        "constants, fields) nothing uses."
    )


def _scope(session: Session, asked: UnusedQuestion, question: Question) -> UnusedScope | str:
    """Where is looked; or what is said if that is not known."""
    if asked.this:
        return _focused_scope(session, asked.this, question)
    name = asked.where.replace("`", "")
    return scope_named(session, name) or f"No file, folder or type is named `{name}`, so nothing was looked for."


def _focused_scope(session: Session, this: str, question: Question) -> UnusedScope | str:
    """The file, its folder, or the type that a question is asked at."""
    focus = question.focus
    root = next((root for root in session.roots if focus is not None and root.path == focus.root), None)
    if focus is None or root is None:
        return f"Which {this} is meant? Name it: `what is unused in src/pool.py?`"
    if this == "folder":
        return path_scope(root, focus.path.rpartition("/")[0])
    if this == "class" and (snapshot := root.open()) is not None:
        symbol = snapshot.use_finder().type_around(focus.path, focus.start_line)
        if symbol is not None:
            return type_scope(root, symbol)
    return path_scope(root, focus.path)


def _answer(
    session: Session, asked: UnusedQuestion, scope: UnusedScope, found: Sequence[FoundUnused], *, once: bool
) -> ToldAnswer:
    if waiting := waiting_words([told.unused for told in found]):
        return ToldAnswer(f"{waiting}\n\n{USES_NOTE}\n", ())
    cited = CitedPlaces(session.roots)
    every = [(told, one) for told in found for one in told.unused.symbols]
    parts = [_verdict(asked, scope, found, [one for _, one in every])]
    left = LISTED_UNUSED
    for seen, words in _GROUPS.items():
        group = [(told, one) for told, one in every if (None if one.test else one.visibility) == seen]
        if group:
            shown = group[: max(left, FEWEST_LISTED)]
            left -= len(shown)
            more = f"\n- and {len(group) - len(shown):,} more" if len(group) > len(shown) else ""
            lines = [_line(cited, told, one) for told, one in shown]
            parts += [f"**{words}** ({len(group):,})", "\n".join(lines) + more]
    told_of = [told.unused for told in found]
    parts += [apart_words(told_of), not_examined_words(told_of, once=once)]
    text = "\n\n".join([*(part for part in parts if part), f"*{NOT_KNOWN}*", USES_NOTE]) + "\n"
    return ToldAnswer(text, cited.evidence, unused=tuple((told.root.path, told.unused) for told in found))


def _verdict(
    asked: UnusedQuestion, scope: UnusedScope, found: Sequence[FoundUnused], every: Sequence[UnusedSymbol]
) -> str:
    examined = sum(told.unused.examined for told in found)
    things = _plural(asked.words) or "definitions"
    if not examined and any(told.unused.cut for told in found):
        return f"Whether {things}{scope.words} are used could not be told in the time for one question."
    if not examined:
        return f"There are no {things}{scope.words} of which the index could tell whether they are used."
    of = f"of {examined:,} examined"
    if not every:
        more = " so far" if any(told.unused.cut for told in found) else ""
        return f"No unused {things} were found{scope.words}{more}, {of}: each is used, or may be."
    verb = "is 1" if len(every) == 1 else f"are {len(every):,}"
    return f"There {verb} {_counted(things, len(every))}{scope.words} that nothing in the indexed code uses, {of}."


def _plural(words: str) -> str:
    if not words or (words.endswith("s") and not words.endswith("ss")):
        return words
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}es" if words.endswith("ss") else f"{words}s"


def _counted(things: str, number: int) -> str:
    if number != 1 or " and " in things or " or " in things or "," in things:
        return things
    if things.endswith("ies"):
        return f"{things[:-3]}y"
    return things.removesuffix("es") if things.endswith("sses") else things.removesuffix("s")


def _line(cited: CitedPlaces, told: FoundUnused, one: UnusedSymbol) -> str:
    symbol = one.symbol
    mark = cited.cite_symbol(told.root.path, told.finder, symbol, "symbol", "nothing uses it")
    members = ""
    if one.members:
        members = f", with {one.members} {'definition' if one.members == 1 else 'definitions'} in it"
    kind = symbol.kind.replace("_", " ")
    return f"- {kind} `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`) {mark}{members}"


def waiting_words(every: Sequence[Unused]) -> str:
    """What is said while uses are still being collected, so that none can be denied; "" if they are there."""
    files = sum(one.uncollected for one in every)
    if not files:
        return ""
    counted = "1 file" if files == 1 else f"{files:,} files"
    return f"The uses in {counted} are still being collected: until then nothing can be said to be unused."


def apart_words(every: Sequence[Unused]) -> str:
    """What is said of definitions that no code names and that may be used; "" if there are none."""
    apart: Counter[UnseenUse] = sum((one.apart for one in every), Counter())
    counted = [f"{number:,} {APART_WORDS[how][number != 1]}" for how, number in apart.most_common() if number and how]
    return f"Not listed, although no code names them: {'; '.join(counted)}." if counted else ""


def not_examined_words(every: Sequence[Unused], *, once: bool = False) -> str:
    """What is said of definitions and files that were not examined; "" if there are none.

    `once`: whether nothing is kept of what was found, so that the next question could not go on.
    """
    parts: list[str] = []
    left, unreached = sum(one.left for one in every), sum(one.unreached for one in every)
    counts = [f"{left:,} definition{'' if left == 1 else 's'}"] if left else []
    if unreached:
        counts.append("the definitions in 1 file" if unreached == 1 else f"the definitions in {unreached:,} files")
    if counts:
        again = "" if once else "asked again, the search goes on from there; "
        then = f"{again}asked about a folder or file, it gets through"
        parts.append(
            f"Not examined, since the time for one question was over: {' and '.join(counts)}. "
            f"{then[0].upper()}{then[1:]}."
        )
    if unread := sum(one.unread for one in every):
        files = "1 file is in a language" if unread == 1 else f"{unread:,} files are in languages"
        parts.append(f"{files} in which uses cannot be denied.")
    return " ".join(parts)
