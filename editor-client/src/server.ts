/** The server's life cycle: start, restart with back-off, settings, status. launch.ts locates and starts it. */

import * as vscode from "vscode";
import { ProgressType, State, type LanguageClient } from "vscode-languageclient/node";
import { environmentOf, markInUse, removeUnused } from "./environments";
import { advance } from "./indexing";
import { createClient, locateServer, setupIn, type ServerCommand } from "./launch";
import type { Indexing, ServerState } from "./messages";
import { ADAPT_CHANGED, type AdaptChanged, STATUS_CHANGED, type StatusResult } from "./protocol";
import { SetupError, hasRuntime, installRuntime } from "./python";
import { messageOf } from "./sentences";

/** Seconds before the first, second, ... restart; after the last the user is asked. */
const BACK_OFF = [0.5, 2, 5, 15];
/** A server that ran this long gets a fresh count of restarts (ms). */
const STEADY = 120_000;
/** How long a server may take to end (ms). */
const STOP_MS = 5000;
const ANY_PROGRESS = new ProgressType<unknown>();

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private executable: string | undefined;
  private crashes = 0;
  private started = 0;
  /** Counts starts and stops, so that results of an earlier one can be discarded. */
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private settingUp: AbortController | undefined;
  private readonly stateEmitter = new vscode.EventEmitter<void>();
  readonly onDidChange = this.stateEmitter.event;
  private readonly adaptEmitter = new vscode.EventEmitter<AdaptChanged>();
  /** A run that adapts something, or what was learned, has changed. */
  readonly onDidAdapt = this.adaptEmitter.event;
  state: ServerState = { kind: "starting", message: "" };
  status: StatusResult | undefined;
  indexing: Indexing | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    private readonly backOff: readonly number[] = BACK_OFF,
  ) {}

  private set(state: ServerState): void {
    this.state = state;
    if (state.kind !== "running") this.status = this.indexing = undefined;
    this.stateEmitter.fire();
  }

  async start(): Promise<void> {
    if (!vscode.workspace.workspaceFolders?.some((folder) => folder.uri.scheme === "file")) {
      this.set({ kind: "stopped", message: vscode.l10n.t("No folder is open."), fix: "folder" });
      return;
    }
    if (vscode.workspace.getConfiguration("glossator").get("enabled") === false) {
      this.set({ kind: "stopped", message: vscode.l10n.t("Glossator is turned off in this workspace."), fix: "off" });
      return;
    }
    const attempt = ++this.attempt;
    clearTimeout(this.timer);
    this.set({ kind: "starting", message: vscode.l10n.t("starting the server") });
    // Restarts may overlap: only one server may be left.
    await this.end();
    if (attempt !== this.attempt) return;
    try {
      const { signal } = (this.settingUp = new AbortController());
      const report = (message: string): void => {
        if (attempt === this.attempt) this.set({ kind: "starting", message });
      };
      const command = await locateServer({ ...setupIn(this.context, this.log, report), signal });
      // Meanwhile, the server may have been stopped or restarted.
      if (attempt !== this.attempt) return;
      this.executable = command.python;
      await this.launch(command, attempt);
    } catch (error) {
      if (attempt !== this.attempt) return;
      const message = messageOf(error);
      this.log.error(message);
      this.set({ kind: "stopped", message, fix: error instanceof SetupError ? error.fix : "log" });
    }
  }

  private async launch(command: ServerCommand, attempt: number): Promise<void> {
    const closed = (): void => {
      if (this.client === client) this.closed();
    };
    const client = await createClient(command, this.context.globalStorageUri.fsPath, this.log, closed);
    if (attempt !== this.attempt) return;
    this.client = client;
    this.started = Date.now();
    client.onNotification(STATUS_CHANGED, (status: StatusResult) => {
      if (this.client !== client) return;
      this.status = status;
      this.indexing = advance(this.indexing, status);
      this.stateEmitter.fire();
    });
    client.onNotification(ADAPT_CHANGED, (changed: AdaptChanged) => {
      if (this.client === client) this.adaptEmitter.fire(changed);
    });
    client.onDidChangeState((event) => {
      if (event.newState === State.Running && this.client === client) this.set({ kind: "running" });
    });
    try {
      await client.start();
    } catch (error) {
      // A server that ended while it started is restarted like any other; everything else is reported.
      if (this.client === client) {
        this.client = undefined;
        throw error;
      }
    }
    if (command.python) void this.keepEnvironment(command.python, client.serverProcess?.pid);
  }

  /** Mark the environment as used by the server, which may outlive this window by some seconds, and remove environments that are no longer used. */
  private async keepEnvironment(python: string, pid: number | undefined): Promise<void> {
    try {
      if (pid !== undefined) await markInUse(environmentOf(python), pid);
      const removed = await removeUnused(this.context.globalStorageUri.fsPath);
      if (removed.length > 0) this.log.info(`Removed environments that are no longer used: ${removed.join(", ")}`);
    } catch (error) {
      this.log.warn(String(error));
    }
  }

  private closed(): void {
    this.client = undefined;
    if (Date.now() - this.started > STEADY) this.crashes = 0;
    const wait = this.backOff[this.crashes];
    this.crashes += 1;
    if (wait === undefined) {
      const message = vscode.l10n.t("The server stopped unexpectedly {0} times in a row.", this.crashes);
      this.set({ kind: "stopped", message, fix: "log" });
      const show = vscode.l10n.t("Show Log");
      const restart = vscode.l10n.t("Restart");
      void vscode.window.showErrorMessage(`Glossator: ${message}`, show, restart).then((choice) => {
        if (choice === show) this.log.show();
        if (choice === restart) void this.restart();
      });
      return;
    }
    this.set({ kind: "restarting", message: vscode.l10n.t("The server stopped unexpectedly and is being restarted.") });
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
    await this.end();
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (!client) return;
    try {
      if (client.state === State.Starting) {
        // It has nothing to save yet, and if it hangs it would never answer.
        client.serverProcess?.kill();
        await client.start().catch(() => undefined);
      }
      if (client.state === State.Running) await client.stop(STOP_MS);
    } catch (error) {
      this.log.warn(String(error));
    }
  }

  /** A setting was changed: the server asks for all of them. */
  async settingsChanged(): Promise<void> {
    if (this.running) await this.client?.sendNotification("workspace/didChangeConfiguration", { settings: null });
  }

  get running(): boolean {
    return this.client !== undefined && this.state.kind === "running";
  }

  /** Wait for a server that is being started or restarted. */
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

  /** The Python that the server runs on; undefined with a server of the user's own. */
  get python(): string | undefined {
    return this.executable;
  }

  /** Whether the server's environment is the extension's own and has no model runtime. */
  async lacksRuntime(): Promise<boolean> {
    return this.executable !== undefined && !(await hasRuntime(this.executable));
  }

  /** Install the model runtime. */
  async installRuntime(report: (message: string) => void): Promise<void> {
    if (this.executable) await installRuntime(this.executable, setupIn(this.context, this.log, report));
  }

  dispose(): void {
    void this.stop();
    this.stateEmitter.dispose();
    this.adaptEmitter.dispose();
  }
}
