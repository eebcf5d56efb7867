/**
 * The server's environments on this machine: which are ready, who uses them, and which can go. Knows nothing of how one is
 * made. All windows share the folder, those that run another version of the extension included.
 *
 * `server-<fingerprint>/` is one environment, complete if it has a `.complete`. Each process that uses it has a marker
 * `.in-use/<host>-<pid>` in it, which counts for as long as that process runs. An environment without a running user is
 * removed some time after its last use. It is renamed first, so that no window ever finds half of one.
 */

import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { access, mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import * as path from "node:path";
import { isRunning } from "./processes";

const COMPLETE = ".complete";
const USERS = ".in-use";
const ENVIRONMENT = /^server-[0-9a-f]{12}(?:-\d+)?$/;
const LEFTOVER = /^removed-[0-9a-f-]{36}-(.+)$/;
const LOCK = /^server-[0-9a-f]{12}\.lock(?:\.|$)/;
const DAY = 24 * 3_600_000;
/** How long an unused environment is kept (ms), for users who switch between versions. */
const KEPT = DAY;
/** The same where use cannot be checked (ms): markers of other machines that share the folder, and environments without markers. */
const KEPT_UNKNOWN = 30 * DAY;

export const pythonIn = (environment: string): string =>
  process.platform === "win32" ? path.join(environment, "Scripts", "python.exe") : path.join(environment, "bin", "python");

/** The environment that a Python of `pythonIn` is in. */
export const environmentOf = (python: string): string => path.dirname(path.dirname(python));

/** A complete environment of this name, marked as used by this process; undefined if there is none. */
export async function claim(storage: string, name: string): Promise<string | undefined> {
  for (const environment of await named(storage, name)) {
    // Checked again after marking it: a process that is removing it has either seen the marker or renamed the folder.
    if ((await isReady(environment)) && (await markInUse(environment)) && (await isReady(environment))) return environment;
  }
  return undefined;
}

export async function hasReady(storage: string, name: string): Promise<boolean> {
  for (const environment of await named(storage, name)) if (await isReady(environment)) return true;
  return false;
}

/** The environments of a name: a second one is made beside a first that is not complete and still in use. */
async function named(storage: string, name: string): Promise<string[]> {
  const names = (await readdir(storage)).filter((entry) => ENVIRONMENT.test(entry) && (entry === name || entry.startsWith(`${name}-`)));
  return names.sort().map((entry) => path.join(storage, entry));
}

async function isReady(environment: string): Promise<boolean> {
  return (await exists(path.join(environment, COMPLETE))) && exists(pythonIn(environment));
}

/** Note that an environment is complete. */
export async function markReady(environment: string): Promise<void> {
  await writeFile(path.join(environment, COMPLETE), "");
}

/** An empty folder for a new environment, marked as used by this process; what an interrupted set-up left there is removed. */
export async function makeFolder(storage: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const folder = path.join(storage, number === 1 ? name : `${name}-${number}`);
    // Its maker may only be suspended, and continue later.
    if ((await exists(folder)) && ((await isInUse(folder)) || !(await remove(folder)))) continue;
    try {
      await mkdir(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw error;
    }
    await markInUse(folder);
    return folder;
  }
}

/** Note that a process uses an environment, for as long as it runs. False if there is no such environment any more. */
export async function markInUse(environment: string, pid = process.pid): Promise<boolean> {
  const users = path.join(environment, USERS);
  try {
    await mkdir(users);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    if (code !== "EEXIST") throw error;
  }
  try {
    for (const user of await readdir(users)) if (hasEnded(user)) await rm(path.join(users, user), { force: true });
    await writeFile(path.join(users, tag(pid)), "");
    const now = new Date();
    await utimes(users, now, now);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  return true;
}

/** The same for a child process, synchronously: this process may be killed at any moment after starting it. */
export function markChild(environment: string, pid: number): void {
  writeFileSync(path.join(environment, USERS, tag(pid)), "");
}

/** Whether a running process uses an environment. */
export async function isInUse(environment: string): Promise<boolean> {
  const users = path.join(environment, USERS);
  for (const user of await readdir(users).catch(() => [])) {
    if (isOurs(user) ? !hasEnded(user) : (await modified(path.join(users, user))) > Date.now() - KEPT_UNKNOWN) return true;
  }
  return false;
}

/** Remove environments that are unused and were not used recently, and leftovers of earlier removals; returns the names of the former. */
export async function removeUnused(storage: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(storage)) {
    const file = path.join(storage, name);
    const remover = LEFTOVER.exec(name)?.[1];
    if (remover !== undefined) {
      // A remover that is still running may find the environment in use, and put it back.
      const abandoned = isOurs(remover) ? hasEnded(remover) : (await modified(file)) < Date.now() - KEPT_UNKNOWN;
      if (abandoned && !(await isInUse(file))) await removeFolder(file);
    } else if (LOCK.test(name)) {
      if ((await modified(file)) < Date.now() - KEPT) await rm(file, { force: true });
    } else if (ENVIRONMENT.test(name) && !(await isInUse(file)) && (await keptUntil(file)) < Date.now() && (await remove(file))) removed.push(name);
  }
  return removed;
}

/** Until when an environment without a user is kept, as a time in ms. */
async function keptUntil(environment: string): Promise<number> {
  const used = await modified(path.join(environment, USERS));
  if (used) return used + KEPT;
  return Math.max(await modified(environment), await modified(path.join(environment, COMPLETE))) + KEPT_UNKNOWN;
}

/** Remove an environment, unless a process has started to use it; false if it is still there. */
async function remove(environment: string): Promise<boolean> {
  const aside = path.join(path.dirname(environment), `removed-${randomUUID()}-${tag(process.pid)}`);
  try {
    await rename(environment, aside);
  } catch {
    return false; // on Windows: one of its files is open
  }
  if (await isInUse(aside)) {
    await rename(aside, environment).catch(() => undefined);
    return false;
  }
  await removeFolder(aside);
  return true;
}

/** Remove a folder under a name that is not looked for; what cannot be removed now is left for the next time. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}

const host = encodeURIComponent(hostname());
const tag = (pid: number): string => `${host}-${pid}`;
const isOurs = (user: string): boolean => user.slice(0, user.lastIndexOf("-")) === host;
const hasEnded = (user: string): boolean => isOurs(user) && !isRunning(Number(user.slice(user.lastIndexOf("-") + 1)));

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** When a file was modified (ms), 0 if there is none. */
async function modified(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
