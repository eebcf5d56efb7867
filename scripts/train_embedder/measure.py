"""How well a model finds code: held-out repositories by language, and the standard library's docstrings."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.embedding import FIELDS
from train_embedder.pairs import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from train_embedder.corpus import Corpus
    from train_embedder.model import Floats, Model

FEWEST = 100
"""Languages with fewer questions are not reported: their scores would be noise."""


def score(queries: Floats, documents: Floats) -> tuple[float, float]:
    """(mean reciprocal rank within the first ten, recall within the first ten); row i answers row i.

    A document only counts as better than the right one if its dot product is larger by more than 1e-7.
    """
    ranks = []
    for start in range(0, len(queries), 1024):
        cosines = queries[start : start + 1024] @ documents.T
        right = cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))]
        ranks.append((cosines > right[:, None] + 1e-7).sum(1))
    rank = np.concatenate(ranks)
    return float(np.where(rank < 10, 1 / (rank + 1), 0).mean()), float((rank < 10).mean())


def by_language(
    model: Model, corpus: Corpus, kind: str = "doc", fields: tuple[str, ...] = FIELDS
) -> dict[str, tuple[float, float, int]]:
    """For each language: MRR@10, R@10 and the number of questions, each asked of all documents of its language."""
    scores = {}
    for language in sorted(set(corpus.language.tolist())):
        index: NDArray[np.int64] = np.flatnonzero((corpus.language == language) & (corpus.kind == kind))
        if len(index) >= FEWEST:
            found = score(model.queries(corpus, index), model.documents(corpus, index, fields))
            scores[language] = (*found, len(index))
    return scores


def mean(scores: dict[str, tuple[float, float, int]]) -> tuple[float, float]:
    """Mean over languages of MRR@10 and R@10."""
    table = np.array([values[:2] for values in scores.values()])
    return float(table[:, 0].mean()), float(table[:, 1].mean())


def library_files() -> list[Path]:
    """The sources of the standard library of the Python that runs, tests left out."""
    root = Path(sysconfig.get_paths()["stdlib"])
    inside = (path for path in root.rglob("*.py"))
    return sorted(path for path in inside if not {"site-packages", "test", "tests"} & set(path.relative_to(root).parts))


def library_pairs() -> Iterator[Pair]:
    """The standard library's functions: first line of the docstring -> source without the docstring."""
    for path in library_files():
        source = path.read_text("utf-8", "replace")
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        lines = source.splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and len(node.body) > 1:
                doc = (ast.get_docstring(node) or "").strip().split("\n")[0]
                if len(doc) > 15:
                    first = node.body[0]
                    text = lines[node.lineno - 1 : first.lineno - 1] + lines[first.end_lineno : node.end_lineno]
                    signature = " ".join("".join(lines[node.lineno - 1 : first.lineno - 1]).split())
                    yield Pair("doc", "python", path.name, node.lineno, doc, node.name, signature, "", "\n".join(text))
