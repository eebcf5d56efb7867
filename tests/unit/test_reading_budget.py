"""How much evidence a model is shown, by its speed and the user's patience."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glossator.answers.reading_budget import (
    LEAST_EVIDENCE_TOKENS,
    LEAST_FOLLOW_UP_TOKENS,
    MAX_EVIDENCE_TOKENS,
    evidence_budget,
)
from glossator.model.chat import ModelStatus
from glossator.model.endpoint import EndpointClient
from glossator.settings import Settings


class PacedModel(EndpointClient):
    """A model of a given speed that is asked for nothing."""

    def __init__(self, speed: float | None, patience: float) -> None:
        super().__init__(replace(Settings(), endpoint="http://127.0.0.1:9/v1", patience=patience), None)
        self._status = ModelStatus("ready")
        self._speed = speed

    @property
    def reading_speed(self) -> float | None:
        return self._speed


@pytest.mark.parametrize(
    ("speed", "patience", "unread", "room", "budget"),
    [
        (150.0, 5.0, 0, 5000, 750),
        (150.0, 5.0, 150, 5000, 600),
        (200.0, 5.0, 0, 5000, 948),
        (200.0, 10.0, 0, 5000, 1341),
        (200.0, 5.0, 0, 700, 700),
        (20.0, 5.0, 0, 5000, LEAST_EVIDENCE_TOKENS),
        (200.0, 5.0, 4000, 5000, LEAST_EVIDENCE_TOKENS),
        (20.0, 5.0, 0, 100, 100),
        (9000.0, 5.0, 0, 50_000, 6363),
        (9000.0, 50.0, 0, 50_000, MAX_EVIDENCE_TOKENS),
        (None, 5.0, 0, 50_000, MAX_EVIDENCE_TOKENS),
        (None, 0.5, 900, 5000, 5000),
    ],
)
def test_the_budget(speed: float | None, patience: float, unread: int, room: int, budget: int) -> None:
    assert evidence_budget(PacedModel(speed, patience), room, unread=unread) == budget


def test_a_follow_up_is_waited_for_less() -> None:
    model = PacedModel(200.0, 5.0)
    assert evidence_budget(model, 5000, follow_up=True) == 300
    assert evidence_budget(model, 5000, unread=50, follow_up=True) == 250
    assert evidence_budget(model, 5000, unread=200, follow_up=True) == LEAST_FOLLOW_UP_TOKENS
