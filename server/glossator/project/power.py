"""What the machine runs on."""

from __future__ import annotations


def on_battery() -> bool:
    """Whether the machine runs on its battery; False where that cannot be told."""
    import psutil

    sensor = getattr(psutil, "sensors_battery", None)
    battery = sensor() if sensor is not None else None
    return battery is not None and battery.power_plugged is False
