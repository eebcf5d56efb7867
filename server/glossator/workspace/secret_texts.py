"""Recognises secrets in texts: keys, tokens and passwords that somebody has committed.

`screening` knows files that may hold secrets by their names. This module finds them in all other files, and puts
asterisks in their place, one for each character, so that lines and columns stay what they are. It knows tokens by what
their makers begin them with, credentials in addresses and connection strings, bodies of private keys, and values that
are assigned to a name such as `password` and do not look like a word or a placeholder.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


class _Places:
    """Finds where any of some words begins, several times faster than a search for each of them, or for `a|b|c`.

    Python's expressions skip quickly to a character that all matches begin with. So the words are grouped by a
    character that is seldom in texts; what stands before it in a word is looked back at.
    """

    def __init__(self, words: Iterable[str], seldom: str) -> None:
        """Each word is found by the first character of `seldom` that it contains."""
        groups: dict[str, list[tuple[str, int]]] = {}
        for word in words:
            char = next(char for char in seldom if char in word)
            groups.setdefault(char, []).append((word, word.index(char)))
        self._groups = [(_at_character(char, words), words) for char, words in groups.items()]

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """(position, word) of each word in the text, in no order."""
        for pattern, words in self._groups:
            for found in pattern.finditer(text):
                for word, offset in words:
                    if text.startswith(word, at := found.start() - offset) and at >= 0:
                        yield at, word


def _at_character(char: str, words: Iterable[tuple[str, int]]) -> re.Pattern[str]:
    """Matches the character where it stands at the given place of one of the words."""
    before: dict[tuple[str, int], list[str]] = {}  # what follows, and how long what precedes is -> what precedes
    for word, at in words:
        before.setdefault((word[at + 1 :], at), []).append(re.escape(word[: at + 1]))
    ways = (f"(?={re.escape(rest)})(?<={'|'.join(heads)})" for (rest, _), heads in before.items())
    return re.compile(f"{re.escape(char)}(?:{'|'.join(ways)})")


_TOKENS: dict[str, str] = {
    # what it begins with -> what it looks like as a whole
    **dict.fromkeys(("AKIA", "ASIA", "AROA", "AIDA"), r"[A-Z]{4}[A-Z0-9]{16}\b"),  # AWS
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh\w_[A-Za-z0-9]{30,}\b"),  # GitHub
    "github_pat_": r"github_pat_\w{30,}",
    **dict.fromkeys(("glpat-", "gldt-", "glrt-"), r"gl\w+-[\w-]{18,}"),  # GitLab
    **dict.fromkeys(("xoxa-", "xoxb-", "xoxp-", "xoxo-", "xoxs-", "xoxr-"), r"xox\w-[\w-]{10,}"),  # Slack
    "hooks.slack.com/services/": r"hooks\.slack\.com/services/[\w/]{20,}",
    **dict.fromkeys(("k_live_", "k_test_", "whsec_"), r"\w{1,3}_?\w*_[A-Za-z0-9]{16,}"),  # Stripe
    "sk-": r"sk-(?:[a-z]{1,9}-)?(?=[A-Za-z0-9_-]{0,60}\d)[A-Za-z0-9_-]{20,}",  # OpenAI and others
    "AIza": r"AIza[\w-]{30,}",  # Google
    "GOCSPX-": r"GOCSPX-[\w-]{20,}",
    "ya29.": r"ya29\.[\w-]{20,}",
    "hf_": r"hf_[A-Za-z0-9]{25,}",
    "npm_": r"npm_[A-Za-z0-9]{30,}",
    "pypi-": r"pypi-[\w-]{40,}",
    "rubygems_": r"rubygems_[a-f0-9]{40,}",
    "dop_v1_": r"dop_v1_[a-f0-9]{40,}",  # DigitalOcean
    "dapi": r"dapi[a-f0-9]{32}\b",  # Databricks
    "dckr_pat_": r"dckr_pat_[\w-]{20,}",
    **dict.fromkeys(("shpat_", "shpca_", "shppa_", "shpss_"), r"shp\w\w_[a-fA-F0-9]{32}"),  # Shopify
    "SG.": r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    "lin_api_": r"lin_api_[A-Za-z0-9]{30,}",
    "hvs.": r"hvs\.[\w-]{20,}",  # Vault
    "NRAK-": r"NRAK-[A-Z0-9]{20,}",
    "ATATT3": r"ATATT3[\w=-]{30,}",  # Atlassian
    "AGE-SECRET-KEY-1": r"AGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ":AA": r":AA[\w-]{33}\b",  # Telegram
    "eyJ": r"eyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{10,}",  # JSON web tokens
    "AccountKey=": r"AccountKey=[A-Za-z0-9+/=]{40,}",  # Azure
    "SharedAccessKey=": r"SharedAccessKey=[A-Za-z0-9+/=]{30,}",
}
LONGEST_SECRET = 1_000
"""Characters of a token that are looked at: a hostile text must not take long."""
_WHOLE = {start: re.compile(pattern.replace(",}", f",{LONGEST_SECRET}}}")) for start, pattern in _TOKENS.items()}
_STARTS = _Places(_TOKENS, "_-.AJp")
_INNER = {"k_live_": 1, "k_test_": 1}
"""Characters of a token before what it is found by, where makers begin it in several ways (sk_live_, rk_live_)."""
_IN_ADDRESS = re.compile(r"://[^\s:/@'\"<>{}$]{0,60}:([^\s@/'\"<>{}$*]{4,200})@")
_NO_PASSWORDS = frozenset(
    ["pass", "password", "passwd", "secret", "pwd", "user", "changeme", "example", "xxxx", "token"]
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9 ]{1,30} )?PRIVATE KEY(?: BLOCK)?-----"
    r"((?:[^-]|-(?!----)){0,400}?[A-Za-z0-9+/=]{40}(?:[^-]|-(?!----)){0,20000})"
)
_SECRET_NAMES = _words(
    """
    password passwd passphrase pwd secret token apikey api_key api-key accesskey access_key access-key privatekey
    private_key private-key accountkey account_key account-key encryptionkey encryption_key encryption-key
    signingkey signing_key signing-key masterkey master_key licensekey license_key authkey auth_key
    """
)
"""What a name contains that a secret is assigned to, in lower case."""
_BEFORE_VALUES = _Places((*_SECRET_NAMES, "bearer ", "basic "), "kwbcp")
_NAME_END = r"""[\w.-]{0,20} \\?["'`]? [)\]]{0,2} [\ \t]{0,8}"""
_TYPE = r"""(?: :[\ \t]? [\w&<>\[\]|.?*'\ ]{1,40}? [\ \t]? (?==) )?"""
"""An annotation between a name and its value."""
_QUOTE = r"""\\?["'`]"""
_ASSIGNED = re.compile(
    rf"""(?ix) \w{{1,60}} {_NAME_END} {_TYPE}
        (?: (?::=|=>|=|:|,) [\ \t]{{0,8}} (?:[\w.]{{1,20}}[(\[])? {_QUOTE}([^"'`\s\\]{{8,400}}){_QUOTE}
          | > \s{{0,20}} ([^<>\s]{{8,400}}) \s{{0,20}} <
          | =([^;\s"'&<>(){{}}\[\]]{{8,200}}) [;"'&] )
    """
)
"""A value in quotes or in an element of XML, or a part of a connection string or query."""
_PLAIN_VALUE = re.compile(
    rf"""(?ix) \w{{1,60}} {_NAME_END}
        [:=] [\ \t]{{0,8}} ([^\s"'#;,<>(){{}}\[\]]{{8,400}}) [\ \t]* (?:[#;].*)? (?=\r?\n|\Z)
    """
)
"""A value without quotes that ends its line, where that is how values are written."""
_HEADER = re.compile(r"(?i)(?:bearer|basic) ((?=[^\s\"']*\d)[A-Za-z0-9+/_=.~-]{16,600})")
_PLAIN_FILES = frozenset(
    [
        "yml",
        "yaml",
        "toml",
        "ini",
        "cfg",
        "conf",
        "config",
        "properties",
        "env",
        "sh",
        "bash",
        "zsh",
        "fish",
        "ps1",
        "bat",
        "cmd",
        "tf",
        "tfvars",
        "hcl",
        "txt",
        "md",
        "rst",
        "dockerfile",
        "service",
        "plist",
        "json",
        "xml",
    ]
)
"""Extensions of files in which values stand without quotes."""
_PLACEHOLDER = re.compile(
    r"(?i)x{4,}|\*{3,}|\.{3}|<|\$\{|\{\{|\$\(|%\(|example|placeholder|change.?me|your[-_ ]|dummy|redacted|secret|"
    r"password|token|default|test|fake|none|null|env|^[$%@]|^\w+\.\w+\.?\w*$"
)
_MASKED = re.compile(r"[\"'`=:][ \t]?\*{8,}")
_NEAR = 300
"""Characters of other lines by which a secret may be known. Only private keys have more than one line; but what an
element of XML holds may stand on a line of its own, and the element's name is at most so far from it."""
LEAST_ENTROPY = 3.0
"""Bits per character from which an assigned value looks like a secret: English words have fewer."""


def without_secrets(text: str, path: str = "") -> str:
    """`text` with an asterisk for each character of a secret; line ends stay. `path` is that of its file.

    The result has as many characters, and as many bytes in UTF-8: what is not ASCII is left as it is.
    """
    spans = sorted(_spans(text, path))
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        if end > at:
            parts.append(text[at : max(at, start)])
            parts.append(re.sub(r"[!-~]", "*", text[max(at, start) : end]))
            at = end
    return "".join([*parts, text[at:]])


def line_without_secrets(lines: Sequence[str], index: int, path: str = "") -> str:
    """One of a text's lines as `without_secrets` leaves it, unless the text has a private key.

    Args:
        lines: all lines of the text, without their ends.
        index: of the line, from 0.
        path: of the file.
    """
    first, last = index, index + 1
    before = after = 0
    while first > 0 and before < _NEAR:
        first -= 1
        before += len(lines[first]) + 1
    while last < len(lines) and after < _NEAR:
        after += len(lines[last]) + 1
        last += 1
    return without_secrets("\n".join(lines[first:last]), path).split("\n")[index - first]


def may_hold_private_key(text: str) -> bool:
    """Whether a text may have the body of a private key, which can be long."""
    return "PRIVATE KEY" in text


def secret_in(text: str, path: str = "") -> str:
    """What kind of secret a text seems to hold; "" if none was found."""
    if may_hold_private_key(text) and re.search(r"-----BEGIN (?:[A-Z0-9 ]+ )?PRIVATE KEY", text):
        return "a private key"
    if next(_known(text), None) is not None or _MASKED.search(text):
        return "a key, a token or credentials"
    return "a password or a token" if next(_assigned(text, path), None) is not None else ""


def _spans(text: str, path: str) -> Iterator[tuple[int, int]]:
    """Where secrets begin and end."""
    yield from _known(text)
    if may_hold_private_key(text):
        for found in _PRIVATE_KEY.finditer(text):
            yield found.span(1)
    yield from _assigned(text, path)


def _known(text: str) -> Iterator[tuple[int, int]]:
    """Tokens whose form is known, and credentials in addresses."""
    for at, start in _STARTS.find(text):
        found = _WHOLE[start].match(text, max(0, at - _INNER.get(start, 0)))
        if (found and not text[max(0, found.start() - 1) : found.start()].isalnum()) or (found and start == ":AA"):
            yield found.span()
    at = text.find("://")
    while at >= 0:
        if (found := _IN_ADDRESS.match(text, at)) and found[1].lower() not in _NO_PASSWORDS:
            yield found.span(1)
        at = text.find("://", at + 3)


def _assigned(text: str, path: str) -> Iterator[tuple[int, int]]:
    """Values that are assigned to what is named like a secret, and look like one."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have a lower case of two characters
        lower = "".join(char.lower() if char.isascii() else char for char in text)
    name = path.rpartition("/")[2].lower()
    plain = not path or name.rpartition(".")[2] in _PLAIN_FILES
    for at, word in _BEFORE_VALUES.find(lower):
        for pattern in (_HEADER,) if word.endswith(" ") else (_ASSIGNED, _PLAIN_VALUE) if plain else (_ASSIGNED,):
            found = pattern.match(text, at)
            if found is None:
                continue
            group = next(number for number in range(1, pattern.groups + 1) if found[number] is not None)
            if _looks_random(found[group]):
                yield found.span(group)


def _looks_random(value: str) -> bool:
    return (
        any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not _PLACEHOLDER.search(value)
        and _entropy(value) >= LEAST_ENTROPY
    )


def _entropy(text: str) -> float:
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
