import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { vscode: new URL("./tests/unit/vscode.ts", import.meta.url).pathname } },
  test: { include: ["tests/unit/*.test.ts"], environment: "jsdom", setupFiles: ["tests/unit/setup.ts"], testTimeout: 300_000, hookTimeout: 300_000 },
});
