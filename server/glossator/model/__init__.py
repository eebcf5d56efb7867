"""The local language model: its process, prompts, citations and catalogue."""
