// @vitest-environment node
import { beforeEach, expect, test } from "vitest";
import { completions, dropped, framesOf, resolved } from "../../src/mentions";
import type { Mention } from "../../src/messages";
import { CancellationTokenSource, Uri, editor, reset } from "./vscode";

const range = { start: { line: 17, character: 0 }, end: { line: 17, character: 9 } };
const whole = { start: { line: 17, character: 0 }, end: { line: 23, character: 0 } };
const asked: [string, unknown][] = [];
const answers: Record<string, unknown> = {
  "workspace/symbol": [{ name: "total", containerName: "Cart", location: { uri: "file:///shop/cart.py", range } }],
  "textDocument/documentSymbol": [{ range: { start: { line: 5, character: 0 }, end: { line: 23, character: 0 } }, selectionRange: { start: { line: 5, character: 0 } }, children: [{ range: whole, selectionRange: range }] }],
};
const server = {
  running: true,
  request: <R>(method: string, params: unknown): Promise<R> => {
    asked.push([method, params]);
    return Promise.resolve(answers[method] as R);
  },
};
const { token } = new CancellationTokenSource();
const find = (kinds: Parameters<typeof completions>[1], query: string): Promise<Mention[]> => completions(server, kinds, query, token);

beforeEach(() => {
  reset();
  asked.length = 0;
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
  for (const path of ["cart.py", "lib/deep/cart_tools.py", "lib/MyCart.py", "carts/order.py", "lib/a[1].py"]) editor.documents.set(`file:///shop/${path}`, "1\n2\n3");
});

test("files come by their beginning and length, folders by their names, symbols from the index", async () => {
  expect((await find(["file"], "cart")).map(({ detail }) => detail)).toEqual(["cart.py", "lib/deep/cart_tools.py", "lib/MyCart.py"]);
  expect(await find(["folder"], "CART")).toEqual([{ kind: "folder", label: "carts/", detail: "carts", uri: "file:///shop/carts" }]);
  expect(await find(["symbol"], "tot")).toEqual([{ kind: "symbol", label: "total", detail: "Cart · cart.py:18", uri: "file:///shop/cart.py", range }]);
  expect((await find(["file", "symbol", "folder"], "cart")).map(({ kind }) => kind)).toEqual(["file", "file", "file", "symbol", "folder"]);
  expect(await find(["symbol"], "")).toEqual([]);
});

test("what is mentioned becomes pins, globs, and words that the index knows", async () => {
  const mentions: Mention[] = [
    { kind: "file", label: "cart.py", detail: "cart.py", uri: "file:///shop/cart.py", token: "@cart.py" },
    { kind: "symbol", label: "total", detail: "", uri: "file:///shop/cart.py", range, token: "@total" },
    { kind: "folder", label: "lib/", detail: "lib", uri: "file:///shop/lib", token: "@lib/" },
    { kind: "selection", label: "#selection", detail: "", token: "#selection" },
  ];
  const { question, pinned, include } = await resolved(server, "Does @total of @cart.py fit #selection in @lib/ ?", mentions);
  expect(question).toBe("Does `total` of `cart.py` fit the selected lines in `lib` ?");
  expect(pinned).toEqual([
    { uri: "file:///shop/cart.py", range: { start: { line: 0, character: 0 }, end: { line: 3, character: 0 } } },
    { uri: "file:///shop/cart.py", range: whole },
  ]);
  expect(include).toEqual(["/lib/**"]);
});

test("dropped files and folders of the workspace are mentioned, others are not", async () => {
  const uris = ["file:///shop/cart.py", "file:///shop/lib", "file:///etc/passwd", "https://example.org/x", "nonsense", "file:///shop/gone.py"];
  expect((await dropped(uris)).map(({ kind, label }) => [kind, label])).toEqual([["file", "cart.py"], ["folder", "lib/"]]);
});

test("frames lead to the files that they mean, from whichever machine they come", async () => {
  editor.documents.set("file:///shop/lib/cart.py", "");
  const trace = 'x\n File "/ci/build/lib/cart.py", line 2\n at cart.py:9\n at deep/cart_tools.py:3\n File "/usr/lib/python3/json/decoder.py", line 1';
  const frames = await framesOf(trace);
  expect(frames.map(({ place }) => [place.uri, place.range.start.line])).toEqual([
    ["file:///shop/lib/cart.py", 1],
    ["file:///shop/cart.py", 8],
    ["file:///shop/lib/deep/cart_tools.py", 2],
  ]);
  expect((await framesOf("x\na[1].py:3: boom")).map(({ place }) => place.uri)).toEqual([]);
});
