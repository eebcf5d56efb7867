"""Searches an index: from a query to ranked hits. This module does not read source files.

How a hit is scored:

    text ── query.parse_query ──> Query         names, spellings, words, search terms, places, the text to embed
                 │
                 ├─ full text (BM25) ──┐
                 ├─ vectors ───────────┤
                 ├─ names it writes ───┼─> Candidates   entries found, and up to `RANKED_FILES` files that they are in
                 ├─ words in paths ────┤                (Searcher.candidates)
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

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING

from glossator.errors import UsageError
from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import Filter, StoredEntry
from glossator.index.terms import head_of
from glossator.retrieval.buffers import Buffers, allowing
from glossator.retrieval.declarations import definitions_first
from glossator.retrieval.graph import nearest_to_line
from glossator.retrieval.query import (
    MAX_WORDS,
    MentionedPlace,
    Query,
    after_qualifiers,
    is_blurred,
    parse_query,
    shared_ending,
)
from glossator.retrieval.ranking import Reasons, Weights, default_weights, entry_features
from glossator.retrieval.ranking_features import (
    TYPE_KINDS,
    Candidates,
    Corpus,
    FileFacts,
    Findings,
    file_features,
    is_test,
)
from glossator.retrieval.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import Embedder, StaticEmbedder
    from glossator.index.store import Store
    from glossator.retrieval.buffers import ParsedBuffers

FOUND = 150
"""Entries requested from each of the two searches: for 99 % of the questions, they include the right file."""
RANKED_FILES = 64
"""Candidate files whose features are computed; more take time and change nothing."""
NAMESAKES_READ = 40
"""Maximum definitions read per name of the query."""
PATH_FILES = 30
"""Maximum files that become candidates only by their names."""
FROM_ONE_FILE = 4
"""Maximum entries of one file among the hits."""
FILES_PER_REPEAT = 3
"""Number of files that precede each further entry of a file that is already among the hits."""
LONG_DEFINITION_LINES = 120
"""A definition with more lines is shown as its best window, if one was found."""
OUTLINED = 5
"""Maximum definitions shown of a file if the query is only its path."""
UNNAMED_KINDS = frozenset(("block", "section", "key"))
"""Kinds of entries that a name in a query does not refer to."""
ABOUT_A_NAME = 2
"""Maximum content words of a query in which a plain word is likely a name ("what calls release")."""
ABOUT_NAMES = 12
"""Maximum content words of a query that is about a name if it spells it exactly."""
PINNED = 100.0
"""Bonus for a place that the query itself names; more than the features can add up to."""
EXACT = 50.0
"""Bonus for a definition whose exact name the query spells, where search terms cannot distinguish it from others."""
PASSING_FILES = 60
"""Maximum files that are examined for a re-export of a name that is not defined here."""
PACKAGE_FILES = frozenset(("__init__", "index", "mod", "lib"))
"""Stems of files whose imports are what a package offers."""
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


class Searcher:
    """Searches one index. Its methods may be called from any thread; one search runs at a time."""

    def __init__(
        self, store: Store, embedder: Embedder, *, words: StaticEmbedder | None = None, weights: Weights | None = None
    ) -> None:
        """`words` embeds paths; by default, the embedder itself if it is static, else the bundled one."""
        from glossator.index.embedding import StaticEmbedder

        self.store = store
        self.embedder = embedder
        self.weights = weights or default_weights()
        self.corpus = Corpus(words or (embedder if isinstance(embedder, StaticEmbedder) else StaticEmbedder()))
        self.searching = Lock()
        """Held during a search: only one may run at a time."""
        self.pool = ThreadPoolExecutor(2, thread_name_prefix="glossator-search")

    def close(self) -> None:
        """End the threads; the store stays open."""
        self.pool.shutdown(wait=True)

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
        with self.searching:
            candidates = self.candidates(query, where, overlay)
            return self.ranked(candidates, limit, where or Filter(), overlay or {}, by_symbol=by_symbol)

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

    # Candidates

    def candidates(self, text: str, where: Filter | None = None, overlay: ParsedBuffers | None = None) -> Candidates:
        """The candidates for the query, with their features.

        Raises:
            UsageError: the query contains nothing to search for.
        """
        where = where or Filter()
        overlay = overlay or {}
        store, corpus = self.store, self.corpus
        query = corrected(parse_query(text), store)
        texts = self.pool.submit(store.text_search, query.terms, FOUND, where)
        dense = self.pool.submit(self._dense, query, where)
        corpus.refresh(store)
        buffers = Buffers(overlay, where)
        allowed = allowing(where)
        findings = Findings(text=[], dense=[])
        for name in query.identifiers:
            findings.defined[name] = self._named(name, allowed, buffers)
        for forms in query.spellings:
            self._find_spelled(forms, findings, allowed, buffers)
        if query.kind != "symbol":
            for word in query.capitalised:
                if word not in findings.defined:
                    found = self._named(word, allowed, buffers)
                    types = [entry for entry in found if entry.kind in TYPE_KINDS and entry.name == word]
                    if types:
                        findings.mentioned[word] = types
        files = {**corpus.files, **buffers.facts} if buffers.facts else corpus.files
        pinned, places = self._places(query, allowed, buffers)
        if query.kind == "symbol" and not places:
            places = self._passed_on(query, findings, allowed, buffers, overlay)
        rarity = corpus.rarities(store, query.terms) if buffers.facts else {}
        rare = corpus.rare_vector(query, store)
        nearest, vector = dense.result()
        if query.words:  # an operator alone means nothing to the embedder
            findings.dense = buffers.merged(nearest, buffers.dense(vector), corpus.files)
        hits = texts.result()
        findings.text = buffers.merged([hit[:2] for hit in hits], buffers.texts(rarity), corpus.files)
        findings.terms = {number: terms for number, _, terms in hits}
        findings.terms.update({number: buffers.terms_of(number) for number, _ in findings.text if number < 0})
        revisions = self._candidate_files(query, findings, files, allowed, buffers)
        revisions = list(dict.fromkeys([*pinned, *(entry.id >> ORDINAL_BITS for entry in places), *revisions]))
        findings.heads = corpus.heads([revision for revision in revisions if revision >= 0], store)
        findings.heads.update({one: head_of(buffers.terms_of(one << ORDINAL_BITS)) for one in revisions if one < 0})
        features = file_features(query, findings, revisions, files, vector, rare, corpus, store)
        return Candidates(query, findings, revisions, files, features, pinned, places)

    def _dense(self, query: Query, where: Filter) -> tuple[list[tuple[int, float]], NDArray[np.float32]]:
        vector = self.embedder.embed_query(query.meaning)
        return self.store.vector_search(vector, FOUND, where), vector

    def _named(self, name: str, allowed: Callable[[str, str, str], bool], buffers: Buffers) -> list[StoredEntry]:
        """Definitions of a name, ignoring case only if none matches exactly; unsaved buffers first."""
        found = [
            entry
            for entry in self.store.named(name, NAMESAKES_READ)
            if entry.path not in buffers.paths and allowed(entry.path, entry.language, entry.kind)
        ]
        found.extend(
            entry for entry in buffers.entries.values() if entry.part == 0 and entry.name.lower() == name.lower()
        )
        exact = [entry for entry in found if entry.name == name]
        return exact or found

    def _find_spelled(
        self,
        forms: Sequence[str],
        findings: Findings,
        allowed: Callable[[str, str, str], bool],
        buffers: Buffers,
    ) -> None:
        """Set the definitions named by the most literal matching spelling, replacing those with similar names."""
        for form in forms:
            name = after_qualifiers(form)
            found = [
                *(entry for entry in buffers.entries.values() if entry.part == 0 and entry.name in (name, form)),
                *(
                    entry
                    for spelled in dict.fromkeys((name, form))
                    for entry in self.store.nearest_named(spelled, "", NAMESAKES_READ)
                    if entry.path not in buffers.paths
                ),
            ]
            if not found and name.endswith("!"):  # a macro is defined without the "!" of its uses
                found = [entry for entry in self._named(name[:-1], allowed, buffers) if entry.kind == "macro"]
            found = [
                entry
                for entry in found
                if entry.kind not in UNNAMED_KINDS and allowed(entry.path, entry.language, entry.kind)
            ]
            if found:
                qualified = [entry for entry in found if _is_qualified_by(entry, form)]
                blurred = analysis.folded(name)
                for other in [other for other in findings.defined if analysis.folded(other) == blurred]:
                    del findings.defined[other]
                findings.defined[form] = qualified or found
                if is_blurred(name) or forms[0][0] in "@#$":
                    findings.spelled[form] = qualified or found
                return

    def _candidate_files(
        self,
        query: Query,
        findings: Findings,
        files: Mapping[int, FileFacts],
        allowed: Callable[[str, str, str], bool],
        buffers: Buffers,
    ) -> list[int]:
        """The files to rank: those of definitions, then of hits, by their ranks in both lists, then by name."""
        score: dict[int, float] = {}
        for found in (findings.text, findings.dense):
            seen: dict[int, None] = {}
            for number, _ in found:
                seen.setdefault(number >> ORDINAL_BITS)
            for place, revision in enumerate(seen):
                score[revision] = score.get(revision, 0.0) + 10 / (10 + place)
        for entries in (*findings.defined.values(), *findings.mentioned.values()):
            for place, entry in enumerate(entries):
                revision = entry.id >> ORDINAL_BITS
                score[revision] = score.get(revision, 0.0) + 20 / (20 + place)
        words = {analysis.stem(word) for word in query.words}
        rarity = self.corpus.rarities(self.store, words)
        total = sum(rarity.values()) or 1.0
        by_name: dict[int, float] = {}
        for word in words:
            for revision in self.corpus.by_stem_term.get(word, ()):
                by_name[revision] = by_name.get(revision, 0.0) + rarity[word] / total
        for revision, facts in buffers.facts.items():
            met = sum(rarity[term] for term in facts.stem_terms if term in words)
            if met:
                by_name[revision] = met / total
        named = sorted(by_name.items(), key=lambda item: -item[1] / (1 + 0.2 * len(files[item[0]].stem_terms)))
        taken = 0
        for revision, cover in named:
            facts = files[revision]
            if facts.path in buffers.paths and revision >= 0:
                continue
            if revision in score:
                score[revision] += cover
            elif taken < PATH_FILES and allowed(facts.path, facts.language, ""):
                score[revision] = cover
                taken += 1
        best = sorted(score, key=lambda revision: -score[revision])
        return [revision for revision in best if revision in files][:RANKED_FILES]

    def _places(
        self, query: Query, allowed: Callable[[str, str, str], bool], buffers: Buffers
    ) -> tuple[dict[int, float], list[StoredEntry]]:
        """The files and entries that the query names by path and line."""
        pinned: dict[int, float] = {}
        entries: dict[int, StoredEntry] = {}
        for place in query.places:
            for path in self.resolved_paths(place, buffers):
                revision = buffers.paths.get(path, self.corpus.by_path.get(path))
                if revision is None:
                    continue
                facts = buffers.facts.get(revision) or self.corpus.files[revision]
                if not allowed(path, facts.language, ""):
                    continue
                if place.line is not None:
                    entry = self.entry_at_place(path, place, buffers)
                    if entry is not None and allowed(path, facts.language, entry.kind):
                        entries.setdefault(entry.id, entry)
                elif query.kind == "place" or "/" in place.path:
                    pinned.setdefault(revision, PINNED - len(pinned))
                    if query.kind == "place":
                        outline = self._outline(path, buffers)
                        entries.update((one.id, one) for one in outline if allowed(path, one.language, one.kind))
        return pinned, list(entries.values())

    def _passed_on(
        self,
        query: Query,
        findings: Findings,
        allowed: Callable[[str, str, str], bool],
        buffers: Buffers,
        overlay: ParsedBuffers,
    ) -> list[StoredEntry]:
        """Where a name that is not defined here is passed on: a re-export, or an import of a package's own file."""
        name = query.identifiers[0] if query.identifiers else ""
        defined = (entry for found in findings.defined.values() for entry in found)
        if not name or any(entry.name == name and entry.kind not in UNNAMED_KINDS for entry in defined):
            return []
        from glossator.retrieval.resolution.source import IndexedFacts

        source = IndexedFacts(self.store.facts, overlay)
        found: list[tuple[bool, int, str, int]] = []
        for path in source.noting(name)[:PASSING_FILES]:
            facts = source.facts(path)
            for item in facts.imports if facts is not None else ():
                package = PurePosixPath(path).stem in PACKAGE_FILES
                if name in (item.name, item.member) and item.owner < 0 and (item.exported or package):
                    found.append((is_test(path), path.count("/"), path, item.line))
        for _, _, path, line in sorted(found):
            entry = self.entry_at_place(path, MentionedPlace(path, line), buffers)
            if entry is not None and allowed(path, entry.language, entry.kind):
                return [entry]
        return []

    def entry_at_place(self, path: str, place: MentionedPlace, buffers: Buffers) -> StoredEntry | None:
        """The entry at a place; the function that it names, if the line is now in another one."""
        inside = path in buffers.paths
        at = buffers.entry_at(path, place.line or 1)
        if at is None and not inside:
            at = self.store.entry_at(path, place.line or 1)
        if at is None:
            at = nearest_to_line(buffers.entries_in(path) if inside else self.store.entries_in(path), place.line or 1)
        if not place.symbol or (at is not None and at.name == place.symbol):
            return at
        listed = buffers.entries_in(path) if inside else self.store.nearest_named(place.symbol, path)
        named = [one for one in listed if one.path == path and one.name == place.symbol and one.part == 0]
        return min(named, key=lambda one: abs(one.start_line - (place.line or 1)), default=at)

    def _outline(self, path: str, buffers: Buffers) -> list[StoredEntry]:
        """The largest definitions of a file, in order, for a query that is only its path."""
        listed = buffers.entries_in(path) if path in buffers.paths else self.store.entries_in(path)
        whole = [one for one in listed if one.part == 0 and one.kind != "block" and one.parent is None] or listed
        largest = sorted(whole, key=lambda one: one.start_line - one.end_line)[:OUTLINED]
        return sorted(largest, key=lambda one: one.start_line)

    def resolved_paths(self, place: MentionedPlace, buffers: Buffers) -> list[str]:
        """The indexed paths that a written path may refer to: those that share most of its last components."""
        wanted = [part for part in place.path.split("/") if part and part != "."]
        if not wanted:
            return []
        if (direct := "/".join(wanted)) in self.corpus.by_path or direct in buffers.paths:
            return [direct]
        name = wanted[-1].lower()
        best: list[str] = []
        most = 0
        for path in {*self.corpus.named(name), *(path for path in buffers.paths if path.lower().endswith(name))}:
            shared = shared_ending(path, direct)
            if shared > most:
                best, most = [path], shared
            elif shared and shared == most:
                best.append(path)
        return sorted(best) if len(best) <= 3 else []

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
        ranked = definitions_first(ranked, exact, lambda name: self._named(name, allowed, buffers), row)
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


def _is_qualified_by(entry: StoredEntry, written: str) -> bool:
    """Whether a written name ends with the entry's own name and scope ("Foo::valid?" of `Foo.valid?`)."""
    bare = after_qualifiers(written)
    if bare == written:
        return False
    scope = written[: len(written) - len(bare)].rstrip(":>-.#")
    return entry.qualified_name.removesuffix(bare).rstrip(":>-.#").lower().endswith(scope.replace("::", ".").lower())


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
