// @vitest-environment node
import { expect, test } from "vitest";
import { findFrames, isTrace } from "../../src/frames";

const frames = (text: string): [string, number][] => findFrames(text).map(({ path, line }) => [path, line]);

test.each([
  ['Traceback (most recent call last):\n  File "/srv/my app/shop/cart.py", line 23, in total\n    return x\nKeyError: 1', [["/srv/my app/shop/cart.py", 23]]],
  ["TypeError: x\n    at total (/srv/web/basket.ts:4:7)\n    at async file:///srv/web/main.mjs:10:1", [["/srv/web/basket.ts", 4], ["/srv/web/main.mjs", 10]]],
  ["Exception in thread\n\tat shop.Cart.total(Cart.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:833)", [["Cart.java", 12], ["Thread.java", 833]]],
  ["goroutine 1 [running]:\nmain.total(...)\n\t/srv/cart.go:9 +0x1d", [["/srv/cart.go", 9]]],
  ["thread 'main' panicked at src/main.rs:5:9:\nboom", [["src/main.rs", 5]]],
  ["   at Shop.Cart.Total(Int32 x) in C:\\src\\Cart.cs:line 41\n", [["C:\\src\\Cart.cs", 41]]],
  ["C:\\src\\cart.c(12): error C2065\nx", [["C:\\src\\cart.c", 12]]],
  ["src/a.ts(3,5): error TS1005\nlib/b.c:7:2: warning: unused", [["src/a.ts", 3], ["lib/b.c", 7]]],
  ["cart.rb:8:in `total': undefined (NoMethodError)\n\tfrom cart.rb:20:in `<main>'", [["cart.rb", 8], ["cart.rb", 20]]],
])("the frames of %j", (text, expected) => {
  expect(frames(text)).toEqual(expected);
  for (const { start, end, path, line } of findFrames(text)) {
    expect(text.slice(start, start + path.length)).toBe(path);
    expect(text.slice(start, end).endsWith(String(line))).toBe(true);
  }
});

test("a question is no trace, nor is a line that names a place", () => {
  expect(isTrace("What happens at 10:30?\nAnd at 1.5:2?")).toBe(false);
  expect(isTrace("What is on cart.py:12?")).toBe(false);
  expect(isTrace("It fails:\ncart.py:12: boom")).toBe(true);
  expect(findFrames("x.py:1 ".repeat(5000))).toHaveLength(60);
});
