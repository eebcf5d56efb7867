/** The page "Index": what is indexed in each folder, how large it is, what was skipped and why, and what can be done. */

import * as vscode from "vscode";
import { FORGET, type ForgetParams, REBUILD, type RebuildParams, type RootStatus, type StatusResult } from "./protocol";
import { sentence } from "./sentences";
import type { Server } from "./server";

/** Milliseconds between two drawings: the page does not flicker while the index grows. */
const DRAW_MS = 1000;
/** Files of one reason that are listed. */
const LISTED = 200;
const COMMANDS = ["glossator.adapt", "glossator.openSkipped", "glossator.reindexNow", "glossator.rebuildIndex", "glossator.forgetIndex", "glossator.turnOff", "glossator.turnOn", "glossator.showLog", "workbench.action.openSettings"];

type Followed = Pick<Server, "state" | "status" | "onDidChange">;

export class IndexPage implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly following: vscode.Disposable;

  constructor(private readonly server: Followed) {
    this.following = server.onDidChange(() => {
      if (this.panel) this.timer ??= setTimeout(() => this.draw(), DRAW_MS);
    });
  }

  show(): void {
    if (!this.panel) {
      this.panel = vscode.window.createWebviewPanel("glossator.index", vscode.l10n.t("Index"), vscode.ViewColumn.Active, { enableScripts: false, enableCommandUris: COMMANDS, localResourceRoots: [] });
      this.panel.onDidDispose(() => (this.panel = undefined));
    }
    this.draw();
    this.panel.reveal();
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { state, status } = this.server;
    const html = pageOf(state.kind === "stopped" ? { message: state.message, off: state.fix === "off" } : undefined, status);
    if (this.panel && this.panel.webview.html !== html) this.panel.webview.html = html;
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.following.dispose();
    this.panel?.dispose();
  }
}

/** Delete the indexes of all folders, and turn Glossator off here, or it would build them again. */
export async function forgetIndex(server: Pick<Server, "request">): Promise<void> {
  const { t } = vscode.l10n;
  const remove = t("Delete the Index");
  const message = t("Delete the index of this workspace?");
  const detail = t("Glossator is turned off in this workspace until you turn it on again. Then the code is indexed again.");
  if ((await vscode.window.showWarningMessage(message, { modal: true, detail }, remove)) !== remove) return;
  await server.request(FORGET, {} satisfies ForgetParams);
  await turn(false);
}

/** Delete the index of a folder, or of all, and build it again. */
export async function rebuildIndex(server: Pick<Server, "request">, root: unknown): Promise<void> {
  await server.request(REBUILD, (typeof root === "string" ? { root } : {}) satisfies RebuildParams);
}

/** Open a file that the page links to: here, since the window may be on another machine than the files. */
export async function openSkipped(text: unknown): Promise<void> {
  const uri = typeof text === "string" ? vscode.Uri.parse(text, true) : undefined;
  if (uri?.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri)) await vscode.commands.executeCommand("vscode.open", uri);
}

/** Turn Glossator on or off in this workspace. */
export async function turn(on: boolean): Promise<void> {
  await vscode.workspace.getConfiguration("glossator").update("enabled", on, vscode.ConfigurationTarget.Workspace);
}

/** The page's HTML; `stopped` says why there is no server. Pure, so that it can be tested. */
export function pageOf(stopped: { message: string; off: boolean } | undefined, status: StatusResult | undefined): string {
  const { t } = vscode.l10n;
  const body: string[] = [`<h1>${t("Index")}</h1>`];
  if (stopped) {
    body.push(`<p role="status">${escaped(sentence(stopped.message))}</p>`, `<p>${stopped.off ? action("glossator.turnOn", t("Turn on in this workspace")) : action("glossator.showLog", t("Show the log"))}</p>`);
  } else if (!status) {
    body.push(`<p role="status">${t("The server is being started.")}</p>`);
  } else {
    const sum = (of: (root: RootStatus) => number): number => status.roots.reduce((total, root) => total + of(root), 0);
    if (status.roots.length > 1) body.push(`<p>${counts(sum((root) => root.files), sum((root) => root.symbols), sum((root) => root.lines), sum((root) => root.sizeBytes))}</p>`);
    body.push(...status.roots.map(section));
    body.push(
      `<h2>${t("This workspace")}</h2>`,
      `<ul class="actions"><li>${action("glossator.adapt", t("Adapt to this project"))}: ${t("search and answers learn its words.")}</li>`,
      `<li>${action("glossator.turnOff", t("Turn off in this workspace"))}: ${t("the index stays, and nothing runs.")}</li>`,
      `<li>${action("glossator.forgetIndex", t("Forget"))}: ${t("the index is deleted, and nothing runs.")}</li>`,
      `<li>${action("workbench.action.openSettings", t("Settings"), "@ext:glossator.glossator include exclude")}: ${t("what else is indexed or left out.")}</li></ul>`,
    );
  }
  const policy = "default-src 'none'; style-src 'unsafe-inline';";
  return `<!DOCTYPE html><html lang="${vscode.env.language}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>Glossator</title><style>${STYLE}</style></head><body><main>${body.join("\n")}</main></body></html>`;
}

function section(root: RootStatus): string {
  const { t } = vscode.l10n;
  const states = { indexing: t("Indexing, {0} files to go", number(root.pending)), ready: t("Up to date"), failed: t("Failed") };
  const rows: [string, string][] = [
    [t("Folder"), escaped(vscode.Uri.parse(root.uri).fsPath)],
    [t("State"), escaped([states[root.state], root.message && sentence(root.message)].filter(Boolean).join(". "))],
    [t("Indexed"), counts(root.files, root.symbols, root.lines)],
    ...(root.uncollectedFiles ? [[t("Uses"), t("Still being collected, {0} files to go", number(root.uncollectedFiles))] as [string, string]] : []),
    [t("Size"), `${size(root.sizeBytes)} <span class="why">${escaped(root.indexFolder)}</span>`],
    ...(root.team ? [[t("Team"), escaped(root.team.mounted ? t("started from the team's index of {0} at {1}", root.team.repository, root.team.commit.slice(0, 12)) : sentence(t("indexed without the team's index: {0}", root.team.reason)))] satisfies [string, string]] : []),
    [t("Changes"), escaped(root.watching.startsWith("polling") ? root.watching : t("followed as they happen"))],
  ];
  const table = rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join("");
  const actions = [action("glossator.reindexNow", t("Update")), action("glossator.rebuildIndex", t("Rebuild"), root.uri)].join(" ");
  return `<section><h2>${escaped(vscode.Uri.parse(root.uri).path.split("/").at(-1) ?? root.uri)}</h2><table>${table}</table><p class="actions">${actions}</p>${skipped(root)}</section>`;
}

/** The skipped files by reason, the most frequent first. */
function skipped(root: RootStatus): string {
  const { t } = vscode.l10n;
  if (root.skippedFiles === 0) return `<p>${t("No files were skipped.")}</p>`;
  const reasons = new Map<string, string[]>();
  for (const { uri, reason } of root.skipped) reasons.set(reason, [...(reasons.get(reason) ?? []), uri]);
  const lists = [...reasons].sort(([, one], [, other]) => other.length - one.length).map(([reason, uris]) => {
    const items = uris.slice(0, LISTED).map((uri) => `<li>${openLink(uri)}</li>`);
    if (uris.length > LISTED) items.push(`<li>${t("and {0} more", number(uris.length - LISTED))}</li>`);
    return `<details><summary>${escaped(reason)} (${number(uris.length)})</summary><ul>${items.join("")}</ul></details>`;
  });
  const listed = root.skipped.length < root.skippedFiles ? `<p class="why">${t("The first {0} of them are listed.", number(root.skipped.length))}</p>` : "";
  return `<h3>${t("Skipped ({0})", number(root.skippedFiles))}</h3>${listed}${lists.join("")}<p class="why">${t("Files that git ignores are not listed. The setting {0} names those to index all the same.", "glossator.include")}</p>`;
}

function openLink(text: string): string {
  const uri = vscode.Uri.parse(text);
  const name = escaped(vscode.workspace.asRelativePath(uri, false));
  return text.endsWith("/") ? name : `<a href="${commandUri("glossator.openSkipped", text)}">${name}</a>`;
}

function counts(files: number, symbols: number, lines: number, bytes?: number): string {
  const { t } = vscode.l10n;
  const parts = [
    files === 1 ? t("1 file") : t("{0} files", number(files)),
    symbols === 1 ? t("1 symbol") : t("{0} symbols", number(symbols)),
    lines === 1 ? t("1 line") : t("{0} lines", number(lines)),
    ...(bytes === undefined ? [] : [size(bytes)]),
  ];
  return parts.join(", ");
}

const number = (value: number): string => value.toLocaleString("en");
const size = (bytes: number): string => (bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MiB` : `${Math.ceil(bytes / 1024)} KiB`);
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const commandUri = (command: string, ...values: unknown[]): string => escaped(`command:${command}${values.length > 0 ? `?${encodeURIComponent(JSON.stringify(values))}` : ""}`);
const action = (command: string, label: string, ...values: unknown[]): string => `<a class="action" href="${commandUri(command, ...values)}">${escaped(label)}</a>`;

const STYLE = `body { color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); line-height: 1.5; max-width: 60em; padding: 0 24px 24px; }
h1 { font-size: 1.6em; font-weight: 600; } h2 { font-size: 1.2em; margin: 20px 0 6px; } h3 { font-size: 1em; margin: 14px 0 4px; }
table { border-collapse: collapse; } th { text-align: left; font-weight: normal; color: var(--vscode-descriptionForeground); padding: 2px 16px 2px 0; vertical-align: top; } td { overflow-wrap: anywhere; }
a { color: var(--vscode-textLink-foreground); } .action { margin-right: 12px; } li .action { margin-right: 0; } .why { color: var(--vscode-descriptionForeground); }
summary { cursor: pointer; } details ul { list-style: none; margin: 2px 0 6px; padding-left: 18px; overflow-wrap: anywhere; }
:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }`;
