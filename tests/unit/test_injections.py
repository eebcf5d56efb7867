"""Texts that give a model orders reach it as data: they end no fence, forge no turn, and make no citation or link."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers.answerer import Answerer
from glossator.answers.citations import CitationStream
from glossator.answers.evidence import Question
from glossator.answers.prompts import ask_question, build, evidence_part
from glossator.lsp.hover_text import _harmless, _plain
from glossator.model.template import Template
from glossator.project.session import Session
from glossator.settings import Settings
from tests.injections import Injection, injections, write_injected
from tests.unit.evidence_samples import piece
from tests.unit.test_model_template import Characters

ALL = injections()
TEMPLATES = {
    "ChatML": (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}",
        ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool_call>", "</tool_call>", "<think>", "</think>"),
    ),
    "Llama 3": (
        "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>{{ m.content }}<|eot_id|>{% endfor %}",
        ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<|begin_of_text|>"),
    ),
    "Mistral": (
        "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}",
        ("[INST]", "[/INST]"),
    ),
}
LINK = re.compile(r"\]\(|\]\[[^\]]*\]|!\[|^\[[^\]]+\]:|<[A-Za-z/!]", re.MULTILINE)


def test_there_are_sixty_of_many_kinds() -> None:
    assert len(ALL) == 60
    assert len({item.text for item in ALL}) == 60
    assert {item.place for item in ALL} == {"comment", "docstring", "string", "name", "readme", "data", "commit"}
    assert len({item.kind for item in ALL}) >= 15


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_the_evidence_stays_in_its_fence(item: Injection) -> None:
    evidence = replace(piece("a", item.text, number=3), path=item.path or "a.py", names=(item.path or "a",))
    head, marks, *body = evidence_part(evidence).split("\n")
    assert head.startswith("[3] function")
    assert set(marks) == {"`"}
    assert "\n".join(body[: body.index(marks)]) == item.text.rstrip()
    assert "".join(body[body.index(marks) + 1 :]) == ""


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_text_forges_a_turn(name: str) -> None:
    pytest.importorskip("jinja2")
    source, control = TEMPLATES[name]
    tokenizer = Characters(*control)
    template = Template(source, tokenizer, {})

    def marks(text: str, path: str) -> Counter[int]:
        evidence = replace(piece("a", text, number=1), path=path, names=(path,))
        prompt = build(ask_question(f"What is {path}?"), [evidence], overview=text)
        tokens, _ = template.tokens([{"role": m.role, "content": m.content} for m in prompt.messages], think=False)
        return Counter(token for token in tokens if token >= Characters.bos)

    expected = marks("return 1", "a.py")
    for item in ALL:
        assert marks(item.text, item.path or "a.py") == expected, item.id


def test_a_model_that_obeys_cites_only_what_it_was_shown() -> None:
    for item in ALL:
        if "```" in item.text:  # what follows is code, in which nothing is a citation
            continue
        stream = CitationStream({1, 2})
        parts = re.split(r"(?<=\s)", item.text + " So [1]. Also [9][42], [2-20].")
        written = "".join(map(stream.feed, parts)) + stream.finish()
        outside_code = re.sub(r"(`+).*?\1", "", written, flags=re.DOTALL)
        cited = {int(number) for number in re.findall(r"\[(\d+)\](?!\()", outside_code)}
        assert cited <= {1, 2, *_own(item)}, item.id


def _own(item: Injection) -> set[int]:
    """Numbers in what is a definition of a reference, not a citation."""
    return {int(number) for number in re.findall(r"\[(\d+)\][:\]]", item.text)}


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.id)
def test_a_hover_has_no_link_image_or_html_of_them(item: Injection) -> None:
    assert not re.search(r"(?<!\\)[\[\]<>!|`]", _plain(item.text).replace("\\\\", ""))
    assert not LINK.search(_harmless(item.text).replace("![", "")), item.id


def test_the_index_itself_answers_as_if_they_were_ordinary_text(tmp_path: Path) -> None:
    write_injected(tmp_path / "tree", ALL)
    session = Session([tmp_path / "tree"], Settings(index_dir=tmp_path / "indexes"))

    async def ask() -> None:
        async with Answerer(session) as answerer:
            for item in ALL:
                answer = await answerer.ask(Question(item.question), use_model=False)
                numbers = {evidence.number for evidence in answer.evidence}
                for citation in answer.citations:
                    assert any(
                        evidence.path == citation.path and evidence.start_line <= citation.start_line
                        for evidence in answer.evidence
                    ), item.id
                assert numbers == set(range(1, len(numbers) + 1)), item.id
                prose = re.sub(r"(`+).*?\1", "", answer.answer, flags=re.DOTALL)
                assert {int(number) for number in re.findall(r"\[(\d+)\]", prose)} <= numbers, item.id

    try:
        session.root.index()
        asyncio.run(ask())
    finally:
        session.close()
