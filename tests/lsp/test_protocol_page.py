"""docs/protocol.md is true: every example on it passes through the server's own types and back, unchanged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pygls.protocol import default_converter

from glossator.lsp import adapt_messages, message_conversion, protocol
from glossator.lsp.message_table import REQUESTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
EXAMPLES = re.findall(r"```json (\w+) (\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
RESULTS: dict[str, type] = {
    protocol.ASK: protocol.AskResult,
    protocol.SEARCH: protocol.SearchResult,
    protocol.USES: protocol.UsesResult,
    protocol.STATUS: protocol.StatusResult,
    protocol.CHAT: protocol.ChatResult,
    adapt_messages.ADAPT: adapt_messages.AdaptResult,
    adapt_messages.ADAPT_EXAMPLES: adapt_messages.AdaptExamplesResult,
    adapt_messages.ADAPT_REPORT: adapt_messages.AdaptReportResult,
    adapt_messages.ADAPT_CHANGED: adapt_messages.AdaptChanged,
    "found": protocol.FoundProgress,
    "evidence": protocol.EvidenceProgress,
    "delta": protocol.DeltaProgress,
    "lead": protocol.LeadProgress,
}


def contains(whole: Any, part: Any) -> bool:
    """Whether `part` is in `whole`, defaults that `part` leaves out aside."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(contains(whole.get(key), value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(contains(*pair) for pair in zip(whole, part, strict=True))
    return bool(whole == part)


@pytest.mark.parametrize(("role", "name", "text"), EXAMPLES, ids=lambda value: str(value)[:20])
def test_example(role: str, name: str, text: str) -> None:
    converter = default_converter()
    message_conversion.register(converter)
    example = json.loads(text)
    if role == "request":
        message = {"jsonrpc": "2.0", "id": 1, "method": name, "params": example}
        assert contains(converter.unstructure(converter.structure(message, REQUESTS[name])), message)
    else:
        result = converter.structure(example, RESULTS[name])
        assert converter.unstructure(result) == example


def test_every_method_has_an_example() -> None:
    assert {name for role, name, _ in EXAMPLES if role == "request"} == set(REQUESTS)
