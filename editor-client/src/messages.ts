/** What the extension and its panel say to each other, and the state that both know. */

import type { AdaptAction, AdaptExamplesResult, AdaptKind, AdaptReportResult, AdaptResult, AdaptRun, AdaptWork, AskResult, Evidence, FoundProgress, Place, Range, StatusResult, SymbolUses, TeamHit } from "./protocol";

export type ScopeKind = "symbol" | "file" | "folder" | "workspace" | "team";

/** Where a question came from: shown as an attachment, sent with the question. */
export interface Attachment {
  uri: string;
  /** The path relative to its workspace folder. */
  label: string;
  /** The symbol's or selection's lines, 1-based; absent for a whole file. */
  startLine?: number;
  endLine?: number;
  /** 0-based. */
  position: { line: number; character: number };
  symbol?: string;
  /** The symbol is one that a question may be about: it is defined or called there. */
  subject?: boolean;
  selection: boolean;
}

export type MentionKind = "file" | "folder" | "symbol" | "selection";

/** What a question mentions, or may mention. */
export interface Mention {
  kind: MentionKind;
  label: string;
  /** Where it is, for people. */
  detail: string;
  uri?: string;
  /** The name of a symbol. */
  range?: Range;
  /** How it stands in the question. */
  token?: string;
}

/** A place that a pasted trace names: offsets in the text, and what they lead to. */
export interface TraceFrame {
  start: number;
  end: number;
  place: Place;
}

/** What the team's other repositories have on a question. */
export interface TeamFound {
  hits: TeamHit[];
  /** What could not be searched, and why. */
  problems: string[];
  /** What is going on, in words, while they are searched. */
  searching?: string;
}

export interface Turn {
  id: string;
  question: string;
  kind: "ask" | "explain" | "uses";
  scope: ScopeKind;
  attachment?: Attachment;
  state: "asking" | "done" | "stopped" | "failed";
  /** What the server is doing, in words, while there is no text yet. */
  stage?: string;
  answer: string;
  /** What the index itself says, until there is a result; its numbers are those of its own places. */
  found?: Pick<FoundProgress, "answer" | "places">;
  evidence: Evidence[];
  result?: Omit<AskResult, "answer" | "evidence">;
  /** What a turn of the kind "uses" has found. */
  uses?: SymbolUses[];
  /** What was found in the scope "team", beside the answer about the workspace. */
  team?: TeamFound;
  error?: string;
  pinned: Place[];
  removed: Place[];
  mentions?: Mention[];
  /** Frames of a trace in the question. */
  frames?: TraceFrame[];
}

export interface Conversation {
  id: string;
  /** The server's id; it forgets conversations when it restarts. */
  serverId?: string;
  title: string;
  created: number;
  turns: Turn[];
}

export type ServerState =
  | { kind: "starting"; message: string }
  | { kind: "running" }
  | { kind: "restarting"; message: string }
  | { kind: "stopped"; message: string; fix: "python" | "network" | "log" | "trust" | "folder" | "off" };

/** How far indexing is, in files. */
export interface Indexing {
  done: number;
  total: number;
}

export interface PanelState {
  server: ServerState;
  status?: StatusResult;
  indexing?: Indexing;
  conversation: Conversation;
  conversations: number;
  attachment?: Attachment;
  scope: ScopeKind;
  trusted: boolean;
  history: string[];
}

export type ToPanel =
  | { type: "state"; state: PanelState }
  | { type: "delta"; turn: string; text: string }
  | { type: "found"; turn: string; found: NonNullable<Turn["found"]> }
  | { type: "evidence"; turn: string; evidence: Evidence[] }
  | { type: "stage"; turn: string; stage: string }
  | { type: "turn"; turn: Turn }
  | { type: "team"; turn: string; team: TeamFound }
  | { type: "peek"; request: number; text: string; language: string; label: string }
  | { type: "completions"; request: number; items: Mention[] }
  | { type: "mention"; mentions: Mention[] }
  | { type: "traced"; request: number; frames: TraceFrame[] }
  | { type: "frames"; turn: string; frames: TraceFrame[] }
  | { type: "focus"; question?: string };

export type Action =
  | "chooseModel"
  | "showLog"
  | "restart"
  | "reindexNow"
  | "manageTrust"
  | "openFolder"
  | "setPython"
  | "setEndpoint"
  | "walkthrough"
  | "turnOn"
  | "conversations";

export type FromPanel =
  | { type: "ready" }
  | { type: "ask"; question: string; pinned: Place[]; removed: Place[]; mentions?: Mention[] }
  | { type: "complete"; request: number; kinds: MentionKind[]; query: string }
  | { type: "drop"; uris: string[] }
  | { type: "trace"; request: number; text: string }
  | { type: "again"; turn: string; pinned: Place[]; removed: Place[] }
  | { type: "composing" }
  | { type: "stop" }
  | { type: "scope"; scope: ScopeKind }
  | { type: "detach" }
  | { type: "open"; place: Place }
  | { type: "peek"; request: number; place: Place }
  | { type: "tree"; place: Place }
  | { type: "copy"; text: string }
  | { type: "insert"; text: string }
  | { type: "action"; action: Action };

/** What the page "Adapt to this project" shows. */
export interface AdaptPageState {
  server: ServerState;
  trusted: boolean;
  /** The folders of the workspace, and the one that the page is about. */
  roots: { uri: string; name: string }[];
  root: string;
  /** What the server knows; absent until it has told. */
  result?: AdaptResult;
  /** Why it could not tell. */
  error?: string;
}

export type ToAdaptPage =
  | { type: "adapt"; state: AdaptPageState }
  | { type: "run"; run: AdaptRun | null }
  | { type: "examples"; request: number; result?: AdaptExamplesResult; error?: string }
  | { type: "report"; name: string; result?: AdaptReportResult; error?: string }
  /** Something that the user asked for was refused; "" when something else was begun since. */
  | { type: "refused"; message: string };

export type FromAdaptPage =
  | { type: "ready" }
  | { type: "root"; root: string }
  | { type: "start"; work: AdaptWork; base?: string; minutes?: number }
  | { type: "stop" }
  | { type: "choose"; action: AdaptAction; name?: string; kind?: AdaptKind }
  | { type: "examples"; request: number; part?: string; kind?: string; offset: number }
  /** That of an adaptation, or with "" of the last run. */
  | { type: "report"; name: string }
  | { type: "file"; which: "examples" | "leftOut"; line?: number }
  | { type: "source"; path: string; line: number }
  | { type: "copy"; text: string }
  | { type: "terminal" }
  | { type: "refresh" }
  | { type: "action"; action: "manageTrust" | "showLog" | "turnOn" | "chooseModel" };

/** Whether something that came from the panel is a message that it may send. */
export function isFromPanel(value: unknown): value is FromPanel {
  return typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";
}
