"""Pairs to numbers: duplicates dropped, a vocabulary counted, texts as sparse rows of token counts."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix

from glossator.adapt.project_pairs import squeezed
from glossator.adapt.word_vectors import CountedTexts
from glossator.index.embedding import embedded_words, parts, path_text, plain

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from glossator.index.embedding import Vocabulary
    from train_embedder.pairs import Pair

MAX_QUERY_REPEATS = 4
"""A query that stands before more pieces of code than this says little about any of them."""
LINE_CHARS = 32
"""Lines shorter than this are too common to tell that code was copied."""
DOCUMENT_FIELDS = ("name", "signature", "doc", "text", "path")


@dataclass(frozen=True, slots=True)
class Example:
    """A pair and the repository that it comes from."""

    repository: str
    pair: Pair


def long_lines(text: str) -> set[int]:
    """Hashes of a text's lines of some length, white space ignored."""
    return {hash(flat) for line in text.split("\n") if len(flat := "".join(line.split())) >= LINE_CHARS}


def deduplicated(
    examples: Iterable[Example], avoid: set[int], held_out: Container[str] = ()
) -> tuple[list[Example], Counter[str]]:
    """The examples worth keeping, and how many were dropped for which reason.

    Dropped are: copies (the first stays, so put what is held out first), code of which half the long lines are in
    `avoid`, and queries after their `MAX_QUERY_REPEATS`-th use; common queries of `held_out` repositories stay, since
    leaving them out would make the measure easier.
    """
    dropped: Counter[str] = Counter()
    seen: set[bytes] = set()
    repeats: Counter[str] = Counter()
    kept = []
    for example in examples:
        pair = example.pair
        lines = long_lines(pair.text)
        if lines and 2 * len(lines & avoid) >= len(lines):
            dropped["to be avoided"] += 1
            continue
        key = hashlib.blake2b(f"{pair.kind[:1]}{squeezed(pair.text)}".encode(), digest_size=12).digest()
        query = pair.query.lower()
        if key in seen:
            dropped["copy"] += 1
        elif repeats[query] >= MAX_QUERY_REPEATS and example.repository not in held_out:
            dropped["common query"] += 1
        else:
            seen.add(key)
            repeats[query] += 1
            kept.append(example)
    return kept, dropped


def count_words(examples: Iterable[Example]) -> tuple[Counter[str], Counter[str]]:
    """How often each word occurs, and in how many repositories; examples of a repository stand together."""
    total: Counter[str] = Counter()
    repositories: Counter[str] = Counter()
    current = ""
    raw: Counter[str] = Counter()

    def flush() -> None:
        found: Counter[str] = Counter()
        for word, count in raw.items():
            for part in parts(word):
                found[part] += count
        total.update(found)
        repositories.update(found.keys())
        raw.clear()

    for example in examples:
        if example.repository != current:
            flush()
            current = example.repository
        pair = example.pair
        raw.update(embedded_words(plain(f"{pair.query} {pair.name} {pair.signature} {pair.text}")))
    flush()
    return total, repositories


def choose_words(
    total: Mapping[str, int], repositories: Mapping[str, int], size: int, common: Sequence[str] = ()
) -> list[str]:
    """The vocabulary, most frequent first.

    Args:
        total: occurrences of each word.
        repositories: in how many repositories each word occurs.
        size: how many words at most.
        common: words that fill the room that is left: English words that a question may have.
    """

    def value(word: str) -> float:
        return repositories[word] * math.sqrt(min(total[word], 200))

    candidates = [
        word
        for word, count in total.items()
        if 1 < len(word) <= 24
        and word.isascii()
        and count >= 4
        and (repositories[word] >= 2 or count >= 60)
        and not (word.isdigit() and len(word) > 4)
    ]
    candidates.sort(key=lambda word: (-value(word), word))
    chosen = candidates[:size]
    known = set(chosen)
    chosen += [word for word in common if len(word) > 2 and word not in known][: size - len(chosen)]
    return sorted(chosen, key=lambda word: (-total.get(word, 0), word))


def rows(texts: Sequence[str], vocabulary: Vocabulary) -> csr_matrix:
    """Texts as sparse rows of 1 + ln(count), shape (texts, words)."""
    counted = CountedTexts(texts, vocabulary)
    return csr_matrix((counted.values, counted.ids, counted.ends), shape=(len(texts), len(vocabulary)))


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pairs as numbers; all attributes run parallel.

    Attributes:
        queries: sparse rows.
        fields: sparse rows of each of `DOCUMENT_FIELDS`.
        kind, language, repository: of each pair.
        thing: equal for pairs about the same definition.
    """

    queries: csr_matrix
    fields: Mapping[str, csr_matrix]
    kind: NDArray[np.str_]
    language: NDArray[np.str_]
    repository: NDArray[np.str_]
    thing: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.queries.shape[0])


def build(examples: Sequence[Example], vocabulary: Vocabulary) -> Corpus:
    """The examples as numbers."""
    pairs = [example.pair for example in examples]
    things: dict[tuple[str, str, int], int] = {}
    thing = []
    for index, example in enumerate(examples):
        pair = example.pair
        line = pair.line or -index - 1  # each commit is a thing of its own
        thing.append(things.setdefault((example.repository, pair.path, line), len(things)))
    return Corpus(
        queries=rows([pair.query for pair in pairs], vocabulary),
        fields={
            "name": rows([pair.name for pair in pairs], vocabulary),
            "signature": rows([pair.signature for pair in pairs], vocabulary),
            "doc": rows([pair.doc for pair in pairs], vocabulary),
            "text": rows([pair.text for pair in pairs], vocabulary),
            "path": rows([path_text(pair.path) for pair in pairs], vocabulary),
        },
        kind=np.array([pair.kind for pair in pairs]),
        language=np.array(["typescript" if pair.language == "tsx" else pair.language for pair in pairs]),
        repository=np.array([example.repository for example in examples]),
        thing=np.array(thing, np.int64),
    )
