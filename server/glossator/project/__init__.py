"""The opened folders: each one's index, kept current, and snapshots to read it from."""
