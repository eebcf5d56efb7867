"""How far word vectors move towards what training made of them, chosen on commits that nothing was learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glossator.adapt.commit_changes import NOT_DEFINITIONS
from glossator.adapt.retriever_gate import DEPTH, FEWEST_JUDGES, LEAST_CHOICE_GAIN, GeneralSet
from glossator.adapt.word_vectors import CountedTexts
from glossator.index.embedding import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glossator.adapt.commit_changes import ChangedDefinition, PastCommit
    from glossator.adapt.word_vectors import WordTable
    from glossator.index.entries import Entry

MIXES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
"""How far the rows move from the shipped ones to the trained ones; 0 leaves the vectors as they are."""
MOST_GENERAL_LOSS = 0.004
"""Loss in MRR on a part of the general set above which rows are not moved so far."""
_COMPARED_AT_ONCE = 32
"""Questions that are compared with all definitions at once: all would take a gigabyte in large projects."""


def best_mix(
    table: WordTable,
    tried: WordTable,
    code: Mapping[str, Sequence[Entry]],
    changes: Sequence[tuple[PastCommit, Sequence[ChangedDefinition]]],
    watch: Callable[[], None] = lambda: None,
) -> float:
    """The best of `MIXES`, by vectors alone; 1 if fewer than `FEWEST_JUDGES` commits can choose.

    Args:
        table: the rows that are moved.
        tried: where to: trained without the commits that choose.
        code: the project's entries by path.
        changes: the commits that choose, and what they changed.
        watch: called before each mix; what it raises ends the choice.
    """
    entries = [
        (path, entry)
        for path, found in code.items()
        for entry in found
        if entry.part == 0 and entry.kind not in NOT_DEFINITIONS
    ]
    places: dict[tuple[str, str], list[int]] = {}
    for at, (path, entry) in enumerate(entries):
        places.setdefault((path, entry.qualified_name), []).append(at)
    asked: list[str] = []
    wanted: list[list[int]] = []
    for commit, changed in changes:
        right = [at for one in changed for at in places.get((one.path, one.entry.qualified_name), ())]
        if right:
            asked.append(commit.subject)
            wanted.append(right)
    if len(asked) < FEWEST_JUDGES:
        return 1.0
    counted = CountedTexts(asked, table.vocabulary)
    texts = ([entry.qualified_name, entry.signature, entry.doc, entry.text] for _, entry in entries)
    columns = list(zip(*texts, strict=True))
    fields = {name: CountedTexts(column, table.vocabulary) for name, column in zip(FIELDS, columns, strict=True)}
    general = GeneralSet("choosing")
    scores: list[float] = []
    least = -1.0
    for mix in MIXES:
        watch()
        now = table.moved(tried, mix)
        level = float(general.reciprocal_ranks(now).mean())
        if not mix:
            least = level - MOST_GENERAL_LOSS
        elif level < least:
            scores.append(0.0)
            continue
        queries, documents = now.queries(counted), now.documents(fields)
        ranks: list[int] = []
        for start in range(0, len(wanted), _COMPARED_AT_ONCE):
            span = slice(start, start + _COMPARED_AT_ONCE)
            cosines = queries[span] @ documents.T
            ranks += [
                int((row > row[right].max() + 1e-7).sum()) + 1 for row, right in zip(cosines, wanted[span], strict=True)
            ]
        scores.append(float(np.mean([1 / rank if rank <= DEPTH else 0.0 for rank in ranks])))
    best = int(np.argmax(scores))
    return MIXES[best] if scores[best] > scores[0] + LEAST_CHOICE_GAIN else 0.0
