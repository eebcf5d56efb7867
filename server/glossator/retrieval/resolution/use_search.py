"""The search for the uses of one definition.

Uses are found by name: the files that note the name (or an alias under which an import passes it on) are searched for
mentions of it, and each mention is resolved by itself.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from glossator.index.facts import (
    EXTENDS_FIRST,
    EXTENSION,
    IN_EXTENSION,
    MENTION_KINDS,
    PRIVATE,
    PROPERTY,
    SPECIAL,
    fixture_name,
    last_part,
    module_notes,
)
from glossator.index.languages import share_names
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS, bare_name
from glossator.retrieval.resolution.labels import fits
from glossator.retrieval.resolution.macro_expansion import MAX_EXPANDED, MAX_MACROS, grade_at, is_macro, meaning_at
from glossator.retrieval.resolution.overloads import chosen
from glossator.retrieval.resolution.parameters import takes
from glossator.retrieval.resolution.patience import OutOfTimeError
from glossator.retrieval.resolution.rules import symbol_of
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.use_files import likeliest_first, of_family
from glossator.retrieval.resolution.values import INSTANCE_MARK, Spot, Use, Value

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from glossator.index.facts import Import, Mention, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.hierarchies import Hierarchies
    from glossator.retrieval.resolution.mention_meaning import MentionMeaning
    from glossator.retrieval.resolution.values import DefinedSymbol, Grade, Key, Resolution

MAX_FILES: Final = 400
"""Files that are searched for the uses of one definition; those in which its home or its class is noted come first."""
FILES_IN_ORDER: Final = 40
"""So many files are searched in the order of their paths; of more the likeliest come first, since time may end."""
FETCHED_AT_ONCE: Final = 20
MAX_INHERITING: Final = 30
"""Subclasses that inherit a constructor whose calls are looked for."""
MAX_ALIASES: Final = 8

_CALL: Final = MENTION_KINDS.index("call")
_IMPORT: Final = MENTION_KINDS.index("import")
_TYPES: Final = frozenset((MENTION_KINDS.index("type"), MENTION_KINDS.index("base")))
_VALUE: Final = MENTION_KINDS.index("value")
_WRITE: Final = MENTION_KINDS.index("write")
_NAME: Final = MENTION_KINDS.index("name")
_READING: Final = frozenset((MENTION_KINDS.index("read"), MENTION_KINDS.index("attribute")))


_VARIABLES: Final = frozenset(("constant", "field", "property", "variable"))
_WITH_OBJECTS: Final = frozenset(("java", "kotlin", "php"))
"""Languages with objects of classes without a name whose members may be named."""


class UseSearch:
    """The search for the uses of one definition."""

    def __init__(
        self,
        hierarchies: Hierarchies,
        meaning: MentionMeaning,
        definition: DefinedSymbol,
        constructor: Symbol | None = None,
        expanded: frozenset[Key] = frozenset(),
    ) -> None:
        """Search for the uses of `definition`; if it is a class, of those calls that may run a constructor of it.

        Args:
            hierarchies: the definitions.
            meaning: tells what mentions mean.
            definition: what is used.
            constructor: a constructor of the class.
            expanded: macros whose uses are being looked for already.
        """
        self._expanded = expanded
        self._searched = rules_of(definition.language)
        """The rules of the file that is searched."""
        self._doubted: list[Use] = []
        """Places that mean the definition only if a library's function or variable gives what the index has, if a block
        has another receiver, or if a receiver is a module that is loaded at run time."""
        self._is_doubted = False
        """Whether that is so of the place that was looked at last."""
        self._in_macros: dict[Key, tuple[FileView, str, Mention, Grade]] = {}
        """Macros that mention the definition, and where."""
        self._found: list[Use] = []
        self._seen: set[tuple[str, str]] = set()
        """Files and the names for which they have been searched, or will be."""
        self._pending: list[str] = []
        """Names by which the definition is still to be looked for."""
        self._left: set[str] = set()
        """Files that are still to be searched."""
        self._cut = 0
        """Files that are not searched, because there are too many."""
        self._is_one_enough = False
        """Whether the search may end as soon as a use is found."""
        self._constructor = constructor
        self._hierarchies = hierarchies
        self._meaning = meaning
        self._world = hierarchies.world
        self._definition = definition
        self._rules = rules_of(definition.language)
        self._member = hierarchies.is_member(definition)
        self._shared = self._rules.shared_functions and definition.symbol.kind == "function"
        self._class = hierarchies.class_key(definition) if self._member else None
        self._above: set[Key] | None = None
        self._lineage: tuple[set[Key], set[str], bool] | None = None
        self._same: dict[Key, bool] = {}
        ending = self._rules.setter_ending
        self._setter = bool(ending) and definition.name.endswith(ending) and definition.name[:-1].isidentifier()
        view = self._world.view(definition.path)
        self._local = view is not None and self._rules.is_local(view, definition.index)
        self._in_object = self._may_be_in_object(view)
        """Whether it may be a member of an object whose class has no name, so that it is reached through a variable."""

    def _may_be_in_object(self, view: FileView | None) -> bool:
        """Whether the definition stands in a variable's value, or in a function of a language in which a variable of
        that, which is no symbol, may hold such an object."""
        definition = self._definition
        if view is None or definition.symbol.parent < 0 or self._member:
            return False
        in_value = view.symbol(definition.symbol.parent).kind in _VARIABLES
        return in_value or (self._local and definition.language in _WITH_OBJECTS)

    @cached_property
    def _rivals(self) -> list[tuple[Value, Symbol]]:
        """The other constructors of the class: of two that take as many arguments, their types decide."""
        view = self._world.view(self._definition.path)
        if view is None or self._constructor is None or not self._rules.overloads:
            return []
        named = view.children(self._definition.index, self._constructor.name)
        found = ((Value("symbol", view.path, index), view.symbol(index)) for index in named)
        return [one for one in found if one[1].kind == "constructor" and one[1] is not self._constructor]

    def run(self, kinds: Collection[str] | None) -> tuple[list[Use], int]:
        """The uses, and the number of files that were not read: they are too many, or the time is over."""
        wanted = None if kinds is None else {number for number, kind in enumerate(MENTION_KINDS) if kind in kinds}
        try:
            self._find(wanted)
            if self._definition.symbol.kind == "constructor" and (kinds is None or "call" in kinds):
                self._add_constructions()
            if self._in_macros:
                self._found.extend(self._expansions(wanted, {(use.path, use.line, use.column) for use in self._found}))
        except OutOfTimeError:
            self._world.interrupted()
            for name in self._pending:
                self._left.update(path for path in self._world.files_noting(name) if (path, name) not in self._seen)
            if not self._left:
                self._cut = max(self._cut, 1)  # less than a file may be left, which counts as one
        return self._found or self._doubted, self._cut + len(self._left)

    def finds_any(self) -> bool:
        """Whether something uses the definition, or may; a file that is not read may. Mostly its own file tells."""
        self._is_one_enough = True
        found, unread = self.run(None)
        return unread > 0 or any(map(self._is_elsewhere, found))

    def _is_elsewhere(self, use: Use) -> bool:
        """Whether a use is not at the definition's own name."""
        own = self._definition
        return (use.path, use.line, use.column) != (own.path, own.symbol.line, own.symbol.column)

    def _find(self, wanted: set[int] | None) -> None:
        """Find the mentions of these kinds."""
        name, own = bare_name(self._definition.symbol), self._own_names()
        pending, names = self._pending, set(own)
        pending.extend(sorted(own))
        for importing, item in self._imports_of_whole():
            if (importing.path, item.name) not in self._seen and item.name != name:
                self._seen.add((importing.path, item.name))
                self._found.extend(self._in_file(importing, item.name, wanted, alias=True))
            if item.exported and item.name not in names:
                names.add(item.name)
                pending.append(item.name)
        while pending:
            current = pending[0]
            for view in self._views_with(current, constructed=current == name):
                self._found.extend(self._in_file(view, current, wanted, alias=current not in own))
                if self._is_one_enough and any(map(self._is_elsewhere, self._found)):
                    return
                for alias in self._aliases(view, current):
                    if alias not in names and len(names) < MAX_ALIASES:
                        names.add(alias)
                        pending.append(alias)

    def _own_names(self) -> set[str]:
        """The names by which the definition is mentioned."""
        name = bare_name(self._definition.symbol)
        own = {name, name.removesuffix(self._rules.decorator_ending) or name}
        if self._setter:
            own.add(name.removesuffix(self._rules.setter_ending))
        if fixture := fixture_name(self._definition.symbol):
            own.add(fixture)
        return own

    def _views_with(self, name: str, *, constructed: bool) -> Iterator[FileView]:
        """The files that may mention the definition by this name, each once."""
        definition = self._definition
        nameless = (self._local and not self._member) or name in self._rules.whole_names
        files = [definition.path] if nameless else self._world.files_noting(name)
        files = [path for path in files if (path, name) not in self._seen]
        if (folder := self._rules.only_folder(self._world, definition)) is not None:
            files = [path for path in files if path.rpartition("/")[0] == folder]
        if definition.name in self._rules.constructors and constructed:
            files = of_family(self._hierarchies, self._class, files)
        files = self._world.sharing(files, definition.language)
        if len(files) > min(FILES_IN_ORDER, MAX_FILES):
            files = likeliest_first(self._world, definition, self._class, files)
            self._cut += len(files[MAX_FILES:])
            files = files[:MAX_FILES]
        if self._is_one_enough:
            files = sorted(files, key=lambda path: path != definition.path)
        self._seen.update((path, name) for path in files)
        self._left.update(files)
        self._pending.remove(name)  # from here on, what is left of it is counted
        for start in range(0, len(files), FETCHED_AT_ONCE):
            some = files[start : start + FETCHED_AT_ONCE]
            self._world.prefetch(some)
            for path in some:
                self._world.check_time()
                view = self._world.view(path)
                if view is not None and share_names(view.facts.language, definition.language):
                    yield view
                self._left.discard(path)

    def _expansions(self, wanted: set[int] | None, known: set[tuple[str, int, int]]) -> Iterator[Use]:
        """The uses of the macros that mention the definition.

        Args:
            wanted: kinds of mentions; None for all.
            known: places that are uses of the definition themselves.
        """
        if len(self._expanded) >= MAX_EXPANDED:
            return
        for key, (body, name, mention, grade) in list(self._in_macros.items())[:MAX_MACROS]:
            macro = self._world.definition(key)
            if macro is None or key in self._expanded or (wanted is not None and mention.kind not in wanted):
                continue
            search = UseSearch(self._hierarchies, self._meaning, macro, expanded=self._expanded | {key})
            uses, unread = search.run(None)
            self._cut += unread
            for use in uses:
                place = use.path, use.line, use.column
                if place in known or (use.owner is not None and use.owner.symbol.kind == "macro"):
                    continue
                if use.kind in ("import", "export"):
                    continue  # it stands for nothing there
                sure = grade_at(body, mention, grade, use)
                if sure == "possible" and grade == "possible" and use.grade == "resolved":
                    meant = meaning_at(self._world, body, name, mention, use)
                    if any(one.kind == "symbol" and self._is_it(one.key) for one in meant):
                        sure = "resolved"
                if sure != "excluded":
                    known.add(place)
                    kind = MENTION_KINDS[mention.kind]
                    yield Use(use.path, use.line, use.column, kind, sure, use.owner, use.name)

    def _imports_of_whole(self) -> Iterator[tuple[FileView, Import]]:
        """The imports that give the definition a name of their own choice, because it is what its module is."""
        definition = self._definition
        home = self._world.view(definition.path)
        if home is None or self._local or not self._rules.is_whole(home, definition.index):
            return
        files = self._world.files_noting_any(module_notes(definition.path))
        for path in sorted(files)[:MAX_FILES]:
            view = self._world.view(path)
            if view is None or not share_names(view.facts.language, definition.language):
                continue
            for item in view.facts.imports:
                if item.member and item.member not in self._rules.whole_names:
                    continue
                if item.name in ("", "*") or item.name in self._rules.whole_names:
                    continue
                if any(self._is_it(value.key) for value in self._world.import_target(path, item)):
                    yield view, item

    def _aliases(self, view: FileView, name: str) -> list[str]:
        """Other names under which the file imports the definition."""
        return [
            item.name
            for item in view.aliases(name)
            if item.name != name
            and item.name not in self._rules.whole_names
            and any(self._is_it(one.key) for one in self._world.import_target(view.path, item))
        ]

    def _in_file(self, view: FileView, name: str, wanted: set[int] | None, *, alias: bool) -> list[Use]:
        found: list[Use] = []
        path, facts = view.path, view.facts
        self._searched = rules_of(facts.language)
        # Mentions of one form have one grade; one name may be mentioned a thousand times in a file.
        grades: dict[tuple[int, int, int, int, int, int], tuple[Grade, bool]] = {}
        places: dict[tuple[int, int], int] = {}
        for mention in facts.mentions_of(name):
            kind, owner = mention.kind, mention.owner
            if wanted is not None and kind not in wanted:
                continue
            doubted = False
            if kind == _IMPORT:
                # Its line tells what it means.
                grade = self._grade(view, name, mention)
            else:
                around = owner
                if mention.receiver >= 0 and mention.given < 0 and kind not in _TYPES:
                    stands = (mention.receiver, owner)
                    if (wide := places.get(stands)) is None:
                        wide = self._world.widened(facts.receivers[mention.receiver], Spot(path, owner)).owner
                        places[stands] = wide
                    around = wide
                elif around >= 0 and self._rules.generic_types:
                    text = f"{name};{facts.receiver(mention)};{facts.given(mention)}"
                    around = view.outside_function(owner, text)
                variant = self._meaning.form_of(path, facts, name, mention)
                form = (kind, mention.receiver, around, mention.arguments, mention.given, variant)
                if (known := grades.get(form)) is None:
                    self._check_time(found)
                    self._is_doubted = False
                    known = grades[form] = self._grade(view, name, mention), self._is_doubted
                grade, doubted = known
            if doubted and not alias and self._constructor is None:
                inside = view.definition(owner) if owner >= 0 else None
                self._doubted.append(
                    Use(path, mention.line, mention.column, MENTION_KINDS[kind], "possible", inside, name)
                )
            if grade != "excluded" and (grade == "resolved" or not alias):
                inside = view.definition(owner) if owner >= 0 else None
                if is_macro(view, owner):
                    if self._is_doubtful_in_macro(view, kind):
                        grade = "possible"
                    before = self._in_macros.get((path, owner))
                    if before is None or (grade == "resolved" and before[3] != "resolved"):
                        self._in_macros[path, owner] = view, name, mention, grade
                found.append(Use(path, mention.line, mention.column, MENTION_KINDS[kind], grade, inside, name))
        return found

    def _check_time(self, found: Sequence[Use]) -> None:
        """Go on in a file, if there is time; else keep what was found there. One may have a name in thousands of forms,
        each of which may mean thousands of things."""
        try:
            self._world.check_time()
        except OutOfTimeError:
            self._found.extend(found)
            raise

    def _is_doubtful_in_macro(self, view: FileView, kind: int) -> bool:
        """Whether a name in a macro's body may as well be that of a variable in what the macro stands for, which no
        grammar reads."""
        type_name = self._definition.symbol.kind in CONTAINER_KINDS and self._definition.name.islower()
        language = view.facts.language
        return type_name and kind not in _TYPES and language in rules_of(language).types_called_bare

    def _grade(self, view: FileView, name: str, mention: Mention) -> Grade:
        """How sure it is that a mention means the definition."""
        if not self._is_reached(view, mention) or (self._setter and mention.kind not in (_WRITE, _NAME)):
            return "excluded"
        resolution = self._meaning.resolve(view.path, view.facts, name, mention)
        if resolution.grade == "excluded":
            return "excluded"
        grade: Grade = resolution.grade
        if not any(self._is_it(one.key) for one in resolution.targets):
            grade = "possible" if self.may_mean(resolution, mention) else "excluded"
        elif self._definition.symbol.flags & SPECIAL:
            grade = "possible"  # the template's name means a version only with its arguments
        if self._constructor is not None:
            if grade != "resolved":
                return "excluded"
            if self._rules.labelled:
                return self._grade_by_labels(view, mention)
            if self._constructor.flags & PRIVATE and view.path != self._definition.path:
                return "excluded"
            rivals = [
                rival
                for rival in self._rivals
                if takes(rival[1], mention.arguments) and not self._world.is_hidden(rival[0], view.path)
            ]
            if rivals:
                mine = Value("symbol", *self._definition.key), self._constructor
                place = Spot(view.path, mention.owner)
                meant = chosen(self._world, place, view.facts.given(mention), [mine, *rivals])
                return "excluded" if mine[0] not in meant else "possible" if len(meant) > 1 else grade
        return grade

    def _grade_by_labels(self, view: FileView, mention: Mention) -> Grade:
        """How sure it is that a call of the class calls the constructor, by the labels of the arguments (Swift)."""
        assert self._constructor is not None
        given = view.facts.given(mention)
        if not fits(self._constructor.labels, given):
            return "excluded"
        others = self._world.own_members(self._definition.key, self._constructor.name)
        found = [symbol for one in others if (symbol := symbol_of(self._world, one)) is not self._constructor]
        return "possible" if any(fits(one.labels, given) for one in found) else "resolved"

    @cached_property
    def _counted(self) -> Sequence[Symbol]:
        """The definition and what is one thing with it in its file, if no call with another number of arguments can
        mean them, in files of such languages; else empty."""
        view = self._world.view(self._definition.path)
        if view is None or not self._rules.counts_arguments or self._definition.symbol.kind not in CALLABLE_KINDS:
            return ()
        alike = [view.definition(index) for index in view.named(self._definition.name)]
        return [one.symbol for one in alike if self._is_it(one.key)]

    def _may_take(self, view: FileView, mention: Mention) -> bool:
        """Whether a call has as many arguments as what it would have to mean takes; true of what is no call."""
        if mention.kind != _CALL:
            return True
        if self._constructor is not None:
            return takes(self._constructor, mention.arguments)
        if not self._counted or not self._searched.counts_arguments:
            return True
        if self._fits(mention) or view.facts.receiver(mention)[:1] == "=":
            return True
        return any(takes(one, mention.arguments) for one in self._counted)

    def _is_reached(self, view: FileView, mention: Mention) -> bool:
        """Whether a mention of this form may mean the definition at all: saves the resolution of most namesakes."""
        if not self._may_take(view, mention):
            return False
        if self._definition.symbol.kind == "macro":
            return True
        if self._definition.symbol.flags & PRIVATE and view.path != self._definition.path and mention.kind != _NAME:
            return False
        if self._definition.symbol.kind == "test" and mention.kind != _NAME:
            return False  # its name is a text
        if mention.receiver < 0:
            bare = self._member and not self._rules.bare_members and mention.kind != _NAME
            return not bare or view.path == self._definition.path
        if self._member or not self._rules.named_modules:
            return True
        receiver = view.facts.receiver(mention)
        if "|" in receiver or receiver[:1] == "=":
            return True
        return receiver[0] not in "$%<?" and (receiver[-1] not in ")]" or "import" in receiver)

    def may_mean(self, resolution: Resolution, mention: Mention) -> bool:
        """Whether the mention may mean the definition, which is not among its targets."""
        if resolution.targets and self._member and not resolution.exact:
            if self._above is None:
                self._above = {one.key for one in self._hierarchies.supers(self._definition)}
            if any(one.key in self._above or self._is_beside(one) for one in resolution.targets):
                return self._fits(mention)
            if any(self._is_structural(one) for one in resolution.targets):
                return self._fits(mention)
            if self._is_mixed_in and any(self._is_of_interface(one) for one in resolution.targets):
                return self._fits(mention)
        shared = (self._shared and mention.receiver < 0) or (self._in_object and mention.receiver >= 0)
        if resolution.reach == "all" or (resolution.reach == "members" and (self._member or shared)):
            return self._fits(mention)
        if resolution.reach == "enum members":
            return self._definition.symbol.kind == "enum_member"
        if resolution.reach == "extensions":
            return self._extends_outside and self._fits(mention)
        if resolution.below and self._member:
            if not self._fits(mention):
                return False
            if any(self._is_below(value) for value in resolution.below):
                return True
            self._is_doubted = any(_is_given(value) for value in resolution.below)
        elif (
            self._member and self._rules.receives_bare
            if mention.receiver < 0
            else self._is_of_module and resolution.reach == "members"
        ):
            self._is_doubted = self._fits(mention)
        return False

    @cached_property
    def _is_mixed_in(self) -> bool:
        """Whether the definition is a member of a trait that a class outside the index may have."""
        home = self._world.definition(self._class) if self._class is not None else None
        return home is not None and home.symbol.kind == "trait" and rules_of(home.language).traits_mixed_in

    def _is_of_interface(self, target: DefinedSymbol) -> bool:
        """Whether a target is declared by an interface, or a trait."""
        home = self._hierarchies.class_of(target)
        return home is not None and home.symbol.kind in ("interface", "trait")

    @cached_property
    def _is_of_module(self) -> bool:
        """Whether the definition is a member of a module that may be loaded at run time."""
        symbol = self._definition.symbol
        modules = self._definition.language in self._rules.unknown_modules
        return modules and symbol.parent < 0 and not symbol.scope

    @cached_property
    def _extends_outside(self) -> bool:
        """Whether the definition is a member that a type outside the index may get: by an extension, by a protocol that
        an extension implements, or because the language's own type is declared again."""
        symbol = self._definition.symbol
        view = self._world.view(self._definition.path)
        around = view.symbol(symbol.parent) if view is not None and symbol.parent >= 0 else None
        if around is not None and around.name in self._rules.extended_types:
            return True
        if not self._rules.extensions:
            return False
        if symbol.scope and around is not None and self._rules.extends_libraries:
            return True  # it may be a member of an object, and imported from it
        if around is None:
            return bool(symbol.scope) and self._hierarchies.class_of(self._definition) is None
        return bool(around.flags & EXTENSION) or around.kind in ("trait", "interface", "protocol")

    def _is_it(self, key: Key) -> bool:
        """Whether a symbol is the definition, another part of it in the same file, or its declaration elsewhere."""
        if (known := self._same.get(key)) is None:
            other = self._world.definition(key)
            known = other is not None and self._hierarchies.is_one_thing(other, self._definition)
            self._same[key] = known
        return known

    def _fits(self, mention: Mention) -> bool:
        """Whether a call has as many arguments as the definition takes; true of what is no call (`shop::open`), unless
        functions are no values in the language."""
        if mention.kind in _READING and self._searched.marks_references and self._is_only_called:
            return False
        symbol, given = self._definition.symbol, mention.arguments
        if symbol.kind == "macro" and self._definition.language == "rust":
            self._is_doubted = mention.kind == _VALUE  # another macro may be given it: `each!(path)`
            return mention.kind not in _READING and not self._is_doubted  # what has no `!` is no macro
        if mention.kind == _VALUE or mention.kind in _TYPES:
            return True
        if takes(symbol, given):
            return True
        if symbol.labels == EXTENDS_FIRST:
            return mention.receiver >= 0 and takes(symbol, given + 1)
        # What is extended may be given first, as in `Extensions.Add(request, 1)`.
        first = symbol.labels == IN_EXTENSION or (symbol.scope and self._searched.extended_given_first)
        return bool(first) and given > 0 and takes(symbol, given - 1)

    @cached_property
    def _is_only_called(self) -> bool:
        """Whether the definition is a function that nothing names without a call or `::`, where functions are no
        values; Kotlin reads Java's `isOpen()` as a property."""
        symbol = self._definition.symbol
        return symbol.kind in ("function", "method") and not symbol.flags & PROPERTY and symbol.name[:2] != "is"

    def _is_structural(self, target: DefinedSymbol) -> bool:
        """Whether a target is declared by a type that others implement without naming it."""
        home = self._hierarchies.class_of(target)
        return home is not None and self._rules.is_structural(self._world, home)

    def _is_beside(self, target: DefinedSymbol) -> bool:
        """Whether instances of the target's class may have the definition in its place: a class inherits from both."""
        home = self._hierarchies.class_key(target)
        if home is None or self._class is None or home == self._class:
            return False
        kin, _ = self._hierarchies.beside(self._class)
        return home in kin

    def _is_below(self, value: Value) -> bool:
        """Whether the definition's class is below a class that lacks the member (or beside it, for `$`)."""
        if self._class is None:
            return True
        if self._lineage is None:
            hierarchy = self._world.ancestors(self._class)
            externals = {one.name.rpartition(".")[2] for one in hierarchy.externals}
            self._lineage = (set(hierarchy.classes), externals, hierarchy.open)
        above, externals, is_open = self._lineage
        home = self._world.definition(self._class)
        if home is not None and self._rules.may_extend(self._world, home):
            return True
        if value.kind == "external":
            last = value.name.removesuffix(INSTANCE_MARK).rpartition(".")[2]
            return is_open or self._rules.may_be_related(last, externals, last_part(self._definition.name))
        if value.key in above or is_open:
            return True
        if value.name == "$":
            kin, complete = self._hierarchies.beside(self._class)
            return value.key in kin or not complete
        return False

    def _add_constructions(self) -> None:
        """Add the calls of the definition's class, which call it."""
        key = self._class
        home = self._world.definition(key) if key is not None else None
        if key is None or home is None:
            return
        made = [home]
        if self._definition.name in self._rules.constructors:
            below, _ = self._hierarchies.descendants(key)
            for one in below[:MAX_INHERITING]:
                found = self._world.member(Value("class", *one), self._definition.name, Spot(one[0]))
                if self._definition.key in {value.key for value in found} and (heir := self._world.definition(one)):
                    made.append(heir)
        constructor = self._definition.symbol
        for called in made:
            uses, unread = UseSearch(self._hierarchies, self._meaning, called, constructor).run(("call",))
            self._found.extend(uses)
            self._cut += unread


def _is_given(value: Value) -> bool:
    """Whether a library's value is no instance of a type that is named, but what a member of one gives: a property, a
    function (`Provider.GetService`), or in Go a function of a package."""
    owner, _, _ = value.name.removesuffix(INSTANCE_MARK).rpartition(".")
    return value.kind == "external" and (owner.endswith((":", INSTANCE_MARK)) or last_part(owner)[:1].isupper())
