// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SearchHit, SearchParams, SearchResult, StatusResult } from "../../src/protocol";
import { search, showHits } from "../../src/search";
import { status, teamHit } from "./samples";
import { Position, Selection, Uri, document, editor, reset, window, type FakeQuickPick } from "./vscode";

const hit = (name: string, change: Partial<SearchHit> = {}): SearchHit => ({
  uri: `file:///shop/${name}.py`,
  range: { start: { line: 4, character: 0 }, end: { line: 8, character: 0 } },
  ...{ kind: "function", name, qualifiedName: name, score: 1, why: `defines ${name}` },
  ...change,
});

interface Asked {
  query: string;
  team: boolean;
  answer: (hits: SearchHit[], more?: Partial<SearchResult>) => void;
  fail: (error: Error) => void;
  cancelled: boolean;
}

/** Requests that the test answers when it likes. */
const asked: Asked[] = [];
const server = {
  status: undefined as StatusResult | undefined,
  request: <R>(_method: string, params: unknown, token?: { onCancellationRequested: (listener: () => void) => unknown }): Promise<R> =>
    new Promise<R>((resolve, reject) => {
      const { query, team = false } = params as SearchParams;
      const one: Asked = { query, team, answer: (hits, more) => resolve({ hits, team: [], problems: [], ...more } as R), fail: reject, cancelled: false };
      token?.onCancellationRequested(() => (one.cancelled = true));
      asked.push(one);
    }),
};

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
function opened(initial?: readonly SearchHit[]): FakeQuickPick {
  search(server, initial);
  const pick = editor.quickPicks.at(-1);
  if (!pick) throw new Error("no quick pick");
  return pick;
}
const labels = (pick: FakeQuickPick): string[] => pick.items.map(({ label }) => label);

beforeEach(() => {
  reset();
  vi.useFakeTimers();
  asked.length = 0;
  server.status = undefined;
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
});
afterEach(() => {
  vi.useRealTimers();
});

test("a hit is shown with its kind, its name, where it is and why", () => {
  const lines = hit("lines", { kind: "block", name: "", qualifiedName: "" });
  const line = hit("line", { ...lines, range: { start: { line: 4, character: 0 }, end: { line: 5, character: 0 } } });
  expect(showHits([hit("total", { qualifiedName: "Cart.total", kind: "method" }), hit("plain", { qualifiedName: "" }), lines, line])).toMatchObject([
    { label: "$(symbol-method) Cart.total", description: "total.py:5", detail: "defines total", alwaysShow: true },
    { label: "$(symbol-function) plain" },
    { label: "$(symbol-misc) lines 5 to 8" },
    { label: "$(symbol-misc) line 5" },
  ]);
});

test("it searches when typing rests, and shows the hits", async () => {
  const pick = opened();
  expect(pick.shown).toBe(true);
  pick.type("ca");
  await vi.advanceTimersByTimeAsync(50);
  pick.type("cart");
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.map(({ query }) => query)).toEqual(["cart"]);
  expect(pick.busy).toBe(true);
  asked[0]?.answer([hit("cart")]);
  await settled();
  expect(labels(pick)).toEqual(["$(symbol-function) cart"]);
  expect(pick.busy).toBe(false);
});

test("an answer that comes after a newer question is not shown", async () => {
  const pick = opened();
  pick.type("old");
  await vi.advanceTimersByTimeAsync(200);
  pick.type("new");
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.map(({ cancelled }) => cancelled)).toEqual([true, false]);
  asked[1]?.answer([hit("new")]);
  await settled();
  asked[0]?.answer([hit("old")]);
  await settled();
  expect(labels(pick)).toEqual(["$(symbol-function) new"]);
});

test("an empty query shows nothing, and ends the search that runs", async () => {
  const pick = opened([hit("similar")]);
  expect(labels(pick)).toEqual(["$(symbol-function) similar"]);
  pick.type("cart");
  await vi.advanceTimersByTimeAsync(200);
  pick.type("  ");
  await vi.advanceTimersByTimeAsync(200);
  expect(asked[0]?.cancelled).toBe(true);
  asked[0]?.answer([hit("cart")]);
  await settled();
  expect([pick.items, pick.busy]).toEqual([[], false]);
});

test("an error is said until the next search", async () => {
  const pick = opened();
  pick.type("cart");
  await vi.advanceTimersByTimeAsync(200);
  asked[0]?.fail(new Error("The server is not running yet."));
  await settled();
  expect([pick.title, pick.items, pick.busy]).toEqual(["The server is not running yet.", [], false]);
  pick.type("carts");
  await vi.advanceTimersByTimeAsync(200);
  expect(pick.title).toBeUndefined();
});

test("the hit at the cursor is previewed; the chosen one is opened; leaving shows what was there before", async () => {
  const uri = Uri.parse("file:///shop/before.py");
  const here = new Position(2, 0);
  window.activeTextEditor = { document: document(uri), selection: new Selection(here, here), viewColumn: 1 };
  for (const accepted of [true, false]) {
    editor.shownDocuments.length = 0;
    const pick = opened([hit("first"), hit("second")]);
    pick.activate(0);
    await settled();
    expect(editor.shownDocuments).toEqual([]); // nothing was typed: what is there stays
    pick.value = "s";
    pick.activate(1);
    await settled();
    expect(editor.shownDocuments).toMatchObject([{ uri: "file:///shop/second.py", options: { preserveFocus: true } }]);
    if (accepted) pick.accept();
    else pick.hide();
    await settled();
    expect(editor.shownDocuments.slice(1)).toMatchObject([
      accepted ? { uri: "file:///shop/second.py", options: { preserveFocus: false } } : { uri: "file:///shop/before.py", options: { viewColumn: 1 } },
    ]);
    expect(pick.disposed).toBe(true);
  }
});

test("nothing is searched after it was left", async () => {
  const pick = opened();
  pick.type("cart");
  pick.hide();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toEqual([]);
  pick.accept();
  await settled();
  expect(editor.shownDocuments).toEqual([]);
});

test("without a team, its repositories are not offered", () => {
  expect(opened().buttons).toEqual([]);
  server.status = status();
  expect(opened().buttons).toEqual([]);
});

test("the team's repositories are searched when asked to; their hits open nothing, and their names are copied", async () => {
  server.status = status({ team: true });
  const pick = opened();
  pick.value = "ledger";
  expect(pick.buttons).toHaveLength(1);
  pick.triggered.fire(pick.buttons[0]);
  await settled();
  expect(asked.map(({ query, team }) => [query, team])).toEqual([["ledger", true]]);
  asked[0]?.answer([hit("cart")], { team: [teamHit("Draw")], problems: ["the storage failed at x"] });
  await settled();
  expect(labels(pick)).toEqual(["$(symbol-function) cart", "$(symbol-function) Draw"]);
  expect(pick.items[1]).toMatchObject({ description: "$(organization) github.com/org/ledger@8d7f3a1c0b5e src/view.go:12-30" });
  expect(pick.title).toBe("the storage failed at x");
  pick.activate(1);
  await settled();
  pick.accept();
  await settled();
  expect(editor.shownDocuments).toEqual([]);
  expect(editor.copied).toEqual(["github.com/org/ledger@8d7f3a1c0b5e src/view.go:12-30"]);
  const again = opened();
  again.triggered.fire(again.buttons[0]);
  again.triggered.fire(again.buttons[0]);
  again.type("ledger");
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.at(-1)?.team).toBe(false);
});
