/** Messages of the server, and what errors say, as people read them: in the panel and outside of it. */

/** A message as a sentence: those of the server begin in lower case and have no full stop. */
export function sentence(text: string): string {
  const begun = /^[a-z]+['\s,]/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
