/** What the tests of the page "Adapt to this project" need: a run, a result, a report. */

import type { AdaptPageState } from "../../src/messages";
import type { AdaptBase, AdaptData, AdaptItem, AdaptReportResult, AdaptResult, AdaptRun } from "../../src/protocol";

export function run(change: Partial<AdaptRun> = {}): AdaptRun {
  return {
    work: "retriever",
    base: "",
    state: "running",
    started: "2026-11-29T10:00:00+00:00",
    seconds: 12,
    stage: "Training",
    done: 0.25,
    secondsLeft: 90,
    step: 0,
    steps: 0,
    loss: null,
    validation: null,
    memoryBytes: 0,
    losses: [],
    forecast: null,
    minutes: 0,
    message: "",
    name: "",
    reported: false,
    resumable: false,
    ...change,
  };
}

export function item(change: Partial<AdaptItem> = {}): AdaptItem {
  const figures = [{ name: "commit messages (MRR@10)", before: 0.4, after: 0.5, gain: 0.1, low: 0.02, high: 0.18, count: 40 }];
  return { name: "retriever-1", kind: "retriever", made: "2026-11-28T10:00:00+00:00", base: "static-2", summary: "MRR 0.400 -> 0.500", inUse: true, sizeBytes: 4_000_000, unusable: "", figures, ...change };
}

export function data(change: Partial<AdaptData> = {}): AdaptData {
  return {
    folder: "/kept/model-data",
    examplesFile: "/kept/model-data/examples.jsonl",
    leftOutFile: "/kept/model-data/left_out.jsonl",
    made: "2026-11-28T11:00:00+00:00",
    counts: [
      { part: "train", kind: "explain", count: 70 },
      { part: "held-out", kind: "explain", count: 12 },
      { part: "train", kind: "commit", count: 9 },
    ],
    leftOut: 1234,
    reasons: [{ reason: "file: a licence", count: 1 }],
    problem: "",
    ...change,
  };
}

export function base(change: Partial<AdaptBase> = {}): AdaptBase {
  return { name: "small", sizeBytes: 400_000_000, inUse: true, refused: "", memoryBytes: 2_900_000_000, forecast: null, ...change };
}

export function result(change: Partial<AdaptResult> = {}): AdaptResult {
  const retriever = { seconds: 12, mostSeconds: 95, memoryBytes: 800_000_000, steps: 0, minutes: 0 };
  return { root: "file:///shop", changes: 1, blocked: "", run: null, retriever, items: [], undoable: [], data: null, bases: [], missing: [], install: "", ...change };
}

export function page(change: Partial<AdaptPageState> = {}): AdaptPageState {
  return { server: { kind: "running" }, trusted: true, roots: [{ uri: "file:///shop", name: "shop" }], root: "file:///shop", result: result(), ...change };
}

export function report(change: Partial<AdaptReportResult> = {}): AdaptReportResult {
  const answers = [{ kind: "explain", path: "shop/money.py", question: "What does <add_tax> do?", reference: "Adds the tax.", before: "It is a function.", after: "Adds the tax [1]." }];
  return { kind: "model", name: "model-1", reasons: [], figures: item().figures, answers, facts: ["rank: 16"], ...change };
}
