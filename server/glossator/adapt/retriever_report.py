"""How far the adaptation of a retriever is, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glossator.adapt.retriever_gate import Comparison


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
        }
