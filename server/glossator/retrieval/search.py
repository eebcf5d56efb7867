"""Searches an index: from a query to ranked hits. This module does not read source files.

How a hit is scored:

    text ── query.parse_query ──> Query         names, spellings, words, search terms, places, the text to embed
                 │
                 ├─ full text (BM25) ──┐
                 ├─ vectors ───────────┤
                 ├─ names it writes ───┼─> Candidates   entries found, and up to `RANKED_FILES` files that they are in
                 ├─ words in paths ────┤                (candidates.CandidateFinder)
                 └─ paths and lines ───┘
                 │
    file score   = weights x ranking_features.file_features(file)    + `PINNED` if the query names its path
    entry score  = weights x ranking.entry_features(entry)           compares the entries of one file only
                 │
    order        for people: files by file score, the best entry of each, further ones of a file now and then
                 (`interleaved`); for evidence (`by_symbol`): entries by the sum of both scores
                 names spelled exactly before similar ones (`spelled_first`), and before everything the entries at
                 lines that the query names
                 │
    Hit          a window is shown as the definition that it is part of; ranking.Reasons says which features counted

The weights of both are fitted (`scripts/fit_ranking`) and bundled with the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from glossator.errors import UsageError
from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import Filter, StoredEntry
from glossator.retrieval.buffers import Buffers, allowing
from glossator.retrieval.candidates import PINNED, CandidateFinder
from glossator.retrieval.declarations import definitions_first
from glossator.retrieval.query import MAX_WORDS, after_qualifiers, is_blurred
from glossator.retrieval.ranking import Reasons, Weights, default_weights, entry_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import Embedder, StaticEmbedder
    from glossator.index.store import Store
    from glossator.retrieval.buffers import ParsedBuffers
    from glossator.retrieval.ranking_features import Candidates

FROM_ONE_FILE = 4
"""Maximum entries of one file among the hits."""
FILES_PER_REPEAT = 3
"""Number of files that precede each further entry of a file that is already among the hits."""
LONG_DEFINITION_LINES = 120
"""A definition with more lines is shown as its best window, if one was found."""
ABOUT_A_NAME = 2
"""Maximum content words of a query in which a plain word is likely a name ("what calls release")."""
ABOUT_NAMES = 12
"""Maximum content words of a query that is about a name if it spells it exactly."""
EXACT = 50.0
"""Bonus for a definition whose exact name the query spells, where search terms cannot distinguish it from others."""
EXACT_DEFINITIONS = 8
"""A name with more definitions ("__init__") is ambiguous: its definitions are not looked up in further files."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result.

    Attributes:
        entry: the definition or block; for an unsaved buffer its id is negative.
        path: relative to the root, with "/".
        start_line: first line to show (1-based): the definition's own, or its best window's if it is very long.
        end_line: last line to show (inclusive).
        score: higher is better; comparable only within one result list.
        why: which features counted, in words.
        shares_words: whether its text, name, path or documentation contains words of the query.
        exact: whether it comes first because the query spells its name (`EXACT`), regardless of its features.
    """

    entry: StoredEntry
    path: str
    start_line: int
    end_line: int
    kind: str
    name: str
    qualified_name: str
    score: float
    why: str
    shares_words: bool = True
    exact: bool = False


Ranked = tuple[float, int, StoredEntry]
"""Score, row of the entry's file among the candidates, entry."""


class Searcher(CandidateFinder):
    """Searches one index. Its methods may be called from any thread; one search runs at a time."""

    def __init__(
        self, store: Store, embedder: Embedder, *, words: StaticEmbedder | None = None, weights: Weights | None = None
    ) -> None:
        """`words`: see `CandidateFinder`. `weights`: by default, the bundled ones."""
        super().__init__(store, embedder, words)
        self.weights = weights or default_weights()
        self.searching = Lock()
        """Held during a search: only one may run at a time."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(
        self,
        query: str,
        limit: int = 10,
        where: Filter | None = None,
        overlay: ParsedBuffers | None = None,
        *,
        by_symbol: bool = False,
    ) -> list[Hit]:
        """The best hits for a query, best first.

        By default different files come first, which suits a list for people; with `by_symbol`, the best symbols come
        first, even if they are in one file, which suits evidence.

        Raises:
            UsageError: the query contains nothing to search for, or `limit` is not positive.
        """
        if limit < 1:
            raise UsageError("the number of results must be at least 1")
        with self.searching, self.store.as_of_now():
            candidates = self.candidates(query, where, overlay)
            return self.ranked(candidates, limit, where or Filter(), overlay or {}, by_symbol=by_symbol)

    def release_memory(self) -> None:
        """Give back the memory of what can be found out again, unless a search runs."""
        if self.searching.acquire(blocking=False):
            try:
                self.corpus.release_memory()
            finally:
                self.searching.release()

    # For judging texts by a query

    def rarities(self, terms: Sequence[str]) -> dict[str, float]:
        """How rare terms are in the index as it is now: see `Corpus.rarities`."""
        with self.searching:
            self.corpus.refresh(self.store)
            return self.corpus.rarities(self.store, terms)

    def cosines(self, texts: Sequence[str], question: str) -> list[float]:
        """How near texts are to a question in meaning, by the words of each."""
        with self.searching:
            return self.corpus.cosines(texts, question)

    # Ranking

    def ranked(
        self,
        candidates: Candidates,
        limit: int,
        where: Filter | None = None,
        overlay: ParsedBuffers | None = None,
        *,
        by_symbol: bool = False,
    ) -> list[Hit]:
        """The hits among candidates, best first; see `search`."""
        import numpy as np

        if not candidates.revisions:
            return []
        buffers = Buffers(overlay or {}, where or Filter())
        scores, chosen, entries, inside = self._scored(candidates, limit, where, overlay)
        by_file: dict[int, list[int]] = {}
        for j in np.argsort(-inside, kind="stable"):
            by_file.setdefault(entries[int(j)].id >> ORDINAL_BITS, []).append(int(j))
        firsts: list[Ranked] = []
        further: list[Ranked] = []
        for i in chosen:
            best = by_file.get(candidates.revisions[i], [])
            if by_symbol:
                firsts.extend((float(scores[i] + inside[j]), i, entries[j]) for j in best)
                continue
            for place, j in enumerate(best[:FROM_ONE_FILE]):
                loss = self.weights.repeat + float(inside[best[0]] - inside[j]) if place else 0.0
                (further if place else firsts).append((float(scores[i]) - loss, i, entries[j]))
        if by_symbol:
            firsts.sort(key=lambda item: -item[0])
        ranked = interleaved(firsts, sorted(further, key=lambda item: -item[0]))
        ranked, exact = spelled_first(ranked, candidates)
        row = {revision: i for i, revision in enumerate(candidates.revisions)}
        allowed = allowing(where or Filter())
        ranked = definitions_first(ranked, exact, lambda name: self.definitions_of(name, allowed, buffers), row)
        place_of = {entry.id: PINNED * 2 - place for place, entry in enumerate(candidates.places)}
        pinned = [(place_of[entry.id], row[entry.id >> ORDINAL_BITS], entry) for entry in candidates.places]
        return self._hits([*pinned, *ranked], candidates, limit, buffers, exact)

    def _scored(
        self, candidates: Candidates, limit: int, where: Filter | None, overlay: ParsedBuffers | None
    ) -> tuple[NDArray[np.float32], list[int], list[StoredEntry], NDArray[np.float32]]:
        """Scores of all candidate files, the rows of the best ones, their entries, and the scores of these entries."""
        import numpy as np

        scores = self.weights.file_scores(candidates.features)
        for i, revision in enumerate(candidates.revisions):
            scores[i] += candidates.pinned.get(revision, 0.0)
        order = np.argsort(-scores, kind="stable")
        chosen = [int(i) for i in order[: max(limit + 5, 15)]]
        homes = {
            entry.id >> ORDINAL_BITS
            for found in candidates.findings.spelled.values()
            if len(found) <= EXACT_DEFINITIONS
            for entry in found
        }
        known = set(chosen)
        chosen.extend(int(i) for i in order if candidates.revisions[i] in homes and int(i) not in known)
        entries, features = self.entries_of(candidates, [candidates.revisions[i] for i in chosen], where, overlay)
        return scores, chosen, entries, self.weights.entry_scores(features)

    def entries_of(
        self,
        candidates: Candidates,
        revisions: Sequence[int],
        where: Filter | None = None,
        overlay: ParsedBuffers | None = None,
    ) -> tuple[list[StoredEntry], NDArray[np.float32]]:
        """The entries of candidate files that can become hits, and their features, one row each."""
        where = where or Filter()
        entries = self._entries_of(list(revisions), candidates, where, Buffers(overlay or {}, where))
        return entries, entry_features(candidates.query, candidates.findings, entries, self.corpus, self.store)

    def _entries_of(
        self, revisions: list[int], candidates: Candidates, where: Filter, buffers: Buffers
    ) -> list[StoredEntry]:
        """The entries found in these files, or, for files without any, their first entries."""
        wanted = set(revisions)
        findings = candidates.findings
        known = {entry.id: entry for entries in findings.defined.values() for entry in entries}
        known.update({entry.id: entry for entries in findings.mentioned.values() for entry in entries})
        per_file: dict[int, dict[int, None]] = {revision: {} for revision in revisions}
        for number in known:
            if number >> ORDINAL_BITS in wanted:
                per_file[number >> ORDINAL_BITS].setdefault(number)
        for found in (findings.text, findings.dense):
            taken: dict[int, int] = {}
            for number, _ in found:
                revision = number >> ORDINAL_BITS
                if revision in wanted and taken.get(revision, 0) < 6:
                    taken[revision] = taken.get(revision, 0) + 1
                    per_file[revision].setdefault(number)
        missing: list[StoredEntry] = []
        for revision, numbers in per_file.items():
            if not numbers:
                first = self._first_entry(revision, candidates, where, buffers)
                if first is not None:
                    missing.append(first)
        ids = [number for numbers in per_file.values() for number in numbers]
        fetched = {entry.id: entry for entry in self.store.entries([i for i in ids if i >= 0 and i not in known])}
        found_entries = [known.get(i) or fetched.get(i) or buffers.entries.get(i) for i in ids]
        return [entry for entry in found_entries if entry is not None] + missing

    def _first_entry(
        self, revision: int, candidates: Candidates, where: Filter, buffers: Buffers
    ) -> StoredEntry | None:
        """The entry to show of a file found only by its path: its first definition, or else its first entry."""
        if revision < 0:
            entries = [entry for entry in buffers.entries.values() if entry.id >> ORDINAL_BITS == revision]
        else:
            entries = self.store.entries_in(candidates.files[revision].path)
        entries = [entry for entry in entries if not where.kinds or entry.kind in where.kinds]
        definitions = [entry for entry in entries if entry.kind != "block" and entry.part == 0 and entry.parent is None]
        return next(iter(definitions or entries), None)

    def _hits(
        self, ranked: Sequence[Ranked], candidates: Candidates, limit: int, buffers: Buffers, exact: set[int]
    ) -> list[Hit]:
        """Hits without duplicates: windows become the definition that they are part of."""
        owners = {entry.parent for _, _, entry in ranked if entry.part and entry.parent is not None}
        whole = {entry.id: entry for entry in self.store.entries([i for i in owners if i >= 0])}
        whole.update({i: buffers.entries[i] for i in owners if i in buffers.entries})
        reasons = Reasons(candidates)
        hits: list[Hit] = []
        shown: set[int] = set()
        for score, i, entry in ranked:
            window = entry
            if entry.part and entry.parent in whole:
                entry = whole[entry.parent]
            if entry.id in shown:
                continue
            shown.add(entry.id)
            start, end = entry.start_line, entry.end_line
            if end - start >= LONG_DEFINITION_LINES and window is not entry:
                start, end = window.start_line, window.end_line
            why = reasons.of(entry, candidates.revisions[i])
            hits.append(
                Hit(
                    entry,
                    entry.path,
                    start,
                    end,
                    entry.kind,
                    entry.name,
                    entry.qualified_name,
                    round(score, 4),
                    why,
                    shares_words=reasons.shares_words(entry, candidates.revisions[i], window),
                    exact=entry.id in exact,
                )
            )
            if len(hits) == limit:
                break
        return hits


def spelled_first(ranked: Sequence[Ranked], candidates: Candidates) -> tuple[list[Ranked], set[int]]:
    """Entries with exact names before those with similar names, and the ids of the entries that were moved to the top.

    If a query of one sentence spells a name with signs or outer underscores (`Findings.spelled`), the best definition
    of that name comes first of all. For any other name written as code, definitions of exactly that name precede those
    whose names differ only in case, underscores or signs. The same applies to a plain word if the query has hardly any
    other, for names that differ in outer underscores or signs.
    """
    out = list(ranked)
    names = dict.fromkeys(
        [
            *map(after_qualifiers, candidates.findings.spelled),
            *candidates.query.identifiers,
            *candidates.query.capitalised,
        ]
    )
    query = candidates.query
    words = analysis.words(query.text)[:MAX_WORDS] if len(query.words) <= ABOUT_A_NAME else []
    for name in dict.fromkeys((*names, *words)):
        blurred = analysis.folded(name)
        # A word of prose may refer to a name in any case ("client", `Client`), but not to one with signs (`__init__`).
        near = next(
            (
                at
                for at, (_, _, entry) in enumerate(out)
                if entry.name != name
                and blurred == analysis.folded(entry.name) != ""
                and (name in names or is_blurred(entry.name))
            ),
            None,
        )
        if near is not None:
            moved = [item for item in out[near:] if item[2].name == name][:EXACT_DEFINITIONS]
            ids = {id(item) for item in moved}
            score = out[near][0]
            rest = [item for item in out[near:] if id(item) not in ids]
            out[near:] = [*((score, row, entry) for _, row, entry in moved), *rest]
    firsts: list[Ranked] = []
    for found in candidates.findings.spelled.values():
        short = len(query.words) <= (ABOUT_NAMES if len(found) <= EXACT_DEFINITIONS else ABOUT_A_NAME)
        if not short:
            continue
        wanted = {entry.id for entry in found}
        best = next((item for item in out if item[2].id in wanted), None)
        if best is not None and best not in firsts:
            firsts.append(best)
    top = out[0][0] if out else 0.0
    exact = {entry.id for _, _, entry in firsts}
    promoted = [(top + EXACT - at, row, entry) for at, (_, row, entry) in enumerate(firsts)]
    return [*promoted, *(item for item in out if item[2].id not in exact)], exact


def interleaved(firsts: Sequence[Ranked], further: Sequence[Ranked]) -> list[Ranked]:
    """The best entries of files, best file first, interleaved with further entries of the same files.

    A further entry is inserted where it scores higher than the next file, at most one per `FILES_PER_REPEAT` files; all
    others follow the last file. Scores are adjusted so that they never increase.
    """
    out: list[Ranked] = []
    repeats = 0
    later = list(reversed(further))
    for first in firsts:
        while later and later[-1][0] > first[0] and len(out) - repeats >= FILES_PER_REPEAT * (repeats + 1):
            out.append(later.pop())
            repeats += 1
        out.append(first)
    out.extend(reversed(later))
    least = float("inf")
    for place, (score, row, entry) in enumerate(out):
        least = min(least, score)
        out[place] = (least, row, entry)
    return out
