"""Queries to ranked symbols, and references between symbols."""
