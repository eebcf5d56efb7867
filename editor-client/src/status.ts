/** The status bar item: what the index and the model are doing, and a menu with what can be done. */

import * as vscode from "vscode";
import type { Indexing, ServerState } from "./messages";
import type { StatusResult } from "./protocol";

/** What the item follows. */
export interface Followed {
  readonly state: ServerState;
  readonly status: StatusResult | undefined;
  readonly indexing: Indexing | undefined;
  readonly onDidChange: vscode.Event<void>;
}

export interface Shown {
  text: string;
  tooltip: string;
  severity: "normal" | "warning" | "error";
}

/** What the item says; pure, so that it can be tested. */
export function describe(server: ServerState, status: StatusResult | undefined, indexing?: Indexing): Shown {
  const t = vscode.l10n.t;
  if (server.kind === "stopped" && server.fix === "off") return { text: "$(circle-slash) Glossator", tooltip: server.message, severity: "normal" };
  if (server.kind === "stopped") return { text: "$(warning) Glossator", tooltip: server.message, severity: "error" };
  if (server.kind !== "running" || !status) {
    const message = server.kind === "running" ? t("starting") : server.message;
    return { text: "$(sync~spin) Glossator", tooltip: message, severity: "normal" };
  }
  const { index, model, roots } = status;
  const lines = [
    [
      index.files === 1 ? t("1 file") : t("{0} files", index.files.toLocaleString("en")),
      index.symbols === 1 ? t("1 symbol") : t("{0} symbols", index.symbols.toLocaleString("en")),
    ].join(", "),
  ];
  if (index.skipped > 0) lines.push(index.skipped === 1 ? t("1 file skipped") : t("{0} files skipped", index.skipped.toLocaleString("en")));
  for (const root of roots) if (root.message) lines.push(root.message);
  for (const { team } of roots) {
    if (team?.mounted) lines.push(t("started from the team's index of {0} at {1}", team.repository, team.commit.slice(0, 12)));
    else if (team?.reason) lines.push(t("indexed without the team's index: {0}", team.reason));
  }
  for (const root of roots) if (root.watching.startsWith("polling")) lines.push(t("file watching is unavailable, polling for changes: {0}", root.watching.replace(/^polling:\s*/, "")));
  if (model.state === "none") lines.push(model.name ? t("model: {0}, not loaded", model.name) : t("no model: answers list the relevant code"));
  else {
    const [name, device] = model.name ? [model.name, model.device] : [model.device, ""];
    lines.push(device ? t("model: {0}, {1}, on {2}", name, model.state, device) : t("model: {0}, {1}", name, model.state));
  }
  if (model.state === "failed" || (model.state !== "none" && model.reason)) lines.push(model.reason);
  const tooltip = lines.join("\n\n");
  if (index.state === "failed") return { text: "$(warning) Glossator", tooltip, severity: "error" };
  const downloads = roots.flatMap(({ download }) => (download ? [download] : []));
  if (downloads.length > 0) {
    const [done, total] = [downloads.reduce((sum, { doneBytes }) => sum + doneBytes, 0), downloads.reduce((sum, { totalBytes }) => sum + totalBytes, 0)];
    const percent = total > 0 ? ` ${Math.floor((100 * done) / total)}%` : "";
    return { text: `$(cloud-download) ${t("Downloading the team's index")}${percent}`, tooltip, severity: "normal" };
  }
  if (index.state === "indexing") {
    const percent = indexing ? ` ${Math.floor((100 * indexing.done) / indexing.total)}%` : "";
    return { text: `$(sync~spin) ${t("Indexing")}${percent}`, tooltip, severity: "normal" };
  }
  if (model.state === "failed") return { text: "$(book) Glossator $(warning)", tooltip, severity: "warning" };
  if (model.state === "loading") return { text: `$(loading~spin) ${t("Loading model")}`, tooltip, severity: "normal" };
  return { text: model.state === "busy" ? `$(book) ${t("Answering")}` : "$(book) Glossator", tooltip, severity: "normal" };
}

export function createStatusItem(server: Followed): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("glossator.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Glossator";
  item.command = "glossator.menu";
  const update = (): void => {
    const shown = describe(server.state, server.status, server.indexing);
    item.text = shown.text;
    item.tooltip = new vscode.MarkdownString(shown.tooltip);
    item.accessibilityInformation = { label: `Glossator: ${shown.tooltip.replaceAll("\n\n", ", ")}`, role: "button" };
    item.backgroundColor =
      shown.severity === "normal" ? undefined : new vscode.ThemeColor(`statusBarItem.${shown.severity}Background`);
    item.show();
  };
  update();
  return vscode.Disposable.from(item, server.onDidChange(update));
}

/** The item's menu. */
export async function showMenu(server: Followed): Promise<void> {
  const t = vscode.l10n.t;
  const status = server.status;
  const off = server.state.kind === "stopped" && server.state.fix === "off";
  const items: (vscode.QuickPickItem & { command?: string })[] = [
    ...(off ? [{ label: `$(play) ${t("Turn on in this workspace")}`, command: "glossator.turnOn" }] : []),
    { label: `$(comment-discussion) ${t("Ask a question")}`, command: "glossator.focus" },
    { label: `$(search) ${t("Search the code")}`, command: "glossator.search" },
    {
      label: `$(chip) ${t("Choose a model")}`,
      description: status?.model.name ? [status.model.name, status.model.device].filter(Boolean).join(", ") : t("none installed"),
      command: "glossator.chooseModel",
    },
    { label: `$(sync) ${t("Update the index")}`, command: "glossator.reindexNow" },
    { label: `$(database) ${t("Show the index")}`, command: "glossator.indexPage" },
    { label: `$(mortar-board) ${t("Adapt to this project")}`, command: "glossator.adapt" },
    { label: `$(exclude) ${t("Show skipped files")}`, description: String(status?.index.skipped ?? 0), command: "glossator.showSkipped" },
    { label: `$(refresh) ${t("Restart the server")}`, command: "glossator.restart" },
    { label: `$(output) ${t("Show the log")}`, command: "glossator.showLog" },
    { label: `$(gear) ${t("Settings")}`, command: "workbench.action.openSettings" },
  ];
  const choice = await vscode.window.showQuickPick(items, { placeHolder: describe(server.state, status).tooltip.replaceAll("\n\n", " · ") });
  if (choice?.command) {
    await vscode.commands.executeCommand(choice.command, ...(choice.command.endsWith("openSettings") ? ["@ext:glossator.glossator"] : []));
  }
}
