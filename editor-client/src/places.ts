/** Showing a place in an editor. */

import * as vscode from "vscode";
import type { Range } from "./protocol";

const HIGHLIGHT_MS = 2000;

/** Open a file at a range: the cursor goes to its start, and its lines are lit for a moment. */
export async function reveal(uri: vscode.Uri, { start, end }: Range, preserveFocus: boolean): Promise<void> {
  const range = new vscode.Range(start.line, start.character, end.line, end.character);
  const editor = await vscode.window.showTextDocument(uri, { selection: range.with(range.start, range.start), preview: true, preserveFocus });
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  const decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
  });
  editor.setDecorations(decoration, [range]);
  setTimeout(() => decoration.dispose(), HIGHLIGHT_MS);
}
