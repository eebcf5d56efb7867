/** The little of VS Code's API that the tested modules use while they are loaded and pure functions of theirs run. */

export const l10n = {
  t: (text: string, ...values: unknown[]): string => values.reduce<string>((out, value, i) => out.replaceAll(`{${i}}`, String(value)), text),
};
export enum QuickPickItemKind {
  Separator = -1,
  Default = 0,
}
