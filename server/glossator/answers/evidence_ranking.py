"""Which hits of a search are likely to answer a question.

A search ranks files first, by what people look for; evidence needs the definitions that tell. So the hits are ranked
once more, by what the search says of them and by how their text reads beside the question: its words, its meaning, the
passage that fits best. Weights are fitted by `scripts/fit_evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.retrieval.declarations import same_thing
from glossator.retrieval.kinds import FUNCTION_KINDS, PROSE_LANGUAGES, TYPE_KINDS, is_example, is_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.answers.passages import Asked
    from glossator.answers.root_view import RootView
    from glossator.retrieval.query import Query
    from glossator.retrieval.search import Hit

WEIGHTS = {
    "place": 2.10,
    "text": 3.91,
    "near_text": 4.12,
    "near_name": 1.07,
    "near_doc": 3.11,
    "passage": 3.57,
    "file_name": 2.99,
    "test": -2.87,
    "prose": -2.32,
    "example": -2.27,
    "function": 1.50,
    "type": 1.29,
    "documented": -0.54,
    "large": -1.32,
}
"""Weight of each feature (see `hit_features`), fitted by `scripts/fit_evidence.py`. In repositories left out of
the fit, what answers comes first in .57 of the questions about files of whole repositories (.51 in the order of the
search), in .28 (.21) of those about symbols and in .37 (.31) of those with reference answers; it is among the first
eight in .83 (.77), .62 (.52) and .68 (.61)."""
CONSIDERED = 40
"""Hits of a search that are ranked once more."""
LEAST_WORDS = 3
"""Content words of a question from which on texts are compared with it."""
BEHIND = 0.5
"""How far a declaration is behind what it declares (see `RankedHit.worth`)."""
TEXT_LINES = 300
"""Lines of a definition that are read, from its beginning."""
TEXT_CHARACTERS = 6000
"""Characters of a definition of which the meaning is taken."""
DOC_CHARACTERS = 400
ABOUT_TESTS = frozenset({"test", "spec", "fixtur", "mock"})
ABOUT_PROSE = frozenset({"doc", "docu", "readm", "guid", "manu", "tutori", "changelog"})
ABOUT_EXAMPLES = frozenset({"exampl", "sampl", "demo", "benchmark", "bench"})
"""Stems of words by which a question asks for tests, documents or examples: these are not held against a hit then."""
WINDOW, STEP = 6, 4
"""Lines of a passage, and lines from one to the next."""
LARGE_LINES = 150


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A hit with how likely it answers.

    Attributes:
        worth: logarithm of its odds beside the other hits; 0 for the best.
    """

    view: RootView
    hit: Hit
    worth: float


def ranked_hits(found: Sequence[tuple[RootView, Hit]], query: Query, asked: Asked) -> list[RankedHit]:
    """The hits, those first that are likely to answer.

    Where the question itself says what it is about (a name, a place), or hardly anything, they stay in the order of the
    search.
    """
    if not is_ranked_again(found, query):
        best = max((hit.score for _, hit in found if not hit.exact), default=0.0)
        return [RankedHit(view, hit, min(0.0, (hit.score - best) / 2)) for view, hit in found]
    rows = hit_features(found, asked)
    scores = [sum(WEIGHTS[name] * value for name, value in row.items()) for row in rows]
    for at, (view, hit) in enumerate(found):
        if hit.entry.stub:  # a declaration comes behind what it declares
            same = [
                other
                for other, (beside, one) in enumerate(found)
                if beside is view and not one.entry.stub and same_thing(one.entry, hit.entry)
            ]
            for other in same:
                scores[other] = max(scores[other], scores[at])
            scores[at] = min([scores[at], *(scores[other] - BEHIND for other in same)])
    best = max(scores, default=0.0)
    ranked = [RankedHit(view, hit, score - best) for (view, hit), score in zip(found, scores, strict=True)]
    return sorted(ranked, key=lambda one: -one.worth)


def is_ranked_again(found: Sequence[tuple[RootView, Hit]], query: Query) -> bool:
    """Whether hits are ranked once more: the question has enough words, and names nothing that was found."""
    names = {*query.identifiers, *query.capitalised}
    named = any(hit.exact or hit.name in names for _, hit in found)
    return query.kind == "prose" and not query.places and not named and len(query.words) >= LEAST_WORDS


def hit_features(found: Sequence[tuple[RootView, Hit]], asked: Asked) -> list[dict[str, float]]:
    """The features of hits, which are in the order of the search.

    place: 1 for the first, less for those behind it; text, file_name: the part of the question's words (rare ones weigh
    more) in its text, in the name of its file; near_text, near_name, near_doc: how near these are to the question in
    meaning (cosine); passage: what its best passage is worth (`Asked.worth`); test, prose, example (unless it asks for
    such), function, type, documented, large: what it is, 1 or 0.
    """
    texts: list[str] = []
    names: list[str] = []
    docs: list[str] = []
    windows: list[str] = []
    owners: list[int] = []
    for at, (view, hit) in enumerate(found):
        entry = hit.entry
        lines = view.lines(entry.path)[entry.start_line - 1 : entry.end_line]
        texts.append("\n".join(lines))
        names.append(f"{entry.qualified_name} {entry.path}")
        docs.append(f"{entry.path} {entry.qualified_name}\n{entry.doc[:DOC_CHARACTERS]}")
        for start in range(0, max(min(len(lines), TEXT_LINES), 1), STEP):
            windows.append("\n".join(lines[start : start + WINDOW]))
            owners.append(at)
    passages = [0.0] * len(found)
    for at, worth in zip(owners, asked.worth(windows), strict=True):
        passages[at] = max(passages[at], worth)
    near = asked.nearness([*(text[:TEXT_CHARACTERS] for text in texts), *names, *docs])
    count = len(found)
    tests, prose = not asked.words & ABOUT_TESTS, not asked.words & ABOUT_PROSE
    examples = not asked.words & ABOUT_EXAMPLES
    rows: list[dict[str, float]] = []
    for at, (_, hit) in enumerate(found):
        entry = hit.entry
        size = entry.end_line - entry.start_line + 1
        rows.append(
            {
                "place": 1 / (1 + 0.3 * at),
                "text": asked.coverage(texts[at]),
                "near_text": near[at],
                "near_name": near[count + at],
                "near_doc": near[2 * count + at],
                "passage": passages[at],
                "file_name": asked.coverage(entry.path.rpartition("/")[2]),
                "test": float(tests and (is_test(entry.path) or entry.kind == "test")),
                "prose": float(prose and entry.language in PROSE_LANGUAGES),
                "example": float(examples and is_example(entry.path)),
                "function": float(entry.kind in FUNCTION_KINDS),
                "type": float(entry.kind in TYPE_KINDS),
                "documented": float(bool(entry.doc)),
                "large": float(size > LARGE_LINES),
            }
        )
    return rows
