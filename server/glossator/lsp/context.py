"""The objects that handlers use. Handlers receive this, not the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.lsp.adapt_runs import AdaptRuns
    from glossator.lsp.answer_documents import AnswerDocuments
    from glossator.lsp.answer_stream import RunningAnswers
    from glossator.lsp.backend import Backend
    from glossator.lsp.editor import Editor
    from glossator.lsp.explain_ahead import ExplainAhead
    from glossator.lsp.open_documents import OpenDocuments
    from glossator.lsp.status_report import StatusReporter


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one client's server. Everything here runs on the event loop unless documented otherwise."""

    editor: Editor
    """The editor: its capabilities, its open documents' texts, messages to it."""
    backend: Backend
    """The engine: session, answers, workspace folders, settings."""
    documents: OpenDocuments
    """Parses open documents as they change."""
    status: StatusReporter
    """Reports the status (`glossator/status`)."""
    answers: RunningAnswers
    """Answers in progress."""
    answer_documents: AnswerDocuments
    """Answers shown as documents of the editor."""
    ahead: ExplainAhead
    """Explains the open file's symbols while the user is idle."""
    adapt_runs: AdaptRuns
    """Runs that adapt something to a project."""
