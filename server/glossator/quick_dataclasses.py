"""`dataclass` as in the standard library; frozen classes with slots, which most are, are made in a quarter of the time.

The standard one compiles six functions for each class, of which most processes call few: a tenth of the time of a
command's first search. Here a class shares all functions but its `__init__`, which is compiled when the first instance
is made. What is not usual (bases with fields, `ClassVar`, keyword-only fields) is left to the standard library.
"""

from __future__ import annotations

import dataclasses
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, eq: bool = True) -> Any:
        """See `dataclasses.dataclass`."""
        if cls is None:
            return lambda decorated: dataclass(decorated, frozen=frozen, slots=slots, eq=eq)
        made = _made(cls) if frozen and slots and eq else None
        return made or dataclasses.dataclass(cls, frozen=frozen, slots=slots, eq=eq)


_FIELD = getattr(dataclasses, "_FIELD", None)
"""How the standard library marks a field; if a version does it in another way, it makes all classes itself."""
_UNUSUAL = ("ClassVar", "InitVar", "KW_ONLY")
_MADE = ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__")
_set = object.__setattr__


def _made(cls: type) -> type | None:
    """The class with slots and functions for its fields; None if it has something unusual."""
    namespace = dict(cls.__dict__)
    annotations = namespace.get("__annotations__", {})
    if _FIELD is None or type(cls) is not type or cls.__bases__ != (object,) or "__slots__" in namespace:
        return None
    if not annotations or "__post_init__" in namespace or not namespace.keys().isdisjoint(_MADE):
        return None
    if any(not isinstance(kind, str) or any(word in kind for word in _UNUSUAL) for kind in annotations.values()):
        return None
    fields = {}
    for name, kind in annotations.items():
        default = namespace.pop(name, dataclasses.MISSING)
        one: Any = default if isinstance(default, dataclasses.Field) else dataclasses.field(default=default)
        if not one.init or one.hash is not None or one.kw_only is True:
            return None
        if one.default.__class__.__hash__ is None:  # the standard library refuses a default that can change
            return None
        one.name, one.type, one.kw_only, one._field_type = name, kind, False, _FIELD  # noqa: SLF001 - as it does
        fields[name] = one
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    namespace |= {
        "__slots__": tuple(fields),
        "__match_args__": tuple(fields),
        "__dataclass_fields__": fields,
        "__init__": _first_init,
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _getstate,
        "__setstate__": _setstate,
        "__compared__": _values_of([name for name, one in fields.items() if one.compare]),
    }
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


def _values_of(names: list[str]) -> Callable[[Any], Any]:
    """A function that returns these attributes of an object."""
    if len(names) > 1:
        return operator.attrgetter(*names)
    return staticmethod(lambda one: tuple(getattr(one, name) for name in names))


def _first_init(self: Any, *values: Any, **named: Any) -> None:
    """Give the class its own `__init__`, and call it."""
    owner: Any = next(cls for cls in type(self).__mro__ if "__compared__" in cls.__dict__)
    names: dict[str, Any] = {"_set": _set, "_FACTORY": _FACTORY}
    parameters, lines = ["self"], []
    for name, one in owner.__dataclass_fields__.items():
        given = name
        if one.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = one.default
            parameters.append(f"{name}=_default_{name}")
        elif one.default_factory is not dataclasses.MISSING:
            names[f"_make_{name}"] = one.default_factory
            parameters.append(f"{name}=_FACTORY")
            given = f"_make_{name}() if {name} is _FACTORY else {name}"
        else:
            parameters.append(name)
        lines.append(f" _set(self, {name!r}, {given})")
    exec("\n".join((f"def __init__({', '.join(parameters)}):", *lines)), names)  # noqa: S102 - as dataclasses do
    names["__init__"].__qualname__ = f"{owner.__qualname__}.__init__"
    type.__setattr__(owner, "__init__", names["__init__"])
    names["__init__"](self, *values, **named)


_FACTORY = object()
"""The default of a parameter whose value a function makes."""


def _repr(self: Any) -> str:
    shown = (one.name for one in self.__dataclass_fields__.values() if one.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _eq(self: Any, other: Any) -> Any:
    return self.__compared__(self) == self.__compared__(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _refuse_to_set(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _setstate(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        _set(self, name, value)
