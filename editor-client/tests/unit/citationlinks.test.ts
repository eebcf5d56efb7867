// @vitest-environment node
import { expect, test } from "vitest";
import { CitationLinks } from "../../src/citationlinks";
import { citation } from "./samples";

const TEXT = "It adds [1], then\n```python\nx = a[1]\n```\nand `b[2]` [2][3]. An array[9], a [1](link), an end [1";
const LINKED = "It adds [\\[1\\]](f:1), then\n```python\nx = a[1]\n```\nand `b[2]` [\\[2\\]](f:2)[3]. An array[9], a [1](link), an end [1";

function linked(pieces: string[]): string {
  const links = new CitationLinks(({ uri }) => uri);
  links.know([citation(1, "f:1"), citation(2, "f:2")]);
  return pieces.map((piece) => links.add(piece)).join("") + links.rest();
}

test("numbers of sources are links, outside of code, however the text is cut", () => {
  expect(linked([TEXT.replace("a [1](link)", "a link")])).toBe(LINKED.replace("a [1](link)", "a link"));
  for (let size = 1; size < 12; size++) {
    const pieces = TEXT.replace("a [1](link)", "a link").match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    expect(linked(pieces)).toBe(LINKED.replace("a [1](link)", "a link"));
  }
  expect(linked([TEXT])).toBe(LINKED);
});
