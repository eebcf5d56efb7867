// What loading and activating the built extension costs, in processor time: that does not depend on what else runs here.
const assert = require("node:assert/strict");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");

const LIMIT_MS = 200;

const api = new Proxy({}, { get: (_, key) => (/^[A-Z]/.test(String(key)) ? class { static joinPath() { return anything; } event() {} fire() {} } : callable()) });
/** Stands for anything of VS Code's API. */
function callable() {
  return new Proxy(() => callable(), { get: (_, key) => (key === "then" ? undefined : key === Symbol.toPrimitive ? () => "" : key === Symbol.iterator ? function* () {} : callable()) });
}
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "vscode" ? api : load.call(this, request, ...rest);
};
const before = process.cpuUsage();
const extension = require(path.resolve(__dirname, "../../dist/extension.js"));
extension.activate({
  subscriptions: [],
  workspaceState: { get: (_, fallback) => fallback, update: async () => undefined },
  globalStorageUri: { fsPath: os.tmpdir() },
  extensionUri: callable(),
});
const used = process.cpuUsage(before);
const milliseconds = (used.user + used.system) / 1000;
console.log(`activation: ${milliseconds.toFixed(0)} ms of processor time`);
assert.ok(milliseconds < LIMIT_MS);
process.exit(0);
