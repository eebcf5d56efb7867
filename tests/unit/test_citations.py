"""What the model writes, checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.answers.citations import (
    CheckedAnswer,
    CitationStream,
    CitationVerifier,
    find_again,
    sentences,
    unsupported,
)
from tests.unit.evidence_samples import piece

if TYPE_CHECKING:
    from glossator.answers.citations import Verify
    from glossator.answers.evidence import Evidence

EVIDENCE = {
    number: piece(f"f{number}", "pass", number=number, lines=(number * 10, number * 10 + 5)) for number in range(1, 6)
}


def trusting(item: Evidence) -> Evidence | None:
    """A verifier that finds nothing changed."""
    return item


def check(text: str, size: int = 3, verify: Verify = trusting) -> CheckedAnswer:
    stream = CitationStream(EVIDENCE, verify)
    shown = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.finish()
    result = stream.result()
    assert result.text == shown
    assert tuple(sorted(stream.cited)) == tuple(citation.number for citation in result.citations)
    return result


@pytest.mark.parametrize(
    ("written", "shown", "cited"),
    [
        ("It reads [1].", "It reads [1].", (1,)),
        ("It reads [1][2].", "It reads [1][2].", (1, 2)),
        ("It reads [1, 2].", "It reads [1][2].", (1, 2)),
        ("It reads [1,2;3].", "It reads [1][2][3].", (1, 2, 3)),
        ("It reads [1-3].", "It reads [1][2][3].", (1, 2, 3)),
        ("It reads [1 and 4].", "It reads [1][4].", (1, 4)),
        ("It reads [1, 1].", "It reads [1].", (1,)),
        ("It reads [4-9].", "It reads [4][5].", (4, 5)),
        ("It reads [^2].", "It reads [2].", (2,)),
        ("It reads [Evidence 2].", "It reads [2].", (2,)),
        ("It reads 【3†L10-L12】.", "It reads [3].", (3,)),
        ("It reads [7].", "It reads.", ()),
        ("It reads[7]. It writes [0].", "It reads. It writes.", ()),
        ("Both [1][9] and [9].", "Both [1] and.", (1,)),
        ("A range [1-999] of nothing.", "A range [1] of nothing.", (1,)),
        ("A list [x] and [see 1].", "A list [x] and [see 1].", ()),
        ("An open [1", "An open [1", ()),
        ("A link [1](http://evil.example).", "A link [1] (http://evil.example).", (1,)),
        ("A definition\n[1]: http://evil.example", "A definition\n[1] : http://evil.example", (1,)),
        ("In `items[7]` and ``a[8] ` b``.", "In `items[7]` and ``a[8] ` b``.", ()),
        ("```py\nx = y[7]\n```\nThen [7].", "```py\nx = y[7]\n```\nThen.", ()),
        ("~ [1] `open [7]\nnext [7] line", "~ [1] `open [7]\nnext line", (1,)),
        ("See cart.py:42 or src/a-b.tsx:3-5.", "See cart.py or src/a-b.tsx.", ()),
        ("It (lines 3-5) does, on line 42.", "It does, on a line.", ()),
        ("Lines 3 to 5 do. The line 7 too.", "Some lines do. A line too.", ()),
        ("At http://host.name:8080 and 10.0.0.1:80, 3.5:1.", "At http://host.name:8080 and 10.0.0.1:80, 3.5:1.", ()),
        ("The line ends; 2 lines remain.", "The line ends; 2 lines remain.", ()),
        ("", "", ()),
        ("Größe 🙂 [2] 中文。[3]", "Größe 🙂 [2] 中文。[3]", (2, 3)),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 10_000])
def test_what_comes_out(written: str, shown: str, cited: tuple[int, ...], size: int) -> None:
    result = check(written, size)
    assert result.text == shown
    assert tuple(citation.number for citation in result.citations) == cited


def test_the_numbers_left_out_are_told() -> None:
    result = check("One [1], [7], [9], [7].")
    assert result.dropped == (7, 9)
    assert result.citations == (EVIDENCE[1],)


def test_stale_evidence_is_not_cited_and_moved_evidence_is_cited_where_it_is() -> None:
    asked: list[int] = []

    def verify(item: Evidence) -> Evidence | None:
        asked.append(item.number)
        return None if item.number == 1 else replace(item, start_line=100, end_line=105)

    result = check("One [1], two [2], and [1][2] again.", verify=verify)
    assert result.text == "One, two [2], and [2] again."
    assert result.stale == (1,)
    assert [(c.start_line, c.end_line) for c in result.citations] == [(100, 105)]
    assert asked == [1, 2]


ALPHABET = st.text(alphabet="ab [](),.:-`\n1279 【】†^#lines the to py/é🙂", max_size=80)


@given(text=ALPHABET, size=st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_the_result_does_not_depend_on_how_the_text_arrives(text: str, size: int) -> None:
    assert check(text, size) == check(text, len(text) + 1)


@given(text=st.text(alphabet="ab [], 0123456789-.\n", max_size=60))
@settings(max_examples=300, deadline=None)
def test_only_existing_numbers_are_cited_outside_code(text: str) -> None:
    import re

    shown = check(text).text
    numbers = [int(n) for n in re.findall(r"\[(\d{1,4})\]", shown)]
    assert all(number in EVIDENCE for number in numbers)


FILE = "import os\n\ndef f():\n    return 1\n\ndef g():\n    return 2\n"
ITEM = piece("f", "def f(): ...", number=1, source="def f():\n    return 1\n")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (FILE, (3, 4)),
        (FILE.replace("\n", "\r\n"), (3, 4)),
        ("# a new first line\n" + FILE, (4, 5)),
        (FILE.replace("return 1", "return 1  "), (3, 4)),
        (FILE.replace("return 1", "return 3"), None),
        (FILE + "\n\ndef f():\n    return 1\n", (3, 4)),
        ("", None),
        (None, None),
    ],
)
def test_evidence_is_found_again_where_its_lines_are_now(text: str | None, lines: tuple[int, int] | None) -> None:
    found = find_again(ITEM, text)
    assert (found and (found.start_line, found.end_line)) == lines


def test_without_the_source_trusts_a_file_that_exists() -> None:
    item = replace(ITEM, source="")
    assert find_again(item, "anything") == item
    assert find_again(item, None) is None


def test_a_verifier_reads_the_file_as_it_is_now() -> None:
    asked: list[tuple[Path, str]] = []
    texts: dict[str, str | None] = {"src/f.py": "# new\n" + FILE, "src/g.py": None}

    def text_of(root: Path, path: str) -> str | None:
        asked.append((root, path))
        return texts[path]

    verify = CitationVerifier(text_of)
    moved = verify(ITEM)
    assert moved is not None
    assert (moved.start_line, moved.end_line, moved.number) == (4, 5, 1)
    assert verify(piece("g", source="return 1")) is None
    assert asked == [(Path("/work"), "src/f.py"), (Path("/work"), "src/g.py")]


@given(text=ALPHABET, size=st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_only_what_may_verify_reads_files(text: str, size: int) -> None:
    asked: list[int] = []

    def verify(item: Evidence) -> Evidence | None:
        asked.append(item.number)
        return item

    stream = CitationStream(EVIDENCE, verify)
    for part in (text[at : at + size] for at in range(0, len(text), size)):
        before = len(asked)
        stream.feed(part)
        assert len(asked) == before or stream.may_verify(part)


def test_sentences_without_evidence_are_marked() -> None:
    text = (
        "# Reading\n\nIt reads a file [1]. It writes another one. See:\n\n- the first one [2]\n- the second one here"
        "\n\n```py\nIt is code. Nothing here counts.\n```\nThat is all there is. Why not? Yes.\n"
    )
    marked = [text[start:end] for start, end in unsupported(text)]
    assert marked == ["It writes another one.", "- the second one here", "That is all there is."]


def test_a_citation_after_the_full_stop_belongs_to_the_sentence_before() -> None:
    text = "It reads a file. [1] It writes one. [2][3]"
    assert [text[a:b] for a, b in sentences(text)] == ["It reads a file. [1]", "It writes one. [2][3]"]
    assert unsupported(text) == []
