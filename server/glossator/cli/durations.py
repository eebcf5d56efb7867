"""Lengths of time as options give them: a number and a unit."""

from __future__ import annotations

import re

from glossator.errors import UsageError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def seconds_of(text: str) -> float:
    """A time such as `30d`, `12h`, `90m` or `45s` in seconds.

    Raises:
        UsageError: it is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a time: write a number and s, m, h, d or w, such as 30d")
    return float(match[1]) * _UNITS[match[2]]
