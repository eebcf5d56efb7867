/** The data set of a model: how many examples there are of which kind, what was left out and why, and examples to read. */

import type { AdaptData, AdaptExample, AdaptExamplesResult } from "../protocol";
import { sentence } from "../sentences";
import { kindName, partName, when } from "./adapttexts";
import { el, textButton } from "./dom";
import { t } from "./l10n";

export interface DataActions {
  make: () => void;
  file: (which: "examples" | "leftOut", line?: number) => void;
  source: (path: string, line: number) => void;
  /** Ask for an example; `ExampleBrowser.show` gets it. */
  example: (part: string, kind: string, offset: number) => void;
}

/** What there is of a data set; `idle`: whether something can be started now. */
export function dataView(data: AdaptData | null, idle: boolean, actions: DataActions, browser: ExampleBrowser): HTMLElement[] {
  const make = textButton("make-data", data ? t("Make it again") : t("Make the data set"), actions.make, !idle);
  if (!data) return [el("p", {}, t("Examples are made from docs, comments and commits, and kept on this machine. Nothing is trained yet.")), el("p", { class: "actions" }, make)];
  const parts: HTMLElement[] = [];
  if (data.problem) parts.push(el("p", { class: "error" }, sentence(data.problem)));
  if (data.counts.length > 0) parts.push(counts(data));
  parts.push(el("p", { class: "why" }, t("Written {0}. Lines may be edited or deleted; what is there is trained on. Making it again writes it anew.", when(data.made))));
  parts.push(el("p", { class: "actions" }, textButton("edit-examples", t("Edit the examples"), () => actions.file("examples")), make));
  if (data.leftOut > 0) {
    const list = el("ul", {}, ...data.reasons.map(({ reason, count }) => el("li", {}, `${count.toLocaleString("en")} ${reason}`)));
    parts.push(el("details", { id: "left-out" }, el("summary", {}, t("Left out ({0}), and why", data.leftOut.toLocaleString("en"))), list, el("p", {}, textButton("open-left-out", t("Open the list of all"), () => actions.file("leftOut")))));
  }
  if (data.counts.length > 0) parts.push(browser.element);
  browser.follow(data);
  return parts;
}

function counts(data: AdaptData): HTMLElement {
  const kinds = [...new Set(data.counts.map(({ kind }) => kind))];
  const parts = [...new Set(data.counts.map(({ part }) => part))];
  const count = (part: string, kind: string): number => data.counts.find((one) => one.part === part && one.kind === kind)?.count ?? 0;
  const head = el("tr", {}, el("td"), ...kinds.map((kind) => el("th", { scope: "col" }, kindName(kind))), el("th", { scope: "col" }, t("in all")));
  const rows = parts.map((part) => {
    const numbers = kinds.map((kind) => count(part, kind));
    return el("tr", {}, el("th", { scope: "row" }, partName(part)), ...[...numbers, numbers.reduce((sum, one) => sum + one, 0)].map((one) => el("td", { class: "number" }, one.toLocaleString("en"))));
  });
  const caption = t("Examples by part and kind");
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, ...rows)));
}

/** One example at a time, of a part and a kind. */
export class ExampleBrowser {
  readonly element = el("details", { id: "examples" }, el("summary", {}, t("Look at examples")));
  private readonly part = el("select", { id: "example-part", "aria-label": t("Part") });
  private readonly kind = el("select", { id: "example-kind", "aria-label": t("Kind") });
  private readonly place = el("span", { role: "status", "aria-live": "polite" });
  private readonly body = el("div");
  private readonly previous = textButton("previous-example", t("Previous"), () => this.move(-1));
  private readonly next = textButton("next-example", t("Next"), () => this.move(1));
  private offset = 0;
  private total = 0;
  private made = "";

  constructor(private readonly actions: DataActions) {
    for (const select of [this.part, this.kind]) {
      select.addEventListener("change", () => {
        this.offset = 0;
        this.ask();
      });
    }
    this.element.append(el("p", { class: "actions" }, this.part, this.kind, this.previous, this.next, this.place), this.body);
    this.element.addEventListener("toggle", () => {
      if (this.element.open && this.body.childElementCount === 0) this.ask();
    });
  }

  /** The data set is this one now. */
  follow(data: AdaptData): void {
    if (data.made === this.made) return;
    this.made = data.made;
    options(this.part, [["", t("all parts")], ...[...new Set(data.counts.map(({ part }) => part))].map((part): [string, string] => [part, partName(part)])]);
    options(this.kind, [["", t("all kinds")], ...[...new Set(data.counts.map(({ kind }) => kind))].map((kind): [string, string] => [kind, kindName(kind)])]);
    this.offset = 0;
    this.body.replaceChildren();
    if (this.element.open) this.ask();
  }

  private move(step: number): void {
    this.offset = Math.min(Math.max(this.offset + step, 0), Math.max(this.total - 1, 0));
    this.ask();
  }

  private ask(): void {
    this.actions.example(this.part.value, this.kind.value, this.offset);
  }

  /** Show what was asked for last. */
  show(result: AdaptExamplesResult | undefined, error = ""): void {
    const [example] = result?.examples ?? [];
    this.total = result?.total ?? 0;
    this.previous.disabled = this.offset <= 0;
    this.next.disabled = this.offset + 1 >= this.total;
    this.place.textContent = this.total > 0 ? t("{0} of {1}", this.offset + 1, this.total.toLocaleString("en")) : "";
    this.body.replaceChildren(...(error ? [el("p", { class: "error" }, sentence(error))] : example ? this.drawn(example) : [el("p", {}, t("There are none of this kind."))]));
  }

  private drawn(example: AdaptExample): HTMLElement[] {
    const held = { time: t("held out, since it was changed last"), folder: t("held out with its folder"), file: t("held out with its file") }[example.heldBy] ?? "";
    const source = el("button", { type: "button", class: "link" }, example.path);
    source.addEventListener("click", () => this.actions.source(example.path, example.evidence[0]?.startLine ?? 1));
    const edit = el("button", { type: "button", class: "link" }, t("line {0} of the file", example.line));
    edit.addEventListener("click", () => this.actions.file("examples", example.line));
    return [
      el("p", { class: "why" }, [kindName(example.kind), partName(example.part), held, example.reason].filter(Boolean).join(" · ")),
      el("p", {}, source, " · ", edit),
      el("h4", {}, t("Question")),
      el("pre", { class: "text" }, example.question.trim()),
      ...example.evidence.map((piece) => el("details", {}, el("summary", {}, t("Evidence: {0}", `${piece.path}:${piece.startLine}-${piece.endLine}`)), el("pre", { class: "code", tabindex: "0" }, piece.text))),
      el("h4", {}, t("Answer to learn")),
      el("pre", { class: "text" }, example.answer),
    ];
  }
}

function options(select: HTMLSelectElement, values: [string, string][]): void {
  const before = select.value;
  select.replaceChildren(...values.map(([value, label]) => el("option", { value }, label)));
  select.value = values.some(([value]) => value === before) ? before : "";
}
