/** What a question mentions with `@` and `#`: completions while it is typed, dropped files, and the frames of a pasted trace. */

import * as vscode from "vscode";
import { findFrames } from "./frames";
import type { Mention, MentionKind, TraceFrame } from "./messages";
import type { Place, Range } from "./protocol";
import { scopeOf } from "./scopes";
import type { Server } from "./server";

/** Completions that are shown at most. */
const MOST = 12;
/** Files that are looked through for a name at most. */
const MOST_FILES = 400;

type Asked = Pick<Server, "running" | "request">;

interface FoundSymbol {
  name: string;
  containerName?: string;
  location: { uri: string; range: Range };
}
interface DocumentSymbol {
  range: Range;
  selectionRange: Range;
  children?: DocumentSymbol[];
}

/** What may be meant by what was typed after "@". */
export async function completions(server: Asked, kinds: readonly MentionKind[], query: string, token: vscode.CancellationToken): Promise<Mention[]> {
  const found = await Promise.all(
    kinds.map(async (kind) => {
      if (kind === "file") return files(query, token);
      if (kind === "folder") return folders(query, token);
      return kind === "symbol" ? symbols(server, query, token) : [];
    }),
  );
  // Some of each kind, rather than many of one.
  const share = Math.max(4, Math.ceil(MOST / Math.max(1, found.filter((list) => list.length > 0).length)));
  return found.flatMap((list) => list.slice(0, share)).slice(0, MOST);
}

async function files(query: string, token: vscode.CancellationToken): Promise<Mention[]> {
  return ranked(await matching(query, false, token), query).map((uri) => ({ kind: "file", label: named(uri), detail: vscode.workspace.asRelativePath(uri), uri: uri.toString() }));
}

async function folders(query: string, token: vscode.CancellationToken): Promise<Mention[]> {
  const found = new Map<string, vscode.Uri>();
  for (const uri of await matching(query, true, token)) {
    const inside = vscode.workspace.asRelativePath(uri, false).split("/").slice(0, -1);
    inside.forEach((name, index) => {
      if (!name.toLowerCase().includes(query.toLowerCase())) return;
      const up = inside.length - index;
      const folder = vscode.Uri.joinPath(uri, ...Array.from({ length: up }, () => ".."));
      found.set(folder.toString(), folder);
    });
  }
  return ranked([...found.values()], query).map((uri) => ({ kind: "folder", label: `${named(uri)}/`, detail: vscode.workspace.asRelativePath(uri), uri: uri.toString() }));
}

async function symbols(server: Asked, query: string, token: vscode.CancellationToken): Promise<Mention[]> {
  if (!server.running || !query) return [];
  const found = (await server.request<FoundSymbol[] | null>("workspace/symbol", { query }, token)) ?? [];
  return found.slice(0, MOST).map(({ name, containerName, location: { uri, range } }) => ({
    ...{ kind: "symbol", label: name, uri, range },
    detail: [containerName === vscode.workspace.asRelativePath(vscode.Uri.parse(uri), false) ? "" : containerName, `${vscode.workspace.asRelativePath(vscode.Uri.parse(uri))}:${range.start.line + 1}`].filter(Boolean).join(" · "),
  }));
}

/** Files whose name, or with `inside` the name of whose folder, has these characters, in any case. */
async function matching(query: string, inside: boolean, token: vscode.CancellationToken): Promise<vscode.Uri[]> {
  const name = Array.from(query, (letter) => (/[a-z]/i.test(letter) ? `[${letter.toLowerCase()}${letter.toUpperCase()}]` : /[\w/.-]/.test(letter) ? letter : "?")).join("");
  const glob = inside ? `**/*${name}*/**` : `**/*${name}*`;
  return [...(await vscode.workspace.findFiles(glob, undefined, MOST_FILES, token))];
}

/** Those that begin with what was typed first, then the shortest paths. */
function ranked(uris: readonly vscode.Uri[], query: string): vscode.Uri[] {
  const begins = (uri: vscode.Uri): number => (named(uri).toLowerCase().startsWith(query.toLowerCase()) ? 0 : 1);
  return [...uris].sort((one, other) => begins(one) - begins(other) || one.path.length - other.path.length || one.path.localeCompare(other.path)).slice(0, MOST);
}

const named = (uri: vscode.Uri): string => uri.path.replace(/\/$/, "").split("/").at(-1) ?? uri.path;

/** Files and folders that were dropped, as far as they are in the workspace. */
export async function dropped(uris: readonly string[]): Promise<Mention[]> {
  const mentions: Mention[] = [];
  for (const text of uris) {
    try {
      const uri = vscode.Uri.parse(text, true);
      if (uri.scheme !== "file" || !vscode.workspace.getWorkspaceFolder(uri)) continue;
      const { type } = await vscode.workspace.fs.stat(uri);
      const folder = (type & vscode.FileType.Directory) !== 0;
      mentions.push({ kind: folder ? "folder" : "file", label: folder ? `${named(uri)}/` : named(uri), detail: vscode.workspace.asRelativePath(uri), uri: uri.toString() });
    } catch {
      continue; // not a URI, or gone
    }
  }
  return mentions;
}

/** The frames of a trace that are in the workspace. */
export async function framesOf(text: string): Promise<TraceFrame[]> {
  const known = new Map<string, Promise<vscode.Uri | undefined>>();
  const frames = findFrames(text).map(async ({ start, end, path, line }): Promise<TraceFrame | undefined> => {
    const looking = known.get(path) ?? located(path);
    known.set(path, looking);
    const uri = await looking;
    return uri && { start, end, place: { uri: uri.toString(), range: { start: { line: line - 1, character: 0 }, end: { line: line - 1, character: 0 } } } };
  });
  return (await Promise.all(frames)).filter((frame) => frame !== undefined);
}

/** The file of the workspace that a trace means: it may name it from another machine, or from another folder. */
async function located(path: string): Promise<vscode.Uri | undefined> {
  const names = path.replaceAll("\\", "/").split("/").filter((name) => name && name !== "." && name !== "..");
  const last = names.at(-1);
  if (!last) return undefined;
  const found = await vscode.workspace.findFiles(`**/${last.replace(/[[\]{}*?]/g, "[$&]")}`, undefined, MOST_FILES);
  const shared = (uri: vscode.Uri): number => {
    const own = uri.path.split("/").reverse();
    const wanted = [...names].reverse();
    const differs = wanted.findIndex((name, index) => own[index] !== name);
    return differs < 0 ? wanted.length : differs;
  };
  const [best, second] = [...found].sort((one, other) => shared(other) - shared(one) || one.path.length - other.path.length);
  // A bare name of several files means none of them.
  return best && (!second || shared(best) > shared(second) || shared(best) === names.length) ? best : undefined;
}

/** What the mentions of a question mean to the server: places that must be among the evidence, globs, and its words. */
export async function resolved(server: Asked, question: string, mentions: readonly Mention[]): Promise<{ question: string; pinned: Place[]; include: string[] }> {
  const pinned: Place[] = [];
  const include: string[] = [];
  let words = question;
  for (const mention of mentions) {
    const { kind, token, uri } = mention;
    if (kind === "selection") words = words.replaceAll(token ?? "#selection", vscode.l10n.t("the selected lines"));
    if (!uri) continue;
    const parsed = vscode.Uri.parse(uri);
    const path = vscode.workspace.asRelativePath(parsed, false);
    if (token) words = words.replaceAll(token, `\`${kind === "symbol" ? mention.label : path}\``);
    if (kind === "folder") include.push(...(scopeOf("folder", `${path}/x`)?.include ?? []));
    else if (kind === "symbol" && mention.range) pinned.push({ uri, range: await wholeOf(server, uri, mention.range) });
    else if (kind === "file") pinned.push({ uri, range: await all(parsed) });
  }
  return { question: words, pinned, include };
}

async function all(uri: vscode.Uri): Promise<Range> {
  const document = await Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => undefined); // binary, or gone
  return { start: { line: 0, character: 0 }, end: { line: document?.lineCount ?? 1, character: 0 } };
}

/** The lines of the definition whose name is at a range; that range if it is not known. */
async function wholeOf(server: Asked, uri: string, name: Range): Promise<Range> {
  const search = (list: readonly DocumentSymbol[]): Range | undefined => {
    for (const symbol of list) {
      const inner = search(symbol.children ?? []);
      if (inner) return inner;
      if (symbol.selectionRange.start.line === name.start.line) return symbol.range;
    }
    return undefined;
  };
  const found = await server.request<DocumentSymbol[] | null>("textDocument/documentSymbol", { textDocument: { uri } }).catch(() => []);
  return search(found ?? []) ?? name;
}
