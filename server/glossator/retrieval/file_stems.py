"""Which files have which terms in their names, and how much of a query is in each name.

Of a hundred thousand files, ten thousand may have a frequent word in their names, so what is found of them is kept and
counted in arrays.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from glossator.index import terms as analysis
from glossator.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_CACHED_STEMS = 50_000
"""Maximum names of files whose words are cached, per process."""
_TELLING_LETTERS = 3
"""Terms with fewer letters are in so many names that it is found out which terms every name has, which takes as long as
to look for some dozen terms. So it is once so many were looked for:"""
_LOOKED_UP = 24
_PARTS = late(rf"{analysis.PART.pattern}|\0")
LISTED_CHANGES = 1_000
"""Files that are added or gone after which the list of all names is made again."""


class NamedFile(Protocol):
    """What is known of a file here."""

    revision: int
    path: str

    @property
    def stem_terms(self) -> tuple[str, ...]:
        """Terms of its name."""


class FilesWithTerm(NamedTuple):
    """The files with a term in their names.

    Attributes:
        revisions: int64, each once.
        sizes: how many terms the name of each has, int64.
    """

    revisions: NDArray[np.int64]
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class NameShares:
    """The files with any of some terms in their names.

    Attributes:
        revisions: int64, ascending.
        shares: the sum of the weights of the terms that the name of each has, float64.
        sizes: how many terms the name of each has, int64.
    """

    revisions: NDArray[np.int64]
    shares: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def of(self, revisions: Sequence[int]) -> list[float]:
        """The shares of some files; 0 for those whose names have no such term."""
        import numpy as np

        if not len(self.revisions):
            return [0.0] * len(revisions)
        wanted = np.array(revisions, np.int64)
        at = np.minimum(np.searchsorted(self.revisions, wanted), len(self.revisions) - 1)
        found: list[float] = np.where(self.revisions[at] == wanted, self.shares[at], 0.0).tolist()
        return found

    def before(self, others: Sequence[tuple[int, float, int]]) -> NameShares:
        """The same with other files, each with its share and size; their revisions are lower than all here."""
        import numpy as np

        revisions, shares, sizes = zip(*sorted(others), strict=True) if others else ((), (), ())
        return NameShares(
            np.concatenate([np.array(revisions, np.int64), self.revisions]),
            np.concatenate([np.array(shares, np.float64), self.shares]),
            np.concatenate([np.array(sizes, np.int64), self.sizes]),
        )


@lru_cache(_CACHED_STEMS)
def stem_words(raw: str) -> tuple[str, tuple[str, ...]]:
    """The folded stem of a file's name, and its terms."""
    parts = analysis.identifier_parts(raw)
    return "".join(parts), tuple(dict.fromkeys(map(analysis.stem, parts)))


class FileStems:
    """Which files have a term in their names.

    Of thousands of names a question is about a few: the terms of only those are found out that may have what is asked.
    For a long text, the terms of all names are found out once.
    """

    def __init__(self, files: Mapping[int, NamedFile]) -> None:
        """`files`: revision -> facts, also of files that are added later."""
        self._files = files
        self._with_term: dict[str, FilesWithTerm] = {}
        """What `with_term` found since the last change."""
        self._listed: str | None = None
        """The stems of files' names, each once; None if the list has to be made."""
        self._folded = ""
        """The list in lower case."""
        self._named: dict[str, list[int]] = {}
        """Stem in the list -> the revisions of its files."""
        self._by_term: dict[str, list[str]] | None = None
        """Term -> the stems in the list that have it; None if it was not found out of all."""
        self._others: list[int] = []
        """Files that are not listed: those added since, and those whose paths are not ASCII."""
        self._changes = 0
        """Files that were added or are gone since the list was made."""

    def change(self, added: Sequence[int], gone: int) -> None:
        """Note which files are new, and how many are gone."""
        if not added and not gone:
            return
        self._with_term.clear()
        self._changes += len(added) + gone
        if self._changes > LISTED_CHANGES:
            self._listed = None
        else:
            self._others.extend(added)

    def shares(self, weights: Mapping[str, float]) -> NameShares:
        """The files with any of these terms in their names; the weights of those that a name has are added up."""
        import numpy as np

        found = [self.with_term(term) for term in weights]
        each = np.repeat(np.array(list(weights.values()), np.float64), [len(one.revisions) for one in found])
        none = np.empty(0, np.int64)
        revisions, place = np.unique(np.concatenate([none, *(one.revisions for one in found)]), return_inverse=True)
        sizes = np.empty(len(revisions), np.int64)
        sizes[place] = np.concatenate([none, *(one.sizes for one in found)])
        shares: NDArray[np.float64] = np.bincount(place, each, len(revisions)).astype(np.float64, copy=False)
        return NameShares(revisions, shares, sizes)

    def with_term(self, term: str) -> FilesWithTerm:
        """The files with this term among their `stem_terms`."""
        import numpy as np

        found = self._with_term.get(term)
        if found is None:
            sizes = dict(self._found(term)) if term else {}
            found = FilesWithTerm(
                np.fromiter(sizes.keys(), np.int64, len(sizes)), np.fromiter(sizes.values(), np.int64, len(sizes))
            )
            self._with_term[term] = found
        return found

    def _found(self, term: str) -> Iterable[tuple[int, int]]:
        """Revision and number of terms of each file with a term; some may be given twice."""
        if self._listed is None:
            self._list()
        for one in self._others:
            facts = self._files.get(one)
            if facts is not None and term in facts.stem_terms:
                yield one, len(facts.stem_terms)
        for stem in self._stems_with(term) if term.isascii() else ():
            size = len(stem_words(stem)[1])
            for one in self._named[stem]:
                if one in self._files:
                    yield one, size

    def _list(self) -> None:
        """Make the list."""
        self._named = {}
        for one in self._files.values():
            if one.path.isascii():
                self._named.setdefault(analysis.stem_of(one.path), []).append(one.revision)
        self._listed = "\0".join(("", *self._named, ""))  # no name of a file has a zero byte
        self._folded = self._listed.lower()
        self._by_term = None
        self._others = [one.revision for one in self._files.values() if not one.path.isascii()]
        self._changes = 0

    def _stems_with(self, term: str) -> Iterable[str]:
        """The listed stems with a term."""
        if self._by_term is None and (len(term) < _TELLING_LETTERS or len(self._with_term) >= _LOOKED_UP):
            self._by_term = _by_term(list(self._named))
        if self._by_term is not None:
            return self._by_term.get(term, ())
        return [stem for stem in self._holding(term) if term in stem_words(stem)[1]]

    def _holding(self, term: str) -> list[str]:
        """Listed stems that hold a term, as it is or but for its last letter ("queri" is one of "queries")."""
        listed = self._listed or ""
        part = term[:-1] if term.endswith(("i", "y")) else term
        found: list[str] = []
        at = self._folded.find(part)
        while at >= 0:
            end = listed.index("\0", at)
            found.append(listed[listed.rindex("\0", 0, at) + 1 : end])
            at = self._folded.find(part, end)
        return found


def _by_term(stems: Sequence[str]) -> dict[str, list[str]]:
    """Term -> those of the stems of files' names, all ASCII, that have it."""
    with_part: dict[str, list[str]] = defaultdict(list)
    place = 0
    for part in _PARTS.findall("\0".join(stems)):
        if part == "\0":
            place += 1
        else:
            with_part[part].append(stems[place])
    found: dict[str, list[str]] = defaultdict(list)
    for part, having in with_part.items():
        found[analysis.stem(part.lower())].extend(having)
    return dict(found)
