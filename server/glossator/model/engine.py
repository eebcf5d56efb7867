"""One model in memory and what it has evaluated: loading, the key-value cache, writing.

The llama.cpp C interface is used directly (the `worker` imports it and hands it in as `lib`) rather than through
`llama_cpp.Llama`: that class keeps a copy of all logits, decodes its output again for each token, cannot report the
progress of loading, and cannot keep several prefixes.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.model.prefix_states import PrefixStates
from glossator.model.repetition import RepetitionFilter
from glossator.model.template import RequestError, Template, TextStream
from glossator.model.thread_share import ThreadShare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.model.worker_protocol import WorkerMessage

SAVE_TOKENS = 64
"""A prefix is worth saving, or restoring, if that saves evaluating this many tokens: the state of 64 tokens of
a 1.5B model is 2 MB to copy, and evaluating them takes two cores half a second."""
KEEP_SECONDS = 0.1
"""Time of reading from which a prefix is kept in a file: a GPU has read it sooner than restored it."""
REPEAT_PENALTY = 1.1
REPEAT_TOKENS = 64
"""Divides the likelihood of the tokens that were among the last of the answer: small models repeat themselves. Of the
seven questions with known facts of `scripts/bench answers --split tune --limit 10 --seed 3`, the words of Qwen2.5 Coder
0.5B stated .24 of the facts with it, and .10 with 1.0, in 53 and 75 tokens."""
MEASURE_SECONDS = 1.5
"""That measuring a model's speed may take, about: a slow one is measured with fewer tokens."""
REMEMBERED_ANSWERS = 32
LONGEST_LOOP = 160
"""Tokens of the longest passage that is looked for in an answer that repeats itself: small models repeat paragraphs."""
TOP_K = 40
"""llama.cpp's own default; without it top-p sorts the whole vocabulary for each token."""
_GGML_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}


class Cancellation:
    """Which request is being cancelled, seen by Python between tokens and by llama.cpp between graph nodes.

    llama.cpp asks an abort callback before each of the ~700 nodes of a graph. A callback in Python would take the
    interpreter's lock each time (1 to 2 % of a token's time), so the callback is the C library's `strlen` over a
    two-byte buffer: 0 (false, go on) while the first byte is 0, and 1 (true, stop) once it is not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = 0
        self._pending: set[int] = set()
        self.buffer = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("msvcrt") if sys.platform == "win32" else ctypes.CDLL(None)
        self.callback_address = ctypes.cast(library.strlen, ctypes.c_void_p).value

    def begin(self, request: int) -> None:
        """The main thread starts a request."""
        with self._lock:
            self._current = request
            self.buffer[0] = b"\1" if request in self._pending else b"\0"
            self._pending = {pending for pending in self._pending if pending > request}

    def cancel(self, request: int) -> None:
        """Cancel a request, whether it is running, waiting or finished."""
        with self._lock:
            if request == self._current:
                self.buffer[0] = b"\1"
            elif request > self._current:
                self._pending.add(request)

    def end(self) -> None:
        """The request is finished."""
        with self._lock:
            self.buffer[0] = b"\0"

    def __bool__(self) -> bool:
        return self.buffer[0] != b"\0"


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


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether an answer goes round in circles: its end repeats what stands before it, word for word.

    A passage of 24 tokens or more (a sentence) counts when it comes for the second time in a row, a shorter one when it
    has filled 48 tokens, or 96 if it is as short as the cells of a table or the zeros of a matrix.
    """
    total = len(tokens)
    if total < 48 or total % 4:  # checking every fourth token is enough
        return False

    def repeats(period: int, count: int) -> bool:
        """Whether each of the last `count` tokens is the one `period` before it."""
        return count + period <= total and tokens[total - count :] == tokens[total - count - period : total - period]

    shortest = next((period for period in range(1, LONGEST_LOOP + 1) if repeats(period, max(period, 24))), 0)
    if shortest >= 24:
        return True
    return shortest > 0 and repeats(shortest, (96 if shortest < 8 else 48) - shortest)


@dataclass
class LogTail:
    """Passes llama.cpp's log on to stderr, and keeps the facts in it that no function returns."""

    errors: list[str] = field(default_factory=list)
    offloaded: tuple[int, int] = (0, 0)
    buffers: dict[str, float] = field(default_factory=dict)
    _level: int = 0

    def line(self, level: int, text: bytes | None, _data: object) -> None:
        """The log callback. Levels of ggml.h: 1 debug, 2 info, 3 warning, 4 error, 5 continues the last line."""
        message = (text or b"").decode("utf-8", "replace")
        self._level = level if level != 5 else self._level
        if self._level == 4 and message.strip():
            self.errors.append(message.strip())
        if match := re.search(r"offloaded (\d+)/(\d+) layers", message):
            self.offloaded = (int(match[1]), int(match[2]))
        if match := re.search(r"(\S+) +(?:model|KV|compute) buffer size = +([\d.]+) MiB", message):
            self.buffers[match[1]] = self.buffers.get(match[1], 0.0) + float(match[2])
        if self._level >= 2:
            sys.stderr.write(message)


class Engine:
    """One model in memory, with what it has evaluated so far."""

    def __init__(self, lib: Any, devices: Callable[[], list[WorkerMessage]], cancellation: Cancellation) -> None:
        """Start llama.cpp.

        Args:
            lib: the module of its C functions.
            devices: lists the accelerators that there are, as `memory.Device` has them.
        """
        self.lib = lib
        self.devices = devices
        self.cancellation = cancellation
        self.log = LogTail()
        self._log_callback = self.lib.llama_log_callback(self.log.line)
        self.lib.llama_log_set(self._log_callback, ctypes.c_void_p(0))
        self.lib.llama_backend_init()
        # The reading thread may count tokens while the main one loads or unloads the model.
        self.vocabulary_lock = threading.Lock()
        self.model: Any = None
        self.context: Any = None
        self._clear_state()

    def _clear_state(self) -> None:
        self.vocab: Any = None
        self.memory: Any = None
        self.template: Any = None
        self.evaluated: list[int] = []
        """The tokens whose keys and values are in the cache (sequence 0)."""
        self.saved: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self.saved_bytes = 0
        self.answers: OrderedDict[str, list[int]] = OrderedDict()
        self.kept: PrefixStates | None = None
        """Prefixes of earlier processes, in files."""
        self.threads = ThreadShare(1)
        self.adapters: dict[str, Any] = {}
        self.options: WorkerMessage = {}
        self.n_ctx = self.step = 0
        self.recurrent = False
        self.lora = False
        """Whether adapters change what the model evaluates."""
        self.show_control = False
        self.turn_tokens: frozenset[int] = frozenset()

    # Loading

    def load(self, options: WorkerMessage, progress: Callable[[float], None]) -> WorkerMessage:
        """Load a model; see `client` for the options."""
        self.unload()
        self.log.errors.clear()
        self.log.offloaded, self.log.buffers = (0, 0), {}
        started = time.monotonic()
        lib = self.lib
        params = lib.llama_model_default_params()
        params.n_gpu_layers = options["gpuLayers"]

        def on_progress(value: float, _data: object) -> bool:
            progress(value)
            return not self.cancellation

        callback = lib.llama_progress_callback(on_progress)
        params.progress_callback = callback
        model = lib.llama_model_load_from_file(os.fsencode(options["path"]), params)
        if not model:
            if self.cancellation:
                raise RequestError("cancelled", "loading was cancelled")
            raise RequestError("invalid", f"llama.cpp cannot load {options['path']}: {self._first_error()}")
        with self.vocabulary_lock:
            self.model, self.vocab = model, lib.llama_model_get_vocab(model)
        self.options = options
        try:
            self._open_context()
        except RequestError:
            self.unload()
            raise
        self.threads = ThreadShare(options["threads"])
        self.set_lora(options.get("lora", []))
        if (folder := options.get("statesFolder")) and (key := options.get("statesKey")):
            self.kept = PrefixStates(Path(folder), key)
            self.kept.open()
        return self._loaded_facts(time.monotonic() - started)

    def _open_context(self) -> None:
        lib, options = self.lib, self.options
        params = lib.llama_context_default_params()
        params.n_ctx = options["contextTokens"]
        params.n_batch, params.n_ubatch = options["batchTokens"], options["microBatchTokens"]
        params.n_threads = params.n_threads_batch = options["threads"]
        params.no_perf = True
        params.flash_attn_type = 1 if options["flashAttention"] else 0
        kind = _GGML_TYPES[options["kvCacheType"]]
        # Without flash attention llama.cpp can quantise the keys only.
        params.type_k, params.type_v = kind, kind if options["flashAttention"] else 1
        params.abort_callback = lib.ggml_abort_callback(self.cancellation.callback_address)
        params.abort_callback_data = ctypes.addressof(self.cancellation.buffer)
        self.context = lib.llama_init_from_model(self.model, params)
        if not self.context:
            raise RequestError("memory", f"llama.cpp cannot allocate the context: {self._first_error()}")
        self.memory = lib.llama_get_memory(self.context)
        self.n_ctx = lib.llama_n_ctx(self.context)
        self.step = max(min(lib.llama_n_batch(self.context), lib.llama_n_ubatch(self.context)), 1)
        self.recurrent = bool(lib.llama_model_is_recurrent(self.model) or lib.llama_model_is_hybrid(self.model))
        source = lib.llama_model_chat_template(self.model, None)
        self.template = Template(source.decode("utf-8", "replace") if source else "", self, self.answers)
        self.show_control = "<|channel|>" in self.template.source
        self.turn_tokens = self._find_turn_tokens()

    def _find_turn_tokens(self) -> frozenset[int]:
        """Control tokens with which the template begins a turn: a model that writes one goes on in the user's name."""
        if self.show_control:
            return frozenset()  # its template marks the parts of an answer like turns
        try:
            tokens, _ = self.template.tokens([{"role": "user", "content": "x"}], think=False)
        except RequestError:
            return frozenset()  # a template that refuses so short a conversation
        return frozenset(token for token in tokens if self.lib.llama_vocab_is_control(self.vocab, token))

    def _first_error(self) -> str:
        """The first error that llama.cpp logged: those that follow it only say that something failed."""
        if not self.log.errors:
            return "it gave no reason"
        return re.sub(r"^\w+: (error loading model: )?", "", self.log.errors[0])

    def _loaded_facts(self, seconds: float) -> WorkerMessage:
        lib = self.lib
        text = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self.model, text, 256)
        done, layers = self.log.offloaded
        gpus = {name: size for name, size in self.log.buffers.items() if not name.startswith(("CPU", "AMX"))}
        described = {device["name"]: device["description"] for device in self.devices()}
        if done and gpus:
            names = ", ".join(f"{name} ({described[name]})" if name in described else name
                              for name in gpus if not name.endswith("_Host"))  # fmt: skip
            device = f"{names}, {done} of {layers} layers"
        else:
            threads = self.options["threads"]
            device = f"CPU, {threads} thread{'' if threads == 1 else 's'}"
        return {
            "description": text.value.decode(),
            "contextTokens": self.n_ctx,
            "trainedTokens": lib.llama_model_n_ctx_train(self.model),
            "vocabulary": lib.llama_vocab_n_tokens(self.vocab),
            "bytes": lib.llama_model_size(self.model),
            "device": device,
            "gpuLayers": done,
            "buffers": self.log.buffers,
            "recurrent": self.recurrent,
            "completion": self.template.completion,
            "seconds": round(seconds, 3),
        }

    def unload(self) -> None:
        """Free the model, if there is one."""
        with self.vocabulary_lock:
            if self.context is not None:
                self.lib.llama_free(self.context)
            if self.model is not None:
                self.lib.llama_model_free(self.model)
            self.model = self.context = None
            self._clear_state()

    def set_lora(self, adapters: Sequence[Sequence[Any]]) -> None:
        """Switch to these adapters, (path, scale) each. The cache, which was evaluated without them, is cleared."""
        loaded: list[Any] = []
        self.log.errors.clear()
        for path, _ in adapters:
            if path not in self.adapters:
                adapter = self.lib.llama_adapter_lora_init(self.model, os.fsencode(path))
                if not adapter:
                    raise RequestError("invalid", f"llama.cpp cannot load the adapter {path}: {self._first_error()}")
                self.adapters[path] = adapter
            loaded.append(self.adapters[path])
        if not adapters and not self.adapters:
            return
        pointers = (self.lib.llama_adapter_lora_p_ctypes * max(len(loaded), 1))(*loaded)
        scales = (ctypes.c_float * max(len(loaded), 1))(*(float(scale) for _, scale in adapters))
        if self.lib.llama_set_adapters_lora(self.context, pointers, len(loaded), scales) != 0:
            raise RequestError("invalid", f"llama.cpp cannot apply the adapters: {self._first_error()}")
        self.lora = bool(loaded)
        self._clear_cache()
        self.saved.clear()
        self.saved_bytes = 0

    # Tokens

    @property
    def bos(self) -> int:
        """See `template.Tokenizer`."""
        return int(self.lib.llama_vocab_bos(self.vocab))

    @property
    def bos_text(self) -> str:
        """See `template.Tokenizer`."""
        return self._token_text(self.bos)

    @property
    def eos_text(self) -> str:
        """See `template.Tokenizer`."""
        return self._token_text(self.lib.llama_vocab_eos(self.vocab))

    def _token_text(self, token: int) -> str:
        text = self.lib.llama_vocab_get_text(self.vocab, token) if token >= 0 else None
        return text.decode("utf-8", "replace") if text else ""

    def tokenize(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Token ids. `special`: read control tokens' names as such; `first`: add what starts a sequence."""
        data = text.encode("utf-8", "surrogatepass")
        size = len(data) + 8
        tokens = (ctypes.c_int32 * size)()
        count = self.lib.llama_tokenize(self.vocab, data, len(data), tokens, size, first, special)
        if count < 0:
            tokens = (ctypes.c_int32 * -count)()
            count = self.lib.llama_tokenize(self.vocab, data, len(data), tokens, -count, first, special)
        return list(tokens[:count])

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; called by the reading thread too (the vocabulary is immutable)."""
        with self.vocabulary_lock:
            if self.vocab is None:
                raise RequestError("unloaded", "no model is loaded")
            return [len(self.tokenize(text, special=False)) if text else 0 for text in texts]

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self.lib.llama_token_to_piece(self.vocab, token, buffer, size, 0, self.show_control)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    # The cache

    def _clear_cache(self) -> None:
        if self.memory is not None:
            self.lib.llama_memory_clear(self.memory, True)
        self.evaluated = []

    def _truncate_cache(self, count: int) -> bool:
        """Cut the cache to its first `count` tokens; False (and an empty cache) if the model cannot do that."""
        if count == len(self.evaluated):
            return True
        if count and self.lib.llama_memory_seq_rm(self.memory, 0, count, -1):
            self.evaluated = self.evaluated[:count]
            return True
        self._clear_cache()
        return not count

    def _save_prefix(self) -> None:
        """Save a copy of the cache, to restore it later. Over the budget, the oldest copies are dropped."""
        budget = self.options.get("stateBytes", 0)
        size = self.lib.llama_state_seq_get_size(self.context, 0)
        if not 0 < size <= budget:
            return
        state = ctypes.create_string_buffer(size)
        written = self.lib.llama_state_seq_get_data(
            self.context, ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8)), size, 0
        )
        if not written:
            return
        key = tuple(self.evaluated)
        # A state that cannot be rolled back is of no use to a prompt that shares only its beginning.
        for other in [
            other for other in self.saved if other == key or (not self.recurrent and key[: len(other)] == other)
        ]:
            self.saved_bytes -= len(self.saved.pop(other))
        while self.saved and self.saved_bytes + size > budget:
            self.saved_bytes -= len(self.saved.popitem(last=False)[1])
        self.saved[key] = state
        self.saved_bytes += size

    def _keep_prefix(self) -> None:
        """Keep what is evaluated in a file, for the next process."""
        if self.kept is None or self.lora:
            return
        size = self.lib.llama_state_seq_get_size(self.context, 0)
        state = ctypes.create_string_buffer(max(size, 1))
        written = self.lib.llama_state_seq_get_data(
            self.context, ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8)), size, 0
        )
        if written:
            self.kept.write(self.evaluated, state.raw[:written])

    def _restore_prefix(self, key: tuple[int, ...]) -> None:
        self._clear_cache()
        if key in self.saved:
            self.saved.move_to_end(key)
            state = self.saved[key]
        else:
            data = self.kept.read(key) if self.kept is not None else None
            if data is None:
                return
            state = ctypes.create_string_buffer(data, len(data))
        pointer = ctypes.cast(state, ctypes.POINTER(ctypes.c_uint8))
        if self.lib.llama_state_seq_set_data(self.context, pointer, len(state), 0):
            self.evaluated = list(key)
            return
        self._clear_cache()
        if self.kept is not None and key not in self.saved:
            self.kept.forget(key)

    def reuse_prefix(self, prompt: list[int]) -> int:
        """Set the cache to the longest known prefix of `prompt`; returns its length, less than the prompt's."""

        def usable(tokens: Sequence[int]) -> int:
            shared = min(common_prefix(tokens, prompt), len(prompt) - 1)
            return shared if shared == len(tokens) or not self.recurrent else 0

        shared = usable(self.evaluated)
        known = [*self.saved, *(self.kept.prefixes() if self.kept is not None and not self.lora else ())]
        best = max(known, key=lambda key: usable(list(key)), default=None)
        better = best is not None and usable(list(best)) >= shared + SAVE_TOKENS
        if len(self.evaluated) - shared >= SAVE_TOKENS:
            self._save_prefix()
        if better and best is not None:
            self._restore_prefix(best)
            shared = usable(self.evaluated)
        return shared if self._truncate_cache(shared) else 0

    def _decode(self, tokens: Sequence[int]) -> bool:
        """Evaluate tokens after those in the cache; False if cancelled."""
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        self.log.errors.clear()
        wall, used = time.monotonic(), time.process_time()
        code = self.lib.llama_decode(self.context, self.lib.llama_batch_get_one(array, len(tokens)))
        if not self.options.get("gpuLayers") and code == 0:
            threads = self.threads.now
            now = self.threads.observe(time.monotonic() - wall, time.process_time() - used)
            if now != threads:
                self.lib.llama_set_n_threads(self.context, now, now)
        if code == 0:
            self.evaluated.extend(tokens)
            return True
        # Remove what an aborted batch left behind; if the model cannot do that, start from an empty cache.
        count = len(self.evaluated)
        if not (count and self.lib.llama_memory_seq_rm(self.memory, 0, count, -1)):
            self._clear_cache()
        if code == 2:
            return False
        if code == 1:
            raise RequestError("context", "the model's context is full")
        raise RequestError("runtime", f"llama.cpp failed with code {code}: {self._first_error()}")

    # Reading

    def _begin(self, *, background: bool) -> None:
        """A request begins: work that nobody waits for gets half of the threads."""
        most = self.options["threads"]
        self.threads.begin(max(most // 2, 1) if background else most)
        self.lib.llama_set_n_threads(self.context, self.threads.now, self.threads.now)

    def _read(self, prompt: Sequence[int], at: int, send: Callable[[WorkerMessage], None]) -> bool:
        """Evaluate a prompt from its token `at` on; False if cancelled."""
        while at < len(prompt):
            if self.cancellation or not self._decode(prompt[at : at + self.step]):
                return False
            at = min(at + self.step, len(prompt))
            if at < len(prompt):
                send({"event": "prefill", "done": at, "total": len(prompt)})
        return True

    def prepare(self, request: WorkerMessage, send: Callable[[WorkerMessage], None]) -> WorkerMessage:
        """Evaluate what all prompts that begin with these messages share: sends start and prefill events, and returns
        the done event. It is kept in a file, if reading it again would take longer than restoring it."""
        if self.context is None:
            raise RequestError("unloaded", "no model is loaded")
        self._begin(background=False)
        *before, last = request["messages"]
        content = [last["content"]] if isinstance(last["content"], str) else list(last["content"])
        one, other = (
            self.template.tokens([*before, {**last, "content": [*content, end]}], think=False)[0] for end in "0?"
        )
        prefix = one[: common_prefix(one, other)][: max(self.n_ctx - 1, 0)]
        usage = {"promptTokens": len(prefix), "reusedTokens": len(prefix), "completionTokens": 0}
        done = {"event": "done", "finishReason": "stop", "usage": usage}
        start = {"event": "start", "promptTokens": len(prefix), "thinking": False}
        if any(common_prefix(known, prefix) == len(prefix) for known in (self.evaluated, *map(list, self.saved))):
            send({**start, "reusedTokens": len(prefix)})
            return done
        reused = usage["reusedTokens"] = self.reuse_prefix([*prefix, -1])
        send({**start, "reusedTokens": reused})
        started = time.monotonic()
        if not self._read(prefix, reused, send):
            return {**done, "finishReason": "cancelled"}
        if reused < len(prefix) and time.monotonic() - started >= KEEP_SECONDS and not self.options.get("gpuLayers"):
            self._keep_prefix()
        if self.recurrent:
            self._save_prefix()
        return done

    def measure(self, request: WorkerMessage) -> WorkerMessage:
        """Measure how fast the model reads and writes, and return the measured event; the cache is empty afterwards."""
        if self.context is None:
            raise RequestError("unloaded", "no model is loaded")
        self._begin(background=False)
        wanted = min(request["read"], self.n_ctx // 2)
        tokens = self.tokenize(request["text"], special=False)
        tokens = (tokens * (wanted // max(len(tokens), 1) + 1))[:wanted]
        self._clear_cache()
        fine = self._decode(tokens[:1])  # brings the weights into memory
        step, read, started = min(self.step, 64), 0, time.monotonic()
        while fine and read < wanted and time.monotonic() - started < MEASURE_SECONDS:
            fine = self._decode(tokens[read : read + step])
            read += len(tokens[read : read + step])
        reading = read / max(time.monotonic() - started, 1e-6)
        written, started = 0, time.monotonic()
        while fine and written < request["write"] and time.monotonic() - started < MEASURE_SECONDS / 2:
            fine = self._decode(tokens[written : written + 1])
            written += 1
        writing = written / max(time.monotonic() - started, 1e-6)
        self._clear_cache()
        if not fine:
            raise RequestError("cancelled", "measuring was cancelled")
        return {"event": "measured", "reading": reading, "writing": writing, "share": self._share()}

    def _share(self) -> float:
        """Part of the processor time for all threads that the computing of a request got; 1 on a GPU."""
        return 1.0 if self.options.get("gpuLayers") else self.threads.share

    # Training and judging

    def encode(self, dialogue: WorkerMessage) -> list[list[int]]:
        """The tokens of a prompt, and those of the answer to it with what ends its turn.

        Args:
            dialogue: `messages`, which are the prompt, and `answer`.
        """
        if self.context is None:
            raise RequestError("unloaded", "no model is loaded")
        prompt, _ = self.template.tokens(dialogue["messages"], think=False)
        completion = self.template.completion
        answer = self.tokenize((" " if completion else "") + dialogue["answer"], special=False)
        end = self._end_of_turn(dialogue["messages"])
        return [prompt, [*answer, *([end] if end >= 0 else [])]]

    def _end_of_turn(self, messages: Sequence[WorkerMessage]) -> int:
        """The token with which the template ends an answer; -1 if there is none."""
        if not self.template.completion:
            mark = "\ue002"
            answered = [*messages, {"role": "assistant", "content": mark}, {"role": "user", "content": mark}]
            tokens, _ = self.template.tokens(answered, think=False)
            ordinary = self.tokenize(mark, special=False)
            size = len(ordinary)
            for at in range(len(tokens) - size):
                if tokens[at : at + size] == ordinary:
                    after: int = tokens[at + size]
                    if self.lib.llama_vocab_is_eog(self.vocab, after) or after in self.turn_tokens:
                        return after
                    break
        return int(self.lib.llama_vocab_eos(self.vocab))

    def score(self, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
        """For each token of an answer the negative logarithm of its probability after the prompt and what precedes it.

        The cache keeps the prompt, so that prompts with the same beginning are evaluated from where they differ.
        """
        if self.context is None:
            raise RequestError("unloaded", "no model is loaded")
        if len(prompt) + len(answer) > self.n_ctx:
            raise RequestError("context", f"the example has {len(prompt) + len(answer)} tokens, more than fit")
        self._begin(background=False)
        self._truncate_cache(min(common_prefix(self.evaluated, prompt), len(prompt) - 1))
        if not self._read(prompt, len(self.evaluated), lambda _: None):
            raise RequestError("cancelled", "scoring was cancelled")
        losses = [self._surprise(answer[0], -1)]
        at = 0
        while at < len(answer) - 1:
            if self.cancellation:
                raise RequestError("cancelled", "scoring was cancelled")
            part = answer[at : min(at + self.step, len(answer) - 1)]
            self._decode_all(part)
            losses += [self._surprise(answer[at + place + 1], place) for place in range(len(part))]
            at += len(part)
        self._truncate_cache(len(prompt))
        return losses

    def _decode_all(self, tokens: Sequence[int]) -> None:
        """Evaluate tokens after those in the cache, and keep the model's predictions after each of them."""
        batch = self.lib.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for place, token in enumerate(tokens):
                batch.token[place] = token
                batch.pos[place] = len(self.evaluated) + place
                batch.n_seq_id[place] = 1
                batch.seq_id[place][0] = 0
                batch.logits[place] = 1
            if self.lib.llama_decode(self.context, batch) != 0:
                self._clear_cache()
                raise RequestError("runtime", f"llama.cpp cannot score: {self._first_error()}")
        finally:
            self.lib.llama_batch_free(batch)
        self.evaluated.extend(tokens)

    def _surprise(self, token: int, place: int) -> float:
        """The negative logarithm of a token's probability, as predicted at a place of the last batch."""
        import numpy as np

        count = self.lib.llama_vocab_n_tokens(self.vocab)
        logits = np.ctypeslib.as_array(self.lib.llama_get_logits_ith(self.context, place), shape=(count,))
        top = float(logits.max())
        total = float(np.exp(logits - top, dtype=np.float64).sum())
        return float(np.log(total) + top - float(logits[token]))

    # Writing

    def generate(self, request: WorkerMessage, send: Callable[[WorkerMessage], None]) -> WorkerMessage:
        """Write an answer: sends start, prefill and delta events, and returns the done event."""
        if self.context is None:
            raise RequestError("unloaded", "no model is loaded")
        received = time.monotonic()
        self._begin(background=request.get("background", False))
        prompt, opened = self.template.tokens(request["messages"], think=request.get("think", False))
        room = self.n_ctx - len(prompt)
        if room < 1:
            raise RequestError(
                "context", f"the prompt is {len(prompt)} tokens long, and the model's context holds {self.n_ctx}"
            )
        limit = min(request["maxTokens"], room)
        reused = self.reuse_prefix(prompt)
        send({"event": "start", "promptTokens": len(prompt), "reusedTokens": reused, "thinking": opened})
        usage = {"promptTokens": len(prompt), "reusedTokens": reused, "completionTokens": 0}
        if not self._read(prompt, reused, send):
            return {"event": "done", "finishReason": "cancelled", "usage": usage}
        sampler = self._new_sampler(request)
        try:
            return self._write_answer(sampler, request, limit, usage, received, send)
        finally:
            self.lib.llama_sampler_free(sampler)

    def _write_answer(
        self,
        sampler: Any,
        request: WorkerMessage,
        limit: int,
        usage: WorkerMessage,
        received: float,
        send: Callable[[WorkerMessage], None],
    ) -> WorkerMessage:
        lib, context = self.lib, self.context
        stream = TextStream((*request.get("stop", ()), *self.template.stops))
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
            if lib.llama_vocab_is_eog(self.vocab, token) or token in self.turn_tokens:
                reason = "stop"
                break
            made.append(token)
            pieces.append(self.piece(token))
            text = unrepeated.feed(stream.feed(pieces[-1]))
            if text:
                texts.append(text)
                send({"event": "delta", "text": text})
            if stream.stopped or unrepeated.stopped or is_looping(made):
                reason = "stop"
                break
            if self.cancellation or (len(made) < limit and not self._decode((token,))):
                reason = "cancelled"
                break
        rest = "" if stream.stopped else stream.feed(b"", final=True)
        if text := unrepeated.feed(rest, final=True):
            texts.append(text)
            send({"event": "delta", "text": text})
        stopped = stream.stopped or unrepeated.stopped
        self._remember_answer("".join(texts), made, pieces, stopped=stopped)
        usage["completionTokens"] = len(made)
        usage["share"] = self._share()
        usage["timeToFirstTokenMs"] = round((first - received) * 1000, 2) if first else None
        usage["tokensPerSecond"] = (
            round((len(made) - 1) / (last - first), 2) if len(made) > 1 and last > first else None
        )
        return {"event": "done", "finishReason": reason, "usage": usage}

    def _remember_answer(self, text: str, tokens: list[int], pieces: list[bytes], *, stopped: bool) -> None:
        """Note how an answer was spelled, so that it is found in the cache when it comes back as conversation.

        Args:
            text: what was shown; less than what the tokens say if a stop text ended the answer (`stopped`).
            pieces: the bytes of each token.
        """
        if stopped:
            shown = text.encode("utf-8", "surrogatepass")
            count = length = 0
            while count < len(pieces) and length + len(pieces[count]) <= len(shown):
                length += len(pieces[count])
                count += 1
            if shown[length:].strip():
                return  # the stop text began within a token
            tokens = tokens[:count]
        key = text.strip()
        self.answers[key] = tokens
        self.answers.move_to_end(key)
        if len(self.answers) > REMEMBERED_ANSWERS:
            self.answers.popitem(last=False)

    def _new_sampler(self, request: WorkerMessage) -> Any:
        lib = self.lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        vocabulary = lib.llama_vocab_n_tokens(self.vocab)
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
