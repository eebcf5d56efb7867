"""Names that are put together at run time: `getattr(self, "on_" + event)`, `send("on_#{event}")`, `do_##name`.

What is known of such a name is how it begins, or how it ends. It is noted as a mention of `on_*`, `*_done`, or `*` if
nothing is known of it; as one of `Kind.*` where a class is handed over.
"""

from __future__ import annotations

import re
from typing import Final

ANY: Final = "*"
"""Stands for any name, or any part of one."""
_TEXT: Final = re.compile(rb"^[\s(]*(?:[A-Za-z]{0,2}|:)?(?:\"\"\"|[\"'`])@?([A-Za-z_]\w*)?")
_END: Final = re.compile(rb"([A-Za-z_]\w*)[\"'`][\s)]*$")
_PLAIN: Final = re.compile(rb"^\s*:?(?:\"[^\"#${%]*\"|'[^'{%]*'|`[^`$]*`)\s*$")
_PASTED: Final = re.compile(rb"([A-Za-z_]\w*)\s*##|##\s*([A-Za-z_]\w*)")


def made_name(text: bytes) -> str:
    """The pattern of the name that a string expression evaluates to: `on_*`, `*_done` or `*`; "" for a plain string.

    Args:
        text: the expression as the source writes it.
    """
    if _PLAIN.match(text):
        return ""
    begun = _TEXT.match(text)
    if begun and begun[1]:
        return begun[1].decode("utf-8", "replace").partition("__%")[0] + ANY
    ended = _END.search(text)
    return ANY + ended[1].decode("utf-8", "replace") if ended else ANY


def pasted_names(body: bytes, parameters: tuple[bytes, ...]) -> list[tuple[int, str]]:
    """The patterns of the names that a C macro pastes together, each with its first byte in the macro's body."""
    found: list[tuple[int, str]] = []
    for match in _PASTED.finditer(body):
        before, after = match.groups()
        if before and before not in parameters:
            found.append((match.start(1), before.decode("utf-8", "replace") + ANY))
        elif after and after not in parameters:
            found.append((match.start(2), ANY + after.decode("utf-8", "replace")))
    return found


def members_of(name: str) -> str:
    """What a place notes that hands over a class (`Kind.class`): any of its members may be found at run time."""
    return f"{name}.{ANY}"


def patterns_of(name: str) -> list[str]:
    """The patterns, other than `ANY`, under which a place that puts this name together may have been noted."""
    sizes = range(2, len(name))
    return [*(name[:size] + ANY for size in sizes), *(ANY + name[-size:] for size in sizes)]
