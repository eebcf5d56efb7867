// @vitest-environment node
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import { isRunning } from "../../src/processes";
import { Server } from "../../src/server";
import { findPython } from "../../src/python";
import { makeBundle } from "./bundle";
import { status } from "./samples";
import { CancellationTokenSource, Uri, change, editor, reset, window } from "./vscode";
import { until } from "./waiting";

let folder: string;
let server: Server;
const lines = (name: string): string[] => (existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), "utf8").split("\n").slice(0, -1) : []); // the last line may be half written
const started = (): number[] => lines("started").map(Number);
const messages = (): Record<string, unknown>[] => lines("messages").map((line) => JSON.parse(line) as Record<string, unknown>);
const behave = (...behaviour: string[]): void => {
  editor.settings["serverCommand"] = [process.execPath, path.join(__dirname, "fake_server.mjs"), folder, ...behaviour];
};
const running = (): Promise<boolean> => until("it runs", () => server.running);
const made = (backOff?: number[]): Server => {
  const context = { globalStorageUri: Uri.file(path.join(folder, "storage")), extensionUri: Uri.file(folder) };
  return (server = new Server(context as unknown as ExtensionContext, window.createOutputChannel() as unknown as LogOutputChannel, backOff));
};

beforeEach(() => {
  reset();
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "glossator-server-")));
  mkdirSync(path.join(folder, "shop"));
  editor.folders = [{ uri: Uri.file(path.join(folder, "shop")), name: "shop", index: 0 }];
  editor.defaults = { threads: 0, exclude: [], serverCommand: [], pythonPath: "" };
  behave();
  made([0.01, 0.01, 0.01]);
});
afterEach(async () => {
  await server.stop();
  vi.unstubAllEnvs();
  for (const pid of started()) await until("it has ended", () => !isRunning(pid));
  rmSync(folder, { recursive: true, force: true });
});

test("it starts in a folder of its own, is told the settings that were changed, and stops", async () => {
  editor.settings["threads"] = 3;
  const states: string[] = [];
  server.onDidChange(() => states.push(server.state.kind));
  await server.start();
  await running();
  expect([...new Set(states)]).toEqual(["starting", "running"]);
  await until("it knows the settings", () => messages().length === 2);
  expect(messages()).toEqual([
    { method: "initialize", options: { trusted: true, clientCommands: true, references: false }, cwd: path.join(folder, "storage"), safePath: "1" },
    { method: "configuration", settings: { threads: 3 } },
  ]);
  await server.settingsChanged();
  await until("it is told of the change", () => messages().some(({ method }) => method === "changed"));
  const [pid = 0] = started();
  await server.stop();
  await until("it has ended", () => !isRunning(pid));
  expect(started()).toHaveLength(1);
  expect(server.running).toBe(false);
});

test("without a folder there is nothing to start", async () => {
  editor.folders = [];
  await server.start();
  expect(server.state).toEqual({ kind: "stopped", message: "No folder is open.", fix: "folder" });
  expect(started()).toEqual([]);
});

test("its status is kept while it runs, with how far indexing is", async () => {
  await server.start();
  await running();
  await server.request("test/status", status({ index: { state: "indexing", pending: 40 } }));
  await until("the status is there", () => server.status);
  await server.request("test/status", status({ index: { state: "indexing", pending: 10 } }));
  await until("it has got further", () => server.indexing?.done === 30);
  expect(server.indexing).toEqual({ done: 30, total: 40 });
  await server.restart();
  expect(server.indexing).toBeUndefined();
});

test("one that ends is restarted, and requests in between say that it is not there", async () => {
  await server.start();
  await running();
  await expect(server.request("glossator/search", { query: "die" })).rejects.toThrow();
  await expect(server.request("glossator/search", { query: "x" })).rejects.toThrow("The server is not running yet.");
  expect(server.status).toBeUndefined();
  await server.ready(new CancellationTokenSource().token);
  expect(await server.request("glossator/search", { query: "x" })).toEqual({ hits: [] });
  expect(started()).toHaveLength(2);
});

test("one that keeps ending is given up after the last attempt; the user is asked, and may restart it", async () => {
  behave("ends-at-once");
  editor.answer = (_, [, restart]) => {
    appendFileSync(path.join(folder, "ends-at-once"), "");
    return restart;
  };
  await server.start();
  await running();
  expect(editor.messages).toEqual([{ severity: "error", text: "Glossator: The server stopped unexpectedly 4 times in a row.", choices: ["Show Log", "Restart"] }]);
  expect(started()).toHaveLength(5);
});

test("one that cannot be started says why", async () => {
  editor.settings["serverCommand"] = ["/nonexistent/server"];
  await server.start();
  expect(server.state).toMatchObject({ kind: "stopped", fix: "log" });
  expect(JSON.stringify(server.state)).toMatch(/nonexistent/);
  editor.settings["serverCommand"] = [];
  editor.settings["pythonPath"] = "/nonexistent/python";
  await server.restart();
  expect(server.state).toMatchObject({ kind: "stopped", fix: "python" });
});

test("one that refuses to start is not started over and over", async () => {
  behave("refuses");
  await server.start();
  expect(server.state).toMatchObject({ kind: "stopped", fix: "log" });
  const [pid = 0] = started();
  await until("it has ended", () => !isRunning(pid));
  expect(started()).toHaveLength(1);
  writeFileSync(path.join(folder, "refuses"), "");
  await server.restart();
  await running();
});

test("one that hangs while it starts can be restarted", async () => {
  behave("hangs");
  const starting = server.start();
  await until("it hangs", () => messages().length > 0);
  const [pid = 0] = started();
  writeFileSync(path.join(folder, "hangs"), "");
  await server.restart();
  await running();
  await starting;
  await until("the first one has ended", () => !isRunning(pid));
  expect(started()).toHaveLength(2);
  expect(server.running).toBe(true);
});

test("two restarts at once leave one server", async () => {
  await server.start();
  await Promise.all([server.restart(), server.restart()]);
  await running();
  await until("one is left", () => started().filter(isRunning).length === 1);
  expect(await server.request("glossator/search", { query: "x" })).toEqual({ hits: [] });
});

test("a request is cancelled, and progress is heard until the listener goes", async () => {
  await server.start();
  await running();
  const source = new CancellationTokenSource();
  const slow = server.request("glossator/search", { query: "slow" }, source.token);
  await until("the server is at it", () => messages().some(({ method }) => method === "slow"));
  source.cancel();
  await slow.catch(() => undefined);
  await until("the server knows", () => messages().some(({ method }) => method === "cancelled"));
  const heard: unknown[] = [];
  const listener = server.onProgress("answer", (value) => heard.push(value));
  await server.request("test/progress", { token: "answer", values: [{ kind: "delta", text: "a" }, { kind: "delta", text: "b" }] });
  await until("both came", () => heard.length === 2);
  listener.dispose();
  await server.request("test/progress", { token: "answer", values: [{ kind: "delta", text: "c" }] });
  await server.request("glossator/search", { query: "x" });
  expect(heard).toEqual([{ kind: "delta", text: "a" }, { kind: "delta", text: "b" }]);
});

test("waiting for a server ends when the question is cancelled, or the server stops", async () => {
  behave("hangs");
  const starting = server.start();
  const source = new CancellationTokenSource();
  const waiting = server.ready(source.token);
  source.cancel();
  await waiting;
  await until("it hangs", () => messages().length > 0);
  await server.stop();
  await starting;
  editor.folders = [];
  const next = server.ready(new CancellationTokenSource().token);
  await server.start();
  await next;
  expect(server.state.kind).toBe("stopped");
});

test("what VS Code sets is told only where it differs from the default", async () => {
  const told = (): number => messages().filter(({ method }) => method === "configuration").length;
  await server.start();
  await until("it knows the settings", () => told() === 1); // it asks for them when it runs
  change({ exclude: ["*.gen.py"], threads: 0 });
  await server.restart();
  await until("the next one knows the settings", () => told() === 2);
  expect(messages().at(-1)).toEqual({ method: "configuration", settings: { exclude: ["*.gen.py"] } });
});

test.skipIf(process.platform === "win32")("it is set up from what the extension carries; its environment is marked as in use, and one that nobody uses goes", async () => {
  const base = await findPython("", undefined);
  makeBundle(base.path, path.join(folder, "dist"), "1.0");
  vi.stubEnv("FAKE_SERVER", JSON.stringify(editor.settings["serverCommand"]));
  editor.settings = { serverCommand: [], pythonPath: base.path };
  const storage = path.join(folder, "storage");
  const unused = path.join(storage, "server-000000000000");
  mkdirSync(path.join(unused, ".in-use"), { recursive: true });
  utimesSync(path.join(unused, ".in-use"), 1, 1);
  const reports = new Set<string>();
  server.onDidChange(() => reports.add(server.state.kind === "starting" ? server.state.message : server.state.kind));
  await server.start();
  await running();
  expect([...reports]).toEqual(["starting the server", "creating an environment", "installing the server's packages", "installing the server", "running"]);
  expect(editor.progress.map(({ message }) => message)).toEqual([...reports].slice(1, -1));
  const [environment = ""] = readdirSync(storage).filter((name) => name.startsWith("server-") && name !== path.basename(unused));
  expect(server.python).toBe(path.join(storage, environment, "bin", "python"));
  await until("the unused one has gone", () => !existsSync(unused));
  const markers = [process.pid, ...started()].map((pid) => `${encodeURIComponent(hostname())}-${pid}`);
  expect(readdirSync(path.join(storage, environment, ".in-use")).sort()).toEqual(markers.sort());
}, 300_000);
