import { expect, test, vi } from "vitest";
import type { SymbolUses } from "../../src/protocol";
import { countPlaces, usesList } from "../../src/webview/uses";
import { symbolUses, use } from "./samples";

const shown = (...symbols: SymbolUses[]) => {
  const open = vi.fn();
  const peek = vi.fn();
  const tree = vi.fn();
  return { list: usesList(symbols, { open, peek, tree }), open, peek, tree };
};
const texts = (list: HTMLElement, selector: string): string[] => [...list.querySelectorAll(selector)].map((found) => found.textContent.trim());

test("places are grouped by kind, then by file, and open", () => {
  const calls = [use(3), use(9), use(1, { uri: "file:///shop/a%20b.py" })];
  const { list, open, peek } = shown(symbolUses([use(0, { kind: "import", symbol: "" }), ...calls]));
  expect(texts(list, "summary")).toEqual(["Called (3)", "Imported (1)"]);
  expect(texts(list, "details:first-of-type .uses-file")).toEqual(["cart.py", "a b.py"]);
  expect(texts(list, "details:first-of-type li")).toEqual(["4total(3)", "10total(9)", "2total(1)"]);
  const [place] = list.querySelectorAll<HTMLButtonElement>("li button");
  expect(place?.title).toBe("in checkout");
  place?.click();
  expect(open).toHaveBeenCalledWith({ uri: "file:///shop/cart.py", range: calls[0]?.range });
  expect(peek).toHaveBeenCalledTimes(5);
});

test("what is only possible comes last, and is folded", () => {
  const { list } = shown(symbolUses([use(2, { grade: "possible" }), use(3, { grade: "possible" }), use(4)]));
  const groups = [...list.querySelectorAll("details")];
  expect(texts(list, "summary")).toEqual(["Called (1)", "2 more places mention the name"]);
  expect(groups.map((group) => group.open)).toEqual([true, false]);
});

test("several mentions in one line are one place, the first of them", () => {
  const twice = symbolUses([use(3), use(3, { kind: "call", range: { start: { line: 3, character: 20 }, end: { line: 3, character: 25 } } })]);
  expect(countPlaces([twice])).toBe(1);
  const { list, open } = shown(twice);
  list.querySelector<HTMLButtonElement>("li button")?.click();
  expect(open).toHaveBeenCalledWith({ uri: "file:///shop/cart.py", range: use(3).range });
});

test("each definition of a name has its own list; that nothing uses it is said only if it is known", () => {
  const { list, tree } = shown(symbolUses([], { unused: true }), symbolUses([], { unreadFiles: 7 }));
  list.querySelector<HTMLButtonElement>('button[aria-label="Show the uses of Cart.total as a tree"]')?.click();
  expect(tree).toHaveBeenCalledWith({ uri: "file:///shop/cart.py", range: symbolUses([]).symbol.range });
  expect(texts(list, ".uses-symbol")).toEqual(["method Cart.totalcart.py:18", "method Cart.totalcart.py:18"]);
  expect(texts(list, ".why")).toEqual(["Nothing in the indexed code uses it.", "7 more files may mention the name and were not looked at.", "No use was found."]);
});
