"""`glossator/chat`: the model goes on with a conversation, without the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcInvalidParams

from glossator.answers.plain_chat import plain_chat
from glossator.errors import ModelNotFoundError
from glossator.lsp import protocol
from glossator.model.chat import ChatMessage

if TYPE_CHECKING:
    from glossator.lsp.context import Context

MAX_CHAT_TOKENS = 2**20
"""Tokens of an answer that may be asked for."""


async def chat(context: Context, params: protocol.ChatParams) -> protocol.ChatResult:
    """Have the model go on with a conversation.

    Raises:
        JsonRpcInvalidParams: there is no message, or the number of tokens is out of range.
        ModelNotFoundError: there is no model, or the workspace is not trusted.
        ModelError: the model cannot be used, or failed.
    """
    if not params.messages:
        raise JsonRpcInvalidParams("messages: there is nothing to answer")
    if params.max_tokens is not None and not 1 <= params.max_tokens <= MAX_CHAT_TOKENS:
        raise JsonRpcInvalidParams(f"maxTokens must be between 1 and {MAX_CHAT_TOKENS:,}, not {params.max_tokens}")
    backend = context.backend
    if not backend.configuration.options.trusted:
        raise ModelNotFoundError("no model runs, since the workspace is not trusted")
    context.ahead.user_active()
    messages = [ChatMessage(turn.role, turn.text) for turn in params.messages]
    answer = await context.answers.stream(
        params,
        "Answering",
        lambda listener: plain_chat(backend.answerer.model_access, messages, listener.delta, params.max_tokens),
    )
    usage = answer.usage
    return protocol.ChatResult(
        text=answer.text,
        model=answer.model,
        finish_reason="stop" if answer.finish_reason == "stop" else "length",
        usage=protocol.Usage(
            prompt_tokens=usage.prompt_tokens,
            reused_tokens=usage.reused_tokens,
            completion_tokens=usage.completion_tokens,
            time_to_first_token_ms=usage.time_to_first_token_ms or 0.0,
            tokens_per_second=usage.tokens_per_second or 0.0,
        ),
    )
