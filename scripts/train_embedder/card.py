"""The model's card: what it was made from, how, and how well it does."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from train_embedder.model import Recipe
    from train_embedder.sources import Repository

_CARD = """# The static embedder, version {version}

A table of {words} word vectors of {dimensions} dimensions for searching source code, int8 with a float16 scale per row.
The id is `{id}`. `glossator/index/embedding.py` says how it is used, `docs/embedder.md` how
it is made.

It is meant for finding definitions in a code base by questions in English. It knows no word order and little of other
languages; names are understood by their parts. It is no measure of a text's quality, licence or authorship.

## Scores

Questions are the first sentences of doc comments, which are taken out of the code; the right definition has to be found
among all of its language in the held-out repositories (MRR@10 / R@10).

{scores}

## Recipe

Pairs of a question and code from the repositories below, copies and code of the measures left out: {kinds}.
Symmetric InfoNCE within batches, started from the word pieces of all-MiniLM-L6-v2 (Apache-2.0).
Weights of an entry's fields, chosen on the held-out repositories: {fields}.

```json
{recipe}
```

## Sources

{count} repositories at these revisions ({licences}); those marked * were held out for the scores above.

| repository | revision | licence |
|---|---|---|
{sources}
"""


def write(folder: Path, repositories: Sequence[Repository], recipe: Recipe, identity: str, scores: str) -> None:
    """Write `MODEL_CARD.md` into a model's folder.

    Args:
        folder: of the model.
        repositories: all that were used, held-out ones included.
        recipe: what the model was trained with.
        identity: the model's id.
        scores: a table in Markdown.
    """
    model = json.loads((folder / "model.json").read_bytes())
    licences = Counter(repository.licence for repository in repositories).most_common()
    rows = [
        f"| {repository.name}{' *' if repository.held_out else ''} | {repository.revision} | {repository.licence} |"
        for repository in repositories
    ]
    text = _CARD.format(
        version=model["version"],
        words=f"{len((folder / 'vocabulary.txt').read_bytes().splitlines()):,}",
        dimensions=model["dimensions"],
        id=identity,
        scores=scores,
        kinds=", ".join(f"{kind} {count:,}" for kind, count in model["pairs"].items()),
        fields=", ".join(f"{name} {weight}" for name, weight in model["fields"].items()),
        recipe=json.dumps(asdict(recipe), indent=2),
        count=len(repositories),
        licences=", ".join(f"{count} {licence}" for licence, count in licences),
        sources="\n".join(rows),
    )
    (folder / "MODEL_CARD.md").write_text(text, "utf-8", newline="\n")
