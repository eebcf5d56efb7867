"""Full-text search over one generation's entries, in mapped files, and over later commits, in memory.

LanceDB stores the terms; the files are derived from it and can be written again at any time. LanceDB's own full-text
index is not used: a search in it takes more than twice as long, and opening it, with the libraries that its results
need, was a fifth of a command's first search (docs/speed.md).

Scores are BM25 with the usual constants. How rare a term is, and how long entries are on average, is counted over the
entries that are there now, so results do not depend on when the files were written.
"""

from __future__ import annotations

import logging
import math
import os
import shutil
from dataclasses import dataclass
from itertools import count as count_from
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from glossator.index.followed import Followed
from glossator.index.generations import discard_generation, new_generation
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.text_segments import (
    SEARCHED_SHARE,
    SEGMENT_ROWS,
    DamagedSegmentError,
    Segment,
    StoredTerms,
    Texts,
    Words,
    make_segment,
    open_segment,
    write_segment,
)
from glossator.index.word_numbers import word_numbers_by_arrow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from mmap import mmap
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.nearest import Scope

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

K1: Final = 1.2
B: Final = 0.75
"""The usual constants of BM25, which LanceDB, Lucene and others use, too."""

QUERY_TERMS: Final = 24
"""Only this many of a query's terms are searched, the rarest ones: frequent terms decide little."""

EQUALS_KEPT: Final = 8
"""Hits with the same score as the last one are returned, too, up to so many times as many as were asked for."""

LASTING_SHARE: Final = 0.75
"""A segment's file is used again in the next generation if it has so many of the entries that it can hold."""

NOT_OPENED: Final = -1
"""The generation of a state whose files could not be opened."""

ANY_SIZE: Final = range(2**31)
"""Bytes of words of any length."""

SEGMENT_LETTERS: Final = 100_000_000
"""A segment is closed once its terms have so many letters, as a bound on the memory that making it takes."""

SMALL_SEGMENT: Final = 4_096
SMALL_SEGMENTS: Final = 8
"""More segments of less than so many entries each are made into one: every segment costs a search some microseconds for
each of its words."""


class TextHit(NamedTuple):
    """An entry that a search found.

    Attributes:
        id: its id.
        score: BM25.
        terms: its search terms, which are as they were written.
    """

    id: int
    score: float
    terms: StoredTerms


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment, and which of its entries are gone."""

    segment: Segment
    dead: NDArray[np.bool_] | None = None
    dead_rows: NDArray[np.uint16] | None = None
    """The rows of the entries that are gone, ascending."""
    dead_count: int = 0
    dead_total: int = 0
    """Terms of the entries that are gone, repetitions included."""

    def without(self, gone: NDArray[np.int64]) -> _Part:
        """The same without the entries of some revisions."""
        import numpy as np

        more = self.segment.inside(gone)
        if more is None:
            return self
        dead = more if self.dead is None else more | self.dead
        rows = np.flatnonzero(dead).astype(np.uint16)
        return _Part(self.segment, dead, rows, len(rows), int(self.segment.lengths[dead].sum()))

    def count(self, start: int, end: int) -> int:
        """How many of the entries that are left have these postings."""
        import numpy as np

        if self.dead is None or self.dead_rows is None:
            return end - start
        if len(self.dead_rows) * SEARCHED_SHARE < end - start:
            gone = len(self.segment.places_of(self.dead_rows, start, end))
        else:
            gone = int(np.count_nonzero(self.dead[self.segment.rows[start:end]]))
        return end - start - gone

    def living(self) -> Texts:
        """The entries that are left, with their terms."""
        import numpy as np

        return self.segment.texts(None if self.dead is None else np.flatnonzero(~self.dead).tolist())


@dataclass(frozen=True, slots=True)
class _State:
    """The entries of the index after one commit.

    Attributes:
        mapped: how many of the parts, the first ones, are those of the generation's files.
        known: the revisions that have entries in these, those that are gone included.
        entries: the number of entries.
        norms: for each part, what BM25 adds to the count of a word in an entry to divide it by.
        mappings: see `IndexState`.
    """

    changes: int
    generation: int
    parts: tuple[_Part, ...]
    mapped: int
    known: frozenset[int]
    entries: int
    norms: tuple[NDArray[np.float32], ...]
    mappings: tuple[mmap, ...]


def make_segments(batches: Iterable[Texts]) -> list[Segment]:
    """Segments in memory of all these entries."""
    return list(map(make_segment, _of_segments(batches)))


def write_segments(
    folder: Path,
    earlier: Path,
    revisions: Mapping[int, int],
    count: Callable[[], int],
    read: Callable[[list[int]], Iterable[Texts]],
) -> None:
    """Write the files of a generation, all or none.

    Args:
        folder: of the new generation.
        earlier: of the one before. Its files are used again, as links, as far as most of what they have is still there.
        revisions: revision -> number of its entries.
        count: tells how many entries the new generation has; it is asked once the files are written.
        read: returns the entries of some revisions, ascending, some thousand at a time.

    Raises:
        OSError: they cannot be written.
    """
    with new_generation(folder) as fresh:
        lasting, entries = _lasting(earlier, revisions)
        if _written(fresh, lasting, revisions, read) + entries != count():  # rows are missing, or files are damaged
            for path in list(fresh.iterdir()):
                path.unlink()
            _written(fresh, {}, revisions, read)


def _written(
    folder: Path,
    lasting: Mapping[Path, Collection[int]],
    revisions: Collection[int],
    read: Callable[[list[int]], Iterable[Texts]],
) -> int:
    """Link some files into a folder, and write others for the other revisions; returns how many entries these have."""
    missing = set(revisions).difference(*lasting.values())
    names = (folder / f"{number}.segment" for number in count_from())
    for path in lasting:
        _link(path, next(names))
    entries = 0
    for texts in _of_segments(read(sorted(missing))) if missing else ():
        write_segment(next(names), make_segment(texts, word_numbers_by_arrow))
        entries += len(texts.ids)
    return entries


def _lasting(folder: Path, revisions: Mapping[int, int]) -> tuple[dict[Path, list[int]], int]:
    """The files of a generation to use again, each with the revisions that it has and that are still there.

    They have mostly entries of such revisions, and each of these wholly. Also returns how many such entries they have.
    """
    import numpy as np

    try:
        segments = open_segments(folder)
    except (DamagedSegmentError, OSError):
        return {}, 0
    lasting: dict[Path, list[int]] = {}
    total = 0
    live = np.array(sorted(revisions), np.int64)
    for number, segment in enumerate(segments):
        homes, place = np.unique(segment.homes, return_inverse=True)
        sizes = np.bincount(place, segment.runs).astype(np.int64)
        kept = np.isin(homes, live)
        here = homes[kept].tolist()
        entries = int(sizes[kept].sum())
        if entries >= LASTING_SHARE * SEGMENT_ROWS and [revisions[one] for one in here] == sizes[kept].tolist():
            lasting[folder / f"{number}.segment"] = here
            total += entries
    return lasting, total


def _link(path: Path, other: Path) -> None:
    """Make `other` the same file as `path`, or a copy of it where links cannot be made."""
    try:
        os.link(path, other)
    except OSError:
        shutil.copyfile(path, other)


def _of_segments(batches: Iterable[Texts]) -> Iterator[Texts]:
    """The entries of all batches, as many at a time as a segment holds; a file's are kept together if it fits in."""
    waiting: list[Texts] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows += len(batch.ids)
        size += sum(map(len, batch.terms))
        while rows > SEGMENT_ROWS or (size > SEGMENT_LETTERS and rows > 1):
            joined = _joined(waiting)
            cut = _cut(joined.ids >> ORDINAL_BITS, min(SEGMENT_ROWS, rows - 1))
            yield joined.slice(0, cut)
            waiting = [joined.slice(cut, rows)]
            rows -= cut
            size = sum(map(len, waiting[0].terms))
    if rows:
        yield _joined(waiting)


def _cut(files: NDArray[np.int64], most: int) -> int:
    """How many of the first rows, at most `most` and not all, are whole files; `most` if the first one is larger."""
    import numpy as np

    ends = np.flatnonzero(np.diff(files[: most + 1])) + 1
    return int(ends[-1]) if len(ends) else most


def _joined(parts: Sequence[Texts]) -> Texts:
    """At least one."""
    import numpy as np

    ids, languages, kinds = (np.concatenate([part[column] for part in parts]) for column in range(3))
    return Texts(ids, languages, kinds, [terms for part in parts for terms in part.terms])


def open_segments(folder: Path) -> list[Segment]:
    """The files of a generation, mapped.

    Raises:
        DamagedSegmentError: some are missing or damaged.
        OSError: they cannot be opened now, which says nothing about what they contain.
    """
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError as error:
        raise DamagedSegmentError(f"{folder} is missing") from error
    if not names or names != {f"{number}.segment" for number in range(len(names))}:
        raise DamagedSegmentError(f"not all files are in {folder}")
    return [open_segment(folder / f"{number}.segment") for number in range(len(names))]


class FullText(Followed[_State]):
    """Finds the entries of one index that contain words, the latest commits included. Safe to use from several threads.

    Args:
        folder, position, revisions: see `Followed`.
        read: returns segments of the entries of some revisions, ascending.
    """

    def __init__(
        self,
        folder: Callable[[int], Path],
        position: Callable[[], tuple[int, int]],
        revisions: Callable[[], Mapping[int, int]],
        read: Callable[[list[int]], list[Segment]],
    ) -> None:
        super().__init__(folder, position, revisions)
        self._read = read
        self._damaged = 0
        """The generation whose files turned out to be damaged: they cannot be removed everywhere."""

    def search(self, words: Sequence[str], limit: int, scope: Scope, *, with_equals: bool = False) -> list[TextHit]:
        """The best entries that contain any of the words, best first.

        With `with_equals`, there may be more than `limit`: all that have the score of the last one, up to
        `EQUALS_KEPT` times as many as were asked for.
        """
        most = EQUALS_KEPT * limit if with_equals else limit
        return self._ask(lambda state: _search(state, words, limit, scope, most))

    def frequencies(self, words: Sequence[str]) -> dict[str, int]:
        """The number of entries that contain each word."""
        return self._ask(lambda state: dict(zip(words, _counted(state, words)[1], strict=True)))

    def first_terms(self, revisions: Iterable[int]) -> dict[int, StoredTerms]:
        """The terms of the first entry of each file, by revision; unknown ones are left out."""
        return self._ask(lambda state: _first_terms(state, revisions))

    def words(self, prefix: str, sizes: range = ANY_SIZE) -> set[str]:
        """The words of so many bytes that begin with `prefix`.

        Some may be those of entries that have gone since the files were written.
        """
        start = prefix.encode("utf-8", "surrogatepass")
        found = {word for part in self._current().parts for word in part.segment.beginning_with(start, sizes)}
        return {str(word, "utf-8", "surrogatepass") for word in found}

    def _ask(self, question: Callable[[_State], _T]) -> _T:
        """The answer from the current state.

        Files that turn out to be damaged are removed, and the next maintenance writes them again. Until then, all is
        read from the table.
        """
        while True:
            state = self._current()
            try:
                return question(state)
            except DamagedSegmentError as error:
                _LOG.warning("files of the full text are damaged, and will be written again: %s", str(error))
                self._damaged = state.generation
                del state  # what is mapped cannot be removed on Windows
                self.forget()
                discard_generation(self._folder(self._damaged))

    def _updated(self, state: _State | None) -> _State:
        """The state after the last change, given an earlier one."""
        import numpy as np

        changes, generation = self._position()
        if state is not None and state.generation == generation:
            parts, mapped, in_files = list(state.parts), state.mapped, state.known
        else:
            later = [] if state is None else state.parts[state.mapped :]
            changes, generation, segments = self._opened()
            parts, mapped = list(map(_Part, segments)), len(segments)
            in_files = frozenset(_revisions_of(parts))
            here = np.array(sorted(in_files), np.int64)
            parts += [part.without(here) for part in later]
        live = self._revisions()
        others = _revisions_of(parts[mapped:])
        # `difference` copies neither of two collections of as many revisions as there are files.
        if gone := in_files.difference(live) | others.difference(live):
            revisions = np.array(sorted(gone), np.int64)
            parts = [part.without(revisions) for part in parts]
        if missing := sorted(one for one in live if one not in in_files and one not in others):
            parts += map(_Part, self._read(missing))
        parts = parts[:mapped] + _tidied(parts[mapped:])
        entries = sum(len(part.segment.ids) - part.dead_count for part in parts)
        total = sum(part.segment.total - part.dead_total for part in parts)
        norms = tuple(_norms(part.segment.lengths, max(total, 1) / max(entries, 1)) for part in parts)
        mappings = tuple(part.segment.mapping for part in parts if part.segment.mapping is not None)
        return _State(changes, generation, tuple(parts), mapped, in_files, entries, norms, mappings)

    def _opened(self) -> tuple[int, int, list[Segment]]:
        """The position of the index, and the files of its generation; none if they are missing.

        If they are damaged, they are removed: the next maintenance writes them again. If they cannot be opened now, the
        generation is `NOT_OPENED`: the next search tries again.
        """
        while True:
            changes, generation = self._position()
            if generation == self._damaged:
                return changes, generation, []
            try:
                return changes, generation, open_segments(self._folder(generation))
            except (DamagedSegmentError, OSError) as error:
                if self._position()[1] != generation:  # a writer has replaced them meanwhile
                    continue
                # As text: whatever kept the error would keep the caller's frames, and with them its snapshot.
                _LOG.info("cannot open the files of the full text: %s", str(error))
                if not isinstance(error, DamagedSegmentError):
                    return changes, NOT_OPENED, []
                discard_generation(self._folder(generation))
                return changes, generation, []


def _norms(lengths: NDArray[np.uint32], average: float) -> NDArray[np.float32]:
    """What BM25 adds to the count of a word in an entry of each of these lengths to divide it by."""
    import numpy as np

    norms = lengths.astype(np.float32)
    norms *= np.float32(K1 * B / average)
    norms += np.float32(K1 * (1 - B))
    return norms


def _revisions_of(parts: Iterable[_Part]) -> set[int]:
    """The revisions that have entries in some parts, those that are gone included."""
    return {revision for part in parts for revision in part.segment.homes.tolist()}


def _tidied(parts: list[_Part]) -> list[_Part]:
    """Parts in memory without those of which nothing is left; of many small ones one is made."""
    parts = [part for part in parts if part.dead_count < len(part.segment.ids)]
    small = [part for part in parts if len(part.segment.ids) < SMALL_SEGMENT]
    if len(small) <= SMALL_SEGMENTS:
        return parts
    large = [part for part in parts if len(part.segment.ids) >= SMALL_SEGMENT]
    return [*large, _Part(make_segment(_joined([part.living() for part in small])))]


def _counted(state: _State, words: Sequence[str]) -> tuple[list[list[tuple[int, int]]], list[int]]:
    """Where the postings of each word are in each part, and how many entries contain each word.

    Raises:
        DamagedSegmentError: the files are damaged.
    """
    encoded = Words.of(words)
    places = [part.segment.postings(encoded) for part in state.parts]
    counts = [0] * len(words)
    for part, found in zip(state.parts, places, strict=True):
        for number, (start, end) in enumerate(found):
            if start < end:
                counts[number] += part.count(start, end)
    return places, counts


def _search(state: _State, words: Sequence[str], limit: int, scope: Scope, most: int) -> list[TextHit]:
    """See `FullText.search`; at most `most` hits, with those that have the score of the last one if it is more.

    Raises:
        DamagedSegmentError: the files are damaged.
    """
    import numpy as np

    places, counts = _counted(state, words)
    # The rarest first, and words that are equally rare in the order in which the query has them.
    chosen = sorted((number for number, count in enumerate(counts) if count), key=counts.__getitem__)[:QUERY_TERMS]
    weights = [(K1 + 1) * _rarity(counts[number], state.entries) for number in chosen]
    best = _Best(limit)
    for number, (part, norms) in enumerate(zip(state.parts, state.norms, strict=True)):
        segment = part.segment
        parts = [places[number][word] for word in chosen]
        if all(start == end for start, end in parts):
            continue
        in_files = None if scope.files is None else segment.inside(scope.files)
        if scope.files is not None and in_files is None:
            continue
        scores = segment.score(parts, weights, norms, float(best.least))
        if part.dead is not None:
            scores[part.dead_rows] = 0
        rows = np.flatnonzero(scores >= best.least) if best.least > 0 else np.flatnonzero(scores)
        if in_files is not None:
            rows = rows[in_files[rows]]
        for column, wanted in ((segment.languages, scope.languages), (segment.kinds, scope.kinds)):
            if wanted is not None:
                rows = rows[np.isin(column[rows], wanted)]
        best.add(number, rows, scores[rows])
    hits = []
    for score, at, row in best.found(most, lambda part, rows: state.parts[part].segment.ids[rows]):
        segment = state.parts[at].segment
        segment.compare_terms(row)
        hits.append(TextHit(int(segment.ids[row]), score, StoredTerms(segment, row)))
    return hits


def _first_terms(state: _State, revisions: Iterable[int]) -> dict[int, StoredTerms]:
    """See `FullText.first_terms`.

    Raises:
        DamagedSegmentError: the files are damaged.
    """
    import numpy as np

    wanted = np.array(list(revisions), np.int64)
    found: dict[int, StoredTerms] = {}
    for part in state.parts:
        for revision, row in part.segment.first_rows(wanted).items():
            if part.dead is None or not part.dead[row]:
                part.segment.compare_terms(row)
                found[revision] = StoredTerms(part.segment, row)
    return found


def _rarity(count: int, entries: int) -> float:
    """The weight of a word that so many of the entries contain."""
    return math.log((entries - count + 0.5) / (count + 0.5) + 1)


class _Best:
    """Collects the rows with the best scores, part by part.

    Attributes:
        least: the lowest score that may still be among the best; 0 as long as there are too few.
    """

    def __init__(self, limit: int) -> None:
        import numpy as np

        self._limit = limit
        self.least = np.float32(0)
        self._parts: list[int] = []
        self._rows: list[NDArray[np.int64]] = []
        self._scores: list[NDArray[np.float32]] = []

    def add(self, part: int, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Add rows of a part."""
        import numpy as np

        if not len(rows):
            return
        self._parts.append(part)
        self._rows.append(rows)
        self._scores.append(scores)
        scores = np.concatenate(self._scores)
        if len(scores) >= self._limit:
            self.least = np.partition(scores, -self._limit)[-self._limit]
            kept = [numbers >= self.least for numbers in self._scores]
            self._rows = [rows[keep] for rows, keep in zip(self._rows, kept, strict=True)]
            self._scores = [numbers[keep] for numbers, keep in zip(self._scores, kept, strict=True)]

    def found(
        self, most: int, ids: Callable[[int, NDArray[np.int64]], NDArray[np.int64]]
    ) -> list[tuple[float, int, int]]:
        """Score, part and row of the best, best first and equal ones in the order of their ids; at most `most`."""
        import numpy as np

        if not self._parts:
            return []
        scores = np.concatenate(self._scores)
        rows = np.concatenate(self._rows)
        parts = np.repeat(self._parts, [len(rows) for rows in self._rows])
        numbers = np.concatenate([ids(part, rows) for part, rows in zip(self._parts, self._rows, strict=True)])
        order = np.lexsort((numbers, -scores))[:most]
        return list(zip(scores[order].tolist(), parts[order].tolist(), rows[order].tolist(), strict=True))
