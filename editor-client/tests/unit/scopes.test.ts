// @vitest-environment node
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { ScopeKind } from "../../src/messages";
import { scopeOf } from "../../src/scopes";

/** The server's tests read the same table: what is sent for a path must match that path, and none of the others. */
const rows = JSON.parse(readFileSync(path.join(__dirname, "scope_globs.json"), "utf8")) as { kind: ScopeKind; path: string; glob: string | null }[];

test.each(rows)("the $kind of $path is sent as $glob", ({ kind, path: file, glob }) => {
  expect(scopeOf(kind, file, false)).toEqual(glob === null ? undefined : { include: [glob] });
});

test("a backslash is a separator on Windows, and part of a name elsewhere", () => {
  expect(scopeOf("file", "app\\[id]\\page.tsx", true)).toEqual({ include: ["/app/[[]id]/page.tsx"] });
  expect(scopeOf("folder", "app\\[id]\\page.tsx", true)).toEqual({ include: ["/app/[[]id]/**"] });
  expect(scopeOf("file", "odd\\name.py", false)).toEqual({ include: ["/odd\\\\name.py"] });
});

test("a symbol and the whole workspace leave nothing out", () => {
  expect(scopeOf("symbol", "src/index.ts")).toBeUndefined();
  expect(scopeOf("workspace", "src/index.ts")).toBeUndefined();
});
