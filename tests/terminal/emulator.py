"""A program on a pseudo-terminal, and its output as a terminal emulator shows it: a test asserts what a person sees."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pyte

DEADLINE = 240.0
"""Seconds after which a program that shows nothing more is given up."""
HISTORY = 10_000
"""Lines that have scrolled off the top and are kept."""


class _Screen(pyte.HistoryScreen):
    """A screen that notes which lines were longer than it is wide."""

    def __init__(self, columns: int, lines: int) -> None:
        self.wrapped: list[str] = []
        """The first part of each line that went on at the next one because it did not fit."""
        self._drawing = False
        super().__init__(columns, lines, history=HISTORY)

    def draw(self, data: str) -> None:
        self._drawing = True
        super().draw(data)
        self._drawing = False

    def linefeed(self) -> None:
        if self._drawing:
            self.wrapped.append(self.display[self.cursor.y].rstrip())
        super().linefeed()


def _style(cell: pyte.screens.Char) -> str:
    """The escape sequence of a character's style."""
    codes = ["0"]
    codes += [code for on, code in ((cell.bold, "1"), (cell.italics, "3"), (cell.underscore, "4")) if on]
    if cell.reverse:
        codes.append("7")
    for base, color in ((30, cell.fg), (40, cell.bg)):
        name = color.removeprefix("bright")
        if name in _COLORS:
            codes.append(str(base + _COLORS.index(name) + (60 if color != name else 0)))
        elif color != "default":  # six hexadecimal digits
            codes.append(f"{base + 8};2;{int(color[:2], 16)};{int(color[2:4], 16)};{int(color[4:], 16)}")
    return f"\x1b[{';'.join(codes)}m"


_COLORS = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
"""The emulator's names of colours, in the order of their codes."""


class Terminal:
    """One program on a terminal of its own, which is also its controlling terminal: control characters reach it."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int = 100,
        lines: int = 40,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.columns = columns
        self.screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        """Everything that the program has written."""
        self._unfed = b""
        """What the emulator has not been fed with yet."""
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self._theirs)
        inherited = {name: value for name, value in os.environ.items() if name not in _TERMINAL_VARIABLES}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, *map(str, command)],
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            cwd=cwd,
            env={**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environment or {})},
            start_new_session=True,
        )

        # From now on control characters reach the program, and not nobody.
        until = time.monotonic() + DEADLINE
        while os.tcgetpgrp(self._ours) != self.process.pid and self.process.poll() is None:
            assert time.monotonic() < until

    # What a person does

    def type(self, text: str) -> None:
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._ours, text.encode())

    def wait_for(self, seen: str | Callable[[str], object]) -> None:
        """Read until the screen shows a text, or fulfils a condition."""
        shows = (lambda text: seen in text) if isinstance(seen, str) else seen
        while not shows(self.text):
            if not self._read():
                raise AssertionError(f"the program ended before it showed {seen!r}:\n{self.text}")

    def wait(self) -> int:
        """Read until the program ends; returns its exit status (negative: the signal that ended it)."""
        while self._read():
            pass
        return self.process.wait(DEADLINE)

    def _read(self) -> bool:
        """Feed the emulator with the next line that has arrived; False once the program has ended and all was read.

        Line by line, so that what is shown for a moment only is seen even when it is read too late.
        """
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if self._unfed:
                line = _LINE.match(self._unfed)
                assert line is not None
                self._unfed = self._unfed[line.end() :]
                self._stream.feed(line[0])
                return True
            ended = self.process.poll() is not None
            ready, _, _ = select.select([self._ours], [], [], 0.0 if ended else 0.05)
            if ready:
                data = os.read(self._ours, 65536)
                self.raw += data
                self._unfed += data
            elif ended:
                return False
        raise AssertionError(f"nothing new for {DEADLINE:.0f} seconds:\n{self.text}")

    # What a person sees

    @property
    def text(self) -> str:
        """Everything shown so far, what has scrolled off the top included, without spaces at the ends of lines."""
        above = ["".join(line[x].data for x in range(self.columns)) for line in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self.screen.display]).rstrip()

    @property
    def styled(self) -> str:
        """The screen as it is now, its colours and styles as escape sequences."""
        rows = []
        for y in range(self.screen.lines):
            row = [self.screen.buffer[y][x] for x in range(self.columns)]
            parts = (style + "".join(cell.data for cell in run) for style, run in groupby(row, _style))
            rows.append("".join(parts) + "\x1b[0m")
        return "\n".join(rows)

    @property
    def cursor_hidden(self) -> bool:
        """Whether the program has left the cursor invisible."""
        return self.screen.cursor.hidden

    @property
    def modes(self) -> list[object]:
        """The terminal's line settings (echo, canonical input, signals), as they are now."""
        return termios.tcgetattr(self._theirs)

    @property
    def colored(self) -> bool:
        """Whether the program has changed a colour or a style."""
        return b"\x1b[" in self.raw and any(
            sequence[:1].isdigit() and sequence.split(b"m")[0].replace(b";", b"").isdigit() and b"m" in sequence[:16]
            for sequence in self.raw.split(b"\x1b[")[1:]
        )

    def close(self) -> None:
        """End the program, if it still runs, and the terminal."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_LINE = re.compile(rb"[\r\n]*[^\r\n]*")
"""What is drawn up to the next return to the start of a line."""

_TERMINAL_VARIABLES = frozenset(
    ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "LANG")
)

_LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
"""Makes the terminal the one that controls the new session, and becomes the program."""
