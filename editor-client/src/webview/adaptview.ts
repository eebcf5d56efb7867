/** The page "Adapt to this project": shows the state that the extension sends, and sends back what the user does. */

import type { AdaptPageState, FromAdaptPage, ToAdaptPage } from "../messages";
import type { AdaptItem, AdaptKind, AdaptRun } from "../protocol";
import { sentence } from "../sentences";
import { ExampleBrowser, dataView, type DataActions } from "./adaptdata";
import { figureTable, reportView } from "./adaptreport";
import { RunView } from "./adaptrun";
import { bytes, duration, span, when } from "./adapttexts";
import { el, textButton } from "./dom";
import { t } from "./l10n";

interface Kept {
  root?: string;
  base?: string;
  minutes?: number;
}
interface Api {
  postMessage(message: FromAdaptPage): void;
  getState(): Kept | undefined;
  setState(state: Kept): void;
}
declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();
const app = document.getElementById("app");
if (!app) throw new Error("the page has no #app");

/** Minutes of training that are offered; the limit of the server is a month. */
const MINUTES = 60;
const MOST_MINUTES = 43_200;

let state: AdaptPageState | undefined;
let request = 0;
let kept: Kept = api.getState() ?? {};
const send = (message: FromAdaptPage): void => api.postMessage(message);
const keep = (change: Kept): void => api.setState((kept = { ...kept, ...change }));

// The page's fixed parts

const notice = el("div", { id: "notice", role: "status", "aria-live": "polite" });
const refused = el("div", { id: "refused", class: "error", role: "alert" });
const announcer = el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
const folder = el("div", { id: "folder" });
const report = el("section", { id: "report", "aria-labelledby": "report-title" });
const retriever = el("section", { id: "retriever", "aria-labelledby": "retriever-title" });
const model = el("section", { id: "model", "aria-labelledby": "model-title" });
const body = el("div", { id: "body" });
const dataActions: DataActions = {
  make: () => send({ type: "start", work: "data" }),
  file: (which, line) => send({ type: "file", which, ...(line === undefined ? {} : { line }) }),
  source: (path, line) => send({ type: "source", path, line }),
  example: (part, kind, offset) => send({ type: "examples", request: ++request, offset, ...(part ? { part } : {}), ...(kind ? { kind } : {}) }),
};
const browser = new ExampleBrowser(dataActions);
const run = new RunView(
  {
    stop: () => send({ type: "stop" }),
    again: ({ work, base, minutes }) => start(work, base, minutes),
    report: () => send({ type: "report", name: "" }),
  },
  (text) => (announcer.textContent = text),
);
report.hidden = true;
body.append(run.element, report, retriever, model);
app.append(el("h1", {}, t("Adapt to this project")), el("p", { class: "why" }, t("Search and answers learn the project's own words, on this machine. What is learned is used for this project alone, and only if it measures better.")), notice, folder, refused, announcer, body);

function start(work: AdaptRun["work"], base = "", minutes = 0): void {
  send({ type: "start", work, ...(base ? { base } : {}), ...(minutes > 0 ? { minutes } : {}) });
}

const drawn = new WeakMap<Element, string>();

/** Draw a part again if what it shows has changed; the focus and what is folded open stay. */
function draw(part: HTMLElement, shows: unknown, build: () => (Node | string)[]): void {
  const key = JSON.stringify(shows);
  if (drawn.get(part) === key) return;
  drawn.set(part, key);
  const focus = part.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const open = [...part.querySelectorAll("details[open]")].map(({ id }) => id);
  part.replaceChildren(...build());
  for (const details of part.querySelectorAll("details")) if (details.id && open.includes(details.id)) details.open = true;
  if (focus) document.getElementById(focus)?.focus();
}

// What is shown

function show(now: AdaptPageState): void {
  state = now;
  keep({ root: now.root });
  const { server, trusted, result, error } = now;
  draw(notice, [server, trusted, error, result?.blocked, result === undefined], () => notices(now));
  draw(folder, [now.roots, now.root], () => folders(now));
  body.hidden = !trusted || server.kind === "stopped" || result === undefined;
  if (!result) return;
  showRun(result.run);
}

/** Everything that depends on whether something is under way. */
function showRun(now: AdaptRun | null): void {
  const result = state?.result;
  if (!state || !result) return;
  result.run = now;
  const running = now?.state === "running";
  const idle = !running && result.blocked === "" && state.server.kind === "running";
  run.show(now, !idle);
  const { items, undoable } = result;
  draw(retriever, [items, undoable, result.retriever, idle], () => retrieverPart(idle));
  draw(model, [items, undoable, result.data, result.bases, result.missing, result.install, idle, kept.base, kept.minutes], () => modelPart(idle));
}

function notices({ server, trusted, result, error }: AdaptPageState): HTMLElement[] {
  const act = (label: string, action: Extract<FromAdaptPage, { type: "action" }>["action"]): HTMLElement => el("p", { class: "actions" }, textButton(`act-${action}`, label, () => send({ type: "action", action })));
  if (!trusted) return [el("p", {}, t("Nothing is adapted to a workspace that is not trusted: what is learned would become part of answers.")), act(t("Manage workspace trust"), "manageTrust")];
  if (server.kind === "stopped") return [el("p", { class: "error" }, sentence(server.message)), server.fix === "off" ? act(t("Turn on in this workspace"), "turnOn") : act(t("Show the log"), "showLog")];
  if (server.kind !== "running") return [el("p", {}, sentence(server.message || t("The server is being started.")))];
  if (error) return [el("p", { class: "error" }, sentence(error)), el("p", { class: "actions" }, textButton("refresh", t("Try again"), () => send({ type: "refresh" })))];
  if (!result) return [el("p", {}, t("Reading what was learned."))];
  return result.blocked ? [el("p", {}, t("Nothing can be started now: {0}", sentence(result.blocked)))] : [];
}

function folders({ roots, root }: AdaptPageState): HTMLElement[] {
  if (roots.length < 2) return [];
  const select = el("select", { id: "root" }, ...roots.map(({ uri, name }) => el("option", { value: uri }, name)));
  select.value = root;
  select.addEventListener("change", () => {
    report.hidden = true;
    send({ type: "root", root: select.value });
  });
  return [el("p", {}, el("label", { for: "root" }, t("Folder")), " ", select)];
}

function retrieverPart(idle: boolean): HTMLElement[] {
  const result = state?.result;
  if (!result) return [];
  const { seconds, mostSeconds, memoryBytes } = result.retriever;
  return [
    el("h2", { id: "retriever-title" }, t("Retriever")),
    el("p", {}, t("The search learns the project's words from comments, names, tests and commits. It needs a git repository with some hundred commits, and no GPU; the newest tenth of the commits judges it.")),
    ...learned("retriever", t("as shipped")),
    el("h3", {}, t("Forecast")),
    el("p", {}, t("By the size of this project: {0}, at most {1} of memory. It runs at low priority.", span(seconds, mostSeconds), bytes(memoryBytes))),
    el("p", { class: "actions" }, textButton("start-retriever", t("Start adapting the retriever"), () => start("retriever"), !idle)),
  ];
}

function modelPart(idle: boolean): HTMLElement[] {
  const result = state?.result;
  if (!result) return [];
  const { data, missing, install, bases } = result;
  const ready = data !== null && data.problem === "";
  const fitting = bases.filter(({ refused }) => refused === "");
  const chosen = fitting.find(({ name }) => name === kept.base) ?? fitting.find((base) => base.inUse) ?? fitting[0];
  const minutes = kept.minutes ?? MINUTES;
  const forecast = chosen?.forecast?.minutes === minutes ? chosen.forecast : null;
  const may = idle && ready && missing.length === 0 && chosen !== undefined;
  const parts: HTMLElement[] = [
    el("h2", { id: "model-title" }, t("Model")),
    el("p", {}, t("A language model learns the project's words and style (LoRA). It does not learn the code: that is what the retriever finds for each question.")),
    ...learned("model", t("the model without an adapter")),
    el("h3", {}, t("1. Data set")),
    ...dataView(data, idle, dataActions, browser),
    el("h3", {}, t("2. Model to adapt")),
  ];
  if (missing.length > 0) {
    const terminal = textButton("terminal", t("Open in a terminal"), () => send({ type: "terminal" }));
    parts.push(
      el("div", { class: "box" },
        el("p", {}, t("Training needs packages that are not installed ({0}): some gigabytes. Using an adapter needs nothing. Install them with:", missing.join(", "))),
        el("pre", { class: "code", tabindex: "0" }, install),
        el("p", { class: "actions" }, terminal, textButton("copy", t("Copy"), () => send({ type: "copy", text: install })), textButton("check", t("Check again"), () => send({ type: "refresh" })))),
    );
  }
  if (bases.length === 0) parts.push(el("p", {}, t("No model is installed.")), el("p", { class: "actions" }, textButton("choose-model", t("Choose a model"), () => send({ type: "action", action: "chooseModel" }))));
  else parts.push(baseChoice(chosen?.name));
  const limit = el("input", { id: "minutes", type: "number", min: "1", max: String(MOST_MINUTES), step: "1", value: String(minutes) });
  limit.addEventListener("change", () => {
    keep({ minutes: Math.min(Math.max(Math.round(Number(limit.value)) || MINUTES, 1), MOST_MINUTES) });
    showRun(result.run);
  });
  parts.push(
    el("p", {}, el("label", { for: "minutes" }, t("Minutes of training at most")), " ", limit),
    el("h3", {}, t("3. Forecast")),
    el("p", { id: "model-forecast" }, forecast ? t("From a few steps: {0} of training in {1} steps, {2} of memory. Judging comes after that.", duration(forecast.seconds), forecast.steps, bytes(forecast.memoryBytes)) : t("A few steps are tried to tell how long training takes and how much memory. Nothing is kept of them.")),
    el("p", { class: "actions" }, textButton("forecast", forecast ? t("Measure again") : t("Measure time and memory"), () => start("forecast", chosen?.name, minutes), !may)),
    el("h3", {}, t("4. Training")),
    el("p", {}, why(idle, ready, missing.length === 0, chosen !== undefined, forecast !== null)),
    el("p", { class: "actions" }, textButton("start-model", chosen ? t("Start adapting {0}", chosen.name) : t("Start adapting"), () => start("model", chosen?.name, minutes), !may || !forecast)),
  );
  return parts;
}

/** Why training cannot be started, or what it does. */
function why(idle: boolean, ready: boolean, installed: boolean, chosen: boolean, measured: boolean): string {
  if (!installed) return t("Install the packages first.");
  if (!ready) return t("Make the data set first.");
  if (!chosen) return t("There is no model that can be adapted.");
  if (!measured) return t("Measure time and memory first.");
  if (!idle) return t("One run at a time.");
  return t("It runs at low priority, and goes on when this window is closed. What it makes is used only if it answers better.");
}

function baseChoice(chosen: string | undefined): HTMLElement {
  const result = state?.result;
  const choices = (result?.bases ?? []).map((base, index) => {
    const id = `base-${index}`;
    const radio = el("input", { type: "radio", name: "base", id, "aria-describedby": `${id}-about` });
    radio.checked = base.name === chosen;
    radio.disabled = base.refused !== "";
    radio.addEventListener("change", () => {
      keep({ base: base.name });
      if (result) showRun(result.run);
    });
    const facts = [base.inUse ? t("in use") : "", t("{0} on disk", bytes(base.sizeBytes)), base.refused ? "" : t("about {0} of memory to train", bytes(base.memoryBytes))];
    const about = base.refused ? t("cannot be adapted: {0}", base.refused) : facts.filter(Boolean).join(" · ");
    return el("div", {}, radio, " ", el("label", { for: id }, base.name), el("span", { class: "why", id: `${id}-about` }, ` ${about}`));
  });
  return el("fieldset", {}, el("legend", {}, t("Installed models")), ...choices);
}

/** What was learned before, with its measures; `plain` is what is used where nothing is. */
function learned(kind: AdaptKind, plain: string): HTMLElement[] {
  const result = state?.result;
  const items = (result?.items ?? []).filter((item) => item.kind === kind);
  const used = items.find((item) => item.inUse);
  const parts: HTMLElement[] = [el("h3", {}, t("In use: {0}", used ? used.name : plain))];
  if (result?.undoable.includes(kind)) parts.push(el("p", { class: "actions" }, textButton(`undo-${kind}`, t("Undo the last change"), () => send({ type: "choose", action: "undo", kind }))));
  if (items.length === 0) parts.push(el("p", { class: "why" }, t("Nothing was learned until now.")));
  else parts.push(el("ul", { class: "items" }, ...[...items].reverse().map(itemView)));
  return parts;
}

function itemView(item: AdaptItem): HTMLElement {
  const head = el("div", { class: "item-head" }, el("strong", {}, item.name), item.inUse ? el("span", { class: "badge" }, t("in use")) : "", el("span", { class: "why" }, ` ${when(item.made)} · ${bytes(item.sizeBytes)} · ${item.base}`));
  const actions = el("p", { class: "actions" });
  const labelled = (id: string, label: string, act: () => void): HTMLButtonElement => {
    const made = textButton(`${id}-${item.name}`, label, act);
    made.append(el("span", { class: "visually-hidden" }, ` ${item.name}`));
    return made;
  };
  if (!item.inUse) actions.append(labelled("use", t("Use"), () => send({ type: "choose", action: "use", name: item.name })));
  actions.append(
    labelled("report", t("Report"), () => send({ type: "report", name: item.name })),
    labelled("remove", t("Remove"), () => send({ type: "choose", action: "remove", name: item.name })),
  );
  return el(
    "li",
    {},
    head,
    item.unusable ? el("p", { class: "error" }, t("It has no effect: {0}", sentence(item.unusable))) : "",
    item.figures.length > 0 ? el("details", { id: `figures-${item.name}` }, el("summary", {}, item.summary), figureTable(item.figures, t("Measures of {0}", item.name))) : el("p", {}, item.summary),
    actions,
  );
}

window.addEventListener("message", (event: MessageEvent<ToAdaptPage>) => {
  const message = event.data;
  switch (message.type) {
    case "adapt":
      show(message.state);
      return;
    case "run":
      showRun(message.run);
      return;
    case "examples":
      if (message.request === request) browser.show(message.result, message.error);
      return;
    case "report": {
      report.hidden = false;
      const title = message.name ? t("Report on {0}", message.name) : t("Report on the last run");
      const heading = el("h2", { id: "report-title", tabindex: "-1" }, title);
      const close = textButton("close-report", t("Close the report"), () => (report.hidden = true));
      report.replaceChildren(heading, ...(message.result ? reportView(message.result) : [el("p", { class: "error" }, sentence(message.error ?? ""))]), el("p", { class: "actions" }, close));
      heading.focus();
      return;
    }
    case "refused":
      refused.textContent = message.message ? sentence(message.message) : "";
      run.reset();
  }
});
send({ type: "ready" });
