"""The figures of a comparison with language servers, and how they are printed."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_scoring import by_kind, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench_references import Compared

WIDTHS = (10, 10, 8, 10, 8, 7, 8)


def figures_of(results: Sequence[Compared]) -> dict[str, Any]:
    """The figures of definitions that were compared."""
    uses = [item.uses for item in results]
    times = [item.milliseconds for item in results]
    return {
        "compared": len(results),
        "unknown": sum(not item.known for item in results),
        "mentions": total(uses).figures(),
        "callers": total(uses, frozenset({"call"})).figures(),
        "callees": total([item.callees for item in results if item.callees is not None]).figures(),
        "kinds": {kind: counts.figures() for kind, counts in by_kind(uses).items()},
        "milliseconds": {
            "p50": round(statistics.median(times), 2) if times else None,
            "p95": round(float(np.percentile(times, 95)), 2) if times else None,
        },
    }


def _cell(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.3f}"


def table(title: str, figures: dict[str, Any]) -> Iterator[str]:
    """The figures as lines of text."""
    times = figures["milliseconds"]
    yield (
        f"{title}: {figures['compared']} definitions"
        + (f" ({figures['unknown']} unknown to Glossator)" if figures["unknown"] else "")
        + (f", {times['p50']} ms a question (p95 {times['p95']})" if times["p50"] is not None else "")
    )
    titles = ("precision", "unrefuted", "recall", "+possible", "stated", "wrong", "wanted")
    yield f"  {'':10}" + "".join(f"{title:>{width}}" for title, width in zip(titles, WIDTHS, strict=True))
    rows = {name: figures[name] for name in ("mentions", "callers", "callees")}
    rows |= {f"  {kind}": row for kind, row in figures["kinds"].items()}
    for name, row in rows.items():
        stated = row["right"] + row["refuted"] + row["unconfirmed"]
        shares = [_cell(row[share]) for share in ("precision", "unrefuted", "recall", "recall_possible")]
        cells = [*shares, str(stated), str(stated - row["right"]), str(row["wanted"])]
        yield f"  {name:10}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    if figures.get("left_out"):
        yield "  left out: " + ", ".join(f"{reason} {number}" for reason, number in figures["left_out"].items())
