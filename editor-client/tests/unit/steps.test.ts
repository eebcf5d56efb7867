// @vitest-environment node
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { Steps } from "../../src/steps";

interface Manifest {
  contributes: { walkthroughs: { steps: { id: string; completionEvents: string[] }[] }[] };
}

/** VS Code's walkthrough: it notices a key that becomes true, after it has read the steps. */
class Walkthrough {
  readonly ticked = new Set<string>();
  private readonly keys = new Map<string, boolean>();
  private known = new Set<string>();
  readonly set = (key: string, value: boolean): void => {
    if (this.keys.get(key) === value) return;
    this.keys.set(key, value);
    if (value && this.known.has(key)) this.ticked.add(key);
  };
  open(): void {
    const manifest = JSON.parse(readFileSync(path.resolve(__dirname, "../../package.json"), "utf8")) as Manifest;
    const events = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.flatMap((step) => step.completionEvents));
    // What is true already is never ticked off.
    this.known = new Set(events.map((event) => event.replace("onContext:", "")).filter((key) => !this.keys.get(key)));
  }
}

test("steps are ticked off as they are done", () => {
  const walkthrough = new Walkthrough();
  const steps = new Steps(walkthrough.set);
  walkthrough.open();
  steps.mark({ indexed: false });
  expect([...walkthrough.ticked]).toEqual([]);
  steps.mark({ indexed: true });
  expect([...walkthrough.ticked]).toEqual(["glossator.indexed"]);
  steps.mark({ asked: true, hasModel: true });
  expect([...walkthrough.ticked].sort()).toEqual(["glossator.asked", "glossator.hasModel", "glossator.indexed"]);
});

test("steps that were done before the walkthrough was opened are ticked off, too", () => {
  const walkthrough = new Walkthrough();
  const steps = new Steps(walkthrough.set);
  steps.mark({ indexed: true });
  walkthrough.open();
  expect([...walkthrough.ticked]).toEqual([]);
  steps.tell();
  expect([...walkthrough.ticked]).toEqual(["glossator.indexed"]);
});
