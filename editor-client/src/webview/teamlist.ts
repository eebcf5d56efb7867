/** What the team's other repositories have on a question: each hit with its repository and commit; none opens a file here. */

import type { TeamHit } from "../protocol";
import type { TeamFound } from "../messages";
import { sentence } from "../sentences";
import { teamPlace, webAddress } from "../teamplaces";
import { button, el, icon } from "./dom";
import { t } from "./l10n";

/** The list below an answer; it says so when nothing was found, and what could not be searched. */
export function teamList({ hits, problems, searching }: TeamFound, copy: (text: string) => void): HTMLElement {
  const label = searching ? t("In the team's other repositories") : t("In the team's other repositories ({0})", hits.length);
  const details = el("details", { class: "team" }, el("summary", {}, label));
  details.open = true;
  if (searching) details.append(el("div", { class: "stage" }, icon("loading~spin"), ` ${sentence(searching)}`));
  else if (hits.length === 0 && problems.length === 0) details.append(el("p", { class: "why" }, t("Nothing was found there.")));
  if (hits.length > 0) details.append(el("ul", {}, ...hits.map((hit) => row(hit, copy))));
  for (const problem of problems) details.append(el("p", { class: "why" }, icon("warning"), ` ${sentence(problem)}`));
  return details;
}

function row(hit: TeamHit, copy: (text: string) => void): HTMLElement {
  const place = teamPlace(hit);
  const name = hit.qualifiedName || hit.name || hit.path;
  const address = webAddress(hit);
  const shown = address ? el("a", { class: "place", href: address, title: t("Open {0} in the browser", place) }, name) : el("span", { class: "place" }, name);
  return el("li", {}, el("div", { class: "row" }, shown, button("copy", t("Copy {0}", place), () => copy(place))), el("div", { class: "where" }, place), el("div", { class: "why" }, hit.why));
}
