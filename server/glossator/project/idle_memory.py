"""Gives memory that is no longer used back to the system."""

from __future__ import annotations

import gc
import sys
from functools import _lru_cache_wrapper


def trim_memory() -> None:
    """Empty the functions' caches, collect garbage, and give free memory back."""
    forget_results()
    gc.collect()
    give_back_free_memory()


def forget_results() -> None:
    """Empty the caches of this program's functions, but for those that are to keep all (`cache`).

    What is in them takes a few megabytes. But as long as any object is left in a megabyte of Python's memory, all of it
    stays with the process.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("glossator."):
            for value in list(vars(module).values()):
                if isinstance(value, _lru_cache_wrapper) and value.cache_parameters()["maxsize"] is not None:
                    value.cache_clear()


def give_back_free_memory() -> None:
    """Have the C library return free memory to the system, where it keeps it (glibc). Other threads go on."""
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
