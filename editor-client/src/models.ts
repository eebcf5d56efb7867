/** The model picker: what is installed, what fits this machine, download with progress and cancel, use. */

import { spawn } from "node:child_process";
import * as vscode from "vscode";
import { commandLine } from "./launch";
import { environmentVariables } from "./python";
import { messageOf } from "./sentences";
import type { Server } from "./server";

/** How fast a model is on this machine: measured, or estimated before it has run here. */
export interface Speed {
  fast_enough: boolean | null;
  estimated_first_word_seconds: number | null;
  estimated_words_per_second: number | null;
  measured: boolean;
}

/** A model that can be downloaded, as `glossator models list --json` describes it. */
export interface CatalogueModel extends Speed {
  name: string;
  title: string;
  bytes: number;
  memory: number;
  license: string;
  fits: boolean;
  recommended: boolean;
  installed: boolean;
  notes: string;
}

export interface InstalledModel extends Speed {
  name: string;
  role: string;
  bytes: number;
  present: boolean;
  in_use: boolean;
}

export interface Overview {
  /** What is wrong with the list of models, if anything. */
  problem: string;
  installed: InstalledModel[];
  catalogue: CatalogueModel[];
}

const gigabytes = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`);

interface ModelItem extends vscode.QuickPickItem {
  run?: () => Promise<void>;
}

/** Runs `glossator models ...` beside the server, with the same Python. */
class ModelCommands {
  constructor(private readonly command: readonly string[]) {}

  /** What a command prints; a command that is cancelled ends without a result. */
  run(args: readonly string[], onLine?: (line: string) => void, token?: vscode.CancellationToken): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const [program = "", ...rest] = this.command;
      const child = spawn(program, [...rest, "models", ...args], { stdio: ["ignore", "pipe", "pipe"], env: environmentVariables() });
      let out = "";
      let err = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        err += text;
        for (const line of text.split(/[\r\n]+/)) if (line.trim()) onLine?.(line.trim());
      });
      const cancelling = token?.onCancellationRequested(() => child.kill());
      child.on("error", reject);
      child.on("close", (code) => {
        cancelling?.dispose();
        if (code === 0) resolve(out);
        else if (token?.isCancellationRequested) resolve(undefined);
        else reject(new Error(err.trim().split("\n").at(-1)?.replace(/^glossator: /, "") || `exit ${code}`));
      });
    });
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse((await this.run([...args, "--json"])) ?? "null") as T;
  }
}

/** Let the user choose the model that writes answers. */
export async function chooseModel(server: Pick<Server, "python" | "lacksRuntime" | "installRuntime" | "restart">): Promise<void> {
  const t = vscode.l10n.t;
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showInformationMessage(t("Models run only in workspaces that you trust."));
    return;
  }
  const command = commandLine(server.python);
  if (!command) {
    void vscode.window.showInformationMessage(t("The server is not running yet."));
    return;
  }
  const models = new ModelCommands(command);
  const use = async (name: string): Promise<void> => {
    if (await server.lacksRuntime()) {
      const install = t("Install");
      const detail = t("A ready build for this machine is downloaded from the llama-cpp-python project and verified. If none works here, llama.cpp is compiled, which needs a C++ compiler.");
      if ((await vscode.window.showInformationMessage(t("Models need llama.cpp, which is not installed yet. Install it?"), { modal: true, detail }, install)) !== install) return;
      await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: "Glossator" }, (progress) => server.installRuntime((message) => progress.report({ message })));
    }
    await models.run(["use", name]);
    await server.restart();
  };
  const pull = async (model: CatalogueModel): Promise<void> => {
    const download = t("Download");
    const size = model.bytes > 0 ? gigabytes(model.bytes) : t("size unknown");
    const message = t("{0}: {1}, licence {2}. Download it?", model.title, size, model.license);
    if ((await vscode.window.showInformationMessage(message, { modal: true }, download)) !== download) return;
    if (await downloaded(models, model)) await use(model.name);
  };
  const add = async (): Promise<void> => {
    const files = await vscode.window.showOpenDialog({ filters: { GGUF: ["gguf"] }, title: t("Choose a model file") });
    if (files?.[0]) await use((await models.json<{ name: string }>("add", files[0].fsPath)).name);
  };
  try {
    const overview = await models.json<Overview>("list");
    if (overview.problem) void vscode.window.showWarningMessage(`Glossator: ${overview.problem}`);
    const items = [
      ...modelItems(overview, use, pull, t),
      { label: t("More"), kind: vscode.QuickPickItemKind.Separator },
      { label: `$(folder-opened) ${t("Use a GGUF file on this machine...")}`, run: add },
    ];
    const choice = await vscode.window.showQuickPick(items, { placeHolder: t("Choose the model that writes answers"), matchOnDescription: true });
    await choice?.run?.();
  } catch (error) {
    void vscode.window.showErrorMessage(`Glossator: ${messageOf(error)}`);
  }
}

/** Download a model with its progress shown; false if the user cancels it. */
async function downloaded(models: ModelCommands, model: CatalogueModel): Promise<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t("Downloading {0}", model.title), cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    let last = 0;
    const show = (line: string): void => {
      const percent = Number(/(\d+)\s*%/.exec(line)?.[1] ?? NaN);
      progress.report({ message: line.slice(0, 80), ...(percent > last ? { increment: percent - last } : {}) });
      if (percent > last) last = percent;
    };
    return (await models.run(["pull", model.name, "--yes"], show, token)) !== undefined;
  });
}

/** The picker's rows; pure but for the labels' language. */
export function modelItems(
  overview: Overview,
  use: (name: string) => Promise<void>,
  pull: (model: CatalogueModel) => Promise<void>,
  t: (text: string, ...args: string[]) => string,
): ModelItem[] {
  const items: ModelItem[] = [];
  const installed = overview.installed.filter((model) => model.role === "chat" && model.present);
  if (installed.length > 0) items.push({ label: t("Installed"), kind: vscode.QuickPickItemKind.Separator });
  for (const model of installed) {
    items.push({
      label: `${model.in_use ? "$(check)" : "$(chip)"} ${model.name}`,
      description: gigabytes(model.bytes),
      detail: speedOf(model, t).join(" · "),
      run: () => use(model.name),
    });
  }
  items.push({ label: t("Available for download"), kind: vscode.QuickPickItemKind.Separator });
  const isSlow = (model: CatalogueModel): boolean => model.fast_enough === false;
  const order = (model: CatalogueModel): number => (model.recommended ? 0 : !model.fits ? 3 : isSlow(model) ? 2 : 1);
  const offered = overview.catalogue.filter((model) => !model.installed);
  for (const model of [...offered].sort((a, b) => order(a) - order(b) || a.memory - b.memory)) {
    const symbol = model.recommended ? "star-full" : model.fits ? "cloud-download" : "warning";
    items.push({
      label: `$(${symbol}) ${model.title}`,
      description: [...(model.bytes > 0 ? [gigabytes(model.bytes)] : []), t("needs {0} of memory", gigabytes(model.memory)), model.license].join(", "),
      detail: detailOf(model, t),
      run: () => pull(model),
    });
  }
  return items;
}

/** Why a model is a good or a bad choice on this machine. */
function detailOf(model: CatalogueModel, t: (text: string, ...args: string[]) => string): string {
  if (!model.fits) return t("does not fit into this machine's memory");
  const parts = [...(model.recommended ? [t("recommended")] : []), ...speedOf(model, t), ...(model.notes ? [model.notes] : [])];
  return parts.join(" · ");
}

/** What to expect of a model on this machine. */
function speedOf(model: Speed & { recommended?: boolean }, t: (text: string, ...args: string[]) => string): string[] {
  const { estimated_first_word_seconds: first, estimated_words_per_second: words } = model;
  return [
    ...(model.fast_enough === false && !model.recommended ? [t("slow on this machine")] : []),
    ...(typeof first === "number" && typeof words === "number" ? [timing(model.measured, rounded(first), rounded(words), t)] : []),
  ];
}

function timing(measured: boolean, first: string, words: string, t: (text: string, ...args: string[]) => string): string {
  if (measured) return t("{0} s to the first word, then {1} words/s (measured)", first, words);
  return t("about {0} s to the first word, then {1} words/s", first, words);
}

const rounded = (value: number): string => (value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value)));
