/** The list of places that use a symbol: by kind, then by file; each place opens. */

import type { Place, SymbolUses, UsePlace } from "../protocol";
import { byFile, byLine, useGroups } from "../useplaces";
import { button, el, icon } from "./dom";
import { t } from "./l10n";

/** What a list does with a place: open it, show its code on hover. */
export interface ListActions {
  open: (place: Place) => void;
  peek: (target: HTMLElement, place: Place) => void;
  /** Show the uses of the symbol that is defined there as a tree. */
  tree: (place: Place) => void;
}

/** How many places a list of uses shows. */
export function countPlaces(symbols: readonly SymbolUses[]): number {
  return symbols.reduce((sum, symbol) => sum + byLine(symbol.uses).length, 0);
}

/** The lists of some symbols, each below its name. */
export function usesList(symbols: readonly SymbolUses[], actions: ListActions): HTMLElement {
  return el("div", { class: "uses" }, ...symbols.map((uses) => ofSymbol(uses, actions)));
}

function ofSymbol({ symbol, uses, unreadFiles, unused }: SymbolUses, actions: ListActions): HTMLElement {
  const section = el("section", { class: "uses-of", "aria-label": symbol.qualifiedName });
  const place = { uri: symbol.uri, range: symbol.range };
  const heading = row(actions, place, `${symbol.kind} ${symbol.qualifiedName}`, where(place), "uses-symbol");
  section.append(el("div", { class: "row" }, heading, button("list-tree", t("Show the uses of {0} as a tree", symbol.qualifiedName), () => actions.tree(place))));
  for (const { kinds, label } of useGroups(t)) {
    const places = byLine(uses.filter((use) => use.grade === "resolved" && kinds.includes(use.kind)));
    if (places.length > 0) section.append(group(`${label} (${places.length})`, places, actions, true));
  }
  const possible = byLine(uses.filter((use) => use.grade !== "resolved"));
  if (possible.length > 0) {
    const label = possible.length === 1 ? t("1 more place mentions the name") : t("{0} more places mention the name", possible.length);
    section.append(group(label, possible, actions, false));
  }
  if (unreadFiles > 0) section.append(el("p", { class: "why" }, t("{0} more files may mention the name and were not looked at.", unreadFiles)));
  if (uses.length === 0) section.append(el("p", { class: "why" }, unused ? t("Nothing in the indexed code uses it.") : t("No use was found.")));
  return section;
}

/** Places of one kind, below the names of their files. */
function group(label: string, places: UsePlace[], actions: ListActions, open: boolean): HTMLElement {
  const details = el("details", { class: "uses-kind" }, el("summary", {}, label));
  details.open = open;
  for (const [uri, inFile] of byFile(places)) {
    const list = el("ul");
    for (const use of inFile) {
      const line = `${use.range.start.line + 1}`;
      const made = el("button", { class: "place", type: "button", title: use.symbol ? t("in {0}", use.symbol) : "" }, el("span", { class: "line" }, line), el("code", {}, use.code));
      const target = { uri, range: use.range };
      made.addEventListener("click", () => actions.open(target));
      actions.peek(made, target);
      list.append(el("li", {}, made));
    }
    details.append(el("div", { class: "uses-file", title: decodeURIComponent(uri) }, icon("file-code"), ` ${nameOf(uri)}`), list);
  }
  return details;
}

function row(actions: ListActions, place: Place, text: string, label: string, className: string): HTMLElement {
  const made = el("button", { class: `place ${className}`, type: "button" }, text, el("span", { class: "where" }, label));
  made.addEventListener("click", () => actions.open(place));
  actions.peek(made, place);
  return made;
}

const nameOf = (uri: string): string => decodeURIComponent(uri.split("/").at(-1) ?? uri);
const where = (place: Place): string => `${nameOf(place.uri)}:${place.range.start.line + 1}`;
