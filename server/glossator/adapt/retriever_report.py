"""How far the adaptation of a retriever is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.adapt.retriever_gate import Comparison, JudgedQuestion, Scores

SHOWN_BETTER, SHOWN_WORSE = 8, 4
"""Questions that a report shows at most, of those that are answered better, and worse."""


@dataclass(frozen=True, slots=True)
class AdaptProgress:
    """How far it is: `done` of 1, and the seconds that are left, 0 while that is not known."""

    stage: str
    done: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class RetrieverReport:
    """What came of it.

    Attributes:
        name: of the adaptation that is in use now; "" if it was refused.
        reason: why it was refused; "" if it is in use.
        commits, names, general: how it compares with what was in use (the general set: with what is shipped).
        pairs: how many of each kind were learned from.
        learning, judging: how many commits taught, and how many judged.
        mix: how far the rows moved, see `vector_mix.MIXES`.
        fitted: whether the weights of ranking moved.
        embedded: symbols whose vectors were computed for the new index.
        lines: of the index.
        seconds: how long it took.
        examples: questions whose answer has another rank now.
    """

    name: str
    reason: str
    commits: Comparison
    names: Comparison | None
    general: Comparison
    pairs: dict[str, int]
    learning: int
    judging: int
    mix: float
    fitted: bool
    embedded: int
    lines: int
    seconds: float
    examples: tuple[dict[str, str], ...] = ()

    @property
    def summary(self) -> str:
        """One line on what was measured."""
        return (
            f"commit -> symbol MRR {self.commits.before:.3f} -> {self.commits.after:.3f} ({self.commits.gain:+.3f},"
            f" 90 % interval {self.commits.low:+.3f} to {self.commits.high:+.3f})"
            f" over {self.commits.questions} commits; general set {self.general.gain:+.3f}"
        )

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name or None,
            "reason": self.reason,
            "commits": self.commits.facts(),
            "names": self.names.facts() if self.names is not None else None,
            "general": self.general.facts(),
            "pairs": self.pairs,
            "learning_commits": self.learning,
            "judging_commits": self.judging,
            "mix": self.mix,
            "fitted": self.fitted,
            "embedded": self.embedded,
            "lines": self.lines,
            "seconds": round(self.seconds, 1),
            "examples": list(self.examples),
        }


def changed_ranks(judged: Sequence[JudgedQuestion], before: Scores, after: Scores) -> tuple[dict[str, str], ...]:
    """The questions whose answer has moved farthest, up and down: what they ask for, and the ranks in words."""
    order = sorted(range(len(judged)), key=lambda at: float(after[at] - before[at]), reverse=True)
    better = [at for at in order if after[at] > before[at]][:SHOWN_BETTER]
    worse = [at for at in reversed(order) if after[at] < before[at]][:SHOWN_WORSE]
    found = []
    for at in [*better, *worse]:
        path, name = min(judged[at].wanted)
        more = f" and {len(judged[at].wanted) - 1} more" if len(judged[at].wanted) > 1 else ""
        found.append(
            {
                "kind": "commit",
                "question": judged[at].query,
                "path": path,
                "reference": f"{name}{more}",
                "before": _rank(float(before[at])),
                "after": _rank(float(after[at])),
            }
        )
    return tuple(found)


def _rank(score: float) -> str:
    return f"rank {round(1 / score)}" if score > 0 else "not among the first 10"
