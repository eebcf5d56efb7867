"""Notebooks to entries: each cell is parsed separately, and its entries have their lines in the notebook's file.

So a cell that does not parse (half a statement, a magic) does not affect the definitions of others.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace as changed

from glossator.index.entries import ParsedFile
from glossator.index.facts import decode_facts, joined_facts, stored_facts
from glossator.index.language_detection import language_named, language_of
from glossator.index.languages import LANGUAGES, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.index.entries import Entry
    from glossator.index.facts import Facts
    from glossator.index.texts import SourceText
    from glossator.workspace.notebooks import Cell, Notebook

_CELL_MAGIC: Final = re.compile(r"\s*%%(\w+)[ \t]*([^\n]*)")
_LINE_MAGIC: Final = re.compile(r"^([ \t]*)[%!?](?=[\w!%?./ ])", re.MULTILINE)
_SHELLS: Final = frozenset({"bash", "sh", "zsh", "shell", "script", "cmd"})
_TRANSPARENT: Final = frozenset(
    {"time", "timeit", "capture", "prun", "cython", "python", "python3", "python2", "pypy", "memit"}
)
"""Cell magics under which the code is the notebook's own language."""
_MAGIC_LANGUAGES: Final = {"js": "javascript", "rscript": "r", "cu": "cpp", "cuda": "cpp", "md": "markdown"}
_KERNELS: Final = {
    "ir": "r",
    "deno": "typescript",
    "tslab": "typescript",
    "jslab": "javascript",
    "evcxr": "rust",
    "gophernotes": "go",
    "gonb": "go",
    "ijavascript": "javascript",
    "pwsh": "powershell",
    "ipython": "python",
    "sage": "python",
    "sagemath": "python",
    "pyspark": "python",
    "sparkkernel": "scala",
    "almond": "scala",
}
_KERNEL_NAME: Final = re.compile(r"(?:\.net-)?([a-z+#]+)")


def parse_notebook(notebook: Notebook, source: SourceText, parse: Callable[[str, str, str], ParsedFile]) -> ParsedFile:
    """Parse a notebook.

    Args:
        notebook: its cells.
        source: its file.
        parse: parses a text, given a path, the text and its language.
    """
    language = _language(notebook)
    text = source.data.decode("utf-8", "surrogatepass")
    entries: list[Entry] = []
    imports: dict[str, None] = {}
    cells: list[tuple[Facts, Callable[[int, int], tuple[int, int]]]] = []
    has_errors, collected = False, True
    for cell in notebook.cells:
        written, readable = _readable(cell, language)
        if not readable.endswith("\n"):
            readable += "\n"  # some grammars need it
        parsed = parse("cell", readable, written)
        has_errors = has_errors or parsed.has_errors
        collected = collected and parsed.collected
        imports.update(dict.fromkeys(parsed.imports))
        if written == "python":
            parsed = _without_magics(parsed, cell)
        if written == language and (facts := decode_facts(parsed.facts)) is not None:
            cells.append((facts, _places(cell, readable, source, text)))
        entries.extend(_placed(parsed, cell, readable, source, text, len(entries)))
    joined, noted = stored_facts(joined_facts(language, cells)) if cells else (b"", b"")
    return ParsedFile(language, tuple(entries), tuple(imports), has_errors, source.lines, joined, noted, collected)


def _language(notebook: Notebook) -> str:
    """The language of a notebook's code: Python unless it says otherwise."""
    for name in notebook.languages:
        if (found := _known(name)) is not None:
            return found
    return TEXT.name if notebook.languages else "python"


def _known(name: str) -> str | None:
    found = language_named(name)
    if found is None and (kernel := _KERNEL_NAME.match(name.strip().lower())):
        found = _KERNELS.get(kernel[1]) or language_named(kernel[1])
    return found


def _readable(cell: Cell, language: str) -> tuple[str, str]:
    """The language of a cell, and its text for that language's parser: of the same length, without magics."""
    if cell.kind != "code":
        return ("markdown" if cell.kind == "markdown" else TEXT.name), cell.text
    written = (_known(cell.language) if cell.language else None) or language
    if written != "python":
        return written, cell.text
    text = cell.text
    magic = _CELL_MAGIC.match(text)
    if magic is not None:
        name = magic[1].lower()
        text = " " * magic.end() + text[magic.end() :] if "\n" not in magic[0] else text
        if name in ("writefile", "file"):
            return language_of(magic[2].split()[-1] if magic[2].split() else ""), text
        if name not in _TRANSPARENT:
            named = "bash" if name in _SHELLS else _MAGIC_LANGUAGES.get(name) or language_named(name)
            return (named if named in LANGUAGES else TEXT.name) or TEXT.name, text
    return written, _LINE_MAGIC.sub(r"\1#", text)


def _without_magics(parsed: ParsedFile, cell: Cell) -> ParsedFile:
    """A cell whose entries are not documented by the magics above them, which are read as comments."""
    magics = {_bare(cell.text[found.end(1) :].split("\n", 1)[0]) for found in _LINE_MAGIC.finditer(cell.text)}
    if not magics:
        return parsed
    kept = [
        changed(entry, doc="\n".join(line for line in entry.doc.split("\n") if _bare(line) not in magics).strip())
        for entry in parsed.entries
    ]
    return replace(parsed, entries=tuple(kept))


def _bare(line: str) -> str:
    """A line of a comment or a magic without its marks."""
    return line.strip().lstrip("#%!? ")


def _places(cell: Cell, readable: str, source: SourceText, text: str) -> Callable[[int, int], tuple[int, int]]:
    """Where a line and column (in bytes) of a cell are in the notebook's file."""
    lines = readable.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    ascii_file = len(text) == len(source.data)

    def place(line: int, column: int) -> tuple[int, int]:
        number = min(line, len(lines)) - 1
        inside = len(lines[number].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
        at = cell.offset(min(starts[number] + inside, max(len(cell.text) - 1, 0)))
        byte = at if ascii_file else len(text[:at].encode("utf-8", "surrogatepass"))
        found = source.line_at(byte)
        return found + 1, byte - source.line_starts[found]

    return place


def _placed(parsed: ParsedFile, cell: Cell, readable: str, source: SourceText, text: str, base: int) -> list[Entry]:
    """The entries of a cell at the lines and bytes of the notebook's file."""
    data = readable.encode("utf-8", "surrogatepass")
    ascii_cell, ascii_file = len(data) == len(readable), len(text) == len(source.data)

    def index_of(byte: int) -> int:
        return byte if ascii_cell else len(data[:byte].decode("utf-8", "surrogatepass"))

    def in_bytes(at: int) -> int:
        return at if ascii_file else len(text[:at].encode("utf-8", "surrogatepass"))

    placed = []
    for entry in parsed.entries:
        start = in_bytes(cell.offset(index_of(entry.start_byte)))
        end = in_bytes(cell.past(index_of(entry.end_byte)))
        first, last = source.line_at(start) + 1, source.line_at(end - 1) + 1
        placed.append(
            changed(
                entry,
                parent=None if entry.parent is None else entry.parent + base,
                start_line=first,
                end_line=last,
                name_line=min(max(first, cell.lines[entry.name_line - 1] + 1), last),
                start_byte=start,
                end_byte=end,
            )
        )
    return placed
