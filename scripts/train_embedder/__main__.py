"""The steps from repositories to the weights that are shipped: `python -m train_embedder STEP` (docs/embedder.md).

record   write repositories.json: the revision and licence of each repository in it, as found in the mirror folder
pairs    extract pairs, one file per repository
train    count the vocabulary, train, write the model and its card
measure  print the scores of a model
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.index.embedding import BUNDLED
from train_embedder import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from train_embedder.corpus import Example

HERE = Path(__file__).resolve().parent
VERSION = "2"
"""Of the shipped model; raise it when it is trained again."""


def record(mirrors: Path, listing: Path) -> None:
    """Write each repository's revision and licence into the list; leave out those that may not be used."""
    kept = []
    for repository in sources.read_repositories(listing):
        try:
            if repository.name in sources.MEASURED_ON:
                raise sources.SourceError("it is measured on")
            folder = sources.git_folder(mirrors, repository.name)
            commit = sources.revision(folder)
            kept.append(replace(repository, revision=commit, licence=sources.licence(folder, commit)))
        except sources.SourceError as error:
            print(f"left out: {repository.name}: {error}", file=sys.stderr)
    sources.write_repositories(listing, kept)


def _pairs_file(work: Path, repository: sources.Repository) -> Path:
    return work / "pairs" / f"{repository.name.replace('/', '+')}-{repository.revision[:12]}.jsonl"


def extract(mirrors: Path, listing: Path, work: Path) -> None:
    """Extract the pairs of all repositories whose pairs are not there yet; clone those that are not in the mirror."""
    from train_embedder.pairs import LIMITS, repository_pairs, write_pairs
    from train_embedder.report_pairs import report_pairs

    for repository in sources.read_repositories(listing):
        target = _pairs_file(work, repository)
        if not target.exists():
            started = time.perf_counter()
            sources.clone(mirrors, repository)
            folder = sources.git_folder(mirrors, repository.name)
            pairs = repository_pairs(folder, repository.revision)
            pairs += report_pairs(folder, repository.revision, LIMITS["report"])
            write_pairs(target, pairs)
            print(f"{repository.name}: {len(pairs)} pairs in {time.perf_counter() - started:.1f} s", flush=True)


def load(listing: Path, work: Path, avoid_folders: Sequence[Path]) -> tuple[list[Example], list[Example]]:
    """(examples to learn from, held-out examples), without copies and without code that is measured on.

    Such code is the standard library's, and what lies in `avoid_folders`, bare git folders.
    """
    from train_embedder import measure
    from train_embedder.corpus import Example, deduplicated, long_lines
    from train_embedder.pairs import read_pairs

    repositories = sorted(sources.read_repositories(listing), key=lambda repository: not repository.held_out)

    def everything() -> Iterator[Example]:
        for repository in repositories:
            for pair in read_pairs(_pairs_file(work, repository)):
                yield Example(repository.name, pair)

    avoid: set[int] = set()
    for path in measure.library_files():
        avoid |= long_lines(path.read_text("utf-8", "replace"))
    for folder in avoid_folders:
        files = [blob for blob in sources.blobs(folder, "HEAD") if blob.size < 400_000]
        for _, data in sources.contents(folder, files):
            avoid |= long_lines(data.decode("utf-8", "replace"))
    held_out = {repository.name for repository in repositories if repository.held_out}
    examples, dropped = deduplicated(everything(), avoid, held_out)
    print(f"{len(examples)} examples; dropped: {dict(dropped)}", flush=True)
    learn = [example for example in examples if example.repository not in held_out]
    return learn, [example for example in examples if example.repository in held_out]


def train(listing: Path, work: Path, out: Path, words: int, avoid: Sequence[Path]) -> None:
    """Make the model: vocabulary, start, training, files, card."""
    import numpy as np

    from glossator.adapt.word_vectors import WordTable
    from glossator.index.embedding import Vocabulary
    from train_embedder import corpus, minilm
    from train_embedder import model as training

    learn, _ = load(listing, work, avoid)
    total, repositories = corpus.count_words(learn)
    start = minilm.Start(minilm.model_folder())
    vocabulary = Vocabulary(corpus.choose_words(total, repositories, words, start.vocabulary()))
    recipe = training.Recipe()
    counts = np.array([total[word] for word in vocabulary.words], np.float64)
    rows = start.rows(vocabulary.words, counts, recipe.dimensions)
    numbers = corpus.build(learn, vocabulary)
    kinds = dict(zip(*(values.tolist() for values in np.unique(numbers.kind, return_counts=True)), strict=True))
    print(f"{len(vocabulary)} words; pairs: {kinds}", flush=True)
    started = time.perf_counter()

    def watch(step: int, steps: int, loss: float, scale: float) -> None:
        if step % 25 == 0 or step == steps:
            took = time.perf_counter() - started
            print(f"step {step}/{steps} loss {loss:.3f} scale {scale:.1f} {took:.0f} s", flush=True)

    model = training.train(rows, numbers, recipe, watch)
    out.mkdir(parents=True, exist_ok=True)
    WordTable(vocabulary.words, model.rows, model.weights).write(out, VERSION, {"pairs": kinds})


def measure(listing: Path, work: Path, out: Path) -> str:
    """The scores of the model in `out`, as it is shipped (8-bit rows), as a table in Markdown; writes its card."""
    from glossator.adapt.word_vectors import WordTable
    from glossator.index.embedding import FIELDS, StaticEmbedder
    from train_embedder import card, corpus, measure
    from train_embedder.model import Model, Recipe

    table = WordTable.read(out)
    model = Model(table.rows, table.weights)
    _, held_out = load(listing, work, ())
    numbers = corpus.build(held_out, table.vocabulary)
    library = corpus.build([corpus.Example("", pair) for pair in measure.library_pairs()], table.vocabulary)
    fields, text = measure.by_language(model, numbers), measure.by_language(model, numbers, fields=("text",))
    lines = ["| held-out repositories | questions | all fields | text alone |", "|---|---|---|---|"]
    for language, (rank, recall, questions) in fields.items():
        lines.append(f"| {language} | {questions} | {rank:.3f} / {recall:.3f} | {_pair(text[language][:2])} |")
    means = f"{_pair(measure.mean(fields))} | {_pair(measure.mean(text))}"
    lines.append(f"| **mean of {len(fields)} languages** | {sum(row[2] for row in fields.values())} | {means} |")
    for kind in ("detail", "commit", "report"):
        found = [measure.by_language(model, numbers, kind, names) for names in (FIELDS, ("text",))]
        counted = sum(row[2] for row in found[0].values())
        both = " | ".join(_pair(measure.mean(one)) for one in found)
        lines.append(f"| kind `{kind}`: mean of {len(found[0])} languages | {counted} | {both} |")
    asked = model.queries(library)
    scores = [measure.score(asked, model.documents(library, fields=names)) for names in (FIELDS, ("text",))]
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    lines.append(f"| Python {version}'s standard library | {len(library)} | {_pair(scores[0])} | {_pair(scores[1])} |")
    table = "\n".join(lines)
    card.write(out, sources.read_repositories(listing), Recipe(), StaticEmbedder(out).id, table)
    return table


def _pair(values: Sequence[float]) -> str:
    return f"{values[0]:.3f} / {values[1]:.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="train_embedder", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("step", choices=("record", "pairs", "train", "measure"))
    parser.add_argument("--mirrors", type=Path, default=Path("mirrors"), help="folder of bare git repositories")
    parser.add_argument("--work", type=Path, default=Path("work"), help="folder for pairs")
    parser.add_argument(
        "--repositories", type=Path, default=HERE / "repositories.json", help="the list of repositories"
    )
    parser.add_argument("--out", type=Path, default=BUNDLED, help="folder of the model")
    parser.add_argument("--words", type=int, default=56_000, help="size of the vocabulary at most")
    parser.add_argument("--avoid", type=Path, nargs="*", default=[], help="bare git folders to learn nothing from")
    chosen = parser.parse_args(arguments)
    if chosen.step == "record":
        record(chosen.mirrors, chosen.repositories)
    elif chosen.step == "pairs":
        extract(chosen.mirrors, chosen.repositories, chosen.work)
    elif chosen.step == "train":
        train(chosen.repositories, chosen.work, chosen.out, chosen.words, chosen.avoid)
    else:
        print(measure(chosen.repositories, chosen.work, chosen.out))


if __name__ == "__main__":
    # More threads than one gain little here and make sums, and so the weights, depend on the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    main()
