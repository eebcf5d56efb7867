"""Names by which languages, test runners and frameworks find functions and members that no code calls by name; without
the entry points of programs, which are `unseen_uses.ENTRY_POINTS`."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final[dict[tuple[str, ...], str]] = {
    (
        "python",
        "starlark",
    ): "setUp tearDown setUpClass tearDownClass setUpModule tearDownModule asyncSetUp asyncTearDown"
    " setup teardown runTest load_tests pytestmark urlpatterns app_name application revision down_revision"
    " branch_labels depends_on upgrade downgrade",
    ("c", "cpp", "objc"): "begin end cbegin cend rbegin rend size data empty get swap what hash promise_type"
    " get_return_object initial_suspend final_suspend return_void return_value unhandled_exception yield_value"
    " await_transform await_ready await_suspend await_resume tuple_size tuple_element value_type iterator"
    " const_iterator iterator_category difference_type pointer reference type kMaxValue",
    ("java", "kotlin"): "readObject writeObject readResolve writeReplace readObjectNoData serialVersionUID premain"
    " agentmain values valueOf",
    ("csharp",): "Add GetAwaiter GetAsyncEnumerator DisposeAsync MoveNext MoveNextAsync Current Slice Count Length"
    " Select SelectMany Where Join GroupBy OrderBy Cast GetPinnableReference CreateHostBuilder ConfigureServices"
    " Configure",
    (
        "javascript",
        "typescript",
        "tsx",
        "jsx",
        "vue",
        "svelte",
        "astro",
    ): "constructor toString toJSON valueOf then next"
    " return throw connectedCallback disconnectedCallback attributeChangedCallback adoptedCallback formResetCallback"
    " observedAttributes render componentDidMount componentDidUpdate componentWillUnmount componentDidCatch"
    " shouldComponentUpdate getDerivedStateFromProps getDerivedStateFromError getSnapshotBeforeUpdate defaultProps"
    " propTypes displayName handleEvent",
    (
        "php",
    ): "offsetGet offsetSet offsetExists offsetUnset jsonSerialize getIterator count current key next rewind valid"
    " serialize unserialize setUp tearDown boot register handle",
    ("ruby",): "setup teardown before_setup after_setup before_teardown after_teardown",
    (
        "swift",
    ): "wrappedValue projectedValue dynamicallyCall makeIterator next makeBody body main hash encode init setUp"
    " tearDown setUpWithError tearDownWithError",
}
"""Names, by languages."""
_FORMS: Final[dict[tuple[str, ...], str]] = {
    ("python", "starlark"): r"test|Test(?:[A-Z\d_]|$)|pytest_|setup_|teardown_|_\w+_$",
    ("go",): r"(?:Test|Benchmark|Example|Fuzz)(?![a-z])",
    ("csharp",): r"ShouldSerialize[A-Z]|Reset[A-Z]",
    ("java", "kotlin"): r"component\d+$|test[A-Z]",
    ("swift",): r"build[A-Z]|test[A-Z]|unsafe|application",
    ("ruby",): r"test_",
    ("php",): r"test[A-Z_]",
    ("c", "cpp", "objc"): (
        r"operator\b|test_|PyInit_|Java_|JNI_On|luaopen_|Init_|RedisModule_On"
        r"|(?:setUp|tearDown|suite(?:SetUp|TearDown)|LLVMFuzzerTestOneInput)$"
    ),
    ("javascript", "typescript", "tsx", "jsx", "vue"): r"ng(?:On|Do|After)[A-Z]",
}
"""How such names begin, as a regular expression, by languages."""
FOUND_NAMES: Final[dict[str, frozenset[str]]] = {
    language: frozenset(names.split()) for languages, names in _WORDS.items() for language in languages
}
FOUND_FORMS: Final[dict[str, re.Pattern[str]]] = {
    language: re.compile(form) for languages, form in _FORMS.items() for language in languages
}
SUBTYPE_HOOKS: Final[dict[str, tuple[str, ...]]] = {"python": ("__init_subclass__",), "ruby": ("inherited",)}
"""Members by which a class hears of those that inherit from it."""
SUBTYPE_LISTS: Final[dict[str, tuple[str, ...]]] = {
    "python": ("__subclasses__",),
    "ruby": ("descendants", "each_object", "subclasses"),
    "php": ("get_declared_classes",),
}
"""Names that give the subtypes of a class, in a file that names it."""

SETTINGS_FILES: Final = frozenset(("conf.py", "conftest.py", "gunicorn.conf.py", "gunicorn_conf.py", "settings.py"))
"""Names of files whose variables a tool reads: Sphinx, pytest, Gunicorn, Django."""


def is_setting(path: str, kind: str) -> bool:
    """Whether an outermost symbol of a kind is a variable that a tool reads from a file of this path."""
    return path.rpartition("/")[2] in SETTINGS_FILES and kind in ("constant", "variable")


def is_test_name(name: str, language: str) -> bool:
    """Whether a test runner takes a member of a class for a test, by its name."""
    form = FOUND_FORMS.get(language)
    return form is not None and name.startswith("test") and form.match(name) is not None


def is_found_by_name(name: str, language: str, *, member: bool) -> bool:
    """Whether something may find a symbol by its name alone.

    Args:
        name: its bare name.
        language: its file's.
        member: whether it is a member of a type.
    """
    form = FOUND_FORMS.get(language)
    if form is not None and form.match(name):
        return True
    return name in FOUND_NAMES.get(language, ()) and (member or language in ("python", "starlark"))
