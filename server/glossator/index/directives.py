"""Removes comments that document nothing: directives to tools, editors' modelines, encodings, licence headers.

It works on comments without their marks (`texts.clean_doc`), so it does not need to know the language.
"""

from __future__ import annotations

import re
from typing import Final

_TOOL_NAMES: Final = """
    ameba astyle autopep8 bandit basedpyright biome brakeman brittany buildifier checkov checkstyle clj cmake codeql
    coveralls credo cspell cython deno detekt dialyzer distutils djlint dprint eslint flake8 fourmolu gersemi gitleaks
    golangci hadolint hlint isort istanbul jscs jshint jslint kics ktlint lgtm luacheck markdownlint mypy nolint
    ocamlformat ormolu oxlint phpcs phpstan prettier psalm pycodestyle pydocstyle pyflakes pylint pyre pyrefly pyright
    pytype resharper rubocop ruff rustfmt scalafix scalafmt scalastyle semgrep shellcheck slither solhint sourcery
    spotless sqlfluff standardrb steep stylelint stylua swiftformat swiftlint textlint tflint tfsec trivy tslint
    uncrustify yamllint yapf
"""
_TOOLS: Final = frozenset(_TOOL_NAMES.split())
"""First words of comments that are directives to a linter, formatter, type checker or coverage tool."""
_TO_TOOL: Final = re.compile(
    r"""(?xi) @? \w+
    (?: (?:-[\w-]+)? \s* : \s* (?:\w.*)?
      | -(?:ignore|disable|enable|off|on|skip|format|lint|suppress|fmt|coverage|kondo)\b.*
      | -env\b.* | \s+\w+=.* | \s*\[.* | \s+(?:off|on|enable|disable|ignore|ignored|skip|restore)\b.*
      | \s+[-@/\w]+\s*:.*
    )?"""
)
"""`pylint: disable=x`, `eslint-disable-next-line`, `eslint no-var: "off"`, `codeql[x]`, `istanbul ignore next`."""

_LINES: Final = {
    # Editors, interpreters, encodings.
    "vim vi ex": r"vim?:.*[=:].*|ex:\s*set\s.*",
    "coding encoding fileencoding this": (
        r"(?:this\b.*\bfile\b.*\s)?(?:file)?(?:en)?coding\s*[:=]\s*[\"']?(?:[-\w.]*\d[-\w.]*|(?:us-)?ascii|binary)[\"']?"
    ),
    "kate jedit": r"(?:kate|jedit):.*[;:=].*",
    "region endregion": r"#(?:end)?region\b.*|endregion\b.*",
    # Suppressed findings, whatever the language.
    "nosonar nosemgrep nosec noscan noqa nocheck nolint nolintnextline nolintbegin nolintend": (
        r"\w+\b(?!\s+\w+\s+\w+).*"
    ),
    "noinspection suppress": r"(?:noinspection|@?suppress(?:warnings)?[\s(:])\s*\S.*",
    "formatter": r"@?formatter:\s*(?:on|off)",
    "c8 v8 node": r"(?:[cv]8|node:coverage)\s+(?:ignore|disable|enable)\b.*",
    "clang swift keep spell yaml": (
        r"clang-(?:format|tidy)\b.*|swift-(?:tools-version|format-ignore)\b.*|keep-sorted\s.*|spell-checker:.*|"
        r"yaml-language-server:.*"
    ),
    "standard vale": r"standard-(?:disable|enable)\b.*|vale\s+(?:on|off|[\w.]+\s*=.*)",
    "pragma": r"pragma:?\s+(?:no\s?(?:cover|branch|mutate)|allowlist)\b.*",
    "lint line": r"lint:(?:file-)?ignore\s.*|line\s+[\w./]+:\d+",
    # JavaScript and TypeScript.
    "ts": r"@ts-(?:nocheck|check|ignore|expect-error)\b.*",
    "flow noflow format preserve nocollapse noformat": r"@(?:no)?flow\b.*|@(?:format|preserve|nocollapse|noformat)",
    "jsx jsximportsource jsxruntime jsxfrag": r"@jsx\w*\s+[\w./@-]+",
    "jest vitest vite": r"@(?:jest|vitest)-environment\b.*|@vite-ignore",
    "flowfixme flowissue flowexpectederror": r"\$flow\w+.*",
    "reference amd": r"<(?:reference|amd-module|amd-dependency)\b[^<>]*>",
    "pure inline noinline": r"[#@]__\w+__",
    "sourcemappingurl sourceurl": r"[#@]?\s*source(?:mapping)?url=.*",
    "global globals exported": (
        r"(?:globals|exported)\s+[$\w]+(?:\s*[:,]\s*[$\w]+)*|global\s+[$\w]+(?:\s*[:,]\s*[$\w]+)+"
    ),
    "webpackchunkname webpackprefetch webpackpreload webpackignore webpackmode": r"webpack\w+\s*:.*",
    # Python and Ruby.
    "fmt": r"fmt:\s*(?:on|off|skip)\b.*",
    "type": r"type:\s*ignore\b.*",
    "script": r"///\s*script",
    "frozen warn shareable": r"(?:frozen|warn|shareable)[-_](?:string|indent|past|constant)[-_\w]*\s*:\s*\w+",
    "typed": r"typed:\s*(?:true|false|strict|strong|ignore)",
    "nocov nodoc": r":?no(?:cov|doc):?",
    # C, C++, C#, Go.
    "iwyu": r"iwyu\s+pragma.*",
    "cppcheck": r"cppcheck-suppress.*",
    "lcov gcov gcovr": r"(?:lcov|gcovr?)_excl.*",
    "coverity": r"coverity\[.*",
    "prqa": r"prqa\s.*",
    "go": r"go:\w+.*",
    "build": r"\+build\s.*",
    "export": r"export\s+[A-Z]\w*",
    # Dart, Lua, Perl, PHP, SQL, containers.
    "ignore": r"ignore(?:_for_file:\s*.*|:\s*[a-z]*_\w+(?:,\s*\w+)*)",
    "dart": r"@dart\s*=\s*[\d.]+",
    "diagnostic": r"@diagnostic\s.*",
    "strict nonstrict native optimize": r"!(?:strict|nonstrict|nocheck|native|optimize)\b.*",
    "no use": r"#?\s*(?:no|use)\s+critic\b.*",
    "codingstandardsignore codingstandardsignorefile codingstandardsignorestart codecoverageignore phan": (
        r"@(?:codingstandards|codecoverage|phan)[-\w]*\b.*"
    ),
    "liquibase": r"liquibase\s+formatted\s.*",
    "goose migrate": r"\+(?:goose|migrate)\s.*",
    "syntax escape": r"(?:syntax|escape)=\S+",
}
"""First words of a line -> pattern of the whole line if it is a directive; ignoring case, except for Go's exports."""
_DIRECTIVES: Final = {
    word: re.compile(pattern, 0 if words == "export" else re.IGNORECASE)
    for words, pattern in _LINES.items()
    for word in words.split()
}
_FIRST_WORD: Final = re.compile(r"[\W_]*([A-Za-z]+8?)")
_RULE: Final = re.compile(r"\s*([-=*#~_/+])\1{2,}\s*")
"""A line drawn with punctuation."""
_MODELINE: Final = re.compile(r"\s*-\*-.*?-\*-\s*")

_LICENCE: Final = re.compile(
    r"""(?xi)
      spdx-(?:license|file|snippet)\S*\s*:
    | \bcopyright\s*(?:\(c\)|©|&copy;|[:@,]?\s*\d{4}|\w+\s+\d{4}|by\b|the\b[^.]{,60}\bauthors)
    | (?:\(c\)|©)\s*(?:copyright\b|\d{4}) | ^\s*(?:\(c\)|©)\s+\w | \ball\s+rights\s+reserved\b
    | ^\s*@(?:license|licence|copyright)\b
    | \blicen[sc]ed\s+(?:under|to\s+the\s+apache) | \bpermission\s+is\s+hereby\s+granted\b
    | \bpermission\s+to\s+use,\s+copy\b | \bredistributions?\b.{,60}\b(?:source|binary)\b
    | \bsource\s+code\s+form\s+is\s+subject\b | \bfree\s+software\b.{,60}\bredistribute\b
    | \b(?:is|are)\s+provided\s+(?:by\s+the\s+.{,60})?["'“]*as\s+is\b
    | \bwithout\s+(?:any\s+warranty|warranty\s+of\s+any\s+kind)\b
    | \bunder\s+the\s+terms\s+of\b.{,80}\b(?:licen[sc]e|gpl)\b
    | \b(?:mit|bsd|apache|mozilla|boost|gnu)\b.{,60}\blicen[sc]e\b.{,60}\b(?:see|version|file|found)\b
    | \bgoverned\s+by\s+(?:a|an|the)\b.{,60}\blicen[sc]e\b | \breceived\s+a\s+copy\s+of\s+the\b
    | \bfull\s+(?:copyright|licen[sc]e)\b | \breleased\s+(?:under|into\s+the\s+public\s+domain)\b
    | \bthis\s+file\s+is\s+(?:part|licensed|distributed|released)\b | \babove\s+copyright\s+notice\b
    | \bunless\s+required\s+by\s+applicable\s+law\b | \bhttps?://\S{,80}licen[sc]es?/
    """
)
_LICENCE_PHRASES: Final = (
    *("spdx-", "copyright", "(c)", "©", "rights reserved", "licen", "permission is", "permission to", "redistribut"),
    *("source code form", "free software", "as is", "warranty", "under the terms of", "received a copy"),
    *("released under", "released into", "this file is", "unless required by"),
)
"""Whatever `_LICENCE` matches contains one of these; searching for them takes a tenth of the time."""
_SUSPECT: Final = (
    *("-*-", "copyright", "(c)", "©", "license", "licence", "rights reserved", "redistribut", "warrant", "permission"),
    *("provided", "this file is", "public domain", "spdx"),
)
"""A comment without any of these is not checked for licences and modelines."""
_PARAGRAPHS: Final = re.compile(r"\n(?:[^\w\n]*\n)+")


def without_directives(doc: str, *, heads_file: bool = False) -> str:
    """The part of a comment that documents something: without directives, modelines and licences.

    Args:
        doc: a comment without its marks.
        heads_file: whether it is the first thing in its file; then text above a licence is the file's title.
    """
    lines = doc.split("\n")
    kept = [line for line in lines if not _is_directive(line)]
    while kept and _RULE.fullmatch(kept[-1]):
        kept.pop()
    while kept and _RULE.fullmatch(kept[0]):
        kept.pop(0)
    if len(kept) != len(lines):
        doc = "\n".join(kept).strip()
    lower = doc.lower()
    if not any(mark in lower for mark in _SUSPECT):  # a tenth of the time that one expression takes
        return doc
    doc = _MODELINE.sub("", doc)
    paragraphs = _PARAGRAPHS.split(doc)
    legal = [place for place, paragraph in enumerate(paragraphs) if _is_licence(paragraph)]
    if not legal:
        return doc.strip()
    before = [] if heads_file else paragraphs[: legal[0]]
    return "\n\n".join([*before, *paragraphs[legal[-1] + 1 :]]).strip()


def _is_licence(paragraph: str) -> bool:
    flat = " ".join(paragraph.split())
    lower = flat.lower()
    return any(phrase in lower for phrase in _LICENCE_PHRASES) and _LICENCE.search(flat) is not None


def _is_directive(line: str) -> bool:
    """Whether a line of a comment is a directive to a tool."""
    first = _FIRST_WORD.match(line)
    if first is None:
        return False
    word = first[1].lower()
    pattern = _DIRECTIVES.get(word)
    if pattern is not None and pattern.fullmatch(line.strip()):
        return True
    if word not in _TOOLS:
        return False
    return _TO_TOOL.fullmatch(line.strip()) is not None
