"""Tells a reasoning model's thinking from its answer, while both are streamed."""

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
"""How models mark their thinking: Qwen, DeepSeek and most others; Granite; Gemma; Mistral; Command; Seed; gpt-oss."""

_IGNORED = (
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|START_RESPONSE|>",
    "<|END_RESPONSE|>",
    "<|return|>",
    "<|message|>",
)
"""Marks around the answer itself."""

_CLOSERS = frozenset(_PAIRS.values())


class ThinkingSplitter:
    """Feed it what the model writes; it hands back (kind, text) in order.

    A mark opens thinking only where the answer has not begun: later, "<think>" is something the answer talks about.
    """

    def __init__(self, *, opened: bool = False) -> None:
        """Args: opened: whether the prompt ended within the thinking already."""
        self._held = ""
        self._begun = False
        self._closer: tuple[str, ...] = tuple(_CLOSERS) if opened else ()

    def feed(self, text: str, *, final: bool = False) -> list[tuple[Kind, str]]:
        """What can be told apart by now; with `final`, all the rest."""
        self._held += text
        out: list[tuple[Kind, str]] = []
        while self._held:
            step = self._thinking(final=final) if self._closer else self._answer(final=final)
            if step is None:
                break
            if step[1]:
                if out and out[-1][0] == step[0]:
                    out[-1] = (step[0], out[-1][1] + step[1])
                else:
                    out.append(step)
        return out

    def _thinking(self, *, final: bool) -> tuple[Kind, str] | None:
        found = [(at, closer) for closer in self._closer if (at := self._held.find(closer)) >= 0]
        if found:
            at, closer = min(found)
            shown, self._held = self._held[:at], self._held[at + len(closer) :]
            self._closer = ()
            return "thinking", shown
        keep = 0 if final else max(_partial(self._held, closer) for closer in self._closer)
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return ("thinking", shown) if shown else None

    def _answer(self, *, final: bool) -> tuple[Kind, str] | None:
        if self._begun:
            shown, self._held = self._held, ""
            return "answer", shown
        stripped = self._held.lstrip()
        for opener, closer in _PAIRS.items():
            if stripped.startswith(opener):
                self._held, self._closer = stripped[len(opener) :], (closer,)
                return "thinking", ""
        for mark in _IGNORED:
            # "<|message|>" must not be taken out of a longer mark that is still arriving.
            if stripped.startswith(mark):
                self._held = stripped[len(mark) :]
                return "answer", ""
        if not final and (not stripped or any(mark.startswith(stripped) for mark in (*_PAIRS, *_IGNORED))):
            return None
        self._begun = bool(stripped)
        shown, self._held = stripped, ""
        return "answer", shown


def _partial(text: str, mark: str) -> int:
    """Length of the longest end of `text` that `mark` begins with."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0
