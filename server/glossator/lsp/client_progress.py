"""Shows indexing and model loading as work-done progress in the client, with percentages and a cancel button."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from glossator.index.indexer import Progress
    from glossator.lsp.editor import Editor
    from glossator.model.chat import ModelStatus

MODEL = "model"
"""The model's key among the folders whose progress is shown."""


class ClientProgress:
    """Work-done progress that the server initiates. Used by the event loop."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._tokens: dict[str, str] = {}

    def subject_of(self, token: int | str) -> str | None:
        """The folder (its URI) whose progress has this token, or `MODEL`; None if the token is not ours."""
        return next((subject for subject, known in self._tokens.items() if known == token), None)

    def indexing(self, uri: str, name: str, progress: Progress | None) -> None:
        """Show the progress of indexing a folder; None: it has ended."""
        if progress is None:
            self._end(uri)
        elif progress.stage == "downloading":
            done, total = progress.bytes_done, progress.bytes_total
            percentage = min(100 * done // total, 100) if total else 0
            size = f": {done / 1e6:,.1f} of {total / 1e6:,.1f} MB" if total else ""
            self._report(uri, f"Indexing {name}", f"downloading the team's index{size}", percentage)
        elif progress.stage != "scanning" and progress.files_total:
            percentage = min(100 * progress.files_done // progress.files_total, 100)
            message = f"{progress.files_done:,} of {progress.files_total:,} files"
            self._report(uri, f"Indexing {name}", message, percentage)

    def loading(self, status: ModelStatus, *, shown: bool) -> None:
        """Show that the model is being loaded, unless a request already shows it in its progress (`shown`)."""
        if status.state == "loading" and status.progress is not None and not shown:
            self._report(MODEL, "Loading the model", status.name, int(100 * status.progress))
        else:
            self._end(MODEL)

    def _report(self, subject: str, title: str, message: str, percentage: int) -> None:
        """Begin or update a progress."""
        window = self._editor.capabilities.window
        if self._editor.ended.is_set() or not (window and window.work_done_progress):
            return
        token = self._tokens.get(subject)
        if token is None:
            token = f"glossator-{uuid.uuid4().hex[:12]}"
            self._tokens[subject] = token
            self._editor.spawn(self._begin(subject, token, title, message, percentage))
        elif token in self._editor.progress.tokens:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage, cancellable=True)
            self._editor.progress.report(token, report)

    async def _begin(self, subject: str, token: str, title: str, message: str, percentage: int) -> None:
        await self._editor.progress.create_async(token)
        begin = types.WorkDoneProgressBegin(title=title, message=message, percentage=percentage, cancellable=True)
        self._editor.progress.begin(token, begin)
        if self._tokens.get(subject) != token:  # it ended before the client accepted the token
            self._close(token)

    def _end(self, subject: str) -> None:
        token = self._tokens.pop(subject, None)
        if token is not None and token in self._editor.progress.tokens:
            self._close(token)

    def _close(self, token: str) -> None:
        self._editor.progress.end(token, types.WorkDoneProgressEnd())
        self._editor.progress.tokens.pop(token, None)
