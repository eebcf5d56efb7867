"""Regular expressions that are compiled when they are first used.

A command imports many modules of whose expressions it needs few, and compiling one takes as long as importing a small
module. Those that every command needs are compiled with `re.compile`, as usual.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")


class _Late:
    """Stands for a compiled expression; once it is used, its methods are that one's."""

    def __init__(self, *source: Any) -> None:
        self._source = source

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._source)
        self.__dict__.update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)


def late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What `re.compile` gives, as far as its methods are called."""
    return cast("re.Pattern[AnyStr]", _Late(pattern, flags))
