/** Conversations, kept per workspace. Knows nothing of VS Code but its Memento. */

import type { Conversation, Turn } from "./messages";
import type { SymbolUses } from "./protocol";
import { teamPlace } from "./teamplaces";

export interface Memory {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

const KEY = "conversations";
const HISTORY = "history";
/** Conversations and questions that are kept; the oldest go first. */
export const MAX_CONVERSATIONS = 50;
export const MAX_HISTORY = 100;
export const TITLE_LENGTH = 60;

let counter = 0;
const newId = (): string => `${Date.now().toString(36)}-${(counter++).toString(36)}`;

export class Conversations {
  private all: Conversation[];
  private past: string[];
  current: Conversation;

  constructor(private readonly memory: Memory) {
    this.all = memory.get<Conversation[]>(KEY, []);
    this.past = memory.get<string[]>(HISTORY, []);
    for (const conversation of this.all) {
      delete conversation.serverId; // the server that knew it is gone
      for (const turn of conversation.turns) {
        if (turn.state === "asking") turn.state = "stopped";
        if (turn.team?.searching) delete turn.team;
      }
    }
    this.current = this.all[0] ?? this.fresh();
  }

  private fresh(): Conversation {
    return { id: newId(), title: "", created: Date.now(), turns: [] };
  }

  /** The newest first, the empty one that is open left out. */
  get list(): readonly Conversation[] {
    return this.all;
  }

  get history(): readonly string[] {
    return this.past;
  }

  /** Begin a new conversation; an empty one is used again. */
  begin(): Conversation {
    if (this.current.turns.length > 0) this.current = this.fresh();
    return this.current;
  }

  open(id: string): Conversation {
    this.current = this.all.find((conversation) => conversation.id === id) ?? this.current;
    return this.current;
  }

  /** Add a turn to the open conversation. */
  add(turn: Omit<Turn, "id">): Turn {
    const added: Turn = { ...turn, id: newId() };
    if (!this.current.title) this.current.title = shorten(turn.question);
    this.current.turns.push(added);
    this.all = [this.current, ...this.all.filter((conversation) => conversation !== this.current)].slice(0, MAX_CONVERSATIONS);
    if (turn.kind === "ask") this.past = [turn.question, ...this.past.filter((question) => question !== turn.question)].slice(0, MAX_HISTORY);
    return added;
  }

  remove(id: string): void {
    this.all = this.all.filter((conversation) => conversation.id !== id);
    if (this.current.id === id) this.current = this.all[0] ?? this.fresh();
  }

  /** The server was started again: it knows none of the conversations. */
  forgetServer(): void {
    for (const conversation of this.all) delete conversation.serverId;
  }

  async save(): Promise<void> {
    await this.memory.update(KEY, this.all);
    await this.memory.update(HISTORY, this.past);
  }
}

export function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= TITLE_LENGTH ? line : `${line.slice(0, TITLE_LENGTH - 1)}…`;
}

/** A conversation as Markdown, its citations as a list of places below each answer. */
export function toMarkdown(conversation: Conversation, label: (uri: string) => string): string {
  const parts = [`# ${conversation.title || "Conversation"}`];
  for (const turn of conversation.turns) {
    parts.push(`## ${turn.question.replace(/\s+/g, " ")}`);
    if (turn.attachment) parts.push(`*About ${turn.attachment.symbol ? `\`${turn.attachment.symbol}\` in ` : ""}${turn.attachment.label}*`);
    if (turn.uses) parts.push(...turn.uses.map((uses) => usesMarkdown(uses, label)));
    else parts.push(turn.answer.trim() || (turn.error ? `*${turn.error}*` : "*No answer.*"));
    const citations = turn.result?.citations ?? [];
    if (citations.length > 0) {
      parts.push(
        citations
          .map((c) => `- [${c.number}] ${label(c.uri)}:${c.range.start.line + 1}-${c.range.end.line + 1}${c.qualifiedName ? ` \`${c.qualifiedName}\`` : ""}`)
          .join("\n"),
      );
    }
    const others = turn.team?.hits ?? [];
    if (others.length > 0) parts.push(["In the team's other repositories:", "", ...others.map((hit) => `- ${teamPlace(hit)}${hit.qualifiedName ? ` \`${hit.qualifiedName}\`` : ""}`)].join("\n"));
    if (turn.result?.model) parts.push(`*${turn.result.model}*`);
  }
  return `${parts.join("\n\n")}\n`;
}

function usesMarkdown({ symbol, uses }: SymbolUses, label: (uri: string) => string): string {
  const lines = uses.map((use) => `- ${label(use.uri)}:${use.range.start.line + 1} (${use.grade === "resolved" ? use.kind : "possible"}) \`${use.code.replaceAll("`", "'")}\``);
  return [`${symbol.kind} \`${symbol.qualifiedName}\` in ${label(symbol.uri)}:${symbol.range.start.line + 1}`, lines.join("\n") || "*No use was found.*"].join("\n\n");
}
