// The processes that VS Code has started, from /proc.
import { readFileSync, readdirSync } from "node:fs";

/** All processes below one: their ids and commands. */
export function descendants(root) {
  const children = new Map();
  const commands = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z") continue;
      commands.set(Number(name), readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " "));
      children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
    } catch (error) {
      if (!["ENOENT", "ESRCH"].includes(error.code)) throw error;
    }
  }
  const found = [];
  const waiting = [root];
  while (waiting.length > 0) {
    for (const pid of children.get(waiting.pop()) ?? []) {
      found.push({ pid, command: commands.get(pid) });
      waiting.push(pid);
    }
  }
  return found;
}
