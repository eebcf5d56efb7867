/** What "This file" and "This folder" mean to the server: globs that match these places and no others. */

import type { ScopeKind } from "./messages";
import type { Scope } from "./protocol";

/**
 * A path as a glob that matches it alone.
 *
 * Characters with a meaning in globs are written as classes of one (`[*]`), which every glob dialect understands. A
 * backslash in a name, which only exists outside of Windows, is doubled. White space at the end would be trimmed.
 */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[{}]/g, "[$&]").replace(/\\/g, "\\\\").replace(/[\s\x1c-\x1f\x85]$/u, "[$&]");
}

/**
 * The scope of a question about a file, whose path is relative to its workspace folder.
 *
 * The leading slash anchors the glob at the workspace folder: `/index.ts` is not any other folder's index.ts. Undefined
 * where nothing is left out.
 */
export function scopeOf(kind: ScopeKind, path: string, windows = process.platform === "win32"): Scope | undefined {
  const names = (windows ? path.replaceAll("\\", "/") : path).split("/").map(escapeGlob);
  if (kind === "file") return { include: [`/${names.join("/")}`] };
  if (kind !== "folder" || names.length === 1) return undefined;
  return { include: [`/${names.slice(0, -1).join("/")}/**`] };
}
