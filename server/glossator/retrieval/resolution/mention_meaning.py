"""What a mention of a name means, by itself: the definitions that it leads to, and how sure that is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glossator.index.facts import (
    CLASS,
    FIXTURE,
    GIVEN,
    GLOBAL,
    MACRO_ARGUMENT,
    MENTION_KINDS,
    SCOPE,
    STUB,
    SUPER,
    TAGGED,
    UNNAMED,
    Import,
    last_part,
)
from glossator.retrieval.resolution.c_overloads import chosen_overloads, overloads_of
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.labels import fits, shape
from glossator.retrieval.resolution.overloads import cannot_take, chosen
from glossator.retrieval.resolution.parameters import may_override, takes
from glossator.retrieval.resolution.receivers import HEAD
from glossator.retrieval.resolution.rules import symbol_of
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.values import (
    ADDED,
    BUILT_IN_VALUE,
    EXCLUDED,
    NOTHING_KNOWN,
    UNKNOWN_MODULE,
    UNKNOWN_VALUE,
    Resolution,
    Spot,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from glossator.index.facts import Facts, Mention, Symbol
    from glossator.retrieval.resolution.evaluation import Evaluator
    from glossator.retrieval.resolution.values import DefinedSymbol, Grade, Key, Reach, Values

_IMPORT: Final = MENTION_KINDS.index("import")
_EXPORT: Final = MENTION_KINDS.index("export")
_CALL: Final = MENTION_KINDS.index("call")
_TYPES: Final = frozenset((MENTION_KINDS.index("type"), MENTION_KINDS.index("base")))
_WITH_ARGUMENTS: Final = _TYPES | {_CALL, MENTION_KINDS.index("value")}
_DECORATOR: Final = MENTION_KINDS.index("decorator")
_NAME: Final = MENTION_KINDS.index("name")
_READ: Final = MENTION_KINDS.index("read")
_VALUE: Final = MENTION_KINDS.index("value")
_WRITE: Final = MENTION_KINDS.index("write")
_ACCESSES: Final = frozenset(
    (MENTION_KINDS.index("attribute"), MENTION_KINDS.index("read"), MENTION_KINDS.index("write"))
)
_FIELDS: Final = frozenset(("field", "property", "constant", "variable", "enum_member"))
NO_CALL: Final = -2
"""In place of a number of arguments: the mention is no call."""


class MentionMeaning:
    """Resolves mentions one by one, and remembers what those of one form mean."""

    def __init__(self, world: Evaluator) -> None:
        self._world = world
        self._resolved: dict[Hashable, Resolution] = {}
        """What mentions of one form mean where that has a number of this question (`_numbers`)."""
        self._others: dict[tuple[Key, ...], dict[Value, Symbol]] = {}
        """What `_others_of_name` gives, by the functions."""
        self._members_at: dict[str, dict[tuple[int, int], str]] = {}
        """The lines and columns of what follows a receiver, by path."""
        self._numbers: dict[str | None, int] = {}
        """A number for each member that follows a name."""

    def resolve(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """What a mention of a name in a file means.

        Args:
            path: the file.
            facts: its facts, those that the source gives for the path.
            name: the name that is mentioned.
            mention: one of `facts.mentions_of(name)`.
        """
        if mention.kind == _IMPORT:
            return self._resolve_import(path, facts, name, mention)
        if mention.kind == _EXPORT and (passed := self._passed_on(path, facts, name)):
            return self._of(passed)
        # Mentions of one kind inside the same symbol after the same receiver mean the same.
        arguments = mention.arguments if mention.kind in _WITH_ARGUMENTS else NO_CALL
        rules = rules_of(facts.language)
        called = (arguments, mention.given) if rules.overloads else (NO_CALL, -1)
        inside = self.form_of(path, facts, name, mention)
        key = (path, name, mention.kind, mention.receiver, mention.owner, inside, *called)
        if rules.members_follow:
            if (known := self._resolved.get(key)) is None:
                known = self._resolved[key] = self._meant(path, facts, name, mention)
            return known
        # A place is asked about by hovers, lenses and lists of references, one after the other.
        if (known := self._world.resolutions.get(key)) is None:
            begun = self._world.resolutions.begin(key, EXCLUDED)
            known = self._meant(path, facts, name, mention)
            self._world.resolutions.end(key, known, begun)
        return known

    def _meant(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """See `resolve`, of which this remembers nothing."""
        found = self._resolve(path, facts, name, mention)
        if found.reach == "members" and rules_of(facts.language).unknown_means_any:
            return replace(found, reach="all")
        return found

    def _resolve(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        place = Spot(path, mention.owner)
        receiver = facts.receiver(mention)
        if receiver == TAGGED:
            return self._of(self._world.rules(path).tagged(self._world, place, name))
        if receiver == SCOPE:
            return self._of(self._world.rules(path).scope_named(self._world, place, name))
        if receiver == GLOBAL:
            found = self._world.rules(path).global_name(self._world, path, name)
            return self._of(self._fitting(path, mention, found))
        if receiver == UNNAMED:
            return Resolution("possible", reach="all")
        if receiver == FIXTURE:
            return self._of(self._world.rules(path).fixtures(self._world, place, name))
        if receiver == MACRO_ARGUMENT:
            meant = self._of_bare(path, name, mention, place)
            return meant if meant.targets else Resolution("possible", reach="all")
        if receiver.startswith(GIVEN):
            called = self._world.evaluate(receiver.removeprefix(GIVEN), place)
            given = self._of(self._world.rules(path).field_given(self._world, called, name))
            return replace(given, reach="", exact=True)  # that of another class is not meant
        if receiver.startswith("=#"):
            number = receiver[2:]
            meant = self._of(() if not number.isdigit() else (Value("symbol", path, int(number)),))
            if mention.kind == _NAME:  # a text, which may as well be another's name
                return replace(meant, grade="possible", reach="all")
            return meant
        if not receiver:
            return self._of_bare(path, name, mention, place)
        meant = self._of_member(path, name, mention, receiver, place)
        if not meant.targets and (macros := self._world.rules(path).macros_named(self._world, path, name)):
            return self._of(macros)
        return meant

    def form_of(self, path: str, facts: Facts, name: str, mention: Mention) -> int:
        """A number that tells mentions apart which may mean different things though all else is equal: that of the
        innermost lambda around them, or of the member that follows."""
        rules = rules_of(facts.language)
        if (
            rules.members_follow
            and mention.kind == _READ
            and mention.receiver < 0
            and rules.is_twofold(self._world, name)
        ):
            member = self._following(path, name, mention)
            return self._numbers.setdefault(member, len(self._numbers))
        return self._lambda_at(path, facts, mention)

    def _lambda_at(self, path: str, facts: Facts, mention: Mention) -> int:
        """The innermost lambda around a mention, in a language where names may mean members of a lambda's receiver."""
        view = self._world.view(path) if facts.lambdas else None
        return view.lambda_at(mention.line, mention.column) if view is not None else -1

    def _of_receivers(self, path: str, name: str, mention: Mention, place: Spot, *, called: bool) -> tuple[int, Values]:
        """The lambda around a mention, and what a bare name means as a member of its receiver or of that of one around
        it."""
        view = self._world.view(path)
        number = self._lambda_at(path, view.facts, mention) if view is not None else -1
        if number < 0:
            return number, ()
        return number, self._world.rules(path).of_receivers(self._world, place, name, number, called=called)

    def _of_bare(self, path: str, name: str, mention: Mention, place: Spot) -> Resolution:
        """What the mention of a bare name means."""
        if mention.kind == _NAME:
            return Resolution("possible", reach="all")
        received: Values = ()
        if mention.kind not in _TYPES and mention.kind != _DECORATOR:
            _, received = self._of_receivers(path, name, mention, place, called=mention.kind == _CALL)
            if any(one.kind == "symbol" for one in received):
                return self._of(self._fitting(path, mention, received))
        found = self._world.named(name, place)
        if received and found:
            # What the receiver has is not known.
            found = (*found, UNKNOWN_VALUE)
        if found:
            if mention.kind in _TYPES:
                found = self._world.rules(path).of_parameters(self._world, found, mention.arguments)
            found = self._world.rules(path).meant(MENTION_KINDS[mention.kind], found, self._world)
        rules = self._world.rules(path)
        if rules.members_follow and mention.kind == _READ and len(found) > 1:
            found = rules.before_member(self._world, found, self._following(path, name, mention))
        if mention.kind == _CALL and found == NOTHING_KNOWN:
            found = rules.named_by_arguments(self._world, place, name, self._given(path, mention)) or found
        if mention.kind == _CALL and all(one.kind in ("external", "module") for one in found):
            found = rules.called_elsewhere(self._world, place, name) or found
        if mention.kind in _TYPES and found and all(map(self._world.is_function, found)):
            found = rules.scope_named(self._world, place, name)  # a function is no type
        if mention.kind == _DECORATOR and rules.body_scope:
            found = self._decorating(place, name, mention, found)
        if mention.kind == _DECORATOR and rules.decorator_ending and not any(one.kind == "symbol" for one in found):
            found = self._world.named(name + rules.decorator_ending, place) or found
        if not found and rules.bare_enum_members:
            return Resolution("possible", reach="enum members")
        if rules.extends_libraries and all(one.kind == "external" for one in found):
            # A member that an extension gives to the class, or to one above it in a library.
            return Resolution("possible", reach="extensions")
        return self._of(self._fitting(path, mention, found))

    def _following(self, path: str, name: str, mention: Mention) -> str | None:
        """The member that follows a mention; None if none does."""
        if (known := self._members_at.get(path)) is None:
            known = self._members_at[path] = {}
            view = self._world.view(path)
            for member, mentions in view.facts.all_mentions() if view is not None else ():
                known.update(((one.line, one.column), member) for one in mentions if one.receiver >= 0)
        end = mention.column + len(name.encode())
        return next((found for at in (end + 1, end + 2) if (found := known.get((mention.line, at)))), None)

    def _decorating(self, place: Spot, name: str, mention: Mention, found: Values) -> Values:
        """What a decorator's name means, of which a class's body has a member that is defined only after it: what the
        name means outside the class. `@validates` stands before `def validates(self):`."""
        view = self._world.view(place.path)
        own = [view.symbol(one.number) for one in found if one.kind == "symbol" and one.path == place.path and view]
        if view is None or not own or len(own) != len(found):
            return found
        if any(one.line <= mention.line or one.parent < 0 for one in own):
            return found
        return self._world.named(name, Spot(place.path, view.symbol(own[0].parent).parent))

    def _of_member(self, path: str, name: str, mention: Mention, receiver: str, place: Spot) -> Resolution:
        """What the mention of a name after a receiver means."""
        if receiver == "?":
            return Resolution("possible", reach="members")
        if mention.kind in _TYPES:
            values = self._world.rules(path).type_space(self._world, receiver, place)
        else:
            values = self._receiver(path, mention, receiver, place)
            if receiver.isidentifier() and values and all(value.kind == "function" for value in values):
                # A function has no members: `Pool::size`, where a method `Pool` hides the type.
                values = self._world.held(self._world.rules(path).scope_named(self._world, place, receiver))
        if not values:
            # Nothing that is known is called like the receiver, which may be a package.
            return Resolution("possible", reach="all" if mention.kind in _TYPES or name[:1].isupper() else "members")
        through = all(value.kind == "instance" for value in values)
        members = self._world.members(values, name, place)
        if mention.kind == _WRITE and (ending := self._world.rules(path).setter_ending):
            setters = self._world.members(values, name + ending, place)
            members = setters if any(one.kind == "symbol" for one in setters) else members
        members = self._world.rules(path).meant_of(MENTION_KINDS[mention.kind], self._world, values, name, members)
        found = self._fitting(path, mention, members, through_instance=through)
        if found and (
            self._world.rules(path).may_be_wrapped(receiver, name) or self._is_wrapper(receiver, name, place)
        ):
            found = (*found, UNKNOWN_VALUE)
        resolution = self._of(found)
        if resolution.grade == "excluded" and receiver.islower() and all(one.kind == "module" for one in values):
            view = self._world.view(path)
            if view is not None and self._lambda_at(path, view.facts, mention) >= 0:
                # A package is hardly meant: a receiver of a lambda around may have a member of its name.
                return Resolution("possible", reach="members")
        if resolution.grade == "excluded" and BUILT_IN_VALUE in values:
            return Resolution("possible", reach="extensions")
        outside = tuple(value for value in values if value.kind == "external" and value.name != "%")
        if not outside:
            # `cls` may be any class below.
            named = receiver != CLASS
            exact = all(
                (named and value.kind == "class") or value.kind == "module" or value.name == SUPER for value in values
            )
            return replace(resolution, exact=True) if exact and resolution.targets else resolution
        # A library's class may have subclasses in the index.
        grade: Grade = resolution.grade if resolution.targets else "possible"
        return Resolution(grade, resolution.targets, resolution.reach, (*resolution.below, *outside))

    def _is_wrapper(self, receiver: str, name: str, place: Spot) -> bool:
        """Whether what a receiver is declared as wraps its value, and has a member of this name itself: the `take` of
        `shop: Option<Shop>` is hardly that of `Shop`."""
        rules = self._world.rules(place.path)
        if name not in rules.wrapper_members:
            return False
        head, _, last = receiver.partition("(")[0].rpartition(".") if receiver.count("(") < 2 else ("", "", "")
        declared = [receiver] if receiver[:1] == "<" and receiver[-1:] == ">" else []
        if last.isidentifier():
            around = self._world.evaluate(head, place) if head else ()
            found = self._world.members(around, last, place) if head else self._world.named(last, place)
            for value in found:
                view = self._world.view(value.path) if value.kind in ("symbol", "function") else None
                declared += [view.symbol(value.number).type] if view is not None else []
        return any(f"{wrapper}{sign}" in text for text in declared for wrapper in rules.unwrapped for sign in "<[")

    def _receiver(self, path: str, mention: Mention, receiver: str, place: Spot) -> Values:
        """What stands before a mention."""
        if head := HEAD.match(receiver):
            called = receiver[head.end() : head.end() + 1] == "("
            number, found = self._of_receivers(path, head[0], mention, place, called=called)
            if any(one.kind == "symbol" for one in found):
                values = self._world.evaluate(f"@this{number}.{receiver}", place)
                return values if len(found) == 1 else (*values, UNKNOWN_VALUE)
            if found:
                values = self._world.evaluate(receiver, place)
                return (*values, UNKNOWN_VALUE) if values and not receiver[:1].isupper() else values
        return self._world.evaluate(receiver, place)

    def _fitting(self, path: str, mention: Mention, found: Values, *, through_instance: bool = False) -> Values:
        """Of overloads those that take such arguments; of a function and a field of one name the one that fits."""
        rules = self._world.rules(path)
        if not found or not (rules.overloads or (rules.fields_apart and len(found) > 1)):
            return found
        functions: dict[Value, Symbol] = {}
        fields: set[Value] = set()
        for value in found:
            if value.kind in ("symbol", "function") and (view := self._world.view(value.path)):
                symbol = view.symbol(value.number)
                if symbol.kind in CALLABLE_KINDS:
                    functions[value] = symbol
                elif symbol.kind in _FIELDS:
                    fields.add(value)
        unfit: set[Value] = set()
        if mention.kind != _CALL:
            as_value = mention.receiver < 0 or ((rules.fields_apart or rules.labelled) and through_instance)
            if rules.marks_references and mention.kind == _VALUE:
                as_value = mention.arguments < 0
                unfit |= set() if as_value or not functions else fields
            accessed = mention.kind in _ACCESSES or (mention.kind == _VALUE and as_value)
            if fields and accessed:
                unfit.update(functions)
            elif functions and accessed and rules.marks_references and mention.receiver < 0:
                # No method is a value: something else has its name, which is not known if nothing is found.
                unfit.update(functions)
                found += (UNKNOWN_VALUE,) if len(functions) == len(found) else ()
            elif functions and rules.fields_apart:
                unfit |= fields  # `Type::method`
            if functions and rules.members_called and mention.receiver >= 0 and mention.kind in _ACCESSES:
                unfit.update(functions)
        elif functions and not rules.overloads:
            unfit |= fields
        elif functions:
            unfit |= fields
            if rules.hides_inherited:
                return self._of_overloads(path, mention, tuple(one for one in found if one not in unfit), functions)
            if rules.labelled:
                return self._of_labels(path, mention, tuple(one for one in found if one not in unfit), functions)
            homes = {(value.path, symbol.parent) for value, symbol in functions.items()}
            inherited = self._inherited(path, functions, *homes) if len(homes) == 1 and mention.arguments >= 0 else {}
            fitting = {
                value: symbol
                for value, symbol in (functions | inherited).items()
                if takes(symbol, mention.arguments + (value.name == ADDED))
            }
            if functions and not fitting:
                # What takes so many is something else: an extension, or a library's.
                unfit.update(functions)
                found += (UNKNOWN_VALUE if mention.receiver >= 0 else UNKNOWN_MODULE,)
            elif mention.arguments >= 0:
                unfit |= functions.keys() - fitting.keys()
                found += tuple(value for value in fitting if value in inherited)
                functions |= inherited
                added = any(value.name == ADDED for value in fitting)
                if len(fitting) > 1 and len(homes) == 1 and not added and (given := self._given(path, mention)):
                    meant = chosen(self._world, Spot(path, mention.owner), given, [*fitting.items()])
                    unfit |= fitting.keys() - set(meant)
                if not added and self._is_other_overload(path, mention, fitting):
                    found += (UNKNOWN_VALUE,)
        meant_functions = {value: symbol for value, symbol in functions.items() if value not in unfit}
        if _are_extensions([*meant_functions.values()]) or self._is_out_of_sight(path, mention, meant_functions):
            found += (UNKNOWN_VALUE,)
        kept = rules.nearest(self._world, path, tuple(value for value in found if value not in unfit))
        if not rules.overloads:
            return kept
        places = [
            (value.path, symbol.parent, symbol.flags & STUB)
            for value, symbol in functions.items()
            if value in kept and value not in unfit
        ]
        # Of overloads with as many arguments, their types decide, which are not known.
        return kept if len(set(places)) == len(places) else (*kept, UNKNOWN_VALUE)

    def _is_out_of_sight(self, path: str, mention: Mention, functions: dict[Value, Symbol]) -> bool:
        """Whether one of some functions extends a type only inside of a class, and the mention is not there:
        what the lambdas around it have as receivers decides."""
        view = self._world.view(path)
        for value, symbol in functions.items():
            home = self._world.view(value.path) if symbol.scope and symbol.parent >= 0 else None
            if view is None or home is None or not self._world.rules(value.path).inner_extensions:
                continue
            if home.symbol(symbol.parent).kind not in ("class", "interface"):
                continue
            around = (one for one in view.chain(mention.owner) if view.symbol(one).kind in CONTAINER_KINDS)
            if not any((value.path, symbol.parent) in self._world.ancestors((path, one)).classes for one in around):
                return True
        return False

    def _is_other_overload(self, path: str, mention: Mention, fitting: dict[Value, Symbol]) -> bool:
        """Whether the only function that takes as many arguments as a call cannot take these: a library's class above
        may have another one of the name."""
        given = self._given(path, mention)
        return (
            bool(given)
            and len(fitting) == 1
            and any(cannot_take(self._world, Spot(path, mention.owner), given, *one) for one in fitting.items())
        )

    def _of_overloads(self, path: str, mention: Mention, found: Values, functions: dict[Value, Symbol]) -> Values:
        """Of overloads of C++ those that a call may mean; unknown too if these are several."""
        fitting = {
            value: symbol for value, symbol in functions.items() if takes(symbol, mention.arguments)
        } or functions
        groups: Sequence[Sequence[Value]] = overloads_of(self._world, path, fitting)
        if len(groups) > 1:
            groups = chosen_overloads(
                self._world, Spot(path, mention.owner), self._given(path, mention), groups, fitting
            )
        meant = {value for group in groups for value in group}
        kept = tuple(value for value in found if value in meant or value not in functions)
        # `at() const` beside `at()`: which one is called depends on what it is called on.
        places = [(value.path, functions[value].parent, functions[value].flags & STUB) for value in meant]
        return kept if len(groups) == 1 and len(set(places)) == len(places) else (*kept, UNKNOWN_VALUE)

    def _of_labels(self, path: str, mention: Mention, found: Values, functions: dict[Value, Symbol]) -> Values:
        """Of Swift's functions of one name those that take arguments with such labels; unknown too if these are
        several, or none."""
        given = self._given(path, mention)
        above = self._others_of_name(functions) if given else {}
        fitting = {value: symbol for value, symbol in (functions | above).items() if fits(symbol.labels, given)}
        if not fitting:
            return (*found, UNKNOWN_VALUE)
        nearest = self._world.rules(path).nearest(self._world, path, tuple(fitting))
        kept = (*(value for value in found if value not in functions), *nearest)
        return kept if len(nearest) == 1 else (*kept, UNKNOWN_VALUE)

    def _others_of_name(self, functions: dict[Value, Symbol]) -> dict[Value, Symbol]:
        """The functions of the same name and other labels that the classes of some functions have, or those above."""
        known = tuple(value.key for value in functions)
        if (found := self._others.get(known)) is not None:
            return found
        found = self._others[known] = {}
        shapes = {shape(symbol.labels) for symbol in functions.values()}
        homes = {(value.path, symbol.parent): symbol.name for value, symbol in functions.items() if symbol.parent >= 0}
        classes: dict[Key, str] = {}
        for place, name in homes.items():
            home = self._world.enclosing_class(*place)
            if home is not None and home.kind == "class":
                classes.update(dict.fromkeys(self._world.ancestors(home.key).classes, name))
        for key, name in classes.items():
            for one in self._world.own_members(key, name):
                other = symbol_of(self._world, one)
                if other.kind in CALLABLE_KINDS and shape(other.labels) not in shapes:
                    found[one] = other
        return found

    def _given(self, path: str, mention: Mention) -> str:
        """The arguments of a call, as `argument_types` writes them."""
        view = self._world.view(path)
        return view.facts.given(mention) if view is not None else ""

    def _inherited(self, path: str, functions: dict[Value, Symbol], home: tuple[str, int]) -> dict[Value, Symbol]:
        """The overloads of a class's functions that its supertypes declare, that none of them overrides, and that a
        file sees."""
        view = self._world.view(home[0])
        if view is None or home[1] < 0 or view.symbol(home[1]).kind not in CONTAINER_KINDS:
            return {}
        (name,) = {symbol.name for symbol in functions.values()}
        known = dict(functions)
        for key in self._world.ancestors(home).classes[1:]:
            above = self._world.view(key[0])
            if above is None:
                continue
            for value in self._world.own_members(key, name):
                symbol = above.symbol(value.number) if value.path == key[0] else None
                if symbol is None or symbol.kind not in CALLABLE_KINDS or symbol.kind == "constructor":
                    continue
                if self._world.is_hidden(value, path):
                    continue
                if not any(may_override(one, symbol) for one in known.values()):
                    known[value] = symbol
        return {value: symbol for value, symbol in known.items() if value not in functions}

    def _of(self, found: Values) -> Resolution:
        """The resolution that some values say."""
        targets: dict[Key, DefinedSymbol] = {}
        below: list[Value] = []
        reach: Reach = ""
        doubtful = False
        for value in found:
            if value.kind in ("symbol", "class", "function") and (one := self._world.definition(value.key)):
                targets[value.key] = one
            elif value.kind == "missed":
                below.append(value)
            elif value.kind == "unknown":
                reach = "all" if value.name == "module" or reach == "all" else "members"
                doubtful = True
        if targets:
            return Resolution("possible" if doubtful else "resolved", tuple(targets.values()), reach, tuple(below))
        if reach or below:
            return Resolution("possible", (), reach, tuple(below))
        return EXCLUDED

    def _passed_on(self, path: str, facts: Facts, name: str) -> Values:
        """What a name means that is taken from a module and passed on; empty if it is the file's own."""
        found: Values = ()
        for item in facts.imports:
            # What a module exports as its default is given a name of its own where it is passed on.
            whole = item.name == name and item.member in rules_of(facts.language).whole_names
            if item.exported and item.module and (whole or item.member == name):
                found += tuple(one for one in self._world.import_target(path, item) if one not in found)
        return found

    def _resolve_import(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """What a name in an import statement means: what is imported from a module."""
        lines = [item.line for item in facts.imports]
        near = (
            {mention.line}
            if mention.line in lines
            else {
                # A statement of several lines stands where its module does, before or after the names.
                max((line for line in lines if line < mention.line), default=0),
                min((line for line in lines if line > mention.line), default=0),
            }
        )
        around = [item for item in facts.imports if item.line in near]
        # A default import names what it imports as it likes.
        items = (
            [item for item in around if name in (last_part(item.member), item.member)]
            or [item for item in around if item.name == name]
            or [item for item in around if not item.member and name == last_part(item.module)]
        )
        if not items and name[:1].isupper():
            return self._of_import_path(path, name, around)
        rules = rules_of(facts.language)
        parts = [part for item in items[:1] for part in rules.import_parts(item.module) if part == name]
        if parts and items[0].line == mention.line:
            # `from celery import celery`: the module's name stands first.
            columns = [one.column for one in facts.mentions_of(name) if one.line == mention.line]
            if len(columns) > len(parts) and mention.column in sorted(columns)[: len(parts)]:
                return EXCLUDED
        found: Values = ()
        for item in items:
            found += tuple(one for one in self._world.import_target(path, item) if one not in found)
        return self._of(found)

    def _of_import_path(self, path: str, name: str, around: Sequence[Import]) -> Resolution:
        """What a type means that stands in the path of what is imported: `import app.Colors.red`, `app.Colors.*`."""
        found: Values = ()
        for item in around:
            before, _, _ = f".{item.module}.".partition(f".{name}.")
            if len(before) < len(item.module) + 1 - len(name) or item.name == "*":
                holder = Import(name, f"{before}.{name}".strip("."), line=item.line)
                found += tuple(one for one in self._world.import_target(path, holder) if one not in found)
        return self._of(tuple(one for one in found if one.kind in ("symbol", "class")))


def _are_extensions(functions: Sequence[Symbol]) -> bool:
    """Whether one of several functions extends a type (Kotlin): which one is meant depends on types."""
    found = {(one.scope if one.parent < 0 else "", one.parameters[1], one.types) for one in functions}
    return len(found) > 1 and any(scope for scope, _, _ in found)
