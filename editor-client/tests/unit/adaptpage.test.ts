import { beforeEach, expect, test } from "vitest";
import { AdaptPage } from "../../src/adaptpage";
import type { FromAdaptPage, ToAdaptPage } from "../../src/messages";
import type { AdaptChanged, AdaptResult } from "../../src/protocol";
import { data, result, run } from "./adaptsamples";
import { status } from "./samples";
import { EventEmitter, type FakePage, Uri, editor, events, reset, window } from "./vscode";
import { until } from "./waiting";

type Handler = (params: Record<string, unknown>) => unknown;

let changes: EventEmitter<undefined>;
let adapted: EventEmitter<AdaptChanged>;
let answers: Record<string, Handler>;
let asked: [string, Record<string, unknown>][];
let now: AdaptResult;
let server: Record<string, unknown>;
let page: AdaptPage;

const shown = (): FakePage => {
  const made = editor.pages.at(-1);
  if (!made) throw new Error("no page was opened");
  return made;
};
const say = (message: FromAdaptPage): void => shown().received.fire(message);
const told = <K extends ToAdaptPage["type"]>(type: K): Extract<ToAdaptPage, { type: K }>[] => (shown().sent as ToAdaptPage[]).filter((message): message is Extract<ToAdaptPage, { type: K }> => message.type === type);
const of = (method: string): Record<string, unknown>[] => asked.filter(([name]) => name === `glossator/${method}`).map(([, params]) => params);

function made(): AdaptPage {
  return new AdaptPage(Uri.parse("file:///extension") as never, server as never, window.createOutputChannel() as never);
}

async function opened(): Promise<void> {
  page.show();
  say({ type: "ready" });
  await until("the page has its state", () => told("adapt").at(-1)?.state.result);
}

beforeEach(() => {
  reset();
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
  changes = new EventEmitter();
  adapted = new EventEmitter();
  asked = [];
  now = result({ data: data() });
  answers = { adapt: () => now };
  server = {
    state: { kind: "running" },
    running: true,
    status: status(),
    onDidChange: changes.event,
    onDidAdapt: adapted.event,
    request: (method: string, params: Record<string, unknown>) => {
      asked.push([method, params]);
      const answer = answers[method.replace("glossator/", "")];
      return Promise.resolve().then(() => answer?.(params) ?? null);
    },
  };
  page = made();
});

test("the page is opened once, may run nothing but its own script, and shows what the server knows", async () => {
  await opened();
  page.show();
  expect(editor.pages).toHaveLength(1);
  expect(shown().webview.html).toMatch(/default-src 'none'; style-src self; script-src 'nonce-[^']+';/);
  expect(shown().webview.html).not.toMatch(/<script(?! nonce)/);
  expect(told("adapt").at(-1)?.state).toEqual({ server: { kind: "running" }, trusted: true, roots: [{ uri: "file:///shop", name: "shop" }], root: "file:///shop", result: now });
  expect(of("adapt")).toEqual([{ root: "file:///shop", follow: true }]);
});

test("nothing is asked for in a workspace that is not trusted, until it is", async () => {
  editor.trusted = false;
  page.show();
  say({ type: "ready" });
  await until("the page is told", () => told("adapt").length > 0);
  expect(told("adapt").at(-1)?.state.trusted).toBe(false);
  expect(asked).toEqual([]);
  editor.trusted = true;
  events.trust.fire(undefined);
  await until("the server is asked", () => told("adapt").at(-1)?.state.result);
});

test("progress is passed on, and everything is asked again when more has changed", async () => {
  await opened();
  adapted.fire({ root: "file:///shop", changes: 1, run: run() });
  adapted.fire({ root: "file:///other", changes: 9, run: run({ stage: "elsewhere" }) });
  expect(told("run").map((message) => message.run?.stage)).toEqual(["Training"]);
  expect(of("adapt")).toHaveLength(1);
  now = result({ changes: 2, run: run({ state: "done", name: "retriever-1" }) });
  adapted.fire({ root: "file:///shop", changes: 2, run: now.run });
  await until("it is asked again", () => told("adapt").at(-1)?.state.result?.changes === 2);
  expect(editor.messages).toEqual([]);
});

test("what is asked for goes to the server, and a refusal is told on the page", async () => {
  await opened();
  answers["adaptStart"] = () => {
    throw new Error("another process is adapting a model to this project");
  };
  say({ type: "start", work: "model", base: "small", minutes: 5 });
  await until("it is told", () => told("refused").at(-1)?.message || undefined);
  expect(told("refused").map(({ message }) => message)).toEqual(["", "another process is adapting a model to this project"]);
  expect(of("adaptStart")).toEqual([{ root: "file:///shop", work: "model", base: "small", minutes: 5 }]);
  say({ type: "stop" });
  say({ type: "choose", action: "undo", kind: "model" });
  await until("both are sent", () => of("adaptStop").length + of("adaptChoose").length === 2);
  expect(of("adaptChoose")).toEqual([{ root: "file:///shop", action: "undo", kind: "model" }]);
});

test("what is removed is confirmed first", async () => {
  await opened();
  say({ type: "choose", action: "remove", name: "retriever-1" });
  await until("it is asked", () => editor.messages.length === 1);
  expect(editor.messages[0]?.text).toBe("Remove retriever-1?");
  expect(of("adaptChoose")).toEqual([]);
  editor.answer = (_, choices) => choices[0];
  say({ type: "choose", action: "remove", name: "retriever-1" });
  await until("it is sent", () => of("adaptChoose").length === 1);
});

test("examples and reports are passed on, with what went wrong", async () => {
  await opened();
  answers["adaptExamples"] = ({ offset }) => ({ total: 3, examples: [], offset });
  answers["adaptReport"] = () => {
    throw new Error("the last run has no report");
  };
  say({ type: "examples", request: 4, kind: "explain", offset: 2 });
  say({ type: "report", name: "" });
  await until("both are there", () => told("examples").length + told("report").length === 2);
  expect(told("examples")[0]).toMatchObject({ request: 4, result: { total: 3 } });
  expect(of("adaptExamples")).toEqual([{ root: "file:///shop", offset: 2, limit: 1, kind: "explain" }]);
  expect(told("report")[0]).toEqual({ type: "report", name: "", error: "the last run has no report" });
  expect(of("adaptReport")).toEqual([{ root: "file:///shop" }]);
});

test("files open where the server says they are, and nothing outside of the project", async () => {
  await opened();
  say({ type: "file", which: "examples", line: 7 });
  say({ type: "file", which: "leftOut" });
  say({ type: "source", path: "src/cart.py", line: 3 });
  say({ type: "source", path: "../../etc/passwd", line: 1 });
  await until("they are open", () => editor.shownDocuments.length === 3);
  expect(editor.shownDocuments.map(({ uri }) => uri)).toEqual(["file:///kept/model-data/examples.jsonl", "file:///kept/model-data/left_out.jsonl", "file:///shop/src/cart.py"]);
  expect(editor.shownDocuments[0]?.options).toMatchObject({ selection: { start: { line: 6 } } });
});

test("what is missing is installed by the user, in a terminal", async () => {
  now = result({ missing: ["torch"], install: "python -m pip install x" });
  await opened();
  say({ type: "terminal" });
  say({ type: "copy", text: "python -m pip install x" });
  await until("it is copied", () => editor.copied[0]);
  expect(editor.terminals).toEqual([{ name: "Glossator", texts: [["python -m pip install x", false]] }]);
});

test("a page that is closed while something runs is told how it ended; one that is closed otherwise follows nothing", async () => {
  now = result({ run: run() });
  await opened();
  shown().dispose();
  expect(of("adapt").filter(({ follow }) => follow === false)).toEqual([]);
  editor.answer = (_, choices) => choices[0];
  adapted.fire({ root: "file:///shop", changes: 2, run: run({ state: "refused" }) });
  await until("it is told, and the page is there again", () => editor.pages.length === 2);
  expect(editor.messages[0]?.text).toContain("measured no better");
  await until("it follows no longer", () => of("adapt").some(({ follow }) => follow === false));
  now = result();
  say({ type: "ready" });
  await until("the page has its state", () => told("adapt").length > 0);
  const before = of("adapt").length;
  shown().dispose();
  await until("it follows no longer", () => of("adapt").length > before);
  expect(of("adapt").at(-1)).toMatchObject({ follow: false });
});

test("a window that is loaded again finds its page and what it was about", async () => {
  server["status"] = { ...status(), roots: [...status().roots, { ...status().roots[0], uri: "file:///web" }] };
  page.show();
  const restored = shown();
  const serializer = editor.serializers.get("glossator.adapt") as AdaptPage;
  await serializer.deserializeWebviewPanel(restored as never, { root: "file:///web" });
  say({ type: "ready" });
  await until("it is told", () => told("adapt").at(-1)?.state.result);
  expect(of("adapt").at(-1)).toEqual({ root: "file:///web", follow: true });
  say({ type: "root", root: "file:///shop" });
  await until("the other is shown", () => told("adapt").at(-1)?.state.root === "file:///shop" && told("adapt").at(-1)?.state.result);
});

test("the page follows the server as it stops and starts", async () => {
  await opened();
  Object.assign(server, { state: { kind: "stopped", message: "gone", fix: "log" }, running: false, status: undefined });
  changes.fire(undefined);
  await until("it is told", () => told("adapt").at(-1)?.state.server.kind === "stopped");
  Object.assign(server, { state: { kind: "running" }, running: true, status: status() });
  changes.fire(undefined);
  await until("it asks again", () => of("adapt").length === 2);
  changes.fire(undefined);
  changes.fire(undefined);
  expect(of("adapt"), "nothing that matters has changed").toHaveLength(2);
  answers["adapt"] = () => {
    throw new Error("the record cannot be read");
  };
  say({ type: "refresh" });
  await until("it is told", () => told("adapt").at(-1)?.state.error === "the record cannot be read");
});
