"""Separates a reasoning model's thinking from its answer while both are streamed."""

from __future__ import annotations

from typing import Literal

Kind = Literal["thinking", "answer"]

_PAIRS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<seed:think>": "</seed:think>",
    "<|channel|>analysis<|message|>": "<|end|>",
    "<|channel|>commentary<|message|>": "<|end|>",
}
"""How models delimit their thinking: Qwen, DeepSeek and most others, Granite, Gemma, Mistral, Command, Seed, gpt."""

_IGNORED = (
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<|return|>",
    "<|message|>",
)
"""Markers around the answer itself."""

_CLOSERS = frozenset(_PAIRS.values())


class ThinkingSplitter:
    """Takes what the model writes and returns (kind, text) in order.

    A marker opens thinking only before the answer has begun; later, "<think>" is something the answer is about.
    """

    def __init__(self, *, opened: bool = False) -> None:
        """Args: opened: whether the prompt itself already opened the thinking."""
        self._pending = ""
        self._answer_begun = False
        self._closers: tuple[str, ...] = tuple(_CLOSERS) if opened else ()

    def feed(self, text: str, *, final: bool = False) -> list[tuple[Kind, str]]:
        """The text whose kind is known by now; with `final`, all the rest."""
        self._pending += text
        out: list[tuple[Kind, str]] = []
        while self._pending:
            step = self._take_thinking(final=final) if self._closers else self._take_answer(final=final)
            if step is None:
                break
            if step[1]:
                if out and out[-1][0] == step[0]:
                    out[-1] = (step[0], out[-1][1] + step[1])
                else:
                    out.append(step)
        return out

    def _take_thinking(self, *, final: bool) -> tuple[Kind, str] | None:
        found = [(at, closer) for closer in self._closers if (at := self._pending.find(closer)) >= 0]
        if found:
            at, closer = min(found)
            shown, self._pending = self._pending[:at], self._pending[at + len(closer) :]
            self._closers = ()
            return "thinking", shown
        keep = 0 if final else max(_partial_suffix(self._pending, closer) for closer in self._closers)
        shown, self._pending = self._pending[: len(self._pending) - keep], self._pending[len(self._pending) - keep :]
        return ("thinking", shown) if shown else None

    def _take_answer(self, *, final: bool) -> tuple[Kind, str] | None:
        if self._answer_begun:
            shown, self._pending = self._pending, ""
            return "answer", shown
        stripped = self._pending.lstrip()
        for opener, closer in _PAIRS.items():
            if stripped.startswith(opener):
                self._pending, self._closers = stripped[len(opener) :], (closer,)
                return "thinking", ""
        for mark in _IGNORED:
            # "<|message|>" must not be cut out of a longer marker that is still arriving.
            if stripped.startswith(mark):
                self._pending = stripped[len(mark) :]
                return "answer", ""
        if not final and (not stripped or any(mark.startswith(stripped) for mark in (*_PAIRS, *_IGNORED))):
            return None
        self._answer_begun = bool(stripped)
        shown, self._pending = stripped, ""
        return "answer", shown


def _partial_suffix(text: str, mark: str) -> int:
    """Length of the longest end of `text` that `mark` begins with."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0
