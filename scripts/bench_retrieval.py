"""Measure search quality: `bench_retrieval.py --data DIR --checkouts DIR [--only NAMES]`.

Prints NDCG@10 overall, by category and by language, and the worst ten questions; for comparison, also that of plain
BM25 over windows of 50 lines and, if `--semble PYTHON` names an interpreter that has it, of semble's package. With
`--symbols FILE`, it also scores symbol-level questions ({"id", "repo", "query", "targets": [{"path", "name"}]}): recall
and reciprocal rank of the wanted symbols among ten hits, and their recall in packed context of 2,000 and 8,000 tokens.

With `--reports FILE...` (and `--mirrors DIR`, git directories of their repositories), it scores problem reports and
questions about repositories (formats: `report_questions.py`) beside LanceDB's BM25 over the same definitions: File@k,
Function@k and the share of the target lines in packed context of 2,000 tokens.

`retrieval_questions.py` describes the format of the other questions. The bundled ranking weights were fitted on some
repositories (named in docs/benchmarks.md): their figures do not represent unseen code.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from glossator.answers.evidence import Question as AskedQuestion
from glossator.answers.gathering import gather_for_question
from glossator.answers.root_view import RootView
from glossator.errors import UsageError
from glossator.index import terms as analysis
from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.index.records import Filter, StoredEntry
from glossator.workspace.reading import split_lines
from report_questions import Report, all_among, definition_at, functions, load_reports, sessions
from retrieval_questions import (
    Place,
    Question,
    Repository,
    by_category,
    indexed,
    load,
    mean,
    mean_of_repositories,
    ndcg,
    same_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.store import Store
    from glossator.project.session import Session

Found = dict[str, list[Place]]
"""Question id -> results, best first."""

WINDOW, STEP = 50, 45
CONTEXTS = (2_000, 8_000)
REPORT_HITS = 60
"""Hits asked for a report: enough for ten different files."""


def glossator(repository: Repository, questions: list[Question], session: Session, times: list[float]) -> Found:
    """The engine's results."""
    found: Found = {}
    for question in questions:
        started = time.perf_counter()
        try:
            hits = session.search(question.query, 10)
        except UsageError:
            hits = []
        times.append(time.perf_counter() - started)
        found[question.id] = [(repository.from_top(hit.path), hit.start_line, hit.end_line) for hit in hits]
    return found


def baseline(repository: Repository, questions: list[Question]) -> Found:
    """BM25 (k1 1.2, b .75) over windows of 50 lines of all program files, with the terms of their paths."""
    places: list[Place] = []
    counts: list[Counter[str]] = []
    for file in sorted(repository.folder.rglob("*")):
        relative = file.relative_to(repository.folder).as_posix()
        if not file.is_file() or not LANGUAGES[language_of(relative)].grammar or "/.git/" in f"/{relative}":
            continue
        lines = split_lines(file.read_text("utf-8", "replace"))
        for start in range(0, max(len(lines), 1), STEP):
            window = lines[start : start + WINDOW]
            if any(line.strip() for line in window):
                places.append((repository.from_top(relative), start + 1, start + len(window)))
                counts.append(Counter([*analysis.analyze("\n".join(window)), *analysis.path_terms(relative)]))
            if start + WINDOW >= len(lines):
                break
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for i, counted in enumerate(counts):
        for term, count in counted.items():
            postings[term].append((i, count))
    lengths = [counted.total() for counted in counts]
    average = mean(lengths) or 1.0
    found: Found = {}
    for question in questions:
        scores: dict[int, float] = defaultdict(float)
        for term in set(analysis.analyze(question.query)):
            having = postings.get(term, [])
            rarity = math.log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
            for i, count in having:
                scores[i] += rarity * count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[i] / average))
        best = sorted(scores, key=lambda i: -scores[i])[:10]
        found[question.id] = [places[i] for i in best]
    return found


SEMBLE = """
import json, sys
from semble import SembleIndex
root, queries = sys.argv[1], json.load(sys.stdin)
index = SembleIndex.from_path(root)
for key, query in queries:
    hits = [r.chunk for r in index.search(query, top_k=10)]
    print(json.dumps([key, [[c.file_path, c.start_line, c.end_line] for c in hits]]))
"""


def semble(repository: Repository, questions: list[Question], python: str) -> Found:
    """The results of semble's package, run by an interpreter that has it.

    Raises:
        RuntimeError: it cannot be run; the last line that it printed says why.
    """
    queries = json.dumps([(question.id, question.query) for question in questions])
    folder = str(repository.folder)
    done = subprocess.run(
        [python, "-c", SEMBLE, folder], input=queries, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    found: Found = {}
    for line in done.stdout.splitlines():
        key, hits = json.loads(line)
        found[key] = [
            (repository.from_top(os.path.relpath(path, folder) if Path(path).is_absolute() else path), start, end)
            for path, start, end in hits
        ]
    return found


def table(title: str, columns: list[str], rows: list[tuple[str, list[float]]]) -> None:
    """Print a table in Markdown."""
    print(f"\n| {title} | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, values in rows:
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + " |")


def file_level(options: argparse.Namespace) -> dict[str, Any]:
    """Score the file-level questions; prints tables, returns the figures."""
    repositories, questions = load(options.data, options.checkouts, [n for n in options.only.split(",") if n])
    rankers: dict[str, list[tuple[Question, float]]] = {"glossator": [], "BM25": []}
    results: list[tuple[float, Question, list[str]]] = []
    times: list[float] = []
    note = "semble was not run: name an interpreter that has its package and its model with --semble"
    use_semble = bool(options.semble)
    for repository in repositories:
        asked = questions[repository.name]
        session = indexed(repository, options.index_dir)
        runs: dict[str, Callable[[], Found]] = {
            "glossator": lambda r=repository, a=asked, s=session: glossator(r, a, s, times),  # type: ignore[misc]
            "BM25": lambda r=repository, a=asked: baseline(r, a),  # type: ignore[misc]
        }
        for name, run in runs.items():
            found = run()
            scores = [(question, ndcg(found[question.id], question.targets)) for question in asked]
            rankers[name] += scores
            if name == "glossator":
                results += [(score, q, [place[0] for place in found[q.id]]) for q, score in scores]
        session.close()
        if use_semble:
            try:
                found = semble(repository, asked, options.semble)
                rankers.setdefault("semble", [])
                rankers["semble"] += [(q, ndcg(found.get(q.id, []), q.targets)) for q in asked]
                note = ""
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
                note, use_semble = f"semble could not be run: {error}", False
        print(
            f"{repository.name:24} {mean(s for q, s in rankers['glossator'] if q.repo == repository.name):.3f}",
            file=sys.stderr,
        )
    language = {repository.name: repository.language for repository in repositories}
    count = sum(len(questions[repository.name]) for repository in repositories)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{count} questions, {len(repositories)} repositories; {machine}")
    names = list(rankers)
    table("NDCG@10, mean over repositories", names, [("overall", [mean_of_repositories(rankers[n]) for n in names])])
    categories = {name: by_category(rankers[name]) for name in names}
    table("by category", names, [(c, [categories[n][c] for n in names]) for c in categories["glossator"]])
    rows = [
        (one, [mean_of_repositories(p for p in rankers[n] if language[p[0].repo] == one) for n in names])
        for one in sorted(set(language.values()))
    ]
    table("by language", names, rows)
    if note:
        print(f"\n{note}")
    quantiles = statistics.quantiles(times, n=20) if len(times) > 1 else [0.0] * 19
    print(f"\na query took {statistics.median(times) * 1e3:.1f} ms (median), {quantiles[18] * 1e3:.1f} ms (95 %)")
    print("\nThe worst ten questions:\n")
    for score, question, paths in sorted(results, key=lambda item: item[0])[:10]:
        wanted = ", ".join(one["path"] for one in question.targets)
        print(f"- {score:.2f} {question.id} “{question.query}”: wanted {wanted}; found {', '.join(paths[:3])}")
    return {name: mean_of_repositories(rankers[name]) for name in names}


def symbol_level(options: argparse.Namespace) -> dict[str, float]:
    """Score the symbol-level questions; prints a table, returns the figures."""
    repositories, _ = load(options.data, options.checkouts) if options.symbol_repos is None else ([], {})
    if options.symbol_repos is not None:
        repositories = [
            Repository(
                row["name"], row.get("language", ""), options.symbol_checkouts / row["name"], row.get("root", ".")
            )
            for row in json.loads(options.symbol_repos.read_text("utf-8"))
        ]
    by_repo: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in options.symbols.read_text("utf-8").splitlines():
        row = json.loads(line)
        by_repo[row["repo"]].append(row)
    figures: dict[str, list[float]] = defaultdict(list)
    for repository in repositories:
        rows = by_repo.get(repository.name, [])
        if not rows or not repository.folder.is_dir():
            continue
        session = indexed(repository, options.index_dir)
        view = RootView.of(session.root)
        sums: dict[str, list[float]] = defaultdict(list)
        for row in rows:
            wanted = row["targets"]
            hits = session.search(row["query"], 10)

            def met(path: str, names: Sequence[str], target: dict[str, str]) -> bool:
                return same_path(path, target["path"]) and target["name"] in names

            ranks = [
                next((i for i, hit in enumerate(hits, 1) if met(hit.path, [hit.qualified_name], one)), 0)
                for one in wanted
            ]
            sums["recall@10"].append(mean(float(rank > 0) for rank in ranks))
            sums["MRR@10"].append(max((1 / rank for rank in ranks if rank), default=0.0))
            sums["file recall@10"].append(
                mean(float(any(same_path(hit.path, one["path"]) for hit in hits)) for one in wanted)
            )
            for size in CONTEXTS:
                evidence = gather_for_question([view], AskedQuestion(row["query"]), size).evidence
                sums[f"in {size:,} tokens"].append(
                    mean(float(any(met(piece.path, piece.names, one) for piece in evidence)) for one in wanted)
                )
        session.close()
        for name, values in sums.items():
            figures[name].append(mean(values))
        print(f"{repository.name:24} {len(rows)} {mean(sums['recall@10']):.3f}", file=sys.stderr)
    result = {name: mean(values) for name, values in figures.items()}
    count = sum(len(rows) for rows in by_repo.values())
    table(f"symbol level, {count} questions", list(result), [("glossator", list(result.values()))])
    return result


def report_level(options: argparse.Namespace, file: Path) -> dict[str, dict[str, float]]:
    """Score reports, or questions about repositories; prints a table, returns the figures."""
    reports = load_reports(file)
    figures: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in ("glossator", "BM25")}
    times: list[float] = []
    missed: list[str] = []
    only = [name for name in options.only.split(",") if name]
    for github, asked, session in sessions(reports, options.mirrors, options.index_dir, only):
        snapshot = session.root.open()
        assert snapshot is not None
        store = snapshot.store
        session.search("the first search of a process is slower", 1)
        for report in asked:
            started = time.perf_counter()
            hits = session.search(report.query, REPORT_HITS)
            times.append(time.perf_counter() - started)
            numbers = [number for number, _, _ in store.text_search(analysis.analyze(report.query), 300, Filter())]
            plain = [entry for entry in store.entries(numbers) if entry.kind not in ("section", "key")]
            evidence = gather_for_question(
                [RootView.of(session.root)], AskedQuestion(report.query), CONTEXTS[0]
            ).evidence
            score_report(figures["glossator"], report, session, [(hit.path, hit.qualified_name) for hit in hits])
            score_report(figures["BM25"], report, session, [(one.path, _owner_name(store, one)) for one in plain])
            lines = {(path, line) for path, changed in report.targets for line in changed}
            shown = {(one.path, at) for one in evidence for at in range(one.start_line, one.end_line + 1)}
            if lines:
                figures["glossator"]["lines in 2,000 tokens"].append(len(lines & shown) / len(lines))
            if not figures["glossator"]["File@5"][-1]:
                missed.append(
                    f"- {report.id}: wanted {', '.join(report.paths)}; found {', '.join(h.path for h in hits[:3])}"
                )
        print(f"{github:24} {asked[0].revision[:10]} {len(asked)}", file=sys.stderr, flush=True)
    result = {name: {key: mean(values) for key, values in of.items()} for name, of in figures.items()}
    columns = list(result["glossator"])
    shown_rows = [(name, [of.get(key, float("nan")) for key in columns]) for name, of in result.items()]
    table(f"{file.stem}, {len(times)}", columns, shown_rows)
    print(f"\na search took {statistics.median(times) * 1e3:.1f} ms (median)")
    print("\nNot among the first five files:\n\n" + "\n".join(missed[:30]))
    return result


def score_report(
    figures: dict[str, list[float]], report: Report, session: Session, found: list[tuple[str, str]]
) -> None:
    """Add the scores of what was found, (path, qualified name) of definitions, best first."""
    paths = [path for path, _ in found]
    for k in (1, 3, 5, 10):
        figures[f"File@{k}"].append(all_among(report.paths, paths, k))
    if any(lines for _, lines in report.targets):
        wanted = list(functions(session, report))
        for k in (5, 10):
            figures[f"Function@{k}"].append(all_among(wanted, found, k))
    else:
        first = set(list(dict.fromkeys(paths))[:10])
        figures["recall@10"].append(mean(float(path in first) for path in report.paths))
        for k in (1, 5):
            figures[f"Hit@{k}"].append(float(bool(set(report.paths) & set(list(dict.fromkeys(paths))[:k]))))


def _owner_name(store: Store, entry: StoredEntry) -> str:
    """The qualified name of the definition that an entry is or is a window of."""
    if entry.part:
        owner = definition_at(store.entries_in(entry.path), entry.start_line)
        return owner.qualified_name if owner else entry.qualified_name
    return entry.qualified_name


def main() -> None:
    """Parse arguments, print tables, and figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with questions.jsonl and repos.json")
    parser.add_argument("--checkouts", type=Path, help="folder with the repositories' work trees by name")
    parser.add_argument("--index-dir", type=Path, required=True, help="where the indexes are kept")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    parser.add_argument("--semble", default="", help="a Python interpreter that has semble's package and model")
    parser.add_argument("--symbols", type=Path, help="symbol-level questions")
    parser.add_argument("--symbol-repos", type=Path, help="repos.json of the symbol-level questions")
    parser.add_argument("--symbol-checkouts", type=Path, help="their work trees by name")
    parser.add_argument(
        "--reports", type=Path, nargs="+", default=[], help="problem reports, questions about repositories"
    )
    parser.add_argument("--mirrors", type=Path, help="folder with git directories of the repositories of the reports")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    if options.data and options.checkouts:
        figures["files"] = file_level(options)
    if options.symbols:
        figures["symbols"] = symbol_level(options)
    if options.mirrors:
        figures.update((file.stem, report_level(options, file)) for file in options.reports)
    if not figures:
        parser.error("give --data and --checkouts, --symbols with its two folders, or --reports and --mirrors")
    print(f"\n{json.dumps(figures)}")


if __name__ == "__main__":
    main()
