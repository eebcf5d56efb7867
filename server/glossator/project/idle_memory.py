"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def trim_memory() -> None:
    """Collect garbage, and have the C library return free memory, where it keeps it (glibc)."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
