/** The tree "Uses of ...": the places that use a symbol, by kind and file, and below each caller those that use it. */

import * as vscode from "vscode";
import type { Attachment } from "./messages";
import { type Range, type SymbolPlace, type SymbolUses, type UsePlace, type UsesParams, type UsesResult, USES } from "./protocol";
import { messageOf, sentence } from "./sentences";
import type { Server } from "./server";
import { byFile, byLine, useGroups } from "./useplaces";

/** Milliseconds without a further change of the code after which the tree is asked for again. */
const REFRESH_DELAY = 700;
/** Kinds of places at which one symbol runs another, or hands it to something that may. */
const CALLING = ["call", "decorator", "template", "value", "override"];
/** Kinds of places whose definition around them does not use the symbol by that alone. */
const INERT = new Set(["import", "export"]);

/** Characters before a name in its line: more than the first, and all but about the second are left out. */
const MOST_BEFORE = 24;
const MOST_KEPT = 10;

/** A symbol whose uses are shown; several definitions of one name stand beside each other. */
interface SymbolNode {
  type: "symbol";
  id: string;
  uses: SymbolUses;
}
interface GroupNode {
  type: "group";
  id: string;
  label: string;
  places: UsePlace[];
  possible: boolean;
  name: string;
  trail: string[];
}
interface FileNode {
  type: "file";
  id: string;
  uri: string;
  places: UsePlace[];
  name: string;
  trail: string[];
}
interface PlaceNode {
  type: "place";
  id: string;
  use: UsePlace;
  /** The name that is used there, to be lit in its line. */
  name: string;
  /** The symbols above it: the callers of one of these have been shown already. */
  trail: string[];
  /** Whether it stands below a caller, and so outside of any file's node. */
  deep: boolean;
}
interface NoteNode {
  type: "note";
  id: string;
  text: string;
  failed?: boolean;
}
export type UseNode = SymbolNode | GroupNode | FileNode | PlaceNode | NoteNode;

const keyOf = (symbol: SymbolPlace): string => `${symbol.uri}#${symbol.qualifiedName}`;
const rangeOf = ({ start, end }: Range): vscode.Range => new vscode.Range(start.line, start.character, end.line, end.character);

export class UseTree implements vscode.TreeDataProvider<UseNode>, vscode.Disposable {
  static readonly view = "glossator.uses";
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<UseNode>;
  private symbols: SymbolUses[] = [];
  private stale = false;
  private revision = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  /** Questions for callers that are under way. */
  private readonly opening = new Set<vscode.CancellationTokenSource>();
  private readonly disposables: { dispose(): unknown }[];

  constructor(private readonly server: Pick<Server, "status" | "ready" | "request" | "onDidChange">) {
    this.view = vscode.window.createTreeView<UseNode>(UseTree.view, { treeDataProvider: this, showCollapseAll: true });
    this.disposables = [
      this.changed,
      this.view,
      this.view.onDidChangeVisibility(({ visible }) => {
        if (visible && this.stale) this.codeChanged();
      }),
      server.onDidChange(() => {
        const revision = JSON.stringify(server.status?.roots.map((root) => [root.uri, root.updates]) ?? "");
        if (!server.status || revision === this.revision) return;
        this.revision = revision;
        this.codeChanged();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.scheme === "file") this.codeChanged();
      }),
    ];
  }

  /** Show the uses of the symbol at a place. */
  async show(place: Attachment): Promise<void> {
    await this.open();
    await this.load(place.symbol ?? place.label, (token) => this.ask({ textDocument: { uri: place.uri }, position: place.position }, token));
  }

  /** Show the uses of the definition around a place of the tree. */
  async showCaller(node: UseNode): Promise<void> {
    if (node.type !== "place" || !node.use.symbol) return;
    await this.load(node.use.symbol, (token) => this.ask(around(node.use), token));
  }

  /** Ask for the same again. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    this.stale = false;
    if (this.symbols.length > 0) await this.load(this.view.description ?? "", (token) => this.askAgain(token));
  }

  /** Empty the view, and hide it. */
  close(): void {
    this.cancelAll();
    this.symbols = [];
    this.view.message = undefined;
    this.changed.fire(undefined);
    void vscode.commands.executeCommand("setContext", "glossator.usesShown", false);
  }

  /** What is under way concerns a tree that is no longer shown. */
  private cancelAll(): void {
    for (const source of [this.asking, ...this.opening]) source?.cancel();
  }

  private async open(): Promise<void> {
    await vscode.commands.executeCommand("setContext", "glossator.usesShown", true);
    await vscode.commands.executeCommand(`${UseTree.view}.focus`);
  }

  /** Have the server asked, and show what it says; what was asked before is forgotten. */
  private async load(name: string, ask: (token: vscode.CancellationToken) => Promise<SymbolUses[]>): Promise<void> {
    this.cancelAll();
    const source = (this.asking = new vscode.CancellationTokenSource());
    if (name !== this.view.description) {
      this.symbols = [];
      this.changed.fire(undefined);
    }
    // Names are not part of the title, whose words are capitalised.
    this.view.title = vscode.l10n.t("Uses of");
    this.view.description = name;
    if (this.symbols.length === 0) this.view.message = vscode.l10n.t("Looking for uses…");
    try {
      const symbols = await vscode.window.withProgress({ location: { viewId: UseTree.view } }, async () => {
        await this.server.ready(source.token);
        return ask(source.token);
      });
      if (source.token.isCancellationRequested) return;
      this.symbols = symbols;
      const [first] = symbols;
      if (first) this.view.description = first.symbol.qualifiedName;
      this.view.message = symbols.length === 0 ? vscode.l10n.t("It is no longer in the code.") : undefined;
    } catch (error) {
      if (source.token.isCancellationRequested) return;
      this.symbols = [];
      this.view.message = sentence(messageOf(error));
    } finally {
      source.dispose();
    }
    this.changed.fire(undefined);
  }

  private async ask(params: UsesParams, token: vscode.CancellationToken): Promise<SymbolUses[]> {
    return (await this.server.request<UsesResult>(USES, params, token)).symbols;
  }

  /** What is shown, as it is now: where it stood, or, if that has moved, under its name. */
  private async askAgain(token: vscode.CancellationToken): Promise<SymbolUses[]> {
    const before = this.symbols.map(({ symbol }) => symbol);
    const [first] = before;
    if (!first) return [];
    const keys = new Set(before.map(keyOf));
    const known = (found: SymbolUses[]): SymbolUses[] => found.filter(({ symbol }) => keys.has(keyOf(symbol)));
    if (before.length === 1) {
      const there = await this.ask({ textDocument: { uri: first.uri }, position: first.range.start }, token).catch(() => []);
      if (known(there).length > 0) return known(there);
    }
    try {
      return known(await this.ask({ name: first.qualifiedName }, token));
    } catch (error) {
      // A name that is unknown now is gone; a server that is gone says so when it is asked the next time.
      if (error instanceof Error && "code" in error) return [];
      throw error;
    }
  }

  private codeChanged(): void {
    if (this.symbols.length === 0) return;
    this.stale = true;
    clearTimeout(this.timer);
    if (this.view.visible) this.timer = setTimeout(() => void this.refresh(), REFRESH_DELAY);
  }

  // The tree

  async getChildren(node?: UseNode): Promise<UseNode[]> {
    if (!node) {
      const nodes = this.symbols.map((uses): SymbolNode => ({ type: "symbol", id: keyOf(uses.symbol), uses }));
      const [only] = nodes;
      return only && nodes.length === 1 ? groups(only) : nodes;
    }
    switch (node.type) {
      case "symbol":
        return groups(node);
      case "group":
        return [...byFile(node.places)].map(([uri, places]) => ({ ...node, type: "file", id: `${node.id}/${uri}`, uri, places }));
      case "file":
        return node.places.map((use) => placeNode(node, use, false));
      case "place":
        return this.callers(node);
      case "note":
        return [];
    }
  }

  /** What uses the definition around a place. */
  private async callers(node: PlaceNode): Promise<UseNode[]> {
    let found: SymbolUses[];
    const source = new vscode.CancellationTokenSource();
    this.opening.add(source);
    try {
      await this.server.ready(source.token);
      found = await this.ask({ ...around(node.use), kinds: CALLING }, source.token);
    } catch (error) {
      if (source.token.isCancellationRequested) return [];
      return [{ type: "note", id: `${node.id}/failed`, text: sentence(messageOf(error)), failed: true }];
    } finally {
      this.opening.delete(source);
      source.dispose();
    }
    const [uses] = found;
    if (!uses) return [];
    const trail = [...node.trail, keyOf(uses.symbol)];
    const below = { id: node.id, name: uses.symbol.name, trail };
    const certain = byLine(uses.uses.filter((use) => use.grade === "resolved"));
    return [...certain.map((use) => placeNode(below, use, true)), ...uncertain(uses, below, certain.length)];
  }

  getTreeItem(node: UseNode): vscode.TreeItem {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem("", None);
    item.id = node.id;
    switch (node.type) {
      case "symbol": {
        const { symbol } = node.uses;
        item.label = symbol.qualifiedName;
        item.description = `${symbol.kind}, ${vscode.workspace.asRelativePath(vscode.Uri.parse(symbol.uri))}:${symbol.range.start.line + 1}`;
        item.iconPath = new vscode.ThemeIcon("symbol-misc");
        item.collapsibleState = Expanded;
        break;
      }
      case "group":
        item.label = node.label;
        item.description = node.possible ? "" : String(node.places.length);
        item.collapsibleState = node.possible ? Collapsed : Expanded;
        item.tooltip = node.possible ? vscode.l10n.t("The name fits, but what stands before it is not known.") : node.label;
        break;
      case "file":
        item.resourceUri = vscode.Uri.parse(node.uri);
        item.label = fileName(node.uri);
        item.description = [folderName(node.uri), String(node.places.length)].filter(Boolean).join(" · ");
        item.iconPath = vscode.ThemeIcon.File;
        item.collapsibleState = node.places.some(({ grade }) => grade !== "resolved") ? Collapsed : Expanded;
        break;
      case "place":
        this.describe(node, item);
        break;
      case "note":
        item.label = node.text;
        item.iconPath = new vscode.ThemeIcon(node.failed ? "error" : "info");
        break;
    }
    return item;
  }

  private describe({ use, name, trail, deep }: PlaceNode, item: vscode.TreeItem): void {
    const line = use.range.start.line + 1;
    const recursive = trail.includes(`${use.uri}#${use.symbol}`);
    const where = `${fileName(use.uri)}:${line}`;
    item.label = deep ? use.symbol || use.code : labelled(use.code, name);
    item.description = deep ? `${where}  ${use.symbol ? use.code : ""}` : [String(line), use.symbol, ...(recursive ? [vscode.l10n.t("recursive")] : [])].filter(Boolean).join(" · ");
    item.tooltip = new vscode.MarkdownString().appendCodeblock(use.code).appendText([where, use.symbol && vscode.l10n.t("in {0}", use.symbol), use.test && vscode.l10n.t("a test")].filter(Boolean).join(", "));
    item.accessibilityInformation = { label: [use.code, where, use.symbol && vscode.l10n.t("in {0}", use.symbol), use.test && vscode.l10n.t("a test")].filter(Boolean).join(", ") };
    if (use.test) item.iconPath = new vscode.ThemeIcon("beaker");
    else if (deep) item.iconPath = new vscode.ThemeIcon("call-incoming");
    const expandable = Boolean(use.symbol) && !recursive && !INERT.has(use.kind);
    item.collapsibleState = expandable ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None;
    item.contextValue = use.symbol ? "caller" : "place";
    item.command = {
      command: "vscode.open",
      title: vscode.l10n.t("Open"),
      arguments: [vscode.Uri.parse(use.uri), { selection: rangeOf(use.range), preserveFocus: true, preview: true }],
    };
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.cancelAll();
    for (const disposable of this.disposables) disposable.dispose();
  }
}

/** The definition around a place. */
const around = (use: UsePlace): UsesParams => ({ textDocument: { uri: use.uri }, position: use.range.start, enclosing: true });

const placeNode = ({ id, name, trail }: { id: string; name: string; trail: string[] }, use: UsePlace, deep: boolean): PlaceNode => ({
  ...{ type: "place", id: `${id}/${use.uri}:${use.range.start.line}`, use, name, trail, deep },
});

/** The kinds of a symbol's uses, then what is not certain. */
function groups({ id, uses }: SymbolNode): UseNode[] {
  const below = { id, name: uses.symbol.name, trail: [keyOf(uses.symbol)] };
  const certain: UseNode[] = useGroups((text) => vscode.l10n.t(text)).flatMap(({ kinds, label }): GroupNode[] => {
    const places = byLine(uses.uses.filter((use) => use.grade === "resolved" && kinds.includes(use.kind)));
    return places.length > 0 ? [{ ...below, type: "group", id: `${id}/${kinds.join()}`, label, places, possible: false }] : [];
  });
  return [...certain, ...uncertain(uses, below, certain.length)];
}

/** Places that may use a symbol, files that were not looked at, or that there is nothing. */
function uncertain(uses: SymbolUses, below: { id: string; name: string; trail: string[] }, certain: number): UseNode[] {
  const { t } = vscode.l10n;
  const nodes: UseNode[] = [];
  const places = byLine(uses.uses.filter((use) => use.grade !== "resolved"));
  if (places.length > 0) {
    const label = places.length === 1 ? t("1 more place mentions the name") : t("{0} more places mention the name", places.length);
    nodes.push({ ...below, type: "group", id: `${below.id}/possible`, label, places, possible: true });
  }
  const note = (name: string, text: string): number => nodes.push({ type: "note", id: `${below.id}/${name}`, text });
  if (uses.unreadFiles > 0) note("unread", t("{0} more files may mention the name and were not looked at.", uses.unreadFiles));
  if (certain === 0 && places.length === 0) note("none", uses.unused ? t("Nothing in the indexed code uses it.") : t("No use was found."));
  return nodes;
}

const fileName = (uri: string): string => vscode.Uri.parse(uri).path.split("/").at(-1) ?? uri;

function folderName(uri: string): string {
  const path = vscode.workspace.asRelativePath(vscode.Uri.parse(uri));
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** A line of code, with its name lit; what stands before the name is cut where the name would be out of view. */
function labelled(code: string, name: string): vscode.TreeItemLabel {
  const [first] = occurrences(code, name);
  const cut = first && first[0] > MOST_BEFORE ? code.lastIndexOf(" ", first[0] - MOST_KEPT) : -1;
  const label = cut > 0 ? `…${code.slice(cut)}` : code;
  return { label, highlights: occurrences(label, name) };
}

/** Where a name stands as a word of its own: starts and ends. */
function occurrences(code: string, name: string): [number, number][] {
  const word = /[\p{L}\p{N}_$]/u;
  const found: [number, number][] = [];
  for (let at = code.indexOf(name); name && at >= 0; at = code.indexOf(name, at + name.length)) {
    const end = at + name.length;
    if (!word.test(code.charAt(at - 1)) && !word.test(code.charAt(end))) found.push([at, end]);
  }
  return found;
}
