"""Which class each of Glossator's custom requests has as a whole message, and which classes are converted at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from glossator.lsp import adapt_messages, protocol

if TYPE_CHECKING:
    from types import ModuleType


def _message(method: str, params: type, *, may_lack_params: bool = False) -> type:
    """The class of a whole request."""
    numbered: Any = int | str
    given: Any = params | None if may_lack_params else params
    return attrs.make_class(
        f"{params.__name__.removesuffix('Params')}Request",
        {
            "id": attrs.field(type=numbered),
            "params": attrs.field(type=given, default=None if may_lack_params else attrs.NOTHING),
            "method": attrs.field(type=str, default=method),
            "jsonrpc": attrs.field(type=str, default="2.0"),
        },
        frozen=True,
        kw_only=True,
    )


_NEEDED: dict[str, type] = {
    protocol.ASK: protocol.AskParams,
    protocol.EXPLAIN: protocol.ExplainParams,
    protocol.SEARCH: protocol.SearchParams,
    protocol.USES: protocol.UsesParams,
    protocol.CHAT: protocol.ChatParams,
    adapt_messages.ADAPT_START: adapt_messages.AdaptStartParams,
    adapt_messages.ADAPT_CHOOSE: adapt_messages.AdaptChooseParams,
}
_OPTIONAL: dict[str, type] = {
    protocol.STATUS: protocol.StatusParams,
    protocol.REINDEX: protocol.ReindexParams,
    protocol.PREPARE: protocol.PrepareParams,
    protocol.REBUILD: protocol.RebuildParams,
    protocol.FORGET: protocol.ForgetParams,
    adapt_messages.ADAPT: adapt_messages.AdaptParams,
    adapt_messages.ADAPT_STOP: adapt_messages.AdaptStopParams,
    adapt_messages.ADAPT_EXAMPLES: adapt_messages.AdaptExamplesParams,
    adapt_messages.ADAPT_REPORT: adapt_messages.AdaptReportParams,
}
"""The params of requests, which may be left out in the second group."""

REQUESTS: dict[str, type] = {
    **{method: _message(method, params) for method, params in _NEEDED.items()},
    **{method: _message(method, params, may_lack_params=True) for method, params in _OPTIONAL.items()},
}
"""Method name -> the class of its whole message."""


def _classes_of(module: ModuleType) -> list[type]:
    """The classes of messages that a module defines."""
    return [one for one in vars(module).values() if attrs.has(one) and one.__module__ == module.__name__]


CONVERTED_CLASSES: tuple[type, ...] = (*_classes_of(protocol), *_classes_of(adapt_messages), *REQUESTS.values())
"""All classes that are converted from and to JSON."""
