"""Which files are Jupyter notebooks, by their names: every file of a scan is asked, few are read (`notebooks.py`)."""

from __future__ import annotations


def is_notebook(path: str) -> bool:
    """Whether a file of this name should be a notebook."""
    return path[-6:].lower() == ".ipynb"
