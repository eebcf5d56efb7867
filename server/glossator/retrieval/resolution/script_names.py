"""Names that scripts have without declaring them: globals, and members of objects, functions and promises."""

from __future__ import annotations

from typing import Final

_GLOBAL_WORDS: Final = """
AbortController AbortSignal AggregateError Array ArrayBuffer ArrayLike AsyncGenerator AsyncIterable AsyncIterator
Atomics BigInt BigInt64Array BigUint64Array Blob Boolean Buffer ClipboardEvent CompositionEvent CSSStyleDeclaration
CustomEvent DOMException DOMParser DataView Date Document DocumentFragment DragEvent Element Error EvalError Event
EventSource EventTarget File FileList FileReader FocusEvent FormData Function Generator GeneratorFunction
HTMLAnchorElement HTMLButtonElement HTMLCanvasElement HTMLDivElement HTMLElement HTMLFormElement HTMLImageElement
HTMLInputElement HTMLSelectElement HTMLTextAreaElement Headers History Image Infinity IntersectionObserver Intl
Iterable IterableIterator Iterator JSON JSX KeyboardEvent Location Map Math MessageChannel MessageEvent MouseEvent
MutationObserver NaN Navigator Node NodeJS NodeList Number Object PointerEvent ProgressEvent Promise PromiseLike
PropertyDescriptor PropertyKey Proxy RangeError ReadableStream ReferenceError Reflect RegExp RegExpExecArray
RegExpMatchArray Request ResizeObserver Response SVGElement Set SharedArrayBuffer Storage String Symbol SyntaxError
Text TextDecoder TextEncoder TouchEvent TransformStream TypeError TypedPropertyDescriptor UIEvent URIError URL
URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray Int8Array Int16Array Int32Array Float32Array
Float64Array WeakMap WeakRef WeakSet WebAssembly WebSocket WheelEvent Window Worker WritableStream XMLHttpRequest
addEventListener alert arguments atob btoa cancelAnimationFrame clearImmediate clearInterval clearTimeout confirm
console crypto customElements decodeURI decodeURIComponent devicePixelRatio dispatchEvent document encodeURI
encodeURIComponent escape eval exports fetch frames getComputedStyle global globalThis history indexedDB innerHeight
innerWidth isFinite isNaN localStorage location matchMedia module navigator parseFloat parseInt performance
postMessage process prompt queueMicrotask removeEventListener requestAnimationFrame requestIdleCallback require screen
scrollTo self sessionStorage setImmediate setInterval setTimeout structuredClone undefined unescape window __dirname
__filename afterAll afterEach after beforeAll beforeEach before describe expect it jest suite test vi Awaited
Capitalize ConstructorParameters Exclude Extract InstanceType Lowercase NonNullable Omit Parameters Partial Pick
Readonly ReadonlyArray ReadonlyMap ReadonlySet Record Required ReturnType ThisType Uncapitalize Uppercase bigint
boolean false never null number string symbol true void
"""
GLOBALS: Final = frozenset(_GLOBAL_WORDS.split())
"""Names of JavaScript, TypeScript, browsers, Node.js and test runners that no file declares."""
_EVERY_OBJECT_WORDS: Final = """
constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __proto__
__defineGetter__ __defineSetter__
"""
EVERY_OBJECT: Final = frozenset(_EVERY_OBJECT_WORDS.split())
"""Members that every object has."""
PROMISE_MEMBERS: Final = frozenset(("then", "catch", "finally"))
FUNCTION_MEMBERS: Final = frozenset(("apply", "arguments", "bind", "call", "caller", "length", "name", "prototype"))

MAPS: Final = frozenset(("Map", "ReadonlyMap", "WeakMap"))
_EACH: Final = (
    "every",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flatMap",
    "forEach",
    "map",
    "some",
)
GIVEN_ELEMENTS: Final = {
    **dict.fromkeys(_EACH, ("element",)),
    **dict.fromkeys(("reduce", "reduceRight"), ("result", "element")),
    **dict.fromkeys(("sort", "toSorted"), ("element", "element")),
}
"""Methods of lists and the like by name, and what they give the function that is handed to them."""
