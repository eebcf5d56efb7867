"""The machine's power supply."""

from __future__ import annotations


def on_battery() -> bool:
    """Whether the machine runs on battery power; False if that is unknown."""
    import psutil

    sensor = getattr(psutil, "sensors_battery", None)
    battery = sensor() if sensor is not None else None
    return battery is not None and battery.power_plugged is False
