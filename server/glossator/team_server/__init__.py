"""A server for a team: search and MCP over HTTP, on the bases that lie in the team's storage."""
