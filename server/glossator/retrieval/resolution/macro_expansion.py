"""What macros stand for, where they are used: a name in a macro's body is used wherever the macro is.

`#define NEXT() refill(state)` makes each `NEXT()` a use of `refill`. What a name in the body means is found out where
the macro is defined, but for a chain that goes on from what stands before the macro: with `#define Code fc.code`,
`tree[n].Code` is `tree[n].fc.code`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from glossator.index.facts import Mention
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Grade, Use, Values

MAX_EXPANDED: Final = 4
"""Macros in macros that are followed."""
MAX_MACROS: Final = 30
"""Macros whose uses are looked for because they mention a definition."""


def is_macro(view: FileView, number: int) -> bool:
    """Whether a symbol of a file is a macro that stands for something."""
    return number >= 0 and view.symbol(number).kind == "macro"


def is_redefined(view: FileView, number: int) -> bool:
    """Whether a file defines a macro more than once, so that its place or a condition tells which one is meant."""
    name = view.symbol(number).name
    return sum(view.symbol(index).kind == "macro" for index in view.named(name)) > 1


def grade_at(body: FileView, mention: Mention, grade: Grade, use: Use) -> Grade:
    """How sure it is that a use of a macro is a use of what its body mentions.

    Args:
        body: the file that defines the macro.
        mention: in its body.
        grade: how sure it is that the mention means the definition.
        use: of the macro.
    """
    if use.path == body.path and use.line < body.symbol(mention.owner).line:
        return "excluded"  # another definition of the macro, or none
    if is_redefined(body, mention.owner):
        return "possible"
    return "resolved" if grade == use.grade == "resolved" else "possible"


def meaning_at(world: World, body: FileView, name: str, mention: Mention, use: Use) -> Values:
    """What a member in a macro's body means whose receiver goes on from what stands before a use of the macro; empty
    if that is not known."""
    inside = body.facts.receiver(mention)
    view = world.view(use.path)
    if view is None or inside in ("", "?"):
        return ()
    for one in view.facts.mentions_of(use.name):
        if (one.line, one.column) == (use.line, use.column):
            before = view.facts.receiver(one)
            if before in ("", "?") or before[0] == "=" or "|" in before:
                return ()
            place = Spot(use.path, one.owner)
            values = world.evaluate(f"{before}.{inside}", place)
            found: Values = ()
            for value in values:
                found += world.member(value, name, place)
            return found
    return ()
