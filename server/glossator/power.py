"""What is due to the machine's user: which cores may be used, whether it runs on battery, and that other processes go
first."""

from __future__ import annotations

import contextlib
import os


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_battery() -> bool:
    """Whether the machine runs on battery power; False if that is unknown."""
    import psutil

    sensor = getattr(psutil, "sensors_battery", None)
    battery = sensor() if sensor is not None else None
    return battery is not None and battery.power_plugged is False


def lower_priority(niceness: int) -> None:
    """Give way to other processes: by so much on POSIX (up to 19), and with "below normal" on Windows."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else niceness)
