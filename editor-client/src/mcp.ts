/** Glossator's MCP server for the editor's agents: `glossator mcp`, with the same Python, index and folders as the language server. */

import * as vscode from "vscode";
import { commandLine } from "./launch";
import { newer } from "./newer";
import { PYTHON_VARIABLES } from "./python";
import type { Server } from "./server";

const ID = "glossator.mcp";

type Followed = Pick<Server, "python" | "running" | "onDidChange">;

/** Offer the server, which the user or an agent starts; nothing where the editor has no interface for it. */
export function registerMcpServer(server: Followed, context: vscode.ExtensionContext): vscode.Disposable {
  const { lm, McpStdioServerDefinition: Definition } = newer;
  if (!lm?.registerMcpServerDefinitionProvider || !Definition) return vscode.Disposable.from();
  const changed = new vscode.EventEmitter<void>();
  let before = "";
  const told = (): void => {
    const now = JSON.stringify(definition(server));
    if (now === before) return;
    before = now;
    changed.fire();
  };
  const provider = {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: () => {
      const found = definition(server);
      if (!found) return [];
      const { command, args } = found;
      const { version } = context.extension.packageJSON as { version: string };
      const made = new Definition("Glossator", command, args, { ...PYTHON_VARIABLES }, version);
      // Not in the workspace's folder, from which Python would import.
      made.cwd = context.globalStorageUri;
      return [made];
    },
  };
  return vscode.Disposable.from(changed, server.onDidChange(told), vscode.workspace.onDidChangeWorkspaceFolders(told), lm.registerMcpServerDefinitionProvider(ID, provider));
}

/** The command of the MCP server for the folders that are open; undefined while there is no server that it could share an index with. */
function definition({ python, running }: Pick<Server, "python" | "running">): { command: string; args: string[] } | undefined {
  const [command, ...args] = commandLine(python) ?? [];
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file");
  if (!command || !running || folders.length === 0 || !vscode.workspace.isTrusted) return undefined;
  return { command, args: [...args, "mcp", ...folders.flatMap((folder) => ["--root", folder.uri.fsPath]), ...indexDir()] };
}

/** Where the index is, if the settings or the user's own command say so. */
function indexDir(): string[] {
  const settings = vscode.workspace.getConfiguration("glossator");
  const own = settings.get<string[]>("serverCommand") ?? [];
  const at = own.indexOf("--index-dir");
  const folder = (at >= 0 ? own[at + 1] : undefined) ?? settings.get<string>("indexDir");
  return folder ? ["--index-dir", folder] : [];
}
