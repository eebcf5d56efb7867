/** The panel's texts in the language of the editor: the extension puts the translations into the page. */

let bundle: Record<string, string> | undefined;

function translations(): Record<string, string> {
  bundle ??= JSON.parse(document.getElementById("app")?.dataset["l10n"] ?? "{}") as Record<string, string>;
  return bundle;
}

/** A text, translated, with `{0}`, `{1}`... replaced by values. */
export function t(text: string, ...values: (string | number)[]): string {
  return (translations()[text] ?? text).replace(/\{(\d+)\}/g, (whole, index) => String(values[Number(index)] ?? whole));
}
