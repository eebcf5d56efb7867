"""Answers as read-only documents of the editor (`workspace/textDocumentContent`, LSP 3.18).

For editors that run our commands but would show nothing of their results: the answer is kept here under a URI of our
own scheme, the editor is asked to open that URI (`window/showDocument`), and asks for its text in turn.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import quote

from glossator.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.lsp import protocol
    from glossator.lsp.editor import Editor

_log = logging.getLogger(__name__)

SCHEME = "glossator-answer"
MOST_KEPT = 50
"""Answers that are kept for the editor to ask for again; the oldest are dropped."""
MOST_TITLE = 60
"""Characters of a title in a URI."""


class AnswerDocuments:
    """The answers that were shown to one client. Used by the event loop."""

    def __init__(self, editor: Editor, path_of: Callable[[str], str]) -> None:
        """`path_of` gives the path by which the user knows the file of a URI."""
        self._editor = editor
        self._path_of = path_of
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._opened = 0

    def begin(self, title: str) -> AnswerDocument | None:
        """A document for an answer to come; None if the editor cannot show such documents."""
        if not self._editor.shows_answer_documents:
            return None
        self._opened += 1
        return AnswerDocument(self, f"{SCHEME}:/{self._opened}/{quote(_file_name(title))}.md", title)

    def text(self, uri: str) -> str:
        """The text of a document.

        Raises:
            UsageError: there is none of this URI, or no longer.
        """
        try:
            return self._texts[uri]
        except KeyError:
            raise UsageError("this answer is no longer kept: ask again") from None

    def put(self, uri: str, text: str) -> None:
        """Keep a text; open it in the editor if it is new, else tell the editor that it has changed."""
        known = uri in self._texts
        if known and self._texts[uri] == text:
            return
        self._texts[uri] = text
        self._texts.move_to_end(uri)
        while len(self._texts) > MOST_KEPT:
            self._texts.popitem(last=False)
        self._editor.spawn(self._editor.refresh_document(uri) if known else self._editor.show_document(uri))

    def sources(self, places: Sequence[protocol.Citation | protocol.Evidence]) -> str:
        """A numbered list of links to places; "" if there are none."""
        lines = []
        for place in places:
            first, last = place.range.start.line + 1, place.range.end.line + 1
            lines_text = f"{first}-{last}" if last > first else str(first)
            label = f"{self._path_of(place.uri)}:{lines_text}".replace("[", "\\[").replace("]", "\\]")
            name = f" `{place.qualified_name}`" if place.qualified_name else ""
            lines.append(f"- \\[{place.number}\\] [{label}]({place.uri}#L{first}){name}")
        return "\n".join(lines)


class AnswerDocument:
    """One answer's document."""

    def __init__(self, documents: AnswerDocuments, uri: str, title: str) -> None:
        self._documents = documents
        self.uri = uri
        self._title = title
        self._found: tuple[tuple[protocol.Evidence, ...], str] | None = None

    def found(self, places: tuple[protocol.Evidence, ...], answer: str) -> None:
        """Show what the index says, while the model works."""
        self._found = (places, answer)
        self._put(answer, places, "*The model is at work: its answer will stand here.*")

    def ended_early(self) -> None:
        """Leave what the index says, if it is shown: the answer was cancelled, or the model failed."""
        if self._found is not None:
            places, answer = self._found
            self._put(answer, places, "*The model did not finish. This is what the index says.*")

    def done(self, result: protocol.AskResult) -> None:
        """Show the whole answer."""
        self._put(result.answer, result.citations or result.evidence, "")

    def _put(self, answer: str, places: Sequence[protocol.Citation | protocol.Evidence], note: str) -> None:
        title = " ".join(self._title.split())
        sources = self._documents.sources(places)
        parts = [f"# {title}", note, answer.strip(), f"## Sources\n\n{sources}" if sources else ""]
        self._documents.put(self.uri, "\n\n".join(part for part in parts if part) + "\n")


def _file_name(title: str) -> str:
    """A title as the name of a document, as every editor and file system allows it."""
    return re.sub(r"[^\w .()-]+", " ", title)[:MOST_TITLE].strip(" .") or "Answer"
