/** The code search quick pick: hits as one types, each with its reason, previewed while moving. */

import * as vscode from "vscode";
import { reveal } from "./places";
import { SEARCH, type Range, type SearchHit, type SearchParams, type SearchResult, type TeamHit } from "./protocol";
import { messageOf } from "./sentences";
import type { Server } from "./server";
import { teamPlace } from "./teamplaces";

const DELAY = 120;
/** The same while the team's repositories are searched too, which asks their storage. */
const TEAM_DELAY = 500;
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
  /** A place of the workspace; none for a hit in another repository of the team. */
  hit?: SearchHit;
  /** What choosing it copies: there is no file to open. */
  copied?: string;
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

/** Hits in the team's other repositories: what is not on this machine cannot be opened. */
function showTeamHits(hits: readonly TeamHit[]): HitItem[] {
  return hits.map((hit) => ({
    label: `$(${ICONS[hit.kind] ?? "symbol-misc"}) ${hit.qualifiedName || hit.name || hit.path}`,
    description: `$(organization) ${teamPlace(hit)}`,
    detail: hit.why,
    alwaysShow: true,
    copied: teamPlace(hit),
  }));
}

/** Let the user search; with `initial` these hits are shown until something is typed. */
export function search(server: Pick<Server, "request"> & Partial<Pick<Server, "status">>, initial: readonly SearchHit[] = []): void {
  const pick = vscode.window.createQuickPick<HitItem>();
  pick.placeholder = vscode.l10n.t("Search the code: words, names, an error message, a question");
  pick.matchOnDescription = false;
  const origin = vscode.window.activeTextEditor;
  const before = origin && { document: origin.document, selection: origin.selection, column: origin.viewColumn };
  let source: vscode.CancellationTokenSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let accepted = false;
  let team = false;
  const offer = (): void => {
    const tooltip = team ? vscode.l10n.t("Search the workspace only") : vscode.l10n.t("Search the team's other repositories too");
    pick.buttons = server.status?.team ? [{ iconPath: new vscode.ThemeIcon(team ? "folder" : "organization"), tooltip }] : [];
  };
  offer();
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
      const params: SearchParams = { query, limit: LIMIT, ...(team ? { team } : {}) };
      const result = await server.request<SearchResult>(SEARCH, params, own.token);
      if (!own.token.isCancellationRequested) {
        pick.items = team ? [...showHits(result.hits), ...showTeamHits(result.team)] : showHits(result.hits);
        if (team && result.problems.length > 0) pick.title = result.problems.join(" · ");
      }
    } catch (error) {
      if (!own.token.isCancellationRequested) {
        pick.items = [];
        pick.title = messageOf(error);
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
  const show = ({ hit, copied }: HitItem, preview: boolean): void => {
    if (hit) next(() => reveal(vscode.Uri.parse(hit.uri), hit.range, preview));
    else if (copied && !preview) {
      void vscode.env.clipboard.writeText(copied);
      void vscode.window.showInformationMessage(vscode.l10n.t("{0} is not on this machine: its name was copied.", copied));
    }
  };
  pick.onDidTriggerButton(() => {
    team = !team;
    offer();
    void run(pick.value);
  });
  pick.onDidChangeValue((value) => {
    clearTimeout(timer);
    timer = setTimeout(() => void run(value), team ? TEAM_DELAY : DELAY);
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
