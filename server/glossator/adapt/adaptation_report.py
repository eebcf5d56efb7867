"""The report on an adapted model: the figures before and after, and answers side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.adapt.examples import DataSet
    from glossator.adapt.model_gate import Compared, SideBySide, Verdict

REPORT_TEXT, REPORT_FACTS = "report.md", "report.json"
"""Files of a report, in the folder of the adapted model and of the last run."""
EXPLANATION = (
    "Losses are in nats per token (less is better); all other figures are shares, from 0 to 1. The noise is two"
    " standard errors of the change. All examples are held out, except those of the general set, which is about other"
    " code: its loss before is that of the base without any adapter."
)
SHOWN_PAIRS = 8
"""Answers that are shown side by side."""


def report_facts(verdict: Verdict, data: DataSet, training: Mapping[str, Any]) -> dict[str, Any]:
    """The report as JSON; `training` becomes its "training" unchanged."""
    return {
        "passes": verdict.passes,
        "reasons": list(verdict.reasons),
        "figures": {
            one.name: {
                "before": _rounded(one.before),
                "after": _rounded(one.after),
                "gain": _rounded(one.gain),
                "standard_error": _rounded(one.error),
                "count": one.count,
            }
            for one in verdict.figures
        },
        "data": {
            "root": data.root,
            "commit": data.commit,
            "digest": data.digest,
            "examples": data.counts(),
            "left_out": len(data.left_out),
        },
        "training": dict(training),
        "answers": [
            {
                "kind": pair.example.kind,
                "path": pair.example.path,
                "question": pair.example.question.strip(),
                "reference": pair.example.answer,
                "before": pair.before,
                "after": pair.after,
            }
            for pair in verdict.answers
        ],
    }


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def report_text(verdict: Verdict, data: DataSet, training: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        "# Adapted model",
        "",
        "The adapter passes, and is used for this project." if verdict.passes else "The adapter is refused:",
        *(f"- {reason}" for reason in verdict.reasons),
        "",
        "| | before | after | change | noise | examples |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(one) for one in verdict.figures),
        "",
        EXPLANATION,
        "",
        "| | " + " | ".join(kind for kind in _kinds(data)) + " |",
        "| --- |" + " --- |" * len(_kinds(data)),
        *(_counts_row(part, kinds, _kinds(data)) for part, kinds in data.counts().items()),
        "",
        *(f"- {name.replace('_', ' ')}: {value}" for name, value in training.items()),
        "",
        "## Answers before and after",
        "",
        *(line for pair in _shown(verdict.answers) for line in _side_by_side(pair)),
    ]
    return "\n".join(lines) + "\n"


def _kinds(data: DataSet) -> list[str]:
    return list(dict.fromkeys(kind for kinds in data.counts().values() for kind in kinds))


def _counts_row(part: str, counts: Mapping[str, int], kinds: Sequence[str]) -> str:
    return f"| {part} | " + " | ".join(str(counts.get(kind, 0)) for kind in kinds) + " |"


def _row(one: Compared) -> str:
    noise = f"{2 * one.error:.3f}" if math.isfinite(one.error) else ""
    change = one.after - one.before
    return f"| {one.name} | {one.before:.3f} | {one.after:.3f} | {change:+.3f} | {noise} | {one.count} |"


def _shown(pairs: Sequence[SideBySide]) -> list[SideBySide]:
    """Some of the pairs: those that cannot be answered among them."""
    absent = [pair for pair in pairs if pair.example.kind == "absent"][:2]
    return [*[pair for pair in pairs if pair.example.kind != "absent"][: SHOWN_PAIRS - len(absent)], *absent]


def _side_by_side(pair: SideBySide) -> list[str]:
    def quoted(text: str) -> str:
        return "\n".join(f"> {line}" for line in (text or "(nothing)").split("\n"))

    return [
        f"### {pair.example.name} in {pair.example.path}",
        "",
        pair.example.question.strip(),
        "",
        f"The project says:\n\n{quoted(pair.example.answer)}",
        "",
        f"Before:\n\n{quoted(pair.before)}",
        "",
        f"After:\n\n{quoted(pair.after)}",
        "",
    ]
