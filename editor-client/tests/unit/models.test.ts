// @vitest-environment node
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseModel, type CatalogueModel, type Overview } from "../../src/models";
import { Uri, editor, reset } from "./vscode";
import { until } from "./waiting";

let folder: string;
const happened: string[] = [];
let lacking = false;
const server = {
  python: undefined as string | undefined,
  lacksRuntime: (): Promise<boolean> => Promise.resolve(lacking),
  installRuntime: (report: (message: string) => void): Promise<void> => {
    report("building");
    happened.push("runtime");
    return Promise.resolve();
  },
  restart: (): Promise<void> => {
    happened.push("restart");
    return Promise.resolve();
  },
};
const calls = (): string[] => (existsSync(path.join(folder, "calls")) ? readFileSync(path.join(folder, "calls"), "utf8").trim().split("\n") : []);
const choose = (label: RegExp): void => {
  editor.choose = (items) => items.find((item) => label.test(item.label));
};
const offered: CatalogueModel = {
  ...{ name: "small", title: "Small", bytes: 2e9, memory: 3e9, license: "MIT", fits: true, fast_enough: true },
  ...{ estimated_first_word_seconds: 1, estimated_words_per_second: 20, measured: false, recommended: true, installed: false, notes: "" },
};
const overview: Overview = {
  problem: "",
  installed: [{ name: "here", role: "chat", present: true, bytes: 1e9, in_use: true, fast_enough: true, estimated_first_word_seconds: 4.96, estimated_words_per_second: 24, measured: true }],
  catalogue: [offered, { ...offered, name: "endless", title: "Endless", bytes: 0, recommended: false }],
};
const errors = (): string[] => editor.messages.filter(({ severity }) => severity === "error").map(({ text }) => text);

beforeEach(() => {
  reset();
  happened.length = 0;
  lacking = false;
  folder = mkdtempSync(path.join(tmpdir(), "glossator-models-"));
  writeFileSync(path.join(folder, "overview.json"), JSON.stringify(overview));
  editor.settings["serverCommand"] = [process.execPath, path.join(__dirname, "fake_models.mjs"), folder, "serve"];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("an installed model is used, and the server restarts last", async () => {
  choose(/here/);
  await chooseModel(server);
  expect(calls()).toEqual(["list --json", "use here"]);
  expect(happened).toEqual(["restart"]);
  expect(editor.picks[0]?.options?.placeHolder).toBe("Choose the model that writes answers");
});

test("the runtime is installed first if it is missing, once the user agrees", async () => {
  lacking = true;
  choose(/here/);
  await chooseModel(server);
  expect(editor.messages).toEqual([{ severity: "information", text: "Models need llama.cpp, which is not installed yet. Install it?", choices: ["Install"] }]);
  expect([calls(), happened]).toEqual([["list --json"], []]);
  editor.answer = (_, [install]) => install;
  await chooseModel(server);
  expect(happened).toEqual(["runtime", "restart"]);
  expect(editor.progress).toEqual([{ title: "Glossator", message: "building" }]);
});

test("nothing happens when nothing is chosen", async () => {
  await chooseModel(server);
  expect(calls()).toEqual(["list --json"]);
  expect(happened).toEqual([]);
});

test("a model is downloaded once the user agrees to its size and licence, with progress, and then used", async () => {
  choose(/Small/);
  await chooseModel(server);
  expect(editor.messages).toEqual([{ severity: "information", text: "Small: 2.0 GB, licence MIT. Download it?", choices: ["Download"] }]);
  expect(calls()).toEqual(["list --json"]);
  editor.answer = (_, [download]) => download;
  await chooseModel(server);
  expect(calls().slice(1)).toEqual(["list --json", "pull small --yes", "use small"]);
  expect(editor.progress.filter(({ title }) => title === "Downloading Small")).toEqual([
    { title: "Downloading Small", message: "m: 1 of 4 MB (25%)", increment: 25 },
    { title: "Downloading Small", message: "m: 3 of 4 MB (75%)", increment: 50 },
  ]);
  expect(happened).toEqual(["restart"]);
});

test("a download can be cancelled, which is no error, and nothing is used then", async () => {
  choose(/Endless/);
  editor.answer = (_, [download]) => download;
  const choosing = chooseModel(server);
  await until("it downloads", () => editor.progress.length === 2);
  editor.cancellation.cancel();
  await choosing;
  expect(editor.messages[0]?.text).toBe("Endless: size unknown, licence MIT. Download it?");
  expect(calls()).not.toContain("use endless");
  expect(errors()).toEqual([]);
});

test("a file of the user's own is added and used", async () => {
  choose(/Use a GGUF file/);
  await chooseModel(server);
  expect(calls()).toEqual(["list --json"]);
  editor.files = [Uri.file("/models/My Model.Q4.GGUF")];
  await chooseModel(server);
  expect(calls().slice(2)).toEqual(["add /models/My Model.Q4.GGUF --json", "use named-by-the-server"]);
});

test.each(["list", "use", "pull"])("when `models %s` fails, its last line is shown", async (command) => {
  writeFileSync(path.join(folder, command), "the disk is full");
  choose(command === "pull" ? /Small/ : /here/);
  editor.answer = (_, [download]) => download;
  await chooseModel(server);
  expect(errors()).toEqual(["Glossator: the disk is full"]);
  expect(happened).not.toContain("restart");
});

test("what is wrong with the list of models is said, and the rest can be chosen", async () => {
  writeFileSync(path.join(folder, "overview.json"), JSON.stringify({ ...overview, problem: "models.json is damaged" }));
  choose(/here/);
  await chooseModel(server);
  expect(editor.messages).toEqual([{ severity: "warning", text: "Glossator: models.json is damaged", choices: [] }]);
  expect(happened).toEqual(["restart"]);
});

test("there is nothing to choose without trust, or before the server's environment is there", async () => {
  editor.trusted = false;
  await chooseModel(server);
  editor.trusted = true;
  editor.settings["serverCommand"] = [];
  await chooseModel(server);
  expect(editor.messages.map(({ text }) => text)).toEqual(["Models run only in workspaces that you trust.", "The server is not running yet."]);
  expect(calls()).toEqual([]);
});
