"""Searches an index for the code that a problem report is about.

    report ── reports.read_report ──> title, prose, code, output, errors, frames, names
                 │
    1. files     `Searcher.candidates` for the title, and for all that may tell something; a file's score is the
                 weighted sum of what both say of it, and of traces and paths (`FILE_SIGNALS`)
    2. definitions
                 the best files are searched again, now for every definition in them; these and the definitions that
                 the report names, calls or shows in a trace are compared by `DEFINITION_SIGNALS`
    3. a round   what the best of these refer to, what refers to them, and what they are parts of: a report shows what
                 its writer calls, and the fault is often in what that calls, or in the class around it
                 │
    Hits         definitions by the sum of their signals and of their file's

The weights of both are fitted (`scripts/fit_reports.py`) and bundled with the package. Questions take another way:
see `search.py`.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from glossator.data_files import data_text
from glossator.errors import UsageError
from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import Filter, StoredEntry
from glossator.retrieval.buffers import Buffers, allowing
from glossator.retrieval.corpus import STATIC_NAMES, FileFacts
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS, is_test
from glossator.retrieval.query import shared_ending, written_names
from glossator.retrieval.ranking import Reasons, name_terms
from glossator.retrieval.reports import read_report
from glossator.retrieval.search import LONG_DEFINITION_LINES, Hit
from glossator.retrieval.word_matches import AGREEING, WordMatches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.word_places import EntryTerms
    from glossator.retrieval.buffers import ParsedBuffers
    from glossator.retrieval.query import MentionedPlace
    from glossator.retrieval.ranking_features import Candidates
    from glossator.retrieval.reports import ProblemReport
    from glossator.retrieval.search import Searcher

FILE_SIGNALS = ("main", "main_rank", "title", "title_rank", "frame", "path", "test")
"""What is known of a candidate file: how far it is below the best of both searches and its rank there, whether a trace
or a path of the report leads to it, whether it is a test, an example or a document."""
_SEARCHES = ("text", "text_title", "dense", "dense_title")
DEFINITION_SIGNALS = (
    *("file", "file_rank", *_SEARCHES, "cover_title", "cover_main", "cover_error", "pairs"),
    *("name_title", "name_main", "in_title", "in_prose", "in_code", "scope_title", "scope", "frame", "first_frame"),
    *("called_by_best", "calls_best", "holds_best", "function", "type", "block", "other", "size", "special", "test"),
)
"""What is known of a candidate definition: its file's score and rank; the scores of four searches; the share of the
words of the title, of everything and of the error messages that it has, and of neighbouring words; whether its name or
its scope's is written in the report; its place in a trace; whether the best ones refer to it, it to them, and whether
they are parts of it; what it is."""

MAIN_CODE = 1_500
MAIN_OUTPUT = 1_500
MAIN_FUNCTIONS = 8
"""Characters of code and of output, and functions of frames, that the search for everything asks for."""
SEARCHED_FILES = 10
"""Best files in which every definition is looked at."""
FOUND_INSIDE = 150
"""Entries requested of each search in the best files."""
KEPT_HITS = 40
"""Best entries of the first searches that are looked at whatever file they are in."""
NAMESAKES_SEEN = 12
"""A name with more definitions is ambiguous: they are not looked at unless their text matches."""
LEADING = 8
"""Best definitions whose references are followed in a round."""
SEEN_FIRST = 10
FILES_SEEN_FIRST = 4
"""Of a list for people, the first ten hits are from four files at least."""
_TEST, _EXAMPLE, _PROSE = map(STATIC_NAMES.index, ("test", "example", "prose"))
_SIZES = tuple(math.log1p(lines) / 5 for lines in range(201))
"""The signal of a definition with so many lines."""
RANKED_WORDS = 40
"""Maximum words of all that the report says, the first ones, whose share in a definition is counted."""


@dataclass(frozen=True, slots=True)
class ReportWeights:
    """The contents of `data/report_ranking.json`: the weights of `FILE_SIGNALS` and of `DEFINITION_SIGNALS`."""

    file: Mapping[str, float]
    definition: Mapping[str, float]

    def file_scores(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of files, given their signals, shape (files, len(FILE_SIGNALS))."""
        return _weighted(signals, self.file, FILE_SIGNALS)

    def definition_scores(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of definitions, given their signals, shape (definitions, len(DEFINITION_SIGNALS))."""
        return _weighted(signals, self.definition, DEFINITION_SIGNALS)


def _weighted(signals: NDArray[np.float32], weights: Mapping[str, float], names: Sequence[str]) -> NDArray[np.float32]:
    import numpy as np

    scores: NDArray[np.float32] = signals @ np.array([weights.get(name, 0.0) for name in names], np.float32)
    return scores


@cache
def report_weights() -> ReportWeights:
    """The bundled weights."""
    data = json.loads(data_text("report_ranking.json"))
    return ReportWeights(file=data["file"], definition=data["definition"])


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The candidate files of a report.

    Attributes:
        main: what the search for everything found.
        title: what the search for the title found; None if the title has no word to search for.
        revisions: the files.
        facts: of these files.
        signals: a row of `FILE_SIGNALS` for each.
        frames: the definitions of the frames that lie in this index, and at the lines that the report names, the
            innermost first.
    """

    main: Candidates
    title: Candidates | None
    revisions: list[int]
    facts: Mapping[int, FileFacts]
    signals: NDArray[np.float32]
    frames: list[StoredEntry]


@dataclass(frozen=True, slots=True)
class FoundDefinitions:
    """The candidate definitions of a report.

    Attributes:
        entries: the definitions.
        windows: id of a long definition -> its best window.
        signals: a row of `DEFINITION_SIGNALS` for each; the signals of its file are 0 (see `with_files`).
    """

    entries: list[StoredEntry]
    windows: dict[int, StoredEntry]
    signals: NDArray[np.float32]


def with_files(found: FoundDefinitions, revisions: Sequence[int], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The signals of definitions, those of their files included, given the files' scores."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    signals = found.signals.copy()
    below = (scores - scores[order[:1]]).tolist()
    value = {revisions[i]: (max(below[i], -8.0) / 4, 6 / (5 + rank)) for rank, i in enumerate(order.tolist())}
    unknown = -8.0 / 4, 6 / (5 + 60)
    if found.entries:
        signals[:, :2] = [value.get(entry.id >> ORDINAL_BITS, unknown) for entry in found.entries]
    return signals


def search_report(
    searcher: Searcher,
    text: str,
    limit: int,
    where: Filter | None = None,
    overlay: ParsedBuffers | None = None,
    *,
    by_symbol: bool = False,
) -> list[Hit] | None:
    """What a problem report is about, best first; None if the text is not one. Arguments as for `Searcher.search`.

    Raises:
        UsageError: the report has nothing to search for, or `limit` is not positive.
    """
    if limit < 1:
        raise UsageError("the number of results must be at least 1")
    report = read_report(text)
    if report is None:
        return None
    with searcher.searching, searcher.store.as_of_now():
        return ReportSearch(searcher, report, where, overlay).hits(limit, by_symbol=by_symbol)


class ReportSearch:
    """A search for one report, by a `Searcher`, whose lock `Searcher.searching` the caller holds."""

    def __init__(
        self,
        searcher: Searcher,
        report: ProblemReport,
        where: Filter | None = None,
        overlay: ParsedBuffers | None = None,
        weights: ReportWeights | None = None,
    ) -> None:
        self._searcher = searcher
        self._report = report
        self._where = where or Filter()
        self._overlay = overlay or {}
        self._buffers = Buffers(self._overlay, self._where)
        self._weights = weights or report_weights()
        self._allowed = allowing(self._where)
        self._title_names = set(written_names(report.title))
        self._prose_names = {*self._title_names, *written_names(report.prose)}
        self._code_names = {part for name in report.calls for part in name.split(".")}

    def hits(self, limit: int, *, by_symbol: bool = False) -> list[Hit]:
        """The definitions that the report is about, best first; unless `by_symbol`, the first are from several files.

        Raises:
            UsageError: the report has nothing to search for.
        """
        import numpy as np

        found = self.files()
        if not found.revisions:
            return []
        scores = self._weights.file_scores(found.signals)
        definitions = self.definitions(found, scores)
        totals = self._weights.definition_scores(with_files(definitions, found.revisions, scores))
        reasons = Reasons(replace(found.main, files=found.facts))
        framed = {entry.id for entry in found.frames}
        homes = [entry.id >> ORDINAL_BITS for entry in definitions.entries]
        order = [int(i) for i in np.argsort(-totals, kind="stable")]
        if not by_symbol:
            order = from_several_files(order, homes)
        out: list[Hit] = []
        least = math.inf
        for i in order[:limit]:
            entry = definitions.entries[i]
            window = definitions.windows.get(entry.id, entry)
            shown = window if entry.end_line - entry.start_line >= LONG_DEFINITION_LINES else entry
            why = reasons.of(entry, homes[i])
            least = min(least, float(totals[i]))
            out.append(
                Hit(
                    entry,
                    entry.path,
                    shown.start_line,
                    shown.end_line,
                    entry.kind,
                    entry.name,
                    entry.qualified_name,
                    round(least, 4),
                    f"in the trace; {why}" if entry.id in framed else why,
                    shares_words=reasons.shares_words(entry, homes[i], window),
                )
            )
        return out

    # Files

    def files(self) -> FoundFiles:
        """The candidate files with their signals.

        Raises:
            UsageError: the report has nothing to search for.
        """
        import numpy as np

        main_begun = self._searcher.begin(self._everything(), self._where)
        try:
            title_begun = self._searcher.begin(self._report.title, self._where)
        except UsageError:
            title_begun = None
        main = self._searcher.candidates(main_begun, overlay=self._overlay)
        title = None if title_begun is None else self._searcher.candidates(title_begun, overlay=self._overlay)
        frames = [*self._frames(), *main.places]
        known = {**main.files, **self._buffers.facts}
        searches = [main] if title is None else [main, title]
        homes = [entry.id >> ORDINAL_BITS for entry in frames]
        revisions = list(dict.fromkeys([*(one for found in searches for one in found.revisions), *homes]))
        row = {revision: i for i, revision in enumerate(revisions)}
        column = {name: j for j, name in enumerate(FILE_SIGNALS)}
        signals = np.zeros((len(revisions), len(FILE_SIGNALS)), np.float32)
        for name, found in zip(("main", "title"), searches, strict=False):
            signals[:, column[name]] = -2.0
            scores = self._searcher.weights.file_scores(found.features)
            order = np.argsort(-scores, kind="stable")
            for place, i in enumerate(order):
                at = row[found.revisions[int(i)]]
                signals[at, column[name]] = max(float(scores[i] - scores[order[0]]) / 4, -2.0)
                signals[at, column[f"{name}_rank"]] = 6 / (5 + place)
        for place, home in enumerate(homes):
            at = row[home]
            signals[at, column["frame"]] = max(float(signals[at, column["frame"]]), 4 / (4 + place))
        for revision in main.pinned:
            signals[row[revision], column["path"]] = 1.0
        for revision, at in row.items():
            signals[at, column["test"]] = _is_beside_the_code(known[revision])
        return FoundFiles(main, title, revisions, known, signals, list({one.id: one for one in frames}.values()))

    def _everything(self) -> str:
        """The parts of the report that may tell something, as the text of one query."""
        report = self._report
        functions = dict.fromkeys(frame.symbol for frame in report.frames if frame.symbol)
        parts = (
            report.title,
            report.prose,
            report.code[:MAIN_CODE],
            *report.errors[:2],
            " ".join(f"{name}()" for name in list(functions)[:MAIN_FUNCTIONS]),
            report.output[:MAIN_OUTPUT],
        )
        return "\n".join(filter(None, parts))

    def _frames(self) -> list[StoredEntry]:
        """The definitions of those frames that lie in this index, the innermost first."""
        found = (self._definition_at(frame) for frame in self._report.frames)
        return [entry for entry in found if entry is not None]

    def _definition_at(self, frame: MentionedPlace) -> StoredEntry | None:
        """The function of a frame. A library's file may have the name of one of the project's: the function has to be
        there, or two folders have to agree."""
        paths = self._searcher.resolved_paths(frame, self._buffers)
        for path in paths:
            entry = self._searcher.entry_at_place(path, frame, self._buffers)
            if entry is None or not self._allowed(path, entry.language, entry.kind):
                continue
            if entry.name == frame.symbol or shared_ending(path, frame.path) > (2 if frame.symbol else 1):
                return entry
        return self._moved(frame) if "/" in frame.path else None

    def _moved(self, frame: MentionedPlace) -> StoredEntry | None:
        """The function of a frame whose file is not here any more: of that name there is only one, and its top folder
        is among those of the frame's path."""
        if not frame.symbol:
            return None
        folders = set(frame.path.split("/")[:-1])
        found = [
            entry
            for entry in self._searcher.store.nearest_named(frame.symbol, "", NAMESAKES_SEEN)
            if folders & set(entry.path.split("/")[:2]) and self._allowed(entry.path, entry.language, entry.kind)
        ]
        own = [entry for entry in found if not is_test(entry.path) and entry.path not in self._buffers.paths]
        return own[0] if len(own) == 1 else None

    # Definitions

    def definitions(self, found: FoundFiles, scores: NDArray[np.float32]) -> FoundDefinitions:
        """The definitions to compare, with their signals, given the files' scores."""
        import numpy as np

        order = np.argsort(-scores, kind="stable")[:SEARCHED_FILES]
        best = [found.revisions[int(i)] for i in order]
        texts, dense, terms = self._searched(found, best)
        numbers = dict.fromkeys([*terms, *(number for one in dense for number in one)])
        homes = set(found.revisions)
        for candidates in (found.main, found.title):
            if candidates is None:
                continue
            findings = candidates.findings
            for listed in (findings.text, findings.dense):
                numbers.update(dict.fromkeys(n for n, _ in listed[:KEPT_HITS] if n >> ORDINAL_BITS in homes))
            terms.update({number: text for number, text in findings.terms.items() if number in numbers})
            for named in (*findings.defined.values(), *findings.mentioned.values()):
                if len(named) <= NAMESAKES_SEEN:
                    numbers.update(dict.fromkeys(one.id for one in named if one.id >> ORDINAL_BITS in homes))
        numbers.update(dict.fromkeys(entry.id for entry in found.frames))
        looked = self._entries(numbers)
        owner = {n: one.parent if one.part and one.parent is not None else n for n, one in looked.items()}
        looked.update(self._entries([number for number in owner.values() if number not in looked]))
        entries = [looked[number] for number in dict.fromkeys(owner.values()) if number in looked]
        table = _Table(entries, owner)
        for name, scored in zip(_SEARCHES, (*texts, *dense), strict=True):
            table.put_search(name, scored)
        self._put_words(table, found, terms)
        self._put_names(table, found)
        table.set("size", [_SIZES[min(one.end_line - one.start_line + 1, len(_SIZES) - 1)] for one in entries])
        table.set("special", [float(one.name.startswith("__") and one.name.endswith("__")) for one in entries])
        beside = {home: _is_beside_the_code(found.facts[home]) for home in {one.id >> ORDINAL_BITS for one in entries}}
        table.set("test", [beside[one.id >> ORDINAL_BITS] for one in entries])
        sorts = [_sort_of(one) for one in entries]
        for name in ("function", "type", "block", "other"):
            table.set(name, [float(sort == name) for sort in sorts])
        so_far = FoundDefinitions(entries, {}, table.signals())
        totals = self._weights.definition_scores(with_files(so_far, found.revisions, scores))
        self._put_round(table, totals)
        windows: dict[int, StoredEntry] = {}
        for number in sorted(owner, key=lambda n: -texts[0].get(n, 0.0)):
            windows.setdefault(owner[number], looked[number])
        return FoundDefinitions(entries, windows, table.signals())

    def _searched(
        self, found: FoundFiles, best: Sequence[int]
    ) -> tuple[list[dict[int, float]], list[dict[int, float]], dict[int, EntryTerms]]:
        """The scores of entries of the best files for everything and for the title, of full text and of vectors, and
        the terms of the entries."""
        store = self._searcher.store
        files = tuple(one for one in best if one >= 0)
        inside = replace(self._where, files=files)
        searches = [found.main] if found.title is None else [found.main, found.title]
        waiting = [
            self._searcher.pool.submit(store.text_search, search.query.terms, FOUND_INSIDE, inside, with_equals=True)
            if files
            else None
            for search in searches
        ]
        texts: list[dict[int, float]] = []
        dense: list[dict[int, float]] = []
        terms: dict[int, EntryTerms] = {}
        for search in searches:
            own = self._buffers.dense(search.vector)
            near = store.vector_search(search.vector, FOUND_INSIDE, inside, with_equals=True) if files else ()
            dense.append({**dict(near), **dict(own)})
        for search, future in zip(searches, waiting, strict=True):
            listed = future.result() if future is not None else []
            scored = {number: score for number, score, _ in listed}
            if self._buffers.facts:
                rarity = self._searcher.corpus.rarities(store, search.query.terms)
                scored.update(self._buffers.texts(rarity))
            texts.append(scored)
            terms.update({number: text for number, _, text in listed})
            terms.update({number: self._buffers.terms_of(number) for number in scored if number < 0})
        hidden = set(self._buffers.paths)
        if hidden:
            kept = [n for n in terms if n < 0 or found.facts[n >> ORDINAL_BITS].path not in hidden]
            terms = {number: terms[number] for number in kept}
        return [*texts, *[{}] * (2 - len(texts))], [*dense, *[{}] * (2 - len(dense))], terms

    def _entries(self, numbers: Iterable[int]) -> dict[int, StoredEntry]:
        """Entries by id, buffers' included."""
        wanted = list(numbers)
        found = {entry.id: entry for entry in self._searcher.store.entries([n for n in wanted if n >= 0])}
        found.update({number: self._buffers.entries[number] for number in wanted if number in self._buffers.entries})
        return {n: found[n] for n in wanted if n in found and (n < 0 or found[n].path not in self._buffers.paths)}

    def _put_words(self, table: _Table, found: FoundFiles, terms: Mapping[int, EntryTerms]) -> None:
        """The shares of words that definitions have, and of the words of their names that the report has."""
        searcher = self._searcher
        title = [analysis.stem(word) for word in (found.title.query.words if found.title else ())]
        main = [analysis.stem(word) for word in found.main.query.words]
        error = [term for message in self._report.errors[:2] for term in analysis.analyze(message)][:24]
        names = [name_terms(one.name) for one in table.entries]
        words_of_names = {*title, *main}
        told = (one for one in names if not words_of_names.isdisjoint(one))
        rarity = searcher.corpus.rarities(searcher.store, words_of_names.union(error, *told))
        shares = [
            (name, words, sum(rarity[word] for word in words) or 1.0)
            for name, words in (
                ("cover_title", set(title)),
                ("cover_main", set(main[:RANKED_WORDS])),
                ("cover_error", set(error)),
            )
        ]
        stems = list(dict.fromkeys(main))[:AGREEING]
        matches = WordMatches(terms.values(), [*stems, *title, *main[:RANKED_WORDS], *error])
        for name, words, total in shares:
            table.put(name, zip(terms, (matches.weights(list(words), rarity) / total).tolist(), strict=True))
        table.put("pairs", zip(terms, matches.pairs(stems, rarity).tolist(), strict=True))
        for name, words in (("name_title", set(title)), ("name_main", set(main))):
            table.set(name, [0.0 if words.isdisjoint(own) else _share(own, words, rarity) for own in names])

    def _put_names(self, table: _Table, found: FoundFiles) -> None:
        """Whether the report writes the names of definitions, and their places in its traces."""
        named = [(None, "") if one.kind == "block" else (one.name, one.qualified_name) for one in table.entries]
        scopes = [qualified.split(".")[:-1] for _, qualified in named]
        title, prose, code = self._title_names, self._prose_names, self._code_names
        for signal, names in (("in_title", title), ("in_prose", prose), ("in_code", code)):
            table.set(signal, [float(name in names) for name, _ in named])
        for signal, names in (("scope_title", title), ("scope", prose | code)):
            table.set(signal, [float(not names.isdisjoint(around)) for around in scopes])
        for place, entry in enumerate(found.frames):
            table.put("frame", [(entry.id, 4 / (4 + place))])
            table.put("first_frame", [(entry.id, float(place == 0))])

    def _put_round(self, table: _Table, scores: NDArray[np.float32]) -> None:
        """Whether definitions are referred to by those that are the best so far, refer to these, and contain them."""
        import numpy as np

        namesakes = Counter(entry.name for entry in table.entries)
        best = [table.entries[int(i)].id for i in np.argsort(-scores, kind="stable")[:LEADING]]
        place_of = {number: place for place, number in enumerate(best)}
        stored = [number for number in best if number >= 0]
        store = self._searcher.store
        references = store.references_among([one.id for one in table.entries if one.id >= 0], stored)
        names = store.references_of_all(stored) | {n: self._buffers.references_of(n) for n in best if n < 0}
        called: dict[str, float] = {}
        holds: dict[tuple[str, str], float] = defaultdict(float)
        for place, number in enumerate(best):
            for name in names.get(number, ()):
                called.setdefault(name, 4 / (4 + place))
            for scope in _scopes_of(table.entry(number)):
                holds[scope] += 2 / (4 + place)
        table.set("called_by_best", [called.get(one.name, 0.0) / namesakes[one.name] for one in table.entries])
        places = [[place_of[home] for home in references.get(one.id, ()) if home != one.id] for one in table.entries]
        table.set("calls_best", [4 / (4 + min(some)) if some else 0.0 for some in places])
        table.set("holds_best", [holds.get((one.path, one.qualified_name), 0.0) for one in table.entries])


def from_several_files(order: Sequence[int], homes: Sequence[int]) -> list[int]:
    """A ranking in which the first `SEEN_FIRST` come from `FILES_SEEN_FIRST` files, if there are so many: the best of
    further files take the places of the last of those whose files are there already."""
    first, later = list(order[:SEEN_FIRST]), list(order[SEEN_FIRST:])
    times = Counter(homes[i] for i in first)
    moved: list[int] = []
    for i in later:
        if len(times) >= FILES_SEEN_FIRST:
            break
        if homes[i] in times:
            continue
        repeated = next((j for j in reversed(first) if times[homes[j]] > 1), None)
        if repeated is None:
            break
        first.remove(repeated)
        times[homes[repeated]] -= 1
        times[homes[i]] += 1
        moved.append(i)
    kept = {*first, *moved}
    return [*first, *moved, *(i for i in order if i not in kept)]


class _Table:
    """The signals of definitions. What is known of a window counts for its definition."""

    def __init__(self, entries: Sequence[StoredEntry], owner: Mapping[int, int]) -> None:
        self.entries = entries
        self._columns = {name: [0.0] * len(entries) for name in DEFINITION_SIGNALS}
        self._at = {entry.id: i for i, entry in enumerate(entries)}
        self._row = self._at | {number: self._at[whole] for number, whole in owner.items() if whole in self._at}

    def entry(self, number: int) -> StoredEntry:
        """The definition with this id."""
        return self.entries[self._at[number]]

    def signals(self) -> NDArray[np.float32]:
        """A row of `DEFINITION_SIGNALS` for each definition."""
        import numpy as np

        return np.ascontiguousarray(np.array(list(self._columns.values()), np.float32).T)

    def set(self, name: str, values: list[float]) -> None:
        """Set a signal of all definitions."""
        self._columns[name] = values

    def put(self, name: str, found: Iterable[tuple[int, float]]) -> None:
        """Raise a signal of the definitions that entries belong to."""
        column, row = self._columns[name], self._row
        for number, value in found:
            i = row.get(number)
            if i is not None and value > column[i]:
                column[i] = value

    def put_search(self, name: str, scored: Mapping[int, float]) -> None:
        """Set the signals of a search: 1 for the best, and of vectors 0 for the last."""
        top = max(scored.values(), default=1.0)
        floor = min(scored.values(), default=0.0) if name.startswith("dense") else 0.0
        width = max(top - floor, 0.05)
        self.put(name, ((number, (score - floor) / width) for number, score in scored.items()))


def _share(own: frozenset[str], words: set[str], rarity: Mapping[str, float]) -> float:
    """The share of some words of a name that are among others, by their rarity."""
    return sum(map(rarity.__getitem__, own & words)) / (sum(map(rarity.__getitem__, own)) or 1)


def _scopes_of(entry: StoredEntry) -> list[tuple[str, str]]:
    """(path, qualified name) of the definitions around a definition."""
    parts = entry.qualified_name.split(".")
    return [(entry.path, ".".join(parts[:end])) for end in range(1, len(parts))]


def _sort_of(entry: StoredEntry) -> str:
    if entry.kind in FUNCTION_KINDS:
        return "function"
    if entry.kind in TYPE_KINDS:
        return "type"
    return "block" if entry.kind == "block" else "other"


def _is_beside_the_code(facts: FileFacts) -> float:
    """1 for tests, examples and documents, which a fix rarely changes alone."""
    static = facts.static
    return max(static[_TEST], static[_EXAMPLE], static[_PROSE])
