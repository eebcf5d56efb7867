/** The local model in the editor's model picker: other extensions and the chat can use it; what they send stays here. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { type ModelInformation, type ModelProvider, newer, type RequestMessage } from "./newer";
import { CHAT, type ChatParams, type ChatResult, type ChatRole, type ChatTurn, type DeltaProgress } from "./protocol";
import type { Server } from "./server";

const VENDOR = "glossator";
/** Characters of a token, about. */
const TOKEN_CHARACTERS = 4;
const ROLES: Record<number, ChatRole> = { 1: "user", 2: "assistant", 3: "system" };

type Asked = Pick<Server, "status" | "running" | "ready" | "request" | "onProgress" | "onDidChange">;

/** Offer the model; nothing where the editor has no interface for it. */
export function registerLocalModel(server: Asked): vscode.Disposable {
  const { lm, LanguageModelTextPart: Text } = newer;
  if (!lm?.registerLanguageModelChatProvider || !Text) return vscode.Disposable.from();
  const changed = new vscode.EventEmitter<void>();
  let before = "";
  const following = server.onDidChange(() => {
    const now = JSON.stringify(modelsOf(server));
    if (now === before) return;
    before = now;
    changed.fire();
  });
  const provider: ModelProvider = {
    onDidChangeLanguageModelChatInformation: changed.event,
    provideLanguageModelChatInformation: () => modelsOf(server),
    provideTokenCount: (_, given) => Promise.resolve(Math.ceil((typeof given === "string" ? given : textOf(given)).length / TOKEN_CHARACTERS)),
    provideLanguageModelChatResponse: async (model, messages, options, progress, token) => {
      await server.ready(token);
      const work = `glossator-chat-${randomBytes(8).toString("hex")}`;
      const listening = server.onProgress(work, (value) => progress.report(new Text((value as DeltaProgress).text)));
      const { max_tokens: most } = ((options as { modelOptions?: Record<string, unknown> } | undefined)?.modelOptions ?? {});
      const params: ChatParams = {
        messages: turnsOf(messages),
        ...(typeof most === "number" ? { maxTokens: Math.max(1, Math.min(Math.floor(most), model.maxOutputTokens)) } : {}),
        partialResultToken: work,
      };
      try {
        await server.request<ChatResult>(CHAT, params, token);
      } finally {
        listening.dispose();
      }
    },
  };
  return vscode.Disposable.from(changed, following, lm.registerLanguageModelChatProvider(VENDOR, provider));
}

/** The model that would answer: one, or none. */
function modelsOf({ status, running }: Pick<Server, "status" | "running">): ModelInformation[] {
  const model = status?.model;
  if (!running || !model?.name || model.state === "failed" || !vscode.workspace.isTrusted) return [];
  const settings = vscode.workspace.getConfiguration("glossator");
  const most = settings.get<number>("maxAnswerTokens") ?? 1024;
  const context = model.contextTokens || settings.get<number>("contextTokens") || 8192;
  return [
    {
      id: model.name,
      name: model.name,
      family: model.name,
      version: "1",
      detail: "Glossator",
      tooltip: model.device ? vscode.l10n.t("{0}, on this machine ({1})", model.name, model.device) : vscode.l10n.t("{0}, on this machine", model.name),
      maxInputTokens: Math.max(context - most, 256),
      maxOutputTokens: most,
      isUserSelectable: true,
      capabilities: { toolCalling: false, imageInput: false },
    },
  ];
}

/** The text of a message; what is no text, such as a picture, is left out. */
function textOf({ content }: RequestMessage): string {
  return content.map((part) => (typeof (part as { value?: unknown } | null)?.value === "string" ? (part as { value: string }).value : "")).join("");
}

function turnsOf(messages: readonly RequestMessage[]): ChatTurn[] {
  return messages.map((message) => ({ role: ROLES[message.role] ?? "user", text: textOf(message) })).filter(({ text }) => text.trim() !== "");
}
