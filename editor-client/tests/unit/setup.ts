/**
 * Lets the real language client run without VS Code: what it requires as "vscode" is the stand-in, and whatever that lacks
 * is an object on which everything can be read, called, and derived from, without any effect.
 */

import Module from "node:module";
import * as standIn from "./vscode";

type Callable = (...values: unknown[]) => unknown;

function anything(): unknown {
  return new Proxy<Callable>(() => anything(), {
    get: (_, key) => (key === "then" ? undefined : key === Symbol.toPrimitive ? () => "" : key === Symbol.iterator ? () => [][Symbol.iterator]() : anything()),
    set: () => true,
  });
}

const anyClass = (): unknown =>
  class {
    [key: string]: unknown;
  };

/** An object that has everything: what is not there is made once. */
function complete(object: object): object {
  const made = new Map<string | symbol, unknown>();
  return new Proxy(object, {
    get: (target, key): unknown => {
      if (key in target) {
        const value: unknown = Reflect.get(target, key);
        return typeof value === "object" && value !== null && ["window", "workspace", "commands"].includes(String(key)) ? complete(value) : value;
      }
      if (!made.has(key)) made.set(key, /^[A-Z]/.test(String(key)) ? anyClass() : anything());
      return made.get(key);
    },
  });
}

const api = complete({ ...standIn });
const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
const load = loader._load.bind(Module);
loader._load = (request, ...rest) => (request === "vscode" ? api : load(request, ...rest));
