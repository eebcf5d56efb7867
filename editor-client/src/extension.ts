/** Activation: makes the parts and connects them. */

import * as vscode from "vscode";
import { AdaptPage } from "./adaptpage";
import { registerCommands } from "./commands";
import { Conversations } from "./conversations";
import { IndexPage } from "./indexpage";
import { registerLocalModel } from "./localmodel";
import { registerMcpServer } from "./mcp";
import { Panel } from "./panel";
import { registerParticipant } from "./participant";
import { Server } from "./server";
import { createStatusItem } from "./status";
import { Steps, tellWhenOpened } from "./steps";
import { registerTools } from "./tools";
import { UseTree } from "./usetree";

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const log = vscode.window.createOutputChannel("Glossator", { log: true });
  const running = (server = new Server(context, log));
  const conversations = new Conversations(context.workspaceState);
  const steps = new Steps((key, value) => vscode.commands.executeCommand("setContext", key, value));
  steps.mark({ asked: conversations.list.some((conversation) => conversation.turns.some((turn) => turn.state === "done")) });
  const panel = new Panel(context, running, conversations, steps, log);
  const uses = new UseTree(running);
  const page = new IndexPage(running);
  const adapt = new AdaptPage(context.extensionUri, running, log);
  context.subscriptions.push(
    log,
    running,
    panel,
    uses,
    page,
    adapt,
    createStatusItem(running),
    tellWhenOpened(steps),
    registerCommands(running, panel, uses, page, adapt, log),
    registerTools(running),
    registerMcpServer(running, context),
    registerLocalModel(running),
    registerParticipant(running, vscode.Uri.joinPath(context.extensionUri, "media", "icon.png")),
    vscode.window.registerWebviewViewProvider(Panel.view, panel, { webviewOptions: { retainContextWhenHidden: true } }),
    running.onDidChange(() => {
      const { index, model } = running.status ?? {};
      steps.mark({ indexed: index?.state === "ready" && index.files > 0, hasModel: Boolean(model?.name) });
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void running.restart()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (running.state.kind === "stopped") void running.start();
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("glossator.pythonPath") || event.affectsConfiguration("glossator.serverCommand") || event.affectsConfiguration("glossator.enabled")) void running.restart();
      else if (event.affectsConfiguration("glossator")) void running.settingsChanged();
    }),
  );
  void running.start();
  log.info(`Activated in ${(performance.now() - begun).toFixed(0)} ms`);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
