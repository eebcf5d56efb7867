"""The local model: a llama.cpp child process, started when it is needed and replaced when it fails.

Everything runs on one asyncio loop. One task reads the child's events and passes each to the request it belongs to. An
abandoned request is cancelled in the background: if the child does not confirm within a grace period, it is killed, and
the next request starts a new one.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.errors import (
    ModelCrashedError,
    ModelError,
    ModelNotFoundError,
    SettingsError,
)
from glossator.model import memory
from glossator.model.chat import ChatModel, Delta, Done, ModelStatus, ReadingProgress, Thinking, TokenUsage
from glossator.model.child import Child, Deadlines, Exchange
from glossator.model.header import ModelHeader, read_header
from glossator.model.measured_speed import (
    LEAST_READ,
    LEAST_WRITTEN,
    NEW_SHARE,
    UNDISTURBED,
    MeasuredSpeeds,
    corrected_speed,
    fingerprint,
    machine_key,
    model_cache_folder,
)
from glossator.model.speed import Speed, file_speed, this_machine, thread_count
from glossator.model.thinking import ThinkingSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from glossator.model.chat import ChatEvent, ChatMessage, ChatRequest
    from glossator.model.worker_protocol import WorkerMessage
    from glossator.settings import Settings

_log = logging.getLogger("glossator.model")


_MEASURED_TEXT = "def reused(connection, origin):\n    return connection.is_idle and connection.origin == origin\n\n"
"""What is read to measure a model's speed, over and over: code, as in prompts."""
_LEAST_SHARE = 0.5
"""Part of the reading speed that is counted on however busy the machine is: with less evidence than that leaves room
for, an answer is not worth waiting less for."""
_MEASURED_READ, _MEASURED_WRITTEN = 256, 16
"""Tokens to measure with, if the model is fast enough for so many."""


def parse_lora(items: Sequence[str]) -> list[tuple[str, float]]:
    """Adapters of the setting `lora`: "path" or "path=0.5".

    Raises:
        SettingsError: a scale is not a number.
        ModelNotFoundError: there is no such file.
    """
    adapters: list[tuple[str, float]] = []
    for item in items:
        path, separator, scale = item.rpartition("=")
        if not separator or Path(item).exists():
            path, scale = item, "1"
        try:
            value = float(scale)
        except ValueError:
            raise SettingsError(f"setting 'lora': {scale!r} is not a scale in {item!r}") from None
        if not Path(path).expanduser().is_file():
            raise ModelNotFoundError(f"no LoRA adapter at {path}")
        adapters.append((str(Path(path).expanduser().resolve()), value))
    return adapters


class ModelClient(ChatModel):
    """The local model. Use it with `async with`, or call `close`."""

    def __init__(
        self,
        settings: Settings,
        on_status: Callable[[ModelStatus], None] | None = None,
        *,
        path: Path | None = None,
        deadlines: Deadlines | None = None,
        available_memory: int | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            on_status: called on the loop whenever `status` changes.
            path: the model's file; default: the one that the settings name.
            available_memory: bytes to plan with; default: what is free.
        """
        super().__init__(settings, on_status, ModelStatus("none"))
        self._path = path
        self._deadlines = deadlines or Deadlines()
        self._available_memory = available_memory
        self._child: Child | None = None
        self._load_lock = asyncio.Lock()
        self._background_tasks: set[asyncio.Task[None]] = set()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._active_requests = 0
        self._adapters: list[tuple[str, float]] = []
        self._closed = False
        self.header: ModelHeader | None = None
        self._speeds = MeasuredSpeeds()
        self._speed_key: tuple[str, str] | None = None
        self._speed: Speed | None = None
        self._share = 1.0
        """Part of the processor time that it got of late: other programs need some."""

    # Loading and unloading

    @property
    def status(self) -> ModelStatus:
        """What the model is doing."""
        if self._status.state in ("ready", "busy", "loading") and (self._child is None or not self._child.alive):
            return replace(self._status, state="none", progress=None)
        return self._status

    @property
    def speed(self) -> Speed | None:
        """How fast it is here when nothing else runs: measured when it is first loaded, corrected by its answers; None
        before that."""
        return self._speed

    @property
    def reading_speed(self) -> float | None:
        """Tokens of a prompt that it reads per second while as much else runs as of late; None if that is not known."""
        return self._speed.reading * max(self._share, _LEAST_SHARE) if self._speed is not None else None

    @property
    def facts(self) -> WorkerMessage:
        """What the child reported after loading (description, device, buffers, ...); empty before that."""
        return self._child.facts if self._child is not None else {}

    @property
    def runtime(self) -> WorkerMessage:
        """What the child reported when it started (version, devices, ...); empty before that."""
        return self._child.greeting if self._child is not None else {}

    @property
    def pid(self) -> int | None:
        """Process id of the running child; None without one."""
        return self._child.process.pid if self._child is not None and self._child.alive else None

    async def load(self) -> ModelStatus:
        """See `ChatModel.load`."""
        await self._ensure_loaded()
        self._start_idle_timer()
        return self.status

    async def _ensure_loaded(self) -> Child:
        """The child, with the model loaded."""
        if self._closed:
            raise ModelCrashedError("the model was closed")
        async with self._load_lock:
            if self._child is not None and self._child.alive and self._child.facts:
                return self._child
            try:
                return await self._start_child()
            except asyncio.CancelledError:
                await self._stop_child()
                self._set("none")
                raise
            except (ModelError, SettingsError) as error:
                await self._stop_child()
                self._set("failed", reason=str(error))
                raise

    async def _start_child(self) -> Child:
        await self._stop_child()
        self._set("loading", progress=0.0, name=str(self._path.stem if self._path else self.settings.model))
        path = self._path
        if path is None:
            from glossator.model import installed

            path = await asyncio.to_thread(installed.model_path, self.settings)
        self.header = header = await asyncio.to_thread(read_header, path)
        self._set("loading", progress=0.0, name=header.name)
        header.require_chat_model()
        adapters = parse_lora(self.settings.lora)
        child = self._child = await Child.start()
        await child.wait_until_started(self._deadlines.start)
        options = await asyncio.to_thread(self._load_options, header, child.greeting)
        exchange = child.open("load", lora=adapters, **options)
        while True:
            message = await exchange.next(self._deadlines.silence, "loading the model")
            if message["event"] == "loaded":
                break
            self._set("loading", progress=message["value"])
        await self._measure(child)
        child.facts = message["facts"]
        self._adapters = adapters
        note = ""
        if child.facts["recurrent"]:
            note = "this model cannot roll back its cache: an edited conversation is read again from the start"
        elif child.facts["completion"]:
            note = "this is a base model without a chat template: it continues a text; instruct models answer better"
        elif child.greeting["devices"] and not child.facts["gpuLayers"] and self.settings.gpu_layers:
            note = "there is a GPU, but no part of the model fits on it"
        self._set("ready", device=child.facts["device"], context_tokens=child.facts["contextTokens"], note=note)
        self._run_in_background(partial(self._report_exit, child))
        return child

    async def _measure(self, child: Child) -> None:
        """Have the model's speed measured, unless it is known."""
        if self._speed is not None and self._speed.measured:
            return
        exchange = child.open("measure", text=_MEASURED_TEXT, read=_MEASURED_READ, write=_MEASURED_WRITTEN)
        message = await exchange.next(self._deadlines.silence, "measuring its speed")
        if message["reading"] > 0 and message["writing"] > 0:
            self._share = message["share"]
            self._speed = Speed(message["reading"] / max(self._share, 0.1), message["writing"], measured=True)
            await self._keep_speed()

    async def _keep_speed(self) -> None:
        if self._speed is not None and self._speed_key is not None:
            await asyncio.to_thread(self._speeds.put, *self._speed_key, self._speed)

    async def _correct_speed(self, usage: TokenUsage, share: float) -> None:
        """Take an answer's figures into account; `share`: part of the processor time that it got."""
        self._share += NEW_SHARE * (share - self._share)
        first, read = usage.time_to_first_token_ms, usage.prompt_tokens - usage.reused_tokens
        reading = 1000 * read / first / max(share, 0.1) if first and read >= LEAST_READ else None
        undisturbed = share >= UNDISTURBED
        writing = usage.tokens_per_second if usage.completion_tokens >= LEAST_WRITTEN and undisturbed else None
        if self._speed is not None and (reading or writing):
            self._speed = corrected_speed(self._speed, reading=reading, writing=writing)
            await self._keep_speed()

    async def _report_exit(self, child: Child) -> None:
        """Report that the model is gone if its process ends between requests."""
        await child.ended.wait()
        if self._child is child and not self._active_requests:
            self._set("none")

    def _load_options(self, header: ModelHeader, greeting: WorkerMessage) -> WorkerMessage:
        """The fields of the load request: how the model is to be run on this machine."""
        from glossator.model import model_catalog

        settings = self.settings
        devices = [memory.Device(**device) for device in greeting["devices"]]
        free, total = memory.physical_memory()
        available = self._available_memory if self._available_memory is not None else free
        version, features = greeting["runtime"], greeting["system"]
        model, machine = fingerprint(header.path), machine_key(settings, version, features, devices)
        self._speed_key = model, machine
        needed = memory.needed_bytes(header, memory.context_of(header, settings), settings)
        self._speed = self._speeds.get(model, machine) or file_speed(
            this_machine(settings, memory=total, devices=devices, features=features), header, needed
        )
        plan = memory.plan(
            header,
            settings,
            available=available,
            devices=devices,
            alternatives=model_catalog.alternatives(),
            reading=self._speed.reading,
        )
        state = (model, header.path.stat().st_mtime_ns, version, features, settings.kv_cache_type)
        state_key = hashlib.blake2b(repr((*state, settings.flash_attention)).encode(), digest_size=12).hexdigest()
        return {
            "path": str(header.path.resolve()),
            "contextTokens": plan.context_tokens,
            "batchTokens": max(min(settings.batch_tokens, plan.context_tokens), 1),
            "microBatchTokens": plan.micro_batch,
            "threads": thread_count(settings),
            "gpuLayers": plan.gpu_layers,
            "flashAttention": settings.flash_attention,
            "kvCacheType": settings.kv_cache_type,
            "stateBytes": plan.state_bytes,
            "statesFolder": str(model_cache_folder()),
            "statesKey": state_key,
        }

    async def _stop_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.stop()

    async def unload(self) -> None:
        """End the child, which frees all of its memory."""
        async with self._load_lock:
            if self._child is not None:
                self._set("stopping")
                await self._stop_child()
            self._set("none")

    async def close(self) -> None:
        """End the child for good."""
        self._closed = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        await self.unload()
        if self._background_tasks:
            await asyncio.gather(*self._background_tasks)

    async def reconfigure(self, settings: Settings) -> None:
        """Apply changed settings: adapters are switched, sampling changes at once, anything else reloads the model.

        The request that is running is finished first.
        """
        old, self.settings = self.settings, settings
        if _loading_settings(settings) != _loading_settings(old):
            await self._turns.acquire(background=False)
            try:
                await self.unload()
            finally:
                self._turns.release()
        elif settings.lora != old.lora and self._child is not None and self._child.alive:
            await self.set_lora(settings.lora)

    async def set_lora(self, items: Sequence[str]) -> None:
        """Switch LoRA adapters without loading the model again.

        Raises:
            ModelError: an adapter cannot be loaded; the previous ones stay in use.
        """
        adapters = parse_lora(items)
        await self._turns.acquire(background=False)
        self._active_requests += 1
        try:
            child = await self._ensure_loaded()
            if adapters != self._adapters:
                await child.open("set_lora", adapters=adapters).next(self._deadlines.silence, "switching adapters")
                self._adapters = adapters
            self.settings = replace(self.settings, lora=tuple(items))
        finally:
            self._end_request()

    async def encode(self, dialogues: Sequence[tuple[Sequence[ChatMessage], str]]) -> list[tuple[list[int], list[int]]]:
        """The tokens of prompts and of their answers, as the model's own template and vocabulary make them.

        Raises:
            ModelError: the model cannot be used.
        """
        plain = [{"messages": _plain_messages(messages), "answer": answer} for messages, answer in dialogues]
        message = await self._exclusively("encode", "counting tokens", dialogues=plain)
        return [(prompt, answer) for prompt, answer in message["tokens"]]

    async def score(self, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
        """The negative logarithm of the probability of each token of an answer.

        Raises:
            ModelError: the model cannot be used, or its context is too small.
        """
        message = await self._exclusively("score", "scoring an answer", prompt=list(prompt), answer=list(answer))
        losses: list[float] = message["losses"]
        return losses

    async def _exclusively(self, op: str, what: str, **fields: Any) -> WorkerMessage:
        """One request that is answered by one message, while no other computes."""
        await self._turns.acquire(background=False)
        self._active_requests += 1
        try:
            child = await self._ensure_loaded()
            return await child.open(op, **fields).next(self._deadlines.silence, what)
        finally:
            self._end_request()

    def _start_idle_timer(self) -> None:
        """Update the status, and start the idle timer, unless a request is running."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._active_requests or self._closed:
            return
        if self._child is not None and not self._child.alive:
            if self._status.state != "failed":
                self._set("none")
        elif self._child is not None and self._child.facts:
            self._set("ready")
            if self.settings.idle_unload > 0:
                loop = asyncio.get_running_loop()
                self._idle_timer = loop.call_later(
                    self.settings.idle_unload, self._run_in_background, self._unload_idle
                )

    def _run_in_background(self, work: Callable[[], Any]) -> None:
        task = asyncio.get_running_loop().create_task(work())
        self._background_tasks.add(task)
        task.add_done_callback(self._background_tasks.discard)

    async def _unload_idle(self) -> None:
        if not self._active_requests:
            _log.info("unloading the model, which was idle for %g s", self.settings.idle_unload)
            await self.unload()

    # Requests

    async def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        fields = {
            "messages": _plain_messages(request.messages),
            "maxTokens": request.max_tokens,
            "temperature": request.temperature,
            "topP": self.settings.top_p,
            "seed": request.seed,
            "stop": list(request.stop),
            "think": request.think,
            "background": request.background,
        }
        await self._turns.acquire(background=request.background)
        self._active_requests += 1
        exchange: Exchange | None = None
        guards: list[asyncio.TimerHandle | asyncio.Task[None]] = []
        try:
            if self._idle_timer is not None:
                self._idle_timer.cancel()
            child = await self._ensure_loaded()
            self._set("busy", progress=0.0)
            exchange = child.open("generate", **fields)
            if request.timeout is not None:
                guards.append(asyncio.get_running_loop().call_later(request.timeout, exchange.expire))
            if request.background:
                guards.append(asyncio.create_task(self._preempt_when_wanted(exchange)))
            splitter = ThinkingSplitter()
            reused = 0
            silence, what = self._deadlines.silence, "reading the prompt"
            while True:
                message = await exchange.next(silence, what)
                event = message["event"]
                if event == "start":
                    splitter = ThinkingSplitter(opened=message["thinking"])
                    reused = message["reusedTokens"]
                    self._set_reading(0, message["promptTokens"] - reused)
                elif event == "prefill":
                    self._set_reading(message["done"] - reused, message["total"] - reused)
                elif event == "delta":
                    self._set("busy")
                    silence, what = self._deadlines.token, "writing"
                    for chunk in _chat_events(splitter, message["text"]):
                        yield chunk
                elif event == "done":
                    for chunk in _chat_events(splitter, "", final=True):
                        yield chunk
                    reason = message["finishReason"]
                    usage = _token_usage(message["usage"])
                    if not request.background and reason != "cancelled":  # in the background it gets fewer threads
                        await self._correct_speed(usage, message["usage"].get("share", 1.0))
                    yield Done("preempted" if reason == "cancelled" else reason, usage)
                    return
        except ModelError as error:
            if self._child is None or not self._child.alive:
                self._set("failed", reason=str(error))
            raise
        finally:
            for guard in guards:
                guard.cancel()
            if exchange is None or exchange.finished:
                self._end_request()
            else:
                self._run_in_background(partial(self._cancel_abandoned, exchange))

    def _set_reading(self, done: int, total: int) -> None:
        """Report how far the prompt has been read."""
        speed = self.reading_speed
        reading = ReadingProgress(done, total, (total - done) / speed if speed else None)
        self._set("busy", progress=done / max(total, 1), reading=reading)

    async def prepare(self, messages: Sequence[ChatMessage]) -> int:
        """See `ChatModel.prepare`. While an answer is being written, this only loads the model."""
        self._active_requests += 1
        try:
            child = await self._ensure_loaded()
        finally:
            self._active_requests -= 1
            self._start_idle_timer()
        if self._turns.busy:
            return 0
        await self._turns.acquire(background=False)
        self._active_requests += 1
        exchange = child.open("prepare", messages=_plain_messages(messages))
        try:
            message = await exchange.next(self._deadlines.silence, "reading ahead")
        except BaseException:
            self._run_in_background(partial(self._cancel_abandoned, exchange))
            raise
        self._run_in_background(partial(self._read_ahead, exchange))
        return int(message["promptTokens"] - message["reusedTokens"])

    async def _read_ahead(self, exchange: Exchange) -> None:
        """Wait until what all prompts share has been read, and release the model's turn."""
        try:
            while not exchange.finished:
                await exchange.next(self._deadlines.silence, "reading ahead")
        except ModelError as error:
            _log.info("reading ahead failed: %s", error)
        finally:
            self._end_request()

    async def _preempt_when_wanted(self, exchange: Exchange) -> None:
        """Cancel a background request as soon as an interactive one waits."""
        await self._turns.wanted.wait()
        exchange.cancel()
        await asyncio.sleep(self._deadlines.cancel)
        exchange.child.kill(f"it did not confirm a cancellation within {self._deadlines.cancel:g} s")

    async def _cancel_abandoned(self, exchange: Exchange) -> None:
        """Release the model's turn once the child has stopped working on an abandoned request, or was killed."""
        try:
            await exchange.cancel_and_wait(self._deadlines.cancel)
        finally:
            self._end_request()

    def _end_request(self) -> None:
        self._active_requests -= 1
        self._start_idle_timer()
        self._turns.release()

    async def count(self, texts: Sequence[str]) -> list[int]:
        """See `ChatModel.count`."""
        if not texts:
            return []
        try:
            return await self._count_once(texts)
        except ModelCrashedError:
            # Counting takes no turn, so the child may be in the middle of being stopped because of another request.
            if self._closed:
                raise
            return await self._count_once(texts)

    async def _count_once(self, texts: Sequence[str]) -> list[int]:
        self._active_requests += 1
        try:
            child = await self._ensure_loaded()
            message = await child.open("count", texts=list(texts)).next(self._deadlines.silence, "counting tokens")
        finally:
            self._active_requests -= 1
            self._start_idle_timer()
        counts: list[int] = message["counts"]
        return counts


def _loading_settings(settings: Settings) -> tuple[object, ...]:
    """The settings that a loaded model depends on."""
    names = ("model", "context_tokens", "batch_tokens", "threads", "gpu_layers", "flash_attention", "kv_cache_type")
    return tuple(getattr(settings, name) for name in names)


def _plain_messages(messages: Sequence[ChatMessage]) -> list[WorkerMessage]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _chat_events(splitter: ThinkingSplitter, text: str, *, final: bool = False) -> list[ChatEvent]:
    return [Delta(part) if kind == "answer" else Thinking(part) for kind, part in splitter.feed(text, final=final)]


def _token_usage(values: WorkerMessage) -> TokenUsage:
    return TokenUsage(
        prompt_tokens=values["promptTokens"],
        reused_tokens=values["reusedTokens"],
        completion_tokens=values["completionTokens"],
        time_to_first_token_ms=values.get("timeToFirstTokenMs"),
        tokens_per_second=values.get("tokensPerSecond"),
    )
