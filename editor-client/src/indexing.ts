/** How far indexing is, from one status to the next. */

import type { Indexing } from "./messages";
import type { StatusResult } from "./protocol";

/** The most that was pending since indexing began is all there is to do. Undefined while nothing is pending. */
export function advance(before: Indexing | undefined, { index }: StatusResult): Indexing | undefined {
  if (index.state !== "indexing" || index.pending === 0) return undefined;
  const total = Math.max(before?.total ?? 0, index.pending);
  return { done: total - index.pending, total };
}
