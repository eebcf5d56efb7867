"""The frames between the model's client and its child process.

A frame is a 4-byte big-endian length and that many bytes of JSON (UTF-8). Requests carry `id` and `op`; what the child
sends carries `event` and, unless it is about the process as a whole, the `id` of the request that it belongs to.

    op                     events that answer it
    load                   progress*, loaded | error
    unload                 unloaded
    generate               start, prefill*, delta*, done | error
    prepare                start, prefill*, done | error
    measure                measured | error
    cancel {target}        none of its own: the target ends with done, finishReason "cancelled"
    count {texts}          counted (answered at once, also while generating)
    set_lora {adapters}    lora | error
    encode {dialogues}     encoded | error: the tokens of each prompt and of its answer
    score {prompt, answer} scored | error: how surprised the model is by each token of an answer
    shutdown               the process ends
    (at its start)         hello | fatal

The child ends when its end of the request pipe is closed, whatever it is doing.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import asyncio

WorkerMessage = dict[str, Any]

MAX_FRAME = 256 * 1024 * 1024
"""Bytes. A longer frame can only be a defect: the largest real one holds a prompt."""

_LENGTH = struct.Struct(">I")


def encode(message: WorkerMessage) -> bytes:
    """The frame of a message."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(body)) + body


def _decode(body: bytes) -> WorkerMessage:
    message: WorkerMessage = json.loads(body.decode("utf-8", "surrogatepass"))
    return message


def _length(head: bytes) -> int:
    length: int = _LENGTH.unpack(head)[0]
    if length > MAX_FRAME:
        raise ValueError(f"a frame of {length} bytes is too long")
    return length


def read_message(stream: BinaryIO) -> WorkerMessage | None:
    """The next message of a blocking stream; None at its end, also within a frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _length(head)
    body = stream.read(length)
    return _decode(body) if len(body) == length else None


async def read_message_async(stream: asyncio.StreamReader) -> WorkerMessage:
    """The next message of an asyncio stream.

    Raises:
        asyncio.IncompleteReadError: the stream ended.
        ValueError: what came is not a frame.
    """
    return _decode(await stream.readexactly(_length(await stream.readexactly(_LENGTH.size))))
