"""A model in memory: its weights, its vocabulary and chat template, its context, and the adapters that change it.

The llama.cpp C interface is used directly (`llama_worker` imports it and hands it in as `lib`) rather than through
`llama_cpp.Llama`: that class keeps a copy of all logits, decodes its output again for each token, cannot report the
progress of loading, and cannot keep several prefixes.
"""

from __future__ import annotations

import ctypes
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from glossator.model.template import RequestError, Template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.model.cancellation import Cancellation
    from glossator.model.llama_log import LogTail
    from glossator.model.worker_protocol import WorkerMessage

REMEMBERED_ANSWERS = 32
_GGML_TYPES = {"f16": 1, "q8_0": 8, "q4_0": 2}


class LoadedModel:
    """One model and its context; a `template.Tokenizer`. What the context has evaluated is `KeyValueCache`'s to know.

    Attributes:
        lib: the module of llama.cpp's C functions.
        options: what the model was loaded with; see `client`.
        n_ctx: tokens that the context holds.
        step: tokens that are evaluated at once.
        recurrent: whether its state cannot be cut to fewer tokens.
        turn_tokens: tokens that end an answer besides those that the vocabulary marks so.
        adapted: whether adapters change what it evaluates.
    """

    def __init__(
        self,
        lib: Any,
        log: LogTail,
        cancellation: Cancellation,
        options: WorkerMessage,
        progress: Callable[[float], None],
    ) -> None:
        """Load the weights; `open_context` does the rest.

        Args:
            progress: called with the part of the weights that is loaded, 0 to 1.

        Raises:
            RequestError: the file cannot be loaded, or loading was cancelled.
        """
        self.lib = lib
        self.log = log
        self.cancellation = cancellation
        self.options = options
        self.context: Any = None
        self.memory: Any = None
        self.template: Any = None
        self.n_ctx = self.step = 0
        self.recurrent = self.adapted = False
        self.turn_tokens: frozenset[int] = frozenset()
        self._show_control = False
        self._adapters: dict[str, Any] = {}
        self._answers: OrderedDict[str, list[int]] = OrderedDict()
        params = lib.llama_model_default_params()
        params.n_gpu_layers = options["gpuLayers"]

        def on_progress(value: float, _data: object) -> bool:
            progress(value)
            return not cancellation

        callback = lib.llama_progress_callback(on_progress)
        params.progress_callback = callback
        self._weights: Any = lib.llama_model_load_from_file(os.fsencode(options["path"]), params)
        if not self._weights:
            if cancellation:
                raise RequestError("cancelled", "loading was cancelled")
            raise RequestError("invalid", f"llama.cpp cannot load {options['path']}: {log.first_error()}")
        self.vocab: Any = lib.llama_model_get_vocab(self._weights)

    def open_context(self) -> None:
        """Allocate the context, and read the chat template.

        Raises:
            RequestError: memory does not suffice, or the template is none.
        """
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
        self.context = lib.llama_init_from_model(self._weights, params)
        if not self.context:
            raise RequestError("memory", f"llama.cpp cannot allocate the context: {self.log.first_error()}")
        self.memory = lib.llama_get_memory(self.context)
        self.n_ctx = lib.llama_n_ctx(self.context)
        self.step = max(min(lib.llama_n_batch(self.context), lib.llama_n_ubatch(self.context)), 1)
        self.recurrent = bool(lib.llama_model_is_recurrent(self._weights) or lib.llama_model_is_hybrid(self._weights))
        source = lib.llama_model_chat_template(self._weights, None)
        self.template = Template(source.decode("utf-8", "replace") if source else "", self, self._answers)
        self._show_control = "<|channel|>" in self.template.source
        self.turn_tokens = self._find_turn_tokens()

    def _find_turn_tokens(self) -> frozenset[int]:
        """Control tokens with which the template begins a turn: a model that writes one goes on in the user's name."""
        if self._show_control:
            return frozenset()  # its template marks the parts of an answer like turns
        try:
            tokens, _ = self.template.tokens([{"role": "user", "content": "x"}], think=False)
        except RequestError:
            return frozenset()  # a template that refuses so short a conversation
        return frozenset(token for token in tokens if self.lib.llama_vocab_is_control(self.vocab, token))

    def facts(self, devices: Sequence[WorkerMessage], seconds: float) -> WorkerMessage:
        """What the client is told of the model.

        Args:
            devices: the accelerators that there are, as `memory.Device` has them.
            seconds: that loading took.
        """
        lib = self.lib
        text = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self._weights, text, 256)
        done, layers = self.log.offloaded
        gpus = {name: size for name, size in self.log.buffers.items() if not name.startswith(("CPU", "AMX"))}
        described = {device["name"]: device["description"] for device in devices}
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
            "trainedTokens": lib.llama_model_n_ctx_train(self._weights),
            "vocabulary": lib.llama_vocab_n_tokens(self.vocab),
            "bytes": lib.llama_model_size(self._weights),
            "device": device,
            "gpuLayers": done,
            "buffers": self.log.buffers,
            "recurrent": self.recurrent,
            "completion": self.template.completion,
            "seconds": round(seconds, 3),
        }

    def close(self) -> None:
        """Free the model and its context."""
        if self.context is not None:
            self.lib.llama_free(self.context)
        self.lib.llama_model_free(self._weights)

    def set_adapters(self, adapters: Sequence[Sequence[Any]]) -> bool:
        """Switch to these LoRA adapters, (path, scale) each.

        Returns:
            Whether anything was switched: what was evaluated before is then of no use.

        Raises:
            RequestError: an adapter cannot be loaded or applied.
        """
        loaded: list[Any] = []
        self.log.errors.clear()
        for path, _ in adapters:
            if path not in self._adapters:
                adapter = self.lib.llama_adapter_lora_init(self._weights, os.fsencode(path))
                if not adapter:
                    raise RequestError("invalid", f"llama.cpp cannot load the adapter {path}: {self.log.first_error()}")
                self._adapters[path] = adapter
            loaded.append(self._adapters[path])
        if not adapters and not self._adapters:
            return False
        pointers = (self.lib.llama_adapter_lora_p_ctypes * max(len(loaded), 1))(*loaded)
        scales = (ctypes.c_float * max(len(loaded), 1))(*(float(scale) for _, scale in adapters))
        if self.lib.llama_set_adapters_lora(self.context, pointers, len(loaded), scales) != 0:
            raise RequestError("invalid", f"llama.cpp cannot apply the adapters: {self.log.first_error()}")
        self.adapted = bool(loaded)
        return True

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

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for."""
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self.lib.llama_token_to_piece(self.vocab, token, buffer, size, 0, self._show_control)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def remember_answer(self, text: str, tokens: list[int], pieces: list[bytes], *, stopped: bool) -> None:
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
        self._answers[key] = tokens
        self._answers.move_to_end(key)
        if len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)
