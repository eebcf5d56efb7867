/** How places that use a symbol are arranged, in the tree and in the panel's list: by kind, by line, by file. */

import type { UsePlace } from "./protocol";

/** A group of a list: what its places do with the symbol. */
export interface UseGroup {
  kinds: string[];
  label: string;
}

/** The groups in the order of a list; kinds with the same words are listed together. `t` translates. */
export function useGroups(t: (text: string) => string): UseGroup[] {
  return [
    { kinds: ["call"], label: t("Called") },
    { kinds: ["template"], label: t("Used in a template") },
    { kinds: ["decorator"], label: t("Applied as a decorator") },
    { kinds: ["value"], label: t("Handed over or assigned") },
    { kinds: ["write"], label: t("Assigned to") },
    { kinds: ["read", "attribute"], label: t("Read") },
    { kinds: ["type"], label: t("Named as a type") },
    { kinds: ["base"], label: t("Inherited from") },
    { kinds: ["override"], label: t("Overridden or implemented") },
    { kinds: ["name"], label: t("Named in a string, symbol or parameter") },
    { kinds: ["export"], label: t("Re-exported") },
    { kinds: ["import"], label: t("Imported") },
  ];
}

/** Several mentions in one line are one place, the first of them. */
export function byLine(uses: readonly UsePlace[]): UsePlace[] {
  return [...new Map(uses.map((use) => [`${use.uri}#${use.range.start.line}`, use] as const).reverse()).values()].reverse();
}

/** Places by the URI of their file, in the order in which they come. */
export function byFile(places: readonly UsePlace[]): Map<string, UsePlace[]> {
  const files = new Map<string, UsePlace[]>();
  for (const place of places) files.set(place.uri, [...(files.get(place.uri) ?? []), place]);
  return files;
}
