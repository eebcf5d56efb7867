/** What several tests need: a status, a state, a turn. */

import type { Conversation, PanelState, Turn } from "../../src/messages";
import type { Citation, ModelStatus, StatusResult } from "../../src/protocol";

export function status(change: { index?: Partial<StatusResult["index"]>; model?: Partial<ModelStatus>; root?: Partial<StatusResult["roots"][number]> } = {}): StatusResult {
  return {
    index: { state: "ready", files: 80, symbols: 1200, pending: 0, skipped: 0, ...change.index },
    model: { state: "none", name: "", device: "", contextTokens: 0, reason: "", ...change.model },
    roots: [{ uri: "file:///shop", state: "ready", files: 80, symbols: 1200, pending: 0, watching: "client", skipped: [], message: "", ...change.root }],
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
});
