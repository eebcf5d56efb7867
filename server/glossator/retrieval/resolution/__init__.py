"""The resolution of names: which definition a mention of a name means."""
