"""What every mention of a name in a code base means, and which of these change from one version to another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from glossator.index.facts import MENTION_KINDS
from glossator.retrieval.resolution.resolver import Resolver
from glossator.retrieval.resolution.source import IndexedFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glossator.project.snapshot import Snapshot

Place = tuple[str, int, int, str]
"""A mention: path, line (1-based), first byte in the line, name."""
ABSENT = "absent"
"""The grade of what is no mention in one of two versions."""


class Meaning(NamedTuple):
    """What a mention means: its kind, its grade, and the definitions as "path:line qualified.name", sorted."""

    kind: str
    grade: str
    targets: tuple[str, ...]


def meanings(snapshot: Snapshot) -> dict[Place, Meaning]:
    """What all mentions in the files of an index mean."""
    source = IndexedFacts(snapshot.store.facts, {})
    resolver = Resolver(source)
    found: dict[Place, Meaning] = {}
    for path in source.paths():
        facts = source.facts(path)
        for name, mentions in facts.all_mentions() if facts is not None else ():
            for mention in mentions:
                assert facts is not None
                resolution = resolver.resolve(path, facts, name, mention)
                targets = sorted(f"{one.path}:{one.symbol.line} {one.qualified_name}" for one in resolution.targets)
                meaning = Meaning(MENTION_KINDS[mention.kind], resolution.grade, tuple(targets))
                found[path, mention.line, mention.column, name] = meaning
    return found


def changes(before: Mapping[Place, Meaning], after: Mapping[Place, Meaning]) -> dict[tuple[str, str], list[Place]]:
    """The mentions that mean something else, by their grades before and after, in order."""
    absent = Meaning("", ABSENT, ())
    found: dict[tuple[str, str], list[Place]] = {}
    for place in sorted(before.keys() | after.keys()):
        one, other = before.get(place, absent), after.get(place, absent)
        if (one.grade, one.targets) != (other.grade, other.targets):
            found.setdefault((one.grade, other.grade), []).append(place)
    return found


def grades(found: Mapping[Place, Meaning]) -> Counter[str]:
    """How many mentions have each grade."""
    return Counter(meaning.grade for meaning in found.values())
