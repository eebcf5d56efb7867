"""From a query to ranked symbols, and who uses what."""
