"""How found uses are compared with those that oracles know: pure functions on sets of places.

A place is a path and a line (1-based): two mentions of a name on one line count as one, and columns, which differ by
encoding, don't matter. If several oracles answered, a place is right if any of them has it, and missed only if all
have it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Place = tuple[str, int]

MOST_PLACES = 60
"""Places of one definition that count, spread evenly: a name used everywhere must not decide the figures alone."""

_IMPORT = re.compile(
    r"^\s*(?:(?:from|import|use|pub use|pub\(\w+\) use|using|require|require_once|include)\b|#\s*include\b"
    r"|export\b.*\bfrom\b|(?:const|let|var)\b.*\brequire\()"
)


def kind_of_mention(line: str, name: str) -> str:
    """What a line of code does with a name, from its text alone, so that both sides are classified alike:
    "import", "decorator", "base", "call", "write", "attribute" or "other"."""
    found = re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", line)
    if _IMPORT.match(line):
        return "import"
    if found is None:
        return "other"
    before, after = line[: found.start()].rstrip(), line[found.end() :].lstrip()
    if before.endswith("@") or re.search(r"^\s*(?:@|#\[)[\w.]*$", before):
        return "decorator"
    if re.search(r"\b(?:class|interface|struct|trait|impl)\b", before) and not after.startswith("="):
        return "base"
    if re.match(r"!?\(|<[\w\s,.<>\[\]?&:']*>\s*\(|::<.*?>\(", after):
        return "call"
    if re.match(r"(?:[-+*/|&^%]|\?\?|\|\||&&|<<|>>)?=(?![=>])", after) or after.startswith(":="):
        return "write"
    return "attribute" if before.endswith((".", "->", "::")) else "other"


def merged(answers: Sequence[frozenset[Place]]) -> tuple[frozenset[Place], frozenset[Place]]:
    """The places that any oracle has, and those that all have; both empty without an answer."""
    if not answers:
        return frozenset(), frozenset()
    return frozenset().union(*answers), answers[0].intersection(*answers[1:])


def thinned(places: Iterable[Place], most: int = MOST_PLACES) -> list[Place]:
    """At most that many places, spread evenly over the sorted ones."""
    ordered = sorted(places)
    if len(ordered) <= most:
        return ordered
    return [ordered[index * len(ordered) // most] for index in range(most)]


@dataclass(slots=True)
class Counts:
    """Numbers of places.

    Attributes:
        right, refuted, unconfirmed: of the resolved ones: an oracle has it; an oracle says that it means something
            else; no oracle says anything of it.
        wanted: places that all oracles have; `resolved` and `possible` of them were found so.
        stated_possible: all places given as possible.
    """

    right: int = 0
    refuted: int = 0
    unconfirmed: int = 0
    wanted: int = 0
    resolved: int = 0
    possible: int = 0
    stated_possible: int = 0

    def add(self, other: Counts) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def precision(self) -> float | None:
        """Share of the resolved places that an oracle has."""
        return _share(self.right, self.right + self.refuted + self.unconfirmed)

    @property
    def unrefuted(self) -> float | None:
        """Share of the resolved places of which an oracle knows the meaning, that mean what was said."""
        return _share(self.right, self.right + self.refuted)

    @property
    def recall(self) -> float | None:
        """Share of the wanted places that are resolved."""
        return _share(self.resolved, self.wanted)

    @property
    def recall_possible(self) -> float | None:
        """Share of the wanted places that are resolved or possible."""
        return _share(self.resolved + self.possible, self.wanted)

    def figures(self) -> dict[str, float | int | None]:
        """The shares and numbers by name."""
        shares = ("precision", "unrefuted", "recall", "recall_possible")
        return {name: getattr(self, name) for name in (*self.__slots__, *shares)}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


@dataclass(slots=True)
class Verdict:
    """How the uses of one definition compare.

    Attributes:
        counts: by kind of mention.
        wrong: resolved places that no oracle has, each with why: "refuted" or "unconfirmed".
        unsure: places that all oracles have, and which were possible only.
        missed: places that all oracles have, and which were neither resolved nor possible.
    """

    counts: dict[str, Counts] = field(default_factory=dict)
    wrong: list[tuple[Place, str]] = field(default_factory=list)
    unsure: list[Place] = field(default_factory=list)
    missed: list[Place] = field(default_factory=list)


def compare(
    resolved: Iterable[Place],
    possible: Iterable[Place],
    oracles: Sequence[frozenset[Place]],
    *,
    left_out: frozenset[Place] = frozenset(),
    meaning: Mapping[Place, str] | None = None,
    kinds: Mapping[Place, str] | None = None,
) -> Verdict:
    """Compare the uses found with what oracles say.

    Args:
        resolved, possible: the places found, by grade; one that is both counts as resolved.
        oracles: the places that each oracle has.
        left_out: places that count on neither side, such as the definition itself.
        meaning: what asking for the definition at a resolved place said, which no oracle has listed: "right",
            "refuted" or "unconfirmed" (the default).
        kinds: the kind of mention at a place; "other" if unknown.
    """
    union, both = merged(oracles)
    found = set(resolved) - left_out
    maybe = set(possible) - left_out - found
    meaning, kinds = meaning or {}, kinds or {}
    verdict = Verdict()

    def counts(place: Place) -> Counts:
        return verdict.counts.setdefault(kinds.get(place, "other"), Counts())

    for place in thinned(found):
        outcome = "right" if place in union else meaning.get(place, "unconfirmed")
        setattr(counts(place), outcome, getattr(counts(place), outcome) + 1)
        if outcome != "right":
            verdict.wrong.append((place, outcome))
    for place in thinned(both - left_out):
        tally = counts(place)
        tally.wanted += 1
        if place in found:
            tally.resolved += 1
        elif place in maybe:
            tally.possible += 1
            verdict.unsure.append(place)
        else:
            verdict.missed.append(place)
    for place in thinned(maybe):
        counts(place).stated_possible += 1
    return verdict


def total(verdicts: Iterable[Verdict], kinds: frozenset[str] | None = None) -> Counts:
    """The sum over verdicts, of some kinds of mention or all."""
    counts = Counts()
    for verdict in verdicts:
        for kind, tally in verdict.counts.items():
            if kinds is None or kind in kinds:
                counts.add(tally)
    return counts


def by_kind(verdicts: Iterable[Verdict]) -> dict[str, Counts]:
    """The sums by kind of mention, the most frequent first."""
    sums: dict[str, Counts] = {}
    for verdict in verdicts:
        for kind, tally in verdict.counts.items():
            sums.setdefault(kind, Counts()).add(tally)
    return dict(sorted(sums.items(), key=lambda item: -item[1].wanted))


def choose(
    pools: Mapping[str, Sequence[tuple[str, object]]],
    shares: Mapping[str, float],
    count: int,
    common: Counter[str],
    draw: Sequence[float],
) -> list[object]:
    """A sample stratified by kind: of each stratum half the places go to the commonest names, half to any.

    Args:
        pools: stratum -> (name, definition), in a fixed order.
        shares: stratum -> its part of the sample; what a small stratum leaves goes to the others.
        count: how many definitions.
        common: name -> how often it is mentioned anywhere.
        draw: random numbers in [0, 1), one for each definition of all pools, in order.
    """
    numbers = iter(draw)
    ordered: dict[str, list[object]] = {}
    for stratum, pool in pools.items():
        at_random = [item for _, item in sorted(((next(numbers), item) for item in pool), key=lambda pair: pair[0])]
        # Of definitions with the same name, the draw decides which comes first.
        commonest: list[tuple[str, object]] = []
        taken: Counter[str] = Counter()
        for item in sorted(at_random, key=lambda item: -common[item[0]]):
            taken[item[0]] += 1
            if taken[item[0]] <= 2:
                commonest.append(item)
        row: dict[int, object] = {}
        for pair in zip(commonest + at_random, at_random + at_random, strict=False):
            for item in pair:
                row.setdefault(id(item[1]), item[1])
        ordered[stratum] = list(row.values())
    chosen: list[object] = []
    for stratum, row in ordered.items():
        quota = round(count * shares.get(stratum, 0))
        chosen += row[:quota]
        del row[:quota]
    rest = [item for row in ordered.values() for item in row]
    return chosen[:count] + rest[: max(0, count - len(chosen))]
