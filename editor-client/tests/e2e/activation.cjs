// What loading and activating the built extension costs, in processor time: that does not depend on what else runs here.
const assert = require("node:assert/strict");
const Module = require("node:module");
const os = require("node:os");
const path = require("node:path");

const LIMIT_MS = 200;

// As a prototype, since the bundle copies what a module has of its own.
const api = new Proxy({}, { get: (_, key) => (/^[A-Z]/.test(String(key)) ? callableClass() : callable()) });
/** Stands for anything of VS Code's API. */
function callable() {
  return new Proxy(() => callable(), {
    set: () => true,
    get: (_, key) => (key === "then" ? undefined : key === Symbol.toPrimitive ? () => "" : key === Symbol.iterator ? function* () {} : callable()),
  });
}
/** The same, for classes, from which others are derived. */
function callableClass() {
  return class {
    static joinPath = callable;
    static from = callable;
    event = callable();
    fire() {}
    dispose() {}
  };
}
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === "vscode" ? Object.create(api) : load.call(this, request, ...rest);
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
