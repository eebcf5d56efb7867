"""Plays a developer's days against a real language server, and compares its index with a fresh one after each step.

`contents.py` reads what an index says, `developer.py` does what developers do to a repository, `histories.py` makes or
clones one, `player.py` runs the server and compares. `scripts/soak` plays for minutes or hours; `test_soak.py` is its
short form.
"""
