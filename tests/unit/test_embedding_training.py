"""The trainer of the static model, on a corpus that the test makes: real git, real parsing, real training."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from glossator.adapt.word_vectors import WordTable, contrast
from glossator.index.embedding import StaticEmbedder, Vocabulary
from glossator.index.parsing import parse

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from train_embedder import corpus, measure, model, pairs, report_pairs, sources  # noqa: E402

MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
NOUNS = ("invoice", "sensor", "planet", "recipe", "ticket", "bridge", "violin", "harbor", "glacier", "tunnel")
VERBS = ("remove", "rotate", "measure", "encrypt", "duplicate", "validate")
CODE = {
    "remove": "self.{n}s.pop(key)\n    self.index.discard(key)",
    "rotate": "angle = self.{n}.angle + step\n    self.{n}.turn(angle)",
    "measure": "length = abs(self.{n}.end - self.{n}.start)\n    return length",
    "encrypt": "cipher = aes(secret)\n    return cipher.update({n}_bytes)",
    "duplicate": "fresh = copy.deepcopy(self.{n})\n    return fresh",
    "validate": "if not self.{n}.fields:\n        raise ValueError('incomplete')",
}
MESSAGE = """fix: Fold the case of keys before they are discarded (#12)

Whoever asks for a key in capitals finds it gone from the shelf, while the index
still lists the old spelling and answers with an entry that no longer exists.

Signed-off-by: A <a@b.c>
"""


def function(verb: str, noun: str) -> str:
    body = CODE[verb].format(n=noun)
    doc = f'    """{verb.capitalize()} the {noun} that the caller has named.\n\n    Waits for the {noun} lock.\n    """'
    return f"def {verb}_{noun}(self, key, step, secret):\n{doc}\n    {body}\n"


def git(folder: Path, *arguments: str) -> None:
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity |= {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, env={**os.environ, **identity}
    )


@pytest.fixture(scope="module")
def mirrors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bare repositories of one file per noun, each with a commit that changes one."""
    folder = tmp_path_factory.mktemp("mirrors")
    for name, nouns in (("learn", NOUNS[:7]), ("held", NOUNS[7:])):
        tree = folder / name
        tree.mkdir()
        git(tree, "init", "-q")
        (tree / "LICENSE").write_text(MIT)
        (tree / "README.md").write_text("# Notes\n\n## Lock ordering rules\n\n" + "Take the locks in order. " * 12)
        for noun in nouns:
            (tree / f"{noun}.py").write_text("\n\n".join(function(verb, noun) for verb in VERBS))
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "Begin")
        file = tree / f"{nouns[0]}.py"
        file.write_text(file.read_text().replace("self.index.discard(key)", "self.index.discard(key.lower())"))
        git(tree, "commit", "-q", "-a", "-m", MESSAGE)
        (tree / ".git").rename(folder / f"owner+{name}.git")
    return folder


@pytest.fixture(scope="module")
def examples(mirrors: Path) -> dict[str, list[corpus.Example]]:
    """The pairs of both repositories."""
    found = {}
    for name in ("learn", "held"):
        folder = sources.git_folder(mirrors, f"owner/{name}")
        assert sources.licence(folder, sources.revision(folder)) == "MIT"
        made = pairs.repository_pairs(folder, sources.revision(folder))
        made += report_pairs.report_pairs(folder, sources.revision(folder), 10)
        found[name] = [corpus.Example(name, pair) for pair in made]
    return found


def test_pairs_of_every_kind(examples: dict[str, list[corpus.Example]]) -> None:
    of_kind = {kind: [e.pair for e in examples["held"] if e.pair.kind == kind] for kind in pairs.KINDS}
    assert {kind: len(found) for kind, found in of_kind.items()} == {
        "doc": 18,
        "detail": 18,
        "name": 18,
        "commit": 1,
        "section": 1,
        "report": 1,
    }
    doc = next(pair for pair in of_kind["doc"] if pair.name == "encrypt_harbor")
    assert doc.query == "Encrypt the harbor that the caller has named."
    assert "named" not in doc.text
    assert "Waits for the harbor lock." in doc.text
    assert "cipher = aes(secret)" in doc.text
    detail = next(pair for pair in of_kind["detail"] if pair.name == "encrypt_harbor")
    assert detail.query == "Waits for the harbor lock."
    assert detail.doc == doc.query
    assert "Waits" not in detail.text
    name = next(pair for pair in of_kind["name"] if pair.query == "encrypt harbor")
    assert "encrypt_harbor" not in name.text + name.signature + name.name
    assert of_kind["commit"][0].query == "Fold the case of keys before they are discarded"
    assert "key.lower()" in of_kind["commit"][0].text
    assert of_kind["section"][0].query == "Lock ordering rules"
    report = of_kind["report"][0]
    assert report.query.startswith(
        "Fold the case of keys before they are discarded\nWhoever asks for a key in capitals"
    )
    assert report.query.endswith("an entry that no longer exists.")
    assert report.name == "remove_harbor"
    assert "key.lower()" not in report.text
    assert "self.index.discard(key)" in report.text


LONG = "Callers waited for ever because nobody told them that all of the connections were in use."


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("Say when the pool is full", ""),
        ("Say when the pool is full\n\nCloses #12\nSigned-off-by: A <a@b.c>", ""),
        (f"Bump version\n\n{LONG}", ""),
        (
            f"fix(pool): Say when it is full (#7)\n\n{LONG}\n\nFixes: #12\nReviewed-by: B <b@c.d>",
            f"Say when it is full\n{LONG}",
        ),
    ],
)
def test_whole_messages(message: str, query: str) -> None:
    assert report_pairs.whole_message(message) == query


def test_lines_of_the_old_file_that_a_diff_changes() -> None:
    diff = """diff --git a/src/pool.go b/src/pool.go
index 0a1b2c3..4d5e6f7 100644
--- a/src/pool.go
+++ b/src/pool.go
@@ -10,4 +10,5 @@ func (p *Pool) Get() {
 \tfirst
-\tsecond
+\tsecond, changed
+\tthird
 \tlast
diff --git a/src/pool_test.go b/src/pool_test.go
index 1111111..2222222 100644
--- a/src/pool_test.go
+++ b/src/pool_test.go
@@ -1,1 +1,1 @@
-old
+new
diff --git a/src/new.go b/src/new.go
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ b/src/new.go
@@ -0,0 +1,1 @@
+package pool
"""
    assert report_pairs.old_lines(diff.replace("\\t", "\t")) == {"src/pool.go": ("0a1b2c3", Counter({11: 3}))}


def test_training_finds_held_out_code(examples: dict[str, list[corpus.Example]], tmp_path: Path) -> None:
    """From random rows, training learns what the words of other repositories' docs have to do with their code."""
    learn, dropped = corpus.deduplicated(examples["learn"], set())
    assert dropped["copy"] == 0
    words = corpus.choose_words(*corpus.count_words(learn + examples["held"]), size=500, common=["harbor", "the"])
    vocabulary = Vocabulary(words)
    start = np.random.default_rng(1).standard_normal((len(words), 32)).astype(np.float32)
    numbers, held = corpus.build(learn, vocabulary), corpus.build(examples["held"], vocabulary)
    losses: list[float] = []
    recipe = model.Recipe(dimensions=32, epochs=20, batch=64, block=32, rate=2e-2, warm_up=2)
    trained = model.train(start, numbers, recipe, lambda *seen: losses.append(seen[2]))
    again = model.train(start, numbers, recipe)
    np.testing.assert_array_equal(trained.rows, again.rows)
    assert losses[-1] < 0.5 * losses[0]
    index = np.flatnonzero(held.kind == "doc")
    text = ("text",)
    untrained = model.Model(start, recipe.weights)
    before = measure.score(untrained.queries(held, index), untrained.documents(held, index, text))
    after = measure.score(trained.queries(held, index), trained.documents(held, index, text))
    assert after[0] > before[0] + 0.05
    # What is written is what was trained, up to 8 bits, and the product reads it.
    WordTable(words, trained.rows, trained.weights).write(tmp_path, "test", {"pairs": {"doc": 1}})
    embedder = StaticEmbedder(tmp_path)
    source = function("rotate", "bridge")
    entry = next(entry for entry in parse("a.py", source).entries if entry.kind == "function")
    np.testing.assert_allclose(
        embedder.embed_query(examples["held"][0].pair.query), trained.queries(held, np.array([0]))[0], atol=0.02
    )
    assert embedder.embed_query("rotate the bridge") @ embedder.embed_entries([entry])[0] > 0.3
    read = WordTable.read(tmp_path)
    assert read.words == tuple(words)
    assert np.abs(read.rows - trained.rows).max() <= np.abs(trained.rows).max() / 127
    assert set(read.weights) == {"name", "signature", "doc", "text"}


def test_gradients_are_those_of_the_loss() -> None:
    random = np.random.default_rng(0)
    queries, documents = (random.standard_normal((6, 5)).astype(np.float32) for _ in range(2))
    same = np.zeros((6, 6), bool)
    same[0, 3] = same[3, 0] = True

    def loss(q: np.ndarray, d: np.ndarray, scale: float = 3.0) -> float:
        return contrast(q, d, scale, same)[0]

    _, slope_q, slope_d, slope_s = contrast(queries, documents, 3.0, same)
    step = 1e-2
    for at in ((0, 1), (3, 4), (5, 0)):
        change = np.zeros_like(queries)
        change[at] = step
        up, down = loss(queries + change, documents), loss(queries - change, documents)
        assert slope_q[at] == pytest.approx((up - down) / (2 * step), abs=1e-3)
        up, down = loss(queries, documents + change), loss(queries, documents - change)
        assert slope_d[at] == pytest.approx((up - down) / (2 * step), abs=1e-3)
    up, down = loss(queries, documents, 3.0 * np.exp(step)), loss(queries, documents, 3.0 * np.exp(-step))
    assert slope_s == pytest.approx((up - down) / (2 * step), abs=1e-3)


def test_copies_common_queries_and_code_to_avoid_are_dropped() -> None:
    def example(query: str, text: str) -> corpus.Example:
        return corpus.Example("r", pairs.Pair("doc", "python", "a.py", 1, query, "", "", "", text))

    known = "a_line_that_stands_in_the_code_to_avoid(one, two, three)"
    kept, dropped = corpus.deduplicated(
        [
            *(example("returns the length", f"return {number}") for number in range(6)),
            example("one", "x = 1"),
            example("two", "x  =\n1"),
            example("three", f"def f():\n    {known}"),
        ],
        corpus.long_lines(known),
    )
    assert len(kept) == 5
    assert dropped == {"common query": 2, "copy": 1, "to be avoided": 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"The MIT License\n\n# {MIT}", "MIT"),
        (
            "// Redistribution and use in source and binary forms, with\n// or without modification, are permitted",
            "BSD",
        ),
        ("Business Source License 1.1 ... Change License: Apache License, Version 2.0", None),
        ("GNU GENERAL PUBLIC LICENSE Version 3", None),
        ("All rights reserved.", None),
    ],
)
def test_licences(tmp_path: Path, text: str, expected: str | None) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "LICENSE.txt").write_text(text)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Begin")
    folder = tmp_path / ".git"
    if expected is None:
        with pytest.raises(sources.SourceError):
            sources.licence(folder, sources.revision(folder))
    else:
        assert sources.licence(folder, sources.revision(folder)) == expected


def test_list_of_repositories_is_complete() -> None:
    """Every repository that the shipped model was made from has a revision and a permissive licence."""
    path = ROOT / "scripts" / "train_embedder" / "repositories.json"
    listed = sources.read_repositories(path)
    assert len({repository.name for repository in listed}) == len(listed) > 100
    allowed = {"MIT", "Apache-2.0", "BSD", "ISC", "Zlib", "BSL-1.0", "Unlicense"}
    for repository in listed:
        assert len(repository.revision) == 40
        assert repository.licence
        assert set(repository.licence.split(" OR ")) <= allowed
        assert repository.name not in sources.MEASURED_ON
    assert json.loads(path.read_text("utf-8"))[0].keys() == {"name", "revision", "licence", "held_out"}
