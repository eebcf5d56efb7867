"""Glossator: answers questions about the code that is open in an editor, on the user's own machine."""

__version__ = "0.1.0"
