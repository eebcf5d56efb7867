"""Opens the chat model that the settings name: the local process or a remote server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.model.chat import ChatModel, ModelStatus
    from glossator.settings import Settings


def open_model(settings: Settings, on_status: Callable[[ModelStatus], None] | None = None) -> ChatModel:
    """The chat model that the settings name. Nothing is started, loaded or contacted yet.

    Args:
        on_status: called on the event loop whenever the model's status changes.

    Raises:
        SettingsError: `endpoint` is not a URL.
    """
    # Each is imported only where it is used: one brings an HTTP client, the other numpy.
    if settings.endpoint:
        from glossator.model.endpoint import EndpointClient

        return EndpointClient(settings, on_status)
    from glossator.model.client import ModelClient

    return ModelClient(settings, on_status)
