// @vitest-environment node
import { describe, expect, test } from "vitest";
import { Conversations, MAX_CONVERSATIONS, MAX_HISTORY, shorten, TITLE_LENGTH, toMarkdown, type Memory } from "../../src/conversations";
import { citation, symbolUses, turn, use } from "./samples";

class Kept implements Memory {
  readonly values = new Map<string, string>();

  get<T>(key: string, fallback: T): T {
    const text = this.values.get(key);
    return text === undefined ? fallback : (JSON.parse(text) as T);
  }

  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, JSON.stringify(value));
    return Promise.resolve();
  }
}

describe("conversations", () => {
  test("come back as they were saved, without what the server knew", async () => {
    const memory = new Kept();
    const first = new Conversations(memory);
    first.add(turn({ question: "Where is the tax?" }));
    first.current.serverId = "s-1";
    await first.save();
    const second = new Conversations(memory);
    expect(second.current.title).toBe("Where is the tax?");
    expect(second.current.serverId).toBeUndefined();
    expect(second.current.turns[0]?.state).toBe("stopped");
    expect(second.history).toEqual(["Where is the tax?"]);
  });

  test("an empty one is used again, and is not listed", () => {
    const all = new Conversations(new Kept());
    const empty = all.current;
    expect(all.begin()).toBe(empty);
    expect(all.list).toEqual([]);
    all.add(turn());
    expect(all.begin()).not.toBe(empty);
    expect(all.list).toEqual([empty]);
  });

  test("the newest come first; the oldest go", () => {
    const all = new Conversations(new Kept());
    for (let i = 0; i < MAX_CONVERSATIONS + 5; i++) {
      all.begin();
      all.add(turn({ question: `question ${i}` }));
    }
    expect(all.list).toHaveLength(MAX_CONVERSATIONS);
    expect(all.list[0]?.title).toBe(`question ${MAX_CONVERSATIONS + 4}`);
    for (let i = 0; i < MAX_HISTORY + 5; i++) all.add(turn({ question: `more ${i}` }));
    expect(all.history).toHaveLength(MAX_HISTORY);
  });

  test("a question asked twice is remembered once; explanations are not questions", () => {
    const all = new Conversations(new Kept());
    for (const question of ["a", "b", "a"]) all.add(turn({ question }));
    all.add(turn({ question: "Explain `f`", kind: "explain" }));
    expect(all.history).toEqual(["a", "b"]);
  });

  test("the open one is removed, and another opens", () => {
    const all = new Conversations(new Kept());
    all.add(turn({ question: "old" }));
    const old = all.current.id;
    all.begin();
    all.add(turn({ question: "new" }));
    all.remove(all.current.id);
    expect(all.current.id).toBe(old);
    all.remove(old);
    expect(all.current.turns).toEqual([]);
    expect(all.open("unknown").turns).toEqual([]);
  });

  test("a server that starts again knows none of them", () => {
    const all = new Conversations(new Kept());
    all.add(turn());
    all.current.serverId = "s-1";
    all.forgetServer();
    expect(all.current.serverId).toBeUndefined();
  });
});

test("titles are one short line", () => {
  expect(shorten("  Why\n does\tit? ")).toBe("Why does it?");
  expect(shorten("x".repeat(200))).toHaveLength(TITLE_LENGTH);
});

test("Markdown holds questions, answers and sources", () => {
  const all = new Conversations({ get: (_, fallback) => fallback, update: () => Promise.resolve() });
  const added = all.add(turn({ question: "How?", state: "done", answer: "It sums [1].", attachment: { uri: "file:///shop/cart.py", label: "cart.py", position: { line: 0, character: 0 }, selection: false, symbol: "Cart" } }));
  added.result = { citations: [citation(1)], model: "qwen", finishReason: "stop", conversationId: "s", unsupported: [], sources: [], unknown: [], weak: false, fromIndex: [], uses: [], usage: { promptTokens: 1, reusedTokens: 0, completionTokens: 1, timeToFirstTokenMs: 1, tokensPerSecond: 1 } };
  all.add(turn({ question: "And?", state: "failed", error: "no memory" }));
  expect(toMarkdown(all.current, (uri) => uri.replace("file:///shop/", ""))).toBe(
    "# How?\n\n## How?\n\n*About `Cart` in cart.py*\n\nIt sums [1].\n\n- [1] cart.py:5-9 `Cart.total`\n\n*qwen*\n\n## And?\n\n*no memory*\n",
  );
});

test("Markdown holds the places of a list of uses", () => {
  const all = new Conversations({ get: (_, fallback) => fallback, update: () => Promise.resolve() });
  all.add(turn({ question: "Where is `total` used?", kind: "uses", state: "done", uses: [symbolUses([use(3), use(4, { grade: "possible" })])] }));
  expect(all.history).toEqual([]);
  expect(toMarkdown(all.current, (uri) => uri.replace("file:///shop/", ""))).toContain(
    "method `Cart.total` in cart.py:18\n\n- cart.py:4 (call) `total(3)`\n- cart.py:5 (possible) `total(4)`\n",
  );
});
