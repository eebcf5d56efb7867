/** The words of the page "Adapt to this project": times, sizes, and what runs, kinds and parts are called. */

import type { AdaptRun, AdaptWork } from "../protocol";
import { t } from "./l10n";

/** A time in seconds, in words. */
export function duration(seconds: number): string {
  if (seconds < 100) return t("{0} s", Math.max(Math.round(seconds), 1));
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? t("{0} min", minutes) : t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
}

/** A span of times; one time if both are about the same. */
export function span(least: number, most: number): string {
  const [from, to] = [duration(least), duration(most)];
  return from === to ? t("about {0}", from) : t("{0} to {1}", from, to);
}

export const bytes = (size: number): string => (size >= 1e9 ? `${(size / 1e9).toFixed(1)} GB` : `${Math.max(Math.ceil(size / 1e6), 1)} MB`);

export const figure = (value: number | null): string => (value === null ? "–" : value.toFixed(3));

/** A figure with its sign. */
export const signed = (value: number | null): string => (value === null ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`);

/** When something was, in the language of the editor. */
export const when = (iso: string): string => new Date(iso).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });

/** What a run does. */
export function workName(work: AdaptWork): string {
  return { retriever: t("Adapting the retriever"), data: t("Making the data set"), forecast: t("Measuring how long training takes"), model: t("Adapting a model") }[work];
}

/** How a run ended, in a few words. */
export function ending({ state, work, name }: AdaptRun): string {
  if (state === "done") {
    if (work === "data") return t("The data set was made.");
    if (work === "forecast") return t("The forecast was measured; nothing was trained.");
    return t("{0} measured better, and is in use now.", name);
  }
  const texts = {
    refused: t("It measured no better, and was thrown away. Nothing was changed."),
    failed: t("It could not be done. Nothing was changed."),
    stopped: t("It was stopped. Nothing was changed."),
    interrupted: t("Its process was ended from outside. Nothing was changed."),
    running: "",
  };
  return texts[state];
}

/** A part of the data set. */
export function partName(part: string): string {
  return new Map([["train", t("trained on")], ["validation", t("watched while training")], ["held-out", t("held out to judge")]]).get(part) ?? part;
}

/** A kind of example. */
export function kindName(kind: string): string {
  return (
    new Map([
      ["question", t("question")],
      ["explain", t("explanation")],
      ["commit", t("commit")],
      ["completion", t("completion")],
      ["absent", t("not in the evidence")],
    ]).get(kind) ?? kind
  );
}
