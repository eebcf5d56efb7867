// @vitest-environment node
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { withLock, type LockOptions } from "../../src/lock";
import { Windows } from "./windows";

const folder = mkdtempSync(path.join(tmpdir(), "glossator-lock-"));
const windows = new Windows(folder);
const file = path.join(folder, "a.lock");
const FAST = { poll: 10, touch: 50, stale: 1000, unreadable: 100 };
const NEVER = 600_000;
const taken = (options: LockOptions = {}): Promise<string> => withLock(file, () => Promise.resolve("taken"), { times: FAST, ...options });

beforeAll(() => windows.build());
beforeEach(() => rmSync(file, { force: true }));
afterAll(() => {
  windows.killAll();
  rmSync(folder, { recursive: true, force: true });
});

test("a lock names its owner while it is held, and is gone afterwards, also after a failure", async () => {
  const owner = await withLock(file, () => Promise.resolve(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>));
  expect(owner).toMatchObject({ pid: process.pid, host: hostname() });
  expect(existsSync(file)).toBe(false);
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(existsSync(file)).toBe(false);
});

test("another process waits for as long as the owner is alive, is told who that is, and comes next", async () => {
  const other = windows.open({ lock: { file, times: { touch: 20 } } });
  await other.says(/holding/);
  const order: string[] = [];
  let waits = 0;
  let told: unknown;
  const done = taken({
    times: { ...FAST, stale: 300 },
    waiting: (owner, waited) => {
      told = owner;
      // Longer than a lock may stay untouched: the owner is busy, and touches it.
      if (waited > 1000 && waits++ === 0) {
        order.push("closed");
        void other.close();
      }
    },
  }).then(() => order.push("taken"));
  await done;
  expect(order).toEqual(["closed", "taken"]);
  expect(told).toMatchObject({ pid: other.pid, host: hostname() });
});

test("the lock of a process that was killed is taken at once", async () => {
  const other = windows.open({ lock: { file } });
  await other.says(/holding/);
  await other.kill();
  expect(existsSync(file)).toBe(true);
  expect(await taken({ times: { ...FAST, stale: NEVER, unreadable: NEVER } })).toBe("taken");
});

test.each([
  ["empty", ""],
  ["cut off", '{"pid": 12'],
  ["a number", "999999999"],
  ["null", "null"],
  ["something else", '{"pid": "x", "host": 1}'],
])("a lock that is %s is taken soon", async (_, text) => {
  writeFileSync(file, text);
  expect(await taken({ times: { ...FAST, stale: NEVER } })).toBe("taken");
});

test.each([
  ["a program that has got the owner's process id", hostname()],
  ["another machine", `not-${hostname()}`],
])("a lock that nobody touches is taken after a while, even if it seems to belong to %s", async (_, host) => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, host, token: "t", since: "" }));
  let waits = 0;
  expect(await taken({ times: { ...FAST, stale: 200, unreadable: NEVER }, waiting: () => waits++ })).toBe("taken");
  expect(waits).toBeGreaterThan(10);
});

test.skipIf(process.platform === "win32")("a stopped owner loses its lock, and does not take it from its successor when it goes on", async () => {
  const other = windows.open({ lock: { file, times: { touch: 20 } } });
  await other.says(/holding/);
  other.signal("SIGSTOP");
  await withLock(
    file,
    async () => {
      const held = readFileSync(file, "utf8");
      other.signal("SIGCONT");
      await other.close();
      expect(readFileSync(file, "utf8")).toBe(held);
    },
    { times: FAST },
  );
  expect(existsSync(file)).toBe(false);
});

test("of many that find an abandoned lock, one at a time gets it", async () => {
  writeFileSync(file, "");
  let inside = 0;
  let most = 0;
  const run = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(file, run, { times: FAST })));
  expect(most).toBe(1);
  expect(readdirSync(folder)).toEqual(["window.cjs"]);
});

test("waiting can be given up", async () => {
  writeFileSync(file, JSON.stringify({ pid: process.pid, host: hostname(), token: "t", since: "" }));
  const given = new AbortController();
  await expect(taken({ signal: given.signal, waiting: () => given.abort(), times: { ...FAST, poll: NEVER } })).rejects.toMatchObject({ name: "AbortError" });
});

test("a folder in which nothing can be written is an error, not a wait", async () => {
  await expect(withLock(path.join(folder, "absent", "a.lock"), () => Promise.resolve())).rejects.toMatchObject({ code: "ENOENT" });
});
