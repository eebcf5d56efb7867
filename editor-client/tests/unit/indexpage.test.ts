import axe from "axe-core";
import { beforeEach, expect, test } from "vitest";
import { IndexPage, pageOf } from "../../src/indexpage";
import type { Server } from "../../src/server";
import { status } from "./samples";
import { EventEmitter, Uri, editor, reset } from "./vscode";
import { until } from "./waiting";

beforeEach(() => {
  reset();
  editor.folders = [{ uri: Uri.parse("file:///shop"), name: "shop", index: 0 }];
});

/** A page, as a browser reads it. */
const shown = (...values: Parameters<typeof pageOf>): Document => new DOMParser().parseFromString(pageOf(...values), "text/html");
const rows = (page: Document): string[] => [...page.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent).join(": "));
const links = (page: Document): string[] => [...page.querySelectorAll("a")].map((link) => decodeURIComponent(link.getAttribute("href") ?? ""));

test("each folder has its size, what was skipped by reason, and what can be done", () => {
  const skipped = [{ uri: "file:///shop/.env", reason: "may hold secrets" }, { uri: "file:///shop/a%3Cb.min.js", reason: "minified" }, { uri: "file:///shop/c.min.js", reason: "minified" }, { uri: "file:///shop/node_modules/", reason: "vendored" }];
  const page = shown(undefined, status({ root: { skipped, skippedFiles: 5, message: "another process keeps it" } }));
  expect(rows(page)).toEqual(["Folder: /shop", "State: Up to date. Another process keeps it.", "Indexed: 80 files, 1,200 symbols, 9,000 lines", "Size: 2.9 MiB /cache/shop", "Changes: followed as they happen"]);
  expect([...page.querySelectorAll("summary")].map((summary) => summary.textContent)).toEqual(["minified (2)", "may hold secrets (1)", "vendored (1)"]);
  expect([...page.querySelectorAll("details:first-of-type li")].map((item) => item.textContent)).toEqual(["a<b.min.js", "c.min.js"]);
  expect(page.querySelector("h3")?.textContent).toBe("Skipped (5)");
  expect(page.body.textContent).toContain("The first 4 of them are listed.");
  expect(links(page).filter((link) => !link.startsWith("command:glossator.openSkipped"))).toEqual([
    ...["command:glossator.reindexNow", 'command:glossator.rebuildIndex?["file:///shop"]', "command:glossator.adapt", "command:glossator.turnOff", "command:glossator.forgetIndex"],
    'command:workbench.action.openSettings?["@ext:glossator.glossator include exclude"]',
  ]);
  expect(links(page).filter((link) => link.startsWith("command:glossator.openSkipped"))).toHaveLength(3);
  expect(page.querySelector("script")).toBeNull();
});

test("indexing, failing, several folders, and nothing at all are told", () => {
  const [root] = status({ root: { state: "indexing", pending: 7 } }).roots;
  if (!root) throw new Error("no folder");
  const two = { ...status(), roots: [root, { ...root, uri: "file:///web", state: "failed" as const, message: "the disk is full", sizeBytes: 2000, watching: "polling: too many files" }] };
  const page = shown(undefined, two);
  expect([...page.querySelectorAll("h2")].map((heading) => heading.textContent)).toEqual(["shop", "web", "This workspace"]);
  expect(page.querySelector("main > p")?.textContent).toBe("160 files, 2,400 symbols, 18,000 lines, 2.9 MiB");
  expect(rows(page)).toContain("State: Indexing, 7 files to go");
  expect(rows(page)).toContain("State: Failed. The disk is full.");
  expect(rows(page)).toContain("Size: 2 KiB /cache/shop");
  expect(rows(page)).toContain("Changes: polling: too many files");
  expect(page.body.textContent).toContain("No files were skipped.");
  expect(shown(undefined, undefined).querySelector("[role=status]")?.textContent).toBe("The server is being started.");
  expect(links(shown({ message: "there is no Python", off: false }, undefined))).toEqual(["command:glossator.showLog"]);
  expect(links(shown({ message: "It is off.", off: true }, undefined))).toEqual(["command:glossator.turnOn"]);
});

test("nothing serious stands in the way of assistive technology", async () => {
  const skipped = [{ uri: "file:///shop/.env", reason: "may hold secrets" }];
  for (const html of [pageOf(undefined, status({ root: { skipped, skippedFiles: 1 } })), pageOf({ message: "It is off.", off: true }, undefined)]) {
    document.documentElement.lang = "en";
    document.title = "Glossator";
    document.body.innerHTML = new DOMParser().parseFromString(html, "text/html").body.innerHTML;
    const { violations } = await axe.run(document.documentElement, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id)).toEqual([]);
  }
});

test("the page follows the index while it is open, and is opened once", async () => {
  const changes = new EventEmitter<undefined>();
  const server = { state: { kind: "running" }, status: status(), onDidChange: changes.event };
  const page = new IndexPage(server as unknown as Server);
  page.show();
  page.show();
  expect(editor.pages).toHaveLength(1);
  server.status = status({ root: { files: 81 } });
  changes.fire(undefined);
  await until("it is drawn", () => editor.pages[0]?.webview.html.includes("81 files"));
  editor.pages[0]?.closed.fire(undefined);
  changes.fire(undefined);
  page.show();
  expect(editor.pages).toHaveLength(2);
  page.dispose();
});
