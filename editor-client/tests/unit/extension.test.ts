// @vitest-environment node
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ExtensionContext } from "vscode";
import { activate, deactivate } from "../../src/extension";
import { isRunning } from "../../src/processes";
import { status } from "./samples";
import { Disposable, Position, Selection, Uri, change, document, editor, events, reset, window } from "./vscode";
import { until } from "./waiting";

interface Manifest {
  contributes: { commands: { command: string }[]; configuration: { properties: Record<string, { default: unknown }> }; views: { glossator: { id: string }[] } };
}

const manifest = JSON.parse(readFileSync(path.resolve(__dirname, "../../package.json"), "utf8")) as Manifest;
let folder: string;
let context: { subscriptions: Disposable[] };
const kept = new Map<string, unknown>();
const lines = (name: string): string[] => (existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), "utf8").split("\n").slice(0, -1) : []); // the last line may be half written
const started = (): number[] => lines("started").map(Number);
const told = (method: string): Record<string, unknown>[] => lines("messages").map((line) => JSON.parse(line) as Record<string, unknown>).filter((message) => message["method"] === method);
const run = async (name: string, argument?: unknown): Promise<void> => {
  await editor.commands.get(`glossator.${name}`)?.(argument);
};
const done = (): Set<string> => new Set(editor.executed.filter(([name, , value]) => name === "setContext" && value === true).map(([, key]) => String(key)));
const configured = (count: number): Promise<true> => until("it is configured", () => told("configuration").length === count || undefined).then(() => true);

function start(): void {
  const created = {
    subscriptions: [] as Disposable[],
    workspaceState: {
      get: (key: string, fallback: unknown) => kept.get(key) ?? fallback,
      update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, structuredClone(value))),
    },
    globalStorageUri: Uri.file(path.join(folder, "storage")),
    extensionUri: Uri.file(folder),
  };
  context = created;
  activate(created as unknown as ExtensionContext);
}

beforeEach(() => {
  reset();
  kept.clear();
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), "glossator-extension-")));
  mkdirSync(path.join(folder, "shop"));
  editor.folders = [{ uri: Uri.file(path.join(folder, "shop")), name: "shop", index: 0 }];
  for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) editor.defaults[name.replace("glossator.", "")] = value;
  editor.settings["serverCommand"] = [process.execPath, path.join(__dirname, "fake_server.mjs"), folder];
});
afterEach(async () => {
  await deactivate();
  for (const subscription of context.subscriptions) subscription.dispose();
  for (const pid of started()) await until("it has ended", () => !isRunning(pid));
  rmSync(folder, { recursive: true, force: true });
});

test("it registers what package.json promises, and starts one server", async () => {
  start();
  expect([...editor.commands.keys()].sort()).toEqual(manifest.contributes.commands.map(({ command }) => command).sort());
  expect([...editor.views.keys(), ...editor.trees.keys()]).toEqual(manifest.contributes.views.glossator.map(({ id }) => id));
  expect(editor.log.join()).toMatch(/Activated in \d+ ms/);
  await configured(1);
  expect(started()).toHaveLength(1);
  const [pid = 0] = started();
  await deactivate();
  await until("it has ended", () => !isRunning(pid));
});

test("a changed setting is told; another server command starts another server", async () => {
  start();
  await configured(1);
  change({ threads: 2 });
  await until("it is told", () => told("changed").length === 1);
  change({ serverCommand: [...(editor.settings["serverCommand"] as string[]), "other"] });
  await configured(2);
  expect(told("configuration").at(-1)).toMatchObject({ settings: { threads: 2 } });
  expect(started()).toHaveLength(2);
  await until("the first has ended", () => started().filter(isRunning).length === 1);
});

test("granting trust restarts the server, which is told", async () => {
  editor.trusted = false;
  start();
  await configured(1);
  editor.trusted = true;
  events.trust.fire(undefined);
  await configured(2);
  expect(told("initialize").map(({ options }) => options)).toEqual([
    { trusted: false, clientCommands: true, references: false },
    { trusted: true, clientCommands: true, references: false },
  ]);
});

test("without a folder nothing runs until one is opened", async () => {
  const { folders } = editor;
  editor.folders = [];
  start();
  expect(editor.statusItem).toMatchObject({ tooltip: { value: "No folder is open." } });
  expect(started()).toEqual([]);
  editor.folders = folders;
  events.folders.fire(undefined);
  await configured(1);
});

test("the first steps are ticked off by what the server says, and by answers of earlier sessions", async () => {
  kept.set("conversations", [{ id: "c", title: "t", created: 0, turns: [{ id: "1", question: "Why?", state: "done", answer: "", evidence: [] }] }]);
  writeFileSync(path.join(folder, "status"), JSON.stringify(status({ model: { name: "qwen" } })));
  start();
  expect(done()).toEqual(new Set(["glossator.asked"]));
  await until("the steps are done", () => done().size === 3);
  expect(done()).toEqual(new Set(["glossator.asked", "glossator.indexed", "glossator.hasModel"]));
});

test("skipped files are listed with the reason, and opened", async () => {
  const uri = Uri.file(path.join(folder, "shop", ".env")).toString();
  writeFileSync(path.join(folder, "status"), JSON.stringify(status({ root: { skipped: [{ uri, reason: "may hold secrets" }] } })));
  start();
  await run("showSkipped");
  expect(editor.messages.at(-1)?.text).toBe("No files were skipped.");
  await until("the status is there", () => String((editor.statusItem?.["tooltip"] as { value?: string }).value).includes("80 files"));
  editor.choose = ([first]) => first;
  await run("showSkipped");
  expect(editor.picks.at(-1)?.items).toMatchObject([{ label: ".env", description: "may hold secrets" }]);
  expect(editor.executed.at(-1)?.slice(0, 1)).toEqual(["vscode.open"]);
  const opened = editor.executed.length;
  for (const other of [uri, "file:///etc/passwd", "https://example.org", 5]) await run("openSkipped", other);
  expect(editor.executed.slice(opened).map(([, place]) => String(place))).toEqual([uri]);
});

test("commands are about the place that a link names, or about the cursor", async () => {
  start();
  await configured(1);
  const uri = Uri.file(path.join(folder, "shop", "cart.py"));
  await run("findSimilar");
  expect(told("similar")).toEqual([]);
  await run("findSimilar", { uri: uri.toString(), position: { line: 3, character: 4 } });
  const here = new Position(7, 1);
  window.activeTextEditor = { document: document(uri), selection: new Selection(here, here) };
  await run("findSimilar", { uri: 1 });
  window.activeTextEditor = { document: document(Uri.parse("git:/shop/cart.py")), selection: new Selection(here, here) };
  await run("findSimilar");
  expect(told("similar").map(({ place }) => place)).toEqual([
    { uri: uri.toString(), position: { line: 3, character: 4 } },
    { uri: uri.toString(), position: { line: 7, character: 1 } },
  ]);
  expect(editor.quickPicks).toHaveLength(2);
});

test("an explanation is asked for in the panel, and kept in its conversation", async () => {
  start();
  await configured(1);
  const uri = Uri.file(path.join(folder, "shop", "cart.py")).toString();
  await run("explain", { uri, position: { line: 3, character: 4 } });
  expect(told("explain")).toMatchObject([{ params: { textDocument: { uri }, position: { line: 3, character: 4 } } }]);
  await until("it is kept", () => JSON.stringify(kept.get("conversations") ?? []).includes("An explanation."));
  expect(editor.executed.some(([name]) => name === "glossator.panel.focus")).toBe(true);
});

test("turned off in a workspace, nothing runs until it is turned on", async () => {
  editor.settings["enabled"] = false;
  start();
  expect(started()).toEqual([]);
  expect(editor.statusItem).toMatchObject({ tooltip: { value: "Glossator is turned off in this workspace." }, backgroundColor: undefined });
  await run("indexPage");
  expect(editor.pages[0]?.webview.html).toContain("command:glossator.turnOn");
  await run("turnOn");
  await configured(1);
  const [pid = 0] = started();
  await run("turnOff");
  await until("the server has ended", () => !isRunning(pid));
  expect(started()).toHaveLength(1);
});

test("an index is built again, or deleted after a question", async () => {
  start();
  await configured(1);
  await run("rebuildIndex", "file:///shop");
  await run("rebuildIndex");
  await run("forgetIndex");
  expect(editor.messages.at(-1)).toMatchObject({ severity: "warning", text: "Delete the index of this workspace?" });
  expect(told("forget")).toEqual([]);
  editor.answer = (_, [first]) => first;
  await run("forgetIndex");
  expect(told("rebuild").map(({ params }) => params)).toEqual([{ root: "file:///shop" }, {}]);
  expect(told("forget")).toHaveLength(1);
  expect(editor.settings["enabled"]).toBe(false);
});

test("the uses of a symbol are shown in the panel, and kept in its conversation", async () => {
  start();
  await configured(1);
  const uri = Uri.file(path.join(folder, "shop", "cart.py")).toString();
  await run("showUses", { uri, position: { line: 3, character: 4 } });
  expect(told("uses")).toMatchObject([{ params: { textDocument: { uri }, position: { line: 3, character: 4 } } }]);
  await until("they are kept", () => JSON.stringify(kept.get("conversations") ?? []).includes("cart.total()"));
  expect(editor.executed.some(([name]) => name === "glossator.panel.focus")).toBe(true);
});
