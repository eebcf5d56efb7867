"""Recognises secrets inside of texts: keys, tokens and passwords that somebody has committed.

`workspace.screening` knows files that may hold secrets by their names. What is trained on must not hold any either, for
a model can be made to repeat what it was trained on.
"""

from __future__ import annotations

import math
import re
from collections import Counter

_KNOWN = re.compile(
    r"""(?x)
      -----BEGIN\ (?:[A-Z0-9 ]+\ )?PRIVATE\ KEY
    | \b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b                       # AWS
    | \bgh[pousr]_[A-Za-z0-9]{30,}\b | \bgithub_pat_\w{30,}          # GitHub
    | \bglpat-[\w-]{18,} | \bxox[abposr]-[\w-]{10,}                  # GitLab, Slack
    | \b[sprk]{2}_(?:live|test)_[A-Za-z0-9]{16,}                     # Stripe
    | \bsk-(?:[a-z]+-)?[A-Za-z0-9_-]{20,} | \bAIza[\w-]{30,}         # OpenAI and others, Google
    | \bhf_[A-Za-z0-9]{25,} | \bnpm_[A-Za-z0-9]{30,} | \bpypi-[\w-]{40,}
    | \beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{10,}                     # JSON web tokens
    | \b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'"<>{}$]{1,60}:[^\s@/'"<>{}$*]{4,}@  # credentials in a URL
    """
)
_ASSIGNED = re.compile(
    r"""(?ix) \b[\w.-]{0,40}
        (?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)[\w.-]{0,20}
        ["']? \s* (?::=|=>|=|:) \s* ["']([^"'\s]{8,200})["'] """
)
_PLACEHOLDER = re.compile(
    r"(?i)x{4,}|\*{3,}|\.{3}|<|\$\{|\{\{|%\(|example|placeholder|change.?me|your[-_ ]|dummy|redacted|secret|password|"
    r"token|default|test|fake|none|null|env"
)
LEAST_ENTROPY = 3.0
"""Bits per character of an assigned value from which on it looks like a secret: English words have fewer."""


def secret_in(text: str) -> str:
    """What kind of secret a text seems to hold; "" if none was found."""
    if _KNOWN.search(text):
        return "a key, a token or credentials"
    for found in _ASSIGNED.finditer(text):
        value = found[1]
        if not _PLACEHOLDER.search(value) and any(map(str.isdigit, value)) and _entropy(value) >= LEAST_ENTROPY:
            return "a password or a token"
    return ""


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
