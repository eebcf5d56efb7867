"""Evidence for a question or a symbol, over all roots: what the user chose, what it is about, what searching finds.

What becomes of the evidence is decided elsewhere: `index_answer` and `prompts`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from glossator.answers.evidence import Material, estimated_cost
from glossator.answers.evidence_ranking import CONSIDERED, ranked_hits
from glossator.answers.packing import Offer, Packer
from glossator.answers.passages import Asked, Choice
from glossator.answers.root_view import RootView
from glossator.errors import StoreCorruptError, SymbolNotFoundError
from glossator.index import terms as analysis
from glossator.retrieval.declarations import same_thing
from glossator.retrieval.kinds import PROSE_LANGUAGES, is_incidental
from glossator.retrieval.query import parse_query
from glossator.workspace.place_text import place_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from glossator.answers.evidence import Cost, Evidence, EvidenceRole, Place, Question
    from glossator.answers.evidence_ranking import RankedHit
    from glossator.index.records import Filter, StoredEntry
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.retrieval.query import Query
    from glossator.retrieval.relations import Relations
    from glossator.retrieval.search import Hit

FOCUS_SHARE = 0.5
"""Part of the budget for the symbol that a question is about, and what is related to it."""
OFFERED = 20
"""Hits that are gathered from."""
EVENNESS = 1.5
"""How much more even relevance is than the odds of hits to answer."""
FLATTENING = 0.7
"""Exponent on the relevance of hits for what their passages are worth: the best hit of all is often not the answer."""
MOST_PROSE = 2
"""Sections of documents among the evidence, where there is code too: a long manual has one for every word."""
SHORTEST_ASKED = 3
"""Letters of the shortest word that asks for the files which have it in their names."""
WORDLESS = 0.1
"""Factor on the relevance of what has no word of the question: in a small project everything is near in meaning."""
FAR_OFF = 0.25
"""Nearness of the best piece in meaning (cosine), with the part of the question's words (rare ones weigh more) in the
best piece, less the part that is nowhere in the index, below which the code is taken not to answer a question. Of the
questions of `scripts/bench_answers.py` in the split "tune", 8 of the 12 that the code cannot answer are below it, and
5 % of the others."""
LEAST_TOLD = 3
"""Words of a question from which on it can be told."""
ABOUT_FOCUS = 0.5
"""Part of a question's words that a symbol's text has, from which on the question is taken to be about the symbol."""

T = TypeVar("T")

_THIS = re.compile(r"(?i)\b(this|these|here|above|selection|selected|dies\w*|hier|ceci|cela|ce|cette|est[eoa]s?)\b")
_IT = re.compile(r"(?i)\b(it|its|itself|they|er|es|sie)\b")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found for a question, which can be packed into several budgets. It must not outlast the question."""

    views: Sequence[RootView]
    question: Question
    query: Query
    weights: Mapping[str, float]
    asked: Asked
    chosen: Sequence[tuple[RootView, Place, EvidenceRole]]
    around: Sequence[Offer]
    found: Sequence[tuple[RootView, Hit]]
    ranked: Sequence[RankedHit]
    offers: Sequence[Offer]
    subject: StoredEntry | None
    subject_root: Path | None
    relations: Relations | None
    explains: bool
    notes: tuple[str, ...] = ()
    _choices: dict[Offer, Choice] = field(default_factory=dict, repr=False)

    def material(self, budget: int, cost: Cost = estimated_cost) -> Material:
        """The best evidence that fits.

        Args:
            budget: tokens that all evidence may take together, as `cost` counts them.
            cost: what a piece takes in the prompt.

        Raises:
            StoreCorruptError: an index is damaged.
        """
        packer = Packer(budget, cost, self.asked, self.question.removed, self._choices)
        packer.add_chosen(self.chosen)
        packer.add(self.around, int(packer.left * FOCUS_SHARE))
        packer.add(self.offers)
        evidence = packer.packed()
        return Material(
            evidence,
            self.query,
            self.subject,
            self.subject_root,
            self.relations,
            explains=self.explains,
            notes=(*self.notes, *packer.notes),
            is_far=not self.chosen and not self.around and self._is_far(evidence),
            worth=self.asked.worth,
        )

    def _is_far(self, evidence: Sequence[Evidence]) -> bool:
        """Whether nothing that was found is near to the question, in words or in meaning, nor named by it."""
        query = self.query
        if not self.asked.knows_meaning or query.kind != "prose" or query.places or len(query.words) < LEAST_TOLD:
            return False
        if any(hit.exact or hit.name in query.identifiers for _, hit in self.found):
            return False
        texts = [f"{piece.path} {piece.qualified_name} {piece.text}" for piece in evidence]
        words = {analysis.stem(word) for word in query.words}
        weights = {word: weight for word, weight in self.weights.items() if word in words}
        total = sum(weights.values()) or 1.0
        met = max((sum(weights.get(term, 0.0) for term in set(analysis.analyze(text))) for text in texts), default=0.0)
        counts = [view.snapshot.store.document_frequencies(words) for view in self.views if view.snapshot is not None]
        absent = sum(weight for word, weight in weights.items() if not any(count[word] for count in counts))
        return max(self.asked.nearness(texts), default=0.0) + (met - absent) / total < FAR_OFF


def gather_in(session: Session, question: Question, budget: int, cost: Cost = estimated_cost) -> Material:
    """Evidence for a question, from all roots of a session; see `gather_for_question`.

    Raises:
        UsageError: the question has nothing to search for.
        StoreError: an index cannot be opened or read.
    """
    return _read(session, question, lambda views: gather_for_question(views, question, budget, cost))


def search_in(session: Session, question: Question) -> Gathered:
    """What is found for a question in all roots of a session; see `search_views`.

    Raises:
        UsageError: the question has nothing to search for.
        StoreError: an index cannot be opened or read.
    """
    return _read(session, question, lambda views: search_views(views, question))


def _read(session: Session, question: Question, made: Callable[[list[RootView]], T]) -> T:
    """Read all roots. Damage of an index that only this has found is repaired, and all is read again."""
    try:
        return made([RootView.of(root) for root in session.roots])
    except StoreCorruptError:
        for root in session.roots:
            root.search(question.text, 1)
        return made([RootView.of(root) for root in session.roots])


def gather_for_question(
    views: Sequence[RootView], question: Question, budget: int, cost: Cost = estimated_cost
) -> Material:
    """Evidence for a question: what `search_views` finds, packed into one budget (`Gathered.material`).

    Raises:
        UsageError: the question has nothing to search for.
        StoreCorruptError: an index is damaged.
    """
    return search_views(views, question).material(budget, cost)


def search_views(views: Sequence[RootView], question: Question) -> Gathered:
    """What is pinned and selected, what the question is about, and what searching finds.

    Each root is searched once.

    Raises:
        UsageError: the question has nothing to search for.
        StoreCorruptError: an index is damaged.
    """
    query = parse_query(question.text)
    by_folder = {view.folder: view for view in views}
    chosen: list[tuple[RootView, Place, EvidenceRole]] = [
        (by_folder[place.root], place, "pinned") for place in question.pinned if place.root in by_folder
    ]
    focus = question.focus if question.focus is not None and question.focus.root in by_folder else None
    view: RootView | None = None
    subject: StoredEntry | None = None
    relations: Relations | None = None
    explains, about = False, ""
    around: list[Offer] = []
    if focus is not None:
        view = by_folder[focus.root]
        entry = view.entry_at(focus.path, focus.start_line)
        if focus.end_line > focus.start_line or entry is None:
            chosen.append((view, focus, "selected"))
        if entry is not None and entry.kind != "block":
            around, relations = _offers_around(view, entry)
            explains = _is_about(question.text, query, view, entry)
            subject, about = entry, f" `{entry.qualified_name}`" if explains else ""
    weights = _weights(views, query)
    asked = Asked(weights, _nearness(views, query))
    found = _searched(views, question.text + about, question.where)
    ranked = ranked_hits(found, query, asked)
    offers = _offers_of_hits(ranked[:OFFERED], query, question.where)
    if not explains and (best := _best_symbol(ranked, but=subject)) is not None:
        view, subject = best
        relations = _relations(view, subject)
        if relations.parent:
            why = f"encloses `{subject.qualified_name}`"
            offers += _offers([(view, relations.parent, 0.25, "sibling", why)], brief=True)
    return Gathered(
        views,
        question,
        query,
        weights,
        asked,
        chosen,
        around,
        found,
        ranked,
        offers,
        subject,
        view.folder if view is not None else None,
        relations,
        explains,
    )


def gather_for_symbol(root: Root, entry: StoredEntry, budget: int, cost: Cost = estimated_cost) -> Material:
    """Evidence for the explanation of a symbol: itself, callers, callees, tests, what encloses it, siblings.

    Raises:
        SymbolNotFoundError: the root has no index yet.
        StoreError: its index cannot be opened or read.
    """
    view = RootView.of(root)
    if view.snapshot is None:
        raise SymbolNotFoundError(f"{root.path} has no index yet")
    return explain_symbol(view, entry, budget, cost)


def explain_symbol(view: RootView, entry: StoredEntry, budget: int, cost: Cost = estimated_cost) -> Material:
    """What `gather_for_symbol` does, in a view of the root that has an index."""
    packer = Packer(budget, cost)
    offers, relations = _offers_around(view, entry)
    packer.add(offers)
    return Material(packer.packed(), None, entry, view.folder, relations, explains=True)


def _weights(views: Sequence[RootView], query: Query) -> dict[str, float]:
    """The stems of a question's words, and how rare each is in the index where it is rarest."""
    weights: dict[str, float] = {}
    terms = list(dict.fromkeys([*(analysis.stem(word) for word in query.words), *query.terms]))
    for view in views:
        if view.snapshot is not None:
            for term, rarity in view.snapshot.searcher.rarities(terms).items():
                weights[term] = max(rarity, weights.get(term, 0.0))
    return weights or dict.fromkeys(terms, 1.0)


def _nearness(views: Sequence[RootView], query: Query) -> Callable[[Sequence[str]], Sequence[float]] | None:
    """Tells how near texts are to a question in meaning; None where no root has an index yet."""
    searcher = next((view.snapshot.searcher for view in views if view.snapshot is not None), None)
    return None if searcher is None else lambda texts: searcher.cosines(texts, query.meaning)


def _relations(view: RootView, entry: StoredEntry) -> Relations:
    assert view.snapshot is not None, "an entry comes from an index"
    return view.snapshot.relations(entry)


def _offers(
    described: Sequence[tuple[RootView, StoredEntry, float, EvidenceRole, str]], *, brief: bool = False
) -> list[Offer]:
    """Offers of what is still there, whole."""
    found: list[Offer] = []
    for view, entry, value, role, why in described:
        now = view.located(entry)
        if now is not None:
            found.append(Offer(view, now, value, role, why, now.start_line, now.end_line, brief))
    return found


def _offers_around(view: RootView, entry: StoredEntry) -> tuple[list[Offer], Relations]:
    """A symbol and what is related to it, each the more valuable the nearer; and these relations."""
    relations = _relations(view, entry)
    name = entry.qualified_name or place_text(entry.path, entry.start_line, entry.end_line)
    offers = _offers(
        [
            (view, entry, 10.0, "symbol", "the symbol itself"),
            *(
                (view, e, 0.9 - 0.12 * at, "caller", f"uses `{name}`" if relations.callers else f"mentions `{name}`")
                for at, e in enumerate((relations.callers or relations.likely_callers)[:5])
            ),
            *(
                (
                    view,
                    e,
                    0.8 - 0.1 * at,
                    "callee",
                    f"`{name}` uses it" if relations.callees else f"`{name}` mentions it",
                )
                for at, e in enumerate((relations.callees or relations.likely_callees)[:6])
            ),
            *(
                (view, e, 0.75 - 0.1 * at, "caller", f"overrides `{name}`")
                for at, e in enumerate(relations.overriding[:3])
            ),
            *((view, e, 0.7, "callee", f"`{name}` overrides it") for e in relations.overridden[:1]),
            *((view, e, 0.6 - 0.2 * at, "test", f"a test uses `{name}`") for at, e in enumerate(relations.tests[:2])),
        ]
    )
    if relations.parent:
        offers += _offers([(view, relations.parent, 0.5, "sibling", f"encloses `{name}`")], brief=True)
    members = enumerate(relations.members[:4])
    beside = [
        other
        for other in relations.siblings
        if not same_thing(other, entry)
        and not (other.stub and any(not one.stub and same_thing(one, other) for one in relations.siblings))
    ]
    siblings = enumerate(beside[:2])
    offers += _offers(
        [
            *((view, e, 0.7 - 0.1 * at, "callee", f"member of `{name}`") for at, e in members),
            *((view, e, 0.2 - 0.08 * at, "sibling", f"is next to `{name}`") for at, e in siblings),
        ]
    )
    return offers, relations


def _searched(views: Sequence[RootView], text: str, where: Filter | None) -> list[tuple[RootView, Hit]]:
    """The best hits of all roots, best first; each root is searched once."""
    found = [
        (view, hit)
        for view in views
        if view.snapshot is not None
        for hit in view.snapshot.search(text, CONSIDERED, where, by_symbol=True)
    ]
    return sorted(found, key=lambda item: -item[1].score)[:CONSIDERED]


def _offers_of_hits(found: Sequence[RankedHit], query: Query, where: Filter | None) -> list[Offer]:
    """Offers of hits, the more valuable the nearer to the best; few documents, configuration only if asked for."""
    offers: list[Offer] = []
    best = max((one.worth for one in found if not one.hit.exact), default=0.0)
    code = any(one.hit.entry.language not in PROSE_LANGUAGES for one in found)
    prose = 0
    for place, one in enumerate(found):
        view, hit = one.view, one.hit
        relevance = math.exp(min(0.0, one.worth - best) / EVENNESS)
        if code and place and is_incidental(hit.path, hit.entry.language) and not _is_asked_for(hit.path, query, where):
            continue
        if code and hit.entry.language in PROSE_LANGUAGES:
            prose += 1
            if prose > MOST_PROSE:
                continue
        now = view.located(hit.entry)
        if now is None:
            continue
        start, end = now.start_line, now.end_line
        if (hit.start_line, hit.end_line) != (hit.entry.start_line, hit.entry.end_line):  # its best window only
            shift = now.start_line - hit.entry.start_line
            start, end = max(start, hit.start_line + shift), min(end, hit.end_line + shift)
        if start <= end:
            value = max(0.05, relevance**FLATTENING) / (1 + 0.15 * place)
            if not hit.shares_words:
                relevance *= WORDLESS
            offers.append(Offer(view, now, value, "match", hit.why, start, end, relevance=relevance))
    return offers


def _is_asked_for(path: str, query: Query, where: Filter | None) -> bool:
    """Whether a question names a file, has a word of its name, or is confined to some files or languages."""
    if where is not None and (where.include or where.languages):
        return True
    name = path.rpartition("/")[2].lower()
    if any(place.path.lower().endswith(name) for place in query.places):
        return True
    return any(len(word) >= SHORTEST_ASKED and analysis.stem(word) in name for word in query.words)


def _best_symbol(found: Sequence[RankedHit], but: StoredEntry | None) -> tuple[RootView, StoredEntry] | None:
    """The best hit that is a symbol, and not the one given."""
    for one in found:
        entry = one.hit.entry
        if entry.kind != "block" and (but is None or entry.id != but.id) and one.view.located(entry):
            return one.view, entry
    return None


def _is_about(text: str, query: Query, view: RootView, entry: StoredEntry) -> bool:
    """Whether a question asked at a symbol is about that symbol, rather than about something else."""
    if _THIS.search(text) or entry.name in query.identifiers:
        return True
    words = [analysis.stem(word) for word in query.words]
    lines = view.lines(entry.path)[entry.start_line - 1 : entry.end_line]
    known = set(analysis.analyze("\n".join([entry.path, entry.qualified_name, entry.doc, *lines])))
    met = sum(word in known for word in words)
    return met >= ABOUT_FOCUS * len(words) or (bool(_IT.search(text)) and (met > 0 or len(words) < 2))
