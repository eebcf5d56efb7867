import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { t } from "../../src/webview/l10n";

const root = path.resolve(__dirname, "../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const json = (file: string): Record<string, string> => JSON.parse(read(file)) as Record<string, string>;

test("the bundle for translators holds every text of the source, and no other", () => {
  const found = new Set<string>();
  for (const file of readdirSync(path.join(root, "src"), { recursive: true }).map(String)) {
    if (!file.endsWith(".ts")) continue;
    for (const match of read(path.join("src", file)).matchAll(/\bt\(\s*("(?:[^"\\]|\\.)*"|'[^']*')/g)) {
      const literal = match[1] ?? "";
      found.add(literal.startsWith("'") ? literal.slice(1, -1) : (JSON.parse(literal) as string));
    }
  }
  expect(Object.keys(json("l10n/bundle.l10n.json")).sort()).toEqual([...found].sort());
});

test("every text of the manifest is there, and none too many", () => {
  const used = new Set([...read("package.json").matchAll(/"%([\w.]+)%"/g)].map((match) => match[1]));
  expect(Object.keys(json("package.nls.json")).sort()).toEqual([...used].sort());
});

test("the panel's texts are translated, and filled in", () => {
  document.body.innerHTML = '<main id="app"></main>';
  const app = document.getElementById("app");
  if (app) app.dataset["l10n"] = JSON.stringify({ "{0} of {1}": "{1}: {0}" });
  expect(t("{0} of {1}", 1, 2)).toBe("2: 1");
  expect(t("Unknown {0}", "$&")).toBe("Unknown $&");
});
