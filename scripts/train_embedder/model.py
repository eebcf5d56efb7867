"""The model and how it learns: a table of word vectors, trained by contrast, in numpy and scipy.

A query's vector is the sum of its words' rows times 1 + ln(count), brought to length 1. A document's is the weighted
sum of its fields' vectors, each made in that way, brought to length 1 again. Within a batch every query is compared
with every document, and the loss is the symmetric cross-entropy of finding the right document for the query and the
right query for the document (InfoNCE; van den Oord et al. 2018). Everything is linear up to the normalisations, so the
gradients are written out by hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from glossator.adapt.word_vectors import Adam, contrast, normalised, through_norm
from glossator.index.embedding import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from train_embedder.corpus import Corpus

    Floats = NDArray[np.float32]
    Indexes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train; the defaults are what the shipped model was made with (docs/embedder.md has the comparisons)."""

    dimensions: int = 256
    epochs: float = 3.0
    batch: int = 2048
    block: int = 128
    """Pairs of one repository that stand together in a batch, as hard negatives for one another."""
    rate: float = 4e-3
    warm_up: int = 20
    scale: float = 20.0
    """Factor on the cosines to begin with; it is learned."""
    scale_rate: float = 3e-2
    drop: float = 0.1
    """Share of tokens left out at random."""
    share: Mapping[str, float] = field(
        default_factory=lambda: {"doc": 1.0, "detail": 0.5, "name": 0.3, "commit": 0.4, "section": 0.3, "report": 3.0}
    )
    """Share of each kind's pairs that is drawn per epoch; above 1, pairs are drawn more than once."""
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"name": 0.6, "signature": 0.4, "doc": 0.5, "text": 1.0, "path": 0.35}
    )
    """Of a document's fields. Learned by gradient they drift to the text, whose words the rows learn by heart, and
    held-out code is found less well; so they stay as they were found best on held-out repositories."""
    path_share: float = 0.25
    """Share of batches in which the path is a field too, so that words of paths are learned."""
    seed: int = 0


def combined(parts: Mapping[str, Floats], weights: Mapping[str, float]) -> Floats:
    """The weighted sum of the fields' vectors."""
    total = np.zeros_like(next(iter(parts.values())))
    for name, part in parts.items():
        total += np.float32(weights[name]) * part
    return total


def take(matrix: csr_matrix, index: Indexes, drop: float, random: np.random.Generator) -> csr_matrix:
    """Rows of a sparse matrix, a share of their entries set to zero."""
    taken = matrix[index]
    if drop:
        taken.data *= random.random(len(taken.data), dtype=np.float32) >= drop
    return taken


class Model:
    """Word vectors and the weights of fields.

    Attributes:
        rows: shape (words, dimensions).
        weights: of the fields that a document has.
    """

    def __init__(self, rows: Floats, weights: Mapping[str, float]) -> None:
        self.rows = rows
        self.weights = dict(weights)

    def queries(self, corpus: Corpus, index: Indexes | slice = slice(None)) -> Floats:
        """Unit vectors of queries."""
        return normalised(corpus.queries[index] @ self.rows)[0]

    def documents(
        self, corpus: Corpus, index: Indexes | slice = slice(None), fields: tuple[str, ...] = FIELDS
    ) -> Floats:
        """Unit vectors of documents of which only some fields are known."""
        found = {name: normalised(corpus.fields[name][index] @ self.rows)[0] for name in fields}
        return normalised(combined(found, self.weights))[0]


def batches(corpus: Corpus, recipe: Recipe, random: np.random.Generator) -> Iterator[Indexes]:
    """Batches of pairs without end, made of blocks of one repository each."""
    chance = np.array([recipe.share.get(kind, 0.0) for kind in corpus.kind])
    useful = (np.diff(corpus.queries.indptr) > 0) & (np.diff(corpus.fields["text"].indptr) > 4)
    chance[~useful] = 0
    while True:
        times = np.floor(chance + random.random(len(corpus))).astype(np.int64)
        drawn = random.permutation(np.repeat(np.arange(len(corpus)), times))
        drawn = drawn[np.argsort(corpus.repository[drawn], kind="stable")]
        starts = np.flatnonzero(np.r_[True, corpus.repository[drawn][1:] != corpus.repository[drawn][:-1]])
        blocks = []
        for first, last in zip(starts, [*starts[1:], len(drawn)], strict=True):
            blocks += [drawn[at : min(at + recipe.block, last)] for at in range(first, last, recipe.block)]
        order = np.concatenate([blocks[at] for at in random.permutation(len(blocks))])
        whole = max(recipe.batch, len(order) - len(order) % recipe.batch)
        for start in range(0, whole, recipe.batch):
            yield order[start : start + recipe.batch]


def steps_of(corpus: Corpus, recipe: Recipe) -> int:
    """How many batches the recipe's epochs are."""
    kinds, counts = np.unique(corpus.kind, return_counts=True)
    shares = zip(kinds.tolist(), counts.tolist(), strict=True)
    expected = sum(recipe.share.get(kind, 0.0) * count for kind, count in shares)
    return max(1, round(recipe.epochs * float(expected) / recipe.batch))


def train(
    rows: Floats, corpus: Corpus, recipe: Recipe, watch: Callable[[int, int, float, float], None] | None = None
) -> Model:
    """A model trained on a corpus.

    Args:
        rows: the table to start from, shape (words, dimensions).
        corpus: what to learn from.
        recipe: how.
        watch: called after each step with step, number of steps, loss and scale.
    """
    random = np.random.default_rng(recipe.seed)
    model = Model(rows.astype(np.float32, copy=True), recipe.weights)
    table = Adam(model.rows)
    log_scale = Adam(np.array([math.log(recipe.scale)], np.float32))
    steps = steps_of(corpus, recipe)
    for step, index in enumerate(batches(corpus, recipe, random)):
        if step == steps:
            break
        rate = recipe.rate * min(1, (step + 1) / recipe.warm_up) * 0.5 * (1 + math.cos(math.pi * step / steps))
        scale = math.exp(float(log_scale.values[0]))
        used = (*FIELDS, "path") if random.random() < recipe.path_share else FIELDS
        asked = take(corpus.queries, index, recipe.drop, random)
        shown = {name: take(corpus.fields[name], index, recipe.drop, random) for name in used}
        touched, columns = np.unique(
            np.concatenate([asked.indices, *(matrix.indices for matrix in shown.values())]), return_inverse=True
        )
        # Work on the touched rows only: a batch uses a third of the table.
        local = model.rows[touched]
        at = 0
        for matrix in (asked, *shown.values()):
            size = len(matrix.indices)
            matrix.indices = columns[at : at + size].astype(np.int32)
            matrix.resize(matrix.shape[0], len(touched))
            at += size
        query, query_lengths = normalised(asked @ local)
        parts: dict[str, Floats] = {}
        lengths: dict[str, Floats] = {}
        for name, matrix in shown.items():
            parts[name], lengths[name] = normalised(matrix @ local)
        document, document_lengths = normalised(combined(parts, model.weights))
        thing = corpus.thing[index]
        same = thing[:, None] == thing[None, :]
        np.fill_diagonal(same, False)
        loss, query_slope, document_slope, scale_slope = contrast(query, document, scale, same)
        query_slope = through_norm(query_slope, query, query_lengths)
        document_slope = through_norm(document_slope, document, document_lengths)
        gradient = asked.T @ query_slope
        for name, matrix in shown.items():
            gradient += matrix.T @ through_norm(
                document_slope * np.float32(model.weights[name]), parts[name], lengths[name]
            )
        table.step(gradient, rate, touched)
        log_scale.step(np.array([scale_slope], np.float32), rate / recipe.rate * recipe.scale_rate)
        if watch is not None:
            watch(step + 1, steps, loss, scale)
    return model
