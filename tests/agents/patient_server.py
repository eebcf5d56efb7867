"""The command line, with a server for agents that waits for as long as a busy machine needs."""

from __future__ import annotations

import sys

from glossator.cli.main import run
from glossator.mcp_server import agent_server, projects

SECONDS = 300.0

if __name__ == "__main__":
    projects.FIRST_INDEX_SECONDS = projects.CHANGES_SECONDS = agent_server.ROOTS_SECONDS = SECONDS
    sys.exit(run(sys.argv[1:]))
