/** Activation: makes the parts, connects the commands. */

import * as vscode from "vscode";
import { Conversations } from "./conversations";
import type { Attachment } from "./messages";
import { chooseModel } from "./models";
import { Panel } from "./panel";
import { REINDEX, type SearchResult } from "./protocol";
import { search } from "./search";
import { Server } from "./server";
import { createStatusItem, showMenu } from "./status";
import { Steps, tellWhenOpened } from "./steps";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel("Glossator", { log: true });
  const running = (server = new Server(context, log));
  const conversations = new Conversations(context.workspaceState);
  const steps = new Steps((key, value) => vscode.commands.executeCommand("setContext", key, value));
  steps.mark({ asked: conversations.list.some((conversation) => conversation.turns.some((turn) => turn.state === "done")) });
  const panel = new Panel(context, running, conversations, steps, log);
  const command = (name: string, run: (...args: unknown[]) => unknown): vscode.Disposable => vscode.commands.registerCommand(`glossator.${name}`, run);
  context.subscriptions.push(
    log,
    running,
    panel,
    createStatusItem(running),
    tellWhenOpened(steps),
    running.onDidChange(() => {
      const { index, model } = running.status ?? {};
      steps.mark({ indexed: index?.state === "ready" && index.files > 0, hasModel: Boolean(model?.name) });
    }),
    vscode.window.registerWebviewViewProvider(Panel.view, panel, { webviewOptions: { retainContextWhenHidden: true } }),
    command("focus", () => panel.focus()),
    command("explain", async (argument) => {
      const place = await placeOf(argument);
      if (place) await panel.explain(place);
    }),
    command("ask", async (argument) => {
      const place = await placeOf(argument);
      await (place ? panel.askAbout(place) : panel.focus());
    }),
    command("findSimilar", async (argument) => {
      const place = await placeOf(argument);
      if (!place) return;
      const result = await running.request<SearchResult>("workspace/executeCommand", {
        command: "glossator.findSimilar",
        arguments: [{ uri: place.uri, position: place.position }],
      });
      search(running, { query: "", hits: result.hits });
    }),
    command("search", () => search(running)),
    command("newConversation", () => panel.newConversation()),
    command("conversations", () => panel.chooseConversation()),
    command("exportConversation", () => panel.exportConversation()),
    command("deleteConversation", () => panel.deleteConversation()),
    command("stop", () => panel.stop()),
    command("reindexNow", () =>
      vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Glossator" }, () => running.request(REINDEX, {})),
    ),
    command("showSkipped", () => showSkipped(running)),
    command("chooseModel", () => chooseModel(running)),
    command("menu", () => showMenu(running)),
    command("restart", () => running.restart()),
    command("showLog", () => log.show()),
    command("walkthrough", () => vscode.commands.executeCommand("workbench.action.openWalkthrough", "glossator.glossator#start", false)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void running.restart()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (running.state.kind === "stopped") void running.start();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("glossator.pythonPath") || event.affectsConfiguration("glossator.serverCommand")) void running.restart();
      else if (event.affectsConfiguration("glossator")) void running.settingsChanged();
    }),
  );
  void running.start();
  log.info(`Activated in ${(performance.now() - begun).toFixed(0)} ms`);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** What a command is about: the place that a link or a code action names, or the active editor's cursor or selection. */
async function placeOf(argument: unknown): Promise<Attachment | undefined> {
  const given = argument as { uri?: unknown; position?: { line?: unknown; character?: unknown } } | undefined;
  const editor = vscode.window.activeTextEditor;
  let document: vscode.TextDocument;
  let position: vscode.Position;
  if (typeof given?.uri === "string" && typeof given.position?.line === "number" && typeof given.position.character === "number") {
    document = await vscode.workspace.openTextDocument(vscode.Uri.parse(given.uri, true));
    position = document.validatePosition(new vscode.Position(given.position.line, given.position.character));
  } else if (editor && editor.document.uri.scheme === "file") {
    document = editor.document;
    position = editor.selection.active;
  } else {
    return undefined;
  }
  const word = document.getWordRangeAtPosition(position);
  return {
    uri: document.uri.toString(),
    label: vscode.workspace.asRelativePath(document.uri),
    position: { line: position.line, character: position.character },
    selection: false,
    ...(word ? { symbol: document.getText(word) } : {}),
  };
}

async function showSkipped(from: Server): Promise<void> {
  const skipped = (from.status?.roots ?? []).flatMap((root) => root.skipped);
  if (skipped.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No file was skipped."));
    return;
  }
  const items = skipped.map((file) => ({
    label: vscode.workspace.asRelativePath(vscode.Uri.parse(file.uri)),
    description: file.reason,
    uri: file.uri,
  }));
  const choice = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Files that are not indexed, and why"), matchOnDescription: true });
  if (choice) await vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(choice.uri));
}
