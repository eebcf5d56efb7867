"""Answering, without LSP: with a model whose tokens are counted and whose words are known, and without one."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers.answerer import FROM_INDEX, WRITTEN_ALL_THE_SAME, Answer, Answerer, Listener
from glossator.answers.evidence import Evidence, Place, Question
from glossator.answers.index_answer import HARDLY_ANSWERED, NOTE
from glossator.errors import ModelError, UsageError
from glossator.index.records import StoredEntry
from glossator.model.chat import ChatEvent, ChatModel, ChatRequest, Delta, Done, ModelStatus, Thinking, TokenUsage
from glossator.project.root import Root
from glossator.project.session import Session
from glossator.settings import Settings, load_settings
from tests.conftest import PROJECT, write_tree

LONG = "".join(f"    part_{i} = merge(left_{i}, right_{i}) * {i}\n" for i in range(4400))


class ScriptedModel(ChatModel):
    """A chat model in this process: a token for each three characters of a part, and an answer that is given to it.

    It refuses a prompt that leaves the answer no room, as a real one does.
    """

    def __init__(self, settings: Settings, answer: str = "It adds the tax [1]. It is 7 [99].") -> None:
        super().__init__(settings, None, ModelStatus("none", name="scripted", context_tokens=settings.context_tokens))
        self.answer = answer
        self.prompts: list[str] = []
        self.sizes: list[int] = []
        self.before: Callable[[], None] = lambda: None

    async def load(self) -> ModelStatus:
        self._set("ready")
        return self.status

    async def count(self, texts: Sequence[str]) -> list[int]:
        return [-(-len(text.encode()) // 3) for text in texts]

    async def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        parts = [
            part
            for message in request.messages
            for part in ([message.content] if isinstance(message.content, str) else message.content)
        ]
        size = sum(await self.count(parts)) + 8 * len(request.messages)
        self.sizes.append(size)
        self.prompts.append("".join(parts))
        if size + request.max_tokens > self.settings.context_tokens:
            raise ModelError(f"a prompt of {size} tokens is too long")
        yield Thinking("Hm. ")
        for at in range(0, len(self.answer), 5):
            self.before()
            yield Delta(self.answer[at : at + 5])
        yield Done("stop", TokenUsage(prompt_tokens=size, completion_tokens=9))

    async def unload(self) -> None:
        self._set("none")

    async def close(self) -> None:
        self._set("none")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    folder = write_tree(tmp_path / "shop", PROJECT | {"shop/long.py": f"def merge_all(parts):\n{LONG}"})
    settings = replace(
        load_settings(), index_dir=tmp_path / "indexes", workers=1, context_tokens=16384, max_answer_tokens=1024
    )
    session = Session([folder], settings)
    session.root.index()
    yield session
    session.close()


@pytest.fixture
def model(session: Session) -> ScriptedModel:
    return ScriptedModel(session.settings)


@pytest.fixture
def answerer(session: Session, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answerer]:
    monkeypatch.setattr("glossator.model.factory.open_model", lambda *_: model)
    monkeypatch.setattr("glossator.model.installed.model_path", lambda _: Path(__file__))
    made = Answerer(session)
    yield made
    asyncio.run(made.close())


class Recorder:
    """Writes down what a listener is told."""

    def __init__(self) -> None:
        self.evidence: list[tuple[Evidence, ...]] = []
        self.text = ""
        self.stages: list[str] = []
        self.listener = Listener(self.evidence.append, self._delta, self.stages.append)

    def _delta(self, text: str) -> None:
        self.text += text


def named(session: Session, name: str) -> tuple[Root, StoredEntry]:
    snapshot = session.root.open()
    assert snapshot is not None
    return session.root, snapshot.named(name)[0]


async def ask(answerer: Answerer, text: str = "How is the tax added?", **places: object) -> tuple[Answer, Recorder]:
    recorder = Recorder()
    answer = await answerer.ask(Question(text, **places), recorder.listener)  # type: ignore[arg-type]
    assert recorder.text == answer.answer
    (shown,) = recorder.evidence
    assert shown == answer.evidence[: len(shown)]
    return answer, recorder


def words(answer: Answer) -> str:
    """What a model wrote of an answer, without what the index says beside it."""
    start, end = answer.from_index or (0, 0)
    return (answer.answer[:start] + answer.answer[end:]).removesuffix("\n").removesuffix(f"\n\n{FROM_INDEX}\n\n")


async def test_an_answer_of_the_model(answerer: Answerer, session: Session) -> None:
    answer, recorder = await ask(answerer)
    assert words(answer) == "It adds the tax [1]. It is 7."
    assert (answer.model, answer.finish_reason, answer.thinking) == ("scripted", "stop", "Hm. ")
    assert [item.number for item in answer.citations][:1] == [1]
    cited, found = answer.citations[0], answer.evidence[0]
    assert (cited.root, cited.path, cited.entry) == (found.root, found.path, found.entry)
    assert found.start_line <= cited.start_line <= cited.end_line <= found.end_line
    assert [answer.answer[one.start : one.end] for one in answer.sources] == ["It adds the tax [1]."]
    assert answer.sources[0].sources == answer.citations[:1]
    assert not answer.is_weak
    assert answer.evidence[0].root == session.root.path
    assert [answer.answer[start:end] for start, end in answer.unsupported] == ["It is 7."]
    assert recorder.stages == ["searching", "loading the model", "answering"]
    assert answer.usage["completion_tokens"] == 9


async def test_an_answer_without_a_model(answerer: Answerer) -> None:
    recorder = Recorder()
    answer = await answerer.ask(Question("How is the tax added?"), recorder.listener, use_model=False)
    assert answer.answer.startswith("**Function `add_tax`** in `shop/money.py")
    assert (answer.model, answer.finish_reason, answer.usage) == ("", "evidence", {})
    assert answer.citations
    assert recorder.stages == ["searching"]
    with pytest.raises(UsageError):
        await answerer.ask(Question("  "))


async def test_names_that_occur_nowhere_are_told(answerer: Answerer, model: ScriptedModel) -> None:
    model.answer = (
        "`add_tax` adds the tax with `frobnicate_all`. `frobnicate_all` rounds it."
        " `add_tax` rounds `Money` like ShoppingKit."
    )
    answer, _ = await ask(answerer)
    assert answer.answer.startswith("`add_tax` adds the tax with … [1]. `add_tax` rounds `Money` like ShoppingKit [1].")
    assert [answer.answer[start:end] for start, end in answer.unknown] == ["ShoppingKit"]
    assert words(answer).endswith(
        "\n\n*Left out: what the model wrote about `frobnicate_all`, which does not occur in the code.*"
        "\n\n*`ShoppingKit` does not occur in the code.*"
    )


async def test_an_explanation_has_at_most_five_sentences(
    answerer: Answerer, session: Session, model: ScriptedModel
) -> None:
    model.answer = " ".join(f"`add_tax` adds the tax {number} times." for number in range(2, 12))
    root, entry = named(session, "add_tax")
    for _ in range(2):  # written, and as it was kept
        answer = await answerer.explain(root, entry)
        assert words(answer).count("times") == 5
        assert words(answer).startswith("`add_tax` adds the tax 2 times [")


async def test_an_answer_without_support_is_led_by_the_index_s_own(answerer: Answerer, model: ScriptedModel) -> None:
    model.answer = "Bananas are yellow fruit [1]. Monkeys like to eat them in trees. Elephants never forget anything."
    leads: list[str] = []
    told: list[str] = []
    answer = await answerer.ask(Question("How is the tax added?"), Listener(delta=told.append, lead=leads.append))
    assert answer.is_weak
    assert answer.answer == "".join([*leads, *told])
    assert answer.answer.startswith("**Function `add_tax`**")
    assert [answer.answer[start:end] for start, end in answer.unsupported] == [
        "Bananas are yellow fruit.",
        "Monkeys like to eat them in trees.",
        "Elephants never forget anything.",
    ]
    assert answer.citations


async def test_an_answer_that_says_it_does_not_know_is_not_unsupported(
    answerer: Answerer, model: ScriptedModel
) -> None:
    model.answer = "The excerpts do not show how bananas are grown."
    answer, _ = await ask(answerer)
    assert words(answer) == model.answer
    assert not answer.unsupported
    assert not answer.is_weak


async def test_what_the_index_knows_stands_below_what_a_model_says(answerer: Answerer, model: ScriptedModel) -> None:
    model.answer = "It adds the tax."
    alone = await answerer.ask(Question("How is the tax added?"), use_model=False)
    answer, _ = await ask(answerer)
    assert answer.answer.startswith("It adds the tax [1].\n\n---\n")
    assert answer.from_index is not None
    start, end = answer.from_index
    own = answer.answer[start:end]
    assert re.sub(r"\[\d+\]", "", own) == re.sub(r"\[\d+\]", "", alone.answer.partition(NOTE)[0].rstrip())
    numbers = {int(number) for number in re.findall(r"\[(\d+)\]", own)}
    cited = {item.number: item for item in answer.citations}
    assert numbers <= cited.keys() <= {item.number for item in answer.evidence}
    line = re.search(r"`shop/money\.py:(\d+)` \[(\d+)\]", own)
    assert line is not None
    assert cited[int(line[2])].path == "shop/money.py"
    later, _ = await ask(answerer, "Where is the basket drawn?", conversation_id=answer.conversation_id)
    known = {item.number: item.path for item in answer.evidence}
    assert all(known.get(item.number, item.path) == item.path for item in later.evidence), "one number, one file"
    assert "**Function" not in model.prompts[-1], "what the index says is not put into the model's mouth"


async def test_a_question_that_the_code_hardly_answers_is_said_to_be_one(
    answerer: Answerer, model: ScriptedModel
) -> None:
    model.answer = "`add_tax` adds the tax."
    answer, _ = await ask(answerer, "Which kernel module drives the bluetooth antenna firmware?")
    assert answer.answer.startswith(HARDLY_ANSWERED)
    assert answer.is_weak
    assert re.search(re.escape(f"{WRITTEN_ALL_THE_SAME}\n\n`add_tax` adds the tax") + r" \[\d+\]\.\Z", words(answer))
    assert answer.answer.count(HARDLY_ANSWERED) == 1
    alone = await answerer.ask(Question("Which kernel module drives the bluetooth antenna firmware?"), use_model=False)
    assert alone.answer.startswith(HARDLY_ANSWERED), "the same with and without a model"
    (source,) = answer.sources
    assert answer.answer[source.start : source.end].startswith("`add_tax` adds the tax")
    later, _ = await ask(answerer, "And which satellite dish antenna firmware?", conversation_id=answer.conversation_id)
    assert HARDLY_ANSWERED not in later.answer
    near, _ = await ask(answerer)
    assert HARDLY_ANSWERED not in near.answer


async def test_the_index_is_read_before_a_question_is_asked(session: Session) -> None:
    with closing(Session([session.root.path], session.settings)) as later:
        assert later.root.snapshot() is None
        async with Answerer(later) as answerer:
            await answerer.prepare(use_model=False)
            assert answerer.model_access.opened is None
        assert later.root.snapshot() is not None


async def test_where_a_model_says_nothing_the_index_does(answerer: Answerer, model: ScriptedModel) -> None:
    model.answer = " "
    answer, _ = await ask(answerer)
    assert "**Function `add_tax`** in `shop/money.py" in answer.answer


async def test_a_conversation_goes_on(answerer: Answerer, model: ScriptedModel) -> None:
    first, _ = await ask(answerer)
    second, _ = await ask(answerer, "And how is it rounded?", conversation_id=first.conversation_id)
    assert second.conversation_id == first.conversation_id
    assert model.prompts[1].startswith(model.prompts[0])
    assert "It adds the tax [1]. It is 7 [99]." in model.prompts[1], "as the model wrote it"
    known = {item.identity: item.number for item in first.evidence}
    assert [known[i.identity] for i in second.evidence if i.identity in known] == [
        i.number for i in second.evidence if i.identity in known
    ]


@pytest.mark.parametrize("context", [2048, 4096, 8192])
async def test_no_prompt_exceeds_the_context_less_the_answer(
    answerer: Answerer, session: Session, model: ScriptedModel, context: int
) -> None:
    settings = replace(session.settings, context_tokens=context, max_answer_tokens=context // 4)
    session.reconfigure(settings)
    model.settings = settings
    model._set("ready", context_tokens=context)
    root = session.root.path
    selection = Place(root, "shop/long.py", 1, 4401)
    pins = tuple(Place(root, "shop/long.py", i * 40 + 1, i * 40 + 30) for i in range(30))
    identity = None
    for focus, pinned in ((selection, ()), (None, (selection,)), (None, pins), (selection, pins), (selection, ())):
        answer, _ = await ask(answerer, focus=focus, pinned=pinned, conversation_id=identity)
        identity = answer.conversation_id
        assert answer.evidence
    assert max(model.sizes) <= context - context // 4
    assert answer.evidence[0].form == "excerpt"
    assert "of its 4,401 lines fit" in answer.evidence[0].why
    assert "*`shop/long.py:1-4401` is too long: " in answer.answer


async def test_an_explanation_is_kept(answerer: Answerer, session: Session, model: ScriptedModel) -> None:
    root, entry = named(session, "add_tax")
    assert answerer.explained(root, entry) is None
    first = await answerer.explain(root, entry)
    assert answerer.explained(root, entry) == "It adds the tax. It is 7."
    recorder = Recorder()
    second = await answerer.explain(root, entry, recorder.listener)
    assert (second.answer, second.cached, len(model.prompts)) == (first.answer, True, 1)
    assert second.evidence == first.evidence
    assert recorder.text == second.answer
    follow, _ = await ask(answerer, "So?", conversation_id=second.conversation_id)
    assert first.raw in model.prompts[1]
    path = root.path / "shop/money.py"
    path.write_text(path.read_text("utf-8").replace("rate", "tax_rate"), "utf-8")
    session.root.index()
    assert answerer.explained(*named(session, "add_tax")) is None
    assert not (await answerer.explain(*named(session, "add_tax"))).cached
    assert follow.model == "scripted"


async def test_a_symbol_that_exceeds_the_context_is_explained_from_parts(
    answerer: Answerer, session: Session, model: ScriptedModel
) -> None:
    session.reconfigure(replace(session.settings, context_tokens=1500, max_answer_tokens=300))
    model.settings = session.settings
    model._set("ready", context_tokens=1500)
    answer = await answerer.explain(*named(session, "merge_all"))
    assert answer.evidence[0].role == "symbol"
    assert max(model.sizes) <= 1200


async def test_citations_are_checked_outside_the_event_loop(
    answerer: Answerer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    real = Root.text

    def text(root: Root, path: str) -> str | None:
        threads.add(threading.current_thread().name)
        return real(root, path)

    monkeypatch.setattr(Root, "text", text)
    answer, _ = await ask(answerer)
    assert answer.citations
    assert threads
    assert threading.current_thread().name not in threads


async def test_what_changed_while_the_model_wrote_is_not_cited(
    answerer: Answerer, session: Session, model: ScriptedModel
) -> None:
    path = session.root.path / "shop/money.py"

    def edit() -> None:
        path.write_text("# nothing is left\n", "utf-8")

    model.before = edit
    answer, _ = await ask(answerer)
    assert words(answer) == "It adds the tax. It is 7."
    assert not [item for item in answer.citations if item.path == "shop/money.py"]
    assert "`shop/money.py" not in answer.answer


async def test_settings_change_between_answers(answerer: Answerer, session: Session, model: ScriptedModel) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    real = model.load

    async def slow() -> ModelStatus:
        started.set()
        await go_on.wait()
        return await real()

    model.load = slow  # type: ignore[method-assign]
    asked = asyncio.create_task(answerer.ask(Question("How is the tax added?")))
    await started.wait()
    changed = asyncio.create_task(answerer.reconfigure(session.settings))
    later = asyncio.create_task(answerer.ask(Question("And now?")))
    await asyncio.sleep(0)
    assert not changed.done()
    assert answerer.model_access.opened is model
    go_on.set()
    assert (await asked).model == "scripted"
    await changed
    assert (await later).model == "scripted"


async def test_a_failing_model_leaves_the_answerer_usable(answerer: Answerer, model: ScriptedModel) -> None:
    real = model.answer

    def fail() -> None:
        raise ModelError("it was killed")

    model.before = fail
    with pytest.raises(ModelError, match="killed"):
        await ask(answerer)
    model.before = lambda: None
    assert (await ask(answerer))[0].answer.startswith("It adds the tax [1]")
    assert real == model.answer
