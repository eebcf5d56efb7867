/** The page "Adapt to this project", as the extension sees it: asks the server, and does what the page's user wants. */

import path from "node:path";
import * as vscode from "vscode";
import type { AdaptPageState, FromAdaptPage, ServerState, ToAdaptPage } from "./messages";
import {
  ADAPT,
  ADAPT_CHOOSE,
  ADAPT_EXAMPLES,
  ADAPT_REPORT,
  ADAPT_START,
  ADAPT_STOP,
  type AdaptChanged,
  type AdaptChooseParams,
  type AdaptExamplesParams,
  type AdaptExamplesResult,
  type AdaptParams,
  type AdaptReportParams,
  type AdaptReportResult,
  type AdaptResult,
  type AdaptStartParams,
  type AdaptStopParams,
  type StatusResult,
} from "./protocol";
import { messageOf } from "./sentences";
import type { Server } from "./server";
import { scripted, scriptedHtml } from "./webviewhtml";

type Served = Pick<Server, "state" | "status" | "running" | "request" | "onDidChange" | "onDidAdapt">;

export class AdaptPage implements vscode.WebviewPanelSerializer, vscode.Disposable {
  static readonly view = "glossator.adapt";
  private panel: vscode.WebviewPanel | undefined;
  private ready = false;
  private root = "";
  private result: AdaptResult | undefined;
  private error: string | undefined;
  /** What was known of the server when it was asked last: it is asked again if that is different. */
  private known = "";
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Served,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      server.onDidChange(() => this.serverChanged()),
      server.onDidAdapt((changed) => this.changed(changed)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.refresh()),
      vscode.window.registerWebviewPanelSerializer(AdaptPage.view, this),
    );
  }

  show(): void {
    if (!this.panel) {
      const options = { ...scripted(this.extension), retainContextWhenHidden: true };
      this.adopt(vscode.window.createWebviewPanel(AdaptPage.view, vscode.l10n.t("Adapt to this project"), vscode.ViewColumn.Active, options));
    }
    this.panel?.reveal();
  }

  /** The window was loaded again with the page in it. */
  deserializeWebviewPanel(panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const root = (kept as { root?: unknown } | undefined)?.root;
    if (typeof root === "string") this.root = root;
    this.panel?.dispose();
    panel.webview.options = scripted(this.extension);
    this.adopt(panel);
    return Promise.resolve();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    this.ready = false;
    panel.webview.onDidReceiveMessage((message: FromAdaptPage) => {
      this.receive(message).catch((error: unknown) => {
        this.log.warn(String(error));
        this.post({ type: "refused", message: messageOf(error) });
      });
    });
    panel.onDidDispose(() => {
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.ready = false;
      // A run goes on, and its end is told.
      if (this.result?.run?.state !== "running") void this.follow(false);
    });
    panel.webview.html = scriptedHtml(panel.webview, this.extension, "adapt");
  }

  private post(message: ToAdaptPage): void {
    if (this.panel && this.ready) void this.panel.webview.postMessage(message);
  }

  // What the server knows

  private get roots(): { uri: string; name: string }[] {
    return (this.server.status?.roots ?? []).map(({ uri }) => ({ uri, name: vscode.Uri.parse(uri).path.split("/").at(-1) ?? uri }));
  }

  private update(): void {
    const state: AdaptPageState = { server: this.server.state, trusted: vscode.workspace.isTrusted, roots: this.roots, root: this.root };
    if (this.result) state.result = this.result;
    if (this.error !== undefined) state.error = this.error;
    this.post({ type: "adapt", state });
  }

  private serverChanged(): void {
    if (!this.panel && this.result?.run?.state !== "running") return;
    const { state, status } = this.server;
    if (knownOf(state, status) !== this.known) void this.refresh();
  }

  /** Ask the server for everything, and show it. */
  async refresh(): Promise<void> {
    const { state, status } = this.server;
    this.known = knownOf(state, status);
    if (!this.roots.some(({ uri }) => uri === this.root)) {
      if (status) {
        this.root = this.roots[0]?.uri ?? "";
        this.result = undefined;
      }
    }
    this.error = undefined;
    if (vscode.workspace.isTrusted && this.server.running && this.root) {
      const asked = this.root;
      try {
        const result = await this.server.request<AdaptResult>(ADAPT, { root: asked, follow: true } satisfies AdaptParams);
        if (asked === this.root) this.result = result;
      } catch (error) {
        if (asked === this.root) this.error = messageOf(error);
      }
    }
    this.update();
  }

  private async follow(follow: boolean): Promise<void> {
    if (!this.server.running || !this.root || !vscode.workspace.isTrusted) return;
    await this.server.request(ADAPT, { root: this.root, follow } satisfies AdaptParams).catch((error: unknown) => this.log.warn(String(error)));
  }

  private changed({ root, changes, run }: AdaptChanged): void {
    if (root !== this.root) return;
    const before = this.result?.run;
    const ended = before?.state === "running" && run !== null && run.started === before.started && run.state !== "running";
    if (this.result) this.result = { ...this.result, run };
    if (ended && !this.panel?.visible) void this.tell(run.state, run.message);
    if (!this.panel) {
      if (ended) void this.follow(false);
    } else if (changes !== this.result?.changes) void this.refresh();
    else this.post({ type: "run", run });
  }

  /** A run has ended that nobody watches. */
  private async tell(state: string, message: string): Promise<void> {
    const { t } = vscode.l10n;
    if (state === "stopped") return;
    const texts = new Map([
      ["done", t("Glossator: what was to be done about adapting to this project is done.")],
      ["refused", t("Glossator: what was learned from this project measured no better, and is not used.")],
    ]);
    const text = texts.get(state) ?? t("Glossator: adapting to this project failed: {0}", message);
    const show = t("Show");
    if ((await vscode.window.showInformationMessage(text, show)) === show) this.show();
  }

  // What the user wants

  private async receive(message: FromAdaptPage): Promise<void> {
    switch (message.type) {
      case "ready":
        this.ready = true;
        return this.refresh();
      case "root":
        if (!this.roots.some(({ uri }) => uri === message.root)) return;
        await this.follow(false);
        this.root = message.root;
        this.result = undefined;
        return this.refresh();
      case "refresh":
        return this.refresh();
      case "start": {
        this.post({ type: "refused", message: "" });
        const { work, base, minutes } = message;
        const params: AdaptStartParams = { root: this.root, work, ...(base === undefined ? {} : { base }), ...(minutes === undefined ? {} : { minutes }) };
        await this.act(ADAPT_START, params);
        return;
      }
      case "stop":
        await this.act(ADAPT_STOP, { root: this.root } satisfies AdaptStopParams);
        return;
      case "choose": {
        if (message.action === "remove" && !(await this.confirmed(message.name ?? ""))) return;
        const { action, name, kind } = message;
        const params: AdaptChooseParams = { root: this.root, action, ...(name === undefined ? {} : { name }), ...(kind === undefined ? {} : { kind }) };
        await this.act(ADAPT_CHOOSE, params);
        return;
      }
      case "examples": {
        const { request, part, kind, offset } = message;
        const params: AdaptExamplesParams = { root: this.root, offset, limit: 1, ...(part === undefined ? {} : { part }), ...(kind === undefined ? {} : { kind }) };
        try {
          this.post({ type: "examples", request, result: await this.server.request<AdaptExamplesResult>(ADAPT_EXAMPLES, params) });
        } catch (error) {
          this.post({ type: "examples", request, error: messageOf(error) });
        }
        return;
      }
      case "report": {
        const { name } = message;
        const params: AdaptReportParams = { root: this.root, ...(name ? { name } : {}) };
        try {
          this.post({ type: "report", name, result: await this.server.request<AdaptReportResult>(ADAPT_REPORT, params) });
        } catch (error) {
          this.post({ type: "report", name, error: messageOf(error) });
        }
        return;
      }
      case "file":
        return this.open(message.which, message.line);
      case "source":
        return this.source(message.path, message.line);
      case "copy":
        await vscode.env.clipboard.writeText(message.text);
        return;
      case "terminal":
        this.terminal();
        return;
      case "action": {
        const commands = { manageTrust: "workbench.trust.manage", showLog: "glossator.showLog", turnOn: "glossator.turnOn", chooseModel: "glossator.chooseModel" };
        await vscode.commands.executeCommand(commands[message.action]);
      }
    }
  }

  private async act(method: string, params: AdaptStartParams | AdaptStopParams | AdaptChooseParams): Promise<void> {
    try {
      await this.server.request(method, params);
    } finally {
      await this.refresh();
    }
  }

  private async confirmed(name: string): Promise<boolean> {
    const { t } = vscode.l10n;
    const remove = t("Remove");
    const detail = t("What was learned is deleted. It can be learned again.");
    return (await vscode.window.showWarningMessage(t("Remove {0}?", name), { modal: true, detail }, remove)) === remove;
  }

  /** Open a file of the data set: the server says where it is, never the page. */
  private async open(which: "examples" | "leftOut", line = 1): Promise<void> {
    const data = this.result?.data;
    if (!data) return;
    const uri = vscode.Uri.file(which === "examples" ? data.examplesFile : data.leftOutFile);
    const at = new vscode.Position(Math.max(line - 1, 0), 0);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
  }

  /** Open a file of the project. */
  private async source(name: string, line: number): Promise<void> {
    const root = vscode.Uri.parse(this.root);
    const uri = vscode.Uri.joinPath(root, ...name.split("/"));
    const relative = path.posix.relative(root.path, uri.path);
    if (relative.startsWith("..") || !vscode.workspace.getWorkspaceFolder(uri)) return;
    const at = new vscode.Position(Math.max(line - 1, 0), 0);
    await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
  }

  /** Write the command that installs what is missing into a terminal; the user runs it. */
  private terminal(): void {
    const install = this.result?.install;
    if (!install) return;
    const terminal = vscode.window.createTerminal("Glossator");
    terminal.show();
    terminal.sendText(install, false);
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
    this.panel?.dispose();
  }
}

/** What of the server decides on what the page shows. */
const knownOf = (state: ServerState, status: StatusResult | undefined): string => JSON.stringify([state, status?.roots.map(({ uri, state: indexing, files }) => [uri, indexing, files > 0]), status?.model.name]);
