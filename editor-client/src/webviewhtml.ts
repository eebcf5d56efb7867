/** What every webview with a script has: its options, and the HTML that loads its bundle from `dist` under a strict policy. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** It may run scripts, and load files of the extension's own `dist` only. */
export const scripted = (extension: vscode.Uri): { enableScripts: true; localResourceRoots: vscode.Uri[] } => ({ enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extension, "dist")] });

/** The HTML that shows `dist/<name>.js` with `dist/<name>.css`, which may load `fonts` if it says so; the script finds its texts in `#app`. */
export function scriptedHtml(webview: vscode.Webview, extension: vscode.Uri, name: string, { fonts = false } = {}): string {
  const nonce = randomBytes(16).toString("base64");
  const uri = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, "dist", file)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; ${fonts ? `font-src ${webview.cspSource}; ` : ""}script-src 'nonce-${nonce}';`;
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glossator</title>
<link rel="stylesheet" href="${uri(`${name}.css`)}">
</head>
<body><main id="app" data-l10n="${attribute(JSON.stringify(vscode.l10n.bundle ?? {}))}"></main><script nonce="${nonce}" src="${uri(`${name}.js`)}"></script></body>
</html>`;
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
