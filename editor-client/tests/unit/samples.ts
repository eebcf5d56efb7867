/** What several tests need: a status, a state, a turn. */

import type { Conversation, PanelState, Turn } from "../../src/messages";
import type { Citation, ModelStatus, StatusResult, SymbolUses, TeamHit, UsePlace } from "../../src/protocol";

export function status(change: { index?: Partial<StatusResult["index"]>; model?: Partial<ModelStatus>; root?: Partial<StatusResult["roots"][number]>; team?: boolean } = {}): StatusResult {
  return {
    index: { state: "ready", files: 80, symbols: 1200, pending: 0, skipped: 0, ...change.index },
    model: { state: "none", name: "", device: "", contextTokens: 0, reason: "", ...change.model },
    roots: [{ uri: "file:///shop", state: "ready", files: 80, symbols: 1200, pending: 0, watching: "client", skipped: [], message: "", updates: 1, lines: 9000, sizeBytes: 3_000_000, indexFolder: "/cache/shop", skippedFiles: 0, uncollectedFiles: 0, download: null, team: null, ...change.root }],
    team: change.team ?? false,
  };
}

export const conversation = (turns: Turn[] = []): Conversation => ({ id: "c", title: "", created: 0, turns });

export function state(change: Partial<PanelState> = {}): PanelState {
  return { server: { kind: "running" }, status: status(), conversation: conversation(), conversations: 0, scope: "workspace", trusted: true, history: [], ...change };
}

export function turn(change: Partial<Turn> = {}): Omit<Turn, "id"> {
  return { question: "Why?", kind: "ask", scope: "workspace", state: "asking", answer: "", evidence: [], pinned: [], removed: [], ...change };
}

export const citation = (number: number, uri = "file:///shop/cart.py"): Citation => ({
  number,
  uri,
  range: { start: { line: 4, character: 0 }, end: { line: 8, character: 0 } },
  qualifiedName: "Cart.total",
  commit: "",
});

export function use(line: number, change: Partial<UsePlace> = {}): UsePlace {
  const range = { start: { line, character: 2 }, end: { line, character: 7 } };
  return { uri: "file:///shop/cart.py", range, kind: "call", grade: "resolved", symbol: "checkout", test: false, code: `total(${line})`, ...change };
}

export function symbolUses(uses: UsePlace[], change: Partial<SymbolUses> = {}): SymbolUses {
  const range = { start: { line: 17, character: 8 }, end: { line: 17, character: 13 } };
  return { symbol: { uri: "file:///shop/cart.py", range, kind: "method", name: "total", qualifiedName: "Cart.total" }, uses, unreadFiles: 0, unused: false, callers: [], ...change };
}

export function teamHit(name: string, change: Partial<TeamHit> = {}): TeamHit {
  const place = { repository: "github.com/org/ledger", commit: "8d7f3a1c0b5e4d2f9a6c7b8e1d0f2a3b4c5d6e7f", path: "src/view.go", startLine: 12, endLine: 30 };
  return { ...place, kind: "function", name, qualifiedName: name, score: 1, why: `defines ${name}`, ...change };
}
