"""Functions of languages and their libraries whose results follow from their arguments, by language.

What a call gives, by the function's name as an expression has it:

- `same`: what its first argument is
- `type`: an instance of the type that is its first argument
- `class`: an instance of the class that is its first argument as a value (`Session::class`)
- `element`, `pairs`: an element of its first argument, or pairs of numbers and elements
- `argument`: an instance of its first type argument (`parse::<Port>()`); there the name is the last part of the
  function's

What stands in for an instance in tests has its members: that of MockK and Mockito in Kotlin, of PHPUnit and Mockery, of
Jest, Vitest and Sinon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCRIPT_MOCKS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("mock", "createMock", "mockDeep"), "argument"),
    **dict.fromkeys(("jest.mocked", "vi.mocked", "mocked"), "same"),
    "sinon.createStubInstance": "type",
}

KNOWN_CALLS: Final[Mapping[str, Mapping[str, str]]] = {
    "python": {
        **dict.fromkeys(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "deque"), "same"),
        **dict.fromkeys(("deepcopy", "copy.copy", "copy.deepcopy", "asyncio.wait_for", "asyncio.run"), "same"),
        **dict.fromkeys(("cast", "typing.cast", "t.cast"), "type"),
        **dict.fromkeys(("next", "min", "max", "random.choice"), "element"),
        "enumerate": "pairs",
    },
    "typescript": _SCRIPT_MOCKS,
    "tsx": _SCRIPT_MOCKS,
    "go": {"make": "type"},
    "rust": dict.fromkeys(
        (
            "Some",
            "Ok",
            "Arc.new",
            "Box.new",
            "Box.pin",
            "Cow.Borrowed",
            "Cow.Owned",
            "ManuallyDrop.new",
            "Pin.new",
            "Rc.new",
        ),
        "same",
    )
    | dict.fromkeys(
        ("collect", "downcast", "downcast_mut", "downcast_ref", "parse", "product", "sum", "try_into"), "argument"
    ),
    "cpp": {
        "static_cast": "argument",
        "dynamic_cast": "argument",
        "const_cast": "argument",
        "reinterpret_cast": "argument",
        "down_cast": "argument",
        "polymorphic_downcast": "argument",
        "qobject_cast": "argument",
        "dyn_cast": "argument",
        "bit_cast": "argument",
        "any_cast": "argument",
        "make_shared": "argument",
        "make_unique": "argument",
        "allocate_shared": "argument",
        "make_scoped_refptr": "argument",
        "static_pointer_cast": "argument",
        "dynamic_pointer_cast": "argument",
        "const_pointer_cast": "argument",
        "std.as_const": "same",
        "std.cref": "same",
        "std.forward": "same",
        "std.move": "same",
        "std.ref": "same",
    },
    "php": dict.fromkeys(
        (
            *("$.createMock", "$.createStub", "$.getMockForAbstractClass", "$cls.createStub"),
            *("Mockery.mock", "Mockery.spy"),
        ),
        "class",
    ),
    "kotlin": dict.fromkeys(("mock", "mockk", "spy", "spyk"), "argument"),
}
"""Language -> function -> what a call of it gives."""
