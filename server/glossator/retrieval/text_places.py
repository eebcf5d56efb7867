"""Where the text of an index has a name: in strings of code, in configuration and markup, which no facts tell of.

`names_in_text` tells what a line has; this module finds the lines.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from glossator.index.language_detection import language_of
from glossator.retrieval.names_in_text import SEARCHED, beginnings_of, columns_of, is_quoted
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from glossator.retrieval.file_lines import FileLines
    from glossator.retrieval.graph import Graph
    from glossator.retrieval.left_out import LeftOutFiles
    from glossator.retrieval.resolution.source import FactsSource

MOST_TEXTS: Final = 60
"""Entries whose text is searched for a name before nothing is said to use it."""
MOST_IN_TEXT: Final = 100
"""Places that are found there."""
FEW_TEXT_FILES: Final = 100
FEW_TEXT_BYTES: Final = 1_000_000
"""So many files are read whole, in 25 ms; in more LanceDB searches, whose import alone costs a process 0.4 s."""


ALL_LINES: Final = range(1, 2**31)


class TextPlaces:
    """Finds names in the text of an index, unsaved buffers included. Not thread-safe: make one per question."""

    def __init__(
        self,
        graph: Graph,
        source: FactsSource,
        lines: FileLines,
        left_out: LeftOutFiles | None = None,
    ) -> None:
        self._left_out = left_out
        self._graph = graph
        self._source = source
        self._lines = lines
        self._sizes: list[tuple[str, int]] | None = None
        """The files whose text is searched, and their bytes."""
        self._begun: dict[tuple[str, str], bool] = {}
        """Beginnings of names, with the file that they are looked for in, and whether a string gives them."""

    def places_of(
        self, name: str, language: str, defined: Collection[tuple[str, int, int]], *, field: bool, left_out: int
    ) -> tuple[list[tuple[str, int, int]], bool]:
        """The first place of each line that has a name as text: path, line (1-based) and byte in the line, from 0; and
        whether all such places were looked at.

        Args:
            name: a bare name.
            language: that of its definition.
            defined: places where the name stands because something so called is defined there.
            field: whether it names a field, which a named argument may set.
            left_out: bytes of code outside the index that are looked at.
        """
        places: dict[tuple[str, int], tuple[str, int, int]] = {}
        found, complete = self._texts_with(name)
        for path, written, numbers in found:
            text = self._lines.with_secrets(path)
            in_lines = partial(_places, name, path, written, numbers, defined, field)
            # Most texts have only words like the name, or its definition: their secrets need not be looked for.
            if name in text and any(True for _ in in_lines(split_lines(text))):
                for place in in_lines(self._lines.of(path)):
                    places.setdefault(place[:2], place)
            if len(places) >= MOST_IN_TEXT:
                break
        if self._left_out is not None:
            elsewhere, read = self._left_out.naming(name, language, left_out)
            complete = complete and read
            for path, named in elsewhere.items():
                places.update({(path, number): (path, number, 0) for number in named})
        return [places[key] for key in sorted(places)], complete

    def begins(self, name: str, path: str) -> bool:
        """Whether a string gives the beginning of the name of a function that is defined in a file: a plain word only
        in this file."""
        for beginning in beginnings_of(name):
            key = (beginning, "" if "_" in beginning else path)
            if (known := self._begun.get(key)) is None:
                found = self._texts_with(beginning)[0] if not key[1] else ((path, "", ALL_LINES),)
                having = ((one, numbers) for one, _, numbers in found if beginning in self._lines.with_secrets(one))
                some = (self._lines.of(one)[numbers.start - 1 : numbers.stop - 1] for one, numbers in having)
                known = self._begun[key] = any(is_quoted(beginning, line) for lines in some for line in lines)
            if known:
                return True
        return False

    def is_common(self, name: str) -> bool:
        """Whether a name is a word of so many texts that not all of them are looked at."""
        return not self._are_few() and self._graph.count_containing(name) >= MOST_TEXTS

    def _are_few(self) -> bool:
        """Whether all files are read."""
        if self._sizes is None:
            self._sizes = self._graph.sizes_in(SEARCHED)
        return len(self._sizes) <= FEW_TEXT_FILES and sum(size for _, size in self._sizes) <= FEW_TEXT_BYTES

    def _texts_with(self, name: str) -> tuple[Iterable[tuple[str, str, range]], bool]:
        """Paths, languages and lines of files that may have a name as text; and whether these are all."""
        if self._are_few() and self._sizes is not None:
            paths = [path for path, _ in self._sizes]
            return ((path, self._language(path), ALL_LINES) for path in paths), True
        entries = self._graph.containing(name, SEARCHED, MOST_TEXTS)
        found = [(entry.path, entry.language, range(entry.start_line, entry.end_line + 1)) for entry in entries]
        buffered = self._graph.buffered()
        buffers = [(path, self._language(path), ALL_LINES) for path in buffered]
        return [*found, *buffers], len(entries) < MOST_TEXTS

    def _language(self, path: str) -> str:
        """The language of a file, which its name may not tell: of a notebook's code, of a script without an ending."""
        facts = self._source.facts(path)
        return facts.language if facts is not None else language_of(path)


def _places(
    name: str,
    path: str,
    language: str,
    numbers: range,
    defined: Collection[tuple[str, int, int]],
    field: bool,
    lines: Sequence[str],
) -> Iterator[tuple[str, int, int]]:
    """Where some of a file's lines have a name as text; see `TextPlaces.places_of`."""
    for number in numbers[: max(len(lines) - numbers.start + 1, 0)]:
        text = lines[number - 1]
        if name in text:
            for column in columns_of(name, text, language, field=field):
                at = len(text[:column].encode())
                if (path, number, at) not in defined:
                    yield path, number, at
