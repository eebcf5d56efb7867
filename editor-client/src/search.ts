/** The code search quick pick: hits as one types, each with its reason, previewed while moving. */

import * as vscode from "vscode";
import { reveal } from "./places";
import { SEARCH, type Range, type SearchHit, type SearchResult } from "./protocol";
import type { Server } from "./server";

const DELAY = 120;
const LIMIT = 30;

const ICONS: Record<string, string> = {
  function: "symbol-function",
  method: "symbol-method",
  constructor: "symbol-constructor",
  class: "symbol-class",
  struct: "symbol-struct",
  interface: "symbol-interface",
  trait: "symbol-interface",
  enum: "symbol-enum",
  constant: "symbol-constant",
  variable: "symbol-variable",
  field: "symbol-field",
  property: "symbol-property",
  module: "symbol-module",
  namespace: "symbol-namespace",
  section: "book",
  test: "beaker",
  key: "symbol-key",
};

interface HitItem extends vscode.QuickPickItem {
  hit: SearchHit;
}

/** The lines of a range, for people. A range that ends at the start of a line does not include it. */
function linesOf({ start, end }: Range): string {
  const [first, last] = [start.line + 1, end.character === 0 && end.line > start.line ? end.line : end.line + 1];
  return first === last ? vscode.l10n.t("line {0}", first) : vscode.l10n.t("lines {0} to {1}", first, last);
}

export function showHits(hits: readonly SearchHit[]): HitItem[] {
  return hits.map((hit) => ({
    label: `$(${ICONS[hit.kind] ?? "symbol-misc"}) ${hit.qualifiedName || hit.name || linesOf(hit.range)}`,
    description: `${vscode.workspace.asRelativePath(vscode.Uri.parse(hit.uri))}:${hit.range.start.line + 1}`,
    detail: hit.why,
    alwaysShow: true,
    hit,
  }));
}

/** Let the user search; with `initial` these hits are shown until something is typed. */
export function search(server: Pick<Server, "request">, initial: readonly SearchHit[] = []): void {
  const pick = vscode.window.createQuickPick<HitItem>();
  pick.placeholder = vscode.l10n.t("Search the code: words, names, an error message, a question");
  pick.matchOnDescription = false;
  const origin = vscode.window.activeTextEditor;
  const before = origin && { document: origin.document, selection: origin.selection, column: origin.viewColumn };
  let source: vscode.CancellationTokenSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let accepted = false;
  pick.items = showHits(initial);

  const run = async (query: string): Promise<void> => {
    source?.cancel();
    if (!query.trim()) {
      pick.items = [];
      pick.busy = false;
      return;
    }
    const own = (source = new vscode.CancellationTokenSource());
    pick.busy = true;
    pick.title = undefined;
    try {
      const result = await server.request<SearchResult>(SEARCH, { query, limit: LIMIT }, own.token);
      if (!own.token.isCancellationRequested) pick.items = showHits(result.hits);
    } catch (error) {
      if (!own.token.isCancellationRequested) {
        pick.items = [];
        pick.title = error instanceof Error ? error.message : String(error);
      }
    } finally {
      if (source === own) pick.busy = false;
    }
  };
  // One after the other: a preview that is slow must not come up after what was chosen, or after what was there before.
  let showing: Promise<unknown> = Promise.resolve();
  const next = (show: () => PromiseLike<unknown>): void => {
    showing = showing.then(show).catch(() => undefined);
  };
  const show = (item: HitItem, preview: boolean): void => next(() => reveal(vscode.Uri.parse(item.hit.uri), item.hit.range, preview));
  pick.onDidChangeValue((value) => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(value), DELAY);
  });
  pick.onDidChangeActive(([item]) => {
    if (item && pick.value) show(item, true);
  });
  pick.onDidAccept(() => {
    const [item] = pick.activeItems;
    if (!item) return;
    accepted = true;
    pick.hide();
    show(item, false);
  });
  pick.onDidHide(() => {
    clearTimeout(timer);
    source?.cancel();
    pick.dispose();
    if (!accepted && before) next(() => vscode.window.showTextDocument(before.document, { selection: before.selection, viewColumn: before.column }));
  });
  pick.show();
}
