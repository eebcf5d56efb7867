"""Tests of `quick_dataclasses`: what it makes is as what the standard library makes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import Any, ClassVar

import pytest

from glossator import quick_dataclasses


class Place:
    """A place."""

    path: str
    line: int = 1
    names: list[str] = field(default_factory=list)
    note: str = field(default="", repr=False, compare=False)

    @property
    def shown(self) -> str:
        """The place as text."""
        return f"{self.path}:{self.line}"


def plain(cls: type) -> type:
    """The class again, as it was before it was decorated."""
    return type(cls.__name__, (), {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")})


Standard: Any = dataclasses.dataclass(frozen=True, slots=True)(plain(Place))
Quick: Any = quick_dataclasses.dataclass(frozen=True, slots=True)(Place)
Place = Quick  # type: ignore[misc] - for pickle


def test_instances_are_as_those_of_the_standard_library() -> None:
    for values, named in (
        (("a",), {}),
        (("a", 2), {}),
        (("a",), {"line": 3, "names": ["x"]}),
        ((), {"path": "b", "note": "n"}),
    ):
        quick, standard = Quick(*values, **named), Standard(*values, **named)
        assert dataclasses.asdict(quick) == dataclasses.asdict(standard)
        assert dataclasses.astuple(quick) == dataclasses.astuple(standard)
        assert repr(quick) == repr(standard)
        assert quick.shown == standard.shown
    assert Quick.__match_args__ == Standard.__match_args__
    assert Quick.__slots__ == Standard.__slots__
    assert not hasattr(Quick("a"), "__dict__")
    assert Quick.__doc__ == "A place."
    assert [one.name for one in dataclasses.fields(Quick)] == [one.name for one in dataclasses.fields(Standard)]
    assert Quick("a").names is not Quick("a").names


def test_instances_are_compared_and_hashed_by_their_fields() -> None:
    @quick_dataclasses.dataclass(frozen=True, slots=True)
    class Pair:
        left: str
        right: float = 0.5

    @quick_dataclasses.dataclass(frozen=True, slots=True)
    class One:
        value: object

    assert Quick("a", note="x") == Quick("a", note="y") != Quick("a", 2)
    assert Quick("a") != Standard("a")
    assert hash(Pair("a")) == hash(Pair("a", 0.5)) == hash(("a", 0.5))
    assert hash(One("a")) == hash(("a",))
    assert One("a") == One("a") != One("b")
    assert {Pair("a"), Pair("a"), Pair("b")} == {Pair("a"), Pair("b")}
    with pytest.raises(TypeError):
        hash(Quick("a"))  # it has a list


def test_instances_do_not_change_and_can_be_replaced_copied_and_pickled() -> None:
    place = Quick("a", 2, ["x"], "n")
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.line = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        del place.line
    assert dataclasses.replace(place, line=3) == Quick("a", 3, ["x"])
    for other in (copy.copy(place), copy.deepcopy(place), pickle.loads(pickle.dumps(place))):
        assert other == place
        assert other.note == "n"


def test_wrong_arguments_are_refused() -> None:
    for values, named in (((), {}), (("a", 1, [], "", 5), {}), (("a",), {"other": 1}), (("a",), {"path": "b"})):
        with pytest.raises(TypeError, match="__init__"):
            Quick(*values, **named)


def test_what_is_unusual_is_left_to_the_standard_library() -> None:
    @quick_dataclasses.dataclass(frozen=True, slots=True)
    class Counted:
        kinds: ClassVar[int] = 2
        name: str = ""

        def __post_init__(self) -> None:
            object.__setattr__(self, "name", self.name.strip())

    @quick_dataclasses.dataclass(slots=True)
    class Changing:
        name: str = ""

    assert Counted(" a ").name == "a"
    assert Counted.kinds == 2
    changing = Changing("a")
    changing.name = "b"
    assert changing == Changing("b")
    with pytest.raises(ValueError, match="mutable default"):

        @quick_dataclasses.dataclass(frozen=True, slots=True)
        class Wrong:
            names: list[str] = []
