/** The server's life: start, restart with back-off, settings, status. What it is asked is up to others. */

import { mkdir } from "node:fs/promises";
import * as vscode from "vscode";
import { CloseAction, ErrorAction, LanguageClient, ProgressType, State, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { advance } from "./indexing";
import type { Indexing, ServerState } from "./messages";
import { STATUS_CHANGED, type StatusResult } from "./protocol";
import { SetupError, ensureEnvironment, environmentVariables, findPython, hasRuntime, installRuntime, type Setup } from "./python";
import { changedSettings } from "./settings";

/** Seconds before the first, second, ... restart; after the last the user is asked. */
const BACK_OFF = [0.5, 2, 5, 15];
/** A server that ran so long has earned a fresh count of restarts (ms). */
const STEADY = 120_000;
/** How long a server may take to end (ms). */
const STOP_MS = 5000;
const ANY_PROGRESS = new ProgressType<unknown>();

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private executable: string | undefined;
  private crashes = 0;
  private started = 0;
  /** Counts starts and stops, so that what belongs to an earlier one is seen to be over. */
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private settingUp: AbortController | undefined;
  private readonly stateEmitter = new vscode.EventEmitter<void>();
  readonly onDidChange = this.stateEmitter.event;
  state: ServerState = { kind: "starting", message: "" };
  status: StatusResult | undefined;
  indexing: Indexing | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  private set(state: ServerState): void {
    this.state = state;
    if (state.kind !== "running") this.status = this.indexing = undefined;
    this.stateEmitter.fire();
  }

  private get setup(): Setup {
    return {
      storage: this.context.globalStorageUri.fsPath,
      bundled: vscode.Uri.joinPath(this.context.extensionUri, "dist").fsPath,
      report: (message) => this.set({ kind: "starting", message }),
      log: (text) => this.log.info(text.trimEnd()),
    };
  }

  /** The command that runs the server, its environment made if need be. */
  private async command(): Promise<{ command: string; args: string[] }> {
    const settings = vscode.workspace.getConfiguration("glossator");
    const own = settings.get<string[]>("serverCommand") ?? [];
    const [command, ...args] = own;
    if (command) return { command, args };
    // In a workspace that is not trusted, the Python extension's interpreter may be the workspace's own.
    const interpreter = vscode.workspace.isTrusted ? await pythonExtension() : undefined;
    const base = await findPython(settings.get<string>("pythonPath") ?? "", interpreter);
    this.log.info(`Python ${base.version} at ${base.path}`);
    const { signal } = (this.settingUp = new AbortController());
    this.executable = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: "Glossator" },
      (progress) => {
        const setup = this.setup;
        return ensureEnvironment(base, {
          ...setup,
          signal,
          report: (message) => {
            setup.report(message);
            progress.report({ message });
          },
        });
      },
    );
    return { command: this.executable, args: ["-m", "glossator", "serve"] };
  }

  async start(): Promise<void> {
    if (!vscode.workspace.workspaceFolders?.some((folder) => folder.uri.scheme === "file")) {
      this.set({ kind: "stopped", message: vscode.l10n.t("No folder is open."), cure: "folder" });
      return;
    }
    const attempt = ++this.attempt;
    clearTimeout(this.timer);
    this.set({ kind: "starting", message: vscode.l10n.t("starting the server") });
    try {
      const { command, args } = await this.command();
      // While the environment was made, somebody may have stopped or restarted the server.
      if (attempt !== this.attempt) return;
      await this.launch({ command, args });
    } catch (error) {
      if (attempt !== this.attempt) return;
      const message = error instanceof Error ? error.message : String(error);
      this.log.error(message);
      this.set({ kind: "stopped", message, cure: error instanceof SetupError ? error.cure : "log" });
    }
  }

  private async launch(executable: { command: string; args: string[] }): Promise<void> {
    const cwd = this.context.globalStorageUri.fsPath;
    await mkdir(cwd, { recursive: true });
    // Not in the workspace's folder, from which Python would import.
    const serverOptions: ServerOptions = { ...executable, options: { cwd, env: environmentVariables() } };
    let launched: LanguageClient | undefined;
    const clientOptions: LanguageClientOptions = {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.log,
      // The extension has these commands itself: it shows their answers in its panel.
      initializationOptions: { trusted: vscode.workspace.isTrusted, clientCommands: true },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => {
          if (launched && this.client === launched) this.closed();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      initializationFailedHandler: (error) => {
        this.log.error(String(error));
        return false;
      },
      middleware: {
        workspace: {
          configuration: (params) =>
            params.items.map((item) => changedSettings(item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined)),
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
    const client = new LanguageClient("glossator", "Glossator", serverOptions, clientOptions);
    this.client = launched = client;
    this.started = Date.now();
    client.onNotification(STATUS_CHANGED, (status: StatusResult) => {
      this.status = status;
      this.indexing = advance(this.indexing, status);
      this.stateEmitter.fire();
    });
    client.onDidChangeState((event) => {
      if (event.newState === State.Running && this.client === client) this.set({ kind: "running" });
    });
    try {
      await client.start();
    } catch (error) {
      // A server that ended while it started is restarted like any other; everything else is told.
      if (this.client === client) throw error;
    }
  }

  private closed(): void {
    this.client = undefined;
    if (Date.now() - this.started > STEADY) this.crashes = 0;
    const wait = BACK_OFF[this.crashes];
    this.crashes += 1;
    if (wait === undefined) {
      const message = vscode.l10n.t("The server ended {0} times in a row.", this.crashes);
      this.set({ kind: "stopped", message, cure: "log" });
      const show = vscode.l10n.t("Show Log");
      const again = vscode.l10n.t("Restart");
      void vscode.window.showErrorMessage(`Glossator: ${message}`, show, again).then((choice) => {
        if (choice === show) this.log.show();
        if (choice === again) void this.restart();
      });
      return;
    }
    this.set({ kind: "restarting", message: vscode.l10n.t("The server ended unexpectedly and is started again.") });
    this.timer = setTimeout(() => void this.start(), wait * 1000);
  }

  /** Stop and start again, with a fresh count of crashes. */
  async restart(): Promise<void> {
    this.crashes = 0;
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    this.attempt += 1;
    this.settingUp?.abort();
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    if (!client) return;
    try {
      if (client.state === State.Starting) await client.start();
      await client.stop(STOP_MS);
    } catch (error) {
      this.log.warn(String(error));
    }
  }

  /** The user changed a setting: the server asks for all of them. */
  async settingsChanged(): Promise<void> {
    if (this.running) await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  get running(): boolean {
    return this.client !== undefined && this.state.kind === "running";
  }

  /** Wait for a server that is being started, or started again. */
  async ready(token: vscode.CancellationToken): Promise<void> {
    while (!this.running && this.state.kind !== "stopped" && !token.isCancellationRequested) {
      await new Promise<void>((resolve) => {
        const listening = [this.onDidChange(done), token.onCancellationRequested(done)];
        function done(): void {
          for (const listener of listening) listener.dispose();
          resolve();
        }
      });
    }
  }

  /** Send a request; fails with a message for people while the server does not run. */
  async request<R>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<R> {
    if (!this.client || this.state.kind !== "running") throw new Error(vscode.l10n.t("The server is not running yet."));
    return token ? this.client.sendRequest<R>(method, params, token) : this.client.sendRequest<R>(method, params);
  }

  /** Listen to `$/progress` on a token. */
  onProgress(token: string, listener: (value: unknown) => void): vscode.Disposable {
    if (!this.client) return new vscode.Disposable(() => undefined);
    return this.client.onProgress(ANY_PROGRESS, token, listener);
  }

  /** The Python that the server runs on; undefined with a server of one's own. */
  get python(): string | undefined {
    return this.executable;
  }

  /** See that the model runtime is installed. */
  async ensureRuntime(report: (message: string) => void): Promise<void> {
    if (!this.executable || (await hasRuntime(this.executable))) return;
    await installRuntime(this.executable, { ...this.setup, report });
  }

  dispose(): void {
    void this.stop();
    this.stateEmitter.dispose();
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
