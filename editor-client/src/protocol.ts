/** The server's own messages: mirrored from server/glossator/lsp/protocol.py, described in docs/protocol.md. */

export interface Position {
  line: number;
  character: number;
}

export interface Range {
  start: Position;
  end: Position;
}

export interface Scope {
  include?: string[];
  exclude?: string[];
  languages?: string[];
}

export interface Place {
  uri: string;
  range: Range;
}

export interface AskParams {
  question: string;
  textDocument?: { uri: string };
  position?: Position;
  range?: Range;
  scope?: Scope;
  conversationId?: string;
  pinned?: Place[];
  removed?: Place[];
  indexOnly?: boolean;
  partialResultToken?: number | string;
  workDoneToken?: number | string;
}

export interface ExplainParams {
  textDocument: { uri: string };
  position: Position;
  indexOnly?: boolean;
  partialResultToken?: number | string;
  workDoneToken?: number | string;
}

export type ChatRole = "system" | "user" | "assistant";

export interface ChatTurn {
  role: ChatRole;
  text: string;
}

export interface ChatParams {
  messages: ChatTurn[];
  maxTokens?: number;
  partialResultToken?: number | string;
  workDoneToken?: number | string;
}

export interface ChatResult {
  text: string;
  model: string;
  finishReason: FinishReason;
  usage: Usage;
}

export interface Citation {
  number: number;
  uri: string;
  range: Range;
  qualifiedName: string;
  /** Hash of the commit that it is cited for; "" for code as it is. */
  commit: string;
}

export interface Evidence {
  number: number;
  uri: string;
  range: Range;
  qualifiedName: string;
  kind: string;
  why: string;
  tokens: number;
  commit: string;
}

export interface Usage {
  promptTokens: number;
  reusedTokens: number;
  completionTokens: number;
  timeToFirstTokenMs: number;
  tokensPerSecond: number;
}

export type FinishReason = "stop" | "length" | "evidence";

export interface AskResult {
  answer: string;
  citations: Citation[];
  evidence: Evidence[];
  model: string;
  finishReason: FinishReason;
  conversationId: string;
  usage: Usage;
  /** Sentences of `answer` that cite nothing: start and end, as JavaScript counts. */
  unsupported: number[][];
  /** All uses of the symbols that were asked for, if the question was about uses. */
  uses: SymbolUses[];
  /** The lines that each sentence rests on. */
  sources: SentenceSource[];
  /** Names in `answer` that occur nowhere in the code: start and end, as JavaScript counts. */
  unknown: number[][];
  /** Whether the evidence does not support most of what the model wrote: `answer` begins with the index's own. */
  weak: boolean;
  /** Where the index's own answer stands in `answer`, beside a model's: start and end, as JavaScript counts; or empty. */
  fromIndex: number[];
}

export interface SentenceSource {
  start: number;
  end: number;
  places: Citation[];
}

/** What was found, before the model is loaded or reads. */
export interface FoundProgress {
  kind: "found";
  places: Evidence[];
  answer: string;
}

/** What is to be read before all that was sent. */
export interface LeadProgress {
  kind: "lead";
  text: string;
}

export interface EvidenceProgress {
  kind: "evidence";
  evidence: Evidence[];
}

export interface DeltaProgress {
  kind: "delta";
  text: string;
}

export interface SearchParams {
  query: string;
  limit?: number;
  scope?: Scope;
  team?: boolean;
  workDoneToken?: number | string;
}

export interface SearchHit {
  uri: string;
  range: Range;
  kind: string;
  name: string;
  qualifiedName: string;
  score: number;
  why: string;
}

/** A hit in another repository of the team, whose files are not on this machine. */
export interface TeamHit {
  repository: string;
  commit: string;
  path: string;
  /** Counted from 1. */
  startLine: number;
  endLine: number;
  kind: string;
  name: string;
  qualifiedName: string;
  score: number;
  why: string;
}

export interface SearchResult {
  hits: SearchHit[];
  team: TeamHit[];
  problems: string[];
  uncollectedFiles: number;
}

export interface UsesParams {
  textDocument?: { uri: string };
  position?: Position;
  name?: string;
  kinds?: string[];
  depth?: number;
  enclosing?: boolean;
}

export interface SymbolPlace {
  uri: string;
  range: Range;
  kind: string;
  name: string;
  qualifiedName: string;
}

export interface UsePlace {
  uri: string;
  range: Range;
  kind: string;
  grade: string;
  symbol: string;
  test: boolean;
  code: string;
}

export interface SymbolCaller {
  symbol: SymbolPlace;
  depth: number;
  calls: string;
}

export interface SymbolUses {
  symbol: SymbolPlace;
  uses: UsePlace[];
  unreadFiles: number;
  unused: boolean;
  callers: SymbolCaller[];
}

export interface UsesResult {
  symbols: SymbolUses[];
}

export interface SkippedFile {
  uri: string;
  reason: string;
}

export type IndexState = "indexing" | "ready" | "failed";
export type ModelState = "none" | "loading" | "ready" | "busy" | "failed" | "stopping";

export interface IndexStatus {
  state: IndexState;
  files: number;
  symbols: number;
  pending: number;
  skipped: number;
}

export interface ModelStatus {
  state: ModelState;
  name: string;
  device: string;
  contextTokens: number;
  reason: string;
}

/** How far the download of a team's index is; `totalBytes` is 0 while that is not known. */
export interface Download {
  doneBytes: number;
  totalBytes: number;
}

/** What was done with the team's index for a folder that had none. */
export interface TeamStart {
  mounted: boolean;
  repository: string;
  commit: string;
  reason: string;
}

export interface RootStatus {
  uri: string;
  state: IndexState;
  files: number;
  symbols: number;
  pending: number;
  watching: string;
  skipped: SkippedFile[];
  message: string;
  updates: number;
  lines: number;
  sizeBytes: number;
  indexFolder: string;
  skippedFiles: number;
  uncollectedFiles: number;
  download: Download | null;
  team: TeamStart | null;
}

export interface StatusResult {
  index: IndexStatus;
  model: ModelStatus;
  roots: RootStatus[];
  /** Whether the user has set a team: its other repositories can be searched. */
  team: boolean;
}

export interface ReindexParams {
  root?: string;
}

export interface RebuildParams {
  root?: string;
}

export interface ForgetParams {
  root?: string;
}

export interface PrepareParams {
  textDocument?: { uri: string };
}

export type AdaptWork = "retriever" | "data" | "forecast" | "model";
export type AdaptState = "running" | "done" | "refused" | "failed" | "stopped" | "interrupted";
export type AdaptKind = "retriever" | "model";
export type AdaptAction = "use" | "undo" | "remove";

export interface AdaptParams {
  root?: string;
  follow?: boolean;
}

export interface AdaptStartParams {
  work: AdaptWork;
  root?: string;
  base?: string;
  minutes?: number;
}

export interface AdaptStopParams {
  root?: string;
}

export interface AdaptChooseParams {
  action: AdaptAction;
  root?: string;
  name?: string;
  kind?: AdaptKind;
}

export interface AdaptExamplesParams {
  root?: string;
  part?: string;
  kind?: string;
  offset?: number;
  limit?: number;
}

export interface AdaptReportParams {
  root?: string;
  name?: string;
}

export interface AdaptForecast {
  seconds: number;
  mostSeconds: number;
  memoryBytes: number;
  steps: number;
  minutes: number;
}

export interface AdaptLoss {
  step: number;
  loss: number;
}

export interface AdaptRun {
  work: AdaptWork;
  base: string;
  state: AdaptState;
  started: string;
  seconds: number;
  stage: string;
  done: number;
  secondsLeft: number;
  step: number;
  steps: number;
  loss: number | null;
  validation: number | null;
  memoryBytes: number;
  losses: AdaptLoss[];
  forecast: AdaptForecast | null;
  minutes: number;
  message: string;
  name: string;
  reported: boolean;
  resumable: boolean;
}

export interface AdaptFigure {
  name: string;
  before: number | null;
  after: number | null;
  gain: number | null;
  low: number | null;
  high: number | null;
  count: number;
}

export interface AdaptItem {
  name: string;
  kind: AdaptKind;
  made: string;
  base: string;
  summary: string;
  inUse: boolean;
  sizeBytes: number;
  unusable: string;
  figures: AdaptFigure[];
}

export interface AdaptCount {
  part: string;
  kind: string;
  count: number;
}

export interface AdaptReason {
  reason: string;
  count: number;
}

export interface AdaptData {
  folder: string;
  examplesFile: string;
  leftOutFile: string;
  made: string;
  counts: AdaptCount[];
  leftOut: number;
  reasons: AdaptReason[];
  problem: string;
}

export interface AdaptBase {
  name: string;
  sizeBytes: number;
  inUse: boolean;
  refused: string;
  memoryBytes: number;
  forecast: AdaptForecast | null;
}

export interface AdaptResult {
  root: string;
  changes: number;
  blocked: string;
  run: AdaptRun | null;
  retriever: AdaptForecast;
  items: AdaptItem[];
  undoable: string[];
  data: AdaptData | null;
  bases: AdaptBase[];
  missing: string[];
  install: string;
}

export interface AdaptPiece {
  path: string;
  startLine: number;
  endLine: number;
  text: string;
}

export interface AdaptExample {
  kind: string;
  part: string;
  heldBy: string;
  question: string;
  answer: string;
  reason: string;
  path: string;
  name: string;
  line: number;
  evidence: AdaptPiece[];
}

export interface AdaptExamplesResult {
  total: number;
  examples: AdaptExample[];
}

export interface AdaptAnswer {
  kind: string;
  path: string;
  question: string;
  reference: string;
  before: string;
  after: string;
}

export interface AdaptReportResult {
  kind: AdaptKind;
  name: string;
  reasons: string[];
  figures: AdaptFigure[];
  answers: AdaptAnswer[];
  facts: string[];
}

export interface AdaptChanged {
  root: string;
  changes: number;
  run: AdaptRun | null;
}

export const ASK = "glossator/ask";
export const EXPLAIN = "glossator/explain";
export const SEARCH = "glossator/search";
export const STATUS = "glossator/status";
export const REINDEX = "glossator/reindex";
export const PREPARE = "glossator/prepare";
export const REBUILD = "glossator/rebuild";
export const FORGET = "glossator/forget";
export const CHAT = "glossator/chat";
export const USES = "glossator/uses";
export const STATUS_CHANGED = "glossator/statusChanged";
export const ADAPT = "glossator/adapt";
export const ADAPT_START = "glossator/adaptStart";
export const ADAPT_STOP = "glossator/adaptStop";
export const ADAPT_CHOOSE = "glossator/adaptChoose";
export const ADAPT_EXAMPLES = "glossator/adaptExamples";
export const ADAPT_REPORT = "glossator/adaptReport";
export const ADAPT_CHANGED = "glossator/adaptChanged";
