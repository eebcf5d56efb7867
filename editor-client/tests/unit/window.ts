/**
 * Another window, as a process of its own: `node window.cjs JSON`. Says "log ...", "report ...", and "ready PYTHON" once
 * it has the server's environment, or "holding" once it has a lock; then it stays until its standard input ends.
 */

import { withLock, type LockTimes } from "../../src/lock";
import { ensureEnvironment, type Found } from "../../src/python";

export interface WindowTask {
  setup?: { base: Found; storage: string; bundled: string; lockTimes?: Partial<LockTimes> };
  lock?: { file: string; times?: Partial<LockTimes> };
}

const say = (text: string): void => void process.stdout.write(`${text.trimEnd()}\n`);
const stay = (): Promise<void> =>
  new Promise((resolve) => {
    process.stdin.on("end", () => resolve()).resume();
  });

async function main({ setup, lock }: WindowTask): Promise<void> {
  if (setup) {
    const { base, ...rest } = setup;
    say(`ready ${await ensureEnvironment(base, { ...rest, report: (message) => say(`report ${message}`), log: (text) => say(`log ${text}`) })}`);
    await stay();
  }
  if (lock) {
    await withLock(lock.file, async () => {
      say("holding");
      await stay();
    }, lock.times ? { times: lock.times } : {});
    say("released");
  }
}

void main(JSON.parse(process.argv[2] ?? "{}") as WindowTask);
