import axe from "axe-core";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { FromAdaptPage, ToAdaptPage } from "../../src/messages";
import { base, data, item, page, report, result, run } from "./adaptsamples";

const sent: FromAdaptPage[] = [];
let kept: unknown;
const receive = (message: ToAdaptPage): void => void window.dispatchEvent(new MessageEvent("message", { data: message }));
const show = (...change: Parameters<typeof page>): void => receive({ type: "adapt", state: page(...change) });
const at = (id: string): HTMLElement => document.getElementById(id) ?? document.createElement("i");
const text = (id: string): string => at(id).textContent.replace(/\s+/g, " ");
const disabled = (id: string): boolean => (at(id) as HTMLButtonElement).disabled;
const press = (id: string): void => at(id).click();

beforeAll(async () => {
  document.body.innerHTML = '<main id="app"></main>';
  document.documentElement.lang = "en";
  document.title = "Glossator";
  Object.assign(globalThis, { acquireVsCodeApi: () => ({ postMessage: (message: FromAdaptPage) => sent.push(message), getState: () => undefined, setState: (state: unknown) => (kept = state) }) });
  await import("../../src/webview/adaptview");
});

beforeEach(() => {
  receive({ type: "refused", message: "" });
  press("close-report");
  show();
  sent.length = 0;
});

test("what is in use and was learned is listed with its measures, and can be chosen", () => {
  show({ result: result({ items: [item(), item({ name: "retriever-2", inUse: false, unusable: "it was made from another version" })], undoable: ["retriever"] }) });
  expect(text("retriever")).toContain("In use: retriever-1");
  expect(text("retriever")).toContain("It has no effect: It was made from another version.");
  expect([...at("figures-retriever-1").querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([["commit messages (MRR@10)", "0.400", "0.500", "+0.100", "+0.020 to +0.180", "40"]]);
  press("use-retriever-2");
  press("remove-retriever-2");
  press("undo-retriever");
  press("report-retriever-1");
  expect(document.getElementById("use-retriever-1")).toBeNull();
  expect(sent).toEqual([
    { type: "choose", action: "use", name: "retriever-2" },
    { type: "choose", action: "remove", name: "retriever-2" },
    { type: "choose", action: "undo", kind: "retriever" },
    { type: "report", name: "retriever-1" },
  ]);
  expect(text("model")).toContain("In use: the model without an adapter");
});

test("a forecast stands before the start of either part", () => {
  show({ result: result({ data: data(), bases: [base(), base({ name: "other", inUse: false, refused: "its architecture is mamba" })] }) });
  expect(text("retriever")).toContain("12 s to 95 s, at most 800 MB of memory");
  press("start-retriever");
  expect(disabled("start-model")).toBe(true);
  expect(text("model")).toContain("Measure time and memory first.");
  expect((at("base-1") as HTMLInputElement).disabled).toBe(true);
  expect(text("base-1-about")).toContain("cannot be adapted: its architecture is mamba");
  press("forecast");
  const forecast = { seconds: 1250, mostSeconds: 1250, memoryBytes: 3_100_000_000, steps: 120, minutes: 60 };
  show({ result: result({ data: data(), bases: [base({ forecast })] }) });
  expect(text("model-forecast")).toContain("21 min of training in 120 steps, 3.1 GB of memory");
  press("start-model");
  expect(sent).toEqual([
    { type: "start", work: "retriever" },
    { type: "start", work: "forecast", base: "small", minutes: 60 },
    { type: "start", work: "model", base: "small", minutes: 60 },
  ]);
  // It is for that many minutes: with others it has to be measured again.
  const minutes = at("minutes") as HTMLInputElement;
  minutes.value = "9999999";
  minutes.dispatchEvent(new Event("change"));
  expect(disabled("start-model")).toBe(true);
  expect(kept).toMatchObject({ minutes: 43_200, root: "file:///shop" });
  (at("minutes") as HTMLInputElement).value = "60";
  at("minutes").dispatchEvent(new Event("change"));
  expect(disabled("start-model")).toBe(false);
});

test("what is missing is told, with what to do", () => {
  show({ result: result({ data: data(), bases: [base()], missing: ["torch", "peft"], install: "python -m pip install 'glossator[adapt]'" }) });
  expect(text("model")).toContain("(torch, peft)");
  expect(disabled("forecast")).toBe(true);
  press("copy");
  press("terminal");
  press("check");
  expect(sent).toEqual([{ type: "copy", text: "python -m pip install 'glossator[adapt]'" }, { type: "terminal" }, { type: "refresh" }]);
  show({ result: result() });
  press("make-data");
  press("choose-model");
  expect(sent.slice(3)).toEqual([{ type: "start", work: "data" }, { type: "action", action: "chooseModel" }]);
});

test("a run shows its stage, loss and time left, and only one thing can be pressed", () => {
  const losses = [{ step: 1, loss: 2.5 }, { step: 30, loss: 1.93 }];
  show({ result: result({ run: run({ work: "model", base: "small", step: 30, steps: 120, loss: 1.93, validation: 2.01, memoryBytes: 3e9, losses }), data: data(), bases: [base()] }) });
  expect(text("run-title")).toBe("Adapting a model");
  expect(text("run")).toContain("Training · 25 % · 90 s left");
  expect(text("run")).toContain("step 30 of 120 · loss 1.930 · loss on the watched part 2.010 · 3.0 GB of memory");
  expect(at("run").querySelector("svg")?.getAttribute("aria-label")).toBe("Loss while training: from 2.500 to 1.930");
  expect(at("run").querySelector("progress")?.value).toBe(0.25);
  expect(["start-retriever", "make-data", "forecast", "start-model"].map(disabled)).toEqual([true, true, true, true]);
  const stop = at("stop");
  stop.focus();
  receive({ type: "run", run: run({ work: "model", stage: "Judging", done: -1 }) });
  expect(document.activeElement).toBe(stop);
  expect(document.querySelector("main > .visually-hidden")?.textContent).toBe("Adapting a model: Judging");
  press("stop");
  expect(disabled("stop")).toBe(true);
  receive({ type: "refused", message: "process 7 cannot be stopped" });
  expect(text("refused")).toBe("Process 7 cannot be stopped.");
  expect(disabled("stop")).toBe(false);
  expect(sent).toEqual([{ type: "stop" }]);
});

test.each([
  [{ state: "done", name: "retriever-3", reported: true, message: "MRR 0.4 -> 0.5" }, "retriever-3 measured better, and is in use now.", ["show-report"]],
  [{ state: "refused", reported: true, message: "what was learned is no better" }, "It measured no better, and was thrown away. Nothing was changed.", ["show-report"]],
  [{ state: "failed", message: "the disk is full" }, "The disk is full.", ["again"]],
  [{ state: "stopped", message: "stopped; nothing was changed" }, "It was stopped. Nothing was changed.", ["again"]],
  [{ state: "interrupted", work: "model", base: "small", minutes: 5, resumable: true }, "Training goes on where it was", ["again"]],
] as const)("how a run ended is said in plain words: %o", (change, told, buttons) => {
  receive({ type: "run", run: run() });
  at("stop").focus();
  receive({ type: "run", run: run(change) });
  expect(text("run")).toContain(told);
  expect([...at("run").querySelectorAll("button")].filter((button) => !button.hidden).map(({ id }) => id)).toEqual(buttons);
  expect(at("run").contains(document.activeElement)).toBe(true);
  press(buttons[0]);
  expect(sent).toEqual([buttons[0] === "show-report" ? { type: "report", name: "" } : { type: "start", work: run(change).work, ...("base" in change ? { base: "small", minutes: 5 } : {}) }]);
});

test("the data set is counted, and its examples are looked at one by one", async () => {
  show({ result: result({ data: data() }) });
  expect([...at("model").querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([["trained on", "70", "9", "79"], ["held out to judge", "12", "0", "12"]]);
  expect(text("left-out")).toContain("Left out (1,234), and why");
  (at("examples") as HTMLDetailsElement).open = true;
  at("examples").dispatchEvent(new Event("toggle"));
  const asked = sent.at(-1);
  expect(asked).toMatchObject({ type: "examples", offset: 0 });
  const example = { kind: "explain", part: "held-out", heldBy: "folder", question: "Explain <b>", answer: "Adds.", reason: "the doc", path: "a/b.py", name: "b", line: 7, evidence: [{ path: "a/b.py", startLine: 3, endLine: 9, text: "def b(): ..." }] };
  const answer = (total: number): void => receive({ type: "examples", request: asked?.type === "examples" ? (sent.filter(({ type }) => type === "examples").at(-1) as { request: number }).request : 0, result: { total, examples: [example] } });
  answer(82);
  expect(text("examples")).toContain("1 of 82");
  expect(text("examples")).toContain("explanation · held out to judge · held out with its folder · the doc");
  expect(text("examples")).toContain("Explain <b>");
  press("next-example");
  expect(sent.at(-1)).toMatchObject({ type: "examples", offset: 1 });
  answer(82);
  expect(disabled("previous-example")).toBe(false);
  const kind = at("example-kind") as HTMLSelectElement;
  kind.value = "commit";
  kind.dispatchEvent(new Event("change"));
  expect(sent.at(-1)).toMatchObject({ type: "examples", offset: 0, kind: "commit" });
  answer(1);
  for (const link of at("examples").querySelectorAll<HTMLElement>("button.link")) link.click();
  press("edit-examples");
  press("open-left-out");
  expect(sent.slice(-4)).toEqual([{ type: "source", path: "a/b.py", line: 3 }, { type: "file", which: "examples", line: 7 }, { type: "file", which: "examples" }, { type: "file", which: "leftOut" }]);
  // Edited to something that cannot be read.
  show({ result: result({ data: data({ made: "2026-11-28T12:00:00+00:00", counts: [], problem: "line 5 of examples.jsonl: Expecting value" }), bases: [base()] }) });
  expect(text("model")).toContain("Line 5 of examples.jsonl: Expecting value.");
  expect(disabled("forecast")).toBe(true);
  await Promise.resolve();
});

test("a report has figures and answers side by side, and takes the focus", () => {
  receive({ type: "report", name: "model-1", result: report() });
  expect(document.activeElement?.id).toBe("report-title");
  expect(text("report")).toContain("The project saysAdds the tax.BeforeIt is a function.AfterAdds the tax [1].");
  receive({ type: "report", name: "", result: report({ kind: "retriever", reasons: ["what was learned is no better"], answers: [{ kind: "commit", path: "a.py", question: "Fix it", reference: "f", before: "rank 4", after: "rank 1" }] }) });
  expect(text("report")).toContain("It was refused, and nothing was changed:What was learned is no better.");
  expect([...at("report").querySelectorAll("tbody tr")].at(-1)?.textContent).toBe("Fix itf a.pyrank 4rank 1");
  press("close-report");
  expect(at("report").hidden).toBe(true);
  receive({ type: "report", name: "model-1", error: "the report is gone" });
  expect(text("report")).toContain("The report is gone.");
});

test("nothing can be started without trust, without a server, and while the index is built", () => {
  show({ trusted: false, result: undefined });
  expect(at("body").hidden).toBe(true);
  press("act-manageTrust");
  show({ server: { kind: "stopped", message: "It is off.", fix: "off" }, result: undefined });
  press("act-turnOn");
  show({ result: undefined, error: "it cannot be read" });
  expect(text("notice")).toContain("It cannot be read.");
  press("refresh");
  expect(sent).toEqual([{ type: "action", action: "manageTrust" }, { type: "action", action: "turnOn" }, { type: "refresh" }]);
  show({ result: result({ blocked: "its index is being built: wait until it is complete", data: data(), bases: [base()] }) });
  expect(text("notice")).toContain("Nothing can be started now: Its index is being built: wait until it is complete.");
  expect(["start-retriever", "make-data", "forecast"].map(disabled)).toEqual([true, true, true]);
});

test("of several folders one is chosen", () => {
  show({ roots: [{ uri: "file:///shop", name: "shop" }, { uri: "file:///web", name: "web" }] });
  const select = at("root") as HTMLSelectElement;
  select.value = "file:///web";
  select.dispatchEvent(new Event("change"));
  expect(sent).toEqual([{ type: "root", root: "file:///web" }]);
});

test("the focus and what is folded open stay when something else changes", () => {
  const bases = [base()];
  show({ result: result({ items: [item()], data: data(), bases }) });
  (at("figures-retriever-1") as HTMLDetailsElement).open = true;
  at("report-retriever-1").focus();
  show({ result: result({ items: [item({ sizeBytes: 1 }), item({ name: "retriever-2", inUse: false })], data: data(), bases }) });
  expect((at("figures-retriever-1") as HTMLDetailsElement).open).toBe(true);
  expect(document.activeElement?.id).toBe("report-retriever-1");
});

test("nothing serious stands in the way of assistive technology", async () => {
  const states = [
    { result: result({ items: [item(), item({ kind: "model", name: "model-1" })], undoable: ["retriever"], data: data(), bases: [base(), base({ name: "b", refused: "no" })], missing: ["torch"], install: "pip" }) },
    { result: result({ run: run({ work: "model", step: 2, steps: 9, loss: 1, losses: [{ step: 1, loss: 2 }, { step: 2, loss: 1 }] }), data: data({ problem: "too few" }) }) },
    { result: result({ run: run({ state: "failed", message: "no" }) }) },
    { trusted: false, result: undefined },
  ];
  for (const change of states) {
    show(change);
    receive({ type: "report", name: "model-1", result: report() });
    for (const details of document.querySelectorAll("details")) details.open = true;
    const { violations } = await axe.run(document.documentElement, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`)).toEqual([]);
  }
});
