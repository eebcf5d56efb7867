"""`glossator/prepare`: get the index and the model ready, because a question is likely."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError

if TYPE_CHECKING:
    from glossator.lsp import protocol
    from glossator.lsp.context import Context

_log = logging.getLogger(__name__)


async def prepare(context: Context, params: protocol.PrepareParams | None) -> None:
    """Read the index ahead; load the model, if there is one, and have it read what every prompt begins with.

    A failure is not reported here: nothing has been asked yet, and the status shows it.
    """
    backend = context.backend
    document = params.text_document if params is not None else None
    located = backend.folders.locate(document.uri) if document is not None else None
    try:
        await backend.answerer.prepare(
            located[0].root.path if located is not None else None, use_model=backend.configuration.options.trusted
        )
    except GlossatorError as error:
        _log.info("the model could not be prepared: %s", error)
