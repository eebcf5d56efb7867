/** What the panel says while there is no answer: empty, indexing, no model, loading, errors; each with its next step. */

import type { Action, PanelState } from "../messages";
import { sentence } from "../sentences";
import { el, icon, replace } from "./dom";
import { t } from "./l10n";

interface Notice {
  icon: string;
  text: string;
  steps: [Action, string][];
  progress?: number;
  tone?: "error" | "warning";
}

/** Whether answers come from a server of the user's choice (`glossator.endpoint`). */
const isServer = ({ device }: { device: string }): boolean => device.startsWith("server ");

/** What the banner says, if anything; pure, so that it can be tested. */
export function notice(state: PanelState): Notice | undefined {
  const { server, status } = state;
  if (server.kind === "stopped") {
    const steps: Record<typeof server.fix, [Action, string][]> = {
      python: [
        ["setPython", t("Choose a Python interpreter")],
        ["restart", t("Try again")],
      ],
      network: [
        ["restart", t("Try again")],
        ["showLog", t("Show the log")],
      ],
      log: [
        ["showLog", t("Show the log")],
        ["restart", t("Restart")],
      ],
      trust: [["manageTrust", t("Manage workspace trust")]],
      folder: [["openFolder", t("Open a folder")]],
      off: [["turnOn", t("Turn on in this workspace")]],
    };
    return { icon: "warning", text: server.message, steps: steps[server.fix], tone: ["folder", "off"].includes(server.fix) ? "warning" : "error" };
  }
  if (server.kind === "restarting") return { icon: "loading~spin", text: server.message, steps: [] };
  if (server.kind !== "running" || !status) {
    const message = server.kind === "running" ? t("starting") : server.message;
    return { icon: "loading~spin", text: t("Setting up: {0}", message || t("starting")), steps: [] };
  }
  const failed = status.roots.find((root) => root.state === "failed");
  if (failed) {
    return {
      icon: "error",
      text: sentence(failed.message || t("The index cannot be written.")),
      steps: [
        ["reindexNow", t("Try again")],
        ["showLog", t("Show the log")],
      ],
      tone: "error",
    };
  }
  const download = status.roots.find((root) => root.download)?.download;
  if (download) {
    const { doneBytes: done, totalBytes: total } = download;
    const text = total > 0 ? t("Downloading the team's index: {0} of {1} MB.", (done / 1e6).toFixed(1), (total / 1e6).toFixed(1)) : t("Downloading the team's index.");
    return { icon: "cloud-download", text, steps: [], ...(total > 0 ? { progress: done / total } : {}) };
  }
  if (status.index.state === "indexing") {
    const { indexing } = state;
    const text = indexing
      ? t("Indexing: {0} of {1} files. Answers use what has been indexed so far.", indexing.done.toLocaleString("en"), indexing.total.toLocaleString("en"))
      : t("Indexing. Answers use what has been indexed so far.");
    return { icon: "sync~spin", text, steps: [], ...(indexing ? { progress: indexing.done / indexing.total } : {}) };
  }
  if (status.model.state === "loading") return { icon: "loading~spin", text: t("Loading {0}", status.model.name), steps: [] };
  if (status.model.state === "failed") {
    return {
      icon: "error",
      text: sentence(status.model.reason || t("The model failed.")),
      steps: [
        isServer(status.model) ? ["setEndpoint", t("Change the address")] : ["chooseModel", t("Choose another model")],
        ["showLog", t("Show the log")],
      ],
      tone: "error",
    };
  }
  return undefined;
}

export function banner(target: HTMLElement, state: PanelState, act: (action: Action) => void): void {
  const shown = notice(state);
  target.hidden = !shown;
  if (!shown) {
    replace(target);
    return;
  }
  target.className = `banner ${shown.tone ?? ""}`;
  const steps = shown.steps.map(([action, label]) => {
    const made = el("button", { class: "link", type: "button" }, label);
    made.addEventListener("click", () => act(action));
    return made;
  });
  const parts: Node[] = [el("div", { class: "banner-text" }, icon(shown.icon), el("span", {}, shown.text)), ...steps];
  if (shown.progress !== undefined) {
    const bar = el("progress", { max: "1", value: String(shown.progress), "aria-label": t("Indexing") });
    parts.push(bar);
  }
  replace(target, ...parts);
}

const suggestions = (): string[] => [t("What does this project do?"), t("Where is the configuration read?"), t("How are errors handled?")];

/** The panel before the first question. */
export function emptyView(state: PanelState, act: (action: Action) => void, ask: (question: string) => void): HTMLElement {
  const view = el("div", { class: "empty" });
  view.append(el("h1", {}, t("Ask about this code")));
  const status = state.status;
  const text = status && status.index.files > 0
    ? t(
        "{0} and {1} are indexed on this machine.",
        status.index.files === 1 ? t("1 file") : t("{0} files", status.index.files.toLocaleString("en")),
        status.index.symbols === 1 ? t("1 symbol") : t("{0} symbols", status.index.symbols.toLocaleString("en")),
      )
    : t("Your code is indexed on this machine.");
  view.append(el("p", {}, text));
  const list = el("div", { class: "suggestions" });
  const named = state.attachment?.subject ? state.attachment.symbol : undefined;
  for (const suggestion of [...(named ? [t("What does `{0}` do, and who uses it?", named)] : []), ...suggestions()].slice(0, 3)) {
    const made = el("button", { class: "suggestion", type: "button" }, icon("comment"), el("span", {}, suggestion.replaceAll("`", "")));
    made.toggleAttribute("disabled", state.server.kind === "stopped");
    made.addEventListener("click", () => ask(suggestion));
    list.append(made);
  }
  view.append(list);
  if (state.server.kind === "running" && status?.model.state === "none") {
    const card = el("div", { class: "card" });
    if (!state.trusted) {
      card.append(el("p", {}, t("This workspace is not trusted, so no model runs. Answers list the relevant code.")), step(t("Manage workspace trust"), "manageTrust", act));
    } else if (status.model.name) {
      card.append(el("p", {}, t("{0} will answer. It is loaded when you ask the first question.", status.model.name)), step(t("Choose another model"), "chooseModel", act));
    } else {
      card.append(
        el("p", {}, t("No model is installed, so answers list the relevant code. A local model answers in prose.")),
        step(t("Choose a model"), "chooseModel", act),
      );
    }
    view.append(card);
  }
  if (state.conversations > 0) view.append(step(t("Earlier conversations"), "conversations", act));
  return view;
}

function step(label: string, action: Action, act: (action: Action) => void): HTMLElement {
  const made = el("button", { class: "link", type: "button" }, label);
  made.addEventListener("click", () => act(action));
  return made;
}
