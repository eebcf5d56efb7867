"""Turns messages into the tokens of a prompt, and the bytes of tokens into text, without llama.cpp."""

from __future__ import annotations

import codecs
import json
import re
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glossator.model.worker_protocol import WorkerMessage


class RequestError(Exception):
    """A request that cannot be fulfilled; `kind` says which error the client is to raise."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Tokenizer(Protocol):
    """What a template needs of a model."""

    @property
    def bos(self) -> int:
        """Token that begins a sequence, -1 if there is none."""

    @property
    def bos_text(self) -> str:
        """Its name."""

    @property
    def eos_text(self) -> str:
        """Name of the token that ends a sequence."""

    def tokenize(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Token ids. `special`: read control tokens' names as such; `first`: add what starts a sequence."""


class TextStream:
    """Decodes the bytes of tokens as UTF-8, and holds back what may become a stop string."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stop = [text for text in stop if text]
        self._pending = ""
        self.stopped = False

    def feed(self, piece: bytes, *, final: bool = False) -> str:
        """The text that can be shown now."""
        self._pending += self._decode(piece, final)
        cut = min((at for at in map(self._pending.find, self._stop) if at >= 0), default=-1)
        if cut >= 0:
            self.stopped = True
            shown, self._pending = self._pending[:cut], ""
            return shown
        keep = 0
        if not final:
            for text in self._stop:
                for length in range(min(len(text) - 1, len(self._pending)), keep, -1):
                    if self._pending.endswith(text[:length]):
                        keep = length
                        break
        shown = self._pending[: len(self._pending) - keep]
        self._pending = self._pending[len(shown) :]
        return shown


CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For models that bring no template, but whose vocabulary has ChatML's marks."""

COMPLETION = (
    "{% for message in messages %}{% if message.role == 'assistant' %}Answer:{% endif %}{{ message.content }}"
    "{{ '\n' if message.role == 'user' else '\n\n' }}{% endfor %}Answer:"
)
"""For base models, which were trained to continue a text and know no turns: questions and answers as a text has them.
A user's message ends with its question."""

QUESTION = "Question:"
COMPLETION_STOPS = (f"\n{QUESTION}", "\nAnswer:", "\n\n[", "\n\n\n")
"""Where the answer of a base model is over: it goes on with the next question, or with more evidence."""

TURN_MARKS = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "<|start_header_id|>",
    "<|begin_of_text|>", "<start_of_turn>", "<end_of_turn>", "<|start_of_role|>", "<|user|>", "<|assistant|>",
    "<|system|>", "[INST]", "[/INST]", "<</SYS>>", "### Instruction:", "### Response:",
)  # fmt: skip
"""Marks of turns, as text. A base model has read plenty of them and writes them letter by letter. From a chat model
they come as tokens, which are not text; as text they are marks only at the beginning of a line, since an answer may be
about them."""


class Template:
    """The model's own chat template, applied so that no content can forge a turn.

    The template is rendered with a placeholder in place of each message's content; only what the template itself wrote
    is then read for control tokens. "<|im_end|>" in a source file stays ten ordinary characters. The parts of a content
    are tokenised one by one, so that the token counts of parts add up and an unchanged part keeps its tokens.
    """

    def __init__(self, source: str, tokenizer: Tokenizer, answers: Mapping[str, list[int]]) -> None:
        """Read a template.

        Args:
            source: Jinja2; "" if the model has none: then ChatML if its vocabulary has that, else plain text.
            answers: texts that the model wrote (without space around them), and the very tokens it wrote.

        Raises:
            RequestError: it is not a template.
        """
        import jinja2
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        self.source = source
        self.completion = not source and len(tokenizer.tokenize("<|im_start|>", special=True)) != 1
        """Whether the model is a base model, which continues a plain text."""
        self.stops = (*COMPLETION_STOPS, *TURN_MARKS) if self.completion else tuple(f"\n{mark}" for mark in TURN_MARKS)
        """Texts that are never part of an answer."""
        self._tokenizer = tokenizer
        self._answers = answers
        extensions = ["jinja2.ext.loopcontrols"]
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
        environment.filters["tojson"] = lambda value, **_options: json.dumps(value, ensure_ascii=False)
        text = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", source or (COMPLETION if self.completion else CHATML))
        try:
            self._template = environment.from_string(text)
        except (jinja2.TemplateError, RecursionError) as error:
            raise RequestError("invalid", f"the model's chat template cannot be read: {error}") from error

    def _render(self, messages: list[WorkerMessage], *, think: bool) -> str:
        def refuse(message: str) -> None:
            raise ValueError(message)

        text: str = self._template.render(
            messages=messages,
            add_generation_prompt=True,
            bos_token=self._tokenizer.bos_text,
            eos_token=self._tokenizer.eos_text,
            enable_thinking=think,
            thinking=think,
            reasoning_effort="medium" if think else "low",
            tools=None,
            documents=None,
            raise_exception=refuse,
            # A fixed date: the day's own would change the prompt's beginning, and with it the cache, every midnight.
            strftime_now=lambda fmt: time.strftime(fmt, time.gmtime(0)),
        )
        return text

    def tokens(self, messages: Sequence[WorkerMessage], *, think: bool) -> tuple[list[int], bool]:
        """The prompt's tokens, and whether the template has already opened the model's thinking."""
        contents: list[list[str]] = []
        shown: list[WorkerMessage] = []
        answers: dict[int, str] = {}
        for message in messages:
            parts = [message["content"]] if isinstance(message["content"], str) else list(message["content"])
            if self.completion:
                parts = _plain(parts, question=message["role"] == "user")
            if message["role"] == "assistant":
                answers[len(contents)] = "".join(parts).strip()
            shown.append({"role": message["role"], "content": f"\ue000{len(contents)}\ue001"})
            contents.append(parts)
        try:
            text = self._render(shown, think=think)
        except Exception as first:  # a template may refuse a system turn; it then goes with the user's first one
            if not (len(shown) > 1 and shown[0]["role"] == "system" and shown[1]["role"] == "user"):
                raise RequestError("invalid", f"the model's chat template failed: {first}") from first
            merged = {"role": "user", "content": f"{shown[0]['content']}\n\n{shown[1]['content']}"}
            try:
                text = self._render([merged, *shown[2:]], think=think)
            except Exception as error:
                raise RequestError("invalid", f"the model's chat template failed: {error}") from error
        # A template that begins with a content has nothing before it to carry what starts a sequence.
        tokens = self._tokenizer.tokenize("", special=True, first=True) if text.startswith("\ue000") else []
        rest = 0
        for match in re.finditer("\ue000(\\d+)\ue001", text):
            if before := text[rest : match.start()]:
                tokens += self._tokenizer.tokenize(before, special=True, first=not tokens)
            number = int(match[1])
            if answers.get(number) in self._answers:
                tokens += self._answers[answers[number]]
            else:
                if number in answers and self.completion:
                    contents[number].insert(0, " ")  # which the model writes itself after "Answer:"
                for part in contents[number]:
                    tokens += self._tokenizer.tokenize(part, special=False) if part else []
            rest = match.end()
        tokens += self._tokenizer.tokenize(text[rest:], special=True, first=not tokens) if text[rest:] else []
        if (
            len(tokens) > 1 and tokens[0] == tokens[1] == self._tokenizer.bos
        ):  # the template wrote what the tokeniser adds
            tokens = tokens[1:]
        return tokens, bool(re.search(r"<think(ing)?>\s*$", text))


def _plain(parts: Sequence[str], *, question: bool) -> list[str]:
    """Parts of a content as a plain text has them: no space at the end, and a question (the last part) named so."""
    parts = list(parts)
    while parts and not parts[-1].strip():
        parts.pop()
    if parts:
        parts[-1] = parts[-1].rstrip()
        if question and not parts[-1].startswith(QUESTION):
            parts[-1] = f"{QUESTION} {parts[-1]}"
    return parts
