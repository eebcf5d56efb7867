"""What the model's process does: one model at a time is loaded, and answers are written or judged with it."""

from __future__ import annotations

import ctypes
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.model import generation, likelihoods
from glossator.model.key_value_cache import KeyValueCache, common_prefix
from glossator.model.llama_log import LogTail
from glossator.model.loaded_model import LoadedModel
from glossator.model.prefix_states import PrefixStates
from glossator.model.template import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.model.cancellation import Cancellation
    from glossator.model.worker_protocol import WorkerMessage

KEEP_SECONDS = 0.1
"""Time of reading from which a prefix is kept in a file: a GPU has read it sooner than restored it."""
MEASURE_SECONDS = 1.5
"""That measuring a model's speed may take, about: a slow one is measured with fewer tokens."""


class Engine:
    """At most one model, and the operations on it that a client can request."""

    def __init__(self, lib: Any, devices: Callable[[], list[WorkerMessage]], cancellation: Cancellation) -> None:
        """Start llama.cpp.

        Args:
            lib: the module of its C functions.
            devices: lists the accelerators that there are, as `memory.Device` has them.
        """
        self.lib = lib
        self.devices = devices
        self._cancellation = cancellation
        self._log = LogTail()
        self._log_callback = self.lib.llama_log_callback(self._log.line)
        self.lib.llama_log_set(self._log_callback, ctypes.c_void_p(0))
        self.lib.llama_backend_init()
        # The reading thread may count tokens while the main one loads or unloads the model.
        self._vocabulary_lock = threading.Lock()
        self._model: LoadedModel | None = None
        self._cache: KeyValueCache | None = None

    def load(self, options: WorkerMessage, progress: Callable[[float], None]) -> WorkerMessage:
        """Load a model; see `client` for the options."""
        self.unload()
        self._log.clear()
        started = time.monotonic()
        model = LoadedModel(self.lib, self._log, self._cancellation, options, progress)
        with self._vocabulary_lock:
            self._model = model
        try:
            model.open_context()
        except RequestError:
            self.unload()
            raise
        cache = self._cache = KeyValueCache(model)
        self.set_lora(options.get("lora", []))
        if (folder := options.get("statesFolder")) and (key := options.get("statesKey")):
            cache.kept = PrefixStates(Path(folder), key)
            cache.kept.open()
        return model.facts(self.devices(), time.monotonic() - started)

    def unload(self) -> None:
        """Free the model, if there is one."""
        with self._vocabulary_lock:
            if self._model is not None:
                self._model.close()
            self._model = self._cache = None

    def _loaded(self) -> tuple[LoadedModel, KeyValueCache]:
        if self._model is None or self._cache is None:
            raise RequestError("unloaded", "no model is loaded")
        return self._model, self._cache

    def set_lora(self, adapters: Sequence[Sequence[Any]]) -> None:
        """Switch to these adapters, (path, scale) each. The cache, which was evaluated without them, is cleared."""
        model, cache = self._loaded()
        if model.set_adapters(adapters):
            cache.discard()

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; called by the reading thread too (the vocabulary is immutable)."""
        with self._vocabulary_lock:
            if self._model is None:
                raise RequestError("unloaded", "no model is loaded")
            return [len(self._model.tokenize(text, special=False)) if text else 0 for text in texts]

    def prepare(self, request: WorkerMessage, send: Callable[[WorkerMessage], None]) -> WorkerMessage:
        """Evaluate what all prompts that begin with these messages share: sends start and prefill events, and returns
        the done event. It is kept in a file, if reading it again would take longer than restoring it."""
        model, cache = self._loaded()
        cache.begin(background=False)
        *before, last = request["messages"]
        content = [last["content"]] if isinstance(last["content"], str) else list(last["content"])
        one, other = (
            model.template.tokens([*before, {**last, "content": [*content, end]}], think=False)[0] for end in "0?"
        )
        prefix = one[: common_prefix(one, other)][: max(model.n_ctx - 1, 0)]
        usage = {"promptTokens": len(prefix), "reusedTokens": len(prefix), "completionTokens": 0}
        done = {"event": "done", "finishReason": "stop", "usage": usage}
        start = {"event": "start", "promptTokens": len(prefix), "thinking": False}
        if cache.knows(prefix):
            send({**start, "reusedTokens": len(prefix)})
            return done
        reused = usage["reusedTokens"] = cache.reuse_prefix([*prefix, -1])
        send({**start, "reusedTokens": reused})
        started = time.monotonic()
        if not cache.read(prefix, reused, send):
            return {**done, "finishReason": "cancelled"}
        if reused < len(prefix) and time.monotonic() - started >= KEEP_SECONDS and not model.options.get("gpuLayers"):
            cache.keep_prefix()
        if model.recurrent:
            cache.save_prefix()
        return done

    def measure(self, request: WorkerMessage) -> WorkerMessage:
        """Measure how fast the model reads and writes, and return the measured event; the cache is empty afterwards."""
        model, cache = self._loaded()
        cache.begin(background=False)
        wanted = min(request["read"], model.n_ctx // 2)
        tokens = model.tokenize(request["text"], special=False)
        tokens = (tokens * (wanted // max(len(tokens), 1) + 1))[:wanted]
        cache.clear()
        fine = cache.decode(tokens[:1])  # brings the weights into memory
        step, read, started = min(model.step, 64), 0, time.monotonic()
        while fine and read < wanted and time.monotonic() - started < MEASURE_SECONDS:
            fine = cache.decode(tokens[read : read + step])
            read += len(tokens[read : read + step])
        reading = read / max(time.monotonic() - started, 1e-6)
        written, started = 0, time.monotonic()
        while fine and written < request["write"] and time.monotonic() - started < MEASURE_SECONDS / 2:
            fine = cache.decode(tokens[written : written + 1])
            written += 1
        writing = written / max(time.monotonic() - started, 1e-6)
        cache.clear()
        if not fine:
            raise RequestError("cancelled", "measuring was cancelled")
        return {"event": "measured", "reading": reading, "writing": writing, "share": cache.processor_share()}

    def generate(self, request: WorkerMessage, send: Callable[[WorkerMessage], None]) -> WorkerMessage:
        """See `generation.generate`."""
        return generation.generate(*self._loaded(), request, send)

    def encode(self, dialogue: WorkerMessage) -> list[list[int]]:
        """See `likelihoods.dialogue_tokens`."""
        model, _ = self._loaded()
        return likelihoods.dialogue_tokens(model, dialogue)

    def score(self, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
        """See `likelihoods.token_losses`."""
        return likelihoods.token_losses(*self._loaded(), prompt, answer)
