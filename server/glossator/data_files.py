"""Reads the word lists, weights and templates that are bundled with the package, in the folder `data`."""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"


def data_text(name: str) -> str:
    """The text of a bundled file. (`importlib.resources` would import the modules for archives, which takes 3 ms.)"""
    return (_DATA / name).read_text("utf-8")
