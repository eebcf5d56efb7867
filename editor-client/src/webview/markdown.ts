/**
 * Answers as DOM: Markdown without HTML, links or images of its own, code highlighted, citations as chips.
 *
 * A streamed answer is rendered block by block: what stands before the last blank line outside a code block is final
 * and never touched again, so that the work for each piece of text does not grow with the answer.
 */

import DOMPurify from "dompurify";
import hljs from "highlight.js/lib/common";
import dart from "highlight.js/lib/languages/dart";
import elixir from "highlight.js/lib/languages/elixir";
import haskell from "highlight.js/lib/languages/haskell";
import julia from "highlight.js/lib/languages/julia";
import ocaml from "highlight.js/lib/languages/ocaml";
import protobuf from "highlight.js/lib/languages/protobuf";
import scala from "highlight.js/lib/languages/scala";
import MarkdownIt from "markdown-it";
import type { Place } from "../protocol";
import { el } from "./dom";
import { t } from "./l10n";

for (const [name, language] of Object.entries({ dart, elixir, haskell, julia, ocaml, protobuf, scala })) hljs.registerLanguage(name, language);
hljs.registerAliases(["tsx", "typescriptreact"], { languageName: "typescript" });
hljs.registerAliases(["jsx", "javascriptreact"], { languageName: "javascript" });

export interface Chip {
  label: string;
  open: () => void;
  place: Place;
}

const markdown = new MarkdownIt({ html: false, linkify: false, breaks: false });
markdown.disable(["link", "image", "autolink", "reference", "html_inline", "html_block"], true);
// [3] becomes a mark that is turned into a chip once it is known what 3 is.
markdown.inline.ruler.before("escape", "citation", (state, silent) => {
  const match = /^\[(\d{1,4})\]/.exec(state.src.slice(state.pos, state.pos + 8));
  if (!match) return false;
  if (!silent) state.push("citation", "span", 0).content = match[1] ?? "";
  state.pos += match[0].length;
  return true;
});
markdown.renderer.rules["citation"] = (tokens, index) => `<span data-citation="${Number(tokens[index]?.content ?? 0)}"></span>`;

/** Code of a language as a highlighted block. */
export function highlighted(code: string, language: string): HTMLElement {
  const block = el("code", { class: "hljs" });
  if (hljs.getLanguage(language) && code.length < 50_000) {
    block.innerHTML = DOMPurify.sanitize(hljs.highlight(code, { language, ignoreIllegals: true }).value, { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"] });
  } else block.textContent = code;
  return el("pre", { tabindex: "0" }, block);
}

/** Render Markdown into an element, in place of what is there. */
export function renderMarkdown(target: HTMLElement, text: string, chip: (number: number) => Chip | undefined, actions: (code: string) => HTMLElement): void {
  const clean = DOMPurify.sanitize(markdown.render(text), {
    ALLOWED_TAGS: ["p", "br", "em", "strong", "s", "code", "pre", "ul", "ol", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td", "span"],
    ALLOWED_ATTR: ["class", "data-citation", "start"],
    RETURN_DOM_FRAGMENT: true,
  });
  for (const mark of clean.querySelectorAll<HTMLElement>("span[data-citation]")) {
    const number = Number(mark.dataset["citation"]);
    const known = chip(number);
    if (!known) {
      mark.replaceWith(`[${number}]`);
      continue;
    }
    const made = el("button", { class: "chip", type: "button", "aria-label": t("Source {0}: {1}", number, known.label) }, String(number));
    made.addEventListener("click", known.open);
    mark.replaceWith(made);
    document.dispatchEvent(new CustomEvent("chip", { detail: { target: made, place: known.place } }));
  }
  for (const block of clean.querySelectorAll("pre > code")) {
    const code = block.textContent;
    const language = /language-(\S+)/.exec(block.className)?.[1] ?? "";
    block.parentElement?.replaceWith(el("div", { class: "code" }, highlighted(code.replace(/\n$/, ""), language), actions(code)));
  }
  target.replaceChildren(clean);
}

/**
 * Where the part of a text ends that later text cannot change: before the last whole line that begins a block of its own,
 * which is one after a blank line, outside of code, not indented (it could continue what is above), and no item of the
 * list above (whose items become loose by a blank line between them).
 */
export function stableLength(text: string): number {
  let stable = 0;
  let fence = "";
  let offset = 0;
  let inList = false;
  let afterBlank = false;
  for (const line of text.split(/(?<=\n)/)) {
    if (!line.endsWith("\n")) break;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence) {
      if (mark.startsWith(fence) && line.trim() === mark) fence = "";
    } else {
      const item = /^\s*([-*+]|\d+[.)])\s/.test(line);
      if (afterBlank && /^\S/.test(line) && !(inList && item)) {
        stable = offset;
        inList = false;
      }
      inList ||= item;
      fence = mark;
    }
    afterBlank = !fence && !line.trim();
    offset += line.length;
  }
  return stable;
}

/** An answer that grows. */
export class StreamedMarkdown {
  private text = "";
  private settled = 0;
  private scheduled = false;
  private tail = el("div");

  constructor(
    private readonly target: HTMLElement,
    private readonly chip: (number: number) => Chip | undefined,
    private readonly actions: (code: string) => HTMLElement,
    private readonly draw: typeof renderMarkdown = renderMarkdown,
  ) {
    target.append(this.tail);
  }

  append(text: string): void {
    this.text += text;
    this.schedule();
  }

  /** The whole text so far; `final` renders all of it again, with the checked citations. */
  set(text: string, final: boolean): void {
    if (!final && text === this.text) return;
    this.text = text;
    this.settled = 0;
    this.tail = el("div");
    this.target.replaceChildren(this.tail);
    this.render();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.render();
    });
  }

  private render(): void {
    const rest = this.text.slice(this.settled);
    const stable = stableLength(rest);
    if (stable > 0) {
      const block = el("div");
      this.draw(block, rest.slice(0, stable), this.chip, this.actions);
      this.tail.before(block);
      this.settled += stable;
    }
    this.draw(this.tail, rest.slice(stable), this.chip, this.actions);
  }
}
