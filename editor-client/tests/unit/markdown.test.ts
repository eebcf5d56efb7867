import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { highlighted, renderMarkdown, stableLength, StreamedMarkdown, type Chip } from "../../src/webview/markdown";
import { citation } from "./samples";

const place = { uri: citation(1).uri, range: citation(1).range };
const chip = (number: number): Chip | undefined => (number <= 3 ? { label: `source ${number}`, open: () => undefined, place } : undefined);
const actions = (): HTMLElement => document.createElement("div");

function rendered(text: string): HTMLElement {
  const target = document.createElement("div");
  renderMarkdown(target, text, chip, actions);
  return target;
}

/** Texts that give a model orders, as a model would repeat them. */
function injections(): [string, string][] {
  const lines = readFileSync(resolve(__dirname, "../../../tests/data/injections.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { id: string; text: string }).map(({ id, text }) => [id, text]);
}

function expectHarmless(target: HTMLElement): void {
  expect(target.querySelectorAll("a, img, script, iframe, style, form, input, svg, math, object, embed")).toHaveLength(0);
  for (const element of target.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^href$|^src$/);
      if (name !== "class") expect(value).not.toMatch(/javascript:|command:/);
    }
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Pieces of Markdown and HTML that are dangerous together. */
const PIECES = [
  "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<a href='javascript:alert(1)'>", "<style>*{}</style>",
  "<math><mtext></mtext>", "<!--", "-->", "<![CDATA[", "]]>", "<p title=\"", "\" onclick=\"x\">", "</p>", "<details open ontoggle=alert(1)>",
  "[x](javascript:alert(1))", "[x](command:run)", "![x](data:text/html,x)", "[x][y]", "[y]: javascript:alert(1)", "<javascript:alert(1)>", "<x@example.org>",
  "&#106;avascript:", "&lt;img src=x&gt;", "&colon;", "```html\n", "```\"><img src=x>\n", "```", "~~~", "`", "``", "    <b>", "| a | <b> |\n| - | - |\n",
  "> ", "- ", "1. ", "# ", "***", "[1]", "[2](javascript:x)", "[3\"]", "\\<", "\u2028", "\u202e", "\ud800", "https://example.org/?<b>", "www.example.org",
] as const;

describe("nothing but text comes out of", () => {
  test.each([
    ["a script", "<script>alert(1)</script>"],
    ["an image with a handler", "<img src=x onerror=alert(1)>"],
    ["a frame", "<iframe src='https://example.org'></iframe>"],
    ["a link", "[here](https://example.org)"],
    ["a script link", "[here](javascript:alert(1))"],
    ["a command link", "[run](command:workbench.action.terminal.new)"],
    ["a reference", "[here][x]\n\n[x]: javascript:alert(1)"],
    ["an automatic link", "<https://example.org> https://example.org"],
    ["an image", "![x](https://example.org/x.png)"],
    ["a data image", "![x](data:image/svg+xml;base64,AAAA)"],
    ["a style", "<style>body{display:none}</style><p style='position:fixed'>x</p>"],
    ["a form", "<form action=https://example.org><input><button>x</button></form>"],
    ["a language's name", '```"><img/src=x/onerror=alert(1)>\ncode\n```'],
    ["a citation's number", '[1"><img src=x>]'],
    ["math and svg", "<svg><a xlink:href='javascript:alert(1)'>x</a></svg><math><mtext><img src=x></mtext></math>"],
    ...injections(),
  ])("%s", (_, text) => {
    expectHarmless(rendered(text));
  });

  test("whatever such pieces become when they are cut and joined", { timeout: 600_000 }, () => {
    const chance = chances(Number(process.env.GLOSSATOR_FUZZ_SEED ?? 1));
    const pick = (items: readonly string[]): string => items[Math.floor(chance() * items.length)] ?? "";
    const inputs = Number(process.env.GLOSSATOR_FUZZ_INPUTS ?? 400);
    for (let input = 0; input < inputs; input++) {
      let text = "";
      for (let piece = 0; piece < 1 + chance() * 7; piece++) {
        const whole = pick(PIECES);
        const start = Math.floor(chance() * whole.length * 0.5);
        text += (chance() < 0.6 ? whole : whole.slice(start, start + Math.floor(chance() * whole.length))) + pick(["", "\n", "\n\n", " ", "\0", "\\"]);
      }
      try {
        expectHarmless(rendered(text));
      } catch (error) {
        throw new Error(`input ${input}: ${JSON.stringify(text)}`, { cause: error });
      }
    }
  });
});

describe("citations", () => {
  test("become chips that open their place", () => {
    const open = vi.fn();
    const target = document.createElement("div");
    renderMarkdown(target, "It sums [2], twice [2][3].", (number) => ({ label: `cart.py:${number}`, open, place }), actions);
    const chips = target.querySelectorAll<HTMLButtonElement>("button.chip");
    expect([...chips].map((made) => made.textContent)).toEqual(["2", "2", "3"]);
    expect(chips[0]?.getAttribute("aria-label")).toBe("Source 2: cart.py:2");
    chips[0]?.click();
    expect(open).toHaveBeenCalledOnce();
  });

  test("stay text where nothing is known of them, and within code", () => {
    const target = rendered("See [99]; `list[1]`\n\n```\nlist[2]\n```\n");
    expect(target.querySelector(".chip")).toBeNull();
    expect(target.textContent).toContain("[99]");
    expect(target.textContent).toContain("list[1]");
    expect(target.textContent).toContain("list[2]");
  });
});

describe("code", () => {
  test("is highlighted, and keeps its text", () => {
    const code = "def f(a: int) -> str:\n    return '<b>' # &amp;";
    const block = highlighted(code, "python");
    expect(block.textContent).toBe(code);
    expect(block.querySelector(".hljs-keyword")?.textContent).toBe("def");
    expect(block.querySelector("b")).toBeNull();
  });

  test.each(["", "unknown", "constructor"])("of the language %j is plain", (language) => {
    expect(highlighted("<b>x</b>", language).textContent).toBe("<b>x</b>");
  });

  test("has its actions", () => {
    const seen: string[] = [];
    renderMarkdown(document.createElement("div"), "```python\nx = 1\n```\n", chip, (code) => {
      seen.push(code);
      return document.createElement("div");
    });
    expect(seen).toEqual(["x = 1\n"]);
  });
});

const SAMPLES = [
  "One paragraph.\n\nAnother one [1].\n",
  "```python\ndef f():\n\n    return 1\n\n\n# end\n```\n\nAfter it.\n",
  "- one\n\n- two\n\n  with more\n\n- three\n\nAfter the list.\n\n1. first\n2. second\n",
  "# Title\n\n> quoted\n> twice\n\ntext\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\nend [2] [3]\n",
  "~~~~\n```\nnot closed by this\n~~~\n~~~~\n\nText `code` and **bold**\n\n---\n\nmore",
  "- item\n\n  ```js\n  let a = 1;\n\n  let b = 2;\n  ```\n\n- next\n\nparagraph\n",
  "Text\n- list right after\n- more\nlazy continuation\n\nnew paragraph\n\n    indented code\n\n    after a blank line\n\nend",
  "Setext\n======\n\nA `span`\nover lines\n\n\n\n\nfar below\n",
];

describe("an answer in pieces", () => {
  test.each(SAMPLES.map((text, number) => [number, text] as const))("looks like the whole: sample %i", (_, text) => {
    for (const step of [1, 13]) {
      const target = document.createElement("div");
      const streamed = new StreamedMarkdown(target, chip, actions);
      const frames = vi.spyOn(window, "requestAnimationFrame").mockImplementation((run) => {
        run(0);
        return 0;
      });
      for (let i = 0; i < text.length; i += step) streamed.append(text.slice(i, i + step));
      frames.mockRestore();
      const flat = [...target.children].map((block) => block.innerHTML.trim()).join("\n").trim();
      const whole = rendered(text).innerHTML.trim();
      expect(flat.replace(/\s*\n\s*/g, "\n").replace(/>\s+</g, "><")).toBe(whole.replace(/\s*\n\s*/g, "\n").replace(/>\s+</g, "><"));
    }
  });

  test("what is stable stays so, whatever comes", () => {
    for (const text of SAMPLES) {
      let before = 0;
      for (let i = 0; i <= text.length; i++) {
        const stable = stableLength(text.slice(0, i));
        expect(stable).toBeGreaterThanOrEqual(before);
        expect(stable).toBeLessThanOrEqual(i);
        before = stable;
      }
    }
  });

  test("of 10,000 tokens is rendered in work that grows with its length alone", () => {
    const paragraph = "The `Cart` adds its lines [1], and each of them is a pair of an article and a quantity.\n\n";
    const list = "- one of them\n- another of them\n\n";
    const code = "```python\nfor line in lines:\n    total += line.price\n```\n\n";
    const work = (tokens: number): number => {
      const text = (paragraph + list + code).repeat(Math.ceil((tokens * 4) / (paragraph + list + code).length)).slice(0, tokens * 4);
      let characters = 0;
      const streamed = new StreamedMarkdown(document.createElement("div"), chip, actions, (target, piece) => {
        characters += piece.length;
        target.textContent = "";
      });
      const frames = vi.spyOn(window, "requestAnimationFrame").mockImplementation((run) => {
        run(0);
        return 0;
      });
      // 40 ms of a model that writes 50 tokens a second: two tokens, some eight characters.
      for (let i = 0; i < text.length; i += 8) streamed.append(text.slice(i, i + 8));
      frames.mockRestore();
      return characters;
    };
    const small = work(1_000);
    const large = work(10_000);
    expect(large / small).toBeGreaterThan(8);
    expect(large / small).toBeLessThan(12);
  });
});
