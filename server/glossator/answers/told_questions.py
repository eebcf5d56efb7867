"""Which questions are answered by facts alone: about what nothing uses, about what a type implements, about
uses, about history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.history_answers import history_answer_in
from glossator.answers.type_answers import type_answer_in
from glossator.answers.unused_answers import unused_answer_in
from glossator.answers.use_answers import use_answer_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.answers.evidence import Question
    from glossator.answers.told_answers import ToldAnswer
    from glossator.project.session import Session


def told_answer_in(session: Session, question: Question, cancelled: Callable[[], bool]) -> ToldAnswer | None:
    """The answer to a question that facts alone answer; None for others.

    Raises:
        StoreError: an index cannot be opened.
        CancelledByUser: `cancelled` says that nobody waits for the answer.
    """
    told = unused_answer_in(session, question, cancelled)
    told = told or type_answer_in(session, question) or use_answer_in(session, question)
    return told or history_answer_in(session, question)
