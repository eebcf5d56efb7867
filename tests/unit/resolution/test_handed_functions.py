"""Functions without a name, whose parameters get their types from where the functions stand."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

TYPES = """
    export class Context<E = any> { req = new Req(); text(s: string) { return s } }
    export class Req { path = ''; header(n: string) {} }
    export class Other { text(s: string) {} }
    export type Next = () => Promise<void>
    export type Handler<E = any, R = any> = (c: Context<E>, next: Next) => R
    export type MiddlewareHandler<E = any> = (c: Context<E>, next: Next) => Promise<Response | void>
    export type H<E = any> = Handler<E> | MiddlewareHandler<E>
    export interface HandlerInterface<E, M extends string = string> {
      // app.get(handler)
      <P extends string = '/', E2 extends Env = E>(handler: H<E2>): App<E>

      // app.get(handler, handler)
      <P extends string, M1 extends H<E>>(...handlers: [H<E> & M1, H<E>]): App<E>
      <P extends string>(path: P, handler: H<E>): App<E>
      (path: string, ...handlers: H[]): App<E>
      <P extends string>(path: P, ...handlers: [H<E>, ...H[]]): App<E>
    }
    export class App<E> {
      get!: HandlerInterface<E, 'get'>
      use(handler: H): this
      use(path: string, handler: H): this
      use(...args: any[]) { return this }
      on(name: string, options: Options): void {}
      pick(handler: (c: Context) => void): void
      pick(handler: (c: Other) => void): void
      pick(...args: any[]) {}
      each<T>(all: T[], handler: (one: T) => void) {}
      own<Context>(handler: (c: Context) => void) {}
      constructor(ready?: (c: Context) => void) {}
    }
    export interface Options { onError?: (c: Context) => void; done(c: Context): void }
    export function later(task: string | Options | ((c: Context) => void), more?: Handler) {}
    export function anything(handler) {}
    export function Panel({ onPick }: { onPick: (c: Context) => void } & Base) {}
    export function Button(props: Options) {}
"""
IMPORTS = """
    import { App, Button, Context, Handler, MiddlewareHandler, Options, Other, anything, later } from './types'
    const app = new App<any>()
    const all: Context[] = []
    const named: Map<string, Context> = new Map()
    async function one(): Promise<Context> {}
"""


def stated(line: str, name: str = "text", file: str = "main.ts") -> str:
    """What the mention of a name in a line of TypeScript means."""
    sample = Sample({"types.ts": TYPES, file: IMPORTS + f"\n    {line}\n"})
    return sample.at(file, line, name)


@pytest.mark.parametrize(
    "line",
    [
        "app.get('/', (c) => c.text(''))",
        "app.get('/', c => c.text(''))",
        "app.get('/', function (c, next) { c.text('') })",
        "app.get((c, next) => { c.text(''); next() })",
        "app.get('/', (d) => d, async (c) => { c.text('') })",
        "app.get((d) => d, (c) => c.text(''))",
        "app.get('/x', (d) => d).get('/y', (c) => c.text(''))",
        "app.use('/', (c) => c.text(''))",
        "const h: Handler = (c) => c.text('')",
        "const o: Options = { onError: (c) => c.text('') }",
        "const p: Options = { done(c) { c.text('') } }",
        "app.on('x', { onError(c) { c.text('') } })",
        "app.on('x', { done: (c) => c.text('') })",
        "function middle(): MiddlewareHandler { return async (c, next) => { c.text('') } }",
        "const made = (): MiddlewareHandler => { return async function inner(c) { c.text('') } }",
        "const short = (): Handler => (c) => c.text('')",
        "function optional(h: Handler = (c) => c.text('')) {}",
        "class Holder { handler: Handler = (c) => c.text('') }",
        "const cast = ((c) => c.text('')) as Handler",
        "const checked = { onError: (c) => c.text('') } satisfies Options",
        "all.map((c) => c.text(''))",
        "all.filter((d) => d).forEach((c) => c.text(''))",
        "all.reduce((sum, c) => c.text(sum), '')",
        "all.sort((a, b) => b.text(''))",
        "named.forEach((c, key) => c.text(key))",
        "new Map<string, Context>().forEach((c, key) => c.text(key))",
        "const made = new Set<Context>(); made.forEach((c) => c.text(''))",
        "one().then((c) => c.text(''))",
        "new App((c) => c.text(''))",
        "later((c) => c.text(''))",
        "later('', (c) => c.text(''))",
        "let late: Handler; late = (c) => c.text('')",
        "app.use((c) => all.forEach((d) => c.text('')))",
    ],
)
def test_parameters_are_what_the_function_is_called_with(line: str) -> None:
    assert stated(line) == "types.ts:Context.text"


@pytest.mark.parametrize(
    "line",
    [
        "app.pick((c) => c.text(''))",  # overloads that fit do not agree
        "app.each([new Context()], (one) => one.text(''))",  # a type's parameter
        "app.own((c) => c.text(''))",  # one with the name of a class
        "anything((c) => c.text(''))",
        "app.get(...all, (c) => c.text(''))",
        "app.get('/', (c, next) => next.text(''))",
        "app.missing((c) => c.text(''))",
        "function any(handlers) { handlers.push((c) => c.text('')) }",
        "all.reduce((sum, c) => sum.text(''))",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


@pytest.mark.parametrize(
    "line",
    [
        "app.use(({ req }) => req.header(''))",
        "app.use(({ req: mine }) => mine.header(''))",
        "one().then(({ req }) => req.header(''))",
        "all.map(({ req }) => req.header(''))",
        "app.on('x', { done({ req }) { req.header('') } })",
    ],
)
def test_members_that_a_pattern_takes_out_of_a_parameter(line: str) -> None:
    assert stated(line, "header") == "types.ts:Req.header"
    assert stated(line, "req") == "types.ts:Context.req"


@pytest.mark.parametrize(
    "line",
    ["const page = <Button onError={(c) => c.text('')} />", "const open = <Button done={(c) => c.text('')}></Button>"],
)
def test_markup_hands_functions_to_components(line: str) -> None:
    assert stated(line, file="main.tsx") == "types.ts:Context.text"


def test_doc_comments_say_what_functions_are_called_with() -> None:
    sample = Sample(
        {
            "context.js": "export class Context { text() {} }\n",
            "main.js": """
                import { Context } from './context'
                /**
                 * @param {string} path
                 * @param {(c: Context) => void} handler
                 */
                function route(path, handler) {}
                route('/', (c) => c.text(1))
                /** @type {(c: Context) => void} */
                const said = (c) => c.text(2)
                route('/', function (c) { c.text(3) })
            """,
        }
    )
    assert sample.uses("text") == [
        "main.js: route('/', (c) => c.text(1))",
        "main.js: const said = (c) => c.text(2)",
        "main.js: route('/', function (c) { c.text(3) })",
    ]


def test_a_parameter_that_is_assigned_another_value_may_be_that() -> None:
    line = "app.use((c) => { c = new Other(); c.text('') })"
    assert stated(line) != "types.ts:Context.text"


def test_the_result_of_an_interface_that_is_called() -> None:
    assert set(stated("app.get('/x', (d) => d).use((c) => c)", "use").split()) == {"types.ts:App.use"}


def test_a_union_is_any_of_its_types() -> None:
    line = "const either: (c: Other | Context) => void = (c) => c.text('')"
    assert stated(line) == "types.ts:Context.text types.ts:Other.text"
