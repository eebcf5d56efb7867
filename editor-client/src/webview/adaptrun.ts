/** The run that is under way, or the last one: progress with loss and time left, how it ended, and what can be done. */

import type { AdaptLoss, AdaptRun } from "../protocol";
import { sentence } from "../sentences";
import { bytes, duration, ending, figure, when, workName } from "./adapttexts";
import { el, textButton } from "./dom";
import { t } from "./l10n";

/** What the view can ask for. */
export interface RunActions {
  stop: () => void;
  /** Start the same again. */
  again: (run: AdaptRun) => void;
  report: () => void;
}

const WIDTH = 320;
const HEIGHT = 60;

/** The view of runs. While one is under way its elements stay the same, so that the focus and a reader's place do. */
export class RunView {
  readonly element = el("section", { id: "run", "aria-labelledby": "run-title" });
  private readonly title = el("h2", { id: "run-title" });
  private readonly bar = el("progress", { max: "1" });
  private readonly line = el("p", { class: "run-line" });
  private readonly facts = el("p", { class: "why" });
  private readonly chart = el("div", { class: "chart" });
  private readonly end = el("div");
  private readonly stop: HTMLButtonElement;
  private shown: AdaptRun | null = null;

  constructor(
    private readonly actions: RunActions,
    private readonly announce: (text: string) => void,
  ) {
    this.stop = el("button", { type: "button", class: "button", id: "stop" }, t("Stop"));
    this.stop.addEventListener("click", () => {
      this.stop.disabled = true;
      this.stop.textContent = t("Stopping");
      actions.stop();
    });
    this.element.append(this.title, this.bar, this.line, this.facts, this.chart, this.end, el("p", { class: "actions" }, this.stop));
    this.element.hidden = true;
  }

  /** The stop button may be pressed again: stopping was refused. */
  reset(): void {
    this.stop.disabled = false;
    this.stop.textContent = t("Stop");
  }

  show(run: AdaptRun | null, blocked: boolean): void {
    const before = this.shown;
    this.shown = run;
    this.element.hidden = run === null;
    if (!run) return;
    const running = run.state === "running";
    if (before?.started !== run.started) this.reset();
    this.title.textContent = running ? workName(run.work) : t("The last run: {0}", workName(run.work));
    this.progress(run, running);
    const hadFocus = document.activeElement === this.stop;
    this.stop.hidden = !running;
    if (running) {
      this.end.replaceChildren();
      if (before?.stage !== run.stage || before.started !== run.started) this.announce(`${workName(run.work)}: ${run.stage}`);
      return;
    }
    const key = JSON.stringify([run, blocked]);
    if (this.end.dataset["key"] !== key || this.end.childElementCount === 0) {
      this.end.dataset["key"] = key;
      this.end.replaceChildren(...this.ended(run, blocked));
    }
    if (before && before.state === "running") {
      this.announce(ending(run));
      if (hadFocus) this.end.querySelector<HTMLElement>("button")?.focus();
    }
  }

  private progress(run: AdaptRun, running: boolean): void {
    this.bar.hidden = this.line.hidden = !running;
    if (run.done >= 0) this.bar.value = run.done;
    else this.bar.removeAttribute("value");
    this.bar.setAttribute("aria-label", workName(run.work));
    const left = run.secondsLeft > 0 ? t("{0} left", duration(run.secondsLeft)) : "";
    const percent = run.done >= 0 ? `${Math.floor(100 * run.done)} %` : "";
    this.line.textContent = [run.stage, percent, left].filter(Boolean).join(" · ");
    const facts = [
      run.base,
      run.steps > 0 ? t("step {0} of {1}", run.step, run.steps) : "",
      run.loss === null ? "" : t("loss {0}", figure(run.loss)),
      run.validation === null ? "" : t("loss on the watched part {0}", figure(run.validation)),
      run.memoryBytes > 0 ? t("{0} of memory", bytes(run.memoryBytes)) : "",
      t("begun {0}", when(run.started)),
      running || run.seconds < 1 ? "" : t("took {0}", duration(run.seconds)),
    ];
    this.facts.textContent = facts.filter(Boolean).join(" · ");
    this.chart.replaceChildren(...(run.losses.length > 1 ? [lossChart(run.losses)] : []));
  }

  private ended(run: AdaptRun, blocked: boolean): HTMLElement[] {
    const bad = run.state === "failed" || run.state === "interrupted";
    const saysMore = run.message && run.state !== "stopped" && run.state !== "interrupted";
    const told = saysMore ? sentence(run.message) : "";
    const parts = [el("p", bad ? { class: "error" } : {}, ending(run))];
    if (told && !(run.state === "done" && run.work === "data")) parts.push(el("p", {}, told));
    else if (told) parts.push(el("p", { class: "why" }, told));
    if (run.resumable) parts.push(el("p", {}, t("Training goes on where it was, at most a minute back, if you continue.")));
    const buttons = el("p", { class: "actions" });
    if (run.reported) buttons.append(textButton("show-report", t("Show the report"), () => this.actions.report()));
    if (run.state !== "done" && run.state !== "refused") {
      buttons.append(textButton("again", run.resumable ? t("Continue") : t("Start again"), () => this.actions.again(run), blocked));
    }
    if (buttons.childElementCount > 0) parts.push(buttons);
    return parts;
  }
}

/** The losses as a line; a reader hears the first and the last. */
function lossChart(losses: readonly AdaptLoss[]): SVGSVGElement {
  const make = (name: string, attributes: Record<string, string>): SVGElement => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const first = losses[0];
  const last = losses.at(-1);
  const values = losses.map(({ loss }) => loss);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const width = Math.max((last?.step ?? 1) - (first?.step ?? 0), 1);
  const points = losses.map(({ step, loss }) => {
    const x = ((step - (first?.step ?? 0)) / width) * WIDTH;
    const y = 2 + (1 - (loss - least) / Math.max(most - least, 1e-9)) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const label = t("Loss while training: from {0} to {1}", figure(first?.loss ?? null), figure(last?.loss ?? null));
  const chart = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }) as SVGSVGElement;
  chart.append(make("polyline", { points: points.join(" "), fill: "none" }));
  return chart;
}
