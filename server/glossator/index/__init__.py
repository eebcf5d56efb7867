"""The contents of a workspace's files: parsing, embedding, the store, and the indexer that keeps it current."""
