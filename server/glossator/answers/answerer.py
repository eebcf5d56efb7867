"""Questions and symbols to answers: evidence from the index, prose from the model, citations checked against the text.

With no model the answer is made from the evidence alone, so there always is one. Neither LSP nor the command line is
known here.

`gathering` finds the evidence; `index_answer` makes an answer of it without a model, `prompts` and `answer_writing`
with one; `conversations`, `explanations` and `model_access` keep what outlasts an answer. This module puts them
together.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from glossator.answers.conversations import Conversations, Turn, new_identity
from glossator.answers.evidence import Question
from glossator.answers.gathering import gather_for_symbol, gather_in, search_in
from glossator.answers.history_answers import history_note
from glossator.answers.index_answer import HARDLY_ANSWERED, evidence_answer
from glossator.answers.model_access import ModelAccess
from glossator.answers.reading_budget import MAX_EVIDENCE_TOKENS, evidence_budget
from glossator.answers.told_questions import told_answer_in
from glossator.answers.use_answers import unknown_symbol, use_answer_in
from glossator.errors import GlossatorError, UsageError
from glossator.model.speed import ENOUGH_EVIDENCE_TOKENS
from glossator.project.model_adapters import adapted_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from glossator.answers.citations import Verify
    from glossator.answers.conversations import Conversation
    from glossator.answers.evidence import Cost, Evidence, Material
    from glossator.answers.explanations import Explanations, KeptExplanation
    from glossator.answers.gathering import Gathered
    from glossator.answers.sourced_stream import SentenceSource, SourcedAnswer
    from glossator.answers.told_answers import ToldAnswer
    from glossator.index.records import StoredEntry
    from glossator.model.chat import ChatModel, ModelStatus, TokenUsage
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.retrieval.unused import Unused
    from glossator.retrieval.use_records import SymbolUses
    from glossator.settings import Settings

_log = logging.getLogger(__name__)

AnswerEnd = Literal["stop", "length", "evidence", "preempted"]
"""Why an answer ends. "evidence": no model wrote it. "preempted": it was written in the background, and given up for an
answer that somebody waits for."""

WEAK = "---\n\n*What the model wrote, most of which the code found does not support:*"
"""Stands between the index's own answer and one that is weak."""
WRITTEN_ALL_THE_SAME = (
    "---\n\n*What the model wrote all the same; the code found does not seem to answer the question:*"
)
"""Stands between the index's own answer and a model's, where the index finds that the code hardly answers."""
FROM_INDEX = "---\n\n*From the index:*"
"""Stands between a model's answer and the index's own, which holds what the model leaves out."""
EVIDENCE_TOKENS = 3000
"""Budget of an answer without a model: about ten whole functions."""
WARM_UP = "where is the main function called"
"""What is asked before anybody asks: it takes the ways of a question about uses and of any other."""
MOST_EXPLAINING = 5
"""Sentences of an explanation by a model: what the prompt asks for, which not every model keeps to."""
REMEMBERED = 12
"""Places of an answer about uses that stay in the conversation for later questions."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in Markdown, with what it is based on. `model` is "" and `usage` empty where no model wrote it.

    Attributes:
        citations: the evidence that the answer cites as [number], where it is now.
        evidence: all evidence that it was made from, what the model was shown first.
        unsupported: offsets (code points) of sentences without a source (only where a model wrote the answer).
        sources: the lines that each sentence rests on; a citation spans those of all its sentences where they are near.
        unknown: offsets of names that occur nowhere in the code.
        raw: the answer as the model wrote it.
        is_weak: the evidence does not support most of what the model wrote, or hardly answers the question: the index's
            own answer comes first.
        from_index: offsets of the index's own answer, which stands beside a model's; None if there is none.
        uses: the uses of the symbols that were asked for, each with the folder of its root, if the question was about
            uses.
        unused: what nothing uses, with the folder of the root, if the question was about that.
    """

    answer: str
    citations: tuple[Evidence, ...]
    evidence: tuple[Evidence, ...]
    model: str
    finish_reason: AnswerEnd
    conversation_id: str
    usage: dict[str, float | int | None]
    cached: bool = False
    thinking: str = ""
    unsupported: tuple[tuple[int, int], ...] = ()
    uses: tuple[tuple[Path, SymbolUses], ...] = ()
    unused: tuple[tuple[Path, Unused], ...] = ()
    sources: tuple[SentenceSource, ...] = ()
    unknown: tuple[tuple[int, int], ...] = ()
    is_weak: bool = False
    raw: str = ""
    from_index: tuple[int, int] | None = None

    @property
    def said(self) -> str:
        """The answer without the index's own below it."""
        return self.answer.partition(f"\n\n{FROM_INDEX}")[0]


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told while an answer is made; called in the event loop."""

    evidence: Callable[[tuple[Evidence, ...]], None] = lambda _: None
    delta: Callable[[str], None] = lambda _: None
    stage: Callable[[str], None] = lambda _: None
    """What is going on, in words: "searching", "loading the model", "answering"."""
    lead: Callable[[str], None] = lambda _: None
    """What is to be read before all that `delta` was called with: what the model wrote has turned out to be weak."""
    found: Callable[[tuple[Evidence, ...], str], None] = lambda *_: None
    """What was found, and the answer that the index itself gives: before the model is loaded, or reads."""


class Answerer:
    """Answers questions over a session's roots. Used by one event loop; an answer is cancelled as its task is."""

    def __init__(self, session: Session, *, on_model: Callable[[ModelStatus], None] = lambda _: None) -> None:
        self.model_access = ModelAccess(self._model_settings, on_model)
        self._session = session
        self._conversations = Conversations()
        self._explanations = _explanations_of(session)
        self._overviews: dict[Path, str] = {}
        self._is_warm = False

    def _model_settings(self) -> Settings:
        """The settings with the adapter that is in use for the project."""
        return adapted_settings(self._session.settings, [root.path for root in self._session.roots])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the model's process."""
        await self.model_access.close()
        self._explanations.close()

    def use(self, session: Session) -> None:
        """Go on with another session's roots: the model and the conversations stay. `reconfigure` must follow."""
        if session.settings.index_dir != self._session.settings.index_dir:
            self._explanations.close()
            self._explanations = _explanations_of(session)
        self._session = session
        self._overviews.clear()
        self._is_warm = False

    async def reconfigure(self, settings: Settings) -> None:
        """Take over changed settings of the session; what is being answered is answered to its end first.

        Raises:
            ModelError, SettingsError: a LoRA adapter cannot be used; those in use before stay.
        """
        await self.model_access.reconfigure(adapted_settings(settings, [root.path for root in self._session.roots]))

    async def prepare(self, folder: Path | None = None, *, use_model: bool = True) -> None:
        """Get ready, because a question is likely: read the index, load the model and have it read how prompts begin.

        Args:
            folder: the root that the question may be about.
            use_model: whether to load the model, if there is one.

        Raises:
            ModelError: the model cannot be used.
        """
        from glossator.answers import prompts

        await asyncio.to_thread(self._warm_up)
        async with self.model_access.in_use():
            model = self.model_access.model() if use_model else None
            await self.model_access.switch_adapters()
            if model is not None:
                overview = await asyncio.to_thread(self._overview, folder)
                await model.prepare(prompts.shared_messages(overview))

    def _warm_up(self) -> None:
        """Ask the indexes something, once: the first question then finds modules, caches and files in memory."""
        if self._is_warm:
            return
        try:
            use_answer_in(self._session, Question(WARM_UP))
            evidence_answer(self._gather(Question(WARM_UP), EVIDENCE_TOKENS))
            self._is_warm = all(root.open() is not None for root in self._session.roots)
        except GlossatorError as error:  # the question itself will tell
            _log.debug("the index could not be read ahead: %s", error)

    # Questions

    async def ask(self, question: Question, listener: Listener | None = None, *, use_model: bool = True) -> Answer:
        """Answer a question.

        Raises:
            UsageError: the question is empty.
            ModelError: the model cannot be used, or failed.
        """
        if not question.text.strip():
            raise UsageError("the question is empty")
        listener = listener or Listener()
        identity = question.conversation_id or new_identity()
        stopped = threading.Event()
        try:
            told = await asyncio.to_thread(told_answer_in, self._session, question, stopped.is_set)
        finally:
            stopped.set()  # the thread goes on after a cancellation
        if told is not None:
            return await self._tell(told, question.text, identity, listener)
        async with self.model_access.in_use():
            model = self.model_access.model() if use_model else None
            await self.model_access.switch_adapters()
            if model is None:
                return await self._ask_index(question, identity, listener)
            return await self._ask_model(model, question, identity, listener)

    async def _tell(self, told: ToldAnswer, question: str, identity: str, listener: Listener) -> Answer:
        """Give an answer about uses or history: no model is waited for, but later questions can refer to it."""
        async with self._conversations.turn(identity) as conversation:
            evidence, new = conversation.numbered(told.evidence)
            text = told.text([item.number for item in evidence])
            conversation.add(Turn(question, tuple(new[:REMEMBERED]), text))
        listener.evidence(tuple(evidence))
        listener.delta(text)
        return Answer(
            text,
            _cited(text, evidence),
            tuple(evidence),
            "",
            "evidence",
            identity,
            {},
            uses=told.uses,
            unused=told.unused,
        )

    async def _ask_index(self, question: Question, identity: str, listener: Listener) -> Answer:
        listener.stage("searching")
        material = await asyncio.to_thread(self._gather, question, EVIDENCE_TOKENS)
        return _from_index(material, identity, listener)

    def _gather(self, question: Question, budget: int) -> Material:
        """The material for a question; a question about a symbol or commits that are not there is told so."""
        material = gather_in(self._session, question, budget)
        note = unknown_symbol(self._session, question.text) or history_note(self._session, question.text)
        return replace(material, notes=(note, *material.notes)) if note else material

    def _search(self, question: Question, *, follow_up: bool) -> tuple[Gathered, Material, str]:
        """What is found for a question, what the index's own answer is made from, and that answer."""
        gathered = search_in(self._session, question)
        note = unknown_symbol(self._session, question.text) or history_note(self._session, question.text)
        if note:
            gathered = replace(gathered, notes=(note,))
        material = gathered.material(EVIDENCE_TOKENS)
        if follow_up:  # it need not have the words of what it is about
            material = replace(material, is_far=False)
        return gathered, material, evidence_answer(material)

    async def _ask_model(self, model: ChatModel, question: Question, identity: str, listener: Listener) -> Answer:
        from glossator.answers import prompts

        asked = prompts.ask_question(question.text)
        overview = await asyncio.to_thread(self._overview, question.focus.root if question.focus else None)
        async with self._conversations.turn(identity) as conversation:
            follow_up = bool(conversation.turns)
            # While the search runs, the model is loaded and reads what the prompt begins with.
            shared = model.load() if follow_up else model.prepare(prompts.shared_messages(overview))
            preparing: asyncio.Task[object] = asyncio.create_task(shared)
            try:
                listener.stage("searching")
                gathered, at_once, own = await asyncio.to_thread(self._search, question, follow_up=follow_up)
                listener.found(at_once.evidence, own)
                listener.stage("loading the model")
                prepared = await preparing
            finally:
                if not preparing.done():
                    preparing.cancel()
                await asyncio.gather(preparing, return_exceptions=True)
            unread = prepared if isinstance(prepared, int) else 0
            room = await prompts.make_room(
                model,
                asked,
                answer_tokens=self._session.settings.max_answer_tokens,
                overview=overview,
                conversation=conversation,
                wanted=evidence_budget(model, ENOUGH_EVIDENCE_TOKENS, follow_up=True) if follow_up else None,
                rereadable=evidence_budget(model, MAX_EVIDENCE_TOKENS) if model.reading_speed is not None else None,
            )
            unread += sum(await model.count([asked])) + prompts.FRAME_TOKENS
            budget = evidence_budget(model, room, unread=unread, follow_up=follow_up)
            material = await asyncio.to_thread(gathered.material, budget, _cost_by(model))
            return await self._write(model, asked, material, conversation, overview, listener, beside=at_once)

    # Explanations

    async def explain(
        self,
        root: Root,
        entry: StoredEntry,
        listener: Listener | None = None,
        *,
        use_model: bool = True,
        background: bool = False,
    ) -> Answer:
        """Explain a symbol. What a model wrote about the same text with the same relations is given again.

        Raises:
            ModelError: the model cannot be used, or failed.
        """
        async with self.model_access.in_use(background=background):
            model = self.model_access.model() if use_model else None
            await self.model_access.switch_adapters()
            listener = listener or Listener()
            listener.stage("searching")
            # Found again by evidence of a fixed budget: that needs no model that is loaded.
            material = await asyncio.to_thread(gather_for_symbol, root, entry, EVIDENCE_TOKENS)
            if model is None:
                return _from_index(material, new_identity(), listener)
            return await self._explain(model, root, entry, material, listener, background=background)

    async def _explain(
        self,
        model: ChatModel,
        root: Root,
        entry: StoredEntry,
        material: Material,
        listener: Listener,
        *,
        background: bool,
    ) -> Answer:
        from glossator.answers import prompts
        from glossator.answers.conversations import Conversation
        from glossator.answers.explanations import KeptExplanation

        asked = prompts.explain_question(entry.qualified_name, entry.kind)
        overview = await asyncio.to_thread(self._overview, root.path)
        identity = await asyncio.to_thread(lambda: self.model_access.identity)
        key = self._explanations.key(identity, asked, material.evidence)
        # Nobody goes on with a conversation that nobody has asked for.
        conversation = Conversation(new_identity()) if background else self._conversations.get(new_identity())
        kept = await asyncio.to_thread(self._explanations.get, key, material.evidence)
        if kept is not None:
            return await self._replay(kept, asked, material, conversation, listener)
        listener.found(material.evidence, await asyncio.to_thread(evidence_answer, material))
        listener.stage("loading the model")
        unread = 0 if background else await model.prepare(prompts.shared_messages(overview))
        room = await prompts.make_room(
            model, asked, answer_tokens=self._session.settings.max_answer_tokens, overview=overview
        )
        budget = evidence_budget(model, room, unread=unread)
        shown = await prompts.fitting(model, material.evidence, budget)
        if 0 in shown or not material.evidence:
            fitted = replace(material, evidence=tuple(material.evidence[at] for at in shown))
        else:  # not even the symbol fits: it has to be cut
            fitted = await asyncio.to_thread(gather_for_symbol, root, entry, budget, _cost_by(model))
        answer = await self._write(
            model, asked, fitted, conversation, overview, listener, beside=material, background=background
        )
        if answer.finish_reason == "stop" and not answer.is_weak:
            if fitted.evidence and 0 in shown:
                explanation = KeptExplanation(answer.raw, tuple(shown))
                await asyncio.to_thread(self._explanations.keep, key, explanation, root.path)
            await asyncio.to_thread(self._explanations.keep_for_symbol, identity, root, entry, answer.said)
        return answer

    def explained(self, root: Root, entry: StoredEntry) -> str | None:
        """The last explanation that a model wrote of a symbol whose text is still the same; quick, for hovers."""
        return self._explanations.of_symbol(lambda: self.model_access.identity, root, entry)

    async def _replay(
        self, kept: KeptExplanation, asked: str, material: Material, conversation: Conversation, listener: Listener
    ) -> Answer:
        """A kept explanation, as if it had just been written from the same evidence in the same order."""
        from glossator.answers.citations import CitationVerifier
        from glossator.answers.prompts import EXAMPLE_SENTENCES
        from glossator.answers.sourced_stream import SourcedStream

        every, new = conversation.numbered([material.evidence[at] for at in kept.shown])
        conversation.add(Turn(asked, tuple(new), kept.text))
        listener.evidence(tuple(every))
        evidence = {item.number: item for item in every}
        stream = SourcedStream(
            evidence, CitationVerifier(self._text_of), asked, self._is_unknown, EXAMPLE_SENTENCES, MOST_EXPLAINING
        )
        text = await asyncio.to_thread(lambda: stream.feed(kept.text) + stream.finish())
        sourced = stream.result()
        more = "".join(f"\n\n*{note}*" for note in _unknown_names(sourced))
        told = conversation.numbered_beside(material.evidence, every)
        own = (await asyncio.to_thread(evidence_answer, replace(material, evidence=tuple(told)), note="")).rstrip()
        shown = {item.number for item in every}
        every += [item for item in _cited(own, told) if item.number not in shown]
        places = {item.number: item for item in _cited(own, every)} | {one.number: one for one in sourced.citations}
        begins = len(f"{text}{more}\n\n{FROM_INDEX}\n\n")
        answer = f"{text}{more}\n\n{FROM_INDEX}\n\n{own}\n"
        listener.delta(answer)
        opened = self.model_access.opened
        return Answer(
            answer=answer,
            citations=tuple(places[number] for number in sorted(places)),
            evidence=tuple(every),
            model=(opened.status.name if opened is not None else "") or self._session.model_status()["name"],
            finish_reason="stop",
            conversation_id=conversation.identity,
            usage={},
            cached=True,
            raw=kept.text,
            unsupported=sourced.unsupported,
            sources=sourced.sources,
            unknown=sourced.unknown,
            from_index=(begins, begins + len(own)),
        )

    # What both have in common

    async def _write(
        self,
        model: ChatModel,
        asked: str,
        material: Material,
        conversation: Conversation,
        overview: str,
        listener: Listener,
        *,
        beside: Material,
        background: bool = False,
    ) -> Answer:
        """Have the model write an answer from the material, as the next turn of a conversation.

        `beside` is what the index's own answer, which stands beside the model's, is made from.
        """
        from glossator.answers import prompts
        from glossator.answers.answer_writing import write_answer
        from glossator.answers.citations import CitationVerifier

        verify = CitationVerifier(self._text_of)
        evidence, new = conversation.numbered(material.evidence)
        listener.evidence(tuple(evidence))
        prompt = prompts.build(asked, new, overview=overview, conversation=conversation)
        listener.stage("answering")
        told = conversation.numbered_beside(beside.evidence, evidence)
        head = ""
        own = await asyncio.to_thread(_own_answer, beside, told, verify) if beside.is_far else ""
        if beside.is_far:  # a small model answers whatever is asked, so this is not left to it
            head = f"{own}\n\n{WRITTEN_ALL_THE_SAME}\n\n" if own else f"{HARDLY_ANSWERED}\n\n"
            listener.delta(head)
        written = await write_answer(
            model,
            prompt,
            verify,
            listener.delta,
            question=material.query.text if material.query is not None else asked,
            is_unknown=self._is_unknown,
            background=background,
            most_sentences=MOST_EXPLAINING if material.explains else 0,
        )
        # As the model wrote it, not as it was shown: only so the next prompt begins with what is in the model's cache.
        conversation.add(Turn(asked, tuple(new), written.raw))
        sourced = written.sourced
        notes = [*material.notes, *_unknown_names(sourced)]
        more = "".join(f"\n\n*{note}*" for note in notes)
        if more:
            listener.delta(more)
        lead, tail = "", ""
        leads = bool(own)
        own = own or await asyncio.to_thread(_own_answer, beside, told, verify)
        shown = {item.number for item in evidence}
        evidence += [item for item in _cited(own, told) if item.number not in shown]
        if sourced.is_weak and own and not leads:
            lead = f"{own}\n\n{WEAK}\n\n"
            listener.lead(lead)
        elif own and not leads:
            tail = f"\n\n{FROM_INDEX}\n\n{own}\n"
            listener.delta(tail)
        answer = f"{lead}{head}{sourced.text}{more}{tail}"
        begins = answer.index(own) if lead or leads else len(answer) - len(own) - 1
        places = {item.number: item for item in _cited(own, evidence)} | {one.number: one for one in sourced.citations}
        shift = len(lead) + len(head)
        return Answer(
            answer=answer,
            citations=tuple(places[number] for number in sorted(places)),
            evidence=tuple(evidence),
            model=model.status.name,
            finish_reason=written.done.finish_reason if written.done is not None else "stop",
            conversation_id=conversation.identity,
            usage=_usage(written.done.usage if written.done is not None else None),
            thinking=written.thinking,
            raw=written.raw,
            unsupported=tuple((start + shift, end + shift) for start, end in sourced.unsupported),
            sources=tuple(replace(one, start=one.start + shift, end=one.end + shift) for one in sourced.sources),
            unknown=tuple((start + shift, end + shift) for start, end in sourced.unknown),
            is_weak=sourced.is_weak or beside.is_far,
            from_index=(begins, begins + len(own)) if own else None,
        )

    def _is_unknown(self, name: str) -> bool:
        """Whether a name occurs nowhere in the roots. It reads the indexes."""
        from glossator.answers.sentence_sources import is_invented

        snapshots = [snapshot for root in self._session.roots if (snapshot := root.open()) is not None]

        def occurs(terms: Sequence[str]) -> bool:
            return any(all(one.store.document_frequencies(list(terms)).values()) for one in snapshots)

        return bool(snapshots) and is_invented(name, occurs)

    def _text_of(self, folder: Path, path: str) -> str | None:
        """The text of a file as it is now; None if the file is gone, or its root was closed."""
        root = next((root for root in self._session.roots if root.path == folder), None)
        return root.text(path) if root is not None else None

    def _overview(self, folder: Path | None) -> str:
        """What the project is, in a few lines that stay the same between questions."""
        roots = self._session.roots
        chosen = [root for root in roots if root.path == folder] or roots[:3]
        for root in chosen:
            if root.path not in self._overviews:
                self._overviews[root.path] = root.overview()
        return "\n".join(self._overviews[root.path] for root in chosen)


def _explanations_of(session: Session) -> Explanations:
    from glossator.answers.explanations import Explanations

    return Explanations(session.settings.index_dir)


def _cost_by(model: ChatModel) -> Cost:
    """Counts with the model what evidence costs, from another thread than the event loop's."""
    from glossator.answers.prompts import cost_by

    loop = asyncio.get_running_loop()
    return cost_by(lambda text: asyncio.run_coroutine_threadsafe(model.count([text]), loop).result()[0])


def _from_index(material: Material, identity: str, listener: Listener) -> Answer:
    """The answer that needs no model."""
    listener.evidence(material.evidence)
    text = evidence_answer(material)
    listener.delta(text)
    return Answer(text, _cited(text, material.evidence), material.evidence, "", "evidence", identity, {})


def _own_answer(material: Material, evidence: Sequence[Evidence], verify: Verify) -> str:
    """The index's own answer from this evidence, less what has changed while a model wrote; "" if nothing is left."""
    same = tuple(item for item in evidence if verify(item) is item)
    return evidence_answer(replace(material, evidence=same, notes=()), note="").rstrip() if same else ""


def _cited(text: str, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence that a text cites as [number]."""
    return tuple(item for item in evidence if f"[{item.number}]" in text)


def _unknown_names(sourced: SourcedAnswer) -> list[str]:
    """Notes on names that occur nowhere in the code, and on what was left out because of them."""

    def told(names: Iterable[str]) -> tuple[str, str]:
        different = list(dict.fromkeys(f"`{name}`" for name in names))
        return ", ".join(different), "does" if len(different) == 1 else "do"

    notes: list[str] = []
    if sourced.left_out:
        names, do = told(sourced.left_out)
        notes.append(f"Left out: what the model wrote about {names}, which {do} not occur in the code.")
    if sourced.unknown:
        names, do = told(sourced.text[start:end] for start, end in sourced.unknown)
        notes.append(f"{names} {do} not occur in the code.")
    return notes


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
