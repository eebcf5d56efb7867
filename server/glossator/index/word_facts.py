"""The facts of a file that could not be parsed: which words stand in it."""

from __future__ import annotations

import re
from typing import Final

from glossator.index.facts import MENTION_KINDS, PackedMention, make_facts, stored_facts
from glossator.index.language_detection import language_of_text
from glossator.index.texts import SourceText

_WORD: Final = re.compile(rb"[A-Za-z_]\w{1,60}")
MOST_WORDS: Final = 100_000
"""Different words of a file that are noted: more than any code has."""
_NAME: Final = MENTION_KINDS.index("name")


def word_facts(path: str, text: str) -> tuple[bytes, bytes]:
    """Facts of a damaged file, as `stored_facts` gives them: each word where it stands first, as a name that may mean
    anything. So nothing that the file may use is said to be unused."""
    source = SourceText(text)
    mentions: dict[str, list[PackedMention]] = {}
    for found in _WORD.finditer(source.data):
        name = found[0].decode()
        if name not in mentions:
            if len(mentions) == MOST_WORDS:
                break
            line, column = source.point_at(found.start())
            mentions[name] = [(_NAME, -1, line + 1, column, -1, -1)]
    facts = make_facts(language_of_text(path, text), "", [], [], [], mentions)
    facts.damaged = True
    return stored_facts(facts)
