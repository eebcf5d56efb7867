/** Starts other windows, as processes of their own, and reads what they say. */

import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { until } from "./waiting";
import type { WindowTask } from "./window";

export class Windows {
  private readonly program: string;
  private readonly children: ChildProcess[] = [];

  constructor(private readonly folder: string) {
    this.program = path.join(folder, "window.cjs");
  }

  async build(): Promise<void> {
    const alias = { vscode: path.join(__dirname, "vscode.ts") };
    await build({ entryPoints: [path.join(__dirname, "window.ts")], outfile: this.program, bundle: true, platform: "node", format: "cjs", alias, logLevel: "warning" });
  }

  open(task: WindowTask): OtherWindow {
    const child = spawn(process.execPath, [this.program, JSON.stringify(task)], { cwd: this.folder, stdio: ["pipe", "pipe", "inherit"] });
    this.children.push(child);
    return new OtherWindow(child);
  }

  killAll(): void {
    for (const child of this.children) child.kill("SIGKILL");
  }
}

export class OtherWindow {
  private said = "";
  private readonly ended: Promise<void>;

  constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.said += text));
    this.ended = new Promise((resolve) => {
      child.once("close", () => resolve());
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Wait until it says something that matches; returns the match. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`it says ${String(pattern)} after ${this.said}`, () => pattern.exec(this.said) ?? undefined);
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Close it as its user does. */
  async close(): Promise<void> {
    this.child.stdin?.end();
    await this.ended;
  }
}
