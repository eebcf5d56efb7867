"""Decoding of files: byte order marks, UTF-8, UTF-16, and legacy encodings.

Pure functions of the bytes. Line endings, form feeds and the like are kept.
"""

from __future__ import annotations

import codecs
import re

from glossator.late_patterns import late

_SNIFFED = 8000
"""Bytes that are checked for a NUL, as in git."""
_GUESSED = 16 * 1024
"""Bytes from which an encoding is guessed: enough for the statistics, 20 ms at most."""
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_LEGACY = (
    "cp1252", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1254",
    "cp1255", "cp1256", "iso2022_jp", "mac_roman", "cp437", "cp866",
)  # fmt: skip
_LIKE_CP1252 = frozenset({"cp1250", "cp1254"})


def decode(data: bytes) -> tuple[str, str] | None:
    """(text, name of the codec) of a file's bytes; None if they are not text.

    A byte order mark decides; then UTF-8, UTF-16 without a mark, the encoding that the statistics suggest, Latin-1.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            # The mark decides in spite of a few bad bytes, but not in spite of a NUL.
            text = data[len(bom) :].decode(encoding, "replace")
            return None if "\0" in text or text.count("\ufffd") * 4 > len(text) else (text, encoding)
    if b"\0" in data:
        return _decode_utf16(data)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    if _control_share(data[:_SNIFFED]) > 0.1:
        return None
    repaired = data.decode("utf-8", "replace")
    damaged = repaired.count("\ufffd")
    if damaged * 4 <= sum(not char.isascii() for char in repaired):  # mostly UTF-8, with a few broken characters
        return repaired, "utf-8"
    return _decode_legacy(data)


def _control_share(sample: bytes) -> float:
    """The share of control characters other than tab, line endings, form feed and escape."""
    controls = bytes(set(range(32)) - {8, 9, 10, 11, 12, 13, 27})
    return (len(sample) - len(sample.translate(None, controls))) / max(1, len(sample))


def _decode_utf16(data: bytes) -> tuple[str, str] | None:
    """UTF-16 without a mark, recognised by the zeros of its ASCII part."""
    sample = data[:_SNIFFED]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or max(even, odd) * 4 < len(sample) or min(even, odd) * 20 > max(even, odd):
        return None
    encoding = "utf-16-be" if even > odd else "utf-16-le"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else (text, encoding)


_DECLARATION = late(rb"(?:coding|charset)\s*[:=]\s*[\"']?([-\w.]{2,40})", re.IGNORECASE)
_DECLARABLE = ("big5", "cp", "euc", "gb", "hz", "iso", "johab", "koi8", "mac", "ptcp", "shift", "tis", "latin")
"""Prefixes of the names of acceptable codecs: Python has others that are slow or not for text."""


def _declared(data: bytes) -> str | None:
    """The encoding that the file itself declares near its beginning (PEP 263, Emacs, Vim, XML, HTML)."""
    for match in _DECLARATION.finditer(data[:1024]):
        try:
            name = codecs.lookup(match.group(1).decode("ascii")).name.replace("_", "-")
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
        if name.startswith(_DECLARABLE):
            return name
    return None


def _decode_legacy(data: bytes) -> tuple[str, str]:
    """Decode text in a legacy encoding; see `decode` for the result."""
    from charset_normalizer import from_bytes

    declared = _declared(data)
    if declared is not None:
        try:
            return data.decode(declared), declared
        except UnicodeDecodeError:
            pass
    telling = bytearray()
    for line in data.splitlines(keepends=True):  # ASCII lines say nothing about the encoding
        if not line.isascii():
            telling += line
            if len(telling) > _GUESSED:
                break
    if len(telling) > 2 * _GUESSED:  # a very long line: not to be cut within a character
        del telling[max(_GUESSED, telling.rfind(b" ", 0, 2 * _GUESSED)) :]
    # The threshold is high since the sample has the lines with the most accents, which look like noise.
    matches = from_bytes(telling, cp_isolation=list(_LEGACY), steps=5, chunk_size=512, threshold=0.5)
    best = matches.best()
    if best is not None:
        # Western and Central European encodings decode each other's texts without errors: prefer the more common one.
        near = {match.encoding for match in matches if match.chaos <= best.chaos + 0.1} | set(
            best.could_be_from_charset
        )
        western = best.encoding in _LIKE_CP1252 and "cp1252" in near
        for encoding in ("cp1252", best.encoding) if western else (best.encoding,):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                continue
    return data.decode("latin-1"), "latin-1"
