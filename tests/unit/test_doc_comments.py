"""What of the comments above a definition is its documentation, and what speaks to tools or lawyers."""

from __future__ import annotations

import pytest

from glossator.index.directives import without_directives
from glossator.index.parsing import parse
from glossator.index.texts import clean_doc
from tests.unit.parsing_checks import check_entries

DIRECTIVES = """
-*- coding: utf-8 -*-
-*- mode: python; coding: latin-1 -*-
coding: utf-8
encoding: iso-8859-15
vim: set ts=4 sw=4 et:
vim:ft=python
frozen_string_literal: true
typed: strict
eslint-disable
eslint-disable-next-line no-console
eslint no-var: "off"
eslint-env node
tslint:disable:no-any
@ts-nocheck
@ts-ignore it works
@ts-expect-error
@flow strict
@jsxImportSource preact
@jest-environment jsdom
prettier-ignore
biome-ignore lint/a: reason
deno-lint-ignore-file
istanbul ignore next
c8 ignore start
<reference types="node" />
#region Helpers
pylint: disable=invalid-name
type: ignore[attr-defined]
noqa: E501
mypy: ignore-errors
fmt: off
isort: skip_file
pragma: no cover
rubocop:disable Metrics/MethodLength
shellcheck disable=SC2086
nolint:errcheck
go:build linux
+build linux
NOLINTNEXTLINE(google-runtime-int)
clang-format off
IWYU pragma: keep
ReSharper disable once UnusedMember.Global
swiftlint:disable force_cast
swift-tools-version:5.9
noinspection unchecked
@formatter:off
NOSONAR
CHECKSTYLE:OFF
ignore_for_file: avoid_print
phpcs:ignore
@phpstan-ignore-next-line
credo:disable-for-this-file
luacheck: ignore
syntax=docker/dockerfile:1
yaml-language-server: $schema=a.json
stylelint-disable
globals a, b
$FlowFixMe[incompatible-call]
!strict
------------------
""".strip().split("\n")

PROSE = """
node: the node to visit
fmt: the format string
type: what kind it is
global state is kept here
typed: the text that was typed
standard: which one
encoding: the encoding of the text
Checks the copyright notice of a file.
region of interest
format: how it is written
keep: how many
strict mode is the default
pure function
line 5: what is wrong
Prettier output than before.
mypy finds errors here.
ex: how it is done
Permission is checked first.
The license key of the customer.
""".strip().split("\n")


@pytest.mark.parametrize("line", DIRECTIVES)
def test_a_line_to_a_tool_documents_nothing(line: str) -> None:
    assert without_directives(line) == ""
    assert without_directives(f"{line}\nAdds.") == "Adds."


@pytest.mark.parametrize("line", PROSE)
def test_prose_that_looks_like_it_stays(line: str) -> None:
    assert without_directives(line) == line


LICENCES = {
    "apache": "Copyright 2020 The Authors\n\nLicensed under the Apache License, Version 2.0 (the License);\n"
    "you may not use this file except in compliance with it.\n\nhttp://www.apache.org/licenses/LICENSE-2.0\n\n"
    "Unless required by applicable law or agreed to in writing, software is distributed",
    "mit": "Copyright (c) 2020 A. Author\n\nPermission is hereby granted, free of charge, to any person\n\n"
    "The above copyright notice shall be included.\n\nTHE SOFTWARE IS PROVIDED AS IS, WITHOUT WARRANTY OF ANY KIND",
    "gpl": "store.c - keeps things\n\nCopyright (C) 2001 A. Author\n\nThis program is free software; you can\n"
    "redistribute it and/or modify it\n\nYou should have received a copy of the GNU General Public License",
    "spdx": "SPDX-License-Identifier: MIT",
    "symfony": "This file is part of the Symfony package.\n\n(c) A. Author <a@example.com>\n\nFor the full copyright"
    " and license information, please view the LICENSE file.",
    "xcode": "Store.swift\nShop\n\nCreated by A. Author on 1/2/20.\nCopyright © 2020 A. All rights reserved.",
}
MARKS = {
    "a.py": ("# {}", "def add(a, b):\n    return a + b\n"),
    "a.c": ("// {}", "int add(int a, int b) {\n    return a + b;\n}\n"),
    "a.java": (" * {}", "class Add {\n    int sum;\n}\n"),
    "a.rb": ("# {}", "class Add\n  def sum\n  end\nend\n"),
    "a.js": (" * {}", "export function add(a, b) {\n  return a + b;\n}\n"),
    "a.lua": ("-- {}", "function add(a, b)\n  return a + b\nend\n"),
}


@pytest.mark.parametrize("path", MARKS)
@pytest.mark.parametrize("licence", LICENCES)
def test_a_licence_is_no_documentation(licence: str, path: str) -> None:
    mark, code = MARKS[path]
    for doc in ("", "Adds."):
        words = [*LICENCES[licence].split("\n"), *(["", doc] if doc else [])]
        comment = "\n".join(mark.format(line).rstrip() for line in words) + "\n"
        text = (f"/*\n{comment} */\n" if mark.startswith(" *") else comment) + code
        parsed = parse(path, text)
        check_entries(text, parsed)
        entry = next(entry for entry in parsed.entries if entry.kind != "block")
        assert entry.doc == doc
        if not doc:
            assert entry.start_line == text.count("\n") - code.count("\n") + 1


HEADED = {
    "a.py": "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\ndef add(a, b):\n    return a + b\n",
    "a.rb": "#!/usr/bin/env ruby\n# frozen_string_literal: true\nclass Add\n  def sum\n  end\nend\n",
    "a.js": "#!/usr/bin/env node\n/* eslint-disable */\n// @ts-check\nfunction add(a, b) {\n  return a + b;\n}\n",
    "a.ts": "#!/usr/bin/env -S deno run\n// @ts-nocheck\nexport function add(a, b) {\n  return a + b;\n}\n",
    "a.sh": "#!/bin/sh\n# shellcheck disable=SC2086\nadd() {\n  echo $1\n}\n",
    "a.pl": "#!/usr/bin/perl\nsub add {\n  return 1;\n}\n",
    "a.lua": "#!/usr/bin/env lua\n-- luacheck: ignore\nfunction add(a, b)\n  return a + b\nend\n",
    "a.php": "#!/usr/bin/env php\n<?php\n// phpcs:disable\nfunction add($a) {\n  return $a;\n}\n",
    "a.jl": "#!/usr/bin/env julia\nfunction add(a)\n  a\nend\n",
    "a.R": "#!/usr/bin/env Rscript\nadd <- function(a) {\n  a\n}\n",
    "a.clj": "#!/usr/bin/env bb\n(defn add [a]\n  a)\n",
    "a.ps1": "#!/usr/bin/env pwsh\nfunction add {\n  1\n}\n",
    "a.scala": "#!/usr/bin/env scala\nobject Add {\n  def sum = 1\n}\n",
    "a.swift": "// swift-tools-version:5.9\nfunc add() -> Int {\n  1\n}\n",
    "Makefile": "#!/usr/bin/make -f\nadd:\n\techo\n",
    "a.c": "/* -*- mode: c -*- */\n/* vim: set ts=4: */\nint add(int a) {\n  return a;\n}\n",
    "a.tf": '# tflint-ignore: a\nresource "a" "b" {\n  c = 1\n}\n',
}


@pytest.mark.parametrize("path", HEADED)
def test_what_heads_a_file_belongs_to_no_definition(path: str) -> None:
    text = HEADED[path]
    parsed = parse(path, text)
    check_entries(text, parsed)
    definition = next(entry for entry in parsed.entries if entry.kind != "block")
    assert definition.doc == ""
    assert definition.start_line == definition.name_line


@pytest.mark.parametrize(
    ("path", "text", "doc"),
    [
        ("a.py", "#!/usr/bin/env python3\n# Adds.\ndef add(a):\n    return a\n", "Adds."),
        ("a.py", "import os\n\n\n# pylint: disable=x\n# Adds.\n# noqa\ndef add(a):\n    return a\n", "Adds."),
        ("a.py", '# coding: utf-8\n"""Adds."""\nTOTAL = 1\n', "Adds."),
        ("a.go", "package a\n\n// Add adds.\n//\n//go:noinline\nfunc Add() int {\n\treturn 1\n}\n", "Add adds."),
        ("a.ts", "/* eslint-disable */\n/** Adds. */\nfunction add() {\n  return 1;\n}\n", "Adds."),
        ("a.java", "class A {\n  //noinspection unchecked\n  /** Adds. */\n  int add() {\n    x();\n  }\n}\n", "Adds."),
        ("a.rs", "// Copyright 2020 A\n\n/// Adds.\n#[inline]\nfn add() -> i32 {\n    1\n}\n", "Adds."),
    ],
)
def test_documentation_among_directives_is_kept(path: str, text: str, doc: str) -> None:
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert doc in [entry.doc for entry in parsed.entries]
    assert {entry.doc for entry in parsed.entries} <= {"", doc}


def test_an_opening_tag_is_no_part_of_a_signature() -> None:
    assert parse("a.php", "<?php function add($a) {\n  return $a;\n}\n").entries[0].signature == "function add($a)"


def test_a_buffer_with_a_pointer_has_no_symbols() -> None:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12\n"
    for path in ("a.css", "a.yaml", "a.py", "a.md", "a.json"):
        assert [entry.kind for entry in parse(path, text).entries] == ["block"]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("/* one */", "one"),
        ("/** one\n * two\n   */", "one\ntwo"),
        ("/*" + "*" * 300 + "\n * one\n " + "*" * 300 + "/", "one"),
        ("--[" + "=" * 300 + "[ one\n two ]" + "=" * 300 + "]", "one\ntwo"),
        ("/* one */ two */", "one */ two"),
        ("/* /etc/hosts", "/etc/hosts"),
        ("# one\n#   two #", "one\n  two #"),
        ("<!-- one\n--two -->", "one\ntwo"),
        ("{- | one\n-- two -}", "one\ntwo"),
        ("=begin\none\n=end", "one"),
        ('/// <summary>one <see cref="X" /></summary>\n/// two', "one X\ntwo"),
        ("// a / b)", "a / b)"),
        ("/**/", "/"),
        ('r"""One \\s.\n    Two, and then it was cut o', "One \\s.\nTwo, and then it was cut o"),
    ],
)
def test_marks_of_comments_are_removed(comment: str, expected: str) -> None:
    assert clean_doc(comment) == expected
