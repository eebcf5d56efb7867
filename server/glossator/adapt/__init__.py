"""Learning a project's own language on the user's machine: the retriever's word vectors and weights, the model's style.

What comes out is an adaptation (`project/adaptations.py`), used for that project alone, and only if it has proved
better there than what it replaces.
"""
