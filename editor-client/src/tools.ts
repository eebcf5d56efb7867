/** Tools for the editor's agents (`vscode.lm`): search, uses and explanations from the local index, as text for a model. */

import * as vscode from "vscode";
import { newer, type Tool, type ToolInvocation } from "./newer";
import { type AskResult, EXPLAIN, type ExplainParams, type Range, SEARCH, type SearchParams, type SearchResult, type SymbolUses, USES, type UsesParams, type UsesResult } from "./protocol";
import { escapeGlob } from "./scopes";
import type { Server } from "./server";
import { byLine, useGroups } from "./useplaces";

/** Tokens of a result, unless its caller says how many there may be. */
const TOKENS = 4000;
/** Code has fewer characters to a token than prose: a result is rather too short than too long. */
const CHARACTERS_PER_TOKEN = 3;
const HITS = 8;
const MOST_HITS = 50;
/** Lines of code of a hit. */
const LINES = 40;
/** Definitions of one name that are explained. */
const MOST_EXPLAINED = 3;

type Asked = Pick<Server, "state" | "status" | "ready" | "request">;
type Input = Record<string, unknown>;
/** Pieces of a result, the most important first, and how what does not fit is counted ("results", "places"). */
interface Told {
  head: string[];
  pieces: string[];
  unit: string;
}

/** Offer the tools; none where the editor has no interface for them. */
export function registerTools(server: Asked): vscode.Disposable {
  const { lm, LanguageModelTextPart: Text, LanguageModelToolResult: Result } = newer;
  if (!lm?.registerTool || !Text || !Result) return vscode.Disposable.from();
  const register = lm.registerTool.bind(lm);
  const { t } = vscode.l10n;
  const tool = (message: (input: Input) => string, run: (input: Input, token: vscode.CancellationToken) => Promise<Told>): Tool => ({
    prepareInvocation: ({ input }) => ({ invocationMessage: message(input as Input) }),
    invoke: async (options, token) => {
      await server.ready(token);
      if (server.state.kind === "stopped") throw new Error(`Glossator's index is not available: ${server.state.message}`);
      const told = await run(options.input as Input, token);
      return new Result([new Text(fitted(told, budget(options), incomplete(server)))]);
    },
  });
  const shown = (value: unknown): string => (typeof value === "string" ? value : "");
  return vscode.Disposable.from(
    register("glossator_search", tool(({ query }) => t('Searching the local index for "{0}"', shown(query)), (input, token) => searched(server, input, token))),
    register("glossator_uses", tool(({ symbol }) => t("Finding the uses of {0}", shown(symbol)), (input, token) => used(server, input, token))),
    register("glossator_explain", tool(({ symbol, path }) => t("Looking up {0}", shown(symbol) || shown(path)), (input, token) => explained(server, input, token))),
  );
}

const budget = ({ tokenizationOptions }: ToolInvocation): number => CHARACTERS_PER_TOKEN * (tokenizationOptions?.tokenBudget ?? TOKENS);

function incomplete({ status }: Pick<Server, "status">): string {
  return status?.index.state === "indexing" ? `The index is still being built (${status.index.files} files so far): this may be incomplete.` : "";
}

/** The text of a result, with as many pieces as there is room for. */
function fitted({ head, pieces, unit }: Told, characters: number, note: string): string {
  const parts = [note, ...head].filter(Boolean);
  let room = characters - parts.reduce((sum, part) => sum + part.length + 2, 0);
  let told = 0;
  for (const piece of pieces) {
    room -= piece.length + 2;
    if (room < 0 && told > 0) break;
    parts.push(room < 0 ? `${piece.slice(0, Math.max(0, room + piece.length))}…` : piece);
    told += 1;
  }
  if (told < pieces.length) parts.push(`(${pieces.length - told} more ${unit} left out)`);
  return parts.join("\n\n");
}

// What a model may write into the fields of its input

function text(input: Input, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw new Error(`"${name}" must be a string`);
  return value;
}

function required(input: Input, name: string): string {
  const value = text(input, name)?.trim();
  if (!value) throw new Error(`"${name}" is missing`);
  return value;
}

function whole(input: Input, name: string, most: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1) throw new Error(`"${name}" must be a whole number of 1 or more`);
  return Math.min(value, most);
}

// The tools

async function searched(server: Asked, input: Input, token: vscode.CancellationToken): Promise<Told> {
  const query = required(input, "query");
  const [path, language] = [text(input, "path"), text(input, "language")];
  const params: SearchParams = {
    query,
    limit: whole(input, "limit", MOST_HITS) ?? HITS,
    scope: { ...(path ? { include: globsOf(path) } : {}), ...(language ? { languages: [language] } : {}) },
  };
  const { hits } = await server.request<SearchResult>(SEARCH, params, token);
  const pieces = await Promise.all(
    hits.map(async (hit) => {
      const name = hit.qualifiedName || hit.name;
      return `${where(hit.uri, hit.range)} ${hit.kind}${name ? ` \`${name}\`` : ""} (${hit.why})\n${await code(hit.uri, hit.range)}`;
    }),
  );
  return { head: [hits.length === 0 ? `Nothing in the index matches "${query}".` : `Best matches for "${query}", the best first:`], pieces, unit: "matches" };
}

/** A glob, or a path of the workspace: brackets may be part of a name (`app/[id]/page.tsx`). */
const globsOf = (path: string): string[] => (/[[{]/.test(path) ? [path, `/${escapeGlob(path)}`] : [path]);

async function used(server: Asked, input: Input, token: vscode.CancellationToken): Promise<Told> {
  const params: UsesParams = { name: required(input, "symbol"), depth: whole(input, "depth", 10) };
  const { symbols } = await server.request<UsesResult>(USES, params, token);
  return { head: [], pieces: symbols.flatMap(usesOf), unit: "parts" };
}

/** The uses of one symbol: a piece for each kind, then callers of callers, then what is not certain. */
function usesOf({ symbol, uses, unreadFiles, unused, callers }: SymbolUses): string[] {
  const certain = byLine(uses.filter(({ grade }) => grade === "resolved"));
  const possible = byLine(uses.filter(({ grade }) => grade !== "resolved"));
  const head = `\`${symbol.qualifiedName}\` (${symbol.kind}, ${where(symbol.uri, symbol.range)}): `;
  const lines = (places: typeof uses): string => places.map((use) => `- ${where(use.uri, use.range)}${use.symbol ? ` in \`${use.symbol}\`` : ""}${use.test ? " (test)" : ""}: ${use.code}`).join("\n");
  const pieces = [head + (unused ? "nothing in the indexed code uses it." : `certain uses: ${certain.length}, other mentions of the name: ${possible.length}.`)];
  for (const { kinds, label } of useGroups((words) => words)) {
    const places = certain.filter(({ kind }) => kinds.includes(kind));
    if (places.length > 0) pieces.push(`${label}:\n${lines(places)}`);
  }
  if (callers.length > 0) pieces.push(`Callers, by distance:\n${callers.map((caller) => `- ${caller.depth}: \`${caller.symbol.qualifiedName}\` (${where(caller.symbol.uri, caller.symbol.range)}) calls \`${caller.calls}\``).join("\n")}`);
  if (possible.length > 0) pieces.push(`Possible (the name fits, the receiver is unknown):\n${lines(possible)}`);
  if (unreadFiles > 0) pieces.push(`${unreadFiles} more files may mention the name and were not examined.`);
  return pieces;
}

async function explained(server: Asked, input: Input, token: vscode.CancellationToken): Promise<Told> {
  const places = await subjects(server, input, token);
  const pieces: string[] = [];
  for (const { uri, position } of places.slice(0, MOST_EXPLAINED)) {
    const params: ExplainParams = { textDocument: { uri }, position, indexOnly: true };
    const { answer, citations } = await server.request<AskResult>(EXPLAIN, params, token);
    const sources = citations.map(({ number, uri: file, range }) => `[${number}] ${where(file, range)}`).join("\n");
    pieces.push(sources ? `${answer.trim()}\n\nSources:\n${sources}` : answer.trim());
  }
  const rest = places.length - pieces.length;
  return { head: rest > 0 ? [`${rest} more definitions have this name; give a path and a line to choose one.`] : [], pieces, unit: "definitions" };
}

/** The definitions that are to be explained: those of a name, or the one at a line. */
async function subjects(server: Asked, input: Input, token: vscode.CancellationToken): Promise<{ uri: string; position: { line: number; character: number } }[]> {
  const [path, line] = [text(input, "path"), whole(input, "line", Number.MAX_SAFE_INTEGER)];
  if (path && line !== undefined) {
    const document = await openRelative(path);
    const { lineCount } = document;
    if (line > lineCount) throw new Error(`${path} has ${lineCount} lines`);
    const character = document.lineAt(line - 1).firstNonWhitespaceCharacterIndex;
    return [{ uri: document.uri.toString(), position: { line: line - 1, character } }];
  }
  const params: UsesParams = { name: required(input, "symbol"), kinds: ["override"] };
  const { symbols } = await server.request<UsesResult>(USES, params, token);
  return symbols.map(({ symbol }) => ({ uri: symbol.uri, position: symbol.range.start }));
}

/** A document whose path is relative to a workspace folder, with that folder's name or without it. */
async function openRelative(path: string): Promise<vscode.TextDocument> {
  const names = path.replaceAll("\\", "/").replace(/^\.?\//, "").split("/");
  if (names.includes("..")) throw new Error(`${path} is not in the workspace`);
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    for (const below of names[0] === folder.name ? [names.slice(1), names] : [names]) {
      try {
        return await vscode.workspace.openTextDocument(vscode.Uri.joinPath(folder.uri, ...below));
      } catch {
        continue; // it may be in another folder
      }
    }
  }
  throw new Error(`there is no file ${path} in the workspace`);
}

/** The last line of a range, from 0: one that ends at the start of a line does not include it. */
const lastLine = ({ start, end }: Range): number => (end.character === 0 && end.line > start.line ? end.line - 1 : end.line);

/** "shop/money.py:19-22": lines from 1. */
function where(uri: string, range: Range): string {
  const [first, last] = [range.start.line + 1, lastLine(range) + 1];
  return `${vscode.workspace.asRelativePath(vscode.Uri.parse(uri))}:${first}${last > first ? `-${last}` : ""}`;
}

/** The lines of a range, in a block of code; "" if the file cannot be read. */
async function code(uri: string, range: Range): Promise<string> {
  try {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    const [first, end] = [range.start.line, lastLine(range)];
    const last = Math.min(end, first + LINES - 1, document.lineCount - 1);
    const lines = document.getText(new vscode.Range(first, 0, last, Number.MAX_SAFE_INTEGER)).trimEnd();
    const fence = "`".repeat(Math.max(3, ...[...lines.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    return `${fence}${document.languageId}\n${lines}${last < end ? "\n…" : ""}\n${fence}`;
  } catch {
    return "";
  }
}
