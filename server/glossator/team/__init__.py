"""One index for a team: bases that are built once, kept in object storage, and start the indexes of its members."""
