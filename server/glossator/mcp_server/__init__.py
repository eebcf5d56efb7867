"""The server for coding agents: the engine's answers as tools of the Model Context Protocol (docs/agents.md)."""
