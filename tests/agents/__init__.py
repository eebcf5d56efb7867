"""The server for coding agents, as its clients see it."""
