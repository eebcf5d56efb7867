// @vitest-environment node
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ensureEnvironment, findPython, hasRuntime, installRuntime, pipFailure, probe, progress, runtimeFailure, SetupError, type Found, type Setup } from "../../src/python";
import { makeBundle, versionOf } from "./bundle";

const folder = mkdtempSync(path.join(tmpdir(), "glossator-python-"));
const bundled = path.join(folder, "dist");
let base: Found;
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bundle = (version: string): void => makeBundle(base.path, bundled, version);

function setup(): Setup & { logged: string[] } {
  const logged: string[] = [];
  return { storage: path.join(folder, "storage"), bundled, report: () => undefined, log: (text) => logged.push(text), logged };
}

beforeAll(async () => {
  base = await findPython("", undefined);
});

test("a Python is found, by the setting, the Python extension or the PATH", async () => {
  expect(base.version).toMatch(/^3\.\d+\.\d+$/);
  expect((await findPython(base.path, undefined)).path).toBe(base.path);
  expect((await findPython("", base.path)).path).toBe(base.path);
  expect((await findPython("", "/nonexistent/python")).path).toBe(base.path);
  expect(await probe("/nonexistent/python")).toBeUndefined();
  expect(await probe(process.execPath)).toBeUndefined();
  await expect(findPython("/nonexistent/python", base.path)).rejects.toMatchObject({ fix: "python" });
});

test("the environment is made once, by one of several windows", async () => {
  bundle("1.0");
  const windows = [setup(), setup()];
  const [first, second] = await Promise.all(windows.map((window) => ensureEnvironment(base, window)));
  expect(first).toBe(second);
  expect(versionOf(first ?? "")).toBe("1.0");
  expect(windows.flatMap((window) => window.logged).filter((text) => text.includes("-m venv"))).toHaveLength(1);

  const again = setup();
  expect(await ensureEnvironment(base, again)).toBe(first);
  expect(again.logged).toEqual([]);
}, 180_000);

test("an installation without a server says so", async () => {
  rmSync(bundled, { recursive: true, force: true });
  mkdirSync(bundled);
  await expect(ensureEnvironment(base, setup())).rejects.toBeInstanceOf(SetupError);
});

test("packages that cannot be had are told as such; a set-up that is given up ends", async () => {
  bundle("3.0");
  writeFileSync(path.join(bundled, "requirements.txt"), `absent-package==1.0 --hash=sha256:${"0".repeat(64)}\n`);
  // A machine without a network: nothing listens there.
  vi.stubEnv("PIP_PROXY", "http://127.0.0.1:9");
  vi.stubEnv("PIP_RETRIES", "1");
  const reports: string[] = [];
  await expect(ensureEnvironment(base, { ...setup(), report: (message) => reports.push(message) })).rejects.toMatchObject({ fix: "network" });
  expect(reports).toEqual(["creating an environment", "installing the server's packages"]);

  const given = new AbortController();
  const report = (message: string): void => {
    if (message.startsWith("creating")) given.abort();
  };
  await expect(ensureEnvironment(base, { ...setup(), signal: given.signal, report })).rejects.toMatchObject({ name: "AbortError" });
  expect(readdirSync(path.join(folder, "storage")).filter((name) => name.endsWith(".lock") || name.startsWith("removed-"))).toEqual([]);
}, 300_000);

const RETRYING = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/lancedb/\n";
const NONE = "ERROR: Could not find a version that satisfies the requirement lancedb==0.40.0 (from versions: none)\nERROR: No matching distribution found for lancedb==0.40.0";

test.each<[string, string, string, RegExp]>([
  ["no network", RETRYING + NONE, "network", /Check the network connection/],
  ["no package for this Python", NONE, "python", /lancedb is not available for Python 3\.15\.0/],
  ["a full disk", "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "log", /disk is full/],
  ["anything else", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "log", /could not be installed/],
])("pip fails with %s", (_, output, fix, message) => {
  const failure = pipFailure(output, "3.15.0");
  expect(failure.fix).toBe(fix);
  expect(failure.message).toMatch(message);
});

test("the runtime's failures are told apart", () => {
  const reason = "glossator: the runtime was not installed: a C++ compiler is missing";
  expect(runtimeFailure(`The build for the CPU is left\n${reason}\n`)).toMatchObject({ message: "The runtime was not installed: a C++ compiler is missing.", fix: "log" });
  expect(runtimeFailure("glossator: it cannot be reached; check the network connection\n")).toMatchObject({ fix: "network" });
  expect(runtimeFailure("Segmentation fault").message).toMatch(/could not be installed/);
});

test("pip's progress is told in packages", () => {
  const reports: string[] = [];
  const line = progress(3, (message) => reports.push(message));
  line("Looking in links: /wheels");
  line("Collecting hf-xet==1.8.0 (from -r /bundled/requirements.txt (line 204))");
  line("  Downloading hf_xet-1.8.0-cp38-abi3-manylinux2014_x86_64.whl (4.3 MB)");
  line("Processing /files/attrs-26.1.0-py3-none-any.whl (from -r C:\\bundled\\requirements.txt (line 7))");
  line("Installing collected packages: hf-xet, attrs");
  expect(reports).toEqual(["downloading the server's packages (1 of 3: hf-xet)", "downloading the server's packages (2 of 3: attrs)", "installing the server's packages"]);
});

test("a machine on which no runtime can be installed gets everything else", async () => {
  bundle("4.0");
  const made = await ensureEnvironment(base, setup());
  expect(await hasRuntime(made)).toBe(false);
  vi.stubEnv("FAKE_FAILURE", "there is no compiler");
  const reports: string[] = [];
  await expect(installRuntime(made, { ...setup(), report: (message) => reports.push(message) })).rejects.toMatchObject({ message: "There is no compiler." });
  expect(reports).toEqual(["looking for a build of the model runtime", "downloading the model runtime: 5 MB of 10 MB (50%)", "compiling the model runtime (a few minutes, only once)"]);
  expect(versionOf(made)).toBe("4.0");
}, 300_000);
