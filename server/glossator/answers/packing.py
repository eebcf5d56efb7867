"""What goes into an answer's evidence: one packer, with one budget that everything obeys.

Definitions are shown by their heads and the passages that are worth most to the question (`passages`), whole where
there is room; lines that the user chose by their beginning and the lines that share words with the question. "..."
stands for what is left out between.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glossator.answers.evidence import (
    CHARACTERS_PER_TOKEN,
    HEADING_TOKENS,
    Evidence,
    estimated_cost,
    estimated_tokens,
)
from glossator.answers.passages import (
    HEAD_WORTH,
    MEMBER_WORTH,
    Asked,
    Choice,
    Parts,
    Passage,
    choose,
    elided,
    filled,
    take_apart,
)
from glossator.index import terms as analysis
from glossator.index.records import StoredEntry
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.workspace.place_text import place_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from glossator.answers.evidence import Cost, EvidenceRole, Place
    from glossator.answers.root_view import RootView

CHOSEN_SHARE = 0.75
"""Part of the budget that all lines which the user has chosen may take together: the rest is for what is found."""
LEAST_CHOSEN = 60
"""Tokens below which chosen lines are not cut: rather fewer of them are used."""
JOINED_LINES = 3
"""Pieces of one file that are no more lines apart are merged, unless one is a whole definition."""
FIRST_LINES = 5
"""Lines that chosen lines begin with, however little room there is for more."""
BEFORE, AFTER = 2, 3
"""Lines around one that shares words with the question."""
LONGEST_TOKEN = 16
"""Characters that a token never exceeds, about: what is longer than that by the budget is not counted to be sure."""
PLACES_NAMED = 3
"""Places that a note lists by name; of more it says how many."""
UNFOLDED_SHARE = 0.4
"""Part of the budget for a notebook's cell whose lines are not lines of its file: it is shown from its beginning."""
FITTING_ROUNDS = 4
"""Times that passages are chosen, until what the caller counts fits: tokens are estimated for the choice."""
CAUTION = 0.98
USED = 0.95
"""Part of the budget that is good enough to have used."""
LARGEST_STEP = 1.3
"""Factor by which an estimate is corrected at most: a small project has no more to show."""
LEAST_CHARACTERS = 20
"""Characters of a line below which cutting within the line is pointless."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A piece that could be used, where it is now.

    Attributes:
        value: how much it is worth, relative to other offers.
        start, end: the lines to show of the entry (1-based, inclusive).
        brief: an outline or excerpt is enough.
        relevance: see `Evidence`.
    """

    view: RootView
    entry: StoredEntry
    value: float
    role: EvidenceRole
    why: str
    start: int
    end: int
    brief: bool = False
    relevance: float = 1.0


class Packer:
    """Chooses what fits, in the order in which groups are added: chosen lines, related symbols, what was found.

    Attributes:
        left: tokens of the budget that are not used yet.
        notes: sentences that tell the user what was left out, and why.
    """

    def __init__(
        self,
        budget: int,
        cost: Cost = estimated_cost,
        asked: Asked | None = None,
        removed: Sequence[Place] = (),
        choices: dict[Offer, Choice] | None = None,
    ) -> None:
        """Begin with nothing.

        Args:
            budget: tokens that all pieces may take together, as `cost` counts them.
            cost: what a piece takes in the prompt.
            asked: judges lines by the question.
            removed: places that must not be used.
            choices: offers that another packer has taken apart for the same question; those of this one are added.
        """
        self.left = max(budget, 0)
        self.notes: list[str] = []
        self._budget = self.left
        self._count = cost
        self._asked = asked if asked is not None else Asked({})
        self._words = self._asked.words
        self._choices = choices if choices is not None else {}
        self._removed = removed
        self._chosen: list[tuple[RootView, Evidence]] = []

    # Lines that the user has chosen

    def add_chosen(self, chosen: Sequence[tuple[RootView, Place, EvidenceRole]]) -> None:
        """Add lines that the user has selected or pinned, cut to their share of the budget."""
        pieces: list[tuple[RootView, Evidence]] = []
        for view, place, role in chosen:
            piece = self._lines_of(view, place, role)
            known = [*self._chosen, *pieces]
            if piece is None:
                self.notes.append(
                    f"`{place.path}:{place.start_line}` ({role}) could not be read: it is gone, or not to be indexed."
                )
            elif not any(_covers(other, piece) for _, other in known):
                pieces.append((view, piece))
        pot = min(self.left, int(CHOSEN_SHARE * self._budget))
        few = max(pot // LEAST_CHOSEN, 1)
        allowed = _shared_out([piece.tokens for _, piece in pieces[:few]], pot)
        left_out: list[Evidence] = []
        for (view, piece), most in zip(pieces, [*allowed, *[0] * len(pieces)], strict=False):
            used = piece if piece.tokens <= most else self._cut(piece, most)
            if used is None:
                left_out.append(piece)
            else:
                self._take([(view, used)])
                if used.form == "excerpt":
                    self.notes.append(f"`{_span(used)}` is too long: {used.why.partition('; ')[2]}.")
        if left_out:
            named = ", ".join(f"`{_span(piece)}` ({piece.role})" for piece in left_out[:PLACES_NAMED])
            more = f" and {len(left_out) - PLACES_NAMED} more places" if len(left_out) > PLACES_NAMED else ""
            self.notes.append(f"There was no room for {named}{more}.")

    def _lines_of(self, view: RootView, place: Place, role: EvidenceRole) -> Evidence | None:
        """The lines of a place as they are now; None if there are none."""
        lines = view.lines(place.path)
        start, end = max(place.start_line, 1), min(place.end_line, len(lines))
        if start > end:
            return None
        entry = view.entry_at(place.path, start) or unindexed_entry(place.path, start, end)
        return self._piece(Offer(view, entry, 1.0, role, role, start, end), start, end)

    def _cut(self, piece: Evidence, most: int) -> Evidence | None:
        """The lines of a piece that say most, within `most` tokens; None if not even a part of one fits."""
        lines = piece.source.split("\n")
        order = excerpt_order(lines, self._words)
        room, characters = 0, 0
        while room < len(order) and characters <= most * LONGEST_TOKEN:
            characters += len(lines[order[room]]) + 1
            room += 1
        best = self._longest(lambda size: self._with_lines(piece, lines, order[:size]), room, most)
        if best is not None:
            return best
        line = lines[order[0]].strip()
        at = min((found for word in self._words if (found := line.lower().find(word)) >= 0), default=0)
        part = line[max(at - most, 0) :]
        best = self._longest(
            lambda size: self._shortened(piece, f"{part[:size]} ...", "only part of a line fits"),
            min(len(part), most * LONGEST_TOKEN),
            most,
        )
        return best if best is not None and len(best.text) >= min(LEAST_CHARACTERS, len(line)) else None

    def _longest(self, made: Callable[[int], Evidence], most_size: int, most_tokens: int) -> Evidence | None:
        """The piece of the greatest size, of 1 to `most_size`, that takes no more than so many tokens."""
        best: Evidence | None = None
        low, high = 1, most_size
        while low <= high:
            middle = (low + high) // 2
            piece = made(middle)
            if piece.tokens <= most_tokens:
                best, low = piece, middle + 1
            else:
                high = middle - 1
        return best

    def _with_lines(self, piece: Evidence, lines: Sequence[str], kept: Sequence[int]) -> Evidence:
        out: list[str] = []
        before = -1
        for at in sorted(kept):
            line = lines[at]
            if at > before + 1:
                out.append(line[: len(line) - len(line.lstrip())] + "...")
            out.append(line)
            before = at
        if before < len(lines) - 1:
            out.append("...")
        text = textwrap.dedent("\n".join(out[:-1] if out[-1] == "..." else out)) + ("\n..." if out[-1] == "..." else "")
        return self._shortened(piece, text, f"{len(kept):,} of its {len(lines):,} lines fit")

    def _shortened(self, piece: Evidence, text: str, what: str) -> Evidence:
        return self._counted(replace(piece, text=text, form="excerpt", why=f"{piece.why}; {what}"))

    # Symbols

    def add(self, offers: Sequence[Offer], most: int | None = None) -> None:
        """Add of these offers the passages that are worth most per token, `most` tokens at most.

        A definition is shown by its head and some of its passages, whole where that is short or where there is room.
        """
        budget = self.left if most is None else min(self.left, most)
        unique: dict[tuple[Path, int], Offer] = {}
        for offer in offers:
            if not self._is_removed(offer):
                unique.setdefault((offer.view.folder, offer.entry.id), offer)
        ranked = sorted(unique.values(), key=lambda offer: -offer.value)
        choices = [self._choices.get(offer) or self._choice(offer, ranked) for offer in ranked]
        estimated = float(budget)
        best: list[tuple[RootView, Evidence]] = []
        most_taken = -1
        for _ in range(FITTING_ROUNDS):
            pieces = self._shown(ranked, choose(choices, estimated))
            taken = sum(piece.tokens for _, piece in pieces)
            if taken > budget:
                pieces = self._fitting(pieces, budget)
                estimated *= CAUTION * budget / taken
            else:
                estimated *= min(CAUTION * budget / max(taken, 1), LARGEST_STEP)
            if (kept := sum(piece.tokens for _, piece in pieces)) > most_taken:
                best, most_taken = pieces, kept
            if USED * budget <= taken <= budget or not taken:
                break
        self._take(best)

    def _choice(self, offer: Offer, others: Sequence[Offer]) -> Choice:
        """An offer, taken apart. What belongs to another offer inside it is shown with that one."""
        lines = offer.view.lines(offer.entry.path)
        inside: set[int] = set()
        for other in others:
            if other is not offer and other.view is offer.view and other.entry.path == offer.entry.path:
                first, last = other.entry.start_line, other.entry.end_line
                longer = offer.entry.end_line - offer.entry.start_line > last - first
                if longer and offer.start <= first and last <= offer.end:
                    inside.update(range(first, last + 1))
        names: dict[int, float] = {}
        if offer.entry.kind in TYPE_KINDS and offer.view.snapshot is not None:
            for member in offer.view.snapshot.graph.members(offer.entry):
                inside.update(range(member.start_line, member.end_line + 1))
                names[member.name_line] = MEMBER_WORTH
        heading = HEADING_TOKENS + len(offer.entry.path + offer.entry.qualified_name) / CHARACTERS_PER_TOKEN
        if unfolded := offer.view.unfolded(offer.entry):
            worth = HEAD_WORTH + self._asked.worth([unfolded])[0]
            cost = heading + min(estimated_tokens(unfolded), UNFOLDED_SHARE * self._budget)
            head = Passage((offer.start,), (), worth)
            return Choice(offer.value, [""] * len(lines), Parts(head, ()), cost)
        parts = take_apart(offer.entry, lines, (offer.start, offer.end), inside, self._asked, names)
        self._choices[offer] = Choice(offer.value, lines, parts, heading, offer.brief)
        return self._choices[offer]

    def _shown(self, offers: Sequence[Offer], shown: Sequence[AbstractSet[int]]) -> list[tuple[RootView, Evidence]]:
        """The pieces that show of each offer these lines."""
        pieces: list[tuple[RootView, Evidence]] = []
        for offer, numbers in zip(offers, shown, strict=True):
            if numbers:
                piece = self._passages(offer, numbers)
                if not any(_covers(known, piece) for _, known in self._chosen):
                    pieces.append((offer.view, piece))
        return pieces

    def _fitting(self, pieces: Sequence[tuple[RootView, Evidence]], budget: int) -> list[tuple[RootView, Evidence]]:
        """The first of the pieces that fit."""
        out: list[tuple[RootView, Evidence]] = []
        for view, piece in pieces:
            if piece.tokens <= budget:
                budget -= piece.tokens
                out.append((view, piece))
        return out

    def _passages(self, offer: Offer, numbers: AbstractSet[int]) -> Evidence:
        """The piece that shows these lines of an offer."""
        lines = offer.view.lines(offer.entry.path)
        first, last = min(numbers), max(numbers)
        whole = self._piece(offer, first, last)
        if unfolded := offer.view.unfolded(offer.entry):
            rows = unfolded.split("\n")
            most = int(UNFOLDED_SHARE * self._budget)
            return self._longest(lambda size: self._begun(whole, rows[:size]), len(rows), most) or whole
        kept = filled(lines, sorted(numbers))
        if len(kept) == last - first + 1:
            return whole
        text, at = elided(lines, kept)
        return self._counted(replace(whole, text=text, line_numbers=at, form="excerpt"))

    def _begun(self, piece: Evidence, rows: Sequence[str]) -> Evidence:
        return self._counted(replace(piece, text="\n".join(rows)))

    def packed(self) -> tuple[Evidence, ...]:
        """All that was chosen, merged where pieces touch, numbered in the order of importance."""
        pieces = [piece for piece in self._merged() if not self._overlaps_removed(piece)]
        return tuple(replace(piece, number=number) for number, piece in enumerate(pieces, 1))

    def _take(self, pieces: Sequence[tuple[RootView, Evidence]]) -> None:
        self._chosen.extend(pieces)
        self.left -= sum(piece.tokens for _, piece in pieces)

    def _is_removed(self, offer: Offer) -> bool:
        return any(
            place.overlaps(offer.view.folder / offer.entry.path, offer.start, offer.end) for place in self._removed
        )

    def _overlaps_removed(self, piece: Evidence) -> bool:
        return any(place.overlaps(piece.file, piece.start_line, piece.end_line) for place in self._removed)

    def _piece(self, offer: Offer, start: int, end: int) -> Evidence:
        entry = offer.entry
        source = "\n".join(offer.view.lines(entry.path)[start - 1 : end])
        unfolded = offer.view.unfolded(entry)
        piece = Evidence(
            number=0,
            root=offer.view.folder,
            path=entry.path,
            start_line=start,
            end_line=end,
            names=(entry.qualified_name,) if entry.qualified_name else (),
            kind=entry.kind,
            why=offer.why,
            text=unfolded or textwrap.dedent(source),
            tokens=0,
            role=offer.role,
            form="unfolded" if unfolded else "source",
            source=source,
            entry=entry,
            relevance=offer.relevance,
        )
        return self._counted(piece)

    def _counted(self, piece: Evidence) -> Evidence:
        """The piece with what it costs. What cannot fit is estimated: counting it would keep a model busy in vain."""
        hopeless = len(piece.text) > self._budget * LONGEST_TOKEN
        cost = max(estimated_cost(piece), self._budget + 1) if hopeless else self._count(piece)
        return replace(piece, tokens=cost)

    def _merged(self) -> list[Evidence]:
        """Pieces of one file that touch, as one, each where its most important part stood.

        Joining adds the lines between: pieces stay apart if the budget has no room for those.
        """
        out: list[Evidence] = []
        spare = self.left
        views = {piece.root: view for view, piece in self._chosen}
        for _, new in self._chosen:
            piece, place = new, len(out)
            while (at := next((i for i, other in enumerate(out) if _touches(other, piece)), None)) is not None:
                first, other = (out[at], piece) if at < place else (piece, out[at])
                joined = self._joined(first, other, views[first.root])
                more = joined.tokens - out[at].tokens - piece.tokens
                if more > spare:
                    break
                spare -= more
                del out[at]
                piece, place = joined, min(place, at)
            out.insert(place, piece)
        return out

    def _joined(self, first: Evidence, other: Evidence, view: RootView) -> Evidence:
        """Two pieces of a file as one, which is in all else what the first was."""
        start, end = min(first.start_line, other.start_line), max(first.end_line, other.end_line)
        source = "\n".join(view.lines(first.path)[start - 1 : end])
        return self._counted(
            replace(
                first,
                start_line=start,
                end_line=end,
                text=textwrap.dedent(source),
                source=source,
                names=tuple(dict.fromkeys((*first.names, *other.names))),
                kind=first.kind if first.kind != "block" else other.kind,
            )
        )


def unindexed_entry(path: str, start_line: int, end_line: int) -> StoredEntry:
    """Stands for lines that the index does not know (a file that is not indexed, or has just been created)."""
    return StoredEntry(-1, path, "text", "block", "", "", "", "", None, 0, start_line, end_line, start_line, 0, 0)


def _span(piece: Evidence) -> str:
    return place_text(piece.path, piece.start_line, piece.end_line)


def _shared_out(sizes: Sequence[int], pot: int) -> list[int]:
    """How much of a pot each gets: what it needs if all can have that much, else an equal share."""
    shares = dict.fromkeys(range(len(sizes)), 0)
    left = pot
    for waiting, at in zip(range(len(sizes), 0, -1), sorted(shares, key=lambda i: sizes[i]), strict=True):
        shares[at] = min(sizes[at], left // waiting)
        left -= shares[at]
    return [shares[at] for at in range(len(sizes))]


def _covers(known: Evidence, piece: Evidence) -> bool:
    """Whether all that a piece would show is shown by another."""
    return (
        known.form == "source"
        and known.file == piece.file
        and known.start_line <= piece.start_line
        and piece.end_line <= known.end_line
    )


def _touches(one: Evidence, other: Evidence) -> bool:
    """Whether two pieces are better shown as one: they overlap, or are close and neither is a whole definition."""
    if one.file != other.file or one.form != "source" or other.form != "source":
        return False
    gap = 0 if _is_whole(one) or _is_whole(other) else 1 + JOINED_LINES
    return one.start_line <= other.end_line + gap and other.start_line <= one.end_line + gap


def _is_whole(piece: Evidence) -> bool:
    entry = piece.entry
    return entry.kind != "block" and entry.end_line - entry.start_line <= piece.end_line - piece.start_line


def excerpt_order(lines: Sequence[str], words: AbstractSet[str]) -> list[int]:
    """The indexes of all lines, the most telling first.

    These are the first `FIRST_LINES`, then those that share words (stems) with the question and the lines around them,
    those with rare words first, then the others as they stand.
    """
    met = [words & set(analysis.analyze(line)) for line in lines] if words else []
    common = Counter(word for found in met for word in found)
    order = dict.fromkeys(range(min(FIRST_LINES, len(lines))))
    for at in sorted(
        (i for i, found in enumerate(met) if found), key=lambda i: (-sum(1 / common[word] for word in met[i]), i)
    ):
        order.update(dict.fromkeys([at, *range(max(at - BEFORE, 0), min(at + AFTER + 1, len(lines)))]))
    order.update(dict.fromkeys(range(len(lines))))
    return list(order)
