/** What a hit in another repository of the team is called, and where it can be read: its files are not on this machine. */

import type { TeamHit } from "./protocol";

/** Digits of a commit that are shown, as git shows them in large repositories. */
const SHORT = 12;
/** Hosts whose pages of files are known, each with what comes before the commit in their addresses. */
const PAGES: Record<string, string> = { "github.com": "blob", "gitlab.com": "-/blob", "codeberg.org": "src/commit" };

/** The place of a hit, for people: `github.com/org/app@0a1b2c3d4e5f src/app.go:12-30`. */
export function teamPlace({ repository, commit, path, startLine, endLine }: TeamHit): string {
  const lines = endLine > startLine ? `${startLine}-${endLine}` : `${startLine}`;
  return `${repository}@${commit.slice(0, SHORT)} ${path}:${lines}`;
}

/** The page that shows the lines of a hit, at the commit that was searched; undefined where the host is not known. */
export function webAddress({ repository, commit, path, startLine, endLine }: TeamHit): string | undefined {
  const [host = "", ...names] = repository.split("/");
  const page = PAGES[host];
  if (!page || names.length < 2 || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const encoded = (parts: string[]): string => parts.map(encodeURIComponent).join("/");
  const last = host === "gitlab.com" ? `-${endLine}` : `-L${endLine}`;
  return `https://${host}/${encoded(names)}/${page}/${commit}/${encoded(path.split("/"))}#L${startLine}${endLine > startLine ? last : ""}`;
}
