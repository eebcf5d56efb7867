"""How lines of a file are written for users, wherever they are shown as text."""

from __future__ import annotations


def place_text(path: str, start_line: int, end_line: int) -> str:
    """FILE:FIRST-LAST, or FILE:LINE."""
    return f"{path}:{start_line}-{end_line}" if end_line > start_line else f"{path}:{start_line}"
