"""Names in JavaScript, TypeScript and components: which definition each mention means, in small trees."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample


def test_imports_lead_to_files_with_and_without_extensions_and_to_index_files() -> None:
    sample = Sample(
        {
            "src/util/index.ts": "export function trim(s: string) { return s }\nexport const LIMIT = 3\n",
            "src/log.js": "export const log = (x) => x\nexport default function report() {}\n",
            "src/app.ts": """
                import { trim as cut, LIMIT } from './util'
                import { log } from './log.js'
                import send from './log'
                import * as util from './util/index'
                cut('a')
                log(LIMIT)
                send()
                util.trim('b')
                """,
        }
    )
    assert sample.at("src/app.ts", "cut('a')", "cut") == "src/util/index.ts:trim"
    assert sample.at("src/app.ts", "log(LIMIT)", "log") == "src/log.js:log"
    assert sample.at("src/app.ts", "log(LIMIT)", "LIMIT") == "src/util/index.ts:LIMIT"
    assert sample.at("src/app.ts", "send()", "send") == "src/log.js:report"
    assert sample.at("src/app.ts", "util.trim('b')", "trim") == "src/util/index.ts:trim"
    assert sample.uses("trim") == ["src/app.ts: cut('a')", "src/app.ts: util.trim('b')"]
    assert sample.uses("report") == ["src/app.ts: send()"]


def test_typescript_files_are_imported_under_the_extension_of_what_is_made_of_them() -> None:
    sample = Sample({"a.mts": "export class A {}\n", "b.mts": "import { A } from './a.mjs'\nnew A()\n"})
    assert sample.at("b.mts", "new A()", "A") == "a.mts:A"


def test_re_exports_and_barrels_are_followed() -> None:
    sample = Sample(
        {
            "lib/shapes/circle.ts": "export class Circle { area() { return 1 } }\n",
            "lib/shapes/square.ts": "export default class Square { side() { return 1 } }\n",
            "lib/shapes/index.ts": """
                export * from './circle'
                export { default as Square, default as Box } from './square'
                export * as round from './circle'
                """,
            "lib/main.ts": """
                import { Circle, Square, Box, round } from './shapes'
                new Circle().area()
                new Square().side()
                new Box().side()
                new round.Circle().area()
                """,
        }
    )
    assert sample.at("lib/main.ts", "new Circle().area()", "Circle") == "lib/shapes/circle.ts:Circle"
    assert len(sample.uses("Circle.area")) == 2
    assert len(sample.uses("Square.side")) == 2
    assert "lib/main.ts: new Box().side()" in sample.uses("Square")


def test_commonjs_modules() -> None:
    sample = Sample(
        {
            "lib/queue.js": """
                function Queue(size) { this.size = size }
                Queue.prototype.push = function push(item) { return this.full() }
                Queue.prototype.full = function () { return this.size > 3 }
                Queue.create = function () { return new Queue(1) }
                module.exports = Queue
                """,
            "lib/text.js": """
                function pad(s) { return s }
                exports.pad = pad
                exports.wrap = function wrap(s) { return exports.pad(s) }
                """,
            "lib/all.js": """
                const inner = () => 1
                module.exports = { inner, outer: inner, run() { return inner() } }
                """,
            "main.js": """
                var Queue = require('./lib/queue'), text = require('./lib/text.js')
                const { pad, wrap: fold } = require('./lib/text')
                const all = require('./lib/all')
                const only = require('./lib/all').outer
                var q = new Queue(2)
                q.push(1)
                Queue.create().full()
                text.wrap('x')
                fold(pad('y'))
                all.run()
                all.outer()
                only()
                """,
        }
    )
    assert sample.at("main.js", "var q = new Queue(2)", "Queue") == "lib/queue.js:Queue"
    assert sample.at("main.js", "q.push(1)", "push") == "lib/queue.js:Queue.push"
    assert sample.at("main.js", "Queue.create().full()", "create") == "lib/queue.js:Queue.create"
    assert sample.at("main.js", "Queue.create().full()", "full") == "lib/queue.js:Queue.full"
    assert "lib/queue.js: Queue.prototype.push = function push(item) { return this.full() }" in sample.uses(
        "Queue.full"
    )
    assert sample.at("main.js", "text.wrap('x')", "wrap") == "lib/text.js:wrap"
    assert sample.at("main.js", "fold(pad('y'))", "fold") == "lib/text.js:wrap"
    assert sample.at("main.js", "fold(pad('y'))", "pad") == "lib/text.js:pad"
    assert sample.at("main.js", "all.run()", "run") == "lib/all.js:exports.run"
    assert sample.at("main.js", "all.outer()", "outer") == "lib/all.js:inner"
    assert sample.at("main.js", "only()", "only") == "lib/all.js:inner"


@pytest.mark.parametrize("inside", [False, True], ids=["file", "function"])
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("const { kOne, kTwo: two } = require('./keys')", ["keys.js:keys.kOne", "keys.js:keys.kTwo"]),
        ("const { pad, wrap: fold } = require('./text')", ["text.js:pad", "text.js:wrap"]),
        ("const { pad: wrap } = require('./text')", ["text.js:pad"]),
        ("const { pad, wrap: fold } = await import('./text.js')", ["text.js:pad", "text.js:wrap"]),
        ("const pad = require('./text').pad", ["text.js:pad"]),
    ],
)
def test_what_a_pattern_takes_out_of_a_module_is_imported(written: str, meant: list[str], inside: bool) -> None:
    sample = Sample(
        {
            "keys.js": "const keys = { kOne: Symbol('one'), kTwo: Symbol('two') }\nmodule.exports = keys\n",
            "text.js": "function pad() {}\nfunction wrap() {}\nmodule.exports = { pad, wrap }\n",
            "use.js": f"async function run(pad) {{\n  {written}\n}}\n" if inside else f"{written}\n",
        }
    )
    for target in meant:
        name = target.replace(".", ":").rpartition(":")[2]
        assert sample.at("use.js", written, name) == target
        assert (name, "import", 2 if inside else 1) in sample.all_mentions("use.js")


@pytest.mark.parametrize(
    ("written", "grade"),
    [
        ("const { pad: wrap } = require('elsewhere')", "excluded"),
        ("const { pad } = require(name)", "possible"),
        ("const { pad: [first] } = require('./text')", "possible"),
    ],
)
def test_what_is_taken_out_of_another_module_is_no_import_of_this_one(written: str, grade: str) -> None:
    sample = Sample({"text.js": "exports.pad = function pad() {}\n", "use.js": f"{written}\n"})
    assert sample.at("use.js", written, "pad") == grade


def test_a_member_of_what_a_module_has_is_no_import() -> None:
    sample = Sample(
        {
            "limits.js": "const constants = { LARGEST: 3 }\nmodule.exports = { constants }\n",
            "use.js": "const { LARGEST } = require('./limits').constants\n",
        }
    )
    assert sample.at("use.js", sample.texts["use.js"].strip(), "constants") == "limits.js:constants"
    assert sample.at("use.js", sample.texts["use.js"].strip(), "LARGEST") == "limits.js:constants.LARGEST"


def test_packages_of_a_workspace_and_paths_of_a_configuration() -> None:
    sample = Sample(
        {
            "packages/core/package.json": '{"name": "@acme/core", "exports": {".": {"import": "./dist/main.js"},'
            ' "./extra": "./src/more.ts"}}',
            "packages/core/src/main.ts": "export function start() {}\n",
            "packages/core/src/more.ts": "export function extra() {}\n",
            "apps/web/tsconfig.json": """
                {
                  // where modules are
                  "compilerOptions": { "baseUrl": ".", "paths": {
                    "~ui/*": ["./ui/src/*"], "config": ["conf/all.ts"], } }
                }
                """,
            "apps/web/ui/src/button.ts": "export class Button { press() {} }\n",
            "apps/web/conf/all.ts": "export const settings = 1\n",
            "apps/web/lib/based.ts": "export const based = 1\n",
            "apps/web/src/page.ts": """
                import { start } from '@acme/core'
                import { extra } from '@acme/core/extra'
                import { Button } from '~ui/button'
                import { settings } from 'config'
                import { based } from 'lib/based'
                import { render } from 'react-dom'
                start(); extra()
                new Button().press()
                render(settings, based)
                """,
            "apps/web/src/other.ts": "export function render() {}\n",
        }
    )
    line = "start(); extra()"
    assert sample.at("apps/web/src/page.ts", line, "start") == "packages/core/src/main.ts:start"
    assert sample.at("apps/web/src/page.ts", line, "extra") == "packages/core/src/more.ts:extra"
    assert (
        sample.at("apps/web/src/page.ts", "new Button().press()", "press") == "apps/web/ui/src/button.ts:Button.press"
    )
    line = "render(settings, based)"
    assert sample.at("apps/web/src/page.ts", line, "settings") == "apps/web/conf/all.ts:settings"
    assert sample.at("apps/web/src/page.ts", line, "based") == "apps/web/lib/based.ts:based"
    assert sample.at("apps/web/src/page.ts", line, "render") == "excluded"


def test_parameters_blocks_and_closures_shadow() -> None:
    sample = Sample(
        {
            "a.js": """
                import path from 'path'
                import { helper } from './b'
                function plain(helper) { return helper(1) }
                function block(x) { if (x) { const helper = x; helper(2) } return helper(3) }
                const caught = () => { try { } catch (helper) { helper(4) } }
                function hoisted(y) { if (y) { var helper = y } return helper(5) }
                const inner = () => { function helper() {} return helper(6) }
                for (const helper of []) { helper(7) }
                items.map(({ helper }) => helper(8))
                function named() { const { helper: other } = x; return other(helper(9)) }
                """,
            "b.js": "export function helper() {}\n",
        }
    )
    uses = [use.rpartition("helper(")[2][0] for use in sample.uses("helper", "b.js")]
    assert uses == ["3", "9"]
    assert sample.at("a.js", "const inner = () => { function helper() {} return helper(6) }", "helper") == (
        "a.js:inner.helper"
    )


def test_members_through_this_super_and_the_hierarchy() -> None:
    sample = Sample(
        {
            "base.ts": """
                export abstract class Base {
                  protected name = 'x'
                  #secret() { return 1 }
                  open() { return this.#secret() }
                  abstract close(): void
                  static make() { return 1 }
                  get size() { return 2 }
                }
                """,
            "derived.ts": """
                import { Base } from './base'
                export class Derived extends Base {
                  constructor(private readonly store: Store, other = new Helper()) { super(); other.help() }
                  close() { super.open(); this.open() }
                  run() { return this.store.load(this.name, this.size) }
                  later() { setTimeout(() => this.open()); [1].map(function () { return this.open() }) }
                }
                class Helper { help() { Derived.make() } }
                export interface Store { load(a: string, b: number): Derived }
                """,
        }
    )
    assert sample.uses("Base.open") == [
        "derived.ts: close() { super.open(); this.open() }",
        "derived.ts: close() { super.open(); this.open() }",
        "derived.ts: later() { setTimeout(() => this.open()); [1].map(function () { return this.open() }) }",
    ]
    assert len(sample.uses("Base.open", grade="possible")) == 1
    assert sample.uses("Base.#secret") == ["base.ts: open() { return this.#secret() }"]
    assert sample.uses("Helper.help") == [
        "derived.ts: constructor(private readonly store: Store, other = new Helper()) { super(); other.help() }"
    ]
    line = "run() { return this.store.load(this.name, this.size) }"
    assert sample.at("derived.ts", line, "load") == "derived.ts:Store.load"
    assert sample.at("derived.ts", line, "store") == "derived.ts:Derived.store"
    assert sample.at("derived.ts", line, "size") == "base.ts:Base.size"
    assert sample.at("derived.ts", "class Helper { help() { Derived.make() } }", "make") == "base.ts:Base.make"
    assert sample.kinds("Base.close") == ["override"]


@pytest.mark.parametrize(
    "line",
    [
        "const a = (s: Session) => s.get()",
        "function b(s?: Session | null) { s?.get() }",
        "function c(all: Session[]) { for (const s of all) s.get(); all[0].get() }",
        "function d(all: Array<Session>) { all.forEach(s => s.get()); all.find(Boolean)!.get() }",
        "async function e() { const s = await open(); s.get() }",
        "function f() { open().then(s => s.get()) }",
        "function g({ session }: Options) { session.get() }",
        "function h(o: Options) { const { session: s } = o; s.get() }",
        "function i(x: unknown) { (x as Session).get() }",
        "function j() { let s; s = new Session(); s.get() }",
        "function k(all: Map<string, Session>) { all.get('x').get() }",
        "function l(s: Partial<Session>) { s.get() }",
        "function m(flag: boolean) { const s = flag ? new Session() : make(); s.get() }",
        "function n(o: Options) { return o.session.get() }",
        "const o: Session = make(); o.get()",
        "options().then(({ session }) => session.get())",
        "function y(all: Options[]) { all.map(({ session }) => session.get()) }",
        "class P { private s = new Session(); q() { this.s.get() } }",
        "class Q extends Session { r() { this.get() } }",
        "function t(x: Handle) { x.get() }",
        "const u = new Session(); function v() { u.get() }",
        "function w() { holder.session.get() }",
    ],
)
def test_receivers_of_known_types(line: str) -> None:
    sample = Sample(
        {
            "session.ts": """
                export class Session { get(): string { return '' } }
                export interface Options { session: Session; timeout: number }
                export async function open(): Promise<Session> { return new Session() }
                export const make = () => new Session()
                export type Handle = Session
                export async function options(): Promise<Options> { return { session: make(), timeout: 1 } }
                export const holder = { session: new Session(), limit: 3 }
                """,
            "use.ts": "import { Session, Options, open, options, make, Handle, holder } from './session'\n"
            + line
            + "\n",
        }
    )
    found = [use for use in sample.resolver.uses(sample.definition("Session.get")).uses if use.kind == "call"]
    assert found
    assert all(use.grade == "resolved" for use in found)


@pytest.mark.parametrize(
    "line",
    ["new Map().get('a')", "'text'.get()", "import('x'); console.get()", "[].get()", "new URL(x).get()"],
)
def test_values_of_the_language_are_no_uses(line: str) -> None:
    sample = Sample({"a.js": "export class Session { get() {} }\n", "b.js": f"import './a'\n{line}\n"})
    assert sample.uses("Session.get") == []
    assert sample.uses("Session.get", grade="possible") == []


def test_unknown_receivers_stay_possible() -> None:
    sample = Sample({"a.js": "export class Session { get() {} }\n", "b.js": "export const f = (x) => x.get()\n"})
    assert sample.uses("Session.get", grade="possible") == ["b.js: export const f = (x) => x.get()"]


def test_a_type_and_a_value_of_one_name_are_told_apart() -> None:
    sample = Sample(
        {
            "user.ts": "export const User = make()\nexport type User = { id: number }\n",
            "main.ts": "import { User } from './user'\nconst check = (u: User) => u.id\nUser.parse(1)\n",
        }
    )
    facts = sample.facts("user.ts")
    assert facts is not None
    value, kind = sorted(sample.resolver.definitions("User"), key=lambda one: one.symbol.line)
    assert [use.line for use in sample.resolver.uses(value).resolved if use.kind != "import"] == [3]
    assert [use.line for use in sample.resolver.uses(kind).resolved if use.kind != "import"] == [2]


def test_functions_that_are_handed_over_and_members_of_objects() -> None:
    sample = Sample(
        {
            "api.ts": """
                export const api = { load(x: number) { return this.send(x) }, send: (x: number) => x, retries: 3 }
                export enum Mode { On, Off = 2 }
                export namespace Tools { export function fix() {} export function all() { fix() } }
                """,
            "use.ts": """
                import { api, Mode, Tools } from './api'
                register('x', api.load, [Mode.On])
                const table = { send: api.send }
                Tools.fix(api.retries)
                """,
        }
    )
    assert sample.kinds("api.load") == ["value"]
    assert len(sample.uses("api.send")) == 2
    assert sample.uses("api.retries") == ["use.ts: Tools.fix(api.retries)"]
    assert sample.uses("Mode.On") == ["use.ts: register('x', api.load, [Mode.On])"]
    assert len(sample.uses("Tools.fix")) == 2


def test_jsx_tags_handlers_and_decorators() -> None:
    sample = Sample(
        {
            "ui.tsx": "export const Button = (p: Props) => <b>{p.children}</b>\nexport const ui = { Card() {} }\n",
            "page.tsx": """
                import { Button, ui } from './ui'
                import { logged } from './logged'
                export function Page() {
                  const close = () => 1
                  return <Button onClick={close}><ui.Card/></Button>
                }
                @logged() class Model { @logged name = 1 }
                """,
            "logged.ts": "export function logged() {}\n",
        }
    )
    assert sample.kinds("Button") == ["import", "template"]
    assert sample.kinds("ui.Card") == ["template"]
    assert sample.kinds("close") == ["template"]
    assert sample.kinds("logged") == ["import", "decorator", "decorator"]


def test_components_their_scripts_and_their_markup() -> None:
    sample = Sample(
        {
            "components/UserCard.vue": """
                <script setup lang="ts">
                import { format } from '../format'
                const save = () => format('x')
                </script>
                <template><button @click="save">{{ format(name) }}</button></template>
                """,
            "components/Panel.svelte": """
                <script>
                  import { format } from '../format'
                  function toggle() {}
                </script>
                <button on:click={toggle}>{format(1)}</button>
                """,
            "format.ts": "export function format(x: string) { return x }\n",
            "App.vue": """
                <script>
                import UserCard from './components/UserCard.vue'
                export default { components: { UserCard }, methods: { go() { this.stop() }, stop() {} } }
                </script>
                <template><UserCard @done="go"/><user-card/></template>
                """,
            "main.ts": "import Card from './components/UserCard.vue'\nmount(Card)\n",
        }
    )
    assert sample.kinds("format") == ["import", "template", "import", "call", "template"]
    assert sample.kinds("save") == ["template"]
    assert sample.kinds("toggle") == ["template"]
    assert sample.kinds("UserCard") == ["import", "value", "template", "template", "import", "value"]
    assert sample.kinds("go") == ["template"]
    assert sample.kinds("stop") == ["call"]


def test_a_name_in_a_module_is_no_use_of_another_modules_private_function() -> None:
    sample = Sample(
        {
            "a.js": "function parse() {}\nexport const x = parse()\n",
            "b.js": "export const y = parse()\n",
        }
    )
    assert sample.uses("parse") == ["a.js: export const x = parse()"]
    assert sample.uses("parse", grade="possible") == []


def test_scripts_without_modules_share_their_functions_possibly() -> None:
    sample = Sample({"a.js": "function show() {}\n", "b.js": "show()\n"})
    assert sample.uses("show", grade="possible") == ["b.js: show()"]


def test_results_of_functions_inside_others_are_not_the_outer_ones() -> None:
    sample = Sample(
        {
            "a.js": """
                class A { go() {} }
                class B { go() {} }
                function make() { [].map(() => { return new B() }); return new A() }
                make().go()
                """
        }
    )
    assert sample.at("a.js", "make().go()", "go") == "a.js:A.go"


def test_members_of_objects_that_are_functions_of_the_file() -> None:
    sample = Sample(
        {
            "utils.js": "const isText = (x) => x\nfunction pad() {}\nexport default { isText, pad }\n",
            "use.js": "import utils from './utils.js'\nutils.pad(utils.isText(1))\nconst { pad } = utils\npad()\n",
        }
    )
    assert sample.uses("pad", "utils.js") == [
        "use.js: utils.pad(utils.isText(1))",
        "use.js: const { pad } = utils",
        "utils.js: export default { isText, pad }",
    ]
    assert "use.js: utils.pad(utils.isText(1))" in sample.uses("isText")


@pytest.mark.parametrize(
    "line",
    [
        "require('./log').write()",
        "const out = require('./log').write; out()",
        "import('./log').then(log => log.write())",
        "const f = async () => { const log = await import('./log'); log.write() }",
        "const g = async () => { const { write } = await import('./log'); write() }",
        "(await import('./log')).write()",
    ],
)
def test_modules_that_are_loaded_where_they_are_used(line: str) -> None:
    sample = Sample({"log.js": "export function write() {}\n", "use.js": f"export const x = 1\n;{line}\n"})
    assert sample.uses("write")
    assert sample.uses("write", grade="possible") == []


def test_functions_that_inherit() -> None:
    sample = Sample(
        {
            "a.js": """
                var util = require('util')
                function Base() { this.items = [] }
                Base.prototype.add = function (x) { return x }
                function Derived() { Base.call(this) }
                util.inherits(Derived, Base)
                function Other() {}
                Other.prototype = Object.create(Base.prototype)
                new Derived().add(1)
                new Other().add(2)
                """
        }
    )
    assert sample.at("a.js", "new Derived().add(1)", "add") == "a.js:Base.add"
    assert sample.at("a.js", "new Other().add(2)", "add") == "a.js:Base.add"


def test_modules_that_only_a_declaration_knows() -> None:
    sample = Sample(
        {
            "types.d.ts": "declare module 'plain' { export function draw(): void }\n",
            "use.ts": "import { draw } from 'plain'\ndraw()\n",
        }
    )
    assert sample.uses("draw") == ["use.ts: draw()"]


def test_a_component_in_a_wrapper_that_is_the_default_export() -> None:
    sample = Sample(
        {
            "Card.jsx": "function Card() { return 1 }\nexport default connect(state)(Card)\n",
            "Page.jsx": "import Shown from './Card'\nexport const Page = () => <Shown/>\n",
        }
    )
    assert "Page.jsx: export const Page = () => <Shown/>" in sample.uses("Card")


def test_scripts_between_the_fences_of_an_astro_component() -> None:
    sample = Sample(
        {
            "Head.astro": "---\nimport { title } from './site'\nconst name = title()\n---\n<h1>{title(name)}</h1>\n",
            "site.ts": "export function title() { return 'x' }\n",
        }
    )
    assert sample.kinds("title") == ["import", "call", "template"]


def test_globals_that_are_declared_or_assigned_to_the_window() -> None:
    sample = Sample(
        {
            "env.d.ts": "declare function track(x: string): void\n",
            "types.ts": "export {}\ndeclare global { function audit(): void }\n",
            "boot.js": "import './x'\nwindow.boot = function () {}\n",
            "use.ts": "export const a = [track('x'), audit(), boot()]\n",
        }
    )
    line = "export const a = [track('x'), audit(), boot()]"
    assert sample.at("use.ts", line, "track") == "env.d.ts:track"
    assert sample.at("use.ts", line, "audit") == "types.ts:global.audit"
    assert sample.at("use.ts", line, "boot") == "boot.js:window.boot"


def test_names_in_a_list_of_re_exports() -> None:
    sample = Sample(
        {
            "impl.ts": "export function _gt() {}\n",
            "api.ts": "export {\n  _gt as gt,\n} from './impl'\n",
            "use.ts": "import { gt } from './api'\ngt()\n",
        }
    )
    assert sample.uses("_gt") == ["api.ts: _gt as gt,", "use.ts: gt()"]


def test_names_that_nothing_declares_may_be_what_another_module_offers() -> None:
    sample = Sample(
        {
            "composables/useCart.ts": "export function useCart() {}\nfunction inner() {}\nexport const x = inner()\n",
            "test/helpers.js": "import './x'\nrequestOf = function () {}\n",
            "pages/shop.vue": "<script setup>\nconst cart = useCart()\ninner()\n</script>\n<template/>\n",
            "test/a.spec.js": "import './helpers'\nrequestOf()\n",
        }
    )
    assert sample.uses("useCart", grade="possible") == ["pages/shop.vue: const cart = useCart()"]
    assert sample.uses("requestOf", grade="possible") == ["test/a.spec.js: requestOf()"]
    assert sample.uses("inner", grade="possible") == []


@pytest.mark.parametrize(
    "code",
    [
        "/** @param {Session} s */\nfunction f(s) { s.get() }",
        "/**\n * Opens.\n * @param {number} n how many\n * @param {?Session} [s] it\n */\nconst f = (n, s) => s.get()",
        "/** @returns {Promise<Session>} it */\nexport async function f() { return make() }\nf().then(s => s.get())",
        "class A {\n  /** @param {Session[]} all */\n  each(all) { all[0].get() }\n}",
        "class A {\n  constructor(x) {\n    /** @type {Session} */\n    this.s = x\n  }\n  go() { this.s.get() }\n}",
        "/** @type {import('./session').Session} */\nconst s = make()\ns.get()",
        "function f() {\n  /** @type {Session} */\n  const s = make()\n  s.get()\n}",
        "function A() {}\n/** @param {Session} s */\nA.prototype.go = function (s) { s.get() }",
    ],
)
def test_types_in_doc_comments(code: str) -> None:
    sample = Sample(
        {
            "session.js": "export class Session { get() {} }\n",
            "use.js": "import { Session } from './session'\n" + code + "\n",
        }
    )
    assert len(sample.uses("Session.get")) == 1
    assert sample.uses("Session.get", grade="possible") == []


def test_a_namespace_and_a_value_of_one_name() -> None:
    sample = Sample(
        {
            "lib.d.cts": """
                declare namespace lib { interface Config { url: string } interface Static { get(c: lib.Config): void } }
                declare const lib: lib.Static;
                export = lib;
                """,
            "use.cts": "import lib = require('./lib.cjs')\nconst c: lib.Config = x\nlib.get(c)\nc.url\n",
        }
    )
    assert sample.at("use.cts", "const c: lib.Config = x", "Config") == "lib.d.cts:lib.Config"
    assert sample.at("use.cts", "lib.get(c)", "get") == "lib.d.cts:lib.Static.get"
    assert sample.at("use.cts", "c.url", "url") == "lib.d.cts:lib.Config.url"


def test_fields_that_only_literals_patterns_and_markup_name_are_possibly_used() -> None:
    sample = Sample(
        {
            "types.ts": "export interface Props { title: string; close: boolean; size: number }\n",
            "use.tsx": "const a = (x) => { const { size } = f(x); return <Card title={x} {...{ close: true }} /> }",
        }
    )
    for name in ("title", "close", "size"):
        assert len(sample.uses(f"Props.{name}", grade="possible")) == 1, name


def test_methods_that_a_library_or_a_table_may_call_are_not_said_to_be_unused() -> None:
    sample = Sample(
        {
            "a.ts": """
                import { Provider } from 'editor'
                const table = { open() {} }
                export class View implements Provider { resolve() {} #own() {} }
                export class Plain { go() {} }
                run({ report() {} })
                """
        }
    )
    unseen = sample.resolver.unseen_use
    assert unseen(sample.definition("open"))
    assert unseen(sample.definition("report"))
    assert unseen(sample.definition("resolve"))
    assert not unseen(sample.definition("#own"))
    assert not unseen(sample.definition("go"))


def test_handlers_of_an_object_that_others_made_are_not_said_to_be_unused() -> None:
    sample = Sample(
        {
            "a.js": """
                export function send() {
                  const request = new XMLHttpRequest()
                  request.onabort = function () {}
                  request.onerror = () => 1
                }
                window.onload = function () {}
                function Shape() {}
                Shape.create = function () {}
                """
        }
    )
    unseen = sample.resolver.unseen_use
    assert all(unseen(sample.definition(name)) for name in ("onabort", "onerror", "onload"))
    assert not unseen(sample.definition("create"))


def test_a_value_of_the_language_that_is_passed_on() -> None:
    sample = Sample(
        {
            "params.js": "export default URLSearchParams\n",
            "use.js": "import Params from './params'\nnew Params().get('x')\n",
            "a.js": "export class Session { get() {} }\n",
        }
    )
    assert sample.at("use.js", "new Params().get('x')", "Params") == "excluded"
    assert sample.uses("Session.get") == []


def test_a_default_that_is_passed_on_under_a_name() -> None:
    sample = Sample(
        {
            "pool.ts": "export default class Pool { get() {} }\n",
            "index.ts": "export { default as Pool } from './pool';\n",
            "app.ts": "import { Pool } from './index';\nnew Pool().get();\n",
        }
    )
    assert sample.kinds("Pool") == ["import", "call", "export"]
    assert sample.uses("get") == ["app.ts: new Pool().get();"]


def test_what_a_circle_of_exports_hides_is_found_when_it_is_asked_for_again() -> None:
    sample = Sample(
        {
            "a.js": "export * from './b';\nexport * from './c';\n",
            "b.js": "export * from './a';\n",
            "c.js": "export function pay() {}\n",
            "first.js": "import { pay } from './a';\npay();\n",
            "second.js": "import { pay } from './b';\npay();\n",
        }
    )
    assert sample.at("first.js", "pay();", "pay") == "c.js:pay"
    assert sample.at("second.js", "pay();", "pay") == "c.js:pay"


def test_an_alias_whose_settings_lie_outside() -> None:
    sample = Sample(
        {
            "utils/slug.ts": "export function slug() {}\nexport function other() {}\nexport function third() {}\n",
            "pages/page.ts": """
                import { slug } from "src/utils/slug"
                import * as all from "@app/utils/slug"
                import * as lodash from "lodash/fp"
                const { third } = require("app/utils/slug")
                slug()
                all.other()
                lodash.other()
                third()
            """,
        }
    )
    # The alias may mean the folder that is open: neither stated nor denied.
    assert sample.uses("slug", grade="possible") == ["pages/page.ts: slug()"]
    assert sample.uses("other", grade="possible") == ["pages/page.ts: all.other()"]
    assert sample.uses("third", grade="possible") == ["pages/page.ts: third()"]


def test_a_module_that_another_one_only_adds_to_may_offer_more() -> None:
    sample = Sample({
        "node/shapes.test.ts": """
            import * as kit from "kit/v2";
            declare module "kit/v2" { interface Shape { extra(): string } }
            kit.circle();
        """,
        "other.test.ts": """
            import * as kit from "kit/v2";
            import { square } from "kit/v2";
            kit.circle(1);
            square(2);
        """,
        "sources/kit.ts": "export function circle() {}\nexport function square() {}",
        "ambient.d.ts": "declare module \"tools\" { export function weld(): void }",
        "weld.ts": "import { weld } from \"tools\";\nweld();",
    })  # fmt: skip
    assert "other.test.ts: kit.circle(1);" in sample.uses("circle", grade="possible")
    assert sample.uses("square", grade="possible") == ["other.test.ts: square(2);"]
    assert sample.uses("weld") == ["weld.ts: weld();"]


def test_a_test_is_called_by_no_name() -> None:
    sample = Sample({"cart.test.js": "describe('total', () => {\n  it('adds', () => {\n    total(1);\n  });\n});\n"})
    assert sample.at("cart.test.js", "total(1);", "total") != "cart.test.js:total"
    assert sample.uses("total", grade="possible") == []


def test_members_of_a_class_and_of_its_instances() -> None:
    sample = Sample({
        "error.ts": """
            export class HTTPError extends Error {
              readonly status: number;
              static status(status: number): HTTPError { return new HTTPError(status); }
              static from(text: string): HTTPError;
              static from(code: number): HTTPError;
              static from(value: any): HTTPError { return HTTPError.status(value); }
              constructor(code: number) { super("x"); this.status = code; }
            }
            export const made = HTTPError.from(404);
            export const code = (error: HTTPError) => error.status;
        """,
        "size.js": "class Store { static size() { return 1; } grow() { this.size = 2; return this.size; } }",
    })  # fmt: skip
    field, method = sorted(sample.resolver.definitions("HTTPError.status"), key=lambda one: one.symbol.line)
    assert [sample.line(use) for use in sample.resolver.uses(field).resolved] == [
        'constructor(code: number) { super("x"); this.status = code; }',
        "export const code = (error: HTTPError) => error.status;",
    ]
    assert [sample.line(use) for use in sample.resolver.uses(method).resolved] == [
        "static from(value: any): HTTPError { return HTTPError.status(value); }"
    ]
    for overload in sample.resolver.definitions("HTTPError.from"):
        lines = [sample.line(use) for use in sample.resolver.uses(overload).resolved]
        assert lines == ["export const made = HTTPError.from(404);"]
    static = next(one for one in sample.resolver.definitions("Store.size") if one.symbol.kind == "method")
    assert not sample.resolver.uses(static).uses


@pytest.mark.parametrize(
    ("settings", "written", "index"),
    [
        ('{"name": "shop", "main": "lib/shop.js"}', "../..", "exports.open = () => 1\n"),
        ('{"name": "shop", "main": "./lib/shop"}', "../../", ""),
        ('{"name": "shop", "main": "lib/shop.js", "exports": {"./*": "./*.js"}}', "../../.", ""),
    ],
)
def test_a_folder_stands_for_what_its_package_says(settings: str, written: str, index: str) -> None:
    test = f"const Shop = require('{written}')\nconst shop = new Shop()\nshop.open()\n"
    files = {"package.json": settings, "lib/shop.js": "module.exports = class Shop {\n  open () { return 1 }\n}\n"}
    sample = Sample({**files, "test/unit/open.js": test, **({"index.js": index} if index else {})})
    assert sample.at("test/unit/open.js", "shop.open()", "open") == "lib/shop.js:exports.open"


def test_a_folder_whose_package_says_nothing_stands_for_its_index() -> None:
    test = "const { open } = require('../')\nopen()\n"
    files = {"package.json": '{"name": "shop"}', "index.js": "exports.open = () => 1\n", "test/open.js": test}
    assert Sample(files).at("test/open.js", "open()", "open") == "index.js:open"
