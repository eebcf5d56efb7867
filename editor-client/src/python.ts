/** Finds a Python that can run the server, and makes the server's own environment. Knows nothing of LSP, and of VS Code but its texts. */

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { l10n } from "vscode";

const run = promisify(execFile);
const MINIMUM = [3, 11] as const;
const BUILD_MINUTES = 40;
const RUNTIME = "llama-cpp-python==0.3.36";
const LOCK_POLL_MS = 500;
/** Characters of a step's output that are kept to tell why it failed. */
const OUTPUT = 200_000;

/** A failure of the set-up that a user can mend; `cure` says where to lead them. */
export class SetupError extends Error {
  constructor(
    message: string,
    readonly cure: "python" | "network" | "log",
  ) {
    super(message);
  }
}

/** What Python runs with: it must import nothing from the folder that it is started in. */
export function environmentVariables(): NodeJS.ProcessEnv {
  return { ...process.env, PYTHONSAFEPATH: "1", PYTHONUNBUFFERED: "1", PYTHONUTF8: "1" };
}

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
    if (!found) throw new SetupError(l10n.t("glossator.pythonPath ({0}) is not a Python of 3.11 or later.", setting), "python");
    return found;
  }
  const names = process.platform === "win32" ? ["python", "py", "python3"] : ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"];
  for (const command of [fromExtension, ...names]) {
    const found = command ? await probe(command) : undefined;
    if (found) return found;
  }
  throw new SetupError(l10n.t("Glossator needs Python 3.11 or later, and none was found."), "python");
}

const python = (environment: string): string =>
  process.platform === "win32" ? path.join(environment, "Scripts", "python.exe") : path.join(environment, "bin", "python");

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

export interface Setup {
  /** Where the extension may write. */
  storage: string;
  /** The folder with the wheel and requirements.txt that the .vsix carries. */
  bundled: string;
  report: (message: string) => void;
  log: (text: string) => void;
  /** Ends the set-up, and the process that it waits for. */
  signal?: AbortSignal;
}

/** The environment's Python, with the bundled wheel installed; made or renewed only when the wheel or the Python changed. */
export async function ensureEnvironment(base: Found, setup: Setup): Promise<string> {
  const wheel = (await readdir(setup.bundled)).find((name) => name.endsWith(".whl"));
  if (!wheel) throw new SetupError(l10n.t("This installation of Glossator is incomplete: it carries no server."), "log");
  const requirements = path.join(setup.bundled, "requirements.txt");
  const fingerprint = createHash("sha256")
    .update(await readFile(path.join(setup.bundled, wheel)))
    .update(await readFile(requirements))
    .update(`${base.path} ${base.version}`)
    .digest("hex");
  // One folder for each version: a window that still runs the last one keeps its own.
  const environment = path.join(setup.storage, `server-${fingerprint.slice(0, 12)}`);
  const stamp = path.join(environment, ".complete");
  const executable = python(environment);
  if (await exists(stamp)) return executable;
  await mkdir(setup.storage, { recursive: true });
  const lock = `${environment}.lock`;
  await acquire(lock, setup);
  try {
    if (!(await exists(stamp))) await make(base, environment, path.join(setup.bundled, wheel), requirements, setup);
    await writeFile(stamp, "");
    await removeOthers(setup.storage, path.basename(environment));
    return executable;
  } finally {
    await rm(lock, { force: true });
  }
}

/** Take a lock that another window may hold, for as long as its process lives. */
async function acquire(lock: string, setup: Setup): Promise<void> {
  for (;;) {
    setup.signal?.throwIfAborted();
    try {
      await writeFile(lock, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(lock, "utf8").catch(() => ""));
    if (holder && !alive(holder)) await rm(lock, { force: true });
    else setup.report(l10n.t("waiting for another window that sets up the server"));
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Remove environments of other versions; one that is still in use may stay. */
async function removeOthers(storage: string, own: string): Promise<void> {
  for (const name of await readdir(storage)) {
    if (/^server-[0-9a-f]{12}$/.test(name) && name !== own) await rm(path.join(storage, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function make(base: Found, environment: string, wheel: string, requirements: string, setup: Setup): Promise<void> {
  const executable = python(environment);
  await rm(environment, { recursive: true, force: true });
  setup.report(l10n.t("creating an environment"));
  await step(base.path, ["-m", "venv", environment], setup, (output) =>
    /ensurepip|No module named '?venv/i.test(output)
      ? new SetupError(l10n.t("Python's venv module is missing (Debian, Ubuntu: apt-get install python3-venv)."), "python")
      : (known(output) ?? new SetupError(l10n.t("The server's environment could not be created."), "log")),
  );
  const failed = (output: string): SetupError => pipFailure(output, base.version);
  const total = (await readFile(requirements, "utf8")).match(/^[\w.-]+==/gm)?.length ?? 0;
  setup.report(l10n.t("installing the server's packages"));
  await step(executable, [...PIP, "--require-hashes", "--only-binary", ":all:", "-r", requirements], setup, failed, { line: progress(total, setup.report) });
  setup.report(l10n.t("installing the server"));
  await step(executable, [...PIP, "--no-deps", wheel], setup, failed);
}

const PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];

/** Tells what pip is at, from its lines. */
export function progress(total: number, report: (message: string) => void): (line: string) => void {
  let count = 0;
  return (line) => {
    const found = /^(?:Collecting|Processing) (?:\S*[/\\])?([\w.]+(?:-[a-z][\w.]*)*)/i.exec(line);
    if (found?.[1]) report(l10n.t("fetching the server's packages ({0} of {1}: {2})", Math.min(++count, total), total, found[1]));
    else if (line.startsWith("Installing collected packages")) report(l10n.t("installing the server's packages"));
  };
}

/** Why a step failed, where the reason does not lie in what it does; undefined for any other. */
function known(output: string): SetupError | undefined {
  if (/no space left|errno 28\b|winerror 112\b|disk quota/i.test(output)) return new SetupError(l10n.t("The disk is full."), "log");
  if (/Retrying \(Retry|ConnectionError|ProxyError|SSLError|ReadTimeout|name resolution|unreachable/i.test(output)) {
    return new SetupError(l10n.t("The server's packages could not be downloaded: is there a network?"), "network");
  }
  return undefined;
}

/** What it means that pip could not install the server's packages. */
export function pipFailure(output: string, version: string): SetupError {
  const missing = /No matching distribution found for ([\w.-]+)/i.exec(output)?.[1];
  return (
    known(output) ??
    (missing
      ? new SetupError(l10n.t("There is no package {0} for Python {1} on this machine; another Python may do.", missing, version), "python")
      : new SetupError(l10n.t("The server's packages could not be installed."), "log"))
  );
}

/** What it means that pip could not build the model runtime. */
export function runtimeFailure(output: string): SetupError {
  if (/CMAKE_(?:C|CXX)_COMPILER|CMAKE_MAKE_PROGRAM is not set|compiler.{0,40}not (?:found|able)|nmake|Microsoft Visual C\+\+/i.test(output)) {
    return new SetupError(l10n.t("The model runtime is built from source and needs a C++ compiler. Everything else works without it."), "log");
  }
  const reason = known(output);
  if (reason?.cure === "network") {
    return new SetupError(l10n.t("The model runtime could not be downloaded: is there a network? Everything else works without it."), "network");
  }
  return reason ?? new SetupError(l10n.t("The model runtime could not be installed. Everything else works without it."), "log");
}

/** Install the llama.cpp runtime into the environment; everything but the model works without it. */
export async function installRuntime(executable: string, setup: Setup): Promise<void> {
  setup.report(l10n.t("building the model runtime (some minutes, once)"));
  await step(executable, [...PIP, RUNTIME], setup, runtimeFailure, { minutes: BUILD_MINUTES });
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
  line?: (line: string) => void;
}

/** Run one step of the set-up; what it prints goes into the log, and decides what its failure means. */
function step(command: string, args: string[], setup: Setup, failure: (output: string) => Error, options: StepOptions = {}): Promise<void> {
  setup.log(`$ ${command} ${args.join(" ")}`);
  return new Promise((resolve, reject) => {
    const signals = [AbortSignal.timeout((options.minutes ?? 15) * 60_000), ...(setup.signal ? [setup.signal] : [])];
    // Not in a folder that somebody else writes, from which Python would import.
    const child = spawn(command, args, { cwd: setup.storage, stdio: ["ignore", "pipe", "pipe"], signal: AbortSignal.any(signals) });
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
