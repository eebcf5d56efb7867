"""The result of the tool `ask`: an answer and the code that it rests on, within a budget of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.doubts import doubts
from glossator.answers.evidence import estimated_tokens
from glossator.mcp_server.code_tools import numbered_gaps
from glossator.mcp_server.tool_results import Answered, AnswerSource, count_fitting, tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glossator.answers.answerer import Answer
    from glossator.answers.evidence import Evidence

CITED_SHARE = 3
"""The places of cited sources take at most this part (one in 3) of the budget; the answer and code share the rest."""
_CUT = "the answer is longer: raise max_tokens"


def fitted_answer(answer: Answer, names: Mapping[Path, str], max_tokens: int) -> Answered:
    """The answer, then its sources, those that it cites first; code is shown as far as the budget goes.

    Args:
        names: the projects' folders and names.
    """
    cited = {item.number for item in answer.citations}
    evidence = sorted(answer.evidence, key=lambda one: (one.number not in cited, one.number))
    sources = [_source(item, names) for item in evidence if item.number in cited]
    sources = sources[: count_fitting(sources, max_tokens // CITED_SHARE)]
    left = max_tokens - sum(map(tokens_of, sources))
    text = _shortened(answer.answer, left)
    left -= tokens_of(text)
    for at, item in enumerate(evidence):
        source = _source(item, names)
        source.code = numbered_gaps(item)
        is_shown = at < len(sources)
        cost = tokens_of(source) - (tokens_of(sources[at]) if is_shown else 0)
        if cost > left or (not is_shown and item.number in cited):
            continue
        left -= cost
        if is_shown:
            sources[at] = source
        else:
            sources.append(source)
    return Answered(text, sources, answer.model, [*doubts(answer), *([] if text == answer.answer else [_CUT])])


def _source(item: Evidence, names: Mapping[Path, str]) -> AnswerSource:
    return AnswerSource(
        item.path,
        item.start_line,
        item.end_line,
        item.kind,
        item.qualified_name,
        names.get(item.root, ""),
        number=item.number,
        commit=item.commit.name if item.commit is not None else "",
    )


def _shortened(text: str, most: int) -> str:
    """The first lines of Markdown that fit into a number of tokens; a block of code that is cut is closed."""
    if tokens_of(text) <= most:
        return text
    lines = text.split("\n")
    kept = lines[: count_fitting(lines, most - estimated_tokens(_CUT), lambda line: estimated_tokens(line) + 1)]
    if sum(line.lstrip().startswith("```") for line in kept) % 2:
        kept.append("```")
    return "\n".join(kept).rstrip()
