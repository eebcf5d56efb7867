// Builds the extension and the panel's script: `node esbuild.mjs [--production] [--watch]`.
import { copyFile, mkdir } from "node:fs/promises";
import * as esbuild from "esbuild";

const production = process.argv.includes("--production");
const shared = { bundle: true, minify: production, sourcemap: production ? false : "linked", logLevel: "warning" };
const builds = [
  { ...shared, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", platform: "node", format: "cjs", target: "node20", external: ["vscode"] },
  { ...shared, entryPoints: ["src/webview/main.ts"], outfile: "dist/panel.js", platform: "browser", format: "iife", target: "es2022" },
  { ...shared, entryPoints: ["src/webview/panel.css"], outfile: "dist/panel.css", loader: { ".ttf": "file" }, assetNames: "[name]" },
  { ...shared, entryPoints: ["src/webview/adaptview.ts"], outfile: "dist/adapt.js", platform: "browser", format: "iife", target: "es2022" },
  { ...shared, entryPoints: ["src/webview/adapt.css"], outfile: "dist/adapt.css" },
];
await mkdir("dist", { recursive: true });
await copyFile("node_modules/@vscode/codicons/dist/codicon.ttf", "dist/codicon.ttf");
if (process.argv.includes("--watch")) {
  for (const build of builds) await (await esbuild.context(build)).watch();
} else {
  await Promise.all(builds.map((build) => esbuild.build(build)));
}
