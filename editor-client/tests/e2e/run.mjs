// The extension, used as a user does, in a real VS Code: `node run.mjs CONFIG.json`.
//
// CONFIG.json names what was prepared: install (VS Code), vsix, project (a git repository), python, models (reciter,
// forever, and real for a picture of its answer), folder (for everything that is written) and artifacts (for pictures). Steps build on each other.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { PAGE, PANEL, PATIENCE, VSCode, clickWord, command, hover, launchBrowser, openFile, panelOf, quickInput, until } from "./vscode.mjs";
import { descendants } from "./processes.mjs";

const config = JSON.parse(readFileSync(process.argv[2], "utf8"));
const only = process.argv[3];
const axe = readFileSync(fileURLToPath(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url)), "utf8");
for (const folder of [config.artifacts, config.folder]) mkdirSync(folder, { recursive: true });

const begun = Date.now();
let failed = 0;
let page;
let code;

async function step(name, run) {
  const from = Date.now();
  try {
    await run();
    console.log(`ok   ${((Date.now() - from) / 1000).toFixed(1).padStart(5)} s  ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${((Date.now() - from) / 1000).toFixed(1).padStart(5)} s  ${name}\n${error.stack}`);
    await page?.screenshot({ path: path.join(config.artifacts, `failed-${failed}.png`) }).catch((problem) => console.log(String(problem)));
    await page?.keyboard.press("Escape");
  }
}

const shot = async (name) => {
  await page.mouse.move(640, 799);
  await page.screenshot({ path: path.join(config.artifacts, `${name}.png`), animations: "disabled" });
};
/** A part of the window, as the README shows it (editor-client/media). */
async function picture(name, x, y, width, height) {
  await page.screenshot({ path: path.join(config.artifacts, `picture-${name}.png`), clip: { x, y, width, height }, animations: "disabled" });
}
/** The same of what the side bar shows, between two heights (by default, all of it). */
async function sideBarPicture(name, top = 36, bottom = 768) {
  const { x, width } = await page.locator("#workbench\\.parts\\.sidebar").boundingBox();
  await page.mouse.move(640, 799);
  await page.locator(".workbench-hover-container:visible").waitFor({ state: "hidden" });
  await picture(name, x, top, width, bottom - top);
}
/** Drag an edge of a part of the window to `x`. */
async function dragEdge(part, edge, x) {
  const box = await page.locator(part).boundingBox();
  await page.mouse.move(edge === "right" ? box.x + box.width : box.x - 2, 400);
  await page.mouse.down();
  await page.mouse.move(x, 400, { steps: 4 });
  await page.mouse.up();
}
const sideBarTo = (x) => dragEdge("#workbench\\.parts\\.sidebar", "right", x);

const panel = () => panelOf(page);
const lastTurn = () => panel().locator(".turn").last();

/** Wait until the status bar says that everything is indexed. */
const indexed = () => page.locator('.statusbar-item[aria-label*="Glossator: "][aria-label*="files"]', { hasText: "Glossator" }).waitFor();
/** Wait until the status bar no longer says that an answer is written. */
const atRest = () => page.locator(".statusbar-item", { hasText: "Answering" }).waitFor({ state: "detached" });
const modelNamed = (name) => page.locator(`.statusbar-item[aria-label*="${name}"]`).waitFor();

async function ask(question) {
  const input = panel().getByRole("textbox", { name: "Ask about the code" });
  const turns = await panel().locator(".turn").count();
  await input.fill(question);
  await input.press("Enter");
  await panel().locator(".turn").nth(turns).waitFor();
  return panel().locator(".turn").nth(turns);
}

/** Leave the code search: what was open before is shown again, with the focus. */
async function leaveSearch() {
  await page.keyboard.press("Escape");
  await page.locator('.monaco-editor.focused[data-uri$="/shop/cart.py"]').waitFor();
}

/** The rows of the tree of uses, as far as they are in view. */
const treeRow = (text) => page.locator(".pane", { hasText: "Uses of" }).locator(".monaco-list-row", { hasText: text }).first();
const treeRows = () => page.locator(".pane", { hasText: "Uses of" }).locator(".monaco-list-row .label-name").allInnerTexts();

/** What a turn answers, apart from what the index says beside a model's words. */
const answerOf = (turn, options) => turn.locator(":scope > .answer", options);

const answered = (turn) => turn.and(panel().locator('[aria-busy="false"]')).waitFor();

/** No serious violation of accessibility in the panel, or in a page. */
async function accessible(frame = PANEL, background = "sideBar") {
  const handle = await page.locator(frame).elementHandle();
  const outer = await handle.contentFrame();
  const [inner] = outer.childFrames();
  await inner.evaluate(axe);
  // The view's background is that of the workbench, which axe cannot see from within the frame.
  await inner.evaluate((part) => (document.documentElement.style.background = `var(--vscode-${part}-background)`), background);
  const result = await inner.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = result.violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
  assert.deepEqual(bad.flatMap((violation) => violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 120)}: ${node.failureSummary.split("\n").at(-1)}`)), []);
}

const serverProcess = () => descendants(code.process.pid).find((child) => child.command.includes(config.indexes) && child.command.includes("glossator"));
const modelProcess = () => descendants(code.process.pid).find((child) => child.command.includes("glossator.model.llama_worker"));
const git = (...args) => execFileSync("git", args, { cwd: config.project, stdio: "ignore" });

const browser = await launchBrowser();
/** Where the side bar ends in the README's pictures. */
const WIDE = 480;
const serverCommand = [config.python, "-m", "glossator", "serve", "--index-dir", config.indexes];

async function trusted() {
  code = await VSCode.start({ ...config, folder: path.join(config.folder, "one"), browser, machine: { "glossator.serverCommand": serverCommand } });
  let editor;

  await step("the folder opens, and its code is indexed", async () => {
    page = await code.open(config.project);
    editor = await openFile(page, "shop/cart.py");
    await indexed();
  });

  await step("what activation takes is told", async () => {
    await command(page, "Developer: Show Running Extensions");
    const row = page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "Glossator" }).first();
    // Wall time, on a machine that starts VS Code, Chromium and a server at once; activation.cjs holds it to its limit.
    console.log(`     ${await row.locator(".activation-time").innerText()}`);
    await page.keyboard.press("Control+w");
    console.log(`     ${/Activated in .*/.exec(code.logs("Glossator.log"))[0]}`);
  });

  await step("the hover explains, and links", async () => {
    const shown = await hover(page, editor, "add_tax", "Explain");
    const text = await shown.innerText();
    assert.match(text, /add_tax/);
    assert.match(text, /The gross amount/);
    await page.screenshot({ path: path.join(config.artifacts, "hover.png") });
    await picture("hover", 352, 70, 790, 300);
    await shown.getByRole("link", { name: /Explain/ }).first().click();
    await panel().locator(".question", { hasText: "Explain add_tax" }).waitFor();
    await answered(lastTurn());
    assert.match(await answerOf(lastTurn()).innerText(), /add_tax/);
    await shot("explained");
  });

  await step("the code action explains", async () => {
    editor = await openFile(page, "shop/checkout.py");
    const row = page.locator(".action-widget .monaco-list-row", { hasText: "Explain this symbol" });
    const question = panel().locator(".question", { hasText: "Explain place_order" });
    // On a busy machine the editor can lose the focus once more after the file was opened, which closes the list.
    await until("the action was chosen", async () => {
      if (await question.isVisible()) return true;
      await page.keyboard.press("Escape");
      await clickWord(page, editor, "place_order");
      await page.keyboard.press("Control+.");
      try {
        await row.waitFor({ timeout: 5_000 });
        await page.screenshot({ path: path.join(config.artifacts, "code-action.png") });
        await row.click({ timeout: 5_000 });
        await question.waitFor({ timeout: 5_000 });
        return true;
      } catch {
        return false;
      }
    });
    await answered(lastTurn());
  });

  await step("a new conversation is empty, and says what there is", async () => {
    await command(page, "Glossator: New Conversation");
    await panel().locator(".empty", { hasText: "No model is installed" }).waitFor();
    await shot("empty");
    await accessible();
  });

  await step("without a model the index answers, with its sources", async () => {
    const turn = await ask("How is the tax added to the total?");
    await answered(turn);
    assert.match(await answerOf(turn).innerText(), /add_tax/);
    // An answer that comes at once is read from its beginning.
    assert.ok(await turn.locator(".question").evaluate((heading) => heading.getBoundingClientRect().top >= 0));
    await turn.locator("summary", { hasText: "Sources" }).click();
    await turn.locator(".evidence li", { hasText: "add_tax" }).first().waitFor();
    await shot("no-model");
    await accessible();
  });

  await step("a source shows its code and leads to its lines", async () => {
    const chip = lastTurn().locator(".chip").first();
    const label = await chip.getAttribute("aria-label");
    const [, file, line] = /: (\S+):(\d+)/.exec(label);
    await chip.hover();
    await panel().locator("#peek:visible pre").waitFor();
    await page.screenshot({ path: path.join(config.artifacts, "source.png") });
    await chip.click();
    await page.locator(`.monaco-editor[data-uri$="/${file}"]`).waitFor();
    await page.locator(".statusbar-item", { hasText: `Ln ${line}, Col 1` }).waitFor();
  });

  await step("evidence is removed before the question is asked again", async () => {
    const first = lastTurn();
    const row = first.locator(".evidence li").first();
    const name = (await row.locator(".place").innerText()).split("\n")[0];
    await row.getByRole("button", { name: /Exclude/ }).click();
    await first.getByRole("button", { name: "Ask again with these sources" }).click();
    await panel().locator(".turn").nth(1).waitFor();
    const again = lastTurn();
    await answered(again);
    await again.locator("summary", { hasText: "Sources" }).click();
    await again.locator(".evidence .place").first().waitFor();
    const places = await again.locator(".evidence .place").allInnerTexts();
    assert.ok(places.length > 0);
    assert.ok(!places.some((place) => place.includes(name.replace(/^\[\d+\] /, "") + "\n")), `${name} in ${places}`);
  });

  await step("an answer follows a buffer that is not saved", async () => {
    editor = await openFile(page, "shop/money.py");
    await editor.locator(".view-line").first().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\n\ndef luxury_duty(net):\n# the duty on luxurious goods\nreturn net");
    const turn = await ask("luxury_duty");
    await answered(turn);
    assert.match(await answerOf(turn).innerText(), /luxury_duty/);
    await editor.locator(".view-line").first().click();
    await command(page, "File: Revert File");
  });

  await step("the code search finds, says why, and previews", async () => {
    await editor.locator(".view-line").first().click();
    await page.keyboard.press("Control+Alt+F");
    await quickInput(page).locator("input").first().fill("empty cart order");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "place_order" }).first().waitFor();
    await page.screenshot({ path: path.join(config.artifacts, "search.png") });
    await picture("search", 336, 0, 612, 372);
    await page.keyboard.press("Enter");
    await page.locator('.monaco-editor.focused[data-uri$="/shop/checkout.py"]').waitFor();
  });

  await step("similar code is found", async () => {
    editor = await openFile(page, "shop/cart.py");
    await clickWord(page, editor, "add_article");
    await command(page, "Glossator: Find Similar Code");
    await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    await leaveSearch();
  });

  await step("the uses of a symbol are a tree, whose callers open", async () => {
    await sideBarTo(WIDE);
    editor = await openFile(page, "shop/money.py");
    await clickWord(page, editor, "add_tax");
    await command(page, "Glossator: Uses of This Symbol");
    await treeRow("total").waitFor();
    await until("its groups are open", async () => (await treeRows()).includes("cart.py"));
    assert.deepEqual((await treeRows()).filter((row) => /Called|Imported/.test(row)), ["Called", "Imported"]);
    await treeRow("return add_tax").click();
    await page.locator('.monaco-editor[data-uri$="/shop/cart.py"]').waitFor();
    await treeRow("return add_tax").locator(".monaco-tl-twistie").click();
    await treeRow("place_order").waitFor();
    await shot("uses");
    const tree = await page.locator(".pane", { hasText: "Uses of" }).boundingBox();
    const last = await treeRow("import Money").boundingBox();
    await sideBarPicture("uses", tree.y, last.y + last.height + 8);
    // A caller is written into a buffer: the tree follows.
    await openFile(page, "shop/checkout.py");
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\n\nfrom shop.money import add_tax");
    // Where words are suggested, Enter would take one.
    await page.keyboard.press("Escape");
    await page.keyboard.type("\nprint(add_tax(1, 2))");
    await treeRow("print(add_tax(1, 2))").waitFor();
    await command(page, "File: Revert File");
    await treeRow("print(add_tax(1, 2))").waitFor({ state: "detached" });
    await openFile(page, "shop/cart.py");
    await command(page, "Glossator: Close the Uses");
    await page.locator(".pane-header", { hasText: "Uses of" }).waitFor({ state: "detached" });
  });

  await step("files, symbols and folders are mentioned in a question", async () => {
    await command(page, "Glossator: New Conversation");
    const input = panel().getByRole("textbox", { name: "Ask about the code" });
    await input.focus();
    await page.keyboard.type("How does @add_t");
    await panel().getByRole("option", { name: "add_tax" }).waitFor();
    await shot("mention");
    await sideBarPicture("mention", 590);
    await accessible();
    await page.keyboard.press("Enter");
    await page.keyboard.type("work with @file:cart");
    await panel().getByRole("option", { name: /^cart\.py/ }).waitFor();
    await page.keyboard.press("Tab");
    assert.match(await input.inputValue(), /^How does @add_tax work with @cart\.py $/);
    await page.keyboard.press("Enter");
    const turn = panel().locator(".turn", { hasText: "work with @cart.py" });
    await answered(turn);
    await turn.locator("summary", { hasText: "Sources" }).click();
    await turn.locator(".evidence li", { hasText: "add_tax" }).first().waitFor();
    await turn.locator(".evidence li", { hasText: "pinned" }).first().waitFor();
  });

  await step("the frames of a pasted trace are links", async () => {
    await command(page, "Glossator: New Conversation");
    const trace = 'Traceback (most recent call last):\n  File "/ci/shop/checkout.py", line 14, in place_order\n  File "/ci/shop/cart.py", line 23, in total\nZeroDivisionError';
    const input = panel().getByRole("textbox", { name: "Ask about the code" });
    await input.focus();
    await input.evaluate((box, text) => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
      box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      box.dispatchEvent(new InputEvent("input", { inputType: "insertFromPaste", bubbles: true }));
    }, trace);
    await panel().getByRole("link", { name: "checkout.py:14" }).waitFor();
    await shot("trace");
    await accessible();
    await page.keyboard.press("Enter");
    const turn = panel().locator(".turn", { hasText: "ZeroDivisionError" });
    await answered(turn);
    await turn.locator(".trace .frame").first().waitFor();
    await turn.locator(".question").scrollIntoViewIfNeeded();
    await sideBarPicture("trace", 36, 500);
    await turn.locator(".trace .frame", { hasText: "cart.py" }).click();
    await page.locator('.monaco-editor[data-uri$="/shop/cart.py"]').waitFor();
    await page.locator(".statusbar-item", { hasText: "Ln 23, Col 1" }).waitFor();
  });

  await step("the index follows a switch of the branch", async () => {
    git("switch", "-q", "vouchers");
    await command(page, "Glossator: Search the Code");
    const input = quickInput(page).locator("input").first();
    await until("the search finds the branch's code", async () => {
      await input.fill("");
      await input.fill("redeem_voucher");
      const hit = page.locator(".quick-input-list .monaco-list-row", { hasText: "redeem_voucher" }).first();
      return hit.waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
    await leaveSearch();
    git("switch", "-q", "main");
  });

  await step("a model streams its answer, with sources and highlighted code", async () => {
    code.writeMachine({ "glossator.model": config.models.reciter });
    await modelNamed("reciter");
    await command(page, "View: Close Other Editors in Group");
    await command(page, "Glossator: New Conversation");
    await panel().locator(".empty", { hasText: "reciter" }).waitFor();
    const turn = await ask("How is the tax added to the total?");
    await answered(turn);
    await answerOf(turn).locator(".hljs-keyword").first().waitFor();
    await answerOf(turn).locator(".chip").first().waitFor();
    assert.match(await turn.locator(".note").innerText(), /reciter.*tokens/s);
    await answerOf(turn).scrollIntoViewIfNeeded();
    await shot("answer-dark");
    await page.locator(".workbench-hover-container:visible").waitFor({ state: "hidden" });
    await accessible();
  });

  // The README's picture: only where a real model is named, which tests on other machines need not have.
  if (config.models.real) {
    await step("a real model answers", async () => {
      code.writeMachine({ "glossator.model": config.models.real });
      await modelNamed(path.basename(config.models.real, ".gguf"));
      await command(page, "Glossator: New Conversation");
      const turn = await ask("How is the tax added to the total?");
      await answered(turn);
      await answerOf(turn).locator(".chip").first().waitFor();
      await turn.locator("summary", { hasText: "Sources" }).click();
      await turn.locator(".evidence li").nth(3).waitFor();
      await turn.locator(".question").scrollIntoViewIfNeeded();
      await sideBarPicture("panel");
      code.writeMachine({ "glossator.model": config.models.reciter });
      await modelNamed("reciter");
      await command(page, "Glossator: New Conversation");
      await answered(await ask("How is the tax added to the total?"));
    });
  }

  await step("code is copied and inserted", async () => {
    const block = lastTurn().locator(".code").first();
    await openFile(page, "README.md");
    await page.keyboard.press("Control+End");
    await block.hover();
    await block.getByRole("button", { name: "Insert this code at the cursor" }).click();
    await page.locator('.monaco-editor[data-uri$="/README.md"] .view-line', { hasText: "gross" }).first().waitFor();
    await page.locator('.monaco-editor[data-uri$="/README.md"] .view-line').first().click();
    await command(page, "File: Revert File");
  });

  for (const [theme, name] of [["Light Modern", "light"], ["Dark High Contrast", "high-contrast"], ["Light High Contrast", "high-contrast-light"], ["Dark Modern", "dark"]]) {
    await step(`it reads well in ${theme}`, async () => {
      await chooseTheme(theme);
      const kind = { light: "vscode-light", "high-contrast": "vscode-high-contrast", "high-contrast-light": "vscode-high-contrast-light", dark: "vscode-dark" }[name];
      await panel().locator(`body.${kind}`).waitFor();
      if (name !== "dark") await shot(`answer-${name}`);
      await accessible();
    });
  }

  await step("an answer is stopped with Escape", async () => {
    code.writeMachine({ "glossator.model": config.models.forever, "glossator.maxAnswerTokens": 30000, "glossator.contextTokens": 32768 });
    await modelNamed("forever");
    const turn = await ask("Count to infinity");
    await answerOf(turn, { hasText: "again" }).waitFor();
    assert.equal(await turn.getAttribute("aria-busy"), "true");
    await page.screenshot({ path: path.join(config.artifacts, "streaming.png") });
    const early = (await answerOf(turn).innerText()).length;
    await until("it grows", async () => (await answerOf(turn).innerText()).length > early);
    await panel().getByRole("textbox", { name: "Ask about the code" }).press("Escape");
    await turn.locator(".note", { hasText: "Stopped" }).waitFor();
    await atRest();
    await shot("stopped");
  });

  await step("earlier questions come back with the arrow key", async () => {
    const input = panel().getByRole("textbox", { name: "Ask about the code" });
    await input.focus();
    await input.press("ArrowUp");
    assert.equal(await input.inputValue(), "Count to infinity");
    await input.press("ArrowDown");
    assert.equal(await input.inputValue(), "");
  });

  await step("the model's process may die in the middle of an answer", async () => {
    const turn = await ask("Count again");
    await answerOf(turn, { hasText: "again" }).waitFor();
    process.kill(modelProcess().pid, "SIGKILL");
    await turn.locator(".error").waitFor();
    await atRest();
    await shot("model-died");
    code.writeMachine({ "glossator.model": config.models.reciter, "glossator.maxAnswerTokens": 1024, "glossator.contextTokens": 8192 });
    await modelNamed("reciter");
    await turn.getByRole("button", { name: "Try again" }).click();
    await turn.getByRole("button", { name: "Try again" }).waitFor();
    await answered(lastTurn());
    await lastTurn().locator(".note", { hasText: "tokens" }).waitFor();
  });

  await step("the server may die: it comes back by itself, and answers", async () => {
    const before = serverProcess().pid;
    process.kill(before, "SIGKILL");
    await until("another server runs", () => ![undefined, before].includes(serverProcess()?.pid));
    await modelNamed("reciter");
    const turn = await ask("Is it still there?");
    await answered(turn);
    await turn.locator(".note", { hasText: "tokens" }).waitFor();
  });

  await step("a second window on the same folder works beside the first", async () => {
    const first = page;
    page = await code.open(config.project);
    await openFile(page, "shop/cart.py");
    await indexed();
    await page.keyboard.press("Control+Alt+G");
    const turn = await ask("How is the tax added?");
    await answered(turn);
    await page.close();
    page = first;
    await answered(await ask("And in the first window?"));
  });

  await step("conversations are kept, exported and deleted", async () => {
    await command(page, "Glossator: Open a Conversation");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "How is the tax added to the total?" }).first().click();
    await panel().locator(".question", { hasText: "How is the tax added to the total?" }).first().waitFor();
    await command(page, "Glossator: Export the Conversation as Markdown");
    await page.locator(".monaco-editor .view-line", { hasText: "# How is the tax added to the total?" }).first().waitFor();
    await page.keyboard.press("Control+w");
    const discard = page.locator(".monaco-dialog-box").getByRole("button", { name: "Don't Save" });
    await discard.click();
    const titles = await panel().locator(".question").allInnerTexts();
    await command(page, "Glossator: Delete the Conversation");
    await page.locator(".monaco-dialog-box").getByRole("button", { name: "Delete" }).click();
    await until("another conversation is shown", async () => (await panel().locator(".question").allInnerTexts()).join() !== titles.join());
  });

  await step("the status bar's menu, the model picker and the first steps", async () => {
    await command(page, "Glossator: Show the Menu");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Choose a model" }).waitFor();
    await page.screenshot({ path: path.join(config.artifacts, "menu.png") });
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Choose a model" }).click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "of memory" }).first().waitFor();
    await page.screenshot({ path: path.join(config.artifacts, "models.png") });
    await page.keyboard.press("Escape");
    await command(page, "Glossator: Get Started");
    const steps = page.locator(".gettingStartedContainer", { hasText: "Get Started with Glossator" });
    await steps.waitFor();
    // All three were done before somebody opened them.
    await steps.locator(".getting-started-step .complete").nth(2).waitFor();
    await shot("walkthrough");
    await page.keyboard.press("Control+w");
  });

  await step("the index's page says what is indexed and skipped; the index is built again, left alone, and deleted", async () => {
    await command(page, "Glossator: Show the Index");
    const view = () => page.frameLocator(PAGE).frameLocator("iframe#active-frame");
    await view().locator("td", { hasText: "Up to date" }).waitFor();
    assert.match(await view().locator("tr", { hasText: "Indexed" }).innerText(), /\d+ files, \d+ symbols, \d+ lines/);
    assert.match(await view().locator("tr", { hasText: "Size" }).innerText(), /(KiB|MiB)/);
    await view().locator("summary", { hasText: "may hold secrets" }).click();
    await shot("index-page");
    // Where a test's folder is says nothing to a reader.
    await view().locator("main").evaluate((page, folder) => {
      const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) node.data = node.data.replaceAll(folder, "/home/me");
    }, path.dirname(config.project));
    const { x, y } = await page.locator(PAGE).boundingBox();
    await picture("index-page", x, y, 780, 500);
    await view().getByRole("link", { name: ".env" }).click();
    await page.locator('.monaco-editor[data-uri$="/.env"]').waitFor();
    await page.keyboard.press("Control+w");
    await command(page, "Glossator: Rebuild the Index");
    await view().locator("td", { hasText: "Up to date" }).waitFor();
    await view().getByRole("link", { name: "Turn off in this workspace" }).click();
    await view().getByText("Glossator is turned off in this workspace.").waitFor();
    await until("the server has ended", () => serverProcess() === undefined);
    await panel().locator(".banner", { hasText: "turned off" }).waitFor();
    await shot("turned-off");
    await panel().getByRole("button", { name: "Turn on in this workspace" }).click();
    await view().locator("td", { hasText: "Up to date" }).waitFor();
    await view().getByRole("link", { name: "Forget" }).click();
    await page.locator(".monaco-dialog-box").getByRole("button", { name: "Delete the Index" }).click();
    await until("the server has ended", () => serverProcess() === undefined);
    assert.deepEqual(readdirSync(config.indexes).filter((name) => name.startsWith("shop-")), []);
    await command(page, "Glossator: Turn On in This Workspace");
    await view().locator("td", { hasText: "Up to date" }).waitFor();
    await page.keyboard.press("Control+w");
    rmSync(path.join(config.project, ".vscode"), { recursive: true, force: true });
  });

  await step("every state of the panel, wide and narrow", async () => {
    await sideBarTo(48 + 220);
    await shot("narrow");
    await accessible();
    await sideBarTo(48 + 400);
  });
  await code.stop();
}

async function untrusted() {
  // Set-up, from nothing: no usable Python, then no network, then all that is needed; in a folder that is not trusted.
  const pip = path.join(config.folder, "pip.conf");
  const own = process.env.PIP_CONFIG_FILE ? readFileSync(process.env.PIP_CONFIG_FILE, "utf8") : "";
  writeFileSync(pip, "[global]\nproxy = http://127.0.0.1:9\nretries = 1\n");
  code = await VSCode.start({
    ...config,
    folder: path.join(config.folder, "two"),
    browser,
    trust: true,
    machine: { "glossator.pythonPath": "/nonexistent/python", "glossator.model": config.models.reciter, "glossator.indexDir": path.join(config.folder, "set-up") },
    env: { PIP_CONFIG_FILE: pip },
  });

  await step("without a Python it says so, and what to do", async () => {
    page = await code.open(config.project);
    await openFile(page, "shop/cart.py");
    await page.keyboard.press("Control+Alt+G");
    await panel().locator(".banner", { hasText: "is not Python 3.11 or later" }).waitFor();
    await shot("no-python");
    await accessible();
  });

  await step("without a network it says so, and offers to try again", async () => {
    code.writeMachine({ "glossator.pythonPath": config.basePython });
    await panel().locator(".banner", { hasText: "Check the network connection" }).waitFor();
    await shot("no-network");
  });

  await step("the server is installed from what the extension carries, and answers", async () => {
    writeFileSync(pip, own);
    await panel().locator(".banner").getByRole("button", { name: "Try again" }).click();
    await panel().locator(".banner", { hasText: /packages \(\d+ of \d+: / }).waitFor();
    await shot("set-up");
    await panel().locator(".banner").waitFor({ state: "hidden", timeout: 2 * PATIENCE });
    await indexed();
    const turn = await ask("How is the tax added?");
    await answered(turn);
    assert.match(await answerOf(turn).innerText(), /add_tax/);
    assert.match(descendants(code.process.pid).find((child) => child.command.includes("glossator serve")).command, /glossator\.glossator\/server-[0-9a-f]{12}(-\d+)?\//);
    await command(page, "Glossator: Search the Code");
    await quickInput(page).locator("input").first().fill("empty cart order");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "place_order" }).first().waitFor();
    await leaveSearch();
    await command(page, "Glossator: New Conversation");
  });

  await step("in an untrusted folder the index answers, and no model runs", async () => {
    code.writeMachine({ "glossator.serverCommand": serverCommand });
    await until("the other server runs", serverProcess);
    await indexed();
    await panel().locator(".empty", { hasText: "not trusted" }).waitFor();
    await shot("untrusted");
    const turn = await ask("How is the tax added?");
    await answered(turn);
    assert.match(await answerOf(turn).innerText(), /add_tax/);
    assert.equal(modelProcess(), undefined);
    await accessible();
  });

  await step("trust is granted, and the model answers", async () => {
    await command(page, "Workspaces: Manage Workspace Trust");
    await page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).first().click();
    await modelNamed("reciter");
    const turn = await ask("How is the tax added now?");
    await answered(turn);
    await turn.locator(".note", { hasText: "tokens" }).waitFor();
  });
  await code.stop();
}

async function chooseTheme(name) {
  await command(page, "Preferences: Color Theme");
  await quickInput(page).locator("input").first().fill(name);
  await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: name }).first().waitFor();
  await page.keyboard.press("Enter");
}

/** The page on which search and model are adapted: a run is stopped, another survives its window, and what it made is undone. */
async function adapting() {
  code = await VSCode.start({ ...config, project: config.learning, folder: path.join(config.folder, "adapting"), browser, machine: { "glossator.serverCommand": serverCommand, "glossator.model": config.models.reciter } });
  // The page of the index may be there as well, hidden.
  const frame = `${PAGE}:visible`;
  const view = () => page.frameLocator(frame).frameLocator("iframe#active-frame");
  const part = (id) => view().locator(`#${id}`);
  const titled = (text) => view().locator("#run-title", { hasText: text }).waitFor();
  const runs = () => descendants(code.process.pid).filter(({ command: line }) => line.includes("glossator adapt retriever"));

  await step("the page says what there is, and what each part would take", async () => {
    page = await code.open(config.learning);
    await openFile(page, "src/buffer.py");
    await indexed();
    await command(page, "Glossator: Show the Index");
    await view().getByRole("link", { name: "Adapt to this project" }).click();
    await part("retriever").getByText("In use: as shipped").waitFor();
    await part("retriever").getByText(/By the size of this project: .* of memory/).waitFor();
    await part("model").getByText("Make the data set first.").or(part("model").getByText("Install the packages first.")).waitFor();
    await shot("adapt-page");
    await accessible(frame, "editor");
  });

  await step("the data set is made, counted, looked at and opened", async () => {
    await part("make-data").click();
    await titled("The last run: Making the data set");
    await part("run").getByText("The data set was made.").waitFor();
    await part("examples").locator("summary").first().click();
    await part("examples").getByText(/^1 of \d+$/).waitFor();
    await part("next-example").focus();
    await page.keyboard.press("Enter");
    await part("examples").getByText(/^2 of \d+$/).waitFor();
    await shot("adapt-data");
    await accessible(frame, "editor");
    await part("edit-examples").click();
    await page.locator('.monaco-editor[data-uri$="/examples.jsonl"]').waitFor();
    await page.keyboard.press("Control+w");
    await part("retriever").waitFor();
  });

  await step("a run is stopped at once, and nothing has changed", async () => {
    await part("start-retriever").click();
    await titled(/^Adapting the retriever$/);
    await part("run").getByText(/Reading|Training/).first().waitFor();
    await shot("adapt-running");
    await part("stop").focus();
    await page.keyboard.press("Enter");
    await part("run").getByText("It was stopped. Nothing was changed.").waitFor();
    assert.deepEqual(runs(), []);
    await part("retriever").getByText("In use: as shipped").waitFor();
  });

  await step("a run goes on while the window is loaded again, and its report compares", async () => {
    await part("again").click();
    await titled(/^Adapting the retriever$/);
    await page.reload();
    await page.locator(".monaco-workbench .explorer-viewlet").waitFor();
    await part("run").getByText("retriever-1 measured better, and is in use now.").waitFor({ timeout: 3 * PATIENCE });
    await part("retriever").getByText("In use: retriever-1").waitFor();
    await part("show-report").click();
    await part("report").getByText("Questions whose answer moved farthest").first().waitFor();
    assert.ok((await part("report").locator("tbody tr").count()) > 4);
    await shot("adapt-report");
    await accessible(frame, "editor");
    for (const [theme, kind] of [["Light Modern", "light"], ["Dark High Contrast", "high-contrast"], ["Dark Modern", "dark"]]) {
      await chooseTheme(theme);
      await view().locator(`body.vscode-${kind}`).waitFor();
      if (kind !== "dark") await shot(`adapt-${kind}`);
      await accessible(frame, "editor");
    }
    await part("close-report").click();
    const { x, y } = await page.locator(frame).boundingBox();
    await picture("adapt-page", x, y, 860, 640);
  });

  await step("what was learned is undone, used, and removed", async () => {
    await part("undo-retriever").click();
    await part("retriever").getByText("In use: as shipped").waitFor();
    await part("use-retriever-1").click();
    await part("retriever").getByText("In use: retriever-1").waitFor();
    await part("remove-retriever-1").click();
    await page.locator(".monaco-dialog-box").getByRole("button", { name: "Remove" }).click();
    await part("retriever").getByText("Nothing was learned until now.").waitFor();
  });
  await code.stop();
}

/** What is offered to other extensions, and used by one: the tools and the model. */
async function agents() {
  const vsce = fileURLToPath(new URL("../../node_modules/@vscode/vsce/vsce", import.meta.url));
  const agent = path.join(config.folder, "agent.vsix");
  execFileSync(process.execPath, [vsce, "package", "--no-dependencies", "--skip-license", "--allow-missing-repository", "--out", agent], { cwd: fileURLToPath(new URL("agent", import.meta.url)), stdio: "ignore" });
  code = await VSCode.start({
    ...config,
    folder: path.join(config.folder, "agents"),
    others: [agent],
    browser,
    machine: { "glossator.serverCommand": serverCommand, "glossator.model": config.models.reciter },
    user: { "chat.disableAIFeatures": false },
  });
  let told;

  await step("another extension uses the tools and the model", async () => {
    page = await code.open(config.project);
    await openFile(page, "shop/cart.py");
    await indexed();
    await modelNamed("reciter");
    await command(page, "Agent: Try");
    const file = path.join(code.user, "User/globalStorage/agent.json");
    const allow = page.locator(".monaco-dialog-box").getByRole("button", { name: "Allow" });
    told = await until("it is written down", async () => {
      if (await allow.isVisible()) await allow.click();
      return existsSync(file) && readFileSync(file, "utf8") && JSON.parse(readFileSync(file, "utf8"));
    });
    writeFileSync(path.join(config.artifacts, "agent.json"), JSON.stringify(told, null, 2));
    await shot("agents");
    assert.deepEqual(told.tools.map(({ name }) => name).sort(), ["glossator_explain", "glossator_search", "glossator_uses"]);
    const { search, uses, explain, line, unknown } = told.results;
    assert.match(search, /shop\/money\.py:19-21 function `add_tax`.*\n```python\ndef add_tax/);
    assert.match(uses, /Called:\n- shop\/cart\.py:23 in `Cart\.total`: return add_tax\(net, tax_rate\)/);
    assert.match(uses, /- 2: `place_order` \(shop\/checkout\.py:6\) calls `Cart\.total`/);
    assert.match(explain, /Cart\.total.*Sources:\n\[1\] shop\/cart\.py:18/s);
    assert.match(line, /add_tax/);
    assert.match(unknown.error, /did you mean `add_tax`/);
  });

  await step("the local model answers another extension", async () => {
    assert.deepEqual(told.models.map(({ name, vendor }) => [name, vendor]), [["reciter", "glossator"]]);
    assert.match(told.said.text, /passes the net sum to/);
    assert.ok(told.said.pieces > 1);
    assert.equal(told.said.tokens, 2);
  });

  await step("the MCP server is offered, started, and its tools are there", async () => {
    await command(page, "MCP: List Servers");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Glossator" }).first().click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Start Server" }).first().click();
    const trust = page.locator(".monaco-dialog-box").getByRole("button", { name: "Trust" });
    const file = path.join(code.user, "User/globalStorage/agent.json");
    await until("its tools are listed", async () => {
      if (await trust.isVisible()) await trust.click();
      await command(page, "Agent: Try");
      const { names = [] } = JSON.parse(readFileSync(file, "utf8"));
      return names.some((name) => name.includes("search_code"));
    });
    await shot("mcp");
  });

  async function askInChat(question) {
    const written = page.locator(".interactive-input-part .view-lines").last();
    await until("the question stands in the chat's box", async () => {
      await written.click();
      await page.keyboard.press("Control+a");
      await page.keyboard.press("Delete");
      await page.keyboard.type("@glossator", { delay: 20 });
      // The list of participants, which may come late, would put another one in its place.
      await page.keyboard.press("Escape");
      await page.keyboard.type(` ${question}`);
      return (await written.innerText()).replace(/\s/g, " ").trim() === `@glossator ${question}`;
    });
    await page.keyboard.press("Enter");
  }

  await step("the participant answers in the editor's chat", async () => {
    await command(page, "Open Chat (Ask)");
    await askInChat("How is the tax added?");
    await page.locator(".interactive-item-container.interactive-response", { hasText: "passes the net sum" }).waitFor();
    await shot("chat");
  });

  // The pictures of the chat: only where a real model is named, as above.
  if (config.models.real) {
    await step("a real model answers in the editor's chat, and stands in its list of models", async () => {
      code.writeMachine({ "glossator.model": config.models.real });
      await modelNamed(path.basename(config.models.real, ".gguf"));
      await command(page, "View: Hide Panel");
      await page.keyboard.press("Control+b");
      await dragEdge("#workbench\\.parts\\.auxiliarybar", "left", 760);
      await page.locator("#workbench\\.parts\\.auxiliarybar").getByRole("button", { name: /^New Chat/ }).first().click();
      await askInChat("How is the tax added to the total?");
      const response = page.locator(".interactive-item-container.interactive-response").last();
      await response.locator("a", { hasText: /^\[\d+\]$/ }).first().waitFor();
      // What can be done with an answer is offered once it is complete.
      await response.locator(".codicon-refresh").first().waitFor();
      await page.mouse.move(1000, 300);
      await page.mouse.wheel(0, -4000);
      await shot("chat-real");
      const chat = await page.locator("#workbench\\.parts\\.auxiliarybar").boundingBox();
      await picture("chat", chat.x, chat.y, chat.width, chat.height);
      // The file's name until the model has been loaded, and then its own.
      await page.locator(".interactive-input-part").getByText(new RegExp(`GGUF|${path.basename(config.models.real, ".gguf")}`)).first().click();
      await page.locator(".action-widget:visible").waitFor();
      await page.screenshot({ path: path.join(config.artifacts, "chat-models.png") });
    });
  }
  await code.stop();
}

try {
  if (!only || only === "one") await trusted();
  if (!only || only === "adapt") await adapting();
  if (!only || only === "agents") await agents();
  if (!only || only === "two") await untrusted();
} catch (error) {
  failed += 1;
  console.log(error.stack);
} finally {
  if (code) {
    if (failed) console.log(code.logs("Glossator.log").split("\n").slice(-60).join("\n"));
    await code.stop();
  }
  await browser.close();
}
console.log(`${failed ? `${failed} failed` : "all passed"} in ${Math.round((Date.now() - begun) / 1000)} s`);
process.exitCode = failed ? 1 : 0;
