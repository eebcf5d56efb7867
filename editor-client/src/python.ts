/** Finds a Python that can run the server, and creates the server's own environment. Independent of LSP, and of VS Code except for its translations. */

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { l10n } from "vscode";
import { claim, hasReady, makeFolder, markChild, markReady, pythonIn } from "./environments";
import { withLock, type LockOwner, type LockTimes } from "./lock";

const run = promisify(execFile);
const MINIMUM = [3, 11] as const;
const BUILD_MINUTES = 40;
/** A set-up takes about a minute: after this, a window that waits for another one says what can be done (ms). */
const LONG_WAIT_MS = 120_000;
/** Characters of a step's output that are kept to find out why it failed. */
const OUTPUT = 200_000;

/** A failure of the set-up that a user can do something about; `fix` says where. */
export class SetupError extends Error {
  constructor(
    message: string,
    readonly fix: "python" | "network" | "log",
  ) {
    super(message);
  }
}

/** The environment variables for Python: it must not import from the folder that it is started in. */
export function environmentVariables(): NodeJS.ProcessEnv {
  return { ...process.env, ...PYTHON_VARIABLES };
}

/** What Python is told through its environment. */
export const PYTHON_VARIABLES = { PYTHONSAFEPATH: "1", PYTHONUNBUFFERED: "1", PYTHONUTF8: "1" };

export interface Found {
  path: string;
  version: string;
}

/** Whether a command is a Python of 3.11 or later: its real path and version. */
export async function probe(command: string): Promise<Found | undefined> {
  const code = "import sys; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))";
  try {
    const { stdout } = await run(command, ["-I", "-c", code], { timeout: 15_000 });
    const [executable, version] = stdout.trim().split(/\r?\n/);
    if (!executable || !version) return undefined;
    const [major = 0, minor = 0] = version.split(".").map(Number);
    return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]) ? { path: executable, version } : undefined;
  } catch {
    return undefined;
  }
}

/** The first usable Python of: the setting, the Python extension's interpreter, the PATH. */
export async function findPython(setting: string, fromExtension: string | undefined): Promise<Found> {
  if (setting) {
    const found = await probe(setting);
    if (!found) throw new SetupError(l10n.t("glossator.pythonPath ({0}) is not Python 3.11 or later.", setting), "python");
    return found;
  }
  const names = process.platform === "win32" ? ["python", "py", "python3"] : ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  for (const command of [fromExtension, ...names]) {
    const found = command ? await probe(command) : undefined;
    if (found) return found;
  }
  throw new SetupError(l10n.t("Glossator needs Python 3.11 or later, but none was found."), "python");
}

export interface Setup {
  /** Where the extension may write. */
  storage: string;
  /** The folder with the wheel and requirements.txt that the .vsix carries. */
  bundled: string;
  report: (message: string) => void;
  log: (text: string) => void;
  /** Cancels the set-up, and the process that it waits for. */
  signal?: AbortSignal;
  /** Other times for the lock that one window holds while the others wait. */
  lockTimes?: Partial<LockTimes>;
  /** How long a window waits for another one before it says what can be done (ms). */
  longWait?: number;
}

/** The environment's Python, with the bundled wheel installed: made once for each wheel and Python, and in use by this process from now on. */
export async function ensureEnvironment(base: Found, setup: Setup): Promise<string> {
  const wheel = await bundledWheel(setup.bundled);
  const requirements = path.join(setup.bundled, "requirements.txt");
  const fingerprint = createHash("sha256")
    .update(await readFile(wheel))
    .update(await readFile(requirements))
    .update(`${base.path} ${base.version}`)
    .digest("hex");
  const name = `server-${fingerprint.slice(0, 12)}`;
  const lock = path.join(setup.storage, `${name}.lock`);
  await mkdir(setup.storage, { recursive: true });
  for (;;) {
    const ready = await claim(setup.storage, name);
    if (ready) return pythonIn(ready);
    const make = async (): Promise<void> => {
      // The window that held the lock may have created it.
      if (!(await hasReady(setup.storage, name))) await makeEnvironment(base, name, wheel, requirements, setup);
    };
    const waiting = (owner: LockOwner | undefined, waited: number): void => {
      if (!owner || waited < (setup.longWait ?? LONG_WAIT_MS)) setup.report(l10n.t("waiting for another window that is setting up the server"));
      else setup.report(l10n.t("still waiting for another window that is setting up the server (process {0} on {1}). If it is stuck, close it or delete {2}", owner.pid, owner.host, lock));
    };
    await withLock(lock, make, { waiting, ...(setup.signal ? { signal: setup.signal } : {}), ...(setup.lockTimes ? { times: setup.lockTimes } : {}) });
  }
}

async function bundledWheel(bundled: string): Promise<string> {
  const wheel = (await readdir(bundled)).find((name) => name.endsWith(".whl"));
  if (!wheel) throw new SetupError(l10n.t("This installation of Glossator is incomplete: it has no server."), "log");
  return path.join(bundled, wheel);
}

async function makeEnvironment(base: Found, name: string, wheel: string, requirements: string, setup: Setup): Promise<void> {
  const environment = await makeFolder(setup.storage, name);
  try {
    await install(base, environment, wheel, requirements, setup);
    await markReady(environment);
  } catch (error) {
    await rm(environment, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    throw error;
  }
}

async function install(base: Found, environment: string, wheel: string, requirements: string, setup: Setup): Promise<void> {
  const executable = pythonIn(environment);
  setup.report(l10n.t("creating an environment"));
  await step(base.path, ["-m", "venv", environment], setup, venvFailure, { environment });
  const failed = (output: string): SetupError => pipFailure(output, base.version);
  const total = (await readFile(requirements, "utf8")).match(/^[\w.-]+==/gm)?.length ?? 0;
  setup.report(l10n.t("installing the server's packages"));
  await step(executable, [...PIP, "--require-hashes", "--only-binary", ":all:", "-r", requirements], setup, failed, { environment, line: progress(total, setup.report) });
  setup.report(l10n.t("installing the server"));
  await step(executable, [...PIP, "--no-deps", wheel], setup, failed, { environment });
}

const PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];

/** Reports pip's progress from its output lines. */
export function progress(total: number, report: (message: string) => void): (line: string) => void {
  let count = 0;
  return (line) => {
    const found = /^(?:Collecting|Processing) (?:\S*[/\\])?([\w.]+(?:-[a-z][\w.]*)*)/i.exec(line);
    if (found?.[1]) report(l10n.t("downloading the server's packages ({0} of {1}: {2})", Math.min(++count, total), total, found[1]));
    else if (line.startsWith("Installing collected packages")) report(l10n.t("installing the server's packages"));
  };
}

/** The cause of a failure that any step may have; undefined for other causes. */
function known(output: string): SetupError | undefined {
  if (/no space left|errno 28\b|winerror 112\b|disk quota/i.test(output)) return new SetupError(l10n.t("The disk is full."), "log");
  if (/Retrying \(Retry|ConnectionError|ProxyError|SSLError|ReadTimeout|name resolution|unreachable/i.test(output)) {
    return new SetupError(l10n.t("The server's packages could not be downloaded. Check the network connection."), "network");
  }
  return undefined;
}

/** Why Python could not create an environment. */
function venvFailure(output: string): SetupError {
  return /ensurepip|No module named '?venv/i.test(output)
    ? new SetupError(l10n.t("Python's venv module is missing (Debian, Ubuntu: apt-get install python3-venv)."), "python")
    : (known(output) ?? new SetupError(l10n.t("The server's environment could not be created."), "log"));
}

/** Why pip could not install the server's packages. */
export function pipFailure(output: string, version: string): SetupError {
  const missing = /No matching distribution found for ([\w.-]+)/i.exec(output)?.[1];
  return (
    known(output) ??
    (missing
      ? new SetupError(l10n.t("The package {0} is not available for Python {1} on this machine. Try another version of Python.", missing, version), "python")
      : new SetupError(l10n.t("The server's packages could not be installed."), "log"))
  );
}

/** Why the model runtime was not installed: what `glossator runtime install` printed last. */
export function runtimeFailure(output: string): SetupError {
  const told = [...output.matchAll(/^glossator: (.+)$/gm)].at(-1)?.[1];
  if (!told) return known(output) ?? new SetupError(l10n.t("The model runtime could not be installed. Everything else works without it."), "log");
  return new SetupError(`${told.charAt(0).toUpperCase()}${told.slice(1)}.`, /network|cannot be reached/.test(told) ? "network" : "log");
}

/** What a line of `glossator runtime install` says about its progress; undefined for other lines. */
export function runtimeStage(line: string): string | undefined {
  const found = /^(Downloading|Trying|Installing|Compiling) the runtime\b(?:: (.+)| \.\.\.)?$/.exec(line.trim());
  const stages: Record<string, string> = {
    Downloading: l10n.t("downloading the model runtime"),
    Trying: l10n.t("trying the model runtime"),
    Installing: l10n.t("installing the model runtime"),
    Compiling: l10n.t("compiling the model runtime (a few minutes, only once)"),
  };
  const stage = found?.[1] ? stages[found[1]] : undefined;
  return stage && found?.[2] ? `${stage}: ${found[2]}` : stage;
}

/** Install what runs models into the environment: a ready build for this machine, or one from source; all but the model works without it. */
export async function installRuntime(executable: string, setup: Setup): Promise<void> {
  setup.report(l10n.t("looking for a build of the model runtime"));
  const line = (text: string): void => {
    const stage = runtimeStage(text);
    if (stage) setup.report(stage);
  };
  await step(executable, ["-m", "glossator", "runtime", "install", "--yes"], setup, runtimeFailure, { minutes: BUILD_MINUTES, line });
}

/** Whether the environment has the llama.cpp runtime. */
export async function hasRuntime(executable: string): Promise<boolean> {
  const code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('llama_cpp') is None)";
  return run(executable, ["-I", "-c", code], { timeout: 15_000 }).then(
    () => true,
    () => false,
  );
}

interface StepOptions {
  minutes?: number;
  /** Where the step writes. If this process is killed, the step continues, and no other process may write there meanwhile. */
  environment?: string;
  line?: (line: string) => void;
}

/** Run one step of the set-up; its output goes into the log, and is used to explain a failure. */
function step(command: string, args: string[], setup: Setup, failure: (output: string) => Error, options: StepOptions = {}): Promise<void> {
  setup.log(`$ ${command} ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const signals = [AbortSignal.timeout((options.minutes ?? 15) * 60_000), ...(setup.signal ? [setup.signal] : [])];
    // Not in a folder that others can write to: Python would import from it.
    const child = spawn(command, args, { cwd: setup.storage, stdio: ["ignore", "pipe", "pipe"], signal: AbortSignal.any(signals) });
    if (options.environment && child.pid !== undefined) markChild(options.environment, child.pid);
    let output = "";
    let rest = "";
    const take = (data: string): void => {
      output = (output + data).slice(-OUTPUT);
      const lines = (rest + data).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.trim()) setup.log(line);
        options.line?.(line);
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", take);
    child.on("error", (error) => take(`${error.message}\n`));
    child.on("close", (code) => {
      if (rest.trim()) setup.log(rest);
      if (code === 0) resolve();
      else if (setup.signal?.aborted) reject(setup.signal.reason as Error);
      else reject(failure(output));
    });
  });
}
