"""Texts to vectors, with the bundled static model.

A *static* model is a table of word vectors. A text's vector is the sum of its words' rows, each times 1 + ln(count of
the word), normalised to length 1; a row's length is the weight of its word. An entry's vector is the sum of the vectors
of its fields, each times the field's weight, normalised again: so a name counts as much in a long function as in a
short one. It needs only numpy, and a vector depends only on the text: not on the platform or the rest of the batch (up
to rounding in the last bits of float32).

The table is in `data/embedder`, trained by `scripts/train_embedder` (see docs/embedder.md):

- `model.json`: version, dimensions, weights of an entry's fields, digests of the other two files
- `vocabulary.txt`: one word a line, most frequent first; the line's number is the row
- `rows.npy`: int8, shape (words, dimensions), mapped into memory and shared between processes
- `scales.npy`: float16, shape (words,): a row is its int8 values times its scale

This module does not know how entries are made or stored.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
import unicodedata
from array import array
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from glossator.errors import DAMAGED_ARRAY, EmbeddingError
from glossator.index.terms import identifier_parts, identifiers
from glossator.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.entries import Entry

    _Document = tuple[tuple[str | Sequence[str], float], ...]

BUNDLED: Final = Path(__file__).resolve().parent.parent / "data" / "embedder"
"""Folder of the bundled model."""

MODEL_FORMAT: Final = 2
"""Version of the files' format and of the code that reads them; part of the id. Raise it if the same files would give
different vectors."""

FIELDS: Final = ("name", "signature", "doc", "text")
"""The parts of an entry that are embedded, each with its weight in `model.json`."""

# Texts are cut into words of letters and digits, words into parts where the case or the kind of character changes.
_WORD = re.compile(r"[^\W_]+")
_PART = late(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")
_MARKS = re.compile("[\u0300-\u036f]+")

_MAX_WORD: Final = 40
"""Maximum letters of an unknown word that are used; longer runs are keys and hashes, not words."""
_MAX_PIECE: Final = 24
"""Longest word of the vocabulary."""
_UNKNOWN_COST: Final = 22.0
_SHORT_COST: Final = 2.0
"""Costs of cutting an unknown word: of a letter that no piece covers, and what a piece of two or three letters costs
besides, so that `reconnector` becomes `re connector`, not `rec on nec tor`. The other costs are the logarithm of the
piece's rank (Zipf's law)."""
_STACKED: Final = 24
"""Words of the longest piece that is multiplied together with others."""
_CACHED_WORDS: Final = 100_000
"""Words whose pieces are cached, per process; about 15 MB when full."""


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their similarity."""

    @property
    def id(self) -> str:
        """Name and version of the model; part of every vector's key and of the index's identity."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed_entries(
        self, entries: Sequence[Entry], words: Sequence[Sequence[str]] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of entries, shape (len(entries), dimensions), each row of length 1 (or 0 for an empty text).

        `words` are the `terms.identifiers` of each entry's text, if the caller has them.
        """

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Vector of a question, shape (dimensions,)."""


def content_key(entry: Entry) -> bytes:
    """The content address of an entry: 16 bytes of BLAKE2b. With an embedder's id it is the key of a vector.

    It covers exactly what an embedder may read (qualified name, signature, doc, text; white space folded), but neither
    the file's path nor the entry's position: a renamed file or a reordered function keeps its vector. It does not cover
    the embedder, since each embedder has its own cache.
    """
    from glossator.index.entries import CHUNKER_VERSION

    parts = (str(CHUNKER_VERSION), entry.qualified_name, entry.signature, entry.doc, entry.text)
    folded = " ".join(" \0 ".join(parts).split())
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def plain(text: str) -> str:
    """The text without accents and compatibility forms ("Größe" -> "Grosse"); ASCII text as it is."""
    if text.isascii():
        return text
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).replace("ß", "ss")


def embedded_words(text: str) -> list[str]:
    """The words of a `plain` text in order, split at everything except letters and digits (so also at "_")."""
    return _WORD.findall(text)


def parts(word: str) -> list[str]:
    """The lower-case parts of a word: "parseHTTPResponse2" -> ["parse", "http", "response", "2"]."""
    if word.isascii():
        return list(identifier_parts(word))  # the same, and cached if the word has been used for search terms
    return [part.lower() for part in _PART.findall(word)]


class _Numbers(dict[str, int]):
    """Numbers of words, assigned by a function on a word's first use."""

    def __init__(self, give: Callable[[str], int]) -> None:
        super().__init__()
        self._give = give

    def __missing__(self, word: str) -> int:
        number = self[word] = self._give(word)
        return number


class Vocabulary:
    """The words that have a row, and how other words are cut into them.

    Args:
        entries: the words, lower case, most frequent first; a word's position is its id.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        self.words: tuple[str, ...] = tuple(entries)
        self._ids = dict(zip(self.words, range(len(self.words)), strict=True))
        self._zipf = math.log(math.log(len(self.words) + 2))
        self._forget()

    def __len__(self) -> int:
        return len(self.words)

    def counts(
        self, texts: Iterable[str | Sequence[str]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """How often each word of the vocabulary occurs in each text: arrays (text's position, word's id, count).

        In order of the texts, then of the ids. A text may be given as its `identifiers`; these are remembered whole,
        their ids are those of their parts.
        """
        import numpy as np

        if len(self._numbers) >= _CACHED_WORDS:
            self._forget()
        words = [identifiers(plain(text)) if isinstance(text, str) else text for text in texts]
        lengths = list(map(len, words))
        met = np.fromiter(map(self._numbers.__getitem__, chain.from_iterable(words)), np.int64, sum(lengths))
        ends = np.array(self._ends, np.int64)
        before, sizes = ends[met], ends[1:][met]
        sizes -= before
        # Where the ids of each word stand among those of all that are known, less where they stand among these.
        before -= np.cumsum(sizes)
        before += sizes
        places = np.repeat(before, sizes)
        places += np.arange(len(places))
        pairs = np.repeat(np.repeat(np.arange(len(lengths)) * len(self.words), lengths), sizes)
        pairs += np.array(self._ids_of_words, np.int64)[places]
        pairs.sort()  # numpy's `unique` would do the same, but imports `numpy.ma`, which takes 6 ms
        begins = _begins(pairs)
        counts = np.diff(np.append(begins, len(pairs)))
        positions, ids = np.divmod(pairs[begins], max(1, len(self.words)))
        return positions, ids, counts

    def _forget(self) -> None:
        """Clear the caches: word -> number, number -> end of its ids, ids; unknown part -> its pieces."""
        self._numbers = _Numbers(self._remember)
        self._ends = array("i", [0])
        self._ids_of_words = array("i")
        self._cut: dict[str, tuple[int, ...]] = {}

    def _remember(self, word: str) -> int:
        found, ids = self._ids_of_words, self._ids
        for part in identifier_parts(word) if word.isascii() else parts(word):
            index = ids.get(part)
            if index is not None:
                found.append(index)
                continue
            pieces = self._cut.get(part)
            if pieces is None:
                pieces = self._cut[part] = self._pieces(part)
            found.extend(pieces)
        self._ends.append(len(self._ids_of_words))
        return len(self._ends) - 2

    def _pieces(self, part: str) -> tuple[int, ...]:
        """The ids of a part: its own, or those of the cheapest pieces that it can be cut into.

        Numbers are known whole or not at all. Letters that no piece covers are dropped.
        """
        index = self._ids.get(part)
        if index is not None:
            return (index,)
        if part.isdigit() or len(part) < 2:
            return ()
        part = part[:_MAX_WORD]
        costs = [0.0]
        steps: list[tuple[int, int]] = []
        for end in range(1, len(part) + 1):
            best, step = costs[end - 1] + _UNKNOWN_COST, (end - 1, -1)
            for start in range(max(0, end - _MAX_PIECE), end - 1):
                piece = self._ids.get(part[start:end])
                if piece is not None:
                    cost = costs[start] + (math.log(piece + 1) + self._zipf) + (_SHORT_COST if end - start < 4 else 0.0)
                    if cost < best:
                        best, step = cost, (start, piece)
            costs.append(best)
            steps.append(step)
        pieces: list[int] = []
        end = len(part)
        while end:
            end, piece = steps[end - 1]
            if piece >= 0:
                pieces.append(piece)
        return tuple(reversed(pieces))


class StaticEmbedder:
    """The bundled model, or another in the same format.

    Args:
        folder: the folder of `model.json` and its files.

    Raises:
        EmbeddingError: a file is missing, damaged, or made for another version of this code.
    """

    def __init__(self, folder: Path = BUNDLED) -> None:
        import numpy as np

        try:
            description = (folder / "model.json").read_bytes()
            model = json.loads(description)
            if model["format"] != MODEL_FORMAT:
                message = f"the embedder in {folder} has format {model['format']}, this version reads {MODEL_FORMAT}"
                raise EmbeddingError(message)
            self._field_weights = tuple(float(model["fields"][name]) for name in FIELDS)
            self._vocabulary = Vocabulary((folder / "vocabulary.txt").read_text("utf-8").splitlines())
            self._rows: NDArray[np.int8] = np.asarray(np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False))
            self._scales: NDArray[np.float32] = np.load(folder / "scales.npy", allow_pickle=False).astype(np.float32)
        except (OSError, KeyError, *DAMAGED_ARRAY) as error:
            raise EmbeddingError(f"cannot read the embedder in {folder}: {error}; reinstall Glossator") from error
        if self._rows.dtype != np.int8 or not len(self._rows) == len(self._scales) == len(self._vocabulary):
            raise EmbeddingError(f"the files of the embedder in {folder} do not match each other; reinstall Glossator")
        self._lock = threading.Lock()
        digest = hashlib.blake2b(description, digest_size=6).hexdigest()
        self._id = f"static-{model['version']}-{digest}"
        self._dimensions = int(self._rows.shape[1])

    @property
    def id(self) -> str:
        """Version, and a digest of `model.json`, which contains the digests of the other files."""
        return self._id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed_entries(
        self, entries: Sequence[Entry], words: Sequence[Sequence[str]] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of entries, shape (len(entries), dimensions): their fields, weighted, in one bag of words."""
        if words is None:
            return self._embed([self._fields(entry, entry.text) for entry in entries])
        return self._embed(
            [
                # Text that is not ASCII is embedded in its `plain` form, which has different words.
                self._fields(entry, found if entry.text.isascii() else entry.text)
                for entry, found in zip(entries, words, strict=True)
            ]
        )

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of plain texts, shape (len(texts), dimensions)."""
        return self._embed([((text, 1.0),) for text in texts])

    def embed_paths(self, paths: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of paths relative to a root, with "/": the name without its suffix twice, the last three folders.

        An entry's vector does not depend on its path, so that it survives a move; ranking adds this one.
        """
        return self.embed_texts([path_text(path) for path in paths])

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Vector of a question, shape (dimensions,)."""
        vector: NDArray[np.float32] = self.embed_texts([query])[0]
        return vector

    def _fields(self, entry: Entry, text: str | Sequence[str]) -> _Document:
        texts = (entry.qualified_name, entry.signature, entry.doc, text)
        return tuple((text, weight) for text, weight in zip(texts, self._field_weights, strict=True) if text and weight)

    def _embed(self, documents: Sequence[_Document]) -> NDArray[np.float32]:
        """Vectors of documents, each a tuple of (text or its identifiers, weight)."""
        import numpy as np

        vectors = np.zeros((len(documents), self._dimensions), dtype=np.float32)
        with self._lock:  # the vocabulary caches words, and a search embeds in two threads
            positions, index, counts = self._vocabulary.counts(text for document in documents for text, _ in document)
        if not len(index):
            return vectors
        weights = np.array([weight for document in documents for _, weight in document], np.float32)
        document_of = np.repeat(np.arange(len(documents)), [len(document) for document in documents])
        weight_of = (1 + np.log(counts.astype(np.float32))) * self._scales[index]
        # A piece is what a text with any known word has in these arrays; `first` is where it begins.
        first = _begins(positions)
        owner = document_of[positions[first]]
        first_piece = _begins(owner)
        pieces = np.empty((len(first), self._dimensions), dtype=np.float32)
        bounds = np.append(first, len(index))
        sizes = np.diff(bounds)
        # One small product per piece: its rows stay in the processor's cache, and its vector is the same in whatever
        # batch it comes. Short pieces of one size are multiplied in one call.
        short = np.flatnonzero(sizes <= _STACKED)
        short = short[np.argsort(sizes[short], kind="stable")]
        for same in np.split(short, np.flatnonzero(np.diff(sizes[short])) + 1) if len(short) else ():
            at = bounds[same][:, None] + np.arange(sizes[same[0]])
            rows = self._rows.take(index[at], axis=0).astype(np.float32)
            pieces[same] = np.matmul(weight_of[at][:, None, :], rows)[:, 0]
        for piece in np.flatnonzero(sizes > _STACKED).tolist():
            start, end = bounds[piece], bounds[piece + 1]
            rows = self._rows.take(index[start:end], axis=0).astype(np.float32)
            np.dot(weight_of[start:end], rows, out=pieces[piece])
        pieces = unit(pieces) * weights[positions[first]][:, None]
        vectors[owner[first_piece]] = _sums(pieces, first_piece)
        return unit(vectors)


def _begins(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the runs of equal numbers begin."""
    import numpy as np

    is_first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=is_first[1:])
    return np.flatnonzero(is_first)


def _sums(rows: NDArray[np.float32], begins: NDArray[np.int64]) -> NDArray[np.float32]:
    """The sums of runs of rows, each of a few rows: numpy's `add.reduceat`, which goes column by column, takes five
    times as long. The sums are the same, to the last bit: the first row, and the sum of the others."""
    import numpy as np

    sizes = np.diff(np.append(begins, len(rows)))
    sums: NDArray[np.float32] = rows[begins]
    several = np.flatnonzero(sizes > 1)
    if len(several):
        others = rows[begins[several] + 1]
        for place in range(2, int(sizes.max())):
            longer = np.flatnonzero(sizes[several] > place)
            others[longer] += rows[begins[several[longer]] + place]
        sums[several] += others
    return sums


def path_text(path: str) -> str:
    """What is embedded of a path: its last three folders, its name without suffixes twice."""
    *folders, name = path.split("/")
    stem = name.split(".", 1)[0] or name
    return " ".join((*folders[-3:], stem, stem))


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row normalised to length 1; a row of zeros is kept."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    normal: NDArray[np.float32] = vectors / lengths
    return normal
