"""The embedders: what a vector depends on, and that the shipped model gives the same vectors everywhere."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from glossator.errors import EmbeddingError
from glossator.index.embedding import (
    BUNDLED,
    StaticEmbedder,
    Vocabulary,
    content_key,
    parts,
    path_text,
)
from glossator.index.entries import Entry

ENTRY = Entry(
    kind="method",
    name="close_idle",
    qualified_name="Pool.close_idle",
    signature="def close_idle(self, older_than: float) -> int",
    doc="Close the connections that nobody has used for a while.",
    parent=None,
    part=0,
    start_line=10,
    end_line=14,
    name_line=10,
    start_byte=200,
    end_byte=400,
    references=("close", "monotonic"),
    text="def close_idle(self, older_than: float) -> int:\n    for c in self.connections:\n        c.close()",
)


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder()


def copy_of_bundled(folder: Path) -> Path:
    return Path(shutil.copytree(BUNDLED, folder / "model"))


def tokens(vocabulary: Vocabulary, text: str) -> list[str]:
    """The words of the vocabulary that a text is cut into, in order of their ids."""
    _, ids, _ = vocabulary.counts([text])
    return [vocabulary.words[index] for index in ids]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("parseHTTPResponse2", ["parse", "http", "response", "2"]),
        ("snake", ["snake"]),
        ("XMLReader", ["xml", "reader"]),
        ("sha256sum", ["sha", "256", "sum"]),
        ("привет", ["привет"]),
    ],
)
def test_parts(word: str, expected: list[str]) -> None:
    assert parts(word) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close the pool", ["the", "close", "pool"]),
        ("closePool CLOSE_POOL pool.close", ["close", "pool"]),
        ("Größe grosse", ["grosse"]),
        ("poolclose", ["close", "pool"]),  # an unknown word is cut into known ones
        ("zzpoolqq", ["pool"]),
        ("42 zzz ¿?", []),
        ("404", ["404"]),
    ],
)
def test_vocabulary_cuts_words(text: str, expected: list[str]) -> None:
    assert tokens(Vocabulary(["the", "close", "pool", "grosse", "404"]), text) == expected


def test_counts_tell_texts_apart() -> None:
    positions, ids, counts = Vocabulary(["a1", "pool", "close"]).counts(["pool pool", "", "close poolClose"])
    assert list(zip(positions.tolist(), ids.tolist(), counts.tolist(), strict=True)) == [
        (0, 1, 2),
        (2, 1, 1),
        (2, 2, 2),
    ]


def test_vocabulary_forgets_words_but_not_their_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.index.embedding._CACHED_WORDS", 3)
    vocabulary = Vocabulary(["close", "pool"])
    for number in range(20):
        assert tokens(vocabulary, f"word{number}x{number} poolClose") == ["close", "pool"]


def test_golden_vectors(embedder: StaticEmbedder) -> None:
    """Weights, vocabulary and code give the same vectors on every platform and version of Python and numpy."""
    expected = json.loads((Path(__file__).parent / "embedding_golden.json").read_text("utf-8"))
    assert embedder.id == expected["id"], "the model has changed: run tests/unit/make_embedding_golden.py"
    for text, values in expected["texts"].items():
        np.testing.assert_allclose(embedder.embed_query(text)[: len(values)], values, atol=1e-3, err_msg=text)
    entry = embedder.embed_entries([ENTRY])[0]
    np.testing.assert_allclose(entry[: len(expected["entry"])], expected["entry"], atol=1e-3)


def test_files_match_their_digests(embedder: StaticEmbedder) -> None:
    model = json.loads((BUNDLED / "model.json").read_bytes())
    for name, digest in model["sha256"].items():
        assert hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest() == digest, name
    assert model["dimensions"] == embedder.dimensions
    assert sum(file.stat().st_size for file in BUNDLED.iterdir()) <= 16 * 1024 * 1024


@given(st.lists(st.text(max_size=200), max_size=5))
@settings(max_examples=50, deadline=None)
def test_vectors_are_unit_or_zero_and_do_not_depend_on_the_batch(texts: list[str]) -> None:
    embedder = shared()
    vectors = embedder.embed_texts(texts)
    assert vectors.shape == (len(texts), embedder.dimensions)
    assert vectors.dtype == np.float32
    for text, vector in zip(texts, vectors, strict=True):
        length = float(np.linalg.norm(vector))
        assert length == pytest.approx(1, abs=1e-5) or length == 0
        np.testing.assert_allclose(embedder.embed_query(text), vector, atol=1e-6)
        np.testing.assert_allclose(embedder.embed_query(unicodedata.normalize("NFC", text)), vector, atol=1e-6)


def shared(cache: list[StaticEmbedder] = []) -> StaticEmbedder:  # noqa: B006 - made once for all examples
    if not cache:
        cache.append(StaticEmbedder())
    return cache[0]


def test_related_texts_are_near(embedder: StaticEmbedder) -> None:
    query = embedder.embed_query("how are idle connections closed?")
    near = embedder.embed_entries([ENTRY])[0]
    far = embedder.embed_texts(["def parse_date(text):\n    return datetime.strptime(text, FORMAT)"])[0]
    assert query @ near > query @ far + 0.2


def test_every_field_counts(embedder: StaticEmbedder) -> None:
    whole = embedder.embed_entries([ENTRY])[0]
    for changed in (
        replace(ENTRY, qualified_name="Matrix.transpose"),
        replace(ENTRY, doc="Rotate an image."),
        replace(ENTRY, text="return image.rotate(90)"),
    ):
        assert whole @ embedder.embed_entries([changed])[0] < 0.999


def test_nothing_to_say_is_a_zero_vector(embedder: StaticEmbedder) -> None:
    empty = replace(ENTRY, qualified_name="", signature="", doc="", text="")
    vectors = embedder.embed_entries([empty, ENTRY, empty])
    assert not vectors[0].any()
    assert vectors[1].any()
    assert not vectors[2].any()
    assert embedder.embed_entries([]).shape == (0, embedder.dimensions)


def test_paths(embedder: StaticEmbedder) -> None:
    assert path_text("server/a/b/c/http_client.test.py") == "a b c http_client http_client"
    assert path_text(".gitignore") == ".gitignore .gitignore"
    query, path, other = (
        embedder.embed_texts(["http client"])[0],
        *embedder.embed_paths(["net/http_client.py", "ui/button.py"]),
    )
    assert query @ path > query @ other


def test_id_follows_the_files(tmp_path: Path) -> None:
    folder = copy_of_bundled(tmp_path)
    assert StaticEmbedder(folder).id == StaticEmbedder().id
    model = json.loads((folder / "model.json").read_text())
    model["fields"]["doc"] += 0.25
    (folder / "model.json").write_text(json.dumps(model))
    assert StaticEmbedder(folder).id != StaticEmbedder().id


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.json", None),
        ("model.json", b"{"),
        ("model.json", b"[]"),
        ("model.json", b'{"format": 999}'),
        ("vocabulary.txt", b"one\ntwo\n"),
        ("rows.npy", b""),
        ("rows.npy", None),
        ("scales.npy", b"garbage"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, file: str, content: bytes | None) -> None:
    folder = copy_of_bundled(tmp_path)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(EmbeddingError, match="embedder in"):
        StaticEmbedder(folder)


def test_content_key_covers_what_is_embedded() -> None:
    key = content_key(ENTRY)
    assert content_key(replace(ENTRY, start_line=99, parent=3, text=ENTRY.text.replace("\n", "\n\n"))) == key
    for name in ("qualified_name", "signature", "doc", "text"):
        assert content_key(replace(ENTRY, **{name: "other"})) != key
    assert content_key(replace(ENTRY, doc="\udc80")) != key


def test_start_is_fast_and_light() -> None:
    """Opening the model takes well under 100 ms beside the import of numpy, and reads no other package."""
    code = (
        "import sys, time, numpy; from glossator.index.embedding import StaticEmbedder; t = time.process_time();"
        "e = StaticEmbedder(); e.embed_query('a first question'); print(time.process_time() - t);"
        "print([name for name in ('tokenizers', 'lancedb', 'tree_sitter', 'scipy') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    told = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in told) < 0.3  # measured 0.06; CI machines are slow and shared
    assert {modules for _, modules in told} == {"[]"}


def test_threads_may_embed_at_once() -> None:
    """A search embeds the question and its words in two threads."""
    embedder = StaticEmbedder()
    texts = [f"word{number} otherWord{number * 7} read_file_{number}" for number in range(400)]
    alone = [StaticEmbedder().embed_query(text) for text in texts[:20]]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(embedder.embed_query, texts * 3))
    for index, vector in enumerate(alone):
        assert np.array_equal(vector, found[index])
        assert np.array_equal(vector, found[index + 800])
