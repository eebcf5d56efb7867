"""Questions and symbols to answers: evidence from the index, prose from the model, citations checked against the text.

With no model the answer is made from the evidence alone, so one always comes. Neither LSP nor the command line is known
here; places are (root, path, lines).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import uuid
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from glossator.answers.evidence import Gathered, estimated_tokens
from glossator.answers.explanation_cache import Explanations
from glossator.answers.gathering import Material, Piece, Question, for_question, for_symbol, reader
from glossator.answers.index_answer import evidence_answer
from glossator.errors import ModelNotFoundError, UsageError
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from types import TracebackType
    from typing import Self

    from glossator.answers.evidence import Evidence
    from glossator.answers.prompts import Conversation
    from glossator.answers.prompts import Evidence as Shown
    from glossator.index.records import StoredEntry
    from glossator.model.chat import ChatModel, ModelStatus, TokenUsage
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.settings import Settings

FinishReason = Literal["stop", "length", "evidence", "preempted"]
"""Why an answer ends. "preempted": made in the background, and given up for a question that somebody waits for."""

EVIDENCE_TOKENS = 3000
"""Budget of an answer without a model: about ten whole functions."""
MAX_EVIDENCE_TOKENS = 12_000
"""Evidence shown to a model of any context: more dilutes the answer and costs seconds of reading on a CPU."""
CONVERSATIONS = 64
"""Conversations kept in memory, the least recently used forgotten first."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A place that the answer cites as [number], as the text is now."""

    number: int
    root: Root
    path: str
    start_line: int
    end_line: int
    qualified_name: str


@dataclass(frozen=True, slots=True)
class EvidencePlace:
    """A piece of evidence that an answer was made from, and why it was chosen."""

    number: int
    root: Root
    path: str
    start_line: int
    end_line: int
    qualified_name: str
    kind: str
    why: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in Markdown with what it rests on. `model` is "" and `usage` empty where no model wrote it."""

    answer: str
    citations: tuple[CitedPlace, ...]
    evidence: tuple[EvidencePlace, ...]
    model: str
    finish_reason: FinishReason
    conversation_id: str
    usage: dict[str, float | int | None]
    cached: bool = False
    thinking: str = ""
    unsupported: tuple[tuple[int, int], ...] = ()
    """Offsets (code points) of sentences that cite nothing (only where a model wrote the answer)."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told while an answer is made; called in the event loop."""

    evidence: Callable[[tuple[EvidencePlace, ...]], None] = lambda _: None
    delta: Callable[[str], None] = lambda _: None
    stage: Callable[[str], None] = lambda _: None
    """What is going on, in words: "searching", "loading the model", "answering"."""


class Answerer:
    """Answers questions over a session's roots. Used by one event loop; an answer is cancelled as its task is."""

    def __init__(self, session: Session, *, on_model: Callable[[ModelStatus], None] = lambda _: None) -> None:
        self._session = session
        self._on_model = on_model
        self._model: ChatModel | None = None
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._explanations = _explanations(session)
        self._overviews: dict[Root, str] = {}
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._users = 0
        self._unused = asyncio.Event()
        self._unchanging = asyncio.Event()
        self._changing = asyncio.Lock()
        self._unused.set()
        self._unchanging.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the model's process."""
        if self._model is not None:
            model, self._model = self._model, None
            await model.close()
        self._explanations.close()

    def use(self, session: Session) -> None:
        """Go on over another session's roots: the model and the conversations stay. `reconfigure` must follow."""
        if session.settings.index_dir != self._session.settings.index_dir:
            self._explanations.close()
            self._explanations = _explanations(session)
        self._session = session
        self._overviews.clear()

    # The model

    def model(self) -> ChatModel | None:
        """What writes answers; None if the settings name no model and none is installed.

        Raises:
            ModelNotFoundError: the settings name one that does not exist.
        """
        from glossator.model.factory import open_model
        from glossator.model.installed import model_path

        settings = self._session.settings
        if not settings.endpoint and (self._model is None or self._model.status.state in ("none", "failed")):
            try:
                model_path(settings)
            except ModelNotFoundError:
                if settings.model:
                    raise
                return None
        if self._model is None:
            self._model = open_model(settings, self._on_model)
        return self._model

    async def reconfigure(self, settings: Settings) -> None:
        """Take over changed settings of the session; what is being answered is answered to its end first.

        Raises:
            ModelError, SettingsError: a LoRA adapter cannot be used; those in use before stay.
        """
        from glossator.model.client import ModelClient

        async with self._changing:
            self._unchanging.clear()
            try:
                await self._unused.wait()
                if isinstance(self._model, ModelClient) and not settings.endpoint:
                    await self._model.reconfigure(settings)
                elif self._model is not None:
                    model, self._model = self._model, None
                    await model.close()
            finally:
                self._unchanging.set()

    @contextlib.asynccontextmanager
    async def _using(self, *, background: bool = False) -> AsyncIterator[None]:
        """Held while an answer is made: settings change between answers. One in the background need not be waited for:
        the model gives it up."""
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

    # Questions

    async def ask(self, question: Question, listener: Listener | None = None, *, use_model: bool = True) -> Answer:
        """Answer a question.

        Raises:
            UsageError: the question is empty.
            ModelError: the model cannot be used, or failed.
        """
        if not question.text.strip():
            raise UsageError("the question is empty")
        async with self._using():
            return await self._ask(question, listener or Listener(), self.model() if use_model else None)

    async def _ask(self, question: Question, listener: Listener, model: ChatModel | None) -> Answer:
        identity = question.conversation_id or f"c-{uuid.uuid4().hex[:12]}"
        if model is None:
            listener.stage("searching")
            material = await asyncio.to_thread(for_question, self._session, question, EVIDENCE_TOKENS, estimated_tokens)
            return self._from_index(material, identity, listener)
        from glossator.answers import prompts

        asked = prompts.ask_question(question.text)
        overview = await asyncio.to_thread(self._overview, question.focus.root if question.focus else None)
        async with self._alone(identity):
            conversation = self._conversation(identity)
            listener.stage("loading the model")
            room = await prompts.make_room(
                model,
                asked,
                answer_tokens=self._session.settings.max_answer_tokens,
                overview=overview,
                conversation=conversation,
            )
            listener.stage("searching")
            budget = min(room, MAX_EVIDENCE_TOKENS)
            material = await asyncio.to_thread(for_question, self._session, question, budget, self._counter(model))
            answer = await self._write(model, asked, material, conversation, overview, listener)
        return replace(answer, conversation_id=identity)

    @contextlib.asynccontextmanager
    async def _alone(self, identity: str) -> AsyncIterator[None]:
        """One question of a conversation at a time: each continues what the one before has said."""
        lock, users = self._locks.get(identity, (asyncio.Lock(), 0))
        self._locks[identity] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[identity]
            if users > 1:
                self._locks[identity] = lock, users - 1
            else:
                del self._locks[identity]

    async def explain(
        self,
        root: Root,
        entry: StoredEntry,
        listener: Listener | None = None,
        *,
        use_model: bool = True,
        background: bool = False,
    ) -> Answer:
        """Explain a symbol; a model's explanation of the same text in the same context is given again.

        Raises:
            ModelError: the model cannot be used, or failed.
        """
        async with self._using(background=background):
            model = self.model() if use_model else None
            return await self._explain(root, entry, listener or Listener(), model, background=background)

    async def _explain(
        self, root: Root, entry: StoredEntry, listener: Listener, model: ChatModel | None, *, background: bool
    ) -> Answer:
        identity = f"c-{uuid.uuid4().hex[:12]}"
        listener.stage("searching")
        if model is None:
            material = await asyncio.to_thread(for_symbol, root, entry, EVIDENCE_TOKENS, estimated_tokens)
            return self._from_index(material, identity, listener)
        from glossator.answers import prompts

        asked = prompts.explain_question(entry.qualified_name, entry.kind)
        overview = await asyncio.to_thread(self._overview, root)
        # The context is keyed by evidence of a fixed budget, so that the key needs no model that is loaded.
        material = await asyncio.to_thread(for_symbol, root, entry, EVIDENCE_TOKENS, estimated_tokens)
        key = self._explanations.key(
            self._model_identity(), prompts.PROMPT_VERSION, asked, [piece.evidence.text for piece in material.pieces]
        )
        # What nobody has asked for is no conversation to go on with.
        conversation = prompts.Conversation(identity) if background else self._conversation(identity)
        kept = await asyncio.to_thread(self._explanations.get, key)
        if kept is not None and (again := self._again(kept, asked, material, conversation, listener)) is not None:
            return again
        listener.stage("loading the model")
        room = await prompts.make_room(
            model, asked, answer_tokens=self._session.settings.max_answer_tokens, overview=overview
        )
        shown = await self._fit(model, material, min(room, MAX_EVIDENCE_TOKENS))
        answer = await self._write(model, asked, material, conversation, overview, listener, background=background)
        if answer.finish_reason == "stop":
            await asyncio.to_thread(self._keep, key, shown, root, entry, answer.answer)
        return replace(answer, conversation_id=identity)

    def _keep(self, key: bytes, shown: Sequence[int], root: Root, entry: StoredEntry, text: str) -> None:
        """Keep an explanation, for the next time and for hovers."""
        self._explanations.put(key, json.dumps({"shown": shown, "text": text}))
        if (symbol := self._symbol_key(root, entry)) is not None:
            self._explanations.put(symbol, text)
            self._explanations.put(self._name_key(root, entry), "explained")

    def explained(self, root: Root, entry: StoredEntry) -> str | None:
        """The last explanation that a model wrote of a symbol whose text is still the same; quick, for hovers."""
        if self._explanations.get(self._name_key(root, entry)) is None:
            return None  # without reading the file
        key = self._symbol_key(root, entry)
        text = self._explanations.get(key) if key is not None else None
        return re.sub(r"\s?(?:\[\d+\])+", "", text) if text else None

    def _name_key(self, root: Root, entry: StoredEntry) -> bytes:
        """Stands for a symbol, whatever its text and the model."""
        return self._explanations.key("", "", f"name {entry.qualified_name}", [str(root.path), entry.path])

    def _symbol_key(self, root: Root, entry: StoredEntry) -> bytes | None:
        from glossator.answers.prompts import PROMPT_VERSION

        identity = self._model_identity()
        text = reader(root)(entry.path) if identity else None
        if text is None:
            return None
        source = split_lines(text)[entry.start_line - 1 : entry.end_line]
        return self._explanations.key(identity, PROMPT_VERSION, f"symbol {entry.qualified_name}", source)

    def _model_identity(self) -> str:
        from glossator.model.installed import model_path

        settings = self._session.settings
        if settings.endpoint:
            return f"{settings.endpoint} {settings.endpoint_model}"
        try:
            path = model_path(settings)
            return f"{path.name} {path.stat().st_size} {' '.join(settings.lora)}"
        except (ModelNotFoundError, OSError):
            return ""

    def _counter(self, model: ChatModel) -> Callable[[str], int]:
        """Counts tokens with the model, from another thread than the event loop's."""
        from glossator.answers.prompts import EVIDENCE_FRAME_TOKENS

        loop = asyncio.get_running_loop()

        def count(text: str) -> int:
            return asyncio.run_coroutine_threadsafe(model.count([text]), loop).result()[0] + EVIDENCE_FRAME_TOKENS

        return count

    async def _fit(self, model: ChatModel, material: Material, budget: int) -> list[int]:
        """Leave out the least important pieces until the rest fits, as the model counts; returns which are left."""
        from glossator.answers.prompts import EVIDENCE_FRAME_TOKENS

        texts = [piece.evidence.text for piece in material.pieces]
        counts = [tokens + EVIDENCE_FRAME_TOKENS for tokens in await model.count(texts)]
        used = 0
        kept: list[Piece] = []
        shown: list[int] = []
        for at, (piece, tokens) in enumerate(zip(material.pieces, counts, strict=True)):
            if used + tokens <= budget:
                used += tokens
                kept.append(Piece(piece.root, replace(piece.evidence, tokens=tokens)))
                shown.append(at)
        material.pieces = kept
        return shown

    # Answers

    def _from_index(self, material: Material, identity: str, listener: Listener) -> Answer:
        pieces = [
            Piece(piece.root, replace(piece.evidence, number=number)) for number, piece in enumerate(material.pieces, 1)
        ]
        evidence = tuple(_place(piece) for piece in pieces)
        listener.evidence(evidence)
        gathered = material.gathered or Gathered("", None, (), None, None)
        text = evidence_answer(replace(gathered, evidence=tuple(piece.evidence for piece in pieces)))
        listener.delta(text)
        return Answer(text, _cited(text, evidence), evidence, "", "evidence", identity, {})

    def _again(
        self, kept: str, asked: str, material: Material, conversation: Conversation, listener: Listener
    ) -> Answer | None:
        """A cached explanation: its numbers are those of the same evidence in the same order. None if it is damaged."""
        from glossator.answers.prompts import Turn

        try:
            value = json.loads(kept)
            text, pieces = str(value["text"]), [material.pieces[at] for at in value["shown"]]
        except (ValueError, TypeError, KeyError, IndexError):
            return None
        _, new = conversation.numbered([_shown(piece) for piece in pieces])
        conversation.add(Turn(asked, tuple(new), text))
        evidence = tuple(
            _place(Piece(piece.root, replace(piece.evidence, number=number))) for number, piece in enumerate(pieces, 1)
        )
        listener.evidence(evidence)
        listener.delta(text)
        name = self._model.status.name or self._session.model_status()["name"] if self._model is not None else ""
        return Answer(text, _cited(text, evidence), evidence, name, "stop", conversation.identity, {}, cached=True)

    async def _write(
        self,
        model: ChatModel,
        asked: str,
        material: Material,
        conversation: Conversation,
        overview: str,
        listener: Listener,
        *,
        background: bool = False,
    ) -> Answer:
        """Have the model write an answer from the material; citations are checked as they come."""
        from glossator.answers import prompts
        from glossator.answers.citations import CitationStream, locate
        from glossator.model.chat import Delta, Done, Thinking

        roots = {str(piece.root.path): piece.root for piece in material.pieces}
        reasons = {(str(p.root.path), p.evidence.path, p.evidence.start_line): p.evidence for p in material.pieces}
        every, new = conversation.numbered([_shown(piece) for piece in material.pieces])
        evidence = tuple(
            _place(Piece(roots[item.root], replace(reasons[item.root, item.path, item.start_line], number=item.number)))
            for item in every
        )
        listener.evidence(evidence)
        prompt = prompts.build(asked, new, overview=overview, conversation=conversation)

        def verify(item: Shown) -> Shown | None:
            root = roots.get(item.root) or self._root_at(item.root)
            return locate(item, reader(root)(item.path)) if root is not None else None

        stream = CitationStream(prompt.evidence, verify)
        written: list[str] = []
        thinking: list[str] = []
        done: Done | None = None
        listener.stage("answering")
        events = model.chat(prompt.messages, background=background)
        try:
            async for event in events:
                if isinstance(event, Delta):
                    written.append(event.text)
                    if text := stream.feed(event.text):
                        listener.delta(text)
                elif isinstance(event, Thinking):
                    thinking.append(event.text)
                else:
                    done = event
        finally:
            await events.aclose()
        if text := stream.finish():
            listener.delta(text)
        checked = stream.result()
        # As the model wrote it, not as it was shown: only so the next prompt begins with what is in the model's cache.
        conversation.add(prompts.Turn(asked, tuple(new), "".join(written)))
        citations = tuple(
            CitedPlace(item.number, root, item.path, item.start_line, item.end_line, item.qualified_name)
            for item in checked.citations
            if (root := roots.get(item.root) or self._root_at(item.root)) is not None
        )
        finish: FinishReason = done.finish_reason if done is not None else "stop"
        return Answer(
            answer=checked.text,
            citations=citations,
            evidence=evidence,
            model=model.status.name,
            finish_reason=finish,
            conversation_id="",
            usage=_usage(done.usage if done else None),
            thinking="".join(thinking),
            unsupported=checked.unsupported,
        )

    def _conversation(self, identity: str) -> Conversation:
        from glossator.answers.prompts import Conversation

        conversation = self._conversations.pop(identity, None) or Conversation(identity)
        self._conversations[identity] = conversation
        while len(self._conversations) > CONVERSATIONS:
            self._conversations.popitem(last=False)
        return conversation

    def _root_at(self, path: str) -> Root | None:
        return next((root for root in self._session.roots if str(root.path) == path), None)

    def _overview(self, root: Root | None) -> str:
        """What the project is, in a few lines that stay the same between questions."""
        roots = [root] if root is not None else self._session.roots[:3]
        for item in roots:
            if item not in self._overviews:
                self._overviews[item] = item.overview()
        return "\n".join(self._overviews[item] for item in roots)


def _explanations(session: Session) -> Explanations:
    return Explanations(session.settings.index_dir / "explanations.sqlite")


def _shown(piece: Piece) -> Shown:
    from glossator.answers.prompts import Evidence as Shown

    item = piece.evidence
    return Shown(
        number=0,
        path=item.path,
        start_line=item.start_line,
        end_line=item.end_line,
        qualified_name=_name(item),
        kind=item.kind,
        text=item.text,
        source=item.source,
        root=str(piece.root.path),
        outline=item.outline,
    )


def _place(piece: Piece) -> EvidencePlace:
    item = piece.evidence
    return EvidencePlace(
        item.number,
        piece.root,
        item.path,
        item.start_line,
        item.end_line,
        _name(item),
        item.kind,
        item.why,
        item.tokens,
    )


def _name(item: Evidence) -> str:
    """The symbol that a piece is named after: of merged ones ("A.b, A.c") the first, which is the best."""
    return item.entry.qualified_name or item.qualified_name


def _cited(text: str, evidence: Sequence[EvidencePlace]) -> tuple[CitedPlace, ...]:
    """The evidence that a text cites as [number]."""
    return tuple(
        CitedPlace(item.number, item.root, item.path, item.start_line, item.end_line, item.qualified_name)
        for item in evidence
        if f"[{item.number}]" in text
    )


def _usage(usage: TokenUsage | None) -> dict[str, float | int | None]:
    if usage is None:
        return {}
    return {
        "prompt_tokens": usage.prompt_tokens,
        "reused_tokens": usage.reused_tokens,
        "completion_tokens": usage.completion_tokens,
        "time_to_first_token_ms": usage.time_to_first_token_ms,
        "tokens_per_second": usage.tokens_per_second,
    }
