import { describe, expect, test, vi } from "vitest";
import { advance } from "../../src/indexing";
import type { Action, PanelState, ServerState } from "../../src/messages";
import { modelItems, type CatalogueModel, type Overview } from "../../src/models";
import { isSubject } from "../../src/places";
import { changed } from "../../src/settings";
import { describe as describeStatus } from "../../src/status";
import { banner, emptyView, notice } from "../../src/webview/states";
import { state, status } from "./samples";

const stopped = (fix: "python" | "network" | "log" | "trust" | "folder" | "off"): ServerState => ({ kind: "stopped", message: "It does not work.", fix });

describe("the banner", () => {
  test.each<[string, Partial<PanelState>, RegExp, Action[]]>([
    ["no Python", { server: stopped("python") }, /does not work/, ["setPython", "restart"]],
    ["no network", { server: stopped("network") }, /does not work/, ["restart", "showLog"]],
    ["an error", { server: stopped("log") }, /does not work/, ["showLog", "restart"]],
    ["no trust", { server: stopped("trust") }, /does not work/, ["manageTrust"]],
    ["turned off", { server: stopped("off") }, /does not work/, ["turnOn"]],
    ["no folder", { server: stopped("folder") }, /does not work/, ["openFolder"]],
    ["starting", { server: { kind: "starting", message: "installing the server" } }, /installing the server/, []],
    ["restarting", { server: { kind: "restarting", message: "it ended" } }, /it ended/, []],
    ["no status yet", { status: undefined }, /starting/, []],
    ["indexing", { status: status({ index: { state: "indexing", files: 30, pending: 10 } }), indexing: { done: 30, total: 40 } }, /30 of 40 files/, []],
    ["scanning", { status: status({ index: { state: "indexing", files: 0, pending: 0 } }) }, /^Indexing/, []],
    ["a download that begins", { status: status({ index: { state: "indexing" }, root: { download: { doneBytes: 0, totalBytes: 0 } } }) }, /^Downloading the team's index\.$/, []],
    ["a download", { status: status({ index: { state: "indexing" }, root: { download: { doneBytes: 1_500_000, totalBytes: 12_000_000 } } }) }, /1\.5 of 12\.0 MB/, []],
    ["a failed index", { status: status({ root: { state: "failed", message: "the disk is full" } }) }, /disk is full/, ["reindexNow", "showLog"]],
    ["a model that loads", { status: status({ model: { state: "loading", name: "qwen" } }) }, /Loading qwen/, []],
    ["a failed endpoint", { status: status({ model: { state: "failed", device: "server localhost", reason: "refused" } }) }, /refused/, ["setEndpoint", "showLog"]],
    ["a failed model", { status: status({ model: { state: "failed", name: "qwen", reason: "the model's file is too large" } }) }, /^The model's file is too large\.$/, ["chooseModel", "showLog"]],
  ])("%s: says it, and what to do", (_, change, text, steps) => {
    const shown = notice(state(change));
    expect(shown?.text).toMatch(text);
    expect(shown?.steps.map(([action]) => action)).toEqual(steps);
    const target = document.createElement("div");
    const act = vi.fn();
    banner(target, state(change), act);
    expect(target.hidden).toBe(false);
    for (const button of target.querySelectorAll("button")) button.click();
    expect(act.mock.calls.map(([action]) => action as Action)).toEqual(steps);
  });

  test("is not there while all is well, with and without a model", () => {
    for (const model of [{}, { state: "ready", name: "qwen" }, { state: "busy", name: "qwen" }] as const) {
      const target = document.createElement("div");
      banner(target, state({ status: status({ model }) }), () => undefined);
      expect(target.hidden).toBe(true);
      expect(target.childNodes).toHaveLength(0);
    }
  });
});

describe("the empty panel", () => {
  const shown = (change: Partial<PanelState>): HTMLElement => emptyView(state(change), () => undefined, () => undefined);

  test("says that there is no model, and leads to one", () => {
    expect(shown({}).textContent).toMatch(/80 files and 1,200 symbols.*No model is installed.*Choose a model/s);
  });

  test("says which model answers", () => {
    expect(shown({ status: status({ model: { name: "qwen" } }) }).textContent).toMatch(/qwen will answer/);
    expect(shown({ status: status({ model: { state: "ready", name: "qwen" } }) }).textContent).not.toMatch(/model/i);
  });

  test("says what trust would change", () => {
    expect(shown({ trusted: false }).textContent).toMatch(/not trusted.*Manage workspace trust/s);
  });

  test("offers questions, of the symbol at the cursor first, while there is a server to come", () => {
    const asked: string[] = [];
    const attachment = { uri: "file:///a", label: "a", position: { line: 0, character: 0 }, selection: false, symbol: "Cart", subject: true };
    const view = emptyView(state({ attachment }), () => undefined, (question) => asked.push(question));
    view.querySelector<HTMLButtonElement>(".suggestion")?.click();
    expect(asked).toEqual(["What does `Cart` do, and who uses it?"]);
    const waiting = shown({ server: stopped("python") });
    expect(waiting.querySelector(".suggestion")?.hasAttribute("disabled")).toBe(true);
  });

  test("leads to earlier conversations", () => {
    expect(shown({ conversations: 2 }).textContent).toMatch(/Earlier conversations/);
  });
});

describe("the status bar", () => {
  test.each<[string, ServerState, ReturnType<typeof status> | undefined, RegExp, RegExp, string]>([
    ["stopped", stopped("log"), undefined, /warning/, /does not work/, "error"],
    ["starting", { kind: "starting", message: "creating" }, undefined, /spin/, /creating/, "normal"],
    ["ready", { kind: "running" }, status(), /^\$\(book\) Glossator$/, /80 files, 1,200 symbols.*no model/s, "normal"],
    ["indexing", { kind: "running" }, status({ index: { state: "indexing", files: 30, pending: 10 } }), /Indexing 75%/, /30 files/, "normal"],
    ["skipped", { kind: "running" }, status({ index: { skipped: 3 } }), /Glossator/, /3 files skipped/, "normal"],
    ["one of each", { kind: "running" }, status({ index: { files: 1, symbols: 1, skipped: 1 } }), /Glossator/, /^1 file, 1 symbol\n\n1 file skipped/, "normal"],
    ["polling", { kind: "running" }, status({ root: { watching: "polling: no inotify" } }), /Glossator/, /no inotify/, "normal"],
    ["failed index", { kind: "running" }, status({ index: { state: "failed" }, root: { message: "disk full" } }), /warning/, /disk full/, "error"],
    ["failed model", { kind: "running" }, status({ model: { state: "failed", name: "qwen", reason: "too large" } }), /warning/, /too large/, "warning"],
    ["failed endpoint", { kind: "running" }, status({ model: { state: "failed", device: "server localhost", reason: "refused" } }), /warning/, /model: server localhost, failed/, "warning"],
    ["loading", { kind: "running" }, status({ model: { state: "loading", name: "qwen" } }), /Loading model/, /qwen/, "normal"],
    ["device", { kind: "running" }, status({ model: { state: "ready", name: "qwen", device: "CPU, 3 threads" } }), /Glossator/, /qwen, ready, on CPU, 3 threads/, "normal"],
    ["busy", { kind: "running" }, status({ model: { state: "busy", name: "qwen" } }), /Answering/, /busy/, "normal"],
  ])("%s", (_, server, now, text, tooltip, severity) => {
    const shown = describeStatus(server, now, now && advance({ done: 0, total: 40 }, now));
    expect(shown.text).toMatch(text);
    expect(shown.tooltip).toMatch(tooltip);
    expect(shown.severity).toBe(severity);
  });
});

test("indexing is counted from the most that was pending", () => {
  const at = (pending: number, state: "indexing" | "ready" = "indexing"): ReturnType<typeof status> => status({ index: { state, pending, files: 5000 } });
  expect(advance(undefined, at(0))).toBeUndefined();
  const begun = advance(undefined, at(200));
  expect(begun).toEqual({ done: 0, total: 200 });
  const later = advance(begun, at(50));
  expect(later).toEqual({ done: 150, total: 200 });
  expect(advance(later, at(300))).toEqual({ done: 0, total: 300 });
  expect(advance(later, at(0, "ready"))).toBeUndefined();
});

test.each([
  ["def total(self):", "total", true],
  ["    return add_tax(net)", "add_tax", true],
  ["func (c *Context) Next() {", "Next", true],
  ["export class Cart {", "Cart", true],
  ["from shop import money", "from", false],
  ["if (ready) {", "if", false],
  ["// a word in a comment", "word", false],
])("in %j, a question may be about %s: %s", (line, word, expected) => {
  const start = line.indexOf(word);
  expect(isSubject(line, { start: { character: start }, end: { character: start + word.length } })).toBe(expected);
});

describe("the model picker", () => {
  const model = (change: Partial<CatalogueModel>): CatalogueModel => ({
    name: "m", title: "M", bytes: 2_000_000_000, memory: 3_000_000_000, license: "MIT", fits: true, fast_enough: true, estimated_first_word_seconds: 1.23, estimated_words_per_second: 24.6, measured: false, recommended: false, installed: false, notes: "", ...change,
  });
  const fast = { fast_enough: true, estimated_first_word_seconds: 4.96, estimated_words_per_second: 24, measured: true };
  const overview: Overview = {
    problem: "",
    installed: [
      { name: "here", role: "chat", present: true, bytes: 1_500_000_000, in_use: true, ...fast },
      { name: "deleted", role: "chat", present: false, bytes: 1, in_use: false, ...fast },
      { name: "embedder", role: "embedding", present: true, bytes: 1, in_use: false, ...fast },
    ],
    catalogue: [
      model({ title: "Huge", fits: false, memory: 90e9 }),
      model({ title: "Fits" }),
      model({ title: "Best", recommended: true, memory: 6e9 }),
      model({ title: "Here", installed: true }),
      model({ title: "Slow", memory: 2e9, fast_enough: false, estimated_first_word_seconds: 41.8, estimated_words_per_second: 3.14, notes: "large" }),
      model({ title: "Unknown", bytes: 0, memory: 4e9, fast_enough: null, estimated_first_word_seconds: null, estimated_words_per_second: null }),
    ],
  };

  test("lists what is installed, then what fits best, then what does not", async () => {
    const use = vi.fn(() => Promise.resolve());
    const pull = vi.fn(() => Promise.resolve());
    const items = modelItems(overview, use, pull, (text, ...values) => values.reduce((out, value, i) => out.replace(`{${i}}`, value), text));
    expect(items.map((item) => item.label)).toEqual(["Installed", "$(check) here", "Available for download", "$(star-full) Best", "$(cloud-download) Fits", "$(cloud-download) Unknown", "$(cloud-download) Slow", "$(warning) Huge"]);
    expect(items[1]?.detail).toBe("5 s to the first word, then 24 words/s (measured)");
    expect(items[4]?.description).toBe("2.0 GB, needs 3.0 GB of memory, MIT");
    expect(items[5]?.description).toBe("needs 4.0 GB of memory, MIT");
    expect(items.slice(3).map((item) => item.detail)).toEqual([
      "recommended · about 1.2 s to the first word, then 25 words/s",
      "about 1.2 s to the first word, then 25 words/s",
      "",
      "slow on this machine · about 42 s to the first word, then 3.1 words/s · large",
      "does not fit into this machine's memory",
    ]);
    await items[1]?.run?.();
    await items[3]?.run?.();
    expect(use).toHaveBeenCalledWith("here");
    expect(pull).toHaveBeenCalledOnce();
  });
});

test("the server is told only what was changed, and nothing that is the extension's own", () => {
  const values: Record<string, [unknown, unknown]> = { indexDir: ["", ""], threads: [0, 4], pythonPath: ["", "/python"], exclude: [[], []], lora: [[], ["a"]] };
  expect(changed(Object.keys(values), (name) => ({ defaultValue: values[name]?.[0] }), (name) => values[name]?.[1])).toEqual({ threads: 4, lora: ["a"] });
});
