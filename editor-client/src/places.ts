/** Showing a place in an editor. */

import * as vscode from "vscode";
import type { Range } from "./protocol";

const HIGHLIGHT_MS = 2000;

const INTRODUCES = /\b(?:class|def|fn|func|fun|function|sub|interface|struct|enum|trait|protocol|module|namespace|type|object|macro)\s+(?:\([^)]*\)\s*)?$/;
const KEYWORDS = new Set(["if", "for", "while", "switch", "match", "catch", "return", "await", "and", "or", "not", "in", "is", "elif", "else", "with", "assert", "function", "func", "fn", "def", "new", "super", "sizeof", "typeof", "print"]);

/** Whether a word of a line is worth suggesting a question about: it is defined or called there, judging by the line alone. */
export function isSubject(line: string, word: { start: { character: number }; end: { character: number } }): boolean {
  const [start, end] = [word.start.character, word.end.character];
  return INTRODUCES.test(line.slice(0, start)) || (/^\s*\(/.test(line.slice(end)) && !KEYWORDS.has(line.slice(start, end)));
}

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
