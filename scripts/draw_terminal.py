"""Draw what a terminal shows as an SVG picture: `draw_terminal.py FILE.svg COLUMNS < TEXT`.

TEXT may have escape sequences for colours and styles. Characters are placed by columns, so that any monospace font
fits. `rich` is needed, which the server has.
"""

import os
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

TITLE = "Glossator"


def drawn(text: str, columns: int) -> str:
    """The picture of lines of text, at least as wide as `columns` characters."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - not a file that is kept
        console = Console(record=True, width=columns, file=nowhere, force_terminal=True, color_system="truecolor")
        # A last line of its own: what hangs below the letters of a picture's last line is cut off.
        for line in [*text.splitlines(), ""]:
            console.print(Text.from_ansi(line), soft_wrap=False, highlight=False)
    picture = console.export_svg(title=TITLE)
    # The fonts that rich names come from the network: a reader's own monospace font will do.
    picture = re.sub(r"@font-face \{.*?\n    \}\n", "", picture, flags=re.DOTALL)
    return picture.replace("Fira Code", "ui-monospace, Menlo, Consolas")


if __name__ == "__main__":
    file, columns = sys.argv[1:]
    Path(file).write_text(drawn(sys.stdin.read(), int(columns)), "utf-8")
