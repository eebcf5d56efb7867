"""A table of word vectors, trained further on pairs of one project, in numpy.

A query's vector is the sum of its words' rows times 1 + ln(count), of length 1; a document's is the weighted sum of its
fields' vectors, each made in that way, of length 1 again (`index/embedding.py`). Within a batch every query is compared
with every document; the loss is the symmetric cross-entropy of finding the right document for the query and the right
query for the document (InfoNCE; van den Oord et al. 2018). Batches are drawn at random. With `AdaptRecipe.hard`, half
of a batch is drawn, and the other half are pairs whose documents are easily taken for the answers: they are hard to
tell from the right ones. Only rows of words that occur in the pairs move.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.embedding import FIELDS, MODEL_FORMAT, Vocabulary, embedded_words, parts, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glossator.adapt.project_pairs import ProjectPair

    Floats = NDArray[np.float32]
    Indexes = NDArray[np.int64]

_CHUNK = 1000
"""Texts that are cut into words at once."""
LEAST_OCCURRENCES = 8
"""A word of the project that the vocabulary lacks gets a row if so many texts have it."""
MOST_NEW_WORDS = 4000
"""New rows at most, those of the most frequent words."""
_LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class AdaptRecipe:
    """How to train. Chosen on eight repositories that the shipped vectors were not trained on (docs/adapt.md)."""

    batch: int = 384
    epochs: float = 8.0
    most_steps: int = 500
    rate: float = 2e-3
    """Of Adam, for the rows; those of the shipped table have lengths about 1."""
    scale: float = 20.0
    """Factor on the cosines."""
    hard: bool = False
    """Whether half of each batch are pairs that are easily taken for the answers to the other half."""
    drop: float = 0.2
    """Share of a text's words that is left out, drawn for each batch."""
    share: tuple[tuple[str, float], ...] = (
        ("doc", 1.0),
        ("name", 0.3),
        ("short", 1.0),
        ("test", 1.0),
        ("commit", 1.0),
    )
    """Share of each kind's pairs that is drawn in an epoch."""
    seed: int = 0


class WordTable:
    """The words that have a row, and the rows.

    Attributes:
        words: most frequent first, as in `vocabulary.txt`.
        rows: shape (words, dimensions).
        weights: of `FIELDS`.
    """

    def __init__(self, words: Sequence[str], rows: Floats, weights: Mapping[str, float]) -> None:
        self.words = tuple(words)
        self.rows = rows
        self.weights = dict(weights)
        self.vocabulary = Vocabulary(self.words)

    def extended(self, texts: Iterable[str]) -> WordTable:
        """A table that has a row for each word that occurs in many of the texts; until it is trained, the sum of those
        of the pieces that the word was cut into."""
        known = set(self.words)
        met: Counter[str] = Counter()
        for text in texts:
            met.update({part for word in set(embedded_words(plain(text))) for part in parts(word)} - known)
        found = [
            word
            for word, count in sorted(met.items(), key=lambda item: (-item[1], item[0]))
            if count >= LEAST_OCCURRENCES and 3 <= len(word) <= _LONGEST_WORD and word.isascii() and word.isalpha()
        ][:MOST_NEW_WORDS]
        if not found:
            return self
        cut = CountedTexts(found, self.vocabulary)
        added = np.stack([cut.values_of(at) @ self.rows[cut.words_of(at)] for at in range(len(found))])
        return WordTable((*self.words, *found), np.concatenate([self.rows, added.astype(np.float32)]), self.weights)

    def moved(self, other: WordTable, share: float) -> WordTable:
        """A table with the same words, whose rows are these moved towards another's: 0 leaves them, 1 takes the
        other's, and more than 1 goes beyond."""
        between = WordTable.__new__(WordTable)
        between.words, between.weights, between.vocabulary = self.words, self.weights, self.vocabulary
        between.rows = self.rows + np.float32(share) * (other.rows - self.rows)
        return between

    def queries(self, counted: CountedTexts) -> Floats:
        """Unit vectors of questions."""
        return normalised(counted.times(self.rows))[0]

    def documents(self, fields: Mapping[str, CountedTexts]) -> Floats:
        """Unit vectors of documents."""
        total = sum(
            np.float32(self.weights[name]) * normalised(counted.times(self.rows))[0] for name, counted in fields.items()
        )
        return normalised(np.asarray(total, np.float32))[0]

    @classmethod
    def read(cls, folder: Path) -> WordTable:
        """The table in the files of a `StaticEmbedder`."""
        model = json.loads((folder / "model.json").read_bytes())
        scales = np.load(folder / "scales.npy", allow_pickle=False).astype(np.float32)
        rows = np.load(folder / "rows.npy", allow_pickle=False).astype(np.float32) * scales[:, None]
        return cls((folder / "vocabulary.txt").read_text("utf-8").splitlines(), rows, model["fields"])

    def write(self, folder: Path, version: str, about: Mapping[str, object]) -> None:
        """Write the files that `StaticEmbedder` reads; the same arguments give the same bytes.

        Rows become int8 with a scale each, such that int8 times scale is the row, to within half a scale.

        Args:
            folder: where; it exists.
            version: the model's, shown in its id.
            about: what else `model.json` says of it.
        """
        scales = np.maximum(np.abs(self.rows).max(1) / 127, 1e-7).astype(np.float16)
        small = np.clip(np.rint(self.rows / scales.astype(np.float32)[:, None]), -127, 127).astype(np.int8)
        np.save(folder / "rows.npy", small)
        np.save(folder / "scales.npy", scales)
        (folder / "vocabulary.txt").write_bytes("".join(f"{word}\n" for word in self.words).encode())
        model = {
            "format": MODEL_FORMAT,
            "version": version,
            "dimensions": int(self.rows.shape[1]),
            "fields": {name: round(float(self.weights[name]), 4) for name in FIELDS},
            **about,
            "sha256": {
                name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
                for name in ("rows.npy", "scales.npy", "vocabulary.txt")
            },
        }
        (folder / "model.json").write_bytes((json.dumps(model, indent=2) + "\n").encode())


class CountedTexts:
    """Texts as sparse rows of 1 + ln(count) for the words of a vocabulary.

    Attributes:
        ids: the words of all texts, one text after another.
        values: 1 + ln(count) of each of them.
        ends: where each text's words begin, and where the last ones end, shape (texts + 1,).
    """

    def __init__(self, texts: Sequence[str | Sequence[str]], vocabulary: Vocabulary) -> None:
        sizes, ids, values = [], [], []
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            positions, found, counts = vocabulary.counts(chunk)
            sizes.append(np.bincount(positions, minlength=len(chunk)))
            ids.append(found.astype(np.int32))
            values.append((1 + np.log(counts)).astype(np.float32))
        self.ends = np.concatenate([np.zeros(1, np.int64), *(np.asarray(size, np.int64) for size in sizes)]).cumsum()
        self.ids = np.concatenate(ids) if ids else np.zeros(0, np.int32)
        self.values = np.concatenate(values) if values else np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self.ends) - 1

    def words_of(self, at: int) -> NDArray[np.int32]:
        """The words of one text."""
        return self.ids[self.ends[at] : self.ends[at + 1]]

    def values_of(self, at: int) -> Floats:
        """1 + ln(count) of each of them."""
        return self.values[self.ends[at] : self.ends[at + 1]]

    def sizes(self) -> Indexes:
        """How many words each text has."""
        return np.diff(self.ends)

    def entries(self, index: Indexes) -> tuple[Indexes, NDArray[np.int32], Floats]:
        """(row in `index`, word, value) of all words of some texts."""
        sizes = np.diff(self.ends)[index]
        before = np.cumsum(sizes) - sizes
        inner = np.arange(int(sizes.sum())) - np.repeat(before, sizes) + np.repeat(self.ends[index], sizes)
        return np.repeat(np.arange(len(index)), sizes), self.ids[inner], self.values[inner]

    def times(self, rows: Floats) -> Floats:
        """The sum of each text's rows times their values, shape (texts, dimensions)."""
        out = np.zeros((len(self), rows.shape[1]), np.float32)
        for at in range(len(self)):
            words = self.words_of(at)
            if len(words):
                out[at] = self.values_of(at) @ rows[words]
        return out


def normalised(vectors: Floats) -> tuple[Floats, Floats]:
    """Rows of length 1, and the lengths that they had."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return vectors / lengths, lengths


@dataclass(frozen=True, slots=True)
class CountedPairs:
    """Pairs as numbers; all run parallel."""

    queries: CountedTexts
    fields: Mapping[str, CountedTexts]
    kind: NDArray[np.str_]
    thing: Indexes
    asked: Indexes
    """Equal for pairs with the same question."""

    @classmethod
    def of(cls, pairs: Sequence[ProjectPair], vocabulary: Vocabulary) -> CountedPairs:
        """Count the words of pairs."""
        things: dict[str, int] = {}
        asked: dict[str, int] = {}
        return cls(
            CountedTexts([pair.query for pair in pairs], vocabulary),
            {name: CountedTexts([getattr(pair, name) for pair in pairs], vocabulary) for name in FIELDS},
            np.array([pair.kind for pair in pairs]),
            np.array([things.setdefault(pair.thing, len(things)) for pair in pairs], np.int64),
            np.array([asked.setdefault(pair.query.lower(), len(asked)) for pair in pairs], np.int64),
        )

    def __len__(self) -> int:
        return len(self.kind)


def trained(
    table: WordTable, pairs: CountedPairs, recipe: AdaptRecipe, watch: Callable[[int, int], None] = lambda *_: None
) -> WordTable:
    """The table trained on pairs whose words were counted by its vocabulary; the given one stays as it is.

    `watch` is told the step and the number of steps; what it raises ends the training.
    """
    random = np.random.default_rng(recipe.seed)
    rows = table.rows.copy()
    optimiser = Adam(rows)
    share = dict(recipe.share)
    chance = np.array([share.get(str(kind), 0.0) for kind in pairs.kind])
    chance[(pairs.queries.sizes() == 0) | (pairs.fields["text"].sizes() < 4)] = 0
    half = recipe.batch // 2 if recipe.hard else recipe.batch
    steps = max(1, min(recipe.most_steps, round(recipe.epochs * float(chance.sum()) / half)))
    step = 0
    while step < steps:
        drawn = random.permutation(np.flatnonzero(random.random(len(chance)) < chance))
        nearest = (
            _confusable(WordTable(table.words, rows, table.weights), pairs, chance, random) if recipe.hard else None
        )
        for start in range(0, max(1, len(drawn) - half + 1), half):
            if step == steps:
                break
            index = drawn[start : start + half]
            if nearest is not None:
                index = np.unique(np.concatenate([index, nearest[index]]))
            warm = min(1.0, (step + 1) / 10)
            rate = recipe.rate * warm * 0.5 * (1 + math.cos(math.pi * step / steps))
            _step(rows, optimiser, table.weights, pairs, index, recipe, rate, random)
            step += 1
            watch(step, steps)
        if not len(drawn):
            break
    return WordTable(table.words, rows, table.weights)


def _confusable(table: WordTable, pairs: CountedPairs, chance: Floats, random: np.random.Generator) -> Indexes:
    """For each pair, one whose document is among those nearest to its query, and about something else."""
    usable = np.flatnonzero(chance > 0)
    queries, documents = table.queries(pairs.queries), table.documents(pairs.fields)[usable]
    nearest = np.arange(len(pairs))
    for start in range(0, len(pairs), 512):
        span = slice(start, start + 512)
        cosines = queries[span] @ documents.T
        cosines[pairs.thing[span][:, None] == pairs.thing[usable][None, :]] = -2
        cosines[pairs.asked[span][:, None] == pairs.asked[usable][None, :]] = -2
        most = min(8, len(usable))
        best = np.argpartition(-cosines, most - 1, axis=1)[:, :most]
        chosen = best[np.arange(len(best)), random.integers(0, most, len(best))]
        nearest[span] = usable[chosen]
    return nearest


class Adam:
    """Adam (Kingma & Ba 2015) that touches only those rows of a table that a batch has used.

    Attributes:
        values: the table, changed in place.
    """

    def __init__(self, values: Floats, beta1: float = 0.9, beta2: float = 0.99) -> None:
        self.values = values
        self._beta1, self._beta2 = beta1, beta2
        self._mean = np.zeros_like(values)
        self._square = np.zeros_like(values)
        self._step = 0

    def step(self, gradient: Floats, rate: float, rows: Indexes | slice = slice(None)) -> None:
        """Move the rows `rows` against their gradient."""
        self._step += 1
        mean = self._mean[rows]
        mean *= self._beta1
        mean += (1 - self._beta1) * gradient
        square = self._square[rows]
        square *= self._beta2
        square += (1 - self._beta2) * (gradient * gradient)
        self._mean[rows] = mean
        self._square[rows] = square
        mean_hat = rate / (1 - self._beta1**self._step)
        np.sqrt(square / (1 - self._beta2**self._step), out=square)
        square += 1e-8
        self.values[rows] -= mean_hat * mean / square


def _step(
    rows: Floats,
    optimiser: Adam,
    weights: Mapping[str, float],
    pairs: CountedPairs,
    index: Indexes,
    recipe: AdaptRecipe,
    rate: float,
    random: np.random.Generator,
) -> None:
    """Move the rows against the loss's gradient on a batch."""
    count = len(index)
    texts = (pairs.queries, *(pairs.fields[name] for name in FIELDS))
    found = [text.entries(index) for text in texts]
    touched, columns = np.unique(np.concatenate([ids for _, ids, _ in found]), return_inverse=True)
    # The texts of all fields as one dense matrix of the words that the batch has: a product of these takes less time
    # than one of sparse ones without a library for them.
    dense = np.zeros((len(texts) * count, len(touched)), np.float32)
    at = 0
    for number, (positions, ids, values) in enumerate(found):
        kept = values * (random.random(len(values), dtype=np.float32) >= recipe.drop)
        dense[number * count + positions, columns[at : at + len(ids)]] = kept
        at += len(ids)
    local = rows[touched]
    units, lengths = normalised(dense @ local)
    query = units[:count]
    mixed = np.zeros_like(query)
    for number, name in enumerate(FIELDS, 1):
        mixed += np.float32(weights[name]) * units[number * count : (number + 1) * count]
    document, document_lengths = normalised(mixed)
    same = pairs.thing[index][:, None] == pairs.thing[index][None, :]
    same |= pairs.asked[index][:, None] == pairs.asked[index][None, :]
    np.fill_diagonal(same, False)
    _, query_slope, document_slope, _ = contrast(query, document, recipe.scale, same)
    document_slope = through_norm(document_slope, document, document_lengths)
    slopes = np.concatenate([query_slope, *(np.float32(weights[name]) * document_slope for name in FIELDS)])
    optimiser.step(dense.T @ through_norm(slopes, units, lengths), rate, touched.astype(np.int64))


def through_norm(gradient: Floats, unit: Floats, lengths: Floats) -> Floats:
    """The gradient before normalisation from that after it."""
    back: Floats = (gradient - (gradient * unit).sum(1, keepdims=True) * unit) / lengths
    return back


def contrast(
    queries: Floats, documents: Floats, scale: float, same: NDArray[np.bool_]
) -> tuple[float, Floats, Floats, float]:
    """Loss of a batch of unit vectors and its gradients for queries, documents and the scale's logarithm.

    Args:
        queries, documents: shape (batch, dimensions); row i of one belongs to row i of the other.
        scale: factor on the cosines.
        same: shape (batch, batch): pairs that are no negatives because they are about the same thing.
    """
    count = len(queries)
    cosines = queries @ documents.T
    logits = scale * cosines
    logits[same] = -1e9
    logits -= logits.max()
    powers = np.exp(logits)
    of_query = powers / np.maximum(powers.sum(1, keepdims=True), 1e-30)
    of_document = powers / np.maximum(powers.sum(0, keepdims=True), 1e-30)
    diagonal = np.arange(count)
    loss = -0.5 * float(
        np.log(of_query[diagonal, diagonal] + 1e-30).mean() + np.log(of_document[diagonal, diagonal] + 1e-30).mean()
    )
    slope = of_query
    slope += of_document
    slope[diagonal, diagonal] -= 2
    slope *= 0.5 / count
    scale_slope = float((slope * cosines).sum()) * scale
    slope *= scale
    return loss, slope @ documents, slope.T @ queries, scale_slope
