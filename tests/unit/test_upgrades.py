"""The second tier of vectors, with the static embedder in the model's place where no fault has to be made."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.errors import EmbeddingError
from glossator.index.embedding import StaticEmbedder, content_key
from glossator.index.vectors import VectorCache
from glossator.project.session import Session
from glossator.retrieval.planning import Plan, documents
from glossator.retrieval.search import Searcher
from glossator.retrieval.trial import Trial, reciprocal_rank
from glossator.retrieval.upgrades import DOCUMENT_CHARACTERS, LEAST, SecondTier, document, surprises
from glossator.settings import Settings
from tests import gguf_files
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.index.records import StoredEntry

PATIENCE = 20.0
QUESTION = "how is the configuration file read"


@dataclass(slots=True)
class Model:
    """The static embedder as a model that can be held up and made to fail."""

    static: StaticEmbedder = field(default_factory=StaticEmbedder)
    embedded: list[str] = field(default_factory=list)
    held: threading.Event | None = None
    """Embedding waits for it."""
    begun: threading.Event = field(default_factory=threading.Event)
    failing: bool = False
    rate: Callable[[str], float] | None = None
    """In place of similarity: every query is the first axis; this is a text's share of it."""

    id = "model-1"

    def embed_query(self, query: str) -> Any:
        self._work([])
        if self.rate is not None:
            return np.array([1.0, 0.0], np.float32)
        return self.static.embed_query(query)

    def embed_documents(self, texts: Sequence[str]) -> Any:
        self._work(texts)
        if self.rate is not None:
            shares = np.array([self.rate(text) for text in texts], np.float32)
            return np.stack([shares, np.sqrt(1 - shares**2)], axis=1)
        return self.static.embed_texts(texts)

    def _work(self, texts: Sequence[str]) -> None:
        self.begun.set()
        if self.held is not None:
            assert self.held.wait(PATIENCE)
        if self.failing:
            raise EmbeddingError("the model fell over")
        self.embedded += texts


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def tiers(tmp_path: Path) -> Iterator[Callable[..., SecondTier]]:
    """Makes second tiers over one cache."""
    made: list[tuple[SecondTier, Model]] = []

    def make(model: Model, **options: Any) -> SecondTier:
        tier = SecondTier(model, VectorCache(tmp_path / "vectors.sqlite", 0), **options)
        made.append((tier, model))
        return tier

    yield make
    for tier, model in made:
        if model.held is not None:
            model.held.set()
        tier.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = make_project(tmp_path_factory.mktemp("upgrades"), FILES)
    yield made
    made.store.close()


def texts(count: int) -> list[tuple[bytes, str]]:
    return [(bytes([number]) * 16, f"def number_{number}(): pass") for number in range(count)]


def upgrade(tier: SecondTier, searcher: Searcher, project: Project, question: str, seconds: float = PATIENCE) -> bool:
    """What a session does before a search; whether it was all done in time."""
    meaning, wanted = searcher.wanted(question)
    found = documents(wanted, project.root, Settings(), project.store)
    return tier.request(meaning, found, seconds).done.wait(seconds)


# What is embedded, and how it counts


def entry(project: Project, name: str) -> StoredEntry:
    return project.store.named(name)[0]


def test_a_document_has_name_doc_and_code_each_once(project: Project) -> None:
    text = FILES["server/config.py"].split("\n")
    found = entry(project, "parse_config")
    said = document(found, text[found.start_line - 1 : found.end_line])
    assert said.startswith("parse_config\n")
    assert "def parse_config(" in said
    first = found.doc.split("\n")[0]
    assert said.count(first) == 1
    assert len(said) <= DOCUMENT_CHARACTERS


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.data())
def test_surprises_have_mean_zero_and_are_none_where_nothing_is_known(scores: list[float], data: st.DataObject) -> None:
    known = data.draw(st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=len(scores), max_size=len(scores)))
    similarities = np.array([np.nan if value is None else value for value in known])
    found = surprises(np.array(scores), similarities)
    assert np.isfinite(found).all()
    assert not found[np.isnan(similarities)].any()
    assert abs(found.sum()) < 1e-6 * max(1, len(scores)) * max(1.0, float(np.abs(found).max()))
    if (~np.isnan(similarities)).sum() < LEAST:
        assert not found.any()


def test_equal_similarities_change_no_order_however_many_there_are() -> None:
    scores = np.linspace(3, 0, 12)
    for known in range(13):
        similarities = np.where(np.arange(12) < known, 0.5, np.nan)
        order = np.argsort(-(scores + 0.2 * surprises(scores, similarities)), kind="stable")
        assert order.tolist() == list(range(12)), known


# On demand


def test_what_is_asked_for_is_embedded_and_kept_by_content(model: Model, tiers: Callable[..., SecondTier]) -> None:
    tier = tiers(model)
    asked = texts(40)
    keys = [key for key, _ in asked]
    assert tier.similarities("number 7", keys) == {}
    assert tier.request("number 7", asked, PATIENCE).done.wait(PATIENCE)
    found = tier.similarities("number 7", keys)
    assert len(found) == 40
    assert tier.missing(keys) == set()
    assert tier.status().embedded == 40
    other = Model()
    again = tiers(other)
    assert again.request("number 7", [], PATIENCE).done.wait(PATIENCE)
    assert again.similarities("number 7", keys) == pytest.approx(found)
    assert other.embedded == []


def test_nobody_waits_longer_than_he_is_willing_to(model: Model, tiers: Callable[..., SecondTier]) -> None:
    model.held = threading.Event()
    tier = tiers(model, share=1.0)
    asked = texts(5)
    keys = [key for key, _ in asked]
    request = tier.request("number", asked, 0.05)
    assert not request.done.wait(0.05)
    assert tier.similarities("number", keys) == {}
    model.held.set()
    # What was not done in time is done in the background.
    done = threading.Event()
    tier._on_change = lambda: done.set() if not tier.missing(keys) else None
    assert done.wait(PATIENCE)
    assert len(tier.similarities("number", keys)) == 5


def test_without_a_share_nothing_goes_on_in_the_background(model: Model, tiers: Callable[..., SecondTier]) -> None:
    model.held = threading.Event()
    tier = tiers(model)
    request = tier.request("number", texts(5), 0.0)
    model.held.set()
    assert request.done.wait(PATIENCE)
    assert tier.request("other", [], PATIENCE).done.wait(PATIENCE)
    assert model.embedded == []


def test_the_newest_question_comes_first(model: Model, tiers: Callable[..., SecondTier]) -> None:
    model.held = threading.Event()
    tier = tiers(model)
    first = tier.request("first", [(b"a" * 16, "old text")], PATIENCE)
    assert model.begun.wait(PATIENCE)
    second = tier.request("second", [(b"b" * 16, "new text")], PATIENCE)
    model.held.set()
    assert second.done.wait(PATIENCE)
    assert first.done.wait(PATIENCE)
    assert model.embedded == ["new text", "old text"]


def test_a_model_that_fails_keeps_nobody_waiting_and_is_left_alone_for_a_while(
    model: Model, tiers: Callable[..., SecondTier]
) -> None:
    model.failing = True
    tier = tiers(model, share=1.0)
    assert tier.request("number", texts(5), PATIENCE).done.wait(PATIENCE)
    assert (tier.status().state, tier.status().reason) == ("failed", "the model fell over")
    model.failing = False
    model.begun.clear()
    assert tier.request("number", texts(5), PATIENCE).done.is_set()
    assert not model.begun.is_set()
    tier._rest_until = 0.0
    assert tier.request("number", texts(5), PATIENCE).done.wait(PATIENCE)
    assert len(tier.similarities("number", [key for key, _ in texts(5)])) == 5
    assert tier.status().state == "idle"


def test_closing_ends_a_wait(model: Model, tiers: Callable[..., SecondTier]) -> None:
    model.held = threading.Event()
    tier = tiers(model)
    request = tier.request("number", texts(5), PATIENCE)
    assert model.begun.wait(PATIENCE)
    closing = threading.Thread(target=tier.close)
    closing.start()
    assert request.done.wait(PATIENCE)
    model.held.set()
    closing.join(PATIENCE)
    assert tier.request("number", texts(5), PATIENCE).done.is_set()


# In the background


def test_background_work_takes_its_share_of_the_time(model: Model, tiers: Callable[..., SecondTier]) -> None:
    tier = tiers(model, share=0.25)
    tier._fresh = True
    assert tier._pause(0.2) == pytest.approx(0.6)
    assert tiers(model, share=0.0)._pause(0.2) == 0.0


def test_background_work_waits_until_it_may(model: Model, tiers: Callable[..., SecondTier]) -> None:
    tier = tiers(model, share=1.0, may_work=lambda: False)
    assert tier._spread() > 0
    assert model.embedded == []


def test_all_symbols_are_upgraded_the_last_touched_and_most_used_first(
    model: Model, tiers: Callable[..., SecondTier], project: Project
) -> None:
    tier = tiers(model, share=1.0)
    plan = Plan(project.root, Settings(), lambda: project.store, lambda: tier)
    plan.refresh()
    done, planned = plan.counts()
    assert (done, planned) == (0, planned)
    assert planned > 10
    finished = threading.Event()
    tier._on_change = lambda: finished.set() if plan.counts()[0] == planned else None
    tier.add(plan)
    assert finished.wait(PATIENCE)
    named = [text.split("\n")[0] for text in model.embedded]
    assert len(named) == len(set(model.embedded))
    assert "SessionStore" in named
    assert not any(name.startswith("test_") for name in named)
    assert plan.next(10) == []


def test_what_is_central_is_what_others_refer_to(project: Project) -> None:
    central = [number for number, _, _ in project.store.central_definitions(100)]
    names = {found.id: found.name for found in project.store.entries(central)}
    counts = [project.store.reference_count(names[number]) for number in central]
    assert counts[0] == max(counts)
    assert min(counts) > 0


def test_a_file_that_is_not_as_it_was_indexed_is_left_for_later(
    model: Model, tiers: Callable[..., SecondTier], tmp_path: Path
) -> None:
    project = make_project(tmp_path, {"a.py": "def alpha():\n    return 1\n", "b.py": "def beta():\n    return 2\n"})
    (project.root / "a.py").write_text("# moved\n\n\ndef alpha():\n    return 1\n", "utf-8")
    tier = tiers(model)
    plan = Plan(project.root, Settings(), lambda: project.store, lambda: tier)
    assert [text.split("\n")[0] for _, text in plan.next(10)] == ["beta"]
    project.write({"a.py": "# moved\n\n\ndef alpha():\n    return 1\n"})
    assert "alpha" in [text.split("\n")[0] for _, text in plan.next(10)]
    project.store.close()


# What a search makes of it


def test_a_better_model_finds_better_and_half_of_it_is_not_worse(
    model: Model, tiers: Callable[..., SecondTier], project: Project
) -> None:
    """The model knows that `SessionExpired` is meant, of which the question's words say little."""
    model.rate = lambda text: 0.9 if text.startswith("SessionExpired") else 0.1
    question = "configuration of the session"
    with Searcher(project.store, project.embedder) as searcher:
        before = [hit.qualified_name for hit in searcher.search(question, 99, by_symbol=True)]
        assert "SessionExpired" in before[2:]
        searcher.tier = tiers(model)
        assert [hit.qualified_name for hit in searcher.search(question, 99, by_symbol=True)] == before
        assert upgrade(searcher.tier, searcher, project, question)
        after = [hit.qualified_name for hit in searcher.search(question, 99, by_symbol=True)]
        assert after.index("SessionExpired") < before.index("SessionExpired")
        assert sorted(after) == sorted(before)


def test_what_is_on_screen_is_what_is_compared(
    model: Model, tiers: Callable[..., SecondTier], project: Project
) -> None:
    text = FILES["server/config.py"].replace("def parse_config(", "def parse_settings(")
    update = project.update_of("server/config.py", text)
    with Searcher(project.store, project.embedder) as searcher:
        searcher.tier = tiers(model)
        _, wanted = searcher.wanted(QUESTION, overlay={"server/config.py": update})
        found = documents(wanted, project.root, Settings(), project.store)
        said = {text.split("\n")[0] for _, text in found}
        assert "parse_settings" in said
        assert "parse_config" not in said
        keys = {content_key(one) for one in update.entries}
        assert any(key in keys for key, _ in found)


# The trial


def test_the_trial_tells_a_good_model_from_a_useless_one() -> None:
    rng = np.random.default_rng(0)
    questions = rng.standard_normal((40, 16))
    same = reciprocal_rank(questions, questions)
    chance = reciprocal_rank(questions, rng.standard_normal((40, 16)))
    constant = reciprocal_rank(np.ones((40, 16)), np.ones((40, 16)))
    assert same == 1.0
    assert chance < 0.3
    assert constant < 0.1
    assert Trial(0.6, 0.6, 40).trust == pytest.approx(1.0)
    assert Trial(0.3, 0.6, 40).trust == 0.0
    assert Trial(0.05, 0.6, 40).trust == 0.0
    assert Trial(0.9, 0.6, 40).trust == pytest.approx(2.0)
    assert Trial(1.0, 0.2, 40).trust == 2.0


def documented(count: int) -> str:
    """Functions whose docs say what they do in other words than their code."""
    things = ("cat", "house", "river", "stone", "music", "garden", "winter", "bread", "mirror", "engine")
    verbs = ("paint", "wash", "sell", "break")
    return "\n\n".join(
        f"def {verb}_{thing}(value):\n"
        f'    """{verb.title()} the {thing} of the family before noon."""\n'
        f"    return do_{verb}(value, {thing}=True)\n"
        for thing, verb in [(thing, verb) for thing in things for verb in verbs][:count]
    ) + "".join(f"\nuse({verb}_{thing})" for thing in things for verb in verbs)


def test_a_model_has_its_trial_once(tiers: Callable[..., SecondTier], tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a.py": documented(40)})
    tier = tiers(Model())
    plan = Plan(project.root, Settings(), lambda: project.store, lambda: tier)
    pairs = plan.pairs(30)
    assert len(pairs) == 30
    for question, text in pairs:
        assert question.endswith("of the family before noon.")
        assert "before noon" not in text
        assert "def " in text
    assert tier.try_out(plan)
    assert tier.trial is not None
    assert tier.trial.model == pytest.approx(tier.trial.static)
    assert tier.trust == pytest.approx(1.0)
    assert tiers(Model()).trial == tier.trial, "it is kept beside the vectors"
    project.store.close()


def test_a_useless_model_changes_nothing(tiers: Callable[..., SecondTier], tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a.py": documented(40)})
    noise = np.random.default_rng(1)
    model = Model(rate=lambda _: float(noise.uniform(0, 1)))
    tier = tiers(model)
    assert tier.try_out(Plan(project.root, Settings(), lambda: project.store, lambda: tier))
    assert tier.trust == 0.0
    with Searcher(project.store, project.embedder) as searcher:
        before = [(hit.qualified_name, hit.score) for hit in searcher.search("wash the river")]
        searcher.tier = tier
        assert upgrade(tier, searcher, project, "wash the river")
        assert [(hit.qualified_name, hit.score) for hit in searcher.search("wash the river")] == before
    project.store.close()


def test_too_little_code_for_a_trial(model: Model, tiers: Callable[..., SecondTier], project: Project) -> None:
    tier = tiers(model)
    assert tier.try_out(Plan(project.root, Settings(), lambda: project.store, lambda: tier))
    assert (tier.trial, tier.trust, model.embedded) == (None, 1.0, [])


def test_a_question_comes_before_the_trial(model: Model, tiers: Callable[..., SecondTier], tmp_path: Path) -> None:
    project = make_project(tmp_path, {"a.py": documented(40)})
    model.held = threading.Event()
    tier = tiers(model, share=1.0)
    tier.add(Plan(project.root, Settings(), lambda: project.store, lambda: tier))
    assert model.begun.wait(PATIENCE)
    request = tier.request("number", [(b"a" * 16, "asked for")], PATIENCE)
    model.held.set()
    assert request.done.wait(PATIENCE)
    assert len(model.embedded) <= 2
    assert model.embedded[-1] == "asked for"
    project.store.close()


# As a session has it


@pytest.mark.llama
def test_another_model_or_none_can_be_chosen_at_any_time(tmp_path: Path) -> None:
    """Also while the tier's thread is at work for a root; nothing waits for anything."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text(documented(40), "utf-8")
    models = [gguf_files.embedding_model(tmp_path / f"{name}.gguf", context=512) for name in ("one", "two")]
    settings = Settings(
        index_dir=tmp_path / "indexes", embedding_model=str(models[0]), upgrade_share=1.0, threads=1, workers=1
    )
    session = Session([tmp_path / "code"], settings)
    try:
        root, upgrades = session.root, session.shared.upgrades
        root.index()
        upgrades.add(root.plan())
        for model in (models[1], models[0], Path("none"), models[1]):
            session.reconfigure(replace(settings, embedding_model=str(model)))
            tier, status = upgrades.tier, upgrades.status()
            assert (status.model if status else "none") == model.stem
            if tier is not None:
                tier.wake()
                root.upgrade(f"a question for {model.stem}", seconds=PATIENCE)
                assert tier.status().state != "failed"
        session.reconfigure(replace(settings, embedding_model=str(tmp_path / "gone.gguf")))
        assert upgrades.tier is None
        status = upgrades.status()
        assert status is not None
        assert "gone.gguf" in status.reason
        assert root.search("wash the river", 5, patience=PATIENCE)
    finally:
        session.close()
