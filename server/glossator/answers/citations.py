"""Citations: the numbers that a model writes, and whether what they cite still says what the model was shown.

The model can only name numbers of evidence. `CitationStream` reads them out of the answer while it is written, writes
them in one form, and leaves out those that do not exist and the line numbers that the model invents. Text in code spans
and code blocks is passed on as it is. `CitationVerifier` is where a citation is verified: it reads the file as it is
now, and finds the lines again if they have moved.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from glossator.answers.evidence import Evidence

    Verify = Callable[[Evidence], Evidence | None]

_LINE_END = re.compile(r"\r\n|\r|\n")
_LONGEST_RANGE = 20
"""[1-20] is taken as a range of evidence; a longer one is not a citation."""

_NUMBERS = r"\d{1,4}(?:[ \t]*(?:,|;|&|-|–|and|und|et)[ \t]*\[?\^?\d{1,4})*"
_CITATION = re.compile(
    r"[ \t]*[\[【]\^?[ \t]*(?:evidence|source|ev\.?)?[ \t]*#?"
    rf"(?P<numbers>{_NUMBERS})[ \t]*(?:†[^\]】\n]{{0,100}})?[\]】]",
    re.IGNORECASE,
)
_LINE = re.compile(
    r"(?<![\w:/\\.-])(?P<path>[\w./\\-]*[\w-]\.[A-Za-z]\w{0,5}):\d+(?:[:,-]\d+)*(?!\w)"
    r"|[ \t]*\((?:at |on |see )?lines?[ \t]+\d+(?:[ \t]*(?:-|–|,|to|and)[ \t]*\d+)*\)"
    r"|(?:\b[Tt]he[ \t]+)?\b(?P<word>[Ll]ines?)[ \t]+\d+(?P<more>[ \t]*(?:-|–|to|and)[ \t]*\d+)?(?!\w)"
)
"""Line numbers of the model's own: "cart.py:42", "(lines 3-5)", "the line 42"."""
_UNFINISHED = re.compile(
    r"(?:[ \t]*[\[【][^\]】\n]{0,200}"  # a citation, or another bracket
    r"|[ \t]*\((?:(?:at|on|see)[ \t]+)?(?:lines?[ \t]+[\d \t,–-]*(?:to[ \t]*|and[ \t]*)?\d*)?[\w./\\:,-]*"  # "(lines 3"
    r"|\b(?:[Tt]he[ \t]+)?[Ll]ines?[ \t]+[\d \t–-]*(?:to[ \t]*|and[ \t]*)?[\w./\\:,-]*"  # "the line 4"
    r"|\b[Tt]he[ \t]+[\w./\\:,-]*"
    r"|[\w./\\:,-]+"  # a word, or a path with a line number
    r"|[ \t]+)\Z"
)
"""The end of a text whose next characters will tell what it is."""


class CitationVerifier:
    """Verifies citations against the text as it is now: in unsaved buffers, else on disk. Reads files."""

    def __init__(self, text_of: Callable[[Path, str], str | None]) -> None:
        """`text_of`: (root's folder, path) -> the file's text; None if the file or the root is gone."""
        self._text_of = text_of

    def __call__(self, item: Evidence) -> Evidence | None:
        """The evidence where it is now; None if its place no longer says what the model was shown."""
        return find_again(item, self._text_of(item.root, item.path))


def find_again(item: Evidence, text: str | None) -> Evidence | None:
    """Evidence as it is in the text of its file now: moved to where its lines went, or None if they are gone.

    Args:
        item: the evidence that is cited.
        text: the file's (or unsaved buffer's) text; None if the file is gone.
    """
    if text is None:
        return None
    if not item.source.strip():
        return item
    lines = [line.rstrip() for line in _LINE_END.split(text)]
    expected = [line.rstrip() for line in _LINE_END.split(item.source)]
    while expected and not expected[-1]:
        expected.pop()
    first = item.start_line - 1
    if lines[first : first + len(expected)] == expected:
        return item
    starts = [at for at in range(len(lines) - len(expected) + 1) if lines[at : at + len(expected)] == expected]
    if not starts:
        return None
    nearest = min(starts, key=lambda at: abs(at - first))
    return replace(item, start_line=nearest + 1, end_line=nearest + 1 + item.end_line - item.start_line)


class CitationStream:
    """Feed it the answer as it is written; it returns what may be shown, every citation as [number]."""

    def __init__(self, known: Collection[int]) -> None:
        """Start an answer that may cite the evidence with these numbers."""
        self._known = known
        self._code = ""  # the backticks that opened the code we are in
        self._ticks = ""
        self._line_start = True
        self._prose = ""
        self._after_citation = False
        self._space = ""

    @property
    def held(self) -> str:
        """What has come and is not shown yet."""
        return self._prose

    def feed(self, text: str) -> str:
        """More of the answer: returns what can be shown of it now."""
        return self._take(text, final=False)

    def finish(self) -> str:
        """The answer is complete: returns what was held back."""
        return self._take("", final=True)

    def _take(self, text: str, *, final: bool) -> str:
        out: list[str] = []
        for is_code, piece in self._split(text, final=final):
            if is_code:
                out.append(self._drain(final=True))
                out.append(piece)
                self._after_citation = False
            else:
                self._prose += piece
        out.append(self._drain(final=final))
        return "".join(out)

    def _split(self, text: str, *, final: bool) -> Iterator[tuple[bool, str]]:
        """Cut into prose and code. A run of backticks is held until it ends: its length says what it means."""
        start = 0
        for at, character in enumerate(text):
            if character == "`":
                if start < at:
                    yield bool(self._code), text[start:at]
                self._ticks += "`"
                start = at + 1
                continue
            if self._ticks:
                yield True, self._toggle()
            if character == "\n":
                self._line_start = True
                if self._code and len(self._code) < 3:  # a code span does not go on over the end of its line
                    yield True, text[start:at]
                    start, self._code = at, ""
            elif not character.isspace():
                self._line_start = False
        if start < len(text):
            yield bool(self._code), text[start:]
        if final and self._ticks:
            yield True, self._toggle()

    def _toggle(self) -> str:
        ticks, self._ticks = self._ticks, ""
        if not self._code:
            if len(ticks) < 3 or self._line_start:
                self._code = ticks
        elif ticks == self._code or (len(self._code) >= 3 and len(ticks) >= len(self._code) and self._line_start):
            self._code = ""
        self._line_start = False
        return ticks

    def _drain(self, *, final: bool) -> str:
        """The prose that can be shown."""
        held = len(self._prose)
        if not final and (match := _UNFINISHED.search(self._prose)):
            held = match.start()
        head, self._prose = self._prose[:held], self._prose[held:]
        if not head:
            return ""
        head = _LINE.sub(_without_line, head)
        out: list[str] = []
        at = 0
        for match in _CITATION.finditer(head):
            out += [self._between(head[at : match.start()]), self._cite(match)]
            at = match.end()
        out.append(self._between(head[at:]))
        return "".join(out)

    def _between(self, text: str) -> str:
        """Plain text; "(" right after a citation is set off, or Markdown would take both for a link."""
        if text:
            if self._after_citation and text[0] in "([:":
                text = " " + text
            self._after_citation = False
            self._space = ""
        return text

    def _cite(self, match: re.Match[str]) -> str:
        numbers = list(dict.fromkeys(_expand(match["numbers"])))
        if not numbers:
            return match[0]
        kept = [number for number in numbers if number in self._known]
        space = self._space or (" " if match[0][0] in " \t" else "")
        self._space = "" if kept else space  # "[7][1]" without its first half still stands apart from the word before
        if not kept:
            return ""
        self._after_citation = True
        return space + "".join(f"[{number}]" for number in kept)


def _expand(text: str) -> Iterator[int]:
    """Numbers of "1, 2", "1-3"; nothing of a range that cannot be meant."""
    tokens = re.findall(r"\d+|-|–", text)
    for index, token in enumerate(tokens):
        if not token.isdigit():
            continue
        number = int(token)
        if index >= 2 and tokens[index - 1] in "-–" and tokens[index - 2].isdigit():
            before = int(tokens[index - 2])
            if not 0 < number - before <= _LONGEST_RANGE:
                continue
            yield from range(before + 1, number)
        yield number


def _without_line(match: re.Match[str]) -> str:
    if match["path"]:
        return match["path"]
    if match["word"]:
        capital = match[0][0].isupper()
        many = match["more"] or match["word"].lower() == "lines"
        return ("Some lines" if capital else "some lines") if many else ("A line" if capital else "a line")
    return ""
