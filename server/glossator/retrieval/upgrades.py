"""The second tier: vectors of a better and slower model, for the places where they pay.

The static embedder finds the candidates of a question at once. Where the user has installed an embedding model, the
best candidates are compared by its vectors too: those that are there already, by content, and those that can be made
while the user is willing to wait. What is not ready in time is made later, and then, within a share of the processor's
time, the vectors of the symbols that were touched last and of those that most others refer to. So an answer is never
waited for, every question finds more of its candidates upgraded than the one before, and nothing is embedded twice.

How much that counts is found out by a trial on the user's own code: how well the model finds definitions by their docs,
and how well the static embedder does. One that does worse is listened to less, or not at all.

How a half-done upgrade cannot hurt: what counts is not a candidate's similarity but by how much it differs from what
the candidate's own score leads to expect among those that have one (`surprises`). A candidate without a vector has no
surprise, neither good nor bad.

This module knows nothing of the model's process: who wires it up hands over an embedder.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from glossator.errors import EmbeddingError
from glossator.retrieval.trial import Trial, read_trial, reciprocal_rank, write_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.records import StoredEntry
    from glossator.index.vectors import VectorCache

WANTED: Final = 24
"""Best candidates of a question that are worth a better vector."""
LEAST: Final = 6
"""Candidates with such a vector from which on they count: fewer say too little about the model's scale."""
DOCUMENT_CHARACTERS: Final = 500
"""What is embedded of a place: its name, its doc, the beginning of its code. On docstrings of the standard library 400
characters did better than 1,600, in half the time: what a function is for stands at its beginning."""
DOC_CHARACTERS: Final = 240
DOC_LINES: Final = 12
"""Lines of a definition among which its doc begins, if it stands inside."""

BATCH_SECONDS: Final = 0.15
"""Work handed to the model at once: what a new question may have to wait for."""
MOST_IN_BATCH: Final = 32
FIRST_BATCH: Final = 2
"""Documents of the first batch, while the model's speed is not known."""
TRIAL_PAIRS: Final = 64
LEAST_PAIRS: Final = 24
"""Docs and definitions of a trial: some ten seconds of a small model, once."""
LEFT_OVER: Final = 8
"""Questions whose candidates are still upgraded after they were answered."""
QUERIES: Final = 256
"""Vectors of queries that are kept."""
RETRY_SECONDS: Final = (30.0, 120.0, 600.0)
"""How long to do without the model after it failed, once, twice, more often."""
PAUSE_SECONDS: Final = 2.0
"""How soon to look again whether background work is allowed."""

SLOPE: Final = 0.6
"""How much a unit of a candidate's score leads to expect of its similarity, in standard deviations of these."""
STRENGTH: Final = 0.25
"""What a surprise of one standard deviation adds to the score of the candidate's file. (Adding it to the candidate
within its file as well brought nothing.) Both were chosen with all-MiniLM-L6-v2 (docs/benchmarks.md)."""
LEAST_SPREAD: Final = 0.03
"""Similarities that differ by less (standard deviation) are as good as equal."""

_log = logging.getLogger(__name__)

State = Literal["idle", "loading", "busy", "failed"]

Document = tuple[bytes, str]
"""Content key of an entry, and what is embedded of it."""


class DocumentEmbedder(Protocol):
    """What makes the vectors; see `index.embedding.GgufEmbedder`. Each method raises EmbeddingError."""

    @property
    def id(self) -> str:
        """Name and version of the model."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts, shape (len(texts), dimensions)."""

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Unit vector of a query, shape (dimensions,)."""


class Source(Protocol):
    """Background work: one root's symbols, the most worthwhile first."""

    def next(self, count: int) -> list[Document]:
        """Up to `count` documents that have no vector yet; none if all is done. Called in the tier's thread."""

    def pairs(self, count: int) -> list[tuple[str, str]]:
        """Up to `count` docs of definitions, each with the definition without it. Called in the tier's thread."""

    def static_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts by the static embedder."""


@dataclass(frozen=True, slots=True)
class TierStatus:
    """How the second tier stands. `reason` says why the model failed."""

    state: State
    reason: str = ""
    embedded: int = 0
    """Documents embedded since the start."""


@dataclass(slots=True)
class Request:
    """The candidates of one question, being upgraded."""

    query: str
    documents: deque[Document]
    until: float
    """Until when (monotonic clock, seconds) somebody waits."""
    done: threading.Event = field(default_factory=threading.Event)


def document(entry: StoredEntry, code: Sequence[str], *, with_doc: bool = True) -> str:
    """What is embedded of an entry, given the lines of its file from its first to its last.

    Its qualified name, its doc, and its code from the line of the name on, without the doc: at most
    `DOCUMENT_CHARACTERS` in all.
    """
    skipped = entry.name_line - entry.start_line if entry.part == 0 else 0
    doc = " ".join(entry.doc.split())[:DOC_CHARACTERS] if with_doc else ""
    parts = (entry.qualified_name, doc, "\n".join(_without(entry.doc, code[max(skipped, 0) :])))
    return "\n".join(part for part in parts if part)[:DOCUMENT_CHARACTERS]


def _without(doc: str, code: Sequence[str]) -> list[str]:
    """Lines of code without those that a doc takes that stands inside; "" for no doc."""
    said = [line.strip() for line in doc.split("\n") if line.strip()]
    if not said:
        return list(code)
    begin = next((i for i, line in enumerate(code[:DOC_LINES]) if said[0] in line), None)
    if begin is None:
        return list(code)
    end = next((i for i in range(len(said) - 1 + begin, len(code)) if said[-1] in code[i]), begin)
    if end + 1 < len(code) and code[end + 1].strip() in ('"""', "'''", "*/", "-}", "]]"):
        end += 1
    return [*code[:begin], *code[end + 1 :]]


def surprises(scores: NDArray[np.float64], similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much similarities (NaN where unknown) exceed what the scores lead to expect, in standard deviations.

    0 where a similarity is unknown, and everywhere if fewer than `LEAST` are known. The known ones have mean 0, so
    that having a vector is in itself neither good nor bad; and they are made smaller by the share that is known, since
    with few of them a candidate's surprise says as much about the others that happen to be known.
    """
    import numpy as np

    found = np.zeros(len(scores))
    known = np.flatnonzero(~np.isnan(similarities))
    if len(known) < LEAST:
        return found
    values, expected = similarities[known], scores[known]
    spread = max(float(values.std()), LEAST_SPREAD)
    share = len(known) / len(scores)
    found[known] = share * ((values - values.mean()) / spread - SLOPE * (expected - expected.mean()))
    return found


class SecondTier:
    """Vectors by an embedding model: made on demand, kept by content, spread in the background.

    All methods may be called from any thread; none but `Request.done.wait` waits for the model.

    Args:
        embedder: makes vectors.
        cache: keeps them.
        share: part of the time that background work may keep the model busy, 0 to 1; 0: none is done.
        may_work: whether background work may go on now.
        on_change: called, in the tier's thread, when the state changes or something was embedded in the background.
    """

    def __init__(
        self,
        embedder: DocumentEmbedder,
        cache: VectorCache,
        *,
        share: float = 0.0,
        may_work: Callable[[], bool] = lambda: True,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._embedder = embedder
        self._cache = cache
        self._share = share
        self._may_work = may_work
        self._on_change = on_change
        self._queries: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._waiting: list[Request] = []
        self._left: deque[Request] = deque(maxlen=LEFT_OVER)
        self._sources: list[Source] = []
        self._offered: deque[Document] = deque()
        """What a source has offered and is not embedded yet."""
        self._fresh = False
        """A source may have work."""
        self._nudged = False
        """Somebody thinks that it is worth looking what there is to do."""
        self._wake = threading.Condition()
        self._closed = False
        self._status = TierStatus("idle")
        self._failures = 0
        self._rest_until = 0.0
        self._seconds_per_character = 0.0
        self._thread: threading.Thread | None = None
        self.trial: Trial | None = read_trial(cache.path)
        """How the model did; None before."""

    @property
    def id(self) -> str:
        """The model's."""
        return self._embedder.id

    @property
    def trust(self) -> float:
        """How much the model counts, see `Trial.trust`; 1 until it had its trial."""
        return self.trial.trust if self.trial is not None else 1.0

    def status(self) -> TierStatus:
        """How it stands now."""
        return self._status

    # What is known

    def similarities(self, query: str, keys: Sequence[bytes]) -> dict[bytes, float]:
        """Similarity to the query, for those of the entries that have a vector; none while the query has none."""
        import numpy as np

        with self._wake:
            vector = self._queries.get(query)
            if vector is None:
                return {}
            self._queries.move_to_end(query)
        found = {key: value for key, value in self._cache.get(keys).items() if len(value) == len(vector)}
        if not found:
            return {}
        products = np.stack(list(found.values())).astype(np.float32) @ vector
        return dict(zip(found, products.tolist(), strict=True))

    def missing(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that have no vector."""
        return set(keys) - self._cache.known(keys)

    # On demand

    def request(self, query: str, documents: Sequence[Document], seconds: float) -> Request:
        """Have a query ("" for none) and documents, the best first, embedded before all else: somebody waits so long.

        What is not done in time goes on in the background, if background work is wanted.
        """
        request = Request(query, deque(documents), time.monotonic() + seconds)
        with self._wake:
            known = not query or query in self._queries
            if self._closed or (known and not documents) or time.monotonic() < self._rest_until:
                request.done.set()
                return request
            self._waiting.append(request)
            self._start()
            self._wake.notify_all()
        return request

    # In the background

    def add(self, source: Source) -> None:
        """Work for the background."""
        with self._wake:
            self._sources.append(source)
        self.wake()

    def remove(self, source: Source) -> None:
        """No more of that."""
        with self._wake:
            if source in self._sources:
                self._sources.remove(source)

    def wake(self) -> None:
        """A source may have new work."""
        with self._wake:
            self._fresh = self._nudged = True
            if self._share > 0 and self._sources and not self._closed:
                self._start()
                self._wake.notify_all()

    def close(self) -> None:
        """Give up what is waiting, end the thread and release the cache; the embedder stays open."""
        with self._wake:
            self._closed = True
            for request in self._waiting:
                request.done.set()
            self._waiting.clear()
            self._wake.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(10.0)
        self._cache.close()

    # The thread

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="glossator-upgrades", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        pause = 0.0
        while True:
            with self._wake:
                if pause:  # a nudge must not cut short what keeps background work within its share
                    self._wake.wait_for(lambda: self._closed or bool(self._waiting), pause)
                else:
                    self._wake.wait_for(lambda: self._closed or self._nudged or bool(self._waiting))
                self._nudged = False
                if self._closed:
                    return
                request = self._waiting[-1] if self._waiting else None
                rest = self._rest_until - time.monotonic()
            if rest > 0:
                self._give_up()
                pause = rest
                continue
            try:
                if request is not None:
                    self._serve(request)
                    pause = self._pause(0.0)
                else:
                    pause = self._spread()
            except EmbeddingError as error:
                self._failed(str(error))
                pause = self._rest_until - time.monotonic()
            except Exception as error:
                # The thread must live on, or nobody would ever be told why nothing is upgraded any more.
                _log.exception("upgrading vectors failed")
                self._failed(f"an unexpected error: {type(error).__name__} (the log tells more)")
                pause = self._rest_until - time.monotonic()

    def _pause(self, busy: float) -> float:
        """Seconds to let pass after so many of background work: 0 means until somebody asks."""
        if self._share <= 0 or not (self._left or self._fresh):
            return 0.0
        return max(busy * (1 / self._share - 1), 0.01)

    def _serve(self, request: Request) -> None:
        """Embed the query, or the next batch of a request; the newest request comes first."""
        if request.query and request.query not in self._queries:
            self._set("busy" if self._status.embedded else "loading")
            vector = self._embedder.embed_query(request.query)
            with self._wake:
                self._queries[request.query] = vector
                while len(self._queries) > QUERIES:
                    self._queries.popitem(last=False)
        elif time.monotonic() < request.until and request.documents:
            self._embed(request.documents)
        late = time.monotonic() >= request.until
        if late or not request.documents:
            with self._wake:
                if request in self._waiting:
                    self._waiting.remove(request)
                if request.documents:
                    self._left.append(request)
            request.done.set()
            self._set("idle")
        self._failures = 0

    def _spread(self) -> float:
        """Do a batch of background work; returns the seconds to wait before the next."""
        if self._share <= 0:
            return 0.0
        if not self._may_work():
            return PAUSE_SECONDS
        documents = self._background()
        if not documents:
            return 0.0
        started = time.monotonic()
        self._set("busy")
        self._embed(documents)
        self._failures = 0
        self._set("idle")
        self._on_change()
        return self._pause(time.monotonic() - started)

    def _background(self) -> deque[Document]:
        """The next documents: what questions brought up, then what the sources offer."""
        while self._left:
            documents = self._left[-1].documents
            missing = self.missing([key for key, _ in documents])
            wanted = deque(item for item in documents if item[0] in missing)
            self._left[-1].documents = wanted
            if wanted:
                return wanted
            self._left.pop()
        if self._offered:
            return self._offered
        with self._wake:
            sources, self._fresh = list(self._sources), False
        for source in sources:
            if self.trial is None and not self.try_out(source):
                return self._offered
            found = source.next(MOST_IN_BATCH)
            if found:
                with self._wake:
                    self._fresh = True
                self._offered.extend(found)
                return self._offered
        self._cache.trim()
        self._on_change()
        return self._offered

    def try_out(self, source: Source) -> bool:
        """Find out how well the model does on a root's code; nothing if there is too little of it.

        False if a question came between, which goes first.

        Raises:
            EmbeddingError: the model cannot be used.
        """
        import numpy as np

        pairs = source.pairs(TRIAL_PAIRS)
        if len(pairs) < LEAST_PAIRS:
            return True
        vectors: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
        for question, text in pairs:
            started = time.monotonic()
            vectors.append((self._embedder.embed_query(question), self._embedder.embed_documents([text])[0]))
            pause = self._pause(time.monotonic() - started)
            with self._wake:
                if self._wake.wait_for(lambda: self._closed or bool(self._waiting), pause):
                    self._fresh = True
                    return False
        questions, answers = (np.stack(side) for side in zip(*vectors, strict=True))
        static = [source.static_vectors([pair[side] for pair in pairs]) for side in (0, 1)]
        trial = Trial(reciprocal_rank(questions, answers), reciprocal_rank(*static), len(pairs))
        _log.info("the embedding model did %.3f on this code, the static embedder %.3f", trial.model, trial.static)
        self.trial = trial
        write_trial(self._cache.path, trial)
        return True

    def _embed(self, documents: deque[Document]) -> None:
        """Embed and keep as many of the documents, from the left, as take about `BATCH_SECONDS`."""
        import numpy as np

        batch: list[Document] = []
        characters = 0
        while documents and len(batch) < (MOST_IN_BATCH if self._seconds_per_character else FIRST_BATCH):
            if batch and (characters + len(documents[0][1])) * self._seconds_per_character > BATCH_SECONDS:
                break
            batch.append(documents.popleft())
            characters += len(batch[-1][1])
        started = time.monotonic()
        vectors = self._embedder.embed_documents([text for _, text in batch])
        seconds = (time.monotonic() - started) / max(characters, 1)
        self._seconds_per_character = (
            (self._seconds_per_character + seconds) / 2 if self._seconds_per_character else seconds
        )
        self._cache.put({key: vector for (key, _), vector in zip(batch, vectors.astype(np.float16), strict=True)})
        self._status = TierStatus(self._status.state, self._status.reason, self._status.embedded + len(batch))

    def _failed(self, reason: str) -> None:
        wait = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        _log.warning("searching goes on without the embedding model for %.0f s: %s", wait, reason)
        self._failures += 1
        self._rest_until = time.monotonic() + wait
        self._set("failed", reason)
        self._give_up()

    def _give_up(self) -> None:
        """Let nobody wait for what will not come."""
        with self._wake:
            for request in self._waiting:
                request.done.set()
            self._waiting.clear()
        self._offered.clear()
        self._fresh = True

    def _set(self, state: State, reason: str = "") -> None:
        if (state, reason) != (self._status.state, self._status.reason):
            self._status = TierStatus(state, reason, self._status.embedded)
            self._on_change()
