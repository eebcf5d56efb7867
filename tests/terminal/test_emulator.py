"""What the tests of terminals rely on."""

from __future__ import annotations

import sys

from tests.terminal.emulator import Terminal


def test_what_is_shown_for_a_moment_is_seen_however_late_it_is_read() -> None:
    code = r"print('half done', end='\r\x1b[2Kdone', flush=True)"
    with Terminal([sys.executable, "-c", code]) as shown:
        shown.process.wait()
        shown.wait_for("half done")
        assert shown.wait() == 0
        assert shown.text == "done"
