"""Finds what a query may be about: entries, and the files that are then ranked. It gives none precedence over another.

Entries come from the full text, from the vectors and from the names, paths and lines that the query writes. `search`
outlines how the candidates are scored.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from heapq import nsmallest
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import Filter, StoredEntry
from glossator.retrieval.buffers import Buffers, allowing
from glossator.retrieval.corpus import Corpus, FileFacts
from glossator.retrieval.graph import nearest_to_line
from glossator.retrieval.kinds import TYPE_KINDS, is_test
from glossator.retrieval.query import MentionedPlace, Query, after_qualifiers, is_blurred, parse_query, shared_ending
from glossator.retrieval.ranking_features import Candidates, Findings, file_features
from glossator.retrieval.spelling import corrected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import Embedder, StaticEmbedder
    from glossator.index.full_text import TextHit
    from glossator.index.store import Store
    from glossator.retrieval.buffers import ParsedBuffers
    from glossator.retrieval.file_stems import NameShares

SEARCHES_AT_ONCE = 4
"""Threads that wait for searches: a problem report has two queries, each with a search in the full text and one in the
vectors."""
FOUND = 150
"""Entries requested from each of the two searches: for 99 % of the questions, they include the right file."""
RANKED_FILES = 64
"""Candidate files whose features are computed; more take time and change nothing."""
NAMESAKES_READ = 40
"""Maximum definitions read per name of the query."""
PATH_FILES = 30
"""Maximum files that become candidates only by their names."""
OUTLINED = 5
"""Maximum definitions shown of a file if the query is only its path."""
UNNAMED_KINDS = frozenset(("block", "section", "key"))
"""Kinds of entries that a name in a query does not refer to."""
PINNED = 100.0
"""Bonus for a place that the query itself names; more than the features can add up to."""
PASSING_FILES = 60
"""Maximum files that are examined for a re-export of a name that is not defined here."""
PACKAGE_FILES = frozenset(("__init__", "index", "mod", "lib"))
"""Stems of files whose imports are what a package offers."""


class Begun(NamedTuple):
    """A query whose searches are under way."""

    query: Query
    where: Filter
    texts: Future[list[TextHit]]
    """See `StoreReader.text_search`."""
    dense: Future[tuple[list[tuple[int, float]], NDArray[np.float32]]]
    """The nearest entries (see `StoreReader.vector_search`), and the query's vector."""


class CandidateFinder:
    """Finds candidates in one index. The caller sees to it that only one search runs at a time."""

    def __init__(self, store: Store, embedder: Embedder, words: StaticEmbedder | None = None) -> None:
        """`words` embeds paths; by default, the embedder itself if it is static, else the bundled one."""
        from glossator.index.embedding import StaticEmbedder

        self.store = store
        self.embedder = embedder
        self.corpus = Corpus(words or (embedder if isinstance(embedder, StaticEmbedder) else StaticEmbedder()))
        self.pool = ThreadPoolExecutor(SEARCHES_AT_ONCE, thread_name_prefix="glossator-search")

    def close(self) -> None:
        """End the threads; the store stays open."""
        self.pool.shutdown(wait=True)

    def begin(self, text: str, where: Filter | None = None) -> Begun:
        """Parse a query, and begin its searches in other threads.

        Raises:
            UsageError: the query contains nothing to search for.
        """
        where = where or Filter()
        query = corrected(parse_query(text), self.store)
        texts = self.pool.submit(self.store.text_search, query.terms, FOUND, where, with_equals=True)
        return Begun(query, where, texts, self.pool.submit(self._dense, query, where))

    def candidates(
        self, text: str | Begun, where: Filter | None = None, overlay: ParsedBuffers | None = None
    ) -> Candidates:
        """The candidates for a query, or for one that was begun, with their features.

        Raises:
            UsageError: the query contains nothing to search for.
        """
        query, where, texts, dense = self.begin(text, where) if isinstance(text, str) else text
        overlay = overlay or {}
        store, corpus = self.store, self.corpus
        corpus.refresh(store)
        buffers = Buffers(overlay, where)
        allowed = allowing(where)
        findings = Findings(text=[], dense=[])
        spelled = (name for forms in query.spellings for form in forms for name in (after_qualifiers(form), form))
        corpus.look_up(store, (*query.identifiers, *query.capitalised, *spelled))
        for name in query.identifiers:
            findings.defined[name] = self.definitions_of(name, allowed, buffers)
        for forms in query.spellings:
            self._find_spelled(forms, findings, allowed, buffers)
        if query.kind != "symbol":
            for word in query.capitalised:
                if word not in findings.defined:
                    found = self.definitions_of(word, allowed, buffers)
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
            findings.dense = buffers.merged(nearest, buffers.dense(vector), corpus.files, FOUND)
        hits = texts.result()
        findings.text = buffers.merged([hit[:2] for hit in hits], buffers.texts(rarity), corpus.files, FOUND)
        findings.terms = {number: terms for number, _, terms in hits}
        findings.terms.update({number: buffers.terms_of(number) for number, _ in findings.text if number < 0})
        revisions = self._candidate_files(query, findings, files, allowed, buffers)
        revisions = list(dict.fromkeys([*pinned, *(entry.id >> ORDINAL_BITS for entry in places), *revisions]))
        findings.heads = {one: buffers.terms_of(one << ORDINAL_BITS) for one in revisions if one < 0}
        findings.heads.update(store.first_terms(revision for revision in revisions if revision >= 0))
        features = file_features(query, findings, revisions, files, vector, rare, corpus, store)
        return Candidates(query, findings, revisions, files, features, pinned, places, vector)

    def _dense(self, query: Query, where: Filter) -> tuple[list[tuple[int, float]], NDArray[np.float32]]:
        vector = self.embedder.embed_query(query.meaning)
        return self.store.vector_search(vector, FOUND, where, with_equals=True), vector

    def definitions_of(
        self, name: str, allowed: Callable[[str, str, str], bool], buffers: Buffers
    ) -> list[StoredEntry]:
        """Definitions of a name, ignoring case only if none matches exactly; unsaved buffers last."""
        own = [entry for entry in buffers.entries.values() if entry.part == 0 and entry.name.lower() == name.lower()]
        found: list[StoredEntry] = []
        for any_case in (False, True):
            stored = self.corpus.definitions(self.store, name, NAMESAKES_READ, any_case=any_case)
            visible = (entry for entry in stored if entry.path not in buffers.paths)
            found = [*(entry for entry in visible if allowed(entry.path, entry.language, entry.kind)), *own]
            if exact := [entry for entry in found if entry.name == name]:
                return exact
            if not any(entry.name == name for entry in stored):  # all cases were read
                break
        return found

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
                    for entry in self.corpus.first_named(self.store, spelled, NAMESAKES_READ)
                    if entry.path not in buffers.paths
                ),
            ]
            if not found and name.endswith("!"):  # a macro is defined without the "!" of its uses
                found = [entry for entry in self.definitions_of(name[:-1], allowed, buffers) if entry.kind == "macro"]
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
        words = list(dict.fromkeys(analysis.stem(word) for word in query.words))
        rarity = self.corpus.rarities(self.store, words)
        total = sum(rarity.values()) or 1.0
        named = self.corpus.shares_in_names({word: rarity[word] / total for word in words})
        if buffers.facts:
            terms = {one: facts.stem_terms for one, facts in buffers.facts.items()}
            met = {one: sum(rarity[term] for term in mine if term in rarity) for one, mine in terms.items()}
            named = named.before([(one, share / total, len(terms[one])) for one, share in met.items() if share])
        known = list(score)
        for revision, share in zip(known, named.of(known), strict=True):
            if share and (revision < 0 or files[revision].path not in buffers.paths):
                score[revision] += share
        score.update(self._named_best(named, known, files, allowed, buffers))
        # Paths decide among equals: revisions are numbered in the order in which worker processes were done.
        return sorted(score.keys() & files.keys(), key=lambda one: (-score[one], files[one].path))[:RANKED_FILES]

    def _named_best(
        self,
        named: NameShares,
        known: Sequence[int],
        files: Mapping[int, FileFacts],
        allowed: Callable[[str, str, str], bool],
        buffers: Buffers,
    ) -> dict[int, float]:
        """The `PATH_FILES` files, none of them `known`, whose names agree best with the query: revision -> share."""
        import numpy as np

        left = np.flatnonzero(~np.isin(named.revisions, np.array(known, np.int64)))
        losses = -named.shares[left] / (1 + 0.2 * named.sizes[left])
        order = np.argsort(losses)
        losses, left = losses[order], left[order]
        best: list[tuple[str, int, float]] = []
        start = 0
        while start < len(left) and len(best) < PATH_FILES:
            end = int(np.searchsorted(losses, losses[start], "right"))
            equal: list[tuple[str, int, float]] = []
            part = left[start:end]
            for revision, share in zip(named.revisions[part].tolist(), named.shares[part].tolist(), strict=True):
                facts = files[revision]
                hidden = revision >= 0 and facts.path in buffers.paths
                if not hidden and allowed(facts.path, facts.language, ""):
                    equal.append((facts.path, revision, share))
            best += nsmallest(PATH_FILES - len(best), equal)
            start = end
        return {revision: share for _, revision, share in best}

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


def _is_qualified_by(entry: StoredEntry, written: str) -> bool:
    """Whether a written name ends with the entry's own name and scope ("Foo::valid?" of `Foo.valid?`)."""
    bare = after_qualifiers(written)
    if bare == written:
        return False
    scope = written[: len(written) - len(bare)].rstrip(":>-.#")
    return entry.qualified_name.removesuffix(bare).rstrip(":>-.#").lower().endswith(scope.replace("::", ".").lower())
