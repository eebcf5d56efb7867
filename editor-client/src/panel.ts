/** The panel's extension side: what is asked, what comes back, and what is kept. The webview only shows it. */

import * as vscode from "vscode";
import type { Conversations } from "./conversations";
import { toMarkdown } from "./conversations";
import { completions, dropped, framesOf, resolved } from "./mentions";
import { isFromPanel, type Action, type Attachment, type FromPanel, type Mention, type MentionKind, type PanelState, type ScopeKind, type ToPanel, type Turn } from "./messages";
import { isTrace } from "./frames";
import { isSubject, reveal } from "./places";
import { ASK, EXPLAIN, PREPARE, SEARCH, type AskParams, type AskResult, type DeltaProgress, type EvidenceProgress, type FoundProgress, type LeadProgress, type Place, type PrepareParams, type Scope, type SearchParams, type SearchResult, type UsesParams, type UsesResult, USES } from "./protocol";
import { scopeOf } from "./scopes";
import { messageOf } from "./sentences";
import type { Server } from "./server";
import type { Steps } from "./steps";
import { scripted, scriptedHtml } from "./webviewhtml";

const SAVE_DELAY = 1000;
/** Hits in the team's other repositories that are shown with an answer. */
const TEAM_HITS = 10;
/** Milliseconds after which the model is got ready again: it is unloaded when it was idle for long. */
const PREPARE_INTERVAL = 60_000;

type AnswerProgress = FoundProgress | EvidenceProgress | DeltaProgress | LeadProgress;

export class Panel implements vscode.WebviewViewProvider, vscode.Disposable {
  static readonly view = "glossator.panel";
  private view: vscode.WebviewView | undefined;
  private ready = false;
  private answering: { turn: Turn; source: vscode.CancellationTokenSource } | undefined;
  /** The search of the team's other repositories, which may take longer than the answer beside it. */
  private searching: vscode.CancellationTokenSource | undefined;
  private completing: vscode.CancellationTokenSource | undefined;
  private attachment: Attachment | undefined;
  private detached = false;
  private scope: ScopeKind = "workspace";
  private prepared = Number.NEGATIVE_INFINITY;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private readonly waiting: ToPanel[] = [];
  private readonly disposables: vscode.Disposable[] = [];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Pick<Server, "state" | "status" | "indexing" | "running" | "ready" | "request" | "onProgress" | "onDidChange">,
    private readonly conversations: Conversations,
    private readonly steps: Steps,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      server.onDidChange(() => {
        if (server.state.kind === "starting" || server.state.kind === "restarting") conversations.forgetServer();
        this.update();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.attach()),
      vscode.window.onDidChangeTextEditorSelection((event) => {
        if (event.textEditor === vscode.window.activeTextEditor) this.attach();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.update()),
    );
    this.attach();
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.ready = false;
    view.webview.options = scripted(this.context.extensionUri);
    view.webview.html = scriptedHtml(view.webview, this.context.extensionUri, "panel", { fonts: true });
    const listener = view.webview.onDidReceiveMessage((message: unknown) => {
      if (isFromPanel(message)) this.receive(message).catch((error: unknown) => this.log.error(String(error)));
    });
    view.onDidDispose(() => {
      listener.dispose();
      this.view = undefined;
      this.ready = false;
    });
  }

  private post(message: ToPanel): void {
    if (this.view && this.ready) void this.view.webview.postMessage(message);
    else if (message.type === "focus") this.waiting.push(message);
  }

  private state(): PanelState {
    return {
      server: this.server.state,
      status: this.server.status,
      indexing: this.server.indexing,
      conversation: this.conversations.current,
      conversations: this.conversations.list.length,
      attachment: this.detached ? undefined : this.attachment,
      scope: this.scope,
      trusted: vscode.workspace.isTrusted,
      history: [...this.conversations.history],
    };
  }

  update(): void {
    this.post({ type: "state", state: this.state() });
  }

  private async receive(message: FromPanel): Promise<void> {
    switch (message.type) {
      case "ready":
        this.ready = true;
        this.update();
        for (const waiting of this.waiting.splice(0)) this.post(waiting);
        return;
      case "ask":
        return this.ask(message.question, { pinned: message.pinned, removed: message.removed, mentions: message.mentions });
      case "again": {
        const turn = this.conversations.current.turns.find((candidate) => candidate.id === message.turn);
        if (turn) await this.ask(turn.question, { pinned: message.pinned, removed: message.removed, attachment: turn.attachment, kind: turn.kind, mentions: turn.mentions });
        return;
      }
      case "complete":
        return this.complete(message.request, message.kinds, message.query);
      case "drop":
        this.post({ type: "mention", mentions: await dropped(message.uris) });
        return;
      case "trace":
        this.post({ type: "traced", request: message.request, frames: isTrace(message.text) ? await framesOf(message.text) : [] });
        return;
      case "composing":
        return this.prepare();
      case "stop":
        this.stop();
        return;
      case "scope":
        this.scope = message.scope;
        this.update();
        return;
      case "detach":
        this.detached = true;
        this.update();
        return;
      case "open":
        return this.open(message.place);
      case "peek":
        return this.peek(message.request, message.place);
      case "tree":
        await vscode.commands.executeCommand("glossator.usesTree", { uri: message.place.uri, position: message.place.range.start });
        return;
      case "copy":
        await vscode.env.clipboard.writeText(message.text);
        return;
      case "insert":
        return insertAtCursor(message.text);
      case "action":
        return this.act(message.action);
    }
  }

  private async act(action: Action): Promise<void> {
    const commands: Record<Action, () => Thenable<unknown>> = {
      chooseModel: () => vscode.commands.executeCommand("glossator.chooseModel"),
      showLog: () => vscode.commands.executeCommand("glossator.showLog"),
      restart: () => vscode.commands.executeCommand("glossator.restart"),
      reindexNow: () => vscode.commands.executeCommand("glossator.reindexNow"),
      manageTrust: () => vscode.commands.executeCommand("workbench.trust.manage"),
      openFolder: () => vscode.commands.executeCommand("workbench.action.files.openFolder"),
      setPython: () => vscode.commands.executeCommand("workbench.action.openSettings", "glossator.pythonPath"),
      setEndpoint: () => vscode.commands.executeCommand("workbench.action.openSettings", "glossator.endpoint"),
      walkthrough: () => vscode.commands.executeCommand("glossator.walkthrough"),
      conversations: () => vscode.commands.executeCommand("glossator.conversations"),
      turnOn: () => vscode.commands.executeCommand("glossator.turnOn"),
    };
    await commands[action]();
  }

  // What a question is about

  private attach(): void {
    const editor = vscode.window.activeTextEditor;
    if (!editor || editor.document.uri.scheme !== "file") return;
    this.detached = false;
    const { document, selection } = editor;
    const word = document.getWordRangeAtPosition(selection.active);
    const last = selection.end.line - (selection.end.character === 0 && selection.end.line > selection.start.line ? 1 : 0);
    this.attachment = {
      uri: document.uri.toString(),
      label: vscode.workspace.asRelativePath(document.uri),
      position: { line: selection.active.line, character: selection.active.character },
      selection: !selection.isEmpty,
      ...(selection.isEmpty ? {} : { startLine: selection.start.line + 1, endLine: last + 1 }),
      ...(word && selection.isEmpty ? { symbol: document.getText(word), subject: isSubject(document.lineAt(word.start.line).text, word) } : {}),
    };
    this.update();
  }

  /** Complete what was typed after "@"; what was asked before is no longer needed. */
  private async complete(request: number, kinds: MentionKind[], query: string): Promise<void> {
    this.completing?.cancel();
    const source = (this.completing = new vscode.CancellationTokenSource());
    const items = await completions(this.server, kinds, query, source.token).catch(() => []);
    if (!source.token.isCancellationRequested) this.post({ type: "completions", request, items });
  }

  private scopeOf(attachment: Attachment | undefined): Scope | undefined {
    if (!attachment) return undefined;
    return scopeOf(this.scope, vscode.workspace.asRelativePath(vscode.Uri.parse(attachment.uri), false));
  }

  // Answers

  /** A question is likely: have the model loaded, and the beginning of every prompt read. */
  private async prepare(): Promise<void> {
    const now = performance.now();
    if (!this.server.running || !vscode.workspace.isTrusted || now - this.prepared < PREPARE_INTERVAL) return;
    this.prepared = now;
    const params: PrepareParams = this.attachment ? { textDocument: { uri: this.attachment.uri } } : {};
    await this.server.request(PREPARE, params);
  }

  /** Ask a question, in the open conversation. */
  async ask(
    question: string,
    options: { pinned?: Place[]; removed?: Place[]; attachment?: Attachment; kind?: Turn["kind"]; mentions?: Mention[] } = {},
  ): Promise<void> {
    this.stop();
    const kind = options.kind ?? "ask";
    const mentions = options.mentions ?? [];
    const selected = mentions.some((mention) => mention.kind === "selection");
    const attachment = options.attachment ?? (this.detached && !selected ? undefined : this.attachment);
    const turn = this.conversations.add({
      question,
      kind,
      scope: this.scope,
      attachment: attachment && (kind !== "ask" || this.scope === "symbol" || attachment.selection || options.attachment) ? attachment : undefined,
      state: "asking",
      answer: "",
      evidence: [],
      pinned: options.pinned ?? [],
      removed: options.removed ?? [],
      ...(mentions.length > 0 ? { mentions } : {}),
    });
    if (isTrace(question)) void this.trace(turn);
    const conversation = this.conversations.current;
    const source = new vscode.CancellationTokenSource();
    this.answering = { turn, source };
    // At once: the window may be closed or loaded again before there is an answer.
    void this.conversations.save();
    void vscode.commands.executeCommand("setContext", "glossator.answering", true);
    this.update();
    const token = `glossator-${turn.id}`;
    const work = `${token}-work`;
    const listening: vscode.Disposable[] = [];
    let team: Promise<void> | undefined;
    try {
      if (!this.server.running) this.stage(turn, vscode.l10n.t("waiting for the server"));
      await this.server.ready(source.token);
      listening.push(
        this.server.onProgress(token, (value) => this.progress(turn, value as AnswerProgress)),
        this.server.onProgress(work, (value) => this.stage(turn, (value as { message?: string }).message)),
      );
      const about = turn.attachment;
      const place: Partial<AskParams> = about
        ? {
            textDocument: { uri: about.uri },
            ...(about.selection && about.startLine !== undefined && about.endLine !== undefined
              ? { range: { start: { line: about.startLine - 1, character: 0 }, end: { line: about.endLine, character: 0 } } }
              : { position: about.position }),
          }
        : {};
      if (kind === "uses" && about) {
        const { symbols } = await this.server.request<UsesResult>(USES, { textDocument: { uri: about.uri }, position: about.position } satisfies UsesParams, source.token);
        Object.assign(turn, { state: "done", uses: symbols, stage: undefined } satisfies Partial<Turn>);
        return;
      }
      if (turn.scope === "team" && kind === "ask") team = this.searchTeam(turn);
      const meant = await resolved(this.server, question, mentions);
      const common = { partialResultToken: token, workDoneToken: work };
      const result =
        kind === "explain" && about
          ? await this.server.request<AskResult>(EXPLAIN, { textDocument: { uri: about.uri }, position: about.position, ...common }, source.token)
          : await this.server.request<AskResult>(
              ASK,
              {
                question: meant.question,
                ...place,
                scope: meant.include.length > 0 ? { include: meant.include } : this.scopeOf(attachment),
                conversationId: conversation.serverId,
                pinned: [...turn.pinned, ...meant.pinned],
                removed: turn.removed,
                ...common,
              } satisfies AskParams,
              source.token,
            );
      const { answer, evidence, ...rest } = result;
      Object.assign(turn, { state: "done", answer, evidence, result: rest, stage: undefined, found: undefined } satisfies Partial<Turn>);
      conversation.serverId = result.conversationId;
      this.steps.mark({ asked: true });
    } catch (error) {
      turn.stage = undefined;
      if (source.token.isCancellationRequested) turn.state = "stopped";
      else if (!this.server.running) Object.assign(turn, { state: "failed", error: vscode.l10n.t("The server stopped while answering.") });
      else Object.assign(turn, { state: "failed", error: messageOf(error) });
    } finally {
      for (const listener of listening) listener.dispose();
      source.dispose();
      this.finished(turn);
      this.post({ type: "turn", turn });
      this.update();
      this.save();
    }
    await team;
  }

  /** What the team's other repositories have on the question: it comes when it comes, and never fails the answer. */
  private async searchTeam(turn: Turn): Promise<void> {
    const source = (this.searching = new vscode.CancellationTokenSource());
    const { token } = source;
    const show = (team: NonNullable<Turn["team"]>): void => {
      turn.team = team;
      this.post({ type: "team", turn: turn.id, team });
    };
    const work = `glossator-${turn.id}-team`;
    show({ hits: [], problems: [], searching: vscode.l10n.t("searching") });
    const listening = this.server.onProgress(work, (value) => {
      const { message } = value as { message?: string };
      if (message && turn.team?.searching) show({ hits: [], problems: [], searching: message });
    });
    try {
      const params: SearchParams = { query: turn.question, limit: TEAM_HITS, team: true, workDoneToken: work };
      const { team, problems } = await this.server.request<SearchResult>(SEARCH, params, token);
      show({ hits: team, problems });
    } catch (error) {
      show({ hits: [], problems: [token.isCancellationRequested ? vscode.l10n.t("The search was stopped.") : messageOf(error)] });
    } finally {
      listening.dispose();
      if (this.searching === source) this.searching = undefined;
      this.save();
    }
  }

  /** The frames of a trace that was asked about become links. */
  private async trace(turn: Turn): Promise<void> {
    turn.frames = await framesOf(turn.question).catch(() => []);
    this.post({ type: "frames", turn: turn.id, frames: turn.frames });
  }

  private finished(turn: Turn): void {
    if (this.answering?.turn !== turn) return;
    this.answering = undefined;
    void vscode.commands.executeCommand("setContext", "glossator.answering", false);
  }

  private progress(turn: Turn, value: AnswerProgress): void {
    if (turn.state !== "asking") return;
    if (value.kind === "evidence" || value.kind === "found") {
      turn.evidence = value.kind === "found" ? value.places : value.evidence;
      this.post({ type: "evidence", turn: turn.id, evidence: turn.evidence });
      if (value.kind === "found") {
        turn.found = { answer: value.answer, places: value.places };
        this.post({ type: "found", turn: turn.id, found: turn.found });
      }
    } else if (value.kind === "delta") {
      turn.answer += value.text;
      this.post({ type: "delta", turn: turn.id, text: value.text });
    }
  }

  private stage(turn: Turn, stage: string | undefined): void {
    if (!stage || turn.state !== "asking") return;
    turn.stage = stage;
    this.post({ type: "stage", turn: turn.id, stage });
  }

  stop(): void {
    this.answering?.source.cancel();
    this.searching?.cancel();
  }

  private save(): void {
    clearTimeout(this.saving);
    this.saving = setTimeout(() => void this.conversations.save(), SAVE_DELAY);
  }

  // Places

  private async open(place: Place): Promise<void> {
    const uri = vscode.Uri.parse(place.uri, true);
    // Answers can only lead to files of the workspace, whatever the panel was made to send.
    if (uri.scheme !== "file" || !vscode.workspace.getWorkspaceFolder(uri)) return;
    await reveal(uri, place.range, false);
  }

  private async peek(request: number, place: Place): Promise<void> {
    const uri = vscode.Uri.parse(place.uri, true);
    if (uri.scheme !== "file" || !vscode.workspace.getWorkspaceFolder(uri)) return;
    try {
      const document = await vscode.workspace.openTextDocument(uri);
      const end = Math.min(place.range.end.line, place.range.start.line + 24, document.lineCount - 1);
      const text = document.getText(new vscode.Range(place.range.start.line, 0, end, Number.MAX_SAFE_INTEGER));
      const label = `${vscode.workspace.asRelativePath(uri)}:${place.range.start.line + 1}-${place.range.end.line + 1}`;
      this.post({ type: "peek", request, text, language: document.languageId, label });
    } catch {
      this.post({ type: "peek", request, text: vscode.l10n.t("This file no longer exists."), language: "plaintext", label: "" });
    }
  }

  // Commands

  async focus(question?: string): Promise<void> {
    await vscode.commands.executeCommand(`${Panel.view}.focus`);
    this.post({ type: "focus", ...(question === undefined ? {} : { question }) });
  }

  async explain(attachment: Attachment): Promise<void> {
    await vscode.commands.executeCommand(`${Panel.view}.focus`);
    const name = attachment.symbol ?? attachment.label;
    await this.ask(vscode.l10n.t("Explain `{0}`", name), { attachment, kind: "explain" });
  }

  async showUses(attachment: Attachment): Promise<void> {
    await vscode.commands.executeCommand(`${Panel.view}.focus`);
    await this.ask(vscode.l10n.t("Where is `{0}` used?", attachment.symbol ?? attachment.label), { attachment, kind: "uses" });
  }

  askAbout(attachment: Attachment): Promise<void> {
    this.attachment = attachment;
    this.detached = false;
    this.scope = attachment.selection ? this.scope : "symbol";
    this.update();
    return this.focus();
  }

  async newConversation(): Promise<void> {
    this.stop();
    this.conversations.begin();
    this.update();
    await this.focus();
  }

  async chooseConversation(): Promise<void> {
    const items = this.conversations.list.map((conversation) => ({
      label: conversation.title,
      description: new Date(conversation.created).toLocaleString(vscode.env.language),
      id: conversation.id,
    }));
    if (items.length === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There are no conversations yet."));
      return;
    }
    const choice = await vscode.window.showQuickPick(items, { placeHolder: vscode.l10n.t("Open a conversation"), matchOnDescription: true });
    if (!choice) return;
    this.stop();
    this.conversations.open(choice.id);
    this.update();
    await this.focus();
  }

  async deleteConversation(): Promise<void> {
    const { current } = this.conversations;
    if (current.turns.length === 0) return;
    const remove = vscode.l10n.t("Delete");
    const message = vscode.l10n.t('Delete the conversation "{0}"?', current.title);
    if ((await vscode.window.showWarningMessage(message, { modal: true }, remove)) !== remove) return;
    this.stop();
    this.conversations.remove(current.id);
    this.update();
    await this.conversations.save();
  }

  async exportConversation(): Promise<void> {
    const { current } = this.conversations;
    if (current.turns.length === 0) return;
    const content = toMarkdown(current, (uri) => vscode.workspace.asRelativePath(vscode.Uri.parse(uri)));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "markdown", content }));
  }

  dispose(): void {
    this.stop();
    clearTimeout(this.saving);
    void this.conversations.save();
    for (const disposable of this.disposables) disposable.dispose();
  }
}

async function insertAtCursor(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors.find((candidate) => candidate.document.uri.scheme === "file");
  if (!editor) {
    void vscode.window.showInformationMessage(vscode.l10n.t("Open a file to insert code into."));
    return;
  }
  await editor.edit((edit) => {
    for (const selection of editor.selections) edit.replace(selection, text);
  });
}
