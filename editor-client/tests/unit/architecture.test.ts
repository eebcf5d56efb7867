// @vitest-environment node
/** Rules about the source as a whole: which file imports which, and what they are called. */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const SOURCE = path.resolve(__dirname, "../../src");
const files = readdirSync(SOURCE, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"))
  .sort();

interface Module {
  /** The files of the source that this one imports, types included. */
  imports: string[];
  exports: string[];
}

/** What a file imports and exports; `exists` says which files there are. */
function read(name: string, text: string, exists: (file: string) => boolean): Module {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: Module = { imports: [], exports: [] };
  const importing = (specifier: ts.Node | undefined): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith(".")) return;
    const target = path.posix.join(path.posix.dirname(name), specifier.text);
    const file = [target, `${target}.ts`, `${target}/index.ts`].find(exists);
    if (file) found.imports.push(file);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) importing(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) importing(node.argument.literal);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) importing(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      found.exports.push(...statement.exportClause.elements.map((element) => element.name.text));
    }
    if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) continue;
    if (ts.isVariableStatement(statement)) found.exports.push(...statement.declarationList.declarations.map((declaration) => declaration.name.getText(source)));
    else if ("name" in statement) found.exports.push((statement.name as ts.Identifier).text);
  }
  return found;
}

/** The first circle of imports, as the files along it; undefined if there is none. */
function circle(modules: ReadonlyMap<string, Module>): string[] | undefined {
  const done = new Set<string>();
  const follow = (name: string, trail: string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of modules.get(name)?.imports ?? []) {
      const found = follow(next, [...trail, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of modules.keys()) {
    const found = follow(name, []);
    if (found) return found;
  }
  return undefined;
}

/** Names that several owners claim: `[name, owners]`. */
function shared(owned: Iterable<readonly [owner: string, name: string]>): [string, string[]][] {
  const owners = new Map<string, Set<string>>();
  for (const [owner, name] of owned) owners.set(name, (owners.get(name) ?? new Set()).add(owner));
  return [...owners].filter(([, all]) => all.size > 1).map(([name, all]) => [name, [...all]]);
}

const modules = new Map(files.map((name) => [name, read(name, readFileSync(path.join(SOURCE, name), "utf8"), (file) => files.includes(file))]));

test("no files import each other in a circle", () => {
  expect(modules.size).toBeGreaterThan(10);
  expect(circle(modules)?.join(" -> ")).toBeUndefined();
});

test("no two modules have the same name", () => {
  expect(shared(files.map((file) => [file, path.posix.basename(file)] as const))).toEqual([]);
});

test("no two modules export the same name", () => {
  expect(shared([...modules].flatMap(([file, { exports }]) => exports.map((name) => [file, name] as const)))).toEqual([]);
});

test("only the panel's script may use the page, and it uses of the extension's code only what both share", () => {
  for (const [file, { imports }] of modules) {
    const inPanel = file.startsWith("webview/");
    for (const target of imports) {
      if (!inPanel) expect(target, file).not.toMatch(/^webview\//);
      else expect(target, file).toMatch(/^webview\/|^(messages|protocol|sentences|teamplaces|useplaces)\.ts$/);
    }
  }
});

test("these rules notice what breaks them", () => {
  const texts: Record<string, string> = {
    "a.ts": 'import type { B } from "./b";\nexport interface A { b: B }\nexport const one = 1, two = 2;',
    "b.ts": 'export type B = import("./web/c").C;\nexport function one(): void {}',
    "web/c.ts": 'export async function load() { return import("../a"); }\nexport class C {}\nclass A {}\nexport { A };',
  };
  const made = new Map(Object.entries(texts).map(([name, text]) => [name, read(name, text, (file) => file in texts)]));
  expect(circle(made)).toEqual(["a.ts", "b.ts", "web/c.ts", "a.ts"]);
  expect(shared([...made].flatMap(([file, { exports }]) => exports.map((name) => [file, name] as const)))).toEqual([
    ["A", ["a.ts", "web/c.ts"]],
    ["one", ["a.ts", "b.ts"]],
  ]);
  made.set("b.ts", read("b.ts", "export const b = 1;", () => true));
  expect(circle(made)).toBeUndefined();
});
