"""Questions and symbols to answers: evidence, prompts, citations."""
