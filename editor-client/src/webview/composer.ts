/** The question box: completion of what is mentioned with `@` and `#`, files that are dropped, and traces that are pasted. */

import type { FromPanel, Mention, MentionKind, TraceFrame } from "../messages";
import type { Place } from "../protocol";
import { el, icon, replace } from "./dom";
import { t } from "./l10n";

/** Milliseconds without a further key after which completions are asked for. */
const DELAY = 80;
const KINDS: MentionKind[] = ["file", "symbol", "folder"];
const ICONS: Record<MentionKind, string> = { file: "file-code", folder: "folder", symbol: "symbol-method", selection: "list-selection" };

export interface ComposerParts {
  input: HTMLTextAreaElement;
  /** What may be dropped into. */
  target: HTMLElement;
  send: (message: FromPanel) => void;
  announce: (text: string) => void;
  /** Whether lines are selected in the editor. */
  hasSelection: () => boolean;
  /** The text of the box was changed here. */
  changed: () => void;
}

export class Composer {
  readonly list = el("ul", { class: "suggestions-list", role: "listbox", id: "suggestions", "aria-label": t("Files, symbols and folders"), hidden: "" });
  readonly frames = el("div", { class: "frames", role: "group", "aria-label": t("Places in the pasted trace"), hidden: "" });
  private items: Mention[] = [];
  private active = 0;
  private request = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private mentions: Mention[] = [];

  constructor(private readonly parts: ComposerParts) {
    const { input, target } = parts;
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-haspopup", "listbox");
    input.setAttribute("aria-controls", "suggestions");
    input.addEventListener("input", () => this.typed());
    input.addEventListener("click", () => this.typed());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text.trim().includes("\n")) this.pasted();
    });
    // In VS Code, files are dropped into a view with the Shift key held.
    target.addEventListener("dragover", (event) => {
      event.preventDefault();
      target.classList.add("dropping");
    });
    target.addEventListener("dragleave", () => target.classList.remove("dropping"));
    target.addEventListener("drop", (event) => {
      target.classList.remove("dropping");
      const uris = urisOf(event.dataTransfer);
      if (uris.length === 0) return;
      event.preventDefault();
      this.parts.send({ type: "drop", uris });
    });
  }

  /** What the text still mentions. */
  mentioned(): Mention[] {
    const { value } = this.parts.input;
    const kept = this.mentions.filter(({ token }) => token && value.includes(token));
    if (/(^|\s)#selection\b/.test(value) && !kept.some(({ kind }) => kind === "selection")) kept.push({ kind: "selection", label: "#selection", detail: "", token: "#selection" });
    return kept;
  }

  /** The question was asked: the box is empty. */
  reset(): void {
    this.mentions = [];
    this.showFrames([]);
    this.close();
  }

  /** Keys that belong to the open list; returns whether this one was taken. */
  key(event: KeyboardEvent): boolean {
    if (this.list.hidden) return false;
    const { length } = this.items;
    if (event.key === "ArrowDown") this.activate((this.active + 1) % length);
    else if (event.key === "ArrowUp") this.activate((this.active + length - 1) % length);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" && !event.isComposing) || (event.key === "Tab" && !event.shiftKey)) this.accept(this.active);
    else return false;
    event.preventDefault();
    return true;
  }

  /** Completions that were asked for have come. */
  complete(request: number, items: Mention[]): void {
    if (request === this.request && this.word()) this.show(items);
  }

  /** Files that were dropped are mentioned at the cursor. */
  mention(mentions: Mention[]): void {
    const { input, announce } = this.parts;
    for (const mention of mentions) {
      const at = input.selectionStart;
      const before = input.value.slice(0, at);
      this.insert(mention, at, at, before && !/\s$/.test(before) ? " " : "");
    }
    announce(mentions.length === 0 ? t("Only files and folders of the workspace can be mentioned.") : t("Mentioned: {0}", mentions.map(({ label }) => label).join(", ")));
    input.focus();
  }

  /** The frames of a pasted trace, as links. */
  traced(request: number, frames: TraceFrame[]): void {
    if (request === this.request) this.showFrames(frames);
  }

  private showFrames(frames: TraceFrame[]): void {
    this.frames.hidden = frames.length === 0;
    replace(this.frames, ...(frames.length > 0 ? [el("span", { class: "why" }, t("In the trace:"))] : []), ...frames.map(({ place }) => frameLink(place, placeName(place), (at) => this.parts.send({ type: "open", place: at }))));
  }

  private pasted(): void {
    // The text is in the box once the event is over.
    setTimeout(() => this.parts.send({ type: "trace", request: ++this.request, text: this.parts.input.value }), 0);
  }

  /** The word at the cursor that begins with "@" or "#". */
  private word(): { start: number; sign: string; kind: MentionKind | undefined; query: string } | undefined {
    const { value, selectionStart, selectionEnd } = this.parts.input;
    if (selectionStart !== selectionEnd) return undefined;
    const match = /(?:^|[\s(])([@#])(?:(file|symbol|folder):)?([^\s@#]*)$/.exec(value.slice(0, selectionStart));
    if (!match) return undefined;
    const [, sign = "", kind, query = ""] = match;
    return { start: selectionStart - (sign.length + (kind ? kind.length + 1 : 0) + query.length), sign, kind: kind as MentionKind | undefined, query };
  }

  private typed(): void {
    clearTimeout(this.timer);
    if (!this.parts.input.value) this.showFrames([]);
    const word = this.word();
    if (!word) {
      this.close();
      return;
    }
    const request = ++this.request;
    if (word.sign === "#") {
      const fits = "selection".startsWith(word.query.toLowerCase());
      if (!fits || word.query === "selection" || !this.parts.hasSelection()) this.close();
      else this.show([{ kind: "selection", label: "#selection", detail: t("The lines that are selected in the editor") }]);
      return;
    }
    // The kinds come first: "@" alone says what can be mentioned.
    if (!word.kind && !word.query) {
      this.show(KINDS.map((kind) => ({ kind, label: `@${kind}`, detail: { file: t("Mention a file"), symbol: t("Mention a symbol"), folder: t("Search only in a folder"), selection: "" }[kind] })));
      return;
    }
    const kinds = word.kind ? [word.kind] : KINDS;
    this.timer = setTimeout(() => this.parts.send({ type: "complete", request, kinds, query: word.query }), DELAY);
  }

  private show(items: Mention[]): void {
    this.items = items;
    if (items.length === 0) {
      this.close();
      return;
    }
    const options = items.map((item, index) => {
      const option = el("li", { role: "option", id: `suggestion-${index}`, "aria-selected": "false" }, icon(ICONS[item.kind]), el("span", { class: "suggestion-name" }, item.label), el("span", { class: "where" }, item.detail));
      // The box keeps the focus.
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", () => this.accept(index));
      return option;
    });
    replace(this.list, ...options);
    this.list.hidden = false;
    this.activate(0);
    this.parts.announce(items.length === 1 ? t("1 suggestion") : t("{0} suggestions", items.length));
  }

  private activate(index: number): void {
    this.active = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    this.list.children[index]?.scrollIntoView({ block: "nearest" });
    this.parts.input.setAttribute("aria-activedescendant", `suggestion-${index}`);
  }

  private close(): void {
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.items = [];
    this.parts.input.removeAttribute("aria-activedescendant");
  }

  private accept(index: number): void {
    const item = this.items[index];
    const word = this.word();
    if (!item || !word) {
      this.close();
      return;
    }
    const { input } = this.parts;
    const end = input.selectionStart;
    if (!item.uri && item.kind !== "selection") {
      // A kind: what is of it is asked for next.
      input.setRangeText(`@${item.kind}:`, word.start, end, "end");
      this.close();
      this.parts.send({ type: "complete", request: ++this.request, kinds: [item.kind], query: "" });
      this.parts.changed();
      return;
    }
    this.insert(item, word.start, end, "");
    this.close();
  }

  private insert(item: Mention, start: number, end: number, before: string): void {
    const { input, changed } = this.parts;
    const taken = (token: string): boolean => this.mentions.some((other) => other.token === token && other.uri !== item.uri);
    const short = item.kind === "selection" ? "#selection" : `@${item.label}`;
    const token = taken(short) ? `@${item.detail.split(" · ").at(-1) ?? item.label}` : short;
    input.setRangeText(`${before}${token} `, start, end, "end");
    this.mentions.push({ ...item, token });
    changed();
  }
}

/** A link to the place of a frame. */
export function frameLink(place: Place, label: string, open: (place: Place) => void): HTMLElement {
  // A button would be a box of its own, which does not break with the lines around it.
  const made = el("a", { class: "frame", href: "#", title: decodeURIComponent(place.uri) }, label);
  made.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
    open(place);
  });
  return made;
}

const placeName = ({ uri, range }: Place): string => `${decodeURIComponent(uri.split("/").at(-1) ?? uri)}:${range.start.line + 1}`;

/** The files of a drag, as editors and file managers name them. */
function urisOf(data: DataTransfer | null): string[] {
  const list = data?.getData("application/vnd.code.uri-list") || data?.getData("text/uri-list") || "";
  const uris = list.split(/\r?\n/).filter((line) => line && !line.startsWith("#"));
  if (uris.length > 0) return uris;
  try {
    const resources: unknown = JSON.parse(data?.getData("resourceurls") || "[]");
    return Array.isArray(resources) ? resources.filter((uri) => typeof uri === "string") : [];
  } catch {
    return [];
  }
}
