"""Makes the static embedder that Glossator ships: see docs/embedder.md."""
