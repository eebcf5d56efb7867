/** Recognises the places in a pasted stack trace or a compiler's output. */

/** A place that a text names: `start` and `end` are offsets of the path and line in it; `line` counts from 1. */
export interface NamedFrame {
  start: number;
  end: number;
  path: string;
  line: number;
}

/** Frames of a text at most: a trace of an endless recursion has thousands. */
const MOST = 60;
const PATH = String.raw`(?:[A-Za-z]:)?[^\s:"'()\[\]<>|*?]{1,300}\.[A-Za-z]\w{0,9}`;
const FORMS = [
  /File "(?<path>[^"\n]{1,500})", line (?<line>\d+)/dg, // Python
  /\bat [^\n(]{1,300}\((?<path>[\w$]+\.\w{1,8}):(?<line>\d+)\)/dg, // Java, Kotlin, Scala
  /\) in (?<path>[^\n]{1,300}?):line (?<line>\d+)/dg, // .NET
  new RegExp(String.raw`(?<path>${PATH})\((?<line>\d+)(?:,\d+)?\)`, "dg"), // TypeScript, MSVC
  new RegExp(String.raw`(?:file://)?(?<path>${PATH}):(?<line>\d+)`, "dg"), // JavaScript, Go, Rust, C, Ruby, ...
];

/** The places in a text, in its order; overlapping ones are told once. */
export function findFrames(text: string): NamedFrame[] {
  const found: NamedFrame[] = [];
  for (const form of FORMS) {
    for (const match of text.matchAll(form)) {
      const { path = "", line = "" } = match.groups ?? {};
      const spans = (match as RegExpMatchArray & { indices?: { groups?: Record<string, [number, number]> } }).indices?.groups;
      const [start, end] = [spans?.["path"]?.[0] ?? 0, spans?.["line"]?.[1] ?? 0];
      if (Number(line) > 0 && !found.some((other) => start < other.end && other.start < end)) found.push({ start, end, path, line: Number(line) });
    }
  }
  return found.sort((one, other) => one.start - other.start).slice(0, MOST);
}

/** Whether a text is a trace: several lines, and at least one of them names a place. */
export function isTrace(text: string): boolean {
  return text.trim().includes("\n") && findFrames(text).length > 0;
}
