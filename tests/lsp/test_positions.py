"""Positions and edits, against a slow and obvious model of what LSP says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from glossator.lsp.positions import lines_with_ends, to_index, to_units, whole_lines
from glossator.lsp.pygls_adapter import Document

TEXT = st.text(st.sampled_from("ab\n\r\fé\u2028😀 \x0b\x1c\x85"), max_size=40)
ENCODINGS = ("utf-8", "utf-16", "utf-32")


def document(text: str, encoding: str = "utf-16") -> Document:
    return Document("file:///a.py", text, 1, "python", position_codec=PositionCodec(encoding))


def units(text: str, encoding: str) -> int:
    return len(text.encode({"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding])) // int(
        {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    )


def position(text: str, offset: int, encoding: str) -> types.Position:
    """The LSP position of a code point offset that does not lie within a "\\r\\n"."""
    before = text[:offset]
    starts = [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text) if m.end() <= offset)]
    return types.Position(len(starts) - 1, units(before[starts[-1] :], encoding))


@given(TEXT)
def test_lines_join_to_the_text_and_end_only_at_line_ends(text: str) -> None:
    lines = lines_with_ends(text)
    assert "".join(lines) == text
    assert len(lines) == len(re.findall(r"\r\n|\n|\r", text)) + 1
    assert lines[-1][-1:] not in ("\n", "\r") or not lines[-1]


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(line=st.text(st.sampled_from("abé😀\u2028"), max_size=12), data=st.data())
def test_units_and_indexes_are_inverse(encoding: str, line: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(line)))
    assert to_index(line + "\n", to_units(line, index, encoding), encoding) == index
    assert to_units(line, index, encoding) == units(line[:index], encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=300)
@given(text=TEXT, edits=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), TEXT), max_size=4))
def test_edits_do_what_they_say(encoding: str, text: str, edits: list[tuple[int, int, str]]) -> None:
    open_document = document(text, encoding)
    for a, b, new in edits:
        start, end = sorted((min(a, len(text)), min(b, len(text))))
        if any(text[o - 1 : o + 1] == "\r\n" for o in (start, end) if o):
            continue  # no position lies within a line end
        span = types.Range(position(text, start, encoding), position(text, end, encoding))
        open_document.apply_change(types.TextDocumentContentChangePartial(range=span, text=new))
        text = text[:start] + new + text[end:]
        assert open_document.source == text
        assert open_document.lines == lines_with_ends(text)


def test_positions_outside_the_document_are_moved_into_it() -> None:
    far = types.Position(99, 99)
    open_document = document("one\ntwo")
    open_document.apply_change(types.TextDocumentContentChangePartial(range=types.Range(far, far), text="!"))
    assert open_document.source == "one\ntwo!"
    past = types.Position(0, 99)
    open_document.apply_change(types.TextDocumentContentChangePartial(range=types.Range(past, past), text="?"))
    assert open_document.source == "one?\ntwo!"


def test_word_at() -> None:
    open_document = document("x = größe😀(1)\n")
    assert open_document.word_at(types.Position(0, 6)) == "größe"
    assert open_document.word_at(types.Position(0, 9)) == "größe"
    assert open_document.word_at(types.Position(0, 2)) == ""


def test_whole_lines() -> None:
    assert whole_lines(lines_with_ends("ab\né😀\r\nx\n"), 1, 2, "utf-16") == types.Range(
        types.Position(0, 0), types.Position(1, 3)
    )
    assert whole_lines(lines_with_ends("ab"), 5, 9, "utf-8") == types.Range(types.Position(0, 0), types.Position(0, 2))
