"""What the text of a declaration says of its uses that no fact says, by language: that something unseen may use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.masking import wrapped_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.retrieval.resolution.file_view import FileView

_SAYING: Final = {
    # A friend in C++: a function that is defined in a class, and is none of its members.
    "cpp": re.compile(r"^(?!\s*(?://|/?\*)).*\bfriend\s"),
    # Others of the name stand for it on other platforms: what uses one may use all.
    "kotlin": re.compile(r"^(?!\s*(?://|/?\*)).*\b(?:actual|expect)\s"),
}
"""What a line of a declaration has that something unseen may use, by language."""
_AUGMENTS: Final = re.compile(r"\bmodule\s+[\"']")
"""What TypeScript adds to another module is in `declare module "vue" {`."""
_OVERRIDES: Final = re.compile(r"^(?!\s*(?://|/?\*|#)).*\boverride\s")


def is_said_to_be_used(language: str, lines: Sequence[str], start: int, line: int) -> bool:
    """Whether the text of a file says that something unseen may use a symbol.

    Args:
        language: the file's.
        lines: those of the file.
        start: where the symbol begins (1-based).
        line: where its name stands.
    """
    if language == "rust":  # a macro makes anything of its arguments
        wrapped = wrapped_lines("\n".join(lines).encode())
        return any(first <= line <= last for first, last in wrapped)
    saying = _SAYING.get(language)
    return saying is not None and any(saying.search(one) for one in lines[start - 1 : line])


def is_given_to_its_namesake(language: str, name: str, lines: Sequence[str]) -> bool:
    """Whether a variable or parameter is given the value of what has the same name outside: `def f(name=name)`, or
    `name = name` in a class. The arguments are those of `is_said_to_be_used`."""
    twice = [line for line in lines if line.count(name) > 1] if language == "python" else []
    form = rf"(?<![\w.]){re.escape(name)}\s*(?::[^=,]+)?=\s*{re.escape(name)}\b(?!\s*[.(\[])"
    return any(re.search(form, line) for line in twice)


def is_said_to_override(lines: Sequence[str], start: int, line: int) -> bool:
    """Whether a symbol's declaration says that it overrides something. The arguments are those of
    `is_said_to_be_used`."""
    return any(_OVERRIDES.search(one) for one in lines[start - 1 : line])


def adds_to_module(view: FileView, number: int, lines: Sequence[str]) -> bool:
    """Whether a symbol is, or is in, what a file adds to another module, by the lines of the file."""
    around = (view.symbol(one) for one in view.chain(number))
    first = (one.line for one in around if one.kind == "namespace" and one.line <= len(lines))
    return any(_AUGMENTS.search(lines[one - 1]) for one in first)
