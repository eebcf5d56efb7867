/** Locates and starts the server: its command, its environment, and the client that talks to it. */

import { mkdir } from "node:fs/promises";
import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { ensureEnvironment, environmentVariables, findPython, type Setup } from "./python";
import { changedSettings } from "./settings";

export interface ServerCommand {
  command: string;
  args: string[];
  /** The Python of the environment that the extension has made; undefined for a server of the user's own. */
  python?: string;
}

/** The folders and the log that the set-up uses; `report` receives its progress. */
export function setupIn(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, report: (message: string) => void): Setup {
  return {
    storage: context.globalStorageUri.fsPath,
    bundled: vscode.Uri.joinPath(context.extensionUri, "dist").fsPath,
    report,
    log: (text) => log.info(text.trimEnd()),
  };
}

/** The command that runs the server; creates its environment if necessary. */
export async function locateServer(setup: Setup): Promise<ServerCommand> {
  const settings = vscode.workspace.getConfiguration("glossator");
  const [command, ...args] = settings.get<string[]>("serverCommand") ?? [];
  if (command) return { command, args };
  // In a workspace that is not trusted, the Python extension's interpreter may be the workspace's own.
  const interpreter = vscode.workspace.isTrusted ? await pythonExtension() : undefined;
  const base = await findPython(settings.get<string>("pythonPath") ?? "", interpreter);
  setup.log(`Python ${base.version} at ${base.path}`);
  const python = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: "Glossator" }, (progress) =>
    ensureEnvironment(base, {
      ...setup,
      report: (message) => {
        setup.report(message);
        progress.report({ message });
      },
    }),
  );
  return { command: python, args: ["-m", "glossator", "serve"], python };
}

/** The command line that belongs to the server: what comes before the name of a command. */
export function commandLine(python: string | undefined): string[] | undefined {
  const own = vscode.workspace.getConfiguration("glossator").get<string[]>("serverCommand") ?? [];
  if (own.length > 0) return own.slice(0, own.includes("serve") ? own.indexOf("serve") : undefined);
  return python ? [python, "-m", "glossator"] : undefined;
}

/** A client that starts the server when it is started itself; `closed` is called when the server has ended without being asked to. */
export async function createClient({ command, args }: ServerCommand, cwd: string, log: vscode.LogOutputChannel, closed: () => void): Promise<LanguageClient> {
  await mkdir(cwd, { recursive: true });
  // Not in the workspace's folder, from which Python would import.
  const serverOptions: ServerOptions = { command, args, options: { cwd, env: environmentVariables() } };
  const clientOptions: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }],
    outputChannel: log,
    // The extension implements these commands itself: it shows their answers in its panel.
    initializationOptions: { trusted: vscode.workspace.isTrusted, clientCommands: true, references: vscode.workspace.getConfiguration("glossator").get("references") === true },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        closed();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    initializationFailedHandler: (error) => {
      log.error(String(error));
      return false;
    },
    middleware: {
      workspace: {
        configuration: (params) => params.items.map((item) => changedSettings(item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined)),
      },
      // Hovers may carry our command links, and no others.
      provideHover: async (document, position, token, next) => {
        const hover = await next(document, position, token);
        for (const content of hover?.contents ?? []) {
          if (content instanceof vscode.MarkdownString) content.isTrusted = { enabledCommands: ["glossator.explain", "glossator.ask"] };
        }
        return hover;
      },
    },
  };
  return new QuietClient("glossator", "Glossator", serverOptions, clientOptions);
}

/** Logs errors without a notification: the panel and the status bar show what is wrong, and giving up on the server shows a message. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** The interpreter that the Python extension has chosen, if it is installed. */
async function pythonExtension(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (!extension) return undefined;
  try {
    const api = extension.isActive ? extension.exports : await extension.activate();
    const environment = await api.environments.resolveEnvironment(api.environments.getActiveEnvironmentPath());
    return environment?.executable.uri?.fsPath;
  } catch {
    return undefined;
  }
}

interface PythonApi {
  environments: {
    getActiveEnvironmentPath(): unknown;
    resolveEnvironment(path: unknown): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}
