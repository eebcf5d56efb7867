"""Documents parsed without a grammar: Markdown and reStructuredText by section, everything else in blocks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.index.chunking import Chunker
from glossator.index.nesting import Definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.index.entries import Entry
    from glossator.index.texts import SourceText


def parse_document(language: str, source: SourceText) -> tuple[Entry, ...]:
    """The entries of a document: its sections, with the path of headings as qualified name, or its blocks."""
    if language in ("markdown", "mdx"):
        headings = _markdown_headings(source)
    elif language == "restructuredtext":
        headings = _rst_headings(source)
    else:
        headings = []
    return Chunker(source, borders=_paragraphs(source), separator=" > ").entries(_sections(source, headings))


def _paragraphs(source: SourceText) -> Callable[[object, list[tuple[int, int]]], list[int]]:
    """The chunker's `borders`: a text may be cut before a line that follows a blank one."""

    def borders(_: object, ranges: list[tuple[int, int]]) -> list[int]:
        found = []
        starts, data = source.line_starts, source.data
        for start, end in ranges:
            blank = False
            for line in range(source.line_at(start), source.line_at(end - 1) + 1):
                content = data[starts[line] : starts[line + 1]]
                stripped = content.lstrip()
                if not stripped:
                    blank = True
                elif blank:
                    found.append(starts[line] + len(content) - len(stripped))
                    blank = False
        return found

    return borders


def _sections(source: SourceText, headings: list[tuple[int, int, str, int]]) -> list[Definition]:
    """Sections from each heading (first line, level, title, lines of the heading) to the next of its level or above."""
    sections = []
    open_: list[tuple[int, Definition]] = []
    starts = source.line_starts
    for line, level, title, height in headings:
        start = starts[line]
        while open_ and open_[-1][0] >= level:
            open_.pop()[1].end = start
        section = Definition("section", title, "", start, starts[-1], start, starts[line + height])
        sections.append(section)
        open_.append((level, section))
    for section in sections:
        section.end = max(section.start + 1, source.strip(section.start, section.end)[1])
        section.body = min(section.body, section.end)
    return sections


_FENCE = re.compile(rb"^ {0,3}(`{3,}|~{3,})")
_ATX = re.compile(rb"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(rb"^ {0,3}(=+|-+)[ \t]*$")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])|<[^>]+>|[*`]+")


def _lines(source: SourceText) -> list[bytes]:
    """The document's lines without line endings, and without the blanks in place of a byte order mark."""
    lines = source.data.splitlines()
    if source.has_mark:
        lines[0] = lines[0][3:]
    return lines


def _title(raw: bytes) -> str:
    text = _LINK.sub(lambda found: found[1] or "", raw.decode("utf-8", "replace"))
    return " ".join(text.split())[:200]


def _markdown_headings(source: SourceText) -> list[tuple[int, int, str, int]]:
    """(first line, level, title, lines that the heading takes) of each heading outside fenced code."""
    headings = []
    lines = _lines(source)
    fence = b""
    first = 0
    if lines and lines[0].rstrip() == b"---":
        # Front matter contains no headings.
        first = next((index + 1 for index in range(1, min(len(lines), 200)) if lines[index].rstrip() == b"---"), 0)
    previous = b""
    for index in range(first, len(lines)):
        line = lines[index]
        mark = line.lstrip(b" ")[:1]
        if fence:
            closing = _FENCE.match(line) if mark in (b"`", b"~") else None
            if closing and closing[1].startswith(fence) and not line.strip(b" \t`~"):
                fence = b""
            previous = b""
            continue
        if mark in (b"`", b"~") and (opening := _FENCE.match(line)):
            fence = opening[1]
            previous = b""
            continue
        if mark == b"#" and (atx := _ATX.match(line)):
            title = _title(atx[2] or b"")
            if title:
                headings.append((index, len(atx[1]), title, 1))
            previous = b""
            continue
        if mark in (b"=", b"-") and previous and (under := _SETEXT.match(line)):
            title = _title(previous)
            if title:
                headings.append((index - 1, 1 if under[1][:1] == b"=" else 2, title, 2))
            previous = b""
            continue
        stripped = line.strip()
        # A paragraph of one line may turn out to be a heading; list items, quotes and tables may not.
        before = lines[index - 1].strip() if index else b""
        previous = stripped if stripped[:1] not in (b"-", b">", b"|", b"*", b"+") and not before else b""
    return headings


_ADORNMENT = re.compile(rb"^([!-/:-@\[-`{-~])\1*\s*$")


def _rst_headings(source: SourceText) -> list[tuple[int, int, str, int]]:
    """(first line, level, title, lines that the heading takes) of each heading; levels in order of appearance."""
    headings = []
    lines = _lines(source)
    styles: list[tuple[bytes, bool]] = []
    index = 0
    while index + 1 < len(lines):
        line = lines[index]
        under = _ADORNMENT.match(lines[index + 1]) if line.strip() and line[:1] not in (b" ", b"\t") else None
        over = _ADORNMENT.match(line) if line.strip() else None
        if over and index + 2 < len(lines) and lines[index + 1].strip() and len(line.strip()) >= 3:
            below = _ADORNMENT.match(lines[index + 2])
            if below and below[1] == over[1] and not _ADORNMENT.match(lines[index + 1]):
                style, title, height = (over[1], True), lines[index + 1], 3
                headings.append((index, _level(styles, style), _title(title.strip()), height))
                index += height
                continue
        if under and not over and len(lines[index + 1].rstrip()) >= min(len(line.rstrip()), 3):
            before = lines[index - 1].strip() if index else b""
            if not before and len(lines[index + 1].rstrip()) >= len(line.decode("utf-8", "replace").rstrip()) - 2:
                headings.append((index, _level(styles, (under[1], False)), _title(line.strip()), 2))
                index += 2
                continue
        index += 1
    return [heading for heading in headings if heading[2]]


def _level(styles: list[tuple[bytes, bool]], style: tuple[bytes, bool]) -> int:
    if style not in styles:
        styles.append(style)
    return styles.index(style)
