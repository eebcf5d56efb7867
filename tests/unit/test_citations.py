"""What the model writes, checked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.answers.citations import CitationStream, CitationVerifier, find_again
from tests.unit.evidence_samples import piece

EVIDENCE = {
    number: piece(f"f{number}", "pass", number=number, lines=(number * 10, number * 10 + 5)) for number in range(1, 6)
}


def check(text: str, size: int = 3) -> str:
    stream = CitationStream(EVIDENCE)
    return "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size)) + stream.finish()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It reads [1].", "It reads [1]."),
        ("It reads [1][2].", "It reads [1][2]."),
        ("It reads [1, 2].", "It reads [1][2]."),
        ("It reads [1,2;3].", "It reads [1][2][3]."),
        ("It reads [1-3].", "It reads [1][2][3]."),
        ("It reads [1 and 4].", "It reads [1][4]."),
        ("It reads [1, 1].", "It reads [1]."),
        ("It reads [4-9].", "It reads [4][5]."),
        ("It reads [^2].", "It reads [2]."),
        ("It reads [Evidence 2].", "It reads [2]."),
        ("It reads 【3†L10-L12】.", "It reads [3]."),
        ("It reads [7].", "It reads."),
        ("It reads[7]. It writes [0].", "It reads. It writes."),
        ("Both [1][9] and [9].", "Both [1] and."),
        ("A range [1-999] of nothing.", "A range [1] of nothing."),
        ("A list [x] and [see 1].", "A list [x] and [see 1]."),
        ("An open [1", "An open [1"),
        ("A link [1](http://evil.example).", "A link [1] (http://evil.example)."),
        ("A definition\n[1]: http://evil.example", "A definition\n[1] : http://evil.example"),
        ("In `items[7]` and ``a[8] ` b``.", "In `items[7]` and ``a[8] ` b``."),
        ("```py\nx = y[7]\n```\nThen [7].", "```py\nx = y[7]\n```\nThen."),
        ("~ [1] `open [7]\nnext [7] line", "~ [1] `open [7]\nnext line"),
        ("See cart.py:42 or src/a-b.tsx:3-5.", "See cart.py or src/a-b.tsx."),
        ("It (lines 3-5) does, on line 42.", "It does, on a line."),
        ("Lines 3 to 5 do. The line 7 too.", "Some lines do. A line too."),
        ("At http://host.name:8080 and 10.0.0.1:80, 3.5:1.", "At http://host.name:8080 and 10.0.0.1:80, 3.5:1."),
        ("The line ends; 2 lines remain.", "The line ends; 2 lines remain."),
        ("", ""),
        ("Größe 🙂 [2] 中文。[3]", "Größe 🙂 [2] 中文。[3]"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 10_000])
def test_what_comes_out(written: str, shown: str, size: int) -> None:
    assert check(written, size) == shown


ALPHABET = st.text(alphabet="ab [](),.:-`\n1279 【】†^#lines the to py/é🙂", max_size=80)


@given(text=ALPHABET, size=st.integers(1, 12))
@settings(max_examples=300, deadline=None)
def test_the_result_does_not_depend_on_how_the_text_arrives(text: str, size: int) -> None:
    assert check(text, size) == check(text, len(text) + 1)


@given(text=st.text(alphabet="ab [], 0123456789-.\n", max_size=60))
@settings(max_examples=300, deadline=None)
def test_only_existing_numbers_are_cited_outside_code(text: str) -> None:
    import re

    shown = check(text)
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
