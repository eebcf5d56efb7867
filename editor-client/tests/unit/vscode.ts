/**
 * A stand-in for VS Code's API: what the extension uses of it, without an editor. Tests set what the editor is like with
 * `editor`, and read there what it was asked to show.
 */

import { pathToFileURL, fileURLToPath } from "node:url";

export const l10n = {
  bundle: undefined,
  t: (text: string, ...values: unknown[]): string => values.reduce<string>((out, value, i) => out.replaceAll(`{${i}}`, String(value)), text),
};

export enum QuickPickItemKind {
  Separator = -1,
  Default = 0,
}
export enum ProgressLocation {
  Window = 10,
  Notification = 15,
}
export enum StatusBarAlignment {
  Left = 1,
  Right = 2,
}
export enum TreeItemCollapsibleState {
  None = 0,
  Collapsed = 1,
  Expanded = 2,
}
export enum ViewColumn {
  Active = -1,
}
export enum ConfigurationTarget {
  Global = 1,
  Workspace = 2,
}
export enum FileType {
  File = 1,
  Directory = 2,
}
export enum TextEditorRevealType {
  InCenterIfOutsideViewport = 2,
}

export class Disposable {
  constructor(private readonly run: () => unknown) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const one of all) one.dispose();
    });
  }
  dispose(): void {
    this.run();
  }
}

type Listener<T> = (event: T) => unknown;

export class EventEmitter<T> {
  private readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>, self?: unknown, owners?: Disposable[]): Disposable => {
    const bound: Listener<T> = (event) => listener.call(self, event);
    this.listeners.add(bound);
    const registration = new Disposable(() => this.listeners.delete(bound));
    owners?.push(registration);
    return registration;
  };
  fire(event: T): void {
    for (const listener of [...this.listeners]) listener(event);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<undefined>();
  readonly token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: Listener<undefined>, self?: unknown): Disposable => {
      if (!this.token.isCancellationRequested) return this.emitter.event(listener, self);
      const timer = setTimeout(() => listener.call(self, undefined), 0);
      return new Disposable(() => clearTimeout(timer));
    },
  };
  cancel(): void {
    if (this.token.isCancellationRequested) return;
    this.token.isCancellationRequested = true;
    this.emitter.fire(undefined);
  }
  dispose(): void {
    this.emitter.dispose();
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, second: Position | number, line?: number, character?: number) {
    this.start = start instanceof Position ? start : new Position(start, second as number);
    this.end = second instanceof Position ? second : new Position(line ?? 0, character ?? 0);
  }
  with(start: Position, end: Position): Range {
    return new Range(start, end);
  }
  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class Selection extends Range {
  get active(): Position {
    return this.end;
  }
}

export class Uri {
  private constructor(private readonly url: URL) {}
  static parse(text: string): Uri {
    return new Uri(new URL(text));
  }
  static file(file: string): Uri {
    return new Uri(pathToFileURL(file));
  }
  static joinPath(base: Uri, ...names: string[]): Uri {
    return new Uri(new URL(new URL(`${base.url.href.replace(/\/$/, "")}/${names.join("/")}`).href.replace(/(.)\/$/, "$1")));
  }
  get scheme(): string {
    return this.url.protocol.slice(0, -1);
  }
  get authority(): string {
    return this.url.host;
  }
  get path(): string {
    return decodeURIComponent(this.url.pathname);
  }
  get fsPath(): string {
    return fileURLToPath(this.url);
  }
  toString(): string {
    return this.url.href;
  }
}

export class MarkdownString {
  isTrusted: unknown;
  constructor(public value = "") {}
  appendText(text: string): this {
    this.value += text;
    return this;
  }
  appendCodeblock(code: string): this {
    this.value += `\n${code}\n`;
    return this;
  }
}
export class ThemeIcon {
  static readonly File = new ThemeIcon("file");
  constructor(readonly id: string) {}
}
export class TreeItem {
  constructor(
    public label: unknown,
    public collapsibleState: TreeItemCollapsibleState = TreeItemCollapsibleState.None,
  ) {}
}

/** A tree view that a test shows and hides. */
export class FakeTreeView {
  readonly visibility = new EventEmitter<{ visible: boolean }>();
  readonly onDidChangeVisibility = this.visibility.event;
  title: string | undefined;
  description: string | undefined;
  message: string | undefined;
  visible = true;
  constructor(readonly provider: unknown) {}
  show(visible: boolean): void {
    this.visible = visible;
    this.visibility.fire({ visible });
  }
  dispose(): void {
    this.visibility.dispose();
  }
}
export class ThemeColor {
  constructor(readonly id: string) {}
}

export class Location {
  constructor(
    readonly uri: Uri,
    readonly range: Range,
  ) {}
}
export class LanguageModelTextPart {
  constructor(readonly value: string) {}
}
export class LanguageModelToolResult {
  constructor(readonly content: LanguageModelTextPart[]) {}
}

export class McpStdioServerDefinition {
  cwd: Uri | undefined;
  constructor(
    readonly label: string,
    readonly command: string,
    readonly args: string[],
    readonly env: Record<string, string>,
    readonly version: string,
  ) {}
}

export interface Folder {
  uri: Uri;
  name: string;
  index: number;
}

export interface Pick {
  items: readonly { label: string; description?: string; detail?: string; kind?: number }[];
  options: { placeHolder?: string; matchOnDescription?: boolean } | undefined;
}

/** A quick pick that a test types into. */
export class FakeQuickPick {
  readonly changedValue = new EventEmitter<string>();
  readonly changedActive = new EventEmitter<readonly unknown[]>();
  readonly accepted = new EventEmitter<undefined>();
  readonly hidden = new EventEmitter<undefined>();
  readonly triggered = new EventEmitter<unknown>();
  readonly onDidTriggerButton = this.triggered.event;
  buttons: readonly { tooltip?: string }[] = [];
  readonly onDidChangeValue = this.changedValue.event;
  readonly onDidChangeActive = this.changedActive.event;
  readonly onDidAccept = this.accepted.event;
  readonly onDidHide = this.hidden.event;
  items: readonly { label: string; description?: string; detail?: string }[] = [];
  activeItems: readonly unknown[] = [];
  value = "";
  placeholder: string | undefined;
  title: string | undefined;
  busy = false;
  shown = false;
  disposed = false;
  type(value: string): void {
    this.value = value;
    this.changedValue.fire(value);
  }
  activate(index: number): void {
    this.activeItems = [this.items[index]];
    this.changedActive.fire(this.activeItems);
  }
  accept(): void {
    this.accepted.fire(undefined);
  }
  show(): void {
    this.shown = true;
  }
  hide(): void {
    this.shown = false;
    this.hidden.fire(undefined);
  }
  dispose(): void {
    this.disposed = true;
  }
}

/** A page in an editor's place; a test sends what its script would send. */
export class FakePage {
  readonly closed = new EventEmitter<undefined>();
  readonly received = new EventEmitter<unknown>();
  readonly sent: unknown[] = [];
  readonly onDidDispose = this.closed.event;
  visible = true;
  readonly webview = {
    html: "",
    options: {} as Record<string, unknown>,
    cspSource: "self",
    onDidReceiveMessage: this.received.event,
    postMessage: (message: unknown): Promise<boolean> => Promise.resolve(this.sent.push(structuredClone(message)) > 0),
    asWebviewUri: (uri: Uri): Uri => uri,
  };
  constructor(readonly title: string) {}
  reveal(): void {
    this.visible = true;
  }
  dispose(): void {
    this.closed.fire(undefined);
  }
}

function fresh() {
  return {
    /** What is set in the section "glossator"; `defaults` are those of package.json. */
    settings: {} as Record<string, unknown>,
    defaults: {} as Record<string, unknown>,
    trusted: true,
    folders: [] as Folder[],
    extensions: new Map<string, unknown>(),
    /** Messages that were shown: how grave they are, their text, what they offer; `answer` says what is chosen. */
    messages: [] as { severity: "information" | "warning" | "error"; text: string; choices: string[] }[],
    answer: (() => undefined) as (text: string, choices: string[]) => string | undefined,
    /** Lists that were shown; `choose` picks from them. */
    picks: [] as Pick[],
    choose: (() => undefined) as (items: Pick["items"]) => Pick["items"][number] | undefined,
    quickPicks: [] as FakeQuickPick[],
    files: undefined as Uri[] | undefined,
    progress: [] as { title: string; message?: string; increment?: number }[],
    /** Cancels what is shown as a notification with progress. */
    cancellation: new CancellationTokenSource(),
    /** Commands that were executed, with their arguments. */
    executed: [] as [string, ...unknown[]][],
    shownDocuments: [] as { uri: string; options: unknown }[],
    log: [] as string[],
    statusItem: undefined as Record<string, unknown> | undefined,
    commands: new Map<string, (argument?: unknown) => unknown>(),
    views: new Map<string, unknown>(),
    trees: new Map<string, FakeTreeView>(),
    pages: [] as FakePage[],
    serializers: new Map<string, unknown>(),
    copied: [] as string[],
    /** Terminals that were opened, with what was written into them. */
    terminals: [] as { name: string; texts: [string, boolean | undefined][] }[],
    /** What was registered for agents and chats, by name. */
    tools: new Map<string, unknown>(),
    models: new Map<string, unknown>(),
    participants: new Map<string, unknown>(),
    mcp: new Map<string, unknown>(),
    /** Texts of documents by their URIs; others cannot be opened once there is one. */
    documents: new Map<string, string>(),
  };
}

/** What the editor is like, and what it was asked to do. */
export const editor = fresh();
export const events = {
  folders: new EventEmitter<unknown>(),
  configuration: new EventEmitter<{ affectsConfiguration(section: string): boolean }>(),
  trust: new EventEmitter<undefined>(),
  activeEditor: new EventEmitter<unknown>(),
  selection: new EventEmitter<unknown>(),
  text: new EventEmitter<{ document: { uri: Uri }; contentChanges: unknown[] }>(),
  tabs: new EventEmitter<unknown>(),
};

/** An editor as it is when a window opens. */
export function reset(): void {
  Object.assign(editor, fresh());
  window.activeTextEditor = undefined;
  for (const emitter of Object.values(events)) emitter.dispose();
}

/** Change settings as a user does. */
export function change(settings: Record<string, unknown>): void {
  Object.assign(editor.settings, settings);
  const changed = Object.keys(settings).map((name) => `glossator.${name}`);
  events.configuration.fire({ affectsConfiguration: (section) => changed.some((name) => name === section || name.startsWith(`${section}.`)) });
}

const message =
  (severity: "information" | "warning" | "error") =>
  (text: string, ...rest: unknown[]): Promise<string | undefined> => {
    const choices = rest.filter((item): item is string => typeof item === "string");
    editor.messages.push({ severity, text, choices });
    return Promise.resolve(editor.answer(text, choices));
  };

const logged = (text: string): void => void editor.log.push(text);
const nothing = (): Disposable => new Disposable(() => undefined);

export const window = {
  activeTextEditor: undefined as unknown,
  visibleTextEditors: [],
  tabGroups: { onDidChangeTabs: events.tabs.event, all: [] },
  onDidChangeActiveTextEditor: events.activeEditor.event,
  onDidChangeTextEditorSelection: events.selection.event,
  showInformationMessage: message("information"),
  showWarningMessage: message("warning"),
  showErrorMessage: message("error"),
  showQuickPick: (items: Pick["items"], options?: Pick["options"]): Promise<unknown> => {
    editor.picks.push({ items, options });
    return Promise.resolve(editor.choose(items));
  },
  createQuickPick: (): FakeQuickPick => {
    const made = new FakeQuickPick();
    editor.quickPicks.push(made);
    return made;
  },
  showOpenDialog: (): Promise<Uri[] | undefined> => Promise.resolve(editor.files),
  showTextDocument: (document: Uri | { uri: Uri }, options: unknown): Promise<unknown> => {
    editor.shownDocuments.push({ uri: (document instanceof Uri ? document : document.uri).toString(), options });
    return Promise.resolve({ revealRange: () => undefined, setDecorations: () => undefined });
  },
  createTextEditorDecorationType: nothing,
  withProgress: <T>({ title = "" }: { title?: string }, run: (progress: { report(value: object): void }, token: unknown) => T): T =>
    run({ report: (value) => void editor.progress.push({ title, ...value }) }, editor.cancellation.token),
  createOutputChannel: () => ({
    ...{ info: logged, warn: logged, error: logged, debug: logged, trace: logged, append: logged, appendLine: logged },
    ...{ logLevel: 3, onDidChangeLogLevel: nothing, show: () => void editor.executed.push(["log.show"]), dispose: () => undefined },
  }),
  createStatusBarItem: () => (editor.statusItem = { show: () => undefined, dispose: () => undefined }),
  createWebviewPanel: (_: string, title: string) => {
    const made = new FakePage(title);
    editor.pages.push(made);
    return made;
  },
  registerWebviewPanelSerializer: (view: string, serializer: unknown): Disposable => {
    editor.serializers.set(view, serializer);
    return nothing();
  },
  createTerminal: (name: string) => {
    const made = { name, texts: [] as [string, boolean | undefined][] };
    editor.terminals.push(made);
    return { show: () => undefined, sendText: (text: string, run?: boolean) => void made.texts.push([text, run]) };
  },
  createTreeView: (view: string, { treeDataProvider }: { treeDataProvider: unknown }): FakeTreeView => {
    const made = new FakeTreeView(treeDataProvider);
    editor.trees.set(view, made);
    return made;
  },
  registerWebviewViewProvider: (view: string, provider: unknown): Disposable => {
    editor.views.set(view, provider);
    return nothing();
  },
};

/** Changes a setting as the extension does. */
function update(name: string, value: unknown): Promise<void> {
  change({ [name]: value });
  return Promise.resolve();
}

export const workspace = {
  get isTrusted(): boolean {
    return editor.trusted;
  },
  get workspaceFolders(): Folder[] {
    return editor.folders;
  },
  textDocuments: [],
  notebookDocuments: [],
  onDidGrantWorkspaceTrust: events.trust.event,
  onDidChangeWorkspaceFolders: events.folders.event,
  onDidChangeConfiguration: events.configuration.event,
  onDidChangeTextDocument: events.text.event,
  getConfiguration: (section?: string) => {
    const values: Record<string, unknown> = section === "glossator" ? { ...editor.defaults, ...editor.settings } : {};
    return { ...values, get: (name: string) => values[name], inspect: (name: string) => ({ defaultValue: editor.defaults[name] }), has: (name: string) => name in values, update };
  },
  getWorkspaceFolder: (uri: Uri): Folder | undefined => editor.folders.find((folder) => uri.path.startsWith(`${folder.uri.path}/`)),
  asRelativePath: (uri: Uri): string => {
    const folder = workspace.getWorkspaceFolder(uri);
    return folder ? uri.path.slice(folder.uri.path.length + 1) : uri.path;
  },
  findFiles: (glob: string): Promise<Uri[]> => {
    const all = [...editor.documents.keys()].map((text) => Uri.parse(text));
    return Promise.resolve(all.filter((uri) => globMatches(glob, workspace.asRelativePath(uri))));
  },
  fs: {
    stat: (uri: Uri): Promise<{ type: FileType }> => {
      if (editor.documents.has(uri.toString())) return Promise.resolve({ type: FileType.File });
      const inside = [...editor.documents.keys()].some((text) => text.startsWith(`${uri.toString()}/`));
      return inside ? Promise.resolve({ type: FileType.Directory }) : Promise.reject(new Error("not found"));
    },
  },
  openTextDocument: (uri: Uri): Promise<unknown> => {
    const text = editor.documents.get(uri.toString());
    if (editor.documents.size === 0) return Promise.resolve(document(uri));
    return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(documentOf(uri, text));
  },
};

/** A document that has a word at each place. */
export function document(uri: Uri, word = "word") {
  return {
    uri,
    languageId: "python",
    lineCount: 100,
    validatePosition: (position: Position) => position,
    getWordRangeAtPosition: (position: Position) => new Range(position, position),
    getText: () => word,
    lineAt: () => ({ text: `def ${word}():` }),
  };
}

/** Whether a path matches a glob such as findFiles takes. */
function globMatches(glob: string, path: string): boolean {
  const parts = glob.match(/\*\*\/?|\*|\?|\[[^\]]+\]|[^*?[]+/g) ?? [];
  const regex = parts.map((part) => (part === "**/" ? "(?:.*/)?" : part === "**" ? ".*" : part === "*" ? "[^/]*" : part === "?" ? "." : part.startsWith("[") ? part : part.replace(/[.()+$^|\\]/g, "\\$&")));
  return new RegExp(`^${regex.join("")}$`).test(path);
}

/** A document with a text. */
function documentOf(uri: Uri, text: string) {
  const lines = text.split("\n");
  return {
    uri,
    languageId: "python",
    lineCount: lines.length,
    lineAt: (line: number) => ({ text: lines[line] ?? "", firstNonWhitespaceCharacterIndex: /\S|$/.exec(lines[line] ?? "")?.index ?? 0 }),
    getText: (range?: Range) => (range ? lines.slice(range.start.line, range.end.line + 1).join("\n") : text),
  };
}

const registry = (name: "tools" | "models" | "participants" | "mcp") => (key: string, value: unknown): Disposable => {
  editor[name].set(key, value);
  return new Disposable(() => editor[name].delete(key));
};
export const lm = { registerTool: registry("tools"), registerLanguageModelChatProvider: registry("models"), registerMcpServerDefinitionProvider: registry("mcp") };
export const chat = {
  createChatParticipant: (id: string, requestHandler: unknown) => {
    const participant = { requestHandler, iconPath: undefined, dispose: () => editor.participants.delete(id) };
    editor.participants.set(id, participant);
    return participant;
  },
};

export const commands = {
  registerCommand: (name: string, run: (argument?: unknown) => unknown): Disposable => {
    editor.commands.set(name, run);
    return new Disposable(() => editor.commands.delete(name));
  },
  executeCommand: (name: string, ...values: unknown[]): Promise<unknown> => {
    editor.executed.push([name, ...values]);
    return Promise.resolve(editor.commands.get(name)?.(values[0]));
  },
};

export const extensions = { getExtension: (name: string): unknown => editor.extensions.get(name) };
export const env = { language: "en", clipboard: { writeText: (text: string) => Promise.resolve(void editor.copied.push(text)) } };
export const version = "1.100.0";
