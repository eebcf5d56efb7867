"""The rules for languages that have none of their own: a bare name means the definition of the same file, or the only
one of its folder; nothing else is resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.retrieval.resolution.rules import LanguageRules, symbols
from glossator.retrieval.resolution.values import NOTHING_KNOWN

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Spot, Value, Values


class DefaultRules(LanguageRules):
    """Sound in any language: what is not certain stays possible."""

    implicit_self = True
    body_scope = True
    unknown_means_any = True

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The only definition of the folder."""
        folder = view.path.rpartition("/")[0]
        found: Values = ()
        for path in world.defining_in(folder, name):
            if path != view.path:
                other = world.view(path)
                if other is not None and other.facts.language == view.facts.language:
                    found += symbols(other, other.children(-1, name))
        return found if len(found) == 1 else ()

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Unknown: it may be defined in any file."""
        return NOTHING_KNOWN

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """Unknown: supertypes may be named in ways that are not understood."""
        return NOTHING_KNOWN
