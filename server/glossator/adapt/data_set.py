"""Makes the data set that a model is adapted with: what is in it, what is left out and why, and what is held out.

Held out are the files that were changed last, and some folders whole: a model that has only learned its examples by
heart does no better there. What is nearly the same as something held out is not trained on.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from glossator.adapt.commit_examples import commit_examples, commit_times, head_commit
from glossator.adapt.examples import DataSet, Example, LeftOut
from glossator.adapt.symbol_examples import symbol_examples
from glossator.answers.evidence import estimated_tokens
from glossator.errors import WorkspaceError
from glossator.retrieval.kinds import PROSE_LANGUAGES
from glossator.workspace.secret_texts import secret_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glossator.adapt.examples import ExampleKind
    from glossator.project.root import Root

MOST_EXAMPLES = 800
"""By default: more are trained on for longer, and say little that is new about a style."""
LEAST_EXAMPLES = 60
"""With fewer to train on, an adapter learns them by heart, and nothing else."""
SHARES: dict[ExampleKind, float] = {
    "explain": 0.34,
    "question": 0.34,
    "commit": 0.14,
    "completion": 0.10,
    "absent": 0.08,
}
"""What each kind may take of the examples; what one leaves is shared by the others."""
HELD_BY_TIME, HELD_BY_FOLDER = 0.10, 0.08
"""Parts of the examples that are held out: the newest, and some folders'."""
LARGEST_HELD_FOLDER = 0.12
"""A folder with more of the examples is not held out: too little would be left to learn from."""
LEAST_HELD = 0.05
"""Part of the examples that is held out at least: single files, where neither time nor folders give so many."""
VALIDATION = 0.06
"""Part of the rest on which training watches itself."""
NEARLY_SAME = 0.7
"""Part of the word sequences (Jaccard) that near-duplicates share, from which on one of them is left out."""
SHINGLE_WORDS = 5
"""Words of a sequence."""
LONGEST_TOKENS = 700
"""Tokens (estimated) of an example without what all prompts begin with."""

_WORD = re.compile(r"\w+|[^\w\s]")
_LEGAL = re.compile(r"(?i)(?:^|/)(?:licen[cs]e|copying|copyright|notice|authors|patents|unlicense)[^/]*$")
_COPIED = re.compile(r"(?i)(?:^|/)(?:third[_-]?party|3rdparty|vendor(?:ed)?|_vendor|extern(?:al)?|contrib/libs)/")


def make_data_set(
    root: Root,
    *,
    most: int = MOST_EXAMPLES,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> DataSet:
    """The data set of a root whose index is up to date.

    Args:
        most: examples of all parts together.
        progress: told what is being done.

    Raises:
        WorkspaceError: there is no index, or far too little to learn from.
        StoreError: the index cannot be read.
    """
    snapshot = root.open()
    if snapshot is None:
        raise WorkspaceError(f"{root.path} has no index yet")
    progress("Reading the history")
    times = commit_times(root.path)
    left: list[LeftOut] = [LeftOut("file", one.path, "", one.reason) for one in snapshot.status().skipped]
    paths: list[str] = []
    contents: dict[bytes, str] = {}
    for path, record in sorted(snapshot.store.files().items()):
        reason = _file_reason(path, record.language)
        if not reason and record.skipped:
            continue
        if not reason and (first := contents.setdefault(record.content_hash, path)) != path:
            reason = f"a copy of {first}"
        if reason:
            left.append(LeftOut("file", path, "", reason))
        else:
            paths.append(path)
    progress("Making examples")
    found: list[Example] = []
    for one in [*symbol_examples(snapshot, paths, times, seed), *commit_examples(root.path, set(paths))]:
        if isinstance(one, LeftOut):
            left.append(one)
        elif secret := secret_in(one.text()):
            left.append(LeftOut(one.kind, one.path, one.name, f"may hold {secret}"))
        elif estimated_tokens(one.text()) > LONGEST_TOKENS:
            left.append(LeftOut(one.kind, one.path, one.name, "longer than is trained with"))
        else:
            found.append(one)
    progress("Comparing examples")
    split = held_out(found)
    kept, near = without_near_duplicates(split)
    chosen = chosen_examples(kept, most, seed)
    if len([one for one in chosen if one.part == "train"]) < LEAST_EXAMPLES:
        raise WorkspaceError(
            f"{root.path} gives {len(chosen)} examples in all, too few: at least {LEAST_EXAMPLES} are needed to"
            " train on. It has too few docs, comments and commits to adapt a model to"
        )
    return DataSet(str(root.path), root.overview(), head_commit(root.path), tuple(_validated(chosen)), (*left, *near))


def _file_reason(path: str, language: str) -> str:
    """Why a file gives no examples; "" if it may."""
    if _LEGAL.search(path):
        return "a licence"
    if _COPIED.search(path):
        return "copied from elsewhere, by its folder's name"
    name = path.rpartition("/")[2].lower()
    if language in PROSE_LANGUAGES and name.startswith(("changelog", "changes", "history", "release", "news")):
        return "a list of changes"
    return ""


def held_out(examples: Sequence[Example]) -> list[Example]:
    """The examples with the newest, and those of some folders, in the held-out part.

    All examples of a file go together: a question and an explanation may have the same answer.
    """
    dated = sorted(one.time for one in examples if one.time)
    newest = dated[int(len(dated) * (1 - HELD_BY_TIME))] if dated else 0
    if dated and dated[0] == newest:
        newest = 0  # all of one commit: time tells nothing
    sizes = Counter(one.path.rpartition("/")[0] for one in examples if one.kind != "commit")
    total = sum(sizes.values())
    folders: set[str] = set()
    taken = 0
    for folder in sorted(sizes, key=lambda one: hashlib.blake2b(one.encode()).digest()):
        size = sizes[folder]
        if taken < HELD_BY_FOLDER * total and size <= LARGEST_HELD_FOLDER * total and len(sizes) > 1:
            folders.add(folder)
            taken += size
    files: set[str] = set()
    if newest:
        counts = Counter(one.path for one in examples if one.time >= newest and one.kind != "commit")
        room = 2 * HELD_BY_TIME * total  # one commit may have touched all files
        for path, count in sorted(counts.items(), key=lambda item: hashlib.blake2b(item[0].encode()).digest()):
            if count <= room:
                files.add(path)
                room -= count
    held_size = taken + sum(Counter(one.path for one in examples if one.path in files).values())
    single: set[str] = set()
    if held_size < LEAST_HELD * total:  # one folder, or one commit: then single files
        for path in sorted({one.path for one in examples}, key=lambda one: hashlib.blake2b(one.encode()).digest()):
            if held_size < HELD_BY_TIME * total:
                single.add(path)
                held_size += sum(one.path == path for one in examples)
    found: list[Example] = []
    for one in examples:
        by_time = one.time >= newest > 0 if one.kind == "commit" else one.path in files
        by_folder = one.path.rpartition("/")[0] in folders
        held = "time" if by_time else "folder" if by_folder else "file" if one.path in single else ""
        found.append(replace(one, part="held-out", held_by=held) if held else one)
    return found


def _shingles(example: Example) -> frozenset[int]:
    """Hashes of the word sequences of an example."""
    words = _WORD.findall(example.text().lower())
    count = max(len(words) - SHINGLE_WORDS + 1, 1)
    return frozenset(hash(tuple(words[at : at + SHINGLE_WORDS])) for at in range(count))


def without_near_duplicates(examples: Sequence[Example]) -> tuple[list[Example], list[LeftOut]]:
    """The examples without those that are nearly the same as one before them; held-out ones come first, and stay."""
    order = sorted(range(len(examples)), key=lambda at: (examples[at].part != "held-out", at))
    owners: dict[int, list[int]] = defaultdict(list)
    sets: dict[int, frozenset[int]] = {}
    kept: list[int] = []
    left: list[LeftOut] = []
    for at in order:
        one = examples[at]
        own = _shingles(one)
        # What very many share (a licence's words, an import) says nothing, and would make this quadratic.
        shared = Counter(other for shingle in own for other in owners.get(shingle, ()))
        twin = next(
            (
                other
                for other, count in shared.most_common(5)
                if examples[other].kind == one.kind and count / len(own | sets[other]) >= NEARLY_SAME
            ),
            None,
        )
        if twin is not None:
            like = examples[twin]
            left.append(LeftOut(one.kind, one.path, one.name, f"nearly the same as `{like.name}` in {like.path}"))
            continue
        kept.append(at)
        sets[at] = own
        for shingle in own:
            if len(owners[shingle]) < 50:
                owners[shingle].append(at)
    return [examples[at] for at in sorted(kept)], left


def chosen_examples(examples: Sequence[Example], most: int, seed: int) -> list[Example]:
    """At most so many examples, each kind with its share, held-out ones in proportion; in a random order."""
    if len(examples) <= most and all(
        sum(one.kind == kind for one in examples) <= 2 * share * len(examples) for kind, share in SHARES.items()
    ):
        return _shuffled(examples, seed)
    most = min(most, len(examples))
    by_kind = {kind: _shuffled([one for one in examples if one.kind == kind], seed) for kind in SHARES}
    found: list[Example] = []
    room = float(most)
    shares = dict(SHARES)
    for kind in sorted(shares, key=lambda one: len(by_kind[one]) / SHARES[one]):
        take = int(room * shares[kind] / sum(shares.values()))
        found += by_kind[kind][:take]
        room -= len(by_kind[kind][:take])
        del shares[kind]
        if not shares:
            break
    return _shuffled(found, seed)


def _shuffled(examples: Iterable[Example], seed: int) -> list[Example]:
    found = sorted(examples, key=lambda one: one.id)
    random.Random(seed).shuffle(found)  # noqa: S311 - not for secrets
    return found


def _validated(examples: Sequence[Example]) -> list[Example]:
    """Some of what is trained on as the validation part, whole files at a time."""
    train = [one for one in examples if one.part == "train"]
    wanted = VALIDATION * len(train)
    files: set[str] = set()
    counts = Counter(one.path for one in train)
    taken = 0
    for path in sorted(counts, key=lambda one: hashlib.blake2b(b"validation " + one.encode()).digest()):
        if taken < wanted and counts[path] <= wanted:
            files.add(path)
            taken += counts[path]
    if files:
        chosen = {one.id for one in train if one.path in files}
    else:  # all files are large
        chosen = {one.id for one in sorted(train, key=lambda one: one.id)[: int(wanted)]}
    return [replace(one, part="validation") if one.id in chosen else one for one in examples]
