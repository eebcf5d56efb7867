/** The panel: shows the state that the extension sends, and sends back what the user does. No framework: the DOM is small. */

import type { Evidence, Place } from "../protocol";
import type { Attachment, FromPanel, PanelState, ScopeKind, ToPanel, TraceFrame, Turn } from "../messages";
import { sentence } from "../sentences";
import { Composer, frameLink } from "./composer";
import { button, el, icon, replace } from "./dom";
import { t } from "./l10n";
import { StreamedMarkdown, highlighted, renderMarkdown, type Chip } from "./markdown";
import { banner, emptyView } from "./states";
import { teamList } from "./teamlist";
import { countPlaces, usesList } from "./uses";

interface Api {
  postMessage(message: FromPanel): void;
  getState(): { draft?: string } | undefined;
  setState(state: { draft?: string }): void;
}
declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();
const app = document.getElementById("app");
if (!app) throw new Error("the page has no #app");

const SCOPES: [ScopeKind, string][] = [
  ["symbol", t("This symbol")],
  ["file", t("This file")],
  ["folder", t("This folder")],
  ["workspace", t("Whole workspace")],
  ["team", t("Team's repositories too")],
];

let state: PanelState | undefined;
let historyAt = -1;
let draft = api.getState()?.draft ?? "";
let peekRequest = 0;
const views = new Map<string, TurnView>();
/** Evidence that the user has pinned or removed for the next question. */
const pinned = new Map<string, Place>();
const removed = new Map<string, Place>();

const keyOf = (place: Place): string => `${place.uri}#${place.range.start.line}-${place.range.end.line}`;
const send = (message: FromPanel): void => api.postMessage(message);
/** The lines of a selection, as they are written behind a path. */
const linesOf = ({ startLine: first, endLine: last }: Attachment): string =>
  first === undefined ? "" : last === undefined || last === first ? `:${first}` : `:${first}-${last}`;
const fileName = (uri: string): string => decodeURIComponent(uri.split("/").at(-1) ?? uri);

// The page's fixed parts

const status = el("div", { class: "banner", role: "status", "aria-live": "polite" });
const log = el("div", { class: "turns", role: "log", "aria-label": t("Questions and answers"), "aria-live": "off", tabindex: "0" });
const announcer = el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
const input = el("textarea", { class: "input", rows: "1", "aria-label": t("Ask about the code"), placeholder: t("Ask about the code") });
const attachment = el("div", { class: "attachment" });
const scope = el("select", { class: "scope", "aria-label": t("Scope") });
for (const [value, label] of SCOPES) scope.append(el("option", { value }, label));
const submit = button("send", t("Ask"), () => (answering() ? send({ type: "stop" }) : ask()));
submit.classList.add("submit");
const composer = el("form", { class: "composer", "aria-label": t("Ask") }, attachment, input, el("div", { class: "bar" }, scope, submit));
const mentioning = new Composer({
  input,
  target: composer,
  send,
  announce: (text) => (announcer.textContent = text),
  hasSelection: () => state?.attachment?.selection ?? false,
  changed: () => input.dispatchEvent(new Event("input", { bubbles: true })),
});
composer.prepend(mentioning.list, mentioning.frames);
const popover = el("div", { class: "peek", role: "tooltip", id: "peek", hidden: "" });
app.append(status, log, composer, announcer, popover);

input.value = draft;
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
input.addEventListener("focus", () => send({ type: "composing" }));
input.addEventListener("input", () => {
  draft = input.value;
  historyAt = -1;
  api.setState({ draft });
  grow();
});
input.addEventListener("keydown", (event) => {
  if (mentioning.key(event)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    // A question stops the answer that is being written; without one there is nothing to do.
    if (input.value.trim()) ask();
  } else if (event.key === "Escape" && answering()) {
    event.preventDefault();
    send({ type: "stop" });
  } else if (event.key === "ArrowUp" && input.selectionStart === 0) recall(event, 1);
  else if (event.key === "ArrowDown" && input.selectionStart === input.value.length) recall(event, -1);
});
scope.addEventListener("change", () => send({ type: "scope", scope: scope.value as ScopeKind }));

function grow(): void {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
}

function recall(event: KeyboardEvent, step: number): void {
  const history = state?.history ?? [];
  const next = historyAt + step;
  if (next < -1 || next >= history.length) return;
  event.preventDefault();
  historyAt = next;
  input.value = next === -1 ? draft : (history[next] ?? "");
  grow();
}

function answering(): boolean {
  return state?.conversation.turns.some((turn) => turn.state === "asking") ?? false;
}

function ask(): void {
  if (!state || state.server.kind === "stopped") return;
  const question = input.value.trim();
  if (!question) return;
  const mentions = mentioning.mentioned();
  send({ type: "ask", question, pinned: [...pinned.values()], removed: [...removed.values()], ...(mentions.length > 0 ? { mentions } : {}) });
  mentioning.reset();
  input.value = draft = "";
  historyAt = -1;
  api.setState({ draft });
  grow();
}

// Turns

class TurnView {
  readonly root = el("article", { class: "turn" });
  private readonly heading = el("h2", { class: "question" });
  private readonly body = el("div", { class: "answer" });
  /** The index's own answer: open and first while a model reads and writes below it, folded below what it wrote. */
  private readonly own = el("details", { class: "from-index" });
  private readonly ownText = el("div", { class: "answer", tabindex: "0" });
  private ownShown = "";
  private readonly stage = el("div", { class: "stage" });
  private readonly evidence = el("details", { class: "evidence" });
  private readonly uses = el("div", { class: "uses-part" });
  private readonly team = el("div", { class: "team-part" });
  private readonly foot = el("div", { class: "foot" });
  private readonly markdown: StreamedMarkdown;
  private deltas = 0;

  constructor(private turn: Turn) {
    this.heading.append(...renderInline(turn.question));
    if (turn.frames) this.frames(turn.frames);
    this.root.append(this.heading);
    if (turn.attachment) {
      const lines = linesOf(turn.attachment);
      const label = turn.attachment.symbol ? `${turn.attachment.symbol} · ${turn.attachment.label}` : `${turn.attachment.label}${lines}`;
      this.root.append(el("div", { class: "about" }, icon("link"), label));
    }
    this.own.append(el("summary", {}, t("From the index")), this.ownText);
    this.root.append(this.stage, this.body, this.own, this.uses, this.team, this.foot, this.evidence);
    this.markdown = new StreamedMarkdown(this.body, (number) => this.chip(number), codeActions);
    this.evidence.addEventListener("toggle", () => this.showEvidence());
    this.show(turn);
  }

  private chip(number: number, places = this.turn.evidence): Chip | undefined {
    const place = this.turn.result?.citations.find((c) => c.number === number) ?? places.find((e) => e.number === number);
    if (!place) return undefined;
    const label = `${fileName(place.uri)}:${place.range.start.line + 1}${place.qualifiedName ? `, ${place.qualifiedName}` : ""}`;
    return { label, open: () => send({ type: "open", place: { uri: place.uri, range: place.range } }), place: { uri: place.uri, range: place.range } };
  }

  /** Show a turn as it is now. */
  show(turn: Turn): void {
    this.turn = turn;
    this.root.setAttribute("aria-busy", String(turn.state === "asking"));
    this.setStage(turn.state === "asking" && !turn.answer ? (turn.stage ?? t("searching")) : "");
    const [words, own] = apart(turn);
    this.markdown.set(words, turn.state !== "asking");
    this.showOwn(own, turn.state === "asking");
    replace(this.uses, ...this.places());
    this.showTeam(turn.team);
    replace(this.foot, ...this.footer());
    this.setEvidence(turn.evidence);
  }

  /** Show the index's own answer beside a model's; "" for none. */
  private showOwn(text: string, open: boolean): void {
    this.own.hidden = !text;
    // What is being written stays at the end, where it is followed.
    const next = this.turn.state === "done" ? this.uses : this.stage;
    if (this.own.nextSibling !== next) this.root.insertBefore(this.own, next);
    if (this.own.open !== open && this.ownShown !== text) this.own.open = open;
    if (this.ownShown !== text || !open) {
      this.ownShown = text;
      const places = this.turn.result ? undefined : this.turn.found?.places;
      renderMarkdown(this.ownText, text, (number) => this.chip(number, places), codeActions);
    }
  }

  /** Show a trace as it was pasted, its frames as links. */
  frames(frames: TraceFrame[]): void {
    if (frames.length === 0) return;
    const text = this.turn.question;
    const parts: (Node | string)[] = [];
    let at = 0;
    for (const { start, end, place } of frames) {
      parts.push(text.slice(at, start), frameLink(place, text.slice(start, end), (to) => send({ type: "open", place: to })));
      at = end;
    }
    const trace = el("div", { class: "trace", tabindex: "0" }, ...parts, text.slice(at));
    replace(this.heading, trace);
  }

  /** Show what the index says at once, before a model has read anything. */
  found(found: NonNullable<Turn["found"]>): void {
    this.turn.found = found;
    this.showOwn(found.answer, true);
  }

  /** The places that use what was asked about: all there is to say, or below an answer in words. */
  private places(): Node[] {
    const actions = { open: (place: Place) => send({ type: "open", place }), peek: attachPeek, tree: (place: Place) => send({ type: "tree", place }) };
    if (this.turn.uses) return [usesList(this.turn.uses, actions)];
    // Conversations that were kept by an earlier version know nothing of it.
    const found = (this.turn.result as Partial<NonNullable<Turn["result"]>> | undefined)?.uses ?? [];
    if (found.length === 0) return [];
    return [el("details", { class: "all-uses" }, el("summary", {}, t("All places ({0})", countPlaces(found))), usesList(found, actions))];
  }

  /** What the team's other repositories have, where they were searched too. */
  showTeam(team: Turn["team"]): void {
    this.turn.team = team;
    replace(this.team, ...(team ? [teamList(team, (text) => send({ type: "copy", text }))] : []));
  }

  /** Keep the end in view; of an answer that comes at once, the beginning. */
  follow(): void {
    if (this.deltas > 1) log.scrollTop = log.scrollHeight;
    else this.root.scrollIntoView({ block: "start" });
  }

  delta(text: string): void {
    this.deltas += 1;
    this.turn.answer += text;
    this.setStage("");
    this.markdown.append(text);
  }

  setStage(stage: string): void {
    if (stage) replace(this.stage, icon("loading~spin"), ` ${stage.charAt(0).toUpperCase()}${stage.slice(1)}…`);
    else replace(this.stage);
  }

  setEvidence(evidence: Evidence[]): void {
    this.turn.evidence = evidence;
    this.evidence.hidden = evidence.length === 0;
    const summary = this.evidence.querySelector("summary") ?? this.evidence.appendChild(el("summary"));
    replace(summary, t("Sources ({0})", evidence.length));
    this.showEvidence();
  }

  private showEvidence(): void {
    this.evidence.querySelector("ul")?.remove();
    this.evidence.querySelector(".again")?.remove();
    if (!this.evidence.open) return;
    const list = el("ul");
    for (const item of this.turn.evidence) {
      const place = { uri: item.uri, range: item.range };
      const key = keyOf(place);
      const name = item.qualifiedName || fileName(item.uri);
      const open = el("button", { class: "place", type: "button" }, `[${item.number}] ${name}`, el("span", { class: "where" }, `${fileName(item.uri)}:${item.range.start.line + 1}`));
      open.addEventListener("click", () => send({ type: "open", place }));
      attachPeek(open, place);
      const pin = button("pinned", t("Pin {0} for the next question", name), () => toggle(pinned, removed, key, place, pin, drop));
      const drop = button("close", t("Exclude {0} from the next question", name), () => toggle(removed, pinned, key, place, drop, pin));
      pin.setAttribute("aria-pressed", String(pinned.has(key)));
      drop.setAttribute("aria-pressed", String(removed.has(key)));
      const row = el("li", { class: removed.has(key) ? "removed" : "" }, el("div", { class: "row" }, open, pin, drop), el("div", { class: "why" }, item.why));
      list.append(row);
    }
    this.evidence.append(list);
    if (this.turn.state !== "asking") {
      const again = el("button", { class: "again link", type: "button" }, t("Ask again with these sources"));
      again.addEventListener("click", () => send({ type: "again", turn: this.turn.id, pinned: [...pinned.values()], removed: [...removed.values()] }));
      this.evidence.append(again);
    }
  }

  /** A link that asks the same once more. */
  private again(label: string): HTMLElement {
    const { id, pinned, removed } = this.turn;
    const link = el("button", { class: "link", type: "button" }, label);
    link.addEventListener("click", () => send({ type: "again", turn: id, pinned, removed }));
    return link;
  }

  private footer(): Node[] {
    const turn = this.turn;
    if (turn.state === "failed") {
      return [el("div", { class: "error", role: "alert" }, icon("error"), ` ${sentence(turn.error ?? t("The request failed."))} `, this.again(t("Try again")))];
    }
    if (turn.state === "stopped") return [el("div", { class: "note" }, icon("debug-stop"), ` ${t("Stopped.")} `, this.again(t("Ask again")))];
    if (turn.state !== "done" || !turn.result) return [];
    const { model, finishReason, usage } = turn.result;
    if (finishReason === "evidence") {
      if (!state?.trusted || state.status?.model.name) return [];
      const choose = el("button", { class: "link", type: "button" }, t("Choose a model"));
      choose.addEventListener("click", () => send({ type: "action", action: "chooseModel" }));
      return [el("div", { class: "note" }, choose)];
    }
    const parts = [model];
    if (usage.tokensPerSecond > 0) parts.push(t("{0} tokens, {1}/s", usage.completionTokens, usage.tokensPerSecond.toFixed(1)));
    // Conversations that were kept by an earlier version know nothing of it.
    const unsupported = (turn.result as Partial<typeof turn.result>).unsupported?.length ?? 0;
    if (turn.result.weak) parts.push(t("the code found does not support most of it"));
    else if (unsupported > 0) parts.push(unsupported === 1 ? t("1 sentence without a source") : t("{0} sentences without a source", unsupported));
    const unknown = (turn.result as Partial<typeof turn.result>).unknown ?? [];
    const names = new Set(unknown.map(([start, end]) => turn.answer.slice(start, end)));
    if (names.size > 0) parts.push(t("not in the code: {0}", [...names].join(", ")));
    if (finishReason === "length") parts.push(t("cut off at the token limit"));
    return [el("div", { class: "note" }, parts.join(" · "))];
  }
}

/** A turn's answer, and the index's own, where that stands beside a model's. */
function apart(turn: Turn): [words: string, own: string] {
  // Conversations that were kept by an earlier version know nothing of it.
  const [start, end] = (turn.result as Partial<NonNullable<Turn["result"]>> | undefined)?.fromIndex ?? [];
  const found = turn.found?.answer ?? "";
  // Where the code hardly answers a question, the answer itself begins with the index's own.
  const leads = found !== "" && turn.answer.startsWith(found.split("\n", 1)[0] ?? "");
  if (turn.state !== "done") return [turn.answer, leads ? "" : found];
  // Before a model's words, it is what is to be read first.
  if (!start || turn.result?.weak) return [turn.answer, ""];
  return [turn.answer.slice(0, start).replace(/\n*---\n+[^\n]*\n*$/, ""), turn.answer.slice(start, end)];
}

function toggle(on: Map<string, Place>, off: Map<string, Place>, key: string, place: Place, pressed: HTMLElement, other: HTMLElement): void {
  if (on.has(key)) on.delete(key);
  else on.set(key, place);
  off.delete(key);
  pressed.setAttribute("aria-pressed", String(on.has(key)));
  other.setAttribute("aria-pressed", "false");
  pressed.closest("li")?.classList.toggle("removed", removed.has(key));
}

function codeActions(code: string): HTMLElement {
  return el(
    "div",
    { class: "code-actions" },
    button("copy", t("Copy this code"), () => send({ type: "copy", text: code })),
    button("insert", t("Insert this code at the cursor"), () => send({ type: "insert", text: code })),
  );
}

function renderInline(text: string): Node[] {
  const holder = el("div");
  renderMarkdown(holder, text.replace(/\n/g, "  \n"), () => undefined, () => el("span"));
  const paragraph = holder.querySelector("p");
  return [...(paragraph ?? holder).childNodes];
}

// Code on hover

const peeks = new Map<number, (text: string, language: string, label: string) => void>();
let peekTimer: ReturnType<typeof setTimeout> | undefined;

export function attachPeek(target: HTMLElement, place: Place): void {
  const show = (): void => {
    clearTimeout(peekTimer);
    peekTimer = setTimeout(() => {
      const request = ++peekRequest;
      peeks.clear();
      peeks.set(request, (text, language, label) => {
        replace(popover, el("div", { class: "peek-label" }, label), highlighted(text, language));
        popover.hidden = false;
        const box = target.getBoundingClientRect();
        const top = box.bottom + popover.offsetHeight + 8 > window.innerHeight ? Math.max(4, box.top - popover.offsetHeight - 4) : box.bottom + 4;
        popover.style.top = `${top}px`;
      });
      send({ type: "peek", request, place });
    }, 250);
  };
  const hide = (): void => {
    clearTimeout(peekTimer);
    peeks.clear();
    popover.hidden = true;
  };
  target.setAttribute("aria-describedby", "peek");
  target.addEventListener("mouseenter", show);
  target.addEventListener("focus", show);
  target.addEventListener("mouseleave", hide);
  target.addEventListener("blur", hide);
}
document.addEventListener("chip", (event) => {
  const { target, place } = (event as CustomEvent<{ target: HTMLElement; place: Place }>).detail;
  attachPeek(target, place);
});

// The state

function update(next: PanelState): void {
  const changed = state?.conversation.id !== next.conversation.id;
  state = next;
  if (changed) {
    views.clear();
    pinned.clear();
    removed.clear();
    replace(log);
  }
  banner(status, next, (action) => send({ type: "action", action }));
  const empty = log.querySelector(".empty");
  if (next.conversation.turns.length === 0) {
    const view = emptyView(next, (action) => send({ type: "action", action }), (question) => {
      input.value = draft = question;
      ask();
    });
    if (empty) empty.replaceWith(view);
    else log.append(view);
  } else empty?.remove();
  for (const turn of next.conversation.turns) {
    const view = views.get(turn.id);
    if (!view) add(turn);
    else if (turn.state !== "asking") view.show(turn);
  }
  for (const [id, view] of views) {
    if (!next.conversation.turns.some((turn) => turn.id === id)) {
      view.root.remove();
      views.delete(id);
    }
  }
  const about = next.attachment;
  if (about) {
    const lines = linesOf(about);
    const text = about.symbol && next.scope === "symbol" ? `${about.symbol} · ${about.label}` : `${about.label}${lines}`;
    const detach = button("close", t("Remove the attachment"), () => send({ type: "detach" }));
    replace(attachment, icon(about.selection ? "list-selection" : "file-code"), el("span", { class: "attachment-label", title: text }, text), detach);
    attachment.hidden = !(about.selection || (next.scope !== "workspace" && next.scope !== "team"));
  } else attachment.hidden = true;
  const option = scope.querySelector<HTMLOptionElement>('option[value="team"]');
  option?.toggleAttribute("hidden", !next.status?.team);
  option?.toggleAttribute("disabled", !next.status?.team);
  scope.value = next.scope;
  const busy = answering();
  replace(submit, icon(busy ? "debug-stop" : "send"));
  submit.setAttribute("aria-label", busy ? t("Stop") : t("Ask"));
  submit.title = busy ? t("Stop (Esc)") : t("Ask (Enter)");
  submit.toggleAttribute("disabled", next.server.kind === "stopped" && !busy);
}

function add(turn: Turn): void {
  const view = new TurnView(turn);
  views.set(turn.id, view);
  log.append(view.root);
  view.root.scrollIntoView({ block: "start" });
}

/** Follow the answer while its end is in view. */
function following(): boolean {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 48;
}

// What is at the end stays in view when the banner comes or goes.
let atEnd = true;
log.addEventListener("scroll", () => (atEnd = following()));
new ResizeObserver(() => {
  if (atEnd) log.scrollTop = log.scrollHeight;
}).observe(log);

let announced = 0;

window.addEventListener("message", (event: MessageEvent<ToPanel>) => {
  const message = event.data;
  switch (message.type) {
    case "state":
      update(message.state);
      return;
    case "delta": {
      const follow = following();
      const view = views.get(message.turn);
      view?.delta(message.text);
      if (follow) requestAnimationFrame(() => view?.follow());
      // Screen readers get an announcement now and then, not every token.
      announced += message.text.length;
      if (announced > 200) {
        announced = 0;
        announcer.textContent = t("Answering");
      }
      return;
    }
    case "found": {
      const follow = following();
      views.get(message.turn)?.found(message.found);
      if (follow) log.scrollTop = log.scrollHeight;
      return;
    }
    case "evidence":
      views.get(message.turn)?.setEvidence(message.evidence);
      return;
    case "stage":
      views.get(message.turn)?.setStage(message.stage);
      return;
    case "team": {
      const follow = following();
      views.get(message.turn)?.showTeam(message.team);
      if (follow) log.scrollTop = log.scrollHeight;
      if (!message.team.searching) announcer.textContent = t("{0} places found in the team's other repositories", message.team.hits.length);
      return;
    }
    case "turn": {
      const turn = message.turn;
      const own = state?.conversation.turns.find((candidate) => candidate.id === turn.id);
      if (own) Object.assign(own, turn);
      const follow = following();
      const view = views.get(turn.id);
      view?.show(turn);
      if (follow) view?.follow();
      announced = 0;
      announcer.textContent = turn.state === "done" ? turn.uses ? t("{0} places found", countPlaces(turn.uses)) : t("Answer: {0}", turn.answer.replace(/[`*_#]/g, "").slice(0, 600)) : turn.state === "failed" ? t("Failed: {0}", turn.error ?? "") : t("Stopped");
      return;
    }
    case "peek":
      peeks.get(message.request)?.(message.text, message.language, message.label);
      return;
    case "completions":
      mentioning.complete(message.request, message.items);
      return;
    case "mention":
      mentioning.mention(message.mentions);
      return;
    case "traced":
      mentioning.traced(message.request, message.frames);
      return;
    case "frames":
      views.get(message.turn)?.frames(message.frames);
      return;
    case "focus":
      if (message.question !== undefined) input.value = message.question;
      input.focus();
      return;
  }
});

grow();
send({ type: "ready" });
