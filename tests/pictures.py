"""Pictures for the documentation that tests take of what they have on a screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TAKEN = ROOT / "editor-client" / "artifacts"
"""Where tests leave pictures, as picture-NAME: git ignores it."""


def draw_terminal(name: str, text: str, columns: int) -> Path:
    """Draw text with escape sequences as a terminal shows it, and keep it as picture-NAME.svg."""
    TAKEN.mkdir(exist_ok=True)
    picture = TAKEN / f"picture-{name}.svg"
    command = [sys.executable, ROOT / "scripts" / "draw_terminal.py", picture, str(columns)]
    subprocess.run(command, input=text, text=True, encoding="utf-8", check=True)
    return picture
