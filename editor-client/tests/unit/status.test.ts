// @vitest-environment node
import { beforeEach, expect, test } from "vitest";
import type { ServerState } from "../../src/messages";
import { createStatusItem, describe, showMenu } from "../../src/status";
import { status } from "./samples";
import { EventEmitter, editor, reset } from "./vscode";

const changes = new EventEmitter<undefined>();
const server = {
  state: { kind: "running" } as ServerState,
  status: undefined as ReturnType<typeof status> | undefined,
  indexing: undefined as { done: number; total: number } | undefined,
  onDidChange: changes.event as never,
};
const item = (): Record<string, { id?: string; value?: string; label?: string } | string | undefined> => (editor.statusItem ?? {}) as never;

beforeEach(() => {
  reset();
  changes.dispose();
  Object.assign(server, { state: { kind: "running" }, status: undefined, indexing: undefined });
});

test("the item follows the server, in its text, its colour, and what a screen reader says", () => {
  const disposable = createStatusItem(server);
  expect(item()).toMatchObject({ name: "Glossator", command: "glossator.menu", text: "$(sync~spin) Glossator", backgroundColor: undefined });
  Object.assign(server, { status: status({ index: { state: "indexing", pending: 10 } }), indexing: { done: 30, total: 40 } });
  changes.fire(undefined);
  expect(item()).toMatchObject({ text: "$(sync~spin) Indexing 75%" });
  server.status = status({ index: { skipped: 2 } });
  changes.fire(undefined);
  expect(item()).toMatchObject({
    text: "$(book) Glossator",
    tooltip: { value: "80 files, 1,200 symbols\n\n2 files skipped\n\nno model: answers list the relevant code" },
    accessibilityInformation: { label: "Glossator: 80 files, 1,200 symbols, 2 files skipped, no model: answers list the relevant code", role: "button" },
  });
  server.state = { kind: "stopped", message: "No folder is open.", fix: "folder" };
  changes.fire(undefined);
  expect(item()).toMatchObject({ text: "$(warning) Glossator", tooltip: { value: "No folder is open." }, backgroundColor: { id: "statusBarItem.errorBackground" } });
  disposable.dispose();
  server.state = { kind: "running" };
  changes.fire(undefined);
  expect(item()).toMatchObject({ text: "$(warning) Glossator" });
});

test("the menu says how things are, and runs what is chosen", async () => {
  server.status = status({ index: { skipped: 3 }, model: { state: "ready", name: "qwen", device: "CPU" } });
  editor.choose = (items) => items.find(({ label }) => label.endsWith("Show skipped files"));
  await showMenu(server);
  const [pick] = editor.picks;
  expect(pick?.options?.placeHolder).toBe("80 files, 1,200 symbols · 3 files skipped · model: qwen, ready, on CPU");
  expect(pick?.items.map(({ label, description }) => [label.replace(/^\$\(\S+\) /, ""), description])).toEqual([
    ["Ask a question", undefined],
    ["Search the code", undefined],
    ["Choose a model", "qwen, CPU"],
    ["Update the index", undefined],
    ["Show the index", undefined],
    ["Adapt to this project", undefined],
    ["Show skipped files", "3"],
    ["Restart the server", undefined],
    ["Show the log", undefined],
    ["Settings", undefined],
  ]);
  expect(editor.executed).toEqual([["glossator.showSkipped"]]);
});

test("where it is turned off, that is no error, and the menu turns it on", async () => {
  server.state = { kind: "stopped", message: "It is turned off.", fix: "off" };
  expect(describe(server.state, undefined)).toEqual({ text: "$(circle-slash) Glossator", tooltip: "It is turned off.", severity: "normal" });
  editor.choose = ([first]) => first;
  await showMenu(server);
  expect(editor.executed).toEqual([["glossator.turnOn"]]);
});

test("the menu works without a server, leads to the settings, and can be left", async () => {
  server.state = { kind: "stopped", message: "There is no Python.", fix: "python" };
  editor.choose = (items) => items.at(-1);
  await showMenu(server);
  expect(editor.picks[0]?.options?.placeHolder).toBe("There is no Python.");
  expect(editor.picks[0]?.items[2]?.description).toBe("none installed");
  editor.choose = () => undefined;
  await showMenu(server);
  expect(editor.executed).toEqual([["workbench.action.openSettings", "@ext:glossator.glossator"]]);
});

test("the download of a team's index is shown in per cent, and afterwards what the index was started from", () => {
  const shown = (root: Parameters<typeof status>[0] & object) => describe({ kind: "running" }, status(root));
  const indexing = { index: { state: "indexing" as const, files: 0 } };
  expect(shown({ ...indexing, root: { download: { doneBytes: 0, totalBytes: 0 } } }).text).toBe("$(cloud-download) Downloading the team's index");
  expect(shown({ ...indexing, root: { download: { doneBytes: 3_400_000, totalBytes: 8_000_000 } } }).text).toBe("$(cloud-download) Downloading the team's index 42%");
  const team = { mounted: true, repository: "github.com/org/shop", commit: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", reason: "" };
  expect(shown({ root: { team } }).tooltip).toContain("started from the team's index of github.com/org/shop at 0a1b2c3d4e5f");
  expect(shown({ root: { team: { ...team, mounted: false, reason: "the storage failed" } } }).tooltip).toContain("indexed without the team's index: the storage failed");
});
