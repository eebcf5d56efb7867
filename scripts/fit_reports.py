"""Fit the ranking of what a problem report is about: `fit_reports.py --reports FILE --mirrors DIR --commits DIR`.

The model is that of `fit_ranking.py`, a conditional logit, once over the candidate files and once over the candidate
definitions. It is fitted on texts made of commits (`make_symbol_questions.py --whole`, `make_report_questions.py`), of
which there are many, and on the reports that there are (`report_questions.py`). Each text counts alike, those of a
repository together as `MOST_OF_ONE` at most.

Reports are scored in three ways: by weights that were fitted on commits alone; by nested cross-validation, where a
repository's reports are ranked by weights that were fitted on the commits and on the reports of other repositories,
with the penalty that does best on reports of still others; and by all that was fitted, which is not a figure for code
never seen. Commits are scored by weights that were fitted on the reports and on the commits of other repositories, and
by what ships; the difference has intervals by bootstrap over repositories.

The round of `report_search.py` starts from the best definitions by the bundled weights: after a change of the
signals run it twice.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import pickle
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from fit_ranking import Case, fit
from glossator.errors import UsageError
from glossator.index.manifest import ORDINAL_BITS
from glossator.retrieval.report_search import (
    DEFINITION_SIGNALS,
    FILE_SIGNALS,
    FoundDefinitions,
    ReportSearch,
    from_several_files,
    report_weights,
    with_files,
)
from glossator.retrieval.reports import read_report
from glossator.retrieval.search import Searcher
from report_questions import all_among, functions, load_reports, sessions
from retrieval_questions import Question, indexed, load, mean

RANKING = Path(__file__).resolve().parent.parent / "server" / "glossator" / "data" / "report_ranking.json"
PENALTIES = (1.0, 3.0, 10.0)
STANDARDISED = 0.5
MOST_OF_ONE = 40
"""See `fit_ranking.fit`."""
PARTS = 6
"""Parts into which the commits' repositories are divided, each ranked by weights fitted on the others."""
RESAMPLES = 4_000
MEASURES = ("File@1", "File@3", "File@5", "File@10", "Function@5", "Function@10")


@dataclass(frozen=True, slots=True)
class ReportCase:
    """A report with its candidates."""

    question: Question
    paths: list[str]
    revisions: list[int]
    files: NDArray[np.float32]
    found: FoundDefinitions
    wanted_paths: list[str]
    wanted: set[tuple[str, str]]


Fitted = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights of `FILE_SIGNALS` and of `DEFINITION_SIGNALS`."""


def case_of(
    searcher: Searcher, key: str, repo: str, query: str, paths: list[str], wanted: set[tuple[str, str]]
) -> ReportCase | None:
    """A report's candidates; None if it is not read as a report."""
    report = read_report(query)
    if report is None:
        return None
    search = ReportSearch(searcher, report)
    try:
        files = search.files()
    except UsageError:
        return None
    found = search.definitions(files, report_weights().file_scores(files.signals))
    return ReportCase(
        Question(key, repo, "", query, ()),
        [files.facts[one].path for one in files.revisions],
        files.revisions,
        files.signals,
        found,
        paths,
        wanted,
    )


def collect(options: argparse.Namespace) -> tuple[list[ReportCase], list[ReportCase]]:
    """The cases of reports and of commits, from the engine itself."""
    reports: list[ReportCase | None] = []
    for github, asked, session in sessions(load_reports(options.reports), options.mirrors, options.index_dir):
        snapshot = session.root.open()
        assert snapshot is not None
        reports.extend(
            case_of(snapshot.searcher, one.id, github, one.query, one.paths, functions(session, one)) for one in asked
        )
    commits: list[ReportCase | None] = []
    repositories, questions = load(options.commits, options.commits / "checkouts")
    for repository in repositories:
        session = indexed(repository, options.index_dir / "indexes")
        snapshot = session.root.open()
        assert snapshot is not None
        for question in questions[repository.name]:
            wanted = {(one["path"], one["name"]) for one in question.targets}
            paths = list(dict.fromkeys(path for path, _ in wanted))
            commits.append(case_of(snapshot.searcher, question.id, repository.name, question.query, paths, wanted))
        session.close()
        print(f"  {repository.name}: {len(questions[repository.name])} commits", file=sys.stderr, flush=True)
    return [one for one in reports if one is not None], [one for one in commits if one is not None]


def fitted(cases: list[ReportCase], penalty: float) -> Fitted:
    """Weights of files, then of definitions with the scores of their files."""
    files = [
        Case(one.question, one.paths, one.files.astype(np.float64), np.isin(one.paths, one.wanted_paths))
        for one in cases
    ]
    of_files = fit(files, list(range(len(FILE_SIGNALS))), penalty, STANDARDISED, MOST_OF_ONE)
    definitions = [
        Case(
            one.question,
            [entry.path for entry in one.found.entries],
            signals_of(one, of_files),
            np.array([(entry.path, entry.qualified_name) in one.wanted for entry in one.found.entries], bool),
        )
        for one in cases
    ]
    return of_files, fit(definitions, list(range(len(DEFINITION_SIGNALS))), penalty, STANDARDISED, MOST_OF_ONE)


def signals_of(case: ReportCase, of_files: NDArray[np.float64]) -> NDArray[np.float64]:
    """The signals of definitions, given the weights of files."""
    scores = (case.files @ of_files).astype(np.float32)
    return with_files(case.found, case.revisions, scores).astype(np.float64)


def scores_of(case: ReportCase, weights: Fitted) -> list[float]:
    """`MEASURES` of a report."""
    totals = signals_of(case, weights[0]) @ weights[1]
    entries = case.found.entries
    order = [int(i) for i in np.argsort(-totals, kind="stable")]
    order = from_several_files(order, [entry.id >> ORDINAL_BITS for entry in entries])
    paths = [entries[i].path for i in order]
    names = [(entries[i].path, entries[i].qualified_name) for i in order]
    return [
        *(all_among(case.wanted_paths, paths, k) for k in (1, 3, 5, 10)),
        *(all_among(list(case.wanted), names, k) for k in (5, 10)),
    ]


def averages(scored: list[list[float]]) -> list[float]:
    """The means over reports."""
    return [mean(column) for column in zip(*scored, strict=True)]


def nested(reports: list[ReportCase], commits: list[ReportCase]) -> list[list[float]]:
    """`MEASURES` of each report by nested cross-validation; see the module's docstring."""
    scored: list[list[float]] = []
    repositories = sorted({one.question.repo for one in reports})
    for held_out in repositories:
        others = [one for one in reports if one.question.repo != held_out]
        merit: dict[float, float] = {}
        for penalty in PENALTIES:
            inner: list[list[float]] = []
            for inside in repositories:
                tested = [one for one in others if one.question.repo == inside]
                if tested:
                    weights = fitted(commits + [one for one in others if one.question.repo != inside], penalty)
                    inner += [scores_of(one, weights) for one in tested]
            merit[penalty] = sum(averages(inner))
        weights = fitted(commits + others, max(merit, key=merit.__getitem__))
        scored += [scores_of(one, weights) for one in reports if one.question.repo == held_out]
    return scored


def across(reports: list[ReportCase], commits: list[ReportCase], penalty: float) -> list[list[float]]:
    """`MEASURES` of each commit, by weights fitted on the reports and on the commits of other repositories."""
    repositories = sorted({one.question.repo for one in commits})
    mixed = np.random.default_rng(0).permutation(len(repositories))
    part_of = {repositories[at]: place % PARTS for place, at in enumerate(mixed.tolist())}
    weights = [
        fitted([*reports, *(one for one in commits if part_of[one.question.repo] != part)], penalty)
        for part in range(PARTS)
    ]
    return [scores_of(one, weights[part_of[one.question.repo]]) for one in commits]


def show_difference(commits: list[ReportCase], before: list[list[float]], after: list[list[float]]) -> None:
    """Print the mean differences of scores, with intervals (95 %) by bootstrap over repositories."""
    difference = np.array(after) - np.array(before)
    repositories = np.array([one.question.repo for one in commits])
    names = np.unique(repositories)
    sums = np.array([difference[repositories == name].sum(axis=0) for name in names])
    sizes = np.array([np.count_nonzero(repositories == name) for name in names])
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)[:, None]
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    for name, value, least, greatest in zip(MEASURES, difference.mean(axis=0), low, high, strict=True):
        print(f"{name}: {value:+.3f} ({least:+.3f} to {greatest:+.3f})", flush=True)


def show(title: str, values: list[float]) -> None:
    """Print a row."""
    print(f"| {title} | " + " | ".join(f"{value:.3f}" for value in values) + " |", flush=True)


def _bundled() -> Fitted:
    """The weights that ship."""
    weights = report_weights()
    return (
        np.array([weights.file[name] for name in FILE_SIGNALS]),
        np.array([weights.definition[name] for name in DEFINITION_SIGNALS]),
    )


def main() -> None:
    """Collect, fit, report, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reports", type=Path, required=True, help="problem reports")
    parser.add_argument("--mirrors", type=Path, required=True, help="git directories of their repositories")
    parser.add_argument("--commits", type=Path, required=True, help="folder made of commits, see above")
    parser.add_argument("--index-dir", type=Path, required=True, help="where trees and indexes are kept")
    parser.add_argument("--signals", type=Path, help="a file that keeps what was collected, or has it")
    parser.add_argument("--bundled", action="store_true", help="fit nothing: score the weights that ship")
    parser.add_argument("--ablate", action="store_true", help="print what leaving out each signal changes")
    parser.add_argument("--write", action="store_true", help="write the weights to data/report_ranking.json")
    options = parser.parse_args()
    if options.signals and options.signals.is_file():
        reports, commits = pickle.loads(options.signals.read_bytes())
    else:
        reports, commits = collect(options)
        if options.signals:
            options.signals.write_bytes(pickle.dumps((reports, commits)))
    print(f"{len(reports)} reports, {len(commits)} commits\n\n| weights fitted on | {' | '.join(MEASURES)} |")
    print("|---|" + "---|" * len(MEASURES))
    penalty = PENALTIES[1]
    bundled = _bundled()
    show("what ships (on these reports too)", averages([scores_of(one, bundled) for one in reports]))
    before = [scores_of(one, bundled) for one in commits]
    show("what ships: on the commits", averages(before))
    if options.bundled:
        return
    after = across(reports, commits, penalty)
    show("reports and commits of other repositories: on the commits", averages(after))
    show_difference(commits, before, after)
    on_commits = fitted(commits, penalty)
    held_out = averages([scores_of(one, on_commits) for one in reports])
    show("commits alone", held_out)
    cross_validated = averages(nested(reports, commits))
    show("commits and reports of other repositories", cross_validated)
    final = fitted(commits + reports, penalty)
    show("all of them", averages([scores_of(one, final) for one in reports]))
    show("all of them: on the commits", averages([scores_of(one, final) for one in commits]))
    if options.ablate:
        ablate(reports, commits, penalty)
    if options.write:
        rounded = [[round(float(value), 4) for value in values] for values in final]
        data = {
            "file": dict(zip(FILE_SIGNALS, rounded[0], strict=True)),
            "definition": dict(zip(DEFINITION_SIGNALS, rounded[1], strict=True)),
            "fitted": {
                "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
                "reports": len(reports),
                "commits": len(commits),
                "cross_validated": dict(zip(MEASURES, (round(value, 4) for value in cross_validated), strict=True)),
                "never_seen": dict(zip(MEASURES, (round(value, 4) for value in held_out), strict=True)),
            },
        }
        RANKING.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        print(f"wrote {RANKING}")


def ablate(reports: list[ReportCase], commits: list[ReportCase], penalty: float) -> None:
    """Print the scores of the reports by weights from commits alone, without each group of signals."""
    groups = {
        "the title's own search": ("title", "text_title", "dense_title", "cover_title", "name_title"),
        "traces": ("frame", "first_frame"),
        "written names": ("in_", "scope"),
        "the round": ("called_by_best", "calls_best", "holds_best"),
        "shares of words": ("cover_", "pairs"),
        "what it is": ("function", "type", "block", "other", "size", "special", "test"),
    }
    for group, left_out in groups.items():

        def out(name: str, left_out: tuple[str, ...] = left_out) -> bool:
            return any(
                name == one or (one.endswith("_") and name.startswith(one)) or (one == "scope" and name.startswith(one))
                for one in left_out
            )

        files = np.array([0.0 if out(name) else 1.0 for name in FILE_SIGNALS], np.float32)
        definitions = np.array([0.0 if out(name) else 1.0 for name in DEFINITION_SIGNALS], np.float32)

        def without(
            one: ReportCase, files: NDArray[np.float32] = files, kept: NDArray[np.float32] = definitions
        ) -> ReportCase:
            found = FoundDefinitions(one.found.entries, {}, one.found.signals * kept)
            return ReportCase(
                one.question, one.paths, one.revisions, one.files * files, found, one.wanted_paths, one.wanted
            )

        weights = fitted([without(one) for one in commits], penalty)
        show(f"without {group}", averages([scores_of(without(one), weights) for one in reports]))


if __name__ == "__main__":
    main()
