/** The settings that are sent to the server: only those that differ from their defaults, which the server knows itself. */

import * as vscode from "vscode";

/** Settings that only the extension reads. */
const OWN = new Set(["pythonPath", "serverCommand", "enabled"]);

/** Settings whose default here is another than the server's: in VS Code other extensions find references. */
const ALWAYS = new Set(["references"]);

/** Picks what differs from the default; pure, so that it can be tested. */
export function changed(names: readonly string[], inspect: (name: string) => { defaultValue?: unknown } | undefined, get: (name: string) => unknown): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = get(name);
    if (ALWAYS.has(name)) values[name] = value;
    else if (!OWN.has(name) && JSON.stringify(value) !== JSON.stringify(inspect(name)?.defaultValue)) values[name] = value;
  }
  return values;
}

/** The section "glossator" as the server reads it. */
export function changedSettings(scope: vscode.Uri | undefined): Record<string, unknown> {
  const settings = vscode.workspace.getConfiguration("glossator", scope);
  // A workspace may contain any name. Those without a default are not settings of this extension.
  const names = Object.keys(settings).filter((name) => settings.inspect(name)?.defaultValue !== undefined);
  return changed(names, (name) => settings.inspect(name), (name) => settings.get(name));
}
