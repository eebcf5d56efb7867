"""Answers questions about names: what a mention means, where a definition is used, what it refers to, what overrides
it.

Make one `Resolver` for each question, or for several questions about one state of the index: it remembers what it has
found out.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.facts import MENTION_KINDS, SPECIAL
from glossator.index.languages import share_names
from glossator.retrieval.resolution import unseen_uses
from glossator.retrieval.resolution.hierarchies import Hierarchies
from glossator.retrieval.resolution.mention_meaning import MentionMeaning
from glossator.retrieval.resolution.patience import OutOfTimeError
from glossator.retrieval.resolution.use_search import MAX_FILES, UseSearch
from glossator.retrieval.resolution.values import Callee, Use, Uses

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glossator.index.facts import Facts, Mention
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.source import FactsSource
    from glossator.retrieval.resolution.unseen_uses import UnseenUse
    from glossator.retrieval.resolution.values import DefinedSymbol, Grade, Key, Resolution

MAX_CALLEES_OF_A_NAME: Final = 5
"""A name that may mean more definitions than this says nothing about what is called."""

_BINDING: Final = frozenset((MENTION_KINDS.index("import"), MENTION_KINDS.index("write")))
_PLACE: Final = attrgetter("path", "line", "column")


class Resolver(Hierarchies):
    """Resolves names over the facts of a source."""

    def __init__(self, source: FactsSource) -> None:
        super().__init__(source)
        self._meaning = MentionMeaning(self.world)

    def resolve(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """What a mention of a name in a file means (see `MentionMeaning.resolve`)."""
        return self._meaning.resolve(path, facts, name, mention)

    def is_test(self, definition: DefinedSymbol) -> bool:
        """Whether a definition is a test: by its kind, or by what it is decorated with."""
        return unseen_uses.is_test_definition(self.world, definition)

    def unseen_use(self, definition: DefinedSymbol) -> UnseenUse:
        """How a definition may be used without being named in the index; "" if nothing can use it so."""
        return unseen_uses.unseen_use(self.world, definition, self.class_key(definition))

    def uses(self, definition: DefinedSymbol, kinds: Collection[str] | None = None) -> Uses:
        """The places that mention a definition.

        Args:
            definition: what is used.
            kinds: `MentionKind`s and "override"; None for all.
        """
        try:
            found, unread = UseSearch(self, self._meaning, definition).run(kinds)
        except OutOfTimeError:  # before any file was looked at
            self.world.interrupted()
            return Uses(definition, (), max(1, len(self.world.files_noting(definition.name))))
        if kinds is None or "override" in kinds:
            try:
                found.extend(map(self._as_override, self.overrides(definition)))
            except OutOfTimeError:
                self.world.interrupted()
                unread = max(unread, len(self.world.files_defining(definition.name)))
        found.sort(key=_PLACE)
        return Uses(definition, tuple(found), unread)

    def may_be_used(self, definition: DefinedSymbol) -> bool:
        """Whether a place may mention a definition, or something overrides it; quicker than `uses`.

        Raises:
            OutOfTimeError: the time was over before that was known.
        """
        return UseSearch(self, self._meaning, definition).finds_any() or bool(self.overrides(definition))

    def is_asked_of_others(self, definition: DefinedSymbol, *, imported: bool = False) -> bool:
        """Whether a place asks something that the index does not have for a member of a definition's name: what stands
        in for that (a test's double) has it called without being named. With `imported`, something that is imported."""
        for path in self.world.files_noting(definition.name):
            view = self.world.view(path)
            if view is None or not share_names(view.facts.language, definition.language):
                continue
            for mention in view.facts.mentions_of(definition.name):
                if mention.receiver < 0 or self.resolve(path, view.facts, definition.name, mention).targets:
                    continue
                if not imported or view.imports_of(view.facts.receiver(mention).partition(".")[0]):
                    return True
        return False

    def _as_override(self, one: DefinedSymbol) -> Use:
        """A definition that overrides another one, as a use of that."""
        symbol = one.symbol
        owner = self.world.definition((one.path, symbol.parent)) if symbol.parent >= 0 else None
        return Use(one.path, symbol.line, symbol.column, "override", "resolved", owner, one.name)

    def callees(self, definition: DefinedSymbol, *, possible: bool = True) -> list[Callee]:
        """What a definition refers to inside its range, other than by assignments and imports, in order of first
        mention.

        Args:
            definition: whose range is read.
            possible: include what is only possibly referred to.
        """
        view = self.world.view(definition.path)
        if view is None:
            return []
        inside = view.within(definition.index)
        found: dict[Key, tuple[DefinedSymbol, Grade, list[Use]]] = {}
        for name, mentions in view.facts.all_mentions():
            for mention in mentions:
                if mention.owner not in inside or mention.kind in _BINDING:
                    continue
                resolution = self.resolve(definition.path, view.facts, name, mention)
                if resolution.grade == "excluded" or (resolution.grade == "possible" and not possible):
                    continue
                targets: Iterable[DefinedSymbol] = resolution.targets
                if not resolution.targets:
                    targets = self._candidates(name, definition, resolution, mention)
                for target in targets:
                    recursion = target.key == definition.key and resolution.grade == "resolved"
                    if target.path == definition.path and target.index in inside and not recursion:
                        continue
                    grade: Grade = resolution.grade if resolution.targets else "possible"
                    if target.symbol.flags & SPECIAL:
                        grade = "possible"  # the template's name means a version only with its arguments
                    use = _use_of(view, mention, name, grade)
                    if target.key not in found:
                        found[target.key] = (target, grade, [use])
                    else:
                        _, before, places = found[target.key]
                        places.append(use)
                        better: Grade = "resolved" if "resolved" in (before, grade) else "possible"
                        found[target.key] = (target, better, places)
        callees = [
            Callee(target, grade, tuple(sorted(places, key=lambda use: (use.line, use.column))))
            for target, grade, places in found.values()
        ]
        callees.sort(key=lambda one: (one.uses[0].line, one.uses[0].column))
        return callees

    def _candidates(
        self, name: str, definition: DefinedSymbol, resolution: Resolution, mention: Mention
    ) -> list[DefinedSymbol]:
        """The definitions that a mention of unknown meaning may mean; none if they are many."""
        if len(self.world.files_noting(name)) > MAX_FILES:
            return []
        found = [
            one
            for one in self.definitions(name)
            if share_names(one.language, definition.language) and self.may_mean(resolution, one, mention)
        ]
        return found if len(found) <= MAX_CALLEES_OF_A_NAME else []

    def may_mean(self, resolution: Resolution, definition: DefinedSymbol, mention: Mention) -> bool:
        """Whether a mention that is not resolved may mean a definition of its name that is not among its targets."""
        return UseSearch(self, self._meaning, definition).may_mean(resolution, mention)


def _use_of(view: FileView, mention: Mention, name: str, grade: Grade) -> Use:
    """A mention as a use."""
    owner = view.definition(mention.owner) if mention.owner >= 0 else None
    return Use(view.path, mention.line, mention.column, MENTION_KINDS[mention.kind], grade, owner, name)
