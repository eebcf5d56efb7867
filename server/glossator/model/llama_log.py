"""llama.cpp's log: passed on to stderr, and searched for the facts that no function returns."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field


@dataclass
class LogTail:
    """Passes llama.cpp's log on to stderr, and keeps the facts in it that no function returns.

    Attributes:
        errors: the messages since they were last cleared.
        offloaded: layers of the model that are on accelerators, and all of its layers.
        buffers: MiB that were allocated, by the device's name in llama.cpp.
    """

    errors: list[str] = field(default_factory=list)
    offloaded: tuple[int, int] = (0, 0)
    buffers: dict[str, float] = field(default_factory=dict)
    _level: int = 0

    def clear(self) -> None:
        """Forget everything, before a model is loaded."""
        self.errors.clear()
        self.offloaded, self.buffers = (0, 0), {}

    def first_error(self) -> str:
        """The first error that llama.cpp logged: those that follow it only say that something failed."""
        if not self.errors:
            return "it gave no reason"
        return re.sub(r"^\w+: (error loading model: )?", "", self.errors[0])

    def line(self, level: int, text: bytes | None, _data: object) -> None:
        """The log callback. Levels of ggml.h: 1 debug, 2 info, 3 warning, 4 error, 5 continues the last line."""
        message = (text or b"").decode("utf-8", "replace")
        self._level = level if level != 5 else self._level
        if self._level == 4 and message.strip():
            self.errors.append(message.strip())
        if match := re.search(r"offloaded (\d+)/(\d+) layers", message):
            self.offloaded = (int(match[1]), int(match[2]))
        if match := re.search(r"(\S+) +(?:model|KV|compute) buffer size = +([\d.]+) MiB", message):
            self.buffers[match[1]] = self.buffers.get(match[1], 0.0) + float(match[2])
        if self._level >= 2:
            sys.stderr.write(message)
