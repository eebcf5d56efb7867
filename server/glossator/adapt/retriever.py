"""Adapts a project's retriever: word vectors trained further on the project, and weights of ranking fitted to it.

    commits ── split by time ──> learning ──┬─> pairs ──> word vectors ──> an index with them, beside the one in use
       │                                    └─> questions ────────────────> weights, fitted in that index
       └──> judging: the newest tenth ──> gate: is it better than what is in use? ──> put to use, or all is removed

Nothing that is in use changes before the gate has let it through, whatever happens meanwhile. This module does not know
LSP or command-line arguments.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import islice
from typing import TYPE_CHECKING

from glossator.adapt.commit_changes import NOT_DEFINITIONS, ProjectHistory
from glossator.adapt.project_pairs import limited, pairs_of_code, pairs_of_commits
from glossator.adapt.ranker_fit import chosen_weights, collect_case
from glossator.adapt.retriever_gate import (
    FEWEST_JUDGES,
    Comparison,
    GeneralSet,
    JudgedQuestion,
    name_questions,
    ranks_compared,
    reciprocal_ranks,
    verdict,
)
from glossator.adapt.retriever_report import AdaptProgress, RetrieverReport, changed_ranks
from glossator.adapt.vector_mix import best_mix
from glossator.adapt.word_vectors import AdaptRecipe, CountedPairs, WordTable, trained
from glossator.errors import AdaptationError, CancelledByUser, StoreLockedError, UsageError
from glossator.index.embedding import BUNDLED
from glossator.project.adapted_data import adapted_version, remove_adapted_data
from glossator.project.retriever_choice import WEIGHTS_FILE, Retriever, embedder_ids, read_retriever
from glossator.project.root import Root
from glossator.retrieval.kinds import is_test
from glossator.retrieval.ranking import default_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from glossator.adapt.commit_changes import ChangedDefinition, CommitHistory, PastCommit
    from glossator.adapt.project_pairs import ProjectPair
    from glossator.adapt.ranker_fit import RankedCase
    from glossator.index.entries import Entry
    from glossator.project.session import Session
    from glossator.project.snapshot import Snapshot
    from glossator.retrieval.ranking import Weights

    CommitChanges = list[tuple[PastCommit, list[ChangedDefinition]]]

CHOOSING_SHARE = 0.15
"""Share of the commits that are learned from, the newest, which choose how far vectors move, and whether weights do."""
FIT_QUESTIONS = 400
"""Commits that the weights are fitted to, the newest ones after those that choose."""
NAME_QUESTIONS = 150
"""Names that the gate asks for at most."""
FEWEST_COMMITS = 200
"""Commits below which the newest tenth cannot judge."""
FEWEST_PAIRS = 200
"""Pairs below which nothing is learned."""
_PARSED_AT_ONCE = 64
"""Texts that are handed to the worker processes at once."""
_STAGES = (
    ("Indexing", 15),
    ("Reading commits", 25),
    ("Reading code", 10),
    ("Training", 20),
    ("Indexing with the new vectors", 15),
    ("Fitting weights", 5),
    ("Judging", 10),
)
"""What is done, and its usual share of the time in per cent."""


def adapt_retriever(
    session: Session,
    progress: Callable[[AdaptProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    recipe: AdaptRecipe | None = None,
) -> RetrieverReport:
    """Adapt the retriever of a session's only root, and use it from now on if it is better.

    Args:
        session: its root is indexed first.
        progress: called in this thread, several times a second.
        cancelled: whether to stop.
        recipe: how to train the vectors.

    Raises:
        AdaptationError: no git repository, too few commits, too little text, a full disk; nothing has changed.
        CancelledByUser: `cancelled` returned true; nothing has changed.
        GlossatorError: the project cannot be indexed.
    """
    return _Run(session, progress, cancelled, recipe or AdaptRecipe()).do()


class _Run:
    """One adaptation of a retriever in progress."""

    def __init__(
        self,
        session: Session,
        progress: Callable[[AdaptProgress], None],
        cancelled: Callable[[], bool],
        recipe: AdaptRecipe,
    ) -> None:
        self._session = session
        self._root = session.root
        self._settings = session.settings
        self._recipe = recipe
        self._progress, self._cancelled = progress, cancelled
        self._started = time.monotonic()
        self._stage = 0

    def do(self) -> RetrieverReport:
        history = ProjectHistory(self._root.path)
        self._tidy()
        self._update_index()
        snapshot = self._snapshot(self._root)
        lines = snapshot.status().lines
        indexed = {path for path, record in snapshot.store.files().items() if not record.skipped}
        commits = history.read(indexed)
        if commits.count < FEWEST_COMMITS:
            raise AdaptationError(
                f"too few commits to learn from and to judge by: {commits.count} without merges, and at least"
                f" {FEWEST_COMMITS} are needed"
            )
        judged = self._judges(history, commits, snapshot)
        learned = self._changes(history, commits.learning, len(commits.judging), len(commits.learning))
        code = self._code(history, commits, indexed)
        table, mix, pairs = self._vectors(code, learned)
        return self._tried(table, mix, pairs, judged, learned, code, lines, len(commits.judging))

    def _update_index(self) -> None:
        """Bring the index up to date, unless another process does: that of an editor in which the project is open."""
        try:
            self._root.index(lambda one: self._at(0, _part(one.files_done, one.files_total)), self._cancelled)
        except StoreLockedError:
            self._check()

    # What is learned from

    def _judges(self, history: ProjectHistory, commits: CommitHistory, snapshot: Snapshot) -> list[JudgedQuestion]:
        changed = self._changes(history, commits.judging, 0, len(commits.learning) + len(commits.judging))
        questions = self._questions(changed, snapshot)
        if len(questions) < FEWEST_JUDGES:
            raise AdaptationError(
                f"too few commits to judge by: {len(questions)} of the newest tenth ({commits.count} in all) say what"
                f" they change and change definitions that are still there, and at least {FEWEST_JUDGES} are needed"
            )
        return questions

    def _questions(self, changes: CommitChanges, snapshot: Snapshot) -> list[JudgedQuestion]:
        """Commits as questions for definitions that are in the index."""
        known: dict[str, set[str]] = {}
        found = []
        for commit, changed in changes:
            self._check()
            for path in {one.path for one in changed} - known.keys():
                known[path] = {entry.qualified_name for entry in snapshot.store.entries_in(path)}
            places = {(one.path, one.entry.qualified_name) for one in changed}
            wanted = frozenset(place for place in places if place[1] in known[place[0]])
            if wanted:
                found.append(JudgedQuestion(commit.subject, wanted))
        return found

    def _changes(self, history: ProjectHistory, commits: Sequence[PastCommit], before: int, rest: int) -> CommitChanges:
        total = before + rest
        return list(
            history.changed(
                commits,
                self._parsed,
                self._settings.max_file_bytes,
                lambda done: self._at(1, _part(before + done, total)),
            )
        )

    def _code(self, history: ProjectHistory, commits: CommitHistory, indexed: set[str]) -> dict[str, Sequence[Entry]]:
        """The project's files as they were before the commits that judge, parsed."""
        blobs = [(path, blob) for path, blob in history.tree(commits.base).items() if path in indexed]
        found: dict[str, Sequence[Entry]] = {}
        texts = ((path, text) for path, _, text in history.texts(blobs, self._settings.max_file_bytes))
        while some := list(islice(texts, _PARSED_AT_ONCE)):
            found.update(zip((path for path, _ in some), self._parsed(some), strict=True))
            self._at(2, _part(len(found), len(blobs)))
        return found

    def _parsed(self, texts: Iterable[tuple[str, str]]) -> Iterator[Sequence[Entry]]:
        """Entries of texts, in order, from the worker processes."""
        source = iter(texts)
        with ThreadPoolExecutor(8, thread_name_prefix="glossator-adapt") as threads:
            while some := list(islice(source, _PARSED_AT_ONCE)):
                self._check()
                for update in threads.map(lambda one: self._root.parsed(*one), some):
                    yield update.entries

    # Vectors

    def _vectors(
        self, code: dict[str, Sequence[Entry]], learned: CommitChanges
    ) -> tuple[WordTable, float, list[ProjectPair]]:
        """The table that the project is to have, how far it moved, and the pairs."""
        of_code = pairs_of_code(code)
        newest = int(CHOOSING_SHARE * len(learned))
        pairs = limited([*of_code, *pairs_of_commits(learned)])
        if len(pairs) < FEWEST_PAIRS:
            raise AdaptationError(
                f"too little text to learn from: {len(pairs)} questions in comments, names, tests and commits, and at"
                f" least {FEWEST_PAIRS} are needed"
            )
        shipped = WordTable.read(BUNDLED)
        table = shipped.extended(f"{pair.query} {pair.name} {pair.signature} {pair.text}" for pair in pairs)
        tried = trained(
            table,
            CountedPairs.of(limited([*of_code, *pairs_of_commits(learned[newest:])]), table.vocabulary),
            self._recipe,
            lambda step, steps: self._at(3, 0.5 * step / steps),
        )
        mix = best_mix(table, tried, code, learned[:newest], self._check)
        if not mix:
            return shipped, 0.0, pairs
        whole = trained(
            table,
            CountedPairs.of(pairs, table.vocabulary),
            self._recipe,
            lambda step, steps: self._at(3, 0.5 + 0.5 * step / steps),
        )
        return table.moved(whole, mix), mix, pairs

    # Trying and judging

    def _tried(
        self,
        table: WordTable,
        mix: float,
        pairs: list[ProjectPair],
        judged: list[JudgedQuestion],
        learned: CommitChanges,
        code: dict[str, Sequence[Entry]],
        lines: int,
        judging: int,
    ) -> RetrieverReport:
        kept = self._root.adaptations
        shipped = self._session.shared.embedder
        with kept.staging("retriever") as staged:
            if mix:
                with kept.writing():
                    table.write(staged, adapted_version(shipped_version(), self._root.path), {"base": shipped.id})
            candidate = read_retriever(staged, "", shipped)
            root, embedded = self._indexed(candidate)
            try:
                weights = self._weights(self._snapshot(self._root), learned, code)
                with kept.writing():
                    (staged / WEIGHTS_FILE).write_text(json.dumps(asdict(weights), indent=1) + "\n", "utf-8")
                commits, names, general, examples = self._judged(root, weights, table, mix, judged, code)
                reason = verdict(commits, names, general)
                report = RetrieverReport(
                    name="",
                    reason=reason,
                    commits=commits,
                    names=names,
                    general=general,
                    pairs=dict(Counter(pair.kind for pair in pairs)),
                    learning=len(learned),
                    judging=judging,
                    mix=mix,
                    fitted=weights != default_weights(),
                    embedded=embedded,
                    lines=lines,
                    seconds=time.monotonic() - self._started,
                    examples=examples,
                )
                self._check()
                if not reason:
                    details = {**report.facts(), "embedder": candidate.embedder.id}
                    added = kept.add("retriever", staged, base=shipped.id, summary=report.summary, details=details)
                    report = replace(report, name=added.name)
            finally:
                if root is not self._root:
                    root.close()
                self._tidy()
        return report

    def _indexed(self, candidate: Retriever) -> tuple[Root, int]:
        """A root with the index of a candidate, and how many symbols were embedded for it."""
        if candidate.embedder.id == self._root.retriever.embedder.id:  # nothing but weights is new
            return self._root, 0
        root = Root(self._root.path, self._session.shared, candidate)
        try:
            report = root.index(lambda one: self._at(4, _part(one.files_done, one.files_total)), self._cancelled)
        except BaseException:
            root.close()
            self._tidy()
            raise
        return root, report.embedded

    def _weights(self, snapshot: Snapshot, learned: CommitChanges, code: dict[str, Sequence[Entry]]) -> Weights:
        newest = int(CHOOSING_SHARE * len(learned))
        asked = [
            self._questions(learned[:newest], snapshot),
            self._questions(learned[newest : newest + FIT_QUESTIONS], snapshot),
            name_questions(_defined(code), NAME_QUESTIONS, "choosing"),
        ]
        total = sum(map(len, asked))
        choosing, fitting, named = (
            self._cases(snapshot, some, sum(map(len, asked[:at])), total) for at, some in enumerate(asked)
        )
        return chosen_weights(choosing, fitting, named, default_weights(), self._check)

    def _cases(
        self, snapshot: Snapshot, questions: Sequence[JudgedQuestion], before: int, total: int
    ) -> list[RankedCase]:
        """The candidates of questions."""
        cases = []
        searcher = snapshot.searcher
        for at, question in enumerate(questions):
            self._at(5, _part(before + at, total))
            try:
                with searcher.searching:
                    case = collect_case(searcher, question.query, question.wanted)
            except UsageError:
                continue
            if case is not None:
                cases.append(case)
        return cases

    def _judged(
        self,
        root: Root,
        weights: Weights,
        table: WordTable,
        mix: float,
        judged: list[JudgedQuestion],
        code: dict[str, Sequence[Entry]],
    ) -> tuple[Comparison, Comparison | None, Comparison, tuple[dict[str, str], ...]]:
        before, after = self._snapshot(self._root), self._snapshot(root)
        names = name_questions(_defined(code), NAME_QUESTIONS)
        asked = [*judged, *names]
        done = 0

        def watch() -> None:
            nonlocal done
            self._at(6, done / (2 * len(asked)))
            done += 1

        old = reciprocal_ranks(before.searcher, asked, watch)
        searcher = after.searcher
        usual, searcher.weights = searcher.weights, weights
        try:
            new = reciprocal_ranks(searcher, asked, watch)
        finally:
            searcher.weights = usual
        general = GeneralSet("judging")
        shipped = general.reciprocal_ranks(WordTable.read(BUNDLED))
        own = general.reciprocal_ranks(table) if mix else shipped
        count = len(judged)
        of_names = ranks_compared(old[count:], new[count:]) if len(names) >= FEWEST_JUDGES else None
        examples = changed_ranks(judged, old, new)
        return ranks_compared(old[:count], new[:count]), of_names, ranks_compared(shipped, own), examples

    # Bookkeeping

    def _snapshot(self, root: Root) -> Snapshot:
        snapshot = root.open()
        if snapshot is None:
            raise AdaptationError(f"the index of {root.path} was deleted in the meantime: try again")
        return snapshot

    def _tidy(self) -> None:
        """Remove adaptations that are too many, and the indexes and vectors of all that are not kept."""
        kept = self._root.adaptations
        for one in kept.surplus("retriever"):
            kept.remove(one.name)
        remove_adapted_data(self._settings, self._root.path, embedder_ids(kept.listed(), self._session.shared.embedder))

    def _check(self) -> None:
        if self._cancelled():
            raise CancelledByUser("interrupted; nothing was changed")

    def _at(self, stage: int, part: float) -> None:
        """Report progress, and stop if that was asked for."""
        self._check()
        before = sum(share for _, share in _STAGES[:stage])
        done = (before + _STAGES[stage][1] * min(part, 1.0)) / 100
        spent = time.monotonic() - self._started
        self._progress(AdaptProgress(_STAGES[stage][0], done, spent * (1 - done) / done if done > 0.05 else 0.0))


def _defined(code: Mapping[str, Sequence[Entry]]) -> list[tuple[str, str, str]]:
    """(path, qualified name, name) of the definitions outside tests."""
    return [
        (path, entry.qualified_name, entry.name)
        for path, found in code.items()
        if not is_test(path)
        for entry in found
        if entry.part == 0 and entry.kind not in NOT_DEFINITIONS
    ]


def _part(done: int, total: int) -> float:
    return done / total if total else 0.0


def shipped_version() -> str:
    """The version of the bundled embedder."""
    return str(json.loads((BUNDLED / "model.json").read_text("utf-8"))["version"])
