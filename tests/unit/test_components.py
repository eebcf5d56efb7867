"""Vue, Svelte and Astro components: their scripts' definitions, and what their markup uses."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.errors import GlossatorError
from glossator.index.components import read_component
from glossator.index.parse_worker import Batch, FileTask
from glossator.index.parsing import parse
from glossator.index.pool import WorkerPool
from glossator.settings import Settings
from tests.unit.parsing_checks import check_entries, table
from tests.unit.retrieval_samples import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.index.pool import Delivery

USES = [
    # Vue
    ("vue", '<template><b @click="save"/></template>', {"save"}),
    ("vue", '<template><b v-on:click.once="save(1)"/></template>', {"save"}),
    ("vue", '<template><b @click="n++; save()" @x="() => $emit(\'y\', total)"/></template>', {"n", "save", "total"}),
    (
        "vue",
        '<template><b :title="label" v-bind:a="other" v-if="shown" v-else-if="also"/></template>',
        {
            "label",
            "other",
            "shown",
            "also",
        },
    ),
    ("vue", "<template>{{ user.name }} {{ format(user.born) | short }}</template>", {"user", "format", "short"}),
    (
        "vue",
        '<template><li v-for="(item, i) in items" :key="item.id">{{ show(item, i) }}</li></template>',
        {
            "items",
            "show",
        },
    ),
    ("vue", '<template><li v-for="{ id, name } of rows">{{ id }}{{ name }}</li></template>', {"rows"}),
    (
        "vue",
        '<template><X v-slot="{ row }"><template #cell="{ a: b }">{{ row }}{{ b }}</template></X></template>',
        {
            "X",
            "x",
        },
    ),
    ("vue", "<template><user-card/><UserCard/></template>", {"user-card", "UserCard"}),
    (
        "vue",
        '<template><b v-model.trim="query" v-focus :class="{ on: active, [dyn]: x }"/></template>',
        {
            "query",
            "vFocus",
            "active",
            "dyn",
            "x",
        },
    ),
    ("vue", "<template><b ref='box' :same-name @click=go /></template>", {"box", "sameName", "go"}),
    ("vue", '<template><!-- <Old @click="gone"/> {{ gone }} --><p title="{{ text }}">words</p></template>', set()),
    ("vue", '<template><b :a="`x ${y} z`" :b="\'text\'" :c="a ? \'b\' : c" /></template>', {"y", "a", "c"}),
    (
        "vue",
        '<template lang="pug">\nUserCard(@click="save" :a="b")\n  p {{ total }}\n</template>',
        {
            "UserCard",
            "user-card",
            "save",
            "b",
            "total",
        },
    ),
    ("vue", '<docs>\n# {{ Title }} <Foo @click="a"/>\n</docs>\n<template><B/></template>', {"B", "b"}),
    # Svelte
    ("svelte", "<b on:click={save} on:x|once={() => go(1)}/>", {"save", "go"}),
    (
        "svelte",
        "<b bind:value={name} bind:open class:on class:off={no} style:color/>",
        {
            "name",
            "open",
            "on",
            "no",
            "color",
        },
    ),
    (
        "svelte",
        "<b use:tip={{ text: hint }} transition:fade|local in:fly={{ y }} out:a.slide animate:flip/>",
        {
            "tip",
            "hint",
            "fade",
            "fly",
            "y",
            "slide",
            "flip",
        },
    ),
    ("svelte", '<b {id} {...rest} title="a {word} b" {@attach plug}/>', {"id", "rest", "word", "plug"}),
    ("svelte", "{#if a > limit}x{:else if other}y{/if}", {"a", "limit", "other"}),
    ("svelte", "{#each items as { id, name }, i (keyOf(id))}{name}{i}{show(id)}{/each}", {"items", "keyOf", "show"}),
    ("svelte", "{#each rows as row}{row.x}{:else}{none}{/each}", {"rows", "none"}),
    ("svelte", "{#await load() then value}{value}{:catch error}{report(error)}{/await}", {"load", "report"}),
    ("svelte", "{#snippet cell(a, b)}{a}{b}{/snippet}{@render cell(one, two)}{@html raw}", {"one", "two", "raw"}),
    ("svelte", "{#each xs as x}{@const area = size(x)}{area}{/each}", {"xs", "size"}),
    ("svelte", "<List let:item><Row {item} n={$count}/></List>", {"List", "Row", "count"}),
    ("svelte", "<svelte:window onkeydown={(e) => press(e)}/>{`a ${b}`}{'}'}{c}", {"press", "b", "c"}),
    # Astro
    (
        "astro",
        "---\nconst a = 1;\n---\n<Layout title={a} {...rest} {b}><h1>It's {c}</h1></Layout>",
        {
            "Layout",
            "a",
            "rest",
            "b",
            "c",
        },
    ),
    (
        "astro",
        "{posts.map((post) => <Card href={post.url}>don't {format(post.at)}</Card>)}{after}",
        {
            "posts",
            "map",
            "Card",
            "format",
            "after",
        },
    ),
    (
        "astro",
        "{on ? <A/> : <B>text</B>}{a < b && 'c'}{x && (<><br><C.D/></>)}",
        {"on", "A", "B", "a", "b", "x", "C", "D"},
    ),
    (
        "astro",
        "<style define:vars={{ color }}>.a { b: c }</style><p set:html={raw} class:list={[one, { two }]}/>",
        {
            "color",
            "raw",
            "one",
            "two",
        },
    ),
    ("astro", "{/* <No/> */}<!-- {no} --><p title=`a ${b}`>text</p>", {"b"}),
]


@pytest.mark.parametrize(("language", "text", "names"), USES)
def test_what_markup_uses(language: str, text: str, names: set[str]) -> None:
    parsed = parse(f"The.{language}", text)
    check_entries(text, parsed)
    assert [(entry.kind, entry.name) for entry in parsed.entries if entry.kind == "component"] == [("component", "The")]
    assert set(parsed.entries[0].references) == names
    component = read_component(language, text.encode())
    for at, name in component.references:
        written = text.encode()[at : at + len(name) + 4].decode()
        assert name[:2].lower().strip("v") in written.lower()


NAMES = [
    ("ui/UserCard.vue", "<template/>", "UserCard", 1),
    ("Button/index.vue", "<template/>", "Button", 1),
    ("pages/index.astro", "<p/>", "index", 1),
    ("a\\b\\Old.svelte", "<p/>", "Old", 1),
    ("a.vue", "<script>\nexport default {\n  name: 'UserCard',\n}\n</script>", "UserCard", 3),
    (
        "a.vue",
        "<script>\nexport default defineComponent({ props: { name: 'no' }, name: \"UserCard\" })\n</script>",
        "UserCard",
        2,
    ),
    (
        "a.vue",
        "<script setup>\ndefineOptions({\n  inheritAttrs: false,\n  name: 'UserCard' })\n</script>",
        "UserCard",
        4,
    ),
    ("a.vue", "<script>\nexport default {\n  data() { return { name: 'no' } },\n}\n</script>", "a", 1),
    ("a.vue", "<script>\nexport default Vue.extend({ name: 'UserCard' })\n</script>", "UserCard", 2),
]


@pytest.mark.parametrize(("path", "text", "name", "line"), NAMES)
def test_the_name_of_a_component(path: str, text: str, name: str, line: int) -> None:
    entry = parse(path, text).entries[0]
    assert (entry.kind, entry.name, entry.qualified_name, entry.name_line) == ("component", name, name, line)


def test_scripts_are_read_wherever_they_are_no_text() -> None:
    text = """<!-- <script>function hidden() {}</script> -->
<script lang="ts" data-a="</script>" generic="T extends object">
export const LIMIT = 5;
</script>
<script setup lang='ts'>
function save<T>(a: T) { return <T>a; }
</script>
<script type="application/ld+json">{"no": function () {}}</script>
<template><p title="<script>function text() {}</script>">a</p></template>
<SCRIPT>function loud() {
}</SCRIPT>
<style>p::before { content: "<script>function styled() {}</script>" }</style>
"""
    parsed = parse("a.vue", text)
    check_entries(text, parsed)
    assert table(parsed) == [
        ("component", "a", 1, 12),
        ("constant", "LIMIT", 3, 3),
        ("function", "save", 6, 6),
        ("function", "loud", 10, 11),
    ]
    assert not parsed.has_errors
    assert [entry.signature for entry in parsed.entries if entry.name == "loud"] == ["function loud()"]


def test_a_component_in_tsx_and_an_astro_frontmatter() -> None:
    text = '<script lang="tsx">\nexport const Row = (p: P) => <li>{p.a}</li>;\n</script>\n'
    assert table(parse("a.vue", text)) == [("component", "a", 1, 3), ("function", "Row", 2, 2)]
    text = (
        "\n---\n// Loads.\nasync function load() {\n  return get();\n}\nif (x) return a;\n---\n<p>{load()}</p>\n---\n"
    )
    parsed = parse("a.astro", text)
    check_entries(text, parsed)
    assert table(parsed) == [("component", "a", 2, 10), ("function", "load", 3, 6)]
    assert "load" in parsed.entries[0].references
    assert parse("b.astro", "<p>no frontmatter {a}</p>\n").entries[0].references == ("a",)


def test_the_documentation_of_a_component() -> None:
    assert parse("a.vue", "<!-- Shows a user. -->\n<template/>\n").entries[0].doc == "Shows a user."
    assert parse("a.svelte", "<p/>\n<!--\n@component\nShows a user.\n-->\n").entries[0].doc == "Shows a user."
    assert parse("a.vue", "<!-- <script>old();</script> -->\n<template/>\n").entries[0].doc == ""
    assert parse("a.vue", "<!-- eslint-disable -->\n<template/>\n").entries[0].doc == ""


def test_uses_in_markup_count(tmp_path: Path) -> None:
    files = {
        "ui/UserCard.vue": "<script setup>\nfunction save() {\n  send();\n}\n</script>\n"
        '<template><b @click="save"/></template>\n',
        "App.vue": "<script setup>\nimport UserCard from './ui/UserCard.vue'\n</script>\n"
        "<template><user-card/></template>\n",
        "pages/a.astro": "---\nimport Note from './Note.svelte';\n---\n<Note client:load/>\n",
        "pages/Note.svelte": "<script>\n  function press() {\n    go();\n  }\n</script>\n<b on:click={press}/>\n",
    }
    project = make_project(tmp_path, files)
    with project.store:
        snapshot = project.view().snapshot
        assert snapshot is not None
        for name, user in {"save": "UserCard", "UserCard": "App", "Note": "a", "press": "Note"}.items():
            relations = snapshot.relations(snapshot.named(name)[0])
            assert [entry.name for entry in relations.callers or relations.likely_callers] == [user], name


@pytest.mark.parametrize(
    "unit",
    [
        "<script>",
        "<script>let a;",
        "<!--",
        '<script a="',
        "<template>",
        "{{",
        "{#each ",
        "<a b={`${",
        "<style>",
        "{(<A>",
    ],
)
def test_unclosed_marks_are_read_within_the_time_limit(unit: str, tmp_path: Path) -> None:
    paths = ["a.vue", "a.svelte", "a.astro"]
    for path in paths:
        (tmp_path / path).write_text(f"{unit}\n" * 30_000)
    deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
    outcomes: dict[str, str] = {}
    with WorkerPool(Settings(index_dir=tmp_path / "index", workers=1)) as pool:
        pool.submit(Batch(str(tmp_path), 1 << 26, tuple(map(FileTask, paths))), deliveries.put)
        while len(outcomes) < len(paths):
            delivery = deliveries.get(timeout=300)
            assert not isinstance(delivery, GlossatorError), delivery
            outcomes.update((result.path, result.reason or result.outcome) for result in delivery)
    assert outcomes == dict.fromkeys(paths, "indexed")


PIECES = """< > { } ` " ' / a = ( ) [ ] \\ ${ {{ }} --> <!-- @click=" as => in {#each {@const {: let:x é --- ; // /* */
<script> </script> <template> </template> v-for=" <Card <b/>"""


@given(st.lists(st.sampled_from(PIECES.split()), max_size=60), st.sampled_from(["vue", "svelte", "astro"]))
def test_any_text_is_read(pieces: list[str], language: str) -> None:
    text = " ".join(pieces)
    check_entries(text, parse(f"a.{language}", text))
