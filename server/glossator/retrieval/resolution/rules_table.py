"""Which rules each language has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.c_rules import CRules
from glossator.retrieval.resolution.default_rules import DefaultRules
from glossator.retrieval.resolution.dotnet_rules import DotnetRules
from glossator.retrieval.resolution.go_rules import GoRules
from glossator.retrieval.resolution.kotlin_rules import KotlinRules
from glossator.retrieval.resolution.package_rules import JvmRules, PhpRules
from glossator.retrieval.resolution.python_rules import PythonRules
from glossator.retrieval.resolution.ruby_rules import RubyRules
from glossator.retrieval.resolution.rust_rules import RustRules
from glossator.retrieval.resolution.script_rules import ScriptRules
from glossator.retrieval.resolution.swift_rules import SwiftRules

if TYPE_CHECKING:
    from glossator.retrieval.resolution.rules import LanguageRules

_ALL: Final[tuple[LanguageRules, ...]] = (
    PythonRules(),
    JvmRules(),
    DotnetRules(),
    ScriptRules(),
    GoRules(),
    CRules(),
    PhpRules(),
    RustRules(),
    RubyRules(),
    SwiftRules(),
)
_DEFAULT: Final = DefaultRules()
_BY_LANGUAGE: Final[dict[str, LanguageRules]] = {name: rules for rules in _ALL for name in rules.languages} | {
    "kotlin": KotlinRules()
}


def rules_of(language: str) -> LanguageRules:
    """The rules of a language; the default ones if it has none of its own."""
    return _BY_LANGUAGE.get(language, _DEFAULT)
