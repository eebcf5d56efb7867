/** What was measured before and after, and answers side by side. */

import type { AdaptFigure, AdaptReportResult } from "../protocol";
import { sentence } from "../sentences";
import { figure, kindName, signed } from "./adapttexts";
import { el } from "./dom";
import { t } from "./l10n";

/** A table of figures. */
export function figureTable(figures: readonly AdaptFigure[], caption: string): HTMLElement {
  const head = el("tr", {}, ...["", t("Before"), t("After"), t("Gain"), t("Within"), t("Measured on")].map((name) => (name ? el("th", { scope: "col" }, name) : el("td"))));
  const rows = figures.map((one) => {
    const range = one.low === null || one.high === null ? "–" : t("{0} to {1}", signed(one.low), signed(one.high));
    const cells = [figure(one.before), figure(one.after), signed(one.gain), range, one.count.toLocaleString("en")];
    return el("tr", {}, el("th", { scope: "row" }, one.name), ...cells.map((text) => el("td", { class: "number" }, text)));
  });
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, ...rows)));
}

/** A whole report. */
export function reportView(report: AdaptReportResult): HTMLElement[] {
  const verdict = report.reasons.length > 0 ? t("It was refused, and nothing was changed:") : t("It measured better, and may be used.");
  const parts: HTMLElement[] = [el("p", {}, verdict)];
  if (report.reasons.length > 0) parts.push(el("ul", {}, ...report.reasons.map((reason) => el("li", {}, sentence(reason)))));
  parts.push(figureTable(report.figures, t("What was measured before and after")));
  parts.push(el("p", { class: "why" }, report.kind === "retriever" ? t("MRR@10 is the mean of one over the rank of the first right answer, 0 below the tenth. The last column but one is the middle 90 % of what chance would give.") : t("A positive gain is better. The last column but one is the gain and two standard errors of it in each direction.")));
  if (report.answers.length > 0) {
    parts.push(el("h3", {}, report.kind === "retriever" ? t("Questions whose answer moved farthest") : t("Answers side by side")));
    parts.push(...(report.kind === "retriever" ? [ranks(report)] : report.answers.map(sideBySide)));
  }
  if (report.facts.length > 0) parts.push(el("details", {}, el("summary", {}, t("How it was made")), el("ul", {}, ...report.facts.map((fact) => el("li", {}, fact)))));
  return parts;
}

function ranks({ answers }: AdaptReportResult): HTMLElement {
  const caption = t("Questions whose answer moved farthest");
  const head = el("tr", {}, ...[t("Question"), t("Answer"), t("Before"), t("After")].map((name) => el("th", { scope: "col" }, name)));
  const rows = answers.map((answer) => el("tr", {}, el("th", { scope: "row" }, answer.question), el("td", {}, el("code", {}, answer.reference), ` ${answer.path}`), el("td", {}, answer.before), el("td", {}, answer.after)));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, el("table", {}, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, head), el("tbody", {}, ...rows)));
}

function sideBySide(answer: AdaptReportResult["answers"][number], index: number): HTMLElement {
  const id = `answer-${index}`;
  const text = (label: string, words: string): HTMLElement => el("div", {}, el("h5", {}, label), el("pre", { class: "text" }, words || t("(nothing)")));
  return el(
    "section",
    { class: "side-by-side", "aria-labelledby": id },
    el("h4", { id }, answer.path, el("span", { class: "why" }, ` ${kindName(answer.kind)}`)),
    el("p", {}, answer.question),
    el("div", { class: "columns" }, text(t("The project says"), answer.reference), text(t("Before"), answer.before), text(t("After"), answer.after)),
  );
}
