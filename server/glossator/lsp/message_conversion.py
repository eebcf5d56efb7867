"""Converts Glossator's custom messages from and to JSON, and names the field of a value that has the wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import cattrs.gen

from glossator.lsp.message_table import CONVERTED_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter


def camel(name: str) -> str:
    """A field's name in messages: "conversation_id" -> "conversationId"."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _checked(name: str, kind: object) -> Callable[[Any, Any], Any] | None:
    """A hook that checks a field of strings or numbers and names it in errors; None for other fields.

    cattrs would turn null into "None", 1.5 into 1, and a string into a list of characters.
    """
    if kind is str:

        def string(value: Any, _: Any) -> str:
            if not isinstance(value, str):
                raise TypeError(f"{camel(name)}: expected a string, not {value!r}")
            return value

        return string
    if kind is bool:

        def truth(value: Any, _: Any) -> bool:
            if not isinstance(value, bool):
                raise TypeError(f"{camel(name)}: expected true or false, not {value!r}")
            return value

        return truth
    if kind == tuple[str, ...]:

        def strings(value: Any, _: Any) -> tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise TypeError(f"{camel(name)}: expected a list of strings, not {value!r}")
            return tuple(value)

        return strings
    if kind == int | None:

        def number(value: Any, _: Any) -> int | None:
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise TypeError(f"{camel(name)}: expected an integer, not {value!r}")
            return value

        return number
    if kind == str | None:

        def string_or_none(value: Any, _: Any) -> str | None:
            if value is not None and not isinstance(value, str):
                raise TypeError(f"{camel(name)}: expected a string, not {value!r}")
            return value

        return string_or_none
    if kind == int | str | None:

        def token(value: Any, _: Any) -> int | str | None:
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | str)):
                raise TypeError(f"{camel(name)}: expected an integer or a string, not {value!r}")
            return value

        return token
    return None


def register(converter: Converter) -> None:
    """Register these classes with a converter; unknown fields are ignored, so that newer clients work."""
    converter.register_structure_hook(int | str | None, lambda value, _: value)
    converter.register_structure_hook(int | str, lambda value, _: value)
    for cls in CONVERTED_CLASSES:
        resolved = attrs.resolve_types(cls)
        overrides: dict[str, Any] = {
            field.name: cattrs.gen.override(rename=camel(field.name), struct_hook=_checked(field.name, field.type))
            for field in attrs.fields(resolved)
        }
        converter.register_structure_hook(cls, cattrs.gen.make_dict_structure_fn(cls, converter, **overrides))
        converter.register_unstructure_hook(
            cls, cattrs.gen.make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=False, **overrides)
        )
