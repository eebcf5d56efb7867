import { beforeAll, beforeEach, expect, test } from "vitest";
import type { FromPanel, Mention, PanelState, ToPanel, Turn } from "../../src/messages";
import { until } from "./waiting";
import { citation, conversation, state, status, symbolUses, teamHit, turn, use } from "./samples";

const sent: FromPanel[] = [];
const resized: (() => void)[] = [];
const receive = (message: ToPanel): void => void window.dispatchEvent(new MessageEvent("message", { data: message }));
const show = (change: Partial<PanelState> = {}): void => receive({ type: "state", state: state(change) });
const input = (): HTMLTextAreaElement => document.querySelector<HTMLTextAreaElement>(".input") ?? document.createElement("textarea");
const button = (name: string): HTMLElement | undefined =>
  [...document.querySelectorAll("button")].find((made) => made.textContent === name || made.getAttribute("aria-label") === name);

function press(key: string): void {
  input().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}

function type(text: string): void {
  input().value = text;
  input().dispatchEvent(new Event("input", { bubbles: true }));
}

const one = (change: Partial<Turn> = {}): Turn => ({ id: "t", ...turn(change) });

beforeAll(async () => {
  document.body.innerHTML = '<main id="app"></main>';
  Element.prototype.scrollIntoView = () => undefined;
  Object.assign(globalThis, {
    ResizeObserver: class {
      observe(): void {
        resized.push(this.changed);
      }
      constructor(private readonly changed: () => void) {}
    },
  });
  Object.assign(globalThis, { acquireVsCodeApi: () => ({ postMessage: (message: FromPanel) => sent.push(message), getState: () => undefined, setState: () => undefined }) });
  await import("../../src/webview/main");
});

beforeEach(() => {
  show({ conversation: { ...conversation(), id: `c${Math.random()}` } });
  type("");
  sent.length = 0;
});

test("the cursor in the question box tells that a question is likely", () => {
  input().dispatchEvent(new Event("focus"));
  expect(sent).toEqual([{ type: "composing" }]);
});

test("Enter asks; an empty question is none", () => {
  press("Enter");
  type("  ");
  press("Enter");
  expect(sent).toEqual([]);
  type("Why?");
  press("Enter");
  expect(sent).toEqual([{ type: "ask", question: "Why?", pinned: [], removed: [] }]);
  expect(input().value).toBe("");
});

test("a question that is asked while an answer is written is sent, and not taken for Stop", () => {
  show({ conversation: conversation([one()]) });
  press("Enter");
  expect(sent).toEqual([]);
  type("And then?");
  press("Enter");
  expect(sent.map((message) => message.type)).toEqual(["ask"]);
  type("A draft");
  button("Stop")?.click();
  expect(sent.map((message) => message.type)).toEqual(["ask", "stop"]);
  expect(input().value).toBe("A draft");
});

test("a question waits for a server that is being started, and is kept for one that is not", () => {
  show({ server: { kind: "starting", message: "installing" } });
  type("Why?");
  press("Enter");
  expect(sent.map((message) => message.type)).toEqual(["ask"]);
  show({ server: { kind: "stopped", message: "There is no Python.", fix: "python" } });
  type("Why?");
  press("Enter");
  expect(sent).toHaveLength(1);
  expect(input().value).toBe("Why?");
});

test("what was stopped can be asked again", () => {
  show({ conversation: conversation([one({ state: "stopped", answer: "It be" })]) });
  button("Ask again")?.click();
  expect(sent).toEqual([{ type: "again", turn: "t", pinned: [], removed: [] }]);
});

test("a selection is attached with its lines", () => {
  const attachment = { uri: "file:///shop/cart.py", label: "shop/cart.py", position: { line: 3, character: 0 }, selection: true };
  const label = (): string => document.querySelector(".attachment-label")?.textContent ?? "";
  show({ attachment: { ...attachment, startLine: 4, endLine: 9 } });
  expect(label()).toBe("shop/cart.py:4-9");
  show({ attachment: { ...attachment, startLine: 4, endLine: 4 } });
  expect(label()).toBe("shop/cart.py:4");
});

test.each([
  ["the model failed", "The model failed. "],
  ["http://localhost:1 cannot be reached: refused", "http://localhost:1 cannot be reached: refused. "],
  ["Is it there?", "Is it there? "],
])("the error %j is shown as %j", (error, shown) => {
  show({ conversation: conversation([one({ state: "failed", error })]) });
  expect(document.querySelector(".foot .error")?.textContent).toBe(` ${shown}Try again`);
});

test("the end stays in view when there is less room", () => {
  const log = document.querySelector<HTMLElement>(".turns");
  if (!log) throw new Error("no turns");
  Object.defineProperties(log, { scrollHeight: { value: 1000, configurable: true }, clientHeight: { value: 400, configurable: true } });
  const shrink = (from: number): number => {
    log.scrollTop = from;
    log.dispatchEvent(new Event("scroll"));
    for (const changed of resized) changed();
    return log.scrollTop;
  };
  expect(shrink(600)).toBe(1000);
  expect(shrink(100)).toBe(100);
});

test("what the index says stays while a model reads and writes, and is folded below its answer", () => {
  const places = [{ ...citation(1), kind: "function", why: "defines `add`", tokens: 9 }];
  show({ conversation: { ...conversation([one({ state: "asking" })]), id: "reading" } });
  const own = document.querySelector<HTMLDetailsElement>(".from-index");
  expect(own?.hidden).toBe(true);
  receive({ type: "found", turn: "t", found: { answer: "**Function** `add` [1]", places } });
  expect([own?.hidden, own?.open]).toEqual([false, true]);
  own?.querySelector<HTMLElement>(".chip")?.click();
  expect(sent.at(-1)).toEqual({ type: "open", place: { uri: places[0]?.uri, range: places[0]?.range } });
  receive({ type: "delta", turn: "t", text: "It adds" });
  expect(own?.textContent).toContain("Function add");
  // What is being written is last, in view; when it is done, the index's words are folded below it.
  const order = () => [...document.querySelectorAll(".turn > .from-index, .turn > .answer")].map((part) => part.className);
  expect(order()).toEqual(["from-index", "answer"]);
  const usage = { promptTokens: 9, reusedTokens: 0, completionTokens: 1, timeToFirstTokenMs: 1, tokensPerSecond: 1 };
  const answer = "It adds.\n\n---\n\n*From the index:*\n\n**Function** `add` [2]\n";
  const start = answer.indexOf("**Function");
  const result = { citations: [citation(2)], model: "m", finishReason: "stop" as const, conversationId: "s", usage, unsupported: [], sources: [], unknown: [], weak: false, fromIndex: [start, answer.length - 1], uses: [] };
  receive({ type: "turn", turn: one({ state: "done", answer, result }) });
  expect([own?.hidden, own?.open]).toEqual([false, false]);
  expect(order()).toEqual(["answer", "from-index"]);
  expect(own?.querySelector(".chip")?.textContent).toBe("2");
  expect(document.querySelector(".turn > .answer")?.textContent.trim()).toBe("It adds.");
  const weak = { ...result, weak: true, fromIndex: [0, 22] };
  const led = "**Function** `add` [2]\n\n---\n\nBananas.";
  receive({ type: "turn", turn: one({ state: "done", answer: led, result: weak }) });
  expect(own?.hidden).toBe(true);
  expect(document.querySelector(".turn > .answer")?.textContent).toContain("Function add");
  expect(document.querySelector(".foot")?.textContent).toContain("does not support most of it");
});

test("a list of uses opens places; below an answer it is folded", () => {
  const uses = [symbolUses([use(3)])];
  show({ conversation: conversation([one({ kind: "uses", state: "done", uses })]) });
  document.querySelector<HTMLElement>(".uses li button")?.click();
  expect(sent.at(-1)).toEqual({ type: "open", place: { uri: "file:///shop/cart.py", range: use(3).range } });
  const usage = { promptTokens: 0, reusedTokens: 0, completionTokens: 0, timeToFirstTokenMs: 0, tokensPerSecond: 0 };
  const result = { citations: [], model: "", finishReason: "evidence" as const, conversationId: "s", usage, unsupported: [], sources: [], unknown: [], weak: false, fromIndex: [], uses };
  show({ conversation: { ...conversation([one({ state: "done", answer: "It is called.", result })]), id: "other" } });
  const details = document.querySelector<HTMLDetailsElement>(".all-uses");
  expect(details?.open).toBe(false);
  expect(details?.querySelector("summary")?.textContent).toBe("All places (1)");
});

const file: Mention = { kind: "file", label: "cart.py", detail: "shop/cart.py", uri: "file:///shop/cart.py" };
const options = (): string[] => [...document.querySelectorAll('[role="option"]')].map((option) => `${option.getAttribute("aria-selected") === "true" ? "*" : ""}${option.querySelector(".suggestion-name")?.textContent ?? ""}`);
const list = (): HTMLElement | null => document.querySelector<HTMLElement>('[role="listbox"]');
/** The request for completions that was sent last. */
async function requested(): Promise<FromPanel & { type: "complete" }> {
  return until("completions are asked for", () => sent.find((message) => message.type === "complete"));
}

test("what can be mentioned is completed with the keyboard, and sent with the question", async () => {
  type("What is @");
  expect(options()).toEqual(["*@file", "@symbol", "@folder"]);
  expect(input().getAttribute("aria-activedescendant")).toBe("suggestion-0");
  press("ArrowUp");
  expect(options()).toEqual(["@file", "@symbol", "*@folder"]);
  press("ArrowDown");
  press("Enter");
  expect(input().value).toBe("What is @file:");
  expect(sent.at(-1)).toMatchObject({ type: "complete", kinds: ["file"], query: "" });
  sent.length = 0;
  type("What is @file:ca");
  const { request, ...rest } = await requested();
  expect(rest).toEqual({ type: "complete", kinds: ["file"], query: "ca" });
  receive({ type: "completions", request: request - 1, items: [file] });
  expect(list()?.hidden).toBe(true);
  receive({ type: "completions", request, items: [file, { ...file, label: "cards.py", uri: "file:///shop/cards.py" }] });
  expect(options()).toEqual(["*cart.py", "cards.py"]);
  press("Tab");
  expect([input().value, list()?.hidden]).toEqual(["What is @cart.py ", true]);
  press("Enter");
  expect(sent.at(-1)).toEqual({ type: "ask", question: "What is @cart.py", pinned: [], removed: [], mentions: [{ ...file, token: "@cart.py" }] });
});

test("Escape closes the list, and an address is no mention", () => {
  type("@");
  expect(list()?.hidden).toBe(false);
  press("Escape");
  expect([list()?.hidden, input().value]).toEqual([true, "@"]);
  type("me@example.org");
  expect(list()?.hidden).toBe(true);
  type("#");
  expect(list()?.hidden).toBe(true);
});

test("the selection is mentioned, where there is one", () => {
  show({ attachment: { uri: "file:///shop/cart.py", label: "cart.py", position: { line: 3, character: 0 }, selection: true, startLine: 4, endLine: 9 } });
  type("Explain #se");
  expect(options()).toEqual(["*#selection"]);
  document.querySelector<HTMLElement>('[role="option"]')?.click();
  expect(input().value).toBe("Explain #selection ");
  press("Enter");
  expect(sent.at(-1)).toMatchObject({ question: "Explain #selection", mentions: [{ kind: "selection" }] });
});

test("dropped files are mentioned; of two with one name, the second by its path", () => {
  const drop = new Event("drop", { bubbles: true, cancelable: true });
  const data = { getData: (type: string) => (type === "text/uri-list" ? "file:///shop/cart.py\r\nfile:///shop/web/cart.py" : "") };
  input().dispatchEvent(Object.assign(drop, { dataTransfer: data }));
  expect(drop.defaultPrevented).toBe(true);
  expect(sent).toEqual([{ type: "drop", uris: ["file:///shop/cart.py", "file:///shop/web/cart.py"] }]);
  receive({ type: "mention", mentions: [file, { ...file, detail: "shop/web/cart.py", uri: "file:///shop/web/cart.py" }] });
  expect(input().value).toBe("@cart.py @shop/web/cart.py ");
  type("@cart.py ");
  press("Enter");
  expect(sent.at(-1)).toMatchObject({ mentions: [{ uri: "file:///shop/cart.py" }] });
});

test("the frames of a pasted trace are links, in the box and in the question", async () => {
  const trace = 'Oops\n File "cart.py", line 9';
  const place = { uri: "file:///shop/cart.py", range: { start: { line: 8, character: 0 }, end: { line: 8, character: 0 } } };
  type(trace);
  input().dispatchEvent(Object.assign(new Event("paste", { bubbles: true }), { clipboardData: { getData: () => trace } }));
  const { request } = await until("the trace is sent", () => sent.find((message) => message.type === "trace"));
  const frames = [{ start: 12, end: 27, place }];
  receive({ type: "traced", request, frames });
  expect(document.querySelector(".frames .frame")?.textContent).toBe("cart.py:9");
  press("Enter");
  expect(document.querySelector<HTMLElement>(".frames")?.hidden).toBe(true);
  show({ conversation: { ...conversation([one({ question: trace })]), id: "trace" } });
  receive({ type: "frames", turn: "t", frames });
  const link = document.querySelector<HTMLElement>(".trace .frame");
  expect(link?.textContent).toBe('cart.py", line ');
  link?.click();
  expect(sent.at(-1)).toEqual({ type: "open", place });
});

test("the team's repositories can be chosen as the scope if there is a team", () => {
  const option = (): HTMLOptionElement | null => document.querySelector('.scope option[value="team"]');
  show();
  expect([option()?.hidden, option()?.disabled]).toEqual([true, true]);
  show({ status: status({ team: true }), scope: "team" });
  expect([option()?.hidden, option()?.disabled, document.querySelector<HTMLSelectElement>(".scope")?.value]).toEqual([false, false, "team"]);
});

test("hits in the team's other repositories have a repository and a commit, and open no file", () => {
  show({ conversation: { ...conversation([one({ state: "done", scope: "team" })]), id: "team" }, status: status({ team: true }) });
  const part = (): HTMLElement => document.querySelector<HTMLElement>(".team") ?? document.createElement("i");
  receive({ type: "team", turn: "t", team: { hits: [], problems: [], searching: "searching the team's repositories: 3 of 20" } });
  expect(part().textContent).toContain("3 of 20");
  const elsewhere = teamHit("Sum", { repository: "git.example.org/ledger", startLine: 4, endLine: 4 });
  receive({ type: "team", turn: "t", team: { hits: [teamHit("Draw", { path: "a b/view#1.go" }), elsewhere], problems: ["the base is gone"] } });
  expect(part().textContent).toMatch(/\(2\).*Draw.*github\.com\/org\/ledger@8d7f3a1c0b5e a b\/view#1\.go:12-30.*defines Draw.*git\.example\.org\/ledger@8d7f3a1c0b5e src\/view\.go:4.*The base is gone/s);
  const links = [...part().querySelectorAll("a")];
  expect(links.map(({ href }) => href)).toEqual(["https://github.com/org/ledger/blob/8d7f3a1c0b5e4d2f9a6c7b8e1d0f2a3b4c5d6e7f/a%20b/view%231.go#L12-L30"]);
  for (const clicked of part().querySelectorAll<HTMLElement>("span.place, button")) clicked.click();
  expect(sent.map((message) => message.type)).toEqual(["copy", "copy"]);
  receive({ type: "team", turn: "t", team: { hits: [], problems: [] } });
  expect(part().textContent).toContain("Nothing was found there.");
  receive({ type: "team", turn: "t", team: { hits: [], problems: ["the search was stopped"] } });
  expect(part().textContent).toContain("The search was stopped.");
  expect(part().textContent).not.toContain("Nothing was found");
});
