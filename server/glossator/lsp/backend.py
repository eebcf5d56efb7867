"""The engine of one client: session, answers, workspace folders and settings."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from glossator.answers.answerer import Answerer
from glossator.errors import GlossatorError
from glossator.lsp.configuration import Configuration, read
from glossator.lsp.workspace_folders import WorkspaceFolders
from glossator.project.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from glossator.index.indexer import Progress
    from glossator.model.chat import ModelStatus
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

INDEXING_SETTINGS = ("index_dir", "max_file_bytes", "exclude", "include", "workers", "file_timeout")
"""Settings that affect the index or the processes that build it: after a change, the folders are reopened."""


class Backend:
    """The engine of one client. Used by the event loop; its callbacks are called from any thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        folder_uris: Callable[[], list[str]],
        on_change: Callable[[], None],
        on_progress: Callable[[str, str, Progress | None], None],
        on_model: Callable[[ModelStatus], None],
        on_problem: Callable[[str], None],
    ) -> None:
        """`settings` are the user's, which the client's override; `folder_uris` lists the client's folders."""
        self._user_settings = settings
        self._folder_uris = folder_uris
        self._on_change = on_change
        self._on_progress = on_progress
        self._on_problem = on_problem
        self._reported: set[str] = set()
        self._applying = asyncio.Lock()
        self.initial_options: object = None
        """The client's `initializationOptions`."""
        self.configuration = Configuration(settings=settings)
        self.session = Session([], settings)
        self.answerer = Answerer(self.session, on_model=on_model)
        self.folders = self._make_folders(watch=True)
        self.started = False
        """Whether the client's folders are open. Before that, the state of the index is unknown, and folders that the
        client adds are not opened individually."""

    def _make_folders(self, *, watch: bool) -> WorkspaceFolders:
        return WorkspaceFolders(self.session, watch=watch, on_change=self._on_change, on_progress=self._on_progress)

    def start(self, *, watch: bool) -> None:
        """Open the client's folders. With `watch`, watch the disk, since the client does not."""
        self.folders = self._make_folders(watch=watch)
        self.started = True
        self.open_folders()

    def open_folders(self) -> None:
        """Open those of the client's current folders that are not open yet."""
        if self.started:
            for uri in self._folder_uris():
                self.folders.add(uri)

    def shown_path(self, uri: str) -> str:
        """A document's path as the user knows it."""
        return self.folders.shown_path(uri)

    # Settings

    def configure(self, section: object) -> None:
        """Read the client's settings; report each invalid one once."""
        self.configuration = read(self._user_settings, self.initial_options, section)
        for problem in self.configuration.problems:
            if problem not in self._reported:
                self._reported.add(problem)
                self._on_problem(problem)

    async def apply(self, section: object) -> bool:
        """Apply changed settings; returns whether the folders were reopened.

        Model settings are applied between two answers, so this may wait for one to end.
        """
        async with self._applying:
            self.configure(section)
            old, new = self.session.settings, self.configuration.settings
            if new == old:
                return False
            reopen = any(getattr(old, name) != getattr(new, name) for name in INDEXING_SETTINGS)
            if reopen:
                await self._reopen(new)
            else:
                self.session.reconfigure(new)
            return reopen

    async def reconfigure_model(self) -> None:
        """Apply the session's settings to the model, between two answers."""
        try:
            await self.answerer.reconfigure(self.session.settings)
        except GlossatorError as error:
            self._on_problem(str(error))

    async def _reopen(self, settings: Settings) -> None:
        """Reopen all folders, since the settings of indexing have changed."""
        started, self.started = self.started, False
        session, folders = self.session, self.folders
        self.session = Session([], settings)
        self.folders = self._make_folders(watch=folders.watch)
        self.answerer.use(self.session)
        await _closed(folders)
        await asyncio.to_thread(session.close)
        if started:
            self.started = True
            self.open_folders()

    async def close(self) -> None:
        """End all child processes and close the indexes."""
        await _closed(self.folders, self.answerer.close())
        await asyncio.to_thread(self.session.close)


async def _closed(folders: WorkspaceFolders, *beside: Coroutine[Any, Any, None]) -> None:
    """Close the roots of folders, and wait for what is to be done `beside`; what fails is logged."""
    closing = [asyncio.to_thread(live.close) for _, live in folders]
    for failure in await asyncio.gather(*beside, *closing, return_exceptions=True):
        if isinstance(failure, Exception):
            _log.error("while closing: %s", failure, exc_info=failure)
