"""From a question to ranked symbols to a prompt-sized context."""
