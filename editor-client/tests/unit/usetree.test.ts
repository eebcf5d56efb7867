// @vitest-environment node
import { beforeEach, expect, test } from "vitest";
import type { CancellationToken } from "vscode";
import type { StatusResult, SymbolUses, UsesParams } from "../../src/protocol";
import type { Server } from "../../src/server";
import { UseTree, type UseNode } from "../../src/usetree";
import { status, symbolUses, use } from "./samples";
import { EventEmitter, Uri, editor, events, reset, type FakeTreeView } from "./vscode";
import { until } from "./waiting";

class FakeServer {
  readonly changes = new EventEmitter<undefined>();
  readonly onDidChange = this.changes.event;
  readonly asked: UsesParams[] = [];
  readonly tokens: CancellationToken[] = [];
  status: StatusResult | undefined = status();
  answer: (params: UsesParams) => SymbolUses[] | Promise<SymbolUses[]> = () => [];
  ready = (): Promise<void> => Promise.resolve();
  request = async <R>(_: string, params: unknown, token?: CancellationToken): Promise<R> => {
    if (token) this.tokens.push(token);
    this.asked.push(params as UsesParams);
    return { symbols: await this.answer(params as UsesParams) } as R;
  };
  updated(updates: number): void {
    this.status = status({ root: { updates } });
    this.changes.fire(undefined);
  }
}

const place = { uri: "file:///shop/cart.py", label: "cart.py", position: { line: 17, character: 9 }, symbol: "total", selection: false };
let server: FakeServer;
let tree: UseTree;
const view = (): FakeTreeView => {
  const found = editor.trees.get(UseTree.view);
  if (!found) throw new Error("there is no tree");
  return found;
};
const label = (node: UseNode): string => {
  const shown = tree.getTreeItem(node).label;
  return typeof shown === "string" ? shown : (shown?.label ?? "");
};
/** What is shown, indented by depth; callers below a depth are not asked for. */
async function shown(depth: number, node?: UseNode, indent = ""): Promise<string[]> {
  const lines: string[] = [];
  for (const child of await tree.getChildren(node)) {
    lines.push(`${indent}${label(child)}`);
    if (depth > 1) lines.push(...(await shown(depth - 1, child, `${indent}  `)));
  }
  return lines;
}
async function find(text: string, node?: UseNode): Promise<UseNode> {
  for (const child of await tree.getChildren(node)) {
    if (label(child) === text) return child;
    if (child.type === "group" || child.type === "file") {
      const found = await find(text, child).catch(() => undefined);
      if (found) return found;
    }
  }
  throw new Error(`not in the tree: ${text}`);
}

beforeEach(() => {
  reset();
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
  server = new FakeServer();
  tree = new UseTree(server as unknown as Server);
  return () => tree.dispose();
});

test("uses are arranged by kind and file, and those that are not certain come last", async () => {
  const uses = [use(0, { kind: "import", symbol: "", code: "import total" }), use(3), use(9), use(1, { uri: "file:///shop/sub/a%20b.py" }), use(5, { grade: "possible" }), use(6, { grade: "possible" })];
  server.answer = () => [symbolUses(uses, { unreadFiles: 7 })];
  await tree.show(place);
  expect(server.asked).toEqual([{ textDocument: { uri: place.uri }, position: place.position }]);
  expect([view().title, view().description]).toEqual(["Uses of", "Cart.total"]);
  expect(await shown(3)).toEqual([
    ...["Called", "  cart.py", "    total(3)", "    total(9)", "  a b.py", "    total(1)"],
    ...["Imported", "  cart.py", "    import total"],
    ...["2 more places mention the name", "  cart.py", "    total(5)", "    total(6)"],
    "7 more files may mention the name and were not looked at.",
  ]);
  expect(editor.executed).toContainEqual(["setContext", "glossator.usesShown", true]);
  const item = tree.getTreeItem(await find("total(3)"));
  expect(item.label).toEqual({ label: "total(3)", highlights: [[0, 5]] });
  expect(item.description).toBe("4 · checkout");
  expect(item.command?.command).toBe("vscode.open");
});

test("a name far to the right in its line stays in view", async () => {
  server.answer = () => [symbolUses([use(3, { code: "from shop.basket.arithmetic import Money, total", kind: "import" }), use(4, { code: "return total(a, b, c, d, e, f, g, h, i, j, k, total)" })])];
  await tree.show(place);
  await shown(3);
  const [cut, whole] = [tree.getTreeItem(await find("… import Money, total")).label, tree.getTreeItem(await find("return total(a, b, c, d, e, f, g, h, i, j, k, total)")).label];
  expect(cut).toEqual({ label: "… import Money, total", highlights: [[16, 21]] });
  expect(whole).toMatchObject({ highlights: [[7, 12], [46, 51]] });
});

test("the callers of a caller are asked for when it is opened; a circle ends", async () => {
  server.answer = ({ enclosing }) =>
    enclosing
      ? [symbolUses([use(30, { symbol: "Cart.total", code: "checkout()" }), use(40, { symbol: "main", code: "checkout(1)" }), use(50, { grade: "possible" })], { symbol: { ...symbolUses([]).symbol, name: "checkout", qualifiedName: "checkout" } })]
      : [symbolUses([use(3)])];
  await tree.show(place);
  const caller = await find("total(3)");
  expect(server.asked).toHaveLength(1);
  expect(await shown(1, caller)).toEqual(["Cart.total", "main", "1 more place mentions the name"]);
  expect(server.asked.at(-1)).toMatchObject({ position: use(3).range.start, enclosing: true });
  const [circle, on] = await tree.getChildren(caller);
  if (!circle || !on) throw new Error("no callers");
  expect(tree.getTreeItem(circle).collapsibleState).toBe(0);
  expect(tree.getTreeItem(on).collapsibleState).toBe(1);
  await tree.showCaller(on);
  expect(view().description).toBe("checkout");
});

test("that nothing uses it, that it is no symbol, and a failed request below a caller are told", async () => {
  server.answer = () => [symbolUses([], { unused: true })];
  await tree.show(place);
  expect(await shown(1)).toEqual(["Nothing in the indexed code uses it."]);
  server.answer = () => Promise.reject(new Error("there is no symbol here"));
  await tree.show(place);
  expect(view().message).toBe("There is no symbol here.");
  expect(await shown(1)).toEqual([]);
  server.answer = ({ enclosing }) => (enclosing ? Promise.reject(new Error("the index cannot be read")) : [symbolUses([use(3)])]);
  await tree.show(place);
  expect(view().message).toBeUndefined();
  expect(await shown(1, await find("total(3)"))).toEqual(["The index cannot be read."]);
});

test("several definitions of a name stand beside each other", async () => {
  const other = symbolUses([], { symbol: { ...symbolUses([]).symbol, qualifiedName: "Order.total" } });
  server.answer = () => [symbolUses([use(3)]), other];
  await tree.show(place);
  expect(await shown(2)).toEqual(["Cart.total", "  Called", "Order.total", "  No use was found."]);
});

test("it follows the code, once it is seen, also to where the symbol has moved", async () => {
  server.answer = () => [symbolUses([use(3)])];
  await tree.show(place);
  server.answer = ({ name }) => (name ? [symbolUses([use(4)]), symbolUses([], { symbol: { ...symbolUses([]).symbol, uri: "file:///shop/other.py" } })] : []);
  events.text.fire({ document: { uri: Uri.parse(place.uri) }, contentChanges: [{}] });
  await until("it has been asked for again", async () => (await shown(3)).at(-1) === "    total(4)");
  expect(server.asked.map(({ name }) => name)).toEqual([undefined, undefined, "Cart.total"]);
  view().show(false);
  server.answer = () => [symbolUses([use(5)])];
  server.updated(2);
  server.updated(2);
  expect(server.asked).toHaveLength(3);
  view().show(true);
  await until("it has been asked for again", async () => (await shown(3)).at(-1) === "    total(5)");
  server.answer = ({ name }) => (name ? Promise.reject(Object.assign(new Error("unknown"), { code: -32803 })) : []);
  server.updated(3);
  await until("it is gone", () => view().message === "It is no longer in the code.");
});

test("what was asked for last is shown, and a closed view stays empty", async () => {
  let release = (): void => undefined;
  server.answer = () => new Promise((resolve) => (release = () => resolve([symbolUses([use(1)])])));
  const first = tree.show(place);
  await until("it is asked for", () => server.asked.length === 1);
  const slow = release;
  server.answer = () => [symbolUses([use(2)])];
  await tree.show(place);
  slow();
  await first;
  expect((await shown(3)).at(-1)).toBe("    total(2)");
  tree.close();
  server.updated(9);
  expect(await shown(1)).toEqual([]);
  expect(editor.executed.at(-1)).toEqual(["setContext", "glossator.usesShown", false]);
});

test.each(["close", "show", "dispose"] as const)("what is under way is cancelled on %s", async (how) => {
  server.answer = ({ enclosing }) => (enclosing ? new Promise<never>(() => {}) : [symbolUses([use(3), use(9)])]);
  await tree.show(place);
  for (const line of [3, 9]) void tree.getChildren(await find(`total(${line})`));
  await until("the server is asked", () => server.tokens.length === 3);
  expect(server.tokens.map(({ isCancellationRequested }) => isCancellationRequested)).toEqual([false, false, false]);
  if (how === "show") await tree.show({ ...place, symbol: "other" });
  else tree[how]();
  expect(server.tokens.slice(1, 3).every(({ isCancellationRequested }) => isCancellationRequested)).toBe(true);
});

test("a question for uses is cancelled by the next one", async () => {
  server.answer = () => new Promise<never>(() => {});
  void tree.show(place);
  await until("the server is asked", () => server.tokens.length === 1);
  server.answer = () => [symbolUses([use(3)])];
  await tree.show({ ...place, symbol: "other" });
  expect(server.tokens.map(({ isCancellationRequested }) => isCancellationRequested)).toEqual([true, false]);
});

test("callers whose question was cancelled are no failure", async () => {
  let fail: (error: Error) => void = () => {};
  server.answer = ({ enclosing }) => (enclosing ? new Promise<never>((_, reject) => (fail = reject)) : [symbolUses([use(3)])]);
  await tree.show(place);
  const children = tree.getChildren(await find("total(3)"));
  await until("the server is asked", () => server.tokens.length === 2);
  tree.close();
  fail(new Error("cancelled"));
  expect(await children).toEqual([]);
});
