// @vitest-environment node
/** What the extension offers to the editor's agents and chats. */
import { beforeEach, expect, test } from "vitest";
import type { ExtensionContext, Uri as CodeUri } from "vscode";
import { registerLocalModel } from "../../src/localmodel";
import { registerMcpServer } from "../../src/mcp";
import type { McpProvider, ModelProvider, Tool } from "../../src/newer";
import { registerParticipant } from "../../src/participant";
import type { AskResult, StatusResult } from "../../src/protocol";
import type { Server } from "../../src/server";
import { registerTools } from "../../src/tools";
import { citation, status, symbolUses, use } from "./samples";
import * as stub from "./vscode";
import { CancellationTokenSource, EventEmitter, LanguageModelTextPart, type LanguageModelToolResult, Location, Position, Range, Selection, Uri, editor, reset } from "./vscode";

const CODE = Array.from({ length: 60 }, (_, line) => `line ${line + 1}`).join("\n");
const ICON = Uri.parse("file:///icon.png") as unknown as CodeUri;
const CONTEXT = { extension: { packageJSON: { version: "1.2.3" } }, globalStorageUri: Uri.parse("file:///storage") } as unknown as ExtensionContext;
const FILE = "file:///shop/cart.py";
const usage = { promptTokens: 0, reusedTokens: 0, completionTokens: 0, timeToFirstTokenMs: 0, tokensPerSecond: 0 };
const answered = (change: Partial<AskResult> = {}): AskResult => ({ answer: "It adds [1].", citations: [citation(1)], evidence: [], model: "", finishReason: "evidence", conversationId: "c-7", usage, unsupported: [], uses: [], sources: [], unknown: [], weak: false, fromIndex: [], ...change });

class FakeServer {
  readonly changes = new EventEmitter<undefined>();
  readonly onDidChange = this.changes.event;
  readonly asked: [string, Record<string, unknown>][] = [];
  readonly listeners = new Map<string, (value: unknown) => void>();
  state: Server["state"] = { kind: "running" };
  running = true;
  status: StatusResult | undefined = status({ model: { name: "qwen", state: "ready", contextTokens: 4096, device: "CPU" } });
  answers: Record<string, unknown> = {};
  ready = (): Promise<void> => Promise.resolve();
  request = (method: string, params: Record<string, unknown>): Promise<unknown> => {
    this.asked.push([method, params]);
    const answer = this.answers[method];
    if (answer instanceof Error) return Promise.reject(answer);
    if (method === "glossator/chat") this.send(params, { kind: "delta", text: "Hel" }, { kind: "delta", text: "lo" });
    return Promise.resolve(answer);
  };
  onProgress = (token: string, listener: (value: unknown) => void): stub.Disposable => {
    this.listeners.set(token, listener);
    return new stub.Disposable(() => this.listeners.delete(token));
  };
  send(params: Record<string, unknown>, ...values: unknown[]): void {
    for (const value of values) this.listeners.get(String(params["partialResultToken"]))?.(value);
  }
}

let server: FakeServer;
const given = (): Server => server as unknown as Server;
const { token } = new CancellationTokenSource();

beforeEach(() => {
  reset();
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
  editor.documents.set(FILE, CODE);
  server = new FakeServer();
});

async function call(name: string, input: unknown, tokenBudget?: number): Promise<string> {
  const registered = registerTools(given());
  const tool = editor.tools.get(`glossator_${name}`) as Tool;
  const result = (await tool.invoke({ input, ...(tokenBudget ? { tokenizationOptions: { tokenBudget } } : {}) }, token)) as LanguageModelToolResult;
  registered.dispose();
  expect(editor.tools.size).toBe(0);
  return result.content.map(({ value }) => value).join("");
}

test("an editor without these interfaces is left alone", () => {
  const parts = [{ ...stub.lm }, { ...stub.chat }] as const;
  Object.assign(stub.lm, { registerTool: undefined, registerLanguageModelChatProvider: undefined, registerMcpServerDefinitionProvider: undefined });
  Object.assign(stub.chat, { createChatParticipant: undefined });
  try {
    for (const register of [registerTools, registerLocalModel, (to: Server) => registerParticipant(to, ICON), (to: Server) => registerMcpServer(to, CONTEXT)]) register(given()).dispose();
  } finally {
    Object.assign(stub.lm, parts[0]);
    Object.assign(stub.chat, parts[1]);
  }
  expect([editor.tools.size, editor.models.size, editor.participants.size, editor.mcp.size]).toEqual([0, 0, 0, 0]);
});

test("the search tool gives places with their code, as many as there is room for", async () => {
  const hit = (line: number, lines: number) => ({ uri: FILE, range: { start: { line, character: 0 }, end: { line: line + lines, character: 0 } }, kind: "function", name: "f", qualifiedName: `f${line}`, score: 1, why: "named so" });
  server.answers["glossator/search"] = { hits: [hit(2, 2), hit(9, 50)] };
  const text = await call("search", { query: "tax", path: "src/**", language: "python", limit: 99 });
  expect(server.asked).toEqual([["glossator/search", { query: "tax", limit: 50, scope: { include: ["src/**"], languages: ["python"] } }]]);
  expect(text).toContain("cart.py:3-4 function `f2` (named so)\n```python\nline 3\nline 4\n```");
  expect(text).toContain("line 49\n…\n```");
  expect(text).not.toContain("line 50");
  const short = await call("search", { query: "tax" }, 80);
  expect(short).toContain("f2");
  expect(short).toContain("(1 more matches left out)");
  expect(short.length).toBeLessThan(240 + 40);
  server.status = status({ index: { state: "indexing", files: 9 } });
  server.answers["glossator/search"] = { hits: [] };
  expect(await call("search", { query: "tax" })).toBe('The index is still being built (9 files so far): this may be incomplete.\n\nNothing in the index matches "tax".');
});

test("a path with brackets is a path as well as a glob", async () => {
  server.answers["glossator/search"] = { hits: [] };
  await call("search", { query: "tax", path: "app/[id]/page.tsx" });
  expect(server.asked).toEqual([["glossator/search", { query: "tax", limit: 8, scope: { include: ["app/[id]/page.tsx", "/app/[[]id]/page.tsx"] } }]]);
});

test("the uses tool gives every kind, callers, and what is not certain apart", async () => {
  const caller = { symbol: { ...symbolUses([]).symbol, qualifiedName: "main" }, depth: 2, calls: "checkout" };
  server.answers["glossator/uses"] = { symbols: [symbolUses([use(3), use(4, { kind: "import", symbol: "" }), use(5, { grade: "possible", test: true })], { callers: [caller], unreadFiles: 2 })] };
  const text = await call("uses", { symbol: "total", depth: 2 });
  expect(server.asked).toEqual([["glossator/uses", { name: "total", depth: 2 }]]);
  expect(text.split("\n\n")).toEqual([
    "`Cart.total` (method, cart.py:18): certain uses: 2, other mentions of the name: 1.",
    "Called:\n- cart.py:4 in `checkout`: total(3)",
    "Imported:\n- cart.py:5: total(4)",
    "Callers, by distance:\n- 2: `main` (cart.py:18) calls `checkout`",
    "Possible (the name fits, the receiver is unknown):\n- cart.py:6 in `checkout` (test): total(5)",
    "2 more files may mention the name and were not examined.",
  ]);
  server.answers["glossator/uses"] = new Error("there is no symbol `tota`; did you mean `total`?");
  await expect(call("uses", { symbol: "tota" })).rejects.toThrow("did you mean `total`");
});

test("the explaining tool takes a name, or a path and a line, and asks no model", async () => {
  server.answers = { "glossator/explain": answered(), "glossator/uses": { symbols: Array.from({ length: 5 }, () => symbolUses([])) } };
  expect(await call("explain", { path: "./shop/cart.py", line: 3 })).toBe("It adds [1].\n\nSources:\n[1] cart.py:5-8");
  expect(server.asked).toEqual([["glossator/explain", { textDocument: { uri: FILE }, position: { line: 2, character: 0 }, indexOnly: true }]]);
  const text = await call("explain", { symbol: "total" });
  expect(text.match(/It adds/g)).toHaveLength(3);
  expect(text).toContain("2 more definitions have this name");
});

test.each([
  ["search", {}, '"query" is missing'],
  ["search", { query: 5 }, '"query" must be a string'],
  ["search", { query: "x", limit: 0.5 }, '"limit" must be a whole number'],
  ["uses", { symbol: " " }, '"symbol" is missing'],
  ["explain", { path: "cart.py", line: 99 }, "cart.py has 60 lines"],
  ["explain", { path: "other.py", line: 1 }, "there is no file other.py"],
  ["explain", { path: "../etc/passwd", line: 1 }, "is not in the workspace"],
])("what a model writes wrongly into %s %j is told", async (name, input, message) => {
  await expect(call(name, input)).rejects.toThrow(message);
  expect(server.asked).toEqual([]);
});

test("a server that does not run is told", async () => {
  server.state = { kind: "stopped", message: "There is no Python.", fix: "python" };
  await expect(call("search", { query: "x" })).rejects.toThrow("There is no Python.");
});

test("the local model is in the picker while there is one, and its text streams", async () => {
  const registered = registerLocalModel(given());
  const provider = editor.models.get("glossator") as ModelProvider;
  let changes = 0;
  provider.onDidChangeLanguageModelChatInformation(() => (changes += 1));
  const [model] = provider.provideLanguageModelChatInformation({ silent: true });
  expect(model).toMatchObject({ id: "qwen", detail: "Glossator", maxInputTokens: 4096 - 1024, maxOutputTokens: 1024, capabilities: { toolCalling: false } });
  if (!model) throw new Error("no model");
  const parts: string[] = [];
  server.answers["glossator/chat"] = { text: "Hello", model: "qwen", finishReason: "stop", usage };
  const messages = [{ role: 3, content: [new LanguageModelTextPart("Be brief.")] }, { role: 1, content: [new LanguageModelTextPart("He"), new LanguageModelTextPart("y"), { mimeType: "image/png" }] }, { role: 2, content: [{ mimeType: "image/png" }] }];
  await provider.provideLanguageModelChatResponse(model, messages, { modelOptions: { max_tokens: 5000 } }, { report: (part) => void parts.push((part as LanguageModelTextPart).value) }, token);
  expect(parts).toEqual(["Hel", "lo"]);
  expect(server.asked).toMatchObject([["glossator/chat", { messages: [{ role: "system", text: "Be brief." }, { role: "user", text: "Hey" }], maxTokens: 1024 }]]);
  expect(server.listeners.size).toBe(0);
  expect(await provider.provideTokenCount(model, "12345678")).toBe(2);
  server.changes.fire(undefined);
  server.changes.fire(undefined);
  server.status = status();
  server.changes.fire(undefined);
  expect(changes).toBe(2);
  expect(provider.provideLanguageModelChatInformation({ silent: true })).toEqual([]);
  registered.dispose();
});

test("the MCP server runs on the same Python, for the folders that are open", () => {
  const followed = { python: "/env/bin/python" as string | undefined, running: true, onDidChange: server.onDidChange };
  const registered = registerMcpServer(followed as unknown as Server, CONTEXT);
  const provider = editor.mcp.get("glossator.mcp") as McpProvider;
  let changes = 0;
  provider.onDidChangeMcpServerDefinitions(() => (changes += 1));
  const offered = (): unknown => provider.provideMcpServerDefinitions()[0];
  expect(offered()).toMatchObject({ label: "Glossator", command: "/env/bin/python", args: ["-m", "glossator", "mcp", "--root", "/shop"], version: "1.2.3", cwd: { path: "/storage" } });
  server.changes.fire(undefined);
  server.changes.fire(undefined);
  expect(changes).toBe(1);
  editor.settings["indexDir"] = "/cache";
  expect(offered()).toMatchObject({ args: ["-m", "glossator", "mcp", "--root", "/shop", "--index-dir", "/cache"] });
  editor.settings["serverCommand"] = ["/own/glossator", "serve", "--index-dir", "/mine"];
  followed.python = undefined;
  expect(offered()).toMatchObject({ command: "/own/glossator", args: ["mcp", "--root", "/shop", "--index-dir", "/mine"] });
  editor.trusted = false;
  expect(offered()).toBeUndefined();
  editor.trusted = true;
  followed.running = false;
  expect(offered()).toBeUndefined();
  registered.dispose();
});

interface Chat {
  requestHandler(request: object, context: object, stream: object, token: object): Promise<{ metadata?: object; errorDetails?: { message: string } }>;
}

async function chatted(request: object, history: object[] = []): Promise<{ text: string; result: Awaited<ReturnType<Chat["requestHandler"]>>; references: Location[]; steps: string[] }> {
  const registered = registerParticipant(given(), ICON);
  const chat = editor.participants.get("glossator.chat") as Chat;
  let text = "";
  const references: Location[] = [];
  const steps: string[] = [];
  const stream = { markdown: (more: string) => (text += more), progress: (step: string) => steps.push(step), reference: (at: Location) => references.push(at), anchor: (_: Location, title: string) => (text += `<${title}>`) };
  const result = await chat.requestHandler({ prompt: "", command: undefined, references: [], ...request }, { history }, stream, token);
  registered.dispose();
  return { text, result, references, steps };
}

test("the participant answers with links to its sources, and keeps to its conversation", async () => {
  const place = citation(1);
  server.request = (method, params) => {
    server.asked.push([method, params]);
    server.send(params, { kind: "found", places: [place, citation(2)], answer: "" }, { kind: "evidence", evidence: [place] }, { kind: "delta", text: "It adds [" }, { kind: "delta", text: "1]." });
    // The model has not read the second place, which was found all the same.
    server.send(params, { kind: "delta", text: " It rounds [2]." });
    for (const message of ["reading the code: 10 of 90 tokens", "reading the code: 90 of 90 tokens", "answering: 1 token"]) server.listeners.get(String(params["workDoneToken"]))?.({ message });
    return Promise.resolve(answered());
  };
  const references = [{ id: "f", value: Uri.parse(FILE) }, { id: "s", value: new Location(Uri.parse(FILE), new Range(3, 0, 5, 0)) }, { id: "d", value: Uri.parse("file:///shop") }, { id: "x", value: "text" }];
  const { text, result, references: shown, steps } = await chatted({ prompt: "How?", references }, [{ prompt: "Earlier" }, { result: { metadata: { conversationId: "c-3" } } }]);
  expect(text).toMatch(/^It adds \[\\\[1\\\]\]\(file:[^)]*#L5\)\. It rounds \[\\\[2\\\]\]\(file:[^)]*#L\d+\)\.$/);
  // The counts of a step are no steps of their own.
  expect(steps).toHaveLength(2);
  expect(result).toEqual({ metadata: { conversationId: "c-7" } });
  expect(shown).toHaveLength(1);
  const pinned = [{ uri: FILE, range: { start: { line: 0, character: 0 }, end: { line: 60, character: 0 } } }, { uri: FILE, range: new Range(3, 0, 5, 0) }];
  expect(server.asked).toMatchObject([["glossator/ask", { question: "How?", conversationId: "c-3", pinned }]]);
});

test("the participant's commands explain what is at the cursor, ask for uses, and search", async () => {
  const here = new Position(7, 1);
  stub.window.activeTextEditor = { document: stub.document(Uri.parse(FILE), "total"), selection: new Selection(here, here) };
  server.answers = { "glossator/explain": answered(), "glossator/ask": answered(), "glossator/search": { hits: [{ uri: FILE, range: citation(1).range, kind: "method", name: "total", qualifiedName: "Cart.total", score: 1, why: "named so" }] } };
  await chatted({ command: "explain" });
  await chatted({ command: "uses" });
  const { text } = await chatted({ command: "search", prompt: "total" });
  expect(text).toBe("- <Cart.total>: named so\n");
  expect(server.asked).toMatchObject([
    ["glossator/explain", { textDocument: { uri: FILE }, position: { line: 7, character: 1 } }],
    ["glossator/ask", { question: "Where is `total` used?" }],
    ["glossator/search", { query: "total" }],
  ]);
  stub.window.activeTextEditor = undefined;
  expect((await chatted({ command: "explain" })).result.errorDetails?.message).toMatch(/^Ask a question/);
  server.answers["glossator/ask"] = new Error("the model failed");
  expect((await chatted({ prompt: "How?" })).result.errorDetails?.message).toBe("The model failed.");
});
