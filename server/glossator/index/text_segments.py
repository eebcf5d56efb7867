"""Segments of the full text: some entries, and which of them contain each word, in a file or in memory.

A segment knows nothing of others: neither how rare a term is among all entries nor how long they are on average.
Whoever searches says so (`full_text`).

A segment in a file is mapped, so processes share it. Opening reads what every search needs (the list of words, and a
few numbers for each entry) and compares it with a checksum. The entries that contain a word, and the terms of an entry,
have checksums of their own, which are compared when they are read: damage is noticed when it would matter.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from glossator.index.manifest import ORDINAL_BITS
from glossator.index.mapped_files import mapping_of
from glossator.index.word_numbers import word_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from mmap import mmap
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.word_numbers import WordNumbers

SEGMENT_ROWS: Final = 65_536
"""Entries of a segment at most: their rows are numbered with 16 bits, and a search's scores stay in a core's cache."""

MOST_COUNTED: Final = 255
"""More repetitions of a term in an entry count as so many: its score hardly grows from there."""

PAIRS_AT_ONCE: Final = 2**32
"""Pairs of a word and an entry that are numbered: numbers of 32 bits are sorted twice as fast as those of 64, so more
words than fit are taken in turn."""

ROUNDED: Final = 1e-4
"""More than the share of a score by which single precision may round it."""

FEW_POSTINGS: Final = 4_096
SEARCHED_SHARE: Final = 4
"""All postings of a word are counted if there are so few, or less than so many for each entry that may be among the
best: looking for an entry among them takes about as long as counting so many."""

HEADER_BYTES: Final = 7 * 8
"""Numbers (int64) at the start of a file: a mark of the format; how many entries, words, postings, bytes of words and
terms there are; the checksum of what opening reads."""

_FORMAT: Final = 0x32_67_65_73_73_6F_6C_67
"""The first of these numbers."""

_ARRAYS: Final = {
    "ids": ("<i8", "entries"),
    "lengths": ("<u4", "entries"),
    "text_ends": ("<u4", "entries"),
    "text_sums": ("<u4", "entries"),
    "word_keys": ("<u8", "words"),
    "word_ends": ("<u4", "words"),
    "posting_ends": ("<u4", "words"),
    "posting_sums": ("<u4", "words"),
    "languages": ("<i2", "entries"),
    "kinds": ("<i2", "entries"),
    "words": ("<u1", "word_bytes"),
    "rows": ("<u2", "postings"),
    "counts": ("<u1", "postings"),
    "terms": ("<u4", "terms"),
}
"""The arrays of a file, in their order, each aligned to eight bytes; those up to `words` are read when it is opened.

- ids, languages, kinds: of the entries
- lengths: numbers of terms of the entries, repetitions included
- text_ends, text_sums: end of an entry's terms in `terms`, and their checksum
- words, word_ends: all words in UTF-8, in the order of their bytes, and where each ends
- word_keys: the first eight bytes of each word, as a number whose order is that of the words
- posting_ends, posting_sums: end of a word's postings in `rows` and `counts`, and their checksum
- rows, counts: an entry that contains the word, and how often it does
- terms: the search terms of all entries, as places of words in their order: what a search asks of its hits is found
  out for all of them at once (`word_places`), without taking texts apart
"""

_READ_WHEN_OPENED: Final = tuple(_ARRAYS)[:11]


class DamagedSegmentError(Exception):
    """A segment's file is not as it was written."""


class Texts(NamedTuple):
    """Some entries with their search terms, as columns.

    Attributes:
        ids: int64.
        languages: int16.
        kinds: int16.
        terms: the search terms of each, joined with spaces.
    """

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    terms: Sequence[str]

    def slice(self, start: int, end: int) -> Texts:
        """Some of them."""
        return Texts(self.ids[start:end], self.languages[start:end], self.kinds[start:end], self.terms[start:end])


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """See the module; attributes as in `_ARRAYS`, with the bytes of words and the ends as memory views."""

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    lengths: NDArray[np.uint32]
    total: int
    """The sum of `lengths`."""
    text_ends: memoryview
    text_sums: memoryview
    words: memoryview
    word_keys: NDArray[np.uint64]
    word_ends: memoryview
    posting_ends: memoryview
    posting_sums: memoryview
    rows: NDArray[np.uint16]
    counts: NDArray[np.uint8]
    terms: NDArray[np.uint32]
    homes: NDArray[np.int64]
    runs: NDArray[np.int64]
    """Revision and number of entries of each run of entries of one file."""
    begun: NDArray[np.int64]
    begun_rows: NDArray[np.int64]
    """The revisions whose first entries are here, ascending, and the rows of these."""
    compared: bytearray = field(default_factory=bytearray)
    """For each word, whether its checksum has been compared."""
    compared_terms: bytearray = field(default_factory=bytearray)
    """The same for each entry."""
    mapping: mmap | None = None
    """The file; None if it was made in memory."""

    def _word(self, number: int) -> bytes:
        """A word by its place in their order."""
        return bytes(self.words[self.word_ends[number - 1] if number else 0 : self.word_ends[number]])

    def postings(self, words: Words) -> list[tuple[int, int]]:
        """Where each word's postings begin and end in `rows` and `counts`; (0, 0) if no entry contains it.

        Raises:
            DamagedSegmentError: they are not as they were written.
        """
        return [(0, 0) if number is None else self._postings_of(number) for number in self.numbers(words)]

    def numbers(self, words: Words) -> list[int | None]:
        """The place of each word in the order of all; None if no entry contains it."""
        import numpy as np

        first = np.searchsorted(self.word_keys, words.keys, "left").tolist()
        last = np.searchsorted(self.word_keys, words.keys, "right").tolist()
        found: list[int | None] = []
        for word, start, end in zip(words.encoded, first, last, strict=True):
            number = start
            if end - start > 1:
                number = bisect_left(range(end), word, start, key=self._word)
            found.append(number if number < end and self._word(number) == word else None)
        return found

    def beginning_with(self, prefix: bytes, sizes: range) -> Iterator[bytes]:
        """The words that begin with `prefix`, in UTF-8, and have so many bytes."""
        import numpy as np

        count = len(self.word_ends)
        first = bisect_left(range(count), prefix, key=self._word)
        last = bisect_left(range(count), prefix + b"\xff", first, key=self._word)  # no UTF-8 has this byte
        ends = np.asarray(self.word_ends)[first:last].astype(np.int64)
        found = np.diff(ends, prepend=self.word_ends[first - 1] if first else 0)
        numbers = np.flatnonzero((found >= sizes.start) & (found < sizes.stop)) + first
        return map(self._word, numbers.tolist())

    def _postings_of(self, number: int) -> tuple[int, int]:
        """See `postings`."""
        start, end = self.posting_ends[number - 1] if number else 0, self.posting_ends[number]
        if not self.compared[number]:
            if _sum_of(self.rows[start:end], self.counts[start:end]) != self.posting_sums[number]:
                raise DamagedSegmentError("the postings of a word")
            self.compared[number] = 1
        return start, end

    def places_of(self, rows: NDArray[np.uint16], start: int, end: int) -> NDArray[np.int64]:
        """The places, counted from `start`, of those of some rows that are among these postings, of which there is one
        at least."""
        import numpy as np

        postings = self.rows[start:end]
        at = np.minimum(np.searchsorted(postings, rows), len(postings) - 1)
        found: NDArray[np.int64] = at[postings[at] == rows]
        return found

    def score(
        self,
        parts: Sequence[tuple[int, int]],
        weights: Sequence[float],
        norms: NDArray[np.float32],
        least: float = 0.0,
    ) -> NDArray[np.float32]:
        """The score of each entry (BM25): the sum of the weights of the words that it contains, float32.

        Args:
            parts: what `postings` returned for each word.
            weights: the weight of each word, at most which it adds to a score.
            norms: what is added to the count of a word in an entry to divide it by, which grows with the entry.
            least: scores that are lower need not be right, but are lower, too. Once the words that are left cannot lift
                an entry without any before to this score, they are looked for in the others only.
        """
        import numpy as np

        scores = np.zeros(len(self.ids), np.float32)
        left = sum(weight for (start, end), weight in zip(parts, weights, strict=True) if start < end)
        for (start, end), weight in zip(parts, weights, strict=True):
            if start == end:
                continue
            rows, counts = self.rows[start:end], self.counts[start:end]
            if (needed := least * (1 - ROUNDED) - left) > 0 and end - start > FEW_POSTINGS:
                chosen = np.flatnonzero(scores >= needed).astype(np.uint16)
                if len(chosen) * SEARCHED_SHARE < end - start:
                    at = self.places_of(chosen, start, end)
                    rows, counts = rows[at], counts[at]
            left -= weight
            added = counts.astype(np.float32)
            divisors = norms[rows]
            divisors += added
            added /= divisors
            added *= np.float32(weight)
            scores[rows] += added
        return scores

    def inside(self, revisions: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Whether each entry belongs to one of these revisions; None if none does."""
        import numpy as np

        chosen = np.isin(self.homes, revisions)
        return np.repeat(chosen, self.runs) if chosen.any() else None

    def terms_at(self, row: int) -> NDArray[np.uint32]:
        """The search terms of an entry, as places in the order of the words; see `compare_terms`."""
        return self.terms[self.text_ends[row - 1] if row else 0 : self.text_ends[row]]

    def first_rows(self, revisions: NDArray[np.int64]) -> dict[int, int]:
        """Revision -> the row of its first entry, of those of these revisions whose first entry is here."""
        import numpy as np

        if not len(self.begun):
            return {}
        at = np.minimum(np.searchsorted(self.begun, revisions), len(self.begun) - 1)
        here = self.begun[at] == revisions
        return dict(zip(revisions[here].tolist(), self.begun_rows[at[here]].tolist(), strict=True))

    def compare_terms(self, row: int) -> None:
        """Compare the terms of an entry with their checksum.

        Raises:
            DamagedSegmentError: they are not as they were written.
        """
        if not self.compared_terms[row]:
            if _text_sum(self.terms_at(row), int(self.ids[row])) != self.text_sums[row]:
                raise DamagedSegmentError("the terms of an entry")
            self.compared_terms[row] = 1

    def texts(self, rows: Iterable[int] | None = None) -> Texts:
        """Some of the entries, or all, with their terms.

        Raises:
            DamagedSegmentError: they are not as they were written.
        """
        chosen = list(range(len(self.ids)) if rows is None else rows)
        for row in chosen:
            self.compare_terms(row)
        words = [str(self._word(number), "utf-8", "surrogatepass") for number in range(len(self.word_ends))]
        terms = [" ".join(map(words.__getitem__, self.terms_at(row).tolist())) for row in chosen]
        return Texts(self.ids[chosen], self.languages[chosen], self.kinds[chosen], terms)


class StoredTerms(NamedTuple):
    """Where the terms of an entry are."""

    segment: Segment
    row: int


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are looked for in several segments; `keys` as `word_keys` in `_ARRAYS`."""

    encoded: Sequence[bytes]
    keys: NDArray[np.uint64]

    @classmethod
    def of(cls, words: Sequence[str]) -> Words:
        """These words, in this order."""
        encoded = [word.encode("utf-8", "surrogatepass") for word in words]
        return cls(encoded, _keys_of(encoded))


def _keys_of(words: Sequence[bytes]) -> NDArray[np.uint64]:
    """See `_ARRAYS`."""
    import numpy as np

    # Shorter words are filled up with zeros, which no word contains.
    return np.array(words, "S8").view(">u8").astype(np.uint64) if words else np.empty(0, np.uint64)


def _sum_of(rows: NDArray[Any], counts: NDArray[Any]) -> int:
    """A checksum of a word's postings."""
    return zlib.crc32(counts.data, zlib.crc32(rows.data))


def _text_sum(terms: NDArray[np.uint32], number: int) -> int:
    """A checksum of an entry's terms and its id."""
    return zlib.crc32(terms.data, number & 0xFFFFFFFF)


def make_segment(texts: Texts, number: Callable[[Sequence[str]], WordNumbers] = word_numbers) -> Segment:
    """A segment of at most `SEGMENT_ROWS` entries, in memory; `number` is one of the functions of `word_numbers`."""
    import numpy as np

    words, stored, lengths = number(texts.terms)
    rows, counts, ends = _postings(stored, lengths, len(words))
    text_ends = np.cumsum(lengths, dtype=np.uint32)
    starts, ids = [0, *text_ends.tolist()], texts.ids.tolist()
    sums = [_text_sum(stored[start:end], number) for (start, end), number in zip(pairwise(starts), ids, strict=True)]
    return _segment(
        {
            "ids": np.ascontiguousarray(texts.ids, np.int64),
            "languages": np.ascontiguousarray(texts.languages, np.int16),
            "kinds": np.ascontiguousarray(texts.kinds, np.int16),
            "lengths": lengths,
            "text_ends": text_ends,
            "text_sums": np.array(sums, np.uint32),
            "words": np.frombuffer(b"".join(words), np.uint8),
            "word_keys": _keys_of(words),
            "word_ends": _ends_of(words),
            "posting_ends": ends,
            "posting_sums": np.zeros(len(words), np.uint32),
            "rows": rows,
            "counts": counts,
            "terms": stored,
        },
        is_compared=True,
    )


def _postings(
    numbers: NDArray[np.uint32], lengths: NDArray[np.uint32], words: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint32]]:
    """`rows`, `counts` and `posting_ends` (see `_ARRAYS`) of the entries whose words these are."""
    import numpy as np

    entries = len(lengths)
    rows = np.repeat(np.arange(entries, dtype=np.uint32), lengths)
    step = PAIRS_AT_ONCE // max(1, entries)
    found: list[tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint32]]] = []
    ended = 0
    for start in range(0, words, step):
        some = min(step, words - start)
        chosen = (numbers >= start) & (numbers < start + some) if some < words else slice(None)
        pairs = (numbers[chosen] - np.uint32(start)) * np.uint32(entries) + rows[chosen]
        pairs.sort()
        first = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        counts = np.minimum(np.diff(first, append=len(pairs)), MOST_COUNTED).astype(np.uint8)
        pairs = pairs[first]
        ends = np.searchsorted(pairs // np.uint32(entries), np.arange(some), "right") + ended
        ended += len(pairs)
        found.append(((pairs % np.uint32(entries)).astype(np.uint16), counts, ends.astype(np.uint32)))
    if not found:
        return np.empty(0, np.uint16), np.empty(0, np.uint8), np.empty(0, np.uint32)
    of_rows, of_counts, of_ends = zip(*found, strict=True)
    return np.concatenate(of_rows), np.concatenate(of_counts), np.concatenate(of_ends)


def _ends_of(parts: Sequence[bytes]) -> NDArray[np.uint32]:
    """Where each part ends in all of them joined."""
    import numpy as np

    return np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts))).astype(np.uint32)


def _segment(arrays: dict[str, NDArray[Any]], *, is_compared: bool, mapping: mmap | None = None) -> Segment:
    """The segment of these arrays; `is_compared`: whether nothing need be compared with its checksum."""
    import numpy as np

    files = arrays["ids"] >> ORDINAL_BITS
    first = np.flatnonzero(np.diff(files, prepend=-1))
    begun = first[arrays["ids"][first] & ((1 << ORDINAL_BITS) - 1) == 0]
    begun = begun[np.argsort(files[begun])]
    views: dict[str, Any] = dict(arrays)
    for name in ("text_ends", "text_sums", "words", "word_ends", "posting_ends", "posting_sums"):
        views[name] = np.ascontiguousarray(arrays[name]).data
    return Segment(
        **views,
        total=int(arrays["lengths"].sum()),
        homes=files[first],
        runs=np.diff(first, append=len(files)),
        begun=files[begun],
        begun_rows=begun,
        compared=bytearray([is_compared]) * len(arrays["word_ends"]),
        compared_terms=bytearray([is_compared]) * len(arrays["ids"]),
        mapping=mapping,
    )


def _layout(sizes: dict[str, int]) -> Iterator[tuple[str, str, int, int]]:
    """Name, type, offset and number of elements of each array in a file."""
    import numpy as np

    offset = HEADER_BYTES
    for name, (kind, size) in _ARRAYS.items():
        yield name, kind, offset, sizes[size]
        offset += -(-sizes[size] * np.dtype(kind).itemsize // 8) * 8


def _sizes(entries: int, words: int, postings: int, word_bytes: int, terms: int) -> dict[str, int]:
    return {
        "entries": entries,
        "words": words,
        "postings": postings,
        "word_bytes": word_bytes,
        "terms": terms,
    }


def write_segment(path: Path, segment: Segment) -> None:
    """Write a segment that was made in memory into a file.

    Raises:
        OSError: it cannot be written.
    """
    import numpy as np

    counts = (len(segment.ids), len(segment.word_ends), len(segment.rows), len(segment.words), len(segment.terms))
    spans = pairwise([0, *segment.posting_ends])
    sums = np.array([_sum_of(segment.rows[start:end], segment.counts[start:end]) for start, end in spans], np.uint32)
    with path.open("wb") as file:
        file.write(bytes(HEADER_BYTES))
        summed = 0
        for name, kind, offset, _ in _layout(_sizes(*counts)):
            array = sums if name == "posting_sums" else getattr(segment, name)
            content = np.ascontiguousarray(np.asarray(array), kind).data
            file.write(bytes(offset - file.tell()))
            file.write(content)
            if name in _READ_WHEN_OPENED:
                summed = zlib.crc32(content, summed)
        file.seek(0)
        file.write(np.array([_FORMAT, *counts, summed], "<i8").data)


def open_segment(path: Path) -> Segment:
    """The segment in a file, mapped.

    Raises:
        DamagedSegmentError: it is missing, or not as it was written.
        OSError: it cannot be opened now, which says nothing about what it contains.
    """
    import numpy as np

    try:
        mapped = np.asarray(np.memmap(path, np.uint8, "r"))
    except (FileNotFoundError, ValueError) as error:
        raise DamagedSegmentError(f"{path.name}: {error}") from error
    header = mapped[:HEADER_BYTES].tobytes()
    if len(header) < HEADER_BYTES:
        raise DamagedSegmentError(f"{path.name} is too short")
    mark, *counts, summed = np.frombuffer(header, "<i8").tolist()
    if mark != _FORMAT or min(counts) < 0 or max(counts) > len(mapped):
        raise DamagedSegmentError(f"{path.name} has no header")
    arrays: dict[str, NDArray[Any]] = {}
    found = 0
    for name, kind, offset, size in _layout(_sizes(*counts)):
        content = mapped[offset : offset + size * np.dtype(kind).itemsize]
        if len(content) < size * np.dtype(kind).itemsize:
            raise DamagedSegmentError(f"{path.name} is too short")
        arrays[name] = content.view(kind)
        if name in _READ_WHEN_OPENED:
            found = zlib.crc32(content.data, found)
    if found != summed:
        raise DamagedSegmentError(f"the checksum of {path.name} differs")
    return _segment(arrays, is_compared=False, mapping=mapping_of(mapped))
