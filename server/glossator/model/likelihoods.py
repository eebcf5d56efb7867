"""The tokens of an answer as its model writes them, and how likely the model finds them: for training and judging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.model.key_value_cache import common_prefix
from glossator.model.template import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.model.key_value_cache import KeyValueCache
    from glossator.model.loaded_model import LoadedModel
    from glossator.model.worker_protocol import WorkerMessage


def dialogue_tokens(model: LoadedModel, dialogue: WorkerMessage) -> list[list[int]]:
    """The tokens of a prompt, and those of the answer to it with what ends its turn.

    Args:
        dialogue: `messages`, which are the prompt, and `answer`.
    """
    prompt, _ = model.template.tokens(dialogue["messages"], think=False)
    completion = model.template.completion
    answer = model.tokenize((" " if completion else "") + dialogue["answer"], special=False)
    end = _end_of_turn(model, dialogue["messages"])
    return [prompt, [*answer, *([end] if end >= 0 else [])]]


def _end_of_turn(model: LoadedModel, messages: Sequence[WorkerMessage]) -> int:
    """The token with which the template ends an answer; -1 if there is none."""
    if not model.template.completion:
        mark = "\ue002"
        answered = [*messages, {"role": "assistant", "content": mark}, {"role": "user", "content": mark}]
        tokens, _ = model.template.tokens(answered, think=False)
        ordinary = model.tokenize(mark, special=False)
        size = len(ordinary)
        for at in range(len(tokens) - size):
            if tokens[at : at + size] == ordinary:
                after: int = tokens[at + size]
                if model.lib.llama_vocab_is_eog(model.vocab, after) or after in model.turn_tokens:
                    return after
                break
    return int(model.lib.llama_vocab_eos(model.vocab))


def token_losses(model: LoadedModel, cache: KeyValueCache, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
    """For each token of an answer the negative logarithm of its probability after the prompt and what precedes it.

    The cache keeps the prompt, so that prompts with the same beginning are evaluated from where they differ.
    """
    if len(prompt) + len(answer) > model.n_ctx:
        raise RequestError("context", f"the example has {len(prompt) + len(answer)} tokens, more than fit")
    cache.begin(background=False)
    cache.truncate(min(common_prefix(cache.evaluated, prompt), len(prompt) - 1))
    if not cache.read(prompt, len(cache.evaluated), lambda _: None):
        raise RequestError("cancelled", "scoring was cancelled")
    losses = [_loss(model, answer[0], -1)]
    at = 0
    while at < len(answer) - 1:
        if model.cancellation:
            raise RequestError("cancelled", "scoring was cancelled")
        part = answer[at : min(at + model.step, len(answer) - 1)]
        cache.decode_all(part)
        losses += [_loss(model, answer[at + place + 1], place) for place in range(len(part))]
        at += len(part)
    cache.truncate(len(prompt))
    return losses


def _loss(model: LoadedModel, token: int, place: int) -> float:
    """The negative logarithm of a token's probability, as predicted at a place of the last batch."""
    import numpy as np

    count = model.lib.llama_vocab_n_tokens(model.vocab)
    logits = np.ctypeslib.as_array(model.lib.llama_get_logits_ith(model.context, place), shape=(count,))
    top = float(logits.max())
    total = float(np.exp(logits - top, dtype=np.float64).sum())
    return float(np.log(total) + top - float(logits[token]))
