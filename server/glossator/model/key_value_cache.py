"""The keys and values of the tokens that a model has evaluated, and how prompts make use of them.

The context has one sequence of tokens. Beginnings of prompts that gave way to others are kept in memory, those that all
prompts share in files too (`prefix_states`), so that they need not be evaluated again.
"""

from __future__ import annotations

import ctypes
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from glossator.model.template import RequestError
from glossator.model.thread_share import ThreadShare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.model.loaded_model import LoadedModel
    from glossator.model.prefix_states import PrefixStates
    from glossator.model.worker_protocol import WorkerMessage

SAVE_TOKENS = 64
"""A prefix is worth saving, or restoring, if that saves evaluating this many tokens: the state of 64 tokens of
a 1.5B model is 2 MB to copy, and evaluating them takes two cores half a second."""


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Number of equal items at the start of both."""
    limit = min(len(a), len(b))
    if a[:limit] == b[:limit]:
        return limit
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class KeyValueCache:
    """What a model's context has evaluated; evaluates more.

    Attributes:
        evaluated: the tokens whose keys and values are in the context (sequence 0).
        kept: prefixes of earlier processes, in files; None if none are kept.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.evaluated: list[int] = []
        self.kept: PrefixStates | None = None
        self._model = model
        self._lib = model.lib
        self._saved: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._saved_bytes = 0
        self._threads = ThreadShare(model.options["threads"])

    # Prefixes

    def knows(self, prefix: Sequence[int]) -> bool:
        """Whether these tokens are the beginning of what is in the context or in memory."""
        return any(common_prefix(known, prefix) == len(prefix) for known in (self.evaluated, *map(list, self._saved)))

    def discard(self) -> None:
        """Forget everything in the context and in memory: the model evaluates the same tokens differently now."""
        self.clear()
        self._saved.clear()
        self._saved_bytes = 0

    def clear(self) -> None:
        """Empty the context."""
        self._lib.llama_memory_clear(self._model.memory, True)
        self.evaluated = []

    def truncate(self, count: int) -> bool:
        """Cut the cache to its first `count` tokens; False (and an empty cache) if the model cannot do that."""
        if count == len(self.evaluated):
            return True
        if count and self._lib.llama_memory_seq_rm(self._model.memory, 0, count, -1):
            self.evaluated = self.evaluated[:count]
            return True
        self.clear()
        return not count

    def save_prefix(self) -> None:
        """Save a copy of the cache, to restore it later. Over the budget, the oldest copies are dropped."""
        budget = self._model.options.get("stateBytes", 0)
        size = self._lib.llama_state_seq_get_size(self._model.context, 0)
        if not 0 < size <= budget:
            return
        state = ctypes.create_string_buffer(size)
        written = self._lib.llama_state_seq_get_data(
            self._model.context, ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8)), size, 0
        )
        if not written:
            return
        key = tuple(self.evaluated)
        # A state that cannot be rolled back is of no use to a prompt that shares only its beginning.
        for other in [
            other for other in self._saved if other == key or (not self._model.recurrent and key[: len(other)] == other)
        ]:
            self._saved_bytes -= len(self._saved.pop(other))
        while self._saved and self._saved_bytes + size > budget:
            self._saved_bytes -= len(self._saved.popitem(last=False)[1])
        self._saved[key] = state
        self._saved_bytes += size

    def keep_prefix(self) -> None:
        """Keep what is evaluated in a file, for the next process."""
        if self.kept is None or self._model.adapted:
            return
        size = self._lib.llama_state_seq_get_size(self._model.context, 0)
        state = ctypes.create_string_buffer(max(size, 1))
        written = self._lib.llama_state_seq_get_data(
            self._model.context, ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8)), size, 0
        )
        if written:
            self.kept.write(self.evaluated, state.raw[:written])

    def _restore_prefix(self, key: tuple[int, ...]) -> None:
        self.clear()
        if key in self._saved:
            self._saved.move_to_end(key)
            state = self._saved[key]
        else:
            data = self.kept.read(key) if self.kept is not None else None
            if data is None:
                return
            state = ctypes.create_string_buffer(data, len(data))
        pointer = ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8))
        if self._lib.llama_state_seq_set_data(self._model.context, pointer, len(state), 0):
            self.evaluated = list(key)
            return
        self.clear()
        if self.kept is not None and key not in self._saved:
            self.kept.forget(key)

    def reuse_prefix(self, prompt: list[int]) -> int:
        """Set the cache to the longest known prefix of `prompt`; returns its length, less than the prompt's."""

        def usable(tokens: Sequence[int]) -> int:
            shared = min(common_prefix(tokens, prompt), len(prompt) - 1)
            return shared if shared == len(tokens) or not self._model.recurrent else 0

        shared = usable(self.evaluated)
        known = [*self._saved, *(self.kept.prefixes() if self.kept is not None and not self._model.adapted else ())]
        best = max(known, key=lambda key: usable(list(key)), default=None)
        better = best is not None and usable(list(best)) >= shared + SAVE_TOKENS
        if len(self.evaluated) - shared >= SAVE_TOKENS:
            self.save_prefix()
        if better and best is not None:
            self._restore_prefix(best)
            shared = usable(self.evaluated)
        return shared if self.truncate(shared) else 0

    # Evaluating

    def begin(self, *, background: bool) -> None:
        """A request begins: work that nobody waits for gets half of the threads."""
        most = self._model.options["threads"]
        self._threads.begin(max(most // 2, 1) if background else most)
        self._lib.llama_set_n_threads(self._model.context, self._threads.now, self._threads.now)

    def read(self, prompt: Sequence[int], at: int, send: Callable[[WorkerMessage], None]) -> bool:
        """Evaluate a prompt from its token `at` on; False if cancelled."""
        while at < len(prompt):
            if self._model.cancellation or not self.decode(prompt[at : at + self._model.step]):
                return False
            at = min(at + self._model.step, len(prompt))
            if at < len(prompt):
                send({"event": "prefill", "done": at, "total": len(prompt)})
        return True

    def decode(self, tokens: Sequence[int]) -> bool:
        """Evaluate tokens after those in the cache; False if cancelled."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        self._model.log.errors.clear()
        wall, used = time.monotonic(), time.process_time()
        code = self._lib.llama_decode(self._model.context, self._lib.llama_batch_get_one(array, len(tokens)))
        if not self._model.options.get("gpuLayers") and code == 0:
            threads = self._threads.now
            now = self._threads.observe(time.monotonic() - wall, time.process_time() - used)
            if now != threads:
                self._lib.llama_set_n_threads(self._model.context, now, now)
        if code == 0:
            self.evaluated.extend(tokens)
            return True
        # Remove what an aborted batch left behind; if the model cannot do that, start from an empty cache.
        count = len(self.evaluated)
        if not (count and self._lib.llama_memory_seq_rm(self._model.memory, 0, count, -1)):
            self.clear()
        if code == 2:
            return False
        if code == 1:
            raise RequestError("context", "the model's context is full")
        raise RequestError("runtime", f"llama.cpp failed with code {code}: {self._model.log.first_error()}")

    def decode_all(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens after those in the cache, and keep the model's predictions after each of them."""
        batch = self._lib.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for place, token in enumerate(tokens):
                batch.token[place] = token
                batch.pos[place] = len(self.evaluated) + place
                batch.n_seq_id[place] = 1
                batch.seq_id[place][0] = 0
                batch.logits[place] = 1
            if self._lib.llama_decode(self._model.context, batch) != 0:
                self.clear()
                raise RequestError("runtime", f"llama.cpp cannot score: {self._model.log.first_error()}")
        finally:
            self._lib.llama_batch_free(batch)
        self.evaluated.extend(tokens)

    def processor_share(self) -> float:
        """Part of the processor time for all threads that the computing of a request got; 1 on a GPU."""
        return 1.0 if self._model.options.get("gpuLayers") else self._threads.share
