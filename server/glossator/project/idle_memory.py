"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import gc
import sys


def trim_memory() -> None:
    """Collect garbage, and give free memory back."""
    gc.collect()
    give_back_free_memory()


def give_back_free_memory() -> None:
    """Have the C library return free memory to the system, where it keeps it (glibc). Other threads go on."""
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
