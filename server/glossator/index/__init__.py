"""What a workspace's files contain: parsing, embedding, the store and the indexer that keeps it current."""
