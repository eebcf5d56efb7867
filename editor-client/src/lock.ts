/**
 * Lock files: one of several processes does something while the others wait. Knows nothing of what it is for.
 *
 * The owner touches its lock every few seconds. A lock is abandoned if its owner has ended, or if it has not been touched
 * for a while: the owner is stuck, its process id now belongs to another program, or it ended before it wrote its id.
 * Waiting processes count their own looks at the lock, so clock changes and sleep do not make a lock look old.
 *
 * The lock avoids duplicate work; it does not guarantee exclusion. A suspended owner that resumes may run beside its
 * successor, so what is done under a lock must tolerate that.
 */

import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, open, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "./processes";

export interface LockOwner {
  pid: number;
  host: string;
  token: string;
  since: string;
}

/** In milliseconds. */
export interface LockTimes {
  /** Between two looks at a lock that another process holds. */
  poll: number;
  /** Between two touches of a lock that this process holds. */
  touch: number;
  /** How long a lock stays untouched until it is taken from its owner. */
  stale: number;
  /** The same for a lock that does not say who owns it: the file is written within milliseconds after it is created. */
  unreadable: number;
}

const TIMES: LockTimes = { poll: 500, touch: 2000, stale: 30_000, unreadable: 3000 };
/**
 * How long a process that has found an abandoned lock waits before it trusts its own, in milliseconds: another one that
 * looked at the abandoned lock at the same time may still move the new lock aside, a moment later.
 */
const SETTLE = 100;
/** How often Windows may refuse to create a file that another process is about to delete. */
const REFUSALS = 20;

export interface LockOptions {
  signal?: AbortSignal;
  /** Called after each look at a lock that another process holds; `waited` is in milliseconds. */
  waiting?: (owner: LockOwner | undefined, waited: number) => void;
  times?: Partial<LockTimes>;
}

/** Run something while holding a lock; waits for it as long as its owner is alive and well. */
export async function withLock<T>(file: string, run: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const times = { ...TIMES, ...options.times };
  const owner: LockOwner = { pid: process.pid, host: hostname(), token: randomUUID(), since: new Date().toISOString() };
  await acquire(file, owner, times, options);
  const timer = setInterval(() => void touch(file, owner), times.touch);
  timer.unref();
  try {
    return await run();
  } finally {
    clearInterval(timer);
    if ((await look(file))?.owner?.token === owner.token) await rm(file, { force: true });
  }
}

async function acquire(file: string, owner: LockOwner, times: LockTimes, { signal, waiting }: LockOptions): Promise<void> {
  let [seen, unchanged, looks, refused] = ["", 0, 0, 0];
  let contested = false;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await create(file, owner);
      if (!contested) return;
      await sleep(SETTLE);
      if ((await look(file))?.owner?.token === owner.token) return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPERM" || code === "EACCES" || code === "EBUSY") {
        if (process.platform !== "win32" || ++refused > REFUSALS) throw error;
      } else if (code !== "EEXIST") throw error;
    }
    const found = await look(file);
    if (found) {
      unchanged = found.version === seen ? unchanged + 1 : 0;
      seen = found.version;
      contested ||= isAbandoned(found.owner, unchanged * times.poll, times) || !found.owner;
      if (isAbandoned(found.owner, unchanged * times.poll, times)) {
        await takeAway(file, found.version);
        continue;
      }
      waiting?.(found.owner, looks++ * times.poll);
    }
    await sleep(times.poll, undefined, signal ? { signal } : {});
  }
}

function isAbandoned(owner: LockOwner | undefined, untouched: number, times: LockTimes): boolean {
  if (!owner) return untouched >= times.unreadable;
  return (owner.host === hostname() && !isRunning(owner.pid)) || untouched >= times.stale;
}

async function create(file: string, owner: LockOwner): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(JSON.stringify(owner));
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** The owner of a lock, and a version that changes whenever it is touched; undefined if there is no lock. */
async function look(file: string): Promise<{ owner: LockOwner | undefined; version: string } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return { owner: parse(text), version: `${mtimeMs} ${text}` };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null;
    const known = Number.isSafeInteger(owner?.pid) && typeof owner?.host === "string" && typeof owner.token === "string";
    return known ? (owner as LockOwner) : undefined;
  } catch {
    return undefined;
  }
}

async function touch(file: string, owner: LockOwner): Promise<void> {
  try {
    const now = new Date();
    if ((await look(file))?.owner?.token === owner.token) await utimes(file, now, now);
  } catch {
    // The lock was taken over or the disk is unavailable. Other processes will notice that the lock is not touched.
  }
}

/** Remove an abandoned lock, unless another process has already replaced it with its own. */
async function takeAway(file: string, version: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return; // gone, or on Windows being read: the next look decides
  }
  if ((await look(aside))?.version !== version) await copyFile(aside, file, constants.COPYFILE_EXCL).catch(() => undefined);
  await rm(aside, { force: true });
}
