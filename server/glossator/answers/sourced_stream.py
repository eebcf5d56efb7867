"""Puts the sources of each sentence at its end while an answer is written.

The numbers that the model writes are taken out, and those of the lines that a sentence rests on (`sentence_sources`)
are put before the sign that ends it. Only that sign, and white space before what may be a number, is held back: the
words of a sentence are shown as they come, from the fourth on. Code blocks, headings and tables are passed on as they
are.

A sentence is cut before a name that occurs nowhere in the code; if it begins with one, it is left out. The same is done
with a sentence that is repeated from the prompt's example.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glossator.answers.citations import CitationStream
from glossator.answers.sentence_sources import SentenceSources, narrowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glossator.answers.citations import Verify
    from glossator.answers.evidence import Evidence
    from glossator.answers.sentence_sources import Source

MOST_CITED_LINES = 40
"""Lines that one number stands for in the list of citations; where its sentences rest on lines further apart, it stands
for those that hold most."""

FIRST_WORDS = 4
"""Words of a sentence that come before any is shown: it can still be left out then."""
REPEATED = 30
"""Characters from the beginning on in which a sentence is the same as one of the example: it is a repetition of it."""
CUT = "…"
"""Stands for what is cut off the end of a sentence."""

_ENDS = ".!?…。"
_JOINED = f"{_ENDS},;:)"
"""What stands right behind a word, whatever number stood between."""
_CLOSES = "\"')*_”’"
_NUMBER = re.compile(r"\[(\d{1,4})\]")
_MAYBE_NUMBER = re.compile(r"\[\d{0,4}\Z")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|resp|approx)|(?:^|\n)\s*\d{1,3})\Z")
_BLOCK = re.compile(r"[-*+#|>`]|\d")
_MARKER = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s+")
_REFUSES = re.compile(
    r"(?i)\b(?:do(?:es)?|did|is|are|has|have|can|could)(?: ?not|n['’]t)\b.{0,40}"
    r"\b(?:show|tell|say|contain|mention|include|provide|specif|answer|explain|indicat|clear|given|found|determin)"
)


@dataclass(frozen=True, slots=True)
class SentenceSource:
    """What one sentence of an answer rests on.

    Attributes:
        start, end: the sentence, as offsets (code points) into the answer.
        sources: the pieces of evidence, narrowed to the lines, where they are now.
    """

    start: int
    end: int
    sources: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SourcedAnswer:
    """An answer with its sources.

    Attributes:
        text: Markdown; what the stream gave out, put together.
        citations: the evidence that it cites, narrowed to the lines that its sentences rest on, in order of number.
        unsupported: (start, end) offsets of sentences that nothing supports.
        sources: what each sentence rests on, in order.
        unknown: (start, end) offsets of names of the code that occur nowhere.
        stated: how many sentences say something about the code.
        lacking: of how many of these the evidence held too little when the model was shown it.
        left_out: the names that occur nowhere, for which a sentence was cut or left out.
    """

    text: str
    citations: tuple[Evidence, ...]
    unsupported: tuple[tuple[int, int], ...]
    sources: tuple[SentenceSource, ...]
    unknown: tuple[tuple[int, int], ...]
    stated: int
    lacking: int
    left_out: tuple[str, ...] = ()

    @property
    def is_weak(self) -> bool:
        """Whether the evidence does not support most of what is said."""
        return 2 * self.lacking > self.stated


class SourcedStream:
    """Feed it the answer as it is written; it returns what may be shown, with the sources that it finds.

    `feed` and `finish` may call `verify` and `is_unknown`, which may read files and the index: see `may_read`.
    """

    def __init__(
        self,
        evidence: Mapping[int, Evidence],
        verify: Verify,
        question: str = "",
        is_unknown: Callable[[str], bool] = lambda _: False,
        example: Sequence[str] = (),
        most_sentences: int = 0,
    ) -> None:
        """Start an answer.

        Args:
            evidence: what the model was shown, by number.
            verify: returns lines of the evidence where they are now, or None if they are gone.
            question: what was asked.
            is_unknown: whether a name that is not in the evidence occurs nowhere in the index either.
            example: sentences that the model was shown as an example, and must not repeat.
            most_sentences: after how many sentences it ends, whatever else is fed; 0 for no limit.
        """
        self._evidence = evidence
        self._verify = verify
        self._is_unknown = is_unknown
        self._numbers = CitationStream(evidence)
        self._finder = SentenceSources(evidence, question)
        self._text = ""  # what has come and is not shown yet
        self._out: list[str] = []
        self._length = 0
        self._sentence = ""  # the sentence so far, without numbers
        self._begins = 0
        self._held = ""  # white space that may stand before a number
        self._removed = False  # a number was taken out just before
        self._end = ""  # the sign that may end the sentence
        self._cited: list[int] = []
        self._fence = ""
        self._line = ""  # the line so far
        self._code = ""
        self._found: list[SentenceSource] = []
        self._weights: dict[int, list[tuple[Source, Evidence]]] = {}
        self._unsupported: list[tuple[int, int]] = []
        self._invented: dict[str, bool] = {}
        self._stated = 0
        self._lacking = 0
        self._most = most_sentences
        self._example = [_bare(sentence)[:REPEATED] for sentence in example]
        self._gap = ""  # white space before the sentence, not shown yet
        self._pending = ""  # what of the sentence is not shown yet
        self._begun = False  # some of the sentence is shown
        self._is_cut = False  # no more of the sentence will be
        self._left_out: dict[str, None] = {}
        self._is_gap = False  # what is held stands where a sentence was left out

    @property
    def is_full(self) -> bool:
        """Whether no more of the answer will be shown."""
        return 0 < self._most <= self._stated

    def may_read(self, text: str) -> bool:
        """Whether feeding this may end a name or a sentence, and so read files: not to be done in an event loop."""
        return re.search(r"\W", f"{self._end}{self._held}{self._text}{self._numbers.held}{text}") is not None

    def feed(self, text: str) -> str:
        """More of the answer: returns what can be shown of it now."""
        return self._take(self._numbers.feed(text), final=False)

    def finish(self) -> str:
        """The answer is complete: returns what was held back."""
        return self._take(self._numbers.finish(), final=True)

    def result(self) -> SourcedAnswer:
        """The whole answer; call it after `finish`."""
        text = "".join(self._out)
        unknown = [
            (match.start(), match.end())
            for name, invented in self._invented.items()
            if invented
            for match in re.finditer(rf"(?<![\w.]){re.escape(name)}(?!\w)", text)
        ]
        return SourcedAnswer(
            text,
            tuple(self._citation(number) for number in sorted(self._weights)),
            tuple(self._unsupported),
            tuple(self._found),
            tuple(sorted(unknown)),
            self._stated,
            self._lacking,
            tuple(self._left_out),
        )

    def _citation(self, number: int) -> Evidence:
        """The lines that a number stands for."""
        found = sorted(self._weights[number], key=lambda one: one[1].start_line)
        best: tuple[float, int, int] | None = None
        for at, (_, first) in enumerate(found):
            near = [one for one in found[at:] if one[1].end_line - first.start_line < MOST_CITED_LINES]
            weight = sum(source.weight for source, _ in near)
            if best is None or weight > best[0]:
                best = weight, first.start_line, max((place.end_line for _, place in near), default=first.end_line)
        assert best is not None, "a number is cited by a sentence"
        _, start, end = best
        moved = found[0][1].start_line - found[0][0].start_line
        return replace(narrowed(self._evidence[number], start - moved, end - moved), start_line=start, end_line=end)

    def _take(self, text: str, *, final: bool) -> str:
        self._text += text
        before = len(self._out)
        at = 0
        while at < len(self._text) and not self.is_full:
            used = self._next(at, final=final)
            if not used:
                break
            at += used
        self._text = self._text[at:]
        if self.is_full:
            self._text, self._sentence, self._pending, self._end, self._held = "", "", "", "", ""
        elif final:
            self._end_sentence()
            if self._is_gap:
                self._held = ""
            self._show(self._held.strip(" ") if self._removed else self._held)
            self._held = ""
        return "".join(self._out[before:])

    def _next(self, at: int, *, final: bool) -> int:
        """Take what stands at an offset: how many characters that were; 0 if what follows must be known first."""
        text = self._text
        char = text[at]
        if self._fence:
            self._line += char
            if char == "\n":
                if self._line.strip().startswith(self._fence):
                    self._fence = ""
                self._line = ""
            self._show(char)
            return 1
        if char == "`":
            ticks = re.compile(r"`+").match(text, at)
            assert ticks is not None
            if ticks.end() == len(text) and not final:
                return 0
            return self._ticks(ticks[0])
        if self._code:
            if char == "\n":
                self._code = ""
            else:
                self._word(char)
                return 1
        if char == "[":
            found = _NUMBER.match(text, at)
            if found is not None:
                self._cited.append(int(found[1]))
                self._removed = True
                return len(found[0])
            if not final and _MAYBE_NUMBER.match(text, at):
                return 0
        if char.isspace():
            if self._removed and char == "\n":
                self._held = self._held.rstrip(" ")
            if not (self._removed and self._held) or char == "\n":
                self._held += char
            return 1
        if self._removed:
            self._removed = False
            if char in _JOINED:
                self._held = self._held.rstrip(" ")
        if self._held and "\n" in self._held and (self._held.count("\n") > 1 or _BLOCK.match(char)):
            self._end_sentence()
        if self._end:
            if self._held:
                self._end_sentence()
            elif char in _ENDS + _CLOSES:
                self._end += char
                return 1
            elif self._end.endswith("。"):
                self._end_sentence()
            else:
                self._release()
        if char in _ENDS and not _ABBREVIATED.search(self._sentence):
            if self._held:
                held, self._held = self._held, ""
                if self._sentence:
                    self._show_word(held)
                else:
                    self._show(held)
            self._end = char
            return 1
        self._word(char)
        return 1

    def _ticks(self, ticks: str) -> int:
        starts = not self._sentence.strip() or "\n" in self._held
        if not self._code and len(ticks) >= 3 and starts:
            self._end_sentence()
            self._show(self._held + ticks)
            self._held, self._fence, self._line = "", ticks, ""
            return len(ticks)
        if self._end:
            if self._held:
                self._end_sentence()
            else:
                self._release()
        if not self._code:
            self._word(ticks)
            self._code = ticks
        else:
            self._word(ticks)
            if ticks == self._code:
                self._code = ""
        return len(ticks)

    def _release(self) -> None:
        """What was held as the end of a sentence is none."""
        end, self._end = self._end, ""
        self._show_word(end)

    def _word(self, text: str) -> None:
        self._is_gap = False
        if self._held:
            held, self._held = self._held, ""
            if self._sentence:
                self._show_word(held)
            else:
                self._gap += held
        self._show_word(text)

    def _show_word(self, text: str) -> None:
        self._sentence += text
        self._pending += text
        if text[0].isspace() and not self._code:
            self._show_known(final=False)

    def _show_known(self, *, final: bool) -> None:
        """Show what has come of the sentence up to the last white space (all of it at its end), if it can stand."""
        if self._is_cut:
            self._pending = ""
            return
        begins = _bare(self._sentence)[:REPEATED]
        if begins in self._example:
            self._is_cut, self._pending = True, ""
            return
        if not final:
            could_repeat = any(one.startswith(begins) for one in self._example)
            if not self._begun and (could_repeat or len(self._sentence.split()) < FIRST_WORDS):
                return
        for name in self._finder.absent_names(self._pending):
            if name not in self._invented:
                self._invented[name] = self._is_unknown(name)
            if self._invented[name]:
                self._left_out[name] = None
                self._is_cut = True
        if self._is_cut:
            before = self._pending[: min(self._pending.find(name) for name in self._left_out if name in self._pending)]
            head = before[: before.rfind(" ") + 1]
            self._pending = ""
            if self._begun or len(head.split()) >= FIRST_WORDS:
                self._begin()
                self._show(head + CUT)
            return
        self._begin()
        self._show(self._pending)
        self._pending = ""

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._show(self._gap)
            self._gap = ""
            self._begins = self._length

    def _show(self, text: str) -> None:
        if text:
            self._out.append(text)
            self._length += len(text)

    def _end_sentence(self) -> None:
        """Find what the sentence rests on, and show that with what was held back of it."""
        self._code = ""
        if self._sentence:
            self._show_known(final=True)
        sentence, end, cited, is_cut, begun = self._sentence, self._end, self._cited, self._is_cut, self._begun
        self._sentence, self._end, self._cited, self._is_cut, self._begun = "", "", [], False, False
        if is_cut and not begun:  # of the white space on both sides, that with more line breaks stays
            self._held = max(self._gap, self._held, key=lambda gap: gap.count("\n")) if self._out else ""
            self._gap, self._is_gap = "", True
            self._stated += 1
            self._lacking += 1
            return
        if is_cut:
            sentence, end = "".join(self._out)[self._begins :], end if end != CUT else ""
        words = len(re.findall(r"\w+", sentence))
        plain = sentence.strip()
        introduces = plain.endswith(":") or end.endswith("?")
        if not plain or plain.startswith(("#", "|")) or words < 3 or introduces:
            self._show(end)
            return
        start = self._begins + len(sentence) - len(sentence.lstrip())
        support = self._finder.find(_MARKER.sub("", sentence, count=1), cited)
        for name in support.names:
            if name not in self._invented:
                self._invented[name] = self._is_unknown(name)
        sources = [(source, now) for source in support.sources if (now := self._now(source)) is not None]
        numbers = list(dict.fromkeys(source.number for source, _ in sources))
        if numbers:
            self._show(" " * (not self._out[-1].endswith((" ", "\n"))) + "".join(f"[{number}]" for number in numbers))
            for source, now in sources:
                self._weights.setdefault(source.number, []).append((source, now))
        self._show(end)
        refuses = _REFUSES.search(sentence) is not None
        if numbers or not refuses:
            self._stated += 1
        if numbers:
            self._found.append(SentenceSource(start, self._length, tuple(now for _, now in sources)))
        elif not refuses:
            self._unsupported.append((start, self._length))
            self._lacking += not support.sources

    def _now(self, source: Source) -> Evidence | None:
        """The lines of a source where they are now; None if they are gone."""
        return self._verify(narrowed(self._evidence[source.number], source.start_line, source.end_line))


def _bare(sentence: str) -> str:
    """A sentence by its words alone, in small letters."""
    return " ".join(re.findall(r"\w+", sentence.lower()))
