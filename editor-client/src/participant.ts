/** The chat participant `@glossator`: questions in the editor's chat, answered by the local index and the local model. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { CitationLinks } from "./citationlinks";
import { newer } from "./newer";
import { ASK, type AskParams, type AskResult, EXPLAIN, type ExplainParams, type Place, type Range, SEARCH, type SearchParams, type SearchResult } from "./protocol";
import { messageOf, sentence } from "./sentences";
import type { Server } from "./server";

const ID = "glossator.chat";
const HITS = 10;

type Asked = Pick<Server, "state" | "running" | "ready" | "request" | "onProgress">;
/** What `$/progress` sends, as far as it is shown. */
type Progress = { kind: "evidence"; evidence: Place[] } | { kind: "delta"; text: string } | { kind: "found"; places: Place[] } | { kind: "lead"; text: string };

/** Offer the participant; nothing where the editor has no chat. */
export function registerParticipant(server: Asked, icon: vscode.Uri): vscode.Disposable {
  if (!newer.chat?.createChatParticipant) return vscode.Disposable.from();
  const participant = newer.chat.createChatParticipant(ID, async (request, context, stream, token) => {
    try {
      return await answer(server, request, context, stream, token);
    } catch (error) {
      if (token.isCancellationRequested) return {};
      return { errorDetails: { message: sentence(messageOf(error)) } };
    }
  });
  participant.iconPath = icon;
  return vscode.Disposable.from(participant);
}

async function answer(server: Asked, request: vscode.ChatRequest, context: vscode.ChatContext, stream: vscode.ChatResponseStream, token: vscode.CancellationToken): Promise<vscode.ChatResult> {
  if (!server.running) stream.progress(vscode.l10n.t("Waiting for the server"));
  await server.ready(token);
  if (server.state.kind === "stopped") throw new Error(server.state.message);
  if (request.command === "search") return search(server, request.prompt, stream, token);
  const place = cursor();
  const about = request.command === "explain" && !request.prompt.trim() ? place : undefined;
  const question = request.command === "uses" ? vscode.l10n.t("Where is `{0}` used?", request.prompt.trim() || (place?.symbol ?? "")) : request.prompt;
  if (!about && !question.trim()) throw new Error(vscode.l10n.t("Ask a question about the code, or put the cursor on a symbol."));
  const work = `glossator-participant-${randomBytes(8).toString("hex")}`;
  const links = new CitationLinks(link);
  const write = (text: string): void => {
    if (text) stream.markdown(text);
  };
  let shown = "";
  const listening = [
    server.onProgress(work, (value) => {
      const progress = value as Progress;
      switch (progress.kind) {
        case "found": // A sentence may rest on a place that was found and that the model has not read.
          links.know(progress.places);
          break;
        case "evidence":
          links.know(progress.evidence);
          break;
        case "delta":
          write(links.add(progress.text));
          break;
        case "lead":
          write(`\n\n${links.add(progress.text)}\n\n`);
      }
    }),
    server.onProgress(`${work}-work`, (value) => {
      const { message } = value as { message?: string };
      // Each message becomes a step in the chat: one that differs in its counts alone is the same step.
      const step = message?.replace(/\d+/g, "") ?? "";
      if (message && step !== shown) stream.progress(sentence(message).replace(/\.$/, "…"));
      if (step) shown = step;
    }),
  ];
  const common = { partialResultToken: work, workDoneToken: `${work}-work` };
  try {
    const result = about
      ? await server.request<AskResult>(EXPLAIN, { textDocument: { uri: about.uri }, position: about.position, ...common } satisfies ExplainParams, token)
      : await server.request<AskResult>(ASK, { question, conversationId: conversationOf(context), pinned: await pinned(request), ...common } satisfies AskParams, token);
    write(links.rest());
    for (const { uri, range } of result.citations) stream.reference(new vscode.Location(vscode.Uri.parse(uri), rangeOf(range)));
    return { metadata: { conversationId: result.conversationId } };
  } finally {
    for (const listener of listening) listener.dispose();
  }
}

async function search(server: Asked, query: string, stream: vscode.ChatResponseStream, token: vscode.CancellationToken): Promise<vscode.ChatResult> {
  const { hits } = await server.request<SearchResult>(SEARCH, { query, limit: HITS } satisfies SearchParams, token);
  if (hits.length === 0) stream.markdown(vscode.l10n.t("Nothing was found."));
  for (const hit of hits) {
    stream.markdown("- ");
    stream.anchor(new vscode.Location(vscode.Uri.parse(hit.uri), rangeOf(hit.range)), hit.qualifiedName || hit.name);
    stream.markdown(`: ${hit.why}\n`);
  }
  return {};
}

/** The server's conversation that the last answers here belong to. */
function conversationOf({ history }: vscode.ChatContext): string | undefined {
  for (const turn of [...history].reverse()) {
    const id: unknown = "result" in turn ? turn.result.metadata?.["conversationId"] : undefined;
    if (typeof id === "string") return id;
  }
  return undefined;
}

/** The files and selections that were attached to a request. */
async function pinned({ references }: vscode.ChatRequest): Promise<Place[]> {
  const places: Place[] = [];
  for (const { value } of references) {
    if (value instanceof vscode.Location) places.push({ uri: value.uri.toString(), range: value.range });
    else if (value instanceof vscode.Uri && value.scheme === "file") {
      const document = await Promise.resolve(vscode.workspace.openTextDocument(value)).catch(() => undefined); // a folder, or gone
      if (document) places.push({ uri: value.toString(), range: { start: { line: 0, character: 0 }, end: { line: document.lineCount, character: 0 } } });
    }
  }
  return places;
}

function cursor(): { uri: string; position: { line: number; character: number }; symbol: string } | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.uri.scheme !== "file") return undefined;
  const { line, character } = editor.selection.active;
  const word = editor.document.getWordRangeAtPosition(editor.selection.active);
  return { uri: editor.document.uri.toString(), position: { line, character }, symbol: word ? editor.document.getText(word) : "" };
}

const rangeOf = ({ start, end }: Range): vscode.Range => new vscode.Range(start.line, start.character, end.line, end.character);
const link = ({ uri, range }: Place): string => `${uri}#L${range.start.line + 1}`;
