"""What may be used in the place of something else, whose uses are not its own: a double, another build's definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXPORTED, TAG
from glossator.index.languages import share_names
from glossator.index.nesting import RECORDS
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.unseen_uses import LOOSELY_TYPED, UNTYPED

if TYPE_CHECKING:
    from glossator.retrieval.resolution.resolver import Resolver
    from glossator.retrieval.resolution.values import DefinedSymbol


_NAMED_TYPES: Final = RECORDS | {"type"}
"""Kinds of what a `typedef` gives a name."""


def may_be_used_as_another(resolver: Resolver, definition: DefinedSymbol) -> bool:
    """Whether "nothing uses it" may be false of a definition that no place is known to mean.

    Raises:
        OutOfTimeError: the time was over before that was known.
    """
    return (
        is_tag_of_type(resolver, definition)
        or may_stand_in(resolver, definition)
        or is_required_by_structure(resolver, definition)
    )


def is_tag_of_type(resolver: Resolver, definition: DefinedSymbol) -> bool:
    """Whether a definition is a tag in C whose structure is used by the name that a `typedef` gives it, its own, maybe
    in another file, or another one: `typedef struct pool { ... } pool_t;`."""
    symbol = definition.symbol
    if symbol.flags & TAG:
        named = resolver.definitions(definition.name)
        if any(not one.symbol.flags & TAG and one.symbol.kind in _NAMED_TYPES for one in named):
            return True
    view = resolver.world.view(definition.path)
    if view is None or symbol.kind != "type":
        return False
    others = (view.symbol(one) for one in view.named(symbol.type.strip("<>")))
    return any(one.kind in _NAMED_TYPES and one.start <= symbol.line <= one.end for one in others)


def may_stand_in(resolver: Resolver, definition: DefinedSymbol) -> bool:
    """Whether what uses something else may as well use a definition: another one of the same name in its file or its
    package, in whose place another build has it; a member of something outside the index, in a language in which
    anything may have any type; of a type that another one may be given for; what a module that was not found exports.

    Raises:
        OutOfTimeError: the time was over before that was known.
    """
    language = definition.language
    if resolver.is_member(definition):
        if language in LOOSELY_TYPED and resolver.is_structural(definition):
            return _is_named_as_member(resolver, definition)
        return language in UNTYPED | LOOSELY_TYPED and resolver.is_asked_of_others(definition)
    if language == "swift" and resolver.is_asked_of_others(definition):
        return True  # of a module, which is no definition
    exported = language in UNTYPED | LOOSELY_TYPED and bool(definition.symbol.flags & EXPORTED)
    if exported and resolver.is_asked_of_others(definition, imported=True):
        return True
    folder = definition.path.rpartition("/")[0]
    near = None if rules_of(language).parts_elsewhere or language == "go" else definition.path
    return any(
        one.key != definition.key and one.path.rpartition("/")[0] == folder and resolver.may_be_used(one)
        for one in resolver.definitions(definition.qualified_name, near)
        if one.symbol.kind == definition.symbol.kind
    )


def _is_named_as_member(resolver: Resolver, definition: DefinedSymbol) -> bool:
    """Whether a place asks anything for a member of a definition's name: of what has its type, but another one in the
    source."""
    views = (resolver.world.view(path) for path in resolver.world.files_noting(definition.name))
    return any(
        mention.receiver >= 0
        for view in views
        if view is not None and share_names(view.facts.language, definition.language)
        for mention in view.facts.mentions_of(definition.name)
    )


def is_required_by_structure(resolver: Resolver, definition: DefinedSymbol) -> bool:
    """Whether a member has the name of one of a type that others implement without naming it: it may be there only so
    that its class does."""
    if not resolver.is_member(definition):
        return False
    namesakes = resolver.definitions(definition.name)
    return any(one.key != definition.key and resolver.is_structural(one) for one in namesakes)
