"""Embedding models for a session: their processes, and the second tier of vectors that they make.

`retrieval/upgrades.py` says what the second tier is; here it is started and stopped with the model that the user has
chosen, and told what to do in the background.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from glossator.errors import EmbeddingError, ModelError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.model.client import ModelClient
    from glossator.retrieval.planning import Plan
    from glossator.retrieval.upgrades import SecondTier
    from glossator.settings import Settings

MODEL_CHECK_SECONDS = 5.0
"""How often to look whether another embedding model was chosen."""
CLOSE_SECONDS = 10.0

_log = logging.getLogger(__name__)


class EmbeddingService:
    """A GGUF embedding model in a process of its own, for threads: the model's client lives on a loop of its own."""

    def __init__(self, settings: Settings, path: Path) -> None:
        """The model at `path` is started by the first text."""
        self._settings = replace(settings, model=str(path))
        self._path = path
        self._closing = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="glossator-embedding", daemon=True)
        self._thread.start()
        self._client: ModelClient | None = None

    async def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from glossator.model.client import ModelClient

        if self._client is None:
            self._client = ModelClient(self._settings, path=self._path, embedding=True)
        return await self._client.embed(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, shape (len(texts), dimensions).

        Raises:
            EmbeddingError: the model cannot be used, or this is closed.
        """
        with self._closing:
            if self._closed:
                raise EmbeddingError("the embedding model was closed")
            future = asyncio.run_coroutine_threadsafe(self._embed(texts), self._loop)
        try:
            return future.result()
        except ModelError as error:
            raise EmbeddingError(f"cannot embed with {self._path}: {error}") from error
        except (asyncio.CancelledError, concurrent.futures.CancelledError):
            raise EmbeddingError("the embedding model was closed") from None

    async def _end(self) -> None:
        """End the process, and what waits for it."""
        if self._client is not None:
            await self._client.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def close(self) -> None:
        """End the process; what waits for it fails."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CLOSE_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)


@dataclass(frozen=True, slots=True)
class UpgradeStatus:
    """How the second tier stands: its model, whether that is at work, and how far the background work is."""

    model: str
    state: Literal["idle", "loading", "busy", "failed"]
    reason: str
    """Why it failed."""
    upgraded: int
    planned: int
    """Symbols with better vectors, of those that shall have one; 0 while that is not known."""


class Upgrades:
    """The second tier of vectors, for as long as an embedding model is installed; see `retrieval.upgrades`.

    All methods may be called from any thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._checked = 0.0
        self._path: Path | None = None
        self._problem = ""
        self._tier: SecondTier | None = None
        self._service: EmbeddingService | None = None
        self._plans: list[Plan] = []
        self._closed = False
        self.may_work: Callable[[], bool] = lambda: True
        """Whether background work may go on now."""
        self.on_change: Callable[[], None] = lambda: None
        """Called, in any thread, when the status may differ."""

    @property
    def tier(self) -> SecondTier | None:
        """The tier, made when a model is first found; None while none is installed."""
        with self._lock:
            now = time.monotonic()
            if not self._closed and (not self._checked or now - self._checked > MODEL_CHECK_SECONDS):
                self._checked = now
                self._look()
            return self._tier

    @property
    def current(self) -> SecondTier | None:
        """The tier as `tier` was when last asked for; never waits, so that the tier's own thread may ask."""
        return self._tier

    def _look(self) -> None:
        """Find out whether another model is in use now."""
        from glossator.model.installed import resolve_embedding_model

        problem = ""
        try:
            # With an embedder that is such a model itself there is nothing to upgrade.
            path = resolve_embedding_model(self._settings) if self._settings.embedder == "static" else None
        except ModelNotFoundError as error:
            path, problem = None, str(error)
        if path != self._path or problem != self._problem:
            self._stop()
            self._path, self._problem = path, problem
            if problem:
                _log.warning("no vectors are upgraded: %s", problem)
            if path is not None:
                self._begin(path)

    def _begin(self, path: Path) -> None:
        from glossator.index.embedding import GgufEmbedder
        from glossator.index.vectors import VectorCache, cache_path
        from glossator.retrieval.upgrades import SecondTier

        service = EmbeddingService(self._settings, path)
        try:
            embedder = GgufEmbedder(path, service.embed)
        except EmbeddingError as error:
            service.close()
            self._problem = str(error)
            return
        self._service = service
        self._tier = SecondTier(
            embedder,
            VectorCache(cache_path(self._settings.index_dir, embedder.id), 0),
            share=self._settings.upgrade_share,
            may_work=self._may_work,
            on_change=self._changed,
        )
        for plan in self._plans:
            self._tier.add(plan)

    def _may_work(self) -> bool:
        return self.may_work()

    def _changed(self) -> None:
        self.on_change()

    def _stop(self) -> None:
        tier, self._tier = self._tier, None
        service, self._service = self._service, None
        if service is not None:
            service.close()
        if tier is not None:
            tier.close()

    def reconfigure(self, settings: Settings) -> None:
        """Take over settings."""
        with self._lock:
            names = ("embedding_model", "embedder", "upgrade_share", "models_dir", "index_dir", "threads", "gpu_layers")
            if any(getattr(settings, name) != getattr(self._settings, name) for name in names):
                self._stop()
                self._path = None
            self._settings = settings
            self._checked = 0.0

    def add(self, plan: Plan) -> None:
        """Upgrade a root's symbols in the background."""
        with self._lock:
            self._plans.append(plan)
            if self._tier is not None:
                self._tier.add(plan)

    def remove(self, plan: Plan) -> None:
        """No more of that root."""
        with self._lock:
            if plan in self._plans:
                self._plans.remove(plan)
            if self._tier is not None:
                self._tier.remove(plan)

    def status(self) -> UpgradeStatus | None:
        """How upgrading stood when `tier` was last asked for; None where no embedding model is installed. Quick."""
        tier, path, problem = self._tier, self._path, self._problem
        if tier is None:
            return UpgradeStatus(self._settings.embedding_model, "failed", problem, 0, 0) if problem else None
        done, planned = (sum(column) for column in zip((0, 0), *(plan.counts() for plan in self._plans), strict=True))
        status = tier.status()
        return UpgradeStatus(path.stem if path else "", status.state, status.reason, done, planned)

    def close(self) -> None:
        """End the model's process."""
        with self._lock:
            self._closed = True
            self._stop()
