/** The extension's commands: what each name in package.json does. */

import * as vscode from "vscode";
import type { AdaptPage } from "./adaptpage";
import { forgetIndex, type IndexPage, openSkipped, rebuildIndex, turn } from "./indexpage";
import type { Attachment } from "./messages";
import { chooseModel } from "./models";
import type { Panel } from "./panel";
import { REINDEX, type SearchResult } from "./protocol";
import { search } from "./search";
import type { Server } from "./server";
import { showMenu } from "./status";
import type { UseNode, UseTree } from "./usetree";

export function registerCommands(server: Server, panel: Panel, uses: UseTree, page: IndexPage, adapt: AdaptPage, log: vscode.LogOutputChannel): vscode.Disposable {
  const commands: Record<string, (argument?: unknown) => unknown> = {
    focus: () => panel.focus(),
    explain: async (argument) => {
      const place = await placeOf(argument);
      if (place) await panel.explain(place);
    },
    ask: async (argument) => {
      const place = await placeOf(argument);
      await (place ? panel.askAbout(place) : panel.focus());
    },
    showUses: async (argument) => {
      const place = await placeOf(argument);
      if (place) await panel.showUses(place);
    },
    usesTree: async (argument) => {
      const place = await placeOf(argument);
      if (place) await uses.show(place);
    },
    usesOfCaller: (node) => uses.showCaller(node as UseNode),
    refreshUses: () => uses.refresh(),
    closeUses: () => uses.close(),
    findSimilar: async (argument) => {
      const place = await placeOf(argument);
      if (place) await findSimilar(server, place);
    },
    search: () => search(server),
    newConversation: () => panel.newConversation(),
    conversations: () => panel.chooseConversation(),
    exportConversation: () => panel.exportConversation(),
    deleteConversation: () => panel.deleteConversation(),
    stop: () => panel.stop(),
    reindexNow: () => vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Glossator" }, () => server.request(REINDEX, {})),
    indexPage: () => page.show(),
    adapt: () => adapt.show(),
    rebuildIndex: (root) => rebuildIndex(server, root),
    forgetIndex: () => forgetIndex(server),
    turnOff: () => turn(false),
    turnOn: () => turn(true),
    openSkipped: (uri) => openSkipped(uri),
    showSkipped: () => showSkipped(server),
    chooseModel: () => chooseModel(server),
    menu: () => showMenu(server),
    restart: () => server.restart(),
    showLog: () => log.show(),
    walkthrough: () => vscode.commands.executeCommand("workbench.action.openWalkthrough", "glossator.glossator#start", false),
  };
  return vscode.Disposable.from(...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`glossator.${name}`, run)));
}

/** What a command is about: the place that a link or a code action names, or the active editor's cursor. */
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

async function findSimilar(server: Server, place: Attachment): Promise<void> {
  const parameters = { command: "glossator.findSimilar", arguments: [{ uri: place.uri, position: place.position }] };
  const { hits } = await server.request<SearchResult>("workspace/executeCommand", parameters);
  search(server, hits);
}

async function showSkipped({ status }: Pick<Server, "status">): Promise<void> {
  const skipped = (status?.roots ?? []).flatMap((root) => root.skipped);
  if (skipped.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("No files were skipped."));
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
