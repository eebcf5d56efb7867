"""The chat model that answers are written by: opened when it is first needed, changed between answers, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from glossator.errors import ModelError, ModelNotFoundError, SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from glossator.model.chat import ChatModel, ModelStatus
    from glossator.settings import Settings

_log = logging.getLogger(__name__)


class ModelAccess:
    """Opens, reconfigures and closes the chat model. Used by one event loop."""

    def __init__(
        self, settings: Callable[[], Settings], on_status: Callable[[ModelStatus], None] = lambda _: None
    ) -> None:
        """Nothing is opened yet.

        Args:
            settings: the settings as they are now.
            on_status: called in the event loop whenever the model's status changes.
        """
        self.opened: ChatModel | None = None
        """The model, if one has been needed so far."""
        self._settings = settings
        self._on_status = on_status
        self._users = 0
        self._unused = asyncio.Event()
        self._unchanging = asyncio.Event()
        self._changing = asyncio.Lock()
        self._unused.set()
        self._unchanging.set()

    def model(self) -> ChatModel | None:
        """What writes answers; None if the settings name no model and none is installed.

        Raises:
            ModelNotFoundError: the settings name one that does not exist.
        """
        from glossator.model.factory import open_model
        from glossator.model.installed import model_path

        settings = self._settings()
        if not settings.endpoint and (self.opened is None or self.opened.status.state in ("none", "failed")):
            try:
                model_path(settings)
            except ModelNotFoundError:
                if settings.model:
                    raise
                return None
        if self.opened is None:
            self.opened = open_model(settings, self._on_status)
        return self.opened

    async def switch_adapters(self) -> None:
        """Use the adapters that the settings name now: those of a project change when it is adapted, or that is undone.

        The model is not loaded again. An adapter that cannot be used is left out, and said so in the log.
        """
        from glossator.model.client import ModelClient

        model, wanted = self.opened, self._settings().lora
        if not isinstance(model, ModelClient) or model.settings.lora == wanted:
            return
        try:
            await model.set_lora(wanted)
        except (ModelError, SettingsError) as error:
            _log.warning("%s; answering without it", error)

    @property
    def identity(self) -> str:
        """What tells models apart whose answers differ; "" if there is none."""
        from glossator.model.installed import model_path

        settings = self._settings()
        if settings.endpoint:
            return f"{settings.endpoint} {settings.endpoint_model}"
        try:
            path = model_path(settings)
            return f"{path.name} {path.stat().st_size} {' '.join(settings.lora)}"
        except (ModelNotFoundError, OSError):
            return ""

    @contextlib.asynccontextmanager
    async def in_use(self, *, background: bool = False) -> AsyncIterator[None]:
        """Held while an answer is made: settings change between answers.

        An answer in the background is not waited for, since the model gives it up by itself.
        """
        while not self._unchanging.is_set():
            await self._unchanging.wait()
        if background:
            yield
            return
        self._users += 1
        self._unused.clear()
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()

    async def reconfigure(self, settings: Settings) -> None:
        """Take over changed settings; what is being answered is answered to its end first.

        Raises:
            ModelError, SettingsError: a LoRA adapter cannot be used; those in use before stay.
        """
        from glossator.model.client import ModelClient

        async with self._changing:
            self._unchanging.clear()
            try:
                await self._unused.wait()
                if isinstance(self.opened, ModelClient) and not settings.endpoint:
                    await self.opened.reconfigure(settings)
                else:
                    await self.close()
            finally:
                self._unchanging.set()

    async def close(self) -> None:
        """End the model's process."""
        if self.opened is not None:
            model, self.opened = self.opened, None
            await model.close()
