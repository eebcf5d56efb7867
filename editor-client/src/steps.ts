/**
 * The walkthrough's steps tick themselves off.
 *
 * VS Code looks at a step's context key only in the moment when it changes, and ticks nothing off that was true before
 * the walkthrough was read, which it does when it is opened. So each key is raised and lowered again, whenever
 * something is done and whenever the walkthrough may just have been opened.
 */

import * as vscode from "vscode";

export type Step = "indexed" | "asked" | "hasModel";

const STEPS: readonly Step[] = ["indexed", "asked", "hasModel"];
/** After the walkthrough was opened (ms): VS Code may wait up to five seconds before it reads the steps. */
const RETRIES = [0, 1000, 6000];

/** Raises the context keys of what is done. `set` is VS Code's `setContext`. */
export class Steps {
  private readonly done = new Set<Step>();

  constructor(private readonly set: (key: string, value: boolean) => unknown) {}

  /** Note what is done by now; what was done once stays so. */
  mark(now: Partial<Record<Step, boolean>>): void {
    const before = this.done.size;
    for (const step of STEPS) if (now[step]) this.done.add(step);
    if (this.done.size > before) this.tell();
  }

  /** Tell VS Code all that is done. */
  tell(): void {
    for (const step of this.done) {
      this.set(`glossator.${step}`, true);
      this.set(`glossator.${step}`, false);
    }
  }
}

/** Tell again whenever a page of VS Code's own, such as the walkthrough, is opened. */
export function tellWhenOpened(steps: Steps): vscode.Disposable {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const listener = vscode.window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
    if (![...opened, ...changed].some((tab) => tab.input === undefined)) return;
    for (const delay of RETRIES) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        steps.tell();
      }, delay);
      timers.add(timer);
    }
  });
  return new vscode.Disposable(() => {
    listener.dispose();
    for (const timer of timers) clearTimeout(timer);
  });
}
