"""Writing an answer: reading its prompt, sampling tokens, and ending where the answer does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from glossator.model.repetition import RepetitionFilter, is_looping
from glossator.model.template import RequestError, TextStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.model.key_value_cache import KeyValueCache
    from glossator.model.loaded_model import LoadedModel
    from glossator.model.worker_protocol import WorkerMessage

REPEAT_PENALTY = 1.1
REPEAT_TOKENS = 64
"""Divides the likelihood of the tokens that were among the last of the answer: small models repeat themselves. Of the
seven questions with known facts of `scripts/bench answers --split tune --limit 10 --seed 3`, the words of Qwen2.5 Coder
0.5B stated .24 of the facts with it, and .10 with 1.0, in 53 and 75 tokens."""
TOP_K = 40
"""llama.cpp's own default; without it top-p sorts the whole vocabulary for each token."""


def generate(
    model: LoadedModel, cache: KeyValueCache, request: WorkerMessage, send: Callable[[WorkerMessage], None]
) -> WorkerMessage:
    """Write an answer: sends start, prefill and delta events, and returns the done event."""
    received = time.monotonic()
    cache.begin(background=request.get("background", False))
    prompt, opened = model.template.tokens(request["messages"], think=request.get("think", False))
    room = model.n_ctx - len(prompt)
    if room < 1:
        raise RequestError(
            "context", f"the prompt is {len(prompt)} tokens long, and the model's context holds {model.n_ctx}"
        )
    limit = min(request["maxTokens"], room)
    reused = cache.reuse_prefix(prompt)
    send({"event": "start", "promptTokens": len(prompt), "reusedTokens": reused, "thinking": opened})
    usage = {"promptTokens": len(prompt), "reusedTokens": reused, "completionTokens": 0}
    if not cache.read(prompt, reused, send):
        return {"event": "done", "finishReason": "cancelled", "usage": usage}
    sampler = _new_sampler(model, request)
    try:
        return _write_answer(model, cache, sampler, request, limit, usage, received, send)
    finally:
        model.lib.llama_sampler_free(sampler)


def _write_answer(
    model: LoadedModel,
    cache: KeyValueCache,
    sampler: Any,
    request: WorkerMessage,
    limit: int,
    usage: WorkerMessage,
    received: float,
    send: Callable[[WorkerMessage], None],
) -> WorkerMessage:
    lib, context = model.lib, model.context
    stream = TextStream((*request.get("stop", ()), *model.template.stops))
    unrepeated = RepetitionFilter()
    made: list[int] = []
    pieces: list[bytes] = []
    texts: list[str] = []
    reason = "length"
    first = last = 0.0
    for _ in range(limit):
        token = lib.llama_sampler_sample(sampler, context, -1)
        last = time.monotonic()
        first = first or last
        if lib.llama_vocab_is_eog(model.vocab, token) or token in model.turn_tokens:
            reason = "stop"
            break
        made.append(token)
        pieces.append(model.piece(token))
        text = unrepeated.feed(stream.feed(pieces[-1]))
        if text:
            texts.append(text)
            send({"event": "delta", "text": text})
        if stream.stopped or unrepeated.stopped or is_looping(made):
            reason = "stop"
            break
        if model.cancellation or (len(made) < limit and not cache.decode((token,))):
            reason = "cancelled"
            break
    rest = "" if stream.stopped else stream.feed(b"", final=True)
    if text := unrepeated.feed(rest, final=True):
        texts.append(text)
        send({"event": "delta", "text": text})
    stopped = stream.stopped or unrepeated.stopped
    model.remember_answer("".join(texts), made, pieces, stopped=stopped)
    usage["completionTokens"] = len(made)
    usage["share"] = cache.processor_share()
    usage["timeToFirstTokenMs"] = round((first - received) * 1000, 2) if first else None
    usage["tokensPerSecond"] = round((len(made) - 1) / (last - first), 2) if len(made) > 1 and last > first else None
    return {"event": "done", "finishReason": reason, "usage": usage}


def _new_sampler(model: LoadedModel, request: WorkerMessage) -> Any:
    lib = model.lib
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    vocabulary = lib.llama_vocab_n_tokens(model.vocab)
    penalties = lib.llama_sampler_init_penalties(vocabulary, REPEAT_TOKENS, REPEAT_PENALTY, 0.0, 0.0)
    lib.llama_sampler_chain_add(chain, penalties)
    if request["temperature"] <= 0:
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_greedy())
        return chain
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_k(TOP_K))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_top_p(request["topP"], 1))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_temp(request["temperature"]))
    lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(request["seed"] & 0xFFFFFFFF))
    return chain
