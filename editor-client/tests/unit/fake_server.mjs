// A language server that does as it is told: `node fake_server.mjs FOLDER BEHAVIOUR...`. It stands in for the real one where
// a fault is needed. Each start appends its process id to FOLDER/started, each message that it gets is a line in FOLDER/messages; FOLDER/status is the status that it reports.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = createRequire(import.meta.url)("vscode-jsonrpc/node");
const [folder, ...behaviour] = process.argv.slice(2);
const note = (file, text) => appendFileSync(path.join(folder, file), `${text}\n`);
note("started", process.pid);
/** A fault that goes away once a file `NAME` is in the folder. */
const has = (name) => behaviour.includes(name) && !existsSync(path.join(folder, name));
if (has("ends-at-once")) process.exit(3);

const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
connection.onRequest("initialize", async (params) => {
  note("messages", JSON.stringify({ method: "initialize", options: params.initializationOptions, cwd: process.cwd(), safePath: process.env.PYTHONSAFEPATH }));
  if (has("hangs")) return new Promise(() => undefined);
  if (has("refuses")) throw new Error("it does not want to");
  return { capabilities: {} };
});
connection.onNotification("initialized", async () => {
  const [settings] = await connection.sendRequest("workspace/configuration", { items: [{ section: "glossator" }] });
  note("messages", JSON.stringify({ method: "configuration", settings }));
  const status = path.join(folder, "status");
  if (existsSync(status)) void connection.sendNotification("glossator/statusChanged", JSON.parse(readFileSync(status, "utf8")));
});
connection.onNotification("workspace/didChangeConfiguration", () => note("messages", JSON.stringify({ method: "changed" })));
connection.onRequest("glossator/search", async (params, token) => {
  if (params.query === "die") process.exit(4);
  if (params.query === "slow") {
    note("messages", JSON.stringify({ method: "slow" }));
    await new Promise((resolve) => token.onCancellationRequested(resolve));
    note("messages", JSON.stringify({ method: "cancelled" }));
  }
  return { hits: [] };
});
connection.onRequest("workspace/executeCommand", ({ arguments: [place] }) => {
  note("messages", JSON.stringify({ method: "similar", place }));
  return { hits: [] };
});
for (const method of ["rebuild", "forget"]) {
  connection.onRequest(`glossator/${method}`, (params) => {
    note("messages", JSON.stringify({ method, params }));
    return null;
  });
}
connection.onRequest("glossator/explain", (params) => {
  note("messages", JSON.stringify({ method: "explain", params }));
  const usage = { promptTokens: 0, reusedTokens: 0, completionTokens: 0, timeToFirstTokenMs: 0, tokensPerSecond: 0 };
  return { answer: "An explanation.", citations: [], evidence: [], model: "", finishReason: "evidence", conversationId: "c", usage, unsupported: [], uses: [] };
});
connection.onRequest("glossator/uses", (params) => {
  note("messages", JSON.stringify({ method: "uses", params }));
  const range = { start: { line: 3, character: 4 }, end: { line: 3, character: 9 } };
  const symbol = { uri: params.textDocument.uri, range, kind: "method", name: "total", qualifiedName: "Cart.total" };
  const use = { uri: params.textDocument.uri, range, kind: "call", grade: "resolved", symbol: "checkout", test: false, code: "cart.total()" };
  return { symbols: [{ symbol, uses: [use], unreadFiles: 0, unused: false, callers: [] }] };
});
connection.onRequest("test/status", (status) => void connection.sendNotification("glossator/statusChanged", status));
connection.onRequest("test/progress", ({ token, values }) => {
  for (const value of values) void connection.sendNotification("$/progress", { token, value });
});
connection.onRequest("shutdown", () => null);
connection.onNotification("exit", () => process.exit(0));
connection.onClose(() => process.exit(0));
connection.listen();
