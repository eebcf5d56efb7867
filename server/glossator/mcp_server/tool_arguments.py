"""Arguments of tools: their JSON Schema as models read it, and what is said of wrong ones. It knows no protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MOST_SHOWN_PROBLEMS = 5
SHOWN_NAME_CHARACTERS = 80


def argument_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of the arguments, without what a tool's own description says."""
    schema = without_titles(arguments.model_json_schema())
    return {key: value for key, value in schema.items() if key != "description"}


def without_titles(schema: Any) -> Any:
    """A schema without the titles that only repeat the names: every session of an agent pays for them."""
    if isinstance(schema, dict):
        return {
            key: without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [without_titles(value) for value in schema] if isinstance(schema, list) else schema


def wrong_arguments(arguments: type[BaseModel], error: ValidationError) -> str:
    """What is wrong with the arguments of a call, in one line."""
    problems = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(map(str, problem["loc"]))[:SHOWN_NAME_CHARACTERS] or "arguments"
        if problem["type"] == "extra_forbidden":
            known = ", ".join(arguments.model_fields) or "none"
            problems.append(f"{name} is no argument here; the arguments are: {known}")
        else:
            problems.append(f"{name}: {problem['msg'][:1].lower()}{problem['msg'][1:]}")
    return "; ".join(problems[:MOST_SHOWN_PROBLEMS])
