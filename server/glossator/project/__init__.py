"""One workspace folder, kept current while it is open."""
