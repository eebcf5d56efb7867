"""Recognises questions about the history of code: "why is X so", "when was X changed", "what changed here lately".

Only a sentence that is such a question as a whole is recognised, in the languages of `data/history_questions.txt`.
Whether there is a symbol of that name, and whether there are commits, is for others to find out.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

from glossator.retrieval.time_windows import REPLACED_BY, split_windows
from glossator.retrieval.use_questions import LONGEST_QUESTION, is_plain_word, named_symbol, question_patterns

if TYPE_CHECKING:
    from glossator.workspace.commit_log import CommitWindow

HistoryAspect = Literal["why", "when", "added", "removed", "who", "changes", "lately"]
"""What is asked: why something is as it is or was changed; when it was changed; when it came to be; when, why or
by whom it was removed; who wrote or changed it; what changed in it; what changed around here."""
HistoryScope = Literal["", "symbol", "lines", "file", "folder", "project"]
"""What "this" or "here" is: the symbol or the lines that a question is asked at, their file, its folder, or everything;
"" where something is named."""


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """A question about the history of code.

    Attributes:
        aspect: what is asked.
        name: the symbol, file or folder as written, without quotes and words such as "the function"; "" if it is none.
        path: a file that the symbol is said to be in, as written; "" if none is given.
        phrase: what is asked about, as written; "" where nothing is named.
        scope: what is meant where nothing is named.
        window: the time that is asked about; None: all of it.
    """

    aspect: HistoryAspect
    name: str = ""
    path: str = ""
    phrase: str = ""
    scope: HistoryScope = ""
    window: CommitWindow | None = None


_CONTRACTED = re.compile(r"\b(what|who|when|why|how|where|which)['’]s\b", re.IGNORECASE)
_LEAD = re.compile(r"^(?:(?:explain|describe|i wonder|i would like to know|tell me about),? )+", re.IGNORECASE)
_THIS = r"(?:this|the|our|diese[rsmn]?|das|der|die|ce|cet|cette|le|este|esta|el)"
_SCOPES: dict[HistoryScope, re.Pattern[str]] = {
    "project": re.compile(
        rf"(?:in |of )?{_THIS} (?:whole )?(?:project|repo(?:sitory)?|code ?base|workspace|app(?:lication)?|projekt"
        r"|projet|dépôt|proyecto|repositorio)",
        re.IGNORECASE,
    ),
    "folder": re.compile(
        rf"(?:around|round) here|nearby|in this area|(?:in )?{_THIS} (?:folder|directory|ordner|verzeichnis|dossier"
        r"|répertoire|carpeta|directorio)",
        re.IGNORECASE,
    ),
    "file": re.compile(
        rf"(?:in )?(?:here|hier|ici|aqu[íi])|(?:in )?{_THIS} (?:file|module|datei|modul|fichier|archivo)", re.IGNORECASE
    ),
    "lines": re.compile(
        r"(?:this|these) (?:lines?|code|block|part|snippet|selection|condition|check)|diese zeilen?", re.IGNORECASE
    ),
    "symbol": re.compile(r"this|that|it|das|dies|es|ce(?:ci|la)|ça|esto|eso", re.IGNORECASE),
}


def parse_history_question(text: str, now: datetime.datetime | None = None) -> HistoryQuestion | None:
    """The question about history that a text is; None if it is something else.

    Args:
        now: the present, with its offset, which "last week" depends on; None: the clock's.
    """
    sentence = _CONTRACTED.sub(r"\1 is", _LEAD.sub("", " ".join(text.split()), count=1))
    if not sentence or len(sentence) > LONGEST_QUESTION or "\n" in text.strip():
        return None
    for rest, window in split_windows(sentence, now or datetime.datetime.now().astimezone()):
        found = _parsed(rest)
        if found is None or found.aspect in ("added", "removed") or found.phrase.endswith(tuple(REPLACED_BY.values())):
            continue
        return replace(found, window=window)
    return _parsed(sentence)


def _parsed(sentence: str) -> HistoryQuestion | None:
    for name, pattern in question_patterns("history_questions.txt"):
        found = pattern.fullmatch(sentence)
        if found is None:
            continue
        aspect = cast("HistoryAspect", name)
        phrase = next((value for value in found.groupdict().values() if value), "").strip().rstrip("?!.,;:").strip()
        if not phrase:
            around = re.search(r"\b(?:a?round here|nearby|in this area)\b", sentence, re.IGNORECASE) is not None
            here = re.search(r"\b(?:here|hier|ici|aqu[íi])\b", sentence, re.IGNORECASE) is not None
            return HistoryQuestion(aspect, scope="folder" if around else "file" if here else "project")
        for scope, words in _SCOPES.items():
            if words.fullmatch(phrase):
                return HistoryQuestion(aspect, scope=scope)
        symbol = named_symbol(phrase)
        if symbol is not None and symbol[0] and not is_plain_word(symbol[0], phrase, ""):
            return HistoryQuestion(aspect, symbol[0], symbol[1], phrase)
        if symbol is not None and not symbol[0]:  # "this function"
            return HistoryQuestion(aspect, scope="symbol")
        return HistoryQuestion(aspect, phrase=phrase)
    return None
