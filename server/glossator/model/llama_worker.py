"""The child process that runs llama.cpp, and the only importer of llama_cpp. `python -m glossator.model.llama_worker`.

It speaks `worker_protocol` over private duplicates of its stdin and stdout; llama.cpp itself writes to the file
descriptors 1 and 2, which both lead to stderr here. One thread (the main one) computes, another reads requests, so that
a cancellation is seen while tokens are made, and the end of the request pipe ends the process whatever it is doing.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import os
import queue
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from glossator.model import worker_protocol
from glossator.model.cancellation import Cancellation
from glossator.model.engine import Engine
from glossator.model.template import RequestError
from glossator.power import lower_priority

if TYPE_CHECKING:
    from glossator.model.worker_protocol import WorkerMessage

_NICENESS = 5
"""Of the process: the editor goes first."""


class Worker:
    """Reads requests and answers them until the client is gone."""

    def __init__(self, requests: BinaryIO, events: BinaryIO) -> None:
        self._requests = requests
        self._events = events
        self._sending = threading.Lock()
        self._queue: queue.SimpleQueue[WorkerMessage] = queue.SimpleQueue()
        self._cancellation = Cancellation()
        self._engine: Engine | None = None

    def send(self, message: WorkerMessage) -> None:
        """Send an event; exits if the client is gone."""
        frame = worker_protocol.encode(message)
        with self._sending:
            try:
                self._events.write(frame)
                self._events.flush()
            except OSError:
                os._exit(0)

    def run(self) -> None:
        """Serve until shutdown."""
        threading.Thread(target=self._read_requests, name="requests", daemon=True).start()
        try:
            lib = importlib.import_module("llama_cpp.llama_cpp")
            engine = Engine(lib, partial(devices, lib), self._cancellation)
            hello = {
                "event": "hello",
                "pid": os.getpid(),
                "runtime": importlib.import_module("llama_cpp").__version__,
                "gpuOffload": bool(engine.lib.llama_supports_gpu_offload()),
                "devices": engine.devices(),
                "system": engine.lib.llama_print_system_info().decode(),
            }
        except (ImportError, OSError, RuntimeError) as error:
            self.send({"event": "fatal", "kind": "runtime", "message": f"llama-cpp-python cannot be used: {error}"})
            return
        self._engine = engine
        self.send(hello)
        while True:
            request = self._queue.get()
            if request["op"] == "shutdown":
                engine.unload()
                return
            self._cancellation.begin(request["id"])
            try:
                self._perform(engine, request)
            except RequestError as error:
                self._send_error(request, error.kind, str(error))
            except MemoryError:
                self._send_error(request, "memory", "memory ran out")
            finally:
                self._cancellation.end()

    def _send_error(self, request: WorkerMessage, kind: str, message: str) -> None:
        self.send({"event": "error", "id": request["id"], "kind": kind, "message": message})

    def _perform(self, engine: Engine, request: WorkerMessage) -> None:
        number, op = request["id"], request["op"]

        def send(event: WorkerMessage) -> None:
            self.send({"id": number, **event})

        if op == "load":
            shown = -1.0

            def progress(value: float) -> None:
                nonlocal shown
                if value - shown >= 0.01 or value >= 1 > shown:
                    shown = value
                    send({"event": "progress", "value": value})

            send({"event": "loaded", "facts": engine.load(request, progress)})
        elif op == "unload":
            engine.unload()
            send({"event": "unloaded"})
        elif op == "generate":
            send(engine.generate(request, send))
        elif op == "prepare":
            send(engine.prepare(request, send))
        elif op == "measure":
            send(engine.measure(request))
        elif op == "encode":
            send({"event": "encoded", "tokens": [engine.encode(one) for one in request["dialogues"]]})
        elif op == "score":
            send({"event": "scored", "losses": engine.score(request["prompt"], request["answer"])})
        elif op == "set_lora":
            engine.set_lora(request["adapters"])
            send({"event": "lora"})
        else:
            raise RequestError("runtime", f"unknown operation {op!r}")

    def _read_requests(self) -> None:
        """Read requests, in a thread of its own."""
        while (request := worker_protocol.read_message(self._requests)) is not None:
            if request["op"] == "cancel":
                self._cancellation.cancel(request["target"])
            elif request["op"] == "count":
                self._send_counts(request)
            else:
                self._queue.put(request)
        os._exit(0)  # the client is gone: nobody waits for what the main thread may still be computing

    def _send_counts(self, request: WorkerMessage) -> None:
        try:
            if self._engine is None:
                raise RequestError("unloaded", "no model is loaded")
            self.send({"event": "counted", "id": request["id"], "counts": self._engine.count(request["texts"])})
        except RequestError as error:
            self._send_error(request, error.kind, str(error))


def main() -> None:
    """Take over stdin and stdout, then serve."""
    faulthandler.enable()
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C at the command line is the client's to handle
    requests = os.fdopen(os.dup(0), "rb")
    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    lower_priority(_NICENESS)
    Worker(requests, events).run()


def devices(lib: Any) -> list[WorkerMessage]:
    """The accelerators that ggml finds."""
    if not lib.llama_supports_gpu_offload():
        return []
    ggml: Any = importlib.import_module("llama_cpp._ggml")
    extensions: Any = importlib.import_module("llama_cpp._ctypes_extensions")
    base = extensions.load_shared_library("ggml-base", ggml.libggml_base_path)
    get, count = ggml.libggml.ggml_backend_dev_get, ggml.libggml.ggml_backend_dev_count
    get.argtypes, get.restype, count.restype = [ctypes.c_size_t], ctypes.c_void_p, ctypes.c_size_t
    name, about = base.ggml_backend_dev_name, base.ggml_backend_dev_description
    name.argtypes, name.restype = [ctypes.c_void_p], ctypes.c_char_p
    about.argtypes, about.restype = [ctypes.c_void_p], ctypes.c_char_p
    kind, memory = base.ggml_backend_dev_type, base.ggml_backend_dev_memory
    kind.argtypes, kind.restype = [ctypes.c_void_p], ctypes.c_int
    memory.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)]
    found: list[WorkerMessage] = []
    for index in range(count()):
        device = get(index)
        if kind(device) not in (1, 2):  # ggml-backend.h: 1 a GPU with memory of its own, 2 one that shares it
            continue
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        memory(device, ctypes.byref(free), ctypes.byref(total))
        found.append(
            {
                "name": name(device).decode(),
                "description": about(device).decode(),
                "free": free.value,
                "total": total.value,
            }
        )
    return found


if __name__ == "__main__":
    main()
