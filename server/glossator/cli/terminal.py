"""What a person sees: the only place where the command line writes text for people.

Everything written here is escaped first, so that no byte of a repository (a name, a docstring, an error message) can
command the terminal. On a terminal, text is wrapped to its width and coloured; on a pipe or in a file it is plain, one
line for each item. JSON for programs is written here too, exact and equally harmless.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import re
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

from glossator.errors import GlossatorError
from glossator.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from rich.console import Console
    from rich.progress import Progress, TaskID

NARROW = 72
"""Columns below which tables become paragraphs and a progress bar loses its extras."""
LAST_COLUMN = 24
"""Columns that the last one of a table needs."""
BAR_DELAY_SECONDS = 0.4
"""A progress bar appears when the work takes longer than this."""
FIRST_LINE_SECONDS = 1.0
LINE_SECONDS = 5.0
"""Before the first line of progress on a terminal that cannot redraw a line, and between two of them."""

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and newline; DEL; C1, which begins sequences as ESC does
    "\u2028\u2029"  # line and paragraph separator
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"  # marks that reorder what is read
)
_CONTROL_IN_ONE_LINE = late(f"\n|{_CONTROL.pattern}")
_CONTROL_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


def escaped(text: str) -> str:
    """`text` with control characters made visible ("\\x1b"), all but tabs and line ends (which become "\\n")."""
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def escaped_line(text: str) -> str:
    """`text` as one line: line ends, which a file's name may hold, are made visible too."""
    return _CONTROL_IN_ONE_LINE.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1] if found[0] in "\n\r" else _hexadecimal(found[0])


def _hexadecimal(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


# What the terminal can do


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream as it is written."""
    try:
        return stream.isatty()
    except ValueError:  # it is closed
        return False


def can_redraw(stream: TextIO) -> bool:
    """Whether the stream is a terminal that understands control sequences."""
    return is_terminal(stream) and os.environ.get("TERM", "") not in ("dumb", "unknown") and _sequences_enabled()


def can_color(stream: TextIO) -> bool:
    """Whether text on the stream may be coloured (https://no-color.org)."""
    return can_redraw(stream) and not os.environ.get("NO_COLOR")


def is_ascii_only() -> bool:
    """Whether the locale promises nothing beyond ASCII: decoration then does without other characters."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    if sys.platform == "win32":
        return False
    return locale.partition(".")[0] in ("C", "POSIX") and "utf" not in locale.lower()


def columns(stream: TextIO) -> int | None:
    """Columns to wrap at; None where the stream is no terminal: its lines are left whole."""
    return max(shutil.get_terminal_size().columns - 1, 20) if is_terminal(stream) else None


@functools.cache
def _sequences_enabled() -> bool:
    """Whether control sequences work: always, but for consoles of Windows that refuse to be asked for them."""
    if sys.platform != "win32":
        return True
    import ctypes  # type: ignore[unreachable]

    enable_sequences = 0x0004
    kernel = ctypes.windll.kernel32
    worked = False
    for handle in (kernel.GetStdHandle(-11), kernel.GetStdHandle(-12)):
        mode = ctypes.c_uint32()
        if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            worked |= bool(kernel.SetConsoleMode(handle, mode.value | enable_sequences))
    return worked


def prepare_streams() -> None:
    """Let names that a terminal's encoding cannot show be written all the same, and pipes carry UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        elif hasattr(stream, "reconfigure"):
            encoding = stream.encoding if is_terminal(stream) else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


# Writing


class OutputClosedError(Exception):
    """Whoever read stdout has gone away (`| head`): there is nobody to tell."""


def release_stdout() -> None:
    """Let what is still written to stdout go nowhere: Python would complain when it flushes it at exit."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Raise what can go wrong with stdout as errors of our own: other pipes may break, too."""
    try:
        yield
    except OSError as error:
        if isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL):
            raise OutputClosedError from error
        release_stdout()
        raise GlossatorError(f"cannot write the output: {error.strerror or error}") from error


def _write(text: str) -> None:
    with _writing():
        sys.stdout.write(text)


def flush() -> None:
    """Hand everything written to stdout over to its reader.

    Raises:
        OutputClosedError: the reader has gone away.
        GlossatorError: it cannot be written (a full disk).
    """
    with _writing():
        sys.stdout.flush()


# Text


def show(text: str = "", *, hang: int = 0) -> None:
    """Write a line of a command's result to stdout; where it is wrapped, `hang` indents what follows its first line."""
    _write(f"{_fitted(text, sys.stdout, hang)}\n")


def show_help(text: str) -> None:
    """Write a text of several lines that is wrapped already."""
    _write(escaped(text))
    flush()


def show_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows of as many cells as there are headers, or, where that is too wide, a paragraph for each row.

    The first column and the last are aligned left, the others right; the last is wrapped.
    """
    if not rows:
        return
    cells = [[escaped_line(cell) for cell in row] for row in (headers, *rows)]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(headers) - 1)]
    used = 2 + sum(width + 2 for width in widths)
    width = columns(sys.stdout)
    if width is not None and used + LAST_COLUMN > width:
        for row in rows:
            measured = [f"{header} {cell}" for header, cell in zip(headers[1:-1], row[1:-1], strict=True) if cell]
            show(f"  {row[0]}")
            show(f"      {', '.join(filter(None, (*measured, row[-1])))}", hang=6)
        return
    for row in cells:
        line = f"  {row[0]}" + " " * (widths[0] - cell_width(row[0]) + 2)
        for cell, size in zip(row[1:-1], widths[1:], strict=True):
            line += " " * (size - cell_width(cell)) + cell + "  "
        show((line + row[-1]).rstrip(), hang=used)


def note(text: str = "", *, hang: int = 0) -> None:
    """Write a line to stderr, which does not belong to the result."""
    with contextlib.suppress(OSError, ValueError):  # nobody is left to read it
        print(_fitted(text, sys.stderr, hang), file=sys.stderr, flush=True)


def prompt(text: str) -> None:
    """Write a question to stderr; the answer is typed on the same line."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(_fitted(text, sys.stderr, 0) + " ")
        sys.stderr.flush()


def show_error(text: str) -> None:
    """Write why a command failed: one line, as far as its width allows."""
    note(f"glossator: {' '.join(text.split())}")


def show_json(value: object, *, indent: int | None = None) -> None:
    """Write a value to stdout as JSON: exact, with what could command a terminal as escapes of JSON's own."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    _write(_CONTROL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def _fitted(text: str, stream: TextIO, hang: int) -> str:
    text = escaped_line(text)
    width = columns(stream)
    return text if width is None else "\n".join(wrapped(text, width, hang))


def wrapped(text: str, width: int, hang: int = 0) -> list[str]:
    """A line as lines of at most `width` columns, those after the first indented by `hang`.

    Only spaces are broken at: a path or a command that is longer than a line stays whole, so that it can be copied.
    """
    body = text.lstrip(" ")
    indent = len(text) - len(body)
    lines = [" " * indent]
    column, begun = indent, False
    for gap, word in re.findall(r"( *)([^ ]+)", body):
        cells = cell_width(word)
        if begun and column + len(gap) + cells > width:
            # A word that is longer than a line is easier to read, and to copy, from the first column on.
            indent = hang if hang + cells <= width else 0
            lines[-1] = lines[-1].rstrip(" ")
            lines.append(" " * indent + word)
            column = indent + cells
        else:
            lines[-1] += (gap if begun else "") + word
            column += (len(gap) if begun else 0) + cells
        begun = True
    return lines if begun else [""]


def cell_width(text: str) -> int:
    """Columns that a text takes: a wide character takes two, a combining one none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


# Markdown as it is written

CODE_HANG = 8
"""Columns by which the rest of a long line of code is indented further than its beginning."""

_STYLES = {"code": "36", "bold": "1", "number": "1;33", "fence": "2", "heading": "1"}
_PIECE = late(r"`+|\*\*|\[\d+\]|[^`*\[]+|.")
_MARKER = late(r"(?:[-*+]|\d{1,3}[.)])$")


class Prose:
    """Writes Markdown to stdout while it is made: words wrapped and coloured on a terminal, exact on a pipe.

    The marks stay, so that what is copied from a terminal is Markdown. A line of code that is too long goes on far to
    the right of where it began; tables are not wrapped.
    """

    def __init__(self) -> None:
        self._width = columns(sys.stdout)
        self._color = can_color(sys.stdout)
        self._word = ""
        self._gap = ""
        self._column = 0
        self._hang = 0
        self._line_begun = False
        self._fence = ""
        self._verbatim = False
        self._code = ""
        self._bold = False
        self._ended = True

    def write(self, text: str) -> None:
        """Write what comes next."""
        if not text:
            return
        self._ended = text.endswith("\n")
        if self._width is None:
            _write(escaped(text))
        else:
            for char in escaped(text):
                self._take(char)
        flush()

    def end(self) -> None:
        """Write what is left, and end the last line."""
        if not self._ended:
            self.write("\n")

    def _take(self, char: str) -> None:
        if char == "\n":
            self._end_line()
        elif self._fence or self._verbatim or not char.isspace():
            self._word += char
            if not self._line_begun and self._word == "|":
                self._verbatim = True
        else:
            self._flush_word()
            self._gap += "    " if char == "\t" else char

    def _end_line(self) -> None:
        line, blank = self._word, not self._line_begun and not self._word.strip()
        if self._fence:
            closes = line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0])
            _write(self._styled(line, "fence") if closes else _fitted_code(line, self._width or 0))
            self._fence = "" if closes else self._fence
        elif self._verbatim:
            _write(line)
        elif not self._line_begun and (opened := re.match(r"(`{3,}|~{3,})[^`]*$", line)):
            _write(self._gap + self._styled(line, "fence"))
            self._fence = opened[1]
        else:
            self._flush_word()
        _write("\n")
        if blank:
            self._code, self._bold = "", False
        self._word, self._gap, self._column, self._hang = "", "", 0, 0
        self._line_begun = self._verbatim = False

    def _flush_word(self) -> None:
        """Write a word, on the next line if it does not fit on this one."""
        word = self._word
        if not word:
            return
        cells, gap = cell_width(word), len(self._gap)
        if not self._line_begun:
            self._hang = gap + (len(word) + 1 if _MARKER.match(word) else 0)
        if self._line_begun and self._column + gap + cells > (self._width or 0) and self._column > self._hang:
            _write("\n" + " " * self._hang)
            self._column = self._hang
        else:
            _write(self._gap)
            self._column += gap
        _write(self._marked(word))
        self._column += cells
        self._line_begun = True
        self._word = self._gap = ""

    def _marked(self, word: str) -> str:
        """The word with its marks, in colour: `code`, **bold**, [1]."""
        if not self._color:
            return word
        out = []
        for piece in _PIECE.findall(word):
            if piece[0] == "`":
                opens = not self._code
                closes = self._code == piece
                self._code = piece if opens else "" if closes else self._code
                out.append(self._styled(piece, "code"))
            elif self._code:
                out.append(self._styled(piece, "code"))
            elif piece == "**":
                self._bold = not self._bold
                out.append(self._styled(piece, "bold"))
            elif piece[0] == "[" and len(piece) > 1:
                out.append(self._styled(piece, "number"))
            else:
                out.append(self._styled(piece, "bold") if self._bold else piece)
        return "".join(out)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color and text else text


def _fitted_code(line: str, width: int) -> str:
    spaced = line.expandtabs()
    if cell_width(spaced) <= width:
        return line
    indent = len(spaced) - len(spaced.lstrip())
    return "\n".join(wrapped(spaced, width, min(indent + CODE_HANG, width // 2)))


# Progress


class ProgressBar:
    """How far a long piece of work is, on stderr: a bar on a terminal, now and then a line on one that cannot redraw.

    What is done in a moment shows nothing. The cursor is never hidden: a process that is killed or suspended could not
    show it again.
    """

    def __init__(self, *, lines_on_pipe: bool = False) -> None:
        """Show nothing yet; `lines_on_pipe`: write a line for each tenth where stderr is no terminal."""
        self._lines_on_pipe = lines_on_pipe
        self._guard = threading.Lock()
        self._delay: threading.Timer | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._closed = False
        self._state: dict[str, Any] = {}
        self._shown = -1.0
        self._last = ""
        self._tenth = -1
        self._begun = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar off the screen."""
        with self._guard:
            self._closed = True
            if self._delay is not None:
                self._delay.cancel()
            bar, self._bar = self._bar, None
        if bar is not None:
            bar.stop()

    def update(self, what: str, done: float, total: float, counted: str, rate: str = "") -> None:
        """Show the state.

        Args:
            what: what is going on ("Indexing").
            done: part of `total` that is done; `total` is 0 while it is not known.
            counted: both in words ("120/600 files").
            rate: speed in words; "" if unknown.
        """
        if can_redraw(sys.stderr):
            self._redraw(description=what, completed=done, total=total or None, counted=counted, rate=rate)
        elif is_terminal(sys.stderr) or self._lines_on_pipe:
            self._print(what, done, total, counted)

    def _redraw(self, **state: Any) -> None:
        with self._guard:
            self._state = state
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, **state)
            elif self._delay is None and not self._closed:
                self._delay = threading.Timer(BAR_DELAY_SECONDS, self._begin)
                self._delay.daemon = True
                self._delay.start()

    def _begin(self) -> None:
        """Show the bar: called in a thread, some time after the work has begun."""
        bar = _rich_progress()
        with self._guard:
            if self._closed:
                return
            self._task = bar.add_task(**self._state)
            self._bar = bar
            bar.start()

    def _print(self, what: str, done: float, total: float, counted: str) -> None:
        now = time.monotonic()
        tenth = int(10 * done / total) if total else 0
        if is_terminal(sys.stderr):
            self._begun = self._begun or now
            due = now - self._begun >= FIRST_LINE_SECONDS and now - self._shown >= LINE_SECONDS
        else:
            due = tenth != self._tenth or what != self._last
        if due:
            self._shown, self._last, self._tenth = now, what, tenth
            note(f"{what}: {counted} ({done / total:.0%})" if total else f"{what} ...")


def _rich_progress() -> Progress:
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress
    from rich.table import Column

    console = _console()
    narrow = console.width < NARROW
    whole = Column(no_wrap=True)
    fields: list[Any] = [
        TextColumn("{task.description}", table_column=whole, markup=False),
        BarColumn(bar_width=10 if narrow else 30),
        TextColumn("{task.fields[counted]}", table_column=whole, markup=False),
    ]
    if not narrow:
        fields += [TextColumn("{task.fields[rate]}", table_column=whole, markup=False), TimeRemainingColumn()]
    return RichProgress(*fields, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)


def _console() -> Console:
    """A rich console on stderr that leaves the cursor alone, and draws with ASCII where the locale asks for it."""
    from rich.console import Console

    class VisibleCursor(Console):
        def show_cursor(self, show: bool = True) -> bool:
            del show
            return False

        @property
        def encoding(self) -> str:
            return "ascii" if is_ascii_only() else super().encoding

    return VisibleCursor(stderr=True, no_color=not can_color(sys.stderr))


class StageLine:
    """One line on a terminal's stderr that says what is being waited for; it is gone when the result comes."""

    def __init__(self) -> None:
        self._shown = ""

    def show(self, text: str) -> None:
        """Show what is going on in place of what was."""
        if text == self._shown or not can_redraw(sys.stderr):
            return
        self._shown = text
        line = escaped_line(f"{text}...")[: max(shutil.get_terminal_size().columns - 1, 1)]
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the line off the screen."""
        if self._shown:
            self._shown = ""
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
