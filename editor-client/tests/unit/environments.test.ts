// @vitest-environment node
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { claim, environmentOf, isInUse, makeFolder, markInUse, markReady, pythonIn, removeUnused } from "../../src/environments";
import { ensureEnvironment, findPython, type Found, type Setup } from "../../src/python";
import { makeBundle, versionOf } from "./bundle";
import { until } from "./waiting";
import { Windows } from "./windows";

const folder = mkdtempSync(path.join(tmpdir(), "glossator-environments-"));
const storage = path.join(folder, "storage");
const bundled = path.join(folder, "dist");
const windows = new Windows(folder);
const servers: ChildProcess[] = [];
let base: Found;

const DAY = 24 * 3_600_000;
const FAST = { poll: 20, touch: 50, stale: 500, unreadable: 200 };
const setup = (change: Partial<Setup> = {}): Setup => ({ storage, bundled, report: () => undefined, log: () => undefined, ...change });
const names = (): string[] => readdirSync(storage).sort();

/** Make it look as if nobody had touched an environment for some days. */
function age(environment: string, days: number): void {
  const then = new Date(Date.now() - days * DAY);
  const users = path.join(environment, ".in-use");
  const markers = existsSync(users) ? readdirSync(users).map((name) => path.join(users, name)) : [];
  for (const file of [...markers, users, path.join(environment, ".complete"), environment]) if (existsSync(file)) utimesSync(file, then, then);
}

/** An environment as it is on disk, with a Python that is none. */
function fake(name: string): string {
  const environment = path.join(storage, name);
  mkdirSync(path.dirname(pythonIn(environment)), { recursive: true });
  writeFileSync(pythonIn(environment), "");
  writeFileSync(path.join(environment, ".complete"), "");
  return environment;
}

/** A server that runs in an environment; `imports` is true if it can still import what it has not used yet. */
async function serve(executable: string): Promise<{ child: ChildProcess; imports: () => Promise<boolean> }> {
  const child = spawn(executable, ["-m", "glossator", "serve"], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
  servers.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await until("the server runs", () => said !== "");
  const imports = async (): Promise<boolean> => {
    said = "";
    child.stdin.write("\n");
    return (await until("it answers", () => /here|Error/.exec(said)?.[0])) === "here";
  };
  return { child, imports };
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("close", () => resolve());
    child.kill("SIGKILL");
  });

beforeAll(async () => {
  base = await findPython("", undefined);
  await windows.build();
});
beforeEach(() => {
  rmSync(storage, { recursive: true, force: true });
  mkdirSync(storage);
});
afterAll(() => {
  windows.killAll();
  for (const server of servers) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

test("an environment stays while a window or a server of it runs, and goes later", async () => {
  makeBundle(base.path, bundled, "1.0");
  const window = windows.open({ setup: { base, storage, bundled } });
  const old = (await window.says(/^ready (.*)$/m))[1] ?? "";
  const environment = environmentOf(old);

  // The next version is set up, here and twice at once.
  makeBundle(base.path, bundled, "2.0");
  const [renewed, second] = await Promise.all([ensureEnvironment(base, setup()), ensureEnvironment(base, setup())]);
  expect(second).toBe(renewed);
  expect([versionOf(renewed), versionOf(old)]).toEqual(["2.0", "1.0"]);
  age(environment, 1000);
  expect(await removeUnused(storage)).toEqual([]);

  // The window is killed, and its server lives on for a while.
  const server = await serve(old);
  expect(await markInUse(environment, server.child.pid)).toBe(true);
  await window.kill();
  age(environment, 1000);
  expect(await removeUnused(storage)).toEqual([]);
  expect(await server.imports()).toBe(true);

  await ended(server.child);
  age(environment, 0);
  expect(await removeUnused(storage)).toEqual([]); // somebody may come back to it
  age(environment, 2);
  expect(await removeUnused(storage)).toEqual([path.basename(environment)]);
  expect(names()).toEqual([path.basename(environmentOf(renewed))]);
}, 300_000);

test("a window that is killed while it sets up leaves nothing that the next one stumbles over", async () => {
  makeBundle(base.path, bundled, "3.0");
  const window = windows.open({ setup: { base, storage, bundled } });
  await window.says(/-m venv/);
  await until("the step runs", () => readdirSync(path.join(storage, names()[0] ?? "", ".in-use")).length === 2);
  await window.kill();
  const [half = "", lock = ""] = names();
  expect(lock).toBe(`${half}.lock`);
  const reports: string[] = [];
  const executable = await ensureEnvironment(base, setup({ report: (message) => reports.push(message), lockTimes: { stale: 600_000, unreadable: 600_000 } }));
  expect(versionOf(executable)).toBe("3.0");
  expect(reports[0]).toBe("creating an environment");
  // What the killed window had started goes on, in a folder of its own.
  expect(path.basename(environmentOf(executable))).toBe(`${half}-2`);
  await until("that has ended", async () => !(await isInUse(path.join(storage, half))));
  expect(names()).toEqual([half, `${half}-2`]);

  // An environment that lost its Python is made again; an empty lock does not keep anybody from it.
  rmSync(executable);
  rmSync(path.join(environmentOf(executable), ".in-use"), { recursive: true });
  writeFileSync(path.join(storage, lock), "");
  const waits: string[] = [];
  expect(versionOf(await ensureEnvironment(base, setup({ report: (message) => waits.push(message), lockTimes: FAST })))).toBe("3.0");
  expect(waits[0]).toBe("waiting for another window that is setting up the server");
  expect(names()).toEqual([half, `${half}-2`]);
}, 300_000);

test.skipIf(process.platform === "win32")("a window that is stopped while it sets up does not hold up the others, and may go on", async () => {
  makeBundle(base.path, bundled, "4.0");
  const window = windows.open({ setup: { base, storage, bundled, lockTimes: FAST } });
  await window.says(/-m venv/);
  window.signal("SIGSTOP");
  const executable = await ensureEnvironment(base, setup({ lockTimes: FAST }));
  expect(versionOf(executable)).toBe("4.0");
  window.signal("SIGCONT");
  const other = (await window.says(/^ready (.*)$/m))[1] ?? "";
  expect(versionOf(other)).toBe("4.0");
  expect(versionOf(executable)).toBe("4.0");
  expect(names().filter((name) => name.endsWith(".lock"))).toEqual([]);
}, 300_000);

test("a window that waits for long says what can be done", async () => {
  makeBundle(base.path, bundled, "5.0");
  const window = windows.open({ setup: { base, storage, bundled } });
  await window.says(/-m venv/);
  await until("the step runs", () => readdirSync(path.join(storage, names()[0] ?? "", ".in-use")).length === 2);
  const lock = path.join(storage, names().find((name) => name.endsWith(".lock")) ?? "");
  const reports: string[] = [];
  const given = new AbortController();
  const report = (message: string): void => {
    reports.push(message);
    if (message.startsWith("still")) given.abort();
  };
  const waiting = ensureEnvironment(base, setup({ report, signal: given.signal, longWait: 0 }));
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  expect(reports.at(-1)).toBe(`still waiting for another window that is setting up the server (process ${window.pid} on ${hostname()}). If it is stuck, close it or delete ${lock}`);
  await window.kill();
  await until("what it had started has ended", async () => !(await isInUse(lock.replace(/\.lock$/, ""))));
}, 180_000);

test("only what nobody can be using is removed", async () => {
  const used = fake("server-000000000001");
  const recent = fake("server-000000000002");
  const unused = fake("server-000000000003-2");
  const unmarked = fake("server-000000000004");
  const forgotten = fake("server-000000000005");
  const elsewhere = fake("server-000000000006");
  const longElsewhere = fake("server-000000000007");
  await markInUse(used);
  await markInUse(recent, 999_999_999);
  for (const one of [used, unused, elsewhere, longElsewhere]) await markInUse(one, one === used ? process.pid : 999_999_999);
  for (const one of [elsewhere, longElsewhere]) writeFileSync(path.join(one, ".in-use", "another-machine-12"), "");
  for (const [one, days] of [[used, 90], [recent, 0.5], [unused, 2], [unmarked, 2], [forgotten, 31], [elsewhere, 2], [longElsewhere, 31]] as const) age(one, days);
  writeFileSync(path.join(storage, "server-000000000003.lock"), "");
  writeFileSync(path.join(storage, "server-000000000008.lock"), "");
  utimesSync(path.join(storage, "server-000000000008.lock"), 1, 1);
  mkdirSync(path.join(storage, "something-else"));
  mkdirSync(path.join(storage, `removed-123e4567-e89b-12d3-a456-426614174000-${encodeURIComponent(hostname())}-999999999`));
  mkdirSync(path.join(storage, `removed-123e4567-e89b-12d3-a456-426614174000-${encodeURIComponent(hostname())}-${process.pid}`));

  expect((await removeUnused(storage)).sort()).toEqual([unused, forgotten, longElsewhere].map((one) => path.basename(one)));
  expect(names()).toEqual([
    `removed-123e4567-e89b-12d3-a456-426614174000-${encodeURIComponent(hostname())}-${process.pid}`,
    ...[used, recent].map((one) => path.basename(one)),
    "server-000000000003.lock",
    ...[unmarked, elsewhere].map((one) => path.basename(one)),
    "something-else",
  ]);
});

test("markers of processes that have ended count for nothing, and go with the next use", async () => {
  const environment = fake("server-00000000000a");
  await markInUse(environment, 999_999_999);
  expect(await isInUse(environment)).toBe(false);
  expect(await claim(storage, "server-00000000000a")).toBe(environment);
  expect(await isInUse(environment)).toBe(true);
  expect(readdirSync(path.join(environment, ".in-use"))).toEqual([`${encodeURIComponent(hostname())}-${process.pid}`]);
});

test("an environment that is not complete, or has gone, cannot be claimed", async () => {
  const environment = fake("server-00000000000b");
  rmSync(path.join(environment, ".complete"));
  expect(await claim(storage, "server-00000000000b")).toBeUndefined();
  expect(await claim(storage, "server-00000000000c")).toBeUndefined();
  expect(await markInUse(path.join(storage, "server-00000000000c"))).toBe(false);
  expect(existsSync(path.join(storage, "server-00000000000c"))).toBe(false);
});

test("a new environment is made beside one that somebody is still making", async () => {
  const first = await makeFolder(storage, "server-00000000000d");
  const second = await makeFolder(storage, "server-00000000000d");
  expect([first, second].map((one) => path.basename(one))).toEqual(["server-00000000000d", "server-00000000000d-2"]);
  rmSync(path.join(first, ".in-use"), { recursive: true });
  writeFileSync(path.join(first, "rest"), "");
  const third = await makeFolder(storage, "server-00000000000d");
  expect(third).toBe(first);
  expect(readdirSync(third)).toEqual([".in-use"]);
  mkdirSync(path.dirname(pythonIn(second)), { recursive: true });
  writeFileSync(pythonIn(second), "");
  await markReady(second);
  expect(await claim(storage, "server-00000000000d")).toBe(second);
});
