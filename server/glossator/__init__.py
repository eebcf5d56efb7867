"""Glossator: answers questions about the code that is open in an editor, on the user's own machine."""

import os

__version__ = "0.1.0"

# One thread for numpy's products: they are small, and several threads spend more time waiting for one another than
# working, on cores that a search or the workers need. It has to be said before numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
